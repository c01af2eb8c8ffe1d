"""What recording costs: `python -m benchmarks.eager`.

One training step of a small network (2-4-1, 100 rows, sigmoids, squared error, gradient descent) by `nn` against the same step by
hand in NumPy, and by PyTorch where it is installed; each operation against NumPy's own; the import; memory over many steps.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autodiff as ad
import nn
from benchmarks.timing import interleaved, ratio

LEARNING_RATE = 0.5
rng = np.random.default_rng(0)
X = rng.normal(size=(100, 2))
Y = (X[:, :1] * X[:, 1:] > 0).astype(float)
WH, WO = rng.random((2, 4)), rng.random((4, 1))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function, as one writes it by hand."""
    return 1 / (1 + np.exp(-x))


def by_hand(textbook: bool) -> Callable[[], float]:
    """A step in NumPy: as the textbook writes the chain rule, σ' = σ(z)(1 - σ(z)), or with each σ(z) computed only once."""
    wh, wo = WH.copy(), WO.copy()

    def slope(z: np.ndarray, a: np.ndarray) -> np.ndarray:
        return sigmoid(z) * (1 - sigmoid(z)) if textbook else a * (1 - a)

    def step() -> float:
        zh = X @ wh
        ah = sigmoid(zh)
        zo = ah @ wo
        ao = sigmoid(zo)
        error = ao - Y
        loss = 0.5 * np.sum(error**2)
        dcost_dzo = error * slope(zo, ao)
        dcost_dwo = ah.T @ dcost_dzo
        dcost_dah = dcost_dzo @ wo.T
        dcost_dwh = X.T @ (slope(zh, ah) * dcost_dah)
        np.subtract(wh, LEARNING_RATE * dcost_dwh, out=wh)
        np.subtract(wo, LEARNING_RATE * dcost_dwo, out=wo)
        return float(loss)

    return step


def training(model: Any, loss_fn: Any, optimizer: Any, x: Any, y: Any) -> Callable[[], object]:
    """The step as it is written for PyTorch, which is how it is written for `nn`."""

    def step() -> object:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def by_nn() -> Callable[[], object]:
    """The step by this library. The learning rate is halved since the loss is Σ, not ½ Σ: the same descent."""
    model = nn.Sequential(nn.Linear(2, 4, bias=False), nn.Sigmoid(), nn.Linear(4, 1, bias=False), nn.Sigmoid())
    model.load_state_dict({"0.weight": WH.T, "2.weight": WO.T})
    loss_fn, optimizer = nn.MSELoss(reduction="sum"), nn.optim.SGD(model.parameters(), lr=LEARNING_RATE / 2)
    return training(model, loss_fn, optimizer, ad.Tensor(X), ad.Tensor(Y))


def by_pytorch() -> Callable[[], object]:
    """The step by PyTorch, eagerly, on one thread."""
    import torch

    torch.set_num_threads(1)
    layers = [torch.nn.Linear(2, 4, bias=False), torch.nn.Sigmoid(), torch.nn.Linear(4, 1, bias=False), torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers).double()
    model.load_state_dict({"0.weight": torch.tensor(WH.T), "2.weight": torch.tensor(WO.T)})
    loss_fn, optimizer = torch.nn.MSELoss(reduction="sum"), torch.optim.SGD(model.parameters(), lr=LEARNING_RATE / 2)
    return training(model, loss_fn, optimizer, torch.tensor(X), torch.tensor(Y))


def training_step() -> None:
    """Print the time of a step, and as a multiple of the steps by hand."""
    candidates: dict[str, Callable[[], object]] = {
        "by hand, as the textbook writes it": by_hand(textbook=True),
        "by hand, each sigmoid once": by_hand(textbook=False),
        "autodiff and nn": by_nn(),
    }
    if importlib.util.find_spec("torch"):
        candidates["PyTorch eager"] = by_pytorch()
    times = interleaved(candidates)
    textbook, lean = (times[name] for name in list(candidates)[:2])
    print(f"{'one training step':36}  {'µs':>7}  {'x textbook':>10}  {'x once':>7}")
    for name, own in times.items():
        print(f"{name:36}  {statistics.median(own):7.1f}  {ratio(own, textbook):10.2f}  {ratio(own, lean):7.2f}")


