"""The picture of how the time of a step grows."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.processes import Found
from benchmarks.works.scaling import LINES, Panel
from examples.drawing import BLACK, BLUE, GREEN, ORANGE, PURPLE, new_figure, write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw"]

GREY = "#999999"
STYLES: dict[str, dict[str, Any]] = {
    "by hand": {"color": BLACK, "marker": "o"},
    "products": {"color": GREY, "linestyle": ":"},
    "eager": {"color": ORANGE, "marker": "s"},
    "compiled": {"color": BLUE, "marker": "o"},
    "native": {"color": GREEN, "marker": "^"},
    "native loop": {"color": GREEN, "marker": "v", "linestyle": "--"},
    "PyTorch": {"color": PURPLE, "marker": "D"},
    "JAX": {"color": PURPLE, "marker": "x", "linestyle": "--"},
}


def line(panel: Panel, name: str, results: Sequence[Found]) -> tuple[list[int], list[float]]:
    """The sizes and microseconds of one candidate: its ratio, of the reference's median beside all candidates."""
    sizes, times = [], []
    for size in panel.sizes:
        measured = {r["candidate"]: r for r in results if r["work"] == f"{panel.name} {size}" and "ratio" in r}
        if name in measured:
            sizes.append(size)
            times.append(measured[name]["ratio"][1] * statistics.median(r["base"][1] for r in measured.values()))
    return sizes, times


def drawn(panels: Sequence[Panel], results: Sequence[Found], name: str) -> Iterator[tuple[str, Figure]]:
    """The picture under its name: two panels beside each other."""
    figure, all_axes = new_figure(9, 1 + 3.4 * -(-len(panels) // 2), columns=min(2, len(panels)), rows=-(-len(panels) // 2))
    for panel, axes in zip(panels, all_axes, strict=False):
        for candidate in LINES:
            if any(found["candidate"] == candidate and "ratio" in found for found in results):
                axes.plot(*line(panel, candidate, results), label=candidate, markersize=4, linewidth=1.4, **STYLES[candidate])
        axes.set(xscale="log", yscale="log", title=panel.title, ylabel="µs a step")
        axes.set_xticks(panel.sizes, [f"n = {panel.sizes[0]}", *(f"{size:,}" for size in panel.sizes[1:])])
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        axes.minorticks_off()
        axes.grid(axis="y", color="#eeeeee")
    handles = {label: handle for axes in all_axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=len(LINES) // 2, frameon=False)
    figure.get_layout_engine().set(h_pad=0.1)  # type: ignore[union-attr]
    yield name, figure


def draw(panels: Sequence[Panel], results: Sequence[Found], path: Path) -> str:
    """Write the picture; its name."""
    write(drawn(panels, results, path.stem), path.parent)
    return path.name
