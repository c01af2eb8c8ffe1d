"""Reading and replacing a part of an array."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff.registry import registry
from tests.samples.arrays import booleans, reals
from tests.samples.calls import Call, call, elementwise, samples_of

INDICES: list[tuple[tuple[int, ...], Any]] = [
    ((3,), 1),
    ((3,), slice(None, None, -1)),
    ((2, 3), (..., 1)),
    ((2, 3), (None, 0)),
    ((3,), np.array([2, 0, 0])),
    ((2, 3), (np.array([[0], [1]]), np.array([1, 1]))),
    ((2, 3), (slice(None), np.array([0, 0]))),
    ((2, 3), np.array([[True, False, True], [False, False, True]])),
    ((3,), slice(0, 0)),
    ((), ()),
]
REPEATING: list[tuple[tuple[int, ...], Any]] = [  # so many elements that they are added up one by one along one axis
    ((5, 16), np.array([0, 4, 4, 0, -1])),
    ((4, 5, 8), (slice(1, None), np.array([0, 0, -1]))),
    ((5, 14), (..., None, np.arange(14) % 5)),
    ((2, 3, 2, 6), (None, np.array([[True, False, True], [False, True, True]]), np.array([[1], [1], [0]]))),
    ((9, 8), (np.arange(9)[:, None], np.arange(72).reshape(9, 8) % 7)),
]


@samples_of("getitem")
def getitem(rng: np.random.Generator) -> Iterator[Call]:
    for shape, index in [*INDICES, *REPEATING]:
        yield call(reals(rng, shape), index=index)


@samples_of("setitem")
def setitem(rng: np.random.Generator) -> Iterator[Call]:
    for shape, index in INDICES:
        x = reals(rng, shape)
        yield call(x, reals(rng, x[index].shape), index=index)
    yield call(reals(rng, (3, 2)), reals(rng, ()), index=1)
    yield call(reals(rng, (3, 2)), reals(rng, (2,)), index=slice(0, 2))
    transposed, row = (registry["permute_dims"], {"axes": None}), (registry["getitem"], {"index": 1})
    yield call(reals(rng, (3, 2)), reals(rng, (2,)), index=slice(1, None), steps=(transposed, row))


@samples_of("scatter")
def scatter(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2,)), reals(rng, ()), indices=(slice(0, 2), 1), shape=(3,))
    yield call(reals(rng, (4,)), indices=(np.array([0, 1, 1, 0]),), shape=(3,))
    yield call(reals(rng, (2, 3)), reals(rng, (0, 3)), indices=(np.array([True, False, True]), slice(0, 0)), shape=(3, 3))


@samples_of("where")
def where(rng: np.random.Generator) -> Iterator[Call]:
    yield from elementwise(rng, booleans, reals, reals)
    yield call(booleans(rng, (2, 1)), reals(rng, (2, 3)), reals(rng, (3,)))
    yield call(True, reals(rng, ()), reals(rng, (2,)))
