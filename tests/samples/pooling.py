"""One number in the place of each window."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("max_pool", "avg_pool")
def pools(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 1, 4, 5)), 2)
    yield call(reals(rng, (2, 8)), (3,), stride=2, padding=1)
    yield call(reals(rng, (1, 1, 8)), 3, stride=3, padding=1, ceil_mode=True)
    yield call(reals(rng, (3, 2, 4)), (2, 1, 3), stride=(1, 1, 2), padding=((1, 0), (0, 0), (0, 1)))
    yield call(reals(rng, (0, 1, 4)), 2)


@samples_of("largest")
def extremes_of_windows(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 4, 5)), window_shape=(2, 3))
    yield call(reals(rng, (2, 4, 5)), window_shape=(2, 2), stride=2)
    yield call(reals(rng, (8,)), window_shape=(2,), stride=3, padding=1, dilation=2)
    yield call(reals(rng, (2, 1, 4)), window_shape=2, stride=2, padding=((1, 0),))
    yield call(reals(rng, (3, 2, 4)), window_shape=(2, 2, 2), stride=(1, 1, 2))
    yield call(reals(rng, (0, 1, 4)), window_shape=3)
