"""What recording costs: `python -m benchmarks.eager`.

One training step of a small network (2-4-1, 100 rows, sigmoids, squared error, gradient descent) by `nn` against the same step by
hand in NumPy, and by PyTorch where it is installed; the same at real sizes; losses; what grows with the length of a program; each
operation against NumPy's own; the import; memory over many steps.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from itertools import pairwise
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


def layers_by_hand(sizes: list[int], x: np.ndarray, y: np.ndarray, weights: list[np.ndarray]) -> Callable[[], float]:
    """A step of a network with sigmoids between its layers and the mean squared error, in NumPy, each array computed once."""
    weights = [w.copy() for w in weights]

    def step() -> float:
        inputs = [x]
        for w in weights[:-1]:
            inputs.append(sigmoid(inputs[-1] @ w.T))
        error = inputs[-1] @ weights[-1].T - y
        g = error * (2 / error.size)
        for i in reversed(range(len(weights))):
            to_weight = g.T @ inputs[i]
            if i:
                g = (g @ weights[i]) * (inputs[i] * (1 - inputs[i]))
            weights[i] -= 0.01 * to_weight
        return float(np.mean(error**2))

    return step


def layers_by(framework: Any, tensor: Callable[[Any], Any], sizes: list[int], x: Any, y: Any, weights: Any) -> Callable[[], object]:
    """The same step by `nn` or by PyTorch."""
    layers: list[Any] = []
    for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        layers += [framework.Sigmoid()] if i else []
        layers.append(framework.Linear(fan_in, fan_out, bias=False))
    model = framework.Sequential(*layers)
    model.load_state_dict({f"{2 * i}.weight": tensor(w) for i, w in enumerate(weights)})
    optimizer = (nn.optim if framework is nn else importlib.import_module("torch.optim")).SGD(model.parameters(), lr=0.01)
    return training(model, framework.MSELoss(), optimizer, tensor(x), tensor(y))


def network(sizes: list[int], rows: int) -> dict[str, Callable[[], object]]:
    """The step of a network of these sizes, by hand, by `nn` and by PyTorch."""
    x, y = rng.normal(size=(rows, sizes[0])), rng.normal(size=(rows, sizes[-1]))
    weights = [rng.normal(size=(n, m)) / np.sqrt(m) for m, n in pairwise(sizes)]
    found = {"by hand": layers_by_hand(sizes, x, y, weights), "ours": layers_by(nn, ad.Tensor, sizes, x, y, weights)}
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_default_dtype(torch.float64)
        found["PyTorch"] = layers_by(torch.nn, torch.tensor, sizes, x, y, weights)
    return found


def elementwise(size: int) -> dict[str, Callable[[], object]]:
    """The gradient of Σ exp(-x) x of one large array, by hand, by `autodiff` and by PyTorch."""
    data = rng.normal(size=size)
    x = ad.Tensor(data, requires_grad=True)

    def by_hand() -> object:
        e = np.exp(-data)
        return np.sum(e * data), e - e * data

    def ours() -> object:
        x.grad = None
        (np.exp(-x) * x).sum().backward()
        return x.grad

    found: dict[str, Callable[[], object]] = {"by hand": by_hand, "ours": ours}
    if importlib.util.find_spec("torch"):
        import torch

        t = torch.tensor(data, requires_grad=True)

        def theirs() -> object:
            t.grad = None
            (torch.exp(-t) * t).sum().backward()
            return t.grad

        found["PyTorch"] = theirs
    return found


def real_sizes() -> None:
    """Print steps of real size as multiples of the step by hand."""
    print(f"\n{'float64':36}  {'by hand':>10}  {'ours':>6}  {'PyTorch':>7}")
    for name, candidates, rounds, calls in (
        ("784-128-10, 64 rows", network([784, 128, 10], 64), 40, 5),
        ("256-1024-32-1, 256 rows", network([256, 1024, 32, 1], 256), 20, 2),
        ("linear regression, 10,000 x 100", network([100, 1], 10_000), 40, 5),
        ("linear regression, 100,000 x 100", network([100, 1], 100_000), 15, 1),
        ("1,000,000 elements", elementwise(1_000_000), 20, 1),
        ("10,000,000 elements", elementwise(10_000_000), 7, 1),
    ):
        times = interleaved(candidates, rounds, calls)
        ratios = [f"{ratio(times[who], times['by hand']):.2f}" if who in times else "-" for who in ("ours", "PyTorch")]
        print(f"{name:36}  {statistics.median(times['by hand']):7.0f} µs  {ratios[0]:>6}  {ratios[1]:>7}")


def losses() -> None:
    """Print what losses of 64 x 10 float32 numbers and their gradients take: the function, its expression, and PyTorch's."""
    data, classes = rng.normal(size=(64, 10)).astype(np.float32), rng.integers(0, 10, 64)
    x, indices, targets = ad.Tensor(data, requires_grad=True), ad.Tensor(classes), ad.Tensor((data > 0).astype(np.float32))
    functional = nn.functional

    def both(function: Callable[..., Any], x: Any, target: Any) -> None:
        x.grad = None
        function(x, target).backward()

    expressions: dict[str, tuple[Any, Callable[..., Any]]] = {
        "cross_entropy": (indices, lambda x, t: functional.nll_loss(ad.log_softmax(x), t)),
        "binary_cross_entropy_with_logits": (targets, lambda x, t: (t * ad.logaddexp(0, -x) + (1 - t) * ad.logaddexp(0, x)).mean()),
        "huber_loss": (targets, lambda x, t: ad.where(abs(x - t) <= 1, (x - t) ** 2 / 2, abs(x - t) - 0.5).mean()),
    }
    print(f"\n{'µs, forward and backward':36}  {'ours':>7}  {'expression':>10}  {'PyTorch':>7}")
    for name, (target, expression) in expressions.items():
        candidates = {
            "ours": partial(both, getattr(functional, name), x, target),
            "expression": partial(both, expression, x, target),
        }
        if importlib.util.find_spec("torch"):
            import torch

            t = torch.tensor(data, requires_grad=True)
            candidates["PyTorch"] = partial(both, getattr(torch.nn.functional, name), t, torch.tensor(target.numpy()))
        median = {who: f"{statistics.median(times):.1f}" for who, times in interleaved(candidates, 40, 20).items()}
        print(f"{name:36}  {median['ours']:>7}  {median['expression']:>10}  {median.get('PyTorch', '-'):>7}")


