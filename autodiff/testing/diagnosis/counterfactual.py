"""Which mistake in the chain rule gives just the gradient that is wrong: the usual ones are made in autograd's graph, and compared.

The graph of `f` is searched for places where an array is the sigmoid, say, of an earlier one, however that was written. There the
local derivative is replaced by what a mistake would put in its place, and the backward pass is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np

from autodiff.backward import backward_pass
from autodiff.modes import enable_grad, watched
from autodiff.tensor import Tensor
from autodiff.testing.diagnosis.evidence import SMALL, Block, Case, counted, explains, listed, magnitude
from autodiff.testing.numerics.differences import quick
from autodiff.testing.subject import Subject

__all__: list[str] = []

OPERATIONS = 500  # of a longer record no mistakes are looked for
DEPTH = 8  # operations in which an activation function may be written
SITES = 4  # up to so many activations, all sets of them are tried
ATTEMPT = 40  # evaluations that it takes to differentiate f at its own value
ROUNDING = 1024.0  # units in the last place of the largest entry


@dataclass(frozen=True)
class Activation:
    """A function, its derivative, and that derivative as a formula of the function's value."""

    name: str
    function: Callable[[Any], Any]
    derivative: Callable[[Any], Any]
    of_value: Callable[[Any], Any]


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


ACTIVATIONS = (
    Activation("sigmoid", _sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z)), lambda a: a * (1 - a)),
    Activation("tanh", np.tanh, lambda z: 1 - np.tanh(z) ** 2, lambda a: 1 - a**2),
    Activation("relu", lambda z: np.maximum(z, 0), lambda z: z > 0, lambda a: a > 0),
    Activation("softplus", lambda z: np.logaddexp(0, z), _sigmoid, lambda a: 1 - np.exp(-a)),
)


@dataclass(frozen=True)
class Site:
    """A place in the graph where an activation function was applied: the records of its results, and that of its argument."""

    activation: Activation
    results: list[Any]
    argument: Any
    value: np.ndarray


# What a mistake puts in the place of the local derivative, and how it is called.
MISTAKES: tuple[tuple[Callable[[Site], Any], str], ...] = (
    (
        lambda site: site.activation.derivative(site.activation.function(site.value)),
        "{0}'({0}(z)) in the place of {0}'(z): the derivative of the {0} was evaluated at its output",
    ),
    (lambda site: np.ones_like(site.value), "1 in the place of {0}'(z): the derivative of the {0} was forgotten"),
    (
        lambda site: site.activation.of_value(site.value),
        "z in the place of {0}(z) in the derivative of the {0}, which was written as a formula of its output",
    ),
)


def mistaken_activation(case: Case, blocks: Sequence[Block]) -> list[tuple[str, list[Block]]]:
    """Sentences on mistakes in the derivative of activation functions, each with the arguments whose gradients it explains."""
    try:
        with np.errstate(all="ignore"):
            return _search(case, blocks)
    except Exception:  # f does not take tensors, or autodiff cannot differentiate it: nothing can be said
        return []


def _search(case: Case, blocks: Sequence[Block]) -> list[tuple[str, list[Block]]]:
    root, leaves, sites = _recorded(case.subject)
    label, cotangent = case.cotangents.labels[-1], case.cotangents.arrays[-1]
    parts = {b: b.part(label).places for b in blocks}
    found: list[tuple[list[Block], list[Site], str, str]] = []
    for group in _groups(sites):
        for local, text in MISTAKES:
            with _planted(group, local):
                gradients = backward_pass({root: cotangent}, retain_graph=True, targets=leaves.values())
            largest = {b: _largest_difference(part, gradients[leaves[b.argument]]) for b, part in parts.items()}
            explained = [block for block in blocks if largest[block] is not None]
            if explained:
                difference = max(value for value in largest.values() if value is not None)
                count = sum(len(parts[block].entries) for block in explained)
                found.append((explained, group, text, f"largest difference {magnitude(difference)} over {counted(count)}"))
    sentences: list[tuple[str, list[Block]]] = []
    rest = list(blocks)
    while found and rest:
        explained, group, text, figures = max(found, key=lambda item: (sum(b in rest for b in item[0]), -len(item[1])))
        new = [block for block in explained if block in rest]
        if not new:
            break
        rest = [block for block in rest if block not in new]
        sentences.append((_sentence(case, explained, group, text, figures), new))
    return sentences


def _sentence(case: Case, explained: list[Block], group: list[Site], text: str, figures: str) -> str:
    names = [str(block.argument) for block in explained]
    which = f" by {'argument' if len(names) == 1 else 'arguments'} {listed(names)}" if len(names) < len(case.blocks) else ""
    functions = list(dict.fromkeys(site.activation.name for site in group))
    where = [
        f"the {name}{'' if len(shapes) == 1 else 's'} of shape {listed(shapes)}"
        for name in functions
        if (shapes := [str(site.value.shape) for site in group if site.activation.name == name])
    ]
    return f"The gradient{which} equals the one with {text.format(' and '.join(functions))} ({figures}; {listed(where)})."


