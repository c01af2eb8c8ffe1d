"""Operations with wrong derivative rules, and long or many-sided gradients with a wrong part: each is found, and named."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autodiff import extend
from autodiff.core.tensor import unwrapped
from autodiff.registry import registry
from autodiff.testing import GradientFailure, GradientReport, check_gradient

RNG = np.random.default_rng(7)
X = RNG.normal(size=(3, 4))
SQUARE = RNG.normal(size=(3, 3))
ROW = RNG.normal(size=4)


@pytest.fixture(autouse=True)
def clean_registry() -> Iterator[None]:
    """Mistakes do not stay in the registry."""
    before = set(registry)
    yield
    for name in set(registry) - before:
        del registry[name]


def planted(forward: Callable[..., Any], *rules: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """An operation of arguments x and y with these derivative rules."""
    return extend.primitive(forward, dict(zip("xy", rules, strict=False)), name="planted", **options)


def wrong_entries(report: GradientReport) -> set[tuple[Any, Any]]:
    """The arguments and indices that the report calls wrong."""
    return {(entry.argument, entry.index) for entry in report.entries if entry.verdict == "wrong"}


def sigma(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


# Each rule gets the cotangent g and x, and is wrong for nearly every entry of x.
MISTAKEN_RULES = {
    "wrong factor": (np.square, lambda g, x: g * x),
    "wrong by a ten-thousandth": (np.square, lambda g, x: g * 2 * x * (1 + 1e-4)),
    "wrong sign": (np.cos, lambda g, x: g * np.sin(x)),
    "forgotten cotangent": (np.square, lambda g, x: 2 * x + 0 * g),
    "cotangent summed": (np.square, lambda g, x: np.sum(g) * 2 * x),
    "cotangent taken as uniform": (np.square, lambda g, x: np.mean(g) * 2 * x),
    "cotangent squared": (np.square, lambda g, x: g * g * 2 * x),
    "cotangent without its sign": (np.square, lambda g, x: np.abs(g) * 2 * x),
    "cotangent shifted by one": (np.square, lambda g, x: np.stack([g[:, -1], g[:, 0], g[:, 1], g[:, 2]], axis=1) * 2 * x),
    "value in the place of the argument": (sigma, lambda g, x: g * sigma(sigma(x)) * (1 - sigma(sigma(x)))),
    "derivative of another function": (np.tanh, lambda g, x: g * (1 - np.tanh(x))),
    "zero": (np.square, lambda g: np.zeros_like(g)),
    "not a number": (np.square, lambda g, x: g * x * np.inf * 0.0),
}


@pytest.mark.long
@pytest.mark.parametrize("mistake", MISTAKEN_RULES)
def test_a_mistaken_rule_is_found(mistake: str) -> None:
    f = planted(*MISTAKEN_RULES[mistake])
    report = check_gradient(f, X)
    assert report.verdict == "wrong"
    assert len(wrong_entries(report)) > 3


@pytest.mark.long
@pytest.mark.parametrize("mistake", MISTAKEN_RULES)
def test_a_mistaken_rule_is_found_inside_of_a_function_of_one_number(mistake: str) -> None:
    f = planted(*MISTAKEN_RULES[mistake])
    weights = RNG.normal(size=X.shape)
    assert check_gradient(lambda x: np.sum(weights * f(1.3 * x)), X).verdict == "wrong"


def test_a_mistake_for_negative_numbers_only_is_found_there() -> None:
    leaky = planted(lambda x, /: np.where(x > 0, x, 0.1 * x), lambda g, x: np.where(x > 0, g, 0 * g))
    report = check_gradient(lambda x: leaky(x), np.array([1.0, -2.0, 3.0, -0.5]))
    assert wrong_entries(report) == {("x", (1,)), ("x", (3,))}


def test_transposed_axes_are_found_although_the_shape_is_right() -> None:
    transpose = planted(lambda x, /: np.transpose(x), lambda g: g)
    product = check_gradient(lambda a: a @ SQUARE, X[:, :3], vjp=lambda g, a: g @ SQUARE)
    assert product.verdict == check_gradient(transpose, SQUARE).verdict == "wrong"


@pytest.mark.long
def test_transposed_axes_of_a_large_array_are_found() -> None:
    transpose = planted(lambda x, /: np.transpose(x), lambda g: g)
    assert check_gradient(transpose, RNG.normal(size=(40, 40))).verdict == "wrong"


def test_a_sum_along_the_wrong_axis_is_found() -> None:
    report = check_gradient(lambda x: np.sum(x, axis=0), SQUARE, vjp=lambda g, x: np.repeat(g, 3).reshape(3, 3))
    assert report.verdict == "wrong"


def test_a_forgotten_mean_is_found() -> None:
    assert check_gradient(lambda x: np.mean(x * x), X, gradient=lambda x: 2 * x).verdict == "wrong"


def test_a_missing_sum_over_a_broadcast_axis_is_a_wrong_shape() -> None:
    report = check_gradient(lambda x, b: x * b, X, ROW, vjp=lambda g, x, b: (g * b, g * x))
    assert report.verdict == "wrong"
    assert report.failures == (GradientFailure("shape", "the gradient by b has shape (3, 4), but b has shape (4,)."),)


def test_one_row_in_the_place_of_the_sum_over_a_broadcast_axis_is_found() -> None:
    report = check_gradient(lambda x, b: x * b, X, ROW, vjp=lambda g, x, b: (g * b, (g * x)[0]))
    assert {argument for argument, _ in wrong_entries(report)} == {"b"}


def test_a_forgotten_argument_is_found_and_named() -> None:
    report = check_gradient(lambda a, b: np.sum(a * b * b), ROW, ROW + 1, gradient=lambda a, b: (b * b, np.zeros_like(b)))
    assert wrong_entries(report) == {("b", (i,)) for i in range(4)}


def test_exchanged_arguments_are_found() -> None:
    report = check_gradient(lambda a, b: a / b, ROW, ROW**2 + 1, vjp=lambda g, a, b: (-g * a / b**2, g / b))
    assert {argument for argument, _ in wrong_entries(report)} == {"a", "b"}


@pytest.mark.long
@pytest.mark.parametrize("index", [(0, 0), (37, 41), (99, 99)])
@pytest.mark.parametrize("relative", [1.0, 1e-2])
def test_one_wrong_number_among_ten_thousand_is_found_and_named(index: tuple[int, int], relative: float) -> None:
    w, x = RNG.normal(size=(100, 100)) / 10, RNG.normal(size=(100, 5))

    def gradient(w: np.ndarray) -> np.ndarray:
        y = np.tanh(w @ x)
        result = 2 * y * (1 - y * y) @ x.T
        result[index] *= 1 + relative
        return result

    report = check_gradient(lambda w: np.sum(np.tanh(w @ x) ** 2), w, gradient=gradient)
    assert {place for place in wrong_entries(report) if isinstance(place[1], tuple)} == {("w", index)}


def test_some_wrong_numbers_of_a_large_array_of_results_are_found() -> None:
    x = RNG.normal(size=2000)

    def vjp(g: np.ndarray, x: np.ndarray) -> np.ndarray:
        result = g * np.cos(x)
        result[1234:1238] = 0
        return result

    report = check_gradient(lambda x: np.sin(x), x, vjp=vjp)
    assert {place for place in wrong_entries(report) if isinstance(place[1], tuple)} == {("x", (i,)) for i in range(1234, 1238)}


def test_a_rule_that_is_wrong_at_second_order_only_is_found_at_second_order_only() -> None:
    cube = planted(lambda x, /: x * x * x, lambda g, x: g * (3 * unwrapped(x) ** 2))
    assert check_gradient(cube, ROW).verdict == "right"
    report = check_gradient(lambda x: cube(x), ROW, order=2)
    assert wrong_entries(report) == {("x", (i,)) for i in range(4)}
    assert all(entry.order == 2 for entry in report.entries if entry.verdict == "wrong")


def test_a_rule_that_loses_the_graph_of_its_cotangent_is_found_at_second_order() -> None:
    cube = planted(lambda x, /: x * x * x, lambda g, x: unwrapped(g) * (3 * x**2))
    assert check_gradient(cube, ROW).verdict == "right"
    report = check_gradient(cube, ROW, order=2)
    assert {argument for argument, _ in wrong_entries(report)} == {"the cotangent"}


def test_a_gradient_of_another_type_is_a_failure() -> None:
    by_hand = check_gradient(lambda x: np.sin(x), ROW, vjp=lambda g, x: (g * np.cos(x)).astype(np.float32))
    assert by_hand.verdict == "wrong dtype"  # right to seven digits
    text = "the gradient by x has dtype float32, but x has dtype float64."
    assert by_hand.failures == (GradientFailure("dtype", text),)
    widening = planted(np.square, lambda g, x: g * 2.0 * unwrapped(x).astype(np.float64))
    assert check_gradient(widening, ROW.astype(np.float32)).ok  # the engine gives it the argument's type


def test_a_gradient_of_another_shape_is_a_failure() -> None:
    report = check_gradient(lambda x: np.sum(x * x), X, gradient=lambda x: 2 * x.T)
    assert report.failures == (GradientFailure("shape", "the gradient by x has shape (4, 3), but x has shape (3, 4)."),)
    assert report.verdict == "wrong"
