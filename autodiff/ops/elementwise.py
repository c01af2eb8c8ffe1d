"""Arithmetic and elementary functions: element by element, with broadcasting."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autodiff.domain import Example, Interval, Kink, elementwise_examples
from autodiff.primitive import composite, primitive

__all__ = [
    "abs",
    "add",
    "clip",
    "divide",
    "exp",
    "floor",
    "log",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "positive",
    "power",
    "relu",
    "sigmoid",
    "sign",
    "sqrt",
    "square",
    "subtract",
    "tanh",
    "where",
]

POSITIVE = Interval(0, np.inf)
_HALF = np.dtype(np.float16)

add = primitive(
    np.add,
    {"a": lambda g: g, "b": lambda g: g},
    numpy=[np.add],
    elementwise=True,
    doc="""The sum `a + b`, element by element. As `numpy.add`.

    >>> ad.add(ad.Tensor([1.0, 2.0]), 1.0)
    Tensor([2., 3.])
    """,
)

subtract = primitive(
    np.subtract,
    {"a": lambda g: g, "b": lambda g: -g},
    numpy=[np.subtract],
    elementwise=True,
    doc="""The difference `a - b`, element by element. As `numpy.subtract`.

    >>> ad.subtract(ad.Tensor([1.0, 2.0]), 1.0)
    Tensor([0., 1.])
    """,
)

multiply = primitive(
    np.multiply,
    {"a": lambda g, b: g * b, "b": lambda g, a: g * a},
    numpy=[np.multiply],
    elementwise=True,
    doc="""The product `a * b`, element by element. As `numpy.multiply`.

    >>> ad.multiply(ad.Tensor([1.0, 2.0]), 3.0)
    Tensor([3., 6.])
    """,
)

divide = primitive(
    np.divide,
    {"a": lambda g, b: g / b, "b": lambda g, y, b: -g * y / b},
    numpy=[np.divide],
    domain=(Interval(), POSITIVE),
    elementwise=True,
    doc="""The quotient `a / b`, element by element; integers give float64. As `numpy.divide`.

    >>> ad.divide(ad.Tensor([1.0, 2.0]), 2.0)
    Tensor([0.5, 1. ])
    """,
)

negative = primitive(
    np.negative,
    {"x": lambda g: -g},
    numpy=[np.negative],
    elementwise=True,
    doc="""The negative `-x`. As `numpy.negative`.

    >>> ad.negative(ad.Tensor([1.0, -2.0]))
    Tensor([-1.,  2.])
    """,
)

positive = primitive(
    np.positive,
    {"x": lambda g: g},
    numpy=[np.positive],
    elementwise=True,
    doc="""`+x`: a copy. As `numpy.positive`.

    >>> ad.positive(ad.Tensor([1.0, -2.0]))
    Tensor([ 1., -2.])
    """,
)


def _one_less(p: Any) -> Any:
    """`p - 1`, but 0 where `p` is 0: `0 * x**-1` would be NaN at `x = 0`. For booleans in the smallest of integers."""
    return np.zeros(p.shape, np.int8) if getattr(p, "dtype", None) == np.bool_ else p - (p != 0)


# The rule for the exponent takes log 1 = 0 where the base is 0, the limit for p > 0.
power = primitive(
    operator.pow,
    {
        "x": lambda g, x, p: g * (p * x ** _one_less(p)),
        "p": lambda g, y, x, p: g * (y * np.log(np.where((x == 0) & (p >= 0), 1, x).astype(y.dtype))),
    },
    name="power",
    numpy=[np.power],
    domain=(POSITIVE, Interval()),
    elementwise=True,
    examples=[
        *elementwise_examples(2),
        Example((np.arange(1, 4, dtype=np.int8), (3,))),
        Example(((2,), np.array([True, False]))),
    ],
    kinks=[Kink((0.0, 0.0), (0.0, 0.0)), Kink((0.0, 1.0), (1.0, 0.0)), Kink((0.0, 2.0), (0.0, 0.0))],
    doc="""The power `x ** p`, element by element. As `numpy.power`, and as the operator for a Python number `p`.

    The derivative by `x` is `p x**(p-1)`, 0 for `p = 0`; the one by `p` is `x**p log x`, NaN for
    negative `x`, and at `x = 0` it is 0 for `p >= 0` and -inf for `p < 0`.

    >>> ad.power(ad.Tensor([1.0, 2.0]), 3)
    Tensor([1., 8.])
    """,
)

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

sqrt = primitive(
    np.sqrt,
    {"x": lambda g, y: g / (2 * y)},
    numpy=[np.sqrt],
    domain=POSITIVE,
    elementwise=True,
    doc="""The square root; its derivative is `1 / (2 sqrt(x))`, infinite at 0. As `numpy.sqrt`.

    >>> ad.sqrt(ad.Tensor([1.0, 4.0]))
    Tensor([1., 2.])
    """,
)

square = primitive(
    np.square,
    {"x": lambda g, x: g * (2 * x)},
    numpy=[np.square],
    elementwise=True,
    doc="""The square `x**2`. As `numpy.square`.

    >>> ad.square(ad.Tensor([1.0, 4.0]))
    Tensor([ 1., 16.])
    """,
)

tanh = primitive(
    np.tanh,
    {"x": lambda g, y: g * (1 - y * y)},
    numpy=[np.tanh],
    elementwise=True,
    doc="""The hyperbolic tangent; its derivative is `1 - tanh(x)**2`. As `numpy.tanh`.

    >>> ad.tanh(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.76159416])
    """,
)


def _sigmoid(x: Any, /) -> Any:
    # e/(e + 1) with e = exp(x) could overflow for large x only, where the result is 1 long before.
    if type(x) is not np.ndarray:
        x = np.asarray(x)
    e = np.exp(np.minimum(x, 50.0 if x.dtype is not _HALF else 11.0))
    e /= e + 1.0
    return e


sigmoid = primitive(
    _sigmoid,
    {"x": lambda g, y: g * (y * (1 - y))},
    name="sigmoid",
    elementwise=True,
    doc="""The logistic function `1 / (1 + exp(-x))`; its derivative is `y (1 - y)`. As `torch.sigmoid`.

    No `x` overflows; the relative error is a few units in the last place on both sides, and the limits are exact.

    >>> ad.sigmoid(ad.Tensor([-1000.0, 0.0, 1000.0]))
    Tensor([0. , 0.5, 1. ])
    """,
)

relu = primitive(
    lambda x, /: np.maximum(x, 0),
    {"x": lambda g, x: np.where(x <= 0, 0, g)},
    name="relu",
    elementwise=True,
    kinks=[Kink((0.0,), (0.0,))],
    doc="""The rectifier `max(x, 0)`; its derivative is 1 above 0 and 0 below, and stated as 0 at 0. As `torch.relu`.

    >>> ad.relu(ad.Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """,
)

abs = primitive(
    np.abs,
    {"x": lambda g, x: g * np.sign(x)},
    name="abs",
    numpy=[np.abs],
    elementwise=True,
    kinks=[Kink((0.0,), (0.0,))],
    doc="""The absolute value; its derivative is `sign(x)`, so 0 at 0. As `numpy.abs`.

    >>> ad.abs(ad.Tensor([-1.0, 2.0]))
    Tensor([1., 2.])
    """,
)

sign = primitive(
    np.sign,
    {"x": lambda g: np.zeros_like(g)},
    numpy=[np.sign],
    elementwise=True,
    kinks=[Kink((0.0,), (0.0,))],
    doc="""The sign: -1, 0 or 1. It is piecewise constant: its derivative is 0, also at the jump. As `numpy.sign`.

    >>> ad.sign(ad.Tensor([-3.0, 0.0, 2.0]))
    Tensor([-1.,  0.,  1.])
    """,
)

floor = primitive(
    np.floor,
    {"x": lambda g: np.zeros_like(g)},
    numpy=[np.floor],
    elementwise=True,
    kinks=[Kink((1.0,), (0.0,))],
    doc="""The largest integer not above `x`. It is piecewise constant: its derivative is 0, also at the jumps. As `numpy.floor`.

    >>> ad.floor(ad.Tensor([-0.5, 1.5]))
    Tensor([-1.,  1.])
    """,
)


# Written so that NaN, which compares as neither, lets the cotangent pass.
def _share(g: Any, loses: Any, ties: Any) -> Any:
    return np.where(loses, 0, np.where(ties, g / 2, g))


maximum = primitive(
    np.maximum,
    {"a": lambda g, a, b: _share(g, a < b, a == b), "b": lambda g, a, b: _share(g, b < a, a == b)},
    numpy=[np.maximum],
    elementwise=True,
    kinks=[Kink((np.array([1.0, 2.0]), np.array([1.0, 1.0])), (np.array([0.5, 1.0]), np.array([0.5, 0.0])))],
    doc="""The larger of `a` and `b`, element by element. As `numpy.maximum`.

    The derivative goes to the larger one; ties share it.

    >>> ad.maximum(ad.Tensor([1.0, 4.0]), 2.0)
    Tensor([2., 4.])
    """,
)

minimum = primitive(
    np.minimum,
    {"a": lambda g, a, b: _share(g, a > b, a == b), "b": lambda g, a, b: _share(g, b > a, a == b)},
    numpy=[np.minimum],
    elementwise=True,
    kinks=[Kink((np.array([1.0, 2.0]), np.array([1.0, 1.0])), (np.array([0.5, 0.0]), np.array([0.5, 1.0])))],
    doc="""The smaller of `a` and `b`, element by element. As `numpy.minimum`.

    The derivative goes to the smaller one; ties share it.

    >>> ad.minimum(ad.Tensor([1.0, 4.0]), 2.0)
    Tensor([1., 2.])
    """,
)


@composite(numpy=[np.clip])
def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """`x` limited to the range from `min` to `max`: `minimum(maximum(x, min), max)`, and so are its derivatives. As `numpy.clip`.

    Its derivative is 1 inside and 0 outside; at a limit, `x` and the limit share it.

    >>> ad.clip(ad.Tensor([-1.0, 0.5, 4.0]), 0.0, 1.0)
    Tensor([0. , 0.5, 1. ])
    """
    x = x if min is None else maximum(x, min)
    return x if max is None else minimum(x, max)


where = primitive(
    lambda condition, a, b, /: np.where(condition, a, b),
    {"a": lambda g, condition: np.where(condition, g, 0), "b": lambda g, condition: np.where(condition, 0, g)},
    name="where",
    numpy=[np.where],
    elementwise=True,
    examples=[
        Example((np.array([True, False, True]), (3,), (3,))),
        Example((np.array([[True], [False]]), (2, 3), (3,))),
        Example((np.array(True), (), (2,))),
        Example((np.zeros((0,), bool), (0,), ())),
    ],
    doc="""`a` where `condition` is true and `b` elsewhere, with broadcasting. As `numpy.where` with three arguments.

    The derivative goes to the one that was chosen. `condition` has none.

    >>> ad.where(np.array([True, False]), ad.Tensor([1.0, 2.0]), 0.0)
    Tensor([1., 0.])
    """,
)
