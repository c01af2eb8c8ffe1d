"""Losses of numbers, probabilities, distances and scores: gradients by hand, equalities between them, extremes, and errors.

Those whose targets are classes are in test_cross_entropy.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn import functional as F

REDUCTIONS = ["mean", "sum", "none"]
numbers = arrays(float, (3, 2), elements=st.floats(-50, 50))
parts = arrays(float, (3, 2), elements=st.floats(0, 1))
positive = arrays(float, (3, 2), elements=st.floats(0.01, 10))
signs = arrays(float, (3, 2), elements=st.sampled_from([-1.0, 1.0]))


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).normal(size=shape))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(ad.sigmoid(x))


def gradient(loss: Any, x: Any, *args: Any, **kwargs: Any) -> np.ndarray:
    """The gradient of the sum of a loss by its first argument."""
    x = ad.Tensor(x, requires_grad=True)
    loss(x, *args, **kwargs).sum().backward()
    return np.array(x.grad.numpy())


# --- regression ------------------------------------------------------------------------------------------------------------------


@given(numbers, numbers, st.floats(0.1, 10))
def test_the_gradient_of_the_huber_loss_is_the_clipped_error(x: np.ndarray, y: np.ndarray, delta: float) -> None:
    assert_allclose(gradient(F.huber_loss, x, y, delta=delta), np.clip(x - y, -delta, delta) / x.size, rtol=1e-14)


@given(numbers, numbers)
def test_the_huber_loss_of_small_errors_is_half_of_the_squared_one(x: np.ndarray, y: np.ndarray) -> None:
    assert_allclose(F.huber_loss(x, y, delta=100.0), F.mse_loss(x, y) / 2, rtol=1e-13)


@given(numbers, numbers, st.floats(0.1, 10))
def test_the_smooth_l1_loss_is_the_huber_loss_divided_by_beta(x: np.ndarray, y: np.ndarray, beta: float) -> None:
    assert_allclose(F.smooth_l1_loss(x, y, beta=beta), F.huber_loss(x, y, delta=beta) / beta, rtol=1e-13)


@given(numbers, numbers)
def test_the_smooth_l1_loss_with_beta_0_is_the_l1_loss(x: np.ndarray, y: np.ndarray) -> None:
    assert_array_equal(F.smooth_l1_loss(x, y, beta=0.0), F.l1_loss(x, y))


def test_the_l1_loss_has_derivative_0_where_there_is_no_error() -> None:
    assert_array_equal(gradient(nn.L1Loss("sum"), [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]), [-1, 0, 1])


def test_an_infinite_error_has_a_finite_gradient_by_the_huber_loss() -> None:
    assert_array_equal(gradient(nn.HuberLoss("sum"), [np.inf, -np.inf], [0.0, 0.0]), [1, -1])


@given(numbers, numbers)
def test_the_gaussian_loss_with_variance_1_is_half_of_the_squared_error(x: np.ndarray, y: np.ndarray) -> None:
    assert_allclose(F.gaussian_nll_loss(x, y, 1.0), F.mse_loss(x, y) / 2, rtol=1e-13)
    full = F.gaussian_nll_loss(x, y, np.ones((3, 1)), full=True)
    assert_allclose(full, F.mse_loss(x, y) / 2 + np.log(2 * np.pi) / 2, rtol=1e-13)


def test_the_gaussian_loss_is_least_where_the_variance_is_the_squared_error() -> None:
    error_ = np.array([0.5, 1.0, 3.0])
    assert_allclose(gradient(lambda var: F.gaussian_nll_loss(error_, 0 * error_, var), error_**2), 0, atol=1e-15)


@pytest.mark.peer
def test_variances_that_are_too_small_count_as_eps_and_have_its_gradient(torch: Any) -> None:
    x, y, var = normal(3), normal(3, seed=1), np.array([0.0, 1e-9, 0.5])
    t = torch.tensor(var, requires_grad=True)
    expected = torch.nn.functional.gaussian_nll_loss(torch.tensor(x), torch.tensor(y), t, eps=1e-3)
    expected.backward()
    assert_allclose(F.gaussian_nll_loss(x, y, var, eps=1e-3), expected.item(), rtol=1e-13)
    assert_allclose(gradient(lambda v: F.gaussian_nll_loss(x, y, v, eps=1e-3), var), t.grad.numpy(), rtol=1e-13)


def test_a_negative_variance_is_an_error() -> None:
    with error(ValueError, "GaussianNLLLoss: var holds negative numbers; wanted variances."):
        nn.GaussianNLLLoss()(normal(3), normal(3), np.array([1.0, -1.0, 1.0]))


def test_a_variance_of_another_shape_is_an_error() -> None:
    wanted = "wanted (2, 3), that of the input, or 1 in the place of some axes, or (2,), or a number."
    for shape in ((3,), (1, 2), (2, 3, 1)):
        with error(ValueError, f"GaussianNLLLoss: var has shape {shape}; {wanted}"):
            nn.GaussianNLLLoss()(normal(2, 3), normal(2, 3), np.ones(shape))


@given(positive, st.sampled_from([True, False]))
def test_the_poisson_loss_takes_the_mean_or_its_logarithm(mean: np.ndarray, full: bool) -> None:
    counts = np.array([[0, 1], [2, 3], [4, 5]])
    expected = F.poisson_nll_loss(mean, counts, log_input=False, full=full, eps=0.0)
    assert_allclose(F.poisson_nll_loss(np.log(mean), counts, full=full), expected, rtol=1e-12)


def test_the_gradient_of_the_poisson_loss_is_the_mean_less_the_count() -> None:
    x, counts = normal(3), np.array([0, 1, 5])
    assert_allclose(gradient(nn.PoissonNLLLoss(reduction="sum", full=True), x, counts), np.exp(x) - counts, rtol=1e-14)


# --- probabilities ---------------------------------------------------------------------------------------------------------------


@given(numbers, parts)
def test_with_logits_the_gradient_is_the_sigmoid_less_the_target(x: np.ndarray, y: np.ndarray) -> None:
    assert_allclose(gradient(nn.BCEWithLogitsLoss(), x, y), (sigmoid(x) - y) / x.size, rtol=1e-13, atol=1e-17)


@given(arrays(float, (3, 2), elements=st.floats(-15, 15)), parts)
def test_with_logits_it_is_the_loss_of_the_sigmoid(x: np.ndarray, y: np.ndarray) -> None:
    assert_allclose(F.binary_cross_entropy_with_logits(x, y), F.binary_cross_entropy(sigmoid(x), y), rtol=1e-9)


@given(numbers, parts)
def test_a_positive_weight_of_1_is_none(x: np.ndarray, y: np.ndarray) -> None:
    expected = F.binary_cross_entropy_with_logits(x, y)
    assert_allclose(F.binary_cross_entropy_with_logits(x, y, pos_weight=np.ones(2)), expected, rtol=1e-13)


def test_a_positive_weight_is_as_many_positive_examples() -> None:
    x, y = normal(4), np.array([1, 0, 0, 1])
    twice = np.array([0, 0, 1, 2, 3, 3])
    expected = F.binary_cross_entropy_with_logits(x[twice], y[twice], reduction="sum")
    assert_allclose(F.binary_cross_entropy_with_logits(x, y, reduction="sum", pos_weight=2.0), expected, rtol=1e-14)


@given(numbers, parts)
def test_of_two_classes_it_is_the_cross_entropy(x: np.ndarray, y: np.ndarray) -> None:
    scores = np.stack([0 * x.ravel(), x.ravel()], axis=1)
    expected = F.cross_entropy(scores, np.stack([1 - y.ravel(), y.ravel()], axis=1))
    assert_allclose(F.binary_cross_entropy_with_logits(x, y), expected, rtol=1e-12, atol=1e-15)


@given(numbers, signs)
def test_the_soft_margin_loss_is_that_of_logits_with_other_targets(x: np.ndarray, y: np.ndarray) -> None:
    assert_allclose(F.soft_margin_loss(x, y), F.binary_cross_entropy_with_logits(x, (y + 1) / 2), rtol=1e-13)


@given(numbers, parts)
def test_the_multilabel_soft_margin_loss_is_the_mean_over_the_classes(x: np.ndarray, y: np.ndarray) -> None:
    each = F.binary_cross_entropy_with_logits(x, y, np.array([1.0, 2.0]), reduction="none")
    assert_allclose(F.multilabel_soft_margin_loss(x, y, np.array([1.0, 2.0]), reduction="none"), each.mean(axis=1), rtol=1e-13)


@pytest.mark.parametrize("pos_weight", [None, 1.0])
def test_logits_do_not_overflow_and_the_loss_of_a_right_prediction_is_precise(pos_weight: Any) -> None:
    x, y = np.array([1e4, 1e4, -1e4, -1e4, 30.0, -30.0]), np.array([1, 0, 1, 0, 1, 0])
    expected = [0, 1e4, 1e4, 0, np.log1p(np.exp(-30)), np.log1p(np.exp(-30))]
    for dtype, rtol in ((float, 1e-14), (np.float32, 1e-5)):
        each = F.binary_cross_entropy_with_logits(x.astype(dtype), y, reduction="none", pos_weight=pos_weight)
        assert_allclose(each, expected, rtol=rtol)
    slope = gradient(nn.BCEWithLogitsLoss(reduction="sum", pos_weight=pos_weight), x, y)
    assert_allclose(slope, [0, 1, -1, 0, -np.exp(-30) / (1 + np.exp(-30)), sigmoid(np.array(-30.0))], rtol=1e-3)


def test_the_second_derivative_by_a_logit_of_0_is_a_quarter() -> None:
    for pos_weight in (None, 1.0):
        loss = lambda x, w=pos_weight: F.binary_cross_entropy_with_logits(x, np.array(0.3), pos_weight=w)
        assert_allclose(ad.hessian(loss)(np.array(0.0)), 0.25, rtol=1e-15)


def test_probabilities_0_and_1_have_finite_losses_and_gradients() -> None:
    p, y = [0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]
    assert_array_equal(F.binary_cross_entropy(p, y, reduction="none"), [0, 100, 100, 0])
    assert_array_equal(gradient(nn.BCELoss(reduction="sum"), p, y), [1, -1e12, 1e12, -1])


@given(arrays(float, (3, 2), elements=st.floats(0.01, 0.99)), parts)
def test_the_gradient_by_a_probability(p: np.ndarray, y: np.ndarray) -> None:
    assert_allclose(gradient(nn.BCELoss(), p, y), (p - y) / (p * (1 - p)) / p.size, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_what_is_no_probability_is_an_error(value: float) -> None:
    with error(ValueError, "BCELoss: the input must be probabilities, from 0 to 1. Of logits, use the loss with logits."):
        nn.BCELoss()(ad.Tensor([0.5, value]), np.array([0, 1]))
    with error(ValueError, "BCELoss: the target must be probabilities, from 0 to 1, such as 0 and 1 for two classes."):
        nn.BCELoss()(ad.Tensor([0.5, 0.5]), np.array([0, value]))


def distributions(seed: int) -> tuple[np.ndarray, np.ndarray]:
    p, q = np.random.default_rng(seed).dirichlet(np.ones(4), (2, 3))
    return p, q


@given(st.integers(0, 1000))
def test_the_divergence_is_the_cross_entropy_less_the_entropy(seed: int) -> None:
    p, q = distributions(seed)
    divergence = F.kl_div(np.log(q), p, "batchmean")
    entropy = -np.sum(p * np.log(p), axis=1).mean()
    assert_allclose(divergence, F.cross_entropy(np.log(q), p) - entropy, rtol=1e-9, atol=1e-12)
    assert divergence >= 0
    assert_allclose(F.kl_div(np.log(p), p, "batchmean"), 0, atol=1e-15)


@given(st.integers(0, 1000))
def test_the_divergence_takes_probabilities_or_their_logarithms(seed: int) -> None:
    p, q = distributions(seed)
    assert_allclose(F.kl_div(np.log(q), np.log(p), "none", log_target=True), F.kl_div(np.log(q), p, "none"), rtol=1e-9, atol=1e-13)


@pytest.mark.filterwarnings("error")
def test_where_the_target_is_0_the_divergence_and_its_derivatives_are_too() -> None:
    for target, log_target in (([0.0, 1.0], False), ([-np.inf, 0.0], True)):
        for predicted in ([-np.inf, 0.0], [-1.0, 0.0]):
            x, y = ad.Tensor(predicted, requires_grad=True), ad.Tensor(target, requires_grad=True)
            loss = F.kl_div(x, y, "sum", log_target)
            loss.backward()
            assert loss.item() == 0
            assert_array_equal(x.grad.numpy(), [0, -1])
            assert y.grad[0].item() == 0


def test_the_mean_of_a_batch_of_divergences_is_not_that_of_their_parts() -> None:
    p, q = distributions(0)
    total = F.kl_div(np.log(q), p, "sum")
    assert_allclose(F.kl_div(np.log(q), p, "batchmean"), total / 3, rtol=1e-15)
    assert_allclose(F.kl_div(np.log(q), p), total / 12, rtol=1e-14)
    assert_allclose(nn.KLDivLoss("batchmean")(np.float64(-1.0), np.float64(0.5)), 0.5 * (np.log(0.5) + 1))


# --- distances and scores --------------------------------------------------------------------------------------------------------


def test_a_margin_that_is_just_kept_has_derivative_0() -> None:
    assert_array_equal(gradient(nn.HingeEmbeddingLoss(), [1.0], [-1]), [0])
    assert_array_equal(gradient(nn.MarginRankingLoss(0.5), [1.5], [1.0], [1]), [0])
    assert_array_equal(gradient(nn.MultiMarginLoss(), [1.0, 0.0], 0), [0, 0])
    assert_array_equal(gradient(nn.MultiLabelMarginLoss(), [1.0, 0.0], [0, -1]), [0, 0])


def test_the_cosine_loss_does_not_depend_on_lengths() -> None:
    a, b = normal(5, 3), normal(5, 3, seed=1)
    for target in (np.ones(5), -np.ones(5)):
        assert_allclose(F.cosine_embedding_loss(3 * a, b / 2, target), F.cosine_embedding_loss(a, b, target), rtol=1e-10)
    assert_allclose(F.cosine_embedding_loss(a, 2 * a, np.ones(5)), 0, atol=1e-11)
    assert_allclose(F.cosine_embedding_loss(a, -a, np.ones(5)), 2, rtol=1e-11)


def test_vectors_that_are_0_have_a_finite_gradient_by_the_cosine_loss() -> None:
    assert np.isfinite(gradient(nn.CosineEmbeddingLoss(), np.zeros((2, 3)), normal(2, 3), np.array([1, -1]))).all()


def test_the_distance_of_the_triplet_loss_may_be_any() -> None:
    a, p, n = (normal(5, 3, seed=seed) for seed in range(3))
    for swap in (False, True):
        expected = F.triplet_margin_loss(a, p, n, swap=swap)
        assert_allclose(F.triplet_margin_with_distance_loss(a, p, n, swap=swap), expected, rtol=1e-14)
        taxicab = lambda x, y: np.abs(x - y).sum(axis=-1)
        expected = F.triplet_margin_loss(a, p, n, p=1.0, eps=0.0, swap=swap)
        assert_allclose(F.triplet_margin_with_distance_loss(a, p, n, taxicab, swap=swap), expected, rtol=1e-13)


def test_a_distance_that_is_trained_is_a_part_of_the_loss() -> None:
    class Distance(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, a: Any, b: Any) -> Any:
            return np.sum(np.abs(self.linear(a) - self.linear(b)), axis=-1)

    loss = nn.TripletMarginWithDistanceLoss(distance_function=Distance(), margin=5.0)
    loss(*(normal(5, 3, seed=seed) for seed in range(3))).backward()
    assert list(loss.state_dict()) == ["distance_function.linear.weight", "distance_function.linear.bias"]
    assert loss.distance_function.linear.weight.grad is not None


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_equal_points_have_a_finite_gradient_by_the_triplet_loss(p: float) -> None:
    assert np.isfinite(gradient(nn.TripletMarginLoss(p=p), np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 3)))).all()


def test_the_multilabel_margin_loss_is_the_sum_that_defines_it() -> None:
    scores = normal(3, 4)
    labels = [[0], [3, 1], []]
    target = np.array([[0, -1, 2, 3], [3, 1, -1, 0], [-1, 0, 0, 0]])
    expected = [
        sum(max(0, 1 - (x[j] - x[i])) for j in own for i in range(4) if i not in own) / 4
        for x, own in zip(scores, labels, strict=True)
    ]
    assert_allclose(F.multilabel_margin_loss(scores, target, reduction="none"), expected, rtol=1e-13)


def test_labels_that_are_no_classes_are_an_error() -> None:
    text = "MultiLabelMarginLoss: the target holds indices out of range; wanted labels from 0 to 2, and -1 after the last."
    for labels in ([3, -1, 0], [0, -2, -1]):
        with error(ValueError, text):
            nn.MultiLabelMarginLoss()(normal(3), np.array(labels))
    assert F.multilabel_margin_loss(normal(3), np.array([0, -1, 7])) >= 0  # what follows does not count
    with error(TypeError, "MultiLabelMarginLoss: the target has dtype float64; wanted integers, the indices of labels."):
        nn.MultiLabelMarginLoss()(normal(3), np.array([0.0, -1.0, 0.0]))


# --- what is true of all ---------------------------------------------------------------------------------------------------------

PAIRS: dict[str, tuple[Any, Any]] = {
    "L1Loss": (normal(3, 2), normal(3, 2, seed=1)),
    "SmoothL1Loss": (normal(3, 2), normal(3, 2, seed=1)),
    "HuberLoss": (normal(3, 2), normal(3, 2, seed=1)),
    "PoissonNLLLoss": (normal(3, 2), np.arange(6.0).reshape(3, 2)),
    "BCELoss": (sigmoid(normal(3, 2)), np.eye(3, 2)),
    "BCEWithLogitsLoss": (normal(3, 2), np.eye(3, 2)),
    "MultiLabelSoftMarginLoss": (normal(3, 2), np.eye(3, 2)),
    "SoftMarginLoss": (normal(3, 2), 2 * np.eye(3, 2) - 1),
    "KLDivLoss": (normal(3, 2), np.eye(3, 2)),
    "HingeEmbeddingLoss": (normal(3, 2), 2 * np.eye(3, 2) - 1),
}
each_pair = pytest.mark.parametrize("kind", PAIRS)


@each_pair
def test_the_mean_and_the_sum_are_those_of_the_elements(kind: str) -> None:
    each = getattr(nn, kind)(reduction="none")(*PAIRS[kind])
    assert_allclose(getattr(nn, kind)()(*PAIRS[kind]), np.mean(each), rtol=1e-14)
    assert_allclose(getattr(nn, kind)(reduction="sum")(*PAIRS[kind]), np.sum(each), rtol=1e-14)


@each_pair
def test_a_column_against_a_row_is_an_error_that_proposes_the_reshape(kind: str) -> None:
    x, y = (array.reshape(6, 1) for array in PAIRS[kind])
    text = "prediction has shape (6, 1) but target has shape (6,). They must be equal; did you mean target.reshape(6, 1)?"
    with error(ValueError, f"{kind}: {text}"):
        getattr(nn, kind)()(ad.Tensor(x), y.ravel())
    with error(ValueError, f"{kind}: prediction has shape (6, 1) but target has shape (5, 1). They must be equal."):
        getattr(nn, kind)()(ad.Tensor(x), y[1:])


@each_pair
def test_targets_can_be_integers_and_what_is_predicted_keeps_its_type(kind: str) -> None:
    x, y = PAIRS[kind]
    y = np.rint(y)
    for dtype in (np.float64, np.float32):
        expected = getattr(nn, kind)()(x.astype(dtype), y.astype(dtype))
        for target in (y.astype(int), ad.Tensor(y.astype(int)), y.astype(int).tolist()):
            loss = getattr(nn, kind)()(ad.Tensor(x.astype(dtype), requires_grad=True), target)
            assert loss.dtype == dtype
            assert_allclose(loss.numpy(), expected, rtol=1e-6)


@each_pair
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_float16_is_kept_and_computed_in_float32(kind: str, reduction: str) -> None:
    x, y = (array.astype(np.float16) for array in PAIRS[kind])
    loss = getattr(nn, kind)(reduction=reduction)
    half = loss(ad.Tensor(x, requires_grad=True), y)
    assert half.dtype == gradient(loss, x, y).dtype == np.float16
    assert_array_equal(half.numpy(), loss(x.astype(np.float32), y.astype(np.float32)).astype(np.float16))


def test_the_mean_of_many_halves_does_not_overflow() -> None:
    x = np.full(70_000, 100, np.float16)
    for kind, expected in (("L1Loss", 100), ("HuberLoss", 99.5), ("BCEWithLogitsLoss", 100), ("HingeEmbeddingLoss", 100)):
        target = np.ones_like(x) if kind == "HingeEmbeddingLoss" else np.zeros_like(x)
        assert_allclose(float(getattr(nn, kind)()(x, target)), expected, rtol=1e-3)


@each_pair
def test_complex_numbers_are_an_error(kind: str) -> None:
    x, y = PAIRS[kind]
    text = rf"^{kind}: the prediction has dtype complex128 and the target has dtype float64; wanted real numbers, such as"
    with pytest.raises(TypeError, match=text):
        getattr(nn, kind)()(ad.Tensor(x + 0j), y)


@pytest.mark.parametrize("kind", [name for name in nn.__all__ if name.endswith("Loss")])
def test_an_unknown_reduction_is_an_error_when_the_loss_is_made(kind: str) -> None:
    known = ["batchmean", "mean", "none", "sum"] if kind == "KLDivLoss" else ["mean", "none", "sum"]
    with error(ValueError, f"{kind}: reduction is 'average'; wanted one of {known}."):
        getattr(nn, kind)(reduction="average")


@pytest.mark.parametrize(
    ("kind", "name", "value", "wanted"),
    [
        ("HuberLoss", "delta", 0.0, "a number above 0"),
        ("HuberLoss", "delta", None, "a number above 0"),
        ("SmoothL1Loss", "beta", -1.0, "a number that is not negative"),
        ("GaussianNLLLoss", "eps", 0.0, "a number above 0"),
        ("MultiMarginLoss", "p", 3, "one of [1, 2]"),
        ("TripletMarginLoss", "margin", 0.0, "a number above 0"),
        ("TripletMarginLoss", "p", 0.0, "a number above 0"),
        ("TripletMarginWithDistanceLoss", "margin", -1.0, "a number above 0"),
    ],
)
def test_a_setting_that_is_wrong_is_an_error_when_the_loss_is_made(kind: str, name: str, value: Any, wanted: str) -> None:
    with error(ValueError, f"{kind}: {name} is {value!r}; wanted {wanted}."):
        getattr(nn, kind)(**{name: value})


@pytest.mark.parametrize("value", [0.0, 2.0, np.nan])
def test_a_target_that_is_neither_1_nor_minus_1_is_an_error(value: float) -> None:
    text = "the target holds numbers that are neither 1 nor -1; wanted one of them each."
    calls: dict[str, tuple[Any, ...]] = {
        "HingeEmbeddingLoss": (normal(2), np.array([1, value])),
        "SoftMarginLoss": (normal(2), np.array([1, value])),
        "MarginRankingLoss": (normal(2), normal(2), np.array([1, value])),
        "CosineEmbeddingLoss": (normal(2, 3), normal(2, 3), np.array([1, value])),
    }
    for kind, inputs in calls.items():
        with error(ValueError, f"{kind}: {text}"):
            getattr(nn, kind)()(*inputs)


@pytest.mark.parametrize("kind", ["BCELoss", "BCEWithLogitsLoss", "MultiLabelSoftMarginLoss"])
@pytest.mark.parametrize("shape", [(3,), (2, 3, 2)])
def test_weights_that_are_not_broadcast_to_the_input_are_an_error(kind: str, shape: tuple[int, ...]) -> None:
    text = f"{kind}: weight has shape {shape}; wanted (3, 2), that of the input, or one broadcast to it."
    with error(ValueError, text):
        getattr(nn, kind)(weight=np.ones(shape))(*PAIRS[kind])


def test_inputs_that_are_compared_have_one_shape() -> None:
    text = "input1 has shape (2, 1) but input2 has shape (2,). They must be equal; did you mean input2.reshape(2, 1)?"
    with error(ValueError, f"MarginRankingLoss: {text}"):
        nn.MarginRankingLoss()(normal(2, 1), normal(2), np.ones((2, 1)))
    with error(ValueError, f"CosineEmbeddingLoss: {text}"):
        nn.CosineEmbeddingLoss()(normal(2, 1), normal(2), np.ones(2))
    with error(ValueError, "TripletMarginLoss: anchor has shape (2, 3) but negative has shape (3,). They must be equal."):
        nn.TripletMarginLoss()(normal(2, 3), normal(2, 3), normal(3))
    text = (
        "CosineEmbeddingLoss: the inputs have shape (2, 3) and the target has shape (2, 1); wanted (N, D) and (N,), or (D,) and ()."
    )
    with error(ValueError, text):
        nn.CosineEmbeddingLoss()(normal(2, 3), normal(2, 3), np.ones((2, 1)))
    with error(ValueError, "MultiLabelSoftMarginLoss: the input has shape (); wanted (..., C), a number for each class."):
        nn.MultiLabelSoftMarginLoss()(np.float64(0.0), np.float64(1.0))
    with error(ValueError, "MultiLabelMarginLoss: the input has shape (1, 2, 3); wanted (N, C) or (C,)."):
        nn.MultiLabelMarginLoss()(normal(1, 2, 3), np.zeros((1, 2, 3), int))
