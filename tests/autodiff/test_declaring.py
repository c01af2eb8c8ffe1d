"""`primitive` as a decorator: an operation of one's own, which is as those of the table are."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from finite_differences import derivative
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.registry import numpy_table, registry
from autodiff.testing import assert_gradient, check_gradient
from docs.entries import entries

pytestmark = pytest.mark.usefixtures("registry_as_it_was")

X = np.array([0.5, -1.0, 2.0])
A = np.array([[1.0, 2.0, -1.0], [0.5, -3.0, 2.0]])


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


def softplus() -> Any:
    @ad.primitive
    def softplus(x: Any) -> Any:
        """Log of one plus the exponential."""
        return np.logaddexp(0, x)

    return softplus.derivative(lambda g, x: g * ad.sigmoid(x))


def scaled() -> Any:
    @ad.primitive
    def scaled(a: Any, b: Any, power: int = 2, *, factor: float = 1.0) -> Any:
        return factor * a * b**power

    return scaled.derivative(
        lambda g, b, power, factor: factor * g * b**power,
        lambda g, a, b, power, factor: factor * g * a * power * b ** (power - 1),
    )


# --- it is as the operations of the table are ------------------------------------------------------------------------------------


def test_it_has_derivatives_of_any_order() -> None:
    f = softplus()
    assert_gradient(f, X, order=2)
    third = ad.grad(ad.grad(ad.grad(f)))
    assert third(0.3) == pytest.approx(float(derivative(lambda x: float(ad.grad(ad.grad(f))(x)), np.array(0.3))), rel=1e-7)
    assert check_gradient(f, X).ok


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_it_has_every_transform(x: list[float], u: list[float]) -> None:
    f, g = softplus(), lambda x: np.logaddexp(0, x)
    assert_allclose(ad.jvp(f, (x,), (u,)), ad.jvp(g, (x,), (u,)), atol=1e-15)
    assert_allclose(ad.jacobian(f)(x), ad.jacobian(g)(x), atol=1e-15)
    assert_allclose(ad.hessian(lambda x: np.sum(f(x) ** 2))(x), ad.hessian(lambda x: np.sum(g(x) ** 2))(x), rtol=1e-9, atol=1e-12)
    assert_allclose(ad.grad(lambda x: ad.checkpoint(f)(x).sum())(x), ad.grad(lambda x: g(x).sum())(x), atol=1e-15)


def test_of_arrays_it_computes_what_the_function_does() -> None:
    f, g = softplus(), scaled()
    assert type(f(X)) is np.ndarray
    assert_array_equal(f(X), np.logaddexp(0, X))
    assert type(f(0.5)) is np.float64
    assert_array_equal(g(A, X, 3, factor=2.0), 2.0 * A * X**3)
    assert_array_equal(g(b=X, a=A), A * X**2)


def test_a_broadcast_is_undone_and_parameters_are_passed_on() -> None:
    f = scaled()
    for a, b in ((A, X), (X, A), (2.0, X), (A[:, :1], X)):
        assert_gradient(f, np.array(a), np.array(b), order=2)
        assert_gradient(lambda a, b: f(a, b, 3, factor=2.0), np.array(a), np.array(b), order=2)
        assert_gradient(lambda a, b: f(a, b, power=1), np.array(a), np.array(b), order=2)


def test_an_array_may_have_no_derivative() -> None:
    gated = ad.primitive(lambda x, gate: x * gate).derivative(lambda g, gate: g * gate, None)
    x, gate = leaf(X), leaf([1.0, 0.0, 1.0])
    gated(x, gate).sum().backward()
    assert_array_equal(x.grad.numpy(), [1.0, 0.0, 1.0])
    assert gate.grad is None


def test_there_may_be_several_results() -> None:
    @ad.primitive
    def polar(a: Any, b: Any) -> Any:
        return np.hypot(a, b), np.arctan2(b, a)

    polar.derivative(
        lambda g, y: g[0] * np.cos(y[1]) - g[1] * np.sin(y[1]) / y[0],
        lambda g, y: g[0] * np.sin(y[1]) + g[1] * np.cos(y[1]) / y[0],
    )
    length, angle = polar(leaf(3.0), 4.0)
    assert (length.item(), angle.item()) == (5.0, np.arctan2(4.0, 3.0))
    by_a, by_b = ad.jacobian(lambda a, b: np.stack(polar(a, b)), (0, 1))(3.0, 4.0)
    assert_allclose(by_a, [3 / 5, -4 / 25])
    assert_allclose(by_b, [4 / 5, 3 / 25])
    assert_gradient(lambda a, b: polar(a, b)[0] * polar(a, b)[1], np.array(3.0), np.array(4.0), order=2)


def test_an_array_that_is_called_y_is_that_in_the_rules() -> None:
    product = ad.primitive(lambda x, y: x * y).derivative(lambda g, y: g * y, lambda g, x: g * x)
    assert ad.grad(product, (0, 1))(3.0, 4.0) == (4.0, 3.0)


def test_a_kernel_that_knows_nothing_of_tensors() -> None:
    """The root of x³ + x = a by Newton's method: the implicit function theorem gives the derivative, 1 / (3x² + 1)."""

    @ad.primitive
    def root(a: Any) -> Any:
        assert not isinstance(a, ad.Tensor)
        x = np.array(a, dtype=float)
        while np.max(np.abs(step := (x**3 + x - a) / (3 * x**2 + 1))) > 1e-12:
            x -= step
        return x

    root.derivative(lambda g, y: g / (3 * y**2 + 1))
    assert_gradient(root, X, order=2)


