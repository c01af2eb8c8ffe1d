"""Polynomials as vectors of coefficients, the highest power first, as NumPy's functions of that kind have them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import Tensor, unwrapped, wrap
from autodiff.ops.arithmetic import add, subtract
from autodiff.ops.calculus import vander
from autodiff.ops.complex import real
from autodiff.ops.indexing import as_array_like
from autodiff.ops.joining import atleast_1d
from autodiff.ops.rearranging import trim_zeros
from autodiff.ops.shaping import astype, concat, ravel, reshape
from autodiff.ops.signals import convolve
from autodiff.registry import primitive

__all__ = ["poly", "polyadd", "polyder", "polydiv", "polyfit", "polyint", "polymul", "polysub", "roots"]


def _combined(operation: Callable[..., Any], a1: Any, a2: Any) -> Any:
    """`operation` between coefficients of the same powers."""
    a1, a2 = atleast_1d(a1, a2)
    n = max(a1.shape[0], a2.shape[0])
    return operation(*[concat([np.zeros(n - a.shape[0], a.dtype), a]) for a in (a1, a2)])


@composite(numpy=[np.polyadd])
def polyadd(a1: Any, a2: Any) -> Any:
    """The sum of two polynomials. As `numpy.polyadd`.

    >>> ad.polyadd(ad.Tensor([1.0, 2.0]), [9.0, 5.0, 4.0])
    Tensor([9., 6., 6.])
    """
    return _combined(add, a1, a2)


@composite(numpy=[np.polysub])
def polysub(a1: Any, a2: Any) -> Any:
    """The difference of two polynomials. As `numpy.polysub`.

    >>> ad.polysub(ad.Tensor([2.0, 10.0]), [1.0, 4.0])
    Tensor([1., 6.])
    """
    return _combined(subtract, a1, a2)


@composite(numpy=[np.polymul])
def polymul(a1: Any, a2: Any) -> Any:
    """The product of two polynomials, without leading zeros of theirs, by which the derivative is 0. As `numpy.polymul`.

    >>> ad.polymul(ad.Tensor([1.0, 2.0]), [1.0, -2.0])
    Tensor([ 1.,  0., -4.])
    """
    filled = [a if a.shape[0] else concat([np.zeros(1, a.dtype), a]) for a in atleast_1d(a1, a2)]
    return convolve(*[concat([trim_zeros(a[:-1], "f"), a[-1:]]) for a in filled])


@composite(numpy=[np.polydiv])
def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """The quotient and the remainder of two polynomials: `u = q v + r`, with `r` of a lower degree than `v`. As `numpy.polydiv`.

    >>> ad.polydiv(ad.Tensor([3.0, 5.0, 2.0]), [2.0, 1.0])
    (Tensor([1.5 , 1.75]), Tensor([0.25]))
    """
    u, v = (a + 0.0 for a in atleast_1d(u, v))
    m, n = u.shape[0] - 1, v.shape[0] - 1
    r = astype(u, np.result_type(u.dtype, v.dtype))
    q = []
    for k in range(m - n + 1):
        q.append(r[k : k + 1] * (1.0 / v[0]))
        r = concat([r[:k], r[k : k + n + 1] - q[-1] * v, r[k + n + 1 :]])
    while r.shape[0] > 1 and np.allclose(r[0], 0, rtol=1e-14):
        r = r[1:]
    return concat(q) if q else r[:1] * 0, r


@composite(numpy=[np.polyder])
def polyder(p: Any, m: int = 1) -> Any:
    """The `m`-th derivative of a polynomial. As `numpy.polyder`.

    Raises:
        ValueError: `m` is negative.

    >>> ad.polyder(ad.Tensor([1.0, 1.0, 1.0, 1.0]))
    Tensor([3., 2., 1.])
    """
    if m < 0:
        raise ValueError(f"polyder: m is {m}; wanted a number of derivatives, of at least 0. For an integral: np.polyint.")
    p = as_array_like(p)
    for _ in range(m):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


@composite(numpy=[np.polyint])
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """The `m`-th integral of a polynomial, with the constants `k`, the highest power's first, or one for all. As `numpy.polyint`.

    Raises:
        ValueError: `m` is negative, or there are fewer constants than integrals.

    >>> ad.polyint(ad.Tensor([3.0, 2.0, 1.0]), k=7.0)
    Tensor([1., 1., 1., 7.])
    """
    if m < 0:
        raise ValueError(f"polyint: m is {m}; wanted a number of integrals, of at least 0. For a derivative: np.polyder.")
    k = atleast_1d(np.zeros(m) if k is None else k)
    if k.shape[0] == 1 < m:
        k = k * np.ones(m)
    if k.shape[0] < m:
        raise ValueError(f"polyint: there are {k.shape[0]} constants for {m} integrals; wanted one, or one for each.")
    p = as_array_like(p)
    for i in range(m):
        p = concat([p / np.arange(p.shape[0], 0, -1), k[i : i + 1]])
    return p


@composite(numpy=[np.poly])
def poly(seq_of_zeros: Any) -> Any:
    """The coefficients of the polynomial with these roots, or of a matrix's characteristic polynomial. As `numpy.poly`.

    Raises:
        ValueError: the argument is neither a vector nor a square matrix.

    >>> ad.poly(ad.Tensor([1.0, 2.0]))
    Tensor([ 1., -3.,  2.])
    """
    x = atleast_1d(seq_of_zeros)
    if x.ndim > 2 or (x.ndim == 2 and x.shape[0] != x.shape[1]):
        raise ValueError(f"poly: the argument has shape {x.shape}; wanted a vector of roots, or a square matrix.")
    x = np.linalg.eigvals(x) if x.ndim == 2 else x
    y = concat([np.ones(1, x.dtype), x[:0]])
    for k in range(x.shape[0]):
        y = convolve(y, concat([np.ones(1, x.dtype), -x[k : k + 1]]))
    values = unwrapped(x)
    return real(y) if x.dtype.kind == "c" and np.all(np.sort(values) == np.sort(np.conj(values))) else y


roots = primitive(
    lambda p, /: np.roots(p),
    {"p": lambda g, y, p: -(g / np.polyval(np.polyder(p), y)) @ np.vander(y, p.size)},
    numpy=[np.roots],
    doc="""The roots of a polynomial. As `numpy.roots`.

    The derivative of a root `y` by the coefficient of `x**k` is `-y**k / p'(y)`: infinite where several are equal.

    >>> ad.roots(ad.Tensor([1.0, -3.0, 2.0]))
    Tensor([2., 1.])
    """,
)


@composite(numpy=[np.polyfit])
def polyfit(
    x: Any, y: Any, deg: int, rcond: float | None = None, full: bool = False, w: Any = None, cov: bool | str = False
) -> Any:
    """The polynomial of degree `deg` that is nearest to the points `(x, y)`, with weights `w` of distances. As `numpy.polyfit`.

    With `full`, also the squares of the distances, the rank, the singular values and `rcond`; with `cov` the covariances of the
    coefficients. The derivative is that at a constant rank, which warns if it is too low, as `numpy.polyfit` does.

    Raises:
        ValueError: `deg` is negative, or `cov` is asked for with not more points than coefficients.
        TypeError: `x` is no vector, or `y` or `w` are not as many.

    >>> ad.polyfit(np.array([0.0, 1.0, 2.0]), ad.Tensor([1.0, 3.0, 5.0]), 1).numpy().round(12)
    array([2., 1.])
    """
    if deg < 0:
        raise ValueError(f"polyfit: deg is {deg}; wanted at least 0.")
    if not any(isinstance(a, Tensor) for a in (x, y, w)):  # of arrays, NumPy's least squares would be another function
        return unwrapped(polyfit(wrap(np.asarray(x)), y, deg, rcond, full, w, cov))
    x, y, n = as_array_like(x) + 0.0, as_array_like(y) + 0.0, deg + 1
    if x.ndim != 1 or not x.shape[0] or y.ndim not in (1, 2) or y.shape[0] != x.shape[0]:
        raise TypeError(f"polyfit: x and y have shapes {x.shape} and {y.shape}; wanted (n,) and (n,) or (n, k), n of at least 1.")
    rcond = x.shape[0] * np.finfo(x.dtype).eps if rcond is None else rcond
    powers = vander(x, n)
    if w is not None:
        if np.shape(w) != x.shape:
            raise TypeError(f"polyfit: w has shape {np.shape(w)}; wanted that of x, {x.shape}.")
        w = reshape(as_array_like(w) + 0.0, (-1, 1))
        powers, y = powers * w, y * (w if y.ndim == 2 else ravel(w))
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    c, squares, rank, s = np.linalg.lstsq(powers / scale, y, rcond)
    c = (c.T / scale).T
    if rank != n and not full:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=2)
    if full:
        return c, squares, rank, s, rcond
    return (c, _covariances(powers / scale, scale, squares, x.shape[0] - n, cov, y.ndim)) if cov else c


def _covariances(powers: Any, scale: Any, squares: Any, free: int, cov: bool | str, ndim: int) -> Any:
    """The covariances of the coefficients of a fit that leaves `free` points more than it needs."""
    base = np.linalg.inv(powers.T @ powers) / np.outer(scale, scale)
    base = base if ndim == 1 else base[:, :, None]
    if cov == "unscaled":
        return base
    if free <= 0:
        raise ValueError("polyfit: cov needs more points than coefficients. Lower deg, or take cov='unscaled'.")
    return base * (squares / free)
