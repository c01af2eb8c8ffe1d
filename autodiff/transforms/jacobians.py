"""First and second derivatives as arrays, and the products of second derivatives with vectors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, unwrapped
from autodiff.dtypes import dtype_of
from autodiff.transforms.gradients import is_several, positions_of, value_and_gradient
from autodiff.transforms.pullback import Argument, Evaluation, in_form_of
from autodiff.transforms.pushforward import pushforward

__all__ = ["hessian", "hvp", "jacobian"]


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the derivatives `∂yⱼ/∂xᵢ` of all elements of `y = f(*args)` by all elements of an argument.

    `f` is evaluated once. If the results have no more elements than the arguments, one pullback for each gives a row; otherwise
    one pushforward for each element of the arguments gives a column: the cheaper side, with the same result.

    Args:
        f: a function as `vjp` takes it: of arrays or containers of them, to an array or a container of them.
        argnums: by which positional arguments to differentiate: one position, or several, for a tuple.

    Returns:
        The derivative of `y: (*m)` by `x: (*n)` is an array `(*m, *n)`, in the dtype of `x`, or complex if `y` is. If `f` returns a
        container, it is such a container of the derivatives of its parts; if the argument is one, each of these is such a
        container, and with several `argnums` a tuple of them. Tensors for tensors, so that transforms nest. `.grad` is not touched.

    Raises:
        TypeError: an argument of `argnums` is not floating point, or `f` returns something else than numbers.
        ValueError: `argnums` names no argument, or one twice.

    As `jax.jacobian` and `torch.func.jacrev`.

    >>> ad.jacobian(lambda x: np.array([[1.0, 1.0], [0.0, 3.0]]) @ x**2)(np.array([1.0, 2.0]))
    array([[ 2.,  4.],
           [ 0., 12.]])
    >>> ad.jacobian(lambda p: {"norm²": p["a"] @ p["a"], "b": 3 * p["b"]})({"a": np.array([1.0, 2.0]), "b": 1.0})
    {'norm²': {'a': array([2., 4.]), 'b': np.float64(0.0)}, 'b': {'a': array([0., 0.]), 'b': np.float64(3.0)}}
    """
    return _jacobian("jacobian", f, argnums)


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives `∂²y/∂xᵢ∂xⱼ` of `y = f(*args)`: the Jacobian of the Jacobian.

    Of a number by `x: (*n)` it is an array `(*n, *n)`, symmetric; of `y: (*m)`, `(*m, *n, *n)`. Containers, `argnums` and errors
    are as those of `jacobian`. For the product with a vector, `hvp` needs no such array. As `jax.hessian` and `torch.func.hessian`.

    >>> ad.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return _jacobian("hessian", _jacobian("hessian", f, argnums), argnums)


