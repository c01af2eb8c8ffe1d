"""The same function compiled and as it is, beside each other: everything is equal after each call, bit for bit."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.compiling import compiled as compiling
from autodiff.compiling.compiled import Compiled
from autodiff.compiling.replay import CHANGED
from autodiff.extend import array_of
from autodiff.program import Program, evaluate

Step = Callable[..., Any]
Build = Callable[[], tuple[Step, Any, Callable[[int], tuple[Any, ...]]]]  # the step, its state, and what its i-th call is given


class Evaluated:
    """A program that is run step by step, by the same calls of NumPy: what it gives is equal, bit for bit."""

    def __init__(self, program: Program, inputs: Any, into: dict[int, int]) -> None:
        self.program, self.into, self.source = program, into, str(program)

    def __call__(self, inputs: list[Any]) -> Any:
        """The outputs, in the memory that they are to be in."""
        decisions = [value for value, _ in self.program.decisions]
        computed = evaluate(Program(self.program.inputs, self.program.steps, self.program.outputs + decisions), inputs)
        outputs, decided = computed[: len(self.program.outputs)], computed[len(self.program.outputs) :]
        if decided != [truth for _, truth in self.program.decisions]:
            return CHANGED
        for k, i in self.into.items():
            if isinstance(inputs[i], np.ndarray):  # and no float, which is returned
                inputs[i][...] = outputs[k]
                outputs[k] = inputs[i]
        return outputs


def compile(function: Step) -> Compiled:
    """A compiled function whose programs are evaluated step by step."""
    return Exactly(function, check=False)


class Exactly(Compiled):
    """Without the back end."""

    def _capture(self, mode: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(compiling, "build", Evaluated)
            return super()._capture(mode)


def run_beside_eager(
    build: Build, steps: int = 6, captures: int | None = None, between: Callable[[int, Any], None] | None = None
) -> Compiled:
    """Assert that each of several calls of a compiled step gives and leaves what the step does as it is; return the compiled one.

    `between(i, state)` is called before each step, with the state of either. `captures` is how often
    it was captured, if that is known.
    """
    eager, state, given = build()
    step, other, given_too = build()
    compiled = compile(step)
    for i in range(steps):
        if between is not None:
            between(i, state)
            between(i, other)
        expected, actual = eager(*given(i)), compiled(*given_too(i))
        assert_same(actual, expected, f"result of call {i}")
        assert_same(other, state, f"state after call {i}")
    assert captures is None or compiled.captures == captures, f"{compiled.captures} captures"
    return compiled


def assert_same(actual: Any, expected: Any, where: str = "", seen: set[int] | None = None) -> None:
    """Assert that two trees of objects are the same: types, dtypes, shapes and bits, gradients, attributes, orders of keys."""
    seen = set() if seen is None else seen
    assert type(actual) is type(expected), f"{where}: {type(actual).__name__} and {type(expected).__name__}"
    if isinstance(actual, (types.FunctionType, type, types.ModuleType, types.BuiltinFunctionType)) or id(actual) in seen:
        return
    if isinstance(actual, (np.ndarray, np.generic)):
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape), where
        assert np.array_equal(actual, expected, equal_nan=actual.dtype.kind in "fc"), f"{where}: {actual} and {expected}"
        return
    if isinstance(actual, float):
        assert actual == expected or (actual != actual and expected != expected), f"{where}: {actual} and {expected}"
        return
    if isinstance(actual, (int, str, bytes, complex, type(None), np.dtype)):
        assert actual == expected, f"{where}: {actual} and {expected}"
        return
    seen.add(id(actual))
    for name, a, b in _parts(actual, expected):
        assert_same(a, b, f"{where}{name}", seen)


def _parts(actual: Any, expected: Any) -> Any:
    if isinstance(actual, ad.Tensor):
        yield "", array_of(actual), array_of(expected)
        yield ".grad", actual.grad, expected.grad
        yield ".requires_grad", actual.requires_grad, expected.requires_grad
    elif isinstance(actual, dict):
        yield ".keys", [k for k in actual if isinstance(k, str)], [k for k in expected if isinstance(k, str)]
        yield " (values)", [*actual.values()], [*expected.values()]
    elif isinstance(actual, (list, tuple)):
        yield ".len", len(actual), len(expected)
        yield from ((f"[{i}]", a, b) for i, (a, b) in enumerate(zip(actual, expected, strict=True)))
    elif isinstance(actual, np.random.Generator):
        yield ".state", actual.bit_generator.state, expected.bit_generator.state
    elif hasattr(actual, "__dict__"):
        yield ".", vars(actual), vars(expected)


def refused(step: Step, *args: Any, match: str) -> None:
    """Assert that a step cannot be captured, and why."""
    with pytest.raises(TypeError, match=match):
        compile(step)(*args)
