"""Where the gradient under test comes from: autograd, or a formula derived by hand.

Each is brought into the form of a rule: a function of a cotangent and the inputs that returns one array for each argument to
differentiate by; or, for a Jacobian-vector product, of a tangent and the inputs that returns one array of the shape of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.backward import accumulate, backward_pass
from autodiff.graph import Variable, unwrapped
from autodiff.modes import enable_grad
from autodiff.tensor import Tensor

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
    """Autograd's gradient of `f`, as `backward` would leave it in `.grad`; that of other tensors is not touched."""

    def rule(cotangent: np.ndarray, inputs: Sequence[Any]) -> tuple[np.ndarray, ...]:
        with enable_grad():
            arguments, leaves = _with_tensors(inputs, positions)
            result = f(*arguments)
            found = _backward(result, cotangent, leaves)
        accumulate(found)
        return tuple(np.zeros(leaf.shape, leaf.dtype) if leaf.grad is None else leaf.grad._array for leaf in leaves)

    return rule


def gradient_rule(gradient: Callable[..., Any], positions: tuple[int, ...]) -> Rule:
    """The gradient of a function with one number for a result, derived by hand: `gradient(*inputs)`."""
    return lambda cotangent, inputs: _as_gradients(gradient(*inputs), "gradient", positions)


def vjp_rule(vjp: Callable[..., Any], positions: tuple[int, ...]) -> Rule:
    """The vector-Jacobian product, derived by hand: `vjp(cotangent, *inputs)`."""
    return lambda cotangent, inputs: _as_gradients(vjp(cotangent, *inputs), "vjp", positions)


def jvp_rule(jvp: Callable[..., Any], positions: tuple[int, ...]) -> Rule:
    """The Jacobian-vector product, derived by hand: `jvp(tangent, *inputs)`, as a rule of all tangents end to end."""

    def rule(tangent: np.ndarray, inputs: Sequence[Any]) -> tuple[np.ndarray, ...]:
        ends = np.cumsum([inputs[p].size for p in positions])
        pieces = zip(np.split(tangent, ends[:-1]), positions, strict=True)
        tangents = [piece.reshape(inputs[p].shape).astype(inputs[p].dtype, copy=False) for piece, p in pieces]
        returned = jvp(tangents[0] if len(positions) == 1 else tuple(tangents), *inputs)
        return (_as_array(returned, "jvp", "one array, of the shape of f's result"),)

    return rule


def first_derivative(f: Callable[..., Any], positions: tuple[int, ...], dtype: Any) -> Callable[..., Any]:
    """The function whose derivative is the second derivative of `f`: `(*inputs, cotangent)` to autograd's gradients, end to end.

    Given arrays it returns an array, given tensors a tensor. `dtype` is the result's where `f` does not depend on the inputs.
    """

    def derivative(*inputs_and_cotangent: Any) -> Any:
        *inputs, cotangent = inputs_and_cotangent
        records = any(isinstance(x, Variable) for x in inputs_and_cotangent)
        with enable_grad():
            arguments, leaves = _with_tensors(inputs, positions)
            result = f(*arguments)
            seed = cotangent if not records or isinstance(cotangent, Variable) else Tensor(cotangent)
            found = _backward(result, seed, leaves, create_graph=records)
            parts = [found.get(leaf._node, np.zeros(leaf.shape, dtype)) for leaf in leaves]
            joined = np.concatenate([np.reshape(part if records else unwrapped(part), (-1,)) for part in parts])
        return joined

    return derivative


def _with_tensors(inputs: Sequence[Any], positions: tuple[int, ...]) -> tuple[list[Any], list[Tensor]]:
    """The inputs, with tensors that require grad at `positions`; and those tensors. A tensor that is there already stays."""
    arguments = list(inputs)
    for p in positions:
        if not isinstance(arguments[p], Variable):
            arguments[p] = Tensor(arguments[p], requires_grad=True)
    return arguments, [arguments[p] for p in positions]


def _backward(result: Any, cotangent: Any, leaves: list[Tensor], create_graph: bool = False) -> dict[Any, Any]:
    """The gradients that reach the leaves, by their records."""
    root = result._node if isinstance(result, Variable) else None
    if root is None or not root.requires_grad:
        return {}
    targets = [leaf._node for leaf in leaves if leaf._node is not None]
    found = backward_pass({root: cotangent}, create_graph=create_graph, targets=targets)
    for record in [record for record, gradient in found.items() if gradient is None]:
        del found[record]
    return found


def _as_gradients(returned: Any, name: str, positions: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """What a formula returned: one array for each position, without copying any."""
    several = isinstance(returned, tuple) or (isinstance(returned, list) and len(positions) > 1)
    parts = tuple(returned) if several else (returned,)
    wanted = f"one array, for argument {positions[0]}"
    if len(positions) > 1:
        wanted = f"{len(positions)} arrays, for the arguments {positions}"
    if len(parts) != len(positions):
        given = f"{len(parts)} arrays" if several else f"one {type(returned).__name__}"
        raise ValueError(f"check_gradient: {name} returned {given}; wanted {wanted}. Which ones is chosen by argnums=.")
    return tuple(_as_array(part, name, wanted) for part in parts)


def _as_array(part: Any, name: str, wanted: str) -> np.ndarray:
    """What a formula returned as an array of real numbers, without copying it."""
    array = np.asarray(unwrapped(part))
    if array.dtype.kind not in "biuf":
        raise TypeError(f"check_gradient: {name} returned a {type(part).__name__}; wanted {wanted}.")
    return array
