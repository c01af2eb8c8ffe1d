"""The memory that training needs, of a process of its own: `python -m benchmarks.memory WORK CANDIDATE`.

Prints three numbers of bytes: the peak of the process; and how far the first steps, in which programs are captured and compiled,
and later ones rise above what is held when network and data are made.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks.work import Candidate, Missing
from benchmarks.works import WORKS

__all__ = ["training_bytes"]

STEPS = 20


def status(field: str) -> int:
    """A field of what Linux tells of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def held() -> int:
    """What the process holds, when nothing is kept that was freed."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return status("VmRSS")


def peak(candidate: Candidate) -> int:
    """The peak of the process in some steps."""
    held()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    for _ in range(max(1, STEPS // candidate.steps)):
        candidate.run()
    return status("VmHWM")


def training_bytes(work: str, name: str) -> tuple[int, int, int]:
    """The peaks of the process, of its first steps and of later ones."""
    candidate = WORKS[work]().makes[name]()
    before, made = held(), status("VmHWM")
    first, later = peak(candidate), peak(candidate)
    return max(made, first, later), first - before, later - before


if __name__ == "__main__":
    with suppress(Missing):  # then nothing is printed
        print(*training_bytes(*sys.argv[1:]))
