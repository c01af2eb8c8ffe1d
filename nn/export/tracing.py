"""What a model computes, as nodes of ONNX: it is called once with values that note what is done to them.

A `Symbol` stands in a tensor for an array: it has a name in the graph, and its value for the example, which tells shapes and types.
Calls of primitives come to the `Trace`, which is an interpreter of `autodiff`; NumPy's functions that are none, such as
comparisons, come to it by NumPy's protocols. What has no translation is taken apart: its forward function is called with symbols.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

import autodiff as ad
from autodiff import extend

__all__ = ["ExportError", "Symbol", "Trace", "value_of"]

_STATIC = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.zeros_like, np.ones_like, np.full_like, np.empty_like}
_METHODS = {"all", "any", "argmax", "argmin", "astype", "clip", "copy", "cumsum", "dot", "max", "mean", "min", "prod", "ravel"}
_METHODS |= {"repeat", "reshape", "round", "squeeze", "std", "sum", "swapaxes", "take", "transpose", "var", "T", "mT"}


class ExportError(RuntimeError):
    """A model does what cannot be said in ONNX."""


@dataclass
class Node:
    """An operation of ONNX on values by their names, with the place in the model that it comes from."""

    op: str
    inputs: list[str]
    output: str
    attributes: dict[str, Any]
    module: str
    operation: str


class Symbol(NDArrayOperatorsMixin):
    """An array whose values the graph computes: `name` is what they are called there, `value` is what they are for the example."""

    def __init__(self, trace: Trace, name: str, value: Any) -> None:
        self.trace, self.name, self.value = trace, name, np.asarray(value)
        self.shares = False  # whether it is a view, or has one
        self.windows: Any = None  # what it was unfolded from, and how

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    dtype = property(lambda self: self.value.dtype)
    flags = SimpleNamespace(writeable=True, c_contiguous=True, owndata=True)

    def __len__(self) -> int:
        return len(self.value)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = (), **kwargs: Any) -> Any:
        result = self.trace.function(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)
        if out and not isinstance(out[0], Symbol):
            self.trace.refuse("a change in place of a constant; compute a new array: y = y + x")
        return out[0].become(result) if out else result

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if function in _STATIC:
            return function(*each(args, value_of), **each(kwargs, value_of))
        return self.trace.function(function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        return self.trace.function(lambda x: x[index], (self,), {})

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self)))

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(f"Symbol has no attribute {name!r}")
        member = getattr(extend.tensor_of(self), name)
        if not callable(member):
            return extend.array_of(member)
        return lambda *args, **kwargs: self.trace.function(lambda x, *a, **k: getattr(x, name)(*a, **k), (self, *args), kwargs)

    def become(self, other: Symbol) -> Symbol:
        """Stand for another value from now on, as of `x += y`."""
        if self.shares or other.shape != self.shape:
            self.trace.refuse("a change in place of an array that shares its memory with another; compute a new one: y = y + x")
        self.name, self.value = other.name, other.value.astype(self.dtype)
        return self

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        self.trace.refuse("x[i] = v, a change in place; choose by np.where or join parts by np.concatenate")

    def _need_values(self, *args: Any, **kwargs: Any) -> NoReturn:
        self.trace.refuse("what needs numbers: a conversion to an array or a number, or a decision by values")

    __array__ = __bool__ = __float__ = __int__ = __index__ = __complex__ = item = tolist = view = _need_values


@dataclass
class Trace:
    """The graph while it is made."""

    operations: Mapping[str, Callable[..., Any]]  # by the names of primitives: to nodes
    functions: Mapping[str, Callable[..., Any]]  # by the names of NumPy's functions that are no primitives: to nodes
    rewritings: Mapping[str, Callable[..., Any]]  # by the names of primitives: to functions of NumPy that have translations
    state: dict[int, tuple[str, ad.Tensor]]  # the model's tensors, by identity, with their names
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)  # those whose `forward` runs
    opened: list[Any] = field(default_factory=list)  # what is being taken apart
    current: str = ""

    # --- what is called while the model runs

    def __call__(self, entry: extend.Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Interpret a call of a primitive."""
        of_tensors = any(isinstance(x, ad.Tensor) for x in operands)
        known, params = [self.symbol(x) for x in operands], each(params, self.symbol)
        if not _any_symbol([known, list(params.values())]):
            return entry.apply(operands, params)
        result = self._do(entry.name, entry.forward, [known] if entry.variadic else known, params)
        if entry.view and isinstance(result, Symbol):
            known[0].shares = result.shares = True
        else:
            result = each(result, _of_its_own)
        return each(result, _wrapped) if of_tensors else result

    def function(self, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What a function of NumPy gives: a node, or what it means for tensors."""
        name = getattr(function, "__name__", "")
        if name in self.functions:
            return self._do(name, function, each(tuple(args), self.symbol), each(kwargs, self.symbol))
        with self._taking_apart(function):
            return each(function(*each(tuple(args), _wrapped), **each(kwargs, _wrapped)), extend.array_of)

    def _do(self, name: str, function: Callable[..., Any], operands: Sequence[Any], params: dict[str, Any]) -> Any:
        """Add what computes the function, the translation or what the function is made of."""
        translate = self.operations.get(name) or self.functions.get(name)
        if translate is not None:
            y = np.asarray(function(*each(list(operands), value_of), **each(params, value_of)))
            before, self.current = self.current, self.current or name
            made = translate(self, y, *operands, **params)
            self.current = before
            if made is not None:
                return made if isinstance(made, Symbol) else Symbol(self, made, y)
        with self._taking_apart(name):
            if name not in self.rewritings:
                return function(*operands, **params)
            y = np.asarray(function(*each(list(operands), value_of), **each(params, value_of)))
            return self.cast(self.rewritings[name](*operands, **params), y.dtype)

    @contextmanager
    def _taking_apart(self, what: Any) -> Iterator[None]:
        name = getattr(what, "__name__", what)
        if what in self.opened:
            self.refuse(f"{self.current}, which has no translation" + (f" of {name}" if name != self.current else ""))
        self.opened.append(what)
        before, self.current = self.current, self.current or name
        try:
            with extend.interpreting(self):
                yield
        finally:
            self.opened.pop()
            self.current = before

    def symbol(self, x: Any) -> Any:
        """`x` as a symbol, if it is part of the model's state or was computed; else as an array or number."""
        array = extend.array_of(x)
        if id(x) in self.state and not isinstance(array, Symbol):
            return Symbol(self, self.state[id(x)][0], array)
        return array

    def refuse(self, what: str) -> NoReturn:
        """Say that there is something that cannot be exported, and where."""
        line = _calling_line()
        raise ExportError(f"to_onnx: in {self.module()}{f', at {line}' if line else ''}, there is {what}. ONNX cannot say it.")

    def module(self) -> str:
        """The module whose `forward` runs: its class, and its name in the model."""
        return self.modules[-1] if self.modules else "the model's results"

    # --- what translations call

    def add(self, op: str, *inputs: Any, **attributes: Any) -> str:
        """Add a node; return the name of its result."""
        output = f"/{op}_{len(self.nodes)}"
        names = [self.name_of(x) for x in inputs]
        self.nodes.append(Node(op, names, output, attributes, self.module(), self.current))
        return output

    def name_of(self, x: Any) -> str:
        """The name of a value, which is a constant if it is no symbol."""
        if isinstance(x, (str, Symbol)):
            return x if isinstance(x, str) else x.name
        name = f"/constant_{len(self.constants)}"
        self.constants[name] = np.array(x)
        return name

    def cast(self, x: Any, dtype: Any) -> Any:
        """`x` as one of this type."""
        if not isinstance(x, Symbol):
            return np.asarray(x, dtype)
        return x if x.dtype == dtype else Symbol(self, self.add("Cast", x, to=np.dtype(dtype)), x.value.astype(dtype))


def each(x: Any, change: Callable[[Any], Any]) -> Any:
    """`change` of each value, also of those inside tuples, lists and dicts."""
    if isinstance(x, (tuple, list)):
        return getattr(x, "_make", type(x))([each(part, change) for part in x])
    return {key: each(part, change) for key, part in x.items()} if isinstance(x, dict) else change(x)


def value_of(x: Any) -> Any:
    """The value of a symbol or tensor for the example; anything else as it is."""
    array = extend.array_of(x)
    return array.value if isinstance(array, Symbol) else array


def _of_its_own(x: Any) -> Any:
    """`x` as an array of its own, which a change of another does not change."""
    if not isinstance(x, Symbol):
        return x
    new = Symbol(x.trace, x.name, x.value)
    new.windows = x.windows
    return new


def _wrapped(x: Any) -> Any:
    return extend.tensor_of(x) if isinstance(x, Symbol) else x


def _any_symbol(x: Any) -> bool:
    return any(map(_any_symbol, x)) if isinstance(x, (tuple, list)) else isinstance(x, Symbol)


def _calling_line() -> str:
    """The file and line of the model that led here; nothing if it is one of this package, which a module's name tells enough of."""
    packages = Path(__file__).parents[2]
    own = (f"{packages / 'autodiff'}{os.sep}", f"{packages / 'nn'}{os.sep}")
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "to_onnx":
        name = frame.f_code.co_filename
        if not name.startswith(own) and not name.endswith("contextlib.py"):
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
