"""Where the gradient under test comes from: autograd, or a formula derived by hand.

Each is brought into the form of a rule: a function of a cotangent and the inputs that returns one array for each argument to
differentiate by; or, for a Jacobian-vector product, of a tangent and the inputs that returns one array of the shape of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.modes import no_grad
from autodiff.testing.arguments import Arguments, as_numbers
from autodiff.transforms import vjp

__all__: list[str] = []

Rule = Callable[[np.ndarray, Sequence[Any]], tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class Candidate:
    """A gradient under test: where it comes from, "autograd", "gradient", "vjp" or "jvp", and what it returns."""

    source: str
    returned: Rule
    arguments: Arguments | None = None

    def rule(self, weights: np.ndarray, inputs: Sequence[Any]) -> tuple[np.ndarray, ...]:
        """What it returns, in memory of its own, since it may write the next to the same."""
        return tuple(part.copy() for part in self.returned(weights, inputs))

    def like(self, formula: Callable[..., Any]) -> Rule:
        """The rule of another formula of the same kind, such as a part of it."""
        assert self.arguments is not None
        return rule_by_hand(self.source, formula, self.arguments)

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


def rule_by_hand(source: str, formula: Callable[..., Any], arguments: Arguments) -> Rule:
    """A formula derived by hand: `gradient(*inputs)`, `vjp(cotangent, *inputs)` or `jvp(tangent, *inputs)`."""

    def rule(weights: np.ndarray, leaves: Sequence[Any]) -> tuple[np.ndarray, ...]:
        inputs = arguments.rebuilt(leaves)
        if source == "gradient":
            return arguments.gradients(formula(*inputs), source)
        if source == "vjp":
            return arguments.gradients(formula(arguments.cotangent(weights), *inputs), source)
        return (as_numbers(formula(arguments.tangents(weights), *inputs), source, "the derivative of f's result"),)

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
