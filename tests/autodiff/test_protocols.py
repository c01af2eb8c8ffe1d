"""NumPy's functions on tensors: those that have a meaning, those that have none, and conversions that would lose a gradient."""

import cmath
import decimal
import fractions
import io
import math
import operator
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose, assert_array_equal, assert_equal
from registry_cases import CASES

import autodiff as ad
from autodiff import extend
from autodiff.core.tensor import unwrapped
from autodiff.numpy.names import name_of
from autodiff.ops.constants import CONSTANTS
from autodiff.registry import numpy_table, registry
from autodiff.testing import assert_gradient
from docs.entries import entries, functions
from tests.samples import calls_of


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


MASK = np.array([True, False])

SUPPORTED: list[Callable[[Any], Any]] = [
    np.exp,
    np.sqrt,
    np.abs,
    lambda t: np.where(MASK, t, 0),
    lambda t: np.where(t > 2.0, t, -t),
    lambda t: np.maximum(t, 2),
    lambda t: np.minimum(2.0, t),
    lambda t: np.add(1, t),
    lambda t: np.power(2.0, t),
    lambda t: np.float64(2) * t,
    lambda t: t * np.float64(2),
    lambda t: np.float32(2) / t,
    lambda t: 2 * t,
    lambda t: np.array([3.0, 4.0]) * t,
    lambda t: np.array([3, 4]) - t,
    lambda t: np.array(2.0) ** t,
    lambda t: [1.0, 2.0] - t,
    lambda t: t @ np.ones((2, 2)),
    lambda t: np.ones((2, 2)) @ t,
    lambda t: [[1.0, 2.0], [3.0, 4.0]] @ t,
    lambda t: np.matmul(t, [1.0, 2.0]),
    lambda t: np.sum(t),
    lambda t: np.sum(t, axis=0, keepdims=True),
    lambda t: np.sum(t, 0),
    lambda t: np.mean(t),
    lambda t: np.max(t, axis=-1),
    lambda t: np.min(t),
    lambda t: np.clip(t, 1.5, None),
    lambda t: np.clip(t, 0, 2),
    lambda t: np.clip(t, a_min=0.0, a_max=2.0),
    lambda t: np.clip(t, min=0.0, max=2.0),
    lambda t: np.reshape(t, (2, 1)),
    lambda t: np.transpose(np.reshape(t, (2, 1))),
    lambda t: np.permute_dims(np.reshape(t, (2, 1)), (1, 0)),
    lambda t: np.swapaxes(np.reshape(t, (2, 1)), 0, 1),
    lambda t: np.expand_dims(t, 0),
    lambda t: np.squeeze(np.expand_dims(t, 0)),
    lambda t: np.broadcast_to(t, (3, 2)),
    lambda t: np.concatenate([t, [1.0], t]),
    lambda t: np.concat([np.ones(1), t]),
    lambda t: np.stack([t, np.ones(2)], axis=1),
    lambda t: np.copy(t),
    lambda t: np.square(t) + np.negative(t) + np.tanh(t) + np.log(t),
    lambda t: np.sum(np.exp(t) * np.arange(2)),
]


@pytest.mark.parametrize("f", SUPPORTED)
def test_numpy_functions_and_mixed_operators_give_numpys_value_and_the_gradient(f: Callable[..., Any]) -> None:
    values = np.array([1.25, 2.5])
    y = f(leaf(values))
    assert isinstance(y, ad.Tensor)
    assert y.requires_grad
    assert_allclose(y.numpy(), np.asarray(f(values)), rtol=1e-15)
    assert_gradient(f, values, order=1)


CONSTANT: list[Callable[[Any], Any]] = [
    lambda t: np.zeros_like(t),
    lambda t: np.ones_like(t),
    lambda t: np.ones_like(t, dtype=int),
    lambda t: np.full_like(t, 3.0),
    lambda t: np.isfinite(t),
    lambda t: np.isnan(t),
    lambda t: np.argmax(t),
    lambda t: np.argsort(-t),
    lambda t: np.greater(t, 2),
    lambda t: np.float64(2.0) < t,
    lambda t: np.array([1.0, 3.0]) >= t,
    lambda t: np.logical_and(t > 1, t < 2),
    lambda t: np.isclose(t, t + 1e-12),
    lambda t: np.all(t > 0),
    lambda t: np.any(t > 0),
    lambda t: np.count_nonzero(t),
]


@pytest.mark.parametrize("f", CONSTANT)
def test_functions_without_derivative_give_constants(f: Callable[..., Any]) -> None:
    values = np.array([1.25, 2.5])
    y = f(leaf(values))
    assert isinstance(y, ad.Tensor)
    assert not y.requires_grad
    assert y.dtype == np.asarray(f(values)).dtype
    assert_array_equal(y.numpy(), f(values))


def test_questions_about_shape_and_type_are_answered() -> None:
    t = leaf([[1.0, 2.0]])
    assert np.shape(t) == (1, 2)
    assert np.ndim(t) == 2
    assert np.size(t) == 2
    assert np.result_type(t, np.float32) is np.dtype(float)
    assert np.allclose(t, [[1.0, 2.0]])
    assert np.array_equal(t, t)
    assert [a.tolist() for a in np.nonzero(t)] == [[0, 0], [0, 1]]
    assert np.array_str(t) == "[[1. 2.]]"


