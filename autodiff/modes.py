"""Modes: whether operations are recorded, and whether their values are checked, in the current thread or task."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["detect_anomaly", "enable_grad", "is_grad_enabled", "no_grad"]


class Mode:
    """Whether operations are recorded, and whether each value is checked to be finite."""

    __slots__ = ("anomaly", "record")

    def __init__(self, record: bool, anomaly: bool) -> None:
        self.record = record
        self.anomaly = anomaly


RECORD = Mode(record=True, anomaly=False)
_mode = ContextVar("autodiff_mode", default=RECORD)
current_mode = _mode.get


@contextmanager
def _switched(record: bool | None = None, anomaly: bool | None = None) -> Iterator[None]:
    old = _mode.get()
    record = old.record if record is None else record
    anomaly = old.anomaly if anomaly is None else anomaly
    token = _mode.set(RECORD if record and not anomaly else Mode(record, anomaly))
    try:
        yield
    finally:
        _mode.reset(token)


def no_grad() -> Any:
    """Record nothing inside: a context manager, and a decorator as ``@ad.no_grad()``.

    The mode belongs to the current thread or asynchronous task (`contextvars`). As `torch.no_grad`.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> with ad.no_grad():
    ...     print((x * 2).requires_grad)
    False
    """
    return _switched(record=False)


def enable_grad() -> Any:
    """Record again inside a `no_grad` block: a context manager and a decorator. As `torch.enable_grad`.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> with ad.no_grad(), ad.enable_grad():
    ...     print((x * 2).requires_grad)
    True
    """
    return _switched(record=True)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded here.

    >>> ad.is_grad_enabled()
    True
    """
    return _mode.get().record


def detect_anomaly() -> Any:
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
    return _switched(anomaly=True)


def check_finite(value: Any, name: str, what: str, origin: str | None) -> None:
    """Raise if `value` has an element that is not finite."""
    array = np.asarray(getattr(value, "_data", value))
    finite = np.isfinite(array)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        where = f", called at {origin}" if origin else ""
        raise FloatingPointError(f"{name}: {what} is not finite: {array[index]} at index {index} of shape {array.shape}{where}")


def calling_line() -> str:
    """The file and line outside this project's packages that led here."""
    own = (str(Path(__file__).parent), str(Path(__file__).parent.parent / "nn"))
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
