"""How a user adds an operation."""

import functools
import inspect
import re
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff import extend
from autodiff.registry import numpy_table, registry
from autodiff.testing import assert_gradient

pytestmark = pytest.mark.usefixtures("registry_as_it_was")


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


X = np.array([0.5, -1.0, 2.0])


def test_one_entry_gives_the_function_the_numpy_function_and_all_derivatives() -> None:
    sin = extend.primitive(np.sin, {"x": lambda g, x: g * cos(x)}, name="a sine", numpy=[np.sin], elementwise=True)
    cos = extend.primitive(np.cos, {"x": lambda g, x: -g * sin(x)}, name="a cosine", numpy=[np.cos], elementwise=True)
    assert isinstance(np.sin(leaf(X)), ad.Tensor)
    assert_array_equal(sin(X), np.sin(X))
    assert_gradient(sin, X, order=2)
    assert_gradient(lambda x: np.sin(x) * np.cos(x), X, order=2)
    assert ad.grad(ad.grad(ad.grad(np.sin)))(0.5) == pytest.approx(-np.cos(0.5))
    assert registry["a sine"].call is sin
    assert sin.__name__ == "a sine"


def test_a_rule_may_ask_for_the_result_the_arguments_their_shapes_and_the_parameters() -> None:
    def rule(g: Any, y: Any, x: Any, x_shape: Any, scale: Any, power: Any) -> Any:
        assert x_shape == x.shape == y.shape
        return g * y * power / x * scale / scale

    scaled = extend.primitive(lambda x, /, scale, *, power=2: scale * x**power, {"x": rule}, name="scaled power")
    for call in (lambda x: scaled(x, 3.0), lambda x: scaled(x, scale=3.0, power=3), lambda x: scaled(x, 2.0, power=1)):
        assert_allclose(call(leaf(X)).numpy(), call(X))
        assert_gradient(call, X, order=2)


def test_an_argument_without_a_rule_is_a_constant() -> None:
    gated = extend.primitive(lambda x, gate, /: x * gate, {"x": lambda g, gate: g * gate}, name="gated", elementwise=True)
    x, gate = leaf(X), leaf([1.0, 0.0, 1.0])
    y = gated(x, gate)
    y.sum().backward()
    assert_array_equal(x.grad.numpy(), [1.0, 0.0, 1.0])
    assert gate.grad is None
    only = gated(X, gate)
    assert not only.requires_grad


def test_an_optional_array_argument() -> None:
    affine = extend.primitive(
        lambda x, b=None, /: x if b is None else x + b,
        {"x": lambda g: g, "b": lambda g: g},
        name="optional affine",
        elementwise=True,
    )
    assert_gradient(lambda x: affine(x * 1.0), X, order=2)
    assert_gradient(affine, X, np.array([2.0]), order=2)


def test_a_broadcast_is_undone_for_the_rule() -> None:
    times = extend.primitive(
        lambda a, b, /: a * b, {"a": lambda g, b: g * b, "b": lambda g, a: g * a}, name="times", elementwise=True
    )
    assert_gradient(times, np.ones((2, 3)), np.array([[2.0], [3.0]]), order=2)
    assert_gradient(times, np.array(2.0), X, order=2)


def test_a_sequence_of_arrays() -> None:
    total = extend.primitive(
        lambda arrays, /, weights: sum(w * a for w, a in zip(weights, arrays, strict=True)),
        {"*arrays": lambda g, weights: [g * w for w in weights]},
        name="weighted total",
    )
    assert_gradient(lambda a, b: total([a, b, X], (1.0, 2.0, 3.0)), X, X + 1, order=2)
    assert_array_equal(total([X, X], (1.0, 2.0)), 3 * X)


def test_a_name_that_is_taken_is_an_error() -> None:
    for name in ("exp", "getitem"):
        with pytest.raises(ValueError, match=f"primitive: the name '{name}' is taken. Give this one a name of its own"):
            extend.primitive(np.sinh, {"x": lambda g, x: g * np.cosh(x)}, name=name)
    assert registry["exp"].call is ad.exp


def test_what_the_function_tells_need_not_be_said() -> None:
    rules = {"x": lambda g: np.zeros_like(g)}
    extend.primitive(np.spacing, rules)
    extend.primitive(np.spacing, rules, name="a distance")
    extend.primitive(np.rint, rules)  # which calls `round` already
    extend.primitive(lambda x, /: np.fabs(x), rules, numpy=[np.fabs])
    extend.primitive(np.vecdot, {"a": lambda g, b: g[..., None] * b, "b": lambda g, a: g[..., None] * a}, name="a product")
    found = [(e.name, e.numpy, e.elementwise) for e in [*registry.values()][-5:]]
    assert found == [
        ("spacing", (np.spacing,), True),
        ("a distance", (), True),
        ("rint", (), True),
        ("fabs", (np.fabs,), False),
        ("a product", (), False),
    ]
    assert isinstance(np.spacing(leaf(X)), ad.Tensor)


