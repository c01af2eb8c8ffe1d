"""Functions made of primitives, which need no rules, as those that NumPy's functions call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autodiff.registry import numpy_table

__all__: list[str] = []

composites: dict[str, Composite] = {}


class Composite(NamedTuple):
    """A function made of primitives, and so differentiable as they are; NumPy's functions `numpy` call it, given a `Tensor`."""

    call: Callable[..., Any]
    numpy: tuple[Any, ...]
    name: str
    module: str


def composite(*, numpy: Sequence[Any] = (), name: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function made of primitives as the one that NumPy's functions `numpy` call when they are given a `Tensor`.

    `name` is what its samples are listed under; the name of the function if not given.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        key = name or function.__name__
        if key in composites:
            raise ValueError(f"composite: the name {key!r} is taken. Give this one a name of its own.")
        composites[key] = Composite(function, tuple(numpy), key, function.__module__)
        numpy_table.update(dict.fromkeys(numpy, function))
        return function

    return declare
