"""The graph: what is remembered of each operation.

A `Tensor` is an array and the record of where it came from: a `Node` if an operation produced the array, a `Leaf` if the user did,
None if no gradient is needed. Records point to older records only, so there are no reference cycles, and their `id` grows in the
order in which they were made, so that the backward pass needs no sorting: it takes the youngest record first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from weakref import ref

from autodiff.core.overwriting import Watch, is_unchanged
from autodiff.dtypes import INEXACT

clock = count(1)  # one clock for records and for changes in place: comparing two readings tells which came first
new = object.__new__


class Leaf:
    """The record of a tensor that no operation made: the place where its gradient arrives.

    It refers to its `tensor`, which keeps the gradient, weakly: a gradient that has a graph of its own makes no cycle.
    """

    __slots__ = ("dtype", "hooks", "id", "name", "requires_grad", "shape", "tensor", "watch")

    def __init__(self, tensor: Any, requires_grad: bool) -> None:
        self.tensor = ref(tensor)
        self.shape, self.dtype = tensor.shape, tensor.dtype
        self.requires_grad, self.watch = requires_grad, Watch(False)
        self.hooks: Hooks | None = None
        self.name: str | None = None
        self.id = next(clock)


class Node:
    """The record of one operation: the primitive, the records of its operands, and what its rules will ask for.

    `parents` has one entry per operand: its record, or None if no gradient flows there. `saved` is laid out as `Primitive` says,
    with None for what no rule that will be used asks for. `fits` has the shape and type to give to each cotangent, or is None.
    `guards` are the saved arrays that can be overwritten: the place, its watch, and its content if others can write to it. `watch`
    is that of the leaf whose memory the result shares, if it does. A freed node has no parents.
    """

    __slots__ = ("entry", "fits", "guards", "hooks", "id", "name", "origin", "parents", "saved", "watch")
    requires_grad = True
    entry: Any
    hooks: Any


def record(entry: Any, parents: Any, saved: Any, fits: Any = None, guards: Any = None) -> Any:
    """A new node of a call of `entry`."""
    node: Any = new(Node)
    node.entry, node.parents, node.saved = entry, parents, saved
    node.fits, node.guards = fits, guards
    node.watch = node.hooks = None
    node.id = next(clock)
    return node


def records_of(node: Any, arrays: Sequence[Any]) -> list[Any]:
    """Records of the several results of `node`, one each: its number, and what the shapes and types of all of them are."""
    kinds = [(y.shape, y.dtype) for y in arrays]
    return [record(node.entry.result, (node,), (k, kinds)) if y.dtype.kind in INEXACT else None for k, y in enumerate(arrays)]


@dataclass(slots=True)
class Hooks:
    """Who is told of the gradient of a record: functions, by a key of their own, and the tensor that keeps it (`retain_grad`)."""

    functions: dict[object, Callable[[Any], Any]] = field(default_factory=dict)
    keeper: ref[Any] | None = None


def is_overwritten(node: Any, saved: Any, guards: Any) -> bool:
    """Whether one of the guarded arrays has been written to since the node was recorded."""
    for place, watch, before in guards:
        if (watch is not None and watch.changed > node.id) or (before is not None and not is_unchanged(saved[place], before)):
            return True
    return False
