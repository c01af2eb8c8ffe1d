"""Optimizers beside PyTorch's: steps, groups, states that go both ways, settings that are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from beside_torch import error
from numpy.testing import assert_allclose, assert_array_equal
from test_optimizers import CHOICES, OPTIMIZERS, built

import autodiff as ad
import nn
from nn import optim

CASES = [pytest.param(name, case.param_groups[0], id=repr(case)) for name in OPTIMIZERS for case in built(name)]
each_case = pytest.mark.parametrize(("name", "group"), CASES)
each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
each_type = pytest.mark.parametrize("dtype", ["float64", "float32"])
STEPS = 25


def settings(name: str, group: dict[str, Any]) -> dict[str, Any]:
    """Those of a group that the table chooses, and the rate."""
    return {key: group[key] for key in ("lr", *CHOICES[name])}


def start(dtype: str) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(dtype) for shape in [(3, 2), (4,), ()]]


def ours(dtype: str) -> list[ad.Tensor]:
    return [nn.Parameter(x) for x in start(dtype)]


def theirs(torch: Any, dtype: str) -> list[Any]:
    return [torch.tensor(x, requires_grad=True) for x in start(dtype)]


def loss(params: list[Any]) -> Any:
    """Narrow valleys, whose walls are of several heights."""
    a, b, c = params
    return ((a * a - 1) ** 2).sum() + 5 * (a.sum() - b.sum()) ** 2 + (b * b * b * b).sum() + (c - 1) ** 4


def train(params: list[Any], optimizer: Any, steps: int, after: Callable[[], Any] = lambda: None) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        loss(params).backward()
        optimizer.step()
        after()


@contextmanager
def numbers_of_64_bits(torch: Any) -> Iterator[None]:
    """PyTorch keeps numbers in states, such as the product of momenta, in its default type."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def assert_near(array: Any, tensor: Any, dtype: str) -> None:
    rtol, atol = (1e-9, 1e-10) if dtype == "float64" else (1e-4, 1e-5)
    assert_allclose(array, tensor.detach().numpy(), rtol=rtol, atol=atol * (1 + abs(tensor.detach().numpy()).max()))


def assert_close(params: list[Any], expected: list[Any], dtype: str) -> None:
    for p, q in zip(params, expected, strict=True):
        assert p.dtype == dtype
        assert_near(p.numpy(), q, dtype)


@pytest.mark.peer
@each_type
@each_case
def test_steps_are_those_of_pytorch(torch: Any, name: str, group: dict[str, Any], dtype: str) -> None:
    params, expected = ours(dtype), theirs(torch, dtype)
    chosen = settings(name, group) | {"lr": 0.01}
    steps = STEPS if not chosen.get("maximize") else 5  # up without end
    optimizer, other = getattr(optim, name)(params, **chosen), getattr(torch.optim, name)(expected, **chosen)
    with numbers_of_64_bits(torch):
        train(params, optimizer, steps)
        train(expected, other, steps)
    assert_close(params, expected, dtype)
    for i, entry in optimizer.state_dict()["state"].items():
        for key, value in other.state_dict()["state"][i].items():
            assert_near(entry[key], value, dtype)


@pytest.mark.peer
@each_type
@each_optimizer
def test_steps_of_groups_with_a_schedule_are_those_of_pytorch(torch: Any, name: str, dtype: str) -> None:
    def run(library: Any, params: list[Any]) -> None:
        groups = [{"params": params[:2], "lr": 0.02}, {"params": params[2:]}]
        optimizer = getattr(library, name)(groups, lr=0.01)
        scheduler = library.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.5)
        train(params, optimizer, STEPS, scheduler.step)

    params, expected = ours(dtype), theirs(torch, dtype)
    with numbers_of_64_bits(torch):
        run(optim, params)
        run(torch.optim, expected)
    assert_close(params, expected, dtype)


def arrays(value: Any) -> Any:
    """A state of PyTorch's with arrays for tensors."""
    if isinstance(value, dict):
        return {key: arrays(item) for key, item in value.items()}
    if isinstance(value, list):
        return [arrays(item) for item in value]
    return value.numpy().copy() if hasattr(value, "numpy") else value


def tensors(torch: Any, value: Any) -> Any:
    """A state of ours with PyTorch's tensors for arrays."""
    if isinstance(value, dict):
        return {key: tensors(torch, item) for key, item in value.items()}
    if isinstance(value, list):
        return [tensors(torch, item) for item in value]
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


@pytest.mark.peer
@each_case
def test_a_state_goes_both_ways(torch: Any, name: str, group: dict[str, Any]) -> None:
    chosen = settings(name, group) | {"lr": 0.01}
    with numbers_of_64_bits(torch):
        params, expected = ours("float64"), theirs(torch, "float64")
        first, second = getattr(optim, name)(params, **chosen), getattr(torch.optim, name)(expected, **chosen)
        train(params, first, 3)
        train(expected, second, 3)
        state, other = first.state_dict(), second.state_dict()
        assert {i: {*entry} for i, entry in state["state"].items()} == {i: {*entry} for i, entry in other["state"].items()}
        first.load_state_dict(arrays(other))
        second.load_state_dict({**tensors(torch, state), "param_groups": other["param_groups"]})
        train(params, first, 3)
        train(expected, second, 3)
    assert_close(params, expected, "float64")


