"""Views, and what a change in place means for them.

A tensor that shares the memory of another, as NumPy's views do, knows its base and the operations that lead to it. A change of a
view is one of its base, which stands for a new array from then on if gradients depend on it. Its views have then gone stale, and
are made again from the base when next used. This costs nothing until somebody writes: its class says that a view is stale.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np

from autodiff.core.graph import Leaf, Node, clock
from autodiff.core.modes import Switch
from autodiff.core.overwriting import Watch, lock
from autodiff.core.tensor import Tensor, attach, is_scalar, read_only, wrap

Steps = tuple[tuple[Any, dict[str, Any]], ...]  # each an entry of the registry and the parameters of its call


@dataclass(slots=True)
class View:
    """What a view is of: the tensor `base`, by the steps that lead to the view `of` it and one more `step` or none."""

    base: Tensor
    of: View | None
    step: Steps
    recorded: bool
    keeps: bool = False  # while it is stale: whether it retains its gradient
    name: str | None = None  # and what it is called

    @property
    def steps(self) -> Steps:
        """What leads from the base to the view."""
        before = [self]
        while before[-1].of is not None:
            before.append(before[-1].of)
        return tuple(step for view in reversed(before) for step in view.step)


class StaleView(Tensor):
    """A view whose base stands for another array by now. Its first use makes it a tensor again."""

    __slots__ = ()

    _array: Any = property(lambda self: _renewed(self)._array)
    _node: Any = property(lambda self: _renewed(self)._node)


StaleView.__name__ = StaleView.__qualname__ = "Tensor"  # nobody sees one: to look at it is to use it
_set_array, _set_node = (vars(Tensor)[name].__set__ for name in ("_array", "_node"))  # the slots, which a stale view hides


def _renewed(view: Any) -> Tensor:
    """A stale view made a tensor again; the new one, since another thread may make it stale at once."""
    seen = view._view
    now: Tensor = seen.base
    with Switch(record=seen.recorded):
        for entry, params in seen.steps:
            now = entry.apply((now,), params)
    result = wrap(now._array, now._node if seen.recorded else None)
    _set_array(view, result._array)
    _set_node(view, result._node)
    view.__class__ = Tensor
    _register(view, seen.base)
    if seen.keeps:
        view.retain_grad()
    if seen.name is not None:
        view.name = seen.name
    return result


def place_of(tensor: Tensor) -> tuple[Tensor, View | None]:
    """The tensor whose memory this one lies in, and how it is a view of that, if it is one."""
    view = getattr(tensor, "_view", None)
    return (tensor, None) if view is None else (view.base, view)


def make_view(view: Tensor, of: Tensor, step: Steps, recorded: bool) -> Tensor:
    """Note that `view` shares the memory of `of`, by one more step or none; return it."""
    base, seen = place_of(of)
    view._view = View(base, seen, step, recorded and (seen is None or seen.recorded))
    _register(view, base)
    taken_over = type(base._node) is Node and base._node.entry.takes_over
    part, dense = view._array, view._array.flags.c_contiguous
    if taken_over and 4 * view.size <= base.size and (dense or part.ndim == 1):
        # A rule that saved the view would hold the base, which the next write copied. The copy is dense only if the part is.
        view._array = np.empty((*part.shape, 2 - dense), part.dtype)[..., 0]
        view._array[...] = part
    return view


def _register(view: Tensor, base: Tensor) -> None:
    with lock:
        views = getattr(base, "_views", [])
        if len(views) & (len(views) + 1) == 0:  # at every doubling, so that those which are gone do not pile up
            base._views = views = [other for other in views if other() is not None]
        views.append(ref(view))


def mark_stale(base: Tensor) -> None:
    """Note that `base` stands for another array than the one that its views share."""
    views = getattr(base, "_views", ())
    while views:
        view: Any = views.pop()()
        if view is not None and type(view) is not StaleView and view._view is not None:
            node, seen = view._node, view._view
            if type(node) is Leaf and node.requires_grad:  # it goes on with the memory that it has
                view._view = None
                continue
            seen.name = getattr(node, "name", None)
            if type(node) is Node and node.hooks is not None and node.hooks.keeper is not None:
                seen.keeps, node.hooks.keeper = True, None
            view.__class__ = StaleView
            _set_array(view, None)  # so that it does not keep the memory of the base from being alone
            _set_node(view, None)


def leaf_of(tensor: Tensor) -> Any:
    """The record of the constant whose memory `tensor` lies in, made if there is none: it tells that a graph needs the values."""
    base = place_of(tensor)[0]
    base._node = base._node or Leaf(base, requires_grad=False)
    return base._node


def detach(tensor: Tensor) -> Tensor:
    """A constant with the same values: a view of a leaf, but of a computed tensor one that is copied before it is written to."""
    if isinstance(place_of(tensor)[0]._node, Node):
        return wrap(tensor._array if is_scalar(tensor._array) else read_only(tensor._array))
    return make_view(wrap(tensor._array), tensor, (), recorded=False)


def writable(tensor: Tensor) -> np.ndarray:
    """The array of a leaf, to be changed in place at once and not to be kept: what an optimizer uses.

    A graph that needs the former values raises an error if it is walked afterwards.
    """
    view = getattr(tensor, "_view", None)
    if view is not None:
        writable(view.base)
        return tensor._array
    node = tensor._node
    if isinstance(node, Node):
        raise RuntimeError("writable: this tensor was computed, and its graph needs the value. Use detach().copy().")
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
        seen_from._view.recorded = True
    if old is not None and old.hooks is not None and old.hooks.keeper is not None:  # who keeps the gradient of its last value
        base.retain_grad()
        old.hooks.keeper = None


def renew(leaf: Tensor, array: np.ndarray) -> None:
    """Let a leaf stand for `array` from now on. A graph that needs its former values raises an error if it requires grad."""
    node = leaf._node
    if node is not None:
        node.watch.changed = next(clock) if node.requires_grad else node.watch.changed
        node.watch = Watch(shared=False)
        node.shape, node.dtype = array.shape, array.dtype
    leaf._array = array
    mark_stale(leaf)


def is_alone(tensor: Tensor) -> bool:
    """Whether nobody else can see the array of `tensor`: no record has saved it, no view shares it, it is in no one's hands."""
    return sys.getrefcount(tensor._array) == _ALONE and tensor._array.flags.owndata and tensor._array.flags.writeable


_ALONE = (lambda tensor: sys.getrefcount(tensor._array))(wrap(np.zeros(1)))  # the count where nobody else refers to it
attach(detach=detach, writable=writable)
