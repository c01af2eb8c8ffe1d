"""Functions to functions: the gradient of a function, with nothing left behind in its arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff import graph
from autodiff.backward import as_gradient, backward_pass, depends_on_others
from autodiff.graph import Variable, unwrapped
from autodiff.modes import enable_grad, is_grad_enabled
from autodiff.tensor import Tensor

__all__ = ["grad", "value_and_grad"]


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that returns `f(*args)` and its gradient by the arguments `argnums`.

    `f` is written with NumPy's functions, autodiff's, or both, and returns a single number. It is called with tensors in the place
    of the arguments `argnums`. The gradient is an array where the argument was one, unless it depends on other tensors that require
    grad; a tensor where it was a tensor, so that transforms nest; zero where `f` does not depend on it. `.grad` is not touched.

    Raises:
        TypeError: an argument of `argnums` is not floating point, or `f` returns something else than one number.

    >>> ad.value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """
    several = not isinstance(argnums, (int, np.integer))

    def evaluate(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        positions = _positions(argnums, len(args))
        recording = is_grad_enabled()
        with enable_grad():
            variables = {i: _variable(args[i], i) for i in positions}
            result = f(*(variables.get(i, arg) for i, arg in enumerate(args)), **kwargs)
            if not _is_number(result):
                raise TypeError(f"grad: the function must return a single number, but it returned {_described(result)}.")
            nodes: list[Any] = [variables[i]._node for i in positions]
            found: dict[Any, Any] = {}
            create_graph = False
            if isinstance(result, Variable) and result._node is not None and result._node.requires_grad:
                create_graph = recording and depends_on_others(result._node, nodes)
                seed = np.ones(result.shape, result.dtype)
                seeds = {result._node: graph.wrap(seed) if create_graph else seed}
                found = backward_pass(seeds, create_graph=create_graph, targets=nodes)
        for variable in variables.values():
            if variable.is_leaf:  # made here: from now on a constant, of which no other gradient is wanted
                variable.requires_grad_(False)
        gradients = tuple(_like(args[i], found.get(node), variables[i]) for i, node in zip(positions, nodes, strict=True))
        plain = not (create_graph or any(isinstance(args[i], Variable) for i in positions))
        return np.array(unwrapped(result))[()] if plain else result, gradients if several else gradients[0]

    return evaluate


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The gradient of `f`, a function that returns a single number, by the arguments `argnums`. See `value_and_grad`.

    >>> ad.grad(lambda x: np.sum(np.sin(1.0) * x**2))(np.array([1.0, 2.0]))
    array([1.68294197, 3.36588394])
    >>> ad.grad(ad.grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    """
    both = value_and_grad(f, argnums)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def _positions(argnums: Any, count: int) -> tuple[int, ...]:
    """The positions to differentiate by, from 0, checked against the number of arguments."""
    given = (argnums,) if isinstance(argnums, (int, np.integer)) else tuple(argnums)
    for i in given:
        if not -count <= operator.index(i) < count:
            raise TypeError(f"grad: argnums is {argnums}, but the function was called with {count} arguments by position.")
    positions = tuple(operator.index(i) % count for i in given)
    if len(set(positions)) < len(positions) or not positions:
        raise ValueError(f"grad: argnums is {argnums}; wanted at least one position, and each one once.")
    return positions


def _is_number(x: Any) -> bool:
    """Whether `x` is one real number, in an array or not."""
    array = np.asarray(unwrapped(x)) if isinstance(x, (Variable, np.ndarray, np.generic, int, float)) else np.zeros(0)
    return array.size == 1 and array.dtype.kind in "biuf"


def _variable(argument: Any, position: int) -> Tensor:
    """A tensor to differentiate by, in the place of an argument."""
    if isinstance(argument, Tensor) and argument.requires_grad:
        return argument.astype(argument.dtype)  # type: ignore[no-any-return]
    if np.asarray(getattr(argument, "data", argument)).dtype.kind != "f":
        raise TypeError(
            f"grad: argument {position} is {_described(argument)}; wanted floating-point numbers, "
            "for example np.array(..., dtype=float)."
        )
    return Tensor(argument, requires_grad=True)


def _like(argument: Any, gradient: Any, variable: Tensor) -> Any:
    """The gradient in the form of the argument."""
    if gradient is None:
        gradient = np.zeros(variable.shape, variable.dtype)
    if isinstance(argument, Variable) or isinstance(gradient, Variable):
        return as_gradient(gradient)
    return np.array(gradient)[()] if np.ndim(argument) == 0 and not isinstance(argument, np.ndarray) else np.array(gradient)


def _described(x: Any) -> str:
    return f"{type(x).__name__} of shape {x.shape} and dtype {x.dtype}" if hasattr(x, "shape") else type(x).__name__
