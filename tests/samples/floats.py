"""Signs, exponents and special values."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import Shape, positive, reals
from tests.samples.calls import Call, call, elementwise, samples_of


def _exponents(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.asarray(rng.integers(-3, 4, shape))


@samples_of("ldexp")
def scalings(rng: np.random.Generator) -> Iterator[Call]:
    return elementwise(rng, reals, _exponents)


@samples_of("frexp")
def exponents(rng: np.random.Generator) -> Iterator[Call]:
    return elementwise(rng, reals)


@samples_of("float_power")
def powers(rng: np.random.Generator) -> Iterator[Call]:
    return elementwise(rng, positive, reals)


@samples_of("nan_to_num")
def with_special_values(rng: np.random.Generator) -> Iterator[Call]:
    yield from elementwise(rng, reals)
    yield call(reals(rng, (3,)), nan=2.0, posinf=3.0, neginf=-3.0)


@samples_of("heaviside")
def steps(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3)))
    yield call(np.array([[0, 0, 1], [-1, 0, 0]], np.int8), reals(rng, (2, 3)))
    yield from elementwise(rng, reals, reals)
