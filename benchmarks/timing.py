"""Timing on noisy machines: the candidates take turns, so that what slows the machine down slows down all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Run = Callable[[], object]


def interleaved(
    candidates: Mapping[str, Run], rounds: int = 200, calls: int | Mapping[str, int] = 50, pause: float = 0.0
) -> dict[str, list[float]]:
    """Microseconds per call of each candidate, one figure for each of `rounds` rounds of `calls` calls.

    With a `pause`, so many seconds and a call that does not count come before each turn: threads of one library that still wait for
    work are not to take a processor from another.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, candidate in candidates.items():
            turns = range(calls if isinstance(calls, int) else calls[name])
            if pause:
                time.sleep(pause)
                candidate()
            start = time.perf_counter()
            for _ in turns:
                candidate()
            times[name].append((time.perf_counter() - start) / len(turns) * 1e6)
    return times


def within(candidates: Mapping[str, Run], seconds: float, turn: float = 0.004, pause: float = 0.0) -> dict[str, list[float]]:
    """Rounds for so many seconds, but at least five, or three long ones: each candidate is called for `turn` seconds, or once."""
    calls, expected = {}, 0.0
    for name, candidate in candidates.items():
        once = interleaved({name: candidate}, rounds=1, calls=1)[name][0] / 1e6
        if once < turn:
            once = min(interleaved({name: candidate}, rounds=5, calls=1)[name]) / 1e6
        calls[name] = max(1, round(turn / once))
        expected += calls[name] * once + (pause and pause + once)
    return interleaved(candidates, max(5 if expected < 2 else 3, round(seconds / expected)), calls, pause)


def ratio(times: list[float], reference: list[float]) -> float:
    """The median, over the rounds, of the time as a multiple of the reference's in the same round."""
    return statistics.median(a / b for a, b in zip(times, reference, strict=True))