BAD_DECLARATIONS: list[tuple[Any, Any, str]] = [
    (np.sinh, {}, "fails has no rules. A function without derivatives needs no primitive."),
    (lambda x, /: x, {"y": lambda g: g}, "fails has rules for y, but its array arguments are x."),
    (lambda x, /: x, {"x": lambda g, z: g * z}, "a rule of fails asks for z; it can have y, x, x_shape."),
    (lambda x, /, n=1: x, {"x": lambda g, axis: g}, "a rule of fails asks for axis; it can have y, x, x_shape, n."),
    (lambda n, x: x, {"x": lambda g: g}, "the arguments of fails that have rules, x, must come before all others."),
    (np.sinh, {"x": "no function"}, "a rule of fails is str; wanted a function of g and what else it needs."),
]


@pytest.mark.parametrize(("forward", "rules", "text"), BAD_DECLARATIONS)
def test_a_declaration_that_fails_says_why_and_leaves_the_registry_as_it_was(forward: Any, rules: Any, text: str) -> None:
    before, table = dict(registry), dict(numpy_table)
    with pytest.raises((TypeError, ValueError), match=rf"^primitive: {re.escape(text)}$"):
        extend.primitive(forward, rules, name="fails", numpy=[np.sinh])
    assert registry == before
    assert numpy_table == table


def test_a_call_that_does_not_fit_is_an_error_that_shows_the_signature() -> None:
    x = ad.Tensor(X)
    for call in (lambda: ad.sum(x, 0, True, 3), lambda: ad.sum(x, 0, axis=0), lambda: ad.sum(x, axes=0), lambda: ad.sum()):
        with pytest.raises(TypeError, match=r"^sum: .*It is called as sum\(x, /, axis=None, \*, dtype=None, keepdims=False\)\.$"):
            call()


def test_several_results_are_no_views() -> None:
    halves = extend.primitive(
        lambda x, /: (x[:1], x[1:]), {"x": lambda g: np.concatenate(g)}, name="halves that are views", view=True
    )
    x = ad.Tensor(X)
    first, second = halves(x)
    first[0], second[0] = 7.0, 8.0
    assert_array_equal(x.numpy(), X)


@pytest.mark.parametrize("axis", [None, 0, ()])
@pytest.mark.parametrize("asks", [lambda g, x_shape: np.zeros(x_shape) + g, lambda g, y, x_shape, x: np.zeros(x_shape) + g])
def test_a_rule_may_ask_for_shapes_whatever_kind_of_result_there_is(axis: Any, asks: Any) -> None:
    total = extend.primitive(lambda x, /: np.sum(x, axis=axis), {"x": asks}, name="a sum over an axis")
    assert_gradient(lambda x: total(x), X, order=1)
    weighted = extend.primitive(
        lambda a, b, /: np.sum(a * b, axis=axis),
        {"a": lambda g, b, a_shape: np.zeros(a_shape) + g * b, "b": lambda g, a, b_shape: np.zeros(b_shape) + g * a},
        name="a weighted sum over an axis",
    )
    assert_gradient(lambda a, b: weighted(a, b), X, X + 1.0, order=1)


def test_a_rule_that_gives_a_wrong_shape_is_an_error() -> None:
    wrong = extend.primitive(lambda x, /: x * 1.0, {"x": lambda g: g[:1]}, name="wrong shape")
    also = extend.primitive(lambda x, /: x * 1.0, {"x": lambda g: g[:2]}, name="wrong shape, too", elementwise=True)
    for operation in (wrong, also):
        x = leaf(X)
        with pytest.raises((ValueError, RuntimeError)):
            operation(x).backward(np.ones(3))
        assert x.grad is None


def test_a_rule_that_gives_a_wrong_shape_is_an_error_where_gradients_add_up() -> None:
    wrong = extend.primitive(lambda x, /: x * 1.0, {"x": lambda g: g[:1]}, name="wrong shape, added")
    for f in (lambda x: wrong(x) + x * 2.0, lambda x: x * 2.0 + wrong(x), lambda x: wrong(x * 1.0) * x):
        x = leaf(X)
        with pytest.raises((ValueError, RuntimeError), match="shape"):
            f(x).sum().backward()
        assert x.grad is None


