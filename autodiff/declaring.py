"""Operations of one's own: a NumPy function and its derivative, written down beside each other."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, unwrapped, wrap
from autodiff.dtypes import NUMBERS
from autodiff.modes import is_grad_enabled
from autodiff.numpy.names import name_of, operand_names
from autodiff.numpy.namespaces import meaning_of
from autodiff.registry import Primitive, registry
from autodiff.registry import primitive as declare

__all__ = ["primitive"]


def primitive(function: Callable[..., Any]) -> Operation:
    """A NumPy function as an operation, of which `derivative` says the derivative: a decorator.

    For what NumPy's functions do not express, such as a C kernel or an iteration, or whose derivative is known better than by the
    chain rule. The operation takes arrays and tensors, and is as autodiff's own are: it has derivatives of any order, as far as its
    rules are made of operations, and every transform and `autodiff.testing.check_gradient` take it.

    Args:
        function: a function of arrays, which returns an array or a tuple of them, and writes to none. Its positional parameters
            without a default are the arrays; the others are passed on as they are. Or a ufunc, such as one of SciPy's or Numba's,
            which then takes tensors itself.

    Returns:
        The operation. `operation.derivative(rule, ...)` takes one rule for each array, in their order or by name, and returns the
        operation. A rule is a function of `g`, the cotangent of the result, to the cotangent of the array; None if there is none.
        It asks by name for what else it needs: arrays (of a ufunc `x`, or `a`, `b` and so on), `y`, which is the result unless an
        array is called so, parameters, or `NAME_shape`, the shape of an array; of several results, `g` and `y` are tuples. Made of
        operators, NumPy's functions and operations, it has a derivative itself. A broadcast is undone for it.

    Raises:
        TypeError: the function has no array, or takes them as `*args`; or, when it is called on tensors that require grad, no
            derivative has been given.
        ValueError: there is not one rule for each array, one asks for something else, or the ufunc is an operation already.

    Defined again, it replaces the former one. `extend.primitive` states more, such as where a function is differentiable.

    >>> @ad.primitive
    ... def softplus(x):
    ...     return np.logaddexp(0, x)
    >>> softplus.derivative(lambda g, x: g * ad.sigmoid(x))
    <primitive softplus(x)>
    >>> ad.grad(softplus)(0.0), ad.grad(ad.grad(softplus))(0.0)
    (np.float64(0.5), np.float64(0.25))
    """
    return Operation(function, sys._getframe(1).f_globals.get("__name__", ""))


class Operation:
    """An operation of one's own. See `primitive`."""

    __signature__: inspect.Signature

    def __init__(self, function: Callable[..., Any], module: str) -> None:
        self.__name__: str = getattr(function, "__name__", type(function).__name__)
        functools.update_wrapper(self, function, updated=())
        parameters = _parameters(function, self.__name__)
        self._arrays = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]
        self.__signature__ = inspect.Signature(parameters)
        self._function, self._module = function, module
        own = registry.get(self._key)
        if isinstance(function, np.ufunc) and meaning_of(function) not in (None, own and own.call):
            name = name_of(function)
            raise ValueError(
                f"primitive: {name} is an operation already. For other rules wrap it: ad.primitive(lambda x: {name}(x))."
            )
        self._entry: Primitive | None = None

    @property
    def _key(self) -> str:
        return f"{self._module}.{self.__name__}"

    def __reduce__(self) -> str:
        return self.__name__  # a name of its module, as functions are pickled and copied

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute, on arrays or tensors."""
        for name in self._arrays[len(args) :]:
            if name not in kwargs:
                break
            args = (*args, kwargs.pop(name))
        if self._entry is not None:
            return self._entry.apply(*self._entry.bind(args, kwargs))
        if is_grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in args):
            rules = ", ".join(f"lambda g, {name}: ..." for name in self._arrays)
            raise TypeError(
                f"{self.__name__}: a tensor requires grad, but no derivative has been given. Add one rule for each array, a "
                f"function of g, the cotangent of the result: {self.__name__}.derivative({rules})."
            )
        result = self._function(*map(unwrapped, args), **kwargs)
        if not any(isinstance(x, Tensor) for x in args):
            return result
        return tuple(map(wrap, result)) if isinstance(result, tuple) else wrap(result)

    def derivative(self, *rules: Callable[..., Any] | None, **by_name: Callable[..., Any] | None) -> Operation:
        """Give the rules, one for each array, in their order or by name; None for an array by which nothing is differentiated."""
        given = dict(zip(self._arrays, rules, strict=False)) | by_name
        if len(rules) + len(by_name) != len(self._arrays) or given.keys() != set(self._arrays):
            got = ", ".join([f"{len(rules)} in order", *by_name] if by_name else [str(len(rules))])
            raise ValueError(
                f"{self.__name__}.derivative: wanted one rule for each array, {', '.join(self._arrays)}, and None for one by which "
                f"nothing is differentiated; got {got}."
            )
        declare(
            _with_signature(self._function, self.__signature__),
            {name: _checking(rule, name, self.__name__) for name in self._arrays if (rule := given[name]) is not None},
            name=self.__name__,
            numpy=[self._function] if isinstance(self._function, np.ufunc) else [],
            elementwise=isinstance(self._function, np.ufunc) and self._function.signature is None,
            doc=self.__doc__,
            module=self._module,
        )
        self._entry = registry[self._key]
        return self

    def __repr__(self) -> str:
        without = "" if self._entry else ", without a derivative"
        return f"<primitive {self.__name__}({', '.join(self.__signature__.parameters)}){without}>"


def _parameters(function: Callable[..., Any], name: str) -> list[inspect.Parameter]:
    """The parameters of the operation: the arrays by position only."""
    if isinstance(function, np.ufunc):
        return [inspect.Parameter(x, inspect.Parameter.POSITIONAL_ONLY) for x in operand_names(function)]
    try:
        parameters = [*inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):  # of what cannot be called, and of what is written in C
        raise TypeError(
            f"primitive: {name} does not tell its parameters. Wrap it: ad.primitive(lambda x: {name}(x))."
            if callable(function)
            else f"primitive: got {function!r}; wanted a function of arrays."
        ) from None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise TypeError(
            f"primitive: {name} takes its arrays as *{parameters[0].name}; wanted one parameter for each, as in def {name}(a, b)."
        )
    for i, p in enumerate(parameters):
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            parameters[i] = p.replace(kind=p.POSITIONAL_ONLY if p.default is p.empty else p.POSITIONAL_OR_KEYWORD)
    if not parameters or parameters[0].kind is not inspect.Parameter.POSITIONAL_ONLY:
        raise TypeError(f"primitive: {name} has no arrays: its positional parameters without a default are the arrays.")
    return parameters


def _checking(rule: Any, argument: str, name: str) -> Any:
    """`rule`, of which what is no cotangent is an error that names it."""
    if not callable(rule):
        return rule  # an error of the declaration's

    @functools.wraps(rule)
    def checked(*args: Any) -> Any:
        part = rule(*args)
        part = np.asarray(part) if isinstance(part, (bool, int, float, complex)) else part
        dtype = getattr(part, "dtype", None)
        if getattr(dtype, "kind", "O") not in NUMBERS:
            given = f"an array of dtype {dtype}" if dtype else type(part).__name__
            raise TypeError(f"{name}: the rule of {argument} gave {given}; wanted an array of numbers, its cotangent.")
        return part

    return checked


def _with_signature(function: Any, signature: inspect.Signature) -> Any:
    """`function`, which shows that signature."""

    def forward(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    forward.__signature__ = signature  # type: ignore[attr-defined]
    return forward
