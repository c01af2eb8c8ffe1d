"""NumPy's functions that are said by other functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.compiling.native.arrays import Array
from autodiff.compiling.native.handlers import array, handles, reduce
from autodiff.compiling.native.lowering import Lowering

__all__: list[str] = []


@handles(np.argmax, np.ndarray.argmax)
def _argmax(low: Lowering, x: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Array:
    return _place(low, np.maximum, x, axis, keepdims is True)


@handles(np.argmin, np.ndarray.argmin)
def _argmin(low: Lowering, x: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Array:
    return _place(low, np.minimum, x, axis, keepdims is True)


def _place(low: Lowering, ufunc: np.ufunc, x: Any, axis: Any, keepdims: bool) -> Array:
    """The first index at which there is the largest element, or a NaN: the least of those at which there is one."""
    x = array(low, x)
    x, axis = (low.viewed(x, lambda y: y.reshape(-1)), 0) if axis is None else (x, int(axis) % len(x.shape))
    best = low.reduced(ufunc, x, axis, True, x.dtype)
    length = x.shape[axis]
    numbers = low.viewed(low.constant(np.arange(length)), lambda y: y.reshape(-1, *(1,) * (len(x.shape) - axis - 1)))
    text = f"{{0}} == {{1}} || {{0}} != {{0}} ? {{2}} : {length}"
    found = low.reduced(np.minimum, x, axis, keepdims, np.dtype(np.int64), text, best, numbers)
    return low.viewed(found, lambda y: y.reshape(low.result.shape))


@handles(np.var, np.ndarray.var)
def _var(
    low: Lowering, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = False
) -> Array:
    x = low.converted(array(low, x), low.type_of(low.result.dtype))
    total = reduce(low, np.add, x, axis, None, out, True)
    count = x.size // max(total.size, 1)
    from_mean = low.elementwise(np.subtract, x, low.elementwise(np.divide, total, float(count)))
    squares = reduce(low, np.add, low.elementwise(np.square, from_mean), axis, None, None, keepdims is True)
    return low.elementwise(np.divide, squares, max(float(count) - ddof, 0.0))


@handles(np.std, np.ndarray.std)
def _std(low: Lowering, *args: Any, **kwargs: Any) -> Array:
    return low.elementwise(np.sqrt, _var(low, *args, **kwargs))


@handles(np.cumsum, np.ndarray.cumsum, np.add.accumulate)
def _cumsum(low: Lowering, x: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Array:
    return _accumulated(low, np.add, x, axis)


@handles(np.cumprod, np.ndarray.cumprod, np.multiply.accumulate)
def _cumprod(low: Lowering, x: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Array:
    return _accumulated(low, np.multiply, x, axis)


def _accumulated(low: Lowering, ufunc: np.ufunc, x: Any, axis: Any) -> Array:
    x = low.converted(array(low, x), low.type_of(low.result.dtype))
    x, axis = (low.viewed(x, lambda y: y.reshape(-1)), 0) if axis is None else (x, int(axis) % len(x.shape))

    def part(y: Array, begin: int, end: int | None) -> Array:
        return low.viewed(y, lambda z: z[(*[slice(None)] * axis, slice(begin, end))])

    return low.written(x, lambda y: part(y, 1, None), "{0}", lambda y: [part(y, 0, -1)], ufunc)


@handles(np.tril)
def _tril(low: Lowering, x: Any, k: int = 0) -> Array:
    return _masked(low, x, np.tril(np.ones(low.result.shape[-2:], bool), k))


@handles(np.triu)
def _triu(low: Lowering, x: Any, k: int = 0) -> Array:
    return _masked(low, x, np.triu(np.ones(low.result.shape[-2:], bool), k))


def _masked(low: Lowering, x: Any, mask: np.ndarray) -> Array:
    reads = [low.constant(mask), array(low, x)]
    return low.emit("({0} ? {1} : 0)", reads, low.result.shape, reads[1].dtype)
