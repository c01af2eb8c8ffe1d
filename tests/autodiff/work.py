"""How much work something is, counted, not timed, so that it is the same each time."""

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any


def work(run: Callable[[], Any]) -> int:
    """The work of `run()`: 100 for each step of the interpreter into or out of a function, and 1 for each byte allocated.

    The largest allocation between two steps is what counts, so that a temporary array is seen although it is freed at once.
    """
    steps = allocated = known = 0

    def look(*_: object) -> None:
        nonlocal steps, allocated, known
        steps += 1
        allocated += tracemalloc.get_traced_memory()[1] - known
        tracemalloc.reset_peak()
        known = tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    known = tracemalloc.get_traced_memory()[0]
    sys.setprofile(look)
    try:
        run()
    finally:
        sys.setprofile(None)
        look()
        tracemalloc.stop()
    return 100 * steps + allocated


def is_linear(work_of: Callable[[int], Callable[[], Any]], n: int) -> bool:
    """Whether four times the size is about four times the work; `work_of(n)` prepares it and returns what to run."""
    work(work_of(n))  # what is made once, such as caches, is made here
    small, large = work(work_of(n)), work(work_of(4 * n))
    return large < 6 * small
