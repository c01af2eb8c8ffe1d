"""How the time of a step grows: with the width, the depth and the rows of a classifier, and with the length of a chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.work import Work
from benchmarks.works.chains import chain
from benchmarks.works.networks import classifier

__all__ = ["LINES", "PANELS", "Panel"]

LINES = ("by hand", "products", "eager", "compiled", "native", "native loop", "PyTorch", "JAX")


@dataclass(frozen=True)
class Panel:
    """What the time is a function of: the panel's name and title, the sizes n, and the work of each size."""

    name: str
    title: str
    sizes: tuple[int, ...]
    work: Callable[[int], Work]

    @property
    def works(self) -> dict[str, Callable[[], Work]]:
        """The works by name."""
        return {f"{self.name} {size}": partial(self.work, size) for size in self.sizes}


def width(n: int) -> Work:
    """Two hidden layers of this width."""
    return classifier([64, n, n, 10], 64, threads=1, loop=max(1, 2000 // n))


def depth(n: int) -> Work:
    """So many layers."""
    return classifier([32] * (n + 1), 32, threads=1, loop=max(1, 400 // n))


def rows(n: int) -> Work:
    """So many rows."""
    return classifier([64, 64, 10], n, threads=1, loop=max(1, 8000 // (n + 80)))


def length(n: int) -> Work:
    """So many operations."""
    return chain(n, longest=n > 1000)


PANELS = (
    Panel("width", "Width: 64-n-n-10, 64 rows", (8, 32, 128, 512), width),
    Panel("depth", "Depth: n layers of 32, 32 rows", (1, 4, 16, 64), depth),
    Panel("rows", "Batch: n rows, 64-64-10", (1, 16, 256, 4096), rows),
    Panel("length", "Length: n sines of 10 numbers", (10, 100, 1000, 10_000), length),
)
