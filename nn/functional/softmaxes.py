"""Softmax and its relatives: what makes probabilities of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.drawing import float_type
from nn.functional.naming import errors_of
from nn.random import generator

__all__ = ["gumbel_softmax", "log_softmax", "softmax", "softmin"]


def _along(caller: str, input: Any, dim: int | None, dtype: Any) -> tuple[Any, int]:
    """The input, of the type that is wanted, and the axis, which must be one of its own."""
    ndim = np.ndim(input)
    if dim is None:
        raise ValueError(
            f"{caller}: dim is not given. It is the axis along which the result sums to 1: dim=-1 for the last. (PyTorch, with "
            f"a warning, takes dim={0 if ndim in (0, 1, 3) else 1} for the input's {ndim} axes.)"
        )
    if not -max(ndim, 1) <= dim < max(ndim, 1):
        raise ValueError(f"{caller}: dim is {dim} and the input has shape {np.shape(input)}; wanted one of its {ndim} axes.")
    return input if dtype is None else ad.astype(ad.asarray(input), dtype), dim


def softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """`exp(x) / sum(exp(x))` along `dim`. As `torch.nn.functional.softmax`; see `autodiff.softmax`.

    Args:
        input: of any shape.
        dim: the axis along which the result sums to 1. It must be given.
        dtype: the type to which the input is converted first.

    Raises:
        ValueError: `dim` is not given, or is no axis.

    >>> nn.functional.softmax(ad.Tensor([[0.0, 0.0], [0.0, 1000.0]]), dim=1)
    Tensor([[0.5, 0.5],
            [0. , 1. ]])
    """
    x, axis = _along("softmax", input, dim, dtype)
    return ad.softmax(x, axis=axis)


def softmin(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """`softmax(-x)`, of the same arguments. As `torch.nn.functional.softmin`.

    >>> nn.functional.softmin(ad.Tensor([0.0, 1000.0]), dim=0)
    Tensor([1., 0.])
    """
    x, axis = _along("softmin", input, dim, dtype)
    return ad.softmax(np.negative(x), axis=axis)


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """The logarithm of `softmax`, of the same arguments. As `torch.nn.functional.log_softmax`; see `autodiff.log_softmax`.

    >>> nn.functional.log_softmax(ad.Tensor([0.0, 1000.0]), dim=0)
    Tensor([-1000.,     0.])
    """
    x, axis = _along("log_softmax", input, dim, dtype)
    return ad.log_softmax(x, axis=axis)


def gumbel_softmax(logits: Any, tau: float = 1.0, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Any:
    """`softmax((logits + G) / tau)` with Gumbel noise G (Jang et al. 2017): near to a choice of one. As `torch`'s of that name.

    Args:
        logits: unnormalized logarithms of probabilities.
        tau: the temperature; the lower, the nearer is the result to a choice.
        hard: whether the result is a choice, 1 and 0; its derivative is that of the soft one.
        eps: may be given, and means nothing.
        dim: the axis of what is chosen from.

    Raises:
        ValueError: `tau` is not above 0, or `dim` is no axis.

    >>> nn.functional.gumbel_softmax(ad.Tensor([0.0, 1000.0]), hard=True)
    Tensor([0., 1.])
    """
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: tau is {tau}; wanted a number above 0.")
    noise = generator().gumbel(size=np.shape(logits)).astype(float_type(logits))
    with errors_of("gumbel_softmax"):
        soft = softmax(np.add(logits, noise) / tau, dim)
    if not hard:
        return soft
    size, ndim = soft.shape[dim], soft.ndim
    places = np.reshape(np.arange(size), [size if axis == dim % ndim else 1 for axis in range(ndim)])
    with ad.no_grad():
        rest = np.equal(places, np.argmax(soft, axis=dim, keepdims=True)) - soft
    return soft + rest
