"""Tensors from other data, and from shapes and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient

SAME: list[Callable[[Any], Any]] = [
    *(lambda xp, f=f: getattr(xp, f)((2, 3)) for f in ("zeros", "ones")),
    lambda xp: xp.empty((2, 0), dtype=np.int8),
    lambda xp: xp.zeros(3, dtype=bool),
    lambda xp: xp.eye(2, 3, k=1, dtype=np.float32),
    lambda xp: xp.arange(3),
    lambda xp: xp.arange(0, stop=1.0, step=0.25),
    lambda xp: xp.arange(5, 1, -2, dtype=np.float32),
    lambda xp: xp.full((2, 1), 3),
    lambda xp: xp.full(2, True),
    lambda xp: xp.full((), 2j, dtype=np.complex64),
    lambda xp: xp.full((2, 3), np.arange(3.0)),
    lambda xp: xp.full_like(np.ones(2), 3),
    lambda xp: xp.linspace(0, 1, 5),
    lambda xp: xp.linspace(0, 5, 3, endpoint=False, dtype=int),
    lambda xp: xp.array([[1, 2], [3, 4]]),
]


@pytest.mark.parametrize("make", SAME)
def test_what_is_made_of_numbers_is_numpys_as_a_constant_tensor(make: Callable[[Any], Any]) -> None:
    t = make(ad)
    assert isinstance(t, ad.Tensor)
    assert not t.requires_grad
    assert_array_equal(t.numpy(), make(np), strict=True)


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "full", "arange", "linspace", "asarray", "array", "full_like"])
def test_a_type_that_is_none_of_numbers_is_an_error(name: str) -> None:
    args = {"full": (2, 1), "linspace": (0, 1, 3), "full_like": (np.ones(2), 1)}.get(name, (2,))
    with pytest.raises(TypeError, match=r"the data has dtype object; wanted numbers or booleans"):
        getattr(ad, name)(*args, dtype=object)


def test_numpys_functions_make_a_tensor_like_one() -> None:
    like = ad.ones(1)
    for made in (np.zeros(2, like=like), np.ones(2, like=like), np.eye(2, like=like), np.empty(2, like=like)):
        assert isinstance(made, ad.Tensor)


LIKE: dict[str, tuple[Callable[..., Any], str]] = {
    "np.full": (lambda like: np.full(2, 3.0, like=like), "ad.full"),
    "np.arange": (lambda like: np.arange(2, like=like), "ad.arange"),
    "np.array": (lambda like: np.array([1.0], like=like), "ad.array"),
    "np.asarray": (lambda like: np.asarray([1.0], like=like), "ad.asarray"),
    "np.asanyarray": (lambda like: np.asanyarray([1.0], like=like), "ad.asarray"),
    "np.ascontiguousarray": (lambda like: np.ascontiguousarray([1.0], like=like), "ad.asarray"),
    "np.asfortranarray": (lambda like: np.asfortranarray([1.0], like=like), "ad.asarray"),
    "np.require": (lambda like: np.require([1.0], like=like), "ad.asarray"),
    "np.frombuffer": (lambda like: np.frombuffer(bytes(8), like=like), "ad.Tensor(array)"),
    "np.fromfunction": (lambda like: np.fromfunction(abs, (2,), like=like), "ad.Tensor(array)"),
    "np.fromiter": (lambda like: np.fromiter([1.0], float, like=like), "ad.Tensor(array)"),
    "np.identity": (lambda like: np.identity(2, like=like), "ad.Tensor(array)"),
    "np.tri": (lambda like: np.tri(2, like=like), "ad.Tensor(array)"),
}


@pytest.mark.parametrize("name", LIKE)
def test_numpys_other_functions_that_make_an_array_like_one_say_what_does(name: str) -> None:
    make, instead = LIKE[name]
    text = f"{name}: like= is not supported for a Tensor. Leave it out, and use {instead} for a Tensor."
    with pytest.raises(TypeError, match="^" + re.escape(text) + "$"):
        make(ad.ones(1))


# --- gradients -------------------------------------------------------------------------------------------------------------------


def test_gradients_flow_to_what_an_array_is_filled_with() -> None:
    assert_gradient(lambda v: ad.full((2, 3), v) ** 2, np.array([1.0, 2.0, 3.0]))
    assert_gradient(lambda v: ad.full_like(ad.zeros((2, 3)), v) ** 2, np.array(2.0))
    with pytest.raises(TypeError, match="no gradient flows through int64"):
        ad.full(2, ad.Tensor(1.0, requires_grad=True), dtype=int)


@pytest.mark.parametrize("params", [{}, {"endpoint": False}, {"axis": 1}, {"axis": -1, "endpoint": False}])
def test_gradients_flow_to_the_ends_of_a_line(params: dict[str, Any]) -> None:
    assert_gradient(lambda a, b: ad.linspace(a, b, 4, **params) ** 2, np.array([[1.0], [2.0]]), np.array([3.0, 5.0, 9.0]))
    assert_gradient(lambda a, b: np.linspace(a, b, 4, **params) ** 2, np.array([1.0, 2.0]), np.array(3.0))


@given(
    st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.integers(0, 20), st.booleans(), st.sampled_from([None, int, np.float32, complex])
)
def test_the_numbers_of_a_line_are_numpys(start: float, stop: float, num: int, endpoint: bool, dtype: Any) -> None:
    found = ad.linspace(ad.Tensor(start), stop, num, endpoint, dtype)
    assert_array_equal(found.numpy(), np.linspace(start, stop, num, endpoint, dtype=dtype), strict=True)


@pytest.mark.parametrize("ends", [(0.0, 1.0), ([0.0, 2.0], 1), (np.float32(0), np.float32(1)), (0, 5), (0j, 1.0), (np.uint8(5), 3)])
@pytest.mark.parametrize("num", [0, 1, 2, 5])
@pytest.mark.parametrize("endpoint", [True, False])
def test_the_step_of_a_line_is_numpys(ends: Any, num: int, endpoint: bool) -> None:
    expected, step = np.linspace(*ends, num, endpoint, retstep=True)
    for start, stop in ((ad.Tensor(ends[0]), ends[1]), (ends[0], ad.Tensor(ends[1], dtype=np.asarray(ends[1]).dtype))):
        found, found_step = np.linspace(start, stop, num, endpoint, True)
        assert_allclose(found.numpy(), expected, rtol=1e-6, strict=True)
        assert_allclose(np.asarray(found_step), np.asarray(step), rtol=1e-6, strict=True)


def test_gradients_flow_through_the_step_of_a_line() -> None:
    assert_gradient(lambda a, b: np.linspace(a, b, 4, retstep=True)[1] ** 2, np.array([1.0, 2.0]), np.array(3.0))


def test_of_a_line_a_number_of_elements_is_wanted() -> None:
    with pytest.raises(ValueError, match=r"linspace: num is -1; wanted a number of elements, 0 or more"):
        ad.linspace(ad.Tensor(0.0), 1.0, -1)


def test_the_ends_of_a_range_have_no_gradient() -> None:
    t = ad.Tensor(3.0, requires_grad=True)
    with pytest.raises(TypeError, match="this tensor requires grad, and the conversion would lose its gradient"):
        ad.arange(t)
    assert_array_equal(ad.arange(t.detach()).numpy(), [0.0, 1.0, 2.0])


# --- asarray and array -----------------------------------------------------------------------------------------------------------


def test_tensors_in_lists_are_stacked_with_their_gradients() -> None:
    for make in (ad.asarray, ad.array):
        assert_gradient(lambda t, u, make=make: make([[t, u], [2.0, t * u]]) ** 2, np.array(2.0), np.array(3.0))
        assert_gradient(lambda t, u, make=make: make((t, u)) ** 2, np.ones(3), np.arange(3.0))
    assert ad.asarray([ad.Tensor(1.0)], dtype=ad.float32).dtype == ad.float32


def test_numpy_cannot_make_an_array_of_a_list_of_tensors() -> None:
    with pytest.raises(TypeError, match=r"np\.stack, not np\.array"):
        np.array([ad.Tensor(1.0, requires_grad=True), ad.Tensor(2.0, requires_grad=True)])


def test_asarray_shares_what_it_can_and_copies_what_it_is_told_to() -> None:
    a, t = np.zeros(2), ad.Tensor([1.0, 2.0], requires_grad=True)
    assert ad.asarray(t) is t
    assert np.shares_memory(ad.asarray(a).numpy(), a)
    assert np.shares_memory(ad.asarray(a, copy=False).numpy(), a)
    for make in (ad.array, lambda x: ad.asarray(x, copy=True)):
        assert not np.shares_memory(make(a).numpy(), a)
        assert not np.shares_memory(make(t).numpy(), t.numpy())
        assert_gradient(lambda x, make=make: make(x) ** 2, np.ones(2))
    assert_gradient(lambda x: ad.asarray(x, dtype=complex).real ** 2, np.ones(2))


def test_a_copy_that_is_not_to_be_made_is_an_error() -> None:
    t = ad.Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match=r"asarray: copy is False, but the data is a tensor of dtype float64, which must"):
        ad.asarray(t, dtype=ad.float32, copy=False)
    with pytest.raises(ValueError, match=r"asarray: copy is False, but the data is a list of tensors, which must be copied"):
        ad.asarray([t, t], copy=False)
    with pytest.raises(ValueError, match="avoid copy"):
        ad.asarray([1.0, 2.0], copy=False)


@pytest.mark.parametrize("create", [ad.zeros, ad.ones, ad.empty])
def test_the_lengths_of_a_shape_are_one_argument(create: Any) -> None:
    name = create.__name__
    with pytest.raises(TypeError, match=rf"^{name}: given 2 numbers; a shape is one argument: {name}\(\(2, 3\)\)\.$"):
        create(2, 3)
    with pytest.raises(TypeError, match=r"given 3 numbers; a shape is one argument"):
        create(2, 3, np.int64(4))
    with pytest.raises(TypeError, match=r"interpreted as an integer"):
        create("2")
