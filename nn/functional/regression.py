"""Losses of predictions that are numbers: how far they are from their targets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from nn.functional.losses import REDUCTIONS, check, pair, reals, reduce, require, same_shape, unequal
from nn.functional.naming import not_real, under

__all__ = ["gaussian_nll_loss", "huber_loss", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss"]

SHORT = 4096  # elements up to which one dot product is as accurate as a sum in pairs, and faster
_WIDE = "fdg"  # the types in which errors are squared and added up: of halves the sum would overflow, and integers wrap around


def _twice(g: Any) -> Any:
    """`2 g`, of halves in float32: twice the largest overflows, and divided by the number of elements they may be too small."""
    return 2 * (g.astype(np.float32) if g.dtype.char == "e" else g)


_OF_SUM = {
    "a": lambda g, a, b: (a - b) * _twice(g),
    "b": lambda g, a, b: (b - a) * _twice(g),
}
_OF_MEAN = {
    "a": lambda g, a, b: (a - b) * (_twice(g) / a.size),
    "b": lambda g, a, b: (b - a) * (_twice(g) / b.size),
}


def _squared_error(reduction: str) -> Any:
    """The reduced squared error as one operation, which takes 40 % of the time of three on 100 elements, forward and backward."""
    averaged = reduction == "mean"

    def total(d: Any) -> Any:
        n = d.size
        if reduction == "none" or n > SHORT:
            return np.mean(np.square(d)) if averaged else np.sum(np.square(d)) if reduction == "sum" else np.square(d)
        flat = d.ravel()
        y = flat.dot(flat)  # as np.vdot(d, d), in less time
        return y / n if averaged else y

    def forward(a: Any, b: Any, /) -> Any:
        try:
            given, wanted = a.shape, b.shape
        except AttributeError:  # of numbers and lists
            given, wanted = np.shape(a), np.shape(b)
        if given != wanted:
            raise ValueError(unequal(given, wanted))
        try:
            d = np.subtract(a, b)
        except TypeError:  # of truth values
            d = np.subtract(a, b, dtype=float)
        if d.dtype.char in _WIDE:
            return total(d)
        if d.dtype.kind == "c":
            raise TypeError(not_real(prediction=a, target=b))
        half = d.dtype.kind == "f"
        y = total(np.subtract(a, b, dtype=np.float32 if half else float))
        return y.astype(d.dtype) if half else y

    formula = {"mean": "The mean of `(a - b)²`", "sum": "`Σ (a - b)²`", "none": "`(a - b)²`"}[reduction]
    return extend.primitive(
        forward,
        _OF_MEAN if averaged else _OF_SUM,
        name={"mean": "mean squared error", "sum": "sum of squared errors", "none": "squared errors"}[reduction],
        doc=f"{formula} of two arrays of one shape.",
    )


_SQUARED_ERROR = {reduction: _squared_error(reduction) for reduction in REDUCTIONS}


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared error `(input - target)²`: its mean, its sum, or each element's. As `torch.nn.functional.mse_loss`.

    Args:
        input: the prediction, of any shape.
        target: what it should be, of the same shape.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        TypeError: one of them is complex.
        ValueError: the shapes differ (PyTorch broadcasts them, with a warning), or `reduction` is none of the three.

    >>> nn.functional.mse_loss(ad.Tensor([1.0, 2.0]), ad.Tensor([0.0, 0.0]))
    Tensor(2.5)
    """
    try:
        return _SQUARED_ERROR[reduction](input, target)
    except KeyError:
        check("mse_loss", reduction=reduction)
        raise
    except (TypeError, ValueError) as error:
        raise under("mse_loss", error) from None


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The absolute error `|input - target|`: its mean, its sum, or each element's. As `torch.nn.functional.l1_loss`.

    Its derivative is the sign of the error, 0 where there is none. Arguments and errors are those of `mse_loss`.

    >>> nn.functional.l1_loss(ad.Tensor([1.0, 2.0]), ad.Tensor([0.0, 0.0]))
    Tensor(1.5)
    """
    x, y, dtype = pair("l1_loss", input, target)
    return reduce("l1_loss", np.abs(x - y), reduction, dtype)


def _half_square_or_line(d: Any, /, delta: float) -> Any:
    c = np.clip(d, -delta, delta)
    return c * (d - c / 2)


_huber = extend.primitive(
    _half_square_or_line,
    {"d": lambda g, d, delta: g * np.clip(d, -delta, delta)},  # the expression would have NaN where d is infinite
    name="huber",
    elementwise=True,
    doc="""`d² / 2` up to `delta` and `delta (|d| - delta / 2)` beyond; its derivative is `d`, clipped at `delta`.""",
)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """`d² / 2` of errors `d = input - target` up to `delta`, `delta (|d| - delta / 2)` of larger ones.

    Its derivative is the error, clipped at `delta`. As `torch.nn.functional.huber_loss`. Arguments and errors are those of
    `mse_loss`, and a ValueError unless `delta` is above 0.

    >>> nn.functional.huber_loss(ad.Tensor([0.5, 3.0]), ad.Tensor([0.0, 0.0]), reduction="none")
    Tensor([0.125, 2.5  ])
    """
    check("huber_loss", delta=delta)
    x, y, dtype = pair("huber_loss", input, target)
    return reduce("huber_loss", _huber(x - y, delta), reduction, dtype)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """`huber_loss` with `delta=beta`, divided by `beta`; `l1_loss` if that is 0. As `torch.nn.functional.smooth_l1_loss`.

    Arguments and errors are those of `mse_loss`, and a ValueError if `beta` is negative.

    >>> nn.functional.smooth_l1_loss(ad.Tensor([0.5, 3.0]), ad.Tensor([0.0, 0.0]), reduction="none", beta=2.0)
    Tensor([0.0625, 2.    ])
    """
    check("smooth_l1_loss", beta=beta)
    x, y, dtype = pair("smooth_l1_loss", input, target)
    values = _huber(x - y, beta) / beta if beta else np.abs(x - y)
    return reduce("smooth_l1_loss", values, reduction, dtype)


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> Any:
    """`-log P(target)` of Poisson distributions, but for a constant. As `torch.nn.functional.poisson_nll_loss`.

    Args:
        input: of each distribution the logarithm of the mean, `exp(input) - target input`; or the mean, of which
            `input - target log(input + eps)` is taken.
        target: the counts, of the same shape.
        log_input: whether `input` is the logarithm.
        full: whether Stirling's approximation of `log(target!)` is added where `target` is above 1.
        eps: keeps the logarithm of a mean of 0 finite.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Errors are those of `mse_loss`.

    >>> nn.functional.poisson_nll_loss(ad.Tensor([0.0, 1.0]), ad.Tensor([2.0, 1.0]), reduction="none")
    Tensor([1.        , 1.71828183])
    """
    x, y, dtype = pair("poisson_nll_loss", input, target)
    values = np.exp(x) - y * x if log_input else x - y * np.log(x + eps)
    if full:
        counts = np.where(y > 1, y, 1)
        values = values + np.where(y > 1, counts * np.log(counts) - counts + 0.5 * np.log(2 * math.pi * counts), 0)
    return reduce("poisson_nll_loss", values, reduction, dtype)


def gaussian_nll_loss(input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> Any:
    """`(log var + (input - target)² / var) / 2`: `-log p(target)` of normal distributions, but for a constant.

    As `torch.nn.functional.gaussian_nll_loss`.

    Args:
        input: the means, of any shape.
        target: the samples, of the same shape.
        var: the variances: of that shape, or with 1 in the place of some axes, or without the last axis, or a number. Those below
            `eps` count as `eps`, and have the gradient that `eps` would have.
        full: whether the constant, `log(2π) / 2`, is added.
        eps: the smallest variance, above 0.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Errors are those of `mse_loss`, and a ValueError if `var` has another shape or a negative element.

    >>> nn.functional.gaussian_nll_loss(ad.Tensor([1.0, 2.0]), ad.Tensor([0.0, 0.0]), ad.Tensor([1.0, 4.0]), reduction="none")
    Tensor([0.5       , 1.19314718])
    """
    check("gaussian_nll_loss", eps=eps)
    same_shape("gaussian_nll_loss", prediction=input, target=target)
    (x, y, v), dtype = reals("gaussian_nll_loss", prediction=input, target=target, var=var)
    if v.shape == x.shape[:-1]:
        v = v[..., np.newaxis]
    if v.ndim and (v.ndim != x.ndim or any(n not in (1, of_x) for n, of_x in zip(v.shape, x.shape, strict=True))):
        raise ValueError(
            f"gaussian_nll_loss: var has shape {v.shape}; wanted {x.shape}, that of the input, or 1 in the place of some axes, "
            f"or {x.shape[:-1]}, or a number."
        )
    require("gaussian_nll_loss", v >= 0, lambda: "var holds negative numbers; wanted variances.")
    with ad.no_grad():  # so that the gradient passes as if nothing had been enlarged
        missing = np.maximum(v, eps) - v
    v = v + missing
    values = 0.5 * (np.log(v) + np.square(x - y) / v)
    return reduce("gaussian_nll_loss", values + 0.5 * math.log(2 * math.pi) if full else values, reduction, dtype)
