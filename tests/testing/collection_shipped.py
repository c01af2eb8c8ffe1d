"""Mistakes that were released in frameworks for differentiation: at special points, at kinks and in a part of the domain.

Each is rebuilt from the formula, in NumPy, beside the right gradient at the same point.
"""

from __future__ import annotations

from functools import partial
from math import log, pi
from typing import Any

import numpy as np
from collection_case import Case, cases, sigmoid, softmax

at_point = partial(cases, "shipped: at special points")
at_kink = partial(cases, "shipped: at kinks")
in_region = partial(cases, "shipped: in a region")
silent = np.errstate(all="ignore")  # 0/0 and 0·∞ are the mistakes here

POINTS = np.array([0.7, -1.2, 0.3, 2.1, -0.4])


def slope_of_sinc(x: Any) -> Any:
    t = np.pi * x
    return (np.cos(t) - np.sin(t) / t) / x


def slope_of_cumprod(g: Any, x: Any) -> Any:
    """Products without one factor, added up from the factor on: nothing is divided by."""
    return np.array([np.sum((g * np.cumprod(np.where(np.arange(x.size) == i, 1, x)))[i:]) for i in range(x.size)])


def log_sigmoid(x: Any) -> Any:
    return np.sum(np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))))


def kernel(x: Any) -> Any:
    """Half of the sum of exp(-|xᵢ - xⱼ|²)."""
    return np.sum(np.exp(-np.sum((x[:, None] - x) ** 2, axis=-1))) / 2


def slope_of_kernel(x: Any, factor: Any = lambda distance: distance) -> Any:
    """By the squared distance's derivative, 2·distance, times the distance's, difference / distance, or both cancelled."""
    differences = x[:, None] - x
    distance = np.sqrt(np.sum(differences**2, axis=-1))
    return np.sum((-2 * np.exp(-(distance**2)) * factor(distance))[..., None] * differences, axis=1)


def log_softmax(x: Any) -> Any:
    return x - np.max(x) - np.log(np.sum(np.exp(x - np.max(x))))


