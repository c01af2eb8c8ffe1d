"""Complex numbers: their parts and conjugates.

The gradient of a real L by a complex number z = x + iy is ∂L/∂x + i ∂L/∂y, as PyTorch's: callers and hooks give and get it so. A
rule has the conjugate of that for a cotangent `g`, with which dL = Re(g dz), and gives such a one: a chain of products, as of real
numbers, so that the rule of a function that is complex differentiable is the one on real numbers, without a conjugate. The engine
takes the real part of the cotangent of a real number x, since dL = Re(g dx) = Re(g) dx.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.core.tensor import read_only
from autodiff.registry import primitive

__all__ = ["conj", "imag", "real"]


def _read_only(part: Any) -> Any:
    return read_only(part) if isinstance(part, np.ndarray) else part


real = primitive(
    lambda x, /: _read_only(np.real(x)),
    {"x": lambda g: g},
    name="real",
    numpy=[np.real],
    view=True,
    doc="""The real part of `x`, as a read-only view. As `numpy.real`.

    >>> ad.real(ad.Tensor([1.0 + 2.0j, 3.0]))
    Tensor([1., 3.])
    """,
)

imag = primitive(
    lambda x, /: _read_only(np.imag(x)),
    {"x": lambda g: g * -1j},
    name="imag",
    numpy=[np.imag],
    view=True,
    doc="""The imaginary part of `x`, as a read-only view; zeros of real numbers. As `numpy.imag`.

    >>> ad.imag(ad.Tensor([1.0 + 2.0j, 3.0]))
    Tensor([2., 0.])
    """,
)

conj = primitive(
    np.conj,
    {"x": lambda g: np.conj(g)},
    name="conj",
    numpy=[np.conj],
    elementwise=True,
    doc="""The complex conjugate `x - iy` of `x + iy`. As `numpy.conj`.

    >>> ad.conj(ad.Tensor([1.0 + 2.0j, 3.0]))
    Tensor([1.-2.j, 3.-0.j])
    """,
)
