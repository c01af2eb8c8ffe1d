"""MSELoss: values and derivatives of both orders as PyTorch's; types; and shapes that differ are an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn

REDUCTIONS = ["mean", "sum", "none"]
SHAPES = [(5,), (5, 1), (4, 3), (2, 3, 4), (), (1,)]


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).normal(size=shape))


def cotangent(reduction: str, shape: tuple[int, ...]) -> np.ndarray:
    return normal(*shape, seed=2) if reduction == "none" else np.array(1.5)


# --- values and derivatives -----------------------------------------------------------------------------------------------------


def test_the_loss_of_one_example_worked_out_by_hand() -> None:
    prediction = ad.Tensor([1.0, 4.0], requires_grad=True)
    loss = nn.MSELoss()(prediction, ad.Tensor([0.0, 1.0]))
    loss.backward()
    assert loss.item() == 5  # (1 + 9) / 2
    assert prediction.grad.tolist() == [1, 3]  # 2 / 2 (prediction - target)
    assert nn.MSELoss(reduction="sum")(prediction, [0.0, 1.0]).item() == 10
    assert nn.MSELoss(reduction="none")(prediction, [0.0, 1.0]).tolist() == [1, 9]


@pytest.mark.peer
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_are_those_of_pytorch(torch: Any, shape: tuple[int, ...], reduction: str) -> None:
    arrays, g = [normal(*shape), normal(*shape, seed=1)], cotangent(reduction, shape)
    a, b = (ad.Tensor(x, requires_grad=True) for x in arrays)
    c, d = (torch.tensor(x, requires_grad=True) for x in arrays)
    loss, expected = nn.MSELoss(reduction)(a, b), torch.nn.MSELoss(reduction=reduction)(c, d)
    loss.backward(g)
    expected.backward(torch.tensor(g))
    assert loss.shape == tuple(expected.shape)
    assert_allclose(values(loss), values(expected), rtol=1e-13)
    assert_allclose(values(a.grad), values(c.grad), rtol=1e-13)
    assert_allclose(values(b.grad), values(d.grad), rtol=1e-13)


@pytest.mark.peer
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_second_derivatives_are_those_of_pytorch(torch: Any, shape: tuple[int, ...], reduction: str) -> None:
    arrays = [normal(*shape), normal(*shape, seed=1), cotangent(reduction, shape)]
    ours = [ad.Tensor(x, requires_grad=True) for x in arrays]
    theirs = [torch.tensor(x, requires_grad=True) for x in arrays]

    nn.MSELoss(reduction)(ours[0], ours[1]).backward(ours[2], create_graph=True)
    first = [x.grad for x in ours[:2]]
    for x in ours:
        x.grad = None
    sum((g**3).sum() for g in first).backward()

    loss = torch.nn.MSELoss(reduction=reduction)(theirs[0], theirs[1])
    expected = torch.autograd.grad(loss, theirs[:2], theirs[2], create_graph=True)
    expected = torch.autograd.grad(sum((g**3).sum() for g in expected), theirs)
    for x, wanted in zip(ours, expected, strict=True):
        assert_allclose(values(x.grad), values(wanted), rtol=1e-12, atol=1e-15)


def test_only_the_prediction_gets_a_gradient_if_only_it_requires_one() -> None:
    prediction, target = ad.Tensor(normal(3), requires_grad=True), ad.Tensor(normal(3, seed=1))
    nn.MSELoss()(prediction, target).backward()
    assert target.grad is None
    assert_allclose(prediction.grad.numpy(), 2 / 3 * (prediction.numpy() - target.numpy()))


def test_the_gradient_by_the_target_is_the_opposite_of_that_by_the_prediction() -> None:
    target = ad.Tensor(normal(3), requires_grad=True)
    prediction = normal(3, seed=1)
    nn.MSELoss()(prediction, target).backward()
    assert_allclose(target.grad.numpy(), 2 / 3 * (target.numpy() - prediction))


def test_the_loss_of_a_tensor_with_itself_has_gradient_zero() -> None:
    x = ad.Tensor(normal(3), requires_grad=True)
    loss = nn.MSELoss()(x, x)
    loss.backward()
    assert loss.item() == 0
    assert_array_equal(x.grad.numpy(), np.zeros(3))


def test_predictions_and_targets_are_not_changed() -> None:
    a, b = normal(3), normal(3, seed=1)
    before = a.copy(), b.copy()
    nn.MSELoss("none")(ad.Tensor(a, requires_grad=True), ad.Tensor(b, requires_grad=True)).sum().backward()
    assert_array_equal((a, b), before)


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_in_different_orders_of_memory_give_the_same(order: Any) -> None:
    a, b = normal(4, 3), normal(4, 3, seed=1)
    x = ad.Tensor(np.array(a, order=order), requires_grad=True)
    loss = nn.MSELoss("sum")(x, np.asfortranarray(b))
    loss.backward()
    assert_allclose(loss.item(), ((a - b) ** 2).sum(), rtol=1e-14)
    assert_allclose(x.grad.numpy(), 2 * (a - b), rtol=1e-14)


# --- shapes ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_column_against_a_row_is_an_error_that_proposes_the_reshape(reduction: str) -> None:
    prediction, target = ad.Tensor(np.zeros((32, 1)), requires_grad=True), np.zeros(32)
    with error(
        ValueError,
        "MSELoss: prediction has shape (32, 1) but target has shape (32,). They must be equal; did you mean target.reshape(32, 1)?",
    ):
        nn.MSELoss(reduction)(prediction, target)
    assert nn.MSELoss()(prediction, target.reshape(32, 1)).item() == 0


def test_a_row_against_a_column_is_an_error_too() -> None:
    with error(
        ValueError,
        "MSELoss: prediction has shape (2,) but target has shape (2, 1). They must be equal; did you mean target.reshape(2,)?",
    ):
        nn.MSELoss()(np.zeros(2), ad.Tensor(np.zeros((2, 1))))


@pytest.mark.parametrize("target", [(3,), (2,), (31,), (), (32, 2)])
def test_shapes_that_no_reshape_makes_equal_are_an_error_without_the_proposal(target: tuple[int, ...]) -> None:
    with error(ValueError, f"MSELoss: prediction has shape (32, 1) but target has shape {target}. They must be equal."):
        nn.MSELoss()(ad.Tensor(np.zeros((32, 1))), np.zeros(target))


def test_a_number_is_a_target_for_one_number_only() -> None:
    assert nn.MSELoss()(ad.Tensor(3.0), 1.0).item() == 4
    with pytest.raises(ValueError, match=r"^MSELoss: prediction has shape \(2,\) but target has shape \(\)\."):
        nn.MSELoss()(ad.Tensor([3.0, 3.0]), 1.0)


@pytest.mark.parametrize("reduction", ["average", None, "MEAN"])
def test_an_unknown_reduction_is_an_error_when_the_loss_is_made(reduction: Any) -> None:
    with error(ValueError, f"MSELoss: reduction is {reduction!r}; wanted one of ['mean', 'none', 'sum']."):
        nn.MSELoss(reduction)


# --- empty ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(0,), (0, 2)])
def test_the_sum_over_nothing_is_0(shape: tuple[int, ...]) -> None:
    x = ad.Tensor(np.zeros(shape), requires_grad=True)
    loss = nn.MSELoss("sum")(x, np.zeros(shape))
    loss.backward()
    assert loss.item() == 0
    assert x.grad.shape == shape


def test_each_error_of_nothing_is_nothing() -> None:
    assert nn.MSELoss("none")(ad.Tensor(np.zeros((0, 2))), np.zeros((0, 2))).shape == (0, 2)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_mean_over_nothing_is_not_a_number_as_in_numpy_and_pytorch_and_its_gradient_is_empty() -> None:
    x = ad.Tensor(np.zeros((0, 2)), requires_grad=True)
    loss = nn.MSELoss()(x, np.zeros((0, 2)))
    assert np.isnan(loss.item())
    loss.backward()
    assert x.grad.shape == (0, 2)


# --- types ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_the_type_of_prediction_and_target_is_kept(reduction: str, dtype: Any) -> None:
    prediction = ad.Tensor(normal(4, 3).astype(dtype), requires_grad=True)
    loss = nn.MSELoss(reduction)(prediction, normal(4, 3, seed=1).astype(dtype))
    loss.sum().backward()
    assert (loss.dtype, prediction.grad.dtype) == (dtype, dtype)


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8, np.bool_])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_targets_can_be_integers_or_truth_values(reduction: str, dtype: Any) -> None:
    x, target = normal(4), np.array([0, 1, 1, 0], dtype)
    for wanted in (target, ad.Tensor(target)):
        prediction = ad.Tensor(x, requires_grad=True)
        nn.MSELoss(reduction)(prediction, wanted).sum().backward()
        assert_allclose(prediction.grad.numpy(), 2 * (x - target) / (4 if reduction == "mean" else 1), rtol=1e-14)


def test_the_gradient_of_a_float32_prediction_is_float32_whatever_the_target() -> None:
    for target in (np.zeros(3), np.zeros(3, int), [0, 0, 0]):
        prediction = ad.Tensor(np.ones(3, np.float32), requires_grad=True)
        nn.MSELoss()(prediction, target).backward()
        assert prediction.grad.dtype == np.float32


@pytest.mark.parametrize("kind", [np.array, ad.Tensor], ids=["array", "tensor"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.bool_])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_predictions_and_targets_of_integers_do_not_wrap_around(reduction: str, dtype: Any, kind: Any) -> None:
    prediction, target = np.array([0, 1], dtype), np.array([100, 1], dtype)
    squares = (prediction.astype(float) - target.astype(float)) ** 2
    expected = {"mean": squares.mean(), "sum": squares.sum(), "none": squares}[reduction]
    assert_array_equal(nn.MSELoss(reduction)(kind(prediction), kind(target)), expected)


def test_the_mean_of_many_float16_errors_is_finite_where_it_can_be_written() -> None:
    prediction = np.ones(70_000, np.float16)
    assert nn.MSELoss()(ad.Tensor(prediction), np.zeros_like(prediction)).item() == 1


def test_the_loss_of_a_plain_array_is_a_number() -> None:
    assert nn.MSELoss()(np.array([3.0, 1.0]), np.array([1.0, 1.0])) == 2


def test_a_target_that_is_a_list_is_an_array() -> None:
    prediction = ad.Tensor([[3.0], [1.0]], requires_grad=True)
    assert nn.MSELoss()(prediction, [[1.0], [1.0]]).item() == 2


@pytest.mark.parametrize("target", [["a", "b"], [1j, 0], [None, None]])
def test_a_target_that_is_not_made_of_real_numbers_is_an_error(target: Any) -> None:
    with pytest.raises(TypeError, match=r"^MSELoss: .*wanted (real )?numbers"):
        nn.MSELoss()(ad.Tensor([1.0, 2.0], requires_grad=True), target)


@pytest.mark.parametrize("n", [1, 100, 4096, 4097, 1_000_000])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_of_float32_is_nearly_as_accurate_as_its_type(reduction: str, n: int) -> None:
    a, b = normal(n).astype(np.float32), normal(n, seed=1).astype(np.float32)
    exact = nn.MSELoss(reduction)(a.astype(float), b.astype(float))
    assert_allclose(float(nn.MSELoss(reduction)(a, b)), float(exact), rtol=1e-6)


@pytest.mark.parametrize("n", [10, 4096, 70_000, 200_000])
def test_the_mean_of_many_float16_errors_and_its_gradient_do_not_overflow(n: int) -> None:
    prediction = ad.Tensor(np.full(n, 100, np.float16), requires_grad=True)  # each error squared, 10,000; their sum overflows
    loss = nn.MSELoss()(prediction, np.zeros(n, np.float16))
    loss.backward(np.float16(1000))
    assert loss.dtype == prediction.grad.dtype == np.float16
    assert_allclose(loss.item(), 10_000, rtol=1e-3)
    assert_allclose(prediction.grad.numpy().astype(float), 1000 * 200 / n, rtol=1e-3)


def test_the_gradient_of_float16_errors_whose_square_overflows_is_right() -> None:
    prediction = ad.Tensor(np.array([300.0, 1.0], np.float16), requires_grad=True)
    loss = nn.MSELoss()(prediction, np.zeros(2, np.float16))
    loss.backward()
    assert_allclose(loss.item(), 45_000.5, rtol=1e-3)
    assert prediction.grad.tolist() == [300, 1]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_complex_prediction_or_target_is_an_error_that_says_what_is_real(reduction: str) -> None:
    real, complex_ = ad.Tensor([1.0, 2.0], requires_grad=True), ad.Tensor([1j, 2.0], requires_grad=True)
    for prediction, target, types in ((complex_, real, ("complex128", "float64")), (real, complex_, ("float64", "complex128"))):
        text = f"MSELoss: the prediction has dtype {types[0]} and the target has dtype {types[1]}; wanted real numbers, such as"
        with pytest.raises(TypeError, match=f"^{text}"):
            nn.MSELoss(reduction)(prediction, target)
