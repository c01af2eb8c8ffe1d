"""The articles' pictures, as PNG files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from examples.article import by_hand
from examples.article.compare import Comparison
from examples.article.systems import UNSEEN
from examples.drawing import BLACK, BLUE, GREEN, ORANGE, PURPLE, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["pictures"]

CLASSES = ((0, BLUE, "o"), (1, ORANGE, "^"))


def pictures(comparisons: list[Comparison]) -> Iterator[tuple[str, Figure]]:
    """Each picture that these results allow, with its name."""
    results = {result.system.name: result for result in comparisons}
    moons = [results[name] for name in ("A1", "A2") if name in results]
    if moons:
        yield "moons", draw_moons(moons[0])
        yield "boundaries", draw_boundaries(moons)
    if "B3" in results:
        yield "xor", draw_xor(results["B3"])
    yield "errors", draw_errors(list(results.values()))
    for name, result in results.items():
        yield f"network-{name.lower()}", draw_network(result)


def scatter(axes: Axes, x: np.ndarray, labels: np.ndarray, size: float = 42) -> None:
    """The points, with a colour and a mark for each label."""
    for label, colour, marker in CLASSES:
        points = x[labels[:, 0] == label]
        edge = {"edgecolors": "white", "linewidths": 0.8}
        axes.scatter(*points.T, s=size, c=colour, marker=marker, label=f"label {label}", zorder=3, **edge)


def name_axes(axes: Axes) -> None:
    """The two inputs."""
    axes.set(xlabel="first input $x_1$", ylabel="second input $x_2$")


def shade(figure: Figure, axes: Axes, weights: dict[str, np.ndarray], left: float, right: float, low: float, high: float) -> None:
    """The output of the network over the plane, and the line where it is one half."""
    from matplotlib.colors import LinearSegmentedColormap

    a, b = np.meshgrid(np.linspace(left, right, 500), np.linspace(low, high, 500))
    outputs = by_hand.predict(np.column_stack([a.ravel(), b.ravel()]), weights).reshape(a.shape)
    colours = LinearSegmentedColormap.from_list("outputs", ["#8FC3E2", "#FFFFFF", "#F2B48C"])
    surface = axes.contourf(a, b, outputs, levels=np.linspace(0, 1, 21), cmap=colours)
    axes.contour(a, b, outputs, levels=[0.5], colors=BLACK, linewidths=1.8)
    axes.plot([], [], color=BLACK, linewidth=1.8, label="output one half")
    if axes is figure.axes[-1]:
        figure.colorbar(surface, ax=figure.axes, label="output of the network", ticks=[0, 0.25, 0.5, 0.75, 1], pad=0.02)
    axes.set(xlim=(left, right), ylim=(low, high))


def draw_moons(result: Comparison) -> Figure:
    """The data of A1 and A2."""
    figure, (axes,) = new_figure(6.4, 4.4)
    scatter(axes, result.system.x, result.system.y)
    axes.set_title("The data of A1 and A2: a hundred points on two half moons")
    name_axes(axes)
    axes.legend(loc="upper right")
    return figure


def draw_boundaries(results: list[Comparison]) -> Figure:
    """What the networks trained on the moons make of the plane."""
    figure, panels = new_figure(1.5 + 5.2 * len(results), 4.8, len(results))
    for axes, result in zip(panels, results, strict=True):
        shade(figure, axes, result.framework.weights, -1.6, 2.6, -1.1, 1.6)
        scatter(axes, result.system.x, result.system.y)
        right = np.sum((result.framework.outputs > 0.5) == (result.system.y > 0.5))
        axes.set_title(f"{result.system.name}, {result.system.title}: {right} of {len(result.system.y)} on the right side")
        name_axes(axes)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_xor(result: Comparison) -> Figure:
    """The regions of the network trained on XOR, with the four points that it has not seen."""
    figure, (axes,) = new_figure(7.2, 6.4)
    shade(figure, axes, result.framework.weights, -1.5, 2.5, -2, 6)
    scatter(axes, result.system.x, result.system.y, size=110)
    points, labels = UNSEEN
    outputs = by_hand.predict(points, result.framework.weights)
    for point, label, output in zip(points, labels, outputs, strict=True):
        colour, marker = CLASSES[int(label[0])][1:]
        axes.scatter(*point, s=110, facecolors="white", edgecolors=colour, marker=marker, linewidths=2.2, zorder=3)
        text = f"({point[0]:g}, {point[1]:g}): {output[0]:.5f}"
        side = {"xytext": (10, 8)} if point[0] == 1 else {"xytext": (-10, 8), "ha": "right"}  # off the boundary
        box = {"fc": "white", "ec": "none", "alpha": 0.8, "pad": 1.5}
        axes.annotate(text, point, textcoords="offset points", zorder=4, bbox=box, **side)
    for label, colour, marker in CLASSES:
        style = {"facecolors": "white", "edgecolors": colour, "linewidths": 2.2}
        axes.scatter([], [], s=110, marker=marker, label=f"unseen, should be {label}", **style)
    axes.set_title("B3, the XOR gate: four corners learned, four points unseen")
    name_axes(axes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_errors(results: list[Comparison]) -> Figure:
    """The error of every system over the epochs: by hand as a broad line, the framework's as dashes upon it."""
    figure, (axes,) = new_figure(9.2, 5.2)
    colours = {"A1": BLUE, "A2": ORANGE, "B1": GREEN, "B2": PURPLE, "B3": BLACK}
    broad, dashes = {"linewidth": 5, "alpha": 0.35}, {"linewidth": 1.4, "linestyle": (0, (4, 2))}
    for result in results:
        system, colour = result.system, colours[result.system.name]
        for run, style in ((result.hand, {"label": f"{system.name}, {system.title}", **broad}), (result.framework, dashes)):
            axes.plot(run.descent.epochs + 1, run.errors, color=colour, **style)
    axes.set(xscale="log", yscale="log", xlabel="epoch", ylabel="error ½ Σ (output - label)²")
    axes.set_title("The error over the epochs: by hand (broad) and with the framework (dashes)")
    axes.grid(alpha=0.25)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", frameon=False)
    return figure


