"""Is a network better than a straight line? `python -m examples.diabetes` predicts the course of diabetes of 442 patients.

The networks are scikit-learn estimators, and so stand in the same pipelines as its least squares and ridge regression: scaling, fit
and prediction are repeated in each of ten folds, and every patient is predicted by a model that has not seen them.

The answer is no. What can be predicted from the ten measurements is about half of the variance (R² = 0.5), by least squares as well
as by a network with a penalty on its weights: its lead is within one standard error, although its penalty was chosen by looking at
figures such as these, which flatters it. Without a penalty it learns the noise, and is much worse.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from examples.command import DATA, PROGRESS, Example, run
from examples.drawing import BLACK, BLUE, ORANGE, new_figure
from examples.tables import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["main"]


class Result(NamedTuple):
    """What a model predicts for patients that it has not seen, and what came true."""

    title: str
    predicted: np.ndarray
    true: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """The squared errors, as parts of the variance."""
        return (self.predicted - self.true) ** 2 / np.var(self.true)

    @property
    def r2(self) -> float:
        """The part of the variance that is predicted: 1 for no errors, 0 for errors as those of the mean."""
        return float(1 - np.mean(self.errors))

    def lead(self, other: Result) -> tuple[float, float]:
        """By how much R² is higher than another's, and the standard error of that, from the differences patient by patient."""
        differences = other.errors - self.errors
        return float(np.mean(differences)), float(np.std(differences, ddof=1) / np.sqrt(len(differences)))


def models(epochs: int) -> dict[str, Any]:
    """The models to compare. They see features and targets with mean 0 and deviation 1, in each fold anew."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.linear_model import LinearRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from nn.estimators import NetworkRegressor

    def network(penalty: float) -> NetworkRegressor:
        duration = {"max_iter": epochs, "n_iter_no_change": epochs}
        return NetworkRegressor((16,), "tanh", alpha=penalty, batch_size=64, learning_rate_init=0.01, random_state=0, **duration)

    chosen = {
        "least squares": LinearRegression(),
        "ridge, penalty by cross-validation": RidgeCV(np.logspace(-2, 3, 30)),
        "network 10-16-1, with a penalty": network(3.0),
        "network 10-16-1, without": network(0.0),
    }
    return {
        title: TransformedTargetRegressor(make_pipeline(StandardScaler(), model), transformer=StandardScaler())
        for title, model in chosen.items()
    }


def learn(epochs: int) -> list[Result]:
    """The predictions of each model for each patient, by the one of ten fits that they had no part in."""
    from sklearn.datasets import load_diabetes
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import KFold, cross_val_predict
    from tqdm import tqdm

    x, y = load_diabetes(return_X_y=True)
    folds = KFold(10, shuffle=True, random_state=0)
    results = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is what is wanted
        for title, model in tqdm(models(epochs).items(), unit=" models", leave=False, disable=None):
            results.append(Result(title, cross_val_predict(model, x, y, cv=folds), y))
    return results


def report(results: list[Result]) -> str:
    """A line for each model."""
    baseline = results[0]
    rows = [(baseline.title, f"{baseline.r2:.3f}", "")]
    for result in results[1:]:
        lead, error = result.lead(baseline)
        rows.append((result.title, f"{result.r2:.3f}", f"{lead:+.3f} ± {error:.3f}"))
    title = f"{len(baseline.true)} patients, each predicted by a model fitted without them\n"
    return title + table(("model", "R²", f"against {baseline.title}"), rows) + "\n\n  ±: the standard error, over the patients"


def pictures(results: list[Result]) -> Iterator[tuple[str, Figure]]:
    """What was predicted against what came true, for least squares and the networks."""
    shown = [results[0], *results[2:]]
    figure, panels = new_figure(13.5, 4.8, len(shown))
    for axes, result, colour in zip(panels, shown, (BLACK, BLUE, ORANGE), strict=True):
        axes.axline((0, 0), slope=1, color="0.5", linewidth=1, linestyle="--")
        axes.scatter(result.true, result.predicted, s=16, c=colour, alpha=0.6, linewidths=0)
        axes.set(title=f"{result.title}: R² = {result.r2:.2f}", xlim=(0, 360), ylim=(0, 360), aspect="equal")
        axes.set(xlabel="true progression after a year", ylabel="predicted")
    yield "diabetes", figure


EXAMPLE = Example("diabetes", __doc__, 100, learn, report, pictures, (DATA, PROGRESS))


def main(argv: Sequence[str] | None = None) -> int:
    """Fit, print and draw; return the exit status."""
    return run(EXAMPLE, argv)


if __name__ == "__main__":
    sys.exit(main())
