"""Networks as estimators, beside scikit-learn's own: `python -m benchmarks.estimators`.

Both are trained on three quarters of scikit-learn's digits by the same settings, in turn, with the same seeds: how many of the
others they recognize, and how long an epoch takes. The times are medians; each ratio is of two runs one after the other.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from nn.estimators import NetworkClassifier

KINDS = (MLPClassifier, NetworkClassifier)


def digits(seed: int) -> Any:
    """Images and digits, three quarters to learn from and the others to be recognized."""
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16, y, random_state=seed, stratify=y)


def measure(kind: Any, seed: int, epochs: int, data: Any, sizes: tuple[int, ...], **options: Any) -> tuple[float, float]:
    """The seconds of an epoch, and the part of the held-out digits that is recognized."""
    X, X_test, y, y_test = data
    model = kind(sizes, random_state=seed, max_iter=epochs, n_iter_no_change=epochs, **options)
    started = time.perf_counter()
    model.fit(X, y)
    return (time.perf_counter() - started) / epochs, model.score(X_test, y_test)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many runs of each (default: 10)")
    parser.add_argument("--epochs", type=int, default=60, help="of each run (default: 60)")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"{'hidden layers':>16}  {'estimator':<18}  {'ms an epoch':>11}  {'recognized':>10}  {'time, as a ratio':>16}")
    for sizes in ((100,), (64, 32)):
        runs: dict[Any, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
        for seed in range(options.seeds):
            data = digits(seed)
            for kind in KINDS:
                runs[kind].append(measure(kind, seed, options.epochs, data, sizes))
        base = np.array([seconds for seconds, _ in runs[MLPClassifier]])
        for kind in KINDS:
            seconds, scores = np.array(runs[kind]).T
            ratio = np.median(seconds / base)
            print(f"{sizes!s:>16}  {kind.__name__:<18}  {1e3 * np.median(seconds):11.2f}  {np.mean(scores):10.2%}  {ratio:16.2f}")


if __name__ == "__main__":
    main()
