"""Every module, as it is built and what it is given: what the tests over all modules go through.

A case is a text that both `nn` and `torch.nn` understand, such as `LeakyReLU(0.2)`, and what it is called with.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Input = tuple[int, ...] | Callable[[np.random.Generator], Any]  # a shape, of normal numbers, or what makes an array or a number


@dataclass(frozen=True)
class Case:
    """A module, and what it is given.

    `rtol` is how far values may be from PyTorch's, in units of the largest; `exact` is whether nothing in it is random.
    """

    text: str
    inputs: tuple[Input, ...]
    rtol: float = 1e-12
    exact: bool = True

    @property
    def kind(self) -> str:
        """The name of the class."""
        return self.text.partition("(")[0]

    def build(self, library: Any) -> Any:
        """The module, of `nn` or `torch.nn`."""
        return eval(f"library.{self.text}", {"library": library, "nn": library})

    def arrays(self, dtype: Any = float, seed: int = 0) -> list[Any]:
        """What it is given, with floating-point numbers of this type."""
        rng = np.random.default_rng(seed)
        given = [rng.normal(size=x) if isinstance(x, tuple) else x(rng) for x in self.inputs]
        return [_of_dtype(x, dtype) for x in given]


def _of_dtype(x: Any, dtype: Any) -> Any:
    """An input, also a tuple of them, with floating-point numbers of this type."""
    if isinstance(x, tuple):
        return tuple(_of_dtype(part, dtype) for part in x)
    return x.astype(dtype) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def case(text: str, *inputs: Input, **properties: Any) -> Case:
    """A case of a module."""
    return Case(text, inputs, **properties)


def integers(high: int, *shape: int) -> Input:
    """Whole numbers below `high`."""
    return lambda rng: rng.integers(0, high, shape)


def uniform(low: float, high: float, *shape: int) -> Input:
    """Numbers between `low` and `high`."""
    return lambda rng: rng.uniform(low, high, shape)


def signs(*shape: int) -> Input:
    """Numbers that are 1 or -1."""
    return lambda rng: rng.choice([-1.0, 1.0], shape)


CASES: list[Case] = [
    of_module
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
    for of_module in importlib.import_module(f"{__name__}.{module.name}").CASES
]
