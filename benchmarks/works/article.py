"""The network of the tutorials: 2-4-1, 100 rows, sigmoids, ½ Σ of squared errors, gradient descent, float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.libraries import by_functions, by_modules, products
from benchmarks.work import Candidate, Make, Work

__all__ = ["MAKES", "by_hand", "work"]

LEARNING_RATE = 0.5
LOOP = 100
rng = np.random.default_rng(0)
X = rng.normal(size=(100, 2))
Y = (X[:, :1] * X[:, 1:] > 0).astype(float)
START = {"0.weight": rng.random((4, 2)), "2.weight": rng.random((1, 4))}


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function, as one writes it by hand."""
    return 1 / (1 + np.exp(-x))


def by_hand(textbook: bool) -> Callable[[], float]:
    """A step in NumPy: as the textbook writes the chain rule, σ' = σ(z)(1 - σ(z)), or with each σ(z) computed only once."""
    wh, wo = (value.T.copy() for value in START.values())

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


def module(package: Any, tensor: Callable[[Any], Any]) -> tuple[Any, Any, Any, Any]:
    """As modules. The loss is Σ, not ½ Σ; so the learning rate is half: the same descent."""
    x = tensor(X)
    sizes = {"bias": False, "dtype": x.dtype}
    model = package.Sequential(package.Linear(2, 4, **sizes), package.Sigmoid(), package.Linear(4, 1, **sizes), package.Sigmoid())
    return model, model, package.MSELoss(reduction="sum"), (x, tensor(Y))


def loss(xp: Any, params: Mapping[str, Any]) -> Any:
    """As a function of arrays."""
    h = 1 / (1 + xp.exp(-(X @ params["0.weight"].T)))
    return xp.sum((1 / (1 + xp.exp(-(h @ params["2.weight"].T))) - Y) ** 2)


def doubled() -> Candidate:
    """By hand as a candidate: with the loss of the others."""
    step = by_hand(textbook=False)
    return Candidate(lambda: 2 * step())


MAKES: dict[str, Make] = {
    "by hand": doubled,
    "products": lambda: products((100, 2, 4), (100, 4, 1), dtype=np.float64),
    **by_modules(module, START, LEARNING_RATE / 2, LOOP, optional=True),
    **by_functions(loss, START, LEARNING_RATE / 2, LOOP),
}


def work() -> Work:
    """The step of this network."""
    return Work("2-4-1, 100 rows, float64", MAKES)
