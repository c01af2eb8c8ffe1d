"""Nonlinearities."""

from __future__ import annotations

from nn import functional
from nn.modules.function import Stateless

__all__ = ["ReLU", "Sigmoid", "Tanh"]


class Sigmoid(Stateless, function=functional.sigmoid):
    """`1 / (1 + exp(-x))`. As `torch.nn.Sigmoid`; see `autodiff.sigmoid`.

    >>> nn.Sigmoid()(ad.Tensor([0.0]))
    Tensor([0.5])
    """


class Tanh(Stateless, function=functional.tanh):
    """The hyperbolic tangent. As `torch.nn.Tanh`; see `autodiff.tanh`.

    >>> nn.Tanh()(ad.Tensor([0.0]))
    Tensor([0.])
    """


class ReLU(Stateless, function=functional.relu):
    """`max(x, 0)`, whose derivative at 0 is 0. As `torch.nn.ReLU`; see `nn.functional.relu`.

    >>> nn.ReLU()(ad.Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
