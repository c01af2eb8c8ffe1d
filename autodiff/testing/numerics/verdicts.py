"""From a claimed derivative and an estimated one to a verdict.

A claim that agrees with a quick estimate of small error is right. To call one wrong takes more: a thorough estimate, a look at
either side for a kink or the edge of the domain, and the rounding error of the claim itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autodiff.testing.numerics.differences import CANCELS, FAR, JUMP, MEASURED, Estimate, Estimates, Line, on_curve, quick, thorough
from autodiff.testing.report import KINK, Verdict

__all__: list[str] = []

QUICK, THOROUGH = 8, 300  # evaluations that an estimate takes, at most
SETTLED = 1e-6, 1e-12  # a bound this small, relative to the derivative or to the natural slope, needs no improvement
TELLING = 0.1, 64.0  # a larger one tells nothing; the second is to be multiplied by the root of the precision of the values
NOISE = 8.0  # safety factor on the measured noise of a claim
NOISE_LIMIT = 1e-3  # of the natural slope: a claim with more noise is excused, but not called right
BLIND = 4096.0  # a function with a slope of so many units in the last place of a natural one may not change at all
PRECISE = 1e-3  # a bound that is relatively smaller needs no second opinion
HALF_OF_THE_DIGITS = 2.0**-26  # an error as small as that is one of an ill-conditioned or iterative computation, not of a formula
RAN_OUT = "max_evaluations reached"
VANISHING = 1e-100  # numbers that are smaller come from where a function has all but vanished
SINGLE = 1e-10  # of the natural slope: claims that are rounded by more were not computed in double precision
ONE_SIDE = "from one side"


@dataclass(frozen=True)
class Claim:
    """Derivatives under test along one line.

    Attributes:
        value: one for each function on the line.
        slope: a size that would be natural for it.
        rounding: what it may be off by when every number that it is made of was rounded a few times.
        noise: its measured rounding noise; asked for some of the functions only.
    """

    value: np.ndarray
    slope: np.ndarray
    rounding: np.ndarray
    noise: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Tolerance:
    """What the user allows on top of the error bound."""

    rtol: float = 0.0
    atol: float = 0.0

    def of(self, value: np.ndarray) -> np.ndarray:
        """The allowance for a derivative of this value."""
        return np.asarray(self.atol + self.rtol * np.abs(value))


@dataclass
class Judgement:
    """For each function on a line: the derivative, how far the claim may be off, the verdict, and what is special there.

    `slopes` are those from the left and from the right, one pair of rows; the same but at a kink.
    """

    value: np.ndarray
    allowed: np.ndarray
    verdicts: list[Verdict]
    notes: list[str]
    slopes: np.ndarray


def no_judgement(count: int) -> Judgement:
    """What is known of so many functions when no evaluation is left."""
    return Judgement(
        np.full(count, np.nan), np.full(count, np.inf), ["cannot tell"] * count, [RAN_OUT] * count, np.full((2, count), np.nan)
    )


def judge(line: Line, claim: Claim, tolerance: Tolerance, affords: Callable[[int], bool]) -> Judgement:
    """The verdicts on a claim, at the price of as few evaluations as it takes."""
    estimate = quick(line)
    allowed = estimate.bound + claim.rounding
    size = np.maximum(np.abs(estimate.value), np.abs(claim.value))
    enough = np.maximum(np.maximum(SETTLED[0] * size, SETTLED[1] * claim.slope), claim.rounding)
    smooth = on_curve(line)
    settled = _agrees(claim, estimate.value, allowed, tolerance) & (estimate.bound <= enough) & smooth
    if not settled.all() and line.complex_step is not None:
        exact = ~settled & smooth & (np.abs(line.complex_step - estimate.value) <= allowed) & np.isfinite(allowed)
        exact &= _agrees(claim, line.complex_step, 2 * claim.rounding, tolerance)
        estimate.value, allowed = np.where(exact, line.complex_step, estimate.value), np.where(exact, 2 * claim.rounding, allowed)
        settled |= exact
    verdicts: list[Verdict] = ["right" if s else "cannot tell" for s in settled]
    judgement = Judgement(estimate.value, allowed, verdicts, [""] * len(verdicts), np.array([estimate.value, estimate.value]))
    if not settled.all():
        if affords(THOROUGH):
            _reconsider(judgement, ~settled, line, claim, tolerance)
        else:
            judgement.notes = ["" if s else RAN_OUT for s in settled]
    _doubt_small_ones(judgement, line, claim, tolerance)
    return judgement


def _doubt_small_ones(judgement: Judgement, line: Line, claim: Claim, tolerance: Tolerance) -> None:
    """Doubt claims that are right only if they are rounded as if they had as much influence on the function as other entries.

    What they may be rounded by is judged by how much the function changes along this line, and by the measured noise. A complex
    step tells whether the claim is wrong, if it can be taken.
    """
    size = np.maximum(np.abs(claim.value), np.abs(judgement.value))
    right = np.array([v == "right" and not note for v, note in zip(judgement.verdicts, judgement.notes, strict=True)], bool)
    precise = (claim.rounding < SINGLE * claim.slope) & (size > VANISHING)
    doubtful = right & precise & (claim.rounding > PRECISE * size)
    if not doubtful.any():
        return
    exact = line.complex_step
    value, own = (judgement.value, np.maximum(judgement.allowed - claim.rounding, 0.0)) if exact is None else (exact, 0.0)
    rounding = claim.rounding * np.minimum(1.0, 4 * np.maximum(line.change(), size) / claim.slope)
    excess = np.abs(claim.value - value) - HALF_OF_THE_DIGITS * size - tolerance.of(value) - own - rounding
    doubtful &= excess > 0
    if doubtful.any():
        noise = NOISE * claim.noise(doubtful) + (0.0 if exact is None else MEASURED * line.complex_noise())
        for j in np.flatnonzero(doubtful & (excess > noise)):
            judgement.verdicts[j] = "cannot tell" if exact is None else "wrong"
            judgement.notes[j] = "beside entries with far more influence"


def judge_sums(weights: np.ndarray, parts: Judgement, claim: Claim, tolerance: Tolerance) -> Judgement:
    """The verdicts on claims about weighted sums of functions that have been judged, one for each row of weights."""
    value = weights @ parts.value
    allowed = np.abs(weights) @ parts.allowed + claim.rounding
    agrees = _agrees(claim, value, allowed, tolerance)
    if not agrees.all():
        allowed += NOISE * claim.noise(~agrees)
        agrees = _agrees(claim, value, allowed, tolerance)
    unsure = "cannot tell" in parts.verdicts
    verdicts: list[Verdict] = ["cannot tell" if unsure else "right" if a else "wrong" for a in agrees]
    note = KINK if any(note.startswith(KINK) for note in parts.notes) else ""
    return Judgement(value, allowed, verdicts, [note] * len(value), parts.slopes @ weights.T)


def excess(line: Line, claim: Claim, tolerance: Tolerance) -> float:
    """How many times the error bound a claim is away from the quick estimate: the most of all functions."""
    estimate = quick(line)
    allowed = estimate.bound + claim.rounding + tolerance.of(estimate.value)
    ratios = np.abs(claim.value - estimate.value) / np.maximum(allowed, np.finfo(float).tiny)
    ratios[~np.isfinite(claim.value)] = np.inf
    return float(ratios.max(where=np.isfinite(allowed), initial=0.0))


@dataclass
class _Comparison:
    """A claim compared with thorough estimates by one view of the noise.

    For each function: whether the claim agrees, whether the estimate tells anything, and how large its bound is, relatively.
    """

    value: np.ndarray
    allowed: np.ndarray
    agrees: np.ndarray
    tells: np.ndarray
    looseness: np.ndarray
    notes: list[str]
    slopes: np.ndarray


def _reconsider(judgement: Judgement, doubtful: np.ndarray, line: Line, claim: Claim, tolerance: Tolerance) -> None:
    """Judge the doubtful functions by thorough estimates, one for each view of the noise."""
    noise = NOISE * claim.noise(doubtful)
    estimates = thorough(line)
    unchanged = estimates[0].central.value == 0
    invisible = BLIND * line.eps * max(claim.slope.max(), 1 / max(line.unit, FAR))
    rounding = claim.rounding + np.minimum(noise, NOISE_LIMIT * claim.slope) + unchanged * invisible
    views = [_compare(found, line, claim, rounding, tolerance) for found in estimates]
    exact = _by_complex_step(line, claim, rounding, tolerance)
    zero = CANCELS * line.eps * max(1 / line.own, 1.0)  # a slope of values that are nothing but rounding
    cancelled = line.only_rounding() & (np.abs(claim.value) <= zero)
    for j in np.flatnonzero(doubtful):
        view, verdict = _verdict(views, int(j), infinite=bool(np.isinf(claim.value[j])))
        note = view.notes[j]
        place, infinite = line.place(int(j)), np.isinf(claim.value) | np.isinf(views[0].allowed)
        if exact is not None and not (note or place) and _decides(exact, view, verdict, int(j), bool(unchanged[j])):
            view, verdict = exact, "right" if exact.agrees[j] else "wrong"
        if verdict == "wrong":
            verdict, excuse = _excused(claim.value[j], view.value[j], view.allowed[j], noise[j], place, bool(infinite.any()))
            note = note or excuse
        if place and (note == ONE_SIDE or (verdict != "right" and not note)):
            note = f"{place}: {note}" if note else place
        elif verdict != "right" and not note and unchanged[j] and np.isfinite(view.allowed[j]):
            note = "f does not change nearby"
        if cancelled[j] and verdict != "right":
            verdict, note, view.allowed[j] = "right", "f is zero up to rounding", max(view.allowed[j], zero)
        judgement.value[j], judgement.allowed[j] = view.value[j], view.allowed[j]
        judgement.verdicts[j], judgement.notes[j], judgement.slopes[:, j] = verdict, note, view.slopes[:, j]


def _excused(given: float, value: float, bound: float, noise: float, place: str, infinite: bool) -> tuple[Verdict, str]:
    """A milder verdict on a claim that is outside of the error bound, if there is reason for one, and the reason.

    `infinite` says whether another function has an infinite slope on this line, so that 0 times that slope may have been added.
    """
    if abs(given - value) <= HALF_OF_THE_DIGITS * abs(value):
        return "right", "in half of the digits"
    if abs(given - value) <= noise:
        return "cannot tell", "the gradient has as much rounding noise"
    if np.isnan(given) and infinite:
        return "cannot tell", "0 times infinity: the slope of another result is infinite"
    if place == JUMP or (place and not np.isfinite(given) and bound > PRECISE * abs(value)):
        return "cannot tell", ""
    return "wrong", ""


def _by_complex_step(line: Line, claim: Claim, rounding: np.ndarray, tolerance: Tolerance) -> _Comparison | None:
    """A comparison with the derivatives by a complex step, if they can be taken."""
    if line.complex_step is None:
        return None
    value, allowed = line.complex_step, claim.rounding + rounding + MEASURED * line.complex_noise()
    agrees = _agrees(claim, value, allowed, tolerance)
    tells = allowed <= np.maximum(TELLING[0] * np.abs(value), TELLING[1] * np.sqrt(line.eps) * claim.slope)
    return _Comparison(value, allowed, agrees, tells, np.zeros(len(value)), [""] * len(value), np.array([value, value]))


def _decides(exact: _Comparison, view: _Comparison, verdict: Verdict, j: int, unchanged: bool) -> bool:
    """Whether a complex step decides: where differences cannot, and where it is more precise and does not contradict them."""
    agrees = abs(exact.value[j] - view.value[j]) <= view.allowed[j]
    better = unchanged or verdict == "cannot tell" or (agrees and exact.allowed[j] <= view.allowed[j] / 2)
    return bool(exact.tells[j] and better)


def _verdict(views: list[_Comparison], j: int, infinite: bool) -> tuple[_Comparison, Verdict]:
    """The verdict on a claim about function `j`, and the view that decides.

    It is the one that takes the noise from nearby. The others can only excuse a claim: the local one, which may miss noise, if
    its bound is tighter; the one that takes the noise from far away, where kinks, poles and curvature look like noise, if the
    function does not change at all nearby, so that no noise shows there. But such a function may as well have the slope 0 that
    it shows, so that the excuse makes the verdict "cannot tell". And the local one can raise doubts about a large bound.
    """
    near, local, far = views
    heard = [near]
    if local.looseness[j] < near.looseness[j] and near.notes[j].startswith(KINK) >= local.notes[j].startswith(KINK):
        heard.append(local)
    if near.value[j] == 0:
        heard.append(far)
    flat = near.value[j] == 0 and near.tells[j] and not near.agrees[j]
    for view in heard:
        if view.agrees[j] and view.tells[j] and not (flat and view.notes[j].startswith(KINK)):
            if flat:
                return near, "cannot tell"
            doubted = local.tells[j] and not local.agrees[j] and local.looseness[j] < PRECISE * min(1.0, near.looseness[j])
            return view, "cannot tell" if doubted and near.looseness[j] > PRECISE else "right"
    if near.value[j] == 0 and far.agrees[j] and far.allowed[j] < abs(far.value[j]):
        return near, "cannot tell"
    if near.tells[j] and not (infinite and near.allowed[j] > max(abs(near.value[j]), 1.0)):
        return near, "wrong"
    known = np.isfinite(near.allowed[j]) and not infinite
    return near, "wrong" if known and not near.agrees[j] and not local.agrees[j] else "cannot tell"


def _compare(found: Estimates, line: Line, claim: Claim, rounding: np.ndarray, tolerance: Tolerance) -> _Comparison:
    """Compare with all between the two slopes at a kink, with one side at the edge of a domain or a jump, else with both sides."""
    natural = TELLING[1] * np.sqrt(line.eps) * claim.slope

    def tells(estimate: Estimate) -> np.ndarray:
        limit = np.maximum(TELLING[0] * np.abs(estimate.value), natural)
        return np.asarray(np.isfinite(estimate.bound) & (estimate.bound <= limit))

    central, left, right = found.central, found.left, found.right
    value, error = central.value.copy(), central.bound.copy()
    notes = [""] * len(value)
    kink = np.abs(right.value - left.value) > right.bound + left.bound
    lonely = ~tells(central) & ((left.bound == np.inf) | (right.bound == np.inf) | line.jumps())
    for j in range(len(value)):
        sides = [side for side in (left, right) if tells(side)[j]]
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
    agrees = _agrees(claim, value, error + rounding, tolerance)
    slopes = np.where(kink, [left.value, right.value], value)
    return _Comparison(value, error + rounding, agrees, kink | tells(Estimate(value, error)), looseness, notes, slopes)


def _agrees(claim: Claim, value: np.ndarray, allowed: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    return np.asarray(np.isfinite(claim.value) & ~(np.abs(claim.value - value) > allowed + tolerance.of(value)))
