"""What was given to `check_gradient`, checked."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.testing.numerics.verdicts import Tolerance
from autodiff.testing.rules import Candidate, autograd_rule, gradient_rule, jvp_rule, vjp_rule
from autodiff.testing.subject import is_floating

__all__: list[str] = []


def candidate(f: Any, formulas: dict[str, Callable[..., Any] | None], order: int, names: Mapping[int, str]) -> Candidate:
    """The gradient under test by the arguments of these names: that of the formula that was given, or autograd's."""
    for name, function in ({"f": f} | formulas).items():
        if not callable(function) and (function is not None or name == "f"):
            raise TypeError(f"check_gradient: {name} is a {type(function).__name__}; wanted a function.")
    given = [(name, function) for name, function in formulas.items() if function is not None]
    if len(given) > 1:
        raise ValueError(f"check_gradient: both {given[0][0]}= and {given[1][0]}= were given. Check one at a time.")
    if order not in (1, 2):
        raise ValueError(f"check_gradient: order is {order!r}; wanted 1 or 2.")
    if not given:
        return Candidate("autograd", autograd_rule(f, tuple(names)))
    ((name, formula),) = given
    if order == 2:
        raise ValueError(f"check_gradient: order=2 differentiates autograd's gradient, not one derived by hand. Leave {name}= out.")
    makers = {"gradient": gradient_rule, "vjp": vjp_rule, "jvp": jvp_rule}
    return Candidate(name, makers[name](formula, names))


def checked_positions(argnums: int | Sequence[int] | None, inputs: tuple[Any, ...]) -> tuple[int, ...]:
    """The positions of the inputs to differentiate by, checked."""
    floating = tuple(i for i, x in enumerate(inputs) if is_floating(x))
    if argnums is None:
        if not floating:
            given = ", ".join(_described(x) for x in inputs) or "no inputs"
            raise TypeError(
                f"check_gradient: got {given}; wanted an input of floating point to differentiate by, for example "
                "np.array(..., dtype=float)."
            )
        return floating
    try:
        positions = tuple(map(operator.index, argnums)) if isinstance(argnums, Sequence) else (operator.index(argnums),)
    except TypeError:
        raise TypeError(
            f"check_gradient: argnums is {argnums!r}; wanted the position of an input, or a tuple of positions."
        ) from None
    for p in positions:
        if not 0 <= p < len(inputs):
            raise ValueError(
                f"check_gradient: argnums is {argnums}, but there are {len(inputs)} inputs; wanted positions from 0 to "
                f"{len(inputs) - 1}."
            )
        if p not in floating:
            raise TypeError(f"check_gradient: argument {p} of argnums is {_described(inputs[p])}; wanted floating point.")
    if not positions or len(set(positions)) < len(positions):
        raise ValueError(f"check_gradient: argnums is {argnums}; wanted at least one position, and each one once.")
    return positions


def _described(x: Any) -> str:
    return f"an array of dtype {x.dtype}" if isinstance(x, np.ndarray) else f"a {type(x).__name__}"


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


def require_finite(inputs: tuple[Any, ...], positions: tuple[int, ...], names: Sequence[str]) -> None:
    for p in positions:
        finite = np.isfinite(inputs[p])
        if not finite.all():
            index = tuple(int(k) for k in np.argwhere(~finite)[0])
            raise ValueError(f"check_gradient: {names[p]} is {inputs[p][index]} at index {index}; wanted finite numbers.")
