"""Where a gradient is wrong: where it is not finite, or exactly where its argument is negative, zero or tied, or in one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb

import numpy as np

from autodiff.testing.diagnosis.claims import Equation, proofs
from autodiff.testing.diagnosis.evidence import Point, counted
from autodiff.testing.diagnosis.multiples import factor_claim

__all__: list[str] = []

TELLING = 5  # special points (zeros, ties) are where mistakes are made: little else is needed to believe in one
INDEX = "the index"  # to say where is not enough: a factor must be told as well
UNLIKELY = 50  # as many equally large sets of entries there must be for each pattern that is tried


def not_finite(point: Point, name: str) -> str | None:
    """A sentence, if the gradient is right but where it is not finite, though the numerical one is."""
    wrong = [e for e in point.entries if e.argument == name and e.verdict == "wrong" and isinstance(e.index, tuple)]
    if not wrong or any(np.isfinite(e.given) or not np.isfinite(e.numerical) for e in wrong):
        return None
    count, kink = len({e.index for e in wrong}), any(e.at_kink for e in wrong)
    where = "has a kink" if kink else "is smooth"
    return f"The gradient by {name} is not finite at {counted(count)} where f {where}: 0/0, 0 times infinity, or 0 times log 0?"


def wrong_where(points: Sequence[Point], name: str) -> str | None:
    """A sentence, if the gradient is wrong exactly at the entries of a simple description, and right at the others.

    The description must fit all entries that were compared, and be improbable for as many wrong entries at random.
    """
    compared = [(point, _compared(point, name)) for point in points if name in point.pairs]
    known = [np.isfinite(numbers[0]) for _, numbers in compared]
    if not compared or not (parts := [numbers[:, k] for (_, numbers), k in zip(compared, known, strict=True)]):
        return None
    wrong = np.hstack(parts)[0] > 0
    count, total = int(wrong.sum()), len(wrong)
    sets, fewest = comb(total, count), min(count, total - count)
    holding: dict[str, list[np.ndarray]] = {}
    alike = len(compared) > 1 == len({tuple(np.flatnonzero(numbers[0] > 0)) for _, numbers in compared})  # whatever the values
    for (point, numbers), k in zip(compared, known, strict=True):
        for said, holds, needed in _descriptions(point, name, numbers[0]):
            if fewest > (needed != TELLING) and sets >= needed and (said.startswith(INDEX) or not alike):
                holding.setdefault(said, []).append(holds.reshape(-1)[k])
    fitting = [said for said, masks in holding.items() if np.array_equal(np.concatenate(masks), wrong)]
    there = [Equation(part[1], part[2], part[3], part[0] * part[3], 1.0) for part in (part[:, part[0] > 0] for part in parts)]
    claims = [factor_claim({name: equation}, points[-1].subject) for equation in there if len(equation.left)]
    factor = [f"; there it {proof.said}" for proof in proofs(claims, [name])] if fitting else []
    fitting = [said for said in fitting if factor or not said.startswith(INDEX)]
    if not fitting:
        return None
    also = len(fitting) > 1 and not fitting[1].startswith(INDEX)
    where = fitting[0] + (f", which is also where {fitting[1]}" if also else "")
    others = f"right at the {total - count} other{'' if total - count == 1 else 's'}"
    nearby = f", here and at {len(points) - 1} random points nearby" if len(points) > 1 else ""
    return f"The gradient by {name} is wrong exactly at the {counted(count)} where {where}, and {others}{nearby}{''.join(factor)}."


def _compared(point: Point, name: str) -> np.ndarray:
    """For each entry how many times what is allowed it is off, 0 if it is right, NaN if that is not known; and the numbers."""
    pair = point.pairs[name]
    numbers = np.full((4, pair.array.size), np.nan)
    if not point.entries and pair.fits and pair.directions is None:
        given, allowed = pair.given.reshape(-1), pair.allowed()
        off = np.where(np.isfinite(allowed), np.where(pair.apart > allowed, pair.apart / allowed, 0.0), np.nan)
        numbers[:] = off, given, pair.numerical, allowed
    for e in point.entries:
        if e.argument == name and isinstance(e.index, tuple):
            k = int(np.ravel_multi_index(e.index, pair.array.shape))
            excess = e.excess if e.verdict == "wrong" else 0.0 if e.verdict == "right" else np.nan
            if np.isnan(numbers[0, k]) or excess > numbers[0, k]:
                numbers[:, k] = excess, e.given, e.numerical, e.bound
    return numbers


def _descriptions(point: Point, name: str, off: np.ndarray) -> Iterator[tuple[str, np.ndarray, int]]:
    """Descriptions of entries, which entries they hold for, and how many sets of entries there must be to choose from."""
    x = point.pairs[name].array
    yield f"{name} is zero", x == 0, TELLING
    _, inverse, count = np.unique(x, return_inverse=True, return_counts=True)
    yield f"{name} has ties (entries that are equal)", (count > 1)[inverse].reshape(x.shape), TELLING
    for other_name, other in zip(point.subject.names, point.subject.inputs, strict=True):
        if other_name != name and isinstance(other, np.ndarray) and other.dtype.kind in "biuf" and other.shape == x.shape:
            yield f"{name} equals {other_name}", x == other, TELLING
    yield f"{name} is negative", x < 0, UNLIKELY
    yield f"{name} is positive", x > 0, UNLIKELY
    for axis, length in enumerate(x.shape if x.ndim > 1 else ()):
        which = f"the {('row', 'column')[axis]}" if x.ndim == 2 else f"the index of axis {axis}"
        for k in range(length if length > 1 else 0):
            end = ", the last" if k == length - 1 else ""
            yield f"{which} is {k}{end}", np.indices(x.shape)[axis] == k, UNLIKELY * length
    if (wrong := np.flatnonzero(off > 0)).size:
        first, last, places = int(wrong[0]), int(wrong[-1]), np.arange(x.size)
        which = f"{first}{', the last' if last == x.size - 1 else ''}" if first == last else f"from {first} to {last}"
        flat = "" if x.ndim == 1 else " in the flat array"
        yield f"{INDEX}{flat} is {which}", (places >= first) & (places <= last), UNLIKELY
