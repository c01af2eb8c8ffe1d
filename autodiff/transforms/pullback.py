"""Vector-Jacobian products: a function is evaluated once, and its record walked back with any cotangents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, overload

import numpy as np

from autodiff.conversions import differentiating
from autodiff.core.backward import backward_pass, conjugate
from autodiff.core.graph import Leaf
from autodiff.core.modes import Switch
from autodiff.core.tensor import Tensor, array_of, frozen, is_scalar, node_of, unwrapped, wrap
from autodiff.dtypes import INEXACT, NUMBERS, as_numbers, dtype_of, is_stand_in, refuse_loss
from autodiff.modes import enable_grad, is_grad_enabled
from autodiff.transforms.containers import Structure, described, flatten

__all__ = ["vjp"]


@overload
def vjp(f: Callable[..., Any], *primals: Any, has_aux: Literal[False] = False) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]: ...
@overload
def vjp(f: Callable[..., Any], *primals: Any, has_aux: Literal[True]) -> tuple[Any, Callable[[Any], tuple[Any, ...]], Any]: ...
def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value `f(*primals)` and its pullback: the function that maps a cotangent of the value to gradients.

    For `y = f(x₁, …, xₙ)` the pullback of the cotangent `v` is `(∂y/∂x₁ᵀ v, …, ∂y/∂xₙᵀ v)`, the gradients of `Σ v·y`: reverse-mode
    differentiation. It can be called any number of times, without evaluating `f` again. `grad` is the pullback of 1. For complex
    numbers these are the gradients of `Re Σ conj(v)·y`, as `grad` defines them.

    Args:
        f: a function written with NumPy's functions, autodiff's, or both. It is called with tensors in the place of the arrays, and
            returns an array or a number, or a container of them: a dict, list, tuple, named tuple or dataclass, also nested.
        primals: what to evaluate and differentiate at: arrays, tensors or floats, lists of numbers, or containers of them.
        has_aux: whether `f` returns `(value, aux)`, where `aux` is anything and not differentiated.

    Returns:
        The value, and `pullback(cotangents)`; with `has_aux`, `aux` as well, with arrays in the place of tensors as in the value.
        The cotangents are arranged as the value is and have its shapes; the gradients, a tuple with one for each primal, are
        arranged as the primals are and have their shapes and dtypes, in memory of their own. Arrays are returned where arrays were
        given, unless they depend on other tensors that require grad; tensors for tensors, so that transforms nest: the gradients
        can be differentiated by the primals and by the cotangents. They are zero where `f` does not depend on a primal. `.grad` is
        not touched.

    Raises:
        TypeError: a primal is not floating point or complex, `f` returns something else than numbers, or the cotangent of a real
            value is complex.
        ValueError: there are no primals, or the cotangents do not have the structure and shapes of the value.
        RuntimeError: an array that a derivative needs has been overwritten before `pullback` was called.

    At kinks, the subgradient is the one that each operation states. As `jax.vjp` and `torch.func.vjp`.

    >>> x = np.array([1.0, 2.0])
    >>> value, pullback = ad.vjp(lambda x: np.array([[1.0, 1.0], [0.0, 3.0]]) @ x**2, x)
    >>> value
    array([ 5., 12.])
    >>> pullback([1.0, 0.0])
    (array([2., 4.]),)
    >>> pullback([0.0, 1.0])
    (array([ 0., 12.]),)
    >>> value, pullback = ad.vjp(lambda p: {"product": p["a"] * p["b"], "sum": p["a"] + p["b"]}, {"a": 2.0, "b": 5.0})
    >>> pullback({"product": 1.0, "sum": 0.0})
    ({'a': np.float64(5.0), 'b': np.float64(2.0)},)
    >>> value, pullback = ad.vjp(lambda z: z**2, np.array([1.0 + 1.0j]))
    >>> pullback([1.0])
    (array([2.-2.j]),)
    """
    if not primals:
        raise ValueError("vjp: no primals were given; wanted what to differentiate at, as in ad.vjp(f, x).")
    evaluation = Evaluation("vjp", f, primals, range(len(primals)), has_aux)

    def pullback(cotangents: Any) -> tuple[Any, ...]:
        return evaluation.gradients(evaluation.checked(cotangents, "the cotangent"), retain_graph=True)

    return (evaluation.value, pullback, evaluation.aux) if has_aux else (evaluation.value, pullback)


