"""Schedules by functions of the epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nn.optim.lr_scheduler.scheduler import LRScheduler
from nn.optim.optimizer import Optimizer

__all__ = ["LambdaLR", "MultiplicativeLR"]


class LambdaLR(LRScheduler):
    """lr(t) = lr(0) lr_lambda(t), of a function for all groups or a list of one for each. As `torch.optim.lr_scheduler.LambdaLR`.

    Functions are not part of the state; what objects with `__call__` hold is.

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: a function of the epoch, or a list of one for each group.
        last_epoch: the epoch before the one to begin with.

    Raises:
        TypeError: `lr_lambda` is no function.
        ValueError: the list has not one for each group.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | list[Callable[[int], float]], last_epoch: int = -1
    ) -> None:
        self._use(optimizer)
        self.lr_lambdas = self._each("lr_lambda", lr_lambda)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"{self._name}: lr_lambda is {type(function).__name__}; wanted a function of the epoch.")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rate of each group in the epoch `last_epoch`."""
        return [base * function(self.last_epoch) for base, function in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule has, but the optimizer and functions."""
        held = [None if hasattr(function, "__code__") else dict(vars(function)) for function in self.lr_lambdas]
        return {**super().state_dict(), "lr_lambdas": held}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned, with functions of one's own."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "lr_lambdas"})
        for function, held in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if held is not None:
                vars(function).update(held)


class MultiplicativeLR(LambdaLR):
    """The rate times `lr_lambda(t)` at each epoch t from 1. As `torch.optim.lr_scheduler.MultiplicativeLR`.

    Args:
        optimizer: whose learning rates are set.
        lr_lambda: a function of the epoch, or a list of one for each group.
        last_epoch: the epoch before the one to begin with.

    Raises:
        TypeError: `lr_lambda` is no function.
        ValueError: the list has not one for each group.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[Any]:
        """The rate of each group in the epoch `last_epoch`."""
        if self._is_initial:
            return self._current()
        return [lr * function(self.last_epoch) for lr, function in zip(self._current(), self.lr_lambdas, strict=True)]