UNSUPPORTED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda t: np.emath.sqrt(t), r"np\.lib\.scimath\.sqrt"),
    (lambda t: scipy.special.dawsn(t), r"scipy\.special\.dawsn"),
    (lambda t: np.spacing(t), r"np\.spacing"),
    (lambda t: np.isnat(t), r"np\.isnat"),
]


@pytest.mark.parametrize(("f", "name"), UNSUPPORTED)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_function_that_has_no_rule_is_an_error_that_names_it_and_says_what_to_do(
    f: Callable[..., Any], name: str, requires_grad: bool
) -> None:
    with pytest.raises(TypeError, match=rf"^{name} has no derivative rule for a Tensor\..*detach\(\)\.numpy\(\)"):
        f(ad.Tensor([1.0, 2.0], requires_grad=requires_grad))


@pytest.mark.usefixtures("registry_as_it_was")
@pytest.mark.parametrize(
    ("function", "operands"),
    [(np.emath.arccos, 1), (scipy.special.dawsn, 1), (scipy.special.gammainc, 2)],
    ids=lambda x: getattr(x, "__name__", x),
)
def test_the_hint_for_a_function_without_a_rule_is_a_declaration_of_it(function: Any, operands: int) -> None:
    t = leaf(np.eye(2))
    with pytest.raises(TypeError) as caught:
        function(*[t] * operands)
    hint = re.search(r"Add one with (extend\.primitive\(.*\)), or leave", str(caught.value))
    assert hint is not None
    eval(hint[1], {"__name__": __name__, "extend": extend, "np": np, "scipy": scipy})
    assert function(*[t] * operands).requires_grad


@pytest.mark.usefixtures("registry_as_it_was")
def test_a_function_whose_ufunc_is_private_is_one_to_call_another_for() -> None:
    t = leaf([1.0, 2.0])
    with pytest.raises(TypeError, match=r"^scipy\.special\.lambertw has no derivative rule for a Tensor\. Use ") as caught:
        scipy.special.lambertw(t)
    hint = re.search(r"Use the function that (extend\.primitive\(.*\)) returns, or leave", str(caught.value))
    assert hint is not None
    assert eval(hint[1], {"__name__": __name__, "extend": extend, "scipy": scipy})(t).requires_grad
    with pytest.raises(
        TypeError, match=r"^scipy\.special\.zeta has no derivative rule for a Tensor\. Use ad\.special\.zeta\(x, q\), or"
    ):
        scipy.special.zeta(2.0, t)
    assert ad.special.zeta(2.0, t).requires_grad


def test_no_error_of_a_function_of_scipy_names_what_is_private() -> None:
    texts = []
    for function in (getattr(scipy.special, name) for name in scipy.special.__all__ if name != "test"):
        for count in range(1, 5) if callable(function) else []:
            try:
                function(*[leaf([1.0, 2.0]) for _ in range(count)])
            except Exception as error:
                texts.append(str(error))
    assert texts
    assert [text for text in texts if "._" in text] == []


def test_a_function_is_named_by_its_own_module() -> None:
    t = leaf([1.0, 2.0])
    for call, name in (
        (lambda: np.spacing(t), r"np\.spacing"),
        (lambda: np.emath.sqrt(t), r"np\.lib\.scimath\.sqrt"),
        (lambda: scipy.special.dawsn(t), r"scipy\.special\.dawsn"),
        (lambda: np.frompyfunc(lambda x: x, 1, 1)(t), r"<lambda> \(vectorized\)"),
    ):
        with pytest.raises(TypeError, match=f"^{name} has no derivative rule"):
            call()


# --- out= ------------------------------------------------------------------------------------------------------------------------


def test_out_is_an_error_that_says_why_where_it_would_lose_a_gradient() -> None:
    t, a = leaf([1.0, 2.0]), np.zeros(2)
    with pytest.raises(TypeError, match=r"np\.add: out=.*would lose the gradient.*array = array \+ tensor"):
        np.add(t, 1, out=a)
    with pytest.raises(TypeError, match=r"np\.subtract: out=.*would lose the gradient"):
        a -= t
    for call in (
        lambda: np.sum(t, out=np.zeros(())),
        lambda: np.sum(t, 0, None, np.zeros(())),
        lambda: np.concatenate([t, t], out=np.zeros(4)),
        lambda: np.clip(t, 0, 1, out=a),
    ):
        with pytest.raises(TypeError, match=r"out=.*would lose the gradient"):
            call()
    assert_array_equal(a, np.zeros(2))


def test_out_is_numpys_where_no_gradient_is_lost() -> None:
    t, a = ad.Tensor([1.0, 2.0]), np.zeros(2)
    same = a
    a -= t
    assert a is same
    assert_array_equal(a, [-1.0, -2.0])
    assert np.add(t, 1, out=a, where=MASK) is a
    assert_array_equal(a, [2.0, -2.0])
    four = np.zeros(4)
    assert np.concatenate([t, t], out=four) is four
    assert_array_equal(four, [1.0, 2.0, 1.0, 2.0])
    with ad.no_grad():
        a *= leaf([3.0, 4.0])
    assert_array_equal(a, [6.0, -8.0])
    found = np.zeros(2, bool)
    assert np.isfinite(leaf([1.0, np.inf]), out=found) is found  # a constant, whatever the tensor is
    assert_array_equal(found, MASK)


