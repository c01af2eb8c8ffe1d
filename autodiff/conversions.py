"""A tensor as something else: a number, an array, text, a pickle, a copy, the rows that it is made of."""

from __future__ import annotations

import dis
import sys
from collections import ChainMap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import deepcopy
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from autodiff.core.modes import current_mode
from autodiff.core.tensor import Tensor, array_of, attach, node_of, read_only
from autodiff.dtypes import refuse_loss

__all__: list[str] = []


def _rows(self: Tensor) -> Iterator[Any]:
    if self.ndim == 0:
        raise TypeError("iteration over a 0-d tensor")
    return (self[i] for i in range(len(self)))


def _text(self: Tensor) -> str:
    """The text that NumPy has for a subclass of this name, whatever the print options, and what is known beyond the array."""
    kind, node = type(self).__name__, node_of(self)
    text: str = np.array_repr(array_of(self).view(type(kind, (np.ndarray,), {})))
    known = ["requires_grad=True" if self.is_leaf else f"grad_fn=<{node.entry.name}>"] if self.requires_grad else []
    known += [] if self.name is None else [f"name={self.name!r}"]
    if not known:
        return text
    text, more = text.removesuffix(")"), f"{', '.join(known)})"
    fits = len(text) - text.rfind("\n") + len(f", {more}") <= np.get_printoptions()["linewidth"] + 1
    return text + (", " if fits else ",\n" + " " * len(f"{kind}(")) + more


def _formatted(self: Tensor, spec: str) -> str:
    return format(self.item() if spec and self.size == 1 else array_of(self) if spec else str(self), spec)


def _as_array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    array = _leave_graph(self, "an array")
    refuse_loss("conversion to an array", array.dtype, array.dtype if dtype is None else np.dtype(dtype))
    return np.array(read_only(array), dtype=dtype, copy=copy)


def loses_gradient(x: Any) -> bool:
    """Whether `x` is a tensor whose gradient would silently be lost if one went on with its array."""
    node = node_of(x)
    if node is None or not node.requires_grad or not current_mode().record:
        return False
    return x.is_leaf or node.parents is not None  # else the graph has been freed


def _leave_graph(tensor: Tensor, to: str) -> np.ndarray:
    """The array, for a conversion `to` something that has no gradient."""
    if loses_gradient(tensor):
        raise TypeError(
            f"conversion to {to}: this tensor requires grad, and the conversion would lose its gradient. "
            "Use NumPy functions on the tensor itself (np.exp, not math.exp; `a @ t`, not `a.dot(t)`; np.stack, not np.array); "
            "to fill a buffer, make it a tensor: np.zeros_like(tensor) or ad.Tensor(np.zeros(5)); "
            "for functions of SciPy's ad.logsumexp, ad.special, np.linalg, np.fft or SCIPY_ARRAY_API=1, and more in docs/numpy.md; "
            "or leave the graph with .item(), .detach() or no_grad()."
        )
    array: np.ndarray = array_of(tensor)
    return array


def _number(kind: Callable[[Any], Any]) -> Callable[[Tensor], Any]:
    """The conversion to a number of Python's `kind`: for `float(t)`, as plain a word as `t.item()`, but not for `math.exp(t)`."""

    def convert(self: Tensor) -> Any:
        if self.dtype.kind == "c" and kind is not complex:
            raise TypeError(
                "conversion to a real number: this tensor is complex. Take complex(z), or its z.real, z.imag or abs(z)."
            )
        if loses_gradient(self) and not _is_plain_word(sys._getframe(1)):
            _leave_graph(self, "a number")
        return kind(array_of(self).item())

    return convert


# Whether a function is being differentiated, which may compute its result from the number.
_differentiating = ContextVar("autodiff_differentiating", default=False)


@contextmanager
def differentiating(is_so: bool = True) -> Iterator[None]:
    """In the block, `float(t)` of what has a gradient is an error, as `math.exp(t)` is everywhere."""
    token = _differentiating.set(is_so)
    try:
        yield
    finally:
        _differentiating.reset(token)


