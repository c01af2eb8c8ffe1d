"""From a claimed derivative and an estimated one to a verdict.

A claim that agrees with a quick estimate of small error is right. To call one wrong takes more: a thorough estimate, a look at
either side for a kink or the edge of the domain, and the rounding error of the claim itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from autodiff.testing.numerics.differences import CANCELS, LARGE, ROUNDING, Estimate, Line, on_curve, quick
from autodiff.testing.numerics.judgement import (
    FAR_OFF,
    HALF_OF_THE_DIGITS,
    KINK,
    NOISE,
    PRECISE,
    RAN_OUT,
    SPREAD,
    UNCHANGED,
    Claim,
    Judgement,
    Tolerance,
    Verdict,
    agrees_with,
)
from autodiff.testing.numerics.thorough import reconsider

__all__: list[str] = []

QUICK, THOROUGH = 9, 300  # evaluations that an estimate takes, at most
SETTLED = 1e-6, 1e-12  # a bound this small, relative to the derivative or to the natural slope, needs no improvement
STEPS_APART = 64.0  # a difference of two slopes is visible at a step over which it makes so many rounding errors
FAR_AWAY = np.array([-64.0, -8.0, 8.0, 64.0])  # lengths from here, where a formula that is rounded to zero gives other numbers
FINER = 256.0  # what is so much smaller than a rounding error is none
RESOLVED = 2 / 3  # relative: a larger uncertainty would nearly let pass zero
VANISHING = 1e-290  # numbers that are smaller come from where a function has all but vanished
NOTHING = 16.0  # of the natural slope, times the root of the precision: what is smaller may be zero
ZERO = "zero up to rounding"
UNRESOLVED = "smaller than rounding can tell from zero"


def judge(line: Line, claim: Claim, tolerance: Tolerance, affords: Callable[[int], bool]) -> Judgement:
    """The verdicts on a claim, at the price of as few evaluations as it takes."""
    estimate, smooth = _quick(line)
    judgement = Judgement.of(estimate, claim)
    size = np.maximum(np.abs(estimate.value), np.abs(claim.value))
    precise = estimate.bound <= np.maximum(SETTLED[0] * size, SETTLED[1] * claim.slope)
    if line.own < line.scale / LARGE and (estimate.value == 0).any():  # steps over the scale may miss all that happens here
        precise &= (estimate.value != 0) | line.constant()
    agrees = smooth & agrees_with(claim, estimate.value, judgement.allowed, tolerance)
    wrong = smooth & ~agrees & _stands(line, estimate, claim, tolerance)
    if not precise.all() and line.complex_step is not None:
        precise |= np.abs(line.complex_step - estimate.value) <= judgement.allowed
    _resolve(judgement, agrees & precise, line, claim, tolerance)
    judgement.verdicts = ["wrong" if w else v for w, v in zip(wrong, judgement.verdicts, strict=True)]
    open_ = np.array([v == "cannot tell" for v in judgement.verdicts])
    if not open_.any():
        return judgement
    if not affords(THOROUGH):
        judgement.notes = [RAN_OUT if unknown else note for unknown, note in zip(open_, judgement.notes, strict=True)]
        return judgement
    reconsider(judgement, open_, line, claim, tolerance)
    found = zip(judgement.verdicts, judgement.notes, strict=True)
    asked = open_ & np.array([not n.startswith(KINK) if v == "right" else v != "wrong" and n in ("", UNCHANGED) for v, n in found])
    _resolve(judgement, asked, line, claim, tolerance)
    nothing = np.maximum(line.eps**2 * claim.slope, VANISHING)
    for j in np.flatnonzero(open_):
        if asked[j] and judgement.verdicts[j] == "cannot tell":
            judgement.notes[j] = judgement.notes[j] or UNRESOLVED
        if judgement.verdicts[j] == "wrong" and _rounded_to_zero(judgement, int(j), line, claim):
            judgement.verdicts[j], judgement.notes[j] = "cannot tell", UNRESOLVED
        if judgement.verdicts[j] == "wrong" and (rounding := _rounding(judgement, int(j), line, claim)):
            judgement.verdicts[j], judgement.allowed[j] = "right", judgement.allowed[j] + rounding
        if judgement.verdicts[j] == "wrong" and max(abs(claim.value[j]), abs(judgement.value[j])) <= nothing[j]:
            judgement.verdicts[j], judgement.notes[j] = "right", ZERO
    return judgement


def _quick(line: Line) -> tuple[Estimate, np.ndarray]:
    """The quick estimates over the line's scale or over 1, the tighter one, and where the values at t = 0 fit them."""
    estimate, smooth = quick(line), on_curve(line, line.scale)
    if line.scale < 1 / LARGE and (estimate.bound > SETTLED[0] * np.abs(estimate.value)).any():
        other, fits = quick(line, 1.0), on_curve(line, 1.0)
        better = fits & (other.bound < estimate.bound / 2) & (np.abs(other.value - estimate.value) <= other.bound + estimate.bound)
        value, bound = np.where(better, other.value, estimate.value), np.where(better, other.bound, estimate.bound)
        return Estimate(value, bound), np.where(better, fits, smooth)
    return estimate, smooth


