"""What someone needs who adds an operation: `primitive`, which declares one, what describes it, and what helps to write it."""

from collections.abc import Callable
from typing import Any

from autodiff.core.tensor import array_of
from autodiff.domain import Interval, Kink
from autodiff.ops.products import product
from autodiff.registry import Primitive, primitive

__all__ = ["Interval", "Kink", "Primitive", "array_of", "generators", "primitive", "product"]

generators: list[Callable[[], Any]] = []  # functions that return the `numpy.random.Generator`s from which `checkpoint` draws again
