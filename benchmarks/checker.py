"""What a gradient check takes: `python -m benchmarks.checker`.

The whole check of the hand-derived gradient of a 2-4-1 network (100 rows, sigmoids, squared error), beside SciPy's and PyTorch's
checkers where they are installed; a conviction beside an acquittal; a function of 1,000 inputs of which one evaluation takes 100
µs; one wrong entry in a million, and half of them.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.testing import check_gradient
from benchmarks.timing import interleaved, ratio
from examples.article.by_hand import hidden_layer

rng = np.random.default_rng(0)
X = rng.normal(size=(100, 2))
Y = (X[:, :1] * X[:, 1:] > 0).astype(float)
WH, WO = rng.random((2, 4)), rng.random((4, 1))


def cost(wh: np.ndarray, wo: np.ndarray) -> np.ndarray:
    """½ Σ (output - label)²."""
    return hidden_layer(X, Y, wh, wo)["cost"]


def gradient(wh: np.ndarray, wo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Its gradient by the chain rule, worked out by hand."""
    terms = hidden_layer(X, Y, wh, wo)
    return terms["dcost/dwh"], terms["dcost/dwo"]


def ours() -> object:
    """The check, with no tolerance chosen."""
    return check_gradient(cost, WH, WO, gradient=gradient)


def by_scipy() -> Callable[[], object]:
    """SciPy's: the norm of the difference from forward differences."""
    from scipy.optimize import check_grad

    def joined(w: np.ndarray) -> np.ndarray:
        return np.concatenate([part.ravel() for part in gradient(w[:8].reshape(2, 4), w[8:].reshape(4, 1))])

    start = np.concatenate([WH.ravel(), WO.ravel()])
    return lambda: check_grad(lambda w: cost(w[:8].reshape(2, 4), w[8:].reshape(4, 1)), joined, start)


def by_torch() -> Callable[[], object]:
    """PyTorch's, of the same gradient by hand."""
    import torch

    class Cost(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, wh: Any, wo: Any) -> Any:
            ctx.save_for_backward(wh, wo)
            return torch.as_tensor(cost(wh.detach().numpy(), wo.detach().numpy()))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return tuple(g * torch.as_tensor(part) for part in gradient(*(w.detach().numpy() for w in ctx.saved_tensors)))

    weights = [torch.tensor(w, requires_grad=True) for w in (WH, WO)]
    return lambda: torch.autograd.gradcheck(Cost.apply, weights)


def network() -> None:
    """Print the time of the check of the network."""
    candidates: dict[str, Callable[[], object]] = {"autodiff.testing": ours}
    if importlib.util.find_spec("scipy"):
        candidates["scipy check_grad"] = by_scipy()
    if importlib.util.find_spec("torch"):
        candidates["torch gradcheck"] = by_torch()
    times = interleaved(candidates, rounds=20, calls=3)
    print("the gradient of a 2-4-1 network by hand, 100 rows")
    for name, found in times.items():
        relative = ratio(found, times["autodiff.testing"])
        print(f"  {name:18} {statistics.median(found) / 1000:8.1f} ms   {relative:5.2f} times ours")


def thousand_inputs() -> None:
    """Print the time for 1,000 inputs of a function that takes 100 µs."""

    def slow(x: np.ndarray) -> np.ndarray:
        end = time.perf_counter() + 100e-6
        while time.perf_counter() < end:
            pass
        return np.sum(np.sin(x) * x)

    x = rng.normal(size=1000)
    for name, factor in (("right", 1.0), ("wrong in one entry", 1.01)):
        weights = np.where(np.arange(1000) == 654, factor, 1.0)
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            report = check_gradient(slow, x, gradient=lambda x, w=weights: w * (np.cos(x) * x + np.sin(x)))
            seconds.append(time.perf_counter() - start)
        taken = statistics.median(seconds)
        print(f"1,000 inputs, 100 µs an evaluation, {name}: {taken:.2f} s, {report.evaluations} evaluations, {report.verdict}")


def convictions() -> None:
    """Print what wrong gradients of 20 weights take, beside the right one."""
    x, w = rng.normal(size=(50, 20)), rng.normal(size=20) * 0.3

    def loss(w: np.ndarray) -> Any:
        return np.sum(np.tanh(x @ w) ** 2)

    def slope(w: np.ndarray) -> np.ndarray:
        a = np.tanh(x @ w)
        return np.asarray(x.T @ (2 * a * (1 - a * a)))

    right = check_gradient(loss, w, gradient=slope).evaluations
    mistakes: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "twice": lambda g: 2 * g,
        "0.1 % too much": lambda g: 1.001 * g,
        "in another order": lambda g: g[::-1].copy(),
    }
    for name, wrong in mistakes.items():
        report = check_gradient(loss, w, gradient=lambda w, wrong=wrong: wrong(slope(w)))
        print(f"20 weights, {name}: {report.evaluations / right:.1f} times the {right} evaluations of the right gradient")


def half_of_a_million() -> None:
    """Print how many evaluations it takes where half of the entries are wrong."""
    x = rng.normal(size=1_000_000)
    weights = np.where(np.arange(x.size) % 2, 1.01, 1.0)
    report = check_gradient(lambda x: np.sum(np.sin(x)), x, gradient=lambda x: weights * np.cos(x))
    wrong = [entry.index for entry in report.entries if entry.verdict == "wrong" and isinstance(entry.index, tuple)]
    print(f"half of 1,000,000 wrong by 1 %: {len(wrong)} entries named in {report.evaluations} evaluations")


def one_in_a_million() -> None:
    """Print how many evaluations it takes to find one wrong entry."""
    x = rng.normal(size=1_000_000)
    weights = np.where(np.arange(x.size) == 654_321, 1.01, 1.0)
    start = time.perf_counter()
    report = check_gradient(lambda x: np.sum(np.sin(x)), x, gradient=lambda x: weights * np.cos(x))
    wrong = [entry.index for entry in report.entries if entry.verdict == "wrong" and isinstance(entry.index, tuple)]
    taken = time.perf_counter() - start
    print(f"one entry of 1,000,000 wrong by 1 %: found {wrong} in {report.evaluations} evaluations, {taken:.0f} s")


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, NumPy {np.__version__}, {os.cpu_count()} CPUs\n")
    network()
    convictions()
    thousand_inputs()
    one_in_a_million()
    half_of_a_million()
