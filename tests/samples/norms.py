"""Norms of vectors and matrices."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import distinct_singular_values, reals
from tests.samples.calls import Call, call, samples_of

INF = np.inf


@samples_of("vector_norm")
def vectors(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), axis=1)
    yield call(reals(rng, (2, 3, 2)), axis=1, keepdims=True, ord=3)
    yield call(reals(rng, (2, 3, 2, 2)), axis=(0, -1))
    yield call(reals(rng, (4,)))
    for ord in (INF, -INF, 0, 1, -1, 1.5):
        yield call(reals(rng, (2, 3)), axis=-1, ord=ord)
    yield call(reals(rng, (0, 3)), axis=0)


@samples_of("matrix_norm")
def matrices(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (3, 2)))
    yield call(distinct_singular_values(rng, (2, 2, 3)), keepdims=True, ord="nuc")
    for ord in (1, -1, 2, -2, INF, -INF):
        yield call(distinct_singular_values(rng, (2, 3, 2)), ord=ord)
    yield call(reals(rng, (2, 0, 3)))


@samples_of("norm")
def vectors_and_matrices(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3)), axis=1, keepdims=True)
    yield call(reals(rng, (3,)), ord=3)
    yield call(reals(rng, (2, 3, 2)), keepdims=True)
    yield call(distinct_singular_values(rng, (3, 2)), ord="nuc")
    yield call(distinct_singular_values(rng, (2, 3, 2)).swapaxes(0, 1), ord=2, axis=(2, 0), keepdims=True)
    yield call(reals(rng, (2, 3, 2)), ord=-INF, axis=(1, -1))
    yield call(reals(rng, (0, 3)))


@samples_of("cond")
def conditions(rng: np.random.Generator) -> Iterator[Call]:
    yield call(distinct_singular_values(rng, (3, 3)))
    yield call(distinct_singular_values(rng, (2, 3, 2)), p=-2)
    for p in (1, "fro", "nuc", INF):
        yield call(distinct_singular_values(rng, (2, 2)), p=p)
