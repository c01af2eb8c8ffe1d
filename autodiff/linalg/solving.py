"""Linear equations: their solutions, inverses, and what is made of these."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.lists import in_one
from autodiff.ops.indexing import as_array_like
from autodiff.registry import primitive

__all__ = ["inv", "lstsq", "matrix_power", "pinv", "solve", "tensorinv", "tensorsolve"]


def _of_b(g: Any, a: Any, b_shape: tuple[int, ...]) -> Any:
    return np.linalg.solve(a.mT, g[..., None])[..., 0] if len(b_shape) == 1 else np.linalg.solve(a.mT, g)


def _of_a(g: Any, y: Any, a: Any, b_shape: tuple[int, ...]) -> Any:
    gb = _of_b(g, a, b_shape)
    return -gb[..., None] * y[..., None, :] if len(b_shape) == 1 else -gb @ y.mT


solve = primitive(
    lambda a, b, /: np.linalg.solve(a, b),
    {"a": _of_a, "b": _of_b},
    numpy=[np.linalg.solve],
    doc="""The solution of the linear equations `a y = b`. As `numpy.linalg.solve`.

    `a: (..., n, n)`; `b: (n,)`, one vector, or `(..., n, k)`, matrices; the result is as `b`, with leading axes broadcast. The
    cotangent of `b` is `gb = a⁻ᵀ g`, that of `a` is `-gb yᵀ` (Giles 2008). A singular matrix is a `LinAlgError`.

    >>> ad.linalg.solve(ad.Tensor([[2.0, 0.0], [0.0, 4.0]]), np.array([1.0, 1.0]))
    Tensor([0.5 , 0.25])
    """,
)

inv = primitive(
    lambda x, /: np.linalg.inv(x),
    {"x": lambda g, y: -(y.mT @ g @ y.mT)},
    numpy=[np.linalg.inv],
    doc="""The inverse of square matrices. As `numpy.linalg.inv`.

    `x` and result `(..., n, n)`. The cotangent is `-yᵀ g yᵀ` (Giles 2008). A singular matrix is a `LinAlgError`. For
    `inv(a) @ b`, `solve(a, b)` is faster and more precise.

    >>> ad.linalg.inv(ad.Tensor([[2.0, 0.0], [0.0, 4.0]]))
    Tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """,
)


def _of_pinv(g: Any, y: Any, x: Any) -> Any:
    p, h = y.mT, np.conj(g).mT
    outside_rows = (h - p @ (x.mT @ h)) @ np.conj(y) @ p
    outside_columns = p @ np.conj(y) @ (h - (h @ x.mT) @ p)
    return outside_rows + outside_columns - p @ g @ p


_NOT_GIVEN: Any = inspect.signature(np.linalg.pinv).parameters["rtol"].default

pinv = primitive(
    lambda x, /, rcond=None, *, rtol=_NOT_GIVEN: np.linalg.pinv(x, rcond, rtol=rtol),
    {"x": _of_pinv},
    numpy=[np.linalg.pinv],
    doc="""The Moore-Penrose inverse of matrices. As `numpy.linalg.pinv`.

    `x: (..., m, n)`, result `(..., n, m)`. Singular values up to `rcond` (or `rtol`) times the largest are taken for 0. The
    derivative is that at a constant rank (Golub and Pereyra 1973), also of a rank less than full: where it changes, the function
    jumps.

    >>> ad.linalg.pinv(ad.Tensor([[2.0, 0.0], [0.0, 0.0]]))
    Tensor([[0.5, 0. ],
            [0. , 0. ]])
    """,
)


@composite(numpy=[np.linalg.lstsq])
def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    """The shortest `y` that minimizes `|b - a y|`, the squares of these distances, the rank, and the singular values of `a`.

    As `numpy.linalg.lstsq`. `a: (m, n)`, `b: (m,)` or `(m, k)`, `y: (n,)` or `(n, k)`; the squares are empty unless the rank is
    n < m. Singular values up to `rcond` times the largest are taken for 0. The derivative is that at a constant rank, see `pinv`.

    Raises:
        LinAlgError: `a` is not one matrix, or `b` has not as many rows.

    >>> ad.linalg.lstsq(ad.Tensor([[1.0], [1.0]]), np.array([1.0, 3.0]))[0].numpy().round(12)
    array([2.])
    """
    a, b = in_one(a), in_one(b)
    if np.ndim(a) != 2 or np.shape(a)[:1] != np.shape(b)[:1]:
        raise np.linalg.LinAlgError(f"lstsq: the shapes are {np.shape(a)} and {np.shape(b)}; wanted (m, n) and (m,) or (m, k).")
    m, n = np.shape(a)
    s = np.linalg.svdvals(a)
    eps = np.finfo(s.dtype).eps
    cutoff = eps * max(m, n) if rcond is None else rcond if rcond >= 0 else eps
    rank = np.sum(s > cutoff * np.max(s, initial=0)).astype(np.int32)
    y = np.linalg.pinv(a, cutoff) @ b
    rest = b - a @ y
    squares = np.reshape(np.sum(np.real(rest * np.conj(rest)), axis=0), -1)
    return y, squares if rank == n < m else squares[:0], rank, s


@composite(numpy=[np.linalg.matrix_power])
def matrix_power(a: Any, n: int) -> Any:
    """The product of `n` factors `a`; of `-n` inverses if `n` is negative. As `numpy.linalg.matrix_power`.

    `a` and result `(..., m, m)`. The number of products grows with the logarithm of `n`.

    >>> ad.linalg.matrix_power(ad.Tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    Tensor([[1., 5.],
            [0., 1.]])
    """
    a, n = as_array_like(a), operator.index(n)
    if n <= 0:
        return matrix_power(np.linalg.inv(a), -n) if n else np.zeros_like(a) + np.eye(np.shape(a)[-1], dtype=a.dtype)
    if n == 1:
        return a
    half = matrix_power(a, n // 2)
    return half @ half @ a if n % 2 else half @ half


@composite(numpy=[np.linalg.tensorinv])
def tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of the map that multiplies by `a` over its last axes, those from `ind` on. As `numpy.linalg.tensorinv`.

    `a: (*p, *q)` with as many elements in `p`, the first `ind` axes, as in `q`; result `(*q, *p)`.

    >>> ad.linalg.tensorinv(ad.Tensor(2 * np.eye(4).reshape(4, 2, 2)), ind=1).shape
    (2, 2, 4)
    """
    if ind <= 0:
        raise ValueError(f"tensorinv: ind is {ind}; wanted a positive number, of the first axes.")
    p, q = np.shape(a)[:ind], np.shape(a)[ind:]
    return np.reshape(np.linalg.inv(np.reshape(a, (math.prod(p), math.prod(q)))), (*q, *p))


@composite(numpy=[np.linalg.tensorsolve])
def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    """The `y` of which the product with `a` over all axes of `y`, the last of `a`, is `b`. As `numpy.linalg.tensorsolve`.

    `a: (*b.shape, *q)` with as many elements in `q` as in `b`, after its `axes` are moved to the end; result of shape `q`.

    >>> ad.linalg.tensorsolve(ad.Tensor(2 * np.eye(4).reshape(4, 2, 2)), np.ones(4))
    Tensor([[0.5, 0.5],
            [0.5, 0.5]])
    """
    a, b = in_one(a), in_one(b)
    for axis in axes or ():
        a = np.moveaxis(a, axis, -1)
    q, size = np.shape(a)[np.ndim(b) :], np.size(b)
    if math.prod(q) != size or np.size(a) != size * size:
        raise np.linalg.LinAlgError(
            f"tensorsolve: the shapes are {np.shape(a)} and {np.shape(b)}; wanted (*b.shape, *q), q as large."
        )
    return np.reshape(np.linalg.solve(np.reshape(a, (size, size)), np.reshape(b, -1)), q)
