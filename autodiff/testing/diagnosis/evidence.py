"""What a diagnosis is made from: at each of some points the gradient under test beside the numerical one, argument by argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from autodiff.testing.claims import Cotangents
from autodiff.testing.comparison import DIRECTIONS, EVERY_ENTRY
from autodiff.testing.diagnosis.tape import Tape
from autodiff.testing.numerics.differences import Line, quick
from autodiff.testing.report import GradientEntry, counted
from autodiff.testing.rules import Candidate, Rule
from autodiff.testing.subject import Subject

__all__: list[str] = []

ESTIMATE = 10  # evaluations that a numerical derivative takes, at most
ULPS = 512.0  # units in the last place of its largest entry by which two ways to compute a gradient may differ
SPREADS = (0.5, 0.1)  # relative changes to reach a point nearby


@dataclass(frozen=True, eq=False)
class Case:
    """A gradient that was compared with differences; `refuted` are the keys of claims that do not hold at some point."""

    subject: Subject
    candidate: Candidate
    cotangents: Cotangents
    entries: Sequence[GradientEntry]
    refuted: set[str] = field(default_factory=set)

    def here(self) -> Point:
        """The point where the gradient was compared."""
        return Point(self, self.subject, [entry for entry in self.entries if entry.order == 1])

    def nearby(self, count: int, names: Sequence[str], flips: float = 0.0) -> list[Point]:
        """Random points nearby, where arguments have no zeros and no ties, and other signs if `flips`.

        Of so many are returned as are found, each with both gradients by the arguments of these names.
        """
        rng = np.random.default_rng(0)
        moved = (self.elsewhere(self._moved(rng, spread, flips)) for spread in SPREADS * count if names)
        return list(islice((point for point in moved if point is not None and point.pairs.keys() >= set(names)), count))

    def _moved(self, rng: np.random.Generator, spread: float, flips: float) -> list[Any]:
        inputs = list(self.subject.fresh())
        for p in self.subject.positions:
            x = inputs[p]
            size = np.where(x == 0, np.median(np.abs(x[x != 0])) if x.any() else 1.0, x)
            signs = np.where(rng.random(x.shape) < np.where(x == 0, 0.5, flips), -1, 1)
            inputs[p] = np.asarray(size * signs * rng.uniform(1 - spread, 1 + spread, x.shape), x.dtype)
        return inputs

    def elsewhere(self, inputs: Sequence[Any]) -> Point | None:
        """Another point; None if `f` is not defined there. Evaluations count for the subject as well."""
        subject = self.subject

        def f(*inputs: Any) -> Any:
            subject.evaluations += 1
            return subject.f(*inputs)

        if not subject.affords(ESTIMATE):
            return None
        try:
            there = Subject(f, inputs, subject.positions, subject.limit - subject.evaluations, subject.names)
        except Exception:  # whatever f has against this point, nothing can be said
            return None
        alike = there.value.shape == subject.value.shape and np.isfinite(there.value).all()
        return Point(self, there, []) if alike else None


class Point:
    """The gradient under test and the numerical one at a point, for one cotangent that is not special.

    Attributes:
        pairs: both by each of the arguments; none if that costs too much.
    """

    def __init__(self, case: Case, subject: Subject, entries: Sequence[GradientEntry]) -> None:
        self.case, self.subject, self.entries = case, subject, entries
        self.cotangent = case.cotangents.arrays[-1]
        try:
            given = self.gradients(case.candidate.rule)
        except Exception:  # the gradient is not defined here
            given = []
        found = [self._pair(slot, gradient) for slot, gradient in enumerate(given)]
        self.pairs = {pair.name: pair for pair in found if pair is not None}

    def gradients(self, rule: Rule) -> list[np.ndarray]:
        """What a rule gives by each argument for the cotangent; a Jacobian-vector product is asked for each entry, if few."""
        if not self.case.candidate.tangents:
            return [np.array(part, np.float64) for part in rule(self.cotangent.copy(), self.subject.fresh())]
        ends = self.subject.ends
        if ends[-1] > EVERY_ENTRY:
            return []
        flat = np.array([np.sum(self.cotangent * rule(unit, self.subject.fresh())[0]) for unit in np.eye(ends[-1])])
        return [part.reshape(x.shape) for part, x in zip(np.split(flat, ends[1:-1]), self.subject.variables, strict=True)]

    def _pair(self, slot: int, given: np.ndarray) -> Pair | None:
        name, array = self.subject.variable_names[slot], self.subject.variables[slot]
        label, rng, directions = self.case.cotangents.labels[-1], np.random.default_rng(0), None
        lines: Sequence[int] | np.ndarray = range(array.size)
        if array.size > EVERY_ENTRY:
            lines = directions = np.array([self.subject.random_direction(slot, rng) for _ in range(DIRECTIONS)])
        own = [e for e in self.entries if (e.argument, e.output) == (name, label) and isinstance(e.index, tuple)]
        if len(own) == len(lines) == array.size:
            numbers = [(entry.numerical, entry.bound) for entry in own]
        elif self.subject.affords(ESTIMATE * len(lines)):
            weights = np.asarray(self.cotangent.reshape(1, -1), np.float64)
            numbers = [_estimated(self.subject.line(slot, line, weights)) for line in lines]
        else:
            return None
        numerical, bound = np.array(numbers, np.float64).reshape(-1, 2).T
        return Pair(name, slot, array, given, numerical, bound, directions)

    @cached_property
    def tape(self) -> Tape | None:
        """The record of `f`, if it takes tensors, is short enough to look for mistakes, and gives the numerical gradient."""
        try:
            tape = Tape(self.subject, self.cotangent)
        except Exception:  # f does not take tensors, or autodiff cannot differentiate it
            return None
        for pair in self.pairs.values():
            if np.any(np.abs(pair.seen(tape.gradients[pair.slot]) - pair.numerical) > pair.allowed()):
                return None
        return tape

    def right(self, pair: Pair) -> np.ndarray | None:
        """The gradient by an argument as it should be: the numerical one, or by many entries autograd's, if that agrees with it."""
        if pair.directions is None:
            return pair.numerical.reshape(pair.array.shape)
        return None if self.tape is None else self.tape.gradients[pair.slot]


