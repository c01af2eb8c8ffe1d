"""Convolutions."""

from tests.nn.cases import case

CASES = [
    case("Conv1d(4, 6, 3)", (2, 4, 7)),
    case("Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2)", (2, 4, 9)),
    case("Conv1d(2, 3, 3, bias=False)", (2, 7)),
    case("Conv1d(2, 3, 4, padding='same', dilation=2)", (2, 2, 9)),
    case("Conv2d(2, 3, (3, 2))", (2, 2, 5, 4)),
    case("Conv2d(2, 3, 3, (2, 1), padding=(1, 0))", (2, 5, 4)),
    case("Conv2d(4, 4, 3, padding='valid', groups=4)", (2, 4, 5, 4)),
    case("Conv2d(2, 3, (2, 3), padding='same', padding_mode='reflect')", (2, 2, 5, 4)),
    case("Conv2d(2, 3, 3, stride=2, padding=1, padding_mode='replicate')", (2, 2, 5, 4)),
    case("Conv2d(2, 3, 3, padding=(2, 1), padding_mode='circular', bias=False)", (2, 5, 4)),
    case("Conv3d(2, 3, 2, padding=1)", (2, 2, 3, 2, 3)),
    case("ConvTranspose1d(4, 6, 3)", (2, 4, 5)),
    case("ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)", (2, 4, 5)),
    case("ConvTranspose2d(2, 3, (3, 2), (2, 1), bias=False, dilation=2)", (2, 2, 3, 4)),
    case("ConvTranspose2d(2, 3, 3, padding=(1, 0))", (2, 3, 4)),
    case("ConvTranspose3d(2, 3, 2, stride=2)", (2, 2, 2, 2, 2)),
]
