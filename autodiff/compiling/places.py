"""What a function can reach: the containers, and the places in them where arrays, floats and generators are.

Walked are the arguments, the closure, the globals that the code names, attributes, dicts, lists, tuples and tensors. What belongs
to a library, such as the globals of NumPy's functions, is not looked into.
"""

from __future__ import annotations

import dis
import enum
import functools
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, array_of, node_of, put_array, put_grad
from autodiff.dtypes import is_stand_in

__all__ = ["Found", "Place", "Reached", "Wrapper", "named", "reach"]

_NO_CONTAINERS = (BuiltinFunctionType, np.ndarray, np.generic, np.dtype, np.random.Generator, np.ufunc, enum.Enum)
_NO_CONTAINERS += (str, bytes, int, float, complex, bool, type(None), np.random.BitGenerator, ModuleType)  # type: ignore[assignment]
_LIBRARIES = {"autodiff", "nn", "numpy", "scipy", "sklearn", "matplotlib", "tqdm", "pandas", *sys.stdlib_module_names} - {
    "__main__"
}


class Wrapper:
    """An object of which nothing but the function `__wrapped__` is looked into."""


@dataclass(eq=False, slots=True)
class Place:
    """Where a value is: an item of a dict or list, the content of a cell, the array or gradient of a tensor, or an attribute.

    `path` is how a user would write it. A `setting` is an attribute of a library's object, which is not expected to change.
    """

    container: Any
    key: Any
    path: str
    setting: bool = False

    def get(self) -> Any:
        """What is there; `MISSING` if nothing is."""
        container = self.container
        if isinstance(container, Tensor):
            return array_of(container) if self.key == "array" else container.grad
        if isinstance(container, CellType):
            return _content(container)
        if isinstance(container, dict):
            return container.get(self.key, MISSING)
        if isinstance(container, list):
            return container[self.key] if self.key < len(container) else MISSING
        if isinstance(container, type):
            return vars(container).get(self.key, MISSING)
        return getattr(container, self.key, MISSING)

    def put(self, value: Any) -> None:
        """Let `value` be there."""
        container = self.container
        if isinstance(container, Tensor):
            (put_array if self.key == "array" else put_grad)(container, value)
        elif isinstance(container, CellType):
            if value is MISSING:
                del container.cell_contents
            else:
                container.cell_contents = value
        elif isinstance(container, (dict, list)):
            if value is MISSING:
                del container[self.key]
            elif isinstance(container, list) and self.key == len(container):
                container.append(value)
            else:
                container[self.key] = value
        else:
            kind = type if isinstance(container, type) else object
            if value is MISSING:
                kind.__delattr__(container, self.key)
            else:
                kind.__setattr__(container, self.key, value)


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


@dataclass(eq=False, slots=True)
class Found:
    """A container, and where it was found at first: a place, and the position in a tuple there; or nowhere, as what is given."""

    container: Any
    place: Place | None
    position: tuple[int, ...] = ()


@dataclass(eq=False, slots=True)
class Reached:
    """All places that can be reached, and the containers by their ids."""

    places: list[Place]
    containers: dict[int, Found]


def reach(roots: dict[str, Any]) -> Reached:
    """The places that can be reached from `roots`, which are named, each container once."""
    reached = Reached([], {})
    seen: set[tuple[int, Any]] = set()
    stack: list[Any] = [(path, x, None, ()) for path, x in roots.items()][::-1]  # each with its path, place and position
    while stack:
        path, x, at, position = stack.pop()
        if isinstance(x, _NO_CONTAINERS) or is_stand_in(x) or id(x) in reached.containers:
            continue
        reached.containers[id(x)] = Found(x, at, position)  # which keeps it, so that no other can have the same id meanwhile
        places = []
        for place in _places_in(x, path):
            where = id(place.container), place.key if isinstance(place.key, (str, int)) else id(place.key)
            if where not in seen:  # a global that two functions name
                seen.add(where)
                places.append(place)
            if isinstance(place.container, dict):  # of the globals, for example
                reached.containers.setdefault(id(place.container), Found(place.container, None))
        if isinstance(own := getattr(x, "__dict__", None), dict) and not isinstance(x, Wrapper):
            reached.containers.setdefault(id(own), Found(own, None))
        reached.places += places
        inside: list[Any] = [(place.path, place.get(), place, ()) for place in places]
        inside += [(part, y, at, (*position, *where)) for part, y, where in _parts_of(x, path)]
        stack += inside[::-1]
    return reached