def _is_plain_word(frame: Any) -> bool:
    """Whether the caller asks for text, `"%f" % t`, or in so many words for a number, `float(t)`, and nothing is differentiated.

    Python calls `__float__` for these as for `math.exp(t)`. Only the instruction at which the caller is tells them apart.
    """
    asking = _asking(frame.f_code, frame.f_lasti)
    if asking == "%" or _differentiating.get():
        return asking == "%"
    names = ChainMap(frame.f_locals, frame.f_globals, frame.f_builtins)
    return any(names.get(asking) is kind for kind in (float, int, complex))


@lru_cache
def _asking(code: CodeType, place: int) -> str:
    """What an instruction in `code` does: the sign of an operator, or the name of the function that it calls, if that is one.

    A function is written where its call begins, and loaded last of what begins there and ends before the call does: `math` is
    loaded before `math.exp`. `python -X no_debug_ranges` does not know what is written where; no word is plain then.
    """
    instructions = [*dis.get_instructions(code)]
    (call,) = [i for i in instructions if i.offset == place]
    if "CALL" not in call.opname:  # PRECALL is one: what Python runs often it calls sooner
        return call.argrepr if call.opname == "BINARY_OP" else ""
    begin, end = _place(call)
    before = [i for i in instructions if i.offset < place and _place(i)[0] == begin and _place(i)[1] < end]
    loaded = [i for i in before if i.opname != "PUSH_NULL"][-1:]
    return "".join(i.argval for i in loaded if i.opname.startswith("LOAD_") and i.opname not in ("LOAD_ATTR", "LOAD_METHOD"))


def _place(instruction: dis.Instruction) -> tuple[tuple[int, int], tuple[int, int]]:
    """The line and the column where the source of an instruction begins, and where it ends; 0 for what is not known."""
    line, last, start, end = instruction.positions or (0, 0, 0, 0)
    return (line or 0, start or 0), (last or 0, end or 0)


def _reduced(self: Tensor) -> Any:
    if not self.is_leaf:
        raise TypeError("pickle, copy: this tensor was computed, and its graph cannot be copied. Take x.detach().")
    return _rebuilt, (type(self), array_of(self), self.requires_grad, self.name), getattr(self, "__dict__", None) or None


def _deep_copy(self: Tensor, memo: dict[int, Any]) -> Any:
    if not self.is_leaf:
        raise RuntimeError(
            "deepcopy: this tensor was computed; only leaves can be copied with their role. Use x.copy() or x.detach()."
        )
    memo[id(self)] = new = _rebuilt(type(self), array_of(self), self.requires_grad, self.name)
    new.grad = deepcopy(self.grad, memo)
    if hasattr(self, "__dict__"):
        new.__dict__.update(deepcopy(self.__dict__, memo))
    return new


def _rebuilt(kind: type[Tensor], data: np.ndarray, requires_grad: bool, name: str | None) -> Any:
    """A leaf from its parts: for copies and pickles, also of a subclass that is made in another way."""
    tensor = kind.__new__(kind)
    Tensor.__init__(tensor, data, requires_grad, name=name)
    return tensor


def numpy(self: Tensor) -> np.ndarray:
    """The array, read-only, as `data`."""
    return read_only(array_of(self))


def item(self: Tensor) -> Any:
    """The only element as a Python number."""
    return array_of(self).item()


def tolist(self: Tensor) -> Any:
    """The elements as nested lists of Python numbers."""
    return array_of(self).tolist()


_SPECIAL: dict[str, Any] = {
    "__len__": lambda self: len(array_of(self)),
    "__iter__": _rows,
    "__repr__": _text,
    "__format__": _formatted,
    "__array__": _as_array,
    "__float__": _number(float),
    "__int__": _number(int),
    "__complex__": _number(complex),
    "__index__": lambda self: array_of(self).__index__(),
    "__bool__": lambda self: bool(array_of(self)),
    "__reduce__": _reduced,
    "__deepcopy__": _deep_copy,
}
attach(numpy=numpy, item=item, tolist=tolist, **_SPECIAL)
