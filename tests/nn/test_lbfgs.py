"""L-BFGS: the steps of PyTorch's, minima that are known, the line search, states, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error
from numpy.testing import assert_allclose, assert_array_equal
from test_optimizers_like_pytorch import arrays, loss, numbers_of_64_bits, ours, tensors, theirs

import autodiff as ad
import nn
from nn.optim import LBFGS
from nn.optim.lbfgs import direction
from nn.optim.line_search import Point, cubic_minimum, strong_wolfe

SETTINGS = [
    {"lr": 0.01},
    {"lr": 0.05, "max_iter": 4, "history_size": 2},
    {"lr": 0.01, "tolerance_grad": 1.0, "tolerance_change": 1e-3},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "lr": 0.1, "max_iter": 3},
    {"line_search_fn": "strong_wolfe", "history_size": 2, "max_eval": 7},
    {"line_search_fn": "strong_wolfe", "max_eval": 2},
    {"line_search_fn": "strong_wolfe", "tolerance_grad": 0.5},
]
each_setting = pytest.mark.parametrize("settings", SETTINGS, ids=str)


def train(params: list[Any], optimizer: Any, steps: int) -> list[float]:
    def closure() -> Any:
        optimizer.zero_grad()
        value = loss(params)
        value.backward()
        return value

    return [optimizer.step(closure).item() for _ in range(steps)]


@pytest.mark.peer
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@each_setting
def test_steps_are_those_of_pytorch(torch: Any, settings: dict[str, Any], dtype: str) -> None:
    params, expected = ours(dtype), theirs(torch, dtype)
    steps = 7 if dtype == "float64" else 2  # roundings grow at each step
    with numbers_of_64_bits(torch):
        found = train(params, LBFGS(params, **settings), steps)
        wanted = train(expected, torch.optim.LBFGS(expected, **settings), steps)
    rtol = 1e-6 if dtype == "float64" else 2e-3
    assert_allclose(found, wanted, rtol=rtol, atol=rtol)
    for p, q in zip(params, expected, strict=True):
        assert p.dtype == dtype
        assert_allclose(p.numpy(), q.detach().numpy(), rtol=rtol, atol=rtol)


@pytest.mark.peer
@each_setting
def test_a_state_goes_both_ways(torch: Any, settings: dict[str, Any]) -> None:
    params, expected = ours("float64"), theirs(torch, "float64")
    first, second = LBFGS(params, **settings), torch.optim.LBFGS(expected, **settings)
    train(params, first, 1)
    train(expected, second, 1)
    state, other = first.state_dict(), second.state_dict()
    assert {*other["state"][0]} - {*state["state"][0]} <= {"al"}  # a buffer
    assert other["state"][0]["func_evals"] == state["state"][0]["func_evals"]
    assert other["state"][0]["n_iter"] == state["state"][0]["n_iter"]
    first.load_state_dict(arrays(other))
    second.load_state_dict({**tensors(torch, state), "param_groups": other["param_groups"]})
    assert_allclose(train(params, first, 2), train(expected, second, 2), rtol=1e-7)


@each_setting
def test_what_is_continued_from_a_state_is_what_was_not_interrupted(settings: dict[str, Any]) -> None:
    params = ours("float64")
    optimizer = LBFGS(params, **settings)
    train(params, optimizer, 2)
    copies = [nn.Parameter(p.numpy()) for p in params]
    continued = LBFGS(copies, **settings)
    continued.load_state_dict(optimizer.state_dict())
    assert train(params, optimizer, 3) == train(copies, continued, 3)
    for p, q in zip(params, copies, strict=True):
        assert_array_equal(p.numpy(), q.numpy(), strict=True)


def test_it_finds_the_minimum_of_rosenbrocks_function() -> None:
    x, y = nn.Parameter([-1.2]), nn.Parameter([1.0])
    optimizer = LBFGS([x, y], line_search_fn="strong_wolfe", max_iter=100)

    def closure() -> Any:
        optimizer.zero_grad()
        value = ((1 - x) ** 2 + 100 * (y - x * x) ** 2).sum()
        value.backward()
        return value

    optimizer.step(closure)
    assert_allclose([x.item(), y.item()], [1, 1], atol=1e-4)
    assert optimizer.stepped


def test_a_direction_is_newtons_where_the_history_spans_everything() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    hessian = root @ root.T + np.eye(3)
    steps: list[Any] = []
    for x in np.eye(3):  # conjugate to each other
        steps.append(x - sum((s @ hessian @ x) / (s @ hessian @ s) * s for s in steps))
    changes = [hessian @ s for s in steps]
    inverses = [1 / (s @ y) for s, y in zip(steps, changes, strict=True)]
    g = rng.normal(size=3)
    assert_allclose(direction(g, steps, changes, inverses, 0.7), -np.linalg.solve(hessian, g))


def test_a_parameter_without_gradient_stays_where_it_is() -> None:
    a, b = nn.Parameter([1.0]), nn.Parameter([2.0])
    optimizer = LBFGS([a, b])

    def closure() -> Any:
        optimizer.zero_grad()
        value = (a * a).sum()
        value.backward()
        return value

    with ad.no_grad():
        optimizer.step(closure)
    assert b.tolist() == [2]
    assert abs(a.item()) < 0.1


def test_at_a_minimum_nothing_happens() -> None:
    a = nn.Parameter([0.0])
    optimizer = LBFGS([a])

    def closure() -> Any:
        optimizer.zero_grad()
        value = (a * a).sum()
        value.backward()
        return value

    assert optimizer.step(closure).item() == 0
    assert optimizer.state[a] == {"func_evals": 1, "n_iter": 0}


def on(function: Any, derivative: Any) -> Any:
    return lambda t: Point(t, function(t), np.array([derivative(t)]), derivative(t))


@pytest.mark.parametrize("t", [1e-3, 0.1, 1.0, 30.0])
def test_a_line_search_ends_low_and_flat(t: float) -> None:
    line = on(lambda t: (t - 2) ** 4 + np.sin(5 * t), lambda t: 4 * (t - 2) ** 3 + 5 * np.cos(5 * t))
    start = line(0.0)
    found, evaluations = strong_wolfe(line, start, t, size=1.0, most=25)
    assert found.loss <= start.loss + 1e-4 * found.t * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)
    assert 1 <= evaluations <= 26


def test_a_cubic_is_lowest_where_its_derivative_is_0() -> None:
    line = on(lambda t: t**3 - 3 * t, lambda t: 3 * t**2 - 3)
    for a, b in ((0.5, 3.0), (3.0, 0.5)):
        assert_allclose(cubic_minimum(line(a), line(b), 0.0, 9.0), 1.0)
    assert cubic_minimum(line(2.0), line(3.0), 2.0, 9.0) == 2.0
    straight = on(lambda t: -t, lambda t: -1.0)
    assert cubic_minimum(straight(0.0), straight(1.0), 1.0, 5.0) == 3.0


def test_without_a_closure_there_is_nothing_to_evaluate() -> None:
    text = "LBFGS: step() has no closure; wanted a function that computes the loss and its gradients and returns it."
    with error(TypeError, text):
        LBFGS([nn.Parameter([1.0])]).step()


def test_there_is_one_group() -> None:
    text = "LBFGS: there is more than one group of parameters; wanted one, whose steps are computed together."
    with error(ValueError, text):
        LBFGS([{"params": [nn.Parameter([1.0])]}, {"params": [nn.Parameter([1.0])]}])


def test_an_unknown_line_search_is_an_error() -> None:
    with error(ValueError, "LBFGS: line_search_fn is 'weak'; wanted 'strong_wolfe' or None."):
        LBFGS([nn.Parameter([1.0])], line_search_fn="weak")


def test_a_state_of_other_parameters_is_an_error() -> None:
    params = ours("float64")
    optimizer = LBFGS(params)
    train(params, optimizer, 1)
    other = LBFGS([nn.Parameter([1.0]), *ours("float64")[1:]])
    with error(ValueError, "LBFGS: old_dirs has shape (11,) and dtype float64; wanted real numbers of shape (6,)."):
        other.load_state_dict(optimizer.state_dict())
