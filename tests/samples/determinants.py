"""Determinants."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import distinct_singular_values, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("det", "cofactors", "slogdet")
def square_matrices(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (3, 3)))
    yield call(distinct_singular_values(rng, (2, 1, 3, 3)))
    yield call(distinct_singular_values(rng, (1, 1)))
    yield call(reals(rng, (0, 2, 2)))
