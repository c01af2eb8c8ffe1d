"""Choosing elements by places and conditions: where derivatives go, and what is an error as NumPy's is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad

X = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_what_is_read_twice_gets_both_cotangents() -> None:
    x = ad.Tensor(X, requires_grad=True)
    np.take(x, [1, 1, -1], axis=1).backward(np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]))
    assert_array_equal(x.grad.numpy(), [[0, 3, 4], [0, 24, 32]])


def test_the_places_may_be_tensors() -> None:
    places = np.argsort(ad.Tensor([3.0, 1.0, 2.0]))
    assert ad.take(ad.Tensor([10.0, 20.0, 30.0]), places).tolist() == [20.0, 30.0, 10.0]
    assert ad.Tensor([10.0, 20.0, 30.0]).take(places).tolist() == [20.0, 30.0, 10.0]
    assert ad.choose(places, [ad.Tensor([1.0, 2.0, 3.0]), 4.0, 5.0]).tolist() == [4.0, 5.0, 3.0]


def test_a_choice_that_is_not_chosen_may_be_nan() -> None:
    x = ad.Tensor([4.0, 9.0], requires_grad=True)
    y = np.select([x > 5, x > 0], [np.sqrt(x), np.array([1.0, np.nan])], default=np.nan)
    assert_array_equal(y.numpy(), [1, 3])
    y.sum().backward()
    assert_array_equal(x.grad.numpy(), [0, 1 / 6])


def test_a_piece_is_a_function_of_the_elements_of_its_condition_alone() -> None:
    x = ad.Tensor([-1.0, 0.0, 4.0], requires_grad=True)
    y = np.piecewise(x, [x > 0, x < 0], [lambda x, n: n * np.sqrt(x), lambda x, n: x**2], 3.0)
    assert y.tolist() == [1.0, 0.0, 6.0]
    y.sum().backward()
    assert_array_equal(x.grad.numpy(), [-2, 0, 0.75])


def test_the_last_condition_that_is_true_decides_a_piece_and_the_first_a_selection() -> None:
    x = ad.Tensor([1.0, 2.0])
    assert ad.piecewise(x, [x > 0, x > 1], [10.0, 20.0]).tolist() == [10.0, 20.0]
    assert ad.select([x > 0, x > 1], [10.0, 20.0], x).tolist() == [10.0, 10.0]


def test_a_parameter_of_a_piece_has_a_gradient() -> None:
    slope = ad.Tensor(2.0, requires_grad=True)
    ad.piecewise(np.array([-1.0, 3.0]), [[True, False]], [lambda x: slope * x, 0.0]).sum().backward()
    assert slope.grad.item() == -1


ERRORS: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda x: np.take(x, 6), IndexError, "out of bounds"),
    (lambda x: np.take(x, 3, axis=1), IndexError, "out of bounds"),
    (lambda x: np.take(x, 0.5), TypeError, "Cannot cast"),
    (lambda x: np.take(x, 0, mode="round"), ValueError, "take: mode is 'round'; wanted 'raise', 'wrap' or 'clip'."),
    (lambda x: np.take_along_axis(x, np.array([0]), 1), ValueError, "indices have 1 axes; wanted 2, as many as the array has."),
    (lambda x: np.take_along_axis(x, np.array([[3]]), 1), IndexError, "out of bounds"),
    (lambda x: np.choose([2], [x, x]), IndexError, "out of bounds"),
    (lambda x: np.choose([-1], [x, x]), IndexError, "out of bounds"),
    (lambda x: np.select([x > 0], [x, x]), ValueError, "select: there are 1 conditions, 2 choices; wanted as many, at least one."),
    (lambda x: np.select([], []), ValueError, "select"),
    (lambda x: np.select([x], [x]), TypeError, "select: a condition has dtype float64; wanted booleans, such as x > 0."),
    (lambda x: np.piecewise(x, [x > 0], []), ValueError, "piecewise: there are 1 conditions and 0 functions; wanted 1 or 2."),
    (lambda x: np.compress([[True]], x), ValueError, "compress: condition has 2 axes; wanted 1. To choose elements by a mask"),
    (lambda x: np.compress([True] * 4, x, axis=1), IndexError, "out of bounds"),
    (lambda x: np.repeat(x, [1, 2, 3], axis=0), ValueError, "broadcast"),
    (lambda x: np.repeat(x, -1), ValueError, "negative"),
    (lambda x: np.delete(x, 3, axis=1), IndexError, "out of bounds"),
    (lambda x: np.insert(x, 4, 0.0, axis=1), IndexError, "out of bounds"),
    (lambda x: np.resize(x, (-1, 2)), ValueError, "negative"),
    (lambda x: np.rot90(x, axes=(0, 0)), ValueError, "repeated"),
    (lambda x: np.rot90(x, axes=(0, 1, 2)), ValueError, "rot90: axes is \\(0, 1, 2\\); wanted two"),
    (lambda x: np.fliplr(x[0]), ValueError, "out of bounds"),
    (lambda x: np.trim_zeros(x, "x"), ValueError, "trim_zeros: trim is 'x'; wanted 'f' for the front"),
    (lambda x: np.vsplit(x[0], 1), ValueError, "vsplit: x has shape \\(3,\\); wanted 2 axes or more. Of any array"),
    (lambda x: np.dsplit(x, 1), ValueError, "dsplit: x has shape \\(2, 3\\); wanted 3 axes or more."),
    (lambda x: np.hsplit(x[0, 0], 1), ValueError, "hsplit: x has shape \\(\\); wanted 1 axes or more."),
    (lambda x: np.array_split(x, 0), ValueError, "larger than 0"),
    (lambda x: ad.unstack(x[0, 0]), ValueError, "unstack: x has no axes; wanted one along which to take it apart."),
    (lambda x: np.meshgrid(x[0], x[1], indexing="yx"), ValueError, "indexing is 'yx'; wanted 'xy' or 'ij'"),
    (lambda x: np.block([[x], x]), ValueError, "depth"),
    (lambda x: np.block([(x,)]), TypeError, "tuple"),
    (lambda x: np.block([[x, x[0, 0]]]), ValueError, "must match exactly"),
    (lambda x: np.broadcast_arrays(x, np.ones(4)), ValueError, "broadcast"),
    (lambda x: np.bincount([0, 1], x[0]), ValueError, "weights have shape \\(3,\\); wanted that of x, \\(2,\\)"),
    (lambda x: np.bincount([-1], x[0, :1]), ValueError, "negative"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_what_is_an_error_of_numpy_is_one_here(call: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(ad.Tensor(X, requires_grad=True))


def test_trimming_leaves_the_box_around_what_is_not_zero() -> None:
    x = np.zeros((4, 5))
    x[1, 2], x[2, 1] = 3.0, 4.0
    leaf = ad.Tensor(x, requires_grad=True)
    y = ad.trim_zeros(leaf)
    assert_array_equal(y.numpy(), [[0, 3], [4, 0]])
    y.sum().backward()
    inside = np.zeros((4, 5))
    inside[1:3, 1:3] = 1
    assert_array_equal(leaf.grad.numpy(), inside)
    assert ad.trim_zeros(leaf, axis=1).shape == (4, 2)


@pytest.mark.parametrize("trim", ["fb", "f", "b"])
@pytest.mark.parametrize("x", [[0.0, 0.0, 1.5, 0.0, -2.0, 0.0], [0.0, 0.0], [0.0, 1.0], [1.0, 0.0], []])
def test_a_trimmed_vector_is_that_of_numpy(x: list[float], trim: str) -> None:
    assert_array_equal(np.trim_zeros(ad.Tensor(x), trim).numpy(), np.trim_zeros(np.array(x), trim))


def test_methods_are_those_of_an_array() -> None:
    t = ad.Tensor(X)
    for name, args in (
        ("ravel", ()), ("flatten", ()), ("repeat", (2, 1)), ("take", ([0, 2], 1)), ("compress", ([True, False, True], 1)),
        ("argsort", (0,)), ("argpartition", (1,)), ("nonzero", ()),
    ):  # fmt: skip
        assert_array_equal(getattr(t, name)(*args), getattr(X, name)(*args))
    assert_array_equal(t[0].searchsorted([1.5, 3.0], "right"), X[0].searchsorted([1.5, 3.0], "right"))
    assert_array_equal(ad.Tensor([1, 0]).choose([X[:, 0], X[:, 1]]), np.array([1, 0]).choose([X[:, 0], X[:, 1]]))


def test_a_flattened_tensor_is_a_copy_and_a_raveled_one_a_view() -> None:
    t = ad.Tensor(X)
    t.flatten()[0] = 9.0
    assert t[0, 0].item() == 1.0
    t.ravel()[0] = 9.0
    assert t[0, 0].item() == 9.0


def test_unstacked_parts_and_grids_without_copies_are_views() -> None:
    x = ad.Tensor(X)
    ad.unstack(x)[1][0] = 7.0
    assert x[1, 0].item() == 7.0
    assert not np.shares_memory(ad.meshgrid(x[0], x[1])[0].numpy(), x.numpy())
    assert np.shares_memory(ad.meshgrid(x[0], x[1], copy=False)[0].numpy(), x.numpy())
