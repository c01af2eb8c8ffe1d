"""NumPy's functions that write to an array: what they write to a tensor is recorded, or an error that says what to do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad

X = np.array([[3.0, 1.0, 2.0], [6.0, 4.0, 5.0]])
MASK = np.array([[True, False, True], [True, True, False]])
WRITES: dict[str, Callable[[Any, Any], Any]] = {
    "copyto": lambda x, v: np.copyto(x, v[:, None]),
    "copyto some": lambda x, v: np.copyto(x, v[1], where=MASK),
    "put": lambda x, v: np.put(x, [1, -1, 4, 1], v),
    "put, round the end": lambda x, v: np.put(x, [7, -8], v, mode="wrap"),
    "put, up to the end": lambda x, v: np.put(x, [[9], [-8]], v, mode="clip"),
    "the method put": lambda x, v: x.put([0, 5], v),
    "put_along_axis": lambda x, v: np.put_along_axis(x, np.array([[2, 0], [1, 1]]), v, axis=1),
    "put_along_axis, in a row": lambda x, v: np.put_along_axis(x, np.array([5, 0]), v, axis=None),
    "place": lambda x, v: np.place(x, MASK, v),
    "place nothing": lambda x, v: np.place(x, MASK & False, v[:0]),
    "putmask": lambda x, v: np.putmask(x, MASK, v),
    "fill_diagonal": lambda x, v: np.fill_diagonal(x, v),
    "fill_diagonal, again and again": lambda x, v: np.fill_diagonal(x.T, v, wrap=True),
    "fill": lambda x, v: x.fill(v[0]),
    "sort": lambda x, v: x.sort(),
    "sort columns": lambda x, v: x.sort(0, stable=True),
    "partition": lambda x, v: x.partition((0, 1, 2)),
}
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())


@each_write
def test_what_is_written_is_what_numpy_writes(write: Callable[[Any, Any], Any]) -> None:
    array, constant, computed = X.copy(), ad.Tensor(X), ad.Tensor(X, requires_grad=True) * 1
    values = np.array([7.0, 8.0])
    assert write(array, values) is None
    assert write(constant, values) is None
    assert write(computed, values) is None
    assert_array_equal(constant.numpy(), array)
    assert_array_equal(computed.numpy(), array)


@each_write
def test_gradients_go_to_the_values_that_were_written_and_to_the_elements_that_are_left(write: Callable[[Any, Any], Any]) -> None:
    x, v = ad.Tensor(X, requires_grad=True), ad.Tensor([70.0, 80.0], requires_grad=True)
    y = x * 1
    write(y, v)
    g = np.random.default_rng(0).normal(size=X.shape)
    y.backward(g)
    for leaf in (x, v):  # all elements of both differ, so that each tells where it is
        expected = [np.sum(g[y.numpy() == element]) for element in leaf.numpy().ravel()]
        assert_array_equal(np.ravel(np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()), expected)


@each_write
def test_a_write_through_a_view_is_one_to_its_base(write: Callable[[Any, Any], Any]) -> None:
    base, expected = ad.Tensor(np.zeros((3, 4))), X.copy()
    base[1:, :3] = X
    for x in (base[1:, :3], expected):
        write(x, np.array([7.0, 8.0]))
    assert_array_equal(base[1:, :3].numpy(), expected)
    assert not np.any(base.numpy()[0])
    assert not np.any(base.numpy()[:, 3])


@pytest.mark.parametrize("case", WRITES)
def test_a_leaf_that_requires_grad_is_not_written_to(case: str) -> None:
    write, name = WRITES[case], case.removeprefix("the method ").replace(",", "").split()[0]
    x = ad.Tensor(X, requires_grad=True)
    values = np.array([7.0, 8.0])
    y = X.copy()
    write(y, values)
    if np.array_equal(y, X):
        return
    with pytest.raises(RuntimeError, match=rf"^(np\.)?{name}: this tensor is a leaf that requires grad; changing"):
        write(x, values)
    with ad.no_grad():
        write(x, values)
    assert_array_equal(x.numpy(), y)


@pytest.mark.parametrize("name", ["put", "put_along_axis", "place", "putmask", "fill_diagonal"])
def test_an_array_cannot_take_values_that_require_grad(name: str) -> None:
    array, v = X.copy(), ad.Tensor([7.0, 8.0], requires_grad=True)
    with pytest.raises(TypeError, match="this tensor requires grad, and the conversion would lose its gradient"):
        WRITES[name](array, v)
    WRITES[name](array, v.detach())
    assert 7.0 in array


def test_a_number_can_be_put() -> None:
    x, array = ad.Tensor(np.zeros(())) * 1, np.zeros(())
    x = x.copy()
    np.put(x, [0, 0], [3.0, 4.0])
    np.put(array, [0, 0], [3.0, 4.0])
    assert x.item() == array == 4.0


@pytest.mark.parametrize(
    ("write", "error", "message"),
    [
        (lambda x: np.put(x, 6, 1.0), IndexError, "out of bounds"),
        (lambda x: np.put(x, 0, 1.0, mode="round"), ValueError, "put: mode is 'round'; wanted 'raise', 'wrap' or 'clip'."),
        (lambda x: np.place(x, MASK, []), ValueError, "place: vals have no elements; wanted at least one to write."),
        (lambda x: np.place(x, MASK[0], 1.0), ValueError, "reshape"),
        (lambda x: np.fill_diagonal(x[0], 1.0), ValueError, "at least 2-d"),
        (lambda x: x.fill([1.0, 2.0]), ValueError, "fill: value has shape \\(2,\\); wanted a number. For an array"),
        (lambda x: np.copyto(x, 1j), TypeError, "Cannot cast"),
        (lambda x: np.copyto(x, [1.0, 2.0]), ValueError, "broadcast"),
        (lambda x: np.copyto(x, 1.0, where=[True, False]), ValueError, "broadcast"),
        (lambda x: x.sort(2), ValueError, "out of bounds"),
    ],
)
def test_what_is_an_error_of_numpy_is_one_here(write: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        write(ad.Tensor(X))
