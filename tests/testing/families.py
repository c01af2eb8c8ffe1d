"""Families of functions of which the gradient is known, and what must be true of every report on them.

`python tests/testing/families.py --examples 20000` counts, by family, the reports that say something untrue, and shows the worst;
`--family NAME --seed N` shows the reports on one example.
"""

from __future__ import annotations

import argparse
import math
import random
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy as np
from exact import MP

from autodiff.testing import GradientEntry, GradientReport, check_gradient

HALF_OF_THE_DIGITS = 2.0**-26


@dataclass(frozen=True)
class Example:
    """A function at a point, with its gradient.

    Attributes:
        text: how it was made.
        f: the function, of arrays.
        inputs: the point.
        true: the derivatives, rounded to the dtype: one array for each input, or the Jacobian matrix of a function that returns
            a vector; at a kink, a subgradient.
        naive: a NumPy formula for the same, with rounding errors of its own.
        kinks: where the derivative is not unique; all `False` if there is no kink near.
        others: further gradients that are right, and gradients that are wrong, at kinks.
        size: the sum of the absolute values of the terms of f.
        eps: the precision that f is computed in.
    """

    text: str
    f: Callable[..., Any]
    inputs: tuple[np.ndarray, ...]
    true: tuple[np.ndarray, ...]
    naive: Callable[..., Any] | None = None
    kinks: tuple[np.ndarray, ...] = ()
    others: tuple[tuple[bool, tuple[np.ndarray, ...]], ...] = ()
    size: float = 1.0
    eps: float = 2.0**-52
    vector: bool = False

    def check(self, gradient: tuple[np.ndarray, ...] | Callable[..., Any]) -> GradientReport:
        """The report on a gradient, given as numbers or as a formula."""
        rule = gradient if callable(gradient) else lambda *inputs: gradient if len(gradient) > 1 else gradient[0]
        if self.vector:
            return check_gradient(self.f, *self.inputs, vjp=lambda g, *inputs: g @ rule(*inputs))
        return check_gradient(self.f, *self.inputs, gradient=rule)

    def at_kink(self, entry: GradientEntry) -> bool:
        """Whether the derivative is not unique there, or along a direction that moves such an entry."""
        if not self.kinks:
            return False
        mask = self.kinks[entry.argument]
        return bool(mask[entry.index] if isinstance(entry.index, tuple) else mask.any())

    def truth(self, entry: GradientEntry) -> float:
        """The true derivative by an entry; NaN along a direction and for a weighted sum of results."""
        if not isinstance(entry.index, tuple) or not isinstance(entry.output, tuple):
            return math.nan
        return float(self.true[entry.argument][(*entry.output, *entry.index)])

    def natural(self, entry: GradientEntry) -> float:
        """A slope that would be natural: the size of the function over the size of the input, or over 1."""
        x = self.inputs[entry.argument]
        return self.size / max(float(abs(x[entry.index]) if isinstance(entry.index, tuple) else np.max(np.abs(x), initial=0)), 1.0)


# --- what must be true -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Untruth:
    """What a report says that is not true, of which gradient, and by how much."""

    kind: str
    gradient: str
    excess: float
    entry: GradientEntry | None = field(default=None, compare=False)


def unresolved(example: Example, report: GradientReport) -> list[GradientEntry]:
    """The entries called right although zero, or the opposite sign, would be right as well, while it is not zero.

    Right is what is told apart from zero: the bound is smaller than the value. Or all there is is zero within rounding: claim,
    estimate and bound are at most √ε/16 of the natural slope (1e-9 in double precision).
    """
    return [e for e in report.entries if e.verdict == "right" and e.bound >= _value(e) and not _excused(example, e)]


def _value(entry: GradientEntry) -> float:
    return max(abs(entry.given), abs(entry.numerical))


