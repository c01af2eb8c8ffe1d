"""Tensors from other data, and from shapes and numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, array_of, sharing, wrap
from autodiff.dtypes import as_numbers, dtype_of, require_cpu
from autodiff.lists import in_one
from autodiff.ops.constants import constant
from autodiff.ops.indexing import setitem
from autodiff.ops.rounding import floor
from autodiff.ops.shaping import astype, moveaxis
from autodiff.ops.shaping import copy as copied
from autodiff.registry import numpy_table

__all__ = ["arange", "array", "asarray", "empty", "eye", "from_dlpack", "full", "full_like", "linspace", "ones", "zeros"]


def asarray(data: Any, /, dtype: Any = None, *, device: Any = None, copy: bool | None = None) -> Any:
    """`data` as a tensor that shares the memory of an array: a write to one is one to the other. As `numpy.asarray`.

    A tensor is returned as it is if it has the type `dtype`, else it is converted, with its gradient. Tensors in lists are stacked.
    With `copy` nothing is shared; if it is false, that a copy is needed is a `ValueError`. If a gradient needs a value that was
    overwritten in the array, that is noticed for small arrays, and at scattered places for large ones.

    >>> a = np.zeros(2)
    >>> t = ad.asarray(a)
    >>> t[0] = 1.0
    >>> a
    array([1., 0.])
    >>> ad.asarray([ad.Tensor(2.0), 3.0])
    Tensor([2., 3.])
    """
    require_cpu("asarray", device)
    whole = in_one(data)
    stacked = isinstance(whole, Tensor) and whole is not data
    if stacked:
        data = whole
    if not isinstance(data, Tensor):
        array = as_numbers(data, "asarray", dtype, copy=copy)
        return wrap(array) if copy or isinstance(data, (int, float, complex, list, tuple)) else sharing(array)
    converts = dtype is not None and data.dtype != dtype
    if copy is False and (stacked or converts):
        given = "a list of tensors" if stacked else f"a tensor of dtype {data.dtype}"
        raise ValueError(f"asarray: copy is False, but the data is {given}, which must be copied. Leave copy= out.")
    return astype(data, dtype) if converts else copied(data) if copy and not stacked else data


def array(data: Any, dtype: Any = None, *, copy: bool | None = True) -> Any:
    """`data` as a tensor in memory of its own. As `numpy.array`, of tensors with their gradients: see `asarray`.

    `np.array` of a list of tensors cannot be had: NumPy asks nobody what to make of a list. Write `np.stack`, or this.

    >>> x = ad.Tensor(2.0, requires_grad=True)
    >>> ad.array([x, x * x]).sum().backward()
    >>> x.grad
    Tensor(5.)
    """
    return asarray(data, dtype, copy=copy)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """An array of another library as a constant tensor that shares its memory, or is a `copy`. As `numpy.from_dlpack`.

    >>> ad.from_dlpack(np.ones(2))
    Tensor([1., 1.])
    """
    require_cpu("from_dlpack", device)
    return sharing(as_numbers(np.from_dlpack(x), "from_dlpack", copy=copy or None))


def _creating(function: Any) -> Callable[..., Any]:
    """Declare NumPy's `function`, whose results are tensors: a decorator."""
    return constant(function, lambda array: wrap(as_numbers(array, function.__name__)))


