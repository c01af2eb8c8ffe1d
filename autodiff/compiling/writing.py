"""How generated code names things: variables, places, and what is made in each run.

It reads the slots of tensors as they are, such as `t0._array`: to call a function would cost more than all else there.
"""

from __future__ import annotations

import sys
from types import CellType
from typing import Any

import numpy as np

from autodiff.compiling.capture import Capture
from autodiff.compiling.leaving import Effect, NewObject, NewTensor, Scalar, new_object
from autodiff.compiling.places import MISSING, Place
from autodiff.compiling.replay import CHANGED
from autodiff.core.graph import clock
from autodiff.core.tensor import Tensor, node_of, put_array, put_grad, wrap
from autodiff.program import Value

__all__ = ["ALONE", "Names", "own"]

ALONE = (lambda x: sys.getrefcount(x))(np.zeros(1)) + 1  # the count where only a place and a variable refer to an object


def own(array: np.ndarray) -> bool:
    """Whether an array has memory of its own, that can be written to."""
    return array.base is None and array.flags.writeable


class Names:
    """The names in the code that calls a program.

    Attributes:
        scope: what is in the global variables of that code.
        variables: the variable that a tensor, or a container that may be another one in each call, is in, by its id.
    """

    def __init__(self, captured: Capture) -> None:
        self.captured = captured
        self.scope: dict[str, Any] = {"CHANGED": CHANGED, "ndarray": np.ndarray, "wrap": wrap, "node_of": node_of, "own": own}
        self.scope |= {"put_array": put_array, "put_grad": put_grad, "refs": sys.getrefcount, "clock": clock}
        self.scope |= {"may_share_memory": np.may_share_memory, "number": _number, "make": new_object}
        self.variables = {id(x): name for x, name in zip(captured.called_with, ("args", "kwargs"), strict=True)}
        self.scope |= dict(zip(("args", "kwargs"), captured.called_with, strict=True))
        self._names: dict[int, str] = {}  # of constants, by their ids

    def name(self, constant: Any) -> str:
        """The variable that a constant is in."""
        if constant is None:
            return "None"
        if id(constant) not in self._names:
            self._names[id(constant)] = name = f"c{len(self._names)}"
            self.scope[name] = constant
        return self._names[id(constant)]

    def known(self, x: Any) -> str:
        """The variable that a container, or a tensor, is in."""
        return self.variables.get(id(x)) or self.name(x)

    def expression(self, place: Place, position: tuple[int, ...] = ()) -> str:
        """What reads, or writes, a place."""
        container, key = place.container, place.key
        name = self.known(container)
        if isinstance(container, Tensor):
            text = f"{name}._{key}"
        elif isinstance(container, CellType):
            text = f"{name}.cell_contents"
        elif isinstance(container, (dict, list)):
            text = f"{name}[{repr(key) if type(key) in (str, int) else self.name(key)}]"
        else:
            text = f"{name}.__dict__[{key!r}]" if isinstance(container, type) else f"{name}.{key}"
        return text + "".join(f"[{i}]" for i in position)

    def made(self, template: Any) -> str:
        """An expression for a result."""
        if isinstance(template, NewTensor):
            scalar = isinstance(template.value, Scalar)
            return f"number({self.made(template.value.value)})" if scalar else f"wrap({self.made(template.value)})"
        if isinstance(template, NewObject):
            return f"make({self.name(template.kind)}, {self.made(template.attributes)})"
        if isinstance(template, Scalar):
            return f"{self.made(template.value)}[()]"
        if isinstance(template, Value):
            return f"o{self.captured.program.outputs.index(template)}"
        if id(template) in self.captured.containers:
            return self.known(template)
        if isinstance(template, tuple):
            parts = f"({''.join(self.made(part) + ', ' for part in template)})"
            return parts if type(template) is tuple else f"{self.name(type(template))}._make({parts})"
        if type(template) is list:
            return f"[{', '.join(map(self.made, template))}]"
        if type(template) is dict:
            return f"{{{', '.join(f'{self.name(key)}: {self.made(part)}' for key, part in template.items())}}}"
        return repr(template) if type(template) in (int, bool, str, type(None)) else self.name(template)

    def stored(self, effect: Effect, result: str) -> str:
        """The statement that leaves a result at a place."""
        container, key = effect.place.container, effect.place.key
        if effect.result is MISSING:
            return f"del {self.expression(effect.place, effect.position)}"
        if isinstance(container, Tensor):
            return f"put_{key}({self.known(container)}, {result})"
        if isinstance(container, type):
            return f"setattr({self.name(container)}, {key!r}, {result})"
        if isinstance(container, list) and key >= {id(x): n for x, n in self.captured.sizes}.get(id(container), 0):
            return f"{self.known(container)}.append({result})"
        return f"{self.expression(effect.place, effect.position)} = {result}"


def _number(x: Any) -> Tensor:
    """A tensor of a number, which is not written to."""
    array = np.asarray(x)
    array.flags.writeable = False
    return wrap(array)
