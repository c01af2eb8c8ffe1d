"""Histograms: counts, which have no derivative, or sums of weights, and the edges of bins, which have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import Tensor, unwrapped, wrap
from autodiff.lists import in_one
from autodiff.ops.calculus import diff
from autodiff.ops.indexing import as_array_like, scatter, without_gradient
from autodiff.ops.joining import atleast_2d
from autodiff.ops.reductions import max, min, sum
from autodiff.ops.shaping import astype, ravel, reshape

__all__ = ["histogram", "histogram2d", "histogram_bin_edges", "histogramdd"]


def _number_or_edges(name: str, bins: Any) -> Any:
    """`bins`, where there may be a tensor for a number of them."""
    return without_gradient(name, "bins", bins) if getattr(bins, "ndim", None) == 0 else bins


@composite(numpy=[np.histogram_bin_edges])
def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """The edges of the bins of `histogram`: those given, or `bins + 1` from the least element to the largest.

    As `numpy.histogram_bin_edges`. The derivatives go to these elements, to the ends of `range`, or to the edges that are given.

    >>> ad.histogram_bin_edges(ad.Tensor([1.0, 5.0, 2.0]), 2)
    Tensor([1., 3., 5.])
    """
    bins = _number_or_edges("histogram_bin_edges", bins)
    found = np.histogram_bin_edges(*map(unwrapped, (a, bins, range, weights)))
    is_constant = np.size(a) == 0 if range is None else not any(isinstance(end, Tensor) for end in range)
    if np.ndim(bins) == 1 or is_constant:
        return bins if isinstance(bins, Tensor) else wrap(found) if isinstance(a, Tensor) else found
    low, high = (min(as_array_like(a)), max(as_array_like(a))) if range is None else range
    alike = 0.5 * (unwrapped(low) == unwrapped(high))  # a bin of the width 1 around one value
    return np.linspace(low - alike, high + alike, len(found), dtype=found.dtype)


def _counted(samples: Sequence[Any], edges: Sequence[Any], weights: Any) -> Any:
    """The sum of the weights of the points with these coordinates in each of the bins; the last of a row has both of its edges."""
    inside, index = np.True_, []
    for x, edge in zip(map(unwrapped, samples), map(unwrapped, edges), strict=True):
        x = np.ravel(x)
        inside = inside & (x >= edge[0]) & (x <= edge[-1])
        index.append(np.searchsorted(edge, x, side="right") - 1 - (x == edge[-1]))
    weights = np.ones(np.size(samples[0]), np.intp) if weights is None else ravel(weights)
    places = tuple(i[inside] for i in index)
    y = scatter([weights[np.flatnonzero(inside)]], [places], tuple(np.shape(edge)[0] - 1 for edge in edges))
    several = any(isinstance(x, Tensor) for x in samples)
    return wrap(y) if several and not isinstance(y, Tensor) else y


@composite(numpy=[np.histogram])
def histogram(a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None) -> tuple[Any, Any]:
    """How many elements lie in each of the bins, or the sum of their weights, and the edges of the bins. As `numpy.histogram`.

    With `density`, divided by the width of the bin and by the sum of all. Derivatives are by the weights, and by what determines
    the edges, see `histogram_bin_edges`: a count does not change by small changes of the elements.

    Raises:
        ValueError: the weights have another shape than `a`.

    >>> ad.histogram([1.0, 2.0, 5.0], 2, weights=ad.Tensor([1.0, 2.0, 4.0]))
    (Tensor([3., 4.]), array([1., 3., 5.]))
    """
    if weights is not None and np.shape(weights) != np.shape(a):
        raise ValueError(f"histogram: weights have shape {np.shape(weights)}; wanted that of a, {np.shape(a)}.")
    edges = histogram_bin_edges(a, bins, range, weights)
    y = _counted([as_array_like(a)], [edges], weights)
    return (y / diff(edges) / sum(y) if density else y), edges


@composite(numpy=[np.histogramdd])
def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Any, list[Any]]:
    """The sum of the weights, or the count, of the points in each box of a grid, and the edges along each axis.

    As `numpy.histogramdd`. `sample: (n, d)` has a point in each row, or is a sequence of d vectors of coordinates; `bins` and
    `range` are one for each axis, or one number of bins for all. Derivatives are as those of `histogram`.

    Raises:
        ValueError: there are not as many bins or ranges as coordinates.

    >>> ad.histogramdd([[0.0, 1.0], [0.0, 4.0]], 2, weights=ad.Tensor([1.0, 3.0]))[0]
    Tensor([[1., 0.],
            [0., 3.]])
    """
    points = as_array_like(sample) if hasattr(sample, "shape") else atleast_2d(np.stack(list(sample))).T
    d, bins = points.shape[1], _number_or_edges("histogramdd", bins)
    bins = list(bins) if hasattr(bins, "__len__") else [bins] * d  # which may be numbers and vectors
    ranges = [None] * d if range is None else list(range)
    if not len(bins) == len(ranges) == d:
        raise ValueError(
            f"histogramdd: there are {len(bins)} bins and {len(ranges)} ranges for {d} coordinates; wanted one for each."
        )
    columns = [points[:, i] if limits is None else astype(points[:, i], float) for i, limits in enumerate(ranges)]
    edges = [histogram_bin_edges(x, n, limits) for x, n, limits in zip(columns, bins, ranges, strict=True)]
    counts = _counted(columns, edges, weights)
    y = astype(counts, float)
    if density:
        for i, edge in enumerate(edges):
            y = y / reshape(diff(edge), [-1 if k == i else 1 for k in np.arange(d)])
        y = y / sum(counts)
    return y, edges


@composite(numpy=[np.histogram2d])
def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Any, Any, Any]:
    """The histogram of the points `(x, y)`, and the edges along both axes, as `histogramdd`. As `numpy.histogram2d`.

    `bins` are one number, or one vector of edges, for both, or two.

    Raises:
        ValueError: `x` and `y` are not as many.

    >>> ad.histogram2d([0.0, 1.0], [0.0, 4.0], 2, weights=ad.Tensor([1.0, 3.0]))[0]
    Tensor([[1., 0.],
            [0., 3.]])
    """
    x, y = in_one(x), in_one(y)
    if np.shape(x) != np.shape(y):
        raise ValueError(f"histogram2d: x and y have shapes {np.shape(x)} and {np.shape(y)}; wanted vectors of one length.")
    bins = _number_or_edges("histogram2d", bins)
    if hasattr(bins, "__len__") and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, edges = histogramdd([x, y], bins, range, density, weights)
    return counts, edges[0], edges[1]
