"""NumPy's protocols: what `np.exp(tensor)` and `array * tensor` do is looked up in the table of operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, is_foreign
from autodiff.numpy.names import missing
from autodiff.numpy.namespaces import meaning_of
from autodiff.numpy.signatures import binding_of
from autodiff.registry import numpy_table

__all__: list[str] = []

_OWN = (Tensor, np.ndarray, float, int)  # the usual types of operands, which need no closer look


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `ufunc` means for `inputs`, some of which are tensors; an array of another library gets its turn."""
    for x in inputs:
        if type(x) not in _OWN and is_foreign(x):
            return NotImplemented
    if kwargs and any(map(is_foreign, kwargs.get("out", ()))):
        return NotImplemented
    if method != "__call__":
        from autodiff.numpy.methods import call_method  # few need it

        return call_method(ufunc, method, inputs, kwargs)
    meaning = numpy_table.get(ufunc) or meaning_of(ufunc)
    if meaning is None:
        raise missing(ufunc)
    return binding_of(ufunc, meaning).call(inputs, kwargs) if kwargs else meaning(*inputs)


def call_function(function: Any, types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What the NumPy function means for arguments of `types`, Tensor among them."""
    for kind in types:
        if kind not in _OWN and not issubclass(kind, _OWN):
            return NotImplemented
    meaning = numpy_table.get(function) or meaning_of(function)
    if meaning is None:
        raise missing(function)
    binding = binding_of(function, meaning)
    if binding.least <= len(args) <= binding.most and kwargs.keys() <= binding.same:
        return meaning(*args, **kwargs)
    return binding.call(args, kwargs)
