"""Differences know how wrong they are: the true derivative lies within the bound, and the bound is small where it can be."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff.testing.numerics.differences import NODES, Estimates, Line, noise_of, quick, thorough
from autodiff.testing.subject import Subject


def line(f: Callable[[Any], Any], x: float) -> Line:
    """The function f of one number, along that number."""
    return Subject(f, (np.array(x),), (0,), 10_000, ["x"]).line(0, 0, np.ones((1, 1)))


def estimates(f: Callable[[Any], Any], x: float) -> Estimates:
    with np.errstate(all="ignore"):
        return thorough(line(f, x))[0]


SMOOTH = {
    "sin": (np.sin, np.cos, [0.0, 1.0, -3.0, 1e-8, 1e3]),
    "exp": (np.exp, np.exp, [0.0, 1.0, -20.0, 1e-12, 30.0]),
    "log": (np.log, lambda x: 1 / x, [1e-300, 1e-8, 0.5, 1e10]),
    "root": (np.sqrt, lambda x: 0.5 / np.sqrt(x), [1e-300, 1e-8, 0.5, 1e10]),
    "inverse": (lambda x: 1 / x, lambda x: -1 / x**2, [1e-10, -1e-3, 2.0, 1e5]),
    "ninth power": (lambda x: x**9, lambda x: 9 * x**8, [0.0, 1e-3, 1.0, -100.0]),
    "logistic": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2, [-30.0, 0.0, 5.0, 40.0]),
    "bell": (lambda x: np.exp(-x * x), lambda x: -2 * x * np.exp(-x * x), [0.0, 1.0, 5.0]),
    "quick wave": (lambda x: np.sin(1e4 * x), lambda x: 1e4 * np.cos(1e4 * x), [1e-3, 1.0, 0.3]),
    "wave in step with the powers of two": (
        lambda x: np.sin(2 * np.pi * 1024 * x),
        lambda x: 2 * np.pi * 1024 * np.cos(2 * np.pi * 1024 * x),
        [0.0, 0.25, 1e-3],
    ),
    "large constant": (lambda x: 1e8 + np.sin(x), np.cos, [0.5, -2.0]),
    "cancellation": (lambda x: (1e6 + np.sin(x)) - 1e6, np.cos, [0.5, -2.0]),
    "square with a sign": (lambda x: x * np.abs(x), lambda x: 2 * np.abs(x), [0.0, 1.0, -1e-5]),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_true_derivative_is_within_the_bound_from_all_sides(name: str) -> None:
    f, derivative, points = SMOOTH[name]
    for x in points:
        found = estimates(f, x)
        for estimate in (found.central, found.left, found.right):
            assert abs(estimate.value[0] - derivative(x)) <= estimate.bound[0]


@pytest.mark.parametrize("name", sorted(set(SMOOTH) - {"cancellation", "quick wave"}))
def test_the_bound_is_small(name: str) -> None:
    f, derivative, points = SMOOTH[name]
    for x in points:
        natural = abs(f(x)) / max(abs(x), 1)
        assert estimates(f, x).central.bound[0] <= 1e-5 * abs(derivative(x)) + 1e-12 * natural + 1e-10


@pytest.mark.parametrize("x", [0.3, 1.0, -1.7, 5.0])
def test_nine_values_are_enough_for_a_smooth_function(x: float) -> None:
    probe = line(np.sin, x)
    estimate = quick(probe)
    assert len(probe.known) == 9
    assert abs(estimate.value[0] - np.cos(x)) <= estimate.bound[0] <= 1e-9


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=8), st.floats(-3, 3))
def test_the_derivative_of_a_polynomial_is_within_the_bound(coefficients: list[float], x: float) -> None:
    polynomial = np.polynomial.Polynomial(coefficients)
    exact = float(polynomial.deriv()(x))
    rounding = 1e-14 * float(np.polynomial.Polynomial(np.abs(coefficients)).deriv()(abs(x)))
    found = estimates(polynomial, x).central
    assert abs(found.value[0] - exact) <= found.bound[0] + rounding


@pytest.mark.parametrize(
    ("f", "left", "right"), [(np.abs, -1, 1), (lambda x: np.maximum(x, 0), 0, 1), (lambda x: np.fmin(x, 3 * x), 3, 1)]
)
def test_the_slopes_on_either_side_of_a_kink_are_found(f: Callable[[Any], Any], left: float, right: float) -> None:
    found = estimates(f, 0.0)
    for estimate, slope in ((found.left, left), (found.right, right)):
        assert abs(estimate.value[0] - slope) <= estimate.bound[0] <= 1e-9


def test_at_the_edge_of_the_domain_one_side_is_known() -> None:
    found = estimates(lambda x: np.where(x >= 1, x * x, np.nan), 1.0)
    assert np.isinf(found.left.bound[0])
    assert np.isinf(found.central.bound[0])
    assert abs(found.right.value[0] - 2) <= found.right.bound[0] <= 1e-8


def test_where_the_derivative_is_infinite_no_bound_is_small() -> None:
    assert estimates(np.sqrt, 0.0).right.bound[0] > 1


@pytest.mark.parametrize("size", [1e-12, 1e-3, 1e6])
def test_noise_is_measured(size: float) -> None:
    rng = np.random.default_rng(0)
    measured = [noise_of(np.sin(NODES) * size + rng.normal(scale=size * 1e-2, size=10)[:, None])[0] for _ in range(200)]
    assert np.sqrt(np.mean(np.square(measured))) == pytest.approx(size * 1e-2, rel=0.15)


def test_a_smooth_function_is_no_noise_however_small() -> None:
    assert noise_of(np.sin(1e-3 * NODES)[:, None])[0] < 1e-17
    assert noise_of(1e-200 * np.sin(NODES)[:, None])[0] < 1e-205


def test_a_noisy_function_gets_a_bound_that_says_so() -> None:
    def f(x: Any) -> Any:
        return np.sin(x) + 1e-6 * np.sin(1e9 * x)  # noise for every step but the smallest

    found = [thorough(line(np.vectorize(f), x))[0].central for x in (0.4, 1.1, -2.0)]
    assert all(estimate.bound[0] > 1e-9 for estimate in found)


def test_a_jump_is_seen_but_not_in_noise() -> None:
    assert line(np.sign, 0.0).jumps().all()
    assert not line(np.abs, 0.0).jumps().any()
    assert not line(np.exp, 0.0).jumps().any()