def _excused(example: Example, e: GradientEntry) -> bool:
    """Whether there is a kink, or nothing but zero within rounding."""
    nothing = max(_value(e), e.bound) <= math.sqrt(example.eps) / 16 * example.natural(e)
    return nothing or example.at_kink(e) or e.at_kink


def untruths(example: Example, report: GradientReport, rng: random.Random) -> list[Untruth]:
    """What is not true in the report on the true gradient, and in those on a naive formula, on one of `others` and a mutation."""
    found = [Untruth("accused", "true", max(e.excess for e in wrong), wrong[0]) for wrong in [_wrong(report)] if wrong]
    if report.failures:
        found.append(Untruth("failure", report.failures[0], math.inf))
    for entry in report.entries:
        special = example.at_kink(entry) or entry.at_kink or "jump" in entry.note or not math.isfinite(entry.numerical)
        if not special and entry.verdict != "wrong" and abs(entry.given - entry.numerical) > entry.bound:
            found.append(Untruth("outside", "true", entry.excess, entry))
        if not example.kinks and (entry.at_kink or "jump" in entry.note):
            found.append(Untruth("false kink", "true", 1.0, entry))
    found += [Untruth("unresolved", "true", e.bound / max(abs(e.given), 1e-300), e) for e in unresolved(example, report)]
    if example.naive and rng.random() < 0.5:
        wrong = _wrong(example.check(example.naive))
        found += [Untruth("accused", "naive", max(e.excess for e in wrong), wrong[0])] if wrong else []
    if example.others:
        i = rng.randrange(len(example.others))
        right, gradient = example.others[i]
        verdict = example.check(gradient).verdict
        found += [Untruth("accused", f"other {i}", math.inf)] if right and verdict == "wrong" else []
        found += [Untruth("let through", f"other {i}", math.inf)] if not right and verdict == "right" else []
    return found + _of_mutation(example, report, rng)


def _wrong(report: GradientReport) -> list[GradientEntry]:
    return [entry for entry in report.entries if entry.verdict == "wrong"]


MUTATIONS = ("zero", "opposite", "twice", "a thousandth", "three bounds")


def _of_mutation(example: Example, report: GradientReport, rng: random.Random) -> list[Untruth]:
    """What the report on a mutation of the true gradient, in one entry or in all, says that is not true."""
    smooth = [e for e in report.entries if math.isfinite(example.truth(e)) and not example.at_kink(e) and not e.at_kink]
    if not smooth:
        return []
    name, everywhere = rng.choice(MUTATIONS), rng.random() < 0.3
    mutated = tuple(part.copy() for part in example.true)
    for e in smooth if everywhere else [rng.choice(smooth)]:
        value = example.truth(e)
        change = {"zero": -value, "opposite": -2 * value, "twice": value, "a thousandth": value / 1000}.get(name, 3 * e.bound)
        mutated[e.argument][(*e.output, *e.index)] = value + change
    found = example.check(mutated)
    name = f"{name}{' in all' if everywhere else ''}"
    through = []
    for e in found.entries:
        off = abs(e.given - example.truth(e)) if not (example.at_kink(e) or e.at_kink) else math.nan
        if e.verdict == "right" and off > 2 * e.bound + HALF_OF_THE_DIGITS * abs(e.given):
            through.append(Untruth("let through", name, off / max(e.bound, 1e-300), e))
    return through + [Untruth("unresolved", name, e.bound / max(abs(e.given), 1e-300), e) for e in unresolved(example, found)]


# --- units of which functions are made -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unit:
    """A function of one number and its derivative, both of a namespace (`numpy`, `math` or 100 digits) and the number."""

    name: str
    value: Callable[[Any, Any], Any]
    slope: Callable[[Any, Any], Any]
    even: bool = True  # defined for negative numbers as well


def _logistic(m: Any, x: Any) -> Any:
    return 1 / (1 + m.exp(-x))


