"""Where the gradient under test comes from: autograd, or a formula derived by hand.

Each is brought into the form of a rule: a function of a cotangent and the inputs that returns one array for each argument to
differentiate by; or, for a Jacobian-vector product, of a tangent and the inputs that returns one array of the shape of the result.
A rule has rounding noise: so far its numbers may be off without the formula that they come from being wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.modes import no_grad
from autodiff.testing.arguments import Arguments, as_numbers
from autodiff.testing.numerics.differences import NODES, noise_of
from autodiff.testing.subject import Subject, eps_of, is_floating
from autodiff.transforms import vjp

__all__: list[str] = []

LENGTHS = (2 / 6, 3 / 6, 4 / 6)  # relative changes of the inputs and the weights, as powers of the precision

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

    def noise(self, subject: Subject, weights: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        """For each array that it returns the standard deviation of its errors, flattened.

        Inputs and weights move together along a line, by a little in proportion to their size, so that each sum inside of the
        formula is rounded anew. The middle one of three lengths counts: the longest may see the gradient itself change, and the
        shortest no change at all.
        """
        originals = (*subject.inputs, weights)
        shifts = [x * rng.uniform(0.5, 1, x.shape) * rng.choice([-1, 1], x.shape) if is_floating(x) else None for x in originals]

        def moved(t: float) -> list[np.ndarray]:
            given = zip((*subject.fresh(), weights), shifts, strict=True)
            *inputs, there = (x if shift is None else np.asarray(x + t * shift, x.dtype) for x, shift in given)
            try:
                return [g.reshape(-1).astype(np.float64) for g in self.rule(there, inputs)]
            except Exception:  # outside of the domain
                return [np.full(g.size, np.nan) for g in here]

        here = self.rule(weights.copy(), subject.fresh())
        eps = eps_of(*originals, *here)
        found = []
        for power in LENGTHS:
            values = [moved(float(node) * eps**power) for node in NODES]
            found.append([np.nan_to_num(noise_of(np.array(column)), posinf=0.0) for column in zip(*values, strict=True)])
        return [np.asarray(np.median(np.array(column), axis=0)) for column in zip(*found, strict=True)]

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
            return pullback_of(f, inputs, positions)(cotangent)

    return rule


def pullback_of(f: Callable[..., Any], inputs: Sequence[Any], positions: Sequence[int]) -> Callable[[Any], tuple[Any, ...]]:
    """The pullback of `f` as a function of the inputs at `positions` alone."""

    def of_some(*arguments: Any) -> Any:
        given = dict(zip(positions, arguments, strict=True))
        return f(*(given.get(i, x) for i, x in enumerate(inputs)))

    return vjp(of_some, *(inputs[p] for p in positions))[1]


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
        return np.concatenate([np.reshape(part, (-1,)) for part in pullback_of(f, inputs, positions)(cotangent)])

    return derivative
