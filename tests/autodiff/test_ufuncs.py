"""NumPy's ufuncs beyond the call: their methods, and `out=` and `where=`, which functions have as well."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.numpy.methods import _ACCUMULATE, _REDUCE
from autodiff.numpy.namespaces import meaning_of
from autodiff.ops.constants import CONSTANTS
from autodiff.testing import assert_gradient

UFUNCS = list(dict.fromkeys(f for f in vars(np).values() if isinstance(f, np.ufunc) and f.signature is None and meaning_of(f)))
BINARY = [f for f in UFUNCS if (f.nin, f.nout) == (2, 1)]
CONTINUOUS = [f for f in BINARY if f not in CONSTANTS and f is not np.ldexp]  # whose second operand is an integer
X = np.array([[0.75, 1.25, 0.625], [1.375, 0.875, 1.125]])

binary = pytest.mark.parametrize("ufunc", BINARY, ids=lambda f: f.__name__)
continuous = pytest.mark.parametrize("ufunc", CONTINUOUS, ids=lambda f: f.__name__)


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


def arguments_of(ufunc: Any) -> np.ndarray:
    """Numbers to which `ufunc` applies: integers, if not to others."""
    return X if ufunc is np.ldexp or "dd->" in "".join(ufunc.types) else (X > 1).astype(int)


def fold(ufunc: Any, x: Any, axis: int) -> Any:
    """The definition of `ufunc.reduce`, from which NumPy's own `power.reduce` and `arctan2.reduce` differ along rows in memory."""
    return functools.reduce(ufunc, np.moveaxis(x, axis, 0))


# --- operands --------------------------------------------------------------------------------------------------------------------


class Subclass(np.ndarray):
    """An array of a kind of its own, without a protocol of its own."""


