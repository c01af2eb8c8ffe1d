"""Every function that is made of operations: its value, its gradient, and what it promises about types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from registry_cases import LAYOUTS

import autodiff as ad
from autodiff.composites import Composite
from autodiff.testing import assert_gradient
from docs.entries import functions
from tests.samples import SAMPLES, Call, calls_of


@dataclass(frozen=True)
class Case:
    """One sample of one function."""

    function: Composite
    number: int
    call: Call

    def of(self, function: Callable[..., Any], convert: Callable[[np.ndarray], Any]) -> list[Any]:
        """The results of `function`, of which there may be several, with what `convert` makes of the floating-point operands."""
        return _flat(function(*[_each(x, convert) for x in self.call.operands], **self.call.params))


def _flat(results: Any) -> list[Any]:
    """The results, also those in sequences, one by one."""
    return [y for part in results for y in _flat(part)] if isinstance(results, (tuple, list)) else [results]


def _each(x: Any, convert: Callable[[np.ndarray], Any]) -> Any:
    """`x` with every array of floats in it converted."""
    if isinstance(x, (list, tuple)):
        return type(x)(_each(part, convert) for part in x)
    return convert(x) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def leaf(x: np.ndarray) -> ad.Tensor:
    return ad.Tensor(x, requires_grad=True)


FUNCTIONS = functions()
CASES = [Case(function, number, call) for function in FUNCTIONS for number, call in enumerate(calls_of(function))]
QUICK = 2
each_case = pytest.mark.parametrize(
    "case",
    [pytest.param(c, id=f"{c.function.name}-{c.number}", marks=[pytest.mark.long] if c.number >= QUICK else []) for c in CASES],
)


@pytest.mark.parametrize("function", [pytest.param(f, id=f.name) for f in FUNCTIONS])
def test_a_function_has_samples_and_is_public(function: Composite) -> None:
    assert function.name in SAMPLES
    assert SAMPLES[function.name].__module__.split(".")[-1] == function.module.split(".")[-1]
    assert ">>>" in (function.call.__doc__ or "")


@each_case
def test_the_values_are_those_of_numpy_for_tensors_and_for_arrays(case: Case) -> None:
    found = case.of(case.function.call, leaf)
    of_arrays = case.of(case.function.call, np.copy)
    for function in case.function.numpy:
        expected = case.of(function, np.copy)
        dispatched = case.of(function, leaf)
        assert len(found) == len(dispatched) == len(expected)
        for y, z, plain, wanted in zip(found, dispatched, of_arrays, expected, strict=True):
            assert (type(y), type(z), isinstance(plain, (np.ndarray, np.generic))) == (ad.Tensor, ad.Tensor, True)
            assert y.shape == z.shape == plain.shape == np.shape(wanted)
            assert y.dtype == z.dtype == plain.dtype == np.asarray(wanted).dtype
            assert_allclose(y.numpy(), wanted, rtol=1e-12, atol=1e-14)
            assert_array_equal(y.numpy(), z.numpy())
            assert_array_equal(y.numpy(), plain)


@each_case
def test_the_gradient_is_that_of_finite_differences(case: Case) -> None:
    def f(*operands: Any) -> Any:
        results = Case(case.function, 0, Call(operands, case.call.params)).of(case.function.call, lambda x: x)
        halves = [half for y in results for half in ((y.real, y.imag) if y.dtype.kind == "c" else (y,))]
        return np.concatenate([np.ravel(half) for half in halves if half.dtype.kind == "f"])

    assert_gradient(f, *case.call.operands, order=2 if case.number == 0 else 1)


def walked(case: Case, convert: Callable[[np.ndarray], np.ndarray] = np.copy, create_graph: bool = False) -> tuple[Any, Any]:
    """The results, and the tensors of the operands with the gradients of the sum of all results with weights of their own."""
    leaves: list[Any] = []

    def made(x: np.ndarray) -> Any:
        leaves.append(ad.asarray(convert(x)).requires_grad_())
        return leaves[-1]

    results, rng = case.of(case.function.call, made), np.random.default_rng(0)
    for y in results:
        if y.requires_grad:
            weights = np.asarray(rng.normal(size=y.shape), y.real.dtype)
            y.backward(weights, retain_graph=True, create_graph=create_graph)
    return results, leaves


def gradient_of(x: Any) -> np.ndarray:
    return np.zeros(x.shape) if x.grad is None else np.asarray(x.grad.detach().numpy())


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
@each_case
def test_how_the_elements_lie_in_memory_makes_no_difference_and_nothing_given_is_changed(
    case: Case, layout: str, create_graph: bool
) -> None:
    results, leaves = walked(case)
    arranged, others = walked(case, LAYOUTS[layout], create_graph)
    for y, z in zip(results, arranged, strict=True):
        assert_allclose(z.numpy(), y.numpy(), rtol=1e-12, atol=1e-14)
    for x, z in zip(leaves, others, strict=True):
        assert_array_equal(z.numpy(), x.numpy())
        assert_allclose(gradient_of(z), gradient_of(x), rtol=1e-9, atol=1e-12)


@each_case
def test_writing_to_one_gradient_changes_nothing_else(case: Case) -> None:
    results, leaves = walked(case)
    for x in leaves:
        if x.grad is not None:
            others = [*results, *leaves, *(z.grad for z in leaves if z is not x and z.grad is not None)]
            before = [other.numpy().copy() for other in others]
            x.grad[...] = 7.0
            for other, old in zip(others, before, strict=True):
                assert_array_equal(other.numpy(), old)


@each_case
def test_gradients_in_float16_are_those_of_float64_but_for_rounding(case: Case) -> None:
    if case.function.module.startswith("autodiff.linalg"):
        return  # NumPy has none of half precision
    try:
        _, halves = walked(case, lambda x: x.astype(np.float16))
    except TypeError as error:
        if "float16 is unsupported in linalg" not in str(error):  # so NumPy says
            raise
        return
    _, doubles = walked(case, lambda x: x.astype("f2").astype("f8"))
    for half, double in zip(halves, doubles, strict=True):
        expected = gradient_of(double)
        assert half.grad is None or half.grad.dtype == np.float16
        assert_allclose(gradient_of(half), expected, rtol=5e-2, atol=3e-2 * (1e-3 + np.max(np.abs(expected), initial=0)))


@each_case
def test_nothing_is_recorded_where_no_gradient_is_wanted(case: Case) -> None:
    leaves: list[Any] = []
    with ad.no_grad():
        results = case.of(case.function.call, lambda x: leaves.append(leaf(x)) or leaves[-1])
    for y in results:  # NumPy, too, returns an array itself where there is nothing to do
        assert not y.requires_grad or any(y is x for x in leaves)
    assert not any(y.requires_grad for y in case.of(case.function.call, ad.Tensor))


@each_case
def test_float32_gives_the_types_that_numpy_gives(case: Case) -> None:
    for function in case.function.numpy:
        expected = case.of(function, lambda x: x.astype(np.float32))
        found = case.of(case.function.call, lambda x: leaf(x.astype(np.float32)))
        assert [y.dtype for y in found] == [np.asarray(y).dtype for y in expected]
