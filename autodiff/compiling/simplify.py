"""A program that gives the same in fewer and cheaper steps: a fixed list of passes, each a function from a program to another.

What a pass gives is the same to the last bit, unless its docstring says by what it differs.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.compiling.cheaper import (
    complements_divided,
    indices_looked_up_once,
    masks_of_bits,
    parts_changed_in_place,
    products_by_dot,
    rectified_by_clip,
    sums_by_dot,
    truths_counted,
    zeros_not_added,
)
from autodiff.compiling.rewriting import LARGEST_CONSTANT, constant, exactly, nbytes, rewritten, with_arguments
from autodiff.program import Program, Step, Value, operands, replaced, ufunc_out

__all__ = ["PASSES", "simplify"]

_ND = np.ndarray


def simplify(program: Program, passes: Sequence[Callable[[Program], Program]] | None = None) -> Program:
    """The program after all passes, or those that are given. The program itself stays as it is."""
    for each in PASSES if passes is None else passes:
        program = each(program)
    return program


# --- one way of writing each thing ------------------------------------------------------------------------------------------------

_REDUCTIONS: dict[Any, np.ufunc] = {
    **{_ND.sum: np.add, _ND.prod: np.multiply, _ND.max: np.maximum, _ND.min: np.minimum},
    **{_ND.all: np.logical_and, _ND.any: np.logical_or},
    **{np.sum: np.add, np.prod: np.multiply, np.max: np.maximum, np.min: np.minimum},
}


def spelled_alike(program: Program) -> Program:
    """`x.sum(axis)` as `np.add.reduce`, `x ** 2` as `np.square`, and `out=` that replaces the whole as the result of the ufunc.

    `np.power(x, 2)` becomes `np.square(x)` as well, which rounds once, as a power may.
    """

    def rule(step: Step) -> Step:
        args, function = step.args, step.function
        if (
            function in _REDUCTIONS
            and isinstance(args[0], Value)
            and step.kwargs.keys() <= {"axis", "keepdims", "dtype"}
            and len(args) < 3
        ):
            axis = args[1] if len(args) > 1 else None
            step = with_arguments(step, args[:1], {"axis": axis, **step.kwargs}, _REDUCTIONS[function].reduce)
        elif function in (operator.pow, np.power) and not step.kwargs and _is_squared(step):
            step = with_arguments(step, args[:1], {}, np.square)
        elif function is ufunc_out and isinstance(args[1], np.ufunc) and not step.kwargs and _gives_whole(args):
            step = with_arguments(step, args[2:], {}, args[1])
        axis = step.kwargs.get("axis")
        if isinstance(axis, tuple) and len(axis) == 1:
            step = with_arguments(step, step.args, {**step.kwargs, "axis": axis[0]})
        return step

    return rewritten(program, rule)


def _is_squared(step: Step) -> bool:
    x, n = step.args
    number = isinstance(n, (int, float)) and not isinstance(n, bool) and n == 2
    return number and isinstance(x, Value) and x.dtype is not None and x.dtype.kind in "fciu" and x.dtype == step.results[0].dtype


def _gives_whole(args: tuple[Any, ...]) -> bool:
    """Whether a ufunc's result has the shape and dtype of the array that it is written to."""
    x, ufunc, *given = args
    kinds = [a.dtype or float if isinstance(a, Value) else type(a) for a in given]
    known = all(isinstance(kind, np.dtype) or kind in (int, float, complex) for kind in kinds)
    if ufunc.nout > 1 or ufunc.signature or not known:
        return False
    shape = np.broadcast_shapes(*(a.shape for a in given if isinstance(a, Value)))
    return bool(shape == x.shape and ufunc.resolve_dtypes((*kinds, None))[-1] == x.dtype)


# --- what need not be computed in each run ----------------------------------------------------------------------------------------

_OF_SHAPE_ALONE = {np.zeros_like, np.ones_like, np.full_like}


def constants_folded(program: Program) -> Program:
    """What is computed of constants alone is one, if it is small and to compute it neither raises nor warns."""

    def rule(step: Step) -> Step | tuple[Value, ...]:
        args = step.args
        if step.function in _OF_SHAPE_ALONE and isinstance(args[0], Value) and args[0].dtype is not None:
            args = (np.empty(args[0].shape, args[0].dtype), *args[1:])
        given = [*operands(args), *operands(step.kwargs)]
        size = sum(nbytes(result) for result in step.results)
        if not step.pure or size > LARGEST_CONSTANT or any(value.constant is None for value in given):
            return step
        try:
            with np.errstate(all="raise"), warnings.catch_warnings():
                warnings.simplefilter("error")
                y = step.function(*replaced(args, constant), **replaced(step.kwargs, constant))
        except Exception:  # whatever it is, it is raised when the step is run
            return step
        return tuple(_as_constant(part) for part in (y if step.several else (y,)))

    return rewritten(program, rule)


