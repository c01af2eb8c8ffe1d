"""Functions of vectors applied along an axis, and of an axis applied over several."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autodiff as ad
from autodiff.testing import assert_gradient

X = np.random.default_rng(0).normal(size=(2, 3, 4))
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "number": lambda row: np.sum(row * row),
    "vector": lambda row: np.exp(row[:2]),
    "matrix": lambda row: np.multiply.outer(row, row),
    "constant": lambda row: 2.0,
}


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_what_a_function_makes_of_each_vector_stands_in_the_place_of_the_axis(function: Callable[..., Any], axis: int) -> None:
    expected = np.apply_along_axis(function, axis, X)
    assert_allclose(np.apply_along_axis(function, axis, ad.Tensor(X, requires_grad=True)).numpy(), expected)
    assert_allclose(ad.apply_along_axis(function, axis, X), expected)
    if function is not FUNCTIONS["constant"]:
        assert_gradient(lambda x: np.apply_along_axis(function, axis, x), X)


def test_further_arguments_are_those_of_the_function() -> None:
    t = ad.Tensor(X, requires_grad=True)
    y = np.apply_along_axis(lambda row, a, b=1.0: row * a + b, 1, t, 2.0, b=3.0)
    assert_allclose(y.numpy(), 2 * X + 3)
    y = np.piecewise(t, [t > 0], [lambda x, a, b=0.0: x * a + b, 0.0], 2.0, b=1.0)
    assert_allclose(y.numpy(), np.where(X > 0, 2 * X + 1, 0))


@pytest.mark.parametrize("axes", [0, [0, 2], [2, -2, 0], []])
@pytest.mark.parametrize("function", [np.sum, np.cumsum, np.max])
def test_a_function_is_applied_over_one_axis_after_the_other(function: Callable[..., Any], axes: Any) -> None:
    assert_gradient(lambda x: np.apply_over_axes(function, x, axes), X)
    assert_allclose(np.apply_over_axes(function, ad.Tensor(X), axes).numpy(), np.apply_over_axes(function, X, axes))
    assert_allclose(ad.apply_over_axes(function, X, axes), np.apply_over_axes(function, X, axes))


def test_what_cannot_be_applied_is_an_error() -> None:
    t = ad.Tensor(np.zeros((0, 3)))
    with pytest.raises(ValueError, match=r"apply_along_axis: arr has shape \(0, 3\), in which there is no vector along axis 1"):
        np.apply_along_axis(np.sum, 1, t)
    with pytest.raises(ValueError, match=r"apply_over_axes: func gives 1 axes of 3; wanted as many, or one less"):
        np.apply_over_axes(lambda x, axis: x[0, 0], ad.Tensor(X), 0)
    with pytest.raises(np.exceptions.AxisError):
        np.apply_along_axis(np.sum, 3, ad.Tensor(X))
