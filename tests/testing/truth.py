"""A function with its true gradient, and what must be true of every report on it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff.testing import GradientEntry, GradientReport, check_gradient
from autodiff.testing.arguments import argument_names
from autodiff.testing.numerics.judgement import UNCHANGED

HALF_OF_THE_DIGITS = 2.0**-26


@dataclass(frozen=True)
class Example:
    """A function at a point, with its gradient.

    Attributes:
        text: how it was made.
        f: the function, of arrays.
        inputs: the point.
        true: the derivatives, rounded to the dtype: one array for each input, or the Jacobian matrix of a function that returns
            a vector; at a kink, a subgradient.
        naive: a NumPy formula for the same, with rounding errors of its own.
        kinks: where the derivative is not unique; all `False` if there is no kink near.
        others: further gradients that are right, and gradients that are wrong, at kinks.
        size: the sum of the absolute values of the terms of f.
        length: over which f changes, if that is less than its input, or than 1.
        eps: the precision that f is computed in.
    """

    text: str
    f: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    true: tuple[np.ndarray, ...]
    naive: Callable[..., Any] | None = None
    kinks: tuple[np.ndarray, ...] = ()
    others: tuple[tuple[bool, tuple[np.ndarray, ...]], ...] = ()
    size: float = 1.0
    length: float = math.inf
    eps: float = 2.0**-52
    vector: bool = False

    def check(self, gradient: tuple[np.ndarray, ...] | Callable[..., Any]) -> GradientReport:
        """The report on a gradient, given as numbers or as a formula."""
        rule = gradient if callable(gradient) else lambda *inputs: gradient if len(gradient) > 1 else gradient[0]
        if self.vector:
            return check_gradient(self.f, *self.inputs, vjp=lambda g, *inputs: g @ rule(*inputs))
        return check_gradient(self.f, *self.inputs, gradient=rule)

    def position(self, entry: GradientEntry) -> int:
        """That of the entry's argument among the inputs."""
        return argument_names(self.f, len(self.inputs)).index(entry.argument.split(", ")[0])

    def at_kink(self, entry: GradientEntry) -> bool:
        """Whether the derivative is not unique there, or along a direction that moves such an entry."""
        if not self.kinks:
            return False
        mask = self.kinks[self.position(entry)]
        return bool(mask[entry.index] if isinstance(entry.index, tuple) else mask.any())

    def truth(self, entry: GradientEntry) -> float:
        """The true derivative by an entry; NaN along a direction and for a weighted sum of results."""
        if not isinstance(entry.index, tuple) or not isinstance(entry.output, tuple):
            return math.nan
        return float(self.true[self.position(entry)][(*entry.output, *entry.index)])

    def natural(self, entry: GradientEntry) -> float:
        """A slope that would be natural: the size of the function over the size of the input, or over 1, or over `length`.

        The size is that of its terms, or by how much it changes over that distance: at a kink all terms may be zero.
        """
        x = self.inputs[self.position(entry)]
        reach = abs(x[entry.index]) if isinstance(entry.index, tuple) else np.max(np.abs(x), initial=0)
        reach = min(max(float(reach), 1.0), self.length)
        return max(self.size, self._change(entry, reach)) / reach

    def _change(self, entry: GradientEntry, reach: float) -> float:
        """By how much the function changes, in either direction, when an entry moves, or all entries of the input."""
        position, here = self.position(entry), np.asarray(self.f(*self.inputs))
        changes = [0.0]
        for step in (-reach, reach):
            moved = [x.copy() for x in self.inputs]
            moved[position][entry.index if isinstance(entry.index, tuple) else ...] += step
            with suppress(ArithmeticError, ValueError):  # outside of the domain
                changes.append(float(np.max(np.abs(np.asarray(self.f(*moved)) - here))))
        return max(change for change in changes if math.isfinite(change))


@dataclass(frozen=True)
class Untruth:
    """What a report says that is not true, of which gradient, and by how much."""

    kind: str
    gradient: str
    excess: float
    entry: GradientEntry | None = field(default=None, compare=False)


