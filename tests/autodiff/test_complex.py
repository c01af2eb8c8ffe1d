"""Complex numbers: the gradient of a real L by x + iy is ∂L/∂x + i ∂L/∂y."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from registry_cases import CASES, Case

import autodiff as ad


def complex_arrays(case: Case) -> list[np.ndarray]:
    """The operands, with imaginary parts where they are floats."""
    rng = np.random.default_rng(1)
    return [x + 1j * rng.uniform(0.1, 0.5, x.shape) if x.dtype.kind == "f" else x for x in case.arrays()]


def takes_complex(case: Case) -> bool:
    """Whether NumPy takes complex numbers for the operands of this sample."""
    try:
        with np.errstate(all="raise"):
            case.of(case.entry.forward, complex_arrays(case))
    except (TypeError, FloatingPointError):
        return False
    few = all(x.size < 1000 for x in case.arrays())  # of many, a step changes which is the largest
    return few and bool(case.differentiable())


def product(y: Any, g: np.ndarray) -> Any:
    """Re Σ conj(g) y, of which g is the gradient."""
    return np.sum(np.real(y) * g.real + np.imag(y) * g.imag)


def central_difference(f: Any, arrays: list[np.ndarray], along: list[np.ndarray], h: float = 1e-4) -> Any:
    """The derivative of `f`, to the fourth order of the step."""

    def at(t: float) -> Any:
        return f([x + t * d for x, d in zip(arrays, along, strict=True)])

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


CASES_OF_COMPLEX = [case for case in CASES if takes_complex(case)]
each_complex_case = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES_OF_COMPLEX])


@each_complex_case
def test_first_and_second_derivatives_by_complex_numbers_are_those_of_finite_differences(case: Case) -> None:
    rng = np.random.default_rng(0)
    arrays, positions = complex_arrays(case), case.differentiable()
    y = np.asarray(case.operation(arrays))

    def like(x: np.ndarray) -> np.ndarray:
        return np.asarray(rng.normal(size=x.shape) + (1j * rng.normal(size=x.shape) if x.dtype.kind == "c" else 0))

    g = like(y)
    first, second = ([like(x) if i in positions else 0 * x for i, x in enumerate(arrays)] for _ in range(2))

    def value(operands: Any) -> Any:
        return product(case.operation(operands), g)

    def slope(operands: Any) -> Any:
        def of(*variables: Any) -> Any:
            replaced = dict(zip(positions, variables, strict=True))
            return value([replaced.get(i, x) for i, x in enumerate(operands)])

        found = ad.grad(of, range(len(positions)))(*[operands[i] for i in positions])
        return sum(product(part, first[i]) for i, part in zip(positions, found, strict=True))

    def curvature(operands: Any) -> Any:
        def of(*variables: Any) -> Any:
            replaced = dict(zip(positions, variables, strict=True))
            return slope([replaced.get(i, x) for i, x in enumerate(operands)])

        found = ad.grad(of, range(len(positions)))(*[operands[i] for i in positions])
        return sum(product(part, second[i]) for i, part in zip(positions, found, strict=True))

    scale = 1 + abs(slope(arrays))
    assert_allclose(slope(arrays), central_difference(value, arrays, first), rtol=0, atol=1e-7 * scale)
    assert_allclose(curvature(arrays), central_difference(slope, arrays, second), rtol=0, atol=1e-6 * (1 + abs(curvature(arrays))))
