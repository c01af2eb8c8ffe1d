"""NumPy's functions on tensors: those that have a meaning, those that have none, and conversions that would lose a gradient."""

import cmath
import decimal
import fractions
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.primitive import numpy_table, registry
from autodiff.testing import assert_gradient


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
    (lambda t: np.fft.fft(t), r"np\.fft\.fft"),
    (lambda t: np.linalg.svd(np.reshape(t, (1, 2))), r"np\.linalg\.svd"),
    (lambda t: np.add.reduce(t), r"np\.add\.reduce"),
    (lambda t: np.add.accumulate(t), r"np\.add\.accumulate"),
    (lambda t: np.multiply.outer(t, t), r"np\.multiply\.outer"),
    (lambda t: np.add.at(np.zeros(2), [0, 0], t), r"np\.add\.at"),
    (lambda t: np.add.reduceat(t, [0]), r"np\.add\.reduceat"),
    (lambda t: np.floor_divide(t, 2), r"np\.floor_divide"),
    (lambda t: np.array([1.0, 2.0]) // t, r"np\.floor_divide"),
    (lambda t: np.nextafter(t, 1), r"np\.nextafter"),
    (lambda t: np.histogram(t), r"np\.histogram"),
    (lambda t: np.unwrap(t), r"np\.unwrap"),
    (lambda t: np.interp(t, [0, 1], [0, 1]), r"np\.interp"),
]


@pytest.mark.parametrize(("f", "name"), UNSUPPORTED)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_function_that_has_no_rule_is_an_error_that_names_it_and_says_what_to_do(
    f: Callable[..., Any], name: str, requires_grad: bool
) -> None:
    with pytest.raises(
        TypeError, match=rf"^{name} has no derivative rule for a Tensor\. Add one with ad\.primitive.*detach\(\)\.numpy\(\)"
    ):
        f(ad.Tensor([1.0, 2.0], requires_grad=requires_grad))


def test_operators_without_a_rule_are_errors() -> None:
    t = leaf([1.0, 2.0])
    for op in (operator.floordiv, operator.mod, divmod):
        for arguments in ((t, 2.0), (2.0, t)):
            with pytest.raises(TypeError):
                op(*arguments)


def test_out_is_an_error_that_says_why() -> None:
    t, a = leaf([1.0, 2.0]), np.zeros(2)
    with pytest.raises(TypeError, match=r"np\.add: out=.*would lose the gradient.*array = array \+ tensor"):
        np.add(t, 1, out=a)
    with pytest.raises(TypeError, match=r"np\.add: out=.*would lose the gradient"):
        a += t
    for call in (
        lambda: np.sum(t, out=np.zeros(())),
        lambda: np.concatenate([t, t], out=np.zeros(4)),
        lambda: np.clip(t, 0, 1, out=a),
    ):
        with pytest.raises(TypeError, match="out"):
            call()
    assert_array_equal(a, np.zeros(2))


PARAMETERS_WITHOUT_MEANING: list[tuple[Callable[[Any], Any], str]] = [
    (lambda t: np.add(t, 1, where=[True, False]), r"np\.add.*where"),
    (lambda t: np.exp(t, dtype=np.float32), r"np\.exp.*dtype"),
    (lambda t: np.exp(t, where=[[True, False]]), r"np\.exp.*where"),
    (lambda t: np.sum(t, dtype=np.float32), r"np\.sum.*dtype"),
    (lambda t: np.sum(t, where=[[True, False]]), r"np\.sum.*where"),
    (lambda t: np.sum(t, initial=5.0), r"np\.sum.*initial"),
    (lambda t: np.max(t, initial=5.0), r"np\.max.*initial"),
    (lambda t: np.mean(t, dtype=np.float32), r"np\.mean.*dtype"),
    (lambda t: np.reshape(t, (4,), order="F"), r"np\.reshape.*order"),
    (lambda t: np.copy(t, order="F"), r"np\.copy.*order"),
    (lambda t: np.concatenate([t, t], dtype=np.float32), r"np\.concatenate.*dtype"),
    (lambda t: np.stack([t, t], dtype=np.float32), r"np\.stack.*dtype"),
]


@pytest.mark.parametrize(("f", "text"), PARAMETERS_WITHOUT_MEANING)
def test_a_parameter_that_has_no_meaning_is_an_error_that_names_it(f: Callable[..., Any], text: str) -> None:
    with pytest.raises(TypeError, match=text):
        f(leaf([[1.0, 2.0], [3.0, 4.0]]))