@dataclass(eq=False)
class Pair:
    """Both gradients by one argument: by each entry or, of many, along a few random directions.

    Attributes:
        name, slot, array: the argument.
        given: the gradient under test, an array, perhaps not of the shape of the argument.
        numerical: the derivatives from differences, one for each entry or direction.
        bound: how far the two may be apart.
        directions: one a row, if not each entry was looked at.
    """

    name: str
    slot: int
    array: np.ndarray
    given: np.ndarray
    numerical: np.ndarray
    bound: np.ndarray
    directions: np.ndarray | None

    @property
    def fits(self) -> bool:
        """Whether the gradient under test has the shape of the argument."""
        return self.given.shape == self.array.shape

    def seen(self, gradient: np.ndarray) -> np.ndarray:
        """What `numerical` would be for this gradient."""
        flat = np.asarray(gradient, np.float64).reshape(-1)
        return flat if self.directions is None else np.asarray(self.directions @ flat)

    def allowed(self, *others: np.ndarray) -> np.ndarray:
        """How far numbers that are made of such gradients, and of these, may be apart."""
        lengths = 1.0 if self.directions is None else np.linalg.norm(self.directions, axis=1)
        return np.asarray(self.bound + rounding(self.array.dtype, self.given, *others) * lengths)

    @cached_property
    def apart(self) -> np.ndarray:
        """How far the two gradients are apart."""
        return np.abs((self.seen(self.given) if self.fits else 0.0) - self.numerical)


def _estimated(line: Line) -> tuple[float, float]:
    """The derivative along a line and its bound; equal values on all sides may have been rounded to be equal."""
    estimate = quick(line)
    value, bound = float(estimate.value[0]), float(estimate.bound[0])
    return value, bound if value else bound + 16 * line.cancelled / line.scale


def rounding(dtype: np.dtype[Any], *gradients: np.ndarray) -> float:
    """By how much numbers that are made of such gradients may differ from the same, computed in another way."""
    largest = sum(float(np.abs(array).max(initial=0.0, where=np.isfinite(array))) for array in gradients)
    return ULPS * float(np.finfo(dtype).eps) * largest


def also_at(nearby: int, here: bool = True) -> str:
    """At how many random points something holds, if at any."""
    return f", {'here and ' if here else ''}at {counted(nearby, 'random point')} nearby" if nearby else ""


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
