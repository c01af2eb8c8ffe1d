"""Products of vectors and matrices, and diagonals and traces of matrices along the last two axes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autodiff import ops
from autodiff.composites import composite
from autodiff.lists import in_one
from autodiff.ops.contractions import tensordot
from autodiff.ops.matrices import matrix_transpose
from autodiff.ops.products import matmul, vecdot

__all__ = ["cross", "diagonal", "matmul", "matrix_transpose", "multi_dot", "outer", "tensordot", "trace", "vecdot"]


@composite(name="linalg.cross", numpy=[np.linalg.cross])
def cross(a: Any, b: Any, /, *, axis: int = -1) -> Any:
    """The cross products of the vectors along `axis`. As `numpy.linalg.cross`.

    Raises:
        ValueError: they have not 3 components.

    >>> ad.linalg.cross(ad.Tensor([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.])
    """
    return ops.cross(a, b, axis=axis)


@composite(name="linalg.diagonal", numpy=[np.linalg.diagonal])
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonals of matrices `(..., m, n)`, `offset` above the main one, as a read-only view. As `numpy.linalg.diagonal`.

    >>> ad.linalg.diagonal(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 4.])
    """
    return ops.diagonal(x, offset, -2, -1)


@composite(name="linalg.outer", numpy=[np.linalg.outer])
def outer(a: Any, b: Any, /) -> Any:
    """The product of each element of the vector `a` with each of the vector `b`. As `numpy.linalg.outer`.

    Raises:
        ValueError: they are no vectors.

    >>> ad.linalg.outer(ad.Tensor([1.0, 2.0]), np.array([1.0, 10.0]))
    Tensor([[ 1., 10.],
            [ 2., 20.]])
    """
    a, b = in_one(a), in_one(b)
    if np.ndim(a) != 1 or np.ndim(b) != 1:
        raise ValueError(f"outer: the shapes are {np.shape(a)} and {np.shape(b)}; wanted vectors. Of any shapes: np.outer(a, b).")
    return ops.outer(a, b)


@composite(name="linalg.trace", numpy=[np.linalg.trace])
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """The sums of the diagonals of matrices `(..., m, n)`, `offset` above the main one, in `dtype`. As `numpy.linalg.trace`.

    >>> ad.linalg.trace(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(5.)
    """
    return ops.sum(diagonal(x, offset=offset), -1, dtype=dtype)


@composite(numpy=[np.linalg.multi_dot])
def multi_dot(arrays: Sequence[Any]) -> Any:
    """The matrix product of several matrices, two at a time, in an order of few multiplications. As `numpy.linalg.multi_dot`.

    The first may be a row, the last a column, given as vectors.

    Raises:
        ValueError: there are fewer than two, they do not fit, or are no matrices.

    >>> ad.linalg.multi_dot([ad.Tensor([1.0, 2.0]), np.eye(2), np.array([3.0, 4.0])])
    Tensor(11.)
    """
    n, shapes = len(arrays), [np.shape(x) for x in arrays]
    ndims = [*map(len, shapes)]
    matrices = n > 1 and {*ndims[1:-1]} <= {2} and {ndims[0], ndims[-1]} <= {1, 2}
    if not matrices or any(a[-1] != b[0] for a, b in pairwise(shapes)):
        raise ValueError(
            f"multi_dot: the shapes are {shapes}; wanted at least two matrices that fit, or vectors as the first and the last."
        )
    labels = [[k, k + 1] for k in range(n)]
    labels[0], labels[-1] = labels[0][-ndims[0] :], labels[-1][: ndims[-1]]
    output = [*labels[0][: ndims[0] - 1], *labels[-1][1:]]
    return ops.einsum(*[x for pair in zip(arrays, labels, strict=True) for x in pair], output)
