"""Matrix products."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("matmul")
def matmul(rng: np.random.Generator) -> Iterator[Call]:
    for a, b in (
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (4, 3, 2)),
        ((3,), (5, 3, 2)),
        ((5, 2, 3), (3,)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 3)),
    ):
        yield call(reals(rng, a), reals(rng, b))


@samples_of("vecdot")
def vecdots(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3)))
    yield call(reals(rng, (3, 2)), reals(rng, (4, 3, 1)), axis=-2)
    yield call(reals(rng, (3, 2)), reals(rng, (3, 4, 2)), axis=0)
    yield call(reals(rng, (2, 3)), reals(rng, (4, 3, 2)), axis=1)
    yield call(reals(rng, (4, 3, 2)), reals(rng, (2, 3)), axis=1)
    yield call(reals(rng, (3, 4, 2)), reals(rng, (3, 2)), axis=0)
    yield call(reals(rng, (3,)), np.full((2, 3), 8.0))  # cotangents of copies which nearly cancel
    yield call(np.full((2, 3), 8.0), reals(rng, (3,)))
    yield call(reals(rng, (3,)), reals(rng, (3,)))
    yield call(reals(rng, (0, 3)), reals(rng, (3,)))
    yield call(reals(rng, (2, 0)), reals(rng, (2, 0)))


@samples_of("matvec")
def matvecs(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (3,)))
    yield call(reals(rng, (4, 1, 2, 3)), reals(rng, (2, 3)))
    yield call(reals(rng, (2, 0)), reals(rng, (0,)))


@samples_of("vecmat")
def vecmats(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2,)), reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3)), reals(rng, (4, 1, 3, 2)))
    yield call(reals(rng, (0,)), reals(rng, (0, 2)))


@samples_of("vdot", "outer", "kron")
def of_all_elements(rng: np.random.Generator) -> Iterator[Call]:
    for shape in (3,), (2, 3), (), (0,):
        yield call(reals(rng, shape), reals(rng, shape))


@samples_of("cross")
def crosses(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3)))
    yield call(reals(rng, (3, 2)), reals(rng, (2, 1, 3)), axisa=0, axisc=1)
    yield call(reals(rng, (4, 3, 2)), reals(rng, (3, 2)), axisa=1, axisb=0, axisc=-2)
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3)), axis=1)
    yield call(reals(rng, (3, 2)), reals(rng, (3,)), axis=0)
    yield call(reals(rng, (3,)), reals(rng, (3,)))
    yield call(reals(rng, (0, 3)), reals(rng, (3,)))


@samples_of("linalg.cross")
def crosses_along_one_axis(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3)))
    yield call(reals(rng, (3, 2)), reals(rng, (3, 2)), axis=0)
    yield call(reals(rng, (0, 3)), reals(rng, (3,)))


@samples_of("linalg.diagonal", "linalg.trace")
def last_two_axes(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3, 3)))
    yield call(reals(rng, (4, 2, 3)), offset=1)
    yield call(reals(rng, (3, 2)), offset=-2)
    yield call(reals(rng, (0, 2, 3)))


@samples_of("linalg.outer")
def vectors(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), reals(rng, (2,)))
    yield call(reals(rng, (0,)), reals(rng, (2,)))


@samples_of("multi_dot")
def chains(rng: np.random.Generator) -> Iterator[Call]:
    yield call([reals(rng, (2, 3)), reals(rng, (3, 4)), reals(rng, (4, 1))])
    yield call([reals(rng, (3,)), reals(rng, (3, 2)), reals(rng, (2, 4)), reals(rng, (4,))])
    yield call([reals(rng, (2, 3)), reals(rng, (3,))])
    yield call([reals(rng, (0, 3)), reals(rng, (3, 2))])
