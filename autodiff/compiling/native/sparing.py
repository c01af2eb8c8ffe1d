"""Copies that can be spared: of what a product reads, and of what is written to and read no more as it was before."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from autodiff.compiling.native.arrays import Array, Buffer, Draws, Part, Product, Statement, significant

__all__ = ["copies_spared"]

Parts = list[Part]
Pieces = list[tuple[int, int]]  # the lengths and strides of what an axis consists of, outermost first


def copies_spared(statements: Sequence[Part], kept: Collection[Buffer], vector_bytes: int) -> Parts:
    """The statements without needless copies; buffers that are `kept` are read afterwards."""
    return _in_place(_needed(_added_up(_read_through(statements, vector_bytes), kept), kept), kept)


def _needed(statements: Parts, kept: Collection[Buffer]) -> Parts:
    """Without statements whose result nobody reads; a generator goes on nevertheless."""
    wanted, found = set(kept), []
    for part in reversed(statements):
        if part.target.buffer in wanted or part.target.buffer.place != "arena" or isinstance(part, Draws):
            wanted.update(read.buffer for read in part.reads)
            found.append(part)
    return found[::-1]


def _is_copy(part: Part) -> bool:
    return isinstance(part, Statement) and part.text == "{0}" and not part.combine and part.reads[0].dtype == part.target.dtype


# --- products of what was gathered ------------------------------------------------------------------------------------------------


def _read_through(statements: Sequence[Part], vector_bytes: int) -> Parts:
    """Let products of matrices read where these were copied from, as all windows of an image are."""
    writers: dict[Buffer, Parts] = defaultdict(list)
    for part in statements:
        writers[part.target.buffer].append(part)
    copies = {buffer: part for buffer, [part, *more] in writers.items() if not more and _is_copy(part)}
    written_once = {buffer for buffer, parts in writers.items() if len(parts) == 1}
    found: Parts = []
    for part in statements:
        if isinstance(part, Product) and part.vector != "blas":
            for side in ("right", "left"):
                copy = copies.get(getattr(part, side).buffer)
                source = copy.reads[0].buffer if copy is not None else None
                if isinstance(copy, Statement) and source is not None and (source in written_once or source not in writers):
                    part = _gathering(part, side, copy, vector_bytes) or part
        found.append(part)
    return found


def _gathering(product: Product, side: str, copy: Statement, vector_bytes: int) -> Product | None:
    """The product with one operand read from where `copy` has it from; None if its vectors do not lie there in one piece."""
    operand: Array = getattr(product, side)
    axes = [_pieces(n, stride, copy) for n, stride in zip(operand.shape, operand.strides, strict=True)]
    if operand.offset or copy.reads[0].picked or any(axis is None for axis in axes):
        return None
    found = [axis or [] for axis in axes]
    common, free = (-2, -1) if side == "right" else (-1, -2)
    inner, other = (common, free) if product.vector == "k" else (free, common)
    lanes = vector_bytes // operand.dtype.itemsize
    if any(len(axis) > 1 for axis in found[:-2]) or not found[inner] or found[inner][-1][1] != 1 or found[inner][-1][0] < lanes:
        return None
    if (product.vector == "m") != (side == "left") and product.vector != "k":
        return None  # it is read element by element
    *outer, (length, _) = found[inner]
    if outer and product.vector == "k":
        return None
    strides: list[Any] = [axis[0][1] if axis else 0 for axis in found]
    if len(found[other]) > 1:
        strides[other] = tuple(found[other])
    shape = [*operand.shape]
    shape[inner], strides[inner] = length, 1
    ahead = [n for n, _ in outer]
    gathered = replace(
        copy.reads[0], shape=(*ahead, *shape), strides=(*(s for _, s in outer), *strides), offset=copy.reads[0].offset
    )
    third = "left" if side == "right" else "right"
    rest: Array = getattr(product, third)
    rest = replace(rest, shape=(*ahead, *rest.shape), strides=(*(0 for _ in ahead), *rest.strides))
    target = _split(product.target, inner if product.vector != "k" else None, [*ahead, length])
    operands: dict[str, Any] = {side: gathered, third: rest}
    return replace(product, target=target, **operands)


def _split(target: Array, axis: int | None, lengths: list[int]) -> Array:
    """An array whose axis, counted from the end, is split into several, of which the innermost stays where it is."""
    if axis is None or len(lengths) < 2:
        return target
    steps = [target.strides[axis] * math.prod(lengths[i + 1 :]) for i in range(len(lengths) - 1)]
    shape = [*target.shape]
    shape[axis] = lengths[-1]
    return replace(target, shape=(*lengths[:-1], *shape), strides=(*steps, *target.strides))


def _pieces(n: int, stride: int, copy: Statement) -> Pieces | None:
    """What an axis of the copy consists of where it was copied from."""
    if n == 1:
        return []
    space = zip(copy.target.shape, copy.target.strides, copy.reads[0].strides, strict=True)
    inside = sorted(((there, m, here) for m, there, here in space if m > 1 and stride <= there < stride * n), reverse=True)
    if not stride or not inside or inside[-1][0] != stride or math.prod(m for _, m, _ in inside) != n:
        return None
    if any(outer[0] != inner[0] * inner[1] for outer, inner in pairwise(inside)):
        return None
    pieces: Pieces = []
    for _, m, here in inside:
        if pieces and pieces[-1][1] == here * m:
            pieces[-1] = pieces[-1][0] * m, here
        else:
            pieces.append((m, here))
    return pieces


def _added_up(statements: Parts, kept: Collection[Buffer]) -> Parts:
    """Let products of vectors along the common axis be added up at once where nothing but their sum is read."""
    readers: dict[Buffer, Parts] = defaultdict(list)
    for part in statements:
        for read in part.reads:
            readers[read.buffer].append(part)
    sums: dict[Part, Product] = {}
    for part in statements:
        if isinstance(part, Product) and part.vector == "k" and part.target.buffer not in kept:
            found = _sum_of(part, readers[part.target.buffer])
            sums.update({found[0]: found[1]} if found else {})
    return [sums.get(part, part) for part in statements]


def _sum_of(product: Product, readers: Parts) -> tuple[Statement, Product] | None:
    """The only reader, if it adds up the products over their first axes, and the product that is their sum itself."""
    reader = readers[0] if len(readers) == 1 else None
    if not isinstance(reader, Statement) or (reader.text, reader.combine) != ("{0}", "{0} + {1}") or not reader.identity:
        return None
    read, target = reader.reads[0], reader.target
    same = read.shape == product.target.shape and read.strides == product.target.strides and not read.offset
    summed = next((i for i, s in enumerate(target.strides) if s), 0)
    if (
        not same
        or read.dtype != target.dtype
        or not 0 < summed <= len(target.shape) - 2
        or any(n == 1 for n in target.shape[:summed])
    ):
        return None
    if any(s == 0 and n > 1 for n, s in zip(target.shape[summed:], target.strides[summed:], strict=True)):
        return None
    return reader, replace(product, target=target, summed=summed, note=f"{product.note}\n   {reader.note}")


# --- writes in place --------------------------------------------------------------------------------------------------------------


def _in_place(statements: Parts, kept: Collection[Buffer]) -> Parts:
    """Let what is copied, to be written to, be written to where it lies, if nobody reads it as it was from then on."""
    last = {read.buffer: i for i, part in enumerate(statements) for read in part.reads}
    count: dict[Buffer, int] = defaultdict(int)
    for part in statements:
        count[part.target.buffer] += 1
    filled = {p.target.buffer: p for p in statements if isinstance(p, Statement) and not p.reads and count[p.target.buffer] == 1}
    renamed: dict[Buffer, Buffer] = {}
    found: Parts = []
    begun: set[Buffer] = set()
    for i, part in enumerate(statements):
        is_first = part.target.buffer not in begun
        begun.add(part.target.buffer)
        if isinstance(part, Statement) and _is_copy(part) and is_first and count[part.target.buffer] > 1:
            read, target = part.reads[0], part.target
            if read.buffer in filled and significant(read) == significant(target):
                part = replace(part, text=filled[read.buffer].text, reads=())
            elif _may_lie_there(read, target) and last[read.buffer] == i and read.buffer not in kept:
                renamed[read.buffer] = target.buffer
                continue
        found.append(part)
    return _needed([_with_buffers(part, renamed) for part in found], kept)


def _may_lie_there(read: Array, target: Array) -> bool:
    """Whether the one is all of a buffer of the program's own, and lies as the other does."""
    whole = read.buffer.place == "arena" and read.size == read.buffer.size == target.buffer.size and not read.offset
    return whole and not target.offset and significant(read) == significant(target) and read.dtype == target.dtype


def _with_buffers(part: Part, renamed: dict[Buffer, Buffer]) -> Part:
    def new(x: Array) -> Array:
        buffer = x.buffer
        while buffer in renamed:
            buffer = renamed[buffer]
        return x if buffer is x.buffer else replace(x, buffer=buffer)

    if isinstance(part, Product):
        return replace(part, target=new(part.target), left=new(part.left), right=new(part.right))
    if isinstance(part, Draws):
        return replace(part, target=new(part.target))
    return replace(part, target=new(part.target), reads=tuple(map(new, part.reads)))
