"""Eigenvalues and eigenvectors."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import distinct_eigenvalues, distinct_singular_values, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("eigh", "eigvalsh")
def symmetric_matrices(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_eigenvalues(rng, (3, 3)))
    yield call(distinct_eigenvalues(rng, (3, 1, 2, 2)), UPLO="U")
    yield call(distinct_eigenvalues(rng, (2, 2)) + np.array([[0.0, 5.0], [0.0, 0.0]]))
    yield call(distinct_eigenvalues(rng, (1, 1)))
    yield call(reals(rng, (0, 0)))


@samples_of("eig", "eigvals")
def matrices_with_distinct_eigenvalues(rng: np.random.Generator) -> Iterator[Call]:
    basis = distinct_singular_values(rng, (3, 3))
    yield call(basis @ np.diag([-1.0, 0.5, 2.0]) @ np.linalg.inv(basis))
    yield call(np.array([[0.5, 1.0], [-2.0, 0.25]]) + 0.1 * reals(rng, (2, 2)))
    yield call(distinct_eigenvalues(rng, (3, 1, 2, 2)) + np.array([[0.0, 0.25], [0.0, 0.0]]))
    yield call(reals(rng, (0, 0)))