class Foreign:
    """An array of another library, which answers with the name of what it is asked for."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return f"{ufunc.__name__}.{method}"


OTHERS: dict[str, Any] = {
    "a Python float": 1.5, "a Python integer": 2, "a boolean": True, "a scalar": np.float64(1.5), "a small scalar": np.float32(1.5),
    "an integer scalar": np.int8(2), "a boolean scalar": np.True_, "a number as an array": np.array(1.5), "an array": X[1],
    "small floats": X[1].astype(np.float32), "integers": np.array([1, 2, 3]), "booleans": np.array([True, False, True]),
    "a column": X[:, :1], "a list": [1.0, 2.0, 0.5], "a tuple": (1.0, 2.0, 0.5), "a subclass": X[1].view(Subclass),
    "a read-only view": np.broadcast_to(1.5, 3), "nothing": np.zeros((0, 3)),
}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
@continuous
def test_whatever_numpy_takes_beside_an_array_is_taken_beside_a_tensor_on_either_side(ufunc: Any, other: Any) -> None:
    for dtype in (np.float64, np.float32):
        x = X[0].astype(dtype)
        for f in (lambda x: ufunc(x, other), lambda x: ufunc(other, x)):
            with np.errstate(divide="ignore", invalid="ignore"):  # of what a boolean or an integer makes 0
                expected, y = np.asarray(f(x)), f(leaf(x))
            assert type(y) is ad.Tensor
            assert y.requires_grad
            assert_allclose(y.numpy(), expected, rtol=1e-6 if expected.dtype == np.float32 else 1e-15, strict=True)


@binary
def test_an_array_of_another_library_gets_its_turn_in_calls_and_methods(ufunc: Any) -> None:
    foreign, name = Foreign(), ufunc.__name__
    for t in (ad.Tensor(X), leaf(X)):
        assert ufunc(t, foreign) == ufunc(foreign, t) == f"{name}.__call__"
        assert ufunc(t, X, out=foreign) == f"{name}.__call__"
        assert ufunc.outer(t, foreign) == ufunc.outer(foreign, t) == f"{name}.outer"
        assert ufunc.reduce(t, out=foreign) == f"{name}.reduce"
        assert ufunc.accumulate(t, out=foreign) == f"{name}.accumulate"
        assert ufunc.reduceat(t, [0], out=foreign) == f"{name}.reduceat"
        assert ufunc.at(t, [0], foreign) == ufunc.at(foreign, [0], t) == f"{name}.at"


# --- reduce ----------------------------------------------------------------------------------------------------------------------


@continuous
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_reduce_is_the_ufunc_between_all_elements_along_an_axis(ufunc: Any, axis: int) -> None:
    assert_allclose(ufunc.reduce(leaf(X), axis=axis).numpy(), fold(ufunc, X, axis), rtol=1e-14)
    kept = ufunc.reduce(leaf(X), axis, keepdims=True)
    assert_allclose(kept.numpy(), np.expand_dims(fold(ufunc, X, axis), axis), rtol=1e-14)
    assert_array_equal(ufunc.reduce(leaf(X)).numpy(), ufunc.reduce(leaf(X), axis=0).numpy())  # the default


@continuous
def test_the_gradient_of_a_reduction_is_that_of_the_calls_that_it_stands_for(ufunc: Any) -> None:
    for axis in (0, 1):
        found, expected = leaf(X), leaf(X)
        g = np.arange(1.0, 1.0 + X.shape[1 - axis])
        ufunc.reduce(found, axis=axis).backward(g)
        fold(ufunc, expected, axis).backward(g)
        assert_allclose(found.grad.numpy(), expected.grad.numpy(), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("ufunc", [f for f in CONTINUOUS if f.identity is not None or f in _REDUCE], ids=lambda f: f.__name__)
def test_a_reduction_has_the_parameters_that_numpys_has(ufunc: Any) -> None:
    mask = X > 0.8
    calls: list[Callable[[Any], Any]] = [
        lambda x: ufunc.reduce(x, axis=None),
        lambda x: ufunc.reduce(x, axis=(0, 1), keepdims=True),
        lambda x: ufunc.reduce(x, axis=()),
        lambda x: ufunc.reduce(x, 1, None, None, False, 2.0, mask),
        lambda x: ufunc.reduce(x, axis=0, initial=0.5),
        lambda x: ufunc.reduce(x, axis=1, initial=0.5, where=mask[0]),
        lambda x: ufunc.reduce(x, where=mask, initial=-0.5, keepdims=True),
    ]
    calls += [lambda x: ufunc.reduce(x, where=mask), lambda x: ufunc.reduce(x[:0])] if ufunc.identity is not None else []
    for f in calls:
        y = f(leaf(X))
        assert_allclose(y.numpy(), f(X), rtol=1e-14, atol=1e-15)
        if np.isfinite(y.numpy()).all():  # log 0, of nothing, is not
            assert_gradient(f, X)
    assert ufunc.reduce(leaf(X), dtype=np.float32).dtype == np.float32


@continuous
def test_what_numpy_refuses_to_reduce_is_refused(ufunc: Any) -> None:
    calls: list[Callable[[Any], Any]] = [
        lambda x: ufunc.reduce(x, axis=2),
        lambda x: ufunc.reduce(x, axis=(0, 0)),
        lambda x: ufunc.reduce(x, axis=None),
        lambda x: ufunc.reduce(x[:0]),
        lambda x: ufunc.reduce(x, where=X > 1),
        lambda x: ufunc.reduce(x[0, 0]),
        lambda x: ufunc.accumulate(x, axis=None),
        lambda x: ufunc.accumulate(x, axis=2),
        lambda x: ufunc.accumulate(x[0, 0]),
        lambda x: ufunc.reduceat(x, [7]),
        lambda x: ufunc.reduceat(x, [0], axis=3),
    ]
    for f in calls:
        try:
            f(X.copy())
        except (TypeError, ValueError, IndexError):
            with pytest.raises((TypeError, ValueError, IndexError)):
                f(leaf(X))
        else:
            f(leaf(X))


def test_a_reduction_that_ignores_nan_says_nothing_where_there_is_nothing_else() -> None:
    x = np.array([[np.nan, np.nan, np.nan], [2.0, np.nan, 2.0]])
    for ufunc in (np.fmax, np.fmin):
        t = leaf(x)
        y = ufunc.reduce(t, axis=1)
        assert_array_equal(y.numpy(), [np.nan, 2.0])
        y.backward(np.ones(2))
        assert_array_equal(t.grad.numpy(), [[0.0, 0.0, 0.0], [0.5, 0.0, 0.5]])


@pytest.mark.parametrize("ufunc", [*_REDUCE, *_ACCUMULATE], ids=lambda f: f.__name__)
def test_ties_are_shared_as_by_the_function_of_the_same_name(ufunc: Any) -> None:
    for pair in ((np.maximum, np.max), (np.minimum, np.min), (np.fmax, np.nanmax), (np.fmin, np.nanmin)):
        found, expected = leaf(np.ones(3)), leaf(np.ones(3))
        pair[0].reduce(found).backward()
        pair[1](expected).backward()
        assert_array_equal(found.grad.numpy(), expected.grad.numpy())
        if pair[0] in _ACCUMULATE:
            last = leaf(np.ones(3))
            pair[0].accumulate(last)[-1].backward()
            assert_array_equal(last.grad.numpy(), expected.grad.numpy())


# --- accumulate, reduceat, outer -------------------------------------------------------------------------------------------------


@continuous
def test_accumulate_is_the_reduction_of_the_elements_up_to_each(ufunc: Any) -> None:
    for axis in (0, 1, -1):
        expected = np.stack([fold(ufunc, np.moveaxis(X, axis, 0)[: k + 1], 0) for k in range(X.shape[axis])], axis)
        assert_allclose(ufunc.accumulate(leaf(X), axis=axis).numpy(), expected, rtol=1e-14)
        assert ufunc.accumulate(leaf(X[:0]), axis=axis).shape == (0, 3)
    assert_gradient(lambda x: ufunc.accumulate(x, 1), X)


@continuous
@pytest.mark.parametrize("indices", [[0, 2, 1], [1], [], [2, 1, 0], [0, 0]])
def test_reduceat_is_the_reduction_of_the_parts_that_begin_at_the_indices(ufunc: Any, indices: list[int]) -> None:
    def by_definition(x: Any) -> Any:
        ends = [*indices[1:], len(x)]
        return np.stack([fold(ufunc, x[i:j], 0) if i < j else x[i] for i, j in zip(indices, ends, strict=False)])

    found, expected = leaf(X.T), leaf(X.T)
    y = ufunc.reduceat(found, np.array(indices, int))
    assert_array_equal(ufunc.reduceat(leaf(X), np.array(indices, int), axis=-1).numpy(), y.numpy().T)
    assert y.shape == (len(indices), 2)
    if indices:
        z = by_definition(expected)
        assert_allclose(y.numpy(), z.numpy(), rtol=1e-14)
        y.backward(np.arange(y.size).reshape(y.shape) + 1.0)
        z.backward(np.arange(y.size).reshape(y.shape) + 1.0)
        assert_allclose(found.grad.numpy(), expected.grad.numpy(), rtol=1e-13, atol=1e-15)


@binary
def test_outer_is_the_broadcast_of_the_ufunc_itself(ufunc: Any) -> None:
    x = arguments_of(ufunc)
    a, b = x[0], np.array([[1, 2], [0, 3]]) if ufunc is np.ldexp else x
    expected = ufunc.outer(a, b)
    for operands in ((ad.Tensor(a), b), (a, ad.Tensor(b)), (ad.Tensor(a), ad.Tensor(b)), (ad.Tensor(a), b.tolist())):
        y = ufunc.outer(*operands)
        assert isinstance(y, ad.Tensor)
        assert_allclose(y.numpy(), expected, rtol=1e-15, strict=True)
    if ufunc in CONTINUOUS:
        assert_gradient(lambda x, y: ufunc.outer(x, y), a, b + 0.03125)
        assert_array_equal(ufunc.outer(2.0, leaf(a)).numpy(), ufunc.outer(2.0, a))


@pytest.mark.parametrize("ufunc", [f for f in BINARY if f in CONSTANTS], ids=lambda f: f.__name__)
def test_the_methods_of_a_constant_ufunc_are_constants(ufunc: Any) -> None:
    x = arguments_of(ufunc)
    t = leaf(x) if x.dtype == float else ad.Tensor(x)
    for f in (lambda x: ufunc.reduce(x, axis=1), lambda x: ufunc.accumulate(x, 1), lambda x: ufunc.reduceat(x, [0, 2], 1)):
        try:
            expected = f(x)
        except TypeError:
            with pytest.raises(TypeError):
                f(t)
            continue
        y = f(t)
        assert (type(y), y.requires_grad) == (ad.Tensor, False)
        assert_array_equal(y.numpy(), expected, strict=True)


def test_a_ufunc_without_a_rule_has_no_methods_either() -> None:
    for method in (scipy.special.gammainc.reduce, scipy.special.gammainc.accumulate, lambda t: scipy.special.gammainc.outer(t, t)):
        with pytest.raises(TypeError, match=r"^scipy\.special\.gammainc has no derivative rule"):
            method(leaf(X))


@pytest.mark.parametrize("n", [1, 2, 9])
def test_ufuncs_of_the_same_elements_agree(n: int) -> None:
    x = np.linspace(0.5, 1.5, n)
    for f, same in (
        (np.add.reduce, np.sum),
        (np.multiply.reduce, np.prod),
        (np.add.accumulate, np.cumsum),
        (np.multiply.accumulate, np.cumprod),
        (np.logaddexp.reduce, ad.logsumexp),
        (np.hypot.reduce, np.linalg.norm),
        (lambda x: np.multiply.outer(x, x), lambda x: np.outer(x, x)),
        (lambda x: np.add.reduceat(x, [0]), lambda x: np.sum(x, keepdims=True)),
    ):
        a, b = leaf(x), leaf(x)
        first, second = f(a), same(b)
        assert_allclose(first.numpy(), second.numpy(), rtol=1e-14)
        (first * first).sum().backward()
        (second * second).sum().backward()
        assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-13)


# --- at --------------------------------------------------------------------------------------------------------------------------

INDICES: list[Any] = [[0, 0, 2], [2, 1], slice(0, 2), np.array([True, False, True]), 1, [[0, 1], [1, 0]], -1, ..., [0, -3]]
INDICES += [np.array([], int)]


@continuous
@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_at_changes_an_element_as_often_as_it_is_named(ufunc: Any, index: Any) -> None:
    a = np.array([0.75, 1.25, 1.5])
    b = np.linspace(0.625, 1.125, np.size(a[index])).reshape(np.shape(a[index]))

    def updated(a: Any, b: Any) -> Any:
        y = a * 1.0
        ufunc.at(y, index, b)
        return y

    assert_allclose(updated(leaf(a), leaf(b)).numpy(), updated(a, b), rtol=1e-14)
    assert_allclose(updated(leaf(a), 1.125).numpy(), updated(a, 1.125), rtol=1e-14)
    if b.size and ufunc not in (np.floor_divide, np.remainder, np.fmod):
        assert_gradient(updated, a, b)


@pytest.mark.parametrize("ufunc", [np.negative, np.exp, np.square, np.sin])
def test_at_of_one_operand(ufunc: Any) -> None:
    def updated(a: Any) -> Any:
        y = a * 1.0
        ufunc.at(y, [0, 0, 2])
        return y

    assert_allclose(updated(leaf(X[0])).numpy(), updated(X[0]))
    assert_gradient(updated, X[0])


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64, np.complex128])
def test_at_rounds_each_time_as_numpy_does(dtype: Any) -> None:
    for ufunc in (np.add, np.subtract, np.multiply):
        for b in (0.5, np.array([0.5, 1.75, 0.1]), np.float32(0.1), 2):
            expected, t = np.array([1, 2, 3], dtype), ad.Tensor(np.array([1, 2, 3], dtype))
            ufunc.at(expected, [0, 0, 1], b)
            ufunc.at(t, [0, 0, 1], b)
            assert_allclose(t.numpy(), expected, rtol=1e-7 if dtype == np.float32 else 1e-15, strict=True)


def test_at_changes_the_tensor_itself_and_what_it_is_a_view_of() -> None:
    t = ad.Tensor([1.0, 2.0, 3.0])
    u = leaf([10.0, 20.0])
    np.add.at(t[1:], [0, 0], u)
    assert_array_equal(t.numpy(), [1.0, 32.0, 3.0])
    (t * [1.0, 2.0, 3.0]).sum().backward()
    assert_array_equal(u.grad.numpy(), [2.0, 2.0])
    flags = ad.Tensor([True, False])
    np.logical_or.at(flags, [1], True)
    assert_array_equal(flags.numpy(), [True, True])
    number = ad.Tensor(2.0)
    np.multiply.at(number, (), 3.0)
    assert number.item() == 6.0


def test_an_update_that_would_lose_a_gradient_is_an_error_that_names_the_way() -> None:
    a, t = np.zeros(2), leaf([1.0, 2.0])
    with pytest.raises(TypeError, match=r"^np\.add\.at: the array would lose the gradient .*ad\.Tensor\(array\) or np\.zeros_like"):
        np.add.at(a, [0, 0], t)
    with pytest.raises(RuntimeError, match=r"^np\.add\.at: this tensor is a leaf that requires grad"):
        np.add.at(t, [0, 0], 1.0)
    with pytest.raises(TypeError, match=r"^np\.add\.at: no gradient flows through int64"):
        np.add.at(ad.Tensor([1, 2]), [0, 0], t)
    with pytest.raises(IndexError):
        np.add.at(t * 1.0, [5], 1.0)
    assert_array_equal(a, [0.0, 0.0])
    np.add.at(a, [0, 0], ad.Tensor([1.0, 2.0]))
    assert_array_equal(a, [3.0, 0.0])


# --- out= and where= -------------------------------------------------------------------------------------------------------------

WRITES: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (lambda t, out: np.exp(t, out=out), lambda t: np.exp(t)),
    (lambda t, out: np.add(t, 1, out), lambda t: np.add(t, 1)),
    (lambda t, out: np.multiply(2.0, t, out=(out,)), lambda t: 2 * t),
    (lambda t, out: np.cumsum(t, 0, None, out), lambda t: np.cumsum(t, 0)),
    (lambda t, out: np.clip(t, 0.8, 1.2, out=out), lambda t: np.clip(t, 0.8, 1.2)),
    (lambda t, out: np.clip(t, 0.8, 1.2, out), lambda t: np.clip(t, 0.8, 1.2)),
    (lambda t, out: np.mean([t, t], axis=0, out=out) if not isinstance(t, ad.Tensor) else np.mean(np.stack([t, t]), 0, out=out),
     lambda t: t),
    (lambda t, out: np.concatenate([t[:1], t[1:]], out=out), lambda t: t),
    (lambda t, out: np.stack([t[0], t[1]], out=out), lambda t: t),
    (lambda t, out: np.matmul(np.eye(2), t, out=out), lambda t: t),
    (lambda t, out: np.add.accumulate(t, 1, out=out), lambda t: np.cumsum(t, 1)),
    (lambda t, out: np.add.outer(t[:, 0], t[0], out=out), lambda t: t[:, :1] + t[0]),
    (lambda t, out: np.multiply.reduce(np.stack([t, t]) if isinstance(t, ad.Tensor) else [t, t], out=out), lambda t: t * t),
]  # fmt: skip


@pytest.mark.parametrize(("write", "result"), WRITES)
def test_out_is_a_tensor_that_is_written_to_and_recorded(write: Callable[..., Any], result: Callable[..., Any]) -> None:
    def through(t: Any) -> Any:
        out = np.zeros_like(t)
        assert write(t, out) is out
        return out

    assert_allclose(through(leaf(X)).numpy(), result(X), rtol=1e-15)
    assert_allclose(through(X), result(X), rtol=1e-15)
    assert_allclose(through(ad.Tensor(X)).numpy(), result(X), rtol=1e-15)
    assert_gradient(through, X)


def test_out_may_be_an_operand_a_view_or_the_only_tensor() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        np.multiply(y, y, out=y)
        np.sin(y[0], out=y[1])
        return y

    assert_allclose(f(leaf(X)).numpy(), f(X))
    assert_gradient(f, X)
    t = ad.Tensor(np.zeros(2))
    assert np.add([1.0, 2.0], 1.0, out=t) is t
    assert_array_equal(t.numpy(), [2.0, 3.0])
    flags = ad.Tensor([False, False])
    assert np.isfinite(leaf([1.0, np.inf]), out=flags) is flags
    assert_array_equal(flags.numpy(), [True, False])
    u, narrow = leaf([1.0, 2.0]), ad.Tensor(np.zeros(2, np.float32))
    np.multiply(u, 3.0, out=narrow)
    assert narrow.dtype == np.float32
    narrow.sum().backward()
    assert_array_equal(u.grad.numpy(), [3.0, 3.0], strict=True)
    w = leaf([1.0, 2.0])
    with ad.no_grad():
        np.subtract(w, 0.5, out=w)
    assert_array_equal(w.numpy(), [0.5, 1.5])


def test_of_several_results_each_goes_to_its_place() -> None:
    t, whole = leaf([1.25, 2.5]), np.zeros_like(leaf([0.0, 0.0]))
    fraction, same = np.modf(t, out=(None, whole))
    assert same is whole
    assert_array_equal(whole.numpy(), [1.0, 2.0])
    fraction.sum().backward()
    assert_array_equal(t.grad.numpy(), [1.0, 1.0])


def test_what_does_not_fit_is_an_error_and_nothing_is_written() -> None:
    t = leaf([1.0, 2.0])
    of_shape = r"out= has shape \(2,\), but the result has shape"
    for call, error, text in (
        (lambda out: np.add(t, np.ones((3, 2)), out=out), ValueError, rf"^np\.add: {of_shape} \(3, 2\)"),
        (lambda out: np.sum(t, out=out), ValueError, rf"^np\.sum: {of_shape} \(\)"),
        (lambda out: np.multiply(t, 1j, out=out), TypeError, r"^np\.multiply: out= has dtype float64, .* not take complex128"),
        (lambda out: np.add.reduce(t, out=out), ValueError, r"^np\.add\.reduce: out= has shape"),
        (lambda out: np.modf(t, out=(out, ad.Tensor([1, 2]))), TypeError, r"^np\.modf: out= has dtype int64"),
    ):
        out = ad.Tensor([7.0, 8.0])
        with pytest.raises(error, match=text):
            call(out)
        assert_array_equal(out.numpy(), [7.0, 8.0])
    with pytest.raises(RuntimeError, match=r"^np\.exp: this tensor is a leaf that requires grad"):
        np.exp(t, out=t)
    larger = ad.Tensor(np.zeros((3, 2)))
    np.add(t, 1, out=larger)  # a ufunc's is broadcast
    assert_array_equal(larger.numpy(), [[2.0, 3.0]] * 3)


def test_an_array_takes_no_result_that_requires_grad() -> None:
    t = leaf([1.0, 2.0])
    way = r"would lose the gradient.*out=|would lose the gradient.*ad\.Tensor\(array\)"
    for call in (
        lambda: np.exp(t, out=np.zeros(2)),
        lambda: np.add.reduce(t, out=np.zeros(())),
        lambda: np.add.accumulate(t, out=np.zeros(2)),
        lambda: np.add.outer(t, t, out=np.zeros((2, 2))),
        lambda: np.modf(t, out=(ad.Tensor(np.zeros(2)), np.zeros(2))),
        lambda: np.add(t, 1, out=np.zeros(2), where=[True, False]),
    ):
        with pytest.raises(TypeError, match=way):
            call()
    into = np.zeros(())
    assert np.add.reduce(ad.Tensor([1.0, 2.0]), out=into) is into
    assert into == 3.0


def test_where_computes_the_chosen_elements_alone_and_leaves_the_others_as_they_are() -> None:
    def f(x: Any, other: Any) -> Any:
        out = other * 1.0
        np.divide(1.0, x, out=out, where=x > 0)
        np.sqrt(out, out=out, where=np.array([[True], [False]]))
        return out

    x, other = X - 1.0625, 1 + X * X
    assert_allclose(f(leaf(x), leaf(other)).numpy(), f(x, other))
    assert_gradient(f, x, other)
    t = leaf([0.0, 2.0])
    y = np.log(t, out=np.zeros_like(t), where=t > 0)  # no warning, and no 0 * inf in the backward pass
    y.sum().backward()
    assert_array_equal(t.grad.numpy(), [0.0, 0.5])


def test_where_without_the_other_elements_is_an_error_that_names_the_ways() -> None:
    t = leaf([1.0, 2.0])
    with pytest.raises(TypeError, match=r"^np\.exp: where= .*np\.where\(mask, result, other\), or give the others: out=tensor"):
        np.exp(t, where=[True, False])
    with pytest.raises(TypeError, match=r"^np\.exp: where has dtype float64; wanted booleans"):
        np.exp(t, out=np.zeros_like(t), where=[1.0, 0.0])
    with pytest.raises(ValueError, match="broadcast"):
        np.exp(t, out=np.zeros_like(t), where=[True, False, True])


@given(data=st.data())
def test_a_write_by_out_is_an_assignment(data: st.DataObject) -> None:
    ufunc = data.draw(st.sampled_from([f for f in UFUNCS if f.nin == 2 and f in CONTINUOUS]))
    shape = data.draw(st.sampled_from([(3,), (2, 3), (1, 3), (0, 3)]))
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    a, b, before = (rng.uniform(0.5, 1.5, s) for s in ((3,), shape, shape))
    mask = rng.uniform(size=shape) < 0.5
    masked = data.draw(st.booleans())
    first, second = [leaf(x) for x in (a, b, before)], [leaf(x) for x in (a, b, before)]
    out, expected = (leaves[2] * 1.0 for leaves in (first, second))
    ufunc(*first[:2], out=out, **({"where": mask} if masked else {}))
    expected[...] = np.where(mask, ufunc(*second[:2]), expected) if masked else ufunc(*second[:2])
    g = rng.normal(size=shape)
    out.backward(g)
    expected.backward(g)
    assert_array_equal(out.numpy(), expected.numpy())
    for x, y in zip(first, second, strict=True):
        assert_allclose(x.grad.numpy(), np.zeros_like(x.numpy()) if y.grad is None else y.grad.numpy(), rtol=1e-14)
