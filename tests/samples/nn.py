"""The primitives of `nn`."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import MANY, reals
from tests.samples.calls import Call, call, elementwise, samples_of


@samples_of("linear")
def linear(rng: np.random.Generator) -> Iterator[Call]:
    for x, weight in (((2, 3), (4, 3)), ((3,), (2, 3)), ((5, 2, 3), (1, 3)), ((2, 2, 3), (2, 3)), ((0, 3), (2, 3))):
        yield call(reals(rng, x), reals(rng, weight))


@samples_of("linear with bias")
def linear_with_bias(rng: np.random.Generator) -> Iterator[Call]:
    for x, weight in (((2, 3), (4, 3)), ((3,), (2, 3)), ((5, 2, 3), (1, 3)), ((2, 2, 3), (2, 3))):
        yield call(reals(rng, x), reals(rng, weight), reals(rng, weight[:1]))


@samples_of("squared errors")
def squared_errors(rng: np.random.Generator) -> Iterator[Call]:
    for shape in ((2, 3), ()):
        yield call(reals(rng, shape), reals(rng, shape))
    target = reals(rng, (3,))
    yield call(target + reals(rng, (3,)) / 10, target)


@samples_of("mean squared error")
def mean_squared_error(rng: np.random.Generator) -> Iterator[Call]:
    yield from squared_errors(rng)
    yield call(10 * reals(rng, (MANY,)), 10 * reals(rng, (MANY,)))


@samples_of("sum of squared errors")
def sum_of_squared_errors(rng: np.random.Generator) -> Iterator[Call]:
    yield from squared_errors(rng)
    yield call(reals(rng, (0,)), reals(rng, (0,)))


def unchanged(gradients: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return gradients


@samples_of("gradient hook")
def gradient_hook(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), tell=unchanged)


@samples_of("cross-entropies", "mean cross-entropy", "sum of cross-entropies")
def cross_entropies(rng: np.random.Generator) -> Iterator[Call]:
    for rows, classes in ((3, 4), (1, 2), (2, 1)):
        yield call(reals(rng, (rows, classes)), rng.integers(0, classes, rows))
    yield call(reals(rng, (4, 3)), np.array([0, -100, 2, -100], np.int8))  # the ones that do not count
    yield call(
        reals(rng, (2, 2)) + np.array([[20], [-20]]), np.array([1, 0], np.uint8)
    )  # whose exponentials are inf or 0 in float16
    yield call(reals(rng, (1, 21)) + 18, np.array([20]))  # more classes than are few


@samples_of("huber")
def huber(rng: np.random.Generator) -> Iterator[Call]:
    for delta in (0.3, 1.0):
        yield from elementwise(rng, reals, delta=delta)


@samples_of("elu")
def elu(rng: np.random.Generator) -> Iterator[Call]:
    for params in ({}, {"above": 1.05, "below": 1.76}, {"below": -0.5}, {"below": -2.0, "rate": -0.5}):
        yield from elementwise(rng, reals, **params)
    yield call(np.array([1000.0, 0.5, -1000.0]))


@samples_of("softplus with threshold")
def softplus(rng: np.random.Generator) -> Iterator[Call]:
    for params in ({}, {"beta": 2.0, "threshold": 1.0}, {"beta": -0.5}):
        yield from elementwise(rng, reals, **params)
    yield call(np.array([-0.4, 0.4, 3.0]), beta=2.0, threshold=1.0)


@samples_of("hardtanh")
def hardtanh(rng: np.random.Generator) -> Iterator[Call]:
    for params in ({}, {"low": -0.5, "high": 1.5}):
        yield from elementwise(rng, reals, **params)


@samples_of("hardswish")
def hardswish(rng: np.random.Generator) -> Iterator[Call]:
    yield from elementwise(rng, reals)
    yield call(np.array([-4.0, -2.5, 2.5, 4.0]))


@samples_of("threshold")
def threshold(rng: np.random.Generator) -> Iterator[Call]:
    for params in ({}, {"threshold": 0.5, "value": 2.0}):
        yield from elementwise(rng, reals, **params)


@samples_of("hardshrink", "softshrink")
def shrink(rng: np.random.Generator) -> Iterator[Call]:
    for params in ({}, {"bound": 1.0}):
        yield from elementwise(rng, reals, **params)


@samples_of("standardize")
def standardize(rng: np.random.Generator) -> Iterator[Call]:
    for x, shape, axes in (
        ((2, 3), (2, 3), (1,)),
        ((3, 2, 2, 2), (3, 2, 4), (0, 2)),
        ((2, 4), (2, 2, 2, 1), (2, 3)),
        ((4, 3), (4, 3), (0,)),
        ((2, 3, 2), (2, 3, 2), (1,)),
        ((2, 3, 2), (2, 3, 2), (2,)),
        ((2, 2, 3, 2), (2, 2, 3, 2), (0, 1, 3)),
    ):
        for centered in (True, False):
            yield call(reals(rng, x), shape=shape, axes=axes, eps=0.1, centered=centered)


@samples_of("weigh")
def weigh(rng: np.random.Generator) -> Iterator[Call]:
    for x, weight, shape, at in (
        ((2, 2, 3), (2, 3), (2, 6), (1, 6)),
        ((2, 3, 2), (3,), (2, 3, 2), (1, 3, 1)),
        ((3, 2), (2,), (3, 2), (1, 2)),
        ((6, 2), (2, 2), (3, 2, 2), (1, 2, 2)),
        ((2, 3, 2), (2, 3), (2, 3, 2), (2, 3, 1)),
        ((2, 2, 3, 2, 2), (2, 3), (2, 2, 3, 2, 2), (1, 2, 3, 1, 1)),
    ):
        yield call(reals(rng, x), reals(rng, weight), reals(rng, weight), shape=shape, at=at)
    x, weight = reals(rng, (3, 2)), reals(rng, (2,))
    yield call(x, weight, shape=(3, 2), at=(1, 2))
    yield call(x, shape=(3, 2), at=(1, 2))
    yield call(reals(rng, (MANY // 2, 2)), weight, weight, shape=(MANY // 2, 2), at=(1, 2))  # whose sum is not to be one of float16


@samples_of("lstm gates")
def lstm_gates(rng: np.random.Generator) -> Iterator[Call]:
    for shape in ((8,), (2, 4), (0, 4)):
        yield call(reals(rng, shape))


@samples_of("lstm state")
def lstm_state(rng: np.random.Generator) -> Iterator[Call]:
    for batch in ((), (3,), (0,)):
        yield call(reals(rng, (*batch, 12)), reals(rng, (*batch, 3)))


@samples_of("gru gates")
def gru_gates(rng: np.random.Generator) -> Iterator[Call]:
    for shape in ((6,), (2, 3), (0, 3)):
        yield call(reals(rng, shape), reals(rng, shape))