POINT = [
    *at_point(
        "sinc at 0 and elsewhere",
        lambda x: np.sum(np.sinc(x)),
        [0.0, 0.3, -1.7],
        right=lambda x: np.where(x == 0, 0.0, slope_of_sinc(np.where(x == 0, 1.0, x))),
        wrong={"NaN at 0": silent(slope_of_sinc)},
    ),
    *at_point(
        "sinc near 0",
        lambda x: np.sum(np.sinc(x)),
        [1e-6, -3e-5],
        right=lambda x: -(pi**2) * x / 3 + pi**4 * x**3 / 30,
        wrong={"as if constant": np.zeros_like},
    ),
    *at_point(
        "the square of a norm at 0",
        lambda x: np.sqrt(np.sum(x * x)) ** 2,
        np.zeros(3),
        right=np.zeros_like,
        wrong={"NaN": silent(lambda x: 2 * np.linalg.norm(x) * (x / np.linalg.norm(x)))},
    ),
    *at_point(
        "a kernel of distances, some of them 0",
        kernel,
        np.array([[0.5, -1.0], [0.3, 0.8], [0.5, -1.0]]),
        right=partial(slope_of_kernel, factor=np.ones_like),
        wrong={"NaN where the distance is 0": silent(partial(slope_of_kernel, factor=lambda d: d / d))},
    ),
    *at_point(
        "cumulative products with a 0",
        np.cumprod,
        [2.0, 0.0, 3.0, -1.5],
        vjp=True,
        right=slope_of_cumprod,
        wrong={
            "NaN at the 0": silent(lambda g, x: np.cumsum((g * np.cumprod(x))[::-1])[::-1] / x),
            "0 at the 0": silent(lambda g, x: np.nan_to_num(np.cumsum((g * np.cumprod(x))[::-1])[::-1] / x)),
        },
    ),
    *at_point(
        "a product with two zeros",
        np.prod,
        [1.5, 0.0, -2.0, 0.0],
        right=np.zeros_like,
        wrong={"all zeros left out": lambda x: np.where(x == 0, np.prod(x[x != 0]), 0.0)},
    ),
    *at_point(
        "powers 0, 1 and 2 of 0",
        lambda x: np.sum(x ** np.arange(3.0)),
        np.zeros(3),
        right=lambda x: np.array([0.0, 1.0, 0.0]),
        wrong={"NaN for the power 0": silent(lambda x: np.arange(3.0) * x ** (np.arange(3.0) - 1))},
    ),
    *at_point(
        "powers of 0 by the exponent",
        lambda p: np.sum(np.array([0.0, 1.0, 2.0]) ** p),
        [1.5, 0.5, -0.7],
        right=lambda p: np.array([0.0, 0.0, log(2) * 2 ** p[2]]),
        wrong={"NaN where the base is 0": silent(lambda p: np.log(np.arange(3.0)) * np.arange(3.0) ** p)},
    ),
    *at_point(
        "a power of a negative base by the base",
        lambda x: np.sum(x ** np.array([2.0, 3.0, 4.0])),
        [-0.5, -1.5, -0.3],
        right=lambda x: np.array([2.0, 3.0, 4.0]) * x ** np.arange(1.0, 4.0),
        wrong={"through the logarithm of |x|": lambda x: np.array([2.0, 3.0, 4.0]) * np.abs(x) ** np.arange(1.0, 4.0)},
    ),
    *at_point(
        "log σ at 0",
        log_sigmoid,
        [0.0, 1.5, -0.7],
        right=lambda x: sigmoid(-x),
        wrong={"0 at 0, by branches that both leave it out": lambda x: np.where(x == 0, 0.0, sigmoid(-x))},
    ),
    *at_point(
        "softplus where exp overflows",
        lambda x: np.sum(np.logaddexp(0, x)),
        [800.0, 1.0, -2.0],
        right=sigmoid,
        wrong={"∞/∞": silent(lambda x: np.exp(x) / (1 + np.exp(x)))},
    ),
    *at_point(
        "log-softmax where a probability underflows",
        log_softmax,
        [0.0, -1000.0, 1.0],
        vjp=True,
        right=lambda g, x: g - softmax(x) * np.sum(g),
        wrong={"log of softmax": silent(lambda g, x: softmax(x) * (g / softmax(x) - np.sum(g)))},
    ),
    *at_point(
        "an angle on the axis",
        lambda y, x: np.arctan2(y, x),
        1.3,
        0.0,
        right=lambda y, x: (x / (x * x + y * y), -y / (x * x + y * y)),
        wrong={"by the quotient": silent(lambda y, x: (1 / x / (1 + (y / x) ** 2), -y / (x * x) / (1 + (y / x) ** 2)))},
    ),
    *at_point(
        "a branch that is not taken",
        lambda x: np.sum(np.where(x > 0, np.log1p(np.maximum(x, 0)), 0.0)),
        [-1.0, 2.0],
        right=lambda x: np.where(x > 0, 1 / (1 + np.maximum(x, 0)), 0.0),
        wrong={"0·∞ from it": silent(lambda x: (x > 0) * (1 / (1 + x)))},
    ),
    *at_point(
        "a vector of length 0, normalized with a lower bound",
        lambda x: x / np.maximum(np.sqrt(np.sum(x * x)), 0.01),
        np.zeros(3),
        vjp=True,
        right=lambda g, x: g / 0.01,
        wrong={
            "NaN": silent(lambda g, x: g / 0.01 - x * np.sum(g * x) / np.linalg.norm(x) ** 3),
            "0": lambda g, x: np.zeros_like(x),
        },
    ),
]


def shares(x: Any) -> Any:
    return (x == np.max(x)) / np.sum(x == np.max(x))


KINK = [
    *at_kink(
        "a maximum of three that tie in part",
        np.max,
        [2.0, 1.0, 2.0],
        right={"shared": shares, "the first": lambda x: np.eye(3)[np.argmax(x)]},
        wrong={"to each in full": lambda x: (x == np.max(x)) * 1.0},
    ),
    *at_kink(
        "a maximum of two arguments that tie",
        np.maximum,
        1.0,
        1.0,
        vjp=True,
        right={"shared": lambda g, x, y: (g / 2, g / 2), "the first": lambda g, x, y: (g.copy(), 0 * g)},
    ),
    *at_kink(
        "the largest of |x|, at a tie of opposite signs, shared",
        lambda x: np.max(np.abs(x)),
        [1.0, -1.0, 0.5],
        right=lambda x: np.sign(x) * shares(np.abs(x)),
    ),
    *at_kink(
        "hypot at the origin",
        lambda x, y: np.hypot(x, y),
        0.0,
        0.0,
        right=lambda x, y: (0.0 * x, 0.0 * y),
        wrong={"NaN": silent(lambda x, y: (x / np.hypot(x, y), y / np.hypot(x, y)))},
    ),
    *at_kink(
        "a standard deviation of equal numbers",
        lambda x: np.sqrt(np.sum((x - np.mean(x)) ** 2) / (x.size - 1)),
        np.ones(4),
        right=np.zeros_like,
        wrong={"NaN": silent(lambda x: (x - np.mean(x)) / np.std(x, ddof=1) / (x.size - 1))},
    ),
    *at_kink(
        "a sum of distances, one of them 0",
        lambda x: np.sum(np.abs(x - POINTS[:3])),
        [0.7, 1.0, -2.0],
        right=lambda x: np.sign(x - POINTS[:3]),
        wrong={"NaN": silent(lambda x: (x - POINTS[:3]) / np.abs(x - POINTS[:3]))},
    ),
    *at_kink(
        "linear interpolation at a node",
        lambda x: np.sum(np.interp(x, np.arange(4.0), np.array([0.0, 1.0, 3.0, 3.5]))),
        [1.0, 2.0, 2.5],
        right={
            "the slope to the right": lambda x: np.array([2.0, 0.5, 0.5]),
            "the mean slope": lambda x: np.array([1.5, 1.25, 0.5]),
        },
        wrong={"0 where floor and ceil are the same": lambda x: np.array([0.0, 0.0, 0.5])},
    ),
]


