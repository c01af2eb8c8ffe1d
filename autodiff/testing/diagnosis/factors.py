"""Whether a wrong gradient is the right one times a constant, and which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autodiff.testing.diagnosis.evidence import DIGITS, Block, counted, listed
from autodiff.testing.subject import Subject

__all__: list[str] = []

PRECISE = 1e-3  # of a derivative: one with a larger bound says little about a factor
CLEAR = 0.1  # of the factor's distance from 1: an entry that leaves more open does not tell it from 1
DISTINCT = 3  # entries, no two of them equal, that it takes to call a factor constant that is not special
SIGNS = ((1, ""), (-1, "-"))
Special = tuple[float, str, str]  # the factor, how it is written, and where a number in it comes from


@dataclass(frozen=True)
class Factor:
    """What all of a block is off by.

    Attributes:
        value: the factor.
        text: how it is written, and where a number in it comes from.
        ratios: of the entries whose numerical derivative is precise enough.
        size: n, if the factor is 1/n for a length n that is found in the shapes.
    """

    value: float
    text: str
    ratios: np.ndarray
    size: int = 0

    @property
    def figures(self) -> str:
        """The evidence."""
        low, high = float(self.ratios.min()), float(self.ratios.max())
        between = f"ratio {low:.7g}" if f"{low:.7g}" == f"{high:.7g}" else f"ratios from {low:.9g} to {high:.9g}"
        return f"{between} at {counted(len(self.ratios))}"


def factor_of(block: Block) -> Factor | None:
    """The factor, if there is one that no entry contradicts."""
    known = np.isfinite(block.numerical) & np.isfinite(block.bound)
    given, numerical, bound = block.given[known], block.numerical[known], block.bound[known]
    precise = bound <= PRECISE * np.abs(numerical)
    if not precise.any() or not np.isfinite(given).all():
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
    found = [(value, text, source) for value, text, source in _special(block.case.subject) if low <= value <= high]
    if len({value for value, _, _ in found}) == 1 and digits >= DIGITS:
        value, text, source = _chosen(found)
    elif np.count_nonzero(vagueness <= CLEAR) >= DISTINCT and digits >= 2 * DIGITS:
        value, text, source = float(low + high) / 2, f"{(low + high) / 2:.6g}", ""
    else:
        return None
    if not np.all(np.abs(given - value * numerical) <= (1 + abs(value)) * bound):
        return None
    if value == 0:
        return Factor(value, "zero, and the numerical one is not", ratios)
    return Factor(value, f"{text} times the numerical one{source}", ratios, round(1 / value) if text.startswith("1/") else 0)


def factors_by_result(block: Block) -> list[str]:
    """Sentences on the results whose derivatives are wrong, if each of those is off by a constant factor of its own."""
    parts = [block.part(output) for output in block.outputs if isinstance(output, tuple) and output != ()]
    wrong = [part for part in parts if part.wrong]
    found = [factor_of(part) for part in wrong]
    if len(parts) < 2 or not wrong or any(factor is None for factor in found):
        return []
    factors = [factor for factor in found if factor is not None]
    names = [str(part.outputs[0]) for part in wrong]
    if len({factor.text for factor in factors}) == 1:
        pooled = Factor(factors[0].value, factors[0].text, np.concatenate([factor.ratios for factor in factors]))
        which = f"the {'result' if len(names) == 1 else 'results'} {listed(names)}"
        right = len(parts) - len(wrong)
        rest = f"; {counted(right, 'other result is', 'other results are')} right" if right else ""
        return [f"The gradient of {which} by argument {block.argument} is {pooled.text}: {pooled.figures}{rest}."]
    each = ", ".join(f"{factor.value:.6g} for {name}" for factor, name in list(zip(factors, names, strict=True))[:4])
    more = ", ..." if len(names) > 4 else ""
    return [
        f"The gradient by argument {block.argument} is off by another constant factor for each result: {each}{more}, "
        f"each the same at all its entries, {counted(sum(len(factor.ratios) for factor in factors))} together."
    ]


def factor_sentence(factor: Factor, blocks: Sequence[Block], all_of_them: bool) -> str:
    """What the gradient by the arguments of the blocks, which are off by the same factor, is."""
    names = [str(block.argument) for block in blocks]
    which = "" if all_of_them else f" by {'argument' if len(names) == 1 else 'arguments'} {listed(names)}"
    return f"The gradient{which} is {factor.text}: {factor.figures}."


def _sizes(subject: Subject) -> dict[int, str]:
    """The numbers above 1 that occur in the shapes, and where."""
    arrays = [(f"argument {i}", x) for i, x in enumerate(subject.inputs) if isinstance(x, np.ndarray)]
    arrays.append(("the result", subject.value))
    found: dict[int, str] = {}
    for name, array in arrays:
        for axis, length in enumerate(array.shape):
            found.setdefault(length, f"the length of axis {axis} of {name}")
    for name, array in arrays:
        found.setdefault(array.size, f"the size of {name}")
    return {n: where for n, where in found.items() if n > 1}


def _special(subject: Subject) -> list[Special]:
    """The factors that are common mistakes."""
    sizes = _sizes(subject)
    two = f" (2 is also {sizes[2]})" if 2 in sizes else ""
    found: list[Special] = [(0.0, "0", ""), (-1.0, "-1", "")]
    found += [(sign * value, f"{mark}{text}", two) for sign, mark in SIGNS for value, text in ((0.5, "1/2"), (2.0, "2"))]
    for n, where in sizes.items():
        source = f" ({n} is {where})"
        found += [
            (sign * value, f"{mark}{text}", source) for sign, mark in SIGNS for value, text in ((1 / n, f"1/{n}"), (n, f"{n}"))
        ]
    for n, where in sizes.items():
        found += [(n / 2, f"{n}/2", f" ({n} is {where})"), (2 / n, f"2/{n}", f" ({n} is {where})")]
    return found


def _chosen(found: list[Special]) -> Special:
    """The first of several names of one factor, which mentions the last: 3 may be the length of an axis, or half of the size."""
    (value, text, source), (_, other, its_source) = found[0], found[-1]
    if "/2" in other and other != text and text not in ("1/2", "2"):
        source += f"; or {other}{its_source}"
    return value, text, source
