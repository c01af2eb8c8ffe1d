"""Modules of two inputs: distances of vectors, and the cosines between them."""

from __future__ import annotations

from nn import functional
from nn.modules.function import Stateless
from nn.modules.module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Stateless, function=functional.cosine_similarity, inputs=2):
    """`x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps))` along `dim`. As `torch.nn.CosineSimilarity`.

    See `nn.functional.cosine_similarity`.

    >>> nn.CosineSimilarity()(ad.Tensor([[1.0, 0.0]]), ad.Tensor([[1.0, 1.0]]))
    Tensor([0.70710678])
    """

    extra_repr = Module.extra_repr  # which tells nothing


class PairwiseDistance(Stateless, function=functional.pairwise_distance, inputs=2):
    """`‖x1 - x2 + eps‖`, the norm of order `p` along the last axis. As `torch.nn.PairwiseDistance`.

    See `nn.functional.pairwise_distance`.

    >>> nn.PairwiseDistance(eps=0.0)(ad.Tensor([[3.0, 4.0]]), ad.Tensor([[0.0, 0.0]]))
    Tensor([5.])
    """

    extra_repr = Module.extra_repr  # which tells nothing
