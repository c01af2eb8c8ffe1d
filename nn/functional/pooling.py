"""Pooling in one, two and three dimensions, as `torch.nn.functional` spells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.naming import errors_of

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d", "max_pool3d"]


def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """`max_pool2d` with one spatial axis. As `torch.nn.functional.max_pool1d`.

    >>> nn.functional.max_pool1d(ad.Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[3., 2.]])
    """
    return max_pool_of("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window. As `torch.nn.functional.max_pool2d`, except at ties.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        kernel_size: the shape of the windows: one number, or one for each axis, as those that follow.
        stride: the step from one window to the next; `kernel_size` if it is None.
        padding: how many elements less than everything stand on both sides, at most half of a window.
        dilation: the step from one element of a window to the next.
        ceil_mode: whether a window that begins inside and reaches over the end is one, too.
        return_indices: whether the places of the largest elements, counted along the last axes in a row, are the second result.

    The derivative goes to the largest element; ties share it, where PyTorch gives all to the first.

    Raises:
        ValueError: the input has another number of axes, a window is too large, or a number too small.

    >>> nn.functional.max_pool2d(ad.Tensor([[[1.0, 3.0], [2.0, 0.0]]]), 2)
    Tensor([[[3.]]])
    """
    return max_pool_of("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """`max_pool2d` with three spatial axes. As `torch.nn.functional.max_pool3d`.

    >>> nn.functional.max_pool3d(np.ones((1, 3, 4, 4, 4)), (1, 2, 2)).shape
    (1, 3, 4, 2, 2)
    """
    return max_pool_of("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True
) -> Any:
    """`avg_pool2d` with one spatial axis. As `torch.nn.functional.avg_pool1d`.

    >>> nn.functional.avg_pool1d(ad.Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[2., 1.]])
    """
    return avg_pool_of("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window. As `torch.nn.functional.avg_pool2d`.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        kernel_size: the shape of the windows: one number, or one for each axis, as those that follow.
        stride: the step from one window to the next; `kernel_size` if it is None.
        padding: how many zeros stand on both sides, at most half of a window.
        ceil_mode: whether a window that begins inside and reaches over the end is one, too.
        count_include_pad: whether the zeros of the padding count as elements.
        divisor_override: what sums are divided by instead of the number of elements.

    Raises:
        ValueError: the input has another number of axes, a window is too large, or a number too small.

    >>> nn.functional.avg_pool2d(ad.Tensor([[[1.0, 3.0], [2.0, 0.0]]]), 2)
    Tensor([[[1.5]]])
    """
    return avg_pool_of("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """`avg_pool2d` with three spatial axes. As `torch.nn.functional.avg_pool3d`.

    >>> nn.functional.avg_pool3d(np.ones((1, 3, 4, 4, 4)), (1, 2, 2)).shape
    (1, 3, 4, 2, 2)
    """
    return avg_pool_of("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def max_pool_of(
    caller: str,
    n: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    """Max pooling over `n` axes, whose errors name `caller`: the function or the module that was called."""
    params = {"stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    params |= {"return_indices": return_indices}
    return _pool(caller, n, ad.windows.max_pool, input, kernel_size, params)


def avg_pool_of(
    caller: str,
    n: int,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Any:
    """Average pooling over `n` axes, whose errors name `caller`: the function or the module that was called."""
    params = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    params |= {"count_include_pad": count_include_pad, "divisor_override": divisor_override}
    return _pool(caller, n, ad.windows.avg_pool, input, kernel_size, params)


def require_axes(caller: str, n: int, input: Any) -> None:
    """Raise unless the input has `n` spatial axes."""
    if np.ndim(input) not in (n + 1, n + 2):
        raise ValueError(
            f"{caller}: the input has shape {np.shape(input)}; wanted {n + 2} axes: a batch, which it may lack, channels, "
            f"and {n} more."
        )


def _pool(caller: str, n: int, operation: Callable[..., Any], input: Any, kernel_size: Any, params: dict[str, Any]) -> Any:
    require_axes(caller, n, input)
    window = (kernel_size,) * n if isinstance(kernel_size, (int, np.integer)) else tuple(kernel_size)
    if len(window) != n:
        raise ValueError(f"{caller}: kernel_size is {kernel_size}; wanted one number, or one for each of {n} axes.")
    with errors_of(caller):
        return operation(input, window, **params)
