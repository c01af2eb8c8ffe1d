"""Reading and replacing parts: every index that NumPy takes, and its adjoint."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, basic_indices, integer_array_indices
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient


def counted(shape: tuple[int, ...], index: Any, g: np.ndarray) -> np.ndarray:
    """The adjoint of reading `index`: each element of `g` is added to the element that was read there."""
    total = np.zeros(int(np.prod(shape)))
    np.add.at(total, np.arange(total.size).reshape(shape)[index], g)
    return total.reshape(shape)


def check(values: np.ndarray, index: Any) -> None:
    x = ad.Tensor(values, requires_grad=True)
    y = x[index]
    assert isinstance(y, ad.Tensor)
    assert_array_equal(y.numpy(), values[index])
    g = np.random.default_rng(0).normal(size=y.shape)
    y.backward(g)
    assert_allclose(x.grad.numpy(), counted(values.shape, index, g), rtol=1e-12, atol=1e-12)


SHAPES = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@given(data=st.data(), shape=SHAPES)
def test_basic_indices(data: Any, shape: tuple[int, ...]) -> None:
    check(
        np.random.default_rng(0).normal(size=shape),
        data.draw(basic_indices(shape, allow_newaxis=True, allow_ellipsis=True, max_dims=6)),
    )


@given(data=st.data(), shape=array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
def test_integer_arrays(data: Any, shape: tuple[int, ...]) -> None:
    check(np.random.default_rng(0).normal(size=shape), data.draw(integer_array_indices(shape)))


@given(data=st.data(), shape=array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
def test_boolean_arrays(data: Any, shape: tuple[int, ...]) -> None:
    some = shape[: data.draw(st.integers(1, len(shape)))]
    check(np.random.default_rng(0).normal(size=shape), data.draw(arrays(bool, some)))


VALUES = np.random.default_rng(1).normal(size=(4, 3, 2))


@pytest.mark.long
@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        np.int64(2),
        np.array(1),
        [0, 0, 1],
        [True, False, True, False],
        [],
        range(3),
        (0, 0),
        ([0, 0], [1, 1]),
        ((0, 0), (1, 1)),
        ((0, 0, 3),),
        (1, (0, 0)),
        (slice(None), (0, 0)),
        (slice(None), [0, 0]),
        (slice(None), range(2)),
        (..., (1, 1)),
        ([0, 0], slice(None), [1, 1]),
        (np.array([[0, 0], [1, 1]]), 0),
        (0, slice(None), np.array([1, 1, 0])),
        (None, [0, 0], None, ..., 0),
        (np.array([True, False, True, True]), 0),
        (np.array([True, False, True, False]), [0, 0]),
        (np.array([True, True, False, False]), [0, 0], [1, 1]),
        True,
        False,
        np.bool_(True),
        None,
        (),
        ...,
        np.array([0, 0], np.uint8),
        np.array([-1, 3, -1]),
        np.zeros((2, 0), int),
        np.array([0, 0, 1]).view(type("Subclass", (np.ndarray,), {})),
        ((), ()),
        [[0, 1], [1, 0]],
        [[]],
        (slice(None), [[], []]),
    ],
    ids=repr,
)
def test_every_form_of_an_index_reads_and_replaces(index: Any) -> None:
    check(VALUES, index)
    assert_gradient(lambda x: (ad.Tensor(x) if isinstance(x, np.ndarray) else x)[index], VALUES, order=2)
    part = np.random.default_rng(2).normal(size=VALUES[index].shape)
    expected = VALUES.copy()
    expected[index] = part
    assert_array_equal(ad.setitem(ad.Tensor(VALUES), part, index).numpy(), expected)
    assert_gradient(lambda x, v: ad.setitem(x, v, index), VALUES, part, order=2)


def test_tensors_are_indices() -> None:
    x = ad.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    i, mask = ad.Tensor([0, 0, 2]), ad.Tensor([True, False, True])
    assert x[i].tolist() == [1.0, 1.0, 3.0]
    assert x[mask].tolist() == x[x != 2.0].tolist() == [1.0, 3.0]
    assert x[ad.Tensor(1)].item() == 2.0
    assert x[[ad.Tensor(1), ad.Tensor(1)]].tolist() == [2.0, 2.0]
    x[i].sum().backward()
    assert_array_equal(x.grad.numpy(), [2.0, 0.0, 1.0])
    assert np.array([10.0, 20.0, 30.0])[i.data].tolist() == [10.0, 10.0, 30.0]


@pytest.mark.parametrize("index", [3, (0, 0), "a", 1.0, [0.5], np.array([True, False]), ad.Tensor([0.0])])
def test_what_numpy_does_not_take_is_an_error(index: Any) -> None:
    x = ad.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    with pytest.raises(IndexError):
        x[index]
    y = x * 1.0
    with pytest.raises(IndexError):
        y[index] = 0.0
    assert_array_equal(y.numpy(), [1.0, 2.0, 3.0])


def test_a_value_that_does_not_fit_is_numpys_error() -> None:
    y = ad.Tensor([1.0, 2.0, 3.0], requires_grad=True) * 1.0
    with pytest.raises(ValueError, match="broadcast"):
        y[:2] = np.ones(3)


@settings(max_examples=30)
@given(data=st.data())
def test_scatter_is_the_adjoint_of_reading(data: Any) -> None:
    shape = data.draw(array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=4))
    indices = data.draw(st.lists(st.one_of(basic_indices(shape), integer_array_indices(shape)), min_size=1, max_size=3))
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    parts = [np.asarray(rng.normal(size=x[index].shape)) for index in indices]
    total = ad.scatter([ad.Tensor(part) for part in parts], indices, shape)
    assert_allclose(total.numpy(), sum(counted(shape, index, part) for index, part in zip(indices, parts, strict=True)))
    assert_allclose(
        (total.numpy() * x).sum(), sum((part * x[index]).sum() for index, part in zip(indices, parts, strict=True)), atol=1e-9
    )


@given(data=st.data())
def test_what_is_read_along_some_axes_is_added_there_as_by_numpy_element_by_element(data: Any) -> None:
    shape = data.draw(array_shapes(min_dims=2, max_dims=4, min_side=2, max_side=5))
    axes = data.draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    chosen = [rng.integers(-n, n, (30, 1) if data.draw(st.booleans()) else 30) for n in shape]
    index = tuple(places if axis in axes else data.draw(st.sampled_from([slice(None), slice(None, None, -1)]))
                  for axis, places in enumerate(chosen))  # fmt: skip
    index = (*index[: max(axes) + 1], *data.draw(st.sampled_from([(), (...,), (..., None)])))
    part = rng.integers(-9, 9, np.zeros(shape)[index].shape).astype(float)  # whose sums are exact
    expected = np.zeros(shape)
    np.add.at(expected, index, part)
    assert_array_equal(ad.scatter([part], [index], shape), expected)
    onto = np.asfortranarray(np.ones(shape))
    assert ad.scatter([part], [index], shape, onto) is onto
    assert_array_equal(onto, 1 + expected)
