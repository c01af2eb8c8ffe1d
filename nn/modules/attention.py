"""Attention with several heads."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import functional, init
from nn.functional.attention import attend, causal, checked_mask
from nn.functional.naming import errors_of
from nn.modules.linear import Linear
from nn.modules.module import Module
from nn.modules.settings import on_cpu, probability
from nn.parameter import Parameter

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """`Concat(head₁, …) out_projᵀ`, where head i attends with its own parts of the projections. As `torch.nn.MultiheadAttention`.

    Args:
        embed_dim: how many elements a query and a result have, E.
        num_heads: among how many heads they are shared out, H.
        dropout: the probability with which a weight is set to 0 while training.
        bias: whether the projections have biases.
        add_bias_kv: whether there is one more key and value, which are trained.
        add_zero_attn: whether there is one more key and value, of zeros.
        kdim: how many elements a key has; `embed_dim` if not given.
        vdim: how many elements a value has; `embed_dim` if not given.
        batch_first: whether the batch is the first axis, and not the second.
        device: `"cpu"`, if given.
        dtype: the type of the parameters; float64 if not given.

    Shapes: `query: (L, N, E)`, `key: (S, N, kdim)`, `value: (S, N, vdim)`; output `(L, N, E)`; or all without `N`. Called with
    these, it returns the output and the weights: see `forward`.

    `in_proj_weight: (3 E, E)`, or if the dimensions differ `q_proj_weight: (E, E)`, `k_proj_weight: (E, kdim)` and `v_proj_weight:
    (E, vdim)`, start as Xavier's uniform ones, `in_proj_bias: (3 E,)` and `out_proj.bias` as zeros, `bias_k` and
    `bias_v: (1, 1, E)` as Xavier's normal ones (Vaswani et al. 2017).

    A query whose keys are all masked attends to nothing: its weights are 0, and its output is `out_proj.bias`. In PyTorch it is NaN
    if `need_weights`, else the same as here.

    >>> y, weights = nn.MultiheadAttention(8, 2, batch_first=True)(*[np.ones((4, 5, 8))] * 3)
    >>> y.shape, weights.shape
    ((4, 5, 8), (4, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise ValueError(
                f"MultiheadAttention: embed_dim is {embed_dim} and num_heads is {num_heads}; wanted a multiple of it, 1 or more."
            )
        on_cpu("MultiheadAttention", device)
        probability("MultiheadAttention", "dropout", dropout)
        self.embed_dim, self.num_heads, self.dropout, self.batch_first = embed_dim, num_heads, dropout, batch_first
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self.head_dim, self.add_zero_attn = embed_dim // num_heads, add_zero_attn
        packed = self.kdim == self.vdim == embed_dim
        shapes: dict[str, Any] = {
            "q_proj_weight": not packed and (embed_dim, embed_dim),
            "k_proj_weight": not packed and (embed_dim, self.kdim),
            "v_proj_weight": not packed and (embed_dim, self.vdim),
            "in_proj_weight": packed and (3 * embed_dim, embed_dim),
            "in_proj_bias": bias and (3 * embed_dim,),
        }
        for name, shape in shapes.items():
            self.register_parameter(name, Parameter(np.zeros(shape), dtype=dtype) if shape else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, dtype=dtype)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, Parameter(np.zeros((1, 1, embed_dim)), dtype=dtype) if add_bias_kv else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        self.out_proj.reset_parameters()
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """Compute the output, and the weights.

        Args:
            query: what looks for keys.
            key: what is looked for.
            value: what is found.
            key_padding_mask: `(N, S)`, True for each key that no query sees; or numbers that are added to the scores.
            need_weights: whether to return the weights; else None.
            attn_mask: `(L, S)` or `(N H, L, S)`, True where a query does not see a key; or numbers that are added to the scores.
            average_attn_weights: whether the weights are `(N, L, S)`, the mean over the heads, or `(N, H, L, S)`.
            is_causal: whether query i sees the keys 0 to i only, if `attn_mask` is not given; if it is, that alone is looked at.
        """
        with errors_of(type(self).__name__):
            self._check(query, key, value)
            single = np.ndim(query) == 2
            if single:
                batches = {id(x): np.expand_dims(x, 0 if self.batch_first else 1) for x in (query, key, value)}
                query, key, value = batches[id(query)], batches[id(key)], batches[id(value)]
            masks = self._masks(query, key, key_padding_mask, attn_mask, is_causal)
            q, k, v = self._projected(query, key, value)
            y, weights = attend(q, k, v, masks, self.dropout if self.training else 0.0)
            y = np.transpose(y, (0, 2, 1, 3) if self.batch_first else (2, 0, 1, 3))
            y = self.out_proj(np.reshape(y, (*y.shape[:2], self.embed_dim)))
        if single:
            y, weights = y[0] if self.batch_first else y[:, 0], weights[0]
        return y, (np.mean(weights, axis=-3) if average_attn_weights else weights) if need_weights else None

    def _check(self, query: Any, key: Any, value: Any) -> None:
        shapes = [np.shape(x) for x in (query, key, value)]
        q, k, v = shapes
        batch = slice(0, 1) if self.batch_first else slice(1, 2)
        if (
            len(q) not in (2, 3)
            or [(len(x), x[-1:]) for x in shapes] != [(len(q), (size,)) for size in (self.embed_dim, self.kdim, self.vdim)]
            or k[:-1] != v[:-1]
            or (len(q) == 3 and q[batch] != k[batch])
        ):
            axes = ("N, L", "N, S", "N, S") if self.batch_first else ("L, N", "S, N", "S, N")
            wanted = [f"({a}, {size})" for a, size in zip(axes, (self.embed_dim, self.kdim, self.vdim), strict=True)]
            raise ValueError(
                f"query, key and value have shapes {q}, {k} and {v}; wanted {wanted[0]}, {wanted[1]} and {wanted[2]}, "
                "or all without N."
            )

    def _projected(self, query: Any, key: Any, value: Any) -> list[Any]:
        """Queries, keys and values of the heads: `(N, H, L, E / H)` and `(N, H, S, E / H)`."""
        size, bias = self.embed_dim, self.in_proj_bias
        if self.in_proj_weight is not None and query is key and key is value:
            packed = functional.linear(query, self.in_proj_weight, bias)
            parts = [packed[..., i * size : (i + 1) * size] for i in range(3)]
        else:
            whole = self.in_proj_weight
            weights = (
                (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
                if whole is None
                else [whole[i * size : (i + 1) * size] for i in range(3)]
            )
            biases = [None if bias is None else bias[i * size : (i + 1) * size] for i in range(3)]
            parts = [functional.linear(*each) for each in zip((query, key, value), weights, biases, strict=True)]
        q, k, v = map(self._heads, parts)
        return [q, self._with_more(k, self.bias_k), self._with_more(v, self.bias_v)]

    def _heads(self, x: Any) -> Any:
        """The parts of each head: `(N, H, L, E / H)`."""
        split = np.reshape(x, (*x.shape[:2], self.num_heads, self.head_dim))
        return np.transpose(split, (0, 2, 1, 3) if self.batch_first else (1, 2, 0, 3))

    def _with_more(self, x: Any, bias: Any) -> Any:
        """Keys or values with those that do not come from the input."""
        shape = (*x.shape[:2], 1, self.head_dim)
        more = [] if bias is None else [np.broadcast_to(np.reshape(bias, shape[1:]), shape)]
        more += [np.zeros(shape, x.dtype)] if self.add_zero_attn else []
        return np.concatenate([x, *more], axis=2) if more else x

    def _masks(self, query: Any, key: Any, key_padding_mask: Any, attn_mask: Any, is_causal: bool) -> list[Any]:
        """The masks as `attend` takes them, each broadcast to `(N, H, L, S)`; what does not come from the input is not masked."""
        (batch, queries), (_, keys) = (np.shape(x)[:2] if self.batch_first else np.shape(x)[1::-1] for x in (query, key))
        masks = []
        if attn_mask is not None:
            both, own = (queries, keys), (batch * self.num_heads, queries, keys)
            attn_mask = checked_mask("attn_mask", attn_mask, [both, own], f"{both} or {own}")
            masks.append(np.reshape(attn_mask, (batch, self.num_heads, *both) if attn_mask.ndim == 3 else (1, 1, *both)))
        elif is_causal:
            masks.append(np.logical_not(causal(queries, keys))[None, None])
        if key_padding_mask is not None:
            shapes = [(batch, keys), (keys,)]
            wanted = f"{shapes[0]}, or {shapes[1]} without a batch"
            key_padding_mask = checked_mask("key_padding_mask", key_padding_mask, shapes[: 1 + (batch == 1)], wanted)
            masks.append(np.reshape(key_padding_mask, (batch, 1, 1, keys)))
        more = (self.bias_k is not None) + self.add_zero_attn
        masks = [np.pad(mask, ((0, 0), (0, 0), (0, 0), (0, more))) for mask in masks] if more else masks
        return [np.logical_not(mask) if mask.dtype.kind == "b" else mask for mask in masks]
