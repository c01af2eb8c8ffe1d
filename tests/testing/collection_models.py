"""Gradients that people derive: of matrix formulas, networks, losses, layers and numerical methods."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from collection_case import Case, cases, sigmoid, softmax

RNG = np.random.default_rng(24)
X = RNG.normal(size=(5, 3))
SQUARE = RNG.normal(size=(3, 3))
MATRIX = RNG.normal(size=(3, 3))
TARGETS = RNG.normal(size=5)
LONG = RNG.normal(size=8)
WEIGHTS = np.array([1.5, -0.7, 0.4, 2.0, -1.1])
POINTS = np.array([0.7, -1.2, 0.3, 2.1, -0.4])


def by_cholesky(s: Any) -> Any:
    """Minus the log-likelihood of POINTS[:3], by a Cholesky factor; of a matrix it reads the lower triangle."""
    factor = np.linalg.cholesky(s)
    white = np.linalg.solve(factor, POINTS[:3])
    return np.sum(np.log(np.diag(factor))) + np.sum(white * white) / 2


def symmetric_slope(s: Any) -> Any:
    inverse = np.linalg.inv(s)
    return (inverse - np.outer(inverse @ POINTS[:3], inverse @ POINTS[:3])) / 2


POSITIVE = MATRIX @ MATRIX.T + np.eye(3)

LINEAR_ALGEBRA = [
    *cases(
        "linear algebra",
        "a product of matrices",
        lambda a, b: a @ b,
        SQUARE,
        MATRIX,
        vjp=True,
        right=lambda g, a, b: (g @ b.T, a.T @ g),
        wrong={"one not transposed": lambda g, a, b: (g @ b, a.T @ g), "exchanged": lambda g, a, b: (b.T @ g, g @ a.T)},
    ),
    *cases(
        "linear algebra",
        "a quadratic form",
        lambda x: x @ MATRIX @ x,
        POINTS[:3],
        right=lambda x: (MATRIX + MATRIX.T) @ x,
        wrong={"as if symmetric": lambda x: 2 * MATRIX @ x, "half of it": lambda x: MATRIX @ x},
    ),
    *cases(
        "linear algebra",
        "the solution of a system",
        lambda a, b: np.linalg.solve(a, b),
        POSITIVE + MATRIX,
        POINTS[:3],
        vjp=True,
        right=lambda g, a, b: (-np.outer(np.linalg.solve(a.T, g), np.linalg.solve(a, b)), np.linalg.solve(a.T, g)),
        wrong={"not transposed": lambda g, a, b: (-np.outer(np.linalg.solve(a, g), np.linalg.solve(a, b)), np.linalg.solve(a, g))},
    ),
    *cases(
        "linear algebra",
        "a likelihood by Cholesky's factor",
        by_cholesky,
        POSITIVE,
        right=lambda s: np.tril(2 * symmetric_slope(s), -1) + np.diag(np.diag(symmetric_slope(s))),
        wrong={"as if both triangles were read": symmetric_slope},
    ),
    *cases(
        "linear algebra",
        "a determinant",
        np.linalg.det,
        SQUARE,
        right=lambda a: np.linalg.det(a) * np.linalg.inv(a).T,
        wrong={"not transposed": lambda a: np.linalg.det(a) * np.linalg.inv(a)},
    ),
]

INPUTS, LABELS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])
PARAMETERS = RNG.normal(size=(2, 4)), RNG.normal(size=4), RNG.normal(size=(4, 1)), RNG.normal(size=1)


def network(w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return np.mean((sigmoid(sigmoid(INPUTS @ w1 + b1) @ w2 + b2) - LABELS) ** 2)


def network_gradient(w1: Any, b1: Any, w2: Any, b2: Any, mistake: str = "") -> Any:
    """Backpropagation through a network of 2 inputs, 4 hidden units and 1 output, with one of the usual mistakes."""
    h = sigmoid(INPUTS @ w1 + b1)
    y = sigmoid(h @ w2 + b2)
    slope = sigmoid(y) * (1 - sigmoid(y)) if mistake == "σ' at σ(x)" else 1.0 if mistake == "no σ'" else y * (1 - y)
    error = LABELS - y if mistake == "the sign" else y - LABELS
    delta2 = error * slope * (1 if mistake == "the 2" else 2) / (1 if mistake == "n" else len(LABELS))
    by_w2 = h.T @ delta2
    later = w2 - 0.5 * by_w2 if mistake == "through new weights" else w2
    delta1 = delta2 @ later.T * (h if mistake == "half of σ'" else h * (1 - h))
    by_b1 = delta1[-1] if mistake == "bias of the last" else delta1.mean(axis=0) if mistake == "mean bias" else delta1.sum(axis=0)
    return INPUTS.T @ delta1, by_b1.copy(), by_w2, delta2.sum(axis=0)


NETWORK_MISTAKES = (
    "σ' at σ(x)", "no σ'", "half of σ'", "the sign", "the 2", "n", "through new weights", "bias of the last", "mean bias",
)  # fmt: skip


def through_network(b1: Any, b2: Any) -> Any:
    return network(PARAMETERS[0], b1, PARAMETERS[2], b2)


def biases_of_network(b1: Any, b2: Any) -> Any:
    return network_gradient(PARAMETERS[0], b1, PARAMETERS[2], b2)[1::2]


NETWORK = [
    *cases(
        "network",
        "a network of 2-4-1",
        network,
        *PARAMETERS,
        right=network_gradient,
        wrong={mistake: partial(network_gradient, mistake=mistake) for mistake in NETWORK_MISTAKES},
    ),
    *cases("network", "its biases", through_network, PARAMETERS[1], PARAMETERS[3], right=biases_of_network),
]

CLASSES = np.array([0, 2, 1, 2, 0])
ONE_HOT = np.eye(3)[CLASSES]


def cross_entropy(z: Any) -> Any:
    return -np.mean(np.log(softmax(z)[np.arange(5), CLASSES]))


def normalized(x: Any, axis: int) -> Any:
    return (x - np.mean(x, axis=axis, keepdims=True)) / np.sqrt(np.var(x, axis=axis, keepdims=True) + 1e-5)


def slope_of_normalized(g: Any, x: Any, axis: int, mean: bool = True, spread: bool = True) -> Any:
    y = normalized(x, axis)
    result = g - (np.mean(g, axis=axis, keepdims=True) if mean else 0)
    result = result - (y * np.mean(g * y, axis=axis, keepdims=True) if spread else 0)
    return result / np.sqrt(np.var(x, axis=axis, keepdims=True) + 1e-5)


def attention(q: Any, k: Any, v: Any) -> Any:
    return softmax(q @ k.T / np.sqrt(3)) @ v


def slope_of_attention(g: Any, q: Any, k: Any, v: Any, scale: float = 3**-0.5, diagonal: bool = False) -> Any:
    p = softmax(q @ k.T / np.sqrt(3))
    by_p = g @ v.T
    by_scores = p * (1 - p) * by_p if diagonal else p * (by_p - np.sum(by_p * p, axis=1, keepdims=True))
    return by_scores @ k * scale, by_scores.T @ q * scale, p.T @ g


def logistic(w: Any) -> Any:
    return np.mean(np.log1p(np.exp(-np.sign(TARGETS) * (X @ w)))) + 0.01 * np.sum(w * w) / 2


def slope_of_logistic(w: Any, decay: float = 0.01) -> Any:
    return -X.T @ (np.sign(TARGETS) * sigmoid(-np.sign(TARGETS) * (X @ w))) / 5 + decay * w


def gaussian(mu: Any, log_sigma: Any) -> Any:
    return np.sum(((TARGETS - mu) / np.exp(log_sigma)) ** 2) / 2 + TARGETS.size * log_sigma


def slope_of_gaussian(mu: Any, log_sigma: Any, count: float = 5.0) -> Any:
    z = (TARGETS - mu) / np.exp(log_sigma)
    return -np.sum(z) / np.exp(log_sigma), count - np.sum(z * z)


LAYERS = [
    *cases(
        "loss or layer",
        "cross-entropy of softmax",
        cross_entropy,
        X,
        right=lambda z: (softmax(z) - ONE_HOT) / 5,
        wrong={
            "not divided": lambda z: softmax(z) - ONE_HOT,
            "the diagonal of softmax": lambda z: -ONE_HOT * (1 - softmax(z)) / 5,
        },
    ),
    *cases(
        "loss or layer",
        "layer normalization",
        partial(normalized, axis=1),
        X,
        vjp=True,
        right=partial(slope_of_normalized, axis=1),
        wrong={
            "the variance constant": partial(slope_of_normalized, axis=1, spread=False),
            "the mean constant": partial(slope_of_normalized, axis=1, mean=False),
        },
    ),
    *cases(
        "loss or layer",
        "batch normalization",
        partial(normalized, axis=0),
        X,
        vjp=True,
        right=partial(slope_of_normalized, axis=0),
        wrong={"along the other axis": partial(slope_of_normalized, axis=1)},
    ),
    *cases(
        "loss or layer",
        "attention",
        attention,
        SQUARE,
        MATRIX,
        X[:3],
        vjp=True,
        right=slope_of_attention,
        wrong={
            "no scale": partial(slope_of_attention, scale=1.0),
            "the diagonal of softmax": partial(slope_of_attention, diagonal=True),
        },
    ),
    *cases(
        "loss or layer",
        "convolution",
        partial(np.convolve, mode="valid"),
        LONG[:8],
        [0.5, -1.0, 2.0],
        vjp=True,
        right=lambda g, x, w: (np.convolve(g, w[::-1]), np.correlate(x, g)[::-1].copy()),
        wrong={"not flipped": lambda g, x, w: (np.convolve(g, w), np.correlate(x, g))},
    ),
    *cases(
        "loss or layer",
        "logistic regression",
        logistic,
        [0.5, -1.0, 0.3],
        right=slope_of_logistic,
        wrong={"no decay": partial(slope_of_logistic, decay=0.0)},
    ),
    *cases(
        "loss or layer",
        "the likelihood of a normal distribution",
        gaussian,
        0.2,
        -0.3,
        right=slope_of_gaussian,
        wrong={"the term of log σ": partial(slope_of_gaussian, count=0.0)},
    ),
]


def recurrent(w: Any, u: Any) -> Any:
    h = np.zeros(3)
    for x in LONG[:4]:
        h = np.tanh(w @ h + u * x)
    return np.sum(h)


def slope_of_recurrent(w: Any, u: Any, steps: int = 4, late: bool = False) -> Any:
    """Backpropagation through time."""
    states = [np.zeros(3)]
    for x in LONG[:4]:
        states.append(np.tanh(w @ states[-1] + u * x))
    g, by_w, by_u = np.ones(3), np.zeros((3, 3)), np.zeros(3)
    for t in range(3, 3 - steps, -1):
        g = g * (1 - states[t + 1] ** 2)
        by_w += np.outer(g, states[t + 1 if late else t])
        by_u += g * LONG[t]
        g = w.T @ g
    return by_w, by_u


def kepler(m: Any, e: Any) -> Any:
    """The eccentric anomaly E of an orbit, at which E - e sin E = m, by Newton's method."""
    anomaly = m
    for _ in range(30):
        anomaly = anomaly - (anomaly - e * np.sin(anomaly) - m) / (1 - e * np.cos(anomaly))
    return anomaly


