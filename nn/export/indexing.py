"""Reading a part of an array, in ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.export.tracing import Symbol, Trace, value_of

__all__ = ["getitem"]

_FAR = 1 << 62  # more than any axis has


def getitem(g: Trace, y: Any, x: Symbol, index: Any) -> Any:
    """`x[index]`: slices, then whole numbers, then arrays of them, then new axes."""
    places = _per_axis(x, index)
    result = _sliced(g, x, places)
    arrays = [axis for axis, place in enumerate(places) if not isinstance(place, (slice, int, np.integer))]
    numbers = [axis for axis, place in enumerate(places) if isinstance(place, (int, np.integer))]
    if arrays and numbers:  # they are broadcast with the arrays
        arrays, numbers = sorted(arrays + numbers), []
    if len(arrays) == 1:
        result = g.add("Gather", result, _int64(g, places[arrays[0]]), axis=arrays[0])
    elif arrays:
        result = _gathered(g, x, result, places, arrays)
    for axis in reversed(numbers):
        result = g.add("Gather", result, np.array(places[axis], np.int64), axis=axis)
    has_new_axes = isinstance(index, tuple) and any(i is None for i in index)
    if has_new_axes or index is None:
        return g.add("Reshape", result, np.array(y.shape, np.int64))
    return Symbol(g, g.name_of(result), y)


def _per_axis(x: Symbol, index: Any) -> list[Any]:
    """What is read along each axis: a slice, a number, or an array of numbers."""
    parts: list[Any] = []
    for part in index if isinstance(index, tuple) else (index,):
        if getattr(part, "dtype", np.dtype(int)).kind == "b":
            if isinstance(part, Symbol):
                part.trace.refuse("x[mask], whose result has as many elements as the values say")
            parts += np.nonzero(part)
        elif part is not None:
            parts.append(part)
    rest = [slice(None)] * (x.ndim - sum(part is not Ellipsis for part in parts))
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    return [*parts[:at], *rest, *parts[at + 1 :]]


def _sliced(g: Trace, x: Symbol, places: list[Any]) -> Any:
    """`x` with the slices applied, whose ends mean what they do in Python, whatever the length of the axis is."""
    cuts = []
    for axis, place in enumerate(places):
        if isinstance(place, slice) and (place.start or 0, place.stop, place.step or 1) != (0, None, 1):
            step = 1 if place.step is None else int(place.step)
            start, stop = (0, _FAR) if step > 0 else (_FAR, -_FAR)
            cuts.append((start if place.start is None else place.start, stop if place.stop is None else place.stop, axis, step))
    if not cuts:
        return x
    starts, stops, axes, steps = np.array(cuts, np.int64).T
    return g.add("Slice", x, starts, stops, axes, steps)


def _gathered(g: Trace, x: Symbol, data: Any, places: list[Any], arrays: list[int]) -> Any:
    """The elements at several arrays of places, which are broadcast: what NumPy puts first, or in their place if they adjoin."""
    others = [axis for axis in range(x.ndim) if axis not in arrays]
    shape = np.broadcast_shapes(*(np.shape(value_of(places[axis])) for axis in arrays))
    if any(isinstance(places[axis], Symbol) for axis in arrays):
        columns = [_int64(g, places[axis]) for axis in arrays]
        whole = [g.add("Expand", column, np.array(shape, np.int64)) for column in columns]
        indices: Any = g.add("Concat", *(g.add("Unsqueeze", column, np.array([-1])) for column in whole), axis=-1)
    else:
        indices = np.stack(np.broadcast_arrays(*(places[axis] for axis in arrays)), -1).astype(np.int64)
    first = g.add("GatherND", g.add("Transpose", data, perm=[*arrays, *others]), indices)
    n, lead = len(shape), arrays[0]
    if arrays != list(range(lead, lead + len(arrays))) or lead == 0:
        return first
    order = [*range(n, n + lead), *range(n), *range(n + lead, n + len(others))]
    return g.add("Transpose", first, perm=order)


def _int64(g: Trace, places: Any) -> Any:
    return g.cast(places, np.int64)
