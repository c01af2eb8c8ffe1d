"""Convolutions, and transposed ones, in one, two and three dimensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn import init
from nn.functional.conv import conv_of, conv_transpose_of, padding_of
from nn.modules.module import Module
from nn.modules.settings import integer, on_cpu, one_of, per_axis
from nn.parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # and what NumPy calls them


class Convolving(Module):
    """What convolutions and transposed ones over some number of axes have in common: settings and parameters."""

    _axes = 0
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Any
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]
    padding_mode: str

    def __init_subclass__(cls, axes: int | None = None, **kwargs: Any) -> None:
        """Have so many spatial axes, or those of the class above."""
        super().__init_subclass__(**kwargs)
        cls._axes = cls._axes if axes is None else axes

    def _set(self, in_channels: Any, out_channels: Any, groups: Any, device: Any, **per_axes: tuple[Any, int]) -> None:
        """Set what is one number, and what is one for each axis, of which the least is given, too."""
        caller = type(self).__name__
        on_cpu(caller, device)
        self.in_channels = integer(caller, "in_channels", in_channels)
        self.out_channels = integer(caller, "out_channels", out_channels)
        self.groups = integer(caller, "groups", groups)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ValueError(
                f"{caller}: in_channels is {in_channels}, out_channels is {out_channels} and groups is {groups}; "
                "wanted groups that divide both."
            )
        for name, (value, least) in per_axes.items():
            setattr(self, name, per_axis(caller, name, value, self._axes, least))

    def _make_parameters(self, first: int, second: int, bias: bool, dtype: Any) -> None:
        """Make the weight of so many channels, and a bias."""
        self.weight = Parameter(np.zeros((first, second // self.groups, *self.kernel_size)), dtype=dtype)
        self.bias = Parameter(np.zeros(self.out_channels), dtype=dtype) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """The channels, the kernel, the stride, and what else is not as it is by default."""
        plain = {"padding": 0, "dilation": 1, "output_padding": 0}
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, default in plain.items():
            if getattr(self, name) != (default,) * self._axes:
                text += f", {name}={getattr(self, name)}"
        text += f", groups={self.groups}" if self.groups != 1 else ""
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class Convolution(Convolving):
    """A convolution over the axes that its subclass has."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        caller = type(self).__name__
        one_of(caller, "padding_mode", padding_mode, tuple(_MODES))
        self._set(
            in_channels, out_channels, groups, device, kernel_size=(kernel_size, 1), stride=(stride, 1), dilation=(dilation, 1)
        )
        self.padding = padding if isinstance(padding, str) else per_axis(caller, "padding", padding, self._axes, 0)
        self.output_padding = (0,) * self._axes
        self.padding_mode = padding_mode
        padding_of(caller, self.padding, self.kernel_size, self.stride, self.dilation)
        self._make_parameters(self.out_channels, self.in_channels, bias, dtype)

    def forward(self, input: Any) -> Any:
        """Convolve the input with the weight, and add the bias."""
        caller, padding = type(self).__name__, self.padding
        if self.padding_mode != "zeros":
            pairs = padding_of(caller, padding, self.kernel_size, self.stride, self.dilation)
            lead = ((0, 0),) * (np.ndim(input) - self._axes)
            input, padding = ad.pad(input, (*lead, *pairs), _MODES[self.padding_mode]), 0
        arguments = (input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
        return conv_of(caller, self._axes, *arguments)


class ConvolutionTranspose(Convolving):
    """A transposed convolution over the axes that its subclass has."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        one_of(type(self).__name__, "padding_mode", padding_mode, ("zeros",))
        per_axes = {"kernel_size": (kernel_size, 1), "stride": (stride, 1), "padding": (padding, 0), "dilation": (dilation, 1)}
        self._set(in_channels, out_channels, groups, device, **per_axes, output_padding=(output_padding, 0))
        self.padding_mode = padding_mode
        self._make_parameters(self.in_channels, self.out_channels, bias, dtype)

    def forward(self, input: Any, output_size: Any = None) -> Any:
        """What is adjoint to the convolution, and the bias; of the axes `output_size`, where those of several sizes lead here."""
        extra = self.output_padding if output_size is None else self._output_padding(np.shape(input), output_size)
        arguments = (input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)
        return conv_transpose_of(type(self).__name__, self._axes, *arguments)

    def _output_padding(self, shape: tuple[int, ...], output_size: Any) -> tuple[int, ...]:
        """How much is added so that the result has the axes `output_size`, which may be its whole shape."""
        n = self._axes
        settings = zip(shape[-n:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        least = [(size - 1) * step - 2 * border + gap * (k - 1) + 1 for size, step, border, gap, k in settings]
        sizes = tuple(output_size)[-n:] if len(output_size) in (n, len(shape)) else ()
        extra = tuple(int(size - low) for size, low in zip(sizes, least, strict=False))
        if len(extra) != n or any(not 0 <= more < step for more, step in zip(extra, self.stride, strict=True)):
            most = [low + step - 1 for low, step in zip(least, self.stride, strict=True)]
            raise ValueError(
                f"{type(self).__name__}: output_size is {tuple(output_size)}; wanted {n} numbers between {least} and {most}, "
                f"as they follow from an input of shape {shape}."
            )
        return extra


class Conv1d(Convolution, axes=1):
    """`Conv2d` with one spatial axis: `(N, C, L)` to `(N, O, out)`. As `torch.nn.Conv1d`.

    >>> nn.Conv1d(16, 33, 3, stride=2)(np.ones((20, 16, 50))).shape
    (20, 33, 24)
    """


class Conv2d(Convolution, axes=2):
    """`y[n, o, p] = bias[o] + Σ x[n, c, stride p + dilation k - padding] weight[o, c, k]`. As `torch.nn.Conv2d`.

    Args:
        in_channels: how many channels the input has.
        out_channels: how many channels the result has.
        kernel_size: the size of the kernel: one number, or one for each axis, as those that follow.
        stride: the step from one place of the kernel to the next.
        padding: how much stands on both sides; `"valid"` for nothing, `"same"` for as much as gives a result as large as the input.
        dilation: the step from one element of the kernel to the next.
        groups: into how many parts the channels fall that have nothing to do with each other.
        bias: whether there is a `bias`.
        padding_mode: what stands there: `"zeros"`, or the input continued as a mirror image (`"reflect"`), by its last element
            (`"replicate"`), or from its other end (`"circular"`).
        device: `"cpu"`, if it is given.
        dtype: the type of the parameters; float64 if not given, as NumPy's.

    Shapes: input `(N, C, H, W)` or `(C, H, W)`; `weight: (O, C / groups, KH, KW)`, `bias: (O,)`; result `(N, O, *out)`, with
    `(size + 2 padding - dilation (kernel - 1) - 1) // stride + 1` elements along each axis. Weight and bias start uniformly from
    ±1 / sqrt(C / groups · KH · KW).

    Raises:
        ValueError: a setting is not one of these, or the input does not fit.

    >>> nn.Conv2d(3, 8, 3, padding="same")(np.ones((1, 3, 28, 28))).shape
    (1, 8, 28, 28)
    """


class Conv3d(Convolution, axes=3):
    """`Conv2d` with three spatial axes: `(N, C, D, H, W)` to `(N, O, *out)`. As `torch.nn.Conv3d`.

    >>> nn.Conv3d(3, 8, (1, 3, 3))(np.ones((1, 3, 4, 8, 8))).shape
    (1, 8, 4, 6, 6)
    """


class ConvTranspose1d(ConvolutionTranspose, axes=1):
    """`ConvTranspose2d` with one spatial axis: `(N, C, L)` to `(N, O, out)`. As `torch.nn.ConvTranspose1d`.

    >>> nn.ConvTranspose1d(16, 33, 3, stride=2)(np.ones((20, 16, 24))).shape
    (20, 33, 49)
    """


class ConvTranspose2d(ConvolutionTranspose, axes=2):
    """The adjoint of a convolution by its input, and a bias. As `torch.nn.ConvTranspose2d`.

    Args:
        in_channels: how many channels the input has.
        out_channels: how many channels the result has.
        kernel_size: the size of the kernel: one number, or one for each axis, as those that follow.
        stride: that of the convolution, as `groups` and `dilation`.
        padding: how many elements are left out on both sides of the result.
        output_padding: how many elements, fewer than `stride` or than `dilation`, are added at the end of the result.
        groups: into how many parts the channels fall that have nothing to do with each other.
        bias: whether there is a `bias`.
        dilation: the step from one element of the kernel to the next.
        padding_mode: `"zeros"`.
        device: `"cpu"`, if it is given.
        dtype: the type of the parameters; float64 if not given, as NumPy's.

    Shapes: input `(N, C, H, W)` or `(C, H, W)`; `weight: (C, O / groups, KH, KW)`, `bias: (O,)`; result `(N, O, *out)`, with
    `(size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1` elements along each axis, or as many as
    `output_size`, given with the input, says. Weight and bias start uniformly from ±1 / sqrt(O / groups · KH · KW).

    Raises:
        ValueError: a setting is not one of these, or the input does not fit.

    >>> down, up = nn.Conv2d(3, 8, 3, stride=2), nn.ConvTranspose2d(8, 3, 3, stride=2)
    >>> x = np.ones((1, 3, 10, 10))
    >>> up(down(x)).shape, up(down(x), output_size=x.shape).shape
    ((1, 3, 9, 9), (1, 3, 10, 10))
    """


class ConvTranspose3d(ConvolutionTranspose, axes=3):
    """`ConvTranspose2d` with three spatial axes: `(N, C, D, H, W)` to `(N, O, *out)`. As `torch.nn.ConvTranspose3d`.

    >>> nn.ConvTranspose3d(8, 3, 2, stride=2)(np.ones((1, 8, 2, 4, 4))).shape
    (1, 3, 4, 8, 8)
    """
