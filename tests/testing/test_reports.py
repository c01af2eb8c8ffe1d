"""What a check says, and what it says of a call that makes no sense."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.testing import GradientFailure, GradientMismatch, GradientReport, assert_gradient, check_gradient

X = np.array([1.0, 2.0])


def test_a_right_report_says_so_and_how_much_was_compared() -> None:
    report = check_gradient(lambda x: np.sum(x**2), X)
    assert report.ok
    assert str(report).startswith("The gradient of <lambda> is right. ")
    assert f"{report.evaluations} evaluations" in str(report)


def test_a_wrong_report_shows_the_worst_first_and_at_most_twenty_rows() -> None:
    x = np.linspace(1, 2, 50)
    text = str(check_gradient(lambda x: np.sum(x**2), x, gradient=lambda x: 2 * x + np.arange(50) * 0.01))
    header, *rows = text.splitlines()[1:]
    assert header.split() == ["argument", "index", "by", "hand", "autograd", "numerical", "bound", "verdict"]
    table = [row for row in rows if row.endswith("wrong")]
    assert 1 < len(table) <= 20
    assert "(49,)" in table[0]
    assert len({row.index(" wrong") for row in table}) == 1


def test_the_columns_are_aligned() -> None:
    text = str(check_gradient(lambda x: np.sum(x**3), X * 100, gradient=lambda x: 3 * x**2 + [0, 1]))
    table = text.splitlines()[1:4]
    for name in ("by hand", "autograd", "numerical", "bound"):
        end = table[0].index(name) + len(name)
        assert all(row[end - 1] != " " and row[end : end + 2] == "  " for row in table)


def test_the_sentences_follow_the_table_and_the_failures_come_last() -> None:
    lines = str(check_gradient(lambda x: np.sum(x**2), X, gradient=lambda x: x)).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["The", "argument", "x", "x", "Autograd", "Diagnosis:", "-"]


def test_entries_at_a_kink_that_pass_as_subgradients_are_counted() -> None:
    x = np.array([-1.0, 0.0, 0.0, 2.0])
    report = check_gradient(lambda x: np.sum(np.maximum(x, 0)), x, gradient=lambda x: np.where(x == 0, 0.3, x > 0))
    assert " right (2 at a kink, as subgradients); " in report.summary
    one = check_gradient(lambda x: np.sum(np.maximum(x, 0)), x[:2], gradient=lambda x: np.where(x == 0, 0.3, 1.0 * (x > 0)))
    assert ": 2 right (1 at a kink, as a subgradient); " in one.summary
    wrong = check_gradient(lambda x: np.sum(np.maximum(x, 0)), x, gradient=lambda x: np.where(x == 0, 1.3, x > 0))
    assert "subgradient" not in wrong.summary


def two_factors(gradient: Any) -> GradientReport:
    return check_gradient(lambda a, b: np.sum(a * b**2), X, X + 1, gradient=gradient)


def test_the_second_line_sums_up_each_argument() -> None:
    report = two_factors(lambda a, b: (b**2, np.where(b > 2.5, 2, 1) * a * b))
    assert str(report).splitlines()[1] == report.by_argument == "right: a; wrong: b in 1 of 2"
    assert two_factors(lambda a, b: (b, a)).by_argument == "wrong: a in 2 of 2, b in 2 of 2"
    assert two_factors(lambda a, b: (b**2, 2 * a * b)).by_argument == "right: a, b"
    assert check_gradient(np.sum, X).by_argument == ""
    unsure = check_gradient(lambda a, b: np.sum(np.sign(a)) + np.sum(b), [0.0, 1.0], [2.0], gradient=lambda a, b: (0 * a, b / 2))
    assert unsure.by_argument == "right: b; cannot tell: a in 1 of 2"


def test_an_entry_of_which_any_derivative_is_wrong_is_counted_once() -> None:
    report = check_gradient(lambda a, b: a * b, X, X + 1, vjp=lambda g, a, b: (g * b, g * np.array([a[0], 0])))
    assert report.by_argument == "right: a; wrong: b in 1 of 2"


def test_the_text_says_why_autograd_has_no_part() -> None:
    report = check_gradient(lambda x: math.exp(x), 1.0, gradient=np.exp)
    assert report.autograd_error
    assert str(report).splitlines()[-1] == f"Not compared with autograd: {report.autograd_error}"
    assert "Not compared" not in str(check_gradient(lambda x: np.exp(x), 1.0, gradient=lambda x: np.exp(x)))


def test_a_gradient_that_lacks_a_small_constant_is_said_to_agree_to_many_digits() -> None:
    def loss(p: Any) -> Any:
        return -np.sum(np.log(p + 1e-8))

    report = check_gradient(loss, np.array([0.3, 0.9]), gradient=lambda p: -1 / p)
    assert report.verdict == "wrong"
    assert report.summary.startswith(
        "The gradient of loss is wrong, but it agrees to 7 digits: as if a small constant were missing, such as the epsilon of a "
        "logarithm. 2 entries compared: 1 wrong, 1 right; "
    )
    assert "digits" not in check_gradient(loss, np.array([0.3, 0.9]), gradient=lambda p: -1 / p - [0, 1e-3]).summary
    for small, digits in ((3e-7, 6), (4e-8, 7)):
        text = check_gradient(lambda x: np.sum(x**2), X, gradient=lambda x, small=small: 2 * x * (1 + small)).summary
        assert f"is wrong, but it agrees to {digits} digits: " in text
    assert "digits" not in check_gradient(lambda x: np.sum(x**2), X, gradient=lambda x: 2 * x * (1 + 2e-6)).summary


@pytest.mark.parametrize("dtype", [int, bool, np.float32])
def test_a_right_gradient_of_another_dtype_has_a_verdict_of_its_own(dtype: Any) -> None:
    name = np.dtype(dtype).name
    report = check_gradient(lambda x: np.sum(x), X, gradient=lambda x: np.ones(2, dtype))
    assert (report.verdict, report.ok, report.diagnosis) == ("wrong dtype", False, ())
    text = f"the gradient by x has dtype {name}, but x has dtype float64."
    assert report.failures == (GradientFailure("dtype", text),)
    assert report.summary.startswith(f"The gradient of <lambda> is right but for its type: {text} 2 entries compared: 2 right; ")
    with pytest.raises(GradientMismatch, match="is right but for its type"):
        assert_gradient(lambda x: np.sum(x), X, gradient=lambda x: np.ones(2, dtype))
    wrong = check_gradient(lambda x: np.sum(x), X, gradient=lambda x: np.full(2, 3, dtype))
    assert (wrong.verdict, wrong.ok) == ("wrong dtype" if dtype is bool else "wrong", False)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_the_numbers_of_another_dtype_are_held_to_its_precision(dtype: Any) -> None:
    def verdict(factor: float) -> str:
        def vjp(g: np.ndarray, x: np.ndarray, y: np.ndarray) -> Any:
            return (factor * g * np.cos(x) * np.exp(y)).astype(dtype), g * np.sin(x) * np.exp(y)

        return check_gradient(lambda x, y: np.sin(x) * np.exp(y), X, X / 3, vjp=vjp).verdict

    def jvp(t: np.ndarray, x: np.ndarray) -> np.ndarray:
        return (t * np.cos(x)).astype(dtype)

    eps = float(np.finfo(dtype).eps)
    assert (verdict(1.0), verdict(1 + eps), verdict(1 + 200 * eps)) == ("wrong dtype", "wrong dtype", "wrong")
    assert check_gradient(np.sin, X, jvp=jvp).verdict == "wrong dtype"
    rounded_before = check_gradient(lambda x: np.sum(np.exp(x)), X, gradient=lambda x: np.exp(x.astype(dtype)))
    assert rounded_before.verdict == "wrong dtype", str(rounded_before)


def test_another_dtype_is_no_licence_for_the_gradient_by_another_argument() -> None:
    def gradient(x: np.ndarray, y: np.ndarray) -> Any:
        return y.astype(np.float32), x * (1 + 1e-6)

    assert check_gradient(lambda x, y: np.sum(x * y), X, X + 1, gradient=gradient).by_argument == "right: x; wrong: y in 2 of 2"


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_an_argument_without_elements_is_said_to_leave_nothing_to_compare(shape: tuple[int, ...]) -> None:
    report = check_gradient(lambda x: np.sum(x), np.zeros(shape))
    nothing = "There was nothing to compare, as the arguments have no elements"
    assert report.verdict == "right"
    assert report.summary == f"The gradient of <lambda> is right. {nothing}; {report.evaluations} evaluations."
    failing = check_gradient(lambda x: np.sum(x), np.zeros(shape), gradient=lambda x: np.ones(1))
    assert failing.summary.startswith("The gradient of <lambda> is wrong. 0 entries compared; 1 other failure; ")


def test_another_dtype_hides_no_other_failure() -> None:
    report = check_gradient(np.sum, X, vjp=lambda g, x: np.full(2, np.rint(abs(g)), int))
    assert {failure.kind for failure in report.failures} == {"dtype", "linearity"}
    assert report.verdict == "wrong"
    unsure = check_gradient(lambda x: np.sum(np.sign(x)), np.zeros(1), gradient=lambda x: np.zeros(1, int))
    assert unsure.verdict == "cannot tell"


def test_the_repr_is_one_line() -> None:
    report = check_gradient(lambda x: np.sum(x**2), X, gradient=lambda x: x + 1)
    assert repr(report) == f"<{report.summary}>"
    assert repr(report).startswith("<The gradient of <lambda> is wrong. 2 entries compared: 1 wrong, 1 right; ")
    assert "\n" not in repr(report)


def test_the_error_of_assert_gradient_is_the_report() -> None:
    with pytest.raises(GradientMismatch) as caught:
        assert_gradient(lambda x: np.sum(x**2), X, gradient=lambda x: x + 1)
    assert isinstance(caught.value, AssertionError)
    assert str(caught.value) == str(caught.value.report)


def test_argnums_chooses_the_arguments() -> None:
    report = check_gradient(lambda x, y: np.sum(x * y), X, X + 1, gradient=lambda x, y: x.copy(), argnums=1)
    assert report.ok
    assert {entry.argument for entry in report.entries} == {"y"}


def test_a_tolerance_can_be_given() -> None:
    def gradient(x: np.ndarray) -> np.ndarray:
        return 2 * x * (1 + 1e-6)

    assert check_gradient(lambda x: np.sum(x**2), X, gradient=gradient).verdict == "wrong"
    assert check_gradient(lambda x: np.sum(x**2), X, gradient=gradient, rtol=1e-5).ok
    assert check_gradient(lambda x: np.sum(x**2), X, gradient=gradient, atol=1e-5).ok


def test_the_inputs_are_left_as_they_were_and_no_grad_appears() -> None:
    x, t = X.copy(), ad.Tensor(X, requires_grad=True)
    check_gradient(lambda a, b: np.sum(a * b), x, t, order=2)
    assert x.tolist() == [1, 2]
    assert t.grad is None


def test_warnings_of_numpy_outside_of_the_domain_do_not_escape() -> None:
    assert check_gradient(lambda x: np.sum(np.sqrt(x)), np.array([1e-12])).verdict != "wrong"


ERRORS: list[tuple[type[Exception], str, Any]] = [
    (TypeError, "check_gradient: f is a int; wanted a function", lambda: check_gradient(3, X)),
    (TypeError, "check_gradient: got no inputs; wanted an input of floating point", lambda: check_gradient(np.sum)),
    (TypeError, "check_gradient: got an array of dtype int64; wanted", lambda: check_gradient(np.sum, np.arange(3))),
    (ValueError, "check_gradient: argnums is 2, but there are 1 inputs", lambda: check_gradient(np.sum, X, argnums=2)),
    (ValueError, "check_gradient: order is 3; wanted 1 or 2", lambda: check_gradient(np.sum, X, order=3)),
    (ValueError, "order=2 differentiates autograd's gradient", lambda: check_gradient(np.sum, X, order=2, gradient=np.ones_like)),
    (ValueError, "both gradient= and vjp= were given", lambda: check_gradient(np.sum, X, gradient=np.sin, vjp=np.sin)),
    (ValueError, "gradient= is for a function that returns one number", lambda: check_gradient(np.sin, X, gradient=np.cos)),
    (
        ValueError,
        "check_gradient: x is nan at index (1,); wanted finite",
        lambda: check_gradient(lambda x: np.sum(x), np.array([1, np.nan])),
    ),
]


@pytest.mark.parametrize(("kind", "text", "call"), ERRORS, ids=[text for _, text, _ in ERRORS])
def test_a_call_that_makes_no_sense_is_an_error_that_says_so(kind: type[Exception], text: str, call: Any) -> None:
    with pytest.raises(kind, match=re.escape(text)):
        call()


@pytest.mark.parametrize("result", [None, "text", [object()]])
def test_a_function_that_returns_no_numbers_is_an_error(result: Any) -> None:
    with pytest.raises(TypeError, match="check_gradient: f returned"):
        check_gradient(lambda x: result, X, gradient=np.ones_like)