def test_a_rule_that_forgets_an_axis_is_an_error() -> None:
    flat = extend.primitive(lambda x, /, *, factor=1.0: np.ravel(x) * factor, {"x": lambda g: g}, name="flat")
    x = leaf(np.ones((2, 3)))
    with pytest.raises(RuntimeError, match=r"cotangent of shape \(6,\) for an argument of shape \(2, 3\)"):
        flat(x).backward(np.ones(6))


def test_a_rule_that_swaps_axes_is_an_error_also_where_a_broadcast_is_undone() -> None:
    turned = extend.primitive(lambda x, b, /: (x + b).T, {"x": lambda g: g, "b": lambda g: g}, name="turned")
    for b in (0.0, np.ones(3)):
        x = leaf(np.ones((2, 3)))
        with pytest.raises(RuntimeError, match=r"cotangent of shape \(3, 2\) for an argument of shape \(2, 3\)"):
            turned(x, b).sum().backward()
        assert x.grad is None


def test_a_forward_that_changes_its_input_is_noticed() -> None:
    def doubles(x: Any, /) -> Any:
        x *= 2
        return x.copy()

    bad = extend.primitive(doubles, {"x": lambda g, x: g * 2}, name="doubles its input")
    for x in (leaf(X), leaf(X) * 1.0):
        with ad.detect_anomaly():
            square = (x * x).sum()
            bad(x)
            with pytest.raises(RuntimeError, match="overwritten"):
                square.backward()


def test_the_pieces_of_an_entry_describe_themselves() -> None:
    entry = registry["exp"]
    assert isinstance(entry, extend.Primitive)
    assert repr(entry) == "Primitive(exp)"
    assert entry.numpy == (np.exp,)
    assert entry.forward is np.exp


def test_partial_and_decorated_functions_are_forwards_and_rules() -> None:
    def logged(function: Any) -> Any:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return call

    def forward(factor: float, x: Any, /, *, power: int = 2) -> Any:
        return factor * x**power

    def rule(factor: float, g: Any, x: Any, power: int) -> Any:
        return g * factor * power * x ** (power - 1)

    partial_forward, partial_rule = functools.partial(forward, 3.0), functools.partial(rule, 3.0)
    for i, (f, r) in enumerate([(partial_forward, partial_rule), (logged(partial_forward), logged(partial_rule))]):
        scaled = extend.primitive(f, {"x": r}, name=f"scaled {i}")
        assert str(inspect.signature(scaled)) == "(x, /, *, power=2)" or "power: int = 2" in str(inspect.signature(scaled))
        assert_gradient(scaled, X, order=2)
        assert_gradient(lambda x, scaled=scaled: scaled(x, power=3), X, order=2)


def test_every_operation_shows_the_signature_by_which_it_is_called() -> None:
    for entry in registry.values():
        shown = inspect.signature(entry.call)
        assert shown == entry.signature, entry.name
        assert tuple(shown.parameters) == (*(a.removeprefix("*") for a in entry.arguments), *entry.params), entry.name
        if not isinstance(entry.forward, np.ufunc):
            declared = inspect.signature(entry.forward).parameters
            assert [(p.name, p.default) for p in shown.parameters.values()] == [(p.name, p.default) for p in declared.values()]
    assert list(inspect.signature(ad.sum).parameters)[:2] == ["x", "axis"]


def test_the_traceback_of_an_error_in_a_rule_names_its_line() -> None:
    def rule(g: Any, x: Any) -> Any:
        raise ArithmeticError("in the rule")

    def forward(x: Any, /) -> Any:
        return x * 1.0

    operation = extend.primitive(forward, {"x": rule}, name="raises")
    with pytest.raises(ArithmeticError, match="in the rule") as caught:
        operation(leaf(X)).sum().backward()
    assert (str(caught.traceback[-1].path), caught.traceback[-1].name) == (__file__, "rule")
    assert "raise ArithmeticError" in str(caught.traceback[-1].statement)
    assert all("<string>" not in str(entry.path) for entry in caught.traceback)


def test_a_rule_that_returns_its_cotangent_does_not_make_it_its_own() -> None:
    same = extend.primitive(lambda x, /: x * 1.0, {"x": lambda g, own: g}, name="the same", takes_over=True)
    w = leaf(np.zeros(3))
    z = w * 1.0
    added, read_again = z * 5.0, same(z)
    (((w + read_again) * [1.0, 2.0, 3.0]).sum() + added.sum()).backward()
    assert_array_equal(w.grad.numpy(), [7.0, 9.0, 11.0])
