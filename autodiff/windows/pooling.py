"""Pooling: one number in the place of each window."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import Tensor, unwrapped, wrap
from autodiff.ops import reductions
from autodiff.ops.indexing import as_array_like
from autodiff.registry import primitive
from autodiff.windows.grids import Grid, added_up, grid, laid_out_as, pairs_of, plain, windows_of
from autodiff.windows.sliding import shape_of_window, unfold

__all__ = ["avg_pool", "largest", "max_pool"]


def _pooled(caller: str, x: Any, window_shape: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Grid:
    """The windows over which `x` is pooled: with `ceil_mode` also those that begin inside and reach over the end."""
    window = shape_of_window(caller, x, window_shape)
    sizes = x.shape[x.ndim - len(window) :]
    at = grid(caller, sizes, window, window if stride is None else stride, padding, dilation, ceil_mode)
    borders = pairs_of(caller, plain(padding), len(window))
    if any(2 * border > span for pair, span in zip(borders, at.spans, strict=True) for border in pair):
        raise ValueError(
            f"{caller}: padding is {padding}, but a window reaches over {at.spans} elements; wanted at most half of that, since a "
            "window that shows only border has no value."
        )
    return at


def _lowest(dtype: Any) -> Any:
    """What is less than all else."""
    return -np.inf if dtype.kind in "fc" else np.iinfo(dtype).min if dtype.kind in "iu" else False


def _parts(windows: Any, at: Grid) -> list[Any]:
    """Of windows `(..., *window, *out)`, what all of them have at each place."""
    return [windows[(..., *offsets, *(slice(None),) * len(at.sizes))] for offsets in np.ndindex(*at.window)]


def _largest(x: Any, /, window_shape: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    x = as_array_like(x)
    window = shape_of_window("largest", x, window_shape)
    at = grid("largest", x.shape[x.ndim - len(window) :], window, stride, padding, dilation)
    parts = _parts(windows_of(x, at, _lowest(x.dtype)), at)
    return reduce(np.maximum, parts) if len(parts) > 1 else np.copy(parts[0])


def _to_largest(g: Any, x: Any, y: Any, window_shape: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """The cotangents `g` of the largest elements `y` of windows, each shared by those that are as large, at their places in `x`."""
    window, x, y = shape_of_window("largest", x, window_shape), unwrapped(x), unwrapped(y)
    n = len(window)
    at = grid("largest", x.shape[x.ndim - n :], window, stride, padding, dilation)
    windows, axes = windows_of(x, at, _lowest(x.dtype)), tuple(range(x.ndim - n, x.ndim))
    are_largest = (windows == np.expand_dims(y, axes)) | (windows != windows)
    counts = reduce(np.add, [part.astype(np.int16) for part in _parts(are_largest, at)])
    g = laid_out_as(g, y)
    return added_up(are_largest * np.expand_dims((g / counts).astype(g.dtype), axes), at)


largest = primitive(
    _largest,
    {"x": _to_largest},
    name="largest",
    doc="""The largest element of each window of the shape `window_shape` on the last axes: `(..., *spatial)` to `(..., *out)`.

    The windows are those of `unfold`; borders count as less than everything. The derivative goes to the largest element; ties share
    it.

    >>> ad.windows.largest(ad.Tensor([1.0, 3.0, 2.0, 0.0]), (2,))
    Tensor([3., 3., 2.])
    """,
)


def _windows(x: Any, at: Grid, fill: Any) -> tuple[Any, tuple[int, ...]]:
    """The windows on `x`, and the axes along which their elements are."""
    n, lead = len(at.sizes), x.ndim - len(at.sizes)
    y = unfold(x, at.window, stride=at.stride, padding=at.padding, dilation=at.dilation, fill=fill)
    return y, tuple(range(lead, lead + n))


@composite()
def max_pool(
    x: Any,
    window_shape: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window: `(..., *spatial)` to `(..., *out)`. As `torch.nn.functional.max_pool1d`, 2d and 3d.

    `stride` is `window_shape` if it is not given; one number as `window_shape` stands for all axes but the first two. Borders count
    as less than everything. With `ceil_mode`, a window that begins inside and reaches over the end is one, too. With
    `return_indices`, the result is a pair, whose second has the places of the largest elements, the first of equal ones, among the
    elements of the spatial axes in a row.

    The derivative goes to the largest element; ties share it, as those of `ad.max`, where PyTorch gives all to the first.

    Raises:
        ValueError: a window is larger than the array with its borders, `padding` more than half of it, or a number too small.

    >>> ad.windows.max_pool(ad.Tensor([1.0, 3.0, 2.0, 0.0]), (2,))
    Tensor([3., 2.])
    """
    x = as_array_like(x)
    at = _pooled("max_pool", x, window_shape, stride, padding, dilation, ceil_mode)
    y = largest(x, at.window, stride=at.stride, padding=at.padding, dilation=at.dilation)
    if not return_indices:
        return y
    windows, _ = _windows(x, at, _lowest(x.dtype))
    places = _places(unwrapped(windows), unwrapped(y), at)
    return y, wrap(places) if isinstance(x, Tensor) else places


