"""Modules that rearrange an array, or leave it as it is."""

from tests.nn.cases import case

CASES = [
    case("Identity()", (3, 4)),
    case("Identity(3, unused=2)", (3,)),
    case("Flatten()", (2, 3, 4)),
    case("Flatten(0, 1)", (2, 3, 4)),
    case("Flatten(-2)", (2, 3, 4, 1)),
    case("Flatten(0)", ()),
    case("Unflatten(1, (2, 3))", (4, 6, 2)),
    case("Unflatten(-1, (2, -1, 1))", (4, 6)),
    case("PixelShuffle(2)", (2, 8, 3, 2)),
    case("PixelShuffle(3)", (9, 2, 2)),
    case("PixelUnshuffle(2)", (2, 2, 4, 6)),
    case("PixelUnshuffle(3)", (1, 3, 6)),
    case("ChannelShuffle(2)", (2, 6, 3, 2)),
    case("ChannelShuffle(3)", (2, 6, 3)),
    case("Unfold(2)", (2, 3, 4, 5)),
    case("Unfold((2, 3), dilation=(2, 1), padding=1, stride=(1, 2))", (3, 4, 5)),
    case("Fold((4, 5), 2)", (2, 12, 12)),
    case("Fold(5, (2, 3), (2, 1), 1, (1, 2))", (18, 15)),
]
