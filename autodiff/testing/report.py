"""The result of a gradient check: each entry's verdict, and how it reads in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["GradientEntry", "GradientMismatch", "GradientReport"]

Verdict = Literal["right", "wrong", "cannot tell"]
ROWS = 20  # of the table


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
        argument: the position of the argument, or "cotangent".
        index: of the entry in the argument; for a derivative along a random direction, which one.
        output: which number was differentiated, for a function that returns several: the index of one of them, or the name
            of a random cotangent, which weighs all of them.
        given: the gradient under test.
        numerical: the derivative from differences.
        bound: how far the two may be apart: the error bound of the numerical derivative, and the rounding of the given one.
        verdict: "right" within the bound, "wrong" outside, "cannot tell" if the bound is so large that it says nothing.
        note: what is special there, such as "at a kink".
        order: 1, or 2 for a second derivative.

    >>> from autodiff.testing import check_gradient
    >>> entry = check_gradient(lambda x: x**2, 3.0).entries[0]
    >>> entry.argument, entry.index, entry.given, entry.verdict
    (0, (), 6.0, 'right')
    """

    argument: int | str
    index: tuple[int, ...] | str
    output: tuple[int, ...] | str
    given: float
    numerical: float
    bound: float
    verdict: Verdict
    note: str = ""
    order: int = 1

    @property
    def excess(self) -> float:
        """The difference as a multiple of the bound; inf if either value is no number."""
        difference = abs(self.given - self.numerical)
        if difference <= self.bound:
            return difference / self.bound if self.bound else 0.0
        return difference / self.bound if self.bound and difference < float("inf") else float("inf")


@dataclass(frozen=True)
class GradientReport:
    """What a gradient check found; `str` gives a summary, a table of the worst entries, and the failures.

    Attributes:
        name: what was checked.
        entries: the numbers that were compared.
        failures: what else is wrong, in words: a shape, a dtype, an input changed in place, memory shared, and the like.
        evaluations: how often the function was evaluated.

    >>> from autodiff.testing import check_gradient
    >>> report = check_gradient(lambda x: np.sum(x**2), [1.0, 2.0], gradient=lambda x: (2 * x).astype(np.float32))
    >>> report.verdict, len(report.entries), report.failures
    ('wrong', 2, ('the gradient by argument 0 has dtype float32, but the argument has dtype float64.',))
    """

    name: str
    entries: tuple[GradientEntry, ...]
    failures: tuple[str, ...]
    evaluations: int

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
        parts = [self._summary(), *self._table()]
        parts += [f"- {failure}" for failure in self.failures]
        return "\n".join(parts)

    def _summary(self) -> str:
        total = len(self.entries)
        verdicts: tuple[Verdict, ...] = ("wrong", "cannot tell", "right")
        counts = [f"{self._count(v)} {v}" for v in verdicts if self._count(v)]
        compared = f"{total} {'entry' if total == 1 else 'entries'} compared" + (f": {', '.join(counts)}" if counts else "")
        failures = f"; {len(self.failures)} other {'failure' if len(self.failures) == 1 else 'failures'}" if self.failures else ""
        return f"The gradient of {self.name} is {_SENTENCE[self.verdict]} {compared}{failures}; {self.evaluations} evaluations."

    def _table(self) -> list[str]:
        rank = {"wrong": 0, "cannot tell": 1, "right": 2}
        worst = sorted(self.entries, key=lambda entry: (rank[entry.verdict], -entry.excess))
        rows = [_row(entry) for entry in worst[:ROWS]]
        if not rows:
            return []
        header = ("order", "argument", "index", "output", "gradient given", "numerical", "bound", "verdict")
        shown = [i for i, name in enumerate(header) if _is_told(name, self.entries)]
        numbers = {i for i, column in enumerate(shown) if header[column] in ("gradient given", "numerical", "bound")}
        lines = _aligned([[row[i] for i in shown] for row in (header, *rows)], right=numbers)
        rest = worst[ROWS:]
        if rest:
            lines.append(f"... and {len(rest)} more{', all right' if all(entry.verdict == 'right' for entry in rest) else ''}")
        return lines


_SENTENCE = {"right": "right.", "wrong": "wrong.", "cannot tell": "not known to be right: the differences cannot tell."}


def _is_told(column: str, entries: Sequence[GradientEntry]) -> bool:
    """Whether a column of the table tells anything."""
    if column == "order":
        return any(entry.order > 1 for entry in entries)
    return column != "output" or any(entry.output != () for entry in entries)


def _row(entry: GradientEntry) -> tuple[str, ...]:
    verdict = f"{entry.verdict} ({entry.note})" if entry.note else entry.verdict
    return (
        str(entry.order),
        str(entry.argument),
        str(entry.index),
        str(entry.output),
        f"{entry.given:.10g}",
        f"{entry.numerical:.10g}",
        f"{entry.bound:.1e}",
        verdict,
    )


def _aligned(rows: Sequence[Sequence[str]], right: set[int]) -> list[str]:
    """The rows as lines, with the columns in `right` flush right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = enumerate(zip(row, widths, strict=True))
        lines.append("  ".join(cell.rjust(width) if i in right else cell.ljust(width) for i, (cell, width) in cells).rstrip())
    return lines
