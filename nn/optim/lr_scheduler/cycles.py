"""Schedules that go up and down, some with the momentum the other way."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nn.optim.lr_scheduler.scheduler import LRScheduler
from nn.optim.optimizer import Optimizer

__all__ = ["CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR"]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a wave of a cosine down to `eta_min`, again and again. As `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`.

    lr = eta_min + (lr(0) - eta_min) (1 + cos(π T_cur / T_i)) / 2,  where T_cur is the number of epochs since the last restart and
    T_i, the length of the wave, is T_0 at first and T_mult times as long after each restart. (Loshchilov & Hutter 2017)

    Args:
        optimizer: whose learning rates are set.
        T_0: the epochs of the first wave.
        T_mult: how many times as long each wave is as the one before.
        eta_min: the lowest rate.
        last_epoch: the epoch before the one to begin with.

    Raises:
        ValueError: `T_0` or `T_mult` is no integer of 1 or more.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> [round(rate, 2) for rate in rates]
    [1.0, 0.5, 1.0, 0.5]
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"CosineAnnealingWarmRestarts: {name} is {value!r}; it must be an integer of 1 or more.")
        self.T_0, self.T_i, self.T_mult, self.eta_min = T_0, T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rate of each group in the epoch `last_epoch`."""
        since, length = self.last_epoch, self.T_0
        if self.T_mult == 1:
            since %= length
        while since >= length:
            since, length = since - length, length * self.T_mult
        self.T_cur, self.T_i = since, length
        factor = (1 + math.cos(math.pi * since / length)) / 2
        return [self.eta_min + (base - self.eta_min) * factor for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to `epoch`, which may be a fraction: within an epoch, epoch + batch / batches."""
        if epoch is None:
            super().step()
        elif epoch < 0:
            raise ValueError(f"CosineAnnealingWarmRestarts: epoch is {epoch}; it must be 0 or more.")
        else:
            self._go_to(epoch)


class _MomentumCycle(LRScheduler):
    """A schedule that moves the momentum, or the first of the betas, too."""

    cycle_momentum: bool

    def _prepare_momentum(self, base: float | list[float], most: float | list[float], last_epoch: int) -> None:
        """Note the range of the momentum in each group, and begin with the largest."""
        defaults = self.optimizer.defaults
        if "momentum" not in defaults and "betas" not in defaults:
            raise ValueError(f"{self._name}: {type(self.optimizer).__name__} has no momentum or betas; pass cycle_momentum=False.")
        self.use_beta1 = "betas" in defaults
        ranges = zip(self._each("base_momentum", base), self._each("max_momentum", most), strict=True)
        for group, (low, high) in zip(self.optimizer.param_groups, ranges, strict=True):
            if last_epoch == -1:
                group.update(base_momentum=low, max_momentum=high)
                self._set_momentum(group, high)

    def _set_momentum(self, group: dict[str, Any], momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_MomentumCycle):
    """From `base_lr` to `max_lr` and back, again and again (Smith 2017). As `torch.optim.lr_scheduler.CyclicLR`.

    Args:
        optimizer: whose learning rates are set.
        base_lr: the lowest rate, of all groups or a list of one for each.
        max_lr: the highest rate.
        step_size_up: how many steps up.
        step_size_down: how many steps down; as many as up if not given.
        mode: `"triangular"`; `"triangular2"`, half as high in each cycle; `"exp_range"`, `gamma`^t as high.
        gamma: the factor of `"exp_range"`.
        scale_fn: in the place of the mode, how high: a function of the cycle, from 1, or of the step.
        scale_mode: what it is a function of, `"cycle"` or `"iterations"`.
        cycle_momentum: whether the momentum goes from `max_momentum` to `base_momentum` and back.
        base_momentum: the lowest momentum.
        max_momentum: the highest one.
        last_epoch: the step before the one to begin with.

    Raises:
        ValueError: an unknown mode, or no momentum to cycle.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], momentum=0.9)
    >>> scheduler = nn.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2)
    >>> rates = []
    >>> for epoch in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self._use(optimizer)
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"CyclicLR: mode is {mode!r}; wanted 'triangular', 'triangular2', 'exp_range', or a scale_fn.")
        self.max_lrs = self._each("max_lr", max_lr)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self.scale_fn, self.cycle_momentum = mode, gamma, scale_fn, cycle_momentum
        self.scale_mode = scale_mode if scale_fn else "iterations" if mode == "exp_range" else "cycle"
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, self._each("base_lr", base_lr), strict=True):
                group["lr"] = group["initial_lr"] = lr
        if cycle_momentum:
            self._prepare_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _scale(self, cycle: int) -> float:
        """How high the present cycle is."""
        if self.scale_fn is not None:
            return self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.mode == "exp_range":
            return float(self.gamma**self.last_epoch)
        return 0.5 ** (cycle - 1) if self.mode == "triangular2" else 1.0

    def get_lr(self) -> list[Any]:
        """The rate of each group in the step `last_epoch`; the momentum is set."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self._scale(cycle)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                high, low = group["max_momentum"], group["base_momentum"]
                self._set_momentum(group, high - (high - low) * height * scale)
        return [base + (most - base) * height * scale for base, most in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule has, but the optimizer and the function."""
        return {name: value for name, value in super().state_dict().items() if name != "scale_fn"}


