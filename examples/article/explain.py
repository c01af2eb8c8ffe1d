"""Each term of the chain rule by automatic differentiation, to lay beside the same term worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import autodiff as ad

__all__ = ["FORMULAS", "terms_by_autograd"]

FORMULAS = {
    "dcost/dao": "ao - y",
    "dao/dzo": "sigmoid(zo) (1 - sigmoid(zo))",
    "dzo/dwo": "ah",
    "dcost/dwo": "ahᵀ · (dcost/dao ⊙ dao/dzo)",
    "dcost/dzo": "dcost/dao ⊙ dao/dzo",
    "dzo/dah": "wo",
    "dcost/dah": "dcost/dzo · woᵀ",
    "dah/dzh": "sigmoid(zh) (1 - sigmoid(zh))",
    "dzh/dwh": "X",
    "dcost/dwh": "Xᵀ · (dah/dzh ⊙ dcost/dah)",
}


def terms_by_autograd(x: np.ndarray, y: np.ndarray, wh: np.ndarray, wo: np.ndarray) -> dict[str, np.ndarray]:
    """The terms that `by_hand.hidden_layer` gives, without a derivative written down. Shapes as there."""
    hidden_weights = ad.Tensor(wh, requires_grad=True)
    output_weights = ad.Tensor(wo, requires_grad=True)
    zh = x @ hidden_weights
    ah = ad.sigmoid(zh)
    zo = ah @ output_weights
    ao = ad.sigmoid(zo)
    for between in (zh, ah, zo, ao):
        between.retain_grad()  # by default only the weights keep theirs
    cost = 0.5 * ((ao - y) ** 2).sum()
    cost.backward()

    hidden, output = ah.numpy(), zo.numpy()
    return {
        "output": ao.numpy(),
        "cost": cost.numpy(),
        "dcost/dao": ao.grad.numpy(),
        "dao/dzo": slope(ad.sigmoid, output),
        "dzo/dwo": rows(lambda weights: hidden @ weights, wo, len(x)),
        "dcost/dwo": output_weights.grad.numpy(),
        "dcost/dzo": zo.grad.numpy(),
        "dzo/dah": slope(lambda row: row @ wo, hidden[:1]).T,  # the same for every row of ah
        "dcost/dah": ah.grad.numpy(),
        "dah/dzh": slope(ad.sigmoid, zh.numpy()),
        "dzh/dwh": rows(lambda weights: x @ weights, wh[:, :1], len(x)),  # the same for every hidden unit
        "dcost/dwh": hidden_weights.grad.numpy(),
    }


def slope(f: Callable[[ad.Tensor], ad.Tensor], at: np.ndarray) -> np.ndarray:
    """The derivative of the sum of `f` by each element of its argument: for a sigmoid, that of each element by itself."""
    value, pullback = ad.vjp(f, at)
    (gradient,) = pullback(np.ones(value.shape))
    return gradient


def rows(f: Callable[[ad.Tensor], ad.Tensor], weights: np.ndarray, n: int) -> np.ndarray:
    """The derivative of each of the `n` results of `f`, a column, by the weights, one row for each result."""
    _, pullback = ad.vjp(f, weights)
    return np.hstack([pullback(unit[:, None])[0] for unit in np.eye(n)]).T
