"""Functions of one number that are known with their derivatives, and sums of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from exact import MP
from truth import Example


@dataclass(frozen=True)
class Unit:
    """A function of one number and its derivative, both of a namespace (`numpy`, `math` or 100 digits) and the number."""

    name: str
    value: Callable[[Any, Any], Any]
    slope: Callable[[Any, Any], Any]
    even: bool = True  # defined for negative numbers as well


def logistic(m: Any, x: Any) -> Any:
    return 1 / (1 + m.exp(-x))


TANH = Unit("tanh", lambda m, x: m.tanh(x), lambda m, x: 1 - m.tanh(x) ** 2)
LOGISTIC = Unit("logistic", logistic, lambda m, x: logistic(m, x) * (1 - logistic(m, x)))
ATAN = Unit("atan", lambda m, x: m.atan(x), lambda m, x: 1 / (1 + x * x))
BELL = Unit("exp(-x²)", lambda m, x: m.exp(-x * x), lambda m, x: -2 * x * m.exp(-x * x))
SOFTPLUS = Unit("softplus", lambda m, x: m.log1p(m.exp(x)), logistic)
EXPM1 = Unit("expm1(-|x|)", lambda m, x: m.expm1(-x), lambda m, x: -m.exp(-x), even=False)
SIN = Unit("sin", lambda m, x: m.sin(x), lambda m, x: m.cos(x))
COS = Unit("cos", lambda m, x: m.cos(x), lambda m, x: -m.sin(x))
EXP = Unit("exp", lambda m, x: m.exp(x), lambda m, x: m.exp(x))
SQUARE = Unit("x²", lambda m, x: x * x, lambda m, x: 2 * x)
CUBE = Unit("x³", lambda m, x: x**3, lambda m, x: 3 * x**2)
ROOT = Unit("√(1+x²)", lambda m, x: m.sqrt(1 + x * x), lambda m, x: x / m.sqrt(1 + x * x))
INVERSE = Unit("1/x", lambda m, x: 1 / x, lambda m, x: -1 / (x * x))
LOG = Unit("log", lambda m, x: m.log(x), lambda m, x: 1 / x, even=False)
SQRT = Unit("√", lambda m, x: m.sqrt(x), lambda m, x: 1 / (2 * m.sqrt(x)), even=False)
POWER = Unit("x^1.5", lambda m, x: x * m.sqrt(x), lambda m, x: 1.5 * m.sqrt(x), even=False)
LOG1P = Unit("log1p", lambda m, x: m.log1p(x), lambda m, x: 1 / (1 + x), even=False)
ENTROPY = Unit("x log x", lambda m, x: x * m.log(x), lambda m, x: m.log(x) + 1, even=False)

SATURATED = (TANH, LOGISTIC, BELL, SOFTPLUS, EXPM1, ATAN)
ANALYTIC = (SIN, COS, EXP, SQUARE, CUBE, ROOT, TANH, LOGISTIC, ATAN, BELL, INVERSE, LOG, SQRT, POWER, ENTROPY)
HOMOGENEOUS = (SQUARE, CUBE, INVERSE, LOG, SQRT, POWER, LOG1P, ATAN, ENTROPY)
UNITS = tuple(dict.fromkeys((*SATURATED, *ANALYTIC, *HOMOGENEOUS)))


def amount(rng: random.Random, low: float, high: float, even: bool = True) -> float:
    """A number of three digits whose logarithm is uniform; of either sign, if it may be."""
    return float(f"{(rng.choice((-1, 1)) if even else 1) * 10 ** rng.uniform(low, high):.3g}")


def summed(
    name: str,
    units: list[Unit],
    x: Any,
    factors: Any,
    offset: float = 0.0,
    power: int = 1,
    computed: str = "arrays",
    dtype: Any = np.float64,
) -> Example:
    """The sum `offset + Σ factorᵢ unitᵢ(xᵢᵖ)`, computed of arrays, of real arrays only, of single precision only or of floats."""
    x, c = np.array(x, dtype), np.array(factors, dtype)
    groups = [(unit, np.array([i for i, other in enumerate(units) if other is unit])) for unit in dict.fromkeys(units)]

    def of_arrays(x: Any) -> Any:
        return sum(np.sum(c[k] * unit.value(np, x[k] ** power)) for unit, k in groups) + offset

    def of_floats(x: Any) -> Any:
        return sum(float(a) * unit.value(math, float(b) ** power) for a, unit, b in zip(c, units, x, strict=True)) + offset

    def naive(x: Any) -> Any:
        result = np.empty_like(x)
        for unit, k in groups:
            result[k] = c[k] * unit.slope(np, x[k] ** power) * power * x[k] ** (power - 1)
        return result

    functions = {
        "arrays": of_arrays,
        "floats": of_floats,
        "real": lambda x: of_arrays(np.asarray(x, float)),
        "single": lambda x: of_arrays(np.asarray(x, np.float32)),
    }
    exact = [MP.mpf(float(b)) for b in x]
    true = [float(a) * unit.slope(MP, b**power) * power * b ** (power - 1) for a, unit, b in zip(c, units, exact, strict=True)]
    size = abs(offset) + sum(abs(float(float(a) * u.value(MP, b**power))) for a, u, b in zip(c, units, exact, strict=True))
    return Example(
        f"{name}: {offset} + Σ {c.tolist()} · {[u.name for u in units]} at {x.tolist()}**{power}, {computed}",
        functions[computed],
        (x,),
        (np.array([float(t) for t in true], dtype),),
        naive,
        size=size,
        eps=2.0**-23 if computed == "single" else 2.0**-52,
    )


def offset(rng: random.Random, low: float = 0, high: float = 6) -> float:
    return rng.choice((0.0, 1.0, -1.0, amount(rng, low, high)))
