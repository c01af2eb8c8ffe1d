"""The operators and methods of a tensor: operations under the names that NumPy gives them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from autodiff.calls import check_call
from autodiff.core.call import apply, caller
from autodiff.core.tensor import attach
from autodiff.ops import logic, places, writing
from autodiff.ops.arithmetic import abs, add, divide, multiply, negative, positive, pow, subtract
from autodiff.ops.choosing import choose, compress, take
from autodiff.ops.complex import conj, imag, real
from autodiff.ops.contractions import dot
from autodiff.ops.cumulative import cumprod, cumsum, prod
from autodiff.ops.extremes import clip
from autodiff.ops.in_place import assign, gives_way, updating
from autodiff.ops.indexing import getitem
from autodiff.ops.matrices import trace
from autodiff.ops.products import matmul
from autodiff.ops.rearranging import repeat
from autodiff.ops.reductions import max, mean, min, sum
from autodiff.ops.rounding import divmod, floor_divide, remainder, round
from autodiff.ops.shaping import astype, copy, diagonal, permute_dims, ravel, reshape, squeeze, swapaxes
from autodiff.ops.sorting import argsort
from autodiff.ops.statistics import std, var
from autodiff.registry import registry

__all__: list[str] = []


def _reflected(operation: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: operation(other, self)


def _operator(operation: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """`operation` as an operator that an object with `__array_ufunc__ = None` answers itself, as NumPy's convention is."""
    entry = registry.get(operation.__name__)
    if entry is None:  # of constants
        return lambda self, other: NotImplemented if gives_way(other) else operation(self, other)
    call = caller(
        entry, lambda entry, operands, params: NotImplemented if any(map(gives_way, operands)) else entry.apply(operands, params)
    )
    call.__qualname__ = entry.name  # for errors
    return call


