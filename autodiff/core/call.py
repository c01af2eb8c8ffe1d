"""Calls of a primitive: the one seam.

A call is bound to its entry, operands and parameters. In a plain mode it is then computed, and what the rules will ask for is
remembered; otherwise the mode decides, before anything is computed. Operations with one or two operands and no parameters, which
most are and where time counts, have a caller of their own for the usual case; whatever is unusual goes on to `run`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.core.graph import guard, new, record
from autodiff.core.modes import Mode, current_mode
from autodiff.core.tensor import Tensor, as_array, wrap
from autodiff.core.views import make_view, watch_of

if TYPE_CHECKING:
    from autodiff.registry import Primitive

__all__: list[str] = []

ndarray = np.ndarray
NONE: dict[str, Any] = {}


def caller(entry: Primitive) -> Callable[..., Any]:
    """The public function of a primitive."""
    simple = not (entry.params or entry.defaults or entry.variadic or entry.view)
    callers = {1: _caller_of_one, 2: _caller_of_two} if simple else {}
    return callers.get(len(entry.arguments), _caller_of_any)(entry)


def _caller_of_any(entry: Primitive) -> Callable[..., Any]:
    bind = entry.bind

    def call(*args: Any, **kwargs: Any) -> Any:
        operands, params = bind(args, kwargs)
        return apply(entry, operands, params)

    return call


def _caller_of_one(entry: Primitive) -> Callable[..., Any]:
    forward = entry.forward
    keep_x, keep_y = entry.keeps[1]
    shapes_asked = entry.shapes_asked

    def call(x: Any, /) -> Any:
        mode = current_mode()
        if not mode.plain:
            return mode.apply(entry, (x,), NONE)
        if not isinstance(x, Tensor):
            return forward(x)
        data = x._array
        y = forward(data)
        if type(y) is not ndarray or y.base is not None or y is data or shapes_asked:
            if not isinstance(y, np.generic):
                return finish(entry, (x,), (data,), NONE, y, mode)
            y = np.asarray(y)
        result: Tensor = new(Tensor)
        result._array = y
        parent = x._node
        if parent is None or not parent.requires_grad or not mode.record:
            result._node = None
        else:
            guards = (guard(0, data, parent.watch),) if keep_x and parent.watch is not None else None
            fits = None if y.dtype is data.dtype else find_fits((data,))
            result._node = record(entry, (parent,), (data if keep_x else None, y if keep_y else None), fits, guards)
        return result

    return call


def _caller_of_two(entry: Primitive) -> Callable[..., Any]:
    forward, elementwise, shapes_asked = entry.forward, entry.elementwise, entry.shapes_asked
    rule_a, rule_b = entry.rules
    keeps = entry.keeps

    def call(a: Any, b: Any, /) -> Any:
        mode = current_mode()
        parent_a = parent_b = None
        x: Any
        z: Any
        if isinstance(a, Tensor):
            x = a._array
            if rule_a and (node := a._node) is not None and node.requires_grad:
                parent_a = node
        elif isinstance(b, Tensor) and (type(a) is float or (type(a) is ndarray and a.dtype.kind in "fiub")):
            x = a
        else:
            return apply(entry, (a, b), NONE)
        if isinstance(b, Tensor):
            z = b._array
            if rule_b and (node := b._node) is not None and node.requires_grad:
                parent_b = node
        elif type(b) is float or (type(b) is ndarray and b.dtype.kind in "fiub"):
            z = b
        else:
            return apply(entry, (a, b), NONE)
        if not mode.plain:
            return apply(entry, (a, b), NONE)
        y = forward(x, z)
        if type(y) is not ndarray or y.base is not None or y is x or y is z:
            if not isinstance(y, np.generic):
                return finish(entry, (a, b), (x, z), NONE, y, mode)
            y = np.asarray(y)
        result: Tensor = new(Tensor)
        result._array = y
        if (parent_a is None and parent_b is None) or not mode.record:
            result._node = None
            return result
        keep_a, keep_b, keep_y = keeps[(parent_a is not None) + 2 * (parent_b is not None)]
        guards: Any = None
        fits = None
        if keep_a and (parent_a is None or parent_a.watch is not None) and (made := _guard(0, a, x)):
            guards = (made,)
        if keep_b and (parent_b is None or parent_b.watch is not None) and (made := _guard(1, b, z)):
            guards = (made,) if guards is None else (*guards, made)
        if (
            shapes_asked
            or (parent_a is not None and (x.dtype is not y.dtype or (elementwise and x.shape != y.shape)))
            or (parent_b is not None and (z.dtype is not y.dtype or (elementwise and z.shape != y.shape)))
        ):
            fits = find_fits((x, z))
        saved: Any = (x if keep_a else None, z if keep_b else None, y if keep_y else None)
        if shapes_asked:
            saved = (*saved, np.shape(x), np.shape(z))
        result._node = record(entry, (parent_a, parent_b), saved, fits, guards)
        return result

    return call


def apply(entry: Primitive, operands: Sequence[Any], params: dict[str, Any]) -> Any:
    """The result of a call that is bound."""
    mode = current_mode()
    return run(entry, operands, params, mode) if mode.plain else mode.apply(entry, tuple(operands), params)


def run(entry: Primitive, operands: Sequence[Any], params: dict[str, Any], mode: Mode) -> Any:
    """Compute a call, whatever its operands are. Given no tensor, that is all."""
    if not any([isinstance(x, Tensor) for x in operands]):  # noqa: C419 (a list is faster than a generator)
        return entry.forward(operands, **params) if entry.variadic else entry.forward(*operands, **params)
    values: list[Any] = []
    for i, x in enumerate(operands):
        if isinstance(x, Tensor):
            values.append(x._array)
        elif is_foreign(x):
            return _of_foreign(entry, operands, params)
        else:
            values.append(x if x is None and i >= entry.required and not entry.variadic else as_operand(x, entry))
    y = entry.forward(values, **params) if entry.variadic else entry.forward(*values, **params)
    return finish(entry, operands, values, params, y, mode)


def finish(entry: Primitive, operands: Sequence[Any], values: Sequence[Any], params: dict[str, Any], y: Any, mode: Mode) -> Any:
    """The result `y` of a call as a tensor, or several as one each, with what its gradient needs."""
    several = isinstance(y, (tuple, list))
    arrays = [as_array(part) for part in y] if several else [as_array(y)]
    is_view = entry.view and not several and isinstance(operands[0], Tensor) and _lies_in(arrays[0], values[0])
    if not is_view and not entry.takes_over:
        for k, array in enumerate(arrays):  # each has memory of its own
            if any([_lies_in(array, x) for x in (*values, *arrays[:k])]):  # noqa: C419
                arrays[k] = array.copy()
    tensors = [wrap(array) for array in arrays]
    parents = [_parent(entry, i, x) for i, x in enumerate(operands)] if mode.record else []
    if any(parents):
        node = _remember(entry, operands, values, params, tuple(arrays) if several else arrays[0], parents, mode)
        if several:
            node.results = [(y.shape, y.dtype) for y in arrays]
            for k, tensor in enumerate(tensors):
                tensor._node = record(entry.result, (node,), (None, k)) if tensor.dtype.kind == "f" else None
        elif arrays[0].dtype.kind == "f":
            tensors[0]._node, node.watch = node, parents[0].watch if is_view else None
        else:
            dtype = arrays[0].dtype
            raise TypeError(
                f"{entry.name}: no gradient flows through {dtype} values. Use detach() on the argument to leave the graph."
            )
    if is_view:
        make_view(tensors[0], operands[0], ((entry, params),), recorded=mode.record)
    if several:  # a named tuple is made by its _make
        return getattr(y, "_make", type(y))(tensors)
    return tensors[0]


def _parent(entry: Primitive, i: int, x: Any) -> Any:
    """The record of operand `i`, if a gradient flows there."""
    node = x._node if isinstance(x, Tensor) else None
    return node if node is not None and node.requires_grad and (entry.variadic or entry.rules[i] is not None) else None


def _remember(
    entry: Primitive, operands: Sequence[Any], values: Sequence[Any], params: dict[str, Any], y: Any, parents: list[Any], mode: Mode
) -> Any:
    """The record of a call."""
    fits = find_fits(values)
    recorded = 1 if entry.variadic else sum(1 << i for i, parent in enumerate(parents) if parent is not None)
    *keeps, keep_y = entry.keeps[recorded]
    kept = [None] if entry.variadic else [x if keep else None for x, keep in zip(values, keeps, strict=True)]
    shapes = [shape for shape, _ in fits] if entry.shapes_asked else []
    asked = [params[name] for name in entry.params_asked]
    saved = (*kept, y if keep_y else None, *([shapes] if entry.variadic else shapes), *asked)
    return record(entry, parents, saved, fits, None if entry.variadic else _guards(operands, values, keeps, mode))


def _guards(operands: Sequence[Any], values: Sequence[Any], keeps: Sequence[bool], mode: Mode) -> Any:
    """What tells whether a value that is kept has been overwritten, for each that can be."""
    if not any(keeps):
        return None
    made = [_guard(i, operands[i], values[i], mode.check is not None) for i, keep in enumerate(keeps) if keep]
    return [g for g in made if g is not None] or None


def _guard(place: int, operand: Any, value: Any, full: bool = False) -> Any:
    """That of one operand; None if nobody can write to its memory."""
    if not isinstance(operand, Tensor):
        return guard(place, value, None, full) if type(value) is ndarray else None
    watch = watch_of(operand) if operand._node is None else operand._node.watch
    return guard(place, value, watch, full) if watch is not None or full else None


def _lies_in(y: Any, x: Any) -> bool:
    """Whether the result `y` lies in the memory of the operand `x`; without elements, whether it was made as a view."""
    both = type(y) is ndarray and type(x) is ndarray
    return both and (np.may_share_memory(y, x) if y.size else y.base is not None)


def find_fits(values: Sequence[Any]) -> Any:
    """The shape and type that the cotangent of each of `values` must have."""
    return [(x.shape, x.dtype) if type(x) is ndarray else (np.shape(x), getattr(x, "dtype", None)) for x in values]


def is_foreign(x: Any) -> bool:
    """Whether `x` is an array of another library, which decides itself what is computed with it."""
    kind = type(x)
    return not issubclass(kind, (ndarray, np.generic, Tensor)) and (
        getattr(kind, "__array_ufunc__", None) is not None or hasattr(kind, "__array_function__")
    )


def _of_foreign(entry: Primitive, operands: Sequence[Any], params: dict[str, Any]) -> Any:
    if not entry.numpy:
        names = ", ".join(sorted({type(x).__name__ for x in operands if is_foreign(x)}))
        raise TypeError(f"{entry.name}: an operand is {names}, an array of another library; wanted tensors, arrays or numbers.")
    return entry.numpy[0](operands, **params) if entry.variadic else entry.numpy[0](*operands, **params)


def as_operand(x: Any, entry: Primitive) -> Any:
    """`x`, which is no tensor, as something to compute with: a Python number as it is, all else as an array."""
    if isinstance(x, (int, float)):
        return x
    array = x if type(x) is ndarray or isinstance(x, np.generic) else np.asarray(x)
    if isinstance(x, np.matrix):
        raise TypeError(
            f"{entry.name}: an operand is np.matrix, whose `*` is another product. Pass np.asarray(matrix), and write `@`."
        )
    if array.dtype.kind not in "biuf" or hasattr(x, "mask"):  # a masked array
        raise TypeError(
            f"{entry.name}: an operand is {type(x).__name__} of dtype {array.dtype}; "
            "wanted real numbers, as a plain array or number."
        )
    return array
