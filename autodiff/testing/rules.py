"""Where the gradient under test comes from: autograd, or a formula derived by hand.

Each is brought into the form of a rule: a function of a cotangent and the inputs that returns one array for each argument to
differentiate by; or, for a Jacobian-vector product, of a tangent and the inputs that returns one array of the shape of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.core.tensor import unwrapped
from autodiff.modes import no_grad
from autodiff.transforms import vjp

__all__: list[str] = []

Rule = Callable[[np.ndarray, Sequence[Any]], tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class Candidate:
    """A gradient under test: where it comes from, "autograd", "gradient", "vjp" or "jvp", and its rule."""

    source: str
    rule: Rule

    @property
    def fixed(self) -> bool:
        """Whether the rule is for the cotangent 1 only."""
        return self.source == "gradient"

    @property
    def tangents(self) -> bool:
        """Whether the rule takes tangents, end to end, in the place of a cotangent."""
        return self.source == "jvp"


def autograd_rule(f: Callable[..., Any], positions: tuple[int, ...]) -> Rule:
    """Autograd's gradient of `f`."""

    def rule(cotangent: np.ndarray, inputs: Sequence[Any]) -> tuple[np.ndarray, ...]:
        with no_grad():  # of other tensors that `f` uses, no gradient is wanted
            _, pullback = vjp(*at_positions(f, inputs, positions))
            return pullback(cotangent)

    return rule


def at_positions(f: Callable[..., Any], inputs: Sequence[Any], positions: Sequence[int]) -> tuple[Any, ...]:
    """`f` as a function of the inputs at `positions` alone, and these inputs."""

    def of_some(*arguments: Any) -> Any:
        given = dict(zip(positions, arguments, strict=True))
        return f(*(given.get(i, x) for i, x in enumerate(inputs)))

    return of_some, *(inputs[p] for p in positions)


def gradient_rule(gradient: Callable[..., Any], names: Mapping[int, str]) -> Rule:
    """The gradient of a function with one number for a result, derived by hand: `gradient(*inputs)`."""
    return lambda cotangent, inputs: _as_gradients(gradient(*inputs), "gradient", names)


def vjp_rule(vjp: Callable[..., Any], names: Mapping[int, str]) -> Rule:
    """The vector-Jacobian product, derived by hand: `vjp(cotangent, *inputs)`."""
    return lambda cotangent, inputs: _as_gradients(vjp(cotangent, *inputs), "vjp", names)


def jvp_rule(jvp: Callable[..., Any], names: Mapping[int, str]) -> Rule:
    """The Jacobian-vector product, derived by hand: `jvp(tangent, *inputs)`, as a rule of all tangents end to end."""

    def rule(tangent: np.ndarray, inputs: Sequence[Any]) -> tuple[np.ndarray, ...]:
        ends = np.cumsum([inputs[p].size for p in names])
        pieces = zip(np.split(tangent, ends[:-1]), names, strict=True)
        tangents = [piece.reshape(inputs[p].shape).astype(inputs[p].dtype, copy=False) for piece, p in pieces]
        returned = jvp(tangents[0] if len(names) == 1 else tuple(tangents), *inputs)
        return (_as_array(returned, "jvp", "one array, of the shape of f's result"),)

    return rule


def first_derivative(f: Callable[..., Any], positions: tuple[int, ...]) -> Callable[..., Any]:
    """The function whose derivative is the second derivative of `f`: `(*inputs, cotangent)` to autograd's gradients, end to end.

    Given arrays it returns an array, given tensors a tensor.
    """

    def derivative(*inputs_and_cotangent: Any) -> Any:
        *inputs, cotangent = inputs_and_cotangent
        _, pullback = vjp(*at_positions(f, inputs, positions))
        return np.concatenate([np.reshape(part, (-1,)) for part in pullback(cotangent)])

    return derivative


def _as_gradients(returned: Any, name: str, names: Mapping[int, str]) -> tuple[np.ndarray, ...]:
    """What a formula returned: one array for each position, without copying any."""
    several = isinstance(returned, tuple) or (isinstance(returned, list) and len(names) > 1)
    parts = tuple(returned) if several else (returned,)
    wanted = f"{'one array' if len(names) == 1 else f'{len(names)} arrays'}, for {', '.join(names.values())}"
    if len(parts) != len(names):
        given = f"{len(parts)} arrays" if several else f"one {type(returned).__name__}"
        raise ValueError(f"check_gradient: {name} returned {given}; wanted {wanted}. Which ones is chosen by argnums=.")
    return tuple(_as_array(part, name, wanted) for part in parts)


def _as_array(part: Any, name: str, wanted: str) -> np.ndarray:
    """What a formula returned as an array of real numbers, without copying it."""
    array = np.asarray(unwrapped(part))
    if array.dtype.kind not in "biuf":
        raise TypeError(f"check_gradient: {name} returned a {type(part).__name__}; wanted {wanted}.")
    return array
