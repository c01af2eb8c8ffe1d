"""Training scripts written for PyTorch, which run here when their imports are changed, and give the same losses."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from beside_torch import values
from numpy.testing import assert_allclose

import autodiff as ad
from docs import porting

PYTORCH = """
import copy
import math
import torch
import torch.nn.functional as F
from torch import nn, optim
"""

OURS = """
import copy
import math
import autodiff as torch
import nn.functional as F
import nn
from nn import optim
"""

SEQUENTIAL = """
model = nn.Sequential(
    nn.Linear(3, 8),
    nn.Tanh(),
    nn.Linear(8, 4),
    nn.ReLU(),
    nn.Linear(4, 1),
    nn.Sigmoid(),
)
model.load_state_dict(state)
loss_fn = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)

losses, validation = [], []
best, best_state = float("inf"), None
for epoch in range(25):
    model.train()
    running_loss = 0.0
    for i in range(0, 40, 10):
        inputs, labels = x[i : i + 10], y[i : i + 10]
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = loss_fn(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        error = loss_fn(model(x_test), y_test).item()
        predicted = model(x_test) > 0.5
        correct = (predicted == (y_test > 0.5)).sum().item()
    validation.append(error + correct)
    if error < best:
        best, best_state = error, copy.deepcopy(model.state_dict())
    log = f"epoch {epoch}: loss {running_loss / 4:.4f}, validation {error:.4f}, {correct} of {len(x_test)} correct"
    for group in optimizer.param_groups:
        group["lr"] *= 0.97
model.load_state_dict(best_state)
"""

SUBCLASS = """
class Net(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, outputs, bias=False)
        self.scale = nn.Parameter(scale)

    def forward(self, x):
        x = torch.tanh(self.fc1(x))
        return F.sigmoid(self.fc2(x)) * self.scale


model = Net(3, 8, 1)
model.load_state_dict(state)
criterion = nn.MSELoss(reduction="sum")
optimizer = optim.SGD(
    [
        {"params": model.fc1.parameters(), "lr": 0.02},
        {"params": [model.fc2.weight, model.scale]},
    ],
    lr=0.01,
    momentum=0.8,
    nesterov=True,
)

losses, validation = [], []


@torch.no_grad()
def evaluate():
    return F.mse_loss(model(x_test), y_test, reduction="none").max().item()


for step in range(100):
    model.zero_grad()
    prediction = model(x)
    penalty = sum((p**2).sum() for p in model.parameters())
    loss = criterion(prediction, y) + 1e-3 * penalty
    loss.backward()
    optimizer.step()
    losses.append(loss.detach().item())
    if step % 10 == 0:
        validation.append(evaluate())
number_of_parameters = sum(math.prod(p.shape) for p in model.parameters() if p.requires_grad)
"""

BY_HAND = """
model = nn.Sequential(nn.Linear(3, 8), nn.Sigmoid(), nn.Linear(8, 1))
model.load_state_dict(state)
for p in model[0].parameters():
    p.requires_grad = False

losses, validation = [], []
for t in range(100):
    loss = ((model(x) - y) ** 2).mean()
    losses.append(loss.item())
    loss.backward()
    with torch.no_grad():
        for p in model.parameters():
            if p.grad is not None:
                p -= 0.05 * p.grad
                p.grad = None
    validation.append((model(x_test) - y_test).detach().max().item())
assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]
"""

ON_THE_PAGE = porting.SCRIPT.replace("\noptimizer", "\nmodel.load_state_dict(state)\noptimizer")

NETWORKS = {
    "a Sequential in minibatches": (SEQUENTIAL, {"0": (3, 8), "2": (8, 4), "4": (4, 1)}),
    "a subclass with groups": (SUBCLASS, {"fc1": (3, 8), "fc2": (8, 1)}),
    "the one in docs/porting.md": (ON_THE_PAGE, {"0": (3, 8), "2": (8, 1)}),
    "updates by hand": (BY_HAND, {"0": (3, 8), "2": (8, 1)}),
}


def setting(name: str) -> dict[str, np.ndarray | dict[str, np.ndarray]]:
    """The data and the initial parameters of a script, as arrays."""
    rng = np.random.default_rng(0)
    state = {}
    for layer, (inputs, outputs) in NETWORKS[name][1].items():
        state[f"{layer}.weight"] = rng.normal(size=(outputs, inputs))
        state[f"{layer}.bias"] = rng.normal(size=outputs)
    if "fc2" in NETWORKS[name][1]:
        del state["fc2.bias"]
        state = {"scale": np.array([1.5]), **state}
    x, x_test = rng.normal(size=(40, 3)), rng.normal(size=(20, 3))
    y, y_test = (1 / (1 + np.exp(-2 * np.sin(z).sum(axis=1, keepdims=True))) for z in (x, x_test))
    return {"state": state, "x": x, "y": y, "x_test": x_test, "y_test": y_test, "scale": np.array([1.0])}


def variables(name: str, tensor: Any) -> dict[str, Any]:
    """What a script finds."""
    given = {k: {n: tensor(v) for n, v in x.items()} if isinstance(x, dict) else tensor(x) for k, x in setting(name).items()}
    return {"__name__": "script", **given}


def run(name: str, imports: str, tensor: Any) -> dict[str, Any]:
    """The variables that the script leaves behind."""
    found = variables(name, tensor)
    exec(compile(dedent(imports + NETWORKS[name][0]), name, "exec"), found)
    return found


@pytest.mark.peer
@pytest.mark.usefixtures("_double")
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True to a scalar")  # by float(loss), of PyTorch's
@pytest.mark.parametrize("name", NETWORKS)
def test_a_script_gives_the_losses_that_it_gives_in_pytorch(torch: Any, name: str) -> None:
    expected = run(name, PYTORCH, torch.tensor)
    actual = run(name, OURS, ad.Tensor)
    assert len(expected["losses"]) == 100
    assert_allclose(actual["losses"], expected["losses"], rtol=1e-10)
    assert_allclose(actual["validation"], expected["validation"], rtol=1e-10)
    for p, q in zip(actual["model"].parameters(), expected["model"].parameters(), strict=True):
        assert_allclose(values(p), values(q), rtol=1e-9, atol=1e-12)
    for key in ("log", "correct", "number_of_parameters"):
        assert actual.get(key) == expected.get(key)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_script_runs_here_and_its_loss_falls(name: str) -> None:
    losses = run(name, OURS, ad.Tensor)["losses"]
    assert np.mean(losses[-4:]) < 0.5 * np.mean(losses[:4])
    assert all(type(loss) is float for loss in losses)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_script_takes_plain_arrays_for_data(name: str) -> None:
    assert run(name, OURS, np.array)["losses"] == run(name, OURS, ad.Tensor)["losses"]
