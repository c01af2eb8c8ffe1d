"""The graph: what is remembered of each operation.

A `Tensor` is an array and the record of where it came from. That record is a `Node` if an operation produced the array, a
`Leaf` if the user did, and None for the result of an operation that needs no gradient. Records point to older records
only, so there are no reference cycles, and their `id` grows in the order in which they were made, so that the backward pass
(in `autodiff.backward`) needs no sorting: it takes the youngest record first.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.guards import fingerprint

if TYPE_CHECKING:
    from autodiff.primitive import Primitive

__all__: list[str] = []

clock = count(1)  # one clock for records and for changes in place: comparing two readings tells which came first


class Variable:
    """An array and the record of its origin: the part of `Tensor` that recording needs."""

    __slots__ = ("__weakref__", "_array", "_node")
    _array: np.ndarray
    _node: Node | Leaf | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._array.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._array.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        return self._array.dtype


class Leaf:
    """The record of a tensor that no operation made: the place where its gradient arrives.

    `exposed` says that others hold the array and may write to it: since `exposed_at`, when its content had the fingerprint
    `content`. `changed` is when autodiff itself last wrote to it, and `touched` the later of the two times.
    """

    __slots__ = ("changed", "content", "exposed", "grad", "hooks", "name", "requires_grad", "shape", "touched")

    def __init__(self, shape: tuple[int, ...], requires_grad: bool, exposed: bool) -> None:
        self.shape = shape
        self.requires_grad = requires_grad
        self.exposed = exposed
        self.touched = self.changed = 0
        self.content: Any = None
        self.grad: Any = None
        self.hooks: list[Any] | None = None
        self.name: str | None = None

    def expose(self, data: np.ndarray) -> None:
        """Note that `data`, the array of this leaf, is being handed out."""
        if not self.exposed:
            self.exposed = True
            self.touched = next(clock)
            self.content = fingerprint(data)


class Node:
    """The record of one operation: the primitive, the records of its arguments, and the values that its rules need.

    `parents` and `values` have one entry per array argument: the record, or None if no gradient flows there; the array, or None
    if no rule that will be used asks for it. `fits` has the shape and dtype that each cotangent must be given; it is None if they
    are those that the rules give. `guards` are the saved arrays that others could write to, with the fingerprint of
    their content. A freed node has no parents: `parents is None`.
    """

    __slots__ = ("fits", "grad", "guards", "hooks", "id", "name", "origin", "params", "parents", "primitive", "values", "y")
    requires_grad = True
    exposed = False
    touched = 0
    grad: Any  # these three are set only if they are needed
    name: str | None
    origin: str

    def __init__(self, primitive: Primitive, parents: Any, values: Any, y: Any, params: Any, fits: Any, guards: Any) -> None:
        self.primitive = primitive
        self.parents = parents
        self.values = values
        self.y = y
        self.params = params
        self.fits = fits
        self.guards = guards
        self.hooks: list[Any] | None = None
        self.id = next(clock)


class View(Node):
    """The record of a result that shares the memory of a leaf, so that a write to the leaf changes it."""

    __slots__ = ()
    exposed = True


RETAIN = object()  # among the hooks of a node: keep its gradient
variable_class: type[Variable] = Variable  # what operations return; `autodiff.tensor` makes it Tensor


def wrap(data: Any, node: Node | Leaf | None = None) -> Any:
    """A tensor of `data`, without copying and without looking at it."""
    tensor = variable_class.__new__(variable_class)
    tensor._array = data if type(data) is np.ndarray else np.asarray(data)
    tensor._node = node
    return tensor


def shared(variable: Variable) -> np.ndarray:
    """The array of `variable`, to be handed out: the graph either notices a write to it, or it is read-only."""
    node = variable._node
    if node is None:
        return variable._array
    if isinstance(node, Leaf):
        node.expose(variable._array)
    else:
        view = variable._array.view()
        view.flags.writeable = False
        return view
    return variable._array


def unwrapped(x: Any) -> Any:
    """`x`, with arrays in the place of the tensors in it."""
    if isinstance(x, Variable):
        return x._array
    return type(x)(map(unwrapped, x)) if type(x) in (list, tuple) else x


def as_real(data: Any, where: str, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    """`data` as an array of real numbers or booleans, for the argument `where`."""
    array = np.array(data, dtype=dtype, copy=copy)
    if array.dtype.kind not in "biuf" or hasattr(data, "mask"):
        given = "is a masked array" if hasattr(data, "mask") else f"has dtype {array.dtype}"
        raise TypeError(f"{where}: the data {given}; wanted real numbers or booleans.")
    return array