class OneCycleLR(_MomentumCycle):
    """Once up to `max_lr` and down to almost nothing (Smith & Topin 2019). As `torch.optim.lr_scheduler.OneCycleLR`.

    The rate goes from  max_lr / div_factor  up to max_lr in the first part of the steps, and then down to
    max_lr / div_factor / final_div_factor; with `three_phase` first as fast down as up. It is to be stepped after each batch.

    Args:
        optimizer: whose learning rates are set.
        max_lr: the highest rate, of all groups or a list of one for each.
        total_steps: how many steps there will be; or
        epochs: how many epochs there will be, and
        steps_per_epoch: how many steps in each.
        pct_start: which part of the steps goes up.
        anneal_strategy: `"cos"` or `"linear"`.
        cycle_momentum: whether the momentum goes from `max_momentum` to `base_momentum` and back.
        base_momentum: the lowest momentum.
        max_momentum: the highest one.
        div_factor: what the highest rate is divided by at the beginning.
        final_div_factor: what that is divided by in the end.
        three_phase: whether the way down is first to the rate of the beginning.
        last_epoch: the step before the one to begin with.

    Raises:
        ValueError: no number of steps, more steps than that, an unknown strategy, or no momentum to cycle.

    >>> optimizer = nn.optim.Adam([nn.Parameter([1.0])])
    >>> scheduler = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> rates = []
    >>> for epoch in range(10):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> [round(rate, 2) for rate in rates]
    [0.04, 0.52, 1.0, 0.95, 0.81, 0.61, 0.39, 0.19, 0.05, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self._use(optimizer)
        self.total_steps = self._total(total_steps, epochs, steps_per_epoch)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start is {pct_start}; it must be from 0 to 1.")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy is {anneal_strategy!r}; wanted 'cos' or 'linear'.")
        self.anneal_strategy, self.cycle_momentum = anneal_strategy, cycle_momentum
        top, end = pct_start * self.total_steps - 1, self.total_steps - 1
        self.phases = _phases(top, end, three_phase)
        if last_epoch == -1:
            for group, most in zip(optimizer.param_groups, self._each("max_lr", max_lr), strict=True):
                first = most / div_factor
                group.update(initial_lr=first, max_lr=most, min_lr=first / final_div_factor)
        if cycle_momentum:
            self._prepare_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    @staticmethod
    def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
        """How many steps there will be."""
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise ValueError("OneCycleLR: the number of steps is missing; pass total_steps, or epochs and steps_per_epoch.")
        given = {"total_steps": total_steps} if total_steps is not None else {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
        for name, value in given.items():
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"OneCycleLR: {name} is {value!r}; it must be an integer of 1 or more.")
        return math.prod(value for value in given.values() if value is not None)

    def get_lr(self) -> list[Any]:
        """The rate of each group in the step `last_epoch`; the momentum is set."""
        step, last = self.last_epoch, len(self.phases) - 1
        if step > self.total_steps:
            raise ValueError(f"OneCycleLR: this is step {step}, but total_steps is {self.total_steps}.")
        now = next((i for i, phase in enumerate(self.phases) if step <= phase[0]), last)
        end, rates, momenta = self.phases[now]
        start = self.phases[now - 1][0] if now else 0.0
        part = (step - start) / (end - start) if end != start else 1.0
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                self._set_momentum(group, self._between(group[momenta[0]], group[momenta[1]], part))
        return [self._between(group[rates[0]], group[rates[1]], part) for group in groups]

    def _between(self, start: float, end: float, part: float) -> float:
        """From `start` to `end`, by a line or half a wave of a cosine."""
        if self.anneal_strategy == "linear":
            return start + (end - start) * part
        return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


_Phase = tuple[float, tuple[str, str], tuple[str, str]]


def _phases(top: float, end: float, three: bool) -> list[_Phase]:
    """When each phase ends, and from where to where the rates and the momenta go in it: settings of the group."""
    up: _Phase = (top, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    if not three:
        return [up, (end, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]
    down: _Phase = (2 * top, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum"))
    return [up, down, (end, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum"))]
