"""Parts of numbers, here of real ones: the tests of complex numbers add imaginary parts to the samples of all operations."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, elementwise, samples_of


@samples_of("real", "imag")
def parts(rng: np.random.Generator) -> Iterator[Call]:
    yield from elementwise(rng, reals)
