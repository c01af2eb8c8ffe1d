"""Sums and products along one axis."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import positive, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("cummax", "cummin")
def up_to_each(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 5)), axis=1)
    yield call(reals(rng, (5, 2)), axis=0)
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (3,)), axis=-1)
    yield call(reals(rng, ()))
    yield call(reals(rng, (0, 3)), axis=0)
    yield call(reals(rng, (2, 0)))


@samples_of("cumsum", "cumprod")
def up_to_each_in_another_type(rng: np.random.Generator) -> Iterator[Call]:
    yield from up_to_each(rng)
    yield call(reals(rng, (2, 3)), axis=1, dtype=np.dtype(np.float64))


@samples_of("cumulative_sum", "cumulative_prod")
def up_to_each_of_the_standard(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), axis=0, include_initial=True)
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (2, 3)), axis=-1)
    yield call(reals(rng, (0, 3)), axis=0, include_initial=True)


@samples_of("linear_recurrence")
def recurrences(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 5)), reals(rng, (2, 5)))
    yield call(reals(rng, (3, 2)), reals(rng, (3, 2)), axis=0)
    yield call(reals(rng, (2, 3, 2)), reals(rng, (2, 3, 2)), axis=1)
    yield call(reals(rng, (0, 3)), reals(rng, (0, 3)))


@samples_of("prod")
def products(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), axis=0)
    yield call(reals(rng, (2, 3, 4)), axis=(0, -1), keepdims=True)
    yield call(np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 1.5]]), axis=1)
    yield call(reals(rng, (3,)))
    yield call(reals(rng, ()))
    yield call(reals(rng, (2, 3)), axis=-1, keepdims=True)
    yield call(reals(rng, (2, 3)), axis=())
    yield call(reals(rng, (0, 3)), axis=1)
    yield call(positive(rng, (9,)))
    yield call(300 + reals(rng, (2, 3)), axis=1, dtype=np.dtype(np.float64))  # of two of them float16 has no product
