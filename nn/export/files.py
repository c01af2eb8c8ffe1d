"""Graphs as ONNX files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from nn.export.batches import affine
from nn.export.tracing import Node, Symbol, Trace
from nn.serialization import replacing

__all__ = ["write"]

_OPSET, _IR_VERSION = 18, 8  # the versions of the operations and of the file, which go together


def write(
    path: str | os.PathLike[str],
    name: str,
    trace: Trace,
    inputs: Iterable[Sequence[Symbol]],
    outputs: Iterable[Sequence[Symbol]],
    sizes: Sequence[int],
) -> None:
    """Write a checked file of the graph, whose inputs and outputs are given as in each of the batches of `sizes`."""
    onnx = _onnx()
    used = {name for node in trace.nodes for name in node.inputs}
    arrays = {name: array for name, array in trace.constants.items() if name in used}
    arrays |= {name: np.asarray(tensor.detach()) for name, tensor in trace.state.values() if name in used}
    graph = onnx.helper.make_graph(
        [_node(onnx, node, i) for i, node in enumerate(trace.nodes)],
        name,
        [_value(onnx, alike, sizes) for alike in inputs],
        [_value(onnx, alike, sizes) for alike in outputs],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(x).reshape(x.shape), name) for name, x in arrays.items()],
    )
    opsets = [onnx.helper.make_opsetid("", _OPSET)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="chainrule")
    onnx.checker.check_model(model, full_check=True)
    with replacing(path) as new:
        new.write_bytes(model.SerializeToString())


def _node(onnx: Any, node: Node, number: int) -> Any:
    attributes = {
        name: onnx.helper.np_dtype_to_tensor_dtype(value) if isinstance(value, np.dtype) else value
        for name, value in node.attributes.items()
    }
    return onnx.helper.make_node(node.op, node.inputs, [node.output], f"{node.module}/{node.op}_{number}", **attributes)


def _value(onnx: Any, alike: Sequence[Symbol], sizes: Sequence[int]) -> Any:
    """The type and the shape of an input or output, with names for the lengths that depend on the batch size."""
    shape = [_length([x.shape[axis] for x in alike], sizes) for axis in range(alike[0].ndim)]
    return onnx.helper.make_tensor_value_info(alike[0].name, onnx.helper.np_dtype_to_tensor_dtype(alike[0].dtype), shape)


def _length(lengths: Sequence[int], sizes: Sequence[int]) -> int | str | None:
    if len(set(lengths)) == 1:
        return lengths[0]
    law = affine(lengths, sizes)
    if law is None:
        return None  # it is not known
    rate, start = map(int, law)
    return (f"{rate}*" if rate != 1 else "") + "batch" + (f"{start:+d}" if start else "")


def _onnx() -> Any:
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError:
        raise ImportError("to_onnx needs onnx: pip install 'chainrule[onnx]'.") from None
    return onnx
