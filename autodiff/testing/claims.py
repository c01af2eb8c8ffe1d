"""The gradient under test, evaluated, and how far rounding may have moved its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import cycle
from typing import Any

import numpy as np

from autodiff.testing.numerics.judgement import Claim
from autodiff.testing.rules import Candidate
from autodiff.testing.subject import Subject, eps_of, product

__all__: list[str] = []

FULL_JACOBIAN = 4096  # entries: up to here, and for so many results at most, each result of f is differentiated on its own
RESULTS = 256
RANDOM_COTANGENTS = 3
ZERO = 1e-290  # no slope is smaller: values that are made of such numbers lose their precision

Asked = int | np.ndarray  # what a rule is asked for: a cotangent, by its number, or a tangent
Found = Callable[[Asked], np.ndarray]


@dataclass(frozen=True)
class Cotangents:
    """What the results of `f` are weighed with: an array of the result's shape each, and what the report calls it.

    The first ones, as many as `units` says, are the unit vectors, if there are any.
    """

    arrays: list[np.ndarray]
    labels: list[tuple[int, ...] | str]
    units: int

    @property
    def matrix(self) -> np.ndarray:
        """The cotangents as rows."""
        return np.array([array.reshape(-1) for array in self.arrays], np.float64)


def choose_cotangents(subject: Subject, rng: np.random.Generator, fixed: bool) -> Cotangents:
    """Each result by itself where that is affordable, and random weights for all of them, no two of which are equal.

    A cotangent of equal weights would not notice results that change places. With `fixed` the rule knows the cotangent 1 only.
    """
    shape, size = subject.value.shape, subject.value.size
    units = size if size == 1 or (size * subject.ends[-1] <= FULL_JACOBIAN and size <= RESULTS) else 0
    count = 0 if fixed else 1 if size == 1 else RANDOM_COTANGENTS - (units > 0)
    arrays = [*np.eye(units).reshape(units, *shape), *(random_cotangent(shape, rng) for _ in range(count))]
    places = [()] if size == 1 else np.ndindex(shape) if units else []
    labels = [*places, *(f"random {i + 1}" for i in range(count))]
    return Cotangents([np.array(array, subject.dtype) for array in arrays], labels, units)


def random_cotangent(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Weights of either sign, none of them small."""
    return np.asarray(rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape))


@dataclass(eq=False)
class Claims:
    """The derivatives under test: each is a cotangent times the Jacobian times a direction.

    A vector-Jacobian product is the product of the first two, and is asked for each cotangent once; a Jacobian-vector product is
    that of the last two, and is asked for one direction at a time, so that the number of entries does not matter.
    No number is held to be more precise than the type in which the rule was `found` to return it.

    Attributes:
        rows: for each argument the gradients for the cotangents, an array of shape `(cotangents, the argument's size)`; zeros if
            the rule is a Jacobian-vector product, so that no entry is known to matter.
    """

    candidate: Candidate
    subject: Subject
    cotangents: Cotangents
    rng: np.random.Generator
    found: Sequence[np.ndarray]

    def __post_init__(self) -> None:
        weights = self.cotangents.arrays
        self._eps = [eps_of(x, part, weights[0]) for x, part in zip(self.subject.variables, cycle(self.found), strict=False)]
        self._here: Any = partial(self._found, self.subject.fresh)
        self._noise: Any = self._noise_of
        gradients = np.zeros((len(weights), self.subject.ends[-1]))
        if not self.candidate.tangents:  # a cotangent is asked for again with each entry, a tangent is not
            self._here, self._noise = cache(self._here), cache(self._noise)
            gradients[:] = [self._here(k) for k in range(len(weights))]
        self.rows = np.split(gradients, self.subject.ends[1:-1], axis=1)

    def claim(self, slot: int | None, direction: int | np.ndarray, cotangents: slice, slope: np.ndarray) -> Claim:
        """The claimed derivatives by one entry of an argument, or along a direction.

        Allowed for rounding are a few units in the last place of the number itself, and of a slope that would be natural for the
        function. A number that is so much smaller is the result of a cancellation, and no more precise than what cancels.

        Args:
            slot: the number of the argument; None for all.
            direction: the number of the entry, or the direction.
            cotangents: for which of the cotangents.
            slope: the natural slope of each function.
        """
        subject, numbers = self.subject, np.arange(len(self.cotangents.arrays))[cotangents]
        factors = partial(self._factors, slot, direction)

        def noise(doubtful: np.ndarray) -> np.ndarray:
            found = np.zeros(len(numbers))
            found[doubtful] = _lengths(*factors(numbers[doubtful], self._noise))
            return found

        def elsewhere(t: float, j: int) -> float:
            there = partial(self._found, lambda: subject.given(subject.moved(subject.tangents(slot, direction), t)))
            try:
                return float(product(*factors(numbers[[j]], there))[0])
            except Exception:  # whatever the rule has against a point that is far away, which was not asked about
                return np.nan

        rows, column = factors(numbers, self._here)
        size = _lengths(rows, column)
        slope = np.maximum(slope, ZERO if isinstance(direction, int) else np.maximum(size, ZERO))
        eps = max(self._eps) if slot is None else self._eps[slot]
        return Claim(product(rows, column), slope, eps * (8 * size + 16 * slope), eps, noise, elsewhere)

    def _factors(self, slot: int | None, direction: int | np.ndarray, numbers: np.ndarray, found: Found) -> tuple[Any, np.ndarray]:
        """Rows for the cotangents of these numbers, and a column, the product of which are the derivatives along a direction.

        What is `found` with the rule is in the rows, or is the column.
        """
        ends = self.subject.ends
        first, last = (0, ends[-1]) if slot is None else (ends[slot], ends[slot + 1])
        if isinstance(direction, int):
            first, last, direction = first + direction, first + direction + 1, np.ones(1)
        if not self.candidate.tangents:
            return np.array([found(int(k))[first:last] for k in numbers]).reshape(-1, last - first), direction
        tangent = np.zeros(ends[-1])
        tangent[first:last] = direction
        return self.cotangents.matrix[numbers], found(tangent)

    def _found(self, inputs: Callable[[], Sequence[Any]], asked: Asked) -> np.ndarray:
        """What the rule gives at the inputs, end to end."""
        found = self.candidate.rule(self._weights(asked).copy(), inputs())
        return np.concatenate([part.reshape(-1) for part in found]).astype(np.float64)

    def _noise_of(self, asked: Asked) -> np.ndarray:
        """The measured noise of that."""
        return np.concatenate(self.candidate.noise(self.subject, self._weights(asked), self.rng))

    def _weights(self, asked: Asked) -> np.ndarray:
        return self.cotangents.arrays[asked] if isinstance(asked, int) else asked


def _lengths(rows: np.ndarray, column: np.ndarray) -> np.ndarray:
    """The size of the numbers that `rows @ column` adds up: the root of the sum of their squares, of those that are finite."""
    products = rows * column
    return np.asarray(np.hypot.reduce(np.where(np.isfinite(products), products, 0.0), axis=1))
