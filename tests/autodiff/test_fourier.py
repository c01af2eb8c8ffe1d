"""Fourier transforms: of complex numbers, of every length, in every scaling, and how they belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad

NORMS = ["backward", "ortho", "forward"]
OF_COMPLEX = ["fft", "ifft", "irfft", "hfft", "fft2", "ifft2", "irfft2", "fftn", "ifftn", "irfftn"]
OF_REAL = ["rfft", "ihfft", "rfft2", "rfftn"]


def leaf(x: Any) -> Any:
    return ad.Tensor(x, requires_grad=True)


def normal(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape)


def gradient(f: Any, x: np.ndarray, g: np.ndarray) -> np.ndarray:
    t = leaf(x)
    y = f(t)
    ad.sum(ad.real(y) * g.real + (ad.imag(y) * g.imag if np.iscomplexobj(g) else 0)).backward()
    return np.asarray(t.grad.numpy())


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", OF_COMPLEX + OF_REAL)
def test_the_gradient_is_the_adjoint_of_the_transform_which_is_linear(name: str, norm: str) -> None:
    f, numpys = getattr(ad.fft, name), getattr(np.fft, name)
    several = name[-1] in "2n"
    for n in (None, 1, 2, 3, 5, 6, 9):
        kwargs: Any = {"norm": norm, **({} if n is None else {"s": (n, n), "axes": (-2, -1)} if several else {"n": n})}
        x, d = ((normal(3, 5) + (1j * normal(3, 4, 5)[:, 1] if name in OF_COMPLEX else 0)) * factor for factor in (1, 0.5 + 0.25j))
        d = d if name in OF_COMPLEX else d.real
        y = numpys(x, **kwargs)
        g = normal(*y.shape) + (1j * normal(2, *y.shape)[1] if np.iscomplexobj(y) else 0)
        assert_array_equal(f(leaf(x), **kwargs).numpy(), y)
        assert_array_equal(numpys(leaf(x), **kwargs).numpy(), y)
        found = gradient(lambda t, kwargs=kwargs: f(t, **kwargs), x, g)
        assert_allclose(np.sum(found * np.conj(d)).real, np.sum(g * np.conj(numpys(d, **kwargs))).real, rtol=1e-10, atol=1e-12)


@pytest.mark.peer
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", OF_COMPLEX + OF_REAL)
def test_gradients_are_those_of_pytorch(name: str, norm: str, torch: Any) -> None:
    x = normal(4, 5) + (1j * normal(3, 4, 5)[1] if name in OF_COMPLEX else 0)
    for kwargs in ({}, {"s": (3, 6)} if name.endswith("2") else {"n": 7} if name[-1] == "t" else {}):
        y = getattr(np.fft, name)(x, norm=norm, **kwargs)
        g = normal(*y.shape) + (1j * normal(2, *y.shape)[1] if np.iscomplexobj(y) else 0)
        z = torch.tensor(x, requires_grad=True)
        getattr(torch.fft, name)(z, norm=norm, **kwargs).backward(torch.tensor(g))
        found = gradient(lambda t, kwargs=kwargs: getattr(ad.fft, name)(t, norm=norm, **kwargs), x, g)
        assert_allclose(found, z.grad.resolve_conj().numpy(), rtol=1e-11, atol=1e-13)


def test_the_energy_of_a_signal_is_that_of_its_spectrum_with_the_same_gradient() -> None:
    x = normal(7)
    t = leaf(x)
    y = ad.fft.fft(t, norm="ortho")
    ad.sum(ad.real(y * ad.conj(y))).backward()
    assert_allclose(t.grad.numpy(), 2 * x, rtol=1e-11)


def test_the_parts_of_half_a_spectrum_that_are_not_used_have_no_gradient() -> None:
    x = normal(4) + 1j * normal(2, 4)[0]
    found = gradient(lambda t: ad.fft.irfft(t), x, normal(6))
    assert_array_equal(found[[0, 3]].imag, 0)
    assert np.all(found[[1, 2]].imag != 0)


def test_frequencies_depend_on_the_distance_of_samples_alone() -> None:
    for n in (1, 4, 5):
        for ours, numpys in ((ad.fft.fftfreq, np.fft.fftfreq), (ad.fft.rfftfreq, np.fft.rfftfreq)):
            assert_allclose(ours(n, 0.5), numpys(n, 0.5), rtol=1e-15)
            d = leaf(0.5)
            y = ours(n, d)
            assert_allclose(y.numpy(), numpys(n, 0.5), rtol=1e-15)
            y.sum().backward()
            assert_allclose(d.grad.numpy(), -np.sum(numpys(n, 0.5)) / 0.5, rtol=1e-14, atol=1e-15)


def test_lengths_and_axes_that_do_not_match_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"fftn: s has 1 lengths and axes 2; wanted as many of one as of the other\."):
        ad.fft.fftn(leaf(np.ones((2, 2))), s=(2,), axes=(0, 1))
    with pytest.raises(ValueError, match="Invalid number of FFT data points"):
        ad.fft.fft(leaf(np.ones((2, 0))))
    with pytest.raises(TypeError):
        ad.fft.rfft(leaf(np.ones(2, complex)))
