"""Differences, slopes, integrals, interpolation and polynomials."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import positive, reals
from tests.samples.calls import Call, call, samples_of


def increasing(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.asarray(np.cumsum(rng.uniform(0.5, 2, n)))


@samples_of("diff")
def differences(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5,)))
    yield call(reals(rng, (3, 4)), n=2, axis=0)
    yield call(reals(rng, (2, 3)), prepend=0.0, append=np.ones((2, 2)))
    yield call(reals(rng, (2, 3)), axis=-2, prepend=1.0)
    yield call(reals(rng, (2, 3)), n=0)
    yield call(reals(rng, (3,)), n=5)
    yield call(reals(rng, (0, 3)), axis=1)


@samples_of("ediff1d")
def differences_in_a_row(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5,)))
    yield call(reals(rng, (2, 3)), to_end=np.array([1.0, 2.0]), to_begin=-1.0)
    yield call(reals(rng, (0,)))


@samples_of("gradient")
def slopes(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5,)))
    yield call(reals(rng, (3, 4)), np.array(0.5), increasing(rng, 4), edge_order=2)
    yield call(reals(rng, (3, 4)), np.array(0.5), edge_order=1)
    yield call(reals(rng, (3, 4)), increasing(rng, 4), axis=-1)
    yield call(reals(rng, (4, 3)), increasing(rng, 4), np.array(2.0), axis=(0, 1))
    yield call(reals(rng, (2, 2)))
    yield call(reals(rng, (3,)), edge_order=2)
    yield call(reals(rng, (0, 3)), axis=1)


@samples_of("trapezoid")
def integrals(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5,)), increasing(rng, 5))
    yield call(reals(rng, (2, 4)), dx=0.5)
    yield call(reals(rng, (4, 2)), increasing(rng, 4), axis=0)
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3)))
    yield call(reals(rng, (3, 0)))


@samples_of("interp")
def interpolations(rng: np.random.Generator) -> Iterator[Call]:
    yield call(rng.uniform(1.0, 8.0, (2, 4)), increasing(rng, 7), reals(rng, (7,)))
    yield call(np.array([-1.0, 1.3, 50.0]), increasing(rng, 4), reals(rng, (4,)))
    yield call(np.array([-1.0, 1.3, 50.0]), increasing(rng, 4), reals(rng, (4,)), left=-2.0, right=3.0)
    yield call(np.array([-1.0, 1.3, 50.0]), reals(rng, (4,)), reals(rng, (4,)), period=3.0)
    yield call(np.array(1.1), np.array([1.0]), np.array([2.0]))
    yield call(np.zeros((0, 2)), increasing(rng, 3), reals(rng, (3,)))


@samples_of("polyval")
def polynomials(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)), reals(rng, (2, 3)))
    yield call(reals(rng, (1,)), reals(rng, ()))
    yield call(reals(rng, (0,)), reals(rng, (2,)))


@samples_of("vander")
def powers(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)))
    yield call(positive(rng, (2,)), N=4, increasing=True)
    yield call(np.array([0.0, 2.0]), N=3)
    yield call(reals(rng, (2,)), N=1)
    yield call(reals(rng, (2,)), N=0)
    yield call(reals(rng, (0,)), N=2)
