"""What all schedules have in common: the epoch, the rates that they began with, and those that they set last."""

from __future__ import annotations

import warnings
from typing import Any

from nn.optim.optimizer import Optimizer

__all__ = ["LRScheduler"]


class LRScheduler:
    """The base of all schedules. As `torch.optim.lr_scheduler.LRScheduler`. A subclass defines `get_lr`.

    Args:
        optimizer: whose learning rates are set.
        last_epoch: the epoch before the one to begin with; -1 to begin anew, from the rates that the optimizer has.

    Attributes:
        base_lrs: the rate that each group began with; it is kept in the group as `initial_lr`.
        last_epoch: the epoch that the rates are of, from 0.

    Raises:
        TypeError: `optimizer` is none.
        ValueError: `last_epoch` is given, but a group has no `initial_lr`.

    >>> class Halving(nn.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr * 0.5**self.last_epoch for lr in self.base_lrs]
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> scheduler = Halving(optimizer)
    >>> for epoch in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self._use(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f"{self._name}: last_epoch is {last_epoch}, but group {i} of the optimizer has no initial_lr. "
                    "Load the optimizer's state first, or use load_state_dict of the schedule in the place of last_epoch."
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch: float = last_epoch
        self._begin()

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _use(self, optimizer: Optimizer) -> None:
        """Have the optimizer."""
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{self._name}: optimizer is {type(optimizer).__name__}; wanted an optimizer, such as nn.optim.SGD.")
        self.optimizer = optimizer

    def _each(self, name: str, value: Any) -> list[Any]:
        """`value` for each group: a list of one for each, or the same for all."""
        count = len(self.optimizer.param_groups)
        if not isinstance(value, (list, tuple)):
            return [value] * count
        if len(value) != count:
            raise ValueError(f"{self._name}: {name} has {len(value)} values; wanted one for each of the {count} groups.")
        return list(value)

    def _begin(self) -> None:
        """Set the rates of the first epoch."""
        self._step_count, self._is_initial = 1, True
        self._go_to(self.last_epoch + 1)
        self._is_initial = False

    def _go_to(self, epoch: float) -> None:
        """Set the rates of an epoch."""
        self.last_epoch = epoch
        if len(self.base_lrs) != len(self.optimizer.param_groups):
            raise ValueError(
                f"{self._name}: the optimizer has {len(self.optimizer.param_groups)} groups, but it had {len(self.base_lrs)} when "
                "the schedule was made. Make the schedule after all add_param_group."
            )
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=True):
            group["lr"] = lr
        self._last_lr = self._current()

    def _restart(self) -> None:
        """Set the rates of epoch 0, where another schedule ends."""
        self._go_to(0)

    def _rewind(self) -> None:
        """Go back to before the beginning; the rates are set by who calls it."""
        self.last_epoch = -1

    def _current(self) -> list[Any]:
        """The rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def get_lr(self) -> list[Any]:
        """The rate of each group in the epoch `last_epoch`, which `step` sets; what is set is `get_last_lr()`."""
        raise TypeError(f"{self._name} has no get_lr(). Define the rate of each group: def get_lr(self): return [...].")

    def get_last_lr(self) -> list[Any]:
        """The rate of each group that was set last."""
        return self._last_lr

    def step(self) -> None:
        """Go to the next epoch, after the optimizer's steps in the present one."""
        if self._step_count == 1 and not self.optimizer.stepped:
            warnings.warn(
                f"{self._name}: step() comes before the optimizer's first step(), so the first learning rate is never used. "
                "Call optimizer.step() before scheduler.step().",
                stacklevel=2,
            )
        self._step_count += 1
        self._go_to(self.last_epoch + 1)

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule has, but the optimizer, whose state has the rates."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        vars(self).update(state_dict)
