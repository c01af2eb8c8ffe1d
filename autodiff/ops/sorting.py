"""Elements in the order of their values along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import array_of
from autodiff.ops.choosing import take_along_axis

__all__ = ["partition", "sort"]


@composite(numpy=[np.sort])
def sort(x: Any, axis: int | None = -1, kind: Any = None, *, descending: bool = False, stable: bool | None = None) -> Any:
    """The elements from the smallest to the largest along `axis`; of all in a row if it is None. As `numpy.sort`.

    NaN come last, or first if `descending`. The derivative goes the way of each element. Of equal ones, those that came first come
    first, whether `stable` asks for it or not, unless `kind` names another algorithm: `x[np.argsort(x, kind=kind or "stable")]`.

    >>> ad.sort(ad.Tensor([3.0, 1.0, 2.0]), descending=True)
    Tensor([3., 2., 1.])
    """
    values = np.reshape(array_of(x), -1) if axis is None else array_of(x)
    along = 0 if axis is None else axis
    if not descending:
        order = np.argsort(values, along, kind=kind or "stable")
    else:  # reversed, equal ones come last first, so that they are reversed before as well
        order = np.shape(values)[along] - 1 - np.flip(np.argsort(np.flip(values, along), along, kind=kind or "stable"), along)
    return take_along_axis(x, order, axis)


@composite(numpy=[np.partition])
def partition(x: Any, kth: int | Sequence[int], axis: int | None = -1, kind: Any = "introselect") -> Any:
    """The elements ordered so far along `axis` that the one at place `kth`, or several, is as if sorted. As `numpy.partition`.

    Those before it are not larger, those after it not smaller, in the order of `np.argpartition`, which is not `np.partition`'s.

    >>> ad.partition(ad.Tensor([3.0, 1.0, 2.0]), 0)[0]
    Tensor(1.)
    """
    return take_along_axis(x, np.argpartition(array_of(x), kth, axis, kind), axis)
