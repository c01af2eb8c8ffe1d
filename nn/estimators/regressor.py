"""A network that predicts numbers."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import validate_data

import autodiff as ad
from nn import functional
from nn.estimators.network import Network

__all__ = ["NetworkRegressor"]


class NetworkRegressor(RegressorMixin, Network):  # type: ignore[misc]
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

    @staticmethod
    def _losses(output: Any, y: Any, reduction: str) -> Any:
        return functional.mse_loss(output, y.astype(output.dtype, copy=False), reduction)

    def _score(self, X: Any, y: Any) -> float:
        with ad.no_grad():
            residual = np.sum((self.module_.eval()(X).numpy() - y) ** 2)
        return float(1 - residual / max(np.sum((y - np.mean(y, axis=0)) ** 2), np.finfo(float).tiny))

    def _strata(self, y: Any) -> Any:
        return None
