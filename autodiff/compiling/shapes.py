"""Which functions give results of a shape that their arguments' values decide: a program has the same shapes in each run."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.dtypes import is_stand_in

__all__ = ["deciding_shapes"]

# The arguments that decide, by position and by keyword; None for all.
_BY_VALUES: dict[str, tuple[int | None, str]] = {
    **dict.fromkeys(("argwhere", "bincount", "flatnonzero", "nonzero", "roots", "trim_zeros"), (None, "")),
    **dict.fromkeys(("unique", "unique_all", "unique_counts", "unique_inverse", "unique_values"), (None, "")),
    **dict.fromkeys(("intersect1d", "setdiff1d", "setxor1d", "union1d"), (None, "")),
    **{"compress": (0, "condition"), "delete": (1, "obj"), "extract": (0, "condition"), "insert": (1, "obj")},
    **{"repeat": (1, "repeats"), "tile": (1, "reps"), "pad": (1, "pad_width"), "resize": (1, "new_shape")},
    **{"reshape": (1, "shape"), "broadcast_to": (1, "shape"), "diag": (1, "k"), "diagflat": (1, "k"), "linspace": (2, "num")},
    **dict.fromkeys(("array_split", "dsplit", "hsplit", "split", "vsplit"), (1, "indices_or_sections")),
}
_NAMED = ("axis", "axes", "offset", "shape")


def _of_methods() -> Iterator[tuple[Any, tuple[int | None, str]]]:
    for name, (place, keyword) in _BY_VALUES.items():
        if hasattr(np, name):
            yield getattr(np, name), (place, keyword)
        if hasattr(np.ndarray, name):  # the array comes first
            yield getattr(np.ndarray, name), (1 if place == 0 else place, keyword)


_DECIDING = dict(_of_methods())


def deciding_shapes(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The arguments, recorded ones, whose values decide which shape the result has."""
    parts = [kwargs[name] for name in _NAMED if name in kwargs]
    if function is operator.getitem:
        index = args[1] if isinstance(args[1], tuple) else (args[1],)
        parts += [part for part in index if isinstance(part, slice) or _is_mask(part)]
    elif function in _DECIDING:
        place, keyword = _DECIDING[function]
        parts += [*args, *kwargs.values()] if place is None else [kwargs.get(keyword), *args[place : place + 1]]
        parts += args[1:] if function is np.ndarray.reshape else ()
    elif function is np.where and len(args) == 1:
        parts += args
    return [*_recorded(parts)]


def _is_mask(part: Any) -> bool:
    return bool(is_stand_in(part) and getattr(part, "dtype", None) == np.bool_)


def _recorded(tree: Any) -> Iterator[Any]:
    """What is recorded in tuples, lists and slices."""
    if isinstance(tree, slice):
        yield from _recorded((tree.start, tree.stop, tree.step))
    elif isinstance(tree, (tuple, list)):
        for part in tree:
            yield from _recorded(part)
    elif is_stand_in(tree):
        yield tree