def _stands(line: Line, estimate: Estimate, claim: Claim, tolerance: Tolerance) -> np.ndarray:
    """Which quick estimates stand against the claims, which they contradict, without a search.

    They are precise, the claims are many bounds off, further than their noise explains, and down to the finest steps at which
    rounding still tells the two apart, the slopes on either side are those of the estimate.
    """
    apart = np.abs(claim.value - estimate.value)
    allowed = estimate.bound + claim.rounding + tolerance.of(estimate.value)
    clear = np.isfinite(claim.value) & (apart > FAR_OFF * allowed) & (estimate.bound <= PRECISE * np.abs(apart))
    clear &= apart > FAR_OFF * HALF_OF_THE_DIGITS * np.maximum(np.abs(estimate.value), np.abs(claim.value))
    if (clear & (estimate.value == 0)).any():  # where the values may be rounded to a constant, it takes more to contradict a claim
        moves = ~line.constant() & (line.complex_step == 0 if line.complex_step is not None else True)
        clear &= (estimate.value != 0) | (moves & (apart * line.scale / 16 > line.cancelled))
    if not clear.any():
        return np.asarray(clear)
    clear &= apart > NOISE * claim.noise(clear)
    here = line.at(0.0)
    for j in np.flatnonzero(clear):
        least = max(STEPS_APART * ROUNDING * line.eps * here[1, j] / apart[j], line.finest, line.own * 2.0**-40)
        h = float(min(2.0 ** np.ceil(np.log2(least)), line.scale / 64))
        slopes = [(line.at(t)[0, j] - here[0, j]) / t for t in (h, -h, 4 * h, -4 * h)]
        clear[j] = all(abs(slope - estimate.value[j]) <= apart[j] / 4 for slope in slopes)
    return np.asarray(clear)


def _resolve(judgement: Judgement, asked: np.ndarray, line: Line, claim: Claim, tolerance: Tolerance) -> None:
    """Call the claims asked for right if zero, or the opposite sign, would not agree as well, or if both are zero."""
    finite = np.isfinite(claim.value)
    loose = asked & finite & (judgement.allowed > PRECISE * np.abs(judgement.value))
    known = np.array([v == "right" for v in judgement.verdicts])
    for j in map(int, np.flatnonzero(loose & (line.complex_step is not None))) if loose.any() else ():
        judgement.value[j], judgement.bound[j], exact = _refined(judgement, j, line)
        if exact:
            judgement.allowed[j], known[j] = judgement.bound[j] + claim.rounding[j], False  # that was by a looser bound
    agree = agrees_with(claim, judgement.value, judgement.allowed, tolerance) | known
    resolved = asked & finite & agree & (judgement.allowed <= RESOLVED * np.abs(judgement.value))
    open_ = asked & finite & ~resolved
    for j in map(int, np.flatnonzero(asked)):
        judgement.verdicts[j] = "right" if resolved[j] else "cannot tell"
    if not open_.any():
        return
    natural = np.maximum(claim.slope, line.hidden)
    smaller = line.change(np.fmin)  # x**1000 is far larger on one side, and max(x, 0)**2 is flat on one
    whole = np.maximum(natural, np.where(smaller > 0, smaller, line.change()))
    noise, constant = cache(partial(claim.noise, open_)), line.constant()
    for j in map(int, np.flatnonzero(open_)):
        given = claim.value[j]
        value, bound, exact = _refined(judgement, j, line)
        least = max(bound, _residue(value, j, line, claim)) if abs(value) > bound else bound
        if exact and least == bound and abs(given - value) > bound + 8 * claim.eps * abs(given):
            bound = least = bound + SPREAD * max(line.complex_spread()[j], line.complex_noise()[j])
        allowed = bound + 8 * claim.eps * abs(given)
        if abs(given - value) > allowed:
            allowed += min(NOISE * noise()[j], claim.rounding[j])
        little = line.eps**2 if constant[j] and line.complex_step is None else 16 * claim.eps
        zero = abs(value) <= least <= NOTHING * np.sqrt(claim.eps) * whole[j]
        zero = zero and (abs(given) <= little * whole[j] or abs(given) <= NOISE * noise()[j])
        if zero:
            allowed = max(least, abs(given - value), line.eps * natural[j])
        agrees = abs(given - value) <= allowed + tolerance.of(value)
        if not (zero or (agrees and allowed <= RESOLVED * abs(value))):
            continue
        judgement.verdicts[j] = "right"
        judgement.notes[j] = ZERO if zero and value != given else judgement.notes[j].removeprefix(UNCHANGED)
        judgement.value[j], judgement.bound[j], judgement.allowed[j] = value, bound, allowed


