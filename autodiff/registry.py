"""Primitives: a plain NumPy function, one plain NumPy derivative rule per argument, and what else is true of it, in one entry.

The registry of these entries is what the operators, NumPy's protocols, the documentation and the tests are made from.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.core.backward import OneOfSeveral, Scattered
from autodiff.core.call import apply, caller
from autodiff.domain import REALS, Interval, Kink

__all__ = ["Primitive", "primitive"]

registry: dict[str, Primitive] = {}
numpy_table: dict[Any, Callable[..., Any]] = {}  # what NumPy's protocols look up: np.exp -> exp


class Primitive:
    """The entry of one operation in the registry; `primitive` makes it and says what its attributes mean.

    `call` is the function that the public sees; `module` names the one that declared it. `rules` are the rules of `formulas` in the
    order of `arguments`, as functions of the cotangent and of what the record of a call has saved: the operands, the result,
    then, if a rule asks for them, the shapes of the operands and the parameters `params_asked`. `joint` is the one rule of a
    sequence of arrays instead. `keeps[bits]` says which arguments, and last whether the result, are needed by the rules of
    the arguments `bits` (bit i for argument i).

    >>> from autodiff.registry import registry
    >>> registry["exp"], registry["exp"].arguments, registry["exp"].numpy
    (Primitive(exp), ('x',), (<ufunc 'exp'>,))
    """

    def __init__(self, forward: Callable[..., Any], formulas: Mapping[str, Callable[..., Any]], name: str) -> None:
        self.forward = forward
        self.name = name
        self.formulas = dict(formulas)
        if not formulas:
            raise ValueError(f"primitive: {name} has no rules. A function without derivatives needs no primitive.")
        self.signature = _signature(forward, formulas, name)
        self.arguments, self.params = _arguments(self.signature, formulas)
        if not set(formulas) <= set(self.arguments) or not self.arguments:
            raise ValueError(
                f"primitive: {name} has rules for {', '.join(formulas)}, but its array arguments are {', '.join(self.arguments)}."
            )
        self.variadic = self.arguments[0].startswith("*")
        self.defaults = {p.name: p.default for p in self.signature.parameters.values() if p.default is not p.empty}
        self.optional = {name: self.defaults[name] for name in self.params if name in self.defaults}
        self.most = sum(p.kind is not p.KEYWORD_ONLY for p in self.signature.parameters.values())
        self.required = sum(argument not in self.defaults for argument in self.arguments)
        wants = {argument: _wants(rule, name) for argument, rule in formulas.items()}
        asked = {wanted for names in wants.values() for wanted in names}
        self.needs = {w: sum(1 << i for i, a in enumerate(self.arguments) if w in wants.get(a, ())) for w in asked}
        self.keeps = [
            tuple(bool(self.needs.get(w, 0) & bits) for w in (*self.arguments, "y")) for bits in range(1 << len(self.arguments))
        ]
        shapes = ("shapes",) if self.variadic else tuple(f"{argument}_shape" for argument in self.arguments)
        self.shapes_asked = self.variadic or bool(asked & set(shapes))
        self.params_asked = tuple(param for param in self.params if param in asked)
        self.reuses = "own" in asked
        layout = (*self.arguments, "y", *(shapes if self.shapes_asked else ()), *self.params_asked, "own")
        unknown = asked - set(layout)
        if unknown:
            known = ", ".join(("y", *(() if self.variadic else self.arguments), *shapes, *self.params))
            raise ValueError(f"primitive: a rule of {name} asks for {', '.join(sorted(unknown))}; it can have {known}.")
        places = {wanted: i for i, wanted in enumerate(layout)}
        rules = [_bound(formulas[a], [places[wanted] for wanted in wants[a]]) if a in formulas else None for a in self.arguments]
        self.rules: Any = rules
        self.joint: Callable[..., Any] | None = rules[0] if self.variadic else None
        self.result = _Result(name)
        self.numpy: tuple[Any, ...] = ()
        self.domain: tuple[Interval, ...] = ()
        self.module = ""
        self.kinks: tuple[Kink, ...] = ()
        self.elementwise = self.view = self.takes_over = False
        self.scatter: Callable[..., Any] | None = None
        self.prepare: dict[str, Callable[[Any], Any]] = {}
        self.call: Callable[..., Any] = forward

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
            self._refuse(args, kwargs)
        for name, value in params.items():
            if name in self.prepare or isinstance(value, (list, np.ndarray)):
                params[name] = self.prepare.get(name, _kept)(value)
        if self.variadic:
            return tuple(args[0]), params
        return (*args, *(self.defaults[a] for a in self.arguments[given:])) if given < count else args[:count], params

    def _refuse(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}. It is called as {self.name}{self.signature}.") from None

    def apply(self, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """The result of the call with these operands and parameters, as it goes on in the current mode."""
        return apply(self, operands, dict(params))


class _Result:
    """What the record of one of several results has in the place of an entry: its rule puts the cotangent in its place."""

    arguments = ()
    joint = None
    reuses = takes_over = False
    rules = (lambda g, saved: OneOfSeveral(g, saved[1]),)

    def __init__(self, name: str) -> None:
        self.name = name


def primitive(
    forward: Callable[..., Any],
    rules: Mapping[str, Callable[..., Any]],
    *,
    name: str | None = None,
    numpy: Sequence[Any] = (),
    domain: Interval | Sequence[Interval] = REALS,
    kinks: Sequence[Kink] = (),
    elementwise: bool = False,
    view: bool = False,
    takes_over: bool = False,
    scatter: Callable[..., Any] | None = None,
    prepare: Mapping[str, Callable[[Any], Any]] | None = None,
    doc: str | None = None,
) -> Callable[..., Any]:
    """Declare an operation: a NumPy function with one derivative rule per argument. Return the function to call.

    A rule gives the cotangent of one argument: the vector-Jacobian product with `g`, the cotangent of the result. It asks for
    what it needs by name: `g` first, then any of `y` (the result), the arguments, `NAME_shape`, and the
    function's other parameters. What no rule names is not kept. Rules are made of operators and `np.` functions only, so that
    they can be differentiated in turn. A broadcast is undone by the engine, not by the rule. If the function returns a tuple,
    of several results, `g` and `y` are tuples, with zeros for the cotangents of results that are not used.

    Args:
        forward: the function of arrays. Its positional-only parameters are the arrays; if it has none, those that have a rule.
        rules: for each array argument that has a derivative, its rule. `*arrays` stands for a sequence of arrays, whose rule gives
            the cotangents of all of them at once and may ask for their `shapes`.
        name: how it is called in the registry and in errors; the name of `forward` if not given.
        numpy: the NumPy functions that call this one when they are given a `Tensor`.
        domain: where the arguments may lie: one `Interval` for all, or one each.
        kinks: points where the derivative jumps, and what the rules give there.
        elementwise: whether it works element by element with broadcasting.
        view: whether the result may share memory with the argument.
        takes_over: whether it may return its first argument itself, which nobody else needs then. The rule of that argument
            may ask for `own`: whether the cotangent is the rule's own to write to.
        scatter: what adds up the cotangents of many readings of one array, for operations that read a part by `index`.
        prepare: for a parameter that must be made safe to keep, the function that does so.
        doc: the public function's docstring.

    Returns:
        The public function. It takes arrays or tensors; given arrays alone it is just `forward`.

    Raises:
        ValueError: the name is taken, or a rule asks for something that the call does not know.

    >>> softplus = extend.primitive(
    ...     lambda x, /: np.logaddexp(0, x), {"x": lambda g, x: g * ad.sigmoid(x)}, name="softplus_of_the_docs", elementwise=True
    ... )
    >>> x = ad.Tensor([0.0], requires_grad=True)
    >>> softplus(x).backward(np.ones(1))
    >>> x.grad
    Tensor([0.5])
    """
    name = str(name or getattr(forward, "__name__", type(forward).__name__))
    if name in registry:
        raise ValueError(f"primitive: the name {name!r} is taken. Give this one a name of its own.")
    entry = Primitive(forward, rules, name)
    entry.numpy = tuple(numpy)
    entry.domain = (domain,) * len(entry.arguments) if isinstance(domain, Interval) else tuple(domain)
    entry.module = sys._getframe(1).f_globals.get("__name__", "")
    entry.kinks, entry.elementwise, entry.view, entry.takes_over = tuple(kinks), elementwise, view, takes_over
    entry.prepare = dict(prepare or {})
    if scatter is not None:
        entry.scatter = scatter
        entry.rules = [lambda g, saved: Scattered(g, saved[-1], saved[-2], entry.scatter)]
    call: Any = caller(entry)
    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc or forward.__doc__
    call.__module__ = "autodiff"
    call.__signature__ = entry.signature
    entry.call = call
    registry[name] = entry
    numpy_table.update(dict.fromkeys(entry.numpy, call))
    return call  # type: ignore[no-any-return]


def composite(*, numpy: Sequence[Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function made of primitives as the one that NumPy's functions `numpy` call when they are given a `Tensor`."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        numpy_table.update(dict.fromkeys(numpy, function))
        return function

    return declare


def _signature(forward: Any, formulas: Mapping[str, Any], name: str) -> inspect.Signature:
    """The signature of the public function: the arrays come first, by position only."""
    names = [argument.removeprefix("*") for argument in formulas]
    try:
        parameters = [] if isinstance(forward, np.ufunc) else list(inspect.signature(forward).parameters.values())
    except ValueError:  # a function written in C of which nothing else is known
        parameters = []
    if not parameters:
        parameters = [inspect.Parameter(argument, inspect.Parameter.POSITIONAL_ONLY) for argument in names]
    only = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY] or [p.name for p in parameters if p.name in names]
    if [p.name for p in parameters[: len(only)]] != only:
        raise ValueError(
            f"primitive: the arguments of {name} that have rules, {', '.join(only)}, must come first in "
            f"{', '.join(p.name for p in parameters)}."
        )
    arrays = [p.replace(kind=inspect.Parameter.POSITIONAL_ONLY) for p in parameters[: len(only)]]
    return inspect.Signature([*arrays, *parameters[len(only) :]])


def _arguments(signature: inspect.Signature, formulas: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the arrays, with a star for a sequence of them, and of the other parameters."""
    parameters = signature.parameters.values()
    arrays = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY)
    starred = tuple(a if a in formulas or f"*{a}" not in formulas else f"*{a}" for a in arrays)
    return starred, tuple(p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY)


def _wants(rule: Any, name: str) -> tuple[str, ...]:
    """What `rule` asks for beside the cotangent."""
    if not callable(rule):
        raise TypeError(
            f"primitive: a rule of {name} is {type(rule).__name__}; wanted a function of g and of what it needs, by name."
        )
    return tuple(inspect.signature(rule).parameters)[1:]


def _bound(rule: Callable[..., Any], places: list[int]) -> Callable[[Any, Any], Any]:
    """`rule` as a function of the cotangent and of what was saved, where it takes what it asks for from these `places`."""
    if not places:
        return lambda g, saved: rule(g)
    if len(places) == 1:
        (i,) = places
        return lambda g, saved: rule(g, saved[i])
    if len(places) == 2:
        i, j = places
        return lambda g, saved: rule(g, saved[i], saved[j])
    return lambda g, saved: rule(g, *[saved[i] for i in places])


def _kept(parameter: Any) -> Any:
    """`parameter` as something that nobody can change later."""
    if isinstance(parameter, list):
        return tuple(map(_kept, parameter))
    return parameter.copy() if isinstance(parameter, np.ndarray) else parameter
