"""Mistakes that were released in frameworks for differentiation: in losses and layers."""

from __future__ import annotations

from functools import partial
from itertools import groupby, product
from math import sqrt
from typing import Any

import numpy as np
from collection_case import Case, cases, sigmoid, softmax

layers = partial(cases, "shipped: losses and layers")

RNG = np.random.default_rng(42)
X = RNG.normal(size=(4, 3))
LONG = RNG.normal(size=8)
POINTS = np.array([0.7, -1.2, 0.3, 2.1, -0.4])
WEIGHT = np.array([0.5, -1.0, 2.0])

CLASSES = np.array([0, 2, 1, 2])
ONE_HOT = np.eye(3)[CLASSES]
KEPT = ONE_HOT * (CLASSES != 1)[:, None]
CLASS_WEIGHTS = np.array([1.0, 3.0, 0.5])
SMOOTH = 0.9 * CLASS_WEIGHTS * ONE_HOT + 0.1 / 3 * CLASS_WEIGHTS
UNWEIGHTED = 0.9 * CLASS_WEIGHTS * ONE_HOT + 0.1 / 3
TOTAL = np.sum(CLASS_WEIGHTS[CLASSES])


def cross_entropy(z: Any, targets: Any, count: float) -> Any:
    return -np.sum(targets * np.log(softmax(z))) / count


def slope_of_cross_entropy(z: Any, targets: Any, count: float) -> Any:
    return (softmax(z) * np.sum(targets, axis=1, keepdims=True) - targets) / count


def normalized(x: Any) -> Any:
    return (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + 1e-5)


def slope_in_training(g: Any, x: Any) -> Any:
    y = normalized(x)
    return (g - np.mean(g, axis=0) - y * np.mean(g * y, axis=0)) / np.sqrt(np.var(x, axis=0) + 1e-5)


def dilated(x: Any, w: Any) -> Any:
    return w[0] * x[:4] + w[1] * x[2:6] + w[2] * x[4:]


def slope_of_dilated(g: Any, x: Any, w: Any, order: int = 1, step: int = 2) -> tuple[Any, Any]:
    by_x = sum(weight * np.pad(g, (2 * k, 4 - 2 * k)) for k, weight in enumerate(w[::order]))
    return by_x, np.array([np.sum(g * x[step * k : step * k + 4]) for k in range(3)])


def windows_maximum(x: Any) -> Any:
    return np.maximum(np.maximum(x[:-2], x[1:-1]), x[2:])


def windows_mean(x: Any) -> Any:
    """Of three numbers, at the ends of two."""
    return np.convolve(x, np.ones(3), "same") / np.array([2, 3, 3, 3, 2])


def lstm(z: Any, c: Any) -> Any:
    """A cell's output, of what comes to its gates: input, forget, candidate and output."""
    return sigmoid(z[3]) * np.tanh(sigmoid(z[1]) * c + sigmoid(z[0]) * np.tanh(z[2]))


def slope_of_lstm(g: Any, z: Any, c: Any, order: Any = (0, 1, 2, 3)) -> tuple[Any, Any]:
    i, f, a, o = sigmoid(z[0]), sigmoid(z[1]), np.tanh(z[2]), sigmoid(z[3])
    t = np.tanh(f * c + i * a)
    by_c = g * o * (1 - t * t)
    parts = np.array([by_c * a * i * (1 - i), by_c * c * f * (1 - f), by_c * i * (1 - a * a), g * t * o * (1 - o)])
    return parts[np.array(order)], by_c * f


def candidate(s: Any, u: Any) -> Any:
    """Of a gated recurrent unit: the reset gate is applied to what the state contributes."""
    return np.tanh(X[0] + sigmoid(s) * u)


def slope_of_candidate(g: Any, s: Any, u: Any, gated: bool = True) -> tuple[Any, Any]:
    r, by_sum = sigmoid(s), g * (1 - candidate(s, u) ** 2)
    return by_sum * u * r * (1 - r), by_sum * (r if gated else 1)


PATHS = np.array([p for p in product(range(3), repeat=4) if [s for s, _ in groupby(p) if s] == [1, 2]])


def ctc(log_p: Any) -> Any:
    """Minus the logarithm of the probability of the labels 1, 2 in four steps, with blanks (0) and repetitions."""
    return -np.log(np.sum(np.exp(np.sum(log_p[np.arange(4), PATHS], axis=1))))


def slope_of_ctc(log_p: Any) -> Any:
    share = softmax(np.sum(log_p[np.arange(4), PATHS], axis=1))
    return -np.einsum("p,ptk->tk", share, np.eye(3)[PATHS])


def slope_of_direction(g: Any, v: Any) -> Any:
    return g / np.linalg.norm(v) - v * np.sum(g * v) / np.linalg.norm(v) ** 3


FRAMES = np.log(softmax(X))
NOISE = LONG[:5]
POSITIVES = np.array([1.0, 0.0, 1.0, 1.0, 0.0])

