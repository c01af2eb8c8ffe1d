"""Activation functions, where they were applied in a record, and what is mistaken for their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autodiff.testing.diagnosis.tape import Mistake, Parts, Tape

__all__: list[str] = []

DEPTH = 8  # operations in which an activation function may be written


@dataclass(frozen=True)
class Activation:
    """A function, and its derivative as a formula of its value; for a softmax, the diagonal of its Jacobian."""

    name: str
    function: Callable[[Any], Any]
    slope: Callable[[Any], Any]


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _softmax(z: Any) -> Any:
    powers = np.exp(z - np.max(z, axis=-1, keepdims=True)) if np.ndim(z) else np.nan
    return powers / np.sum(powers, axis=-1, keepdims=True)


ACTIVATIONS = (
    Activation("sigmoid", _sigmoid, lambda a: a * (1 - a)),
    Activation("tanh", np.tanh, lambda a: 1 - a**2),
    Activation("relu", lambda z: np.maximum(z, 0), lambda a: a > 0),
    Activation("softplus", lambda z: np.logaddexp(0, z), lambda a: 1 - np.exp(-a)),
    Activation("softmax", _softmax, lambda a: a * (1 - a)),
)

# What a mistake puts in the place of the derivative of f at z, where f(z) is a, and what is said of it; {0} is the name of f.
Slope = Callable[[Activation, Any, Any], Any]
AT_OUTPUT = "{0}'({0}(z)) in the place of {0}'(z): the derivative of the {0} was evaluated at its output"
OF_INPUT = "z in the place of {0}(z) in the derivative of the {0}, which was written as a formula of its output"
SLOPES: tuple[tuple[str, Slope], ...] = (
    (AT_OUTPUT, lambda f, z, a: f.slope(f.function(a))),
    ("1 in the place of {0}'(z): the derivative of the {0} was forgotten", lambda f, z, a: np.ones_like(z)),
    (OF_INPUT, lambda f, z, a: f.slope(z)),
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


def mistaken_activations(tape: Tape) -> Iterator[Mistake]:
    """The mistakes in the derivatives of activation functions, wherever the record has the value of one."""
    for f, k, source in _applied(tape):
        z, a = tape.values[source], tape.values[tape.steps[k].results[0]]
        for said, slope in OF_SOFTMAX if f.name == "softmax" else SLOPES:
            yield Mistake(f" {said.format(f.name)}", f.name, k, partial(_times, source, np.asarray(slope(f, z, a), z.dtype)))


def _applied(tape: Tape) -> Iterator[tuple[Activation, int, int]]:
    """Which function the result of which step is, of the array of which number."""
    images = [
        np.array([f.function(_first(z)) for f in ACTIVATIONS]) if z.size and z.dtype.kind == "f" else None for z in tape.values
    ]
    for k, step in enumerate(tape.steps):
        a = tape.values[step.results[0]]
        for source in tape.ancestors(step.results[0], DEPTH) if len(step.results) == 1 and a.size else ():
            if (z := tape.values[source]).shape == a.shape and images[source] is not None:
                for f, alike in zip(ACTIVATIONS, _close(images[source], _first(a)), strict=True):
                    if alike.all() and _close(f.function(z), a).all() and not _close(z, a).all():
                        yield f, k, source


def _times(source: int, slope: np.ndarray, g: np.ndarray) -> Parts:
    return [(source, g * slope)]


def _first(z: np.ndarray) -> np.ndarray:
    """A part of an array that tells soon that it is not what it could be."""
    return z.reshape(-1, z.shape[-1])[0] if z.ndim else z


def _close(x: Any, a: np.ndarray) -> np.ndarray:
    """Where arrays are equal up to rounding."""
    return np.asarray(np.abs(x - a) <= 32 * np.finfo(a.dtype).eps * (1 + np.abs(a)))
