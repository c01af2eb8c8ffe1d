"""Passes that give the same in a cheaper way: what branches, looks up, reduces or multiplies in few calls that NumPy does fast.

What a pass gives is the same to the last bit, unless its docstring says by what it differs.
"""

from __future__ import annotations

import operator
from collections import Counter
from typing import Any

import numpy as np

from autodiff.compiling.rewriting import LARGEST_CONSTANT, constant, exactly, nbytes, rewritten, with_arguments
from autodiff.program import Program, Step, Value, changed_within, operands, set_item, ufunc_out

__all__ = [
    "complements_divided",
    "counted",
    "indices_looked_up_once",
    "masks_of_bits",
    "parts_changed_in_place",
    "products_by_dot",
    "rectified_by_clip",
    "sums_by_dot",
    "truths_counted",
    "zeros_not_added",
]

_ND = np.ndarray
_BRANCHES_COST = 4096  # elements from which on a branch for each takes longer than to convert the mask


# --- what costs less in another way -----------------------------------------------------------------------------------------------


def masks_of_bits(program: Program) -> Program:
    """`np.where(c, x, 0)` and `np.where(c, 0, x)` as the bits of `x`, of which all or none are kept: no branch for each element."""

    def rule(step: Step) -> Step | list[Step]:
        if step.function is not np.where or len(step.args) != 3 or not _is_masked(step):
            return step
        c, x, zero = step.args
        inverted, result = not isinstance(x, Value), step.results[0]
        x = zero if inverted else x
        integer = _BITS[str(x.dtype)]
        byte, kept, bits, masked = (Value(x.shape, np.dtype(t)) for t in (np.int8, np.int8, integer, integer))
        ones = (np.subtract, (byte, np.int8(1))) if inverted else (np.negative, (byte,))  # -1, all bits, where x is kept, or 0
        calls: list[tuple[Any, tuple[Any, ...], Value]] = [(_ND.view, (c, np.dtype(np.int8)), byte), (*ones, kept)]
        if x.dtype == integer:
            calls += [(np.bitwise_and, (x, kept), result)]
        else:
            calls += [(_ND.view, (x, integer), bits), (np.bitwise_and, (bits, kept), masked), (_ND.view, (masked, x.dtype), result)]
        return [Step(function, args, {}, (y,), line=step.line) for function, args, y in calls]

    return rewritten(program, rule)


def _is_masked(step: Step) -> bool:
    """Whether a choice is between many numbers of some bits and 0, one for one."""
    (c, x, zero), result = step.args, step.results[0]
    x, zero = (x, zero) if isinstance(x, Value) else (zero, x)
    numbers = isinstance(x, Value) and (x.shape, x.dtype) == (result.shape, result.dtype) and str(x.dtype) in _BITS
    many = isinstance(c, Value) and c.dtype == bool and c.shape == result.shape and np.prod(c.shape) >= _BRANCHES_COST
    return bool(numbers and many and type(zero) in (int, float) and exactly(float(zero)) == exactly(0.0))


_BITS = {f"{kind}{bits}": np.dtype(f"int{bits}") for kind in ("float", "int") for bits in (32, 64)}


def indices_looked_up_once(program: Program) -> Program:
    """Where the same integer arrays index several arrays of one shape, the places are found, and the indices checked, once.

    A grid of places is indexed instead, which gives an index into the flat arrays.
    """
    uses = Counter(_looked_up(step) for step in program.steps)
    places: dict[Any, Value] = {}

    def rule(step: Step) -> Step | list[Step]:
        key, steps = _looked_up(step), []
        if key is None or uses[key] < 2:
            return step
        x, index, *value = step.args
        if key not in places:
            grid = Value(x.shape, np.dtype(np.intp), constant=np.arange(np.prod(x.shape)).reshape(x.shape))
            places[key] = Value(np.broadcast_shapes(*(i.shape for i in index)), grid.dtype)
            steps.append(Step(operator.getitem, (grid, index), {}, (places[key],), line=step.line))
        flat = Value((int(np.prod(x.shape)),), x.dtype)
        steps.append(Step(_ND.reshape, (x, -1), {}, (flat,), line=step.line))
        if not value:
            return [*steps, with_arguments(step, (flat, places[key]), {})]
        new = Value(flat.shape, flat.dtype)
        steps.append(Step(set_item, (flat, places[key], *value), {}, (new,), line=step.line))
        return [*steps, with_arguments(step, (new, x.shape), {}, _ND.reshape)]

    return rewritten(program, rule)


