"""Derivatives by the complex step: `f'(x) = Im f(x + ih) / h`, without any difference, and so without any rounding noise.

That holds where `f` is analytic and has been written so that it takes complex numbers; `np.real`, `np.conj` or a conversion on
the way make the result wrong. So `f` is called with arrays that let pass what is known to be analytic, and nothing else.

Source: J. R. R. A. Martins, P. Sturdza, J. J. Alonso, The complex-step derivative approximation, ACM TOMS 29 (2003).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

__all__: list[str] = []

STEP = 2.0**-333  # so small that its square is nothing beside 1
AGREES = 2.0**-40  # relative: the real part is the value of f, up to the rounding of complex functions

_UFUNCS = """add subtract multiply divide negative positive power float_power exp exp2 expm1 log log2 log10 log1p sqrt square
reciprocal sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh matmul"""
_OF_REAL_PARTS = """less less_equal greater greater_equal equal not_equal isfinite isnan isinf"""
_FUNCTIONS = """average broadcast_to clip concatenate convolve copy cumprod cumsum diag diagonal diff dot einsum expand_dims flip
full_like hstack inner kron matrix_transpose max mean min moveaxis ndim ones_like outer permute_dims prod ravel repeat reshape roll
shape size sort split squeeze stack sum swapaxes take tensordot tile trace transpose tril triu vstack where zeros_like"""
_METHODS = """copy cumprod cumsum diagonal dot flatten max mean min prod ravel repeat reshape sort squeeze sum swapaxes take trace
transpose"""

ANALYTIC = {getattr(np, name) for name in _UFUNCS.split()}
OF_REAL_PARTS = {getattr(np, name) for name in _OF_REAL_PARTS.split()}
PIECEWISE: dict[Any, Callable[..., Any]] = {  # the analytic continuation of the piece on which the real part lies
    np.absolute: lambda x: np.where(_above(x, 0), x, -x),
    np.maximum: lambda a, b: np.where(_above(a, b), a, b),
    np.minimum: lambda a, b: np.where(_above(a, b), b, a),
}
FUNCTIONS = {getattr(np, name) for name in _FUNCTIONS.split()} | {np.linalg.solve, np.linalg.inv, np.linalg.det}
METHODS = set(_METHODS.split())
CHOOSING, CHOOSING_METHODS = {np.max, np.min, np.sort}, {"max", "min", "sort"}
QUERIES = {"dtype", "ndim", "shape", "size"}


class Analytic(NDArrayOperatorsMixin):
    """A complex array to which only analytic functions can be applied; anything else is a TypeError."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = _unwrapped(inputs)
        if ufunc in OF_REAL_PARTS and method == "__call__":
            if len(arrays) == 2:
                _above(*arrays)
            return ufunc(*map(np.real, arrays), **options)
        if ufunc in PIECEWISE and method == "__call__" and not options:
            return _wrapped(PIECEWISE[ufunc](*arrays))
        if ufunc in PIECEWISE and ufunc.nin == 2:
            _untied(arrays[0])
        elif ufunc not in ANALYTIC:
            raise TypeError(f"{ufunc} is not known to be analytic.")
        return _wrapped(getattr(ufunc, method)(*arrays, **_unwrapped(options)))

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function not in FUNCTIONS:
            raise TypeError(f"{function} is not known to be analytic.")
        arrays, options = _unwrapped(args), _unwrapped(options)
        if function is np.clip:
            return _wrapped(_clip(*arrays, **options))
        if function in CHOOSING:
            _untied(arrays[0])
        return _wrapped(function(*arrays, **options))

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise TypeError("A conversion is not known to be analytic.")

    def __getattr__(self, name: str) -> Any:
        if name in QUERIES:
            return getattr(self.array, name)
        if name == "T":
            return Analytic(self.array.T)
        if name not in METHODS:
            raise AttributeError(f"{name} is not known to be analytic.")
        if name in CHOOSING_METHODS:
            _untied(self.array)
        return lambda *args, **options: _wrapped(getattr(self.array, name)(*_unwrapped(args), **_unwrapped(options)))

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, index: Any) -> Any:
        return _wrapped(self.array[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[index] = _unwrapped(value)


def complex_step(
    f: Callable[..., Any], inputs: list[Any], tangents: Mapping[int, np.ndarray], value: np.ndarray, rounding: float
) -> Any:
    """The derivative of `f` along the tangents, an array of the shape of its value; None if `f` is not known to be analytic.

    Args:
        f: the function.
        inputs: where to differentiate, float64 arrays among them.
        tangents: in which direction: by the positions of the arguments to differentiate by, arrays of their shapes.
        value: that of `f` there.
        rounding: what it may be off by where numbers of the size of the inputs cancel.
    """
    arguments = list(inputs)
    for position, tangent in tangents.items():
        arguments[position] = Analytic(inputs[position] + 1j * STEP * tangent)
    try:
        result = f(*arguments)
    except Exception:  # whatever f has against complex numbers, differences do not need them
        return None
    if not isinstance(result, Analytic) or result.dtype != np.complex128 or result.shape != value.shape:
        return None
    size = np.abs(value).max(where=np.isfinite(value), initial=0.0)
    agrees = np.abs(result.array.real - value) <= AGREES * size + rounding
    return np.where(agrees, result.array.imag / STEP, np.nan)


def _above(a: Any, b: Any) -> Any:
    """Where a is larger than b; where they are equal, pieces meet, and a TypeError says so."""
    if np.any(np.real(a) == np.real(b)):
        raise TypeError("A function is not known to be analytic where its pieces meet.")
    return np.real(a) > np.real(b)


def _untied(array: Any) -> None:
    """Raise a TypeError where an array has equal numbers, of which one is to be chosen."""
    if np.unique(np.real(array)).size < np.size(array):
        raise TypeError("A function is not known to be analytic where numbers to choose from are equal.")


def _clip(x: Any, low: Any = None, high: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """`np.clip`, of which the pieces are known."""
    low, high = (other if end is None else end for end, other in ((low, min), (high, max)))
    x = x if low is None else PIECEWISE[np.maximum](x, low)
    return x if high is None else PIECEWISE[np.minimum](x, high)


def _unwrapped(given: Any) -> Any:
    """The arrays of what was given, also within lists, tuples and options."""
    if isinstance(given, Analytic):
        return given.array
    if isinstance(given, (list, tuple)):
        return type(given)(_unwrapped(part) for part in given)
    return {key: _unwrapped(value) for key, value in given.items()} if isinstance(given, dict) else given


def _wrapped(result: Any) -> Any:
    """A result in which complex numbers stay under guard."""
    if isinstance(result, (list, tuple)):
        return type(result)(_wrapped(part) for part in result)
    if isinstance(result, (np.ndarray, np.generic)) and result.dtype.kind == "c":
        return Analytic(np.asarray(result))
    return result
