"""Numbers brought to mean 0 and variance 1, or to mean square 1, and their weights: what normalization is made of.

They are operations of their own since expressions take longer, those of large arrays twice as long: these go over the numbers, and
make arrays as large, as seldom as they can.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff import extend
from nn.functional.naming import not_real

__all__: list[str] = []

Ints = tuple[int, ...]


def _wide(x: Any) -> Any:
    """`x`, but half precision as single, in which sums of squares do not overflow, and integers as floating point."""
    return x if x.dtype.char in "fdg" else x.astype(np.float32 if x.dtype.char == "e" else float)


def _count(shape: Ints, axes: Ints) -> int:
    return math.prod([shape[axis] for axis in axes])


def _mean(x: Any, axes: Ints) -> Any:
    return x.sum(axis=axes, keepdims=True) / _count(x.shape, axes)


def _sum_of_products(a: Any, b: Any, axes: Ints) -> Any:
    """The sum of `a b` along `axes`, which are kept: along the last one, if it is among them, by dot products."""
    if axes[-1] != a.ndim - 1:
        return (a * b).sum(axis=axes, keepdims=True)
    products = np.vecdot(a, b)[..., None]
    return products if len(axes) == 1 else products.sum(axis=axes[:-1], keepdims=True)


def _standardize(x: Any, /, shape: Ints, axes: Ints, eps: float, centered: bool) -> tuple[Any, Any, Any]:
    if x.dtype.kind == "c":
        raise TypeError(not_real(input=x))
    z = _wide(x.reshape(shape))
    mean = _mean(z, axes) if centered else np.zeros_like(z, shape=(1,) * z.ndim)
    d = z - mean if centered else z
    square = _sum_of_products(d, d, axes) / _count(shape, axes)
    scale = 1 / np.sqrt(square + eps)
    if centered:
        d *= scale
    y = (d if centered else d * scale).reshape(x.shape)
    return y.astype(x.dtype) if x.dtype.char == "e" else y, mean, square


def _of_standardize(
    g: tuple[Any, Any, Any], y: tuple[Any, Any, Any], x_shape: Ints, shape: Ints, axes: Ints, eps: float, centered: bool
) -> Any:
    to_y, z = (_wide(a.reshape(shape)) for a in (g[0], y[0]))
    n, square = _count(shape, axes), y[2] + eps
    scale = 1 / np.sqrt(square)
    dx = z * (g[2] * (2 / n) * square - _sum_of_products(to_y, z, axes) / n)
    dx += to_y
    if centered:
        dx -= _mean(to_y, axes) - g[1] / (n * scale)
    dx *= scale
    return dx.reshape(x_shape)


standardize = extend.primitive(
    _standardize,
    {"x": _of_standardize},
    name="standardize",
    doc="""`(x - mean) / sqrt(variance + eps)`, the mean and the variance, along `axes` of `x` seen in `shape`.

    If it is not `centered`, the mean is not subtracted, but 0, and the mean square is in the place of the variance.
    """,
)


def _weigh(x: Any, weight: Any = None, bias: Any = None, /, shape: Ints = (), at: Ints = ()) -> Any:
    y = x.reshape(shape)
    y = y.copy() if weight is None else y * weight.reshape(at)
    if bias is not None:
        b = bias.reshape(at)
        y = np.add(y, b, out=y) if (type(b), b.dtype) == (type(y), y.dtype) else y + b
    if y.dtype.kind == "c":
        raise TypeError(not_real(**{name: a for name, a in (("input", x), ("weight", weight), ("bias", bias)) if a is not None}))
    return y.reshape(x.shape)


def _shared(at: Ints) -> Ints:
    """The axes along which all have the same weight."""
    return tuple(axis for axis, size in enumerate(at) if size == 1)


def _to_weighed(g: Any, weight: Any, x_shape: Ints, shape: Ints, at: Ints) -> Any:
    return g if weight is None else (g.reshape(shape) * weight.reshape(at)).reshape(x_shape)


def _to_weight(g: Any, x: Any, weight_shape: Ints, shape: Ints, at: Ints) -> Any:
    return _sum_of_products(_wide(g.reshape(shape)), x.reshape(shape), _shared(at)).reshape(weight_shape)


weigh = extend.primitive(
    _weigh,
    {
        "x": _to_weighed,
        "weight": _to_weight,
        "bias": lambda g, bias_shape, shape, at: _wide(g.reshape(shape)).sum(axis=_shared(at)).reshape(bias_shape),
    },
    name="weigh",
    doc="""`x weight + bias`, of `x` seen in `shape` and `weight` and `bias`, which may be missing, in the shape `at`.""",
)
