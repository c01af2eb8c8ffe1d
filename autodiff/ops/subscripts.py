"""The subscripts of `einsum`, in both forms that NumPy takes: which axes of the operands are one, and which the result has."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

__all__: list[str] = []

# A label names an axis: a letter, or a number from 0 on; -1, -2, ... for the axes that an ellipsis stands for, from the last on.
# A term has the labels of the axes of one array, and `Ellipsis` for those that it does not name.
Labels = tuple[Any, ...]

_NUMBERS = 52  # as many as there are letters
_TERM = re.compile(r"([A-Za-z]*)(\.\.\.)?([A-Za-z]*)")


def separated(first: Any, rest: Sequence[Any]) -> tuple[Sequence[Any], Any]:
    """The operands of `einsum(first, *rest)`, and its subscripts: a text, or the terms of the operands and of the result."""
    if isinstance(first, str):
        return rest, first
    given = [first, *rest]
    count = len(given) // 2
    terms = tuple(_from_list(labels) for labels in given[1::2])
    return given[: 2 * count : 2], (terms, _from_list(given[-1]) if len(given) % 2 else None)


def parsed(subscripts: Any, count: int) -> tuple[Sequence[Labels], Labels | None]:
    """The terms of `count` operands, and that of the result, if one is given."""
    if isinstance(subscripts, str):
        inputs, arrow, output = "".join(subscripts.split()).partition("->")
        terms: Sequence[Labels] = [_from_text(term, subscripts) for term in inputs.split(",")]
        result = _from_text(output, subscripts) if arrow else None
    else:
        terms, result = subscripts
    if len(terms) != count or not count:
        raise ValueError(
            f"einsum: {count} arrays are given, and subscripts of {len(terms)}, {_written(terms)}; "
            "wanted a term for each array, as in einsum('ij,jk->ik', a, b)."
        )
    return terms, result


def _from_text(term: str, text: str) -> Labels:
    found = _TERM.fullmatch(term)
    if found is None:
        raise ValueError(
            f"einsum: the subscripts are {text!r}, and {term!r} among them is no term; "
            "wanted letters, with at most one '...' among them, as in 'ij,jk->ik'."
        )
    return (*found[1], *((...,) if found[2] else ()), *found[3])


def _from_list(labels: Any) -> Labels:
    try:
        term = tuple(label if label is ... else operator.index(label) for label in labels)
    except TypeError:
        given = repr(labels) if isinstance(labels, (str, list, tuple)) else type(labels).__name__
        raise TypeError(
            f"einsum: the subscripts of an array are {given}; wanted a list of integers, as in "
            "einsum(a, [0, 1], b, [1, 2], [0, 2]), or first of all a text, as in einsum('ij,jk->ik', a, b)."
        ) from None
    if term.count(...) > 1 or not all(label is ... or 0 <= label < _NUMBERS for label in term):
        raise ValueError(
            f"einsum: the subscripts of an array are {labels!r}; wanted integers from 0 to {_NUMBERS - 1}, and one '...'."
        )
    return term


def _written(terms: Sequence[Labels]) -> str:
    """Terms as they are written in a text."""
    return repr(",".join("".join("..." if label is ... else str(label) for label in term) for term in terms))


def resolved(terms: Sequence[Labels], output: Labels | None, shapes: Sequence[tuple[int, ...]]) -> tuple[list[Labels], Labels]:
    """The labels of all axes of the operands and of the result: those of an ellipsis, too, and of a result that is not given."""
    inputs = [_filled(term, shape, k) for k, (term, shape) in enumerate(zip(terms, shapes, strict=True))]
    unnamed = tuple(sorted({label for term in inputs for label in term if isinstance(label, int) and label < 0}))
    if output is None:
        counts = Counter(label for term in terms for label in term if label is not ...)
        return inputs, (*unnamed, *sorted(label for label, count in counts.items() if count == 1))
    result = tuple(label for named in output for label in (unnamed if named is ... else (named,)))
    if unnamed and ... not in output:
        problem = f"lacks the {len(unnamed)} axes of '...'; wanted '...' there, or sum over them afterwards"
    elif len(set(result)) < len(result):
        problem = "names an axis twice; wanted each once"
    elif unknown := set(result).difference(*inputs):
        problem = f"names {', '.join(map(repr, sorted(unknown)))}, which no array has; wanted labels of {_written(terms)}"
    else:
        return inputs, result
    raise ValueError(f"einsum: the result {_written([output])} {problem}.")


def _filled(term: Labels, shape: tuple[int, ...], k: int) -> Labels:
    """`term` with the labels -n, ..., -1 in the place of an ellipsis that stands for n axes."""
    left = len(shape) - len(term) + term.count(...)
    if left < 0 or (left and ... not in term):
        raise ValueError(
            f"einsum: array {k} has shape {shape}, but its term {_written([term])} names {len(term) - term.count(...)} axes; "
            "wanted a label for each, or '...' for those that are left."
        )
    return tuple(label for named in term for label in (range(-left, 0) if named is ... else (named,)))


def lengths(terms: Sequence[Labels], shapes: Sequence[tuple[int, ...]]) -> dict[Any, int]:
    """How long the axes are that have each label; those of length 1 that are broadcast do not count."""
    found: dict[Any, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for label, n in zip(term, shape, strict=True):
            own = shape[term.index(label)]
            if n != own or (n != 1 and found.setdefault(label, n) != n):
                name = f"axis {label} of '...'" if isinstance(label, int) and label < 0 else repr(label)
                raise ValueError(
                    f"einsum: {name} is of length {own if n != own else found[label]} and of length {n} in arrays of the shapes "
                    f"{', '.join(map(str, shapes))}; wanted one length, or 1, which is broadcast."
                )
    return found
