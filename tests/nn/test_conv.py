"""Convolutional layers beyond what is true of every module: starting values, sizes, borders, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error
from numpy.testing import assert_allclose, assert_array_equal

import nn

CONVOLUTIONS = [nn.Conv1d, nn.Conv2d, nn.Conv3d]
TRANSPOSED = [nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d]


@pytest.mark.parametrize(("kind", "channels"), [(nn.Conv2d, (8, 50)), (nn.ConvTranspose2d, (50, 8))])
def test_weight_and_bias_start_uniformly_from_one_over_the_root_of_the_fan_in(kind: Any, channels: Any) -> None:
    nn.manual_seed(0)  # the largest of eight is a small one in one case of twenty
    layer, bound = kind(*channels, (3, 5), groups=2), 1 / np.sqrt(4 * 15)
    for parameter in (layer.weight, layer.bias):
        largest = np.max(np.abs(parameter.numpy()))
        assert 0.7 * bound < largest <= bound
    assert_allclose(np.var(layer.weight.numpy()), bound**2 / 3, rtol=0.1)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_same_keeps_the_size_whatever_stands_at_the_border(mode: str) -> None:
    layer = nn.Conv2d(2, 3, (4, 3), padding="same", dilation=(1, 2), padding_mode=mode)
    assert layer(np.ones((1, 2, 8, 9))).shape == (1, 3, 8, 9)


def test_a_circular_border_commutes_with_a_shift() -> None:
    layer = nn.Conv1d(2, 3, 3, padding=1, padding_mode="circular").requires_grad_(False)
    x = np.random.default_rng(0).normal(size=(4, 2, 10))
    assert_allclose(layer(np.roll(x, 3, -1)), np.roll(layer(x), 3, -1), atol=1e-12)


def test_replicated_borders_keep_a_constant_a_constant() -> None:
    layer = nn.Conv2d(1, 1, 3, padding=1, padding_mode="replicate").requires_grad_(False)
    y = layer(np.full((1, 1, 5, 6), 2.0))
    assert_allclose(y, 2 * np.sum(layer.weight.numpy()) + layer.bias.item())


@pytest.mark.parametrize("size", [9, 10])
def test_output_size_says_from_which_size_a_convolution_came(size: int) -> None:
    down = nn.Conv2d(2, 3, 3, stride=2, bias=False).requires_grad_(False)
    up = nn.ConvTranspose2d(3, 2, 3, stride=2, bias=False).requires_grad_(False)
    up.weight.data = down.weight.data
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=(1, 2, size, size)), rng.normal(size=(1, 3, 4, 4))
    assert_allclose(np.vdot(down(x), v), np.vdot(x, up(v, output_size=x.shape)))  # it is the adjoint
    assert_array_equal(up(v, output_size=(size, size)), up(v, output_size=x.shape))


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: nn.Conv1d(0, 2, 3), "Conv1d: in_channels is 0; wanted an integer, at least 1."),
        (lambda: nn.Conv2d(2, 2.0, 3), "Conv2d: out_channels is 2.0; wanted an integer, at least 1."),  # type: ignore[arg-type]
        (lambda: nn.Conv2d(2, 2, 0), "Conv2d: kernel_size is 0; wanted an integer, at least 1, or one for each of 2 axes."),
        (
            lambda: nn.Conv2d(2, 2, (3, 3, 3)),
            "Conv2d: kernel_size is (3, 3, 3); wanted an integer, at least 1, or one for each of 2 axes.",
        ),
        (
            lambda: nn.Conv3d(2, 2, 3, padding=-1),
            "Conv3d: padding is -1; wanted an integer, at least 0, or one for each of 3 axes.",
        ),
        (
            lambda: nn.Conv1d(4, 6, 3, groups=3),
            "Conv1d: in_channels is 4, out_channels is 6 and groups is 3; wanted groups that divide both.",
        ),
        (lambda: nn.Conv1d(2, 2, 3, padding="full"), "Conv1d: padding is 'full'; wanted numbers, 'valid' or 'same'."),
        (
            lambda: nn.Conv2d(2, 2, 3, stride=2, padding="same"),
            "Conv2d: padding is 'same' and stride is (2, 2); wanted stride 1, or the result is smaller.",
        ),
        (
            lambda: nn.Conv1d(2, 2, 3, padding_mode="mirror"),
            "Conv1d: padding_mode is 'mirror'; wanted one of 'zeros', 'reflect', 'replicate', 'circular'.",
        ),
        (
            lambda: nn.ConvTranspose1d(2, 2, 3, padding_mode="reflect"),
            "ConvTranspose1d: padding_mode is 'reflect'; wanted one of 'zeros'.",
        ),
        (lambda: nn.Conv1d(2, 2, 3, device="cuda:0"), "Conv1d: device is 'cuda:0'; wanted 'cpu', where NumPy computes."),
    ],
)
def test_a_setting_that_makes_no_sense_is_an_error_when_the_layer_is_made(build: Any, text: str) -> None:
    with error(ValueError, text):
        build()


def test_an_output_size_that_no_input_of_this_size_leads_to_is_an_error() -> None:
    up = nn.ConvTranspose2d(3, 2, 3, stride=2)
    for size in ((8, 9), (9, 11), (9,), (1, 2, 3, 9, 9)):
        with error(
            ValueError,
            f"ConvTranspose2d: output_size is {size}; wanted 2 numbers between [9, 9] and [10, 10], "
            "as they follow from an input of shape (1, 3, 4, 4).",
        ):
            up(np.ones((1, 3, 4, 4)), output_size=size)


@pytest.mark.parametrize("kind", [*CONVOLUTIONS, *TRANSPOSED])
def test_an_input_with_other_axes_or_channels_is_an_error_in_the_name_of_the_layer(kind: Any) -> None:
    n = 1 + (CONVOLUTIONS + TRANSPOSED).index(kind) % 3
    layer = kind(2, 4, 1)
    for shape in ((2,), (1, 2, *(3,) * (n + 1)), (1, 3, *(3,) * n)):
        with pytest.raises(ValueError, match=rf"^{kind.__name__}: the (input has shape|shapes are) "):
            layer(np.ones(shape))


def test_dtype_is_that_of_the_parameters() -> None:
    assert nn.Linear(2, 2, device="cpu", dtype=np.float32).weight.dtype == np.float32
    layer = nn.Conv1d(2, 2, 3, dtype=np.float32, device="cpu")
    assert layer.weight.dtype == layer.bias.dtype == layer(np.ones((1, 2, 5), np.float32)).dtype == np.float32


def test_a_subclass_has_the_axes_of_its_base() -> None:
    class Mine(nn.Conv2d):
        pass

    assert Mine(2, 3, 1)(np.ones((2, 4, 4))).shape == (3, 4, 4)
