"""Bessel functions of both kinds and modified ones, element by element, these also with the factor `exp(-|x|)`."""

from __future__ import annotations

import numpy as np

from autodiff.domain import POSITIVE, Interval, Kink
from autodiff.registry import primitive
from autodiff.special import ufuncs as scipy
from autodiff.special.functions import of_given_order, real_numbers

__all__ = ["i0", "i0e", "i1", "i1e", "iv", "ive", "j0", "j1", "jv", "k0", "k1", "kv", "y0", "y1", "yv"]

# --- the first and the second kind, which oscillate -------------------------------------------------------------------------------

jv = primitive(
    lambda v, z, /: scipy.jv(v, z),
    {"z": lambda g, v, z: g * ((scipy.jv(v - 1, z) - scipy.jv(v + 1, z)) / 2)},
    name="jv",
    numpy=[scipy.jv],
    domain=[Interval(1, 4), POSITIVE],
    elementwise=True,
    doc="""The Bessel function of the order `v`, with a derivative by `z` alone: `(jv(v-1) - jv(v+1)) / 2`. As `scipy.special.jv`.

    >>> ad.special.jv(2.0, ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.11490348])
    """,
)
jv = of_given_order(jv)

yv = primitive(
    lambda v, z, /: scipy.yv(v, z),
    {"z": lambda g, v, z: g * ((scipy.yv(v - 1, z) - scipy.yv(v + 1, z)) / 2)},
    name="yv",
    numpy=[scipy.yv],
    domain=[Interval(1, 4), POSITIVE],
    elementwise=True,
    doc="""The Bessel function of the second kind and the order `v`, with a derivative by `z` alone: `(yv(v-1) - yv(v+1)) / 2`.

    At 0 it is infinite, and its derivative is NaN. As `scipy.special.yv`.

    >>> ad.special.yv(2.0, ad.Tensor([1.0, 2.0]))
    Tensor([-1.65068261, -0.6174081 ])
    """,
)
yv = of_given_order(yv)

j0 = primitive(
    scipy.j0,
    {"x": lambda g, x: -g * scipy.j1(x)},
    name="j0",
    numpy=[scipy.j0],
    elementwise=True,
    doc="""The Bessel function of the order 0; its derivative is `-j1(x)`. As `scipy.special.j0`.

    >>> ad.special.j0(ad.Tensor([0.0, 1.0]))
    Tensor([1.        , 0.76519769])
    """,
)

j1 = primitive(
    scipy.j1,
    {"x": lambda g, x: g * ((scipy.j0(x) - scipy.jv(2, x)) / 2)},
    name="j1",
    numpy=[scipy.j1],
    elementwise=True,
    doc="""The Bessel function of the order 1; its derivative is `(j0(x) - jv(2, x)) / 2`. As `scipy.special.j1`.

    >>> ad.special.j1(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.44005059])
    """,
)

y0 = primitive(
    scipy.y0,
    {"x": lambda g, x: -g * scipy.y1(x)},
    name="y0",
    numpy=[scipy.y0],
    domain=POSITIVE,
    elementwise=True,
    doc="""The Bessel function of the second kind and the order 0; its derivative is `-y1(x)`. As `scipy.special.y0`.

    >>> ad.special.y0(ad.Tensor([1.0, 2.0]))
    Tensor([0.08825696, 0.51037567])
    """,
)

y1 = primitive(
    scipy.y1,
    {"x": lambda g, x: g * ((scipy.y0(x) - scipy.yv(2, x)) / 2)},
    name="y1",
    numpy=[scipy.y1],
    domain=POSITIVE,
    elementwise=True,
    doc="""The Bessel function of the second kind and the order 1; its derivative is `(y0(x) - yv(2, x)) / 2`.

    At 0 it is infinite, and its derivative is NaN. As `scipy.special.y1`.

    >>> ad.special.y1(ad.Tensor([1.0, 2.0]))
    Tensor([-0.78121282, -0.10703243])
    """,
)

# --- modified ones ----------------------------------------------------------------------------------------------------------------

kv = primitive(
    lambda v, z, /: scipy.kv(v, z),
    {"z": lambda g, v, z: -g * ((scipy.kv(v - 1, z) + scipy.kv(v + 1, z)) / 2)},
    name="kv",
    numpy=[scipy.kv],
    domain=[Interval(1, 4), POSITIVE],
    elementwise=True,
    doc="""The modified Bessel function of the second kind and the order `v`, with a derivative by `z` alone.

    It is `-(kv(v-1) + kv(v+1)) / 2`. As `scipy.special.kv`.

    >>> ad.special.kv(1.5, ad.Tensor([1.0, 2.0]))
    Tensor([0.92213701, 0.17990666])
    """,
)
kv = of_given_order(kv)

k0 = primitive(
    scipy.k0,
    {"x": lambda g, x: -g * scipy.k1(x)},
    name="k0",
    numpy=[scipy.k0],
    domain=POSITIVE,
    elementwise=True,
    doc="""The modified Bessel function of the second kind and the order 0; its derivative is `-k1(x)`. As `scipy.special.k0`.

    >>> ad.special.k0(ad.Tensor([1.0, 2.0]))
    Tensor([0.42102444, 0.11389387])
    """,
)

k1 = primitive(
    scipy.k1,
    {"x": lambda g, x: -g * ((scipy.k0(x) + scipy.kv(2, x)) / 2)},
    name="k1",
    numpy=[scipy.k1],
    domain=POSITIVE,
    elementwise=True,
    doc="""The modified Bessel function of the second kind and the order 1; its derivative is `-(k0(x) + kv(2, x)) / 2`.

    As `scipy.special.k1`.

    >>> ad.special.k1(ad.Tensor([1.0, 2.0]))
    Tensor([0.60190723, 0.13986588])
    """,
)

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
