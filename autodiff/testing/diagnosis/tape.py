"""The record of a function as a list of operations, each with its place in the source, to run back with other derivatives."""

from __future__ import annotations

import linecache
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from autodiff.core.backward import fit
from autodiff.core.tensor import Tensor, array_of, node_of
from autodiff.modes import interpreting, no_grad
from autodiff.registry import Primitive
from autodiff.testing.rules import pullback_of
from autodiff.testing.subject import Subject

__all__: list[str] = []

OPERATIONS = 500  # of a longer record no mistakes are looked for
OWN = tuple(f"{Path(__file__).parents[3] / package}{os.sep}" for package in ("autodiff", "nn"))

Line = tuple[str, int]  # a file and a line in it
Parts = Iterable[tuple[Any, Any]]  # of a cotangent: for numbers of the record, which may occur several times


@dataclass(eq=False)
class Step:
    """A call of an operation.

    Attributes:
        entry, operands, params: the call, with arrays for tensors.
        sources: for each operand the number of the array in the record; None for a constant.
        results: the numbers of the results.
        shape: that of the first result.
        stack: the lines that led to the call, outermost first.
    """

    entry: Primitive
    operands: list[Any]
    params: dict[str, Any]
    sources: list[int | None]
    results: list[int]
    shape: tuple[int, ...]
    stack: tuple[Line, ...]

    def pullback(self, operands: Sequence[Any]) -> Callable[[Any], dict[int, Any]]:
        """The vector-Jacobian product at operands: from a cotangent of the result to those by operand."""
        which = [i for i, source in enumerate(self.sources) if source is not None]
        pullback = pullback_of(lambda *xs: self.entry.apply(xs, dict(self.params)), operands, which)
        return lambda g: dict(zip(which, pullback(g), strict=True))

    @cached_property
    def slopes(self) -> dict[int, np.ndarray]:
        """By operand of an elementwise operation on reals, the derivative of each entry of the result; others have no slopes."""
        if not self.entry.elementwise or any(map(np.iscomplexobj, self.operands)):
            return {}
        operands = zip(self.operands, self.sources, strict=True)
        wide = [x if source is None else np.broadcast_to(x, self.shape) for x, source in operands]
        return self.pullback(wide)(np.ones(self.shape))

    @cached_property
    def parts(self) -> Callable[[Any], dict[int, Any]]:
        """The vector-Jacobian product: from a cotangent of the result to those by operand."""
        if self.slopes:
            return lambda g: {i: fit(g * slope, np.shape(self.operands[i]), slope.dtype) for i, slope in self.slopes.items()}
        return self.pullback(self.operands)

    def at_sources(self, parts: Mapping[int, Any]) -> Parts:
        """Cotangents by operand as those of the numbers of the operands."""
        return [(self.sources[i], part) for i, part in parts.items()]


@dataclass(frozen=True)
class Mistake:
    """What is said, what it concerns, at which step of the record, and the vector-Jacobian product instead of the right one."""

    said: str
    what: str
    step: int
    vjp: Callable[[np.ndarray], Parts]


