"""The graph: what is remembered of each operation.

A `Tensor` is an array and the record of where it came from. That record is a `Node` if an operation produced the array, a
`Leaf` if the user did; it is None for the result of an operation that needs no gradient. Records point to older records
only, so there are no reference cycles, and their `id` grows in the order in which they were made, so that the backward pass
(in `autodiff.core.backward`) needs no sorting: it takes the youngest record first.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from autodiff.core.overwriting import Watch, content, is_unchanged

if TYPE_CHECKING:
    from autodiff.core.tensor import Tensor

__all__: list[str] = []

clock = count(1)  # one clock for records and for changes in place: comparing two readings tells which came first
new = object.__new__


class Leaf:
    """The record of a tensor that no operation made: the place where its gradient arrives.

    It refers to its `tensor`, which keeps the gradient, weakly: a gradient that has a graph of its own makes no cycle.
    """

    __slots__ = ("dtype", "hooks", "id", "name", "requires_grad", "shape", "tensor", "watch")

    def __init__(self, tensor: Tensor, requires_grad: bool, shared: bool = False) -> None:
        self.tensor = ref(tensor)
        self.shape, self.dtype = tensor.shape, tensor.dtype
        self.requires_grad = requires_grad
        self.watch = Watch(shared)
        self.hooks: Hooks | None = None
        self.name: str | None = None
        self.id = next(clock)


class Node:
    """The record of one operation: the primitive, the records of its operands, and what its rules will ask for.

    `parents` has one entry per operand: its record, or None if no gradient flows there. `saved` is laid out as `Primitive` says,
    with None for what no rule that will be used asks for. `fits` has the shape and type that each
    cotangent must be given; it is None if they are those that the rules give. `guards` are the saved arrays that can be
    overwritten: the place, its watch, and its content if others can write to it. `watch` is that of the leaf whose
    memory the result shares, if it does. `results` has the shapes and types of several results. A freed node has no parents.
    """

    __slots__ = ("entry", "fits", "guards", "hooks", "id", "name", "origin", "parents", "results", "saved", "watch")
    requires_grad = True
    entry: Any
    hooks: Hooks | None


def record(entry: Any, parents: Any, saved: Any, fits: Any = None, guards: Any = None) -> Any:
    """A new node of a call of `entry`."""
    node: Any = new(Node)
    node.entry = entry
    node.parents = parents
    node.saved = saved
    node.fits = fits
    node.guards = guards
    node.watch = node.results = node.hooks = None
    node.id = next(clock)
    return node


class Hooks:
    """Who is told of the gradient of a record: functions, by a key of their own, and the tensor that keeps it (`retain_grad`)."""

    __slots__ = ("functions", "keeper")

    def __init__(self) -> None:
        self.functions: dict[object, Callable[[Any], Any]] = {}
        self.keeper: ref[Tensor] | None = None


def hooks_of(node: Any) -> Hooks:
    """The hooks of a record, made if there are none yet."""
    if node.hooks is None:
        node.hooks = Hooks()
    return node.hooks  # type: ignore[no-any-return]


def guard(place: int, array: np.ndarray, watch: Watch | None, full: bool = False) -> tuple[int, Watch | None, bytes | None]:
    """What `saved[place]`, which is `array`, is checked by: the watch of its memory; its content, if others can write to it."""
    return place, watch, content(array, full) if full or watch is None or watch.shared else None


def is_overwritten(node: Any, saved: Any, guards: Any) -> bool:
    """Whether one of the guarded arrays has been written to since the node was recorded."""
    for place, watch, before in guards:
        if watch is not None and watch.changed > node.id:
            return True
        if before is not None and not is_unchanged(saved[place], before):
            return True
    return False
