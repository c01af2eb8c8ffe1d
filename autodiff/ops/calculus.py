"""Differences, slopes, integrals, interpolation and polynomials of sampled functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.composites import composite
from autodiff.dtypes import INEXACT
from autodiff.lists import in_one
from autodiff.ops.arithmetic import subtract
from autodiff.ops.cumulative import cumulative_prod
from autodiff.ops.indexing import as_array_like, cut, where, without_gradient
from autodiff.ops.rearranging import flip
from autodiff.ops.reductions import sum
from autodiff.ops.rounding import remainder
from autodiff.ops.shaping import all_or, astype, broadcast_to, concat, moveaxis, ravel, reshape

__all__ = ["diff", "ediff1d", "gradient", "interp", "polyval", "trapezoid", "vander"]


@composite(numpy=[np.diff])
def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The differences of neighbours along `axis`, taken `n` times, of `x` between `prepend` and `append`. As `numpy.diff`.

    Raises:
        ValueError: `n` is negative, or `x` is a number.

    >>> ad.diff(ad.Tensor([1.0, 4.0, 9.0]), prepend=0.0)
    Tensor([1., 3., 5.])
    """
    x = as_array_like(x)
    if n < 0 or x.ndim == 0:
        raise ValueError(f"diff: n is {n} and x has {x.ndim} axes; wanted n of at least 0, and an axis along which to differ.")
    axis = normalize_axis_index(axis, x.ndim)
    one = [*x.shape[:axis], 1, *x.shape[axis + 1 :]]
    arrays = [array if np.ndim(array) else broadcast_to(array, one) for array in (prepend, x, append) if array is not None]
    y = x if len(arrays) == 1 else concat(arrays, axis)
    for _ in range(n):
        y = (np.not_equal if y.dtype == bool else subtract)(cut(y, axis, 1, None), cut(y, axis, None, -1))
    return y


