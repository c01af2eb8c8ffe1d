"""Eigenvalues and eigenvectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.linalg.conventions import of_triangle, over_gaps, refuse_phases
from autodiff.registry import primitive

__all__ = ["eig", "eigh", "eigvals", "eigvalsh"]

_REPEATED = (
    "{}: the loss depends on eigenvectors of eigenvalues that are equal, to rounding. They have no derivative: any basis of their "
    "space would do. Use the eigenvalues alone, or a function of the matrix (np.linalg.inv, matrix_power, det), or part the "
    "eigenvalues by a small change of the matrix."
)
_PHASES = (
    "eigh: the loss depends on the phases of complex eigenvectors v, which could be any: v * exp(it) is one as well. "
    "Use what does not depend on them, such as abs(v) or the projections v[:, None] * conj(v)."
)


def _of_eigh(g: Any, y: Any, UPLO: str) -> Any:
    (gw, gv), (w, v) = g, y
    n = w.shape[-1]
    turn = v.mT @ gv
    refuse_phases(turn, gv, _PHASES)
    inner = over_gaps(turn, w, n, _REPEATED.format("eigh")) + gw[..., None, :] * np.eye(n, dtype=w.dtype)
    return of_triangle(np.conj(v) @ inner @ v.mT, UPLO.upper() == "U")


eigh = primitive(
    lambda x, /, UPLO="L": np.linalg.eigh(x, UPLO),
    {"x": _of_eigh},
    numpy=[np.linalg.eigh],
    doc="""The eigenvalues `w`, ascending, and eigenvectors, the columns of `v`, of Hermitian matrices. As `numpy.linalg.eigh`.

    `x: (..., n, n)`, `w: (..., n)`, `v: (..., n, n)`, with `x v = v diag(w)`. Only the lower triangle of `x` is read, or with
    `UPLO="U"` the upper one, and has a gradient: the one of `(x + x^H) / 2` is that plus its conjugate transpose, halved.
    The cotangent of `x` is `conj(v) (diag(gw) + F * (vᵀ gv)) vᵀ`, F[i, j] = 1 / (w[j] - w[i]) (Giles 2008, section 3.1), brought
    to that triangle.

    Eigenvectors of equal eigenvalues (to rounding) have no derivative, and the phases of complex ones are arbitrary: a
    `LinAlgError`, in the backward pass, if the loss depends on them. The eigenvalues alone have a gradient everywhere; that of
    equal ones holds for functions symmetric in them.

    >>> x = ad.Tensor([[2.0, 0.0], [1.0, 2.0]], requires_grad=True)
    >>> w, v = ad.linalg.eigh(x)
    >>> w
    Tensor([1., 3.], grad_fn=<eigh>)
    >>> w[1].backward()
    >>> x.grad
    Tensor([[0.5, 0. ],
            [1. , 0.5]])
    """,
)


def _of_eigvalsh(g: Any, x: Any, UPLO: Any) -> Any:
    v = np.linalg.eigh(x, UPLO).eigenvectors
    return of_triangle(np.conj(v) * g[..., None, :] @ v.mT, UPLO.upper() == "U")


eigvalsh = primitive(
    lambda x, /, UPLO="L": np.linalg.eigvalsh(x, UPLO),
    {"x": _of_eigvalsh},
    numpy=[np.linalg.eigvalsh],
    doc="""The eigenvalues of Hermitian matrices, ascending. As `numpy.linalg.eigvalsh`.

    `x: (..., n, n)`, of which the triangle `UPLO` is read, as by `eigh`; result `(..., n)`. The cotangent is
    `conj(v) diag(g) vᵀ`, with the eigenvectors `v`. Of equal eigenvalues, that holds for functions symmetric in them, such as sums;
    second derivatives do not exist there.

    >>> ad.linalg.eigvalsh(ad.Tensor([[2.0, 1.0], [1.0, 2.0]]))
    Tensor([1., 3.])
    """,
)


def _before_scaling(gv: Any, v: Any) -> Any:
    """The cotangent of eigenvectors of any length and phase, from that of eigenvectors as LAPACK scales them.

    They have length 1, and the largest element of a complex one is real.
    """
    along = np.sum(gv * v, axis=-2, keepdims=True)
    gv = gv - np.conj(v) * np.real(along)
    if v.dtype.kind == "c":
        size = np.abs(np.real(v))
        largest = size == np.max(size, axis=-2, keepdims=True, initial=0)
        share = largest / np.sum(largest, axis=-2, keepdims=True)
        gv = gv - 1j * (np.imag(along) * share / np.where(largest, np.real(v), 1))
    return gv


def _of_eig(g: Any, y: Any) -> Any:
    (gw, gv), (w, v) = g, y
    n = w.shape[-1]
    turn = v.mT @ _before_scaling(gv, v)
    inner = over_gaps(turn, w, n, _REPEATED.format("eig")) + gw[..., None, :] * np.eye(n, dtype=w.dtype)
    return np.linalg.solve(v.mT, inner @ v.mT)


eig = primitive(
    lambda x, /: np.linalg.eig(x),
    {"x": _of_eig},
    numpy=[np.linalg.eig],
    doc="""The eigenvalues `w`, and eigenvectors, the columns of `v`, of square matrices. As `numpy.linalg.eig`.

    `x: (..., n, n)`, `w: (..., n)`, `v: (..., n, n)`, with `x v = v diag(w)`. They are complex, unless all imaginary parts are 0.
    The cotangent is `v⁻ᵀ (diag(gw) + F * (vᵀ gv)) vᵀ`, F[i, j] = 1 / (w[j] - w[i]) (Giles 2008, section 3.1), where `gv` is led
    back through the scaling of the eigenvectors: they have length 1, and the largest element of a complex one is real.

    Eigenvectors of equal eigenvalues (to rounding) have no derivative: a `LinAlgError`, in the backward pass, if the loss depends
    on them. A matrix without a basis of eigenvectors is one, too, if it is found to be so: there, eigenvalues have none, either.

    >>> ad.linalg.eig(ad.Tensor([[0.0, 1.0], [-1.0, 0.0]])).eigenvalues
    Tensor([0.+1.j, 0.-1.j])
    """,
)


@composite(numpy=[np.linalg.eigvals])
def eigvals(x: Any, /) -> Any:
    """The eigenvalues of square matrices, in the order in which `eig` has them. As `numpy.linalg.eigvals`.

    They are complex, unless all imaginary parts are 0. `x: (..., n, n)`, result `(..., n)`.

    >>> ad.linalg.eigvals(ad.Tensor([[2.0, 1.0], [0.0, 3.0]]))
    Tensor([2., 3.])
    """
    return np.linalg.eig(x).eigenvalues
