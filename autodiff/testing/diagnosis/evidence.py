"""What a diagnosis is made from: the numbers that were compared, argument by argument, and what makes an explanation credible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autodiff.testing.claims import Cotangents
from autodiff.testing.numerics.differences import quick
from autodiff.testing.report import GradientEntry
from autodiff.testing.rules import Candidate
from autodiff.testing.subject import Subject

__all__: list[str] = []

DIGITS = 5.0  # decimal digits in which a wrong gradient must agree with an explanation, over all entries together
DIRECTIONS = 3  # along which a large argument is looked at
ROUNDING = 32.0  # units in the last place that a sum in a gradient may be off by
SMALL = 256  # entries of an argument of which the numerical derivative is computed for a diagnosis alone


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
        first = [entry for entry in self.entries if entry.order == 1]
        arguments = dict.fromkeys(entry.argument for entry in first)
        return [Block(self, argument, tuple(entry for entry in first if entry.argument == argument)) for argument in arguments]

    def given(self) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """A cotangent that is not special, and the gradients under test for it."""
        cotangent = self.cotangents.arrays[-1]
        return cotangent, self.candidate.rule(cotangent.copy(), self.subject.fresh())


@dataclass(frozen=True, eq=False)
class Block:
    """The entries by one argument."""

    case: Case
    argument: int | str
    entries: tuple[GradientEntry, ...]

    def column(self, value: Callable[[GradientEntry], float]) -> np.ndarray:
        """One number for each entry."""
        return np.array([value(entry) for entry in self.entries], np.float64)

    @cached_property
    def given(self) -> np.ndarray:
        """The gradient under test."""
        return self.column(lambda entry: entry.given)

    @cached_property
    def numerical(self) -> np.ndarray:
        """The derivative from differences."""
        return self.column(lambda entry: entry.numerical)

    @cached_property
    def bound(self) -> np.ndarray:
        """How far the two may be apart."""
        return self.column(lambda entry: entry.bound)

    @property
    def wrong(self) -> bool:
        """Whether any entry is."""
        return any(entry.verdict == "wrong" for entry in self.entries)

    @property
    def outputs(self) -> list[tuple[int, ...] | str]:
        """What was differentiated, each once."""
        return list(dict.fromkeys(entry.output for entry in self.entries))

    def part(self, output: tuple[int, ...] | str) -> Block:
        """The entries of one output."""
        return Block(self.case, self.argument, tuple(entry for entry in self.entries if entry.output == output))

    @property
    def array(self) -> np.ndarray:
        """The argument itself."""
        return np.asarray(self.case.subject.inputs[int(self.argument)])

    @property
    def places(self) -> Block:
        """The entries of the argument, without directions."""
        return Block(self.case, self.argument, tuple(entry for entry in self.entries if isinstance(entry.index, tuple)))

    @property
    def is_whole(self) -> bool:
        """Whether each entry of the argument was compared, for each output, and nothing else."""
        return len(self.entries) == len(self.places.entries) == self.array.size * len(self.outputs)

    def whole(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers of the entries as an array of shape `(outputs, *the argument's shape)`."""
        places = {output: k for k, output in enumerate(self.outputs)}
        result = np.full((len(places), *self.array.shape), np.nan)
        for entry, number in zip(self.entries, numbers, strict=True):
            result[(places[entry.output], *entry.index)] = number
        return result

    def explained_by(self, other: np.ndarray, allowed: np.ndarray | None = None) -> float | None:
        """The largest difference of the gradient under test from the numbers `other`, if those explain it, else None."""
        return explains(other, self.given, self.numerical, self.bound if allowed is None else allowed)


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


def derivative(subject: Subject, slot: int, cotangents: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The numerical derivative by all of an argument, and its bounds: `(cotangents, *shape)` each. None if it costs too much."""
    shape = subject.inputs[subject.positions[slot]].shape
    size = int(np.prod(shape))
    if size > SMALL or not subject.affords(10 * size):
        return None
    found = [quick(subject.line(slot, i, cotangents)) for i in range(size)]
    columns = [np.array([getattr(estimate, name) for estimate in found]).T for name in ("value", "bound")]
    values, bounds = (column.reshape(len(cotangents), *shape) for column in columns)
    eps = float(np.finfo(subject.inputs[subject.positions[slot]].dtype).eps)
    largest = np.abs(values).max(initial=0.0, where=np.isfinite(values))
    return values, bounds + ROUNDING * eps * largest


@dataclass(frozen=True)
class Measured:
    """The numerical derivative by an argument: by each of its entries, or, if they are many, along a few random directions."""

    values: np.ndarray
    bounds: np.ndarray
    directions: np.ndarray | None
    eps: float

    def seen(self, form: np.ndarray) -> np.ndarray:
        """What `values` would be if `form` were the gradient."""
        flat = np.asarray(form, np.float64).reshape(-1)
        return flat if self.directions is None else np.asarray(self.directions @ flat)

    def allowed(self, form: np.ndarray) -> np.ndarray:
        """How far the two may be apart."""
        if self.directions is None:
            return self.bounds
        return np.asarray(self.bounds + ROUNDING * self.eps * np.linalg.norm(self.directions * form.reshape(-1), axis=1))

    @property
    def figures(self) -> str:
        """What was compared."""
        count = len(self.values)
        return f"along {count} random directions" if self.directions is not None else f"over {counted(count)}"


def measured(subject: Subject, slot: int, cotangent: np.ndarray) -> Measured | None:
    """The numerical derivative for one cotangent. None if it costs too much."""
    weights = np.asarray(cotangent.reshape(1, -1), np.float64)
    scales, eps = subject.scales[slot], float(np.finfo(subject.inputs[subject.positions[slot]].dtype).eps)
    if scales.size <= SMALL:
        found = derivative(subject, slot, weights)
        return None if found is None else Measured(found[0].reshape(-1), found[1].reshape(-1), None, eps)
    if not subject.affords(10 * DIRECTIONS):
        return None
    rng = np.random.default_rng(0)
    shape = (DIRECTIONS, scales.size)
    directions = scales * rng.integers(128, 257, shape) / 256 * rng.choice([-1, 1], shape)  # so that steps along them are exact
    estimates = [quick(subject.line(slot, direction, weights)) for direction in directions]
    return Measured(np.array([e.value[0] for e in estimates]), np.array([e.bound[0] for e in estimates]), directions, eps)


def magnitude(difference: float) -> str:
    """The size of a difference, for a sentence."""
    return f"{difference:.1e}" if difference else "0"


def counted(count: int, noun: str = "entry", nouns: str = "entries") -> str:
    """A number of things."""
    return f"{count} {noun if count == 1 else nouns}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
