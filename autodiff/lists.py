"""What stands for an array: a list, of numbers or of tensors, and a column of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.dtypes import NUMBERS

__all__: list[str] = []


def in_one(x: Any) -> Any:
    """A list of numbers as one array, and one with tensors in it as one tensor; a column as an array; anything else as it is.

    A column, such as one of pandas, decides itself on NumPy's ufuncs, but its functions do not ask it.
    """
    if not isinstance(x, (list, tuple)):
        is_column = not hasattr(x, "__array_function__") and getattr(x, "__array_ufunc__", None) is not None
        return np.asarray(x) if is_column else x
    if _holds_others(x):
        return np.stack([*map(in_one, x)])  # which asks these what to make of it, as `asarray` does not
    array = np.asarray(x)
    return array if array.dtype.kind in NUMBERS else x


def _holds_others(x: Any) -> bool:
    """Whether there are arrays in a list, or in the lists in it, that are not NumPy's."""
    kinds = {*map(type, x)}
    if [kind for kind in kinds if hasattr(kind, "__array_function__") and not issubclass(kind, np.ndarray)]:
        return True
    return not kinds.isdisjoint((list, tuple)) and any(_holds_others(part) for part in x if type(part) in (list, tuple))
