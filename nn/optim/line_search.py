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
    evaluate: Callable[[float], Point],
    start: Point,
    t: float,
    *,
    size: float,
    most: int,
    decrease: float = 1e-4,
    curvature: float = 0.9,
    tolerance: float = 1e-9,
) -> tuple[Point, int]:
    """A point that is low and flat enough, of trials that begin at `t`, and how often the loss was evaluated.

    The loss must be at most that of the start + `decrease` t slope, and the slope at most `curvature` times as steep. There are
    at most `most` trials after the first. `size` is the largest element of the direction: less than `tolerance` apart is the same.
    (Nocedal & Wright 2006, algorithms 3.5 and 3.6)
    """

    def too_high(point: Point) -> bool:
        return point.loss > start.loss + decrease * point.t * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -curvature * start.slope

    before, point, trials = start, evaluate(t), 0
    while trials < most:
        if too_high(point) or (trials > 1 and point.loss >= before.loss):
            break
        if flat(point):
            return point, trials + 1
        if point.slope >= 0:
            break
        t = cubic_minimum(before, point, point.t + 0.01 * (point.t - before.t), 10 * point.t)
        before, point, trials = point, evaluate(t), trials + 1
    ends, stuck = [before if trials < most else start, point], False
    low = _lower(ends)
    while trials < most and abs(ends[1].t - ends[0].t) * size >= tolerance:
        t, stuck = _inside(ends, stuck)
        point, trials = evaluate(t), trials + 1
        if too_high(point) or point.loss >= ends[low].loss:
            ends[1 - low] = point
            low = _lower(ends)
        elif flat(point):
            return point, trials + 1
        else:
            if point.slope * (ends[1 - low].t - ends[low].t) >= 0:
                ends[1 - low] = ends[low]
            ends[low] = point
    return ends[low], trials + 1


def _lower(ends: list[Point]) -> int:
    """Which of two points is the lower one."""
    return 0 if ends[0].loss <= ends[1].loss else 1


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
