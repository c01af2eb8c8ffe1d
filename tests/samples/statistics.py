"""Averages, spreads, correlations, and the softmax."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import MANY, positive, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("var", "std")
def spreads(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (4, 3, 2, 2)), axis=(0, -1), ddof=1, keepdims=True)
    yield call(reals(rng, (2, 3, 2)), axis=1, correction=1)
    yield call(reals(rng, (2, 3)), axis=-1, ddof=0.5)
    yield call(reals(rng, (2, 3, 4)), axis=2)
    yield call(reals(rng, (2, 3)), keepdims=True)
    yield call(reals(rng, (0, 3)), axis=1)
    yield call(reals(rng, (MANY,)))


@samples_of("ptp")
def ranges(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (2, 3, 4)), axis=(0, -1), keepdims=True)
    yield call(reals(rng, (3, 2)), axis=0)
    yield call(reals(rng, (0, 3)), axis=1)


@samples_of("average")
def averages(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), axis=1, weights=positive(rng, (3,)))
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (2, 3)), axis=0, returned=True)
    yield call(reals(rng, (2, 3)), weights=positive(rng, (2, 3)), returned=True, keepdims=True)
    yield call(reals(rng, (2, 3, 4)), axis=(-1, 0), weights=positive(rng, (4, 2)))
    yield call(reals(rng, (0, 3)), axis=1, weights=positive(rng, (3,)))


@samples_of("cov")
def covariances(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3, 5)))
    yield call(reals(rng, (2, 4)), reals(rng, (4,)), bias=True)
    yield call(reals(rng, (4, 2)), rowvar=False, ddof=2)
    yield call(reals(rng, (2, 4)), fweights=np.array([1, 2, 1, 3]), aweights=positive(rng, (4,)))
    yield call(reals(rng, (2, 4)), aweights=positive(rng, (4,)))
    yield call(reals(rng, (2, 4)), fweights=np.array([1, 2, 1, 3]))
    yield call(reals(rng, (4,)))


@samples_of("corrcoef")
def correlations(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3, 5)))
    yield call(reals(rng, (5,)), reals(rng, (5,)))
    yield call(reals(rng, (5, 2)), rowvar=False)


@samples_of("softmax", "log_softmax")
def shares(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (3, 2)), axis=0)
    yield call(reals(rng, (2, 3)), axis=None)
    yield call(reals(rng, (2, 3, 2)), axis=(0, -1))
    yield call(reals(rng, ()), axis=None)
    yield call(reals(rng, (0, 3)))
    yield call(reals(rng, (MANY,)))
