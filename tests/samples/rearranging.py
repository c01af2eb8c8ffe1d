"""Other orders of the same elements."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("flip")
def flips(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3, 4)), axis=(0, -1))
    yield call(reals(rng, (2, 3)), axis=1)
    yield call(reals(rng, ()))
    yield call(reals(rng, (0, 3)), axis=0)


@samples_of("roll")
def rolls(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), shift=1, axis=1)
    yield call(reals(rng, (2, 3)), shift=(1, -2), axis=(0, 1))
    yield call(reals(rng, (2, 3)), shift=2)
    yield call(reals(rng, (3,)), shift=-1)
    yield call(reals(rng, (0, 3)), shift=1, axis=0)


@samples_of("flipud", "fliplr")
def flips_of_one_axis(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3, 4)))
    yield call(reals(rng, (0, 3)))


@samples_of("rot90")
def rotations(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3, 4)), k=-1, axes=(2, 0))
    yield call(reals(rng, (2, 3)), k=2)
    yield call(reals(rng, (2, 3)), k=3)
    yield call(reals(rng, (2, 3)), k=4)
    yield call(reals(rng, (0, 3)), k=1)


@samples_of("rollaxis")
def moved_axes(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3, 4)), 2)
    yield call(reals(rng, (2, 3, 4)), 0, start=2)
    yield call(reals(rng, (2, 3, 4)), -2, start=-1)
    yield call(reals(rng, (2, 3, 4)), 1, start=3)
    yield call(reals(rng, (0, 3)), 1)


@samples_of("repeat")
def repetitions(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), 2, axis=1)
    yield call(reals(rng, (2, 3)), [0, 2], axis=0)
    yield call(reals(rng, (2, 3)), 3)
    yield call(reals(rng, (3,)), np.array([1, 0, 2]), axis=-1)
    yield call(reals(rng, ()), 2)
    yield call(reals(rng, (2, 3)), 0, axis=0)
    yield call(reals(rng, (0, 3)), 2, axis=0)


@samples_of("tile")
def tiles(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), 2)
    yield call(reals(rng, (2, 3)), (2, 1, 3))
    yield call(reals(rng, (2, 1, 3)), [3, 2])
    yield call(reals(rng, ()), 3)
    yield call(reals(rng, ()), ())
    yield call(reals(rng, (2, 3)), (0, 2))
    yield call(reals(rng, (0, 3)), 2)


@samples_of("resize")
def resizes(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), (4, 2))
    yield call(reals(rng, (2, 3)), 4)
    yield call(reals(rng, ()), (2, 2))
    yield call(reals(rng, (2,)), (0, 2))
    yield call(reals(rng, (0,)), (2,))


@samples_of("delete")
def deletions(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), 1, axis=1)
    yield call(reals(rng, (2, 3)), [0, -1])
    yield call(reals(rng, (4, 2)), slice(None, None, 2), axis=0)
    yield call(reals(rng, (3,)), np.array([True, False, True]))
    yield call(reals(rng, (3,)), np.array([], int))
    yield call(reals(rng, (0, 3)), [0, 1, 2], axis=-1)


@samples_of("insert")
def inserted(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), 1, reals(rng, (3,)), axis=0)
    yield call(reals(rng, (2, 3)), [0, 2, 2], reals(rng, (2, 3)), axis=1)
    yield call(reals(rng, (3,)), -1, reals(rng, ()))
    yield call(reals(rng, (2, 3)), 1, reals(rng, (2,)))
    yield call(reals(rng, (2, 3)), 1, reals(rng, (2,)), axis=1)
    yield call(reals(rng, (2, 3)), [1], reals(rng, (2, 2)), axis=1)
    yield call(reals(rng, (2, 3)), 1, reals(rng, (4, 2)), axis=-1)
    yield call(reals(rng, (4,)), slice(0, 3, 2), reals(rng, (2,)))
    yield call(reals(rng, (2, 2, 2)), [0, 1], reals(rng, ()), axis=2)
    yield call(reals(rng, (0,)), 0, reals(rng, (2,)))


@samples_of("trim_zeros")
def trimmed(rng: np.random.Generator) -> Iterator[Call]:
    """Without zeros: a finite difference would make another number of one."""
    yield call(reals(rng, (3,)))
    yield call(reals(rng, (3,)), trim="F")
    yield call(reals(rng, (2,)), trim="b")
    yield call(reals(rng, (0,)))
