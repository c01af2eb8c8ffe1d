"""Whether a wrong gradient lacks a term of the formula that was derived, or has it with the wrong sign, or twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.testing.diagnosis.evidence import Block, Case, Explanation, by_arguments, figures

__all__: list[str] = []

MULTIPLES = {  # what a term is to the difference between the numerical gradient and the given one
    1.0: ("is missing", "numerical - given equals it"),
    2.0: ("has the wrong sign", "numerical - given equals 2 times it"),
    -1.0: ("is counted twice", "given - numerical equals it"),
}


def mistaken_terms(case: Case, blocks: Sequence[Block], terms: Mapping[str, Callable[..., Any]]) -> list[Explanation]:
    """Sentences on the terms that make the difference."""
    known = {block: evidence for block in blocks if (evidence := block.evidence) is not None}
    found: list[Explanation] = []
    for name, term in terms.items():
        try:
            values = {block: _value(case, block, term) for block in known}
        except Exception as error:  # the report is worth more than the term
            found.append((f"The term {name!r} could not be evaluated: {type(error).__name__}: {error}", []))
            continue
        for multiple, (problem, relation) in MULTIPLES.items():
            differences = {block: known[block].repaired_by(known[block].given + multiple * values[block]) for block in known}
            fitting = {block: largest for block, largest in differences.items() if largest is not None}
            if fitting:
                which = by_arguments(fitting)
                where = f" in the gradient{which}" if which else ""
                found.append((f"The term {name!r} {problem}{where}: {relation} ({figures(fitting)}).", list(fitting)))
    return found


def _value(case: Case, block: Block, term: Callable[..., Any]) -> np.ndarray:
    value = case.gradient(case.candidate.like(term), block.slot)
    if value.shape != block.array.shape:
        raise ValueError(f"its shape is {value.shape}, that of {block.argument} {block.array.shape}")
    return value
