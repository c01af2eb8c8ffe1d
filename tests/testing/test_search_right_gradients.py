"""A right gradient is not accused, wherever the search looks: at kinks and ties, where functions saturate or overflow, at edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.testing import find_gradient_error, reals

pytestmark = pytest.mark.long


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    return e / e.sum()


def logsumexp(x: np.ndarray) -> Any:
    return x.max() + np.log(np.sum(np.exp(x - x.max())))


def sigmoid(x: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def norm_gradient(x: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(x)
    return x / norm if norm else np.zeros_like(x)


def sort_gradient(x: np.ndarray) -> np.ndarray:
    result = np.empty_like(x)
    result[np.argsort(x, kind="stable")] = np.arange(len(x))
    return result


def normalized(x: np.ndarray) -> np.ndarray:
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5)


def normalized_vjp(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    y = normalized(x)
    return (g - g.mean() - y * (g * y).mean()) / np.sqrt(x.var() + 1e-5)


def solve_vjp(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    by_b = np.linalg.solve(a.T, g)
    return -np.outer(by_b, np.linalg.solve(a, b)), by_b


N, ND = ("n",), ("n", "d")
Case = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
BY_HAND: dict[str, Case] = {
    "exp, until it overflows": (lambda x: np.sum(np.exp(x)), (reals(),), {"gradient": np.exp}),
    "log, down to 0": (lambda x: np.sum(np.log(x)), (reals(0),), {"gradient": lambda x: 1 / x}),
    "log1p, down to -1": (np.log1p, (reals(-1),), {"vjp": lambda g, x: g / (1 + x)}),
    "division": (lambda x, y: np.sum(x / y), (reals(shape=N), reals(shape=N)), {"gradient": lambda x, y: (1 / y, -x / y**2)}),
    "softmax": (softmax, (reals(-30, 30, shape=N),), {"vjp": lambda g, x: softmax(x) * (g - np.sum(g * softmax(x)))}),
    "logsumexp of large numbers": (logsumexp, (reals(shape=N),), {"gradient": softmax}),
    "softplus": (lambda x: np.logaddexp(0, x), (reals(),), {"vjp": lambda g, x: g * sigmoid(x)}),
    "sigmoid": (sigmoid, (reals(),), {"vjp": lambda g, x: g * sigmoid(x) * sigmoid(-x)}),
    "norm, also of zeros": (np.linalg.norm, (reals(shape=N),), {"gradient": norm_gradient}),
    "sort, with ties": (lambda x: np.sum(np.sort(x) * np.arange(len(x))), (reals(shape=N),), {"gradient": sort_gradient}),
    "Huber's loss": (
        lambda x: np.sum(np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5)),
        (reals(),),
        {"gradient": lambda x: np.clip(x, -1, 1)},
    ),
    "layer normalization": (normalized, (reals(shape=N),), {"vjp": normalized_vjp}),
    "a mean square": (
        lambda x, y: np.mean((x - y) ** 2),
        (reals(shape=ND), reals(shape=ND)),
        {"gradient": lambda x, y: (2 * (x - y) / x.size, 2 * (y - x) / x.size)},
    ),
    "x log x": (lambda p: np.sum(p * np.log(p)), (reals(0, 1),), {"gradient": lambda p: 1 + np.log(p)}),
    "solving an equation": (np.linalg.solve, (reals(-3, 3, shape=(2, 2)), reals(-3, 3, shape=2)), {"vjp": solve_vjp}),
    "a sine of all numbers": (np.sin, (reals(shape=N),), {"vjp": lambda g, x: g * np.cos(x)}),
    "a square in single precision": (np.square, (reals(dtype=np.float32),), {"vjp": lambda g, x: 2 * g * x}),
}
AUTOGRAD: dict[str, Case] = {
    "abs": (np.abs, (reals(),), {}),
    "relu": (ad.relu, (reals(),), {}),
    "max": (np.max, (reals(),), {}),
    "maximum of arrays that broadcast": (np.maximum, (reals(), reals()), {}),
    "clip": (lambda x: np.clip(x, 0.0, 1.0), (reals(),), {}),
    "a product of matrices": (lambda x, w, b: x @ w + b, (reals(shape=ND), reals(shape=("d", "k")), reals(shape=("k",))), {}),
    "a difference of arrays that broadcast": (lambda x, y: (x - y) ** 2, (reals(), reals()), {}),
    "tanh in single precision": (np.tanh, (reals(dtype=np.float32),), {}),
    "exp, second derivatives": (lambda x: np.exp(x) * x, (reals(-5, 5, shape=N),), {"order": 2, "max_examples": 10}),
    "log, second derivatives": (np.log, (reals(0, shape=N),), {"order": 2, "max_examples": 10}),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_a_right_gradient_by_hand_is_not_accused(case: str) -> None:
    f, domains, options = BY_HAND[case]
    search = find_gradient_error(f, *domains, max_examples=25, **options)
    assert search.verdict == "right", str(search)
    assert search.unknown <= 3


@pytest.mark.parametrize("case", AUTOGRAD)
def test_autograd_is_not_accused(case: str) -> None:
    f, domains, options = AUTOGRAD[case]
    search = find_gradient_error(f, *domains, **{"max_examples": 25, **options})
    assert search.verdict == "right", str(search)
    assert search.unknown <= 3


INFINITE: dict[str, Case] = {
    "the root at 0, of a sum": (lambda x: np.sum(np.sqrt(x)), (reals(0),), {"gradient": lambda x: 0.5 / np.sqrt(x)}),
    "the root at 0": (np.sqrt, (reals(0, shape=N),), {}),
    "a power of 0": (lambda x, y: x**y, (reals(0, 4, shape=N), reals(0.25, 0.75, shape=N)), {}),
    "the arcsine at 1": (np.arcsin, (reals(-1, 1, shape=N),), {"vjp": lambda g, x: g / np.sqrt(1 - x * x)}),
    "the cube root at 0": (np.cbrt, (reals(shape=N),), {"vjp": lambda g, x: g / (3 * np.cbrt(x) ** 2)}),
}


@pytest.mark.parametrize("case", INFINITE)
def test_an_infinite_slope_is_not_accused(case: str) -> None:
    f, domains, options = INFINITE[case]
    search = find_gradient_error(f, *domains, max_examples=25, **options)
    assert search.verdict == "right", str(search)
    assert 0 < search.unknown < 15  # there the differences cannot tell
