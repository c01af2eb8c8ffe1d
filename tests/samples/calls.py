"""Calls of operations: what one is, and how the samples of an operation are declared."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff.composites import Composite
from autodiff.registry import Primitive
from tests.samples.arrays import Arrays, within


@dataclass(frozen=True)
class Call:
    """One call of an operation: its arrays (those of a sequence of arrays one by one), and its parameters."""

    operands: tuple[Any, ...]
    params: Mapping[str, Any] = field(default_factory=dict)


Samples = Callable[[np.random.Generator], Iterator[Call]]
SAMPLES: dict[str, Samples] = {}


def call(*operands: Any, **params: Any) -> Call:
    """The call of an operation with these operands and parameters, written as the call itself is."""
    return Call(operands, params)


def samples_of(*names: str) -> Callable[[Samples], Samples]:
    """Declare a function of a random generator that yields calls as the samples of the operations `names`."""

    def declare(samples: Samples) -> Samples:
        for name in names:
            if name in SAMPLES:
                raise ValueError(f"samples_of: there are samples of {name!r} already, in {SAMPLES[name].__module__}.")
            SAMPLES[name] = samples
        return samples

    return declare


SAME = [(2, 3), (), (0,)]
MIXED = [((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((1,), (0,))]


def elementwise(rng: np.random.Generator, *operands: Arrays, **params: Any) -> Iterator[Call]:
    """Calls of an elementwise operation, with one source of arrays for each operand: several ranks, no elements, broadcasting."""
    for shape in SAME:
        yield call(*[arrays(rng, shape) for arrays in operands], **params)
    for shapes in MIXED if len(operands) > 1 else ():
        yield call(*[arrays(rng, shapes[i % 2]) for i, arrays in enumerate(operands)], **params)


def calls_of(entry: Primitive | Composite) -> list[Call]:
    """The sample calls of an operation, or of a function made of operations: the same ones in each run.

    They are those declared; those of an elementwise operation are made up.

    There are none of an operation that has no samples and whose calls cannot be made up: one that is not elementwise, or that
    has an operand of which no derivative exists, or a parameter without a default.
    """
    rng = np.random.default_rng(zlib.crc32(entry.name.encode()))
    if entry.name in SAMPLES:
        return list(SAMPLES[entry.name](rng))
    if isinstance(entry, Composite) or not entry.elementwise:
        return []
    complete = set(entry.params) <= set(entry.defaults) and set(entry.arguments) == set(entry.formulas)
    return list(elementwise(rng, *[within(interval) for interval in entry.domain])) if complete else []
