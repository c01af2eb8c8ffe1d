"""Gradients that are made smaller if they are too large."""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Tensors = ad.Tensor | Iterable[ad.Tensor]


def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> ad.Tensor:
    """The norm of all tensors together, as if they were one vector. As `torch.nn.utils.get_total_norm`.

    Args:
        tensors: a tensor, or several.
        norm_type: the p of the norm `(Σ |x|^p)^(1/p)`, greater than 0; infinity or `"inf"` for the largest `|x|`.
        error_if_nonfinite: whether a norm that is infinite or NaN is an error.
        foreach: nothing depends on it.

    It is computed in double precision, so that squares of single ones do not overflow.

    Raises:
        RuntimeError: the norm is infinite or NaN, and `error_if_nonfinite`.
        ValueError: `norm_type` is not greater than 0.

    >>> nn.utils.get_total_norm([ad.Tensor([3.0]), ad.Tensor([4.0])])
    Tensor(5.)
    """
    return _total_norm("get_total_norm", _listed("get_total_norm", tensors), norm_type, error_if_nonfinite)


def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Any, foreach: bool | None = None) -> None:
    """Multiply the gradients, in place, by `max_norm / (total_norm + 1e-6)` if that is less than 1.

    As `torch.nn.utils.clip_grads_with_norm_`.

    Args:
        parameters: a tensor, or several, whose gradients are changed.
        max_norm: what their norm shall not exceed.
        total_norm: what it is now.
        foreach: nothing depends on it.

    >>> x = ad.Tensor([3.0, 4.0], requires_grad=True)
    >>> x.sum().backward()
    >>> nn.utils.clip_grads_with_norm_(x, 1.0, 2.0)
    >>> np.round(x.grad, 3)
    Tensor([0.5, 0.5])
    """
    _clip("clip_grads_with_norm_", _listed("clip_grads_with_norm_", parameters), max_norm, total_norm)


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> ad.Tensor:
    """Scale the gradients, in place, so that the norm of all together is at most `max_norm`; return what it was.

    As `torch.nn.utils.clip_grad_norm_`.

    Args:
        parameters: a tensor, or several; those without a gradient do not count.
        max_norm: what the norm shall not exceed.
        norm_type: the p of the norm, greater than 0; infinity or `"inf"` for the largest element.
        error_if_nonfinite: whether a norm that is infinite or NaN is an error; else the gradients become zeros and NaN.
        foreach: nothing depends on it.

    Raises:
        RuntimeError: the norm is infinite or NaN, and `error_if_nonfinite`; no gradient has been changed then.
        ValueError: `max_norm` is negative, or `norm_type` is not greater than 0.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * np.array([3.0, 4.0])).sum().backward()
    >>> nn.utils.clip_grad_norm_([x], 1.0), np.round(x.grad, 3)
    (Tensor(5.), Tensor([0.6, 0.8]))
    """
    given = _listed("clip_grad_norm_", parameters)
    grads = [p.grad for p in given if p.grad is not None]
    total = _total_norm("clip_grad_norm_", grads, norm_type, error_if_nonfinite)
    _clip("clip_grad_norm_", given, max_norm, total)
    return total


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Limit each element of the gradients, in place, to the range of ±`clip_value`. As `torch.nn.utils.clip_grad_value_`.

    Args:
        parameters: a tensor, or several; those without a gradient do not count.
        clip_value: the limit.
        foreach: nothing depends on it.

    Raises:
        ValueError: `clip_value` is negative.

    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * np.array([3.0, -0.5])).sum().backward()
    >>> nn.utils.clip_grad_value_([x], 1.0)
    >>> x.grad
    Tensor([ 1. , -0.5])
    """
    limit = _limit("clip_grad_value_", "clip_value", clip_value)
    for p in _listed("clip_grad_value_", parameters):
        if p.grad is not None:
            p.grad.writable()[...] = np.clip(extend.array_of(p.grad), -limit, limit)


def _listed(caller: str, tensors: Any) -> list[ad.Tensor]:
    """One tensor or several as a list."""
    if isinstance(tensors, ad.Tensor):
        return [tensors]
    listed = list(tensors) if isinstance(tensors, Iterable) else [tensors]
    for tensor in listed:
        if not isinstance(tensor, ad.Tensor):
            raise TypeError(f"{caller}: got {type(tensor).__name__}; wanted tensors, such as module.parameters().")
    if not listed and isinstance(tensors, types.GeneratorType):
        warnings.warn(f"{caller}: the generator of parameters is empty, or used up: no gradient is clipped.", stacklevel=3)
    return listed


def _limit(caller: str, name: str, value: Any) -> float:
    if not float(value) >= 0:
        raise ValueError(f"{caller}: {name} is {value}; wanted 0 or more.")
    return float(value)


def _total_norm(caller: str, tensors: list[ad.Tensor], norm_type: float, error_if_nonfinite: bool) -> ad.Tensor:
    p = float(norm_type)
    if not p > 0:
        raise ValueError(f"{caller}: norm_type is {norm_type}; wanted more than 0, such as 2 or infinity.")
    arrays = [extend.array_of(tensor) for tensor in tensors]
    if not arrays:
        return ad.Tensor(0.0)
    sizes = [np.abs(array.astype(float)).reshape(-1) for array in arrays if array.size]
    if math.isinf(p):
        total: Any = np.max(np.stack([np.max(size) for size in sizes])) if sizes else 0.0
    else:
        sums = [np.dot(size, size) if p == 2 else np.sum(size**p) for size in sizes]
        total = np.sum(np.stack(sums)) ** (1 / p) if sums else 0.0
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"{caller}: the norm of the gradients is {total}, so they cannot be clipped. ad.detect_anomaly() says where it comes "
            "from; with error_if_nonfinite=False they are scaled nevertheless."
        )
    norm: ad.Tensor = ad.asarray(total, dtype=np.result_type(*arrays))
    return norm


def _clip(caller: str, parameters: list[ad.Tensor], max_norm: float, total_norm: Any) -> None:
    limit = _limit(caller, "max_norm", max_norm)
    factor = np.minimum(limit / (extend.array_of(total_norm) + 1e-6), 1.0)
    for p in parameters:
        if p.grad is not None:
            with np.errstate(invalid="ignore"):  # 0 times infinity
                p.grad.writable()[...] = extend.array_of(p.grad) * factor
