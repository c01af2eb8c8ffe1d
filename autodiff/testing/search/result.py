"""What a search for a gradient error found, and how it reads."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import indent
from typing import Any

from autodiff.testing.numerics.judgement import Verdict
from autodiff.testing.report import GradientReport, counted

__all__ = ["GradientSearch"]


@dataclass(frozen=True, repr=False)
class GradientSearch:
    """What a search for a gradient error found; `str` gives a summary, the report at the counterexample, and code to paste.

    Attributes:
        name: what was searched.
        counterexample: the smallest inputs at which the gradient is wrong; None if there are none.
        report: the check of the gradient there; without a counterexample, of a point where the differences could not tell, if
            there is one.
        code: code that fails at the counterexample; empty if there is none.
        checked: at how many points the gradient was checked.
        unknown: at how many of them the differences could not tell whether it is right.
        skipped: at how many points the function is not defined.
        stopped: how the search ended if that was before its end: by the time, or by an interrupt; else empty.

    >>> from autodiff.testing import find_gradient_error, reals
    >>> search = find_gradient_error(np.sum, reals(-1, 1), gradient=np.sign, max_examples=30)
    >>> search.verdict, search.counterexample
    ('wrong', (array(0.),))
    >>> search
    <A gradient error of sum. These are the smallest inputs found at which it shows; ... checked.>
    """

    name: str
    counterexample: tuple[Any, ...] | None
    report: GradientReport | None
    code: str
    checked: int
    unknown: int
    skipped: int
    stopped: str = ""

    @property
    def verdict(self) -> Verdict:
        """One of "wrong", if there is a counterexample, "cannot tell", if that holds for each point, and "right"."""
        if self.counterexample is not None:
            return "wrong"
        return "cannot tell" if self.unknown == self.checked else "right"

    @property
    def ok(self) -> bool:
        """Whether the verdict is "right"."""
        return self.verdict == "right"

    def __str__(self) -> str:
        if self.counterexample is not None:
            return f"{self.summary}\n\n{self.report}\n\nTo see it again:\n\n{indent(self.code, '    ')}"
        return self.summary if self.ok or self.report is None else f"{self.summary}\n\n{self.report}"

    def __repr__(self) -> str:
        return f"<{self.summary}>"

    def to_html(self) -> str:
        """The same as a page of HTML."""
        from autodiff.testing.page import document

        return document(self.name, self.verdict, self._repr_html_())

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        shown = self.report if self.report is not None and not self.ok else None
        report = "" if shown is None else shown._repr_html_()
        code = f"<p>To see it again:</p>\n<pre>{escape(self.code)}</pre>" if self.code else ""
        return f"<p>{escape(self.summary)}</p>\n{report}\n{code}"

    @property
    def summary(self) -> str:
        """What was found, at how many points, and whether that was all of the search."""
        stopped = f" {self.stopped}" if self.stopped else ""
        points = counted(self.checked, "point")
        if self.counterexample is not None:
            shows = "These are the smallest inputs found at which it shows"
            return f"A gradient error of {self.name}. {shows}; {points} checked.{stopped}"
        skipped = f"; {self.skipped} more skipped, where {self.name} is not defined" if self.skipped else ""
        if not self.ok:
            why = f"the differences cannot tell at any of {points}" if self.checked else "no point was checked"
            return f"The gradient of {self.name} is not known to be right: {why}{skipped}.{stopped}"
        unknown = f", of which the differences cannot tell at {self.unknown}" if self.unknown else ""
        return f"No gradient error of {self.name} found at {points}{unknown}{skipped}.{stopped}"
