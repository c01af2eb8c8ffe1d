"""Attention: masks, queries that see nothing, heads, errors, and the initial distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import both, error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from autodiff.testing import check_gradient
from nn import functional as F

ATTENTION = F.scaled_dot_product_attention


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def masks(*shape: int) -> list[np.ndarray]:
    """One of truth values, in which each query sees a key, and one of numbers, also -inf."""
    seen = np.random.default_rng(0).random(shape) < 0.6
    seen[..., 0] = True
    return [seen, np.where(seen, normal(*shape, seed=1), -np.inf)]


# --- scaled dot product attention -------------------------------------------------------------------------------------------------


@pytest.mark.peer
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "settings",
    [
        *({}, {"is_causal": True}, {"scale": 0.3}),
        *({"attn_mask": mask} for shape in ((3, 5), (2, 1, 3, 5), (1, 5)) for mask in masks(*shape)),
    ],
    ids=lambda settings: " ".join(f"{k} {getattr(v, 'shape', v)}" for k, v in settings.items()) or "none",
)
def test_values_and_gradients_are_those_of_pytorch(torch: Any, settings: dict[str, Any], dtype: Any) -> None:
    arrays = [normal(2, 4, n, 6, seed=n).astype(dtype) for n in (3, 5, 5)]
    ours, theirs = [ad.Tensor(x, requires_grad=True) for x in arrays], [torch.tensor(x, requires_grad=True) for x in arrays]
    mask = settings.get("attn_mask")
    others = {} if mask is None else {"attn_mask": torch.tensor(mask if mask.dtype == bool else mask.astype(dtype))}
    y, z = ATTENTION(*ours, **settings), torch.nn.functional.scaled_dot_product_attention(*theirs, **{**settings, **others})
    assert y.dtype == dtype
    (y * y).sum().backward()
    (z * z).sum().backward()
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    assert_allclose(values(y), values(z), rtol=tolerance, atol=tolerance)
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(values(a.grad), values(b.grad), rtol=10 * tolerance, atol=10 * tolerance)


def test_several_query_heads_may_share_keys_and_values() -> None:
    q, k, v = normal(2, 6, 3, 4), normal(2, 2, 5, 4, seed=1), normal(2, 2, 5, 4, seed=2)
    y = ATTENTION(q, k, v, enable_gqa=True)
    for head in range(6):
        assert_allclose(y[:, head], ATTENTION(q[:, head], k[:, head // 3], v[:, head // 3]), rtol=1e-12)


def test_a_query_that_sees_no_key_gets_zeros_and_passes_no_gradient_on() -> None:
    q, k, v = (ad.Tensor(normal(2, 3, seed=i), requires_grad=True) for i in range(3))
    for mask in (np.array([[False, False], [True, True]]), np.array([[-np.inf, -np.inf], [0.0, 0.0]])):
        y = ATTENTION(q, k, v, mask)
        gq, gk, gv = ad.grad(lambda q, k, v, mask=mask: np.sum(ATTENTION(q, k, v, mask)), argnums=(0, 1, 2))(q, k, v)
        assert_array_equal(y[0].numpy(), 0)
        assert_array_equal(gq[0].numpy(), 0)
        assert_allclose(gv.numpy(), np.repeat(np.sum(values(ad.softmax(q[1] @ k.mT / np.sqrt(3)))[:, None], 1)[:, None], 3, 1))
        assert np.all(np.isfinite(gk.numpy()))


def test_an_added_mask_has_a_gradient() -> None:
    q, k, v = normal(2, 3), normal(4, 3, seed=1), normal(4, 3, seed=2)
    report = check_gradient(lambda bias: np.sum(np.square(ATTENTION(q, k, v, bias))), normal(2, 4, seed=3))
    assert report.ok, str(report)


def test_second_derivatives_are_those_of_finite_differences() -> None:
    k, v = normal(4, 3, seed=1), normal(4, 3, seed=2)

    def penalty(q: Any) -> Any:
        return np.sum(np.square(ad.grad(lambda q: np.sum(np.square(ATTENTION(q, k, v, is_causal=True))))(q)))

    report = check_gradient(penalty, normal(3, 3))
    assert report.ok, str(report)


def test_dropout_of_all_weights_leaves_zeros() -> None:
    assert_array_equal(ATTENTION(normal(2, 3), normal(4, 3), normal(4, 3), dropout_p=1.0), 0)


def test_what_does_not_fit_is_an_error() -> None:
    q, k = normal(2, 3), normal(4, 3)
    name = "scaled_dot_product_attention"
    shapes = "the shapes of query, key and value are (2, 3), (4, 2) and (4, 3); wanted (..., L, E), (..., S, E) and (..., S, Ev)."
    with error(ValueError, f"{name}: {shapes}"):
        ATTENTION(q, k[:, :2], k)
    heads = "(3, 2, 3), (2, 4, 3) and (2, 4, 3); wanted (..., L, E), (..., S, E) and (..., S, Ev)"
    multiple = "with a number of query heads that is a multiple of the others'."
    with error(ValueError, f"{name}: the shapes of query, key and value are {heads}, {multiple}"):
        ATTENTION(normal(3, 2, 3), normal(2, 4, 3), normal(2, 4, 3), enable_gqa=True)
    both_given = "both attn_mask and is_causal are given; wanted one: combine them, as in mask & np.tri(L, S, dtype=bool)."
    with error(ValueError, f"{name}: {both_given}"):
        ATTENTION(q, k, k, np.ones((2, 4), bool), is_causal=True)
    with error(ValueError, f"{name}: attn_mask has shape (4, 2); wanted what is broadcast to (2, 4)."):
        ATTENTION(q, k, k, np.ones((4, 2), bool))
    integers = "attn_mask has dtype int64; wanted truth values (mask != 0), or floating-point numbers to be added."
    with error(TypeError, f"{name}: {integers}"):
        ATTENTION(q, k, k, np.ones((2, 4), np.int64))


# --- MultiheadAttention -----------------------------------------------------------------------------------------------------------


@pytest.mark.peer
@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("extra", [True, False])
@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("shape", [(3, 5), (2 * 2, 3, 5)])
def test_masks_are_those_of_pytorch(torch: Any, shape: tuple[int, ...], kind: int, extra: bool, average: bool) -> None:
    mine, theirs = both(torch, lambda library: library.MultiheadAttention(4, 2, add_bias_kv=extra, add_zero_attn=extra))
    q, k, v = (normal(n, 2, 4, seed=n) for n in (3, 5, 5))
    unseen = [np.logical_not(masks(*s)[0]) if kind == 0 else masks(*s)[1] for s in (shape, (2, 5))]
    settings: Any = {"average_attn_weights": average}
    y, w = mine(q, k, v, unseen[1], attn_mask=unseen[0], **settings)
    z, u = theirs(*map(torch.tensor, (q, k, v, unseen[1])), attn_mask=torch.tensor(unseen[0]), **settings)
    assert_allclose(values(y), values(z), rtol=1e-12, atol=1e-14)
    assert_allclose(values(w), values(u), rtol=1e-12, atol=1e-14)


def test_self_attention_is_the_same_however_its_inputs_are_given() -> None:
    layer, x = nn.MultiheadAttention(4, 2), normal(3, 2, 4)
    y, w = layer(x, x, x)
    z, u = layer(x, x.copy(), x.copy())
    assert_allclose(y.numpy(), z.numpy(), rtol=1e-12)
    assert_allclose(w.numpy(), u.numpy(), rtol=1e-12)
    assert layer(x, x, x, need_weights=False)[1] is None


def test_the_causal_mask_is_the_one_of_queries_that_see_no_later_key() -> None:
    layer, x = nn.MultiheadAttention(4, 2, batch_first=True), normal(2, 3, 4)
    y, w = layer(x, x, x, is_causal=True)
    assert_array_equal(np.triu(w.numpy(), 1), 0)
    later = x.copy()
    later[:, 2] += 1
    assert_allclose(layer(later, later, later, is_causal=True)[0][:, :2].numpy(), y[:, :2].numpy(), rtol=1e-12)
    unseen = np.triu(np.ones((3, 3), bool), 1)
    assert_allclose(layer(x, x, x, attn_mask=unseen)[0].numpy(), y.numpy(), rtol=1e-12)


def test_a_sequence_that_is_padding_alone_gives_the_bias_and_zero_weights() -> None:
    layer, x = nn.MultiheadAttention(4, 2, batch_first=True), ad.Tensor(normal(2, 3, 4), requires_grad=True)
    layer.out_proj.bias.data = normal(4)
    y, w = layer(x, x, x, np.array([[True] * 3, [False, False, True]]))
    assert_allclose(y[0].numpy(), np.broadcast_to(layer.out_proj.bias.numpy(), (3, 4)), rtol=1e-12)
    assert_array_equal(w[0].numpy(), 0)
    y.sum().backward()
    assert x.grad is not None
    assert_array_equal(x.grad[0].numpy(), 0)
    assert np.all(np.isfinite(x.grad.numpy()))


def test_a_sequence_without_a_batch_takes_masks_without_one() -> None:
    layer, x = nn.MultiheadAttention(4, 2), normal(3, 4)
    unseen = np.array([False, False, True])
    y, w = layer(x, x, x, unseen)
    z, u = layer(*[x[:, None]] * 3, unseen[None])
    assert_allclose(y.numpy(), z[:, 0].numpy(), rtol=1e-12)
    assert_allclose(w.numpy(), u[0].numpy(), rtol=1e-12)


def test_parameters_start_as_those_of_pytorch() -> None:
    nn.manual_seed(0)
    layer = nn.MultiheadAttention(60, 2, add_bias_kv=True)
    bound = np.sqrt(6 / (60 + 180))
    weight = layer.in_proj_weight.numpy() / bound
    assert np.max(np.abs(weight)) <= 1
    assert abs(np.std(weight) * np.sqrt(3) - 1) < 0.05
    assert_array_equal(layer.in_proj_bias.numpy(), 0)
    assert_array_equal(layer.out_proj.bias.numpy(), 0)
    assert np.max(np.abs(layer.out_proj.weight.numpy())) <= 1 / np.sqrt(60)
    assert abs(np.std(layer.bias_k.numpy()) - np.sqrt(2 / 120)) < 0.05


def test_layers_that_make_no_sense_are_errors() -> None:
    with error(ValueError, "MultiheadAttention: embed_dim is 5 and num_heads is 2; wanted a multiple of it, 1 or more."):
        nn.MultiheadAttention(5, 2)
    with error(ValueError, "MultiheadAttention: dropout is 2; wanted a probability, from 0 to 1."):
        nn.MultiheadAttention(4, 2, dropout=2)


def test_inputs_that_do_not_fit_are_errors() -> None:
    layer = nn.MultiheadAttention(4, 2, kdim=3)
    shapes = "query, key and value have shapes (3, 2, 4), (5, 2, 4) and (5, 2, 4)"
    with error(ValueError, f"MultiheadAttention: {shapes}; wanted (L, N, 4), (S, N, 3) and (S, N, 4), or all without N."):
        layer(normal(3, 2, 4), normal(5, 2, 4), normal(5, 2, 4))
    layer, x = nn.MultiheadAttention(4, 2), normal(3, 2, 4)
    with error(ValueError, "MultiheadAttention: attn_mask has shape (2, 3); wanted (3, 3) or (4, 3, 3)."):
        layer(x, x, x, attn_mask=np.ones((2, 3), bool))
    with error(ValueError, "MultiheadAttention: key_padding_mask has shape (3, 2); wanted (2, 3), or (3,) without a batch."):
        layer(x, x, x, np.ones((3, 2), bool))