TANH = Unit("tanh", lambda m, x: m.tanh(x), lambda m, x: 1 - m.tanh(x) ** 2)
LOGISTIC = Unit("logistic", _logistic, lambda m, x: _logistic(m, x) * (1 - _logistic(m, x)))
ATAN = Unit("atan", lambda m, x: m.atan(x), lambda m, x: 1 / (1 + x * x))
BELL = Unit("exp(-x²)", lambda m, x: m.exp(-x * x), lambda m, x: -2 * x * m.exp(-x * x))
SOFTPLUS = Unit("softplus", lambda m, x: m.log(1 + m.exp(x)), _logistic)
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


# --- the families ----------------------------------------------------------------------------------------------------------------


def smooth(rng: random.Random) -> Example:
    """Smooth units with offsets of 1 to 1e6."""
    units = [rng.choice(ANALYTIC) for _ in range(rng.randint(1, 4))]
    x = [amount(rng, -2, 1, u.even) for u in units]
    c = [amount(rng, -1, 1) for _ in units]
    return summed("smooth", units, x, c, offset(rng), computed=rng.choice(("arrays", "real", "floats")))


def saturated(rng: random.Random) -> Example:
    """Units where they hardly depend on their argument, plus constants."""
    units = [rng.choice(SATURATED) for _ in range(rng.randint(1, 3))]
    power = rng.randint(1, 3)
    x = [rng.choice((-1, 1) if u.even else (1,)) * round(rng.uniform(0, 45), 2) ** (1 / power) for u in units]
    x = [-abs(b) if u is SOFTPLUS and power != 2 else b for u, b in zip(units, x, strict=True)]
    c = [amount(rng, -1, 1) for _ in units]
    return summed("saturated", units, x, c, offset(rng), power, rng.choice(("arrays", "real", "floats")))


def extreme(rng: random.Random) -> Example:
    """Inputs of 1e-12 to 1e12."""
    small = rng.random() < 0.5
    units = [rng.choice((SIN, COS, EXP, TANH, ROOT, BELL) if small else HOMOGENEOUS) for _ in range(rng.randint(1, 3))]
    size = rng.uniform(-12, 0) if small else rng.uniform(-12, 12)
    x = [amount(rng, size, size + 0.5, u.even) for u in units]
    c = [amount(rng, -1, 1) for _ in units]
    constant = offset(rng, -1, 3)
    return summed("extreme", units, x, c, constant, computed=rng.choice(("arrays", "real", "floats")))


def mixed(rng: random.Random) -> Example:
    """Terms of 1e-10 to 1e10 of inputs of 1e-6 to 1e6."""
    units = [rng.choice((*HOMOGENEOUS, SQUARE, ATAN)) for _ in range(rng.randint(2, 4))]
    x = [amount(rng, -6, 6, u.even) for u in units]
    c = [amount(rng, -10, 10) for _ in units]
    return summed("mixed", units, x, c, computed=rng.choice(("arrays", "real", "floats")))


def single(rng: random.Random) -> Example:
    """Single precision, with inputs of 1e-7 to 10, of a function that can be evaluated in double precision, or not."""
    units = [rng.choice(ANALYTIC) for _ in range(rng.randint(1, 4))]
    size = rng.choice((-7, -4, -2, -1))
    x = [amount(rng, size, size + 2, u.even) for u in units]
    x = [abs(b) + 0.1 if u is INVERSE else b for u, b in zip(units, x, strict=True)]
    c = [amount(rng, -1, 1) for _ in units]
    return summed("single", units, x, c, offset(rng, 0, 2), computed=rng.choice(("arrays", "single")), dtype=np.float32)