def unresolved(example: Example, report: GradientReport) -> list[GradientEntry]:
    """The entries called right although zero, or the opposite sign, would be right as well, while it is not zero.

    Right is what is told apart from zero: the bound is smaller than the value. Or all there is is zero within rounding: claim,
    estimate and bound are at most 64 √ε of the natural slope (1e-6 in double precision).
    """
    return [e for e in report.entries if e.verdict == "right" and e.bound >= value_of(e) and not excused(example, e)]


def value_of(entry: GradientEntry) -> float:
    return max(abs(entry.given), abs(entry.numerical))


def excused(example: Example, e: GradientEntry) -> bool:
    """Whether there is a kink, or nothing but zero within rounding."""
    nothing = max(value_of(e), e.bound) <= 64 * math.sqrt(example.eps) * example.natural(e)
    return nothing or example.at_kink(e) or e.at_kink


def untruths(example: Example, report: GradientReport, rng: random.Random) -> list[Untruth]:
    """What is not true in the report on the true gradient, and in those on a naive formula, on one of `others` and a mutation."""
    found = [Untruth("accused", "true", max(e.excess for e in wrong), wrong[0]) for wrong in [_wrong(report)] if wrong]
    if report.failures:
        found.append(Untruth("failure", report.failures[0], math.inf))
    for entry in report.entries:
        special = example.at_kink(entry) or entry.at_kink or "jump" in entry.note or not math.isfinite(entry.numerical)
        slack = 2 if entry.verdict == "cannot tell" else 1  # noise is measured with few values: just outside is no proof
        if (
            not special
            and entry.verdict != "wrong"
            and entry.note != UNCHANGED
            and abs(entry.given - entry.numerical) > slack * entry.bound
        ):
            found.append(Untruth("outside", "true", entry.excess, entry))
        if not example.kinks and (entry.at_kink or "jump" in entry.note):
            found.append(Untruth("false kink", "true", 1.0, entry))
    found += [Untruth("unresolved", "true", e.bound / max(abs(e.given), 1e-300), e) for e in unresolved(example, report)]
    if example.naive and rng.random() < 0.5:
        wrong = _wrong(example.check(example.naive))
        found += [Untruth("accused", "naive", max(e.excess for e in wrong), wrong[0])] if wrong else []
    if example.others:
        i = rng.randrange(len(example.others))
        right, gradient = example.others[i]
        verdict = example.check(gradient).verdict
        found += [Untruth("accused", f"other {i}", math.inf)] if right and verdict == "wrong" else []
        found += [Untruth("let through", f"other {i}", math.inf)] if not right and verdict == "right" else []
    return found + _of_mutation(example, report, rng)


def _wrong(report: GradientReport) -> list[GradientEntry]:
    """The entries called wrong, unless by a function that is rounded to a constant nearby, of which that is documented."""
    return [entry for entry in report.entries if entry.verdict == "wrong" and entry.note != UNCHANGED]


MUTATIONS = ("zero", "opposite", "twice", "a thousandth", "three bounds")


def _of_mutation(example: Example, report: GradientReport, rng: random.Random) -> list[Untruth]:
    """What the report on a mutation of the true gradient, in one entry or in all, says that is not true."""
    smooth = [e for e in report.entries if math.isfinite(example.truth(e)) and not example.at_kink(e) and not e.at_kink]
    if not smooth:
        return []
    name, everywhere = rng.choice(MUTATIONS), rng.random() < 0.3
    mutated = tuple(part.copy() for part in example.true)
    for e in smooth if everywhere else [rng.choice(smooth)]:
        value = example.truth(e)
        change = {"zero": -value, "opposite": -2 * value, "twice": value, "a thousandth": value / 1000}.get(name, 3 * e.bound)
        mutated[example.position(e)][(*e.output, *e.index)] = value + change
    found = example.check(mutated)
    name = f"{name}{' in all' if everywhere else ''}"
    through = []
    for e in found.entries:
        off = abs(e.given - example.truth(e)) if not (example.at_kink(e) or e.at_kink) else math.nan
        rounding = HALF_OF_THE_DIGITS * abs(e.given) + 128 * example.eps * example.natural(e)  # 1e-5 in single precision
        if e.verdict == "right" and off > 2 * e.bound + rounding:
            through.append(Untruth("let through", name, off / max(e.bound, 1e-300), e))
    return through + [Untruth("unresolved", name, e.bound / max(abs(e.given), 1e-300), e) for e in unresolved(example, found)]
