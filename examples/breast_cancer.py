"""The articles' medical perceptron, done properly: `python -m examples.breast_cancer`.

Is a tumour malignant? Scikit-learn has 30 measurements of each of 569. Done properly means:

- Each tumour is judged by a network trained without it (five-fold cross-validation), and the means and deviations that the
  measurements are scaled by come from the training part alone.
- The loss is the cross-entropy of the logit, which neither overflows nor flattens out where the sigmoid does.
- One figure is not enough: the sensitivity is the part of the malignant that is found, the specificity the part of the benign that
  is let alone, and the ROC curve shows what one costs in terms of the other.

A single sigmoid unit is right about 98 % of the tumours, and misses 4 % of the malignant. A hidden layer is no better: the classes
are as good as separated by a plane.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import autodiff as ad
import nn
from examples.command import DATA, PROGRESS, Example, run
from examples.drawing import BLACK, BLUE, ORANGE, new_figure
from examples.tables import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["main"]


def perceptron() -> nn.Module:
    """One unit. Its sigmoid is in the loss."""
    return nn.Sequential(nn.Linear(30, 1), nn.Flatten(0))


def hidden_layer() -> nn.Module:
    """A hidden layer of eight units before it."""
    return nn.Sequential(nn.Linear(30, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0))


MODELS: dict[str, Callable[[], nn.Module]] = {"perceptron": perceptron, "hidden layer of 8": hidden_layer}


class Result(NamedTuple):
    """The logits of a network for tumours that it has not seen, and which are malignant (1)."""

    title: str
    logits: np.ndarray
    malignant: np.ndarray

    def figures(self) -> dict[str, float]:
        """Accuracy, sensitivity and specificity at a probability of one half, and the area under the ROC curve."""
        from sklearn.metrics import roc_auc_score

        found, ill = self.logits > 0, self.malignant == 1
        figures = {"accuracy": np.mean(found == ill), "sensitivity": np.mean(found[ill]), "specificity": np.mean(~found[~ill])}
        return {**figures, "ROC AUC": float(roc_auc_score(ill, self.logits))}


def data() -> tuple[np.ndarray, np.ndarray]:
    """The measurements, and 1 for malignant, 0 for benign."""
    from sklearn.datasets import load_breast_cancer

    x, benign = load_breast_cancer(return_X_y=True)
    return x, 1.0 - benign


def predict(model: nn.Module, x: np.ndarray, y: np.ndarray, unseen: np.ndarray, epochs: int) -> np.ndarray:
    """Train on `x` and `y`; return the logits of what is unseen."""
    mean, deviation = x.mean(axis=0), x.std(axis=0)  # of the training part alone: nothing is known of the others
    dataset = nn.utils.data.TensorDataset((x - mean) / deviation, y)
    batches = nn.utils.data.DataLoader(dataset, batch_size=32, shuffle=True)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=0.01)
    nn.fit(model, nn.BCEWithLogitsLoss(), optimizer, batches, epochs, progress=False)
    with ad.no_grad():
        return model((unseen - mean) / deviation).numpy()


def learn(epochs: int) -> list[Result]:
    """The logits of both networks for each tumour, by the one of five trainings that it had no part in."""
    from sklearn.model_selection import StratifiedKFold
    from tqdm import tqdm

    nn.manual_seed(0)
    x, y = data()
    results = [Result(title, np.zeros(len(y)), y) for title in MODELS]
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(x, y))
    for train, test in tqdm(folds, unit=" folds", leave=False, disable=None):
        for title, logits, _ in results:
            logits[test] = predict(MODELS[title](), x[train], y[train], x[test], epochs)
    return results


def report(results: list[Result]) -> str:
    """A line for each network."""
    rows = [(result.title, *(f"{figure:.4f}" for figure in result.figures().values())) for result in results]
    ill = int(np.sum(results[0].malignant))
    title = f"{len(results[0].malignant)} tumours, {ill} of them malignant, each judged by a network trained without it\n"
    return title + table(("network", *results[0].figures()), rows)


def pictures(results: list[Result]) -> Iterator[tuple[str, Figure]]:
    """The probabilities by the perceptron, and the ROC curves."""
    from sklearn.metrics import roc_curve

    figure, (left, right) = new_figure(11.5, 4.6, 2)
    logits, malignant = results[0].logits, results[0].malignant
    bins = np.arange(np.floor(logits.min()), np.ceil(logits.max()) + 1)
    for label, name, colour in ((0, "benign", BLUE), (1, "malignant", ORANGE)):
        left.hist(logits[malignant == label], bins=bins, color=colour, alpha=0.65, label=name)
    left.axvline(0, color=BLACK, linewidth=1.2, linestyle="--", label="probability one half")
    left.set(title="What the perceptron makes of unseen tumours", xlabel="logit", ylabel="tumours")
    left.legend()
    for result, colour, line in zip(results, (BLUE, ORANGE), ("-", "--"), strict=True):
        alarms, found, _ = roc_curve(malignant, result.logits)
        values = result.figures()
        right.plot(alarms, found, color=colour, linestyle=line, label=f"{result.title}, area {values['ROC AUC']:.4f}")
        right.plot(1 - values["specificity"], values["sensitivity"], "o", color=colour)
    right.set(
        title="ROC curve, up to a fifth; dots: probability one half",
        xlim=(-0.005, 0.2),
        ylim=(0.8, 1.005),
        xticks=[0, 0.05, 0.1, 0.15, 0.2],
    )
    right.set(xlabel="benign taken for malignant (1 - specificity)", ylabel="malignant found (sensitivity)")
    right.grid(alpha=0.25)
    right.legend(loc="lower right")
    yield "breast_cancer", figure


EXAMPLE = Example("breast_cancer", __doc__, 40, learn, report, pictures, (DATA, PROGRESS))


def main(argv: Sequence[str] | None = None) -> int:
    """Train, print and draw; return the exit status."""
    return run(EXAMPLE, argv)


if __name__ == "__main__":
    sys.exit(main())
