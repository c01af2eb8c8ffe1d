"""The result of a gradient check: each entry's verdict, and how it reads in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10
from typing import Any, Literal

from autodiff.testing.numerics.judgement import KINK, Verdict
from autodiff.testing.table import RANK, table

__all__ = ["GradientEntry", "GradientFailure", "GradientMismatch", "GradientReport"]

ReportVerdict = Literal["right", "wrong", "cannot tell", "wrong dtype"]
FailureKind = Literal["shape", "dtype", "mutation", "repetition", "aliasing", "linearity", "error"]
COTANGENT = "the cotangent"  # as an argument, by which second derivatives are taken as well
CLOSE = 1e-6  # relative differences below this are not those of a wrong formula, but of another constant in it


class GradientMismatch(AssertionError):
    """A gradient is wrong, or cannot be told to be right; the text is the report, which `report` holds.

    >>> from autodiff.testing import assert_gradient
    >>> assert_gradient(lambda x: x**2, 3.0, gradient=lambda x: -2 * x)
    Traceback (most recent call last):
        ...
    autodiff.testing.report.GradientMismatch: The gradient of <lambda> is wrong. 1 entry compared: 1 wrong; ...
    """

    def __init__(self, report: GradientReport, text: str = "") -> None:
        super().__init__(text or str(report))
        self.report = report


@dataclass(frozen=True)
class GradientEntry:
    """One number of the gradient that was compared with its numerical value.

    Attributes:
        argument: what the function calls the argument, or "the cotangent".
        index: of the entry in the argument; for a derivative along a random direction, which one.
        output: which number was differentiated, for a function that returns several: the index of one of them, or the name
            of a random cotangent, which weighs all of them.
        given: the gradient under test.
        numerical: the derivative from differences.
        bound: how far the two may be apart: the error bound of the numerical derivative, and the rounding of the given one.
        verdict: "right" within the bound, "wrong" outside, "cannot tell" if the bound is so large that it says nothing.
        note: what is special there, such as "at a kink".
        order: 1, or 2 for a second derivative.
        slopes: those from the left and from the right, which differ at a kink.
        autograd: autograd's derivative, where a gradient derived by hand was checked and `f` takes tensors as well.

    >>> from autodiff.testing import check_gradient
    >>> entry = check_gradient(lambda x: x**2, 3.0).entries[0]
    >>> entry.argument, entry.index, entry.given, entry.verdict
    ('x', (), 6.0, 'right')
    """

    argument: str
    index: tuple[int, ...] | str
    output: tuple[int, ...] | str
    given: float
    numerical: float
    bound: float
    verdict: Verdict
    note: str = ""
    order: int = 1
    slopes: tuple[float, float] = (float("nan"), float("nan"))
    autograd: float | None = None

    @property
    def at_kink(self) -> bool:
        """Whether the slopes on either side differ, so that every number between them is right."""
        return self.note.startswith(KINK)

    @property
    def relative_error(self) -> float:
        """The difference as a part of the larger of the two values; inf if either is no number."""
        return _ratio(abs(self.given - self.numerical), max(abs(self.given), abs(self.numerical)))

    @property
    def excess(self) -> float:
        """The difference as a multiple of the bound; inf if either value is no number."""
        return _ratio(abs(self.given - self.numerical), self.bound)


@dataclass(frozen=True)
class GradientFailure:
    """What is wrong with a gradient besides its numbers; `str` gives the text.

    Attributes:
        kind: "shape", "dtype", "mutation" of an input, "repetition" that gives another result, "aliasing" of memory, "linearity" in
            the cotangent, or "error" for one that it raises.
        text: what it is, in words.

    >>> from autodiff.testing import check_gradient
    >>> check_gradient(lambda x: np.sum(x), [1.0, 2.0], gradient=lambda x: np.ones((2, 1))).failures[0]
    GradientFailure(kind='shape', text='the gradient by x has shape (2, 1), but x has shape (2,).')
    """

    kind: FailureKind
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What a gradient check found; `str` gives a summary, a table of the worst entries, the diagnosis, and the failures.

    In a notebook it is shown as HTML, with a picture of where small arguments are right and wrong.

    Attributes:
        name: what was checked.
        entries: the numbers that were compared.
        failures: what else is wrong: a shape, a dtype, an input changed in place, memory shared, and the like.
        evaluations: how often the function was evaluated.
        diagnosis: what the mistake is, where the numbers show it, with the figures that do.
        comparison: for a gradient derived by hand: which of it, autograd and the differences stands alone.
        autograd_error: why autograd has no part in that comparison, if it has none.
        left: how many entries were not compared, since enough others were found wrong that took long.

    >>> from autodiff.testing import check_gradient
    >>> report = check_gradient(lambda x: np.sum(x**2), [1.0, 2.0], gradient=lambda x: (2 * x).astype(np.float32))
    >>> report.verdict, len(report.entries), report.failures[0].kind, report.failures[0].text
    ('wrong dtype', 2, 'dtype', 'the gradient by x has dtype float32, but x has dtype float64.')
    """

    name: str
    entries: tuple[GradientEntry, ...]
    failures: tuple[GradientFailure, ...]
    evaluations: int
    diagnosis: tuple[str, ...] = ()
    comparison: str = ""
    autograd_error: str = ""
    left: int = 0

    @property
    def verdict(self) -> ReportVerdict:
        """The first of these that holds: "wrong", "cannot tell" of an entry, "wrong dtype" of right numbers, and "right"."""
        if self._count("wrong") or any(failure.kind != "dtype" for failure in self.failures):
            return "wrong"
        return "cannot tell" if self._count("cannot tell") else "wrong dtype" if self.failures else "right"

    @property
    def ok(self) -> bool:
        """Whether the verdict is "right"."""
        return self.verdict == "right"

    def _count(self, verdict: Verdict) -> int:
        return sum(entry.verdict == verdict for entry in self.entries)

    def __str__(self) -> str:
        parts = [self.summary, self.by_argument, *table(self.entries)]
        parts += [f"Not compared with autograd: {self.autograd_error}" if self.autograd_error else "", self.comparison]
        parts += [*(f"Diagnosis: {sentence}" for sentence in self.diagnosis), *(f"- {failure}" for failure in self.failures)]
        return "\n".join(filter(None, parts))

    def __repr__(self) -> str:
        return f"<{self.summary}>"

    def to_html(self) -> str:
        """The report as a page of its own, with nothing to load from elsewhere.

        >>> from autodiff.testing import check_gradient
        >>> check_gradient(lambda x: x**2, 3.0).to_html()[:15]
        '<!DOCTYPE html>'
        """
        from autodiff.testing.page import document

        return document(self.name, self.verdict, self._repr_html_())

    def _repr_html_(self) -> str:
        from autodiff.testing.page import fragment

        return fragment(self)

    @property
    def summary(self) -> str:
        """The verdict in one sentence, with how much was compared.

        >>> from autodiff.testing import check_gradient
        >>> check_gradient(lambda x: np.maximum(x, 0), 0.0, gradient=lambda x: np.ones_like(x)).summary
        'The gradient of <lambda> is right. 1 entry compared: 1 right (1 at a kink, as a subgradient); ... evaluations.'
        """
        verdicts: tuple[Verdict, ...] = ("wrong", "cannot tell", "right")
        counts = [f"{self._count(v)} {v}" for v in verdicts if self._count(v)]
        compared = f"{counted(len(self.entries))} compared" + (f": {', '.join(counts)}" if counts else "")
        compared = compared if self.entries or self.failures else "There was nothing to compare, as the arguments have no elements"
        kinks = sum(e.at_kink and e.verdict == "right" and isinstance(e.index, tuple) for e in self.entries)
        compared += f" ({kinks} at a kink, as {'a subgradient' if kinks == 1 else 'subgradients'})" if kinks else ""
        compared += f"; {self.left} more were left, since enough are wrong" if self.left else ""
        failures = f"; {counted(len(self.failures), 'other failure')}" if self.failures else ""
        evaluations = counted(self.evaluations, "evaluation")
        return f"The gradient of {self.name} is {self._sentence} {compared}{failures}; {evaluations}."

    @property
    def _sentence(self) -> str:
        """What the gradient is."""
        if self.verdict == "wrong dtype":
            return f"right but for its type: {self.failures[0]}"
        off = max((entry.relative_error for entry in self.entries if entry.verdict == "wrong"), default=1.0)
        if off < CLOSE and not self.failures:
            return (
                f"wrong, but it agrees to {int(-log10(off))} digits: as if a small constant were missing, such as the epsilon of a "
                "logarithm."
            )
        return "not known to be right: the differences cannot tell." if self.verdict == "cannot tell" else f"{self.verdict}."

    @property
    def by_argument(self) -> str:
        """By which arguments the gradient is right; empty if it was compared by one only.

        >>> from autodiff.testing import check_gradient
        >>> check_gradient(lambda w, b: np.sum(w * b**2), [1.0, 2.0], [3.0, 0.0], gradient=lambda w, b: (b**2, w * b)).by_argument
        'right: w; wrong: b in 1 of 2'
        """
        places: dict[str, dict[Any, Verdict]] = {}
        for entry in self.entries:
            verdicts = places.setdefault(entry.argument, {})
            verdicts[entry.index] = max(entry.verdict, verdicts.get(entry.index, "right"), key=RANK.__getitem__)
        found: dict[str, list[str]] = {"right": [], "wrong": [], "cannot tell": []}
        for argument, verdicts in places.items() if len(places) > 1 else ():
            worst, *_ = sorted(verdicts.values(), key=RANK.__getitem__, reverse=True)
            count = sum(verdict == worst for verdict in verdicts.values())
            found[worst].append(argument + (f" in {count} of {len(verdicts)}" if worst != "right" else ""))
        return "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in found.items() if names)


def _ratio(difference: float, size: float) -> float:
    """One number as a part of another; inf if it is none."""
    if difference == 0:
        return 0.0
    return difference / size if size and difference < inf else inf


def counted(count: int, one: str = "entry") -> str:
    """A number of things, of which one is called `one`."""
    return f"{count} {one}" if count == 1 else f"{count} {one.removesuffix('y')}{'ies' if one.endswith('y') else 's'}"
