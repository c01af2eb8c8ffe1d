"""Vectors as sets."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("unique")
def different(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5,)))
    yield call(reals(rng, (2, 3)), return_index=True, return_inverse=True, return_counts=True)
    yield call(reals(rng, (3, 2)), axis=0)
    yield call(reals(rng, (2, 3)), axis=1, return_counts=True, sorted=True)
    yield call(reals(rng, ()), equal_nan=False)
    yield call(reals(rng, (0,)), return_index=True)


@samples_of("unique_all", "unique_counts", "unique_inverse")
def different_of_the_standard(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (0,)))


@samples_of("unique_values")
def different_values(rng: np.random.Generator) -> Iterator[Call]:
    yield call(np.array([1.5]))
    yield call(reals(rng, (0,)))


@samples_of("union1d")
def unions(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), reals(rng, (2, 2)))
    yield call(reals(rng, (0,)), reals(rng, (2,)))


@samples_of("setdiff1d", "setxor1d")
def differences(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)), reals(rng, (3,)))
    yield call(reals(rng, (4,)), reals(rng, (3,)), assume_unique=True)
    yield call(reals(rng, (0,)), reals(rng, (3,)))


@samples_of("intersect1d")
def intersections(rng: np.random.Generator) -> Iterator[Call]:
    """Without elements: a finite difference would take one of two equal numbers away."""
    yield call(reals(rng, (3,)), reals(rng, (2,)))
    yield call(reals(rng, (3,)), reals(rng, (2,)), return_indices=True)
    yield call(reals(rng, (3,)), reals(rng, (2, 2)), assume_unique=True)


@samples_of("bincount")
def counts(rng: np.random.Generator) -> Iterator[Call]:
    yield call(np.array([3, 0, 3, 1]), reals(rng, (4,)))
    yield call([0, 1, 1], reals(rng, (3,)), minlength=5)
    yield call(np.array([2]), reals(rng, (1,)))
