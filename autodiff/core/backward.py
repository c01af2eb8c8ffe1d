"""The backward pass: cotangents are handed from each record to its parents, the youngest record first, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush, heappushpop
from operator import attrgetter
from threading import RLock
from typing import Any

import numpy as np

from autodiff.core.graph import Leaf, is_overwritten, records_of
from autodiff.core.modes import Switch, current_mode
from autodiff.core.overwriting import SMALL
from autodiff.core.tensor import Tensor, array_of, as_array, attach, read_only, wrap
from autodiff.dtypes import as_numbers, is_stand_in, refuse_loss

ndarray = np.ndarray


def backward(self: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
    """Compute the gradients by the leaves that this tensor was computed from and add them to their `grad`, in any thread.

    Args:
        self: the tensor.
        gradient: the cotangent: the derivative of the final result by this tensor, of its shape; 1 for a single element.
        retain_graph: keep the graph for another backward pass; by default as `create_graph`.
        create_graph: record the backward pass itself, so that the gradients can be differentiated in turn.

    Raises:
        RuntimeError: this tensor does not require grad, or has more than one element and `gradient` is not given, or the
            graph has been freed, or needs a value that has been overwritten. No gradient is changed then.
    """
    if self._node is None or not self._node.requires_grad:
        raise RuntimeError(
            "backward: this tensor does not require grad: it was not computed from one with requires_grad=True, "
            "or only inside no_grad()."
        )
    seeds = {self._node: _cotangent(self, gradient, create_graph)}
    if create_graph:
        with Switch(record=True, walking=True):
            accumulate(backward_pass(seeds, True, create_graph=True))
    else:
        accumulate(backward_pass(seeds, bool(retain_graph)))


attach(backward=backward)
_FREED = (
    "backward: the graph of {} has been freed by an earlier backward(). "
    "To walk a graph more than once, pass retain_graph=True to all but the last."
)
_OVERWRITTEN = (
    "backward: {} needs the value of an argument that has been overwritten since it was used, so its gradient would be wrong. "
    "Call backward() before changing the array, or use a copy of it."
)
_accumulating, _DOUBLE, _ONE = RLock(), np.dtype(np.float64), np.float64(1)


def _cotangent(tensor: Tensor, gradient: Any, create_graph: bool) -> Any:
    """The cotangent to start a backward pass at `tensor` with, checked, in memory of its own."""
    if gradient is None:
        if type(tensor._array) is ndarray and tensor._array.dtype is _DOUBLE and tensor._array.ndim == 0 and not create_graph:
            return _ONE  # the usual case, at once
        if tensor.size != 1 or tensor.dtype.kind == "c":
            raise RuntimeError(
                f"backward: a tensor of shape {tensor.shape} and dtype {tensor.dtype} has no gradient without a cotangent. Reduce "
                "it to one real number, for example loss.sum() or np.abs(z).sum(), or pass gradient=, an array of that shape."
            )
        gradient = np.ones_like(tensor._array)
    recorded = create_graph and isinstance(gradient, Tensor)
    g: Any = gradient if recorded else wrap(as_numbers(array_of(gradient), "backward: gradient", copy=True))
    if g.shape != tensor.shape:
        raise ValueError(f"backward: gradient has shape {g.shape}, but the tensor has shape {tensor.shape}. They must be equal.")
    refuse_loss("backward: gradient", g.dtype, tensor.dtype)
    g = g if g.dtype == tensor.dtype else g.astype(tensor.dtype)
    return conjugate(g if create_graph else read_only(g._array))


def backward_pass(
    seeds: Mapping[Any, Any], retain_graph: bool = False, create_graph: bool = False, targets: Iterable[Any] | None = None
) -> dict[Any, Any]:
    """Propagate the cotangents `seeds` to the leaves, or to `targets` only; return each one's gradient.

    Nodes are freed as they are walked, unless `retain_graph`. With `create_graph` the rules run on tensors, which records them.
    No `.grad` is touched here, so that an error leaves each as it was. A gradient is `conjugate` of a cotangent.
    """
    wanted = None if targets is None else _leading_to(set(targets), seeds)
    cotangents: dict[Any, Any] = dict(seeds) if wanted is None else {node: g for node, g in seeds.items() if node in wanted}
    results: dict[Any, Any] = {} if targets is None else dict.fromkeys(targets)
    _walk(cotangents, results, wanted, create_graph, free=not (retain_graph or create_graph))
    for leaf, g in cotangents.items():
        if leaf.hooks is not None or type(g) is Parts:
            g = _prepare(leaf, g, set())
        if g.shape != leaf.shape:
            raise RuntimeError(f"backward: a rule gave a cotangent of shape {g.shape} for a tensor of shape {leaf.shape}.")
        results[leaf] = g if g.dtype is leaf.dtype and leaf.dtype.kind == "f" else conjugate(fit(g, leaf.shape, leaf.dtype))
    return results


def _walk(cotangents: dict[Any, Any], results: dict[Any, Any], wanted: set[Any] | None, create_graph: bool, free: bool) -> None:
    """Hand on the `cotangents` until only those of leaves are left; note those of the nodes in `results`, and of keepers."""
    heap = [(-node.id, node) for node in cotangents if type(node) is not Leaf]
    heapify(heap)
    following = None  # of the nodes to walk, one is kept out of the heap: in a chain, that is all of them
    own: set[Any] = set()  # whose cotangent was made here, and nobody else has it or saved its value, so that it may be written to
    check = current_mode().check
    while heap or following is not None:
        if following is None:
            node = heappop(heap)[1]
        else:
            node = heappushpop(heap, (-following.id, following))[1] if heap else following
            following = None
        entry, known, guards, fits, parents = node.entry, node.saved, node.guards, node.fits, node.parents
        if parents is None:  # read last and cleared first, so that a node that another thread frees is noticed
            raise RuntimeError(_FREED.format(node.entry.name))
        if guards is not None and is_overwritten(node, known, guards):
            raise RuntimeError(_OVERWRITTEN.format(node.entry.name))
        g = cotangents.pop(node)
        if node.hooks is not None or type(g) is Parts:
            g = _prepare(node, g, own)
            if wanted is None and node.hooks is not None and node.hooks.keeper is not None:
                results[node] = conjugate(g)
        if results and node in results:
            results[node] = conjugate(g)
            own.discard(node)
        if create_graph:
            known = _lift(node, parents, known)
        if entry.reuses:
            known = (*known, node in own)
        parts = None if entry.joint is None else entry.joint(g, known)
        for i, parent in enumerate(parents) if not entry.reuses else [*enumerate(parents)][::-1]:  # rule 0 may write to `g`
            if parent is None or (wanted is not None and parent not in wanted):
                continue
            part = entry.rules[i](g, known) if parts is None else parts[i]
            if fits is not None:
                part = fit(part, fits[i][0], fits[i][1], entry.name)
            if check is not None:
                check(part, node, i)
            if parent in cotangents:
                _add(cotangents, parent, part, own)
                continue
            cotangents[parent] = part
            if entry.reuses and i == 0 and (part is not g or node in own):
                _claim(own, parent, part)
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
    if y is not None:
        y = tuple(map(wrap, y, records_of(node, y))) if isinstance(y, tuple) else wrap(y, node)
    return (*operands, y, *saved[count + 1 :])


def _prepare(node: Any, g: Any, own: set[Any]) -> Any:
    """The whole cotangent of `node`, after its hooks."""
    if type(g) is Parts:
        g = g.total(node in own)
        _claim(own, node, g)
    for hook in list(node.hooks.functions.values()) if node.hooks is not None else ():
        own.discard(node)
        new = hook(conjugate(g) if isinstance(g, Tensor) else wrap(read_only(as_array(conjugate(g)))))
        if new is not None and np.shape(new) != g.shape:
            raise ValueError(f"register_hook: the hook returned a gradient of shape {np.shape(new)}; wanted {g.shape}.")
        if new is not None:
            new = new if isinstance(g, Tensor) and isinstance(new, Tensor) else as_numbers(array_of(new), "register_hook")
            refuse_loss("register_hook: the gradient that the hook returned", new.dtype, g.dtype)
            g = conjugate(new.astype(g.dtype))
    return g


def _add(cotangents: dict[Any, Any], node: Any, part: Any, own: set[Any]) -> None:
    """Add `part` to the cotangent that `node` has already."""
    old = cotangents[node]
    if part.shape != old.shape:
        raise RuntimeError(f"backward: rules gave cotangents of shapes {old.shape} and {part.shape} for one tensor: one is wrong.")
    if type(part) is Parts and type(old) is not Parts:
        old, part = part, old
    if type(old) is Parts:
        old.add(part, node in own)
        cotangents[node] = old
    elif node in own and type(old) is ndarray:
        cotangents[node] += part
    else:
        cotangents[node] = old + part
        _claim(own, node, cotangents[node])


def _claim(own: set[Any], node: Any, g: Any) -> None:
    """Note that the cotangent `g` of `node` is nobody else's, if it can be written to: an array, or a tensor of one."""
    if type(g) is ndarray or (isinstance(g, Tensor) and type(g._array) is ndarray and g._array.flags.writeable):
        own.add(node)


