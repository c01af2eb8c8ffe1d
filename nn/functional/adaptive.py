"""Pooling to a given number of bins, as even as they can be, as `torch.nn.functional` spells it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.pooling import require_axes

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"]
__all__ += ["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"]


def adaptive_max_pool1d(input: Any, output_size: Any) -> Any:
    """`adaptive_max_pool2d` with one spatial axis. As `torch.nn.functional.adaptive_max_pool1d`.

    >>> nn.functional.adaptive_max_pool1d(ad.Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[3., 2.]])
    """
    return adaptive_max_pool_of("adaptive_max_pool1d", 1, input, output_size)


def adaptive_max_pool2d(input: Any, output_size: Any) -> Any:
    """The largest element of each bin. As `torch.nn.functional.adaptive_max_pool2d`, except at ties.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        output_size: how many bins there are: one number, or one for each axis; None for as many as the axis has elements.

    Bin `i` of `m` on an axis of `n` elements goes from `floor(i n / m)` up to `ceil((i + 1) n / m)`: where `m` does not divide `n`,
    neighbours share an element.

    The derivative goes to the largest element; ties share it, where PyTorch gives all to the first.

    Raises:
        ValueError: the input has another number of axes, or one without elements, or `output_size` is no positive number.

    >>> nn.functional.adaptive_max_pool2d(np.arange(12.0).reshape(1, 3, 4), (2, None))
    array([[[ 4.,  5.,  6.,  7.],
            [ 8.,  9., 10., 11.]]])
    """
    return adaptive_max_pool_of("adaptive_max_pool2d", 2, input, output_size)


def adaptive_max_pool3d(input: Any, output_size: Any) -> Any:
    """`adaptive_max_pool2d` with three spatial axes. As `torch.nn.functional.adaptive_max_pool3d`.

    >>> nn.functional.adaptive_max_pool3d(np.ones((1, 3, 4, 5, 6)), (None, 2, 2)).shape
    (1, 3, 4, 2, 2)
    """
    return adaptive_max_pool_of("adaptive_max_pool3d", 3, input, output_size)


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """`adaptive_avg_pool2d` with one spatial axis. As `torch.nn.functional.adaptive_avg_pool1d`.

    >>> nn.functional.adaptive_avg_pool1d(ad.Tensor([[1.0, 3.0, 2.0]]), 2)
    Tensor([[2. , 2.5]])
    """
    return adaptive_avg_pool_of("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """The mean of each of the bins of `adaptive_max_pool2d`. As `torch.nn.functional.adaptive_avg_pool2d`.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        output_size: how many bins there are: one number, or one for each axis; None for as many as the axis has elements.

    Raises:
        ValueError: the input has another number of axes, or one without elements, or `output_size` is no positive number.

    >>> nn.functional.adaptive_avg_pool2d(np.ones((8, 16, 7, 7)), 1).shape
    (8, 16, 1, 1)
    """
    return adaptive_avg_pool_of("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """`adaptive_avg_pool2d` with three spatial axes. As `torch.nn.functional.adaptive_avg_pool3d`.

    >>> nn.functional.adaptive_avg_pool3d(np.ones((1, 3, 4, 5, 6)), (None, 2, 2)).shape
    (1, 3, 4, 2, 2)
    """
    return adaptive_avg_pool_of("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_max_pool_of(caller: str, n: int, input: Any, output_size: Any) -> Any:
    """Adaptive max pooling over `n` axes, whose errors name `caller`: the function or the module that was called."""
    bins, inside = _bins(caller, n, input, output_size)
    if not np.all(inside):
        lowest = -np.inf if bins.dtype.kind in "fc" else np.iinfo(bins.dtype).min
        bins = ad.where(inside, bins, lowest)
    return ad.max(bins, axis=_axes_of_bins(n))


def adaptive_avg_pool_of(caller: str, n: int, input: Any, output_size: Any) -> Any:
    """Adaptive average pooling over `n` axes, whose errors name `caller`."""
    bins, inside = _bins(caller, n, input, output_size)
    axes = _axes_of_bins(n)
    if np.all(inside):
        return ad.mean(bins, axis=axes)
    means = ad.mean(ad.where(inside, bins, 0), axis=axes)
    return means * (1 / np.mean(inside, axis=axes)).astype(means.dtype)


def _axes_of_bins(n: int) -> tuple[int, ...]:
    """The axes along which the elements of a bin are."""
    return tuple(range(-1, -2 * n, -2))


def _bins(caller: str, n: int, input: Any, output_size: Any) -> tuple[Any, Any]:
    """The elements of the bins, `(N, C, out, size, out, size, ...)`, all as large as the largest, and which of them are inside."""
    require_axes(caller, n, input)
    x = input if isinstance(input, ad.Tensor) else np.asarray(input)
    lead, sizes = x.shape[:-n], x.shape[-n:]
    counts = _counts(caller, sizes, output_size)
    if all(size % count == 0 for size, count in zip(sizes, counts, strict=True)):
        parts = [(count, size // count) for size, count in zip(sizes, counts, strict=True)]
        return np.reshape(x, (*lead, *(length for part in parts for length in part))), True
    places, inside = [], np.array(True)
    for axis, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        ends = np.arange(1, count + 1) * size
        starts, ends = (ends - size) // count, -(-ends // count)
        along = starts[:, None] + np.arange(np.max(ends - starts))
        shape = (*along.shape, *(1,) * (2 * (n - 1 - axis)))
        places.append(np.minimum(along, size - 1).reshape(shape))
        inside = inside & (along < ends[:, None]).reshape(shape)
    return x[(..., *places)], inside


def _counts(caller: str, sizes: tuple[int, ...], output_size: Any) -> tuple[int, ...]:
    """How many bins each axis has."""
    given = sizes_of(caller, len(sizes), output_size)
    if math.prod(sizes) == 0:
        raise ValueError(f"{caller}: the input has {sizes} elements along its last axes; wanted at least 1 along each.")
    return tuple(size if m is None else int(m) for size, m in zip(sizes, given, strict=True))


def sizes_of(caller: str, n: int, output_size: Any) -> tuple[int | None, ...]:
    """How many bins each of `n` axes is to have; None for as many as it has elements."""
    given = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * n
    if len(given) != n or not all(m is None or (isinstance(m, (int, np.integer)) and m > 0) for m in given):
        raise ValueError(
            f"{caller}: output_size is {output_size!r}; wanted a positive integer or None, or one for each of {n} axes."
        )
    return given
