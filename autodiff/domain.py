"""What is known of the arguments of an operation: where they may lie, calls to try, and points where the derivative jumps."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Example", "Interval", "Kink"]


class Interval(NamedTuple):
    """The open interval in which an argument's elements lie: where the function is defined and differentiable.

    >>> ad.Interval(0, np.inf)
    Interval(low=0, high=inf)
    """

    low: float = -np.inf
    high: float = np.inf

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Random elements: moderate ones where the interval is unbounded."""
        low, high = max(self.low, min(self.high, 2.5) - 5), min(self.high, max(self.low, -2.5) + 5)
        margin = 0.05 * (high - low)
        return np.asarray(rng.uniform(low + margin, high - margin, shape))


REALS = Interval()


class Example(NamedTuple):
    """One way to call a primitive: for each array argument its shape, or the argument itself if it is not a shape.

    >>> ad.Example(((2, 3),), {"axis": 0})
    Example(arguments=((2, 3),), params={'axis': 0})
    """

    arguments: tuple[Any, ...]
    params: Mapping[str, Any] = MappingProxyType({})


class Kink(NamedTuple):
    """A point at which the derivative jumps, and the subgradient that the rules give there for the cotangent 1.

    >>> ad.Kink((0.0,), (0.0,))
    Kink(at=(0.0,), gradient=(0.0,))
    """

    at: tuple[Any, ...]
    gradient: tuple[Any, ...]


def elementwise_examples(arity: int) -> tuple[Example, ...]:
    """Calls of an elementwise operation: several ranks, no elements, and broadcasting."""
    same = [Example((shape,) * arity) for shape in ((), (3,), (2, 3), (0,), (2, 0))]
    mixed = (
        [Example(shapes) for shapes in (((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((3, 1), ()), ((1,), (0,)))]
        if arity == 2
        else []
    )
    return (*same, *mixed)
