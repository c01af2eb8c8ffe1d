"""What a function and its gradient must do besides being right: keep shapes, types and inputs, repeat themselves, be linear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.testing.claims import random_cotangent
from autodiff.testing.report import GradientFailure
from autodiff.testing.rules import Candidate
from autodiff.testing.subject import Subject, eps_of

__all__: list[str] = []

NONLINEAR = "for 2a + 3b it is not twice that for a plus three times that for b"


def failures_of_function(subject: Subject) -> list[GradientFailure]:
    """What is wrong with the function: without it, differences mean nothing."""
    inputs = subject.fresh()
    again = subject.call(inputs)
    failures = [_mutation("f", name) for name in _changed(subject, inputs)]
    if again.shape != subject.value.shape or not _repeats(subject.value, again):
        text = "f is not deterministic: two calls with the same inputs give different results. Seed its random numbers inside of f."
        failures.append(GradientFailure("repetition", text))
    return failures


class Conduct:
    """What a gradient must do besides being right.

    Args:
        candidate: the gradient under test.
        subject: the function.
        cotangent: one that is not special.
        rng: for tangents, and for other weights, to see whether it is linear in them.

    Attributes:
        first: what it returns for the cotangent or a tangent.
    """

    def __init__(self, candidate: Candidate, subject: Subject, cotangent: np.ndarray, rng: np.random.Generator) -> None:
        self.candidate = candidate
        self.subject = subject
        self.rng = rng
        if candidate.tangents:
            self.word, self.who = "tangent", "the jvp"
            self.weights = random_cotangent((subject.ends[-1],), rng).astype(np.result_type(*subject.variables))
            self.results = [(self.who, "f's result", subject.value.shape, subject.dtype)]
        else:
            self.word, self.who, self.weights = "cotangent", "the gradient", cotangent
            named = zip(subject.variable_names, subject.variables, strict=True)
            self.results = [(f"the gradient by {name}", name, x.shape, x.dtype) for name, x in named]
        self.first = self._of(self.weights)

    def failures_of_shape(self) -> list[GradientFailure]:
        """Which results do not have the shape that they must have, so that no entry can be compared."""
        found = zip(self.results, self.first, strict=True)
        return [
            GradientFailure("shape", f"{name} has shape {result.shape}, but {model} has shape {shape}.")
            for (name, model, shape, _), result in found
            if result.shape != shape
        ]

    def failures(self) -> list[GradientFailure]:
        """What else is wrong."""
        inputs, w = self.subject.fresh(), self.weights.copy()
        found = self.candidate.returned(w, inputs)
        changed = [f"its {self.word}"] if w.tobytes() != self.weights.tobytes() else []
        failures = [_mutation(self.who, name) for name in _changed(self.subject, inputs) + changed]
        failures += [GradientFailure("aliasing", text) for text in self._sharing(found, inputs, w)]
        dtypes = []
        for (name, model, _, dtype), first, second in zip(self.results, self.first, found, strict=True):
            if first.dtype != dtype:
                dtypes.append(GradientFailure("dtype", f"{name} has dtype {first.dtype}, but {model} has dtype {dtype}."))
            if first.shape != second.shape or not _repeats(first, second):
                text = f"{name} is not deterministic: two calls with the same inputs differ."
                failures.append(GradientFailure("repetition", text))
        if not self.candidate.fixed and not failures:
            failures = [GradientFailure("linearity", text) for text in self._not_zero() or self._nonlinear()]
        return failures + dtypes

    def _of(self, weights: np.ndarray) -> tuple[np.ndarray, ...]:
        return self.candidate.rule(weights.copy(), self.subject.fresh())

    def _sharing(self, found: Sequence[np.ndarray], inputs: Sequence[Any], weights: np.ndarray) -> list[str]:
        """Which results share memory with something that their user may change."""
        others = [(name, x) for name, x in zip(self.subject.names, inputs, strict=True) if isinstance(x, np.ndarray)]
        others.append((f"the {self.word}", weights))
        failures = []
        for (name, *_), result in zip(self.results, found, strict=True):
            failures += [
                f"{name} shares memory with {other}: changing one changes the other. Return a copy."
                for other, array in others
                if np.shares_memory(result, array)
            ]
            others.append((name, result))
        return failures

    def _not_zero(self) -> list[str]:
        """Which results are not zero for a weight of zero, where they are finite for another."""
        failures = []
        for (name, *_), usual, result in zip(self.results, self.first, self._of(np.zeros_like(self.weights)), strict=True):
            wrong = np.argwhere((result != 0) & np.isfinite(usual))
            if len(wrong):
                index = tuple(map(int, wrong[0]))
                failures.append(f"{name} is not zero for a {self.word} of zeros: it is {result[index]:.6g} at index {index}.")
        return failures

    def _nonlinear(self) -> list[str]:
        """Which results are not linear in their weights: rule(2a + 3b) = 2 rule(a) + 3 rule(b), up to rounding errors.

        These are as large as is natural for a slope of the function, or larger, as measured, if sums inside of the rule cancel.
        """
        subject, a = self.subject, self.weights
        b = random_cotangent(a.shape, self.rng).astype(a.dtype)
        weights = (a, b, np.asarray(2 * a + 3 * b))
        of_a, of_b, of_sum = map(self._of, weights)
        eps = eps_of(*subject.inputs, a)
        failures = []
        for slot, ((name, *_), x, y, z) in enumerate(zip(self.results, of_a, of_b, of_sum, strict=True)):
            size = 2 * np.abs(x) + 3 * np.abs(y)
            error = np.abs(2 * x + 3 * y - z).reshape(-1)
            allowed = eps**0.25 * size.max(where=np.isfinite(size), initial=0.0) + 64 * eps * self._natural(slot, weights[2])
            excess = np.nan_to_num(error - allowed - np.finfo(float).tiny)
            noises = (self.candidate.noise(subject, w, self.rng)[slot].max() for w in weights)
            if (excess > 0).any() and excess.max() > 100 * max(noises):
                failures.append(f"{name} is not linear in the {self.word}: {NONLINEAR}.")
        return failures

    def _natural(self, slot: int, weights: np.ndarray) -> Any:
        """A size that would be natural for the numbers of a result."""
        sizes = np.maximum(np.abs(self.subject.value).reshape(-1), self.subject.floor)
        if self.word == "cotangent":
            return float(np.sum(np.abs(weights).reshape(-1) * sizes)) / np.minimum(self.subject.scales[slot], 1.0)
        return sizes * float(np.sum(np.abs(weights) / np.concatenate(self.subject.scales)))


def _mutation(who: str, what: str) -> GradientFailure:
    return GradientFailure("mutation", f"{who} changes {what} in place. Let it work on a copy.")


def _changed(subject: Subject, inputs: Sequence[Any]) -> list[str]:
    """The names of the arrays among the inputs whose bytes differ from the original's."""
    named = zip(subject.names, inputs, subject.inputs, strict=True)
    return [name for name, x, original in named if isinstance(x, np.ndarray) and x.tobytes() != original.tobytes()]


def _repeats(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two results are equal, up to what another order of summation may change."""
    if first.dtype.kind != "f":
        return np.array_equal(first, second)
    size = float(np.abs(first).max(where=np.isfinite(first), initial=0.0))
    return np.allclose(first, second, rtol=0, atol=64 * eps_of(first) * size, equal_nan=True)
