"""The domains of the arguments of a function: numbers to draw, simple, equal, extreme and ordinary ones, and containers of them."""

from __future__ import annotations

import functools
import math
import operator
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.testing.libraries import as_input, is_array
from autodiff.testing.subject import is_floating
from autodiff.transforms.containers import Structure, flatten

__all__ = ["Reals", "reals"]

POSITIVE = (1.0, 2.0, 3.0, 10.0, 30.0, 100.0, 700.0, 1e4, 1e8, 0.5, 0.1, 1e-3, 1e-8)
NUMBERS = (0.0, *POSITIVE, *(-x for x in POSITIVE))  # in an order in which the neighbour to the left is the simpler one
ORDINARY = 4.0  # most numbers are no larger, where the domain allows that

Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class Reals:
    """The numbers from `low` to `high`, as arrays; what `reals` returns.

    Attributes:
        low: the smallest number.
        high: the largest number.
        shape: the length of each axis, or a name for it; None for any shape.
        dtype: of the arrays.

    >>> from autodiff.testing import reals
    >>> reals(0, 1, shape=("n", 3))
    reals(0.0, 1.0, shape=('n', 3))
    """

    low: float
    high: float
    shape: Shape | None
    dtype: np.dtype[Any]

    def __contains__(self, array: Any) -> bool:
        array = np.asarray(array)
        return bool(((array >= self.low) & (array <= self.high)).all())

    def __repr__(self) -> str:
        parts = [repr(end).replace("inf", "np.inf") for end in (self.low, self.high)]
        parts += [] if self.shape is None else [f"shape={self.shape!r}"]
        parts += [] if self.dtype == np.float64 else [f"dtype=np.{self.dtype}"]
        return f"reals({', '.join(parts)})"

    @functools.cached_property
    def numbers(self) -> tuple[float, ...]:
        """The numbers that are worth a try, the simplest first."""
        ends = [x for x in (self.low, self.high) if math.isfinite(x)]
        near = [x + step for x in ends for step in (1.0, -1.0, 0.5, -0.5, 10.0, -10.0)]
        found = [x for x in (*NUMBERS, *ends, *near) if self.low <= x <= self.high]
        return tuple(dict.fromkeys(self.rounded(x) for x in found))

    @property
    def ranges(self) -> list[tuple[float, float]]:
        """The ordinary numbers of the domain, as an interval, and the whole domain if it is bounded."""
        low, high = max(self.low, -ORDINARY), min(self.high, ORDINARY)
        if low > high:
            end = self.low if self.low > 0 else self.high
            low, high = sorted((end, min(max(2 * end, self.low), self.high)))
        found = [(low, high)]
        if math.isfinite(self.high - self.low):
            found.append((self.low, self.high))
        return [(self.rounded(a), self.rounded(b)) for a, b in dict.fromkeys(found)]

    def rounded(self, x: float) -> float:
        """The number of the dtype next to `x` that is in the domain."""
        limit = float(np.finfo(self.dtype).max)
        rounded = self.dtype.type(min(max(x, -limit), limit))
        if float(rounded) > self.high:
            rounded = np.nextafter(rounded, self.dtype.type(-np.inf))
        elif float(rounded) < self.low:
            rounded = np.nextafter(rounded, self.dtype.type(np.inf))
        return float(rounded)


def reals(
    low: float = -math.inf, high: float = math.inf, *, shape: int | Sequence[int | str] | None = None, dtype: Any = float
) -> Reals:
    """The domain of an argument for `find_gradient_error` and `gradient_test`: arrays of numbers from `low` to `high`.

    It may be a part of a container, such as `{"W": reals(shape=("n", "d")), "b": reals(shape=("n",))}`.

    Drawn are zeros, equal numbers, the ends, numbers so large that functions saturate, very small ones, and mostly ordinary
    ones. Differences are taken beyond an end of the domain only if the function has values there: the end may be a kink of it.

    Args:
        low: the smallest number, which is part of the domain unless it is infinite.
        high: the largest number, likewise.
        shape: the length of each axis. In the place of a length a name may stand, as in `("batch", 3)`: a length from 1 to 5, the
            same wherever the name stands in the arguments of one call and their parts. An int is the length of the only axis. None
            is any shape of up to three axes; several domains of any shape have shapes that broadcast together.
        dtype: float16, float32 or float64.

    Raises:
        TypeError: `low` or `high` is no number, `shape` no shape, or `dtype` no type of floating point.
        ValueError: no number lies between `low` and `high`, or a length is negative.

    >>> from autodiff.testing import find_gradient_error, reals
    >>> def f(x, w):
    ...     return np.sum(np.tanh(x @ w))
    >>> find_gradient_error(f, reals(shape=("n", "d")), reals(-1, 1, shape=("d",)), max_examples=20).ok
    True
    """
    bounds = []
    for name, value in (("low", low), ("high", high)):
        try:
            bounds.append(float(value))
        except (TypeError, ValueError):
            hint = f" Did you mean shape={value!r}?" if isinstance(value, tuple) else ""
            raise TypeError(f"reals: {name} is {value!r}; wanted a number.{hint}") from None
        if math.isnan(bounds[-1]):
            raise ValueError(f"reals: {name} is nan; wanted a number, or infinity for no limit.")
    kind = np.dtype(dtype)
    if kind.kind != "f" or kind.itemsize > 8:
        raise TypeError(f"reals: dtype is {kind}; wanted float16, float32 or float64.")
    domain = Reals(bounds[0], bounds[1], _as_shape(shape), kind)
    if bounds[0] > bounds[1]:
        raise ValueError(f"reals: low is {low} and high is {high}; wanted low <= high. Did you mean reals({high}, {low})?")
    limit = float(np.finfo(kind).max)
    if bounds[0] > limit or bounds[1] < -limit or np.array(domain.numbers) not in domain:
        raise ValueError(f"reals: there is no number of dtype {kind} from {low} to {high}.")
    return domain


