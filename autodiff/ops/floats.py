"""The sign, the exponent and the special values of floating-point numbers, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import Tensor, array_of, wrap
from autodiff.domain import Kink
from autodiff.dtypes import dtype_of
from autodiff.lists import in_one
from autodiff.ops.arithmetic import pow
from autodiff.ops.shaping import astype
from autodiff.registry import primitive

__all__ = ["copysign", "float_power", "frexp", "heaviside", "ldexp", "nan_to_num", "nextafter"]

copysign = primitive(
    np.copysign,
    {"a": lambda g, y, a: g * (np.sign(a) * np.sign(y)), "b": lambda g: np.zeros_like(g)},
    kinks=[Kink((0.0, 1.0), (0.0, 0.0))],
    doc="""The absolute value of `a` with the sign of `b`. As `numpy.copysign`.

    Its derivative by `a` is the product of the signs, 0 at 0, and that by `b` is 0: there it is piecewise constant.

    >>> ad.copysign(ad.Tensor([1.0, -2.0]), -1.0)
    Tensor([-1., -2.])
    """,
)

nextafter = primitive(
    np.nextafter,
    {"a": lambda g: g, "b": lambda g: np.zeros_like(g)},
    doc="""The number that can be written next to `a` towards `b`. As `numpy.nextafter`.

    It is `a` but for rounding, and piecewise constant in `b`: its derivatives are 1 and 0.

    >>> ad.nextafter(ad.Tensor([1.0]), 2.0) - 1.0 == np.finfo(float).eps
    Tensor([ True])
    """,
)

heaviside = primitive(
    np.heaviside,
    {"x": lambda g: np.zeros_like(g), "at_zero": lambda g, x: np.where(x == 0, g, 0)},
    kinks=[Kink((0.0, 0.5), (0.0, 1.0))],
    doc="""0 for negative, 1 for positive `x`, and `at_zero` at 0. It is piecewise constant: its derivative by `x` is 0.
    As `numpy.heaviside`.

    >>> ad.heaviside(ad.Tensor([-1.0, 0.0, 2.0]), 0.5)
    Tensor([0. , 0.5, 1. ])
    """,
)

ldexp = primitive(
    lambda x, n, /: np.ldexp(x, n),
    {"x": lambda g, n: np.ldexp(g, n)},
    numpy=[np.ldexp],
    elementwise=True,
    doc="""`x * 2**n` for integers `n`. As `numpy.ldexp`.

    >>> ad.ldexp(ad.Tensor([1.0, 3.0]), np.array([2, -1]))
    Tensor([4. , 1.5])
    """,
)


@composite(numpy=[np.frexp])
def frexp(x: Any) -> tuple[Any, Any]:
    """`m` and integers `n` with `x = m * 2**n`, where `0.5 <= abs(m) < 1`. As `numpy.frexp`.

    >>> ad.frexp(ad.Tensor([4.0]))
    (Tensor([0.5]), Tensor([3], dtype=int32))
    """
    n = np.frexp(array_of(x))[1]
    return ldexp(x, -n), wrap(np.asarray(n)) if isinstance(x, Tensor) else n


@composite(numpy=[np.float_power])
def float_power(x: Any, p: Any) -> Any:
    """`x ** p` in double precision at least. As `numpy.float_power`.

    >>> ad.float_power(ad.Tensor([1, 4]), 0.5)
    Tensor([1., 2.])
    """
    x, p = in_one(x), in_one(p)
    dtype = np.result_type(dtype_of(x), dtype_of(p), np.float64)
    return pow(astype(x, dtype), astype(p, dtype))


nan_to_num = primitive(
    lambda x, /, copy=True, nan=0.0, posinf=None, neginf=None: np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf),
    {"x": lambda g, x: np.where(np.isfinite(x), g, 0)},
    numpy=[np.nan_to_num],
    elementwise=True,
    kinks=[Kink((np.inf,), (0.0,)), Kink((np.nan,), (0.0,))],
    doc="""`x` with finite numbers in the place of NaN and infinities, where the derivative is 0. As `numpy.nan_to_num`.

    It is a copy in any case.

    >>> ad.nan_to_num(ad.Tensor([1.0, np.nan, np.inf]), posinf=9.0)
    Tensor([1., 0., 9.])
    """,
)
