"""Schedules made of others: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from nn.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nn.optim.lr_scheduler.scheduler import LRScheduler
from nn.optim.optimizer import Optimizer

__all__ = ["ChainedScheduler", "SequentialLR"]


class _CombinedLR(LRScheduler):
    """Schedules of one optimizer, whose states are kept together."""

    def _combine(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        """Have the schedules, if they are of one optimizer and need nothing but the epoch."""
        if not schedulers:
            raise ValueError(f"{self._name}: there are no schedulers; wanted one or more.")
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{self._name}: scheduler {i} is {type(scheduler).__name__}; wanted a schedule.")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(f"{self._name}: scheduler {i} is ReduceLROnPlateau, whose step needs a metric; step it by itself.")
            if scheduler.optimizer is not (optimizer or schedulers[0].optimizer):
                raise ValueError(f"{self._name}: scheduler {i} is of another optimizer; wanted all of the same.")
        self._use(optimizer or schedulers[0].optimizer)
        self._schedulers = list(schedulers)

    def _rewind(self) -> None:
        self.last_epoch = -1
        for scheduler in self._schedulers:
            scheduler._rewind()

    def _restart(self) -> None:
        self._rewind()
        self._begin()

    def _begin(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self.last_epoch = 0
        self._begin_some()
        self._last_lr = self._current()

    def _begin_some(self) -> None:
        """Begin with the schedules whose turn it is."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """The states of all schedules."""
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(state)


class ChainedScheduler(_CombinedLR):
    """All schedules at once: each changes what the ones before it have set. As `torch.optim.lr_scheduler.ChainedScheduler`.

    Args:
        schedulers: the schedules, of one optimizer.
        optimizer: that optimizer.

    Raises:
        ValueError: there are none, one is of another optimizer, or one is `ReduceLROnPlateau`.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> warmup = nn.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5)
    >>> decay = nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = nn.optim.lr_scheduler.ChainedScheduler([warmup, decay])
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._combine(schedulers, optimizer)
        self.last_epoch, self._last_lr = 0, self._current()

    def _begin_some(self) -> None:
        for scheduler in self._schedulers:
            scheduler._begin()

    def step(self) -> None:
        """Go to the next epoch of all schedules."""
        self.last_epoch += 1
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._current()


class SequentialLR(_CombinedLR):
    """One schedule after the other, each from a milestone on, where its epoch is 0. As `torch.optim.lr_scheduler.SequentialLR`.

    Args:
        optimizer: whose learning rates are set.
        schedulers: the schedules, of that optimizer.
        milestones: the epochs at which the second one and the others begin.
        last_epoch: the epoch before the one to begin with.

    Raises:
        ValueError: there are not one fewer milestones than schedules, one is of another optimizer, or one is `ReduceLROnPlateau`.

    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> warmup = nn.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5)
    >>> decay = nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.1)
    >>> scheduler = nn.optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[1])
    >>> rates = scheduler.get_last_lr()
    >>> for epoch in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates = rates + scheduler.get_last_lr()
    >>> rates
    [0.5, 1.0, 0.1]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        self._combine(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: there are {len(schedulers)} schedulers and {len(milestones)} milestones; "
                f"wanted {len(schedulers) - 1} milestones, at which the others begin."
            )
        self._milestones = list(milestones)
        self._rewind()
        self._begin()
        self.last_epoch = last_epoch + 1

    def _begin_some(self) -> None:
        self._schedulers[bisect_right(self._milestones, 0)]._begin()

    def step(self) -> None:
        """Go to the next epoch, of the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn and self._milestones[turn - 1] == self.last_epoch:
            scheduler._restart()
        else:
            scheduler.step()
        self._last_lr = self._current()
