"""What a compiled function finds, what it is captured anew for, what it refuses, and that errors change nothing."""

from __future__ import annotations

import copy
import functools
import gc
import pickle
import random
import threading
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from beside_eager import assert_same, compile, refused, run_beside_eager

import autodiff as ad
import nn
from nn import optim

RATE = 0.5
WEIGHTS = np.ones(3)


def test_plain_numpy_in_closures_lists_tuples_dicts_and_attributes() -> None:
    class Model:
        scale = 2.0

        def __init__(self) -> None:
            self.w, self.rate, self.parts = np.ones(3), 0.1, {"a": [np.ones(3), (np.zeros(3), 1.5)]}

        @property
        def twice(self) -> Any:
            return 2 * self.w

        def step(self, x: Any) -> Any:
            error = self.twice @ x - self.parts["a"][1][1]
            self.w -= self.rate * error * x * self.scale
            self.parts["a"][1][0][:] = self.w
            self.parts["a"][0] = self.parts["a"][0] + self.w
            return error**2

    def build() -> Any:
        model = Model()
        return model.step, model, lambda i: (np.arange(3.0) * i,)

    run_beside_eager(build, captures=1)


def test_globals_and_their_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    step = compile(lambda x: RATE * x * WEIGHTS)
    assert_same(step(np.ones(3)), np.full(3, 0.5))
    monkeypatch.setattr(f"{__name__}.RATE", 0.25)
    monkeypatch.setattr(f"{__name__}.WEIGHTS", np.full(3, 3.0))
    assert_same(step(np.ones(3)), np.full(3, 0.75))
    assert step.captures == 1


@dataclass
class Batch:
    x: Any
    extra: dict[str, Any]


