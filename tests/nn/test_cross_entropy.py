"""Losses whose targets are classes: gradients worked out by hand, equalities between losses, indices, extremes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from autodiff.testing import check_gradient
from nn import functional as F

REDUCTIONS = ["mean", "sum", "none"]


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).normal(size=shape))


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@st.composite
def problems(draw: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, indices of classes and weights."""
    rows, classes = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([0.1, 1.0, 30.0]))
    return scale * rng.normal(size=(rows, classes)), rng.integers(0, classes, rows), rng.uniform(0.1, 2, classes)


# --- gradients by hand -----------------------------------------------------------------------------------------------------------


@given(problems())
def test_the_gradient_is_the_softmax_less_the_indicator_of_the_class(problem: Any) -> None:
    scores, classes, _ = problem
    x = ad.Tensor(scores, requires_grad=True)
    nn.CrossEntropyLoss()(x, classes).backward()
    expected = (softmax(scores) - np.eye(scores.shape[1])[classes]) / len(classes)
    assert_allclose(x.grad.numpy(), expected, rtol=1e-12, atol=1e-15)


def test_the_hessian_of_one_row_is_that_of_the_softmax() -> None:
    scores = normal(4)
    p = softmax(scores)
    for target in range(4):
        hessian = ad.hessian(lambda x, target=target: F.cross_entropy(x, np.array(target)))(scores)
        assert_allclose(hessian, np.diag(p) - np.outer(p, p), rtol=1e-12, atol=1e-16)


@pytest.mark.peer
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("settings", [{}, {"ignore_index": 1}, {"label_smoothing": 0.1}])
def test_second_derivatives_are_those_of_pytorch(torch: Any, settings: dict[str, Any], reduction: str) -> None:
    scores, classes, v = normal(4, 3), np.array([0, 1, 2, 1]), normal(4, 3, seed=1)
    x, t = ad.Tensor(scores, requires_grad=True), torch.tensor(scores, requires_grad=True)
    F.cross_entropy(x, classes, reduction=reduction, **settings).sum().backward(create_graph=True)
    first, x.grad = x.grad, None
    (first * v).sum().backward()
    loss = torch.nn.functional.cross_entropy(t, torch.tensor(classes), reduction=reduction, **settings).sum()
    (expected,) = torch.autograd.grad(loss, t, create_graph=True)
    assert_allclose(values(first), values(expected), rtol=1e-12, atol=1e-16)
    assert_allclose(values(x.grad), values(torch.autograd.grad((expected * torch.tensor(v)).sum(), t)[0]), rtol=1e-12, atol=1e-16)


def test_the_gradient_by_probabilities_is_minus_their_predicted_logarithm() -> None:
    scores, q = normal(3, 4), ad.Tensor(softmax(normal(3, 4, seed=1)), requires_grad=True)
    F.cross_entropy(scores, q).backward()
    assert_allclose(q.grad.numpy(), -np.log(softmax(scores)) / 3, rtol=1e-13)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_weights_given_to_the_function_have_gradients(reduction: str, label_smoothing: float) -> None:
    def loss(arrays: list[Any]) -> Any:
        scores, weight = arrays
        classes = np.array([0, 2, 2, 1])
        return F.cross_entropy(scores, classes, weight, reduction=reduction, label_smoothing=label_smoothing)

    report = check_gradient(loss, [normal(4, 3), np.array([0.5, 1.0, 2.0])])
    assert report.ok, str(report)


# --- equalities ------------------------------------------------------------------------------------------------------------------


@given(problems(), st.sampled_from(REDUCTIONS), st.booleans(), st.integers(0, 5))
def test_it_is_the_nll_of_the_logarithm_of_the_softmax(problem: Any, reduction: str, weighted: bool, ignored: int) -> None:
    scores, classes, w = problem
    settings = {"weight": w if weighted else None, "ignore_index": ignored, "reduction": reduction}
    if not (classes != ignored).any():
        return
    x, z = (ad.Tensor(scores, requires_grad=True) for _ in range(2))
    y, expected = F.cross_entropy(x, classes, **settings), F.nll_loss(ad.log_softmax(z), classes, **settings)
    assert_allclose(y.numpy(), expected.numpy(), rtol=1e-12, atol=1e-13)
    y.sum().backward()
    expected.sum().backward()
    assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-12, atol=1e-13)


