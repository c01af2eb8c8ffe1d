"""Averages, spreads and correlations, along one axis, several or all, and the softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.domain import Kink
from autodiff.lists import in_one
from autodiff.ops.arithmetic import sqrt
from autodiff.ops.extremes import clip
from autodiff.ops.indexing import as_array_like
from autodiff.ops.products import matmul
from autodiff.ops.reductions import count_of, expand, max, mean, min, sum, widened
from autodiff.ops.shaping import all_or, astype, back_from, broadcast_to, concat, diagonal, reshape, squeeze
from autodiff.registry import primitive

__all__ = ["average", "corrcoef", "cov", "log_softmax", "ptp", "softmax", "std", "var"]


def degrees(name: str, ddof: Any, correction: Any) -> Any:
    """What is taken from the number of elements, by either of its names."""
    if correction is not None and ddof != 0:
        raise ValueError(f"{name}: ddof is {ddof} and correction is {correction}; wanted one of them: they mean the same.")
    return ddof if correction is None else correction


def spread_of(of: Any, x: Any, axis: Any, ddof: Any, correction: Any, keepdims: bool) -> Any:
    """What NumPy's function `of` gives; of half precision computed in single, where NumPy's overflows."""
    params = {"axis": axis, "ddof": degrees(of.__name__, ddof, correction), "keepdims": keepdims}
    if getattr(x, "dtype", None) != np.float16:
        return of(x, **params)
    return of(x.astype(np.float32), **params).astype(np.float16)


def _deviations(x: Any, axis: Any) -> Any:
    """The conjugates of x - mean. What is left has a mean of rounding errors; it is taken, too, so that equal `x` have none."""
    left = widened(x)
    left = left - np.mean(left, axis=axis, keepdims=True)
    return np.conj(left - np.mean(left, axis=axis, keepdims=True))


def _of_var(g: Any, x: Any, axis: Any, ddof: Any, correction: Any, keepdims: bool) -> Any:
    count = count_of(x.shape, axis) - degrees("var", ddof, correction)
    return expand(g, x.shape, axis, keepdims) * (_deviations(x, axis) / (count / 2))


def _of_std(g: Any, y: Any, x: Any, axis: Any, ddof: Any, correction: Any, keepdims: bool) -> Any:
    count = count_of(x.shape, axis) - degrees("std", ddof, correction)
    spread = expand(widened(y), x.shape, axis, keepdims)
    return expand(g, x.shape, axis, keepdims) * (_deviations(x, axis) / (spread + (spread == 0)) / count)


var = primitive(
    lambda x, /, axis=None, *, ddof=0, correction=None, keepdims=False: spread_of(np.var, x, axis, ddof, correction, keepdims),
    {"x": _of_var},
    numpy=[np.var],
    doc="""The mean of `|x - mean(x)|**2` along `axis` (one, several as a tuple, or all). As `numpy.var`.

    The sum is divided by the number of elements less `ddof`, or `correction`. If that is not positive, the variance and its
    derivative are NaN or infinite, with NumPy's warning.

    Raises:
        ValueError: both `ddof` and `correction` are given.

    >>> ad.var(ad.Tensor([[1.0, 2.0], [3.0, 6.0]]), axis=0)
    Tensor([1., 4.])
    """,
)

std = primitive(
    lambda x, /, axis=None, *, ddof=0, correction=None, keepdims=False: spread_of(np.std, x, axis, ddof, correction, keepdims),
    {"x": _of_std},
    numpy=[np.std],
    kinks=[Kink((np.full(n, 0.1),), (np.zeros(n),)) for n in (1, 3)],  # of three, NumPy's is not exactly 0
    doc="""The square root of the variance along `axis` (one, several as a tuple, or all). As `numpy.std`.

    Of equal elements it has a kink; the derivative is stated as 0 there. If there are not more elements than `ddof`, the value and
    the derivative are NaN or infinite, as those of `var`.

    Raises:
        ValueError: both `ddof` and `correction` are given.

    >>> ad.std(ad.Tensor([[1.0, 2.0], [3.0, 6.0]]), axis=0)
    Tensor([1., 2.])
    """,
)


@composite(numpy=[np.ptp])
def ptp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The largest element less the smallest one along `axis` (one, several as a tuple, or all). As `numpy.ptp`.

    The derivative is that of `max` less that of `min`.

    >>> ad.ptp(ad.Tensor([[1.0, 2.0], [3.0, 6.0]]), axis=0)
    Tensor([2., 4.])
    """
    return max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)


