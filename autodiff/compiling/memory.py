"""Where the values of a program lie: which steps write into memory of the program's own, and which of them share it.

Each value that a step can write is given a place in one block of bytes, from the step that makes it to the last that reads it or a
view of it. What is an output is new memory in each run, and what is a view shares the memory of what it is a view of.
"""

from __future__ import annotations

import bisect
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from autodiff.program import Program, Step, Value, changed_within, operands, replaced, set_item, ufunc_at, ufunc_out

__all__ = ["Plan", "Writes", "how_it_writes", "is_reshape", "plan", "rehearsed"]

_ND = np.ndarray
_ALIGNED = 64  # bytes: a line of the processor's cache


class Writes(Enum):
    """How a step can write its result into memory that is given to it."""

    NOWHERE = "it gives memory of its own, or a view"
    OVER = "element by element, so an operand of the same layout may lie there"
    APART = "while it reads, so no operand may lie there"
    AFTER = "over one of its operands, which is copied there first unless it lies there"


def how_it_writes(step: Step) -> tuple[Writes, int]:
    """How a step writes, and for AFTER, the place of the operand that it changes."""
    function, args, kwargs, result = step.function, step.args, step.kwargs, step.results[0]
    if step.several or not step.pure or result.dtype is None or result.dtype.hasobject or not result.shape:
        return Writes.NOWHERE, 0
    if isinstance(function, np.ufunc) and len(args) == function.nin and not kwargs:
        return (Writes.APART if function.signature else Writes.OVER), 0
    method = getattr(function, "__name__", "") if isinstance(getattr(function, "__self__", None), np.ufunc) else ""
    if method in ("reduce", "accumulate") and len(args) == 1 and kwargs.keys() <= {"axis", "dtype", "keepdims"}:
        return Writes.APART, 0
    if function is _ND.dot and all(isinstance(a, Value) and a.dtype == result.dtype for a in args) and len(args) == 2:
        return Writes.APART, 0
    if function in (set_item, ufunc_at, ufunc_out, changed_within) and isinstance(args[0], Value):
        return Writes.AFTER, 0
    if function in (_ND.copy, np.copy, _ND.astype) and "copy" not in kwargs and "subok" not in kwargs:
        return Writes.APART, 0
    if function is np.zeros_like or (function is _ND.clip and len(args) == 3 and not kwargs):
        return (Writes.OVER if function is _ND.clip else Writes.APART), 0
    if is_reshape(step):
        return Writes.APART, 0  # unless it is a view
    if function is np.where and len(args) == 3 and isinstance(args[0], Value) and args[0].dtype == bool:
        return Writes.AFTER, 2
    return Writes.NOWHERE, 0


def is_reshape(step: Step) -> bool:
    """Whether a step gives the elements by rows in another shape: as a view, or as a copy where that cannot be."""
    of_value = bool(step.args) and isinstance(step.args[0], Value) and not step.kwargs
    named = step.function in (np.reshape, _ND.reshape, np.ravel, _ND.ravel)
    return named and of_value and not any(isinstance(a, str) for a in step.args)


@dataclass
class Plan:
    """Where the values lie.

    Attributes:
        arrays: of each value that lies in the program's own memory, the array there; views of such and of constants included.
        given: the values which are written straight into an input, and that input.
        over: the values which are written over an operand, or an input, that lies in the same place.
        own: for each output, whether it may be handed out as it is; else a copy of it is.
        nbytes: the size of the block.
        roots: of each value, the values whose memory it may lie in: an input, a constant, or the result of a step.
    """

    arrays: dict[Value, np.ndarray[Any, Any]] = field(default_factory=dict)
    given: dict[Value, Value] = field(default_factory=dict)
    over: set[Value] = field(default_factory=set)
    own: list[bool] = field(default_factory=list)
    nbytes: int = 0
    roots: dict[Value, frozenset[Value]] = field(default_factory=dict)


def rehearsed(program: Program, inputs: Sequence[Any]) -> dict[Value, Any]:
    """The values of one run, of which only the layout and what shares memory is of interest.

    A step that is not pure is not run, and one that raises will do so when it is run: other numbers stand for their results.
    """
    known: dict[Value, Any] = dict(zip(program.inputs, inputs, strict=True))
    numbers = np.random.default_rng(0)

    def value(leaf: Any) -> Any:
        return leaf if not isinstance(leaf, Value) else known[leaf] if leaf.constant is None else leaf.constant

    for step in program.steps:
        parts = tuple(0.5 if r.dtype is None else numbers.random(r.shape).astype(r.dtype) for r in step.results)
        if step.pure:
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    y = step.function(*replaced(step.args, value), **replaced(step.kwargs, value))
                parts = tuple(y) if step.several else (y,)
            except Exception:  # it is raised where it is run
                pass
        known.update(zip(step.results, parts, strict=True))
    return known


