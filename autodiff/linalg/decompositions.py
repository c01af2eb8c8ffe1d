"""Factors of matrices: triangular, orthogonal and diagonal ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.linalg.conventions import lower_half, of_triangle, over, over_gaps, refuse, refuse_phases, rounding
from autodiff.registry import primitive

__all__ = ["cholesky", "qr", "svd", "svdvals"]


def _of_cholesky(g: Any, y: Any, upper: bool) -> Any:
    low, g = (np.conj(y).mT, np.conj(g).mT) if upper else (y, g)
    inner = (low.mT @ g) * lower_half(g)
    s = np.linalg.solve(low.mT, np.linalg.solve(np.conj(low).mT, inner.mT).mT)
    return of_triangle(s, upper)


cholesky = primitive(
    lambda x, /, *, upper=False: np.linalg.cholesky(x, upper=upper),
    {"x": _of_cholesky},
    numpy=[np.linalg.cholesky],
    doc="""The lower triangular `y` with `x = y y^H`, or with `upper` the upper one with `x = y^H y`. As `numpy.linalg.cholesky`.

    `x: (..., n, n)`, Hermitian and positive definite, else a `LinAlgError`. Only its triangle of the same side is read, and has a
    gradient, as in `eigh`. The cotangent is `y⁻ᵀ Φ(yᵀ g) conj(y)⁻¹` (Murray 2016), where Φ takes the lower triangle and half of the
    diagonal, brought to that triangle.

    >>> ad.linalg.cholesky(ad.Tensor([[4.0, 2.0], [2.0, 5.0]]))
    Tensor([[2., 0.],
            [1., 2.]])
    """,
)

_QR_MODES = ("reduced", "complete", "r")
_QR_BEYOND = (
    "qr: the loss depends on columns of Q beyond those of a reduced Q. They have no derivative: any basis of their space would do. "
    "Use mode='reduced'."
)
_QR_DEPENDENT = (
    "qr: one of the first columns depends on those before it, to rounding. There is no derivative: any direction would do for its "
    "column of Q. Use np.linalg.svdvals or np.linalg.pinv, or a matrix of full rank."
)


def _qr(x: Any, /, mode: Any = "reduced") -> Any:
    if mode not in _QR_MODES:
        raise ValueError(f"qr: mode is {mode!r}; wanted one of {', '.join(map(repr, _QR_MODES))}.")
    return np.linalg.qr(x, mode)


def _of_qr(g: Any, y: Any, x: Any, mode: str) -> Any:
    """Of a wide matrix (a b), q is that of a, and the right part of r is q^H b."""
    q, r = np.linalg.qr(x) if mode == "r" else y
    gq, gr = (np.zeros_like(q), g) if mode == "r" else g
    k = min(x.shape[-2:])
    refuse(gq[..., k:], _QR_BEYOND)
    q, r, gr, gr_right = q[..., :k], r[..., :k, :k], gr[..., :k, :k], gr[..., :k, k:]
    own, whole = np.abs(np.diagonal(r, axis1=-2, axis2=-1)), np.linalg.vector_norm(r, axis=-2)
    refuse(own <= max(x.shape[-2:]) * np.finfo(own.dtype).eps * whole, _QR_DEPENDENT)
    gq = gq[..., :k] + np.conj(x[..., k:] @ gr_right.mT)
    inner = (gr @ r.mT - q.mT @ gq) * lower_half(gr).T
    left = np.linalg.solve(r, (gq + np.conj(q) @ (inner + np.conj(inner).mT)).mT).mT
    return np.concatenate([left, np.conj(q) @ gr_right], axis=-1)


qr = primitive(
    _qr,
    {"x": _of_qr},
    name="qr",
    numpy=[np.linalg.qr],
    doc="""`Q` with orthonormal columns and the upper triangular `R`, with a real diagonal, of `x = Q R`. As `numpy.linalg.qr`.

    `x: (..., m, n)`, k = min(m, n). By `mode`: "reduced": `Q: (..., m, k)`, `R: (..., k, n)`; "complete": `Q: (..., m, m)`,
    `R: (..., m, n)`, where columns of Q beyond k have no derivative (a `LinAlgError`, in the backward pass, if the loss depends on
    them); "r": R alone. The cotangent is `(gQ + conj(Q) (M + M^H)) R⁻ᵀ`, M the upper triangle, with half of the diagonal, of
    `gR Rᵀ - Qᵀ gQ` (Walter and Lehmann 2010; Roberts and Roberts 2020 for m < n). The first k columns must be independent, also
    to rounding, else there is no derivative and the backward pass raises `LinAlgError`.

    >>> ad.linalg.qr(ad.Tensor([[3.0], [4.0]]), mode="r")
    Tensor([[-5.]])
    """,
)

_SVD_BEYOND = (
    "svd: the loss depends on singular vectors beyond those of the smaller axis. They have no derivative: any basis of their space "
    "would do. Use full_matrices=False."
)
_SVD_REPEATED = (
    "svd: the loss depends on singular vectors of singular values that are equal, to rounding. They have no derivative: any basis "
    "of their space would do. Use the singular values alone (np.linalg.svdvals, a norm) or a function of the matrix "
    "(np.linalg.pinv), or part the values by a small change of the matrix."
)
_SVD_ZERO = (
    "svd: the loss depends on singular vectors of a singular value that is zero, to rounding. They have no derivative. Use "
    "np.linalg.svdvals or np.linalg.pinv, or a matrix of full rank."
)
_SVD_PHASES = (
    "svd: the loss depends on the phases of complex singular vectors, which could be any: u * exp(it) and v * exp(it) are a pair "
    "as well. Use what does not depend on them, such as abs(u) or u[:, None] * conj(v)."
)


def _of_svdvals(g: Any, x: Any) -> Any:
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return np.conj(u) * g[..., None, :] @ np.conj(vh)


def _rotation(turn: Any, s: Any, size: int) -> Any:
    """The cotangent of how `u` turns in itself, over the differences of squares."""
    sums = s[..., None, :] + s[..., :, None]
    part = over_gaps(turn, s, size, _SVD_REPEATED) / np.where(sums == 0, 1, sums)
    return part + np.conj(part).mT


def _of_svd(g: Any, y: Any, x: Any, full_matrices: bool, compute_uv: bool) -> Any:
    if not compute_uv:
        return _of_svdvals(g, x)
    (gu, gs, gvh), (u, s, vh) = g, y
    (m, n), k, size = x.shape[-2:], s.shape[-1], max(x.shape[-2:])
    refuse(gu[..., k:], _SVD_BEYOND)
    refuse(gvh[..., k:, :], _SVD_BEYOND)
    u, gu, vh, gvh = u[..., :k], gu[..., :k], vh[..., :k, :], gvh[..., :k, :]
    apart = s > rounding(s, size)
    turn_u, turn_v = u.mT @ gu, np.conj(vh @ gvh.mT)
    refuse_phases(turn_u + turn_v, np.concatenate([gu, gvh.mT], axis=-2), _SVD_PHASES)
    inner = _rotation(turn_u, s, size) * s[..., None, :] + s[..., :, None] * _rotation(turn_v, s, size)
    if x.dtype.kind == "c":
        phases = np.imag(np.diagonal(turn_u - turn_v, axis1=-2, axis2=-1))
        gs = gs + 1j * over(phases / 2, s, apart, _SVD_ZERO)
    result = np.conj(u) @ (inner + gs[..., None, :] * np.eye(k, dtype=s.dtype)) @ np.conj(vh)
    if m > k:
        result = result + over(gu - np.conj(u) @ turn_u, s[..., None, :], apart[..., None, :], _SVD_ZERO) @ np.conj(vh)
    if n > k:
        rest = gvh - np.conj(turn_v).mT @ np.conj(vh)
        result = result + np.conj(u) @ over(rest, s[..., :, None], apart[..., :, None], _SVD_ZERO)
    return result


svd = primitive(
    lambda x, /, full_matrices=True, compute_uv=True: np.linalg.svd(x, full_matrices, compute_uv),
    {"x": _of_svd},
    numpy=[np.linalg.svd],
    doc="""`U`, `S` and `Vh` of `x = U diag(S) Vh`, with orthonormal columns of U and rows of Vh. As `numpy.linalg.svd`.

    `x: (..., m, n)`, k = min(m, n), `U: (..., m, m)`, `S: (..., k)`, descending, `Vh: (..., n, n)`, or with `full_matrices=False`
    `U: (..., m, k)` and `Vh: (..., k, n)`; with `compute_uv=False` S alone. The rule is that of Townsend (2016), in the form for
    complex matrices of Wan and Zhang (2019).

    A `LinAlgError`, in the backward pass, if the loss depends on what has no derivative: on vectors beyond k, on those of equal
    singular values (to rounding), on those of a value 0 if x is not square, or on the phases of complex ones. S alone has a
    gradient everywhere: see `svdvals`.

    >>> ad.linalg.svd(ad.Tensor([[0.0, 2.0], [1.0, 0.0]])).S
    Tensor([2., 1.])
    """,
)

svdvals = primitive(
    lambda x, /: np.linalg.svdvals(x),
    {"x": _of_svdvals},
    numpy=[np.linalg.svdvals],
    doc="""The singular values of matrices, descending. As `numpy.linalg.svdvals`.

    `x: (..., m, n)`, result `(..., min(m, n))`. The cotangent is `conj(U) diag(g) conj(Vh)`. Of equal singular values, that holds
    for functions symmetric in them, such as sums; at 0 it is a subgradient; second derivatives do not exist there.

    >>> ad.linalg.svdvals(ad.Tensor([[0.0, 2.0], [1.0, 0.0]]))
    Tensor([2., 1.])
    """,
)
