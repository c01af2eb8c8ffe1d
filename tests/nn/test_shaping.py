"""What rearranges an array: inverses, adjoints, and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn import functional as F


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("shape", [(8, 3, 2), (2, 8, 3, 2), (2, 3, 4, 1, 5)])
def test_pixel_unshuffle_is_the_inverse_of_pixel_shuffle(shape: tuple[int, ...]) -> None:
    x = normal(*shape)
    assert_array_equal(F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2), x)


def test_channels_shuffled_by_groups_and_by_what_is_in_each_are_what_they_were() -> None:
    x = normal(2, 6, 3)
    assert_array_equal(F.channel_shuffle(F.channel_shuffle(x, 2), 3), x)
    assert_array_equal(F.channel_shuffle(x, 1), x)


def test_unflatten_is_the_inverse_of_flatten() -> None:
    x = normal(2, 3, 4, 5)
    assert_array_equal(nn.Unflatten(1, (3, -1))(nn.Flatten(1, 2)(x)), x)


def test_a_product_with_the_unfolded_input_is_a_convolution() -> None:
    x, weight = normal(2, 3, 5, 6), normal(4, 3, 2, 3)
    columns = F.unfold(x, (2, 3), padding=1, stride=2)
    y = np.reshape(np.reshape(weight, (4, -1)) @ columns, (2, 4, 3, 3))
    assert_allclose(y, F.conv2d(x, weight, padding=1, stride=2))


def test_fold_is_the_adjoint_of_unfold() -> None:
    settings: dict[str, Any] = {"kernel_size": (2, 3), "dilation": (2, 1), "padding": 1, "stride": (1, 2)}
    x = normal(2, 3, 5, 6)
    y = F.unfold(x, **settings)
    g = np.random.default_rng(1).normal(size=y.shape)
    assert np.vdot(y, g) == pytest.approx(np.vdot(x, F.fold(g, (5, 6), **settings)))


def test_folding_counts_the_windows_that_show_each_element() -> None:
    x = normal(1, 2, 4, 4)
    once = F.fold(F.unfold(np.ones_like(x), 2), 4, 2)
    assert_allclose(F.fold(F.unfold(x, 2), 4, 2), once * x)


def test_one_hot_is_1_at_each_number() -> None:
    x = np.array([[0, 3], [1, 1]])
    assert_array_equal(F.one_hot(x), np.eye(4, dtype=int)[x])
    assert_array_equal(F.one_hot(x, 6), np.eye(6, dtype=int)[x])
    assert F.one_hot(x.astype(np.uint8)).dtype == np.int64
    assert F.one_hot(np.zeros((2, 0), int)).shape == (2, 0, 0)
    y = F.one_hot(ad.Tensor(x))
    assert isinstance(y, ad.Tensor)
    assert_array_equal(values(y), F.one_hot(x))


@pytest.mark.peer
def test_one_hot_is_that_of_pytorch(torch: Any) -> None:
    x = np.array([[0, 3], [1, 1]])
    for classes in (-1, 5):
        assert_array_equal(F.one_hot(x, classes), torch.nn.functional.one_hot(torch.tensor(x), classes).numpy())


WHOLE = "wanted a whole number, 1 or more."


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (
            lambda: nn.PixelShuffle(2)(normal(6, 2, 2)),
            "PixelShuffle: the input has shape (6, 2, 2), with 6 channels; wanted a multiple of 4.",
        ),
        (lambda: nn.PixelShuffle(2)(normal(4, 2)), "PixelShuffle: the input has shape (4, 2); wanted (..., C, H, W)."),
        (lambda: F.pixel_shuffle(normal(4, 2, 2), 0), f"pixel_shuffle: upscale_factor is 0; {WHOLE}"),
        (
            lambda: nn.PixelUnshuffle(2)(normal(1, 3, 2)),
            "PixelUnshuffle: the input has shape (1, 3, 2); wanted a height and a width that are multiples of 2.",
        ),
        (
            lambda: nn.ChannelShuffle(4)(normal(1, 6, 2)),
            "ChannelShuffle: the input has shape (1, 6, 2); wanted three or more axes, (N, C, ...), and C a multiple of 4.",
        ),
        (lambda: F.channel_shuffle(normal(1, 6, 2), 1.5), f"channel_shuffle: groups is 1.5; {WHOLE}"),
        (lambda: nn.Flatten(2)(normal(2, 3)), "Flatten: start_dim is 2 and the input has shape (2, 3); wanted one of its 2 axes."),
        (
            lambda: nn.Flatten(1, 0)(normal(2, 3)),
            "Flatten: start_dim is 1 and end_dim is 0 of the shape (2, 3); wanted start before end.",
        ),
        (
            lambda: nn.Unflatten(1, (2, -1))(normal(2, 3)),
            "Unflatten: axis 1 of the shape (2, 3) has 3 elements and unflattened_size is (2, -1); wanted lengths with that "
            "product, of which one may be -1.",
        ),
        (lambda: nn.Unfold(2)(normal(2, 3)), "Unfold: the input has shape (2, 3); wanted (N, C, H, W) or (C, H, W)."),
        (
            lambda: nn.Unfold((2, 2, 2))(normal(1, 3, 3)),
            "Unfold: kernel_size is (2, 2, 2); wanted one whole number, or one for each of two axes.",
        ),
        (
            lambda: nn.Fold((4, 5), 2)(normal(3, 12)),
            "Fold: the input has shape (3, 12); wanted (N, C * 4, 12), with or without N: windows of the shape (2, 2), of "
            "which there are (3, 4).",
        ),
        (lambda: F.fold(normal(4, 4), 3, 2, stride=0), "fold: stride is 0; wanted one whole number, or one for each of two axes."),
        (
            lambda: F.one_hot(np.array([0, 3]), 3),
            "one_hot: the numbers are 0 to 3 and num_classes is 3; wanted numbers from 0 to num_classes - 1.",
        ),
        (
            lambda: F.one_hot(np.array([-1, 3])),
            "one_hot: the numbers are -1 to 3 and num_classes is -1; wanted numbers from 0 to num_classes - 1.",
        ),
    ],
)
def test_what_does_not_fit_is_an_error(build: Any, text: str) -> None:
    with error(ValueError, text):
        build()


def test_one_hot_of_fractions_is_an_error() -> None:
    with error(TypeError, "one_hot: the numbers have dtype float64; wanted whole numbers: x.astype(int)."):
        F.one_hot(np.ones(2))
