"""Polynomials as vectors of coefficients: what holds between their functions, and where these have no meaning."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import autodiff as ad
from autodiff.testing import assert_gradient

COEFFICIENTS = st.lists(st.floats(0.5, 2.0), min_size=1, max_size=4).map(np.array)


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


@given(p=COEFFICIENTS, q=COEFFICIENTS, x=st.floats(-1, 1))
def test_functions_of_coefficients_are_those_of_values(p: Any, q: Any, x: float) -> None:
    p, q, at = leaf(p), leaf(q), leaf(x)
    value = lambda c: np.polyval(c, at).item()
    assert value(np.polyadd(p, q)) == pytest.approx(value(p) + value(q))
    assert value(np.polysub(p, q)) == pytest.approx(value(p) - value(q), abs=1e-12)
    assert value(np.polymul(p, q)) == pytest.approx(value(p) * value(q))
    quotient, rest = np.polydiv(p, q)
    assert value(quotient) * value(q) + value(rest) == pytest.approx(value(p))
    assert_allclose(np.polyder(np.polyint(p, 2, k=3.0), 2).numpy(), p.numpy())
    np.polyval(p, at).backward()
    assert at.grad.item() == pytest.approx(np.polyval(np.polyder(p.detach()), x).item(), abs=1e-12)


@given(roots=st.lists(st.integers(-8, 8), min_size=1, max_size=5, unique=True))
def test_roots_and_coefficients_are_each_others_inverse(roots: list[int]) -> None:
    x = leaf(np.sort(roots) * 0.5)
    coefficients = np.poly(x)
    found = np.sort(np.roots(coefficients))
    assert_allclose(found.numpy(), x.numpy(), atol=1e-4)
    found.backward(g := np.arange(1.0, 1 + len(roots)))
    assert_allclose(x.grad.numpy(), g, rtol=1e-3, atol=1e-3)


def test_zeros_at_the_ends_are_no_roots_but_those_at_the_back() -> None:
    for p in ([0.0, 0.0, 1.0, -3.0, 2.0], [1.0, -3.0, 2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0], [3.0]):
        assert_allclose(np.roots(leaf(p)).numpy(), np.roots(p))
    for p in ([0.0, 1.0, 2.0], [0.0, 0.0], []):
        assert_allclose(np.polymul(leaf(p), [1.0, 2.0]).numpy(), np.polymul(p, [1.0, 2.0]))
    assert_allclose(ad.poly(leaf([])).numpy(), 1.0)


@given(degree=st.integers(0, 3))
def test_a_fit_of_values_of_a_polynomial_is_that_polynomial(degree: int) -> None:
    p = leaf(np.arange(1.0, degree + 2))
    x = np.linspace(-1, 1, 6)
    fit = np.polyfit(x, np.polyval(p, x), degree)
    assert_allclose(fit.numpy(), p.numpy(), atol=1e-12)
    fit.backward(g := np.arange(1.0, degree + 2))
    assert_allclose(p.grad.numpy(), g, atol=1e-10)


def test_a_fit_has_the_further_results_of_numpys() -> None:
    x, y = np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 2.0, 2.0, 5.0])
    for deg in (1, 2):
        found, expected = np.polyfit(leaf(x), leaf(y), deg, full=True), np.polyfit(x, y, deg, full=True)
        for part, wanted in zip(found[:4], expected[:4], strict=True):
            assert_allclose(np.asarray(ad.asarray(part).detach()), wanted)
        assert found[4] == expected[4]
    assert_gradient(lambda x, y: np.polyfit(x, y, 1, full=True)[1], x, y)
    with pytest.warns(np.exceptions.RankWarning):
        np.polyfit(leaf(np.ones(4)), y, 1)


ERRORS: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda p: np.polyder(p, -1), ValueError, "polyder: m is -1; wanted a number of derivatives, of at least 0"),
    (lambda p: np.polyint(p, -1), ValueError, "polyint: m is -1; wanted a number of integrals, of at least 0"),
    (
        lambda p: np.polyint(p, 3, k=[1.0, 2.0]),
        ValueError,
        "polyint: there are 2 constants for 3 integrals; wanted one, or one for",
    ),
    (
        lambda p: np.poly(np.ones((2, 3)) * p),
        ValueError,
        "poly: the argument has shape (2, 3); wanted a vector of roots, or a square",
    ),
    (lambda p: np.roots(p[None]), ValueError, "rank-1"),
    (lambda p: np.polyfit(p, p, -1), ValueError, "polyfit: deg is -1; wanted at least 0"),
    (lambda p: np.polyfit(p, p[:2], 1), TypeError, "polyfit: x and y have shapes (3,) and (2,); wanted (n,) and (n,) or (n, k)"),
    (lambda p: np.polyfit(p, p, 1, w=[1.0]), TypeError, "polyfit: w has shape (1,); wanted that of x, (3,)"),
    (lambda p: np.polyfit(p, p, 2, cov=True), ValueError, "polyfit: cov needs more points than coefficients. Lower deg, or take"),
]


@pytest.mark.parametrize(("call", "error", "text"), ERRORS)
def test_what_has_no_meaning_is_an_error_of_numpys_type_that_says_why(call: Any, error: type[Exception], text: str) -> None:
    p = np.array([1.0, 2.0, 4.0])
    with pytest.raises(error):
        call(p)
    with pytest.raises(error, match=re.escape(text)):
        call(leaf(p))