def slope_of_kepler(m: Any, e: Any, inverse: float = -1.0) -> Any:
    anomaly = kepler(m, e)
    slope = (1 - e * np.cos(anomaly)) ** inverse
    return slope, np.sin(anomaly) * slope


def growth(theta: Any) -> Any:
    """Logistic growth by Euler's method, and how far it ends from 1."""
    y = 0.1
    for _ in range(20):
        y = y + 0.1 * theta[0] * y * (1 - y / theta[1])
    return (y - 1) ** 2


def adjoint_of_growth(theta: Any, late: int = 0) -> Any:
    path = [0.1]
    for _ in range(20):
        path.append(path[-1] + 0.1 * theta[0] * path[-1] * (1 - path[-1] / theta[1]))
    g, result = 2 * (path[-1] - 1), np.zeros(2)
    for k in reversed(range(20)):
        y = path[k + late]
        result += g * 0.1 * np.array([y * (1 - y / theta[1]), theta[0] * y * y / theta[1] ** 2])
        g = g * (1 + 0.1 * theta[0] * (1 - 2 * y / theta[1]))
    return result


def power(x: Any) -> Any:
    return np.sum(np.abs(np.fft.fft(x)) ** 2 * WEIGHTS)


METHODS = [
    *cases(
        "numerical method",
        "a recurrent network",
        recurrent,
        MATRIX / 2,
        POINTS[:3],
        right=slope_of_recurrent,
        wrong={"cut off": partial(slope_of_recurrent, steps=1), "a state too late": partial(slope_of_recurrent, late=True)},
    ),
    *cases(
        "numerical method",
        "Rosenbrock's function",
        lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
        POINTS,
        right=lambda x: (
            np.append(-400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1]), 0) + np.append(0, 200 * (x[1:] - x[:-1] ** 2))
        ),
        wrong={"the later neighbour's": lambda x: np.append(-400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1]), 0)},
    ),
    *cases(
        "numerical method",
        "Kepler's equation",
        kepler,
        1.2,
        0.6,
        right=slope_of_kepler,
        wrong={"not inverted": partial(slope_of_kepler, inverse=1.0)},
    ),
    *cases(
        "numerical method",
        "Euler's method",
        growth,
        [1.5, 0.9],
        right=adjoint_of_growth,
        wrong={"a state too late": partial(adjoint_of_growth, late=1)},
    ),
    *cases(
        "numerical method",
        "a power spectrum",
        power,
        POINTS,
        right=lambda x: 10 * np.fft.ifft(WEIGHTS * np.fft.fft(x)).real,
        wrong={"not times n": lambda x: 2 * np.fft.ifft(WEIGHTS * np.fft.fft(x)).real},
    ),
    *cases(
        "numerical method",
        "the heights of an interpolation",
        lambda y: np.interp([0.3, 1.6, 3.9], [0.0, 1.0, 2.0, 4.0], y),
        [0.0, 2.0, 1.0, 5.0],
        vjp=True,
        right=lambda g, y: np.array([0.7 * g[0], 0.3 * g[0] + 0.4 * g[1], 0.6 * g[1] + 0.05 * g[2], 0.95 * g[2]]),
        wrong={"of the nearest": lambda g, y: np.array([g[0], 0.0, g[1], g[2]])},
    ),
    *cases(
        "numerical method",
        "sorting",
        lambda x: np.sum(WEIGHTS * np.sort(x)),
        POINTS,
        right=lambda x: WEIGHTS[np.argsort(np.argsort(x))],
        wrong={"the other permutation": lambda x: WEIGHTS[np.argsort(x)]},
    ),
]

MODELS: list[Case] = [*LINEAR_ALGEBRA, *NETWORK, *LAYERS, *METHODS]
