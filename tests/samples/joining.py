"""Several arrays put together, and one taken apart."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("atleast_1d", "atleast_2d", "atleast_3d")
def more_axes(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, ()))
    yield call(reals(rng, (3,)), reals(rng, (2, 3)), reals(rng, ()))
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3, 1, 2)))
    yield call(reals(rng, (0,)))
    yield call(reals(rng, (2, 0)))


@samples_of("vstack", "hstack", "dstack", "column_stack")
def stacks(rng: np.random.Generator) -> Iterator[Call]:
    yield call([reals(rng, (3,)), reals(rng, (3,))])
    yield call([reals(rng, (2, 3)), reals(rng, (2, 3))])
    yield call((reals(rng, (1,)), reals(rng, (1,))))
    yield call([reals(rng, (0,)), reals(rng, (0,))])
    yield call([reals(rng, (2, 3, 4)), reals(rng, (2, 3, 4))])


@samples_of("block")
def blocks(rng: np.random.Generator) -> Iterator[Call]:
    yield call([[reals(rng, (2, 2)), reals(rng, (2, 1))], [reals(rng, (1, 1)), reals(rng, (1, 2))]])
    yield call([reals(rng, (2,)), reals(rng, (3,))])
    yield call([[reals(rng, (2,)), reals(rng, ())], [reals(rng, (3,))]])
    yield call([reals(rng, (2, 2)), reals(rng, (2, 1))])
    yield call([[[reals(rng, (2,))], [reals(rng, (2,))]]])
    yield call(reals(rng, (2, 3)))
    yield call([[reals(rng, (0, 2))]])


@samples_of("append")
def appended(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (1, 3)), axis=0)
    yield call(reals(rng, (2, 3)), reals(rng, (2,)))
    yield call(reals(rng, (2, 3)), reals(rng, (2, 1)), axis=-1)
    yield call(reals(rng, (0,)), reals(rng, ()))


@samples_of("array_split")
def unequal_parts(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5, 2)), 3)
    yield call(reals(rng, (2, 5)), [1, 3], axis=1)
    yield call(reals(rng, (2, 2)), 3, axis=-1)
    yield call(reals(rng, (0, 3)), 2)


@samples_of("hsplit", "vsplit", "dsplit")
def parts(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 4, 2)), 2)
    yield call(reals(rng, (4, 3, 3)), [1])
    yield call(reals(rng, (2, 2, 0)), 1)


@samples_of("unstack")
def unstacked(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3)), axis=-1)
    yield call(reals(rng, (2, 0, 3)), axis=0)


@samples_of("broadcast_arrays")
def broadcast(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), reals(rng, (2, 1)))
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, ()), reals(rng, (0, 1)), reals(rng, (2,)))


@samples_of("meshgrid")
def grids(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), reals(rng, (2,)))
    yield call(reals(rng, (3,)), reals(rng, (2,)), reals(rng, (4,)), indexing="ij")
    yield call(reals(rng, (3,)), reals(rng, (2,)), reals(rng, (1,)), sparse=True)
    yield call(reals(rng, (3,)), reals(rng, ()), copy=False)
    yield call(reals(rng, (3,)))
    yield call(reals(rng, (0,)), reals(rng, (2,)), sparse=False, copy=True, indexing="xy")