def _looked_up(step: Step) -> Any:
    """What tells the places apart that a step reads or writes by integer arrays alone; None if it does not."""
    x, index = step.args[:2] if step.function in (operator.getitem, set_item) else (None, None)
    if not isinstance(x, Value) or not isinstance(index, tuple) or len(index) != len(x.shape) or len(index) < 2:
        return None
    integers = all(isinstance(i, Value) and i.dtype is not None and i.dtype.kind in "iu" and i.shape for i in index)
    small = np.prod(x.shape) * 8 <= LARGEST_CONSTANT
    return (x.shape, *map(id, index)) if integers and small else None


def complements_divided(program: Program) -> Program:
    """`y * (1 - y)` of `y = e / (e + 1)`, the derivative of the logistic function, as `y / (e + 1)`.

    It differs by rounding, and has less of it: no digits cancel where `y` is close to 1.
    """
    made_by = {result: step for step in program.steps for result in step.results}

    def operands_of(value: Any, function: Any) -> tuple[Any, ...]:
        step = made_by.get(value) if isinstance(value, Value) else None
        return step.args if step is not None and step.function is function and not step.kwargs else (None, None)

    def rule(step: Step) -> Step:
        if step.function is not np.multiply or step.kwargs or len(step.args) != 2:
            return step
        for y, complement in (step.args, step.args[::-1]):
            one, same = operands_of(complement, np.subtract)
            e, total = operands_of(y, np.divide)
            if same is y and y is not None and _is_one(one) and e is not None:
                a, b = operands_of(total, np.add)
                if (a is e and _is_one(b)) or (b is e and _is_one(a)):
                    return with_arguments(step, (y, total), {}, np.divide)
        return step

    return rewritten(program, rule)


def _is_one(x: Any) -> bool:
    x = constant(x)
    return isinstance(x, (int, float, np.ndarray, np.generic)) and np.shape(x) == () and bool(x == 1)


def counted(x: Any, kind: Any) -> Any:
    """How many elements are true."""
    return kind(np.count_nonzero(x))


def truths_counted(program: Program) -> Program:
    """The sum of truths is their count, which is exact as long as the dtype can hold it."""

    def rule(step: Step) -> Step:
        x = step.args[0] if step.args else None
        result = step.results[0]
        if step.function != np.add.reduce or not isinstance(x, Value) or x.dtype != bool or result.shape or len(step.args) > 1:
            return step
        if step.kwargs.keys() <= {"axis", "dtype"} and result.dtype in (np.int64, np.float64, np.float32) and nbytes(x) < 1 << 24:
            return with_arguments(step, (x, result.dtype.type), {}, counted)
        return step

    return rewritten(program, rule)


def rectified_by_clip(program: Program) -> Program:
    """`np.maximum(x, 0)` of many floats as `x.clip(0, inf)`, whose loop uses vectors also where an operand is a number.

    It may differ in the sign of a zero.
    """

    def rule(step: Step) -> Step:
        if step.function is not np.maximum or step.kwargs or len(step.args) != 2 or nbytes(step.results[0]) < _CLIP_COSTS:
            return step
        for x, zero in (step.args, step.args[::-1]):
            floats = isinstance(x, Value) and x.dtype == step.results[0].dtype and x.dtype in (np.float32, np.float64)
            if floats and not isinstance(zero, Value) and np.ndim(zero) == 0 and zero == 0:
                return with_arguments(step, (x, 0.0, np.inf), {}, _ND.clip)
        return step

    return rewritten(program, rule)


def parts_changed_in_place(program: Program) -> Program:
    """`x[index] += y`, which is a part, its sum, and `x` with that in its place, as one step that can write where `x` lies."""
    uses = Counter(value for step in program.steps for value in operands((step.args, step.kwargs)))
    uses.update(program.outputs)
    made_by = {result: step for step in program.steps for result in step.results}

    def rule(step: Step) -> Step:
        changed = made_by.get(step.args[2]) if step.function is set_item and isinstance(step.args[2], Value) else None
        if changed is None or changed.kwargs or uses[step.args[2]] > 1:
            return step
        written = changed.function is ufunc_out  # to its first operand, or its result is new
        ufunc, given = (changed.args[1], changed.args[2:]) if written else (changed.function, changed.args)
        if not isinstance(ufunc, np.ufunc) or len(given) != 2 or ufunc.signature or (written and changed.args[0] is not given[0]):
            return step
        (x, index, _), (part, other) = step.args, given
        read = made_by.get(part) if isinstance(part, Value) else None
        if read is None or read.function is not operator.getitem or uses[part] > 1 + written or not part.shape:
            return step
        if read.args[0] is not x or not _is_basic(index) or read.args[1] != index or changed.results[0].dtype != x.dtype:
            return step
        return with_arguments(step, (x, index, ufunc, other), {}, changed_within)

    return rewritten(program, rule)


