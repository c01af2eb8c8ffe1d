"""Smooth nonlinearities."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from nn.functional.drawing import float_type
from nn.functional.naming import of_real

__all__ = ["gelu", "glu", "logsigmoid", "mish", "sigmoid", "silu", "softplus", "softsign", "tanh", "tanhshrink"]

sigmoid = ad.sigmoid
tanh = ad.tanh

# Each of these is one operation, which takes a quarter of the time of several.

_logsigmoid = extend.primitive(
    of_real("logsigmoid", lambda x, /: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))),
    {"x": lambda g, x: g * sigmoid(-x)},
    name="logsigmoid",
    elementwise=True,
    doc="""`log(sigmoid(x))`, without overflow; its derivative is `sigmoid(-x)`.""",
)


def _softplus_of(x: Any, /, beta: float = 1.0, threshold: float = 20.0) -> Any:
    scaled = np.multiply(x, beta)
    logs = np.maximum(scaled, 0) + np.log1p(np.exp(-np.abs(scaled)))
    return np.where(np.greater(scaled, threshold), x, logs / beta)


_softplus = extend.primitive(
    of_real("softplus", _softplus_of),
    {"x": lambda g, x, beta, threshold: g * np.where(np.greater(x * beta, threshold), 1, sigmoid(x * beta))},
    name="softplus with threshold",
    elementwise=True,
    doc="""`log(1 + exp(beta x)) / beta`, and `x` where `beta x` is above `threshold`; its derivative is `sigmoid(beta x)` or 1.""",
)


def _mish_of(x: Any, /) -> Any:
    """`x tanh(-log(r))` with `r = sigmoid(-x)`: the tangent is `(1 - r²) / (1 + r²)`, and `1 - r` is the sigmoid of `x`."""
    rest = sigmoid(np.negative(x))
    return x * (sigmoid(x) * (1 + rest) / (1 + rest * rest))


def _to_x_of_mish(g: Any, x: Any) -> Any:
    part, rest = sigmoid(x), sigmoid(-x)
    total = 1 + rest * rest
    return g * (part * ((1 + rest) / total + x * np.square(2 * rest / total)))


_mish = extend.primitive(
    of_real("mish", _mish_of),
    {"x": _to_x_of_mish},
    name="mish",
    elementwise=True,
    doc="""`x tanh(log(1 + exp(x)))`.""",
)


def logsigmoid(input: Any) -> Any:
    """`log(sigmoid(x)) = -log(1 + exp(-x))`, without overflow. As `torch.nn.functional.logsigmoid`.

    >>> nn.functional.logsigmoid(ad.Tensor([-1000.0, 1000.0]))
    Tensor([-1000.,     0.])
    """
    return _logsigmoid(input)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """`log(1 + exp(beta x)) / beta`, a smooth ReLU. As `torch.nn.functional.softplus`.

    Where `beta x` is above `threshold`, it is `x`.

    Raises:
        ValueError: `beta` is 0.

    >>> nn.functional.softplus(ad.Tensor([-1000.0, 0.0, 1000.0]))
    Tensor([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    if beta == 0:
        raise ValueError("softplus: beta is 0, by which the logarithm is divided; wanted another number, such as 1.0.")
    return _softplus(input, beta=beta, threshold=threshold)


def softsign(input: Any) -> Any:
    """`x / (1 + |x|)`. As `torch.nn.functional.softsign`; its second derivative at 0, where it jumps, is 0.

    >>> nn.functional.softsign(ad.Tensor([-1.0, 3.0]))
    Tensor([-0.5 ,  0.75])
    """
    return np.divide(input, 1 + np.abs(input))


def tanhshrink(input: Any) -> Any:
    """`x - tanh(x)`. As `torch.nn.functional.tanhshrink`.

    >>> nn.functional.tanhshrink(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.23840584])
    """
    return np.subtract(input, tanh(input))


def silu(input: Any, inplace: bool = False) -> Any:
    """`x sigmoid(x)`, also known as swish. As `torch.nn.functional.silu`.

    >>> nn.functional.silu(ad.Tensor([-1000.0, 0.0, 1000.0]))
    Tensor([  -0.,    0., 1000.])
    """
    return np.multiply(input, sigmoid(input))


def mish(input: Any, inplace: bool = False) -> Any:
    """`x tanh(log(1 + exp(x)))` (Misra 2019). As `torch.nn.functional.mish`.

    >>> nn.functional.mish(ad.Tensor([-1000.0, 0.0, 1000.0]))
    Tensor([  -0.,    0., 1000.])
    """
    return _mish(input)


def gelu(input: Any, approximate: str = "none") -> Any:
    """`x Φ(x)`, where Φ is the distribution function of the normal distribution. As `torch.nn.functional.gelu`.

    With SciPy, Φ is `autodiff.special.ndtr`. Without it, it is computed by `math.erfc`, as exactly, and in more time. Far to the
    left both are more exact than PyTorch, where `1 + erf(x / √2)` cancels.

    Args:
        input: of any shape.
        approximate: `"none"`, or `"tanh"` for `x (1 + tanh(sqrt(2 / π) (x + 0.044715 x³))) / 2`.

    Raises:
        ValueError: `approximate` is neither.

    >>> nn.functional.gelu(ad.Tensor([-1.0, 0.0, 1.0]))
    Tensor([-0.15865525,  0.        ,  0.84134475])
    """
    if approximate == "none":
        return np.multiply(input, _normal_distribution()(input))
    if approximate != "tanh":
        raise ValueError(f"gelu: approximate is {approximate!r}; wanted 'none' or 'tanh'.")
    x = np.clip(input, -30, 30)  # beyond it the tangent is 1, and powers could overflow
    return np.multiply(input, sigmoid(_TWICE_ROOT * (x + 0.044715 * (x * x * x))))  # (1 + tanh(u)) / 2 = sigmoid(2 u)


_TWICE_ROOT = 2 * math.sqrt(2 / math.pi)


@functools.cache
def _normal_distribution() -> Any:
    """The distribution function of the normal distribution, as an operation: SciPy's, if there is one."""
    try:
        return ad.special.ndtr
    except ImportError:
        erfc = np.frompyfunc(math.erfc, 1, 1)
        return extend.primitive(
            of_real("ndtr", lambda x, /: np.multiply(0.5, erfc(x * -math.sqrt(0.5)), dtype=float_type(x), casting="unsafe")),
            {"x": lambda g, x: g * (math.sqrt(0.5 / math.pi) * np.exp(-x * x / 2))},
            name="ndtr",
            elementwise=True,
            doc="The distribution function of the standard normal distribution; its derivative is the density.",
        )


def glu(input: Any, dim: int = -1) -> Any:
    """`a sigmoid(b)`, where `a` and `b` are the two halves of `x` along `dim`. As `torch.nn.functional.glu`.

    Raises:
        ValueError: the axis `dim` does not have an even number of elements.

    >>> nn.functional.glu(ad.Tensor([1.0, 2.0, 0.0, 1000.0]))
    Tensor([0.5, 2. ])
    """
    shape = np.shape(input)
    if not -len(shape) <= dim < len(shape) or shape[dim] % 2:
        raise ValueError(f"glu: the input has shape {shape} and dim is {dim}; wanted an axis of an even number of elements.")
    a, b = np.split(input, 2, axis=dim)
    return a * sigmoid(b)
