"""Normalization of channels, with running statistics: over a batch, or over one input of it."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from nn import functional
from nn.functional.naming import errors_of
from nn.modules.normalization import Weighing
from nn.modules.settings import integer

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class Running(Weighing):
    """What normalizes channels, and may follow their mean and variance while it is trained."""

    _axes: tuple[int, ...] = ()  # how many axes inputs may have
    running_mean: ad.Tensor | None
    running_var: ad.Tensor | None
    num_batches_tracked: ad.Tensor | None

    def __init_subclass__(cls, axes: tuple[int, ...] | None = None, **kwargs: Any) -> None:
        """Take inputs of so many axes, or of as many as the class above."""
        super().__init_subclass__(**kwargs)
        cls._axes = cls._axes if axes is None else axes

    def _set(
        self, num_features: Any, eps: float, momentum: Any, affine: bool, tracks: bool, bias: bool, device: Any, dtype: Any
    ) -> None:
        self.num_features = integer(type(self).__name__, "num_features", num_features)
        self.eps, self.momentum, self.affine, self.track_running_stats = eps, momentum, affine, tracks
        self._make_parameters((self.num_features,), affine, affine and bias, device, dtype)
        self.register_buffer("running_mean", ad.Tensor(np.zeros(self.num_features), dtype=dtype) if tracks else None)
        self.register_buffer("running_var", ad.Tensor(np.ones(self.num_features), dtype=dtype) if tracks else None)
        self.register_buffer("num_batches_tracked", ad.Tensor(np.zeros((), np.int64)) if tracks else None)

    def reset_running_stats(self) -> None:
        """Set means to 0, variances to 1, and the number of batches to 0."""
        for buffer, start in ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0)):
            if buffer is not None:
                buffer.writable()[...] = start

    def reset_parameters(self) -> None:
        """Set weights to 1, biases to 0, and running statistics to where they start."""
        self.reset_running_stats()
        super().reset_parameters()

    def _require_axes(self, input: Any) -> None:
        if np.ndim(input) not in self._axes:
            wanted = " or ".join(f"{n} axes" for n in self._axes)
            raise ValueError(f"{type(self).__name__}: the input has shape {np.shape(input)}; wanted {wanted}.")

    def extra_repr(self) -> str:
        """The settings."""
        affine = f"affine={self.affine}, bias={self.bias is not None}"
        tracks = f"track_running_stats={self.track_running_stats}"
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, {affine}, {tracks}"


class BatchNormalization(Running):
    """Normalization of channels over a batch."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self._set(num_features, eps, momentum, affine, track_running_stats, bias, device, dtype)

    def forward(self, input: Any) -> Any:
        """Normalize the input: by its own statistics while training, and by the running ones else."""
        self._require_axes(input)
        mean, var, momentum = self.running_mean, self.running_var, self.momentum
        count = None
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            count = extend.array_of(self.num_batches_tracked) + 1
            momentum = 1 / count if momentum is None else momentum
        elif self.training:
            mean = var = None
        by_batch = self.training or (mean is None and var is None)
        with errors_of(type(self).__name__):
            y = functional.batch_norm(input, mean, var, self.weight, self.bias, by_batch, momentum, self.eps)
        if count is not None and self.num_batches_tracked is not None:
            self.num_batches_tracked.writable()[...] = count
        return y


