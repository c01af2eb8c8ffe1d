"""Whether a wrong gradient has the right numbers in the wrong places, or lacks the sum over a broadcast axis."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from autodiff.testing.diagnosis.evidence import ROUNDING, SMALL, Block, Case, counted, derivative, explains, magnitude, measured
from autodiff.testing.diagnosis.factors import Factor
from autodiff.testing.subject import Subject

__all__: list[str] = []

ATTEMPT = 4  # evaluations that it takes to see whether an argument can be broadcast
LONGEST = 64  # axis along which another order is looked for


def rearranged(block: Block) -> str | None:
    """A sentence, if the gradient is the numerical one with axes exchanged, turned round, or in another order."""
    block = block.places
    if block.array.size > SMALL:
        return _large_rearranged(block)
    if not block.is_whole or block.array.size < 2:
        return None
    given, numerical, bound = (block.whole(numbers) for numbers in (block.given, block.numerical, block.bound))
    for name, places in _rearrangements(given, numerical, bound):
        largest = explains(numerical.reshape(-1)[places], given, numerical, bound + bound.reshape(-1)[places])
        if largest is not None:
            figures = f"largest difference {magnitude(largest)} over {counted(given.size)}"
            return f"The gradient by argument {block.argument} is the numerical one {name}: {figures}."
    return _jacobian_transposed(block)


def _large_rearranged(block: Block) -> str | None:
    """The same for an argument of which not every entry was compared: transposed or turned round."""
    case = block.case
    if case.candidate.tangents:
        return None
    slot = case.subject.positions.index(int(block.argument))
    cotangent, gradients = case.given()
    given = np.asarray(gradients[slot], np.float64)
    forms = [(f"turned round along axis {axis}", np.flip(given, axis)) for axis in range(given.ndim)]
    if given.ndim == 2 and given.shape == given.T.shape:
        forms.insert(0, ("transposed", given.T))
    true = measured(case.subject, slot, cotangent)
    if true is None:
        return None
    for name, form in forms:
        largest = explains(true.values, true.seen(form), true.seen(given), true.allowed(form))
        if largest is not None:
            figures = f"largest difference {magnitude(largest)} {true.figures}"
            return f"The gradient by argument {block.argument} is the numerical one {name}: {figures}."
    return None


def _jacobian_transposed(block: Block) -> str | None:
    """A sentence, if results and entries are exchanged, as when a matrix is not transposed."""
    results = [output for output in block.outputs if isinstance(output, tuple)]
    if not 1 < len(results) == block.array.size:
        return None
    units = Block(block.case, block.argument, tuple(entry for entry in block.entries if isinstance(entry.output, tuple)))
    given, numerical, bound = (
        units.whole(numbers).reshape(len(results), -1) for numbers in (units.given, units.numerical, units.bound)
    )
    largest = explains(numerical.T, given, numerical, bound + bound.T)
    if largest is None:
        return None
    figures = f"largest difference {magnitude(largest)} over {counted(given.size)}"
    return f"The Jacobian by argument {block.argument} is the numerical one transposed, results and entries exchanged: {figures}."


def _rearrangements(given: np.ndarray, numerical: np.ndarray, bound: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Names of rearrangements, and for each entry the number of the one that it gets; axis 0 is that of the results."""
    places = np.arange(given.size).reshape(given.shape)
    for axes in permutations(range(1, given.ndim)):
        if axes != tuple(range(1, given.ndim)) and places.transpose(0, *axes).shape == given.shape:
            yield (
                "transposed" if given.ndim == 3 else f"with its axes in the order {tuple(k - 1 for k in axes)}",
                places.transpose(0, *axes),
            )
    for axis in range(1, given.ndim):
        if given.shape[axis] > 1:
            yield f"turned round along axis {axis - 1}", np.flip(places, axis)
    for axis in range(1, given.ndim):
        order = _order(given, numerical, bound, axis)
        if order is not None:
            text = f"with axis {axis - 1} in another order: "
            moved = [f"{k} has that of {place}" for k, place in enumerate(order) if k != place]
            yield text + ", ".join(moved[:4]) + (", ..." if len(moved) > 4 else ""), np.take(places, order, axis)


