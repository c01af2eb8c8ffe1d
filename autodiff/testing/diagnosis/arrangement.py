"""Whether a wrong gradient has the right numbers in another form: transposed, without the sum over an axis, in another shape."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from autodiff.testing.diagnosis.evidence import Block, counted, explains, figures, magnitude

__all__: list[str] = []

AXES = 4  # of arrays with more, orders of the axes are not tried


def in_another_form(block: Block) -> str | None:
    """A sentence, if the gradient, brought into another form, is the numerical one."""
    evidence = block.evidence
    if evidence is None:
        return None
    for text, form in _forms(evidence.given, block.array.shape):
        largest = evidence.repaired_by(form)
        if largest is not None:
            return f"The gradient by {block.argument} {text}: {figures({block: largest})}."
    return None


def _forms(given: np.ndarray, shape: tuple[int, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """What the gradient may be, and what it is to be made for an array of the shape of the argument."""
    for axes in permutations(range(given.ndim)) if 1 < given.ndim <= AXES else ():
        form = given.transpose(np.argsort(axes))
        if axes != tuple(range(given.ndim)) and form.shape == shape:
            yield f"is the numerical one {'transposed' if given.ndim == 2 else f'with its axes in the order {axes}'}", form
    if given.shape == shape:
        return
    for axes in _summed_axes(given.shape, shape):
        which = f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"
        yield f"lacks the sum over {which}; with it, it is the numerical one", given.sum(axes).reshape(shape)
    if given.size == np.prod(shape):
        yield f"has the right numbers in the shape {given.shape} in the place of {shape}", given.reshape(shape)


def _summed_axes(given: tuple[int, ...], shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Over which axes an array of shape `given` may be summed for one of `shape`: as a broadcast is undone, else any one."""
    lead = len(given) - len(shape)
    if lead >= 0 and all(n in (1, m) for m, n in zip(given[lead:], shape, strict=True)):
        axes = (*range(lead), *(k + lead for k, n in enumerate(shape) if n != given[k + lead]))
        if any(given[k] > 1 for k in axes):
            yield axes
    for k, length in enumerate(given):
        if length > 1 and (*given[:k], *given[k + 1 :]) == shape:
            yield (k,)


def transposed_jacobian(block: Block) -> str | None:
    """A sentence, if results and entries are exchanged, as when a matrix is not transposed."""
    size = block.array.size
    units = [entry for entry in block.places.entries if isinstance(entry.output, tuple)]
    if size < 2 or len({entry.output for entry in units}) != size or len(units) != size**2:
        return None
    given, numerical, bound = Block(block.case, block.argument, units).numbers.reshape(3, size, size)
    largest = explains(numerical.T, given, numerical, bound + bound.T)
    if largest is None:
        return None
    difference = f"largest difference {magnitude(largest)} over {counted(size**2)}"
    return f"The Jacobian by {block.argument} is the numerical one transposed, results and entries exchanged: {difference}."
