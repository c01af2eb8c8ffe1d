"""Steps of gradient descent of fully connected networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.libraries import by_functions, by_modules, products
from benchmarks.work import FLOAT32, Candidate, Make, Work
from benchmarks.works import article

__all__ = ["WORKS", "classifier"]

RATE = 0.01


class Classifier:
    """A network of these sizes with rectifiers between its layers, and the cross-entropy of float32 numbers."""

    def __init__(self, sizes: list[int], rows: int) -> None:
        rng = np.random.default_rng(0)
        self.sizes, self.rows = sizes, np.arange(rows)
        self.x = rng.normal(size=(rows, sizes[0])).astype(np.float32)
        self.y = rng.integers(0, sizes[-1], rows)
        self.start = {}
        for i, (m, n) in enumerate(pairwise(sizes)):
            self.start[f"{2 * i}.weight"] = (rng.normal(size=(n, m)) * np.sqrt(2 / m)).astype(np.float32)
            self.start[f"{2 * i}.bias"] = np.zeros(n, np.float32)

    def by_hand(self) -> Candidate:
        """In NumPy, each array computed once."""
        weights = [value.copy() for name, value in self.start.items() if name.endswith("weight")]
        biases = [value.copy() for name, value in self.start.items() if name.endswith("bias")]

        def step() -> float:
            inputs = [self.x]
            for w, b in zip(weights[:-1], biases[:-1], strict=True):
                inputs.append(np.maximum(inputs[-1] @ w.T + b, 0))
            z = inputs[-1] @ weights[-1].T + biases[-1]
            z = z - z.max(axis=1, keepdims=True)
            e = np.exp(z)
            total = e.sum(axis=1, keepdims=True)
            loss = float(np.mean(np.log(total[:, 0]) - z[self.rows, self.y]))
            g = e / total
            g[self.rows, self.y] -= 1
            g /= np.float32(len(self.rows))
            for i in reversed(range(len(weights))):
                to_weight, to_bias = g.T @ inputs[i], g.sum(axis=0)
                if i:
                    g = (g @ weights[i]) * (inputs[i] > 0)
                weights[i] -= np.float32(RATE) * to_weight
                biases[i] -= np.float32(RATE) * to_bias
            return loss

        return Candidate(step)

    def module(self, package: Any, tensor: Callable[[Any], Any]) -> tuple[Any, Any, Any, Any]:
        """As modules."""
        x = tensor(self.x)
        layers: list[Any] = []
        for i, (fan_in, fan_out) in enumerate(pairwise(self.sizes)):
            layers += [package.ReLU()] if i else []
            layers.append(package.Linear(fan_in, fan_out, dtype=x.dtype))
        model = package.Sequential(*layers)
        return model, model, package.CrossEntropyLoss(), (x, tensor(self.y))

    def loss(self, xp: Any, params: Mapping[str, Any]) -> Any:
        """As a function of arrays."""
        h = xp.asarray(self.x)
        for i in range(len(self.sizes) - 1):
            h = (xp.maximum(h, 0) if i else h) @ params[f"{2 * i}.weight"].T + params[f"{2 * i}.bias"]
        z = h - xp.max(h, axis=1, keepdims=True)
        return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - z[self.rows, self.y])


def classifier(sizes: list[int], rows: int, threads: int, loop: int, optional: bool = False) -> Work:
    """The step of such a network."""
    one = Classifier(sizes, rows)
    makes: dict[str, Make] = {
        "by hand": one.by_hand,
        "products": lambda: products(*((rows, m, n) for m, n in pairwise(sizes))),
        **by_modules(one.module, one.start, RATE, loop, optional),
        **by_functions(one.loss, one.start, RATE, loop),
    }
    return Work(f"{'-'.join(map(str, sizes))}, {rows} rows", makes, threads, tolerance=FLOAT32)


WORKS = {
    "article": article.work,
    "small": lambda: classifier([64, 32, 10], 32, 1, 100, optional=True),
    "medium": lambda: classifier([784, 256, 128, 10], 64, 2, 20, optional=True),
    "large": lambda: classifier([784, 1024, 1024, 10], 256, 2, 5),
}
