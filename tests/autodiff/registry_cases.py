"""Every entry of the registry with every one of its samples, as inputs to compute with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from docs.entries import entries
from tests.samples import Call, calls_of


@dataclass(frozen=True)
class Case:
    """One sample of one entry."""

    entry: Any
    number: int
    call: Call

    @property
    def name(self) -> str:
        return f"{self.entry.name}-{self.number}"

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.call.params)

    def arrays(self, dtype: Any = float) -> list[np.ndarray]:
        """The operands, in memory of their own, with elements of type `dtype` where they are floats."""
        given = map(np.array, self.call.operands)
        return [x.astype(dtype) if x.dtype.kind == "f" else x for x in given]

    def of(self, function: Callable[..., Any], arrays: Any) -> Any:
        """What `function` gives for `arrays` and the parameters of this sample."""
        if function is getattr(np, "astype", None):  # whose parameter is positional-only
            return function(*arrays, *self.params.values())
        return function(list(arrays), **self.params) if self.entry.variadic else function(*arrays, **self.params)

    def operation(self, arrays: Any) -> Any:
        """What the public function gives."""
        return self.of(self.entry.call, arrays)

    def differentiable(self) -> list[int]:
        """The positions of the arrays that have a gradient."""
        arrays = self.arrays()
        return [i for i, x in enumerate(arrays) if x.dtype.kind == "f" and (self.entry.variadic or self.entry.rules[i] is not None)]

    def function(self) -> tuple[Callable[..., Any], list[np.ndarray]]:
        """The operation as a function of the differentiable arrays alone, and these arrays."""
        arrays, positions = self.arrays(), self.differentiable()

        def f(*inputs: Any) -> Any:
            replaced = dict(zip(positions, inputs, strict=True))
            return self.operation([replaced.get(i, x) for i, x in enumerate(arrays)])

        return f, [arrays[i] for i in positions]


def cases_of(entry: Any) -> list[Case]:
    return [Case(entry, number, call) for number, call in enumerate(calls_of(entry))]


ENTRIES = entries()
CASES = [case for entry in ENTRIES for case in cases_of(entry)]

each_entry = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in ENTRIES])
QUICK = 2  # samples of each operation in the quick tests
each_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name, marks=[pytest.mark.long] if case.number >= QUICK else []) for case in CASES]
)
