"""Functions of one vector, or of one axis, applied along others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.core.tensor import Tensor, wrap
from autodiff.ops.indexing import as_array_like
from autodiff.ops.joining import unstack
from autodiff.ops.shaping import expand_dims, moveaxis, permute_dims, reshape, stack
from autodiff.registry import numpy_table

__all__ = ["apply_along_axis", "apply_over_axes"]


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """What `func1d` makes of each vector along `axis`, in the place of that axis. As `numpy.apply_along_axis`.

    `func1d` is called once for each vector; a function that takes `axis` itself is faster.

    Raises:
        ValueError: there is no vector.

    >>> ad.apply_along_axis(lambda row: row[0] * row, 1, ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[ 1.,  2.],
            [ 9., 12.]])
    """
    arr = as_array_like(arr)
    axis = normalize_axis_index(axis, arr.ndim)
    moved = moveaxis(arr, axis, -1)
    if 0 in moved.shape[:-1]:
        raise ValueError(f"apply_along_axis: arr has shape {arr.shape}, in which there is no vector along axis {axis}.")
    rows = unstack(reshape(moved, (-1, moved.shape[-1])))
    y = stack([as_array_like(func1d(row, *args, **kwargs)) for row in rows])
    y = wrap(y) if isinstance(arr, Tensor) and not isinstance(y, Tensor) else y  # of a constant function
    before, made = moved.ndim - 1, y.ndim - 1
    y = reshape(y, (*moved.shape[:-1], *y.shape[1:]))
    return permute_dims(y, (*range(axis), *range(before, before + made), *range(axis, before)))


def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    """What `func(a, axis)` makes of `a` for one axis, and again of that for the next; axes are kept. As `numpy.apply_over_axes`.

    Raises:
        ValueError: `func` gives another number of axes than before, or one less.

    >>> ad.apply_over_axes(np.sum, ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), [0, 1])
    Tensor([[10.]])
    """
    a = as_array_like(a)
    for axis in np.atleast_1d(axes):
        axis = normalize_axis_index(int(axis), a.ndim)
        y = func(a, axis)
        y = y if y.ndim == a.ndim else expand_dims(y, axis)
        if y.ndim != a.ndim:
            raise ValueError(f"apply_over_axes: func gives {y.ndim - 1} axes of {a.ndim}; wanted as many, or one less.")
        a = y
    return a


APPLYING: dict[Any, Any] = {np.apply_along_axis: apply_along_axis, np.apply_over_axes: apply_over_axes}
numpy_table.update(APPLYING)
