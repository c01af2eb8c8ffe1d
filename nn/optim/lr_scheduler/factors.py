"""Schedules that are a factor of the rate for each epoch."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from nn.optim.lr_scheduler.scheduler import LRScheduler
from nn.optim.optimizer import Optimizer

__all__ = ["ConstantLR", "CosineAnnealingLR", "ExponentialLR", "LinearLR", "MultiStepLR", "PolynomialLR", "StepLR"]


class _FactorLR(LRScheduler):
    """lr(t) = floor + (lr(0) - floor) factor(t), as a closed form of the epoch t.

    Where someone else changes the rate meanwhile, such as another schedule in a chain, it moves in the same proportion:
    lr - floor is multiplied by factor(t) / factor(t - 1).
    """

    floor = 0.0

    def factor(self, epoch: float) -> float:
        """What the rate is multiplied by in an epoch."""
        raise NotImplementedError

    def get_lr(self) -> list[Any]:
        """The rate of each group in the epoch `last_epoch`."""
        epoch = self.last_epoch
        if self._is_initial and epoch > 0:  # continued, by an optimizer that has the rates
            return self._current()
        now, floor = self.factor(epoch), self.floor
        if epoch == 0 and not self._is_initial:
            return [floor + (base - floor) * now for base in self.base_lrs]
        before = 1.0 if epoch == 0 else self.factor(epoch - 1)
        return [self._moved(lr, base, before, now) for lr, base in zip(self._current(), self.base_lrs, strict=True)]

    def _moved(self, lr: float, base: float, before: float, now: float) -> float:
        """The rate after the factor was `before` and is `now`."""
        floor = self.floor
        if lr == floor + (base - floor) * before:
            return floor + (base - floor) * now
        return floor + (lr - floor) * (now / before) if before else lr + (base - floor) * now

    def _require_iterations(self, total: int) -> int:
        if total < 1:
            raise ValueError(f"{self._name}: total_iters is {total}; it must be 1 or more.")
        return total

    def _require_fraction(self, name: str, value: float) -> float:
        if not 0 <= value <= 1:
            raise ValueError(f"{self._name}: {name} is {value}; it must be from 0 to 1.")
        return value


class StepLR(_FactorLR):
    """The rate times `gamma` after `step_size` epochs each: gamma^⌊t / step_size⌋. As `torch.optim.lr_scheduler.StepLR`.

    Args:
        optimizer: whose learning rates are set.
        step_size: how many epochs have the same rate.
        gamma: what it is then multiplied by.
        last_epoch: the epoch before the one to begin with.

    Raises:
        ValueError: `step_size` is below 1.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> rates = []
    >>> for epoch in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        if step_size < 1:
            raise ValueError(f"StepLR: step_size is {step_size}; it must be 1 or more.")
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: float) -> float:
        """What the rate is multiplied by in an epoch."""
        return float(self.gamma ** (epoch // self.step_size))


class MultiStepLR(_FactorLR):
    """The rate times `gamma` at each of the epochs `milestones`. As `torch.optim.lr_scheduler.MultiStepLR`.

    Args:
        optimizer: whose learning rates are set.
        milestones: the epochs at which the rate changes, in any order.
        gamma: what it is then multiplied by.
        last_epoch: the epoch before the one to begin with.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[30, 80], gamma=0.5)
    >>> [scheduler.factor(epoch) for epoch in (0, 29, 30, 80)]
    [1.0, 1.0, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: float) -> float:
        """What the rate is multiplied by in an epoch."""
        return float(self.gamma ** bisect_right(self.milestones, epoch))


class ConstantLR(_FactorLR):
    """The rate times `factor` in the first `total_iters` epochs. As `torch.optim.lr_scheduler.ConstantLR`.

    Args:
        optimizer: whose learning rates are set.
        factor: what the rate is multiplied by at first, from 0 to 1.
        total_iters: for how many epochs.
        last_epoch: the epoch before the one to begin with.

    Raises:
        ValueError: `factor` is not from 0 to 1, or `total_iters` is below 1.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> nn.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5).get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        self.first = self._require_fraction("factor", factor)
        self.total_iters = self._require_iterations(total_iters)
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: float) -> float:
        """What the rate is multiplied by in an epoch."""
        return self.first if epoch < self.total_iters else 1.0


class LinearLR(_FactorLR):
    """A factor that goes from `start_factor` to `end_factor` in `total_iters` epochs. As `torch.optim.lr_scheduler.LinearLR`.

    Args:
        optimizer: whose learning rates are set.
        start_factor: the first factor, above 0 and not above 1.
        end_factor: the last one, from 0 to 1.
        total_iters: after how many epochs.
        last_epoch: the epoch before the one to begin with.

    Raises:
        ValueError: a factor is not in its range, or `total_iters` is below 1.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=4)
    >>> [scheduler.factor(epoch) for epoch in (0, 1, 4, 5)]
    [0.5, 0.625, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if start_factor == 0:
            raise ValueError("LinearLR: start_factor is 0; it must be above 0.")
        self.start_factor = self._require_fraction("start_factor", start_factor)
        self.end_factor = self._require_fraction("end_factor", end_factor)
        self.total_iters = self._require_iterations(total_iters)
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: float) -> float:
        """What the rate is multiplied by in an epoch."""
        return self.start_factor + (self.end_factor - self.start_factor) * min(self.total_iters, epoch) / self.total_iters


class ExponentialLR(_FactorLR):
    """The rate times `gamma` after each epoch: factor(t) = gamma^t. As `torch.optim.lr_scheduler.ExponentialLR`.

    Args:
        optimizer: whose learning rates are set.
        gamma: what the rate is multiplied by after each epoch.
        last_epoch: the epoch before the one to begin with.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> [scheduler.factor(epoch) for epoch in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: float) -> float:
        """What the rate is multiplied by in an epoch."""
        return float(self.gamma**epoch)


class PolynomialLR(_FactorLR):
    """A factor (1 - t / total_iters)^power, then 0. As `torch.optim.lr_scheduler.PolynomialLR`.

    Args:
        optimizer: whose learning rates are set.
        total_iters: after how many epochs the rate is 0.
        power: of the polynomial.
        last_epoch: the epoch before the one to begin with.

    Raises:
        ValueError: `total_iters` is below 1.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2)
    >>> [scheduler.factor(epoch) for epoch in (0, 1, 4, 5)]
    [1.0, 0.5625, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = self._require_iterations(total_iters), power
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: float) -> float:
        """What the rate is multiplied by in an epoch."""
        return float((1 - min(self.total_iters, epoch) / self.total_iters) ** self.power)


class CosineAnnealingLR(_FactorLR):
    """Half a wave of a cosine down to `eta_min` in `T_max` epochs, and up again. As `torch.optim.lr_scheduler.CosineAnnealingLR`.

    lr(t) = eta_min + (lr(0) - eta_min) (1 + cos(π t / T_max)) / 2  (Loshchilov & Hutter 2017)

    Args:
        optimizer: whose learning rates are set.
        T_max: how many epochs down, and up again.
        eta_min: the lowest rate.
        last_epoch: the epoch before the one to begin with.

    Raises:
        ValueError: `T_max` is below 1.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)
    >>> [round(scheduler.factor(epoch), 2) for epoch in (0, 50, 100)]
    [1.0, 0.5, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        if T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max is {T_max}; it must be 1 or more.")
        self.T_max, self.eta_min, self.floor = T_max, eta_min, eta_min
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: float) -> float:
        """What the rate, less `eta_min`, is multiplied by in an epoch."""
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2
