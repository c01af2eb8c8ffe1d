"""NumPy functions that have no derivative: their results are booleans, integers, types, or do not depend on the values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.core.tensor import is_foreign, unwrapped, wrap
from autodiff.registry import numpy_table

__all__: list[str] = []

_TENSORS: list[Any] = [
    *(np.logical_and, np.logical_or, np.logical_not, np.logical_xor),
    *(np.isfinite, np.isinf, np.isnan, np.signbit, np.isclose, np.isreal, np.iscomplex, np.count_nonzero),
    *(np.lexsort, np.digitize, np.flatnonzero, np.argwhere, np.isin),
    *(np.zeros_like, np.ones_like, np.empty_like, np.linalg.matrix_rank),
]
_OTHERS: list[Any] = [
    *(np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.isrealobj, np.iscomplexobj, np.einsum_path),
    *(np.allclose, np.array_equal, np.array_repr, np.array_str),
    *(np.save, np.savez, np.savez_compressed),
]


CONSTANTS: set[Any] = set()  # all of these functions


def _constant(function: Any, finish: Callable[[Any], Any] = wrap) -> Callable[..., Any]:
    CONSTANTS.add(function)

    def call(*args: Any, **kwargs: Any) -> Any:
        for x in args:
            if is_foreign(x):
                return function(*args, **kwargs)
        return finish(function(*map(unwrapped, args), **{key: unwrapped(value) for key, value in kwargs.items()}))

    numpy_table[function] = call
    return call


equal, not_equal = _constant(np.equal), _constant(np.not_equal)
less, less_equal = _constant(np.less), _constant(np.less_equal)
greater, greater_equal = _constant(np.greater), _constant(np.greater_equal)
bitwise_and, bitwise_or, bitwise_xor = _constant(np.bitwise_and), _constant(np.bitwise_or), _constant(np.bitwise_xor)
invert = _constant(np.invert)
all, any, argmax, argmin = _constant(np.all), _constant(np.any), _constant(np.argmax), _constant(np.argmin)
argsort, argpartition, searchsorted = _constant(np.argsort), _constant(np.argpartition), _constant(np.searchsorted)
nonzero = _constant(np.nonzero, lambda result: result)

for _function in _TENSORS:
    _constant(_function)
for _function in _OTHERS:
    _constant(_function, lambda result: result)