class Parts:
    """A cotangent that is not summed yet: contributions, each with its place, which is an index or the number of a result.

    They are put together when the cotangent is needed, by `join(parts, places, shape)`, so that n readings of n elements cost n,
    not n squared. What arrives whole is `dense`; `join` adds to it in place if it gets it as well.
    """

    __slots__ = ("dense", "dtype", "join", "parts", "shape")

    def __init__(self, part: Any, place: Any, shape: Any, join: Callable[..., Any]) -> None:
        self.parts = [(part, place)]
        self.shape, self.dtype, self.join = shape, getattr(part, "dtype", None), join
        self.dense: Any = None

    def add(self, other: Any, own: bool) -> None:
        """Add another cotangent of the same array."""
        if isinstance(other, Parts):
            self.parts += other.parts
            other = other.dense
        if own and type(self.dense) is ndarray and other is not None:
            self.dense += other
        elif other is not None:
            self.dense = other if self.dense is None else self.dense + other

    def total(self, own: bool) -> Any:
        """The cotangent as one array, or one for each of several results."""
        into = (self.dense,) if own and self.dense is not None else ()
        whole = self.join(*zip(*self.parts, strict=True), self.shape, *into)
        return whole if into or self.dense is None else self.dense + whole


class Result:
    """What the record of one of several results has in the place of an entry: its rule puts the cotangent in its place."""

    arguments, joint = (), None
    reuses = takes_over = False
    rules = (lambda g, saved: Parts(g, saved[0], saved[1], _tuple_of),)

    def __init__(self, name: str) -> None:
        self.name = name


