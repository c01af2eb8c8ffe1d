"""A network that PyTorch trained: `python -m examples.from_pytorch` loads it, and gets PyTorch's predictions without PyTorch.

The network says which way a bar in a noisy picture of 8 by 8 pixels points. If PyTorch is installed, it is trained there and then;
else `examples/data/bars.safetensors` is taken, which was written so. `nn.load` reads the file, `load_state_dict` puts the weights
where they belong, since they have PyTorch's names, and the probabilities are those that PyTorch stored beside them, to 1e-6.
`--onnx FILE` writes the network to an ONNX file, which ONNX Runtime computes without either library.

What is to be learned here: that the lines which define a network are the same in both libraries, and how weights move between them.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import autodiff as ad
import nn
from examples.checks import Unusable, require
from examples.command import Parser, add_plots, check_plots, show_plots, status
from examples.drawing import BLUE, ORANGE, new_figure
from examples.tables import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["main"]

SHIPPED = Path(__file__).parent / "data" / "bars.safetensors"
DIRECTIONS = ("level", "falling", "upright", "rising")
WITHIN = 1e-6  # how far probabilities may be apart


def network(nn: Any) -> Any:
    """The network, of the modules of `nn` or `torch.nn`."""
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32, len(DIRECTIONS))),
    )


def bars(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of a bar each, `(count, 1, 8, 8)`, and the numbers of their directions."""
    labels = rng.integers(0, len(DIRECTIONS), count)
    angles, offsets = (x[:, None, None] for x in (labels * np.pi / 4, rng.uniform(-2, 2, count)))
    down, right = np.indices((8, 8)) - 3.5
    distances = down * np.cos(angles) - right * np.sin(angles) - offsets
    images = np.exp(-(distances**2)) + rng.normal(0, 0.4, distances.shape)
    return images[:, None].astype(np.float32), labels


def train_in_pytorch(path: Path, steps: int = 200) -> None:
    """Train the network in PyTorch and write its state, eight pictures and the probabilities of their directions."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    model = network(torch.nn)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        images, labels = map(torch.from_numpy, bars(64, rng))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
    images, labels = map(torch.from_numpy, bars(8, rng))
    with torch.no_grad():
        probabilities = torch.softmax(model.eval()(images), dim=1)
    save_file({**model.state_dict(), "images": images, "labels": labels, "probabilities": probabilities}, path)


class Result(NamedTuple):
    """The network, pictures and their directions, and the probabilities of the directions by PyTorch and here."""

    model: nn.Module
    images: np.ndarray
    labels: np.ndarray
    by_pytorch: np.ndarray
    here: np.ndarray

    @property
    def apart(self) -> float:
        """How far the probabilities are apart, at most."""
        return float(np.max(np.abs(self.by_pytorch - self.here)))


def load(path: Path) -> Result:
    """The network in a file of PyTorch's, and what it says about the pictures in the file."""
    state = nn.load(path)
    images, labels, by_pytorch = (state.pop(name) for name in ("images", "labels", "probabilities"))
    model = network(nn).float()
    model.load_state_dict(state)
    model.eval()
    with ad.no_grad():
        here = nn.functional.softmax(model(images), dim=1).numpy()
    return Result(model, images, labels, by_pytorch, here)


def write_onnx(result: Result, path: Path) -> str:
    """Write the network to an ONNX file; what there is to say about it."""
    nn.export.to_onnx(result.model, result.images, path)
    if importlib.util.find_spec("onnxruntime") is None:
        return f"{path} has the network, in {path.stat().st_size:,} bytes."
    from onnxruntime import InferenceSession

    session = InferenceSession(path)
    (scores,) = session.run(None, {session.get_inputs()[0].name: result.images})
    apart = np.max(np.abs(nn.functional.softmax(scores, dim=1) - result.by_pytorch))
    return f"{path} has the network; what ONNX Runtime makes of it is within {apart:.0e} of PyTorch."


def report(result: Result, source: str) -> str:
    """A line for each picture."""
    rows = [
        (DIRECTIONS[label], DIRECTIONS[np.argmax(p)], f"{np.max(p):.7f}", f"{np.max(q):.7f}")
        for label, p, q in zip(result.labels, result.by_pytorch, result.here, strict=True)
    ]
    title = f"Bars, by a network that PyTorch trained {source}\n"
    lines = table(("bar", "taken for", "probability by PyTorch", "by chainrule"), rows, left=2)
    return f"{title}{lines}\n\nAll probabilities are within {result.apart:.0e} of PyTorch's."


def pictures(result: Result) -> Iterator[tuple[str, Figure]]:
    """The bars, and what the network takes them for."""
    figure, panels = new_figure(14, 2.1, len(result.images))
    for axes, image, label, p in zip(panels, result.images[:, 0], result.labels, result.here, strict=True):
        axes.imshow(image, cmap="gray_r")
        axes.axis("off")
        axes.set_title(f"{DIRECTIONS[np.argmax(p)]}, {np.max(p):.0%}", color=BLUE if np.argmax(p) == label else ORANGE)
    yield "from_pytorch", figure


def main(argv: Sequence[str] | None = None) -> int:
    """Load, compare and draw; the exit status is 1 if the predictions are not PyTorch's."""
    parser = Parser("python -m examples.from_pytorch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--shipped", action="store_true", help="take the file that comes with the example, even if PyTorch is there"
    )
    parser.add_argument("--onnx", metavar="FILE", type=Path, help="also write the network to this ONNX file")
    add_plots(parser, "from_pytorch")
    args = parser.parse_args(argv)
    return status("examples.from_pytorch", lambda: work(args))


def work(args: argparse.Namespace) -> int:
    """Do what the command line says."""
    require("safetensors", "safetensors", "safetensors", "the file")
    if args.onnx:
        require("onnx", "onnx", "onnx", "--onnx")
        if not args.onnx.parent.is_dir():
            raise Unusable(f"--onnx {args.onnx}: there is no folder {args.onnx.parent}")
    check_plots(args, "from_pytorch")
    if args.shipped or importlib.util.find_spec("torch") is None:
        result, source = load(SHIPPED), "earlier"
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / SHIPPED.name
            train_in_pytorch(path)
            result, source = load(path), "just now"
    print(report(result, source))
    if args.onnx:
        print(write_onnx(result, args.onnx))
    show_plots(args, pictures, result)
    if not result.apart <= WITHIN:
        print(f"the probabilities are not PyTorch's: {result.apart:.0e} apart (allowed: {WITHIN:.0e})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
