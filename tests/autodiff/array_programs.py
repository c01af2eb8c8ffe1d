"""Random programs of views and writes, as text: the same lines run on arrays, on tensors, and on whatever has an array's interface.

`x` and `w` are what the program is differentiated by, `a0`, `a1`, ... the arrays that it makes: `a0` is computed from `x`, or is
`x` itself; `a1` starts as a constant.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, basic_indices, integer_array_indices

WEIGHTS = np.array([0.3, -0.6, 0.9])


class Program:
    """Lines of Python, each with whether it writes to an array, the shape of `x`, and the order in which it lies in memory."""

    def __init__(self, shape: tuple[int, ...], lines: Sequence[tuple[str, bool]], order: Any = "C") -> None:
        self.shape, self.lines, self.order = shape, lines, order

    def __repr__(self) -> str:
        return f"Program for x of shape {self.shape} in {self.order} order:\n" + "\n".join(f"    {line}" for line, _ in self.lines)

    def start(self) -> dict[str, np.ndarray]:
        """The values of `x`, `w` and of the constant `a1`."""
        size = int(np.prod(self.shape))
        return {
            "x": np.sin(1.0 + np.arange(size)).reshape(self.shape).copy(self.order),
            "w": WEIGHTS.copy(),
            "a1": np.cos(2.0 + np.arange(size)).reshape(self.shape).copy(self.order),
        }

    def run(self, names: dict[str, Any], writing: Callable[[], AbstractContextManager[Any]] | None = nullcontext) -> dict[str, Any]:
        """The arrays that are there at the end, by name; each write runs inside `writing()`, or not at all."""
        scope = {"np": np, **names}
        for line, writes in self.lines:
            if writes and writing is None:
                continue
            with writing() if writes and writing is not None else nullcontext():
                exec(line, scope)
        return {name: value for name, value in scope.items() if re.fullmatch(r"a\d+", name)}


@st.composite
def programs(draw: Any, pytorch: bool = False, of_a_leaf: bool = False, length: int = 10) -> Program:
    """Programs of up to `length` lines.

    With `pytorch`, without what PyTorch does not have: negative steps, an order among the values assigned to one element, copies by
    rows, and numbers beside arrays without axes. With `of_a_leaf`, `a0` is `x`, the only array that is written to, and nothing is
    computed but views and copies.
    """
    shape, order = draw(array_shapes(min_dims=1, max_dims=3, max_side=3)), "C" if pytorch else draw(st.sampled_from("CF"))
    author = _Author(draw, Program(shape, (), order).start(), pytorch, of_a_leaf)
    for _ in range(draw(st.integers(1, length))):
        author.add_line()
    return Program(shape, author.lines, order)


def as_text(index: Any) -> str:
    """The index as it is written between brackets."""

    def part(i: Any) -> str:
        if isinstance(i, slice):
            ends = ["" if end is None else str(end) for end in (i.start, i.stop)]
            return ":".join(ends if i.step is None else [*ends, str(i.step)])
        if isinstance(i, np.ndarray):
            return f"np.array({i.tolist()}, {'bool' if i.dtype == bool else 'int'})"
        return "..." if i is ... else str(i)

    return ", ".join(map(part, index)) or "()" if isinstance(index, tuple) else part(index)


class _Author:
    """Writes a program line by line, and runs it on arrays to know which lines make sense."""

    def __init__(self, draw: Any, names: dict[str, np.ndarray], pytorch: bool, of_a_leaf: bool) -> None:
        self.draw, self.pytorch, self.of_a_leaf = draw, pytorch, of_a_leaf
        self.scope: dict[str, Any] = {"np": np, **names}
        self.lines: list[tuple[str, bool]] = []
        self.names = ["a0"] if of_a_leaf else ["a0", "a1"]
        self._run("a0 = x" if of_a_leaf else "a0 = x * 1.0", writes=False)

    def add_line(self) -> None:
        kinds = [self._view, self._views, self._copy, self._write, self._write, self._write]
        if not (self.pytorch or self.of_a_leaf):
            kinds.append(self._number)
        kind = self.draw(st.sampled_from(kinds))
        line = kind()
        if line is not None:
            self._run(line, writes=kind == self._write)

    def _run(self, line: str, writes: bool) -> None:
        exec(line, self.scope)
        self.lines.append((line, writes))

    # --- names and values --------------------------------------------------------------------------------------------------------

    def _new(self) -> str:
        self.names.append(f"a{len(self.names) + self.of_a_leaf}")
        return self.names[-1]

    def _some(self, wanted: Callable[[Any], bool] = lambda a: True) -> str | None:
        """One of the arrays that are as `wanted`."""
        found = [name for name in self.names if wanted(self.scope[name])]
        return self.draw(st.sampled_from(found)) if found else None

    def _array(self) -> str:
        """An array: not a number, of which NumPy makes no views."""
        return self._some(lambda a: isinstance(a, np.ndarray)) or "a0"

    def _basic(self, shape: tuple[int, ...]) -> Any:
        index = self.draw(basic_indices(shape, allow_newaxis=True, max_dims=4))
        return self._without_negative_steps(index) if self.pytorch else index

    def _without_negative_steps(self, index: Any) -> Any:
        if isinstance(index, tuple):
            return tuple(map(self._without_negative_steps, index))
        return slice(None, None, -index.step) if isinstance(index, slice) and (index.step or 1) < 0 else index

    def _advanced(self, shape: tuple[int, ...], unique: bool = False) -> Any:
        if self.draw(st.booleans()):
            return self.draw(arrays(bool, shape[: self.draw(st.integers(1, len(shape)))]))
        if unique:
            return np.array(self.draw(st.lists(st.integers(-shape[0], -1), unique=True, max_size=3)), int)
        if self.draw(st.booleans()):
            return (slice(None),) * (len(shape) - 1) + (self.draw(arrays(int, 3, elements=st.integers(0, shape[-1] - 1))),)
        return self.draw(integer_array_indices(shape, result_shape=array_shapes(max_dims=2, max_side=3)))

    def _index(self, shape: tuple[int, ...], unique: bool) -> Any:
        if shape and min(shape) > 0 and self.draw(st.booleans()):
            return self._advanced(shape, unique)
        return self._basic(shape)

    def _value(self, shape: tuple[int, ...]) -> str:
        """An expression that can be assigned to an array of this shape."""
        kind = self.draw(st.sampled_from(["number", "array", "weights", "alive", "part"]))
        size = int(np.prod(shape))
        if kind == "array":
            return f"np.linspace(-0.8, 0.7, {size}).reshape({shape})"
        if kind == "weights":
            return f"w[np.arange({size}).reshape({shape}) % 3]"
        if kind == "alive":
            return self._some(lambda a: _broadcasts(np.shape(a), shape)) or "w[0]"
        if kind == "part":
            name = self._array()
            index = self._basic(self.scope[name].shape)
            if _broadcasts(self.scope[name][index].shape, shape):
                return f"{name}[{as_text(index)}]"
        return str(self.draw(st.sampled_from([0.0, 0.5, -2.0])))

    # --- lines -------------------------------------------------------------------------------------------------------------------

    def _view(self) -> str:
        name = self._array()
        a = self.scope[name]
        axes = st.integers(-a.ndim, a.ndim - 1)
        forms: list[Callable[[], str]] = [
            lambda: f"{name}[{as_text(self._basic(a.shape))}]",
            lambda: f"{name}[{as_text(self._basic(a.shape))}]",
            lambda: f"{name}.reshape({self._another_shape(a.size)})",
            lambda: f"{name}.T",
            lambda: f"{name}.transpose({tuple(self.draw(st.permutations(range(a.ndim))))})",
            lambda: f"{name}.squeeze()",
            lambda: f"np.expand_dims({name}, {self.draw(st.integers(0, a.ndim))})",
            lambda: f"np.broadcast_to({name}, {(2, *a.shape)})",
        ]
        if a.ndim >= 2:
            forms += [
                lambda: f"{name}.mT",
                lambda: f"{name}.swapaxes({self.draw(axes)}, {self.draw(axes)})",
                lambda: f"np.diagonal({name}, {self.draw(st.integers(-1, 1))})",
            ]
        expression = self.draw(st.sampled_from(forms))()
        return f"{self._new()} = {expression}"

    def _another_shape(self, size: int) -> tuple[int, ...]:
        shapes = [(-1,), (1, size), (size, 1)] + [(n, size // n) for n in (2, 3) if size % n == 0]
        return self.draw(st.sampled_from(shapes if size else [(0,), (2, 0)]))

    def _views(self) -> str | None:
        """The rows of an array, or its parts."""
        name = self._some(lambda a: np.ndim(a) > 0 and 0 < len(a) <= 4)
        if name is None:
            return None
        a = self.scope[name]
        axis = self.draw(st.integers(0, a.ndim - 1))
        if self.draw(st.booleans()):
            return f"{', '.join(self._new() for _ in a)}, = {name}"
        sections = self.draw(st.sampled_from(["[1]", "[1, 2]"] + (["2"] if a.shape[axis] % 2 == 0 else [])))
        expression = f"np.split({name}, {sections}, {axis})"
        return f"{', '.join(self._new() for _ in eval(expression, self.scope))} = {expression}"

    def _copy(self) -> str:
        name = self._array()
        a = self.scope[name]
        forms = [f"{name}.copy()"] if self.pytorch else [f"{name}.copy()", f"{name}.T.copy()", f"np.copy({name})"]
        if a.ndim and a.size:
            forms.append(f"{name}[{as_text(self._advanced(a.shape))}]")
        if not self.of_a_leaf:
            other = self._some(lambda b: np.shape(b) == a.shape)
            forms += [f"np.tanh({name})", f"np.tanh({name}) * {other}"]
        expression = self.draw(st.sampled_from(forms))
        return f"{self._new()} = {expression}"

    def _number(self) -> str:
        """A number, which NumPy never changes: a new one, another name of one, or an update, which stands for another number."""
        number = self._some(lambda a: isinstance(a, np.generic))
        form = self.draw(st.sampled_from(["another name", "update", "update"])) if number else "sum"
        if form == "update":
            return f"{number} {self._operation(self._value(()), assignment=False)}"
        expression = number or f"np.sum({self._array()})"
        return f"{self._new()} = {expression}"

    def _write(self) -> str | None:
        def can_be_written_to(a: Any) -> bool:
            return isinstance(a, np.ndarray) and a.flags.writeable and (not self.of_a_leaf or np.shares_memory(a, self.scope["a0"]))

        name = self._some(can_be_written_to)
        if name is None:
            return None
        a = self.scope[name]
        target, shape, before = name, a.shape, ""
        forms = ["part", "part", "whole", "part of a part"]
        if a.ndim and a.size:
            forms += ["mask", "rows"] if a.ndim > 1 else ["mask"]
        form = self.draw(st.sampled_from(forms))
        if form == "mask":
            return f"{name}[{name} > 0.123] {self._operation('0.5', assignment=True)}"
        if form == "rows":
            before, target, shape = f"for row in {name}: ", "row", shape[1:]
        if form == "part of a part":
            index = self._basic(shape)
            if isinstance(a[index], np.ndarray):
                target, shape = f"{target}[{as_text(index)}]", a[index].shape
        if form != "whole":
            index = self._index(shape, unique=self.pytorch)
            target, shape = f"{target}[{as_text(index)}]", np.empty(shape)[index].shape
        return f"{before}{target} {self._operation(self._value(shape), assignment=form != 'whole')}"

    def _operation(self, value: str, assignment: bool) -> str:
        """An assignment, or an update that keeps the values moderate."""
        operation = self.draw(st.sampled_from(["=", "=", "+=", "-=", "*=", "/="] if assignment else ["+=", "-=", "*=", "/="]))
        if operation == "/=":
            return f"/= 2 + np.tanh({value})"
        large = operation == "*=" and np.abs(eval(value, self.scope)).max(initial=0.0) > 3
        return f"{operation} np.tanh({value})" if large else f"{operation} {value}"


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False
