"""The modes that users switch: whether operations are recorded, and whether to stop at what is not finite."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.core.backward import Parts, Result
from autodiff.core.modes import Interpreter, Switch, current_mode
from autodiff.core.tensor import Tensor, array_of, node_of

if TYPE_CHECKING:
    from autodiff.registry import Primitive

__all__ = ["detect_anomaly", "enable_grad", "is_grad_enabled", "no_grad"]


def no_grad() -> Switch:
    """Record nothing inside: a context manager, and a decorator as ``@ad.no_grad()``.

    The mode belongs to the current thread or asynchronous task (`contextvars`). As `torch.no_grad`.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> with ad.no_grad():
    ...     print((x * 2).requires_grad)
    False
    """
    return Switch(record=False)


def enable_grad() -> Switch:
    """Record again inside a `no_grad` block: a context manager and a decorator. As `torch.enable_grad`.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> with ad.no_grad(), ad.enable_grad():
    ...     print((x * 2).requires_grad)
    True
    """
    return Switch(record=True)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded here.

    >>> ad.is_grad_enabled()
    True
    """
    return current_mode().record


def detect_anomaly() -> Switch:
    """Stop at the first operation whose value or gradient is not finite: a context manager and a decorator.

    Raises `FloatingPointError` that names the operation and the line that called it. As `torch.autograd.detect_anomaly`, which
    looks at the gradients only. Arrays that the gradients need are compared in full, so that no overwriting of one is missed.
    It makes every operation slower; switch it on to look for the origin of a NaN.

    >>> x = ad.Tensor([1.0, 0.0], requires_grad=True)
    >>> with np.errstate(divide="ignore"), ad.detect_anomaly():
    ...     ad.log(x)
    Traceback (most recent call last):
        ...
    FloatingPointError: log: the value is not finite: -inf at index (1,) of shape (2,), called at <doctest ...>
    """
    return Switch(interpreter=_check_values, check=_check_gradient)


def interpreting(interpreter: Interpreter) -> Switch:
    """Let `interpreter(entry, operands, params)` decide on each call of an operation inside: to watch, to replace, to capture.

    It gets the `Primitive`, the operands and a dict of the other parameters, and returns what the call returns, such as
    `entry.apply(operands, params)`, to go on. What it calls itself is in the mode outside; interpreters nest.

    >>> def tell(entry, operands, params):
    ...     print(entry.name)
    ...     return entry.apply(operands, params)
    >>> with extend.interpreting(tell):
    ...     y = np.exp(ad.Tensor([0.0])) + 1
    exp
    add
    """
    return Switch(interpreter=interpreter)


def _check_values(entry: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Compute, remember where, and raise if a result is not finite. Arrays alone are not looked at.

    Nor is what a derivative rule computes on its way, where it may divide by 0 what it then leaves out: what it gives is looked at.
    """
    result = entry.apply(operands, params)
    origin = _calling_line()
    for tensor in result if isinstance(result, (tuple, list)) else (result,):
        if isinstance(tensor, Tensor):
            node: Any = node_of(tensor)
            if not tensor.is_leaf:
                whole = node.parents[0] if isinstance(node.entry, Result) else node  # of one of several results
                whole.origin = origin
            if not current_mode().walking:
                _require_finite(array_of(tensor), f"{entry.name}: the value", origin)
    return result


def _check_gradient(g: Any, node: Any, i: int) -> None:
    """Raise if the cotangent of argument `i` of the operation `node` is not finite."""
    g = g.parts[0][0] if isinstance(g, Parts) else g
    _require_finite(np.asarray(array_of(g)), f"{node.entry.name}: the gradient of argument {i}", getattr(node, "origin", None))


def _require_finite(array: np.ndarray, what: str, origin: str | None) -> None:
    finite = np.isfinite(array)
    if not np.all(finite):
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        where = f", called at {origin}" if origin else ""
        raise FloatingPointError(f"{what} is not finite: {array[index]} at index {index} of shape {array.shape}{where}")


def _calling_line() -> str:
    """The file and line outside this project's packages that led here."""
    packages = Path(__file__).parent.parent
    own = (f"{packages / 'autodiff'}{os.sep}", f"{packages / 'nn'}{os.sep}")
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
