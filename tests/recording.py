"""An array that stands for a value not yet known, as a compiler has it while it captures a computation.

What is made of NumPy's functions and operators goes through it; what looks at values, converts them, or asks whether something is
an `ndarray` does not. It carries the real value in private, so that tests can compare, and its tape can be played again with other
values, so that a value which has leaked into the program as a constant is noticed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

__all__ = ["RecordingArray", "Tape", "record"]

_STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast}  # known without the values


@dataclass(frozen=True)
class _Place:
    """Where on the tape an operand comes from: an input, or the result of a step."""

    number: int


@dataclass
class Tape:
    """The steps of a computation: each a function, its operands by place or as constants, and one result."""

    inputs: int = 0
    steps: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Compute `function` and note it."""
        computed = function(*_each(args, _value), **_each(kwargs, _value))
        self.steps.append((function, _each(args, _noted), _each(kwargs, _noted)))
        result = RecordingArray(self, self.inputs + len(self.steps) - 1, computed)
        if isinstance(computed, (tuple, list)):
            return getattr(computed, "_make", type(computed))([self.do(operator.getitem, result, i) for i in range(len(computed))])
        return result

    def replay(self, inputs: Sequence[Any], result: RecordingArray) -> Any:
        """The value of `result` if the recorded arrays had been `inputs`."""
        known = list(inputs)
        for function, args, kwargs in self.steps:
            known.append(_kept(function(*_each(args, lambda x: _known(x, known)), **_each(kwargs, lambda x: _known(x, known)))))
        return known[result.place]

    @property
    def names(self) -> list[str]:
        """The functions of the steps, in their order."""
        return [function.__name__ for function, _, _ in self.steps]


def record(*arrays: Any) -> tuple[Any, ...]:
    """A tape, and a recording array on it for each of `arrays`, its inputs."""
    tape = Tape(len(arrays))
    return tape, *(RecordingArray(tape, i, np.array(x)) for i, x in enumerate(arrays))


def _refuse(self: RecordingArray, *args: Any, **kwargs: Any) -> NoReturn:
    raise TypeError("a recording array has no value yet: it can be computed with, but not converted or decided upon.")


def _method(name: str) -> Any:
    of_array = getattr(np.ndarray, name)
    return lambda self, *args, **kwargs: self.tape.do(of_array, self, *args, **kwargs)


class RecordingArray(NDArrayOperatorsMixin):
    """An array whose value is not known yet; it is no `ndarray`.

    Writes (`x[i] = v`, `x += y`, `out=x`, `np.add.at`) are functional: from then on this object stands for the new value. What
    was computed or taken from it keeps the old one, and a write to what was taken from it does not reach it.
    """

    __slots__ = ("place", "private_value", "tape")

    def __init__(self, tape: Tape, place: int, value: Any) -> None:
        self.tape = tape
        self.place = place
        self.private_value = _kept(value)

    shape = property(lambda self: self.private_value.shape)
    ndim = property(lambda self: self.private_value.ndim)
    size = property(lambda self: self.private_value.size)
    flags = property(lambda self: self.private_value.flags)
    dtype = property(lambda self: self.private_value.dtype)
    T = property(lambda self: self.transpose())
    mT = property(lambda self: self.swapaxes(-1, -2))

    def __len__(self) -> int:
        return len(self.private_value)

    def __repr__(self) -> str:
        return f"RecordingArray(shape={self.shape}, dtype={self.dtype})"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = (), **kwargs: Any) -> Any:
        if method == "at":
            return self._write(inputs[0], _at, ufunc, *inputs, **kwargs)
        if not out:
            return self.tape.do(getattr(ufunc, method) if method != "__call__" else ufunc, *inputs, **kwargs)
        if len(out) > 1:
            return NotImplemented
        return self._write(out[0], _into, out[0], getattr(ufunc, method), *inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in _STATIC:
            return function(*_each(args, _value), **_each(kwargs, _value))
        if kwargs.get("out") is not None:
            raise TypeError(f"np.{function.__name__}: out= is for ufuncs.")
        return self.tape.do(function, *args, **kwargs)

    def _write(self, target: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Let `target` stand for the result, if it can."""
        if not isinstance(target, RecordingArray):
            raise TypeError(
                "a recording array has no value yet, so it cannot be written to a plain array. "
                "One that can be written to is np.zeros_like(x, shape=shape)."
            )
        new = self.tape.do(function, *args, **kwargs)
        target.place, target.private_value = new.place, new.private_value
        return target

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        return self.tape.do(operator.getitem, self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._write(self, _replaced, self, index, value)

    def view(self) -> RecordingArray:
        """The same value, which writes to this one do not reach."""
        return RecordingArray(self.tape, self.place, self.private_value)

    def setflags(self, *, write: bool) -> None:
        """Nothing, since only this object would be written to."""

    def __pow__(self, other: Any) -> Any:  # the operator is not np.power: it has ways of its own for 2 and 0.5
        return self.tape.do(operator.pow, self, other)

    def __rpow__(self, other: Any) -> Any:
        return self.tape.do(operator.pow, other, self)

    __array__ = __bool__ = __float__ = __int__ = __index__ = __complex__ = item = tolist = _refuse


for _name in (
    *("all", "any", "argmax", "argmin", "astype", "clip", "copy", "dot", "max", "mean", "min"),
    *("ravel", "reshape", "squeeze", "sum", "swapaxes", "transpose"),
):
    setattr(RecordingArray, _name, _method(_name))


# --- what the steps of writes are ------------------------------------------------------------------------------------------------


def _replaced(x: np.ndarray, index: Any, value: Any) -> np.ndarray:
    """`x` after `x[index] = value`."""
    new = x.copy()
    new[index] = value
    return new


def _at(ufunc: np.ufunc, x: np.ndarray, *args: Any) -> np.ndarray:
    """`x` after `ufunc.at(x, ...)`."""
    new = x.copy()
    ufunc.at(new, *args)
    return new


def _into(x: np.ndarray, function: Any, *args: Any, **kwargs: Any) -> np.ndarray:
    """`x` after `function(..., out=x)`."""
    new = x.copy()
    function(*args, out=new, **kwargs)
    return new


# --- operands --------------------------------------------------------------------------------------------------------------------


def _each(operand: Any, change: Callable[[Any], Any]) -> Any:
    """`change` of each operand, also of those inside tuples, lists, dicts and slices."""
    if type(operand) in (tuple, list):
        return type(operand)(_each(x, change) for x in operand)
    if type(operand) is dict:
        return {key: _each(x, change) for key, x in operand.items()}
    if type(operand) is slice:
        return slice(*(_each(x, change) for x in (operand.start, operand.stop, operand.step)))
    return change(operand)


def _kept(result: Any) -> Any:
    """The result of a step: an array, also of what NumPy gives as a scalar, or several."""
    return result if isinstance(result, (tuple, list)) else np.asarray(result)


def _value(x: Any) -> Any:
    return x.private_value if isinstance(x, RecordingArray) else x


def _noted(x: Any) -> Any:
    return _Place(x.place) if isinstance(x, RecordingArray) else x.copy(order="K") if isinstance(x, np.ndarray) else x


def _known(x: Any, known: list[Any]) -> Any:
    return known[x.number] if isinstance(x, _Place) else x
