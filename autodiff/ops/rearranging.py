"""The same elements in another order, some left out, repeated, or with others between them, along some of the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autodiff.composites import composite
from autodiff.core.tensor import unwrapped
from autodiff.lists import in_one
from autodiff.ops.choosing import take
from autodiff.ops.indexing import as_array_like, without_gradient
from autodiff.ops.shaping import all_or, astype, broadcast_to, concat, copy, moveaxis, reshape, swapaxes
from autodiff.registry import primitive

__all__ = ["delete", "flip", "fliplr", "flipud", "insert", "repeat", "resize", "roll", "rollaxis", "rot90", "tile", "trim_zeros"]


@composite(numpy=[np.flip])
def flip(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """The elements in the reverse order along `axis` (one, several as a tuple, or all), as a view. As `numpy.flip`.

    >>> ad.flip(ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([3., 2., 1.])
    """
    x, axes = as_array_like(x), all_or(axis, np.ndim(x))
    return x[tuple(slice(None, None, -1 if k in axes else None) for k in range(np.ndim(x)))]


@composite(numpy=[np.flipud])
def flipud(x: Any) -> Any:
    """The rows in the reverse order, as a view. As `numpy.flipud`.

    >>> ad.flipud(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[3., 4.],
            [1., 2.]])
    """
    return flip(x, 0)


@composite(numpy=[np.fliplr])
def fliplr(x: Any) -> Any:
    """The columns in the reverse order, as a view. As `numpy.fliplr`.

    >>> ad.fliplr(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[2., 1.],
            [4., 3.]])
    """
    return flip(x, 1)


@composite(numpy=[np.rot90])
def rot90(x: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """`x` rotated `k` times by 90°, from the first of `axes` towards the second, as a view. As `numpy.rot90`.

    >>> ad.rot90(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[2., 4.],
            [1., 3.]])
    """
    if len(axes) != 2:
        raise ValueError(f"rot90: axes is {axes}; wanted two, which span the plane of the rotation.")
    first, second = normalize_axis_tuple(axes, np.ndim(x), "axes")
    k = without_gradient("rot90", "k", k)
    y = flip(x, [axis for axis, flipped in ((first, k % 4 in (2, 3)), (second, k % 4 in (1, 2))) if flipped])
    return swapaxes(y, first, second) if k % 2 else y


@composite(numpy=[np.rollaxis])
def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    """The array with `axis` moved before the axis `start`, as a view. As `numpy.rollaxis`; `moveaxis` is easier to read.

    >>> ad.rollaxis(ad.Tensor(np.zeros((2, 3, 4))), 2).shape
    (4, 2, 3)
    """
    axis = normalize_axis_index(axis, np.ndim(x))
    start = normalize_axis_index(start, np.ndim(x) + (start >= 0), "start")
    return moveaxis(x, axis, start - (axis < start))


roll = primitive(
    lambda x, /, shift, axis=None: np.roll(x, shift, axis),
    {"x": lambda g, shift, axis: np.roll(g, tuple(-n for n in shift) if isinstance(shift, tuple) else -shift, axis)},
    numpy=[np.roll],
    doc="""The elements moved by `shift` places along `axis`, round the end; in a row if it is None. As `numpy.roll`.

    >>> ad.roll(ad.Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([3., 1., 2.])
    """,
)


def _places(x: Any, axis: int | None) -> Any:
    """The places along `axis`, or of the elements in a row: what a NumPy function makes of them is where to read."""
    return np.arange(np.size(x) if axis is None else np.shape(x)[normalize_axis_index(axis, np.ndim(x))])


@composite(numpy=[np.repeat])
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element so many times along `axis`, in a row if it is None; `repeats` is one number, or one for each. As `numpy.repeat`.

    The derivative by an element is the sum over its copies.

    >>> ad.repeat(ad.Tensor([1.0, 2.0]), [1, 2])
    Tensor([1., 2., 2.])
    """
    x = in_one(x)
    return take(x, np.repeat(_places(x, axis), unwrapped(repeats)), axis)


@composite(numpy=[np.tile])
def tile(x: Any, reps: Any) -> Any:
    """`x` so many times along each axis; with more numbers than axes, along new axes in front. As `numpy.tile`.

    The derivative by an element is the sum over its copies.

    >>> ad.tile(ad.Tensor([1.0, 2.0]), 2)
    Tensor([1., 2., 1., 2.])
    """
    counts = tuple(reps) if np.ndim(reps) else (reps,)
    ndim = max(np.ndim(x), len(counts))
    shape, counts = (1,) * (ndim - np.ndim(x)) + np.shape(x), (1,) * (ndim - len(counts)) + counts
    pairs = list(zip(counts, shape, strict=True))
    apart, repeated = [m for n in shape for m in (1, n)], [m for pair in pairs for m in pair]
    return reshape(copy(broadcast_to(reshape(x, apart), repeated), "C"), [count * n for count, n in pairs])


@composite(numpy=[np.resize])
def resize(x: Any, new_shape: int | Sequence[int]) -> Any:
    """The first elements of `x`, again from the first on if there are not enough, in the shape `new_shape`. As `numpy.resize`.

    Without elements in `x`, it is filled with zeros.

    >>> ad.resize(ad.Tensor([1.0, 2.0]), (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """
    if np.size(x) == 0:
        return np.zeros_like(x, shape=new_shape)
    return take(x, np.resize(_places(x, None), new_shape))


@composite(numpy=[np.delete])
def delete(x: Any, obj: Any, axis: int | None = None) -> Any:
    """`x` without the parts at `obj` along `axis`; without those elements, in a row, if it is None. As `numpy.delete`.

    `obj` is an integer, a sequence of them, a mask, or a slice.

    >>> ad.delete(ad.Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([1., 3.])
    """
    x = in_one(x)
    return take(x, np.delete(_places(x, axis), unwrapped(obj)), axis)


@composite(numpy=[np.insert])
def insert(x: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """`x` with `values` inserted before the places `obj` along `axis`; flattened first if it is None. As `numpy.insert`.

    `obj` is an integer, a sequence of them, or a slice, and refers to `x` as it is given. `values` are cast to the type of `x`.

    >>> ad.insert(ad.Tensor([1.0, 2.0, 3.0]), 1, 9.0)
    Tensor([1., 9., 2., 3.])
    """
    x = as_array_like(x)
    x, axis = (reshape(x, -1), 0) if axis is None else (x, range(x.ndim)[axis])
    values, n = astype(values, x.dtype), x.shape[axis]
    count = np.insert(np.arange(n), obj, -1).size - n
    if count == 1:  # of as many elements as there are
        values = reshape(values, (1,) * (x.ndim - values.ndim) + values.shape)
        values = moveaxis(values, 0, axis) if np.ndim(obj) == 0 and not isinstance(obj, slice) else values
        count = values.shape[axis]
    values = broadcast_to(values, (*x.shape[:axis], count, *x.shape[axis + 1 :]))
    return take(concat([x, values], axis), np.insert(np.arange(n), obj, np.arange(n, n + count)), axis)


@composite(numpy=[np.trim_zeros])
def trim_zeros(x: Any, trim: str = "fb", axis: int | Sequence[int] | None = None) -> Any:
    """`x` without the zeros at its front ("f" in `trim`) and back ("b") along `axis` (one, several, or all). As `numpy.trim_zeros`.

    It is a view.

    >>> ad.trim_zeros(ad.Tensor([0.0, 1.0, 0.0, 2.0, 0.0]))
    Tensor([1., 0., 2.])
    """
    if trim.lower() not in ("f", "b", "fb", "bf"):
        raise ValueError(f"trim_zeros: trim is {trim!r}; wanted 'f' for the front, 'b' for the back, or 'fb' for both.")
    x, places = as_array_like(x), np.argwhere(unwrapped(x))
    index = [slice(None)] * np.ndim(x)
    for k in all_or(axis, np.ndim(x)):
        first, last = (places[:, k].min(), places[:, k].max()) if len(places) else (np.shape(x)[k], -1)
        index[k] = slice(int(first) if "f" in trim.lower() else None, int(last) + 1 if "b" in trim.lower() else None)
    return x[tuple(index)]
