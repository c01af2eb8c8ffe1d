"""The training loop, and the summary of a model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import nn
from nn.utils.data import DataLoader, TensorDataset

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X @ [[1.0], [-2.0], [0.5]] + 0.1


def made(seed: int = 0, lr: float = 0.05, momentum: float = 0.9) -> tuple[Any, Any]:
    nn.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    return model, nn.optim.SGD(model.parameters(), lr=lr, momentum=momentum)


def loader(rows: slice = slice(None)) -> Any:
    return DataLoader(TensorDataset(X[rows], Y[rows]), batch_size=8, shuffle=True)


def mean_error(output: Any, y: Any) -> Any:
    return np.mean(np.abs(output - y))


def test_it_is_the_loop_that_one_writes_by_hand() -> None:
    model, optimizer = made()
    history = nn.fit(model, nn.MSELoss(), optimizer, loader(), epochs=3)
    other, optimizer = made()
    losses = []
    for _ in range(3):
        seen = 0.0
        for x, y in loader():
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(other(x), y)
            loss.backward()
            optimizer.step()
            seen += loss.item() * len(y)
        losses.append(seen / len(Y))
    assert history == {"loss": pytest.approx(losses, rel=1e-12)}
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert_array_equal(a.numpy(), b.numpy())


def test_what_is_measured_after_each_epoch() -> None:
    model, optimizer = made()
    validation = DataLoader(TensorDataset(X[:7], Y[:7]), batch_size=3)
    history = nn.fit(model, nn.MSELoss(), optimizer, loader(), epochs=4, validation=validation, metrics={"error": mean_error})
    assert {name: len(values) for name, values in history.items()} == {"loss": 4, "val_loss": 4, "error": 4}
    model.eval()
    assert history["val_loss"][-1] == pytest.approx(nn.functional.mse_loss(model(X[:7]), Y[:7]).item())
    assert history["error"][-1] == pytest.approx(np.mean(np.abs(model(X[:7]).numpy() - Y[:7])))


def test_it_stops_when_it_no_longer_improves_and_keeps_the_best() -> None:
    model, optimizer = made(lr=0.3)
    history = nn.fit(model, nn.MSELoss(), optimizer, loader(slice(0, 30)), epochs=200, validation=[(X[30:], Y[30:])], patience=3)
    losses = history["val_loss"]
    assert len(losses) < 200
    assert int(np.argmin(losses)) == len(losses) - 4
    assert nn.functional.mse_loss(model(X[30:]), Y[30:]).item() == pytest.approx(min(losses))


@pytest.mark.parametrize("patience", [None, 10])
def test_a_training_that_is_resumed_is_the_uninterrupted_one(tmp_path: Path, patience: int | None) -> None:
    pytest.importorskip("safetensors")
    path = tmp_path / "checkpoint"

    def run(epochs: int, seed: int, resume: bool) -> Any:
        model, optimizer = made(seed)
        scheduler = nn.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
        history = nn.fit(
            model, nn.MSELoss(), optimizer, loader(), epochs, validation=[(X, Y)], scheduler=scheduler, patience=patience,
            checkpoint=path, resume=resume,
        )  # fmt: skip
        return history, [p.numpy() for p in model.parameters()]

    whole = run(6, 0, False)
    run(3, 0, False)
    resumed = run(6, 5, True)
    assert resumed[0] == whole[0]
    for a, b in zip(resumed[1], whole[1], strict=True):
        assert_array_equal(a, b)


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    model, optimizer = made()
    nn.save(model, tmp_path / "model")
    with pytest.raises(ValueError, match=r"^fit: .* is no checkpoint of such a training; it has "):
        nn.fit(model, nn.MSELoss(), optimizer, loader(), 1, checkpoint=tmp_path / "model", resume=True)


def test_the_learning_rate_follows_its_schedule() -> None:
    model, optimizer = made()
    nn.fit(model, nn.MSELoss(), optimizer, loader(), 4, scheduler=nn.optim.lr_scheduler.StepLR(optimizer, 2, 0.1))
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05 * 0.01)
    model, optimizer = made(lr=0.0)
    nn.fit(model, nn.MSELoss(), optimizer, loader(), 4, scheduler=nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0))
    assert optimizer.param_groups[0]["lr"] == 0.0


def test_a_loss_that_is_not_finite_stops_it_before_the_parameters_are_spoilt() -> None:
    model, optimizer = made(lr=1e3)
    with (
        pytest.raises(FloatingPointError, match=r"^fit: the loss is (inf|nan)\. A smaller learning rate may help"),
        np.errstate(all="ignore"),
    ):
        nn.fit(model, nn.MSELoss(), optimizer, [(np.full((2, 3), np.nan), np.ones((2, 1)))], 5)
    assert all(np.isfinite(p.numpy()).all() for p in model.parameters())


def test_what_makes_no_sense_is_an_error() -> None:
    model, optimizer = made()
    with pytest.raises(ValueError, match=r"^fit: patience needs validation"):
        nn.fit(model, nn.MSELoss(), optimizer, loader(), 1, patience=2)
    with pytest.raises(ValueError, match=r"^fit: the data has no batch\. An iterator is used up after an epoch"):
        nn.fit(model, nn.MSELoss(), optimizer, iter(loader()), 2)
    with pytest.raises(
        ValueError, match=r"^fit: the loss has shape \(8, 1\); wanted one number, as with reduction='mean' or np.mean\.$"
    ):
        nn.fit(model, nn.MSELoss(reduction="none"), optimizer, loader(), 1)
    with pytest.raises(ValueError, match=r"^fit: the error has shape \(40, 1\); wanted one number"):
        nn.fit(model, nn.MSELoss(), optimizer, [(X, Y)], 1, metrics={"error": np.subtract})
    with pytest.raises(ValueError, match=r"^fit: a batch has no example; wanted at least one"):
        nn.fit(model, nn.MSELoss(), optimizer, [(X[:0], Y[:0])], 1)
    for empty in ([], loader(slice(0, 0))):
        with pytest.raises(ValueError, match=r"^fit: the data has no batch\."):
            nn.fit(model, nn.MSELoss(), optimizer, empty, 1)
    with pytest.raises(
        TypeError, match=r"^fit: the loss is float64; wanted a tensor, computed from the model's output by operators"
    ):
        nn.fit(model, lambda output, y: np.mean(output.detach().numpy() - y), optimizer, [(X, Y)], 1)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("model", nn.Linear, r"the class Linear; wanted a module, such as nn\.Linear\(3, 1\)"),
        ("loss_fn", "mse", r"str 'mse'; wanted a function of the model's output and the target, such as nn\.MSELoss\(\)"),
        ("loss_fn", nn.MSELoss, r"the class MSELoss; wanted a function of .*, such as nn\.MSELoss\(\)"),
        ("optimizer", "sgd", r"str 'sgd'; wanted one that is made, such as nn\.optim\.SGD\(model\.parameters\(\), lr=0\.1\)"),
        ("optimizer", nn.optim.SGD, r"the class SGD; wanted one that is made, .*"),
        ("scheduler", "cosine", r"str 'cosine'; wanted one that is made, such as StepLR\(optimizer, 10\)"),
        ("metrics", [mean_error], r"list \[<function .*; wanted functions by name, such as \{\"error\": nn\.L1Loss\(\)\}"),
        ("metrics", {"accuracy": "top1"}, r"str 'top1'; wanted a function of output and target, such as nn\.L1Loss\(\)"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_named_before_anything_is_trained(name: str, value: Any, told: str) -> None:
    model, optimizer = made()
    given = {"model": model, "loss_fn": nn.MSELoss(), "optimizer": optimizer, "data": loader(), "epochs": 1, name: value}
    with pytest.raises(TypeError, match=rf"^fit: {name}(\['accuracy'\])? is {told}\.$"):
        nn.fit(**given)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"epochs": 1.5}, r"epochs is 1\.5; wanted an integer, at least 0\."),
        ({"patience": 0, "validation": [(X, Y)]}, r"patience is 0; wanted an integer, at least 1\."),
        ({"compile": "c"}, r"compile is 'c'; wanted True or False, or the back end: 'numpy' or 'native'\."),
        ({"resume": True}, r"resume needs checkpoint, the file to go on from\."),
        ({"metrics": {"loss": mean_error}}, r"a metric has the name 'loss', which is that of the loss itself; wanted another\."),
        ({"optimizer": made()[1]}, r"the optimizer has no parameter of the model; make it from those, model\.parameters\(\)\."),
    ],
)
def test_a_setting_that_makes_no_sense_is_an_error_before_anything_is_trained(setting: dict[str, Any], told: str) -> None:
    model, optimizer = made()
    with pytest.raises(ValueError, match=rf"^fit: {told}$"):
        nn.fit(model, nn.MSELoss(), **{"optimizer": optimizer, "data": loader(), "epochs": 1, **setting})


@pytest.mark.parametrize("loss", [nn.MSELoss(), nn.CrossEntropyLoss(), nn.L1Loss()], ids=repr)
def test_a_model_that_returns_a_tuple_is_told_to_take_a_part(loss: Any) -> None:
    model = nn.RNN(3, 1)
    with pytest.raises(TypeError, match=r"Loss: the input is a tuple; wanted a tensor or array\. .* output, _ = layer\(x\)\.$"):
        nn.fit(model, loss, nn.optim.SGD(model.parameters(), lr=0.1), [(X, Y)], 1)


def test_an_optimizer_that_asks_for_the_loss_several_times_a_step_is_given_it() -> None:
    model = nn.Linear(3, 1)
    history = nn.fit(model, nn.MSELoss(), nn.optim.LBFGS(model.parameters()), [(X, Y)], 3)
    assert history["loss"][0] > 0.1
    assert history["loss"][-1] < 1e-10


@pytest.mark.parametrize("compile", [True, "numpy", "native"])
def test_a_compiled_training_is_the_same_but_for_rounding(compile: Any) -> None:
    def trained(compile: Any) -> Any:
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 6, bias=False), nn.BatchNorm1d(6), nn.Dropout(0.2), nn.Tanh(), nn.Linear(6, 1))
        optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
        options = {"scheduler": nn.optim.lr_scheduler.StepLR(optimizer, 2), "validation": [(X, Y)]}
        history = nn.fit(
            model, nn.MSELoss(), optimizer, DataLoader(TensorDataset(X, Y), 7, shuffle=True), 6, compile=compile, **options
        )
        return history, model.state_dict()

    (history, state), (wanted, wanted_state) = trained(compile), trained(False)
    assert history == {name: pytest.approx(values, rel=1e-10) for name, values in wanted.items()}
    for name, value in state.items():
        assert_allclose(value.numpy(), wanted_state[name].numpy(), rtol=1e-9, atol=1e-12, err_msg=name)


def test_a_step_that_cannot_be_compiled_is_taken_as_it_is_with_a_notice() -> None:
    model = nn.Linear(3, 1)
    with pytest.warns(RuntimeWarning, match=r"^compile: .*\n?.*It runs as it is\.$"):
        history = nn.fit(model, nn.MSELoss(), nn.optim.LBFGS(model.parameters()), [(X, Y)], 3, compile=True)
    assert history["loss"][-1] < 1e-10


def test_a_compiled_training_stops_where_the_loss_is_not_finite() -> None:
    model, optimizer = made()
    with pytest.raises(FloatingPointError, match=r"^fit: the loss is nan\."):
        nn.fit(model, nn.MSELoss(), optimizer, [(np.full((2, 3), np.nan), np.ones((2, 1)))], 5, compile=True)


@pytest.mark.parametrize("rows", [2, 5])  # two rows could be taken for a pair
def test_data_that_is_no_pairs_is_an_error_that_says_how_to_make_them(rows: int) -> None:
    model, optimizer = made()
    with pytest.raises(TypeError, match=rf"^fit: a batch is ndarray of {rows}; wanted a pair .*TensorDataset\(x, y\)"):
        nn.fit(model, nn.MSELoss(), optimizer, [X[:rows]], epochs=1)
    with pytest.raises(TypeError, match=r"^fit: a batch is float64; wanted a pair"):
        nn.fit(model, nn.MSELoss(), optimizer, loader(), 1, validation=Y[:, 0])


def test_a_checkpoint_in_no_folder_is_an_error_before_anything_is_trained(tmp_path: Path) -> None:
    model, optimizer = made()
    before = model.state_dict()
    with pytest.raises(FileNotFoundError, match=r"there is no folder \S+missing\. Make it first\.$"):
        nn.fit(model, nn.MSELoss(), optimizer, loader(), 1, checkpoint=tmp_path / "missing" / "checkpoint")
    for name, value in model.state_dict().items():
        assert_array_equal(value, before[name])


def test_a_checkpoint_without_safetensors_is_an_error_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, optimizer = made()
    before = model.state_dict()
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r"^Saving and loading needs safetensors: pip install 'chainrule\[safetensors\]'\.$"):
        nn.fit(model, nn.MSELoss(), optimizer, loader(), 1, checkpoint=tmp_path / "checkpoint")
    for name, value in model.state_dict().items():
        assert_array_equal(value, before[name])


def test_progress_is_shown_if_wanted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = made()
    nn.fit(model, nn.MSELoss(), optimizer, loader(), 2)
    assert capsys.readouterr().err == ""
    nn.fit(model, nn.MSELoss(), optimizer, loader(), 2, progress=True)
    assert "2/2" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "tqdm", None)
    nn.fit(model, nn.MSELoss(), optimizer, loader(), 2, progress=True)
    assert capsys.readouterr().err.startswith("epoch 1 of 2: loss ")


class Scaled(nn.Module):
    """A layer with a parameter beside its parts, of which one is not called."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.unused = nn.MultiheadAttention(4, 2), nn.Linear(5, 5)
        self.scale = nn.Parameter(np.ones(4))

    def forward(self, x: Any) -> Any:
        return self.attention(x, x, x)[0] * self.scale


