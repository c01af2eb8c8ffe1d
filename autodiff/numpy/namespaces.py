"""The namespaces beside the main one, with NumPy's and SciPy's names. Each is loaded when it is first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from autodiff.numpy.names import name_of
from autodiff.registry import numpy_table

__all__: list[str] = []

NAMESPACES = {"fft": "np.fft", "linalg": "np.linalg", "special": "scipy.special"}
_ELSEWHERE = {"np.i0": "scipy.special"}  # functions of the main namespace that are declared in another one


def load_namespace(name: str) -> Any:
    """`autodiff.fft` and such."""
    return importlib.import_module(f"autodiff.{name}")


def meaning_of(function: Any) -> Callable[..., Any] | None:
    """What a NumPy or SciPy function means for tensors, also if it is declared in a namespace that is not loaded yet."""
    if function not in numpy_table:
        full = name_of(function)
        module = _ELSEWHERE.get(full, full.rpartition(".")[0])
        for name, theirs in NAMESPACES.items():
            if module == theirs:
                load_namespace(name)
    return numpy_table.get(function)
