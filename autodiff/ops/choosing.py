"""Choosing elements: by their places along an axis, by conditions, among several arrays. `where` and indexing are in `indexing`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.composites import composite
from autodiff.core.tensor import array_of, unwrapped
from autodiff.ops.indexing import as_array_like, axis_index, setitem, where
from autodiff.ops.shaping import broadcast_to, in_a_row, reshape, stack

__all__ = ["choose", "compress", "extract", "piecewise", "select", "take", "take_along_axis"]


def as_places(indices: Any, n: int, mode: str, name: str) -> Any:
    """`indices` as integers, and as `mode` has it for those that are not among the `n` places of an axis."""
    places = as_array_like(unwrapped(indices)).astype(np.intp, casting="same_kind")
    if mode == "raise":
        return places
    if mode not in ("wrap", "clip"):
        raise ValueError(f"{name}: mode is {mode!r}; wanted 'raise', 'wrap' or 'clip'.")
    return places % n if mode == "wrap" else np.clip(places, 0, n - 1)


@composite(numpy=[np.take])
def take(x: Any, indices: Any, axis: int | None = None, *, mode: str = "raise") -> Any:
    """The parts of `x` at the places `indices` along `axis`; of the elements in a row if it is None. As `numpy.take`.

    A place that is not there is an error; with `mode` "wrap" it counts round the end, with "clip" it is the first or the last.

    The derivative adds to the elements that were read; one that was read twice gets both.

    >>> ad.take(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), [1, 1, 0], axis=1)
    Tensor([[2., 2., 1.],
            [4., 4., 3.]])
    """
    x = as_array_like(x)
    x, axis = (reshape(x, -1), 0) if axis is None else (x, normalize_axis_index(axis, x.ndim))
    return x[axis_index(axis, as_places(indices, np.shape(x)[axis], mode, "take"))]


def along(indices: Any, shape: Sequence[int], axis: int) -> tuple[Any, ...]:
    """The index of the elements at `indices` along `axis`, and at their own places along the other axes."""
    axis, indices = normalize_axis_index(axis, len(shape)), unwrapped(indices)
    if np.ndim(indices) != len(shape):
        raise ValueError(f"along an axis: indices have {np.ndim(indices)} axes; wanted {len(shape)}, as many as the array has.")
    places = np.ogrid[tuple(slice(n) for n in shape)]
    return (*places[:axis], indices, *places[axis + 1 :])


@composite(numpy=[np.take_along_axis])
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """`y[..., k, ...] = x[..., indices[..., k, ...], ...]`; of the elements in a row if `axis` is None. As `numpy.take_along_axis`.

    The derivative adds to the elements that were read; one that was read twice gets both.

    >>> x = ad.Tensor([[3.0, 1.0], [4.0, 6.0]])
    >>> ad.take_along_axis(x, np.argsort(x, axis=1), axis=1)
    Tensor([[1., 3.],
            [4., 6.]])
    """
    x, axis = in_a_row(as_array_like(x), axis)
    return x[along(indices, np.shape(x), axis)]


@composite(numpy=[np.choose])
def choose(a: Any, choices: Sequence[Any], *, mode: str = "raise") -> Any:
    """For each element of `a`, an integer, the element there of the array `choices[a]`, with broadcasting. As `numpy.choose`.

    An integer that is not among the numbers of the choices is an error; `mode` is as that of `take`.

    >>> ad.choose([0, 1, 0], [ad.Tensor([1.0, 2.0, 3.0]), 9.0])
    Tensor([1., 9., 3.])
    """
    places, n = as_places(as_array_like(a), len(choices), mode, "choose"), len(choices)
    shape = np.broadcast_shapes(np.shape(places), *map(np.shape, choices))
    places = np.broadcast_to(np.where(places < 0, n, places), shape)  # one from the end is an error here
    return take_along_axis(stack([broadcast_to(choice, shape) for choice in choices]), places[None], 0)[0]


@composite(numpy=[np.select])
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """The element of the choice that belongs to the first of the conditions that is true, or else of `default`. As `numpy.select`.

    The derivative goes to the one that was chosen.

    >>> x = ad.Tensor([-2.0, 0.5, 3.0])
    >>> ad.select([x < 0, x > 1], [-x, x * x])
    Tensor([2., 0., 9.])
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(f"select: there are {len(condlist)} conditions, {len(choicelist)} choices; wanted as many, at least one.")
    y = default
    for condition, choice in zip(map(as_array_like, reversed(condlist)), reversed(choicelist), strict=True):
        if condition.dtype != bool:
            raise TypeError(f"select: a condition has dtype {condition.dtype}; wanted booleans, such as x > 0.")
        y = where(condition, choice, y)
    return y


@composite(numpy=[np.piecewise])
def piecewise(x: Any, condlist: Any, funclist: Sequence[Callable[..., Any] | Any], *args: Any, **kw: Any) -> Any:
    """The function, or number, that belongs to the last of the conditions that is true, of each element. As `numpy.piecewise`.

    A function is called with the elements where its condition is true, and with `args` and `kw`. One more function than conditions
    is for the elements where none is; without it these are 0. The result has the type of `x`, the derivative is the functions'.

    >>> x = ad.Tensor([-2.0, 0.5, 3.0])
    >>> ad.piecewise(x, [x < 0, x > 1], [lambda x: -x, lambda x: x * x, 1.0])
    Tensor([2., 1., 9.])
    """
    x = as_array_like(x)
    conditions = _conditions(condlist, x.ndim)
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    elif len(funclist) != len(conditions):
        n = len(conditions)
        raise ValueError(f"piecewise: there are {n} conditions and {len(funclist)} functions; wanted {n} or {n + 1}.")
    y = np.zeros_like(x)
    for condition, function in zip(conditions, funclist, strict=True):
        y = setitem(y, function(x[condition], *args, **kw) if callable(function) else function, condition)
    return y


def _conditions(condlist: Any, ndim: int) -> list[Any]:
    """The conditions as arrays: one alone is one of a list."""
    several = isinstance(condlist, (list, tuple)) or np.ndim(condlist) > ndim
    if several and len(condlist) and ndim and not hasattr(condlist[0], "dtype") and not isinstance(condlist[0], (list, tuple)):
        several = False  # the elements of one
    return [np.asarray(array_of(condition), bool) for condition in (condlist if several else [condlist])]


@composite(numpy=[np.compress])
def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """The parts of `x` along `axis`, or in a row, where the vector `condition` is true. As `numpy.compress`.

    The vector may be shorter than the axis: it is false beyond its end.

    >>> ad.compress([True, False, True], ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3.])
    """
    if np.ndim(condition) != 1:
        raise ValueError(f"compress: condition has {np.ndim(condition)} axes; wanted 1. To choose elements by a mask: x[mask].")
    return take(x, np.flatnonzero(unwrapped(condition)), axis)


@composite(numpy=[np.extract])
def extract(condition: Any, x: Any) -> Any:
    """The elements of `x`, in a row, where `condition` is true, which is flattened as well. As `numpy.extract`.

    >>> ad.extract([[True, False], [False, True]], ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """
    return take(x, np.flatnonzero(unwrapped(condition)))
