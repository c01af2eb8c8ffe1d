"""Pooling layers, in one, two and three dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nn import functional
from nn.functional.adaptive import sizes_of
from nn.functional.lp_pooling import require_norm_type
from nn.modules.function import FunctionModule, Stateless
from nn.modules.settings import per_axis

__all__ = ["AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d"]
__all__ += ["AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d"]
__all__ += ["MaxPool1d", "MaxPool2d", "MaxPool3d"]


class OverAxes(FunctionModule):
    """What pools over as many axes as its function's name says."""

    _axes: int

    def __init_subclass__(cls, function: Callable[..., Any] | None = None, **kwargs: Any) -> None:
        """Know the number of axes."""
        super().__init_subclass__(function=function, **kwargs)
        if function is not None:
            cls._axes = int(function.__name__[-2])


class Pooling(OverAxes):
    """What all windows that slide over some number of axes have in common."""

    _shown: tuple[str, ...]

    def _set(self, kernel_size: Any, stride: Any, **settings: Any) -> None:
        """Set the windows, and other settings; of those that may be one number for each axis, the least is known."""
        vars(self).update(settings, kernel_size=kernel_size, stride=stride)
        for name, least in (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
            if vars(self).get(name) is not None:
                per_axis(type(self).__name__, name, getattr(self, name), self._axes, least)

    def extra_repr(self) -> str:
        """The settings of the windows."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self._shown)


class MaxPooling(Pooling):
    """The largest element of each window."""

    _shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        settings = {"padding": padding, "dilation": dilation, "return_indices": return_indices, "ceil_mode": ceil_mode}
        self._set(kernel_size, kernel_size if stride is None else stride, **settings)


class MaxPool1d(MaxPooling, function=functional.max_pool1d):
    """`MaxPool2d` with one spatial axis. As `torch.nn.MaxPool1d`.

    >>> nn.MaxPool1d(2)(ad.Tensor([[1.0, 3.0, 2.0, 0.0]]))
    Tensor([[3., 2.]])
    """


class MaxPool2d(MaxPooling, function=functional.max_pool2d):
    """The largest element of each window. As `torch.nn.MaxPool2d`, except at ties; see `nn.functional.max_pool2d`.

    Args:
        kernel_size: the shape of the windows: one number, or one for each axis, as those that follow.
        stride: the step from one window to the next; `kernel_size` if it is None.
        padding: how many elements less than everything stand on both sides, at most half of a window.
        dilation: the step from one element of a window to the next.
        return_indices: whether the places of the largest elements, counted along the last axes in a row, are the second result.
        ceil_mode: whether a window that begins inside and reaches over the end is one, too.

    >>> nn.MaxPool2d(2)(ad.Tensor([[[1.0, 3.0], [2.0, 0.0]]]))
    Tensor([[[3.]]])
    """


class MaxPool3d(MaxPooling, function=functional.max_pool3d):
    """`MaxPool2d` with three spatial axes. As `torch.nn.MaxPool3d`.

    >>> nn.MaxPool3d((1, 2, 2))(np.ones((1, 3, 4, 4, 4))).shape
    (1, 3, 4, 2, 2)
    """


class AvgPooling(Pooling):
    """The mean of each window."""

    _shown = ("kernel_size", "stride", "padding")

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        settings = {"padding": padding, "ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
        self._set(kernel_size, kernel_size if stride is None else stride, **settings, divisor_override=divisor_override)
        if divisor_override == 0:
            raise ValueError(f"{type(self).__name__}: divisor_override is 0; wanted another number to divide by, or None.")


class AvgPool1d(AvgPooling, function=functional.avg_pool1d):
    """`AvgPool2d` with one spatial axis, and without `divisor_override`. As `torch.nn.AvgPool1d`.

    >>> nn.AvgPool1d(2)(ad.Tensor([[1.0, 3.0, 2.0, 0.0]]))
    Tensor([[2., 1.]])
    """

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False, count_include_pad: bool = True
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        for name in self._shown:
            setattr(self, name, per_axis("AvgPool1d", name, getattr(self, name), 1, 0))


class AvgPool2d(AvgPooling, function=functional.avg_pool2d):
    """The mean of each window. As `torch.nn.AvgPool2d`; see `nn.functional.avg_pool2d`.

    Args:
        kernel_size: the shape of the windows: one number, or one for each axis, as those that follow.
        stride: the step from one window to the next; `kernel_size` if it is None.
        padding: how many zeros stand on both sides, at most half of a window.
        ceil_mode: whether a window that begins inside and reaches over the end is one, too.
        count_include_pad: whether the zeros of the padding count as elements.
        divisor_override: what sums are divided by instead of the number of elements.

    >>> nn.AvgPool2d(2)(ad.Tensor([[[1.0, 3.0], [2.0, 0.0]]]))
    Tensor([[[1.5]]])
    """


class AvgPool3d(AvgPooling, function=functional.avg_pool3d):
    """`AvgPool2d` with three spatial axes. As `torch.nn.AvgPool3d`.

    >>> nn.AvgPool3d((1, 2, 2))(np.ones((1, 3, 4, 4, 4))).shape
    (1, 3, 4, 2, 2)
    """


class LPPooling(Pooling):
    """A norm of each window."""

    _shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        require_norm_type(type(self).__name__, norm_type)
        self._set(kernel_size, stride, norm_type=norm_type, ceil_mode=ceil_mode)


class LPPool1d(LPPooling, function=functional.lp_pool1d):
    """`LPPool2d` with one spatial axis. As `torch.nn.LPPool1d`.

    >>> nn.LPPool1d(2, 2)(ad.Tensor([[3.0, 4.0, 6.0, 8.0]]))
    Tensor([[ 5., 10.]])
    """


class LPPool2d(LPPooling, function=functional.lp_pool2d):
    """`(Σ xᵖ)^(1/p)` over each window. As `torch.nn.LPPool2d`; see `nn.functional.lp_pool2d`.

    Args:
        norm_type: the power p.
        kernel_size: the shape of the windows: one number, or one for each axis, as that which follows.
        stride: the step from one window to the next; `kernel_size` if it is None.
        ceil_mode: whether a window that begins inside and reaches over the end is one, too.

    >>> nn.LPPool2d(2, 2)(ad.Tensor([[[3.0, 4.0], [0.0, 12.0]]]))
    Tensor([[[13.]]])
    """


class LPPool3d(LPPooling, function=functional.lp_pool3d):
    """`LPPool2d` with three spatial axes. As `torch.nn.LPPool3d`.

    >>> nn.LPPool3d(2, (1, 2, 2))(np.ones((1, 3, 4, 4, 4))).shape
    (1, 3, 4, 2, 2)
    """


class AdaptivePooling(OverAxes, Stateless):
    """Pooling to a number of bins, which is known to be one when the layer is made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sizes_of(type(self).__name__, self._axes, self.output_size)


class AdaptiveMaxPool1d(AdaptivePooling, function=functional.adaptive_max_pool1d):
    """`AdaptiveMaxPool2d` with one spatial axis. As `torch.nn.AdaptiveMaxPool1d`.

    >>> nn.AdaptiveMaxPool1d(2)(ad.Tensor([[1.0, 3.0, 2.0, 0.0]]))
    Tensor([[3., 2.]])
    """


class AdaptiveMaxPool2d(AdaptivePooling, function=functional.adaptive_max_pool2d):
    """The largest element of each of a number of bins. As `torch.nn.AdaptiveMaxPool2d`; see `nn.functional.adaptive_max_pool2d`.

    Args:
        output_size: how many bins there are: one number, or one for each axis; None for as many as the axis has elements.

    >>> nn.AdaptiveMaxPool2d((2, None))(np.ones((1, 3, 5, 7))).shape
    (1, 3, 2, 7)
    """


class AdaptiveMaxPool3d(AdaptivePooling, function=functional.adaptive_max_pool3d):
    """`AdaptiveMaxPool2d` with three spatial axes. As `torch.nn.AdaptiveMaxPool3d`.

    >>> nn.AdaptiveMaxPool3d((None, 2, 2))(np.ones((1, 3, 4, 5, 6))).shape
    (1, 3, 4, 2, 2)
    """


class AdaptiveAvgPool1d(AdaptivePooling, function=functional.adaptive_avg_pool1d):
    """`AdaptiveAvgPool2d` with one spatial axis. As `torch.nn.AdaptiveAvgPool1d`.

    >>> nn.AdaptiveAvgPool1d(2)(ad.Tensor([[1.0, 3.0, 2.0]]))
    Tensor([[2. , 2.5]])
    """


class AdaptiveAvgPool2d(AdaptivePooling, function=functional.adaptive_avg_pool2d):
    """The mean of each of a number of bins. As `torch.nn.AdaptiveAvgPool2d`; see `nn.functional.adaptive_avg_pool2d`.

    Args:
        output_size: how many bins there are: one number, or one for each axis; None for as many as the axis has elements.

    >>> nn.AdaptiveAvgPool2d(1)(np.ones((8, 16, 7, 7))).shape
    (8, 16, 1, 1)
    """


class AdaptiveAvgPool3d(AdaptivePooling, function=functional.adaptive_avg_pool3d):
    """`AdaptiveAvgPool2d` with three spatial axes. As `torch.nn.AdaptiveAvgPool3d`.

    >>> nn.AdaptiveAvgPool3d((None, 2, 2))(np.ones((1, 3, 4, 5, 6))).shape
    (1, 3, 4, 2, 2)
    """