def test_the_step_of_gradient_descent_is_written_as_for_arrays() -> None:
    w = leaf([1.0, 2.0])
    (w * w).sum().backward()
    w.data -= 0.5 * w.grad
    assert_array_equal(w.numpy(), [0.0, 0.0])
    w.data += ad.Tensor([3.0, 4.0])
    assert_array_equal(w.numpy(), [3.0, 4.0])
    with pytest.raises(TypeError, match="would lose the gradient"):
        w.data *= w
    fixed = np.zeros(2)
    fixed.flags.writeable = False  # in memory of its own: NumPy's error
    with pytest.raises(ValueError, match="read-only"):
        fixed += ad.Tensor([1.0, 2.0])


# --- parameters ------------------------------------------------------------------------------------------------------------------

X = np.array([[1.0, 2.0], [4.0, 3.0]])
EVEN = np.array([[True, False], [True, True]])

COMPOSED: list[Callable[[Any], Any]] = [
    lambda t: np.sum(t, where=EVEN),
    lambda t: np.sum(t, axis=0, initial=5.0, where=EVEN[0]),
    lambda t: np.sum(t, 1, None, None, True, 2.0, EVEN),
    lambda t: np.sum(t, dtype=np.float32),
    lambda t: np.sum(t, initial=t[0, 1]),
    lambda t: np.mean(t, axis=0, where=EVEN),
    lambda t: np.mean(t, where=t > 1.5, keepdims=True),
    lambda t: np.mean(t, dtype=np.float32),
    lambda t: np.max(t, initial=2.5),
    lambda t: np.max(t, axis=1, initial=0.0, where=EVEN),
    lambda t: np.min(t, axis=0, keepdims=True, initial=3.5, where=EVEN),
    lambda t: np.min(t, initial=t[0, 1] * 0.25),
    lambda t: np.max(t[:0], axis=0, initial=t[0, 1]),
    lambda t: np.full_like(t, t[0, 1]),
    lambda t: np.full_like(t, t[0], shape=(3, 2)),
]


@pytest.mark.parametrize("f", COMPOSED)
def test_parameters_that_the_operations_lack_are_composed_of_others(f: Callable[..., Any]) -> None:
    y, expected = f(leaf(X)), np.asarray(f(X))
    assert y.requires_grad
    assert y.dtype == expected.dtype
    assert_allclose(y.numpy(), expected, rtol=1e-7)
    if y.dtype == float:
        assert_gradient(f, X, order=1)


def test_elements_that_are_left_out_have_no_influence() -> None:
    t = leaf([np.nan, 2.0])
    for f in (np.sum, np.mean):
        t.grad = None
        y = f(t, where=[False, True])
        y.backward()
        assert y.item() == 2.0
        assert_array_equal(t.grad.numpy(), [0.0, 1.0])


def test_a_composed_parameter_is_checked() -> None:
    t = leaf(X)
    with pytest.raises(TypeError, match=r"conversion to an array: .* to fill a buffer, make it a tensor: np\.zeros_like"):
        np.full_like(X, t[0, 0])  # NumPy looks at the first argument alone
    with pytest.raises(TypeError, match=r"np\.sum: where has dtype float64; wanted booleans"):
        np.sum(t, where=X)
    with pytest.raises(ValueError, match=r"np\.sum: initial has shape \(2,\); wanted a number"):
        np.sum(t, initial=np.ones(2))
    with pytest.raises(ValueError, match=r"np\.max: with where=.*pass initial="):
        np.max(t, where=EVEN)
    with pytest.raises(TypeError, match="no gradient flows through int64"):
        np.full_like(t, t[0, 0], dtype=int)


REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda t: np.add(t, 1, where=[True, False]), r"np\.add: where= .*np\.where\(mask, result, other\)"),
    (lambda t: np.exp(t, dtype=np.float32), r"np\.exp: dtype= .*x\.astype\(dtype\)"),
    (lambda t: np.exp(t, casting="unsafe"), r"np\.exp: casting= .*x\.astype\(dtype\)"),
    (lambda t: np.exp(t, signature="d->d"), r"np\.exp: signature= .*x\.astype\(dtype\)"),
    (lambda t: np.exp(t, order="F"), r"np\.exp: order= .*np\.copy\(result, order\)"),
    (lambda t: np.exp(t, subok=False), r"np\.exp: subok= .*is a Tensor"),
    (lambda t: np.clip(t, 0, 1, dtype=np.float32), r"np\.clip: dtype= .*x\.astype\(dtype\)"),
    (lambda t: np.clip(t, 0, min=1), r"given twice|multiple values"),
    (lambda t: np.reshape(t, (4,), order="F"), r"np\.reshape: order= .*np\.reshape\(x\.T, shape\[::-1\]\)\.T"),
    (lambda t: np.reshape(t, (4,), "F"), r"np\.reshape: order= "),
    (lambda t: np.ravel(t, "F"), r"np\.ravel: order= .*np\.ravel\(x\.T\)"),
    (lambda t: np.concatenate([t, t], dtype=np.float32), r"np\.concatenate: dtype= .*x\.astype"),
    (lambda t: np.stack([t, t], dtype=np.float32), r"np\.stack: dtype= .*x\.astype"),
]


@pytest.mark.parametrize(("f", "text"), REFUSED)
def test_a_parameter_that_has_no_meaning_is_an_error_that_names_it_and_the_way(f: Callable[..., Any], text: str) -> None:
    for t in (leaf(X), ad.Tensor(X)):
        with pytest.raises(TypeError, match=text):
            f(t)


