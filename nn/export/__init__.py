"""Writing models to ONNX files, which other programs can run."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from nn.export.batches import merge, without_unused
from nn.export.files import write
from nn.export.operations import FUNCTIONS, OPERATIONS, REWRITINGS
from nn.export.tracing import ExportError, Symbol, Trace, each
from nn.modules.module import Module

__all__ = ["ExportError", "to_onnx"]


def to_onnx(model: Module, example: Any, path: str | os.PathLike[str], dynamic_batch: bool = True, batch_axis: int = 0) -> None:
    """Write what a model computes in eval mode to an ONNX file, of opset 18, which ONNX Runtime and others can run.

    The model is called with the example, and what it computes is written down: whatever it is made of, also functions and modules
    of one's own. A decision by `if` is written down as it is taken for the example, and what a loop does as often as it does it.

    Args:
        model: the module; afterwards it is in the mode that it was in.
        example: an array or tensor, or a tuple of several inputs, of the types and, but for the batch, of the shapes that the file
            is for. Numbers, None and truth values in it become fixed.
        path: the file, which is replaced at once when all has been written.
        dynamic_batch: whether the batch can have any size. Which other lengths follow from it is found by calling the model with
            batches of three sizes.
        batch_axis: which axis of all inputs the batch is: 1 for a sequence of vectors, as a recurrent layer takes by default.

    Inputs have the names of the arguments of `forward`, parameters and buffers those of the `state_dict`; outputs are `output`, or
    `output_0` and so on. Numbers of float64 and integers stay what they are, though ONNX Runtime has some operations, such as
    convolutions, in float32 alone: `model.float()` first is what one mostly wants.

    Raises:
        ExportError: the model does something that ONNX cannot say, such as a change in place of a part of an array, a decision by
            values, or an operation that has no translation; the error names it, the module and the line.
        ImportError: onnx is not installed.
        ValueError: there is no array in the example, or they have no axis for the batch, or of different lengths.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.onnx")
    >>> nn.export.to_onnx(nn.Sequential(nn.Linear(2, 4), nn.Sigmoid()), np.zeros((1, 2)), path)
    """
    arguments = example if isinstance(example, tuple) else (example,)
    arguments = each(arguments, extend.array_of)
    names = _input_names(model, arguments)
    sizes = _sizes(arguments, batch_axis) if dynamic_batch else []
    batches = [_with_batch(arguments, size, batch_axis) for size in sizes] if dynamic_batch else [arguments]
    graphs = [_traced(model, batch, names) for batch in batches]
    traces, inputs, outputs = zip(*graphs, strict=True)
    if dynamic_batch:
        merge(traces, sizes, names[0], batch_axis)
    write(path, type(model).__name__, traces[0], zip(*inputs, strict=True), zip(*outputs, strict=True), sizes)


def _arrays(example: Any) -> list[np.ndarray]:
    """The arrays in nested tuples."""
    if isinstance(example, (tuple, list)):
        return [array for part in example for array in _arrays(part)]
    return [example] if isinstance(example, np.ndarray) else []


def _sizes(arguments: Any, axis: int) -> list[int]:
    """The batch sizes to compare."""
    lengths = {array.shape[axis : axis + 1] for array in _arrays(arguments)}
    if axis < 0 or len(lengths) != 1 or lengths & {(), (0,)}:
        shapes = ", ".join(str(array.shape) for array in _arrays(arguments)) or "none"
        raise ValueError(
            f"to_onnx: the inputs in the example have the shapes {shapes} and batch_axis is {axis}; wanted arrays with the batch "
            "along that axis, of one length for all. Say which axis it is, or export with dynamic_batch=False."
        )
    size = max(2, lengths.pop()[0])
    return [size, size + 1, size + 3]


def _with_batch(arguments: Any, size: int, axis: int) -> Any:
    """The example with a batch of this size, in which its elements are repeated."""
    return each(arguments, lambda x: np.take(x, np.arange(size), axis, mode="wrap") if isinstance(x, np.ndarray) else x)


def _input_names(model: Module, arguments: tuple[Any, ...]) -> list[str]:
    """A name for each array in the example: as `forward` calls it, and numbered if that is a tuple or list."""
    try:
        bound = inspect.signature(model.forward).bind(*arguments).arguments
    except (TypeError, ValueError) as error:
        raise ValueError(f"to_onnx: the example does not fit the arguments of {type(model).__name__}.forward: {error}.") from None
    names: list[str] = []
    for name, value in bound.items():
        count = len(_arrays(value))
        names += [name] if isinstance(value, np.ndarray) else [f"{name}_{i}" for i in range(count)]
    if not names:
        raise ValueError(
            "to_onnx: there is no array or tensor in the example; wanted what the model is called with, or a tuple of it."
        )
    taken = {name for name, _ in (*model.named_parameters(), *model.named_buffers())} | {"output"}
    return [f"{name}_" if name in taken else name for name in names]


def _traced(model: Module, arguments: Any, names: Sequence[str]) -> tuple[Trace, list[Symbol], list[Symbol]]:
    """The graph of a call, its inputs and its outputs."""
    state = {id(tensor): (name, tensor) for name, tensor in (*model.named_parameters(), *model.named_buffers())}
    trace = Trace(OPERATIONS, FUNCTIONS, REWRITINGS, state)
    inputs = [Symbol(trace, name, array) for name, array in zip(names, _arrays(arguments), strict=True)]
    waiting = (extend.tensor_of(Symbol(trace, x.name, x.value)) for x in inputs)  # others than `inputs`, for these may be changed
    given = each(arguments, lambda x: next(waiting) if isinstance(x, np.ndarray) else x)
    with _in_eval_mode(model, trace), np.errstate(all="ignore"), ad.no_grad(), extend.interpreting(trace):
        results = _leaves(_called(model, given, _arrays(arguments)))
    outputs = []
    for i, result in enumerate(results):
        value = trace.symbol(result)
        y = value if isinstance(value, Symbol) else Symbol(trace, trace.name_of(value), value)
        name = "output" if len(results) == 1 else f"output_{i}"
        trace.add("Identity", y)
        trace.nodes[-1].output = name
        outputs.append(Symbol(trace, name, y.value))
    trace.nodes = without_unused(trace.nodes, [y.name for y in outputs])
    return trace, inputs, outputs


def _called(model: Module, given: Any, arrays: Sequence[np.ndarray]) -> Any:
    try:
        return model(*given)
    except (ValueError, IndexError) as error:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ExportError(
            f"to_onnx: the model fails with inputs of shape {shapes}: {error} Give it another example, or, if the batch cannot "
            "have another size than in the example, dynamic_batch=False."
        ) from error


def _leaves(result: Any) -> list[Any]:
    """The tensors in nested tuples."""
    if isinstance(result, (tuple, list)):
        return [leaf for part in result for leaf in _leaves(part)]
    if not isinstance(result, (ad.Tensor, np.ndarray, np.generic, Symbol, type(None))):
        raise ExportError(f"to_onnx: the model returns {type(result).__name__}; wanted tensors, or tuples of them.")
    return [] if result is None else [result]


@contextmanager
def _in_eval_mode(model: Module, trace: Trace) -> Iterator[None]:
    """The model in eval mode, with the trace told which of its modules runs."""
    modes = [(module, module.training) for module in model.modules()]
    with ExitStack() as stack:
        for name, module in model.named_modules():
            stack.callback(module.register_forward_pre_hook(_entering(trace, name)).remove)
            stack.callback(module.register_forward_hook(_leaving(trace)).remove)
        try:
            model.eval()
            yield
        finally:
            for module, mode in modes:
                module.training = mode


def _entering(trace: Trace, name: str) -> Any:
    return lambda module, args: trace.modules.append(f"{type(module).__name__} ({name})" if name else type(module).__name__)


def _leaving(trace: Trace) -> Any:
    def leave(module: Module, args: Any, output: Any) -> None:
        trace.modules.pop()

    return leave
