"""Pooling by norms, as `torch.nn.functional` spells it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.pooling import avg_pool_of, max_pool_of

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]


def lp_pool1d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """`lp_pool2d` with one spatial axis. As `torch.nn.functional.lp_pool1d`.

    >>> nn.functional.lp_pool1d(ad.Tensor([[3.0, 4.0, 6.0, 8.0]]), 2, 2)
    Tensor([[ 5., 10.]])
    """
    return lp_pool_of("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """`(Σ xᵖ)^(1/p)` over each window, with p = `norm_type`. As `torch.nn.functional.lp_pool2d`.

    That is the norm of a window for an even p; of an odd one, a negative sum has no root: NaN. Of infinity it is the largest `|x|`.
    With `ceil_mode`, a window that reaches over the end counts as if it had its mean there.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        norm_type: the power p.
        kernel_size: the shape of the windows: one number, or one for each axis, as that which follows.
        stride: the step from one window to the next; `kernel_size` if it is None.
        ceil_mode: whether a window that begins inside and reaches over the end is one, too.

    Where the sum is 0, the derivative is 0.

    Raises:
        ValueError: the input has another number of axes, a window is too large, a number too small, or `norm_type` is 0.

    >>> nn.functional.lp_pool2d(ad.Tensor([[[3.0, 4.0], [0.0, 12.0]]]), 2, 2)
    Tensor([[[13.]]])
    """
    return lp_pool_of("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """`lp_pool2d` with three spatial axes. As `torch.nn.functional.lp_pool3d`.

    >>> nn.functional.lp_pool3d(np.ones((1, 3, 4, 4, 4)), 2, (1, 2, 2)).shape
    (1, 3, 4, 2, 2)
    """
    return lp_pool_of("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool_of(caller: str, n: int, input: Any, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: bool) -> Any:
    """Pooling by a norm over `n` axes, whose errors name `caller`: the function or the module that was called."""
    require_norm_type(caller, norm_type)
    if math.isinf(norm_type):
        sign = 1 if norm_type > 0 else -1
        return sign * max_pool_of(caller, n, sign * np.abs(input), kernel_size, stride, 0, 1, ceil_mode, False)
    count = math.prod(kernel_size) if isinstance(kernel_size, (tuple, list)) else kernel_size**n
    means = avg_pool_of(caller, n, ad.asarray(input) ** norm_type, kernel_size, stride, 0, ceil_mode, True, None)
    sums = means * float(count)
    if norm_type == 1:
        return sums
    empty = sums == 0
    return ad.where(empty, sums, ad.where(empty, 1, sums) ** (1 / norm_type))


def require_norm_type(caller: str, norm_type: Any) -> None:
    """Raise unless `norm_type` is a power of which there is a root."""
    if isinstance(norm_type, str) or not np.isreal(norm_type) or np.ndim(norm_type) or norm_type == 0:
        raise ValueError(f"{caller}: norm_type is {norm_type!r}; wanted a number, such as 2, but not 0.")
