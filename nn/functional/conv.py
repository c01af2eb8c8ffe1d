"""Convolutions of one, two and three dimensions, as `torch.nn.functional` spells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from nn.functional.naming import errors_of

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def conv1d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    """`conv2d` with one spatial axis: `input: (N, C, L)`, `weight: (O, C / groups, K)`. As `torch.nn.functional.conv1d`.

    >>> nn.functional.conv1d(ad.Tensor([[[1.0, 2.0, 4.0]]]), ad.Tensor([[[-1.0, 1.0]]]), ad.Tensor([0.5]))
    Tensor([[[1.5, 2.5]]])
    """
    return conv_of("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    """`y[n, o, p] = bias[o] + Σ input[n, c, stride p + dilation k - padding] weight[o, c, k]`. As `torch.nn.functional.conv2d`.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` for one without a batch.
        weight: `(O, C / groups, KH, KW)`.
        bias: `(O,)`, or None for none.
        stride: the step from one place of the kernel to the next: one number, or one for each axis, as those that follow.
        padding: how many zeros stand on both sides; `"valid"` for none, `"same"` for as many as give a result as large as `input`.
        dilation: the step from one element of the kernel to the next.
        groups: into how many parts the channels fall that have nothing to do with each other.

    Returns:
        `(N, O, *out)` with `(size + 2 padding - dilation (kernel - 1) - 1) // stride + 1` elements along each axis.

    Raises:
        ValueError: the shapes do not fit, the kernel is larger than `input` with its borders, or `"same"` meets a stride.

    >>> nn.functional.conv2d(np.ones((1, 3, 28, 28)), np.ones((8, 3, 3, 3))).shape
    (1, 8, 26, 26)
    """
    return conv_of("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    """`conv2d` with three spatial axes: `(N, C, D, H, W)` and `(O, C / groups, KD, KH, KW)`. As `torch.nn.functional.conv3d`.

    >>> nn.functional.conv3d(np.ones((1, 3, 4, 8, 8)), np.ones((8, 3, 1, 3, 3)), padding="same").shape
    (1, 8, 4, 8, 8)
    """
    return conv_of("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """`conv_transpose2d` with one spatial axis. As `torch.nn.functional.conv_transpose1d`.

    >>> nn.functional.conv_transpose1d(ad.Tensor([[[1.0, 2.0]]]), ad.Tensor([[[-1.0, 1.0]]]), stride=2)
    Tensor([[[-1.,  1., -2.,  2.]]])
    """
    return conv_transpose_of("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The adjoint of `conv2d` by its input, and a bias. As `torch.nn.functional.conv_transpose2d`.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` for one without a batch.
        weight: `(C, O / groups, KH, KW)`.
        bias: `(O,)`, or None for none.
        stride: that of the convolution, as `padding`, `groups` and `dilation`.
        padding: how many elements are left out on both sides of the result.
        output_padding: how many elements, fewer than `stride` or than `dilation`, are added at the end of the result.
        groups: into how many parts the channels fall that have nothing to do with each other.
        dilation: the step from one element of the kernel to the next.

    Returns:
        `(N, O, *out)` with `(size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1` elements along each axis.

    Raises:
        ValueError: the shapes do not fit, or `output_padding` is neither less than `stride` nor than `dilation`.

    >>> nn.functional.conv_transpose2d(np.ones((1, 8, 13, 13)), np.ones((8, 3, 2, 2)), stride=2).shape
    (1, 3, 26, 26)
    """
    return conv_transpose_of("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """`conv_transpose2d` with three spatial axes. As `torch.nn.functional.conv_transpose3d`.

    >>> nn.functional.conv_transpose3d(np.ones((1, 8, 2, 4, 4)), np.ones((8, 3, 2, 2, 2)), stride=2).shape
    (1, 3, 4, 8, 8)
    """
    return conv_transpose_of("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_of(caller: str, n: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """A convolution with `n` spatial axes, whose errors name `caller`: the function or the module that was called."""
    if isinstance(padding, str):
        padding = padding_of(caller, padding, np.shape(weight)[2:], stride, dilation)
    params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _with_bias(caller, n, ad.windows.convolution, input, weight, bias, np.shape(weight)[0:1], params)


def conv_transpose_of(
    caller: str,
    n: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    """A transposed convolution with `n` spatial axes, whose errors name `caller`."""
    params = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation, "groups": groups}
    channels = tuple(size * groups for size in np.shape(weight)[1:2])
    return _with_bias(caller, n, ad.windows.conv_transpose, input, weight, bias, channels, params)


def padding_of(caller: str, padding: Any, kernel: tuple[int, ...], stride: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """How much stands before and after each axis, by numbers or by `"valid"` or `"same"`."""
    n = len(kernel)
    if not isinstance(padding, str):
        return tuple((int(p), int(p)) for p in np.broadcast_to(padding, n))
    if padding == "valid":
        return ((0, 0),) * n
    if padding != "same":
        raise ValueError(f"{caller}: padding is {padding!r}; wanted numbers, 'valid' or 'same'.")
    if np.any(np.asarray(stride) != 1):
        raise ValueError(f"{caller}: padding is 'same' and stride is {stride}; wanted stride 1, or the result is smaller.")
    totals = np.broadcast_to(dilation, n) * (np.array(kernel) - 1)
    return tuple((int(total) // 2, int(total) - int(total) // 2) for total in totals)


def _with_bias(
    caller: str, n: int, operation: Callable[..., Any], input: Any, weight: Any, bias: Any, channels: Any, params: Any
) -> Any:
    """What `operation` gives, with or without a batch, and the `bias` of each of the `channels`."""
    one = np.ndim(input) == n + 1
    if np.ndim(weight) != n + 2 or np.ndim(input) not in (n + 1, n + 2):
        raise ValueError(
            f"{caller}: the input has shape {np.shape(input)} and the weight has shape {np.shape(weight)}; wanted {n + 2} axes "
            f"each: of the input a batch, which it may lack, channels and {n} more."
        )
    if bias is not None and np.shape(bias) != channels:
        raise ValueError(
            f"{caller}: the bias has shape {np.shape(bias)}; wanted {channels}, a number for each channel of the result."
        )
    with errors_of(caller):
        y = operation(np.expand_dims(input, 0) if one else input, weight, **params)
    y = y[0] if one else y
    return y if bias is None else y + np.reshape(bias, (*channels, *(1,) * n))
