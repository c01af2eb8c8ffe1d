"""What the random arrays promise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from autodiff.extend import Interval
from tests.samples import arrays

SHAPES = [(), (3,), (2, 3), (0,), (2, 0)]
STACKS = [(1, 1), (3, 3), (2, 2, 2), (0, 3, 3), (2, 1, 4, 4)]
INTERVALS = [Interval(), Interval(0, np.inf), Interval(-np.inf, -3), Interval(-1, 1), Interval(100, np.inf)]


@pytest.fixture(params=range(5))
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(request.param)


@pytest.mark.parametrize("of", [*map(arrays.within, INTERVALS), arrays.reals, arrays.positive, arrays.booleans])
@pytest.mark.parametrize("shape", SHAPES)
def test_an_array_has_the_shape_asked_for_and_depends_on_the_generator_alone(of: Any, shape: tuple[int, ...]) -> None:
    found, again = (of(np.random.default_rng(7), shape) for _ in range(2))
    assert type(found) is np.ndarray
    assert found.shape == shape
    assert_array_equal(found, again)


@pytest.mark.parametrize("interval", INTERVALS)
def test_elements_lie_inside_of_their_interval_and_apart(interval: Interval, rng: np.random.Generator) -> None:
    x = arrays.within(interval)(rng, (100,))
    assert np.all((interval.low < x) & (x < interval.high))
    assert np.ptp(x) > 0.5


def test_reals_have_both_signs_and_positive_numbers_one(rng: np.random.Generator) -> None:
    assert set(np.sign(arrays.reals(rng, (100,)))) == {-1, 1}
    assert np.all(arrays.positive(rng, (100,)) > 0.1)


@pytest.mark.parametrize("shape", [(2,), (2, 3), (7,)])
def test_booleans_are_some_true_and_some_false(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    x = arrays.booleans(rng, shape)
    assert x.dtype == bool
    assert x.any()
    assert not x.all()


@pytest.mark.parametrize("shape", SHAPES)
def test_of_an_ordered_pair_the_first_is_smaller_by_a_half_at_least(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    a, b = arrays.ordered_pair(rng, shape)
    assert a.shape == b.shape == shape
    assert np.all(b - a >= 0.5)


@pytest.mark.parametrize("of", [arrays.positive_definite, arrays.distinct_eigenvalues])
@pytest.mark.parametrize("shape", STACKS)
def test_matrices_are_symmetric_exactly(of: Callable[..., np.ndarray], shape: tuple[int, ...], rng: np.random.Generator) -> None:
    matrices = of(rng, shape)
    assert matrices.shape == shape
    assert_array_equal(matrices, np.swapaxes(matrices, -1, -2))


@pytest.mark.parametrize("shape", STACKS)
def test_the_eigenvalues_of_positive_definite_matrices_lie_away_from_0(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    eigenvalues = np.linalg.eigvalsh(arrays.positive_definite(rng, shape))
    assert np.all((eigenvalues > 0.49) & (eigenvalues < 2.01))


@pytest.mark.parametrize("shape", STACKS)
def test_distinct_eigenvalues_lie_a_half_apart_and_have_both_signs(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    eigenvalues = np.linalg.eigvalsh(arrays.distinct_eigenvalues(rng, shape))
    assert np.all(np.diff(eigenvalues) > 0.49)
    if shape[-1] > 1:
        assert np.all(eigenvalues[..., 0] < 0)
        assert np.all(eigenvalues[..., -1] > 0)


@pytest.mark.parametrize("shape", [(3, 3), (2, 4, 2), (2, 3), (0, 2, 2)])
def test_singular_values_differ_by_a_half_at_least(shape: tuple[int, ...], rng: np.random.Generator) -> None:
    x = arrays.distinct_singular_values(rng, shape)
    s = np.linalg.svdvals(x)
    assert x.shape == shape
    assert np.all((s >= 0.5 - 1e-9) & (s <= s.shape[-1] + 1e-9))
    assert np.all(s[..., :-1] - s[..., 1:] >= 0.5 - 1e-9)
