"""Looking whether all is as it was when a function was captured: the conditions, written twice.

The first time, all that matters is looked at: an equal number, or a tensor of the same kind, may be in the place of another. What
is found then is remembered, and in the calls that follow it is enough that the same objects are there. Dicts and lists, which
cannot change without that a copy of them differs, are compared all at once; what may be equal without being the same is looked at
by itself.
"""

from __future__ import annotations

import math
from collections import deque
from types import CellType
from typing import Any

import numpy as np

from autodiff.compiling.capture import is_recorded, is_same, key_of
from autodiff.compiling.leaving import Effect
from autodiff.compiling.places import MISSING, Place
from autodiff.compiling.writing import ALONE, Names
from autodiff.core.tensor import Tensor, node_of

__all__ = ["Guards"]

_PLAIN = (int, float, str, bool, type(None), bytes, complex)
_IDENTITY: Any = object.__eq__  # what is equal only to itself
_OPAQUE = (type, np.random.Generator, np.ufunc, np.dtype)


class Guards:
    """Writes the conditions.

    Attributes:
        full: the statements that look at everything, and have what is used in variables.
        again: those that look whether that is still so.
        remembered: the variables that are the same in both.
        live: the dicts and lists that are compared as a whole.
        fresh: the ids of the containers that may be others in each call, with all that is in them.
        steady: whether only arguments, and no containers among them, may be others in each call.
    """

    def __init__(self, names: Names, donated: dict[Effect, int], used: list[int]) -> None:
        self.names, self.captured, self.used, self.donated = names, names.captured, used, donated
        captured = self.captured
        self.full: list[str] = []
        self.again: list[str] = []
        self.remembered: list[str] = []
        self.fresh = {id(x) for x in captured.called_with}
        self.steady = True
        self._given = set(self.fresh)  # ids of the arguments and of tensors among them
        self._sizes = {id(x): size for x, size in captured.sizes}
        self._keys = {id(place.key) for place, _ in captured.fixed if isinstance(place.key, Tensor)}
        self._loaded = {(id(source.place), source.position) for source in captured.inputs}
        self._find_what_changes()
        self._look()

    def _find_what_changes(self) -> None:
        """The places where each run puts another object, and the containers that can be compared as a whole."""
        captured = self.captured
        self._replaced: set[Any] = set()
        touched: set[int] = set()
        for effect in captured.effects:
            where = id(effect.place.container), key_of(effect.place)
            touched.add(where[0])
            if not effect.within and effect not in self.donated:
                self._replaced.add(where)
        numbers = [i for i in range(len(captured.inputs)) if not self.is_array(i)]
        touched |= {id(captured.inputs[i].place.container) for i in numbers if not captured.inputs[i].position}
        sizes = [x for x, _ in captured.sizes if id(x) not in self.fresh and type(x) in (dict, list) and id(x) not in touched]
        self.live = [x for x in sizes if x]
        self._empty = [x for x in sizes if not x]
        self._compared = {id(x) for x in sizes}

    def is_array(self, i: int) -> bool:
        """Whether an input is an array, not a number."""
        return self.captured.kinds[i] is np.ndarray

    def is_remembered(self, i: int) -> bool:
        """Whether an input stays the same object, as long as the conditions hold."""
        return f"a{i}" in self.remembered

    # --- the order in which it is looked ---

    def _look(self) -> None:
        captured, names = self.captured, self.names
        for place, value in captured.fixed:
            self._look_at(place, (), value, id(place.container) in self.fresh)
        given = {id(x) for x in captured.called_with}
        for container, size in captured.sizes:
            if id(container) not in self.fresh or id(container) in given:
                found = captured.containers[id(container)].place
                path = found.path if found else "the number of attributes or arguments"
                self._unless(f"len({names.known(container)}) == {size}", path, again=id(container) not in self._compared)
        for i in self.used:
            self._load(i)
        for place, position, array in captured.constants:
            self._unless(f"{names.name(is_same)}({names.expression(place, position)}, {names.name(array)})", place.path)
        for place, position, i in captured.repeated:
            self._unless(f"{names.expression(place, position)} is a{i}", place.path)
        for of, rng in captured.generators:
            self._unless(f"{names.name(of)}() is {names.name(rng)}", "the generator of random numbers")
        self._look_at_memory()
        if not self.steady:
            self.live.clear()
            return
        empty = [f"        if {' or '.join(map(names.name, self._empty))}:", "            return CHANGED  # a dict or list"]
        changed = ["        if live != known:", "            return CHANGED  # a dict or list"]
        self.again[:0] = [*(empty if self._empty else ()), *changed]

    def _unless(self, condition: str, path: str, again: bool | str = True) -> None:
        """Stop unless a condition holds; `again` says whether to look again, or what for."""
        stop = f"            return CHANGED  # {path}"
        self.full += [f"        if not ({condition}):", stop]
        if again:
            self.again += [f"        if not ({condition if again is True else again}):", stop]

    def _line(self, line: str, again: bool = True) -> None:
        self.full.append(f"        {line}")
        if again:
            self.again.append(f"        {line}")

    def _is_steady(self, place: Place) -> bool:
        """Whether the same object stays at a place."""
        return id(place.container) not in self._given and (id(place.container), key_of(place)) not in self._replaced

    def _remember(self, *variables: str) -> None:
        self.remembered += variables

    # --- what is not computed with ---

    def _look_at(self, place: Place, position: tuple[int, ...], value: Any, fresh: bool) -> None:
        """Look whether there is what was there; a tensor, or what is given, may be another one of the same kind."""
        expression, path = self.names.expression(place, position), place.path + "".join(f"[{i}]" for i in position)
        compared = id(place.container) in self._compared
        missing = value is MISSING and isinstance(place.container, CellType)
        if is_recorded(value) or (id(place), position) in self._loaded or missing:
            return
        if isinstance(value, Tensor):
            self._look_at_tensor(expression, place, value, path)
        elif isinstance(value, tuple):
            self._look_at_tuple(place, position, value, fresh, compared and place.setting)
        elif value is MISSING:
            self._unless(f"getattr({', '.join(_apart(expression))}, CHANGED) is CHANGED", path)
        elif value is None and isinstance(place.container, Tensor):
            steady = self._is_steady(place)
            self._unless(f"getattr({', '.join(_apart(expression))}, None) is None", path, not steady or f"{expression} is None")
            if steady:  # so that the slot is set, which is found at once
                self.full.append(f"        put_grad({_apart(expression)[0]}, None)")
        elif type(value) in _PLAIN or isinstance(value, np.generic):
            told_apart = value is None or type(value) is str or place.setting  # from what is equal to it, or that is no matter
            self._look_at_plain(expression, value, path, again=not (compared and told_apart))
        elif isinstance(value, (set, frozenset, deque)):
            same = f"{expression} is {self.names.name(value)} or " if type(value) is frozenset else ""
            self._unless(f"{same}{expression} == {self.names.name(value.copy())}", path, again=not (compared and place.setting))
        elif (fresh or place.path in self.captured.replaced) and not callable(value) and not isinstance(value, _OPAQUE):
            self._look_at_container(expression, value, path)
        else:
            same_if_equal = type(value).__eq__ is _IDENTITY or (type(value) in (dict, list) and not value)
            self._unless(f"{expression} is {self.names.name(value)}", path, again=not (compared and same_if_equal))

    def _look_at_plain(self, expression: str, value: Any, path: str, again: bool = True) -> None:
        if value is None or type(value) is bool:
            self._unless(f"{expression} is {value}", path, again)
        else:
            name, kind = self.names.name(value), self.names.name(type(value))
            zero = type(value) is float and value == 0
            sign = f" and {self.names.name(math.copysign)}(1, {expression}) == {math.copysign(1, value)}" if zero else ""
            equal = f"{expression} == {name} and type({expression}) is {kind}{sign}"
            self._unless(f"{expression} is {name} or ({equal})", path, again)

    def _look_at_tensor(self, expression: str, place: Place, tensor: Tensor, path: str) -> None:
        variables = self.names.variables
        if id(tensor) in variables:
            self._unless(f"{expression} is {variables[id(tensor)]}", path)
            return
        steady, k = self._is_steady(place), len(variables)
        variables[id(tensor)] = t = f"t{k}"
        hooks = self.names.name(getattr(node_of(tensor), "hooks", None))
        kind = f"{t} is {self.names.name(tensor)}" if id(tensor) in self._keys else f"type({t}) is {self.names.name(type(tensor))}"
        self._line(f"{t} = {expression}", again=not steady)
        self._line(f"n{k} = node_of({t})", again=not steady)
        plain = f"n{k} is None or (not n{k}.requires_grad and n{k}.hooks is {hooks})"
        trained = f"n{k} is not None and n{k}.requires_grad and n{k}.hooks is {hooks}"
        record = trained if tensor.requires_grad else plain
        same = f"{expression} is {t} and {t}._node is n{k} and ({record.removeprefix(f'n{k} is not None and ')})"
        self._unless(f"{kind} and ({record})", path, again=same if steady else True)
        if steady:
            self._remember(t, f"n{k}")
        else:
            self._given.add(id(tensor))

    def _look_at_tuple(self, place: Place, position: tuple[int, ...], value: Any, fresh: bool, compared: bool) -> None:
        """A tuple may be another one with the same parts."""
        expression, path = self.names.expression(place, position), place.path
        kind = self.names.name(type(value))
        loaded = any((id(place), (*position, i)) in self._loaded for i in range(len(value)))
        if not loaded and all(type(part) in _PLAIN for part in value):
            kinds = (f"type({expression}[{i}]) is {self.names.name(type(part))}" for i, part in enumerate(value))
            name = self.names.name(value)
            equal = " and ".join([f"type({expression}) is {kind}", f"{expression} == {name}", *kinds])
            self._unless(f"{expression} is {name} or ({equal})", path, again=not compared)
            return
        same = "" if fresh else f"{expression} is {self.names.name(value)} or "
        self._unless(f"{same}(type({expression}) is {kind} and len({expression}) == {len(value)})", path, again=not compared)
        for i, part in enumerate(value):
            self._look_at(place, (*position, i), part, fresh)

    def _look_at_container(self, expression: str, x: Any, path: str) -> None:
        """What is given may be another one of the same type, with the same keys in the same order."""
        self.steady = False
        names = self.names
        if id(x) in names.variables:
            self._unless(f"{expression} is {names.variables[id(x)]}", path)
            return
        names.variables[id(x)] = name = f"d{len(names.variables)}"
        self.fresh.add(id(x))
        self._line(f"{name} = {expression}")
        self._unless(f"type({name}) is {names.name(type(x))}", path)
        if isinstance(x, (dict, list)):
            size = self._sizes[id(x)]  # before the run, in which something may have been added
            keys = f" and [*{name}] == {names.name([*x][:size])}" if isinstance(x, dict) else ""
            self._unless(f"len({name}) == {size}{keys}", path)
        if isinstance(attributes := getattr(x, "__dict__", None), dict):
            self.fresh.add(id(attributes))
            names.variables[id(attributes)] = f"vars({name})"
            self._unless(f"[*vars({name})] == {names.name([*attributes])}", path)

    # --- what is computed with ---

    def _load(self, i: int) -> None:
        """Have an input in a variable, if it is of the kind that it was."""
        source, value = self.captured.inputs[i], self.captured.program.inputs[i]
        expression = self.names.expression(source.place, source.position)
        steady = self._is_steady(source.place) and self.is_array(i)
        self._line(f"a{i} = {expression}", again=not steady)
        if value.dtype is None:
            self._unless(f"type(a{i}) is float", value.name)
        elif not self.is_array(i):
            self._unless(f"type(a{i}) is {self.names.name(value.dtype.type)}", value.name)
        else:
            dtype = self.names.name(value.dtype)
            same = f"a{i}.dtype is {dtype}" if value.dtype.isbuiltin == 1 else f"a{i}.dtype == {dtype}"
            layout = f"{same} and a{i}.shape == {value.shape} and a{i}.strides == {self.captured.given[i].strides}"
            there = f"{expression} is a{i}" + ("" if isinstance(source.place.container, Tensor) else f" and {layout}")
            self._unless(f"type(a{i}) is ndarray and {layout}", value.name, again=there if steady else True)
        if steady:
            self._remember(f"a{i}")

    def _look_at_memory(self) -> None:
        """What is written to lies in no other input's memory, and can be written to."""
        captured = self.captured
        numbers = {(id(source.place), source.position): i for i, source in enumerate(captured.inputs)}
        written = [numbers[id(e.place), e.position] for e in captured.effects if e.within]
        arrays = [i for i in self.used if self.is_array(i)]
        name = [value.name for value in captured.program.inputs]
        others = [i for i in arrays if not self.is_remembered(i)]
        if written and len(arrays) > 1:
            apart = [f"a{i} is not a{w}" for w in written for i in arrays if i != w and (i in others or w in others)]
            distinct = f"len({{{', '.join(f'id(a{i})' for i in arrays)}}}) == {len(arrays)}"
            self._unless(distinct, "arrays in the same memory", again=" and ".join(apart))
        for w in written:
            if not isinstance(captured.inputs[w].place.container, Tensor):
                self._unless(f"a{w}.flags.writeable", name[w])
            if captured.owning[w]:
                self._unless(f"a{w}.base is None", name[w], again=w in others)
            for i in arrays:
                if i != w and not (captured.owning[i] and captured.owning[w]):
                    apart_at_once = f"a{i}.base is None or type(a{i}.base) is ndarray and a{i}.base is not a{w}"
                    apart_at_once = apart_at_once if captured.owning[w] else f"not may_share_memory(a{i}, a{w})"
                    again = i in others or w in others
                    self._unless(f"{apart_at_once} or not may_share_memory(a{i}, a{w})", name[i], again=again)
        for i in arrays if written else ():
            if captured.owning[i] and i not in written:
                self._unless(f"a{i}.base is None", name[i], again=i in others)

    def look_alone(self, i: int, tensor: Tensor | None) -> None:
        """Look again whether nobody else has an array, and the tensor that it is in, before it is written to."""
        t = self.names.known(tensor) if tensor is not None else ""
        none = f"n{t[1:]} is None and refs({t}) <= {ALONE} and " if t else ""
        self.again += [f"        if not ({none}refs(a{i}) <= {ALONE}):", f"            return CHANGED  # somebody else has a{i}"]

    def look_writable(self, i: int, leaf: Tensor) -> None:
        """Look again whether a leaf is written to where it is; a constant that a graph needs is not."""
        t = self.names.known(leaf)
        if not self.is_remembered(i):
            self.again += [f"        a{i} = {t}.writable()"]
        elif not leaf.requires_grad:
            copied = f"not (n{t[1:]} is None or {t}.writable() is a{i})"
            self.again += [f"        if {copied}:", "            return CHANGED  # it is copied"]


def _apart(expression: str) -> tuple[str, str]:
    """The object and the quoted name of an attribute."""
    name, _, key = expression.rpartition(".")
    return name, repr(key)
