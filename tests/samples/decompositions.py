"""Factors of matrices."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import distinct_singular_values, positive_definite, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("cholesky")
def positive_definite_matrices(rng: np.random.Generator) -> Iterator[Call]:
    yield call(positive_definite(rng, (3, 3)))
    yield call(positive_definite(rng, (3, 1, 2, 2)), upper=True)
    yield call(positive_definite(rng, (1, 1)))
    yield call(positive_definite(rng, (0, 3, 3)))


@samples_of("qr")
def independent_columns(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (4, 2)))
    yield call(distinct_singular_values(rng, (3, 1, 2, 3)))
    yield call(distinct_singular_values(rng, (3, 3)), mode="r")
    yield call(distinct_singular_values(rng, (2, 3)), mode="complete")
    yield call(distinct_singular_values(rng, (3, 2)), mode="r")
    yield call(reals(rng, (0, 2)))


@samples_of("svd")
def singular_value_decompositions(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (3, 1, 3, 2)), full_matrices=False)
    yield call(distinct_singular_values(rng, (3, 3)))
    yield call(distinct_singular_values(rng, (2, 3)), full_matrices=False)
    yield call(distinct_singular_values(rng, (3, 1, 2, 3)), compute_uv=False)
    yield call(reals(rng, (0, 2)), full_matrices=False)


@samples_of("svdvals")
def singular_values(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (3, 2)))
    yield call(distinct_singular_values(rng, (2, 1, 2, 3)))
    yield call(reals(rng, (0, 2)))