@given(problems(), st.sampled_from(["sum", "none"]), st.booleans(), st.sampled_from([0.0, 0.3, 1.0]))
def test_an_index_is_the_distribution_that_is_1_there(problem: Any, reduction: str, weighted: bool, smoothing: float) -> None:
    scores, classes, w = problem
    settings = {"weight": w if weighted else None, "label_smoothing": smoothing, "reduction": reduction}
    q = np.eye(scores.shape[1])[classes]
    assert_allclose(F.cross_entropy(scores, classes, **settings), F.cross_entropy(scores, q, **settings), rtol=1e-12, atol=1e-13)


@given(problems(), st.floats(-100, 100))
def test_a_number_added_to_all_scores_changes_nothing(problem: Any, number: float) -> None:
    scores, classes, _ = problem
    assert_allclose(F.cross_entropy(scores + number, classes), F.cross_entropy(scores, classes), rtol=1e-11, atol=1e-12)


@given(problems())
def test_scores_that_are_all_equal_have_the_logarithm_of_the_number_of_classes(problem: Any) -> None:
    scores, classes, _ = problem
    assert_allclose(F.cross_entropy(0 * scores, classes), np.log(scores.shape[1]), rtol=1e-14, atol=1e-15)


@given(problems())
def test_the_mean_is_weighted(problem: Any) -> None:
    scores, classes, w = problem
    each = F.cross_entropy(scores, classes, reduction="none")
    assert_allclose(F.cross_entropy(scores, classes, w), np.average(each, weights=w[classes]), rtol=1e-13)
    assert_allclose(F.cross_entropy(scores, classes), np.mean(each), rtol=1e-13)


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss])
def test_further_axes_are_more_rows(function: Any) -> None:
    scores, classes = normal(2, 4, 3, 5), np.random.default_rng(1).integers(0, 4, (2, 3, 5))
    each = function(np.moveaxis(scores, 1, -1).reshape(-1, 4), classes.ravel(), reduction="none")
    assert_allclose(function(scores, classes, reduction="none"), each.reshape(2, 3, 5), rtol=1e-14)
    assert_allclose(function(scores[0, :, 0, 0], classes[0, 0, 0]), each[0], rtol=1e-14)


def test_the_multi_margin_loss_is_the_sum_that_defines_it() -> None:
    scores, classes, w = normal(5, 4), np.array([0, 3, 1, 2, 3]), np.array([1.0, 0.5, 2.0, 3.0])
    for p in (1, 2):
        expected = [
            sum(w[t] * max(0, 0.7 - x[t] + x[i]) ** p for i in range(4) if i != t) / 4 for x, t in zip(scores, classes, strict=True)
        ]
        assert_allclose(F.multi_margin_loss(scores, classes, p, 0.7, w, reduction="none"), expected, rtol=1e-13)


# --- indices ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
@pytest.mark.parametrize("kind", [np.asarray, ad.Tensor, list], ids=["array", "tensor", "list"])
def test_indices_may_be_integers_of_any_type(dtype: Any, kind: Any) -> None:
    scores, classes = normal(3, 4), np.array([3, 0, 1], dtype)
    assert_allclose(F.cross_entropy(scores, kind(classes)), -np.log(softmax(scores)[range(3), [3, 0, 1]]).mean(), rtol=1e-13)


LOSSES = ["CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"]


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("index", [10, 11, -1, -10, -11, 2**40, -(2**62)])
def test_a_class_that_is_not_there_is_an_error_that_says_where(kind: str, index: int) -> None:
    classes = np.array([0, 9, 5, index, 1])
    with error(ValueError, f"{kind}: target 3 holds class {index}, but the input has 10 classes, 0 to 9."):
        getattr(nn, kind)()(ad.Tensor(normal(5, 10), requires_grad=True), ad.Tensor(classes))


def test_a_class_that_is_not_there_is_an_error_whatever_the_settings_and_shapes() -> None:
    text = "CrossEntropyLoss: target (1, 0) holds class 3, but the input has 3 classes, 0 to 2."
    for settings in ({}, {"weight": ad.ones(3)}, {"label_smoothing": 0.1}, {"ignore_index": 7}):
        with error(ValueError, text):
            nn.CrossEntropyLoss(**settings)(normal(2, 3, 2), np.array([[0, 1], [3, 2]]))
    with error(ValueError, "cross_entropy: target holds class 3, but the input has 3 classes, 0 to 2."):
        F.cross_entropy(normal(3), 3)


