"""How far to go along a direction: the strong Wolfe conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

__all__: list[str] = []


class Point(NamedTuple):
    """A place on the line: how far along, the loss, the gradient, and the derivative of the loss along the line."""

    t: float
    loss: float
    gradient: Any
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, t: float, *, size: float, most: int, tolerance: float = 1e-9
) -> tuple[Point, int]:
    """A point that is low and flat enough, of trials that begin at `t`, and how often the loss was evaluated.

    There are at most `most` trials after the first. `size` is the largest element of the direction: ends whose parameters are
    less than `tolerance` apart are the same. (Nocedal & Wright 2006, algorithms 3.5 and 3.6)
    """
    search = _Search(evaluate, start, most)
    point = search.between(search.ends(t), tolerance / size)
    return point, search.trials + 1


class _Search:
    """The search for a point that fulfils the strong Wolfe conditions, with at most `most` trials after the first."""

    decrease, curvature = 1e-4, 0.9

    def __init__(self, evaluate: Callable[[float], Point], start: Point, most: int) -> None:
        self.evaluate, self.start, self.most, self.trials = evaluate, start, most, 0

    def too_high(self, point: Point) -> bool:
        """Whether the loss has fallen by less than `decrease` of what the slope promised."""
        return point.loss > self.start.loss + self.decrease * point.t * self.start.slope

    def flat(self, point: Point) -> bool:
        """Whether the slope is at most `curvature` times as steep as in the beginning."""
        return abs(point.slope) <= -self.curvature * self.start.slope

    def ends(self, t: float) -> list[Point]:
        """Two points between which there is one that is low and flat, farther and farther out from `t`; or such a point alone."""
        before, point = self.start, self.evaluate(t)
        while self.trials < self.most:
            if self.too_high(point) or (self.trials > 1 and point.loss >= before.loss):
                return [before, point]
            if self.flat(point):
                return [point]
            if point.slope >= 0:
                return [before, point]
            t = cubic_minimum(before, point, point.t + 0.01 * (point.t - before.t), 10 * point.t)
            before, point = point, self.evaluate(t)
            self.trials += 1
        return [self.start, point]

    def between(self, ends: list[Point], tolerance: float) -> Point:
        """A point between `ends` that is low and flat, or the lower one when they are closer than `tolerance`."""
        low, stuck = _lower(ends), False
        while len(ends) > 1 and self.trials < self.most and abs(ends[1].t - ends[0].t) >= tolerance:
            t, stuck = _inside(ends, stuck)
            point = self.evaluate(t)
            self.trials += 1
            if self.too_high(point) or point.loss >= ends[low].loss:
                ends[1 - low] = point
                low = _lower(ends)
            elif self.flat(point):
                return point
            else:
                if point.slope * (ends[1 - low].t - ends[low].t) >= 0:
                    ends[1 - low] = ends[low]
                ends[low] = point
        return ends[low]


def _lower(ends: list[Point]) -> int:
    """Which of one or two points is the lower one."""
    return 0 if ends[0].loss <= ends[-1].loss else 1


def _inside(ends: list[Point], stuck: bool) -> tuple[float, bool]:
    """Where between two points to try next, and whether that is near one of them; when twice so, it is moved away."""
    left, right = sorted(point.t for point in ends)
    t, margin = cubic_minimum(ends[0], ends[1], left, right), 0.1 * (right - left)
    if min(right - t, t - left) >= margin:
        return t, False
    if stuck or t >= right or t <= left:
        return (right - margin if abs(t - right) < abs(t - left) else left + margin), False
    return t, True


def cubic_minimum(a: Point, b: Point, lower: float, upper: float) -> float:
    """Where the cubic through two points with their slopes is lowest, between bounds; midway if nowhere."""
    a, b = (a, b) if a.t <= b.t else (b, a)
    middle = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = middle**2 - a.slope * b.slope
    divisor = b.slope - a.slope + 2 * square**0.5 if square >= 0 else 0.0
    if divisor == 0:
        return (lower + upper) / 2
    t: float = b.t - (b.t - a.t) * ((b.slope + square**0.5 - middle) / divisor)
    return min(max(t, lower), upper)
