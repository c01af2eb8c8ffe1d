"""`out=`: what a NumPy function writes to tensors, which is recorded, as `tensor[...] = result` is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.conversions import loses_gradient
from autodiff.core.tensor import Tensor, array_of, unwrapped
from autodiff.ops.in_place import assign

__all__: list[str] = []


def written(name: str, outs: Sequence[Any], results: Any, index: Any = ..., *, broadcast: bool = False) -> Any:
    """The results of the function `name`, written to `outs` at `index`; None among these stands for a new array.

    Nothing is written if one does not fit. With `broadcast`, a result may have fewer elements than there are places for it.

    Raises:
        TypeError: NumPy does not cast the result to the type of what it is written to, or an array would lose a gradient.
        ValueError: the shapes differ.
    """
    several = isinstance(results, (tuple, list))
    pairs = list(zip(outs, results if several else [results], strict=True))
    for out, y in pairs:
        if out is not None:
            _check(name, out, y, index, broadcast)
    for out, y in pairs:
        if isinstance(out, Tensor):
            assign(out, index, y, name)
        elif out is not None:
            out[index] = array_of(y)
    given = tuple(y if out is None else out for out, y in pairs)
    return given if several else given[0]


def _check(name: str, out: Any, y: Any, index: Any, broadcast: bool) -> None:
    if not isinstance(out, Tensor) and loses_gradient(y):
        raise would_lose(name)
    if not np.can_cast(y.dtype, out.dtype, "same_kind"):
        raise TypeError(
            f"{name}: out= has dtype {out.dtype}, which does not take {y.dtype}. Give it that type, or convert: x.astype(dtype)."
        )
    place = np.broadcast_to(False, out.shape)[index].shape
    if y.shape != place and not (broadcast and _fits(y.shape, place)):
        raise ValueError(f"{name}: out= has shape {out.shape}, but the result has shape {y.shape}.")


def _fits(shape: tuple[int, ...], place: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, place) == place
    except ValueError:
        return False


def would_lose(name: str) -> TypeError:
    """The error about an array that would have to hold what requires grad."""
    return TypeError(
        f"{name}: out= (or an update such as `array += tensor`) would lose the gradient of the tensor. "
        f"Write `array = array + tensor`, or `y = {name}(...)`; make the array a tensor, as ad.Tensor(array) or "
        "np.zeros_like(tensor); or leave the graph first: tensor.detach()."
    )


def mask_of(name: str, where: Any) -> np.ndarray:
    """What `where=` says, as booleans."""
    mask = np.asarray(unwrapped(where))
    if mask.dtype != bool:
        raise TypeError(f"{name}: where has dtype {mask.dtype}; wanted booleans, such as where=x > 0.")
    return mask
