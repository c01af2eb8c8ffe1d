"""The backward pass: cotangents are handed from each record to its parents, the youngest record first.

No recursion, so that chains of any length work; nothing is kept longer than needed, so that memory falls as the pass goes on.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from heapq import heapify, heappop, heappush, heappushpop
from typing import Any

import numpy as np

from autodiff.core.graph import Leaf, is_overwritten, record
from autodiff.core.modes import Switch, current_mode
from autodiff.core.overwriting import SMALL
from autodiff.core.tensor import Tensor, array_of, read_only, wrap

__all__: list[str] = []

ndarray = np.ndarray


def backward(self: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
    """Compute the gradients by the leaves that this tensor was computed from and add them to their `grad`.

    Args:
        self: the tensor.
        gradient: the cotangent: the derivative of the final result by this tensor, of its shape; 1 for a single element.
        retain_graph: keep the graph for another backward pass; by default as `create_graph`.
        create_graph: record the backward pass itself, so that the gradients can be differentiated in turn.

    Raises:
        RuntimeError: this tensor does not require grad, or has more than one element and `gradient` is not given, or the
            graph has been freed, or needs a value that has been overwritten. No gradient is changed then.
    """
    node = self._node
    if node is None or not node.requires_grad:
        raise RuntimeError(
            "backward: this tensor does not require grad: it was not computed from one with requires_grad=True, "
            "or only inside no_grad()."
        )
    seeds = {node: _cotangent(self, gradient, create_graph)}
    if create_graph:
        with Switch(record=True):
            accumulate(backward_pass(seeds, True, create_graph=True))
    else:
        accumulate(backward_pass(seeds, bool(retain_graph)))


setattr(Tensor, "backward", backward)  # noqa: B010
_DOUBLE, _ONE = np.dtype(np.float64), np.float64(1)


def _cotangent(tensor: Tensor, gradient: Any, create_graph: bool) -> Any:
    """The cotangent to start a backward pass at `tensor` with, checked, in memory of its own."""
    if gradient is None:
        if tensor._array.dtype is _DOUBLE and tensor._array.ndim == 0 and not create_graph:
            return _ONE  # the usual case, at once
        if tensor.size != 1:
            raise RuntimeError(
                f"backward: a tensor of shape {tensor.shape} has no gradient without a cotangent. Reduce it to one number first, "
                "for example loss.sum().backward(), or pass gradient=, an array of that shape."
            )
        gradient = np.ones(tensor.shape, tensor.dtype)
    array: Any = gradient if isinstance(gradient, Tensor) else read_only(np.array(gradient))
    if array.shape != tensor.shape:
        raise ValueError(
            f"backward: gradient has shape {array.shape}, but the tensor has shape {tensor.shape}. They must be equal."
        )
    if array.dtype.kind not in "biuf":
        raise TypeError(f"backward: gradient has dtype {array.dtype}; wanted real numbers.")
    if create_graph:
        array = array if isinstance(array, Tensor) else wrap(array)
        return array if array.dtype == tensor.dtype else array.astype(tensor.dtype)
    return read_only(array_of(array).astype(tensor.dtype, copy=isinstance(array, Tensor)))


# --- the walk --------------------------------------------------------------------------------------------------------------------


def backward_pass(
    seeds: Mapping[Any, Any], retain_graph: bool = False, create_graph: bool = False, targets: Iterable[Any] | None = None
) -> dict[Any, Any]:
    """Propagate the cotangents `seeds` to the leaves, or to `targets` only; return each one's cotangent.

    Nodes are freed as they are walked, unless `retain_graph`. With `create_graph` the rules run on tensors, which records them.
    No `.grad` is touched here, so that an error leaves each as it was.
    """
    wanted = None if targets is None else _leading_to(set(targets), seeds)
    cotangents: dict[Any, Any] = dict(seeds) if wanted is None else {node: g for node, g in seeds.items() if node in wanted}
    results: dict[Any, Any] = {} if targets is None else dict.fromkeys(targets)
    _walk(cotangents, results, wanted, create_graph, free=not (retain_graph or create_graph))
    for leaf, g in cotangents.items():
        if leaf.hooks is not None or (type(g) is not ndarray and isinstance(g, PARTS)):
            g = _prepare(leaf, g, set())
        if g.shape != leaf.shape:
            raise RuntimeError(
                f"backward: a gradient of shape {g.shape} arrived at a tensor of shape {leaf.shape}: a rule is wrong."
            )
        results[leaf] = g if g.dtype == leaf.dtype else g.astype(leaf.dtype)
    return results


def _walk(cotangents: dict[Any, Any], results: dict[Any, Any], wanted: set[Any] | None, create_graph: bool, free: bool) -> None:
    """Hand on the `cotangents` until only those of leaves are left; note those of the nodes in `results`, and of keepers."""
    heap = [(-node.id, node) for node in cotangents if type(node) is not Leaf]
    heapify(heap)
    following = None  # of the nodes to walk, one is kept out of the heap: in a chain, that is all of them
    own: set[Any] = set()  # whose cotangent is an array that was made here and nobody else has, so that it may be written to
    check = current_mode().check
    while heap or following is not None:
        if following is None:
            node = heappop(heap)[1]
        else:
            node = heappushpop(heap, (-following.id, following))[1] if heap else following
            following = None
        parents, saved, guards, entry, fits = node.parents, node.saved, node.guards, node.entry, node.fits
        if parents is None or saved is None:
            raise _freed(node)
        if guards is not None and is_overwritten(node, saved, guards):
            raise _overwritten(node)
        g = cotangents.pop(node)
        if node.hooks is not None or (type(g) is not ndarray and isinstance(g, PARTS)):
            g = _prepare(node, g, own)
            if node.hooks is not None and node.hooks.keeper is not None and wanted is None:
                results[node] = g
        if results and node in results:
            results[node] = g
            own.discard(node)
        known = _lift(node, parents, saved) if create_graph else saved
        if entry.reuses:
            known = (*known, node in own)
        rules, parts = entry.rules, None if entry.joint is None else entry.joint(g, known)
        pairs = enumerate(parents) if not entry.reuses else reversed([*enumerate(parents)])  # who may write to `g` comes last
        for i, parent in pairs:
            if parent is None or (wanted is not None and parent not in wanted):
                continue
            part = rules[i](g, known) if parts is None else parts[i]
            if fits is not None:
                part = fit(part, *fits[i])
            if check is not None:
                check(_dense(part), node, i)
            if parent in cotangents:
                _add(cotangents, parent, part, own)
                continue
            cotangents[parent] = part
            if entry.reuses and i == 0 and type(part) is np.ndarray:
                own.add(parent)
            if type(parent) is not Leaf:
                if following is not None:
                    heappush(heap, (-following.id, following))
                following = parent
        if free:
            node.parents = node.saved = node.guards = None


def _lift(node: Any, parents: Any, saved: Any) -> Any:
    """What a node saved, with tensors for the arrays, so that the rules that run on it are recorded."""
    count = len(node.entry.arguments)
    operands = [x if x is None or parent is None else wrap(x, parent) for x, parent in zip(saved[:count], parents, strict=False)]
    y = saved[count]
    if isinstance(y, tuple):
        y = tuple(wrap(part, record(node.entry.result, (node,), (None, k))) for k, part in enumerate(y))
    elif y is not None:
        y = wrap(y, node)
    return (*operands, y, *saved[count + 1 :])


def _prepare(node: Any, g: Any, own: set[Any]) -> Any:
    """The whole cotangent of `node`, after its hooks."""
    if isinstance(g, PARTS):
        g = g.total(node, node in own)
        if type(g) is np.ndarray:
            own.add(node)
    for hook in list(node.hooks.functions.values()) if node.hooks is not None else ():
        own.discard(node)
        new = hook(g if isinstance(g, Tensor) else wrap(read_only(np.asarray(g))))
        if new is None:
            continue
        if np.shape(new) != g.shape:
            raise ValueError(
                f"register_hook: the hook returned a gradient of shape {np.shape(new)}, but the tensor's is {g.shape}."
            )
        new = new if isinstance(g, Tensor) else array_of(new)
        g = new.astype(g.dtype) if hasattr(new, "astype") else np.asarray(new, g.dtype)
    return g


def _add(cotangents: dict[Any, Any], node: Any, part: Any, own: set[Any]) -> None:
    """Add `part` to the cotangent that `node` has already."""
    old = cotangents[node]
    if part.shape != old.shape:
        raise RuntimeError(
            f"backward: rules gave cotangents of the shapes {old.shape} and {part.shape} for one tensor: one is wrong."
        )
    if isinstance(old, PARTS):
        old.add(part, node in own)
    elif isinstance(part, PARTS):
        part.add(old, False)
        cotangents[node] = part
    elif node in own:
        cotangents[node] += part
    else:
        cotangents[node] = old + part
        if type(cotangents[node]) is np.ndarray:
            own.add(node)


class Scattered:
    """The cotangent of an array that was read in parts: the parts with their places.

    So n readings of n elements cost n, not n squared.
    """

    __slots__ = ("dense", "dtype", "parts", "scatter", "shape")

    def __init__(self, g: Any, index: Any, shape: tuple[int, ...], scatter: Callable[..., Any]) -> None:
        self.shape, self.dtype = shape, g.dtype
        self.scatter = scatter
        self.parts = [(g, index)]
        self.dense: Any = None

    def add(self, other: Any, own: bool) -> None:
        """Add another cotangent of the same array."""
        if isinstance(other, Scattered):
            self.parts += other.parts
            other = other.dense
        if other is None or self.dense is None:
            self.dense = other if self.dense is None else self.dense
        elif own:
            self.dense += other
        else:
            self.dense = self.dense + other

    def total(self, node: Any, own: bool) -> Any:
        """The cotangent as one array."""
        parts, places = [g for g, _ in self.parts], [index for _, index in self.parts]
        if own and self.dense is not None:
            return self.scatter(parts, places, self.shape, self.dense)
        whole = self.scatter(parts, places, self.shape)
        return whole if self.dense is None else self.dense + whole


class OneOfSeveral:
    """The cotangents of the several results of one operation: those that have arrived, by the number of the result."""

    __slots__ = ("by_result",)
    shape = ()

    def __init__(self, g: Any, k: int) -> None:
        self.by_result = {k: g}

    def add(self, other: Any, own: bool) -> None:
        """Add the cotangent of another result, or another one of the same."""
        for k, g in other.by_result.items():
            self.by_result[k] = self.by_result[k] + g if k in self.by_result else g

    def total(self, node: Any, own: bool) -> Any:
        """The tuple of all cotangents: zeros for results that were not used."""
        zeros = (np.zeros(shape, dtype) for shape, dtype in node.results)
        return tuple(self.by_result.get(k, zero) for k, zero in enumerate(zeros))


PARTS = (Scattered, OneOfSeveral)  # cotangents that are put together only when they are needed


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """The cotangent of an argument of shape `shape` that was broadcast to the shape of `g`: the sum over the copies."""
    lead = len(g.shape) - len(shape)
    if lead < 0 and math.prod(shape[:-lead]) != 1:  # x[i] = v allows axes of length 1 in front of v
        raise RuntimeError(f"backward: a rule gave a cotangent of shape {g.shape} for an argument of shape {shape}: it is wrong.")
    if g.shape[lead:] == shape:
        return g.sum(axis=tuple(range(lead)))
    repeated = tuple(i for i, n in enumerate(g.shape) if i < lead or (n != 1 and shape[i - lead] == 1))
    total = g.sum(axis=repeated)
    if math.prod(total.shape) != math.prod(shape):
        raise RuntimeError(f"backward: a rule gave a cotangent of shape {g.shape} for an argument of shape {shape}: it is wrong.")
    return total.reshape(shape)


def fit(g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The cotangent `g` as that of an argument of this shape and type."""
    if isinstance(g, PARTS):
        return g
    if g.shape != shape:
        g = unbroadcast(g, shape)
    return g if g.dtype == dtype else g.astype(dtype)


