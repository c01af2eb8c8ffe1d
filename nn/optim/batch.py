"""Averaged descent, and steps by the sign of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.optim.optimizer import Optimizer, fitted, regularized

__all__ = ["ASGD", "Rprop"]


class ASGD(Optimizer):
    """Gradient descent that also averages the parameters it has had (Polyak & Juditsky 1992). As `torch.optim.ASGD`.

    With d = gradient + weight_decay p, t the number of the step, η = lr and μ = 1 before the first one:
    p = (1 - lambd η) p - η d,  a = a + μ (p - a),  then  η = lr / (1 + lambd lr t)^alpha  and  μ = 1 / max(1, t - t0).
    The average a is `state[p]["ax"]`.

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate.
        lambd: how much the parameters, and the learning rate, decay.
        alpha: the power by which the learning rate falls.
        t0: the step from which on there is averaged.
        weight_decay: the factor of the parameter itself in its gradient (an L2 penalty).
        maximize: whether to climb instead.

    Raises:
        ValueError: `lr`, `lambd` or `weight_decay` is negative.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.ASGD([w], lr=0.1, lambd=0.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.8], requires_grad=True)
    """

    elementwise = True
    numbers = ("step", "eta", "mu")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0}
        super().__init__(params, {**settings, "weight_decay": weight_decay, "maximize": maximize})

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        self.require(group, "lr", "lambd", "weight_decay")

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, the count of steps, the average, and the next step's η and μ."""
        lr, lambd = settings["lr"], settings["lambd"]
        p, g = regularized(p, g, settings)
        step, eta, mu = state.get("step", 0.0) + 1, state.get("eta", 1.0 * lr), state.get("mu", 1.0)
        p = fitted(1 - lambd * eta, p) * p - fitted(eta, p) * g
        average = fitted(mu, p) * p
        if "ax" in state:
            average += fitted(1 - mu, p) * state["ax"]
        eta = lr / (1 + lambd * lr * step) ** settings["alpha"]
        return p, {"step": step, "eta": eta, "mu": 1 / np.maximum(1.0, step - settings["t0"]), "ax": average}


class Rprop(Optimizer):
    """Steps by the sign of the gradient alone, for gradients of all the data (Riedmiller & Braun 1993). As `torch.optim.Rprop`.

    The step Δ, at first lr, grows by η₊ where the gradient g has the sign that it had, and falls by η₋ where it has the other, in
    which case nothing is done there:  Δ = clip(η Δ, step_sizes),  p = p - Δ sign(g).

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the first step.
        etas: η₋ below 1 and η₊ above 1.
        step_sizes: the smallest and the largest step.
        maximize: whether to climb instead.

    Raises:
        ValueError: `lr` is negative, or not  0 < η₋ < 1 < η₊.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.Rprop([w], lr=0.1)
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
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize})

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        self.require(group, "lr")
        less, more = group["etas"]
        if not 0 < less < 1 < more:
            raise ValueError(f"Rprop: etas is {group['etas']!r}; it must be a number between 0 and 1, and one above 1.")

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, the count of steps, the gradient and the step of each element."""
        less, more = settings["etas"]
        p, g = regularized(p, g, settings)
        if "prev" in state:
            same, size = g * state["prev"], state["step_size"]
            size = np.where(same > 0, more * size, np.where(same < 0, less * size, size))
            g = np.where(same < 0, 0.0, g)
        else:
            g, size = np.copy(g), np.full_like(p, settings["lr"])
        size = np.clip(size, *settings["step_sizes"])
        return p - size * np.sign(g), {"step": state.get("step", 0.0) + 1, "prev": g, "step_size": size}
