"""What recording costs: `python -m benchmarks.eager`.

One training step of a small network (2-4-1, 100 rows, sigmoids, squared error, gradient descent) by `nn` against the same step by
hand in NumPy, and by PyTorch where it is installed; losses; what grows with the length of a program; each operation against NumPy's
own; the import; memory over many steps.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autodiff as ad
import nn
from benchmarks.resources import import_seconds
from benchmarks.timing import interleaved, ratio
from benchmarks.works import article

rng = np.random.default_rng(0)


def training_step() -> None:
    """Print the time of a step, and as a multiple of the steps by hand."""
    candidates: dict[str, Callable[[], object]] = {
        "by hand, as the textbook writes it": article.by_hand(textbook=True),
        "by hand, each sigmoid once": article.by_hand(textbook=False),
        "autodiff and nn": article.MAKES["eager"]().run,
    }
    if importlib.util.find_spec("torch"):
        candidates["PyTorch eager"] = article.MAKES["PyTorch"]().run
    times = interleaved(candidates)
    textbook, lean = (times[name] for name in list(candidates)[:2])
    print(f"{'one training step':36}  {'µs':>7}  {'x textbook':>10}  {'x once':>7}")
    for name, own in times.items():
        print(f"{name:36}  {statistics.median(own):7.1f}  {ratio(own, textbook):10.2f}  {ratio(own, lean):7.2f}")


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


def import_time() -> None:
    """Print the time that importing the library takes beyond importing NumPy."""
    numpy, own = import_seconds("autodiff, nn", repeats=15)
    print(f"\nimport numpy {numpy * 1e3:.0f} ms; autodiff and nn add {own * 1e3:.0f} ms")


def memory(steps: int = 1000) -> None:
    """Print the peak of the memory that the first and the last hundred of many steps use, without the garbage collector."""
    step = article.MAKES["eager"]().run
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
    losses()
    long_programs()
    operations()
    import_time()
    memory()
