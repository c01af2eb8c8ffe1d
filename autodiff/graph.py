"""The graph: what is remembered of each operation, and the backward pass that walks it.

A ``Tensor`` is an array and the record of where it came from. That record is a ``Node`` if an operation produced the array, a
``Leaf`` if the user did, and ``None`` for the result of an operation that needs no gradient. Records point to older records
only, so there are no reference cycles, and their ``id`` grows in the order in which they were made, so that the backward pass
needs no sorting: it takes the youngest record first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from heapq import heapify, heappop, heappush, heappushpop
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autodiff.primitive import Primitive

__all__ = ["detect_anomaly", "enable_grad", "is_grad_enabled", "no_grad"]

clock = count(1)  # one clock for records and for changes in place: comparing two readings tells which came first


class Mode:
    """Whether operations are recorded, and whether each value is checked to be finite."""

    __slots__ = ("anomaly", "record")

    def __init__(self, record: bool, anomaly: bool) -> None:
        self.record = record
        self.anomaly = anomaly


RECORD = Mode(record=True, anomaly=False)
_mode = ContextVar("autodiff_mode", default=RECORD)
current_mode = _mode.get


@contextmanager
def _switched(record: bool | None = None, anomaly: bool | None = None) -> Iterator[None]:
    old = _mode.get()
    record = old.record if record is None else record
    anomaly = old.anomaly if anomaly is None else anomaly
    token = _mode.set(RECORD if record and not anomaly else Mode(record, anomaly))
    try:
        yield
    finally:
        _mode.reset(token)


def no_grad() -> Any:
    """Record nothing inside: a context manager, and a decorator as ``@ad.no_grad()``.

    The mode belongs to the current thread or asynchronous task (`contextvars`). As `torch.no_grad`.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> with ad.no_grad():
    ...     print((x * 2).requires_grad)
    False
    """
    return _switched(record=False)


def enable_grad() -> Any:
    """Record again inside a `no_grad` block: a context manager and a decorator. As `torch.enable_grad`.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> with ad.no_grad(), ad.enable_grad():
    ...     print((x * 2).requires_grad)
    True
    """
    return _switched(record=True)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded here.

    >>> ad.is_grad_enabled()
    True
    """
    return _mode.get().record


def detect_anomaly() -> Any:
    """Stop at the first operation whose value or gradient is not finite: a context manager and a decorator.

    Raises `FloatingPointError` that names the operation and the line that called it. As `torch.autograd.detect_anomaly`, which
    looks at the gradients only. It makes every operation slower; switch it on to look for the origin of a NaN.

    >>> x = ad.Tensor([1.0, 0.0], requires_grad=True)
    >>> with np.errstate(divide="ignore"), ad.detect_anomaly():
    ...     ad.log(x)
    Traceback (most recent call last):
        ...
    FloatingPointError: log: the value is not finite: -inf at index (1,) of shape (2,), called at <doctest ...>
    """
    return _switched(anomaly=True)


class Variable:
    """An array and the record of its origin: the part of `Tensor` that recording needs."""

    __slots__ = ("__weakref__", "_data", "_node")
    _data: np.ndarray
    _node: Node | Leaf | None


class Leaf:
    """The record of a tensor that no operation made: the place where its gradient arrives.

    `exposed` says that others hold the array and may write to it: since `exposed_at`, when its content had the fingerprint
    `content`. `changed` is when autodiff itself last wrote to it, and `touched` the later of the two times.
    """

    __slots__ = ("changed", "content", "exposed", "grad", "hooks", "name", "requires_grad", "touched")

    def __init__(self, requires_grad: bool, exposed: bool) -> None:
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

    def change(self) -> None:
        """Note that the array of this leaf is being written to."""
        self.touched = self.changed = next(clock)


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
    tensor._data = data if type(data) is np.ndarray else np.asarray(data)
    tensor._node = node
    return tensor


def shared(variable: Variable) -> np.ndarray:
    """The array of `variable`, to be handed out: the graph either notices a write to it, or it is read-only."""
    node = variable._node
    if isinstance(node, Leaf):
        node.expose(variable._data)
    elif node is not None:
        view = variable._data.view()
        view.flags.writeable = False
        return view
    return variable._data


_WEIGHTS = np.random.default_rng(0).integers(0, 2**63, 512, dtype=np.uint64) * 2 + 1


def fingerprint(array: Any) -> Any:
    """Something that differs when the content of `array` differs.

    Small arrays: their bytes. Larger ones, in one pass at memory speed: the sum, modulo 2**64, of the content as integers,
    weighted by random odd numbers, for each run of 512. A single changed element always changes it, as do elements that
    change places.
    """
    if array.nbytes <= 4096:
        return array.tobytes()
    raw = array.ravel(order="K").view(np.uint8)
    whole = raw.size // 4096 * 4096
    return (raw[:whole].view(np.uint64).reshape(-1, 512) @ _WEIGHTS).tobytes() + raw[whole:].tobytes()


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """The cotangent of an argument of shape `shape` that was broadcast to the shape of `g`: the sum over the copies."""
    lead = len(g.shape) - len(shape)
    repeated = tuple(i for i, n in enumerate(g.shape) if i < lead or (n != 1 and shape[i - lead] == 1))
    return g.sum(axis=repeated).reshape(shape)


