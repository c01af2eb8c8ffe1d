"""Reductions: sums, means, extremes, along one axis, several or all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.domain import Kink
from autodiff.dtypes import refuse_loss
from autodiff.registry import primitive

__all__ = ["logsumexp", "max", "mean", "min", "sum"]

_TIE = np.array([1.0, 2.0, 2.0])
_NAN = np.array([1.0, np.nan, np.nan])
_HALVES = np.array([0.0, 0.5, 0.5])


def expand(reduced: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """`reduced` with the axes that a reduction removed from `shape`, so that it broadcasts against the argument.

    A number has none, though NumPy lets it be reduced along axis 0.
    """
    return reduced if keepdims or axis is None or not shape else np.expand_dims(reduced, axis)


def _axes(ndim: int, axis: Any) -> tuple[int, ...]:
    return tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)


def count_of(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements each result of a reduction is made of."""
    return math.prod(shape[i] for i in _axes(len(shape), axis))


def widened(x: Any) -> Any:
    """`x`, but half precision as single: the sum of many, or a product on the way, could overflow."""
    return x.astype(np.promote_types(x.dtype, np.float32))


def rows_of(x: Any, axis: Any) -> Any:
    """`x` with the elements of which each result of a reduction is made in a row: of the shape (..., n)."""
    axes = _axes(x.ndim, axis)
    moved = np.moveaxis(x, axes, tuple(range(-len(axes), 0)))
    return np.reshape(moved, (*moved.shape[: x.ndim - len(axes)], count_of(x.shape, axis)))


def of_rows(rows: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """The array of the shape `shape` of which these are the rows."""
    axes = _axes(len(shape), axis)
    moved = (*rows.shape[:-1], *(shape[i] for i in axes))
    return np.moveaxis(np.reshape(rows, moved), tuple(range(-len(axes), 0)), axes)


def _per_element(g: Any, count: int) -> Any:
    """`g / count`, also where `count` is beyond the range of the type of `g`, though the quotient is not."""
    return (g / np.float64(count)).astype(g.dtype)


def accumulator_type(where: str, dtype: Any, x: Any) -> Any:
    """`dtype`, the type to add up or to multiply the elements of `x` in, if that can hold them, or None."""
    if dtype is not None:
        refuse_loss(where, x.dtype, np.dtype(dtype))
    return dtype


sum = primitive(
    lambda x, /, axis=None, *, dtype=None, keepdims=False: np.add.reduce(
        x, axis=axis, dtype=accumulator_type("sum", dtype, x), keepdims=keepdims
    ),
    {"x": lambda g, x_shape, axis, keepdims: np.broadcast_to(expand(g, x_shape, axis, keepdims), x_shape)},
    numpy=[np.sum],
    doc="""The sum of the elements along `axis` (one, several as a tuple, or all), added up in the type `dtype`. As `numpy.sum`.

    >>> ad.sum(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([4., 6.])
    """,
)

mean = primitive(
    lambda x, /, axis=None, *, keepdims=False: np.mean(x, axis=axis, keepdims=keepdims),
    {
        "x": lambda g, x_shape, axis, keepdims: np.broadcast_to(
            expand(_per_element(g, count_of(x_shape, axis)), x_shape, axis, keepdims), x_shape
        )
    },
    numpy=[np.mean],
    doc="""The arithmetic mean of the elements along `axis` (one, several as a tuple, or all). As `numpy.mean`.

    >>> ad.mean(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([2., 3.])
    """,
)


def to_extreme(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    largest = expand(y, x.shape, axis, keepdims)
    chosen = (x == largest) | ((x != x) & (largest != largest))  # NaN, if there is one
    share = expand(g, x.shape, axis, keepdims) / chosen.sum(axis=axis, keepdims=True)  # of integers: a float16 could overflow
    return chosen * share.astype(g.dtype)


max = primitive(
    lambda x, /, axis=None, *, keepdims=False: np.max(x, axis=axis, keepdims=keepdims),
    {"x": to_extreme},
    numpy=[np.max, np.amax],
    kinks=[Kink((_TIE,), (_HALVES,)), Kink((_NAN,), (_HALVES,))],
    doc="""The largest element along `axis` (one, several as a tuple, or all). As `numpy.max`.

    The derivative goes to it; ties share it, and so does NaN if there is any.

    >>> ad.max(ad.Tensor([[1.0, 2.0], [3.0, 0.0]]), axis=0)
    Tensor([3., 2.])
    """,
)

min = primitive(
    lambda x, /, axis=None, *, keepdims=False: np.min(x, axis=axis, keepdims=keepdims),
    {"x": to_extreme},
    numpy=[np.min, np.amin],
    kinks=[Kink((-_TIE,), (_HALVES,)), Kink((_NAN,), (_HALVES,))],
    doc="""The smallest element along `axis` (one, several as a tuple, or all). As `numpy.min`.

    The derivative goes to it; ties share it, and so does NaN if there is any.

    >>> ad.min(ad.Tensor([[1.0, 2.0], [3.0, 0.0]]), axis=0)
    Tensor([1., 0.])
    """,
)


def _logsumexp(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Any:
    largest = np.maximum.reduce(x, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0)
    e = np.exp(x - largest)
    total = np.add.reduce(e, axis=axis, keepdims=True, dtype=np.promote_types(e.dtype, np.float32))  # float16 could overflow
    with np.errstate(divide="ignore"):  # log 0 = -inf is the value where all elements are -inf
        y = (np.log(total) + largest).astype(e.dtype)
    return y if keepdims else np.squeeze(y, axis)


def _of_logsumexp(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`g` times `exp(x - y)`, whose sum is 1 but for the rounding of a large `y`, by which it is divided."""
    e = np.exp(x - expand(np.where(y == -np.inf, 0, y), x.shape, axis, keepdims))
    total = np.sum(widened(e), axis=axis, keepdims=True)
    return expand(g, x.shape, axis, keepdims) / np.where(total > 0, total, 1) * e


logsumexp = primitive(
    _logsumexp,
    {"x": _of_logsumexp},
    name="logsumexp",
    kinks=[Kink((np.full(2, -np.inf),), (np.zeros(2),))],
    doc="""`log(sum(exp(x)))` along `axis` (one, several as a tuple, or all), without overflow. As `torch.logsumexp`.

    Its derivative is the softmax, `exp(x - y)`, 0 where all elements are -inf, and NaN by one that is inf.

    >>> ad.logsumexp(ad.Tensor([1000.0, 1000.0]))
    Tensor(1000.69314718)
    """,
)
