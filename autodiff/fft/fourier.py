"""Discrete Fourier transforms and their inverses, of complex numbers and of real ones, along one axis or several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import wrap
from autodiff.dtypes import require_cpu
from autodiff.ops.complex import conj
from autodiff.ops.indexing import cut
from autodiff.ops.rearranging import roll
from autodiff.ops.shaping import astype
from autodiff.registry import primitive

__all__ = [
    *("fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft"),
    *("irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn"),
]

_SWAPPED: dict[str | None, Any] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _fitted(x: Any, n: int, axis: int) -> Any:
    """`x` cut to `n` elements along `axis`, or filled with zeros to as many: the transpose of what a transform does first."""
    axis %= x.ndim
    if x.shape[axis] >= n:
        return cut(x, axis, None, n)
    zeros = np.zeros_like(x, shape=(*x.shape[:axis], n - x.shape[axis], *x.shape[axis + 1 :]))
    return np.concatenate([x, zeros], axis)


def _weighted(x: Any, n: int, inner: float, axis: int) -> Any:
    """Half a spectrum of `n` with the factor `inner` for the frequencies that stand for two, of which the other is left out."""
    weights = np.full(n // 2 + 1, inner)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    return x * np.reshape(weights, (-1,) + (1,) * (x.ndim - 1 - axis % x.ndim)).astype(np.real(x).dtype)


def _of_rfft(g: Any, x_shape: tuple[int, ...], n: int | None, axis: int, norm: str | None) -> Any:
    size = x_shape[axis] if n is None else n
    y = np.fft.irfft(_weighted(np.conj(g), size, 0.5, axis), size, axis, _SWAPPED[norm])
    return _fitted(y, x_shape[axis], axis)


def _of_irfft(g: Any, x_shape: tuple[int, ...], axis: int, norm: str | None) -> Any:
    y = _weighted(np.conj(np.fft.rfft(g, None, axis, _SWAPPED[norm])), g.shape[axis], 2.0, axis)
    return _fitted(y, x_shape[axis], axis)


fft = primitive(
    lambda x, /, n=None, axis=-1, norm=None: np.fft.fft(x, n, axis, norm),
    {"x": lambda g, x_shape, axis, norm: _fitted(np.fft.fft(g, None, axis, norm), x_shape[axis], axis)},
    numpy=[np.fft.fft],
    doc="""`y[k] = Σⱼ x[j] exp(-2πi j k / n)` along `axis`, of `x` cut or filled with zeros to `n` elements. As `numpy.fft.fft`.

    `norm` says where the factor 1/n goes: "backward" to the inverse, "forward" here, "ortho" by its root to both. The matrix is its
    own transpose: the rule is the transform itself.

    >>> ad.fft.fft(ad.Tensor([1.0, 2.0])).tolist()
    [(3+0j), (-1+0j)]
    """,
)

ifft = primitive(
    lambda x, /, n=None, axis=-1, norm=None: np.fft.ifft(x, n, axis, norm),
    {"x": lambda g, x_shape, axis, norm: _fitted(np.fft.ifft(g, None, axis, norm), x_shape[axis], axis)},
    numpy=[np.fft.ifft],
    doc="""The inverse of `fft`: `y[k] = Σⱼ x[j] exp(2πi j k / n) / n`. As `numpy.fft.ifft`.

    >>> ad.fft.ifft(ad.Tensor([3.0, -1.0])).tolist()
    [(1+0j), (2+0j)]
    """,
)

rfft = primitive(
    lambda x, /, n=None, axis=-1, norm=None: np.fft.rfft(x, n, axis, norm),
    {"x": _of_rfft},
    numpy=[np.fft.rfft],
    doc="""The first `n // 2 + 1` elements of `fft`, of which the others are conjugates since `x` is real. As `numpy.fft.rfft`.

    >>> ad.fft.rfft(ad.Tensor([1.0, 2.0, 3.0, 4.0])).tolist()
    [(10+0j), (-2+2j), (-2+0j)]
    """,
)

irfft = primitive(
    lambda x, /, n=None, axis=-1, norm=None: np.fft.irfft(x, n, axis, norm),
    {"x": _of_irfft},
    numpy=[np.fft.irfft],
    doc="""The inverse of `rfft`, of `n` real numbers: an even count, `2 (m - 1)` of `m`, if not given. As `numpy.fft.irfft`.

    The imaginary parts of the first element, and of the last one if `n` is even, are not used: their derivative is 0.

    >>> ad.fft.irfft(ad.Tensor([10.0, -2.0 + 2.0j, -2.0]))
    Tensor([1., 2., 3., 4.])
    """,
)


def _lengths(name: str, x: Any, s: Any, axes: Any, halved: bool = False) -> list[tuple[int, int]]:
    """How many elements are transformed along which axis."""
    shape = np.shape(x)
    axes = range(-(len(shape) if s is None else len(s)), 0) if axes is None else axes
    sizes = [shape[axis] for axis in axes] if s is None else list(s)
    if len(sizes) != len(axes):
        raise ValueError(f"{name}: s has {len(sizes)} lengths and axes {len(axes)}; wanted as many of one as of the other.")
    if halved and s is None and sizes:
        sizes[-1] = 2 * (sizes[-1] - 1)
    return [(shape[axis] if n == -1 else n, axis) for n, axis in zip(sizes, axes, strict=True)]


def _along(transform: Callable[..., Any], x: Any, lengths: list[tuple[int, int]], norm: Any) -> Any:
    for n, axis in lengths:
        x = transform(x, n, axis, norm)
    return x


@composite(numpy=[np.fft.fftn])
def fftn(x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """The `fft` along several axes, all if not given, of `s` elements each. As `numpy.fft.fftn`.

    Raises:
        ValueError: `s` and `axes` are not equally long.

    >>> ad.fft.fftn(ad.Tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[(10+0j), (-2+0j)], [(-4+0j), 0j]]
    """
    return _along(fft, x, _lengths("fftn", x, s, axes)[::-1], norm)


@composite(numpy=[np.fft.ifftn])
def ifftn(x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """The inverse of `fftn`. As `numpy.fft.ifftn`.

    >>> ad.fft.ifftn(ad.Tensor([[10.0, -2.0], [-4.0, 0.0]])).tolist()
    [[(1+0j), (2+0j)], [(3+0j), (4+0j)]]
    """
    return _along(ifft, x, _lengths("ifftn", x, s, axes)[::-1], norm)


@composite(numpy=[np.fft.rfftn])
def rfftn(x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """The `rfft` along the last of several axes, all if not given, and the `fft` along the others. As `numpy.fft.rfftn`.

    >>> ad.fft.rfftn(ad.Tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[(10+0j), (-2+0j)], [(-4+0j), 0j]]
    """
    *others, last = _lengths("rfftn", x, s, axes)
    return _along(fft, _along(rfft, x, [last], norm), others[::-1], norm)


@composite(numpy=[np.fft.irfftn])
def irfftn(x: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Any:
    """The inverse of `rfftn`. As `numpy.fft.irfftn`.

    >>> ad.fft.irfftn(ad.Tensor([[10.0, -2.0], [-4.0, 0.0]]))
    Tensor([[1., 2.],
            [3., 4.]])
    """
    *others, last = _lengths("irfftn", x, s, axes, halved=True)
    return _along(irfft, _along(ifft, x, others, norm), [last], norm)


@composite(numpy=[np.fft.fft2])
def fft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """The `fftn` along two axes. As `numpy.fft.fft2`.

    >>> ad.fft.fft2(ad.Tensor(np.eye(2))).shape
    (2, 2)
    """
    return fftn(x, s, axes, norm)


@composite(numpy=[np.fft.ifft2])
def ifft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """The inverse of `fft2`. As `numpy.fft.ifft2`.

    >>> ad.fft.ifft2(ad.Tensor(np.eye(2))).shape
    (2, 2)
    """
    return ifftn(x, s, axes, norm)


@composite(numpy=[np.fft.rfft2])
def rfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """The `rfftn` along two axes. As `numpy.fft.rfft2`.

    >>> ad.fft.rfft2(ad.Tensor(np.eye(4))).shape
    (4, 3)
    """
    return rfftn(x, s, axes, norm)


@composite(numpy=[np.fft.irfft2])
def irfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """The inverse of `rfft2`. As `numpy.fft.irfft2`.

    >>> ad.fft.irfft2(ad.Tensor(np.eye(3))).shape
    (3, 4)
    """
    return irfftn(x, s, axes, norm)


@composite(numpy=[np.fft.hfft])
def hfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The `fft`, which is real, of a signal whose second half is the conjugate of the first, `x`. As `numpy.fft.hfft`.

    >>> ad.fft.hfft(ad.Tensor([1.0, 2.0]), 3)
    Tensor([ 5., -1., -1.])
    """
    return irfft(conj(x), n, axis, _SWAPPED[norm])


