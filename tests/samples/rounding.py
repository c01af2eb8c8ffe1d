"""Quotients, remainders, and parts of numbers."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import positive, reals
from tests.samples.calls import Call, call, elementwise, samples_of


@samples_of("divmod")
def quotients(rng: np.random.Generator) -> Iterator[Call]:
    return elementwise(rng, reals, positive)


@samples_of("modf", "rint")
def parts(rng: np.random.Generator) -> Iterator[Call]:
    return elementwise(rng, reals)


@samples_of("round")
def roundings(rng: np.random.Generator) -> Iterator[Call]:
    yield from elementwise(rng, reals)
    yield call(reals(rng, (3,)), decimals=1)
