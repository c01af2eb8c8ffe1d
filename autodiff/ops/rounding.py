"""Piecewise constant functions, element by element, whose derivative is zero, and the remainders that they leave."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.domain import POSITIVE, REALS, Kink
from autodiff.registry import primitive

__all__ = ["ceil", "divmod", "floor", "floor_divide", "fmod", "modf", "remainder", "rint", "round", "sign", "trunc"]


def _of_sign(g: Any, y: Any, x: Any) -> Any:
    """Zero; for complex numbers that of x/|x|, which changes across the direction of x only."""
    if x.dtype.kind != "c":
        return np.zeros_like(g)
    return (g - np.real(g * y) * np.conj(y)) / np.where(x == 0, np.inf, np.abs(x))


sign = primitive(
    np.sign,
    {"x": _of_sign},
    kinks=[Kink((0.0,), (0.0,)), Kink((0j,), (0j,))],
    doc="""The sign: -1, 0 or 1; x/|x| for complex numbers. As `numpy.sign`.

    Of real numbers it is piecewise constant: its derivative is 0, also at the jump.

    >>> ad.sign(ad.Tensor([-3.0, 0.0, 2.0]))
    Tensor([-1.,  0.,  1.])
    """,
)

floor = primitive(
    np.floor,
    {"x": lambda g: np.zeros_like(g)},
    kinks=[Kink((1.0,), (0.0,))],
    doc="""The largest integer not above `x`. It is piecewise constant: its derivative is 0, also at the jumps. As `numpy.floor`.

    >>> ad.floor(ad.Tensor([-0.5, 1.5]))
    Tensor([-1.,  1.])
    """,
)

ceil = primitive(
    np.ceil,
    {"x": lambda g: np.zeros_like(g)},
    kinks=[Kink((1.0,), (0.0,))],
    doc="""The smallest integer not below `x`. It is piecewise constant: its derivative is 0, also at the jumps. As `numpy.ceil`.

    >>> ad.ceil(ad.Tensor([-0.5, 1.5]))
    Tensor([-0.,  2.])
    """,
)

trunc = primitive(
    np.trunc,
    {"x": lambda g: np.zeros_like(g)},
    numpy=[np.trunc, np.fix],
    kinks=[Kink((1.0,), (0.0,))],
    doc="""The integer next to `x` towards 0. It is piecewise constant: its derivative is 0, also at the jumps. As `numpy.trunc`.

    >>> ad.trunc(ad.Tensor([-1.5, 1.5]))
    Tensor([-1.,  1.])
    """,
)

round = primitive(
    lambda x, /, decimals=0: np.round(x, decimals),
    {"x": lambda g: np.zeros_like(g)},
    numpy=[np.round, np.around],
    elementwise=True,
    kinks=[Kink((0.5,), (0.0,))],
    doc="""`x` rounded to so many decimals, halves to even ones. It is piecewise constant: its derivative is 0. As `numpy.round`.

    >>> ad.round(ad.Tensor([0.5, 1.5, 2.25]))
    Tensor([0., 2., 2.])
    """,
)


@composite(numpy=[np.rint])
def rint(x: Any) -> Any:
    """The integer next to `x`, halves to even ones: `round(x)`. As `numpy.rint`.

    >>> ad.rint(ad.Tensor([0.5, 1.6]))
    Tensor([0., 2.])
    """
    return round(x)


floor_divide = primitive(
    np.floor_divide,
    {"a": lambda g: np.zeros_like(g), "b": lambda g: np.zeros_like(g)},
    domain=(REALS, POSITIVE),
    kinks=[Kink((4.0, 2.0), (0.0, 0.0))],
    doc="""The largest integer not above `a / b`. It is piecewise constant: its derivatives are 0. As `numpy.floor_divide`.

    >>> ad.floor_divide(ad.Tensor([-1.0, 5.0]), 2.0)
    Tensor([-1.,  2.])
    """,
)

remainder = primitive(
    np.remainder,
    {"a": lambda g: g, "b": lambda g, a, b: -g * np.floor_divide(a, b)},
    domain=(REALS, POSITIVE),
    kinks=[Kink((4.0, 2.0), (1.0, -2.0))],
    doc="""`a - floor(a / b) * b`, of the sign of `b`. As `numpy.remainder` (`numpy.mod`).

    Its derivatives are 1 and `-floor(a / b)`, also where it jumps from `b` to 0.

    >>> ad.remainder(ad.Tensor([-1.0, 5.0]), 2.0)
    Tensor([1., 1.])
    """,
)

fmod = primitive(
    np.fmod,
    {"a": lambda g: g, "b": lambda g, y, a, b: -g * np.rint((a - y) / b)},
    domain=(REALS, POSITIVE),
    kinks=[Kink((4.0, 2.0), (1.0, -2.0))],
    doc="""`a - trunc(a / b) * b`, of the sign of `a`. As `numpy.fmod`.

    Its derivatives are 1 and `-trunc(a / b)`, also where it jumps to 0.

    >>> ad.fmod(ad.Tensor([-1.0, 5.0]), 2.0)
    Tensor([-1.,  1.])
    """,
)


@composite(numpy=[np.divmod])
def divmod(a: Any, b: Any) -> tuple[Any, Any]:
    """`floor_divide(a, b)` and `remainder(a, b)`. As `numpy.divmod`.

    >>> ad.divmod(ad.Tensor([5.0]), 2.0)
    (Tensor([2.]), Tensor([1.]))
    """
    return floor_divide(a, b), remainder(a, b)


@composite(numpy=[np.modf])
def modf(x: Any) -> tuple[Any, Any]:
    """The fractional and the integral part of `x`, both of its sign. As `numpy.modf`.

    >>> ad.modf(ad.Tensor([-1.25]))
    (Tensor([-0.25]), Tensor([-1.]))
    """
    whole = trunc(x)
    return np.copysign(np.where(np.isinf(x), 0, x - np.where(np.isinf(x), 0, whole)), x), whole
