"""First and second derivatives as arrays: `jacobian`, `hessian`, and `hvp`, the product of a Hessian and a vector."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from finite_differences import derivative
from hypothesis import given
from hypothesis import strategies as st
from maps import A, Affine, Result, X, f
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.transforms.pullback import Evaluation


def g(y: Any) -> Any:
    """From two to three."""
    return np.sin(A.T @ y) + y[1]


def number(x: Any) -> Any:
    return np.sum(f(x) ** 2) * np.cos(x[1])


def by_differences(f: Callable[[Any], Any], x: np.ndarray) -> np.ndarray:
    y = np.asarray(f(x))
    rows = [derivative(lambda x, i=i: float(f(x)[i]), x) for i in np.ndindex(y.shape)]
    return np.reshape(rows, (*y.shape, *x.shape))


# --- jacobian --------------------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_it_is_what_differences_say_on_the_side_of_rows_and_of_columns(numbers: list[float]) -> None:
    x = np.array(numbers)
    for function, at in ((f, x), (g, x[:2]), (np.tanh, x), (lambda x: np.outer(x, x), x), (lambda x: x[0] * x.reshape(3, 1), x)):
        found = ad.jacobian(function)(at)
        assert type(found) is np.ndarray
        assert found.shape == (*function(at).shape, *at.shape)
        assert_allclose(found, by_differences(function, at), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("inputs", "outputs"), [(100, 3), (3, 100), (5, 5)])
def test_the_cheaper_side_is_taken_and_the_function_evaluated_once(
    inputs: int, outputs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = np.random.default_rng(0).normal(size=(outputs, inputs))
    calls: list[str] = []
    parts = Evaluation.parts
    monkeypatch.setattr(Evaluation, "parts", lambda *args, **kwargs: (calls.append("pullback"), parts(*args, **kwargs))[1])
    found = ad.jacobian(lambda x: (calls.append("f"), np.tanh(matrix @ x))[1])(np.zeros(inputs))
    assert_allclose(found, matrix, rtol=1e-13)
    assert calls.count("f") == 1
    assert calls.count("pullback") == (outputs if outputs <= inputs else 1 + inputs)


def test_of_a_number_it_is_the_gradient() -> None:
    for x in (X, X.astype(np.float32), X.reshape(3, 1) * np.ones((3, 1)), np.array(2.0)):
        h = lambda x: np.sum(np.tanh(x) ** 2)
        found, gradient = ad.jacobian(h)(x), ad.grad(h)(x)
        assert_array_equal(found, gradient)
        assert (type(found), found.dtype) == (type(gradient), gradient.dtype)
    found = ad.jacobian(lambda x: x**3)(2.0)
    assert found == 12.0
    assert type(found) is np.float64


def test_of_the_identity_it_is_the_identity() -> None:
    assert_array_equal(ad.jacobian(lambda x: x)(X), np.eye(3))
    assert_array_equal(ad.jacobian(lambda x: x)(np.ones((2, 3))), np.eye(6).reshape(2, 3, 2, 3))


def test_it_has_the_dtype_of_the_argument_on_either_side() -> None:
    for function in (lambda x: x[:1] * 2.0, lambda x: np.concatenate([x, x])):
        for dtype in (np.float16, np.float32, np.float64):
            assert ad.jacobian(function)(X.astype(dtype)).dtype == dtype
    assert ad.jacobian(lambda x: x[:1].astype(float))(X.astype(np.float32)).dtype == np.float32
    assert ad.jacobian(lambda x: np.concatenate([x, x]).astype(float))(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("shape", [(0,), (0, 2), (3, 0)])
def test_without_elements_it_has_none(shape: tuple[int, ...]) -> None:
    x = np.zeros(shape)
    assert ad.jacobian(lambda x: x * x)(x).shape == shape * 2
    assert_array_equal(ad.jacobian(lambda x: np.sum(x))(x), np.zeros(shape))
    assert_array_equal(ad.jacobian(lambda x, y: x * 2.0 + np.sum(y))(X, x), np.eye(3) * 2)
    assert ad.jacobian(lambda x, y: x * 2.0 + np.sum(y), 1)(X, x).shape == (3, *shape)


def test_what_does_not_depend_on_an_argument_has_the_derivative_zero() -> None:
    constants = [3.0, np.array([1, 2]), ad.Tensor([True])]
    for function in (lambda x: [*constants, x[0]], lambda x: [*constants, x, x], lambda x: constants):
        found = ad.jacobian(function)(X)
        assert [part.shape for part in found[:3]] == [(3,), (2, 3), (1, 3)]
        assert not any(np.any(part) for part in found[:3])
    assert ad.jacobian(lambda x: {})(X) == {}


def test_an_infinite_derivative_stays_in_its_own_part() -> None:
    with np.errstate(divide="ignore"):
        assert ad.jacobian(lambda x: (np.sqrt(x), 2 * x))(0.0) == (np.inf, 2.0)


def test_argnums_and_keywords() -> None:
    product = lambda x, y, *, scale=1.0: scale * x * y
    y = np.array([3.0, 4.0, 5.0])
    by_x, by_y = ad.jacobian(product, (0, 1))(X, y, scale=2.0)
    assert_array_equal(by_x, np.diag(2 * y))
    assert_array_equal(by_y, np.diag(2 * X))
    assert_array_equal(ad.jacobian(product, -1)(X, y), np.diag(X))
    (only,) = ad.jacobian(product, [1])(X, y)
    assert_array_equal(only, np.diag(X))


def test_it_is_a_tree_of_results_of_trees_of_arguments() -> None:
    def affine(p: Affine, x: Any) -> Any:
        y = p.W @ x + p.b
        return Result(y.mean(), {"y": y, "parts": [y[0], None]})

    for many in (1, 20):  # rows, and columns
        found = ad.jacobian(lambda p, x, n=many: affine(p, np.tile(x, n)[:3]), (0, 1))(Affine(A, 0.5), X)
        assert type(found) is Result
        by_p, by_x = found.others["y"]
        assert type(by_p) is Affine
        assert_allclose(by_p.W, np.einsum("ij,k->ijk", np.eye(2), X).reshape(2, 2, 3))
        assert_array_equal(by_p.b, np.ones(2))
        assert_allclose(by_x, A)
        assert type(found.mean[0].b) is np.float64
        assert_allclose(found.mean[0].W, np.tile(X / 2, (2, 1)))
        assert_allclose(found.others["parts"][0][1], A[0])
        assert found.others["parts"][1] is None


def test_complex_results_of_real_numbers() -> None:
    found = ad.jacobian(lambda x: np.exp(1j * x))(X)
    assert_allclose(found, np.diag(1j * np.exp(1j * X)), rtol=1e-13)
    assert ad.jacobian(lambda x: np.exp(1j * x))(X.astype(np.float32)).dtype == np.complex64
    found = ad.jacobian(lambda x: {"z": x[0] * 1j, "x": x})(X)
    assert_array_equal(found["z"], [1j, 0, 0])
    assert_array_equal(found["x"], np.eye(3))
    assert found["x"].dtype == float


def test_complex_arguments_are_an_error_that_says_what_to_do() -> None:
    text = "argument 1 is complex, and one number for each pair of elements does not say all. Differentiate by the real and"
    with pytest.raises(TypeError, match=f"^jacobian: {text}"):
        ad.jacobian(lambda x, z: x * z, (0, 1))(X, X * 1j)
    with pytest.raises(TypeError, match=f"^hessian: {text}"):
        ad.hessian(lambda x, z: np.sum(np.abs(z)), 1)(X, X * 1j)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: ad.jacobian(f, 1)(X),
            TypeError,
            "jacobian: argnums is 1, but the function was called with 1 arguments by position.",
        ),
        (
            lambda: ad.hessian(f, 3)(X),
            TypeError,
            "hessian: argnums is 3, but the function was called with 1 arguments by position.",
        ),
        (
            lambda: ad.jacobian(f, (0, 0))(X),
            ValueError,
            "jacobian: argnums is (0, 0); wanted at least one position, and each one once.",
        ),
        (lambda: ad.jacobian(f)(3), TypeError, "jacobian: argument 0 is int; wanted floating-point numbers"),
        (lambda: ad.jacobian(lambda x: "a")(X), TypeError, "jacobian: the function returned str; wanted numbers"),
        (lambda: ad.hessian(lambda x: "a")(X), TypeError, "hessian: the function returned str; wanted numbers"),
        (
            lambda: ad.hvp(f)(X, X),
            TypeError,
            "hvp: the function must return a single real number, but it returned Tensor of shape (2,)",
        ),
        (lambda: ad.hvp(number)(X, X[:2]), ValueError, "hvp: the vector has shape (2,), but the argument has shape (3,)."),
        (
            lambda: ad.hvp(lambda p: np.sum(p["x"]))({"x": X}, X),
            ValueError,
            "hvp: the vector is ndarray of shape (3,) and dtype float64; wanted a dict",
        ),
        (lambda: ad.hvp(number)(3, 1.0), TypeError, "hvp: argument 0 is int; wanted floating-point numbers"),
        (lambda: ad.hvp(number)(X, X * 1j), TypeError, "hvp: the vector: float64 cannot hold the imaginary parts of complex128."),
    ],
)
def test_what_does_not_fit_is_an_error(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match="^" + re.escape(message)):
        call()


# --- hessian and hvp -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_the_hessian_is_symmetric_and_the_jacobian_of_the_gradient(numbers: list[float]) -> None:
    x = np.array(numbers)
    found = ad.hessian(number)(x)
    assert_allclose(found, found.T, rtol=1e-10, atol=1e-12)
    assert_allclose(found, ad.jacobian(ad.grad(number))(x), rtol=1e-10, atol=1e-12)
    assert_allclose(found, by_differences(ad.grad(number), x), rtol=1e-6, atol=1e-7)


def test_the_hessian_of_a_quadratic_form_is_its_matrix() -> None:
    matrix = A.T @ A
    assert_allclose(ad.hessian(lambda x: x @ matrix @ x / 2)(X), matrix, rtol=1e-13)
    assert_array_equal(ad.hessian(lambda x: np.sum(x))(X), np.zeros((3, 3)))
    assert_array_equal(ad.hessian(lambda x: 3.0)(X), np.zeros((3, 3)))
    assert ad.hessian(lambda x: x**3)(2.0) == 12.0


def test_the_hessian_of_an_array_is_that_of_each_element() -> None:
    found = ad.hessian(f)(X)
    assert found.shape == (2, 3, 3)
    for i in range(2):
        assert_allclose(found[i], ad.hessian(lambda x, i=i: f(x)[i])(X), rtol=1e-12)


def test_the_hessian_by_containers_has_a_block_for_each_pair() -> None:
    h = lambda p, c: np.sum(p["a"] ** 2) * p["b"] * c
    found = ad.hessian(h, (0, 1))({"a": X, "b": 3.0}, 2.0)
    (by_p, by_c), two, three = found, 2.0, 3.0
    assert_allclose(by_p["a"][0]["a"], 2 * three * two * np.eye(3))
    assert_allclose(by_p["a"][0]["b"], 2 * two * X)
    assert_allclose(by_p["b"][0]["a"], 2 * two * X)
    assert_allclose(by_p["a"][1], 2 * three * X)
    assert_allclose(by_c[0]["a"], 2 * three * X)
    assert by_p["b"][0]["b"] == by_c[1] == 0.0


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_hvp_is_the_hessian_times_the_vector(x: list[float], v: list[float]) -> None:
    found = ad.hvp(number)(np.array(x), v)
    assert type(found) is np.ndarray
    assert_allclose(found, ad.hessian(number)(np.array(x)) @ v, rtol=1e-10, atol=1e-11)


def test_hvp_has_the_order_of_arguments_of_scipy() -> None:
    scaled = lambda x, scale, *, power: scale * np.sum(x**power)
    assert_allclose(ad.hvp(scaled)(X, np.ones(3), 2.0, power=3), 12.0 * X)
    assert_allclose(ad.hvp(lambda p: p["a"] ** 2 * p["b"])({"a": 2.0, "b": 3.0}, {"a": 1.0, "b": 0.0})["b"], 4.0)
    assert_array_equal(ad.hvp(lambda x: np.sum(x))(X, X), np.zeros(3))


def test_hvp_of_complex_numbers_is_the_derivative_of_the_gradient_along_the_vector() -> None:
    h = lambda z: np.sum(np.abs(z) ** 4) + np.sum(np.real(z**3))
    z, v = np.array([1 + 2j, 0.3 - 1j]), np.array([0.5 - 1j, 2 + 1j])
    step = 1e-6
    expected = (ad.grad(h)(z + step * v) - ad.grad(h)(z - step * v)) / (2 * step)
    assert_allclose(ad.hvp(h)(z, v), expected, rtol=1e-8)


@pytest.mark.peer
def test_they_are_those_of_pytorch(torch: Any) -> None:
    rng = np.random.default_rng(0)
    w, v, x, u = rng.normal(size=(4, 3)), rng.normal(size=(2, 4)), rng.normal(size=3), rng.normal(size=3)
    tw, tv, tx, tu = map(torch.tensor, (w, v, x, u))
    network = lambda x: np.tanh(v @ np.tanh(w @ x)) * x[0]
    theirs = lambda x: torch.tanh(tv @ torch.tanh(tw @ x)) * x[0]
    total, their_total = lambda x: np.sum(network(x)), lambda x: theirs(x).sum()
    torch_of = torch.autograd.functional
    assert_allclose(ad.jacobian(network)(x), torch_of.jacobian(theirs, tx).numpy(), rtol=1e-12)
    assert_allclose(ad.hessian(total)(x), torch_of.hessian(their_total, tx).numpy(), rtol=1e-10, atol=1e-12)
    for found, expected in zip(ad.jvp(network, (x,), (u,)), torch_of.jvp(theirs, tx, tu), strict=True):
        assert_allclose(found, expected.numpy(), rtol=1e-12)
    assert_allclose(ad.hvp(total)(x, u), torch_of.hvp(their_total, tx, tu)[1].numpy(), rtol=1e-10)


# --- nesting and purity ----------------------------------------------------------------------------------------------------------


def test_jacobians_of_jacobians() -> None:
    for function, at in ((f, X), (g, X[:2]), (lambda x: np.outer(x, x * x), X)):
        found = ad.jacobian(ad.jacobian(function))(at)
        first = ad.jacobian(function)(at)
        assert found.shape == (*first.shape, *at.shape)
        assert_allclose(found, by_differences(ad.jacobian(function), at), rtol=1e-6, atol=1e-7)
        assert_allclose(found, found.swapaxes(-1, -2), rtol=1e-10, atol=1e-12)
    third = ad.jacobian(ad.hessian(lambda x: np.sum(x) ** 3))(X)
    assert_allclose(third, np.full((3, 3, 3), 6.0))


def test_transforms_of_other_transforms() -> None:
    of_determinant = lambda function, at: ad.grad(lambda x: np.linalg.det(ad.jacobian(function)(x)))(at)
    h = lambda x: x * np.exp(x[::-1])
    expected = derivative(lambda x: float(np.linalg.det(ad.jacobian(h)(x))), X[:2])
    assert_allclose(of_determinant(h, X[:2]), expected, rtol=1e-8)
    along = lambda x: ad.jvp(f, (x,), (X,))[1]
    assert_allclose(ad.jacobian(along)(X), ad.hessian(f)(X) @ X, rtol=1e-12)
    assert_allclose(ad.jvp(ad.jacobian(f), (X,), (X,))[1], ad.hessian(f)(X) @ X, rtol=1e-12)
    assert_allclose(ad.grad(lambda x: np.sum(ad.hvp(number)(x, X)))(X), ad.jacobian(ad.hessian(number))(X) @ X @ np.ones(3))
    assert_allclose(ad.jacobian(lambda x: ad.vjp(f, x)[1](np.ones(2))[0])(X), ad.hessian(lambda x: np.sum(f(x)))(X), rtol=1e-12)


def test_results_are_pure() -> None:
    x, w = X.copy(), ad.Tensor(X, requires_grad=True)
    x.flags.writeable = False
    for transform in (ad.jacobian, ad.hessian):
        found = transform(lambda x: np.sum(x * x * w) * np.ones(1))(x)
        assert isinstance(found, ad.Tensor)
        found.sum().backward()
        assert w.grad is not None
        w.grad = None
        with ad.no_grad():
            assert type(transform(f)(x)) is np.ndarray
        constant = transform(f)(ad.Tensor(X))
        assert isinstance(constant, ad.Tensor)
        assert not constant.requires_grad
        assert transform(f)(w).requires_grad
        assert w.grad is None
    assert_array_equal(x, X)
    first, second = ad.jacobian(lambda x: (x, x))(x)
    assert not np.shares_memory(first, second)
    assert first.flags.writeable
