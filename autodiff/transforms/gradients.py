"""The gradient of a function that returns one number: the pullback of 1."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.core.tensor import unwrapped
from autodiff.transforms.containers import described
from autodiff.transforms.pullback import Evaluation, is_made_of

__all__ = ["grad", "value_and_grad"]


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that returns `f(*args)` and its gradient `∂f/∂xᵢ` by each of the arguments `argnums`.

    `f` is written with NumPy's functions, autodiff's, or both, and returns a single number. It is called with tensors in the place
    of the arguments `argnums`. These are arrays, tensors, floats or lists of numbers, or containers of them: dicts, lists, tuples,
    named tuples and dataclasses, also nested; the gradient has the same structure, shapes and dtypes. It is an array where the
    argument was one, unless it depends on other tensors that require grad; a tensor where it was a tensor, so that transforms nest;
    zero where `f` does not depend on it. `.grad` is not touched.

    The gradient by a complex number x + iy is ∂f/∂x + i ∂f/∂y, the direction in which `f` rises fastest, as PyTorch's; JAX's is the
    conjugate. By a real number beside complex ones it is real.

    Args:
        f: the function.
        argnums: by which positional arguments to differentiate: one position, or several, for a tuple of gradients.

    Raises:
        TypeError: an argument of `argnums` is not floating point or complex, or `f` returns something else than one real number.
        ValueError: `argnums` names no argument, or one twice; or a container contains itself.

    >>> ad.value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    >>> model = {"W": np.array([[1.0, 2.0]]), "b": np.array([3.0])}
    >>> ad.grad(lambda model, x: ((model["W"] @ x + model["b"]) ** 2).sum())(model, np.array([1.0, -1.0]))
    {'W': array([[ 4., -4.]]), 'b': array([4.])}
    >>> ad.grad(lambda p: np.abs(p["z"] * p["x"]) ** 2)({"z": 1 + 2j, "x": 3.0})
    {'z': np.complex128(18+36j), 'x': np.float64(30.0)}
    """
    several = not isinstance(argnums, (int, np.integer))

    def evaluate(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        positions = _positions(argnums, len(args))
        evaluation = Evaluation("grad", _of_one_number(functools.partial(f, **kwargs)), args, positions)
        result = unwrapped(evaluation.result)
        gradients = evaluation.gradients([np.ones(np.shape(result), getattr(result, "dtype", None))], retain_graph=False)
        return evaluation.value, gradients if several else gradients[0]

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


def _of_one_number(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, which must return a single number."""

    def checked(*args: Any) -> Any:
        result = f(*args)
        if not is_made_of("biuf", result) or np.size(unwrapped(result)) != 1:
            hint = " Take its real part or its absolute value." if np.iscomplexobj(unwrapped(result)) else ""
            raise TypeError(f"grad: the function must return a single real number, but it returned {described(result)}.{hint}")
        return result

    return checked
