"""What happens around training steps: whatever is changed between them or hooked into them, they are the steps themselves."""

from __future__ import annotations

import copy
import multiprocessing
import os
from typing import Any

import numpy as np
import pytest
from beside_eager import assert_same, compile, run_beside_eager

import autodiff as ad
import nn
from nn import optim


def batch(i: int, rows: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(i)
    return rng.normal(size=(rows, 3)), rng.normal(size=(rows, 2))


class Training:
    """A network with its optimizer, and a step of it."""

    def __init__(self, *layers: Any, make: Any = None, clip: float | None = None) -> None:
        nn.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 4), *layers, nn.Tanh(), nn.Linear(4, 2))
        self.optimizer = (make or (lambda model: optim.Adam(model.parameters(), lr=0.1)))(self.model)
        self.clip = clip

    def step(self, x: Any, y: Any) -> Any:
        self.optimizer.zero_grad()
        loss = nn.functional.mse_loss(self.model(x), y)
        loss.backward()
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        return loss.detach()

    def build(self) -> Any:
        return self.step, self, batch


def same_as_eager(*layers: Any, steps: int = 8, captures: int | None = None, between: Any = None, **options: Any) -> None:
    """Assert that the steps of a training are the same when they are compiled, with `between(i, training)` before each."""
    run_beside_eager(lambda: Training(*copy.deepcopy(layers), **options).build(), steps, captures, between)


def test_gradients_of_parts_of_a_batch_are_added_up() -> None:
    def build() -> Any:
        training = Training()
        model, optimizer = training.model, training.optimizer

        def accumulate(i: int, x: Any, y: Any) -> Any:
            if i % 3 == 0:
                optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y) / 3
            loss.backward()
            if i % 3 == 2:
                optimizer.step()
            return loss.detach()

        return accumulate, training, lambda i: (i % 3, *batch(i))

    run_beside_eager(build, steps=12, captures=6)  # three parts, at first without gradients and a state


def test_parts_of_a_batch_in_one_step() -> None:
    def build() -> Any:
        training = Training()

        def step(x: Any, y: Any) -> None:
            training.optimizer.zero_grad()
            for rows in np.split(np.arange(6), 3):
                (nn.functional.mse_loss(training.model(x[rows]), y[rows]) / 3).backward()
            training.optimizer.step()

        return step, training, batch

    run_beside_eager(build, captures=2)


def test_groups_of_parameters_have_settings_of_their_own() -> None:
    def make(model: Any) -> Any:
        groups = [{"params": model[0].parameters(), "lr": 0.5}, {"params": model[2].parameters(), "weight_decay": 0.1}]
        return optim.SGD(groups, lr=0.1, momentum=0.9)

    def between(i: int, training: Training) -> None:
        training.optimizer.param_groups[i % 2]["lr"] *= 0.5

    same_as_eager(make=make, between=between, captures=2)


def test_a_group_of_parameters_may_be_added() -> None:
    def make(model: Any) -> Any:
        return optim.SGD(model[0].parameters(), lr=0.1, momentum=0.9)

    def between(i: int, training: Training) -> None:
        if i == 3:
            training.optimizer.add_param_group({"params": training.model[2].parameters()})

    same_as_eager(make=make, between=between)