SHIPPED_LAYERS: list[Case] = [
    *layers(
        "cross-entropy that leaves a class out",
        partial(cross_entropy, targets=KEPT, count=3),
        X,
        right=partial(slope_of_cross_entropy, targets=KEPT, count=3),
        wrong={"divided by the batch": partial(slope_of_cross_entropy, targets=KEPT, count=4)},
    ),
    *layers(
        "cross-entropy with smoothed labels and weights",
        partial(cross_entropy, targets=SMOOTH, count=TOTAL),
        X,
        right=partial(slope_of_cross_entropy, targets=SMOOTH, count=TOTAL),
        wrong={"the smoothing not weighted": partial(slope_of_cross_entropy, targets=UNWEIGHTED, count=TOTAL)},
    ),
    *layers(
        "binary cross-entropy with a weight of the positive",
        lambda z: np.mean(3 * POSITIVES * np.logaddexp(0, -z) + (1 - POSITIVES) * np.logaddexp(0, z)),
        POINTS,
        right=lambda z: ((1 - POSITIVES) * sigmoid(z) - 3 * POSITIVES * sigmoid(-z)) / 5,
        wrong={"without it": lambda z: (sigmoid(z) - POSITIVES) / 5},
    ),
    *layers(
        "the smooth distance with a quadratic part up to 0.5",
        lambda x: np.sum(np.where(np.abs(x) < 0.5, x * x, np.abs(x) - 0.25)),
        POINTS,
        right=lambda x: np.clip(x / 0.5, -1, 1),
        wrong={"as if up to 1": lambda x: np.clip(x, -1, 1)},
    ),
    *layers(
        "the divergence of a distribution given by logarithms",
        lambda q: np.sum(np.exp(FRAMES) * (FRAMES - q)) / 4,
        X,
        right=lambda q: -np.exp(FRAMES) / 4,
        wrong={"by the logarithms": lambda q: -FRAMES / 4, "of each entry": lambda q: -np.exp(FRAMES) / 12},
    ),
    *layers(
        "connectionist temporal classification",
        ctc,
        FRAMES,
        right=slope_of_ctc,
        wrong={"by what comes to softmax": lambda log_p: np.exp(log_p) + slope_of_ctc(log_p)},
    ),
    *layers(
        "batch normalization with given statistics",
        lambda x: WEIGHT * (x - 0.3) / sqrt(1.7),
        X,
        vjp=True,
        right=lambda g, x: g * WEIGHT / sqrt(1.7),
        wrong={"of the batch's": lambda g, x: slope_in_training(g * WEIGHT, x)},
    ),
    *layers(
        "batch normalization with a weight",
        lambda x: WEIGHT * normalized(x),
        X,
        vjp=True,
        right=lambda g, x: slope_in_training(g * WEIGHT, x),
        wrong={"without it": slope_in_training},
    ),
    *layers(
        "a direction times a length",
        lambda v, length: length * v / np.linalg.norm(v),
        POINTS,
        1.5,
        vjp=True,
        right=lambda g, v, length: (length * slope_of_direction(g, v), np.sum(g * v) / np.linalg.norm(v)),
        wrong={"as if the norm were constant": lambda g, v, s: (s * g / np.linalg.norm(v), np.sum(g * v) / np.linalg.norm(v))},
    ),
    *layers(
        "a sample of a normal distribution",
        lambda mean, deviation: mean + deviation * NOISE,
        POINTS,
        np.abs(POINTS),
        vjp=True,
        right=lambda g, mean, deviation: (g.copy(), g * NOISE),
        wrong={"by the sample": lambda g, mean, deviation: (g.copy(), g * (mean + deviation * NOISE))},
    ),
    *layers(
        "dropout of a given mask",
        lambda x: x * POSITIVES / 0.6,
        POINTS,
        vjp=True,
        right=lambda g, x: g * POSITIVES / 0.6,
        wrong={"not scaled": lambda g, x: g * POSITIVES, "not masked": lambda g, x: g / 0.6},
    ),
    *layers(
        "a dilated convolution",
        dilated,
        LONG,
        WEIGHT,
        vjp=True,
        right=slope_of_dilated,
        wrong={
            "the kernel reversed": partial(slope_of_dilated, order=-1),
            "the kernel's as if not dilated": partial(slope_of_dilated, step=1),
        },
    ),
    *layers(
        "the maximum of windows that overlap",
        windows_maximum,
        [0.3, 2.1, -0.5, -1.0, -2.0],
        vjp=True,
        right=lambda g, x: np.array([0.0, g[0] + g[1], g[2], 0.0, 0.0]),
        wrong={"overwritten in the place of added": lambda g, x: np.array([0.0, g[1], g[2], 0.0, 0.0])},
    ),
    *layers(
        "the mean of windows, shorter at the ends",
        windows_mean,
        POINTS,
        vjp=True,
        right=lambda g, x: np.convolve(g / np.array([2, 3, 3, 3, 2]), np.ones(3), "same"),
        wrong={"all of one length": lambda g, x: np.convolve(g, np.ones(3), "same") / 3},
    ),
    *layers(
        "a cell of a long short-term memory",
        lstm,
        X[:, :2],
        POINTS[:2],
        vjp=True,
        right=slope_of_lstm,
        wrong={"two gates exchanged": partial(slope_of_lstm, order=(0, 1, 3, 2))},
    ),
    *layers(
        "the candidate of a gated recurrent unit",
        candidate,
        X[1],
        X[2],
        vjp=True,
        right=slope_of_candidate,
        wrong={"past the gate": partial(slope_of_candidate, gated=False)},
    ),
]
