"""Arithmetic, powers and roots."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import booleans, positive, reals
from tests.samples.calls import Call, call, elementwise, samples_of


@samples_of("pow")
def power(rng: np.random.Generator) -> Iterator[Call]:
    yield from elementwise(rng, positive, reals)
    yield call(np.arange(1, 4, dtype=np.int8), reals(rng, (3,)))
    yield call(positive(rng, (2,)), booleans(rng, (2,)))


@samples_of("fabs")
def of_real_numbers(rng: np.random.Generator) -> Iterator[Call]:
    yield from elementwise(rng, reals)
