"""Statistics at their special points: equal elements, ties, NaN, nothing but NaN, too few elements, masks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_allclose, assert_array_equal
from statements import states

import autodiff as ad
from autodiff.testing import assert_gradient

INF, NAN = np.inf, np.nan
METHODS = [
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "linear"),
    *("median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest"),
]
OMITTING: dict[str, Callable[..., Any]] = {
    name: getattr(ad, name)
    for name in ("nansum", "nanprod", "nanmean", "nanmax", "nanmin", "nanvar", "nanstd", "nanmedian", "nancumsum", "nancumprod")
}


def leaf(x: Any) -> Any:
    return ad.Tensor(x, requires_grad=True)


def gradient(f: Callable[[Any], Any], x: Any) -> np.ndarray:
    t = leaf(np.asarray(x, float))
    f(t).sum().backward()
    return np.asarray(t.grad.numpy())


# --- spreads ---------------------------------------------------------------------------------------------------------------------


@given(
    x=arrays(float, array_shapes(min_dims=1, max_dims=3, max_side=4), elements=st.floats(-1e3, 1e3)),
    shift=st.sampled_from([0.0, 1e6, -3e8]),
)
def test_the_gradient_of_a_spread_has_no_part_along_a_shift(x: np.ndarray, shift: float) -> None:
    for spread in (ad.var, ad.std, ad.ptp):
        g = gradient(lambda t, spread=spread: spread(t + shift), x)
        assert abs(g.sum()) <= 1e-9 * (1 + np.abs(g).sum())


@given(value=st.floats(-1e100, 1e100), n=st.integers(1, 1000))
def test_the_derivatives_of_the_spreads_of_equal_elements_are_zero(value: float, n: int) -> None:
    x = np.full(n, value)
    for spread in (ad.var, ad.std, ad.nanvar, ad.nanstd, ad.ptp):
        assert_array_equal(gradient(spread, x), np.zeros(n))


@states("var", "std", "nanvar", "nanstd")
@pytest.mark.parametrize("name", ["var", "std", "nanvar", "nanstd"])
def test_the_derivative_of_the_spread_of_equal_elements_beside_others_is_exactly_zero(name: str) -> None:
    x = np.repeat([[0.1], [1e8], [-3.3], [0.0]], 7, axis=1)
    if name.startswith("nan"):
        x[:, 2] = NAN
    assert_array_equal(gradient(lambda t: getattr(ad, name)(t, axis=1), x), np.zeros(x.shape))


@states("var", "std", "nanvar", "nanstd")
@pytest.mark.parametrize("name", ["var", "std", "nanvar", "nanstd"])
def test_spreads_of_half_precision_which_has_neither_the_sum_nor_all_of_the_differences(name: str) -> None:
    x = np.array([60_000.0, 50_000.0, -60_000.0, 40_000.0])
    t = leaf(x.astype(np.float16))
    with np.errstate(over="ignore"):  # nor the variance
        y = getattr(ad, name)(t)
    assert_allclose(y.numpy(), np.std(x) if "std" in name else np.inf, rtol=1e-3)
    y.backward()
    assert_allclose(t.grad.numpy(), gradient(getattr(ad, name), x), rtol=1e-3)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("ddof", [0, 0.5, 1])
def test_the_standard_deviation_is_the_root_of_the_variance_also_to_second_order(axis: Any, ddof: float) -> None:
    x = np.array([[0.5, -1.0, 2.0], [3.0, 1.0, 0.0]])
    first: Any = [lambda t: ad.std(t, axis, ddof=ddof), lambda t: ad.sqrt(ad.var(t, axis, ddof=ddof))]
    second = [ad.grad(lambda t, f=f: f(t).sum()) for f in first]
    for f, h in (first, second):
        assert_allclose(gradient(lambda t, f=f: f(t) ** 2, x), gradient(lambda t, h=h: h(t) ** 2, x), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", ["var", "std", "nanvar", "nanstd"])
def test_the_degrees_of_freedom_have_one_name_at_a_time(name: str) -> None:
    x = leaf([1.0, 2.0, 4.0])
    assert getattr(ad, name)(x, ddof=1) == getattr(ad, name)(x, correction=1) == getattr(np, name)(x, ddof=1)
    with pytest.raises(ValueError, match=rf"{name}: ddof is 1 and correction is 2; wanted one of them: they mean the same\."):
        getattr(ad, name)(x, ddof=1, correction=2)


def test_a_mean_that_is_given_is_refused() -> None:
    with pytest.raises(TypeError, match=r"np\.var: mean= is not supported for a Tensor\. It is computed again: leave it out\."):
        np.var(leaf([1.0, 2.0]), mean=1.5)


@pytest.mark.parametrize("f", [np.var, np.std, np.prod, np.sum, np.mean])
def test_a_reduction_of_the_elements_that_a_mask_chooses(f: Any) -> None:
    x = np.array([[0.5, -1.0, 2.0], [3.0, NAN, 1.5]])
    where = ~np.isnan(x)
    for kwargs in (
        {},
        {"axis": 1},
        {"axis": 0, "keepdims": True},
        *([{"ddof": 0.5}, {"axis": 1, "correction": 1}] if f in (np.var, np.std) else []),
    ):
        t = leaf(x)
        y = f(t, where=where, **kwargs)
        assert_allclose(y.numpy(), f(x, where=where, **kwargs), rtol=1e-14)
        y.sum().backward()
        assert t.grad.numpy()[1, 1] == 0
        assert np.all(np.isfinite(t.grad.numpy()))
    assert_gradient(lambda t: f(t, where=where), np.where(where, x, 0))
    assert np.isnan(f(leaf(x), where=np.array([True, True, False])).numpy())  # which does choose the NaN


def test_the_product_of_a_tensor_and_an_initial_one() -> None:
    x = leaf([2.0, 3.0])
    y = np.prod(x, initial=5.0, dtype=np.float32)
    assert y.dtype == np.float32
    y.backward()
    assert_array_equal(x.grad.numpy(), [15.0, 10.0])


# --- NaN -------------------------------------------------------------------------------------------------------------------------


@states("nanmean", "nanmax", "nanmin", "nanvar", "nanstd", "nanmedian")
@pytest.mark.parametrize("name", OMITTING)
def test_the_derivative_by_nan_is_zero_and_the_others_those_without_it(name: str) -> None:
    x = np.array([3.0, NAN, 0.5, -2.0, NAN, 1.0])
    numbers = ~np.isnan(x)
    f, plain = OMITTING[name], getattr(ad, name.removeprefix("nan"))
    assert_allclose(f(leaf(x)).numpy(), getattr(np, name)(x), rtol=1e-14)
    g = gradient(f, x)
    assert_array_equal(g[~numbers], 0)
    expected = gradient(plain, x[numbers])
    if "cum" in name:
        g, expected = gradient(lambda t: f(t)[-1], x), gradient(lambda t: plain(t)[-1], x[numbers])
    assert_allclose(g[numbers], expected, rtol=1e-14)


@states("nanmean", "nanmax", "nanmin", "nanvar", "nanstd", "nanmedian")
@pytest.mark.parametrize("name", OMITTING)
def test_nothing_but_nan_has_the_derivative_zero(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # which NumPy gives
        assert_array_equal(gradient(lambda t: OMITTING[name](t, axis=0), [[NAN], [NAN]]), np.zeros((2, 1)))


@states("nanvar", "nanstd")
@pytest.mark.parametrize("name", ["nanvar", "nanstd"])
@pytest.mark.parametrize("numbers", [[2.0], [1.0, 3.0]])
def test_numbers_of_which_there_are_not_more_than_the_degrees_of_freedom_have_the_derivative_zero(
    name: str, numbers: list[float]
) -> None:
    with pytest.warns(RuntimeWarning, match="Degrees of freedom"):
        y = OMITTING[name](x := leaf([NAN, *numbers]), ddof=len(numbers))
    assert np.isnan(y.numpy())
    y.backward()
    assert_array_equal(x.grad.numpy(), np.zeros(x.shape))


@states("nanmean", "nanvar", "nanstd", "nanmedian")
@pytest.mark.parametrize(
    ("name", "params"),
    [("nanmean", {}), ("nanmedian", {}), *((name, {"ddof": ddof}) for name in ("nanvar", "nanstd") for ddof in (0, 0.5, 1.5, 2))],
)
def test_of_each_row_the_numbers_have_the_derivative_of_their_own(name: str, params: dict[str, float]) -> None:
    x = np.array([[0.5, -1.0, 4.0, 2.5], [NAN, 3.0, NAN, 1.0], [NAN, 7.0, NAN, NAN], [3.0, NAN, 1.0, 2.0]]).reshape(2, 2, 4)
    x, plain = np.swapaxes(x, 1, 2), getattr(ad, name.removeprefix("nan"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of too few numbers
        g = gradient(lambda t: OMITTING[name](t, axis=1, **params), x)
    for i, j in np.ndindex(2, 2):
        numbers = ~np.isnan(x[i, :, j])
        few = numbers.sum() <= params.get("ddof", 0)
        expected = 0 if few else gradient(lambda t: plain(t, **params), x[i, numbers, j])
        assert_allclose(g[i, numbers, j], expected, atol=1e-15)
        assert_array_equal(g[i, ~numbers, j], 0)


@states("nanquantile")
def test_the_quantiles_of_the_numbers_in_rows_with_nan_of_various_counts() -> None:
    x = np.array([[3.0, NAN, 1.0, 2.0], [NAN, 5.0, NAN, 4.0], [0.0, 1.0, 2.0, 3.0], [NAN, 7.0, NAN, NAN]])
    for method in ("linear", "weibull", "nearest", "midpoint"):
        for q in (0.0, 0.4, 1.0):
            whole = gradient(lambda t, q=q, m=method: ad.nanquantile(t, q, axis=1, method=m), x)
            for row, g in zip(x, whole, strict=True):
                numbers = ~np.isnan(row)
                assert_array_equal(g[~numbers], 0)
                expected = gradient(lambda t, q=q, m=method: ad.quantile(t, q, method=m), row[numbers])
                assert_allclose(g[numbers], expected, atol=1e-15)


def test_the_largest_of_elements_with_nan_is_that() -> None:
    assert_array_equal(gradient(ad.max, [1.0, NAN, 3.0]), [0.0, 1.0, 0.0])
    assert_array_equal(gradient(ad.min, [NAN, NAN, 3.0]), [0.5, 0.5, 0.0])


# --- quantiles -------------------------------------------------------------------------------------------------------------------


@states("quantile")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_every_method_of_interpolation_has_the_gradient_of_its_value(method: str, n: int) -> None:
    x = np.random.default_rng(n).permutation(np.arange(n) ** 1.5)
    for q in (0.0, 0.12, 0.5, 0.61, 1.0):
        assert ad.quantile(leaf(x), q, method=method).numpy() == np.quantile(x, q, method=method)
        g = gradient(lambda t, q=q: ad.quantile(t, q, method=method), x)
        for h in (0.25, -0.125):  # between steps it is linear: differences are exact
            moved = [np.quantile(x + h * e, q, method=method) for e in np.eye(n)]
            assert_allclose((np.array(moved) - np.quantile(x, q, method=method)) / h, g, atol=1e-13)


@given(x=arrays(float, st.integers(1, 7), elements=st.sampled_from([0.0, 1.0, 2.0])))
def test_the_outermost_quantiles_are_the_extremes_and_the_middle_one_is_the_median_also_at_ties(x: np.ndarray) -> None:
    for f, h in (
        (lambda t: ad.quantile(t, 0.0), ad.min),
        (lambda t: ad.quantile(t, 1.0), ad.max),
        (lambda t: ad.percentile(t, 50), ad.median),
        (lambda t: ad.nanquantile(t, 1.0), ad.nanmax),
    ):
        assert_allclose(gradient(f, x), gradient(h, x), rtol=1e-15)


@states("quantile", "nanquantile", "median", "nanmedian")
def test_equal_elements_share_the_derivative_of_a_quantile() -> None:
    x = [2.0, 1.0, 2.0, 0.0, 2.0]
    for f in (ad.median, ad.nanmedian, lambda t: ad.quantile(t, 0.5), lambda t: ad.nanquantile(t, 0.5)):
        assert_allclose(gradient(f, x), [1 / 3, 0, 1 / 3, 0, 1 / 3])
    for between in (lambda t: ad.quantile(t, 0.375), lambda t: ad.nanquantile(t, 0.375)):
        assert_allclose(gradient(between, x), [1 / 6, 1 / 2, 1 / 6, 0, 1 / 6])


@states("quantile", "nanquantile", "median", "nanmedian")
def test_the_derivative_of_a_quantile_that_is_nan_is_zero() -> None:
    for x in ([NAN], [NAN, NAN]):
        for f in (ad.median, ad.nanmedian, lambda t: ad.quantile(t, 1.0), lambda t: ad.nanquantile(t, 1.0)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # which NumPy gives
                assert_array_equal(gradient(f, x), np.zeros(len(x)))


def test_fractions_are_constants() -> None:
    x = leaf([1.0, 3.0])
    assert ad.quantile(x, ad.Tensor(0.25)).numpy() == 1.5
    with pytest.raises(TypeError, match=r"quantile: q requires a gradient, but there is none by it\. Detach it: q\.detach\(\)\."):
        ad.quantile(x, leaf(0.25))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_quantiles_are_of_the_type_of_the_elements(dtype: Any) -> None:
    for q in (0.25, [0.25, 0.5]):
        assert ad.quantile(leaf(np.ones(3, dtype)), q).dtype == dtype
    assert ad.quantile(np.arange(4), 0.5) == ad.quantile([0, 1, 2, 3], 0.5) == 1.5


# --- averages, correlations, the softmax -----------------------------------------------------------------------------------------


def test_weights_of_another_shape_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"average: weights has shape \(2,\); wanted that of x, \(2, 3\), or of the axes that are"):
        ad.average(leaf(np.ones((2, 3))), axis=1, weights=[1.0, 2.0])
    with pytest.raises(ValueError, match=r"cov: the weights have shape \(2,\); wanted one for each of the 3 observations\."):
        ad.cov(leaf(np.ones((2, 3))), aweights=[1.0, 2.0])
    with pytest.raises(ValueError, match=r"cov: an array has 3 axes; wanted one or two: variables and observations\."):
        ad.cov(leaf(np.ones((2, 3, 1))))


def test_a_variable_correlates_with_itself_whatever_it_is() -> None:
    x = np.random.default_rng(0).normal(size=(2, 6))
    assert_allclose(gradient(lambda t: ad.corrcoef(t)[0, 0], x), 0, atol=1e-15)
    assert_allclose(gradient(lambda t: ad.corrcoef(t, 2 * t + 1)[0, 2], x), 0, atol=1e-15)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(ad.corrcoef(leaf([[1.0, 1.0], [1.0, 2.0]])).numpy()[0, 0])


def test_complex_variables_have_covariances_as_in_numpy() -> None:
    z = np.random.default_rng(0).normal(size=(2, 3, 5)) @ np.diag(np.arange(1.0, 6.0))
    z = z[0] + 1j * z[1]
    for f, g in ((ad.cov, np.cov), (ad.corrcoef, np.corrcoef)):
        assert_allclose(f(ad.Tensor(z)).numpy(), g(z), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "x", [[1000.0, 1000.0, 999.0], [-1e5, 0.0, 1.0], [-INF, 0.0, 1.0], [-INF, -INF, -INF], [1e300, -1e300, 0.0]]
)
def test_the_softmax_is_the_derivative_of_logsumexp_and_the_exponential_of_its_logarithm(x: list[float]) -> None:
    y = ad.softmax(leaf(x)).numpy()
    assert_allclose(y, gradient(ad.logsumexp, x), rtol=1e-12)
    assert_allclose(y, np.exp(ad.log_softmax(leaf(x)).numpy()), rtol=1e-14)
    assert np.all(np.isfinite(gradient(lambda t: ad.softmax(t)[0], x)))
    assert np.all(np.isfinite(gradient(lambda t: ad.log_softmax(t)[0], x)))


def test_the_softmax_takes_integers_and_lists() -> None:
    for x in ([0, 1], np.array([0, 1]), np.array([0, 1], np.int8)):
        assert_allclose(ad.softmax(x), [1 / (1 + np.e), np.e / (1 + np.e)], rtol=1e-3)
        assert_allclose(ad.log_softmax(x), np.log([1 / (1 + np.e), np.e / (1 + np.e)]), rtol=1e-2)


def test_methods_are_the_functions() -> None:
    x = leaf([[0.5, -1.0], [2.0, 3.0]])
    for name in ("var", "std", "prod", "cumsum", "cumprod"):
        assert_array_equal(getattr(x, name)(axis=0).numpy(), getattr(x.numpy(), name)(axis=0))
