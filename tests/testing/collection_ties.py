"""Right gradients at ties and joints, where several slopes are right, and those beside them that none of the sides has."""

from __future__ import annotations

from typing import Any

import numpy as np
from collection_case import Case, cases

PEAK = np.array([[1.0, 1.0], [1.0, 0.5]])


def share(x: Any) -> Any:
    """The derivative of the largest, shared by those that are equal."""
    top = x == np.max(x)
    return top / np.sum(top)


def first(x: Any) -> Any:
    return 1.0 * (np.arange(x.size) == np.argmax(x)).reshape(x.shape)


def window(x: Any) -> Any:
    """The largest of each window of two numbers, moved by one."""
    return np.sum(np.maximum(x[:-1], x[1:]))


TIED = [
    *(
        case
        for n in (2, 3, 257, 1000)
        for case in cases(
            "tied",
            f"the largest of {n} equal numbers",
            np.max,
            np.full(n, 0.7),
            right={"shared": share, "the first": first},
            wrong={"all of them": np.ones_like, "none": np.zeros_like},
        )
    ),
    *cases(
        "tied",
        "the largest absolute value, of opposite signs",
        lambda x: np.max(np.abs(x)),
        [1.0, -1.0],
        right={"shared": lambda x: np.sign(x) / 2, "the first": lambda x: np.array([1.0, 0.0])},
        wrong={"the signs": np.sign, "shared without signs": lambda x: np.full(2, 0.5)},
    ),
    *cases(
        "tied",
        "the larger of two arguments",
        np.maximum,
        1.0,
        1.0,
        vjp=True,
        right={"shared": lambda g, x, y: (g / 2, g / 2), "the first": lambda g, x, y: (1 * g, 0 * g)},
        wrong={"both": lambda g, x, y: (1 * g, 1 * g), "neither": lambda g, x, y: (0 * g, 0 * g)},
    ),
    *cases(
        "tied",
        "the smaller of two arguments",
        lambda x, y: np.sum(np.minimum(x, y)),
        [1.0, 2.0],
        [1.0, 3.0],
        right=lambda x, y: (np.array([0.3, 1.0]), np.array([0.7, 0.0])),
        wrong={"both": lambda x, y: (np.array([1.0, 1.0]), np.array([1.0, 0.0]))},
    ),
    *cases(
        "tied",
        "the smallest of three equal numbers and a larger one",
        np.min,
        [2.0, 5.0, 2.0, 2.0],
        right=lambda x: (x == np.min(x)) / 3,
        wrong={"all of them": lambda x: 1.0 * (x == np.min(x))},
    ),
    *cases(
        "tied",
        "the median of three, two equal",
        np.median,
        [1.0, 2.0, 2.0],
        right={"shared": lambda x: (x == 2) / 2, "the first": lambda x: np.array([0.0, 1.0, 0.0])},
        wrong={"all of them": lambda x: 1.0 * (x == 2)},
    ),
    *cases(
        "tied",
        "the median of four, the two in the middle equal",
        np.median,
        [1.0, 2.0, 2.0, 3.0],
        right=lambda x: (x == 2) / 2,
        wrong={"one of them": lambda x: np.array([0.0, 1.0, 0.0, 0.0])},
    ),
    *cases(
        "tied",
        "sorted numbers, two of them equal",
        lambda x: np.sum(np.array([1.0, 2.0, 4.0]) * np.sort(x)),
        [3.0, 1.0, 3.0],
        right=lambda x: np.array([2.0, 1.0, 4.0]),
        wrong={"the largest weight for both": lambda x: np.array([4.0, 1.0, 4.0])},
    ),
    *cases(
        "tied",
        "relu of equal rows",
        lambda x: np.sum(np.maximum(np.max(x, axis=0), 0)),
        [[1.0, -2.0], [1.0, -2.0]],
        right=lambda x: 0.5 * (x > 0),
        wrong={"not shared": lambda x: 1.0 * (x > 0)},
    ),
    *cases(
        "tied",
        "pooling of equal pixels",
        np.max,
        PEAK,
        right={"shared": share, "the first": first},
        wrong={"all of them": lambda x: 1.0 * (x == 1)},
    ),
    *cases(
        "tied",
        "pooling by overlapping windows",
        window,
        [1.0, 1.0, 1.0, 0.0],
        right=lambda x: np.array([0.5, 1.0, 1.5, 0.0]),
        wrong={"all of them": lambda x: np.array([1.0, 2.0, 2.0, 0.0])},
    ),
]

KNOTS, SLOPES = np.array([0.0, 1.0, 1.5, 3.0]), np.array([2.0, -1.0, 0.5, 1.0])


def table(x: Any) -> Any:
    """Linear interpolation: slopes that change at the knots."""
    return sum(change * np.maximum(x - knot, 0) for knot, change in zip(KNOTS, np.diff(SLOPES, prepend=0), strict=True))


def slope_of_table(x: Any) -> Any:
    return np.sum(np.diff(SLOPES, prepend=0) * (x > KNOTS))


def huber(x: Any) -> Any:
    return np.sum(np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5))


JOINTS = [
    *cases(
        "kinked",
        "the norm of five zeros",
        lambda x: np.sqrt(np.sum(x * x)),
        np.zeros(5),
        right=lambda x: np.full(5, 0.4),
        wrong={"1 each": np.ones_like},
    ),
    *cases(
        "kinked",
        "the square of a norm at 0",
        lambda x: np.sqrt(np.sum(x**2)) ** 2,
        np.zeros(2),
        right=lambda x: 2 * x,
        wrong={"1 each": np.ones_like},
    ),
    *cases(
        "flat",
        "the logarithm of a one-sided square",
        lambda x: np.log(1 + np.where(x > 0, x * x, 0)),
        0.0,
        right=np.zeros_like,
        wrong={"1": np.ones_like},
    ),
    *cases("flat", "|x|³ at 0", lambda x: np.sum(np.abs(x) ** 3), np.zeros(2), right=np.zeros_like, wrong={"3": lambda x: x + 3}),
    *cases(
        "piecewise",
        "Huber's loss at its joints",
        huber,
        [1.0, -1.0, 1.0 + 1e-9],
        right=lambda x: np.clip(x, -1, 1),
        wrong={"nothing outside": lambda x: np.where(np.abs(x) < 1, x, 0.0)},
    ),
    *cases(
        "kinked",
        "clip at its ends",
        lambda x: np.sum(np.clip(x, -1, 1)),
        [1.0, -1.0, 0.3, 2.0],
        right={"open": lambda x: 1.0 * (np.abs(x) < 1), "closed": lambda x: 1.0 * (np.abs(x) <= 1)},
        wrong={"beyond": lambda x: 1.0 * (np.abs(x) <= 2)},
    ),
    *cases(
        "kinked",
        "a table at a knot",
        table,
        1.0,
        right={"between": lambda x: 0.5 + 0 * x, "the left": slope_of_table},
        wrong={"outside": lambda x: 2.1 + 0 * x, "of another piece": lambda x: -1.1 + 0 * x},
    ),
    *cases(
        "piecewise",
        "a table 1e-9 behind a knot",
        table,
        1.5 + 1e-9,
        right=slope_of_table,
        wrong={"the piece before": lambda x: -1.0 + 0 * x},
    ),
]

TIES: list[Case] = [*TIED, *JOINTS]
