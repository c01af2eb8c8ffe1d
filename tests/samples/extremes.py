"""Limits, element by element."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("clip")
def limits(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (3,)) - 3, reals(rng, (2, 1)) + 3)
    yield call(reals(rng, (2, 3)), -1.0, 1.5)
    yield call(reals(rng, (3,)), None, 1.0)
    yield call(reals(rng, ()), -1.0, None)
    yield call(reals(rng, (0,)), 0.0, 1.0)
