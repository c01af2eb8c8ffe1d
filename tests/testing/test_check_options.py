"""What can be checked, and how: inputs of all kinds, several arguments, large arrays, a limited number of evaluations."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.testing import GradientMismatch, GradientReport, assert_gradient, check_gradient

X = np.array([0.5, -1.0, 2.0])
Y = np.array([[1.5, 0.3, -0.7], [0.1, 0.2, 0.9]])
RNG = np.random.default_rng(5)


def sin(x: Any) -> Any:
    return np.sin(x)


def add(x: Any, y: Any) -> Any:
    return x + y


def outputs(report: GradientReport) -> set[Any]:
    return {entry.output for entry in report.entries}


def test_numbers_lists_arrays_and_tensors_are_inputs() -> None:
    for x in (2.0, [1.0, 2.0], np.array([1.0, 2.0]), np.float32(2), ad.Tensor([1.0, 2.0]), ad.Tensor(2.0, requires_grad=True)):
        assert check_gradient(lambda x: x * x, x).ok


def test_other_inputs_are_passed_on() -> None:
    def f(x: Any, power: int, index: np.ndarray, mask: np.ndarray, name: str, nothing: None) -> Any:
        assert (type(power), name, nothing) == (int, "name", None)
        return np.sum(x[index] ** power) + np.sum(x[mask])

    report = check_gradient(f, X, 2, np.array([0, 0, 2]), X > 0, "name", None)
    assert report.ok
    assert {entry.argument for entry in report.entries} == {"x"}


def test_the_gradient_is_taken_by_the_arguments_of_argnums_in_their_order() -> None:
    def f(a: Any, b: Any, c: Any) -> Any:
        return np.sum(a * b * b * c)

    report = check_gradient(f, 1.5, 2.0, 3.0, argnums=(2, 0), gradient=lambda a, b, c: (a * b * b, b * b * c))
    assert report.ok
    assert [entry.argument for entry in report.entries] == ["c", "a"]
    assert check_gradient(f, 1.5, 2.0, 3.0, argnums=[0, 2], gradient=lambda a, b, c: (a * b * b, b * b * c)).verdict == "wrong"


def test_a_function_of_an_array_of_one_number_may_have_a_gradient() -> None:
    assert check_gradient(lambda x: np.sum(x * x, keepdims=True), X, gradient=lambda x: 2 * x).ok


def test_the_vjp_of_a_function_of_one_number_takes_a_cotangent() -> None:
    assert check_gradient(lambda x: np.sum(x * x), X, vjp=lambda g, x: 2 * g * x).ok
    assert check_gradient(lambda x: np.sum(x * x), X, vjp=lambda g, x: 2 * x).verdict == "wrong"


def test_each_result_is_differentiated_and_random_sums_of_all() -> None:
    assert outputs(check_gradient(lambda x: np.sum(x * x), X)) == {(), "random 1"}
    assert outputs(check_gradient(lambda x: np.sum(x * x), X, gradient=lambda x: 2 * x)) == {()}
    assert outputs(check_gradient(lambda y: y @ X, Y)) == {(0,), (1,), "random 1", "random 2"}
    assert outputs(check_gradient(lambda x: x * x, RNG.normal(size=100))) == {"random 1", "random 2", "random 3"}


def test_a_tensor_that_f_returns_for_arrays_is_taken_as_its_array() -> None:
    weights = ad.Tensor(Y, requires_grad=True)
    assert check_gradient(lambda x: np.tanh(weights @ x), X, order=2).ok
    assert weights.grad is None


def test_second_derivatives_are_taken_by_the_arguments_and_by_the_cotangent() -> None:
    report = check_gradient(lambda x, y: y * np.exp(x), X, Y, order=2)
    assert report.ok
    assert {(entry.order, entry.argument) for entry in report.entries} == {
        (1, "x"),
        (1, "y"),
        (2, "x"),
        (2, "y"),
        (2, "the cotangent"),
    }


def test_of_large_arrays_directions_and_some_entries_are_compared() -> None:
    x = RNG.normal(size=(50, 60))
    report = check_gradient(lambda x: np.sum(np.tanh(x) ** 2), x)
    assert report.ok
    places = {entry.index for entry in report.entries}
    assert places > {"direction 1", "direction 2", "direction 3"}
    assert len(places) < 40
    assert report.evaluations < 1000


def test_small_arguments_beside_large_ones_are_compared_entry_by_entry() -> None:
    report = check_gradient(lambda w, b: np.sum(np.tanh(w + b) ** 2), RNG.normal(size=(300, 3)), X)
    assert report.ok
    assert {entry.index for entry in report.entries if entry.argument == "b"} == {(0,), (1,), (2,)}


@pytest.mark.parametrize("limit", [1, 30, 300])
def test_the_number_of_evaluations_is_limited(limit: int) -> None:
    report = check_gradient(lambda x: np.sum(x * x), RNG.normal(size=200), gradient=lambda x: x.copy(), max_evaluations=limit)
    assert report.evaluations <= limit + 4  # roughly
    assert not report.ok
    assert any(entry.note == "max_evaluations reached" for entry in report.entries)


def test_checks_repeat_themselves_and_differ_by_their_seed() -> None:
    first, again, other, another = (check_gradient(np.tanh, X, rng=rng) for rng in (0, 0, 1, np.random.default_rng(2)))
    assert first == again
    assert len({report.entries[-1].given for report in (first, other, another)}) == 3


def test_single_precision_is_compared_with_derivatives_in_double_precision() -> None:
    x = np.array([0.5, -1.0, 2.0], np.float32)
    dtypes = set()

    def f(x: Any) -> Any:
        dtypes.add(x.dtype)
        return np.exp(x)

    report = check_gradient(f, x)
    assert report.ok
    assert dtypes == {np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.complex128)}  # the last for the complex step
    assert check_gradient(f, x, vjp=lambda g, x: g * np.exp(x) * np.float32(1 + 1e-4)).verdict == "wrong"


def test_a_function_of_single_precision_only_is_compared_as_it_is() -> None:
    def f(x: Any) -> Any:
        if x.dtype != np.float32:
            raise TypeError("float32 only")
        return np.tanh(x)

    x = np.array([0.5, -1.0, 2.0], np.float32)
    assert check_gradient(f, x).ok
    assert check_gradient(f, x, vjp=lambda g, x: g * (1 - np.tanh(x))).verdict == "wrong"


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, RuntimeError, AssertionError, TypeError, KeyError, IndexError])
def test_errors_of_f_and_its_gradient_outside_of_the_domain_are_its_edge_and_inside_are_errors(error: type[Exception]) -> None:
    def in_domain(x: Any, value: Any) -> Any:
        if (x < 1).any():
            raise error("wanted numbers from 1 on")
        return value(x)

    def f(x: Any) -> Any:
        return in_domain(x, np.log)

    def noisy(x: Any) -> Any:
        return f(x) + 1e-9 * np.sin(1e20 * np.asarray(x))

    for x in (np.array([1.0 + 1e-9, 2.0]), np.array([1.0, 2.0])):
        assert check_gradient(f, x).ok
        assert check_gradient(noisy, x, vjp=lambda g, x: in_domain(x, lambda x: g / x)).verdict != "wrong"
        assert check_gradient(noisy, x, vjp=lambda g, x: in_domain(x, lambda x: g / x**2)).verdict == "wrong"
    with pytest.raises(error, match="wanted numbers from 1 on"):
        check_gradient(f, X)
    with pytest.raises(error, match="wanted numbers from 1 on"):
        check_gradient(np.log, X + 2, vjp=lambda g, x: in_domain(x - 2, np.cos))


def test_where_a_number_turns_complex_is_an_edge_of_the_domain() -> None:
    assert check_gradient(lambda x: x**1.5 if isinstance(x, float) else float(x) ** 1.5, 0.0, gradient=lambda x: 1.5 * x**0.5).ok


def test_a_mistake_in_a_long_table_is_in_its_first_row() -> None:
    def gradient(x: np.ndarray) -> np.ndarray:
        result = 2 * x
        result[57] += 1e-3
        return result

    lines = str(check_gradient(lambda x: np.sum(x * x), np.arange(1.0, 101.0), gradient=gradient)).splitlines()
    assert lines[0].startswith("The gradient of <lambda> is wrong. 100 entries compared: 1 wrong, 99 right; ")
    assert lines[1].split() == ["argument", "index", "by", "hand", "autograd", "numerical", "bound", "verdict"]
    assert lines[2].split()[:5] == ["x", "(57,)", "116.001", "116", "116"]
    assert lines[2].endswith("wrong")
    assert len(lines) == 24
    assert lines[-2] == "... and 80 more, all right"
    assert lines[-1] == "Autograd and the differences agree; the gradient by hand stands alone."
    assert len({line.index("  ") > 0 and len(line.split("  ")[0]) for line in lines[2:-2]}) == 1


def test_failures_are_listed_below_the_table() -> None:
    text = str(check_gradient(lambda x: np.sum(x * x) / 2, X, gradient=lambda x: x))
    assert text.splitlines()[0].startswith("The gradient of <lambda> is wrong. 3 entries compared: 3 right; 1 other failure; ")
    assert text.splitlines()[-1].startswith("- the gradient by x shares memory with x")


def test_an_unknown_gradient_fails_an_assertion_as_well() -> None:
    with pytest.raises(GradientMismatch, match="not known to be right: the differences cannot tell"):
        assert_gradient(np.sign, np.array([0.0]))


TWO = [X, X + 1]
COMPLEX = (
    "wanted a real number, an array of real numbers, or a Tensor. "
    "Check its real and its imaginary part each: lambda *inputs: f(*inputs).real, and the same with .imag."
)
ERRORS: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (TypeError, "f returned None; wanted a real number", lambda: check_gradient(lambda x: None, X)),
    (
        TypeError,
        "f returned None; wanted a real number, an array of real numbers, or a Tensor. Does it lack",
        lambda: check_gradient(print, X),
    ),
    (TypeError, "f returned a tuple of 2; wanted", lambda: check_gradient(lambda x: (x, x), X)),
    (TypeError, "Check its results one at a time: lambda *inputs: f(*inputs)[0].", lambda: check_gradient(lambda x: [x, x], X)),
    (TypeError, f"f returned an array of dtype complex128; {COMPLEX}", lambda: check_gradient(lambda x: x * 1j, X)),
    (TypeError, f"f returned an array of dtype complex128; {COMPLEX}", lambda: check_gradient(lambda x: np.sum(x + 0j), X)),
    (TypeError, f"f returned a complex; {COMPLEX}", lambda: check_gradient(lambda x: 1j, X)),
    (TypeError, "f returned a str; wanted", lambda: check_gradient(lambda x: "x", X)),
    (TypeError, "vjp is a list; wanted a function.", lambda: check_gradient(np.sin, X, vjp=[])),
    (TypeError, "got a int, a list of 2; wanted an input of floating point", lambda: check_gradient(np.add, 3, [1, 2])),
    (TypeError, "argnums has 1, but y is a int; wanted floating point.", lambda: check_gradient(add, X, 3, argnums=1)),
    (
        ValueError,
        "argnums is -1, but there are 1 inputs; wanted positions from 0 to 0.",
        lambda: check_gradient(np.sin, X, argnums=-1),
    ),
    (
        ValueError,
        "argnums is (0, 0); wanted at least one position, and each one once.",
        lambda: check_gradient(np.sin, X, argnums=(0, 0)),
    ),
    (ValueError, "argnums is (); wanted at least one position", lambda: check_gradient(np.sin, X, argnums=())),
    (ValueError, "check_gradient: x is inf at index (); wanted finite numbers.", lambda: check_gradient(sin, np.inf)),
    (
        ValueError,
        "gradient= is for a function that returns one number, but f returned shape (3,). Pass vjp=, a function of the",
        lambda: check_gradient(np.sin, X, gradient=np.cos),
    ),
    (
        ValueError,
        "vjp returned an array of dtype float64; wanted a tuple of 2, by x, y. By which ones is chosen by argnums=.",
        lambda: check_gradient(add, *TWO, vjp=lambda g, x, y: g),
    ),
    (
        TypeError,
        "vjp returned a tuple of 2 as the gradient by y; wanted an array of real numbers.",
        lambda: check_gradient(add, *TWO, argnums=1, vjp=lambda g, x, y: (g, g)),
    ),
    (
        TypeError,
        "gradient returned None as the gradient by x; wanted an array of real numbers.",
        lambda: check_gradient(lambda x: np.sum(x), X, gradient=lambda x: None),
    ),
]


@pytest.mark.parametrize(("kind", "text", "call"), ERRORS, ids=[text for _, text, _ in ERRORS])
def test_bad_use_is_an_error_that_says_what_was_wanted(kind: type[Exception], text: str, call: Callable[[], Any]) -> None:
    with pytest.raises(kind, match=re.escape(text)) as caught:
        call()
    assert str(caught.value).startswith("check_gradient: ")


@pytest.mark.parametrize("option", [{"rtol": -1e-3}, {"atol": np.nan}, {"rtol": np.inf}, {"atol": "small"}])
def test_a_tolerance_that_is_none_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"check_gradient: [ra]tol is .*; wanted a number that is not negative"):
        check_gradient(np.sin, np.ones(2), **option)


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"max_evaluations": 0}, "max_evaluations is 0; wanted a positive integer"),
        ({"max_evaluations": "many"}, "max_evaluations is 'many'; wanted a positive integer"),
        ({"rng": -1}, "rng is -1; wanted a seed, an integer that is not negative, or a generator"),
        ({"argnums": "x"}, "argnums is 'x'; wanted the position of an input, or a tuple of positions"),
        ({"argnums": 0.0}, "argnums is 0.0; wanted the position of an input, or a tuple of positions"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(option: dict[str, Any], text: str) -> None:
    with pytest.raises((TypeError, ValueError), match=text):
        check_gradient(np.sin, np.ones(2), **option)


def test_inputs_of_the_other_byte_order_are_numbers_like_others() -> None:
    assert check_gradient(np.sin, np.linspace(0, 1, 3).astype(">f8"), vjp=lambda g, x: g * np.cos(x)).ok


def test_a_gradient_may_be_undefined_far_from_the_point() -> None:
    far = []

    def gradient(x: np.ndarray) -> np.ndarray:
        if np.any(np.abs(x - 20) > 4):
            far.append(x)
            raise RuntimeError("not there")
        return 1 - np.tanh(x) ** 2

    assert check_gradient(lambda x: np.sum(np.tanh(x)), np.full(2, 20.0), gradient=gradient).verdict != "wrong"
    assert far


def test_what_a_gradient_does_to_other_inputs_elsewhere_is_done_to_a_copy() -> None:
    powers, seen = np.array([1, 3]), []

    def gradient(x: np.ndarray, k: np.ndarray) -> np.ndarray:
        if np.any(np.abs(x - 20) > 4):
            seen.append(k.tolist())
            k += 1  # which is not seen at the point itself
        return k * np.tanh(x) ** (k - 1) * (1 - np.tanh(x) ** 2)

    report = check_gradient(lambda x, k: np.sum(np.tanh(x) ** k), np.full(2, 20.0), powers, gradient=gradient)
    assert report.verdict != "wrong"
    assert seen
    assert all(k == [1, 3] for k in seen)
