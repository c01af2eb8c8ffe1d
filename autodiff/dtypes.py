"""Types of numbers: which ones tensors have, which ones have gradients, and which can hold which; and where the numbers are."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np

__all__: list[str] = []

NUMBERS, INEXACT = "biufc", "fc"  # kinds of dtypes: those of tensors, and of those that have gradients

capturing: ContextVar[bool] = ContextVar("autodiff_capturing", default=False)  # whether stand-ins are being computed with


def dtype_of(x: Any) -> Any:
    """The type of the numbers in `x`: an array, a number or a list of them."""
    dtype = getattr(x, "dtype", None)
    if isinstance(dtype, np.dtype):
        return dtype
    return (x.as_array() if is_stand_in(x) else np.asarray(x)).dtype


def refuse_loss(where: str, given: np.dtype[Any], wanted: np.dtype[Any]) -> None:
    """Raise if numbers of the type `given` would lose their imaginary parts as ones of the type `wanted`: NumPy only warns."""
    if given.kind == "c" != wanted.kind:
        raise TypeError(f"{where}: {wanted} cannot hold the imaginary parts of {given}. For the real parts alone: np.real(x).")


def as_numbers(data: Any, where: str, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """`data` as an array of numbers or booleans, for the argument `where`."""
    if dtype is not None:
        refuse_loss(where, dtype_of(data), np.dtype(dtype))
    if is_stand_in(data):
        return data.as_array(dtype, copy)  # type: ignore[no-any-return]
    array = np.array(data, dtype=dtype, copy=copy)
    if array.dtype.kind not in NUMBERS or is_masked(data):
        given = "is a masked array" if is_masked(data) else f"has dtype {array.dtype}"
        raise TypeError(f"{where}: the data {given}; wanted numbers or booleans.")
    owned = copy is None or isinstance(data, np.ndarray) or type(data) in (list, tuple, int, float)
    return array if owned else array.copy()  # what an object's `__array__` gives may be its own memory


def as_operand(x: Any, where: str) -> Any:
    """`x`, which is no tensor, as something to compute with: a Python number as it is, all else as an array."""
    if isinstance(x, (int, float, complex)) or is_stand_in(x):
        return x
    if isinstance(x, np.matrix):
        raise TypeError(f"{where}: an operand is np.matrix, whose `*` is another product. Pass np.asarray(matrix), write `@`.")
    array = x if type(x) is np.ndarray or isinstance(x, np.generic) else np.asarray(x)
    if array.dtype.kind not in NUMBERS or (type(x) is not np.ndarray and is_masked(x)):
        given = f"{type(x).__name__} of dtype {array.dtype}"
        raise TypeError(f"{where}: an operand is {given}; wanted numbers, as a plain array or number.")
    return array


def is_stand_in(x: Any) -> bool:
    """Whether `x` stands for an array or a float that is not to be looked at, while a computation is captured."""
    return getattr(type(x), "is_stand_in", False)


def is_masked(x: Any) -> bool:
    """Whether `x` is a masked array: a column of pandas has a `mask`, too, but is none."""
    return isinstance(x, np.ndarray) and hasattr(x, "mask")


def require_cpu(where: str, device: Any) -> None:
    """Raise if `device`, an argument of `where`, is not the only one that there is."""
    if device not in (None, "cpu"):
        raise ValueError(f"{where}: device is {device!r}; wanted 'cpu', which is the only one: leave it out.")
