"""A search that is asked for wrongly says what was wanted; one that is asked for inside of a class works."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autodiff.testing import GradientMismatch, find_gradient_error, gradient_test, reals


def squares(x: Any) -> Any:
    return np.sum(x**2)


def power(n: int, x: Any) -> Any:
    return np.sum(x**n)


ERRORS: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (TypeError, "domain 0 is the function reals; wanted what it returns", lambda: find_gradient_error(squares, reals)),
    (TypeError, r"got \(0, 1\); wanted a domain to search", lambda: find_gradient_error(squares, (0, 1))),
    (TypeError, r"got array\(\[1, 2\]\); wanted a domain to search", lambda: find_gradient_error(squares, np.array([1, 2]))),
    (TypeError, r"reals: low is \(2, 3\); wanted a number. Did you mean shape=\(2, 3\)\?", lambda: reals((2, 3))),
    (TypeError, "max_examples is a float; wanted an int", lambda: find_gradient_error(squares, reals(), max_examples=2.5)),
    (TypeError, "seed is a str; wanted an int", lambda: find_gradient_error(squares, reals(), seed="a")),
    (ValueError, "seed is -1; wanted at least 0", lambda: find_gradient_error(squares, reals(), seed=-1)),
    (ValueError, "rng is -1; wanted at least 0", lambda: find_gradient_error(squares, reals(), rng=-1)),
]


@pytest.mark.parametrize(("kind", "text", "call"), ERRORS, ids=[text for _, text, _ in ERRORS])
def test_bad_use_is_an_error_and_not_one_of_the_gradient(kind: type[Exception], text: str, call: Callable[[], Any]) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_an_error_of_the_checker_comes_without_advice_about_the_domain() -> None:
    with pytest.raises(TypeError, match="gradient returned None") as caught:
        find_gradient_error(squares, reals(), gradient=lambda x: None)
    assert caught.value.__notes__ == ["find_gradient_error: this was raised at\nx = np.array(0.0)"]


def test_the_wrong_number_of_domains_is_named() -> None:
    text = "find_gradient_error: wanted a domain for each argument of squares; 2 were given: too many positional arguments."
    with pytest.raises(TypeError, match=text):
        find_gradient_error(squares, reals(), reals(), gradient=lambda x: 2 * x)
    with pytest.raises(TypeError, match=r"argument of power; 1 was given: missing a required argument: 'x'\."):
        find_gradient_error(power, 2.0)


def test_a_partial_and_an_object_are_described_by_what_they_are() -> None:
    class Squares:
        def __call__(self, x: Any) -> Any:
            return squares(x)

    found = find_gradient_error(functools.partial(power, 2), reals(), gradient=functools.partial(lambda n, x: n * x, 1.5))
    assert f"# f is functools.partial of power, line {power.__code__.co_firstlineno} of test_search_use.py." in found.code
    assert "# gradient is functools.partial of " in found.code
    assert "# f is an instance of " in find_gradient_error(Squares(), reals(), gradient=lambda x: 3 * x).code


def of_activation(x: Any, activation: Callable[..., Any]) -> Any:
    return np.sum(activation(x))


def forgets_the_square(x: np.ndarray, activation: Callable[..., Any]) -> np.ndarray:
    return np.asarray(1 - activation(x))


def test_a_function_that_is_passed_on_is_named_in_the_code() -> None:
    found = find_gradient_error(of_activation, reals(-2, 2), np.tanh, gradient=forgets_the_square)
    assert found.code.endswith("assert_gradient(of_activation, x, np.tanh, gradient=forgets_the_square)")
    with pytest.raises(GradientMismatch):
        exec(found.code, {})
    unnamed = find_gradient_error(of_activation, reals(-2, 2), lambda x: np.tanh(x), gradient=forgets_the_square)
    assert "# activation is " in unnamed.code
    assert unnamed.code.endswith("assert_gradient(of_activation, x, activation, gradient=forgets_the_square)")


class TestOfAClass:
    scale = 3.0

    @gradient_test(reals(-5, 5), gradient=lambda x: 6 * x, max_examples=10)
    def test_the_function_may_be_a_method(self, x: Any) -> Any:
        return self.scale * squares(x)

    @staticmethod
    @gradient_test(reals(-5, 5), gradient=lambda x: 2 * x, max_examples=10)
    def test_or_a_static_one(x: Any) -> Any:
        return squares(x)

    @gradient_test(reals(-5, 5), gradient=lambda x: 2 * x)
    def wrong(self, x: Any) -> Any:
        return self.scale * squares(x)

    def test_a_method_with_a_wrong_gradient_fails(self) -> None:
        with pytest.raises(GradientMismatch, match="A gradient error of wrong"):
            self.wrong()


@given(st.integers(1, 3))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.nested_given])
def test_a_search_within_a_test_of_hypothesis_finds_and_shrinks(n: int) -> None:
    assert find_gradient_error(squares, reals(shape=n), gradient=lambda x: 2 * x, max_examples=5).ok
    wrong = find_gradient_error(squares, reals(shape=n), gradient=lambda x: 3 * x)
    assert wrong.counterexample is not None
    assert wrong.counterexample[0].max() == 1.0
    assert set(wrong.counterexample[0].tolist()) <= {0.0, 1.0}


def test_one_evaluation_is_no_plural() -> None:
    def gradient(x: np.ndarray) -> np.ndarray:
        raise KeyError("none")

    assert "; 1 evaluation.\n" in str(find_gradient_error(squares, reals(), gradient=gradient))
