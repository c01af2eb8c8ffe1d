"""Complex numbers: their parts and conjugates.

The gradient of a real L by a complex number z = x + iy is ∂L/∂x + i ∂L/∂y, as PyTorch's: callers and hooks give and get it so. A
rule has the conjugate of that for a cotangent `g`, with which dL = Re(g dz), and gives such a one: a chain of products, as of real
numbers, so that the rule of a function that is complex differentiable is the one on real numbers, without a conjugate. The engine
takes the real part of the cotangent of a real number x, since dL = Re(g dx) = Re(g) dx.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import read_only, unwrapped
from autodiff.ops.indexing import without_gradient
from autodiff.registry import primitive

__all__ = ["conj", "imag", "real", "real_if_close"]


def _read_only(part: Any) -> Any:
    return read_only(part) if isinstance(part, np.ndarray) else part


real = primitive(
    lambda x, /: _read_only(np.real(x)),
    {"x": lambda g: g},
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
    doc="""The complex conjugate `x - iy` of `x + iy`. As `numpy.conj`.

    >>> ad.conj(ad.Tensor([1.0 + 2.0j, 3.0]))
    Tensor([1.-2.j, 3.-0.j])
    """,
)


@composite(numpy=[np.real_if_close])
def real_if_close(a: Any, tol: float = 100) -> Any:
    """The real part, if all imaginary parts are less than `tol`, or if that is above 1, `tol` times the precision; else `a`.

    As `numpy.real_if_close`.

    >>> ad.real_if_close(ad.Tensor([1.0 + 1e-15j, 2.0]))
    Tensor([1., 2.])
    """
    a, tol = a if hasattr(a, "dtype") else np.asarray(a), without_gradient("real_if_close", "tol", tol)
    if a.dtype.kind != "c":
        return a
    bound = tol * np.finfo(a.dtype).eps if tol > 1 else tol
    return real(a) if np.all(np.abs(np.imag(unwrapped(a))) < bound) else a
