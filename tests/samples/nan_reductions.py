"""Reductions of the elements that are no NaN. A derivative by differences needs numbers: NaN has tests of its own."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import MANY, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("nansum", "nanprod", "nanmean", "nanmax", "nanmin")
def reductions(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (2, 3, 2, 2)), axis=(0, -1), keepdims=True)
    yield call(reals(rng, (2, 3, 2)), axis=1)
    yield call(reals(rng, (2, 3)), keepdims=True)
    yield call(reals(rng, ()))
    yield call(reals(rng, (0, 3)), axis=1)


@samples_of("nanvar", "nanstd")
def spreads(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (4, 3, 2, 2)), axis=(0, -1), ddof=1, keepdims=True)
    yield call(reals(rng, (2, 3, 2)), axis=1, correction=1)
    yield call(reals(rng, (2, 3)), axis=-1, ddof=0.5)
    yield call(reals(rng, (0, 3)), axis=1)
    yield call(reals(rng, (MANY,)))


@samples_of("nancumsum", "nancumprod")
def up_to_each(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 5)), axis=1)
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (0, 3)), axis=0)
