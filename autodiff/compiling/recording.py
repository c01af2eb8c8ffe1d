"""What notes the steps of a computation, and what stands for floats and random generators in it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from autodiff.compiling.arrays import RecordingArray, View, real
from autodiff.compiling.refusing import CaptureError, called_from, refuse, refuse_shape
from autodiff.compiling.shapes import deciding_shapes
from autodiff.program import Program, Step, Value, operands, replaced

__all__ = ["Recorder", "RecordingFloat", "RecordingGenerator"]


class Recorder:
    """What notes the steps of one computation.

    Attributes:
        program: the steps.
        given: what stands for each input.
        looked_at: the values whose shapes, types or layouts were looked at.
        deciding: the inputs, arrays of integers, by which something was decided that a program does not decide.
    """

    def __init__(self) -> None:
        self.program = Program()
        self.given: list[Any] = []
        self.looked_at: set[Value] = set()
        self.deciding: set[Value] = set()
        self._constants: dict[int, tuple[Any, Value]] = {}

    def input(self, value: Any, name: str = "") -> Any:
        """What stands for an array or a float that is another one in each run."""
        known = Value(np.shape(value), getattr(value, "dtype", None), name)
        self.program.inputs.append(known)
        self.given.append(RecordingFloat(self, known, value) if type(value) is float else RecordingArray(self, known, value))
        return self.given[-1]

    def do(self, function: Callable[..., Any], *args: Any, pure: bool = True, **kwargs: Any) -> Any:
        """Compute `function` and note it."""
        if shaping := deciding_shapes(function, args, kwargs):
            self.decided_by(*shaping)
            refuse_shape("x[mask]" if function is operator.getitem else f"the result of {function.__name__}")
        computed = function(*replaced(args, real), **replaced(kwargs, real))
        several = isinstance(computed, (tuple, list))
        if computed is None:
            raise CaptureError(
                f"compile: at {called_from()}, {function.__name__} returns nothing, and what it does would not be done in later "
                "runs. Call it outside of the compiled function, with what that returns."
            )
        for x in args:  # an array may be given back as it is
            if isinstance(x, RecordingArray) and x.private_value is computed and x.is_array:
                return x
        viewed = self._viewed(function, computed, args, kwargs)
        parts = [self._result(part, viewed, k if several else None) for k, part in enumerate(computed if several else [computed])]
        noted = replaced(args, self.value_of), replaced(kwargs, self.value_of)
        results = tuple(part.value for part in parts)
        self.program.steps.append(Step(function, *noted, results, several, pure, called_from()))
        return getattr(computed, "_make", type(computed))(parts) if several else parts[0]

    def decide(self, function: Callable[..., Any], *args: Any) -> bool:
        """What is true of floats, on which the function decides: the program holds as long as it is."""
        if self._sources(self.value_of(x) for x in args)[1]:
            refuse("a random number")
        truth: bool = function(*replaced(args, real))
        result = Value((), None)
        self.program.steps.append(Step(function, replaced(args, self.value_of), {}, (result,), line=called_from()))
        self.program.decisions.append((result, truth))
        return truth

    def decided_by(self, *values: Any) -> None:
        """Note which inputs have decided something, if these are integers alone."""
        inputs, are_drawn = self._sources(x.value for x in values)
        if not are_drawn and all(value.dtype is not None and value.dtype.kind in "biu" for value in inputs):
            self.deciding |= inputs

    def _sources(self, values: Iterable[Any]) -> tuple[set[Value], bool]:
        """The inputs that values are computed from, and whether random numbers are among them."""
        wanted, are_drawn = {*operands([*values])}, False
        for step in reversed(self.program.steps):
            if not wanted.isdisjoint(step.results):
                wanted.update(operands((step.args, step.kwargs)))
                are_drawn |= not step.pure
        return wanted.intersection(self.program.inputs), are_drawn

    def value_of(self, x: Any) -> Any:
        """What stands for an operand in the program: a value for a recorded one, and for an array a constant."""
        if isinstance(x, (RecordingArray, RecordingFloat)):
            return x.value
        if not isinstance(x, np.ndarray):
            return x
        if id(x) not in self._constants:
            self._constants[id(x)] = x, Value(x.shape, x.dtype, constant=x.copy(order="K"))
        return self._constants[id(x)][1]

    def _result(self, computed: Any, viewed: View | None, item: int | None) -> Any:
        if type(computed) is float:
            return RecordingFloat(self, Value((), None), computed)
        if not isinstance(computed, (np.ndarray, np.generic)):
            computed = np.asarray(computed)
        return RecordingArray(self, Value(computed.shape, computed.dtype), computed, viewed and replace(viewed, item=item))

    @staticmethod
    def _viewed(function: Any, computed: Any, args: Any, kwargs: Any) -> View | None:
        """The recorded operand in whose memory what is computed of it lies, with what computes it; None if it has its own."""
        first: Any = next(iter(computed), None) if isinstance(computed, (tuple, list)) else computed
        for i, x in enumerate(args if isinstance(first, np.ndarray) and first.base is not None else ()):
            if isinstance(x, RecordingArray) and x.is_array and np.may_share_memory(first, x.private_value):
                return View(x, x.value, i, function, args, kwargs)
        return None


class RecordingFloat:
    """A Python float that is being computed with, such as a learning rate; it is no `float`."""

    __slots__ = ("private_value", "recorder", "value")
    is_stand_in = True

    def __init__(self, recorder: Recorder, value: Value, computed: float) -> None:
        self.recorder, self.value, self.private_value = recorder, value, computed

    def __repr__(self) -> str:
        return "RecordingFloat()"

    def as_array(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """An array of no axes."""
        return self.recorder.do(np.array, self, dtype)

    __array_ufunc__ = RecordingArray.__array_ufunc__
    __array_function__ = RecordingArray.__array_function__
    _write, _computed = RecordingArray._write, RecordingArray._computed

    def _refused(self, *args: Any, **kwargs: Any) -> NoReturn:
        refuse("the value of a float")

    __array__ = __float__ = __int__ = __index__ = __complex__ = __round__ = __format__ = __hash__ = _refused

    def __bool__(self) -> bool:
        return self.recorder.decide(operator.truth, self)


def _operator(name: str) -> Any:
    function, swapped = getattr(operator, name.strip("_").removeprefix("r")), name.startswith("__r")

    def apply(self: RecordingFloat, *other: Any) -> Any:
        if other and not isinstance(other[0], (int, float, RecordingFloat)):
            return NotImplemented
        return self.recorder.do(function, *other, self) if swapped else self.recorder.do(function, self, *other)

    return apply


def _decision(function: Any) -> Any:
    def decide(self: RecordingFloat, other: Any) -> Any:
        return self.recorder.decide(function, self, other) if isinstance(other, (int, float, RecordingFloat)) else NotImplemented

    return decide


for _name in ("add", "sub", "mul", "truediv", "pow", "floordiv", "mod"):
    setattr(RecordingFloat, f"__{_name}__", _operator(f"__{_name}__"))
    setattr(RecordingFloat, f"__r{_name}__", _operator(f"__r{_name}__"))
for _name in ("neg", "pos", "abs"):
    setattr(RecordingFloat, f"__{_name}__", _operator(f"__{_name}__"))
for _name in ("lt", "le", "eq", "ne", "gt", "ge"):
    setattr(RecordingFloat, f"__{_name}__", _decision(getattr(operator, _name)))


class RecordingGenerator:
    """A generator of random numbers whose draws are steps of the program: the same numbers in the same order."""

    def __init__(self, recorder: Recorder, generator: np.random.Generator) -> None:
        self._recorder, self.private_value = recorder, generator

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.private_value, name)
        if name.startswith("_") or not callable(method):
            raise CaptureError(f"compile: at {called_from()}, {name} of a random generator is used, which cannot be captured.")
        if name in ("shuffle", "spawn"):
            raise CaptureError(f"compile: at {called_from()}, {name} of a random generator cannot be captured; use permutation.")
        return lambda *args, **kwargs: self._recorder.do(method, *args, pure=False, **kwargs)
