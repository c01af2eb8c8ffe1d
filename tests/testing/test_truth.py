"""What a report says is true, for families of functions of which the gradient is known in closed form, to 100 digits."""

from __future__ import annotations

import random

import mpmath
import numpy as np
import pytest
from exact import MP
from families import FAMILIES
from hypothesis import given, settings
from hypothesis import strategies as st
from truth import untruths
from units import UNITS, Unit

from autodiff.testing import check_gradient


def assert_true(family: str, rng: random.Random) -> None:
    """The true gradient is within the bound and never accused; what differs by more, or what may as well be zero, is not right."""
    with np.errstate(all="ignore"):
        example = FAMILIES[family](rng)
        report = example.check(example.true)
        found = untruths(example, report, rng)
    assert not found, f"{example.text}\n{report}\n{found}"


@given(st.sampled_from(sorted(FAMILIES)), st.randoms(use_true_random=False))
def test_reports_are_true(family: str, rng: random.Random) -> None:
    assert_true(family, rng)


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=40)
@given(rng=st.randoms(use_true_random=False))
def test_reports_are_true_of_every_family(family: str, rng: random.Random) -> None:
    assert_true(family, rng)


def test_zero_is_not_right_where_single_precision_rounds_the_values_nearby_to_a_constant() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        if x.dtype != np.float32:
            raise TypeError("float32 only")
        return np.float32(-1) + np.sum(np.array([np.cos(x[0]), -np.sin(x[1])], np.float32))

    assert check_gradient(f, np.full(2, -1e-5, np.float32), gradient=np.zeros_like).verdict == "wrong"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_slopes_that_functions_are_made_of_are_their_derivatives(unit: Unit) -> None:
    for x in (0.3, 1.7, 4.0, *((-0.6, -2.5) if unit.even else ())):
        expected = mpmath.diff(lambda t: unit.value(mpmath.mp, t), x)
        assert abs(unit.slope(MP, MP.mpf(x)) - expected) <= 1e-10 * abs(expected)
