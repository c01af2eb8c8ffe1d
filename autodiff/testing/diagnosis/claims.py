"""What a hypothesis claims: that two arrays are equal, or one a multiple of the other; and what makes it credible that they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff.testing.diagnosis.evidence import Pair

__all__: list[str] = []

DIGITS = 5.0  # decimal digits in which a wrong gradient must agree with an explanation, over all entries together
DISTINCT = 2  # entries, no two of them equal, that must agree in a digit or more; one more for each number that was fitted
TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Equation:
    """That `left` is `right`, or a multiple of it, up to what is `allowed`, by one argument at one point.

    `apart` is how far the wrong gradient is from the right one: where it is no more than what is allowed, equality proves nothing.
    """

    left: np.ndarray
    right: np.ndarray
    allowed: np.ndarray
    apart: np.ndarray


@dataclass(frozen=True)
class Claim:
    """What may be wrong with a gradient.

    Attributes:
        said: what the gradient then is, for a sentence; if any multiple will do, a function of the multiple.
        equations: what must hold for it, by argument.
        key: the same for the same claim at another point.
        special: the multiples that need no explanation, and what is said of each.
        fitted: how many other numbers were chosen so that it holds.
        place: where in the source, if that is known.
        size: how many mistakes it takes.
    """

    said: str | Callable[[float], str]
    equations: Mapping[str, Equation]
    key: str
    special: Mapping[float, str] = field(default_factory=dict)
    fitted: int = 0
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


def equal(said: str, arrays: Iterable[tuple[Pair, np.ndarray | None]], key: str = "", **options: Any) -> Claim:
    """The claim that the gradients under test are these arrays, so far as those are known and have the shapes."""
    known = [(pair, x) for pair, x in arrays if x is not None and x.shape == pair.array.shape and pair.fits]
    equations = {pair.name: Equation(pair.seen(pair.given), pair.seen(x), pair.allowed(x), pair.apart) for pair, x in known}
    return Claim(said, equations, key or said, **options)


def holds(claim: Claim, names: Sequence[str]) -> bool:
    """Whether a claim may be true of some of these arguments."""
    return any(name in claim.equations and _multiples([claim], name) is not None for name in names)


def proofs(claims: Sequence[Claim], names: Sequence[str], needed: int = 1) -> Iterator[Proof]:
    """What is proven by one claim, made at as many points as needed, about these arguments: one for each multiple."""
    claim = claims[0]
    enough = [name for name in names if sum(name in c.equations for c in claims) >= needed]
    ranges = {name: found for name in enough if (found := _multiples(claims, name)) is not None}
    rest = sorted(ranges, key=lambda name: ranges[name][1] - ranges[name][0])
    while rest:
        low, high, group = -np.inf, np.inf, []
        for name in rest:
            if max(low, ranges[name][0]) <= min(high, ranges[name][1]):
                low, high = max(low, ranges[name][0]), min(high, ranges[name][1])
                group.append(name)
        multiple, said = (1.0, claim.said) if isinstance(claim.said, str) else _simplest(low, high, claim.special)
        equations = [c.equations[name] for name in group for c in claims if name in c.equations]
        if _credible(np.concatenate([_digits(e) for e in equations]), claim.fitted + (not said)):
            said = claim.said(multiple) if callable(claim.said) and not said else said
            difference = max(np.abs(e.left - multiple * e.right).max(initial=0.0, where=e.apart > e.allowed) for e in equations)
            yield Proof(claim, said, [name for name in names if name in group], len(equations) // len(group), float(difference))
        rest = [name for name in rest if name not in group]


def _multiples(claims: Sequence[Claim], name: str) -> tuple[float, float] | None:
    """The least and the largest multiple for which the equations for an argument hold; None if they hold for none.

    The right-hand side may be off as well, by as much as the left. What is not known contradicts nothing.
    """
    equations = [claim.equations[name] for claim in claims if name in claim.equations]
    left, right, allowed = np.hstack([np.array(np.broadcast_arrays(e.left, e.right, e.allowed)) for e in equations])
    low, high, fixed = 1.0, 1.0, np.isfinite(allowed)
    if callable(claims[0].said):
        moving = fixed & (np.abs(right) > allowed)
        center, half = left[moving] / right[moving], allowed[moving] / np.abs(right[moving])
        half = half * (1 + np.abs(center)) + 4 * np.finfo(float).eps * np.abs(center)
        low, high = np.max(center - half, initial=-np.inf), np.min(center + half, initial=np.inf)
        fixed, right = fixed & ~moving, np.zeros_like(right)
    holds = np.all(np.abs(left - right)[fixed] <= allowed[fixed]) and -np.inf < low <= high < np.inf
    return (float(low), float(high)) if holds else None


def _simplest(low: float, high: float, special: Mapping[float, str]) -> tuple[float, str]:
    """A special number of the range and what is said of it, if there is just one; else the number of fewest digits and nothing."""
    fitting = [(value, said) for value, said in special.items() if low <= value <= high]
    if len(fitting) == 1:
        return fitting[0]
    rounded = (float(f"{(low + high) / 2:.{digits}g}") for digits in range(1, 18))
    return next((value for value in rounded if low <= value <= high), (low + high) / 2), ""


def _credible(digits: np.ndarray, fitted: int) -> bool:
    """Whether it is no accident that entries agree in so many digits, the best ones spent on the numbers that were fitted."""
    rest = np.sort(digits)[: len(digits) - fitted]
    return bool(np.count_nonzero(digits >= 1) >= DISTINCT + fitted and rest.sum() >= DIGITS)


def _digits(equation: Equation) -> np.ndarray:
    """In how many digits each entry at a point would contradict the equation if it did not hold; equal entries count once."""
    known = np.array(np.broadcast_arrays(equation.right, equation.allowed, equation.apart))
    right, allowed, apart = known[:, np.isfinite(known[1])]
    alike = [np.round(x / max(np.abs(x).max(initial=0.0), TINY), 6) for x in (right, apart)]
    _, first = np.unique(np.array(alike), axis=1, return_index=True)
    return np.asarray(np.log10(np.clip(apart / np.maximum(allowed, TINY), 1.0, 1e16))[first])
