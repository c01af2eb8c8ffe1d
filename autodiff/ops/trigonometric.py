"""Trigonometric and hyperbolic functions and their inverses, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.domain import Interval, Kink
from autodiff.registry import primitive

__all__ = ["acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh"]
__all__ += ["deg2rad", "hypot", "rad2deg", "sin", "sinc", "sinh", "tan", "tanh"]

_INSIDE = Interval(-1, 1)

sin = primitive(
    np.sin,
    {"x": lambda g, x: g * np.cos(x)},
    doc="""The sine of an angle in radians; its derivative is `cos(x)`. As `numpy.sin`.

    >>> ad.sin(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.84147098])
    """,
)

cos = primitive(
    np.cos,
    {"x": lambda g, x: -g * np.sin(x)},
    doc="""The cosine of an angle in radians; its derivative is `-sin(x)`. As `numpy.cos`.

    >>> ad.cos(ad.Tensor([0.0, 1.0]))
    Tensor([1.        , 0.54030231])
    """,
)

tan = primitive(
    np.tan,
    {"x": lambda g, y: g * (1 + y * y)},
    domain=Interval(-math.pi / 2, math.pi / 2),
    doc="""The tangent of an angle in radians; its derivative is `1 + tan(x)**2`. As `numpy.tan`.

    >>> ad.tan(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 1.55740772])
    """,
)

asin = primitive(
    np.arcsin,
    {"x": lambda g, x: g / np.sqrt((1 - x) * (1 + x))},
    name="asin",
    numpy=[np.arcsin],
    domain=_INSIDE,
    doc="""The angle whose sine is `x`; its derivative is `1 / sqrt(1 - x**2)`, infinite at -1 and 1. As `numpy.asin`.

    >>> ad.asin(ad.Tensor([0.0, 0.5]))
    Tensor([0.        , 0.52359878])
    """,
)

acos = primitive(
    np.arccos,
    {"x": lambda g, x: -g / np.sqrt((1 - x) * (1 + x))},
    name="acos",
    numpy=[np.arccos],
    domain=_INSIDE,
    doc="""The angle whose cosine is `x`; its derivative is `-1 / sqrt(1 - x**2)`, infinite at -1 and 1. As `numpy.acos`.

    >>> ad.acos(ad.Tensor([0.0, 0.5]))
    Tensor([1.57079633, 1.04719755])
    """,
)

atan = primitive(
    np.arctan,
    {"x": lambda g, x: g / (1 + x * x)},
    name="atan",
    numpy=[np.arctan],
    doc="""The angle between -π/2 and π/2 whose tangent is `x`; its derivative is `1 / (1 + x**2)`. As `numpy.atan`.

    >>> ad.atan(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.78539816])
    """,
)


def _over(a: Any, r: Any) -> Any:
    """`a / r`, but 0 where `r` is 0."""
    return np.where(r == 0, 0, a) / np.where(r == 0, 1, r)


def _over_square(a: Any, r: Any) -> Any:
    """`a / r²`, without the square, which could overflow."""
    return _over(_over(a, r), r)


atan2 = primitive(
    np.arctan2,
    {"a": lambda g, a, b: g * _over_square(b, np.hypot(a, b)), "b": lambda g, a, b: -g * _over_square(a, np.hypot(a, b))},
    name="atan2",
    numpy=[np.arctan2],
    kinks=[Kink((0.0, 0.0), (0.0, 0.0))],
    doc="""The angle between -π and π of the point with the ordinate `a` and the abscissa `b`. As `numpy.atan2`.

    With `r² = a² + b²` its derivatives are `b / r²` and `-a / r²`, and stated as 0 at the origin, as PyTorch's.

    >>> ad.atan2(ad.Tensor([1.0, 1.0]), ad.Tensor([1.0, -1.0]))
    Tensor([0.78539816, 2.35619449])
    """,
)

sinh = primitive(
    np.sinh,
    {"x": lambda g, x: g * np.cosh(x)},
    doc="""The hyperbolic sine; its derivative is `cosh(x)`. As `numpy.sinh`.

    >>> ad.sinh(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 1.17520119])
    """,
)

cosh = primitive(
    np.cosh,
    {"x": lambda g, x: g * np.sinh(x)},
    doc="""The hyperbolic cosine; its derivative is `sinh(x)`. As `numpy.cosh`.

    >>> ad.cosh(ad.Tensor([0.0, 1.0]))
    Tensor([1.        , 1.54308063])
    """,
)

tanh = primitive(
    np.tanh,
    {"x": lambda g, y: g * (1 - y * y)},
    doc="""The hyperbolic tangent; its derivative is `1 - tanh(x)**2`. As `numpy.tanh`.

    >>> ad.tanh(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.76159416])
    """,
)

asinh = primitive(
    np.arcsinh,
    {"x": lambda g, y: g / np.cosh(y)},
    name="asinh",
    numpy=[np.arcsinh],
    doc="""The inverse of the hyperbolic sine; its derivative is `1 / sqrt(1 + x**2)`. As `numpy.asinh`.

    >>> ad.asinh(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.88137359])
    """,
)

acosh = primitive(
    np.arccosh,
    {"x": lambda g, y: g / np.sinh(y)},
    name="acosh",
    numpy=[np.arccosh],
    domain=Interval(1, np.inf),
    doc="""The inverse of the hyperbolic cosine; its derivative is `1 / sqrt(x**2 - 1)`, infinite at 1. As `numpy.acosh`.

    >>> ad.acosh(ad.Tensor([1.0, 2.0]))
    Tensor([0.       , 1.3169579])
    """,
)

atanh = primitive(
    np.arctanh,
    {"x": lambda g, x: g / ((1 - x) * (1 + x))},
    name="atanh",
    numpy=[np.arctanh],
    domain=_INSIDE,
    doc="""The inverse of the hyperbolic tangent; its derivative is `1 / (1 - x**2)`, infinite at -1 and 1. As `numpy.atanh`.

    >>> ad.atanh(ad.Tensor([0.0, 0.5]))
    Tensor([0.        , 0.54930614])
    """,
)

hypot = primitive(
    np.hypot,
    {"a": lambda g, y, a: g * _over(a, y), "b": lambda g, y, b: g * _over(b, y)},
    kinks=[Kink((0.0, 0.0), (0.0, 0.0))],
    doc="""`sqrt(a**2 + b**2)`, without overflow. As `numpy.hypot`.

    Its derivatives are `a / y` and `b / y`, and stated as 0 at the origin, where it has a kink.

    >>> ad.hypot(ad.Tensor([3.0, 0.0]), 4.0)
    Tensor([5., 4.])
    """,
)


def _sinc(x: Any, /, *, order: int = 0) -> Any:
    y = np.sinc(x)
    if order == 0:
        return y
    t = x * np.float64(np.pi)
    near = np.abs(t) < order + 1  # where the recursion t y⁽ⁿ⁾ = sin⁽ⁿ⁾(t) - n y⁽ⁿ⁻¹⁾ would lose digits
    small, large = np.where(near, t, 0), np.where(near, 1, t)
    far = np.sin(large) / large
    for n in range(1, order + 1):
        far = (np.sin(large + n * np.pi / 2) - n * far) / large
    series = 0 * t
    for k in range((order + 1) // 2, order + 20):  # Σ (-1)ᵏ t²ᵏ⁻ⁿ / ((2k - n)! (2k + 1))
        series = series + (-1) ** k * small ** (2 * k - order) / (math.factorial(2 * k - order) * (2 * k + 1))
    return (np.pi**order * np.where(near, series, far)).astype(y.dtype)


sinc: Any = primitive(
    _sinc,
    {"x": lambda g, x, order: g * sinc(x, order=order + 1)},
    name="sinc",
    numpy=[np.sinc],
    elementwise=True,
    doc="""`sin(πx) / (πx)`, which is 1 at 0, or its derivative of the given order. As `numpy.sinc`.

    Its derivatives are smooth at 0: of the orders 1 and 2 they are 0 and `-π²/3` there.

    >>> ad.sinc(ad.Tensor([0.0, 0.5]))
    Tensor([1.        , 0.63661977])
    """,
)

deg2rad = primitive(
    np.deg2rad,
    {"x": lambda g: np.deg2rad(g)},
    numpy=[np.deg2rad, np.radians],
    doc="""An angle in radians, given in degrees: `x π / 180`. As `numpy.deg2rad`.

    >>> ad.deg2rad(ad.Tensor([0.0, 180.0]))
    Tensor([0.        , 3.14159265])
    """,
)

rad2deg = primitive(
    np.rad2deg,
    {"x": lambda g: np.rad2deg(g)},
    numpy=[np.rad2deg, np.degrees],
    doc="""An angle in degrees, given in radians: `x 180 / π`. As `numpy.rad2deg`.

    >>> ad.rad2deg(ad.Tensor([0.0, np.pi]))
    Tensor([  0., 180.])
    """,
)
