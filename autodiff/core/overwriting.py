"""Noticing that an array whose value the backward pass needs has been overwritten since.

What autodiff itself writes to is known exactly: a `Watch` has the time of the last change. Memory that others can write to, such as
a plain array among the operands, is compared by content: in full if small, at scattered places if large.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from threading import RLock
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

SMALL = 4096  # bytes: up to this size, content is compared in full
PLACES = 256  # of a larger array, one at random in each of as many runs of equal length: any run of two such lengths is hit


@dataclass(slots=True, weakref_slot=True, eq=False)
class Watch:
    """When autodiff last wrote to some memory, by the graph's clock, and whether others can write there (`shared`)."""

    shared: bool
    changed: int = 0


_shared: WeakValueDictionary[int, Watch] = WeakValueDictionary()
lock = RLock()  # of what threads share: these watches, and the lists of views


def watch_at(memory: Any) -> Watch:
    """The watch of memory that others can write to: the same for all arrays that lie there, found by the object that owns it."""
    while (under := memory.obj if isinstance(memory, memoryview) else getattr(memory, "base", None)) is not None:
        memory = under
    with lock:
        return _shared.setdefault(id(memory), Watch(True))


@lru_cache(maxsize=64)
def _places(size: int) -> np.ndarray:
    """Where to look in an array of `size` elements: both ends, and a place in each of `PLACES` runs, without any regularity."""
    runs = np.arange(PLACES)
    return np.append((runs + runs**2 * 0.6180339887498949 % 1) * (size / PLACES), size - 1).astype(np.intp)


def content(array: np.ndarray, full: bool = False) -> bytes:
    """What is compared of `array`: all of it if it is small, or if asked for, else its elements at scattered places."""
    if full or array.nbytes <= SMALL:
        return array.tobytes()
    flat: Any = array.reshape(-1) if array.flags.c_contiguous else array.flat
    return bytes(flat[_places(array.size)])


def is_unchanged(array: np.ndarray, before: bytes) -> bool:
    """Whether the content of `array` is what it was; zeros of either sign are the same, and so are NaNs."""
    now = content(array, full=len(before) == array.nbytes)
    if now == before:
        return True
    return np.array_equal(np.frombuffer(now, array.dtype), np.frombuffer(before, array.dtype), equal_nan=array.dtype.kind in "fc")
