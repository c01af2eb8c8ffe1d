"""A program as a Python function: one statement a step, which writes into memory that was planned once.

The statements call NumPy as directly as Python can: names are local, arrays and functions are bound before, results go to `out`,
and what is the same in each run, views included, is made once.
"""

from __future__ import annotations

import keyword
import linecache
import operator
import re
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np

from autodiff.compiling.memory import Plan, Writes, how_it_writes, is_reshape, plan
from autodiff.compiling.simplify import PASSES, simplify
from autodiff.program import Program, Step, Value, changed_within, operands, replaced, set_item, ufunc_at, ufunc_out

__all__ = ["CHANGED", "Replay", "build"]

_ND = np.ndarray


class _Changed:
    def __repr__(self) -> str:
        return "CHANGED"


CHANGED: Final = _Changed()
"""What a replay returns, before anything is written, when a decision has another outcome than the one that it was built for."""


class Replay:
    """A program that is ready to be run: called with its inputs, it returns its outputs.

    Two threads must not call it at the same time, since its memory is its own; who calls it knows whether a lock is needed.

    Attributes:
        program: what is run, after it was simplified.
        source: the statements, as Python.
        run: the function itself, which is faster to call by as much as a method costs.
        nbytes: the size of the memory that it keeps for its values.
    """

    __slots__ = ("nbytes", "program", "run", "source")

    def __init__(self, program: Program, source: str, run: Callable[..., Any], nbytes: int) -> None:
        self.program, self.source, self.run, self.nbytes = program, source, run, nbytes

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """The outputs for these inputs, or `CHANGED`."""
        return self.run(inputs)


def build(
    program: Program,
    inputs: Sequence[Any],
    into: Mapping[int, int] | None = None,
    reused: Collection[int] = (),
    passes: Sequence[Callable[[Program], Program]] = PASSES,
) -> Replay:
    """Simplify a program, plan its memory and write it as a function.

    Args:
        program: what is to be run; it stays as it is.
        inputs: inputs as those that it will be run on, with the same shapes, dtypes and strides. They are not changed.
        into: for an output's place, the place of the input whose memory it is written to. That array is what is returned.
        reused: the places of outputs that the next run may overwrite. All others are new memory that nothing else refers to.
        passes: how the program is simplified.

    Raises:
        ValueError: two outputs go into one input, or one goes into an input of another shape or dtype.
    """
    into = {k: i for k, i in (into or {}).items() if program.outputs[k].dtype is not None}  # a float has no memory
    _check(program, into)
    program = simplify(program, passes)
    planned = plan(program, inputs, into, reused)
    writer = _Writer(program, planned, into)
    source = writer.written()
    return Replay(program, source, writer.compiled(source), planned.nbytes)


def _check(program: Program, into: dict[int, int]) -> None:
    for k, i in into.items():
        output, target = program.outputs[k], program.inputs[i]
        if list(into.values()).count(i) > 1:
            raise ValueError(f"build: two outputs go into input {i}, which has memory for one. Leave one of them out of `into`.")
        if (output.shape, output.dtype) != (target.shape, target.dtype):
            raise ValueError(
                f"build: output {k} ({output.dtype} {output.shape}) cannot go into input {i} ({target.dtype} {target.shape}). "
                "They must have the same shape and dtype; leave it out of `into`."
            )


def decided_first(program: Program) -> list[Step]:
    """The steps that the decisions need: they come first, so that nothing is written, or drawn, if one is another than it was."""
    wanted = {value for value, _ in program.decisions}
    first = []
    for step in reversed(program.steps):
        if not wanted.isdisjoint(step.results):
            wanted.update(operands((step.args, step.kwargs)))
            first.append(step)
    return first[::-1]


class _Expression(str):
    """A text that is its own repr, so that a container of such is printed as it would be written."""

    __slots__ = ()
    __repr__ = str.__str__