class Evaluation:
    """A function at some arguments, recorded: its value, and the gradients by the arguments at `positions` for any cotangents.

    `transform` is what it is for, to be named in errors. `results` are the leaves of what the function returned, `roots` their
    records. `plain` tells that they are handed out as arrays, since no argument is a tensor.
    """

    def __init__(
        self, transform: str, f: Callable[..., Any], args: Sequence[Any], positions: Sequence[int], has_aux: bool = False
    ) -> None:
        recording = is_grad_enabled()
        with enable_grad(), differentiating():
            given = {i: Argument(args[i], f"{transform}: argument {i}") for i in positions}
            result = f(*(given[i].tensors if i in given else arg for i, arg in enumerate(args)))
        result, aux = pair(result, transform) if has_aux else (result, ())
        self.transform, self.arguments = transform, tuple(given.values())
        self.plain = not any(isinstance(leaf, Tensor) for argument in self.arguments for leaf in argument.leaves)
        leaves, self.structure = flatten(result, "", arrays_of_numbers=False)
        for x, path in leaves:
            if not is_made_of(NUMBERS, x):
                at = f", at {path}" if path else ""
                raise TypeError(
                    f"{transform}: the function returned {described(x)}{at}; wanted numbers, in arrays, tensors or containers."
                )
        self.results = [x for x, _ in leaves]
        self.roots = [record_of(x) for x in self.results]
        self._targets: list[Any] = [target for argument in self.arguments for target in argument.targets]
        roots = [root for root in self.roots if root is not None]
        if has_aux:
            self._aux, self._aux_structure = flatten(aux, "aux", arrays_of_numbers=False)
            roots += [root for root in (record_of(x) for x, _ in self._aux) if root is not None]
        self._depends_on_others = recording and _depends_on_others(roots, self._targets)
        for argument in self.arguments:
            argument.become_constant()

    @property
    def value(self) -> Any:
        """What the function returned: with its graph where other tensors that require grad can be reached there, else constants."""
        return self.structure.rebuild(self._handed_out(x) for x in self.results)

    @property
    def aux(self) -> Any:
        """What the function returned beside its value."""
        return self._aux_structure.rebuild(self._handed_out(x) if isinstance(x, Tensor) else x for x, _ in self._aux)

    def _handed_out(self, x: Any) -> Any:
        return x if self._depends_on_others and record_of(x) is not None else _constant(x, self.plain)

    def checked(self, given: Any, name: str, of: str = "the value") -> list[Any]:
        """The leaves of cotangents, one for each result, of its shape and dtype; errors call them `name`, and the result `of`."""
        return checked(given, self.structure, self.results, f"{self.transform}: {name}", of)

    def gradients(self, cotangents: Sequence[Any], retain_graph: bool) -> tuple[Any, ...]:
        """The gradient by each argument, for one cotangent for each result, or None where it is zero."""
        parts = self.parts(cotangents, retain_graph)
        return tuple(argument.structure.rebuild(part) for argument, part in zip(self.arguments, parts, strict=True))

    def parts(self, cotangents: Sequence[Any], retain_graph: bool) -> list[list[Any]]:
        """The gradients by the leaves of each argument."""
        create_graph = is_grad_enabled() and self._depends_on_others
        linear = is_grad_enabled() and any(record_of(g) is not None for g in cotangents)  # to be recorded as a function of these
        seeds: dict[Any, Any] = {}
        for root, g in zip(self.roots, cotangents, strict=True):
            if root is not None and g is not None:
                g = conjugate((g if isinstance(g, Tensor) else wrap(g)) if create_graph or linear else unwrapped(g))
                seeds[root] = seeds[root] + g if root in seeds else g
        with Switch(record=True, walking=True):
            found = backward_pass(seeds, retain_graph, create_graph, self._targets) if seeds else {}
        return [argument.gradients(found) for argument in self.arguments]


class Argument:
    """An argument to differentiate by: its leaves, and the same with tensors in the place of each."""

    def __init__(self, argument: Any, where: str) -> None:
        leaves, self.structure = flatten(argument, where)
        self.leaves = [leaf for leaf, _ in leaves]
        self.variables = [variable_of(leaf, path, nested=path != where) for leaf, path in leaves]
        self.targets = [node_of(x) for x in self.variables]  # noted now: a write to a variable gives it another record
        self.tensors = self.structure.rebuild(self.variables)

    def become_constant(self) -> None:
        """Make the tensors that were made here constants, of which no gradient is wanted but by `targets`."""
        for variable in self.variables:
            if variable.is_leaf:
                variable.requires_grad_(False)

    def gradients(self, found: dict[Any, Any]) -> list[Any]:
        """The gradient by each leaf, in its form."""
        leaves = zip(self.leaves, self.variables, self.targets, strict=True)
        return [_like(leaf, found.get(target), variable) for leaf, variable, target in leaves]


