"""Losses: how far a prediction is from its target."""

from __future__ import annotations

from typing import Any

from nn.functional import check_reduction, mse_loss_of
from nn.modules.module import Module

__all__ = ["MSELoss"]


class MSELoss(Module):
    """The squared error: its mean, its sum, or each element's. As `torch.nn.MSELoss`; see `nn.functional.mse_loss`.

    Args:
        reduction: `"mean"`, `"sum"` or `"none"`.

    >>> nn.MSELoss()(ad.Tensor([1.0, 2.0]), ad.Tensor([0.0, 0.0]))
    Tensor(2.5)
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        check_reduction("MSELoss", reduction)
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        """Compute the loss of the prediction `input`."""
        return mse_loss_of("MSELoss", input, target, self.reduction)
