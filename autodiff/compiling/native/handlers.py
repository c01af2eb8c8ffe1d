"""What each of NumPy's functions is in statements: one entry here, or an expression in `scalars.py` for a ufunc."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from autodiff.compiling.native.arrays import Array, Unsupported, row_major, significant
from autodiff.compiling.native.lowering import Lowering
from autodiff.compiling.native.scalars import OPERATORS, expression
from autodiff.program import call_method, changed_within, set_item, ufunc_at, ufunc_out

__all__ = ["array", "handler", "handles", "reduce"]

HANDLERS: dict[Any, Callable[..., Array]] = {}


def handler(function: Any) -> Callable[..., Array]:
    """What lowers a call of this function; it has the function's parameters."""
    if function in HANDLERS:
        return HANDLERS[function]
    if isinstance(function, np.ufunc):
        return lambda low, *args, **kwargs: _ufunc(low, function, *args, **kwargs)
    if isinstance(getattr(function, "__self__", None), np.ufunc) and function.__name__ == "reduce":
        return lambda low, *args, **kwargs: reduce(low, function.__self__, *args, **kwargs)
    if isinstance(getattr(function, "__self__", None), np.random.Generator):
        return lambda low, *args, **kwargs: _drawn(low, function, *args, **kwargs)
    if function in _VIEWS:
        return lambda low, x, *args, **kwargs: low.viewed(array(low, x), lambda y: function(y, *args, **kwargs))
    raise Unsupported(f"{getattr(function, '__qualname__', function)}")


