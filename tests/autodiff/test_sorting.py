"""Sorted elements: the derivative goes the way of each element, and a stable sort decides which of equal ones goes where."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_array_equal

import autodiff as ad

TIES = st.sampled_from([0.0, -0.0, 1.0, 2.0, np.inf, -np.inf, np.nan])


@given(x=arrays(float, array_shapes(max_dims=3, max_side=5), elements=TIES), data=st.data())
def test_each_element_goes_its_way_and_equal_ones_keep_their_order(x: np.ndarray, data: Any) -> None:
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    leaf = ad.Tensor(x, requires_grad=True)
    y = np.sort(leaf, axis=axis)
    assert_array_equal(y.numpy(), np.sort(x, axis=axis))
    g = np.random.default_rng(0).normal(size=x.shape)
    y.backward(g)
    order = np.argsort(x, axis, kind="stable")
    assert_array_equal(np.take_along_axis(leaf.grad.numpy(), order, axis), g)


@given(x=arrays(float, (2, 4), elements=TIES), axis=st.sampled_from([0, 1, -1, None]))
def test_a_descending_sort_is_that_of_the_negatives(x: np.ndarray, axis: Any) -> None:
    x = np.nan_to_num(x, posinf=np.inf, neginf=-np.inf)
    up, down = ad.Tensor(x, requires_grad=True), ad.Tensor(x, requires_grad=True)
    y, z = -ad.sort(-up, axis), ad.sort(down, axis, descending=True)
    assert_array_equal(z.numpy(), y.numpy())
    g = np.random.default_rng(0).normal(size=y.shape)
    y.backward(g)
    z.backward(g)
    assert_array_equal(down.grad.numpy(), up.grad.numpy())


def test_nan_is_last_and_first_if_descending() -> None:
    x = ad.Tensor([np.nan, 1.0, 2.0])
    assert_array_equal(ad.sort(x).numpy(), [1, 2, np.nan])
    assert_array_equal(ad.sort(x, descending=True).numpy(), [np.nan, 2, 1])


@given(x=arrays(float, st.integers(1, 30), elements=st.floats(-5, 5)), data=st.data())
def test_a_partition_has_no_larger_element_before_and_no_smaller_one_after_its_place(x: np.ndarray, data: Any) -> None:
    k = data.draw(st.integers(0, x.size - 1))
    leaf = ad.Tensor(x, requires_grad=True)
    y = np.partition(leaf, k)
    assert y[k].item() == np.sort(x)[k]
    assert np.all(y.numpy()[:k] <= y[k].item())
    assert np.all(y.numpy()[k:] >= y[k].item())
    y.backward(np.arange(float(x.size)))
    assert_array_equal(y.numpy()[leaf.grad.numpy().astype(int)], x)  # the gradient says where each element has gone


def test_a_kind_is_as_numpys() -> None:
    with pytest.raises(ValueError, match="bubble"):
        ad.sort(ad.Tensor([1.0, 2.0]), kind="bubblesort")


def test_the_median_by_partition_has_the_gradient_of_one_element() -> None:
    x = ad.Tensor([5.0, 1.0, 4.0, 2.0, 3.0], requires_grad=True)
    np.partition(x, 2)[2].backward()
    assert_array_equal(x.grad.numpy(), [0, 0, 0, 0, 1])


def test_places_are_constants() -> None:
    x = ad.Tensor([[3.0, 1.0, 2.0]], requires_grad=True)
    for places in (np.argsort(x), np.argpartition(x, 1), np.lexsort((x[0], x[0])), np.searchsorted(np.sort(x[0]), 2.5)):
        assert isinstance(places, ad.Tensor)
        assert not places.requires_grad
        assert places.dtype.kind == "i"
    assert np.digitize(x, [1.5, 2.5]).tolist() == [[2, 0, 1]]
    assert np.flatnonzero(x).tolist() == [0, 1, 2]
    assert np.argwhere(x).tolist() == [[0, 0], [0, 1], [0, 2]]
    assert np.isin(x, [1.0]).tolist() == [[False, True, False]]
