"""Convolutions, windows and phases."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.lib.stride_tricks import sliding_window_view as _windows

from autodiff.composites import composite
from autodiff.domain import Kink
from autodiff.dtypes import dtype_of
from autodiff.lists import in_one
from autodiff.ops.complex import conj, imag, real
from autodiff.ops.indexing import scatter
from autodiff.ops.rearranging import flip
from autodiff.ops.reductions import widened
from autodiff.ops.trigonometric import atan2
from autodiff.registry import primitive

__all__ = ["angle", "convolve", "correlate", "sliding_window_view", "unwrap"]


def _of_factor(g: Any, other: Any, shape: tuple[int, ...], mode: str) -> Any:
    """The cotangent of one factor: of the whole convolution, of which `mode` has cut out a part, with the other one reversed."""
    n, m = math.prod(shape), np.size(other)
    before = {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]
    after = n + m - 1 - before - g.shape[0]
    whole = np.concatenate([np.zeros(before, g.dtype), g, np.zeros(after, g.dtype)])
    return np.convolve(whole, np.flip(other), "valid")


convolve = primitive(
    lambda a, v, /, mode="full": np.convolve(a, v, mode),
    {
        "a": lambda g, v, a_shape, mode: _of_factor(g, v, a_shape, mode),
        "v": lambda g, a, v_shape, mode: _of_factor(g, a, v_shape, mode),
    },
    numpy=[np.convolve],
    doc="""`y[k] = Σᵢ a[i] v[k - i]` of two vectors, where any or all of their elements meet. As `numpy.convolve`.

    With `mode` "full" all `y`, with "valid" those to which all of the shorter one contribute, with "same" as many as the longer one
    has. The cotangents are such convolutions with the other vector reversed.

    >>> ad.convolve(ad.Tensor([1.0, 2.0, 3.0]), np.array([1.0, -1.0]))
    Tensor([ 1.,  1.,  1., -3.])
    """,
)


@composite(numpy=[np.correlate])
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """`y[k] = Σᵢ a[i + k] conj(v[i])` of two vectors: the convolution with `v` reversed. As `numpy.correlate`.

    >>> ad.correlate(ad.Tensor([1.0, 2.0, 3.0]), np.array([1.0, -1.0]))
    Tensor([-1., -1.])
    """
    a, v = in_one(a), in_one(v)
    if np.size(a) < np.size(v):  # NumPy cuts out the same part as of the convolution of the longer one by the shorter one
        return flip(convolve(flip(a), conj(v), mode))
    return convolve(a, conj(flip(v)), mode)


def _of_windows(g: Any, x_shape: tuple[int, ...], window_shape: Any, axis: Any) -> Any:
    """The sum of what all places in the window have read, each an array of as many elements as there are windows."""
    ndim, sizes = len(x_shape), window_shape if isinstance(window_shape, tuple) else (window_shape,)
    axes = tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim, allow_duplicate=True)
    parts, indices, g = [], [], widened(g)
    for offsets in np.ndindex(*sizes):
        starts = [sum(offset for a, offset in zip(axes, offsets, strict=True) if a == i) for i in range(ndim)]
        parts.append(g[(..., *offsets)])
        indices.append(tuple(slice(start, start + n) for start, n in zip(starts, g.shape[:ndim], strict=True)))
    return scatter(parts, indices, x_shape)


sliding_window_view = primitive(
    lambda x, /, window_shape, axis=None: _windows(x, window_shape, axis),
    {"x": _of_windows},
    numpy=[_windows],
    view=True,
    doc="""All windows of the shape `window_shape` on the axes `axis`, in as many new axes. As `numpy.lib.stride_tricks` has it.

    It is a read-only view. The derivative by an element is the sum of those of all windows that show it.

    >>> ad.sliding_window_view(ad.Tensor([1.0, 2.0, 3.0]), 2)
    Tensor([[1., 2.],
            [2., 3.]])
    """,
)


@composite(numpy=[np.angle])
def angle(z: Any, deg: bool = False) -> Any:
    """The angle of a complex number, `atan2(imag(z), real(z))`, in radians or degrees. As `numpy.angle`.

    Its derivative at 0 is stated as 0, as that of `atan2`, and so is that by real numbers, of which it is piecewise constant.

    >>> ad.angle(ad.Tensor([1.0 + 1.0j, -1.0j]), deg=True)
    Tensor([ 45., -90.])
    """
    a = atan2(imag(z) if dtype_of(z).kind == "c" else 0.0, real(z))
    return a * (180 / math.pi) if deg else a


unwrap = primitive(
    lambda p, /, discont=None, axis=-1, *, period=2 * math.pi: np.unwrap(p, discont, axis, period=period),
    {"p": lambda g: g},
    numpy=[np.unwrap],
    kinks=[Kink((np.array([0.0, np.pi]),), (np.ones(2),))],
    doc="""Phases along `axis` without jumps of more than `discont`: multiples of the period are added. As `numpy.unwrap`.

    What is added is piecewise constant: the derivative is 1, also where the next multiple begins.

    >>> ad.unwrap(ad.Tensor([0.0, 3.0, -3.0]))
    Tensor([0.        , 3.        , 3.28318531])
    """,
)