def test_the_lines_of_a_summary_hold_all_parameters() -> None:
    table = nn.summary(Scaled(), (3, 2, 4))
    assert {layer.name: layer.parameters for layer in table.layers} == {
        "attention.out_proj": 20,
        "attention": 60,
        "": 4,
        "unused": 30,
    }
    assert sum(layer.parameters for layer in table.layers) == table.parameters
    assert "Linear (unused)                 not called" in str(table)


def test_what_has_no_summary_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"^summary: the model is type; wanted a module, such as nn\.Linear\(2, 1\)\.$"):
        nn.summary(nn.Linear, (1, 3))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^summary: input_shape is 3; wanted a shape, a batch included: \(1, 3\)\.$"):
        nn.summary(nn.Linear(3, 1), 3)  # type: ignore[arg-type]


def test_a_summary_shows_each_layer_once_per_call_and_leaves_the_model_as_it_was() -> None:
    model, _ = made()
    shared = nn.Linear(4, 4)
    model = nn.Sequential(model[:2], shared, shared, nn.Linear(4, 1, bias=False)).float()
    model[1].requires_grad_(False)
    model[0].eval()
    before = {name: module.training for name, module in model.named_modules()}
    table = nn.summary(model, (7, 3))
    assert [(layer.name, layer.output_shapes, layer.parameters) for layer in table.layers] == [
        ("0.0", ((7, 4),), 16),
        ("0.1", ((7, 4),), 0),
        ("1", ((7, 4),), 20),
        ("1", ((7, 4),), 20),
        ("3", ((7, 1),), 4),
    ]
    assert (table.parameters, table.trained, table.nbytes) == (40, 20, 160)
    assert str(table).endswith("40 parameters, 20 trained, 160 bytes")
    assert {name: module.training for name, module in model.named_modules()} == before
    assert all(module._hooks is None or not module._hooks.after for module in model.modules())
