"""The first run of a program beside the function itself, on the same state: they must leave the same, but for rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff.compiling.calling import Caller, Watched
from autodiff.compiling.capture import Capture, key_of
from autodiff.compiling.checking import compare
from autodiff.compiling.leaving import Effect, stand_ins
from autodiff.compiling.places import Place, reach
from autodiff.compiling.replay import CHANGED
from autodiff.compiling.state import State, leaves
from autodiff.core.tensor import array_of
from autodiff.program import Value

__all__ = ["verified"]


@dataclass
class _Left:
    """What is in all places, and what was returned: copies of the arrays, with the objects themselves, and where each is."""

    roots: dict[str, Any]
    result: Any
    paths: list[str] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)
    copies: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        found = [(p.path, (*_key(p), n), x) for p in reach(self.roots).places for n, x in enumerate(_parts(p.get()))]
        for path, key, x in [*found, *(("what is returned", (n,), array_of(x)) for n, x in enumerate(leaves(self.result)))]:
            self.paths.append(path)
            self.keys.append(key)
            self.objects.append(x)
            self.copies.append(x.copy() if isinstance(x, np.ndarray) else x)


def verified(caller: Caller, captured: Capture, run: Callable[[], Any], roots: dict[str, Any]) -> tuple[Any, list[str]]:
    """What a call of the program returns, and what is wrong with it; `run` calls the function itself.

    The state is then as the program leaves it; if something is wrong, as it was before. The function is run in between, and what it
    does is taken back, but for what it does outside of Python's objects, such as printing.
    """
    state = State(roots)
    watched = caller.watched()
    if watched.result is CHANGED:
        return CHANGED, []
    ours = _Left(roots, watched.result)
    state.restore()
    theirs = _Left(roots, run())
    state.restore()
    complaints = [f"the back end: {text}" for text in compare(captured.program, watched.inputs, watched.outputs).complaints]
    state.restore()
    complaints = complaints or _differences(captured, watched, ours, theirs)
    state.restore()
    return (None, complaints) if complaints else (caller.call(), [])


def _parts(x: Any) -> list[Any]:
    """What is at a place, without what is a place of its own."""
    if isinstance(x, tuple):
        return [part for item in x for part in _parts(item)]
    return [x] if isinstance(x, (np.ndarray, *_PLAIN)) else [type(x)]


_PLAIN = (int, float, complex, str, bytes, np.generic, type(None))


def _differences(captured: Capture, watched: Watched, ours: _Left, theirs: _Left) -> list[str]:
    """What the function itself left otherwise than the program: numbers, if rounding does not explain it, and all else exactly."""
    if ours.paths != theirs.paths:
        only = sorted({*ours.paths} ^ {*theirs.paths})
        return [f"{', '.join(only[:3]) or 'something'} is there only after one of the two"]
    outputs = {value: k for k, value in enumerate(captured.program.outputs)}
    numbers = {id(x): k for k, x in enumerate(watched.made)}
    numbers |= {id(_target(effect)): outputs[effect.result] for effect in captured.effects if effect.within}
    left: list[tuple[tuple[Any, ...], Any]] = [((), captured.result), *((_key(e.place), e.result) for e in captured.effects)]
    numbers_at = {
        (*key, n): outputs.get(x) for key, template in left for n, x in enumerate(stand_ins(template)) if type(x) is Value
    }
    results = list(watched.outputs)
    complaints = []
    for path, key, x, mine, other in zip(ours.paths, ours.keys, ours.objects, ours.copies, theirs.copies, strict=True):
        number = numbers.get(id(x), numbers_at.get(key))
        numeric = isinstance(mine, (np.ndarray, np.generic)) and type(other) is type(
            mine
        )  # at a place of a tensor there is its type
        if number is not None and numeric and other.shape == mine.shape:
            results[number] = other
        elif not _is_same(mine, other):
            complaints.append(f"{path} is {other!r} after the function, and {mine!r} after its program")
    return complaints or compare(captured.program, watched.inputs, results).complaints


def _key(place: Place) -> tuple[Any, ...]:
    return id(place.container), key_of(place)


def _target(effect: Effect) -> Any:
    """The array that is written to."""
    target = effect.place.get()
    for i in effect.position:
        target = target[i]
    return target


def _is_same(a: Any, b: Any) -> bool:
    """Whether what is no output of the program is the same."""
    if isinstance(a, np.ndarray):
        return bool(isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    return a is b or (type(a) is type(b) and bool(a == b or a != a))
