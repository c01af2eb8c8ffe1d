"""Reading and replacing a part of an array, by everything that NumPy takes as an index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.domain import Example
from autodiff.graph import Variable, unwrapped
from autodiff.primitive import primitive

__all__ = ["getitem", "scatter", "setitem"]


def as_index(index: Any) -> Any:
    """`index` with arrays of its own in the place of tensors, arrays and sequences, so that nobody can change it later."""
    return tuple(map(_as_axis_index, index)) if isinstance(index, tuple) else _as_axis_index(index)


def _as_axis_index(index: Any) -> Any:
    if isinstance(index, Variable):
        return index._array.copy()
    if isinstance(index, (list, tuple)):
        return np.array([unwrapped(i) for i in index]) if index else np.zeros(0, int)
    return index.copy() if isinstance(index, np.ndarray) else index


def _may_repeat(index: Any) -> bool:
    """Whether an index can name the same element twice."""
    return any(isinstance(i, np.ndarray) and i.dtype != bool for i in (index if isinstance(index, tuple) else (index,)))


def _scatter(parts: Sequence[Any], /, indices: Sequence[Any], shape: tuple[int, ...]) -> Any:
    total = np.zeros(shape, np.result_type(*parts))
    for part, index in zip(parts, indices, strict=True):
        if _may_repeat(index):
            np.add.at(total, index, part)
        else:
            total[index] += part
    return total


scatter = primitive(
    _scatter,
    {"*parts": lambda g, k, indices: g[indices[k]]},
    name="scatter",
    prepare={"indices": lambda indices: list(map(as_index, indices))},
    examples=[
        Example((((2,), ()),), {"indices": (slice(0, 2), 1), "shape": (3,)}),
        Example((((4,),),), {"indices": (np.array([0, 1, 1, 0]),), "shape": (3,)}),
        Example((((2, 3), (0, 3)),), {"indices": (np.array([True, False, True]), slice(0, 0)), "shape": (3, 3)}),
    ],
    doc="""Zeros of shape `shape` to which each of `parts` is added at its index of `indices`: the adjoint of reading them.

    An element that an index names twice gets both.

    >>> ad.scatter([ad.Tensor([1.0, 2.0]), 5.0], [slice(0, 2), 1], (3,))
    Tensor([1., 7., 0.])
    """,
)


def _last_written(g: Any, index: Any) -> Any:
    """`g[index]`, but 0 for an element that a later one of the same assignment has overwritten."""
    part = g[index]
    if not _may_repeat(index):
        return part
    order = np.arange(part.size).reshape(part.shape)
    last = np.zeros(g.shape, int)
    last[index] = order
    return np.where(last[index] == order, part, 0)


_INDICES: list[tuple[tuple[int, ...], Any]] = [
    ((3,), 1),
    ((3,), slice(None, None, -1)),
    ((2, 3), (..., 1)),
    ((2, 3), (None, 0)),
    ((3,), np.array([2, 0, 0])),
    ((2, 3), (np.array([[0], [1]]), np.array([1, 1]))),
    ((2, 3), (slice(None), np.array([0, 0]))),
    ((2, 3), np.array([[True, False, True], [False, False, True]])),
    ((3,), slice(0, 0)),
    ((), ()),
]

getitem = primitive(
    lambda x, /, index: x[index],
    {"x": lambda g, index, x_shape: scatter([g], [index], x_shape)},
    name="getitem",
    examples=[Example((shape,), {"index": index}) for shape, index in _INDICES],
    view=True,
    prepare={"index": as_index},
    scatter=scatter,
    doc="""`x[index]`, by integers, slices, `...`, None, integer arrays and boolean arrays. As NumPy's indexing.

    The derivative adds to the elements that were read; one that was read twice gets both.

    >>> ad.getitem(ad.Tensor([1.0, 2.0, 3.0]), np.array([0, 0, 2]))
    Tensor([1., 1., 3.])
    """,
)


def _setitem(x: Any, v: Any, /, index: Any) -> Any:
    y = np.array(x)
    y[index] = v
    return y


setitem: Callable[..., Any] = primitive(
    _setitem,
    {"x": lambda g, index: setitem(g, 0, index), "v": _last_written},
    name="setitem",
    prepare={"index": as_index},
    examples=[Example((shape, np.empty(shape)[index].shape), {"index": index}) for shape, index in _INDICES]
    + [Example(((3, 2), ()), {"index": 1}), Example(((3, 2), (2,)), {"index": slice(0, 2)})],
    doc="""`x` with the elements at `index` replaced by `v`, which is broadcast: what `x[index] = v` makes of a tensor.

    If the index names an element twice, it gets the last of the values, and so goes its derivative.

    >>> ad.setitem(ad.Tensor([1.0, 2.0, 3.0]), 0.0, slice(1, 3))
    Tensor([1., 0., 0.])
    """,
)
