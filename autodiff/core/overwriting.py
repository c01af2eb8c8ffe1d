"""Noticing that an array whose value the backward pass needs has been overwritten since.

What autodiff itself writes to is known exactly: a `Watch` has the time of the last change. Memory that others can write to, such
as a plain array among the operands, is compared by content: in full if it is small, at scattered places if it is large, so
that the cost does not grow with the size.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

__all__: list[str] = []

SMALL = 4096  # bytes: up to this size, content is compared in full
PLACES = 256  # of a larger array, one at random in each of as many runs of equal length: any run of two such lengths is hit


class Watch:
    """The memory of a tensor: when autodiff last wrote to it, by the graph's clock, and whether others can (`shared`)."""

    __slots__ = ("changed", "shared")

    def __init__(self, shared: bool) -> None:
        self.changed = 0
        self.shared = shared


def _spread(n: int) -> np.ndarray:
    """`n` numbers of [0, 1) without any regularity, always the same (the SplitMix64 generator)."""
    z = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    return np.asarray((z >> np.uint64(11)) / 2**53)


@lru_cache(maxsize=64)
def _places(size: int) -> np.ndarray:
    """Where to look in an array of `size` elements: both ends, and a place in each of `PLACES` runs."""
    places: np.ndarray = ((np.arange(PLACES) + _spread(PLACES)) * (size / PLACES)).astype(np.intp)
    places[0], places[-1] = 0, size - 1
    return places


@lru_cache(maxsize=64)
def _places_by_axis(shape: tuple[int, ...]) -> Any:
    return np.unravel_index(_places(int(np.prod(shape))), shape)


def content(array: np.ndarray, full: bool = False) -> bytes:
    """What is compared of `array`: all of it if it is small, or if asked for, else its elements at scattered places."""
    if full or array.nbytes <= SMALL:
        return array.tobytes()
    if array.flags.c_contiguous:
        return array.reshape(-1).take(_places(array.size)).tobytes()
    if array.flags.f_contiguous:
        return array.T.reshape(-1).take(_places(array.size)).tobytes()
    sample: np.ndarray = array[_places_by_axis(array.shape)]
    return sample.tobytes()


def is_unchanged(array: np.ndarray, before: bytes) -> bool:
    """Whether the content of `array` is what it was; zeros of either sign are the same, and so are NaNs."""
    now = content(array, full=len(before) == array.nbytes)
    if now == before:
        return True
    return np.array_equal(np.frombuffer(now, array.dtype), np.frombuffer(before, array.dtype), equal_nan=array.dtype.kind == "f")
