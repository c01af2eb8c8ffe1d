"""Images made larger or smaller."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nn.functional.drawing import float_type

__all__ = ["interpolate"]

_AXES_OF_MODE = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}
_MODES = ("nearest", "nearest-exact", "area", *_AXES_OF_MODE)


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """`x` read at other places, so that its axes have other lengths. As `torch.nn.functional.interpolate`.

    Args:
        input: `(N, C, ...)`, with one to three axes more.
        size: their new lengths, or one for all.
        scale_factor: what the lengths are multiplied by, rounded down; one of both is given.
        mode: `"nearest"`, as PyTorch defines it, or `"nearest-exact"`, by the middles of pixels; `"linear"`, `"bilinear"`,
            `"trilinear"` of one, two, three axes; `"bicubic"` of two; `"area"`, the means of what falls on each place.
        align_corners: whether the middles of the outermost pixels stay where they are, rather than their outer edges.
        recompute_scale_factor: whether the steps follow from the lengths, also if `scale_factor` is given.
        antialias: whether, where it becomes smaller, all that falls on a place counts: for `"bilinear"` and `"bicubic"`.

    But for `"nearest"`, which reads, each axis is multiplied by a matrix. So an infinite element makes its row and column NaN.

    Raises:
        ValueError: not exactly one of `size` and `scale_factor` is given, or an option does not go with the mode or the axes.

    >>> nn.functional.interpolate(ad.Tensor([[[1.0, 2.0]]]), scale_factor=2)
    Tensor([[[1., 1., 2., 2.]]])
    >>> nn.functional.interpolate(ad.Tensor([[[1.0, 2.0]]]), size=3, mode="linear", align_corners=True)
    Tensor([[[1. , 1.5, 2. ]]])
    """
    check_options(size, scale_factor, mode, align_corners, recompute_scale_factor, antialias)
    shape = np.shape(input)
    n = len(shape) - 2
    sizes: Sequence[Any]
    factors: Sequence[Any]
    if not 1 <= n <= 3 or n != _AXES_OF_MODE.get(mode, n):
        wanted = f"{_AXES_OF_MODE[mode] + 2} axes" if mode in _AXES_OF_MODE else "three to five"
        raise ValueError(f"interpolate: the input has shape {shape} and mode is {mode!r}; wanted (N, C, ...), {wanted}.")
    if size is not None:
        sizes, factors = _for_each("size", size, n), (None,) * n
    else:
        factors = _for_each("scale_factor", scale_factor, n)
        sizes = [math.floor(length * factor) for length, factor in zip(shape[2:], factors, strict=True)]
    if min(*sizes, *shape[2:]) < 1:
        raise ValueError(f"interpolate: the lengths are {shape[2:]} and the new ones {tuple(sizes)}; wanted 1 or more.")
    y = input
    for axis, new, factor in zip(range(2, n + 2), sizes, factors, strict=True):
        step = 1 / factor if factor and not recompute_scale_factor and shape[axis] != new else shape[axis] / new
        if mode.startswith("nearest"):
            y = _read(y, axis, new, step, 0.5 if mode == "nearest-exact" else 0.0)
        else:
            y = _multiplied(y, axis, _matrix(mode, shape[axis], new, step, bool(align_corners), antialias))
    return y


def check_options(
    size: Any, scale_factor: Any, mode: str, align_corners: Any, recompute_scale_factor: Any, antialias: bool
) -> None:
    """Raise unless these go with each other."""
    if mode not in _MODES:
        raise ValueError(f"interpolate: mode is {mode!r}; wanted one of {list(_MODES)}.")
    if (size is None) == (scale_factor is None):
        raise ValueError(f"interpolate: size is {size} and scale_factor is {scale_factor}; wanted one of both.")
    if align_corners is not None and mode not in _AXES_OF_MODE:
        raise ValueError(f"interpolate: align_corners is given, and mode is {mode!r}; wanted one of {list(_AXES_OF_MODE)} with it.")
    if recompute_scale_factor and size is not None:
        raise ValueError("interpolate: recompute_scale_factor and size are given; wanted scale_factor with it.")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(f"interpolate: antialias is given, and mode is {mode!r}; wanted 'bilinear' or 'bicubic' with it.")


def _for_each(name: str, value: Any, n: int) -> Sequence[Any]:
    values = list(value) if isinstance(value, (tuple, list)) else [value] * n
    kinds: Any = (int, np.integer) if name == "size" else (int, float, np.integer, np.floating)
    if len(values) != n or not all(isinstance(v, kinds) and 0 < v < math.inf for v in values):
        raise ValueError(f"interpolate: {name} is {value}; wanted a number above 0{', a whole one' * (name == 'size')}, or {n}.")
    return values


def _read(x: Any, axis: int, new: int, step: float, offset: float) -> Any:
    """The elements nearest to the places, which are rounded to float32 as PyTorch's are."""
    old = np.shape(x)[axis]
    if new % old == 0 and step == old / new:  # each as many times: without an index it takes a fraction of the time
        shape = np.shape(x)
        apart = np.reshape(x, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
        repeated = np.broadcast_to(apart, (*shape[: axis + 1], new // old, *shape[axis + 1 :]))
        return np.reshape(repeated, (*shape[:axis], new, *shape[axis + 1 :]))
    dtype = float_type(x)
    places = ((np.arange(new) + offset).astype(dtype) * dtype.type(step)).astype(np.float32)
    return np.take(x, np.minimum(places.astype(int), old - 1), axis=axis)


def _multiplied(x: Any, axis: int, matrix: Any) -> Any:
    """The matrix times each vector along `axis`."""
    shape, matrix = np.shape(x), matrix.astype(float_type(x))
    if axis == len(shape) - 1:
        return np.matmul(x, matrix.T)
    y = np.matmul(matrix, np.reshape(x, (*shape[: axis + 1], -1)))
    return np.reshape(y, (*shape[:axis], len(matrix), *shape[axis + 1 :]))


def _cubic(distance: Any, a: float) -> Any:
    """The kernel of the cubic convolution (Keys 1981) of the parameter `a`."""
    d = np.abs(distance)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    return np.where(d <= 1, near, np.where(d < 2, (((d - 5) * d + 8) * d - 4) * a, 0))


def _linear(distance: Any, a: float) -> Any:
    return np.maximum(1 - np.abs(distance), 0)


@functools.lru_cache(maxsize=256)
def _matrix(mode: str, old: int, new: int, step: float, align_corners: bool, antialias: bool) -> Any:
    """What an axis of `old` elements is multiplied by: `(new, old)`."""
    i, j = np.arange(new)[:, None], np.arange(old)
    if mode == "area":
        first, last = i * old // new, -(-(i + 1) * old // new)
        return ((first <= j) & (j < last)) / (last - first)
    cubic = mode == "bicubic"
    kernel, reach = (_cubic, 2) if cubic else (_linear, 1)
    if align_corners:
        step = (old - 1) / (new - 1) if new > 1 else 0.0
    if antialias:
        wide = max(step, 1.0)
        middle = step * (i + 0.5)
        first = np.maximum((middle - reach * wide + 0.5).astype(int), 0)
        last = np.minimum((middle + reach * wide + 0.5).astype(int), old)
        weights = np.where((first <= j) & (j < last), kernel((j - middle + 0.5) / wide, -0.5), 0)
        return weights / weights.sum(axis=1, keepdims=True)
    places = i * step if align_corners else (i + 0.5) * step - 0.5
    places = places if cubic else np.clip(places, 0, old - 1)
    matrix = np.zeros((new, old))
    for tap in range(1 - reach, reach + 1):  # what would lie outside is the outermost element
        at = np.floor(places) + tap
        np.add.at(matrix, (i, np.clip(at, 0, old - 1).astype(int)), kernel(places - at, -0.75))
    return matrix
