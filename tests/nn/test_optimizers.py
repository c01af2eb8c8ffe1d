"""What is true of every optimizer: its update is a pure function of arrays, which can be captured."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import nn
from nn import optim
from tests.recording import RecordingArray, record

CHOICES: dict[str, dict[str, tuple[Any, ...]]] = {
    "SGD": {
        "momentum": (0.0, 0.9),
        "dampening": (0.0, 0.3),
        "weight_decay": (0.0, 0.01),
        "nesterov": (False, True),
        "maximize": (False, True),
    }
}
STEPS = 3
OPTIMIZERS = sorted(name for name, value in vars(optim).items() if isinstance(value, type) and value is not optim.Optimizer)


def built(name: str) -> list[Any]:
    """An optimizer of each combination of settings that makes sense."""
    optimizers, choices = [], CHOICES[name]
    for values in itertools.product(*choices.values()):
        try:
            optimizers.append(getattr(optim, name)([nn.Parameter([1.0])], lr=0.1, **dict(zip(choices, values, strict=True))))
        except ValueError:
            continue
    return optimizers


each_optimizer = pytest.mark.parametrize(
    "optimizer", [pytest.param(built_one, id=repr(built_one)) for name in OPTIMIZERS for built_one in built(name)]
)
each_type = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def arrays(seed: int, dtype: Any) -> list[np.ndarray]:
    """A parameter, and a gradient for each step; none can be written to."""
    made = [x.astype(dtype) for x in np.random.default_rng(seed).normal(size=(1 + STEPS, 3, 2))]
    for x in made:
        x.flags.writeable = False
    return made


def run(optimizer: Any, p: Any, gradients: Any) -> list[Any]:
    """The values of a parameter and of its state after each step."""
    results: list[Any] = []
    state: dict[str, Any] = {}
    for g in gradients:
        given, settings = dict(state), dict(optimizer.param_groups[0])
        p, new = optimizer.update(p, g, state, settings)
        assert state == given or all(state[key] is given[key] for key in given)
        assert settings == optimizer.param_groups[0]
        state = new
        results += [p, *state.values()]
    return results


def test_every_optimizer_is_tried() -> None:
    assert set(OPTIMIZERS) == set(CHOICES)
    assert all(len(built(name)) > 1 for name in OPTIMIZERS)


@each_type
@each_optimizer
def test_an_update_can_be_captured(optimizer: Any, dtype: Any) -> None:
    now, later = arrays(0, dtype), arrays(1, dtype)
    tape, p, *gradients = record(*now)
    recorded = run(optimizer, p, gradients)
    for result, value, other in zip(recorded, run(optimizer, now[0], now[1:]), run(optimizer, later[0], later[1:]), strict=True):
        assert type(result) is RecordingArray
        assert_array_equal(result.private_value, value, strict=True)
        assert_array_equal(tape.replay(later, result), other, strict=True)


@each_type
@each_optimizer
def test_an_update_changes_nothing_it_is_given_and_keeps_its_type(optimizer: Any, dtype: Any) -> None:
    given = arrays(0, dtype)
    before = [x.copy() for x in given]
    p: Any = given[0]
    state: dict[str, Any] = {}
    for g in given[1:]:
        kept = dict(state)
        new, changed = optimizer.update(p, g, state, optimizer.param_groups[0])
        assert state == kept
        assert not any(np.shares_memory(x, g) for x in [new, *changed.values()])
        assert not np.shares_memory(new, p)
        assert {x.dtype for x in [new, *changed.values()]} == {np.dtype(dtype)}
        p, state = new, changed
        for x in [p, *state.values()]:
            x.flags.writeable = False
    for x, y in zip(given, before, strict=True):
        assert_array_equal(x, y)


@each_optimizer
def test_a_step_writes_what_the_update_gives(optimizer: Any) -> None:
    p, *gradients = arrays(0, np.float64)
    parameter = nn.Parameter(p)
    settings = {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
    stepping = type(optimizer)([parameter], **settings)
    state: dict[str, Any] = {}
    for g in gradients:
        parameter.grad = nn.Parameter(g).detach()
        stepping.step()
        p, state = optimizer.update(p, g, state, settings)
        assert_array_equal(parameter.numpy(), p, strict=True)
        for name, value in stepping.state.get(parameter, {}).items():
            assert_array_equal(value, state[name], strict=True)
