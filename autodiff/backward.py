"""The backward pass: cotangents are handed from each record to its parents, the youngest record first.

No recursion, so that chains of any length work; nothing is kept longer than needed, so that memory falls as the pass goes on.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush, heappushpop
from typing import Any

import numpy as np

from autodiff.graph import RETAIN, Leaf, Node, Variable, wrap
from autodiff.guards import fingerprint, is_unchanged
from autodiff.modes import check_finite, current_mode

__all__: list[str] = []


def backward_pass(
    seeds: Mapping[Node | Leaf, Any],
    retain_graph: bool = False,
    create_graph: bool = False,
    targets: Iterable[Node | Leaf] | None = None,
) -> dict[Any, Any]:
    """Propagate the cotangents `seeds` to the leaves, or to `targets` only; return each one's cotangent.

    Nodes are freed as they are walked, unless `retain_graph`. With `create_graph` the rules run on tensors, which records them.
    No `.grad` of a leaf is touched here, so that an error leaves each as it was.
    """
    wanted = None if targets is None else _leading_to(set(targets), seeds)
    cotangents: dict[Any, Any] = dict(seeds) if wanted is None else {node: g for node, g in seeds.items() if node in wanted}
    results: dict[Any, Any] = {} if targets is None else dict.fromkeys(targets)
    _walk(cotangents, results, wanted, create_graph, free=not (retain_graph or create_graph))
    for leaf, g in cotangents.items():
        if g.shape != leaf.shape:
            raise RuntimeError(
                f"backward: a gradient of shape {g.shape} arrived at a tensor of shape {leaf.shape}: a rule is wrong."
            )
        results[leaf] = g if leaf.hooks is None and type(g) is not Scattered else _prepare(leaf, g)
    return results


def _walk(cotangents: dict[Any, Any], results: dict[Any, Any], wanted: set[Any] | None, create_graph: bool, free: bool) -> None:
    """Hand on the `cotangents` until only those of leaves are left; note those of the nodes in `results`."""
    heap = [(-node.id, node) for node in cotangents if type(node) is not Leaf]
    heapify(heap)
    following = None  # of the nodes to walk, one is kept out of the heap: in a chain, that is all of them
    summed: set[Any] | None = None if create_graph else set()  # whose cotangent is an array made here, which may be added to
    anomaly = current_mode().anomaly
    while heap or following is not None:
        if following is None:
            node = heappop(heap)[1]
        else:
            node = heappushpop(heap, (-following.id, following))[1] if heap else following
            following = None
        parents, rules, fits, time = node.parents, node.primitive.rules, node.fits, node.id
        if parents is None:
            raise _freed(node)
        if node.guards is not None and not is_unchanged(node.guards):
            raise _overwritten(node)
        g = cotangents.pop(node)
        if node.hooks is not None or type(g) is Scattered:
            g = _prepare(node, g)
        if node in results:
            results[node] = g
        known = _lift(node) if create_graph else node
        for i, parent in enumerate(parents):
            if parent is None:
                continue
            if parent.touched > time:
                _check_leaf(node, parent, i)
            if wanted is not None and parent not in wanted:
                continue
            part = rules[i](g, known) if fits is None else fit(rules[i](g, known), *fits[i])
            if anomaly:
                check_finite(_dense(part), node.primitive.name, f"the gradient of argument {i}", getattr(node, "origin", None))
            if parent in cotangents:
                _add(cotangents, parent, part, summed)
                continue
            cotangents[parent] = part
            if type(parent) is not Leaf:
                if following is not None:
                    heappush(heap, (-following.id, following))
                following = parent
        if free:
            node.parents = node.values = node.y = node.params = node.guards = None


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """The cotangent of an argument of shape `shape` that was broadcast to the shape of `g`: the sum over the copies."""
    lead = len(g.shape) - len(shape)
    if lead < 0 and math.prod(shape[:-lead]) != 1:  # x[i] = v allows axes of length 1 in front of v
        raise RuntimeError(f"backward: a rule gave a cotangent of shape {g.shape} for an argument of shape {shape}: it is wrong.")
    if g.shape[lead:] == shape:
        return g.sum(axis=tuple(range(lead)))
    repeated = tuple(i for i, n in enumerate(g.shape) if i < lead or (n != 1 and shape[i - lead] == 1))
    return g.sum(axis=repeated).reshape(shape)


def fit(g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The cotangent `g` as that of an argument of this shape and type."""
    if g.shape != shape:
        g = unbroadcast(g, shape)
    return g if g.dtype == dtype else g.astype(dtype)


class Scattered:
    """The cotangent of an array that was read in parts: the parts with their places, put together only when it is needed.

    So n readings of n elements cost n, not n squared.
    """

    __slots__ = ("dense", "dtype", "parts", "scatter", "shape")

    def __init__(self, g: Any, reader: Node) -> None:
        self.shape, self.dtype = reader.fits[0]
        self.scatter: Any = reader.primitive.scatter
        self.parts = [(g, reader.params["index"])]
        self.dense: Any = None

    def total(self) -> Any:
        """The cotangent as one array."""
        whole = self.scatter([g for g, _ in self.parts], [index for _, index in self.parts], self.shape)
        return whole if self.dense is None else self.dense + whole


