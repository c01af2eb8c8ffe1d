"""What is written to arrays in a compiled function is written by its program, whatever writes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_eager import assert_same, compile, refused, run_beside_eager

import autodiff as ad

WRITES: dict[str, Any] = {
    "copyto": lambda x, v: np.copyto(x, v),
    "copyto where": lambda x, v: np.copyto(x, v, where=x > 0),
    "put": lambda x, v: np.put(x, [0, 3], v[0, :2]),
    "x.put": lambda x, v: x.put([1], v[0, :1]),
    "place": lambda x, v: np.place(x, x > 0, v[0]),
    "putmask": lambda x, v: np.putmask(x, x > 0, v),
    "put_along_axis": lambda x, v: np.put_along_axis(x, np.array([[0], [1]]), v[:, :1], 1),
    "fill_diagonal": lambda x, v: np.fill_diagonal(x, v[0]),
    "sort": lambda x, v: x.sort(),
    "partition": lambda x, v: x.partition(1, axis=0),
    "fill": lambda x, v: x.fill(3.0),
    "add.at": lambda x, v: np.add.at(x, [0, 0], v[1]),
    "where=": lambda x, v: np.add(x, v, out=x, where=v > 0),
    "reduce": lambda x, v: np.add.reduce(v, out=x[0]),
    "sum": lambda x, v: np.sum(v, axis=0, out=x[1]),
    "x.mean": lambda x, v: v.mean(0, out=x[1]),
    "dot": lambda x, v: np.dot(x[:, :2], v, out=x),
    "clip": lambda x, v: np.clip(x, 0, 1, out=x),
    "cumsum": lambda x, v: np.cumsum(v, axis=0, out=x),
    "concatenate": lambda x, v: np.concatenate([v[1:], v[:1]], out=x),
    "take": lambda x, v: np.take(v, [1, 1], axis=0, out=x),
    "einsum": lambda x, v: np.einsum("ij->ij", v, out=x),
    "real": lambda x, v: x.real.__setitem__(0, v[1]),
    "astype": lambda x, v: x.astype(float, copy=False).__setitem__(0, v[1]),
    "atleast_1d": lambda x, v: np.atleast_1d(x).__setitem__(0, v[1]),
    "a part": lambda x, v: x.__setitem__((slice(None), slice(2)), x[:, 1:]),
    "a view": lambda x, v: x.T.reshape(3, 2)[1:].__setitem__(0, v[0, :2]),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("compile", [compile, ad.compile])
def test_what_is_written_to_an_array(compile: Any, name: str) -> None:
    def step(x: Any, v: Any) -> Any:
        before = x * 1
        WRITES[name](x, v)
        return before, x * 2

    given, other, compiled = np.array([[1.0, -2.0, 3.0], [0.5, 0.25, -4.0]]), np.zeros((2, 3)), compile(step)
    other[:] = given
    for i in range(3):
        v = np.array([[4.0, 5.0, -6.0], [7.0, 0.0, 0.5]]) * (i + 1)
        for actual, expected in zip(compiled(given, v), step(other, v), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-15)
        np.testing.assert_allclose(given, other, rtol=1e-15)
    assert compiled.captures == 1


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (lambda x, v: x.flat.__setitem__(0, 1), "flat of an array is used, which cannot be captured"),
        (lambda x, v: x.resize(6), "resize of an array is used"),
        (lambda x, v: x.view(np.int64).__setitem__(0, 1), "a view as another type cannot be captured. Use astype"),
        (lambda x, v: setattr(x, "shape", (3, 2)), "shape of an array is set, which cannot be captured. Use reshape"),
        (lambda x, v: np.modf(v, x, v), "np.modf writes to several arrays. Use what it returns"),
        (lambda x, v: np.sum(v, out=x), r"what sum gives is float64 \(\), and out= is float64 \(2, 3\)"),
        (lambda x, v: np.copyto(np.zeros((2, 3)), v), "is written to an array that was made in the function"),
        (lambda x, v: np.asarray(x).__setitem__(0, 1), "the value of an array decides"),
    ],
)
def test_what_cannot_be_captured_of_writes_is_refused_and_writes_nothing(write: Any, text: str) -> None:
    x, v = np.ones((2, 3)), np.zeros((2, 3))
    refused(write, x, v, match=text)
    assert_same((x, v), (np.ones((2, 3)), np.zeros((2, 3))))


def test_a_write_through_a_view_reaches_the_array() -> None:
    def step(x: Any) -> Any:
        row, column, flat = x[0], x.T[1], x.reshape(-1)
        row += 1
        column *= 2
        flat[-1] = 7
        np.add.at(x, (0, 0), 3)
        np.multiply(x[1], 2, out=x[1])
        x[x > 6] = 6
        return row + 0, column + 0, flat + 0

    def build() -> Any:
        x = np.arange(6.0).reshape(2, 3)
        return step, x, lambda i: (x,)

    run_beside_eager(build, captures=1)


def test_a_write_through_a_view_of_a_tensor_reaches_the_tensor() -> None:
    def build() -> Any:
        x = ad.Tensor(np.arange(6.0).reshape(2, 3))

        def step() -> Any:
            row = x[0]
            row += 1
            return (x * 1.0).sum()

        return step, x, lambda i: ()

    run_beside_eager(build, captures=1)


def test_arrays_in_one_memory() -> None:
    base = np.arange(4.0)

    def step(a: Any, b: Any) -> Any:
        a += 1
        return a + b

    compiled = compile(step)
    for a, b in ((np.ones(2), np.ones(2)), (base[:2], base[:2].copy())):
        assert_same(compiled(a.copy(), b.copy()), a + 1 + b)
    x = np.ones(2)
    assert_same(compiled(x, x), np.full(2, 4.0))
    with pytest.raises(TypeError, match="is another array in the same memory"):
        compiled(base[:2], base[1:3])
    assert_same(base, np.arange(4.0))


def test_what_is_read_only_stays_it() -> None:
    x = np.ones(2)

    def step(x: Any) -> None:
        x += 1

    compiled = compile(step)
    compiled(x)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        compiled(x)
    assert_same(x, np.full(2, 2.0))
