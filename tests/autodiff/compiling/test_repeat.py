"""`repeat`: what n calls leave and return, in one."""

import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import optim
from nn.optim.lr_scheduler import LinearLR

BACKENDS = ["numpy", "native"]
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 2))
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.05, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, lr=0.01),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.1),
}


def training(optimizer: Any = OPTIMIZERS["Adam"]) -> tuple[Any, Any, Any]:
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5, bias=False), nn.BatchNorm1d(5), nn.Tanh(), nn.Dropout(0.2), nn.Linear(5, 2))
    made = optimizer(model.parameters())

    def step(x: Any, y: Any) -> Any:
        made.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        made.step()
        return loss

    return model, made, step


def state(model: Any, optimizer: Any) -> list[Any]:
    moments = [np.asarray(x) for s in optimizer.state.values() for x in s.values()]
    return [*(p.numpy() for p in model.state_dict().values()), *(p.grad.numpy() for p in model.parameters()), *moments]


def assert_same(ours: list[Any], theirs: list[Any]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_is_that_many_calls(name: str, backend: str) -> None:
    model, optimizer, step = training(OPTIMIZERS[name])
    losses = [step(X, Y).item() for _ in range(50)]
    mine, own, step = training(OPTIMIZERS[name])
    compiled = ad.compile(step, backend=backend)
    for n in (1, 2, 30, 17):
        last = compiled.repeat(n, X, Y)
    assert last.item() == pytest.approx(losses[-1], rel=1e-9)
    assert_same(state(mine, own), state(model, optimizer))
    assert compiled.backend == backend
    assert compiled.captures == 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_callback_sees_whole_steps(backend: str) -> None:
    _, _, step = training()
    losses = [step(X, Y).item() for _ in range(20)]
    model, optimizer, step = training()
    compiled = ad.compile(step, backend=backend)
    seen: list[Any] = []
    compiled.repeat(20, X, Y, every=7, callback=lambda n, loss: seen.append((n, loss.item(), state(model, optimizer)[0].copy())))
    assert [(n, pytest.approx(loss, rel=1e-9)) for n, loss, _ in seen] == [(7, losses[6]), (14, losses[13])]
    assert not np.array_equal(seen[0][2], seen[1][2])
    told: list[int] = []
    compiled.repeat(3, X, Y, callback=lambda n, loss: told.append(n))
    assert told == [1, 2, 3]


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_exception_in_the_callback_leaves_what_its_step_has_left(backend: str) -> None:
    model, optimizer, step = training()
    for _ in range(12):
        step(X, Y)
    mine, own, step = training()

    def stop(n: int, loss: Any) -> None:
        if n == 12:
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        ad.compile(step, backend=backend).repeat(100, X, Y, every=4, callback=stop)
    assert_same(state(mine, own), state(model, optimizer))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_schedule_in_the_callback_has_its_effect(backend: str) -> None:
    def trained(compiled: bool) -> float:
        _, optimizer, step = training()
        schedule = LinearLR(optimizer, 1.0, 0.1, 30)
        if compiled:
            loss = ad.compile(step, backend=backend).repeat(30, X, Y, every=1, callback=lambda n, loss: schedule.step())
        else:
            for _ in range(30):
                loss = step(X, Y)
                schedule.step()
        return float(loss)

    assert trained(True) == pytest.approx(trained(False), rel=1e-9)


@pytest.mark.parametrize("backend", BACKENDS)
def test_floats_that_the_step_itself_changes_are_followed(backend: str) -> None:
    class Decay:
        rate = 1.0

    def run(wrap: Any, n: int) -> tuple[Any, float]:
        decay, x = Decay(), np.ones(3)
        decay.rate = 1.0

        def step() -> Any:
            nonlocal x
            if decay.rate > 0.3:  # which the program holds for
                decay.rate *= 0.9
            x = x - 0.1 * decay.rate * x
            return np.sum(x)

        step = wrap(step)
        result = step.repeat(n) if wrap is not plain else [step() for _ in range(n)][-1]
        return result, decay.rate

    def plain(step: Any) -> Any:
        return step

    found, wanted = run(ad.compile(backend=backend), 40), run(plain, 40)
    assert found == (pytest.approx(wanted[0], rel=1e-12), pytest.approx(wanted[1], rel=1e-12))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("options", [{}, {"drop_last": True}, {"shuffle": False}], ids=str)
def test_batches_are_those_of_a_loader(options: dict[str, bool], backend: str) -> None:
    total, seen = np.zeros(2), np.zeros(2)

    @ad.compile(backend=backend)
    def step(x: Any, y: Any) -> Any:
        nonlocal total
        total = 0.9 * total + x.T[:2] @ y[:, 0]
        return total

    kind = {"shuffle": True, **options}
    loader = nn.utils.data.DataLoader(nn.utils.data.TensorDataset(X, Y), 8, generator=np.random.default_rng(3), **kind)
    count = 0
    for _ in range(3):
        for x, y in loader:
            seen, count = 0.9 * seen + np.asarray(x).T[:2] @ np.asarray(y)[:, 0], count + 1
    np.testing.assert_allclose(step.repeat(count, X, Y, batch_size=8, seed=3, **options), seen, rtol=1e-12)
    assert step.captures <= 3  # one for the last rows of an epoch


def test_a_function_that_cannot_be_captured_is_called_as_it_is() -> None:
    count = []

    @ad.compile(fallback=True)
    def step(x: Any) -> Any:
        count.append(1)
        return x if float(np.sum(x)) > 0 else -x

    with pytest.warns(RuntimeWarning, match="It runs as it is"):
        np.testing.assert_array_equal(step.repeat(5, -np.ones(2)), np.ones(2))
    assert len(count) >= 5


def test_an_index_that_runs_out_of_range_is_an_error_after_the_steps_before_it() -> None:
    i, seen = np.zeros(1, int), np.zeros(8)

    def step() -> Any:
        nonlocal i
        seen[i] = 1.0
        i = i + 1
        return seen

    with pytest.raises(IndexError):
        ad.compile(step, backend="native").repeat(20)
    np.testing.assert_array_equal(seen, np.ones(8))
    np.testing.assert_array_equal(i, [8])


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"n": 0}, r"^repeat: n is 0; wanted a whole number, 1 or more\.$"),
        ({"n": 2.5}, r"^repeat: n is 2\.5; wanted a whole number"),
        ({"every": 0}, r"^repeat: every is 0; wanted"),
        ({"batch_size": -1}, r"^repeat: batch_size is -1; wanted"),
        (
            {"batch_size": 2, "b": np.ones(4)},
            r"^repeat: batch_size is for arguments with equally many rows, .* shapes \(3,\), \(4,\)\.$",
        ),
    ],
)
def test_what_makes_no_sense_is_an_error(given: Any, text: str) -> None:
    step = ad.compile(lambda a, b: a + b)
    with pytest.raises(ValueError, match=text):
        step.repeat(given.pop("n", 2), np.ones(3), given.pop("b", np.ones(3)), **given)


