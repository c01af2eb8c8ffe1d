"""Reductions of the elements that are no NaN. The derivative by NaN is 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.domain import Kink
from autodiff.ops.cumulative import cumprod, cumsum, prod
from autodiff.ops.indexing import where
from autodiff.ops.reductions import expand, sum, to_extreme, widened
from autodiff.ops.statistics import degrees, spread_of
from autodiff.registry import primitive

__all__ = ["nancumprod", "nancumsum", "nanmax", "nanmean", "nanmin", "nanprod", "nanstd", "nansum", "nanvar"]


@composite(numpy=[np.nansum])
def nansum(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The sum of the elements that are no NaN along `axis` (one, several as a tuple, or all). As `numpy.nansum`.

    >>> ad.nansum(ad.Tensor([1.0, np.nan, 3.0]))
    Tensor(4.)
    """
    return sum(where(np.isnan(x), 0, x), axis, keepdims=keepdims)


@composite(numpy=[np.nanprod])
def nanprod(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The product of the elements that are no NaN along `axis` (one, several as a tuple, or all). As `numpy.nanprod`.

    >>> ad.nanprod(ad.Tensor([2.0, np.nan, 3.0]))
    Tensor(6.)
    """
    return prod(where(np.isnan(x), 1, x), axis, keepdims=keepdims)


@composite(numpy=[np.nancumsum])
def nancumsum(x: Any, axis: int | None = None) -> Any:
    """The sums of the elements up to each along `axis`, NaN counted as 0. As `numpy.nancumsum`.

    >>> ad.nancumsum(ad.Tensor([1.0, np.nan, 3.0]))
    Tensor([1., 1., 4.])
    """
    return cumsum(where(np.isnan(x), 0, x), axis)


@composite(numpy=[np.nancumprod])
def nancumprod(x: Any, axis: int | None = None) -> Any:
    """The products of the elements up to each along `axis`, NaN counted as 1. As `numpy.nancumprod`.

    >>> ad.nancumprod(ad.Tensor([2.0, np.nan, 3.0]))
    Tensor([2., 2., 6.])
    """
    return cumprod(where(np.isnan(x), 1, x), axis)


def _to_extreme_number(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return np.where(np.isnan(x), 0, to_extreme(g, y, x, axis, keepdims))


_NAN = Kink((np.array([1.0, np.nan, 1.0]),), (np.array([0.5, 0.0, 0.5]),))

nanmax = primitive(
    lambda x, /, axis=None, *, keepdims=False: np.nanmax(x, axis=axis, keepdims=keepdims),
    {"x": _to_extreme_number},
    numpy=[np.nanmax],
    kinks=[_NAN],
    doc="""The largest of the elements that are no NaN along `axis` (one, several as a tuple, or all). As `numpy.nanmax`.

    The derivative goes to it; ties share it. By NaN it is 0, also where there is nothing else.

    >>> ad.nanmax(ad.Tensor([1.0, np.nan, 3.0]))
    Tensor(3.)
    """,
)

nanmin = primitive(
    lambda x, /, axis=None, *, keepdims=False: np.nanmin(x, axis=axis, keepdims=keepdims),
    {"x": _to_extreme_number},
    numpy=[np.nanmin],
    kinks=[_NAN],
    doc="""The smallest of the elements that are no NaN along `axis` (one, several as a tuple, or all). As `numpy.nanmin`.

    The derivative goes to it; ties share it. By NaN it is 0, also where there is nothing else.

    >>> ad.nanmin(ad.Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """,
)


def _count(x: Any, axis: Any, less: Any = 0) -> Any:
    """How many elements are no NaN, and `less`; but 1 where that is not positive."""
    count = np.sum(~np.isnan(x), axis=axis, keepdims=True) - less
    return np.where(count > 0, count, 1)


def _less_mean(x: Any, numbers: Any, axis: Any) -> Any:
    """`x`, which is 0 outside of `numbers`, less the mean of these there."""
    return np.where(numbers, x - np.sum(x, axis=axis, keepdims=True) / np.sum(numbers, axis=axis, keepdims=True).clip(1), 0)


def _deviations(x: Any, axis: Any, ddof: Any) -> Any:
    """The conjugates of x - mean; 0 for NaN, and all where there are not more than `ddof` numbers. As for `std`."""
    numbers = ~np.isnan(x)
    left = _less_mean(np.where(numbers, widened(x), 0), numbers, axis)
    return np.where(np.sum(numbers, axis=axis, keepdims=True) > ddof, np.conj(_less_mean(left, numbers, axis)), 0)


def _of_nanvar(g: Any, x: Any, axis: Any, ddof: Any, correction: Any, keepdims: bool) -> Any:
    less = degrees("nanvar", ddof, correction)
    return expand(g, x.shape, axis, keepdims) * (_deviations(x, axis, less) / (_count(x, axis, less) / 2))


def _of_nanstd(g: Any, y: Any, x: Any, axis: Any, ddof: Any, correction: Any, keepdims: bool) -> Any:
    less = degrees("nanstd", ddof, correction)
    spread = expand(widened(np.where(y > 0, y, 1)), x.shape, axis, keepdims)
    return expand(g, x.shape, axis, keepdims) * (_deviations(x, axis, less) / spread / _count(x, axis, less))


nanmean = primitive(
    lambda x, /, axis=None, *, keepdims=False: np.nanmean(x, axis=axis, keepdims=keepdims),
    {"x": lambda g, x, axis, keepdims: np.where(np.isnan(x), 0, expand(g, x.shape, axis, keepdims) / _count(x, axis))},
    numpy=[np.nanmean],
    doc="""The mean of the elements that are no NaN along `axis` (one, several as a tuple, or all). As `numpy.nanmean`.

    If there are none, it is NaN, with NumPy's warning, and its derivative is 0.

    >>> ad.nanmean(ad.Tensor([1.0, np.nan, 3.0]))
    Tensor(2.)
    """,
)

nanvar = primitive(
    lambda x, /, axis=None, *, ddof=0, correction=None, keepdims=False: spread_of(np.nanvar, x, axis, ddof, correction, keepdims),
    {"x": _of_nanvar},
    numpy=[np.nanvar],
    doc="""The variance of the elements that are no NaN, as that of `var`. As `numpy.nanvar`.

    If there are not more than `ddof` of them, it is NaN, with NumPy's warning, and its derivative is 0.

    >>> ad.nanvar(ad.Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """,
)

nanstd = primitive(
    lambda x, /, axis=None, *, ddof=0, correction=None, keepdims=False: spread_of(np.nanstd, x, axis, ddof, correction, keepdims),
    {"x": _of_nanstd},
    numpy=[np.nanstd],
    kinks=[Kink((np.array([0.1, 0.1, np.nan, 0.1]),), (np.zeros(4),))],
    doc="""The standard deviation of the elements that are no NaN, as that of `std`. As `numpy.nanstd`.

    If there are not more than `ddof` of them, it is NaN, with NumPy's warning. Its derivative is 0 then, and if all are equal.

    >>> ad.nanstd(ad.Tensor([1.0, np.nan, 3.0]))
    Tensor(1.)
    """,
)
