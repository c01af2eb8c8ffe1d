"""CTCLoss: the sum over all paths, PyTorch's values and gradients, sequences that are too short, and errors."""

from __future__ import annotations

import itertools
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

STEPS, CLASSES = 12, 5
TARGETS = np.array([[1, 1, 2, 4], [3, 0, 0, 0], [4, 2, 4, 0], [0, 0, 0, 0]])
LENGTHS, TIMES = np.array([4, 1, 3, 0]), np.array([12, 7, 9, 5])


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def read(path: tuple[int, ...]) -> list[int]:
    """What a path reads as: without repetitions, then without blanks."""
    return [label for label, _ in itertools.groupby(path) if label != 0]


@given(st.integers(0, 4), st.lists(st.integers(1, 2), max_size=3), st.integers(0, 1000))
def test_it_is_the_sum_over_all_paths_that_read_as_the_labels(steps: int, labels: list[int], seed: int) -> None:
    log_p = np.asarray(ad.log_softmax(normal(max(steps, 1), 3, seed=seed)))
    paths = [path for path in itertools.product(range(3), repeat=steps) if read(path) == labels]
    probability = sum(np.exp(sum(log_p[t, c] for t, c in enumerate(path))) for path in paths)
    actual = F.ctc_loss(log_p, np.array(labels, int), steps, len(labels), reduction="sum")
    assert_allclose(np.exp(-actual), probability, rtol=1e-12)


@pytest.mark.peer
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_and_gradients_are_those_of_pytorch(torch: Any, reduction: str, padded: bool, dtype: str) -> None:
    targets = TARGETS if padded else np.concatenate([row[:n] for row, n in zip(TARGETS, LENGTHS, strict=True)])
    scores = normal(STEPS, 4, CLASSES).astype(dtype)
    x, t = ad.Tensor(scores, requires_grad=True), torch.tensor(scores, requires_grad=True)
    y = nn.CTCLoss(reduction=reduction)(ad.log_softmax(x), targets, TIMES, LENGTHS)
    others = (torch.tensor(array) for array in (targets, TIMES, LENGTHS))
    expected = torch.nn.CTCLoss(reduction=reduction)(torch.log_softmax(t, -1), *others)
    y.sum().backward()
    expected.sum().backward()
    assert y.dtype == x.grad.dtype == dtype
    rtol = 1e-10 if dtype == "float64" else 1e-4
    assert_allclose(values(y), values(expected), rtol=rtol)
    assert_allclose(values(x.grad), values(t.grad), rtol=rtol, atol=rtol / 10)


def test_the_gradient_is_minus_the_probability_of_each_class_at_each_step() -> None:
    x = ad.Tensor(ad.log_softmax(normal(STEPS, 4, CLASSES)), requires_grad=True)
    F.ctc_loss(x, TARGETS, TIMES, LENGTHS, reduction="sum").backward()
    counts = np.arange(STEPS)[:, np.newaxis] < TIMES
    assert_allclose(-x.grad.numpy().sum(axis=2), counts, rtol=1e-12)


def test_its_derivatives_are_those_of_differences() -> None:
    def loss(x: Any) -> Any:
        return F.ctc_loss(x, np.array([[1, 2], [1, 1]]), [3, 3], [2, 2])

    report = check_gradient(loss, normal(3, 2, 3))
    assert report.ok, str(report)
    report = check_gradient(ad.grad(lambda x: loss(x)), normal(3, 2, 3))
    assert report.ok, str(report)


def test_a_sequence_that_is_too_short_has_an_infinite_loss_and_gradient_0() -> None:
    scores, labels = normal(3, 2, CLASSES), np.array([[1, 1], [1, 2]])  # two equal labels need a blank between them
    for zero_infinity, value in ((False, np.inf), (True, 0)):
        x = ad.Tensor(ad.log_softmax(scores), requires_grad=True)
        loss = F.ctc_loss(x, labels, [2, 2], [2, 2], reduction="none", zero_infinity=zero_infinity)
        loss.sum().backward()
        assert loss[0].item() == value
        assert np.isfinite(loss[1].item())
        assert_array_equal(x.grad.numpy()[:, 0], 0)


def test_one_sequence_may_lack_the_batch() -> None:
    log_p = np.asarray(ad.log_softmax(normal(STEPS, CLASSES)))
    for reduction in ("mean", "sum", "none"):
        one = F.ctc_loss(log_p, TARGETS[0], STEPS, 4, reduction=reduction)
        expected = F.ctc_loss(log_p[:, np.newaxis], TARGETS[:1], [STEPS], [4], reduction=reduction)
        assert one.shape == ()
        assert_allclose(one, expected.reshape(()), rtol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"log_probs": np.zeros(3)}, ValueError, "log_probs has shape (3,); wanted (T, N, C) or (T, C)."),
        ({"input_lengths": [12] * 3}, ValueError, "input_lengths has shape (3,); wanted (4,), a length for each sequence."),
        ({"input_lengths": [12, 7, 9, 13]}, ValueError, "input_lengths are [12, 7, 9, 13]; wanted lengths from 0 to 12."),
        ({"target_lengths": [4, 1, 3, -1]}, ValueError, "target_lengths are [4, 1, 3, -1]; wanted lengths from 0 to 4."),
        ({"target_lengths": [4.0] * 4}, TypeError, "target_lengths has dtype float64; wanted integers."),
        ({"targets": TARGETS + 0.5}, TypeError, "targets has dtype float64; wanted integers."),
        ({"targets": TARGETS[:3]}, ValueError, "targets has shape (3, 4); wanted (4, S), or (8,), all labels one after the other."),
        ({"targets": TARGETS[0]}, ValueError, "targets has shape (4,); wanted (4, S), or (8,), all labels one after the other."),
        ({"blank": 4}, ValueError, "wanted blank, which is 4, and the labels, which are others, from 0 to 4."),
        ({"blank": 5}, ValueError, "wanted blank, which is 5, and the labels, which are others, from 0 to 4."),
        ({"targets": TARGETS + 1}, ValueError, "wanted blank, which is 0, and the labels, which are others, from 0 to 4."),
    ],
)
def test_what_does_not_fit_is_an_error(arguments: dict[str, Any], kind: Any, text: str) -> None:
    given = {"log_probs": normal(STEPS, 4, CLASSES), "targets": TARGETS, "input_lengths": TIMES, "target_lengths": LENGTHS}
    with error(kind, f"ctc_loss: {text}"):
        F.ctc_loss(**(given | arguments))
