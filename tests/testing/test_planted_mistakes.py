"""The checker is checked first: each of these gradients is wrong, and must be found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff import extend
from autodiff.testing import GradientMismatch, assert_gradient, check_gradient

A, B = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]]), np.array([0.2, -0.4, 1.1])


pytestmark = pytest.mark.usefixtures("registry_as_it_was")


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def overwrites(array: np.ndarray, result: Any) -> Any:
    array *= 2
    return result


calls = 0


def differs_each_time(x: np.ndarray) -> np.ndarray:
    global calls
    calls += 1
    return 2 * x + calls * 1e-3


# f, its inputs, and a gradient of f that is wrong.
WRONG_GRADIENTS: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...], Callable[..., Any]]] = {
    "a factor": (lambda x: np.sum(x**2), (A,), lambda x: x),
    "the sign": (lambda x: np.sum(x**3), (A,), lambda x: -3 * x**2),
    "off by 1e-4": (lambda x: np.sum(np.exp(x)), (A,), lambda x: np.exp(x) * (1 + 1e-4)),
    "off by 1e-7": (lambda x: np.sum(np.exp(x)), (A,), lambda x: np.exp(x) * (1 + 1e-7)),
    "a term dropped": (lambda x: np.sum(x**2 + 1e-3 * x), (A,), lambda x: 2 * x),
    "zero": (lambda x: np.sum(np.tanh(x)), (A,), np.zeros_like),
    "nan": (lambda x: np.sum(np.tanh(x)), (A,), lambda x: np.full_like(x, np.nan)),
    "infinite": (lambda x: np.sum(np.tanh(x)), (A,), lambda x: np.full_like(x, np.inf)),
    "rows exchanged": (lambda x: np.sum(x**2), (A,), lambda x: 2 * x[::-1]),
    "transposed": (
        lambda w: np.sum(w * np.arange(9.0).reshape(3, 3)),
        (np.ones((3, 3)),),
        lambda w: np.arange(9.0).reshape(3, 3).T,
    ),
    "the sum over a broadcast axis missing": (
        lambda x, b: np.sum((x + b) ** 2),
        (A, B),
        lambda x, b: (2 * (x + b), (2 * (x + b))[0]),
    ),
    "a mean for a sum": (lambda x, b: np.sum((x + b) ** 2), (A, B), lambda x, b: (2 * (x + b), (2 * (x + b)).mean(axis=0))),
    "wrong only where negative": (lambda x: np.sum(np.abs(x) ** 3), (A,), lambda x: np.where(x < 0, 3 * x**2, 3 * x * np.abs(x))),
    "wrong in one element": (lambda x: np.sum(x**2), (A,), lambda x: 2 * x + np.eye(2, 3, 2)),
    "the derivative of the sigmoid at its value": (
        lambda z: np.sum(sigmoid(z)),
        (A,),
        lambda z: sigmoid(sigmoid(z)) * (1 - sigmoid(sigmoid(z))),
    ),
    "of another shape": (lambda x: np.sum(x**2), (A,), lambda x: (2 * x).ravel()),
    "the input changed in place": (lambda x: np.sum(x**2), (A,), lambda x: overwrites(x, 2 * x)),
    "the input itself": (lambda x: np.sum(x**2) / 2, (A,), lambda x: x),
    "two arguments in one array": (lambda x, y: np.sum(x + y), (A, A + 1), lambda x, y: (np.ones_like(x),) * 2),
    "different each time": (lambda x: np.sum(x**2), (A,), differs_each_time),
}


@pytest.mark.long
@pytest.mark.parametrize("mistake", WRONG_GRADIENTS)
def test_a_wrong_gradient_is_found_out(mistake: str) -> None:
    f, inputs, gradient = WRONG_GRADIENTS[mistake]
    report = check_gradient(f, *(x.copy() for x in inputs), gradient=gradient)
    assert report.verdict == "wrong"
    assert not report.ok
    with pytest.raises(GradientMismatch, match="is wrong"):
        assert_gradient(f, *(x.copy() for x in inputs), gradient=gradient)


# f of an array, and a vector-Jacobian product of f that is wrong.
WRONG_PRODUCTS: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...], Callable[..., Any]]] = {
    "the cotangent forgotten": (np.tanh, (A,), lambda g, x: 1 - np.tanh(x) ** 2),
    "the sum of the cotangent": (np.tanh, (A,), lambda g, x: g.sum() * (1 - np.tanh(x) ** 2)),
    "a factor of the cotangent's sign": (np.tanh, (A,), lambda g, x: np.abs(g) * (1 - np.tanh(x) ** 2)),
    "the cotangent changed in place": (lambda x: 2 * x, (A,), lambda g, x: overwrites(g, 2 * g)),
    "the cotangent itself": (lambda x: x * 1.0, (A,), lambda g, x: g),
    "a matrix not transposed": (
        lambda x: np.ones((2, 2)) @ np.diag([1.0, 2.0]) @ x,
        (A,),
        lambda g, x: np.ones((2, 2)) @ np.diag([1.0, 2.0]) @ g,
    ),
    "the columns of the cotangent exchanged": (lambda x: 2 * x, (A,), lambda g, x: 2 * g[:, ::-1]),
}


@pytest.mark.parametrize("mistake", WRONG_PRODUCTS)
def test_a_wrong_vector_jacobian_product_is_found_out(mistake: str) -> None:
    f, inputs, vjp = WRONG_PRODUCTS[mistake]
    assert check_gradient(f, *(x.copy() for x in inputs), vjp=vjp).verdict == "wrong"


def test_the_wrong_entry_is_named() -> None:
    def gradient(x: np.ndarray) -> np.ndarray:
        g = 2 * x
        g[1, 2] += 0.1
        return g

    report = check_gradient(lambda x: np.sum(x**2), A.copy(), gradient=gradient)
    assert [(entry.argument, entry.index) for entry in report.entries if entry.verdict == "wrong"] == [("x", (1, 2))]


def test_one_wrong_entry_of_many_is_found_and_named() -> None:
    x = np.random.default_rng(0).normal(size=(100, 100))

    def gradient(x: np.ndarray) -> np.ndarray:
        g = np.cos(x)
        g[37, 41] *= 1.01
        return g

    report = check_gradient(lambda x: np.sum(np.sin(x)), x, gradient=gradient)
    assert {entry.index for entry in report.entries if entry.verdict == "wrong" and isinstance(entry.index, tuple)} == {(37, 41)}
    assert report.evaluations <= 10_000


def test_a_rule_that_is_wrong_at_second_order_only_is_found_out() -> None:
    cube = extend.primitive(lambda x, /: x**3, {"x": lambda g, x: g * np.asarray(getattr(x, "data", x)) ** 2 * 3}, name="cube")
    x = np.array([0.5, 2.0])
    assert check_gradient(cube, x).ok
    report = check_gradient(cube, x, order=2)
    assert report.verdict == "wrong"
    assert {entry.order for entry in report.entries if entry.verdict == "wrong"} == {2}


def test_a_rule_of_the_wrong_type_is_found_out() -> None:
    double = extend.primitive(lambda x, /: 2 * x, {"x": lambda g: (2 * g).astype(np.float32)}, name="double")
    assert check_gradient(double, np.array([0.5, 2.0])).verdict == "wrong"


def test_a_function_that_changes_its_input_is_found_out() -> None:
    report = check_gradient(lambda x: overwrites(x, np.sum(x)), A.copy(), gradient=np.ones_like)
    assert report.verdict == "wrong"
    assert report.failures