def logistic_regression(rng: random.Random) -> Example:
    """Logistic regression in single or double precision, at weights of 1e-6 to 1."""
    dtype = rng.choice((np.float32, np.float64))
    data = np.array([[amount(rng, -1, 0.5) for _ in range(3)] for _ in range(6)], dtype)
    y = np.array([rng.choice((-1, 1)) for _ in range(6)], dtype)
    size = rng.uniform(-6, 0)
    w = np.array([amount(rng, size, size + 0.5) for _ in range(3)], dtype)
    exact = [[MP.mpf(float(b)) for b in row] for row in data]
    margins = [sum(float(b) * a for a, b in zip(row, w, strict=True)) * float(s) for row, s in zip(exact, y, strict=True)]
    true = [-sum(float(s) * row[j] * _logistic(MP, -t) for row, s, t in zip(exact, y, margins, strict=True)) / 6 for j in range(3)]
    only = rng.choice((True, False)) and dtype == np.float32

    def f(w: Any) -> Any:
        return np.mean(np.log(1 + np.exp(-y * (data @ (np.asarray(w, np.float32) if only else w)))))

    def naive(w: Any) -> Any:
        return -data.T @ (y * _logistic(np, -y * (data @ w))) / dtype(6)

    text = f"logistic regression at {w.tolist()}, {dtype.__name__}{' only' if only else ''}"
    size = float(sum(_log1pexp(-t) for t in margins)) / 6
    return Example(text, f, (w,), (np.array([float(t) for t in true], dtype),), naive, size=size, eps=2.0 ** (-23 if only else -52))


def _log1pexp(t: Any) -> Any:
    return MP.log(1 + MP.exp(t))


CONSTANTS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], float]]] = {
    "the sum of a softmax": (lambda x: np.sum(np.exp(x) / np.sum(np.exp(x))), lambda x: 1.0),
    "the sum of a stable softmax": (lambda x: np.sum(np.exp(x - x.max()) / np.sum(np.exp(x - x.max()))), lambda x: 1.0),
    "the sum of deviations from the mean": (lambda x: np.sum(x - np.mean(x)), lambda x: np.sum(np.abs(x))),
    "the sum of a layer norm": (lambda x: np.sum((x - np.mean(x)) / np.sqrt(np.var(x) + 1e-5)), lambda x: float(x.size)),
    "sin² + cos²": (lambda x: np.sum(np.sin(x) ** 2 + np.cos(x) ** 2), lambda x: float(x.size)),
    "cosh² - sinh²": (lambda x: np.sum(np.cosh(x) ** 2 - np.sinh(x) ** 2), lambda x: np.sum(np.exp(2 * np.abs(x)))),
    "atan x + atan 1/x": (lambda x: np.sum(np.arctan(x) + np.arctan(1 / x)), lambda x: 1.6 * x.size),
    "exp x · exp -x": (lambda x: np.sum(np.exp(x) * np.exp(-x)), lambda x: float(x.size)),
    "x / x": (lambda x: np.sum(x / x), lambda x: float(x.size)),
    "the norm of a normed vector": (lambda x: np.sum((x / np.sqrt(np.sum(x * x))) ** 2), lambda x: 1.0),
    "log exp x - x": (lambda x: np.sum(np.log(np.exp(x)) - x), lambda x: 2 * np.sum(np.abs(x))),
}


def constant(rng: random.Random) -> Example:
    """Functions that are exactly constant, beside an argument that matters, or not."""
    name = rng.choice(sorted(CONSTANTS))
    f, size = CONSTANTS[name]
    count = rng.choice((1, 2, 3, 7, 257) if "norm" not in name else (3, 7, 257))
    scale = rng.uniform(-2, 1)
    x = np.array([amount(rng, scale, scale + 0.5) for _ in range(count)])
    real = rng.choice((np.asarray, lambda x: x)) if rng.random() < 0.7 else lambda x: np.asarray(x, float)
    base = Example(f"constant: {name} at {x.tolist() if count < 9 else count}", f, (x,), (np.zeros(count),), np.zeros_like)
    if rng.random() < 0.5:
        return replace(base, f=lambda x: f(real(x)), size=float(size(x)))
    unit, c = rng.choice((SIN, TANH, SQUARE)), amount(rng, -1, 1)
    other = summed("", [unit], [amount(rng, -1, 0.5)], [c], offset(rng))
    return replace(
        base,
        text=f"{base.text} + {other.text}",
        f=lambda x, y: f(real(x)) + other.f(y),
        inputs=(x, *other.inputs),
        true=(*base.true, *other.true),
        naive=lambda x, y: (np.zeros_like(x), other.naive(y)),
        size=float(size(x)) + other.size,
    )


