"""A program that was compiled to machine code, and how it is called."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import functools
import operator
import threading
import time
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.compiling.cheaper import parts_changed_in_place
from autodiff.compiling.native import compiler, derived  # noqa: F401 (it notes how functions are lowered)
from autodiff.compiling.native.arrays import Buffer, Draws, Unsupported
from autodiff.compiling.native.lowering import Lowering
from autodiff.compiling.native.printing import Layout, source
from autodiff.compiling.native.scheduling import give_places, plan_arena, schedule
from autodiff.compiling.native.sparing import copies_spared
from autodiff.compiling.replay import CHANGED, decided_first
from autodiff.program import Program, Step, Value, operands

__all__ = ["Native", "build", "unsupported"]

_SLICE = 0.01  # seconds that `repeat` stays in C before Python sees to signals
_SMALL = 2**14  # bytes: to copy so many takes no longer than to note an address


def build(
    program: Program, inputs: Sequence[Any] | None = None, into: Mapping[int, int] | None = None, reused: Collection[int] = ()
) -> Native:
    """Compile a program.

    Args:
        program: what is to be run; it stays as it is.
        inputs: not needed, since shapes and dtypes are known; it is here as in the NumPy back end.
        into: for an output's place, the place of the input whose memory it is written to, after all reads.
        reused: the places of outputs that the next run may overwrite. All others are arrays that nothing else refers to.

    Raises:
        ValueError: two outputs go into one input, or one into an input of another shape or dtype.
        Unsupported: C cannot say it; `unsupported(program)` lists why.
        NoCompiler: there is no C compiler.
        CompilerError: it failed.
    """
    into = dict(into or {})
    for k, i in into.items():
        output, target = program.outputs[k], program.inputs[i]
        if (output.shape, output.dtype) != (target.shape, target.dtype) or list(into.values()).count(i) > 1:
            raise ValueError(
                f"build: output {k} ({output.dtype} {output.shape}) cannot go into input {i} ({target.dtype} {target.shape}). It "
                "must be the only one that does, and of the same shape and dtype; leave it out of `into`."
            )
    return Native(parts_changed_in_place(program), into, reused)


def unsupported(program: Program) -> list[str]:
    """Why C cannot say a program: a line for each step; empty if it can."""
    reasons: list[str] = []
    _lowered(program, {}, reasons)
    return reasons


def _lowered(program: Program, into: dict[int, int], reasons: list[str] | None = None) -> Lowering | None:
    lines = str(program).splitlines()[len(program.inputs) :]
    try:
        low = Lowering(program, into, compiler.vector_bytes(), bool(compiler.blas()[0]))
    except Unsupported as error:
        if reasons is None:
            raise
        reasons.append(f"an input: {error}")
        return None
    needed, lost, first = _needed(program), set[Value](), {*decided_first(program)}
    for step, line in sorted(zip(program.steps, lines, strict=False), key=lambda pair: pair[0] not in first):
        if step not in needed or lost & set(operands([step.args, step.kwargs])):
            lost.update(() if step not in needed else step.results)
            continue
        try:
            low.lower(step, line.split("  # ")[0], [line.split(" = ")[0]])
        except (Unsupported, TypeError) as error:
            if reasons is None:
                raise Unsupported(f"compile: C cannot say `{line}`, at {step.line}: {error}") from None
            reasons.append(f"{line}: {error}")
            lost.update(step.results)
    return low


def _needed(program: Program) -> set[Step]:
    wanted, steps = {*program.outputs, *(value for value, _ in program.decisions)}, set()
    for step in reversed(program.steps):
        if wanted & set(step.results) or not step.pure:  # a generator goes on also if nobody reads its numbers
            steps.add(step)
            wanted.update(operands([step.args, step.kwargs]))
    return steps


class Native:
    """A compiled program: called with the list of inputs, it returns the list of outputs.

    Arrays of inputs have the shapes and types of the program. One that is not contiguous or aligned is copied in each call, and
    what is written to it is copied back; all are, if one that is written shares memory with another. An output is an array that
    nobody else holds, the input that it is written into, or a Python float. No two calls run at the same time. No array that
    is given or returned is kept. An input that is not needed may be None. No warnings are given, of a division by zero for example.

    Attributes:
        program: what is run, without the steps that are not needed.
        source: the C.
        nbytes: the size of the memory that it keeps for its values.
    """

    def __init__(self, program: Program, into: dict[int, int], reused: Collection[int] = ()) -> None:
        low = _lowered(program, into)
        assert low is not None
        outputs = low.finish(program, into)
        decisions = [(low.operand(value).buffer, truth) for value, truth in program.decisions]
        kept = {*outputs, *(buffer for buffer, _ in decisions)}
        kernels = schedule(copies_spared(low.statements, kept, compiler.vector_bytes()), low.invariant)
        inputs = low.buffers[: len(program.inputs)]
        last_check = give_places(kernels, outputs, into, inputs, [value.dtype is None for value in program.outputs], decisions)
        arena, length = plan_arena(kernels, [buffer for buffer, _ in decisions])
        constants = [buffer for buffer in low.buffers if buffer.place == "constant"]
        self._generators = [*dict.fromkeys(part.generator for part in low.statements if isinstance(part, Draws))]
        layout = Layout(len(inputs), len(outputs), constants, arena, decisions, last_check, self._generators)
        blas = compiler.blas()
        self.source = source(kernels, layout, compiler.vector_bytes(), blas[2])
        self._load(blas, constants, length, len(inputs), len(outputs))
        self.nbytes = length
        self._lock = threading.Lock()
        self._note(program, into, frozenset(reused))

    def _note(self, program: Program, into: dict[int, int], reused: Collection[int]) -> None:
        """What is needed of the inputs, and how each output gets to Python: small arrays are computed in one place and copied."""
        needed = _needed(program)
        self.program = dataclasses.replace(program, steps=[step for step in program.steps if step in needed])
        self._into, self._given, self._made = into, program.inputs, program.outputs
        written = [program.inputs[i] for i in into.values()]
        read = {*operands([[(step.args, step.kwargs) for step in needed], program.outputs, written])}
        self._arrays = [i for i, value in enumerate(program.inputs) if value in read and value.dtype is not None]
        self._numbers = [i for i, value in enumerate(program.inputs) if value in read and value.dtype is None]
        several = len(self._arrays) > 1
        self._pick: Any = operator.itemgetter(*self._arrays) if several else lambda inputs: [inputs[i] for i in self._arrays]
        self._known = [0] * len(self._arrays)  # the ids of the arrays whose addresses are noted; 0 when one is no more
        self._watched: dict[int, weakref.ref[Any]] = {}
        self._copied: list[int] = []
        self._results: list[Any] = [None] * len(program.outputs)
        self._small: list[int] = []
        self._large: list[int] = []
        self._kept: list[int] = []  # those that the next run may overwrite
        self._places = [(k, i) for k, i in into.items() if program.outputs[k].dtype is not None]
        self._float_results: list[tuple[int, int]] = []
        for k, value in enumerate(program.outputs):
            if value.dtype is None:
                self._float_results.append((k, into.get(k, len(program.inputs) + k)))
            elif k not in into:
                made = self._renew(k)
                (self._kept if k in reused else self._small if made.nbytes <= _SMALL else self._large).append(k)

    def _load(self, blas: tuple[int, int, int], constants: list[Buffer], length: int, inputs: int, outputs: int) -> None:
        """Load the machine code and make what it is called with: the arena, and tables of pointers and floats, which stay."""
        loaded = compiler.library(self.source)
        self._constants = [buffer.constant for buffer in constants]
        self._memory = np.empty(length + 64, np.uint8)
        arena = -(-self._memory.ctypes.data // 64) * 64
        bits = [generator.bit_generator for generator in self._generators]
        pointers = [0] * (inputs + outputs) + [x.ctypes.data for x in self._constants] + [blas[0], blas[1]]
        pointers += [b.ctypes.bit_generator.value for b in bits]
        self._pointers = (ctypes.c_void_p * len(pointers))(*pointers)
        self._floats = (ctypes.c_double * (inputs + outputs))()
        self._stop = ctypes.c_int32(0)
        tables = [arena, *(ctypes.addressof(table) for table in (self._pointers, self._floats, self._stop))]
        self._tables = (ctypes.c_void_p * 4)(*tables)
        self._once, self._repeat = loaded.once, loaded.repeat
        self._once.argtypes, self._repeat.argtypes = [ctypes.c_void_p], [ctypes.c_int64, ctypes.c_void_p]
        self._repeat.restype = ctypes.c_int64
        if bits:
            self._once, self._repeat = (_holding([b.lock for b in bits], function) for function in (self._once, self._repeat))
        self._address = ctypes.addressof(self._tables)

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """The outputs for these inputs, as `evaluate`; CHANGED, before anything is written, if something is decided otherwise."""
        with self._lock:
            self._take(inputs)
            if self._copied:
                return self._with_copies(inputs, 1)[1]
            code = self._once(self._address)
            return self._failed(code) if code else self._outputs(inputs)

    def inlined(self, given: Sequence[str], remembered: Collection[int]) -> tuple[list[str], dict[str, Any]]:
        """The statements of a call, in Python, for code that calls it again and again, and what they name.

        They have the outputs in variables, o0 and so on; of inputs, which `given` names, those that are `remembered` are the same
        as in the last call. What is written to lies apart from all others, and a lock is not needed, or held by the caller.
        """
        ids = {i: self._arrays.index(i) for i in self._arrays if i not in remembered}
        moved = [f"ids[{k}] != id({given[i]}) and not moved({i}, {given[i]})" for i, k in ids.items()]
        count = len(self._made)
        outputs = ", ".join(f"o{k}" for k in range(count)) + ("," if count == 1 else "")
        otherwise = [f"    outputs = replay([{', '.join(given)}])", "    if outputs is CHANGED:", "        return CHANGED"]
        lines = [f"floats[{i}] = {given[i]}" for i in self._numbers] + [f"renew({k})" for k in self._large]
        lines += ["code = once(tables)", "if code:", "    return failed(code)"]
        lines += [f"o{k} = r{k}.copy()" for k in self._small] + [f"o{k} = given_away({k})" for k in self._large]
        lines += [f"o{k} = {given[i]}" for k, i in self._places] + [f"o{k} = floats[{place}]" for k, place in self._float_results]
        lines += [f"o{k} = r{k}" for k in self._kept]
        scope = {"once": self._once, "tables": self._address, "floats": self._floats, "failed": self._failed, "ids": self._known}
        scope |= {"copied": self._copied, "moved": self._moved, "renew": self._renew, "given_away": self._given_away}
        scope |= {f"r{k}": self._results[k] for k in [*self._small, *self._kept]}
        inside = [f"    {line}" for line in lines]
        return [f"if {' or '.join(['copied', *moved])}:", *otherwise, f"    {outputs} = outputs", "else:", *inside], scope

    def repeat(self, n: int, inputs: Sequence[Any], stopped: Callable[[], bool] = lambda: False) -> tuple[int, Any]:
        """Run n steps, each with what the one before has written `into` the inputs; how many were run, and the last outputs.

        It stops before a step in which something is decided otherwise: the outputs are CHANGED if that is the first one. It also
        stops after a whole step when `stop()` is called in another thread, when `stopped`, which is asked every hundredth of a
        second, says so, or when a signal raises an exception.
        """
        if n < 1:
            raise ValueError(f"repeat: n must be at least 1, but is {n}.")
        with self._lock:
            self._stop.value = 0
            self._take(inputs)
            if self._copied:
                return self._with_copies(inputs, n, stopped)
            return self._run(n, inputs, stopped)

    def stop(self) -> None:
        """Let a `repeat` that is running in another thread return after the step that it is at."""
        self._stop.value = 1

    def _run(self, n: int, inputs: Sequence[Any], stopped: Callable[[], bool] = lambda: False) -> tuple[int, Any]:
        done, size = 0, 1
        while done < n and not self._stop.value and not (done and stopped()):
            begin = time.perf_counter()
            done += self._repeat(min(size, n - done), self._address)
            size = max(1, int(size * min(_SLICE / max(time.perf_counter() - begin, 1e-9), 1000.0)))
        code = self._stop.value - 1
        return done, self._outputs(inputs) if done else self._failed(code)

    def _failed(self, code: int) -> Any:
        if code == 1:
            raise IndexError("compile: an index is out of range. Run the function without compiling to see which.")
        return CHANGED

    def _take(self, inputs: Sequence[Any]) -> None:
        if len(inputs) != len(self._given):
            raise ValueError(f"a compiled program takes {len(self._given)} inputs, but {len(inputs)} were given.")
        ids = [*map(id, self._pick(inputs))]
        if ids != self._known:
            self._look_at(inputs, [i for i, new, old in zip(self._arrays, ids, self._known, strict=True) if new != old])
            self._known[:] = ids
        for i in self._numbers:
            self._floats[i] = inputs[i]
        for k in self._large:
            self._renew(k)

    def _renew(self, k: int) -> np.ndarray:
        """Let an output be computed in new memory."""
        value = self._made[k]
        self._results[k] = made = np.empty(value.shape, value.dtype)
        self._pointers[len(self._given) + k] = address(made)
        return made

    def _look_at(self, inputs: Sequence[Any], changed: list[int]) -> None:
        """Note the addresses of other arrays, and which ones must be copied."""
        for i in changed:
            x, value = inputs[i], self._given[i]
            if not isinstance(x, np.ndarray) or x.shape != value.shape or x.dtype != value.dtype:
                given = f"{getattr(x, 'dtype', type(x).__name__)} {np.shape(x)}"
                raise ValueError(f"input {i} ({value.name}) must be an array {value.dtype} {value.shape}, but is {given}.")
            if i in self._into.values() and not x.flags.writeable:
                raise ValueError(f"input {i} ({value.name}) is written, but it is read-only.")
        for i in changed:
            self._known[self._arrays.index(i)] = 0  # until all is noted
            self._pointers[i] = address(inputs[i])
            self._watched[i] = weakref.ref(inputs[i], functools.partial(self._forget, i))
        self._copied[:] = self._to_be_copied(inputs)

    def _moved(self, i: int, x: np.ndarray) -> bool:
        """Note the address of another array for an input that is known to lie apart; False if it must be copied."""
        if not (x.flags.c_contiguous and x.flags.aligned):
            return False
        self._pointers[i] = address(x)
        self._watched[i] = weakref.ref(x, functools.partial(self._forget, i))
        self._known[self._arrays.index(i)] = id(x)
        return True

    def _given_away(self, k: int) -> np.ndarray:
        """An output that was computed in new memory, which is not kept."""
        made: np.ndarray = self._results[k]
        self._results[k] = None
        return made

    def _forget(self, i: int, reference: weakref.ref[Any]) -> None:
        """An array is no more: another one may get its id."""
        if self._watched.get(i) is reference:
            self._known[self._arrays.index(i)] = 0

    def _to_be_copied(self, inputs: Sequence[Any]) -> list[int]:
        odd = [i for i in self._arrays if not (inputs[i].flags.c_contiguous and inputs[i].flags.aligned)]
        written, furthest, holder = set(self._into.values()), -1, -1
        for begin, end, i in sorted((*span(inputs[i], i in odd), i) for i in self._arrays):
            if begin < furthest and (i in written or holder in written):
                return self._arrays
            if end > furthest:
                furthest, holder = end, i
        return odd

    def _with_copies(self, inputs: Sequence[Any], n: int, stopped: Callable[[], bool] = lambda: False) -> tuple[int, Any]:
        self._stop.value = 0
        copies = {i: np.array(inputs[i], order="C") for i in self._copied}
        for i, copy in copies.items():
            self._pointers[i] = address(copy)
        try:
            return self._run(n, inputs, stopped)
        finally:
            for i, copy in copies.items():
                self._pointers[i] = address(inputs[i])
                if i in self._into.values():
                    inputs[i][...] = copy

    def _outputs(self, inputs: Sequence[Any]) -> list[Any]:
        results = [*self._results]
        for k in self._small:
            results[k] = results[k].copy()
        for k in self._large:
            self._results[k] = None
        for k, i in self._places:
            results[k] = inputs[i]
        for k, place in self._float_results:
            results[k] = self._floats[place]
        return results


def _holding(locks: Sequence[Any], function: Any) -> Any:
    """A function that is called while nobody else draws from the generators."""

    def call(*args: Any) -> Any:
        with contextlib.ExitStack() as stack:
            for lock in locks:
                stack.enter_context(lock)
            return function(*args)

    return call


def address(x: np.ndarray) -> int:
    """Where the first element is."""
    begin: int = x.__array_interface__["data"][0]
    return begin


def span(x: np.ndarray, odd: bool) -> tuple[int, int]:
    """Where the memory of an array begins and ends."""
    return np.lib.array_utils.byte_bounds(x) if odd else (address(x), address(x) + x.nbytes)
