"""Attention: each query's mean of the values, weighed by how well it fits their keys."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.dropouts import dropout
from nn.functional.naming import errors_of

__all__ = ["scaled_dot_product_attention"]


def causal(queries: int, keys: int) -> Any:
    """The mask that lets each query see the keys up to its own place: True where it does."""
    return np.tri(queries, keys, dtype=bool)


def checked_mask(name: str, mask: Any, shapes: Sequence[tuple[Any, ...]], wanted: str) -> Any:
    """A mask as an array, of truth values or of floating-point numbers, and of one of these shapes."""
    mask = mask if hasattr(mask, "dtype") else np.asarray(mask)
    if mask.dtype.kind not in "bf":
        raise TypeError(f"{name} has dtype {mask.dtype}; wanted truth values (mask != 0), or floating-point numbers to be added.")
    if mask.shape not in shapes:
        raise ValueError(f"{name} has shape {mask.shape}; wanted {wanted}.")
    return mask


def attend(
    query: Any, key: Any, value: Any, masks: Sequence[Any], dropout_p: float = 0.0, scale: float | None = None
) -> tuple[Any, Any]:
    """The means `(..., L, Ev)` of the values, and their weights `(..., L, S)`.

    Each of the `masks` is of truth values, True where a query sees a key, or is added to the scores. A query that sees no key has
    the weights 0, and so the mean 0: that is what `ad.softmax` makes of -inf alone.
    """
    scores = np.matmul(query * (1 / math.sqrt(query.shape[-1]) if scale is None else scale), np.swapaxes(key, -1, -2))
    for mask in masks:
        scores = np.where(mask, scores, -np.inf) if mask.dtype.kind == "b" else scores + mask.astype(scores.dtype)
    weights = dropout(ad.softmax(scores, axis=-1), dropout_p, dropout_p > 0)
    return np.matmul(weights, value), weights


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """`softmax(scale query keyᵀ + mask) value`. As `torch.nn.functional.scaled_dot_product_attention`.

    Args:
        query: `(..., H, L, E)`.
        key: `(..., H, S, E)`.
        value: `(..., H, S, Ev)`.
        attn_mask: broadcast to `(..., H, L, S)`: truth values, True where a query sees a key (`MultiheadAttention` has it the other
            way round, as PyTorch has), or numbers that are added to the scores, in the dtype of these.
        dropout_p: the probability with which a weight is set to 0; it is not looked at whether anything is trained.
        is_causal: whether query i sees the keys 0 to i only. `attn_mask` must not be given then.
        scale: what the scores are multiplied by; 1 / sqrt(E) if not given.
        enable_gqa: whether several query heads share one of keys and values: head i of n that of number `i H // n`.

    Returns:
        `(..., H, L, Ev)`. A query that sees no key gets zeros, and passes no gradient on.

    Raises:
        TypeError: the mask has another dtype.
        ValueError: the shapes do not fit, or both a mask and `is_causal` are given.

    >>> q = k = np.eye(2)
    >>> nn.functional.scaled_dot_product_attention(q, k, np.array([[1.0], [2.0]]), is_causal=True, scale=0.0)
    array([[1. ],
           [1.5]])
    """
    with errors_of("scaled_dot_product_attention"):
        query, key, value = _fitting(query, key, value, enable_gqa)
        return attend(query, key, value, _masks(query, key, attn_mask, is_causal), dropout_p, scale)[0]


def _fitting(query: Any, key: Any, value: Any, enable_gqa: bool) -> list[Any]:
    """The three as arrays that fit each other, each head of keys and values as often as queries share it."""
    query, key, value = (x if hasattr(x, "dtype") else np.asarray(x) for x in (query, key, value))
    fits = min(query.ndim, key.ndim, value.ndim) > 1 and query.shape[-1] == key.shape[-1] and key.shape[-2] == value.shape[-2]
    wanted = "wanted (..., L, E), (..., S, E) and (..., S, Ev)"
    if enable_gqa and fits:
        heads, own, others = (x.shape[-3:-2] for x in (query, key, value))
        fits = len(heads) == len(own) == 1 and own == others and own[0] > 0 and heads[0] % own[0] == 0
        wanted += ", with a number of query heads that is a multiple of the others'"
    if not fits:
        given = f"{query.shape}, {key.shape} and {value.shape}"
        raise ValueError(f"the shapes of query, key and value are {given}; {wanted}.")
    return [query, *(np.repeat(x, heads[0] // own[0], axis=-3) if enable_gqa else x for x in (key, value))]


def _masks(query: Any, key: Any, attn_mask: Any, is_causal: bool) -> list[Any]:
    if attn_mask is None:
        return [causal(query.shape[-2], key.shape[-2])] if is_causal else []
    if is_causal:
        raise ValueError("both attn_mask and is_causal are given; wanted one: combine them, as in mask & np.tri(L, S, dtype=bool).")
    size = (*np.broadcast_shapes(query.shape[:-2], key.shape[:-2]), query.shape[-2], key.shape[-2])
    given = np.shape(attn_mask)
    fits = len(given) <= len(size) and all(n in (1, m) for n, m in zip(given[::-1], size[::-1], strict=False))
    return [checked_mask("attn_mask", attn_mask, [given] if fits else [], f"what is broadcast to {size}")]
