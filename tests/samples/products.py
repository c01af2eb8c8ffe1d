"""Matrix products."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("matmul")
def matmul(rng: np.random.Generator) -> Iterator[Call]:
    for a, b in (
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3,)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (4, 3, 2)),
        ((3,), (5, 3, 2)),
        ((5, 2, 3), (3,)),
        ((0, 3), (3, 2)),
        ((2, 0), (0, 3)),
    ):
        yield call(reals(rng, a), reals(rng, b))


@samples_of("dot")
def dots(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (3, 2)))
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3, 2)))
    yield call(reals(rng, (3,)), reals(rng, (3,)))
    yield call(reals(rng, (2, 3)), reals(rng, ()))
    yield call(reals(rng, (2, 0)), reals(rng, (0, 2)))