def _dense(g: Any) -> Any:
    """The numbers in a cotangent of any form."""
    if type(g) is Scattered:
        g = g.total()
    return g._array if isinstance(g, Variable) else np.asarray(g)


def _add(cotangents: dict[Any, Any], node: Any, part: Any, summed: set[Any] | None) -> None:
    """Add `part` to the cotangent that `node` has already."""
    old = cotangents[node]
    if type(part) is Scattered and type(old) is Scattered:
        old.parts += part.parts
    elif type(part) is Scattered:
        part.dense = old
        cotangents[node] = part
    elif type(old) is Scattered:
        old.dense = part if old.dense is None else old.dense + part
    elif summed is not None and node in summed:
        cotangents[node] += part
    else:
        cotangents[node] = old + part
        if summed is not None:
            summed.add(node)


def _prepare(node: Any, g: Any) -> Any:
    """The whole cotangent of `node`, after its hooks."""
    if type(g) is Scattered:
        g = g.total()
    for hook in [hook for hook in node.hooks or () if hook is not RETAIN]:
        new = hook(g if isinstance(g, Variable) else wrap(_read_only(g)))
        if new is None:
            continue
        if np.shape(new) != g.shape:
            raise ValueError(
                f"register_hook: the hook returned a gradient of shape {np.shape(new)}, but the tensor's is {g.shape}."
            )
        new = new if isinstance(g, Variable) or not isinstance(new, Variable) else new._array
        g = new.astype(g.dtype) if hasattr(new, "astype") else np.asarray(new, g.dtype)
    if node.hooks and RETAIN in node.hooks:
        old = getattr(node, "grad", None)
        node.grad = as_gradient(g) if old is None else old + g
    return g


def _read_only(g: Any) -> np.ndarray:
    """A view of `g` through which it cannot be changed: others may hold the same array."""
    view = np.asarray(g).view()
    view.flags.writeable = False
    return view


def _below(roots: Iterable[Any], stop: set[Any]) -> set[Any]:
    """The records that can be reached from `roots`, going no further at `stop`."""
    reached: set[Any] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in reached:
            reached.add(node)
            if type(node) is not Leaf and node not in stop:
                stack.extend(parent for parent in node.parents or () if parent is not None)
    return reached


def depends_on_others(root: Any, targets: Iterable[Any]) -> bool:
    """Whether `root` depends, directly or through one of `targets`, on a leaf that requires grad and is not among them."""
    targets = set(targets)
    return any(type(node) is Leaf and node.requires_grad for node in _below([root, *targets], set()) - targets)


def _leading_to(targets: set[Any], roots: Iterable[Any]) -> set[Any]:
    """The records below `roots` from which a target can be reached, and the targets."""
    wanted = set(targets)
    nodes = [node for node in _below(roots, targets) if type(node) is not Leaf]
    for node in sorted(nodes, key=lambda node: node.id):
        if any(parent in wanted for parent in node.parents or ()):
            wanted.add(node)
    return wanted


def _lift(node: Node) -> Node:
    """`node` with tensors for the arrays that it saved, so that the rules that run on it are recorded."""
    values = [
        value if value is None or parent is None else wrap(value, parent)
        for value, parent in zip(node.values, node.parents, strict=True)
    ]
    return Node(node.primitive, node.parents, values, None if node.y is None else wrap(node.y, node), node.params, node.fits, None)


def _lone_references() -> int:
    """The reference count of an array that nothing refers to but what `accumulate` itself has in hand."""
    for _, g in {None: np.ones(1)}.items():
        return sys.getrefcount(g)
    return 0


_ALONE = _lone_references()
_accumulating = threading.RLock()


def accumulate(gradients: dict[Any, Any]) -> None:
    """Add to the `grad` of each leaf, which gets memory of its own, so that changing one gradient changes nothing else."""
    _accumulating.acquire()
    try:
        for leaf, g in gradients.items():
            old = leaf.grad
            if type(g) is np.ndarray and old is None and g.base is None and sys.getrefcount(g) <= _ALONE:
                leaf.grad = wrap(g)
            elif old is None:
                leaf.grad = as_gradient(g)
            else:
                leaf.grad = old + g
    finally:
        _accumulating.release()


def as_gradient(g: Any) -> Any:
    """`g` as a tensor to be kept in `.grad`, with memory of its own."""
    return g if isinstance(g, Variable) else wrap(np.array(g, order="C"))


def _freed(node: Node) -> RuntimeError:
    return RuntimeError(
        f"backward: the graph of {node.primitive.name} has been freed by an earlier backward(). "
        "To walk a graph more than once, pass retain_graph=True to all but the last."
    )


def _check_leaf(node: Node, leaf: Any, i: int) -> None:
    """Raise if the node saved the array of `leaf`, its argument `i`, and it was written to since."""
    if node.values[i] is None:
        return
    if leaf.changed > node.id or fingerprint(node.values[i]) != leaf.content:
        raise _overwritten(node)


def _overwritten(node: Node) -> RuntimeError:
    return RuntimeError(
        f"backward: {node.primitive.name} needs the value of an argument that has been overwritten since it was used, "
        "so its gradient would be wrong. Call backward() before changing the array, or use a copy of it."
    )
