"""Exponentials and logarithms, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.domain import POSITIVE, Interval, Kink
from autodiff.registry import primitive

__all__ = ["exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "logaddexp", "logaddexp2", "sigmoid"]

exp = primitive(
    np.exp,
    {"x": lambda g, y: g * y},
    doc="""The exponential `e**x`. As `numpy.exp`.

    >>> ad.exp(ad.Tensor([0.0, 1.0]))
    Tensor([1.        , 2.71828183])
    """,
)

log = primitive(
    np.log,
    {"x": lambda g, x: g / x},
    domain=POSITIVE,
    doc="""The natural logarithm; its derivative is `1 / x`. As `numpy.log`: -inf at 0, NaN below.

    >>> ad.log(ad.Tensor([1.0, 2.0]))
    Tensor([0.        , 0.69314718])
    """,
)


exp2 = primitive(
    np.exp2,
    {"x": lambda g, y: g * (y * math.log(2))},
    doc="""The power `2**x`; its derivative is `2**x log 2`. As `numpy.exp2`.

    >>> ad.exp2(ad.Tensor([0.0, 3.0]))
    Tensor([1., 8.])
    """,
)

expm1 = primitive(
    np.expm1,
    {"x": lambda g, x: g * np.exp(x)},  # y + 1 would be 0 far to the left
    doc="""`exp(x) - 1`, precise also for small `x`; its derivative is `exp(x)`. As `numpy.expm1`.

    >>> ad.expm1(ad.Tensor([0.0, 1e-10]))
    Tensor([0.e+00, 1.e-10])
    """,
)

log2 = primitive(
    np.log2,
    {"x": lambda g, x: g / x / math.log(2)},
    domain=POSITIVE,
    doc="""The logarithm to the base 2; its derivative is `1 / (x log 2)`. As `numpy.log2`: -inf at 0, NaN below.

    >>> ad.log2(ad.Tensor([1.0, 8.0]))
    Tensor([0., 3.])
    """,
)

log10 = primitive(
    np.log10,
    {"x": lambda g, x: g / x / math.log(10)},
    domain=POSITIVE,
    doc="""The logarithm to the base 10; its derivative is `1 / (x log 10)`. As `numpy.log10`: -inf at 0, NaN below.

    >>> ad.log10(ad.Tensor([1.0, 100.0]))
    Tensor([0., 2.])
    """,
)

log1p = primitive(
    np.log1p,
    {"x": lambda g, x: g / (1 + x)},
    domain=Interval(-1, np.inf),
    doc="""`log(1 + x)`, precise also for small `x`; its derivative is `1 / (1 + x)`. As `numpy.log1p`: -inf at -1, NaN below.

    >>> ad.log1p(ad.Tensor([0.0, 1e-10]))
    Tensor([0.e+00, 1.e-10])
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


def _part(g: Any, y: Any, a: Any, b: Any, base: float = math.e) -> Any:
    """`g` times the part of `base**a` in the sum of both; halves of equal infinities, but 0 where both powers are 0."""
    apart = np.where(np.isinf(a) & (a == b), 0, a) - np.where(np.isinf(a) & (a == b), 0, b)
    return g * np.where(y == -np.inf, 0, sigmoid(apart * math.log(base)))


_EQUAL_AND_INFINITE = Kink(
    (
        np.array([1.0, *(np.inf, np.inf, 0.0), *(-np.inf, -np.inf, 0.0)]),
        np.array([1.0, *(np.inf, 0.0, np.inf), *(-np.inf, 0.0, -np.inf)]),
    ),
    (np.array([0.5, *(0.5, 1.0, 0.0), *(0.0, 0.0, 1.0)]), np.array([0.5, *(0.5, 0.0, 1.0), *(0.0, 1.0, 0.0)])),
)

logaddexp = primitive(
    np.logaddexp,
    {"a": lambda g, y, a, b: _part(g, y, a, b), "b": lambda g, y, a, b: _part(g, y, b, a)},
    kinks=[_EQUAL_AND_INFINITE],
    doc="""`log(exp(a) + exp(b))`, without overflow. As `numpy.logaddexp`.

    Its derivatives are the parts of the sum, `exp(a - y)` and `exp(b - y)`, and 0 where both are -inf, as those of `logsumexp`.

    >>> ad.logaddexp(ad.Tensor([1000.0, 0.0]), 1000.0)
    Tensor([1000.69314718, 1000.        ])
    """,
)

logaddexp2 = primitive(
    np.logaddexp2,
    {"a": lambda g, y, a, b: _part(g, y, a, b, 2), "b": lambda g, y, a, b: _part(g, y, b, a, 2)},
    kinks=[_EQUAL_AND_INFINITE],
    doc="""`log2(2**a + 2**b)`, without overflow. As `numpy.logaddexp2`.

    Its derivatives are the parts of the sum, `2**(a - y)` and `2**(b - y)`, and 0 where both are -inf.

    >>> ad.logaddexp2(ad.Tensor([1000.0, 0.0]), 1000.0)
    Tensor([1001., 1000.])
    """,
)
