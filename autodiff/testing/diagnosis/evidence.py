"""What a diagnosis is made from: the numbers that were compared, argument by argument, and what makes an explanation credible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autodiff.testing.claims import Cotangents
from autodiff.testing.numerics.differences import quick
from autodiff.testing.report import GradientEntry
from autodiff.testing.rules import Candidate, Rule
from autodiff.testing.subject import Subject

__all__: list[str] = []

DIGITS = 5.0  # decimal digits in which a wrong gradient must agree with an explanation, over all entries together
DIRECTIONS = 3  # along which a large argument is looked at
ROUNDING = 32.0  # units in the last place that a number made from a gradient may be off by
SMALL = 256  # entries of an argument of which the numerical derivative is computed for a diagnosis alone
ESTIMATE = 10  # evaluations that a numerical derivative takes, at most

Explanation = tuple[str, Sequence["Block"]]  # a sentence, and the arguments whose wrong gradients it explains


@dataclass(frozen=True, eq=False)
class Case:
    """A gradient that was compared with differences."""

    subject: Subject
    candidate: Candidate
    cotangents: Cotangents
    entries: Sequence[GradientEntry]

    @cached_property
    def blocks(self) -> list[Block]:
        """The first derivatives by each of the arguments."""
        found: dict[str, list[GradientEntry]] = {}
        for entry in self.entries:
            if entry.order == 1 and entry.argument in self.names.values():
                found.setdefault(entry.argument, []).append(entry)
        return [Block(self, argument, entries) for argument, entries in found.items()]

    @property
    def names(self) -> dict[int, str]:
        """The positions of the arguments to differentiate by, and what they are called."""
        return {p: self.subject.names[p] for p in self.subject.positions}

    @property
    def cotangent(self) -> np.ndarray:
        """One that is not special: of the random ones, if there are any."""
        return self.cotangents.arrays[-1]

    def gradient(self, rule: Rule, slot: int) -> np.ndarray:
        """What a rule gives by one argument for that cotangent; a Jacobian-vector product is asked for each entry."""
        if not self.candidate.tangents:
            return np.array(rule(self.cotangent.copy(), self.subject.fresh())[slot], np.float64)
        sizes = [scales.size for scales in self.subject.scales]
        units = (np.eye(1, sum(sizes), sum(sizes[:slot]) + i)[0] for i in range(sizes[slot]))
        columns = [float(np.sum(self.cotangent * rule(unit, self.subject.fresh())[0])) for unit in units]
        return np.array(columns).reshape(self.subject.inputs[self.subject.positions[slot]].shape)


@dataclass(frozen=True, eq=False)
class Block:
    """The entries by one argument."""

    case: Case
    argument: str
    entries: Sequence[GradientEntry]

    @property
    def numbers(self) -> np.ndarray:
        """Three rows: the gradient under test, the derivatives from differences, and how far the two may be apart."""
        return np.array([(entry.given, entry.numerical, entry.bound) for entry in self.entries], np.float64).reshape(-1, 3).T

    @property
    def wrong(self) -> bool:
        """Whether any entry is."""
        return any(entry.verdict == "wrong" for entry in self.entries)

    @property
    def places(self) -> Block:
        """The entries of the argument, without directions."""
        return Block(self.case, self.argument, [entry for entry in self.entries if isinstance(entry.index, tuple)])

    @property
    def slot(self) -> int:
        """The number of the argument among those to differentiate by."""
        return list(self.case.names.values()).index(self.argument)

    @property
    def array(self) -> np.ndarray:
        """The argument itself."""
        return np.asarray(self.case.subject.inputs[self.case.subject.positions[self.slot]])

    @cached_property
    def evidence(self) -> Evidence | None:
        """Both gradients for one cotangent, by differences of their own if not every entry was compared; None if too costly."""
        case, size = self.case, self.array.size
        if size > SMALL and case.candidate.tangents:
            return None
        given = case.gradient(case.candidate.rule, self.slot)
        eps, label = float(np.finfo(self.array.dtype).eps), case.cotangents.labels[-1]
        compared = Block(case, self.argument, [entry for entry in self.places.entries if entry.output == label])
        if 0 < len(compared.entries) == size <= SMALL:
            return Evidence(given, compared.numbers[1], compared.numbers[2], None, eps)
        directions = None
        if size > SMALL:
            rng = np.random.default_rng(0)
            directions = np.array([case.subject.random_direction(self.slot, rng) for _ in range(DIRECTIONS)])
        found = derivative(case.subject, self.slot, case.cotangent, directions)
        return None if found is None else Evidence(given, *found, directions, eps)


@dataclass(frozen=True)
class Evidence:
    """The gradient under test by one argument, and the numerical one by each entry or, of many, along a few random directions.

    Attributes:
        given: the gradient under test, an array, perhaps not of the shape of the argument.
        numerical: the derivatives from differences, one for each entry or direction.
        bound: how far the two may be apart.
        directions: one a row, if not each entry was looked at.
        eps: the precision of the gradient.
    """

    given: np.ndarray
    numerical: np.ndarray
    bound: np.ndarray
    directions: np.ndarray | None
    eps: float

    def seen(self, gradient: np.ndarray) -> np.ndarray:
        """What `numerical` would be for this gradient."""
        flat = np.asarray(gradient, np.float64).reshape(-1)
        return flat if self.directions is None else np.asarray(self.directions @ flat)

    def rounding(self, units: float, *sizes: float) -> np.ndarray:
        """So many units in the last place of numbers of these sizes, as `seen`."""
        lengths = np.ones(self.numerical.shape) if self.directions is None else np.linalg.norm(self.directions, axis=1)
        return np.asarray(units * self.eps * sum(sizes) * lengths)

    def repaired_by(self, form: np.ndarray) -> float | None:
        """The largest difference of `form`, which is made from the given gradient, from the numerical one, if it repairs it."""
        seen = self.seen(form)
        before = self.seen(self.given) if self.given.shape == form.shape else np.zeros_like(seen)  # zeros prove nothing
        summands = self.given.size / max(form.size, 1)
        rounding = self.rounding(ROUNDING, largest_of(form), summands * largest_of(self.given))
        return explains(self.numerical, seen, before, self.bound + rounding)

    def equals(self, other: np.ndarray, allowed: np.ndarray) -> float | None:
        """The largest difference of the given gradient from `other`, numbers as `seen`, if it is that and not the numerical one."""
        return explains(other, self.seen(self.given), self.numerical, allowed)


def explains(other: np.ndarray, given: np.ndarray, numerical: np.ndarray, allowed: np.ndarray) -> float | None:
    """The largest difference of `given` from `other`, if it is `other` and not `numerical`; else None.

    Each entry must agree to what is allowed; and where `numerical` does not, what is allowed must be so little that it is no
    accident. Entries of which nothing is known contradict nothing.
    """
    known = np.isfinite(allowed) & np.isfinite(numerical)
    difference = np.abs(given - other)[known]
    if not known.any() or not np.all(difference <= allowed[known]):
        return None
    apart = np.abs(given - numerical)[known] / np.maximum(allowed[known], np.finfo(float).tiny)
    digits = np.log10(np.clip(apart, 1.0, 1e16)).sum()
    return float(difference.max()) if digits >= DIGITS else None


def derivative(
    subject: Subject | None, slot: int, cotangent: np.ndarray, directions: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """The numerical derivatives by all entries of an argument, or along directions, and bounds; None if that costs too much."""
    if subject is None:
        return None
    lines: Sequence[int] | np.ndarray = range(subject.scales[slot].size) if directions is None else directions
    if len(lines) > SMALL or not subject.affords(ESTIMATE * len(lines)):
        return None
    weights = np.asarray(cotangent.reshape(1, -1), np.float64)
    estimates = [quick(subject.line(slot, line, weights)) for line in lines]
    return np.array([estimate.value[0] for estimate in estimates]), np.array([estimate.bound[0] for estimate in estimates])


def elsewhere(subject: Subject, slot: int, array: np.ndarray) -> Subject | None:
    """The function with another array for one argument; None if it does not take that. Evaluations count for `subject` as well."""

    def f(*inputs: Any) -> Any:
        subject.evaluations += 1
        return subject.f(*inputs)

    inputs = list(subject.inputs)
    position = subject.positions[slot]
    inputs[position] = array.astype(inputs[position].dtype)
    try:
        return (
            Subject(f, inputs, subject.positions, subject.limit - subject.evaluations, subject.names)
            if subject.affords(ESTIMATE)
            else None
        )
    except Exception:  # whatever f has against this array, nothing can be said
        return None


def largest_of(array: np.ndarray) -> float:
    """The largest size of a number in the array."""
    return float(np.abs(array).max(initial=0.0, where=np.isfinite(array)))


def figures(found: Mapping[Block, float]) -> str:
    """The largest difference from what explains the gradients, and over how much it was looked for."""
    sizes = [block.array.size for block in found]
    entries = sum(size for size in sizes if size <= SMALL)
    over = [f"over {counted(entries)}"] if entries else []
    over += [f"along {DIRECTIONS} random directions"] if max(sizes) > SMALL else []
    return f"largest difference {magnitude(max(found.values()))} {' and '.join(over)}"


def by_arguments(blocks: Iterable[Block]) -> str:
    """By which arguments the gradient is meant, for a sentence; nothing if all are."""
    names = [block.argument for block in blocks]
    everything = len(names) == len(next(iter(blocks)).case.blocks)
    return "" if everything else f" by {listed(names)}"


def magnitude(difference: float) -> str:
    """The size of a difference, for a sentence."""
    return f"{difference:.1e}" if difference else "0"


def counted(count: int) -> str:
    """A number of entries."""
    return f"{count} {'entry' if count == 1 else 'entries'}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
