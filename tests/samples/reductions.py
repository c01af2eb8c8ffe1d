"""Reductions along one axis, several or all."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import MANY, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("mean")
def means(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)))
    yield call(reals(rng, ()))
    yield call(reals(rng, (2, 3)), axis=0)
    yield call(reals(rng, (2, 3)), axis=-1, keepdims=True)
    yield call(reals(rng, (2, 3, 4)), axis=(0, -1))
    yield call(reals(rng, (2, 3)), keepdims=True)
    yield call(reals(rng, (1, 3)), axis=0)
    yield call(reals(rng, (0, 3)), axis=1)
    yield call(reals(rng, (2, 3, 4)), axis=1)
    yield call(reals(rng, (2, 3, 4)), axis=-2, keepdims=True)
    yield call(reals(rng, (MANY,)))


@samples_of("sum")
def sums(rng: np.random.Generator) -> Iterator[Call]:
    yield from reductions(rng)
    yield call(reals(rng, (2, 3)), dtype=np.dtype(np.float64))


@samples_of("logsumexp")
def logarithms(rng: np.random.Generator) -> Iterator[Call]:
    yield from reductions(rng)
    yield call(np.array([[800.0, 799.0], [-800.0, -801.0]]), axis=1)  # whose exponentials are infinite or 0


@samples_of("max", "min")
def reductions(rng: np.random.Generator) -> Iterator[Call]:
    yield from means(rng)
    yield call(reals(rng, ()), axis=0)  # NumPy lets a number be reduced so, but has no mean of one
    yield call(reals(rng, ()), axis=-1, keepdims=True)
