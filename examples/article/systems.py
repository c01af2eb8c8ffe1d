"""The networks of the articles: the data, the starting weights, and what each article prints at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from examples.article.descent import Descent

__all__ = ["SYSTEMS", "UNSEEN", "Run", "System", "accuracy"]

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
UNSEEN = np.array([[0.5, 2.0], [0.0, -1.0], [0.0, 5.0], [1.0, 1.2]]), np.array([[1.0], [0.0], [1.0], [0.0]])


@dataclass(frozen=True)
class System:
    """A network of an article, before training.

    `weights` holds `wh` and `wo` for a network with a hidden layer; `w` and perhaps a bias `b` for a single layer.
    """

    name: str
    title: str
    x: np.ndarray  # (n, d)
    y: np.ndarray  # (n, 1)
    weights: dict[str, np.ndarray]
    lr: float
    epochs: int
    prints: str  # the final figure in the article
    note: str = ""  # what is wrong with the article's code or figure
    mistaken: bool = False  # the article's code takes the sigmoid's derivative at the wrong place
    signed: bool = False  # the article prints the sum of the errors themselves, so that those of opposite sign cancel


class Run(NamedTuple):
    """A network after training."""

    descent: Descent  # the error that an epoch starts from is kept, so that the last is what the articles print
    signed_sum: float  # of the errors of the single points, in the last epoch
    weights: dict[str, np.ndarray]
    outputs: np.ndarray  # (n, 1): with the final weights

    @property
    def errors(self) -> np.ndarray:
        """The errors that are kept, of the first epochs each."""
        return self.descent.errors


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """The part of the outputs that are on their label's side of one half."""
    return float(np.mean((outputs > 0.5) == (labels > 0.5)))


def moons() -> tuple[np.ndarray, np.ndarray]:
    """A hundred points on two interleaved half circles. Like the article, it draws from NumPy's global generator."""
    from sklearn.datasets import make_moons

    np.random.seed(0)
    x, labels = make_moons(100, noise=0.10)
    return x, labels.reshape(100, 1).astype(float)


def a1() -> System:
    """Article A's perceptron: two inputs, one output, a bias."""
    x, y = moons()
    np.random.seed(42)
    weights = {"w": np.random.rand(2, 1), "b": np.random.rand(1)}
    note = "the article's code takes the sigmoid's derivative at the output a instead of at z; its 4.17 is what that gives"
    return System("A1", "perceptron on moons", x, y, weights, 0.5, 200_000, "4.17", note, mistaken=True)


def a2() -> System:
    """Article A's network with a hidden layer of four."""
    x, y = moons()
    weights = {"wh": np.random.rand(2, 4), "wo": np.random.rand(4, 1)}  # from the generator as the moons left it
    return System("A2", "2-4-1 on moons", x, y, weights, 0.5, 200_000, "1.50")


def b1() -> System:
    """Article B's network for the OR gate, with a hidden layer of three."""
    y = np.array([[0.0], [1.0], [1.0], [1.0]])
    weights = {"wh": np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]), "wo": np.array([[0.7], [0.8], [0.9]])}
    note = "the article's printed code does not give its 0.0000000189: run as it stands, it ends at 0.000265"
    return System("B1", "OR gate, 2-3-1", CORNERS, y, weights, 0.05, 200_000, "0.0000000189", note)


def b2() -> System:
    """Article B's single layer for the OR gate. Without a bias it cannot move the output for (0, 0) away from one half."""
    y = np.array([[0.0], [1.0], [1.0], [1.0]])
    note = "the same mistake as A1's; and the figure is the signed sum of the errors, in which opposite errors cancel"
    weights = {"w": np.array([[0.1], [0.2]])}
    return System(
        "B2", "OR gate, single layer", CORNERS, y, weights, 0.05, 10_000, "a signed sum", note, mistaken=True, signed=True
    )


def b3() -> System:
    """Article B's network for XOR, with a hidden layer of four. The article does not seed its weights; seed 0 is ours."""
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    np.random.seed(0)
    weights = {"wh": np.random.rand(2, 4), "wo": np.random.rand(4, 1)}
    return System("B3", "XOR gate, 2-4-1", CORNERS, y, weights, 0.05, 200_000, "no figure")


SYSTEMS: dict[str, Callable[[], System]] = {"A1": a1, "A2": a2, "B1": b1, "B2": b2, "B3": b3}
