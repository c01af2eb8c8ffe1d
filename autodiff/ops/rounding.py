"""Piecewise constant functions, element by element: their derivative is zero."""

from __future__ import annotations

import numpy as np

from autodiff.domain import Kink
from autodiff.registry import primitive

__all__ = ["floor", "sign"]

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
