"""Networks as estimators of scikit-learn: `fit`, `predict`, in pipelines and searches."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any, Self

import numpy as np

import autodiff as ad
from autodiff.extend import tensor_of
from nn import functional, init, optim
from nn.modules.activation import ELU, GELU, ReLU, Sigmoid, SiLU, Tanh
from nn.modules.container import Sequential
from nn.modules.linear import Linear
from nn.modules.module import Module
from nn.modules.shaping import Identity
from nn.progress import shown
from nn.random import drawing_from

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets, unique_labels
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError:
    raise ImportError("nn.estimators needs scikit-learn 1.6 or newer: pip install 'chainrule[sklearn]'.") from None

__all__ = ["NetworkClassifier", "NetworkRegressor"]

ACTIVATIONS: dict[str, Callable[[], Module]] = {
    "relu": ReLU, "tanh": Tanh, "logistic": Sigmoid, "identity": Identity, "gelu": GELU, "silu": SiLU, "elu": ELU,
}  # fmt: skip
OPTIMIZERS: dict[str, Callable[..., Any]] = {"adam": optim.Adam, "adamw": optim.AdamW, "sgd": optim.SGD, "rmsprop": optim.RMSprop}


class _Network(BaseEstimator):  # type: ignore[misc]
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
        size = self._batch(len(X))
        module, optimizer = self.module_, self.optimizer_
        while True:
            module.train()
            order = self._rng.permutation(len(X)) if self.shuffle else np.arange(len(X))
            total = 0.0
            for start in range(0, len(X), size):
                part = order[start : start + size]
                optimizer.zero_grad()
                output = module(tensor_of(X.take(part, axis=0)))
                loss = self._loss(output, y.take(part, axis=0), None if weights is None else weights[part])
                loss.backward()
                optimizer.step()
                total += self._finite(loss.item()) * len(part)
            yield total / len(X)

    def _finite(self, loss: float) -> float:
        if not np.isfinite(loss):
            raise ValueError(
                f"{type(self).__name__}: the loss is {loss} in iteration {self.n_iter_ + 1}. Scale the features, as with "
                "StandardScaler, or choose a smaller learning_rate_init."
            )
        return loss

    def _loss(self, output: Any, y: Any, weights: Any) -> Any:
        """The mean loss of examples, weighted if they have weights."""
        if weights is None:
            return self._losses(output, y, "mean")
        values = self._losses(output, y, "none")
        values = values if values.ndim == 1 else np.mean(values, axis=1)
        return np.sum(values * weights) / max(float(np.sum(weights)), np.finfo(weights.dtype).tiny)

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


class NetworkClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A network that tells classes apart, trained on the cross-entropy. As `sklearn.neural_network.MLPClassifier`.

    Args:
        hidden_layer_sizes: how many units each hidden layer has.
        activation: of the hidden layers: "relu", "tanh", "logistic", "identity", "gelu", "silu" or "elu".
        module: instead of these two, a function of the numbers of features and outputs that makes the network; its outputs are the
            logarithms of probabilities, up to a constant.
        optimizer: "adam", "adamw", "sgd", "rmsprop", or a function of parameter groups and `lr` that makes one.
        alpha: the penalty on the squares of the weights; divided by the weight of the examples of a batch.
        batch_size: how many examples a step looks at; "auto" for 200, or all if they are fewer.
        learning_rate_init: the learning rate.
        max_iter: the number of epochs at most.
        shuffle: whether batches are drawn anew in each epoch.
        random_state: a seed, or a generator of NumPy's legacy kind, for the same result each time.
        tol: an improvement of the loss, or score, that is less is none.
        verbose: whether to show how far it is.
        warm_start: whether `fit` goes on from where the last one ended.
        early_stopping: whether to hold out `validation_fraction` of the examples, and to stop when the score on them is no longer
            improved; the best parameters are kept.
        validation_fraction: how much is held out.
        n_iter_no_change: for how many epochs without an improvement it goes on.

    Attributes:
        module_: the network.
        classes_: the classes, sorted.
        loss_curve_: the mean loss of each epoch.
        validation_scores_: the accuracy on what was held out after each epoch.
        n_iter_: the number of epochs.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = nn.estimators.NetworkClassifier((20,), learning_rate_init=0.02, tol=1e-3, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """

    def _checked(self, X: Any, y: Any, reset: bool) -> Any:
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32), reset=reset)
        check_classification_targets(y)
        return X, y

    def _targets(self, y: Any, again: bool) -> Any:
        if again:
            unknown = np.setdiff1d(y, self.classes_)
            if len(unknown):
                raise ValueError(f"{type(self).__name__}: y has the classes {unknown}, which were not there before.")
        else:
            self.classes_ = unique_labels(y)
        return np.searchsorted(self.classes_, y)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch; return the estimator. `classes` are all that there will be, given in the first call."""
        again = hasattr(self, "module_")
        self._check_settings()
        X, y = self._checked(X, y, reset=not again)
        if not again:
            self.classes_ = unique_labels(y if classes is None else classes)
        return self._train(X, self._targets(y, True), sample_weight, again, 1)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, in the order of `classes_`: `(n_samples, n_classes)`."""
        return np.asarray(functional.softmax(self._outputs(X), 1))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithms of `predict_proba`."""
        return np.asarray(functional.log_softmax(self._outputs(X), 1))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
        outputs = self._outputs(X)
        return np.asarray(self.classes_[np.argmax(outputs, axis=1)])

    def _width(self, y: Any) -> int:
        return len(self.classes_)

    def _losses(self, output: Any, y: Any, reduction: str) -> Any:
        return functional.cross_entropy(output, y, reduction=reduction)

    def _score(self, X: Any, y: Any) -> float:
        with ad.no_grad():
            return float(np.mean(np.argmax(self.module_.eval()(X).numpy(), axis=1) == y))

    def _strata(self, y: Any) -> Any:
        return y if np.min(np.bincount(y, minlength=1)[np.unique(y)]) > 1 else None


class NetworkRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """A network that predicts numbers, trained on the mean squared error. As `sklearn.neural_network.MLPRegressor`.

    The arguments and attributes are those of `NetworkClassifier`, but for `classes_`. Targets may have several columns. The score
    that `early_stopping` looks at is R².

    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> model = nn.estimators.NetworkRegressor((20,), learning_rate_init=0.05, random_state=0).fit(X, X[:, 0] ** 2)
    >>> model.score(X, X[:, 0] ** 2) > 0.95
    True
    """

    def _checked(self, X: Any, y: Any, reset: bool) -> Any:
        return validate_data(self, X, y, dtype=(np.float64, np.float32), multi_output=True, y_numeric=True, reset=reset)

    def _targets(self, y: Any, again: bool) -> Any:
        if not again:
            self._columns = None if y.ndim == 1 else y.shape[1]
        return y.reshape(len(y), -1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch; return the estimator."""
        again = hasattr(self, "module_")
        self._check_settings()
        X, y = self._checked(X, y, reset=not again)
        return self._train(X, self._targets(y, again), sample_weight, again, 1)

    def predict(self, X: Any) -> np.ndarray:
        """The numbers for each row."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._columns is None else outputs

    def _width(self, y: Any) -> int:
        return int(y.shape[1])

    def _losses(self, output: Any, y: Any, reduction: str) -> Any:
        return functional.mse_loss(output, y.astype(output.dtype, copy=False), reduction)

    def _score(self, X: Any, y: Any) -> float:
        with ad.no_grad():
            residual = np.sum((self.module_.eval()(X).numpy() - y) ** 2)
        return float(1 - residual / max(np.sum((y - np.mean(y, axis=0)) ** 2), np.finfo(float).tiny))

    def _strata(self, y: Any) -> Any:
        return None
