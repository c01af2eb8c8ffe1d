"""Histograms: counts are those of NumPy at every edge, weights and edges have gradients."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


@given(
    values=st.lists(st.integers(-4, 8), max_size=12),
    bins=st.sampled_from([1, 4, 7, [0.0, 1.0, 3.0], [0.0, 0.5, 4.0, 4.0]]),
    limits=st.sampled_from([None, (0.0, 4.0), (2.0, 2.0)]),
    weighted=st.booleans(),
)
def test_elements_at_edges_and_outside_are_counted_as_numpy_does(values: list[int], bins: Any, limits: Any, weighted: bool) -> None:
    x = np.array(values) * 0.5
    weights = np.arange(1.0, x.size + 1) if weighted else None
    counts, edges = np.histogram(leaf(x), bins, limits, weights=weights)
    expected, wanted = np.histogram(x, bins, limits, weights=weights)
    assert_array_equal(counts.numpy(), expected, strict=True)
    assert_allclose(edges.numpy(), wanted, rtol=1e-14)
    flat, rows = np.histogramdd(leaf(x[:, None]), [bins], [limits], weights=weights)
    assert_array_equal(flat.numpy(), np.histogramdd(x[:, None], [bins], [limits], weights=weights)[0], strict=True)
    assert_allclose(rows[0].numpy(), wanted, rtol=1e-14)


def test_nan_is_in_no_bin() -> None:
    x, w = np.array([0.25, np.nan, 0.75, 2.0]), leaf(np.ones(4))
    counts, _ = np.histogram(ad.Tensor(x), 2, (0.0, 1.0), weights=w)
    assert_array_equal(counts.numpy(), [1.0, 1.0])
    counts.backward(np.array([3.0, 5.0]))
    assert_array_equal(w.grad.numpy(), [3.0, 0.0, 5.0, 0.0])


def test_a_density_has_the_integral_one_whose_derivative_is_zero() -> None:
    x, w = leaf([0.0, 1.0, 1.5, 4.0]), leaf([1.0, 2.0, 1.0, 0.5])
    density, edges = np.histogram(x, 3, density=True, weights=w)
    total = np.sum(density * np.diff(edges))
    assert total.item() == pytest.approx(1.0)
    total.backward()
    assert_allclose(x.grad.numpy(), 0.0, atol=1e-15)
    assert_allclose(w.grad.numpy(), 0.0, atol=1e-15)


def test_edges_that_are_given_have_gradients_in_a_density() -> None:
    x = np.array([0.2, 0.7, 1.1, 2.9])
    assert_gradient(lambda edges: np.histogram(x, edges, density=True)[0], np.array([0.0, 1.0, 2.5, 3.0]))
    assert_gradient(lambda x: np.histogram_bin_edges(x, 4), x)
    assert not np.histogram(leaf(x))[0].requires_grad


def test_the_ends_of_a_range_have_gradients_in_edges_and_in_a_density() -> None:
    x, y, ends = leaf([0.2, 0.7, 1.1, 2.9]), np.array([0.9, 1.7, 0.5, 2.5]), np.array([0.1, 3.0])
    assert_gradient(lambda ends: np.histogram(x.detach(), 4, range=ends, density=True)[0], ends)
    assert_gradient(lambda ends: np.histogram_bin_edges(x.detach(), 4, range=(ends[0], 3.0)), ends)
    assert_gradient(lambda ends: np.histogram2d(x.detach(), y, 3, range=[ends, (0.0, ends[1])], density=True)[0], ends)
    for limits in (ends, tuple(ends), (ad.Tensor(0.1), 3.0)):
        assert_allclose(np.histogram(x, 4, range=limits)[1].numpy(), np.histogram(x.detach().numpy(), 4, range=tuple(ends))[1])


def test_what_does_not_fit_is_an_error_that_says_why() -> None:
    t = leaf([1.0, 2.0, 4.0])
    for call, error, text in (
        (lambda t: np.histogram(t, weights=[1.0]), ValueError, "histogram: weights have shape (1,); wanted that of a, (3,)"),
        (lambda t: np.histogram(t, [1.0, 0.0]), ValueError, "monotonically"),
        (lambda t: np.histogram(t, 0), ValueError, "positive"),
        (lambda t: np.histogram(t, range=(2.0, 1.0)), ValueError, "larger"),
        (lambda t: np.histogramdd(t[:, None], [2, 2]), ValueError, "histogramdd: there are 2 bins and 1 ranges for 1 coordinates"),
        (lambda t: np.histogram2d(t, t[:2]), ValueError, "histogram2d: x and y have shapes (3,) and (2,); wanted vectors"),
    ):
        with pytest.raises(error):
            call(t.numpy())
        with pytest.raises(error, match=re.escape(text)):
            call(t)