def _as_constant(x: Any) -> Value:
    if isinstance(x, (float, bool)) and not isinstance(x, np.generic):
        return Value((), None, constant=x)
    array = np.array(x, order="K")
    return Value(array.shape, array.dtype, constant=array)


def copies_left_out(program: Program) -> Program:
    """A copy of a value is the value itself, and so is it in its own shape or dtype, conjugated if real, or transposed twice.

    A copy for which an order in memory is asked stays.
    """
    made_by: dict[Value, Step] = {}
    if any(_reads_layout(step) for step in program.steps):
        return program  # a copy may be in another layout

    def rule(step: Step) -> Step | tuple[Value, ...]:
        made_by.update(dict.fromkeys(step.results, step))
        result, x = step.results[0], step.args[0] if step.args else None
        if not isinstance(x, Value) or x.dtype is None or x.shape != result.shape or x.dtype != result.dtype:
            return _transposed_twice(step, made_by) or step
        if step.function is np.copy and (len(step.args) > 1 or step.kwargs):
            return step
        always = step.function in (_ND.copy, np.copy, _ND.astype, _ND.reshape, np.reshape, _ND.ravel, np.ravel, _ND.squeeze)
        if always or (step.function in (_ND.conj, np.conjugate, np.positive) and x.dtype.kind in "fiu" and not step.kwargs):
            return (x,)
        return _transposed_twice(step, made_by) or step

    return rewritten(program, rule)


def _reads_layout(step: Step) -> bool:
    order = [step.kwargs.get("order"), *(part for part in step.args if isinstance(part, str))]
    return step.function in (_ND.reshape, np.reshape, _ND.ravel, np.ravel) and not {"A", "K"}.isdisjoint(order)


def _transposed_twice(step: Step, made_by: dict[Value, Step]) -> tuple[Value, ...] | None:
    before = made_by.get(step.args[0]) if step.args and isinstance(step.args[0], Value) else None
    plain = before is not None and all(
        s.function in (_ND.transpose, np.transpose, _ND.swapaxes, np.swapaxes) and not s.kwargs for s in (step, before)
    )
    if plain and before is not None and step.function is before.function and step.args[1:] == before.args[1:]:
        reverses = len(step.args) == 1 or step.function in (_ND.swapaxes, np.swapaxes)
        return (before.args[0],) if reverses and isinstance(before.args[0], Value) else None
    return None


def computed_once(program: Program) -> Program:
    """Steps with the same function and arguments are one."""
    seen: dict[Any, Step] = {}
    constants: dict[Any, Value] = {}

    def key(tree: Any) -> Any:
        if isinstance(tree, Value):
            return id(tree)
        if isinstance(tree, (tuple, list)):
            return type(tree), *map(key, tree)
        if isinstance(tree, dict):
            return dict, *((name, key(part)) for name, part in sorted(tree.items(), key=str))
        if isinstance(tree, slice):
            return slice, key(tree.start), key(tree.stop), key(tree.step)
        return exactly(tree)

    def one(leaf: Any) -> Any:
        constant = isinstance(leaf, Value) and leaf.constant is not None
        return constants.setdefault(exactly(leaf.constant), leaf) if constant else leaf

    def rule(step: Step) -> Step | tuple[Value, ...]:
        step = with_arguments(step, replaced(step.args, one), replaced(step.kwargs, one))
        if not step.pure:
            return step
        before = seen.setdefault((exactly(step.function), key(step.args), key(step.kwargs), step.several), step)
        return step if before is step else before.results

    return rewritten(program, rule)


def without_the_unused(program: Program) -> Program:
    """Only the steps that something depends on: an output, a decision, or random numbers, which are drawn whether used or not."""
    wanted = {*program.outputs, *(value for value, _ in program.decisions)}
    kept = []
    for step in reversed(program.steps):
        if not step.pure or not wanted.isdisjoint(step.results):
            wanted.update(operands((step.args, step.kwargs)))
            kept.append(step)
    return Program(program.inputs, kept[::-1], program.outputs, program.decisions)


PASSES: tuple[Callable[[Program], Program], ...] = (
    *(spelled_alike, without_the_unused, copies_left_out, constants_folded, zeros_not_added, computed_once, masks_of_bits),
    *(complements_divided, indices_looked_up_once, truths_counted, products_by_dot, sums_by_dot, rectified_by_clip),
    parts_changed_in_place,
    *(constants_folded, computed_once, without_the_unused),
)
"""In the order in which they are applied."""
