"""What someone needs who adds an operation: `primitive`, which declares one, what describes it, and what helps to write it."""

from collections.abc import Callable
from typing import Any

from autodiff.core.tensor import array_of, wrap
from autodiff.domain import Interval, Kink
from autodiff.modes import interpreting
from autodiff.ops.products import product
from autodiff.registry import Primitive, primitive

__all__ = ["Interval", "Kink", "Primitive", "array_of", "generators", "interpreting", "primitive", "product", "tensor_of"]

# Functions that return the `numpy.random.Generator`s of libraries, which `checkpoint` draws from again, each with the context
# manager that lets another one take its place.
generators: list[tuple[Callable[[], Any], Callable[[Any], Any]]] = []


def tensor_of(array: Any) -> Any:
    """A tensor of `array` itself, which is not copied: also of one that is no `ndarray`, but has NumPy's protocols.

    Such an array stands for what is not known yet, in a program that captures a computation.

    >>> x = np.ones(2)
    >>> extend.array_of(extend.tensor_of(x)) is x
    True
    """
    return wrap(array)
