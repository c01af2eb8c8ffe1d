"""Calls after the first ones look only whether the same objects are there: what changes meanwhile is seen all the same."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import nn

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(8, 3)), RNG.normal(size=(8, 2))


class Settings:
    """Of a step."""

    scale = 3

    def __init__(self) -> None:
        self.power, self.sign, self.name, self.rows = 2, True, "mean", [1, 2]
        self.offset = np.full(2, 0.5)


class Training:
    """A model, its optimizer, settings, and a step."""

    def __init__(self) -> None:
        nn.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
        self.optimizer = nn.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.5)
        self.settings = Settings()

    def step(self, x: Any, y: Any) -> Any:
        """What is compiled."""
        settings = self.settings
        self.optimizer.zero_grad()
        d = self.model(x) + settings.offset - y
        loss = (d * d * (settings.power * len(settings.rows) / settings.scale)).mean()
        loss = loss if settings.sign is True else -loss
        loss.backward()
        self.optimizer.step()
        return loss


def replaced_weight(t: Training) -> None:
    t.model[0].weight = nn.Parameter(t.model[0].weight.numpy() + 1)
    t.optimizer.param_groups[0]["params"][0] = t.model[0].weight


def replaced_group(t: Training) -> None:
    t.optimizer.param_groups[0] = {**t.optimizer.param_groups[0], "params": [*t.optimizer.param_groups[0]["params"]]}
    t.optimizer.param_groups[0]["lr"] = 0.3


CHANGES: dict[str, Callable[[Training], object]] = {
    "nothing": lambda t: None,
    "a float": lambda t: t.optimizer.param_groups[0].update(lr=0.5),
    "an integer": lambda t: setattr(t.settings, "power", 3),
    "True for an equal 1": lambda t: setattr(t.settings, "sign", 1),
    "a list, longer": lambda t: t.settings.rows.append(3),
    "an equal list, then longer": lambda t: (setattr(t.settings, "rows", [*t.settings.rows]), t.settings.rows.append(4)),
    "an attribute of a class": lambda t: setattr(t.settings, "scale", 5),
    "an array in place": lambda t: t.settings.offset.__iadd__(1),
    "another array": lambda t: setattr(t.settings, "offset", np.full(2, 2.0)),
    "another array that is broadcast": lambda t: setattr(t.settings, "offset", np.full(1, 2.0)),
    "another object": lambda t: setattr(t, "settings", Settings()),
    "a parameter in place": lambda t: t.model[0].weight.writable().__imul__(2),
    "data of a parameter": lambda t: setattr(t.model[0].weight, "data", np.ones((4, 3))),
    "another parameter": replaced_weight,
    "another group": replaced_group,
    "no gradient": lambda t: t.optimizer.zero_grad(),
    "a gradient with a gradient": lambda t: setattr(t.model[0].weight.grad, "grad", ad.Tensor(np.ones((4, 3)))),
    "a frozen parameter": lambda t: t.model[2].bias.requires_grad_(False),
    "a hook": lambda t: t.model[2].bias.register_hook(lambda g: 2 * g),
    "another layer": lambda t: t.model.__setitem__(1, nn.ReLU()),
    "no momentum": lambda t: t.optimizer.param_groups[0].update(momentum=0.0),
    "another state": lambda t: t.optimizer.state.clear(),
    "a loaded state": lambda t: t.optimizer.load_state_dict(t.optimizer.state_dict()),
    "a step as it is": lambda t: t.step(X, Y),
}


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_calls_is_seen(change: str, backend: str) -> None:
    losses, states = [], []
    for compiled in (False, True):
        t = Training()
        if change == "a hook":
            t.model[2].bias.register_hook(lambda g: 3 * g)
        run: Any = ad.compile(t.step, backend=backend) if compiled else t.step
        found = [run(X, Y).item() for _ in range(5)]
        CHANGES[change](t)
        found += [run(X, Y).item() for _ in range(3)]
        found += [run(X[:5], Y[:5]).item() for _ in range(3)]
        losses.append(found)
        states.append([p.numpy() for p in t.model.parameters()])
    np.testing.assert_allclose(*losses, rtol=1e-10)
    for a, b in zip(*states, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_other_batches_modes_and_layouts_are_seen(backend: str) -> None:
    results = []
    for compiled in (False, True):
        t = Training()
        run: Any = ad.compile(t.step, backend=backend) if compiled else t.step
        found = [run(x, y).item() for _ in range(4) for x, y in ((X, Y), (X + 1, Y - 1), (ad.Tensor(X), Y))]
        found += [run(x, y).item() for _ in range(3) for x, y in ((X[::2], Y[::2]), (np.asfortranarray(X), Y), (X[:4], Y[4:]))]
        results.append(found)
    np.testing.assert_allclose(*results, rtol=1e-10)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_gradient_or_a_result_that_is_kept_stays_as_it_was(backend: str) -> None:
    t = Training()
    run = ad.compile(t.step, backend=backend)
    losses = [run(X, Y) for _ in range(5)]
    values = [loss.item() for loss in losses]
    kept = t.model[0].weight.grad
    before = kept.numpy().copy()
    view = t.model[2].weight.grad.numpy()
    view_before = view.copy()
    losses += [run(X, Y) for _ in range(3)]
    np.testing.assert_array_equal(kept.numpy(), before)
    np.testing.assert_array_equal(view, view_before)
    assert kept is not t.model[0].weight.grad
    assert [loss.item() for loss in losses[:5]] == values


def test_a_graph_that_needs_the_weights_from_before_says_so() -> None:
    t = Training()
    run = ad.compile(t.step)
    for _ in range(5):
        run(X, Y)
    loss = (t.model[0].weight * t.model[0].weight).sum()
    run(X, Y)
    with pytest.raises(RuntimeError, match=r"overwritten|changed|written"):
        loss.backward()


def test_a_call_under_no_grad_or_in_a_capture_is_not_the_same_call() -> None:
    w = ad.Tensor([1.0, 2.0], requires_grad=True)
    double = ad.compile(lambda x: (w * x).detach() * 2)
    x = np.ones(2)
    for _ in range(4):
        np.testing.assert_array_equal(double(x).numpy(), [2, 4])
    with ad.no_grad():
        np.testing.assert_array_equal(double(x).numpy(), [2, 4])
    assert double.captures == 2
    outer = ad.compile(lambda x: double(x) + 1)
    for _ in range(3):
        np.testing.assert_array_equal(outer(x).numpy(), [3, 5])


def test_a_number_in_float32_is_known_again_when_a_program_is_checked() -> None:
    x = RNG.normal(size=(32, 64)).astype(np.float32)
    mean = ad.compile(lambda: ad.Tensor(np.exp(x)).mean())
    assert [mean().dtype for _ in range(4)] == [np.dtype(np.float32)] * 4


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_what_is_in_a_container_matters_not_which_it_is(backend: str) -> None:
    class Batch:
        def __init__(self, x: np.ndarray) -> None:
            self.x = x

    state: dict[str, Any] = {"moments": {"m": np.zeros(2)}, "batch": Batch(np.ones(2))}
    step = ad.compile(lambda: state["moments"]["m"] * 0.5 + state["batch"].x, backend=backend)
    for i in range(20):
        state["moments"], state["batch"] = {"m": np.full(2, float(i))}, Batch(np.full(2, 2.0 * i))
        np.testing.assert_array_equal(step(), np.full(2, 2.5 * i))
    assert step.captures <= 3


def test_what_a_step_adds_to_what_it_is_given_is_added_to_what_others_give() -> None:
    @ad.compile
    def step(history: list[Any], seen: dict[str, Any], x: Any) -> Any:
        history.append(x * 2)
        seen["x"] = x + 1
        return x

    for i in range(4):
        history: list[Any] = []
        seen: dict[str, Any] = {}
        step(history, seen, np.full(2, float(i)))
        np.testing.assert_array_equal(history, [np.full(2, 2.0 * i)])
        np.testing.assert_array_equal(seen["x"], np.full(2, i + 1.0))
    assert step.captures == 1
