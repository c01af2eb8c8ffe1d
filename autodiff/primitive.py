"""Primitives: a plain NumPy function, one plain NumPy derivative rule per argument, and what else is true of it, in one entry.

The registry of these entries is what the operators, NumPy's protocols, the documentation and the tests are made from.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff import graph
from autodiff.graph import RECORD, Node, Scattered, Variable, View, current_mode, fingerprint, wrap

__all__ = ["Example", "Interval", "Kink", "Primitive", "primitive"]

registry: dict[str, Primitive] = {}
ndarray = np.ndarray
new = object.__new__
numpy_table: dict[Any, Callable[..., Any]] = {}  # what NumPy's protocols look up: np.exp -> exp


@dataclass(frozen=True)
class Interval:
    """The open interval in which an argument's elements lie: where the function is defined and differentiable.

    >>> ad.Interval(0, np.inf)
    Interval(low=0, high=inf)
    """

    low: float = -np.inf
    high: float = np.inf

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Random elements: moderate ones where the interval is unbounded."""
        low, high = max(self.low, min(self.high, 2.5) - 5), min(self.high, max(self.low, -2.5) + 5)
        margin = 0.05 * (high - low)
        return np.asarray(rng.uniform(low + margin, high - margin, shape))


@dataclass(frozen=True)
class Example:
    """One way to call a primitive: for each array argument its shape, or the argument itself if it is not a shape."""

    arguments: tuple[Any, ...]
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kink:
    """A point at which the derivative jumps, and the subgradient that the rules give there for the cotangent 1."""

    at: tuple[Any, ...]
    gradient: tuple[Any, ...]


class Primitive:
    """The entry of one operation in the registry; `primitive` makes it. `call` is the function that the public sees."""

    def __init__(self, forward: Callable[..., Any], rules: Mapping[str, Callable[..., Any]], name: str) -> None:
        self.forward = forward
        self.name = name
        self.formulas = dict(rules)
        self.arguments, self.params = _signature(forward, rules)
        self.variadic = self.arguments[0].startswith("*")
        self.needs: dict[str, frozenset[int]] = {}  # which rules ask for an argument, or for the result `y`
        if self.variadic:
            self.rules: Any = _EveryPosition(_bind(rules[self.arguments[0]], self.arguments))
        else:
            self.rules = [_bind(rules[a], self.arguments) if a in rules else None for a in self.arguments]
            for i, argument in enumerate(self.arguments):
                for wanted in _wants(rules[argument]) if argument in rules else ():
                    self.needs[wanted] = self.needs.get(wanted, frozenset()) | {i}
        self.numpy: tuple[Any, ...] = ()
        self.domain: tuple[Interval, ...] = ()
        self.examples: tuple[Example, ...] = ()
        self.kinks: tuple[Kink, ...] = ()
        self.elementwise = False
        self.view = False
        self.scatter: Callable[..., Any] | None = None
        self.prepare: dict[str, Callable[[Any], Any]] = {}
        self.call: Callable[..., Any] = forward

    def __repr__(self) -> str:
        return f"Primitive({self.name})"

    def keeps(self, what: str, recorded: frozenset[int]) -> bool:
        """Whether the value of `what` is asked for by a rule of the arguments `recorded`."""
        return not recorded.isdisjoint(self.needs.get(what, ()))


