"""Looking for the parts of modules: those that have a name, and parameters that are hidden from `parameters()`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from nn.parameter import Parameter

__all__: list[str] = []

T = TypeVar("T")
LOOKED_AT = 1000  # items of a list, tuple or dict among which hidden parameters are looked for: a history may have millions


def part_of(module: Any, what: str, target: str, known: dict[str, T]) -> T:
    """What is `known` by the name `target`."""
    if target not in known:
        raise AttributeError(f"{type(module).__name__}: there is no {what} {target!r}; there are {', '.join(known) or 'none'}.")
    return known[target]


def parameters_in(container: Any, known: set[int]) -> Iterator[Parameter]:
    """The parameters in a list, tuple or dict, and in the modules and containers there, but for what has an id that is `known`."""
    seen = set(known)
    stack = [container]
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Parameter):
            yield value
            continue
        inside = vars(value) if hasattr(value, "named_parameters") else value
        inside = inside.copy().values() if isinstance(inside, dict) else inside
        stack += [
            x for x in islice(inside, LOOKED_AT) if isinstance(x, (Parameter, list, tuple, dict)) or hasattr(x, "named_parameters")
        ]
