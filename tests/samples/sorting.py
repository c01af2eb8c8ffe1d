"""Elements in the order of their values."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("sort")
def sorts(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 5)))
    yield call(reals(rng, (3, 4)), axis=0)
    yield call(reals(rng, (2, 3)), axis=None)
    yield call(reals(rng, (4,)), kind="heapsort")
    yield call(reals(rng, (4,)), stable=True)
    yield call(reals(rng, (0, 3)), axis=0)


@samples_of("partition")
def partitions(rng: np.random.Generator) -> Iterator[Call]:
    """Of so many places that the order is determined."""
    yield call(reals(rng, (2, 3)), (0, 1))
    yield call(reals(rng, (2, 2)), 0, axis=0)
    yield call(reals(rng, (1, 3)), (0, 1), axis=None)
    yield call(reals(rng, (3,)), (0, 1, 2), kind="introselect")
    yield call(reals(rng, (1, 0)), 0, axis=0)


@samples_of("sort_complex")
def sorts_of_complex(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5,)))
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (0,)))
