"""Networks as people write them for PyTorch: by the changes that docs/porting.md names they run here, with the same losses."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from beside_torch import values
from numpy.testing import assert_allclose

import autodiff as ad
import nn
from nn import optim
from nn.utils import data

CONVOLUTIONAL = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 8, 3, padding="same", bias=False)
        self.pool = nn.MaxPool2d(2, 2)
        self.dropout = nn.Dropout(0.0)
        self.fc = nn.Linear(8 * 2 * 2, 4)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        return F.log_softmax(self.fc(self.dropout(x)), dim=1)


x, y = tensor(rng.normal(size=(24, 1, 8, 8))), tensor(rng.integers(0, 4, 24))
model = started(Net())
loader = DataLoader(TensorDataset(x, y), batch_size=8, num_workers=0, pin_memory=False)
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.7)
losses = []
for epoch in range(6):
    model.train()
    for data, target in loader:
        optimizer.zero_grad(set_to_none=True)
        loss = F.nll_loss(model(data), target)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        losses.append(loss.item())
    scheduler.step()
    model.eval()
    with torch.no_grad():
        output = model(x)
        pred = output.argmax(dim=1, keepdim=True)
        correct = pred.eq(y.view_as(pred)).sum().item()
    losses.append(F.nll_loss(output, y, reduction="sum").item() + correct)
"""

RECURRENT = """
class Classifier(nn.Module):
    def __init__(self, vocabulary, embedded, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedded, padding_idx=0)
        self.lstm = nn.LSTM(embedded, hidden, num_layers=2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 1)

    def forward(self, x):
        out, (hn, cn) = self.lstm(self.embedding(x))
        return self.fc(torch.cat((hn[-2], hn[-1]), 1)).squeeze(-1)


x, y = tensor(rng.integers(1, 12, (20, 7))), tensor(rng.integers(0, 2, 20).astype(float))
model = started(Classifier(12, 5, 6))
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.98))
losses = []
for step in range(15):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    losses += [loss.item(), float(nn.utils.clip_grad_norm_(model.parameters(), 0.5))]
    optimizer.step()
"""

TRANSFORMER = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(11, 8)
        self.register_buffer("pe", tensor(rng.normal(size=(6, 8))).unsqueeze(0))
        layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.out = nn.Linear(8, 11)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        h = self.emb(x) * math.sqrt(8) + self.pe[:, : x.shape[1]]
        return self.out(self.encoder(h, mask=mask, is_causal=True))


x, y = tensor(rng.integers(0, 11, (8, 6))), tensor(rng.integers(0, 11, (8, 6)))
model = started(Model())
optimizer = optim.AdamW(model.parameters(), lr=3e-3)
scheduler = optim.lr_scheduler.LambdaLR(optimizer, lambda s: min((s + 1) / 5, 1.0))
losses = []
for step in range(12):
    loss = F.cross_entropy(model(x).view(-1, 11), y.view(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    losses.append(loss.item())
"""

ADVERSARIAL = """
real_data = tensor(rng.normal(2.0, 0.5, size=(40, 2)))
G = started(nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(True), nn.Linear(8, 2)), "G")
D = started(nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(8, 1), nn.Sigmoid()), "D")
criterion = nn.BCELoss()
optG = optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
optD = optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
losses = []
for step in range(20):
    real = real_data[(step % 4) * 10 : (step % 4) * 10 + 10]
    D.zero_grad()
    lossD = criterion(D(real), torch.ones((10, 1)))
    lossD.backward()
    fake = G(tensor(rng.normal(size=(10, 3))))
    lossD_fake = criterion(D(fake.detach()), torch.zeros((10, 1)))
    lossD_fake.backward()
    optD.step()
    G.zero_grad()
    out = D(fake)
    lossG = criterion(out, torch.ones_like(out))
    lossG.backward()
    optG.step()
    losses += [(lossD + lossD_fake).item(), lossG.item()]
"""

FINE_TUNED = """
def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
        nn.init.zeros_(m.bias)


x, y = tensor(rng.normal(size=(20, 3, 8, 8))), tensor(rng.integers(0, 3, 20))
features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.SiLU(), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten())
model = nn.Sequential(features, nn.Linear(4, 10))
model[1] = nn.Linear(model[1].in_features, 3)
model = started(model.apply(init_weights))
for name, param in model.named_parameters():
    if name.startswith("0.0"):
        param.requires_grad = False
