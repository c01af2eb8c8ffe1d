"""Numbers of every type: either byte order, the limits of the types, and more elements than a float16 can count."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from registry_cases import CASES, Case
from statements import states

import autodiff as ad

FLOATS = ("f2", "f4", "f8", "g")


def leaf(x: np.ndarray) -> Any:
    return ad.Tensor(x, requires_grad=True)


def value_and_gradients(case: Case, arrays: list[np.ndarray]) -> list[np.ndarray]:
    operands = [leaf(x) if i in case.differentiable() else x for i, x in enumerate(arrays)]
    y = case.operation(operands)
    y.backward(np.linspace(1, 2, y.size).reshape(y.shape).astype(y.dtype))
    return [y.numpy(), *(t.grad.numpy() for t in operands if isinstance(t, ad.Tensor))]


# --- byte order ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.entry.elementwise])
def test_the_byte_order_makes_no_difference(case: Case, dtype: str) -> None:
    if dtype == "g" and case.entry.module.startswith("autodiff.special"):
        return  # SciPy's functions take no long doubles
    native = case.arrays(dtype)
    expected = value_and_gradients(case, native)
    for order in "<>":
        arrays = [x.astype(x.dtype.newbyteorder(order)) for x in native]
        assert_array_equal(case.of(case.entry.forward, arrays), expected[0])
        for found, wanted in zip(value_and_gradients(case, arrays), expected, strict=True):
            assert_array_equal(found, wanted)
            assert found.dtype.newbyteorder("=") == wanted.dtype


# --- the sigmoid -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_sigmoid_is_exact_at_its_limits(dtype: str, order: str) -> None:
    largest = np.finfo(dtype).max
    x = np.array([-np.inf, -largest, 0, largest, np.inf, np.nan], dtype).astype(np.dtype(dtype).newbyteorder(order))
    assert_array_equal(ad.sigmoid(x), [0, 0, 0.5, 1, 1, np.nan])
    assert ad.sigmoid(x).dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_the_relative_error_of_the_sigmoid_is_a_few_units_in_the_last_place_on_both_sides(dtype: str) -> None:
    info = np.finfo(dtype)
    lowest = float(np.log(info.smallest_subnormal.astype(float)))
    x = np.concatenate([np.linspace(lowest, -lowest, 20_001), np.linspace(-20, 20, 20_001)]).astype(dtype)
    expected = 1 / (1 + np.exp(-x.astype("g")))
    y = ad.sigmoid(x).astype("g")
    assert np.all(np.abs(y - expected) <= 4 * info.eps * expected + info.smallest_subnormal)


def test_the_sigmoid_takes_numbers_lists_and_integers() -> None:
    for x in (2, 2.0, [2.0], [2], np.int8(2), np.array([2], np.int64), np.array([2], np.uint8), True, np.float64(2)):
        assert_allclose(ad.sigmoid(x), 1 / (1 + np.exp(-np.array(x, float))), rtol=1e-15, strict=False)
    assert ad.sigmoid(np.array([-100, 100], np.int8)).tolist() == [pytest.approx(np.exp(-100.0)), 1.0]


# --- many elements ---------------------------------------------------------------------------------------------------------------

COUNT = 70_000  # more than a float16 can say
NUMPY: dict[str, Any] = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "logsumexp": None}
ARRAYS = {
    "equal": np.full(COUNT, 0.25, np.float16),
    "random": np.random.default_rng(0).uniform(-1, 1, COUNT).astype(np.float16),
    "rows": np.repeat(np.array([[0.25], [-0.5]], np.float16), COUNT, axis=1),
}


@pytest.mark.parametrize("data", ARRAYS)
@pytest.mark.parametrize("name", NUMPY)
@pytest.mark.parametrize("slope", [1.0, 1000.0])
def test_a_reduction_of_more_elements_than_a_float16_can_count(name: str, data: str, slope: float) -> None:
    half, double = leaf(ARRAYS[data]), leaf(ARRAYS[data].astype(np.float64))
    of = getattr(ad, name)
    y, expected = of(half, axis=-1), of(double, axis=-1)
    assert y.dtype == np.float16
    if NUMPY[name] is not None:
        assert_array_equal(y.numpy(), NUMPY[name](ARRAYS[data], axis=-1))
    assert_allclose(y.numpy(), expected.numpy(), rtol=2e-2, atol=1e-3)
    y.backward(np.full(y.shape, slope, np.float16))
    expected.backward(np.full(y.shape, slope))
    assert half.grad.dtype == np.float16
    assert_allclose(half.grad.numpy(), double.grad.numpy(), rtol=2e-2, atol=np.finfo(np.float16).smallest_subnormal)
    assert np.any(half.grad.numpy())


# --- astype ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [object, str, "U3", "S", "M8[s]", np.dtype([("x", float)])])
@pytest.mark.parametrize(
    "x", [ad.Tensor([1.0]), leaf(np.array([1.0])), np.array([1.0]), 1.0], ids=["tensor", "leaf", "array", "number"]
)
def test_a_type_that_is_not_of_numbers_is_an_error(x: Any, dtype: Any) -> None:
    with pytest.raises(TypeError, match=r"astype: dtype is .*; wanted a type of numbers or booleans, such as np\.float32"):
        ad.astype(x, dtype)


def test_astype_always_copies() -> None:
    x = np.array([1.0, 2.0])
    assert not np.shares_memory(ad.astype(x, float), x)
    for t in (ad.Tensor(x), leaf(x), leaf(x) * 2):
        assert not np.shares_memory(ad.astype(t, float).numpy(), t.numpy())
        assert not np.shares_memory(t.astype(float).numpy(), t.numpy())


def test_astype_takes_numbers_and_lists_and_every_name_of_a_type() -> None:
    make: list[Callable[[Any], Any]] = [
        lambda d: ad.astype(1.5, d),
        lambda d: ad.astype([1.5], d),
        lambda d: ad.astype(np.float64(1.5), d),
    ]
    for call in make:
        for dtype in (np.float32, "f4", "float32", np.dtype("f4")):
            assert call(dtype).dtype == np.float32
            assert np.all(call(dtype) == 1.5)
        assert call(int) == 1
        assert call(bool)


def test_special_values_are_replaced_as_by_numpy_and_let_no_cotangent_pass() -> None:
    x = np.array([1.0, np.nan, np.inf, -np.inf])
    for params in ({}, {"nan": 2.0}, {"posinf": 3.0}, {"neginf": -4.0}, {"nan": 1.0, "posinf": 2.0, "neginf": 3.0}):
        t = ad.Tensor(x, requires_grad=True)
        y = np.nan_to_num(t, **params)
        assert_array_equal(y.numpy(), np.nan_to_num(x, **params))
        y.backward(np.full(4, 5.0))
        assert_array_equal(t.grad.numpy(), [5.0, 0.0, 0.0, 0.0])


@states("relu")
@pytest.mark.parametrize("dtype", ["f2", "<f4", ">f4", "<f8", ">f8"])
def test_of_many_numbers_the_cotangents_by_those_above_zero_pass_the_rectifier(dtype: str) -> None:
    x = np.linspace(-1, 1, 10001).reshape(73, 137).astype(dtype)
    g = np.cos(np.arange(x.size)).reshape(x.shape).astype(dtype)
    x[0, 0], g[:, 1], g[:, 2] = np.nan, np.inf, np.nan
    t = leaf(x)
    ad.relu(t).backward(g)
    assert_array_equal(t.grad.numpy(), np.where(x <= 0, 0, g))


@states("fmod")
def test_the_slope_of_a_remainder_by_the_divisor_is_a_whole_number() -> None:
    for a, b, quotient in ((10.0, 1.3, 7.0), (3.0, 0.1, 29.0), (-10.0, 1.3, -7.0)):
        assert ad.grad(ad.fmod, 1)(a, b) == -quotient


@states("atan2", "hypot")
def test_length_and_angle_on_the_unit_circle_and_to_second_order_at_the_origin() -> None:
    for f, at_the_top, at_the_right in ((ad.hypot, (1.0, 0.0), (0.0, 1.0)), (ad.atan2, (0.0, -1.0), (1.0, 0.0))):
        for by in (0, 1):
            assert ad.grad(f, by)(1.0, 0.0) == at_the_top[by]
            assert ad.grad(f, by)(0.0, 1.0) == at_the_right[by]
            for then_by in (0, 1):
                assert ad.grad(lambda a, b, f=f, by=by: ad.grad(f, by)(a, b), then_by)(0.0, 0.0) == 0
