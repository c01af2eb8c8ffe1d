"""Tensors from other data."""

from __future__ import annotations

from typing import Any

from autodiff.core.tensor import Tensor, sharing
from autodiff.dtypes import as_numbers

__all__ = ["asarray"]


def asarray(data: Any, dtype: Any = None) -> Tensor:
    """`data` as a constant tensor that shares the memory of an array: a write to one is one to the other. As `numpy.asarray`.

    A tensor is returned as it is if it has the type `dtype`. If a gradient needs a value that was overwritten in the array, that is
    noticed for small arrays, and at scattered places for large ones. Use `Tensor(data)` for a copy.

    >>> a = np.zeros(2)
    >>> t = ad.asarray(a)
    >>> t[0] = 1.0
    >>> a
    array([1., 0.])
    """
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype == dtype else data.astype(dtype)
    array = as_numbers(data, "asarray", dtype, copy=None)
    return Tensor(array) if isinstance(data, (int, float, complex, list, tuple)) else sharing(array)