def primitive(
    forward: Callable[..., Any],
    rules: Mapping[str, Callable[..., Any]],
    *,
    name: str | None = None,
    numpy: Sequence[Any] = (),
    domain: Interval | Sequence[Interval] = Interval(),  # noqa: B008
    examples: Sequence[Example] = (),
    kinks: Sequence[Kink] = (),
    elementwise: bool = False,
    view: bool = False,
    scatter: Callable[..., Any] | None = None,
    prepare: Mapping[str, Callable[[Any], Any]] | None = None,
    doc: str | None = None,
) -> Callable[..., Any]:
    """Declare an operation: a NumPy function with one derivative rule per argument. Return the function to call.

    A rule gives the cotangent of one argument: the vector-Jacobian product with `g`, the cotangent of the result. It asks for
    what it needs by name: `g` first, then any of `y` (the result), the arguments, `NAME_shape`, and the
    function's other parameters. What no rule names is not kept. Rules are made of operators and `np.` functions only, so that
    they can be differentiated in turn. A broadcast is undone by the engine, not by the rule.

    Args:
        forward: the function of arrays. Its positional-only parameters, or all the operands of a ufunc, are the arrays.
        rules: for each array argument that has a derivative, its rule. `*arrays` stands for a sequence of arrays, whose rule
            takes `k`, the position of the argument, after `g`.
        name: how it is called in the registry and in errors; the name of `forward` if not given.
        numpy: the NumPy functions that call this one when they are given a `Tensor`.
        domain: where the arguments may lie: one `Interval` for all, or one each.
        examples: calls that the tests check; those of elementwise operations are made up if none is given.
        kinks: points where the derivative jumps, and what the rules give there.
        elementwise: whether it works element by element with broadcasting.
        view: whether the result may share memory with the argument.
        scatter: what adds up the cotangents of many readings of one array, for operations that read a part by `index`.
        prepare: for a parameter that must be made safe to keep, the function that does so.
        doc: the public function's docstring.

    Returns:
        The public function. It takes arrays or tensors; given arrays alone it is just `forward`.

    Raises:
        ValueError: the name is taken, or a rule asks for something that the call does not know.

    >>> softplus = ad.primitive(
    ...     lambda x, /: np.logaddexp(0, x), {"x": lambda g, x: g * ad.sigmoid(x)}, name="softplus_of_the_docs", elementwise=True
    ... )
    >>> x = ad.Tensor([0.0], requires_grad=True)
    >>> softplus(x).backward(np.ones(1))
    >>> x.grad
    Tensor([0.5])
    """
    name = name or forward.__name__
    if name in registry:
        raise ValueError(f"primitive: the name {name!r} is taken. Give this one a name of its own.")
    entry = Primitive(forward, rules, name)
    entry.numpy = tuple(numpy)
    entry.domain = (domain,) * len(entry.arguments) if isinstance(domain, Interval) else tuple(domain)
    entry.examples = tuple(examples) or (_elementwise_examples(len(entry.arguments)) if elementwise else ())
    entry.kinks, entry.elementwise, entry.view, entry.scatter = tuple(kinks), elementwise, view, scatter
    entry.prepare = dict(prepare or {})
    if scatter is not None:
        entry.rules = [Scattered]
    plain = not (entry.params or entry.variadic or view)
    call = _call_one(entry) if plain and len(entry.arguments) == 1 else _call_two(entry) if plain and len(entry.arguments) == 2 else _call(entry)
    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc or forward.__doc__
    call.__module__ = "autodiff"
    entry.call = call
    registry[name] = entry
    for function in entry.numpy:
        numpy_table[function] = call
    return call