@pytest.mark.parametrize("kind", LOSSES)
def test_indices_that_are_floats_are_an_error(kind: str) -> None:
    text = f"{kind}: the target has dtype float64; wanted integers, the indices of classes: target.astype(int)."
    with error(TypeError, text):
        getattr(nn, kind)()(normal(2, 3), np.array([0.0, 1.0]))


def test_probabilities_that_are_integers_are_an_error() -> None:
    text = "CrossEntropyLoss: the target has the shape of the input and dtype int64; wanted floating-point numbers, "
    with error(TypeError, text + "the probabilities of the classes: target.astype(float)."):
        nn.CrossEntropyLoss()(normal(2, 3), np.eye(2, 3, dtype=int))


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize(("scores", "classes"), [((4, 3), (3,)), ((4, 3), (4, 1)), ((3,), (3, 1)), ((3,), (1,)), ((), ())])
def test_indices_of_another_shape_are_an_error(kind: str, scores: Any, classes: Any) -> None:
    text = (
        f"{kind}: the target has shape {classes} and the input has shape {scores}; wanted the indices of classes for an "
        "input of shape (N, C, ...) as (N, ...), or for one of shape (C,) as a number."
    )
    with error(ValueError, text):
        getattr(nn, kind)()(np.zeros(scores), np.zeros(classes, int))


@pytest.mark.parametrize("kind", LOSSES)
def test_without_classes_there_is_no_loss(kind: str) -> None:
    with error(ValueError, f"{kind}: the input has shape (2, 0), of no classes; wanted (N, C, ...) or (C,) with at least one."):
        getattr(nn, kind)()(np.zeros((2, 0)), np.zeros(2, int))


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss, F.multi_margin_loss])
def test_the_sum_over_no_rows_is_0(function: Any) -> None:
    x = ad.Tensor(np.zeros((0, 3)), requires_grad=True)
    loss = function(x, np.zeros(0, int), reduction="sum")
    loss.backward()
    assert loss.item() == 0
    assert x.grad.shape == (0, 3)


def test_the_multi_margin_loss_has_no_further_axes() -> None:
    with error(ValueError, "MultiMarginLoss: the input has shape (2, 3, 4); wanted (N, C) or (C,)."):
        nn.MultiMarginLoss()(normal(2, 3, 4), np.zeros((2, 4), int))


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("shape", [(3,), (1, 4), (4, 1), ()])
def test_weights_are_one_for_each_class(kind: str, shape: tuple[int, ...]) -> None:
    with error(ValueError, f"{kind}: weight has shape {shape}; wanted (4,), one for each class."):
        getattr(nn, kind)(weight=np.ones(shape))(normal(2, 4), np.array([0, 1]))


@pytest.mark.parametrize("value", [-0.1, 1.5, None])
def test_label_smoothing_is_a_part(value: Any) -> None:
    with error(ValueError, f"CrossEntropyLoss: label_smoothing is {value!r}; wanted a number from 0 to 1."):
        nn.CrossEntropyLoss(label_smoothing=value)


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss])
def test_an_unknown_reduction_is_an_error(function: Any) -> None:
    with error(ValueError, f"{function.__name__}: reduction is 'average'; wanted one of ['mean', 'none', 'sum']."):
        function(normal(2, 3), np.array([0, 1]), reduction="average")


def test_complex_scores_are_an_error() -> None:
    with pytest.raises(TypeError, match=r"^cross_entropy: the input has dtype complex128; wanted real numbers"):
        F.cross_entropy(normal(2, 3) + 1j, np.array([0, 1]))


