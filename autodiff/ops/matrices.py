"""Parts of matrices: diagonals, triangles, traces, transposes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.ops.reductions import sum
from autodiff.ops.shaping import diagonal, swapaxes
from autodiff.registry import primitive

__all__ = ["diag", "diagflat", "matrix_transpose", "trace", "tril", "triu"]

diagflat = primitive(
    lambda x, /, k=0: np.diagflat(x, k),
    {"x": lambda g, x_shape, k: np.reshape(np.diagonal(g, k), x_shape)},
    numpy=[np.diagflat],
    doc="""The matrix with all elements of `x` on its diagonal, `k` above the main one, and zeros. As `numpy.diagflat`.

    >>> ad.diagflat(ad.Tensor([1.0, 2.0]))
    Tensor([[1., 0.],
            [0., 2.]])
    """,
)


@composite(numpy=[np.diag])
def diag(v: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, `k` above the main one, as a read-only view; of a vector, the matrix with it. As `numpy.diag`.

    Raises:
        ValueError: `v` has not one axis or two.

    >>> ad.diag(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
    Tensor([2.])
    >>> ad.diag(ad.Tensor([1.0, 2.0]))
    Tensor([[1., 0.],
            [0., 2.]])
    """
    if np.ndim(v) not in (1, 2):
        raise ValueError(
            f"diag: v has shape {np.shape(v)}; wanted a vector or a matrix. Of stacks of matrices: diagonal(x, k, -2, -1)."
        )
    return diagflat(v, k) if np.ndim(v) == 1 else diagonal(v, k)


tril = primitive(
    lambda x, /, k=0: np.tril(x, k),
    {"x": lambda g, k: np.tril(g, k)},
    numpy=[np.tril],
    doc="""Matrices `(..., m, n)` with zeros above the diagonal that is `k` above the main one. As `numpy.tril`.

    >>> ad.tril(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[1., 0.],
            [3., 4.]])
    """,
)

triu = primitive(
    lambda x, /, k=0: np.triu(x, k),
    {"x": lambda g, k: np.triu(g, k)},
    numpy=[np.triu],
    doc="""Matrices `(..., m, n)` with zeros below the diagonal that is `k` above the main one. As `numpy.triu`.

    >>> ad.triu(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[1., 2.],
            [0., 4.]])
    """,
)


@composite(numpy=[np.trace])
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the diagonal of the matrices along `axis1` and `axis2`, `offset` above the main one. As `numpy.trace`.

    >>> ad.trace(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(5.)
    """
    return sum(diagonal(x, offset, axis1, axis2), -1)


@composite(numpy=[np.matrix_transpose, np.linalg.matrix_transpose])
def matrix_transpose(x: Any, /) -> Any:
    """Matrices `(..., m, n)` as `(..., n, m)`, as a view. As `numpy.matrix_transpose`.

    Raises:
        ValueError: `x` has fewer than two axes.

    >>> ad.matrix_transpose(ad.Tensor([[1.0, 2.0]]))
    Tensor([[1.],
            [2.]])
    """
    if np.ndim(x) < 2:
        raise ValueError(f"matrix_transpose: x has shape {np.shape(x)}; wanted matrices, (..., m, n).")
    return swapaxes(x, -1, -2)
