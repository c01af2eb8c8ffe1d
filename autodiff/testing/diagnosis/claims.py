"""What a hypothesis claims: that two arrays are equal, or one a multiple of the other; and what makes it credible that they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff.testing.diagnosis.evidence import Pair

__all__: list[str] = []

DIGITS = 5.0  # decimal digits in which a wrong gradient must agree with an explanation, over all entries together
DISTINCT = 2  # entries, no two of them equal, that must agree in a digit or more; one more for each number that was fitted
SPECIAL = {value: f"{value:g}" for value in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)}


@dataclass(frozen=True)
class Equation:
    """That `left` is `right`, or a multiple of it, up to what is `allowed`, by one argument at one point.

    `apart` is how far the wrong gradient is from the right one: where it is no more than what is allowed, equality proves nothing.
    `slack` is by how much of what is allowed `right` may be off as well.
    """

    left: np.ndarray
    right: np.ndarray
    allowed: np.ndarray
    apart: np.ndarray
    slack: float = 0.0


@dataclass(frozen=True)
class Claim:
    """What may be wrong with a gradient.

    Attributes:
        key: the same for the same claim at another point.
        said: what the gradient then is, for a sentence: given the multiple, and what that is called, if it is special.
        equations: what must hold for it, by argument.
        free: whether any multiple will do.
        fitted: how many other numbers were chosen so that it holds.
        special: the multiples that need no explanation, and what they are called.
        place: where in the source, if that is known.
        size: how many mistakes it takes.
    """

    key: str
    said: Callable[[float, str], str]
    equations: Mapping[str, Equation]
    free: bool = False
    fitted: int = 0
    special: Mapping[float, str] = field(default_factory=lambda: SPECIAL)
    place: str = ""
    size: int = 1


@dataclass(frozen=True)
class Proof:
    """A claim that holds: what is said, for which arguments, at how many points, and the largest difference."""

    claim: Claim
    said: str
    arguments: list[str]
    points: int
    difference: float


def claim(said: str, equations: Mapping[str, Equation], key: str = "", **options: Any) -> Claim:
    """The claim that the gradients are what is said if the equations hold."""
    return Claim(key or said, lambda c, called: said, equations, **options)


def equal(said: str, pairs: Sequence[Pair], arrays: Sequence[np.ndarray | None], key: str = "", **options: Any) -> Claim:
    """The claim that the gradients under test are these arrays."""
    return claim(said, dict(_equations(pairs, arrays)), key, **options)


def _equations(pairs: Sequence[Pair], arrays: Sequence[np.ndarray | None]) -> Iterator[tuple[str, Equation]]:
    for pair, array in zip(pairs, arrays, strict=True):
        if array is not None and array.shape == pair.array.shape and pair.fits:
            yield pair.name, Equation(pair.seen(pair.given), pair.seen(array), pair.allowed(array), pair.apart)


def holds(claim: Claim, names: Sequence[str]) -> bool:
    """Whether a claim may be true of some of these arguments."""
    return any(name in claim.equations and not _Range.of([claim.equations[name]], claim.free).empty for name in names)


def proofs(claims: Sequence[Claim], names: Sequence[str], needed: int = 1) -> Iterator[Proof]:
    """What is proven by one claim, made at as many points as needed, about these arguments: one for each multiple."""
    equations = {name: [c.equations[name] for c in claims if name in c.equations] for name in names}
    ranges = {name: _Range.of(found, claims[0].free) for name, found in equations.items() if len(found) >= needed}
    rest = sorted((name for name in ranges if not ranges[name].empty), key=lambda name: ranges[name].high - ranges[name].low)
    while rest:
        low, high, group = -np.inf, np.inf, []
        for name in rest:
            if max(low, ranges[name].low) <= min(high, ranges[name].high):
                low, high = max(low, ranges[name].low), min(high, ranges[name].high)
                group.append(name)
        multiple, called = _simplest(low, high, claims[0].special) if claims[0].free else (1.0, "1")
        if _credible(np.concatenate([ranges[name].digits for name in group]), claims[0].fitted + (not called)):
            difference = max(ranges[name].difference(multiple) for name in group)
            yield Proof(claims[0], claims[0].said(multiple, called), [n for n in names if n in group], len(claims), difference)
        rest = [name for name in rest if name not in group]


def _simplest(low: float, high: float, special: Mapping[float, str]) -> tuple[float, str]:
    """A special number of the range, if there is just one, else the one of fewest digits, which is called nothing."""
    fitting = [(value, text) for value, text in special.items() if low <= value <= high]
    if len(fitting) == 1:
        return fitting[0]
    rounded = (float(f"{(low + high) / 2:.{digits}g}") for digits in range(1, 18))
    return next((value for value in rounded if low <= value <= high), (low + high) / 2), ""


def _credible(digits: np.ndarray, fitted: int) -> bool:
    """Whether it is no accident that entries agree in so many digits, the best ones spent on the numbers that were fitted."""
    rest = np.sort(digits)[: len(digits) - fitted]
    return bool(np.count_nonzero(digits >= 1) >= DISTINCT + fitted and rest.sum() >= DIGITS)


@dataclass(frozen=True)
class _Range:
    """The multiples for which equations hold, and in how many digits that is checked by each distinct entry."""

    low: float
    high: float
    digits: np.ndarray
    equations: Sequence[Equation]

    @property
    def empty(self) -> bool:
        """Whether there are none."""
        return not -np.inf < self.low <= self.high < np.inf

    @classmethod
    def of(cls, equations: Sequence[Equation], free: bool) -> _Range:
        parts = [np.array(np.broadcast_arrays(e.left, e.right, e.allowed, e.apart)) for e in equations]
        parts = [part[:, np.isfinite(part[2])] for part in parts]  # what is not known contradicts nothing
        left, right, allowed, _ = np.hstack(parts)
        slack, (low, high) = equations[0].slack, (1.0, 1.0)
        if free:
            moving = np.abs(right) > slack * allowed
            center, half = left[moving] / right[moving], allowed[moving] / np.abs(right[moving])
            half = half * (1 + slack * np.abs(center)) + 4 * np.finfo(float).eps * np.abs(center)
            low, high = np.max(center - half, initial=-np.inf), np.min(center + half, initial=np.inf)
            left, right, allowed = left[~moving], 0 * right[~moving], allowed[~moving]
        holds = bool(np.all(np.abs(left - right) <= allowed))
        return cls(float(low), float(high) if holds else -np.inf, np.concatenate([_digits(part) for part in parts]), equations)

    def difference(self, multiple: float) -> float:
        """The largest difference for this multiple, where the gradient is wrong."""
        apart = [np.abs(e.left - multiple * e.right)[e.apart > e.allowed] for e in self.equations]
        return float(np.concatenate(apart).max(initial=0.0))


def _digits(part: np.ndarray) -> np.ndarray:
    """In how many digits each entry at a point would contradict the equation if it did not hold; equal entries count once."""
    _, right, allowed, apart = part
    alike = [np.round(x / max(np.abs(x).max(initial=0.0), np.finfo(float).tiny), 6) for x in (right, apart)]
    _, first = np.unique(np.array(alike), axis=1, return_index=True)
    return np.asarray(np.log10(np.clip(apart / np.maximum(allowed, np.finfo(float).tiny), 1.0, 1e16))[first])
