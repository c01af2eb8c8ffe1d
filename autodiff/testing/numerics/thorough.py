"""Verdicts on claims that a quick estimate leaves open: by thorough estimates, at kinks, at the end of a domain, within noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autodiff.testing.numerics.differences import JUMP, Estimate, Estimates, Line, thorough
from autodiff.testing.numerics.judgement import (
    FAR_OFF,
    HALF_OF_THE_DIGITS,
    KINK,
    NOISE,
    PRECISE,
    SPREAD,
    UNCHANGED,
    Claim,
    Judgement,
    Tolerance,
    Verdict,
    agrees_with,
)

__all__: list[str] = []

TELLING = 0.1, 64.0  # a larger one tells nothing; the second is to be multiplied by the root of the precision of the values
NOISE_LIMIT = 1e-3  # of the natural slope: a claim with more noise is excused, but not called right
APART = 2.0  # times their bounds: slopes on either side that differ by less may be one and the same
ONE_SIDE = "from one side"
CLOSER, FURTHER = "over the smallest steps the slope is", "over larger steps the slope is"


@dataclass
class _View:
    """A claim compared with thorough estimates by one view of the noise.

    For each function: whether the claim agrees, whether the estimate tells anything, and how large its bound is, relatively.
    """

    value: np.ndarray
    bound: np.ndarray
    allowed: np.ndarray
    agrees: np.ndarray
    tells: np.ndarray
    looseness: np.ndarray
    notes: list[str]
    slopes: np.ndarray


def reconsider(judgement: Judgement, doubtful: np.ndarray, line: Line, claim: Claim, tolerance: Tolerance) -> None:
    """Judge the doubtful functions by thorough estimates, one for each view of the noise."""
    noise = NOISE * claim.noise(doubtful)
    estimates = thorough(line)
    unchanged = estimates[0].central.value == 0
    extra = np.minimum(noise, NOISE_LIMIT * claim.slope) + 16 * claim.eps * line.hidden
    views = [_compare(found, line, claim, extra, tolerance) for found in estimates]
    exact = _by_complex_step(line, claim, extra, tolerance)
    for j in np.flatnonzero(doubtful):
        view, verdict = _verdict(views, int(j), infinite=bool(np.isinf(claim.value[j])))
        note = view.notes[j]
        place, infinite = line.place(int(j)), np.isinf(claim.value) | np.isinf(views[0].allowed)
        plain = not place and (not note or note.startswith((CLOSER, FURTHER)))
        if exact is not None and plain and _decides(exact, view, verdict, int(j), bool(unchanged[j])):
            view, verdict, note = exact, "right" if exact.agrees[j] else "wrong", ""
        if verdict == "wrong":
            at_kink, given = note.startswith(KINK), claim.value[j]
            verdict, excuse = _excused(given, view.value[j], view.allowed[j], noise[j], place, bool(infinite.any()), at_kink)
            note = note or excuse
            if not place and ((unchanged[j] and line.loses(claim.value)[j]) or (given == 0 and line.stairs()[j])):
                verdict, note = "cannot tell", UNCHANGED
        if place and (note == ONE_SIDE or (verdict != "right" and not note)):
            note = f"{place}: {note}" if note else place
        elif verdict != "right" and not note and unchanged[j] and np.isfinite(view.allowed[j]):
            note = UNCHANGED
        judgement.value[j], judgement.bound[j], judgement.allowed[j] = view.value[j], view.bound[j], view.allowed[j]
        judgement.verdicts[j], judgement.notes[j], judgement.slopes[:, j] = verdict, note, view.slopes[:, j]


def _excused(
    given: float, value: float, bound: float, noise: float, place: str, infinite: bool, at_kink: bool
) -> tuple[Verdict, str]:
    """A milder verdict on a claim that is outside of the error bound, if there is reason for one, and the reason.

    `infinite` says whether another function has an infinite slope on this line, so that 0 times that slope may have been added.
    """
    if abs(given - value) <= HALF_OF_THE_DIGITS * abs(value):
        return "right", "in half of the digits"
    if abs(given - value) <= noise:
        return "cannot tell", "the gradient has as much rounding noise"
    if abs(given - value) <= APART * bound and bound > TELLING[0] * max(abs(given), abs(value)) and not at_kink:
        return "cannot tell", ""  # the noise that such a bound is made of is measured with ten values
    if np.isnan(given) and infinite:
        return "cannot tell", "0 times infinity: the slope of another result is infinite"
    if place == JUMP or (place and not np.isfinite(given) and bound > PRECISE * abs(value)):
        return "cannot tell", ""
    return "wrong", ""


def _by_complex_step(line: Line, claim: Claim, extra: np.ndarray, tolerance: Tolerance) -> _View | None:
    """A comparison with the derivatives by a complex step, if they can be taken."""
    if line.complex_step is None:
        return None
    value = line.complex_step
    natural = line.hidden + np.maximum(line.length, 16 * line.constant())  # of sums of numbers that move, or cancel
    bound = claim.rounding + extra + line.eps * natural + SPREAD * line.complex_spread()
    allowed = bound + claim.rounding
    agrees = agrees_with(claim, value, allowed, tolerance)
    tells = allowed <= np.maximum(TELLING[0] * np.abs(value), TELLING[1] * np.sqrt(line.eps) * claim.slope)
    return _View(value, bound, allowed, agrees, tells, np.zeros(len(value)), [""] * len(value), np.array([value, value]))


def _decides(exact: _View, view: _View, verdict: Verdict, j: int, unchanged: bool) -> bool:
    """Whether a complex step decides: where differences cannot, and where it is more precise and does not contradict them."""
    agrees = abs(exact.value[j] - view.value[j]) <= view.allowed[j]
    better = unchanged or verdict == "cannot tell" or (agrees and exact.allowed[j] <= view.allowed[j] / 2)
    return bool(exact.tells[j] and better)


def _verdict(views: list[_View], j: int, infinite: bool) -> tuple[_View, Verdict]:
    """The verdict on a claim about function `j`, and the view that decides.

    It is the one that takes the noise from nearby. The others can only excuse a claim: the local one, which may miss noise, if
    its bound is tighter; the one that takes the noise from far away, where kinks, poles and curvature look like noise, if the
    function does not change at all nearby, so that no noise shows there. But such a function may as well have the slope 0 that
    it shows, so that the excuse makes the verdict "cannot tell". And the local one can raise doubts about a large bound.
    """
    near, local, far = views
    closer = local.looseness[j] < PRECISE * min(1.0, near.looseness[j]) and near.looseness[j] > PRECISE
    if local.tells[j] and closer and not near.notes[j]:
        if local.agrees[j] and abs(local.value[j] - near.value[j]) <= near.allowed[j]:
            return local, "right"
        near.notes[j] = "" if local.agrees[j] else f"{CLOSER} {local.value[j]:.4g}"
    doubted = _contradicts(local, near, j)
    if doubted and not local.agrees[j]:
        near.notes[j] = f"{CLOSER} {local.value[j]:.4g}"
    heard = [near]
    if local.looseness[j] < near.looseness[j] and _same_kind(near, local, j):
        heard.append(local)
    if near.value[j] == 0:
        heard.append(far)
    flat = near.value[j] == 0 and near.tells[j] and not near.agrees[j]
    for view in heard:
        if view.agrees[j] and view.tells[j] and not (flat and view.notes[j].startswith(KINK)):
            return (near, "cannot tell") if flat or near.notes[j].startswith(CLOSER) else (view, "right")
    if near.value[j] == 0 and far.agrees[j] and far.allowed[j] < abs(far.value[j]):
        return near, "cannot tell"
    if doubted and local.agrees[j]:
        local.notes[j] = f"{FURTHER} {near.value[j]:.4g}"
        return local, "cannot tell"
    if near.tells[j] and not (infinite and near.allowed[j] > max(abs(near.value[j]), 1.0)):
        return near, "wrong"
    known = np.isfinite(near.allowed[j]) and not infinite and not near.notes[j].startswith(KINK)
    return near, "wrong" if known and not near.agrees[j] and not local.agrees[j] else "cannot tell"


def _contradicts(local: _View, near: _View, j: int) -> bool:
    """Whether the smallest steps show another slope, as of a periodic function that is taken for noise, no kink being in sight."""
    precise = local.tells[j] and local.looseness[j] < PRECISE and not (near.notes[j] or local.notes[j])
    return bool(precise and abs(local.value[j] - near.value[j]) > FAR_OFF * (local.allowed[j] + near.allowed[j]))


def _same_kind(near: _View, local: _View, j: int) -> bool:
    """Whether the local view sees no kink where the other sees none, and the same slopes at one."""
    if not local.notes[j].startswith(KINK):
        return True
    apart = np.abs(local.slopes[:, j] - near.slopes[:, j])
    return near.notes[j].startswith(KINK) and bool(np.all(apart <= TELLING[0] * np.abs(near.slopes[:, j]).max()))


def _compare(found: Estimates, line: Line, claim: Claim, extra: np.ndarray, tolerance: Tolerance) -> _View:
    """Compare with all between the two slopes at a kink, with one side at the edge of a domain or a jump, else with both sides."""
    natural = TELLING[1] * np.sqrt(line.eps) * claim.slope

    def tells(estimate: Estimate) -> np.ndarray:
        size = np.maximum(np.abs(estimate.value), np.where(np.isfinite(claim.value), np.abs(claim.value), 0.0))
        limit = np.maximum(TELLING[0] * size, natural)
        return np.asarray(np.isfinite(estimate.bound) & (estimate.bound <= limit))

    central, left, right = found.central, found.left, found.right
    value, error = central.value.copy(), central.bound.copy()
    notes = [""] * len(value)
    kink = np.abs(right.value - left.value) > APART * (right.bound + left.bound) + 16 * line.eps * line.hidden
    lonely = ~tells(central) & ((left.bound == np.inf) | (right.bound == np.inf) | line.jumps())
    for j in range(len(value)):
        at_end = np.isinf(left.bound[j]) != np.isinf(right.bound[j]) and np.isfinite(claim.value[j])
        sides = [side for side in (left, right) if tells(side)[j] or (at_end and np.isfinite(side.bound[j]))]
        if kink[j]:
            notes[j] = f"{KINK}: slopes {left.value[j]:.4g} and {right.value[j]:.4g}"
            low, high = sorted((side.value[j], side.bound[j]) for side in (left, right))
            ends = low[0] - low[1], high[0] + high[1]
            value[j], error[j] = (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2
        elif lonely[j] and sides:
            notes[j] = ONE_SIDE
            value[j], error[j] = min(((side.value[j], side.bound[j]) for side in sides), key=lambda pair: pair[1])
    value[~np.isfinite(error)] = np.nan
    size = np.where(kink, np.abs(right.value - left.value), np.abs(np.nan_to_num(value)))
    uncertainty = np.where(kink, np.maximum(left.bound, right.bound), error)
    looseness = uncertainty / np.maximum(np.maximum(size, natural), np.finfo(float).tiny)
    bound, allowed = error + extra, error + extra + claim.rounding
    agrees = agrees_with(claim, value, allowed, tolerance)
    slopes = np.where(kink, [left.value, right.value], value)
    known = np.where(kink, uncertainty <= TELLING[0] * size, tells(Estimate(value, error)))
    return _View(value, bound, allowed, agrees, known, looseness, notes, slopes)
