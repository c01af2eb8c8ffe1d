"""Primitives of several results: the rule gets a tuple of cotangents, whatever part of the results is used."""

import copy
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff import extend
from autodiff.testing import assert_gradient
from tests.samples.arrays import distinct_eigenvalues, positive_definite

pytestmark = pytest.mark.usefixtures("registry_as_it_was")


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


# --- the operations --------------------------------------------------------------------------------------------------------------


def eigh() -> Callable[..., Any]:
    """The eigenvalues and eigenvectors of (x + x.T) / 2 (Giles 2008, section 3.1)."""

    def rule(g: Any, y: Any) -> Any:
        (gw, gv), (w, v) = g, y
        n = w.shape[-1]
        apart = w[..., None, :] - w[..., :, None] + np.eye(n)
        inner = gw[..., None, :] * np.eye(n) + (v.mT @ gv) * ((1 - np.eye(n)) / apart)
        x = v @ inner @ v.mT
        return (x + x.mT) / 2

    return extend.primitive(lambda x, /: np.linalg.eigh((x + x.mT) / 2), {"x": rule}, name="eigh of the tests")


def modf() -> Callable[..., Any]:
    return extend.primitive(np.modf, {"x": lambda g: g[0]}, name="modf of the tests")


def slogdet() -> Callable[..., Any]:
    def rule(g: Any, x: Any) -> Any:
        return g[1][..., None, None] * inverse(x).mT

    inverse = extend.primitive(
        lambda x, /: np.linalg.inv(x), {"x": lambda g, y: -(y.mT @ g @ y.mT)}, name="inverse of the tests", numpy=[np.linalg.inv]
    )
    return extend.primitive(lambda x, /: np.linalg.slogdet(x), {"x": rule}, name="slogdet of the tests")


def frexp() -> Callable[..., Any]:
    return extend.primitive(np.frexp, {"x": lambda g, y: g[0] * 0.5 ** y[1]}, name="frexp of the tests")


def polar() -> Callable[..., Any]:
    """Two arguments, two results: radius and angle."""
    return extend.primitive(
        lambda x, y_, /: (np.sqrt(x * x + y_ * y_), np.arctan2(y_, x)),
        {
            "x": lambda g, x, y_: (g[0] * x * (x * x + y_ * y_) ** 0.5 - g[1] * y_) / (x * x + y_ * y_),
            "y_": lambda g, x, y_: (g[0] * y_ * (x * x + y_ * y_) ** 0.5 + g[1] * x) / (x * x + y_ * y_),
        },
        name="polar of the tests",
    )


class Powers(NamedTuple):
    square: Any
    cube: Any
    fourth: Any


def powers(kind: Callable[[list[Any]], Any] = tuple) -> Callable[..., Any]:
    return extend.primitive(
        lambda x, /: kind([x**2, x**3, x**4]),
        {"x": lambda g, x: 2 * g[0] * x + 3 * g[1] * x**2 + 4 * g[2] * x**3},
        name="powers",
    )


def halves(shared: bool = False) -> Callable[..., Any]:
    """The two halves of an array, and all of it: views of the argument, or of one new array."""

    def forward(x: Any, /) -> Any:
        x = x * 1.0 if shared else x
        n = len(x) // 2
        return x[:n], x[n:], x

    return extend.primitive(forward, {"x": lambda g: ad.concat([g[0], g[1]]) + g[2]}, name="halves")


RNG = np.random.default_rng(0)
X = np.array([0.7, -1.3, 2.6, 0.4])
WEIGHTS = np.array([1.0, -2.0, 0.5, 3.0])

