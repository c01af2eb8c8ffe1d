"""Dropout: what is left out how often, what is kept on average, and what the derivative is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn import functional as F

SHAPES = {"dropout": (40, 50), "dropout1d": (40, 50, 3), "dropout2d": (40, 50, 3, 2), "dropout3d": (40, 50, 3, 2, 2)}
ALPHA_SHAPES = {"alpha_dropout": (40, 50), "feature_alpha_dropout": (40, 50, 3)}
ALL = SHAPES | ALPHA_SHAPES
LOWEST = -1.0507009873554805 * 1.6732632423543772


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    nn.manual_seed(1234)
    yield
    nn.manual_seed(None)


def of_ones(name: str, p: float) -> np.ndarray:
    return np.asarray(getattr(F, name)(np.ones(ALL[name]), p, training=True))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", SHAPES)
def test_elements_or_channels_are_left_out_with_probability_p_and_the_rest_makes_up_for_them(name: str, p: float) -> None:
    y = of_ones(name, p)
    by_channel = y.reshape(2000, -1)
    assert_array_equal(by_channel, np.broadcast_to(by_channel[:, :1], by_channel.shape))
    assert_array_equal(np.unique(y), [0, 1 / (1 - p)])
    assert abs((by_channel[:, 0] == 0).mean() - p) < 5 * math.sqrt(p * (1 - p) / 2000)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("name", ALPHA_SHAPES)
def test_alpha_dropout_keeps_mean_0_and_variance_1(name: str, p: float) -> None:
    shape = (100, 1000, 1)[: len(ALPHA_SHAPES[name])]
    y = getattr(F, name)(np.random.default_rng(0).normal(size=shape), p, training=True)
    assert abs(y.mean()) < 5 / math.sqrt(1e5)
    assert abs(y.var() - 1) < 0.03


@pytest.mark.parametrize("name", ALPHA_SHAPES)
def test_alpha_dropout_is_a_linear_map_of_what_is_kept_and_of_the_lowest_value_of_selu(name: str) -> None:
    p = 0.3
    scale = 1 / math.sqrt((1 - p) * (1 + p * LOWEST**2))
    assert_allclose(np.unique(of_ones(name, p).round(12)), [scale * (1 - p) * LOWEST, scale * (1 - p * LOWEST)])


@pytest.mark.peer
@pytest.mark.parametrize("name", ALL)
def test_what_remains_has_the_values_of_pytorch(torch: Any, name: str) -> None:
    torch.manual_seed(0)
    theirs = getattr(torch.nn.functional, name)(torch.ones(ALL[name], dtype=torch.float64), 0.3, training=True)
    assert_allclose(np.unique(of_ones(name, 0.3).round(12)), np.unique(theirs.numpy().round(12)), rtol=1e-11)


@pytest.mark.parametrize("name", ALL)
def test_the_derivative_is_the_mask(name: str) -> None:
    x = ad.Tensor(np.random.default_rng(0).normal(size=ALL[name]), requires_grad=True)
    nn.manual_seed(0)
    getattr(F, name)(x, 0.4, training=True).sum().backward()
    nn.manual_seed(0)
    assert_allclose(values(x.grad), getattr(F, name)(np.ones(x.shape), 0.4, training=True) - _at_0(name), atol=1e-12)


def _at_0(name: str) -> Any:
    nn.manual_seed(0)
    return getattr(F, name)(np.zeros(ALL[name]), 0.4, training=True)


@pytest.mark.parametrize("name", ALL)
def test_the_seed_repeats_what_is_left_out_which_differs_each_time(name: str) -> None:
    first, second = of_ones(name, 0.5), of_ones(name, 0.5)
    nn.manual_seed(1234)
    assert_array_equal(of_ones(name, 0.5), first)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", ALL)
def test_nothing_happens_in_evaluation(name: str) -> None:
    x = ad.Tensor(np.ones(ALL[name]))
    assert getattr(F, name)(x, 0.5, training=False) is x


@pytest.mark.parametrize("name", ALL)
def test_with_p_0_all_is_kept_and_with_p_1_nothing(name: str) -> None:
    x = np.random.default_rng(0).normal(size=ALL[name])
    assert_allclose(getattr(F, name)(x, 0.0, training=True), x, rtol=1e-15)
    assert not getattr(F, name)(x, 1.0, training=True).any()


@pytest.mark.parametrize("name", ALL)
def test_float32_stays_float32(name: str) -> None:
    x = ad.Tensor(np.ones(ALL[name], np.float32), requires_grad=True)
    y = getattr(F, name)(x, 0.5, training=True)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (np.float32, np.float32)


def test_a_checkpoint_leaves_out_the_same_again() -> None:
    x = ad.Tensor(np.ones(100), requires_grad=True)
    y = ad.checkpoint(lambda x: F.dropout(x) * x)(x)
    y.sum().backward()
    assert_array_equal(values(x.grad), 2 * values(y))


def test_a_network_is_trained_with_dropout_and_used_without() -> None:
    model = nn.Sequential(nn.Linear(3, 50), nn.Dropout(0.5))
    x = np.ones((1, 3))
    assert not np.array_equal(values(model(x)), values(model(x)))
    model.eval()
    assert_array_equal(values(model(x)), values(model(x)))


AXES = "; wanted 3 axes: a batch, which it may lack, channels, and 1 more. For single elements: dropout."


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: nn.Dropout(1.5), "Dropout: p is 1.5; wanted a probability, 0 to 1, with which elements are left out."),
        (lambda: nn.AlphaDropout(-0.1), "AlphaDropout: p is -0.1; wanted a probability, 0 to 1, with which elements are left out."),
        (
            lambda: F.dropout(np.ones(2), math.nan, training=False),
            "dropout: p is nan; wanted a probability, 0 to 1, with which elements are left out.",
        ),
        (lambda: nn.Dropout1d()(np.ones(2)), "Dropout1d: the input has shape (2,)" + AXES),
        (
            lambda: nn.Dropout2d()(np.ones((2, 3, 4))),
            "Dropout2d: the input has shape (2, 3, 4); wanted (N, C, H, W). For (C, H, W): np.expand_dims(x, 0); for (N, C, L): "
            "dropout1d, which is what PyTorch computes.",
        ),
        (
            lambda: nn.FeatureAlphaDropout()(np.ones(2)),
            "FeatureAlphaDropout: the input has shape (2,); wanted (N, C, ...).",
        ),
    ],
)
def test_what_is_wrong_is_an_error(build: Any, text: str) -> None:
    with error(ValueError, text):
        build()
