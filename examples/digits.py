"""Handwritten digits, by two networks: `python -m examples.digits`.

A network with one hidden layer sees 64 numbers; it would learn as well if the pixels were shuffled. A convolutional network knows
which pixels are neighbours, and looks for the same small patterns everywhere; so it profits from training digits that are moved by
up to one pixel, anew in each batch. The data are scikit-learn's 1,797 digits of 8 by 8 pixels, of which a quarter is held out.
The first network recognizes more than 97 % of that, the second more than 98.5 %.
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
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["main"]


class Result(NamedTuple):
    """What a trained network makes of the digits that it has not seen."""

    title: str
    parameters: int
    history: dict[str, list[float]]
    images: np.ndarray
    labels: np.ndarray
    predictions: np.ndarray


def data() -> list[np.ndarray]:
    """Images for training and for testing, `(n, 1, 8, 8)` between 0 and 1, and their labels."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    images = (digits.images[:, None] / 16).astype(np.float32)
    return train_test_split(images, digits.target, test_size=0.25, stratify=digits.target, random_state=0)


def perceptrons() -> nn.Module:
    """A network with one hidden layer."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))


def convolutional() -> nn.Module:
    """Three convolutions. Pooling makes 4 by 4 places of 8 by 8, and 2 by 2 of these."""
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.3), nn.Linear(64 * 2 * 2, 10)),
    )


def moved(batch: Sequence[Any]) -> Any:
    """A batch whose images are moved by up to one pixel, together."""
    images, labels = nn.utils.data.default_collate(batch)
    down, right = nn.random.generator().integers(0, 3, 2)
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return padded[:, :, down : down + 8, right : right + 8], labels


def accuracy(output: ad.Tensor, labels: ad.Tensor) -> Any:
    """The part that is recognized."""
    return np.mean(np.argmax(output, axis=1) == labels)


def train(title: str, model: nn.Module, epochs: int, **options: Any) -> Result:
    """Train a network, with a learning rate that falls to zero along a cosine."""
    images, test_images, labels, test_labels = data()
    model.to(images.dtype)
    batches = nn.utils.data.DataLoader(nn.utils.data.TensorDataset(images, labels), batch_size=32, shuffle=True, **options)
    optimizer = nn.optim.Adam(model.parameters(), lr=3e-3)
    schedule = nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    held_out, metrics = [(test_images, test_labels)], {"accuracy": accuracy}
    history = nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, batches, epochs, validation=held_out, metrics=metrics, scheduler=schedule
    )
    with ad.no_grad():
        predictions = np.argmax(model(test_images).numpy(), axis=1)
    parameters = sum(parameter.size for parameter in model.parameters())
    return Result(title, parameters, history, test_images[:, 0], test_labels, predictions)


def learn(epochs: int) -> list[Result]:
    """Both networks, trained."""
    nn.manual_seed(0)
    return [
        train("one hidden layer", perceptrons(), epochs),
        train("convolutional", convolutional(), epochs, collate_fn=moved),
    ]


def report(results: list[Result]) -> str:
    """A line for each network."""
    rows = [
        (r.title, f"{r.parameters:,}", f"{np.mean(r.predictions == r.labels):.2%}", str(np.sum(r.predictions != r.labels)))
        for r in results
    ]
    title = f"{len(results[0].labels)} held-out digits, after {len(results[0].history['loss'])} epochs\n"
    return title + table(("network", "parameters", "recognized", "mistakes"), rows)


def pictures(results: list[Result]) -> Iterator[tuple[str, Figure]]:
    """The accuracy over the epochs, and the digits that are not recognized."""
    figure, panels = new_figure(13, 4.4, 3)
    for result, colour in zip(results, (BLUE, ORANGE), strict=True):
        epochs = range(1, len(result.history["loss"]) + 1)
        panels[0].plot(epochs, 100 * np.array(result.history["accuracy"]), color=colour, label=result.title)
    lowest = min(100 * result.history["accuracy"][-1] for result in results)
    panels[0].set(title="Recognized among the held-out digits", xlabel="epoch", ylabel="%", ylim=(lowest - 10, 100))
    panels[0].grid(alpha=0.25)
    panels[0].legend(loc="lower right")
    for result, axes in zip(results, panels[1:], strict=True):
        draw_mistakes(axes, result)
    yield "digits", figure


def draw_mistakes(axes: Axes, result: Result) -> None:
    """The first twelve digits that are not recognized: what they are, and what the network takes them for."""
    wrong = np.flatnonzero(result.predictions != result.labels)
    axes.set(title=f"{len(wrong)} mistakes, {result.title}", xlim=(-0.5, 39.5), ylim=(33, -3))
    axes.axis("off")
    for place, k in enumerate(wrong[:12]):
        left, top = 10 * (place % 4), 12 * (place // 4)
        axes.imshow(result.images[k], cmap="gray_r", extent=(left, left + 8, top + 8, top))
        text = f"{result.labels[k]}, not {result.predictions[k]}"
        axes.text(left + 4, top - 0.5, text, ha="center", va="bottom", fontsize=9)


EXAMPLE = Example("digits", __doc__, 25, learn, report, pictures)


def main(argv: Sequence[str] | None = None) -> int:
    """Train, print and draw; return the exit status."""
    return run(EXAMPLE, argv)


if __name__ == "__main__":
    sys.exit(main())
