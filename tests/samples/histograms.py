"""Histograms: the elements lie apart from the inner edges, at which counts jump."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import positive, reals
from tests.samples.calls import Call, call, samples_of

A = np.array([0.1, 0.6, 2.2, 3.7, 5.3, 5.9, 7.1, 8.2])
B = np.array([1.2, 0.3, 2.9, 2.1, 4.4, 5.7, 0.9, 3.3])


@samples_of("histogram")
def histograms(rng: np.random.Generator) -> Iterator[Call]:
    yield call(A)
    yield call(A, bins=4, weights=positive(rng, (8,)))
    yield call(A, bins=np.array([0.0, 1.0, 5.0, 6.0]), density=True, weights=positive(rng, (8,)))
    yield call(A, bins=3, density=True)
    yield call(A, bins=5, range=(1.0, 6.5))
    yield call(np.reshape(A, (2, 4)), bins="sturges")
    yield call(np.full(3, 2.0), bins=3, range=(1.0, 3.5))
    yield call(reals(rng, (0,)), bins=2)


@samples_of("histogram_bin_edges")
def edges(rng: np.random.Generator) -> Iterator[Call]:
    yield call(A)
    yield call(A, bins=3)
    yield call(A, bins=3, range=(0.0, 2.0))
    yield call(A, bins=np.array([0.0, 1.0, 5.0]))
    yield call(reals(rng, (2, 3)), bins="sturges")
    yield call(np.array([2.0]), bins=2)
    yield call(reals(rng, (0,)), bins=2)


@samples_of("histogramdd")
def of_points(rng: np.random.Generator) -> Iterator[Call]:
    yield call(np.stack([A, B], 1), bins=3, weights=positive(rng, (8,)))
    yield call([A, B], bins=[2, 3], density=True)
    yield call(np.stack([A, B], 1), bins=[np.array([0.0, 3.0, 9.0]), 2], range=[None, (0.0, 4.0)])


@samples_of("histogram2d")
def of_pairs(rng: np.random.Generator) -> Iterator[Call]:
    yield call(A, B)
    yield call(A, B, bins=3, weights=positive(rng, (8,)))
    yield call(A, B, bins=np.array([0.0, 1.0, 5.0, 9.0]), density=True)
    yield call(A, B, bins=[2, 4], range=[(0.0, 9.0), (0.0, 6.0)])
