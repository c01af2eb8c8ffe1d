"""A captured computation: steps in single assignment, each a call of NumPy or an operator, which is printed as NumPy is written.

Nothing in a program is changed once it is there: a write such as `x[0] = v` is a step that gives another value, the array after
it. So steps may be left out, put together or have their results anywhere, as long as the values stay what they are.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

__all__ = ["Program", "Step", "Value", "evaluate", "operands", "replaced"]


@dataclass(eq=False, slots=True)
class Value:
    """An array of the program, or a number: an input, a constant, or the result of a step.

    Attributes:
        shape: the lengths of its axes.
        dtype: the type of its elements; None for a Python float, which does not decide the type of a result.
        name: how it is printed: where an input comes from, for example `model[0].weight`.
        constant: its value, if it is the same in each run.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    name: str = ""
    constant: Any = None


@dataclass(eq=False, slots=True)
class Step:
    """A call: the function, its arguments, in which values may lie in tuples, lists, dicts and slices, and what it gives.

    `several` says that the function returns a tuple or list, whose items the `results` are. A step that is not `pure` gives other
    values in each run, as random numbers are, and stays where it is. `line` is where the user called it.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[Value, ...]
    several: bool = False
    pure: bool = True
    line: str = ""


@dataclass(eq=False)
class Program:
    """Steps, the values that they begin with, and those that are wanted of them.

    It holds as long as the `decisions`, which are made about floats alone, have the outcomes that they had.
    """

    inputs: list[Value] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    decisions: list[tuple[Value, bool]] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def operands(tree: Any) -> list[Value]:
    """The values in the arguments of a step, or in a part of them."""
    found: list[Value] = []
    stack = [tree]
    while stack:
        part = stack.pop()
        if type(part) is Value:
            found.append(part)
        elif isinstance(part, (tuple, list)):
            stack.extend(reversed(part))
        elif isinstance(part, dict):
            stack.extend(reversed(part.values()))
        elif isinstance(part, slice):
            stack += [part.step, part.stop, part.start]
    return found


def replaced(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Arguments with `change(leaf)` in the place of each leaf: of each value, and of whatever else is no container."""
    kind = type(tree)
    if kind is Value:
        return change(tree)
    if isinstance(tree, tuple):
        return getattr(tree, "_make", kind)([replaced(part, change) for part in tree])
    if kind is list:
        return [replaced(part, change) for part in tree]
    if kind is dict:
        return {key: replaced(part, change) for key, part in tree.items()} if tree else tree
    if isinstance(tree, slice):
        return slice(*(replaced(part, change) for part in (tree.start, tree.stop, tree.step)))
    return change(tree)


