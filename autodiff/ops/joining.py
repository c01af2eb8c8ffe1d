"""Several arrays put together, and one taken apart: `concat`, `stack` and `split` under NumPy's many names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.lists import in_one
from autodiff.ops.indexing import as_array_like
from autodiff.ops.shaping import broadcast_to, concat, moveaxis, reshape, split
from autodiff.ops.shaping import copy as _copy

__all__ = ["append", "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "block", "broadcast_arrays"]
__all__ += ["column_stack", "dsplit", "dstack", "hsplit", "hstack", "meshgrid", "unstack", "vsplit", "vstack"]


def _each(change: Callable[[Any], Any], arrays: Sequence[Any]) -> Any:
    """What `change` makes of one array, or of each of several, as a tuple."""
    changed = tuple(change(as_array_like(x)) for x in arrays)
    return changed[0] if len(changed) == 1 else changed


@composite(numpy=[np.atleast_1d])
def atleast_1d(*arrays: Any) -> Any:
    """The array, or each of several, with an axis if it has none. As `numpy.atleast_1d`.

    >>> ad.atleast_1d(ad.Tensor(1.0))
    Tensor([1.])
    """
    return _each(lambda x: x if x.ndim else reshape(x, 1), arrays)


@composite(numpy=[np.atleast_2d])
def atleast_2d(*arrays: Any) -> Any:
    """The array, or each of several, with new axes in front up to two: a vector becomes a row. As `numpy.atleast_2d`.

    >>> ad.atleast_2d(ad.Tensor([1.0, 2.0]))
    Tensor([[1., 2.]])
    """
    return _each(lambda x: x if x.ndim > 1 else reshape(x, (1, -1)), arrays)


@composite(numpy=[np.atleast_3d])
def atleast_3d(*arrays: Any) -> Any:
    """The array, or each of several, with new axes up to three: `(n,)` becomes `(1, n, 1)`. As `numpy.atleast_3d`.

    >>> ad.atleast_3d(ad.Tensor([1.0, 2.0])).shape
    (1, 2, 1)
    """
    return _each(lambda x: x if x.ndim > 2 else reshape(x, (*(x.shape if x.ndim == 2 else (1, x.size)), 1)), arrays)


@composite(numpy=[np.vstack])
def vstack(arrays: Sequence[Any]) -> Any:
    """The arrays one below another, along the first axis; vectors are rows. As `numpy.vstack`.

    >>> ad.vstack([ad.Tensor([1.0, 2.0]), np.array([3.0, 4.0])])
    Tensor([[1., 2.],
            [3., 4.]])
    """
    return concat([atleast_2d(x) for x in arrays], 0)


@composite(numpy=[np.hstack])
def hstack(arrays: Sequence[Any]) -> Any:
    """The arrays side by side, along the second axis; vectors one after another. As `numpy.hstack`.

    >>> ad.hstack([ad.Tensor([1.0, 2.0]), np.array([3.0])])
    Tensor([1., 2., 3.])
    """
    parts = [atleast_1d(x) for x in arrays]
    return concat(parts, 0 if parts and parts[0].ndim == 1 else 1)


@composite(numpy=[np.dstack])
def dstack(arrays: Sequence[Any]) -> Any:
    """The arrays along the third axis; of vectors, `(1, n, 1)` is taken. As `numpy.dstack`.

    >>> ad.dstack([ad.Tensor([1.0, 2.0]), np.array([3.0, 4.0])])
    Tensor([[[1., 3.],
             [2., 4.]]])
    """
    return concat([atleast_3d(x) for x in arrays], 2)


@composite(numpy=[np.column_stack])
def column_stack(arrays: Sequence[Any]) -> Any:
    """Vectors as the columns of a matrix, and matrices side by side. As `numpy.column_stack`.

    >>> ad.column_stack([ad.Tensor([1.0, 2.0]), np.array([3.0, 4.0])])
    Tensor([[1., 3.],
            [2., 4.]])
    """
    return concat([x if x.ndim > 1 else reshape(x, (-1, 1)) for x in map(as_array_like, arrays)], 1)


@composite(numpy=[np.block])
def block(arrays: Any) -> Any:
    """An array made of blocks in nested lists: the innermost lists along the last axis, and so on outwards. As `numpy.block`.

    Raises:
        ValueError: lists are nested unequally deep, or empty, or the shapes of the blocks do not fit.
        TypeError: there is a tuple among the lists.

    >>> ad.block([[ad.Tensor([[1.0]]), np.zeros((1, 2))], [np.ones((1, 3))]])
    Tensor([[1., 0., 0.],
            [1., 1., 1.]])
    """
    ndim = np.block(_shaped(arrays)).ndim
    return _blocks(arrays, ndim) if isinstance(arrays, list) else _copy(arrays)


def _shaped(arrays: Any) -> Any:
    """Arrays of the same shapes, without memory of that size, to have NumPy look at."""
    if isinstance(arrays, (list, tuple)):
        return type(arrays)(map(_shaped, arrays))
    return np.broadcast_to(False, np.shape(arrays))


def _blocks(arrays: Any, ndim: int) -> Any:
    if not isinstance(arrays, list):
        x = as_array_like(arrays)
        return reshape(x, (1,) * (ndim - x.ndim) + x.shape)
    depth, inner = 0, arrays
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]
    return concat([_blocks(part, ndim) for part in arrays], -depth)


@composite(numpy=[np.append])
def append(x: Any, values: Any, axis: int | None = None) -> Any:
    """`x`, and `values` after it along `axis`; both flattened if it is None. As `numpy.append`.

    >>> ad.append(ad.Tensor([1.0, 2.0]), 3.0)
    Tensor([1., 2., 3.])
    """
    return concat([x, values], axis)


@composite(numpy=[np.array_split])
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """As `split`, but so many parts need not be equal: the first ones are longer by one. As `numpy.array_split`.

    >>> ad.array_split(ad.Tensor([1.0, 2.0, 3.0]), 2)
    [Tensor([1., 2.]), Tensor([3.])]
    """
    if np.ndim(indices_or_sections) == 0:
        parts = np.array_split(np.arange(np.shape(x)[axis]), indices_or_sections)
        indices_or_sections = np.cumsum([len(part) for part in parts])[:-1].tolist()
    return split(x, indices_or_sections, axis)


def _split(name: str, x: Any, indices_or_sections: Any, axis: int, least: int) -> Any:
    if np.ndim(x) < least:
        raise ValueError(f"{name}: x has shape {np.shape(x)}; wanted {least} axes or more. Of any array: split(x, n, axis).")
    return split(x, indices_or_sections, axis)


@composite(numpy=[np.vsplit])
def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """The parts of `x`, which has two axes or more, along the first, as `split` makes them. As `numpy.vsplit`.

    >>> ad.vsplit(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), 2)
    [Tensor([[1., 2.]]), Tensor([[3., 4.]])]
    """
    return _split("vsplit", x, indices_or_sections, 0, 2)


@composite(numpy=[np.hsplit])
def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """The parts of `x` along the second axis, or of a vector along its only one, as `split` makes them. As `numpy.hsplit`.

    >>> ad.hsplit(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), 2)
    [Tensor([[1.],
            [3.]]), Tensor([[2.],
            [4.]])]
    """
    return _split("hsplit", x, indices_or_sections, 0 if np.ndim(x) < 2 else 1, 1)


@composite(numpy=[np.dsplit])
def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """The parts of `x`, which has three axes or more, along the third, as `split` makes them. As `numpy.dsplit`.

    >>> [part.shape for part in ad.dsplit(ad.Tensor(np.zeros((2, 3, 4))), [1])]
    [(2, 3, 1), (2, 3, 3)]
    """
    return _split("dsplit", x, indices_or_sections, 2, 3)


@composite(numpy=[np.unstack] if hasattr(np, "unstack") else [])
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """The parts of `x` at each place along `axis`, which they do not have, as views of it. As `numpy.unstack`.

    >>> ad.unstack(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    (Tensor([1., 2.]), Tensor([3., 4.]))
    """
    if np.ndim(x) == 0:
        raise ValueError("unstack: x has no axes; wanted one along which to take it apart.")
    return tuple(moveaxis(x, axis, 0))


@composite(numpy=[np.broadcast_arrays])
def broadcast_arrays(*arrays: Any) -> tuple[Any, ...]:
    """The arrays, repeated to the shape that they have in common, as read-only views. As `numpy.broadcast_arrays`.

    >>> ad.broadcast_arrays(ad.Tensor([1.0, 2.0]), ad.Tensor([[3.0]]))
    (Tensor([[1., 2.]]), Tensor([[3., 3.]]))
    """
    whole = [*map(in_one, arrays)]
    shape = np.broadcast_shapes(*map(np.shape, whole))
    return tuple(broadcast_to(x, shape) for x in whole)


@composite(numpy=[np.meshgrid])
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """The coordinates of the points of a grid, one array for each axis, from those along the axes. As `numpy.meshgrid`.

    Each has the shape `(len(x0), len(x1), ...)` with `indexing="ij"`; with "xy", the first two are exchanged. With `sparse`, an
    array has length 1 along all axes but its own, so that they broadcast to the grid. Without `copy`, they are views.

    >>> ad.meshgrid(ad.Tensor([1.0, 2.0]), ad.Tensor([3.0, 4.0]))
    (Tensor([[1., 2.],
            [1., 2.]]), Tensor([[3., 3.],
            [4., 4.]]))
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is {indexing!r}; wanted 'xy' or 'ij'.")
    places = list(range(len(xi)))
    if indexing == "xy":
        places[:2] = places[1::-1]
    grids = tuple(reshape(x, [-1 if k == place else 1 for k in range(len(xi))]) for x, place in zip(xi, places, strict=True))
    grids = grids if sparse else broadcast_arrays(*grids)
    return tuple(map(_copy, grids)) if copy else grids
