"""A table of the layers of a model: what comes out of each, and how many parameters it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import autodiff as ad
from nn.modules.module import Module

__all__ = ["summary"]


@dataclass(frozen=True)
class Layer:
    """A line of the table: of a module without parts, or with parameters beside them, in the order of the calls."""

    name: str
    kind: str
    output_shapes: tuple[tuple[int, ...], ...]
    parameters: int


@dataclass(frozen=True)
class Summary:
    """What `summary` found; its text is the table."""

    layers: tuple[Layer, ...]
    parameters: int
    trained: int
    nbytes: int

    def __str__(self) -> str:
        rows = [("layer", "output shape", "parameters")]
        for layer in self.layers:
            shapes = ", ".join(map(str, layer.output_shapes)) or "not called"
            rows.append((f"{layer.kind} ({layer.name})" if layer.name else layer.kind, shapes, f"{layer.parameters:,}"))
        first, second, third = (max(map(len, column)) for column in zip(*rows, strict=True))
        lines = [f"{a:<{first}}  {b:<{second}}  {c:>{third}}" for a, b, c in rows]
        rule = "-" * len(lines[0])
        kept = f", {self.trained:,} trained" if self.trained != self.parameters else ""
        return "\n".join([lines[0], rule, *lines[1:], rule, f"{self.parameters:,} parameters{kept}, {_amount(self.nbytes)}"])

    __repr__ = __str__


def summary(model: Module, input_shape: Sequence[Any], dtype: Any = None) -> Summary:
    """The layers of a model, as a table: what comes out of each, and how many parameters it has.

    Args:
        model: the module; it is called once with zeros, in eval mode, and then is as it was.
        input_shape: the shape of what it is called with, a batch included; a list of shapes for several inputs.
        dtype: the type of the inputs; that of the parameters if not given. An integer type gives zeros that are indices.

    Raises:
        TypeError: `model` is no module, or `input_shape` no shape.

    A parameter that several layers share is counted in each line, and once in the sum. Lines without a shape are of modules that
    were not called, but have parameters.

    >>> nn.summary(nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1)), (10, 2))
    layer        output shape  parameters
    -------------------------------------
    Linear (0)   (10, 4)               12
    Sigmoid (1)  (10, 4)                0
    Linear (2)   (10, 1)                5
    -------------------------------------
    17 parameters, 136 bytes
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary: the model is {type(model).__name__}; wanted a module, such as nn.Linear(2, 1).")
    if not isinstance(input_shape, (tuple, list)):
        raise TypeError(f"summary: input_shape is {input_shape!r}; wanted a shape, a batch included: (1, 3).")
    shapes = [tuple(input_shape)] if all(isinstance(n, (int, np.integer)) for n in input_shape) else [*map(tuple, input_shape)]
    parameters = list(model.parameters())
    if dtype is None:
        dtype = parameters[0].dtype if parameters else float
    layers: list[Layer] = []
    handles, modes = [], {module: module.training for module in model.modules()}
    try:
        for name, module in model.named_modules():
            if not list(module.children()) or _own(module):
                handles.append(module.register_forward_hook(_noting(layers, name)))
        model.eval()
        with ad.no_grad():
            model(*(np.zeros(shape, dtype) for shape in shapes))
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes.items():
            module.training = mode
    called = {layer.name for layer in layers}
    for name, module in model.named_modules():
        if name not in called and _own(module):
            layers.append(Layer(name, type(module).__name__, (), _own(module)))
    trained = sum(p.size for p in parameters if p.requires_grad)
    state = [*parameters, *model.buffers()]
    return Summary(tuple(layers), sum(p.size for p in parameters), trained, sum(p.size * p.dtype.itemsize for p in state))


def _own(module: Module) -> int:
    """How many parameters a module has beside its parts."""
    return sum(p.size for p in module.parameters(recurse=False))


def _noting(layers: list[Layer], name: str) -> Any:
    """A hook that adds a line to `layers`."""

    def note(module: Module, args: Any, output: Any) -> None:
        layers.append(Layer(name, type(module).__name__, tuple(_shapes(output)), _own(module)))

    return note


def _shapes(output: Any) -> list[tuple[int, ...]]:
    """The shapes in nested tuples of arrays."""
    if isinstance(output, (tuple, list)):
        return [shape for part in output for shape in _shapes(part)]
    return [] if output is None else [np.shape(output)]


def _amount(nbytes: int) -> str:
    """Bytes as one says them."""
    size, unit = float(nbytes), 0
    while size >= 1024 and unit < 3:
        size, unit = size / 1024, unit + 1
    return f"{nbytes} bytes" if unit == 0 else f"{size:.1f} {('KiB', 'MiB', 'GiB')[unit - 1]}"
