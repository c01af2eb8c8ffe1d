"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.domain import Example
from autodiff.primitive import primitive

__all__ = ["matmul"]


def _left(g: Any, b: Any, a_shape: tuple[int, ...]) -> Any:
    """The cotangent of `a` in `a @ b`, before a broadcast of leading axes is undone."""
    if b.ndim == 1:
        return g * b if len(a_shape) == 1 else g[..., None] * b
    if len(a_shape) == 1:
        return (b @ g[..., None])[..., 0]
    return g @ np.swapaxes(b, -1, -2)


def _right(g: Any, a: Any, b_shape: tuple[int, ...]) -> Any:
    """The cotangent of `b` in `a @ b`, before a broadcast of leading axes is undone."""
    if a.ndim == 1:
        return g * a if len(b_shape) == 1 else a[:, None] * g[..., None, :]
    if len(b_shape) == 1:
        return (np.swapaxes(a, -1, -2) @ g[..., None])[..., 0]
    return np.swapaxes(a, -1, -2) @ g


matmul = primitive(
    np.matmul,
    {"a": _left, "b": _right},
    numpy=[np.matmul],
    examples=[
        Example(shapes)
        for shapes in (
            ((2, 3), (3, 4)),
            ((3,), (3,)),
            ((3,), (3, 2)),
            ((2, 3), (3,)),
            ((5, 2, 3), (3, 4)),
            ((2, 3), (5, 3, 4)),
            ((5, 1, 2, 3), (4, 3, 2)),
            ((3,), (5, 3, 2)),
            ((5, 2, 3), (3,)),
            ((0, 3), (3, 2)),
            ((2, 0), (0, 3)),
        )
    ],
    doc="""The matrix product `a @ b`, of vectors, matrices, and stacks whose leading axes broadcast. As `numpy.matmul`.

    `a: (..., m, k)`, `b: (..., k, n)`, result `(..., m, n)`; the cotangents are `g bᵀ` and `aᵀ g`.

    >>> ad.matmul(ad.Tensor([[1.0, 2.0]]), ad.Tensor([[3.0], [4.0]]))
    Tensor([[11.]])
    """,
)
