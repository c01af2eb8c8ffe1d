"""Changes in place: `x[i] = v`, `x += y`, on views as well, and `x.data = values`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.core import views
from autodiff.core.tensor import Tensor, array_of, attach, is_foreign, is_scalar, node_of, read_only, unwrapped
from autodiff.dtypes import INEXACT, as_numbers, dtype_of, refuse_loss
from autodiff.lists import in_one
from autodiff.modes import is_grad_enabled
from autodiff.ops.indexing import layout_of, put, setitem

__all__: list[str] = []


def assign(tensor: Tensor, index: Any, value: Any, what: str = "x[i] = v") -> None:
    """`tensor[index] = value`, which errors call `what`."""
    value = in_one(value)

    def write(array: np.ndarray) -> None:
        put(array, unwrapped(index), array_of(value))

    if not _occupies(tensor, index, value):  # as in `x[i] += v`, whose last step assigns x[i] to itself
        _change(tensor, what, value, write, index)


def updating(operation: Callable[..., Any], ufunc: np.ufunc, what: str) -> Callable[[Any, Any], Any]:
    """The method that updates a tensor by an operation with another operand, such as `x += y`."""

    def update(tensor: Any, other: Any) -> Any:
        if is_scalar(array_of(tensor)) or is_foreign(other) or gives_way(other):
            return NotImplemented  # so that Python computes `x + y`, as for a number, or as the other library decides
        other = in_one(other)

        def write(array: np.ndarray) -> None:
            try:
                ufunc(array, array_of(other), out=array)
            except TypeError:
                refuse_loss(what, dtype_of(array_of(other)), array.dtype)
                raise

        return _change(tensor, what, other, write, ..., lambda: operation(tensor, other))

    return update


def gives_way(other: Any) -> bool:
    """Whether an operator leaves the operation to the type of `other`, which says that no ufunc takes it."""
    return getattr(type(other), "__array_ufunc__", ...) is None


def _change(
    tensor: Tensor,
    what: str,
    value: Any,
    write: Callable[[np.ndarray], None],
    index: Any,
    compute: Callable[[], Any] | None = None,
) -> Tensor:
    """Change `tensor` at `index` to `value`, or all of it to what `compute` makes with it; return it.

    If a gradient is concerned, that is recorded, and the tensor, or what it is a view of, stands for a new array from then
    on. Else `write` changes the array.
    """
    base, view = views.place_of(tensor)
    if not array_of(tensor).flags.writeable and (array_of(base).flags.writeable or _is_shared(base)):
        of = "an array that is read-only" if base is tensor else "a read-only view of another, as NumPy's is"
        raise ValueError(f"{what}: this tensor is {of}. Work on a copy: x = x.copy().")
    needs_grad = tensor.requires_grad or (isinstance(value, Tensor) and value.requires_grad)
    of_leaf = base.requires_grad and base.is_leaf and (view is None or view.recorded)
    if not is_grad_enabled() or not (needs_grad or of_leaf):
        if not base.is_leaf:
            where = "a view taken inside no_grad(), or a" if is_grad_enabled() else "inside no_grad(), a"
            raise RuntimeError(
                f"{what}: {where} computed tensor cannot be changed, since its graph needs the value. Use detach() or copy()."
            )
        write(views.writable(tensor))
        return tensor
    _require_variable(tensor, base, what)
    if compute is not None:
        value = compute()
        if value.shape != tensor.shape:
            raise ValueError(f"{what}: the result has shape {value.shape}, but the tensor has shape {tensor.shape}.")
        if value.dtype != tensor.dtype:
            refuse_loss(what, value.dtype, tensor.dtype)
            value = value.astype(tensor.dtype)
        array_of(value).flags.writeable = True  # also of a number, since `tensor` is none
    steps = () if view is None else view.steps
    if compute is None or steps or _strides(value) != _strides(base):
        layout = layout_of(base) if steps else None
        views.mark_stale(base)
        value = setitem(base, value, index, steps, not views.is_alone(base), layout)
    views.replace(base, value, seen_from=tensor)
    return tensor


def _strides(tensor: Tensor) -> Any:
    return getattr(array_of(tensor), "strides", None)


def _is_shared(base: Tensor) -> bool:
    """Whether others can write to the memory of a leaf."""
    return base.is_leaf and node_of(base) is not None and node_of(base).watch.shared


def _require_variable(tensor: Tensor, base: Tensor, what: str) -> None:
    """Raise if `tensor`, which lies in `base`, cannot take a value that requires grad."""
    if base.requires_grad and base.is_leaf:
        raise RuntimeError(
            f"{what}: this tensor is a leaf that requires grad; changing it would lose the value that its gradient is for. "
            "Change it inside no_grad(), or work on a copy: x = x.copy()."
        )
    if _is_shared(base):
        raise RuntimeError(
            f"{what}: this tensor shares its memory with an array or a leaf, which cannot hold a value that requires grad. "
            "Make it a tensor of its own: ad.Tensor(array) or x.copy()."
        )
    if tensor.dtype.kind not in INEXACT:
        raise TypeError(f"{what}: no gradient flows through {tensor.dtype} values. Use detach() on the value to leave the graph.")


def _occupies(tensor: Tensor, index: Any, value: Any) -> bool:
    """Whether `value` is a view of the very elements `tensor[index]`, so that assigning it to them changes nothing."""
    if not isinstance(value, Tensor) or views.place_of(value)[0] is not views.place_of(tensor)[0]:
        return False
    part, array = array_of(tensor)[unwrapped(index)], array_of(value)
    same_memory = isinstance(part, np.ndarray) and part.__array_interface__ == array.__array_interface__
    return same_memory and value.requires_grad == tensor.requires_grad


def _set_data(tensor: Tensor, value: Any) -> None:
    array = as_numbers(array_of(value), "data")
    if not tensor.is_leaf:
        raise RuntimeError(
            "data: this tensor was computed, and its graph needs the value. Assign to the data of a leaf, or use detach()."
        )
    if tensor.requires_grad and array.dtype.kind != tensor.dtype.kind:
        wanted = "floating point" if tensor.dtype.kind == "f" else "complex numbers"
        raise TypeError(f"data: the tensor requires grad, but the new array has dtype {array.dtype}; wanted {wanted}.")
    if tensor.requires_grad and array.shape != tensor.shape:
        raise ValueError(
            f"data: the tensor has shape {tensor.shape}, but the new array has {array.shape}. Make a new tensor instead."
        )
    if views.place_of(tensor)[0] is not tensor:
        raise RuntimeError("data: this tensor is a view of another. Write to its elements: x[...] = values.")
    if (array.shape, array.dtype) != (tensor.shape, tensor.dtype):
        tensor.grad = None
    like = array_of(tensor) if array.shape == tensor.shape else array  # so that its views remain views
    own = np.empty_like(like, dtype=array.dtype)
    own[...] = array
    views.renew(tensor, own)


attach(
    data=property(
        lambda self: read_only(array_of(self)),
        _set_data,
        doc="""The array, read-only: to change a tensor, write to the tensor (inside `no_grad` if it is a leaf that requires grad).

    Assigning to `data` gives a leaf other values, which are copied.
    """,
    )
)
