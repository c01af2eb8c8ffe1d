"""Primitives: a plain NumPy function, one plain NumPy derivative rule per argument, and what else is true of it, in one entry.

The registry of these entries is what the operators, NumPy's protocols, the documentation and the tests are made from.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from autodiff.calls import check_call
from autodiff.core.backward import Parts, Result
from autodiff.core.call import apply, caller
from autodiff.core.tensor import Tensor
from autodiff.domain import REALS, Interval, Kink

__all__ = ["Primitive", "primitive"]

registry: dict[str, Primitive] = {}
numpy_table: dict[Any, Callable[..., Any]] = {}  # what NumPy's protocols look up: np.exp -> exp


class Primitive:
    """The entry of one operation in the registry; `primitive` makes it and says what its attributes mean.

    `call` is what the public sees; `module` names the one that declared it. `rules` are the rules of `formulas` in the order of
    `arguments`, as functions of the cotangent and of what the record of a call has saved: the operands, the result, then, if a rule
    asks for them, the shapes of the operands and the parameters `params_asked`. `joint` is the one rule of a sequence of arrays.
    `keeps[bits]` says which arguments, and last whether the result, the rules of the arguments `bits` need (bit i for argument i).

    >>> from autodiff.registry import registry
    >>> registry["exp"], registry["exp"].arguments, registry["exp"].numpy
    (Primitive(exp), ('x',), (<ufunc 'exp'>,))
    """

    apply = apply
    numpy: tuple[Any, ...]
    domain: tuple[Interval, ...]
    kinks: tuple[Kink, ...]
    elementwise = view = takes_over = False
    scatter: Callable[..., Any] | None
    prepare: Mapping[str, Callable[[Any], Any]]
    module: str
    call: Callable[..., Any]

    def __init__(self, forward: Callable[..., Any], formulas: Mapping[str, Callable[..., Any]], name: str) -> None:
        if not formulas:
            raise ValueError(f"primitive: {name} has no rules. A function without derivatives needs no primitive.")
        self.forward, self.name, self.formulas, self.result = forward, name, dict(formulas), Result(name)
        self.signature = _signature(forward, formulas, name)
        parameters = self.signature.parameters.values()
        arrays = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]
        self.arguments = tuple(f"*{a}" if f"*{a}" in formulas else a for a in arrays)
        self.params = tuple(p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY)
        if not self.arguments or not formulas.keys() <= set(self.arguments):
            raise ValueError(
                f"primitive: {name} has rules for {', '.join(formulas)}, but its array arguments are {', '.join(self.arguments)}."
            )
        self.variadic = self.arguments[0].startswith("*")
        self.defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        self.optional = {name: self.defaults[name] for name in self.params if name in self.defaults}
        self.most = sum(p.kind is not p.KEYWORD_ONLY for p in parameters)
        self.required = sum(argument not in self.defaults for argument in self.arguments)
        self._bind_rules()

    def _bind_rules(self) -> None:
        """Find out what the rules ask for, and where the record of a call has it."""
        wants = [_wants(self.formulas[a], self.name) if a in self.formulas else () for a in self.arguments]
        asked = {name for names in wants for name in names}
        subsets = [[names for i, names in enumerate(wants) if bits >> i & 1] for bits in range(1 << len(wants))]
        self.keeps = [tuple(any(x in names for names in subset) for x in (*self.arguments, "y")) for subset in subsets]
        shapes = ("shapes",) if self.variadic else tuple(f"{argument}_shape" for argument in self.arguments)
        self.shapes_asked = self.variadic or not asked.isdisjoint(shapes)
        self.params_asked, self.reuses = tuple(param for param in self.params if param in asked), "own" in asked
        layout = [*self.arguments, "y", *(shapes if self.shapes_asked else ()), *self.params_asked, "own"]
        if unknown := asked.difference(layout):
            known = ", ".join(("y", *(() if self.variadic else self.arguments), *shapes, *self.params))
            raise ValueError(f"primitive: a rule of {self.name} asks for {', '.join(sorted(unknown))}; it can have {known}.")
        self.rules: list[Any] = [
            _bound(self.formulas[a], [layout.index(name) for name in names]) if a in self.formulas else None
            for a, names in zip(self.arguments, wants, strict=True)
        ]
        self.joint: Callable[..., Any] | None = self.rules[0] if self.variadic else None

    def __repr__(self) -> str:
        return f"Primitive({self.name})"

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Sequence[Any], dict[str, Any]]:
        """The operands and the parameters of a call, with the defaults of those that are not given."""
        count, given = len(self.arguments), len(args)
        if given == count and not kwargs and len(self.optional) == len(self.params):
            return tuple(args[0]) if self.variadic else args, self.optional
        by_position = self.params[: max(0, given - count)]
        params = {**self.optional, **dict(zip(by_position, args[count:], strict=False)), **kwargs}
        if not self.required <= given <= self.most or len(params) != len(self.params) or not kwargs.keys().isdisjoint(by_position):
            check_call(self.name, self.signature, args, kwargs)
        for name, value in params.items():
            if name in self.prepare or isinstance(value, (list, np.ndarray, Tensor)):
                params[name] = self.prepare.get(name, _kept)(value)
        if self.variadic:
            return tuple(args[0]), params
        return (*args, *(self.defaults[a] for a in self.arguments[given:])) if given < count else args[:count], params


def primitive(
    forward: Callable[..., Any],
    rules: Mapping[str, Callable[..., Any]],
    *,
    name: str | None = None,
    numpy: Sequence[Any] | None = None,
    domain: Interval | Sequence[Interval] = REALS,
    kinks: Sequence[Kink] = (),
    elementwise: bool = False,
    view: bool = False,
    takes_over: bool = False,
    scatter: Callable[..., Any] | None = None,
    prepare: Mapping[str, Callable[[Any], Any]] | None = None,
    doc: str | None = None,
    module: str | None = None,
) -> Callable[..., Any]:
    """Declare an operation: a NumPy function with one derivative rule per argument.

    A rule gives the cotangent of one argument: the vector-Jacobian product with `g`, the cotangent of the result. It asks for what
    it needs by name: `g` first, then any of `y` (the result), the arguments, `NAME_shape`, and the function's other parameters.
    What no rule names is not kept. Rules are made of operators and `np.` functions, so that they can be differentiated in turn.
    A broadcast is undone by the engine, not by the rule. If the function returns a tuple, of several results, `g` and `y` are
    tuples, with zeros for the cotangents of results that are not used.

    Args:
        forward: the function of arrays. Its positional-only parameters are the arrays; if it has none, those that have a rule.
        rules: for each array argument that has a derivative, its rule. `*arrays` stands for a sequence of arrays, whose rule gives
            the cotangents of all of them at once and may ask for their `shapes`.
        name: what errors call it; if not given, as `forward` is called or, if a lambda, the first of `numpy`. It must be free.
        numpy: the functions that call this one when given a `Tensor`. Without that and `name`, a ufunc `forward`, if free.
        domain: where the arguments may lie: one `Interval` for all, or one each.
        kinks: points where the derivative jumps, and what the rules give there.
        elementwise: whether it works element by element with broadcasting, as a ufunc does.
        view: whether the result may share memory with the argument.
        takes_over: whether it may return its first argument itself, which nobody else needs then. The rule of that argument may
            ask for `own`: whether it may write to the cotangent, and return it; else it returns an array that nobody else has.
        scatter: what adds up the cotangents of many readings of one array, for operations that read a part by `index`.
        prepare: for a parameter that must be made safe to keep, the function that does so.
        doc: the docstring of the public function, which is returned: of arrays or tensors; of arrays alone it is just `forward`.
        module: whose own the name is, that others may have as well and that it may give again.

    >>> softplus = extend.primitive(
    ...     lambda x, /: np.logaddexp(0, x), {"x": lambda g, x: g * ad.sigmoid(x)}, name="softplus_of_the_docs", elementwise=True
    ... )
    >>> x = ad.Tensor([0.0], requires_grad=True)
    >>> softplus(x).backward(np.ones(1))
    >>> x.grad
    Tensor([0.5])
    """
    is_ufunc = isinstance(forward, np.ufunc) and forward.signature is None
    numpy = [forward] * (is_ufunc and not name and forward not in numpy_table) if numpy is None else numpy
    named = numpy[0] if numpy and getattr(forward, "__name__", "") == "<lambda>" else forward
    name = str(name or getattr(named, "__name__", type(named).__name__))
    if name in registry and module is None:
        raise ValueError(f"primitive: the name {name!r} is taken. Give this one a name of its own.")
    entry = registry[name if module is None else f"{module}.{name}"] = Primitive(forward, rules, name)
    entry.numpy, entry.kinks, entry.prepare = tuple(numpy), tuple(kinks), dict(prepare or {})
    entry.domain = (domain,) * len(entry.arguments) if isinstance(domain, Interval) else tuple(domain)
    entry.elementwise, entry.view, entry.takes_over, entry.scatter = elementwise or is_ufunc, view, takes_over, scatter
    if scatter is not None:
        entry.rules = [lambda g, saved: Parts(g, saved[-1], saved[-2], scatter)]
    call: Any = caller(entry)
    entry.call, entry.module = call, module or sys._getframe(1).f_globals.get("__name__", "")
    call.__name__ = call.__qualname__ = name
    call.__doc__, call.__signature__ = doc or forward.__doc__, entry.signature
    call.__module__ = ".".join(part for part in entry.module.split(".")[:2] if part != "ops")
    numpy_table.update(dict.fromkeys(entry.numpy, call))
    return entry.call


def _signature(forward: Any, formulas: Mapping[str, Any], name: str) -> inspect.Signature:
    """The signature of the public function: the arrays come first, by position only."""
    names = [argument.removeprefix("*") for argument in formulas]
    parameters = [inspect.Parameter(argument, inspect.Parameter.POSITIONAL_ONLY) for argument in names]
    with suppress(ValueError):  # of some functions written in C no more is known
        parameters = (not isinstance(forward, np.ufunc) and [*inspect.signature(forward).parameters.values()]) or parameters
    only = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY] or [p.name for p in parameters if p.name in names]
    if [p.name for p in parameters[: len(only)]] != only:
        raise ValueError(f"primitive: the arguments of {name} that have rules, {', '.join(only)}, must come before all others.")
    arrays = [p.replace(kind=inspect.Parameter.POSITIONAL_ONLY) for p in parameters[: len(only)]]
    return inspect.Signature([*arrays, *parameters[len(only) :]])


def _wants(rule: Any, name: str) -> tuple[str, ...]:
    """What `rule` asks for beside the cotangent."""
    if not callable(rule):
        raise TypeError(f"primitive: a rule of {name} is {type(rule).__name__}; wanted a function of g and what else it needs.")
    return tuple(inspect.signature(rule).parameters)[1:]


def _bound(rule: Callable[..., Any], places: list[int]) -> Callable[[Any, Any], Any]:
    """`rule` as a function of the cotangent and of what was saved, where it takes what it asks for from these `places`."""
    if not places:
        return lambda g, saved: rule(g)
    i, j = places[0], places[-1]
    if len(places) == 1:
        return lambda g, saved: rule(g, saved[i])
    if len(places) == 2:
        return lambda g, saved: rule(g, saved[i], saved[j])
    return lambda g, saved: rule(g, *[saved[i] for i in places])


def _kept(parameter: Any) -> Any:
    """`parameter` as something that nobody can change later."""
    if isinstance(parameter, list):
        return tuple(map(_kept, parameter))
    return np.array(parameter) if isinstance(parameter, (np.ndarray, Tensor)) else parameter  # an error if it requires grad
