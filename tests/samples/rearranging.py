"""Other orders of the same elements."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("flip")
def flips(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3, 4)), axis=(0, -1))
    yield call(reals(rng, (2, 3)), axis=1)
    yield call(reals(rng, ()))
    yield call(reals(rng, (0, 3)), axis=0)


@samples_of("roll")
def rolls(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), shift=1, axis=1)
    yield call(reals(rng, (2, 3)), shift=(1, -2), axis=(0, 1))
    yield call(reals(rng, (2, 3)), shift=2)
    yield call(reals(rng, (3,)), shift=-1)
    yield call(reals(rng, (0, 3)), shift=1, axis=0)
