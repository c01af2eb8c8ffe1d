"""Pooling."""

import numpy as np

from tests.nn.cases import Input, case, uniform


def places(*indices: int) -> Input:
    """These places in each of two channels."""
    return lambda rng: np.array([indices, indices])


def places_in(count: int, *shape: int) -> Input:
    """Different places, of as many as `count`, in each of the channels of a batch of one."""
    return lambda rng: np.stack([rng.permutation(count)[: int(np.prod(shape))].reshape(shape) for _ in range(2)])[None]


CASES = [
    case("MaxPool1d(2)", (2, 3, 7)),
    case("MaxPool1d(3, 2, 1, 2, ceil_mode=True)", (3, 8)),
    case("MaxPool1d(3, 1, 1, return_indices=True)", (2, 3, 8)),
    case("MaxPool2d((2, 3), padding=(1, 1))", (2, 3, 5, 6)),
    case("MaxPool2d(3, (2, 1), return_indices=True, ceil_mode=True)", (2, 3, 6, 5)),
    case("MaxPool3d(2, 1)", (2, 3, 3, 4)),
    case("MaxPool3d((1, 2, 2), return_indices=True, dilation=2)", (2, 1, 3, 4, 5)),
    case("AvgPool1d(2, ceil_mode=True)", (2, 3, 7)),
    case("AvgPool2d(3, 2, 1, count_include_pad=False)", (2, 3, 7, 6)),
    case("AvgPool2d((2, 3), divisor_override=2)", (3, 7, 6)),
    case("AvgPool3d(2, (1, 2, 1), padding=1)", (2, 3, 4, 3, 4)),
    case("LPPool1d(2, 3, ceil_mode=True)", (2, 3, 7)),
    case("LPPool1d(float('inf'), 3)", (2, 3, 7)),
    case("LPPool2d(3, (2, 3), stride=1)", uniform(0.5, 2, 2, 3, 5, 6), rtol=1e-11),
    case("LPPool2d(1.5, 2)", uniform(0.5, 2, 3, 5, 6)),
    case("LPPool3d(4, 2, 1)", (2, 3, 3, 3, 4)),
    case("MaxUnpool1d(2)", (2, 3), places(1, 2, 4)),
    case("MaxUnpool1d(3, 2, 1)", (2, 3), places(0, 3, 4), lambda rng: (6,)),
    case("MaxUnpool2d((2, 3), stride=(2, 1))", (1, 2, 2, 2), places_in(16, 2, 2)),
    case("MaxUnpool3d(2)", (1, 2, 1, 2, 1), places_in(16, 1, 2, 1), lambda rng: (1, 2, 2, 4, 2)),
    case("AdaptiveAvgPool1d(3)", (2, 3, 7)),
    case("AdaptiveAvgPool2d((2, None))", (3, 6, 5)),
    case("AdaptiveAvgPool3d((2, 3, 1))", (2, 3, 4, 5, 3)),
    case("AdaptiveMaxPool1d(3)", (3, 7)),
    case("AdaptiveMaxPool2d((None, 2))", (2, 3, 6, 5)),
    case("AdaptiveMaxPool3d(2)", (2, 3, 4, 5, 3)),
]