def _of_shape(create: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a shape, but that it says so if it is called as `torch.zeros(2, 3)`: a decorator."""

    @wraps(create)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            return create(*args, **kwargs)
        except TypeError:
            if len(args) < 2 or not all(isinstance(n, (int, np.integer)) for n in args):
                raise
            name = create.__name__
            raise TypeError(f"{name}: given {len(args)} numbers; a shape is one argument: {name}({args}).") from None

    return checked


@_of_shape
@_creating(np.zeros)
def zeros(shape: Any, dtype: Any = None, *, device: Any = None) -> Any:
    """Zeros of the shape `shape`. As `numpy.zeros`.

    >>> ad.zeros(2)
    Tensor([0., 0.])
    """


@_of_shape
@_creating(np.ones)
def ones(shape: Any, dtype: Any = None, *, device: Any = None) -> Any:
    """Ones of the shape `shape`. As `numpy.ones`.

    >>> ad.ones(2)
    Tensor([1., 1.])
    """


@_of_shape
@_creating(np.empty)
def empty(shape: Any, dtype: Any = None, *, device: Any = None) -> Any:
    """Any values in the shape `shape`. As `numpy.empty`.

    >>> ad.empty((2, 3)).shape
    (2, 3)
    """


@_creating(np.eye)
def eye(n_rows: Any, n_cols: Any = None, /, k: Any = 0, dtype: Any = None, *, device: Any = None) -> Any:
    """A matrix with ones on the diagonal `k` above the main one, and zeros. As `numpy.eye`.

    >>> ad.eye(2)
    Tensor([[1., 0.],
            [0., 1.]])
    """


def arange(start: Any, /, stop: Any = None, step: Any = 1, dtype: Any = None, *, device: Any = None) -> Tensor:
    """The numbers from `start`, or from 0 if it stands alone, up to but without `stop`, `step` apart. As `numpy.arange`.

    They are constant: how many there are depends on the ends. Of tensors that require grad: `start + step * ad.arange(n)`.

    >>> ad.arange(3)
    Tensor([0, 1, 2])
    """
    require_cpu("arange", device)
    numbers: Any = np.arange
    return wrap(as_numbers(numbers(start, stop, step, dtype), "arange"))


def full(shape: Any, fill_value: Any, dtype: Any = None, *, device: Any = None) -> Tensor:
    """`fill_value` in the shape `shape`, through which gradients flow. As `numpy.full`.

    >>> ad.full(2, ad.Tensor(3.0))
    Tensor([3., 3.])
    """
    require_cpu("full", device)
    dtype = dtype_of(fill_value) if dtype is None else dtype
    return full_like(as_numbers(np.empty(shape, dtype), "full"), fill_value)


def full_like(x: Any, /, fill_value: Any, dtype: Any = None, *, device: Any = None, shape: Any = None) -> Tensor:
    """`fill_value`, through which gradients flow, in the shape and type of `x`, or in those given. As `numpy.full_like`.

    >>> ad.full_like(ad.Tensor([1.0, 2.0]), 3.0)
    Tensor([3., 3.])
    """
    require_cpu("full_like", device)
    empty = as_numbers(np.empty_like(array_of(x), dtype, shape=shape), "full_like")  # laid out as `x`
    y = setitem(empty, astype(fill_value, empty.dtype), ..., copy=False)
    return y if isinstance(y, Tensor) else wrap(y)


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0, *, device: Any = None
) -> Any:
    """`num` numbers at equal distances from `start` to `stop`, or to one step before it without `endpoint`. As `numpy.linspace`.

    The ends may be arrays, with broadcasting, between which they lie along the new axis `axis`. Gradients flow to both.

    >>> ad.linspace(0.0, ad.Tensor(1.0), 3)
    Tensor([0. , 0.5, 1. ])
    """
    require_cpu("linspace", device)
    axis = operator.index(axis)
    if not isinstance(start, Tensor) and not isinstance(stop, Tensor):
        return wrap(as_numbers(np.linspace(start, stop, num, endpoint, dtype=dtype, axis=axis), "linspace"))
    if operator.index(num) < 0:
        raise ValueError(f"linspace: num is {num}; wanted a number of elements, 0 or more.")
    (start, stop), steps = ends_of(start, stop), num - 1 if endpoint else num
    count = np.reshape(np.arange(num).astype(start.dtype), (-1,) + (1,) * max(np.ndim(start), np.ndim(stop)))
    y = count * ((stop - start) / max(steps, 1)) + start
    if endpoint and num > 1:
        y = setitem(y, stop, -1)  # not but for rounding
    if dtype is not None:
        y = astype(floor(y) if np.dtype(dtype).kind in "iu" else y, dtype)
    return moveaxis(y, 0, axis) if axis else y


def ends_of(start: Any, stop: Any) -> tuple[Any, Any]:
    """The ends of a line in the type of its numbers."""
    start, stop = in_one(start), in_one(stop)
    kind = np.result_type(array_of(start), array_of(stop), 1.0)
    return astype(start, kind), astype(stop, kind)


CREATING: dict[Any, Any] = {np.full_like: full_like, np.linspace: linspace}
numpy_table.update(CREATING)
