"""The methods of NumPy's ufuncs on tensors: `np.add.reduce(t)`, `np.multiply.outer(t, u)`, `np.add.at(t, index, v)`.

Each is what it means: the operation of the ufunc, again and again, or once for all where there is an operation for that. NumPy's
own method is asked first where errors, shapes and types are to be NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff import ops
from autodiff.conversions import loses_gradient
from autodiff.core.tensor import Tensor, unwrapped, wrap
from autodiff.dtypes import INEXACT
from autodiff.numpy import compositions
from autodiff.numpy.names import missing, name_of
from autodiff.numpy.namespaces import meaning_of
from autodiff.numpy.outputs import mask_of, written
from autodiff.ops.constants import CONSTANTS
from autodiff.ops.in_place import assign
from autodiff.ops.indexing import as_array_like
from autodiff.ops.reductions import rows_of
from autodiff.ops.shaping import all_or

__all__: list[str] = []


def call_method(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a method of `ufunc` means for `inputs`, some of which are tensors. NumPy has moved what it can into `kwargs`."""
    operation = meaning_of(ufunc)
    if operation is None:
        raise missing(ufunc)
    if method == "outer":
        return _outer(ufunc, *inputs, **kwargs)
    if method == "at":
        return _at(ufunc, operation, *inputs)
    params = {name: value for name, value in kwargs.items() if name != "out"}
    if ufunc in CONSTANTS:
        y = getattr(ufunc, method)(*unwrapped(inputs), **{name: unwrapped(value) for name, value in params.items()})
    else:
        y = _METHODS[method](ufunc, *inputs, **params)
    y = y if isinstance(y, Tensor) else wrap(y)  # of constants, and of no elements
    return written(f"{name_of(ufunc)}.{method}", kwargs["out"], y) if "out" in kwargs else y


# --- reductions ------------------------------------------------------------------------------------------------------------------


def _largest_number(reduce: Callable[..., Any], x: Any, axis: Any, *, keepdims: bool) -> Any:
    """What `nanmax` or `nanmin` gives, but NaN without a warning where there is nothing else."""
    if x.dtype.kind not in INEXACT:
        return reduce(x, axis, keepdims=keepdims)
    nothing = np.all(np.isnan(x), axis=axis, keepdims=True)
    y = reduce(ops.where(nothing, 0, x), axis, keepdims=True)
    y = ops.where(nothing, np.asarray(np.nan, y.dtype), y)
    return y if keepdims else ops.squeeze(y, tuple(all_or(axis, x.ndim)))


_REDUCE: dict[Any, Callable[..., Any]] = {
    np.add: compositions.sum,
    np.multiply: compositions.prod,
    np.maximum: compositions.max,
    np.minimum: compositions.min,
    np.fmax: partial(compositions.extreme, partial(_largest_number, ops.nanmax), ops.fmax),
    np.fmin: partial(compositions.extreme, partial(_largest_number, ops.nanmin), ops.fmin),
    np.logaddexp: partial(compositions.extreme, ops.logsumexp, ops.logaddexp),
}


def _reduce(ufunc: Any, x: Any, axis: Any = 0, dtype: Any = None, **params: Any) -> Any:
    """`ufunc` between all elements along `axis`."""
    x = as_array_like(x)
    x = x if dtype is None else ops.astype(x, dtype)
    if ufunc is np.logaddexp and (x.size == 0 or params.get("where", True) is not True):
        params = {"initial": -np.inf, **params}
    if ufunc in _REDUCE and x.ndim:
        if x.dtype.kind not in INEXACT:  # a sum of booleans is an integer, and some functions of integers are none
            x = ops.astype(x, ufunc.reduce(np.ones(1, x.dtype)).dtype)
        return _REDUCE[ufunc](x, all_or(axis, x.ndim), **params)
    return _fold(ufunc, x, axis, **params)


def _fold(ufunc: Any, x: Any, axis: Any, keepdims: bool = False, **params: Any) -> Any:
    """`((x[0] ∘ x[1]) ∘ x[2]) ∘ …` along `axis`."""
    plain = {name: unwrapped(value) for name, value in params.items()}
    expected = np.asarray(ufunc.reduce(unwrapped(x), axis=axis, keepdims=keepdims, **plain))
    where, initial = params.get("where", True), params.get("initial")
    operation: Any = meaning_of(ufunc)
    axes = all_or(axis, x.ndim) if x.ndim else ()
    parts = list(ops.unstack(rows_of(x, axes), axis=-1))
    masks = [True] * len(parts)
    if where is not True:
        masks = list(np.moveaxis(rows_of(np.broadcast_to(mask_of(name_of(ufunc), where), x.shape), axes), -1, 0))
    if initial is None and (where is not True or not parts):
        initial = ufunc.identity
    y = ops.astype(parts.pop(0) if initial is None else initial, expected.dtype)
    for part, mask in zip(parts, masks[len(masks) - len(parts) :], strict=True):
        after = operation(y, part)
        y = after if mask is True else ops.where(mask, after, y)
    count = expected.size // max(np.size(y), 1)
    y = y if count == 1 else ops.broadcast_to(y, expected.shape)  # an initial value alone
    return ops.astype(ops.reshape(y, expected.shape), expected.dtype)