# --- ignored targets -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss])
@pytest.mark.parametrize("index", [-100, -1, 0, 255])
@pytest.mark.parametrize("settings", [{}, {"weight": np.array([1.0, 2.0, 3.0])}])
def test_what_is_ignored_does_not_count(function: Any, index: int, settings: dict[str, Any]) -> None:
    classes = np.array([1, index, 2, index])
    x = ad.Tensor(normal(4, 3), requires_grad=True)
    loss = function(x, classes, ignore_index=index, **settings)
    loss.backward()
    assert_allclose(loss.numpy(), function(normal(4, 3)[::2], classes[::2], **settings), rtol=1e-14)
    assert_array_equal(x.grad.numpy()[1::2], 0)
    assert_array_equal(function(x, classes, ignore_index=index, reduction="none", **settings).numpy()[1::2], 0)


def test_with_another_ignore_index_minus_100_is_no_class() -> None:
    with error(ValueError, "CrossEntropyLoss: target 1 holds class -100, but the input has 3 classes, 0 to 2."):
        nn.CrossEntropyLoss(ignore_index=-1)(normal(2, 3), np.array([-1, -100]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("settings", [{}, {"weight": np.ones(3)}, {"label_smoothing": 0.1}])
def test_the_mean_over_nothing_is_not_a_number_and_its_gradient_is_0(settings: dict[str, Any]) -> None:
    x = ad.Tensor(normal(2, 3), requires_grad=True)
    loss = F.cross_entropy(x, np.full(2, -100), **settings)
    loss.backward()
    assert np.isnan(loss.item())
    assert_array_equal(x.grad.numpy(), np.zeros((2, 3)))
    assert F.cross_entropy(x, np.full(2, -100), reduction="sum", **settings).item() == 0


# --- extremes and types ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_large_scores_do_not_overflow(dtype: Any) -> None:
    x = ad.Tensor(np.array([[1e4, -1e4], [1e4, -1e4]], dtype), requires_grad=True)
    loss = F.cross_entropy(x, np.array([0, 1]), reduction="none")
    assert_array_equal(loss.numpy(), np.array([0, 2e4], dtype))
    loss.sum().backward()
    assert_array_equal(x.grad.numpy(), [[0, 0], [1, -1]])


@pytest.mark.parametrize("settings", [{}, {"weight": np.ones(3)}])
def test_impossible_classes_that_are_not_the_target_have_no_part(settings: dict[str, Any]) -> None:
    for target in (np.array([0]), np.array([[1.0, 0.0, 0.0]])):
        x = ad.Tensor([[0.0, 0.0, -np.inf]], requires_grad=True)
        loss = F.cross_entropy(x, target, **settings)
        loss.backward()
        assert_allclose(loss.item(), np.log(2), rtol=1e-15)
        assert_allclose(x.grad.numpy(), [[-0.5, 0.5, 0]], rtol=1e-15)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("settings", [{}, {"weight": np.ones(2)}, {"label_smoothing": 0.1}])
def test_float16_is_kept_and_its_mean_does_not_overflow(settings: dict[str, Any], reduction: str) -> None:
    n = 70_000 if reduction == "mean" else 3
    x = ad.Tensor(np.tile(np.array([0, 10], np.float16), (n, 1)), requires_grad=True)
    loss = F.cross_entropy(x, np.zeros(n, int), reduction=reduction, **settings)
    loss.sum().backward()
    assert (loss.dtype, x.grad.dtype) == (np.float16, np.float16)
    assert np.isfinite(loss.numpy()).all()
    if not settings and reduction == "mean":
        assert_allclose(loss.item(), 10, rtol=1e-3)


def test_scores_and_classes_are_not_changed() -> None:
    scores, classes = normal(4, 3), np.array([0, -100, 2, 1])
    before = scores.copy(), classes.copy()
    x = ad.Tensor(scores, requires_grad=True)
    F.cross_entropy(x, ad.Tensor(classes), label_smoothing=0.1).backward()
    F.cross_entropy(x, classes).backward()
    assert_array_equal(scores, before[0])
    assert_array_equal(classes, before[1])


def test_weights_are_part_of_the_state() -> None:
    loss = nn.CrossEntropyLoss(weight=[1.0, 2.0])
    assert list(loss.state_dict()) == ["weight"]
    assert list(loss.parameters()) == []
    assert loss.float().weight.dtype == np.float32
    assert repr(nn.CrossEntropyLoss(weight=[1.0, 2.0], ignore_index=0)) == "CrossEntropyLoss(ignore_index=0)"
    assert list(nn.CrossEntropyLoss().state_dict()) == []
