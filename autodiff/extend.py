"""What someone needs who adds an operation: `primitive`, which declares one, what describes it, and what helps to write it."""

from autodiff.core.tensor import array_of
from autodiff.domain import Interval, Kink
from autodiff.ops.products import product
from autodiff.registry import Primitive, primitive

__all__ = ["Interval", "Kink", "Primitive", "array_of", "primitive", "product"]
