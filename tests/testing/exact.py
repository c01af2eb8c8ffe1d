"""NumPy functions in 100 digits: object arrays of `MP.mpf` go through ufuncs, sums, comparisons and sorts like numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partialmethod
from typing import Any

import numpy as np
from mpmath.ctx_mp import MPContext

MP = MPContext()  # a context of its own, so that its numbers can be given the methods that NumPy's ufuncs look for
MP.dps = 100  # so that 1 - tanh² keeps 50 digits where it is 1e-50
STEP = MP.mpf(10) ** -45

METHODS = {"arcsin": "asin", "arccosh": "acosh", "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh"}
METHODS |= {name: name for name in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "sinh", "cosh", "tanh", "hypot")}
for _name, _function in METHODS.items():
    setattr(MP.mpf, _name, partialmethod(lambda *x, name: getattr(MP, name)(*x), name=_function))


def floats(name: str, exact: str = "") -> Callable[[Any], Any]:
    """A function of `math`, which takes one float and thereby hides from a checker how it is computed."""

    def function(x: Any) -> Any:
        number = x[()] if isinstance(x, np.ndarray) else x
        return getattr(MP, exact or name)(number) if isinstance(number, MP.mpf) else getattr(math, name)(float(number))

    return function


def exact(x: np.ndarray) -> np.ndarray:
    """The same numbers with 100 digits."""
    result = np.empty(x.shape, object)
    for index in np.ndindex(x.shape):
        result[index] = MP.mpf(float(x[index]))
    return result


def sides(f: Callable[..., Any], inputs: tuple[np.ndarray, ...], argument: int, index: tuple[int, ...]) -> list[Any]:
    """The slopes of `f` to the left and the right along an entry, where it is defined there, to 30 digits and more."""
    found = []
    for step in (-STEP, STEP):
        arrays = [exact(x) for x in inputs]
        here = f(*arrays)
        step *= abs(arrays[argument][index]) or 1
        arrays[argument][index] += step
        change = (f(*arrays) - here) / step
        found += [change] if isinstance(change, MP.mpf) and MP.isfinite(change) else []
    return found
