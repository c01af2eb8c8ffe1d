"""What the passes over a program are made of."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.program import Program, Step, Value, replaced

__all__ = ["LARGEST_CONSTANT", "constant", "exactly", "nbytes", "rewritten", "with_arguments"]

LARGEST_CONSTANT = 1 << 16  # bytes that a constant may have which is computed beforehand


def rewritten(program: Program, rule: Callable[[Step], Step | list[Step] | tuple[Value, ...]]) -> Program:
    """The program with each step changed by `rule`, which gives another step, or several, or a tuple of values for its results."""
    same: dict[Value, Value] = {}
    steps: list[Step] = []

    def known(leaf: Any) -> Any:
        return same.get(leaf, leaf) if isinstance(leaf, Value) else leaf

    for step in program.steps:
        if same:
            step = with_arguments(step, replaced(step.args, known), replaced(step.kwargs, known))
        new = rule(step)
        if isinstance(new, tuple):
            same.update(zip(step.results, new, strict=True))
        else:
            steps += new if isinstance(new, list) else [new]
    decisions = [(known(value), truth) for value, truth in program.decisions]
    return Program(program.inputs, steps, [known(value) for value in program.outputs], decisions)


def with_arguments(step: Step, args: tuple[Any, ...], kwargs: dict[str, Any], function: Any = None) -> Step:
    """The step with other arguments, and perhaps another function."""
    return Step(function or step.function, args, kwargs, step.results, step.several, step.pure, step.line)


def constant(leaf: Any) -> Any:
    """The constant that a value is, or else None; anything else as it is."""
    return leaf.constant if isinstance(leaf, Value) else leaf


def exactly(leaf: Any) -> Any:
    """What two constants have in common only if they are the same: 1 is not True or 1.0, 0.0 not -0.0, and NaN is itself."""
    if isinstance(leaf, (np.ndarray, np.generic)):
        return (type(leaf), leaf.dtype.str, leaf.shape, leaf.strides, leaf.tobytes()) if not leaf.dtype.hasobject else id(leaf)
    if isinstance(leaf, float):
        return type(leaf), struct.pack("d", leaf)
    try:
        hash(leaf)
    except TypeError:
        return id(leaf)
    return type(leaf), leaf if not isinstance(leaf, complex) else (leaf.real.hex(), leaf.imag.hex())


def nbytes(value: Value) -> int:
    """How much memory a value takes."""
    return int(np.prod(value.shape, dtype=np.int64)) * value.dtype.itemsize if value.dtype is not None else 8
