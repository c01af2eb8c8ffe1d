"""Random arrays that keep a promise: elements in an interval, a < b, positive definite, distinct eigenvalues.

Each takes a random generator and a shape; `tests/samples/test_arrays.py` tests what it promises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from autodiff.domain import POSITIVE, REALS, Interval

MANY = 70_000  # more than the largest float16

Shape: TypeAlias = tuple[int, ...]
Arrays: TypeAlias = Callable[[np.random.Generator, Shape], np.ndarray]


def within(interval: Interval) -> Arrays:
    """Arrays of elements inside of `interval`, at a distance from its ends; moderate ones where it is unbounded."""
    low, high = max(interval.low, min(interval.high, 2.5) - 5), min(interval.high, max(interval.low, -2.5) + 5)
    margin = 0.05 * (high - low)
    return lambda rng, shape: np.asarray(rng.uniform(low + margin, high - margin, shape))


reals = within(REALS)
positive = within(POSITIVE)


def booleans(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Booleans; from two elements on, both are among them."""
    chosen = rng.permutation(np.arange(int(np.prod(shape))) % 2 == rng.integers(2))
    return chosen.reshape(shape)


def ordered_pair(rng: np.random.Generator, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays a < b: each element of b is larger by at least 0.5."""
    a = reals(rng, shape)
    return a, np.asarray(a + rng.uniform(0.5, 2, shape))


def _orthogonal(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Orthogonal matrices, one for each of the leading indices."""
    return np.linalg.qr(rng.normal(size=shape)).Q


def _symmetric(rng: np.random.Generator, eigenvalues: np.ndarray) -> np.ndarray:
    """Symmetric matrices with these eigenvalues, of shape (..., n)."""
    q = _orthogonal(rng, (*eigenvalues.shape, eigenvalues.shape[-1]))
    matrices = (q * eigenvalues[..., None, :]) @ np.swapaxes(q, -1, -2)
    return (matrices + np.swapaxes(matrices, -1, -2)) / 2


def positive_definite(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Symmetric matrices (..., n, n) with eigenvalues between 0.5 and 2."""
    return _symmetric(rng, rng.uniform(0.5, 2, shape[:-1]))


def distinct_eigenvalues(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Symmetric matrices (..., n, n) whose eigenvalues, of both signs if n > 1, differ from each other by at least 0.5."""
    n = shape[-1]
    return _symmetric(rng, np.arange(n) - (n - 1) / 2 + rng.uniform(0, 0.5, shape[:-1]) - 0.25)


def distinct_singular_values(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """Matrices (..., m, n) whose singular values lie between 0.5 and min(m, n), and differ from each other by at least 0.5."""
    m, n, k = *shape[-2:], min(shape[-2:])
    values = np.arange(k) + rng.uniform(0.5, 1, (*shape[:-2], k))
    u, v = (_orthogonal(rng, (*shape[:-2], size, k)) for size in (m, n))
    return np.asarray((u * values[..., None, :]) @ np.swapaxes(v, -1, -2))
