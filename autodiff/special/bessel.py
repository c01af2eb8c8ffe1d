"""Modified Bessel functions of the first kind, element by element, also with the factor `exp(-|x|)`."""

from __future__ import annotations

import numpy as np

from autodiff.domain import POSITIVE, Interval, Kink
from autodiff.registry import primitive
from autodiff.special import ufuncs as scipy
from autodiff.special.functions import of_given_order, real_numbers

__all__ = ["i0", "i0e", "i1", "i1e", "iv", "ive"]

iv = primitive(
    lambda v, z, /: scipy.iv(v, z),
    {"z": lambda g, v, z: g * ((scipy.iv(v - 1, z) + scipy.iv(v + 1, z)) / 2)},
    numpy=[scipy.iv],
    domain=[Interval(1, 4), POSITIVE],
    elementwise=True,
    doc="""The modified Bessel function of the order `v`, with a derivative by `z` alone: `(iv(v-1) + iv(v+1)) / 2`. As SciPy's.

    >>> ad.special.iv(2.0, ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.13574767])
    """,
)
iv = of_given_order(iv)

ive = primitive(
    lambda v, z, /: scipy.ive(v, real_numbers("ive", z)),
    {"z": lambda g, v, z, y: g * ((scipy.ive(v - 1, z) + scipy.ive(v + 1, z)) / 2 - np.sign(z) * y)},
    numpy=[scipy.ive],
    domain=[Interval(1, 4), POSITIVE],
    elementwise=True,
    doc="""`exp(-|z|) iv(v, z)`, which does not overflow, with a derivative by `z` alone. As `scipy.special.ive`.

    >>> ad.special.ive(2.0, ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.04993878])
    """,
)
ive = of_given_order(ive)

i0 = primitive(
    scipy.i0,
    {"x": lambda g, x: g * scipy.i1(x)},
    numpy=[scipy.i0, np.i0],
    doc="""The modified Bessel function of the order 0; its derivative is `i1(x)`. As `scipy.special.i0` and `numpy.i0`.

    >>> ad.special.i0(ad.Tensor([0.0, 1.0]))
    Tensor([1.        , 1.26606588])
    """,
)

i1 = primitive(
    scipy.i1,
    {"x": lambda g, x: g * ((scipy.i0(x) + scipy.iv(2, x)) / 2)},
    doc="""The modified Bessel function of the order 1; its derivative is `(i0(x) + iv(2, x)) / 2`. As `scipy.special.i1`.

    >>> ad.special.i1(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.5651591])
    """,
)

i0e = primitive(
    scipy.i0e,
    {"x": lambda g, x, y: g * (scipy.i1e(x) - np.sign(x) * y)},
    kinks=[Kink((0.0,), (0.0,))],
    doc="""`exp(-|x|) i0(x)`, which does not overflow. As `scipy.special.i0e`.

    Its derivative is `i1e(x) - sign(x) i0e(x)`, and stated as 0 at the kink at 0.

    >>> ad.special.i0e(ad.Tensor([0.0, 1.0]))
    Tensor([1.        , 0.46575961])
    """,
)

i1e = primitive(
    scipy.i1e,
    {"x": lambda g, x, y: g * ((scipy.i0e(x) + scipy.ive(2, x)) / 2 - np.sign(x) * y)},
    doc="""`exp(-|x|) i1(x)`, which does not overflow. As `scipy.special.i1e`.

    Its derivative is `(i0e(x) + ive(2, x)) / 2 - sign(x) i1e(x)`.

    >>> ad.special.i1e(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.20791042])
    """,
)
