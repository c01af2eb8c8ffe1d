"""Elements in the order of their values along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import array_of
from autodiff.ops.choosing import take_along_axis
from autodiff.ops.constants import of_arrays
from autodiff.ops.indexing import as_array_like
from autodiff.ops.shaping import astype, in_a_row

__all__ = ["argsort", "partition", "sort", "sort_complex"]


def argsort(x: Any, /, axis: int | None = -1, kind: Any = None, *, descending: bool = False, stable: bool | None = None) -> Any:
    """The places of the elements from the smallest to the largest along `axis`; of all in a row if it is None. As `numpy.argsort`.

    NaN come last, or first if `descending`. Of equal elements, those that came first come first, whether `stable` asks for it or
    not, unless `kind` names another algorithm.

    >>> ad.argsort(ad.Tensor([3.0, 1.0, 2.0]), descending=True)
    Tensor([0, 2, 1])
    """
    x, along = in_a_row(x, axis)
    kind = kind or "stable"
    if not descending:
        return _argsort(x, along, kind)
    # Reversed, equal ones come last first, so that they are reversed before as well.
    return np.shape(x)[along] - 1 - np.flip(_argsort(np.flip(x, along), along, kind), along)


_argsort = of_arrays(np.argsort)


@composite(numpy=[np.sort])
def sort(x: Any, axis: int | None = -1, kind: Any = None, *, descending: bool = False, stable: bool | None = None) -> Any:
    """The elements from the smallest to the largest along `axis`; of all in a row if it is None. As `numpy.sort`.

    They are in the order of `argsort`. The derivative goes the way of each element.

    >>> ad.sort(ad.Tensor([3.0, 1.0, 2.0]), descending=True)
    Tensor([3., 2., 1.])
    """
    return take_along_axis(x, argsort(array_of(x), axis, kind, descending=descending, stable=stable), axis)


@composite(numpy=[np.partition])
def partition(x: Any, kth: int | Sequence[int], axis: int | None = -1, kind: Any = "introselect") -> Any:
    """The elements ordered so far along `axis` that the one at place `kth`, or several, is as if sorted. As `numpy.partition`.

    Those before it are not larger, those after it not smaller, in the order of `np.argpartition`, which is not `np.partition`'s.

    >>> ad.partition(ad.Tensor([3.0, 1.0, 2.0]), 0)[0]
    Tensor(1.)
    """
    return take_along_axis(x, np.argpartition(array_of(x), kth, axis, kind), axis)


@composite(numpy=[np.sort_complex])
def sort_complex(a: Any) -> Any:
    """The elements along the last axis by their real parts, those of equal ones by their imaginary parts, as complex numbers.

    As `numpy.sort_complex`.

    >>> ad.sort_complex(ad.Tensor([2.0 - 1.0j, 1.0, 2.0 - 2.0j]))
    Tensor([1.+0.j, 2.-2.j, 2.-1.j])
    """
    a = as_array_like(a)
    return astype(sort(a), np.sort_complex(np.zeros(0, a.dtype)).dtype)
