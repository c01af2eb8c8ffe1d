"""A right gradient is not accused, however badly the function behaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff.testing import assert_gradient, check_gradient

rng = np.random.default_rng(0)
HILBERT = 1 / (np.arange(6)[:, None] + np.arange(6) + 1.0)

RIGHT: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "large inputs": (lambda x: np.sum(x**2), (np.array([1e8, -3e6]),)),
    "small inputs": (lambda x: np.sum(x**2), (np.array([1e-8, -3e-6]),)),
    "inputs of all sizes": (lambda x: np.sum(np.exp(-x) * x), (np.array([1e-6, 1.0, 1e3]),)),
    "a large factor": (lambda x: np.sum(1e8 * x**2), (np.array([0.5, 2.0]),)),
    "a small factor": (lambda x: np.sum(1e-8 * x**2), (np.array([0.5, 2.0]),)),
    "a large constant": (lambda x: np.sum(np.tanh(x)) + 1e8, (np.array([0.5, 2.0]),)),
    "zero": (lambda x: np.sum(np.tanh(x)), (np.zeros(3),)),
    "a saturated sigmoid": (lambda x: np.sum(ad.sigmoid(x)), (np.array([-40.0, 40.0, 30.0]),)),
    "a saturated tanh": (lambda x: np.sum(np.tanh(x)), (np.array([25.0, 18.0]),)),
    "saturated values that cancel": (lambda x: np.sum(np.tanh(x)), (np.array([-25.0, 18.0]),)),
    "flat": (lambda x: np.sum(x**9), (np.array([1e-3, -1e-2]),)),
    "constant": (lambda x: np.sum(x * 0 + 3), (np.array([1.0, 2.0]),)),
    "steep": (lambda x: np.sum(np.exp(20 * x)), (np.array([0.5, 1.0]),)),
    "near a pole": (lambda x: np.sum(1 / x), (np.array([1e-3, -1e-4]),)),
    "the logarithm near zero": (lambda x: np.sum(np.log(x)), (np.array([1e-6, 1e-3]),)),
    "the root near zero": (lambda x: np.sum(np.sqrt(x)), (np.array([1e-8, 1e-3]),)),
    "oscillating": (lambda x: np.sum(np.tanh(50 * x) * x), (np.array([0.01, -0.02]),)),
    "many terms": (lambda x: np.sum(np.exp(-np.arange(1000) * x)), (np.array(0.01),)),
    "ill-conditioned": (lambda x: HILBERT @ x, (rng.normal(size=6),)),
    "a product of matrices": (lambda a, b: a @ b, (rng.normal(size=(2, 3)), rng.normal(size=(3, 2)))),
    "abs at its kink": (lambda x: np.sum(np.abs(x)), (np.array([0.0, 1.0]),)),
    "relu at its kink": (lambda x: np.sum(ad.relu(x)), (np.array([0.0, -1.0, 1.0]),)),
    "maximum at a tie": (lambda a, b: np.sum(np.maximum(a, b)), (np.array([1.0, 2.0]), np.array([1.0, 0.0]))),
    "max at a tie": (lambda x: np.max(x), (np.array([1.0, 1.0, 0.0]),)),
    "clip at its limits": (lambda x: np.sum(np.clip(x, 0.0, 1.0)), (np.array([0.0, 0.5, 1.0]),)),
    "logsumexp of large numbers": (lambda x: ad.logsumexp(x), (np.array([1000.0, 999.0, -1000.0]),)),
    "no dimensions": (lambda x: x**3, (np.array(2.0),)),
    "no elements": (lambda x: np.sum(x), (np.zeros((0, 3)),)),
    "no elements out": (lambda x: x[:0] * 2, (np.ones(3),)),
    "integers beside": (lambda x, i: np.sum(x[i] ** 2), (np.array([1.0, 2.0, 3.0]), np.array([0, 0, 2]))),
    "broadcast": (lambda a, b: a * b, (rng.normal(size=(2, 1)), rng.normal(size=3))),
    "single precision": (lambda x: np.sum(np.tanh(x) ** 2), (np.array([0.5, -2.0], np.float32),)),
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_right_gradient_is_not_accused(case: str) -> None:
    f, inputs = RIGHT[case]
    report = check_gradient(f, *inputs)
    assert report.verdict == "right", str(report)


def test_a_subgradient_between_the_slopes_is_accepted_and_said_to_be_at_a_kink() -> None:
    report = check_gradient(lambda x: np.sum(np.abs(x)), np.zeros(1), gradient=lambda x: np.full(1, 0.3))
    assert report.ok
    assert "kink" in str(report)
    assert check_gradient(lambda x: np.sum(np.abs(x)), np.zeros(1), gradient=lambda x: np.full(1, 1.3)).verdict == "wrong"


def test_the_gradient_of_a_network_is_right() -> None:
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid())
    weights = [p.numpy().copy() for p in model.parameters()]
    x, y = rng.normal(size=(5, 2)), rng.integers(0, 2, (5, 1)).astype(float)

    def loss(w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        hidden = ad.sigmoid(nn.functional.linear(x, w1, b1))
        return nn.functional.mse_loss(ad.sigmoid(nn.functional.linear(hidden, w2, b2)), y)

    assert assert_gradient(loss, *weights, order=2).ok


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=4), st.floats(-3, 3))
def test_no_right_gradient_is_accused(values: list[float], scale: float) -> None:
    factor = 10.0**scale

    def f(x: Any) -> Any:
        return factor * np.sum(np.tanh(x) * np.exp(-x * x / 100))

    def gradient(x: np.ndarray) -> np.ndarray:
        bell = np.exp(-x * x / 100)
        return factor * ((1 - np.tanh(x)) * (1 + np.tanh(x)) * bell - np.tanh(x) * bell * x / 50)

    assert check_gradient(f, np.array(values), gradient=gradient).verdict != "wrong"


@pytest.mark.long
@pytest.mark.parametrize("size", [40, 257, 1000])
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0, 100.0])
def test_no_zero_gradient_of_a_sum_of_deviations_beside_other_terms_is_accused(size: int, scale: float) -> None:
    x = np.random.default_rng(size).normal(size=size) * scale

    def f(x: Any, y: Any) -> Any:
        return np.sum(x - np.mean(x)) - 1 + 2.42 * np.sin(y)

    assert check_gradient(f, x, 1.0, gradient=lambda x, y: (np.zeros(size), 2.42 * np.cos(y))).ok
    assert check_gradient(f, x, 1.0, gradient=lambda x, y: (np.full(size, 1e-6), 2.42 * np.cos(y))).verdict == "wrong"