def _recorded(subject: Subject) -> tuple[Any, dict[int | str, Any], list[Site]]:
    """The record of the result, those of the inputs by position, and the places where activation functions were applied."""
    arguments: list[Any] = list(subject.fresh())
    values: dict[Any, np.ndarray] = {}
    leaves: dict[int | str, Any] = {}
    for p in subject.positions:
        arguments[p] = Tensor(arguments[p], requires_grad=True)
        leaves[p] = arguments[p]._node
        values[leaves[p]] = arguments[p]._array

    def note(tensor: Any) -> None:
        if tensor._node is not None:
            values[tensor._node] = tensor._array
            if len(values) > OPERATIONS:
                raise RuntimeError("the record is too long")

    with enable_grad(), watched(note):
        root = subject.f(*arguments)._node
    sites: dict[tuple[str, Any], Site] = {}
    for node, value in values.items():
        for argument in _ancestors(node):
            for activation in ACTIVATIONS:
                if argument in values and _applied(activation, values[argument], value):
                    key = (activation.name, argument)
                    sites.setdefault(key, Site(activation, [], argument, values[argument])).results.append(node)
    return root, leaves, list(sites.values())


def _ancestors(node: Any) -> dict[Any, None]:
    """The records up to DEPTH operations before this one."""
    reached: dict[Any, None] = {}
    level = [node]
    for _ in range(DEPTH):
        level = [parent for record in level for parent in getattr(record, "parents", ()) if parent is not None]
        level = [record for record in dict.fromkeys(level) if record not in reached]
        reached |= dict.fromkeys(level)
    return reached


def _applied(activation: Activation, z: np.ndarray, a: np.ndarray) -> bool:
    """Whether `a` is the activation function of `z`, up to rounding; where it does nothing, it is not."""
    if z.shape != a.shape or not a.size:
        return False
    first, close = (0,) * a.ndim, 32 * float(np.finfo(a.dtype).eps)
    if not abs(activation.function(z[first]) - a[first]) <= close * (1 + abs(a[first])):  # which is soon seen
        return False
    wanted = activation.function(z)
    return bool(np.allclose(a, wanted, rtol=close, atol=close) and not np.allclose(wanted, z, rtol=close, atol=close))


def _groups(sites: list[Site]) -> Iterator[list[Site]]:
    """Places to make the same mistake at: one, several, all."""
    for size in range(1, len(sites) + 1):
        if size in (1, len(sites)) or len(sites) <= SITES:
            yield from map(list, combinations(sites, size))


@contextmanager
def _planted(sites: list[Site], local: Callable[[Site], Any]) -> Iterator[None]:
    """The graph with the mistake in it: each activation is an operation with the argument as its only parent."""
    names = ("primitive", "parents", "values", "fits", "guards", "y", "params")
    kept = [(node, {name: getattr(node, name) for name in names}) for site in sites for node in site.results]
    for site in sites:
        slope = np.asarray(local(site), site.value.dtype)
        planted = SimpleNamespace(name=site.activation.name, rules=[lambda g, node, slope=slope: g * slope])
        for node in site.results:
            node.primitive, node.parents, node.values, node.fits, node.guards = planted, (site.argument,), (None,), None, None
    try:
        yield
    finally:
        for node, slots in kept:
            for name, slot in slots.items():
                setattr(node, name, slot)


def _largest_difference(part: Block, gradient: Any) -> float | None:
    """That of the entries from the gradient with the mistake in it, if that explains them."""
    if gradient is None or not part.entries or not part.wrong:
        return None
    values = np.array([gradient[entry.index] for entry in part.entries], np.float64)
    eps = float(np.finfo(part.array.dtype).eps)
    allowed = np.full(values.shape, ROUNDING * eps * max(np.abs(values).max(), np.abs(part.given).max()))
    return part.explained_by(values, allowed)


def at_own_value(block: Block) -> str | None:
    """A sentence, if `f` works entry by entry and the gradient is its derivative at f(x) in the place of x."""
    case = block.case
    subject, x = case.subject, block.array
    if x.shape != subject.value.shape or not 0 < x.size <= SMALL or case.candidate.tangents or not subject.affords(ATTEMPT):
        return None
    slot = subject.positions.index(int(block.argument))
    inputs = list(subject.reference)
    inputs[int(block.argument)] = subject.value.astype(inputs[int(block.argument)].dtype)
    given = case.candidate.rule(np.ones_like(case.cotangents.arrays[-1]), subject.fresh())[slot].reshape(-1)
    try:
        there = Subject(subject.f, inputs, subject.positions, subject.limit - subject.evaluations)
    except Exception:  # f is not defined at its own value
        return None
    estimates = []
    for point in (there, subject):
        scales = point.scales[slot]
        estimate = quick(point.line(slot, scales, np.eye(x.size)))
        estimates.append((estimate.value / scales, estimate.bound / scales))
    (value, bound), (here, _) = estimates
    eps = float(np.finfo(x.dtype).eps)
    subject.evaluations += there.evaluations
    largest = explains(value, given, here, bound + 32 * eps * np.abs(value).max(initial=0.0))
    if largest is None:
        return None
    return (
        f"The gradient by argument {block.argument} equals f'(f(x)) in the place of f'(x): the derivative was evaluated at the "
        f"value of f (largest difference {magnitude(largest)} over {counted(x.size)})."
    )
