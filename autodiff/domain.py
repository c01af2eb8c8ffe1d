"""What is known of the arguments of an operation: where they may lie, and points where the derivative jumps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Interval", "Kink"]


class Interval(NamedTuple):
    """The open interval in which an argument's elements lie: where the function is defined and differentiable.

    >>> extend.Interval(0, np.inf)
    Interval(low=0, high=inf)
    """

    low: float = -np.inf
    high: float = np.inf


REALS = Interval()
POSITIVE = Interval(0, np.inf)


class Kink(NamedTuple):
    """A point at which the derivative jumps, and the subgradient that the rules give there for the cotangent 1.

    >>> extend.Kink((0.0,), (0.0,))
    Kink(at=(0.0,), gradient=(0.0,))
    """

    at: tuple[Any, ...]
    gradient: tuple[Any, ...]