def hvp(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `(x, v, *args)` that returns `H v`, where `H` is the Hessian by `x` of the number `f(x, *args)`.

    It is `∂/∂x (∂f/∂x · v)`: the gradient is pulled back, at the cost of a few evaluations of `f`, without computing the Hessian.

    Args:
        f: a function as `grad` takes it; it is differentiated by its first argument.

    Returns:
        The product, arranged as `x` and `v` are. The order of arguments is that of SciPy: `minimize(..., hessp=ad.hvp(f))`.

    Raises:
        TypeError: `x` is not floating point or complex, or `f` does not return a single real number.
        ValueError: `v` does not have the structure and shapes of `x`.

    >>> ad.hvp(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]), np.array([1.0, 10.0]))
    array([70.,  6.])
    """
    gradient = value_and_gradient("hvp", f, 0)

    def product(x: Any, v: Any, *args: Any, **kwargs: Any) -> Any:
        evaluation = Evaluation("hvp", lambda x: gradient(x, *args, **kwargs)[1], (x,), (0,))
        return evaluation.gradients(evaluation.checked(v, "the vector", "the argument"), retain_graph=False)[0]

    return product


def _jacobian(transform: str, f: Callable[..., Any], argnums: Any) -> Callable[..., Any]:
    """`jacobian`, for a `transform` that is named in errors."""

    def derivatives(*args: Any, **kwargs: Any) -> Any:
        positions = positions_of(transform, argnums, len(args))
        evaluation = Evaluation(transform, functools.partial(f, **kwargs), args, positions)
        _refuse_complex(evaluation, positions)
        variables = [x for argument in evaluation.arguments for x in argument.variables]
        depending = [y for y, root in zip(evaluation.results, evaluation.roots, strict=True) if root is not None]
        by_rows = sum(y.size for y in depending) <= sum(x.size for x in variables) and all(y.dtype.kind == "f" for y in depending)
        blocks = iter(_by_rows(evaluation) if by_rows else _by_columns(evaluation, variables))
        trees = []
        for y in evaluation.results:
            parts = [[_block(next(blocks), y, *leaf) for leaf in _leaves(argument)] for argument in evaluation.arguments]
            by_argument = tuple(a.structure.rebuild(part) for a, part in zip(evaluation.arguments, parts, strict=True))
            trees.append(by_argument if is_several(argnums) else by_argument[0])
        return evaluation.structure.rebuild(trees)

    return derivatives


def _leaves(argument: Argument) -> Any:
    return zip(argument.leaves, argument.variables, strict=True)


def _by_rows(evaluation: Evaluation) -> list[Any]:
    """For each result, for each leaf: the gradients of the elements of the result along a first axis, by a pullback each."""
    blocks: list[Any] = []
    for k, y in enumerate(evaluation.results):
        rows = []
        for unit in _units(y) if evaluation.roots[k] is not None else ():
            cotangents = [unit if i == k else None for i in range(len(evaluation.results))]
            rows.append([part for parts in evaluation.parts(cotangents, retain_graph=True) for part in parts])
        blocks += map(np.stack, zip(*rows, strict=True)) if rows else [None for a in evaluation.arguments for _ in a.leaves]
    return blocks


def _by_columns(evaluation: Evaluation, variables: Sequence[Tensor]) -> list[Any]:
    """The same with the tangents of the result along a last axis, by a pushforward for each element of the leaves."""
    push, count = pushforward(evaluation), len(evaluation.results)
    by_leaf: list[Any] = []
    for k, x in enumerate(variables):
        columns = [push([unit if i == k else None for i in range(len(variables))], retain_graph=True) for unit in _units(x)]
        by_leaf.append([np.stack(part, axis=-1) for part in zip(*columns, strict=True)] if columns else [None] * count)
    return [blocks[j] for j in range(count) for blocks in by_leaf]


def _units(x: Any) -> Any:
    """For each element, an array of the shape of `x` that is 1 there and 0 elsewhere."""
    for i in range(x.size):
        unit = np.zeros_like(unwrapped(x), order="C")
        unit[np.unravel_index(i, x.shape)] = 1
        yield unit


def _block(block: Any, y: Any, leaf: Any, variable: Tensor) -> Any:
    """The derivatives of the result `y` by a leaf, in its form: zeros if there is no `block`."""
    is_complex = dtype_of(unwrapped(y)).kind == "c"
    dtype = np.result_type(variable.dtype, np.complex64) if is_complex else variable.dtype
    shape = (*np.shape(y), *variable.shape)
    block = np.zeros_like(unwrapped(variable), dtype, shape=shape) if block is None else block.reshape(shape)
    block = block if block.dtype == dtype else block.astype(dtype)
    return block if isinstance(block, Tensor) else in_form_of(leaf, block)


def _refuse_complex(evaluation: Evaluation, positions: Sequence[int]) -> None:
    for i, argument in zip(positions, evaluation.arguments, strict=True):
        if any(variable.dtype.kind == "c" for variable in argument.variables):
            raise TypeError(
                f"{evaluation.transform}: argument {i} is complex, and one number for each pair of elements does not say all. "
                "Differentiate by the real and the imaginary part, of lambda x, y: f(x + 1j * y), or use vjp and jvp."
            )
