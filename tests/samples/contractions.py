"""Sums of products over axes that arrays have in common."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("einsum")
def einsums(rng: np.random.Generator) -> Iterator[Call]:
    for subscripts, *shapes in (
        ("ij,jk->ik", (2, 3), (3, 4)),
        ("ii->i", (3, 3)),
        ("bij,bjk", (2, 3, 4), (2, 4, 1)),  # the result lacks b
        ("bhqd,bkhd->bhqk", (2, 1, 3, 2), (2, 2, 1, 2)),
        ("iji,j", (2, 3, 2), (3,)),
        ("...ij, ...j -> i...", (2, 1, 3, 4), (3, 4)),
        ("i,i->", (3,), (3,)),
        ("ij,kj->ij", (2, 3), (4, 3)),
        ("ji", (2, 3)),
        ("i->", (3,)),
        ("iii->i", (2, 2, 2)),
        (",i", (), (2,)),
        ("ij,jk->ik", (2, 1), (3, 4)),  # an axis of length 1 is broadcast
        ("ij,jk->ik", (2, 0), (0, 3)),
        ("i,j->ji", (0,), (3,)),
    ):
        yield call(subscripts, *[reals(rng, shape) for shape in shapes])
    yield call("ij,jk,kl->il", reals(rng, (2, 3)), reals(rng, (3, 4)), reals(rng, (4, 2)), optimize=True)
    yield call("i,ij,j,j->j", reals(rng, (2,)), reals(rng, (2, 3)), reals(rng, (3,)), reals(rng, (3,)))
    yield call(reals(rng, (2, 3)), [0, 1], reals(rng, (3, 2)), [1, 2], [2, 0])
    yield call(reals(rng, (2, 3)), [..., 0])


@samples_of("tensordot")
def tensordots(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3, 4)), reals(rng, (4, 5, 2)), axes=([0, 2], [2, 0]))
    yield call(reals(rng, (2, 3)), reals(rng, (3, 4)), axes=1)
    yield call(reals(rng, (2, 3, 4)), reals(rng, (3, 4, 2)))
    yield call(reals(rng, (2,)), reals(rng, (3,)), axes=0)
    yield call(reals(rng, (2, 3)), reals(rng, (4, 2)), axes=(-2, 1))
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3)))
    yield call(reals(rng, (2, 0)), reals(rng, (0, 3)), axes=1)


@samples_of("inner")
def inners(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (4, 3)))
    yield call(reals(rng, (3,)), reals(rng, (2, 2, 3)))
    yield call(reals(rng, (3,)), reals(rng, (3,)))
    yield call(reals(rng, (2, 3)), reals(rng, ()))
    yield call(reals(rng, (2, 0)), reals(rng, (3, 0)))


@samples_of("dot")
def dots(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)), reals(rng, (3, 2)))
    yield call(reals(rng, (2, 3)), reals(rng, (2, 3, 2)))
    yield call(reals(rng, (3,)), reals(rng, (3,)))
    yield call(reals(rng, (2, 3)), reals(rng, ()))
    yield call(reals(rng, (2, 0)), reals(rng, (0, 2)))
