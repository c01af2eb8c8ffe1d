"""The state that a function can reach: saved, restored, and compared after two ways to run the function."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from autodiff import extend
from autodiff.compiling.places import reach
from autodiff.core.tensor import Tensor, array_of

__all__ = ["State", "leaves", "shared_states"]


class State:
    """What is in all places that can be reached from `roots`, to go back to."""

    def __init__(self, roots: dict[str, Any]) -> None:
        self._roots = roots
        reached = reach(roots)
        self._places = [(place, place.get()) for place in reached.places]
        containers = [found.container for found in reached.containers.values()]
        self._dicts = [(x, x.copy()) for x in containers if type(x) is dict and "__builtins__" not in x]
        self._lists = [(x, x.copy()) for x in containers if type(x) is list]
        arrays = {id(x): x for _, value in self._places for x in leaves(value) if isinstance(x, np.ndarray)}
        self._arrays = [(x, x.copy()) for x in arrays.values()]
        found = [x for _, value in self._places for x in leaves(value) if isinstance(x, np.random.Generator)]
        generators = {id(x): x for x in (*found, *(of() for of, _ in extend.generators))}
        self._generators = [(x, x.bit_generator.state) for x in generators.values()]

    def restore(self) -> None:
        """Let everything be as it was."""
        for mapping, items in self._dicts:
            if [*map(id, mapping), *map(id, mapping.values())] != [*map(id, items), *map(id, items.values())]:
                mapping.clear()
                mapping.update(items)
        for sequence, parts in self._lists:
            sequence[:] = parts
        for place, value in self._places:
            if place.get() is not value:
                place.put(value)
        for array, elements in self._arrays:
            if array.flags.writeable:
                array[...] = elements
        for generator, state in self._generators:
            generator.bit_generator.state = state


def leaves(x: Any) -> Iterator[Any]:
    """What is in tuples, lists and dicts; of tensors the arrays."""
    if isinstance(x, (tuple, list)):
        for part in x:
            yield from leaves(part)
    elif isinstance(x, dict):
        yield from leaves([*x.values()])
    else:
        yield array_of(x) if isinstance(x, Tensor) else x


def shared_states(states: Any = None) -> list[tuple[Any, Any]]:
    """The states of the generators that a program shares, each with what sets it; given such a list, set them."""
    if states is not None:
        for put, state in states:
            put(state)
        return []
    known: list[tuple[Any, Any]] = []
    if "random" in sys.modules:
        known.append((sys.modules["random"].setstate, sys.modules["random"].getstate()))
    if "numpy.random" in sys.modules:
        drawn: Any = np.random.get_state(legacy=True)
        known.append((_put_legacy, (drawn[0], drawn[1].tobytes(), *drawn[2:])))
    return known


def _put_legacy(state: Any) -> None:
    name, keys, *rest = state
    np.random.set_state((name, np.frombuffer(keys, np.uint32), *rest))
