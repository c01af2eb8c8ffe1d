"""Vector-Jacobian products: `vjp`, and what gradients inside a longer computation cost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from finite_differences import derivative
from hypothesis import given
from hypothesis import strategies as st
from maps import A, Affine, Result, V, X, f, jacobian_of_f
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


# --- the definition --------------------------------------------------------------------------------------------------------------


def test_the_pullback_is_the_transposed_jacobian() -> None:
    value, pullback = ad.vjp(f, X)
    assert type(value) is np.ndarray
    assert_array_equal(value, f(X))
    for v in (V, V.tolist(), V.astype(np.float32), np.array([1, 0]), ad.Tensor(V)):
        (gradient,) = pullback(v)
        assert type(gradient) is np.ndarray
        assert_allclose(gradient, jacobian_of_f(X).T @ np.asarray(v), rtol=1e-13)


def test_the_function_is_evaluated_once() -> None:
    calls = []
    _, pullback = ad.vjp(lambda x: (calls.append(x), f(x))[1], X)
    rows = [pullback(unit)[0] for unit in np.eye(2)]
    assert_allclose(rows, jacobian_of_f(X), rtol=1e-13)
    assert len(calls) == 1


def test_there_is_one_gradient_for_each_primal() -> None:
    w, x = A.astype(np.float32), X
    value, pullback = ad.vjp(lambda w, x, c: w @ x * c, w, x, 2.0)
    by_w, by_x, by_c = pullback(V)
    assert_allclose(by_w, 2 * np.outer(V, x))
    assert_allclose(by_x, 2 * w.T @ V)
    assert by_c == pytest.approx(V @ (w @ x))
    assert (by_w.dtype, by_x.dtype, type(by_c)) == (np.float32, np.float64, np.float64)
    assert_allclose(value, 2 * w @ x)


def test_grad_is_the_pullback_of_one() -> None:
    g = lambda x: np.sum(f(x) ** 2)
    value, pullback = ad.vjp(g, X)
    assert type(value) is np.float64
    assert_array_equal(pullback(1.0)[0], ad.grad(g)(X))
    assert_array_equal(pullback(np.array(3.0))[0], ad.grad(lambda x: 3 * g(x))(X))


@given(st.lists(st.floats(-4, 4), min_size=4, max_size=4))
def test_the_pullback_is_linear(numbers: list[float]) -> None:
    a, b = np.reshape(numbers, (2, 2))
    _, pullback = ad.vjp(f, X)
    assert_allclose(pullback(2 * a - 3 * b)[0], 2 * pullback(a)[0] - 3 * pullback(b)[0], rtol=1e-9, atol=1e-9)


# --- containers ------------------------------------------------------------------------------------------------------------------


def test_results_and_cotangents_are_containers() -> None:
    def g(p: Affine, x: Any) -> Any:
        y = p.W @ x + p.b
        return Result(y.mean(), {"y": y, "parts": (y[0], x, None)})

    p = Affine(A, np.zeros(2))
    value, pullback = ad.vjp(g, p, X)
    assert type(value) is Result
    assert_array_equal(value.others["y"], A @ X)
    assert type(value.mean) is type(value.others["parts"][0]) is np.float64
    assert value.others["parts"][2] is None
    u = np.array([1.0, 2.0, 3.0])
    by_p, by_x = pullback(Result(6.0, {"parts": (5.0, u, None), "y": V}))
    on_y = V + np.array([5.0, 0.0]) + 6.0 / 2
    assert type(by_p) is Affine
    assert_allclose(by_p.W, np.outer(on_y, X))
    assert_allclose(by_p.b, on_y)
    assert_allclose(by_x, A.T @ on_y + u)


def test_a_tensor_returned_twice_is_two_results() -> None:
    def twice(x: Any) -> Any:
        y = x * x
        return y, [y, x, x]

    _, pullback = ad.vjp(twice, 3.0)
    assert pullback((1.0, [10.0, 100.0, 1000.0])) == (6.0 * 11 + 1100,)


def test_a_result_that_others_are_computed_from_has_its_own_cotangent() -> None:
    def chain(x: Any) -> Any:
        y = x * x
        return [y, y * x, np.exp(x)]

    _, pullback = ad.vjp(chain, 2.0)
    assert pullback([1.0, 1.0, 0.0]) == (4.0 + 12.0,)


def test_constants_are_results_too() -> None:
    value, pullback = ad.vjp(lambda x: [x * 2, 3.0, np.array([1, 2]), ad.Tensor([True])], 1.0)
    assert value[:2] == [2.0, 3.0]
    assert all(not isinstance(part, ad.Tensor) for part in value)
    assert pullback([1.0, 7.0, [1, 1], [1.0]]) == (2.0,)
    value, pullback = ad.vjp(lambda x: {}, X)
    assert value == {}
    assert_array_equal(pullback({})[0], np.zeros(3))


# --- nesting ---------------------------------------------------------------------------------------------------------------------


def test_the_derivative_by_the_cotangent_is_the_jacobian_vector_product() -> None:
    u = np.array([1.0, -2.0, 0.5])
    _, pullback = ad.vjp(f, X)
    assert_allclose(ad.grad(lambda v: pullback(v)[0] @ u)(V), jacobian_of_f(X) @ u, rtol=1e-13)
    _, transposed = ad.vjp(lambda v: pullback(v)[0], V)
    assert_allclose(transposed(u)[0], jacobian_of_f(X) @ u, rtol=1e-13)


def test_the_derivative_by_the_primal_is_the_second_derivative() -> None:
    product = lambda x: ad.vjp(f, x)[1](V)[0]
    for i in range(3):
        row = ad.grad(lambda x, i=i: product(x)[i])(X)
        assert type(row) is np.ndarray
        assert_allclose(row, derivative(lambda x, i=i: float(product(x)[i]), X), rtol=1e-8)


def test_pullbacks_nest_to_the_fourth_order() -> None:
    slope = lambda f: lambda x: ad.vjp(f, x)[1](1.0)[0]
    g = lambda x: x**5
    orders = [slope(g), slope(slope(g)), slope(slope(slope(g))), slope(slope(slope(slope(g))))]
    assert [d(2.0) for d in orders] == [80.0, 160.0, 240.0, 240.0]
    assert all(type(d(2.0)) is np.float64 for d in orders)
    with ad.no_grad():
        assert [d(2.0) for d in orders] == [80.0, 160.0, 240.0, 240.0]


def test_primals_and_cotangents_are_differentiated_together() -> None:
    g = lambda x, v: ad.vjp(lambda x: x**3, x)[1](v)[0]
    by_x, by_v = ad.grad(g, (0, 1))(2.0, 5.0)
    assert (by_x, by_v) == (6 * 2.0 * 5.0, 3 * 2.0**2)


def test_a_pullback_flows_on_to_other_tensors() -> None:
    w = leaf([1.0, 2.0, 3.0])
    value, pullback = ad.vjp(lambda x: (x * x * np.exp(w), x), X)
    assert isinstance(value[0], ad.Tensor)
    assert type(value[1]) is np.ndarray
    (gradient,) = pullback((np.ones(3), np.zeros(3)))
    assert isinstance(gradient, ad.Tensor)
    gradient.sum().backward(retain_graph=True)
    assert_allclose(w.grad.numpy(), 2 * X * np.exp([1.0, 2.0, 3.0]))
    w.grad = None
    value[0].sum().backward()
    assert_allclose(w.grad.numpy(), X * X * np.exp([1.0, 2.0, 3.0]))


def test_a_gradient_that_depends_on_no_other_tensor_is_an_array() -> None:
    w = leaf([1.0, 2.0, 3.0])
    assert type(ad.grad(lambda x: (x * x + w).sum())(X)) is np.ndarray


def test_in_no_grad_the_result_is_a_constant() -> None:
    w, x = leaf([1.0, 2.0, 3.0]), leaf(X)
    with ad.no_grad():
        value, pullback = ad.vjp(lambda x: x * x * w, x)
        (gradient,) = pullback(np.ones(3))
    assert isinstance(value, ad.Tensor)
    assert isinstance(gradient, ad.Tensor)
    assert not value.requires_grad
    assert not gradient.requires_grad
    assert_allclose(gradient.numpy(), 2 * X * [1.0, 2.0, 3.0])


def test_results_for_tensors_are_tensors() -> None:
    value, pullback = ad.vjp(f, ad.Tensor(X))
    (gradient,) = pullback(V)
    assert isinstance(value, ad.Tensor)
    assert isinstance(gradient, ad.Tensor)
    assert not value.requires_grad
    assert not gradient.requires_grad
    assert_allclose(gradient.numpy(), jacobian_of_f(X).T @ V, rtol=1e-13)


# --- purity ----------------------------------------------------------------------------------------------------------------------


def test_nothing_shares_memory() -> None:
    x, v = X.copy(), np.ones(3)
    value, pullback = ad.vjp(lambda x, y: (x, x + y), x, x)
    gradients = [*pullback((v, v)), *pullback((v, v))]
    held = [x, v, *value, *gradients]
    for i, first in enumerate(held):
        assert not any(np.shares_memory(first, other) for other in held[:i])


def test_gradients_that_can_be_differentiated_are_tensors_of_their_own() -> None:
    v = leaf(np.ones(3))
    _, pullback = ad.vjp(lambda x, y: x + y, X, X)
    by_x, by_y = pullback(v)
    by_x += 1.0
    assert_array_equal(by_y.numpy(), np.ones(3))
    assert_array_equal(v.numpy(), np.ones(3))


def test_changing_the_value_or_a_gradient_does_not_change_the_pullback() -> None:
    value, pullback = ad.vjp(np.exp, X)
    (gradient,) = pullback(np.ones(3))
    value[:] = gradient[:] = 7.0
    assert_array_equal(pullback(np.ones(3))[0], np.exp(X))


def test_a_write_to_the_variable_does_not_change_what_is_differentiated_by() -> None:
    def g(x: Any) -> Any:
        x *= x
        return (x * x).sum()

    assert_allclose(ad.grad(lambda x: ad.grad(lambda y: g(y.copy()))(x).sum())(X), 12 * X**2)
    assert_allclose(ad.grad(lambda x: ad.grad(g)(x).sum())(X), 12 * X**2)  # d²(x⁴)/dx²


def test_no_grad_attribute_is_touched() -> None:
    w, x = leaf([1.0, 2.0, 3.0]), leaf(X)
    _, pullback = ad.vjp(lambda x: x * w, x)
    pullback(np.ones(3))
    assert w.grad is None
    assert x.grad is None


# --- errors ----------------------------------------------------------------------------------------------------------------------


def test_no_primal_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^vjp: no primals were given; wanted what to differentiate at, as in ad.vjp\(f, x\)."):
        ad.vjp(lambda: 1.0)


def test_a_primal_that_cannot_be_differentiated_by_is_named() -> None:
    with pytest.raises(TypeError, match=r"^vjp: argument 1 is int; wanted floating-point numbers"):
        ad.vjp(f, X, 3)
    with pytest.raises(TypeError, match=r"^vjp: argument 0\['n'\] is int; wanted floating-point numbers"):
        ad.vjp(f, {"x": X, "n": 3})


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "returned NoneType; wanted numbers, in arrays, tensors or containers."),
        ({"a": [X, "text"]}, r"returned str, at \['a'\]\[1\]; wanted numbers"),
        ([object()], r"returned object, at \[0\]; wanted"),
        (np.array(["a"]), r"returned ndarray of shape \(1,\) and dtype <U1; wanted"),
    ],
)
def test_a_function_that_returns_no_numbers_is_an_error(result: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^vjp: the function {message}"):
        ad.vjp(lambda x: result, X)


def pullback_of_containers() -> Callable[[Any], Any]:
    return ad.vjp(lambda x: {"a": x * 2, "b": (x.sum(), Result(x, None))}, X)[1]


@pytest.mark.parametrize(
    ("cotangent", "message"),
    [
        (X, r" is ndarray of shape \(3,\) and dtype float64; wanted a dict with \['a'\], \['b'\]\."),
        (1.0, r" is float; wanted a dict with \['a'\], \['b'\]\."),
        ({"a": X}, r" has \['a'\]; wanted a dict with \['a'\], \['b'\]\."),
        ({"a": X, "b": None}, r" has \['a'\], and None at \['b'\]; wanted a dict with \['a'\], \['b'\]\."),
        ({"a": X, "b": (1.0,)}, r"\['b'\] has \[0\]; wanted a tuple with \[0\], \[1\]\."),
        ({"a": X, "b": (1.0, (X, None))}, r"\['b'\]\[1\] has \[0\]; wanted a Result with \.mean\."),
        ({"a": X, "b": (1.0, Result(X, X))}, r"\['b'\]\[1\] has \.mean, \.others; wanted a Result with \.mean\."),
        ({"a": V, "b": (1.0, Result(X, None))}, r"\['a'\] has shape \(2,\), but the value has shape \(3,\)\. They must be equal\."),
        ({"a": X, "b": ([1.0], Result(X, None))}, r"\['b'\]\[0\] has shape \(1,\), but the value has shape \(\)\."),
    ],
)
def test_a_cotangent_of_another_structure_or_shape_is_an_error(cotangent: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^vjp: the cotangent{message}"):
        pullback_of_containers()(cotangent)


def test_a_cotangent_that_the_value_cannot_have_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"^vjp: the cotangent: float64 cannot hold the imaginary parts of complex128\."):
        ad.vjp(f, X)[1](np.array([1j, 0]))
    with pytest.raises(TypeError, match=r"^vjp: the cotangent: the data has dtype object; wanted numbers"):
        ad.vjp(np.sum, X)[1](None)
    with pytest.raises(TypeError, match=r"^vjp: the cotangent: the data is a masked array; wanted numbers"):
        ad.vjp(f, X)[1](np.ma.masked_array([1.0, 2.0], [True, False]))


def test_a_graph_that_has_been_freed_is_an_error_and_not_zero() -> None:
    w = leaf([1.0, 2.0, 3.0])
    value, pullback = ad.vjp(lambda x: np.exp(x * w), X)
    value.sum().backward()
    with pytest.raises(RuntimeError, match="the graph of exp has been freed by an earlier backward"):
        pullback(np.ones(3))


# --- gradients inside a longer computation ---------------------------------------------------------------------------------------


def lines_executed(function: Callable[[], Any]) -> int:
    """How many lines of autodiff the call executes: a measure of time that does not depend on the machine."""
    count = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        if not frame.f_globals.get("__name__", "").startswith("autodiff"):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


CURVATURE = np.array([1.0, 2.0, 0.5])


def descent(rate: Any, x: Any, steps: int) -> Any:
    """The loss after gradient descent on `Σ curvature·x²/2`, unrolled."""
    loss = lambda x: (CURVATURE * x * x).sum() / 2
    for _ in range(steps):
        x = x - rate * ad.grad(loss)(x)
    return loss(x)


def by_rate(rate: float, steps: int) -> float:
    """The derivative of `descent` in closed form: x after n steps is `(1 - rate·curvature)ⁿ x₀`."""
    factor = 1 - rate * CURVATURE
    return float((CURVATURE * factor**steps * X * steps * factor ** (steps - 1) * -CURVATURE * X).sum())


@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_the_gradient_through_unrolled_descent_is_the_closed_form(steps: int) -> None:
    assert_allclose(ad.grad(descent)(0.1, X, steps), by_rate(0.1, steps), rtol=1e-12)
    by_x = CURVATURE * (1 - 0.1 * CURVATURE) ** (2 * steps) * X
    assert_allclose(ad.grad(descent, 1)(0.1, X, steps), by_x, rtol=1e-12)


@pytest.mark.parametrize("differentiate", [ad.grad(descent), ad.grad(descent, (0, 1)), lambda *args: descent(leaf(0.1), *args[1:])])
def test_gradients_inside_a_longer_computation_cost_as_much_as_their_own_part(differentiate: Callable[..., Any]) -> None:
    differentiate(0.1, X, 2)
    once, twice = (lines_executed(lambda n=n: differentiate(0.1, X, n)) for n in (60, 120))
    assert twice < 2.05 * once


def test_a_gradient_does_not_walk_what_was_computed_before() -> None:
    def after(length: int) -> int:
        w = leaf(2.0)
        h = w
        for _ in range(length):
            h = h * 1.01
        return lines_executed(lambda: ad.grad(lambda x: x * x * h)(3.0))

    assert after(10) == after(1000)


@pytest.mark.peer
def test_hypergradients_are_those_of_pytorch(torch: Any) -> None:
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(8, 3)), rng.normal(size=8), rng.normal(size=3)
    rate, decay = 0.05, np.array([0.1, 0.2, 0.3])

    def validated(p: Any) -> Any:
        loss = lambda w: ((np.tanh(x @ w) - y) ** 2).mean() + (p["decay"] * w * w).sum()
        w_now = p["w"]
        for _ in range(20):
            w_now = w_now - p["rate"] * ad.grad(loss)(w_now)
        return ((np.tanh(x @ w_now) - y) ** 2).mean()

    found = ad.grad(validated)({"rate": rate, "decay": decay, "w": w})

    tx, ty = torch.tensor(x), torch.tensor(y)
    leaves = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (rate, decay, w)]
    t_rate, t_decay, t_now = leaves
    for _ in range(20):
        t_loss = ((torch.tanh(tx @ t_now) - ty) ** 2).mean() + (t_decay * t_now * t_now).sum()
        (step,) = torch.autograd.grad(t_loss, t_now, create_graph=True)
        t_now = t_now - t_rate * step
    expected = torch.autograd.grad(((torch.tanh(tx @ t_now) - ty) ** 2).mean(), leaves)
    for name, gradient in zip(("rate", "decay", "w"), expected, strict=True):
        assert_allclose(found[name], gradient.numpy(), rtol=1e-10)
