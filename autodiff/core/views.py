"""Views, and what a change in place means for them.

A tensor that shares the memory of another, as NumPy's views do, knows its base and the operations that lead to it. A change of a
view is a change of its base. One that gradients depend on is functional: the base stands for a new array from then on. Its views
have then gone stale: they are marked, and made again from the base when next used. A tensor that nobody writes to pays nothing for
this: that a view is stale is said by its class, not by a flag that every use would have to look at.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from autodiff.core.graph import Leaf, Node, clock, hooks_of
from autodiff.core.modes import Switch
from autodiff.core.overwriting import Watch
from autodiff.core.tensor import Tensor, array_of, as_real, wrap

if TYPE_CHECKING:
    from autodiff.registry import Primitive

__all__: list[str] = []

Step = tuple["Primitive", dict[str, Any]]


class View:
    """What a view is of: `steps`, each a primitive and its parameters, lead from the tensor `base` to it; recorded ones or not."""

    __slots__ = ("base", "keeps", "name", "recorded", "steps")

    def __init__(self, base: Tensor, steps: tuple[Step, ...], recorded: bool) -> None:
        self.base = base
        self.steps = steps
        self.recorded = recorded
        self.keeps, self.name = False, None  # while it is stale: whether it retains its gradient, and what it is called


class StaleView(Tensor):
    """A view whose base stands for another array by now. Its first use makes it a tensor again."""

    __slots__ = ()

    @property
    def _array(self) -> np.ndarray:  # type: ignore[override]
        return _renewed(self)._array

    @property
    def _node(self) -> Any:
        return _renewed(self)._node


StaleView.__name__ = StaleView.__qualname__ = "Tensor"  # nobody sees one: to look at it is to use it
_SLOTS = [vars(Tensor)[name] for name in ("_array", "_node")]


def _set(view: Tensor, array: Any, node: Any) -> None:
    """Fill the slots of a view, which those of a stale one hide."""
    for slot, value in zip(_SLOTS, (array, node), strict=True):
        slot.__set__(view, value)


def _renewed(view: Any) -> Tensor:
    """A stale view made a tensor again; the new one, since another thread may make it stale at once."""
    seen = view._view
    now: Tensor = seen.base
    with Switch(record=seen.recorded):
        for entry, params in seen.steps:
            now = entry.apply((now,), params)
    node = now._node if seen.recorded else None
    _set(view, now._array, node)
    view.__class__ = Tensor
    _register(view, seen.base)
    if seen.keeps:
        view.retain_grad()
    if seen.name is not None:
        view.name = seen.name
    return wrap(now._array, node)


def place_of(tensor: Tensor) -> tuple[Tensor, tuple[Step, ...]]:
    """The tensor whose memory this one lies in, and the steps from that to this one."""
    view = getattr(tensor, "_view", None)
    return (tensor, ()) if view is None else (view.base, view.steps)


def make_view(view: Tensor, of: Tensor, step: tuple[Step, ...], recorded: bool) -> None:
    """Note that `view` shares the memory of `of`, by one more step or none."""
    base, steps = place_of(of)
    view._view = View(base, steps + step, recorded and is_recorded(of))
    _register(view, base)
    written = type(base._node) is Node and base._node.entry.takes_over
    if written and 4 * view.size <= base.size:  # saved for a rule, a part would keep the base from being alone
        view._array = view._array.copy()


def _register(view: Tensor, base: Tensor) -> None:
    views = getattr(base, "_views", None)
    if views is None:
        views = base._views = []
    if len(views) & (len(views) + 1) == 0:  # at every doubling, so that those which are gone do not pile up
        views[:] = [other for other in views if other() is not None]
    views.append(ref(view))


def mark_stale(base: Tensor) -> None:
    """Note that `base` stands for another array than the one that its views share."""
    views = getattr(base, "_views", ())
    while views:
        view: Any = views.pop()()
        if view is not None and view._view is not None:
            node: Any = view._node
            seen = view._view
            seen.name = getattr(node, "name", None)
            if type(node) is Node and node.hooks is not None and node.hooks.keeper is not None:
                seen.keeps, node.hooks.keeper = True, None
            view.__class__ = StaleView
            _set(view, None, None)  # so that it does not keep the memory of the base from being alone


def watch_of(tensor: Tensor) -> Watch | None:
    """Who notices writes to the memory of `tensor`."""
    base, _ = place_of(tensor)
    if base._node is None:
        base._node = Leaf(base, requires_grad=False)
    return base._node.watch  # type: ignore[no-any-return]


def detach(tensor: Tensor) -> Tensor:
    """A constant with the same values: a view of a leaf, but of a computed tensor one that is copied before it is written to."""
    if isinstance(place_of(tensor)[0]._node, Node):
        return wrap(tensor.data)
    result = wrap(tensor._array)
    make_view(result, tensor, (), recorded=False)
    return result


def writable(tensor: Tensor) -> np.ndarray:
    """The array of a leaf, to be changed in place at once and not to be kept: what an optimizer uses.

    A graph that needs the former values raises an error if it is walked afterwards.
    """
    base, _ = place_of(tensor)
    if base is not tensor:
        writable(base)
        return tensor._array
    node = tensor._node
    if isinstance(node, Node):
        raise RuntimeError(
            "writable: this tensor was computed, and its graph needs the value. Use detach() for a copy that can be written to."
        )
    remembered = node is not None and not node.requires_grad and not node.watch.shared
    if remembered or not tensor._array.flags.writeable:
        mark_stale(tensor)
        if not is_alone(tensor):  # a graph goes on with the former values of a constant
            tensor._array = tensor._array.copy()
            if remembered:
                node.watch = Watch(shared=False)
    if node is not None:
        node.watch.changed = next(clock)
    return tensor._array


def replace(base: Tensor, new: Tensor, seen_from: Tensor) -> None:
    """Let `base` stand for the array and the record of `new` from now on, after a change of it or of its view `seen_from`."""
    old: Any = base._node
    base._array, base._node = new._array, new._node
    mark_stale(base)
    if getattr(old, "name", None) is not None:
        base._node.name = old.name
    if seen_from is not base:
        seen_from._view.recorded = True  # type: ignore[union-attr]
    if old is not None and old.hooks is not None and old.hooks.keeper is not None:  # who keeps the gradient of its last value
        hooks_of(new._node).keeper, old.hooks.keeper = old.hooks.keeper, None


def is_recorded(tensor: Tensor) -> bool:
    """Whether a tensor is no view, or one through which gradients flow: not detached, and not taken inside `no_grad`."""
    view = getattr(tensor, "_view", None)
    return view is None or view.recorded


def is_shared(base: Tensor) -> bool:
    """Whether others can write to the memory of a leaf."""
    return isinstance(base._node, Leaf) and base._node.watch.shared


def is_read_only(view: Tensor) -> bool:
    """Whether a view cannot be written to although its base can, as NumPy's broadcasts and diagonals."""
    return not view._array.flags.writeable and place_of(view)[0]._array.flags.writeable


