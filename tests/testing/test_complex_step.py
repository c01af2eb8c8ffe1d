"""Derivatives by a complex step: exact where a function is analytic, and not taken where it is not known to be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff.testing import check_gradient
from autodiff.testing.numerics.analytic import complex_step

X = np.array([0.5, -1.2, 3.0])
D = np.array([1.0, -0.5, 2.0])
W = np.arange(9.0).reshape(3, 3) - 4


def derivative(f: Callable[..., Any], x: np.ndarray = X) -> Any:
    """The derivative of f at x along D."""
    return complex_step(f, [x], {0: D}, np.asarray(f(x)), 0.0)


def filled(x: Any) -> Any:
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] ** 2
    y += x
    return y


# Each with its derivative along D.
ANALYTIC: dict[str, tuple[Callable[..., Any], Any]] = {
    "polynomial": (lambda x: np.sum(x**3), np.sum(3 * X**2 * D)),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), D * np.exp(-X) / (1 + np.exp(-X)) ** 2),
    "product with a matrix": (lambda x: np.tanh(W @ x), (1 - np.tanh(W @ X) ** 2) * (W @ D)),
    "dot": (lambda x: x.dot(x), 2 * X @ D),
    "einsum": (lambda x: np.einsum("i,ij,j->", x, W, x), X @ (W + W.T) @ D),
    "solve": (lambda x: np.linalg.solve(W @ W.T + np.eye(3), x), np.linalg.solve(W @ W.T + np.eye(3), D)),
    "absolute value off zero": (np.abs, D * np.sign(X)),
    "absolute value by the operator": (abs, D * np.sign(X)),
    "relu off its kink": (lambda x: np.maximum(x, 0).mean(), np.mean(D * (X > 0))),
    "smaller of two": (lambda x: np.minimum(x, 2 * x), D * np.where(X < 0, 2, 1)),
    "branches": (lambda x: np.where(x > 0, x * x, 3 * x), D * np.where(X > 0, 2 * X, 3)),
    "largest": (lambda x: np.max(x) * x.max(), 2 * X.max() * D[2]),
    "cumulated": (lambda x: np.cumsum(np.concatenate([x, x])), np.cumsum(np.concatenate([D, D]))),
    "entries written one by one": (filled, 2 * X * D + D),
    "a sum by Python": (lambda x: sum(x[i] * (i + 1) for i in range(3)), D @ [1, 2, 3]),
    "numbers that cancel": (lambda x: (1e17 + x) - 1e17, D),
}


@pytest.mark.parametrize("name", ANALYTIC)
def test_it_is_the_derivative_of_an_analytic_function(name: str) -> None:
    f, expected = ANALYTIC[name]
    np.testing.assert_allclose(derivative(f), expected, rtol=1e-14, atol=1e-15)


def test_it_is_the_derivative_of_a_wave_of_any_length() -> None:
    np.testing.assert_allclose(derivative(lambda x: np.sin(1e9 * x[0])), 1e9 * np.cos(5e8) * D[0], rtol=1e-14)


NOT_KNOWN: dict[str, Callable[..., Any]] = {
    "conversion": lambda x: np.asarray(x).sum(),
    "conversion to float": lambda x: np.array(x, float).sum(),
    "conversion of a list": lambda x: np.array([x[0], x[1]]),
    "a number of Python": lambda x: math.sin(x[0]),
    "float": lambda x: float(x[0]) * x,
    "real part": lambda x: np.real(x) if np.iscomplexobj(x) else x,
    "real part as an attribute": lambda x: x.real,
    "conjugate": lambda x: x.conj(),
    "conjugate by a function": np.conjugate,
    "norm": np.linalg.norm,
    "variance": np.var,
    "variance by the method": lambda x: x.var(),
    "an inner product that conjugates": lambda x: np.vdot(x, x),
    "an array of real numbers written to": lambda x: np.add(x, 1, out=np.zeros(3)),
    "sign": np.sign,
    "rounding": np.floor,
    "the kink of the absolute value": lambda x: np.abs(x - 0.5),
    "the kink of relu": lambda x: np.maximum(x - 0.5, 0),
    "where branches meet": lambda x: np.where(x > 0.5, x, 2 * x),
    "no array at all": lambda x: 3.0,
    "another shape": lambda x: x if x.dtype == float else x[:2],
    "a look at the type": lambda x: x if isinstance(x, np.ndarray) else None,
}


@pytest.mark.parametrize("name", NOT_KNOWN)
def test_it_is_not_taken_of_what_is_not_known_to_be_analytic(name: str) -> None:
    assert derivative(NOT_KNOWN[name]) is None


def test_it_is_not_a_number_where_the_complex_function_has_another_value() -> None:
    assert np.isnan(derivative(lambda x: x * x if x.dtype == float else x * x + 1)).all()


@pytest.mark.long
@pytest.mark.parametrize("f", [f for f, _ in ANALYTIC.values()], ids=ANALYTIC)
def test_a_gradient_is_checked_against_it(f: Callable[..., Any]) -> None:
    def vjp(g: np.ndarray, x: np.ndarray) -> np.ndarray:
        columns = [complex_step(f, [x], {0: unit}, np.asarray(f(x)), 0.0) for unit in np.eye(3)]
        return np.array([np.sum(g * column) for column in columns])

    assert check_gradient(f, X, vjp=vjp).ok
    assert check_gradient(f, X, vjp=lambda g, x: vjp(g, x) * 1.001).verdict == "wrong"


@pytest.mark.parametrize("big", [1e10, 1e14, 1e17])
def test_it_tells_what_differences_cannot(big: float) -> None:
    def f(x: Any) -> Any:
        return (big + np.sin(x)) - big

    x = np.array([0.7, 2.0])
    assert check_gradient(f, x, vjp=lambda g, x: g * np.cos(x)).ok
    assert check_gradient(f, x, vjp=lambda g, x: g * np.cos(x) * 1.0001).verdict == "wrong"


def test_what_it_tells_apart_is_not_right_by_the_looser_bound_of_differences() -> None:
    x = np.array([-0.814, 0.00546])
    slope = np.array([3 * 2.97e-10 * x[0] ** 2, -3e9 * x[1]])  # of terms that are 1e9 times larger than the first changes
    for factor, verdict in ((1.0, "right"), (1.3, "cannot tell")):
        report = check_gradient(
            lambda x: 2.97e-10 * x[0] ** 3 - 1.5e9 * x[1] ** 2, x, gradient=lambda x, factor=factor: slope * [factor, 1]
        )
        assert report.verdict == verdict
