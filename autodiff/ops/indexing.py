"""Reading and replacing a part of an array, by everything that NumPy takes as an index."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from autodiff.core.modes import current_mode
from autodiff.core.tensor import Tensor, array_of, unwrapped
from autodiff.dtypes import dtype_of, refuse_loss
from autodiff.lists import in_one
from autodiff.registry import Primitive, primitive

Steps = Sequence[tuple[Primitive, dict[str, Any]]]

__all__ = ["getitem", "scatter", "setitem", "where"]


def without_gradient(name: str, param: str, value: Any) -> Any:
    """The parameter `param` of `name`, by which there is no derivative, with the number or the array of a tensor in its place."""
    if isinstance(value, Tensor) and value.requires_grad and current_mode().record:
        raise TypeError(f"{name}: {param} requires a gradient, but there is none by it. Detach it: {param}.detach().")
    array = array_of(value)
    return array.item() if isinstance(array, np.ndarray) and array.ndim == 0 else array


def as_array_like(x: Any) -> Any:
    """`x`, but as an array if it is a number or a sequence."""
    x = in_one(x)
    return x if hasattr(x, "__array_function__") or isinstance(x, np.generic) else np.asarray(x)


def axis_index(axis: int, index: Any) -> tuple[Any, ...]:
    """The index that is `index` along `axis`, which is not negative, and takes all there is along the others."""
    return (*(slice(None),) * axis, index)


def cut(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """`x` from `start` to before `stop` along `axis`, which is not negative."""
    return x[axis_index(axis, slice(start, stop))]


def as_index(index: Any) -> Any:
    """`index` with arrays of its own in the place of tensors, arrays and sequences, so that nobody can change it later."""
    return tuple(map(_as_axis_index, index)) if isinstance(index, tuple) else _as_axis_index(index)


def _as_axis_index(index: Any) -> Any:
    if isinstance(index, Tensor):
        return array_of(index).copy()
    if isinstance(index, (list, tuple)):
        places = np.array(unwrapped(list(index)))
        return places if places.size else places.astype(int)
    return index.copy() if isinstance(index, np.ndarray) else index


def _may_repeat(index: Any) -> bool:
    """Whether an index can name the same element twice."""
    return any(getattr(i, "ndim", 0) and i.dtype != bool for i in (index if isinstance(index, tuple) else (index,)))


_FEW = 64


def _add_at(total: Any, index: Any, part: Any) -> Any:
    """`total`, which lies by rows, after `np.add.at(total, index, part)`, which is several times faster along one axis alone."""
    shape = total.shape
    axes = len(shape) if isinstance(index, tuple) and len(index) > 1 else 1  # what comes after these is read as it is
    count, inner = math.prod(shape[:axes]), math.prod(shape[axes:])
    if np.ndim(part) < 2 or part.size < max(_FEW, count // 4):  # it is fast already, or most places are not read
        np.add.at(total, index, part)
        return total
    numbers = np.zeros_like(part, shape=count, dtype=np.intp) + np.arange(count)  # so that an index that is captured can choose
    places = np.reshape(numbers, shape[:axes])[index][..., None] * inner + np.arange(inner)
    flat = np.ravel(total)
    np.add.at(flat, np.ravel(places), np.ravel(part))
    return np.reshape(flat, shape)


def _scatter(parts: Sequence[Any], /, indices: Sequence[Any], shape: tuple[int, ...], out: Any = None) -> Any:
    total = np.zeros_like(parts[0], order="C", shape=shape, dtype=np.result_type(*parts)) if out is None else out
    for part, index in zip(parts, indices, strict=True):
        if not _may_repeat(index):
            total[index] += part
        elif out is None:
            total = _add_at(total, index, part)
        else:
            np.add.at(total, index, part)
    return total


scatter = primitive(
    _scatter,
    {"*parts": lambda g, indices: [g[index] for index in indices]},
    name="scatter",
    prepare={"indices": lambda indices: list(map(as_index, indices)), "out": lambda out: out},
    takes_over=True,
    doc="""Zeros of shape `shape` to which each of `parts` is added at its index of `indices`: the adjoint of reading them.

    With `out`, an array, they are added to it in place.

    An element that an index names twice gets both.

    >>> ad.scatter([ad.Tensor([1.0, 2.0]), 5.0], [slice(0, 2), 1], (3,))
    Tensor([1., 7., 0.])
    """,
)


@wraps(scatter)
def _joined(parts: Sequence[Any], indices: Sequence[Any], shape: tuple[int, ...], out: Any = None) -> Any:
    """`scatter`, also where `out` is a tensor: the sums that this puts into its memory are recorded."""
    if not isinstance(out, Tensor):
        return scatter(parts, indices, shape, out)
    repeating = [(part, index) for part, index in zip(parts, indices, strict=True) if _may_repeat(index)]
    for part, index in zip(parts, indices, strict=True):
        if not _may_repeat(index):
            out = setitem(out, out[index] + part, index, copy=False)
    return out + scatter(*zip(*repeating, strict=True), shape) if repeating else out


def _last_written(g: Any, index: Any, steps: Steps) -> Any:
    """The part of `g` at `index`, in memory of its own, but 0 for an element that a later one of the assignment has overwritten."""
    for entry, params in steps:
        g = entry.apply((g,), params)
    if not _may_repeat(index):
        return np.copy(g[index])
    part = g[index]
    order = np.arange(part.size).reshape(part.shape)
    last = np.zeros_like(g, int)
    last[index] = order
    return np.where(last[index] == order, part, 0)


getitem = primitive(
    lambda x, /, index: x[index],
    {"x": lambda g, index, x_shape: scatter([g], [index], x_shape)},
    name="getitem",
    view=True,
    prepare={"index": as_index},
    scatter=_joined,
    doc="""`x[index]`, by integers, slices, `...`, None, integer arrays and boolean arrays. As NumPy's indexing.

    The derivative adds to the elements that were read; one that was read twice gets both.

    >>> ad.getitem(ad.Tensor([1.0, 2.0, 3.0]), np.array([0, 0, 2]))
    Tensor([1., 1., 3.])
    """,
)


def layout_of(tensor: Tensor) -> Any:
    """The axes of a tensor in the order in which they lie in memory; None if its array does not tell."""
    strides = getattr(array_of(tensor), "strides", None)
    return None if strides is None else tuple(sorted(range(len(strides)), key=lambda axis: -abs(strides[axis])))


def _laid_out(x: Any, axes: tuple[int, ...]) -> Any:
    """`x`, or a copy of it, whose axes lie in memory in the order `axes`."""
    by_rows = np.transpose(x, axes)
    return x if by_rows.flags.c_contiguous else np.transpose(np.copy(by_rows, "C"), np.argsort(axes))


def put(array: Any, index: Any, v: Any) -> None:
    """`array[index] = v`, but no complex numbers into real ones: of arrays, NumPy drops the imaginary parts."""
    if type(v) is not float and getattr(v, "dtype", None) is not array.dtype:
        refuse_loss("x[i] = v", dtype_of(v), array.dtype)
    array[index] = v


def _setitem(x: Any, v: Any, /, index: Any, steps: Steps = (), copy: bool = True, layout: Any = None) -> Any:
    y = np.copy(x) if copy else x
    if layout is not None:
        y = _laid_out(y, layout)
    view = y
    for entry, params in steps:
        view = entry.forward(view, **params)
    put(view, index, v)
    return y


setitem: Callable[..., Any] = primitive(
    _setitem,
    {"x": lambda g, index, steps, layout, own: setitem(g, 0, index, steps, not own, layout), "v": _last_written},
    name="setitem",
    prepare={"index": as_index},
    takes_over=True,
    doc="""`x` with the elements at `index` replaced by `v`, which is broadcast: what `x[index] = v` makes of a tensor.

    `steps`, operations with their parameters, lead to a view of `x`, to which the index refers then. A reshape among them gives a
    view of some layouts only: `layout`, the axes in the order in which they lie in memory, is given to `x` and to its cotangent.
    Without `copy`, `x` itself is written to.

    If the index names an element twice, it gets the last of the values, and so goes its derivative.

    >>> ad.setitem(ad.Tensor([1.0, 2.0, 3.0]), 0.0, slice(1, 3))
    Tensor([1., 0., 0.])
    """,
)

where = primitive(
    lambda condition, a, b, /: np.where(condition, a, b),
    {"a": lambda g, condition: np.where(condition, g, 0), "b": lambda g, condition: np.where(condition, 0, g)},
    numpy=[np.where],
    elementwise=True,
    doc="""`a` where `condition` is true and `b` elsewhere, with broadcasting. As `numpy.where` with three arguments.

    The derivative goes to the one that was chosen, and 0 to the other; `condition` has none. A function whose slope is infinite or
    NaN where it is not chosen makes NaN of that 0, as in PyTorch and JAX. So choose what it is computed from as well:

    >>> x = ad.Tensor([0.0, 2.0], requires_grad=True)
    >>> safe = ad.where(x > 0, x, 1.0)
    >>> ad.where(x > 0, ad.log(safe), 0.0).sum().backward()
    >>> x.grad
    Tensor([0. , 0.5])
    """,
)
