"""NumPy's functions and methods that write to an array: each is `x[index] = values`, which is recorded if `x` is a tensor.

Where gradients cannot flow, as into an array or a leaf that requires grad, that is an error, as it is of `x[index] = values`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, unwrapped
from autodiff.ops.choosing import along, as_places
from autodiff.ops.in_place import assign
from autodiff.ops.indexing import as_array_like
from autodiff.ops.rearranging import resize
from autodiff.ops.shaping import broadcast_to, reshape
from autodiff.registry import numpy_table

__all__: list[str] = []


def _write(x: Any, index: Any, values: Any, what: str) -> None:
    """`x[index] = values`, which errors call `what`."""
    if isinstance(x, Tensor):
        assign(x, index, values, what)
    else:
        x[index] = values  # an error if a gradient would be lost


def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """Write the values `v`, again from the first on if there are not enough, to the places `ind` of the elements in a row."""
    places = np.reshape(as_places(ind, np.size(a), mode, "put"), -1)
    if np.size(v) and places.size:
        index = np.unravel_index(np.arange(np.size(a))[places], np.shape(a)) if np.ndim(a) else ...
        _write(a, index, resize(v, places.size)[-1 if index is ... else slice(None)], "np.put")


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """Write `values`, with broadcasting, to the elements that `take_along_axis` reads."""
    if axis is not None:
        index = along(indices, np.shape(arr), axis)
    else:
        index = np.unravel_index(np.arange(np.size(arr))[unwrapped(indices)], np.shape(arr))
    _write(arr, index, values, "np.put_along_axis")


def place(arr: Any, mask: Any, vals: Any) -> None:
    """Write the first of `vals`, again from the first on if there are not enough, to the elements where `mask` is true."""
    mask = np.reshape(np.asarray(unwrapped(mask), bool), np.shape(arr))
    if np.any(mask):
        if np.size(vals) == 0:
            raise ValueError("place: vals have no elements; wanted at least one to write.")
        _write(arr, mask, resize(vals, np.count_nonzero(mask)), "np.place")


def putmask(a: Any, mask: Any, values: Any) -> None:
    """Write the elements of `values`, again from the first on if there are fewer, to their places in `a`, where `mask` is true."""
    mask = np.reshape(np.asarray(unwrapped(mask), bool), np.shape(a))
    if np.size(values):
        _write(a, mask, resize(values, np.shape(a))[mask], "np.putmask")


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Write `val`, flattened, and again from the first on if there is not enough, to the main diagonal."""
    mask = np.zeros(np.shape(a), bool)
    np.fill_diagonal(mask, True, wrap)
    _write(a, mask, resize(reshape(val, -1), np.count_nonzero(mask)), "np.fill_diagonal")


def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """Write the values `src`, with broadcasting, to the elements where `where` is true."""
    if not isinstance(dst, Tensor):
        return np.copyto(dst, np.asarray(src), casting, unwrapped(where))  # an error if `src` would lose its gradient
    src = as_array_like(src)
    np.copyto(np.empty(dst.shape, dst.dtype), unwrapped(src), casting, unwrapped(where))  # NumPy's errors
    mask = np.broadcast_to(unwrapped(where), dst.shape)
    return assign(dst, mask, broadcast_to(src, dst.shape)[mask], "np.copyto")


def fill(self: Any, value: Any) -> None:
    """Write one value to all elements."""
    if np.ndim(value):
        raise ValueError(f"fill: value has shape {np.shape(value)}; wanted a number. For an array: x[...] = values.")
    assign(self, ..., value, "fill")


def sort_in_place(self: Any, axis: int = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None) -> None:
    """Sort the tensor itself along `axis`, as `np.sort` sorts a copy."""
    assign(self, ..., np.sort(self, axis, kind, order, stable=stable), "sort")


def partition_in_place(self: Any, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None) -> None:
    """Partition the tensor itself along `axis`, as `np.partition` does a copy."""
    assign(self, ..., np.partition(self, kth, axis, kind, order), "partition")


WRITING: dict[Any, Any] = {
    getattr(np, function.__name__): function for function in (copyto, put, put_along_axis, place, putmask, fill_diagonal)
}
numpy_table.update(WRITING)