def test_a_ufunc_takes_tensors_itself() -> None:
    special = pytest.importorskip("scipy.special")
    with pytest.raises(TypeError, match="has no derivative rule"):
        special.exprel(leaf(X))
    f = ad.primitive(special.exprel).derivative(lambda g, x, y: g * (np.exp(x) - y) / x)
    for function in (f, special.exprel):
        assert_gradient(function, X, order=2)
    out = np.zeros(3)
    assert special.exprel(X, out=out) is out
    with pytest.raises(ValueError, match=r"^primitive: np\.exp is an operation already\. For other rules wrap it: ad\.primitive\("):
        ad.primitive(np.exp)
    with pytest.raises(ValueError, match=r"^primitive: scipy\.special\.erf is an operation already"):
        ad.primitive(special.erf)


def test_a_ufunc_of_several_arrays_calls_them_a_and_b() -> None:
    special = pytest.importorskip("scipy.special")
    f = ad.primitive(special.boxcox).derivative(b=None, a=lambda g, a, b: g * a ** (b - 1))
    assert repr(f) == "<primitive boxcox(a, b)>"
    assert_gradient(lambda a: special.boxcox(a, 0.3), np.abs(X), order=2)


# --- names -----------------------------------------------------------------------------------------------------------------------


def test_it_can_be_defined_again_and_have_the_name_of_an_operation() -> None:
    def define(factor: float) -> Any:
        @ad.primitive
        def exp(x: Any) -> Any:
            return factor * x

        return exp.derivative(lambda g: factor * g)

    first, second = define(2.0), define(3.0)
    assert [ad.grad(f)(1.0) for f in (first, second, first, ad.exp)] == [2.0, 3.0, 2.0, np.e]
    assert registry["exp"].call is ad.exp
    assert registry[f"{__name__}.exp"].name == "exp"
    special = pytest.importorskip("scipy.special")
    rules: list[tuple[Any, float]] = [(lambda g: 2.0 * g, 2.0), (lambda g: 3.0 * g, 3.0)]
    for rule, slope in rules:
        ad.primitive(special.exprel).derivative(rule)
        assert_array_equal(ad.grad(lambda x: special.exprel(x).sum())(X), np.full(3, slope))
    f = softplus()
    f.derivative(lambda g: 5.0 * g)
    assert ad.grad(f)(1.0) == 5.0


def test_it_is_none_of_the_operations_of_the_packages() -> None:
    before = entries()
    softplus()
    assert entries() == before


def test_it_shows_what_the_function_is() -> None:
    f, g = softplus(), ad.primitive(lambda x, /, n=1: x)
    assert (f.__name__, f.__doc__) == ("softplus", "Log of one plus the exponential.")
    assert list(inspect.signature(scaled()).parameters) == ["a", "b", "power", "factor"]
    assert repr(f) == "<primitive softplus(x)>"
    assert repr(g) == "<primitive <lambda>(x, n), without a derivative>"
    assert repr(f(leaf(0.0))).endswith("grad_fn=<softplus>)")


# --- before there is a derivative, and errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_pickled_and_copied_as_a_function_is(protocol: int, monkeypatch: pytest.MonkeyPatch) -> None:
    f = softplus()
    monkeypatch.setitem(globals(), "softplus", f)
    assert pickle.loads(pickle.dumps(f, protocol)) is f
    assert copy.copy(f) is copy.deepcopy(f) is f


def test_before_it_has_a_derivative_it_computes() -> None:
    f = ad.primitive(lambda x, n=1: (x * n, x))
    assert_array_equal(f(X, n=2)[0], 2 * X)
    for result in (f(ad.Tensor(X)), ad.no_grad()(lambda: f(leaf(X)))()):
        assert all(isinstance(y, ad.Tensor) and not y.requires_grad for y in result)
    assert isinstance(ad.primitive(np.sinc)(ad.Tensor(X)), ad.Tensor)


def test_before_it_has_a_derivative_a_gradient_is_an_error_that_shows_how_to_add_one() -> None:
    @ad.primitive
    def product(a: Any, b: Any) -> Any:
        return a * b

    text = (
        "product: a tensor requires grad, but no derivative has been given. Add one rule for each array, a function of g, the "
        "cotangent of the result: product.derivative(lambda g, a: ..., lambda g, b: ...)."
    )
    for call in (lambda: product(leaf(X), 2.0), lambda: product(b=leaf(X), a=2.0), lambda: ad.grad(product)(1.0, 2.0)):
        with pytest.raises(TypeError, match="^" + re.escape(text) + "$"):
            call()


