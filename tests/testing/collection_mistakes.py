"""The mistakes that are made when gradients are derived by hand, each in a short formula."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from collection_case import Case, cases, entry, times

RNG = np.random.default_rng(22)
X = RNG.normal(size=(5, 3))
SQUARE = RNG.normal(size=(3, 3))
TARGETS = RNG.normal(size=5)
WEIGHTS = np.array([1.5, -0.7, 0.4, 2.0, -1.1])
POINTS = np.array([0.7, -1.2, 0.3, 2.1, -0.4])
LARGE = RNG.normal(size=(100, 100))
LONG = RNG.normal(size=200)


def exponential(x: Any) -> Any:
    return np.sum(np.exp(x))


def wave(g: Any, x: Any) -> Any:
    return g * np.cos(x)


ONE_ENTRY = [
    *cases(
        "wrong in one entry",
        "ten numbers",
        exponential,
        LONG[:10],
        right=np.exp,
        wrong={"zero in one": entry(7, 0.0, np.exp), "off by a thousandth in one": entry(3, 1.001, np.exp)},
    ),
    *cases(
        "wrong in one entry",
        "ten thousand numbers",
        lambda x: np.sum(np.sin(x)),
        LARGE,
        right=np.cos,
        wrong={"zero in one": entry((37, 41), 0.0, np.cos), "off by a hundredth in one": entry((99, 0), 1.01, np.cos)},
    ),
    *cases(
        "wrong in one entry",
        "two hundred results",
        np.sin,
        LONG,
        vjp=True,
        right=wave,
        wrong={"the sign of the last": entry(-1, -1.0, wave)},
    ),
]

SLIGHTLY = [
    *cases(
        "slightly wrong",
        "exp",
        exponential,
        POINTS,
        right=np.exp,
        wrong={"by 1e-4": times(1 + 1e-4, np.exp), "by 1e-6": times(1 - 1e-6, np.exp), "by 1e-4 in one": entry(2, 1.0001, np.exp)},
    ),
    *cases(
        "slightly wrong",
        "the area of a disc",
        lambda r: np.pi * r * r,
        1.7,
        right=lambda r: 2 * np.pi * r,
        wrong={"π as 3.1416": lambda r: 2 * 3.1416 * r},
    ),
    *cases(
        "slightly wrong",
        "a barometric formula",
        lambda h: np.exp(-9.80665 * 0.0289644 * h / (8.31446 * 288.15)),
        800.0,
        right=lambda h: -9.80665 * 0.0289644 / (8.31446 * 288.15) * np.exp(-9.80665 * 0.0289644 * h / (8.31446 * 288.15)),
        wrong={
            "g as 9.81": lambda h: -9.81 * 0.0289644 / (8.31446 * 288.15) * np.exp(-9.80665 * 0.0289644 * h / (8.31446 * 288.15))
        },
    ),
]


def elu(x: Any) -> Any:
    return np.sum(np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1))


def off_diagonal(a: Any) -> Any:
    return np.sum(a * a) - np.sum(np.diag(a) ** 2)


REGION = [
    *cases(
        "wrong in a region",
        "|x|³",
        lambda x: np.sum(np.abs(x) ** 3),
        POINTS,
        right=lambda x: 3 * x * np.abs(x),
        wrong={"where negative": lambda x: 3 * x * x},
    ),
    *cases(
        "wrong in a region",
        "elu",
        elu,
        POINTS,
        right=lambda x: np.exp(np.minimum(x, 0)),
        wrong={"where negative": lambda x: np.where(x > 0, 1.0, np.exp(np.minimum(x, 0)) - 1)},
    ),
    *cases(
        "wrong in a region",
        "a logarithm above a threshold",
        lambda x: np.sum(np.where(x > 2, 2 + np.log(np.maximum(x, 1) / 2), x)),
        POINTS,
        right=lambda x: np.where(x > 2, 1 / x, 1.0),
        wrong={"above it": np.ones_like},
    ),
    *cases(
        "wrong in a region",
        "squares of differences",
        lambda x: np.sum((x[1:] - x[:-1]) ** 2),
        POINTS,
        right=lambda x: 2 * (np.append(0, np.diff(x)) - np.append(np.diff(x), 0)),
        wrong={"at the end": entry(-1, 0.0, lambda x: 2 * (np.append(0, np.diff(x)) - np.append(np.diff(x), 0)))},
    ),
    *cases(
        "wrong in a region",
        "squares off the diagonal",
        off_diagonal,
        SQUARE,
        right=lambda a: 2 * a - 2 * np.diag(np.diag(a)),
        wrong={"on the diagonal": lambda a: 2 * a},
    ),
    *cases(
        "wrong in a region",
        "a product of numbers, one of them 0",
        np.prod,
        [1.5, 0.0, -2.0],
        right=lambda x: np.array([np.prod(np.delete(x, i)) for i in range(x.size)]),
        wrong={"where it is 0": lambda x: np.prod(x) / np.where(x == 0, 1.0, x)},
    ),
]


def shifted(x: Any, b: Any) -> Any:
    return np.sum(np.tanh(x + b) ** 2)


def slope_of_shifted(x: Any, b: Any, mistake: str = "") -> Any:
    y = np.tanh(x + b)
    g = 2 * y * (1 - y * y)
    leading = (g.mean(axis=0) if mistake == "mean of rows" else g.sum(axis=0)) if b.ndim == 1 else g
    kept = tuple(i for i in range(b.ndim) if b.shape[i] < leading.shape[i])
    by_b = leading.sum(axis=kept, keepdims=True)
    if mistake == "first":
        by_b = leading[tuple(slice(0, n) for n in b.shape)]
    elif mistake == "mean":
        by_b = leading.mean(axis=kept, keepdims=True)
    elif mistake == "axis" and kept:
        by_b = leading.T.sum(axis=kept, keepdims=True)
    return g, np.array(by_b)


SHIFTS: tuple[tuple[str, np.ndarray, dict[str, str], dict[str, str]], ...] = (
    ("a shift of the same shape", SQUARE.T / 2, {"": "", "with the formula for the first column": "first"}, {}),
    ("a shift of shape (3,)", SQUARE[0] / 2, {"": ""}, {"the mean": "mean of rows"}),
    (
        "a shift of shape (3, 1)",
        SQUARE[:, :1] / 2,
        {"": ""},
        {"the first column": "first", "the mean": "mean", "other axis": "axis"},
    ),
    ("a shift of shape (1, 3)", SQUARE[:1] / 2, {"": ""}, {"the first row": "first", "the mean": "mean"}),
)
BROADCAST = [
    case
    for name, b, rights, wrongs in SHIFTS
    for case in cases(
        "wrong for broadcast shapes",
        name,
        shifted,
        SQUARE,
        b,
        right={label: partial(slope_of_shifted, mistake=mistake) for label, mistake in rights.items()},
        wrong={label: partial(slope_of_shifted, mistake=mistake) for label, mistake in wrongs.items()},
    )
]


def squared_error(w: Any, x: Any, t: Any) -> Any:
    return np.mean((x @ w - t) ** 2)


def slope_of_squared_error(w: Any, x: Any, t: Any) -> Any:
    return 2 * x.T @ (x @ w - t) / len(t)


def first_only(w: Any, x: Any, t: Any) -> Any:
    return 2 * (x[0] @ w - t[0]) * x[0]


def batches(name: str, x: np.ndarray, t: np.ndarray) -> list[Case]:
    """The same gradients at a batch of one, for which they are right, and at a larger one."""
    formulas = {
        "not divided by the batch": lambda w: slope_of_squared_error(w, x, t) * len(t),
        "of the first of the batch": lambda w: first_only(w, x, t),
        "of the mean of the batch": lambda w: slope_of_squared_error(w, x.mean(axis=0, keepdims=True), t.mean(keepdims=True)),
    }
    right, wrong = {"": lambda w: slope_of_squared_error(w, x, t)}, formulas
    if len(t) == 1:
        right, wrong = right | formulas, {}
    return cases("wrong for batches", name, lambda w: squared_error(w, x, t), [0.5, -1.0, 0.3], right=right, wrong=wrong)


BATCHES = batches("a batch of one", X[:1], TARGETS[:1]) + batches("a batch of five", X, TARGETS)


def slope_of_tanh(g: Any, x: Any) -> Any:
    return g * (1 - np.tanh(x) ** 2)


COTANGENT = [
    *cases(
        "cotangent mistaken",
        "tanh",
        np.tanh,
        X,
        vjp=True,
        right=slope_of_tanh,
        wrong={
            "forgotten": lambda g, x: 1 - np.tanh(x) ** 2,
            "summed": lambda g, x: g.sum() * (1 - np.tanh(x) ** 2),
            "its sign lost": lambda g, x: slope_of_tanh(np.abs(g), x),
            "its rows permuted": lambda g, x: slope_of_tanh(g[::-1], x),
        },
    ),
    *cases(
        "cotangent mistaken",
        "a transpose",
        lambda x: np.exp(x).T,
        SQUARE,
        vjp=True,
        right=lambda g, x: g.T * np.exp(x),
        wrong={"transposed": lambda g, x: g * np.exp(x)},
    ),
    *cases(
        "cotangent mistaken",
        "a cumulative sum",
        np.cumsum,
        POINTS,
        vjp=True,
        right=lambda g, x: np.cumsum(g[::-1])[::-1].copy(),
        wrong={"forwards": lambda g, x: np.cumsum(g)},
    ),
    *cases(
        "cotangent mistaken",
        "an index that repeats",
        lambda x: np.exp(x[np.array([0, 0, 2, 1])]),
        POINTS[:3],
        vjp=True,
        right=lambda g, x: np.array([g[0] + g[1], g[3], g[2]]) * np.exp(x),
        wrong={"overwritten in the place of added": lambda g, x: np.array([g[1], g[3], g[2]]) * np.exp(x)},
    ),
]

FACTORS = [
    *cases(
        "sign or factor",
        "cos",
        lambda x: np.sum(np.cos(x)),
        POINTS,
        right=lambda x: -np.sin(x),
        wrong={"the sign": np.sin},
    ),
    *cases(
        "sign or factor",
        "half a square",
        lambda x: np.sum((x - WEIGHTS) ** 2) / 2,
        POINTS,
        right=lambda x: x - WEIGHTS,
        wrong={"twice": lambda x: 2 * (x - WEIGHTS), "half": lambda x: (x - WEIGHTS) / 2},
    ),
    *cases(
        "sign or factor",
        "a mean",
        lambda x: np.mean(np.sqrt(1 + x * x)),
        POINTS,
        right=lambda x: x / np.sqrt(1 + x * x) / x.size,
        wrong={"n": lambda x: x / np.sqrt(1 + x * x), "1/n": lambda x: x / np.sqrt(1 + x * x) / x.size**2},
    ),
]


def quotient(x: Any) -> Any:
    return np.sum(np.sin(x) / (1 + x * x))


TERMS = [
    *cases(
        "term dropped",
        "a product",
        lambda x: np.sum(x * np.exp(x)),
        POINTS,
        right=lambda x: np.exp(x) + x * np.exp(x),
        wrong={"one factor's": lambda x: x * np.exp(x)},
    ),
    *cases(
        "term dropped",
        "a quotient",
        quotient,
        POINTS,
        right=lambda x: np.cos(x) / (1 + x * x) - 2 * x * np.sin(x) / (1 + x * x) ** 2,
        wrong={"the denominator's": lambda x: np.cos(x) / (1 + x * x)},
    ),
    *cases(
        "term dropped",
        "a small regularization",
        lambda w: squared_error(w, X, TARGETS) + 1e-5 * np.sum(w * w),
        [0.5, -1.0, 0.3],
        right=lambda w: slope_of_squared_error(w, X, TARGETS) + 2e-5 * w,
        wrong={"it": lambda w: slope_of_squared_error(w, X, TARGETS)},
    ),
]

POWERS = [
    *cases(
        "powers",
        "powers of 2, 3 and -1",
        lambda x: np.sum(x ** np.array([2.0, 3.0, -1.0])),
        POINTS[:3],
        right=lambda x: np.array([2.0, 3.0, -1.0]) * x ** np.array([1.0, 2.0, -2.0]),
        wrong={"the exponent not reduced": lambda x: np.array([2.0, 3.0, -1.0]) * x ** np.array([2.0, 3.0, -1.0])},
    ),
    *cases(
        "powers",
        "a base and an exponent",
        lambda x, p: np.sum(x**p),
        np.abs(POINTS),
        1.5,
        right=lambda x, p: (p * x ** (p - 1), np.sum(x**p * np.log(x))),
        wrong={
            "log₁₀ for log": lambda x, p: (p * x ** (p - 1), np.sum(x**p * np.log10(x))),
            "the exponent for the base": lambda x, p: (x ** (p - 1), np.sum(x**p * np.log(x))),
        },
    ),
]

MISTAKES: list[Case] = [*ONE_ENTRY, *SLIGHTLY, *REGION, *BROADCAST, *BATCHES, *COTANGENT, *FACTORS, *TERMS, *POWERS]
