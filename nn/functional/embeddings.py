"""Rows of a table, looked up by their numbers, as `torch.nn.functional` spells it."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend

__all__ = ["embedding", "embedding_bag"]

_REDUCTIONS: dict[str, Any] = {"sum": np.sum, "mean": np.sum, "max": np.max}  # a mean is a sum over how many there are


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """`weight[input]`, a row for each number. As `torch.nn.functional.embedding`.

    Args:
        input: integers from 0 to V - 1, of any shape.
        weight: `(V, D)`.
        padding_idx: the number of a row that gets no gradient; negative ones count from the end.
        max_norm: if it is given, rows that are looked up and have a larger norm are scaled to that norm, in place.
        norm_type: which norm that is.
        scale_grad_by_freq: whether the gradient of each row is divided by how often it is looked up here.
        sparse: False; gradients are dense.

    Returns:
        `(*input.shape, D)`.

    Raises:
        TypeError: the input is not of integers.
        ValueError: an integer is no row of `weight`, `weight` has another number of axes, or `sparse` is True.

    >>> nn.functional.embedding(np.array([2, 0]), ad.Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    Tensor([[5., 6.],
            [1., 2.]])
    """
    rows, places = _looked_up("embedding", input, weight, max_norm, norm_type, sparse)
    if scale_grad_by_freq:
        rows = _shared_gradient(rows, places, np.shape(weight)[0])
    if padding_idx is None:
        return rows
    is_padding = places == _padding("embedding", padding_idx, np.shape(weight)[0])
    return ad.where(is_padding[..., None], ad.stop_gradient(rows), rows)


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """The sum, mean or maximum of the rows of each bag of numbers. As `torch.nn.functional.embedding_bag`, except at equal maxima.

    Args:
        input: integers from 0 to V - 1: `(B, N)`, each row a bag, or `(N,)`, one bag after another.
        weight: `(V, D)`.
        offsets: where each bag begins in an input `(N,)`.
        max_norm: if it is given, rows that are looked up and have a larger norm are scaled to that norm, in place.
        norm_type: which norm that is.
        scale_grad_by_freq: whether the gradient of each row is divided by how often it is looked up here; not with `"max"`.
        mode: `"sum"`, `"mean"` or `"max"`; equal maxima share the derivative, where PyTorch gives all to the first.
        sparse: False; gradients are dense.
        per_sample_weights: a factor for each number, of the shape of `input`; with `"sum"` alone.
        include_last_offset: whether `offsets` has, after the beginnings of all bags, the end of the last.
        padding_idx: a number that does not count as in a bag; negative ones count from the end.

    Returns:
        `(B, D)`; 0 for a bag without anything.

    Raises:
        TypeError: the input is not of integers.
        ValueError: an integer is no row of `weight`, offsets do not fit, or settings do not go together.

    >>> table = ad.Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> nn.functional.embedding_bag(np.array([0, 1, 2]), table, np.array([0, 2]), mode="sum")
    Tensor([[4., 6.],
            [5., 6.]])
    """
    require_mode("embedding_bag", mode, scale_grad_by_freq, per_sample_weights)
    if per_sample_weights is not None and np.shape(per_sample_weights) != np.shape(input):
        raise ValueError(
            f"embedding_bag: per_sample_weights has shape {np.shape(per_sample_weights)}, but the input has shape "
            f"{np.shape(input)}; wanted the same."
        )
    bags, inside = _bags(input, offsets, include_last_offset)
    numbers = _in_bags(input if hasattr(input, "dtype") else np.asarray(input), bags)
    rows, places = _looked_up("embedding_bag", numbers, weight, max_norm, norm_type, sparse)
    if padding_idx is not None:
        inside = inside & (places != _padding("embedding_bag", padding_idx, np.shape(weight)[0]))
    if scale_grad_by_freq:
        rows = _shared_gradient(rows, places, np.shape(weight)[0], inside)
    if per_sample_weights is not None:
        rows = rows * np.expand_dims(_in_bags(per_sample_weights, bags), -1)
    counts = inside.sum(1, keepdims=True)
    if not inside.shape[1]:
        return np.sum(rows, axis=1)
    y = _REDUCTIONS[mode](ad.where(inside[..., None], rows, -np.inf if mode == "max" else 0.0), axis=1)
    if mode == "max":
        return ad.where(counts > 0, y, 0.0)
    return y * (1 / np.maximum(counts, 1)).astype(rows.dtype) if mode == "mean" else y


def require_mode(caller: str, mode: str, scale_grad_by_freq: bool, per_sample_weights: Any) -> None:
    """Raise unless the mode is one of the three, and the other settings go with it."""
    if mode not in _REDUCTIONS:
        raise ValueError(f"{caller}: mode is {mode!r}; wanted one of {', '.join(map(repr, _REDUCTIONS))}.")
    if scale_grad_by_freq and mode == "max":
        raise ValueError(f"{caller}: scale_grad_by_freq is True and mode is 'max'; wanted 'sum' or 'mean'.")
    if per_sample_weights is not None and mode != "sum":
        raise ValueError(f"{caller}: per_sample_weights are given and mode is {mode!r}; wanted 'sum'.")


def _bags(input: Any, offsets: Any, include_last_offset: bool) -> tuple[Any, Any]:
    """The places of the numbers of each bag among all in a row, as many as the largest has, and which of them are there.

    If each row of the input is a bag, there are no places, and what is there is the same for all.
    """
    shape = np.shape(input)
    if len(shape) == 2 and offsets is None:
        return None, np.ones((1, shape[1]), bool)
    if len(shape) != 1 or offsets is None or np.ndim(offsets) != 1:
        given = "none" if offsets is None else f"of shape {np.shape(offsets)}"
        raise ValueError(
            f"embedding_bag: the input has shape {shape} and offsets are {given}; wanted an input (B, N) without offsets, or "
            "(N,) with offsets (B,)."
        )
    starts = np.asarray(offsets)
    ends = np.append(starts[1:], shape[0])
    if include_last_offset:
        starts, ends = starts[:-1], starts[1:]
    if np.any(starts[:1] != 0) or np.any(ends < starts) or np.any(ends > shape[0]):
        raise ValueError(
            f"embedding_bag: offsets are {offsets} and the input has {shape[0]} elements; wanted them to begin with 0, "
            "not to fall, and to lie inside."
        )
    along = np.arange(np.max(ends - starts, initial=0))
    inside = along < (ends - starts)[:, None]
    return np.where(inside, starts[:, None] + along, 0), inside


def _in_bags(x: Any, bags: Any) -> Any:
    """What there is for each number of the input, bag by bag."""
    if bags is None:
        return x
    return x[bags] if bags.size else np.zeros_like(extend.array_of(x), shape=bags.shape)


def _looked_up(caller: str, input: Any, weight: Any, max_norm: Any, norm_type: float, sparse: bool) -> tuple[Any, Any]:
    """The rows, and their numbers, as a tensor if all are tensors."""
    shape = np.shape(weight)
    places = input if isinstance(weight, ad.Tensor) else extend.array_of(input)
    places = places if hasattr(places, "dtype") else np.asarray(places)
    if places.dtype.kind not in "iu":
        raise TypeError(
            f"{caller}: the input has dtype {places.dtype}; wanted integers, the numbers of rows, as of input.astype(int)."
        )
    if len(shape) != 2:
        raise ValueError(f"{caller}: the weight has shape {shape}; wanted two axes, (num_embeddings, embedding_dim).")
    if sparse:
        raise ValueError(f"{caller}: sparse is True, but gradients here are dense; leave it out.")
    try:
        # A negative number would count from the end.
        places = np.where(places < 0, shape[0], places)
        if max_norm is not None:
            _limit(weight, places, max_norm, norm_type)
        return weight[places], places
    except IndexError:
        wrong = np.asarray(extend.array_of(input))
        wrong = wrong[(wrong < 0) | (wrong >= shape[0])].ravel()[0]
        raise ValueError(
            f"{caller}: the input has {wrong}; wanted 0 to {shape[0] - 1}, the numbers of the rows of weight."
        ) from None


def _limit(weight: Any, places: Any, max_norm: float, norm_type: float) -> None:
    """Scale the rows at `places` whose norm is more than `max_norm` to that norm, in place."""
    places = extend.array_of(places)
    rows = extend.array_of(weight)[places]
    norms = np.linalg.norm(rows, norm_type, axis=-1, keepdims=True)
    limited = np.where(norms > max_norm, rows * (max_norm / (norms + 1e-7)), rows)
    array = weight.writable() if isinstance(weight, ad.Tensor) else weight
    array[places] = limited


def _padding(caller: str, padding_idx: int, count: int) -> int:
    if not -count <= padding_idx < count:
        raise ValueError(f"{caller}: padding_idx is {padding_idx}; wanted a number from {-count} to {count - 1}.")
    return padding_idx % count


def _shared_gradient(rows: Any, places: Any, count: int, inside: Any = True) -> Any:
    """The rows themselves, but that of those looked up at several places each has the mean of their gradients, and not the sum."""
    frequencies = ad.scatter([np.where(inside, np.ones_like(places), 0)], [places], (count,))[places]
    constant = ad.stop_gradient(rows)
    return constant + (rows - constant) * (1 / np.maximum(frequencies, 1))[..., None].astype(rows.dtype)
