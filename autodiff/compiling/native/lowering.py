"""From the steps of a program to statements about one element: which buffer, which strides, which expression in C."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autodiff.compiling.native.arrays import (
    Array,
    Buffer,
    Draws,
    Part,
    Product,
    Statement,
    Unsupported,
    row_major,
    significant,
    view,
)
from autodiff.compiling.native.scalars import C_TYPES, IDENTITIES, cast, expression, literal
from autodiff.program import Program, Step, Value, operands, replaced

__all__ = ["Lowering"]

_BLAS_FROM = 2**21  # multiplications: from here on BLAS, on two threads, is faster than the tiles of `products.py`
_SOON_PACKED = 4096  # elements of what is the same in each step: to put them in another order costs little even in a single one


class Lowering:
    """What the statements of a program are collected in; the handlers of NumPy's functions are in `handlers.py`."""

    def __init__(self, program: Program, into: dict[int, int], vector_bytes: int = 32, blas: bool = False) -> None:
        self.statements: list[Part] = []
        self.buffers: list[Buffer] = []
        self.invariant: set[Buffer] = set()
        self.note = ""
        self._vector_bytes, self._blas = vector_bytes, blas
        self._known: dict[Value, Any] = {}
        self._said: dict[Any, Array] = {}
        self._orders: dict[tuple[int, ...], tuple[int, ...]] = {}
        self.escaping = _escaping(program)
        for i, value in enumerate(program.inputs):
            self._known[value] = self._given(value, i, fixed=i not in into.values())

    def _given(self, value: Value, index: int, fixed: bool) -> Array:
        self.type_of(value.dtype)
        place = "float" if value.dtype is None else "input"
        buffer = self.buffer(value.shape, value.dtype or np.dtype(float), value.name or f"input{index}", place, index)
        if fixed:
            self.invariant.add(buffer)
        return replace(row_major(buffer, value.shape), weak=value.dtype is None)

    def type_of(self, dtype: np.dtype[Any] | None) -> np.dtype[Any]:
        """The type of a value, if C has it."""
        dtype = np.dtype(float) if dtype is None else dtype
        if dtype not in C_TYPES:
            raise Unsupported(f"elements of type {dtype}")
        return dtype

    def buffer(self, shape: Sequence[int], dtype: np.dtype[Any], name: str, place: str = "arena", index: int = 0) -> Buffer:
        """Memory for an array of some shape."""
        word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
        name = word if word[:1].islower() else f"v_{word}"
        self.buffers.append(Buffer(name, math.prod(shape), dtype, place, index))
        return self.buffers[-1]

    def lower(self, step: Step, note: str, names: Sequence[str]) -> None:
        """Add the statements of a step."""
        from autodiff.compiling.native.handlers import handler

        self.note, self.name = note, names[0]
        if step.several or len(step.results) != 1:
            raise Unsupported(f"{getattr(step.function, '__name__', step.function)}, which has several results")
        result = step.results[0]
        self.type_of(result.dtype)
        self.result = result
        given = replaced(step.args, self.operand), replaced(step.kwargs, self.operand)
        self._known[result] = self.shaped(handler(step.function)(self, *given[0], **given[1]), result)

    def shaped(self, array: Array, result: Value) -> Array:
        """Be sure that what a handler made is what NumPy made."""
        if array.shape != result.shape or array.dtype != (result.dtype or np.dtype(float)):
            raise Unsupported(f"a result {array.dtype} {array.shape}, which NumPy makes {result.dtype} {result.shape}")
        return replace(array, weak=result.dtype is None)

    def operand(self, leaf: Any) -> Any:
        """An array for a value; a number for a constant that is one."""
        if not isinstance(leaf, Value):
            return leaf
        if leaf.constant is None:
            return self._known[leaf]
        if leaf.shape == ():
            return leaf.constant[()] if isinstance(leaf.constant, np.ndarray) else leaf.constant
        if leaf not in self._known:
            self._known[leaf] = self.constant(leaf.constant)
        return self._known[leaf]

    def constant(self, x: Any) -> Array:
        """An array that is the same in each run."""
        x = np.ascontiguousarray(x)
        buffer = self.buffer(x.shape, self.type_of(x.dtype), "constant", "constant")
        buffer.constant = x
        self.invariant.add(buffer)
        return row_major(buffer, x.shape)

    # --- elements -----------------------------------------------------------------------------------------------------------------

    def emit(self, text: str, reads: Sequence[Array], shape: Sequence[int], dtype: Any, order: Any = None) -> Array:
        """A new array of this shape, each element of which is the expression of those of `reads`, which are broadcast."""
        shape, spread = tuple(shape), tuple(read.broadcast(shape) for read in reads)
        key = text, spread, shape, dtype, order
        if key not in self._said:
            buffer = self.buffer(shape, np.dtype(dtype), self.name)
            target = row_major(buffer, shape, self._order(shape, spread) if order is None else order)
            self._add(Statement(target, text, spread, self.note))
            self._said[key] = target
        return self._said[key]

    def _add(self, statement: Part) -> None:
        self.statements.append(statement)
        if not isinstance(statement, Draws) and all(read.buffer in self.invariant for read in statement.reads):
            self.invariant.add(statement.target.buffer)
        else:
            self.invariant.discard(statement.target.buffer)

    def _order(self, shape: tuple[int, ...], reads: Sequence[Array]) -> tuple[int, ...]:
        """The axes as they lie in memory: as in the operands, or the first innermost, the rows of a batch, if the last is short."""
        for read in reads:
            if read.buffer.place == "arena" and all(s or n == 1 for n, s in significant(read)) and not read.picked:
                return by_stride(read)
        if shape in self._orders:
            return self._orders[shape]
        axes = tuple(range(len(shape)))
        return (*axes[1:], 0) if len(shape) > 1 and shape[-1] < 16 <= shape[0] and self.result not in self.escaping else axes

    def elementwise(self, ufunc: np.ufunc, *given: Any, dtype: Any = None) -> Array:
        """A ufunc of arrays and numbers, with the types that NumPy computes it in."""
        kinds = [_kind(x) for x in given]
        wanted: Any = {} if dtype is None else {"signature": (*[None] * ufunc.nin, dtype)}
        *takes, gives = ufunc.resolve_dtypes((*kinds, None), **wanted)
        text = expression(ufunc, takes[0])
        if text is None or len(set(takes)) > 1:
            raise Unsupported(f"np.{ufunc.__name__} of {', '.join(map(str, takes))}")
        reads = [x for x in given if isinstance(x, Array)]
        terms = [self.term(x, reads, takes[0]) for x in given]
        shape = np.broadcast_shapes(*(x.shape for x in reads)) if reads else ()
        return self.emit(cast(f"({text.format(*terms)})", takes[0], takes[0]), reads, shape, gives)

    def term(self, x: Any, reads: Sequence[Array], dtype: np.dtype[Any]) -> str:
        """An operand as it stands in an expression: the place of its element, or the number, in the type that is wanted."""
        self.type_of(dtype)
        if not isinstance(x, Array):
            return literal(x, dtype)
        place = f"{{{next(i for i, read in enumerate(reads) if read is x)}}}"
        return place if x.dtype == dtype else f"({cast(place, x.dtype, dtype)})"

    def converted(self, x: Array, dtype: np.dtype[Any]) -> Array:
        """As `astype`."""
        return x if x.dtype == dtype else self.emit(cast("{0}", x.dtype, self.type_of(dtype)), [x], x.shape, dtype)

    def copied(self, x: Array, order: Sequence[int] | None = None) -> Array:
        """The same in other memory, with the axes in this order, or row-major."""
        return self.emit("{0}", [x], x.shape, x.dtype, tuple(range(len(x.shape)) if order is None else order))

    def viewed(self, x: Array, function: Any) -> Array:
        """A view, of a copy if need be."""
        result = view(x, function)
        return result if result is not None else view(self.copied(x), function) or _impossible()

    def written(self, x: Array, target: Any, text: str, reads: Any, ufunc: np.ufunc | None = None) -> Array:
        """`x` after the elements of it that `target(array)` chooses were overwritten, or joined with the new ones by a ufunc.

        `reads` are the operands, or what makes them of the array, whose elements are then taken in order.
        """
        array = row_major(self.buffer(x.shape, x.dtype, self.name), x.shape, self._order(x.shape, [x]))
        self._add(Statement(array, "{0}", (x,), self.note))
        place, reads = target(array), reads(array) if callable(reads) else reads
        combine = "" if ufunc is None else expression(ufunc, x.dtype) or ""
        self._add(Statement(place, text, tuple(read.broadcast(place.shape) for read in reads), self.note, combine))
        return array

    def joined(self, parts: Sequence[Array], axis: int) -> Array:
        """Arrays one after another along an axis."""
        shape = [*parts[0].shape]
        shape[axis] = sum(part.shape[axis] for part in parts)
        array = row_major(self.buffer(shape, parts[0].dtype, self.name), shape)
        begin = 0
        for part in parts:
            place = replace(array, shape=part.shape, offset=begin * array.strides[axis])
            self._add(Statement(place, "{0}", (part,), self.note))
            begin += part.shape[axis]
        return array

    def drawn(self, generator: np.random.Generator, text: str, shape: Sequence[int], dtype: Any) -> Array:
        """A new array whose elements are drawn, in row-major order, from a generator of random numbers."""
        array = row_major(self.buffer(shape, np.dtype(dtype), self.name), shape)
        self._add(Draws(array, text, generator, self.note))
        return array

    # --- reductions ---------------------------------------------------------------------------------------------------------------

    def reduced(
        self, ufunc: np.ufunc, x: Array, axis: Any, keepdims: bool, dtype: np.dtype[Any], text: str = "{0}", *more: Array
    ) -> Array:
        """A ufunc between all elements along axes, of `x` or of an expression of it and `more`, computed in one type."""
        axes = _axes(axis, len(x.shape))
        combine, identity = expression(ufunc, dtype), IDENTITIES.get(ufunc)
        if combine is None or identity is None:
            raise Unsupported(f"np.{ufunc.__name__}.reduce of {dtype}")
        if isinstance(identity, float) and dtype.kind != "f":
            identity = 0 if dtype.kind == "b" else (np.iinfo(dtype).min if identity < 0 else np.iinfo(dtype).max)
        kept = [n for i, n in enumerate(x.shape) if i not in axes]
        key = ufunc, x, axes, dtype, text, more
        if key not in self._said:
            order = [i for i in by_stride(x) if i not in axes]
            ranks = sorted(order)
            array = row_major(self.buffer(kept, dtype, self.name), kept, [ranks.index(i) for i in order])
            strides = iter(array.strides)
            target = replace(array, shape=x.shape, strides=tuple(0 if i in axes else next(strides) for i in range(len(x.shape))))
            element = cast(text, x.dtype, dtype) if text == "{0}" else text
            reads = (x, *(read.broadcast(x.shape) for read in more))
            self._add(Statement(target, element, reads, self.note, combine, literal(identity, dtype), by_stride(x)))
            self._said[key] = array
        result = self._said[key]
        return self.viewed(result, lambda y: np.expand_dims(y, axes)) if keepdims else result

    # --- products -----------------------------------------------------------------------------------------------------------------

    def product(self, a: Array, b: Array, dtype: np.dtype[Any]) -> Array:
        """Matrix times matrix, with axes of a batch in front, in the form that costs least."""
        if dtype.kind != "f":
            raise Unsupported(f"a product of matrices of {dtype}")
        a, b = self.converted(a, dtype), self.converted(b, dtype)
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        (m, k), n = a.shape[-2:], b.shape[-1]
        if not math.prod((*batch, m, k, n)):
            return self.emit(literal(0, dtype), [], (*batch, m, n), dtype)
        a, b = a.broadcast((*batch, m, k)), b.broadcast((*batch, k, n))
        key = "product", a, b
        if key not in self._said:
            vector = "blas" if self._blas and m * n * k >= _BLAS_FROM and min(m, n, k) >= 16 and not batch else self._form(a, b)
            left = self._along(a, -2 if vector == "m" else -1 if vector in ("k", "blas") else None, vector)
            right = self._along(b, -1 if vector in ("n", "blas") else -2 if vector == "k" else None, vector)
            axes = tuple(range(len(batch)))
            order = (*axes, len(axes) + 1, len(axes)) if vector == "m" else (*axes, len(axes), len(axes) + 1)
            target = row_major(self.buffer((*batch, m, n), dtype, self.name), (*batch, m, n), order)
            self._orders.setdefault(target.shape, order)
            self._add(Product(target, left, right, vector, self.note))
            self._said[key] = target
        return self._said[key]

    def _form(self, a: Array, b: Array) -> str:
        (m, k), n = a.shape[-2:], b.shape[-1]
        lanes = self._vector_bytes // a.dtype.itemsize
        batch = math.prod(a.shape[:-2])
        costs = {
            "m": n * k * math.ceil(m / lanes) * batch + self._packing(a, -2),
            "n": m * k * math.ceil(n / lanes) * batch + self._packing(b, -1),
            "k": m * n * (math.ceil(k / lanes) + 4) * batch + self._packing(a, -1) + self._packing(b, -2),
        }
        if self.result in self.escaping and m > 1 and n > 1:
            costs["m"] += m * n * batch
        if self._orders.get((*a.shape[:-2], m, n), (0, 1)) == (0, 1):
            costs["m"] += 1
        return min(costs, key=lambda form: costs[form])

    def _packing(self, x: Array, axis: int) -> float:
        free = x.strides[axis] == 1 or x.shape[axis] == 1 or (x.buffer in self.invariant and x.size <= _SOON_PACKED)
        return 0 if free else x.size

    def _along(self, x: Array, axis: int | None, vector: str) -> Array:
        """An operand such that an axis is contiguous; BLAS takes either of the last two."""
        if axis is None or x.strides[axis] == 1 or (x.shape[axis] == 1 and vector != "blas"):
            return x
        if vector == "blas" and x.strides[-2] == 1 and x.strides[-1] >= x.shape[-2]:
            return x
        axes = list(range(len(x.shape)))
        return self.copied(x, axes if axis == -1 else (*axes[:-2], axes[-1], axes[-2]))

    # --- results ------------------------------------------------------------------------------------------------------------------

    def finish(self, program: Program, into: dict[int, int]) -> list[Buffer]:
        """Where each output lies: in the buffer that was computed if it may be given away, else in a copy."""
        taken: list[Buffer] = []
        for k, value in enumerate(program.outputs):
            array = self.operand(value)
            self.note, self.name, self.result = f"output {k}", f"output{k}", value
            if not isinstance(array, Array):
                array = self.emit(literal(array, self.type_of(value.dtype)), [], value.shape, value.dtype or np.dtype(float))
            if not array.whole or array.buffer.place != "arena" or array.buffer in taken:
                buffer = self.buffer(array.shape, array.dtype, self.name)
                self._add(Statement(row_major(buffer, array.shape), "{0}", (array,), self.note))
                array = row_major(buffer, array.shape)
            taken.append(array.buffer)
        return taken


def by_stride(x: Array) -> tuple[int, ...]:
    """The axes from the outermost to the innermost in memory."""
    return tuple(sorted(range(len(x.shape)), key=lambda i: (-abs(x.strides[i]) if x.shape[i] > 1 else -math.inf, i)))


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(sorted(int(i) % ndim for i in axes)) if ndim else ()


def _kind(x: Any) -> Any:
    if isinstance(x, Array):
        return float if x.weak else x.dtype
    return type(x) if type(x) in (int, float) else np.asarray(x).dtype


def _impossible() -> Array:
    raise Unsupported("a view that NumPy cannot make of a contiguous array")


def _escaping(program: Program) -> set[Value]:
    """The outputs and what they are copies or shapes of: their elements had better lie as the user sees them."""
    found = set(program.outputs)
    for step in reversed(program.steps):
        if step.results[0] in found and getattr(step.function, "__name__", "") in (
            "copy",
            "reshape",
            "ravel",
            "subtract",
            "multiply",
            "add",
        ):
            found.update(operands(step.args))
    return found
