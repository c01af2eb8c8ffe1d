"""Places of elements: constant functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.core.tensor import wrap
from autodiff.ops.constants import constant

__all__ = ["argmax", "argmin", "argpartition", "argwhere", "digitize", "flatnonzero", "lexsort", "nonzero", "searchsorted"]


@constant(np.argmax)
def argmax(x: Any, /, axis: Any = None, *, keepdims: Any = False) -> Any:
    """The place of the first largest element along `axis`, or in a row. As `numpy.argmax`.

    >>> ad.argmax(ad.Tensor([1.0, 3.0, 2.0]))
    Tensor(1)
    """


@constant(np.argmin)
def argmin(x: Any, /, axis: Any = None, *, keepdims: Any = False) -> Any:
    """The place of the first smallest element along `axis`, or in a row. As `numpy.argmin`.

    >>> ad.argmin(ad.Tensor([1.0, 3.0, 2.0]))
    Tensor(0)
    """


@constant(np.nonzero, lambda places: tuple(map(wrap, places)))
def nonzero(x: Any, /) -> Any:
    """The places of the elements that are not 0, as one array for each axis. As `numpy.nonzero`.

    >>> ad.nonzero(ad.Tensor([0.0, 3.0, 4.0]))
    (Tensor([1, 2]),)
    """


@constant(np.flatnonzero)
def flatnonzero(x: Any, /) -> Any:
    """The places in a row of the elements that are not 0. As `numpy.flatnonzero`.

    >>> ad.flatnonzero(ad.Tensor([0.0, 3.0, 4.0]))
    Tensor([1, 2])
    """


@constant(np.argwhere)
def argwhere(x: Any, /) -> Any:
    """The places of the elements that are not 0, one a row. As `numpy.argwhere`.

    >>> ad.argwhere(ad.Tensor([0.0, 3.0]))
    Tensor([[1]])
    """


@constant(np.argpartition)
def argpartition(x: Any, /, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Any:
    """The places of the elements in an order in which those at the places `kth` are as if sorted. As `numpy.argpartition`.

    >>> ad.argpartition(ad.Tensor([3.0, 1.0, 2.0]), 0)[0]
    Tensor(1)
    """


@constant(np.lexsort)
def lexsort(keys: Any, axis: Any = -1) -> Any:
    """The places in the order of the last of the `keys`, of equal ones in that of the one before it, and so on. As `numpy.lexsort`.

    >>> ad.lexsort((ad.Tensor([2.0, 1.0, 0.0]), ad.Tensor([0, 0, 1])))
    Tensor([1, 0, 2])
    """


@constant(np.searchsorted)
def searchsorted(a: Any, v: Any, /, side: Any = "left", sorter: Any = None) -> Any:
    """The places in the sorted vector `a` before which (after equal ones with `side='right'`) the elements of `v` belong.

    As `numpy.searchsorted`.

    >>> ad.searchsorted(ad.Tensor([1.0, 3.0]), [0.0, 2.0])
    Tensor([0, 1])
    """


@constant(np.digitize)
def digitize(x: Any, bins: Any, right: Any = False) -> Any:
    """The number of the interval between the edges `bins` in which each element lies. As `numpy.digitize`.

    >>> ad.digitize(ad.Tensor([0.5, 2.5]), [1.0, 2.0])
    Tensor([0, 2])
    """
