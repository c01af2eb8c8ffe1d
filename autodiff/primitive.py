"""Primitives: a plain NumPy function, one plain NumPy derivative rule per argument, and what else is true of it, in one entry.

The registry of these entries is what the operators, NumPy's protocols, the documentation and the tests are made from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autodiff.backward import Scattered
from autodiff.calls import call_with_any, call_with_one, call_with_two
from autodiff.domain import REALS, Example, Interval, Kink, elementwise_examples

__all__ = ["Primitive", "primitive"]

registry: dict[str, Primitive] = {}
numpy_table: dict[Any, Callable[..., Any]] = {}  # what NumPy's protocols look up: np.exp -> exp


class Primitive:
    """The entry of one operation in the registry; `primitive` makes it and says what its attributes mean.

    `rules` are the rules of `formulas` as functions of the cotangent and of the `Node`, in the order of `arguments`; `call` is
    the function that the public sees.

    >>> from autodiff.primitive import registry
    >>> registry["exp"], registry["exp"].arguments, registry["exp"].numpy
    (Primitive(exp), ('x',), (<ufunc 'exp'>,))
    """

    def __init__(self, forward: Callable[..., Any], formulas: Mapping[str, Callable[..., Any]], name: str) -> None:
        self.forward = forward
        self.name = name
        self.formulas = dict(formulas)
        if not formulas:
            raise ValueError(f"primitive: {name} has no rules. A function without derivatives needs no primitive.")
        self.arguments, self.params, self.defaults, self.positional = _signature(forward, formulas)
        if not set(formulas) <= set(self.arguments) or not self.arguments:
            raise ValueError(
                f"primitive: {name} has rules for {', '.join(formulas)}, but its array arguments are {', '.join(self.arguments)}."
            )
        self.variadic = self.arguments[0].startswith("*")
        self.rules: Any = _rules(self.formulas, self.arguments, self.params, self.variadic)
        self.needs: dict[str, int] = {}  # by what a rule asks for, the rules that do: bit i for argument i
        for i, argument in enumerate(self.arguments):
            for wanted in _wants(self.formulas[argument]) if argument in formulas else ():
                self.needs[wanted] = self.needs.get(wanted, 0) | 1 << i
        self.numpy: tuple[Any, ...] = ()
        self.domain: tuple[Interval, ...] = ()
        self.examples: tuple[Example, ...] = ()
        self.kinks: tuple[Kink, ...] = ()
        self.elementwise = self.view = False
        self.scatter: Callable[..., Any] | None = None
        self.prepare: dict[str, Callable[[Any], Any]] = {}
        self.call: Callable[..., Any] = forward

    def __repr__(self) -> str:
        return f"Primitive({self.name})"

    def keeps(self, recorded: int) -> tuple[tuple[bool, ...], bool]:
        """Which arguments, and whether the result, are needed by the rules of the arguments `recorded` (bit i for argument i)."""
        return tuple(bool(self.needs.get(a, 0) & recorded) for a in self.arguments), bool(self.needs.get("y", 0) & recorded)


def primitive(
    forward: Callable[..., Any],
    rules: Mapping[str, Callable[..., Any]],
    *,
    name: str | None = None,
    numpy: Sequence[Any] = (),
    domain: Interval | Sequence[Interval] = REALS,
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
        forward: the function of arrays. Its positional-only parameters are the arrays; if it has none, those that have a rule.
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
    entry.examples = tuple(examples) or (elementwise_examples(len(entry.arguments)) if elementwise else ())
    entry.kinks, entry.elementwise, entry.view, entry.scatter = tuple(kinks), elementwise, view, scatter
    entry.prepare = dict(prepare or {})
    if scatter is not None:
        entry.rules = [Scattered]
    calls = {1: call_with_one, 2: call_with_two} if not (entry.params or entry.defaults or entry.variadic or view) else {}
    call = calls.get(len(entry.arguments), call_with_any)(entry)
    call.__name__ = call.__qualname__ = name
    if getattr(forward, "__name__", "") == "<lambda>":
        forward.__name__ = forward.__qualname__ = name  # for errors about its arguments
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


def _signature(forward: Any, formulas: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, Any], int]:
    """The array arguments of `forward`, its other parameters, the defaults of both, and how many can be given by position."""
    code = getattr(forward, "__code__", None)
    if code is None:  # a ufunc or another function of which nothing else is known
        return tuple(formulas), (), {}, len(formulas)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    arrays = names[: code.co_posonlyargcount] or tuple(name for name in names if name in formulas)
    if names[: len(arrays)] != arrays:
        raise ValueError(f"primitive: the arguments that have rules, {', '.join(arrays)}, must come first in {', '.join(names)}.")
    defaults = forward.__defaults__ or ()
    known = dict(zip(names[code.co_argcount - len(defaults) : code.co_argcount], defaults, strict=True)) | (
        forward.__kwdefaults__ or {}
    )
    variadic = bool(arrays) and "*" + arrays[0] in formulas
    return tuple("*" + a for a in arrays) if variadic else arrays, names[len(arrays) :], known, code.co_argcount


def _wants(rule: Any) -> tuple[str, ...]:
    """What `rule` asks for beside the cotangent."""
    if not hasattr(rule, "__code__"):
        raise TypeError(f"primitive: a rule is {type(rule).__name__}; wanted a Python function of g and of what it needs, by name.")
    names: tuple[str, ...] = rule.__code__.co_varnames[1 : rule.__code__.co_argcount]
    return names


def _rules(formulas: Mapping[str, Any], arguments: Sequence[str], params: Sequence[str], variadic: bool) -> Any:
    """The rules as functions of the cotangent and of the node that knows the rest; for a sequence of arguments, of `k` too."""
    places = {a: f"n.values[{i}]" for i, a in enumerate(arguments)}
    places |= {f"{a}_shape": f"n.fits[{i}][0]" for i, a in enumerate(arguments)}
    places |= {"y": "n.y", "k": "k"}
    known = (*places, *params, "shapes") if variadic else (*places, *params)

    def bind(rule: Callable[..., Any]) -> Any:
        unknown = [name for name in _wants(rule) if name not in known]
        if unknown:
            raise ValueError(f"primitive: a rule asks for {', '.join(unknown)}; it can have {', '.join(sorted(known))}.")
        terms = ["g"] + [places.get(name, f"n.params[{name!r}]") for name in _wants(rule)]
        return eval(f"lambda g, n, k=None: rule({', '.join(terms)})", {"rule": rule})

    if variadic:
        return _EveryPosition(bind(formulas[arguments[0]]))
    return [bind(formulas[a]) if a in formulas else None for a in arguments]


class _EveryPosition:
    """The rules of a sequence of arguments: one rule that is told the position."""

    def __init__(self, rule: Callable[..., Any]) -> None:
        self.rule = rule

    def __getitem__(self, k: int) -> Callable[..., Any]:
        return lambda g, n: self.rule(g, n, k)