def plan(program: Program, inputs: Sequence[Any], into: Mapping[int, int], reused: Collection[int] = ()) -> Plan:
    """Plan the memory of a program that is run on inputs of the layout of these.

    `into` says of an output the input whose memory it is written to, `reused` which outputs are overwritten by the next run.
    """
    return _Planner(program, rehearsed(program, inputs), dict(into), set(reused)).planned()


class _Planner:
    def __init__(self, program: Program, known: dict[Value, Any], into: dict[int, int], reused: set[int]) -> None:
        self.program, self.known, self.into, self.reused = program, known, into, reused
        self.plan = Plan()
        self.end = len(program.steps)
        self.kept: set[Value] = set()  # what the next run overwrites, and no step of this one
        self._find_roots()
        self.last = self._last_reads()
        self.new_each_run = self._outputs_of_their_own()

    def _find_roots(self) -> None:
        roots = self.plan.roots
        given = [value for value in self.program.inputs if value.dtype is not None]
        roots.update((value, frozenset([value])) for value in self.program.inputs)
        for value in given:
            roots[value] = frozenset(other for other in given if np.may_share_memory(self.known[value], self.known[other])) | {
                value
            }
        for step in self.program.steps:
            read = [*dict.fromkeys(operands((step.args, step.kwargs)))]
            for value in read:
                if value.constant is not None:
                    roots.setdefault(value, frozenset([value]))
                    self.known.setdefault(value, value.constant)
            for result in step.results:
                y = self.known[result]
                shared = [
                    roots[v] for v in read if isinstance(y, _ND) and v.dtype is not None and np.may_share_memory(y, self.known[v])
                ]
                roots[result] = frozenset().union(*shared) or frozenset([result])

    def _last_reads(self) -> dict[Value, int]:
        """For each root, the last step that reads what lies in its memory; outputs are read after the last step."""
        last: dict[Value, int] = {}
        for i, step in enumerate(self.program.steps):
            for value in (*operands((step.args, step.kwargs)), *step.results):
                last.update(dict.fromkeys(self.plan.roots[value], i))
        for value in self.program.outputs:
            last.update(dict.fromkeys(self.plan.roots.get(value, ()), self.end))
        return last

    def _outputs_of_their_own(self) -> set[Value]:
        """The results that are new memory in each run since they are handed out, or a view of the whole of each is."""
        made = {result for step in self.program.steps for result in step.results}
        handed: set[Value] = set()
        new: set[Value] = set()
        nothing = Value((), None)
        for k, value in enumerate(self.program.outputs):
            roots = self.plan.roots.get(value, frozenset())
            root = next(iter(roots)) if len(roots) == 1 else nothing
            alone = root in made and root not in handed and k not in self.into
            whole = alone and (k in self.reused or np.size(self.known[root]) == np.size(self.known[value]))
            self.plan.own.append(value.dtype is None or whole)
            if whole:
                handed.add(root)
                (self.kept if k in self.reused else new).add(root)
        return new

    def planned(self) -> Plan:
        block = _Block()
        lies: dict[Value, int] = {}  # of each root in the block, its offset
        offsets: dict[Value, int] = {}
        ends: dict[int, list[Value]] = {}  # the roots by the step that reads them last
        for root, i in self.last.items():
            ends.setdefault(i, []).append(root)
        for i, step in enumerate(self.program.steps):
            result = step.results[0]
            way, place = how_it_writes(step)
            can = way is not Writes.NOWHERE and self.plan.roots[result] == {result} and result not in self.new_each_run
            if can and not self._is_given(step, i, way, place):
                before = self._written_over(step, i, way, place, lies)
                lies[result] = offsets[result] = block.take(self.known[result].nbytes) if before is None else lies.pop(before)
                if before is not None:
                    self.plan.over.add(result)
            for root in ends.get(i, ()):
                if root in lies and root not in self.kept:
                    block.free(lies.pop(root))
        self.plan.nbytes = block.size
        self._make_arrays(offsets)
        return self.plan

    def _is_given(self, step: Step, i: int, way: Writes, place: int) -> bool:
        """Whether the result is an output that is written straight into an input, which nothing reads from then on."""
        result = step.results[0]
        places = [k for k, value in enumerate(self.program.outputs) if value is result and k in self.into]
        if not places:
            return False
        target = self.program.inputs[self.into[places[0]]]
        same = (target.shape, target.dtype) == (result.shape, result.dtype)
        taken = target in self.plan.given.values() or self._is_read_later(target, i)
        taken = taken or (step.function is _ND.dot and not self.known[target].flags.c_contiguous)  # it asks for that
        taken = taken or is_reshape(step)  # which is written by way of a view
        if not same or taken or not self._may_overlap(step, way, place, target):
            return False
        self.plan.given[result] = target
        if way is Writes.AFTER and not self.plan.roots.get(step.args[place], frozenset()).isdisjoint(self.plan.roots[target]):
            self.plan.over.add(result)
        return True

    def _is_read_later(self, target: Value, i: int) -> bool:
        return any(self.last.get(root, -1) > i for root in self.plan.roots[target])

    def _may_overlap(self, step: Step, way: Writes, place: int, target: Value) -> bool:
        """Whether the step may read what it is written over: in the same layout, and element by element or as what it changes."""
        read = [
            v
            for v in operands((step.args, step.kwargs))
            if not self.plan.roots.get(v, frozenset()).isdisjoint(self.plan.roots[target])
        ]
        allowed = way is Writes.OVER or (way is Writes.AFTER and [*map(id, read)] == [id(step.args[place])])
        return not read or (allowed and all(self._same_layout(value, target) for value in read))

    def _same_layout(self, a: Value, b: Value) -> bool:
        x, y = self.known[a], self.known[b]
        pointers = [z.__array_interface__["data"][0] if isinstance(z, _ND) else None for z in (x, y)]
        return (
            isinstance(x, _ND)
            and isinstance(y, _ND)
            and x.strides == y.strides
            and x.shape == y.shape
            and pointers[0] == pointers[1]
        )

    def _written_over(self, step: Step, i: int, way: Writes, place: int, lies: dict[Value, Any]) -> Value | None:
        """The root of an operand in the block that is read here for the last time, in whose place the result can lie."""
        result = step.results[0]
        candidates = step.args if way is Writes.OVER else step.args[place : place + 1] if way is Writes.AFTER else ()
        for value in candidates:
            if not isinstance(value, Value) or (value.shape, value.dtype) != (result.shape, result.dtype):
                continue
            roots = self.plan.roots.get(value, frozenset())
            root = next(iter(roots)) if len(roots) == 1 else None
            if root not in lies or self.last[root] != i or self.known[value].nbytes != self.known[root].nbytes:
                continue
            if self.known[value].strides == self.known[result].strides and self._may_overlap(step, way, place, value):
                return root
        return None

    def _make_arrays(self, offsets: dict[Value, int]) -> None:
        """The arrays in the block, and the views of them and of constants, which are the same in each run."""
        memory = np.empty(self.plan.nbytes + _ALIGNED, np.uint8)
        memory = memory[-memory.ctypes.data % _ALIGNED :]
        arrays = self.plan.arrays
        same: dict[
            Any, Any
        ] = {}  # one object for one place: NumPy looks no further for an overlap if operand and `out` are the same
        for step in self.program.steps:
            result = step.results[0]
            if result in offsets:
                array = _array_like(self.known[result], memory, offsets[result])
                arrays[result] = same.setdefault((offsets[result], array.dtype, array.shape, array.strides), array)
                continue
            read = [*operands((step.args, step.kwargs))]
            fixed = all(value in arrays or value.constant is not None for value in read)
            if step.several or not step.pure or not fixed or not read or self.plan.roots[result] == {result}:
                continue
            view = step.function(*replaced(step.args, self._fixed), **replaced(step.kwargs, self._fixed))
            if any(np.may_share_memory(view, self._fixed(value)) for value in read):
                arrays[result] = view

    def _fixed(self, leaf: Any) -> Any:
        return self.plan.arrays.get(leaf, leaf.constant) if isinstance(leaf, Value) else leaf


