"""Smooth functions of which differences are hard to take: badly scaled, flat, steep, ill-conditioned, oscillating, in pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
from collection_case import Case, cases, entry, sigmoid, slope_of_softmax, softmax, times

RNG = np.random.default_rng(20)
HILBERT = 1 / (np.arange(6)[:, None] + np.arange(6) + 1.0)
SKEWED = HILBERT + np.triu(HILBERT, 1) / 10
POINTS = np.array([0.7, -1.2, 0.3, 2.1, -0.4])


def reciprocal(x: Any) -> Any:
    return 1 / x


def gravitation(m: Any, r: Any) -> Any:
    return 6.674e-11 * m[0] * m[1] / r**2


BADLY_SCALED = [
    *cases(
        "badly scaled",
        "logarithms of 1e-8 to 1e8",
        lambda x: np.sum(np.log(x)),
        [1e-8, 1e-3, 1.0, 1e4, 1e8],
        right=reciprocal,
        wrong={"twice at the largest": entry(4, 2.0, reciprocal), "a tenth less at the smallest": entry(0, 0.9, reciprocal)},
    ),
    *cases(
        "badly scaled",
        "results of 1e12",
        lambda x: 1e12 * np.sum(np.sin(x)),
        POINTS,
        right=lambda x: 1e12 * np.cos(x),
        wrong={"off by 1e-4": lambda x: 1.0001e12 * np.cos(x)},
    ),
    *cases(
        "badly scaled",
        "results of 1e-12",
        lambda x: 1e-12 * np.sum(np.exp(x)),
        POINTS,
        right=lambda x: 1e-12 * np.exp(x),
        wrong={"zero": np.zeros_like, "twice": lambda x: 2e-12 * np.exp(x)},
    ),
    *cases(
        "badly scaled",
        "gravitation",
        gravitation,
        [5.97e24, 7.35e22],
        3.84e8,
        right=lambda m, r: (gravitation(m, r) / m, -2 * gravitation(m, r) / r),
        wrong={"as the inverse of the distance": lambda m, r: (gravitation(m, r) / m, -gravitation(m, r) / r)},
    ),
    *cases(
        "badly scaled",
        "two scales in one array",
        lambda x: 1e8 * x[0] + 1e-8 * x[1] + x[0] * x[1],
        [1e-8, 1e8],
        right=lambda x: np.array([1e8 + x[1], 1e-8 + x[0]]),
        wrong={"the product left out": lambda x: np.array([1e8 + x[1], 1e-8])},
    ),
    *cases(
        "badly scaled",
        "a time stamp",
        lambda x: np.sin(x - 1.7e9),
        1.7e9 + 0.5,
        right=lambda x: np.cos(x - 1.7e9),
        wrong={"zero": np.zeros_like},
    ),
    *cases(
        "badly scaled",
        "a time stamp",
        lambda x: np.sin(x - 1.7e9),
        1.7e9 + 0.5,
        wrong={"the sign": lambda x: -np.cos(x - 1.7e9)},
        explained="A change of the input by 1e-9 of its size turns the gradient around, so that its rounding noise is taken to be "
        "as large as the gradient itself.",
    ),
]


def slope_of_sigmoid(g: Any, x: Any) -> Any:
    return g * sigmoid(x) * sigmoid(-x)


SATURATED = [
    *cases(
        "saturated",
        "sigmoid",
        sigmoid,
        [20.0, -25.0, 40.0, -40.0, 0.5],
        vjp=True,
        right={"": slope_of_sigmoid, "rounded to zero": lambda g, x: g * sigmoid(x) * (1 - sigmoid(x))},
        wrong={
            "the factor 1 - σ missing": lambda g, x: g * sigmoid(x),
            "the sign at -25": entry(1, -1.0, slope_of_sigmoid),
            "twice at -40": entry(3, 2.0, slope_of_sigmoid),
        },
    ),
    *cases(
        "saturated",
        "tanh",
        lambda x: np.sum(np.tanh(x)),
        [20.0, -22.0, 0.3],
        right=lambda x: 1 - np.tanh(x) ** 2,
        wrong={"the square missing": lambda x: 1 - np.tanh(x)},
    ),
    *cases(
        "saturated",
        "softmax",
        softmax,
        [20.0, 0.0, -20.0],
        vjp=True,
        right=slope_of_softmax,
        wrong={"its diagonal only": lambda g, x: g * softmax(x) * (1 - softmax(x)), "twice": times(2.0, slope_of_softmax)},
    ),
]


def bump(x: Any) -> Any:
    inside = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 0.0, np.exp(-1 / inside**2))


def slope_of_bump(g: Any, x: Any) -> Any:
    inside = np.where(x == 0, 1.0, x)
    return g * np.where(x == 0, 0.0, 2 / inside**3 * np.exp(-1 / inside**2))


FLAT = [
    *cases(
        "flat",
        "x⁴ at 0",
        lambda x: np.sum(x**4),
        [0.0, 1e-3, 0.5],
        right=lambda x: 4 * x**3,
        wrong={"a thousandth too much at 0": lambda x: 4 * x**3 + 1e-3 * (x == 0), "3x²": lambda x: 3 * x**2},
    ),
    *cases(
        "flat",
        "exp(-1/x²) at 0 and near",
        bump,
        [0.0, 0.1, -0.05, 0.5],
        vjp=True,
        right=slope_of_bump,
        wrong={"half": times(0.5, slope_of_bump), "half at 0.1": entry(1, 0.5, slope_of_bump)},
    ),
    *cases(
        "flat",
        "a constant",
        lambda x: 3.0,
        POINTS,
        right=np.zeros_like,
        wrong={"a thousandth": lambda x: np.full_like(x, 1e-3)},
    ),
]


def spread_by_squares(x: Any) -> Any:
    return np.mean(x * x) - np.mean(x) ** 2


ILL_CONDITIONED = [
    *cases(
        "ill-conditioned",
        "a system with Hilbert's matrix",
        lambda b: np.sum(np.linalg.solve(HILBERT, b)),
        RNG.normal(size=6),
        right=lambda b: np.linalg.solve(HILBERT.T, np.ones(6)),
        wrong={
            "the product": lambda b: HILBERT.T @ np.ones(6),
            "off by 1e-4": lambda b: 1.0001 * np.linalg.solve(HILBERT.T, np.ones(6)),
        },
    ),
    *cases(
        "ill-conditioned",
        "the matrix of a system",
        lambda a: np.sum(np.linalg.solve(a, np.arange(6.0))),
        SKEWED,
        right=lambda a: -np.outer(np.linalg.solve(a.T, np.ones(6)), np.linalg.solve(a, np.arange(6.0))),
        wrong={"transposed": lambda a: -np.outer(np.linalg.solve(a, np.arange(6.0)), np.linalg.solve(a.T, np.ones(6)))},
    ),
    *cases(
        "ill-conditioned",
        "the logarithm of a determinant",
        lambda a: np.linalg.slogdet(a)[1],
        SKEWED,
        right=lambda a: np.linalg.inv(a).T,
        wrong={"not transposed": np.linalg.inv},
    ),
    *cases(
        "ill-conditioned",
        "(1 - cos x)/x²",
        lambda x: np.sum((1 - np.cos(x)) / x**2),
        [0.05, -0.2],
        right=lambda x: np.sin(x) / x**2 - 2 * (1 - np.cos(x)) / x**3,
        wrong={"the second term halved": lambda x: np.sin(x) / x**2 - (1 - np.cos(x)) / x**3},
    ),
    *cases(
        "ill-conditioned",
        "√(x+1) - √x",
        lambda x: np.sum(np.sqrt(x + 1) - np.sqrt(x)),
        [1e3, 1e6],
        right=lambda x: -0.5 / (np.sqrt(x * (x + 1)) * (np.sqrt(x + 1) + np.sqrt(x))),
        wrong={"half": lambda x: -0.25 / (np.sqrt(x * (x + 1)) * (np.sqrt(x + 1) + np.sqrt(x)))},
    ),
    *cases(
        "ill-conditioned",
        "a variance as a difference of large numbers",
        spread_by_squares,
        1e4 + POINTS,
        right=lambda x: 2 * (x - x.mean()) / x.size,
        wrong={"divided by n - 1": lambda x: 2 * (x - x.mean()) / (x.size - 1)},
    ),
]

OSCILLATING = [
    *cases(
        "oscillating",
        "sin 1000x",
        lambda x: np.sum(np.sin(1000 * x)),
        [0.7, 1.3],
        right=lambda x: 1000 * np.cos(1000 * x),
        wrong={"the factor forgotten": lambda x: np.cos(1000 * x), "off by 1e-4": lambda x: 1000.1 * np.cos(1000 * x)},
    ),
    *cases(
        "oscillating",
        "sin 1/x",
        lambda x: np.sum(np.sin(1 / x)),
        [0.01, -0.003],
        right=lambda x: -np.cos(1 / x) / x**2,
        wrong={"the sign": lambda x: np.cos(1 / x) / x**2},
    ),
    *cases(
        "oscillating",
        "a line with ripples",
        lambda x: np.sum(x + 1e-3 * np.sin(1e4 * x)),
        [0.5, 2.0],
        right=lambda x: 1 + 10 * np.cos(1e4 * x),
        wrong={"no ripples": np.ones_like},
    ),
    *cases(
        "oscillating",
        "sin x² at 40",
        lambda x: np.sum(np.sin(x * x)),
        [40.0, -31.0],
        right=lambda x: 2 * x * np.cos(x * x),
        wrong={"half": lambda x: x * np.cos(x * x)},
    ),
]

KNOTS, HEIGHTS = np.array([0.0, 1.0, 2.0, 4.0]), np.array([0.0, 2.0, 1.0, 5.0])


def huber(x: Any) -> Any:
    return np.sum(np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5))


PIECEWISE = [
    *cases(
        "piecewise",
        "linear interpolation",
        lambda x: np.sum(np.interp(x, KNOTS, HEIGHTS)),
        [0.3, 1.6, 3.9],
        right=lambda x: (np.diff(HEIGHTS) / np.diff(KNOTS))[np.searchsorted(KNOTS, x) - 1],
        wrong={"the next interval": lambda x: (np.diff(HEIGHTS) / np.diff(KNOTS))[np.array([1, 2, 2])]},
    ),
    *cases(
        "piecewise",
        "Huber's loss",
        huber,
        [0.3, -2.0, 1.0, 5.0],
        right=lambda x: np.clip(x, -1, 1),
        wrong={"the square's": lambda x: 1 * x},
    ),
    *cases(
        "piecewise",
        "a sawtooth",
        lambda x: np.sum(np.mod(x, 0.25) ** 2),
        [0.3, -0.6, 7.1],
        right=lambda x: 2 * np.mod(x, 0.25),
        wrong={"of the square": lambda x: 2 * x},
    ),
]

SMOOTH: list[Case] = [*BADLY_SCALED, *SATURATED, *FLAT, *ILL_CONDITIONED, *OSCILLATING, *PIECEWISE]
