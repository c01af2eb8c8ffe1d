"""Modes: whether operations are recorded, and whether their values are checked, in the current thread or task."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["detect_anomaly", "enable_grad", "is_grad_enabled", "no_grad"]


class Mode:
    """Whether operations are recorded, whether each value is checked to be finite, and who else looks at each result."""

    __slots__ = ("anomaly", "record", "watch")

    def __init__(self, record: bool, anomaly: bool, watch: Callable[[Any], None] | None = None) -> None:
        self.record = record
        self.anomaly = anomaly
        self.watch = watch


RECORD = Mode(record=True, anomaly=False)
_mode = ContextVar("autodiff_mode", default=RECORD)
current_mode = _mode.get
_outer: ContextVar[tuple[Mode, ...]] = ContextVar("autodiff_outer_modes", default=())  # to go back to


_SUSPENDABLE = 0x20 | 0x80 | 0x200  # the flags of code that yields or awaits (inspect.CO_GENERATOR and so on)


class _Switch(ContextDecorator):
    """A change of the mode for the time of a `with` block or a function call. One object can be used again, also inside itself."""

    def __init__(self, record: bool | None = None, anomaly: bool | None = None, watch: Callable[[Any], None] | None = None) -> None:
        self._record = record
        self._anomaly = anomaly
        self._watch = watch

    def _recreate_cm(self) -> _Switch:
        # Each call of a decorated function has its own, whatever thread it is in.
        return _Switch(self._record, self._anomaly, self._watch)

    def __call__(self, function: Any) -> Any:
        if getattr(getattr(function, "__code__", None), "co_flags", 0) & _SUSPENDABLE:
            raise TypeError(
                f"{function.__qualname__}: a mode cannot decorate a generator or a coroutine, which run after the call. "
                "Write a `with` block inside it."
            )
        return super().__call__(function)

    def __enter__(self) -> None:
        old = _mode.get()
        record = old.record if self._record is None else self._record
        anomaly = old.anomaly if self._anomaly is None else self._anomaly
        watch = old.watch if self._watch is None else self._watch
        _outer.set((*_outer.get(), old))
        _mode.set(RECORD if record and not anomaly and watch is None else Mode(record, anomaly, watch))

    def __exit__(self, *_: object) -> None:
        *outer, old = _outer.get()
        _outer.set(tuple(outer))
        _mode.set(old)


def no_grad() -> _Switch:
    """Record nothing inside: a context manager, and a decorator as ``@ad.no_grad()``.

    The mode belongs to the current thread or asynchronous task (`contextvars`). As `torch.no_grad`.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> with ad.no_grad():
    ...     print((x * 2).requires_grad)
    False
    """
    return _Switch(record=False)


def enable_grad() -> _Switch:
    """Record again inside a `no_grad` block: a context manager and a decorator. As `torch.enable_grad`.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> with ad.no_grad(), ad.enable_grad():
    ...     print((x * 2).requires_grad)
    True
    """
    return _Switch(record=True)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded here.

    >>> ad.is_grad_enabled()
    True
    """
    return _mode.get().record


def detect_anomaly() -> _Switch:
    """Stop at the first operation whose value or gradient is not finite: a context manager and a decorator.

    Raises `FloatingPointError` that names the operation and the line that called it. As `torch.autograd.detect_anomaly`, which
    looks at the gradients only. It makes every operation slower; switch it on to look for the origin of a NaN.

    >>> x = ad.Tensor([1.0, 0.0], requires_grad=True)
    >>> with np.errstate(divide="ignore"), ad.detect_anomaly():
    ...     ad.log(x)
    Traceback (most recent call last):
        ...
    FloatingPointError: log: the value is not finite: -inf at index (1,) of shape (2,), called at <doctest ...>
    """
    return _Switch(anomaly=True)


def watched(watch: Callable[[Any], None]) -> _Switch:
    """Show each result, a tensor, to `watch`."""
    return _Switch(watch=watch)


def check_finite(array: Any, name: str, what: str, origin: str | None) -> None:
    """Raise if `array` has an element that is not finite."""
    finite = np.isfinite(array)
    if not np.all(finite):
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        where = f", called at {origin}" if origin else ""
        raise FloatingPointError(
            f"{name}: {what} is not finite: {np.asarray(array)[index]} at index {index} of shape {array.shape}{where}"
        )


def calling_line() -> str:
    """The file and line outside this project's packages that led here."""
    packages = Path(__file__).parent.parent
    own = (f"{packages / 'autodiff'}{os.sep}", f"{packages / 'nn'}{os.sep}")
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
