"""Shape and type: the same elements, arranged otherwise or put together."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autodiff.composites import composite
from autodiff.dtypes import NUMBERS, refuse_loss, require_cpu
from autodiff.lists import in_one
from autodiff.ops.indexing import as_array_like, axis_index, cut, scatter
from autodiff.registry import primitive

__all__ = ["astype", "broadcast_to", "concat", "copy", "diagonal", "expand_dims", "moveaxis"]
__all__ += ["permute_dims", "ravel", "reshape", "split", "squeeze", "stack", "swapaxes"]


def all_or(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that `axis` names, counted from 0; all of them if it is None."""
    return tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)


def back_from(axes: Sequence[int]) -> tuple[int, ...]:
    """The order of axes that undoes the order `axes`."""
    return tuple(int(i) for i in np.argsort(axes))


def in_a_row(x: Any, axis: Any) -> tuple[Any, Any]:
    """`x` and the axis, but all of the elements along one axis if it is None."""
    return (np.reshape(x, -1), 0) if axis is None else (x, axis)


def _copied(x: Any, y: Any, copy: bool | None) -> Any:
    """`y`, the elements of `x` in another shape: as a copy if `copy` is true, and as none if it is false."""
    if copy is False and y.size and not np.may_share_memory(x, y):
        raise ValueError(f"reshape: copy is False, but no view of x has the shape {y.shape}, by the way x lies in memory.")
    return np.copy(y) if copy else y


reshape = primitive(
    lambda x, /, shape, *, copy=None: np.reshape(x, shape) if copy is None else _copied(x, np.reshape(x, shape), copy),
    {"x": lambda g, x_shape: np.reshape(g, x_shape)},
    numpy=[np.reshape],
    view=True,
    doc="""The elements of `x` in another shape, in the same (row-major) order; -1 stands for what is left. As `numpy.reshape`.

    It is a view where there can be one. With `copy` it is none; if `copy` is false, it is an error where there can be none.

    >>> ad.reshape(ad.Tensor([1.0, 2.0]), (2, 1))
    Tensor([[1.],
            [2.]])
    """,
)


ravel = primitive(
    lambda x, /: np.ravel(x),
    {"x": lambda g, x_shape: np.reshape(g, x_shape)},
    numpy=[np.ravel],
    view=True,
    doc="""The elements of `x` along one axis, in row-major order. As `numpy.ravel`.

    Unlike `reshape`, it is a view only of what lies in memory in that order, without gaps.

    >>> ad.ravel(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 2., 3., 4.])
    """,
)


permute_dims = primitive(
    lambda x, /, axes=None: np.transpose(x, axes),
    {"x": lambda g, axes: np.transpose(g, None if axes is None else back_from([a % len(axes) for a in axes]))},
    name="permute_dims",
    numpy=[np.transpose],
    view=True,
    doc="""The array with its axes in the order `axes`, or reversed. As `numpy.permute_dims` (`numpy.transpose`).

    >>> ad.permute_dims(ad.Tensor([[1.0, 2.0]]))
    Tensor([[1.],
            [2.]])
    """,
)


@composite(numpy=[np.swapaxes])
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """The array with two of its axes in each other's place. As `numpy.swapaxes`.

    >>> ad.swapaxes(ad.Tensor([[1.0, 2.0]]), 0, 1)
    Tensor([[1.],
            [2.]])
    """
    x = in_one(x)
    axes = list(range(np.ndim(x)))
    i, j = normalize_axis_index(axis1, len(axes), "axis1"), normalize_axis_index(axis2, len(axes), "axis2")
    axes[i], axes[j] = j, i
    return permute_dims(x, tuple(axes))


@composite(numpy=[np.moveaxis])
def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """The array with the axes `source` at the places `destination`, and the others in their order. As `numpy.moveaxis`.

    Raises:
        ValueError: there are not as many of one as of the other, or one is named twice.
        numpy.exceptions.AxisError: the array has no such axis (a ValueError, too).

    >>> ad.moveaxis(ad.Tensor(np.zeros((2, 3, 4))), 0, -1).shape
    (3, 4, 2)
    """
    x = in_one(x)
    ndim = np.ndim(x)
    taken, places = normalize_axis_tuple(source, ndim, "source"), normalize_axis_tuple(destination, ndim, "destination")
    if len(taken) != len(places):
        raise ValueError(f"moveaxis: source is {source} and destination is {destination}; wanted as many places as axes.")
    order = [axis for axis in range(ndim) if axis not in taken]
    for place, axis in sorted(zip(places, taken, strict=True)):
        order.insert(place, axis)
    return permute_dims(x, tuple(order))


broadcast_to = primitive(
    lambda x, /, shape: np.broadcast_to(x, shape),
    {"x": lambda g: g},
    numpy=[np.broadcast_to],
    view=True,
    doc="""`x` repeated to the shape `shape`. As `numpy.broadcast_to`.

    >>> ad.broadcast_to(ad.Tensor([1.0, 2.0]), (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """,
)

