"""Families of functions at ties and kinks, with gradients that are right there and such that are not."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from truth import Example
from units import amount, offset


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
        size=abs(constant) + float(np.sum(np.abs(c) * np.maximum(np.abs(joint(x - t)), 1))),
    )


def rectified(rng: random.Random) -> Example:
    """Layers of rectifiers with weights and biases of zero: the difference of two convex functions, with a gradient of zero.

    A gradient outside of all subgradients may pass here: along a direction, the slopes of the one part hide those of the other.
    """
    rows, width, units = rng.randint(1, 5), rng.randint(1, 3), rng.randint(1, 4)
    x = np.array([[amount(rng, -1, 0.5) for _ in range(width)] for _ in range(rows)])
    v = np.array([amount(rng, -1, 0.5) for _ in range(units)])
    w, b = np.zeros((width, units)), np.zeros(units)
    constant = offset(rng, 0, 1)

    def active(w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        on = (x @ w + b > 0) * v
        return x.T @ on, on.sum(axis=0)

    nearby = active(*(np.array([amount(rng, -1, 0) for _ in range(part.size)]).reshape(part.shape) for part in (w, b)))
    return Example(
        f"rectified: {constant} + Σ max({x.tolist()} w + b, 0) {v.tolist()}",
        lambda w, b: np.sum(np.maximum(x @ w + b, 0) @ v) + constant,
        (w, b),
        (np.zeros_like(w), np.zeros_like(b)),
        active,
        kinks=(np.ones(w.shape, bool), np.ones(b.shape, bool)),
        others=((True, nearby),),
        size=abs(constant),
    )


def shared(rng: random.Random) -> Example:
    """Kinks that several entries share: a subgradient is right, and one that is too large along itself is not."""
    a = np.array([float(rng.choice((-3, -2, -1, 1, 2, 3))) for _ in range(rng.choice((2, 3, 4)))])
    x = np.array([float(rng.randint(-5, 5)) for _ in a])
    x[-1] = -np.sum(a[:-1] * x[:-1]) / a[-1]
    factor, constant = amount(rng, -1, 1), offset(rng, 0, 1)
    share = rng.uniform(0, 0.95)
    unit = np.array([amount(rng, -1, 0) for _ in a])
    unit /= np.sqrt(np.sum(unit**2))
    kinds: dict[str, tuple[Callable[[Any], Any], np.ndarray, np.ndarray, tuple[float, ...]]] = {
        "|a·x|": (lambda x: abs(np.sum(a * x)), x, a, (-1.1, 1.1)),
        "max(a·x, 0)": (lambda x: np.maximum(np.sum(a * x), 0), x, a, (-0.1, 1.1)),
        "the norm": (lambda x: np.sqrt(np.sum(x * x)), 0 * x, unit, (1.1, 2.0)),
        "the largest": (lambda x: np.max(x), 0 * x, np.full(a.size, 1 / a.size), (0.0, 0.9, 1.1)),
        "the spectral norm": (lambda x: np.linalg.norm(x.reshape(2, 2), 2), np.zeros(4), np.array([0.5, 0, 0, 0.5]), (-1.1, 1.1)),
    }
    name = rng.choice(sorted(kinds))
    f, at, subgradient, outside = kinds[name]
    right = factor * (1.0 if name == "the largest" else share) * subgradient
    return Example(
        f"shared kinks: {factor} {name} + {constant}, a = {a.tolist()}, at {at.tolist()}",
        lambda x: factor * f(x) + constant,
        (at,),
        (right,),
        kinks=(np.ones(at.shape, bool),),
        others=tuple((False, (factor * much * subgradient,)) for much in outside),
        size=abs(constant) + abs(factor) * float(np.sum(np.abs(a * x))),
    )
