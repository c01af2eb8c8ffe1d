"""Normalization beyond what is true of every module: its statistics, running ones, weights, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from autodiff.testing import check_gradient
from nn import functional as F


def normal(*shape: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(sum(shape)).normal(3.0, 2.0, shape))


# --- statistics ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("normalize", "axes"),
    [
        (lambda x: F.batch_norm(x, None, None, training=True, eps=1e-12), (0, 2, 3)),
        (lambda x: F.instance_norm(x, eps=1e-12), (2, 3)),
        (lambda x: F.layer_norm(x, x.shape[2:], eps=1e-12), (2, 3)),
        (lambda x: F.layer_norm(x, x.shape[1:], eps=1e-12), (1, 2, 3)),
        (lambda x: F.group_norm(x, 1, eps=1e-12), (1, 2, 3)),
        (lambda x: F.group_norm(x, 4, eps=1e-12), (2, 3)),
    ],
)
def test_what_is_normalized_has_mean_0_and_variance_1(normalize: Any, axes: tuple[int, ...]) -> None:
    y = normalize(normal(3, 4, 5, 6))
    assert_allclose(np.mean(y, axes), 0, atol=1e-12)
    assert_allclose(np.var(y, axes), 1)


def test_rms_norm_has_mean_square_1_and_keeps_directions() -> None:
    x = normal(3, 4)
    y = F.rms_norm(x, 4)
    assert_allclose(np.mean(y**2, -1), 1)
    assert_allclose(y * np.linalg.norm(x, axis=-1, keepdims=True), x * np.linalg.norm(y, axis=-1, keepdims=True))


@pytest.mark.parametrize("normalize", [lambda x: F.layer_norm(x, 5), lambda x: F.group_norm(x, 1), lambda x: F.rms_norm(x, 5)])
def test_halves_do_not_overflow(normalize: Any) -> None:
    y = normalize(np.array([[60000.0, 30000.0, -60000.0, 0.0, 100.0]], np.float16))
    assert y.dtype == np.float16
    assert np.all(np.isfinite(y))


def test_a_large_mean_does_not_cost_the_variance_its_accuracy() -> None:
    x = normal(8, 64)
    assert_allclose(F.layer_norm(x + 1e7, 64), F.layer_norm(x, 64), atol=1e-7)


def test_equal_numbers_become_the_bias_and_have_finite_gradients() -> None:
    x = ad.Tensor(np.full((2, 3), 5.0), requires_grad=True)
    y = F.layer_norm(x, 3, bias=np.array([1.0, 2.0, 3.0]))
    assert_array_equal(y.detach(), [[1, 2, 3]] * 2)
    y.backward(normal(2, 3))
    assert np.all(np.isfinite(x.grad.numpy()))


@pytest.mark.long
@pytest.mark.parametrize(
    "normalize",
    [
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        lambda x, w, b: F.batch_norm(x, np.zeros(4), np.ones(4), w, b),
        lambda x, w, b: F.instance_norm(x, weight=w, bias=b),
        lambda x, w, b: F.group_norm(x, 2, w, b),
        lambda x, w, b: F.layer_norm(np.moveaxis(x, 1, -1), 4, w, b),
        lambda x, w, b: F.rms_norm(np.moveaxis(x, 1, -1), 4, w) + b,
    ],
)
def test_gradients_by_input_weight_and_bias_are_those_of_finite_differences_twice(normalize: Any) -> None:
    x, w, b = normal(2, 4, 3), normal(4), normal(4)
    g = normal(2, 4, 3)

    def loss(x: Any, w: Any, b: Any) -> Any:
        y = normalize(x, w, b)
        return np.sum(np.sin(y) * g.reshape(y.shape))

    report = check_gradient(loss, x, w, b, order=2)
    assert report.ok, str(report)


def test_an_empty_batch_stays_empty_and_changes_no_running_statistics() -> None:
    tracking = nn.InstanceNorm1d(2, track_running_stats=True)
    for layer in (nn.LayerNorm((2, 3)), nn.GroupNorm(1, 2), nn.RMSNorm(3), tracking):
        x = ad.Tensor(np.zeros((0, 2, 3)), requires_grad=True)
        layer(x).sum().backward()
        assert x.grad.shape == (0, 2, 3)
    assert_array_equal(tracking.running_mean, np.zeros(2))


# --- beside PyTorch --------------------------------------------------------------------------------------------------------------


@pytest.mark.peer
@pytest.mark.parametrize(
    ("name", "shape", "args", "weights"),
    [
        ("batch_norm", (5, 3), (None, None), (3,)),
        ("batch_norm", (5, 3, 2, 4), (None, None), (3,)),
        ("instance_norm", (5, 3, 4), (None, None), (3,)),
        ("group_norm", (5, 6, 4), (2,), (6,)),
        ("group_norm", (5, 6), (3,), (6,)),
        ("layer_norm", (5, 3, 4), ((3, 4),), (3, 4)),
    ],
)
def test_weighted_normalization_is_that_of_pytorch(torch: Any, name: str, shape: Any, args: Any, weights: Any) -> None:
    arrays = [normal(*shape), normal(*weights), normal(*weights)[::-1].copy()]
    ours, theirs = [ad.Tensor(a, requires_grad=True) for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]
    settings: dict[str, Any] = {"training": True} if name == "batch_norm" else {}
    y = getattr(F, name)(ours[0], *args, ours[1], ours[2], **settings)
    z = getattr(torch.nn.functional, name)(theirs[0], *args, theirs[1], theirs[2], **settings)
    assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-11, atol=1e-12)
    g = normal(*shape)
    y.backward(g)
    z.backward(torch.tensor(g))
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-10, atol=1e-11)


@pytest.mark.peer
@pytest.mark.parametrize("momentum", [0.1, 0.7, None])
@pytest.mark.parametrize("kind", ["BatchNorm1d", "InstanceNorm1d"])
def test_running_statistics_follow_as_those_of_pytorch(torch: Any, kind: str, momentum: float | None) -> None:
    ours, theirs = (getattr(m, kind)(3, momentum=momentum, track_running_stats=True) for m in (nn, torch.nn))
    for step in range(4):
        x = normal(4, 3, 5 + step)
        ours(x)
        theirs.double()(torch.tensor(x))
        for (name, a), (other, b) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
            assert name == other
            assert_allclose(a.numpy(), b.numpy(), rtol=1e-12, err_msg=name)
    assert_allclose(values(ours.eval()(ad.Tensor(x))), theirs.eval()(torch.tensor(x)).detach().numpy(), rtol=1e-12)


# --- running statistics ----------------------------------------------------------------------------------------------------------


def test_without_momentum_running_statistics_are_the_means_over_all_batches() -> None:
    layer = nn.BatchNorm1d(2, momentum=None)
    batches = [normal(n, 2) for n in (3, 4, 5)]
    for batch in batches:
        layer(batch)
    assert layer.num_batches_tracked.item() == 3
    assert_allclose(layer.running_mean, np.mean([b.mean(0) for b in batches], 0))
    assert_allclose(layer.running_var, np.mean([b.var(0, ddof=1) for b in batches], 0))


def test_running_statistics_are_not_trained_and_stay_as_they_are_in_evaluation() -> None:
    layer = nn.BatchNorm2d(3)
    x = ad.Tensor(normal(2, 3, 4, 5), requires_grad=True)
    layer(x).sum().backward()
    before = layer.state_dict()
    assert not layer.running_mean.requires_grad
    layer.eval()(x)
    for name, value in layer.state_dict().items():
        assert_array_equal(value, before[name], err_msg=name)
    layer.reset_running_stats()
    assert_array_equal(layer.running_mean, np.zeros(3))
    assert_array_equal(layer.running_var, np.ones(3))
    assert layer.num_batches_tracked.item() == 0


def test_a_backward_pass_after_another_batch_is_not_disturbed_by_the_running_statistics() -> None:
    layer = nn.BatchNorm1d(3)
    x = ad.Tensor(normal(4, 3), requires_grad=True)
    y = layer(x)
    layer(normal(5, 3))
    y.backward(normal(4, 3))
    assert np.all(np.isfinite(x.grad.numpy()))


def test_running_statistics_may_be_arrays() -> None:
    mean, var, x = np.zeros(3), np.ones(3), normal(4, 3)
    F.batch_norm(x, mean, var, training=True, momentum=1.0)
    assert_allclose(mean, x.mean(0))
    assert_allclose(var, x.var(0, ddof=1))


def test_evaluation_of_arrays_without_parameters_gives_arrays() -> None:
    layer = nn.BatchNorm1d(3, affine=False)
    x = normal(4, 3)
    assert type(layer(x)) is np.ndarray
    assert type(layer.eval()(x)) is np.ndarray


def test_float32_stays_float32_in_the_running_statistics() -> None:
    layer = nn.BatchNorm1d(3, momentum=None, dtype=np.float32)
    assert layer(normal(4, 3).astype(np.float32)).dtype == np.float32
    assert layer.running_mean.dtype == layer.running_var.dtype == np.float32


# --- errors ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compute", "text"),
    [
        (
            lambda: nn.BatchNorm1d(3)(np.ones((1, 3))),
            "BatchNorm1d: the input has shape (1, 3), so a channel has 1 values, of which there is no variance; wanted at least 2 "
            "while training: a larger batch, or eval().",
        ),
        (lambda: nn.BatchNorm2d(3)(np.ones((1, 3))), "BatchNorm2d: the input has shape (1, 3); wanted 4 axes."),
        (lambda: nn.InstanceNorm1d(3)(np.ones(3)), "InstanceNorm1d: the input has shape (3,); wanted 2 axes or 3 axes."),
        (
            lambda: nn.BatchNorm1d(3)(np.ones((4, 2))),
            "BatchNorm1d: running_mean has shape (3,), but the input has shape (4, 2); wanted (2,), one for each channel.",
        ),
        (
            lambda: nn.InstanceNorm1d(3)(np.ones((2, 3, 1))),
            "InstanceNorm1d: the input has shape (2, 3, 1), so a channel of one of the batch has 1 values, of which there is no "
            "variance; wanted at least 2.",
        ),
        (
            lambda: F.batch_norm(np.ones((2, 3)), None, None),
            "batch_norm: there are no running statistics; wanted running_mean and running_var, or those of the input.",
        ),
        (
            lambda: F.batch_norm(np.ones(3), None, None),
            "batch_norm: the input has shape (3,); wanted at least 2 axes: a batch, channels.",
        ),
        (lambda: F.layer_norm(np.ones(3), 3, eps=-1), "layer_norm: eps is -1; wanted a positive number."),
        (
            lambda: nn.LayerNorm((3, 4))(np.ones((2, 4))),
            "LayerNorm: the input has shape (2, 4) and normalized_shape is (3, 4); wanted the same last axes.",
        ),
        (lambda: F.rms_norm(np.ones(3), 3, np.ones(2)), "rms_norm: weight has shape (2,); wanted (3,), as normalized_shape is."),
        (
            lambda: F.group_norm(np.ones((2, 4)), 3),
            "group_norm: num_groups is 3 and the input has 4 channels; wanted an integer that divides them.",
        ),
        (
            lambda: F.group_norm(np.ones((1, 4)), 4),
            "group_norm: the input has shape (1, 4), so a group has 1 value; wanted at least 2.",
        ),
        (lambda: nn.GroupNorm(3, 4), "GroupNorm: num_channels is 4 and num_groups is 3; wanted groups that divide the channels."),
        (lambda: nn.BatchNorm1d(0), "BatchNorm1d: num_features is 0; wanted an integer, at least 1."),
        (lambda: nn.LayerNorm(()), "LayerNorm: normalized_shape is (); wanted one axis at least."),
        (lambda: nn.RMSNorm(2.5), "RMSNorm: normalized_shape is 2.5; wanted an integer, at least 1."),
        (lambda: nn.LocalResponseNorm(0), "LocalResponseNorm: size is 0; wanted an integer, at least 1."),
        (
            lambda: nn.LocalResponseNorm(2)(np.ones((2, 3))),
            "LocalResponseNorm: the input has shape (2, 3); wanted at least 3 axes: a batch, channels, and more.",
        ),
    ],
)
def test_what_does_not_fit_is_an_error(compute: Any, text: str) -> None:
    with error(ValueError, text):
        compute()


def test_an_error_leaves_the_running_statistics_as_they_are() -> None:
    layer = nn.BatchNorm1d(3)
    with pytest.raises(ValueError, match="BatchNorm1d"):
        layer(np.ones((1, 3)))
    assert layer.num_batches_tracked.item() == 0


def test_complex_numbers_are_refused() -> None:
    wanted = "the input has dtype complex128; wanted real numbers, such as np.real(x), np.imag(x) or np.abs(x)."
    for name, compute in (
        ("LayerNorm", nn.LayerNorm(3)),
        ("BatchNorm1d", nn.BatchNorm1d(3)),
        ("GroupNorm", nn.GroupNorm(1, 3)),
        ("RMSNorm", nn.RMSNorm(3)),
    ):
        with error(TypeError, f"{name}: {wanted}"):
            compute(np.ones((2, 3), complex))
    with error(
        TypeError,
        "layer_norm: the input has dtype float64 and the weight has dtype complex128; wanted real numbers, such as np.real(x), "
        "np.imag(x) or np.abs(x).",
    ):
        F.layer_norm(np.ones((2, 3)), 3, np.ones(3, complex))
