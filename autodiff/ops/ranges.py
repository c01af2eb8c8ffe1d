"""Numbers between two ends in equal proportions. The derivatives are by the ends."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import unwrapped
from autodiff.ops.arithmetic import pow
from autodiff.ops.exponential import log10
from autodiff.ops.indexing import as_array_like
from autodiff.ops.rounding import sign
from autodiff.ops.shaping import astype, broadcast_to, concat, expand_dims, moveaxis

__all__ = ["geomspace", "logspace"]


@composite(numpy=[np.logspace])
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` numbers from `base**start` to `base**stop`, in equal proportions, along a new axis. As `numpy.logspace`.

    >>> ad.logspace(ad.Tensor(0.0), 2.0, 3)
    Tensor([  1.,  10., 100.])
    """
    if np.ndim(base):
        shape = np.broadcast_shapes(np.shape(start), np.shape(stop), np.shape(base))
        start, stop = broadcast_to(start, shape), broadcast_to(stop, shape)
        base = expand_dims(broadcast_to(base, shape), axis)
    y = pow(base, np.linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else astype(y, dtype)


@composite(numpy=[np.geomspace])
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """`num` numbers from `start` to `stop`, of one sign, in equal proportions, along a new axis. As `numpy.geomspace`.

    Of complex numbers it is a spiral.

    Raises:
        ValueError: an end is 0, or `num` is negative.

    >>> ad.geomspace(ad.Tensor(1.0), 4.0, 3)
    Tensor([1., 2., 4.])
    """
    num = operator.index(num)
    if num < 0:
        raise ValueError(f"geomspace: num is {num}; wanted a count of at least 0.")
    start, stop = as_array_like(start), as_array_like(stop)
    if np.any(unwrapped(start) == 0) or np.any(unwrapped(stop) == 0):
        raise ValueError("geomspace: an end is 0, to which no proportion leads. For equal distances: np.linspace.")
    wide = np.result_type(start.dtype, stop.dtype, float)
    shape = np.broadcast_shapes(start.shape, stop.shape)
    start, stop = (broadcast_to(astype(x, wide), shape) for x in (start, stop))
    way = sign(start)
    y = logspace(log10(start / way), log10(stop / way), num, endpoint)
    ends = [start[None]] * (num > 0), [stop[None]] * (endpoint and num > 1)
    middle = y[len(ends[0]) : num - len(ends[1])] * way
    y = moveaxis(concat([*ends[0], middle, *ends[1]]), 0, axis)
    return y if dtype is None else astype(y, dtype)
