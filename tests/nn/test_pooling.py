"""Pooling layers beyond what is true of every module: where largest elements are, kinks, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn import functional as F


@pytest.mark.parametrize(
    "settings", [{}, {"padding": 1}, {"dilation": 2, "stride": 1}, {"stride": 2, "ceil_mode": True, "padding": 1}]
)
def test_indices_are_where_the_largest_elements_are_read(settings: dict[str, Any]) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 7))
    y, places = F.max_pool2d(x, (2, 3), return_indices=True, **settings)
    flat = x.reshape(2, 3, -1)
    assert_array_equal(y, F.max_pool2d(x, (2, 3), **settings))
    assert_array_equal(np.take_along_axis(flat, places.reshape(2, 3, -1), -1).reshape(y.shape), y)


def test_the_index_of_equal_elements_is_the_first_and_never_in_the_border() -> None:
    for value in (0.0, -np.inf, np.nan):
        _, places = F.max_pool1d(np.full((1, 4), value), 2, stride=2, padding=1, return_indices=True)
        assert_array_equal(places, [[0, 1, 3]])


def test_indices_of_tensors_are_tensors_that_require_no_grad() -> None:
    y, places = nn.MaxPool1d(2, return_indices=True)(ad.Tensor([[1.0, 3.0, 2.0, 0.0]], requires_grad=True))
    assert isinstance(places, ad.Tensor)
    assert y.requires_grad
    assert not places.requires_grad
    assert_array_equal(places, [[1, 2]])


@pytest.mark.parametrize("size", [(6, 7), (6, 8), (7, 6)])
def test_unpooling_puts_the_largest_elements_where_they_were(size: tuple[int, int]) -> None:
    x = 1 + np.random.default_rng(0).random((2, 3, *size))
    y, places = nn.MaxPool2d(2, return_indices=True)(x)
    z = nn.MaxUnpool2d(2)(y, places, output_size=x.shape)
    assert_array_equal(z[z != 0], x[z != 0])
    assert np.count_nonzero(z) == y.size
    assert_array_equal(nn.MaxPool2d(2)(z), y)


@pytest.mark.parametrize(
    ("compute", "text"),
    [
        (
            lambda: F.max_unpool1d(np.ones((1, 2)), np.array([[0, 4]]), 2),
            "max_unpool1d: indices reach from 0 to 4; wanted 0 to 3, the places on axes (4,).",
        ),
        (
            lambda: nn.MaxUnpool1d(2)(np.ones((1, 2)), np.array([[-1, 2]])),
            "MaxUnpool1d: indices reach from -1 to 2; wanted 0 to 3, the places on axes (4,).",
        ),
        (
            lambda: nn.MaxUnpool1d(2)(np.ones((1, 2)), np.array([[0, 2]]), output_size=(6,)),
            "MaxUnpool1d: output_size is (6,); wanted 1 numbers between [3] and [5], as they follow from an input of shape (1, 2).",
        ),
        (
            lambda: F.max_unpool1d(np.ones((1, 2)), np.array([[0.0, 4.0]]), 2),
            "max_unpool1d: the input has shape (1, 2), and indices have shape (1, 2) and dtype float64; wanted integers of the "
            "same shape, as pooling with return_indices gives them.",
        ),
    ],
)
def test_places_that_do_not_fit_are_an_error(compute: Any, text: str) -> None:
    with error(ValueError, text):
        compute()


def test_pooling_by_two_is_the_euclidean_norm_and_by_one_the_sum() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    assert_allclose(nn.LPPool1d(2, 4)(x)[..., 0], np.linalg.norm(x, axis=-1))
    assert_allclose(nn.LPPool1d(1, 4)(x)[..., 0], x.sum(-1))
    assert_allclose(nn.LPPool1d(-np.inf, 4)(x)[..., 0], np.abs(x).min(-1))


@pytest.mark.parametrize("p", [1.5, 2, 4])
def test_the_derivative_of_a_norm_is_zero_at_zero(p: float) -> None:
    x = ad.Tensor(np.zeros((1, 4)), requires_grad=True)
    nn.LPPool1d(p, 2)(x).sum().backward()
    assert_array_equal(x.grad, np.zeros((1, 4)))


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: nn.MaxPool1d(0), "MaxPool1d: kernel_size is 0; wanted an integer, at least 1, or one for each of 1 axes."),
        (lambda: nn.MaxPool2d(2, 0), "MaxPool2d: stride is 0; wanted an integer, at least 1, or one for each of 2 axes."),
        (
            lambda: nn.MaxPool2d(2, dilation=0),
            "MaxPool2d: dilation is 0; wanted an integer, at least 1, or one for each of 2 axes.",
        ),
        (
            lambda: nn.AvgPool3d((2, 2)),
            "AvgPool3d: kernel_size is (2, 2); wanted an integer, at least 1, or one for each of 3 axes.",
        ),
        (
            lambda: nn.AvgPool1d(2, padding=-1),
            "AvgPool1d: padding is -1; wanted an integer, at least 0, or one for each of 1 axes.",
        ),
        (
            lambda: nn.AvgPool2d(2, divisor_override=0),
            "AvgPool2d: divisor_override is 0; wanted another number to divide by, or None.",
        ),
        (
            lambda: nn.AdaptiveMaxPool2d((2, 0)),
            "AdaptiveMaxPool2d: output_size is (2, 0); wanted a positive integer or None, or one for each of 2 axes.",
        ),
        (lambda: nn.LPPool2d(0, 2), "LPPool2d: norm_type is 0; wanted a number, such as 2, but not 0."),
        (lambda: nn.LPPool1d("fro", 2), "LPPool1d: norm_type is 'fro'; wanted a number, such as 2, but not 0."),  # type: ignore[arg-type]
        (lambda: nn.LPPool1d(2, 2.5), "LPPool1d: kernel_size is 2.5; wanted an integer, at least 1, or one for each of 1 axes."),
    ],
)
def test_a_setting_that_makes_no_sense_is_an_error_when_the_layer_is_made(build: Any, text: str) -> None:
    with error(ValueError, text):
        build()


@pytest.mark.parametrize("layer", [nn.MaxPool2d(2), nn.AvgPool2d(2), nn.LPPool2d(2, 2), nn.AdaptiveAvgPool2d(2)])
def test_an_input_with_other_axes_is_an_error_in_the_name_of_the_layer(layer: Any) -> None:
    with error(
        ValueError,
        f"{type(layer).__name__}: the input has shape (3, 4); wanted 4 axes: a batch, which it may lack, channels, and 2 more.",
    ):
        layer(np.ones((3, 4)))


def test_a_subclass_has_the_axes_of_its_base() -> None:
    class Mine(nn.MaxPool2d):
        pass

    class MyBins(nn.AdaptiveAvgPool2d):
        pass

    assert MyBins(2)(np.ones((2, 5, 4))).shape == (2, 2, 2)
    assert Mine(2)(np.ones((2, 4, 4))).shape == (2, 2, 2)