class _Block:
    """A block of bytes, of which parts are taken, each at the lowest offset where it fits, and freed."""

    def __init__(self) -> None:
        self.size = 0
        self._taken: dict[int, int] = {}  # the lengths of the parts by their offsets
        self._holes: list[tuple[int, int]] = []  # what is free between them: where each begins and ends, in order

    def take(self, size: int) -> int:
        size = -(-max(size, 1) // _ALIGNED) * _ALIGNED
        for k, (begin, end) in enumerate(self._holes):
            if end - begin >= size:
                self._holes[k : k + 1] = [(begin + size, end)] if end - begin > size else []
                break
        else:
            begin = self._holes.pop()[0] if self._holes and self._holes[-1][1] == self.size else self.size
            self.size = begin + size
        self._taken[begin] = size
        return begin

    def free(self, offset: int) -> None:
        begin, end = offset, offset + self._taken.pop(offset)
        k = bisect.bisect(self._holes, (begin, end))
        after = self._holes[k : k + 1]
        before = self._holes[k - 1 : k] if k else []
        if after and after[0][0] == end:
            end = after[0][1]
        else:
            after = []
        if before and before[0][1] == begin:
            begin = before[0][0]
        else:
            before = []
        self._holes[k - len(before) : k + len(after)] = [(begin, end)]


def _array_like(x: Any, memory: Any, offset: int) -> np.ndarray[Any, Any]:
    """An array in `memory` of the shape, dtype and order of axes of `x`."""
    order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
    part = memory[offset : offset + x.nbytes].view(x.dtype).reshape([x.shape[axis] for axis in order])
    return np.asarray(part.transpose(np.argsort(order)))
