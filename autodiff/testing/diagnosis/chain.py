"""Which mistake in the chain rule gives just the gradient that is wrong: the usual ones are made in the record of `f`.

At one operation, at all that one line of the source does, or at all of one kind, the local derivative is replaced by what a mistake
would put in its place, and the record is run back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from autodiff.testing.diagnosis.activations import mistaken_activations
from autodiff.testing.diagnosis.claims import Claim, equal
from autodiff.testing.diagnosis.evidence import Point, listed
from autodiff.testing.diagnosis.tape import Mistake, Parts, Step, Tape, written

__all__: list[str] = []

SHARES = (("out", 0.0), (" the wrong sign of", -1.0), (" twice", 2.0), (" half of", 0.5))
COPIES = 12  # of an array that is broadcast, that are looked at
WORK = 40_000  # operations to run back, at most
Part = Callable[[np.ndarray], Any]  # of the cotangent of a result: that of one operand
ORDINALS = ("first", "second", "third", "fourth")


def another_derivative(point: Point) -> Iterator[Claim]:
    """The gradient is that with another local derivative."""
    return _made(point, mistaken_activations, *map(_by_operand, (_forgotten, _transposed, _overwritten)))


def another_sum(point: Point) -> Iterator[Claim]:
    """The gradient is that with something else in the place of a sum over copies."""
    return _made(point, _by_operand(_copies))


def another_share(point: Point) -> Iterator[Claim]:
    """The gradient is that with another share of what flows back through one operand: none of it, the opposite, twice."""
    return _made(point, *(_by_operand(partial(_share, said, multiple)) for said, multiple in SHARES))


def _made(point: Point, *kinds: Callable[[Tape], Iterable[Mistake]]) -> Iterator[Claim]:
    """The claims that mistakes of some kinds were made, one at a time or several alike together."""
    if (tape := point.tape) is None:
        return
    for group in _groups(tape, [mistake for kind in kinds for mistake in kind(tape)]):
        key = f"{group[0].said} {[mistake.step for mistake in group]}"
        if key in point.case.refuted:
            continue
        try:
            changes = tape.of_arguments(tape.back({}, {mistake.step: mistake.vjp for mistake in group}))
        except Exception:  # a matrix in the place of its transpose with which the operation is not defined
            continue
        arrays = [(pair, tape.gradients[pair.slot] + changes[pair.slot]) for pair in point.pairs.values()]
        yield equal(f"equals the one with{group[0].said}", arrays, key, place=_place(tape, group), size=len(group))


def _groups(tape: Tape, mistakes: Sequence[Mistake]) -> list[list[Mistake]]:
    """Mistakes to make together: of one kind, at one line of the source or at all; and one, if that is not too much work."""
    kinds: dict[Any, list[Mistake]] = {}
    for mistake in mistakes:
        stack = tape.steps[mistake.step].stack
        for prefix in range(len(stack) + 1):
            kinds.setdefault((mistake.said, stack[:prefix]), []).append(mistake)
    several = {(kind[0].said, *(mistake.step for mistake in kind)): kind for kind in kinds.values() if len(kind) > 1}
    groups = [[mistake] for mistake in mistakes if len(mistakes) * len(tape.steps) <= WORK] + list(several.values())
    return groups[: WORK // max(len(tape.steps), 1)]


def _place(tape: Tape, group: list[Mistake]) -> str:
    """What a mistake concerns, and the line of the source: of those that lead to it, the last that does not lead elsewhere."""
    steps = [tape.steps[mistake.step] for mistake in group]
    shapes = list(dict.fromkeys(str(step.shape) for step in steps))
    what = f"the {group[0].what}{'s' if len(group) > 1 else ''} of shape {listed(shapes)}"
    common = [line for line in steps[0].stack if all(line in step.stack for step in steps)]
    others = {line for step in tape.steps if step.entry is steps[0].entry and step not in steps for line in step.stack}
    own = [line for line in common if line not in others] or common
    return f"{what}, {written(own[-1])}" if own else what


def _by_operand(kind: Callable[[Tape, Step, int], Iterator[tuple[str, Part]]]) -> Callable[[Tape], Iterator[Mistake]]:
    """The mistakes of a kind in the derivatives of single operations by one operand."""

    def mistakes(tape: Tape) -> Iterator[Mistake]:
        for k, step in enumerate(tape.steps):
            for i, source in enumerate(step.sources):
                if source is not None and len(step.results) == 1 and step.results[0] in tape.cotangents:
                    for said, part in kind(tape, step, i):
                        yield Mistake(said, step.entry.name, k, partial(_with, step, i, part))

    return mistakes


def _with(step: Step, i: int, part: Part, g: np.ndarray) -> Parts:
    """The cotangents of the operands, one of them replaced."""
    return step.at_sources({**step.parts(g), i: part(g)})


def _forgotten(tape: Tape, step: Step, i: int) -> Iterator[tuple[str, Part]]:
    """1 in the place of the derivative of an elementwise function."""
    if step.entry.elementwise and np.shape(step.operands[i]) == step.shape:
        yield f" 1 in the place of {_derivative(step, i)}, which was forgotten", lambda g: g


def _derivative(step: Step, i: int) -> str:
    return f"the derivative of {step.entry.name}" + (f" by its {ORDINALS[min(i, 3)]} operand" if len(step.operands) > 1 else "")


def _copies(tape: Tape, step: Step, i: int) -> Iterator[tuple[str, Part]]:
    """Something else in the place of the sum over the copies of an operand that is broadcast."""
    own, shape = np.shape(step.operands[i]), step.shape
    if not step.entry.elementwise or own == shape:
        return
    lead = len(shape) - len(own)
    axes = [k for k, n in enumerate(shape) if k < lead or own[k - lead] != n]
    count = int(np.prod([shape[k] for k in axes]))
    along = f"{'axis' if len(axes) == 1 else 'axes'} {', '.join(map(str, axes))} of length {count}"
    over = f"in the place of the sum over {along}, along which {own} is broadcast to {shape}"

    def copies(g: np.ndarray) -> Any:
        return np.moveaxis(g * step.slopes[i], axes, range(len(axes))).reshape(-1, *own)

    yield f" a mean {over}", lambda g: copies(g).mean(0)
    for k in range(min(count, COPIES)):
        yield f" one copy, number {k}, {over}", partial(lambda k, g: copies(g)[k], k)


def _transposed(tape: Tape, step: Step, i: int) -> Iterator[tuple[str, Part]]:
    """Another operand, a matrix, in the place of its transpose."""
    for j, x in enumerate(step.operands if not step.entry.elementwise else ()):
        if j != i and np.ndim(x) > 1 and x.shape[-1] == x.shape[-2]:
            operands = [*step.operands[:j], np.swapaxes(x, -1, -2), *step.operands[j + 1 :]]
            said = f" the {ORDINALS[min(j, 3)]} operand of {step.entry.name}, of shape {x.shape}, not transposed"
            yield said, partial(lambda operands, g: step.pullback(operands)(g)[i], operands)


def _overwritten(tape: Tape, step: Step, i: int) -> Iterator[tuple[str, Part]]:
    """The cotangents of an element that was read twice overwritten in the place of added."""

    def last(g: np.ndarray) -> np.ndarray:
        written_to = np.zeros(step.operands[0].shape, g.dtype)
        written_to[step.params["index"]] = g
        return written_to

    if step.entry.name == "getitem":
        yield " repeated indices overwritten in the place of added", last


def _share(said: str, multiple: float, tape: Tape, step: Step, i: int) -> Iterator[tuple[str, Part]]:
    """Another multiple of what flows back to an operand, if more does to others."""
    if sum(source is not None for source in step.sources) > 1 or tape.consumers[step.sources[i]] > 1:
        yield f"{said} {_derivative(step, i)}", lambda g: multiple * step.parts(g)[i]


def another_cotangent(point: Point) -> Iterator[Claim]:
    """The cotangent that was given is not the one that was used."""
    g = point.cotangent
    if point.tape is None or point.case.candidate.source != "vjp" or g.size < 2:
        return
    others = [("1", np.ones_like(g)), ("its sum", np.full_like(g, g.sum())), ("its mean", np.full_like(g, g.mean()))]
    others += [("its absolute value", np.abs(g)), ("its square", g**2)]
    others += [(f"its opposite order along axis {axis}", np.flip(g, axis)) for axis in range(g.ndim)]
    others += [("its transpose", g.T)] if g.ndim > 1 and g.T.shape == g.shape else []
    for said, other in others:
        gradients = point.tape.of_arguments(point.tape.back({point.tape.result: other}))
        arrays = [(pair, gradients[pair.slot]) for pair in point.pairs.values()]
        yield equal(f"equals the one with {said} in the place of the cotangent", arrays)


def at_own_value(point: Point) -> Iterator[Claim]:
    """The gradient is that at f(x) in the place of x, for an `f` that need not take tensors."""
    said = "equals f'(f(x)) in the place of f'(x): the derivative was evaluated at the value of f"
    for pair in point.pairs.values():
        if pair.array.shape == point.subject.value.shape:
            inputs = list(point.subject.fresh())
            inputs[point.subject.positions[pair.slot]] = point.subject.value.astype(pair.array.dtype)
            there = point.case.elsewhere(inputs)
            if there is not None and pair.name in there.pairs:
                yield equal(said, [(pair, there.right(there.pairs[pair.name]))], f"at f({pair.name})")
