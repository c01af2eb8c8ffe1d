"""Special functions: derivatives of the gamma function of given orders, and what is computed otherwise far away."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import positive, reals
from tests.samples.calls import Call, call, elementwise, samples_of


@samples_of("zeta")
def zetas(rng: np.random.Generator) -> Iterator[Call]:
    yield call(np.array([[2.0], [3.0]]), positive(rng, (3,)))
    yield call(np.array(2.5), positive(rng, ()))
    yield call(np.array(2.0), positive(rng, (0,)))


@samples_of("polygamma")
def derivatives(rng: np.random.Generator) -> Iterator[Call]:
    for n in (1, 0, 2, 5):
        yield call(n, positive(rng, (2, 3)))


@samples_of("erfcx")
def here_and_far_away(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(np.array([50.5, 51.0, 53.0]))
    yield from elementwise(rng, reals)
