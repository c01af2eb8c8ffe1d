"""Mistakes that were released in frameworks for differentiation: in shapes and indices."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from collection_case import Case, cases, sigmoid

shapes = partial(cases, "shipped: shapes and indices")

RNG = np.random.default_rng(42)
X = RNG.normal(size=(4, 3))
SQUARE = RNG.normal(size=(3, 3))
CUBE = RNG.normal(size=(2, 2, 2))
LONG = RNG.normal(size=8)
POINTS = np.array([0.7, -1.2, 0.3, 2.1, -0.4])
IDS = np.array([0, 2, 0, 7])  # of segments; 7 is none
BETA = np.array([0.5, -1.0, 2.0])


def spectrum(x: Any) -> Any:
    return np.abs(np.fft.rfft(x)) ** 2


def slope_of_spectrum(g: Any, x: Any) -> Any:
    """2·Re Σ gₖ·Xₖ·exp(2πikn/N), over the half of the frequencies that are in the result."""
    return 2 * x.size * np.real(np.fft.ifft(g * np.fft.rfft(x), x.size))


def swish(x: Any, beta: Any) -> Any:
    return x * sigmoid(beta * x)


def slope_of_swish(g: Any, x: Any, beta: Any) -> tuple[Any, Any]:
    s = sigmoid(beta * x)
    return g * (s + beta * x * s * (1 - s)), np.sum(g * x * x * s * (1 - s), axis=0)


def added_up(g: Any, x: Any, beta: Any) -> tuple[Any, Any]:
    by_x, by_beta = slope_of_swish(g, x, beta)
    return by_x, np.full(3, np.sum(by_beta))


def centred(x: Any) -> Any:
    return x - np.mean(x)


def placed(g: Any, positions: Any) -> Any:
    """Five zeros, with the entries of g added at the positions."""
    return np.bincount(positions, weights=g, minlength=5)


def segment_sums(x: Any) -> Any:
    return np.array([np.sum(np.exp(x) * (i == IDS)) for i in range(3)])


def segment_means(x: Any) -> Any:
    return np.array([np.sum(x[:3] * (IDS[:3] == i)) / max(1, np.sum(IDS[:3] == i)) for i in range(3)])


SHIPPED_SHAPES: list[Case] = [
    *shapes(
        "sums of segments, one number in none of them",
        segment_sums,
        POINTS[:4],
        vjp=True,
        right=lambda g, x: np.append(g, 0.0)[np.minimum(IDS, 3)] * np.exp(x),
        wrong={"as if in the last": lambda g, x: g[np.minimum(IDS, 2)] * np.exp(x)},
    ),
    *shapes(
        "means of segments",
        segment_means,
        POINTS[:3],
        vjp=True,
        right=lambda g, x: g[IDS[:3]] / np.array([2.0, 1.0, 2.0]),
        wrong={"of sums": lambda g, x: g[IDS[:3]]},
    ),
    *shapes(
        "an index beyond the end, clipped",
        lambda x: np.exp(x[np.minimum(np.array([1, 5, 2]), 2)]),
        POINTS[:3],
        vjp=True,
        right=lambda g, x: np.array([0.0, g[0], g[1] + g[2]]) * np.exp(x),
        wrong={"0 for it": lambda g, x: np.array([0.0, g[0], g[2]]) * np.exp(x)},
    ),
    *shapes(
        "padding by reflection",
        lambda x: np.sin(np.concatenate([x[2:0:-1], x, x[-2:-3:-1]])),
        POINTS,
        vjp=True,
        right=lambda g, x: placed(g, [2, 1, 0, 1, 2, 3, 4, 3]) * np.cos(x),
        wrong={"cut off": lambda g, x: g[2:-1] * np.cos(x)},
    ),
    *shapes(
        "roll",
        lambda x: np.exp(np.roll(x, 2)),
        POINTS,
        vjp=True,
        right=lambda g, x: np.roll(g, -2) * np.exp(x),
        wrong={"the same way": lambda g, x: np.roll(g, 2) * np.exp(x)},
    ),
    *shapes(
        "sort",
        lambda x: np.sort(x),
        POINTS,
        vjp=True,
        right=lambda g, x: placed(g, np.argsort(x)),
        wrong={"permuted the same way": lambda g, x: g[np.argsort(x)]},
    ),
    *shapes(
        "the median of four numbers",
        np.median,
        POINTS[:4],
        right=lambda x: np.array([0.5, 0.0, 0.5, 0.0]),
        wrong={"the lower only": lambda x: np.array([0.0, 0.0, 1.0, 0.0])},
    ),
    *shapes(
        "a permutation of three axes",
        lambda x: np.exp(np.transpose(x, (1, 2, 0))),
        CUBE,
        vjp=True,
        right=lambda g, x: np.transpose(g, (2, 0, 1)) * np.exp(x),
        wrong={"not inverted": lambda g, x: np.transpose(g, (1, 2, 0)) * np.exp(x)},
    ),
    *shapes(
        "repeat",
        lambda x: np.sin(np.repeat(x, 2)),
        POINTS[:3],
        vjp=True,
        right=lambda g, x: np.sum((g * np.cos(np.repeat(x, 2))).reshape(3, 2), axis=1),
        wrong={"as tile": lambda g, x: np.sum((g * np.cos(np.repeat(x, 2))).reshape(2, 3), axis=0)},
    ),
    *shapes(
        "an exclusive cumulative sum",
        lambda x: np.cumsum(x) - x,
        POINTS,
        vjp=True,
        right=lambda g, x: np.cumsum(g[::-1])[::-1] - g,
        wrong={"inclusive": lambda g, x: np.cumsum(g[::-1])[::-1].copy()},
    ),
    *shapes(
        "the trace above the diagonal",
        lambda a: np.trace(np.exp(a), offset=1),
        SQUARE,
        right=lambda a: np.eye(3, k=1) * np.exp(a),
        wrong={"on it": lambda a: np.eye(3) * np.exp(a)},
    ),
    *shapes(
        "einsum of an index that repeats",
        lambda a: np.einsum("ii->i", a),
        SQUARE,
        vjp=True,
        right=lambda g, a: np.diag(g),
        wrong={"off the diagonal as well": lambda g, a: np.broadcast_to(g, (3, 3)).copy()},
    ),
    *shapes(
        "tensordot of the first axes",
        lambda a, b: np.tensordot(a, b, axes=((0,), (0,))),
        SQUARE,
        X[:3],
        vjp=True,
        right=lambda g, a, b: (b @ g.T, a @ g),
        wrong={"axes exchanged": lambda g, a, b: (g @ b.T, a @ g)},
    ),
    *shapes(
        "means of rows",
        lambda x: np.mean(np.exp(x), axis=1),
        X,
        vjp=True,
        right=lambda g, x: g[:, None] * np.exp(x) / 3,
        wrong={"divided by the size of all": lambda g, x: g[:, None] * np.exp(x) / 12},
    ),
    *shapes(
        "lengths of rows",
        lambda x: np.linalg.norm(x, axis=1),
        X,
        vjp=True,
        right=lambda g, x: g[:, None] * x / np.linalg.norm(x, axis=1, keepdims=True),
        wrong={"divided by that of all": lambda g, x: g[:, None] * x / np.linalg.norm(x)},
    ),
    *shapes(
        "the variance of a sample",
        lambda x: np.var(x, ddof=1),
        POINTS,
        right=lambda x: 2 * centred(x) / (x.size - 1),
        wrong={"of a population": lambda x: 2 * centred(x) / x.size},
    ),
    *shapes(
        "a choice of a matrix or a number",
        lambda x, y: np.where(SQUARE > 0, x, y),
        SQUARE,
        0.7,
        vjp=True,
        right=lambda g, x, y: (g * (SQUARE > 0), np.sum(g * (SQUARE <= 0))),
        wrong={"the mean for the number": lambda g, x, y: (g * (SQUARE > 0), np.mean(g * (SQUARE <= 0)))},
    ),
    *shapes(
        "swish with a factor for each column",
        swish,
        X,
        BETA,
        vjp=True,
        right=slope_of_swish,
        wrong={"added up over all": added_up},
    ),
    *shapes(
        "a power spectrum of half of the frequencies",
        spectrum,
        LONG,
        vjp=True,
        right=slope_of_spectrum,
        wrong={
            "of both halves": lambda g, x: 2 * x.size * np.fft.irfft(g * np.fft.rfft(x), x.size),
            "not multiplied by the length": lambda g, x: slope_of_spectrum(g, x) / x.size,
        },
    ),
    *shapes(
        "the real part of a complex square",
        lambda x, y: np.real((2 - 1j) * (x + 1j * y) ** 2),
        0.7,
        -1.2,
        right=lambda x, y: (np.real((4 - 2j) * (x + 1j * y)), -np.imag((4 - 2j) * (x + 1j * y))),
        wrong={"not conjugated": lambda x, y: (np.real((4 - 2j) * (x + 1j * y)), np.imag((4 - 2j) * (x + 1j * y)))},
    ),
]