def test_a_parameter_that_two_layers_share_has_the_gradients_of_both() -> None:
    def build() -> Any:
        training = Training(nn.Tanh(), nn.Linear(4, 4), nn.Linear(4, 4))
        training.model[3].weight = training.model[2].weight
        training.optimizer = optim.AdamW(training.model.parameters(), lr=0.1)
        return training.build()

    run_beside_eager(build, captures=2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_another_type_between_steps(dtype: Any) -> None:
    def build() -> Any:
        training = Training(make=lambda model: optim.SGD(model.parameters(), lr=0.1))
        return training.step, training, lambda i: tuple(x.astype(np.float64 if i < 3 else dtype) for x in batch(i))

    def between(i: int, training: Training) -> None:
        if i == 3:
            training.model.to(dtype)

    run_beside_eager(build, 6, between=between)


def test_states_are_loaded_between_steps() -> None:
    kept: dict[int, Any] = {}

    def between(i: int, training: Training) -> None:
        if i == 2:
            kept[id(training)] = copy.deepcopy((training.model.state_dict(), training.optimizer.state_dict()))
        if i in (4, 6):
            model, optimizer = copy.deepcopy(kept[id(training)])
            training.model.load_state_dict(model)
            training.optimizer.load_state_dict(optimizer)

    same_as_eager(nn.BatchNorm1d(4), between=between, captures=5)  # the optimizer has other groups after each load


def test_hooks_are_captured_and_may_come_and_go() -> None:
    def between(i: int, training: Training) -> None:
        if i == 2:
            training.forward = training.model[1].register_forward_hook(lambda module, args, y: y * 2)
            training.before = training.model[2].register_forward_pre_hook(lambda module, args: (args[0] + 1,))
        if i == 3:
            training.tensor = training.model[0].weight.register_hook(lambda g: g * 0.5)
        if i == 5:
            training.forward.remove()
            training.tensor()

    same_as_eager(between=between)


def test_a_hook_may_keep_what_it_sees() -> None:
    def build() -> Any:
        training = Training()
        training.seen = {}

        def keep(module: Any, args: Any, y: Any) -> None:
            training.seen["activations"] = y.detach()

        training.model[1].register_forward_hook(keep)
        return training.step, (training.seen, training.model), batch

    run_beside_eager(build, captures=2)


def test_training_and_evaluation_by_turns() -> None:
    def build() -> Any:
        training = Training(nn.BatchNorm1d(4), nn.Dropout(0.5))

        def step(x: Any, y: Any) -> Any:
            return training.step(x, y) if training.model.training else training.model(x).detach()

        return step, training, batch

    def between(i: int, training: Training) -> None:
        training.model.train(i % 4 < 2)

    run_in_turns(build, between)


def run_in_turns(build: Any, between: Any) -> None:
    """Both with the same generator of `nn`, as it was before the first."""
    results = []
    for change in (compile, lambda step: step):
        step, training, given = build()
        nn.manual_seed(1)
        run = change(step)
        for i in range(12):
            between(i, training)
            results.append((i, run(*given(i)), copy.deepcopy(training.model.state_dict())))
        captures = getattr(run, "captures", 0)
        assert captures in (0, 3)  # without a state, with one, and evaluation
    for (_, a, b), (_, c, d) in zip(results[:12], results[12:], strict=True):
        assert_same(a, c)
        assert_same({key: x.numpy() for key, x in b.items()}, {key: x.numpy() for key, x in d.items()})


@pytest.mark.parametrize("clip", [1e-3, 1e3])
def test_gradients_are_clipped_or_not(clip: float) -> None:
    same_as_eager(clip=clip, captures=2)


def test_gradients_are_clipped_by_value_and_regularized() -> None:
    def build() -> Any:
        training = Training()

        def step(x: Any, y: Any) -> Any:
            training.optimizer.zero_grad()
            norm = sum((p**2).sum() for p in training.model.parameters())
            loss = nn.functional.cross_entropy(training.model(x), np.argmax(y, 1)) + 0.01 * norm
            loss.backward()
            nn.utils.clip_grad_value_(training.model.parameters(), 0.01)
            training.optimizer.step()
            return {"loss": loss.detach(), "norm": norm.detach()}

        return step, training, batch

    run_beside_eager(build, captures=2)


def test_an_average_of_the_parameters_that_is_kept_by_hand() -> None:
    def build() -> Any:
        training = Training()
        average = {name: p.numpy().copy() for name, p in training.model.named_parameters()}

        def step(x: Any, y: Any) -> Any:
            loss = training.step(x, y)
            for name, p in training.model.named_parameters():
                average[name] *= 0.9
                average[name] += 0.1 * p.detach().numpy()
            return loss

        return step, (training, average), batch

    run_beside_eager(build)


# --- where it runs ---------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_after_a_fork_both_go_on_by_themselves() -> None:
    training, eager = Training(nn.BatchNorm1d(4)), Training(nn.BatchNorm1d(4))
    compiled = ad.compile(training.step)
    for i in range(4):
        compiled(*batch(i))
        eager.step(*batch(i))
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def child() -> None:
        theirs.send([compiled(*batch(i)).item() for i in range(4, 8)])

    process = context.Process(target=child)
    process.start()
    losses = ours.recv()
    process.join()
    assert process.exitcode == 0
    before = eager.model[0].weight.numpy().copy()
    np.testing.assert_allclose(training.model[0].weight.numpy(), before, rtol=1e-12)
    expected = [eager.step(*batch(i)).item() for i in range(4, 8)]
    np.testing.assert_allclose(losses, expected, rtol=1e-11)
    np.testing.assert_allclose([compiled(*batch(i)).item() for i in range(4, 8)], expected, rtol=1e-11)


def test_an_error_after_the_step_has_been_captured_leaves_what_was_there() -> None:
    training = Training()

    def step(x: Any, y: Any) -> Any:
        loss = training.step(x, y)
        return loss + np.linalg.inv(x[:3]).sum()

    compiled = compile(step)
    for i in range(3):
        compiled(*batch(i))
    x, y = batch(3)
    x[:3] = 0
    before = copy.deepcopy(training)
    with pytest.raises(np.linalg.LinAlgError):
        compiled(x, y)
    assert_same(training, before)


# --- what is given ---------------------------------------------------------------------------------------------------------------


def test_one_array_for_two_arguments_and_then_two() -> None:
    x, y = np.arange(3.0), np.ones(3)

    def step(a: Any, b: Any) -> Any:
        a *= 2
        return a + b

    compiled = compile(step)
    for a, b in ((x, x), (x, y), (y, x), (y, y), (x, x)):
        same = a is b
        a, b = a.copy(), b.copy()
        b = a if same else b
        expected = 4 * a if same else 2 * a + b
        assert_same(compiled(a, b), expected)


def test_a_state_that_is_a_part_of_another_array() -> None:
    def build() -> Any:
        memory = np.zeros((2, 3))
        state = {"w": memory[0]}

        def step(x: Any) -> Any:
            state["w"] += x
            return state["w"] * 2

        return step, (memory, state), lambda i: (np.arange(3.0) + i,)

    run_beside_eager(build, captures=1)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.asfortranarray(x),
        lambda x: x[::-1],
        lambda x: np.repeat(x, 2, axis=0)[::2],
        lambda x: np.broadcast_to(x[:1], x.shape),
        lambda x: np.lib.stride_tricks.as_strided(x, writeable=False),
    ],
    ids=["by columns", "backwards", "with gaps", "repeated", "read-only"],
)
def test_layouts_of_what_is_given(change: Any) -> None:
    def build() -> Any:
        training = Training()
        return training.step, training, lambda i: tuple(change(x) if i % 2 else x for x in batch(i))

    run_beside_eager(build)


def test_a_variable_of_the_closure_that_is_assigned_anew() -> None:
    def build() -> Any:
        rate, weights, layers = 0.5, np.ones(3), [np.tanh]

        def step(x: Any) -> Any:
            y = x * weights * rate
            for layer in layers:
                y = layer(y)
            return y

        def change(i: int) -> None:
            nonlocal rate, weights, layers
            rate, weights = rate * 0.5, weights + i
            layers = [np.tanh, np.sin] if i == 4 else layers

        return step, change, lambda i: (np.arange(3.0) + i,)

    run_beside_eager(build, steps=7, captures=2, between=lambda i, change: change(i))
