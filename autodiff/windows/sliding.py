"""All windows on an array, and the sum of windows at their places: each is the adjoint of the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.ops.indexing import as_array_like
from autodiff.registry import primitive
from autodiff.windows.grids import added_up, as_type, grid, per_axis, plain, wide, windows_of

__all__ = ["fold", "unfold"]


def shape_of_window(caller: str, x: Any, window_shape: Any) -> tuple[int, ...]:
    """`window_shape`, or one number for all axes of `x` but the first two, as a number for each."""
    window = plain(window_shape)
    window = window if isinstance(window, tuple) else (window,) * (x.ndim - 2)
    if not 0 < len(window) <= x.ndim:
        raise ValueError(
            f"{caller}: x has shape {x.shape} and window_shape is {window_shape}; wanted (..., *spatial), with a number for "
            "each of the spatial axes, or one for all axes but the first two."
        )
    return window


def _unfold(x: Any, /, window_shape: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, fill: Any = 0) -> Any:
    x = as_array_like(x)
    window = shape_of_window("unfold", x, window_shape)
    at = grid("unfold", x.shape[x.ndim - len(window) :], window, stride, padding, dilation)
    return np.copy(windows_of(x, at, fill), "C")


def _fold(x: Any, /, shape: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    x, shape = as_array_like(x), plain(shape)
    shape = per_axis("fold", "shape", shape, len(shape) if isinstance(shape, tuple) else 1, 0)
    n = len(shape)
    window, out = x.shape[x.ndim - 2 * n : x.ndim - n], x.shape[x.ndim - n :]
    if len(window) != n:
        raise ValueError(
            f"fold: x has shape {x.shape} and shape is {shape}; wanted x: (..., *window, *out), at least {2 * n} axes."
        )
    at = grid("fold", shape, window, stride, padding, dilation)
    if at.out != out:
        raise ValueError(
            f"fold: x has shape {x.shape}, of {out} windows, but on axes of the lengths {shape} there are {at.out} with "
            f"stride {at.stride}, padding {at.padding} and dilation {at.dilation}; wanted as many."
        )
    return as_type(added_up(wide(x), at), x.dtype)


unfold = primitive(
    _unfold,
    {
        "x": lambda g, x_shape, stride, padding, dilation: fold(
            g, x_shape[len(x_shape) - g.ndim :], stride=stride, padding=padding, dilation=dilation
        )
    },
    name="unfold",
    doc="""All windows of the shape `window_shape` on the last axes: `(..., *spatial)` to `(..., *window, *out)`, a copy.

    Along an axis there are `(size + before + after - dilation (k - 1) - 1) // stride + 1` windows of k elements.
    `fill` is what the borders consist of. One number as `window_shape` stands for all axes but the first two.

    The derivative by an element is the sum of those of all windows that show it: `fold`. As `torch.nn.functional.unfold`, but in
    any number of dimensions, each with its axis; `sliding_window_view` is a view.

    Raises:
        ValueError: a window is larger than the array with its borders, or a number is missing or too small.

    >>> ad.windows.unfold(ad.Tensor([1.0, 2.0, 3.0, 4.0]), (2,), stride=2)
    Tensor([[1., 3.],
            [2., 4.]])
    """,
)

fold: Callable[..., Any] = primitive(
    _fold,
    {
        "x": lambda g, x_shape, stride, padding, dilation: unfold(
            g, x_shape[2 * g.ndim - len(x_shape) : g.ndim], stride=stride, padding=padding, dilation=dilation
        )
    },
    name="fold",
    doc="""The sum of windows, each at its place: `(..., *window, *out)` to `(..., *shape)`. The adjoint of `unfold`.

    What is at the places of a border is left out. As `torch.nn.functional.fold`, in any number of dimensions.

    Raises:
        ValueError: there are not as many windows as fit, or a number is missing or too small.

    >>> ad.windows.fold(ad.Tensor([[1.0, 3.0], [2.0, 4.0]]), (3,))
    Tensor([1., 5., 4.])
    """,
)