def long_programs() -> None:
    """Print what programs take that grow with their length: each time for n and for 4 n."""

    def assignments(n: int) -> None:
        x = ad.Tensor(np.arange(float(n)), requires_grad=True)
        y = x * 1.0
        for i in range(n):
            y[i] = x[i]
        y.sum().backward()

    def joined(n: int) -> None:
        ad.concat([ad.Tensor([float(i)], requires_grad=True) for i in range(n)]).sum().backward()

    def unrolled(n: int) -> None:
        def descended(rate: Any) -> Any:
            w = ad.Tensor([1.0, -2.0], requires_grad=True) * 1.0
            for _ in range(n):
                w = w - rate * ad.grad(lambda w: (w * w).sum())(w)
            return (w * w).sum()

        ad.grad(descended)(0.01)

    print(f"\n{'seconds for n, and for 4 n':36}  {'n':>7}")
    for name, run, n in (
        ("x[i] = v, n times, recorded", assignments, 25_000),
        ("concat of n tensors", joined, 7_500),
        ("n gradient steps, differentiated", unrolled, 200),
    ):
        seconds = []
        for length in (n, 4 * n):
            start = time.perf_counter()
            run(length)
            seconds.append(time.perf_counter() - start)
        print(f"{name:36}  {n:7}  {seconds[0]:6.2f}  {seconds[1]:6.2f}")


def operations(length: int = 21) -> None:
    """Print what a recorded operation costs over NumPy's own time: the slope between a short and a long chain."""
    data = rng.normal(size=(100, 4))
    x = ad.Tensor(data, requires_grad=True)
    other = ad.Tensor(data, requires_grad=True)
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
    real_sizes()
    losses()
    long_programs()
    operations()
    import_time()
    memory()
