"""Steps by the size that gradients have had: Adagrad, RMSprop, Adadelta."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.optim.optimizer import Optimizer, fitted, moved, moving_average, regularized

__all__ = ["Adadelta", "Adagrad", "RMSprop"]


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squares so far (Duchi et al. 2011). As `torch.optim.Adagrad`.

    With d = gradient + weight_decay p and t the number of the step:
    s = s + d²,  p = p - lr / (1 + (t - 1) lr_decay) d / (√s + eps).

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate.
        lr_decay: how much it falls with each step.
        weight_decay: the factor of the parameter itself in its gradient (an L2 penalty).
        initial_accumulator_value: the sum before the first step.
        eps: what keeps the divisor from 0.
        maximize: whether to climb instead.

    Raises:
        ValueError: a setting is negative.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.9], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, {**settings, "initial_accumulator_value": initial_accumulator_value})

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        self.require(group, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, the count of steps and the sum of the squares."""
        p, g = regularized(p, g, settings)
        step = state.get("step", 0.0) + 1
        total = g * g + state.get("sum", settings["initial_accumulator_value"])
        divisor = np.sqrt(total)
        divisor += settings["eps"]
        rate = settings["lr"] / (1 + (step - 1) * settings["lr_decay"])
        return moved(p, fitted(rate, p), g / divisor), {"step": step, "sum": total}


class RMSprop(Optimizer):
    """Steps divided by the root of the average square (Hinton 2012). As `torch.optim.RMSprop`.

    With d = gradient + weight_decay p:  v = α v + (1 - α) d²,  p = p - lr d / (√v + eps).  With `centered`, v less the square of
    the average gradient is under the root. With momentum,  b = momentum b + d / (√v + eps),  p = p - lr b.

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate.
        alpha: how much of the averages is kept.
        eps: what keeps the divisor from 0.
        weight_decay: the factor of the parameter itself in its gradient (an L2 penalty).
        momentum: how much of the last step is kept.
        centered: whether it is divided by the deviation from the average (Graves 2013).
        maximize: whether to climb instead.

    Raises:
        ValueError: a setting is negative.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.9], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered}
        super().__init__(params, {**settings, "weight_decay": weight_decay, "maximize": maximize})

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        self.require(group, "lr", "momentum", "alpha", "eps", "weight_decay")

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, the count of steps, the averages and the momentum."""
        alpha, momentum = settings["alpha"], settings["momentum"]
        p, g = regularized(p, g, settings)
        v = moving_average(state.get("square_avg"), g * g, alpha)
        new = {"step": state.get("step", 0.0) + 1, "square_avg": v}
        if settings["centered"]:
            new["grad_avg"] = m = moving_average(state.get("grad_avg"), g, alpha)
            v = v - m * m
        divisor = np.sqrt(v)
        divisor += settings["eps"]
        change = g / divisor
        if momentum:
            if "momentum_buffer" in state:
                change += momentum * state["momentum_buffer"]
            new["momentum_buffer"] = change
        return moved(p, settings["lr"], change), new


class Adadelta(Optimizer):
    """Steps of the size that changes have had, over that of gradients (Zeiler 2012). As `torch.optim.Adadelta`.

    With d = gradient + weight_decay p:  v = ρ v + (1 - ρ) d²,  Δ = d √(u + eps) / √(v + eps),  u = ρ u + (1 - ρ) Δ²,  p = p - lr Δ.

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate, the factor of the step.
        rho: how much of the averages is kept.
        eps: what keeps the first steps from 0.
        weight_decay: the factor of the parameter itself in its gradient (an L2 penalty).
        maximize: whether to climb instead.

    Raises:
        ValueError: a setting is negative, or `rho` is above 1.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.Adadelta([w], lr=10.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.96...], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize})

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        self.require(group, "lr", "rho", "eps", "weight_decay")
        if group["rho"] > 1:
            raise ValueError(f"Adadelta: rho is {group['rho']!r}; it must be 1 or less.")

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, the count of steps and the averages of the squares of gradients and changes."""
        rho, eps = settings["rho"], settings["eps"]
        p, g = regularized(p, g, settings)
        v = moving_average(state.get("square_avg"), g * g, rho)
        u = state.get("acc_delta")
        change = np.sqrt((np.zeros_like(v) if u is None else u) + eps) / np.sqrt(v + eps) * g
        new = {"step": state.get("step", 0.0) + 1, "square_avg": v, "acc_delta": moving_average(u, change * change, rho)}
        return moved(p, settings["lr"], change), new
