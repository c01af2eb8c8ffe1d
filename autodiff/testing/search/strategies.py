"""What Hypothesis draws for the arguments of a function: shapes that fit together, and numbers that are worth a try."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autodiff.testing.search.domains import Reals

__all__: list[str] = []

LONGEST = 5  # length of an axis with a name


def inputs_from(domains: Sequence[Any]) -> Any:
    """A strategy for one input from each of the domains, `Reals`, strategies, or values that stay as they are."""
    from hypothesis import strategies
    from hypothesis.extra import numpy as arrays

    reals = [domain for domain in domains if isinstance(domain, Reals)]
    names = dict.fromkeys(side for domain in reals for side in domain.shape or () if isinstance(side, str))
    free = sum(domain.shape is None for domain in reals)
    one = arrays.array_shapes(min_dims=0, max_dims=3, max_side=4).map(lambda shape: (shape,))
    several = arrays.mutually_broadcastable_shapes(num_shapes=max(free, 1), max_dims=3, max_side=4)
    together = several.map(lambda found: found.input_shapes) if free > 1 else one
    numbers = {domain: _numbers(domain) for domain in reals}

    @strategies.composite
    def inputs(draw: Any) -> tuple[Any, ...]:
        sizes = {name: draw(strategies.integers(1, LONGEST)) for name in names}
        shapes = iter(draw(together) if free else ())
        drawn = []
        for domain in domains:
            if isinstance(domain, Reals):
                shape = next(shapes) if domain.shape is None else _lengths(domain.shape, sizes)
                element = numbers[domain]
                drawn.append(draw(arrays.arrays(domain.dtype, shape, elements=element, fill=element)))  # the fill makes ties
            else:
                drawn.append(draw(domain) if isinstance(domain, strategies.SearchStrategy) else domain)
        return tuple(drawn)

    return inputs()


def _lengths(shape: Sequence[int | str], sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(sizes[side] if isinstance(side, str) else side for side in shape)


def _numbers(domain: Reals) -> Any:
    """A strategy for one number: one of those worth a try, or one from an interval."""
    from hypothesis import strategies

    return strategies.one_of(strategies.sampled_from(domain.numbers), *(_decimals(domain, *ends) for ends in domain.ranges))


def _decimals(domain: Reals, low: float, high: float) -> Any:
    """A strategy for a number from an interval, with few digits for the sake of who reads it."""
    from hypothesis import strategies

    places = 3 - math.floor(math.log10(high - low)) if 1e-300 < high - low < 1e300 else 0
    step = 10.0**-places if high - low > 0 else 1.0
    if not high - low > step or places > 300:
        return strategies.sampled_from((domain.rounded(low), domain.rounded(high)))
    whole = strategies.integers(math.ceil(low / step), math.floor(high / step))
    return whole.map(lambda k: domain.rounded(min(max(round(k * step, places), low), high)))
