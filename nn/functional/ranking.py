"""Losses of scores, distances and similarities that should exceed one another by a margin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from nn.functional.losses import check, pair, reals, reduce, require, require_signs, same_shape

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multilabel_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """`input` where the target is 1, `max(0, margin - input)` where it is -1. As `torch.nn.functional.hinge_embedding_loss`.

    A margin that is just kept has derivative 0.

    Args:
        input: the distances, of any shape.
        target: 1 for what should be near, -1 for what should be far, of the same shape.
        margin: how far that is.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        TypeError: one of them is complex.
        ValueError: the shapes differ, a target is neither 1 nor -1, or `reduction` is none of the three.

    >>> nn.functional.hinge_embedding_loss(ad.Tensor([0.25, 0.25]), ad.Tensor([1.0, -1.0]), reduction="none")
    Tensor([0.25, 0.75])
    """
    x, y, dtype = pair("hinge_embedding_loss", input, target)
    require_signs("hinge_embedding_loss", y)
    return reduce("hinge_embedding_loss", np.where(y == 1, x, ad.relu(margin - x)), reduction, dtype)


def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """`max(0, margin - target (input1 - input2))`. As `torch.nn.functional.margin_ranking_loss`.

    A margin that is just kept has derivative 0.

    Args:
        input1: scores, of any shape.
        input2: other scores, of the same shape.
        target: 1 where the first should be higher, -1 where the second should be, of the same shape.
        margin: by how much.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Errors are those of `hinge_embedding_loss`; PyTorch broadcasts shapes that differ.

    >>> nn.functional.margin_ranking_loss(ad.Tensor([1.0, 1.0]), ad.Tensor([3.0, 0.0]), ad.Tensor([1.0, 1.0]), reduction="none")
    Tensor([2., 0.])
    """
    arrays = {"input1": input1, "input2": input2, "target": target}
    same_shape("margin_ranking_loss", **arrays)
    (a, b, y), dtype = reals("margin_ranking_loss", **arrays)
    require_signs("margin_ranking_loss", y)
    return reduce("margin_ranking_loss", ad.relu(margin - y * (a - b)), reduction, dtype)


def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """`1 - cos` where the target is 1, `max(0, cos - margin)` where it is -1. As `torch.nn.functional.cosine_embedding_loss`.

    `cos` is that of the angle between two vectors, the sums of whose squares are taken 1e-12 too large: beside 0 it is 0. A margin
    that is just kept has derivative 0.

    Args:
        input1: vectors, `(N, D)`, or one, `(D,)`.
        input2: others, of the same shape.
        target: 1 for those that should be alike, -1 for those that should not, `(N,)`, or a number for one.
        margin: from -1 to 1.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Errors are those of `hinge_embedding_loss`.

    >>> nn.functional.cosine_embedding_loss(ad.Tensor([[1.0, 0.0]]), ad.Tensor([[3.0, 4.0]]), ad.Tensor([1.0]))
    Tensor(0.4)
    """
    name = "cosine_embedding_loss"
    same_shape(name, input1=input1, input2=input2)
    (a, b, y), dtype = reals(name, input1=input1, input2=input2, target=target)
    if a.ndim not in (1, 2) or y.shape != a.shape[:-1]:
        raise ValueError(
            f"{name}: the inputs have shape {a.shape} and the target has shape {y.shape}; wanted (N, D) and (N,), or (D,) and ()."
        )
    require_signs(name, y)
    lengths = np.sqrt((np.sum(a * a, axis=-1) + 1e-12) * (np.sum(b * b, axis=-1) + 1e-12))
    cosines = np.sum(a * b, axis=-1) / lengths
    return reduce(name, np.where(y == 1, 1 - cosines, ad.relu(cosines - margin)), reduction, dtype)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """`max(0, margin + |anchor - positive| - |anchor - negative|)`. As `torch.nn.functional.triplet_margin_loss`.

    Args:
        anchor: vectors, `(N, D)`, or one, `(D,)`.
        positive: those that should be near them, of the same shape.
        negative: those that should be farther away, of the same shape.
        margin: by how much, above 0. One that is just kept has derivative 0.
        p: of the norm, above 0, which may be infinite.
        eps: is added to each element of a difference.
        swap: whether the distance of `negative` from `positive` is taken if it is smaller.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        TypeError: one of them is complex.
        ValueError: the shapes differ (PyTorch broadcasts them), or a setting is not what is wanted.

    >>> nn.functional.triplet_margin_loss(ad.Tensor([[0.0, 0.0]]), ad.Tensor([[3.0, 4.0]]), ad.Tensor([[0.0, 1.0]]), eps=0.0)
    Tensor(5.)
    """
    check("triplet_margin_loss", margin=margin, p=p)

    def distance(a: Any, b: Any) -> Any:
        return ad.linalg.norm(a - b + eps, ord=p, axis=-1)

    return _triplets("triplet_margin_loss", anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """`max(0, margin + d(anchor, positive) - d(anchor, negative))`. As `torch.nn.functional.triplet_margin_with_distance_loss`.

    Arguments and errors are those of `triplet_margin_loss`, but that `distance_function` takes two arrays of any shape and returns
    the distances of their parts; if it is None, the Euclidean ones of vectors.

    >>> nn.functional.triplet_margin_with_distance_loss(
    ...     ad.Tensor([[0.0, 0.0]]), ad.Tensor([[3.0, 4.0]]), ad.Tensor([[0.0, 1.0]]), lambda a, b: np.abs(a - b).sum(axis=-1)
    ... )
    Tensor(7.)
    """
    name = "triplet_margin_with_distance_loss"
    check(name, margin=margin)
    if distance_function is None:
        distance_function = lambda a, b: ad.linalg.norm(a - b + 1e-6, axis=-1)  # noqa: E731
    return _triplets(name, anchor, positive, negative, distance_function, margin, swap, reduction)


def _triplets(
    name: str,
    anchor: Any,
    positive: Any,
    negative: Any,
    distance: Callable[[Any, Any], Any],
    margin: float,
    swap: bool,
    reduction: str,
) -> Any:
    arrays = {"anchor": anchor, "positive": positive, "negative": negative}
    same_shape(name, **arrays)
    (a, p, n), dtype = reals(name, **arrays)
    near, far = distance(a, p), distance(a, n)
    far = np.minimum(far, distance(p, n)) if swap else far
    return reduce(name, ad.relu(margin + near - far), reduction, dtype)


def multilabel_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`Σ max(0, 1 - (input[j] - input[i])) / C` over the labels `j` and all classes `i` that are none.

    As `torch.nn.functional.multilabel_margin_loss`. A margin that is just kept has derivative 0.

    Args:
        input: a score for each class, `(N, C)` or `(C,)`.
        target: the indices of the labels, integers, of the same shape; what follows the first -1 does not count.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        TypeError: `input` is complex, or `target` holds no integers.
        ValueError: the shapes differ, an index is out of range, or `reduction` is none of the three.

    >>> nn.functional.multilabel_margin_loss(ad.Tensor([0.5, 1.0, 0.0]), ad.Tensor([1, -1, 0]))
    Tensor(0.16666667)
    """
    name = "multilabel_margin_loss"
    same_shape(name, prediction=input, target=target)
    (x,), dtype = reals(name, input=input)
    labels = extend.array_of(target) if hasattr(target, "dtype") else np.asarray(target)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{name}: the target has dtype {labels.dtype}; wanted integers, the indices of labels.")
    if x.ndim not in (1, 2):
        raise ValueError(f"{name}: the input has shape {x.shape}; wanted (N, C) or (C,).")
    classes = x.shape[-1]
    counts = np.logical_and.accumulate(labels != -1, axis=-1)
    require(
        name,
        ~counts | ((labels >= 0) & (labels < classes)),
        lambda: f"the target holds indices out of range; wanted labels from 0 to {classes - 1}, and -1 after the last.",
    )
    places = np.where(counts, labels, 0)
    is_label = np.any(counts[..., np.newaxis] & (places[..., np.newaxis] == np.arange(classes)), axis=-2)
    scores = np.take_along_axis(x, places, axis=-1)
    short = ad.relu(1 - scores[..., np.newaxis] + x[..., np.newaxis, :])
    compared = counts[..., np.newaxis] & ~is_label[..., np.newaxis, :]
    return reduce(name, np.sum(short * compared, axis=(-2, -1)) / classes, reduction, dtype)
