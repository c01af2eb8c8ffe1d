"""Modules that rearrange an array, or leave it as it is."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.functional import shaping
from nn.modules.function import Described
from nn.modules.module import Module

__all__ = ["ChannelShuffle", "Flatten", "Fold", "Identity", "PixelShuffle", "PixelUnshuffle", "Unflatten", "Unfold"]


class Identity(Module):
    """What it is given; any arguments are taken, and mean nothing. As `torch.nn.Identity`.

    >>> nn.Identity(54, unused=True)(ad.Tensor([1.0]))
    Tensor([1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


class Flatten(Described, function=shaping.flatten):
    """The axes from `start_dim` to `end_dim` as one: by default all but the first, of the batch. As `torch.nn.Flatten`.

    Raises:
        ValueError: one is no axis, or the last is before the first.

    >>> nn.Flatten()(np.ones((32, 3, 5, 5))).shape
    (32, 75)
    """


class Unflatten(Described, function=shaping.unflatten):
    """The axis `dim` as several of the lengths `unflattened_size`, one of which may be -1. As `torch.nn.Unflatten`.

    Axes have no names here.

    Raises:
        ValueError: the product of the lengths is another.

    >>> nn.Unflatten(1, (2, 5, -1))(np.ones((2, 50))).shape
    (2, 2, 5, 5)
    """


class PixelShuffle(Described, function=functional.pixel_shuffle):
    """`(..., C r², H, W)` to `(..., C, H r, W r)` (Shi et al. 2016). As `torch.nn.PixelShuffle`.

    See `nn.functional.pixel_shuffle`.

    >>> nn.PixelShuffle(3)(np.ones((1, 9, 4, 4))).shape
    (1, 1, 12, 12)
    """


class PixelUnshuffle(Described, function=functional.pixel_unshuffle):
    """`(..., C, H r, W r)` to `(..., C r², H, W)`. As `torch.nn.PixelUnshuffle`; see `nn.functional.pixel_unshuffle`.

    >>> nn.PixelUnshuffle(3)(np.ones((1, 1, 12, 12))).shape
    (1, 9, 4, 4)
    """


class ChannelShuffle(Described, function=functional.channel_shuffle):
    """The channels of `(N, C, ...)`, one of each group in turn. As `torch.nn.ChannelShuffle`.

    See `nn.functional.channel_shuffle`.

    >>> nn.ChannelShuffle(2)(np.arange(6.0).reshape(1, 6, 1)).ravel()
    array([0., 3., 1., 4., 2., 5.])
    """


class Unfold(Described, function=functional.unfold):
    """The windows of `(N, C, H, W)` as columns. As `torch.nn.Unfold`; see `nn.functional.unfold`.

    >>> nn.Unfold((2, 3))(np.ones((2, 5, 3, 4))).shape
    (2, 30, 4)
    """


class Fold(Described, function=functional.fold):
    """The sum of windows, each at its place. As `torch.nn.Fold`; see `nn.functional.fold`.

    >>> nn.Fold((4, 5), (2, 2))(np.ones((1, 12, 12))).shape
    (1, 3, 4, 5)
    """
