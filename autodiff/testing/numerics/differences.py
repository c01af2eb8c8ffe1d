"""Derivatives from differences of function values, each with an error bound that is computed from the values themselves.

Central differences at steps h, h/4, h/16, ... are extrapolated to h = 0 (Richardson; as Ridders' method). What two successive
extrapolations differ by bounds the truncation error; the rounding noise of the values, divided by the step, bounds the rest. Large
steps suffer from the one, small steps from the other: of all runs of steps, the one with the smallest bound is taken.

Sources: C. J. F. Ridders, Accurate computation of F'(x) and F'(x) F''(x), Advances in Engineering Software 4 (1982); W. H. Press et
al., Numerical Recipes, `dfridr`; J. J. Moré and S. M. Wild, Estimating derivatives of noisy simulations, ACM TOMS 38 (2012).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

__all__: list[str] = []

RATIO = 4.0  # of successive steps: a power of two, so that x + h and x - h are exact
LEVELS = 3  # how often an extrapolation is extrapolated
TRUNCATION = 2.0  # safety factor on the difference of successive extrapolations
ROUNDING = 4.0  # rounding errors of a value, in units in its last place, as long as they have not been measured
SMALLEST = float(np.finfo(float).smallest_subnormal)  # no value is more precise than that
MEASURED = 5.0  # safety factor on a measured noise, which is a root mean square
DEPTH = 30  # steps in a thorough search: down to 4**-30 of the scale, where nothing but noise is left
UNEXPLAINED = 4.0  # noise does not explain extrapolations that differ by more than so many times the rounding error
STREAK = 3  # rows of unexplained extrapolations after which a search ends
NODES = np.sqrt(np.arange(10) / 9)  # where noise is measured: uneven and inexact, lest errors repeat or vanish
JUMP = "at a jump"
NEAR = 2.0**-32  # of the scale: where a jump or the edge of a domain shows
FAR = 2.0**-20  # scales that are further apart than this are far apart
BETWEEN = 0.0515028  # of the largest step of a quick estimate: where a value is compared with what the others say
LARGE = 2.0**10  # beside a coordinate larger than that, functions may well change within 1
CANCELS = 64.0  # values of so many units in the last place of all inputs together may be nothing but rounding errors
FLAT = 6  # of the smallest steps: a function that none of them changes moves in stairs, if those are not of rounding errors
HIGH = 2.0**-17  # of the size: stairs as high as that are not what an iteration leaves that ends
SMOOTH = 1e-3  # of their size: values with less noise are no rounding errors themselves
LENGTHS = (2.0**-5, 2.0**-13, 2.0**-21)  # over which the noise is measured, as parts of the scale
_POLYNOMIALS = np.linalg.qr(np.vander(NODES, 6)).Q  # the polynomials of degree 5


@dataclass
class Estimate:
    """Derivatives of several functions at one point: each true one lies within `bound` of `value`; inf if nothing is known."""

    value: np.ndarray
    bound: np.ndarray

    def split(self, count: int) -> list[Estimate]:
        """The estimates of `count` equally many functions."""
        pairs = zip(np.split(self.value, count), np.split(self.bound, count), strict=True)
        return [Estimate(value, bound) for value, bound in pairs]


@dataclass
class Estimates:
    """The derivative from both sides, from the left, and from the right."""

    central: Estimate
    left: Estimate
    right: Estimate


@dataclass(eq=False)
class Line:
    """Functions along a line through a point: t -> φ(t), of interest at t = 0.

    Args:
        function: the values φ(t), and the sizes of the numbers they are made of, as an array of shape `(2, functions)`.
        here: the same for t = 0.
        scale: a power of two: the length over which the functions can be expected to change.
        own: a power of two: the same, but judged by the coordinate along the line alone, however small it is.
        finest: the smallest step that can be told from zero at this point.
        eps: the relative precision of the values.
        floor: the size of the functions, where that is known to be larger than the values show.
        cancelled: values that are no larger may be nothing but the rounding errors of numbers that cancel.
        tilted: the derivatives at t by a complex step; None where the functions are not known to be analytic.
        origin: where the coordinate along the line is zero, if it is one.
        length: how far the entries that move along the line move, all together; 0 if it is one.
    """

    function: Callable[[float], np.ndarray]
    here: np.ndarray
    scale: float
    own: float
    finest: float
    eps: float
    floor: Any
    cancelled: float
    tilted: Callable[[float], np.ndarray | None]
    origin: float
    length: float

    def __post_init__(self) -> None:
        self.unit = max(self.own, 1.0)  # over which a function can be expected to change: a small coordinate says little about that
        self.near = max(self.own * NEAR, 4 * self.finest)
        self.around = self.own * np.array([-1.0, -0.25, 0.25, 1.0])
        self.known: dict[float, np.ndarray] = {0.0: self.here}

    def at(self, t: float) -> np.ndarray:
        """φ(t), remembered."""
        if t not in self.known:
            self.known[t] = self.function(t)
        return self.known[t]

    def side(self, steps: np.ndarray) -> np.ndarray:
        """φ(h) for each of the steps, NaN for a step that is NaN: an array of shape `(steps, 2, functions)`."""
        nothing = np.full(self.at(0.0).shape, np.nan)
        return np.array([nothing if np.isnan(h) else self.at(float(h)) for h in steps])

    @cached_property
    def complex_step(self) -> np.ndarray | None:
        """The derivatives at t = 0 by a complex step, if the functions are analytic."""
        return self.tilted(0.0)

    def complex_spread(self) -> np.ndarray:
        """How far derivatives by a complex step differ so close by that they should be equal; inf where they cannot be taken."""
        found = np.ptp(self._complex_steps(256 * self.finest or self.own * LENGTHS[-1]), axis=0)
        return np.asarray(np.nan_to_num(found, nan=np.inf))

    def complex_noise(self) -> np.ndarray:
        """How far they are from being smooth further away, where they can be taken there: rounding errors change, slopes do not."""
        found = [noise_of(self._complex_steps(self.own * length)) for length in LENGTHS[:2]]
        return np.asarray(np.nan_to_num(found, nan=0.0).min(axis=0))  # over the longer one, slopes may well change

    def _complex_steps(self, length: float) -> np.ndarray:
        unknown = np.full(self.at(0.0).shape[1], np.nan)
        found = [self.tilted(float(length * node)) for node in NODES]
        return np.array([unknown if slopes is None else slopes for slopes in found])

    def slope(self) -> np.ndarray:
        """The slope that would be natural here: the size of the functions, divided by the length over which they change.

        The middle one of three sizes counts: that of a function that is zero here shows nearby, and one that grows as fast as
        exp(x) at 600 is far larger on one side.
        """
        sizes = self._size_within(self.scale / 16)
        if self.own < self.scale / LARGE:
            sizes = np.minimum(sizes, self._size_within(self.own / 16))
        return np.asarray(np.maximum(sizes, self.floor) / self.unit)

    def _size_within(self, length: float) -> np.ndarray:
        """The middle one of the sizes of the functions here and so far away on either side."""
        here, left, right = (self.at(t)[1] for t in (0.0, -length, length))
        sizes = np.array([here, np.where(np.isnan(left), right, left), np.where(np.isnan(right), left, right)])
        middle = np.sort(np.nan_to_num(sizes, nan=0.0, posinf=np.inf), axis=0)[1]
        return np.asarray(np.where(np.isfinite(middle), middle, 0.0))

    @cached_property
    def hidden(self) -> np.ndarray:
        """The slope that is natural for numbers that cancel, where the values may be nothing but their rounding errors; else 0."""
        values = [self.at(t)[0] for t in (0.0, *self.around)]
        largest = np.nan_to_num(np.abs(values), posinf=0.0).max(axis=0)
        nothing = largest <= self.cancelled
        if (nothing & (largest != 0)).any():  # what changes smoothly has more digits than rounding errors have
            noise = np.max([_spread(self, side * self.own * length) for side in (1.0, -1.0) for length in LENGTHS], axis=0)
            nothing &= (largest == 0) | (noise > SMOOTH * largest)
        return np.asarray(nothing * self.cancelled / (CANCELS * self.eps) / self.unit)

    def change(self, of_sides: np.ufunc = np.fmax) -> np.ndarray:
        """How much the functions change over the length of the coordinate itself: the larger change of the two sides."""
        changes = np.abs([self.at(t)[0] - self.at(0.0)[0] for t in self.around])
        changes[np.isinf(changes)] = np.nan
        return np.asarray(np.nan_to_num(of_sides(np.fmax(*changes[:2]), np.fmax(*changes[2:]))) / self.own)

    def constant(self) -> np.ndarray:
        """Which functions do not change over that length, but for rounding errors."""
        rounding = CANCELS * self.eps * self.at(0.0)[1] + self.cancelled
        return np.asarray(self.change() * self.own <= rounding)

    def stairs(self) -> np.ndarray:
        """Which functions do not change nearby, and then on either side by more than rounding or iterations explain: floor."""
        steps = _ladder(self)
        values = self.side(np.concatenate([steps[-FLAT:], -steps[-FLAT:]]))[:, 0]
        height = np.min([_first_change(self, side * steps).max(axis=0) for side in (1.0, -1.0)], axis=0)
        return np.asarray((values == self.at(0.0)[0]).all(axis=0) & (height > HIGH * self.at(0.0)[1]))

    def loses(self, slope: np.ndarray) -> np.ndarray:
        """Of which functions, with a pole where the coordinate is zero, such a slope is lost in rounding, as of `1e50 + 1 / x`."""
        return np.asarray((np.abs(slope) * self.own <= self.eps * self.at(0.0)[1]) & ~np.isfinite(self.at(self.origin)[0]))

    def jumps(self) -> np.ndarray:
        """Which functions jump at t = 0: they change much more from one side to the other than on either side."""
        left, inner_left, inner_right, right = (self.at(t * self.near)[0] for t in (-2, -1, 1, 2))
        along = np.maximum(np.abs(inner_left - left), np.abs(right - inner_right))
        noise = np.min([_spread(self, side * self.own * LENGTHS[-1]) for side in (1.0, -1.0)], axis=0)
        least = np.max([along, noise, self.eps * self.at(0.0)[1]], axis=0)
        return np.asarray((np.abs(inner_right - inner_left) > 100 * least) & (self.hidden == 0))

    def place(self, j: int) -> str:
        """What is special at t = 0 about function `j`, as far as two values on either side show it."""
        here, left, right = (bool(np.isfinite(self.at(t * self.near)[0][j])) for t in (0, -1, 1))
        if not here:
            return "f is not finite here"
        if not (left and right):
            return "f is not finite nearby" if left == right else f"f is not finite to the {'right' if left else 'left'}"
        return JUMP if self.jumps()[j] else ""


def on_curve(line: Line, scale: float) -> np.ndarray:
    """Which functions have a value at t = 0 that fits those of `quick` on either side, and one in between that does.

    φ(h) + φ(-h) - 2φ(0) falls with h². And the polynomial through all of these values gives that at a place which is no multiple of
    such a step: there the periodic part of a function shows that is the same at each of them.
    """
    coarse, fine = (scale / 16 / RATIO**k for k in (LEVELS - 1, LEVELS))
    here = line.at(0.0)
    bends = [np.abs(line.at(h)[0] + line.at(-h)[0] - 2 * here[0]) for h in (coarse, fine)]
    noise = 2 * ROUNDING * (line.eps * np.maximum(here[1], line.at(fine)[1]) + SMALLEST)
    grain = 2.0 ** np.ceil(np.log2(max(line.finest, scale * 2.0**-48)))
    between = (BETWEEN * scale / 16 // grain // 2 * 2 + 1) * grain  # an odd multiple of the finest step
    steps = np.array([0.0, *(sign * scale / 16 / RATIO**k for k in range(LEVELS + 1) for sign in (1, -1))])
    values, found = line.side(steps), line.at(float(between))
    smaller = np.abs(steps) < scale / 16
    inner, weights = _weights(steps[smaller], between) @ values[smaller, 0], _weights(steps, between)
    outer, size = weights @ values[:, 0], np.abs(weights) @ values[:, 1] + found[1]
    allowed = np.abs(outer - inner) + ROUNDING * (line.eps * size + SMALLEST)
    return np.asarray((bends[1] <= 2 * bends[0] / RATIO**2 + noise) & (np.abs(found[0] - outer) <= allowed))


def _weights(nodes: np.ndarray, t: float) -> np.ndarray:
    """By how much the values at the nodes count in that of the polynomial through them at `t`."""
    apart = nodes[:, None] - nodes + np.eye(len(nodes))
    return np.asarray(np.prod(np.where(np.eye(len(nodes)) == 1, 1.0, (t - nodes) / apart), axis=1))


def quick(line: Line, scale: float | None = None) -> Estimate:
    """The derivatives at t = 0 from eight more values, enough for functions that are smooth over the scale."""
    steps = (scale or line.scale) / 16 / RATIO ** np.arange(LEVELS + 1)
    above, below = line.side(steps), line.side(-steps)
    noise = ROUNDING * (line.eps * np.maximum(above[:, 1], below[:, 1]) + SMALLEST)
    return _narrowest((above[:, 0] - below[:, 0]) / (2 * steps[:, None]), noise, steps, power=2)


def thorough(line: Line) -> list[Estimates]:
    """The derivatives at t = 0 from steps of all sizes, for each view of the noise of the values. It takes up to 300 values."""
    steps = _ladder(line)
    here, above, below = line.at(0.0), line.side(steps), line.side(-steps)
    column = steps[:, None]
    both = (above[:, 0] - below[:, 0]) / (2 * column)
    from_left, from_right = (here[0] - below[:, 0]) / column, (above[:, 0] - here[0]) / column
    lost = np.where(line.change() == 0, line.eps * line.hidden * line.unit, ROUNDING * SMALLEST)  # by numbers that cancel
    rounding = [line.eps * np.maximum(side[:, 1], here[1]) + lost for side in (above, below)]
    unchanged = np.where((both == 0) & (from_left == 0), np.nan, 1.0)
    noises = [[np.maximum(MEASURED * m, r) for m, r in zip(view, rounding, strict=True)] for view in _views(line, steps, unchanged)]
    views = len(noises)
    noise_above, noise_below = (np.hstack([noise[side] for noise in noises]) for side in (0, 1))
    central = _narrowest(np.tile(both, views), np.maximum(noise_above, noise_below), steps, power=2)
    slopes = np.hstack([np.tile(from_left, views), np.tile(from_right, views)])
    sides = _narrowest(slopes, 2 * np.hstack([noise_below, noise_above]), steps, power=1)
    parts = [*central.split(views), *sides.split(2 * views)]
    return [Estimates(parts[i], parts[views + i], parts[2 * views + i]) for i in range(views)]


def _views(line: Line, steps: np.ndarray, unchanged: np.ndarray) -> list[list[np.ndarray]]:
    """What the noise of the values may be, as standard deviations for each step, above t = 0 and below.

    `unchanged` is NaN for the steps that change nothing.

    - Near: the middle one of the noises over three lengths close by, of which the longest may see the function itself, and
      the shortest no change at all; for steps that lead further, also the noise found there. Too much if the function is not
      smooth at t = 0, as x**1.5 at 0. Too little if the values are computed with more noise than shows close by:
      (10⁸ + x) - 10⁸ does not change for small changes of x.
    - Local: for each step the noise over no more than that length. Steps that change nothing are not trusted.
    - Far: the largest noise up to a distance of 1 or the scale. Too much if there is a kink or a pole in between.

    None is less than the first change of a function that does not change nearby, since it may move in stairs of that height.
    """
    close = max(1.0, line.own * FAR) if line.own > LARGE else line.own
    scales = {close, line.own, max(line.scale, 1.0)} | ({1.0} if line.own < FAR and line.scale > 1 / FAR else set())
    lengths = sorted({scale * length for scale in scales for length in LENGTHS})
    spreads = [{length: _spread(line, side * length) for length in lengths} for side in (1.0, -1.0)]
    largest = np.max([list(spread.values()) for spread in spreads], axis=(0, 1))
    middle = np.max([np.median([spread[close * length] for length in LENGTHS], axis=0) for spread in spreads], axis=0)

    def within(spread: dict[float, np.ndarray], shortest: float, least: np.ndarray) -> np.ndarray:
        """For each step the noise over the lengths from the shortest up to the step."""
        return np.array([np.max([least, *(s for length, s in spread.items() if shortest < length <= h)], axis=0) for h in steps])

    both = list(zip(spreads, [_first_change(line, side * steps) / MEASURED for side in (1.0, -1.0)], strict=True))
    near = [np.maximum(within(spread, close, middle), stairs) for spread, stairs in both]
    local = [np.maximum(within(spread, 0.0, 0 * middle), stairs) * unchanged for spread, stairs in both]
    far = np.max([largest, *(MEASURED * stairs.max(axis=0) for _, stairs in both)], axis=0)
    return [near, local, [far, far]]


def _first_change(line: Line, steps: np.ndarray) -> np.ndarray:
    """For each of the steps that changes the functions, how much the smallest one of those does: they may move in stairs.

    If that is no more than numbers that cancel are rounded by, it holds for the smaller steps as well.
    """
    here = line.at(0.0)[0]
    changes = np.array([here if np.isnan(h) else line.at(float(h))[0] for h in steps]) - here
    changes = np.nan_to_num(np.abs(changes), posinf=0.0)
    first = np.zeros(here.shape)
    for k in reversed(range(len(steps))):
        first = np.where(first == 0, changes[k], first)
        changes[k] = first
    return np.asarray(np.where((changes == 0) & (first <= line.cancelled), first, changes))


def _spread(line: Line, length: float) -> np.ndarray:
    """The noise of the values between t = 0 and `length`; 0 where they are not finite."""
    values = np.array([line.at(float(length * node))[0] for node in NODES])
    return np.asarray(np.nan_to_num(noise_of(values), posinf=0.0))


def noise_of(values: np.ndarray) -> np.ndarray:
    """The standard deviation of the errors of values of a smooth function at NODES: of what no polynomial of degree 5 explains."""
    changes = values - values[0]
    rest = changes - _POLYNOMIALS @ (_POLYNOMIALS.T @ changes)
    largest = np.maximum(np.abs(rest).max(axis=0), np.finfo(float).tiny)  # lest the squares underflow
    return np.asarray(largest * np.sqrt(np.sum((rest / largest) ** 2, axis=0) / (len(NODES) - _POLYNOMIALS.shape[1])))


def _ladder(line: Line) -> np.ndarray:
    """Steps from the finest up to the coordinate's own scale, from there to 1, and on towards the scale; NaN in between."""
    own = 4 * line.own / RATIO ** np.arange(DEPTH + 1)
    ladder = own[own >= line.finest]
    for top in (4.0, min(4 * line.scale, max(4 * line.own, 4.0) * RATIO**20)):
        above = top / RATIO ** np.arange(20.0)
        ladder = np.concatenate([above[above > 4 * np.nanmax(ladder, initial=0.0)], [np.nan], ladder])
    return ladder