class Tape:
    """The operations of `f` that depend on its arguments, whose arrays are numbered: first the arguments, then each result.

    Attributes:
        steps: the operations in their order.
        values: the arrays.
        cotangents: of each number, for the cotangent of the result.
        gradients: those of the arguments.
    """

    def __init__(self, subject: Subject, cotangent: np.ndarray) -> None:
        self.steps: list[Step] = []
        self.values: list[np.ndarray] = []
        self._f, self._positions = subject.f, subject.positions
        self._numbers: dict[Any, int] = {}
        self._made_by: dict[int, Step] = {}
        inputs = [x.copy() if isinstance(x, np.ndarray) else x for x in subject.reference]
        with np.errstate(all="ignore"), no_grad(), interpreting(self._note):  # of other tensors that f uses, no gradient is wanted
            pullback_of(self.recorded, inputs, subject.positions)
        self.cotangents = self.back({self.result: cotangent})
        self.gradients = self.of_arguments(self.cotangents)

    def recorded(self, *inputs: Any) -> Any:
        """The value of `f`, which is numbered; and the stack below which its lines are."""
        for p in self._positions:
            self._add(inputs[p])
        result = self._f(*inputs)
        self.result = self._numbers[node_of(result)]
        return result

    def _add(self, tensor: Tensor) -> int:
        self._numbers[node_of(tensor)] = len(self.values)
        self.values.append(array_of(tensor))
        return len(self.values) - 1

    def _note(self, entry: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        result = entry.apply(operands, params)
        tensors = result if isinstance(result, (tuple, list)) else [result]
        sources = [self._numbers.get(node_of(x)) if isinstance(x, Tensor) and x.requires_grad else None for x in operands]
        if any(source is not None for source in sources):
            arrays = [array_of(x) if isinstance(x, Tensor) else x for x in operands]
            results = [self._add(tensor) for tensor in tensors]
            self.steps.append(Step(entry, arrays, params, sources, results, tensors[0].shape, _stack()))
            self._made_by |= dict.fromkeys(self.steps[-1].results, self.steps[-1])
        if len(self.steps) > OPERATIONS:
            raise RuntimeError("the computation is too long")
        return result

    @cached_property
    def consumers(self) -> Counter[int | None]:
        """How many operands each array is."""
        return Counter(source for step in self.steps for source in step.sources)

    def of_arguments(self, cotangents: Mapping[int, Any]) -> list[np.ndarray]:
        """Of the cotangents of all numbers those of the arguments, which are the gradients."""
        arguments = enumerate(self.values[: len(self._positions)])
        return [np.asarray(np.real(cotangents.get(k, np.zeros(x.shape))), np.float64) for k, x in arguments]

    def back(self, cotangents: dict[int, Any], mistaken: Mapping[int, Callable[[Any], Parts]] | None = None) -> dict[int, Any]:
        """The cotangents of all numbers, run back from some; with mistaken products of some steps, by how much they change."""
        mistaken = mistaken or {}
        for k in reversed(range(max(mistaken, default=len(self.steps) - 1) + 1)):
            step, found = self.steps[k], self._of_results(self.steps[k], cotangents)
            if k in mistaken and (right := self._of_results(step, self.cotangents)) is not None:
                _accumulate(cotangents, mistaken[k](right if found is None else right + found))
                _accumulate(cotangents, step.at_sources(step.parts(-right)))
            elif found is not None:
                _accumulate(cotangents, step.at_sources(step.parts(found)))
        return cotangents

    def _of_results(self, step: Step, cotangents: Mapping[int, Any]) -> Any:
        """The cotangent of the result of a step, a tuple if it has several; None if there is none."""
        found = [cotangents.get(k) for k in step.results]
        if len(found) == 1 or all(g is None for g in found):
            return found[0]
        return tuple(np.zeros_like(self.values[k]) if g is None else g for k, g in zip(step.results, found, strict=True))

    def ancestors(self, k: int, depth: int) -> Iterator[int]:
        """The numbers of the arrays up to so many operations before array `k`, the nearest first."""
        level, seen = [k], {k}
        for _ in range(depth):
            sources = [source for number in level if number in self._made_by for source in self._made_by[number].sources]
            level = [number for number in dict.fromkeys(sources) if number is not None and number not in seen]
            seen |= set(level)
            yield from level


def _accumulate(total: dict[int, Any], parts: Parts) -> None:
    for number, part in parts:
        total[number] = total[number] + part if number in total else part


def _stack() -> tuple[Line, ...]:
    """The lines outside of this project's packages that led here from `f`, outermost first."""
    frame, lines = sys._getframe(2), []
    while frame.f_back is not None and frame.f_code.co_name != Tape.recorded.__name__:
        if not frame.f_code.co_filename.startswith(OWN):
            lines.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return tuple(reversed(lines))


def written(line: Line) -> str:
    """A line of the source, as a report names it."""
    code = linecache.getline(*line).strip()
    return f"line {line[1]} of {Path(line[0]).name}" + (f": {code}" if code else "")