def _method(operation: Callable[..., Any], numpys: Callable[..., Any]) -> Callable[..., Any]:
    """`operation` as a method that NumPy's function `numpys` answers if it is called with parameters that only this one has."""
    entry: Any = registry.get(operation.__name__)

    def is_numpys(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        return _fits(numpys, args, kwargs) and not _fits(operation, args, kwargs)

    @wraps(operation)
    def of_primitive(*args: Any, **kwargs: Any) -> Any:
        try:
            operands, params = entry.bind(args, kwargs)
        except TypeError:
            if not is_numpys(args, kwargs):
                raise
        else:
            return apply(entry, operands, params)
        return numpys(*args, **kwargs)

    @wraps(operation)
    def of_function(*args: Any, **kwargs: Any) -> Any:
        try:
            return operation(*args, **kwargs)
        except TypeError:
            if not is_numpys(args, kwargs):
                check_call(operation.__name__.strip("_"), inspect.signature(operation), args, kwargs)
                raise
        return numpys(*args, **kwargs)

    return of_function if entry is None else of_primitive


def _fits(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether `function` has the parameters of a call; it may have if it does not tell."""
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    except ValueError:  # written in C
        return True
    return True


def _numpys_astype(self: Any, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True) -> Any:
    """`astype` with the parameters of NumPy's method."""
    np.empty(0, self.dtype).astype(dtype, order, casting, subok)  # NumPy's errors
    y = astype(self, dtype, copy=copy)
    return y if order == "K" else _copy(y, order)


def _reshape(self: Any, *shape: Any, **options: Any) -> Any:
    """The elements in another shape: `x.reshape(2, 3)` or `x.reshape((2, 3))`. See `autodiff.reshape`."""
    return (np.reshape if options else reshape)(self, shape[0] if len(shape) == 1 else shape, **options)


def _transpose(self: Any, *axes: Any) -> Any:
    """The axes in another order, or reversed. See `autodiff.permute_dims`."""
    try:
        return permute_dims(self, axes[0] if len(axes) == 1 else axes or None)
    except ValueError:
        swap = f" To swap two, as PyTorch's method does: np.swapaxes(x, {axes[0]}, {axes[1]})." if len(axes) == 2 else ""
        raise ValueError(f"transpose: the axes are {axes}, of a tensor of shape {self.shape}; wanted each once.{swap}") from None


def _copy(self: Any, order: Any = "C") -> Any:
    """The same values in memory of their own, by rows as NumPy's method has it; gradients flow through."""
    return copy(self, order)


def _flatten(self: Any) -> Any:
    """The elements along one axis, row by row, in memory of their own."""
    return copy(reshape(self, -1))


def _flatten_in(self: Any, order: Any) -> Any:
    """The elements along one axis in an order of NumPy's."""
    if isinstance(order, int):
        raise TypeError(
            f"flatten: order is {order}; wanted 'C'. The axes from {order} on in one: x.reshape(*x.shape[:{order}], -1)."
        )
    return _copy(np.ravel(self, order))


def _compress(self: Any, condition: Any, axis: int | None = None) -> Any:
    """The parts along `axis` where the vector `condition` is true. See `autodiff.compress`."""
    return compress(condition, self, axis)


_OPERATORS: dict[str, tuple[Callable[..., Any], np.ufunc, str]] = {
    "add": (add, np.add, "+"),
    "sub": (subtract, np.subtract, "-"),
    "mul": (multiply, np.multiply, "*"),
    "truediv": (divide, np.divide, "/"),
    "floordiv": (floor_divide, np.floor_divide, "//"),
    "mod": (remainder, np.remainder, "%"),
    "pow": (pow, np.power, "**"),
    "matmul": (matmul, np.matmul, "@"),
    "and": (logic.bitwise_and, np.bitwise_and, "&"),
    "or": (logic.bitwise_or, np.bitwise_or, "|"),
    "xor": (logic.bitwise_xor, np.bitwise_xor, "^"),
    "lshift": (logic.bitwise_left_shift, np.left_shift, "<<"),
    "rshift": (logic.bitwise_right_shift, np.right_shift, ">>"),
}
for _name, (_operation, _ufunc, _sign) in _OPERATORS.items():
    _itself = _operator(_operation)
    _updated = updating(_operation, _ufunc, f"x {_sign}= y")
    attach(**{f"__{_name}__": _itself, f"__r{_name}__": _reflected(_itself), f"__i{_name}__": _updated})

_AS_THEY_ARE: list[Callable[..., Any]] = [
    *(diagonal, squeeze, swapaxes, repeat, conj),
    *(places.argpartition, places.nonzero, places.searchsorted, writing.fill, writing.put),
]
_AS_NUMPYS: list[Callable[..., Any]] = [
    *(sum, mean, max, min, prod, cumsum, cumprod, var, std, round, clip, dot, trace, ravel, take, choose, argsort),
    *(logic.all, logic.any, places.argmax, places.argmin),
]
_MEMBERS: dict[str, Any] = {
    "__divmod__": divmod,
    "__rdivmod__": _reflected(divmod),
    "__neg__": negative,
    "__pos__": positive,
    "__abs__": abs,
    "__getitem__": getitem,
    "__setitem__": assign,
    "__eq__": _operator(logic.equal),
    "__ne__": _operator(logic.not_equal),
    "__lt__": _operator(logic.less),
    "__le__": _operator(logic.less_equal),
    "__gt__": _operator(logic.greater),
    "__ge__": _operator(logic.greater_equal),
    "__invert__": logic.bitwise_invert,
    "__contains__": lambda self, value: bool(logic.any(logic.equal(self, value))),
    "astype": _method(astype, _numpys_astype),
    "flatten": _method(_flatten, _flatten_in),
    "compress": _method(_compress, lambda self, condition, *args, **kwargs: np.compress(condition, self, *args, **kwargs)),
    "sort": _method(writing.sort_in_place, writing.sort_in_place),
    "partition": _method(writing.partition_in_place, writing.partition_in_place),
    "reshape": _reshape,
    "transpose": _transpose,
    "copy": _copy,
    "conjugate": conj,
    "real": property(real, doc="The real part, as a read-only view."),
    "imag": property(imag, doc="The imaginary part, as a read-only view."),
    "T": property(lambda self: permute_dims(self), doc="The axes reversed."),
    "mT": property(lambda self: swapaxes(self, -1, -2), doc="The last two axes in each other's place."),
}
attach(
    **{operation.__name__: operation for operation in _AS_THEY_ARE},
    **{operation.__name__: _method(operation, getattr(np, operation.__name__)) for operation in _AS_NUMPYS},
    **_MEMBERS,
)
