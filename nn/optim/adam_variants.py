"""Variants of Adam: by the largest gradient, with Nesterov's momentum, with a rectified start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.optim.optimizer import Optimizer, fitted, moved, moving_average, regularized

__all__ = ["Adamax", "NAdam", "RAdam"]


class _AdamVariant(Optimizer):
    """What the variants have in common: the checks of their settings."""

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        self.require(group, "lr", "eps", "weight_decay")
        self.require_betas(group)


class Adamax(_AdamVariant):
    """Adam with the largest gradient in the place of the average square (Kingma & Ba 2015). As `torch.optim.Adamax`.

    With d = gradient + weight_decay p and t the number of the step:
    m = β₁ m + (1 - β₁) d,  u = max(β₂ u, |d| + eps),  p = p - lr / (1 - β₁ᵗ) m / u.

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate.
        betas: how much is kept of the average gradient, and of the largest one.
        eps: what keeps the divisor from 0.
        weight_decay: the factor of the parameter itself in its gradient (an L2 penalty).
        maximize: whether to climb instead.

    Raises:
        ValueError: a setting is negative, or one of `betas` is not below 1.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.9], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, settings)

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, the count of steps, the average and the largest gradient."""
        beta1, beta2 = settings["betas"]
        p, g = regularized(p, g, settings)
        step = state.get("step", 0.0) + 1
        m = moving_average(state.get("exp_avg"), g, beta1)
        u = np.abs(g) + settings["eps"]
        if "exp_inf" in state:
            u = np.maximum(beta2 * state["exp_inf"], u)
        new = {"step": step, "exp_avg": m, "exp_inf": u}
        return moved(p, fitted(settings["lr"] / (1 - beta1**step), p), m / u), new


class NAdam(_AdamVariant):
    """Adam with Nesterov's momentum (Dozat 2016). As `torch.optim.NAdam`.

    With d = gradient + weight_decay p, t the number of the step, m and v̂ as `Adam` has them, μₜ = β₁ (1 - 0.96^(t ψ) / 2) where
    ψ is `momentum_decay`, and Mₜ = μ₁ … μₜ:  p = p - lr ((1 - μₜ) / (1 - Mₜ) d + μₜ₊₁ / (1 - Mₜ₊₁) m) / (√v̂ + eps).

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate.
        betas: how much is kept of the average gradient, and of the average square.
        eps: what keeps the divisor from 0.
        weight_decay: the factor of the parameter itself in its gradient (an L2 penalty).
        momentum_decay: how fast the momentum gets to β₁.
        decoupled_weight_decay: whether the parameter decays by itself, as in `AdamW`.
        maximize: whether to climb instead.

    Raises:
        ValueError: a setting is negative, or one of `betas` is not below 1.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.8...], requires_grad=True)
    """

    elementwise = True
    numbers = ("step", "mu_product")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay}
        super().__init__(params, {**settings, "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize})

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        super().check(group)
        self.require(group, "momentum_decay")

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, the count of steps, the product of the momenta and the averages."""
        (beta1, beta2), lr, decay = settings["betas"], settings["lr"], settings["momentum_decay"]
        p, g = regularized(p, g, settings)
        step = state.get("step", 0.0) + 1
        mu, following = (beta1 * (1 - 0.5 * 0.96 ** (t * decay)) for t in (step, step + 1))
        product = state.get("mu_product", 1.0) * mu
        m = moving_average(state.get("exp_avg"), g, beta1)
        v = moving_average(state.get("exp_avg_sq"), g * g, beta2)
        divisor = np.sqrt(v) * fitted((1 - beta2**step) ** -0.5, p) + settings["eps"]
        change = fitted(lr * (1 - mu) / (1 - product), p) * g
        change += fitted(lr * following / (1 - product * following), p) * m
        return p - change / divisor, {"step": step, "mu_product": product, "exp_avg": m, "exp_avg_sq": v}


class RAdam(_AdamVariant):
    """Adam that trusts the average square only when it is of enough gradients (Liu et al. 2020). As `torch.optim.RAdam`.

    With m̂ and v̂ as `Adam` has them, t the number of the step, ρ∞ = 2 / (1 - β₂) - 1 and ρ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ):
    p = p - lr r m̂ / (√v + eps) √(1 - β₂ᵗ)  where  r² = (ρ - 4) (ρ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρ)  if ρ > 5, else  p = p - lr m̂.

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate.
        betas: how much is kept of the average gradient, and of the average square.
        eps: what keeps the divisor from 0.
        weight_decay: the factor of the parameter itself in its gradient (an L2 penalty).
        decoupled_weight_decay: whether the parameter decays by itself, as in `AdamW`.
        maximize: whether to climb instead.

    Raises:
        ValueError: a setting is negative, or one of `betas` is not below 1.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.8], requires_grad=True)
    """

    elementwise = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, {**settings, "decoupled_weight_decay": decoupled_weight_decay})

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, the count of steps and the averages."""
        beta1, beta2 = settings["betas"]
        p, g = regularized(p, g, settings)
        step = state.get("step", 0.0) + 1
        m = moving_average(state.get("exp_avg"), g, beta1)
        v = moving_average(state.get("exp_avg_sq"), g * g, beta2)
        change = fitted(settings["lr"] / (1 - beta1**step), p) * m
        limit = 2 / (1 - beta2) - 1
        if limit > 5:  # else there are never enough
            kept = 1 - beta2**step
            rho = limit - 2 * step * beta2**step / kept
            enough = np.maximum(rho, 5.0)
            r = np.sqrt(kept * (enough - 4) * (enough - 2) * limit / ((limit - 4) * (limit - 2) * enough))
            change = np.where(rho > 5, change * (r.astype(p.dtype) / (np.sqrt(v) + settings["eps"])), change)
        return p - change, {"step": step, "exp_avg": m, "exp_avg_sq": v}
