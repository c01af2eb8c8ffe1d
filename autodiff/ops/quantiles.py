"""Medians and quantiles: elements in their order, or values between two of them; of all elements, or of those that are no NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.domain import Kink
from autodiff.ops.indexing import without_gradient
from autodiff.ops.reductions import of_rows, rows_of
from autodiff.registry import primitive

__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]


def _fractions(q: Any) -> Any:
    return np.array(without_gradient("quantile", "q", q), float)


def _quantiles(of: Any, x: Any, q: Any, axis: Any, method: str, keepdims: bool) -> Any:
    """What NumPy's function `of` gives, computed with fractions in double precision, in the type of `x`."""
    y = of(x, q, axis=axis, method=method, keepdims=keepdims)
    dtype = getattr(x, "dtype", y.dtype)
    return y.astype(dtype) if dtype.kind == "f" else y


def _places(rows: Any, q: Any, method: Any) -> Any:
    """Where the quantiles lie in the order of the elements of a row: the quantiles of the numbers of the places."""
    return np.quantile(np.arange(float(rows.shape[1])), q, method=method)


def _places_of_numbers(rows: Any, q: Any, method: Any) -> Any:
    """Where they lie among the elements that are no NaN, which comes last in the order: for each row."""
    places, count = np.arange(float(rows.shape[1])), np.sum(~np.isnan(rows), axis=1, keepdims=True)
    return np.nanquantile(np.where(places < np.maximum(count, 1), places, np.nan), q, axis=1, method=method)


def _to_neighbours(g: Any, x: Any, axis: Any, q: Any, method: str, places_of: Any) -> Any:
    """The cotangent of each quantile goes to the two elements between which it lies, by its distance from each; ties share it."""
    shape = rows_of(x, axis).shape
    rows = np.reshape(rows_of(x, axis), (math.prod(shape[:-1]), shape[-1]))
    order, each, total = np.argsort(rows), np.arange(len(rows))[:, None], 0
    places = np.reshape(places_of(rows, q, method), (np.size(q), -1, 1))
    for part, place in zip(np.reshape(g, (np.size(q), len(rows), 1)), places, strict=True):
        low = np.floor(place)
        for end, weight in ((low, 1 - (place - low)), (np.ceil(place), place - low)):
            chosen = rows == rows[each, order[each, end.astype(int)]]
            total = total + chosen * (part * (weight / np.maximum(chosen.sum(axis=1, keepdims=True), 1)))
    return of_rows(np.reshape(total, shape), x.shape, axis)


quantile = primitive(
    lambda x, /, q, axis=None, *, method="linear", keepdims=False: _quantiles(np.quantile, x, q, axis, method, keepdims),
    {"x": lambda g, x, q, axis, method: _to_neighbours(g, x, axis, q, method, _places)},
    numpy=[np.quantile],
    prepare={"q": _fractions},
    doc="""The values below which the fractions `q` of the elements lie, along `axis`, in new leading axes. As `numpy.quantile`.

    Between two elements it is interpolated, as `method` says; the derivative goes to the two, and ties share it. There is none by
    `q`. Half and single precision remain what they are.

    >>> ad.quantile(ad.Tensor([1.0, 2.0, 4.0]), [0.25, 1.0])
    Tensor([1.5, 4. ])
    """,
)

nanquantile = primitive(
    lambda x, /, q, axis=None, *, method="linear", keepdims=False: _quantiles(np.nanquantile, x, q, axis, method, keepdims),
    {"x": lambda g, x, q, axis, method: _to_neighbours(g, x, axis, q, method, _places_of_numbers)},
    numpy=[np.nanquantile],
    prepare={"q": _fractions},
    doc="""The quantiles of the elements that are no NaN, as `quantile` has them. As `numpy.nanquantile`.

    The derivative by NaN is 0.

    >>> ad.nanquantile(ad.Tensor([1.0, 2.0, np.nan, 4.0]), [0.25, 1.0])
    Tensor([1.5, 4. ])
    """,
)

_HALF = np.array(0.5)

median = primitive(
    lambda x, /, axis=None, *, keepdims=False: np.median(x, axis, keepdims=keepdims),
    {"x": lambda g, x, axis: _to_neighbours(g, x, axis, _HALF, "linear", _places)},
    numpy=[np.median],
    kinks=[Kink((np.array([1.0, 2.0, 2.0]),), (np.array([0.0, 0.5, 0.5]),))],
    doc="""The element in the middle, or the mean of the two that are, along `axis` (one, several, or all). As `numpy.median`.

    The derivative goes to it, or to both; ties share it.

    >>> ad.median(ad.Tensor([[1.0, 5.0, 2.0], [3.0, 4.0, 0.0]]), axis=1)
    Tensor([2., 3.])
    """,
)

nanmedian = primitive(
    lambda x, /, axis=None, *, keepdims=False: np.nanmedian(x, axis, keepdims=keepdims),
    {"x": lambda g, x, axis: _to_neighbours(g, x, axis, _HALF, "linear", _places_of_numbers)},
    numpy=[np.nanmedian],
    kinks=[Kink((np.array([np.nan, 2.0, 2.0]),), (np.array([0.0, 0.5, 0.5]),))],
    doc="""The median of the elements that are no NaN. As `numpy.nanmedian`.

    The derivative by NaN is 0.

    >>> ad.nanmedian(ad.Tensor([1.0, np.nan, 2.0]))
    Tensor(1.5)
    """,
)


@composite(numpy=[np.percentile])
def percentile(x: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    """The quantiles of the fractions `q / 100`. As `numpy.percentile`.

    >>> ad.percentile(ad.Tensor([1.0, 2.0, 4.0]), 25)
    Tensor(1.5)
    """
    return quantile(x, np.divide(q, 100), axis, method=method, keepdims=keepdims)


@composite(numpy=[np.nanpercentile])
def nanpercentile(x: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    """The quantiles of the fractions `q / 100` of the elements that are no NaN. As `numpy.nanpercentile`.

    >>> ad.nanpercentile(ad.Tensor([1.0, 2.0, np.nan, 4.0]), 25)
    Tensor(1.5)
    """
    return nanquantile(x, np.divide(q, 100), axis, method=method, keepdims=keepdims)
