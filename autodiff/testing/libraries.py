"""Inputs and results as NumPy arrays: numbers, lists, tensors, and the arrays of PyTorch, JAX and pandas."""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autodiff.core.tensor import Tensor, unwrapped
from autodiff.transforms.containers import is_array_of_numbers

__all__: list[str] = []


class Library(NamedTuple):
    """How arrays of another library are taken, and made again of NumPy's."""

    types: tuple[str, ...]
    taken: Callable[[Any], Any]
    made: Callable[[np.ndarray, Any], Any]  # like a model; None if there is none


def _torch(array: np.ndarray, model: Any) -> Any:
    made = sys.modules["torch"].from_numpy(array)
    return made.requires_grad_() if model is not None and model.requires_grad else made


def _jax(array: np.ndarray, model: Any) -> Any:
    made = sys.modules["jax"].numpy.array(array)
    if made.dtype != array.dtype:
        raise TypeError(f"JAX made {made.dtype} of {array.dtype}; it computes in float64 where jax_enable_x64 is set.")
    return made


def _pandas(array: np.ndarray, model: Any) -> Any:
    if model is None:
        return array
    labels = {"columns": model.columns} if model.ndim == 2 else {"name": model.name}
    return type(model)(array, index=model.index, **labels)


LIBRARIES = {  # looked at where they have been imported
    "torch": Library(("Tensor",), lambda x: x.detach().numpy(), _torch),
    "jax": Library(("Array",), np.asarray, _jax),
    "pandas": Library(("Series", "DataFrame"), lambda x: x.to_numpy(), _pandas),
}


def library_of(x: Any) -> Library | None:
    """The library that an array is of; None if that is NumPy, or it is no array."""
    for name, library in LIBRARIES.items():
        module = sys.modules.get(name)
        if module is not None and isinstance(x, tuple(getattr(module, kind) for kind in library.types)):
            return library
    return None


def is_array(x: Any) -> bool:
    """Whether `x` is an array, of any library."""
    return isinstance(x, (np.ndarray, Tensor)) or library_of(x) is not None


def plain(x: Any) -> Any:
    """An array of NumPy's, which may share memory, for one of another library or a tensor; all else as it is."""
    library = library_of(x)
    return unwrapped(x) if library is None else library.taken(x)


def by_label(x: Any, model: Any, name: str) -> Any:
    """A Series or a DataFrame in the order of the labels of a model that is one as well; all else as it is.

    Raises:
        ValueError: it has other labels.
    """
    if not (library_of(x) is library_of(model) is LIBRARIES["pandas"] and x.ndim == model.ndim):
        return x
    for axis, (own, wanted) in enumerate(zip(x.axes, model.axes, strict=True)):
        if not own.equals(wanted):
            if not (own.is_unique and wanted.is_unique and set(own) == set(wanted)):
                given, labels = map(reprlib.repr, (list(own), list(wanted)))
                raise ValueError(f"{name} has the labels {given}; wanted {labels}, in any order, or an array.")
            x = x.reindex(wanted, axis=axis)
    return x


def like(array: Any, model: Any) -> Any:
    """The array in the form of `model`, what a function of such is called with: a number, or an array of another library.

    Tensors take the place of both arrays and tensors, but a module finds its parameters by their type.
    """
    is_numpy = isinstance(array, (np.ndarray, np.generic))
    if is_numpy and isinstance(model, (float, np.floating)):
        return array[()]
    if is_numpy and isinstance(model, Tensor) and type(model) is not Tensor:
        return type(model)(array, requires_grad=model.requires_grad)
    if array is None:
        return model
    library = library_of(model)
    if library is None or array is model:
        return array
    if not is_numpy:
        raise TypeError(
            f"autodiff does not differentiate a function of {type(model).__name__} objects. Pass arrays, or a gradient that was "
            "derived otherwise, as gradient=, vjp= or jvp=."
        )
    return library.made(np.asarray(array), model)


def has_own_operations(x: Any) -> bool:
    """Whether `x` is an array of which operations may mean something else, such as the product of two `np.matrix`."""
    return isinstance(x, np.ndarray) and type(x) not in (np.ndarray, np.memmap)


def as_input(x: Any) -> Any:
    """An array of its own for an input that is an array, a tensor, a float, or a list of floats; all else as it is.

    It is None for an array with operations of its own, which nothing but `f` may take for an array.
    """
    if has_own_operations(x):
        return None
    known = is_array(x) or isinstance(x, (np.inexact, float, complex)) or is_array_of_numbers(x)
    array = np.array(plain(x)) if known else np.array(None)
    if array.dtype.kind not in "fc" and not isinstance(x, (np.ndarray, Tensor)):
        return x
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def numbers_of(x: Any) -> np.ndarray | None:
    """An array of real numbers, which may share memory, for what is one; else None."""
    found = plain(x)
    known = isinstance(found, (np.generic, int, float)) or hasattr(found, "__array__") or is_array_of_numbers(found)
    array = np.asarray(found) if known else np.array(None)
    return array if array.dtype.kind in "biuf" else None


def as_array(result: Any) -> np.ndarray:
    """What `f` returned, as an array of real numbers."""
    several = isinstance(result, (tuple, list))
    array = None if several else numbers_of(result)
    if array is not None:
        return array
    hint = " Does it lack a return statement?" if result is None else ""
    if several:
        hint = (
            " Check its results one at a time: lambda *inputs: f(*inputs)[0]. If it returns (value, gradient), pass gradient=True; "
            "if (value, other things), has_aux=True."
        )
    elif np.iscomplexobj(plain(result)):
        hint = " Check its real and its imaginary part each: lambda *inputs: f(*inputs).real, and the same with .imag."
    given = described(result)
    raise TypeError(f"check_gradient: f returned {given}; wanted a real number, an array of real numbers, or a Tensor.{hint}")


def described(x: Any) -> str:
    """What `x` is, for errors."""
    if hasattr(x, "dtype"):
        return f"an array of dtype {x.dtype}"
    return "None" if x is None else f"a {type(x).__name__}" + (f" of {len(x)}" if isinstance(x, (tuple, list)) else "")
