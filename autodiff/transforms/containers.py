"""Nested containers of arrays, such as a dict of weights: taken apart into leaves, and put together again from others.

Containers are dicts, lists, tuples, named tuples and dataclasses; what is in them and is none of these is a leaf. `None` is a part
that stays as it is. Where it is asked for, other objects are containers of the arrays that they hold.
"""

from __future__ import annotations

import copy
import inspect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor

__all__: list[str] = []

Step = tuple[str, Any]  # from a container to one of its parts: an attribute, or an index or key
ATTRIBUTE, ITEM = ".", "[]"


@dataclass(frozen=True)
class Structure:
    """How leaves are arranged: a leaf if `parts` is None, else a container like `model` of these parts.

    It is a copy, so that it stays what it is when the container that it was taken from is changed; but for an object, whose arrays
    are `held`.
    """

    model: Any = None
    parts: dict[Step, Structure | None] | None = None
    held: tuple[Any, ...] = ()
    optional: bool = False

    def rebuild(self, leaves: Iterable[Any]) -> Any:
        """The container that has these leaves, in their order.

        Subclasses of dict and list are copied, so that they keep what else they hold; dataclasses are made by
        `dataclasses.replace`, other objects by `copy.deepcopy`.
        """
        return self._built(iter(leaves))

    def of_gradients(self, wanted: Iterator[bool]) -> Structure:
        """How the gradients by those leaves that are `wanted` are arranged: in the same way, but for dicts in the place of objects.

        Other leaves there are optional.
        """
        if self.parts is None:
            return Structure(optional=not next(wanted))
        parts = {
            (ITEM, step[1]) if self.held else step: None if part is None else part.of_gradients(wanted)
            for step, part in self.parts.items()
        }
        return Structure({} if self.held else self.model, parts, optional=all(p is None or p.optional for p in parts.values()))

    def _built(self, leaves: Iterator[Any]) -> Any:
        if self.parts is None:
            return next(leaves)
        model, parts = self.model, [None if part is None else part._built(leaves) for part in self.parts.values()]
        if self.held:
            return copy.deepcopy(model, {id(old): new for old, new in zip(self.held, parts, strict=True)})
        if isinstance(model, tuple):
            return tuple.__new__(type(model), parts)
        names = [name for _, name in self.parts]
        if not isinstance(model, (dict, list)):
            return replace(model, **dict(zip(names, parts, strict=True)))
        new = copy.copy(model)
        for name, part in zip(names, parts, strict=True):
            new[name] = part
        return new

    def leaves_of(self, x: Any, path: str) -> list[tuple[Any, str]]:
        """The leaves of `x`, which must be arranged in the same way, each with its path from `path`.

        Raises:
            ValueError: it has other parts.
        """
        if self.parts is None:
            return [(x, path)]
        wanted = {step: part for step, part in self.parts.items() if part is not None}
        optional = {step for step, part in wanted.items() if part.optional}
        wanted = {step: part for step, part in wanted.items() if step not in optional}
        parts = {step: part for step, part in parts_of(x) or () if step not in optional}
        given = {step: part for step, part in parts.items() if part is not None}
        if given.keys() != wanted.keys():
            has = f"has {_listed(given)}" if given else f"is {described(x)}"
            missing = [step for step in parts if step in wanted and step not in given]
            has += f", and None at {_listed(missing)}" if missing else ""
            raise ValueError(f"{path} {has}; wanted a {type(self.model).__name__} with {_listed(wanted)}.")
        return [leaf for step, part in wanted.items() for leaf in part.leaves_of(given[step], path + text_of(step))]


def flatten(
    x: Any, path: str, arrays_of_numbers: bool = True, is_array: Callable[[Any], bool] | None = None
) -> tuple[list[tuple[Any, str]], Structure]:
    """The leaves of `x`, each with its path, such as `x['layers'][1].b` if `path` is "x", and how they are arranged.

    A list or tuple of numbers, or of such lists of one shape, is one leaf, as `numpy.asarray` makes an array of it; with
    `arrays_of_numbers=False` it is a container like any other. An empty one inside a container, such as a list of no layers, is a
    container.

    With `is_array`, which tells arrays from other objects, an object is a container of those that it holds: a module of its
    parameters, by their names, another of the arrays in its attributes, and in containers and objects there; each is one leaf, by
    whatever ways it is reached.

    Raises:
        ValueError: a container contains itself.
    """
    leaves: list[tuple[Any, str]] = []
    return leaves, _walked(x, path, (), arrays_of_numbers, is_array, leaves)


