"""The gradient of a function that returns one number: the pullback of 1."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.core.tensor import unwrapped
from autodiff.transforms.containers import described
from autodiff.transforms.pullback import Evaluation, is_made_of, pair

__all__ = ["grad", "value_and_grad"]


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
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
        has_aux: whether `f` returns `(value, aux)`, where `aux` is anything and not differentiated; the result is then
            `((value, aux), gradient)`, with arrays in the place of tensors in `aux` as in the value.

    Raises:
        TypeError: an argument of `argnums` is not floating point or complex, or `f` returns something else than one real number,
            or, with `has_aux`, than a pair of one and something else.
        ValueError: `argnums` names no argument, or one twice; or a container contains itself.

    >>> ad.value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    >>> model = {"W": np.array([[1.0, 2.0]]), "b": np.array([3.0])}
    >>> ad.grad(lambda model, x: ((model["W"] @ x + model["b"]) ** 2).sum())(model, np.array([1.0, -1.0]))
    {'W': array([[ 4., -4.]]), 'b': array([4.])}
    >>> ad.grad(lambda p: np.abs(p["z"] * p["x"]) ** 2)({"z": 1 + 2j, "x": 3.0})
    {'z': np.complex128(18+36j), 'x': np.float64(30.0)}
    >>> ad.value_and_grad(lambda x: ((x**2).sum(), {"largest": x.max()}), has_aux=True)(np.array([1.0, 2.0]))
    ((np.float64(5.0), {'largest': np.float64(2.0)}), array([2., 4.]))
    """
    return value_and_gradient("grad", f, argnums, has_aux)


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of `f`, a function that returns a single number, by the arguments `argnums`. See `value_and_grad`.

    With `has_aux`, `f` returns `(value, aux)`, and the result is `(gradient, aux)`.

    >>> ad.grad(lambda x: np.sum(np.sin(1.0) * x**2))(np.array([1.0, 2.0]))
    array([1.68294197, 3.36588394])
    >>> ad.grad(ad.grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    """
    both = value_and_grad(f, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_gradient(transform: str, f: Callable[..., Any], argnums: Any, has_aux: bool = False) -> Callable[..., Any]:
    """`value_and_grad`, for a `transform` that is named in errors."""

    def evaluate(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        positions = positions_of(transform, argnums, len(args))
        of_one_number = _of_one_number(transform, functools.partial(f, **kwargs), has_aux)
        evaluation = Evaluation(transform, of_one_number, args, positions, has_aux)
        result = unwrapped(evaluation.results[0])
        gradients = evaluation.gradients([np.ones_like(result)], retain_graph=False)
        value = (evaluation.value, evaluation.aux) if has_aux else evaluation.value
        return value, gradients if is_several(argnums) else gradients[0]

    return evaluate


def is_several(argnums: Any) -> bool:
    """Whether `argnums` asks for a tuple."""
    return not isinstance(argnums, (int, np.integer))


def positions_of(transform: str, argnums: Any, count: int) -> tuple[int, ...]:
    """The positions to differentiate by, from 0, checked against the number of arguments."""
    given = tuple(argnums) if is_several(argnums) else (argnums,)
    for i in given:
        if not -count <= operator.index(i) < count:
            raise TypeError(f"{transform}: argnums is {argnums}, but the function was called with {count} arguments by position.")
    positions = tuple(operator.index(i) % count for i in given)
    if len(set(positions)) < len(positions) or not positions:
        raise ValueError(f"{transform}: argnums is {argnums}; wanted at least one position, and each one once.")
    return positions


def _of_one_number(transform: str, f: Callable[..., Any], has_aux: bool) -> Callable[..., Any]:
    """`f`, which must return a single number."""

    def checked(*args: Any) -> Any:
        result = f(*args)
        number = pair(result, transform)[0] if has_aux else result
        if not is_made_of("biuf", number) or np.size(unwrapped(number)) != 1:
            hint = " Take its real part or its absolute value." if np.iscomplexobj(unwrapped(number)) else ""
            raise TypeError(
                f"{transform}: the function must return a single real number, but it returned {described(number)}.{hint}"
            )
        return result

    return checked