# --- running results -------------------------------------------------------------------------------------------------------------

_ACCUMULATE: dict[Any, Callable[..., Any]] = {
    np.add: ops.cumsum,
    np.multiply: ops.cumprod,
    np.maximum: ops.cummax,
    np.minimum: ops.cummin,
}


def _accumulate(ufunc: Any, x: Any, axis: Any = 0, dtype: Any = None) -> Any:
    """`ufunc` between the elements up to each along `axis`."""
    if x.ndim == 0 or axis is None:
        return ufunc.accumulate(unwrapped(x), axis)  # an error of NumPy's
    x = x if dtype is None else ops.astype(x, dtype)
    if ufunc in _ACCUMULATE:
        return _ACCUMULATE[ufunc](x, axis)
    expected = ufunc.accumulate(unwrapped(x), axis)
    operation: Any = meaning_of(ufunc)
    parts = list(ops.unstack(x, axis=axis))
    parts[:1] = [ops.astype(part, expected.dtype) for part in parts[:1]]
    for k in range(1, len(parts)):
        parts[k] = operation(parts[k - 1], parts[k])
    return ops.astype(ops.stack(parts, axis) if parts else x, expected.dtype)


def _reduceat(ufunc: Any, x: Any, indices: Any, axis: Any = 0, dtype: Any = None) -> Any:
    """The reductions of the parts that begin at `indices`; where the next one begins before, it is the one element."""
    expected = ufunc.reduceat(unwrapped(x), unwrapped(indices), axis, dtype)
    x = ops.moveaxis(ops.astype(x, expected.dtype), normalize_axis_index(axis, x.ndim), 0)
    starts = [int(i) for i in unwrapped(indices)]
    ends = [*starts[1:], x.shape[0]]
    parts = [_reduce(ufunc, x[i:j], 0) if i < j else x[i] for i, j in zip(starts, ends, strict=False)]
    return ops.astype(ops.moveaxis(ops.stack(parts), 0, axis) if parts else expected, expected.dtype)


_METHODS: dict[str, Callable[..., Any]] = {"reduce": _reduce, "accumulate": _accumulate, "reduceat": _reduceat}


# --- all pairs, and updates ------------------------------------------------------------------------------------------------------


def _outer(ufunc: Any, a: Any, b: Any, **params: Any) -> Any:
    """`ufunc` between each element of `a` and each of `b`: with axes for those of `b` behind those of `a`, a broadcast."""
    a, b = as_array_like(a), as_array_like(b)
    return ufunc(ops.reshape(a, (*a.shape, *(1,) * b.ndim)), b, **params)


def _at(ufunc: Any, operation: Callable[..., Any], a: Any, indices: Any, *b: Any) -> None:
    """`a[indices] = ufunc(a[indices], *b)`, where an element that is named several times is changed as often."""
    name = f"{name_of(ufunc)}.at"
    if not isinstance(a, Tensor):
        if any(map(loses_gradient, b)):
            raise TypeError(
                f"{name}: the array would lose the gradient of the tensor. Make it a tensor: ad.Tensor(array) or "
                "np.zeros_like(tensor); or leave the graph first: tensor.detach()."
            )
        ufunc.at(a, unwrapped(indices), *unwrapped(b))
        return
    ufunc.at(np.array(unwrapped(a)), unwrapped(indices), *unwrapped(b))  # NumPy's errors, before anything is changed
    places = np.arange(a.size).reshape(a.shape)[unwrapped(indices)]
    turns = _turns(places)
    last = np.max(turns, initial=0)
    if last == 0:
        assign(a, indices, operation(a[indices], *b), name)
        return
    others = [ops.broadcast_to(as_array_like(x), places.shape) for x in b]
    if ufunc in (np.add, np.subtract) and np.result_type(a.dtype, *[x.dtype for x in others]) == a.dtype:  # at once: no rounding
        assign(a, ..., operation(a, ops.scatter(others, [indices], a.shape)), name)
        return
    for turn in range(last + 1):
        index = np.unravel_index(places[turns == turn], a.shape)
        assign(a, index, operation(a[index], *[x[turns == turn] for x in others]), name)


def _turns(places: np.ndarray) -> np.ndarray:
    """How often the same place stands before, for each place."""
    row = np.ravel(places)
    order = np.argsort(row, kind="stable")
    turns = np.empty_like(row)
    turns[order] = np.arange(row.size) - np.searchsorted(row[order], row[order])
    return turns.reshape(places.shape)
