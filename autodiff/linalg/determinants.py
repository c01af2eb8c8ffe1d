"""Determinants and ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ops.constants import constant
from autodiff.registry import primitive

__all__ = ["cofactors", "det", "matrix_rank", "slogdet"]


def _others(s: Any) -> Any:
    """For each element along the last axis, the product of the others."""
    one = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([one, s[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([one, np.flip(s[..., 1:], -1)], axis=-1), axis=-1)
    return before * np.flip(after, -1)


def _cofactors(x: Any, /) -> Any:
    if x.shape[-2:] != x.mT.shape[-2:]:
        raise np.linalg.LinAlgError(f"cofactors: the shape is {x.shape}; wanted square matrices (..., n, n).")
    u, s, vh = np.linalg.svd(x)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return np.conj(u) * (sign[..., None] * _others(s))[..., None, :] @ np.conj(vh)


def _of_cofactors(g: Any, x: Any) -> Any:
    """Of a diagonal matrix, the cofactors have as derivatives the products of its elements but two, which are `rest`."""
    u, s, vh = np.linalg.svd(x)
    eye = np.eye(s.shape[-1], dtype=s.dtype)
    rest = _others(np.where(eye == 1, 1, s[..., None, :])) * (1 - eye)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    inner = sign[..., None, None] * (np.conj(u).mT @ g @ np.conj(vh).mT)
    on_diagonal = rest @ np.diagonal(inner, axis1=-2, axis2=-1)[..., None] * eye
    return np.conj(u) @ (on_diagonal - (rest * inner).mT) @ np.conj(vh)


cofactors = primitive(
    _cofactors,
    {"x": _of_cofactors},
    name="cofactors",
    doc="""The matrix of cofactors `det(x) x⁻ᵀ`, the derivative of the determinant, also of matrices that have no inverse.

    `x` and result `(..., n, n)`. Element (i, j) is the determinant without row i and column j, times (-1)^(i + j). It and its
    derivative are computed from the singular value decomposition: of a diagonal matrix they are products of its elements.

    >>> ad.linalg.cofactors(ad.Tensor([[1.0, 2.0], [3.0, 4.0]])).numpy().round(12)
    array([[ 4., -3.],
           [-2.,  1.]])
    """,
)

det = primitive(
    lambda x, /: np.linalg.det(x),
    {"x": lambda g, x: g[..., None, None] * cofactors(x)},
    numpy=[np.linalg.det],
    doc="""The determinant of square matrices. As `numpy.linalg.det`.

    `x: (..., n, n)`, result `(...)`. The cotangent is `g` times the cofactors, `g det(x) x⁻ᵀ` (Giles 2008), and right also where
    `x` has no inverse.

    >>> x = ad.Tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    >>> ad.linalg.det(x).backward()
    >>> x.grad.numpy().round(12)
    array([[ 4., -2.],
           [-2.,  1.]])
    """,
)


def _of_slogdet(g: Any, y: Any, x: Any) -> Any:
    """The sign of a complex determinant turns by the imaginary part of tr(x⁻¹ dx); that of a real one is piecewise constant."""
    turn = np.imag(g[0] * y[0]) * (1j if x.dtype.kind == "c" else 0)
    return (g[1] + turn)[..., None, None] * np.linalg.inv(x).mT


slogdet = primitive(
    lambda x, /: np.linalg.slogdet(x),
    {"x": _of_slogdet},
    numpy=[np.linalg.slogdet],
    doc="""The sign, or phase, and the logarithm of the absolute value of the determinant. As `numpy.linalg.slogdet`.

    `x: (..., n, n)`, both results `(...)`. The derivative of the logarithm is `x⁻ᵀ`; a matrix without an inverse, whose logarithm
    is -inf, has none: a `LinAlgError` in the backward pass.

    >>> ad.linalg.slogdet(ad.Tensor([[0.0, 2.0], [3.0, 0.0]])).sign
    Tensor(-1.)
    """,
)


@constant(np.linalg.matrix_rank)
def matrix_rank(x: Any, /, tol: Any = None, hermitian: Any = False, *, rtol: Any = None) -> Any:
    """How many singular values are not 0 but for rounding: larger than `tol`, or than `rtol` times the largest.

    As `numpy.linalg.matrix_rank`.

    >>> ad.linalg.matrix_rank(ad.Tensor([[1.0, 2.0], [2.0, 4.0]]))
    Tensor(1)
    """
