"""Functions that are not smooth, or of which the values are not exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from collection_case import Case, cases, entry, slope_of_softmax, softmax, times

RNG = np.random.default_rng(23)
POINTS = np.array([0.7, -1.2, 0.3, 2.1, -0.4])
SPARSE = np.where(np.arange(2000) % 7 == 0, 0.0, np.random.default_rng(25).normal(size=2000))
SIGNS = np.array([1.0, -1.0, 1.0, -1.0])
ROWS = np.array([[1.0, 0.0], [0.0, -1.0], [2.0, 1.0], [1.0, 2.0]])


def hinge(w: Any) -> Any:
    return np.sum(np.maximum(0.0, 1 - SIGNS * (ROWS @ w)))


KINKED = [
    *cases(
        "kinked",
        "relu near its kink",
        lambda x: np.sum(np.maximum(x, 0)),
        [1e-6, -1e-6, 1e-9, 0.5, -2.0],
        right=lambda x: np.where(x > 0, 1.0, 0.0),
        wrong={"with the kink at 1e-5": lambda x: np.where(x > 1e-5, 1.0, 0.0)},
    ),
    *cases(
        "kinked",
        "the distance from a point 1e-6 away",
        lambda x: np.sum(np.abs(x - 0.3)),
        [0.3 + 1e-6, 0.3 - 1e-6],
        right=lambda x: np.sign(x - 0.3),
        wrong={"no sign": np.ones_like, "the mean of both sides": np.zeros_like},
    ),
    *cases(
        "kinked",
        "abs at its kink",
        lambda x: np.sum(np.abs(x)),
        [0.0, 1.0, -2.0],
        right={"": np.sign, "another slope between": lambda x: np.where(x == 0, 0.5, np.sign(x))},
        wrong={"a slope outside": lambda x: np.where(x == 0, 1.001, np.sign(x))},
    ),
    *cases(
        "kinked",
        "leaky relu at its kink",
        lambda x: np.sum(np.where(x > 0, x, 0.1 * x)),
        [0.0, 1.0, -2.0],
        right=lambda x: np.where(x > 0, 1.0, 0.1),
        wrong={"zero at the kink": lambda x: np.where(x == 0, 0.0, np.where(x > 0, 1.0, 0.1))},
    ),
    *cases(
        "kinked",
        "the largest of some that are equal",
        np.max,
        [1.0, 3.0, 3.0, 2.0],
        right={
            "shared": lambda x: (x == x.max()) / np.sum(x == x.max()),
            "the first": lambda x: (np.arange(x.size) == x.argmax()) * 1.0,
        },
        wrong={"the number of them": lambda x: (x == x.max()) * 1.0 * np.sum(x == x.max())},
    ),
    *cases(
        "kinked",
        "the norm of zeros",
        lambda x: np.sqrt(np.sum(x * x)),
        [0.0, 0.0, 0.0],
        right=np.zeros_like,
        wrong={"0/0": lambda x: np.full_like(x, np.nan)},
    ),
    *cases(
        "kinked",
        "the norm of a small vector",
        lambda x: np.sqrt(np.sum(x * x)),
        [3e-7, -4e-7],
        right=lambda x: x / np.sqrt(np.sum(x * x)),
        wrong={"not divided": lambda x: 1 * x},
    ),
    *cases(
        "kinked",
        "hinge loss with margins of 1",
        hinge,
        [1.0, -0.5],
        right=lambda w: -ROWS.T @ (SIGNS * (SIGNS * (ROWS @ w) < 1)),
        wrong={"no labels": lambda w: -ROWS.T @ (1.0 * (SIGNS * (ROWS @ w) < 1))},
    ),
    *cases(
        "kinked",
        "relu 1e-12 before its kink",
        lambda x: np.sum(np.maximum(x - 1e-12, 0)),
        [0.0, 2e-12],
        right=lambda x: np.where(x > 1e-12, 1.0, 0.0),
        wrong={"with the kink at 0": np.ones_like},
    ),
    *cases(
        "kinked",
        "an L1 norm of 2000 numbers, a seventh of them 0",
        lambda x: np.sum(np.abs(x)),
        SPARSE,
        right=np.sign,
        wrong={"the sign of one": entry(5, -1.0, np.sign)},
    ),
    *cases(
        "kinked",
        "on a narrow tent",
        lambda x: x + np.maximum(0, 1 - np.abs(x - 0.5) / 1e-5),
        0.5 + 3e-6,
        right=lambda x: 1 - 1e5 * np.sign(x - 0.5),
        wrong={"as if it were not there": np.ones_like},
    ),
]

SINGLE = RNG.normal(size=(4, 3)).astype(np.float32)
FACTORS = np.array([0.5, -1.0, 2.0], np.float32)


def single_only(x: Any) -> Any:
    if x.dtype != np.float32:
        raise TypeError("single precision only")
    return np.mean(np.tanh(x @ FACTORS) ** 2)


def slope_of_single(x: Any) -> Any:
    y = np.tanh(x @ FACTORS)
    return (2 * y * (1 - y * y) / np.float32(len(y)))[:, None] * FACTORS


FLOAT32 = [
    *cases(
        "float32",
        "tanh, computed in single precision",
        lambda x: np.sum(np.tanh(x.astype(np.float32))),
        POINTS,
        right=lambda x: 1 - np.tanh(x) ** 2,
        wrong={"off by a hundredth": lambda x: 1.01 * (1 - np.tanh(x) ** 2), "not squared": lambda x: 1 - np.tanh(x)},
    ),
    *cases(
        "float32",
        "a function of single precision only",
        single_only,
        SINGLE,
        right=slope_of_single,
        wrong={"off by a hundredth": times(1.01, slope_of_single), "the square's slope missing": times(0.5, slope_of_single)},
    ),
    *cases(
        "float32",
        "a sum of squares of single precision",
        lambda x: np.sum((x @ FACTORS) ** 2),
        SINGLE,
        right=lambda x: 2 * np.outer(x @ FACTORS, FACTORS),
        wrong={"off by 1e-4": lambda x: 2.0002 * np.outer(x @ FACTORS, FACTORS), "half": lambda x: np.outer(x @ FACTORS, FACTORS)},
    ),
    *cases(
        "float32",
        "softmax of single precision",
        softmax,
        np.array([5.0, 0.0, -3.0], np.float32),
        vjp=True,
        right=slope_of_softmax,
        wrong={"its diagonal only": lambda g, x: g * softmax(x) * (1 - softmax(x))},
    ),
    *cases(
        "float32",
        "tanh, computed in half precision",
        lambda x: np.tanh(x.astype(np.float16)).astype(np.float64),
        [0.3, 0.7, -0.9],
        vjp=True,
        wrong={"not squared": lambda g, x: g * (1 - np.tanh(x))},
    ),
    *cases(
        "float32",
        "tanh, computed in half precision",
        lambda x: np.tanh(x.astype(np.float16)).astype(np.float64),
        [0.3, 0.7, -0.9],
        vjp=True,
        right=lambda g, x: g * (1 - np.tanh(x) ** 2),
        explained="Nearby the values do not change at all, which is the slope 0; further away they rise in stairs, which fits the "
        "slope given. Whether the stairs or what they follow is meant, the values do not say.",
    ),
]

DRAWS = np.random.default_rng(21).normal(size=200)
TIMES = np.linspace(0, 1, 21)
TRAPEZOID = np.where((TIMES == 0) | (TIMES == 1), 0.025, 0.05)


def noise(x: Any) -> float:
    """A random number of its own for each point: normal, of variance 1."""
    if np.iscomplexobj(x):
        raise TypeError("noise of real numbers only")
    return np.random.default_rng(np.array(x, ndmin=1).view(np.uint64)).normal()


def bisected_root(a: Any) -> float:
    """The cube root of a positive number, to 1e-8."""
    low, high = 0.0, 3.0
    while high - low > 1e-8:
        middle = (low + high) / 2
        low, high = (middle, high) if middle**3 < a else (low, middle)
    return low


def iterated(a: Any) -> float:
    """The solution of y = cos(a y) to 1e-10, by iteration; no number where that does not converge."""
    y = 0.5
    for _ in range(200):
        y, before = np.cos(a * y), y
        if np.abs(y - before) <= 1e-10:
            return y
    return np.nan


def slope_of_iterated(a: Any) -> Any:
    y = 0.5
    for _ in range(200):
        y = np.cos(a * y)
    return -y * np.sin(a * y) / (1 + a * np.sin(a * y))


def lowest(a: Any) -> float:
    """The point at which (x - 2a)² is lowest, by golden sections down to 1e-6."""
    low, high = -10.0, 10.0
    while high - low > 1e-6:
        c, d = high - 0.618 * (high - low), low + 0.618 * (high - low)
        low, high = (low, d) if (c - 2 * a) ** 2 < (d - 2 * a) ** 2 else (c, high)
    return (low + high) / 2


def slope_of_sample(x: Any) -> Any:
    return np.mean(np.exp(-((x + 0.1 * DRAWS) ** 2)) * -2 * (x + 0.1 * DRAWS))


NOISY = [
    *cases(
        "noisy",
        "rounded to nine digits",
        lambda x: np.round(np.sum(np.sin(x)), 9),
        POINTS,
        right=np.cos,
        wrong={"off by a hundredth": lambda x: 1.01 * np.cos(x), "the sign": lambda x: -np.cos(x)},
    ),
    *cases(
        "noisy",
        "rounded to three digits",
        lambda x: np.round(10 + np.exp(x), 3),
        -1.2,
        wrong={"half": lambda x: np.exp(x) / 2, "the sign": lambda x: -np.exp(x)},
    ),
    *cases(
        "noisy",
        "rounded to three digits",
        lambda x: np.round(10 + np.exp(x), 3),
        -1.2,
        right=np.exp,
        explained="Nearby the values do not change at all, which is the slope 0; further away they rise in stairs of 1e-3, which "
        "fits the slope given. Whether the stairs or what they follow is meant, the values do not say.",
    ),
    *cases(
        "noisy",
        "noise of 1e-7",
        lambda x: np.sum(np.exp(x)) + 1e-7 * noise(x),
        POINTS,
        right=np.exp,
        wrong={"off by a hundredth": lambda x: 1.01 * np.exp(x)},
    ),
    *cases(
        "noisy",
        "noise of 1e-2 on a wave of 1e-2",
        lambda x: 1e-2 * np.sin(x) + 1e-2 * noise(x),
        0.4,
        right=lambda x: 1e-2 * np.cos(x),
        explained="The noise is as large as all that the function ever changes: a slope of any sign fits the values.",
    ),
    *cases(
        "noisy",
        "a root by bisection to 1e-8",
        bisected_root,
        2.0,
        right=lambda a: a ** (-2 / 3) / 3,
        wrong={"without the third": lambda a: a ** (-2 / 3), "off by a hundredth": lambda a: a ** (-2 / 3) / 2.97},
    ),
    *cases(
        "noisy",
        "a minimum by golden sections to 1e-6",
        lowest,
        1.3,
        right=lambda a: 2.0,
        wrong={"zero, as if the search knew no parameter": lambda a: 0.0, "off by a tenth": lambda a: 2.2},
    ),
    *cases(
        "noisy",
        "an iteration that stops at 1e-10",
        iterated,
        0.8,
        right=slope_of_iterated,
        wrong={
            "one step of it": lambda a: -iterated(a) * np.sin(a * iterated(a)),
            "off by a hundredth": times(1.01, slope_of_iterated),
        },
    ),
    *cases(
        "noisy",
        "a mean over 200 draws",
        lambda x: np.mean(np.exp(-((x + 0.1 * DRAWS) ** 2))),
        0.6,
        right=slope_of_sample,
        wrong={"of the expected value": lambda x: -2 * x * np.exp(-(x**2) / 1.02) / 1.02**1.5},
    ),
    *cases(
        "noisy",
        "a trapezoidal rule",
        lambda x: np.sum(TRAPEZOID * np.exp(-x * TIMES**2)),
        1.3,
        right=lambda x: -np.sum(TRAPEZOID * TIMES**2 * np.exp(-x * TIMES**2)),
        wrong={"the ends with full weight": lambda x: -np.sum(0.05 * TIMES**2 * np.exp(-x * TIMES**2))},
    ),
]

DISCONTINUOUS = [
    *(
        case
        for step, x in ((np.floor, 1.5), (np.round, -0.7), (np.sign, -0.01))
        for case in cases(
            "discontinuous",
            f"{step.__name__} at {x}",
            step,
            x,
            right=np.zeros_like,
            wrong={"as if there were no steps": np.ones_like},
        )
    ),
    *cases(
        "discontinuous",
        "a jump 1e-3 away",
        lambda x: np.sum(np.where(x > 1, x * x + 5, x * x)),
        [1.001, 0.999, 2.0],
        right=lambda x: 2 * x,
        wrong={"another parabola": lambda x: 2 * (x - 1)},
    ),
    *cases(
        "discontinuous",
        "no number on the left",
        lambda x: np.sum(np.where(x >= 1, x * x, np.nan)),
        [1.0, 3.0],
        right=lambda x: 2 * x,
        wrong={"off by a hundredth": lambda x: 2.02 * x, "no number": lambda x: np.where(x == 1, np.nan, 2 * x)},
    ),
    *cases(
        "discontinuous",
        "a logarithm near its edge",
        lambda x: np.log(np.where(x > 0, x, np.nan)),
        [1e-10, 1e-3, 2.0],
        vjp=True,
        right=lambda g, x: g / x,
        wrong={"infinite": lambda g, x: g / np.where(x < 1e-9, 0.0, x), "off by a hundredth": lambda g, x: 1.01 * g / x},
    ),
    *cases(
        "discontinuous",
        "at a jump",
        lambda x: np.sum(np.sign(x)),
        [0.0, 1.0],
        wrong={"zero": np.zeros_like},
        explained="There is no derivative at a jump, so that no gradient is right; yet many define it as zero, as the slope is on "
        "both sides. What is meant is not for a checker to decide.",
    ),
]

ROUGH: list[Case] = [*KINKED, *FLOAT32, *NOISY, *DISCONTINUOUS]
