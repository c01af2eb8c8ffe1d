"""Families of functions that change within far less than their argument: narrow ones, fast-growing ones, periodic ones."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
from exact import MP
from truth import Example
from units import amount

Curve = Callable[[Any, Any], Any]  # of a namespace (`numpy`, `math` or 100 digits) and a number


def added(
    text: str,
    value: Curve,
    slope: Curve,
    x: list[float],
    c: list[float],
    computed: str,
    lacking: float | None = None,
    size: float = 0,
) -> Example:
    """The sum `Σ cᵢ value(xᵢ)`, computed of arrays or of floats; a gradient that is no more than `lacking` is wrong."""

    def of_floats(x: Any) -> float:
        return sum(a * value(math, float(b)) for a, b in zip(c, x, strict=True))

    exact = [MP.mpf(b) for b in x]
    true = np.array([float(a * slope(MP, b)) for a, b in zip(c, exact, strict=True)])
    return Example(
        f"{text}, times {c}, at {x}, {computed}",
        of_floats if computed == "floats" else lambda x: np.sum(np.array(c) * value(np, x)),
        (np.array(x),),
        (true,),
        lambda x: np.array(c) * slope(np, x),
        others=() if lacking is None else ((False, (lacking * np.array(c),)),),
        size=size or sum(abs(float(a * value(MP, b))) for a, b in zip(c, exact, strict=True)),
    )


def steep(rng: random.Random) -> Example:
    """Functions that are 1e-1 to 1e-6 wide, at a point within that width."""
    k, a = amount(rng, 1, 6, even=False), amount(rng, -1, 1)
    curves: dict[str, tuple[Curve, Curve]] = {
        "tanh k(x - a)": (lambda m, x: m.tanh(k * (x - a)), lambda m, x: k / m.cosh(k * (x - a)) ** 2),
        "atan k(x - a)": (lambda m, x: m.atan(k * (x - a)), lambda m, x: k / (1 + (k * (x - a)) ** 2)),
        "Lorentz": (lambda m, x: 1 / (1 + (k * (x - a)) ** 2), lambda m, x: -2 * k * k * (x - a) / (1 + (k * (x - a)) ** 2) ** 2),
        "Gauss": (lambda m, x: m.exp(-((k * (x - a)) ** 2)), lambda m, x: -2 * k * k * (x - a) * m.exp(-((k * (x - a)) ** 2))),
        "Charbonnier": (lambda m, x: m.sqrt((x - a) ** 2 + k**-2), lambda m, x: (x - a) / m.sqrt((x - a) ** 2 + k**-2)),
        "1/(x - a)": (lambda m, x: 1 / (x - a), lambda m, x: -1 / (x - a) ** 2),
        "log(a - x)": (lambda m, x: m.log(a - x), lambda m, x: 1 / (x - a)),
        "acos": (lambda m, x: m.acos(x), lambda m, x: -1 / m.sqrt((1 - x) * (1 + x))),
    }
    name = rng.choice(sorted(curves))
    near = 1.0 if name == "acos" else a
    signs = (-1,) if name in ("acos", "log(a - x)") else (-1, 1)
    x = [near + rng.choice(signs) * round(rng.uniform(0.1, 2.5), 3) / k for _ in range(rng.choice((1, 1, 2)))]
    c, computed = [amount(rng, -1, 1) for _ in x], rng.choice(("arrays", "floats"))
    return added(f"steep: {name}, k = {k}, a = {a}", *curves[name], x, c, computed)


def growing(rng: random.Random) -> Example:
    """Functions with values up to 1e300: exp far out, high powers, products of numbers of all sizes."""
    kind, computed = rng.choice(("exp", "power", "product")), rng.choice(("arrays", "floats"))
    if kind == "product":
        return _product(rng)
    if kind == "exp":
        x = rng.choice((-1, 1)) * round(rng.uniform(300, 690), 1)
        return added("growing: exp", lambda m, x: m.exp(x), lambda m, x: m.exp(x), [x], [amount(rng, -1, 1)], computed)
    n = rng.choice((20, 100, 384, 1000))
    x = rng.choice((-1, 1)) * float(f"{10 ** (rng.uniform(-250, 290) / n):.4g}")
    return added(f"growing: x**{n}", lambda m, x: x**n, lambda m, x: n * x ** (n - 1), [x], [amount(rng, -1, 1)], computed)


def _product(rng: random.Random) -> Example:
    """Sums of products of powers, `Σ c Π xₖ^eₖ`, of numbers of 1e-30 to 1e30: as small as rounding errors of the largest."""
    count = rng.randint(1, 4)
    x = np.array([amount(rng, -30, 30, even=False) for _ in range(count)])  # all positive, so that no terms cancel
    powers = [[rng.choice((0, 1, 1, 2, -1)) for _ in x] for _ in range(rng.randint(1, 3))]
    exact = [MP.mpf(float(b)) for b in x]
    products = [math.prod((b**e for b, e in zip(exact, row, strict=True)), start=MP.mpf(1)) for row in powers]
    factors = [float(f"{float(products[0] / product) * 10 ** rng.uniform(-3, 3):.3g}") for product in products]
    terms = [factor * product for factor, product in zip(factors, products, strict=True)]  # of about the same size
    true = np.array([float(sum(row[k] * term for row, term in zip(powers, terms, strict=True)) / exact[k]) for k in range(count)])

    def f(x: Any) -> Any:
        return sum(
            math.prod((b ** float(e) for b, e in zip(x, row, strict=True)), start=c) for c, row in zip(factors, powers, strict=True)
        )

    return Example(f"growing: Σ c Π xₖ^eₖ, c = {factors}, e = {powers}, at {x.tolist()}", f, (x,), (true,), size=float(sum(terms)))


def periodic(rng: random.Random) -> Example:
    """Functions with a period of 1, or of a part of it, far from zero: a gradient that lacks the periodic part is wrong."""
    k, slant = rng.choice((1, 1, 2, 4, 7, 12, 1000)), amount(rng, -2, -0.1)  # with a slant of -1, it is a staircase
    where = math.floor(amount(rng, 0.7, 5, even=False)) + rng.choice((0.15, 0.3, 0.35, 0.6, 0.7, 0.9)) / k
    wave = 2 * math.pi * k
    curves: dict[str, tuple[Curve, Curve]] = {
        "x - floor(x)": (lambda m, x: x - m.floor(x) + slant * x, lambda m, x: 1 + slant + 0 * x),
        "x % 1/k": (lambda m, x: x % (1 / k) + slant * x, lambda m, x: 1 + slant + 0 * x),
        "sin(2πkx)/k": (lambda m, x: m.sin(wave * x) / k + slant * x, lambda m, x: 2 * math.pi * m.cos(wave * x) + slant),
        "triangle": (lambda m, x: abs(k * x % 1 - 0.5) + slant * x, lambda m, x: k * _sign(k * x % 1 - 0.5) + slant),
        "shifted": (lambda m, x: (k * x + 0.03) % 1 * (1 - (k * x + 0.03) % 1), lambda m, x: k * (1 - 2 * ((k * x + 0.03) % 1))),
    }
    name = rng.choice(sorted(curves))
    lacking = 0.0 if name == "shifted" else slant
    size = 8 * k * where  # the argument of the wave, whose rounding counts
    computed = rng.choice(("arrays", "floats"))
    return added(f"periodic: {name}, k = {k}, slant = {slant}", *curves[name], [where], [1.0], computed, lacking, size)


def _sign(x: Any) -> Any:
    return np.sign(x) if isinstance(x, np.ndarray) else math.copysign(1.0, x)
