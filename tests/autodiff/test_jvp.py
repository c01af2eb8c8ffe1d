"""Jacobian-vector products: `jvp`, which is the derivative of the pullback by its cotangent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from finite_differences import derivative
from hypothesis import given
from hypothesis import strategies as st
from maps import A, Affine, Result, V, X, f, jacobian_of_f
from numpy.testing import assert_allclose, assert_array_equal
from registry_cases import Case, each_case

import autodiff as ad

U = np.array([1.0, -2.0, 0.5])


# --- the definition --------------------------------------------------------------------------------------------------------------


def test_the_tangent_is_the_jacobian_times_the_direction() -> None:
    for u in (U, U.tolist(), ad.Tensor(U), U.astype(np.float32), np.array([1, -2, 0])):
        value, tangent = ad.jvp(f, (X,), (u,))
        assert type(value) is type(tangent) is np.ndarray
        assert_array_equal(value, f(X))
        assert_allclose(tangent, jacobian_of_f(X) @ np.asarray(u), rtol=1e-13)


@each_case
def test_every_operation_has_the_jacobian_whose_transpose_is_its_pullback(case: Case) -> None:
    """⟨v, J u⟩ = ⟨Jᵀ v, u⟩, and `J u` is what differences say."""
    g, inputs = case.function()
    rng = np.random.default_rng(0)
    value, pullback = ad.vjp(g, *inputs)
    v = rng.normal(size=value.shape)
    tangents = tuple(rng.normal(size=x.shape) for x in inputs)
    again, product = ad.jvp(g, inputs, tangents)
    assert type(product) is type(again)
    assert_array_equal(again, value)
    along = [float(np.sum(gradient * u)) for gradient, u in zip(pullback(v), tangents, strict=True)]
    assert_allclose(np.sum(v * product), sum(along), rtol=1e-9, atol=1e-12)
    h = 1e-6
    by_differences = (g(*(x + h * u for x, u in zip(inputs, tangents, strict=True))) - value) / h
    assert_allclose(product, by_differences, rtol=1e-3, atol=1e-3)


numbers = st.floats(-4, 4)


@given(
    st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=2, max_size=2)
)
def test_it_is_the_transpose_of_the_pullback(x: list[float], u: list[float], v: list[float]) -> None:
    _, tangent = ad.jvp(f, (x,), (u,))
    _, pullback = ad.vjp(f, x)
    assert_allclose(tangent @ v, pullback(v)[0] @ u, rtol=1e-9, atol=1e-9)


@given(numbers, numbers, st.lists(numbers, min_size=6, max_size=6))
def test_it_is_linear_in_the_direction(a: float, b: float, directions: list[float]) -> None:
    u, w = np.reshape(directions, (2, 3))
    along = lambda u: ad.jvp(f, (X,), (u,))[1]
    assert_allclose(along(a * u + b * w), a * along(u) + b * along(w), rtol=1e-9, atol=1e-9)


def test_the_function_is_evaluated_once() -> None:
    calls: list[Any] = []
    ad.jvp(lambda x: (calls.append(x), f(x))[1], (X,), (U,))
    assert len(calls) == 1


def test_the_tangents_of_several_primals_add_up() -> None:
    g = lambda w, x, c: w @ x * c
    w = A.astype(np.float32)
    value, tangent = ad.jvp(g, [w, X, 2.0], [np.ones_like(w), U, 3.0])
    assert_allclose(value, 2 * A @ X)
    assert_allclose(tangent, 2 * np.ones((2, 3)) @ X + 2 * A @ U + 3 * A @ X)


def test_what_does_not_depend_on_a_primal_has_the_tangent_zero() -> None:
    value, tangent = ad.jvp(lambda x, y: (x * 2, 3.0, np.array([1, 2]), ad.Tensor([True]), y.shape[0]), (X, V), (U, V))
    assert_array_equal(tangent[0], 2 * U)
    assert [np.shape(part) for part in tangent] == [np.shape(part) for part in value]
    assert not any(np.any(part) for part in tangent[1:])
    assert ad.jvp(lambda x: {}, (X,), (U,)) == ({}, {})
    assert ad.jvp(lambda x, y: y, (X, 5.0), (U, 7.0)) == (5.0, 7.0)


def test_shapes_and_dtypes_are_those_of_the_value() -> None:
    for dtype in (np.float16, np.float32, np.float64):
        value, tangent = ad.jvp(lambda x: (x * x, x.sum(), x[:0], x[:, None]), (X.astype(dtype),), (U,))
        assert [np.shape(part) for part in tangent] == [(3,), (), (0,), (3, 1)]
        assert {np.asarray(part).dtype for part in (*value, *tangent)} == {np.dtype(dtype)}
    value, tangent = ad.jvp(lambda x: x**3, (2.0,), (1.0,))
    assert (value, tangent) == (8.0, 12.0)
    assert type(tangent) is np.float64


def test_an_infinite_derivative_is_one_and_warns_of_nothing_else() -> None:
    with np.errstate(divide="ignore"):
        assert ad.jvp(np.sqrt, (0.0,), (1.0,)) == (0.0, np.inf)


# --- complex numbers -------------------------------------------------------------------------------------------------------------


MIXED: list[Callable[..., Any]] = [
    lambda z, x: z * z * x,
    lambda z, x: np.abs(z) ** 2 * x,
    lambda z, x: np.conj(z) * np.exp(1j * x),
    lambda z, x: np.real(z) + x,
    lambda z, x: {"z": z, "angle": np.angle(z) * x},
]


@pytest.mark.parametrize("g", MIXED)
def test_of_complex_numbers_it_is_the_derivative_along_a_line(g: Callable[..., Any]) -> None:
    z, x = np.array([1 + 2j, -0.5 + 0.3j]), np.array([0.7, 1.1])
    dz, dx = np.array([0.3 - 1j, 2 + 0.5j]), np.array([1.0, -2.0])
    value, tangent = ad.jvp(g, (z, x), (dz, dx))
    h = 1e-6
    parts = lambda y: [y[key] for key in y] if isinstance(y, dict) else [y]
    left, right = parts(g(z - h * dz, x - h * dx)), parts(g(z + h * dz, x + h * dx))
    for part, y, a, b in zip(parts(tangent), parts(value), left, right, strict=True):
        assert part.dtype == y.dtype
        assert_allclose(part, (b - a) / (2 * h), rtol=1e-8, atol=1e-9)


# --- containers ------------------------------------------------------------------------------------------------------------------


def test_primals_tangents_and_values_are_containers() -> None:
    def g(p: Affine, x: Any) -> Any:
        y = p.W @ x + p.b
        return Result(y.mean(), {"y": y, "parts": (y[0], [x, x], None)})

    d = Affine(np.ones((2, 3)), V)
    value, tangent = ad.jvp(g, (Affine(A, np.zeros(2)), X), (d, U))
    expected = np.ones((2, 3)) @ X + A @ U + V
    assert type(value) is type(tangent) is Result
    assert_allclose(tangent.others["y"], expected)
    assert tangent.mean == pytest.approx(expected.mean())
    assert tangent.others["parts"][0] == pytest.approx(expected[0])
    assert_array_equal(tangent.others["parts"][1], [U, U])
    assert tangent.others["parts"][2] is None


# --- nesting ---------------------------------------------------------------------------------------------------------------------


def test_pushforwards_nest_to_the_fourth_order() -> None:
    slope = lambda g: lambda x: ad.jvp(g, (x,), (1.0,))[1]
    g = lambda x: x**5
    orders = [slope(g), slope(slope(g)), slope(slope(slope(g))), slope(slope(slope(slope(g))))]
    assert [d(2.0) for d in orders] == [80.0, 160.0, 240.0, 240.0]
    with ad.no_grad():
        assert [d(2.0) for d in orders] == [80.0, 160.0, 240.0, 240.0]


def test_the_gradient_of_a_directional_derivative_is_the_hessian_times_the_direction() -> None:
    g = lambda x: np.sum(f(x) ** 2)
    found = ad.grad(lambda x: ad.jvp(g, (x,), (U,))[1])(X)
    assert type(found) is np.ndarray
    assert_allclose(found, ad.jvp(ad.grad(g), (X,), (U,))[1], rtol=1e-12)
    assert_allclose(found, derivative(lambda x: float(ad.jvp(g, (x,), (U,))[1]), X), rtol=1e-8)


def test_the_gradient_by_the_direction_is_the_gradient() -> None:
    g = lambda x: np.sum(f(x) ** 2)
    assert_allclose(ad.grad(lambda u: ad.jvp(g, (X,), (u,))[1])(U), ad.grad(g)(X), rtol=1e-13)


def test_inner_and_outer_variables_are_not_confused() -> None:
    along = lambda g, x: ad.jvp(g, (x,), (1.0,))[1]
    assert along(lambda x: x * along(lambda y: x + y, 1.0), 1.0) == 1.0  # Siskind and Pearlmutter's perturbation confusion
    assert along(lambda x: x * along(lambda y: x * y, 2.0), 3.0) == 6.0
    assert ad.grad(lambda x: x * along(lambda y: x * y * y, 2.0))(3.0) == 24.0
    assert along(lambda x: x * ad.grad(lambda y: x * y * y)(2.0), 3.0) == 24.0


def test_values_and_tangents_flow_on_to_closures_that_require_grad() -> None:
    w = ad.Tensor(X, requires_grad=True)
    value, tangent = ad.jvp(lambda x: x * x * np.exp(w), (X,), (U,))
    tangent.sum().backward(retain_graph=True)
    assert_allclose(w.grad.numpy(), 2 * X * U * np.exp(X))
    w.grad = None
    value.sum().backward()
    assert_allclose(w.grad.numpy(), X * X * np.exp(X))


def test_tensors_for_tensors_and_no_grad_attribute_is_touched() -> None:
    x = ad.Tensor(X, requires_grad=True)
    value, tangent = ad.jvp(lambda x: (f(x), x.sum()), (ad.Tensor(X),), (U,))
    assert all(isinstance(part, ad.Tensor) and not part.requires_grad for part in (*value, *tangent))
    value, tangent = ad.jvp(f, (x,), (U,))
    assert value.requires_grad
    assert tangent.requires_grad
    assert x.grad is None
    with ad.no_grad():
        assert not ad.jvp(f, (x,), (U,))[1].requires_grad


def test_nothing_shares_memory() -> None:
    x, u = X.copy(), U.copy()
    value, tangent = ad.jvp(lambda x: (x, x), (x,), (u,))
    held = [x, u, *value, *tangent]
    for i, first in enumerate(held):
        assert not any(np.shares_memory(first, other) for other in held[:i])


# --- errors ----------------------------------------------------------------------------------------------------------------------


P = {"a": X, "b": (1.0, None)}


@pytest.mark.parametrize(
    ("primals", "tangents", "kind", "message"),
    [
        (X, (U,), TypeError, "primals is ndarray of shape (3,) and dtype float64; wanted a tuple with one for each argument of f"),
        ((X,), U, TypeError, "tangents is ndarray of shape (3,) and dtype float64; wanted a tuple with one for each argument of f"),
        ((), (), ValueError, "there are 0 primals and 0 tangents; wanted as many, and at least one."),
        ((X, X), (U,), ValueError, "there are 2 primals and 1 tangents; wanted as many, and at least one."),
        ((3,), (1.0,), TypeError, "argument 0 is int; wanted floating-point numbers"),
        ((X,), (V,), ValueError, "tangent 0 has shape (2,), but its primal has shape (3,). They must be equal."),
        ((X,), (1.0,), ValueError, "tangent 0 has shape (), but its primal has shape (3,). They must be equal."),
        ((X,), (U * 1j,), TypeError, "tangent 0: float64 cannot hold the imaginary parts of complex128."),
        ((X,), (None,), TypeError, "tangent 0: the data has dtype object; wanted numbers"),
        ((X,), (np.ma.masked_array(X, X > 0),), TypeError, "tangent 0: the data is a masked array; wanted numbers"),
        ((1.0, P), (1.0, {"a": X}), ValueError, "tangent 1 has ['a']; wanted a dict with ['a'], ['b']."),
        ((1.0, P), (1.0, {"a": V, "b": (1.0, None)}), ValueError, "tangent 1['a'] has shape (2,), but its primal has shape (3,)."),
        ((1.0, P), (1.0, X), ValueError, "tangent 1 is ndarray of shape (3,) and dtype float64; wanted a dict with ['a'], ['b']."),
    ],
)
def test_what_does_not_fit_is_an_error(primals: Any, tangents: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match="^jvp: " + re.escape(message)):
        ad.jvp(lambda *args: 1.0, primals, tangents)


def test_a_function_that_returns_no_numbers_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"^jvp: the function returned str; wanted numbers"):
        ad.jvp(lambda x: "text", (X,), (U,))
