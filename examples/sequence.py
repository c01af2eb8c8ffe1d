"""A network with a memory: `python -m examples.sequence` trains an LSTM on the adding problem.

Twenty numbers come one after another. Two of them are marked, one in the first half and one in the second, and the answer is the
sum of the two (Hochreiter and Schmidhuber 1997). A linear model sees all numbers and all marks at once, and yet learns little more
than the mean, an error of 0.15, since what counts are products of numbers and marks. The LSTM sees one pair at a time, and has to
keep the first marked number while it lets others pass: its error is less than 0.001.

What is to be learned here: how a recurrent layer is used, how `nn.fit` trains on data that is drawn anew in each epoch, and how the
gradient with respect to the inputs shows what a network has understood: the answer has slope 1 in the marked numbers, 0 in others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import autodiff as ad
import nn
from examples.command import Example, run
from examples.drawing import BLUE, ORANGE, new_figure
from examples.tables import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["main"]

LENGTH, HIDDEN, BATCH = 20, 32, 64
STEPS = 100  # in an epoch


def problems(count: int, length: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of pairs of a number and a mark, `(count, length, 2)`, and the sums of the marked numbers, `(count, 1)`."""
    numbers, marks = rng.uniform(size=(count, length)), np.zeros((count, length))
    rows = np.arange(count)
    marks[rows, rng.integers(0, length // 2, count)] = 1
    marks[rows, rng.integers(length // 2, length, count)] = 1
    sums = np.sum(numbers * marks, axis=1, keepdims=True)
    return np.stack([numbers, marks], axis=-1).astype(np.float32), sums.astype(np.float32)


class Problems:
    """Batches that are never the same: what `nn.fit` goes through once per epoch."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The batches of an epoch."""
        return (problems(BATCH, LENGTH, self.rng) for _ in range(STEPS))


class Adder(nn.Module):
    """An LSTM, and a linear map of what it gives out."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, 1)

    def forward(self, x: Any) -> Any:
        """The answer after the last number: `(N, T, 2)` to `(N, 1)`."""
        outputs, _ = self.lstm(x)
        return self.head(outputs[:, -1])


class Result(NamedTuple):
    """A trained network, and mean squared errors on sequences not seen."""

    model: Adder
    errors: list[float]  # after each epoch
    linear: float  # of the best linear model
    longer: dict[int, float]  # of the network on sequences of other lengths


def learn(epochs: int) -> Result:
    """Train the network, and try it on sequences longer than those it was trained on."""
    nn.manual_seed(0)
    model = Adder().float()
    optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
    scheduler = nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    unseen = problems(1000, LENGTH, np.random.default_rng(2))
    history = nn.fit(model, nn.MSELoss(), optimizer, Problems(seed=1), epochs, validation=[unseen], scheduler=scheduler)
    longer = {length: error(model, *problems(1000, length, np.random.default_rng(length))) for length in (30, 40)}
    return Result(model, history["val_loss"], linear_error(*unseen), longer)


def error(model: Adder, x: np.ndarray, y: np.ndarray) -> float:
    """The mean squared error of the network."""
    with ad.no_grad():
        return float(nn.functional.mse_loss(model(x), y).item())


def linear_error(x: np.ndarray, y: np.ndarray) -> float:
    """The mean squared error of the linear model of all numbers and marks that is best on other sequences."""

    def features(x: np.ndarray) -> np.ndarray:
        return np.column_stack([x.reshape(len(x), -1), np.ones(len(x))])

    others, sums = problems(BATCH * STEPS, LENGTH, np.random.default_rng(1))
    weights = np.linalg.lstsq(features(others), sums, rcond=None)[0]
    return float(np.mean((features(x) @ weights - y) ** 2))


def report(result: Result) -> str:
    """A line for each model and length."""
    rows = [("best linear model", LENGTH, result.linear), ("LSTM", LENGTH, result.errors[-1])]
    rows += [("LSTM, longer than in training", length, value) for length, value in result.longer.items()]
    title = f"The sum of two marked numbers, after {len(result.errors)} epochs of {STEPS} batches of {BATCH}\n"
    return title + table(("model", "numbers", "mean squared error"), [(name, str(n), f"{value:.5f}") for name, n, value in rows])


def slopes(model: Adder, x: np.ndarray) -> np.ndarray:
    """The derivative of each sequence's answer with respect to each of its numbers: `(N, T)`."""
    with ad.no_grad():  # by which the weights are constants
        gradient = ad.grad(lambda x: np.sum(model(x)))(x)
    return np.asarray(gradient[..., 0])


def pictures(result: Result) -> Iterator[tuple[str, Figure]]:
    """How the error falls, and which numbers the answers depend on."""
    figure, (left, right) = new_figure(13, 4.6, 2)
    left.semilogy(range(1, len(result.errors) + 1), result.errors, color=BLUE, marker="o", label="LSTM")
    left.axhline(result.linear, color=ORANGE, linestyle="--", label="best linear model")
    left.set(title="The error on sequences not seen", xlabel=f"epoch of {STEPS} batches", ylabel="mean squared error")
    left.legend()
    x, _ = problems(10, LENGTH, np.random.default_rng(3))
    image = right.imshow(slopes(result.model, x), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    rows, places = np.nonzero(x[..., 1])
    right.plot(places, rows, "o", color=ORANGE, markersize=6)
    right.set(title="Ten sequences, with dots where there are marks", xlabel="place in the sequence", ylabel="sequence", yticks=[])
    right.set_xticks([0, 4, 9, 14, 19], ["1", "5", "10", "15", "20"])
    figure.colorbar(image, ax=right, label="derivative of the answer by the number", ticks=[0, 0.5, 1])
    yield "sequence", figure


EXAMPLE = Example("sequence", __doc__, 15, learn, report, pictures, needs=())


def main(argv: Sequence[str] | None = None) -> int:
    """Train, print and draw; return the exit status."""
    return run(EXAMPLE, argv)


if __name__ == "__main__":
    sys.exit(main())
