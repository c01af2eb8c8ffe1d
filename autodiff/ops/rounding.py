"""Piecewise constant functions, element by element: their derivative is zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.domain import Kink
from autodiff.registry import primitive

__all__ = ["floor", "sign"]



def _of_sign(g: Any, y: Any, x: Any) -> Any:
    """Zero, but that of x / |x| for complex numbers."""
    if x.dtype.kind != "c":
        return np.zeros_like(g)
    return (g - np.real(g * y) * np.conj(y)) / np.where(x == 0, np.inf, np.abs(x))


sign = primitive(
    np.sign,
    {"x": _of_sign},
    numpy=[np.sign],
    elementwise=True,
    kinks=[Kink((0.0,), (0.0,))],
    doc="""The sign: -1, 0 or 1; x/|x| for complex numbers. As `numpy.sign`.

    Of real numbers it is piecewise constant: its derivative is 0, also at the jump.

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
