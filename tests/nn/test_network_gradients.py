"""Gradients of whole networks, of any small size, beside difference quotients."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import autodiff as ad
import nn

STEP = 1e-5
ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}


def by_differences(loss: Any, leaf: ad.Tensor) -> np.ndarray:
    """The gradient of the number `loss()` by each element of `leaf`, which is changed in place and changed back."""
    array = leaf.writable()
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        old = array[index]
        array[index] = old + STEP
        right = loss()
        array[index] = old - STEP
        left = loss()
        array[index] = old
        gradient[index] = (right - left) / (2 * STEP)
    return gradient


@st.composite
def networks(draw: Any) -> tuple[nn.Sequential, np.ndarray, np.ndarray, str]:
    """A network with normally distributed parameters, an input, a target, and a reduction."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4), label="sizes")
    batch = tuple(draw(st.lists(st.integers(0, 3), max_size=2), label="batch"))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1), label="seed"))
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers.append(nn.Linear(inputs, outputs, bias=draw(st.booleans())))
        if (name := draw(st.sampled_from([*ACTIVATIONS, None]))) is not None:
            layers.append(ACTIVATIONS[name]())
    model = nn.Sequential(*layers)
    model.load_state_dict({name: rng.normal(size=p.shape) for name, p in model.named_parameters()})
    reduction = draw(st.sampled_from(["mean", "sum"] if 0 not in batch else ["sum"]))
    return model, rng.normal(size=(*batch, sizes[0])), rng.normal(size=(*batch, sizes[-1])), reduction


def far_from_kinks(model: nn.Sequential, x: np.ndarray) -> bool:
    """Whether no ReLU is so near 0 that a difference quotient reaches across."""
    with ad.no_grad():
        y: Any = ad.Tensor(x)
        for module in model:
            if isinstance(module, nn.ReLU) and np.any(np.abs(y.numpy()) < 1e-2):
                return False
            y = module(y)
    return True


@given(networks())
def test_gradients_of_a_network_are_those_of_difference_quotients(case: tuple[nn.Sequential, np.ndarray, np.ndarray, str]) -> None:
    model, data, target, reduction = case
    assume(far_from_kinks(model, data))
    loss_fn = nn.MSELoss(reduction)
    x = ad.Tensor(data.copy(), requires_grad=True)
    y = ad.Tensor(target.copy(), requires_grad=True)
    loss_fn(model(x), y).backward()

    def loss() -> float:
        with ad.no_grad():
            return loss_fn(model(x), y).item()

    for name, leaf in [*model.named_parameters(), ("input", x), ("target", y)]:
        expected = by_differences(loss, leaf)
        assert_allclose(leaf.grad.numpy(), expected, rtol=1e-5, atol=1e-6 * max(1, np.abs(expected).max(initial=0)), err_msg=name)


@given(networks())
def test_the_gradients_of_a_batch_are_the_sums_of_those_of_its_examples(
    case: tuple[nn.Sequential, np.ndarray, np.ndarray, str],
) -> None:
    model, data, target, _ = case
    loss_fn = nn.MSELoss("sum")
    loss_fn(model(data), target).backward()
    together = {name: p.grad.numpy().copy() for name, p in model.named_parameters()}
    model.zero_grad()
    for i in np.ndindex(data.shape[:-1]):
        loss_fn(model(data[i]), target[i]).backward()
    for name, p in model.named_parameters():
        alone = 0 if p.grad is None else p.grad.numpy()
        assert_allclose(together[name], np.broadcast_to(alone, p.shape), rtol=1e-9, atol=1e-11, err_msg=name)


@given(networks())
def test_a_network_in_float32_computes_nearly_the_same_as_in_float64(
    case: tuple[nn.Sequential, np.ndarray, np.ndarray, str],
) -> None:
    model, data, target, reduction = case
    loss_fn = nn.MSELoss(reduction)
    loss = loss_fn(model(data), target)
    loss.backward()
    assume(far_from_kinks(model, data))
    expected = {name: p.grad.numpy().copy() for name, p in model.named_parameters()}
    model.zero_grad()
    model.to(np.float32)
    single = loss_fn(model(data.astype(np.float32)), target.astype(np.float32))
    single.backward()
    assert single.dtype == np.float32
    scale = max(1.0, float(loss.item()), *(np.abs(g).max(initial=0) for g in expected.values()))
    assert_allclose(single.item(), loss.item(), rtol=1e-4, atol=1e-5 * scale)
    for name, p in model.named_parameters():
        assert p.grad.dtype == np.float32
        assert_allclose(p.grad.numpy(), expected[name], rtol=1e-3, atol=1e-4 * scale, err_msg=name)