@pytest.mark.parametrize(
    "given",
    [
        lambda i: {"x": np.ones(2) * i, "n": [np.ones(2), (i * 1.0, np.ones(2))]},
        lambda i: [np.ones(2) * i, {"a": i * 1.0}],
        lambda i: (np.ones(2) * i, {"a": i * 1.0}, [ad.Tensor([1.0 * i])]),
        lambda i: Batch(np.ones(2) * i, {"y": ad.Tensor([1.0, i])}),
    ],
)
def test_what_is_given_may_be_in_other_containers_each_time(given: Any) -> None:
    def total(x: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return sum(total(part) for part in x)
        if isinstance(x, dict):
            return total([*x.values()])
        return total([x.x, x.extra]) if isinstance(x, Batch) else x * 1.0

    run_beside_eager(lambda: (lambda x: {"sum": total(x)}, None, lambda i: (given(i),)), captures=1)


def test_keywords_partial_nested_functions_and_methods() -> None:
    def outer(x: Any, *, factor: Any) -> Any:
        def inner(y: Any) -> Any:
            return y * factor

        return inner(x) + x

    for step in (outer, functools.partial(outer, factor=3.0)):
        compiled = compile(step)
        for i in range(3):
            given = {"factor": float(i)}
            assert_same(compiled(np.ones(2), **given), step(np.ones(2), **given))
        assert compiled.captures == 1


def test_transforms_inside() -> None:
    def f(x: Any) -> Any:
        return (np.sin(x) ** 2).sum() * RATE

    def g(x: Any) -> Any:
        return x**2 + x[::-1]

    steps: list[Any] = [
        *(ad.grad(f), ad.value_and_grad(f), ad.grad(lambda x: np.sum(ad.grad(f)(x) ** 2)), ad.hessian(f), ad.jacobian(g)),
        *(lambda x: ad.hvp(f)(x, 2 * x), lambda x: ad.jvp(g, (x,), (np.cos(x),)), lambda x: ad.vjp(g, x)[1](np.ones(3))),
        lambda x: ad.hvp(f)(x, np.ones(3)),
        ad.grad(lambda x: f(ad.checkpoint(np.exp)(x))),
    ]
    for step in steps:
        run_beside_eager(lambda step=step: (lambda x: step(x), None, lambda i: (np.arange(3.0) + i,)), steps=3, captures=1)


def training() -> tuple[Any, Any, Any]:
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss

    return model, optimizer, step


def test_captured_anew_for_other_shapes_types_and_modes_and_back() -> None:
    model, _, step = training()
    model[1].eval()
    compiled = compile(step)
    x, y = np.ones((2, 3)), np.ones((2, 2))
    for _ in range(3):
        compiled(x, y)
    before = compiled.captures
    for rows in (3, 2, 3, 2):
        compiled(x[:1].repeat(rows, 0), y[:1].repeat(rows, 0))
    assert compiled.captures == before + 1
    model.train()
    compiled(x, y)
    model.eval()
    compiled(x, y)
    model.train()
    compiled(x, y)
    model.eval()
    compiled(x, y)
    assert compiled.captures <= before + 3
    model.load_state_dict(copy.deepcopy(model.state_dict()))
    now = compiled.captures
    compiled(x, y)
    assert compiled.captures <= now + 1


def test_a_frozen_or_replaced_parameter_is_seen() -> None:
    model, eager, results = nn.Linear(2, 1), nn.Linear(2, 1), []
    eager.load_state_dict(model.state_dict())
    for m in (model, eager):

        def step(x: Any, m: Any = m) -> Any:
            m.zero_grad()
            loss = (m(x) ** 2).sum()
            loss.backward()
            return loss

        run = compile(step) if m is model else step
        seen = [run(np.ones((1, 2)))]
        m.bias.requires_grad = False
        seen += [run(np.ones((1, 2))), copy.copy(m.bias.grad)]
        m.weight = nn.Parameter(np.full((1, 2), 5.0))
        seen += [run(np.ones((1, 2))), m.weight.grad]
        results.append([np.asarray(getattr(s, "data", s)) for s in seen])
    assert_same(*results)


def test_a_counter_is_named_after_many_captures() -> None:
    class Counter:
        n = 0

    counter = Counter()

    def step(x: Any) -> Any:
        counter.n += 1
        return x * counter.n

    compiled = compile(step)
    for i in range(9):
        assert compiled(np.ones(1))[0] == i + 1
    with pytest.raises(TypeError, match=r"has changed in each of the last 8 calls"):
        compiled(np.ones(1))


@pytest.mark.parametrize(
    "step",
    [
        lambda x: np.zeros_like(x) + 1,
        lambda x: np.ones(3) * x.shape[0],
        lambda x: np.arange(3.0) * len(x),
        lambda x: np.arange(3.0) * np.size(x),
        lambda x: np.ones(2, x.dtype),
        lambda x: np.ones_like(np.exp(x)) * 2,
        ad.grad(lambda x: 2.0 * x.sum()),
    ],
)
@pytest.mark.parametrize("compile", [compile, ad.compile])
def test_an_array_of_which_the_shape_alone_is_used(compile: Any, step: Any) -> None:
    compiled = compile(step)
    for x in (np.ones(2), np.zeros(2), np.ones(3), np.ones(4), np.ones(2, np.float32), np.ones(2)):
        assert_same(compiled(x), step(x))
    assert compiled.captures == 4


def test_what_is_known_without_the_values() -> None:
    def step(x: Any) -> Any:
        rows = [row * len(x) for row in x]
        return np.stack(rows) * x.shape[1] * x.ndim * x.size

    run_beside_eager(lambda: (step, None, lambda i: (np.ones((2, 3)) * i,)), captures=1)


@pytest.mark.parametrize("draw", [lambda: np.random.random(), lambda: random.random()])
def test_random_numbers_that_all_share_are_an_error_and_are_not_drawn(draw: Any) -> None:
    random.seed(0)
    before = random.getstate(), np.random.get_state()[2]
    refused(lambda x: x * draw(), np.ones(2), match="draws random numbers from np.random or random")
    assert (random.getstate(), np.random.get_state()[2]) == before


def test_numbers_of_numpy_stay_numbers_and_odd_layouts_arrays() -> None:
    def step(x: Any) -> Any:
        return x.sum(), x.T * 2, np.array(1.0) * x[..., :0], x.max(initial=0.0)

    for x in (np.ones((2, 3))[:, ::2], np.asfortranarray(np.ones((2, 3))), np.ones((0, 3)), np.ones((2, 2)).T):
        run_beside_eager(lambda x=x: (step, None, lambda i: (x,)), steps=3, captures=1)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (np.ma.masked_array([1.0]), "MaskedArray"),
        (np.array([None]), "dtype object"),
        (np.zeros(1, "f8,i4"), r"dtype \[\('f0'"),
        (deque([np.ones(1)]), "is a deque"),
        ({1.5}, "is a set"),
        ((i for i in range(3)), "is a generator"),
    ],
)
def test_what_could_change_unseen_is_refused(x: Any, text: str) -> None:
    refused(lambda y: x is y, np.ones(1), match=text)


@pytest.mark.parametrize("make", [deque, set])
def test_what_is_put_into_a_queue_is_refused_and_taken_out(make: Any) -> None:
    queue = make([1])
    put = queue.append if make is deque else queue.add
    refused(
        lambda x: [queue, put(np.sum(x))],
        np.ones(2),
        match="is a deque of other things than integers|the value of an array decides",
    )
    assert queue == make([1])


def test_a_list_that_grows_is_captured_anew_each_time_and_refused_at_last() -> None:
    history: list[Any] = []

    def step(x: Any) -> Any:
        history.append(np.sum(x))
        return x * len(history)

    compiled = compile(step)
    for i in range(9):
        assert_same(compiled(np.ones(2) * i), np.ones(2) * i * (i + 1))
    assert history == [2.0 * i for i in range(9)]
    with pytest.raises(TypeError, match="history has changed in each of the last 8 calls"):
        compiled(np.ones(2))
    assert len(history) == 9


