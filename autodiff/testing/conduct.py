"""What a function and its gradient must do besides being right: keep shapes, types and inputs, repeat themselves, be linear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.testing.claims import random_cotangent
from autodiff.testing.noise import gradient_noise
from autodiff.testing.rules import Rule
from autodiff.testing.subject import Subject, is_floating

__all__: list[str] = []


def failures_of_function(subject: Subject) -> list[str]:
    """What is wrong with the function: without it, differences mean nothing."""
    inputs = subject.fresh()
    again = subject.call(inputs)
    failures = [f"f changes argument {i} in place. Let it work on a copy." for i in _changed(inputs, subject.inputs)]
    if again.shape != subject.value.shape or not _repeats(subject.value, again):
        failures.append(
            "f is not deterministic: two calls with the same inputs give different results. Seed its random numbers inside of f."
        )
    return failures


def failures_of_shape(rule: Rule, subject: Subject, cotangent: np.ndarray) -> list[str]:
    """Which gradients do not have the shape of their argument, so that no entry can be compared."""
    failures = []
    for p, gradient in zip(subject.positions, rule(cotangent.copy(), subject.fresh()), strict=True):
        wanted = subject.inputs[p].shape
        if gradient.shape != wanted:
            failures.append(f"the gradient by argument {p} has shape {gradient.shape}, but the argument has shape {wanted}.")
    return failures


def failures_of_gradient(rule: Rule, subject: Subject, cotangent: np.ndarray, rng: np.random.Generator, linear: bool) -> list[str]:
    """What else is wrong with the gradient."""
    inputs, g = subject.fresh(), cotangent.copy()
    gradients = rule(g, inputs)
    failures = [f"the gradient changes argument {i} in place. Let it work on a copy." for i in _changed(inputs, subject.inputs)]
    if g.tobytes() != cotangent.tobytes():
        failures.append("the gradient changes its cotangent in place. Let it work on a copy.")
    failures += _sharing(gradients, inputs, g, subject.positions)
    again = rule(cotangent.copy(), subject.fresh())
    for p, first, second in zip(subject.positions, gradients, again, strict=True):
        wanted = subject.inputs[p].dtype
        if first.dtype != wanted:
            failures.append(f"the gradient by argument {p} has dtype {first.dtype}, but the argument has dtype {wanted}.")
        if first.shape != second.shape or not _repeats(first, second):
            failures.append(f"the gradient by argument {p} is not deterministic: two calls with the same inputs differ.")
    if linear and not failures:
        failures += _nonlinear(rule, subject, cotangent, rng)
    return failures


def _changed(inputs: Sequence[Any], originals: Sequence[Any]) -> list[int]:
    """The positions of the arrays whose bytes differ from the original's."""
    pairs = enumerate(zip(inputs, originals, strict=True))
    return [i for i, (x, original) in pairs if isinstance(x, np.ndarray) and x.tobytes() != original.tobytes()]


def _sharing(gradients: Sequence[np.ndarray], inputs: Sequence[Any], cotangent: np.ndarray, positions: Sequence[int]) -> list[str]:
    """Which gradients share memory with something that their user may change."""
    others = [(f"argument {i}", x) for i, x in enumerate(inputs) if isinstance(x, np.ndarray)] + [("the cotangent", cotangent)]
    failures = []
    for k, (p, gradient) in enumerate(zip(positions, gradients, strict=True)):
        earlier = [(f"the gradient by argument {q}", other) for q, other in zip(positions[:k], gradients, strict=False)]
        failures += [
            f"the gradient by argument {p} shares memory with {name}: changing one changes the other. Return a copy."
            for name, other in others + earlier
            if np.shares_memory(gradient, other)
        ]
    return failures


def _nonlinear(rule: Rule, subject: Subject, a: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Which gradients are not linear in the cotangent: vjp(2a + 3b) = 2 vjp(a) + 3 vjp(b), up to rounding errors.

    These are as large as is natural for a slope of the function, or larger, as measured, if sums inside of the gradient cancel.
    """
    b = random_cotangent(a.shape, rng).astype(a.dtype)
    cotangents = (a, b, np.asarray(2 * a + 3 * b))
    of_a, of_b, of_sum = (rule(g.copy(), subject.fresh()) for g in cotangents)
    eps = max(float(np.finfo(x.dtype).eps) for x in (*subject.inputs, a) if is_floating(x))
    natural = float(np.sum(np.abs(cotangents[2]).reshape(-1) * np.maximum(np.abs(subject.value).reshape(-1), subject.floor)))
    failures = []
    for slot, (p, x, y, z) in enumerate(zip(subject.positions, of_a, of_b, of_sum, strict=True)):
        size = 2 * np.abs(x) + 3 * np.abs(y)
        error = np.abs(2 * x + 3 * y - z).reshape(-1)
        excess = error - eps**0.25 * size.max(where=np.isfinite(size), initial=0.0) - 64 * eps * natural / subject.scales[slot]
        excess = np.nan_to_num(excess - np.finfo(float).tiny)
        if (excess > 0).any() and excess.max() > 100 * max(gradient_noise(rule, subject, g, rng)[slot].max() for g in cotangents):
            failures.append(
                f"the gradient by argument {p} is not linear in the cotangent: for 2a + 3b it is not twice that for a plus three "
                "times that for b."
            )
    return failures


def _repeats(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two results are equal, up to what another order of summation may change."""
    if first.dtype.kind != "f":
        return np.array_equal(first, second)
    size = float(np.abs(first).max(where=np.isfinite(first), initial=0.0))
    return np.allclose(first, second, rtol=0, atol=64 * float(np.finfo(first.dtype).eps) * size, equal_nan=True)
