"""What is loaded when it is first used: the namespaces, most with NumPy's and SciPy's names, and what few need of the main one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from autodiff.numpy.names import name_of
from autodiff.registry import numpy_table

__all__: list[str] = []

NAMESPACES = {"fft": "np.fft", "linalg": "np.linalg", "special": "scipy.special", "windows": None}  # and what they spell as
_ELSEWHERE = {"np.i0": "scipy.special"}  # functions of the main namespace that are declared in another one
_MODULES = {  # of autodiff, with what they declare in the main namespace
    "compiling.compiled": "compile",
    "declaring": "primitive",
    "ops.applying": "apply_along_axis apply_over_axes",
    "ops.histograms": "histogram histogram2d histogram_bin_edges histogramdd",
    "ops.polynomials": "poly polyadd polyder polydiv polyfit polyint polymul polysub roots",
    "ops.ranges": "geomspace logspace",
    "transforms.checkpointing": "checkpoint",
    "transforms.jacobians": "hessian hvp jacobian",
    "transforms.pushforward": "jvp",
    "transforms.stopping": "stop_gradient",
}
LATER = {name: module for module, names in _MODULES.items() for name in names.split()}


def load_namespace(name: str) -> Any:
    """`autodiff.fft` and such."""
    return importlib.import_module(f"autodiff.{name}")


def load_later(name: str) -> Any:
    """A function of the main namespace that few need."""
    return getattr(importlib.import_module(f"autodiff.{LATER[name]}"), name)


def load_all() -> None:
    """Load everything, for those who want to see all that there is."""
    for name in NAMESPACES:
        load_namespace(name)
    for name in LATER:
        load_later(name)


def meaning_of(function: Any) -> Callable[..., Any] | None:
    """What a NumPy or SciPy function means for tensors, also if that is not loaded yet."""
    if function not in numpy_table:
        full = name_of(function)
        module = _ELSEWHERE.get(full, full.rpartition(".")[0])
        for name, theirs in NAMESPACES.items():
            if module == theirs:
                load_namespace(name)
        if module == "np" and full.removeprefix("np.") in LATER:
            load_later(full.removeprefix("np."))
    return numpy_table.get(function)
