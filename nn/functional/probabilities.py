"""Losses of predictions that are probabilities, their logarithms, or their logits."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from nn.functional.losses import check, pair, reduce, require, require_signs, weights_of
from nn.functional.naming import of_real

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "kl_div",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
]


def _clamped(x: Any, /) -> Any:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), -100)


_clamped_log = extend.primitive(
    _clamped,
    {"x": lambda g, x: g / np.maximum(x, 1e-12)},
    name="clamped_log",
    domain=extend.Interval(0, np.inf),
    kinks=[extend.Kink((0.0,), (1e12,))],
    elementwise=True,
    doc="""`log(x)`, but -100 where it is less; its derivative is `1 / x`, but 1e12 where it is more: both are finite at 0.""",
)

# No softplus is a difference: the loss of a right prediction is precise, however small. This takes a third of the time of the
# expression with two of them, forward and backward.
_logistic_loss = extend.primitive(
    of_real(
        "binary_cross_entropy_with_logits",
        lambda x, p, /: np.log1p(np.exp(-np.abs(x))) + (1 - p) * np.maximum(x, 0) + p * np.maximum(-x, 0),
    ),
    {"x": lambda g, x, p: g * (ad.sigmoid(x) - p), "p": lambda g, x: g * -x},
    name="logistic_loss",
    elementwise=True,
    doc="""`p softplus(-x) + (1 - p) softplus(x)`, the cross-entropy of `sigmoid(x)` and the probability `p`.""",
)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """`-w (target log(input) + (1 - target) log(1 - input))`. As `torch.nn.functional.binary_cross_entropy`.

    Args:
        input: the probabilities, of any shape. Logits are more accurate: see `binary_cross_entropy_with_logits`.
        target: what they should be, from 0 to 1, of the same shape; integers or truth values, too.
        weight: `w`, of a shape that can be broadcast to that of `input`; 1 if it is None. The mean is not weighted.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Logarithms are at least -100, and the derivative of one is at most 1e12, so that probabilities 0 and 1 have finite losses and
    gradients. (PyTorch's derivative at probability 0 is 0 instead of 1 if the target is 0, too.)

    Raises:
        TypeError: one of them is complex.
        ValueError: the shapes do not fit, `input` or `target` is not from 0 to 1, or `reduction` is none of the three.

    >>> nn.functional.binary_cross_entropy(ad.Tensor([0.5, 0.0]), ad.Tensor([1.0, 1.0]), reduction="none")
    Tensor([  0.69314718, 100.        ])
    """
    name = "binary_cross_entropy"
    p, y, dtype = pair(name, input, target)
    require(name, (p >= 0) & (p <= 1), lambda: "the input must be probabilities, from 0 to 1. Of logits, use the loss with logits.")
    require(name, (y >= 0) & (y <= 1), lambda: "the target must be probabilities, from 0 to 1, such as 0 and 1 for two classes.")
    values = -(y * _clamped_log(p) + (1 - y) * _clamped_log(1 - p))
    return reduce(name, values if weight is None else values * weights_of(name, weight, p), reduction, dtype)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """`w (pos_weight target softplus(-input) + (1 - target) softplus(input))`: the binary cross-entropy of `sigmoid(input)`.

    As `torch.nn.functional.binary_cross_entropy_with_logits`. No logit overflows, and the gradient of the mean is
    `(sigmoid(input) - target) / N`.

    Args:
        input: the logits, of any shape.
        target: the probabilities that they should be of, from 0 to 1, of the same shape; integers or truth values, too.
        weight: `w`, of a shape that can be broadcast to that of `input`; 1 if it is None. The mean is not weighted.
        reduction: `"mean"`, `"sum"` or `"none"`.
        pos_weight: how much more positive targets count, broadcast likewise; 1 if it is None.

    Errors are those of `binary_cross_entropy`; a target beyond 0 and 1 is taken as it is, as in PyTorch.

    >>> nn.functional.binary_cross_entropy_with_logits(ad.Tensor([0.0, 1e4]), ad.Tensor([1.0, 0.0]), reduction="none")
    Tensor([6.93147181e-01, 1.00000000e+04])
    """
    name = "binary_cross_entropy_with_logits"
    x, y, dtype = pair(name, input, target)
    if pos_weight is None:
        values = _logistic_loss(x, y)
    else:
        positive = y * weights_of(name, pos_weight, x, name="pos_weight")
        values = positive * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x)
    return reduce(name, values if weight is None else values * weights_of(name, weight, x), reduction, dtype)


def multilabel_soft_margin_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """The mean of `binary_cross_entropy_with_logits` over the classes, the last axis.

    As `torch.nn.functional.multilabel_soft_margin_loss`.

    Args:
        input: the logits, `(..., C)`.
        target: whether each class is there, 1 or 0, of the same shape.
        weight: of a shape that can be broadcast to that of `input`, such as `(C,)`; 1 if it is None.
        reduction: `"mean"`, `"sum"` or `"none"`, of what is `(...)`.

    Errors are those of `binary_cross_entropy`.

    >>> nn.functional.multilabel_soft_margin_loss(ad.Tensor([[0.0, 0.0]]), ad.Tensor([[1.0, 0.0]]))
    Tensor(0.69314718)
    """
    name = "multilabel_soft_margin_loss"
    x, y, dtype = pair(name, input, target)
    if not x.ndim:
        raise ValueError(f"{name}: the input has shape (); wanted (..., C), a number for each class.")
    values = _logistic_loss(x, y)
    values = values if weight is None else values * weights_of(name, weight, x)
    return reduce(name, np.mean(values, axis=-1), reduction, dtype)


def soft_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`log(1 + exp(-target input))`, with targets 1 and -1. As `torch.nn.functional.soft_margin_loss`.

    Errors are those of `binary_cross_entropy`, and a ValueError if a target is neither 1 nor -1.

    >>> nn.functional.soft_margin_loss(ad.Tensor([0.0, -1e4]), ad.Tensor([1.0, 1.0]), reduction="none")
    Tensor([6.93147181e-01, 1.00000000e+04])
    """
    x, y, dtype = pair("soft_margin_loss", input, target)
    require_signs("soft_margin_loss", y)
    return reduce("soft_margin_loss", np.logaddexp(0, -y * x), reduction, dtype)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """`target (log(target) - input)`, the parts of the Kullback-Leibler divergence, with `input` the logarithms of probabilities.

    As `torch.nn.functional.kl_div`.

    Args:
        input: the logarithms of the predicted probabilities, of any shape.
        target: the probabilities that they should be of, of the same shape.
        reduction: `"batchmean"`, the sum divided by the length of the first axis, which is the mean of the divergences of a batch;
            or the `"mean"` or `"sum"` of all elements, or `"none"`.
        log_target: whether `target` holds logarithms, too.

    Where the target is 0, so are the value and its derivatives, whatever is predicted.

    Raises:
        TypeError: one of them is complex.
        ValueError: the shapes differ, or `reduction` is none of the four.

    >>> nn.functional.kl_div(np.log([[0.5, 0.5]]), np.array([[1.0, 0.0]]), reduction="batchmean")
    np.float64(0.6931471805599453)
    """
    check("kl_div", reduction=reduction)
    x, y, dtype = pair("kl_div", input, target)
    impossible = y == (-np.inf if log_target else 0)
    some = np.where(impossible, 0 if log_target else 1, y)
    p, log_p = (np.exp(some), some) if log_target else (some, np.log(some))
    values = np.where(impossible, 0, p * (log_p - np.where(impossible, 0, x)))
    if reduction == "batchmean":
        return reduce("kl_div", np.sum(values) / (x.shape[0] if x.ndim else 1), "none", dtype)
    return reduce("kl_div", values, reduction, dtype)
