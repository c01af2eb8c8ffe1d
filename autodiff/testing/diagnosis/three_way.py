"""A gradient derived by hand, autograd's, and the differences side by side: which of them stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor
from autodiff.modes import no_grad
from autodiff.testing.claims import Cotangents
from autodiff.testing.diagnosis.evidence import counted
from autodiff.testing.numerics.judgement import HALF_OF_THE_DIGITS, Tolerance
from autodiff.testing.report import GradientEntry
from autodiff.testing.rules import at_positions
from autodiff.testing.subject import Subject
from autodiff.transforms import vjp

__all__: list[str] = []

ROUNDING = 64.0  # units in the last place of the largest entry, which two ways to compute a gradient may differ by


def with_autograd(subject: Subject, cotangents: Cotangents, entries: Sequence[GradientEntry]) -> tuple[list[GradientEntry], str]:
    """The entries with autograd's derivative, if `f` takes tensors; and why not, if it does not."""
    shown = {entry.output for entry in entries if isinstance(entry.index, tuple)}
    chosen = {k: g for k, g in zip(cotangents.labels, cotangents.arrays, strict=True) if k in shown}
    try:
        rows = _gradients(subject, chosen)
    except Exception as error:  # whatever f has against tensors, its gradient can be compared with differences
        return list(entries), f"{type(error).__name__}: {error}".splitlines()[0]
    slots = {subject.names[p]: slot for slot, p in enumerate(subject.positions)}
    found = []
    for entry in entries:
        known = isinstance(entry.index, tuple)
        value = float(rows[entry.output][slots[entry.argument]][entry.index]) if known else None
        found.append(replace(entry, autograd=value))
    return found, ""


def _gradients(subject: Subject, cotangents: dict[Any, np.ndarray]) -> dict[Any, tuple[np.ndarray, ...]]:
    """Autograd's gradients for each cotangent, from one record of `f`."""

    def f(*arguments: Any) -> Any:
        result = subject.f(*arguments)
        if not isinstance(result, Tensor):
            raise TypeError(f"given tensors, f returned a {type(result).__name__}; wanted a Tensor.")
        if result.shape != subject.value.shape:
            raise ValueError(f"given tensors, f returned shape {result.shape}, but {subject.value.shape} given arrays.")
        return result

    with no_grad():  # of other tensors that `f` uses, no gradient is wanted
        _, pullback = vjp(*at_positions(f, subject.fresh(), subject.positions))
        return {label: pullback(cotangent) for label, cotangent in cotangents.items()}


def who_stands_alone(subject: Subject, entries: Sequence[GradientEntry], tolerance: Tolerance) -> str:
    """A sentence on which of the three disagrees with the other two."""
    compared = [(entry, float(entry.autograd)) for entry in entries if entry.autograd is not None]
    if not compared:
        return ""
    hand = np.array([entry.given for entry, _ in compared])
    numerical = np.array([entry.numerical for entry, _ in compared])
    autograd = np.array([value for _, value in compared])
    bound = np.array([entry.bound for entry, _ in compared])
    verdicts = np.array([entry.verdict for entry, _ in compared])
    rounding = _rounding(subject, compared)
    known = verdicts != "cannot tell"
    with np.errstate(invalid="ignore"):  # infinity minus infinity
        apart = np.abs(autograd - hand)
    same = (apart <= 16 * rounding + tolerance.of(autograd)) | (autograd == hand) | (np.isnan(autograd) & np.isnan(hand))
    hand_off = known & (verdicts == "wrong")
    allowed = np.maximum(bound + rounding + tolerance.of(numerical), HALF_OF_THE_DIGITS * np.abs(numerical))
    autograd_off = known & ~(np.abs(autograd - numerical) <= allowed)
    sentence = _sentence(hand_off, autograd_off, same) if (hand_off | autograd_off).any() else ""
    if not (hand_off | autograd_off).any() and any(e.verdict == "wrong" for e in entries if e.autograd is None):
        return f"The gradient by hand, autograd and the differences agree at the {counted(len(compared))} compared one by one."
    unsure = int((~known).sum())
    if known.any() and not (hand_off | autograd_off).any():
        at = f" at {int(known.sum())} of {counted(len(known))}" if unsure else ""
        clear = known & ~same & (apart > HALF_OF_THE_DIGITS * np.maximum(np.abs(autograd), np.abs(hand)))
        sentence = f"The gradient by hand, autograd and the differences agree{at}.{_within_the_bound(compared, clear)}"
    if unsure:
        agree = "agree" if same[~known].all() else "differ"
        where = f"at {counted(unsure)}" if known.any() else "anywhere"
        sentence += f" The differences cannot tell {where}; there the gradient by hand and autograd {agree}."
    return sentence.strip()


def _within_the_bound(compared: Sequence[tuple[GradientEntry, float]], clear: np.ndarray) -> str:
    """A sentence on the entries at which the gradient by hand and autograd differ clearly, but neither from the differences."""
    if not clear.any():
        return ""
    kinks = sum(entry.at_kink for (entry, _), differs in zip(compared, clear, strict=True) if differs)
    if kinks == clear.sum():
        return f" At {counted(kinks)} at a kink, the first two differ, and each is a subgradient."
    return f" At {counted(int(clear.sum()))} the first two differ, each within the bound."


def _sentence(hand_off: np.ndarray, autograd_off: np.ndarray, same: np.ndarray) -> str:
    """A sentence on the entries at which one of the three is off."""
    off, total = hand_off | autograd_off, len(same)
    at = f"at {int(off.sum())} of {counted(total)}"
    if not autograd_off.any():
        return "Autograd and the differences agree; the gradient by hand stands alone."
    if not hand_off.any():
        return f"The gradient by hand and the differences agree; autograd stands alone, {at}."
    if same[off].all():
        return f"The gradient by hand and autograd agree; the differences stand alone, {at}."
    if not (hand_off & autograd_off).any():
        by_hand, of_autograd = int(hand_off.sum()), int(autograd_off.sum())
        return f"The gradient by hand stands alone at {by_hand} of {counted(total)}, autograd at {of_autograd}."
    return f"The gradient by hand, autograd and the differences all differ, {at}."


def _rounding(subject: Subject, compared: Sequence[tuple[GradientEntry, float]]) -> np.ndarray:
    """What rounding may change in each of autograd's numbers: in proportion to the largest of its gradient."""
    largest: dict[Any, float] = {}
    for entry, value in compared:
        key = entry.argument, entry.output
        largest[key] = max(largest.get(key, 0.0), abs(value) if np.isfinite(value) else 0.0)
    eps = {subject.names[p]: float(np.finfo(subject.inputs[p].dtype).eps) for p in subject.positions}
    return np.array([ROUNDING * eps[entry.argument] * largest[entry.argument, entry.output] for entry, _ in compared])
