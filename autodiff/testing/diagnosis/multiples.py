"""Whether a gradient is off by a factor, or by a multiple of something: the right one, an argument, a term of the formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autodiff.testing.diagnosis.claims import Claim, Equation, equal
from autodiff.testing.diagnosis.evidence import Pair, Point
from autodiff.testing.subject import Subject

__all__: list[str] = []


def constant_factor(point: Point) -> Iterator[Claim]:
    """The gradient is the numerical one times a constant."""
    pairs = [pair for pair in point.pairs.values() if pair.fits]
    equations = {pair.name: Equation(pair.seen(pair.given), pair.numerical, pair.allowed(), pair.apart) for pair in pairs}
    yield factor_claim(equations, point.subject)


def factor_claim(equations: Mapping[str, Equation], subject: Subject) -> Claim:
    """The claim that gradients are the numerical ones times a constant, for which a length or size in `f` may account."""
    return Claim(lambda c: f"is {c:.10g} times the numerical one", equations, "constant factor", _factors(subject))


def _factors(subject: Subject) -> dict[float, str]:
    """The factors that are common mistakes, and what is said of each: 0, -1, 2, and the lengths and sizes of arrays."""
    arrays = [(name, x) for name, x in zip(subject.names, subject.inputs, strict=True) if isinstance(x, np.ndarray)]
    arrays.append(("the result", subject.value))
    lengths = [(n, f"the length of axis {axis} of {name}") for name, array in arrays for axis, n in enumerate(array.shape)]
    sizes = dict(reversed([*lengths, *((array.size, f"the size of {name}") for name, array in arrays)]))
    found = {0.0: "is zero, and the numerical one is not", 1.0: "is the numerical one", -1.0: "is -1 times the numerical one"}
    for n in (2, *sorted(n for n in sizes if n > 2)):
        source = f" ({n} is {'also ' if n == 2 else ''}{sizes[n]})" if n in sizes else ""
        for value, text in ((1 / n, f"1/{n}"), (float(n), f"{n}")):
            found |= {sign * value: f"is {minus}{text} times the numerical one{source}" for sign, minus in ((1, ""), (-1, "-"))}
    return found


def multiple_of_itself(point: Point) -> Iterator[Claim]:
    """The gradient lacks a multiple of the argument, or has one too much."""

    def said(multiple: float) -> str:
        if multiple > 0:
            return f"lacks {multiple:.10g} times the argument itself: is a weight decay missing, or of the wrong sign?"
        return f"has {-multiple:.10g} times the argument itself too much: is a weight decay counted twice?"

    yield Claim(said, _lacking([(pair, pair.array) for pair in point.pairs.values()]), "itself")


def _lacking(arrays: Iterable[tuple[Pair, np.ndarray]]) -> dict[str, Equation]:
    """That what the gradients lack is a multiple of these arrays."""
    some = [(pair, x) for pair, x in arrays if pair.fits and x.any()]
    return {
        pair.name: Equation(pair.numerical - pair.seen(pair.given), pair.seen(x), pair.allowed(), pair.apart) for pair, x in some
    }


def multiple_of_term(name: str, term: Callable[..., Any], point: Point) -> Iterator[Claim]:
    """The gradient lacks a multiple of a term of the formula that was derived."""
    lacks, what = "numerical - given equals", f"has the term {name!r} with"
    special = {
        1.0: f"lacks the term {name!r}: {lacks} it",
        2.0: f"{what} the wrong sign: {lacks} 2 times it",
        -1.0: f"has {name!r} twice: {lacks} -1 times it",
    }

    def said(multiple: float) -> str:
        return f"{what} a wrong factor: {lacks} {multiple:.10g} times it; if it is part of it, multiply it by {1 + multiple:.10g}"

    try:
        values = _values(point, term)
    except Exception:  # which is told once
        return
    yield Claim(said, _lacking(values), f"term {name}", special)


def _values(point: Point, term: Callable[..., Any]) -> list[tuple[Pair, np.ndarray]]:
    gradients = point.gradients(point.case.candidate.like(term))
    values = [(pair, gradients[pair.slot]) for pair in point.pairs.values()]
    for pair, value in values:
        if value.shape != pair.array.shape:
            raise ValueError(f"its shape is {value.shape}, that of {pair.name} {pair.array.shape}")
    return values


def failures_of_terms(point: Point, terms: Mapping[str, Callable[..., Any]]) -> Iterator[str]:
    """Sentences on terms that raise: the report is worth more than a term."""
    for name, term in terms.items():
        try:
            _values(point, term)
        except Exception as error:
            yield f"The term {name!r} could not be evaluated: {type(error).__name__}: {error}"


def another_factor(point: Point) -> Iterator[Claim]:
    """The gradient lacks a factor that is an array, an argument or another one, or has one too many."""
    arrays = zip(point.subject.names, point.subject.inputs, strict=True)
    known = {name: x for name, x in arrays if isinstance(x, np.ndarray) and x.dtype.kind in "iuf"}
    rights = [(pair, right) for pair in point.pairs.values() if (right := point.right(pair)) is not None]
    for name, x in {"the argument itself": None, **known}.items():
        factors = [(pair, right, pair.array if x is None else x) for pair, right in rights]
        fitting = [(pair, right, factor) for pair, right, factor in factors if _fits(factor.shape, right.shape)]
        yield equal(f"is the numerical one times {name}", [(pair, right * factor) for pair, right, factor in fitting])
        yield equal(f"is the numerical one divided by {name}", [(pair, right / factor) for pair, right, factor in fitting])


def _fits(shape: tuple[int, ...], wider: tuple[int, ...]) -> bool:
    """Whether an array of the first shape can be broadcast to the second."""
    return len(shape) <= len(wider) and all(n in (1, m) for n, m in zip(shape[::-1], wider[::-1], strict=False))


def clipped(point: Point) -> Iterator[Claim]:
    """The gradient is the numerical one, clipped to some range."""
    for pair in point.pairs.values():
        given, right = pair.given, point.right(pair)
        if right is not None and given.size and np.isfinite(given).all():
            low, high = given.min(), given.max()
            if np.count_nonzero((given > low) & (given < high)) >= 2:
                said = f"is the numerical one clipped to the range from {low:.6g} to {high:.6g}"
                yield equal(said, [(pair, np.clip(right, low, high))], f"{pair.name} {said}", fitted=2)
