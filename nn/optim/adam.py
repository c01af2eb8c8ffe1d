"""Adam and what is made of it: averages of the gradient and of its square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.optim.optimizer import Optimizer, fitted, moved, moving_average, regularized

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Steps that averages of the gradient and of its square set (Kingma & Ba 2015). As `torch.optim.Adam`.

    With d = gradient + weight_decay p and t the number of the step:
    m = β₁ m + (1 - β₁) d,  v = β₂ v + (1 - β₂) d²,  p = p - lr m̂ / (√v̂ + eps)  where  m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ).
    With `amsgrad` v̂ is of the largest v so far (Reddi et al. 2018).

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate.
        betas: how much is kept of the average gradient, and of the average square.
        eps: what keeps the divisor from 0.
        weight_decay: the factor of the parameter itself in its gradient (an L2 penalty).
        amsgrad: whether the steps cannot grow again where gradients fall.
        maximize: whether to climb instead.
        decoupled_weight_decay: whether the parameter decays by itself, as in `AdamW`.

    Raises:
        ValueError: a setting is negative, or one of `betas` is not below 1.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.9], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize}
        super().__init__(params, {**settings, "decoupled_weight_decay": decoupled_weight_decay})

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        self.require(group, "lr", "eps", "weight_decay")
        self.require_betas(group)

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, the count of steps and the averages."""
        beta1, beta2 = settings["betas"]
        p, g = regularized(p, g, settings)
        step = state.get("step", 0.0) + 1
        m = moving_average(state.get("exp_avg"), g, beta1)
        v = moving_average(state.get("exp_avg_sq"), g * g, beta2)
        new = {"step": step, "exp_avg": m, "exp_avg_sq": v}
        if settings["amsgrad"]:
            largest = state.get("max_exp_avg_sq")
            new["max_exp_avg_sq"] = v = np.copy(v) if largest is None else np.maximum(largest, v)
        correction = (1 - beta2**step) ** 0.5  # of the root, moved to the numbers around it
        divisor = np.sqrt(v)
        divisor += fitted(settings["eps"] * correction, p)
        return moved(p, fitted(settings["lr"] * correction / (1 - beta1**step), p), m / divisor), new


class AdamW(Adam):
    """Adam whose weights decay by themselves, not through the gradient (Loshchilov & Hutter 2019). As `torch.optim.AdamW`.

    p = (1 - lr weight_decay) p  before the step of `Adam`, which then has no `weight_decay`.

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate.
        betas: how much is kept of the average gradient, and of the average square.
        eps: what keeps the divisor from 0.
        weight_decay: how much of a weight is lost in a step, times the learning rate.
        amsgrad: whether the steps cannot grow again where gradients fall.
        maximize: whether to climb instead.

    Raises:
        ValueError: a setting is negative, or one of `betas` is not below 1.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.85], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)