def test_other_threads_run_meanwhile_and_wait_for_the_same_function() -> None:
    x = np.zeros(4)

    def step() -> Any:
        nonlocal x
        x = x + 1.0
        return x

    compiled = ad.compile(step, backend="native")
    threads = [threading.Thread(target=compiled.repeat, args=(20_000,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(x, np.full(4, 60_000.0))


@pytest.mark.parametrize("backend", BACKENDS)
def test_ctrl_c_stops_between_two_steps(backend: str) -> None:
    script = f"""
import signal, time, numpy as np, autodiff as ad
signal.signal(signal.SIGINT, signal.default_int_handler)  # which is ignored in what a shell runs in the background
x, n = np.zeros(50), 0.0
@ad.compile(backend={backend!r})
def step():
    global x, n
    x, n = x + 1.0, n + 1.0
    return x
step.repeat(10)
pressed = []
def press(*given):
    pressed.append(time.perf_counter())
    signal.raise_signal(signal.SIGINT)
signal.signal(signal.SIGALRM, press)
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    step.repeat(10**9)
except KeyboardInterrupt:
    print(time.perf_counter() - pressed[0], bool((x == n).all()), n > 1000)
"""
    if not hasattr(__import__("signal"), "setitimer"):
        pytest.skip("there is no timer")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    seconds, whole, many = done.stdout.split()
    assert (whole, many) == ("True", "True")
    assert float(seconds) < 2  # a hundredth where nothing else runs
