"""What is measured, by name. Data and networks are made when a work is asked for."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.work import Work
from benchmarks.works import chains, convolutions, estimators, networks, scalars, scaling, sequences

__all__ = ["TABLE", "WORKS"]

TABLE: dict[str, Callable[[], Work]] = {
    **networks.WORKS,
    **convolutions.WORKS,
    **sequences.WORKS,
    **chains.WORKS,
    **scalars.WORKS,
    **estimators.WORKS,
}
WORKS = TABLE | {name: work for panel in scaling.PANELS for name, work in panel.works.items()}
