"""Normalization, as `torch.nn.functional` spells it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from nn.functional.naming import not_real, under
from nn.functional.normalizing import standardize, weigh

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]

Ints = tuple[int, ...]


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """`(x - mean) / sqrt(variance + eps) weight + bias` for each channel. As `torch.nn.functional.batch_norm`.

    Args:
        input: `(N, C)` or `(N, C, *)`.
        running_mean: `(C,)`, or None. While training, it becomes `(1 - momentum) running_mean + momentum mean`, in place.
        running_var: `(C,)`, or None; the same of variances, which are there divided by one less than the number of values.
        weight: `(C,)`, or None for ones.
        bias: `(C,)`, or None for zeros.
        training: whether mean and variance are those of the batch, along all axes but that of channels, or the running ones.
        momentum: how much each batch counts.
        eps: what is added to variances.

    Raises:
        TypeError: the input is complex.
        ValueError: shapes do not fit; while training, a channel has one value alone; else, there are no running statistics.

    >>> nn.functional.batch_norm(np.array([[1.0], [3.0]]), None, None, training=True, eps=1e-12)
    array([[-1.],
           [ 1.]])
    """
    x = _array("batch_norm", input, 2, eps)
    _require_channels("batch_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if not training:
        return _by_statistics("batch_norm", x, running_mean, running_var, weight, bias, eps)
    shape, at = _with_channels(x.shape)
    n = x.size // max(x.shape[1], 1)
    if n < 2:
        raise ValueError(
            f"batch_norm: the input has shape {x.shape}, so a channel has {n} values, of which there is no variance; wanted at "
            "least 2 while training: a larger batch, or eval()."
        )
    y, mean, var = standardize(x, shape, (0, 2)[: len(shape) - 1], eps, True)
    _follow(running_mean, extend.array_of(mean).reshape(-1), momentum)
    _follow(running_var, extend.array_of(var).reshape(-1) * (n / (n - 1)), momentum)
    return _weighed("batch_norm", y, weight, bias, shape, at)


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """`batch_norm` of each of a batch by itself: `input: (N, C, *)`, with more axes. As `torch.nn.functional.instance_norm`.

    With `use_input_stats`, mean and variance are those of one channel of one of the batch, and running ones follow their means over
    the batch; without it they are the running ones.

    >>> nn.functional.instance_norm(np.array([[[1.0, 3.0]], [[10.0, 30.0]]]), eps=1e-12)
    array([[[-1.,  1.]],
    <BLANKLINE>
           [[-1.,  1.]]])
    """
    x = _array("instance_norm", input, 3, eps)
    _require_channels("instance_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if not use_input_stats:
        return _by_statistics("instance_norm", x, running_mean, running_var, weight, bias, eps)
    shape, at = _with_channels(x.shape)
    n = shape[2]
    if n < 2:
        raise ValueError(
            f"instance_norm: the input has shape {x.shape}, so a channel of one of the batch has {n} values, of which there is no "
            "variance; wanted at least 2."
        )
    y, mean, var = standardize(x, shape, (2,), eps, True)
    if shape[0]:  # an empty batch tells nothing
        _follow(running_mean, extend.array_of(mean).mean(axis=(0, 2)), momentum)
        _follow(running_var, extend.array_of(var).mean(axis=(0, 2)) * (n / (n - 1)), momentum)
    return _weighed("instance_norm", y, weight, bias, shape, at)


def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """`(x - mean) / sqrt(variance + eps) weight + bias`, over the last axes. As `torch.nn.functional.layer_norm`.

    Args:
        input: `(..., *normalized_shape)`.
        normalized_shape: the last axes, or the last one, over which mean and variance are taken.
        weight: of the shape `normalized_shape`, or None for ones.
        bias: of the shape `normalized_shape`, or None for zeros.
        eps: what is added to variances.

    Raises:
        TypeError: the input is complex.
        ValueError: the shapes do not fit.

    >>> nn.functional.layer_norm(ad.Tensor([[1.0, 3.0], [10.0, 30.0]]), 2, eps=1e-12)
    Tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    return _over_last_axes("layer_norm", input, normalized_shape, weight, bias, eps, True)


def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """`x / sqrt(mean x² + eps) weight`, over the last axes. As `torch.nn.functional.rms_norm`.

    Args:
        input: `(..., *normalized_shape)`.
        normalized_shape: the last axes, or the last one, over which the mean is taken.
        weight: of the shape `normalized_shape`, or None for ones.
        eps: what is added to mean squares; None for the precision of the input's type.

    Raises:
        TypeError: the input is complex.
        ValueError: the shapes do not fit.

    >>> nn.functional.rms_norm(ad.Tensor([1.0, 7.0]), 2, eps=1e-12)
    Tensor([0.2, 1.4])
    """
    if eps is None:
        dtype = np.result_type(input)
        eps = float(np.finfo(dtype if dtype.kind in "fc" else float).eps)
    return _over_last_axes("rms_norm", input, normalized_shape, weight, None, eps, False)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """`(x - mean) / sqrt(variance + eps) weight + bias`, over groups of channels. As `torch.nn.functional.group_norm`.

    Args:
        input: `(N, C)` or `(N, C, *)`.
        num_groups: how many groups the channels fall into; mean and variance are those of a group of one of the batch.
        weight: `(C,)`, or None for ones.
        bias: `(C,)`, or None for zeros.
        eps: what is added to variances.

    Raises:
        TypeError: the input is complex.
        ValueError: shapes do not fit, or `num_groups` does not divide the channels.

    >>> nn.functional.group_norm(np.array([[1.0, 3.0, 10.0, 30.0]]), 2, eps=1e-12)
    array([[-1.,  1., -1.,  1.]])
    """
    x = _array("group_norm", input, 2, eps)
    _require_channels("group_norm", x, weight=weight, bias=bias)
    n, c = x.shape[:2]
    if not isinstance(num_groups, (int, np.integer)) or num_groups < 1 or c % num_groups:
        raise ValueError(
            f"group_norm: num_groups is {num_groups!r} and the input has {c} channels; wanted an integer that divides them."
        )
    if x.size == num_groups:
        raise ValueError(f"group_norm: the input has shape {x.shape}, so a group has 1 value; wanted at least 2.")
    size = c // num_groups * math.prod(x.shape[2:])
    y, *_ = standardize(x, (n * num_groups, size), (1,), eps, True)
    return _weighed("group_norm", y, weight, bias, *_with_channels(x.shape))


