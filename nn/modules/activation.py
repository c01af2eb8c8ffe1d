"""Nonlinearities, element by element."""

from __future__ import annotations

from typing import Any

import autodiff as ad
from nn.modules.module import Module

__all__ = ["ReLU", "Sigmoid", "Tanh"]


class Sigmoid(Module):
    """`1 / (1 + exp(-x))`. As `torch.nn.Sigmoid`; see `autodiff.sigmoid`.

    >>> nn.Sigmoid()(ad.Tensor([0.0]))
    Tensor([0.5])
    """

    def forward(self, input: Any) -> Any:
        """Compute the sigmoid."""
        return ad.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent. As `torch.nn.Tanh`; see `autodiff.tanh`.

    >>> nn.Tanh()(ad.Tensor([0.0]))
    Tensor([0.])
    """

    def forward(self, input: Any) -> Any:
        """Compute the hyperbolic tangent."""
        return ad.tanh(input)


class ReLU(Module):
    """`max(x, 0)`, whose derivative at 0 is 0. As `torch.nn.ReLU`; see `autodiff.relu`.

    >>> nn.ReLU()(ad.Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """

    def forward(self, input: Any) -> Any:
        """Compute the rectifier."""
        return ad.relu(input)