def _dense(g: Any) -> Any:
    """The numbers in a cotangent of any form."""
    if isinstance(g, Scattered):
        g = g.total(None, False)
    return (
        np.concatenate([np.ravel(array_of(x)) for x in g.by_result.values()])
        if isinstance(g, OneOfSeveral)
        else np.asarray(array_of(g))
    )


# --- which part of the graph -----------------------------------------------------------------------------------------------------


def _below(roots: Iterable[Any], targets: set[Any]) -> set[Any]:
    """The records that can be reached from `roots`, going no further at a target, nor at a record older than all of them.

    A record leads to older ones only, so that no target is missed; and what was computed before is not walked.
    """
    oldest = min((target.id for target in targets), default=0)
    reached: set[Any] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in reached:
            reached.add(node)
            if node.id > oldest and type(node) is not Leaf and node not in targets:
                if (parents := node.parents) is None:  # there is no telling where it led
                    raise _freed(node)
                stack.extend(parent for parent in parents if parent is not None)
    return reached


def _leading_to(targets: set[Any], roots: Iterable[Any]) -> set[Any]:
    """The records below `roots` from which a target can be reached, and the targets."""
    wanted = set(targets)
    for node in sorted(_below(roots, targets), key=lambda node: node.id):
        if type(node) is not Leaf and any(parent in wanted for parent in node.parents or ()):
            wanted.add(node)
    return wanted


