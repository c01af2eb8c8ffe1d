"""Sums and products up to each element along an axis, and the recurrence that the derivative of such a product is."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.domain import Kink
from autodiff.ops.reductions import accumulator_type, of_rows, rows_of, widened
from autodiff.ops.shaping import concat, in_a_row
from autodiff.registry import primitive

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "linear_recurrence", "prod"]


def _linear_recurrence(a: Any, b: Any, /, *, axis: int = -1) -> Any:
    y, factor = np.moveaxis(b, axis, -1), np.moveaxis(a, axis, -1)
    step = 1
    while step < y.shape[-1]:  # what follows from the elements up to `step` before; next, from those of twice as many
        y = np.concatenate([y[..., :step], y[..., step:] + factor[..., step:] * y[..., :-step]], axis=-1)
        factor = np.concatenate([factor[..., :step], factor[..., step:] * factor[..., :-step]], axis=-1)
        step *= 2
    return np.moveaxis(y, -1, axis)


def _backwards(a: Any, g: Any, axis: int) -> Any:
    """`u` with `u[k] = g[k] + a[k + 1] u[k + 1]`: the cotangent of each summand of a recurrence."""
    return np.flip(linear_recurrence(np.roll(np.flip(a, axis), 1, axis), np.flip(g, axis), axis=axis), axis)


def _before(y: Any, first: float, axis: int) -> Any:
    """What `y` was one step before, and at the first step `first`."""
    moved = np.moveaxis(y, axis, -1)
    return np.moveaxis(concat([np.full_like(moved[..., :1], first), moved[..., :-1]], axis=-1), -1, axis)


linear_recurrence = primitive(
    _linear_recurrence,
    {
        "a": lambda g, y, a, axis: _backwards(a, g, axis) * _before(y, 0, axis),
        "b": lambda g, a, axis: _backwards(a, g, axis),
    },
    name="linear_recurrence",
    doc="""`y` with `y[0] = b[0]` and `y[k] = a[k] * y[k - 1] + b[k]` along `axis`, for arrays of one shape.

    It takes as many steps as the logarithm of the length. `a[0]` is not used. Its cotangents are such a recurrence, run backwards.

    >>> ad.linear_recurrence(ad.Tensor([0.0, 2.0, 2.0]), np.ones(3))
    Tensor([1., 3., 7.])
    """,
)


def _of_cumprod(g: Any, y: Any, x: Any, axis: int | None) -> Any:
    flat, along = in_a_row(x, axis)
    return np.reshape(_backwards(flat, widened(g), along) * _before(y, 1, along), x.shape)


cumsum = primitive(
    lambda x, /, axis=None, dtype=None: np.cumsum(x, axis, accumulator_type("cumsum", dtype, x)),
    {"x": lambda g, x_shape, axis: np.reshape(np.flip(np.cumsum(np.flip(g, axis), axis), axis), x_shape)},
    numpy=[np.cumsum],
    doc="""The sums of the elements up to each along `axis`; of all elements in a row if it is None. As `numpy.cumsum`.

    >>> ad.cumsum(ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3., 6.])
    """,
)

cumprod = primitive(
    lambda x, /, axis=None, dtype=None: np.cumprod(x, axis, accumulator_type("cumprod", dtype, x)),
    {"x": _of_cumprod},
    numpy=[np.cumprod],
    doc="""The products of the elements up to each along `axis`; of all elements in a row if it is None. As `numpy.cumprod`.

    Zeros need no care: the derivative by an element divides by none.

    >>> ad.cumprod(ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 2., 6.])
    """,
)


def _of_running(g: Any, y: Any, x: Any, axis: int | None) -> Any:
    """Each `g` in equal shares to the elements up to there that are what `y` is, as those of `max` and `min` get it."""
    (flat, along), (y, _), (g, _) = (in_a_row(part, axis) for part in (x, y, g))
    before = _before(y, 0, along)
    goes_on = (y == before) | (before != before)  # NaN remains NaN
    is_it = (flat == y) | (flat != flat)
    count = linear_recurrence(goes_on, is_it.astype(int), axis=along)
    return np.reshape(is_it * _backwards(goes_on, g / count, along), x.shape)


_TIES = [  # points, and the sums of the shares that each element gets
    (np.array([1.0, 2.0, 2.0, 0.0]), np.array([1.0, 2.0, 1.0, 0.0])),
    (np.array([1.0, np.nan, 2.0, np.nan]), np.array([1.0, 2.5, 0.0, 0.5])),
]

cummax = primitive(
    lambda x, /, axis=None: np.maximum.accumulate(*in_a_row(x, axis)),
    {"x": _of_running},
    name="cummax",
    kinks=[Kink((x,), (shares,)) for x, shares in _TIES],
    doc="""The largest of the elements up to each along `axis`; of all in a row if it is None. As `numpy.maximum.accumulate`.

    The derivative goes to it; ties share it, and so does NaN, as of `max`.

    >>> ad.cummax(ad.Tensor([1.0, 3.0, 2.0]))
    Tensor([1., 3., 3.])
    """,
)

cummin = primitive(
    lambda x, /, axis=None: np.minimum.accumulate(*in_a_row(x, axis)),
    {"x": _of_running},
    name="cummin",
    kinks=[Kink((-x,), (shares,)) for x, shares in _TIES],
    doc="""The smallest of the elements up to each along `axis`; of all in a row if it is None. As `numpy.minimum.accumulate`.

    The derivative goes to it; ties share it, and so does NaN, as of `min`.

    >>> ad.cummin(ad.Tensor([3.0, 1.0, 2.0]))
    Tensor([3., 1., 1.])
    """,
)


def _cumulative(name: str, operation: Any, neutral: float, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> Any:
    if axis is None and np.ndim(x) > 1:
        raise ValueError(f"{name}: axis is not given, but x has {np.ndim(x)} axes; wanted one, such as axis=0.")
    axis = -1 if axis is None else axis
    y = operation(x, axis, dtype)
    if not include_initial:
        return y
    one = [1 if k == axis % y.ndim else n for k, n in enumerate(y.shape)]
    return concat([np.full_like(y, neutral, shape=one), y], axis)


@composite(numpy=[np.cumulative_sum] if hasattr(np, "cumulative_sum") else [])
def cumulative_sum(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """The sums of the elements up to each along `axis`, after a 0 with `include_initial`. As `numpy.cumulative_sum`.

    >>> ad.cumulative_sum(ad.Tensor([1.0, 2.0, 3.0]), include_initial=True)
    Tensor([0., 1., 3., 6.])
    """
    return _cumulative("cumulative_sum", cumsum, 0, x, axis, dtype, include_initial)


@composite(numpy=[np.cumulative_prod] if hasattr(np, "cumulative_prod") else [])
def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    """The products of the elements up to each along `axis`, after a 1 with `include_initial`. As `numpy.cumulative_prod`.

    The derivative is that of `cumprod`.

    >>> ad.cumulative_prod(ad.Tensor([1.0, 2.0, 3.0]), include_initial=True)
    Tensor([1., 1., 2., 6.])
    """
    return _cumulative("cumulative_prod", cumprod, 1, x, axis, dtype, include_initial)


def _of_prod(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`g` times the product of the other elements: of those before and of those after each."""
    row = rows_of(x.astype(g.dtype), axis)
    before = _before(np.cumprod(row, -1), 1, -1)
    after = np.flip(_before(np.cumprod(np.flip(row, -1), -1), 1, -1), -1)
    return of_rows(np.reshape(g, (*row.shape[:-1], 1)) * (before * after), x.shape, axis)


prod = primitive(
    lambda x, /, axis=None, *, dtype=None, keepdims=False: np.prod(
        x, axis=axis, dtype=accumulator_type("prod", dtype, x), keepdims=keepdims
    ),
    {"x": _of_prod},
    numpy=[np.prod],
    doc="""The product of the elements along `axis` (one, several as a tuple, or all), in the type `dtype`. As `numpy.prod`.

    Its derivative by an element is the product of the others, also where there are zeros.

    >>> ad.prod(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([3., 8.])
    """,
)
