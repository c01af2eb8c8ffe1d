"""Special functions at their special points: far out, at poles, at 0, and beside PyTorch's."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose, assert_array_equal
from statements import states

import autodiff as ad


def slopes(f: Any, *arrays: Any) -> list[np.ndarray]:
    leaves = [ad.Tensor(np.asarray(x, float), requires_grad=True) for x in arrays]
    f(*leaves).sum().backward()
    return [np.asarray(t.grad.numpy()) for t in leaves]


def curvature(f: Any, x: Any) -> np.ndarray:
    return slopes(ad.grad(lambda t: f(t).sum()), x)[0]


def test_scipys_functions_are_called_with_tensors_and_numpys_bessel_function_is_scipys() -> None:
    x = ad.Tensor([0.25, 0.5], requires_grad=True)
    for name in ("expit", "erf", "gammaln", "i0", "ndtri", "entr", "logit", "digamma", "log_ndtr"):
        y = getattr(scipy.special, name)(x)
        assert y.requires_grad
        assert_array_equal(y.numpy(), getattr(ad.special, name)(x).numpy())
    assert ad.special.expit is ad.sigmoid
    assert_allclose(np.i0(x).numpy(), np.i0(x.numpy()), rtol=1e-15)


def test_far_to_the_left_the_logarithm_of_the_distribution_is_a_parabola() -> None:
    x = np.array([-40.0, -1e3, -1e8, -1e100])
    assert_allclose(slopes(ad.special.log_ndtr, x)[0], -x + -1 / x, rtol=1e-5)
    assert_allclose(curvature(ad.special.log_ndtr, x[:2]), -1, rtol=2e-3)
    assert_array_equal(slopes(ad.special.log_ndtr, [50.0, 1e300])[0], [0.0, 0.0])


@states("erfcx")
def test_far_out_error_functions_are_constant_and_the_scaled_one_is_a_hyperbola() -> None:
    for f in (ad.special.erf, ad.special.erfc, ad.special.ndtr):
        assert_array_equal(slopes(f, [-100.0, 100.0])[0], [0.0, 0.0])
    x = np.array([49.0, 51.0, 1e5, 1e10])
    assert_allclose(slopes(ad.special.erfcx, x)[0], -1 / np.sqrt(np.pi) / x**2, rtol=1e-3)
    below, above = slopes(ad.special.erfcx, [np.nextafter(50, 0), np.nextafter(50, 99)])[0]
    assert_allclose(below, above, rtol=1e-11)


@states("xlogy", "xlog1py")
def test_products_with_logarithms_at_zero() -> None:
    assert_array_equal(slopes(ad.special.xlogy, 0.0, 0.0), [0.0, 0.0])
    assert_array_equal(slopes(ad.special.xlog1py, 0.0, -1.0), [0.0, 0.0])
    assert_allclose(slopes(ad.special.xlogy, 0.0, 2.0), [np.log(2), 0.0])
    by_both = slopes(lambda a, b: ad.grad(ad.special.xlogy, 1)(a, b), 0.0, 2.0)
    assert_allclose(by_both, [0.5, 0.0])
    assert_allclose(slopes(ad.special.xlog1py, 0.0, 2.0), [np.log(3), 0.0])
    by_both = slopes(lambda a, b: ad.grad(ad.special.xlog1py, 1)(a, b), 0.0, 1.0)
    assert_allclose(by_both, [0.5, 0.0])
    with np.errstate(divide="ignore"):
        assert_array_equal(slopes(ad.special.xlogy, 2.0, 0.0), [-np.inf, np.inf])
        assert_array_equal(slopes(ad.special.xlog1py, 2.0, -1.0), [-np.inf, np.inf])
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert slopes(ad.special.entr, 0.0)[0] == np.inf


def test_the_inverses_of_the_slope_of_softplus_are_exact() -> None:
    assert_array_equal(slopes(ad.special.log_expit, [-1e4, 0.0, 1e4])[0], [1.0, 0.5, 0.0])
    x = np.linspace(-5, 5, 11)
    assert_allclose(slopes(lambda t: ad.special.logit(ad.special.expit(t)), x)[0], 1, rtol=1e-12)


@states("i1", "i1e")
def test_bessel_functions_of_the_order_one_are_straight_at_zero() -> None:
    assert slopes(ad.special.i1, 0.0) == [0.5]
    assert curvature(ad.special.i1, 0.0) == 0
    assert_allclose(slopes(ad.special.i1e, 0.0), [0.5])
    assert np.all(np.isfinite(slopes(ad.special.i0e, [-1e5, 1e5])[0]))


def test_bessel_functions_solve_bessels_equation() -> None:
    """That is x² y'' + x y' + (±x² - v²) y = 0, with + for the functions that oscillate and - for the modified ones."""
    x = np.array([0.5, 1.0, 3.0, 20.0])
    of_order = {"j": ad.special.jv, "y": ad.special.yv, "i": ad.special.iv, "k": ad.special.kv}
    for kind, given in of_order.items():
        sign = 1 if kind in "jy" else -1
        for v in (0.0, 1.0, 2.0, 2.5):
            named = [getattr(ad.special, f"{kind}{v:.0f}")] if v < 2 else []
            for f in (lambda t, given=given, v=v: given(v, t), *named):
                terms = np.array([x**2 * curvature(f, x), x * slopes(f, x)[0], (sign * x**2 - v**2) * f(x)])
                assert_allclose(terms.sum(axis=0), 0, atol=1e-12 * np.abs(terms).max())


