"""A tensor among other libraries: its namespace of the array API standard, its device, and its memory by the DLPack protocol."""

from __future__ import annotations

import sys
from typing import Any

from autodiff.array_api import VERSIONS
from autodiff.core.tensor import Tensor, array_of, attach
from autodiff.core.views import leaf_of, writable
from autodiff.dtypes import require_cpu

__all__: list[str] = []


def _array_namespace(self: Tensor, /, *, api_version: str | None = None) -> Any:
    """The namespace of the array API standard, `autodiff`."""
    if api_version not in (None, *VERSIONS):
        raise ValueError(f"__array_namespace__: api_version is {api_version!r}; wanted one of {', '.join(VERSIONS)}, or None.")
    return sys.modules["autodiff"]


def _to_device(self: Tensor, device: Any, /, *, stream: Any = None) -> Tensor:
    """The tensor itself, if `device` is "cpu"."""
    require_cpu("to_device", device)
    if stream is not None:
        raise ValueError(f"to_device: stream is {stream!r}; wanted None, since a CPU has none.")
    return self


_CPU = (1, 0)  # as DLPack numbers devices


def _dlpack(
    self: Tensor, /, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
) -> Any:
    """The memory of a constant, for another library to read and to write, or a `copy` of it, as a capsule of the DLPack protocol.

    A graph goes on with the values that it has seen. What is computed later knows that others can write there.
    """
    if self.requires_grad:
        raise BufferError("DLPack: this tensor requires grad, and another library would lose its gradient. Pass x.detach().")
    if dl_device not in (None, _CPU):
        raise BufferError(f"DLPack: dl_device is {dl_device}; wanted {_CPU}, the CPU.")
    if not copy:
        writable(self)
        leaf_of(self).watch.shared = True
    array: Any = array_of(self).copy() if copy else array_of(self)
    return array.__dlpack__(stream=stream, **({} if max_version is None else {"max_version": max_version}))


attach(
    __array_namespace__=_array_namespace,
    __dlpack__=_dlpack,
    __dlpack_device__=lambda self: _CPU,
    device=property(lambda self: "cpu", doc="Where the tensor is."),
    to_device=_to_device,
)
