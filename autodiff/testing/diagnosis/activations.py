"""Activation functions, where they were applied in a record, and what is mistaken for their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.testing.diagnosis.tape import Tape

__all__: list[str] = []

DEPTH = 8  # operations in which an activation function may be written


@dataclass(frozen=True)
class Activation:
    """A function, its derivative, and that derivative as a formula of the function's value; for a softmax, of its diagonal."""

    name: str
    function: Callable[[Any], Any]
    derivative: Callable[[Any], Any]
    of_value: Callable[[Any], Any]


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _softmax(z: Any) -> Any:
    powers = np.exp(z - np.max(z, axis=-1, keepdims=True)) if np.ndim(z) else np.nan
    return powers / np.sum(powers, axis=-1, keepdims=True)


ACTIVATIONS = (
    Activation("sigmoid", _sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z)), lambda a: a * (1 - a)),
    Activation("tanh", np.tanh, lambda z: 1 - np.tanh(z) ** 2, lambda a: 1 - a**2),
    Activation("relu", lambda z: np.maximum(z, 0), lambda z: z > 0, lambda a: a > 0),
    Activation("softplus", lambda z: np.logaddexp(0, z), _sigmoid, lambda a: 1 - np.exp(-a)),
    Activation("softmax", _softmax, lambda z: _softmax(z) * (1 - _softmax(z)), lambda a: a * (1 - a)),
)

# What a mistake puts in the place of the local derivative at z, where the function is a, and how it is called.
Slope = Callable[[Activation, Any, Any], Any]
SLOPES: tuple[tuple[str, Slope], ...] = (
    (
        "{0}'({0}(z)) in the place of {0}'(z): the derivative of the {0} was evaluated at its output",
        lambda f, z, a: f.derivative(a),
    ),
    ("1 in the place of {0}'(z): the derivative of the {0} was forgotten", lambda f, z, a: np.ones_like(z)),
    (
        "z in the place of {0}(z) in the derivative of the {0}, which was written as a formula of its output",
        lambda f, z, a: f.of_value(z),
    ),
    ("a in the place of {0}'(z), where a = {0}(z)", lambda f, z, a: a),
    ("1 - a in the place of {0}'(z), where a = {0}(z)", lambda f, z, a: 1 - a),
    ("a (1 - a) in the place of {0}'(z), where a = {0}(z)", lambda f, z, a: a * (1 - a)),
    ("1 - a² in the place of {0}'(z), where a = {0}(z)", lambda f, z, a: 1 - a**2),
)
OF_SOFTMAX: tuple[tuple[str, Slope], ...] = (
    ("y g in the place of y (g - Σ g y) for the {0} y: the term that couples its entries is missing", lambda f, z, a: a),
    ("y (1 - y) g in the place of y (g - Σ g y) for the {0} y: only the diagonal of its Jacobian", lambda f, z, a: a * (1 - a)),
    *SLOPES[:2],
)


def mistaken_activations(tape: Tape) -> Iterator[tuple[str, str, int, int, np.ndarray]]:
    """For each place and mistake: what is said, the function's name, the step, the number of z, the slope in its place."""
    images = [[f.function(_first(z)) for f in ACTIVATIONS] if z.size else [] for z in tape.values]
    for k, step in enumerate(tape.steps):
        a = tape.values[step.results[0]]
        for source in tape.ancestors(step.results[0], DEPTH) if len(step.results) == 1 else ():
            z = tape.values[source]
            for f, image in zip(ACTIVATIONS, images[source], strict=False):
                if z.shape == a.shape and _close(_first(a), image, a) and _close(a, f.function(z), a) and not _close(a, z, a):
                    for said, slope in OF_SOFTMAX if f.name == "softmax" else SLOPES:
                        yield said.format(f.name), f.name, k, source, np.asarray(slope(f, z, a), z.dtype)


def _first(z: np.ndarray) -> np.ndarray:
    """A part of an array that tells soon that it is not what it could be."""
    return z.reshape(-1, z.shape[-1])[0] if z.ndim else z


def _close(x: np.ndarray, y: np.ndarray, a: np.ndarray) -> bool:
    """Whether arrays are equal up to rounding."""
    return bool(np.all(np.abs(x - y) <= 32 * np.finfo(a.dtype).eps * (1 + np.abs(y))))
