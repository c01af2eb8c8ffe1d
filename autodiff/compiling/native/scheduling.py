"""Which statements share a loop, where outputs lie, and which buffers share memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from autodiff.compiling.native.arrays import Array, Buffer, Part, Statement, row_major

__all__ = ["Kernel", "give_places", "plan_arena", "schedule"]


@dataclass(eq=False, slots=True)
class Kernel:
    """A loop over a space with the statements in it, one product, or draws from a generator.

    What is `invariant` is the same in each of repeated steps.
    """

    parts: list[Part]
    space: tuple[int, ...] | None
    invariant: bool
    picks: bool = False
    own: set[Buffer] = field(default_factory=set)


def squeezed(array: Array) -> Array:
    """Without the axes of one element, which are no loops."""
    kept = [i for i, n in enumerate(array.shape) if n != 1]
    return replace(array, shape=tuple(array.shape[i] for i in kept), strides=tuple(array.strides[i] for i in kept))


def same_elements(a: Array, b: Array) -> bool:
    """Whether the elements are the same for each place of a space."""
    a, b = squeezed(a), squeezed(b)
    return (a.buffer, a.shape, a.strides, a.offset) == (b.buffer, b.shape, b.strides, b.offset) and not a.picked and not b.picked


def schedule(statements: Sequence[Part], invariant: set[Buffer]) -> list[Kernel]:
    """Put each statement into the last loop over its space that comes late enough, or into a new one."""
    kernels: list[Kernel] = []
    writers: dict[Buffer, list[tuple[int, Part]]] = defaultdict(list)
    last_read: dict[Buffer, int] = {}
    for part in statements:
        earliest = 0
        for read in part.reads:
            for index, writer in writers[read.buffer]:
                fused = len(writers[read.buffer]) == 1 and _passes_on(writer, part, read)
                earliest = max(earliest, index + (not fused))
        for index, _ in writers[part.target.buffer]:
            earliest = max(earliest, index + 1, last_read.get(part.target.buffer, -1) + 1)
        index = _place(kernels, part, earliest, part.target.buffer in invariant)
        writers[part.target.buffer].append((index, part))
        last_read.update((read.buffer, max(index, last_read.get(read.buffer, -1))) for read in part.reads)
    return kernels


def _passes_on(writer: Part, reader: Part, read: Array) -> bool:
    plain = isinstance(writer, Statement) and isinstance(reader, Statement) and not writer.combine and not reader.target.picked
    return plain and same_elements(writer.target, read)


def _place(kernels: list[Kernel], part: Part, earliest: int, invariant: bool) -> int:
    space, picks = None, False
    if isinstance(part, Statement):
        space, picks = squeezed(part.target).shape, any(x.picked for x in (*part.reads, part.target))
        alone = bool(part.target.picked) or (part.identity is None and bool(part.combine))
        for index in reversed(range(earliest, len(kernels))):
            kernel = kernels[index]
            if (kernel.space, kernel.picks, kernel.invariant) == (space, picks, invariant) and not alone:
                kernel.parts.append(part)
                return index
        space = None if alone else space
    kernels.append(Kernel([part], space, invariant, picks))
    return len(kernels) - 1


def give_places(
    kernels: list[Kernel],
    outputs: Sequence[Buffer],
    into: dict[int, int],
    inputs: Sequence[Buffer],
    weak: Sequence[bool],
    decisions: Sequence[tuple[Buffer, bool]],
) -> int:
    """Let outputs be computed where they are wanted, if nothing is read there later; else they are copied there in the end.

    What is returned is the last loop after which it is known whether indices are in range and decisions as they were; until then,
    nothing is written to an input, and no output of the step before is overwritten.
    """
    decided = {buffer for buffer, _ in decisions}
    checked = [i for i, kernel in enumerate(kernels) if kernel.picks or any(part.target.buffer in decided for part in kernel.parts)]
    last_check = max(checked, default=-1)
    copies = []
    for k, buffer in enumerate(outputs):
        kind, index = ("float", k + len(inputs)) if weak[k] else ("output", k)
        if k not in into and not (decided and _first_write(kernels, buffer) <= last_check):
            buffer.place, buffer.index = kind, index
            continue
        wanted = inputs[into[k]] if k in into else Buffer(f"output{k}", buffer.size, buffer.dtype, kind, index)
        if k in into and _may_lie_in(kernels, buffer, wanted, last_check):
            buffer.place, buffer.index = wanted.place, wanted.index
        else:
            target = row_major(wanted, (wanted.size,))
            where = f"to where input {into[k]} is" if k in into else "when all is decided"
            copies.append(Statement(target, "{0}", (row_major(buffer, (wanted.size,)),), f"output {k} {where}"))
    kernels.extend(Kernel([copy], copy.target.shape, False) for copy in copies)
    return last_check


def _first_write(kernels: Sequence[Kernel], buffer: Buffer) -> int:
    return next(i for i, kernel in enumerate(kernels) for part in kernel.parts if part.target.buffer is buffer)


def _may_lie_in(kernels: list[Kernel], buffer: Buffer, wanted: Buffer, last_check: int) -> bool:
    writes = [(i, part) for i, kernel in enumerate(kernels) for part in kernel.parts if part.target.buffer is buffer]
    (first, writer), *more = writes
    if more or (isinstance(writer, Statement) and writer.combine) or first <= last_check or kernels[first].invariant:
        return False
    for i, kernel in enumerate(kernels):
        for part in kernel.parts:
            if (
                part.target.buffer is not buffer
                and part.target.buffer.place == wanted.place
                and part.target.buffer.index == wanted.index
            ):
                return False
            for read in part.reads:
                together = i == first and same_elements(replace(read, buffer=buffer), writer.target)
                if read.buffer is wanted and not (i < first or (together and isinstance(writer, Statement))):
                    return False
    return True


def plan_arena(kernels: Sequence[Kernel], kept: Sequence[Buffer] = ()) -> tuple[dict[Buffer, int], int]:
    """Where in one block of memory each buffer lies, so that what is needed at the same time does not overlap; and its length.

    A value that is only used in the loop that computes it gets no place: `kernel.own` lists those.
    """
    begin: dict[Buffer, int] = {}
    end: dict[Buffer, int] = {}
    for i, kernel in enumerate(kernels):
        for part in kernel.parts:
            for buffer in (part.target.buffer, *(read.buffer for read in part.reads)):
                if buffer.place == "arena":
                    begin.setdefault(buffer, i)
                    end[buffer] = i
    for kernel in kernels:
        if kernel.invariant:  # stays from step to step
            begin.update((part.target.buffer, -1) for part in kernel.parts)
            end.update((part.target.buffer, len(kernels)) for part in kernel.parts)
    end.update((buffer, len(kernels)) for buffer in kept if buffer in end)
    _find_own(kernels, kept)
    own = {buffer for kernel in kernels for buffer in kernel.own}
    placed: dict[Buffer, int] = {}
    for buffer in sorted((b for b in begin if b not in own and b.place == "arena"), key=lambda b: -b.size * b.dtype.itemsize):
        offset = 0
        for other in sorted(placed, key=placed.__getitem__):
            if begin[other] <= end[buffer] and begin[buffer] <= end[other] and placed[other] < offset + _bytes(buffer):
                offset = max(offset, placed[other] + _bytes(other))
        placed[buffer] = offset
    return placed, max((offset + _bytes(buffer) for buffer, offset in placed.items()), default=0)


def _bytes(buffer: Buffer) -> int:
    return -(-buffer.size * buffer.dtype.itemsize // 64) * 64


def _find_own(kernels: Sequence[Kernel], kept: Sequence[Buffer]) -> None:
    used: dict[Buffer, set[int]] = defaultdict(set)
    for i, kernel in enumerate(kernels):
        for part in kernel.parts:
            for buffer in (part.target.buffer, *(read.buffer for read in part.reads)):
                used[buffer].add(i)
    for i, kernel in enumerate(kernels):
        for part in kernel.parts:
            plain = isinstance(part, Statement) and not part.combine and kernel.space is not None
            if plain and part.target.buffer.place == "arena" and used[part.target.buffer] == {i} and part.target.buffer not in kept:
                kernel.own.add(part.target.buffer)
