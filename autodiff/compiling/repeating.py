"""Running a program many times in one call, and stopping between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.compiling.replay import CHANGED

__all__ = ["Interruption", "Loop", "batches", "interruptible"]


@dataclass
class Interruption:
    """Whether Ctrl-C was pressed: with what its handler is called."""

    pressed: tuple[Any, ...] = ()


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Let Ctrl-C be noted, and have its effect in the end; only the main thread is told of it."""
    interruption = Interruption()
    before = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    if not callable(before):
        yield interruption
        return
    signal.signal(signal.SIGINT, lambda *signalled: setattr(interruption, "pressed", signalled))
    try:
        yield interruption
    finally:
        signal.signal(signal.SIGINT, before)
        if interruption.pressed:
            before(*interruption.pressed)


class Loop:
    """Calls a program again and again, each time with what the one before has left.

    Attributes:
        done: how many steps it has made: fewer than wanted if something is decided otherwise in the next one, or on Ctrl-C.
    """

    def __init__(self, replay: Any, carried: dict[int, int], n: int, interruption: Interruption) -> None:
        self._replay, self._carried, self._n, self._interruption = replay, carried, n, interruption
        self.done = 0

    def __call__(self, inputs: list[Any]) -> Any:
        """The outputs of the last step; CHANGED if none was made."""
        if hasattr(self._replay, "repeat"):
            self.done, outputs = self._replay.repeat(self._n, inputs, lambda: bool(self._interruption.pressed))
            return outputs
        outputs = CHANGED
        while self.done < self._n and not (self.done and self._interruption.pressed):
            made = self._replay.run(inputs)
            if made is CHANGED:
                break
            outputs, self.done = made, self.done + 1
            for k, i in self._carried.items():
                inputs[i] = outputs[k]
        return outputs


def batches(args: Sequence[Any], size: int, shuffled: np.random.Generator | None, drop_last: bool) -> Iterator[list[Any]]:
    """Rows of the arguments, without end: those of an epoch once each, in order or shuffled anew in each epoch."""
    count = len(args[0])
    while True:
        order = np.arange(count) if shuffled is None else shuffled.permutation(count)
        for start in range(0, count - (size - 1 if drop_last else 0), size):
            part = order[start : start + size]
            yield [x[part] for x in args]
