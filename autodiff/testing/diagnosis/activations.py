"""Which mistake in the chain rule gives just the gradient that is wrong: the usual ones are made in autograd's graph, and compared.

The graph of `f` is searched for places where an array is the sigmoid, say, of an earlier one, however that was written. There the
local derivative is replaced by what a mistake would put in its place, and the backward pass is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from autodiff.backward import backward_pass
from autodiff.modes import enable_grad, watched
from autodiff.tensor import Tensor
from autodiff.testing.diagnosis.evidence import (
    Block,
    Case,
    Explanation,
    by_arguments,
    derivative,
    elsewhere,
    figures,
    largest_of,
    listed,
)
from autodiff.testing.subject import Subject

__all__: list[str] = []

OPERATIONS = 500  # of a longer record no mistakes are looked for
DEPTH = 8  # operations in which an activation function may be written
ROUNDING = 512.0  # units in the last place of the largest entry, by which two backward passes may differ


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


def mistaken_activations(case: Case, blocks: Sequence[Block]) -> list[Explanation]:
    """Sentences on mistakes in the derivative of activation functions."""
    try:
        with np.errstate(all="ignore"):
            return _search(case, blocks)
    except Exception:  # f does not take tensors, or autodiff cannot differentiate it: nothing can be said
        return []


def _search(case: Case, blocks: Sequence[Block]) -> list[Explanation]:
    """The mistakes that explain most arguments first, and of those the ones at fewest places."""
    root, leaves, sites = _recorded(case.subject)
    found: list[tuple[dict[Block, float], list[Site], str]] = []
    for group in _groups(sites):
        for local, text in MISTAKES:
            with _planted(group, local):
                gradients = backward_pass({root: case.cotangent}, retain_graph=True, targets=leaves.values())
            differences = {block: _largest_difference(block, gradients[leaves[block.argument]]) for block in blocks}
            fitting = {block: largest for block, largest in differences.items() if largest is not None}
            if fitting:
                found.append((fitting, group, text))
    found.sort(key=lambda item: (-len(item[0]), len(item[1])))
    explanations: list[Explanation] = []
    rest = set(blocks)
    for fitting, group, text in found:
        if rest & set(fitting):
            explanations.append((_sentence(fitting, group, text), list(fitting)))
            rest -= set(fitting)
    return explanations


def _sentence(fitting: dict[Block, float], group: list[Site], text: str) -> str:
    name, shapes = group[0].activation.name, listed([str(site.value.shape) for site in group])
    where = f"the {name}{'s' if len(group) > 1 else ''} of shape {shapes}"
    return f"The gradient{by_arguments(fitting)} equals the one with {text.format(name)} ({figures(fitting)}; {where})."


def _recorded(subject: Subject) -> tuple[Any, dict[int, Any], list[Site]]:
    """The record of the result, those of the inputs by position, and the places where activation functions were applied."""
    arguments: list[Any] = list(subject.fresh())
    values: dict[Any, np.ndarray] = {}
    leaves: dict[int, Any] = {}
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


def _groups(sites: list[Site]) -> list[list[Site]]:
    """Places to make the same mistake at: one, or all with the same function."""
    alike = [[site for site in sites if site.activation is activation] for activation in ACTIVATIONS]
    return [[site] for site in sites] + [group for group in alike if len(group) > 1]


@contextmanager
def _planted(sites: list[Site], local: Callable[[Site], Any]) -> Iterator[None]:
    """The graph with the mistake in it: each activation is an operation with the argument as its only parent."""
    names = ("primitive", "parents", "values", "fits", "guards")
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


def _largest_difference(block: Block, mistaken: np.ndarray | None) -> float | None:
    """That of the given gradient from the one with the mistake in it, if that explains it."""
    evidence = block.evidence
    if mistaken is None or evidence is None:
        return None
    return evidence.equals(evidence.seen(mistaken), evidence.rounding(ROUNDING, largest_of(mistaken), largest_of(evidence.given)))


def at_own_value(block: Block) -> str | None:
    """A sentence, if the gradient is that at f(x) in the place of x, for an `f` that need not take tensors."""
    evidence, subject = block.evidence, block.case.subject
    if evidence is None or block.array.shape != subject.value.shape:
        return None
    there = elsewhere(subject, block.argument, subject.value)
    found = derivative(there, block.slot, block.case.cotangent, evidence.directions)
    if found is None:
        return None
    value, bound = found
    largest = evidence.equals(value, bound + evidence.rounding(ROUNDING, largest_of(evidence.given)))
    what = "equals f'(f(x)) in the place of f'(x): the derivative was evaluated at the value of f"
    return None if largest is None else f"The gradient by argument {block.argument} {what} ({figures({block: largest})})."