def fit(g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The cotangent `g` as that of an argument of this shape and type."""
    if g.shape != shape:
        g = unbroadcast(g, shape)
    return g if g.dtype == dtype else g.astype(dtype)


def backward_pass(
    seeds: Mapping[Node | Leaf, Any],
    retain_graph: bool = False,
    create_graph: bool = False,
    targets: Iterable[Node | Leaf] | None = None,
) -> dict[Node | Leaf, Any]:
    """Propagate the cotangents `seeds` to the leaves, or to `targets` only; return each one's cotangent.

    Nodes are freed as they are walked, unless `retain_graph`. With `create_graph` the rules run on tensors, which records them.
    No `.grad` of a leaf is touched here, so that an error leaves each as it was.
    """
    cotangents: dict[Any, Any] = dict(seeds)
    heap = [(-node.id, node) for node in cotangents if type(node) is not Leaf]
    heapify(heap)
    summed: set[Any] | None = None if create_graph else set()  # whose cotangent is an array made here, which may be added to
    wanted = None if targets is None else _leading_to(set(targets), list(cotangents))
    results: dict[Any, Any] = {} if targets is None else dict.fromkeys(targets)
    anomaly = current_mode().anomaly
    following = None  # of the nodes to walk, one is kept out of the heap: in a chain, that is all of them
    while heap or following is not None:
        if following is None:
            node = heappop(heap)[1]
        else:
            node = heappushpop(heap, (-following.id, following))[1] if heap else following
            following = None
        g = cotangents.pop(node)
        parents, rules, fits, time = node.parents, node.primitive.rules, node.fits, node.id
        if parents is None:
            raise _freed(node)
        if node.guards is not None or type(g) is Scattered:
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
            part = rules[i](g, known)
            if fits is not None:
                part = fit(part, *fits[i])
            if anomaly:
                _inspect(part, node, i)
            if parent in cotangents:
                _add(cotangents, parent, part, summed)
            else:
                cotangents[parent] = part
                if type(parent) is not Leaf:
                    if following is not None:
                        heappush(heap, (-following.id, following))
                    following = parent
        if not (retain_graph or create_graph):
            node.parents = node.values = node.y = node.params = node.guards = None
    for leaf, g in cotangents.items():
        results[leaf] = g if leaf.hooks is None and type(g) is not Scattered else _prepare(leaf, g)
    return results


class Scattered:
    """The cotangent of an array that was read in parts: the parts with their places, put together only when it is needed.

    So n readings of n elements cost n, not n squared.
    """

    __slots__ = ("dense", "dtype", "parts", "scatter", "shape")

    def __init__(self, g: Any, reader: Node) -> None:
        self.shape, self.dtype = reader.fits[0]
        self.scatter = reader.primitive.scatter
        self.parts = [(g, reader.params["index"])]
        self.dense: Any = None

    def total(self) -> Any:
        """The cotangent as one array."""
        whole = self.scatter([g for g, _ in self.parts], [index for _, index in self.parts], self.shape)
        return whole if self.dense is None else self.dense + whole


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
    """The whole cotangent of `node`, after its hooks, once the values that it saved are known to be unchanged."""
    if type(g) is Scattered:
        g = g.total()
    if type(node) is not Leaf and any(fingerprint(array) != content for array, content in node.guards or ()):
        raise _overwritten(node)
    for hook in list(node.hooks or ()):
        if hook is RETAIN:
            node.grad = as_gradient(g, shared=True)
            continue
        new = hook(g if isinstance(g, Variable) else wrap(g))
        if new is None:
            continue
        if np.shape(new) != g.shape:
            raise ValueError(f"register_hook: the hook returned a gradient of shape {np.shape(new)}, but the tensor's is {g.shape}.")
        g = new if isinstance(g, Variable) or not isinstance(new, Variable) else new._data
    return g


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
    """Whether `root` depends on a leaf that requires grad, directly or through one of `targets`, other than the leaves among them."""
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
    values = [value if value is None or parent is None else wrap(value, parent) for value, parent in zip(node.values, node.parents, strict=True)]
    return Node(node.primitive, node.parents, values, None if node.y is None else wrap(node.y, node), node.params, node.fits, None)


def _lone_references() -> int:
    for _, g in {None: np.ones(1)}.items():  # noqa: B007, PERF102  (as in own_gradients)
        return sys.getrefcount(g)
    return 0


_ALONE = _lone_references()


def own_gradients(gradients: dict[Any, Any]) -> None:
    """Make each of `gradients` an array that nothing else refers to, so that changing one changes nothing else."""
    for key, g in gradients.items():
        if type(g) is not np.ndarray:
            if not isinstance(g, Variable):
                gradients[key] = np.asarray(g)
        elif g.base is not None or sys.getrefcount(g) > _ALONE:
            gradients[key] = np.array(g, order="C")


def as_gradient(g: Any, shared: bool) -> Any:
    """`g` as a tensor to be kept in `.grad`, with memory of its own."""
    return g if isinstance(g, Variable) else wrap(np.array(g, order="C") if shared else g)


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


def _inspect(part: Any, node: Node, i: int) -> None:
    check_finite(part, node.primitive.name, f"the gradient of argument {i}", getattr(node, "origin", None))


def _overwritten(node: Node) -> RuntimeError:
    return RuntimeError(
        f"backward: {node.primitive.name} needs the value of an argument that has been overwritten since it was used, "
        "so its gradient would be wrong. Call backward() before changing the array, or use a copy of it."
    )


def check_finite(value: Any, name: str, what: str, origin: str | None) -> None:
    """Raise if `value` has an element that is not finite."""
    array = value._data if isinstance(value, Variable) else np.asarray(value)
    finite = np.isfinite(array)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        where = f", called at {origin}" if origin else ""
        raise FloatingPointError(f"{name}: {what} is not finite: {array[index]} at index {index} of shape {array.shape}{where}")


def calling_line() -> str:
    """The file and line outside this project's packages that led here."""
    own = (str(Path(__file__).parent), str(Path(__file__).parent.parent / "nn"))
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
