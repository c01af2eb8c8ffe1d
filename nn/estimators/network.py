"""What the estimators have in common: the network, and how it is trained."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

import autodiff as ad
from autodiff.extend import tensor_of
from nn import init, optim
from nn.modules.activation import ELU, GELU, ReLU, Sigmoid, SiLU, Tanh
from nn.modules.container import Sequential
from nn.modules.linear import Linear
from nn.modules.module import Module
from nn.modules.shaping import Identity
from nn.progress import shown
from nn.random import drawing_from
from nn.training import compiled, require_backend

__all__ = ["ACTIVATIONS", "Network", "OPTIMIZERS"]

ACTIVATIONS: dict[str, Callable[[], Module]] = {
    "relu": ReLU, "tanh": Tanh, "logistic": Sigmoid, "identity": Identity, "gelu": GELU, "silu": SiLU, "elu": ELU,
}  # fmt: skip
OPTIMIZERS: dict[str, Callable[..., Any]] = {"adam": optim.Adam, "adamw": optim.AdamW, "sgd": optim.SGD, "rmsprop": optim.RMSprop}


class Network(BaseEstimator):  # type: ignore[misc]
    """What the two estimators have in common. A subclass says what the target is, and what the loss of each example."""

    classes_: np.ndarray
    _best: dict[str, Any] | None

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (100,),
        activation: str = "relu",
        *,
        module: Callable[[int, int], Module] | None = None,
        optimizer: str | Callable[..., Any] = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate_init: float = 1e-3,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        compile: bool | str = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.module = module
        self.optimizer = optimizer
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.compile = compile

    # --- what scikit-learn calls

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on the rows of `X` and their targets; return the estimator."""
        again = self.warm_start and hasattr(self, "module_")
        self._check_settings()
        X, y = self._checked(X, y, reset=not again)
        return self._train(X, self._targets(y, again), sample_weight, again, self.max_iter)

    def _train(self, X: Any, y: Any, sample_weight: Any, again: bool, epochs: int) -> Self:
        weights = None if sample_weight is None else self._weights(sample_weight, X)
        if not again:
            self._start(X, y, len(X) if weights is None else np.sum(weights))
        held_out = None
        if self.early_stopping and epochs > 1:
            X, y, weights, held_out = self._held_out(X, y, weights)
        rounds = self._epochs(X, y, weights)
        with drawing_from(self._rng), shown(epochs, self._progress, self.verbose) as show:
            for _ in range(epochs):
                self.loss_curve_.append(next(rounds))
                self.n_iter_ += 1
                score = None if held_out is None else self._score(*held_out)
                show()
                if self._is_done(score):
                    break
            else:
                if epochs > 1:
                    warnings.warn(
                        f"{type(self).__name__}: it still improves after {epochs} iterations (max_iter).", ConvergenceWarning, 3
                    )
        if held_out is not None and self._best is not None:
            self.module_.load_state_dict(self._best)
        self.module_.eval()
        return self

    def _outputs(self, X: Any) -> np.ndarray:
        """What the network gives for the rows of `X`."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        with ad.no_grad():
            return np.asarray(self.module_(ad.asarray(X.astype(self._dtype, copy=False))).numpy())

    # --- training

    def _check_settings(self) -> None:
        whole: dict[str, Any] = {"max_iter": self.max_iter, "n_iter_no_change": self.n_iter_no_change}
        if self.batch_size != "auto":
            whole["batch_size"] = self.batch_size
        for name, value in [*whole.items(), *(("hidden_layer_sizes", size) for size in self._sizes())]:
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{type(self).__name__}: {name} is {value!r}; wanted a whole number above 0.")
        choices: dict[str, tuple[Any, Any]] = {
            "activation": (self.activation, ACTIVATIONS),
            "optimizer": (self.optimizer, OPTIMIZERS),
        }
        for name, (value, known) in choices.items():
            if isinstance(value, str) and value not in known:
                raise ValueError(f"{type(self).__name__}: {name} is {value!r}; wanted one of {', '.join(known)}.")

        require_backend(type(self).__name__, self.compile)
        for name, end in {"alpha": np.inf, "learning_rate_init": np.inf, "tol": np.inf, "validation_fraction": 1}.items():
            value = getattr(self, name)
            if not isinstance(value, (int, float, np.integer, np.floating)) or not 0 <= value < end:
                raise ValueError(f"{type(self).__name__}: {name} is {value!r}; wanted a number, 0 or more and less than {end}.")
        if self.module is not None and (isinstance(self.module, Module) or not callable(self.module)):
            raise TypeError(
                f"{type(self).__name__}: module is {self.module!r}; wanted a function that makes one of the numbers of "
                "features and outputs: lambda n_features, n_outputs: nn.Linear(n_features, n_outputs)."
            )

    def _weights(self, sample_weight: Any, X: Any) -> Any:
        weights = _check_sample_weight(sample_weight, X, dtype=X.dtype)
        if np.any(weights < 0):
            raise ValueError(f"{type(self).__name__}: sample_weight is {weights.min()} somewhere; wanted weights of 0 or more.")
        return weights

    def _sizes(self) -> list[Any]:
        """The widths of the hidden layers."""
        sizes: Any = self.hidden_layer_sizes
        return [sizes] if isinstance(sizes, Integral) else list(sizes)

    def _start(self, X: Any, y: Any, weight: float) -> None:
        """A network with parameters drawn anew, to be trained on examples of this `weight` together."""
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        self._rng, self._dtype = np.random.default_rng(seed), X.dtype
        with drawing_from(self._rng):
            self.module_ = (self.module or self._layers)(X.shape[1], self._width(y)).to(X.dtype)
        with ad.no_grad():
            given, wanted = np.shape(self.module_.eval()(X[:1])), (1, self._width(y))
        if given != wanted:
            raise ValueError(
                f"{type(self).__name__}: of one row of X the module makes the shape {given}; wanted {wanted}, one per output."
            )
        penalty = float(self.alpha / max(weight * self._batch(len(X)) / len(X), np.finfo(float).tiny))
        weights = [p for p in self.module_.parameters() if p.ndim > 1]
        others = [p for p in self.module_.parameters() if p.ndim <= 1]
        groups = [{"params": weights, "weight_decay": penalty}, {"params": others, "weight_decay": 0.0}]
        make = OPTIMIZERS[self.optimizer] if isinstance(self.optimizer, str) else self.optimizer
        self.optimizer_ = make([group for group in groups if group["params"]], lr=self.learning_rate_init)
        self.loss_curve_, self.validation_scores_, self.n_iter_ = list[float](), list[float](), 0
        self._lowest, self._since, self._best = np.inf, 0, None

    def _layers(self, n_features: int, n_outputs: int) -> Module:
        widths = [n_features, *self._sizes()]
        layers: list[Module] = []
        for a, b in pairwise(widths):
            layers += [Linear(a, b), ACTIVATIONS[self.activation]()]
        layers.append(Linear(widths[-1], n_outputs))
        for layer in layers[::2]:
            init.xavier_uniform_(layer.weight)  # as in scikit-learn
        return Sequential(*layers)

    def _batch(self, count: int) -> int:
        return min(200 if self.batch_size == "auto" else int(self.batch_size), count)

    def _epochs(self, X: Any, y: Any, weights: Any) -> Iterator[float]:
        """The mean loss of one epoch after another."""
        size, step = self._batch(len(X)), compiled(type(self).__name__, self._step(), self.compile)
        while True:
            self.module_.train()
            order = self._rng.permutation(len(X)) if self.shuffle else np.arange(len(X))
            total = 0.0
            for start in range(0, len(X), size):
                part = order[start : start + size]
                loss = step(X.take(part, axis=0), y.take(part, axis=0), None if weights is None else weights[part])
                total += self._finite(loss.item()) * len(part)
            yield total / len(X)

    def _step(self) -> Callable[[Any, Any, Any], ad.Tensor]:
        """A function that takes one step, and returns the loss before it; of the estimator it knows only what it needs."""
        module, optimizer, losses = self.module_, self.optimizer_, self._losses

        def step(X: Any, y: Any, weights: Any) -> ad.Tensor:
            optimizer.zero_grad()
            loss: ad.Tensor = _mean_loss(losses, module(tensor_of(X)), y, weights)
            loss.backward()
            optimizer.step()
            return loss

        return step

    def _finite(self, loss: float) -> float:
        if not np.isfinite(loss):
            raise ValueError(
                f"{type(self).__name__}: the loss is {loss} in iteration {self.n_iter_ + 1}. Scale the features, as with "
                "StandardScaler, or choose a smaller learning_rate_init."
            )
        return loss

    def _is_done(self, score: float | None) -> bool:
        """Whether there has been no improvement by `tol` for `n_iter_no_change` epochs."""
        value = self.loss_curve_[-1]
        if score is not None:
            self.validation_scores_.append(score)
            value = -score
        if value < self._lowest - self.tol or self._best is None:
            self._lowest, self._since = min(value, self._lowest), 0
            self._best = self.module_.state_dict() if score is not None else {}
        else:
            self._since += 1
        return self._since >= self.n_iter_no_change

    def _progress(self) -> tuple[int, dict[str, list[float]]]:
        scores = {"validation score": self.validation_scores_} if self.validation_scores_ else {}
        return self.n_iter_, {"loss": self.loss_curve_, **scores}

    def _held_out(self, X: Any, y: Any, weights: Any) -> Any:
        indices = np.arange(len(X))
        train, test = train_test_split(
            indices, test_size=self.validation_fraction, random_state=int(self._rng.integers(2**31)), stratify=self._strata(y)
        )
        return X[train], y[train], None if weights is None else weights[train], (X[test], y[test])


def _mean_loss(losses: Callable[[Any, Any, str], Any], output: Any, y: Any, weights: Any) -> Any:
    """The mean loss of examples, weighted if they have weights."""
    if weights is None:
        return losses(output, y, "mean")
    values = losses(output, y, "none")
    values = values if values.ndim == 1 else np.mean(values, axis=1)
    return np.sum(values * weights) / np.maximum(np.sum(weights), np.finfo(weights.dtype).tiny)