def set_data(tensor: Tensor, value: Any) -> None:
    """Give a leaf other values, which are copied."""
    node = tensor._node
    if isinstance(node, Node):
        raise RuntimeError(
            "data: this tensor was computed, and its graph needs the value. Assign to the data of a leaf, or use detach()."
        )
    array = as_real(array_of(value), "data", copy=True)
    if node is not None and node.requires_grad and array.dtype.kind != "f":
        raise TypeError(f"data: the tensor requires grad, but the new array has dtype {array.dtype}; wanted floating point.")
    if node is not None and node.requires_grad and array.shape != tensor.shape:
        raise ValueError(
            f"data: the tensor has shape {tensor.shape}, but the new array has {array.shape}. Make a new tensor instead."
        )
    if place_of(tensor)[0] is not tensor:
        raise RuntimeError("data: this tensor is a view of another. Write to its elements: x[...] = values.")
    if node is not None:
        node.watch.changed = next(clock) if node.requires_grad else node.watch.changed
        node.watch = Watch(shared=False)
        node.shape, node.dtype = array.shape, array.dtype
    if (array.shape, array.dtype) != (tensor.shape, tensor.dtype):
        tensor._grad = None
    tensor._array = array
    mark_stale(tensor)


def is_alone(tensor: Tensor) -> bool:
    """Whether nobody else can see the array of `tensor`: no record has saved it, no view shares it, it is in no one's hands."""
    return sys.getrefcount(tensor._array) == _ALONE and tensor._array.flags.owndata and tensor._array.flags.writeable


_ALONE = (lambda tensor: sys.getrefcount(tensor._array))(wrap(np.zeros(1)))  # the count where nobody else refers to it
for _name, _member in {"detach": detach, "writable": writable, "_set_data": set_data}.items():
    setattr(Tensor, _name, _member)
