"""The functions behind the layers: as PyTorch's, and on plain arrays plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn import functional as F

ACTIVATIONS = ["relu", "sigmoid", "tanh"]
MODULES = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
POINTS = np.array([-800.0, -40.0, -3.0, -0.5, -1e-9, 0.0, 1e-9, 0.5, 3.0, 40.0, 800.0])


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


# --- activations ----------------------------------------------------------------------------------------------------------------


@pytest.mark.peer
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("x", [POINTS, normal(4, 5), np.array(0.5), np.zeros((0, 3))], ids=["points", "matrix", "0-d", "empty"])
def test_activations_and_their_gradients_are_those_of_pytorch(torch: Any, name: str, x: np.ndarray) -> None:
    a, b = ad.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    g = np.asarray(normal(*x.shape, seed=1))
    y, z = getattr(F, name)(a), getattr(torch, name)(b)
    y.backward(g)
    z.backward(torch.tensor(g))
    assert y.shape == x.shape
    assert_allclose(values(y), values(z), rtol=1e-14, atol=1e-300)
    assert_allclose(values(a.grad), values(b.grad), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_module_of_an_activation_is_its_function(name: str) -> None:
    x = ad.Tensor(POINTS, requires_grad=True)
    assert_array_equal(MODULES[name]()(x).numpy(), getattr(F, name)(POINTS))
    assert list(MODULES[name]().parameters()) == []


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_keeps_float32(name: str) -> None:
    x = ad.Tensor(POINTS.astype(np.float32), requires_grad=True)
    y = getattr(F, name)(x)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_of_an_array_is_an_array(name: str) -> None:
    assert type(getattr(F, name)(POINTS)) is np.ndarray


def test_the_values_of_the_activations_are_known() -> None:
    assert F.relu(np.array([-2.0, 0.0, 2.0])).tolist() == [0, 0, 2]
    assert F.sigmoid(np.array([-np.inf, 0.0, np.inf])).tolist() == [0, 0.5, 1]
    assert F.tanh(np.array([-np.inf, 0.0, np.inf])).tolist() == [-1, 0, 1]


def test_the_derivative_of_relu_at_0_is_0() -> None:
    x = ad.Tensor([-1.0, -0.0, 0.0, 1.0], requires_grad=True)
    F.relu(x).sum().backward()
    assert x.grad.tolist() == [0, 0, 0, 1]


# --- linear ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3)])
def test_linear_of_arrays_is_an_array(shape: tuple[int, ...]) -> None:
    x, weight, bias = normal(*shape), normal(4, 3, seed=1), normal(4, seed=2)
    y = F.linear(x, weight, bias)
    assert type(y) is np.ndarray
    assert_allclose(y, x @ weight.T + bias, rtol=1e-14)
    assert_allclose(F.linear(x, weight), x @ weight.T, rtol=1e-14)
    assert_allclose(F.linear(x, weight, bias=None), x @ weight.T, rtol=1e-14)


@pytest.mark.parametrize("trained", [("x",), ("weight",), ("bias",), ("x", "bias"), ("weight", "bias")], ids=" and ".join)
def test_linear_has_the_gradient_of_each_argument_that_requires_one(trained: tuple[str, ...]) -> None:
    arrays = {"x": normal(5, 3), "weight": normal(4, 3, seed=1), "bias": normal(4, seed=2)}
    tensors = {name: ad.Tensor(array, requires_grad=name in trained) for name, array in arrays.items()}
    g = normal(5, 4, seed=3)
    F.linear(*tensors.values()).backward(g)
    expected = {"x": g @ arrays["weight"], "weight": g.T @ arrays["x"], "bias": g.sum(axis=0)}
    for name, tensor in tensors.items():
        if name in trained:
            assert_allclose(tensor.grad.numpy(), expected[name], rtol=1e-12)
        else:
            assert tensor.grad is None


def test_linear_says_what_was_wanted_of_the_input() -> None:
    with pytest.raises(ValueError, match=r"^linear: the input has shape \(5, 2\), but the weight has shape \(4, 3\)"):
        F.linear(ad.Tensor(normal(5, 2)), ad.Tensor(normal(4, 3)))


@pytest.mark.parametrize("weight", [(3,), (3, 3, 3), (1, 3, 3), ()])
def test_a_weight_that_is_no_matrix_is_an_error_at_once(weight: tuple[int, ...]) -> None:
    for x in ((3,), (3, 3), (3, 3, 3)):
        with pytest.raises(ValueError, match=r"^linear: the weight has shape"):
            F.linear(ad.Tensor(np.ones(x)), ad.Tensor(np.ones(weight), requires_grad=True))


@pytest.mark.parametrize("bias", [(5,), (4, 1), (3,), (7, 2, 4)])
def test_a_bias_that_has_not_one_element_for_each_output_is_an_error_at_once(bias: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^linear: the bias has shape"):
        F.linear(ad.Tensor(np.ones((2, 3))), ad.Tensor(np.ones((4, 3)), requires_grad=True), ad.Tensor(np.ones(bias)))


def test_a_bias_does_not_make_more_outputs() -> None:
    with pytest.raises(ValueError, match=r"^linear: the bias has shape"):
        F.linear(ad.Tensor(np.ones((2, 3))), ad.Tensor(np.ones((1, 3)), requires_grad=True), ad.Tensor(np.ones(4)))


# --- mse_loss -------------------------------------------------------------------------------------------------------------------


def test_mse_loss_of_arrays_is_a_number_of_numpy() -> None:
    a, b = normal(5, 2), normal(5, 2, seed=1)
    assert_allclose(F.mse_loss(a, b), np.mean((a - b) ** 2), rtol=1e-14)
    assert_allclose(F.mse_loss(a, b, reduction="sum"), np.sum((a - b) ** 2), rtol=1e-14)
    assert_allclose(F.mse_loss(a, b, reduction="none"), (a - b) ** 2, rtol=1e-14)
    assert not isinstance(F.mse_loss(a, b), ad.Tensor)


def test_mse_loss_is_the_module() -> None:
    a, b = ad.Tensor(normal(5, 2)), normal(5, 2, seed=1)
    for reduction in ("mean", "sum", "none"):
        assert_array_equal(F.mse_loss(a, b, reduction=reduction).numpy(), nn.MSELoss(reduction)(a, b).numpy())
    assert_array_equal(F.mse_loss(a, b).numpy(), nn.MSELoss()(a, b).numpy())


@pytest.mark.parametrize("reduction", ["average", "", None, "Mean"])
def test_an_unknown_reduction_is_an_error(reduction: Any) -> None:
    with pytest.raises(ValueError, match=rf"^mse_loss: reduction is {reduction!r}; wanted one of \['mean', 'none', 'sum'\]\.$"):
        F.mse_loss(normal(2), normal(2), reduction=reduction)
