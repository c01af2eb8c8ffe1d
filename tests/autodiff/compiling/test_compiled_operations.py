"""Each operation, and its gradient, is compiled: the same as without, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_eager import assert_same, compile, refused
from registry_cases import CASES, Case, cotangent

import autodiff as ad

each = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.entry.name != "roots"])


def others(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Other values of the same shapes, types and domains."""
    return [np.asarray(np.flip(x).copy(order="K") * x.dtype.type(0.75 if x.dtype.kind == "f" else 1)) for x in arrays]


@each
def test_values(case: Case) -> None:
    compiled = compile(lambda arrays: case.results(case.entry.call, arrays))
    for arrays in (case.arrays(), others(case.arrays()), case.arrays()):
        actual, expected = compiled(arrays), case.results(case.entry.call, arrays)
        assert_same(actual, expected, case.name)
    assert compiled.captures == 1


@each
def test_gradients(case: Case) -> None:
    if not case.differentiable():
        return
    f, arrays = case.function()

    def weighted(*inputs: Any) -> Any:
        y = f(*inputs)
        return (y * cotangent(y)).sum()

    gradient = ad.grad(weighted, argnums=tuple(range(len(arrays))))
    compiled = compile(gradient)
    for inputs in (arrays, [0.75 * x for x in arrays], arrays):
        assert_same(compiled(*inputs), gradient(*inputs), case.name)
    assert compiled.captures <= 2  # a table that an operation makes when it is first used may be seen


@pytest.mark.long
@each
def test_the_back_end_computes_the_same_within_rounding(case: Case) -> None:
    compiled = ad.compile(lambda arrays: case.results(case.entry.call, arrays))
    for arrays in (case.arrays(), others(case.arrays())):
        compiled(arrays)  # the second call is checked
    if case.differentiable():
        f, inputs = case.function()
        gradient = ad.compile(ad.grad(lambda *inputs: f(*inputs).sum(), argnums=tuple(range(len(inputs)))))
        for _ in range(2):
            gradient(*inputs)


def test_how_many_roots_there_are_depends_on_values() -> None:
    refused(np.roots, np.array([1.0, -3.0, 2.0]), match="values decide which shape the result of roots has")
