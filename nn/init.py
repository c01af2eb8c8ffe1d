"""Starting values for parameters: each function fills a tensor and returns it. As `torch.nn.init`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn.random import generator

__all__ = ["calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_"]
__all__ += ["orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_"]


def _require_tensor(tensor: Any) -> None:
    if not isinstance(tensor, ad.Tensor):
        hint = " For layer.weight.data, which is read-only here: layer.weight." if isinstance(tensor, np.ndarray) else ""
        raise TypeError(f"init: got {type(tensor).__name__}; wanted a tensor of floating point, such as an nn.Parameter.{hint}")


def _fill(tensor: ad.Tensor, values: Any) -> ad.Tensor:
    """Write `values` to `tensor`, which is of floating point."""
    _require_tensor(tensor)
    if tensor.dtype.kind != "f":
        raise TypeError(f"init: got a tensor of dtype {tensor.dtype}; wanted a tensor of floating point, such as an nn.Parameter.")
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

    1 (linear, conv1d and its relatives, sigmoid), 5/3 (tanh), sqrt 2 (relu), sqrt(2 / (1 + param²)) (leaky_relu), 3/4 (selu).

    >>> nn.init.calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"calculate_gain: {nonlinearity!r} is not known; wanted one of {sorted([*_GAINS, 'leaky_relu'])}.")
    return _GAINS[nonlinearity]


_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
_GAINS |= {f"conv{kind}{n}d": 1.0 for kind in ("", "_transpose") for n in (1, 2, 3)}


def _fans(tensor: ad.Tensor) -> tuple[int, int]:
    """How many inputs each output of a weight has, and how many outputs each input."""
    _require_tensor(tensor)
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


def trunc_normal_(tensor: ad.Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> ad.Tensor:
    """Fill from the normal distribution between `a` and `b`, which are ends of the values, not numbers of deviations.

    >>> abs(nn.init.trunc_normal_(nn.Parameter(np.empty(100)), a=-1.0, b=1.0)).max() <= 1
    Tensor(True)
    """
    if not (std > 0 and a < b):
        raise ValueError(f"trunc_normal_: std is {std}, a is {a} and b is {b}; wanted std above 0 and a below b.")
    values = np.empty(np.shape(tensor))
    left = np.ones(values.shape, bool)
    while left.any():
        drawn, fits = _candidates(int(left.sum()), mean, std, a, b)
        values[left] = drawn
        left[left] = ~fits
    return _fill(tensor, values)


def _candidates(n: int, mean: float, std: float, a: float, b: float) -> tuple[Any, Any]:
    """`n` numbers, and which of them may be kept, so that these are distributed normally between `a` and `b`."""
    inside = (math.erf((b - mean) / std / math.sqrt(2)) - math.erf((a - mean) / std / math.sqrt(2))) / 2
    if inside > 0.3:
        drawn = generator().normal(mean, std, n)
        return drawn, (a <= drawn) & (drawn <= b)
    peak = min(max(a, mean), b)
    drawn = generator().uniform(max(a, peak - 40 * std), min(b, peak + 40 * std), n)  # beyond there are none
    densities = np.exp((((peak - mean) / std) ** 2 - np.square((drawn - mean) / std)) / 2)
    return drawn, generator().uniform(size=n) <= densities


def _require_axes(caller: str, tensor: ad.Tensor, fits: bool, wanted: str) -> None:
    if not fits:
        raise ValueError(f"{caller}: the tensor has shape {np.shape(tensor)}; wanted {wanted}.")


def orthogonal_(tensor: ad.Tensor, gain: float = 1.0) -> ad.Tensor:
    """Fill with `gain` times a matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2013).

    All orthogonal matrices are equally likely. Axes after the second count as columns.

    >>> w = nn.init.orthogonal_(nn.Parameter(np.empty((2, 3)))).numpy()
    >>> np.allclose(w @ w.T, np.eye(2))
    True
    """
    _require_axes("orthogonal_", tensor, np.ndim(tensor) >= 2, "two or more axes")
    shape = np.shape(tensor)
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = np.linalg.qr(generator().normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.copysign(1, np.diagonal(r))  # without which some matrices are more likely than others
    return _fill(tensor, gain * np.reshape(q if rows >= columns else q.T, shape))


def eye_(tensor: ad.Tensor) -> ad.Tensor:
    """Fill with the identity matrix, as far as there are rows and columns.

    >>> nn.init.eye_(nn.Parameter(np.empty((1, 2))))
    Parameter([[1., 0.]], requires_grad=True)
    """
    _require_axes("eye_", tensor, np.ndim(tensor) == 2, "two axes")
    return _fill(tensor, np.eye(*np.shape(tensor)))


def dirac_(tensor: ad.Tensor, groups: int = 1) -> ad.Tensor:
    """Fill with the kernels of a convolution that lets channels pass as they are, as many as there are in each of the groups.

    >>> nn.init.dirac_(nn.Parameter(np.empty((1, 1, 3))))
    Parameter([[[0., 1., 0.]]], requires_grad=True)
    """
    shape = np.shape(tensor)
    _require_axes("dirac_", tensor, 3 <= len(shape) <= 5, "three to five axes, (out_channels, in_channels / groups, *kernel)")
    if groups < 1 or shape[0] % groups:
        raise ValueError(f"dirac_: groups is {groups} and there are {shape[0]} kernels; wanted a divisor of their number.")
    values = np.zeros(shape)
    middle = tuple(size // 2 for size in shape[2:])
    values[:, :, *middle] = np.tile(np.eye(shape[0] // groups, shape[1]), (groups, 1))
    return _fill(tensor, values)


def sparse_(tensor: ad.Tensor, sparsity: float, std: float = 0.01) -> ad.Tensor:
    """Fill from the normal distribution, but with zeros in a fraction `sparsity` of the rows of each column (Martens 2010).

    >>> np.count_nonzero(nn.init.sparse_(nn.Parameter(np.empty((4, 3))), sparsity=0.5).numpy(), axis=0)
    array([2, 2, 2])
    """
    _require_axes("sparse_", tensor, np.ndim(tensor) == 2, "two axes")
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_: sparsity is {sparsity}; wanted a fraction, 0 to 1.")
    shape = np.shape(tensor)
    ranks = generator().permuted(np.broadcast_to(np.arange(shape[0])[:, None], shape), axis=0)
    return _fill(tensor, np.where(ranks < math.ceil(sparsity * shape[0]), 0, generator().normal(0, std, shape)))
