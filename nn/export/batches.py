"""One graph from those of several batch sizes: what differs among them depends on the batch size, and how is found by comparing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nn.export.tracing import ExportError, Node, Trace

__all__ = ["affine", "merge", "without_unused"]

_HINT = "Say by batch_axis if the batch is another axis, or export with dynamic_batch=False for the example's size alone"


def without_unused(nodes: Sequence[Node], outputs: Sequence[str]) -> list[Node]:
    """The nodes that the outputs need."""
    needed, kept = set(outputs), []
    for node in reversed(nodes):
        if node.output in needed:
            needed.update(node.inputs)
            kept.append(node)
    return kept[::-1]


def merge(traces: Sequence[Trace], sizes: Sequence[int], source: str, axis: int) -> None:
    """Let the first trace be right for every batch size: the length of `axis` of the input that has the name `source`.

    Constants that are equal in all traces stay. Numbers that grow with the batch size are computed from it. An array of which the
    batch is an axis is expanded, if its elements are equal along that, or counted up, if they grow by equal steps as in an arange.
    """
    first = traces[0]
    computed: list[Node] = []
    for alike in _side_by_side(traces):
        node = alike[0]
        for name in [name for name in node.inputs if name in first.constants]:
            values = [trace.constants[name] for trace in traces]
            if all(v.shape == values[0].shape and np.array_equal(v, values[0], equal_nan=v.dtype.kind == "f") for v in values):
                continue
            if node.op == "Reshape" and (shape := _with_one_open(values)) is not None:
                first.constants[name] = shape
            elif not any(way(first, name, values, sizes, computed) for way in (_compute, _expand, _count)):
                raise _depends(node, "a constant that depends on the batch size, and not linearly")
    if computed:
        batch = [Node("Shape", [source], "/batch", {"start": axis, "end": axis + 1}, "", "")]
        first.nodes[:0] = batch + computed


def affine(values: Sequence[Any], sizes: Sequence[int]) -> tuple[Any, Any] | None:
    """The `rate` and `start` of `values = rate sizes + start`, or None if that does not hold."""
    wide = [np.asarray(v).astype(float if np.asarray(v).dtype.kind == "f" else np.int64) for v in values]
    rate = (wide[1] - wide[0]) / (sizes[1] - sizes[0])
    rate = rate if wide[0].dtype.kind == "f" else np.round(rate).astype(np.int64)
    start = wide[0] - rate * sizes[0]
    holds = all(np.allclose(rate * n + start, v, rtol=1e-6, atol=0) for n, v in zip(sizes, wide, strict=True))
    return (rate, start) if holds else None


def _side_by_side(traces: Sequence[Trace]) -> list[tuple[Node, ...]]:
    """The nodes of all traces, each with those that correspond to it."""
    for nodes in zip(*(trace.nodes for trace in traces), strict=False):
        if any((n.op, n.inputs, n.output, n.attributes) != vars_of(nodes[0]) for n in nodes):
            raise _depends(nodes[0], "other operations for other batch sizes")
    if len({len(trace.nodes) for trace in traces}) > 1:
        raise ExportError(f"to_onnx: how many operations the model consists of depends on the batch size. {_HINT}.")
    return list(zip(*(trace.nodes for trace in traces), strict=True))


def vars_of(node: Node) -> tuple[Any, ...]:
    """What two corresponding nodes have in common."""
    return node.op, node.inputs, node.output, node.attributes


def _depends(node: Node, what: str) -> ExportError:
    return ExportError(f"to_onnx: in {node.module}, {node.operation} leads to {what}. {_HINT}.")


def _with_one_open(shapes: Sequence[np.ndarray]) -> np.ndarray | None:
    """A shape with -1 for the one axis whose length depends on the batch size, which `Reshape` then finds out."""
    differs = np.any([shape != shapes[0] for shape in shapes], axis=0)
    return np.where(differs, -1, shapes[0]) if np.sum(differs) == 1 and np.all(shapes[0] > 0) else None


def _compute(trace: Trace, name: str, values: Sequence[np.ndarray], sizes: Sequence[int], computed: list[Node]) -> bool:
    """Compute a constant from the batch size, if it is linear in it."""
    dtype = values[0].dtype
    if any(v.shape != values[0].shape for v in values) or dtype.kind not in "if" or (law := affine(values, sizes)) is None:
        return False
    del trace.constants[name]
    trace.constants[f"{name}_rate"], trace.constants[f"{name}_start"] = (np.asarray(part, dtype) for part in law)
    trace.constants[f"{name}_shape"] = np.array(values[0].shape, np.int64)
    computed += [
        Node("Cast", ["/batch"], f"{name}_batch", {"to": dtype}, "", ""),
        Node("Mul", [f"{name}_batch", f"{name}_rate"], f"{name}_grown", {}, "", ""),
        Node("Add", [f"{name}_grown", f"{name}_start"], f"{name}_sum", {}, "", ""),
        Node("Reshape", [f"{name}_sum", f"{name}_shape"], name, {}, "", ""),
    ]
    return True


def _expand(trace: Trace, name: str, values: Sequence[np.ndarray], sizes: Sequence[int], computed: list[Node]) -> bool:
    """Expand a constant along the axes whose lengths depend on the batch size, if its elements are equal along these."""
    if any(v.ndim != values[0].ndim for v in values) or (law := affine([v.shape for v in values], sizes)) is None:
        return False
    one = tuple(slice(0, 1) if rate else slice(None) for rate in law[0])
    if any(not np.array_equal(np.broadcast_to(values[0][one], v.shape), v) for v in values):
        return False
    del trace.constants[name]
    shape = f"{name}_shape"
    trace.constants[f"{name}_one"], trace.constants[shape] = values[0][one], np.array(values[0].shape, np.int64)
    _compute(trace, shape, [np.array(v.shape, np.int64) for v in values], sizes, computed)
    computed.append(Node("Expand", [f"{name}_one", shape], name, {}, "", ""))
    return True


def _count(trace: Trace, name: str, values: Sequence[np.ndarray], sizes: Sequence[int], computed: list[Node]) -> bool:
    """Count a constant up by equal steps along its first axis, if they are equal and that depends on the batch size."""
    if any(v.ndim < 1 or v.shape[1:] != values[0].shape[1:] or v.dtype.kind != "i" for v in values):
        return False
    start, step = values[0][:1], values[0][1:2] - values[0][:1]
    numbers = [np.arange(len(v)).reshape(-1, *(1,) * (v.ndim - 1)) for v in values]
    if any(not np.array_equal(start + step * i, v) for i, v in zip(numbers, values, strict=True)):
        return False
    del trace.constants[name]
    column = (-1, *numbers[0].shape[1:])
    parts = {"first": start, "step": step, "zero": 0, "one": 1, "column": column, "length": len(values[0])}
    trace.constants |= {f"{name}_{part}": np.asarray(value) for part, value in parts.items()}
    if not _compute(trace, f"{name}_length", [np.asarray(len(v)) for v in values], sizes, computed):
        return False
    computed += [
        Node("Range", [f"{name}_zero", f"{name}_length", f"{name}_one"], f"{name}_range", {}, "", ""),
        Node("Reshape", [f"{name}_range", f"{name}_column"], f"{name}_numbers", {}, "", ""),
        Node("Mul", [f"{name}_numbers", f"{name}_step"], f"{name}_steps", {}, "", ""),
        Node("Add", [f"{name}_steps", f"{name}_first"], name, {}, "", ""),
    ]
    return True
