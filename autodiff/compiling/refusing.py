"""What is said if a computation cannot be captured, and where."""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["CaptureError", "NotCaptured", "called_from", "reason_of", "refuse", "refuse_shape"]

_OWN = {"autodiff", "nn", "numpy"}  # packages whose lines say nothing to a user


class CaptureError(TypeError):
    """A computation cannot be captured as it is."""


class NotCaptured(CaptureError, AttributeError):
    """An attribute that an array has, but one that records has not."""


def called_from() -> str:
    """The line of the user's code that is being run."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OWN:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def refuse(what: str, instead: str = "") -> NoReturn:
    """Raise, since a value would become a constant; `instead` tells what else to do than is usual."""
    instead = instead or "Use np.where for a choice between values and NumPy's functions for numbers"
    raise CaptureError(
        f"compile: at {called_from()}, {what} decides what is computed, which would be the same in each later run. "
        f"{instead}, or keep this part out of the compiled function."
    )


def reason_of(error: BaseException | None) -> CaptureError | None:
    """The error by which a capture has ended, if others were made of it: NumPy does, where something cannot be an array."""
    while error is not None and not isinstance(error, CaptureError):
        error = error.__cause__ or error.__context__
    return error


def refuse_shape(function: str) -> NoReturn:
    """Raise, since the shape of what `function` gives would be the same in each run."""
    raise CaptureError(
        f"compile: at {called_from()}, values decide which shape {function} has, which would be the same in each later run. "
        "Keep all elements, and choose among them by np.where(mask, x, 0), or keep this part out of the compiled function."
    )
