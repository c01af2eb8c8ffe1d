"""Values that decide what is computed: those of floats are refused, and arrays of integers are looked at in each call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_eager import assert_same, compile, refused, run_beside_eager

import autodiff as ad


@pytest.mark.parametrize(
    "step",
    [
        lambda x: float(x.sum()),
        lambda x: x.sum().item(),
        lambda x: 1 if x.sum() > 1 else 2,
        lambda x: print(x),
        lambda x: x.tolist(),
        lambda x: f"{x.sum():.3f}",
        lambda x: np.asarray(x),
        lambda x: 1.0 in x,
        lambda x: [1, 2][x.sum().astype(int)],
    ],
)
def test_a_value_that_leaves_numpy_is_an_error_that_names_the_line(step: Any) -> None:
    refused(step, np.ones(2), match=r"test_deciding\.py:\d+, the value of an array decides")


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (lambda x: x[x > 0], "x.mask."),
        (lambda x: (ad.Tensor(x)[ad.Tensor(x) > 0] * 2).sum(), "x.mask."),
        (ad.grad(lambda x: (x[x > 0] ** 2).sum()), "x.mask."),
        (lambda x: np.nonzero(x), "the result of nonzero"),
        (lambda x: np.where(x > 0)[0], "the result of where"),
        (lambda x: x.compress(x > 0), "the result of compress"),
        (lambda x: np.extract(x > 0, x), "the result of extract"),
        (lambda x: np.repeat(x, np.round(x).astype(int)), "the result of repeat"),
        (lambda x: x[: np.argmax(x)], "x.mask."),
    ],
)
def test_a_shape_that_depends_on_values_is_refused(step: Any, what: str) -> None:
    refused(step, np.ones(2), match=rf"test_deciding\.py:\d+, values decide which shape {what} has")


@pytest.mark.parametrize(
    "step",
    [
        lambda x, n: x * 2 if n[0] > 1 else x,
        lambda x, n: np.repeat(x, n),
        lambda x, n: x[: n[1]],
        lambda x, n: x[n > 1],
        lambda x, n: np.broadcast_to(np.tile(x, 2), (n[0], 4)) * 2,
        lambda x, n: sum(x * k for k in range(int(n[0]))),
        lambda x, n: ad.Tensor(x)[np.unique(n) % 2].sum(),
    ],
)
def test_integers_that_decide_are_looked_at_and_may_come_again(step: Any) -> None:
    counts = [np.array(n) for n in ([2, 1], [1, 3], [2, 1], [1, 3])]
    run_beside_eager(lambda: (step, None, lambda i: (np.arange(2.0) + i, counts[i])), steps=4, captures=2)
    run_beside_eager(lambda: (lambda n: step(np.ones(2), n[0]), None, lambda i: ((counts[i],),)), steps=4, captures=2)


def test_integers_that_decide_and_are_written_to_are_refused() -> None:
    def step(n: Any) -> Any:
        n += 1
        return n * 2 if n[0] > 2 else n

    refused(step, np.array([1]), match=r"args\[0\] decides what is computed, and is written to")


@pytest.mark.parametrize("step", [lambda x: np.asarray(x) * 2, lambda x: np.array([x[0], x[1]]), lambda x: np.array([[x], [x]])])
def test_a_conversion_to_an_array_is_an_error_that_tells_what_to_do(step: Any) -> None:
    refused(step, np.ones(2), match=r"Leave out np.asarray, make an array of several by np.stack")


def test_an_error_that_numpy_makes_of_it_is_told_as_what_it_is() -> None:
    def step(x: Any) -> Any:
        y = np.zeros(3)
        y[0] = x[0]
        return y

    refused(step, np.ones(2), match=r"test_deciding\.py:\d+, the value of an array decides")
    with pytest.warns(RuntimeWarning, match="It runs as it is"):
        assert_same(ad.compile(step, fallback=True)(np.ones(2)), np.array([1.0, 0.0, 0.0]))


def test_a_random_number_that_decides_is_refused_before_anything_is_changed() -> None:
    rng, w = np.random.default_rng(0), np.ones(2)
    state = rng.bit_generator.state

    def step() -> None:
        w[:] = w * 2 if rng.random() < 0.5 else w + 1

    refused(step, match=r"test_deciding\.py:\d+, a random number decides")
    assert_same((w, rng.bit_generator.state), (np.ones(2), state))


def test_each_call_with_other_integers_that_decide_is_an_error_at_last() -> None:
    compiled = compile(lambda x, n: np.repeat(x, n))
    for n in range(9):
        assert_same(compiled(np.ones(2), np.array([n, 1])), np.ones(n + 1))
    with pytest.raises(TypeError, match=r"args\[1\] has changed in each of the last 8 calls"):
        compiled(np.ones(2), np.array([10, 1]))


def test_indices_are_no_decisions() -> None:
    def step(x: Any, i: Any) -> Any:
        y = ad.Tensor(x, requires_grad=True)
        loss = (y[i] * y[i[::-1]]).sum() + np.take(y, i, axis=0).sum() + np.take_along_axis(y, i, 0).sum()
        loss.backward()
        x[i] = 0
        np.add.at(x, i, 1)
        return loss.detach(), y.grad

    rng = np.random.default_rng(0)
    given = [(rng.normal(size=5), rng.integers(5, size=4)) for _ in range(5)]
    run_beside_eager(lambda: (step, None, lambda i: tuple(x.copy() for x in given[i])), steps=5, captures=1)
