"""Borders around an array: NumPy's values at any widths, and where the derivatives go."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad

CONTINUED = ["edge", "reflect", "symmetric", "wrap", "linear_ramp", "maximum", "minimum", "mean", "median"]
WIDTHS = st.tuples(st.integers(0, 7), st.integers(0, 7))
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 4))


def gradient(f: Any, x: Any) -> np.ndarray:
    """The gradient of the sum of `f(x)`."""
    leaf = ad.Tensor(x, requires_grad=True)
    f(leaf).sum().backward()
    return np.asarray(leaf.grad.numpy())


@pytest.mark.parametrize("dtype", [float, np.float32, np.float16, int, complex])
@pytest.mark.parametrize("mode", ["constant", *CONTINUED])
@given(shape=SHAPES, widths=st.tuples(WIDTHS, WIDTHS))
def test_the_border_is_that_of_numpy(mode: str, dtype: Any, shape: Any, widths: Any) -> None:
    x = (10 * np.random.default_rng(0).normal(size=shape)).astype(dtype)
    y, expected = np.pad(ad.Tensor(x), widths, mode=mode), np.pad(x, widths, mode=mode)
    assert y.dtype == expected.dtype
    eps = 0 if dtype is int else np.finfo(dtype).eps
    assert_allclose(y.numpy(), expected, rtol=4 * eps, atol=40 * eps)


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
@given(shape=SHAPES, widths=st.tuples(WIDTHS, WIDTHS))
def test_an_odd_reflection_is_that_of_numpy(mode: str, shape: Any, widths: Any) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    expected = np.pad(x, widths, mode=mode, reflect_type="odd")  # type: ignore[call-overload]
    assert_allclose(np.pad(ad.Tensor(x), widths, mode=mode, reflect_type="odd").numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
@given(shape=SHAPES, widths=st.tuples(WIDTHS, WIDTHS))
def test_the_gradient_counts_how_often_an_element_is_read(mode: str, shape: Any, widths: Any) -> None:
    places = np.pad(np.arange(np.prod(shape)).reshape(shape), widths, mode=mode)
    counts = np.bincount(places.ravel(), minlength=np.prod(shape)).reshape(shape)
    assert_array_equal(gradient(lambda x: ad.pad(x, widths, mode), np.ones(shape)), counts)


def test_the_constants_of_a_border_have_a_gradient() -> None:
    below, above = ad.Tensor(1.0, requires_grad=True), ad.Tensor(2.0, requires_grad=True)
    y = ad.pad(ad.Tensor([5.0]), (2, 3), constant_values=(below, above))
    assert_array_equal(y.numpy(), [1, 1, 5, 2, 2, 2])
    y.backward(np.arange(6.0))
    assert (below.grad.item(), above.grad.item()) == (0 + 1, 3 + 4 + 5)


def test_the_end_of_a_ramp_has_a_gradient() -> None:
    end = ad.Tensor(0.0, requires_grad=True)
    y = ad.pad(ad.Tensor([4.0]), (4, 0), mode="linear_ramp", end_values=end)
    assert_array_equal(y.numpy(), [0, 1, 2, 3, 4])
    y.sum().backward()
    assert end.grad.item() == 1 + 0.75 + 0.5 + 0.25


def test_an_empty_border_has_no_derivative() -> None:
    x = np.array([[1.0, 2.0]])
    y = np.pad(ad.Tensor(x), 1, mode="empty")
    assert_array_equal(y[1:2, 1:3].numpy(), x)
    assert_array_equal(gradient(lambda x: np.pad(x, 1, mode="empty"), x), np.ones((1, 2)))


def test_a_nan_is_the_median_of_what_it_is_among() -> None:
    x = np.array([[1.0, np.nan, 2.0], [1.0, np.inf, 2.0]])
    assert_array_equal(ad.pad(ad.Tensor(x), ((0, 0), (0, 1)), mode="median").numpy(), np.pad(x, ((0, 0), (0, 1)), mode="median"))


def test_an_infinity_stays_where_it_is_read() -> None:
    x = np.array([np.inf, 1.0, 2.0])
    assert_array_equal(ad.pad(ad.Tensor(x), 2, mode="wrap").numpy(), np.pad(x, 2, mode="wrap"))


def test_widths_may_be_given_by_axis() -> None:
    y = ad.pad(ad.Tensor(np.ones((2, 3))), {-1: (0, 2), 0: 1})
    assert y.shape == (4, 5)


def test_without_a_border_the_result_is_a_copy() -> None:
    x = ad.Tensor([1.0, 2.0])
    y = ad.pad(x, 0)
    y[0] = 5.0
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"mode": "mirror"}, ValueError, "pad: mode is 'mirror'; wanted one of constant, edge, empty, linear_ramp, maximum"),
        ({"mode": lambda *args: None}, TypeError, "pad: mode is a function, which would write to an array; wanted the name of one"),
        ({"mode": "edge", "constant_values": 1}, ValueError, "constant_values= is given with mode 'edge', which takes no option"),
        ({"mode": "mean", "end_values": 1}, ValueError, "end_values= is given with mode 'mean', which takes stat_length"),
        ({"mode": "reflect", "reflect_type": "new"}, ValueError, "reflect_type is 'new'; wanted 'even' or 'odd'"),
        ({"pad_width": -1}, ValueError, "pad_width is -1; wanted no negative number. To leave elements out: x\\[1:-1\\]"),
        ({"pad_width": 1.0}, TypeError, "pad_width is 1.0; wanted integers"),
        ({"pad_width": (1, 2, 3)}, ValueError, "broadcast"),
        ({"mode": "maximum", "stat_length": 0}, ValueError, "stat_length is 0; wanted at least one element for the maximum"),
        ({"mode": "mean", "stat_length": -1}, ValueError, "stat_length is -1; wanted no negative number"),
    ],
)
def test_what_is_no_border_is_an_error(params: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ad.pad(ad.Tensor(np.ones((2, 2))), **{"pad_width": 1, **params})


@pytest.mark.parametrize("mode", CONTINUED)
def test_nothing_cannot_be_continued(mode: str) -> None:
    with pytest.raises(ValueError, match=f"pad: axis 1 has no elements to continue with mode '{mode}'; wanted 'constant'"):
        ad.pad(ad.Tensor(np.ones((2, 0))), 1, mode=mode)
    assert ad.pad(ad.Tensor(np.ones((2, 0))), ((1, 1), (0, 0)), mode=mode).shape == (4, 0)
