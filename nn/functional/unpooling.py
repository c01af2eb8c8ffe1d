"""What undoes max pooling in part, as `torch.nn.functional` spells it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff import extend
from nn.functional.pooling import require_axes

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]

Ints = tuple[int, ...]


def max_unpool1d(input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Any:
    """`max_unpool2d` with one spatial axis. As `torch.nn.functional.max_unpool1d`.

    >>> nn.functional.max_unpool1d(np.array([[3.0, 2.0]]), np.array([[1, 2]]), 2)
    array([[0., 3., 2., 0.]])
    """
    return max_unpool_of("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Any:
    """Zeros, but for the elements of `input` at the places `indices`. As `torch.nn.functional.max_unpool2d`.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`, what `max_pool2d` returned, or of that shape.
        indices: the places, as `max_pool2d` returns them with `return_indices`; of several elements at one, the last counts.
        kernel_size: the shape of the windows that were pooled: one number, or one for each axis, as those that follow.
        stride: the step from one window to the next; `kernel_size` if it is None.
        padding: how much stood on both sides.
        output_size: the last axes of the result, or all, where those of several lengths lead to that of `input`.

    Returns:
        `(N, C, *output_size)`, or with `(size - 1) stride - 2 padding + kernel` elements along each of the last axes.

    Raises:
        ValueError: the shapes do not fit, or a place lies outside.

    >>> y, places = nn.functional.max_pool2d(np.array([[[1.0, 3.0], [2.0, 0.0]]]), 2, return_indices=True)
    >>> nn.functional.max_unpool2d(y, places, 2)
    array([[[0., 3.],
            [0., 0.]]])
    """
    return max_unpool_of("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None) -> Any:
    """`max_unpool2d` with three spatial axes. As `torch.nn.functional.max_unpool3d`.

    >>> nn.functional.max_unpool3d(np.ones((1, 2, 1, 1, 1)), np.zeros((1, 2, 1, 1, 1), int), (1, 2, 2)).shape
    (1, 2, 1, 2, 2)
    """
    return max_unpool_of("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def max_unpool_of(
    caller: str, n: int, input: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Any:
    """Max unpooling over `n` axes, whose errors name `caller`: the function or the module that was called."""
    require_axes(caller, n, input)
    x, places = (a if hasattr(a, "dtype") else np.asarray(a) for a in (input, extend.array_of(indices)))
    if places.shape != x.shape or places.dtype.kind not in "iu":
        raise ValueError(
            f"{caller}: the input has shape {x.shape}, and indices have shape {places.shape} and dtype {places.dtype}; wanted "
            "integers of the same shape, as pooling with return_indices gives them."
        )
    out = _sizes(caller, n, x.shape, kernel_size, stride, padding, output_size)
    lead, count = x.shape[:-n], math.prod(out)
    y = np.zeros_like(x, shape=(*lead, count))
    try:
        rows = np.where(places < 0, count, places).reshape((*lead, -1))  # a negative number would count from the end
        np.put_along_axis(y, rows, np.reshape(x, (*lead, -1)), -1)
    except IndexError:
        raise ValueError(
            f"{caller}: indices reach from {np.min(places)} to {np.max(places)}; wanted 0 to {count - 1}, the places on axes {out}."
        ) from None
    return np.reshape(y, (*lead, *out))


def _sizes(caller: str, n: int, shape: Ints, kernel_size: Any, stride: Any, padding: Any, output_size: Any) -> Ints:
    """How long the last axes of the result are."""
    window = np.broadcast_to(kernel_size, n)
    step = window if stride is None else np.broadcast_to(stride, n)
    usual = (np.array(shape[-n:]) - 1) * step - 2 * np.broadcast_to(padding, n) + window
    if output_size is None:
        return tuple(map(int, usual))
    sizes = tuple(output_size)[-n:] if len(output_size) in (n, len(shape)) else ()
    if len(sizes) != n or np.any(np.abs(np.array(sizes) - usual) >= step):
        raise ValueError(
            f"{caller}: output_size is {tuple(output_size)}; wanted {n} numbers between {(usual - step + 1).tolist()} and "
            f"{(usual + step - 1).tolist()}, as they follow from an input of shape {shape}."
        )
    return tuple(map(int, sizes))
