"""Fourier transforms: cut, filled, of even and odd lengths, in all scalings. Of complex numbers, see `test_fourier.py`."""

from collections.abc import Iterator

import numpy as np

from tests.samples.arrays import reals
from tests.samples.calls import Call, call, samples_of


@samples_of("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
def transforms(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 5)))
    yield call(reals(rng, (6, 2)), axis=0, norm="ortho")
    yield call(reals(rng, (1, 5, 2)), n=3, axis=1, norm="forward")
    yield call(reals(rng, (2, 4)), n=9, norm="backward")
    yield call(reals(rng, (2, 4)), n=6, axis=-2)
    yield call(reals(rng, (3,)), n=1)
    yield call(reals(rng, (3,)), n=2)
    yield call(reals(rng, (0, 3)))


@samples_of("fftn", "ifftn", "rfftn", "irfftn")
def transforms_of_several_axes(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3)))
    yield call(reals(rng, (2, 3, 4)), axes=(2, 0), norm="ortho")
    yield call(reals(rng, (3, 4)), s=(5, 3), axes=(0, 1), norm="forward")
    yield call(reals(rng, (3, 4)), s=(-1, 6), axes=(1, 0))


@samples_of("fft2", "ifft2", "rfft2", "irfft2")
def transforms_of_two_axes(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (2, 3, 4)))
    yield call(reals(rng, (3, 4)), s=(2, 5), norm="ortho")
    yield call(reals(rng, (2, 3, 3)), axes=(0, 1))


@samples_of("fftshift", "ifftshift")
def shifts(rng: np.random.Generator) -> Iterator[Call]:
    yield call(reals(rng, (5,)))
    yield call(reals(rng, (2, 3)), axes=1)
    yield call(reals(rng, (4, 3, 2)), axes=(0, 1))
    yield call(reals(rng, (0, 3)))