def operations(length: int = 21) -> None:
    """Print what a recorded operation costs over NumPy's own time: the slope between a short and a long chain."""
    data = rng.normal(size=(100, 4))
    x = ad.Tensor(data, requires_grad=True, copy=True)
    other = ad.Tensor(data, requires_grad=True, copy=True)
    ones = np.ones_like(data)
    cases: dict[str, tuple[Callable, Callable, Callable]] = {
        "negative": (ad.negative, np.negative, np.negative),
        "tanh": (ad.tanh, np.tanh, lambda g: g * (1 - data * data)),
        "add": (lambda t: ad.add(t, other), lambda a: np.add(a, data), lambda g: g),
        "multiply": (lambda t: ad.multiply(t, other), lambda a: np.multiply(a, data), lambda g: np.multiply(g, data)),
    }

    def chain(function: Callable, start: object, n: int) -> object:
        for _ in range(n):
            start = function(start)
        return start

    def both(function: Callable, n: int) -> None:
        chain(function, x, n).backward(ones)
        x.grad = other.grad = None

    print(f"\n{'one operation, 100 x 4':22}  {'forward':>7}  {'backward':>8}   µs over NumPy's own")
    for name, (recorded, plain, rule) in cases.items():
        runs = {}
        for n in (1, length):
            runs[f"forward {n}"] = partial(chain, recorded, x, n)
            runs[f"both {n}"] = partial(both, recorded, n)
            runs[f"plain {n}"] = partial(chain, plain, data, n)
            runs[f"rule {n}"] = partial(chain, rule, ones, n)
        median = {run: statistics.median(times) for run, times in interleaved(runs, rounds=60, calls=10).items()}
        forward, total, plain_time, rule_time = (
            (median[f"{kind} {length}"] - median[f"{kind} 1"]) / (length - 1) for kind in ("forward", "both", "plain", "rule")
        )
        print(f"{name:22}  {forward - plain_time:7.2f}  {total - forward - rule_time:8.2f}")


def import_time(repeats: int = 15) -> None:
    """Print the time that importing the library takes beyond importing NumPy."""

    def seconds(code: str) -> float:
        timed = f"import time; start = time.perf_counter(); {code}; print(time.perf_counter() - start)"
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        return float(
            subprocess.run([sys.executable, "-c", timed], env=environment, capture_output=True, text=True, check=True).stdout
        )

    seconds("import autodiff, nn")  # so that the bytecode is there
    pairs = [(seconds("import numpy"), seconds("import autodiff, nn")) for _ in range(repeats)]
    numpy_ms = statistics.median(a for a, _ in pairs) * 1e3
    print(f"\nimport numpy {numpy_ms:.0f} ms; autodiff and nn add {statistics.median((b - a) * 1e3 for a, b in pairs):.0f} ms")


def memory(steps: int = 1000) -> None:
    """Print the peak of the memory that the first and the last hundred of many steps use, without the garbage collector."""
    step = by_nn()
    step()
    peaks = []
    gc.disable()
    tracemalloc.start()
    for i in range(steps):
        step()
        if (i + 1) % 100 == 0:
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
    tracemalloc.stop()
    gc.enable()
    print(
        f"peak memory of {steps} steps without garbage collection: "
        f"first hundred {peaks[0] / 1024:.1f} KiB, last {peaks[-1] / 1024:.1f} KiB"
    )


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, NumPy {np.__version__}, {os.cpu_count()} CPUs\n")
    training_step()
    operations()
    import_time()
    memory()