def cosine(x: Any, y: Any = POINTS[:3]) -> Any:
    """Cosine similarity, with a lower bound of 0.5 for the product of the lengths."""
    return np.sum(x * y) / np.maximum(np.sqrt(np.sum(x * x) * np.sum(y * y)), 0.5)


def clipped(x: Any) -> Any:
    """A vector of a length of 1 at most."""
    return x * np.minimum(1.0, 1 / np.sqrt(np.sum(x * x)))


REGION = [
    *in_region(
        "fmod by the divisor",
        lambda x, y: np.fmod(x, y),
        [5.3, -5.3],
        [2.0, 2.0],
        vjp=True,
        right=lambda g, x, y: (g.copy(), -g * np.trunc(x / y)),
        wrong={"floor for trunc": lambda g, x, y: (g.copy(), -g * np.floor(x / y))},
    ),
    *in_region(
        "copysign",
        lambda x, y: np.copysign(x, y),
        [1.5, -1.5, 0.3],
        [2.0, 1.0, -0.5],
        vjp=True,
        right=lambda g, x, y: (g * np.sign(x) * np.sign(y), 0 * g),
        wrong={"the sign of the first forgotten": lambda g, x, y: (g * np.sign(y), 0 * g)},
    ),
    *in_region(
        "celu",
        lambda x: np.sum(np.maximum(x, 0) + np.minimum(0, 2 * np.expm1(x / 2))),
        POINTS,
        right=lambda x: np.exp(np.minimum(x, 0) / 2),
        wrong={"as elu": lambda x: np.where(x > 0, 1.0, 2 * np.exp(x / 2))},
    ),
    *in_region(
        "interpolation beyond the nodes",
        lambda x: np.sum(np.interp(x, np.arange(3.0), np.array([0.0, 1.0, 3.0]))),
        [-0.5, 1.5, 2.5],
        right=lambda x: np.array([0.0, 2.0, 0.0]),
        wrong={"the slope of the last piece": lambda x: np.array([1.0, 2.0, 2.0])},
    ),
    *in_region(
        "cosine similarity of short vectors",
        cosine,
        [0.1, 0.2, -0.1],
        right=lambda x: POINTS[:3] / 0.5,
        wrong={
            "through the lower bound": lambda x: POINTS[:3] / 0.5 - x * np.sum(x * POINTS[:3]) / np.sum(x * x) / 0.5,
            "without it": lambda x: POINTS[:3] / np.linalg.norm(x) / np.linalg.norm(POINTS[:3]),
        },
    ),
    *in_region(
        "a vector clipped by its length",
        clipped,
        POINTS,
        vjp=True,
        right=lambda g, x: (g - x * np.sum(g * x) / np.sum(x * x)) / np.linalg.norm(x),
        wrong={"the length constant": lambda g, x: g / np.linalg.norm(x)},
    ),
]


TIED: list[Case] = [
    *at_kink(
        "two arguments that tie",
        np.maximum,
        1.0,
        1.0,
        vjp=True,
        wrong={"to each in full": lambda g, x, y: (g.copy(), g.copy()), "to neither": lambda g, x, y: (0 * g, 0 * g)},
    ),
    *at_kink(
        "the largest of |x|, at a tie of opposite signs",
        lambda x: np.max(np.abs(x)),
        [1.0, -1.0, 0.5],
        wrong={"to each in full": lambda x: np.sign(x) * (np.abs(x) == np.max(np.abs(x)))},
    ),
]

SHIPPED: list[Case] = [*POINT, *KINK, *REGION, *TIED]
