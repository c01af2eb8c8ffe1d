"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from nn.optim.optimizer import Optimizer, regularized

__all__ = ["SGD"]


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted. As `torch.optim.SGD`.

    With d = gradient + weight_decay p:  v = momentum v + (1 - dampening) d  (v = d in the first step),  then  p = p - lr v,
    or with `nesterov`  p = p - lr (d + momentum v);  without momentum  p = p - lr d.

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        lr: the learning rate.
        momentum: how much of the last step is kept.
        dampening: how much less of the gradient goes into the momentum.
        weight_decay: the factor of the parameter itself in its gradient (an L2 penalty).
        nesterov: whether the momentum looks ahead (Sutskever et al. 2013); needs momentum without dampening.
        maximize: whether to climb instead.

    Raises:
        ValueError: a setting is negative, or `nesterov` without momentum or with dampening.

    >>> w = nn.Parameter([1.0])
    >>> optimizer = nn.optim.SGD([w], lr=0.1)
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
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "nesterov": nesterov, "maximize": maximize})

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        self.require(group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs momentum above 0 and dampening 0.")

    @staticmethod
    def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The parameter after one step, and its velocity."""
        if settings["weight_decay"] or settings["maximize"]:  # a call less in the usual case
            p, g = regularized(p, g, settings)
        momentum = settings["momentum"]
        if momentum:
            v, dampening = state.get("momentum_buffer"), settings["dampening"]
            v = np.copy(g) if v is None else momentum * v + ((1 - dampening) * g if dampening else g)
            state = {"momentum_buffer": v}
            g = g + momentum * v if settings["nesterov"] else v
        return p - settings["lr"] * g, state
