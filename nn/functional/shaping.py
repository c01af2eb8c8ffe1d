"""What rearranges an array: pixels and channels, windows, and axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from nn.functional.naming import errors_of

__all__ = ["channel_shuffle", "fold", "one_hot", "pixel_shuffle", "pixel_unshuffle", "unfold"]


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """`(..., C r², H, W)` to `(..., C, H r, W r)`: r² channels become one of squares. As `torch.nn.functional.pixel_shuffle`.

    Raises:
        ValueError: the number of channels is no multiple of r², or there are less than three axes.

    >>> nn.functional.pixel_shuffle(ad.Tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2)
    Tensor([[[1., 2.],
             [3., 4.]]])
    """
    r = _factor("pixel_shuffle", "upscale_factor", upscale_factor)
    *_, channels, height, width = shape = _with_image("pixel_shuffle", input)
    if channels % r**2:
        raise ValueError(f"pixel_shuffle: the input has shape {shape}, with {channels} channels; wanted a multiple of {r**2}.")
    apart = np.reshape(input, (-1, channels // r**2, r, r, height, width))
    return np.reshape(np.transpose(apart, (0, 1, 4, 2, 5, 3)), (*shape[:-3], channels // r**2, height * r, width * r))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """The inverse of `pixel_shuffle`: `(..., C, H r, W r)` to `(..., C r², H, W)`. As `torch.nn.functional.pixel_unshuffle`.

    Raises:
        ValueError: height or width is no multiple of r, or there are less than three axes.

    >>> nn.functional.pixel_unshuffle(np.ones((2, 3, 4, 6)), 2).shape
    (2, 12, 2, 3)
    """
    r = _factor("pixel_unshuffle", "downscale_factor", downscale_factor)
    *_, channels, height, width = shape = _with_image("pixel_unshuffle", input)
    if height % r or width % r:
        raise ValueError(f"pixel_unshuffle: the input has shape {shape}; wanted a height and a width that are multiples of {r}.")
    apart = np.reshape(input, (-1, channels, height // r, r, width // r, r))
    return np.reshape(np.transpose(apart, (0, 1, 3, 5, 2, 4)), (*shape[:-3], channels * r**2, height // r, width // r))


def channel_shuffle(input: Any, groups: int) -> Any:
    """The channels of `(N, C, ...)`, one of each group in turn (Zhang et al. 2018). As `torch.nn.functional.channel_shuffle`.

    Raises:
        ValueError: the number of channels is no multiple of `groups`, or there are less than three axes.

    >>> nn.functional.channel_shuffle(np.arange(6.0).reshape(1, 6, 1), 2).ravel()
    array([0., 3., 1., 4., 2., 5.])
    """
    groups = _factor("channel_shuffle", "groups", groups)
    shape = np.shape(input)
    if len(shape) < 3 or shape[1] % groups:
        raise ValueError(
            f"channel_shuffle: the input has shape {shape}; wanted three or more axes, (N, C, ...), and C a multiple of {groups}."
        )
    apart = np.reshape(input, (shape[0], groups, shape[1] // groups, *shape[2:]))
    return np.reshape(np.swapaxes(apart, 1, 2), shape)


def _factor(caller: str, name: str, value: Any) -> int:
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{caller}: {name} is {value!r}; wanted a whole number, 1 or more.")
    return int(value)


def _with_image(caller: str, input: Any) -> tuple[int, ...]:
    shape: tuple[int, ...] = np.shape(input)
    if len(shape) < 3:
        raise ValueError(f"{caller}: the input has shape {shape}; wanted (..., C, H, W).")
    return shape


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The windows of `(N, C, H, W)` as columns: `(N, C KH KW, L)`, with or without `N`. As `torch.nn.functional.unfold`.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        kernel_size: the shape of the windows: one number, or one for each axis, as those that follow.
        dilation: the step from one element of a window to the next.
        padding: how many zeros stand on both sides.
        stride: the step from one window to the next.

    Its derivative is `fold`; `autodiff.windows.unfold` has an axis for each, in any number of dimensions.

    Raises:
        ValueError: the input has another number of axes, or a window is larger than it.

    >>> nn.functional.unfold(np.ones((2, 3, 5, 5)), (2, 3)).shape
    (2, 18, 12)
    """
    shape = np.shape(input)
    if len(shape) not in (3, 4):
        raise ValueError(f"unfold: the input has shape {shape}; wanted (N, C, H, W) or (C, H, W).")
    kernel = _pair("unfold", "kernel_size", kernel_size)
    with errors_of("unfold"):
        y = ad.windows.unfold(input, kernel, stride=stride, padding=padding, dilation=dilation)
    return np.reshape(y, (*shape[:-3], shape[-3] * math.prod(kernel), -1))


