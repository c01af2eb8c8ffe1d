"""Timing on noisy machines: the candidates take turns, so that what slows the machine down slows down all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(candidates: Mapping[str, Callable[[], object]], rounds: int = 200, calls: int = 50) -> dict[str, list[float]]:
    """Microseconds per call of each candidate, one figure for each of `rounds` rounds of `calls` calls."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, candidate in candidates.items():
            start = time.perf_counter()
            for _ in range(calls):
                candidate()
            times[name].append((time.perf_counter() - start) / calls * 1e6)
    return times


def ratio(times: list[float], reference: list[float]) -> float:
    """The median, over the rounds, of the time as a multiple of the reference's in the same round."""
    return statistics.median(a / b for a, b in zip(times, reference, strict=True))
