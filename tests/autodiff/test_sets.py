"""Vectors as sets: a value has the derivative of its first occurrence."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

import autodiff as ad

VECTORS = arrays(float, st.integers(0, 6), elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, np.inf, np.nan]))
OF_TWO = [np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d]
OF_ONE = [np.unique_all, np.unique_counts, np.unique_inverse]


@given(x=VECTORS)
def test_the_derivative_goes_to_the_first_occurrence(x: np.ndarray) -> None:
    leaf = ad.Tensor(x, requires_grad=True)
    y, first, inverse, counts = np.unique(leaf, return_index=True, return_inverse=True, return_counts=True)
    for found, expected in zip((y, first, inverse, counts), np.unique(x, True, True, True), strict=True):
        assert_array_equal(found.numpy(), expected)
    y.backward(np.arange(1.0, y.size + 1))
    expected = np.zeros(x.size)
    expected[first.numpy()] = np.arange(1.0, y.size + 1)
    assert_array_equal(leaf.grad.numpy(), expected)
    assert not counts.requires_grad


@pytest.mark.parametrize("function", OF_ONE)
@given(x=VECTORS)
def test_the_results_are_named_as_numpys(function: Any, x: np.ndarray) -> None:
    found, expected = function(ad.Tensor(x)), function(x)
    assert found._fields == expected._fields
    for y, wanted in zip(found, expected, strict=True):
        assert_array_equal(y.numpy(), wanted)


@given(x=VECTORS)
def test_unique_values_are_the_sorted_ones_of_numpy(x: np.ndarray) -> None:
    assert_array_equal(np.unique_values(ad.Tensor(x)).numpy(), np.sort(np.unique_values(x)))


@pytest.mark.parametrize("function", OF_TWO)
@given(a=VECTORS, b=VECTORS)
def test_values_are_those_of_numpy_and_each_is_an_element_that_was_given(function: Any, a: np.ndarray, b: np.ndarray) -> None:
    s, t = ad.Tensor(a, requires_grad=True), ad.Tensor(b, requires_grad=True)
    y = function(s, t)
    assert_array_equal(y.numpy(), function(a, b))
    y.sum().backward()
    found = [x[:0] if leaf.grad is None else x[leaf.grad.numpy() == 1] for x, leaf in ((a, s), (b, t))]
    assert_array_equal(np.sort(np.concatenate(found)), np.sort(y.numpy()))


def test_an_intersection_has_the_derivatives_of_the_first_array() -> None:
    a, b = ad.Tensor([3.0, 1.0, 3.0], requires_grad=True), ad.Tensor([2.0, 3.0], requires_grad=True)
    y, of_a, of_b = np.intersect1d(a, b, return_indices=True)
    y.backward(np.array([5.0]))
    assert_array_equal(a.grad.numpy(), [5, 0, 0])
    assert b.grad is None
    assert (of_a.tolist(), of_b.tolist()) == ([0], [1])


def test_what_is_assumed_unique_keeps_its_order() -> None:
    assert np.setdiff1d(ad.Tensor([3.0, 1.0, 2.0]), [1.0], assume_unique=True).tolist() == [3.0, 2.0]


def test_sums_of_weights_have_the_cotangent_of_their_place() -> None:
    w = ad.Tensor(np.array([0.5, 1.0, 2.0], np.float32), requires_grad=True)
    y = np.bincount(ad.Tensor([2, 0, 2]), w, minlength=4)
    assert_array_equal(y.numpy(), [1, 0, 2.5, 0])
    y.backward(np.array([1.0, 2.0, 3.0, 4.0]))
    assert_array_equal(w.grad.numpy(), [3, 1, 3])
    assert w.grad.dtype == np.float32


def test_counts_are_constants() -> None:
    counts = np.bincount(ad.Tensor([2, 0, 2]))
    assert isinstance(counts, ad.Tensor)
    assert counts.tolist() == [1, 0, 2]
