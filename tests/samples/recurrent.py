"""The primitives of recurrent networks."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("lstm gates")
def lstm_gates(rng: np.random.Generator) -> Iterator[Call]:
    for shape in ((8,), (2, 4), (0, 4)):
        yield call(reals(rng, shape))


@samples_of("lstm state")
def lstm_state(rng: np.random.Generator) -> Iterator[Call]:
    for batch in ((), (3,), (0,)):
        yield call(reals(rng, (*batch, 8)), reals(rng, (*batch, 2)))


@samples_of("gru gates")
def gru_gates(rng: np.random.Generator) -> Iterator[Call]:
    for shape in ((6,), (2, 3), (0, 3)):
        yield call(reals(rng, shape), reals(rng, shape))
