"""By hand, autograd and differences side by side; and mistakes made in autograd's graph to see which gives the same as by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import extend
from autodiff.testing import GradientReport, check_gradient

RNG = np.random.default_rng(11)
X = np.array([0.5, -1.0, 2.0])
POINTS, LABELS = RNG.normal(size=(100, 2)), RNG.integers(0, 2, size=(100, 1)).astype(float)
HIDDEN, OUT, BIAS = RNG.uniform(size=(2, 4)), RNG.uniform(size=(4, 1)), RNG.uniform(size=1)


pytestmark = pytest.mark.usefixtures("registry_as_it_was")


def cube(x: Any) -> Any:
    return np.sum(x**3)


def sum_of(wrong_rule: Callable[..., Any]) -> Callable[..., Any]:
    """The sum of cubes, of which autograd has a wrong rule."""
    operation = extend.primitive(lambda x, /: x**3, {"x": wrong_rule}, name="cube_of_the_comparison")
    return lambda x: np.sum(operation(x))


def otherwise_for_arrays(x: Any) -> Any:
    return np.sum(x**3) + (np.sum(x) if isinstance(x, np.ndarray) else 0)


def lines(report: GradientReport) -> list[str]:
    return str(report).splitlines()


def test_the_table_has_a_column_for_each_of_the_three() -> None:
    report = check_gradient(cube, X, gradient=lambda x: 3 * x)
    assert lines(report)[1].split() == ["argument", "index", "by", "hand", "autograd", "numerical", "bound", "verdict"]
    assert [entry.autograd for entry in report.entries] == pytest.approx([0.75, 3.0, 12.0])
    assert [entry.given for entry in report.entries] == [1.5, -3.0, 6.0]


SENTENCES: dict[str, tuple[Callable[[], Any], Callable[..., Any], str]] = {
    "The gradient by hand, autograd and the differences agree.": (lambda: cube, lambda x: 3 * x**2, "right"),
    "Autograd and the differences agree; the gradient by hand stands alone.": (lambda: cube, lambda x: 3 * x, "wrong"),
    "The gradient by hand and the differences agree; autograd stands alone, at 3 of 3 entries.": (
        lambda: sum_of(lambda g, x: 2 * g * x),
        lambda x: 3 * x**2,
        "right",
    ),
    "The gradient by hand and the differences agree; autograd stands alone, at 1 of 3 entries.": (
        lambda: sum_of(lambda g, x: 3 * g * x * abs(x)),
        lambda x: 3 * x**2,
        "right",
    ),
    "The gradient by hand and autograd agree; the differences stand alone, at 3 of 3 entries.": (
        lambda: otherwise_for_arrays,
        lambda x: 3 * x**2,
        "wrong",
    ),
    "The gradient by hand, autograd and the differences all differ, at 3 of 3 entries.": (
        lambda: sum_of(lambda g, x: 2 * g * x),
        lambda x: x + 7,
        "wrong",
    ),
    "The gradient by hand stands alone at 2 of 3 entries, autograd at 1.": (
        lambda: sum_of(lambda g, x: 3 * g * x * abs(x)),
        lambda x: 3 * x**2 + (x > 0),
        "wrong",
    ),
    "The differences cannot tell anywhere; there the gradient by hand and autograd agree.": (
        lambda: lambda x: np.sum(np.sign(x - X)),
        np.zeros_like,
        "cannot tell",
    ),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_says_which_of_the_three_stands_alone(sentence: str) -> None:
    f, gradient, verdict = SENTENCES[sentence]
    report = check_gradient(f(), X.copy(), gradient=gradient)
    assert report.comparison == sentence
    assert sentence in lines(report)
    assert report.verdict == verdict  # that of the gradient by hand, whatever autograd's is


def test_at_a_kink_each_subgradient_agrees() -> None:
    report = check_gradient(lambda x: np.sum(np.maximum(x, 0)), np.array([0.0, 1.0]), gradient=lambda x: np.where(x > 0, 1, 0.25))
    assert report.comparison == (
        "The gradient by hand, autograd and the differences agree. At 1 entry at a kink, the first two differ, and each is a "
        "subgradient."
    )
    assert report.entries[0].at_kink
    assert report.entries[0].autograd != report.entries[0].given


def test_numbers_that_differ_are_not_said_to_agree_where_the_bound_is_wide() -> None:
    def f(x: Any) -> Any:
        real = x if isinstance(x, ad.Tensor) else np.asarray(x, float)  # no complex numbers, which would tell
        return np.sum(np.abs(real) ** 2) + 1e12  # so that the last digits are lost

    report = check_gradient(f, X, gradient=lambda x: 2 * x + np.array([1e-6, 0, 0]))
    assert report.ok
    assert report.comparison.endswith("the differences agree. At 1 entry the first two differ, each within the bound.")


def test_where_the_differences_cannot_tell_the_three_are_not_said_to_agree() -> None:
    report = check_gradient(lambda x: np.sum(np.sign(x)), np.array([0.0, 1.0, 2.0]), gradient=np.zeros_like)
    assert report.comparison == (
        "The gradient by hand, autograd and the differences agree at 2 of 3 entries. The differences cannot tell at 1 entry; there "
        "the gradient by hand and autograd agree."
    )


def test_two_that_are_no_number_agree() -> None:
    report = check_gradient(lambda x: np.sum(np.log(x)), np.array([-1.0]), gradient=lambda x: np.full_like(x, np.nan))
    assert report.entries[0].verdict == "cannot tell"
    equal = np.isnan(report.entries[0].autograd or 0.0)
    assert report.comparison.endswith("there the gradient by hand and autograd agree.") is bool(equal)


def test_each_cotangent_and_each_argument_is_compared() -> None:
    def f(a: Any, b: Any) -> Any:
        return np.exp(a) * b

    by_vjp = check_gradient(f, X, X + 1, vjp=lambda g, a, b: (g * np.exp(a) * b, g * np.exp(a)))
    by_jvp = check_gradient(f, X, X + 1, jvp=lambda t, a, b: np.exp(a) * (t[0] * b + t[1]))
    for report in (by_vjp, by_jvp):
        assert report.comparison == "The gradient by hand, autograd and the differences agree."
        assert {entry.output for entry in report.entries} == {(0,), (1,), (2,), "random 1", "random 2"}
        assert all(entry.autograd == pytest.approx(entry.numerical, rel=1e-9, abs=1e-12) for entry in report.entries)


def test_single_precision_is_no_disagreement() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.exp(x) * np.tanh(x))

    def gradient(x: np.ndarray) -> np.ndarray:
        return np.exp(x) * (np.tanh(x) + 1 - np.tanh(x) ** 2)

    for dtype in (np.float32, np.float64):
        x = RNG.normal(size=50).astype(dtype)
        assert check_gradient(f, x, gradient=gradient).comparison == "The gradient by hand, autograd and the differences agree."


def test_formulas_that_differ_by_rounding_agree() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(x) * x) + (np.sum(x) if isinstance(x, np.ndarray) else 0)

    x = RNG.normal(size=50).astype(np.float32)
    report = check_gradient(f, x, gradient=lambda x: x / np.cosh(x) ** 2 + np.tanh(x))
    assert any(entry.given != entry.autograd for entry in report.entries)
    assert report.comparison == "The gradient by hand and autograd agree; the differences stand alone, at 50 of 50 entries."


def test_directions_in_a_large_argument_have_no_number_of_autograd() -> None:
    report = check_gradient(cube, RNG.normal(size=400), gradient=lambda x: 3 * x**2)
    assert {entry.autograd is None for entry in report.entries if isinstance(entry.index, str)} == {True}
    assert {entry.autograd is None for entry in report.entries if isinstance(entry.index, tuple)} == {False}


def test_a_mistake_along_a_direction_only_is_not_said_to_be_none() -> None:
    report = check_gradient(lambda x: np.max(np.abs(x)), np.array([1.0, -1.0]), gradient=np.sign)
    assert {entry.index for entry in report.entries if entry.verdict == "wrong"} == {"all at a kink"}
    assert report.comparison == "The gradient by hand, autograd and the differences agree at the 2 entries compared one by one."
    report = check_gradient(
        lambda x: np.max(np.abs(x[:2])) + np.sign(x[2]), np.array([1.0, -1.0, 0.0]), gradient=lambda x: np.sign(x) + 0 * x
    )
    assert report.verdict == "wrong"
    assert report.comparison.startswith(
        "The gradient by hand, autograd and the differences agree at 2 of 3 entries. The differences"
    )


def for_arrays_only(x: Any) -> Any:
    if not isinstance(x, np.ndarray):
        raise TypeError("arrays only")
    return np.sum(x**3)


NO_TENSORS: dict[str, tuple[Callable[..., Any], str]] = {
    "an error": (for_arrays_only, "TypeError: arrays only"),
    "a plain number": (
        lambda x: cube(getattr(x, "_array", x)),
        "TypeError: given tensors, f returned a float64; wanted a Tensor.",
    ),
    "another shape": (
        lambda x: cube(x) if isinstance(x, np.ndarray) else x,
        "ValueError: given tensors, f returned shape (3,), but () given arrays.",
    ),
}


@pytest.mark.parametrize("name", NO_TENSORS)
def test_where_f_takes_no_tensors_two_are_compared_and_the_report_says_why(name: str) -> None:
    f, reason = NO_TENSORS[name]
    for gradient, verdict in ((lambda x: 3 * x**2, "right"), (lambda x: 3 * x**2 + np.tanh(x), "wrong")):
        report = check_gradient(f, X, gradient=gradient)
        assert report.verdict == verdict
        assert report.autograd_error == reason
        assert report.comparison == ""
        assert {entry.autograd for entry in report.entries} == {None}
        assert "gradient given" in str(report)
        assert reason in report.to_html()


def test_a_warning_that_is_an_error_with_tensors_is_a_reason_too() -> None:
    def f(x: Any) -> Any:
        if not isinstance(x, np.ndarray):
            warnings.warn("tensors are slow", stacklevel=2)
        return np.sum(x**3)

    report = check_gradient(f, X, gradient=lambda x: 3 * x**2)
    assert report.ok
    assert report.autograd_error == "UserWarning: tensors are slow"


def test_a_function_that_does_not_depend_on_its_argument_has_the_gradient_zero() -> None:
    report = check_gradient(lambda x: np.sum(np.floor(x)), X + 0.25, gradient=np.zeros_like)
    assert report.comparison == "The gradient by hand, autograd and the differences agree."


def test_autograds_own_gradient_is_not_compared_with_itself() -> None:
    report = check_gradient(cube, X)
    assert (report.comparison, report.autograd_error) == ("", "")
    assert {entry.autograd for entry in report.entries} == {None}


def test_one_call_with_tensors_is_enough() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(type(x))
        return x**3

    assert check_gradient(f, X, vjp=lambda g, x: 3 * g * x**2).ok
    assert calls.count(ad.Tensor) == 1


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def sigmoid_slope(z: Any) -> Any:
    return sigmoid(z) * (1 - sigmoid(z))


def at_output(z: Any) -> Any:
    return sigmoid_slope(sigmoid(z))


def forgotten(z: Any) -> Any:
    return np.ones_like(z)


def with_z_for_its_sigmoid(z: Any) -> Any:
    return z * (1 - z)


def network(wh: Any, wo: Any) -> Any:
    return 0.5 * np.sum((sigmoid(sigmoid(POINTS @ wh) @ wo) - LABELS) ** 2)


def network_by_hand(slope_hidden: Callable[[Any], Any], slope_out: Callable[[Any], Any]) -> Callable[..., Any]:
    def gradient(wh: np.ndarray, wo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        zh = POINTS @ wh
        zo = sigmoid(zh) @ wo
        dzo = (sigmoid(zo) - LABELS) * slope_out(zo)
        return POINTS.T @ (slope_hidden(zh) * (dzo @ wo.T)), sigmoid(zh).T @ dzo

    return gradient


AT_OUTPUT = "sigmoid'(sigmoid(z)) in the place of sigmoid'(z): the derivative of the sigmoid was evaluated at its output"
FORGOTTEN = "1 in the place of sigmoid'(z): the derivative of the sigmoid was forgotten"
WITH_Z = "z in the place of sigmoid(z) in the derivative of the sigmoid, which was written as a formula of its output"
BOTH, FIRST, LAST = "sigmoids of shape (100, 4) and (100, 1)", "sigmoid of shape (100, 4)", "sigmoid of shape (100, 1)"

# The slopes by hand, and what is said: by which arguments, the mistake, at how many entries and which sigmoids.
ARTICLE: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], str, str, int, str]] = {
    "at the output, in both layers": (at_output, at_output, "", AT_OUTPUT, 12, BOTH),
    "at the output, in the hidden layer": (at_output, sigmoid_slope, " by wh", AT_OUTPUT, 8, FIRST),
    "at the output, in the last layer": (sigmoid_slope, at_output, "", AT_OUTPUT, 12, LAST),
    "forgotten in both layers": (forgotten, forgotten, "", FORGOTTEN, 12, BOTH),
    "forgotten in the hidden layer": (forgotten, sigmoid_slope, " by wh", FORGOTTEN, 8, FIRST),
    "forgotten in the last layer": (sigmoid_slope, forgotten, "", FORGOTTEN, 12, LAST),
    "with z for its sigmoid": (with_z_for_its_sigmoid, with_z_for_its_sigmoid, "", WITH_Z, 12, BOTH),
}


@pytest.mark.long
@pytest.mark.parametrize("name", ARTICLE)
def test_a_mistake_in_the_derivative_of_a_sigmoid_is_found_in_a_network(name: str) -> None:
    hidden, out, which, mistake, count, sigmoids = ARTICLE[name]
    (sentence,) = check_gradient(network, HIDDEN, OUT, gradient=network_by_hand(hidden, out)).diagnosis
    start, _, figures = sentence.partition(" (largest difference ")
    assert start == f"The gradient{which} equals the one with {mistake}"
    assert f" over {count} entries; the {sigmoids}, line " in figures
    assert figures.endswith(" of test_three_way.py: return 1 / (1 + np.exp(-z))).")
    assert float(figures.split()[0]) < 1e-12


def test_a_single_layer_with_bias_has_the_same_mistake() -> None:
    def cost(w: Any, b: Any) -> Any:
        return 0.5 * np.sum((ad.sigmoid(POINTS @ w + b) - LABELS) ** 2)

    def by_hand(w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a = sigmoid(POINTS @ w + b)
        delta = (a - LABELS) * sigmoid_slope(a)
        return POINTS.T @ delta, delta.sum(0)

    (sentence,) = check_gradient(cost, HIDDEN[:, :1], BIAS, gradient=by_hand).diagnosis
    assert sentence.startswith(f"The gradient equals the one with {AT_OUTPUT} (largest difference ")
    assert " over 3 entries; the sigmoid of shape (100, 1), line " in sentence


SPELLINGS: dict[str, Callable[[Any], Any]] = {
    "1 / (1 + exp(-z))": sigmoid,
    "exp(z) / (exp(z) + 1)": lambda z: np.exp(z) / (np.exp(z) + 1),
    "(1 + tanh(z / 2)) / 2": lambda z: (1 + np.tanh(z / 2)) / 2,
    "by cases": lambda z: np.where(z > 0, 1 / (1 + np.exp(-abs(z))), np.exp(-abs(z)) / (1 + np.exp(-abs(z)))),
    "ad.sigmoid": ad.sigmoid,
}


@pytest.mark.long
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_sigmoid_is_known_however_it_is_written(spelling: str, dtype: Any) -> None:
    z = RNG.normal(size=(2, 6)).astype(dtype)
    report = check_gradient(lambda z: np.sum(SPELLINGS[spelling](z) ** 2), z, gradient=lambda z: 2 * sigmoid(z) * at_output(z))
    (sentence,) = report.diagnosis
    assert AT_OUTPUT in sentence


OTHERS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], str]] = {
    "tanh at its output": (
        np.tanh,
        lambda z: 1 - np.tanh(np.tanh(z)) ** 2,
        "tanh'(tanh(z)) in the place of tanh'(z): the derivative of the tanh was evaluated at its output",
    ),
    "tanh with z for its value": (
        np.tanh,
        lambda z: 1 - z**2,
        "z in the place of tanh(z) in the derivative of the tanh, which was written as a formula of its output",
    ),
    "relu forgotten": (
        lambda z: np.maximum(z, 0),
        np.ones_like,
        "1 in the place of relu'(z): the derivative of the relu was forgotten",
    ),
    "softplus forgotten": (
        lambda z: np.log(1 + np.exp(z)),
        np.ones_like,
        "1 in the place of softplus'(z): the derivative of the softplus was forgotten",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_activation_functions_are_known_as_well(name: str) -> None:
    function, slope, mistake = OTHERS[name]

    def f(w: Any) -> Any:
        return np.sum(np.exp(function(POINTS[:5] @ w)))

    def vjp(g: np.ndarray, w: np.ndarray) -> np.ndarray:
        z = POINTS[:5] @ w
        return g * (POINTS[:5].T @ (np.exp(function(z)) * slope(z)))

    (sentence,) = check_gradient(f, HIDDEN - 0.5, vjp=vjp).diagnosis
    assert f"The gradient equals the one with {mistake} (largest difference " in sentence


def test_a_jacobian_vector_product_has_the_same_mistakes() -> None:
    (sentence,) = check_gradient(lambda z: sigmoid(3 * z), X, jvp=lambda t, z: 3 * t * at_output(3 * z)).diagnosis
    assert AT_OUTPUT in sentence


def test_another_mistake_beside_it_is_not_taken_for_it() -> None:
    def gradient(wh: np.ndarray, wo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        by_wh, by_wo = network_by_hand(at_output, at_output)(wh, wo)
        return by_wh + np.tanh(wh), by_wo + np.tanh(wo)

    assert check_gradient(network, HIDDEN, OUT, gradient=gradient).diagnosis == ()


def test_a_record_that_fails_or_is_long_gives_no_diagnosis_and_no_error() -> None:
    def fails(z: Any) -> Any:
        return sigmoid(z) if isinstance(z, np.ndarray) else z.no_such_method()

    def long(z: Any) -> Any:
        for _ in range(600):
            z = z * 1.0
        return np.sum(sigmoid(z) ** 2)

    assert check_gradient(fails, X, vjp=lambda g, z: g * sigmoid_slope(z) + g[::-1]).diagnosis == ()
    assert check_gradient(long, X, gradient=lambda z: 2 * sigmoid(z) * at_output(z)).diagnosis == ()


def test_mistakes_are_found_beside_an_operation_of_several_results() -> None:
    halves = extend.primitive(lambda x, /: (x[:3], x[3:]), {"x": lambda g: np.concatenate(g)}, name="halves_of_the_comparison")

    def f(x: Any) -> Any:
        a, b = halves(x)
        return np.sum(np.tanh(a) * np.exp(b))

    def gradient(x: np.ndarray) -> np.ndarray:
        return np.concatenate([np.exp(x[3:]), np.tanh(x[:3]) * np.exp(x[3:])])

    (sentence,) = check_gradient(f, RNG.normal(size=6), gradient=gradient).diagnosis
    assert "the one with 1 in the place of tanh'(z)" in sentence


def test_a_mistake_with_which_an_operation_is_not_defined_is_not_made() -> None:
    def product(a: np.ndarray, x: np.ndarray, /) -> np.ndarray:
        if np.any(np.tril(a, -1)):
            raise ValueError("wanted an upper triangular matrix")
        return a @ x

    rules = {"a": lambda g, x: np.triu(np.outer(g, x)), "x": lambda g, a: a.T @ g}
    operation = extend.primitive(product, rules, name="product_of_the_comparison")
    report = check_gradient(lambda x: operation(np.triu(POINTS[:3, :1] * X), np.exp(x)), X, vjp=lambda g, x: g + np.sin(9 * x))
    assert (report.verdict, report.autograd_error, report.diagnosis) == ("wrong", "", ())


def test_the_mistakes_leave_no_trace() -> None:
    weights = ad.Tensor(OUT, requires_grad=True)

    def f(wh: Any) -> Any:
        return 0.5 * np.sum((ad.sigmoid(ad.sigmoid(POINTS @ wh) @ (1 * weights)) - LABELS) ** 2)

    report = check_gradient(f, HIDDEN, gradient=lambda wh: network_by_hand(at_output, at_output)(wh, OUT)[0])
    assert len(report.diagnosis) == 1
    assert weights.grad is None
    assert check_gradient(f, HIDDEN).ok
