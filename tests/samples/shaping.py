"""The same elements, arranged otherwise or put together."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("reshape")
def reshape(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), shape=(3, 2))
    yield call(reals(rng, (2, 3)), shape=-1)
    yield call(reals(rng, ()), shape=(1, 1))
    yield call(reals(rng, (0, 2)), shape=(2, 0))


@samples_of("ravel")
def ravel(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (3, 2)).T)
    yield call(reals(rng, ()))
    yield call(reals(rng, (0, 2)))


@samples_of("permute_dims")
def permute_dims(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3, 4)), axes=(1, 2, 0))
    yield call(reals(rng, (2, 3, 4)), axes=(-1, 0, 1))
    yield call(reals(rng, (2, 3, 4)), axes=(2, -2, 0))
    yield call(reals(rng, ()))
    yield call(reals(rng, (0, 2)))


@samples_of("broadcast_to")
def broadcast_to(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), shape=(2, 3))
    yield call(reals(rng, (2, 1)), shape=(2, 3))
    yield call(reals(rng, ()), shape=(2,))
    yield call(reals(rng, (1, 2)), shape=(0, 2))


@samples_of("expand_dims")
def expand_dims(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), axis=0)
    yield call(reals(rng, (2, 3)), axis=(0, -1))
    yield call(reals(rng, ()), axis=0)
    yield call(reals(rng, (0,)), axis=1)


@samples_of("squeeze")
def squeeze(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (1, 3)))
    yield call(reals(rng, (1, 3, 1)), axis=-1)
    yield call(reals(rng, (1, 0)), axis=(0,))
    yield call(reals(rng, (2, 1, 3)), axis=1)


@samples_of("astype")
def astype(rng: np.random.Generator) -> Iterator[Call]:
    for shape in ((3,), (), (2, 3)):
        yield call(reals(rng, shape), dtype=np.dtype(np.float64))


@samples_of("concat")
def concat(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (1, 3)))
    yield call(reals(rng, (2, 3)), reals(rng, (2, 1)), reals(rng, (2, 0)), axis=-1)
    yield call(reals(rng, (2,)), reals(rng, (1, 2)), axis=None)
    yield call(reals(rng, (2, 3)), reals(rng, (2,)), axis=None)


@samples_of("stack")
def stack(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), reals(rng, (3,)))
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3)), axis=-1)
    yield call(reals(rng, ()), reals(rng, ()), reals(rng, ()))
    yield call(reals(rng, (0,)), reals(rng, (0,)), axis=1)


@samples_of("diagonal")
def diagonal(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (3, 2)), offset=-1)
    yield call(reals(rng, (3, 3)), offset=3)
    yield call(reals(rng, (2, 3, 4)), axis1=2, axis2=0)
    yield call(reals(rng, (2, 3, 4)), offset=1, axis1=1, axis2=-1)


@samples_of("swapaxes", "moveaxis")
def exchanges(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3, 4)), 0, -1)
    yield call(reals(rng, (2, 3)), 1, 0)
    yield call(reals(rng, (3,)), 0, 0)
    yield call(reals(rng, (0, 3)), 0, 1)


@samples_of("split")
def splits(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4, 3)), 2)
    yield call(reals(rng, (2, 5)), [1, 3], axis=1)
    yield call(reals(rng, (3,)), [0, 1])
    yield call(reals(rng, (0, 3)), 1)
