"""A network that tells classes apart."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import validate_data

import autodiff as ad
from nn import functional
from nn.estimators.network import Network

__all__ = ["NetworkClassifier"]


class NetworkClassifier(ClassifierMixin, Network):  # type: ignore[misc]
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
        compile: whether `autodiff.compile` makes one program of a training step; "native" for one in C. It pays where there are
            many steps and few units.

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

    @staticmethod
    def _losses(output: Any, y: Any, reduction: str) -> Any:
        return functional.cross_entropy(output, y, reduction=reduction)

    def _score(self, X: Any, y: Any) -> float:
        with ad.no_grad():
            return float(np.mean(np.argmax(self.module_.eval()(X).numpy(), axis=1) == y))

    def _strata(self, y: Any) -> Any:
        return y if np.min(np.bincount(y, minlength=1)[np.unique(y)]) > 1 else None
