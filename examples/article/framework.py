"""The same networks with the framework: the forward pass is stated, and the chain rule is no longer our work."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import autodiff as ad
import nn
from examples.article.descent import descend
from examples.article.systems import Run, System
from nn import optim

__all__ = ["build", "gradients", "train"]

# The name of each weight inside the model. A Linear layer keeps its weight as (outputs, inputs), the articles as (inputs, outputs).
KEYS = {"wh": "0.weight", "wo": "2.weight", "w": "0.weight", "b": "0.bias"}

squared_error = nn.MSELoss(reduction="sum")


def build(system: System) -> nn.Sequential:
    """The network of `system` with its starting weights."""
    start = system.weights
    if "wh" in start:
        inputs, hidden = start["wh"].shape
        model = nn.Sequential(nn.Linear(inputs, hidden, bias=False), nn.Sigmoid(), nn.Linear(hidden, 1, bias=False), nn.Sigmoid())
    else:
        model = nn.Sequential(nn.Linear(len(start["w"]), 1, bias="b" in start), nn.Sigmoid())
    model.load_state_dict({KEYS[name]: weight.T for name, weight in start.items()})
    return model


def train(system: System, epochs: int, report: Callable[[int, float], None] | None = None) -> Run:
    """Gradient descent on the articles' error. `report` is told the error now and then."""
    x, y = system.x, system.y
    model = build(system)
    optimizer = optim.SGD(model.parameters(), lr=system.lr)

    def step() -> tuple[ad.Tensor, ad.Tensor]:
        optimizer.zero_grad()
        output = model(x)
        loss = 0.5 * squared_error(output, y)
        loss.backward()
        optimizer.step()
        return loss.detach(), output.detach()

    descent = descend(step, epochs, report)
    state = model.state_dict()
    weights = {name: state[KEYS[name]].numpy().T for name in system.weights}
    return Run(descent, float(np.sum(descent.output.numpy() - y)), weights, model(x).numpy())


def gradients(system: System) -> dict[str, np.ndarray]:
    """The gradients of the error by the starting weights, in the articles' layout."""
    model = build(system)
    (0.5 * squared_error(model(system.x), system.y)).backward()
    parameters = dict(model.named_parameters())
    return {name: parameters[KEYS[name]].grad.numpy().T for name in system.weights}