def _places(windows: Any, y: Any, at: Grid) -> Any:
    """Where the largest elements `y` of `windows` are, or NaN, among the elements of the axes in a row."""
    n, lead, k = len(at.sizes), y.ndim - len(at.sizes), math.prod(at.window)
    numbers = np.reshape(np.arange(math.prod(at.sizes)), at.sizes)
    numbers = unfold(numbers, at.window, stride=at.stride, padding=at.padding, dilation=at.dilation, fill=-1)
    is_largest = (windows == np.expand_dims(y, tuple(range(lead, lead + n)))) | (windows != windows)
    among = np.reshape(is_largest & (numbers >= 0), (*y.shape[:lead], k, *at.out))
    first = np.argmax(among, axis=lead, keepdims=True)
    numbers = np.broadcast_to(np.reshape(numbers, (k, *at.out)), among.shape)
    return np.reshape(np.take_along_axis(numbers, first, axis=lead), y.shape)


@composite()
def avg_pool(
    x: Any,
    window_shape: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The mean of each window: `(..., *spatial)` to `(..., *out)`. As `torch.nn.functional.avg_pool1d`, 2d and 3d.

    `stride` is `window_shape` if it is not given; one number as `window_shape` stands for all axes but the first two. The zeros of
    the borders count as elements, unless `count_include_pad` is False; what `ceil_mode` adds does not. The sum is divided by
    `divisor_override` instead if that is given.

    Raises:
        ValueError: a window is larger than the array with its borders, `padding` more than half of it, or a number too small.

    >>> ad.windows.avg_pool(ad.Tensor([1.0, 3.0, 2.0, 0.0]), (2,))
    Tensor([2., 1.])
    """
    x = as_array_like(x)
    at = _pooled("avg_pool", x, window_shape, stride, padding, 1, ceil_mode)
    means = reductions.mean(*_windows(x, at, 0))
    if divisor_override is not None:
        if divisor_override == 0:
            raise ValueError("avg_pool: divisor_override is 0; wanted another number to divide by, or None.")
        return means * (math.prod(at.window) / divisor_override)
    counts = _counts(at, pairs_of("avg_pool", plain(padding) if count_include_pad else 0, len(at.sizes)))
    return means if np.all(counts == math.prod(at.window)) else means * (math.prod(at.window) / counts).astype(means.dtype)


def _counts(at: Grid, padding: tuple[tuple[int, int], ...]) -> Any:
    """How many elements each window has inside of the axes and of borders as wide as `padding`."""
    counts: Any = np.ones(())
    each = zip(at.sizes, at.padding, padding, at.window, at.stride, at.out, strict=True)
    for n, (start, _), (before, after), k, step, count in each:
        starts = np.arange(count) * step - start
        along = np.minimum(starts + k, n + after) - np.maximum(starts, -before)
        counts = counts[..., None] * along
    return counts
