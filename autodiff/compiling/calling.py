"""A captured program as a Python function, written out.

What must be as it was is looked at first, then the program runs, and what a run of the captured function leaves is left.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff.compiling.capture import Capture, key_of
from autodiff.compiling.guarding import Guards
from autodiff.compiling.leaving import Effect, NewTensor
from autodiff.compiling.places import Place
from autodiff.compiling.replay import CHANGED
from autodiff.compiling.writing import ALONE, Names
from autodiff.core.modes import current_mode
from autodiff.core.tensor import Tensor
from autodiff.dtypes import capturing
from autodiff.program import Value, operands

__all__ = ["Caller", "Watched"]

_ERRORS = "(KeyError, IndexError, AttributeError, TypeError, ValueError)"


@dataclass
class Watched:
    """One call: copies of the inputs of the program and of its outputs, the outputs themselves, and what the call returned."""

    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    made: list[Any] = field(default_factory=list)
    result: Any = None


class Caller:
    """Writes the functions that call a program.

    Attributes:
        source: the text of the functions.
        call: calls the program, of no arguments: what is called with lies in a list that the capture has reached.
        again: calls it with these arguments, a tuple and a dict, if nothing but they has changed since the last `call` or `again`;
            else it returns CHANGED, before anything is written, as `call` does.
        repeated: as `again`, but the program is run by what is given as a third argument, a function of its inputs that may run it
            several times; None if what a run leaves is not what the next one takes.
        carried: for outputs that the next run takes, by their places, the places of the inputs.
        changed: a function of no arguments that gives the path of the first thing that is not as it was, or None.
    """

    def __init__(self, captured: Capture, build: Callable[..., Any], mode: Any) -> None:
        self._captured = captured
        self._names = Names(captured)
        self._carried = _carried(captured)
        self._donated = _donations(captured, self._carried)
        outputs = captured.program.outputs
        self.carried = {outputs.index(_value(effect)): i for effect, i in self._carried}
        self._into = {outputs.index(_value(effect)): i for effect, i in self._donated.items()}
        self._into |= {k: i for k, i in self.carried.items() if outputs[k].dtype is None and i not in self._into.values()}
        self.replay = build(captured.program, captured.given, self._into)
        self._guards = Guards(self._names, self._donated, self._inputs_used())
        self._scope = self._names.scope
        self._scope |= {"live": self._guards.live, "known": [], "ready": False}
        self._scope |= {"replay": self.replay, "mode": current_mode, "MODE": mode, "capturing": capturing.get}
        looking = [re.sub(r"return CHANGED  # (.*)", lambda found: f"return {found[1]!r}", line) for line in self._guards.full]
        body = ["    try:", *looking, f"    except {_ERRORS}:", "        return 'the structure of what is used'"]
        functions = ["def call():", *self._call(), "", *self._again(), "", "def changed():", *body]
        self.source = "\n".join(functions)
        exec(compile(self.source, f"{__file__}: a compiled step", "exec"), self._scope)
        self.call: Callable[[], Any] = self._scope.pop("call")  # popped, so that there is no cycle of references
        self.again: Callable[[Any, Any], Any] = self._scope.pop("again")
        self.repeated: Callable[[Any, Any, Any], Any] | None = (
            self._scope.pop("repeated", None) if self._can_be_repeated() else None
        )
        self.changed: Callable[[], str | None] = self._scope.pop("changed")
        del self._captured, self._names, self._carried, self._donated, self._into, self._guards

    def watched(self) -> Watched:
        """A call, with what goes into the program and what comes out of it."""
        seen = Watched()

        def replay(inputs: list[Any]) -> Any:
            seen.inputs = copy.deepcopy(inputs)
            outputs = self.replay(inputs)
            if outputs is not CHANGED:
                outputs = [
                    np.asarray(y) if isinstance(y, np.generic) else y for y in outputs
                ]  # which is known again where it is left
                seen.made, seen.outputs = outputs, copy.deepcopy(outputs)
            return outputs

        self._scope["replay"] = replay
        try:
            seen.result = self.call()
        finally:
            self._scope["replay"] = self.replay
        return seen

    def _inputs_used(self) -> list[int]:
        """The inputs that were read, looked at or written to, or with which another array was the same."""
        captured, program = self._captured, self._captured.program
        trees = [(step.args, step.kwargs) for step in program.steps]
        read = {*captured.looked_at, *operands([trees, program.outputs, [value for value, _ in program.decisions]])}
        within = {self._input_at(effect) for effect in captured.effects if effect.within}
        used = {*self._into.values(), *within, *(i for _, _, i in captured.repeated)}
        return [i for i, value in enumerate(program.inputs) if value in read or i in used]

    def _input_at(self, effect: Effect) -> int:
        """The number of the input that is an array which is written to."""
        places = [(source.place, source.position) for source in self._captured.inputs]
        return places.index((effect.place, effect.position))

    # --- the first call, and those after others

    def _call(self) -> list[str]:
        """Look at everything, and remember it; run the program and leave what a run leaves."""
        lines = ["    steady = True"]
        if self._guards.steady:
            lines = [f"    global {', '.join(['ready', *self._guards.remembered])}", "    ready, steady = False, True"]
        lines += ["    try:", *self._guards.full, f"    except {_ERRORS}:", "        return CHANGED  # the structure of it"]
        lines += [f"    {line}" for effect in self._captured.effects if effect.within for line in self._own(effect)]
        lines += [f"    {line}" for effect in self._donated if not effect.within for line in self._taken(effect)]
        lines += [f"    outputs = replay([{', '.join(self._given())}])", *self._unpacked()]
        if self._guards.steady:
            lines.append("    known[:], ready = [x.copy() for x in live], steady")
        return [*lines, *self._left(self._store)]

    def _again(self) -> list[str]:
        """Look whether everything is still as `call` has found it; run the program, in the arrays that it has written to."""
        captured, guards, names = self._captured, self._guards, self._names
        head = ["def again(args, kwargs):"]
        if not guards.steady:
            return [*head, "    return CHANGED  # what is given are other containers in each call"]
        for effect, i in self._donated.items():
            if not effect.within:
                guards.look_alone(i, self._tensor_at(effect))
        leaves = [effect for effect in captured.effects if effect.within and _is_leaf(effect.place.container)]
        for effect in leaves:
            guards.look_writable(self._input_at(effect), effect.place.container)
        lines = ["    if not ready or mode() is not MODE or capturing():", "        return CHANGED"]
        lines += ["    try:", *guards.again, "    except Exception:  # of a comparison", "        return CHANGED"]
        trained = [effect for effect in leaves if effect.place.container.requires_grad]
        marked = [f"n{names.known(effect.place.container)[1:]}" for effect in trained]
        if marked:  # graphs that need the values from before are told
            lines.append(f"    {' = '.join(f'{name}.watch.changed' for name in marked)} = next(clock)")
        inlined = getattr(self.replay, "inlined", None)
        given = self._given()
        if inlined is not None:
            text, scope = inlined(given, {i for i in range(len(given)) if guards.is_remembered(i)})
            self._scope |= scope
            once = [f"    {line}" for line in text]
        else:
            self._scope["run"] = getattr(self.replay, "run", self.replay)
            once = [f"    outputs = run([{', '.join(given)}])", *self._unpacked()]
        often = [f"    outputs = loop([{', '.join(given)}])", *self._unpacked()]
        left = self._left(self._store_again)
        return [*head, *lines, *once, *left, "", "def repeated(args, kwargs, loop):", *lines, *often, *left]

    def _can_be_repeated(self) -> bool:
        """Whether all that a run leaves where the next one looks is of the same kind; C is to find it where it was."""
        program, carried = self._captured.program, self._carried
        same = all(_value(e).shape == program.inputs[i].shape and _value(e).dtype == program.inputs[i].dtype for e, i in carried)
        each = len({i for _, i in carried}) == len(carried) == len(self.carried)
        return same and each and (self._into == self.carried or not hasattr(self.replay, "repeat"))

    def _given(self) -> list[str]:
        return [f"a{i}" if i in self._guards.used else "None" for i in range(len(self._captured.inputs))]

    def _unpacked(self) -> list[str]:
        names = "".join(f"o{k}, " for k in range(len(self._captured.program.outputs)))
        return [
            "    if outputs is CHANGED:",
            "        return CHANGED",
            *([f"    {names.rstrip()} = outputs"] if names else []),
        ]

    def _left(self, store: Callable[[Effect], str]) -> list[str]:
        lines = [f"    {line}" for effect in self._captured.effects if (line := store(effect))]
        return [*lines, f"    return {self._names.made(self._captured.result)}"]

    # --- what is written to, and what is left

    def _own(self, effect: Effect) -> list[str]:
        """Have the memory of an array that is written to."""
        container, i = effect.place.container, self._input_at(effect)
        if not _is_leaf(container):
            return []
        t = self._names.known(container)
        return [f"a{i} = {t}.writable()", f"steady = steady and a{i}.flags.writeable and getattr({t}, '_view', None) is None"]

    def _taken(self, effect: Effect) -> list[str]:
        """Have memory for what takes the place of an array: its own, or that of a copy if somebody else has it, not to see it."""
        i, tensor = self._donated[effect], self._tensor_at(effect)
        alone, copied = f"refs(a{i}) <= {ALONE} and own(a{i})", f"steady, a{i} = False, a{i}.copy()"
        if tensor is None:
            return [f"if not ({alone}): {copied}"]
        t = self._names.known(tensor)
        alone = f"n{t[1:]} is None and refs({t}) <= {ALONE} and {alone}"
        return [f"if not ({alone}): {copied}; {t} = wrap(a{i})"]

    def _tensor_at(self, effect: Effect) -> Tensor | None:
        """The tensor at a place where a new one takes its memory."""
        container = self._captured.inputs[self._donated[effect]].place.container
        return container if isinstance(effect.result, NewTensor) else None

    def _store(self, effect: Effect) -> str:
        """Leave a result at a place."""
        if effect.within:
            i = self._input_at(effect)
            container = effect.place.container
            target = f"{self._names.known(container)}.writable()" if _is_leaf(container) else f"a{i}"
            return "" if effect in self._donated else f"{target}[...] = {self._names.made(effect.result)}"
        tensor = self._tensor_at(effect) if effect in self._donated else None
        return self._names.stored(effect, self._names.made(effect.result) if tensor is None else self._names.known(tensor))

    def _store_again(self, effect: Effect) -> str:
        """The same, where what takes memory is there already."""
        return "" if effect in self._donated and not effect.within else self._store(effect)


def _is_leaf(container: Any) -> bool:
    return isinstance(container, Tensor) and container.is_leaf


def _value(effect: Effect) -> Value:
    result: Value = effect.result.value if isinstance(effect.result, NewTensor) else effect.result
    return result


def _carried(captured: Capture) -> list[tuple[Effect, int]]:
    """The effects whose results are inputs of the next run: left where an array or a float was, or in a tensor in its place."""
    sources = {(id(s.place.container), key_of(s.place), s.position): i for i, s in enumerate(captured.inputs)}
    by_place = {(id(place.container), key_of(place)): value for place, value in captured.fixed}
    found = []
    for effect in captured.effects:
        where: Any = (id(effect.place.container), key_of(effect.place), effect.position)
        if isinstance(effect.result, NewTensor):
            before = by_place.get(where[:2])
            where = (id(before), key_of(Place(before, "array", "")), ())
        if isinstance(_value(effect), Value) and where in sources:
            found.append((effect, sources[where]))
    return found


def _donations(captured: Capture, carried: list[tuple[Effect, int]]) -> dict[Effect, int]:
    """The effects whose results take the memory of an input: of the array that is written to, or that was in that place before."""
    donated: dict[Effect, int] = {}
    values: set[Value] = set()
    for effect, i in carried:
        value, target = _value(effect), captured.program.inputs[i]
        same = value.dtype is not None and (target.shape, target.dtype) == (value.shape, value.dtype)
        if same and i not in donated.values() and value not in values:
            donated[effect] = i
            values.add(value)
    return donated