def invariant(rng: random.Random) -> Example:
    """Layer norm and cosine similarity, which do not depend on the size of their argument, nor one of them on its mean."""
    count = rng.choice((2, 3, 5, 8))
    scale = rng.uniform(-4, 4)
    x = np.array([amount(rng, scale, scale + 0.5) for _ in range(count)])
    if np.ptp(x) == 0:
        x[0] *= -2
    w = np.array([amount(rng, -1, 1) for _ in range(count)])
    w = x / np.max(np.abs(x)) if rng.random() < 0.2 else w  # then the gradient is zero
    centred = rng.random() < 0.5

    def f(x: Any) -> Any:
        z = x - np.mean(x) if centred else x
        return np.sum(w * z) / np.sqrt(np.sum(z * z))

    def slope(m: Any, x: Any) -> list[Any]:
        z = [b - sum(x) / count for b in x] if centred else list(x)
        norm = m.sqrt(sum(b * b for b in z))
        along = sum(a * b for a, b in zip(w, z, strict=True)) / norm
        result = [(a - along * b / norm) / norm for a, b in zip(w, z, strict=True)]
        return [r - sum(result) / count for r in result] if centred else result

    true = np.array([float(t) for t in slope(MP, [MP.mpf(float(b)) for b in x])])
    text = f"invariant: {'layer norm' if centred else 'cosine'} of {x.tolist()} with {w.tolist()}"
    return Example(text, f, (x,), (true,), lambda x: np.array(slope(np, x)), size=float(np.sum(np.abs(w))))


def vector(rng: random.Random) -> Example:
    """Functions that return a vector, with a vector-Jacobian product."""
    inner = rng.choice((smooth, saturated, extreme))(rng)
    weights = np.array([amount(rng, -2, 1) for _ in range(rng.randint(2, 3))])
    size = inner.size * float(np.max(np.abs(weights)))
    return replace(
        inner,
        text=f"{weights.tolist()} times {inner.text}",
        f=lambda x: np.array([a * inner.f(x) for a in weights]),
        true=(np.array([a * inner.true[0] for a in weights]),),
        naive=lambda x: np.array([a * inner.naive(x) for a in weights]),
        size=size,
        vector=True,
    )


