"""The functions behind the layers and losses, as `torch.nn.functional` spells them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import Example

__all__ = ["linear", "mse_loss", "relu", "sigmoid", "tanh"]

relu = ad.relu
sigmoid = ad.sigmoid
tanh = ad.tanh


def _to_weight(g: Any, x: Any) -> Any:
    """The cotangent of the weight: the sum over all vectors of the outer product of cotangent and input."""
    if g.ndim == 2:
        return g.T @ x
    rows = math.prod(g.shape[:-1])
    return np.reshape(g, (rows, g.shape[-1])).T @ np.reshape(x, (rows, x.shape[-1]))


def _weigh(x: Any, weight: Any, /) -> Any:
    if weight.ndim != 2:
        raise ValueError(f"Linear: the weight has shape {weight.shape}; wanted two axes, (out_features, in_features).")
    try:
        return x @ weight.T
    except ValueError:
        raise ValueError(
            f"Linear: the input has shape {np.shape(x)}, but the weight has shape {weight.shape}. The input's last axis must have "
            f"{weight.shape[-1]} elements, one for each of in_features."
        ) from None


def _weigh_and_add(x: Any, weight: Any, bias: Any, /) -> Any:
    if bias.shape != weight.shape[:1]:
        raise ValueError(
            f"Linear: the bias has shape {bias.shape}, but the weight has shape {weight.shape}; wanted {weight.shape[:1]}."
        )
    return _weigh(x, weight) + bias


_LINEAR: dict[str, Any] = {
    "x": lambda g, weight: g @ weight,
    "weight": _to_weight,
    "bias": lambda g: g,
}

weigh = ad.primitive(
    _weigh,
    {"x": _LINEAR["x"], "weight": _LINEAR["weight"]},
    name="linear",
    examples=[Example(shapes) for shapes in (((2, 3), (4, 3)), ((3,), (2, 3)), ((5, 2, 3), (1, 3)), ((0, 3), (2, 3)))],
    doc="""`x weightᵀ`, with `x: (..., in_features)` and `weight: (out_features, in_features)`.""",
)

weigh_and_add = ad.primitive(
    _weigh_and_add,
    _LINEAR,
    name="linear with bias",
    examples=[Example(shapes) for shapes in (((2, 3), (4, 3), (4,)), ((3,), (2, 3), (2,)), ((5, 2, 3), (1, 3), (1,)))],
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
        ValueError: the last axis of `input` does not have `in_features` elements.

    >>> nn.functional.linear(ad.Tensor([1.0, 2.0]), ad.Tensor([[3.0, 4.0]]), ad.Tensor([0.5]))
    Tensor([11.5])
    """
    return weigh(input, weight) if bias is None else weigh_and_add(input, weight, bias)


def _difference(prediction: Any, target: Any) -> Any:
    if type(prediction) is not np.ndarray or type(target) is not np.ndarray:
        prediction, target = np.asarray(prediction), np.asarray(target)
    if prediction.shape != target.shape:
        hint = f"; did you mean target.reshape{prediction.shape}?" if prediction.size == target.size else "."
        raise ValueError(
            f"MSELoss: prediction has shape {prediction.shape} but target has shape {target.shape}. They must be equal{hint}"
        )
    if prediction.dtype.kind != "f" and target.dtype.kind != "f":  # integers could wrap around
        prediction = prediction.astype(float)
    return prediction - target


def _squared_error(a: Any, b: Any, /) -> Any:
    difference = _difference(a, b)
    return np.vdot(difference, difference)


def _mean_squared_error(a: Any, b: Any, /) -> Any:
    difference = _difference(a, b)
    if difference.dtype == np.float16:  # as NumPy's mean: the sum of many halves would overflow
        return np.mean(np.square(difference))
    return np.vdot(difference, difference) / difference.size


squared_error = ad.primitive(
    _squared_error,
    {"a": lambda g, a, b: (a - b) * (2 * g), "b": lambda g, a, b: (b - a) * (2 * g)},
    name="sum of squared errors",
    examples=[Example(((2, 3), (2, 3))), Example(((), ())), Example(((0,), (0,)))],
    doc="""`Σ (a - b)²` of two arrays of one shape.""",
)

mean_squared_error = ad.primitive(
    _mean_squared_error,
    {"a": lambda g, a, b: (a - b) * (2 / max(a.size, 1) * g), "b": lambda g, a, b: (b - a) * (2 / max(a.size, 1) * g)},
    name="mean squared error",
    examples=[Example(((2, 3), (2, 3))), Example(((), ()))],
    doc="""The mean of `(a - b)²` of two arrays of one shape.""",
)

each_squared_error = ad.primitive(
    lambda a, b, /: np.square(_difference(a, b)),
    {"a": lambda g, a, b: (a - b) * (2 * g), "b": lambda g, a, b: (b - a) * (2 * g)},
    name="squared errors",
    examples=[Example(((2, 3), (2, 3))), Example(((), ()))],
    doc="""`(a - b)²` of two arrays of one shape.""",
)

MSE = {"mean": mean_squared_error, "sum": squared_error, "none": each_squared_error}


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """The squared error `(input - target)²`: its mean, its sum, or each element's. As `torch.nn.functional.mse_loss`.

    Args:
        input: the prediction, of any shape.
        target: what it should be, of the same shape.
        reduction: `"mean"`, `"sum"` or `"none"`.

    Raises:
        ValueError: the shapes differ (PyTorch broadcasts them, with a warning), or `reduction` is none of the three.

    >>> nn.functional.mse_loss(ad.Tensor([1.0, 2.0]), ad.Tensor([0.0, 0.0]))
    Tensor(2.5)
    """
    if reduction not in MSE:
        raise ValueError(f"MSELoss: reduction is {reduction!r}; wanted one of {sorted(MSE)}.")
    return MSE[reduction](input, target)
