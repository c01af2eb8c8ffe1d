"""Right gradients at smooth but hard points: constants, saturation, tiny inputs, ends of domains, cancellation, steep functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from collection_case import Case, cases, entry, sigmoid, softmax, times
from exact import floats

RNG = np.random.default_rng(41)
MANY = RNG.normal(size=257)
FEW = np.array([-2.0, -2.0, 0.8])
TANH, ERF, EXPM1 = floats("tanh"), floats("erf"), floats("expm1")
SQRT_PI = np.sqrt(np.pi)
SLOPED = {"a slope of 1e-6": lambda x: np.full_like(x, 1e-6)}


def layer_norm(x: Any) -> Any:
    return (x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5)


CONSTANT = [
    case
    for name, f, x in (
        ("the sum of a softmax of three", lambda x: np.sum(np.exp(x) / np.sum(np.exp(x))), FEW),
        ("the sum of a softmax of 257", lambda x: np.sum(softmax(x)), MANY),
        ("the sum of a layer norm of three", lambda x: np.sum(layer_norm(x)), FEW),
        ("the sum of a layer norm of 257", lambda x: np.sum(layer_norm(x)), MANY),
        ("the sum of three deviations from the mean", lambda x: np.sum(x - np.mean(x)), FEW),
        ("the sum of 257 deviations from the mean", lambda x: np.sum(x - np.mean(x)), MANY),
        ("an angle and its complement", lambda x: np.sum(np.arctan(x) + np.arctan(1 / x)), np.array([0.3, -1.2, 40.0])),
        ("sin² + cos²", lambda x: np.sum(np.sin(x) ** 2 + np.cos(x) ** 2), np.array([0.3, -1.2, 40.0])),
        ("the length of a normed vector", lambda x: np.sum((x / np.sqrt(np.sum(x * x))) ** 2), np.array([0.3, -1.2, 40.0])),
        ("the angle of a stretched vector", lambda s: np.arctan2(0.7 * s, 0.3 * s), np.array(2.5)),
        ("the square of cosh less that of sinh", lambda x: np.cosh(x) ** 2 - np.sinh(x) ** 2, np.array(2.3)),
    )
    for case in cases("exactly constant", name, f, x, right=np.zeros_like, wrong=SLOPED)
]


def unit(c: float, k: float, p: int) -> Any:
    return lambda a: c + k * TANH(a**p)


def slope_of_unit(k: float, p: int) -> Any:
    return lambda a: k * p * a ** (p - 1) / np.cosh(a**p) ** 2


FEW_ROUNDINGS = "The value is a dozen rounding errors below 2: differences give the slope, but not to more than its own size."
SATURATED = [
    case
    for c, k, p, a in (
        *((1.0, 1.0, 2, 17**0.5), (1.0, 1.0, 1, 17.0), (-1.0, 1.0, 3, 2.5), (10.0, 3.0, 2, 4.0), (1.0, -0.5, 1, 12.0)),
        *((0.0, 1.0, 3, 2.45), (1e3, 1.0, 1, 16.0), (2.0, 1.0, 2, -4.0)),
    )
    for case in cases(
        "saturated",
        f"{c} + {k} tanh a^{p} at {a:.3g}",
        unit(c, k, p),
        a,
        right=slope_of_unit(k, p),
        wrong={"less tanh²": lambda a: 1 - TANH(a) ** 2} if p == 2 and abs(a) < 4.1 else {},
        explained=FEW_ROUNDINGS if (c, k) == (1.0, 1.0) else "",
    )
]
SATURATED += [
    *cases(
        "saturated",
        "3 - erf at 5.5",
        lambda x: 3 - ERF(x),
        5.5,
        right=lambda x: -2 / SQRT_PI * np.exp(-x * x),
        wrong={"that of erf(x/√2)": lambda x: -np.sqrt(2 / np.pi) * np.exp(-x * x / 8)},
    ),
    *cases("saturated", "expm1 at -40", lambda x: EXPM1(x), -40.0, right=np.exp, wrong={"expm1 + 2": lambda x: np.expm1(x) + 2}),
    *cases(
        "saturated",
        "expm1 of an array at -40",
        lambda x: np.sum(np.expm1(x)),
        [-40.0, 0.5],
        right=np.exp,
        wrong={"of the other sign": entry(1, -1.0, np.exp)},
    ),
    *cases(
        "saturated",
        "a logistic function with an offset",
        lambda x: 5 + np.sum(sigmoid(np.asarray(x))),
        [28.0, -28.0, 0.5],
        right=lambda x: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2,
        wrong={"the function itself": sigmoid},
    ),
    *cases(
        "saturated",
        "softplus at -50",
        lambda x: np.log1p(np.exp(x)),
        -50.0,
        right=sigmoid,
        wrong={"ten times": times(10.0, sigmoid), "1 - sigmoid": lambda x: 1 - sigmoid(x)},
    ),
    *cases(
        "saturated",
        "log-sum-exp of two numbers of 1e50",
        lambda x: np.max(x) + np.log(np.sum(np.exp(x - np.max(x)))),
        [1e50, 1e50],
        right=softmax,
        wrong={"1 each": np.ones_like},
    ),
    *cases(
        "saturated",
        "a bell far from its middle",
        lambda x: 1 + np.exp(-x * x),
        6.0,
        right=lambda x: -2 * x * np.exp(-x * x),
        wrong={"without exp": lambda x: -2 * x},
    ),
]

PLANE = np.array([[1.0, -2.0, 0.5], [0.3, 1.0, -1.5], [-1.0, 0.4, 2.0], [2.0, 1.0, 1.0]], np.float32)
LABELS = np.array([1, -1, 1, 1], np.float32)
WEIGHTS = np.array([2e-6, -1e-6, 3e-6], np.float32)
TINY = np.array([5e-5, -2.6e-4], np.float32)


def logistic_loss(w: Any) -> Any:
    return np.mean(np.log(1 + np.exp(-LABELS * (PLANE @ w))))


def slope_of_logistic_loss(w: Any) -> Any:
    return -PLANE.T @ (LABELS * sigmoid(-LABELS * (PLANE @ w))) / np.float32(4)


def root(x: Any) -> Any:
    return np.sum(np.sqrt(x * x + 0.3))


def slope_of_root(x: Any) -> Any:
    return x / np.sqrt(x * x + np.float32(0.3))


SMALL = [
    *(
        case
        for x in (1e-12, -3e-9, 1e-6)
        for case in cases(
            "small inputs",
            f"5 + sin at {x}",
            lambda x: 5 + np.sin(np.asarray(x)),
            x,
            right=np.cos,
            wrong={"a tenth more": times(1.1, np.cos), "cos - 1": lambda x: np.cos(x) - 1},
        )
    ),
    *cases(
        "small inputs",
        "1 + sin of a float at 1e-12",
        lambda x: 1 + floats("sin")(x),
        1e-12,
        right=np.cos,
        wrong={"a thousandth more": times(1.001, np.cos)},
    ),
    *cases(
        "small inputs",
        "a hypotenuse of 1e-160",
        lambda x: np.hypot(x[0], x[1]),
        [3e-160, -4e-160],
        right=lambda x: x / np.hypot(x[0], x[1]),
        wrong={"no sign": lambda x: np.abs(x) / np.hypot(x[0], x[1])},
    ),
    *cases(
        "float32",
        "a smooth absolute value of small numbers",
        root,
        TINY,
        right=slope_of_root,
        wrong={"of the other sign": times(-1.0, slope_of_root), "nothing": np.zeros_like},
    ),
    *cases(
        "float32",
        "logistic regression at weights of 1e-6",
        logistic_loss,
        WEIGHTS,
        right=slope_of_logistic_loss,
        wrong={f"times {k}": times(np.float32(k), slope_of_logistic_loss) for k in (0, 2, -1)},
    ),
    *cases("float32", "exp", lambda x: np.sum(np.exp(x)), WEIGHTS, right=np.exp, wrong={"less 1": np.expm1}),
    *cases(
        "float32",
        "the sum of a softmax",
        lambda x: np.sum(softmax(x)),
        FEW.astype(np.float32),
        right=np.zeros_like,
        wrong={"a slope of 1e-3": lambda x: np.full_like(x, 1e-3)},
    ),
    *cases(
        "float32",
        "logarithms and roots",
        lambda x: np.sum(np.log(x) + np.sqrt(x)),
        np.array([1e-4, 0.3, 70.0], np.float32),
        right=lambda x: 1 / x + np.float32(0.5) / np.sqrt(x),
        wrong={"a hundredth more": lambda x: np.float32(1.01) / x + np.float32(0.5) / np.sqrt(x)},
    ),
    *cases(
        "float32",
        "a norm",
        lambda x: np.sqrt(np.sum(x * x)),
        np.array([3e-4, -4e-4, 1e-5], np.float32),
        right=lambda x: x / np.sqrt(np.sum(x * x)),
        wrong={"of the other sign": lambda x: -x / np.sqrt(np.sum(x * x))},
    ),
]

EDGES = [
    *cases(
        "end of a domain",
        "a root just above 0",
        np.sqrt,
        1e-300,
        right=lambda x: 0.5 / np.sqrt(x),
        wrong={"not halved": lambda x: 1 / np.sqrt(x)},
    ),
    *cases(
        "end of a domain",
        "roots near 0",
        lambda x: np.sum(np.sqrt(x)),
        [1e-12, 1e-3],
        right=lambda x: 0.5 / np.sqrt(x),
        wrong={"not halved": lambda x: 1 / np.sqrt(x)},
    ),
    *cases(
        "end of a domain",
        "a logarithm just above 0",
        lambda x: 7 + np.log(x),
        1e-200,
        right=lambda x: 1 / x,
        wrong={"a hundredth more": lambda x: 1.01 / x},
    ),
    *cases(
        "end of a domain",
        "an arcsine near 1",
        np.arcsin,
        1 - 2.0**-30,
        right=lambda x: 1 / np.sqrt((1 - x) * (1 + x)),
        wrong={"a hundredth more": lambda x: 1.01 / np.sqrt((1 - x) * (1 + x))},
    ),
    *cases(
        "end of a domain",
        "x log x near 0",
        lambda x: np.sum(x * np.log(x)),
        [1e-12, 1e-5],
        right=lambda x: np.log(x) + 1,
        wrong={"a term dropped": np.log},
    ),
    *cases("end of a domain", "x^1.5 at 0", lambda x: x**1.5, 0.0, right=lambda x: 1.5 * x**0.5, wrong={"1": np.ones_like}),
    *cases(
        "end of a domain",
        "arcosh near 1",
        np.arccosh,
        1 + 2.0**-20,
        right=lambda x: 1 / np.sqrt((x - 1) * (x + 1)),
        wrong={"of the other sign": lambda x: -1 / np.sqrt((x - 1) * (x + 1))},
    ),
    *cases(
        "end of a domain",
        "artanh near 1",
        np.arctanh,
        1 - 2.0**-25,
        right=lambda x: 1 / ((1 - x) * (1 + x)),
        wrong={"a hundredth less": lambda x: 0.99 / ((1 - x) * (1 + x))},
    ),
]

SCALED = [
    *cases(
        "badly scaled",
        "1e10 and 1e-10",
        lambda x: 1e10 * x[0] + 1e-10 * x[1],
        [1.0, 1.0],
        right=lambda x: np.array([1e10, 1e-10]),
        wrong={"exchanged": lambda x: np.array([1e-10, 1e10])},
    ),
    *cases(
        "badly scaled",
        "a square of 1e20 and a line",
        lambda x: 1e20 * x[0] ** 2 + x[1],
        [0.5, 2.0],
        right=lambda x: np.array([2e20 * x[0], 1.0]),
        wrong={
            "not doubled": lambda x: np.array([1e20 * x[0], 1.0]),
        },
    ),
    *cases(
        "badly scaled",
        "a square of 1e20 and a line, whose slope is doubled",
        lambda x: 1e20 * x[0] ** 2 + x[1],
        [0.5, 2.0],
        wrong={"": lambda x: np.array([2e20 * x[0], 2.0])},
        explained="The line is 1e-20 of the value, whose rounding hides it; a complex step shows its slope, but not whether a "
        "gradient may be rounded as much.",
    ),
    *cases(
        "badly scaled",
        "logarithm of gamma at 1e-8 to 1e8",
        lambda x: sum(floats("lgamma", "loggamma")(v) for v in x),
        [1e-8, 0.5, 1e8],
        right=lambda x: np.array([-1e8 - 0.5772156484460168, -1.9635100260214235, 18.420680738952366]),
        wrong={"log x": np.log},
    ),
    *cases(
        "badly scaled",
        "near a pole",
        lambda x: 1 / (x - 1),
        1 + 2.0**-20,
        right=lambda x: -1 / (x - 1) ** 2,
        wrong={"not squared": lambda x: -1 / (x - 1)},
    ),
    *cases(
        "badly scaled",
        "the sum of 20000 squares",
        lambda x: np.sum(x * x),
        np.linspace(-3, 3, 20000),
        right=lambda x: 2 * x,
        wrong={"one of the other sign": entry(7, -1.0, lambda x: 2 * x), "not doubled": lambda x: 1 * x},
    ),
]


def mean_and_variance(x: Any) -> Any:
    return np.sum((x - np.mean(x)) ** 2) / 4


CLOSE = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-20]])
CANCELLING = [
    *cases("ill-conditioned", "1 - cos", lambda x: 1 - np.cos(x), 1e-4, right=np.sin, wrong={"cos": np.cos}),
    *cases(
        "ill-conditioned",
        "log1p x - x",
        lambda x: np.log1p(x) - x,
        1e-5,
        right=lambda x: -x / (1 + x),
        wrong={"a half": lambda x: -x / 2 / (1 + x)},
    ),
    *cases(
        "ill-conditioned",
        "x - sin x",
        lambda x: x - np.sin(np.asarray(x)),
        -3.86e-4,
        right=lambda x: 2 * np.sin(x / 2) ** 2,
        wrong={"1": np.ones_like},
    ),
    *cases(
        "ill-conditioned",
        "the logarithm of the determinant of a nearly singular matrix",
        lambda a: np.log(a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]),
        CLOSE,
        right=lambda a: np.array([[a[1, 1], -a[1, 0]], [-a[0, 1], a[0, 0]]]) / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]),
        wrong={"1/a": lambda a: 1 / a},
    ),
    *cases(
        "ill-conditioned",
        "a variance of large numbers",
        mean_and_variance,
        1e7 + np.array([0.0, 1.0, -2.0, 4.0]),
        right=lambda x: (x - np.mean(x)) / 2,
        wrong={"without the mean": lambda x: x / 2},
    ),
    *cases(
        "ill-conditioned",
        "(expm1 x - log1p x)/x",
        lambda x: (np.expm1(x) - np.log1p(x)) / x,
        1e-3,
        right=lambda x: ((np.exp(x) - 1 / (1 + x)) * x - (np.expm1(x) - np.log1p(x))) / x**2,
        wrong={"a term dropped": lambda x: (np.exp(x) - 1 / (1 + x)) / x},
    ),
]

NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(60)


def integral(a: Any) -> Any:
    """∫₀¹ sin(40 a t) dt."""
    return np.sum(NODE_WEIGHTS / 2 * np.sin(20 * a * (NODES + 1)))


def slope_of_integral(a: Any) -> Any:
    return np.sum(NODE_WEIGHTS / 2 * 20 * (NODES + 1) * np.cos(20 * a * (NODES + 1)))


def kepler(p: Any) -> Any:
    """The root E of E - e sin E = m, by Newton's method."""
    root = p[0] + 0 * p[1]
    for _ in range(30):
        root = root - (root - p[1] * np.sin(root) - p[0]) / (1 - p[1] * np.cos(root))
    return root


