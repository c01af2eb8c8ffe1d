"""Parts of numbers, here of real ones: the tests of complex numbers add imaginary parts to the samples of all operations."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, elementwise, samples_of


@samples_of("real", "imag")
def parts(rng: np.random.Generator) -> Iterator[Call]:
    yield from elementwise(rng, reals)


@samples_of("real_if_close")
def close_to_real(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, ()), tol=0.5)
    yield call(reals(rng, (0,)))
