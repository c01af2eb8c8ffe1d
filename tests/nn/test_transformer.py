"""Transformers: masks, copies of layers, settings, and the initial distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import both, error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def small(library: Any, **settings: Any) -> Any:
    return library.Transformer(4, 2, 1, 2, 6, dropout=0.0, batch_first=True, **settings)


@pytest.mark.peer
@pytest.mark.parametrize("norm_first", [True, False])
def test_masks_are_those_of_pytorch(torch: Any, norm_first: bool) -> None:
    layer: Any = {"norm_first": norm_first, "dropout": 0.0, "batch_first": True}
    for build, shapes in (
        (lambda library: library.TransformerEncoderLayer(4, 2, 6, **layer), [(2, 5, 4)]),
        (lambda library: library.TransformerDecoderLayer(4, 2, 6, **layer), [(2, 3, 4), (2, 5, 4)]),
    ):
        mine, theirs = both(torch, build)
        given = [normal(*shape) for shape in shapes]
        names = ["src"] if len(given) == 1 else ["tgt", "memory"]
        masks: dict[str, np.ndarray] = {}
        for name, x in zip(names, given, strict=True):
            length = x.shape[1]
            masks[f"{name}_mask"] = np.triu(np.ones((given[0].shape[1], length), bool), 1 + length - given[0].shape[1])
            masks[f"{name}_key_padding_mask"] = np.arange(length) >= np.array([[length - 1], [length]])
        y, z = mine(*given, **masks), theirs(*map(torch.tensor, given), **{k: torch.tensor(v) for k, v in masks.items()})
        assert_allclose(values(y), values(z), rtol=1e-12, atol=1e-14)


@pytest.mark.peer
def test_a_whole_transformer_with_masks_is_that_of_pytorch(torch: Any) -> None:
    mine, theirs = both(torch, small)
    src, tgt = normal(2, 5, 4), normal(2, 3, 4)
    padding = np.arange(5) >= np.array([[4], [5]])
    y = mine(
        src,
        tgt,
        tgt_mask=nn.Transformer.generate_square_subsequent_mask(3),
        src_key_padding_mask=padding,
        memory_key_padding_mask=padding,
    )
    unseen = torch.tensor(np.triu(np.ones((3, 3), bool), 1))
    masks = {"src_key_padding_mask": torch.tensor(padding), "memory_key_padding_mask": torch.tensor(padding)}
    z = theirs(torch.tensor(src), torch.tensor(tgt), tgt_mask=unseen, **masks)
    assert_allclose(values(y), values(z), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("how", [{"tgt_is_causal": True}, {"tgt_mask": nn.Transformer.generate_square_subsequent_mask(3)}])
def test_with_a_causal_mask_nothing_depends_on_what_comes_later(how: dict[str, Any]) -> None:
    model, src, tgt = small(nn), normal(2, 5, 4), normal(2, 3, 4)
    later = tgt.copy()
    later[:, 2] += 1
    assert_allclose(model(src, later, **how)[:, :2].numpy(), model(src, tgt, **how)[:, :2].numpy(), rtol=1e-12)
    assert np.any(model(src, later)[:, :2].numpy() != model(src, tgt)[:, :2].numpy())


def test_the_mask_of_later_places_is_minus_infinity_above_the_diagonal() -> None:
    mask = nn.Transformer.generate_square_subsequent_mask(3, dtype=np.float32)
    assert mask.dtype == np.float32
    inf = np.inf
    assert_array_equal(mask.numpy(), [[0, -inf, -inf], [0, 0, -inf], [0, 0, 0]])


def test_layers_start_equal_and_are_trained_by_themselves() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0)
    encoder = nn.TransformerEncoder(layer, 3)
    first, *others = encoder.layers
    for other in (layer, *others):
        for p, q in zip(first.parameters(), other.parameters(), strict=True):
            assert p is not q
            assert_array_equal(p.numpy(), q.numpy())
    encoder(normal(3, 2, 4)).sum().backward()
    assert all(p.grad is not None for p in encoder.parameters())
    assert all(p.grad is None for p in layer.parameters())


def test_the_activation_may_be_a_name_a_function_or_a_module() -> None:
    x = normal(3, 2, 4)
    layers = [nn.TransformerEncoderLayer(4, 2, 6, 0.0, activation) for activation in ("relu", ad.relu, nn.ReLU())]
    for layer in layers[1:]:
        layer.load_state_dict(layers[0].state_dict())
        assert_array_equal(layer(x).numpy(), layers[0](x).numpy())
    with error(ValueError, "TransformerEncoderLayer: activation is 'swish'; wanted 'relu', 'gelu' or a function."):
        nn.TransformerEncoderLayer(4, 2, 6, activation="swish")


def test_dropout_is_only_while_training() -> None:
    layer, x = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.5), normal(3, 2, 4)
    assert np.any(layer(x).numpy() != layer(x).numpy())
    layer.eval()
    assert_array_equal(layer(x).numpy(), layer(x).numpy())


def test_all_matrices_of_a_transformer_start_as_xaviers_uniform_ones() -> None:
    nn.manual_seed(0)
    for name, p in nn.Transformer(64, 2, 1, 1, 128).named_parameters():
        if p.ndim > 1:
            drawn = p.numpy() / np.sqrt(6 / sum(p.shape))
            assert np.max(np.abs(drawn)) <= 1, name
            assert abs(np.std(drawn) * np.sqrt(3) - 1) < 0.05, name


def test_encoder_and_decoder_may_be_given() -> None:
    class Same(nn.Module):
        def forward(self, x: Any, *others: Any) -> Any:
            return x

    src, tgt = normal(2, 5, 4), normal(2, 3, 4)
    assert_array_equal(nn.Transformer(4, 2, custom_encoder=Same(), custom_decoder=Same())(src, tgt), tgt)


def test_inputs_of_other_sizes_are_errors() -> None:
    with error(
        ValueError,
        "MultiheadAttention: query, key and value have shapes (2, 3, 5), (2, 3, 5) and (2, 3, 5); "
        "wanted (N, L, 4), (N, S, 4) and (N, S, 4), or all without N.",
    ):
        nn.TransformerEncoderLayer(4, 2, 6, batch_first=True)(normal(2, 3, 5))