def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """The sum of windows, each at its place: `(N, C KH KW, L)` to `(N, C, H, W)`. As `torch.nn.functional.fold`.

    Args:
        input: `(N, C KH KW, L)` or `(C KH KW, L)`.
        output_size: `(H, W)`, or one number for both.
        kernel_size: that of `unfold`, whose derivative this is, as those that follow.
        dilation: the step from one element of a window to the next.
        padding: how many elements, which are left out, stand on both sides.
        stride: the step from one window to the next.

    Raises:
        ValueError: the channels are no multiple of the elements of a window, or there are not as many windows as fit.

    >>> nn.functional.fold(np.ones((1, 4, 4)), (3, 3), 2)[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    shape = np.shape(input)
    size, kernel = _pair("fold", "output_size", output_size), _pair("fold", "kernel_size", kernel_size)
    steps = [_pair("fold", name, value) for name, value in (("dilation", dilation), ("padding", padding), ("stride", stride))]
    out = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in zip(size, kernel, *steps, strict=True))
    if len(shape) not in (2, 3) or shape[-2] % math.prod(kernel) or shape[-1] != math.prod(out):
        raise ValueError(
            f"fold: the input has shape {shape}; wanted (N, C * {math.prod(kernel)}, {math.prod(out)}), with or without N: "
            f"windows of the shape {kernel}, of which there are {out}."
        )
    apart = np.reshape(input, (*shape[:-2], shape[-2] // math.prod(kernel), *kernel, *out))
    with errors_of("fold"):
        return ad.windows.fold(apart, size, stride=steps[2], padding=steps[1], dilation=steps[0])


def _pair(caller: str, name: str, value: Any) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, (int, np.integer)) else tuple(value)
    if len(pair) != 2 or not all(isinstance(n, (int, np.integer)) and n >= (name == "stride") for n in pair):
        raise ValueError(f"{caller}: {name} is {value!r}; wanted one whole number, or one for each of two axes.")
    return pair


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """1 at the place of each number and 0 elsewhere, along a new last axis. As `torch.nn.functional.one_hot`.

    Args:
        tensor: whole numbers, of any shape.
        num_classes: how many places there are; -1 for as many as the largest number needs.

    Returns:
        int64, `(..., num_classes)`.

    Raises:
        TypeError: they are not whole numbers.
        ValueError: one is negative, or as large as `num_classes`.

    >>> nn.functional.one_hot(np.array([0, 2]))
    array([[1, 0, 0],
           [0, 0, 1]])
    """
    places = np.asarray(extend.array_of(tensor))
    if places.dtype.kind not in "iu":
        raise TypeError(f"one_hot: the numbers have dtype {places.dtype}; wanted whole numbers: x.astype(int).")
    places = places.astype(np.int64)
    classes = int(places.max(initial=-1)) + 1 if num_classes == -1 else num_classes
    if places.min(initial=0) < 0 or places.max(initial=-1) >= classes:
        raise ValueError(
            f"one_hot: the numbers are {places.min()} to {places.max()} and num_classes is {num_classes}; wanted numbers from 0 "
            f"to num_classes - 1."
        )
    return ad.astype(np.equal(np.expand_dims(tensor, -1), np.arange(classes)), np.int64)


def flatten(input: Any, start_dim: int = 1, end_dim: int = -1) -> Any:
    """The axes from `start_dim` to `end_dim` as one."""
    shape = np.shape(input) or (1,)
    start, end = _axis("flatten", "start_dim", start_dim, shape), _axis("flatten", "end_dim", end_dim, shape)
    if start > end:
        raise ValueError(
            f"flatten: start_dim is {start_dim} and end_dim is {end_dim} of the shape {shape}; wanted start before end."
        )
    return np.reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def unflatten(input: Any, dim: int, unflattened_size: Sequence[int]) -> Any:
    """The axis `dim` as several; one of their lengths may be -1, for what remains."""
    shape = np.shape(input)
    at = _axis("unflatten", "dim", dim, shape)
    known = math.prod(n for n in unflattened_size if n != -1)
    missing = sum(n == -1 for n in unflattened_size)
    if missing > 1 or (shape[at] % known if missing and known else shape[at] != known):
        raise ValueError(
            f"unflatten: axis {dim} of the shape {shape} has {shape[at]} elements and unflattened_size is "
            f"{tuple(unflattened_size)}; wanted lengths with that product, of which one may be -1."
        )
    sizes = [shape[at] // known if n == -1 else n for n in unflattened_size]
    return np.reshape(input, (*shape[:at], *sizes, *shape[at + 1 :]))


def _axis(caller: str, name: str, axis: int, shape: tuple[int, ...]) -> int:
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"{caller}: {name} is {axis} and the input has shape {shape}; wanted one of its {len(shape)} axes.")
    return axis % len(shape)
