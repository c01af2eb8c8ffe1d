"""Nonlinearities."""

from __future__ import annotations

from typing import Any

import autodiff as ad

__all__ = ["relu", "sigmoid", "tanh"]


def relu(input: Any, inplace: bool = False) -> Any:
    """`max(x, 0)`, whose derivative at 0 is 0. As `torch.nn.functional.relu`; see `autodiff.relu`.

    `inplace` may be given, and changes nothing: the result is always an array of its own.

    >>> nn.functional.relu(ad.Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
    return ad.relu(input)


sigmoid = ad.sigmoid
tanh = ad.tanh