def handles(*functions: Any) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Note what lowers these functions."""

    def note(handle: Callable[..., Array]) -> Callable[..., Array]:
        HANDLERS.update(dict.fromkeys(functions, handle))
        return handle

    return note


_VIEWS = {
    *(getattr(np.ndarray, name) for name in ("transpose", "swapaxes", "reshape", "ravel", "squeeze", "diagonal")),
    *(np.transpose, np.swapaxes, np.reshape, np.ravel, np.squeeze, np.expand_dims, np.moveaxis, np.broadcast_to, np.flip),
    *(
        np.lib.stride_tricks.sliding_window_view,
        np.matrix_transpose,
        np.diagonal,
        np.atleast_1d,
        np.atleast_2d,
        np.rollaxis,
        np.rot90,
        np.flipud,
        np.fliplr,
    ),
}


# How NumPy makes a number of the bits of a generator, by method and type.
_DRAWS = {
    ("random", "d"): "rng->next_double(rng->state)",
    ("random", "f"): "(rng->next_uint32(rng->state) >> 8) * (1.0f / 16777216.0f)",
}


def _drawn(low: Lowering, method: Any, size: Any = None, dtype: Any = float) -> Array:
    text = _DRAWS.get((method.__name__, np.dtype(dtype).char))
    if text is None:
        raise Unsupported(f"{method.__name__} of a generator")
    return low.drawn(method.__self__, text, np.empty(() if size is None else size, np.int8).shape, dtype)


def array(low: Lowering, x: Any) -> Array:
    """What a handler was given as an array."""
    return x if isinstance(x, Array) else low.constant(np.asarray(x))


def _ufunc(low: Lowering, ufunc: np.ufunc, *args: Any, dtype: Any = None, **kwargs: Any) -> Array:
    kwargs.pop("casting", None)
    if kwargs or ufunc.nout != 1:
        raise Unsupported(f"np.{ufunc.__name__} with {', '.join(kwargs) or 'several results'}")
    if ufunc in (np.matmul, getattr(np, "vecdot", None)):
        return _matmul(low, *args) if ufunc is np.matmul else _vecdot(low, *args)
    args = tuple(x if isinstance(x, (Array, int, float, np.generic)) else array(low, x) for x in args)
    result = low.elementwise(ufunc, *args, dtype=dtype and np.dtype(dtype))
    return low.converted(result, np.dtype(float) if low.result.dtype is None else low.result.dtype)


for _function, _of in OPERATORS.items():
    HANDLERS[_function] = lambda low, *args, _of=_of: _ufunc(low, _of, *args)


def _decision(sign: str) -> Callable[..., Array]:
    def decide(low: Lowering, *given: Any) -> Array:
        reads = [x for x in given if isinstance(x, Array)]
        terms = [low.term(x, reads, np.dtype(float)) for x in given]
        return low.emit(f"({terms[0]} {sign} {terms[1] if len(terms) > 1 else 0})", reads, (), np.dtype(float))

    return decide


_SIGNS: dict[Any, str] = {
    **{operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=", operator.eq: "==", operator.ne: "!="},
    operator.truth: "!=",
}
for _comparison, _sign in _SIGNS.items():
    HANDLERS[_comparison] = _decision(_sign)


@handles(operator.pow)
def _pow(low: Lowering, x: Any, exponent: Any) -> Array:
    """As the operator of arrays: the exponents that are simpler have ways of their own."""
    simple = {2: np.square, 1: np.positive, 0.5: np.sqrt, -1: np.reciprocal}
    number = not isinstance(exponent, Array) and np.ndim(exponent) == 0
    if isinstance(x, Array) and x.dtype.kind == "f" and number and exponent in simple:
        return _ufunc(low, simple[exponent], x)
    return _ufunc(low, np.power, x, exponent)


@handles(operator.matmul)
def _matmul(low: Lowering, a: Any, b: Any) -> Array:
    a, b = array(low, a), array(low, b)
    left = a if len(a.shape) > 1 else low.viewed(a, lambda x: x[None, :])
    right = b if len(b.shape) > 1 else low.viewed(b, lambda x: x[:, None])
    result = low.product(left, right, low.type_of(low.result.dtype))
    return low.viewed(result, lambda x: x.reshape(low.result.shape))


@handles(np.dot, np.ndarray.dot)
def _dot(low: Lowering, a: Any, b: Any) -> Array:
    if not isinstance(a, Array) or not isinstance(b, Array) or not a.shape or not b.shape:
        return _ufunc(low, np.multiply, a, b)
    if len(b.shape) > 2 or len(a.shape) > 2:
        raise Unsupported("np.dot of arrays of three axes")
    return _matmul(low, a, b)


def _vecdot(low: Lowering, a: Any, b: Any) -> Array:
    a, b = low.viewed(array(low, a), lambda x: x[..., None, :]), low.viewed(array(low, b), lambda x: x[..., :, None])
    result = low.product(a, b, low.type_of(low.result.dtype))
    return low.viewed(result, lambda x: x[..., 0, 0])


def reduce(
    low: Lowering, ufunc: np.ufunc, x: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False, **more: Any
) -> Array:
    """As `ufunc.reduce`, in the type of the result of the step."""
    initial = more.pop("initial", None)
    if out is not None or more.pop("where", True) is not True:
        raise Unsupported(f"np.{ufunc.__name__}.reduce with out= or where=")
    result = low.reduced(ufunc, array(low, x), axis, bool(keepdims), low.type_of(low.result.dtype))
    return result if initial is None or initial is np._NoValue else low.elementwise(ufunc, result, initial)


def _method(ufunc: np.ufunc) -> Callable[..., Array]:
    def method(
        low: Lowering, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **more: Any
    ) -> Array:
        return reduce(low, ufunc, x, axis, dtype, out, keepdims is True, **more)

    return method


for _name, _of in {
    **{"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum, "any": np.logical_or, "all": np.logical_and},
    **{"amax": np.maximum, "amin": np.minimum},
}.items():
    for _owner in (np, np.ndarray):
        if hasattr(_owner, _name):
            HANDLERS[getattr(_owner, _name)] = _method(_of)


@handles(np.mean, np.ndarray.mean)
def _mean(low: Lowering, x: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Array:
    total = reduce(low, np.add, x, axis, dtype, out, keepdims is True)
    return low.elementwise(np.divide, total, float(array(low, x).size // max(total.size, 1)))


@handles(np.array, np.asarray, np.ascontiguousarray, np.ndarray.copy, np.ndarray.astype, np.astype)
def _as_array(low: Lowering, x: Any, *args: Any, **kwargs: Any) -> Array:
    return low.converted(array(low, x), low.type_of(low.result.dtype))  # no copy, since nothing is written to a value


@handles(np.copy)
def _copy(low: Lowering, x: Any, order: Any = "K") -> Array:
    """In rows if these are asked for: what follows is faster so."""
    x = array(low, x)
    return low.copied(x) if order == "C" and significant(x) != significant(row_major(x.buffer, x.shape)) else x


@handles(np.where)
def _where(low: Lowering, condition: Any, *given: Any) -> Array:
    dtype = low.type_of(low.result.dtype)
    operands = [x if isinstance(x, (int, float, np.generic)) else array(low, x) for x in (condition, *given)]
    reads = [x for x in operands if isinstance(x, Array)]
    terms = [low.term(x, reads, dtype if i else np.dtype(bool)) for i, x in enumerate(operands)]
    return low.emit("({} ? {} : {})".format(*terms), reads, low.result.shape, dtype)


@handles(np.clip, np.ndarray.clip)
def _clip(low: Lowering, x: Any, lower: Any = None, upper: Any = None, out: Any = None, **more: Any) -> Array:
    lower, upper = more.pop("a_min", lower), more.pop("a_max", upper)
    lower, upper = more.pop("min", lower), more.pop("max", upper)
    x = array(low, x) if lower is None else _ufunc(low, np.maximum, x, lower, **more)
    return x if upper is None else _ufunc(low, np.minimum, x, upper, **more)


def _filled(default: Any) -> Callable[..., Array]:
    def fill(low: Lowering, x: Any, *args: Any, fill_value: Any = default, **kwargs: Any) -> Array:
        value = args[0] if default is None and args else fill_value
        reads = [value] if isinstance(value, Array) else []
        dtype = low.type_of(low.result.dtype)
        return low.emit(low.term(value, reads, dtype), reads, low.result.shape, dtype)

    return fill


HANDLERS.update({np.zeros_like: _filled(0), np.ones_like: _filled(1), np.full_like: _filled(None), np.empty_like: _filled(0)})


@handles(np.concatenate, np.concat)
def _concatenate(low: Lowering, arrays: Any, axis: Any = 0, out: Any = None, **kwargs: Any) -> Array:
    parts = [low.converted(array(low, x), low.type_of(low.result.dtype)) for x in arrays]
    if axis is None:
        parts, axis = [low.viewed(x, lambda y: y.reshape(-1)) for x in parts], 0
    return low.joined(parts, axis % len(low.result.shape))


@handles(np.stack)
def _stack(low: Lowering, arrays: Any, axis: Any = 0, out: Any = None, **kwargs: Any) -> Array:
    parts = [low.converted(array(low, x), low.type_of(low.result.dtype)) for x in arrays]
    return low.joined([low.viewed(x, lambda y: np.expand_dims(y, axis)) for x in parts], axis % len(low.result.shape))


# --- indexing ---------------------------------------------------------------------------------------------------------------------


def _is_array(part: Any) -> bool:
    return isinstance(part, (Array, np.ndarray, list)) or (
        isinstance(part, np.generic) and part.ndim == 0 and part.dtype.kind == "b"
    )


@handles(operator.getitem)
def _getitem(low: Lowering, x: Any, index: Any) -> Array:
    parts = index if isinstance(index, tuple) else (index,)
    x = array(low, x)
    if not any(map(_is_array, parts)):
        whole = parts if Ellipsis in parts else (*parts, Ellipsis)  # a view also of one element
        return low.viewed(x, lambda y: y[whole])
    picked, integers = _picked(low, x, parts)
    return low.emit("{0}", [picked, *integers], picked.shape, x.dtype)


def _picked(low: Lowering, x: Array, parts: tuple[Any, ...], first: int = 1) -> tuple[Array, list[Array]]:
    """The elements that integers choose: an array whose axes for them do not move in memory, and the integers, which do it."""
    if Ellipsis not in parts:
        parts = (*parts, Ellipsis)
    at = parts.index(Ellipsis)
    missing = len(x.shape) - sum(part is not None and part is not Ellipsis for part in parts)
    parts = (*parts[:at], *[slice(None)] * missing, *parts[at + 1 :])
    integers = {i: array(low, part) for i, part in enumerate(parts) if _is_array(part)}
    if any(y.dtype.kind not in "iu" for y in integers.values()):
        raise Unsupported("an index of truth values")
    if any(isinstance(part, (int, np.integer)) for part in parts):
        raise Unsupported("an index of numbers beside arrays")
    sliced = low.viewed(x, lambda y: y[tuple(slice(None) if i in integers else part for i, part in enumerate(parts))])
    chosen = np.broadcast_shapes(*(y.shape for y in integers.values()))
    axes = [*integers]
    begin = axes[0] if axes == [*range(axes[0], axes[-1] + 1)] else 0
    rest = [i for i in range(len(sliced.shape)) if i not in integers]
    front, back = [i for i in rest if i < begin], [i for i in rest if i >= begin]
    if begin == 0:
        front, back = [], rest
    shape = (*(sliced.shape[i] for i in front), *chosen, *(sliced.shape[i] for i in back))
    strides = (*(sliced.strides[i] for i in front), *(0 for _ in chosen), *(sliced.strides[i] for i in back))
    found = tuple((first + k, sliced.shape[i], sliced.strides[i]) for k, i in enumerate(axes))
    spread = [low.viewed(y, lambda z: z.reshape(*z.shape, *(1,) * len(back))).broadcast(shape) for y in integers.values()]
    return replace(sliced, shape=shape, strides=strides, picked=found), spread


@handles(set_item)
def _set_item(low: Lowering, x: Any, index: Any, value: Any) -> Array:
    parts = index if isinstance(index, tuple) else (index,)
    x = array(low, x)
    if (
        len(parts) == 1
        and isinstance(parts[0], Array)
        and parts[0].dtype.kind == "b"
        and np.ndim(value) == 0 == len(getattr(value, "shape", ()))
    ):
        mask = low.viewed(parts[0], lambda y: y.reshape(*y.shape, *(1,) * (len(x.shape) - y.ndim)))
        reads = [mask, x, *([value] if isinstance(value, Array) else [])]
        return low.emit(f"({{0}} ? {low.term(value, reads, x.dtype)} : {{1}})", reads, x.shape, x.dtype)
    return _written(low, x, parts, value, None)


def _written(low: Lowering, x: Array, parts: tuple[Any, ...], value: Any, ufunc: np.ufunc | None) -> Array:
    value = value if isinstance(value, (int, float, np.generic)) else array(low, value)
    reads = [value] if isinstance(value, Array) else []
    text = low.term(value, reads, x.dtype)
    if not any(map(_is_array, parts)):
        whole = parts if Ellipsis in parts else (*parts, Ellipsis)
        return low.written(x, lambda y: low.viewed(y, lambda z: z[whole]), text, reads, ufunc)
    _, integers = _picked(low, x, parts, first=len(reads))
    return low.written(x, lambda y: _picked(low, y, parts, first=len(reads))[0], text, [*reads, *integers], ufunc)


@handles(changed_within)
def _changed_within(low: Lowering, x: Any, index: Any, ufunc: np.ufunc, value: Any) -> Array:
    x = array(low, x)
    if expression(ufunc, x.dtype) is None or getattr(value, "dtype", x.dtype) != x.dtype:
        raise Unsupported(f"np.{ufunc.__name__} of a part")
    return _written(low, x, index if isinstance(index, tuple) else (index,), value, ufunc)


@handles(ufunc_at)
def _ufunc_at(low: Lowering, x: Any, ufunc: np.ufunc, index: Any, *value: Any) -> Array:
    if len(value) != 1 or expression(ufunc, x.dtype) is None:
        raise Unsupported(f"np.{ufunc.__name__}.at")
    return _written(low, array(low, x), index if isinstance(index, tuple) else (index,), value[0], ufunc)


@handles(ufunc_out)
def _ufunc_out(low: Lowering, x: Array, function: Any, *args: Any, **kwargs: Any) -> Array:
    result = handler(function)(low, *args, **kwargs)
    return low.converted(result, x.dtype) if result.shape == x.shape else low.emit("{0}", [result], x.shape, x.dtype)


@handles(np.take, np.ndarray.take)
def _take(low: Lowering, x: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Array:
    if mode != "raise":
        raise Unsupported(f"np.take with mode={mode!r}")
    x = array(low, x)
    x, axis = (low.viewed(x, lambda y: y.reshape(-1)), 0) if axis is None else (x, axis % len(x.shape))
    index = np.asarray(indices) if isinstance(indices, (int, list, tuple, np.generic)) else indices
    return _getitem(low, x, (*[slice(None)] * axis, index))


@handles(call_method)
def _call_method(low: Lowering, x: Any, name: str, *args: Any, **kwargs: Any) -> Array:
    return handler(getattr(np.ndarray, name))(low, x, *args, **kwargs)
