"""Lengths, distances and cosines: geometry, the zero vector, and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn import functional as F


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, np.inf])
def test_normalized_vectors_have_length_1(p: float) -> None:
    assert_allclose(np.linalg.norm(F.normalize(normal(5, 3), p=p), ord=p, axis=1), np.ones(5))
    assert_allclose(np.linalg.norm(F.normalize(normal(5, 3), p=p, dim=0), ord=p, axis=0), np.ones(3))


@pytest.mark.peer
@pytest.mark.parametrize("settings", [{}, {"p": 1.0, "dim": -1}, {"eps": 2.0}, {"p": 3.0, "dim": 0}])
def test_normalize_and_its_gradient_are_those_of_pytorch(torch: Any, settings: dict[str, Any]) -> None:
    x, g = normal(4, 3), normal(4, 3, seed=1)
    x[1] = 0
    a, b = ad.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, z = F.normalize(a, **settings), torch.nn.functional.normalize(b, **settings)
    y.backward(g)
    z.backward(torch.tensor(g))
    assert_allclose(values(y), values(z), rtol=1e-13)
    assert_allclose(values(a.grad), values(b.grad), rtol=1e-12, atol=1e-14 * np.abs(values(b.grad)).max())


def test_the_cosine_does_not_depend_on_lengths_and_is_1_of_a_vector_and_itself() -> None:
    x, y = normal(4, 3), normal(4, 3, seed=1)
    assert_allclose(F.cosine_similarity(x, x), np.ones(4))
    assert_allclose(F.cosine_similarity(x, -2 * x), -np.ones(4))
    assert_allclose(F.cosine_similarity(100 * x, y), F.cosine_similarity(x, y))
    lengths = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1), np.linalg.norm(x - y, axis=1)
    law = (lengths[0] ** 2 + lengths[1] ** 2 - lengths[2] ** 2) / (2 * lengths[0] * lengths[1])
    assert_allclose(F.cosine_similarity(x, y), law)


def test_the_zero_vector_has_cosine_0_and_finite_derivatives() -> None:
    x = ad.Tensor(np.zeros((1, 3)), requires_grad=True)
    y = F.cosine_similarity(x, normal(1, 3))
    y.sum().backward()
    assert_array_equal(values(y), [0])
    assert np.isfinite(values(x.grad)).all()


def test_equal_vectors_have_a_finite_derivative_of_their_distance() -> None:
    x = ad.Tensor(normal(2, 3), requires_grad=True)
    for eps in (1e-6, 0.0):
        F.pairwise_distance(x, values(x), eps=eps).sum().backward()
        assert np.isfinite(values(x.grad)).all()


def test_distances_are_those_of_all_orders() -> None:
    x, y = normal(4, 3), normal(4, 3, seed=1)
    assert_allclose(F.pairwise_distance(x, y, p=1.0, eps=0.0), np.abs(x - y).sum(1))
    assert_allclose(F.pairwise_distance(x, y, p=np.inf, eps=0.0), np.abs(x - y).max(1))
    assert F.pairwise_distance(x, y[0], keepdim=True).shape == (4, 1)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: F.normalize(normal(3)), "normalize: "),
        (lambda: nn.CosineSimilarity()(normal(2, 3), normal(2, 4)), "CosineSimilarity: "),
        (lambda: nn.CosineSimilarity(2)(normal(2, 3), normal(2, 3)), "CosineSimilarity: "),
        (lambda: nn.PairwiseDistance()(normal(2, 3), normal(2, 4)), "PairwiseDistance: "),
    ],
)
def test_shapes_that_do_not_fit_are_an_error_under_the_name_of_what_was_called(call: Any, name: str) -> None:
    with pytest.raises(ValueError, match="^" + name + ".*(axis|shape)"):
        call()


def test_the_second_input_is_asked_for() -> None:
    text = "PairwiseDistance.forward() missing 1 required positional argument: 'x2'"
    with error(TypeError, text):
        nn.PairwiseDistance()(normal(2, 3))
