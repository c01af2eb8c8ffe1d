"""What the C works on: buffers, the ways in which they are read, and statements about one element, for all elements of a space."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Array", "Buffer", "Draws", "Part", "Product", "Statement", "Unsupported", "row_major", "view"]


class Unsupported(TypeError):
    """The C cannot say this."""


@dataclass(eq=False, slots=True)
class Buffer:
    """Memory for an array. `place` says which: an input, an output, a constant, a float (all with an index), or the arena."""

    name: str
    size: int
    dtype: np.dtype[Any]
    place: str = "arena"
    index: int = 0
    constant: Any = None


@dataclass(frozen=True, slots=True)
class Array:
    """The elements of a buffer, or some of them, as NumPy's views are: strides and offset, here in elements.

    `picked` are the axes that integers of other arrays index: (which operand, length, stride) each. A Python float is `weak`: it
    does not decide the type of a result.
    """

    buffer: Buffer
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0
    weak: bool = False
    picked: tuple[tuple[int, int, int], ...] = ()

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        return self.buffer.dtype

    @property
    def size(self) -> int:
        """How many elements there are."""
        return math.prod(self.shape)

    @property
    def T(self) -> Array:
        """The axes in reverse order."""
        return replace(self, shape=self.shape[::-1], strides=self.strides[::-1])

    @property
    def whole(self) -> bool:
        """Whether it is the buffer, in row-major order."""
        return (
            self.offset == 0
            and self.size == self.buffer.size
            and significant(self) == significant(row_major(self.buffer, self.shape))
        )

    def broadcast(self, shape: Sequence[int]) -> Array:
        """The same elements again and again, as `np.broadcast_to`."""
        missing = len(shape) - len(self.shape)
        strides = [0 if n == 1 else s for n, s in zip(self.shape, self.strides, strict=True)]
        return replace(self, shape=tuple(shape), strides=(0,) * missing + tuple(strides))


def row_major(buffer: Buffer, shape: Sequence[int], order: Sequence[int] | None = None) -> Array:
    """A whole buffer as an array; `order` are the axes from the outermost to the innermost in memory."""
    strides, step = [0] * len(shape), 1
    for axis in reversed(range(len(shape)) if order is None else order):
        strides[axis] = step
        step *= shape[axis]
    return Array(buffer, tuple(shape), tuple(strides))


def significant(array: Array) -> list[tuple[int, int]]:
    """Lengths and strides of the axes that have more than one element."""
    return [(n, s) for n, s in zip(array.shape, array.strides, strict=True) if n != 1]


def view(array: Array, function: Callable[[Any], Any]) -> Array | None:
    """What `function` makes of an array if that is a view, as NumPy says it for one of such strides; None if it is a copy."""
    memory = np.empty(max(array.buffer.size, 1), np.int8)  # one byte for an element
    of = np.lib.stride_tricks.as_strided(memory[array.offset :], array.shape, array.strides)
    result = function(of)
    if not result.size:
        return row_major(array.buffer, result.shape)
    if not np.may_share_memory(result, memory):
        return None
    offset = result.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    return replace(array, shape=result.shape, strides=result.strides, offset=offset)


@dataclass(eq=False, slots=True)
class Statement:
    """One element of `target` from those of `reads` (in `text` they are {0}, {1}), for all elements of a space.

    The arrays have the shape of the space; an axis that is reduced has stride 0 in `target`. `combine` is the expression that joins
    an element {0} of the target so far with the new one {1}, which begins with `identity`, or with what is there if that is None.
    """

    target: Array
    text: str
    reads: tuple[Array, ...]
    note: str
    combine: str = ""
    identity: str | None = None
    order: tuple[int, ...] = field(default=())


@dataclass(eq=False, slots=True)
class Product:
    """`target = left @ right`; `vector` says along which axis vectors of elements are computed: "n", "m", "k", or "blas".

    The stride of one of the last axes may be a tuple of (length, stride), of all axes that it consists of in memory. Over the first
    axes, as many as `summed`, the products are added up: `target` has them with stride 0.
    """

    target: Array
    left: Array
    right: Array
    vector: str
    note: str
    summed: int = 0

    @property
    def reads(self) -> tuple[Array, ...]:
        """What is read."""
        return self.left, self.right


@dataclass(eq=False, slots=True)
class Draws:
    """Each element of `target` drawn from a random generator, one after another, by an expression of `rng`."""

    target: Array
    text: str
    generator: np.random.Generator
    note: str
    reads: tuple[Array, ...] = ()


Part: TypeAlias = Statement | Product | Draws