def draw_network(result: Comparison) -> Figure:
    """The network as circles in layers; the lines between them carry the trained weights."""
    figure, (axes,) = new_figure(7.6, 5.0)
    names, matrices = layers(result.framework.weights)
    places = [[(2.0 * i, 1.3 * ((len(layer) - 1) / 2 - k)) for k in range(len(layer))] for i, layer in enumerate(names)]
    largest = max(np.max(np.abs(matrix)) for matrix in matrices)
    for matrix, sources, targets in zip(matrices, places[:-1], places[1:], strict=True):
        for (i, j), weight in np.ndenumerate(matrix):
            # Lines cross in the first half of their way, so that the labels stand in the second, and apart from each other.
            where = 0.4 if len(targets) == 1 else 0.6 + 0.18 * i
            draw_weight(axes, sources[i], targets[j], weight, largest, where)
    for layer, positions in zip(names, places, strict=True):
        for name, position in zip(layer, positions, strict=True):
            edge = "--" if name == "1" else "-"  # the bias is no input, but a constant
            axes.scatter(*position, s=1500, c="white", edgecolors=BLACK, linewidths=1.6, linestyle=edge, zorder=4)
            axes.text(*position, name, ha="center", va="center", fontsize=14, zorder=5)
    axes.set_title(f"{result.system.name}, {result.system.title}: the weights after {result.epochs:,} epochs")
    axes.plot([], [], color=BLUE, linewidth=3, label="positive weight")
    axes.plot([], [], color=ORANGE, linewidth=3, linestyle="--", label="negative weight")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    axes.margins(0.12, 0.18)
    axes.axis("off")
    return figure


def layers(weights: dict[str, np.ndarray]) -> tuple[list[list[str]], list[np.ndarray]]:
    """The names of the circles in each layer, and the weights between each layer and the next."""
    inputs = ["$x_1$", "$x_2$"]
    if "wh" in weights:
        hidden = [f"$h_{j + 1}$" for j in range(len(weights["wo"]))]
        return [inputs, hidden, ["$a$"]], [weights["wh"], weights["wo"]]
    if "b" in weights:
        return [[*inputs, "1"], ["$a$"]], [np.vstack([weights["w"], weights["b"]])]
    return [inputs, ["$a$"]], [weights["w"]]


def draw_weight(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], weight: float, largest: float, where: float
) -> None:
    """A line as broad as the weight is large, with the weight on it."""
    colour, line = (BLUE, "-") if weight >= 0 else (ORANGE, "--")
    (x0, y0), (x1, y1) = start, end
    breadth = 0.8 + 4 * abs(weight) / largest
    axes.plot([x0, x1], [y0, y1], color=colour, linestyle=line, linewidth=breadth, alpha=0.75, zorder=1)
    middle = x0 + where * (x1 - x0), y0 + where * (y1 - y0)
    box = {"fc": "white", "ec": "none", "pad": 1.2}
    axes.text(*middle, f"{weight:.2f}", ha="center", va="center", color=colour, fontsize=10, bbox=box, zorder=3)