def _narrowest(slopes: np.ndarray, noise: np.ndarray, steps: np.ndarray, power: int) -> Estimate:
    """The extrapolation to step 0 with the smallest error bound.

    The candidates are visited from the smallest steps to the largest. Until noise explains what the extrapolations of a row
    differ by, the function is not resolved: it is not smooth here, and after a few rows the search ends, since a derivative
    that is not in sight at the smallest steps is none. Once noise has been seen, only what it explains counts. And the search ends
    when a candidate contradicts those before: from there on, the steps are too large to say anything about this point. A candidate
    counts as better only if its bound is half as large, as it is with larger steps until they are too large.

    Args:
        slopes: difference quotients, one row for each step.
        noise: the error of the numerators, likewise.
        steps: the steps, decreasing by the factor RATIO.
        power: the powers of the step in which the error of a slope is a series: 1 for all, 2 for the even ones.
    """
    tableau = _extrapolations(slopes, noise / steps[:, None], power)
    functions = slopes.shape[1]
    best = Estimate(np.zeros(functions), np.full(functions, np.inf))
    low, high = np.full(functions, -np.inf), np.full(functions, np.inf)  # where all candidates so far overlap
    noise_seen, open_, streak = np.zeros(functions, bool), np.ones(functions, bool), np.zeros(functions, int)
    for row in reversed(range(len(steps) - 1)):
        unexplained = np.zeros(functions, bool)
        for values, truncations, roundings in reversed(tableau):
            if row >= len(values):
                continue
            value, bound = values[row], TRUNCATION * truncations[row] + roundings[row]
            valid = np.isfinite(value) & np.isfinite(bound)
            explained = valid & (truncations[row] <= UNEXPLAINED * roundings[row])
            diverges = valid & ~explained & (row > 0) & ~(truncations[row] <= truncations[row - 1])  # as the steps become smaller
            noise_seen |= explained
            open_ &= ~valid | ((value - bound <= high) & (value + bound >= low))
            low, high = np.where(valid, np.maximum(low, value - bound), low), np.where(valid, np.minimum(high, value + bound), high)
            better = valid & ~diverges & open_ & (bound < best.bound / 2) & (explained | ~noise_seen)
            best.value = np.where(better, value, best.value)
            best.bound = np.where(better, bound, best.bound)
            unexplained = valid & ~noise_seen
        streak += unexplained
        open_ &= streak < STREAK
        if not open_.any():
            break
    return best


def _extrapolations(slopes: np.ndarray, rounding: np.ndarray, power: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each level of extrapolation the values, what they differ by from the level before, and their rounding errors.

    Each has one row for each largest step.
    """
    finer, coarser = slopes[1:], slopes[:-1]
    tableau = [(finer, np.abs(finer - coarser) / (RATIO - 1), rounding[1:])]
    for level in range(1, LEVELS + 1):
        factor = RATIO ** (power * level)
        finer, coarser = slopes[1:], slopes[:-1]
        slopes = finer + (finer - coarser) / (factor - 1)
        rounding = (factor * rounding[1:] + rounding[:-1]) / (factor - 1)
        truncation = np.maximum(np.abs(slopes - finer), np.abs(slopes - coarser))
        tableau.append((slopes, truncation, rounding + 4 * np.finfo(float).eps * np.abs(slopes)))
    return tableau