def test_what_returns_nothing_would_not_be_done_again(tmp_path: Any) -> None:
    refused(lambda x: np.save(tmp_path / "x.npy", x), np.ones(2), match="save returns nothing, and what it does would not be done")


def test_generators_and_coroutines_are_refused() -> None:
    def generator(x: Any) -> Any:
        yield x

    async def coroutine(x: Any) -> Any:
        return x

    refused(generator, np.ones(1), match="is a generator or a coroutine")
    refused(coroutine, np.ones(1), match="is a generator or a coroutine")


def test_state_in_slots_and_classes_and_sets() -> None:
    class Slots:
        __slots__ = ("__hidden", "w")
        shared = np.ones(2)

        def __init__(self) -> None:
            self.w, self.__hidden = np.ones(2), 1.0

        def step(self, x: Any) -> Any:
            self.w = self.w + x * self.__hidden
            self.__hidden *= 0.5
            return self.w * self.shared

    def build() -> Any:
        model = Slots()
        return model.step, None, lambda i: (np.ones(2) * i,)

    run_beside_eager(build, captures=1)
    wanted = {1}
    compiled = compile(lambda x: x * (2 if 2 in wanted else 1))
    assert_same(compiled(np.ones(1)), np.ones(1))
    wanted.add(2)
    assert_same(compiled(np.ones(1)), np.full(1, 2.0))


@pytest.mark.parametrize("when", [0, 1, 2])
def test_an_error_changes_nothing(when: int) -> None:
    rng = np.random.default_rng(0)
    state = {"b": np.ones(2), "a": [np.ones(2)], "c": 1.0}
    w = nn.Parameter([1.0, 2.0])
    fails = [False]

    def step(x: Any) -> Any:
        for k in range(3):
            if fails[0] and k == when:
                raise KeyError("mine")
            state["b"] += x
            state["a"].append(x * 1)
            state["a"].pop()
            state[f"new {k}"] = state.pop("c")
            state["c"] = state.pop(f"new {k}") * 2 + 0.0 * rng.random()
            (w * w).sum().backward()
        return x

    compiled = compile(step)
    fails[0] = True
    before = copy.deepcopy((state, w, rng))
    with pytest.raises(KeyError, match="mine"):
        compiled(np.ones(2))
    assert_same((state, w, rng), before)
    assert [*state] == [*before[0]]


def test_an_error_of_a_replay_changes_nothing() -> None:
    w = np.ones(2)

    def step(a: Any) -> Any:
        w[:] = w + 1
        return np.linalg.inv(a)

    compiled = compile(step)
    compiled(np.eye(2))
    with pytest.raises(np.linalg.LinAlgError):
        compiled(np.zeros((2, 2)))
    assert_same(w, np.full(2, 2.0))


def test_a_gradient_that_is_kept_does_not_change() -> None:
    model, _, step = training()
    compiled = compile(step)
    x, y = np.ones((2, 3)), np.ones((2, 2))
    for _ in range(3):
        compiled(x, y)
    kept = model[0].weight.grad
    before = kept.numpy().copy()
    compiled(x, 5 * y)
    assert_same(kept.numpy(), before)


def test_hooks_are_seen() -> None:
    w = nn.Parameter([1.0])

    def step() -> None:
        w.grad = None
        (w * 2).sum().backward()

    compiled = compile(step)
    compiled()
    w.register_hook(lambda g: g * 10)
    compiled()
    assert_same(w.grad.numpy(), np.array([20.0]))


def test_a_compiled_function_may_call_another_and_itself() -> None:
    double = compile(lambda x: 2 * x)
    both = compile(lambda x: double(x) + 1)
    for i in range(3):
        assert_same(both(np.ones(2) * i), np.ones(2) * (2 * i + 1))
    assert (both.captures, double.captures) == (1, 0)


def test_threads_take_turns() -> None:
    w = np.zeros(1)

    def step(x: Any) -> None:
        w[:] = w + x

    compiled = compile(step)
    threads = [threading.Thread(target=lambda: [compiled(np.ones(1)) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert w[0] == 200


def test_nothing_that_was_given_is_kept() -> None:
    class Array(dict):
        pass

    compiled = compile(lambda x: x["a"] * 2)
    given = Array(a=ad.Tensor(np.ones(1000)))
    alive = weakref.ref(given["a"])
    gc.disable()
    try:
        for _ in range(3):
            compiled(dict(given))
        del given
        assert alive() is None
    finally:
        gc.enable()


def test_a_captured_model_is_copied_and_pickled() -> None:
    model, _, step = training()
    compile(step)(np.ones((2, 3)), np.ones((2, 2)))
    assert_same([p.numpy() for p in copy.deepcopy(model).parameters()], [p.numpy() for p in model.parameters()])
    assert_same([p.numpy() for p in pickle.loads(pickle.dumps(model)).parameters()], [p.numpy() for p in model.parameters()])
