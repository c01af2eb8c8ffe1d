"""The functions behind the layers and losses, as `torch.nn.functional` spells them."""

from __future__ import annotations

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
    return np.reshape(g, (-1, g.shape[-1])).T @ np.reshape(x, (-1, x.shape[-1]))


def _weigh(x: Any, weight: Any, /) -> Any:
    try:
        return x @ weight.T
    except ValueError:
        raise ValueError(
            f"Linear: the input has shape {np.shape(x)}, but the weight has shape {weight.shape}. The input's last axis must have "
            f"{weight.shape[-1]} elements, one for each of in_features."
        ) from None


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
    lambda x, weight, bias, /: _weigh(x, weight) + bias,
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
    prediction, target = np.asarray(prediction), np.asarray(target)
    if prediction.shape != target.shape:
        hint = f"; did you mean target.reshape{prediction.shape}?" if prediction.size == target.size else "."
        raise ValueError(
            f"MSELoss: prediction has shape {prediction.shape} but target has shape {target.shape}. They must be equal{hint}"
        )
    return prediction - target


def _sum_of_squares(x: Any) -> Any:
    x = x.ravel()
    return np.dot(x, x)


squared_error = ad.primitive(
    lambda a, b, /: _sum_of_squares(_difference(a, b)),
    {"a": lambda g, a, b: 2 * g * (a - b), "b": lambda g, a, b: 2 * g * (b - a)},
    name="sum of squared errors",
    examples=[Example(((2, 3), (2, 3))), Example(((), ())), Example(((0,), (0,)))],
    doc="""`Σ (a - b)²` of two arrays of one shape.""",
)

mean_squared_error = ad.primitive(
    lambda a, b, /: _sum_of_squares(_difference(a, b)) / np.size(a),
    {"a": lambda g, a, b: 2 / a.size * g * (a - b), "b": lambda g, a, b: 2 / a.size * g * (b - a)},
    name="mean squared error",
    examples=[Example(((2, 3), (2, 3))), Example(((), ()))],
    doc="""The mean of `(a - b)²` of two arrays of one shape.""",
)

each_squared_error = ad.primitive(
    lambda a, b, /: np.square(_difference(a, b)),
    {"a": lambda g, a, b: 2 * g * (a - b), "b": lambda g, a, b: 2 * g * (b - a)},
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
