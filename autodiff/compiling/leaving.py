"""What a run leaves where, and what it returns: descriptions of it, in which values of the program stand for what is computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autodiff.compiling.places import Place
from autodiff.core.tensor import Tensor, wrap
from autodiff.program import Value

__all__ = ["Effect", "NewObject", "NewTensor", "Scalar", "made", "new_object", "stand_ins", "write"]


@dataclass(eq=False)
class Effect:
    """What a run leaves at a place: `result`, with values of the program in the place of what is computed.

    If `within`, the array that is there stays, and its elements become those of the result.
    """

    place: Place
    result: Any
    within: bool = False
    position: tuple[int, ...] = ()


@dataclass(eq=False)
class NewTensor:
    """In a result: a tensor that is made in each run."""

    value: Any


@dataclass(eq=False)
class NewObject:
    """In a result: an object with attributes that is made in each run."""

    kind: type
    attributes: dict[str, Any]


@dataclass(eq=False)
class Scalar:
    """In a result: a number of NumPy's, not an array."""

    value: Value


def made(template: Any, known: dict[Value, Any]) -> Any:
    """A result, with the values that a run has computed."""
    if isinstance(template, NewTensor):
        return wrap(made(template.value, known))
    if isinstance(template, NewObject):
        return new_object(template.kind, made(template.attributes, known))
    if isinstance(template, Scalar):
        return known[template.value][()]
    if isinstance(template, Value):
        return known[template]
    if isinstance(template, tuple):
        return getattr(template, "_make", type(template))([made(part, known) for part in template])
    if type(template) is list:
        return [made(part, known) for part in template]
    return {key: made(part, known) for key, part in template.items()} if type(template) is dict else template


def new_object(kind: type, attributes: dict[str, Any]) -> Any:
    """An object with these attributes."""
    new: Any = object.__new__(kind)
    vars(new).update(attributes)
    return new


def stand_ins(template: Any) -> Iterator[Any]:
    """The values of the program in a result, or what is there besides, in the order of its parts."""
    if isinstance(template, (NewTensor, Scalar)):
        yield from stand_ins(template.value)
    elif isinstance(template, (tuple, list, dict)):
        for part in template.values() if isinstance(template, dict) else template:
            yield from stand_ins(part)
    else:
        yield template


def write(effect: Effect, array: Any) -> None:
    """Let the elements of the array at a place be those of another."""
    container, target = effect.place.container, effect.place.get()
    for i in effect.position:
        target = target[i]
    if isinstance(container, Tensor) and effect.place.key == "array" and container.is_leaf:
        target = container.writable()
    target[...] = array
