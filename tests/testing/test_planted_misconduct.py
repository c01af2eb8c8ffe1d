"""Gradients with the right numbers that harm their users: they change arrays in place, share memory, or vary."""

from typing import Any

import numpy as np
import pytest

from autodiff.testing import check_gradient

X = np.array([0.5, -1.0, 2.0])
Y = np.array([1.5, 0.3, -0.7])


def only_failure(report: Any) -> str:
    """The failure of a gradient in which nothing else is wrong."""
    assert report.verdict == "wrong"
    assert {entry.verdict for entry in report.entries} <= {"right"}
    (failure,) = report.failures
    return str(failure)


def test_a_gradient_that_changes_an_input_is_found() -> None:
    def gradient(x: np.ndarray) -> np.ndarray:
        x *= 2
        return x.copy()

    assert only_failure(check_gradient(lambda x: np.sum(x * x), X, gradient=gradient)) == (
        "the gradient changes x in place. Let it work on a copy."
    )


def test_a_gradient_that_changes_an_input_which_is_no_argument_of_argnums_is_found() -> None:
    def vjp(g: np.ndarray, x: np.ndarray, index: np.ndarray) -> np.ndarray:
        result = np.zeros_like(x)
        np.add.at(result, index, g)
        index.sort()
        return result

    report = check_gradient(lambda x, index: x[index], X, np.array([2, 0]), vjp=vjp)
    assert only_failure(report) == "the gradient changes index in place. Let it work on a copy."


def test_a_gradient_that_changes_its_cotangent_is_found() -> None:
    def vjp(g: np.ndarray, x: np.ndarray) -> np.ndarray:
        g *= np.cos(x)
        return g.copy()

    assert only_failure(check_gradient(np.sin, X, vjp=vjp)) == "the gradient changes its cotangent in place. Let it work on a copy."


def test_a_function_that_changes_its_input_is_found() -> None:
    def f(x: Any) -> Any:
        x -= 1
        return np.sum(x * x)

    report = check_gradient(f, X, gradient=lambda x: 2 * (x - 1))
    assert only_failure(report) == "f changes x in place. Let it work on a copy."
    assert report.entries == ()


def test_a_change_that_is_too_small_to_matter_is_a_change() -> None:
    def gradient(x: np.ndarray) -> np.ndarray:
        result = 2 * x
        x[0] = np.nextafter(x[0], 1)
        return result

    assert "changes x in place" in only_failure(check_gradient(lambda x: np.sum(x * x), X, gradient=gradient))


def two(g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two gradients in one array."""
    both = g + 0
    return both, both


def test_gradients_that_share_memory_with_each_other_are_found() -> None:
    report = check_gradient(lambda x, y: x + y, X, Y, vjp=lambda g, x, y: two(g))
    assert only_failure(report) == (
        "the gradient by y shares memory with the gradient by x: changing one changes the other. Return a copy."
    )


@pytest.mark.parametrize("part", [lambda g: g, lambda g: g[:], lambda g: g.reshape(3)])
def test_a_gradient_that_shares_memory_with_the_cotangent_is_found(part: Any) -> None:
    report = check_gradient(lambda x, y: x + y, X, Y, vjp=lambda g, x, y: (part(g), g.copy()))
    assert only_failure(report).startswith("the gradient by x shares memory with the cotangent:")


def test_a_gradient_that_shares_memory_with_an_input_is_found() -> None:
    report = check_gradient(lambda x: 0.5 * np.sum(x * x), X, gradient=lambda x: x)
    assert only_failure(report).startswith("the gradient by x shares memory with x:")


def in_a_buffer(function: Any) -> Any:
    """The function, with its results in the same array each time."""
    buffer = np.zeros(3)

    def with_buffer(*arguments: Any) -> np.ndarray:
        buffer[...] = function(*arguments)
        return buffer

    return with_buffer


def test_results_in_the_same_array_each_time_are_those_of_their_calls() -> None:
    assert check_gradient(in_a_buffer(np.sin), X, vjp=in_a_buffer(lambda g, x: g * np.cos(x))).ok
    assert check_gradient(in_a_buffer(np.sin), X, jvp=in_a_buffer(lambda t, x: t * np.cos(x))).ok
    assert check_gradient(lambda x: np.sum(x * x), X, gradient=in_a_buffer(lambda x: 2 * x)).ok
    assert check_gradient(np.sin, X, vjp=in_a_buffer(lambda g, x: g * np.cos(x) ** 2)).verdict == "wrong"


def test_parts_of_one_array_that_do_not_overlap_are_no_failure() -> None:
    def vjp(g: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        both = np.stack([g * y, g * x], axis=-1)
        return both[..., 0], both[..., 1]

    assert check_gradient(np.multiply, X, Y, vjp=vjp).ok


def test_a_gradient_that_varies_is_found() -> None:
    rng = np.random.default_rng(0)

    def gradient(x: np.ndarray) -> np.ndarray:
        return 2 * x + rng.normal(scale=1e-8, size=x.shape)

    for varying in (gradient, in_a_buffer(gradient)):
        report = check_gradient(lambda x: np.sum(x * x), X, gradient=varying)
        assert "the gradient by x is not deterministic: two calls with the same inputs differ." in map(str, report.failures)
        assert report.verdict == "wrong"


def test_a_function_that_varies_is_found() -> None:
    rng = np.random.default_rng(0)

    def dropout(x: Any) -> Any:
        return x * rng.integers(0, 2, x.shape)

    for varying in (dropout, in_a_buffer(dropout)):
        report = check_gradient(varying, X, vjp=lambda g, x: g)
        assert only_failure(report) == (
            "f is not deterministic: two calls with the same inputs give different results. Seed its random numbers inside of f."
        )
        assert report.entries == ()


@pytest.mark.parametrize("bend", [np.abs, np.square, np.sign])
def test_a_gradient_that_is_not_linear_in_the_cotangent_is_found(bend: Any) -> None:
    report = check_gradient(lambda x: np.sin(x), X, vjp=lambda g, x: bend(g) * np.cos(x))
    assert any(failure.text.startswith("the gradient by x is not linear in the cotangent:") for failure in report.failures)
    assert report.verdict == "wrong"


def test_a_gradient_that_is_not_zero_for_a_cotangent_of_zeros_is_found() -> None:
    report = check_gradient(lambda x: np.sin(x), X, vjp=lambda g, x: (g + 1e-3) * np.cos(x))
    first = 1e-3 * np.cos(X[0])
    assert list(map(str, report.failures)) == [
        f"the gradient by x is not zero for a cotangent of zeros: it is {first:.6g} at index (0,)."
    ]
    nothing_over_nothing = check_gradient(np.sin, X, vjp=lambda g, x: g / np.sum(np.abs(g)) * np.sum(np.abs(g)) * np.cos(x))
    assert "is nan at index (0,)" in nothing_over_nothing.failures[0].text
