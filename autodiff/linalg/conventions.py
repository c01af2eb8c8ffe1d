"""What the rules of the decompositions have in common: triangles of Hermitian matrices, and errors where there is no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__: list[str] = []


def lower_half(like: Any) -> Any:
    """Ones below the diagonal and halves on it: what of a Hermitian matrix M, with its conjugate transpose, gives M."""
    n, dtype = like.shape[-1], np.finfo(like.dtype).dtype
    return np.tri(n, dtype=dtype) - np.eye(n, dtype=dtype) / 2


def of_triangle(s: Any, upper: bool) -> Any:
    """The cotangent of a matrix of which one triangle is read, from `s`, that of the Hermitian matrix it stands for."""
    half = lower_half(s)
    return (s + np.conj(s.mT)) * (half.T if upper else half)


def refuse(x: Any, reason: str) -> None:
    """Raise `LinAlgError` if an element of `x` is not 0, as a division does: without a look at values, which may not be known."""
    try:
        with np.errstate(divide="raise"):
            np.abs(x) / (x == 0)
    except FloatingPointError:
        raise np.linalg.LinAlgError(reason) from None


def refuse_phases(turn: Any, g: Any, reason: str) -> None:
    """Raise `LinAlgError` if the loss changes with the phases of complex vectors.

    The diagonal of `turn` has the products of each vector with its cotangent, of which `g` has them all; it is real then.
    """
    if turn.dtype.kind == "c":
        slopes = np.imag(np.diagonal(turn, axis1=-2, axis2=-1))
        noise = np.finfo(turn.dtype).eps ** 0.5 * np.sum(np.abs(g), axis=(-2, -1))[..., None]
        refuse(np.where(np.abs(slopes) > noise, slopes, 0), reason)


def rounding(values: Any, size: int) -> Any:
    """How far eigenvalues or singular values of a matrix with axes up to `size` may be off, one number for each matrix."""
    return size * np.finfo(values.dtype).eps * np.max(np.abs(values), axis=-1, keepdims=True, initial=0)


def over(x: Any, y: Any, apart: Any, reason: str) -> Any:
    """`x / y` where `y` is known to be `apart` from 0; elsewhere 0 if `x` is, else there is no quotient: an error."""
    refuse(np.where(apart, 0, x), reason)
    return x / np.where(apart, y, np.inf)


def over_gaps(x: Any, values: Any, size: int, reason: str) -> Any:
    """`x[i, j] / (values[j] - values[i])`, 0 on the diagonal; an error where the values are equal, to rounding, and `x` is not 0.

    `x[i, j]` is by how much the loss rises as vector j turns towards vector i. Among vectors of equal values that is a turn which
    changes nothing in the matrix, so that the matrix does not tell the loss.
    """
    gaps = values[..., None, :] - values[..., :, None]
    apart = np.abs(gaps) > rounding(values, size)[..., None]
    off = ~np.eye(values.shape[-1], dtype=bool)
    return over(np.where(off, x, 0), gaps, apart, reason)