FUNCTIONS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], np.ndarray]] = {
    "eigenvalues alone": (eigh, lambda f: lambda x: (f(x)[0] * WEIGHTS[:3]).sum(), distinct_eigenvalues(RNG, (3, 3))),
    "eigenvectors alone": (eigh, lambda f: lambda x: f(x).eigenvectors ** 2 @ WEIGHTS[:3], distinct_eigenvalues(RNG, (3, 3))),
    "both": (eigh, lambda f: lambda x: reconstructed(f(x)), distinct_eigenvalues(RNG, (3, 3))),
    "both, of a stack": (eigh, lambda f: lambda x: reconstructed(f(x)), distinct_eigenvalues(RNG, (2, 3, 3))),
    "one used twice": (
        eigh,
        lambda f: lambda x: (lambda w: (w * w * w).sum() + w[0] * w[-1])(f(x)[0]),
        distinct_eigenvalues(RNG, (3, 3)),
    ),
    "modf": (modf, lambda f: lambda x: (lambda fraction, whole: fraction**2 * WEIGHTS + whole)(*f(x)), X),
    "slogdet": (slogdet, lambda f: lambda x: f(x).logabsdet * WEIGHTS[:2] * f(x).sign, positive_definite(RNG, (2, 3, 3))),
    "frexp": (frexp, lambda f: lambda x: (lambda m, e: m * m * 2.0**e)(*f(x)), X),
    "polar": (polar, lambda f: lambda x: (lambda r, phi: r * phi * phi)(*f(x, x[::-1] + 3.0)), X),
    "the first of three": (powers, lambda f: lambda x: f(x)[0] ** 2, X),
    "the last of three": (powers, lambda f: lambda x: f(x)[2] * WEIGHTS, X),
    "two of three": (powers, lambda f: lambda x: f(x)[0] * f(x)[2], X),
    "results of results": (powers, lambda f: lambda x: sum(f(f(x)[0])[1:]), X),
    "parts of the argument": (halves, lambda f: lambda x: (lambda a, b, c: (a * b).sum() + (c * c * c).sum())(*f(x)), X),
}


def reconstructed(parts: Any) -> Any:
    """V exp(W) V^T, which needs both results."""
    w, v = parts
    return (v * np.exp(w)[..., None, :]) @ np.swapaxes(v, -1, -2)