def _tuple_of(parts: Sequence[Any], numbers: Sequence[int], kinds: list[Any]) -> tuple[Any, ...]:
    """The cotangents of several results, zeros for those that were not used."""
    whole: list[Any] = [None] * len(kinds)
    for part, k in zip(parts, numbers, strict=True):
        whole[k] = part if whole[k] is None else whole[k] + part
    return tuple(np.zeros(*kind) if g is None else g for g, kind in zip(whole, kinds, strict=True))


def fit(g: Any, shape: tuple[int, ...], dtype: Any, name: str = "a function") -> Any:
    """Undo a broadcast: `g` summed over the axes along which the argument was repeated, in its dtype."""
    if type(g) is Parts:
        return g
    if g.shape != shape:
        lead, given = len(g.shape) - len(shape), g.shape
        copies = tuple(i for i, n in enumerate(given) if i < lead or (n != 1 and shape[i - lead] == 1))
        g = g.sum(axis=copies) if copies else g
        if [n for n in g.shape if n != 1] != [n for n in shape if n != 1]:  # x[i] = v allows axes of length 1 in front of v
            raise RuntimeError(f"backward: a rule of {name} gave a cotangent of shape {given} for an argument of shape {shape}.")
        g = g.reshape(shape)
    return g if g.dtype == dtype else (np.real(g) if g.dtype.kind == "c" != dtype.kind else g).astype(dtype)


def conjugate(g: Any) -> Any:
    """The cotangent of a gradient, and the gradient of a cotangent, of complex numbers: see `autodiff/ops/complex.py`."""
    return np.conj(g) if g.dtype.kind == "c" else g


def _leading_to(targets: set[Any], roots: Iterable[Any]) -> set[Any]:
    """The records below `roots` from which a target can be reached, and the targets.

    A record leads to older ones only, so none is walked that is older than all targets: what was computed before costs nothing.
    """
    oldest = min((target.id for target in targets), default=0)
    reached: set[Any] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in reached and node not in targets and node.id > oldest and type(node) is not Leaf:
            reached.add(node)
            if (parents := node.parents) is None:  # there is no telling where it led
                raise RuntimeError(_FREED.format(node.entry.name))
            stack.extend(parent for parent in parents if parent is not None)
    for node in sorted(reached, key=attrgetter("id")):
        if any(parent in targets for parent in node.parents or ()):
            targets.add(node)
    return targets


def accumulate(gradients: dict[Any, Any]) -> None:
    """Add to the `grad` of each tensor. Only a backward pass that is itself recorded gives a gradient that has a graph."""
    with _accumulating:
        for node, g in gradients.items():
            tensor = node.tensor() if type(node) is Leaf else node.hooks.keeper()
            if tensor is not None:
                old = getattr(tensor, "_grad", None)
                if isinstance(g, Tensor):  # other tensors may have this gradient as well: each gets one of its own
                    tensor._grad = (g if old is None else old + g).astype(tensor.dtype)
                elif old is not None:
                    total = old._array + g
                    tensor._grad = wrap(total if is_stand_in(total) else np.array(total, old.dtype, copy=None))
                else:  # others may hold a large array, too: it is read-only, so copied before a change
                    shared = type(g) is ndarray and g.nbytes > SMALL and g.flags.c_contiguous
                    copied = type(g) is ndarray or is_stand_in(g)
                    tensor._grad = wrap(read_only(g) if shared else g.copy() if copied else np.array(g, tensor.dtype))
