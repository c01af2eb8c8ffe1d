"""Borders: beside NumPy's and PyTorch's, what is cut off, and errors."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from numpy.testing import assert_array_equal

import autodiff as ad
import nn
from nn import functional as F

MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("mode", MODES)
def test_a_border_is_that_of_numpy_with_the_axes_the_other_way_round(mode: str) -> None:
    x = normal(2, 3, 4, 5)
    assert_array_equal(F.pad(x, (1, 2, 3, 0), mode), np.pad(x, [(0, 0), (0, 0), (3, 0), (1, 2)], MODES[mode]))  # type: ignore[call-overload]


def test_any_axes_have_a_constant_border() -> None:
    x = normal(2, 3)
    assert_array_equal(F.pad(x, (1, 2), value=0.5), np.pad(x, [(0, 0), (1, 2)], constant_values=0.5))
    assert_array_equal(F.pad(x, (0, 1, 2, 0)), np.pad(x, [(2, 0), (0, 1)]))
    assert_array_equal(F.pad(x, ()), x)
    assert F.pad(np.ones((2, 3), np.float32), (1, 1), value=0.5).dtype == np.float32


@pytest.mark.peer
@pytest.mark.parametrize("pad", list(itertools.product([-1, 0, 2], repeat=2)))
def test_a_negative_constant_border_cuts_off_as_that_of_pytorch(torch: Any, pad: tuple[int, int]) -> None:
    x, given = normal(3, 4), (*pad, 1, -2)
    a, b = ad.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, z = F.pad(a, given, value=2.0), torch.nn.functional.pad(b, given, value=2.0)
    g = normal(*y.shape)
    y.backward(g)
    z.backward(torch.tensor(g))
    assert_array_equal(values(y), values(z))
    assert_array_equal(values(a.grad), values(b.grad))


@pytest.mark.parametrize("mode", MODES)
def test_the_derivative_by_an_element_counts_the_places_that_show_it(mode: str) -> None:
    x = ad.Tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    y = F.pad(x, (2, 1), mode)
    y.sum().backward()
    assert_array_equal(values(x.grad), [[(values(y) == n).sum() for n in (1, 2, 3)]])


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (
            lambda: nn.ZeroPad2d((1, 2)),
            "ZeroPad2d: padding is (1, 2); wanted one whole number, or 4: before and after each axis, the last axis first.",
        ),
        (
            lambda: nn.ConstantPad1d((0.5, 1), 1.0),
            "ConstantPad1d: padding is (0.5, 1); wanted one whole number, or 2: before and after each axis, the last axis first.",
        ),
        (
            lambda: nn.ReflectionPad1d(4)(normal(1, 4)),
            "ReflectionPad1d: a border has (4, 4) elements, mode is 'reflect', and the axis has 4; wanted 0 to 3.",
        ),
        (
            lambda: nn.CircularPad1d((0, 5))(normal(1, 4)),
            "CircularPad1d: a border has (0, 5) elements, mode is 'circular', and the axis has 4; wanted 0 to 4.",
        ),
        (
            lambda: nn.ReplicationPad1d((-1, 2))(normal(1, 4)),
            "ReplicationPad1d: a border has (-1, 2) elements, mode is 'replicate', and the axis has 4; wanted 0 to 2.",
        ),
        (
            lambda: nn.ReplicationPad1d(1)(normal(2, 0)),
            "ReplicationPad1d: a border has (1, 1) elements, mode is 'replicate', and the axis has 0; wanted 0 to 0.",
        ),
        (
            lambda: nn.ReflectionPad2d(1)(normal(1, 4)),
            "ReflectionPad2d: pad has 2 pairs, mode is 'reflect', and the input has shape (1, 4); wanted a pair for each axis but "
            "those of the batch, which it may lack, and of the channels.",
        ),
        (
            lambda: F.pad(normal(4), (1, 2, 3)),
            "pad: pad is (1, 2, 3) and the input has shape (4,); wanted whole numbers in pairs, before and after, for at most 1 "
            "axes, the last axis first.",
        ),
        (
            lambda: F.pad(normal(2, 4), (1, 1), "wrap"),
            "pad: mode is 'wrap'; wanted one of ['constant', 'reflect', 'replicate', 'circular'].",
        ),
        (
            lambda: F.pad(normal(2, 4), (1, 1), "reflect", 2.0),
            "pad: value is 2.0 and mode is 'reflect'; wanted no value, which is for 'constant'.",
        ),
    ],
)
def test_what_does_not_fit_is_an_error(build: Any, text: str) -> None:
    with error(ValueError, text):
        build()