def test_there_is_no_derivative_by_the_order_of_a_bessel_function() -> None:
    v = ad.Tensor(1.5, requires_grad=True)
    for f in (ad.special.jv, ad.special.yv, ad.special.iv, ad.special.kv, scipy.special.kv):
        with pytest.raises(TypeError, match=r"v: v requires a gradient, but there is none by it\. Detach it: v\.detach\(\)\."):
            f(v, 1.0)


def test_the_bessel_function_of_integers_alone_names_the_other_one() -> None:
    with pytest.raises(TypeError, match=r"scipy\.special\.yn has no derivative rule for a Tensor\. Use scipy\.special\.yv"):
        scipy.special.yn(2, ad.Tensor(1.0, requires_grad=True))


@states("j0", "j1", "y0", "k0")
def test_bessel_functions_at_zero() -> None:
    assert slopes(ad.special.j0, 0.0) == [0.0]
    assert slopes(ad.special.j1, 0.0) == [0.5]
    assert slopes(ad.special.y0, 0.0) == [np.inf]
    assert slopes(ad.special.k0, 0.0) == [-np.inf]
    assert slopes(ad.special.k1, 0.0) == [-np.inf]


@states("erfcinv")
def test_the_inverse_of_erfc_has_the_inverse_slope() -> None:
    x = np.array([1e-300, 0.1, 1.0, 1.9])
    assert_allclose(slopes(lambda t: ad.special.erfc(ad.special.erfcinv(t)), x)[0], 1, rtol=1e-12)


def test_derivatives_of_digamma_are_those_of_scipy() -> None:
    x = np.array([0.1, 1.0, 20.0])
    for n in range(5):
        assert_allclose(ad.special.polygamma(n, ad.Tensor(x)).numpy(), scipy.special.polygamma(n, x), rtol=1e-13)
    with pytest.raises(ValueError, match=r"polygamma: n is -1; wanted an order: 0, 1, 2, \.\.\."):
        ad.special.polygamma(-1, ad.Tensor(x))
    with pytest.raises(TypeError, match=r"gamma: x is complex; wanted real numbers"):
        ad.special.gamma(ad.Tensor(1j))


def test_without_scipy_the_error_says_what_to_install() -> None:
    code = "import sys; sys.modules['scipy'] = None; import autodiff; autodiff.special"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "it computes with SciPy, which is not installed: pip install 'chainrule[special]'" in run.stderr


POINTS = np.array([-30.0, -3.0, -0.5, 0.0, 0.25, 0.75, 2.0, 30.0])
NAMES = ["erf", "erfc", "erfcx", "ndtr", "log_ndtr", "i0", "i0e", "i1", "i1e", "expit"]
OF_FRACTIONS = ["erfinv", "ndtri", "logit", "entr", "gammaln", "digamma"]


@pytest.mark.peer
@pytest.mark.parametrize("name", NAMES + OF_FRACTIONS)
def test_gradients_are_those_of_pytorch(name: str, torch: Any) -> None:
    x = POINTS if name in NAMES else POINTS[4:6]
    x = x[x > -20] if name == "erfcx" else x  # which overflows
    z = torch.tensor(x, requires_grad=True)
    y = getattr(torch.special, name)(z)
    y.sum().backward()
    assert_allclose(getattr(ad.special, name)(x), y.detach().numpy(), rtol=1e-11, atol=1e-15)
    assert_allclose(slopes(getattr(ad.special, name), x)[0], z.grad.numpy(), rtol=1e-9, atol=1e-13)


@pytest.mark.peer
def test_the_derivative_of_zeta_and_polygamma_are_those_of_pytorch(torch: Any) -> None:
    x = np.array([0.25, 1.0, 7.5])
    for ours, theirs in (
        (lambda q: ad.special.zeta(3.0, q), lambda q: torch.special.zeta(3.0, q)),
        (lambda q: ad.special.polygamma(1, q), lambda q: torch.special.polygamma(1, q)),
        (lambda q: ad.special.polygamma(2, q), lambda q: torch.special.polygamma(2, q)),
    ):
        z = torch.tensor(x, requires_grad=True)
        theirs(z).sum().backward()
        assert_allclose(slopes(ours, x)[0], z.grad.numpy(), rtol=1e-12)


@pytest.mark.peer
@pytest.mark.parametrize("name", ["xlogy", "xlog1py"])
def test_products_with_logarithms_are_those_of_pytorch(name: str, torch: Any) -> None:
    a, b = np.array([0.0, 1.5, -2.0]), np.array([2.0, 0.5, 3.0])
    z, w = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
    getattr(torch.special, name)(z, w).sum().backward()
    for found, wanted in zip(slopes(getattr(ad.special, name), a, b), (z.grad, w.grad), strict=True):
        assert_allclose(found, wanted.numpy(), rtol=1e-14)
