"""Medians and quantiles."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("median", "nanmedian")
def middles(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (3, 5)), axis=0)
    yield call(reals(rng, (2, 3, 3)), axis=(0, -1), keepdims=True)
    yield call(reals(rng, (2, 3, 4)), axis=1)
    yield call(reals(rng, (2, 3)), axis=-1)
    yield call(reals(rng, (2, 3)), keepdims=True)
    yield call(reals(rng, ()))
    yield call(reals(rng, (2, 3)), axis=())
    yield call(reals(rng, (0, 3)), axis=1)


@samples_of("quantile", "nanquantile")
def quantiles(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)), q=0.3)
    yield call(reals(rng, (3, 5)), q=[[0.1, 0.5], [0.9, 1.0]], axis=1)
    yield call(reals(rng, (2, 3, 3)), q=[0.2, 0.7], axis=(0, -1), keepdims=True)
    yield call(reals(rng, (2, 3, 4)), q=[0.2, 0.7], axis=1)
    yield call(reals(rng, (5, 2)), q=0.3, axis=0, method="nearest")
    yield call(reals(rng, (5, 2)), q=0.3, axis=-2, method="weibull")
    yield call(reals(rng, (6,)), q=0.5, method="averaged_inverted_cdf")
    yield call(reals(rng, (6,)), q=0.33, method="midpoint")
    yield call(reals(rng, (2, 3)), q=0.5, axis=())
    yield call(reals(rng, (0, 3)), q=0.5, axis=1)


@samples_of("percentile", "nanpercentile")
def percentiles(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)), q=30)
    yield call(reals(rng, (3, 5)), q=95.0, axis=1, keepdims=True)
    yield call(reals(rng, (5, 2)), q=30, axis=0, method="lower")
    yield call(reals(rng, (0, 3)), q=50, axis=1)
