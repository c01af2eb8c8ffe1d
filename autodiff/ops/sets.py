"""Vectors as sets: the different elements, sorted, and how often each occurs. Values have gradients, places and counts none."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import Tensor, unwrapped, wrap
from autodiff.lists import in_one
from autodiff.ops.choosing import take
from autodiff.ops.indexing import as_array_like, scatter
from autodiff.ops.shaping import astype, concat, reshape

__all__ = ["bincount", "intersect1d", "setdiff1d", "setxor1d", "union1d", "unique"]
__all__ += ["unique_all", "unique_counts", "unique_inverse", "unique_values"]


def _like(x: Any, result: Any) -> Any:
    """`result`, an array, as a tensor if `x` is one."""
    return wrap(result) if isinstance(x, Tensor) else result


def _taken(x: Any, found: Any, axis: int | None = None) -> list[Any]:
    """The results of NumPy's `unique`, of which the first are the values: read from `x` at the places that are the second."""
    return [take(x, found[1], axis), *(_like(x, result) for result in found[1:])]


@composite(numpy=[np.unique])
def unique(
    x: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """The different elements, sorted; or the different parts along `axis`. As `numpy.unique`.

    With them, if asked for, the places where each occurs first, the place among them of each element of `x`, and how often each
    occurs. They are sorted whether `sorted` or not. NaN are equal to each other unless `equal_nan` is false.

    The derivative goes to the first occurrence of a value.

    >>> ad.unique(ad.Tensor([3.0, 1.0, 3.0]), return_counts=True)
    (Tensor([1., 3.]), Tensor([1, 2]))
    """
    x = as_array_like(x)
    found = np.unique(unwrapped(x), True, True, True, axis, equal_nan=equal_nan)
    chosen = (True, return_index, return_inverse, return_counts)
    results = tuple(result for result, wanted in zip(_taken(x, found, axis), chosen, strict=True) if wanted)
    return results[0] if len(results) == 1 else results


# What `unique_all` and the like return.
UniqueAll = namedtuple("UniqueAll", ["values", "indices", "inverse_indices", "counts"])
UniqueCounts = namedtuple("UniqueCounts", ["values", "counts"])
UniqueInverse = namedtuple("UniqueInverse", ["values", "inverse_indices"])


@composite(numpy=[np.unique_all])
def unique_all(x: Any) -> Any:
    """The different elements, where each occurs first, the place of each of `x` among them, and counts. As `numpy.unique_all`.

    Each NaN is different from all others. The derivative goes to the first occurrence of a value.

    >>> ad.unique_all(ad.Tensor([3.0, 1.0, 3.0])).values
    Tensor([1., 3.])
    """
    return UniqueAll(*_taken(x, np.unique_all(unwrapped(x))))


@composite(numpy=[np.unique_counts])
def unique_counts(x: Any) -> Any:
    """The `values` and `counts` of `unique_all`. As `numpy.unique_counts`.

    >>> ad.unique_counts(ad.Tensor([3.0, 1.0, 3.0])).counts
    Tensor([1, 2])
    """
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


@composite(numpy=[np.unique_inverse])
def unique_inverse(x: Any) -> Any:
    """The `values` and `inverse_indices` of `unique_all`. As `numpy.unique_inverse`.

    >>> ad.unique_inverse(ad.Tensor([3.0, 1.0, 3.0])).inverse_indices
    Tensor([1, 0, 1])
    """
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


@composite(numpy=[np.unique_values])
def unique_values(x: Any) -> Any:
    """The `values` of `unique_all`. As `numpy.unique_values`, but always sorted.

    >>> ad.unique_values(ad.Tensor([3.0, 1.0, 3.0]))
    Tensor([1., 3.])
    """
    return unique_all(x).values


@composite(numpy=[np.union1d])
def union1d(a: Any, b: Any) -> Any:
    """The different elements of `a` and `b` together, sorted. As `numpy.union1d`.

    The derivative goes to the first occurrence of a value, in `a` if it is in both.

    >>> ad.union1d(ad.Tensor([3.0, 1.0]), ad.Tensor([2.0, 3.0]))
    Tensor([1., 2., 3.])
    """
    return unique(concat([a, b], None))


@composite(numpy=[np.intersect1d])
def intersect1d(a: Any, b: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The different elements that are in both of `a` and `b`, sorted. As `numpy.intersect1d`.

    With `return_indices`, also where each occurs first in either. The derivative goes to the first occurrence in `a`.

    >>> ad.intersect1d(ad.Tensor([3.0, 1.0]), ad.Tensor([2.0, 3.0]))
    Tensor([3.])
    """
    _, *places = np.intersect1d(unwrapped(a), unwrapped(b), assume_unique, return_indices=True)
    values = take(a, places[0])
    return (values, *(_like(values, place) for place in places)) if return_indices else values


@composite(numpy=[np.setdiff1d])
def setdiff1d(a: Any, b: Any, assume_unique: bool = False) -> Any:
    """The different elements of `a` that are not in `b`, sorted unless `a` is said to have no equal ones. As `numpy.setdiff1d`.

    The derivative goes to the first occurrence in `a`.

    >>> ad.setdiff1d(ad.Tensor([3.0, 1.0]), ad.Tensor([2.0, 3.0]))
    Tensor([1.])
    """
    values = reshape(a, -1) if assume_unique else unique(a)
    return values[np.isin(unwrapped(values), unwrapped(b), assume_unique=True, invert=True)]


@composite(numpy=[np.setxor1d])
def setxor1d(a: Any, b: Any, assume_unique: bool = False) -> Any:
    """The different elements that are in one of `a` and `b` alone, sorted. As `numpy.setxor1d`.

    The derivative goes to the first occurrence.

    >>> ad.setxor1d(ad.Tensor([3.0, 1.0]), ad.Tensor([2.0, 3.0]))
    Tensor([1., 2.])
    """
    both = concat([a, b] if assume_unique else [unique(a), unique(b)], None)
    values, counts = unique(both, return_counts=True, equal_nan=False)
    return values[unwrapped(counts) == 1]


@composite(numpy=[np.bincount])
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each number from 0 on occurs in the vector `x` of integers; or the sums of its `weights`. As `numpy.bincount`.

    The result has the length `max(x) + 1`, or `minlength` if that is more. The derivative by a weight is 1, at the place that it is
    added to.

    >>> ad.bincount([0, 2, 2], ad.Tensor([0.5, 1.0, 2.0]))
    Tensor([0.5, 0. , 3. ])
    """
    counts = np.bincount(unwrapped(x), minlength=minlength)
    if weights is None:
        return _like(x, counts)
    weights = in_one(weights)
    if np.shape(weights) != np.shape(x):
        raise ValueError(f"bincount: weights have shape {np.shape(weights)}; wanted that of x, {np.shape(x)}.")
    return scatter([astype(weights, float)], [np.asarray(unwrapped(x)).astype(np.intp)], counts.shape)
