"""Trigonometric and hyperbolic functions, element by element."""

from __future__ import annotations

import numpy as np

from autodiff.registry import primitive

__all__ = ["tanh"]

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
