"""Polynomials as vectors of coefficients."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import positive, reals
from tests.samples.calls import Call, call, samples_of


@samples_of("polyadd", "polysub", "polymul")
def pairs(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (3,)), reals(rng, (2,)))
    yield call(reals(rng, (2,)), reals(rng, (4,)))
    yield call(reals(rng, (3,)), reals(rng, ()))
    yield call(np.zeros(1), reals(rng, (2,)))


@samples_of("polydiv")
def quotients(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5,)), positive(rng, (3,)))
    yield call(reals(rng, (3,)), positive(rng, (3,)))
    yield call(reals(rng, (2,)), positive(rng, (3,)))
    yield call(reals(rng, (3,)), positive(rng, (1,)))


@samples_of("polyder")
def derivatives(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (5,)), m=3)
    yield call(reals(rng, (3,)), m=0)
    yield call(reals(rng, (2,)), m=3)
    yield call(reals(rng, (1,)))


@samples_of("polyint")
def integrals(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (3,)), m=3, k=[1.0, 2.0, 3.0])
    yield call(reals(rng, (3,)), m=2, k=4.0)
    yield call(reals(rng, (3,)), m=0)
    yield call(reals(rng, (0,)))


@samples_of("poly")
def from_roots(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (4,)))
    yield call(reals(rng, (1,)))
    yield call(np.array([[2.0, 1.0, 0.5], [0.25, -1.0, 0.0], [1.0, 0.5, 0.75]]))
    yield call(np.array([[0.0, 1.0], [-2.0, 0.5]]))  # whose eigenvalues are complex


@samples_of("roots")
def roots(rng: np.random.Generator) -> Iterator[Call]:
    yield call(np.array([1.0, -6.5, 11.0, -5.0]))
    yield call(np.array([1.0, 0.5, 2.0, 0.25]))
    yield call(np.array([2.0, 3.0]))


@samples_of("polyfit")
def fits(rng: np.random.Generator) -> Iterator[Call]:
    x = np.array([0.0, 0.5, 1.25, 2.0, 2.75])
    yield call(x, reals(rng, (5,)), deg=2)
    yield call(x, reals(rng, (5, 2)), deg=1, w=np.array([1.0, 2.0, 1.0, 0.5, 1.0]))
    yield call(x, reals(rng, (5,)), deg=1, w=np.array([1.0, 2.0, 1.0, 0.5, 1.0]))
    yield call(x, reals(rng, (5,)), deg=0)
    yield call(x, reals(rng, (5,)), deg=2, cov=True, rcond=1e-10)
    yield call(x, reals(rng, (5, 2)), deg=1, cov="unscaled")