def ties(rng: random.Random) -> Example:
    """Largest, smallest and sorted numbers of which several are equal: shares, one of them, and what is neither."""
    equal, less = rng.choice((1, 2, 2, 3, 3, 4, 5, 257)), rng.choice((0, 1, 3))
    level, factor = amount(rng, -2, 2, even=False), amount(rng, -1, 1)
    constant = offset(rng, 0, 3)
    signs = np.array([rng.choice((-1.0, 1.0)) for _ in range(equal)])
    kind = rng.choice(("max", "min", "max of |x|", "across arguments", "sorted"))
    signs = np.ones(equal) if kind != "max of |x|" else signs
    rest = level * ((3.0 if kind == "min" else 0.3) + 0.1 * np.arange(less))
    x = np.concatenate([signs * level, rest])
    top = np.arange(x.size) < equal
    functions = {
        "max": lambda x: factor * np.max(x) + constant,
        "min": lambda x: factor * np.min(x) + constant,
        "max of |x|": lambda x: factor * np.max(np.abs(x)) + constant,
        "sorted": lambda x: np.sum(weights * np.sort(x)) + constant,
    }
    text = f"ties: {kind} of {equal} equal {level} with {less} others, times {factor}, plus {constant}"
    if kind == "across arguments":
        y = np.concatenate([np.full(equal, level), rest])
        x[equal:] *= 2
        part, after = np.where(top, 1.0, 0.0), np.where(top, 0.0, 1.0)
        pairs = [(0.5 * part + after, 0.5 * part), (after, part), (part + after, 0 * part)]
        wrongs = [(part + after, part), (after, 0 * part), (0.6 * part + after, 0.5 * part)]
        scaled = [tuple(factor * g for g in pair) for pair in (*pairs, *wrongs)]
        return Example(
            text,
            lambda x, y: factor * np.sum(np.maximum(x, y)) + constant,
            (x, y),
            scaled[0],
            kinks=(top, top),
            others=tuple((i < 3, pair) for i, pair in enumerate(scaled)),
            size=abs(constant) + abs(factor) * float(np.sum(np.maximum(x, y))),
        )
    share = np.zeros(x.size)
    share[:equal] = factor * signs / equal
    first = np.where(np.arange(x.size) == 0, factor * signs[0], 0.0)
    sign = np.where(top, factor * np.sign(x), 0.0)
    rights, wrongs = [share, first], [1.01 * share, 0 * share, *([sign] if equal > 1 else [])]
    weights = np.sort([amount(rng, -1, 1, even=False) for _ in range(x.size)])[:: rng.choice((-1, 1))]
    if kind == "sorted":  # the smaller come first
        mean = np.concatenate([np.full(equal, weights[less:].mean()), weights[:less]])
        some = np.concatenate([rng.sample(list(weights[less:]), equal), weights[:less]])
        rights, wrongs = [mean, some], [np.where(top, 1.01 * mean, mean), np.where(top, 0.0, mean)]
    return Example(
        text,
        functions[kind],
        (x,),
        (rights[0],),
        kinks=(top if equal > 1 else ~(top | ~top),),
        others=tuple((i < len(rights), (g,)) for i, g in enumerate((*rights, *wrongs))),
        size=abs(constant) + level * abs(factor) if kind != "sorted" else abs(constant) + float(np.sum(np.abs(weights * x))),
    )


JOINTS: dict[str, tuple[Callable[[Any], Any], float, float, Callable[[Any], Any]]] = {
    "abs": (np.abs, -1, 1, np.sign),
    "relu": (lambda z: np.maximum(z, 0), 0, 1, lambda z: 1.0 * (z > 0)),
    "leaky relu": (lambda z: np.where(z > 0, z, 0.1 * z), 0.1, 1, lambda z: np.where(z > 0, 1.0, 0.1)),
    "clip": (lambda z: np.clip(z, 0, 1), 0, 1, lambda z: 1.0 * ((z > 0) & (z < 1))),
    "relu²": (lambda z: np.maximum(z, 0) ** 2, 0, 0, lambda z: 2 * np.maximum(z, 0)),
    "z|z|": (lambda z: z * np.abs(z), 0, 0, lambda z: 2 * np.abs(z)),
    "Huber": (lambda z: np.where(np.abs(z) < 1, z * z / 2, np.abs(z) - 0.5), 0, 0, lambda z: np.clip(z, -1, 1)),
}


def kinks(rng: random.Random) -> Example:
    """Functions with kinks at the point and 1e-10 to 1 away from it."""
    name = rng.choice(sorted(JOINTS))
    joint, low, high, slope = JOINTS[name]
    count = rng.choice((1, 2, 3))
    t = np.array([rng.choice((0.0, amount(rng, -1, 1))) for _ in range(count)])
    x = t + np.array([rng.choice((0.0, amount(rng, -10, 0))) for _ in range(count)])
    if name == "Huber" and rng.random() < 0.5:
        x = t + np.array([rng.choice((-1.0, 1.0)) for _ in range(count)])
    c, constant = np.array([amount(rng, -1, 1) for _ in range(count)]), offset(rng, 0, 2)
    at = (x == t) & (low != high)
    shares = np.array([rng.uniform(0, 1) for _ in range(count)])
    beside = [c * np.where(at, low + s * (high - low), slope(x - t)) for s in (shares, -0.05, 1.05)]
    return Example(
        f"kinks: {constant} + Σ {c.tolist()} {name}(x - {t.tolist()}) at {x.tolist()}",
        lambda x: np.sum(c * joint(x - t)) + constant,
        (x,),
        (beside[0],),
        lambda x: c * np.where(at, low, slope(x - t)),
        kinks=(at,),
        others=tuple((False, (wrong,)) for wrong in beside[1:]) if at.any() else (),
        size=abs(constant) + float(np.sum(np.abs(c * joint(x - t)))),
    )


