"""Lengths and distances of vectors, and the cosines between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.functional.naming import errors_of

__all__ = ["cosine_similarity", "normalize", "pairwise_distance"]


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """`x / max(‖x‖, eps)`, with the norms of order `p` along `dim`. As `torch.nn.functional.normalize`.

    The derivative of a norm at 0 is 0.

    Raises:
        ValueError: `dim` is no axis.

    >>> nn.functional.normalize(ad.Tensor([[3.0, 4.0], [0.0, 0.0]]))
    Tensor([[0.6, 0.8],
            [0. , 0. ]])
    """
    with errors_of("normalize"):
        return np.divide(input, np.maximum(np.linalg.norm(input, ord=p, axis=dim, keepdims=True), eps))


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """`x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps))` along `dim`. As `torch.nn.functional.cosine_similarity`.

    Args:
        x1: of any shape.
        x2: of the same, or one that broadcasts with it.
        dim: the axis of the vectors.
        eps: what shorter vectors are divided by.

    Raises:
        ValueError: the shapes do not fit, or `dim` is no axis.

    >>> nn.functional.cosine_similarity(ad.Tensor([[1.0, 0.0]]), ad.Tensor([[1.0, 1.0]]))
    Tensor([0.70710678])
    """
    with errors_of("cosine_similarity"):
        x1, x2 = np.broadcast_arrays(x1, x2)
        return np.sum(normalize(x1, dim=dim, eps=eps) * normalize(x2, dim=dim, eps=eps), axis=dim)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """`‖x1 - x2 + eps‖`, the norm of order `p` along the last axis. As `torch.nn.functional.pairwise_distance`.

    Args:
        x1: `(N, D)` or `(D,)`.
        x2: of the same shape, or one that broadcasts with it.
        p: the order of the norm.
        eps: what is added to each difference, so that equal vectors have a derivative.
        keepdim: whether the last axis stays, with one element.

    Raises:
        ValueError: the shapes do not fit.

    >>> nn.functional.pairwise_distance(ad.Tensor([[3.0, 4.0]]), ad.Tensor([[0.0, 0.0]]), eps=0.0)
    Tensor([5.])
    """
    with errors_of("pairwise_distance"):
        return np.linalg.norm(np.subtract(x1, x2) + eps, ord=p, axis=-1, keepdims=keepdim)
