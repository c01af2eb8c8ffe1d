"""Numbers between two ends."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import positive, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("logspace")
def of_exponents(rng: np.random.Generator) -> Iterator[Call]:
    yield from between(rng)
    yield call(reals(rng, (2,)), reals(rng, ()), num=3, base=2.0)
    yield call(reals(rng, ()), reals(rng, ()), num=3, base=np.array([2.0, 3.0]))


def between(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, ()), reals(rng, ()), num=5)
    yield call(reals(rng, (2,)), reals(rng, (3, 1)), num=4, endpoint=False)
    yield call(reals(rng, (2, 3)), reals(rng, (3,)), num=3, axis=-1)
    yield call(reals(rng, (2,)), reals(rng, (2,)), num=1)
    yield call(reals(rng, (2,)), reals(rng, (2,)), num=0)
    yield call(reals(rng, (0,)), reals(rng, (0,)))


@samples_of("geomspace")
def in_proportion(rng: np.random.Generator) -> Iterator[Call]:
    yield call(positive(rng, ()), positive(rng, ()), num=5)
    yield call(-positive(rng, (2,)), -positive(rng, (3, 1)), num=4, endpoint=False)
    yield call(positive(rng, (2,)), positive(rng, (2,)), num=3, axis=1)
    yield call(positive(rng, (2,)), positive(rng, (2,)), num=1)
    yield call(positive(rng, (2,)), positive(rng, (2,)), num=0)