def _order(given: np.ndarray, numerical: np.ndarray, bound: np.ndarray, axis: int) -> list[int] | None:
    """Which slice of `numerical` each slice of `given` equals, if each equals one, and no two the same."""
    if given.shape[axis] > LONGEST:
        return None
    slices = [np.moveaxis(x, axis, 0) for x in (given, numerical, bound)]
    order: list[int] = []
    for k, row in enumerate(slices[0]):
        fits = [i for i, other in enumerate(slices[1]) if np.all(np.abs(row - other) <= slices[2][k] + slices[2][i])]
        if len(fits) != 1 or fits[0] in order:
            return None
        order.append(fits[0])
    return order


def of_another_shape(case: Case) -> list[str]:
    """Sentences on gradients that do not have the shape of their argument, but the right numbers in another form."""
    cotangent, gradients = case.given()
    found = []
    for slot, (p, given) in enumerate(zip(case.subject.positions, gradients, strict=True)):
        shape = case.subject.inputs[p].shape
        if given.shape == shape or given.size > 2**20:
            continue
        true = measured(case.subject, slot, cotangent)
        if true is None:
            continue
        for name, form, rounding in _forms(np.asarray(given, np.float64), shape):
            seen = true.seen(form)
            largest = explains(true.values, seen, np.zeros_like(seen), true.allowed(form) + rounding)  # zeros prove nothing
            if largest is not None:
                found.append(f"The gradient by argument {p} {name}: largest difference {magnitude(largest)} {true.figures}.")
                break
    return found


def _forms(given: np.ndarray, shape: tuple[int, ...]) -> Iterator[tuple[str, np.ndarray, float]]:
    """What the gradient may be, as arrays of the shape of the argument, and what rounding each has besides."""
    rounding = ROUNDING * float(np.finfo(given.dtype).eps) * np.abs(given).max(initial=0.0)
    for axes in permutations(range(given.ndim)) if given.ndim <= 4 else ():
        if axes != tuple(range(given.ndim)) and given.transpose(axes).shape == shape:
            yield "is the numerical one transposed", given.transpose(axes), 0.0
    for axes in _summed_axes(given.shape, shape):
        which = f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"
        lengths = int(np.prod([given.shape[k] for k in axes]))
        if lengths > 1:
            summed = given.sum(axes).reshape(shape)
            yield f"lacks the sum over {which}; with it, it is the numerical one", summed, rounding * lengths
    if given.size == np.prod(shape):
        yield f"has the right numbers in the shape {given.shape} in the place of {shape}", given.reshape(shape), 0.0


