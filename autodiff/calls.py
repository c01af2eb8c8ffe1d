"""Calls of a primitive: unwrap, compute, wrap, and remember what the rules will ask for.

There is one call for one operand and one for two, which is what most operations have and where time counts, and a general one.
Given plain arrays alone, each is just the NumPy function. The first two write out what `Node(...)` does: a call less is a tenth of
what an operation costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff import graph
from autodiff.graph import Node, Variable, View, clock, wrap
from autodiff.guards import SMALL, find_guards, fingerprint
from autodiff.modes import RECORD, calling_line, check_finite, current_mode

if TYPE_CHECKING:
    from autodiff.primitive import Primitive

__all__: list[str] = []

ndarray = np.ndarray
new = object.__new__


def call_with_one(entry: Primitive) -> Callable[..., Any]:
    """The public function of a primitive with one operand and no parameters."""
    forward = entry.forward
    (keep_x,), keep_y = entry.keeps(1)

    def call(x: Any, /) -> Any:
        if not isinstance(x, Variable):
            return forward(x)
        data = x._array
        y = forward(data)
        if type(y) is not ndarray:
            y = np.asarray(y)
        result = new(graph.variable_class)
        result._array = y
        parent = x._node
        mode = current_mode()
        if parent is None or not parent.requires_grad or not mode.record:
            result._node = None
        else:
            guards = ((data, fingerprint(data)),) if keep_x and parent.exposed else None
            result._node = node = new(Node)
            node.primitive = entry
            node.parents = (parent,)
            node.values = (data,) if keep_x else (None,)
            node.y = y if keep_y else None
            node.params = node.fits = node.hooks = None
            node.guards = guards
            node.id = next(clock)
        if mode is not RECORD:
            _inspect(entry, result)
        return result

    return call


def call_with_two(entry: Primitive) -> Callable[..., Any]:
    """The public function of a primitive with two operands and no parameters."""
    forward, elementwise = entry.forward, entry.elementwise
    rule_a, rule_b = entry.rules
    keeps = [entry.keeps(recorded) for recorded in range(4)]
    shapes_asked = any(name.endswith("_shape") for name in entry.needs)

    def call(a: Any, b: Any, /) -> Any:
        parent_a = parent_b = None
        x: Any
        z: Any
        if isinstance(a, Variable):
            x = a._array
            if rule_a and (node := a._node) is not None and node.requires_grad:
                parent_a = node
        elif isinstance(b, Variable):
            x = a if type(a) is float else as_operand(a, entry)
        else:
            return forward(a, b)
        if isinstance(b, Variable):
            z = b._array
            if rule_b and (node := b._node) is not None and node.requires_grad:
                parent_b = node
        else:
            z = b if type(b) is float else as_operand(b, entry)
        y = forward(x, z)
        if type(y) is not ndarray:
            y = np.asarray(y)
        result = new(graph.variable_class)
        result._array = y
        mode = current_mode()
        if (parent_a is None and parent_b is None) or not mode.record:
            result._node = None
        else:
            (keep_a, keep_b), keep_y = keeps[(parent_a is not None) + 2 * (parent_b is not None)]
            guards = fits = None
            if keep_a and (parent_a is None or parent_a.exposed) and type(x) is ndarray:
                guards = [(x, x.tobytes() if x.nbytes <= SMALL else fingerprint(x))]
            if keep_b and (parent_b is None or parent_b.exposed) and type(z) is ndarray:
                guards = [*(guards or ()), (z, z.tobytes() if z.nbytes <= SMALL else fingerprint(z))]
            if (
                shapes_asked
                or (parent_a is not None and (x.dtype is not y.dtype or (elementwise and x.shape != y.shape)))
                or (parent_b is not None and (z.dtype is not y.dtype or (elementwise and z.shape != y.shape)))
            ):
                fits = find_fits((x, z))
            values = (x if keep_a else None, z if keep_b else None)
            result._node = node = new(Node)
            node.primitive = entry
            node.parents = (parent_a, parent_b)
            node.values = values
            node.y = y if keep_y else None
            node.params = node.hooks = None
            node.fits = fits
            node.guards = guards
            node.id = next(clock)
        if mode is not RECORD:
            _inspect(entry, result)
        return result

    return call


def call_with_any(entry: Primitive) -> Callable[..., Any]:
    """The public function of a primitive with any number of operands, or a sequence of them, and with parameters."""
    forward, arity, names, variadic = entry.forward, len(entry.arguments), entry.params, entry.variadic
    view, rules = entry.view, entry.rules
    optional = tuple(entry.defaults.get(argument) for argument in entry.arguments)
    required = 1 if variadic else sum(argument not in entry.defaults for argument in entry.arguments)
    most = entry.positional
    defaults = {name: entry.defaults[name] for name in names if name in entry.defaults}

    keeps = [entry.keeps(recorded) for recorded in range(1 if variadic else 1 << arity)]

    def call(*args: Any, **params: Any) -> Any:
        arrays = args[0] if variadic else args if len(args) == arity else (*args[:arity], *optional[len(args) :])
        if not any([isinstance(x, Variable) for x in arrays]):  # noqa: C419 (a list is faster than a generator)
            return forward(*args, **params)
        if len(args) < required or len(args) > most:
            raise TypeError(f"{entry.name}() takes {required} to {most} positional arguments, but {len(args)} were given.")
        if names:
            params = {**defaults, **dict(zip(names, args[arity:], strict=False)), **params}
            params = {name: entry.prepare.get(name, _kept)(value) for name, value in params.items()}
        mode = current_mode()
        values: list[Any] = []
        parents: list[Any] = []
        recorded = 0
        for i, x in enumerate(arrays):
            if isinstance(x, Variable):
                node = x._node if mode.record else None
                flows = node is not None and node.requires_grad and (variadic or rules[i] is not None)
                values.append(graph.shared(x) if view and not flows else x._array)
                parents.append(node if flows else None)
                recorded |= flows << i
            else:
                values.append(x if x is None is optional[i] and i >= required else as_operand(x, entry))
                parents.append(None)
        result = wrap(forward(values, **params) if variadic else forward(*values, **params))
        if recorded:
            result._node = _record(entry, parents, values, result._array, params, None if variadic else keeps[recorded])
        if mode is not RECORD:
            _inspect(entry, result)
        return result

    return call


def _record(entry: Primitive, parents: list[Any], values: list[Any], y: Any, params: dict[str, Any], keeps: Any) -> Node:
    if y.dtype.kind != "f":
        raise TypeError(
            f"{entry.name}: no gradient flows through {y.dtype} values. Use detach() on the argument to leave the graph."
        )
    fits = find_fits(values)
    if keeps is None:  # a sequence of arguments: its rule knows their shapes
        params = {**params, "shapes": [shape for shape, _ in fits]}
        values, keep_y = [None] * len(values), False
    else:
        kept, keep_y = keeps
        values = [value if keep else None for value, keep in zip(values, kept, strict=True)]
    kind = View if entry.view and type(parents[0]) is not Node else Node
    return kind(entry, parents, values, y if keep_y else None, params, fits, find_guards(values, parents))


def find_fits(values: Sequence[Any]) -> Any:
    """The shape and type that the cotangent of each of `values` must have."""
    return [(x.shape, x.dtype) if type(x) is ndarray else (np.shape(x), getattr(x, "dtype", None)) for x in values]


def as_operand(x: Any, entry: Primitive) -> Any:
    """`x`, which is no tensor, as something to compute with: a Python number as it is, all else as an array."""
    if isinstance(x, (int, float)):
        return x
    array = x if type(x) is ndarray or isinstance(x, np.generic) else np.asarray(x)
    if array.dtype.kind not in "biuf" or hasattr(x, "mask"):  # a masked array
        raise TypeError(
            f"{entry.name}: an operand is {type(x).__name__} of dtype {array.dtype}; "
            "wanted real numbers, as a plain array or number."
        )
    return array


def _kept(parameter: Any) -> Any:
    """`parameter` as something that nobody can change later."""
    if isinstance(parameter, list):
        return tuple(map(_kept, parameter))
    return parameter.copy() if isinstance(parameter, ndarray) else parameter


def _inspect(entry: Primitive, result: Any) -> None:
    """Show the result to who watches it. Under `detect_anomaly`: remember where it was made, and raise if it is not finite."""
    mode = current_mode()
    if mode.watch is not None:
        mode.watch(result)
    if mode.anomaly:
        origin = calling_line()
        if result._node is not None:
            result._node.origin = origin
        check_finite(result._array, entry.name, "the value", origin)