@composite(numpy=[np.average])
def average(x: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """`sum(weights * x) / sum(weights)` along `axis`, with the sum of the weights beside it if `returned`. As `numpy.average`.

    The weights have the shape of `x`, or that of its axes `axis`; derivatives are by both. If they add up to 0, the average is
    infinite or NaN, with NumPy's warning.

    Raises:
        ValueError: the weights have another shape.

    >>> ad.average(ad.Tensor([1.0, 2.0]), weights=ad.Tensor([3.0, 1.0]))
    Tensor(1.25)
    """
    shape = np.shape(x)
    if weights is None:
        y = mean(x, axis, keepdims=keepdims)
        total = count_of(shape, axis)
    else:
        weights = _weights(weights, axis, shape)
        total = sum(weights, axis, keepdims=keepdims)
        y = sum(x * weights, axis, keepdims=keepdims) / total
    return (y, np.ones_like(y) * total) if returned else y


def _weights(weights: Any, axis: Any, shape: tuple[int, ...]) -> Any:
    """The weights in the shape of what they weigh."""
    weights, axes = in_one(weights), all_or(axis, len(shape))
    given, wanted = np.shape(weights), tuple(shape[i] for i in axes)
    if given == shape:
        return weights
    if given != wanted:
        raise ValueError(
            f"average: weights has shape {given}; wanted that of x, {shape}, or of the axes that are averaged, {wanted}."
        )
    ordered = np.transpose(weights, back_from(axes))
    return broadcast_to(reshape(ordered, [n if i in axes else 1 for i, n in enumerate(shape)]), shape)


@composite(numpy=[np.cov])
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, fweights: Any = None, aweights: Any = None,
    *, dtype: Any = None,
) -> Any:  # fmt: skip
    """The covariances of the variables that are the rows of `m` and `y`, or their columns without `rowvar`. As `numpy.cov`.

    `C[i, j] = Σₖ w[k] (x[i, k] - mean(x[i])) conj(x[j, k] - mean(x[j])) / f`, with `f` the number of observations, less 1 unless
    `bias`, or less `ddof`. `fweights` counts repetitions, `aweights` weighs observations; derivatives are by these as well.
    The type is float64 at least, unless `dtype` is given.

    Raises:
        ValueError: `m` has more than two axes, or an array has another number of observations.

    >>> ad.cov(ad.Tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    Tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    x = concat([_variables(array, rowvar) for array in (m, y) if array is not None])
    x = astype(x, np.result_type(x, float) if dtype is None else dtype)
    fweights, aweights = (w if w is None else as_array_like(w) for w in (fweights, aweights))
    w = fweights if aweights is None else aweights if fweights is None else np.multiply(fweights, aweights)
    if w is not None and np.shape(w) != x.shape[1:]:
        raise ValueError(f"cov: the weights have shape {np.shape(w)}; wanted one for each of the {x.shape[1]} observations.")
    less = ddof if ddof is not None else 0 if bias else 1
    total = x.shape[1] if w is None else sum(w)
    factor = total - less * (1 if aweights is None else sum(w * aweights) / total)
    left = x - expand(average(x, 1, w), x.shape, 1, False)
    return squeeze(matmul(left, np.conj(left if w is None else left * w).T) / factor)


def _variables(m: Any, rowvar: bool) -> Any:
    """The matrix with a variable in each row."""
    m = as_array_like(m)
    if m.ndim > 2:
        raise ValueError(f"cov: an array has {m.ndim} axes; wanted one or two: variables and observations.")
    if m.ndim < 2:
        return reshape(m, (1, -1))
    return m if rowvar else m.T


@composite(numpy=[np.corrcoef])
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """The correlation coefficients `C[i, j] / sqrt(C[i, i] C[j, j])` of the covariances `C` of `cov`. As `numpy.corrcoef`.

    A variable that does not vary has none: its row and column are NaN, with NumPy's warning.

    >>> ad.corrcoef(ad.Tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    Tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return c / c
    spread = sqrt(np.real(diagonal(c)))
    c = c / spread[:, None] / spread
    return c if c.dtype.kind == "c" else clip(c, -1, 1)  # of rounding


def _exponentials(x: Any, axis: Any) -> tuple[Any, Any, Any]:
    """`x` less its maximum, if that is finite, the exponentials of that, and their sum, which is 1 rather than 0."""
    largest = np.max(x, axis=axis, keepdims=True)
    shifted = x - np.where(np.isfinite(largest), largest, 0)
    e = np.exp(shifted)
    total = np.add.reduce(widened(e), axis=axis, keepdims=True)
    return shifted, e, total + (total == 0)


def _softmax(x: Any, /, axis: Any = -1) -> Any:
    _, e, total = _exponentials(x, axis)
    return (e / total).astype(e.dtype)


def _of_softmax(g: Any, y: Any, axis: Any) -> Any:
    parts = widened(y)
    return parts * (g - np.sum(g * parts, axis=axis, keepdims=True))


softmax = primitive(
    _softmax,
    {"x": _of_softmax},
    name="softmax",
    kinks=[Kink((np.full(2, -np.inf),), (np.zeros(2),))],
    doc="""`exp(x) / sum(exp(x))` along `axis` (one, several as a tuple, or None for all), without overflow. As `torch.softmax`.

    Its cotangent is `y (g - sum(g y))`. Where all elements are -inf, it is 0, and so is its derivative: the softmax is that of
    `logsumexp`.

    >>> ad.softmax(ad.Tensor([1000.0, 1000.0]))
    Tensor([0.5, 0.5])
    """,
)


def _log_softmax(x: Any, /, axis: Any = -1) -> Any:
    shifted, e, total = _exponentials(x, axis)
    return (shifted - np.log(total)).astype(e.dtype)


log_softmax = primitive(
    _log_softmax,
    {"x": lambda g, y, axis: g - np.exp(widened(y)) * np.sum(widened(g), axis=axis, keepdims=True)},
    name="log_softmax",
    kinks=[Kink((np.full(2, -np.inf),), (np.ones(2),))],
    doc="""The logarithm of the softmax, `x - logsumexp(x)`, along `axis`, without overflow. As `torch.log_softmax`.

    Its cotangent is `g - softmax(x) sum(g)`. Where all elements are -inf, so is it.

    >>> ad.log_softmax(ad.Tensor([0.0, -1000.0]))
    Tensor([    0., -1000.])
    """,
)
