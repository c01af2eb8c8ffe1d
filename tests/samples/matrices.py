"""Parts of matrices."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("diagflat")
def from_diagonals(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), k=1)
    yield call(reals(rng, (2, 2)), k=-2)
    yield call(reals(rng, (3,)))
    yield call(reals(rng, (0,)))
    yield call(reals(rng, ()))


@samples_of("diag")
def diagonals(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), k=-1)
    yield call(reals(rng, (3, 4)), k=1)
    yield call(reals(rng, (3, 2)))
    yield call(reals(rng, (2,)))
    yield call(reals(rng, (0,)), k=1)


@samples_of("tril", "triu")
def triangles(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3, 4)), k=1)
    yield call(reals(rng, (3, 3)))
    yield call(reals(rng, (3, 2)), k=-1)
    yield call(reals(rng, (3,)))  # the row of each of 3 rows
    yield call(reals(rng, (0, 3)))


@samples_of("trace")
def traces(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3, 4)), offset=1, axis1=-1, axis2=0)
    yield call(reals(rng, (3, 3)))
    yield call(reals(rng, (2, 3, 2)), axis2=2)
    yield call(reals(rng, (2, 3)), offset=-1)
    yield call(reals(rng, (0, 3)))


@samples_of("matrix_transpose")
def transposes(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (4, 2, 3)))
    yield call(reals(rng, (0, 3)))
