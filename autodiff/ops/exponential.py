"""Exponentials and logarithms, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.domain import POSITIVE
from autodiff.registry import primitive

__all__ = ["exp", "log", "sigmoid"]

exp = primitive(
    np.exp,
    {"x": lambda g, y: g * y},
    numpy=[np.exp],
    elementwise=True,
    doc="""The exponential `e**x`. As `numpy.exp`.

    >>> ad.exp(ad.Tensor([0.0, 1.0]))
    Tensor([1.        , 2.71828183])
    """,
)

log = primitive(
    np.log,
    {"x": lambda g, x: g / x},
    numpy=[np.log],
    domain=POSITIVE,
    elementwise=True,
    doc="""The natural logarithm; its derivative is `1 / x`. As `numpy.log`: -inf at 0, NaN below.

    >>> ad.log(ad.Tensor([1.0, 2.0]))
    Tensor([0.        , 0.69314718])
    """,
)


# Constants as 0-d arrays of each type, in either byte order: NumPy takes longer to convert a Python number than to look one up.
_FLOATS = [np.dtype(order + kind) for order in "<>" for kind in "efdg"]
_ONE = {dtype: np.array(1, dtype.newbyteorder("=")) for dtype in _FLOATS}
_LARGE_AND_ONE: dict[Any, Any] = {dtype: (np.array(11 if dtype.char == "e" else 80, one.dtype), one) for dtype, one in _ONE.items()}


def _sigmoid(x: Any, /) -> Any:
    # e/(e + 1) with e = exp(x) could overflow for large x only, where the result is 1 long before.
    large, one = _LARGE_AND_ONE.get(getattr(x, "dtype", None), (80.0, 1))
    e = np.exp(np.minimum(x, large))
    return e / (e + one)


sigmoid = primitive(
    _sigmoid,
    {"x": lambda g, y: g * (y * (_ONE.get(y.dtype, 1) - y))},
    name="sigmoid",
    elementwise=True,
    doc="""The logistic function `1 / (1 + exp(-x))`; its derivative is `y (1 - y)`. As `torch.sigmoid`.

    No `x` overflows; the relative error is a few units in the last place on both sides, and the limits are exact.

    >>> ad.sigmoid(ad.Tensor([-1000.0, 0.0, 1000.0]))
    Tensor([0. , 0.5, 1. ])
    """,
)
