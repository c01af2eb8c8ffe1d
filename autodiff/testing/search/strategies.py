"""What Hypothesis draws for the arguments of a function: shapes that fit together, and numbers that are worth a try."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies
from hypothesis.extra import numpy as arrays

from autodiff.testing.search.domains import Reals, is_strategy

__all__: list[str] = []

LONGEST = 5  # length of an axis with a name


def points_from(leaves: Sequence[Any]) -> Any:
    """A strategy for a value for each of the leaves of domains: `Reals`, strategies, or values that stay as they are."""
    reals = [leaf for leaf in leaves if isinstance(leaf, Reals)]
    names = dict.fromkeys(side for domain in reals for side in domain.shape or () if isinstance(side, str))
    free = sum(domain.shape is None for domain in reals)
    one = arrays.array_shapes(min_dims=0, max_dims=3, max_side=4).map(lambda shape: (shape,))
    several = arrays.mutually_broadcastable_shapes(num_shapes=max(free, 1), max_dims=3, max_side=4)
    together = several.map(lambda found: found.input_shapes) if free > 1 else one
    numbers = {domain: _numbers(domain) for domain in reals}

    @strategies.composite
    def points(draw: Any) -> tuple[Any, ...]:
        sizes: dict[Any, Any] = {name: draw(strategies.integers(1, LONGEST)) for name in names}
        shapes = iter(draw(together) if free else ())
        drawn = []
        for leaf in leaves:
            if isinstance(leaf, Reals):
                shape = next(shapes) if leaf.shape is None else tuple(sizes.get(side, side) for side in leaf.shape)
                element = numbers[leaf]
                drawn.append(draw(arrays.arrays(leaf.dtype, shape, elements=element, fill=element)))  # the fill makes ties
            else:
                drawn.append(draw(leaf) if is_strategy(leaf) else leaf)
        return tuple(drawn)

    return points()


def _numbers(domain: Reals) -> Any:
    """A strategy for one number: one of those worth a try, or one from an interval."""
    return strategies.one_of(strategies.sampled_from(domain.numbers), *(_decimals(domain, *ends) for ends in domain.ranges))


def _decimals(domain: Reals, low: float, high: float) -> Any:
    """A strategy for a number from an interval, with few digits for the sake of who reads it."""
    places = 3 - math.floor(math.log10(high - low)) if 1e-300 < high - low < 1e300 else 0
    step = 10.0**-places if high - low > 0 else 1.0
    if not high - low > step or places > 300:
        return strategies.sampled_from((domain.rounded(low), domain.rounded(high)))
    whole = strategies.integers(math.ceil(low / step), math.floor(high / step))
    return whole.map(lambda k: domain.rounded(min(max(round(k * step, places), low), high)))
