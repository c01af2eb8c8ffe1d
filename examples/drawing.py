"""What the pictures of all examples have in common, and how they become PNG files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from examples.checks import Unusable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BLACK", "BLUE", "GREEN", "ORANGE", "PURPLE", "new_figure", "write"]

# Colours that differ in lightness as well as in hue, for those who do not see the hue (Okabe and Ito's set).
BLUE, ORANGE, GREEN, PURPLE, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#222222"
STYLE = {"font.size": 11, "axes.titlesize": 12, "axes.spines.top": False, "axes.spines.right": False, "savefig.dpi": 150}


def new_figure(width: float, height: float, columns: int = 1, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty figure that keeps its labels apart."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(np.ravel(figure.subplots(rows, columns)))


def write(pictures: Iterable[tuple[str, Figure]], directory: Path) -> list[Path]:
    """Write each picture to a file of its name; return the files. The pictures are to be drawn while they are asked for."""
    from matplotlib import rc_context

    paths = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with rc_context(STYLE):
            for name, figure in pictures:
                paths.append(directory / f"{name}.png")
                figure.savefig(paths[-1])
    except OSError as error:
        raise Unusable(f"--out {directory}: cannot write {error.filename}: {error.strerror}") from None
    return paths