def _rounded_to_zero(judgement: Judgement, j: int, line: Line, claim: Claim) -> bool:
    """Whether a claim may be zero only since a formula such as `s * (1 - s)` rounds it so, of a function that saturates."""
    value = judgement.value[j]
    if claim.value[j] != 0 or not 0 < abs(value) <= FINER * line.eps * claim.slope[j] or line.constant()[j]:
        return False
    return _residue(value, j, line, claim) > 0


def _rounding(judgement: Judgement, j: int, line: Line, claim: Claim) -> float:
    """By how much a formula such as `1 - tanh(x)**2` is rounded, if that is why a claim is off, and small beside the derivative.

    It is rounded as numbers of the size are that it has elsewhere.
    """
    value, gap = abs(judgement.value[j]), abs(claim.value[j] - judgement.value[j])
    if not gap <= min(RESOLVED * value, FINER * claim.eps * max(claim.slope[j], line.change()[j])):
        return 0.0
    least = claim.eps * max(_elsewhere(j, line, claim), default=0.0)
    rounding = min(16 * least, RESOLVED * value) if least <= RESOLVED * value else 0.0
    return float(rounding) if gap <= rounding else 0.0


def _residue(value: float, j: int, line: Line, claim: Claim) -> float:
    """How large a derivative may be that is but what rounding left of zero, or of which a claim may be but what rounding left.

    Where the function is constant on the whole, a derivative of about the size of a rounding error is one. And a claim is
    rounded to zero by a formula, such as `1 - tanh(x)**2`, only if it gives other numbers elsewhere, if need be far away.
    """
    hidden = line.hidden[j]
    if line.constant()[j]:
        least = max(claim.slope[j], hidden / FINER) / FINER
        most = max(claim.slope[j] * line.unit, line.cancelled / (CANCELS * line.eps))  # of numbers inside, that change within 1
        if least < abs(value) / line.eps <= most:
            return abs(value)
    rounded = abs(claim.value[j]) < abs(value) and any(other > abs(value) for other in _elsewhere(j, line, claim))
    return 16 * claim.eps * max(claim.slope[j], hidden) if rounded else 0.0


def _elsewhere(j: int, line: Line, claim: Claim) -> Iterator[float]:
    """The sizes of the claim on function `j` at places further away, where it is defined there."""
    sizes = (abs(claim.elsewhere(t, j)) for t in (line.origin, *line.around, *(line.unit * FAR_AWAY)))
    return (size for size in sizes if np.isfinite(size))


def _refined(judgement: Judgement, j: int, line: Line) -> tuple[float, float, bool]:
    """The derivative of function `j`, its bound, and whether it is by a complex step, where that fits the one from differences."""
    value, bound, exact = judgement.value[j], judgement.bound[j], line.complex_step
    if exact is None or exact[j] == value == 0 or not abs(exact[j] - value) <= judgement.allowed[j] or line.place(j):
        return value, bound, False
    return exact[j], 8 * line.eps * abs(exact[j]), True


def judge_sums(weights: np.ndarray, parts: Judgement, claim: Claim, tolerance: Tolerance) -> Judgement:
    """The verdicts on claims about weighted sums of functions that have been judged, one for each row of weights."""
    value = weights @ parts.value
    bound = np.abs(weights) @ parts.allowed
    allowed = bound + claim.rounding
    agrees = agrees_with(claim, value, allowed, tolerance)
    if not agrees.all():
        allowed += NOISE * claim.noise(~agrees)
        agrees = agrees_with(claim, value, allowed, tolerance)
    unsure = "cannot tell" in parts.verdicts
    verdicts: list[Verdict] = ["cannot tell" if unsure else "right" if a else "wrong" for a in agrees]
    note = KINK if any(note.startswith(KINK) for note in parts.notes) else ""
    return Judgement(value, bound, allowed, verdicts, [note] * len(value), parts.slopes @ weights.T)


def gap(line: Line, claim: Claim, tolerance: Tolerance) -> tuple[np.ndarray, np.ndarray]:
    """How far the claims are from the quick estimates, and how far they may be."""
    estimate = quick(line)
    apart = np.where(np.isfinite(claim.value), claim.value - estimate.value, np.finfo(float).max)
    return apart, estimate.bound + claim.rounding + tolerance.of(estimate.value)
