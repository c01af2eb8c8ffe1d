"""A model of language, letter by letter: `python -m examples.transformer` trains a small transformer on a short text.

The text, `examples/data/chain_rule.txt`, explains the chain rule in 4,700 letters. The model sees up to 48 of them and says how
probable each letter is as the next. How good it is at that is measured in bits per letter, on the last tenth of the text, which it
has not seen: what it would take to write that down with the model's help. By the frequencies of pairs of letters it takes 3.5 bits,
by the transformer less than 3.2. Longer training would not help with so short a text: it would learn it by heart.

What is to be learned here: how a transformer is put together from `nn.Embedding` and `nn.TransformerEncoder` with a causal mask,
how text becomes batches, how to draw text from the model, and how to see what a head of its attention attends to.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import autodiff as ad
import nn
from examples.command import Example, run
from examples.drawing import BLUE, GREEN, ORANGE, new_figure
from examples.tables import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["main"]

TEXT = (Path(__file__).parent / "data" / "chain_rule.txt").read_text(encoding="ascii")
LETTERS = "".join(sorted(set(TEXT)))
WINDOW, SIZE, HEADS, LAYERS = 48, 64, 4, 2
STEPS, BATCH = 50, 16  # in an epoch, and in a step
PROMPT = "The chain rule "
PHRASE = "The chain rule says that the change"


class Model(nn.Module):
    """Letters and their places as vectors, layers of attention to what came before, and a score for each next letter."""

    def __init__(self) -> None:
        super().__init__()
        self.letter, self.place = nn.Embedding(len(LETTERS), SIZE), nn.Embedding(WINDOW, SIZE)
        layer = nn.TransformerEncoderLayer(SIZE, HEADS, 4 * SIZE, 0.2, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, LAYERS, nn.LayerNorm(SIZE))
        self.head = nn.Linear(SIZE, len(LETTERS))

    def embed(self, codes: Any) -> Any:
        """The sum of a vector for each letter and one for each place: `(N, T, SIZE)`."""
        return self.letter(codes) + self.place(np.arange(codes.shape[1]))

    def forward(self, codes: Any) -> Any:
        """The scores of the letter after each: `(N, T)` to `(N, T, letters)`."""
        return self.head(self.encoder(self.embed(codes), is_causal=True))


def encode(text: str) -> np.ndarray:
    """The number of each letter."""
    return np.array([LETTERS.index(letter) for letter in text])


def windows(codes: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows of the text that start every so many letters, and the letter that follows each of theirs."""
    places = np.arange(0, len(codes) - WINDOW, step)[:, None] + np.arange(WINDOW)
    return codes[places], codes[places + 1]


def bits(scores: Any, letters: Any) -> Any:
    """How many bits a letter takes, on average, if what is probable is written in few."""
    return nn.functional.cross_entropy(scores.reshape(-1, len(LETTERS)), letters.reshape(-1)) / math.log(2)


