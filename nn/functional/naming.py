"""Errors under the name of the function or module that was called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__: list[str] = []


def under(name: str, error: TypeError | ValueError) -> TypeError | ValueError:
    """`error`, whose text begins with the name of an operation, with `name` in the place of that."""
    operation, colon, text = str(error).partition(": ")
    told = text if colon and not set(operation) & set(".,;()'") else str(error)
    kind = type(error) if type(error).__init__ is Exception.__init__ else TypeError if isinstance(error, TypeError) else ValueError
    return kind(f"{name}: {told}")


@contextmanager
def errors_of(caller: str) -> Iterator[None]:
    """Let errors about values name `caller` instead of the operation that it calls."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise under(caller, error) from None


def not_real(**arrays: Any) -> str:
    """What is wrong if one of these arrays is complex: layers and losses are those of real numbers."""
    given = " and ".join(f"the {name} has dtype {np.asarray(array).dtype}" for name, array in arrays.items())
    return f"{given}; wanted real numbers, such as np.real(x), np.imag(x) or np.abs(x)."


def of_real(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
    """`forward`, but that it is an error to give it complex numbers, in the name of the function that calls it."""

    @functools.wraps(forward)
    def checked(x: Any, *arrays: Any, **params: Any) -> Any:
        for array in (x, *arrays):
            if getattr(getattr(array, "dtype", None), "kind", "") == "c":
                raise TypeError(f"{name}: {not_real(input=array)}")
        return forward(x, *arrays, **params)

    return checked
