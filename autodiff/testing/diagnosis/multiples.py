"""Whether a gradient is off by a factor, or by a multiple of something: the right one, an argument, a term of the formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autodiff.testing.diagnosis.claims import Claim, Equation, equal
from autodiff.testing.diagnosis.evidence import Pair, Point
from autodiff.testing.subject import Subject

__all__: list[str] = []


def constant_factor(point: Point) -> Iterator[Claim]:
    """The gradient is the numerical one times a constant."""
    yield factor_claim({pair.name: _to_numerical(pair) for pair in point.pairs.values() if pair.fits}, point.subject)


def _to_numerical(pair: Pair) -> Equation:
    return Equation(pair.seen(pair.given), pair.numerical, pair.allowed(), pair.apart, slack=1.0)


def factor_claim(equations: Mapping[str, Equation], subject: Subject) -> Claim:
    """The claim that gradients are the numerical ones times a constant, for which a length or size in `f` may account."""

    def said(factor: float, called: str) -> str:
        return f"is {called or f'{factor:.10g} times the numerical one'}"

    return Claim("constant factor", said, equations, free=True, special=_factors(subject))


def _factors(subject: Subject) -> dict[float, str]:
    """The factors that are common mistakes, and what each makes of a gradient: 0, -1, 2, and the lengths and sizes of arrays."""
    arrays = [(name, x) for name, x in zip(subject.names, subject.inputs, strict=True) if isinstance(x, np.ndarray)]
    arrays.append(("the result", subject.value))
    lengths = [(n, f"the length of axis {axis} of {name}") for name, array in arrays for axis, n in enumerate(array.shape)]
    sizes = dict(reversed([*lengths, *((array.size, f"the size of {name}") for name, array in arrays)]))
    found = {0.0: "zero, and the numerical one is not", 1.0: "the numerical one", -1.0: "-1 times the numerical one"}
    for n in (2, *sorted(n for n in sizes if n > 2)):
        source = f" ({n} is {'also ' if n == 2 else ''}{sizes[n]})" if n in sizes else ""
        for value, text in ((1 / n, f"1/{n}"), (float(n), f"{n}")):
            found |= {value: f"{text} times the numerical one{source}", -value: f"-{text} times the numerical one{source}"}
    return found


def multiple_of_itself(point: Point) -> Iterator[Claim]:
    """The gradient lacks a multiple of the argument, or has one too much."""

    def said(multiple: float, called: str) -> str:
        if multiple > 0:
            return f"lacks {multiple:.10g} times the argument itself: is a weight decay missing, or of the wrong sign?"
        return f"has {-multiple:.10g} times the argument itself too much: is a weight decay counted twice?"

    yield Claim(
        "itself", said, dict(_lacking(point, {pair.name: pair.array for pair in point.pairs.values()})), free=True, special={}
    )


def _lacking(point: Point, arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[str, Equation]]:
    """That what the gradients lack is a multiple of these arrays."""
    for name, array in arrays.items():
        pair = point.pairs[name]
        if pair.fits and array.any():
            lack = pair.numerical - pair.seen(pair.given)
            yield name, Equation(lack, pair.seen(array), pair.allowed(), pair.apart)


def multiple_of_term(name: str, term: Callable[..., Any], point: Point) -> Iterator[Claim]:
    """The gradient lacks a multiple of a term of the formula that was derived."""

    def said(multiple: float, called: str) -> str:
        difference = f"numerical - given equals {'' if multiple == 1 else f'{multiple:.10g} times '}it"
        if called and multiple in (1, 2, -1):
            problem = {1: f"lacks the term {name!r}", 2: f"has the term {name!r} with the wrong sign", -1: f"has {name!r} twice"}
            return f"{problem[int(multiple)]}: {difference}"
        return f"has the term {name!r} with a wrong factor: {difference}; if it is part of it, multiply it by {1 + multiple:.10g}"

    try:
        values = _values(point, term)
    except Exception:  # which is told once
        return
    yield Claim(f"term {name}", said, dict(_lacking(point, values)), free=True)


def _values(point: Point, term: Callable[..., Any]) -> dict[str, np.ndarray]:
    values = point.gradients(point.case.candidate.like(term))
    for pair in point.pairs.values():
        if values[pair.slot].shape != pair.array.shape:
            raise ValueError(f"its shape is {values[pair.slot].shape}, that of {pair.name} {pair.array.shape}")
    return {pair.name: values[pair.slot] for pair in point.pairs.values()}


def failures_of_terms(point: Point, terms: Mapping[str, Callable[..., Any]]) -> Iterator[str]:
    """Sentences on terms that raise: the report is worth more than a term."""
    for name, term in terms.items():
        try:
            _values(point, term)
        except Exception as error:
            yield f"The term {name!r} could not be evaluated: {type(error).__name__}: {error}"


def another_factor(point: Point) -> Iterator[Claim]:
    """The gradient lacks a factor that is an array, an argument or another one, or has one too many."""
    pairs = [pair for pair in point.pairs.values() if pair.fits and pair.right is not None]
    arrays = zip(point.subject.names, point.subject.inputs, strict=True)
    known = {name: x for name, x in arrays if isinstance(x, np.ndarray) and x.dtype.kind in "iuf"}
    for name, x in {"the argument itself": None, **known}.items():
        factors = [(pair, pair.array if x is None else x) for pair in pairs]
        fitting = [(pair, factor) for pair, factor in factors if _fits(factor.shape, pair.array.shape)]
        having, rights = [pair for pair, _ in fitting], [(np.asarray(pair.right), factor) for pair, factor in fitting]
        yield equal(f"is the numerical one times {name}", having, [right * factor for right, factor in rights])
        yield equal(f"is the numerical one divided by {name}", having, [right / factor for right, factor in rights])


def _fits(shape: tuple[int, ...], wider: tuple[int, ...]) -> bool:
    """Whether an array of the first shape can be broadcast to the second."""
    return len(shape) <= len(wider) and all(n in (1, m) for n, m in zip(shape[::-1], wider[::-1], strict=False))


def clipped(point: Point) -> Iterator[Claim]:
    """The gradient is the numerical one, clipped to some range."""
    for pair in point.pairs.values():
        if pair.fits and pair.right is not None and pair.given.size and np.isfinite(pair.given).all():
            low, high = pair.given.min(), pair.given.max()
            if np.count_nonzero((pair.given > low) & (pair.given < high)) >= 2:
                said = f"is the numerical one clipped to the range from {low:.6g} to {high:.6g}"
                yield equal(said, [pair], [np.clip(pair.right, low, high)], f"{pair.name} {said}", fitted=2)