expand_dims = primitive(
    lambda x, /, axis: np.expand_dims(x, axis),
    {"x": lambda g, x_shape: np.reshape(g, x_shape)},
    numpy=[np.expand_dims],
    view=True,
    doc="""`x` with new axes of length one at the positions `axis` of the result. As `numpy.expand_dims`.

    >>> ad.expand_dims(ad.Tensor([1.0, 2.0]), 0)
    Tensor([[1., 2.]])
    """,
)

squeeze = primitive(
    lambda x, /, axis=None: np.squeeze(x, axis),
    {"x": lambda g, x_shape: np.reshape(g, x_shape)},
    numpy=[np.squeeze],
    view=True,
    doc="""`x` without its axes of length one, or without those named by `axis`. As `numpy.squeeze`.

    >>> ad.squeeze(ad.Tensor([[1.0, 2.0]]))
    Tensor([1., 2.])
    """,
)


def _astype(x: Any, /, dtype: Any, *, copy: bool = True, device: Any = None) -> Any:
    require_cpu("astype", device)
    dtype = np.dtype(dtype)
    if dtype.kind not in NUMBERS:
        raise TypeError(f"astype: dtype is {dtype}; wanted a type of numbers or booleans, such as np.float32.")
    x = x if hasattr(x, "astype") else np.array(x)
    refuse_loss("astype", x.dtype, dtype)
    return x.astype(dtype, copy=copy)


astype = primitive(
    _astype,
    {"x": lambda g: g},
    name="astype",
    numpy=[np.astype] if hasattr(np, "astype") else [],
    view=True,
    doc="""A copy of `x` with elements of type `dtype`: numbers or booleans. As `numpy.astype`.

    Without `copy` it is a view of `x` if that has this type.

    No gradient flows through integers and booleans: to ask for it is an error.

    >>> ad.astype(ad.Tensor([1.5, 2.5]), np.float32).dtype
    dtype('float32')
    """,
)


copy = primitive(
    lambda x, /, order="K": np.copy(x, order),
    {"x": lambda g: g},
    numpy=[np.copy],
    elementwise=True,
    doc="""`x` in memory of its own, laid out as `order` says: "K" as `x` is, "C" by rows, "F" by columns. As `numpy.copy`.

    The layout decides which shapes `reshape` can give a view.

    >>> ad.copy(ad.Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """,
)


def _onto_diagonal(g: Any, x_shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Zeros of the shape of `x`, and `g` on the diagonal: read at the places where the flattened `g` would go."""
    places = np.diagonal(np.arange(math.prod(x_shape)).reshape(x_shape), offset, axis1, axis2)
    return np.reshape(scatter([np.reshape(g, -1)], [places.reshape(-1)], (math.prod(x_shape),)), x_shape)


def _split(g: Any, shapes: list[tuple[int, ...]], axis: int | None) -> list[Any]:
    """The parts of `g` that belong to the arrays of a concatenation."""
    sizes = [math.prod(shape) if axis is None else shape[axis] for shape in shapes]
    ends = list(itertools.accumulate(sizes))
    if axis is None:
        return [np.reshape(g[end - n : end], shape) for n, end, shape in zip(sizes, ends, shapes, strict=True)]
    axis %= len(shapes[0])
    return [cut(g, axis, end - n, end) for n, end in zip(sizes, ends, strict=True)]


concat = primitive(
    lambda arrays, /, axis=0: np.concatenate(arrays, axis=axis),
    {"*arrays": _split},
    name="concat",
    numpy=[np.concatenate],
    doc="""The arrays, one after another along the existing axis `axis`; flattened first if it is None. As `numpy.concat`.

    >>> ad.concat([ad.Tensor([1.0]), np.array([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """,
)

stack = primitive(
    lambda arrays, /, axis=0: np.stack(arrays, axis=axis),
    {"*arrays": lambda g, axis: [g[axis_index(axis % g.ndim, k)] for k in range(g.shape[axis])]},
    numpy=[np.stack],
    doc="""The arrays, which have one shape, along a new axis `axis` of the result. As `numpy.stack`.

    >>> ad.stack([ad.Tensor([1.0, 2.0]), np.array([3.0, 4.0])])
    Tensor([[1., 2.],
            [3., 4.]])
    """,
)


@composite(numpy=[np.split])
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """The parts of `x` between the given indices along `axis`, or so many equal ones, as views of it. As `numpy.split`.

    >>> ad.split(ad.Tensor([1.0, 2.0, 3.0]), [1])
    [Tensor([1.]), Tensor([2., 3.])]
    """
    x, places = as_array_like(x), np.split(np.arange(np.shape(x)[axis]), indices_or_sections)
    ends = [(place[0], place[-1] + 1) if place.size else (0, 0) for place in places]
    return [cut(x, operator.index(axis) % np.ndim(x), *both) for both in ends]


diagonal = primitive(
    lambda x, /, offset=0, axis1=0, axis2=1: np.diagonal(x, offset, axis1, axis2),
    {"x": _onto_diagonal},
    numpy=[np.diagonal],
    view=True,
    doc="""The diagonal of the matrices along `axis1` and `axis2`, `offset` above the main one. As `numpy.diagonal`.

    It is a read-only view, as NumPy's.

    >>> ad.diagonal(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """,
)
