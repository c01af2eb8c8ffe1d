"""Where a gradient is wrong: exactly where its argument is negative, zero, tied, above a threshold, or in one row."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

import numpy as np

from autodiff.testing.diagnosis.evidence import Block, counted
from autodiff.testing.diagnosis.factors import factor_of

__all__: list[str] = []

TELLING = 5  # special points (zeros, ties) are where mistakes are made: little else is needed to believe in one
UNLIKELY = 30  # as many equally large sets of entries there must be for each pattern that is tried
THRESHOLDS = 1000  # and for thresholds, since some threshold fits any two groups that one number separates
GROUP = 3  # entries on either side of a threshold, at least

Index = tuple[int, ...]


def wrong_where(block: Block) -> str | None:
    """A sentence, if the gradient is wrong exactly at the entries of a simple description, and right at the others.

    The description must fit all entries that were compared, and be improbable for as many wrong entries at random.
    """
    wrong, right = _sides(block)
    if not wrong or not right:
        return None
    total = comb(len(wrong) + len(right), len(wrong))
    fitting = []
    for text, holds, tried in _descriptions(block):
        matches = all(holds[i] for i in wrong) and not any(holds[i] for i in right)
        if matches and total >= tried and (len(wrong) > 1 or tried == TELLING) and (len(right) > 1 or tried == TELLING):
            fitting.append(text)
    if not fitting:
        threshold = _threshold(block, wrong, right) if total >= THRESHOLDS and min(len(wrong), len(right)) >= GROUP else None
        if threshold is None:
            return None
        fitting = [threshold]
    also = f", which is also where {fitting[1]}" if len(fitting) > 1 else ""
    sentence = (
        f"The gradient by argument {block.argument} is wrong exactly at the {counted(len(wrong))} where {fitting[0]}{also}"
        f", and right at the {len(right)} other{'' if len(right) == 1 else 's'}"
    )
    return f"{sentence}{_factor_there(block, set(wrong))}."


def wrong_result(block: Block) -> str | None:
    """A sentence, if the derivatives of one result alone are wrong, at several entries."""
    results = [output for output in block.outputs if isinstance(output, tuple) and output != ()]
    wrong = [output for output in results if block.part(output).wrong]
    right = [output for output in results if all(entry.verdict == "right" for entry in block.part(output).entries)]
    if len(wrong) != 1 or len(right) < 2 or len(right) + 1 < len(results):
        return None
    count = sum(entry.verdict == "wrong" for entry in block.part(wrong[0]).entries)
    others = f"right for the {len(right)} others"
    which = f"result {wrong[0]} only"
    return (
        f"The gradient by argument {block.argument} is wrong for {which}, at {count} entries, and {others}." if count > 1 else None
    )


def _sides(block: Block) -> tuple[list[Index], list[Index]]:
    """The indices where anything is wrong, and those where all is right."""
    verdicts: dict[Index, set[str]] = {}
    for entry in block.entries:
        if isinstance(entry.index, tuple):
            verdicts.setdefault(entry.index, set()).add(entry.verdict)
    return [i for i, found in verdicts.items() if "wrong" in found], [i for i, found in verdicts.items() if found == {"right"}]


def _descriptions(block: Block) -> Iterator[tuple[str, np.ndarray, int]]:
    """Descriptions of entries, which entries they hold for, and how many sets of entries there must be to choose from."""
    x, name = block.array, f"argument {block.argument}"
    yield f"{name} is zero", x == 0, TELLING
    _, inverse, count = np.unique(x, return_inverse=True, return_counts=True)
    yield f"{name} has ties (entries that are equal)", (count > 1)[inverse].reshape(x.shape), TELLING
    for i, other in enumerate(block.case.subject.inputs):
        if i != block.argument and isinstance(other, np.ndarray) and other.dtype.kind in "biuf":
            fits = other.ndim <= x.ndim and all(n in (1, m) for n, m in zip(other.shape[::-1], x.shape[::-1], strict=False))
            if fits:
                yield f"{name} equals argument {i}", x == other, TELLING
    yield f"{name} is negative", x < 0, UNLIKELY
    yield f"{name} is positive", x > 0, UNLIKELY
    places = np.indices(x.shape)
    if x.ndim == 2 and min(x.shape) > 1:
        yield "the row and the column have the same number (the diagonal)", places[0] == places[1], UNLIKELY
        yield "the row and the column have different numbers (off the diagonal)", places[0] != places[1], UNLIKELY
    for axis in range(x.ndim if x.ndim > 1 else 0):
        word = {0: "row", 1: "column"}.get(axis, "") if x.ndim == 2 else ""
        last = x.shape[axis] - 1
        for k in range(last + 1) if last else ():
            text = f"the {word} is {k}" if word else f"the index of axis {axis} is {k}"
            yield f"{text}{', the last' if k == last else ''}", places[axis] == k, UNLIKELY * (last + 1)


def _threshold(block: Block, wrong: list[Index], right: list[Index]) -> str | None:
    """The description by a threshold, if one separates the wrong entries from the right ones."""
    for name, x in (
        (f"argument {block.argument}", block.array),
        (f"|argument {block.argument}|", np.abs(block.array)),
    ):
        of_wrong, of_right = [float(x[i]) for i in wrong], [float(x[i]) for i in right]
        if min(of_wrong) > max(of_right):
            return f"{name} is large (wrong from {min(of_wrong):.4g} on, right up to {max(of_right):.4g})"
        if max(of_wrong) < min(of_right):
            return f"{name} is small (wrong up to {max(of_wrong):.4g}, right from {min(of_right):.4g} on)"
    return None


def _factor_there(block: Block, wrong: set[Index]) -> str:
    """What the gradient is off by at the wrong entries, if that is a constant factor."""
    there = Block(block.case, block.argument, tuple(e for e in block.entries if e.index in wrong and isinstance(e.output, tuple)))
    factor = factor_of(there)
    return f"; there it is {factor.text} ({factor.figures})" if factor is not None else ""
