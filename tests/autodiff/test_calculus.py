"""Slopes, integrals, interpolation, convolutions and phases: their special points, and how they belong together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient


def leaf(x: Any) -> Any:
    return ad.Tensor(x, requires_grad=True)


def gradients(f: Callable[..., Any], *arrays: Any) -> list[np.ndarray]:
    leaves = [leaf(np.asarray(x, float)) for x in arrays]
    f(*leaves).sum().backward()
    return [np.zeros(t.shape) if t.grad is None else np.asarray(t.grad.numpy()) for t in leaves]


def normal(*shape: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(sum(shape)).normal(size=shape))


# --- slopes and integrals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edge_order", [1, 2])
def test_the_slopes_of_a_line_are_its_slope_and_of_a_parabola_its_derivative(edge_order: int) -> None:
    t = np.array([0.0, 0.5, 2.0, 2.25, 4.0])
    assert_allclose(ad.gradient(leaf(3 * t + 1), t, edge_order=edge_order).numpy(), 3, rtol=1e-14)
    parabola = ad.gradient(leaf(t**2), t, edge_order=edge_order).numpy()
    assert_allclose(parabola[1:-1], 2 * t[1:-1], rtol=1e-14)
    assert_allclose(parabola, np.gradient(t**2, t, edge_order=edge_order), rtol=1e-13)


def test_slopes_are_called_as_in_numpy_by_position_and_by_keyword() -> None:
    f, t = normal(3, 4), np.array([0.0, 0.5, 2.0, 3.0])
    for args, kwargs in (((), {}), ((0.5,), {}), ((0.5, t), {}), ((t,), {"axis": 1}), ((0.25,), {"axis": (0, 1), "edge_order": 2})):
        found, expected = np.gradient(leaf(f), *args, **kwargs), np.gradient(f, *args, **kwargs)
        assert_allclose(np.array([y.numpy() for y in found]), np.array(list(expected)), rtol=1e-12)
    assert np.gradient(leaf(np.arange(4.0))).tolist() == ad.gradient(np.arange(4)).tolist() == [1.0] * 4


def test_what_slopes_cannot_be_taken_of_is_an_error() -> None:
    f = leaf(np.ones((2, 3)))
    with pytest.raises(TypeError, match=r"gradient: there are 3 distances for 2 axes; wanted one for all, or one for each\."):
        ad.gradient(f, 1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match=r"gradient: an axis has 2 values; wanted at least 3 with edge_order=2\."):
        ad.gradient(f, edge_order=2)
    with pytest.raises(ValueError, match=r"gradient: edge_order is 3; wanted 1 or 2\."):
        ad.gradient(f, edge_order=3)
    with pytest.raises(ValueError, match=r"coordinates of shape \(2,\) for an axis of 3 values; wanted a number or 3\."):
        ad.gradient(f, [1.0, 2.0], axis=1)
    with pytest.raises(ValueError, match=r"diff: n is -1 and x has 2 axes; wanted n of at least 0, and an axis"):
        ad.diff(f, -1)
    with pytest.raises(ValueError, match=r"diff: n is 1 and x has 0 axes"):
        ad.diff(leaf(1.0))


def test_the_sum_of_differences_is_that_of_the_ends_and_the_differences_of_sums_are_the_terms() -> None:
    assert_array_equal(gradients(ad.diff, normal(5))[0], [-1, 0, 0, 0, 1])
    assert_array_equal(gradients(lambda x: ad.diff(ad.cumsum(x), prepend=0.0)[2], normal(5))[0], [0, 0, 1, 0, 0])


def test_differences_of_booleans_are_where_they_change() -> None:
    x = np.array([True, True, False])
    assert_array_equal(ad.diff(ad.Tensor(x)).numpy(), np.diff(x))


# --- interpolation ---------------------------------------------------------------------------------------------------------------

XP, FP = np.array([0.0, 1.0, 3.0]), np.array([2.0, 4.0, -2.0])


def test_at_a_point_the_slope_of_an_interpolation_is_that_to_the_right_and_at_the_last_one_that_to_the_left() -> None:
    slopes, _, by_fp = gradients(ad.interp, [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0], XP, FP)
    assert_array_equal(slopes, [0.0, 2.0, 2.0, -3.0, -3.0, -3.0, 0.0])
    assert_array_equal(by_fp, [2.5, 2.0, 2.5])


@given(x=st.floats(-10, 10), shift=st.integers(-3, 3))
def test_a_periodic_interpolation_repeats_with_its_gradient(x: float, shift: int) -> None:
    value = ad.interp(x, XP, FP, period=4.0)
    assert_allclose(ad.interp(x + 4 * shift, XP, FP, period=4.0), value, atol=1e-12)
    assert_allclose(value, np.interp(x, XP, FP, period=4.0), atol=1e-12)


def test_left_and_right_of_the_points_are_values_with_gradients() -> None:
    def f(left: Any, right: Any) -> Any:
        return ad.interp(np.array([-1.0, 0.5, 9.0, 10.0]), XP, FP, left, right)

    assert [g.tolist() for g in gradients(f, 1.0, 2.0)] == [1.0, 2.0]


def test_interpolations_at_nan_at_infinity_between_equal_points_and_of_complex_values() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 1.0, 2.0])
    for xp in (XP, np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0, 2.0])):
        for fp in (FP, FP * (1 + 2j)):
            assert_array_equal(np.interp(leaf(x), xp, fp).numpy(), np.interp(x, xp, fp))


def test_points_that_cannot_be_interpolated_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"interp: xp has shape \(2,\) and fp \(3,\); wanted vectors of one length"):
        ad.interp(leaf(1.0), [0.0, 1.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"interp: period is 0; wanted another number\."):
        ad.interp(leaf(1.0), [0.0, 1.0], [1.0, 2.0], period=0)
    with pytest.raises(ValueError, match=r"vander: x has 2 axes; wanted a vector\."):
        ad.vander(leaf(np.ones((2, 2))))


@given(n=st.integers(1, 6), x=st.lists(st.floats(-2, 2), min_size=1, max_size=4))
def test_a_polynomial_is_the_product_of_the_matrix_of_powers_and_its_coefficients(n: int, x: list[float]) -> None:
    p = normal(n)
    whole, product = gradients(ad.polyval, p, x), gradients(lambda p, x: ad.vander(x, n) @ p, p, x)
    for g, h in zip(whole, product, strict=True):
        assert_allclose(g, h, rtol=1e-10, atol=1e-10)


# --- convolutions and windows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("m", [1, 2, 3, 4, 6])
def test_convolutions_and_correlations_of_all_lengths(n: int, m: int, mode: str) -> None:
    a, v = normal(n, 1)[:, 0], normal(m, 2)[:, 0]
    for ours, numpys in ((ad.convolve, np.convolve), (ad.correlate, np.correlate)):
        assert_allclose(ours(leaf(a), leaf(v), mode).numpy(), numpys(a, v, mode), rtol=1e-13, atol=1e-14)
        assert_gradient(lambda a, v, f=ours: f(a, v, mode), a, v)


def test_a_complex_correlation_takes_the_conjugate() -> None:
    a, v = normal(5) + 1j * normal(1, 4)[0, 0], normal(3) * (1 - 2j)
    for mode in ("full", "same", "valid"):
        assert_allclose(ad.correlate(ad.Tensor(a), v, mode).numpy(), np.correlate(a, v, mode), rtol=1e-13)
        assert_allclose(ad.correlate(v, ad.Tensor(a), mode).numpy(), np.correlate(v, a, mode), rtol=1e-13)


def test_a_correlation_is_the_sum_over_windows_with_the_same_gradients() -> None:
    a, v = normal(7), normal(3)
    for g, h in zip(gradients(ad.correlate, a, v), gradients(lambda a, v: ad.sliding_window_view(a, 3) @ v, a, v), strict=True):
        assert_allclose(g, h, rtol=1e-13)


def test_a_window_view_is_a_read_only_view() -> None:
    x = leaf(np.arange(4.0)) * 1
    y = np.lib.stride_tricks.sliding_window_view(x, 2)
    assert np.shares_memory(y.numpy(), x.numpy())
    with pytest.raises(ValueError, match="read-only"):
        y[0, 0] = 1.0


# --- phases ----------------------------------------------------------------------------------------------------------------------


def test_the_derivative_of_the_angle_by_a_complex_number_is_i_z_over_its_square() -> None:
    z = np.array([1.0 + 1j, -2.0 + 0.5j, -1j, 3.0, -1.0])
    t = leaf(z)
    ad.angle(t).sum().backward()
    assert_allclose(t.grad.numpy(), 1j * z / np.abs(z) ** 2, rtol=1e-14, atol=1e-16)
    assert_array_equal(np.angle(t, deg=True).numpy(), np.angle(z, deg=True))


def test_the_angle_of_zero_and_of_real_numbers_has_the_derivative_zero() -> None:
    assert_array_equal(gradients(ad.angle, [-2.0, 0.0, 2.0])[0], [0.0, 0.0, 0.0])
    t = leaf(np.zeros(1, complex))
    ad.angle(t).sum().backward()
    assert t.grad.tolist() == [0]
