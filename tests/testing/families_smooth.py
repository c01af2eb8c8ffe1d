"""Families of smooth functions with their gradients: saturated, extreme, badly scaled, rounded, constant along a direction."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from exact import MP
from truth import Example
from units import (
    ANALYTIC,
    ATAN,
    BELL,
    COS,
    EXP,
    HOMOGENEOUS,
    INVERSE,
    ROOT,
    SATURATED,
    SIN,
    SOFTPLUS,
    SQUARE,
    TANH,
    amount,
    logistic,
    offset,
    summed,
)


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
    x = [rng.choice((-1, 1) if u.even else (1,)) * round(rng.uniform(0, 12 if u is BELL else 45), 2) ** (1 / power) for u in units]
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
    """Single precision, with inputs of 1e-7 to 10, of a function that takes double precision as well; if not, from 1e-2 on."""
    units = [rng.choice(ANALYTIC) for _ in range(rng.randint(1, 4))]
    computed = rng.choice(("arrays", "single"))
    size = rng.choice((-7, -4, -2, -1) if computed == "arrays" else (-2, -1))
    x = [amount(rng, size, size + 2, u.even) for u in units]
    x = [abs(b) + 0.1 if u is INVERSE else b for u, b in zip(units, x, strict=True)]
    c = [amount(rng, -1, 1) for _ in units]
    return summed("single", units, x, c, offset(rng, 0, 2), computed=computed, dtype=np.float32)


def logistic_regression(rng: random.Random) -> Example:
    """Logistic regression in single or double precision, at weights of 1e-6 to 1."""
    dtype = rng.choice((np.float32, np.float64))
    data = np.array([[amount(rng, -1, 0.5) for _ in range(3)] for _ in range(6)], dtype)
    y = np.array([rng.choice((-1, 1)) for _ in range(6)], dtype)
    size = rng.uniform(-6, 0)
    w = np.array([amount(rng, size, size + 0.5) for _ in range(3)], dtype)
    exact = [[MP.mpf(float(b)) for b in row] for row in data]
    margins = [sum(float(b) * a for a, b in zip(row, w, strict=True)) * float(s) for row, s in zip(exact, y, strict=True)]
    true = [-sum(float(s) * row[j] * logistic(MP, -t) for row, s, t in zip(exact, y, margins, strict=True)) / 6 for j in range(3)]
    only = rng.choice((True, False)) and dtype == np.float32

    def f(w: Any) -> Any:
        return np.mean(np.log(1 + np.exp(-y * (data @ (np.asarray(w, np.float32) if only else w)))))

    def naive(w: Any) -> Any:
        return -data.T @ (y * logistic(np, -y * (data @ w))) / dtype(6)

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
    base = Example(
        f"constant: {name} at {x.tolist() if count < 9 else count}", f, (x,), (np.zeros(count),), np.zeros_like, length=abs(x).max()
    )
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
    return Example(
        text, f, (x,), (true,), lambda x: np.array(slope(np, x)), size=float(np.sum(np.abs(w))), length=float(np.max(np.abs(x)))
    )


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
