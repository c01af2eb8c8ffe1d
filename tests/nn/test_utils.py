"""Clipped gradients, and parameters as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import both, error, gradients
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn import utils


def parameters(*arrays: Any, dtype: Any = float) -> list[ad.Tensor]:
    """Parameters that have these gradients."""
    made = [ad.Tensor(np.zeros(np.shape(a)), requires_grad=True, dtype=dtype) for a in arrays]
    for p, a in zip(made, arrays, strict=True):
        p.grad = ad.Tensor(a, dtype=dtype)
    return made


NORMS = [0.5, 1.0, 2.0, 3.0, np.inf]
RNG = np.random.default_rng(0)
GRADIENTS = [RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=())]
FLAT = np.concatenate([g.reshape(-1) for g in GRADIENTS])


@pytest.mark.parametrize("p", NORMS)
def test_the_total_norm_is_that_of_all_elements_as_one_vector(p: float) -> None:
    tensors = [ad.Tensor(g) for g in GRADIENTS]
    assert_allclose(utils.get_total_norm(tensors, p), np.linalg.norm(FLAT, p))
    assert_allclose(utils.get_total_norm(ad.Tensor(FLAT), p), np.linalg.norm(FLAT, p))


@pytest.mark.parametrize("p", NORMS)
def test_clipping_gives_the_norm_and_keeps_the_direction(p: float) -> None:
    given = parameters(*GRADIENTS)
    total = utils.clip_grad_norm_(given, 0.7, p)
    assert_allclose(total, np.linalg.norm(FLAT, p))
    after = np.concatenate([x.grad.numpy().reshape(-1) for x in given])
    assert_allclose(after, FLAT * 0.7 / (total.item() + 1e-6))
    assert_allclose(np.linalg.norm(after, p), 0.7, rtol=1e-5)


def test_small_gradients_stay_exactly_as_they_are() -> None:
    given = parameters(*GRADIENTS)
    utils.clip_grad_norm_(given, 100.0)
    utils.clip_grad_value_(given, 100.0)
    for p, g in zip(given, GRADIENTS, strict=True):
        assert_array_equal(p.grad, g)


def test_the_gradients_themselves_change_and_those_that_are_none_stay_none() -> None:
    (p,), other = parameters([3.0, 4.0]), ad.Tensor([1.0], requires_grad=True)
    grad = p.grad
    utils.clip_grad_norm_(iter([p, other]), 1.0)
    assert p.grad is grad
    assert_allclose(grad, [0.6, 0.8], rtol=1e-6)
    assert other.grad is None
    utils.clip_grad_value_([p, other], 0.7)
    assert_allclose(grad, [0.6, 0.7], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_squares_of_short_types_do_not_overflow_and_types_stay(dtype: Any) -> None:
    largest = np.finfo(dtype).max / 4
    given = parameters([largest, 0.0], dtype=dtype)
    assert_allclose(utils.clip_grad_norm_(given, 1.0), largest, rtol=1e-3)
    assert given[0].grad.dtype == dtype
    assert_allclose(given[0].grad, [1, 0], rtol=1e-3)


def test_a_norm_that_is_not_finite_is_an_error_before_anything_changes_if_asked_for() -> None:
    for value in (np.inf, np.nan):
        given = parameters([1.0, value], [2.0])
        with error(
            RuntimeError,
            f"clip_grad_norm_: the norm of the gradients is {value}, so they cannot be clipped. ad.detect_anomaly() says where it "
            "comes from; with error_if_nonfinite=False they are scaled nevertheless.",
        ):
            utils.clip_grad_norm_(given, 1.0, error_if_nonfinite=True)
        assert_array_equal(given[1].grad, [2.0])
        assert not np.isfinite(utils.clip_grad_norm_(given, 1.0))
        assert_array_equal(given[1].grad, [0.0 if value == np.inf else np.nan])


def test_nothing_to_clip_has_norm_0() -> None:
    assert utils.clip_grad_norm_([], 1.0).item() == 0
    assert utils.clip_grad_norm_([ad.Tensor([1.0], requires_grad=True)], 1.0).item() == 0
    assert utils.get_total_norm([ad.Tensor(np.zeros((0, 2)))], np.inf).item() == 0


def test_a_generator_that_is_used_up_is_a_warning() -> None:
    model = nn.Linear(2, 1)
    given = model.parameters()
    list(given)
    with pytest.warns(UserWarning, match="^clip_grad_norm_: the generator of parameters is empty, or used up"):
        utils.clip_grad_norm_(given, 1.0)


@pytest.mark.parametrize(
    ("compute", "kind", "text"),
    [
        (lambda: utils.clip_grad_norm_([], -1.0), ValueError, "clip_grad_norm_: max_norm is -1.0; wanted 0 or more."),
        (lambda: utils.clip_grad_value_([], -1.0), ValueError, "clip_grad_value_: clip_value is -1.0; wanted 0 or more."),
        (
            lambda: utils.get_total_norm([], 0),
            ValueError,
            "get_total_norm: norm_type is 0; wanted more than 0, such as 2 or infinity.",
        ),
        (
            lambda: utils.clip_grad_norm_(nn.Linear(2, 1), 1.0),  # type: ignore[arg-type]
            TypeError,
            "clip_grad_norm_: got Linear; wanted tensors, such as module.parameters().",
        ),
        (
            lambda: utils.vector_to_parameters(np.ones(4), nn.Linear(2, 1).parameters()),
            ValueError,
            "vector_to_parameters: the vector has shape (4,); wanted (3,), as many as there are.",
        ),
        (
            lambda: utils.parameters_to_vector([]),
            ValueError,
            "parameters_to_vector: there are no parameters; wanted one at least.",
        ),
    ],
)
def test_what_makes_no_sense_is_an_error(compute: Any, kind: type[Exception], text: str) -> None:
    with error(kind, text):
        compute()


def test_a_vector_of_parameters_goes_back_to_them() -> None:
    model, other = (nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 1)) for _ in range(2))
    vector = utils.parameters_to_vector(model.parameters())
    assert vector.shape == (17,)
    utils.vector_to_parameters(vector, other.parameters())
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        assert_array_equal(p.detach(), q.detach())


def test_gradients_flow_through_the_vector_to_the_parameters() -> None:
    model = nn.Linear(2, 1)
    (utils.parameters_to_vector(model.parameters()) ** 2).sum().backward()
    assert_allclose(model.weight.grad, 2 * model.weight.detach())


@pytest.mark.peer
@pytest.mark.parametrize("p", [1.0, 2.0, "inf"])
def test_clipped_gradients_are_those_of_pytorch(torch: Any, p: Any) -> None:
    ours, theirs = both(torch, lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)))
    x = RNG.normal(size=(5, 3))
    (ours(x) ** 2).sum().backward()
    (theirs(torch.tensor(x)) ** 2).sum().backward()
    assert_allclose(utils.clip_grad_norm_(ours.parameters(), 0.5, p), torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5, p))
    for name, gradient in gradients(theirs).items():
        assert_allclose(gradients(ours)[name], gradient, rtol=1e-12)
