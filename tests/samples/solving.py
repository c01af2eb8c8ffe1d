"""Linear equations and inverses."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import distinct_singular_values, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("solve")
def equations(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (3, 3)), reals(rng, (3, 2)))
    yield call(distinct_singular_values(rng, (2, 2, 2)), reals(rng, (2,)))
    yield call(distinct_singular_values(rng, (3, 3)), reals(rng, (3,)))
    yield call(distinct_singular_values(rng, (2, 1, 2, 2)), reals(rng, (3, 2, 1)))
    yield call(distinct_singular_values(rng, (2, 2)), reals(rng, (3, 2, 2)))
    yield call(distinct_singular_values(rng, (0, 2, 2)), reals(rng, (0, 2, 1)))
    yield call(reals(rng, (0, 0)), reals(rng, (0, 2)))


@samples_of("inv")
def inverses(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (3, 3)))
    yield call(distinct_singular_values(rng, (2, 2, 2)))
    yield call(reals(rng, (0, 0)))


@samples_of("pinv")
def pseudoinverses(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (4, 2)))
    yield call(distinct_singular_values(rng, (2, 2, 3)))
    yield call(distinct_singular_values(rng, (2, 2)), rcond=1e-3)
    yield call(distinct_singular_values(rng, (2, 2)), rtol=1e-3)
    yield call(reals(rng, (0, 2)))


@samples_of("lstsq")
def least_squares(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (4, 2)), reals(rng, (4,)))
    yield call(distinct_singular_values(rng, (4, 2)), reals(rng, (4, 3)), rcond=1e-3)
    yield call(distinct_singular_values(rng, (2, 3)), reals(rng, (2, 2)))
    yield call(distinct_singular_values(rng, (2, 2)), reals(rng, (2,)))


@samples_of("matrix_power")
def powers(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (2, 2)), n=5)
    yield call(distinct_singular_values(rng, (2, 2, 2)), n=-3)
    yield call(distinct_singular_values(rng, (2, 2)), n=1)
    yield call(distinct_singular_values(rng, (2, 2)), n=0)
    yield call(reals(rng, (0, 0)), n=2)


@samples_of("tensorinv")
def inverses_of_tensors(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (6, 6)).reshape(6, 3, 2), ind=1)
    yield call(distinct_singular_values(rng, (6, 6)).reshape(2, 3, 6))


@samples_of("tensorsolve")
def equations_of_tensors(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (6, 6)).reshape(2, 3, 6), reals(rng, (2, 3)))
    yield call(distinct_singular_values(rng, (6, 6)).reshape(3, 6, 2), reals(rng, (6,)), axes=(0,))
