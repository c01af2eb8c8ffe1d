"""Transformers: layers of attention and of linear maps at each place (Vaswani et al. 2017)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from nn import functional, init
from nn.modules.attention import MultiheadAttention
from nn.modules.container import ModuleList
from nn.modules.dropout import Dropout
from nn.modules.linear import Linear
from nn.modules.module import Module
from nn.modules.normalization import LayerNorm
from nn.modules.settings import on_cpu

__all__ = ["Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer"]

Activation = str | Callable[[Any], Any]


class TransformerLayer(Module):
    """A chain of blocks, each of which adds to what it is given and has a layer normalization."""

    attentions: tuple[str, ...]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        on_cpu(type(self).__name__, device)
        named: dict[str, Callable[[Any], Any]] = {"relu": functional.relu, "gelu": functional.gelu}
        if not callable(activation) and activation not in named:
            raise ValueError(f"{type(self).__name__}: activation is {activation!r}; wanted 'relu', 'gelu' or a function.")
        for name in self.attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, dtype=dtype)
        self.norm_first = norm_first
        blocks = range(1, len(self.attentions) + 2)
        for i in blocks:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, dtype=dtype))
        for i in blocks:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = activation if callable(activation) else named[activation]

    def _add(self, i: int, x: Any, block: Callable[[Any], Any]) -> Any:
        """`x` and what block i makes of it, normalized before or after."""
        norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        return x + dropout(block(norm(x))) if self.norm_first else norm(x + dropout(block(x)))

    def _attended(self, i: int, x: Any, memory: Any, mask: Any, padding: Any, is_causal: bool) -> Any:
        """Block i, which is one of attention: to `x` itself if there is no `memory`."""
        attention = getattr(self, self.attentions[i - 1])

        def block(x: Any) -> Any:
            seen = x if memory is None else memory
            return attention(x, seen, seen, padding, need_weights=False, attn_mask=mask, is_causal=is_causal)[0]

        return self._add(i, x, block)

    def _fed_forward(self, i: int, x: Any) -> Any:
        """Block i, which is the same function at each place."""
        return self._add(i, x, lambda x: self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoderLayer(TransformerLayer):
    """Attention to the sequence itself, then two linear maps at each place. As `torch.nn.TransformerEncoderLayer`.

    Args:
        d_model: how many elements there are at each place, E.
        nhead: how many heads the attention has.
        dim_feedforward: how many elements there are between the two linear maps.
        dropout: the probability with which weights of attention, and what each block adds, are set to 0 while training.
        activation: `"relu"`, `"gelu"` or a function, between the two linear maps.
        layer_norm_eps: what layer normalization adds to variances.
        batch_first: whether the batch is the first axis, and not the second.
        norm_first: whether what a block is given is normalized, and not its sum with what the block makes of it.
        bias: whether linear maps and layer normalizations have biases.
        device: `"cpu"`, if given.
        dtype: the type of the parameters; float64 if not given.

    Shapes: input and output `(S, N, E)`, `(N, S, E)` with `batch_first`, or `(S, E)`. Masks are those of `MultiheadAttention`.

    >>> nn.TransformerEncoderLayer(8, 2, 16)(np.ones((5, 3, 8))).shape
    (5, 3, 8)
    """

    attentions = ("self_attn",)

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        """Compute the layer."""
        return self._fed_forward(2, self._attended(1, src, None, src_mask, src_key_padding_mask, is_causal))


class TransformerDecoderLayer(TransformerLayer):
    """Attention to the sequence itself, to a memory, then two linear maps. As `torch.nn.TransformerDecoderLayer`.

    Arguments are those of `TransformerEncoderLayer`.

    Shapes: `tgt: (T, N, E)`, `memory: (S, N, E)`, output `(T, N, E)`; with `batch_first` the first two axes are exchanged, and
    without a batch there is no `N`.

    >>> nn.TransformerDecoderLayer(8, 2, 16)(np.ones((4, 3, 8)), np.ones((5, 3, 8))).shape
    (4, 3, 8)
    """

    attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        """Compute the layer."""
        x = self._attended(1, tgt, None, tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        x = self._attended(2, x, memory, memory_mask, memory_key_padding_mask, memory_is_causal)
        return self._fed_forward(3, x)


class TransformerStack(Module):
    """Copies of one layer, with parameters of their own, and a normalization."""

    def __init__(self, layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers, self.norm = num_layers, norm

    def _run(self, x: Any, *others: Any) -> Any:
        for layer in self.layers:
            x = layer(x, *others)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(TransformerStack):
    """Encoder layers one after another. As `torch.nn.TransformerEncoder`.

    Args:
        encoder_layer: the layer, which is copied; all copies start with its parameters.
        num_layers: how many copies there are.
        norm: a module for the result, or None.
        enable_nested_tensor: may be given, as `mask_check`, and changes nothing.
        mask_check: may be given.

    >>> nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), num_layers=2)(np.ones((5, 3, 8))).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm)

    def forward(self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None) -> Any:
        """Compute the layers in turn, each with the same masks."""
        return self._run(src, mask, src_key_padding_mask, bool(is_causal))