def test_the_ways_that_the_reasons_name_lead_there() -> None:
    t = leaf(np.arange(6.0).reshape(2, 3))
    assert_array_equal(np.reshape(t.T, (3, 2)[::-1]).T.numpy(), np.reshape(t.numpy(), (3, 2), order="F"))
    assert_array_equal(np.ravel(t.T).numpy(), np.ravel(t.numpy(), order="F"))
    assert np.copy(np.exp(t), "F").data.strides == np.exp(t.numpy(), order="F").strides


# --- constants -------------------------------------------------------------------------------------------------------------------

# Every constant function, called with one number as each operand through which a value could flow into the result.
FLOWS: dict[Any, list[Callable[[Any], Any]]] = {
    np.argmax: [lambda s: np.argmax(s * X)], np.argmin: [lambda s: np.argmin(s * X)], np.argsort: [lambda s: np.argsort(s * X)],
    np.all: [lambda s: np.all(s * X), lambda s: np.all(X, where=s > 0)], np.any: [lambda s: np.any(s * X)],
    np.isclose: [lambda s: np.isclose(s, 1.0), lambda s: np.isclose(X, 1.0, s), lambda s: np.isclose(X, s, atol=s)],
    np.allclose: [lambda s: np.allclose(s, X)], np.array_equal: [lambda s: np.array_equal(s, X)],
    np.can_cast: [lambda s: np.can_cast(s.dtype, float)],
    np.save: [lambda s: np.save(io.BytesIO(), s)], np.savez: [lambda s: np.savez(io.BytesIO(), s)],
    np.savez_compressed: [lambda s: np.savez_compressed(io.BytesIO(), s)],
    np.nonzero: [lambda s: np.nonzero(s * X)],
    np.empty_like: [lambda s: np.empty_like(s) * 0],
    np.zeros: [lambda s: np.zeros(3, like=s)], np.ones: [lambda s: np.ones(3, like=s)], np.eye: [lambda s: np.eye(3, like=s)],
    np.empty: [lambda s: np.empty(3, like=s) * 0],
    np.result_type: [lambda s: np.result_type(s, X)],
    np.einsum_path: [lambda s: np.einsum_path("", s)[1]],
    np.argpartition: [lambda s: np.argpartition(s * X, 1)], np.lexsort: [lambda s: np.lexsort((s * X[0],))],
    np.searchsorted: [lambda s: np.searchsorted([1.0, 2.0], s)], np.digitize: [lambda s: np.digitize(s, [1.0, 2.0])],
    np.isin: [lambda s: np.isin(s, X), lambda s: np.isin(X, s)],
    np.array_equiv: [lambda s: np.array_equiv(s, X)], np.savetxt: [lambda s: np.savetxt(io.StringIO(), s * X)],
    np.may_share_memory: [lambda s: np.may_share_memory(s, X)], np.shares_memory: [lambda s: np.shares_memory(s, X)],
    np.ix_: [lambda s: np.ix_(np.reshape(s > 0, 1))], np.diag_indices_from: [lambda s: np.diag_indices_from(s * X[:, :2])],
    np.tril_indices_from: [lambda s: np.tril_indices_from(s * X)], np.triu_indices_from: [lambda s: np.triu_indices_from(s * X)],
    np.unravel_index: [lambda s: np.unravel_index(np.argmax(s * X), X.shape)],
    np.ravel_multi_index: [lambda s: np.ravel_multi_index((np.argmax(s * X[0]), 1), X.shape)],
    np.nanargmax: [lambda s: np.nanargmax(s * X)], np.nanargmin: [lambda s: np.nanargmin(s * X)],
    np.packbits: [lambda s: np.packbits(s * X > 1)], np.unpackbits: [lambda s: np.unpackbits(np.packbits(s * X > 1))],
}  # fmt: skip


ON_INTEGERS = {np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift}


def _flows(function: Any) -> list[Callable[[Any], Any]]:
    if isinstance(function, np.ufunc):
        whole = not any(kind in "".join(function.types) for kind in "fd")  # of numbers without fractions alone
        return [lambda s: function(*((s > 0).astype(int) if whole else s,) * function.nin)]
    return FLOWS.get(function, [lambda s: function(s)])


ALL_FLOWS = [(f, flow) for f in sorted(CONSTANTS, key=name_of) for flow in _flows(f)]
ALL_FLOWS.append((np.full_like, lambda s: np.full_like(ad.Tensor(X), s)))


@pytest.mark.parametrize("flow", [pytest.param(flow, id=f"{name_of(f)}-{i}") for i, (f, flow) in enumerate(ALL_FLOWS)])
def test_a_value_that_reaches_a_floating_point_result_takes_its_gradient_along(flow: Callable[[Any], Any]) -> None:
    low, high = np.asarray(flow(np.array(1.0))), np.asarray(flow(np.array(1.5)))
    if low.dtype.kind == "f" and not np.array_equal(low, high):
        assert flow(leaf(1.0)).requires_grad
    else:
        y = flow(leaf(1.0))
        assert not getattr(y, "requires_grad", False) or y.dtype.kind == "f"


# --- refused for tensors is refused for arrays ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.number == 0])
def test_a_call_that_is_refused_for_tensors_is_refused_for_arrays(case: Any) -> None:
    call, arrays, params = case.entry.call, case.arrays(), case.params
    operands = [arrays] if case.entry.variadic else arrays
    tensors = [[ad.Tensor(x) for x in arrays]] if case.entry.variadic else [ad.Tensor(x) for x in arrays]
    surplus = [None] * case.entry.most
    wrong: list[Callable[[list[Any]], Any]] = [
        lambda xs: call(*xs, *surplus, "more", **params),
        lambda xs: call(*xs, **params, nothing_of_this_name=1),
        lambda xs: call(*xs, **params, where=True),
        lambda xs: call(*xs, **params, casting="unsafe"),
        lambda xs: call(),
    ]
    for refused in wrong:
        for xs in (tensors, operands):
            with pytest.raises(TypeError):
                refused(xs)


