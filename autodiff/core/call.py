"""Calls of a primitive: the one seam.

A call is bound to its entry, operands and parameters. In a plain mode it is then computed, and what the rules will ask for is
remembered; otherwise the mode decides, before anything is computed. Operations with one or two operands and no parameters have a
fast caller for the usual case; whatever is unusual goes on to `apply`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.core.graph import new, record, records_of
from autodiff.core.modes import Mode, current_mode
from autodiff.core.overwriting import SMALL, content, watch_at
from autodiff.core.tensor import Tensor, as_array, frozen, is_foreign, is_scalar, wrap
from autodiff.core.views import leaf_of, make_view
from autodiff.dtypes import INEXACT, NUMBERS, as_operand, is_stand_in
from autodiff.lists import in_one

if TYPE_CHECKING:
    from autodiff.registry import Primitive

ndarray = np.ndarray


def caller(entry: Primitive, otherwise: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """The public function of a primitive; `otherwise` takes, instead of `apply`, two operands that are not the usual ones."""
    if not (entry.params or entry.defaults or entry.variadic or entry.view) and len(entry.arguments) <= 2:
        return _caller_of_one(entry) if len(entry.arguments) == 1 else _caller_of_two(entry, otherwise or apply)
    return lambda *args, **kwargs: apply(entry, *entry.bind(args, kwargs))


def _caller_of_one(entry: Primitive) -> Callable[..., Any]:
    forward, shapes_asked = entry.forward, entry.shapes_asked
    keep_x, keep_y = entry.keeps[1]

    def call(x: Any, /) -> Any:
        mode = current_mode()
        if not isinstance(x, Tensor) or not mode.plain:
            return forward(x) if type(x) is ndarray and mode.plain else apply(entry, (x,), {})
        data = x._array
        y = forward(data)
        if type(y) is not ndarray or y.base is not None or y is data or shapes_asked:
            if shapes_asked or not isinstance(y, np.generic):
                return finish(entry, (x,), (data,), {}, y, mode)
            y = frozen(np.asarray(y))
        result: Tensor = new(Tensor)
        result._array = y
        parent = x._node
        if parent is None or not parent.requires_grad or not mode.record:
            result._node = None
        else:
            guards = _guard(None, 0, x, data) if keep_x and parent.watch is not None else None
            fits = None if y.dtype is data.dtype else find_fits((data,))
            result._node = record(entry, (parent,), (data if keep_x else None, y if keep_y else None), fits, guards)
        return result

    return call


def _caller_of_two(entry: Primitive, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    forward, elementwise, shapes_asked, keeps = entry.forward, entry.elementwise, entry.shapes_asked, entry.keeps
    rule_a, rule_b = entry.rules

    def call(a: Any, b: Any, /) -> Any:
        mode = current_mode()
        of_a, of_b = isinstance(a, Tensor), isinstance(b, Tensor)
        if not mode.plain or not (of_b or (of_a and _is_plain(b))) or not (of_a or _is_plain(a)):
            return otherwise(entry, (a, b), {})
        x: Any = a._array if of_a else a
        z: Any = b._array if of_b else b
        y = forward(x, z)
        if type(y) is not ndarray or y.base is not None or y is x or y is z:
            if not isinstance(y, np.generic):
                return finish(entry, (a, b), (x, z), {}, y, mode)
            y = frozen(np.asarray(y))
        result: Tensor = new(Tensor)
        result._array = y
        parent_a: Any = a._node if of_a and rule_a else None
        parent_b: Any = b._node if of_b and rule_b else None
        flows_a = parent_a is not None and parent_a.requires_grad
        flows_b = parent_b is not None and parent_b.requires_grad
        if not (flows_a or flows_b) or not mode.record:
            result._node = None
            return result
        keep_a, keep_b, keep_y = keeps[flows_a + 2 * flows_b]
        fits = guards = None
        if keep_a and (not flows_a or parent_a.watch is not None):
            guards = _guard(guards, 0, a, x)
        if keep_b and (not flows_b or parent_b.watch is not None):
            guards = _guard(guards, 1, b, z)
        saved: Any = (x if keep_a else None, z if keep_b else None, y if keep_y else None)
        if shapes_asked:
            saved += (np.shape(x), np.shape(z))
        if (
            shapes_asked
            or (flows_a and (x.dtype is not y.dtype or (elementwise and x.shape != y.shape)))
            or (flows_b and (z.dtype is not y.dtype or (elementwise and z.shape != y.shape)))
        ):
            fits = find_fits((x, z))
        parents = (parent_a if flows_a else None, parent_b if flows_b else None)
        result._node = record(entry, parents, saved, fits, guards)
        return result

    return call


def _is_plain(x: Any) -> bool:
    """Whether `x`, which is no tensor, is an operand as it is."""
    return type(x) is float or (type(x) is ndarray and x.dtype.kind in NUMBERS)


def apply(entry: Primitive, operands: Sequence[Any], params: dict[str, Any]) -> Any:
    """The result of a call that is bound, whatever its operands are; given no tensor, just what `forward` computes."""
    mode = current_mode()
    if False in (kinds := [isinstance(x, Tensor) for x in operands]):
        operands = [in_one(x) if isinstance(x, (list, tuple)) else x for x in operands]
    if not mode.plain:
        return mode.apply(entry, tuple(operands), params)
    if True not in kinds and True not in [isinstance(x, Tensor) for x in operands]:
        return entry.forward(operands, **params) if entry.variadic else entry.forward(*operands, **params)
    values: list[Any] = []
    for i, x in enumerate(operands):
        if isinstance(x, Tensor):
            values.append(x._array)
        elif type(x) is not ndarray and is_foreign(x, *entry.numpy[:1]):
            if not entry.numpy:
                raise TypeError(f"{entry.name}: an operand is {type(x).__name__}, an array of another library; wanted numbers.")
            return entry.numpy[0](operands, **params) if entry.variadic else entry.numpy[0](*operands, **params)
        else:
            values.append(x if x is None and i >= entry.required and not entry.variadic else as_operand(x, entry.name))
    y = entry.forward(values, **params) if entry.variadic else entry.forward(*values, **params)
    return finish(entry, operands, values, params, y, mode)


def finish(entry: Primitive, operands: Sequence[Any], values: Sequence[Any], params: dict[str, Any], y: Any, mode: Mode) -> Any:
    """The result `y` of a call as a tensor, or several as one each, with what its gradient needs."""
    if type(y) is ndarray and y.base is None and y.dtype.kind in INEXACT and True not in [y is x for x in values]:  # the usual case
        return wrap(y, _remember(entry, operands, values, params, y, mode) if mode.record else None)
    several = isinstance(y, (tuple, list))
    arrays = [as_array(part) for part in y] if several else [as_array(y)]
    is_view = entry.view and isinstance(operands[0], Tensor) and _lies_in(y, values[0]) and not is_scalar(values[0])
    if not is_view and not entry.takes_over:
        for k, array in enumerate(arrays):  # a result that is no view does not lie in an operand
            if True in [_lies_in(array, x) for x in (*values, *arrays[:k])]:
                arrays[k] = array.copy() if array.ndim or array.flags.writeable else frozen(array.copy())  # a number
    tensors = [wrap(array) for array in arrays]
    node = _remember(entry, operands, values, params, tuple(arrays) if several else arrays[0], mode) if mode.record else None
    if node is not None:
        if several:
            tensors = [*map(wrap, arrays, records_of(node, arrays))]
        elif arrays[0].dtype.kind in INEXACT:
            tensors[0]._node, node.watch = node, node.parents[0].watch if is_view else None
        else:
            raise TypeError(f"{entry.name}: no gradient flows through {arrays[0].dtype} values. Use detach() to leave the graph.")
    if is_view:
        make_view(tensors[0], operands[0], ((entry, params),), recorded=mode.record)
    return getattr(y, "_make", type(y))(tensors) if several else tensors[0]  # a named tuple is made by its _make


def _remember(entry: Primitive, operands: Any, values: Any, params: dict[str, Any], y: Any, mode: Mode) -> Any:
    """The record of a call, if a gradient flows to one of its operands."""
    parents, recorded = [], 0
    for i, x in enumerate(operands):
        node = x._node if isinstance(x, Tensor) else None
        if node is not None and node.requires_grad and (entry.variadic or entry.rules[i] is not None):
            parents.append(node)
            recorded |= 1 if entry.variadic else 1 << i
        else:
            parents.append(None)
    if not recorded:
        return None
    keeps, kept, guards, fits = entry.keeps[recorded], [], None, find_fits(values)
    for i, x in enumerate(values if not entry.variadic else (None,)):
        kept.append(x if keeps[i] else None)
        if keeps[i] and x is not None:
            guards = _guard(guards, i, operands[i], x, mode.check is not None)
    shapes = [shape for shape, _ in fits] if entry.shapes_asked else []
    saved = (*kept, y if keeps[-1] else None, *([shapes] if entry.variadic else shapes), *map(params.get, entry.params_asked))
    return record(entry, parents, saved, fits, guards)


def _guard(guards: Any, place: int, operand: Any, value: Any, full: bool = False) -> Any:
    """`guards`, with one for an operand whose `value` is saved at `place`, if its memory can be overwritten."""
    if isinstance(operand, Tensor):
        node: Any = operand._node or leaf_of(operand)
        watch = node.watch
        if not full and (watch is None or not (watch.shared or node.requires_grad)):  # a constant is copied before it is changed
            return guards
    elif type(value) is ndarray:
        watch = watch_at(value) if value.nbytes > SMALL else None
    else:
        return guards
    made = (place, watch, content(value, full) if full or watch is None or watch.shared else None)
    return (made,) if guards is None else (*guards, made)


def _lies_in(y: Any, x: Any) -> bool:
    """Whether the result `y` lies in the memory of the operand `x`; without elements, whether it was made as a view."""
    if type(y) is not ndarray or type(x) is not ndarray:
        return is_stand_in(y) and is_stand_in(x) and bool(np.may_share_memory(y, x))
    if y.base is None:  # it has memory of its own
        return y is x or x.base is y
    return not y.size or np.may_share_memory(y, x)


def find_fits(values: Sequence[Any]) -> Any:
    """The shape and type that the cotangent of each of `values` must have."""
    return [(x.shape, x.dtype) if type(x) is ndarray else (np.shape(x), getattr(x, "dtype", None)) for x in values]
