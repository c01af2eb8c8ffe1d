"""What NumPy's own functions do with tensors."""

from __future__ import annotations

from typing import Any

from autodiff.core.tensor import Tensor, attach
from autodiff.numpy import protocols


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    return protocols.call_ufunc(ufunc, method, inputs, kwargs)


def _array_function(self: Tensor, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    return protocols.call_function(function, types, args, kwargs)


attach(__array_ufunc__=_array_ufunc, __array_function__=_array_function)