def _depends_on_others(roots: Iterable[Any], targets: Iterable[Any]) -> bool:
    """Whether any of `roots` or `targets` depends on a tensor that requires grad and is neither a target nor computed from them.

    The targets are variables of a function that has just been evaluated: what is older than all of them is such another tensor.
    """
    targets = set(targets)
    oldest = min((target.id for target in targets), default=0)
    seen: set[Any] = set()
    stack = [*roots, *targets]
    while stack:
        node = stack.pop()
        if node in seen or not node.requires_grad:
            continue
        seen.add(node)
        if type(node) is Leaf:
            if node not in targets:
                return True
        elif node.parents is not None:  # else it was freed, and no gradient can flow on
            if node.id < oldest:
                return True
            stack.extend(parent for parent in node.parents if parent is not None)
    return False


def is_made_of(kinds: str, x: Any) -> bool:
    """Whether `x` is a number, or an array or tensor of numbers, of one of these kinds of dtypes."""
    return isinstance(x, (Tensor, np.ndarray, np.generic, int, float, complex)) and dtype_of(unwrapped(x)).kind in kinds


def pair(result: Any, transform: str) -> tuple[Any, Any]:
    """What a function with `has_aux` returned."""
    if not isinstance(result, tuple) or len(result) != 2:
        given = f"a tuple of {len(result)}" if isinstance(result, tuple) else described(result)
        raise TypeError(f"{transform}: with has_aux=True the function must return (value, aux), but it returned {given}.")
    return result


def record_of(x: Any) -> Any:
    """The record of a tensor that requires grad, else None."""
    node = node_of(x)
    return node if node is not None and node.requires_grad else None


def _constant(x: Any, plain: bool) -> Any:
    """A result as a constant in memory of its own: a tensor if it was one, unless all is to be `plain` arrays."""
    array = as_numbers(unwrapped(x), "the result", copy=True)
    return wrap(array) if isinstance(x, Tensor) and not plain else array[()]


def variable_of(leaf: Any, path: str, nested: bool = False) -> Tensor:
    """A tensor to differentiate by, in the place of a leaf of an argument."""
    if isinstance(leaf, Tensor) and leaf.requires_grad:
        copied: Tensor = leaf.copy("K")
        return copied
    try:
        array = leaf.as_array() if is_stand_in(leaf) else np.asarray(unwrapped(leaf) if isinstance(leaf, Tensor) else leaf)
    except ValueError as error:
        raise ValueError(f"{path} is no array: {error}") from None
    if array.dtype.kind not in INEXACT:
        other = " What is not to be differentiated by goes into another argument." if nested else ""
        raise TypeError(
            f"{path} is {described(leaf)}; wanted floating-point numbers, for example np.array(..., dtype=float).{other}"
        )
    variable = Tensor(leaf, requires_grad=True)
    if isinstance(leaf, (float, complex, np.generic)) or (isinstance(leaf, Tensor) and is_scalar(array_of(leaf))):
        frozen(array_of(variable))  # so that `x += 1` stands for another number in the function
    return variable


def checked(given: Any, structure: Structure, wanted: Sequence[Any], path: str, of: str) -> list[Any]:
    """The leaves of cotangents or tangents, arranged as `structure` says, each of the shape and in the dtype of one `wanted`."""
    leaves = zip(structure.leaves_of(given, path), wanted, strict=True)
    return [_checked_leaf(g, y, place, of) for (g, place), y in leaves]


def _checked_leaf(g: Any, y: Any, path: str, of: str) -> Any:
    shape, dtype = np.shape(unwrapped(y)), dtype_of(unwrapped(y))
    array: Any = g if isinstance(g, Tensor) else as_numbers(g, path)
    if array.shape != shape:
        raise ValueError(f"{path} has shape {array.shape}, but {of} has shape {shape}. They must be equal.")
    refuse_loss(path, array.dtype, dtype)
    return array if array.dtype == dtype or dtype.kind not in INEXACT else array.astype(dtype)


def _like(leaf: Any, gradient: Any, variable: Tensor) -> Any:
    """The gradient in the form of the leaf, in memory of its own."""
    if isinstance(gradient, Tensor) and gradient.requires_grad:
        return gradient.copy()
    if gradient is None:
        return in_form_of(leaf, np.zeros_like(array_of(variable), order="C"))
    return in_form_of(leaf, as_numbers(unwrapped(gradient), "gradient", copy=True))


def in_form_of(leaf: Any, array: np.ndarray) -> Any:
    """An array as what `leaf` is: a tensor, an array, or where that is a number, one if it has no axes."""
    if isinstance(leaf, Tensor):
        return wrap(array)
    return array if getattr(leaf, "is_array", isinstance(leaf, np.ndarray)) or np.ndim(leaf) else array[()]
