"""Whether the hand-written network and the framework's do the same: the same gradients, and the same errors epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from examples.article import by_hand, explain, framework
from examples.article.descent import EVERY
from examples.article.systems import Run, System

__all__ = ["ERRORS_WITHIN", "GRADIENTS_WITHIN", "Comparison", "compare_gradients", "compare_terms", "first_difference"]

# Both compute the same sums in another order, so they differ by rounding, which grows over the epochs: training is sensitive.
GRADIENTS_WITHIN = 1e-12
ERRORS_WITHIN = 1e-9


@dataclass(frozen=True)
class Comparison:
    """One system, trained both ways, and once more as the article prints it where that is something else."""

    system: System
    epochs: int
    hand: Run
    framework: Run
    as_printed: Run | None
    gradients: dict[str, float]  # by weight: how far the first gradients are apart

    @property
    def errors(self) -> float:
        """The largest relative difference of the errors over the first hundred epochs."""
        return float(np.max(relative_differences(self.hand.errors, self.framework.errors)))

    def complaints(self) -> list[str]:
        """One line for each way in which the two disagree."""
        lines = []
        for name, difference in self.gradients.items():
            if not difference <= GRADIENTS_WITHIN:  # so that NaN is a difference too
                wrong = f"dcost/d{name} in the first epoch differs by {difference:.1e} of its size"
                lines.append(f"{self.system.name}: {wrong} (allowed: {GRADIENTS_WITHIN:.0e})")
        if not self.errors <= ERRORS_WITHIN:
            epoch = first_difference(self.hand.errors, self.framework.errors)
            lines.append(
                f"{self.system.name}: the errors differ from epoch {epoch} on: by hand {self.hand.errors[epoch]:.9g}, "
                f"framework {self.framework.errors[epoch]:.9g} (allowed: {ERRORS_WITHIN:.0e} of it)"
            )
        return lines


def relative_differences(hand: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The difference of each of the first errors, as a part of the hand-written network's error."""
    hand, other = hand[:EVERY], other[:EVERY]
    return np.abs(hand - other) / np.abs(hand)


def first_difference(hand: np.ndarray, other: np.ndarray) -> int:
    """The first epoch whose errors differ by more than rounding."""
    return int(np.argmin(relative_differences(hand, other) <= ERRORS_WITHIN))


def apart(hand: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of two arrays, as a part of the largest element: single elements may be zero."""
    largest = np.max(np.abs(hand))
    return float(np.max(np.abs(hand - other)) / (largest or 1.0))


def compare_gradients(system: System) -> dict[str, float]:
    """How far the gradients by the starting weights are apart, for each weight array."""
    hand = by_hand.chain_rule(system, system.weights)
    return {name: apart(hand["dcost/d" + name], gradient) for name, gradient in framework.gradients(system).items()}


def compare_terms(system: System) -> list[tuple[str, np.ndarray, float]]:
    """Each term of the chain rule for a network with a hidden layer: its name, its value by hand, how far autograd's is from it."""
    hand = by_hand.hidden_layer(system.x, system.y, **system.weights)
    auto = explain.terms_by_autograd(system.x, system.y, **system.weights)
    return [(term, hand[term], apart(hand[term], auto[term])) for term in explain.FORMULAS]