def slope_of_kepler(p: Any) -> Any:
    return np.array([1.0, np.sin(kepler(p))]) / (1 - p[1] * np.cos(kepler(p)))


def babylonian(x: Any) -> Any:
    root = 1 + 0 * x
    for _ in range(12 if isinstance(x, np.ndarray) and x.dtype != object else 40):
        root = (root + x / root) / 2
    return root


METHODS = [
    *cases(
        "numerical method",
        "an integral of a wave",
        integral,
        1.3,
        right=slope_of_integral,
        wrong={"without the inner factor": lambda a: np.sum(NODE_WEIGHTS / 2 * np.cos(20 * a * (NODES + 1)))},
    ),
    *cases(
        "numerical method",
        "Kepler's equation near e = 1",
        kepler,
        [0.4, 0.95],
        right=slope_of_kepler,
        wrong={"as if e were 0": lambda p: np.array([1.0, np.sin(kepler(p))])},
    ),
    *cases(
        "numerical method",
        "a root by iteration",
        babylonian,
        1e-2,
        right=lambda x: 0.5 / np.sqrt(x),
        wrong={"not halved": lambda x: 1 / np.sqrt(x)},
    ),
    *cases(
        "oscillating",
        "a steep logistic function beside its step",
        lambda x: sigmoid(1e6 * (x - 0.3)),
        0.3 + 2e-6,
        right=lambda x: 1e6 * sigmoid(1e6 * (x - 0.3)) * sigmoid(-1e6 * (x - 0.3)),
        wrong={"without the factor": lambda x: sigmoid(1e6 * (x - 0.3)) * sigmoid(-1e6 * (x - 0.3))},
    ),
    *cases(
        "oscillating",
        "the Dirichlet kernel of 2000 waves",
        lambda x: np.sum(np.cos(np.arange(1.0, 2001) * x)),
        0.01,
        right=lambda x: -np.sum(np.arange(1.0, 2001) * np.sin(np.arange(1.0, 2001) * x)),
        wrong={"of the other sign": lambda x: np.sum(np.arange(1.0, 2001) * np.sin(np.arange(1.0, 2001) * x))},
    ),
]

HARD: list[Case] = [*CONSTANT, *SATURATED, *SMALL, *EDGES, *SCALED, *CANCELLING, *METHODS]