Family = Callable[[random.Random], Example]
FAMILIES: dict[str, Family] = {
    family.__name__.replace("_", " "): family
    for family in (smooth, saturated, extreme, mixed, single, logistic_regression, constant, invariant, vector, ties, kinks)
}


# --- command line --------------------------------------------------------------------------------------------------------------


def run(names: list[str], seeds: range, shown: int) -> None:
    """Count what is not true, by family, and show the worst of each kind."""
    found: dict[tuple[str, str], list[tuple[float, int, str]]] = defaultdict(list)
    untold: Counter[str] = Counter()
    coarse: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    for name, seed in product(names, seeds):
        rng = random.Random(f"{name} {seed}")
        example = FAMILIES[name](rng)
        report = example.check(example.true)
        entries[name] += len(report.entries)
        untold[name] += sum(e.verdict == "cannot tell" for e in report.entries)
        coarse[name] += sum(
            e.verdict == "right" and e.bound > 1e-3 * _value(e) and not _excused(example, e) for e in report.entries
        )
        kinds: dict[str, tuple[float, int, str]] = {}
        for untruth in untruths(example, report, rng):
            e = untruth.entry
            text = f"{untruth.gradient}: {example.text[:200]}"
            text += f"\n      given {e.given!r} numerical {e.numerical!r} bound {e.bound:.2g} {e.verdict} {e.note}" if e else ""
            kinds[untruth.kind] = max(kinds.get(untruth.kind, (-1.0, 0, "")), (untruth.excess, seed, text))
        for kind, worst in kinds.items():
            found[kind, name].append(worst)
    columns = ("accused", "outside", "let through", "unresolved", "false kink", "failure")
    print(f"examples with untrue reports, of {len(seeds)} of each family")
    print(f"{'':21}" + "".join(f"{kind:>13}" for kind in (*columns, "cannot tell", "coarse")))
    for name in names:
        counts = [str(len(found[kind, name]) or "-") for kind in columns]
        counts += [f"{100 * count[name] / max(entries[name], 1):.1f} %" for count in (untold, coarse)]
        print(f"{name:21}" + "".join(f"{count:>13}" for count in counts))
    for (kind, name), worst in sorted(found.items()):
        for excess, seed, text in sorted(worst, reverse=True)[:shown]:
            print(f"{kind}, {name}, seed {seed}, {excess:.3g} times; {text}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the untrue reports on functions of which the gradient is known.")
    parser.add_argument("--examples", type=int, default=2000, help="how many, of all families together")
    parser.add_argument("--family", choices=sorted(FAMILIES), help="one family only")
    parser.add_argument("--seed", type=int, help="show the reports on one example of the family")
    parser.add_argument("--shown", type=int, default=1, help="how many of the worst of each kind are shown")
    options = parser.parse_args()
    names = [options.family] if options.family else list(FAMILIES)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    if options.seed is None:
        run(names, range(max(1, options.examples // len(names))), options.shown)
        return
    for name in names:
        rng = random.Random(f"{name} {options.seed}")
        example = FAMILIES[name](rng)
        report = example.check(example.true)
        print(example.text, report, *untruths(example, report, rng), sep="\n")


if __name__ == "__main__":
    main()