def _walked(
    x: Any,
    path: str,
    around: tuple[int, ...],
    arrays_of_numbers: bool,
    is_array: Callable[[Any], bool] | None,
    leaves: list[tuple[Any, str]],
) -> Structure:
    """The structure of `x`, whose leaves are added to `leaves`; it is in the containers with the ids `around`."""
    if id(x) in around:
        raise ValueError(f"{path} is a {type(x).__name__} that contains itself; wanted containers that end in arrays.")
    is_leaf = is_array is not None and is_array(x)
    parts = None if is_leaf else parts_of(x)
    held = _arrays_of(x, is_array) if parts is None and is_array is not None and not is_leaf else {}
    is_numbers = arrays_of_numbers and is_array_of_numbers(x) and (not around or _holds_any(x))
    if held:
        parts = [((ATTRIBUTE, name), array) for name, array in held.items()]
    elif parts is None or is_numbers:
        leaves.append((x, path))
        return Structure()
    inner = {
        step: None if part is None else _walked(part, path + text_of(step), (*around, id(x)), arrays_of_numbers, is_array, leaves)
        for step, part in parts
    }
    return Structure(copy.copy(x) if isinstance(x, (dict, list)) else x, inner, tuple(held.values()))


def _arrays_of(x: Any, is_array: Callable[[Any], bool]) -> dict[str, Any]:
    """The arrays that an object holds, each once, by the way to them, such as 'W' or 'layers[0].b'."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    stack: list[tuple[str, Any]] = [("", x)]
    while stack:
        path, part = stack.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        if is_array(part):
            found[path.removeprefix(".")] = part
            continue
        parts = parts_of(part)
        if hasattr(type(part), "named_parameters"):
            parts = [((ATTRIBUTE, name), parameter) for name, parameter in part.named_parameters()]
        elif parts is None:
            parts = [((ATTRIBUTE, name), value) for name, value in _attributes(part).items()]
        stack += [(path + text_of(step), inner) for step, inner in reversed(parts or [])]
    return found


def _attributes(x: Any) -> dict[str, Any]:
    """The attributes of an object, also those in slots; none of what is a kind of array itself, or no data."""
    if hasattr(x, "shape") or inspect.isroutine(x) or inspect.ismodule(x) or inspect.isclass(x):
        return {}
    state = object.__getstate__(x)
    return {name: value for part in (state if isinstance(state, tuple) else (state,)) for name, value in (part or {}).items()}


def refuse_hidden(leaves: Iterable[tuple[Any, str]], is_lost: Callable[[Any], bool]) -> None:
    """Raise if one of the leaves, each with its path, is an object that holds a tensor that `is_lost` there.

    Raises:
        TypeError: which, and where.
    """
    for x, path in leaves:
        if isinstance(x, Tensor):
            continue
        inside = list(x.values()) if isinstance(x, Mapping) else list(x) if isinstance(x, (deque, Set)) else x
        for way in _arrays_of(inside, lambda part: isinstance(part, Tensor) and is_lost(part)):
            raise TypeError(
                f"{path} is {described(x)}, which is not taken apart, but holds a tensor that requires grad: {way}. Put tensors in "
                "dicts, lists, tuples, named tuples or dataclasses."
            )


def described(x: Any) -> str:
    """What `x` is, for errors."""
    return f"{type(x).__name__} of shape {x.shape} and dtype {x.dtype}" if hasattr(x, "shape") else type(x).__name__


def parts_of(x: Any) -> list[tuple[Step, Any]] | None:
    """The parts of a container, each with the step that leads there; None if `x` is no container."""
    if isinstance(x, (Tensor, np.ndarray)):
        return None
    if isinstance(x, dict):
        return [((ITEM, key), part) for key, part in x.items()]
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return [((ATTRIBUTE, name), part) for name, part in zip(x._fields, x, strict=True)]
    if isinstance(x, (list, tuple)):
        return [((ITEM, i), part) for i, part in enumerate(x)]
    if is_dataclass(x) and not isinstance(x, type):  # what __post_init__ computes is computed again
        return [((ATTRIBUTE, field.name), getattr(x, field.name)) for field in fields(x) if field.init]
    return None


def is_array_of_numbers(x: Any) -> bool:
    """Whether `x` is a list or tuple of numbers, or of such lists of one shape."""
    return isinstance(x, (list, tuple)) and _shape_of_numbers(x, ()) is not None


def _shape_of_numbers(x: Any, around: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of a number, or of an array of numbers in the containers with the ids `around`; None if it is none."""
    if isinstance(x, (int, float, complex, np.number, np.bool_)):
        return ()
    if not isinstance(x, (list, tuple)) or hasattr(x, "_fields") or id(x) in around:
        return None
    shapes = {_shape_of_numbers(part, (*around, id(x))) for part in x} or {()}
    shape = shapes.pop()
    return None if shapes or shape is None else (len(x), *shape)


def _holds_any(x: Any) -> bool:
    """Whether there is a number in a list or tuple of numbers, or of such lists."""
    return any(not isinstance(part, (list, tuple)) or _holds_any(part) for part in x)


def text_of(step: Step) -> str:
    """How Python leads there, such as `.b` or `['W']`."""
    kind, name = step
    return f".{name}" if kind == ATTRIBUTE else f"[{name!r}]"


def _listed(steps: Iterable[Step]) -> str:
    return ", ".join(map(text_of, steps)) or "no parts"
