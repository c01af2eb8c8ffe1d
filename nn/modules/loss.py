"""Losses: how far a prediction is from its target."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.functional.loss import check_reduction
from nn.modules.function import Stateless

__all__ = ["MSELoss"]


class Loss(Stateless):
    """What all losses have in common: a `reduction` that is known to be one when they are made."""

    reduction: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_reduction(type(self).__name__, self.reduction)


class MSELoss(Loss, function=functional.mse_loss, inputs=2):
    """The squared error: its mean, its sum, or each element's. As `torch.nn.MSELoss`; see `nn.functional.mse_loss`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.

    >>> nn.MSELoss()(ad.Tensor([1.0, 2.0]), ad.Tensor([0.0, 0.0]))
    Tensor(2.5)
    """
