"""What is true of every optimizer: its update is a pure function of arrays, which can be captured."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad
import nn
from nn import optim

DECAY_AND_DIRECTION = {"weight_decay": (0.0, 0.01), "maximize": (False, True)}
CHOICES: dict[str, dict[str, tuple[Any, ...]]] = {
    "ASGD": {"lambd": (1e-4, 0.1), "t0": (1e6, 1.0), "alpha": (0.75, 0.5), **DECAY_AND_DIRECTION},
    "Adadelta": {"rho": (0.9, 0.5), "eps": (1e-6, 1e-3), **DECAY_AND_DIRECTION},
    "Adagrad": {"lr_decay": (0.0, 0.1), "initial_accumulator_value": (0.0, 0.5), **DECAY_AND_DIRECTION},
    "Adam": {
        "betas": ((0.9, 0.999), (0.0, 0.5)),
        "amsgrad": (False, True),
        "decoupled_weight_decay": (False, True),
        **DECAY_AND_DIRECTION,
    },
    "AdamW": {"eps": (1e-8, 1e-2), "amsgrad": (False, True), **DECAY_AND_DIRECTION},
    "Adamax": {"betas": ((0.9, 0.999), (0.5, 0.5)), "eps": (1e-8, 1e-2), **DECAY_AND_DIRECTION},
    "NAdam": {
        "betas": ((0.9, 0.999), (0.5, 0.5)),
        "momentum_decay": (0.004, 0.1),
        "decoupled_weight_decay": (False, True),
        **DECAY_AND_DIRECTION,
    },
    "RAdam": {"betas": ((0.9, 0.999), (0.5, 0.5)), "decoupled_weight_decay": (False, True), **DECAY_AND_DIRECTION},
    "RMSprop": {"alpha": (0.99, 0.5), "momentum": (0.0, 0.9), "centered": (False, True), **DECAY_AND_DIRECTION},
    "Rprop": {"etas": ((0.5, 1.2), (0.3, 2.0)), "step_sizes": ((1e-6, 50), (0.05, 0.15)), "maximize": (False, True)},
    "SGD": {
        "momentum": (0.0, 0.9),
        "dampening": (0.0, 0.3),
        "nesterov": (False, True),
        **DECAY_AND_DIRECTION,
    },
}
STEPS = 3
ALL_AT_ONCE = {"LBFGS"}  # whose step is no update of each parameter
OPTIMIZERS = sorted(set(optim.__all__) - {"Optimizer", "lr_scheduler"} - ALL_AT_ONCE)


def combinations(choices: dict[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Each choice with each choice of the others."""
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


def built(name: str) -> list[Any]:
    """An optimizer of each combination of settings that makes sense."""
    optimizers = []
    for settings in combinations(CHOICES[name]):
        try:
            optimizers.append(getattr(optim, name)([nn.Parameter([1.0])], lr=0.1, **settings))
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


def is_number(optimizer: Any, name: str) -> bool:
    """Whether it is a number in the state, by its name, also after that of a step."""
    return name.split()[0] in optimizer.numbers


def test_every_optimizer_is_tried() -> None:
    assert set(OPTIMIZERS) == set(CHOICES)
    assert all(len(built(name)) > 1 for name in OPTIMIZERS)


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
        made = [new, *(value for name, value in changed.items() if not is_number(optimizer, name))]
        assert not any(np.shares_memory(x, g) for x in made)
        assert not np.shares_memory(new, p)
        assert {x.dtype for x in made} == {np.dtype(dtype)}
        p, state = new, changed
        for x in made:
            x.flags.writeable = False
    for x, y in zip(given, before, strict=True):
        assert_array_equal(x, y)


@each_optimizer
def test_a_step_writes_what_the_update_gives(optimizer: Any) -> None:
    p, *gradients = arrays(0, np.float64)
    parameter = nn.Parameter(p)
    settings = {key: value for key, value in optimizer.param_groups[0].items() if key != "params"}
    stepping = type(optimizer)([{"params": [parameter], **settings}])
    state: dict[str, Any] = {}
    for g in gradients:
        parameter.grad = nn.Parameter(g).detach()
        stepping.step()
        p, state = optimizer.update(p, g, state, settings)
        assert_array_equal(parameter.numpy(), p, strict=True)
        for name, value in stepping.state.get(parameter, {}).items():
            assert_array_equal(value, state[name], strict=True)


@each_optimizer
def test_a_large_array_is_updated_in_parts_to_the_same(optimizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.optim.optimizer.PART", 4)
    whole, sizes = optimizer.update, []

    def watched(p: Any, *others: Any) -> Any:
        sizes.append(p.size)
        return whole(p, *others)

    monkeypatch.setattr(type(optimizer), "update", staticmethod(watched))
    test_a_step_writes_what_the_update_gives(optimizer)
    assert sizes == [4, 2, 6] * STEPS  # in parts by the step, at once for comparison


class OfWholes(optim.SGD):
    """Steps along the gradient, of length 1."""

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return p - g / np.sqrt((g * g).sum()), state


def test_what_is_not_element_by_element_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.optim.optimizer.PART", 4)
    p = nn.Parameter(np.zeros(9))
    p.grad = nn.Parameter(np.ones(9)).detach()
    OfWholes([p]).step()
    assert p.tolist() == [-1 / 3] * 9


@pytest.mark.parametrize("lr", [0.1, np.float64(0.1)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_parts_of_any_layout_and_of_wide_settings_keep_their_type(lr: Any, order: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    values, gradient = (np.asarray(x, order=order) for x in arrays(0, np.float32)[:2])

    def stepped() -> np.ndarray:
        p = ad.asarray(values.copy(order="K")).requires_grad_()
        p.grad = ad.Tensor(gradient)
        optimizer = optim.Adam([p], lr=lr)
        for _ in range(3):
            optimizer.step()
        assert {x.dtype for key, x in optimizer.state[p].items() if key != "step"} == {np.dtype(np.float32)}
        return p.numpy()

    whole = stepped()
    monkeypatch.setattr("nn.optim.optimizer.PART", 4)
    assert_array_equal(stepped(), whole, strict=True)


class Counting(optim.Optimizer):
    """Descent by 1, 1/2, 1/3 and so on times the gradient."""

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        count = state.get("step", 0.0) + 1
        return p - g / count, {"step": count, "last": g * 1.0}


@each_type
def test_the_state_of_an_optimizer_of_ones_own_is_continued(dtype: Any) -> None:
    first, second = (nn.Parameter(np.ones(3, dtype)) for _ in range(2))
    optimizer, other = Counting([first], {}), Counting([second], {})
    for p in (first, second):
        p.grad = nn.Parameter(np.full(3, 6, dtype)).detach()
    optimizer.step()
    other.load_state_dict(optimizer.state_dict())
    other.step()
    assert second.tolist() == [1 - 6 / 2] * 3
    assert other.state[second]["step"] == 2.0
    assert type(other.state[second]["step"]) is float
