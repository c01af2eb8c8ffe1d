"""Choosing elements by places and by conditions."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import booleans, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("take")
def taken(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), [[2, 0], [0, -1]], axis=1)
    yield call(reals(rng, (2, 3)), [5, 0, 0])
    yield call(reals(rng, (2, 3)), [7, -4], axis=0, mode="wrap")
    yield call(reals(rng, (2, 3)), np.array([7, -4, 1]), axis=-1, mode="clip")
    yield call(reals(rng, (2, 3)), 1, axis=0)
    yield call(reals(rng, ()), 0)
    yield call(reals(rng, (2, 0)), [1], axis=0)
    yield call(reals(rng, (2, 3)), np.array([], int), axis=1)
    yield call(reals(rng, (2, 3)), [True, False], axis=0)


@samples_of("take_along_axis")
def taken_along_an_axis(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), np.array([[2, 0], [1, 1]]), axis=1)
    yield call(reals(rng, (2, 3)), np.array([[0, 1, -1]]), axis=0)
    yield call(reals(rng, (2, 3)), np.array([[2], [0]]), axis=-1)
    yield call(reals(rng, (2, 3)), np.array([5, 0, 0]), axis=None)
    yield call(reals(rng, (2, 3, 4)), rng.integers(0, 3, (2, 5, 4)), axis=-2)
    yield call(reals(rng, (0, 3)), np.zeros((0, 1), int), axis=1)


@samples_of("choose")
def chosen(rng: np.random.Generator) -> Iterator[Call]:
    yield call(np.array([0, 1, 1]), [reals(rng, (3,)), reals(rng, (3,))])
    yield call(np.array([[0], [2]]), [reals(rng, (3,)), reals(rng, ()), reals(rng, (2, 1))])
    yield call(np.array([-1, 5, 1]), [reals(rng, (3,)), reals(rng, (3,))], mode="wrap")
    yield call(np.array([-1, 5, 1]), (reals(rng, (3,)), reals(rng, (3,))), mode="clip")
    yield call(1, [reals(rng, (2,)), reals(rng, (2,))])
    yield call(np.zeros(0, int), [reals(rng, (0,))])


@samples_of("select")
def selected(rng: np.random.Generator) -> Iterator[Call]:
    yield call([booleans(rng, (4,)), booleans(rng, (4,))], [reals(rng, (4,)), reals(rng, (4,))])
    yield call([booleans(rng, (2, 1)), booleans(rng, (3,))], [reals(rng, (2, 3)), reals(rng, ())], default=1.5)
    yield call([booleans(rng, (0,))], [reals(rng, (0,))])


@samples_of("piecewise")
def pieces(rng: np.random.Generator) -> Iterator[Call]:
    x = reals(rng, (4,))
    yield call(x, [x < 0, x >= 0], [lambda x: -x, lambda x: x * x])
    yield call(x, [x < -1, x < 0], [lambda x: -x, 2.0, lambda x: x * x])
    yield call(x, x < 0, [lambda x: x * x, lambda x: 3 * x])
    yield call(x, [True, False, True, False], [lambda x: x * x])
    yield call(reals(rng, ()), [True], [lambda x: x * x])
    yield call(reals(rng, (2, 3)), [np.eye(2, 3) > 0], [lambda x: x * x])
    yield call(reals(rng, (0,)), [np.zeros(0, bool)], [1.0, 2.0])


@samples_of("compress")
def compressed(rng: np.random.Generator) -> Iterator[Call]:
    yield call([True, False, True], reals(rng, (2, 3)), axis=1)
    yield call([False, True], reals(rng, (2, 3)))
    yield call(np.array([False, False]), reals(rng, (2, 3)), axis=0)
    yield call(np.array([], bool), reals(rng, (0,)))


@samples_of("extract")
def extracted(rng: np.random.Generator) -> Iterator[Call]:
    yield call(np.array([[True, False, True], [False, False, True]]), reals(rng, (2, 3)))
    yield call([0, 1, 2], reals(rng, (3,)))
    yield call(np.zeros((2, 0)), reals(rng, (2, 0)))
