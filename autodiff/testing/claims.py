"""The gradient under test, evaluated, and how far rounding may have moved its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autodiff.testing.noise import gradient_noise
from autodiff.testing.numerics.judgement import Claim
from autodiff.testing.rules import Rule
from autodiff.testing.subject import Subject, is_floating

__all__: list[str] = []

FULL_JACOBIAN = 4096  # entries: up to here, and for so many results at most, each result of f is differentiated on its own
RESULTS = 256
RANDOM_COTANGENTS = 3
ZERO = 1e-290  # no slope is smaller: values that are made of such numbers lose their precision


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
    arrays: list[np.ndarray] = []
    labels: list[tuple[int, ...] | str] = []
    entries = sum(scales.size for scales in subject.scales)
    if size == 1 or (size * entries <= FULL_JACOBIAN and 0 < size <= RESULTS):
        for i in range(size):
            arrays.append(np.zeros(shape))
            arrays[-1].reshape(-1)[i] = 1
            labels.append(() if size == 1 else tuple(int(k) for k in np.unravel_index(i, shape)))
    units = len(arrays)
    count = 0 if fixed else 1 if size == 1 else RANDOM_COTANGENTS - (units > 0)
    for i in range(count):
        arrays.append(random_cotangent(shape, rng))
        labels.append(f"random {i + 1}")
    return Cotangents([array.astype(subject.dtype) for array in arrays], labels, units)


def random_cotangent(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Weights of either sign, none of them small."""
    return np.asarray(rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape))


class Given:
    """The gradient under test for each of the cotangents.

    Attributes:
        rows: for each argument an array of shape `(cotangents, the argument's size)`.
    """

    def __init__(self, rule: Rule, subject: Subject, cotangents: Cotangents, rng: np.random.Generator) -> None:
        self._rule = rule
        self._subject = subject
        self._cotangents = cotangents
        self._rng = rng
        found = [rule(array.copy(), subject.fresh()) for array in cotangents.arrays]
        self.rows = [np.array([row[slot].reshape(-1) for row in found], np.float64) for slot in range(len(subject.positions))]
        self._sizes = [np.where(np.isfinite(rows), np.abs(rows), 0) for rows in self.rows]
        self._noises: dict[int, list[np.ndarray]] = {}
        precision = [float(np.finfo(subject.inputs[p].dtype).eps) for p in subject.positions]
        self._eps = [max(eps, float(np.finfo(cotangents.arrays[0].dtype).eps)) for eps in precision]

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
        eps = max(self._eps) if slot is None else self._eps[slot]
        rows, sizes = (np.hstack(parts) if slot is None else parts[slot] for parts in (self.rows, self._sizes))
        rows, sizes = rows[cotangents], sizes[cotangents]
        if isinstance(direction, int):
            value, size = rows[:, direction], sizes[:, direction]
        else:
            value, size = along(rows, direction), np.linalg.norm(sizes * direction, axis=1)
            slope = np.maximum(slope, size)
        slope = np.maximum(slope, ZERO)
        first = cotangents.start or 0
        noise, elsewhere = partial(self._noise, slot, direction, first), partial(self._elsewhere, slot, direction, first)
        return Claim(value, slope, eps * (8 * size + 16 * slope), eps, noise, elsewhere)

    def _elsewhere(self, slot: int | None, direction: int | np.ndarray, first: int, t: float, j: int) -> float:
        """The claim number `j` from `first` on, at another point of the line."""
        found = _at(self._rule, self._cotangents.arrays[first + j], self._subject, self._subject.moved(slot, direction, t))
        if found is None:
            return np.nan
        gradient = np.concatenate([part.reshape(-1) for part in found]) if slot is None else found[slot].reshape(-1)
        return float(gradient[direction] if isinstance(direction, int) else along(gradient[None], direction)[0])

    def _noise(self, slot: int | None, direction: int | np.ndarray, first: int, doubtful: np.ndarray) -> np.ndarray:
        """The measured noise of the doubtful ones among the claims from number `first` on."""
        result = np.zeros(len(doubtful))
        for j in map(int, np.flatnonzero(doubtful)):
            k = first + j
            if k not in self._noises:
                self._noises[k] = gradient_noise(self._rule, self._subject, self._cotangents.arrays[k], self._rng)
            noise = np.concatenate(self._noises[k]) if slot is None else self._noises[k][slot]
            result[j] = noise[direction] if isinstance(direction, int) else np.linalg.norm(noise * direction)
        return result


class GivenProduct:
    """A Jacobian-vector product under test: asked for one tangent at a time, so that the number of entries does not matter."""

    def __init__(self, rule: Rule, subject: Subject, cotangents: Cotangents, rng: np.random.Generator) -> None:
        self.rows = [np.zeros((len(cotangents.arrays), scales.size)) for scales in subject.scales]  # no entry is known to matter
        self._rule = rule
        self._subject = subject
        self._matrix = cotangents.matrix
        self._rng = rng
        self._eps = max(float(np.finfo(x.dtype).eps) for x in (*subject.inputs, cotangents.arrays[0]) if is_floating(x))

    def claim(self, slot: int | None, direction: int | np.ndarray, cotangents: slice, slope: np.ndarray) -> Claim:
        """The claimed derivatives along the line. Arguments as of `Given.claim`."""
        tangent, matrix = np.concatenate(self._subject.tangents(slot, direction)), self._matrix[cotangents]
        (found,) = self._rule(tangent.copy(), self._subject.fresh())
        value = along(matrix, found.reshape(-1).astype(np.float64))
        size = along(np.abs(matrix), np.abs(found.reshape(-1)))
        slope = np.maximum(slope, ZERO)

        def elsewhere(t: float, j: int) -> float:
            found = _at(self._rule, tangent, self._subject, self._subject.moved(slot, direction, t))
            return np.nan if found is None else float(along(matrix, found[0].reshape(-1).astype(np.float64))[j])

        def noise(doubtful: np.ndarray) -> np.ndarray:
            (of_results,) = gradient_noise(self._rule, self._subject, tangent, self._rng)
            return np.asarray(np.where(doubtful, np.linalg.norm(matrix * of_results, axis=1), 0.0))

        return Claim(value, slope, self._eps * (8 * np.nan_to_num(size) + 16 * slope), self._eps, noise, elsewhere)


def _at(rule: Rule, weights: np.ndarray, subject: Subject, inputs: Sequence[Any]) -> tuple[np.ndarray, ...] | None:
    """What a rule gives elsewhere; None where it is not defined."""
    try:
        return rule(weights.copy(), subject.given(inputs))
    except Exception:  # whatever it has against a point that is far away, which was not asked about
        return None


def along(rows: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """`rows @ direction`, in which infinite numbers count only where the direction leads."""
    if np.isfinite(rows).all():
        return np.asarray(rows @ direction)
    used = direction != 0
    return np.asarray(rows[:, used] @ direction[used])
