"""Jacobian-vector products: the pullback is linear in the cotangent, and its derivative by that is the Jacobian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, unwrapped, wrap
from autodiff.dtypes import INEXACT, dtype_of
from autodiff.transforms.containers import described
from autodiff.transforms.pullback import Evaluation, checked

__all__ = ["jvp"]


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value `f(*primals)` and its derivative in the direction of the tangents.

    For `y = f(x₁, …, xₙ)` and the tangents `u₁, …, uₙ` the derivative is `Σ ∂y/∂xᵢ uᵢ`, the limit of `(f(x + h u) - f(x)) / h`: of
    complex numbers, with real `h`. No other rules are needed for it: the pullback of `f` is linear in its cotangent, and the
    pullback of `v ↦ Jᵀ v` is `J`. It costs about two pullbacks.

    Args:
        f: a function as `vjp` takes it.
        primals: a tuple or list of what to evaluate and differentiate at, one for each argument: arrays, tensors or floats, lists
            of numbers, or containers of them.
        tangents: a tuple or list of the directions, each arranged as its primal, with its shapes.

    Returns:
        The value and its tangent, which is arranged as the value is and has its shapes and dtypes: zero where `f` does not depend
        on the primals, and of integers, in float64. Arrays for arrays and tensors for tensors, as `vjp` returns them, so that
        transforms nest. `.grad` is not touched.

    Raises:
        TypeError: `primals` or `tangents` is no tuple or list, a primal is not floating point or complex, `f` returns something
            else than numbers, or the tangent of a real primal is complex.
        ValueError: there are no primals, or the tangents do not have the structure and shapes of the primals.

    As `jax.jvp` and `torch.func.jvp`.

    >>> x = np.array([1.0, 2.0])
    >>> ad.jvp(lambda x: np.array([[1.0, 1.0], [0.0, 3.0]]) @ x**2, (x,), (np.array([1.0, 0.0]),))
    (array([ 5., 12.]), array([2., 0.]))
    >>> ad.jvp(lambda p, t: {"product": p["a"] * p["b"], "t": t}, ({"a": 2.0, "b": 5.0}, 1.0), ({"a": 1.0, "b": 10.0}, 7.0))
    ({'product': np.float64(10.0), 't': np.float64(1.0)}, {'product': np.float64(25.0), 't': np.float64(7.0)})
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            example = "as in ad.jvp(f, (x,), (v,))"
            raise TypeError(f"jvp: {name} is {described(given)}; wanted a tuple with one for each argument of f, {example}.")
    if len(primals) != len(tangents) or not primals:
        raise ValueError(f"jvp: there are {len(primals)} primals and {len(tangents)} tangents; wanted as many, and at least one.")
    evaluation = Evaluation("jvp", f, primals, range(len(primals)))
    directions = [
        u
        for i, (argument, tangent) in enumerate(zip(evaluation.arguments, tangents, strict=True))
        for u in checked(tangent, argument.structure, argument.variables, f"jvp: tangent {i}", "its primal")
    ]
    value = evaluation.value
    return value, evaluation.structure.rebuild(pushforward(evaluation)(directions, retain_graph=False))


def pushforward(evaluation: Evaluation) -> Callable[..., Any]:
    """The function that maps tangents, one for each leaf of the arguments, or None for zero, to those of the results."""
    cotangents = [_zeros(y, evaluation.plain) for y in evaluation.results]
    with np.errstate(all="ignore"):  # at zeros, where it is of no interest, the pullback is 0 · inf where a derivative is infinite
        transposed = Evaluation(
            evaluation.transform, lambda *v: evaluation.parts(v, retain_graph=False), cotangents, range(len(cotangents))
        )

    def push(tangents: Sequence[Any], retain_graph: bool) -> list[Any]:
        return [part for parts in transposed.parts(tangents, retain_graph) for part in parts]

    return push


def _zeros(y: Any, plain: bool) -> Any:
    """A cotangent of the result `y`, in the form that the tangent of it is to have."""
    dtype = dtype_of(unwrapped(y))
    zeros: Any = np.zeros_like(unwrapped(y), dtype if dtype.kind in INEXACT else float, "C")
    return wrap(zeros) if isinstance(y, Tensor) and not plain else zeros[()]
