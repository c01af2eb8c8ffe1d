"""`ad.compile`: what it takes, what it says, and that its first run is looked at."""

import copy
import re
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.compiling import replay
from autodiff.compiling.compiled import Compiled
from autodiff.compiling.refusing import CaptureError
from autodiff.compiling.state import leaves

RNG = np.random.default_rng(0)


def training(seed: int = 0) -> tuple[Any, Any, Any]:
    nn.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4, bias=False), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.2), nn.Linear(4, 2))
    optimizer = nn.optim.AdamW(model.parameters(), lr=0.05)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, optimizer, step


def test_a_compiled_training_equals_the_training_itself_within_rounding() -> None:
    x, y = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 2))
    results = []
    for compiled in (False, True):
        model, optimizer, step = training()
        run = ad.compile(step) if compiled else step
        nn.manual_seed(1)
        losses = [run(x, y).item() for _ in range(10)]
        optimizer.param_groups[0]["lr"] = 0.01
        losses += [run(x, y).item() for _ in range(10)]
        results.append(
            [np.array(losses), *(v.numpy() for v in model.state_dict().values()), *(p.grad.numpy() for p in model.parameters())]
        )
        if compiled:
            assert run.captures == 2  # without a state of the optimizer, and with one
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def test_it_is_a_decorator_with_and_without_options() -> None:
    @ad.compile
    def plain(x: Any) -> Any:
        """Twice."""
        return 2 * x

    @ad.compile(check=False)
    def unchecked(x: Any) -> Any:
        return 3 * x

    assert (plain.__name__, plain.__doc__) == ("plain", "Twice.")
    for _ in range(3):
        np.testing.assert_array_equal(plain(np.ones(2)), [2, 2])
        np.testing.assert_array_equal(unchecked(np.ones(2)), [3, 3])


def test_the_program_is_printed_as_numpy_and_so_is_what_runs() -> None:
    compiled = ad.compile(lambda x: np.exp(x) + np.exp(x))
    compiled(np.ones(2))
    assert str(compiled.program) == "\n".join(
        [
            "args[0] = input(float64 (2,))",
            "v1 = np.exp(args[0])  # float64 (2,)",
            "v2 = np.exp(args[0])  # float64 (2,)",
            "v3 = v1 + v2  # float64 (2,)",
            "return v3",
        ]
    )
    assert compiled.source.count("exp(") == 1


@pytest.mark.parametrize("name", ["program", "source"])
def test_before_the_first_call_there_is_no_program(name: str) -> None:
    with pytest.raises(RuntimeError, match=re.escape("compile: <lambda> has not been captured yet. Call it first.")):
        getattr(ad.compile(lambda x: x), name)


def test_only_functions_are_compiled() -> None:
    compile: Any = ad.compile
    with pytest.raises(TypeError, match=re.escape("compile: got int; wanted a function, such as a training step.")):
        compile(3)


def test_a_decision_by_a_value_is_an_error_that_names_the_line_and_changes_nothing() -> None:
    w = np.ones(3)

    def step(x: Any) -> Any:
        w[...] = w - x
        return w if np.sum(w) > 0 else -w

    line = step.__code__.co_firstlineno + 2
    with pytest.raises(
        CaptureError, match=rf"compile: at .*test_compile.py:{line}, the value of an array decides what is computed"
    ):
        ad.compile(step)(np.ones(3))
    np.testing.assert_array_equal(w, np.ones(3))


def test_with_fallback_it_runs_as_it_is_with_one_notice() -> None:
    step = ad.compile(lambda x: x if np.sum(x) > 0 else -x, fallback=True)
    with pytest.warns(RuntimeWarning, match=r"decides what is computed.* It runs as it is."):
        np.testing.assert_array_equal(step(-np.ones(2)), np.ones(2))
    np.testing.assert_array_equal(step(np.ones(2)), np.ones(2))


def test_what_cannot_be_seen_and_changes_is_noticed_and_taken_back() -> None:
    calls = iter(range(100))
    weights = np.ones(2)

    def step(x: Any) -> Any:
        nonlocal weights
        weights = weights + x * np.array(next(calls) * 1.0)
        return weights

    compiled = ad.compile(step)
    compiled(np.ones(2))
    before = weights.copy()
    with pytest.raises(CaptureError, match="does not do what the function does"):
        compiled(np.ones(2))
    np.testing.assert_array_equal(weights, before)


def test_a_mistake_of_the_compiler_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(program: Any) -> Any:
        step = next(step for step in program.steps if step.function is np.add)
        step.function = np.subtract
        return program

    simplify = replay.simplify
    monkeypatch.setattr(replay, "simplify", lambda program, passes: wrong(simplify(program)))
    compiled = ad.compile(lambda x: np.exp(x) + x)
    compiled(np.ones(2))
    with pytest.raises(CaptureError, match=r"the back end: output 0, .* is wrong"):
        compiled(np.ones(2))


def test_the_check_leaves_one_step_and_the_generators_as_one_step_does() -> None:
    rng = np.random.default_rng(3)
    noise = ad.compile(lambda x: x + rng.normal(size=3))
    drawn = np.array([noise(np.zeros(3)) for _ in range(5)])
    np.testing.assert_array_equal(drawn.ravel(), np.random.default_rng(3).normal(size=15))


def test_a_copy_of_a_model_that_was_compiled_is_a_model() -> None:
    model, _, step = training()
    compiled = ad.compile(step)
    for _ in range(3):
        compiled(RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2)))
    other = copy.deepcopy(model)
    assert all(type(p.numpy()) is np.ndarray for p in other.parameters())
    assert isinstance(compiled, Compiled)


def test_an_argument_that_is_laid_out_otherwise_is_captured_anew() -> None:
    compiled = ad.compile(lambda x: np.reshape(x, (6,)) * 2)
    rows = np.arange(6.0).reshape(2, 3)
    columns = np.asfortranarray(rows)
    for x in (rows, rows, columns, columns, rows):
        np.testing.assert_array_equal(compiled(x), 2 * rows.ravel())
    assert compiled.captures == 2


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("kind", [lambda y: y, ad.asarray, lambda y: (1, [y, y * 2]), lambda y: {"total": ad.asarray(y)}])
def test_a_number_that_is_returned_may_differ_by_rounding(kind: Any, backend: str) -> None:
    x = np.random.default_rng(0).normal(size=10_007)

    def total(x: Any) -> Any:
        return kind(np.sum(x * np.exp(x)))

    compiled = ad.compile(total, backend=backend)
    for _ in range(3):
        for found, wanted in zip(leaves(compiled(x)), leaves(total(x)), strict=True):
            assert type(found) is type(wanted)
            np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_tensor_of_a_number_is_added_to_as_a_number_is(backend: str) -> None:
    total = ad.compile(lambda x: np.sum(ad.Tensor(x)), backend=backend)
    for _ in range(4):
        result = kept = total(np.ones(3))
        result += 1.0
        assert (result.item(), kept.item()) == (4.0, 3.0)
