"""Numbers between two ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient

RANGES = [np.linspace, np.geomspace, np.logspace]


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


@given(start=st.floats(0.5, 2.0), stop=st.floats(0.5, 2.0), num=st.integers(0, 5), endpoint=st.booleans())
@pytest.mark.parametrize("function", RANGES)
def test_the_numbers_are_numpys(function: Any, start: float, stop: float, num: int, endpoint: bool) -> None:
    expected = function(start, stop, num, endpoint)
    for ends in ((leaf(start), leaf(stop)), (leaf(start), stop), (start, ad.Tensor(stop))):
        assert_allclose(function(*ends, num, endpoint).numpy(), expected, rtol=1e-14)
        assert function(*ends, num, endpoint, dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize("function", RANGES[:2])
def test_the_ends_are_themselves(function: Any) -> None:
    start, stop = leaf(np.array([0.1, 0.7])), leaf(np.array([0.3, 1.9]))
    y = function(start, stop, 7)
    assert_array_equal(y[0].numpy(), start.numpy())
    assert_array_equal(y[-1].numpy(), stop.numpy())
    y[0].sum().backward()
    assert_array_equal(start.grad.numpy(), [1.0, 1.0])
    assert stop.grad is None or not stop.grad.numpy().any()


def test_a_geometric_sequence_may_be_negative_or_complex_but_not_cross_zero() -> None:
    assert_allclose(np.geomspace(leaf(-1.0), -4.0, 3).numpy(), [-1.0, -2.0, -4.0])
    assert_allclose(np.geomspace(leaf(1j), -2.0, 4).numpy(), np.geomspace(1j, -2.0, 4))
    with pytest.raises(ValueError, match="geomspace: an end is 0, to which no proportion leads"):
        np.geomspace(leaf(0.0), 1.0)


def test_the_exponents_and_the_base_of_logspace_have_gradients() -> None:
    assert_gradient(lambda a, b, base: np.logspace(a, b, 4, base=base), *map(np.array, (0.5, 1.5, 2.0)))


def test_integers_are_rounded_down_as_numpys_are() -> None:
    assert_array_equal(np.linspace(ad.Tensor(-1.0), 1.0, 4, dtype=int).numpy(), np.linspace(-1.0, 1.0, 4, dtype=int))


@pytest.mark.parametrize("function", RANGES)
def test_a_negative_count_is_an_error(function: Any) -> None:
    with pytest.raises(ValueError, match=r"num is -1; wanted"):
        function(leaf(1.0), 2.0, -1)
    with pytest.raises(TypeError):
        function(leaf(1.0), 2.0, 2.5)