def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """`x / (k + alpha mean of x² over neighbouring channels)^beta`. As `torch.nn.functional.local_response_norm`.

    Args:
        input: `(N, C, *)`, with one more axis at least.
        size: over how many channels the mean is taken: `size // 2` before each one, and as many after it, or one fewer if `size` is
            even; beyond the first and the last are zeros.
        alpha: how much the mean counts.
        beta: the power.
        k: what is added.

    Raises:
        ValueError: the input has fewer axes, or `size` is no positive integer.

    >>> nn.functional.local_response_norm(ad.Tensor([[[3.0], [4.0]]]), 2, alpha=2.0, beta=1.0, k=0.0)
    Tensor([[[0.33333333],
             [0.16      ]]])
    """
    x = _array("local_response_norm", input, 3, 0.0)
    if not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"local_response_norm: size is {size!r}; wanted a positive integer.")
    squares = np.square(x).reshape((x.shape[0], 1, x.shape[1], math.prod(x.shape[2:])))
    means = ad.windows.avg_pool(squares, (size, 1), stride=1, padding=((size // 2, (size - 1) // 2), (0, 0)))
    return x / (k + alpha * means.reshape(x.shape)) ** beta


# --- what they have in common ----------------------------------------------------------------------------------------------------


def _array(caller: str, input: Any, least: int, eps: float) -> Any:
    """The input as an array or tensor, which has enough axes."""
    x = input if hasattr(input, "dtype") else np.asarray(input)
    if x.ndim < least:
        raise ValueError(
            f"{caller}: the input has shape {x.shape}; wanted at least {least} axes: a batch, channels{', and more' * (least > 2)}."
        )
    if x.dtype.kind == "c":
        raise TypeError(f"{caller}: {not_real(input=x)}")
    if eps < 0:
        raise ValueError(f"{caller}: eps is {eps}; wanted a positive number.")
    return x


def _require_channels(caller: str, x: Any, **given: Any) -> None:
    """Raise unless there is one of each of what is `given` for each channel."""
    for name, value in given.items():
        if value is not None and np.shape(value) != x.shape[1:2]:
            raise ValueError(
                f"{caller}: {name} has shape {np.shape(value)}, but the input has shape {x.shape}; wanted {x.shape[1:2]}, one for "
                "each channel."
            )


def _with_channels(shape: Ints) -> tuple[Ints, Ints]:
    """A shape with no more than one axis after that of channels, and that of what is one number for each channel."""
    n, c, *rest = shape
    return ((n, c, math.prod(rest)), (1, c, 1)) if rest else ((n, c), (1, c))


def _weighed(caller: str, y: Any, weight: Any, bias: Any, shape: Ints, at: Ints) -> Any:
    if weight is None and bias is None:
        return y
    try:
        return weigh(y, weight, bias, shape, at)
    except TypeError as error:  # of complex numbers
        raise under(caller, error) from None


def _by_statistics(caller: str, x: Any, mean: Any, var: Any, weight: Any, bias: Any, eps: float) -> Any:
    """`x` normalized by running statistics."""
    if mean is None or var is None:
        raise ValueError(f"{caller}: there are no running statistics; wanted running_mean and running_var, or those of the input.")
    shape, at = _with_channels(x.shape)
    if not isinstance(x, ad.Tensor):
        mean, var = extend.array_of(mean), extend.array_of(var)
    scale = 1 / np.sqrt(var + eps)
    d = x - mean.reshape((-1, *(1,) * (x.ndim - 2)))
    return _weighed(caller, d, scale if weight is None else weight * scale, bias, shape, at)


def _follow(running: Any, value: Any, momentum: Any) -> None:
    """Bring running statistics closer to a new `value`, in place."""
    if running is not None:
        array = running.writable() if isinstance(running, ad.Tensor) else running
        array[...] = (1 - momentum) * array + momentum * value


def _over_last_axes(caller: str, input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float, centered: bool) -> Any:
    x = _array(caller, input, 0, eps)
    axes = (normalized_shape,) if isinstance(normalized_shape, (int, np.integer)) else tuple(normalized_shape)
    if not axes or x.shape[-len(axes) :] != axes:
        raise ValueError(f"{caller}: the input has shape {x.shape} and normalized_shape is {axes}; wanted the same last axes.")
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and np.shape(value) != axes:
            raise ValueError(f"{caller}: {name} has shape {np.shape(value)}; wanted {axes}, as normalized_shape is.")
    n = math.prod(axes)
    shape = (math.prod(x.shape[: x.ndim - len(axes)]), n)
    return _weighed(caller, standardize(x, shape, (1,), eps, centered)[0], weight, bias, shape, (1, n))
