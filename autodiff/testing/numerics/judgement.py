"""What is claimed of derivatives, what the user allows, and what is found: the words in which verdicts are passed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autodiff.testing.numerics.differences import Estimate

__all__: list[str] = []

Verdict = Literal["right", "wrong", "cannot tell"]
KINK = "at a kink"  # how the note of such an entry begins
UNCHANGED = "f does not change nearby"
RAN_OUT = "max_evaluations reached"
NOISE = 8.0  # safety factor on the measured noise of a claim
FAR_OFF = 16.0  # what is so many bounds apart is not looked at any further
PRECISE = 1e-3  # a bound that is relatively smaller needs no second opinion
HALF_OF_THE_DIGITS = 2.0**-26  # an error as small as that is one of an ill-conditioned or iterative computation, not of a formula
SPREAD = 4.0  # safety factor on how far slopes by a complex step differ that should be equal


@dataclass(frozen=True)
class Claim:
    """Derivatives under test along one line.

    Attributes:
        value: one for each function on the line.
        slope: a size that would be natural for it.
        rounding: what it may be off by when every number that it is made of was rounded a few times.
        eps: its relative precision.
        noise: its measured rounding noise; asked for some of the functions only.
        elsewhere: the claim at a place on the line, for the function of a number.
    """

    value: np.ndarray
    slope: np.ndarray
    rounding: np.ndarray
    eps: float
    noise: Callable[[np.ndarray], np.ndarray]
    elsewhere: Callable[[float, int], float]


@dataclass(frozen=True)
class Tolerance:
    """What the user allows on top of the error bound."""

    rtol: float = 0.0
    atol: float = 0.0

    def of(self, value: Any) -> Any:
        """The allowance for a derivative of this value."""
        return self.atol + self.rtol * np.abs(value)


@dataclass
class Judgement:
    """For each function on a line: the derivative, how far the claim may be off, the verdict, and what is special there.

    `bound` is the part of `allowed` that is not the rounding of the claim, beside which it may be so small that it is lost.
    `slopes` are those from the left and from the right, one pair of rows; the same but at a kink.
    """

    value: np.ndarray
    bound: np.ndarray
    allowed: np.ndarray
    verdicts: list[Verdict]
    notes: list[str]
    slopes: np.ndarray

    @staticmethod
    def of(estimate: Estimate, claim: Claim) -> Judgement:
        """What is known from an estimate, before any verdict."""
        count, value = len(claim.value), estimate.value
        bound, allowed = estimate.bound, estimate.bound + claim.rounding
        return Judgement(value, bound, allowed, ["cannot tell"] * count, [""] * count, np.array([value, value]))


def no_judgement(count: int) -> Judgement:
    """What is known of so many functions when no evaluation is left."""
    nothing, unknown = np.full(count, np.nan), np.full(count, np.inf)
    return Judgement(nothing, unknown, unknown, ["cannot tell"] * count, [RAN_OUT] * count, np.full((2, count), np.nan))


def agrees_with(claim: Claim, value: np.ndarray, allowed: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    """Which claims are finite and as near to a value as is allowed."""
    return np.asarray(np.isfinite(claim.value) & ~(np.abs(claim.value - value) > allowed + tolerance.of(value)))
