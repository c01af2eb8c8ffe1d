"""Fourier transforms, as `numpy.fft`."""

__all__: list[str] = []
