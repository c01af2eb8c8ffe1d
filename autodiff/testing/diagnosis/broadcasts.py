"""Whether a wrong gradient by an argument that is broadcast has something else in the place of the sum over the copies.

The argument is broadcast before `f` is called: if the value of `f` stays what it is, so does the function; and the derivative by
each copy is known.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autodiff.testing.diagnosis.evidence import ROUNDING, Block, derivative, elsewhere, figures, largest_of
from autodiff.testing.subject import Subject

__all__: list[str] = []

LARGEST = 2**16  # entries of a shape to broadcast to
SHAPES = 12  # of them are tried


def mean_of_copies(block: Block, factor: float) -> str | None:
    """Over which axes the argument is broadcast, if the factor is 1 / n for n copies."""
    for _, _, copies, where in _broadcasts(block):
        if factor == 1 / copies:
            return where
    return None


def one_copy(block: Block) -> str | None:
    """A sentence, if the gradient is that by one of the copies."""
    evidence = block.evidence
    for broadcast, axes, _, where in _broadcasts(block):
        found = derivative(broadcast, block.slot, block.case.cotangent)
        if found is None or evidence is None:
            continue
        shape = broadcast.inputs[broadcast.positions[block.slot]].shape
        by_copy, bounds = (np.moveaxis(numbers.reshape(shape), axes, range(len(axes))) for numbers in found)
        for copy in np.ndindex(by_copy.shape[: len(axes)]):
            allowed = bounds[copy].reshape(-1) + evidence.rounding(ROUNDING, largest_of(by_copy))
            largest = evidence.equals(by_copy[copy].reshape(-1), allowed)
            if largest is not None:
                which = f"number {copy[0] if len(copy) == 1 else copy}, in the place of the sum over {where}"
                return f"The gradient by {block.argument} is that of one copy, {which}: {figures({block: largest})}."
    return None


def _broadcasts(block: Block) -> Iterator[tuple[Subject, tuple[int, ...], int, str]]:
    """The function of the argument broadcast in the ways in which it may do that itself; along which axes, to how many copies.

    The value is the same then; and it is not for one copy more, as that of a mean, which takes any number of copies.
    """
    for shape in _broader(block):
        lead = len(shape) - block.array.ndim
        axes = tuple(k for k, n in enumerate(shape) if k < lead or block.array.shape[k - lead] != n)
        copies = int(np.prod([shape[k] for k in axes]))
        broadcast = _broadcast(block, shape)
        if broadcast is not None and _broadcast(block, tuple(n + (k == axes[0]) for k, n in enumerate(shape))) is None:
            where = f"{'axis' if len(axes) == 1 else 'axes'} {', '.join(map(str, axes))} of length {copies}"
            yield broadcast, axes, copies, f"{where}, along which {block.argument} is broadcast to {shape}"


def _broadcast(block: Block, shape: tuple[int, ...]) -> Subject | None:
    """The function of the broadcast argument, if its value is the same."""
    subject = block.case.subject
    other = elsewhere(subject, block.slot, np.broadcast_to(block.array, shape))
    if other is None or other.value.shape != subject.value.shape:
        return None
    return other if np.allclose(other.value, subject.value, rtol=64 * other.eps, atol=0) else None


def _broader(block: Block) -> list[tuple[int, ...]]:
    """The shapes to which the argument may be broadcast inside of the function, small ones first."""
    subject, shape = block.case.subject, block.array.shape
    arrays = [x for x in (*subject.inputs, subject.value) if isinstance(x, np.ndarray)]
    lengths = {n for x in arrays for n in x.shape if n > 1}
    found = {x.shape for x in arrays} | {(n, *shape) for n in lengths}
    if shape[:1] == (1,):
        found |= {(n, *shape[1:]) for n in lengths}
    fitting = [wider for wider in found if wider != shape and np.prod(wider) <= LARGEST and _fits(shape, wider)]
    return sorted(fitting, key=lambda wider: (np.prod(wider), wider))[:SHAPES]


def _fits(shape: tuple[int, ...], wider: tuple[int, ...]) -> bool:
    """Whether an array of the first shape can be broadcast to the second."""
    return len(shape) <= len(wider) and all(n in (1, m) for n, m in zip(shape[::-1], wider[::-1], strict=False))