@pytest.mark.parametrize(
    ("rules", "by_name", "got"),
    [
        ((), {}, "0"),
        ((lambda g: g,), {}, "1"),
        ((lambda g: g,) * 3, {}, "3"),
        ((lambda g: g,), {"a": None}, "1 in order, a"),
        ((lambda g: g,), {"c": None}, "1 in order, c"),
        ((), {"b": None}, "0 in order, b"),
    ],
)
def test_rules_that_do_not_match_the_arrays_are_an_error(rules: Any, by_name: Any, got: str) -> None:
    text = "scaled.derivative: wanted one rule for each array, a, b, and None for one by which nothing is differentiated; got "
    f = scaled()
    with pytest.raises(ValueError, match="^" + re.escape(text + got + ".") + "$"):
        f.derivative(*rules, **by_name)
    assert ad.grad(f)(2.0, 3.0) == 9.0


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: ad.primitive(lambda *x: x), TypeError, "<lambda> takes its arrays as *x; wanted one parameter for each, as in def"),
    (lambda: ad.primitive(lambda x=1: x), TypeError, "<lambda> has no arrays: its positional parameters without a default are the"),
    (
        lambda: ad.primitive(lambda *, x: x),
        TypeError,
        "<lambda> has no arrays: its positional parameters without a default are the",
    ),
    (
        lambda: scaled().derivative(None, None),
        ValueError,
        "scaled has no rules. A function without derivatives needs no primitive.",
    ),
    (lambda: scaled().derivative(lambda g, z: g, None), ValueError, "a rule of scaled asks for z; it can have y, a, b, a_shape, b"),
    (lambda: ad.primitive(max), TypeError, "max does not tell its parameters. Wrap it: ad.primitive(lambda x: max(x))."),
    (lambda: ad.primitive("sin"), TypeError, "got 'sin'; wanted a function of arrays."),
    (lambda: scaled().derivative(3, None), TypeError, "a rule of scaled is int; wanted a function of g and what else it needs."),
]


@pytest.mark.parametrize(("declare", "kind", "text"), BAD)
def test_a_declaration_that_fails_says_why_and_leaves_all_as_it_was(declare: Any, kind: Any, text: str) -> None:
    scaled()
    before, table = set(registry), dict(numpy_table)
    with pytest.raises(kind, match=f"^primitive: {re.escape(text)}"):
        declare()
    assert set(registry) == before
    assert numpy_table == table


def test_a_call_that_does_not_fit_shows_the_signature() -> None:
    f = scaled()
    for call in (lambda: f(), lambda: f(1.0), lambda: f(b=1.0), lambda: f(1.0, 2.0, 3, 4), lambda: f(1.0, 2.0, a=3.0)):
        with pytest.raises(TypeError, match=r"^scaled: .* It is called as scaled\(a, b, /, power=2, \*"):
            call()


@pytest.mark.parametrize(
    ("part", "given"),
    [(None, "NoneType"), ([1.0], "list"), ((X,), "tuple"), ("x", "str"), (np.array([None] * 3), "an array of dtype object")],
)
def test_what_is_no_cotangent_is_an_error_that_names_the_rule(part: Any, given: str) -> None:
    twice = ad.primitive(lambda x: 2 * x).derivative(lambda g: part)
    text = f"<lambda>: the rule of x gave {given}; wanted an array of numbers, its cotangent."
    for transform in (ad.grad, ad.hessian):
        with pytest.raises(TypeError, match="^" + re.escape(text) + "$"):
            transform(lambda x: np.sum(twice(x) * x))(X)


@pytest.mark.parametrize("part", [2.0, np.ones(4), np.ones((3, 1))])
def test_a_cotangent_of_another_shape_is_an_error_that_names_the_operation(part: Any) -> None:
    twice = ad.primitive(lambda x: 2 * x).derivative(lambda g: part)
    text = f"backward: a rule of <lambda> gave a cotangent of shape {np.shape(part)} for an argument of shape (3,)."
    with pytest.raises(RuntimeError, match="^" + re.escape(text) + "$"):
        ad.grad(lambda x: np.sum(twice(x) * x))(X)


def test_a_number_is_the_cotangent_of_a_number() -> None:
    assert ad.grad(ad.primitive(lambda x: 2 * x).derivative(lambda g: 2.0))(3.0) == 2.0


def test_a_wrong_rule_is_found() -> None:
    wrong = ad.primitive(lambda x: x**3).derivative(lambda g, x: 2 * g * x**2)
    assert not check_gradient(wrong, X).ok
    with pytest.raises(AssertionError, match="wrong"):
        assert_gradient(wrong, X)