def composite(*, numpy: Sequence[Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function made of primitives as the one that NumPy's functions `numpy` call when they are given a `Tensor`."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        numpy_table.update(dict.fromkeys(numpy, function))
        return function

    return declare


def _elementwise_examples(arity: int) -> tuple[Example, ...]:
    same = [Example((shape,) * arity) for shape in ((), (3,), (2, 3), (0,), (2, 0))]
    mixed = [Example(shapes) for shapes in (((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((3, 1), ()), ((1,), (0,)))] if arity == 2 else []
    return (*same, *mixed)


def _signature(forward: Any, rules: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The array arguments of `forward`, and its other parameters with their defaults."""
    if (
        isinstance(forward, np.ufunc)
        or not inspect.isfunction(forward)
        or not any(p.kind is p.POSITIONAL_ONLY for p in inspect.signature(forward).parameters.values())
    ):
        return tuple(rules), {}
    parameters = inspect.signature(forward).parameters.values()
    arrays = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY)
    others = {p.name: p.default for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    if any(a.startswith("*") for a in rules):
        arrays = tuple("*" + a for a in arrays[:1])
    return arrays, others


def _wants(rule: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(rule).parameters)[1:]


def _bind(rule: Callable[..., Any], arguments: Sequence[str]) -> Callable[..., Any]:
    """`rule` as a function of the cotangent and of the node that knows the rest."""
    places = {a: f"n.values[{i}]" for i, a in enumerate(arguments)}
    places |= {f"{a}_shape": f"n.fits[{i}][0]" for i, a in enumerate(arguments)}
    places |= {"y": "n.y", "k": "k"}
    terms = ["g"] + [places.get(name, f"n.params[{name!r}]") for name in _wants(rule)]
    position = ", k" if "k" in _wants(rule) else ""
    return eval(f"lambda g, n{position}: rule({', '.join(terms)})", {"rule": rule})  # type: ignore[no-any-return]


class _EveryPosition:
    """The rules of a sequence of arguments: one rule that is told the position."""

    def __init__(self, rule: Callable[..., Any]) -> None:
        self.rule = rule

    def __getitem__(self, k: int) -> Callable[..., Any]:
        return lambda g, n: self.rule(g, n, k)


# Calls. There is one for one operand and one for two, which are what most operations are and where time counts, and a general
# one. Each unwraps, computes, wraps, and remembers what the rules will ask for.


def _call_one(entry: Primitive) -> Callable[..., Any]:
    forward = entry.forward
    keep_x, keep_y = entry.keeps(entry.arguments[0], frozenset({0})), entry.keeps("y", frozenset({0}))

    def call(x: Any, /) -> Any:
        if not isinstance(x, Variable):
            return forward(x)
        data = x._data
        y = forward(data)
        if type(y) is not ndarray:
            y = np.asarray(y)
        result = new(graph.variable_class)
        result._data = y
        mode = current_mode()
        parent = x._node
        if parent is None or not parent.requires_grad or not mode.record:
            result._node = None
        else:
            guards = ((data, fingerprint(data)),) if keep_x and parent.exposed else None
            result._node = Node(entry, (parent,), (data,) if keep_x else (None,), y if keep_y else None, None, None, guards)
        if mode is not RECORD:
            _inspect(entry, result)
        return result

    return call


def _call_two(entry: Primitive) -> Callable[..., Any]:
    forward = entry.forward
    keeps = [tuple(entry.keeps(what, frozenset(recorded)) for what in (*entry.arguments, "y")) for recorded in ((), (0,), (1,), (0, 1))]

    elementwise = entry.elementwise
    always = any(name.endswith("_shape") for name in entry.needs)

    def call(a: Any, b: Any, /) -> Any:
        recorded = 0
        if isinstance(a, Variable):
            x = a._data
            parent_a = a._node
            if parent_a is not None:
                if parent_a.requires_grad:
                    recorded = 1
                else:
                    parent_a = None
        else:
            x, parent_a = a if type(a) is float else as_operand(a, entry), None
        if isinstance(b, Variable):
            z = b._data
            parent_b = b._node
            if parent_b is not None:
                if parent_b.requires_grad:
                    recorded += 2
                else:
                    parent_b = None
        elif parent_a is None and not isinstance(a, Variable):
            return forward(a, b)
        else:
            z, parent_b = b if type(b) is float else as_operand(b, entry), None
        y = forward(x, z)
        if type(y) is not ndarray:
            y = np.asarray(y)
        result = new(graph.variable_class)
        result._data = y
        mode = current_mode()
        if recorded and mode.record:
            keep_a, keep_b, keep_y = keeps[recorded]
            guards = fits = None
            if keep_a and (parent_a is None or parent_a.exposed) and type(x) is ndarray:
                guards = ((x, x.tobytes() if x.nbytes <= 4096 else fingerprint(x)),)
            if keep_b and (parent_b is None or parent_b.exposed) and type(z) is ndarray:
                guards = (*(guards or ()), (z, fingerprint(z)))
            if type(x) is ndarray and type(z) is ndarray and (always or x.dtype is not z.dtype or (elementwise and x.shape != z.shape)):
                fits = find_fits((x, z))
            result._node = Node(entry, (parent_a, parent_b), (x if keep_a else None, z if keep_b else None), y if keep_y else None, None, fits, guards)
        else:
            result._node = None
        if mode is not RECORD:
            _inspect(entry, result)
        return result

    return call


def _call(entry: Primitive) -> Callable[..., Any]:
    forward, arity, names, variadic = entry.forward, len(entry.arguments), tuple(entry.params), entry.variadic
    optional = _optional_arrays(forward)

    def call(*args: Any, **params: Any) -> Any:
        arrays = list(args[0]) if variadic else [*args[:arity], *optional[len(args) :]]
        if not any(isinstance(x, Variable) for x in arrays):
            return forward(*args, **params)
        params = {**entry.params, **dict(zip(names, args[arity:], strict=False)), **params}
        for parameter, safe in entry.prepare.items():
            params[parameter] = safe(params[parameter])
        parents = [x._node if isinstance(x, Variable) and x._node is not None and x._node.requires_grad else None for x in arrays]
        recorded = frozenset(i for i, parent in enumerate(parents) if parent is not None) if current_mode().record else frozenset()
        if entry.view and not recorded:
            values = [graph.shared(x) if isinstance(x, Variable) else x for x in arrays]
        else:
            values = [x._data if isinstance(x, Variable) else as_operand(x, entry) for x in arrays]
        result = wrap(forward(values, **params) if variadic else forward(*values, **params))
        if recorded:
            result._node = _record(entry, parents, values, result._data, params, recorded)
        if current_mode() is not RECORD:
            _inspect(entry, result)
        return result

    return call


def _record(entry: Primitive, parents: list[Any], values: list[Any], y: Any, params: dict[str, Any], recorded: frozenset[int]) -> Node:
    if y.dtype.kind != "f":
        raise TypeError(f"{entry.name}: no gradient flows through {y.dtype} values. Use detach() on the argument to leave the graph.")
    if entry.variadic:
        params = {**params, "shapes": [np.shape(value) for value in values]}
    kept = [
        value if not entry.variadic and entry.keeps(a, recorded) else None
        for a, value in zip(entry.arguments * (len(values) if entry.variadic else 1), values, strict=True)
    ]
    parents = [parent if entry.variadic or i in recorded and entry.rules[i] else None for i, parent in enumerate(parents)]
    aliases = entry.view and any(type(parent) is not Node for parent in parents if parent is not None)
    kind = View if aliases else Node
    return kind(entry, parents, kept, y if entry.keeps("y", recorded) else None, params, find_fits(values), find_guards(kept, parents))


def find_guards(values: Sequence[Any], parents: Sequence[Any]) -> Any:
    """The arrays among the saved `values` that others could write to, with the fingerprints of their content."""
    return [
        (value, fingerprint(value))
        for value, parent in zip(values, parents, strict=True)
        if type(value) is ndarray and (parent is None or parent.exposed)
    ] or None


def find_fits(values: Sequence[Any]) -> Any:
    """The shape and type that the cotangent of each of `values` must have."""
    return [(np.shape(value), getattr(value, "dtype", None)) for value in values]


def as_operand(x: Any, entry: Primitive) -> Any:
    """`x`, which is no tensor, as something to compute with: a Python number as it is, all else as an array."""
    if x is None or isinstance(x, (int, float)):
        return x
    array = x if isinstance(x, (np.ndarray, np.generic)) else np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{entry.name}: an operand is {type(x).__name__} of dtype {array.dtype}; wanted real numbers.")
    return array


def _optional_arrays(forward: Callable[..., Any]) -> tuple[Any, ...]:
    """The defaults of the array arguments of `forward`, at their positions."""
    parameters = inspect.signature(forward).parameters.values() if inspect.isfunction(forward) else ()
    return tuple(p.default for p in parameters if p.kind is p.POSITIONAL_ONLY)


def _inspect(entry: Primitive, result: Any) -> None:
    """Under `detect_anomaly`: remember where the operation was called, and raise if its value is not finite."""
    if not current_mode().anomaly:
        return
    origin = graph.calling_line()
    if result._node is not None:
        result._node.origin = origin
    graph.check_finite(result._data, entry.name, "the value", origin)