# --- arrival ---------------------------------------------------------------------------------------------------------------------

_accumulating = threading.RLock()


def accumulate(gradients: dict[Any, Any]) -> None:
    """Add to the `grad` of each tensor. Only a backward pass that is itself recorded gives a gradient that has a graph."""
    with _accumulating:
        for node, g in gradients.items():
            tensor = node.tensor() if type(node) is Leaf else node.hooks.keeper()
            if tensor is not None:
                old = tensor.grad
                recorded = isinstance(g, Tensor)
                tensor._grad = as_gradient(g) if old is None else old + g if recorded else wrap(old._array + g)


def as_gradient(g: Any) -> Any:
    """`g` as a tensor to be kept in `.grad`. Others may hold a large array, too: it is read-only, so copied before a change."""
    if isinstance(g, Tensor):
        return g
    if g.nbytes > SMALL and g.flags.c_contiguous:
        return wrap(read_only(g))
    return wrap(np.array(g, order="C"))


def _freed(node: Any) -> RuntimeError:
    return RuntimeError(
        f"backward: the graph of {node.entry.name} has been freed by an earlier backward(). "
        "To walk a graph more than once, pass retain_graph=True to all but the last."
    )


def _overwritten(node: Any) -> RuntimeError:
    return RuntimeError(
        f"backward: {node.entry.name} needs the value of an argument that has been overwritten since it was used, "
        "so its gradient would be wrong. Call backward() before changing the array, or use a copy of it."
    )
