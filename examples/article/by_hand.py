"""The networks in plain NumPy, with every derivative worked out by hand.

The error is `cost = ½ Σ (output − label)²`. Its derivative by a weight is a product of simpler ones, the chain rule: how the cost
changes with the output, the output with what went into the sigmoid, and that with the weight.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from examples.article.descent import descend
from examples.article.systems import Run, System

__all__ = ["chain_rule", "hidden_layer", "predict", "sigmoid", "sigmoid_derivative", "single_layer", "train"]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """The logistic function, from 0 to 1: `1 / (1 + exp(-z))`."""
    return 1 / (1 + np.exp(-z))


def sigmoid_derivative(z: np.ndarray) -> np.ndarray:
    """The derivative of the sigmoid at `z`, the number that went *into* it."""
    s = sigmoid(z)
    return s * (1 - s)


def hidden_layer(x: np.ndarray, y: np.ndarray, wh: np.ndarray, wo: np.ndarray) -> dict[str, np.ndarray]:
    """Every term of the chain rule for a network with one hidden layer.

    Shapes: `x: (n, d)`, `wh: (d, h)`, `wo: (h, 1)`, `y: (n, 1)`. A row of `x` is one point, a column of `wh` one hidden unit.
    """
    # Forward: z is what enters a sigmoid, a what comes out; h is the hidden layer, o the output.
    zh = x @ wh
    ah = sigmoid(zh)
    zo = ah @ wo
    ao = sigmoid(zo)

    # Phase 1: back to the output weights.
    dcost_dao = ao - y
    dao_dzo = sigmoid_derivative(zo)
    dzo_dwo = ah
    dcost_dwo = dzo_dwo.T @ (dcost_dao * dao_dzo)

    # Phase 2: further back, through the hidden layer, to its weights.
    dcost_dzo = dcost_dao * dao_dzo
    dzo_dah = wo
    dcost_dah = dcost_dzo @ dzo_dah.T
    dah_dzh = sigmoid_derivative(zh)
    dzh_dwh = x
    dcost_dwh = dzh_dwh.T @ (dah_dzh * dcost_dah)

    return {
        "output": ao,
        "cost": 0.5 * np.sum(dcost_dao**2),
        "dcost/dao": dcost_dao,
        "dao/dzo": dao_dzo,
        "dzo/dwo": dzo_dwo,
        "dcost/dwo": dcost_dwo,
        "dcost/dzo": dcost_dzo,
        "dzo/dah": dzo_dah,
        "dcost/dah": dcost_dah,
        "dah/dzh": dah_dzh,
        "dzh/dwh": dzh_dwh,
        "dcost/dwh": dcost_dwh,
    }


def single_layer(
    x: np.ndarray, y: np.ndarray, w: np.ndarray, b: np.ndarray | float = 0.0, as_printed: bool = False
) -> dict[str, np.ndarray]:
    """Every term of the chain rule for a single layer. Shapes: `x: (n, d)`, `w: (d, 1)`, `b: (1,)`, `y: (n, 1)`.

    `as_printed` repeats a mistake of the articles' code: the derivative of the sigmoid at the output `a` instead of at `z`.
    """
    z = x @ w + b
    a = sigmoid(z)

    dcost_da = a - y
    da_dz = sigmoid_derivative(a if as_printed else z)
    dcost_dz = dcost_da * da_dz
    dz_dw = x

    return {
        "output": a,
        "cost": 0.5 * np.sum(dcost_da**2),
        "dcost/da": dcost_da,
        "da/dz": da_dz,
        "dcost/dz": dcost_dz,
        "dz/dw": dz_dw,
        "dcost/dw": dz_dw.T @ dcost_dz,
        "dcost/db": dcost_dz.sum(axis=0),  # dz/db is 1 for every point
    }


def predict(x: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """The output of the network for each row of `x`: the forward pass alone."""
    if "wh" in weights:
        return sigmoid(sigmoid(x @ weights["wh"]) @ weights["wo"])
    return sigmoid(x @ weights["w"] + weights.get("b", 0.0))


def chain_rule(system: System, weights: dict[str, np.ndarray], as_printed: bool = False) -> dict[str, np.ndarray]:
    """Every term for the network of `system` with these weights, over all of its data."""
    if "wh" in weights:
        return hidden_layer(system.x, system.y, **weights)
    return single_layer(system.x, system.y, **weights, as_printed=as_printed)


def train(system: System, epochs: int, report: Callable[[int, float], None] | None = None, as_printed: bool = False) -> Run:
    """Gradient descent: each epoch takes every weight one step against its gradient. `report` is told the error now and then."""
    weights = {name: start.copy() for name, start in system.weights.items()}

    def step() -> tuple[Any, np.ndarray]:
        terms = chain_rule(system, weights, as_printed)
        for name, weight in weights.items():
            weight -= system.lr * terms["dcost/d" + name]
        return terms["cost"], terms["output"]

    descent = descend(step, epochs, report)
    return Run(descent, float(np.sum(descent.output - system.y)), weights, predict(system.x, weights))
