"""Linear maps of vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff import extend
from nn.functional.naming import not_real, under

__all__ = ["linear"]

_FEW, _TINY, _SMALL = 1_000, 30_000, 1_000_000  # elements of the input, and multiplications


def _rows(x: Any) -> Any:
    """The vectors of `x` as the rows of one matrix: one product takes half of the time of a stack of them, or less."""
    return np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _times(x: Any, weight: Any) -> Any:
    """`x weight`, of the vectors along the last axis of `x` and a matrix. As `extend.product`, with less to look at."""
    ndim = x.ndim
    if ndim > 2:
        return np.reshape(_times(_rows(x), weight), (*x.shape[:-1], weight.shape[-1]))
    return x.dot(weight) if ndim and type(x) is type(weight) is np.ndarray else np.matmul(x, weight)


def _to_weight(g: Any, x: Any) -> Any:
    """The cotangent of the weight: the sum over all vectors of the outer product of cotangent and input."""
    return _times(g.T, x) if x.ndim == 2 else _times(_rows(g).T, _rows(x))


def _to_bias(g: Any) -> Any:
    """The cotangent of the bias: the sum over all vectors, as a product, in half of the time of a sum."""
    return g if g.ndim < 2 else _times(np.ones(math.prod(g.shape[:-1]), g.dtype), _rows(g))


def _has_small_product(x: Any, weight: Any) -> bool:
    """Whether `x weightᵀ` takes less time, and one thread, with the transpose as a copy: small products of many vectors."""
    return bool(_TINY < x.size * weight.shape[0] <= _SMALL and x.size >= 32 * weight.shape[1])


def _weigh(x: Any, weight: Any, /) -> Any:
    if weight.ndim != 2:
        raise ValueError(f"the weight has shape {weight.shape}; wanted two axes, (out_features, in_features).")
    try:
        y = _times(x, weight.T.copy() if x.size > _FEW and _has_small_product(x, weight) else weight.T)
    except ValueError:
        raise ValueError(
            f"the input has shape {np.shape(x)}, but the weight has shape {weight.shape}. The input's last axis must have "
            f"{weight.shape[-1]} elements, one for each of in_features."
        ) from None
    if y.dtype.kind == "c":
        raise TypeError(not_real(input=x, weight=weight))
    return y


def _weigh_and_add(x: Any, weight: Any, bias: Any, /) -> Any:
    if bias.shape != weight.shape[:1]:
        raise ValueError(f"the bias has shape {bias.shape}, but the weight has shape {weight.shape}; wanted {weight.shape[:1]}.")
    y = _weigh(x, weight)
    if type(y) is type(bias) is np.ndarray and y.base is None and y.dtype is bias.dtype:
        y += bias
        return y
    return y + bias


_LINEAR: dict[str, Any] = {
    "x": _times,
    "weight": _to_weight,
    "bias": _to_bias,
}

_linear = extend.primitive(
    _weigh,
    {"x": _LINEAR["x"], "weight": _LINEAR["weight"]},
    name="linear",
    doc="""`x weightᵀ`, with `x: (..., in_features)` and `weight: (out_features, in_features)`.""",
)

_linear_with_bias = extend.primitive(
    _weigh_and_add,
    _LINEAR,
    name="linear with bias",
    doc="""`x weightᵀ + bias`, with `x: (..., in_features)`, `weight: (out_features, in_features)` and `bias: (out_features,)`.""",
)


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """`input weightᵀ + bias`. As `torch.nn.functional.linear`.

    Args:
        input: `(..., in_features)`.
        weight: `(out_features, in_features)`.
        bias: `(out_features,)`, or None for none.

    Returns:
        `(..., out_features)`.

    Raises:
        TypeError: one of them is complex, or the input is a number.
        ValueError: the last axis of `input` does not have `in_features` elements, or `weight` or `bias` has another shape.

    >>> nn.functional.linear(ad.Tensor([1.0, 2.0]), ad.Tensor([[3.0, 4.0]]), ad.Tensor([0.5]))
    Tensor([11.5])
    """
    try:
        return _linear(input, weight) if bias is None else _linear_with_bias(input, weight, bias)
    except (TypeError, ValueError) as error:
        raise under("linear", error) from None
    except AttributeError:
        if hasattr(input, "ndim"):
            raise
        raise TypeError(
            f"linear: the input is {type(input).__name__}; wanted vectors, an array of shape (..., in_features)."
        ) from None