def _is_basic(index: Any) -> bool:
    """Whether what it gives of an array is a view."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(True for _ in operands(parts)) and all(
        part is None or part is Ellipsis or (isinstance(part, (slice, int)) and not isinstance(part, bool)) for part in parts
    )


_CLIP_COSTS = 1 << 16  # bytes from which on its loop is faster by more than its call is slower


# --- what BLAS does better --------------------------------------------------------------------------------------------------------


def products_by_dot(program: Program) -> Program:
    """`a @ b` of matrices as `a.dot(b)`, which costs half as much to call and asks the same of BLAS.

    It differs in a zero's sign where the inner axis has one element, and by rounding where an operand's strides do not suit BLAS.
    """

    def rule(step: Step) -> Step:
        args = step.args
        if step.function is np.matmul and not step.kwargs and all(_is_matrix(a) for a in args) and args[0].dtype == args[1].dtype:
            return with_arguments(step, args, {}, _ND.dot)
        return step

    return rewritten(program, rule)


def _is_matrix(x: Any) -> bool:
    return isinstance(x, Value) and x.dtype is not None and len(x.shape) == 2 and x.dtype.char in "fdFD"


def sums_by_dot(program: Program) -> Program:
    """The sum of a vector, or of a matrix over an axis, as its product with ones, which is several times faster.

    It adds the same numbers in another order, so it differs by rounding; along the last axis only up to 128 elements are added so,
    since NumPy adds more of them in pairs.
    """
    ones: dict[tuple[int, Any], Value] = {}

    def rule(step: Step) -> Step:
        x, axis = step.args[0] if step.args else None, step.kwargs.get("axis", 0)
        if step.function != np.add.reduce or len(step.args) != 1 or not isinstance(x, Value) or not step.kwargs.keys() <= {"axis"}:
            return step
        if axis is None and len(x.shape) == 1:
            axis = 0
        if x.dtype not in (np.float32, np.float64) or len(x.shape) not in (1, 2) or axis not in (0, 1):
            return step
        n = x.shape[axis]
        if n == 0 or (axis == len(x.shape) - 1 and n > 128):
            return step
        one = ones.setdefault((n, x.dtype), Value((n,), x.dtype, constant=np.ones(n, x.dtype)))
        return with_arguments(step, (one, x) if axis == 0 else (x, one), {}, _ND.dot)

    return rewritten(program, rule)


def zeros_not_added(program: Program) -> Program:
    """`x + 0` is `x`, which differs in the sign of a zero.

    So it is left only where no step that follows shows that sign, except in a zero of its own.
    """
    steps: dict[Value, list[Step]] = {}
    for step in program.steps:
        for value in operands((step.args, step.kwargs)):
            steps.setdefault(value, []).append(step)

    def rule(step: Step) -> Step | tuple[Value, ...]:
        if step.function is not np.add or step.kwargs or len(step.args) != 2:
            return step
        for x, zero in (step.args, step.args[::-1]):
            like = isinstance(x, Value) and (x.shape, x.dtype) == (step.results[0].shape, step.results[0].dtype)
            if like and x.constant is None and _is_zero(zero) and _sign_is_lost(step.results[0], steps):
                return (x,)
        return step

    return rewritten(program, rule)


_LOSE_SIGN = {np.exp, np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.absolute, np.square}
_KEEP_SIGN = {np.add, np.subtract, np.multiply, np.negative, np.where, np.matmul, _ND.dot, _ND.transpose, operator.getitem}


def _sign_is_lost(value: Value, users: dict[Value, list[Step]]) -> bool:
    reached, left = {value}, [value]
    while left:
        value = left.pop()
        for step in users.get(value, ()):
            divided = step.function is np.divide and step.args[1] is not value
            if step.function in _LOSE_SIGN:
                continue
            if not (divided or step.function in _KEEP_SIGN or step.function in (np.add.reduce, np.maximum.reduce)):
                return False
            left += [result for result in step.results if result not in reached]
            reached.update(step.results)
    return True


def _is_zero(x: Any) -> bool:
    x = constant(x)
    return x is not None and not isinstance(x, str) and isinstance(x, (int, float, np.ndarray, np.generic)) and not np.any(x)