@composite(numpy=[np.fft.ihfft])
def ihfft(x: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """The inverse of `hfft`. As `numpy.fft.ihfft`.

    >>> ad.fft.ihfft(ad.Tensor([5.0, -1.0, -1.0])).real
    Tensor([1., 2.])
    """
    return conj(rfft(x, n, axis, _SWAPPED[norm]))


def _halves(x: Any, axes: Any) -> tuple[list[int], tuple[int, ...]]:
    axes = tuple(range(np.ndim(x))) if axes is None else axes if isinstance(axes, (tuple, list)) else (axes,)
    return [np.shape(x)[axis] // 2 for axis in axes], tuple(axes)


@composite(numpy=[np.fft.fftshift])
def fftshift(x: Any, axes: Any = None) -> Any:
    """A spectrum with the frequency 0 in the middle of the axes, all if not given. As `numpy.fft.fftshift`.

    >>> ad.fft.fftshift(ad.Tensor([0.0, 1.0, -1.0]))
    Tensor([-1.,  0.,  1.])
    """
    halves, axes = _halves(x, axes)
    return roll(x, tuple(halves), axes)


@composite(numpy=[np.fft.ifftshift])
def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of `fftshift`. As `numpy.fft.ifftshift`.

    >>> ad.fft.ifftshift(ad.Tensor([-1.0, 0.0, 1.0]))
    Tensor([ 0.,  1., -1.])
    """
    halves, axes = _halves(x, axes)
    return roll(x, tuple(-half for half in halves), axes)


def _frequencies(of: Any, n: int, d: Any, dtype: Any, device: Any) -> Any:
    require_cpu(of.__name__, device)
    y = wrap(of(n, 1 / n)) / (n * d)
    return y if dtype is None else astype(y, dtype)


def fftfreq(n: int, d: Any = 1.0, *, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies of the elements of an `fft` of `n` samples, `d` apart: by these alone there is a derivative. As in NumPy.

    >>> ad.fft.fftfreq(4)
    Tensor([ 0.  ,  0.25, -0.5 , -0.25])
    """
    return _frequencies(np.fft.fftfreq, n, d, dtype, device)


def rfftfreq(n: int, d: Any = 1.0, *, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies of the elements of an `rfft` of `n` samples, `d` apart: by these alone there is a derivative. As in NumPy.

    >>> ad.fft.rfftfreq(4)
    Tensor([0.  , 0.25, 0.5 ])
    """
    return _frequencies(np.fft.rfftfreq, n, d, dtype, device)