@composite(numpy=[np.ediff1d])
def ediff1d(x: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """The differences of neighbours of all elements in a row, between `to_begin` and `to_end`. As `numpy.ediff1d`.

    >>> ad.ediff1d(ad.Tensor([1.0, 4.0, 9.0]), to_begin=0.0)
    Tensor([0., 3., 5.])
    """
    y = diff(ravel(x))
    return concat([ravel(astype(array, y.dtype)) for array in (to_begin, y, to_end) if array is not None])


@composite(numpy=[np.gradient])
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """The slopes of sampled values along `axis`: those of parabolas through three neighbours. As `numpy.gradient`.

    `varargs` has one distance for all axes, or one each, or the coordinates along each; derivatives are by them as well. At the
    ends it is the slope of a line, or of a parabola with `edge_order=2`. Of several axes, the results are a tuple.

    Raises:
        TypeError: there are not as many distances as axes.
        ValueError: there are not enough values along an axis, or not as many coordinates.

    >>> ad.gradient(ad.Tensor([1.0, 2.0, 4.0, 7.0]))
    Tensor([1. , 1.5, 2.5, 3. ])
    """
    f = as_array_like(f)
    f = f if f.dtype.kind in INEXACT else astype(f, float)
    axes = all_or(axis, f.ndim)
    spacings = tuple(map(in_one, varargs)) or (1.0,)
    spacings = spacings * len(axes) if len(spacings) == 1 and np.ndim(spacings[0]) == 0 else spacings
    if len(spacings) != len(axes):
        raise TypeError(f"gradient: there are {len(spacings)} distances for {len(axes)} axes; wanted one for all, or one for each.")
    edge_order = without_gradient("gradient", "edge_order", edge_order)
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is {edge_order}; wanted 1 or 2.")
    slopes = [moveaxis(_slopes(moveaxis(f, a, -1), h, edge_order), -1, a) for a, h in zip(axes, spacings, strict=True)]
    return slopes[0] if len(axes) == 1 else tuple(slopes)


def _slopes(f: Any, h: Any, edge_order: int) -> Any:
    """The slopes along the last axis: at each inner value the mean of those beside it, where the nearer one counts for more."""
    n = f.shape[-1]
    if n < edge_order + 1:
        raise ValueError(f"gradient: an axis has {n} values; wanted at least {edge_order + 1} with edge_order={edge_order}.")
    if np.ndim(h) and np.shape(h) != (n,):
        raise ValueError(
            f"gradient: there are coordinates of shape {np.shape(h)} for an axis of {n} values; wanted a number or {n}."
        )
    h = diff(h) if np.ndim(h) else h
    weight = h[:-1] / (h[:-1] + h[1:]) if np.ndim(h) else np.full(n - 2, 0.5)
    slope = diff(f) / h
    turn = diff(slope)
    first, last = slope[..., :1], slope[..., -1:]
    if edge_order == 2:
        first, last = first - weight[:1] * turn[..., :1], last + (1 - weight[-1:]) * turn[..., -1:]
    return astype(concat([first, slope[..., :-1] + weight * turn, last], -1), f.dtype)


@composite(numpy=[np.trapezoid])
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral along `axis` of the lines between sampled values, at the coordinates `x` or `dx` apart. As `numpy.trapezoid`.

    `Σₖ (x[k + 1] - x[k]) (y[k + 1] + y[k]) / 2`; derivatives are by the coordinates as well.

    >>> ad.trapezoid(ad.Tensor([1.0, 2.0, 4.0]), x=[0.0, 1.0, 3.0])
    Tensor(7.5)
    """
    y = as_array_like(y)
    axis = normalize_axis_index(axis, y.ndim)
    y = moveaxis(y, axis, -1)
    if x is not None:
        x = in_one(x)
        dx = diff(x if np.ndim(x) == 1 else moveaxis(x, axis, -1))
    return sum(dx * (y[..., 1:] + y[..., :-1]) / 2.0, -1)


@composite(numpy=[np.interp])
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """The values at `x` of the lines between the points `(xp, fp)`, in order of `xp`, which increases. As `numpy.interp`.

    Outside it is `left` and `right`, or the outermost of `fp`; with a `period`, the points are repeated. Derivatives are by `x`,
    `xp` and `fp`. At a point that by `x` is the slope to the right of it, at the last one that to the left. Results are float64.

    Raises:
        ValueError: `xp` and `fp` are no two vectors of one length, or have no elements, or the period is 0.

    >>> ad.interp(ad.Tensor([0.5, 3.0]), [0.0, 1.0, 2.0], [0.0, 10.0, 40.0])
    Tensor([ 5., 40.])
    """
    x, xp, fp = astype(in_one(x), float), astype(in_one(xp), float), as_array_like(fp)
    fp = fp if fp.dtype.kind == "c" else astype(fp, float)
    n = np.size(xp)
    if xp.shape != fp.shape or xp.shape != (n,) or n == 0:
        raise ValueError(
            f"interp: xp has shape {xp.shape} and fp {fp.shape}; wanted vectors of one length, of at least one element."
        )
    if period is not None:
        return _periodic(x, xp, fp, period)
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(n - 2, 0))
    j = np.minimum(i + 1, n - 1)
    width = xp[j] - xp[i]
    slope = where(width == 0, 0, fp[j] - fp[i]) / where(width == 0, 1, width)
    inside = where(x < xp[0], xp[0], where(x > xp[-1], xp[-1], x))  # no infinity, which times 0 is NaN
    y = where(width == 0, fp[j], fp[i]) + (inside - xp[i]) * slope
    y = where(x < xp[0], fp[0] if left is None else left, y)
    return where(x > xp[-1], fp[-1] if right is None else right, y)


def _periodic(x: Any, xp: Any, fp: Any, period: Any) -> Any:
    """The interpolation of points that are repeated."""
    if period == 0:
        raise ValueError("interp: period is 0; wanted another number.")
    period = np.abs(period)
    xp = remainder(xp, period)
    order = np.argsort(xp)
    xp, fp = xp[order], fp[order]
    return interp(remainder(x, period), concat([xp[-1:] - period, xp, xp[:1] + period]), concat([fp[-1:], fp, fp[:1]]))


@composite(numpy=[np.polyval])
def polyval(p: Any, x: Any) -> Any:
    """The polynomial with the coefficients `p`, the highest power first, at `x`, by Horner's scheme. As `numpy.polyval`.

    >>> ad.polyval(ad.Tensor([1.0, 0.0, 2.0]), 3.0)
    Tensor(11.)
    """
    x, p = as_array_like(x), as_array_like(p)
    y = np.zeros_like(x)
    for k in range(p.shape[0]):
        y = y * x + p[k]
    return y


@composite(numpy=[np.vander])
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of the elements of a vector, a row for each, from `x**(N - 1)` to 1, or from 1 if increasing. As `numpy.vander`.

    Raises:
        ValueError: `x` is no vector.

    >>> ad.vander(ad.Tensor([2.0, 3.0]), 3)
    Tensor([[4., 2., 1.],
            [9., 3., 1.]])
    """
    x = as_array_like(x)
    if x.ndim != 1:
        raise ValueError(f"vander: x has {x.ndim} axes; wanted a vector.")
    count = x.shape[0] if N is None else N
    x = astype(x, np.promote_types(x.dtype, int))
    factors = broadcast_to(reshape(x, (-1, 1)), (x.shape[0], max(count - 1, 0)))
    powers = cumulative_prod(factors, axis=1, include_initial=True)[:, :count]
    return powers if increasing else flip(powers, 1)