def evaluate(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """What the outputs are for these inputs, step by step: what a program means, whoever runs it."""
    known: dict[Value, Any] = dict(zip(program.inputs, inputs, strict=True))

    def value(leaf: Any) -> Any:
        return leaf if not isinstance(leaf, Value) else known[leaf] if leaf.constant is None else leaf.constant

    for step in program.steps:
        y = step.function(*replaced(step.args, value), **replaced(step.kwargs, value))
        known.update(zip(step.results, y if step.several else (y,), strict=True))
    return [value(output) for output in program.outputs]


def call_method(x: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """`x.name(...)`, where `x` is a number of NumPy's or an array of no axes."""
    return getattr(x, name)(*args, **kwargs)


# --- writes, which give the array after them --------------------------------------------------------------------------------------


def set_item(x: Any, index: Any, value: Any) -> Any:
    """`x` after `x[index] = value`."""
    new = x.copy("K")
    new[index] = value
    return new


def changed_by(x: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
    """`x` after `function(x, *args)`, which moves elements within it or into it, such as `np.put`."""
    new = x.copy()
    function(new, *args, **kwargs)
    return new


def ufunc_at(x: Any, ufunc: np.ufunc, *args: Any) -> Any:
    """`x` after `ufunc.at(x, *args)`."""
    new = x.copy("K")
    ufunc.at(new, *args)
    return new


def ufunc_out(x: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
    """`x` after `function(*args, out=x)`, a ufunc or a method of one."""
    new = x.copy("K")
    function(*args, out=new, **kwargs)
    return new


def changed_within(x: Any, index: Any, ufunc: np.ufunc, *args: Any) -> Any:
    """`x` after `ufunc(x[index], *args, out=x[index])`, as `x[index] += args[0]` does it."""
    new = x.copy("K")
    ufunc(new[index], *args, out=new[index])
    return new


# --- printing ---------------------------------------------------------------------------------------------------------------------

_INFIX: dict[Any, str] = {
    **{np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**", np.matmul: "@", np.greater: ">"},
    **{np.less: "<", np.equal: "==", np.not_equal: "!=", np.greater_equal: ">=", np.less_equal: "<=", np.floor_divide: "//"},
    **{operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/", operator.pow: "**"},
}


def _lines(program: Program) -> Iterator[str]:
    names: dict[Value, str] = {}
    taken: set[str] = set()
    numbers = count(1)

    def name(value: Value) -> str:
        if value not in names:
            wanted = value.name or f"v{next(numbers)}"
            names[value] = wanted if wanted not in taken else f"{wanted}_{next(numbers)}"
            taken.add(names[value])
        return names[value]

    def shown(leaf: Any) -> Any:
        if isinstance(leaf, Value) and leaf.constant is None:
            return _Text(name(leaf))
        constant = leaf.constant if isinstance(leaf, Value) else leaf
        return _Text(_constant(constant))

    for value in program.inputs:
        yield f"{name(value)} = input({_kind(value)})"
    for step in program.steps:
        text = _call(step.function, replaced(step.args, shown), replaced(step.kwargs, shown))
        left = ", ".join(map(name, step.results)) + ("," if step.several and len(step.results) == 1 else "")
        yield f"{left} = {text}  # {', '.join(map(_kind, step.results))}"
    yield f"return {', '.join(name(v) if v.constant is None else _constant(v.constant) for v in program.outputs)}"


class _Text(str):
    """A text that is its own repr, so that a container of such is printed as it would be written."""

    __slots__ = ()
    __repr__ = str.__str__


def _constant(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return repr(x.tolist()) if x.size <= 8 else f"constant({x.dtype} {x.shape})"
    return getattr(x, "__name__", None) or repr(x)


def _kind(value: Value) -> str:
    return "float" if value.dtype is None else f"{value.dtype} {value.shape}"


def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> str:
    if function in _INFIX and len(args) == 2 and not kwargs:
        return f"{args[0]} {_INFIX[function]} {args[1]}"
    if function is operator.getitem:
        return f"{args[0]}[{_index(args[1])}]"
    if function is call_method:
        return f"{args[0]}.{args[1]}({', '.join(map(repr, args[2:]))})"
    if function is set_item:
        return f"{args[0]} with [{_index(args[1])}] = {args[2]}"
    if function is changed_within:
        return f"{args[0]} with [{_index(args[1])}] = np.{args[2]}({', '.join(map(repr, (_Text('it'), *args[3:])))})"
    given = [*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())]
    owner = getattr(function, "__objclass__", None) or getattr(function, "__self__", None)
    if owner is np.ndarray:
        return f"{given[0]}.{function.__name__}({', '.join(given[1:])})"
    prefix = f"np.{owner.__name__}." if isinstance(owner, np.ufunc) else "np." if _is_numpy(function) else ""
    return f"{prefix}{getattr(function, '__name__', function)}({', '.join(given)})"


def _is_numpy(function: Any) -> bool:
    return isinstance(function, np.ufunc) or getattr(function, "__module__", "").startswith("numpy")


def _index(index: Any) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(_slice(part) if isinstance(part, slice) else repr(part) for part in parts)


def _slice(part: slice) -> str:
    start, stop, step = ("" if x is None or str(x) == "None" else repr(x) for x in (part.start, part.stop, part.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")
