"""Where a gradient is wrong: exactly where its argument is negative, zero or tied, or in one row."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

import numpy as np

from autodiff.testing.diagnosis.evidence import Block, counted
from autodiff.testing.diagnosis.factors import factor_of

__all__: list[str] = []

TELLING = 5  # special points (zeros, ties) are where mistakes are made: little else is needed to believe in one
UNLIKELY = 30  # as many equally large sets of entries there must be for each pattern that is tried

Index = tuple[int, ...]


def wrong_where(block: Block) -> str | None:
    """A sentence, if the gradient is wrong exactly at the entries of a simple description, and right at the others.

    The description must fit all entries that were compared, and be improbable for as many wrong entries at random.
    """
    wrong, right = _sides(block)
    if not wrong or not right:
        return None
    sets, fewest = comb(len(wrong) + len(right), len(wrong)), min(len(wrong), len(right))
    fitting = [
        text
        for text, holds, needed in _descriptions(block)
        if sets >= needed and (fewest > 1 or needed == TELLING)
        if all(holds[i] for i in wrong) and not any(holds[i] for i in right)
    ]
    if not fitting:
        return None
    where = fitting[0] + (f", which is also where {fitting[1]}" if len(fitting) > 1 else "")
    others = f"right at the {len(right)} other{'' if len(right) == 1 else 's'}"
    there = factor_of(Block(block.case, block.argument, [entry for entry in block.entries if entry.index in wrong]))
    factor = "" if there is None else f"; there it is {there.text} ({there.figures})"
    sentence = f"The gradient by {block.argument} is wrong exactly at the {counted(len(wrong))} where {where}"
    return f"{sentence}, and {others}{factor}."


def _sides(block: Block) -> tuple[list[Index], list[Index]]:
    """The indices where anything is wrong, and those where all is right."""
    verdicts: dict[Index, set[str]] = {}
    for entry in block.entries:
        if isinstance(entry.index, tuple):
            verdicts.setdefault(entry.index, set()).add(entry.verdict)
    return [i for i, found in verdicts.items() if "wrong" in found], [i for i, found in verdicts.items() if found == {"right"}]


def _descriptions(block: Block) -> Iterator[tuple[str, np.ndarray, int]]:
    """Descriptions of entries, which entries they hold for, and how many sets of entries there must be to choose from."""
    x, name = block.array, block.argument
    yield f"{name} is zero", x == 0, TELLING
    _, inverse, count = np.unique(x, return_inverse=True, return_counts=True)
    yield f"{name} has ties (entries that are equal)", (count > 1)[inverse].reshape(x.shape), TELLING
    for other_name, other in zip(block.case.subject.names, block.case.subject.inputs, strict=True):
        if other_name != name and isinstance(other, np.ndarray) and other.dtype.kind in "biuf" and other.shape == x.shape:
            yield f"{name} equals {other_name}", x == other, TELLING
    yield f"{name} is negative", x < 0, UNLIKELY
    yield f"{name} is positive", x > 0, UNLIKELY
    for axis, length in enumerate(x.shape if x.ndim > 1 else ()):
        which = f"the {('row', 'column')[axis]}" if x.ndim == 2 else f"the index of axis {axis}"
        for k in range(length if length > 1 else 0):
            last = ", the last" if k == length - 1 else ""
            yield f"{which} is {k}{last}", np.indices(x.shape)[axis] == k, UNLIKELY * length