# --- arrays of other libraries ---------------------------------------------------------------------------------------------------


class Foreign:
    """An array of another library: it answers with the name of the function and the types of the operands."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return ufunc.__name__, *(type(x).__name__ for x in inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return (function.__name__,)

    __add__ = __radd__ = lambda self, other: ("its own +", type(other).__name__)


@pytest.mark.parametrize("requires_grad", [True, False])
def test_an_array_of_another_library_decides_itself(requires_grad: bool) -> None:
    t, other = ad.Tensor([1.0, 2.0], requires_grad=requires_grad), Foreign()
    assert np.multiply(t, other) == ad.multiply(t, other) == t * other == ("multiply", "Tensor", "Foreign")
    assert np.multiply(other, t) == ad.multiply(other, t) == ("multiply", "Foreign", "Tensor")
    assert np.hypot(t, other) == ("hypot", "Tensor", "Foreign")
    assert np.equal(t, other) == ("equal", "Tensor", "Foreign")
    assert np.exp(t, out=other) == ("exp", "Tensor")
    assert other + t == ("its own +", "Tensor")
    assert t + other == ("add", "Tensor", "Foreign")
    for first, second in ((t, other), (other, t)):
        assert np.concatenate([first, second]) == ad.concat([first, second]) == ("concatenate",)
        assert np.where(MASK, first, second) == ad.where(MASK, first, second) == ("where",)
        assert np.dot(first, second) == ("dot",)
    with pytest.raises(TypeError, match=r"setitem: an operand is Foreign, an array of another library"):
        ad.setitem(t, other, 0)


ARITHMETIC, BITS = ["add", "sub", "mul", "truediv", "pow", "matmul"], ["and", "or", "xor", "lshift", "rshift"]
OPERATORS = [*ARITHMETIC, *BITS, "eq", "ne", "lt", "le", "gt", "ge"]


@pytest.mark.parametrize("compare", [operator.eq, operator.ne])
@pytest.mark.parametrize("other", [None, True, 1, 1.0, np.float32(1.0), [1.0, 3.0], np.array([[1], [2]])])
def test_equality_with_whatever_numpy_compares_is_numpys(compare: Callable[[Any, Any], Any], other: Any) -> None:
    array = np.array([1.0, 2.0])
    assert_array_equal(compare(leaf(array), other), compare(array, other), strict=True)


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_lets_an_array_of_another_library_decide(name: str, requires_grad: bool) -> None:
    class Answering:
        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
            return ufunc.__name__, inputs[0]

    t = ad.Tensor([1.0, 2.0], requires_grad=requires_grad) * 1.0
    wanted = getattr(operator, f"__{name}__")(t.numpy().copy(), Answering())
    found = getattr(operator, f"__{name}__")(t, Answering())
    assert type(found) is tuple
    assert found[0] == wanted[0]
    assert found[1] is t
    if hasattr(operator, f"__i{name}__"):
        updated = getattr(operator, f"__i{name}__")(t, Answering())
        assert type(updated) is tuple
        assert_array_equal(t.numpy(), [1.0, 2.0])


@pytest.mark.parametrize("name", OPERATORS)
def test_an_object_that_no_ufunc_takes_answers_an_operator_itself(name: str) -> None:
    class Own:
        __array_ufunc__ = None
        __rand__ = __ror__ = __rxor__ = lambda self, other: "its own"
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = __rmatmul__ = __rlshift__ = __rrshift__ = __rand__
        __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __rand__  # type: ignore[assignment]
        __hash__ = None  # type: ignore[assignment]

    t = ad.Tensor([True, False])
    assert getattr(operator, f"__{name}__")(t.numpy(), Own()) == "its own"
    assert getattr(operator, f"__{name}__")(t, Own()) == "its own"


def test_a_tensor_has_the_methods_of_an_array_but_those_about_memory() -> None:
    missing = {name for name in dir(np.ndarray) if name[0] != "_" and not hasattr(ad.Tensor, name)}
    memory = {"base", "byteswap", "ctypes", "flags", "flat", "getfield", "itemsize", "nbytes", "setfield", "setflags", "strides"}
    assert missing == memory | {"dump", "dumps", "resize", "tobytes", "tofile", "view"}


def test_values_are_found_in_tensors_as_in_arrays() -> None:
    for x in (X, X[0], np.array(1.0), np.array([])):
        for value in (1.0, 99.0, np.nan, X[0], ad.Tensor(2.0)):
            if np.ndim(value) <= x.ndim and (np.ndim(value) == 0 or x.size):
                assert (value in ad.Tensor(x, requires_grad=True)) == (np.asarray(value) in x)


class Column(np.lib.mixins.NDArrayOperatorsMixin):
    """A column of a table, as in pandas: it decides on NumPy's ufuncs, and to the functions it is just an array."""

    dtype, mask = np.dtype(float), None

    def __init__(self, values: Any) -> None:
        self.values = np.array(values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype)

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> str:
        return "its own"


FUNCTIONS = [entry for entry in [*entries(), *functions()] if entry.numpy and not isinstance(entry.numpy[0], np.ufunc)]


