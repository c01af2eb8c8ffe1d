"""Every entry of the registry with every one of its examples, as inputs to compute with."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autodiff.primitive import registry


def _is_shape(argument: Any) -> bool:
    return isinstance(argument, tuple) and all(isinstance(n, int) for n in argument)


@dataclass(frozen=True)
class Case:
    """One example of one entry."""

    entry: Any
    number: int

    @property
    def name(self) -> str:
        return f"{self.entry.name}-{self.number}"

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.entry.examples[self.number].params)

    def arrays(self, dtype: Any = float) -> list[np.ndarray]:
        """Random inputs, the same ones in each run; the arrays of a variadic entry one by one."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        given = self.entry.examples[self.number].arguments
        given, domain = (given[0], self.entry.domain * len(given[0])) if self.entry.variadic else (given, self.entry.domain)
        return [
            domain[i].sample(rng, argument).astype(dtype) if _is_shape(argument) else np.array(argument)
            for i, argument in enumerate(given)
        ]

    def of(self, function: Callable[..., Any], arrays: Any) -> Any:
        """What `function` gives for `arrays` and the parameters of this example."""
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


ENTRIES = list(registry.values())
CASES = [Case(entry, number) for entry in ENTRIES for number in range(len(entry.examples))]

each_entry = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in ENTRIES])
each_case = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])


def cases_of(entry: Any) -> list[Case]:
    return [case for case in CASES if case.entry is entry]