def _as_shape(shape: Any) -> Shape | None:
    """A shape as a tuple of lengths and names, checked."""
    if shape is None:
        return None
    sides = [shape] if isinstance(shape, (int, np.integer)) else shape
    if isinstance(sides, str) or not isinstance(sides, Sequence):
        raise TypeError(f'reals: shape is {shape!r}; wanted a tuple of lengths and names, such as (4, 3) or ("batch", 3).')
    found: list[int | str] = []
    for side in sides:
        try:
            found.append(side if isinstance(side, str) else operator.index(side))
        except TypeError:
            raise TypeError(f"reals: shape is {shape!r}, with {side!r} for a length; wanted an int or a name.") from None
        if found[-1] == "" or (not isinstance(side, str) and side < 0):
            raise ValueError(f"reals: shape is {shape!r}, with {side!r} for a length; wanted an int from 0 on, or a name.")
    return tuple(found)


class Domains:
    """One domain for each argument of a function, each a leaf or a container of such.

    A leaf is `Reals`, a strategy, or a value that stays as it is. A point of the search is a value for each of them.

    Attributes:
        leaves: all of them, in order.
    """

    def __init__(self, domains: Sequence[Any]) -> None:
        if not domains:
            raise TypeError("find_gradient_error: no domains were given; wanted one for each argument of f, such as reals().")
        parts = [_flat(domain, f"domain {i}") for i, domain in enumerate(domains)]
        self._structures = [structure for _, structure in parts]
        leaves = [leaf for leaves, _ in parts for leaf in leaves]
        for leaf, path in leaves:
            if leaf is reals:
                raise TypeError(f"find_gradient_error: {path} is the function reals; wanted what it returns: reals().")
        self.leaves = tuple(leaf for leaf, _ in leaves)
        if not any(map(_gives_numbers, self.leaves)):
            given = ", ".join(map(repr, domains))
            raise TypeError(
                f"find_gradient_error: got {given}; wanted a domain to search, such as reals(low, high), or an array of floats."
            )

    def arguments(self, point: Sequence[Any]) -> tuple[Any, ...]:
        """What the function is called with at a point."""
        leaves = iter(point)
        return tuple(structure.rebuild(leaves) for structure in self._structures)


def is_strategy(x: Any) -> bool:
    """Whether `x` is a strategy of Hypothesis, which need not be installed for this."""
    strategies = sys.modules.get("hypothesis.strategies")
    return strategies is not None and isinstance(x, strategies.SearchStrategy)


def _flat(domain: Any, name: str) -> tuple[list[tuple[Any, str]], Structure]:
    """The leaves of a domain, which is one itself if there is nothing to be drawn in it."""
    try:
        leaves, structure = flatten(domain, name, is_array=_is_domain)
    except ValueError as error:
        raise ValueError(f"find_gradient_error: {error}") from None
    return (leaves, structure) if any(_is_domain(leaf) for leaf, _ in leaves) else ([(domain, name)], Structure())


def _is_domain(x: Any) -> bool:
    return isinstance(x, Reals) or x is reals or is_strategy(x)


def _gives_numbers(leaf: Any) -> bool:
    """Whether there is something to differentiate by in what a leaf gives; an empty list is a container of nothing."""
    return _is_domain(leaf) or any(is_floating(as_input(x)) for x, _ in flatten({"leaf": leaf}, "", is_array=is_array)[0])