class TransformerDecoder(TransformerStack):
    """Decoder layers one after another, each given the same memory. As `torch.nn.TransformerDecoder`.

    Args:
        decoder_layer: the layer, which is copied; all copies start with its parameters.
        num_layers: how many copies there are.
        norm: a module for the result, or None.

    >>> decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), num_layers=2)
    >>> decoder(np.ones((4, 3, 8)), np.ones((5, 3, 8))).shape
    (4, 3, 8)
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """Compute the layers in turn, each with the same masks."""
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return self._run(tgt, memory, *masks, bool(tgt_is_causal), memory_is_causal)


class Transformer(Module):
    """An encoder of one sequence, and a decoder of another that attends to what the encoder gives. As `torch.nn.Transformer`.

    Args:
        d_model: how many elements there are at each place, E.
        nhead: how many heads each attention has.
        num_encoder_layers: how many layers the encoder has.
        num_decoder_layers: how many layers the decoder has.
        dim_feedforward: as all others, of `TransformerEncoderLayer`.
        dropout: the probability of dropout.
        activation: `"relu"`, `"gelu"` or a function.
        custom_encoder: a module in the place of the encoder.
        custom_decoder: a module in the place of the decoder.
        layer_norm_eps: what layer normalization adds to variances.
        batch_first: whether the batch is the first axis, and not the second.
        norm_first: whether what a block is given is normalized.
        bias: whether there are biases.
        device: `"cpu"`, if given.
        dtype: the type of the parameters; float64 if not given.

    Shapes: `src: (S, N, E)`, `tgt: (T, N, E)`, output `(T, N, E)`; with `batch_first` the first two axes are exchanged, and
    without a batch there is no `N`. The matrices start as Xavier's uniform ones.

    >>> model = nn.Transformer(8, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
    >>> mask = nn.Transformer.generate_square_subsequent_mask(4)
    >>> model(np.ones((5, 3, 8)), np.ones((4, 3, 8)), tgt_mask=mask).shape
    (4, 3, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        of_layer = (
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
            bias,
            device,
            dtype,
        )

        def norm() -> Module:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(TransformerEncoderLayer(*of_layer), num_encoder_layers, norm())
        self.decoder = custom_decoder or TransformerDecoder(TransformerDecoderLayer(*of_layer), num_decoder_layers, norm())
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the matrices anew."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """Encode `src`, and decode `tgt`. The masks are those of `MultiheadAttention`: True where nothing is seen, or added."""
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask,
            memory_mask,
            tgt_key_padding_mask,
            memory_key_padding_mask,
            tgt_is_causal,
            memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> ad.Tensor:
        """The mask `(sz, sz)` that hides what comes later: 0 up to the diagonal, and -inf above. As PyTorch's.

        >>> nn.Transformer.generate_square_subsequent_mask(2)
        Tensor([[  0., -inf],
                [  0.,   0.]])
        """
        return ad.Tensor(np.where(np.tri(sz, dtype=bool), 0.0, -np.inf), dtype=dtype)
