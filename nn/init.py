"""Starting values for parameters: each function fills a tensor and returns it. As `torch.nn.init`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn.random import generator

__all__ = [
    "calculate_gain",
    "constant_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


def _fill(tensor: ad.Tensor, values: Any) -> ad.Tensor:
    """Write `values` to `tensor`, which is of floating point."""
    if not isinstance(tensor, ad.Tensor) or tensor.dtype.kind != "f":
        given = f"a tensor of dtype {tensor.dtype}" if isinstance(tensor, ad.Tensor) else type(tensor).__name__
        raise TypeError(f"init: got {given}; wanted a tensor of floating point, such as an nn.Parameter.")
    if np.iscomplexobj(values):
        raise TypeError("init: the values are complex; wanted real numbers.")
    tensor.writable()[...] = values
    return tensor


def uniform_(tensor: ad.Tensor, a: float = 0.0, b: float = 1.0) -> ad.Tensor:
    """Fill with numbers drawn uniformly from [a, b).

    >>> nn.init.uniform_(nn.Parameter(np.empty(3)), 5.0, 6.0).min() >= 5
    Tensor(True)
    """
    return _fill(tensor, generator().uniform(a, b, np.shape(tensor)))


def normal_(tensor: ad.Tensor, mean: float = 0.0, std: float = 1.0) -> ad.Tensor:
    """Fill with numbers drawn from the normal distribution.

    >>> nn.init.normal_(nn.Parameter(np.empty(3)), std=0.0)
    Parameter([0., 0., 0.], requires_grad=True)
    """
    return _fill(tensor, generator().normal(mean, std, np.shape(tensor)))


def constant_(tensor: ad.Tensor, val: float) -> ad.Tensor:
    """Fill with `val`.

    >>> nn.init.constant_(nn.Parameter(np.empty(2)), 0.5)
    Parameter([0.5, 0.5], requires_grad=True)
    """
    return _fill(tensor, val)


def zeros_(tensor: ad.Tensor) -> ad.Tensor:
    """Fill with 0.

    >>> nn.init.zeros_(nn.Parameter(np.empty(2)))
    Parameter([0., 0.], requires_grad=True)
    """
    return constant_(tensor, 0.0)


def ones_(tensor: ad.Tensor) -> ad.Tensor:
    """Fill with 1.

    >>> nn.init.ones_(nn.Parameter(np.empty(2)))
    Parameter([1., 1.], requires_grad=True)
    """
    return constant_(tensor, 1.0)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which weights are enlarged before a nonlinearity.

    1 (linear, sigmoid), 5/3 (tanh), sqrt 2 (relu), sqrt(2 / (1 + param²)) (leaky_relu).

    >>> nn.init.calculate_gain("tanh")
    1.6666666666666667
    """
    gains = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in gains:
        raise ValueError(f"calculate_gain: {nonlinearity!r} is not known; wanted one of {sorted([*gains, 'leaky_relu'])}.")
    return gains[nonlinearity]


def _fans(tensor: ad.Tensor) -> tuple[int, int]:
    """How many inputs each output of a weight has, and how many outputs each input."""
    if not isinstance(tensor, ad.Tensor):
        raise TypeError(f"init: got {type(tensor).__name__}; wanted a tensor, such as an nn.Parameter.")
    if tensor.ndim < 2:
        raise ValueError(f"init: fan-in and fan-out need a weight of two or more axes, but the tensor has shape {tensor.shape}.")
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def xavier_uniform_(tensor: ad.Tensor, gain: float = 1.0) -> ad.Tensor:
    """Fill uniformly from ±gain sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010).

    >>> nn.init.xavier_uniform_(nn.Parameter(np.empty((2, 3)))).max() < 1.1
    Tensor(True)
    """
    bound = gain * math.sqrt(6 / max(sum(_fans(tensor)), 1))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: ad.Tensor, gain: float = 1.0) -> ad.Tensor:
    """Fill from the normal distribution of deviation gain sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010).

    >>> nn.init.xavier_normal_(nn.Parameter(np.empty((2, 3)))).shape
    (2, 3)
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(sum(_fans(tensor)), 1)))


def _kaiming_std(tensor: ad.Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"init: mode is {mode!r}; wanted 'fan_in' or 'fan_out'.")
    fan = _fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0.0


def kaiming_uniform_(tensor: ad.Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> ad.Tensor:
    """Fill uniformly from ±gain sqrt(3 / fan) (He et al. 2015); `a` is the slope of a leaky ReLU.

    >>> nn.init.kaiming_uniform_(nn.Parameter(np.empty((2, 3))), a=5**0.5).max() < 3**-0.5
    Tensor(True)
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: ad.Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> ad.Tensor:
    """Fill from the normal distribution of deviation gain / sqrt(fan) (He et al. 2015); `a` is the slope of a leaky ReLU.

    >>> nn.init.kaiming_normal_(nn.Parameter(np.empty((2, 3)))).shape
    (2, 3)
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity))