@pytest.mark.long
@pytest.mark.parametrize(("make", "use", "x"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_first_and_second_derivatives_whatever_part_is_used(make: Any, use: Any, x: np.ndarray) -> None:
    f = use(make())
    assert_gradient(f, x, order=2)


@pytest.mark.parametrize(("make", "use", "x"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_grad_of_grad_is_the_derivative_of_the_recorded_gradient(make: Any, use: Any, x: np.ndarray) -> None:
    f = use(make())

    def total(z: Any) -> Any:
        return f(z).sum()

    t = leaf(x)
    total(t).backward(create_graph=True)
    first = t.grad
    assert_allclose(first.numpy(), ad.grad(total)(x), rtol=1e-12)
    weights = np.random.default_rng(1).normal(size=x.shape)
    second = ad.grad(lambda z: (ad.grad(total)(z) * weights).sum())(x)
    t.grad = None
    if first.requires_grad:
        (first * weights).sum().backward()
        assert_allclose(t.grad.numpy(), second, rtol=1e-10, atol=1e-12)


# --- what the results are --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [tuple, list, Powers._make], ids=["tuple", "list", "named tuple"])
def test_results_come_as_the_function_returns_them(kind: Any) -> None:
    f = powers(kind)
    expected = type(kind([1, 2, 3]))
    for given in (X, ad.Tensor(X), leaf(X)):
        y = f(given)
        assert type(y) is expected
        for part, power in zip(y, (2, 3, 4), strict=True):
            assert_array_equal(np.asarray(part.data), X**power)
            assert isinstance(part, ad.Tensor) == isinstance(given, ad.Tensor)
    if expected is Powers:
        assert y.cube is y[1]
    x = leaf(X)
    f(x)[1].sum().backward()
    assert_allclose(x.grad.numpy(), 3 * X**2)


def test_an_integer_result_is_a_constant() -> None:
    x = leaf(X)
    mantissa, exponent = frexp()(x)
    assert exponent.dtype.kind == "i"
    assert mantissa.requires_grad
    assert not exponent.requires_grad
    assert exponent.is_leaf
    assert_array_equal(mantissa.numpy() * 2.0 ** exponent.numpy(), X)


def test_in_no_grad_and_of_constants_the_results_are_constants() -> None:
    f, x = powers(), leaf(X)
    with ad.no_grad():
        inside = f(x)
    for part in (*inside, *f(ad.Tensor(X))):
        assert not part.requires_grad
        part[0] = 1.0


@pytest.mark.parametrize("requires_grad", [False, True])
def test_results_that_are_parts_of_the_argument_own_their_memory(requires_grad: bool) -> None:
    x = ad.Tensor(X, requires_grad)
    first, second, whole = halves()(x)
    for part in (first, second, whole):
        assert not np.shares_memory(part.data, x.data)
    assert not np.shares_memory(first.data, whole.data)
    with ad.no_grad():
        x[...] = 7.0
    first += 1.0
    assert_array_equal(np.concatenate([first.detach().numpy(), second.detach().numpy()]), X + np.array([1.0, 1.0, 0.0, 0.0]))
    assert_array_equal(whole.numpy(), X)


def test_results_that_are_parts_of_each_other_own_their_memory() -> None:
    first, _, whole = halves(shared=True)(ad.Tensor(X))
    w = leaf(np.ones(4))
    loss = (w * whole).sum()
    first[...] = 100.0
    loss.backward()
    assert_array_equal(w.grad.numpy(), X)


def test_float32_stays_float32() -> None:
    for make in (eigh, modf, frexp, powers, slogdet):
        x = leaf(np.array([[2.0, 0.3], [0.3, 1.0]], np.float32))
        y = make()(x)
        parts = [part for part in y if part.dtype.kind == "f"]
        assert {part.dtype for part in parts} == {np.dtype(np.float32)}
        for k, part in enumerate(parts):
            for create_graph in (False, True):
                x.grad = None
                part.sum().backward(create_graph=create_graph, retain_graph=True)
                assert x.grad.dtype == np.float32, (make.__name__, k)


def test_an_update_of_one_result_is_recorded_and_changes_no_other() -> None:
    x = leaf(X)
    square, cube, fourth = powers()(x)
    view = cube[1:]
    cube *= square
    cube[0] = 2.0 * fourth[0]
    assert_allclose(view.numpy(), X[1:] ** 5)
    (cube + square).sum().backward()
    assert_allclose(x.grad.numpy(), [8 * X[0] ** 3 + 2 * X[0], *(5 * X[1:] ** 4 + 2 * X[1:])])


# --- the backward pass -----------------------------------------------------------------------------------------------------------


def test_the_rule_is_called_once_with_zeros_for_what_is_not_used() -> None:
    calls: list[Any] = []

    def rule(g: Any, y: Any, x: Any) -> Any:
        calls.append([np.asarray(part).tolist() for part in g])
        assert isinstance(y, tuple)
        assert [part.shape for part in g] == [part.shape for part in y]
        assert [part.dtype for part in g] == [part.dtype for part in y]
        return g[0] + g[1].sum()

    f = extend.primitive(lambda x, /: (x * 1.0, x.sum(keepdims=True).astype(np.float32)), {"x": rule}, name="noted")
    x = leaf([1.0, 2.0])
    a, b = f(x)
    ((a * a).sum() + a[0]).backward(retain_graph=True)
    b.backward(np.float32([5.0]), retain_graph=True)
    (a.sum() + b.sum() + b.sum()).backward()
    assert calls == [[[3.0, 4.0], [0.0]], [[0.0, 0.0], [5.0]], [[1.0, 1.0], [2.0]]]


def test_a_pullback_takes_a_cotangent_for_each_result() -> None:
    f = powers(Powers._make)
    value, pullback = ad.vjp(f, X)
    g = [RNG.normal(size=4) for _ in range(3)]
    assert_allclose(value.cube, X**3)
    (gradient,) = pullback(Powers(*g))
    assert_allclose(gradient, g[0] * 2 * X + g[1] * 3 * X**2 + g[2] * 4 * X**3)
    zero = np.zeros(4)
    assert_allclose(pullback(Powers(zero, g[1], zero))[0], g[1] * 3 * X**2)
    by_cotangent = ad.grad(lambda c: (pullback(Powers(zero, c, zero))[0] * WEIGHTS).sum())(g[1])
    assert_allclose(by_cotangent, 3 * X**2 * WEIGHTS)


def test_differentiating_by_one_result_stops_there() -> None:
    f = powers()

    def inner(x: Any) -> Any:
        square, cube, _ = f(x)
        return ad.grad(lambda s: (s * s * cube).sum())(square)  # 2 x^2 x^3

    assert_gradient(inner, X, order=2)


@pytest.mark.parametrize("create_graph", [False, True])
def test_hooks_and_retain_grad_on_one_result(create_graph: bool) -> None:
    x = leaf(X)
    square, cube, fourth = powers()(x)
    seen: list[Any] = []
    for t in (square, cube, fourth):
        t.retain_grad()
    cube.register_hook(lambda g: seen.append(g.tolist()))
    square.register_hook(lambda g: g * 10.0)
    (square * 2.0 + cube * WEIGHTS).sum().backward(create_graph=create_graph)
    assert seen == [WEIGHTS.tolist()]
    assert_array_equal(square.grad.numpy(), np.full(4, 20.0))
    assert_array_equal(cube.grad.numpy(), WEIGHTS)
    assert fourth.grad is None
    assert_allclose(x.grad.numpy(), 20.0 * 2 * X + WEIGHTS * 3 * X**2)


def test_detect_anomaly_names_the_operation() -> None:
    f = extend.primitive(
        lambda x, /: (np.log(x), x * 2.0), {"x": lambda g, x: g[0] / x + g[1] * 2.0}, name="a logarithm and the double"
    )
    with np.errstate(all="ignore"), ad.detect_anomaly():
        with pytest.raises(FloatingPointError, match=r"a logarithm and the double: the value is not finite: -inf.*test_several"):
            f(leaf([1.0, 0.0]))
        x = leaf([1.0, 2.0])
        a, b = f(x)
        (a * b).sum().backward()
        assert_allclose(x.grad.numpy(), 2.0 + 2 * np.log([1.0, 2.0]))
    x = leaf([1.0, 0.0])
    with np.errstate(all="ignore"):
        a, b = f(x)
        with ad.detect_anomaly(), pytest.raises(FloatingPointError, match="a logarithm and the double: the gradient of argument 0"):
            b.sum().backward()
    assert x.grad is None


def test_a_freed_graph_is_an_error_from_every_result() -> None:
    f = powers()
    for first in range(3):
        for second in range(3):
            x = leaf(X)
            y = f(x)
            y[first].sum().backward()
            expected = x.grad.numpy().copy()
            with pytest.raises(RuntimeError, match=r"the graph of powers has been freed by an earlier backward\(\)"):
                y[second].sum().backward()
            assert_array_equal(x.grad.numpy(), expected)


def test_an_argument_that_is_overwritten_is_an_error_from_every_result() -> None:
    f = powers()
    for k in range(3):
        x = leaf(X)
        y = f(x)
        x.detach()[0] = 5.0
        with pytest.raises(RuntimeError, match="powers needs the value of an argument that has been overwritten"):
            y[k].sum().backward()
        assert x.grad is None


def test_a_result_is_no_leaf_and_says_where_it_comes_from() -> None:
    y = powers(Powers._make)(leaf(X))
    for part in y:
        assert not part.is_leaf
        assert repr(part).endswith("grad_fn=<powers>)")
        with pytest.raises(TypeError, match=r"pickle, copy: this tensor was computed.*detach\(\)"):
            pickle.dumps(part)
        with pytest.raises(RuntimeError, match="deepcopy: this tensor was computed"):
            copy.deepcopy(y)
        with pytest.raises(RuntimeError, match="data: this tensor was computed"):
            part.data = X
        with ad.no_grad(), pytest.raises(RuntimeError, match="a computed tensor cannot be changed"):
            part += 1.0


def test_a_rule_that_gives_a_wrong_shape_is_an_error() -> None:
    f = extend.primitive(lambda x, /: (x * 1.0, x * 2.0), {"x": lambda g: g[0][:3]}, name="wrong")
    x = leaf(X)
    with pytest.raises((RuntimeError, ValueError), match=r"shape"):
        f(x)[0].sum().backward()
    assert x.grad is None