@pytest.mark.parametrize("entry", FUNCTIONS, ids=lambda entry: entry.name)
def test_what_decides_on_ufuncs_alone_is_an_array_to_functions(entry: Any) -> None:
    """They don't ask it, but the tensors."""
    for sample in calls_of(entry):
        places = [i for i, x in enumerate(sample.operands) if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
        for i in places if len(places) > 1 else ():
            operands = [leaf(x) if j in places else x for j, x in enumerate(sample.operands)]
            mixed = [*operands[:i], Column(sample.operands[i]), *operands[i + 1 :]]
            found, expected = (
                entry.numpy[0](x, **sample.params) if getattr(entry, "variadic", False) else entry.numpy[0](*x, **sample.params)
                for x in (mixed, operands)
            )
            assert_equal(unwrapped(found), unwrapped(expected))


def test_a_column_is_data_for_a_tensor_and_decides_on_operators() -> None:
    column, t = Column([1.0, 2.0]), leaf([3.0, 4.0])
    assert ad.Tensor(column).tolist() == ad.asarray(column).tolist() == [1.0, 2.0]
    assert t * column == column * t == np.multiply(t, column) == ad.multiply(t, column) == "its own"
    assert np.allclose(t, Column([3.0, 4.0]))
    assert np.searchsorted(Column([1.0, 2.0]), t).tolist() == [2, 2]


def test_subclasses_of_tensor_and_of_arrays_are_no_foreigners() -> None:
    class Named(ad.Tensor):
        __slots__ = ()

    t, named = leaf([1.0, 2.0]), Named([3.0, 4.0], requires_grad=True)
    assert_array_equal((t * named + np.multiply(named, t)).numpy(), [6.0, 16.0])
    assert np.concatenate([t, named]).shape == (4,)
    assert np.stack([np.float64(1), np.sum(t)]).requires_grad


@pytest.mark.parametrize("op", [operator.add, operator.mul, operator.matmul, np.multiply, ad.multiply])
def test_a_matrix_is_an_error_on_either_side(op: Callable[..., Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        matrix = np.matrix(X)
        for arguments in ((leaf(X), matrix), (matrix, leaf(X)), (ad.Tensor(X), matrix), (matrix, ad.Tensor(X))):
            with pytest.raises(TypeError, match=r"an operand is np\.matrix, whose `\*` is another product"):
                op(*arguments)


# --- conversions -----------------------------------------------------------------------------------------------------------------

CONVERSIONS: list[Callable[[Any], Any]] = [
    lambda t: np.asarray(t),
    lambda t: np.array(t),
    lambda t: np.array([t, t]),
    lambda t: np.array([[t], [t]]),
    lambda t: np.float64(t),
    lambda t: np.asarray(t, dtype=np.float32),
    lambda t: math.exp(t),
    lambda t: cmath.sqrt(t),
    lambda t: math.floor(t),
    lambda t: np.zeros(2).__setitem__(0, t),
    lambda t: np.zeros(2).__setitem__(slice(None), t),
    lambda t: np.stack([[t, t], [t, t]]),
    lambda t: np.hypot.reduce([t, t]),
    lambda t: operator.mod("%.2f", t),
    lambda t: round(t),
]


@pytest.mark.parametrize("convert", CONVERSIONS)
def test_a_conversion_that_would_lose_the_gradient_is_an_error(convert: Callable[[Any], Any]) -> None:
    x = leaf(1.5)
    for t in [x, x * 2] * 20:  # often, since Python then runs other instructions
        with pytest.raises((TypeError, ValueError)) as caught:
            convert(t)
        assert isinstance(caught.value, TypeError) or isinstance(caught.value.__cause__, TypeError)  # NumPy wraps that of a[0] = t


@pytest.mark.parametrize("convert", CONVERSIONS[:9])
def test_the_error_names_the_ways_out(convert: Callable[[Any], Any]) -> None:
    with pytest.raises(
        TypeError,
        match=r"conversion to (an array|a number): this tensor requires grad, and the conversion would lose its gradient\."
        r".*np\.exp, not math\.exp; `a @ t`, not `a\.dot\(t\)`; np\.stack, not np\.array.*np\.zeros_like\(tensor\)"
        r" or ad\.Tensor\(np\.zeros\(5\)\).*\.item\(\), \.detach\(\) or no_grad\(\)",
    ):
        convert(leaf(1.5))


@pytest.mark.parametrize("convert", [c for i, c in enumerate(CONVERSIONS) if i not in (8, 11, 14)])
def test_conversions_are_allowed_where_no_gradient_is_lost(convert: Callable[[Any], Any]) -> None:
    expected = convert(np.array(1.5))
    freed = leaf(1.5) * 1.0
    freed.backward()
    for t in (ad.Tensor(1.5), leaf(1.5).detach(), freed):
        assert_array_equal(convert(t), expected)
    with ad.no_grad():
        assert_array_equal(convert(leaf(1.5)), expected)
        assert_array_equal(convert(leaf(1.5) * 1.0), expected)


WRITTEN_OUT: dict[str, Callable[[Any], Any]] = {
    "float": lambda t: float(t),
    "int": lambda t: int(t),
    "complex": lambda t: complex(t),
    "in another expression": lambda t: [math.exp(float(t)), f"{int(t)}", complex(t).real],
    "over lines": lambda t: float(
        t,
    ),
    "in a comprehension": lambda t: [float(u) for u in (t, t)],
    "under another name": lambda t: (lambda number: number(t))(float),
    "of builtins": lambda t: eval("float(t)", {"t": t}),
    "percent": lambda t: "loss %.3f, %d" % (t, t),  # noqa: UP031
    "format": lambda t: f"{t:.3f} {t:10.2e} {format(t, '.1f')} {'{:g}'.format(t)}",  # noqa: UP032
}


@pytest.mark.parametrize("convert", WRITTEN_OUT.values(), ids=WRITTEN_OUT.keys())
def test_a_number_that_is_asked_for_in_so_many_words_is_given(convert: Callable[[Any], Any]) -> None:
    for t in [leaf(1.5), leaf(1.5) * 1.0, ad.Tensor(1.5), leaf([[1.5]])] * 20:  # often, since Python then runs other instructions
        assert convert(t) == convert(1.5)


def test_a_name_that_is_not_pythons_is_no_conversion_in_so_many_words() -> None:
    float = math.exp
    with pytest.raises(TypeError, match="conversion to a number: this tensor requires grad"):
        float(leaf(1.5))


@pytest.mark.parametrize("name", [name for name in WRITTEN_OUT if name not in ("percent", "format")])
def test_in_a_function_that_is_differentiated_a_number_would_lose_the_gradient(name: str) -> None:
    def f(x: Any) -> Any:
        WRITTEN_OUT[name](x)
        return x * x

    for transform in (ad.grad(f), ad.hessian(f), lambda x: ad.vjp(f, x), lambda x: ad.jvp(f, (x,), (x,)), ad.grad(ad.grad(f))):
        with pytest.raises(TypeError, match=r"conversion to a number: this tensor requires grad.*\.item\(\)"):
            transform(1.5)
    y = leaf(1.5)
    assert float(y) == 1.5  # outside of it again, also after an error


def test_a_function_that_is_differentiated_can_print_its_values() -> None:
    printed = []

    def f(x: Any) -> Any:
        printed.append(f"{x:.2f}, %.1f" % x)
        with ad.no_grad():
            printed.append(float(x))
        return x * x

    assert ad.grad(f)(1.5) == 3.0
    assert printed == ["1.50, 1.5", 1.5]


def test_what_a_checkpoint_computes_twice_is_printed_twice() -> None:
    printed = []

    def f(x: Any) -> Any:
        printed.append(float(x))
        return x * x

    x = leaf(1.5)
    ad.checkpoint(f)(x).backward()
    assert (printed, x.grad.item()) == ([1.5, 1.5], 3.0)


NO_HOOK: dict[str, tuple[Callable[[Any], Any], str, Callable[[Any], Any]]] = {
    "np.array": (lambda t: np.array([t, t]), r"np\.stack, not np\.array", lambda t: np.stack([t, t])),
    "np.asarray": (lambda t: np.asarray([t, t]), r"np\.stack, not np\.array", lambda t: np.stack([t, t])),
    "np.full": (lambda t: np.full(2, t), r"np\.zeros_like\(tensor\)", lambda t: np.zeros_like(t, shape=2) + t),
    "np.fromiter": (lambda t: np.fromiter([t, t], float), r"np\.stack, not np\.array", lambda t: np.stack([t, t])),
    "math.sin": (lambda t: math.sin(t), r"np\.exp, not math\.exp", lambda t: np.sin(t)),
    "np.vectorize": (lambda t: np.vectorize(math.sin)(t), r"np\.exp, not math\.exp", lambda t: np.sin(t)),
    "map": (lambda t: next(map(float, [t])), r"\.item\(\)", lambda t: t.item()),
}


@pytest.mark.parametrize(("convert", "way", "instead"), NO_HOOK.values(), ids=NO_HOOK.keys())
def test_where_numpy_and_python_ask_for_no_more_than_an_array_or_a_number_the_error_names_what_works(
    convert: Callable[[Any], Any], way: str, instead: Callable[[Any], Any]
) -> None:
    for t in (leaf(1.5), leaf(1.5) * 1.0):
        with pytest.raises((TypeError, ValueError)) as caught:
            convert(t)
        assert re.search(way, f"{caught.value} {caught.value.__cause__}")
        assert_array_equal(np.asarray(ad.asarray(instead(t)).detach()), convert(np.array(1.5)))
    assert_array_equal(convert(ad.Tensor(1.5)), convert(np.array(1.5)))  # nothing is lost
    with ad.no_grad():
        assert_array_equal(convert(leaf(1.5)), convert(np.array(1.5)))


@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_ufunc_of_a_python_function_is_an_error_that_names_numpys_own(requires_grad: bool) -> None:
    t = ad.Tensor([1.0, 2.0], requires_grad=requires_grad)
    with pytest.raises(TypeError, match=r"^sin \(vectorized\) has no .* Use NumPy's own functions: np\.sin for math\.sin"):
        np.frompyfunc(math.sin, 1, 1)(t)


def test_filling_an_array_with_tensors_names_the_fix() -> None:
    t, a = leaf([1.0, 2.0, 3.0]), np.zeros(5)
    fix = r"np\.zeros_like\(tensor\) or ad\.Tensor\(np\.zeros\(5\)\)"
    for convert in (lambda: a.__setitem__(slice(3), t), lambda: np.ones(3).dot(t)):
        with pytest.raises(TypeError, match=fix):
            convert()
    with pytest.raises(ValueError, match="setting an array element with a sequence") as caught:
        a[0] = t[0]  # NumPy replaces the error of whatever has elements
    assert re.search(fix, str(caught.value.__cause__))
    for buffer in (np.zeros_like(t), ad.Tensor(np.zeros(5))):
        buffer[0] = t[1]
        assert buffer.requires_grad


def test_an_assignment_to_an_element_of_an_array_never_loses_a_gradient_silently() -> None:
    a, t = np.zeros(3), leaf([1.0, 2.0, 3.0])
    for index, value in ((0, t[0]), (slice(None), t), (np.array([0, 1]), t[:2]), (a == 0, t), (..., t * 2)):
        with pytest.raises((TypeError, ValueError), match=r"requires grad|setting an array element"):
            a[index] = value
    for write in (lambda: np.put(a, [0], t[0]), lambda: np.copyto(a, t), lambda: a.fill(t[0]), lambda: np.place(a, a == 0, t)):
        with pytest.raises((TypeError, ValueError)):
            write()
    assert_array_equal(a, np.zeros(3))


def test_item_tolist_and_numpy_are_always_allowed() -> None:
    t = leaf([1.5]) * 2
    assert (t.item(), t.tolist(), t.numpy().tolist()) == (3.0, [3.0], [3.0])


def test_asarray_takes_a_type_and_copies_as_asked() -> None:
    t = ad.Tensor([1.0, 2.0])
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    assert not np.shares_memory(np.array(t), t.data)
    assert np.shares_memory(np.asarray(t), t.data)
    with pytest.raises(ValueError, match="copy"):
        np.asarray(t, dtype=np.float32, copy=False)


# --- operands --------------------------------------------------------------------------------------------------------------------

STRANGE: list[Any] = [
    "a",
    ["a", "b"],
    np.array(["a", "b"]),
    object(),
    np.array([object(), None]),
    [None, 1.0],
    {},
    {1.0},
    np.array(["2020-01-01"], "datetime64[D]"),
    decimal.Decimal(1),
    fractions.Fraction(1, 2),
    None,
    b"ab",
]


@pytest.mark.parametrize("operand", STRANGE, ids=lambda x: f"{type(x).__name__}")
@pytest.mark.parametrize("requires_grad", [True, False])
def test_operands_that_are_no_numbers_are_errors_on_either_side(operand: Any, requires_grad: bool) -> None:
    t = ad.Tensor([1.0, 2.0], requires_grad=requires_grad)
    calls: list[Callable[[], Any]] = [
        lambda: t * operand,
        lambda: operand * t,
        lambda: t + operand,
        lambda: operand - t,
        lambda: t / operand,
        lambda: t**operand,
        lambda: ad.maximum(t, operand),
        lambda: ad.where(MASK, t, operand),
        lambda: np.multiply(operand, t),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, np.maximum])
def test_a_masked_array_is_an_error_on_either_side(op: Callable[..., Any]) -> None:
    masked = np.ma.array([1.0, 2.0], mask=[True, False])
    for t in (leaf([1.0, 2.0]), leaf([1.0, 2.0]) * 2):
        for arguments in ((t, masked), (masked, t)):
            with pytest.raises(TypeError):
                op(*arguments)


@pytest.mark.parametrize(
    "operand",
    [["a", "b"], np.array([object(), None]), np.ma.array([1.0, 2.0])],
    ids=lambda x: f"{type(x).__name__}",
)
def test_the_error_names_the_operation_and_the_type(operand: Any) -> None:
    with pytest.raises(TypeError, match=rf"multiply: an operand is {type(operand).__name__} of dtype .*; wanted numbers"):
        leaf([1.0, 2.0]) * operand


def test_equality_with_what_is_no_number_is_false() -> None:
    t = leaf([1.0, 2.0])
    assert not np.asarray(t == None).any()  # noqa: E711
    assert np.asarray(t != None).all()  # noqa: E711


def test_boolean_and_integer_operands_count_as_numbers() -> None:
    t = leaf([1.0, 2.0])
    y = t * True + t * np.array([True, False]) + t**2 + t ** np.array([True, False]) + t * np.uint8(2)
    assert y.dtype == float
    y.sum().backward()
    assert_array_equal(t.grad.numpy(), [1 + 1 + 2 + 1 + 2, 1 + 0 + 4 + 0 + 2])


def test_shapes_that_do_not_broadcast_are_numpys_error() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        leaf([1.0, 2.0]) * np.ones(3)
    with pytest.raises(ValueError, match=r"matmul: the shapes are \(2,\) and \(3,\)"):
        leaf([1.0, 2.0]) @ np.ones(3)


def test_where_with_the_condition_alone_gives_the_indices_as_nonzero_does() -> None:
    x = leaf([1.0, 0.0, 3.0])
    for condition in (x, x > 0, ad.Tensor([True, False, True])):
        (found,) = np.where(condition)
        assert_array_equal(found, [0, 2])
        assert_array_equal(found, np.nonzero(condition)[0])
    with pytest.raises(ValueError, match="either both or neither"):
        np.where(x > 0, x)


def test_the_table_of_numpy_functions_leads_to_the_operations() -> None:
    for function, meaning in numpy_table.items():
        assert callable(function)
        assert callable(meaning)
    for entry in list(registry.values()):
        for function in entry.numpy:
            assert numpy_table[function] is entry.call


@pytest.mark.parametrize("extreme", [np.max, np.min])
def test_the_extreme_of_chosen_elements_needs_what_it_is_where_there_is_none(extreme: Callable[..., Any]) -> None:
    text = rf"^np\.{extreme.__name__}: with where=, there may be no element to choose from: pass initial=, the result then\.$"
    with pytest.raises(ValueError, match=text):
        extreme(ad.Tensor([1.0]), where=np.array([True]))