def bits_with_context(scores: Any, letters: Any) -> Any:
    """The same of the second half of each window, where a letter has half a window before it."""
    return bits(scores[:, WINDOW // 2 :], letters[:, WINDOW // 2 :])


def bits_by_counting(train: np.ndarray, unseen: np.ndarray) -> float:
    """The bits per letter of the unseen text, by how often each letter comes after the one before."""
    letters = np.bincount(train, minlength=len(LETTERS)) / len(train)
    pairs = 3 * np.tile(letters, (len(LETTERS), 1)) + 0.01  # as if each pair had been seen a little, so that none is impossible
    np.add.at(pairs, (train[:-1], train[1:]), 1.0)
    pairs /= pairs.sum(axis=1, keepdims=True)
    return float(np.mean(-np.log2(pairs[unseen[:-1], unseen[1:]])))


class Result(NamedTuple):
    """A trained model, what was measured in each epoch, and the bits per letter by counting pairs."""

    model: Model
    history: dict[str, list[float]]
    counted: float


def learn(epochs: int) -> Result:
    """Train the model."""
    nn.manual_seed(0)
    codes = encode(TEXT)
    train, unseen = np.split(codes, [len(codes) * 9 // 10])
    model = Model().float()
    optimizer = nn.optim.AdamW(model.parameters(), lr=4e-3)
    scheduler = nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    dataset = nn.utils.data.TensorDataset(*windows(train, step=1))
    some = nn.utils.data.RandomSampler(dataset, num_samples=STEPS * BATCH)
    batches = nn.utils.data.DataLoader(dataset, BATCH, sampler=some)
    validation, metrics = [windows(unseen, step=WINDOW // 2)], {"unseen": bits_with_context}
    history = nn.fit(model, bits, optimizer, batches, epochs, validation=validation, metrics=metrics, scheduler=scheduler)
    return Result(model, history, bits_by_counting(train, unseen))


def sample(model: Model, start: str, count: int, temperature: float = 0.5) -> str:
    """Text that begins with `start` and goes on with letters drawn one by one; a low temperature prefers the probable ones."""
    codes, rng = list(encode(start)), np.random.default_rng(0)
    model.eval()
    with ad.no_grad():
        for _ in range(count):
            scores = model(np.array([codes[-WINDOW:]]))[0, -1]
            probabilities = nn.functional.softmax(scores / temperature, dim=-1).numpy().astype(float)
            codes.append(int(rng.choice(len(LETTERS), p=probabilities / probabilities.sum())))
    return "".join(LETTERS[code] for code in codes)


def attention(model: Model, text: str) -> np.ndarray:
    """What each letter attends to in the first layer: `(HEADS, letters, letters before)`."""
    layer = model.encoder.layers[0]
    with ad.no_grad():
        x = layer.norm1(model.embed(encode(text)[None]))
        _, weights = layer.self_attn(x, x, x, average_attn_weights=False, is_causal=True)
    return np.asarray(weights.numpy()[0])


def report(result: Result) -> str:
    """The bits per letter, and text drawn from the model."""
    rows = [("frequencies of pairs of letters", result.counted), ("transformer", result.history["unseen"][-1])]
    title = f"A tenth of the text, unseen, after {len(result.history['loss'])} epochs of {STEPS} batches of {BATCH}\n"
    numbers = table(("model", "bits per letter"), [(name, f"{value:.2f}") for name, value in rows])
    return f"{title}{numbers}\n\nA sample\n  {sample(result.model, PROMPT, 300)}"


def pictures(result: Result) -> Iterator[tuple[str, Figure]]:
    """The bits per letter over the epochs, and what the heads attend to that look least and most far back."""
    figure, (left, *panels) = new_figure(17, 5.4, 3)
    epochs = range(1, len(result.history["loss"]) + 1)
    left.plot(epochs, result.history["unseen"], color=BLUE, marker="o", label="transformer, on the unseen tenth")
    left.plot(epochs, result.history["loss"], color=GREEN, marker="s", label="transformer, while it is trained")
    left.axhline(result.counted, color=ORANGE, linestyle="--", label="frequencies of pairs of letters, on the unseen tenth")
    left.set(title="What the text takes", xlabel=f"epoch of {STEPS} batches", ylabel="bits per letter", ylim=(0, None))
    left.legend(loc="lower left")
    weights, places = attention(result.model, PHRASE), np.arange(len(PHRASE))
    distances = np.sum(weights * (places[:, None] - places), axis=(1, 2)) / len(PHRASE)
    for axes, head in zip(panels, np.argsort(distances)[[0, -1]], strict=True):
        axes.imshow(weights[head], cmap="Blues", vmin=0, vmax=1)
        title = f"Head {head + 1}, which looks {distances[head]:.1f} letters back on average"
        axes.set(title=title, xlabel="attends to", ylabel="letter")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(places, list(PHRASE), fontfamily="monospace", fontsize=8)
    yield "transformer", figure


EXAMPLE = Example("transformer", __doc__, 12, learn, report, pictures, needs=())


def main(argv: Sequence[str] | None = None) -> int:
    """Train, print and draw; return the exit status."""
    return run(EXAMPLE, argv)


if __name__ == "__main__":
    sys.exit(main())
