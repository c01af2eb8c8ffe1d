"""Norms of vectors and matrices."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.domain import Kink
from autodiff.ops.indexing import without_gradient
from autodiff.ops.reductions import expand
from autodiff.ops.shaping import all_or
from autodiff.registry import primitive

__all__ = ["cond", "matrix_norm", "norm", "vector_norm"]


def _of_vector_norm(g: Any, y: Any, x: Any, axis: Any, keepdims: bool, ord: Any) -> Any:
    g, y = (expand(z, x.shape, axis, keepdims) for z in (g, y))
    if ord == 2:
        return g * (np.conj(x) / np.where(y == 0, np.inf, y))
    size = np.abs(x)
    direction = np.conj(x) / np.where(size == 0, np.inf, size) if x.dtype.kind == "c" else np.sign(x)
    if ord == 0:
        return np.zeros_like(g * direction)
    if ord in (np.inf, -np.inf):
        chosen = size == y
        return g * direction * (chosen / chosen.sum(axis=axis, keepdims=True)).astype(g.dtype)
    part = np.where(size == 0, 1, size) / np.where(y == 0, 1, y)
    return g * direction * np.where(y == 0, 0, part ** (ord - 1))


vector_norm = primitive(
    lambda x, /, *, axis=None, keepdims=False, ord=2: np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord),
    {"x": _of_vector_norm},
    numpy=[np.linalg.vector_norm],
    kinks=[Kink((np.zeros(3),), (np.zeros(3),))],
    doc="""`sum(|x|**ord)**(1/ord)` of the elements along `axis` (one, several as a tuple, or all). As `numpy.linalg.vector_norm`.

    `ord` may be inf, the largest size, -inf, the smallest, and 0, the number of elements that are not 0. The derivative is
    `sign(x) (|x|/y)**(ord - 1)`; it is 0 at the origin, and by an element that is 0; the largest or smallest that tie share it.

    >>> x = ad.Tensor([3.0, 4.0], requires_grad=True)
    >>> ad.linalg.vector_norm(x).backward()
    >>> x.grad
    Tensor([0.6, 0.8])
    """,
)


def _sums(x: Any, axis: int) -> Any:
    return np.sum(np.abs(x), axis=axis)


_MATRIX_NORMS: dict[Any, tuple[float, Callable[..., Any]]] = {  # each is a norm of a vector that is made of the matrix
    "nuc": (1, np.linalg.svdvals),
    2: (np.inf, np.linalg.svdvals),
    -2: (-np.inf, np.linalg.svdvals),
    1: (np.inf, partial(_sums, axis=-2)),
    -1: (-np.inf, partial(_sums, axis=-2)),
    np.inf: (np.inf, partial(_sums, axis=-1)),
    -np.inf: (-np.inf, partial(_sums, axis=-1)),
}


@composite(numpy=[np.linalg.matrix_norm])
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of matrices `(..., m, n)`. As `numpy.linalg.matrix_norm`.

    `ord` is "fro", the root of the sum of squares; "nuc", the sum of the singular values; 2 or -2, the largest or the smallest of
    them; 1 or -1, the largest or smallest sum of sizes of a column; inf or -inf, that of a row. Where several tie, they share the
    derivative. By one that is 0 it is 0, and so by the zero matrix. Of singular values that are equal there is no second one.

    Raises:
        ValueError: `ord` is none of these.

    >>> ad.linalg.matrix_norm(ad.Tensor([[3.0, 0.0], [0.0, 4.0]]), ord="nuc")
    Tensor(7.)
    """
    ord = without_gradient("matrix_norm", "ord", ord)
    if ord in (None, "fro", "f"):
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord not in _MATRIX_NORMS:
        raise ValueError(f"matrix_norm: ord is {ord!r}; wanted 'fro', 'nuc', 1, -1, 2, -2, inf or -inf.")
    ord_of_parts, parts = _MATRIX_NORMS[ord]
    y = vector_norm(parts(x), axis=-1, ord=ord_of_parts)
    return np.expand_dims(y, (-2, -1)) if keepdims else y


@composite(numpy=[np.linalg.norm])
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors along an `axis`, or of matrices along two, or of all elements. As `numpy.linalg.norm`.

    See `vector_norm` and `matrix_norm` for `ord`; by default it is the root of the sum of the squares of the sizes. Without `axis`,
    `ord` is for an array with one axis or two. The derivative is 0 at the origin.

    Raises:
        ValueError: there is no such `ord` of a vector, or of a matrix, or there are more axes.

    >>> ad.linalg.norm(ad.Tensor([[3.0, 4.0], [6.0, 8.0]]), axis=1)
    Tensor([ 5., 10.])
    """
    if axis is None and ord is None:
        return vector_norm(x, keepdims=keepdims)
    ndim = np.ndim(x)
    axes = all_or(axis, ndim)
    if len(axes) == 1:
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError(f"norm: it is taken along {len(axes)} axes; wanted one, of vectors, or two, of matrices.")
    y = matrix_norm(np.moveaxis(x, axes, (-2, -1)), ord=ord)
    return np.expand_dims(y, axes) if keepdims else y


@composite(numpy=[np.linalg.cond])
def cond(x: Any, p: Any = None) -> Any:
    """The condition number of matrices, `norm(x, p) norm(inv(x), p)`. As `numpy.linalg.cond`.

    `x: (..., m, n)`, result `(...)`. Without `p`, or for 2, it is the quotient of the largest and the smallest singular value, inf
    if that is 0, where the derivative is NaN, with NumPy's warning; for -2 its reciprocal. For any other `p` see `matrix_norm`; a
    singular matrix is a `LinAlgError` then. Singular values that tie share the derivative, so that it is 0 at the identity.

    Raises:
        LinAlgError: there are no elements, or `p` is none of the above and a matrix is singular.

    >>> ad.linalg.cond(ad.Tensor([[3.0, 0.0], [0.0, 4.0]])).numpy().round(12)
    np.float64(1.333333333333)
    """
    p = without_gradient("cond", "p", p)
    if p in (None, 2, -2):
        s = np.linalg.svdvals(x)
        if 0 in np.shape(s):
            raise np.linalg.LinAlgError(f"cond: the shape is {np.shape(x)}; wanted matrices with elements.")
        largest, smallest = np.max(s, axis=-1), np.min(s, axis=-1)
        zero = largest == 0  # of a matrix of zeros, both quotients are infinite
        with np.errstate(divide="ignore"):
            return (smallest + zero) / largest if p == -2 else (largest + zero) / smallest
    return matrix_norm(x, ord=p) * matrix_norm(np.linalg.inv(x), ord=p)
