"""Arithmetic, powers and roots: element by element, with broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.domain import POSITIVE, Interval, Kink
from autodiff.dtypes import dtype_of
from autodiff.registry import primitive

__all__ = ["abs", "add", "cbrt", "divide", "fabs", "multiply", "negative"]
__all__ += ["positive", "pow", "reciprocal", "sqrt", "square", "subtract"]

add = primitive(
    np.add,
    {"a": lambda g: g, "b": lambda g: g},
    doc="""The sum `a + b`, element by element. As `numpy.add`.

    >>> ad.add(ad.Tensor([1.0, 2.0]), 1.0)
    Tensor([2., 3.])
    """,
)

subtract = primitive(
    np.subtract,
    {"a": lambda g: g, "b": lambda g: -g},
    doc="""The difference `a - b`, element by element. As `numpy.subtract`.

    >>> ad.subtract(ad.Tensor([1.0, 2.0]), 1.0)
    Tensor([0., 1.])
    """,
)

multiply = primitive(
    np.multiply,
    {"a": lambda g, b: g * b, "b": lambda g, a: g * a},
    doc="""The product `a * b`, element by element. As `numpy.multiply`.

    >>> ad.multiply(ad.Tensor([1.0, 2.0]), 3.0)
    Tensor([3., 6.])
    """,
)

divide = primitive(
    np.divide,
    {"a": lambda g, b: g / b, "b": lambda g, y, b: -g * y / b},
    domain=(Interval(), POSITIVE),
    doc="""The quotient `a / b`, element by element; integers give float64. As `numpy.divide`.

    >>> ad.divide(ad.Tensor([1.0, 2.0]), 2.0)
    Tensor([0.5, 1. ])
    """,
)

negative = primitive(
    np.negative,
    {"x": lambda g: -g},
    doc="""The negative `-x`. As `numpy.negative`.

    >>> ad.negative(ad.Tensor([1.0, -2.0]))
    Tensor([-1.,  2.])
    """,
)

positive = primitive(
    np.positive,
    {"x": lambda g: g},
    doc="""`+x`: a copy. As `numpy.positive`.

    >>> ad.positive(ad.Tensor([1.0, -2.0]))
    Tensor([ 1., -2.])
    """,
)


abs = primitive(
    np.abs,
    {"x": lambda g, x: g * np.conj(np.sign(x))},
    name="abs",
    numpy=[np.abs],
    kinks=[Kink((0.0,), (0.0,)), Kink((0j,), (0j,))],
    doc="""The absolute value; its gradient is `sign(x)`, which is x/|x|, of complex numbers too, and 0 at 0. As `numpy.abs`.

    >>> ad.abs(ad.Tensor([-1.0, 2.0]))
    Tensor([1., 2.])
    """,
)


@composite(numpy=[np.fabs])
def fabs(x: Any, /) -> Any:
    """The absolute value of real numbers, as a floating-point number, as `abs`. As `numpy.fabs`.

    Raises:
        TypeError: the numbers are complex.

    >>> ad.fabs(ad.Tensor([-1, 2]))
    Tensor([1., 2.])
    """
    dtype = np.fabs(np.zeros(0, dtype_of(x))).dtype  # an error of complex numbers
    return abs(x.astype(dtype) if hasattr(x, "dtype") else np.asarray(x, dtype))


def _one_less(p: Any) -> Any:
    """`p - 1`, but 0 where `p` is 0: `0 * x**-1` would be NaN at `x = 0`. For booleans in the smallest of integers."""
    return np.zeros(p.shape, np.int8) if getattr(p, "dtype", None) == np.bool_ else p - (p != 0)


# The rule for the exponent takes log 1 = 0 where the base is 0, the limit for p > 0.
pow = primitive(
    lambda x, p, /: x**p,
    {
        "x": lambda g, x, p: g * (p * x ** _one_less(p)),
        "p": lambda g, y, x, p: g * (y * np.log(np.where((x == 0) & (p >= 0), 1, x).astype(y.dtype))),
    },
    name="pow",
    numpy=[np.power],
    domain=(POSITIVE, Interval()),
    elementwise=True,
    kinks=[Kink((0.0, 0.0), (0.0, 0.0)), Kink((0.0, 1.0), (1.0, 0.0)), Kink((0.0, 2.0), (0.0, 0.0))],
    doc="""The power `x ** p`, element by element. As `numpy.power`, and as the operator for a Python number `p`.

    The derivative by `x` is `p x**(p-1)`, 0 for `p = 0`; the one by `p` is `x**p log x`, NaN for
    negative `x`, and at `x = 0` it is 0 for `p >= 0` and -inf for `p < 0`.

    >>> ad.pow(ad.Tensor([1.0, 2.0]), 3)
    Tensor([1., 8.])
    """,
)

sqrt = primitive(
    np.sqrt,
    {"x": lambda g, y: g / (2 * y)},
    domain=POSITIVE,
    doc="""The square root; its derivative is `1 / (2 sqrt(x))`, infinite at 0. As `numpy.sqrt`.

    >>> ad.sqrt(ad.Tensor([1.0, 4.0]))
    Tensor([1., 2.])
    """,
)

square = primitive(
    np.square,
    {"x": lambda g, x: g * (2 * x)},
    doc="""The square `x**2`. As `numpy.square`.

    >>> ad.square(ad.Tensor([1.0, 4.0]))
    Tensor([ 1., 16.])
    """,
)

cbrt = primitive(
    np.cbrt,
    {"x": lambda g, y: g / (3 * y * y)},
    domain=POSITIVE,
    doc="""The cube root, also of negative numbers; its derivative is `1 / (3 y**2)`, infinite at 0. As `numpy.cbrt`.

    >>> ad.cbrt(ad.Tensor([-1.0, 8.0]))
    Tensor([-1.,  2.])
    """,
)

reciprocal = primitive(
    np.reciprocal,
    {"x": lambda g, y: -g * y * y},
    domain=POSITIVE,
    doc="""`1 / x`; its derivative is `-1 / x**2`, infinite at 0. As `numpy.reciprocal`.

    >>> ad.reciprocal(ad.Tensor([1.0, 4.0]))
    Tensor([1.  , 0.25])
    """,
)
