"""Capturing a call of a function: one real run, in which what it can reach is recorded, and what it leaves where is noted."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import RLock
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

import numpy as np

from autodiff import extend
from autodiff.compiling.arrays import RecordingArray
from autodiff.compiling.floats import Numbers
from autodiff.compiling.leaving import Effect, NewObject, NewTensor, Scalar, made, write
from autodiff.compiling.places import MISSING, Found, Place, named, reach
from autodiff.compiling.recording import Recorder, RecordingFloat, RecordingGenerator
from autodiff.compiling.refusing import CaptureError, reason_of
from autodiff.compiling.state import shared_states
from autodiff.core.graph import Node
from autodiff.core.tensor import Tensor, array_of, node_of
from autodiff.dtypes import capturing
from autodiff.program import Program, Value

__all__ = ["Capture", "Input", "capture", "is_recorded", "is_same", "key_of"]

_one_at_a_time = RLock()  # of captures, which put something else in the places of what other threads may use
_SUSPENDED = (GeneratorType, CoroutineType, AsyncGeneratorType)
_NUMBERS = "biufc"


@dataclass(eq=False)
class Input:
    """Where an input of the program comes from: a place, and the position in a tuple there."""

    place: Place
    position: tuple[int, ...] = ()


@dataclass(eq=False)
class Capture:
    """A program, where its inputs come from, what must be as it was for it to hold, and what it leaves.

    Attributes:
        inputs: where each input of the program comes from.
        given: what they were.
        fixed: the places of all else, with what was there.
        containers: the containers by their ids, each with where it was found first.
        constants: the places, with the position in a tuple, of arrays whose elements are constants, and these.
        sizes: the dicts and lists, with their lengths.
        repeated: the places, with the position in a tuple, of what is the same array as an input, by its number.
        kinds: the types of the inputs.
        looked_at: the values whose shapes, types or layouts were looked at.
        owning: of each input whether it is an array that has memory of its own.
        generators: those of libraries that are drawn from, each with the function that gives it.
        called_with: the containers of the arguments, which may be others in each call, with all that is in them.
        replaced: the paths of other containers of which that is true.
        effects: what it leaves where.
        result: what is returned.
    """

    program: Program
    containers: dict[int, Found]
    sizes: list[tuple[Any, int]]
    inputs: list[Input] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)
    fixed: list[tuple[Place, Any]] = field(default_factory=list)
    constants: list[tuple[Place, tuple[int, ...], Any]] = field(default_factory=list)
    repeated: list[tuple[Place, tuple[int, ...], int]] = field(default_factory=list)
    kinds: list[type] = field(default_factory=list)
    looked_at: set[Value] = field(default_factory=set)
    owning: list[bool] = field(default_factory=list)
    generators: list[tuple[Callable[[], Any], Any]] = field(default_factory=list)
    called_with: tuple[Any, ...] = ()
    replaced: frozenset[str] = frozenset()
    effects: list[Effect] = field(default_factory=list)
    result: Any = None

    def forget(self) -> None:
        """Forget all but the program and what it leaves, so that what was given is not kept."""
        for part in (self.containers, self.sizes, self.inputs, self.given, self.fixed, self.constants, self.repeated):
            part.clear()

    def apply(self, outputs: list[Any]) -> Any:
        """Leave what a run with these outputs leaves; return what it returns."""
        known = dict(zip(self.program.outputs, outputs, strict=True))
        for effect in self.effects:
            if effect.within:
                write(effect, known[effect.result])
            else:
                effect.place.put(made(effect.result, known))
        return made(self.result, known)


def capture(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], numbers: Numbers) -> tuple[Capture, Any]:
    """Run `function` once, with all that this changes; return what was captured and what the function returned.

    Raises:
        CaptureError: it cannot be captured; nothing has been changed then, nor by any error that the function raises.
    """
    while True:
        with _one_at_a_time:
            run = _Run(function, args, kwargs, numbers)
            try:
                return _captured(function, run)
            except (TypeError, ValueError) as error:
                run.check_unwritten(error)
                if numbers.record_fewer({value.name for value in run.recorder.deciding}):
                    continue
                if isinstance(error, CaptureError) or (reason := reason_of(error)) is None:
                    raise
                raise reason from None


def _captured(function: Callable[..., Any], run: _Run) -> tuple[Capture, Any]:
    with ExitStack() as stack:
        stack.callback(run.put_back)
        run.record()
        for of, drawing_from in extend.generators:
            run.of_libraries.append((of, of()))
            stack.enter_context(drawing_from(run.stand_in_of(run.of_libraries[-1][1])))
        token = capturing.set(True)
        stack.callback(capturing.reset, token)
        run.note(function(*run.args, **run.kwargs))
        run.complete = True
    captured = run.captured
    return captured, captured.apply([run.computed[output] for output in captured.program.outputs])


def is_recorded(x: Any) -> bool:
    """Whether it is an array that is recorded."""
    return type(x) is np.ndarray and x.dtype.kind in _NUMBERS


def is_same(x: Any, array: np.ndarray) -> bool:
    """Whether `x` is an array like another, in type, shape and elements."""
    return type(x) is np.ndarray and x.dtype == array.dtype and np.array_equal(x, array)


def _is_number(x: Any) -> bool:
    """Whether it is a number that is recorded if it changes."""
    return type(x) is float or (isinstance(x, np.generic) and x.dtype.kind in "fc")


class _Run:
    """One recorded run."""

    def __init__(self, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], numbers: Numbers) -> None:
        self.args, self.kwargs, self.numbers = args, kwargs, numbers
        self.complete = False
        self.recorder = Recorder()
        self.roots = {"": function, "args": args, "kwargs": kwargs}
        self.before = reach(self.roots)
        self.held = [place.get() for place in self.before.places]
        self.given: list[Any] = []  # what was put in each place
        self.stand_ins: dict[int, Any] = {}  # of arrays and generators, by their ids
        self.computed: dict[Value, Any] = {}  # the real values of the outputs
        self.of_libraries: list[tuple[Callable[[], Any], Any]] = []  # generators, with what gives them
        self.states: list[tuple[Any, Any]] = []  # of the generators
        found = [of.container for of in self.before.containers.values()]
        self.items = [(x, dict(x) if isinstance(x, dict) else list(x)) for x in found if isinstance(x, (dict, list))]
        self.queues: list[tuple[Any, Any]] = [(x, x.copy()) for x in found if isinstance(x, (set, deque))]
        self.legacy = shared_states()
        sizes = [(x, len(items)) for x, items in self.items if not _is_globals(x)]
        self.captured = Capture(self.recorder.program, self.before.containers, sizes, called_with=(args, kwargs))
        self.captured.replaced, self.captured.looked_at = frozenset(numbers.replaced), self.recorder.looked_at

    def record(self) -> None:
        """Put what records into the place of each array, float and generator."""
        for place, value in zip(self.before.places, self.held, strict=True):
            _check_kind(place, value)
            stand_in = self._stand_in(place, value, ())
            self.given.append(stand_in)
            if stand_in is value or isinstance(value, (tuple, np.random.Generator)):
                self.captured.fixed.append((place, value))
            if stand_in is not value:
                place.put(stand_in)
        self.captured.kinds = [type(x.private_value) for x in self.recorder.given]
        self.captured.owning = [
            isinstance(x.private_value, np.ndarray) and x.private_value.base is None for x in self.recorder.given
        ]

    def _stand_in(self, place: Place, value: Any, position: tuple[int, ...]) -> Any:
        """What records in the place of `value`; itself if there is nothing to record."""
        if isinstance(value, tuple):
            parts = [self._stand_in(place, part, (*position, i)) for i, part in enumerate(value)]
            changed = any(a is not b for a, b in zip(parts, value, strict=True))
            return getattr(value, "_make", type(value))(parts) if changed else value
        name = place.path + "".join(f"[{i}]" for i in position)
        if name in self.numbers.deciding and is_recorded(value):
            return self._constant(place, value, position)
        if not is_recorded(value) and not (_is_number(value) and self.numbers.is_recorded(name, value, place.setting)):
            return self.stand_in_of(value) if type(value) is np.random.Generator else value
        if type(value) is np.ndarray and id(value) in self.stand_ins:
            i = [given is self.stand_ins[id(value)] for given in self.recorder.given].index(True)
            self.captured.repeated.append((place, position, i))
            return self.stand_ins[id(value)]
        self.captured.inputs.append(Input(place, position))
        self.captured.given.append(value)
        stand_in = self.recorder.input(value, name)
        if type(value) is np.ndarray:
            self.stand_ins[id(value)] = stand_in
        return stand_in

    def _constant(self, place: Place, value: np.ndarray, position: tuple[int, ...]) -> np.ndarray:
        """An array that decides what is computed, which can be read, but not be written to."""
        self.captured.constants.append((place, position, value.copy(order="K")))
        constant = value.view()
        constant.flags.writeable = False
        return constant

    def check_unwritten(self, error: Exception) -> None:
        """Raise, in the place of an error by which the run ended, one that tells that what decides was written to."""
        if self.captured.constants and "read-only" in str(error):
            paths = ", ".join(place.path for place, _, _ in self.captured.constants)
            raise CaptureError(
                f"compile: {paths} decides what is computed, and is written to, or something else that is read-only is. Decide "
                "outside of the compiled function, or by np.where."
            ) from error

    def stand_in_of(self, rng: np.random.Generator) -> Any:
        """What records in the place of a generator."""
        if id(rng) not in self.stand_ins:
            self.states.append((rng, rng.bit_generator.state))
            self.stand_ins[id(rng)] = RecordingGenerator(self.recorder, rng)
        return self.stand_ins[id(rng)]

    def put_back(self) -> None:
        """Put back what was in each place, in its order, and take out what was added; after an error, also random states."""
        for place, value in zip(self.before.places, self.held, strict=True):
            if not isinstance(place.container, (dict, list)) and place.get() is not value:
                place.put(value)
        for container, items in self.items:
            if isinstance(container, list):
                container[:] = items
            elif not _is_globals(container):
                container.clear()
                container.update(items)
            else:
                for name in [name for name in container if name not in items]:
                    del container[name]
                container.update({name: items[name] for name in items if container.get(name, MISSING) is not items[name]})
        if not self.complete:
            for rng, state in self.states:
                rng.bit_generator.state = state
            for queue, parts in self.queues:
                queue.clear()
                queue.extend(parts) if isinstance(queue, deque) else queue.update(parts)
            shared_states(self.legacy)

    def note(self, result: Any) -> None:
        """Note what the run left where, and what it returned."""
        if isinstance(result, _SUSPENDED):
            result.close() if hasattr(result, "close") else None
            raise CaptureError(
                "compile: the function is a generator or a coroutine. Compile a function that returns, called in it."
            )
        if any(before != now for (_, before), (_, now) in zip(self.legacy, shared_states(), strict=True)):
            raise CaptureError(
                "compile: the function draws random numbers from np.random or random, which would be the same in each later run. "
                "Draw from a generator, rng = np.random.default_rng(), that is made outside of it."
            )
        for place, value in zip(self.before.places, self.held, strict=True):
            if isinstance(value, (set, deque)):
                _check_kind(place, value)  # again: something may have been put in
        index = {(id(p.container), key_of(p)): i for i, p in enumerate(self.before.places)}
        found: set[Any] = set()
        for place in reach(self.roots).places:
            where = id(place.container), key_of(place)
            found.add(where)
            if where in index:
                i, now = index[where], place.get()
                if now is not self.given[i]:
                    self._note_change(self.before.places[i], self.held[i], now)
            elif id(place.container) in self.before.containers:
                self._note_change(place, MISSING, place.get())
        gone = [i for where, i in index.items() if where not in found]
        for i in gone[::-1]:
            if self.before.places[i].get() is not self.given[i]:  # what cannot be reached any more has not changed
                self.captured.effects.append(Effect(self.before.places[i], MISSING))
        self._note_writes()
        drawn_from = {id(getattr(step.function, "__self__", None)) for step in self.recorder.program.steps if not step.pure}
        self.captured.generators = [(of, rng) for of, rng in self.of_libraries if id(rng) in drawn_from]
        self.captured.result = self._template(result, "what is returned")

    def _note_change(self, place: Place, before: Any, now: Any) -> None:
        """Note that `now` is at a place; a new dict with the keys of the one before as changes of that one."""
        if type(now) is dict is type(before) and now.keys() == before.keys() and id(now) not in self.before.containers:
            for key, value in now.items():
                self._note_change(Place(before, key, f"{place.path}[{key!r}]"), before[key], value)
        elif not (isinstance(now, RecordingArray) and type(before) is np.ndarray and self.stand_ins.get(id(before)) is now):
            self.captured.effects.append(Effect(place, self._template(now, place.path)))

    def _note_writes(self) -> None:
        """Note which arrays have been written to."""
        given, program = self.recorder.given, self.recorder.program
        for i, (source, value) in enumerate(zip(self.captured.inputs, program.inputs, strict=True)):
            if given[i].value is not value and isinstance(given[i], RecordingArray):
                new = given[i].private_value
                if new.base is not None or any(new is x for x in self.stand_ins.values()):
                    given[i].become(self.recorder.do(np.ndarray.copy, given[i]))
                self._check_alone(i)
                self.captured.effects.insert(0, Effect(source.place, self._output(given[i]), True, source.position))

    def _check_alone(self, i: int) -> None:
        """Raise if an input that is written to lies in the memory of another."""
        for k, x in enumerate(self.captured.given):
            if k != i and isinstance(x, np.ndarray) and np.may_share_memory(x, self.captured.given[i]):
                inputs = self.recorder.program.inputs
                raise CaptureError(
                    f"compile: {inputs[i].name} is written to, and {inputs[k].name} is another array in the same memory, which "
                    "would have to change as well. Give one of them as a copy, or take the view in the function."
                )

    def _output(self, stand_in: Any) -> Value:
        """The value of what is recorded, as an output of the program."""
        value: Value = stand_in.value
        if value not in self.computed:
            self.computed[value] = stand_in.private_value
            self.recorder.program.outputs.append(value)
        return value

    def _template(self, x: Any, path: str) -> Any:
        """`x` with values of the program in the place of what is recorded, and with descriptions of what is made in each run."""
        if isinstance(x, RecordingFloat):
            return self._output(x)
        if isinstance(x, RecordingArray):
            if isinstance(x.private_value, np.generic):
                return Scalar(self._output(x))
            is_view = x.private_value.base is not None and not any(x.value is given for given in self.recorder.program.inputs)
            return self._output(self.recorder.do(np.ndarray.copy, x, "K") if is_view else x)
        if isinstance(x, RecordingGenerator):
            return x.private_value
        if _is_number(x):
            self.numbers.varying.add(path)  # it will be another one after the next run, probably
        if id(x) in self.before.containers or isinstance(x, type):
            return x
        if isinstance(x, np.ndarray):  # made in the function, of nothing that is recorded
            return self._output(self.recorder.do(np.ndarray.copy, x, "K"))
        if isinstance(x, Tensor):
            return self._new_tensor(x, path)
        if isinstance(x, tuple):
            return getattr(x, "_make", type(x))([self._template(part, f"{path}[{i}]") for i, part in enumerate(x)])
        if type(x) is list:
            return [self._template(part, f"{path}[{i}]") for i, part in enumerate(x)]
        if type(x) is dict:
            return {key: self._template(part, f"{path}[{named(key)}]") for key, part in x.items()}
        return self._new_object(x, path)

    def _new_tensor(self, x: Tensor, path: str) -> Any:
        if isinstance(node_of(x), Node) and node_of(x).parents is not None:
            raise CaptureError(f"compile: {path} still has its graph, which is not captured. Give it as detach().")
        if type(x) is not Tensor or (x.requires_grad and x.is_leaf):
            raise CaptureError(f"compile: {path} is a new {type(x).__name__} that requires grad. Make it once, before.")
        return NewTensor(self._template(array_of(x), path))

    def _new_object(self, x: Any, path: str) -> Any:
        """What is none of the usual containers: as it is if nothing that is recorded can be reached from it."""
        recorded = (RecordingArray, RecordingFloat, RecordingGenerator)
        if not any(isinstance(place.get(), (*recorded, Tensor, np.ndarray)) for place in reach({path: x}).places):
            return x
        own = getattr(x, "__dict__", None)
        if isinstance(x, (dict, list, set, frozenset, deque)) or callable(x) or type(own) is not dict:
            raise CaptureError(
                f"compile: {path} is a new {type(x).__name__} with values that are computed, which cannot be made again in each "
                "run. Give a tuple, list or dict of them."
            )
        return NewObject(type(x), {name: self._template(part, f"{path}.{name}") for name, part in own.items()})


def _check_kind(place: Place, value: Any) -> None:
    """Raise if a value could change without that being seen."""
    what = ""
    if isinstance(value, np.ndarray) and (type(value) is not np.ndarray or value.dtype.kind not in _NUMBERS):
        what = f"is {type(value).__name__} of dtype {value.dtype}; wanted a plain array of numbers"
    elif isinstance(value, (set, frozenset, deque)) and not all(isinstance(x, (int, str, bytes, type(None))) for x in value):
        what = f"is a {type(value).__name__} of other things than integers and texts, which are not looked into; use a list or dict"
    elif isinstance(value, (GeneratorType, memoryview, bytearray)):
        what = f"is a {type(value).__name__}, whose content cannot be seen; use an array or a list"
    elif isinstance(value, (np.random.RandomState)) if "numpy.random" in sys.modules else False:
        what = "is a RandomState, which is not captured; use np.random.default_rng()"
    elif isinstance(value, Tensor) and isinstance(node_of(value), Node) and node_of(value).parents is not None:
        raise CaptureError(f"compile: {place.path} has a graph, which was not captured. Keep {place.path}.detach() instead.")
    if what:
        raise CaptureError(f"compile: {place.path} {what}.")


def key_of(place: Place) -> Any:
    """A key that two places of one container do not have in common, whatever the equality of their keys says."""
    key = place.key
    return (type(key), key) if isinstance(key, (str, int, float, type(None))) else id(key)


def _is_globals(x: Any) -> bool:
    return isinstance(x, dict) and "__name__" in x and "__builtins__" in x