def _summed_axes(given: tuple[int, ...], shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Which axes of an array of shape `given` to sum over for one of `shape`: as a broadcast is undone, else any one."""
    lead = len(given) - len(shape)
    if lead >= 0 and all(n in (1, m) for m, n in zip(given[lead:], shape, strict=True)):
        yield (*range(lead), *(k + lead for k, n in enumerate(shape) if n == 1 and given[k + lead] != 1))
    for k in range(len(given)):
        if (*given[:k], *given[k + 1 :]) == shape:
            yield (k,)


def broadcast_sum(block: Block, factor: Factor | None) -> str | None:
    """A sentence, if the argument is broadcast and its gradient has something else in the place of the sum over the copies.

    The argument is broadcast before `f` is called: if the value of `f` stays what it is, so does the function; and the derivative
    by each copy is known.
    """
    if not isinstance(block.argument, int) or block.array.size > SMALL:
        return None
    case = block.case
    slot = case.subject.positions.index(block.argument)
    for shape in _broader(case, block.array.shape):
        other = _with_copies(case.subject, slot, shape)
        if other is None:
            continue
        lead = len(shape) - block.array.ndim
        axes = tuple(k for k in range(len(shape)) if k < lead or block.array.shape[k - lead] != shape[k])
        copies = int(np.prod([shape[k] for k in axes]))
        where = f"{'axis' if len(axes) == 1 else 'axes'} {', '.join(map(str, axes))} of length {copies}, along which argument "
        where += f"{block.argument} is broadcast to {shape}"
        if factor is not None:
            if factor.size != copies:
                continue
            return f"The gradient by argument {block.argument} is a mean in the place of the sum over {where}: {factor.figures}."
        sentence = _part_of_sum(block, other, slot, axes, where)
        if sentence:
            return sentence
    return None


def _part_of_sum(block: Block, other: Subject, slot: int, axes: tuple[int, ...], where: str) -> str | None:
    """A sentence, if the gradient is that by one of the copies, or the sum over another axis."""
    cotangent, gradients = (None, None) if block.case.candidate.tangents else block.case.given()
    if cotangent is None or gradients is None:
        return None
    case = block.case
    before = other.evaluations
    numbers = derivative(other, slot, np.asarray(cotangent.reshape(1, -1), np.float64))
    case.subject.evaluations += other.evaluations - before
    if numbers is None:
        return None
    values, bounds = numbers[0][0], numbers[1][0]
    shape = block.array.shape
    given = np.asarray(gradients[slot], np.float64)
    true = values.sum(axes).reshape(shape)
    error = bounds.sum(axes).reshape(shape)
    for index in np.ndindex(*(values.shape[k] for k in axes)):
        chosen: list[int | slice] = [slice(None)] * values.ndim
        for k, place in zip(axes, index, strict=True):
            chosen[k] = place
        part = values[tuple(chosen)].reshape(shape)
        largest = explains(part, given, true, error)
        if largest is not None:
            which = index[0] if len(index) == 1 else index
            return (
                f"The gradient by argument {block.argument} is that of one copy, number {which}, in the place of the sum over "
                f"{where}: largest difference {magnitude(largest)} over {counted(given.size)}."
            )
    for k in range(values.ndim):
        if (k,) != axes and values.sum(k).shape == shape:
            largest = explains(values.sum(k), given, true, bounds.sum(k) + error)
            if largest is not None:
                return (
                    f"The gradient by argument {block.argument} is summed over axis {k} in the place of {where}: "
                    f"largest difference {magnitude(largest)} over {counted(given.size)}."
                )
    return None


def _broader(case: Case, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes to which the argument may be broadcast inside of the function, small ones first."""
    arrays = [x for x in (*case.subject.inputs, case.subject.value) if isinstance(x, np.ndarray)]
    found = {x.shape for x in arrays}
    lengths = {n for x in arrays for n in x.shape if n > 1}
    found |= {(n, *shape) for n in lengths}
    if shape[:1] == (1,):
        found |= {(n, *shape[1:]) for n in lengths}
    fitting = []
    for wider in found:
        try:
            fits = wider != shape and np.broadcast_shapes(shape, wider) == wider
        except ValueError:
            fits = False
        if fits and np.prod(wider) <= SMALL:
            fitting.append(wider)
    return sorted(fitting, key=lambda wider: (np.prod(wider), wider))[:12]


def _with_copies(subject: Subject, slot: int, shape: tuple[int, ...]) -> Subject | None:
    """The function of the broadcast argument, if its value is the same."""
    if not subject.affords(ATTEMPT):
        return None
    inputs = list(subject.inputs)
    inputs[subject.positions[slot]] = np.broadcast_to(inputs[subject.positions[slot]], shape).copy()
    try:
        other = Subject(subject.f, inputs, subject.positions, subject.limit - subject.evaluations)
    except Exception:  # f does not take such an argument
        return None
    subject.evaluations += other.evaluations
    same = other.value.shape == subject.value.shape and np.allclose(other.value, subject.value, rtol=64 * other.eps, atol=0)
    return other if same else None
