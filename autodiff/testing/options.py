"""The options of `check_gradient`, checked."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.testing.libraries import described
from autodiff.testing.numerics.judgement import Tolerance

__all__: list[str] = []


def chosen_formula(f: Any, formulas: dict[str, Any], order: int) -> tuple[str, Callable[..., Any] | None]:
    """Which of the formulas was given; "autograd" if none was."""
    for name, function in ({"f": f} | formulas).items():
        if not callable(function) and (function is not None or name == "f"):
            raise TypeError(f"check_gradient: {name} is a {type(function).__name__}; wanted a function.")
    given = [(name, function) for name, function in formulas.items() if function is not None]
    if len(given) > 1:
        raise ValueError(f"check_gradient: both {given[0][0]}= and {given[1][0]}= were given. Check one at a time.")
    if order not in (1, 2):
        raise ValueError(f"check_gradient: order is {order!r}; wanted 1 or 2.")
    if given and order == 2:
        raise ValueError(
            f"check_gradient: order=2 differentiates autograd's gradient, not one derived by hand. Leave {given[0][0]}= out."
        )
    return given[0] if given else ("autograd", None)


def part_of(f: Callable[..., Any], index: int, what: str) -> Callable[..., Any]:
    """The function that returns one of the two things that `f` returns, which are `what`."""

    def part(*inputs: Any) -> Any:
        returned = f(*inputs)
        if not isinstance(returned, (tuple, list)) or len(returned) != 2:
            raise TypeError(f"check_gradient: f returned {described(returned)}; wanted {what}.")
        return returned[index]

    return part


def checked_argnums(argnums: int | Sequence[int], count: int) -> tuple[int, ...]:
    """The positions of the arguments to differentiate by, checked."""
    given = f"check_gradient: argnums is {argnums!r}"
    try:
        numbers = tuple(map(operator.index, argnums)) if isinstance(argnums, Sequence) else (operator.index(argnums),)
    except TypeError:
        raise TypeError(f"{given}; wanted the position of an input, or a tuple of positions.") from None
    if not all(0 <= i < count for i in numbers):
        raise ValueError(f"{given}, but there are {count} inputs; wanted positions from 0 to {count - 1}.")
    if not numbers or len(set(numbers)) < len(numbers):
        raise ValueError(f"{given}; wanted at least one position, and each one once.")
    return numbers


def checked_tolerance(rtol: float, atol: float) -> Tolerance:
    """What is allowed on top of the error bound, checked."""
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not (isinstance(value, (int, float)) and 0 <= value < np.inf):
            raise ValueError(f"check_gradient: {name} is {value!r}; wanted a number that is not negative.")
    return Tolerance(rtol, atol)


def checked_limit(max_evaluations: int) -> int:
    """How often the function may be evaluated, checked."""
    if not isinstance(max_evaluations, (int, np.integer)) or max_evaluations < 1:
        raise ValueError(f"check_gradient: max_evaluations is {max_evaluations!r}; wanted a positive integer.")
    return int(max_evaluations)


def checked_generator(rng: Any) -> np.random.Generator:
    """The generator for cotangents and directions, checked."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise ValueError(
            f"check_gradient: rng is {rng!r}; wanted a seed, an integer that is not negative, or a generator."
        ) from None
