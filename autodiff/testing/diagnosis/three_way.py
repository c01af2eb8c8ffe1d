"""A gradient derived by hand, autograd's, and the differences side by side: which of them stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor
from autodiff.modes import no_grad
from autodiff.testing.claims import Cotangents
from autodiff.testing.diagnosis.evidence import rounding
from autodiff.testing.numerics.judgement import HALF_OF_THE_DIGITS, Tolerance
from autodiff.testing.report import GradientEntry, GradientReport, counted
from autodiff.testing.rules import pullback_of
from autodiff.testing.subject import Subject

__all__: list[str] = []


def beside_autograd(report: GradientReport, subject: Subject, cotangents: Cotangents, tolerance: Tolerance) -> GradientReport:
    """The report with autograd's derivatives and which of the three stands alone; or why `f` takes no tensors."""
    shown = {entry.output for entry in report.entries if isinstance(entry.index, tuple)}
    try:
        gradients = _gradients(subject, {k: g for k, g in zip(cotangents.labels, cotangents.arrays, strict=True) if k in shown})
    except Exception as error:  # whatever f has against tensors, its gradient can be compared with differences
        return replace(report, autograd_error=f"{type(error).__name__}: {error}".splitlines()[0])
    entries, roundings = [], []
    for entry in report.entries:
        if isinstance(entry.index, tuple):
            gradient = gradients[entry.output][entry.argument]
            entry = replace(entry, autograd=float(gradient[entry.index]))
            roundings.append(rounding(gradient.dtype, gradient))
        entries.append(entry)
    return replace(report, entries=tuple(entries), comparison=who_stands_alone(entries, roundings, tolerance))


def _gradients(subject: Subject, cotangents: dict[Any, np.ndarray]) -> dict[Any, dict[str, np.ndarray]]:
    """Autograd's gradients for each cotangent, by argument, from one record of `f`."""

    def f(*arguments: Any) -> Any:
        result = subject.f(*arguments)
        if not isinstance(result, Tensor):
            raise TypeError(f"given tensors, f returned a {type(result).__name__}; wanted a Tensor.")
        if result.shape != subject.value.shape:
            raise ValueError(f"given tensors, f returned shape {result.shape}, but {subject.value.shape} given arrays.")
        return result

    with no_grad():  # of other tensors that `f` uses, no gradient is wanted
        pullback = pullback_of(f, subject.fresh(), subject.positions)
        return {label: dict(zip(subject.variable_names, pullback(g), strict=True)) for label, g in cotangents.items()}


def who_stands_alone(entries: Sequence[GradientEntry], roundings: Sequence[float], tolerance: Tolerance) -> str:
    """A sentence on which of the three disagrees with the other two, at the entries that have autograd's number."""
    compared = [entry for entry in entries if entry.autograd is not None]
    if not compared:
        return ""
    columns = [(entry.given, entry.autograd, entry.numerical, entry.bound) for entry in compared]
    hand, autograd, numerical, bound = np.array(columns, np.float64).T

    def agree(a: np.ndarray, b: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        return np.asarray(np.isclose(a, b, max(tolerance.rtol, HALF_OF_THE_DIGITS), tolerance.atol + allowed, equal_nan=True))

    verdicts = np.array([entry.verdict for entry in compared])
    known, hand_off = verdicts != "cannot tell", verdicts == "wrong"
    same, autograd_off = agree(hand, autograd, np.array(roundings)), known & ~agree(autograd, numerical, bound + roundings)
    said = ""
    if (hand_off | autograd_off).any():
        said = _which_is_off(hand_off, autograd_off, same)
    elif known.any():
        along = any(entry.verdict == "wrong" for entry in entries)  # a direction, by itself no entry is
        whole = f" at the {counted(len(known))} compared one by one" if along else ""
        at = whole if known.all() else f" at {known.sum()} of {counted(len(known))}"
        apart = [entry for entry, differs in zip(compared, known & ~same, strict=True) if differs and not along]
        said = f"The gradient by hand, autograd and the differences agree{at}.{_within_the_bound(apart)}"
    if not known.all():
        where = f"at {counted(int((~known).sum()))}" if known.any() else "anywhere"
        agreement = "agree" if same[~known].all() else "differ"
        said += f" The differences cannot tell {where}; there the gradient by hand and autograd {agreement}."
    return said.strip()


def _within_the_bound(entries: Sequence[GradientEntry]) -> str:
    """A sentence on the entries at which the gradient by hand and autograd differ, but neither from the differences."""
    if not entries:
        return ""
    if all(entry.at_kink for entry in entries):
        return f" At {counted(len(entries))} at a kink, the first two differ, and each is a subgradient."
    return f" At {counted(len(entries))} the first two differ, each within the bound."


def _which_is_off(hand_off: np.ndarray, autograd_off: np.ndarray, same: np.ndarray) -> str:
    """A sentence on the entries at which one of the three is off."""
    off, total = hand_off | autograd_off, counted(len(same))
    at = f"at {off.sum()} of {total}"
    if not autograd_off.any():
        return "Autograd and the differences agree; the gradient by hand stands alone."
    if not hand_off.any():
        return f"The gradient by hand and the differences agree; autograd stands alone, {at}."
    if same[off].all():
        return f"The gradient by hand and autograd agree; the differences stand alone, {at}."
    if not (hand_off & autograd_off).any():
        return f"The gradient by hand stands alone at {hand_off.sum()} of {total}, autograd at {autograd_off.sum()}."
    return f"The gradient by hand, autograd and the differences all differ, {at}."
