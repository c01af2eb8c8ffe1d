"""Bessel functions of given orders."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import positive, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("iv", "ive", "jv")
def of_orders(rng: np.random.Generator) -> Iterator[Call]:
    yield call(np.array([[1.0], [2.0]]), reals(rng, (3,)))
    yield call(np.array(1.5), positive(rng, (2, 3)))
    yield call(np.array(3.0), positive(rng, ()))
    yield call(np.array(2.0), reals(rng, (0,)))


@samples_of("yv", "kv")
def of_orders_to_the_right(rng: np.random.Generator) -> Iterator[Call]:
    yield call(np.array([[1.0], [2.0]]), positive(rng, (3,)))
    yield call(np.array(1.5), positive(rng, (2, 3)))
    yield call(np.array(3.0), positive(rng, ()))
    yield call(np.array(2.0), positive(rng, (0,)))
