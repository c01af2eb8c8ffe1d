"""NumPy's functions with parameters that the operations do without, made of operations. The parameters have NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff import ops
from autodiff.core.tensor import unwrapped
from autodiff.dtypes import INEXACT
from autodiff.numpy.outputs import mask_of
from autodiff.ops import creation
from autodiff.ops.indexing import as_array_like

__all__: list[str] = []


_NOT_GIVEN = object()


def where(condition: Any, x: Any = _NOT_GIVEN, y: Any = _NOT_GIVEN) -> Any:
    """The indices of the elements that are true; NumPy's error if there is one choice alone."""
    return np.where(*[unwrapped(argument) for argument in (condition, x, y) if argument is not _NOT_GIVEN])


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0,
    *, device: Any = None,
) -> Any:  # fmt: skip
    """The numbers, and with `retstep` the distance from one to the next: NaN if there are not two."""
    y = creation.linspace(start, stop, num, endpoint, dtype, axis, device=device)
    if not retstep:
        return y
    (start, stop), steps = creation.ends_of(start, stop), num - 1 if endpoint else num
    return y, (stop - start) / steps if steps > 0 else np.nan


def sum(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    """The sum of the elements where `where` is true, and of `initial`."""
    y = ops.sum(_chosen("np.sum", as_array_like(a), where, 0), axis, dtype=dtype, keepdims=keepdims)
    return y if initial is None else y + _initial("np.sum", initial, y.dtype)


def mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    """The mean of the elements where `where` is true."""
    a = as_array_like(a)
    if dtype is None:
        dtype = a.dtype if a.dtype.kind in INEXACT else np.dtype(float)
        a = ops.astype(a, np.promote_types(dtype, np.float32))  # NumPy adds up half precision in single
    else:
        a = ops.astype(a, dtype)
    count = np.sum(np.broadcast_to(mask_of("np.mean", where), a.shape), axis=axis, keepdims=keepdims)
    total = ops.sum(_chosen("np.mean", a, where, 0), axis, keepdims=keepdims)
    return ops.astype(total / count, dtype)


def prod(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    """The product of the elements where `where` is true, and of `initial`."""
    y = ops.prod(_chosen("np.prod", as_array_like(a), where, 1), axis, dtype=dtype, keepdims=keepdims)
    return y if initial is None else y * _initial("np.prod", initial, y.dtype)


def var(
    a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: bool = False, *, where: Any = True, correction: Any = None
) -> Any:
    """The variance of the elements where `where` is true."""
    return _spread("np.var", ops.nanvar, a, axis, dtype, keepdims, where, {"ddof": ddof, "correction": correction})


def std(
    a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: bool = False, *, where: Any = True, correction: Any = None
) -> Any:
    """The standard deviation of the elements where `where` is true."""
    return _spread("np.std", ops.nanstd, a, axis, dtype, keepdims, where, {"ddof": ddof, "correction": correction})


def _spread(
    name: str, spread: Callable[..., Any], a: Any, axis: Any, dtype: Any, keepdims: bool, where: Any, params: dict[str, Any]
) -> Any:
    """The spread of the elements that are chosen: of those that are no NaN, once the others are."""
    a = as_array_like(a)
    a = ops.astype(a, dtype or (a.dtype if a.dtype.kind in INEXACT else float))
    chosen_nan = 0 * ops.sum(_chosen(name, a, where, 0), axis, keepdims=keepdims)
    return spread(_chosen(name, a, where, np.nan), axis, keepdims=keepdims, **params) + ops.real(chosen_nan)


def max(a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    """The largest of the elements where `where` is true, and `initial`, which gets half of the cotangent at a tie."""
    return extreme(ops.max, ops.maximum, a, axis, keepdims=keepdims, initial=initial, where=where)


def min(a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    """The smallest of the elements where `where` is true, and `initial`, which gets half of the cotangent at a tie."""
    return extreme(ops.min, ops.minimum, a, axis, keepdims=keepdims, initial=initial, where=where)


def extreme(
    reduce: Callable[..., Any], pair: Callable[..., Any], a: Any, axis: Any, *, keepdims: bool = False, initial: Any = None,
    where: Any = True,
) -> Any:  # fmt: skip
    """What `reduce`, which is `pair` between all elements, makes of those where `where` is true, and of `initial`."""
    name, a = f"np.{getattr(reduce, '__name__', pair.__name__)}", as_array_like(a)
    if initial is None:
        if where is True:
            return reduce(a, axis, keepdims=keepdims)
        raise ValueError(f"{name}: with where=, there may be no element to choose from: pass initial=, the result then.")
    initial = _initial(name, initial, a.dtype)
    if a.size == 0:  # its sum has the shape of the result, and is 0
        return ops.astype(ops.sum(a, axis, keepdims=keepdims) + initial, a.dtype)
    return pair(reduce(_chosen(name, a, where, _worst(pair, a.dtype)), axis, keepdims=keepdims), initial)


def _worst(pair: Any, dtype: Any) -> Any:
    """The value that never wins: an infinity, or the end of the range of the integers."""
    smallest = pair in (ops.minimum, ops.fmin)
    if dtype.kind == "b":
        return smallest
    if dtype.kind in INEXACT:
        end = np.inf if smallest else -np.inf
        return complex(end, end) if dtype.kind == "c" else end
    return np.iinfo(dtype).max if smallest else np.iinfo(dtype).min


def _initial(name: str, initial: Any, dtype: Any) -> Any:
    if np.ndim(initial) != 0:
        raise ValueError(f"{name}: initial has shape {np.shape(initial)}; wanted a number.")
    return ops.astype(initial, dtype)


def _chosen(name: str, a: Any, where: Any, other: Any) -> Any:
    """`a` with the neutral element `other` in the places that `where` leaves out."""
    if where is True:
        return a
    return ops.where(np.broadcast_to(mask_of(name, where), a.shape), a, np.asarray(other, a.dtype))
