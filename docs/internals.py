"""Draw the picture of `docs/internals.md`: `python -m docs.internals`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "internals.png"
TENSOR, NODE, LEAF, STEP = "#dbe9f6", "#fde6c8", "#d9ead3", "#f2f2f2"


def box(ax: Any, x: float, y: float, text: str, color: str, width: float = 2.6, height: float = 0.8) -> None:
    """A rounded box around `text`, with its middle at (x, y)."""
    from matplotlib.patches import FancyBboxPatch

    corner = (x - width / 2, y - height / 2)
    ax.add_patch(
        FancyBboxPatch(corner, width, height, boxstyle="round,pad=0.02,rounding_size=0.12", fc=color, ec="#555555", lw=0.9)
    )
    ax.text(x, y, text, ha="center", va="center", fontsize=8.5, linespacing=1.35)


def arrow(ax: Any, start: tuple[float, float], end: tuple[float, float], text: str = "", color: str = "#444444") -> None:
    """An arrow, with `text` beside its middle."""
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "lw": 1.2, "shrinkA": 0, "shrinkB": 0})
    if text:
        ax.text((start[0] + end[0]) / 2 + 0.12, (start[1] + end[1]) / 2, text, fontsize=8, color=color, va="center")


def draw() -> None:
    """Write the picture."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 3, figsize=(13.5, 5.4))
    for ax, title in zip(panels, ("1  a call: w * x", "2  the graph that is left", "3  loss.backward()"), strict=True):
        ax.set_xlim(0, 6)
        ax.set_ylim(0, 6.4)
        ax.axis("off")
        ax.set_title(title, fontsize=11, loc="left", fontweight="bold")

    call, graph, back = panels
    steps = [
        (5.6, "w * x    np.multiply(w, x)    ad.multiply(w, x)", TENSOR),
        (4.5, "bind: entry, operands, parameters", STEP),
        (3.4, "plain mode?", STEP),
        (2.3, "NumPy: y = multiply(w.array, x.array)", STEP),
        (1.2, "record: parents, and what the rules ask for", NODE),
    ]
    for y, text, color in steps:
        box(call, 2.3, y, text, color, width=4.4, height=0.7)
    for (start, *_), (end, *_) in pairwise(steps):
        arrow(call, (2.3, start - 0.37), (2.3, end + 0.38))
    call.text(2.45, 2.87, "yes", fontsize=8)
    arrow(call, (4.52, 3.4), (5.3, 3.4))
    call.text(4.65, 3.52, "no", fontsize=8)
    call.text(4.62, 2.75, "the interpreter\ndecides", fontsize=8)

    box(graph, 1.5, 5.5, "Leaf  id 1\nof w, watch", LEAF)
    box(graph, 4.6, 5.5, "x: no record,\na constant", TENSOR)
    box(graph, 2.9, 3.5, "Node  id 2  multiply\nsaved: x   (w: no rule asks)\nparents: Leaf 1, None", NODE, 4.2, 1.2)
    box(graph, 2.9, 1.4, "Node  id 3  sum\nsaved: shape of w * x\nparents: Node 2", NODE, 4.2, 1.2)
    arrow(graph, (2.2, 4.1), (1.6, 5.1), "parent")
    arrow(graph, (2.9, 2.0), (2.9, 2.9), "parent")
    graph.text(0.1, 0.15, "records point to older ones only; a tensor has its record", fontsize=8, color="#444444")

    box(back, 2.9, 1.4, "Node 3  sum\nrule: broadcast g to the shape", NODE, 4.2, 0.95)
    box(back, 2.9, 3.5, "Node 2  multiply\nrule for w: g * x", NODE, 4.2, 0.95)
    box(back, 2.9, 5.5, "Leaf 1: w.grad", LEAF)
    red = "#b03020"
    arrow(back, (2.9, 0.35), (2.9, 0.9), "g = 1", red)
    arrow(back, (2.9, 1.9), (2.9, 3.0), "g = 1, 1, ...", red)
    arrow(back, (2.9, 4.0), (2.9, 5.08), "g * x, broadcast undone", red)
    back.text(0.1, 0.0, "youngest record first; each node is freed when it is done", fontsize=8, color="#444444")

    figure.tight_layout()
    figure.savefig(TARGET, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    draw()
    print(TARGET)
