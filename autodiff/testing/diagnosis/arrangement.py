"""Whether a gradient has the right numbers in the wrong places: transposed, not summed, in another shape, by another argument."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from autodiff.testing.diagnosis.claims import Claim, Equation, equal
from autodiff.testing.diagnosis.evidence import Point

__all__: list[str] = []

AXES = 4  # of arrays with more, orders of the axes are not tried


def another_form(point: Point) -> Iterator[Claim]:
    """The gradient, brought into another form, is the numerical one."""
    for pair in point.pairs.values():
        for text, form in _forms(pair.given, pair.array.shape):
            allowed = pair.allowed(form, pair.given * (pair.given.size / max(form.size, 1)))
            equation = Equation(pair.numerical, pair.seen(form), allowed, pair.apart)
            yield Claim(text, {pair.name: equation}, f"{pair.name} {text}")


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
    """Over which axes an array of shape `given` may be summed for one of `shape`, but for axes of length 1."""
    long = [k for k, n in enumerate(given) if n > 1]
    for rest in combinations(long, sum(n > 1 for n in shape)):
        if len(rest) < len(long) and [given[k] for k in rest] == [n for n in shape if n > 1]:
            yield tuple(k for k in long if k not in rest)


def exchanged(point: Point) -> Iterator[Claim]:
    """The gradients by two arguments are exchanged."""
    for a, b in permutations(point.pairs.values(), 2):
        yield equal(f"is the numerical one by {b.name}", [(a, point.right(b))], key=f"{a.name} for {b.name}")


def transposed_jacobian(point: Point) -> Iterator[Claim]:
    """Results and entries are exchanged, as when a matrix is not transposed."""
    for pair in point.pairs.values():
        units = [e.numerical for e in point.entries if e.argument == pair.name and isinstance(e.output, tuple) and e.output != ()]
        if len(units) == pair.array.size**2 == point.subject.value.size**2:
            jacobian = np.array(units).reshape(pair.array.size, -1)  # an entry a row, a result a column
            product = (point.cotangent.reshape(-1) @ jacobian).reshape(pair.array.shape)
            yield equal("is that of the Jacobian transposed, results and entries exchanged", [(pair, product)])
