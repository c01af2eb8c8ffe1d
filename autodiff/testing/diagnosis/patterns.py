"""Where a gradient is wrong: where it is not finite, or exactly where its argument is negative, zero or tied, or in one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb

import numpy as np

from autodiff.testing.diagnosis.claims import Equation, proofs
from autodiff.testing.diagnosis.evidence import Point, also_at
from autodiff.testing.diagnosis.multiples import factor_claim
from autodiff.testing.report import counted

__all__: list[str] = []

SETS = 50  # as many equally large sets of entries there must be for each pattern that is tried
SETS_AT_SPECIAL_POINTS = 5  # the same for zeros and ties, which are where mistakes are made
INDEX = "the index"  # to say where is not enough: a factor must be told as well


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
    compared = [(point, *found) for point in points if (found := _compared(point, name)) is not None]
    if not compared or compared[-1][0] is not points[-1]:
        return None
    wrong = np.concatenate([off for _, _, off, _ in compared])
    count, total = int(wrong.sum()), len(wrong)
    sets, fewest = comb(total, count), min(count, total - count)
    holding: dict[str, list[np.ndarray]] = {}
    alike = len(compared) > 1 == len({frozenset(places[off]) for _, places, off, _ in compared})  # whatever the values
    for point, places, off, _ in compared:
        for said, holds, needed in _descriptions(point, name, places[off]):
            if fewest > (needed != SETS_AT_SPECIAL_POINTS) and sets >= needed and (said.startswith(INDEX) or not alike):
                holding.setdefault(said, []).append(holds.reshape(-1)[places])
    fitting = [said for said, masks in holding.items() if np.array_equal(np.concatenate(masks), wrong)]
    there = [Equation(*numbers[:, off]) for _, _, off, numbers in compared if off.any()]
    claims = [factor_claim({name: equation}, points[-1].subject) for equation in there]
    factor = [f"; there it {proof.said}" for proof in proofs(claims, [name])] if fitting else []
    fitting = [said for said in fitting if factor or not said.startswith(INDEX)]
    if not fitting:
        return None
    also = len(fitting) > 1 and not fitting[1].startswith(INDEX)
    where = fitting[0] + (f", which is also where {fitting[1]}" if also else "")
    others = f"right at the {counted(total - count, 'other')}{also_at(len(compared) - 1)}"
    return f"The gradient by {name} is wrong exactly at the {counted(count)} where {where}, and {others}{''.join(factor)}."


def _compared(point: Point, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """The entries of which it is known whether the gradient is right: which they are, which are wrong, and the numbers there.

    The numbers are those of an equation between the gradient and the numerical one, one a row.
    """
    pair = point.pairs.get(name)
    if pair is None or not pair.fits:
        return None
    own = [(e.index, e) for e in point.entries if e.argument == name and isinstance(e.index, tuple) and e.verdict != "cannot tell"]
    if own:
        worst = dict(sorted(own, key=lambda pair: (pair[1].verdict == "wrong", pair[1].excess)))  # of several results
        places = np.array([np.ravel_multi_index(index, pair.array.shape) for index in worst])
        rows = [(e.given, e.numerical, e.bound, abs(e.given - e.numerical)) for e in worst.values()]
        return places, np.array([e.verdict == "wrong" for e in worst.values()]), np.array(rows, np.float64).T
    if pair.directions is not None:
        return None
    allowed = pair.allowed()
    known = np.isfinite(allowed) & ((pair.apart > allowed) | (allowed < np.abs(pair.numerical).max(initial=0.0)))
    numbers = np.array([pair.given.reshape(-1), pair.numerical, allowed, pair.apart])
    return np.flatnonzero(known), (pair.apart > allowed)[known], numbers[:, known]


def _descriptions(point: Point, name: str, wrong: np.ndarray) -> Iterator[tuple[str, np.ndarray, int]]:
    """Descriptions of entries, which entries they hold for, and how many sets of entries there must be to choose from."""
    x = point.pairs[name].array
    yield f"{name} is zero", x == 0, SETS_AT_SPECIAL_POINTS
    _, inverse, count = np.unique(x, return_inverse=True, return_counts=True)
    yield f"{name} has ties (entries that are equal)", (count > 1)[inverse].reshape(x.shape), SETS_AT_SPECIAL_POINTS
    for other_name, other in zip(point.subject.names, point.subject.inputs, strict=True):
        if other_name != name and isinstance(other, np.ndarray) and other.dtype.kind in "biuf" and other.shape == x.shape:
            yield f"{name} equals {other_name}", x == other, SETS_AT_SPECIAL_POINTS
    yield f"{name} is negative", x < 0, SETS
    yield f"{name} is positive", x > 0, SETS
    for axis, length in enumerate(x.shape if x.ndim > 1 else ()):
        which = f"the {('row', 'column')[axis]}" if x.ndim == 2 else f"the position along axis {axis}"
        for k in range(length if length > 1 else 0):
            end = ", the last" if k == length - 1 else ""
            yield f"{which} is {k}{end}", np.indices(x.shape)[axis] == k, SETS * length
    if wrong.size:
        first, last, places = wrong.min(), wrong.max(), np.arange(x.size)
        which = f"{first}{', the last' if last == x.size - 1 else ''}" if first == last else f"from {first} to {last}"
        flat = "" if x.ndim == 1 else " in the flat array"
        yield f"{INDEX}{flat} is {which}", (places >= first) & (places <= last), SETS
