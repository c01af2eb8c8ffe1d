"""Which mistake in the chain rule gives just the gradient that is wrong: the usual ones are made in autograd's graph, and compared.

The graph of `f` is searched for places where an array is the sigmoid, say, of an earlier one, however that was written. There the
local derivative is replaced by what a mistake would put in its place, and the backward pass is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, array_of, node_of
from autodiff.modes import interpreting, no_grad
from autodiff.registry import Primitive
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
from autodiff.transforms import vjp

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
    """A place in the computation where an activation function was applied: its results, and its argument, by their numbers."""

    activation: Activation
    results: list[int]
    argument: int
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
        with np.errstate(all="ignore"), no_grad():  # of other tensors that f uses, no gradient is wanted
            return _search(case, blocks)
    except Exception:  # f does not take tensors, or autodiff cannot differentiate it: nothing can be said
        return []


def _search(case: Case, blocks: Sequence[Block]) -> list[Explanation]:
    """The mistakes that explain most arguments first, and of those the ones at fewest places."""
    found: list[tuple[dict[Block, float], list[Site], str]] = []
    for group in _groups(_sites(case.subject)):
        for local, text in MISTAKES:
            pullback = Run(case.subject, {k: (site, local) for site in group for k in site.results}).pullback
            gradients = pullback(case.cotangent)
            differences = {block: _largest_difference(block, gradients[block.slot]) for block in blocks}
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


class Run:
    """`f` with tensors for its arguments, which are numbered, and so is each result that depends on them, in their order.

    A result whose number is in `mistaken` gets, as a function of the argument of that site alone, the local derivative
    that the mistake puts in its place.
    """

    def __init__(self, subject: Subject, mistaken: dict[int, tuple[Site, Callable[[Site], Any]]]) -> None:
        self.subject = subject
        self.mistaken = mistaken
        self.tensors: list[Tensor] = []
        with interpreting(self._note):
            _, self.pullback = vjp(self._f, *(subject.inputs[p] for p in subject.positions))

    def _f(self, *variables: Tensor) -> Any:
        self.tensors += variables
        arguments: list[Any] = list(self.subject.fresh())
        for p, variable in zip(self.subject.positions, variables, strict=True):
            arguments[p] = variable
        return self.subject.f(*arguments)

    def _note(self, entry: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        result = entry.apply(operands, params)
        if not isinstance(result, Tensor) or not result.requires_grad:
            return result
        if len(self.tensors) in self.mistaken:
            site, local = self.mistaken[len(self.tensors)]
            slope, value = np.asarray(local(site), site.value.dtype), array_of(result)
            wrong = Primitive(lambda z, /: value, {"z": lambda g: g * slope}, site.activation.name)
            result = wrong.apply((self.tensors[site.argument],), {})
        self.tensors.append(result)
        if len(self.tensors) > OPERATIONS:
            raise RuntimeError("the computation is too long")
        return result


def _sites(subject: Subject) -> list[Site]:
    """The places where activation functions were applied."""
    tensors = Run(subject, {}).tensors
    numbers = {node_of(tensor): k for k, tensor in enumerate(tensors)}
    sites: dict[tuple[str, int], Site] = {}
    for k, tensor in enumerate(tensors):
        for ancestor in _ancestors(node_of(tensor)):
            if (argument := numbers.get(ancestor)) is None:
                continue
            for activation in ACTIVATIONS:
                if _applied(activation, array_of(tensors[argument]), array_of(tensor)):
                    site = Site(activation, [], argument, array_of(tensors[argument]))
                    sites.setdefault((activation.name, argument), site).results.append(k)
    return list(sites.values())


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
    there = elsewhere(subject, block.slot, subject.value)
    found = derivative(there, block.slot, block.case.cotangent, evidence.directions)
    if found is None:
        return None
    value, bound = found
    largest = evidence.equals(value, bound + evidence.rounding(ROUNDING, largest_of(evidence.given)))
    what = "equals f'(f(x)) in the place of f'(x): the derivative was evaluated at the value of f"
    return None if largest is None else f"The gradient by {block.argument} {what} ({figures({block: largest})})."