POSITIONAL: list[Callable[[Any], Any]] = [
    lambda t: np.sum(a=t),
    lambda t: np.reshape(t, shape=(4,)),
    lambda t: np.reshape(t, (4,), "F"),
    lambda t: np.sum(t, 0, np.float32),
    lambda t: np.sum(t, 0, None, None, True),
    lambda t: np.mean(t, 0, np.float32),
    lambda t: np.max(t, 0, None, True),
    lambda t: np.concatenate([t, t], 0, None),
    lambda t: np.stack([t, t], 0, None),
    lambda t: np.transpose(t, (1, 0)),
    lambda t: np.expand_dims(t, 0),
    lambda t: np.broadcast_to(t, (1, 2, 2), False),
    lambda t: np.copy(t, "F"),
    lambda t: np.clip(t, 2, 3, None),
]


@pytest.mark.parametrize("f", POSITIONAL)
def test_parameters_by_position_or_by_name_mean_what_they_mean_to_numpy_or_are_an_error(f: Callable[..., Any]) -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    expected = f(values)
    for t in (leaf(values), ad.Tensor(values)):
        try:
            y = f(t)
        except TypeError:
            continue
        assert y.shape == expected.shape
        assert y.dtype == expected.dtype
        assert_array_equal(y.numpy(), expected)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ad.sum(x, 0, True),
        lambda x: ad.sum(x, 0, False, "more"),
        lambda x: ad.reshape(x, (4,), "F"),
        lambda x: ad.getitem(x, 0, 1),
        lambda x: ad.concat([x], 0, "more"),
        lambda x: ad.sum(x, axes=0),
        lambda x: ad.exp(x, x),
        lambda x: ad.add(x),
        lambda x: ad.reshape(x),
    ],
)
def test_a_wrong_call_is_a_type_error_for_tensors_as_it_is_for_arrays(call: Callable[[Any], Any]) -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    for x in (values, ad.Tensor(values), leaf(values)):
        with pytest.raises(TypeError):
            call(x)


# --- conversions -----------------------------------------------------------------------------------------------------------------

CONVERSIONS: list[Callable[[Any], Any]] = [
    lambda t: np.asarray(t),
    lambda t: np.array(t),
    lambda t: np.array([t, t]),
    lambda t: np.array([[t], [t]]),
    lambda t: np.float64(t),
    lambda t: np.asarray(t, dtype=np.float32),
    lambda t: float(t),
    lambda t: int(t),
    lambda t: complex(t),
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
    for t in (x, x * 2):
        with pytest.raises((TypeError, ValueError)) as caught:
            convert(t)
        assert isinstance(caught.value, TypeError) or isinstance(caught.value.__cause__, TypeError)  # NumPy wraps that of a[0] = t


@pytest.mark.parametrize("convert", CONVERSIONS[:12])
def test_the_error_names_the_ways_out(convert: Callable[[Any], Any]) -> None:
    with pytest.raises(
        TypeError,
        match=r"this tensor requires grad, and the conversion would lose its gradient.*np\.exp, not math\.exp.*\.item\(\)",
    ):
        convert(leaf(1.5))


@pytest.mark.parametrize("convert", [c for i, c in enumerate(CONVERSIONS) if i not in (11, 14, 17)])
def test_conversions_are_allowed_where_no_gradient_is_lost(convert: Callable[[Any], Any]) -> None:
    expected = convert(np.array(1.5))
    freed = leaf(1.5) * 1.0
    freed.backward()
    for t in (ad.Tensor(1.5), leaf(1.5).detach(), freed):
        assert_array_equal(convert(t), expected)
    with ad.no_grad():
        assert_array_equal(convert(leaf(1.5)), expected)
        assert_array_equal(convert(leaf(1.5) * 1.0), expected)


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
    1j,
    np.complex128(1j),
    np.array([1j, 2.0]),
    [1j, 2.0],
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
def test_operands_that_are_no_real_numbers_are_errors_on_either_side(operand: Any, requires_grad: bool) -> None:
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
    [1j, np.array([1j, 2.0]), ["a", "b"], np.array([object(), None]), np.ma.array([1.0, 2.0])],
    ids=lambda x: f"{type(x).__name__}",
)
def test_the_error_names_the_operation_and_the_type(operand: Any) -> None:
    with pytest.raises(TypeError, match=rf"multiply: an operand is {type(operand).__name__} of dtype .*; wanted real numbers"):
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
    with pytest.raises(ValueError, match="mismatch"):
        leaf([1.0, 2.0]) @ np.ones(3)


def test_where_with_the_condition_alone_gives_indices_or_is_an_error_that_says_so() -> None:
    mask = leaf([1.0, 0.0, 3.0]) > 0
    try:
        (found,) = np.where(mask)
    except TypeError as error:
        text = str(error)
    else:
        assert np.asarray(found).tolist() == [0, 2]
        return
    assert "where" in text
    assert "dtype object" not in text


def test_the_table_of_numpy_functions_leads_to_the_operations() -> None:
    assert len(numpy_table) > 60
    for function, meaning in numpy_table.items():
        assert callable(function)
        assert callable(meaning)
    for entry in list(registry.values()):
        for function in entry.numpy:
            assert numpy_table[function] is entry.call
