"""Borders around an array."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("pad")
def borders(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), 1)
    yield call(reals(rng, (2, 3)), ((1, 0), (0, 2)), mode="edge")
    yield call(reals(rng, (2, 3)), (1, 2), constant_values=((1.0, 2.0), (3.0, 4.0)))
    for mode in ("reflect", "symmetric"):
        for reflect_type in ("even", "odd"):
            yield call(reals(rng, (2, 3)), ((1, 0), (0, 2)), mode=mode, reflect_type=reflect_type)
            yield call(reals(rng, (3,)), (9, 6), mode=mode, reflect_type=reflect_type)
            yield call(reals(rng, (3, 1)), 2, mode=mode, reflect_type=reflect_type)
    yield call(reals(rng, (2, 3)), ((1, 0), (4, 7)), mode="wrap")
    yield call(reals(rng, (2, 3)), ((1, 2), (0, 3)), mode="linear_ramp")
    yield call(reals(rng, (2, 3)), (1, 2), mode="linear_ramp", end_values=(5.0, -1.0))
    for mode in ("maximum", "minimum", "mean", "median"):
        yield call(reals(rng, (3, 4)), ((1, 2), (0, 3)), mode=mode)
        yield call(reals(rng, (3, 4)), 1, mode=mode, stat_length=((1, 2), (3, 9)))
    yield call(reals(rng, (3,)), 0, mode="mean")
    yield call(reals(rng, (2,)), 0, mode="empty")
    yield call(reals(rng, ()), 1)
    yield call(reals(rng, (0, 2)), ((1, 1), (0, 1)))
    yield call(reals(rng, (0, 2)), ((0, 0), (1, 1)), mode="reflect")