def _parts_of(x: Any, path: str) -> Iterator[tuple[str, Any, tuple[int, ...]]]:
    """What is in something that cannot be changed, with where that is in a tuple."""
    if isinstance(x, Tensor) and getattr(node_of(x), "hooks", None) is not None:
        yield f"the hooks of {path}", node_of(x).hooks.functions, ()
    elif isinstance(x, tuple):
        yield from ((f"{path}[{i}]", part, (i,)) for i, part in enumerate(x))
    elif isinstance(x, MethodType):
        yield from ((path.rpartition(".")[0] or path, x.__self__, ()), (path, x.__func__, ()))
    elif isinstance(x, partial):
        yield from ((path, part, ()) for part in (x.func, x.args, x.keywords))
    elif isinstance(x, Wrapper):
        yield path, vars(x)["__wrapped__"], ()


def _places_in(x: Any, path: str) -> Iterator[Place]:
    """The places of one container."""
    if isinstance(x, Tensor):
        yield from (Place(x, "array", path), Place(x, "grad", f"{path}.grad"))
    elif isinstance(x, dict):
        yield from (Place(x, key, f"{path}[{named(key)}]") for key in list(x))
    elif isinstance(x, list):
        yield from (Place(x, i, f"{path}[{i}]") for i in range(len(x)))
    elif isinstance(x, FunctionType):
        yield from _places_of_function(x)
    elif isinstance(x, type):
        yield from _places_of_class(x)
    elif not isinstance(x, (tuple, MethodType, partial, CellType, Wrapper, set, frozenset, deque)):
        yield from _places_of_object(x, path)


def _places_of_object(x: Any, path: str) -> Iterator[Place]:
    """The attributes, and those of a user's own class."""
    attributes = getattr(x, "__dict__", None)
    if isinstance(attributes, dict):
        for name in list(attributes):
            yield Place(attributes, name, f"{path}.{name}", setting=_in_library(type(x)))
    for cls in type(x).__mro__:
        slots = vars(cls).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            private = name.startswith("__") and not name.endswith("__")
            if name not in ("__dict__", "__weakref__"):
                yield Place(x, f"_{cls.__name__.lstrip('_')}{name}" if private else name, f"{path}.{name}")
    yield from _places_of_class(type(x))


def _places_of_class(cls: type) -> Iterator[Place]:
    """The attributes of a user's own class, and what its methods name."""
    if isinstance(cls, enum.EnumMeta):
        return
    for owner in cls.__mro__:
        for name, member in [] if _in_library(owner) else [*vars(owner).items()]:
            if isinstance(member, property):
                functions = [member.fget, member.fset]
            else:
                functions = [member.func if isinstance(member, cached_property) else getattr(member, "__func__", member)]
            if any(isinstance(function, FunctionType) for function in functions):
                yield from (place for f in functions if isinstance(f, FunctionType) for place in _places_of_function(f))
            elif not name.startswith("__") and not hasattr(type(member), "__get__"):
                yield Place(owner, name, f"{owner.__name__}.{name}")


def _places_of_function(function: FunctionType) -> Iterator[Place]:
    """The variables of the closure, the globals that the code of a user's function names, its attributes, and its defaults."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield Place(cell, None, name)
    yield from (Place(vars(function), name, f"{function.__name__}.{name}") for name in vars(function))
    if not _in_library(function):
        yield from _places_of_names(function.__globals__, *_names_in(function.__code__), "")
    for defaults in ("__defaults__", "__kwdefaults__"):
        if getattr(function, defaults):
            yield Place(function, defaults, f"{function.__name__}.{defaults}")


def _places_of_names(
    variables: dict[str, Any], names: Iterable[str], attributes: set[str], path: str, outer: tuple[Any, ...] = ()
) -> Iterator[Place]:
    """The variables that code names, of its own module, and as attributes of the user's modules that it names."""
    for name in names:
        if name in variables:
            yield Place(variables, name, f"{path}{name}")
            module = variables[name]
            if isinstance(module, ModuleType) and module.__name__.partition(".")[0] not in _LIBRARIES and module not in outer:
                yield from _places_of_names(vars(module), sorted(attributes), attributes, f"{path}{name}.", (*outer, module))


@functools.cache
def _names_in(code: CodeType) -> tuple[dict[str, None], set[str]]:
    """The global variables that the code names, also in functions inside, and the attributes."""
    variables, attributes = dict[str, None](), set[str]()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"):
            variables[instruction.argval] = None
    attributes.update(set(code.co_names) - variables.keys())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = _names_in(constant)
            variables |= inner[0]
            attributes |= inner[1]
    return variables, attributes


def _in_library(x: Any) -> bool:
    return (getattr(x, "__module__", None) or "builtins").partition(".")[0] in _LIBRARIES


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is not assigned yet
        return MISSING


def named(key: Any) -> str:
    """A key as it is shown in a path."""
    return repr(key) if isinstance(key, (str, int, float, bool, type(None))) else type(key).__name__
