"""Linear: shapes, types, errors, and the values and gradients of PyTorch's."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from beside_torch import assert_same, both, error, gradients, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn

SHAPES = [(3,), (5, 3), (2, 5, 3), (2, 1, 4, 3), (1, 3), (0, 3), (0, 5, 3), (5, 0, 3)]


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


# --- values and shapes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_last_axis_is_multiplied_by_the_weight(shape: tuple[int, ...], bias: bool) -> None:
    layer = nn.Linear(3, 4, bias=bias)
    x = normal(*shape)
    y = layer(x)
    assert y.shape == (*shape[:-1], 4)
    expected = np.einsum("...i,oi->...o", x, layer.weight.numpy()) + (layer.bias.numpy() if bias else 0)
    assert_allclose(y.numpy(), expected, rtol=1e-12, atol=1e-15)


def test_the_parameters_have_the_shapes_of_pytorch() -> None:
    layer = nn.Linear(3, 4)
    assert {name: p.shape for name, p in layer.named_parameters()} == {"weight": (4, 3), "bias": (4,)}
    assert all(isinstance(p, nn.Parameter) and p.requires_grad for p in layer.parameters())
    assert (layer.in_features, layer.out_features) == (3, 4)


def test_without_bias_there_is_none() -> None:
    layer = nn.Linear(3, 4, bias=False)
    assert layer.bias is None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]


def test_it_takes_tensors_arrays_and_lists() -> None:
    layer = nn.Linear(2, 1)
    expected = layer(np.array([1.0, 2.0])).tolist()
    assert layer(ad.Tensor([1.0, 2.0])).tolist() == expected
    assert layer([1.0, 2.0]).tolist() == expected
    assert layer(np.array([1, 2])).tolist() == expected


def test_an_input_in_another_order_of_memory_gives_the_same() -> None:
    layer, x = nn.Linear(3, 4), normal(6, 3)
    expected = layer(x).numpy()
    assert_allclose(layer(np.asfortranarray(x)).numpy(), expected, rtol=1e-14)
    assert_allclose(layer(np.repeat(x, 2, axis=0)[::2]).numpy(), expected, rtol=1e-14)


def test_the_input_is_not_changed() -> None:
    x = normal(5, 3)
    before = x.copy()
    nn.Linear(3, 4)(ad.Tensor(x, requires_grad=True)).sum().backward()
    assert_array_equal(x, before)


# --- gradients ------------------------------------------------------------------------------------------------------------------


@pytest.mark.peer
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_are_those_of_pytorch(torch: Any, shape: tuple[int, ...], bias: bool) -> None:
    ours, theirs = both(torch, lambda library: library.Linear(3, 4, bias=bias))
    x, g = normal(*shape, seed=1), normal(*shape[:-1], 4, seed=2)
    a, b = ad.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, z = ours(a), theirs(b)
    y.backward(g)
    z.backward(torch.tensor(g))
    assert_same({"y": values(y), "x": values(a.grad)}, {"y": values(z), "x": values(b.grad)}, atol=1e-14)
    assert_same(gradients(ours), gradients(theirs), atol=1e-14)


@pytest.mark.peer
@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 5, 3)])
def test_second_derivatives_are_those_of_pytorch(torch: Any, shape: tuple[int, ...]) -> None:
    ours, theirs = both(torch, lambda library: library.Linear(3, 4))
    x = normal(*shape, seed=1)
    a, b = ad.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    (ours(a) ** 3).sum().backward(create_graph=True)
    first = [a.grad, *(p.grad for p in ours.parameters())]
    ours.zero_grad()
    a.grad = None
    sum((g**2).sum() for g in first).backward()
    leaves = [b, *theirs.parameters()]
    expected = torch.autograd.grad((theirs(b) ** 3).sum(), leaves, create_graph=True)
    expected = torch.autograd.grad(sum((g**2).sum() for g in expected), leaves)
    for actual, wanted in zip([a.grad, *(p.grad for p in ours.parameters())], expected, strict=True):
        assert_allclose(values(actual), values(wanted), rtol=1e-11)


@pytest.mark.parametrize("shape", [(0, 3), (0, 5, 3), (5, 0, 3)])
def test_an_empty_batch_gives_gradients_of_zero(shape: tuple[int, ...]) -> None:
    layer = nn.Linear(3, 4)
    x = ad.Tensor(np.zeros(shape), requires_grad=True)
    layer(x).sum().backward()
    assert_array_equal(layer.weight.grad.numpy(), np.zeros((4, 3)))
    assert_array_equal(layer.bias.grad.numpy(), np.zeros(4))
    assert x.grad.shape == shape


@pytest.mark.parametrize("shape", [(0,), (2, 0), (5, 2, 0)])
def test_a_layer_without_inputs_gives_its_bias(shape: tuple[int, ...]) -> None:
    layer = nn.Linear(0, 4)
    assert layer.weight.shape == (4, 0)
    y = layer(np.zeros(shape))
    assert_array_equal(y.numpy(), np.broadcast_to(layer.bias.numpy(), (*shape[:-1], 4)))
    y.sum().backward()
    assert layer.weight.grad.shape == (4, 0)
    assert_array_equal(layer.bias.grad.numpy(), np.full(4, np.prod(shape[:-1])))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (5, 2, 3)])
def test_a_layer_without_outputs_gives_nothing_and_has_gradients_of_zero(shape: tuple[int, ...]) -> None:
    layer = nn.Linear(3, 0)
    x = ad.Tensor(np.ones(shape), requires_grad=True)
    y = layer(x)
    assert y.shape == (*shape[:-1], 0)
    y.sum().backward()
    assert layer.weight.grad.shape == (0, 3)
    assert_array_equal(x.grad.numpy(), np.zeros(shape))


# --- types ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, "float32", np.float16])
def test_the_type_that_is_asked_for_is_kept_forward_and_backward(dtype: Any) -> None:
    layer = nn.Linear(3, 4, dtype=dtype)
    x = ad.Tensor(normal(5, 3).astype(dtype), requires_grad=True)
    y = layer(x)
    (y * 2).mean().backward()
    assert {t.dtype for t in (layer.weight, layer.bias, y, x.grad, layer.weight.grad, layer.bias.grad)} == {np.dtype(dtype)}


def test_parameters_are_float64_unless_asked_otherwise() -> None:
    assert {p.dtype for p in nn.Linear(3, 4).parameters()} == {np.dtype(np.float64)}


def test_types_are_mixed_as_numpy_mixes_them_but_each_gradient_has_that_of_its_parameter() -> None:
    layer = nn.Linear(3, 4, dtype=np.float32)
    x = ad.Tensor(normal(5, 3), requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert y.dtype == np.float64
    assert layer.weight.grad.dtype == layer.bias.grad.dtype == np.float32
    assert x.grad.dtype == np.float64


# --- errors ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(2,), (5, 4), (3, 2), ()])
def test_an_input_of_another_size_is_an_error_that_says_what_was_wanted(shape: tuple[int, ...], bias: bool) -> None:
    with error(
        ValueError,
        f"Linear: the input has shape {shape}, but the weight has shape (4, 3). The input's last axis must have 3 elements, "
        "one for each of in_features.",
    ):
        nn.Linear(3, 4, bias=bias)(np.zeros(shape))


@pytest.mark.parametrize("value", [-1, 2.0, "3", None, (2, 3)])
@pytest.mark.parametrize("name", ["in_features", "out_features"])
def test_a_size_that_is_no_whole_number_is_an_error(name: str, value: Any) -> None:
    sizes = {"in_features": 2, "out_features": 2, name: value}
    with error(ValueError, f"Linear: {name} is {value!r}; wanted a whole number, 0 or more."):
        nn.Linear(**sizes)


def test_a_size_can_be_an_integer_of_numpy() -> None:
    assert nn.Linear(np.int64(2), np.int32(3)).weight.shape == (3, 2)


@pytest.mark.parametrize("dtype", [int, bool, complex, "U3"])
def test_parameters_are_of_floating_point_only(dtype: Any) -> None:
    with pytest.raises(TypeError, match="dtype"):
        nn.Linear(2, 1, dtype=dtype)


@pytest.mark.parametrize("x", [["a", "b"], np.zeros(2, complex), np.array([None, None])], ids=["text", "complex", "object"])
def test_an_input_that_is_not_made_of_real_numbers_is_an_error(x: Any) -> None:
    with pytest.raises(TypeError, match=r"^Linear: .*wanted (real )?numbers"):
        nn.Linear(2, 1)(x)


@pytest.mark.parametrize("bias", [True, False])
def test_a_complex_input_is_an_error_that_says_what_is_real(bias: bool) -> None:
    text = "Linear: the input has dtype complex128 and the weight has dtype float64; wanted real numbers, such as np.real(x), "
    with pytest.raises(TypeError, match=f"^{re.escape(text)}"):
        nn.Linear(2, 1, bias)(ad.Tensor(np.zeros(2, complex)))


def test_a_number_is_no_vector() -> None:
    with pytest.raises(
        TypeError, match=r"^Linear: the input is float; wanted vectors, an array of shape \(\.\.\., in_features\)\.$"
    ):
        nn.Linear(3, 4)(1.0)
