"""Convolutions, as networks have them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of

# The shapes of input, kernels and result, and the parameters.
Shapes = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], dict[str, Any]]
SHAPES: list[Shapes] = [
    ((2, 1, 4, 5), (2, 1, 2, 3), (2, 2, 3, 3), {}),
    ((2, 2, 8), (2, 1, 2), (2, 2, 3), {"stride": 3, "padding": 1, "dilation": 2, "groups": 2}),
    ((1, 2, 3, 6), (3, 2, 2, 3), (1, 3, 4, 2), {"stride": np.array([1, 2]), "padding": (1, 0)}),
    ((1, 1, 3), (1, 1, 2), (1, 1, 3), {"padding": ((0, 1),)}),
    ((1, 1, 3, 2, 2), (2, 1, 2, 1, 2), (1, 2, 2, 2, 1), {}),
    ((0, 1, 3), (2, 1, 2), (0, 2, 2), {}),
]


@samples_of("convolution")
def convolutions(rng: np.random.Generator) -> Iterator[Call]:
    for x, w, _, params in SHAPES:
        yield call(reals(rng, x), reals(rng, w), **params)


@samples_of("conv_transpose")
def transposed(rng: np.random.Generator) -> Iterator[Call]:
    for k, (_, w, y, params) in enumerate(SHAPES):
        yield call(reals(rng, y), reals(rng, w), **params, **({"output_padding": 1} if k == 1 else {}))
    yield call(reals(rng, (1, 2, 2, 3)), reals(rng, (2, 1, 2, 1)), dilation=(4, 1), stride=(1, 2), output_padding=(3, 0))


@samples_of("conv_weight")
def by_the_kernels(rng: np.random.Generator) -> Iterator[Call]:
    for x, w, y, params in SHAPES:
        yield call(reals(rng, x), reals(rng, y), kernel_shape=w[2:], **params)
