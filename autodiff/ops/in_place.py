"""Changes in place: `x[i] = v`, `x += y`, on views as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.core import views
from autodiff.core.tensor import Tensor, array_of, unwrapped
from autodiff.modes import is_grad_enabled
from autodiff.ops.indexing import setitem

__all__: list[str] = []


def assign(tensor: Tensor, index: Any, value: Any) -> None:
    """`tensor[index] = value`."""

    def write(array: np.ndarray) -> None:
        array[unwrapped(index)] = unwrapped(value)

    if not _occupies(tensor, index, value):  # as in `x[i] += v`, whose last step assigns x[i] to itself
        _change(tensor, "x[i] = v", value, write, index)


def updating(operation: Callable[..., Any], ufunc: np.ufunc, what: str) -> Callable[[Any, Any], Any]:
    """The method that updates a tensor by an operation with another operand, such as `x += y`."""

    def update(tensor: Any, other: Any) -> Any:
        def write(array: np.ndarray) -> None:
            ufunc(array, unwrapped(other), out=array)

        return _change(tensor, what, other, write, ..., lambda: operation(tensor, other))

    return update


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
    base, steps = views.place_of(tensor)
    if base is not tensor and views.is_read_only(tensor):
        raise ValueError(f"{what}: this tensor is a read-only view of another, as NumPy's is. Work on a copy: x = x.copy().")
    needs_grad = tensor.requires_grad or (isinstance(value, Tensor) and value.requires_grad)
    of_leaf = base.requires_grad and base.is_leaf and views.is_recorded(tensor)
    if not is_grad_enabled() or not (needs_grad or of_leaf):
        if not base.is_leaf:
            where = "a view taken inside no_grad(), or a" if is_grad_enabled() else "inside no_grad(), a"
            raise RuntimeError(
                f"{what}: {where} computed tensor cannot be changed, since its graph needs the value. Use detach() or copy()."
            )
        write(views.writable(tensor))
        return tensor
    if base.requires_grad and base.is_leaf:
        raise RuntimeError(
            f"{what}: this tensor is a leaf that requires grad; changing it would lose the value that its gradient is for. "
            "Change it inside no_grad(), or work on a copy: x = x.copy()."
        )
    if views.is_shared(base):
        raise RuntimeError(
            f"{what}: this tensor shares its memory with an array or a leaf, which cannot hold a value that requires grad. "
            "Make it a tensor of its own: ad.Tensor(array) or x.copy()."
        )
    if tensor.dtype.kind != "f":
        raise TypeError(f"{what}: no gradient flows through {tensor.dtype} values. Use detach() on the value to leave the graph.")
    if compute is not None:
        value = compute()
        if value.shape != tensor.shape:
            raise ValueError(f"{what}: the result has shape {value.shape}, but the tensor has shape {tensor.shape}.")
        value = value if value.dtype == tensor.dtype else value.astype(tensor.dtype)
    if compute is None or steps:
        views.mark_stale(base)
        value = setitem(base, value, index, steps, not views.is_alone(base))
    views.replace(base, value, seen_from=tensor)
    return tensor


def _occupies(tensor: Tensor, index: Any, value: Any) -> bool:
    """Whether `value` is a view of the very elements `tensor[index]`, so that assigning it to them changes nothing."""
    if not isinstance(value, Tensor) or views.place_of(value)[0] is not views.place_of(tensor)[0]:
        return False
    part, array = array_of(tensor)[unwrapped(index)], array_of(value)
    same_memory = isinstance(part, np.ndarray) and part.__array_interface__ == array.__array_interface__
    return same_memory and value.requires_grad == tensor.requires_grad