class InstanceNormalization(Running):
    """Normalization of the channels of each of a batch by itself."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self._set(num_features, eps, momentum, affine, track_running_stats, bias, device, dtype)

    def forward(self, input: Any) -> Any:
        """Normalize the input: by the running statistics if there are any and the layer is not trained, else by its own."""
        self._require_axes(input)
        one = np.ndim(input) == self._axes[0]
        momentum = 0.0 if self.momentum is None else self.momentum
        settings = (self.weight, self.bias, self.training or not self.track_running_stats, momentum, self.eps)
        with errors_of(type(self).__name__):
            x = np.expand_dims(input, 0) if one else input
            y = functional.instance_norm(x, self.running_mean, self.running_var, *settings)
        return y[0] if one else y


class BatchNorm1d(BatchNormalization, axes=(2, 3)):
    """`BatchNorm2d` of inputs `(N, C)` or `(N, C, L)`. As `torch.nn.BatchNorm1d`.

    >>> nn.BatchNorm1d(1, eps=1e-12, affine=False)(np.array([[1.0], [3.0]]))
    array([[-1.],
           [ 1.]])
    """


class BatchNorm2d(BatchNormalization, axes=(4,)):
    """`(x - mean) / sqrt(variance + eps) weight + bias` for each channel, over a batch. As `torch.nn.BatchNorm2d`.

    Args:
        num_features: how many channels there are.
        eps: what is added to variances.
        momentum: how much each batch counts in the running statistics; None for their mean over all batches.
        affine: whether there is a `weight`, and if also `bias`, a `bias`, for each channel.
        track_running_stats: whether there are running statistics, by which inputs are normalized after `eval()`; without them, that
            is by their own, too.
        device: `"cpu"`, if it is given.
        dtype: the type of parameters and statistics; float64 if not given, as NumPy's.
        bias: whether there is a `bias`.

    Shapes: input and result `(N, C, H, W)`; parameters, `running_mean` and `running_var` `(C,)`; `num_batches_tracked: ()`.
    Weights start from 1, biases from 0. Running variances are those of values divided by one less than their number.

    Raises:
        ValueError: the input has another number of axes or channels, or while training one value alone for each channel.

    >>> layer = nn.BatchNorm2d(3)
    >>> layer(np.ones((2, 3, 4, 4))).shape, layer.running_mean
    ((2, 3, 4, 4), Tensor([0.1, 0.1, 0.1]))
    """


class BatchNorm3d(BatchNormalization, axes=(5,)):
    """`BatchNorm2d` of inputs `(N, C, D, H, W)`. As `torch.nn.BatchNorm3d`.

    >>> nn.BatchNorm3d(3)(np.ones((1, 3, 2, 4, 4))).shape
    (1, 3, 2, 4, 4)
    """


class InstanceNorm1d(InstanceNormalization, axes=(2, 3)):
    """`InstanceNorm2d` of inputs `(N, C, L)` or `(C, L)`. As `torch.nn.InstanceNorm1d`.

    >>> nn.InstanceNorm1d(1, eps=1e-12)(np.array([[1.0, 3.0]]))
    array([[-1.,  1.]])
    """


class InstanceNorm2d(InstanceNormalization, axes=(3, 4)):
    """`(x - mean) / sqrt(variance + eps) weight + bias` for each channel of each of a batch. As `torch.nn.InstanceNorm2d`.

    Args:
        num_features: how many channels there are.
        eps: what is added to variances.
        momentum: how much each batch counts in the running statistics.
        affine: whether there is a `weight`, and if also `bias`, a `bias`, for each channel.
        track_running_stats: whether there are running statistics, by which inputs are normalized after `eval()`.
        device: `"cpu"`, if it is given.
        dtype: the type of parameters and statistics; float64 if not given, as NumPy's.
        bias: whether there is a `bias`.

    Shapes: input and result `(N, C, H, W)` or `(C, H, W)`; parameters and statistics as those of `BatchNorm2d`.

    Raises:
        ValueError: the input has another number of axes or, if there are parameters or statistics, of channels, or one value alone
            for each channel.

    >>> nn.InstanceNorm2d(3)(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """


class InstanceNorm3d(InstanceNormalization, axes=(4, 5)):
    """`InstanceNorm2d` of inputs `(N, C, D, H, W)` or `(C, D, H, W)`. As `torch.nn.InstanceNorm3d`.

    >>> nn.InstanceNorm3d(3)(np.ones((3, 2, 4, 4))).shape
    (3, 2, 4, 4)
    """
