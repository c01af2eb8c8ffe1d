"""Functions that have no derivative: their results are booleans, integers, types, or do not depend on the values."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from autodiff.core.tensor import is_foreign, unwrapped, wrap
from autodiff.registry import numpy_table

__all__ = ["can_cast", "empty_like", "iscomplexobj", "isrealobj", "ndim", "ones_like", "result_type", "shape", "size", "zeros_like"]

CONSTANTS: set[Any] = set()  # all of NumPy's functions that are declared to be so


def as_it_is(result: Any) -> Any:
    """A result that is no array, or a tuple of arrays."""
    return result


def constant(function: Any, finish: Callable[[Any], Any] = wrap) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare that NumPy's `function` of tensors is what it is of their arrays, and `finish` makes of that: a decorator.

    What it decorates gives the public function its name, its documentation and its parameters; it takes what else NumPy's takes.
    """
    CONSTANTS.add(function)
    least = getattr(function, "nin", 2)  # arguments by position, before `out`

    def declare(public: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(public)
        def constant_function(*args: Any, **kwargs: Any) -> Any:
            for x in args:
                if is_foreign(x, function):
                    return function(*args, **kwargs)
            if (kwargs and kwargs.get("out") is not None) or (len(args) > least and _out_of(function, args) is not None):
                raise TypeError(f"{public.__name__}: out= is not supported. Into an array: np.{function.__name__}(x, out=array).")
            return finish(function(*map(unwrapped, args), **{key: unwrapped(value) for key, value in kwargs.items()}))

        constant_function.__module__ = (getattr(function, "__module__", None) or "numpy").replace("numpy", "autodiff")
        numpy_table[function] = constant_function
        return constant_function

    return declare


def _out_of(function: Any, args: tuple[Any, ...]) -> Any:
    """What stands in the place of `out` among arguments by position."""
    names = [] if isinstance(function, np.ufunc) else [*inspect.signature(function).parameters]
    i = names.index("out") if "out" in names else getattr(function, "nin", len(args))
    return args[i] if i < len(args) else None


def of_arrays(function: Any, finish: Callable[[Any], Any] = wrap) -> Callable[..., Any]:
    """NumPy's `function` as a constant one that has no other name."""
    public: Any = (lambda x, /: None) if getattr(function, "nin", 1) == 1 else (lambda a, b, /: None)
    public.__name__ = public.__qualname__ = function.__name__
    return constant(function, finish)(public)


_TENSORS: list[Any] = [
    *(np.isneginf, np.isposinf, np.nanargmax, np.nanargmin, np.packbits, np.unpackbits, np.bitwise_count, np.gcd, np.lcm),
]
_OTHERS: list[Any] = [
    *(np.einsum_path, np.array_repr, np.array_str, np.array2string, np.save, np.savez, np.savez_compressed, np.savetxt),
    *(np.array_equiv, np.common_type, np.min_scalar_type, np.may_share_memory, np.shares_memory),
    *(np.ix_, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from, np.unravel_index, np.ravel_multi_index),
]
for _function in _TENSORS:
    of_arrays(_function)
for _function in _OTHERS:
    of_arrays(_function, as_it_is)


@constant(np.zeros_like)
def zeros_like(x: Any, /, dtype: Any = None, *, device: Any = None) -> Any:
    """Zeros of the shape and type of `x`. As `numpy.zeros_like`.

    >>> ad.zeros_like(ad.Tensor([1.0, 2.0]))
    Tensor([0., 0.])
    """


@constant(np.ones_like)
def ones_like(x: Any, /, dtype: Any = None, *, device: Any = None) -> Any:
    """Ones of the shape and type of `x`. As `numpy.ones_like`.

    >>> ad.ones_like(ad.Tensor([1.0, 2.0]))
    Tensor([1., 1.])
    """


@constant(np.empty_like)
def empty_like(x: Any, /, dtype: Any = None, *, device: Any = None) -> Any:
    """Any values in the shape and type of `x`. As `numpy.empty_like`.

    >>> ad.empty_like(ad.Tensor([1.0, 2.0])).shape
    (2,)
    """


@constant(np.shape, as_it_is)
def shape(x: Any, /) -> Any:
    """The lengths of the axes. As `numpy.shape`.

    >>> ad.shape(ad.Tensor([1.0, 2.0]))
    (2,)
    """


@constant(np.ndim, as_it_is)
def ndim(x: Any, /) -> Any:
    """The number of axes. As `numpy.ndim`.

    >>> ad.ndim(ad.Tensor([1.0, 2.0]))
    1
    """


@constant(np.size, as_it_is)
def size(x: Any, /, axis: Any = None) -> Any:
    """The number of elements, or the length of `axis`. As `numpy.size`.

    >>> ad.size(ad.Tensor([1.0, 2.0]))
    2
    """


@constant(np.isrealobj, as_it_is)
def isrealobj(x: Any, /) -> Any:
    """Whether the type is not complex. As `numpy.isrealobj`.

    >>> ad.isrealobj(ad.Tensor([1.0]))
    True
    """


@constant(np.iscomplexobj, as_it_is)
def iscomplexobj(x: Any, /) -> Any:
    """Whether the type is complex. As `numpy.iscomplexobj`.

    >>> ad.iscomplexobj(ad.Tensor([1.0]))
    False
    """


@constant(np.result_type, as_it_is)
def result_type(*arrays_and_dtypes: Any) -> Any:
    """The type of what is computed with these arrays, numbers and types. As `numpy.result_type`.

    >>> ad.result_type(ad.Tensor([1.0], dtype=ad.float32), 2.0)
    dtype('float32')
    """


@constant(np.can_cast, as_it_is)
def can_cast(from_: Any, to: Any, /, casting: Any = "safe") -> Any:
    """Whether numbers of the type `from_`, or of that of this array, can be ones of the type `to` by the rule `casting`.

    As `numpy.can_cast`.

    >>> ad.can_cast(ad.float32, ad.float64)
    True
    """
