"""Whether a wrong gradient is the right one times a constant, and which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autodiff.testing.diagnosis.broadcasts import mean_of_copies
from autodiff.testing.diagnosis.evidence import DIGITS, Block, Explanation, by_arguments, counted
from autodiff.testing.subject import Subject

__all__: list[str] = []

PRECISE = 1e-3  # of a derivative: one with a larger bound says little about a factor
CLEAR = 0.1  # of the factor's distance from 1: an entry that leaves more open does not tell it from 1
DISTINCT = 3  # entries, no two of them equal, that it takes to call a factor constant that is not special


@dataclass(frozen=True)
class Factor:
    """What all of a block is off by: the number, what the gradient then is, in words, and the ratios of the precise entries."""

    value: float
    text: str
    ratios: np.ndarray

    @property
    def figures(self) -> str:
        """The evidence."""
        low, high = float(self.ratios.min()), float(self.ratios.max())
        between = f"ratio {low:.7g}" if f"{low:.7g}" == f"{high:.7g}" else f"ratios from {low:.9g} to {high:.9g}"
        return f"{between} at {counted(len(self.ratios))}"


def constant_factors(blocks: Sequence[Block]) -> list[Explanation]:
    """Sentences on constant factors, one for each factor."""
    groups: dict[str, dict[Block, Factor]] = {}
    for block in blocks:
        factor = factor_of(block)
        if factor is not None:
            groups.setdefault(factor.text, {})[block] = factor
    found: list[Explanation] = []
    for group in groups.values():
        block, factor = next(iter(group.items()))
        pooled = Factor(factor.value, factor.text, np.concatenate([factor.ratios for factor in group.values()]))
        where = mean_of_copies(block, factor.value) if len(group) == 1 else None
        if where is None:
            sentence = f"The gradient{by_arguments(group)} is {pooled.text}: {pooled.figures}."
        else:
            alternative = f"{pooled.text}, or " if factor.value == 1 / 2 else ""  # which has more causes than two copies
            mean = f"{alternative}a mean in the place of the sum over {where}"
            sentence = f"The gradient by {block.argument} is {mean}: {pooled.figures}."
        found.append((sentence, list(group)))
    return found


def factor_of(block: Block) -> Factor | None:
    """The factor, if there is one that no entry contradicts.

    It is found in single entries: the ratio along a direction is that of a sum, and may be anything.
    """
    given, numerical, bound = block.places.numbers
    precise = bound <= PRECISE * np.abs(numerical)  # which no unknown number is
    if not precise.any() or not np.isfinite(given[np.isfinite(bound)]).all():
        return None
    ratios = given[precise] / numerical[precise]
    slack = bound[precise] / np.abs(numerical[precise]) * (1 + np.abs(ratios)) + 4 * np.finfo(float).eps
    low, high = np.max(ratios - slack), np.min(ratios + slack)
    if low > high or low <= 1 <= high:
        return None
    rounded = np.round(numerical[precise] / np.abs(numerical[precise]).max(), 6)
    _, first = np.unique(rounded, return_index=True)  # equal numbers count once
    vagueness = slack[first] / min(1.0, abs(low + high - 2) / 2)  # how far an entry leaves open what the factor is
    digits = -np.log10(np.clip(vagueness, 1e-16, 1.0)).sum()
    special = {value: text for value, text in _common(block.case.subject).items() if low <= value <= high}
    if len(special) == 1 and digits >= DIGITS:
        ((value, text),) = special.items()
    elif np.count_nonzero(vagueness <= CLEAR) >= DISTINCT and digits >= 2 * DIGITS:
        value = float(low + high) / 2
        text = f"{value:.6g} times the numerical one"
    else:
        return None
    given, numerical, bound = block.numbers  # along directions as well
    contradicted = np.abs(given - value * numerical) > (1 + abs(value)) * bound
    return None if contradicted.any() else Factor(value, text, ratios)


def _common(subject: Subject) -> dict[float, str]:
    """The factors that are common mistakes, and what each makes of a gradient: 0, -1, 2, and the lengths and sizes of arrays."""
    sizes = _sizes(subject)
    found = {0.0: "zero, and the numerical one is not", -1.0: "-1 times the numerical one"}
    for n in (2, *sizes):
        source = f" ({n} is {'also ' if n == 2 else ''}{sizes[n]})" if n in sizes else ""
        for value, text in ((1 / n, f"1/{n}"), (float(n), f"{n}")):
            found.setdefault(value, f"{text} times the numerical one{source}")
            found.setdefault(-value, f"-{text} times the numerical one{source}")
    return found


def _sizes(subject: Subject) -> dict[int, str]:
    """The numbers above 1 that occur in the shapes, and where."""
    arrays = [(name, x) for name, x in zip(subject.names, subject.inputs, strict=True) if isinstance(x, np.ndarray)]
    arrays.append(("the result", subject.value))
    found: dict[int, str] = {}
    for name, array in arrays:
        for axis, length in enumerate(array.shape):
            found.setdefault(length, f"the length of axis {axis} of {name}")
    for name, array in arrays:
        found.setdefault(array.size, f"the size of {name}")
    return {n: where for n, where in found.items() if n > 1}
