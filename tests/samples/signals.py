"""Convolutions, windows and phases."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("correlate")
def convolutions(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5,)), reals(rng, (3,)))
    yield call(reals(rng, (5,)), reals(rng, (2,)), mode="same")
    yield call(reals(rng, (5,)), reals(rng, (3,)), mode="same")
    yield call(reals(rng, (2,)), reals(rng, (5,)), mode="same")
    yield call(reals(rng, (5,)), reals(rng, (3,)), mode="valid")
    yield call(reals(rng, (3,)), reals(rng, (4,)), mode="valid")
    yield call(reals(rng, (3,)), reals(rng, (4,)), mode="full")
    yield call(reals(rng, (1,)), reals(rng, (1,)))


@samples_of("convolve")
def convolutions_of_numbers_too(rng: np.random.Generator) -> Iterator[Call]:
    yield from convolutions(rng)
    yield call(reals(rng, ()), reals(rng, (3,)))


@samples_of("sliding_window_view")
def windows(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4, 5)), window_shape=(2, 3))
    yield call(reals(rng, (5,)), window_shape=3)
    yield call(reals(rng, (2, 5)), window_shape=2, axis=-1)
    yield call(reals(rng, (4, 3)), window_shape=(2, 2), axis=(1, 0))
    yield call(reals(rng, (5,)), window_shape=(2, 2), axis=(0, 0))
    yield call(reals(rng, (0, 3)), window_shape=2, axis=1)


@samples_of("angle")
def angles(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (3,)), deg=True)
    yield call(reals(rng, ()))


@samples_of("unwrap")
def phases(rng: np.random.Generator) -> Iterator[Call]:
    yield call(3 * reals(rng, (6,)))
    yield call(3 * reals(rng, (4, 2)), axis=0, period=3.0)
    yield call(3 * reals(rng, (2, 3)), axis=-1, discont=4.0)
    yield call(reals(rng, (0, 3)))