groups = [{"params": model[1].parameters(), "lr": 1e-2}, {"params": [p for p in features.parameters() if p.requires_grad]}]
optimizer = optim.Adam(groups, lr=1e-4, weight_decay=1e-4)
scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=[0.1, 0.01], total_steps=30)
losses, best, best_state = [], float("inf"), None
for step in range(12):
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)(model(x), y) / 2
    loss.backward()
    if step % 2:
        optimizer.step()
        optimizer.zero_grad()
        scheduler.step()
    losses.append(loss.item())
    if loss.item() < best:
        best, best_state = loss.item(), {k: v.detach().clone() for k, v in model.state_dict().items()}
model.load_state_dict(best_state)
losses.append(model.eval()(x).sum().item())
"""

SECOND_ORDER = """
x, y = tensor(rng.normal(size=(30, 2))), tensor(rng.normal(size=(30, 1)))
model = started(nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1)))
optimizer = optim.LBFGS(model.parameters(), max_iter=8, history_size=10, line_search_fn="strong_wolfe")
losses = []


def closure():
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y) + 1e-3 * sum(p.pow(2).sum() for p in model.parameters())
    loss.backward()
    return loss


for epoch in range(4):
    losses.append(optimizer.step(closure).item())
"""

SCRIPTS = {
    "a convolutional network": CONVOLUTIONAL,
    "a recurrent network": RECURRENT,
    "a transformer": TRANSFORMER,
    "two networks against each other": ADVERSARIAL,
    "a network that is tuned": FINE_TUNED,
    "steps with a closure": SECOND_ORDER,
}

CHANGES = {  # what is no name of NumPy's
    "torch.flatten(x, 1)": "x.reshape(*x.shape[:1], -1)",
    "argmax(dim=1, keepdim=True)": "argmax(axis=1, keepdims=True)",
    "pred.eq(y.view_as(pred))": "(pred == y.reshape(pred.shape))",
    "torch.cat((hn[-2], hn[-1]), 1)": "np.concatenate((hn[-2], hn[-1]), 1)",
    "tensor(rng.normal(size=(6, 8))).unsqueeze(0)": "np.expand_dims(tensor(rng.normal(size=(6, 8))), 0)",
    ".view(": ".reshape(",
    "p.pow(2)": "(p**2)",
    ".clone()": ".copy()",
}
FORM = re.compile("|".join(map(re.escape, CHANGES)))


def losses(script: str, names: dict[str, Any], tensor: Any, state: dict[str, Any]) -> Any:
    """The losses of a script, whose models start from the `state` by name, if it is known; else it is noted there."""
    rng = np.random.default_rng(0)

    def started(model: Any, name: str = "model") -> Any:
        if name in state:
            model.load_state_dict({key: tensor(value) for key, value in state[name].items()})
        state[name] = {key: np.array(values(value)) for key, value in model.state_dict().items()}
        return model

    variables = {**names, "tensor": tensor, "rng": rng, "started": started, "math": math, "np": np}
    exec(script, variables)
    return variables["losses"]


def here(script: str, state: dict[str, Any], **more: Any) -> Any:
    names = {"torch": ad, "nn": nn, "F": nn.functional, "optim": optim, "__name__": "script"}
    loaders = {"DataLoader": data.DataLoader, "TensorDataset": data.TensorDataset}
    return losses(FORM.sub(lambda found: CHANGES[found[0]], script), names | loaders | more, ad.Tensor, state)


@pytest.mark.peer
@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_losses_are_those_in_pytorch(torch: Any, name: str) -> None:
    names = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "optim": torch.optim, "__name__": "script"}
    loaders = {"DataLoader": torch.utils.data.DataLoader, "TensorDataset": torch.utils.data.TensorDataset}
    state: dict[str, Any] = {}
    expected = losses(SCRIPTS[name], names | loaders, torch.tensor, state)
    assert_allclose(here(SCRIPTS[name], state), expected, rtol=1e-9)


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_runs_here(name: str) -> None:
    found = here(SCRIPTS[name], {})
    assert np.isfinite(found).all()
    assert all(type(loss) is float for loss in found)
