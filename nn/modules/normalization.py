"""Normalization over the axes of one input: of the last axes, of groups of channels, of neighbouring channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import functional, init
from nn.modules.function import FunctionModule, Stateless
from nn.modules.settings import integer, on_cpu
from nn.parameter import Parameter

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class Weighing(FunctionModule):
    """What is normalized is multiplied by a weight, and a bias is added: parameters that start from 1 and 0, or None."""

    weight: Parameter | None
    bias: Parameter | None

    def _make_parameters(self, shape: tuple[int, ...], weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        on_cpu(type(self).__name__, device)
        self.weight = Parameter(np.ones(shape), dtype=dtype) if weight else None
        self.bias = Parameter(np.zeros(shape), dtype=dtype) if bias else None

    def reset_parameters(self) -> None:
        """Set weights to 1, and biases to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


def _shape(caller: str, normalized_shape: Any) -> tuple[int, ...]:
    """The last axes of an input, given as a shape or as the length of the last one."""
    shape = normalized_shape if isinstance(normalized_shape, (tuple, list)) else (normalized_shape,)
    if not shape:
        raise ValueError(f"{caller}: normalized_shape is {normalized_shape}; wanted one axis at least.")
    return tuple(integer(caller, "normalized_shape", size) for size in shape)


class LayerNorm(Weighing, function=functional.layer_norm):
    """`(x - mean) / sqrt(variance + eps) weight + bias`, over the last axes. As `torch.nn.LayerNorm`.

    Args:
        normalized_shape: the last axes, or the last one, over which mean and variance are taken.
        eps: what is added to variances.
        elementwise_affine: whether there is a `weight`, and if also `bias`, a `bias`.
        bias: whether there is a `bias`.
        device: `"cpu"`, if it is given.
        dtype: the type of the parameters; float64 if not given, as NumPy's.

    Shapes: input and result `(..., *normalized_shape)`, parameters `normalized_shape`. They start from 1 and 0.

    >>> nn.LayerNorm(2, eps=1e-12, elementwise_affine=False)(ad.Tensor([[1.0, 3.0], [10.0, 30.0]]))
    Tensor([[-1.,  1.],
            [-1.,  1.]])
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape("LayerNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._make_parameters(self.normalized_shape, elementwise_affine, elementwise_affine and bias, device, dtype)

    def extra_repr(self) -> str:
        """The settings."""
        affine = f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        return f"{self.normalized_shape}, eps={self.eps}, {affine}"


class RMSNorm(Weighing, function=functional.rms_norm):
    """`x / sqrt(mean x² + eps) weight`, over the last axes. As `torch.nn.RMSNorm`.

    Args:
        normalized_shape: the last axes, or the last one, over which the mean is taken.
        eps: what is added to mean squares; None for the precision of the input's type.
        elementwise_affine: whether there is a `weight`.
        device: `"cpu"`, if it is given.
        dtype: the type of the weight; float64 if not given, as NumPy's.

    Shapes: input and result `(..., *normalized_shape)`, `weight: normalized_shape`. It starts from 1.

    >>> nn.RMSNorm(2, eps=1e-12)(np.array([1.0, 7.0])).detach()
    Tensor([0.2, 1.4])
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape("RMSNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._make_parameters(self.normalized_shape, elementwise_affine, False, device, dtype)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Weighing, function=functional.group_norm):
    """`(x - mean) / sqrt(variance + eps) weight + bias`, over groups of channels. As `torch.nn.GroupNorm`.

    Args:
        num_groups: how many groups the channels fall into.
        num_channels: how many channels there are.
        eps: what is added to variances.
        affine: whether there is a `weight`, and if also `bias`, a `bias`, for each channel.
        device: `"cpu"`, if it is given.
        dtype: the type of the parameters; float64 if not given, as NumPy's.
        bias: whether there is a `bias`.

    Shapes: input and result `(N, C)` or `(N, C, *)`, parameters `(C,)`. They start from 1 and 0.

    >>> nn.GroupNorm(2, 4, eps=1e-12, affine=False)(np.array([[1.0, 3.0, 10.0, 30.0]]))
    array([[-1.,  1., -1.,  1.]])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_groups = integer("GroupNorm", "num_groups", num_groups)
        self.num_channels = integer("GroupNorm", "num_channels", num_channels)
        if self.num_channels % self.num_groups:
            raise ValueError(
                f"GroupNorm: num_channels is {num_channels} and num_groups is {num_groups}; wanted groups that divide the channels."
            )
        self.eps = eps
        self.affine = affine
        self._make_parameters((self.num_channels,), affine, affine and bias, device, dtype)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"


class LocalResponseNorm(Stateless, function=functional.local_response_norm):
    """`x / (k + alpha mean of x² over neighbouring channels)^beta`. As `torch.nn.LocalResponseNorm`.

    Args:
        size: over how many channels the mean is taken.
        alpha: how much the mean counts.
        beta: the power.
        k: what is added.

    >>> nn.LocalResponseNorm(2)(np.ones((1, 3, 4))).shape
    (1, 3, 4)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__(integer("LocalResponseNorm", "size", size), alpha, beta, k)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
