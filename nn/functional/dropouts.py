"""Dropout: what is left out at random while a network is trained."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.functional.drawing import float_type
from nn.random import generator

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]

_LOWEST_OF_SELU = -1.7580993408473766  # the limit to the left


def check_probability(caller: str, p: float) -> None:
    """Raise unless `p` is a probability."""
    if not 0 <= p <= 1:
        raise ValueError(f"{caller}: p is {p}; wanted a probability, 0 to 1, with which elements are left out.")


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """`x` times a mask, 0 with the probability `p` and else `1 / (1 - p)`, so that the expectation is `x` (Srivastava et al. 2014).

    As `torch.nn.functional.dropout`. The derivative is the mask. The random numbers are those of `nn.manual_seed`.

    Args:
        input: of any shape.
        p: the probability of each element to be left out. If it is 1, everything is.
        training: if not, the result is `input` itself.
        inplace: may be given, and changes nothing.

    Raises:
        ValueError: `p` is no probability.

    >>> sorted(set(nn.functional.dropout(np.ones(100), 0.75).tolist()))
    [0.0, 4.0]
    """
    check_probability("dropout", p)
    return np.multiply(input, _mask(input, np.shape(input), p)) if training else input


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of `(N, C, L)` or `(C, L)`. As `torch.nn.functional.dropout1d`; see `dropout`.

    Raises:
        ValueError: `p` is no probability, or `input` has another number of axes.

    >>> nn.functional.dropout1d(np.ones((8, 3, 5)), 0.5).std(axis=2).max()
    np.float64(0.0)
    """
    return _channels_left_out("dropout1d", 1, input, p, training)


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of `(N, C, H, W)` (Tompson et al. 2015). As `torch.nn.functional.dropout2d`; see `dropout`.

    Three axes are an error: PyTorch, with a warning, takes them for `(N, C, L)`, where they look like `(C, H, W)`.

    Raises:
        ValueError: `p` is no probability, or `input` has another number of axes.

    >>> nn.functional.dropout2d(np.ones((8, 3, 5, 5)), 0.5).std(axis=(2, 3)).max()
    np.float64(0.0)
    """
    if np.ndim(input) == 3:
        raise ValueError(
            f"dropout2d: the input has shape {np.shape(input)}; wanted (N, C, H, W). For (C, H, W): np.expand_dims(x, 0); for "
            f"(N, C, L): dropout1d, which is what PyTorch computes."
        )
    return _channels_left_out("dropout2d", 2, input, p, training)


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of `(N, C, D, H, W)` or `(C, D, H, W)`. As `torch.nn.functional.dropout3d`; see `dropout`.

    Raises:
        ValueError: `p` is no probability, or `input` has another number of axes.

    >>> nn.functional.dropout3d(np.ones((8, 3, 5, 5, 5)), 0.5).std(axis=(2, 3, 4)).max()
    np.float64(0.0)
    """
    return _channels_left_out("dropout3d", 3, input, p, training)


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Dropout to the lowest value of SELU, and a linear map, which keep mean 0 and variance 1 (Klambauer et al. 2017).

    As `torch.nn.functional.alpha_dropout`; see `dropout`. Note that `training` is false unless it is given. If `p` is 1, the result
    is 0.

    Raises:
        ValueError: `p` is no probability.

    >>> np.unique(nn.functional.alpha_dropout(np.ones(100), 0.5, training=True)).round(4)
    array([-0.7792,  1.6656])
    """
    check_probability("alpha_dropout", p)
    return _left_at_the_lowest(input, np.shape(input), p) if training else input


def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Alpha dropout of whole channels of `(N, C, ...)`. As `torch.nn.functional.feature_alpha_dropout`; see `alpha_dropout`.

    Raises:
        ValueError: `p` is no probability, or `input` has less than two axes.

    >>> nn.functional.feature_alpha_dropout(np.ones((8, 3, 5)), 0.5, training=True).std(axis=2).max().round(12)
    np.float64(0.0)
    """
    check_probability("feature_alpha_dropout", p)
    shape = np.shape(input)
    if len(shape) < 2:
        raise ValueError(f"feature_alpha_dropout: the input has shape {shape}; wanted (N, C, ...).")
    return _left_at_the_lowest(input, (*shape[:2], *(1,) * (len(shape) - 2)), p) if training else input


def _kept(shape: tuple[int, ...], p: float) -> Any:
    """Truth values, false with the probability `p`."""
    return generator().random(shape) >= p


def _mask(input: Any, shape: tuple[int, ...], p: float) -> Any:
    return np.multiply(_kept(shape, p), 1 / (1 - p) if p < 1 else 0, dtype=float_type(input))


def _channels_left_out(caller: str, n: int, input: Any, p: float, training: bool) -> Any:
    check_probability(caller, p)
    shape = np.shape(input)
    if len(shape) not in (n + 1, n + 2):
        raise ValueError(
            f"{caller}: the input has shape {shape}; wanted {n + 2} axes: a batch, which it may lack, channels, and {n} more. "
            f"For single elements: dropout."
        )
    return np.multiply(input, _mask(input, shape[:-n] + (1,) * n, p)) if training else input


def _left_at_the_lowest(input: Any, shape: tuple[int, ...], p: float) -> Any:
    if p == 1:
        return np.multiply(input, 0)
    scale = 1 / math.sqrt((1 - p) * (1 + p * _LOWEST_OF_SELU**2))
    kept, dtype = _kept(shape, p), float_type(input)
    shift = np.where(kept, -p * _LOWEST_OF_SELU * scale, (1 - p) * _LOWEST_OF_SELU * scale).astype(dtype)
    return np.multiply(input, np.multiply(kept, scale, dtype=dtype)) + shift
