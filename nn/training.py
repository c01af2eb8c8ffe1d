"""A training loop that people can read, and leave for one of their own."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import autodiff as ad
from nn import optim
from nn.modules.module import Module
from nn.modules.settings import integer
from nn.progress import shown
from nn.random import get_rng_state, set_rng_state
from nn.serialization import load, require_folder, require_safetensors, save

__all__ = ["fit"]

Metrics = Mapping[str, Callable[[Any, Any], Any]]


def fit(
    model: Module,
    loss_fn: Callable[[Any, Any], Any],
    optimizer: Any,
    data: Iterable[tuple[Any, Any]],
    epochs: int,
    *,
    validation: Iterable[tuple[Any, Any]] | None = None,
    metrics: Metrics | None = None,
    scheduler: Any = None,
    patience: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: bool | None = None,
    compile: bool | str = False,
) -> dict[str, list[float]]:
    """Train a model; return what was measured in each epoch.

    Args:
        model: the module.
        loss_fn: of the model's output and the target, such as `nn.MSELoss()`; what it returns is minimized.
        optimizer: of the model's parameters.
        data: pairs of inputs and targets to train on, such as an `nn.utils.data.DataLoader`; it is gone through once per epoch.
        epochs: how often.
        validation: pairs that are not trained on, to measure the loss on after each epoch.
        metrics: functions of output and target by name, measured on `validation`, or else on `data`, after each epoch.
        scheduler: of the learning rate; its `step` is called after each epoch, with the loss if it takes one.
        patience: stop when the loss on `validation` has not improved for so many epochs, and put the best parameters back.
        checkpoint: a file to which all that training consists of is saved after each epoch.
        resume: whether to go on from `checkpoint`, if that is there: what comes out is what would have come out without a break.
        progress: whether to show how far it is: by default on a terminal, as a bar if tqdm is installed.
        compile: whether `autodiff.compile` makes one program of a step; "native" for one in C. A step that cannot be captured runs
            as it is, with a notice.

    Returns:
        Lists by name, of one number per epoch: `"loss"`, the mean over the examples while they were trained on, `"val_loss"`,
        and the metrics.

    Raises:
        TypeError: a batch is no pair, or an argument is of the wrong kind.
        ValueError: the loss or a metric is not one number, the data has no batch, the optimizer has no parameter of the model, or
            there is `patience` without `validation`, or `resume` without `checkpoint`, or no such back end to compile with.
        FileNotFoundError: the folder of `checkpoint` is not there.
        ImportError: there is a `checkpoint`, but safetensors is not installed.
        FloatingPointError: the loss is not finite any more. The parameters are those of the step before, but those after it if it
            was compiled.

    >>> _ = nn.manual_seed(0)
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> data = nn.utils.data.DataLoader(nn.utils.data.TensorDataset(x, 2 * x + 1), batch_size=5, shuffle=True)
    >>> model = nn.Linear(1, 1)
    >>> history = nn.fit(model, nn.MSELoss(), nn.optim.SGD(model.parameters(), lr=0.1), data, epochs=100)
    >>> len(history["loss"]), history["loss"][-1] < 1e-6
    (100, True)
    """
    _check(model, loss_fn, optimizer, scheduler, metrics or {})
    epochs = integer("fit", "epochs", epochs, 0)
    _check_stopping(patience, validation)
    _check_files(checkpoint, resume)
    step = _step(model, loss_fn, optimizer, compile)
    state = _State(model, optimizer, scheduler)
    if resume and checkpoint is not None and os.path.exists(checkpoint):
        state.load(checkpoint)
    with shown(epochs, lambda: (state.epoch, state.history), progress) as show:
        while state.epoch < epochs and not state.is_worn_out(patience):
            model.train()
            measured = _mean((len(y), _finite(step(x, y))) for x, y in _pairs(data))
            state.write(loss=measured)
            if validation is not None or metrics:
                found = evaluate(model, {"loss": loss_fn, **(metrics or {})}, data if validation is None else validation)
                measured = found.pop("loss")
                state.write(**({} if validation is None else {"val_loss": measured}), **found)
            if scheduler is not None:
                scheduler.step(*([measured] if isinstance(scheduler, optim.lr_scheduler.ReduceLROnPlateau) else []))
            state.epoch += 1
            if patience is not None:
                state.note(measured)
            if checkpoint is not None:
                state.save(checkpoint)
            show()
    if patience is not None and state.best is not None:
        model.load_state_dict(state.best)
    return state.history


def evaluate(model: Module, functions: Metrics, data: Iterable[tuple[Any, Any]]) -> dict[str, float]:
    """The means over the examples of functions of output and target, without training."""
    model.eval()
    values: dict[str, list[tuple[int, float]]] = {name: [] for name in functions}
    with ad.no_grad():
        for x, y in _pairs(data):
            output = model(x)
            for name, function in functions.items():
                values[name].append((len(y), _number(name, function(output, y))))
    return {name: _mean(pairs) for name, pairs in values.items()}


def _step(model: Module, loss_fn: Any, optimizer: Any, compile: bool | str) -> Callable[[Any, Any], ad.Tensor]:
    """A function of a batch: it takes one step, and returns the loss before it. Compiled, it cannot look at the loss itself."""

    def step(x: Any, y: Any) -> ad.Tensor:
        def gradients() -> ad.Tensor:  # LBFGS asks for them several times
            optimizer.zero_grad()
            loss = _loss(loss_fn(model(x), y))
            if not compile:
                _finite(loss)
            loss.backward()
            return loss

        return optimizer.step(gradients)  # type: ignore[no-any-return]

    return compiled("fit", step, compile)


def compiled(of: str, step: Callable[..., Any], compile: bool | str) -> Callable[..., Any]:
    """A training step as it is, or compiled: with `True`, in the NumPy back end."""
    require_backend(of, compile)
    if not compile:
        return step
    return ad.compile(step, backend="numpy" if compile is True else compile, fallback=True)


def require_backend(of: str, compile: bool | str) -> None:
    """Raise unless it says whether, and with which back end, a step is compiled."""
    if compile not in (False, True, "numpy", "native"):
        raise ValueError(f"{of}: compile is {compile!r}; wanted True or False, or the back end: 'numpy' or 'native'.")


def _loss(loss: Any) -> ad.Tensor:
    """The loss, if it is one that can be minimized."""
    if not isinstance(loss, ad.Tensor):
        raise TypeError(
            f"fit: the loss is {type(loss).__name__}; wanted a tensor, computed from the model's output by operators, NumPy's "
            "functions and those of autodiff and nn."
        )
    _require_one("loss", loss)
    return loss


def _finite(loss: ad.Tensor) -> float:
    value = float(loss.item())
    if not math.isfinite(value):
        raise FloatingPointError(f"fit: the loss is {value}. A smaller learning rate may help, or data without NaN.")
    return value


def _number(name: str, measured: Any) -> float:
    """A loss or metric as a number."""
    measured = ad.asarray(measured)
    _require_one(name, measured)
    return float(measured.item())


def _require_one(name: str, measured: ad.Tensor) -> None:
    if measured.size != 1:
        raise ValueError(f"fit: the {name} has shape {measured.shape}; wanted one number, as with reduction='mean' or np.mean.")


def _pairs(data: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """The batches, each of which must be a pair."""
    for batch in data:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            given = f"{type(batch).__name__} of {len(batch)}" if hasattr(batch, "__len__") else type(batch).__name__
            raise TypeError(
                f"fit: a batch is {given}; wanted a pair of inputs and targets. All of x and y as one batch are data=[(x, y)], and "
                "parts of them data=nn.utils.data.DataLoader(nn.utils.data.TensorDataset(x, y), batch_size=32, shuffle=True)."
            )
        if len(batch[1]) == 0:
            raise ValueError("fit: a batch has no example; wanted at least one, since the mean over none is NaN.")
        yield batch[0], batch[1]


def _mean(pairs: Iterable[tuple[int, float]]) -> float:
    """The mean of values that count several times each."""
    pairs = list(pairs)
    if not pairs:
        raise ValueError("fit: the data has no batch. An iterator is used up after an epoch; wanted a list or a DataLoader.")
    return sum(n * value for n, value in pairs) / max(sum(n for n, _ in pairs), 1)


def _check(model: Any, loss_fn: Any, optimizer: Any, scheduler: Any, metrics: Any) -> None:
    """Raise unless these are what a training needs."""
    _require("model", model, isinstance(model, Module), "a module, such as nn.Linear(3, 1)")
    _require("loss_fn", loss_fn, _is_function(loss_fn), "a function of the model's output and the target, such as nn.MSELoss()")
    _require("optimizer", optimizer, _has(optimizer, "step"), "one that is made, such as nn.optim.SGD(model.parameters(), lr=0.1)")
    _require(
        "scheduler", scheduler, scheduler is None or _has(scheduler, "step"), "one that is made, such as StepLR(optimizer, 10)"
    )
    _require("metrics", metrics, isinstance(metrics, Mapping), 'functions by name, such as {"error": nn.L1Loss()}')
    for name, function in metrics.items():
        _require(f"metrics[{name!r}]", function, _is_function(function), "a function of output and target, such as nn.L1Loss()")
        if name in ("loss", "val_loss"):
            raise ValueError(f"fit: a metric has the name {name!r}, which is that of the loss itself; wanted another.")
    own, groups = set(map(id, model.parameters())), getattr(optimizer, "param_groups", None)
    if groups is not None and not any(id(p) in own for group in groups for p in group["params"]):
        raise ValueError("fit: the optimizer has no parameter of the model; make it from those, model.parameters().")


def _check_stopping(patience: Any, validation: Any) -> None:
    if patience is not None:
        integer("fit", "patience", patience)
        if validation is None:
            raise ValueError("fit: patience needs validation, the data on which the loss is to improve.")


def _check_files(checkpoint: Any, resume: bool) -> None:
    """Raise unless there can be a checkpoint, if one is wanted: now, and not when an epoch is over."""
    if resume and checkpoint is None:
        raise ValueError("fit: resume needs checkpoint, the file to go on from.")
    if checkpoint is not None:
        require_folder(checkpoint)
        require_safetensors()


def _require(name: str, given: Any, holds: bool, wanted: str) -> None:
    if not holds:
        told = f"the class {given.__name__}" if isinstance(given, type) else f"{type(given).__name__} {given!r}"
        raise TypeError(f"fit: {name} is {told}; wanted {wanted}.")


def _is_function(x: Any) -> bool:
    """Whether `x` can be called for a value: a class is called to make a module."""
    return callable(x) and not isinstance(x, type)


def _has(x: Any, method: str) -> bool:
    return not isinstance(x, type) and hasattr(x, method)


class _State:
    """All that a training consists of, and the best parameters so far."""

    def __init__(self, model: Module, optimizer: Any, scheduler: Any) -> None:
        self.parts = {"model": model, "optimizer": optimizer, **({} if scheduler is None else {"scheduler": scheduler})}
        self.epoch, self.history = 0, dict[str, list[float]]()
        self.best: dict[str, Any] | None = None
        self.lowest, self.since = math.inf, 0

    def write(self, /, **measured: float) -> None:
        """Add what was measured to the history."""
        for name, value in measured.items():
            self.history.setdefault(name, []).append(value)

    def note(self, value: float) -> None:
        """Keep the parameters if they are the best so far."""
        if value < self.lowest:
            self.best, self.lowest, self.since = self.parts["model"].state_dict(), value, 0
        else:
            self.since += 1

    def is_worn_out(self, patience: int | None) -> bool:
        """Whether there has been no improvement for `patience` epochs."""
        return patience is not None and self.since >= patience

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to a file."""
        own = {name: getattr(self, name) for name in ("epoch", "history", "best", "lowest", "since")}
        save({**self.parts, "training": own, "rng": get_rng_state()}, path)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on from what was written to a file."""
        state = load(path)
        if not isinstance(state, dict) or not {*self.parts, "training", "rng"} <= state.keys():
            raise ValueError(f"fit: {path} is no checkpoint of such a training; it has {', '.join(map(str, state))}.")
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        vars(self).update(state["training"])
        set_rng_state(state["rng"])
