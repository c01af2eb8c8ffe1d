"""All windows of an array, and their sum."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("unfold")
def windows(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 4, 5)), window_shape=(2, 3))
    yield call(reals(rng, (8,)), window_shape=(2,), stride=3, padding=1, dilation=2)
    yield call(reals(rng, (2, 1, 4)), window_shape=2, padding=((1, 0),), fill=1.5)
    yield call(reals(rng, (3, 2, 4)), window_shape=(2, 2, 2), stride=(1, 1, 2))
    yield call(reals(rng, (0, 1, 4)), window_shape=3)


@samples_of("fold")
def sums_of_windows(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 2, 3, 3, 3)), shape=(4, 5))
    yield call(reals(rng, (2, 3)), shape=(8,), stride=3, padding=1, dilation=2)
    yield call(reals(rng, (2, 1, 2, 4)), shape=(4,), padding=((1, 0),))
    yield call(reals(rng, (2, 2, 2, 2, 1, 2)), shape=(3, 2, 4), stride=(1, 1, 2))
    yield call(reals(rng, (0, 3, 2)), shape=4)
