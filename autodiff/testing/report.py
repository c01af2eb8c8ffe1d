"""The result of a gradient check: each entry's verdict, and how it reads in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["GradientEntry", "GradientMismatch", "GradientReport"]

Verdict = Literal["right", "wrong", "cannot tell"]
ROWS = 20  # of the table
COTANGENT = "the cotangent"  # as an argument, by which second derivatives are taken as well
KINK = "at a kink"  # how the note of such an entry begins


class GradientMismatch(AssertionError):
    """A gradient is wrong, or cannot be told to be right; the text is the report, which `report` holds.

    >>> from autodiff.testing import assert_gradient
    >>> assert_gradient(lambda x: x**2, 3.0, gradient=lambda x: -2 * x)
    Traceback (most recent call last):
        ...
    autodiff.testing.report.GradientMismatch: The gradient of <lambda> is wrong. 1 entry compared: 1 wrong; ...
    """

    def __init__(self, report: GradientReport) -> None:
        super().__init__(str(report))
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
        difference, size = abs(self.given - self.numerical), max(abs(self.given), abs(self.numerical))
        if not difference < float("inf"):
            return float("inf")
        return difference / size if size else 0.0

    @property
    def excess(self) -> float:
        """The difference as a multiple of the bound; inf if either value is no number."""
        difference = abs(self.given - self.numerical)
        if difference <= self.bound:
            return difference / self.bound if self.bound else 0.0
        return difference / self.bound if self.bound and difference < float("inf") else float("inf")


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What a gradient check found; `str` gives a summary, a table of the worst entries, the diagnosis, and the failures.

    In a notebook it is shown as HTML, with a picture of where small arguments are right and wrong.

    Attributes:
        name: what was checked.
        entries: the numbers that were compared.
        failures: what else is wrong, in words: a shape, a dtype, an input changed in place, memory shared, and the like.
        evaluations: how often the function was evaluated.
        diagnosis: what the mistake is, where the numbers show it, with the figures that do.
        comparison: for a gradient derived by hand: which of it, autograd and the differences stands alone.
        autograd_error: why autograd has no part in that comparison, if it has none.

    >>> from autodiff.testing import check_gradient
    >>> report = check_gradient(lambda x: np.sum(x**2), [1.0, 2.0], gradient=lambda x: (2 * x).astype(np.float32))
    >>> report.verdict, len(report.entries), report.failures
    ('wrong', 2, ('the gradient by x has dtype float32, but x has dtype float64.',))
    """

    name: str
    entries: tuple[GradientEntry, ...]
    failures: tuple[str, ...]
    evaluations: int
    diagnosis: tuple[str, ...] = ()
    comparison: str = ""
    autograd_error: str = ""

    @property
    def verdict(self) -> Verdict:
        """One of "wrong", if anything is, "cannot tell", if that holds for an entry, and "right"."""
        if self.failures or self._count("wrong"):
            return "wrong"
        return "cannot tell" if self._count("cannot tell") else "right"

    @property
    def ok(self) -> bool:
        """Whether the verdict is "right"."""
        return self.verdict == "right"

    def _count(self, verdict: Verdict) -> int:
        return sum(entry.verdict == verdict for entry in self.entries)

    def __str__(self) -> str:
        parts = [self.summary, *self._table()]
        parts += [self.comparison] if self.comparison else []
        parts += [f"Diagnosis: {sentence}" for sentence in self.diagnosis]
        parts += [f"- {failure}" for failure in self.failures]
        return "\n".join(parts)

    def __repr__(self) -> str:
        return f"<{self.summary}>"

    def to_html(self) -> str:
        """The report as a page of its own, with nothing to load from elsewhere.

        >>> from autodiff.testing import check_gradient
        >>> check_gradient(lambda x: x**2, 3.0).to_html()[:15]
        '<!DOCTYPE html>'
        """
        from autodiff.testing.page import page

        return page(self)

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
        total = len(self.entries)
        verdicts: tuple[Verdict, ...] = ("wrong", "cannot tell", "right")
        counts = [f"{self._count(v)} {v}" for v in verdicts if self._count(v)]
        compared = f"{total} {'entry' if total == 1 else 'entries'} compared" + (f": {', '.join(counts)}" if counts else "")
        kinks = sum(e.at_kink and e.verdict == "right" and isinstance(e.index, tuple) for e in self.entries)
        compared += f" ({kinks} at a kink, as {'a subgradient' if kinks == 1 else 'subgradients'})" if kinks else ""
        failures = f"; {len(self.failures)} other {'failure' if len(self.failures) == 1 else 'failures'}" if self.failures else ""
        evaluations = f"{self.evaluations} {'evaluation' if self.evaluations == 1 else 'evaluations'}"
        return f"The gradient of {self.name} is {_SENTENCE[self.verdict]} {compared}{failures}; {evaluations}."

    def _table(self) -> list[str]:
        worst = worst_first(self.entries)
        header, *rows = columns_of(worst[:ROWS], self.entries)
        if not rows:
            return []
        lines = _aligned([header, *rows], right={i for i, name in enumerate(header) if name in NUMBERS})
        rest = worst[ROWS:]
        if rest:
            lines.append(f"... and {len(rest)} more{', all right' if all(entry.verdict == 'right' for entry in rest) else ''}")
        return lines


_SENTENCE = {"right": "right.", "wrong": "wrong.", "cannot tell": "not known to be right: the differences cannot tell."}


NUMBERS = ("gradient given", "by hand", "autograd", "numerical", "bound")  # the columns that are flush right


def worst_first(entries: Sequence[GradientEntry]) -> list[GradientEntry]:
    """The entries in the order of the table: the wrong ones by how much they are off, relatively, the others by their bound."""
    rank = {"wrong": 0, "cannot tell": 1, "right": 2}
    return sorted(entries, key=lambda e: (rank[e.verdict], -(e.relative_error if e.verdict == "wrong" else e.excess)))


def columns_of(shown: Sequence[GradientEntry], entries: Sequence[GradientEntry]) -> list[list[str]]:
    """The table of the entries `shown`, header first, with the columns that tell anything about all the `entries`."""
    three = any(entry.autograd is not None for entry in entries)
    told = {
        "order": any(entry.order > 1 for entry in entries),
        "argument": True,
        "index": True,
        "output": any(entry.output != () for entry in entries),
        "by hand" if three else "gradient given": True,
        "autograd": three,
        "numerical": True,
        "bound": True,
        "verdict": True,
    }
    rows = [[cell for cell, kept in zip(_row(entry), told.values(), strict=True) if kept] for entry in shown]
    return [[name for name, kept in told.items() if kept], *rows]


def _row(entry: GradientEntry) -> tuple[str, ...]:
    return (
        str(entry.order),
        entry.argument,
        str(entry.index),
        str(entry.output),
        f"{entry.given:.10g}",
        "" if entry.autograd is None else f"{entry.autograd:.10g}",
        f"{entry.numerical:.10g}",
        f"{entry.bound:.1e}",
        f"{entry.verdict} ({entry.note})" if entry.note else entry.verdict,
    )


def _aligned(rows: Sequence[Sequence[str]], right: set[int]) -> list[str]:
    """The rows as lines, with the columns in `right` flush right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = enumerate(zip(row, widths, strict=True))
        lines.append("  ".join(cell.rjust(width) if i in right else cell.ljust(width) for i, (cell, width) in cells).rstrip())
    return lines
