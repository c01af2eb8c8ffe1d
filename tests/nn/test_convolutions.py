"""Convolutions and pooling as functions of networks: what PyTorch's give, their shapes, and their errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from nn import functional as F


def normal(*shape: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(sum(shape)).normal(size=shape))


def assert_same(torch: Any, name: str, arrays: list[np.ndarray], *args: Any, **params: Any) -> None:
    """Assert that `name` has the value and the gradients that PyTorch's has."""
    ours = [ad.Tensor(x, requires_grad=True) for x in arrays]
    theirs = [torch.tensor(x, requires_grad=True) for x in arrays]
    y = getattr(F, name)(*ours, *args, **params)
    z = getattr(torch.nn.functional, name)(*theirs, *args, **params)
    assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-11, atol=1e-12)
    g = normal(*y.shape)
    y.backward(g)
    z.backward(torch.tensor(g))
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-11, atol=1e-12)


batches = st.sampled_from([(), (1,), (3,)])


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore:Using padding='same'")  # with even kernels, of which PyTorch copies the input
@pytest.mark.parametrize("n", [1, 2, 3])
@given(
    batch=batches,
    stride=st.integers(1, 2),
    dilation=st.integers(1, 2),
    groups=st.integers(1, 2),
    biased=st.booleans(),
    data=st.data(),
)
def test_convolutions_are_those_of_pytorch(
    torch: Any, n: int, batch: Any, stride: int, dilation: int, groups: int, biased: bool, data: Any
) -> None:
    kernel = data.draw(st.tuples(*[st.integers(1, 3)] * n))
    x, w = normal(*batch, 4, *(6,) * n), normal(4, 4 // groups, *kernel)
    padding = data.draw(st.sampled_from([0, 1, "valid", *(["same"] if stride == 1 else [])]))
    params: dict[str, Any] = {"stride": stride, "dilation": dilation, "groups": groups}
    assert_same(torch, f"conv{n}d", [x, w, normal(4)] if biased else [x, w], padding=padding, **params)
    params |= {"padding": data.draw(st.integers(0, 1)), "output_padding": data.draw(st.integers(0, max(stride, dilation) - 1))}
    assert_same(torch, f"conv_transpose{n}d", [x, w, normal(4 // groups * groups)] if biased else [x, w], **params)


@pytest.mark.peer
@pytest.mark.parametrize("n", [1, 2, 3])
@given(
    batch=batches, kernel_size=st.integers(2, 3), stride=st.sampled_from([None, 1, 2]), padding=st.integers(0, 1), up=st.booleans()
)
def test_pooling_is_that_of_pytorch(
    torch: Any, n: int, batch: Any, kernel_size: int, stride: int | None, padding: int, up: bool
) -> None:
    x = normal(*batch, 2, *(6,) * n)
    params = {"stride": stride, "padding": padding, "ceil_mode": up}
    assert_same(torch, f"max_pool{n}d", [x], kernel_size, **params)
    assert_same(torch, f"avg_pool{n}d", [x], (kernel_size,) * n, count_include_pad=up, **params)
    if n > 1:
        assert_same(torch, f"avg_pool{n}d", [x], kernel_size, divisor_override=3, **params)


@pytest.mark.peer
@pytest.mark.parametrize("n", [1, 2, 3])
@given(batch=batches, data=st.data())
def test_adaptive_pooling_is_that_of_pytorch(torch: Any, n: int, batch: Any, data: Any) -> None:
    x = normal(*batch, 2, *data.draw(st.tuples(*[st.integers(1, 7)] * n)))
    counts = st.integers(1, 8)
    sizes = counts | st.tuples(*[counts if n == 1 else counts | st.none()] * n)  # PyTorch's of one axis knows no None
    output_size = data.draw(sizes)
    assert_same(torch, f"adaptive_avg_pool{n}d", [x], output_size)
    assert_same(torch, f"adaptive_max_pool{n}d", [x], output_size)


def test_none_for_the_number_of_bins_is_one_for_each_element() -> None:
    x = normal(2, 5)
    assert_array_equal(F.adaptive_avg_pool1d(x, None), x)
    assert_array_equal(F.adaptive_max_pool1d(x, [None]), x)


def test_an_element_outside_of_a_bin_has_no_influence_on_it() -> None:
    x = np.array([[0.0, 1.0, np.nan, 3.0, 4.0]])  # of three bins, the one in the middle has three elements
    assert_array_equal(F.adaptive_max_pool1d(x, 3), [[1.0, np.nan, 4.0]])
    assert_array_equal(F.adaptive_avg_pool1d(x, 3), [[0.5, np.nan, 3.5]])


def test_integers_are_pooled_as_numbers_are() -> None:
    x = np.array([[-5, -3, -4, -2, -6]])
    assert_array_equal(F.adaptive_max_pool1d(x, 3), [[-3, -2, -2]])
    assert_array_equal(F.adaptive_avg_pool1d(x, 3), [[-4.0, -3.0, -4.0]])


@pytest.mark.peer
def test_ties_share_the_gradient_of_a_maximum_that_pytorch_gives_to_the_first(torch: Any) -> None:
    x = np.ones((1, 2, 2))
    ours, theirs = ad.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    F.max_pool2d(ours, 2).sum().backward()
    torch.nn.functional.max_pool2d(theirs, 2).sum().backward()
    assert_array_equal(ours.grad.numpy(), np.full((1, 2, 2), 0.25))
    assert_array_equal(theirs.grad.numpy(), [[[1, 0], [0, 0]]])


def test_float32_stays_float32() -> None:
    x, w, b = (a.astype(np.float32) for a in (normal(2, 3, 4, 4), normal(3, 3, 3, 3), normal(3)))
    for y in (
        F.conv2d(x, w, b),
        F.conv_transpose2d(x, w, b),
        F.max_pool2d(x, 2),
        F.avg_pool2d(x, 2, padding=1, count_include_pad=False),
        *(pool(x, size) for pool in (F.adaptive_avg_pool2d, F.adaptive_max_pool2d) for size in (2, 3)),
    ):
        assert y.dtype == np.float32


X, W = np.ones((2, 4, 5, 5)), np.ones((6, 4, 3, 3))
ERRORS: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: F.conv2d(X, W[:, :3]),
        r"^conv2d: the shapes are \(2, 4, 5, 5\) and \(6, 3, 3, 3\), and groups is 1; wanted x with 3 channels",
    ),
    (
        lambda: F.conv1d(X, W),
        r"^conv1d: the input has shape \(2, 4, 5, 5\) and the weight has shape \(6, 4, 3, 3\); wanted 3 axes each: of the input a "
        r"batch, which it may lack, channels and 1 more\.",
    ),
    (lambda: F.conv2d(X, W, np.ones(4)), r"^conv2d: the bias has shape \(4,\); wanted \(6,\), a number for each channel"),
    (lambda: F.conv2d(X, W, padding="full"), r"^conv2d: padding is 'full'; wanted numbers, 'valid' or 'same'\."),
    (
        lambda: F.conv2d(X, W, stride=(1, 2), padding="same"),
        r"^conv2d: padding is 'same' and stride is \(1, 2\); wanted stride 1, or the result is smaller\.",
    ),
    (lambda: F.conv_transpose2d(X, W), r"^conv_transpose2d: .* wanted x with 6 channels"),
    (lambda: F.conv_transpose2d(X, W[:4], np.ones(3)), r"^conv_transpose2d: the bias has shape \(3,\); wanted \(4,\)"),
    (lambda: F.max_pool2d(X, 3, padding=2), r"^max_pool2d: padding is 2, but a window reaches over \(3, 3\) elements"),
    (lambda: F.max_pool2d(X, (1, 2, 3)), r"^max_pool2d: kernel_size is \(1, 2, 3\); wanted one number, or one for each of 2"),
    (lambda: F.avg_pool1d(X, 2), r"^avg_pool1d: the input has shape \(2, 4, 5, 5\); wanted 3 axes: a batch, which it may lack"),
    (lambda: F.avg_pool3d(X, 6), r"^avg_pool3d: a window of shape \(6, 6, 6\) with dilation .* wanted a smaller window"),
    (
        lambda: F.adaptive_avg_pool2d(X, 0),
        r"^adaptive_avg_pool2d: output_size is 0; wanted a positive integer or None, or one for each of 2 axes\.",
    ),
    (lambda: F.adaptive_max_pool1d(X[0, 0], (1, 2)), r"^adaptive_max_pool1d: output_size is \(1, 2\); wanted .* for each of 1"),
    (lambda: F.adaptive_max_pool3d(X[0], 1), r"^adaptive_max_pool3d: the input has shape \(4, 5, 5\); wanted 5 axes: a batch"),
    (
        lambda: F.adaptive_avg_pool2d(X[:, :, :0], 1),
        r"^adaptive_avg_pool2d: the input has \(0, 5\) elements along its last axes; wanted at least 1 along each\.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("f", "text"), ERRORS)
def test_what_does_not_fit_is_an_error_that_names_the_function(f: Callable[[], Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        f()