@each_type
@each_case
def test_what_is_continued_from_a_state_is_what_was_not_interrupted(name: str, group: dict[str, Any], dtype: str) -> None:
    chosen = settings(name, group) | {"lr": 0.01}
    params = ours(dtype)
    optimizer = getattr(optim, name)(params, **chosen)
    train(params, optimizer, 3)
    copies = [nn.Parameter(p.numpy()) for p in params]
    continued = getattr(optim, name)(copies, **chosen)
    continued.load_state_dict(optimizer.state_dict())
    train(params, optimizer, 3)
    train(copies, continued, 3)
    for p, q in zip(params, copies, strict=True):
        assert_array_equal(p.numpy(), q.numpy(), strict=True)
    for one, other in zip(optimizer.state.values(), continued.state.values(), strict=True):
        assert one.keys() == other.keys()
        for key in one:
            assert_array_equal(one[key], other[key], strict=True)


@pytest.mark.peer
@pytest.mark.parametrize("name", sorted({*optim.__all__} - {"Optimizer", "lr_scheduler"}))
def test_defaults_are_those_of_pytorch(torch: Any, name: str) -> None:
    defaults = getattr(optim, name)([nn.Parameter([1.0])]).defaults
    expected = getattr(torch.optim, name)([torch.ones(1, requires_grad=True)]).defaults
    assert defaults == {key: expected[key] for key in defaults}
    assert {*expected} - {*defaults} <= {"foreach", "capturable", "differentiable", "fused"}


@each_optimizer
def test_training_makes_the_loss_fall(name: str) -> None:
    params = ours("float64")
    before = loss(params).item()
    train(params, getattr(optim, name)(params, lr=1.0 if name == "Adadelta" else 0.01), 100)
    assert loss(params).item() < before


def wide(setting: Any) -> Any:
    """A setting with NumPy's numbers."""
    return tuple(map(np.float64, setting)) if isinstance(setting, tuple) else np.float64(setting)


@each_optimizer
def test_float32_stays_float32_where_settings_are_numbers_of_numpy(name: str) -> None:
    defaults = getattr(optim, name)([nn.Parameter([1.0])]).defaults
    for setting in [key for key, value in defaults.items() if not isinstance(value, bool)]:
        params = ours("float32")
        optimizer = getattr(optim, name)(params, **{setting: wide(defaults[setting])})
        train(params, optimizer, 3)
        assert {p.dtype for p in params} == {np.dtype(np.float32)}
        kept = [x for entry in optimizer.state.values() for key, x in entry.items() if key not in optimizer.numbers]
        assert {x.dtype for x in kept} <= {np.dtype(np.float32)}, setting


# --- settings that are refused ----------------------------------------------------------------------------------------------------

NEGATIVE = {
    "ASGD": ["lr", "lambd", "weight_decay"],
    "Adadelta": ["lr", "rho", "eps", "weight_decay"],
    "Adagrad": ["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"],
    "Adam": ["lr", "eps", "weight_decay"],
    "AdamW": ["lr", "eps", "weight_decay"],
    "Adamax": ["lr", "eps", "weight_decay"],
    "NAdam": ["lr", "eps", "weight_decay", "momentum_decay"],
    "RAdam": ["lr", "eps", "weight_decay"],
    "RMSprop": ["lr", "alpha", "eps", "weight_decay", "momentum"],
    "Rprop": ["lr"],
}


@pytest.mark.parametrize(("name", "setting"), [(name, setting) for name, which in NEGATIVE.items() for setting in which])
def test_a_negative_setting_is_an_error(name: str, setting: str) -> None:
    with error(ValueError, f"{name}: {setting} is -0.5; it must be 0 or more."):
        getattr(optim, name)([nn.Parameter([1.0])], **{setting: -0.5})


@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, 1.0), (-0.1, 0.9), (0.9,), 0.9, ("a", "b")])
@pytest.mark.parametrize("name", ["Adam", "AdamW", "Adamax", "NAdam", "RAdam"])
def test_betas_are_two_numbers_below_1(name: str, betas: Any) -> None:
    with error(ValueError, f"{name}: betas is {betas!r}; it must be two numbers of 0 or more and below 1."):
        getattr(optim, name)([nn.Parameter([1.0])], betas=betas)


@pytest.mark.parametrize("etas", [(0.0, 1.2), (1.0, 1.2), (0.5, 1.0)])
def test_etas_are_below_and_above_1(etas: Any) -> None:
    with error(ValueError, f"Rprop: etas is {etas!r}; it must be a number between 0 and 1, and one above 1."):
        optim.Rprop([nn.Parameter([1.0])], etas=etas)


def test_rho_is_at_most_1() -> None:
    with error(ValueError, "Adadelta: rho is 1.5; it must be 1 or less."):
        optim.Adadelta([nn.Parameter([1.0])], rho=1.5)


def test_a_state_without_a_setting_is_an_error_that_names_it() -> None:
    optimizer = optim.AdamW([nn.Parameter([1.0])])
    state = optimizer.state_dict()
    del state["param_groups"][0]["decoupled_weight_decay"]
    text = "AdamW: the state has groups without decoupled_weight_decay; add it to its param_groups."
    with error(ValueError, text):
        optimizer.load_state_dict(state)


def test_a_number_in_a_state_must_be_one() -> None:
    params = ours("float64")
    optimizer = optim.Adam(params)
    train(params, optimizer, 1)
    state = optimizer.state_dict()
    state["state"][0]["step"] = np.ones(2)
    with error(ValueError, "Adam: step has shape (2,) and dtype float64; wanted a number."):
        optimizer.load_state_dict(state)