_SCALAR: dict[Any, str] = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/"}
_FLOATS: dict[Any, str] = {operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/"}


class _Writer:
    """Writes the statements. `bound` is what they name that is the same in each run."""

    def __init__(self, program: Program, planned: Plan, into: dict[int, int]) -> None:
        self.program, self.plan, self.into = program, planned, into
        self.bound: dict[str, Any] = {}
        self.lines: list[str] = []
        self.names: dict[Value, str] = {}
        self._bound_names: dict[Any, str] = {}
        self._taken = {"inputs", "run", *keyword.kwlist}
        self._bound_methods: dict[Any, Any] = {}  # of ufuncs, which are other objects each time
        self._numbers: dict[Any, Any] = {}  # arrays of no axes, by type and bits
        self._as_array: dict[tuple[Value, Any], str] = {}  # floats, in the dtype in which a ufunc wants them

    def written(self) -> str:
        program = self.program
        names = [self._name_value(value, f"x{i}") for i, value in enumerate(program.inputs)]
        if names:
            self.lines.append(f"{', '.join(names)}, = inputs" if len(names) == 1 else f"{', '.join(names)} = inputs")
        first = decided_first(program)
        for step in first:
            self._statement(step)
        for value, truth in (decision for decision in program.decisions if decision[0].constant is None):
            self.lines.append(f"if {'not ' if truth else ''}{self.names[value]}: return {self._bind(CHANGED, 'CHANGED')}")
        for step in program.steps:
            if step not in first:
                self._statement(step)
        self._return()
        body = "\n".join(f"    {line}" for line in self.lines)
        bound = "".join(f", {name}={name}" for name in self.bound)
        return f"def run(inputs{bound}):\n{body}\n"

    def compiled(self, source: str) -> Callable[..., Any]:
        file = f"<replay {id(self)}>"
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
        names = dict(self.bound)
        exec(compile(source, file, "exec"), names)
        run: Callable[..., Any] = names.pop("run")  # so that it is in no cycle, and its memory is freed with it
        weakref.finalize(run, linecache.cache.pop, file, None)
        return run

    # --- names --------------------------------------------------------------------------------------------------------------------

    def _unused(self, wanted: str) -> str:
        wanted = re.sub(r"\W+", "_", wanted).strip("_") or "c"
        name, n = (f"_{wanted}" if wanted[0].isdigit() else wanted), 1
        while name in self._taken:
            n += 1
            name = f"{wanted}_{n}"
        self._taken.add(name)
        return name

    def _name_value(self, value: Value, otherwise: str = "") -> str:
        name = self.names[value] = self._unused(value.name or otherwise or f"v{len(self.names) + 1}")
        if value in self.plan.arrays:
            self.bound[name] = self.plan.arrays[value]
        return name

    def _bind(self, x: Any, wanted: str = "c") -> str:
        key = (type(x), x) if isinstance(x, (float, type, np.dtype)) and x == x else id(x)
        if key not in self._bound_names:
            self._bound_names[key] = self._unused(wanted)
            self.bound[self._bound_names[key]] = x
        return self._bound_names[key]

    def _function(self, function: Any) -> str:
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.ufunc):
            function = self._bound_methods.setdefault((owner, function.__name__), function)
            return self._bind(function, f"{owner.__name__}_{function.__name__}")
        return self._bind(function, getattr(function, "__name__", "function"))

    def _shown(self, leaf: Any) -> _Expression:
        if isinstance(leaf, Value) and leaf.constant is None:
            return _Expression(self.names[leaf])
        x = leaf.constant if isinstance(leaf, Value) else leaf
        if x is None or x is Ellipsis or isinstance(x, (bool, int, str)):
            return _Expression(repr(x))
        if type(x) is float and np.isfinite(x):
            return _Expression(repr(x))
        number = np.ndim(x) == 0 and isinstance(x, (_ND, np.generic, float))
        return _Expression(self._bind(x, f"c{x}".replace("-", "minus_") if number else getattr(x, "__name__", "c")))

    def _plain(self, tree: Any) -> str:
        """Arguments or an index as an expression; what holds no value of the program is bound as a whole."""
        if isinstance(tree, (tuple, slice, list, dict)) and not any(v.constant is None for v in operands(tree)):
            return self._bind(replaced(tree, lambda leaf: leaf.constant if isinstance(leaf, Value) else leaf), "index")
        return repr(replaced(tree, self._shown))

    # --- statements ---------------------------------------------------------------------------------------------------------------

    def _statement(self, step: Step) -> None:
        result = step.results[0]
        if result in self.plan.arrays and self.plan.roots[result] != {result}:
            self._name_value(result)  # a view that was made once
            return
        target = self.plan.given.get(result)
        if target is not None:
            self.lines += self._writes(step, self.names[target])
            self.names[result] = self.names[target]
        elif result in self.plan.arrays:
            self.lines += self._writes(step, self._name_value(result))
        else:
            text = self._call(step)
            names = [self._name_value(value) for value in step.results]
            self.lines.append(f"{', '.join(names)}{',' if step.several and len(names) == 1 else ''} = {text}")

    def _call(self, step: Step, out: str = "") -> str:
        """The step as an expression, which writes to `out` if that is given."""
        function, args = step.function, step.args
        scalars = all(v.shape == () for v in operands(args)) and all(r.shape == () for r in step.results)
        infix = _FLOATS.get(function) or (
            _SCALAR.get(function) if scalars and not step.kwargs and step.results[0].dtype in _REAL else None
        )
        if infix and len(args) == 2:
            return f"{self._number(args[0])} {infix} {self._number(args[1])}"
        if function is operator.getitem:
            return f"{self._shown(args[0])}[{self._plain(args[1])}]"
        given = [self._argument(step, place) for place in range(len(args))]
        named = [f"{key}={self._plain(part)}" for key, part in step.kwargs.items()]
        if getattr(function, "__objclass__", None) is _ND:
            return f"{given[0]}.{function.__name__}({', '.join([*given[1:], *([out] if out else []), *named])})"
        if out and getattr(function, "__name__", "") == "reduce" and "keepdims" not in step.kwargs:  # by place it is faster
            axis, dtype = step.kwargs.get("axis", 0), step.kwargs.get("dtype")
            given, named = [*given, self._plain(axis), self._plain(dtype) if dtype is None else str(self._shown(dtype))], []
        if out:
            by_name = named or function in (np.maximum, np.minimum) or getattr(function, "__name__", "") == "accumulate"
            given, named = (given, [*named, f"out={out}"]) if by_name else ([*given, out], named)
        return f"{self._function(function)}({', '.join([*given, *named])})"

    def _number(self, x: Any) -> str:
        """A number as it is fastest to compute with: no array, even of no axes."""
        constant = isinstance(x, Value) and isinstance(x.constant, _ND)
        return str(self._shown(x.constant[()] if constant else x))

    def _argument(self, step: Step, place: int) -> str:
        """An argument; a number that a ufunc would convert in each call is an array of no axes, converted once."""
        x = step.args[place]
        number = isinstance(x, (int, float, np.generic)) or (isinstance(x, Value) and (x.dtype is None))
        if not number or isinstance(x, bool):
            return self._plain(x)
        dtype = _wanted_dtype(step, place)
        if dtype is None:
            return str(self._shown(x))
        if isinstance(x, Value) and x.constant is None:
            return self._converted(x, dtype)
        x = x.constant if isinstance(x, Value) else x
        with np.errstate(all="ignore"):
            array = np.array(x, dtype)
        return self._bind(self._numbers.setdefault((array.dtype.str, array.tobytes()), array), f"c{x}".replace("-", "minus_"))

    def _converted(self, x: Value, dtype: Any) -> str:
        if (x, dtype) not in self._as_array:
            name = self._as_array[x, dtype] = self._bind(np.empty((), dtype), f"{self.names[x]}_{dtype}")
            self.lines.append(f"{name}[()] = {self.names[x]}")
        return self._as_array[x, dtype]

    def _writes(self, step: Step, out: str) -> list[str]:
        """The statements that leave the step's result in `out`."""
        way, place = how_it_writes(step)
        function, args = step.function, step.args
        if function in (_ND.copy, np.copy, _ND.astype):
            copyto = self._function(np.copyto)
            return [f"{copyto}({out}, {self._shown(args[0])}, 'unsafe')"]
        if function is np.zeros_like:
            return [f"{out}.fill(0)"]
        if is_reshape(step):
            whole = self._bind(self.plan.arrays[step.results[0]].reshape(args[0].shape), f"{out}_before")
            return [f"{self._function(np.copyto)}({whole}, {self._shown(args[0])})"]
        if way is not Writes.AFTER:
            return [self._call(step, out)]
        first = f"{self._function(np.copyto)}({out}, {self._shown(args[place])}, 'unsafe')"
        if isinstance(args[place], (bool, int, float)):
            first = f"{out}.fill({self._shown(args[place])})"
        return [self._change(step, out)] if step.results[0] in self.plan.over else [first, self._change(step, out)]

    def _change(self, step: Step, out: str) -> str:
        """The statement that makes of the operand, which lies in `out`, the result."""
        function, args = step.function, step.args
        named = "".join(f", {key}={self._plain(part)}" for key, part in step.kwargs.items())
        if function is set_item:
            return f"{out}[{self._plain(args[1])}] = {self._plain(args[2])}"
        if function is ufunc_at:
            rest = ", ".join(map(self._plain, args[2:]))
            return f"{self._function(args[1].at)}({out}, {rest}{named})"
        if function is changed_within:
            array = self.plan.arrays.get(step.results[0])
            part = f"{out}[{self._plain(args[1])}]" if array is None else self._bind(array[args[1]], f"{out}_part")
            return f"{self._function(args[2])}({', '.join([part, *map(self._plain, args[3:])])}, out={part})"
        if function is ufunc_out:
            return f"{self._function(args[1])}({', '.join(map(self._plain, args[2:]))}, out={out}{named})"
        condition, x, _ = args
        if (isinstance(x, Value) and x.shape) or condition.shape != step.results[0].shape:
            return f"{self._function(np.copyto)}({out}, {self._shown(x)}, 'unsafe', {self._shown(condition)})"
        return f"{self._function(np.putmask)}({out}, {self._shown(condition)}, {self._argument(step, 1)})"

    def _return(self) -> None:
        """Outputs that lie in memory of others are copied, and what goes into inputs is copied there when all is computed."""
        texts, copies = [], []
        for k, value in enumerate(self.program.outputs):
            if value in self.plan.given and k in self.into:
                texts.append(self.names[value])
            elif k in self.into:
                target, name = self.names[self.program.inputs[self.into[k]]], self._unused(f"output{k}")
                self.lines.append(f"{name} = {self._copied(value)}")
                copies.append(f"{target}[...] = {name}")
                texts.append(target)
            elif self.plan.own[k]:
                texts.append(str(self._shown(value)))
            else:
                name = self._unused(f"output{k}")
                self.lines.append(f"{name} = {self._copied(value)}")
                texts.append(name)
        self.lines += [*copies, f"return [{', '.join(texts)}]"]

    def _copied(self, value: Value) -> str:
        return f"{self._shown(value)}.copy()"


_REAL = {np.dtype(np.float32), np.dtype(np.float64)}


def _wanted_dtype(step: Step, place: int) -> Any:
    """The dtype in which a ufunc, or `where`, wants the number at this place; None if it is to be given as it is."""
    function, args = step.function, step.args
    if not step.results[0].shape or step.kwargs:
        return None
    if function is np.where:
        return step.results[0].dtype if place else None
    if not isinstance(function, np.ufunc) or function.signature or len(args) != function.nin:
        return None
    kinds = [a.dtype or float if isinstance(a, Value) else a.dtype if isinstance(a, np.generic) else type(a) for a in args]
    try:
        wanted = function.resolve_dtypes((*kinds, *(None,) * function.nout))[place]
        x = args[place]
        exact = isinstance(x, (float, Value)) or np.array(x, wanted) == x
    except (TypeError, ValueError, OverflowError):
        return None
    return wanted if exact else None
