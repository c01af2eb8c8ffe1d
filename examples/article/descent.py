"""Gradient descent: a step for each epoch, compiled where there are many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autodiff as ad

__all__ = ["EVERY", "Descent", "descend"]

EVERY = 100  # the errors of so many epochs at the beginning are kept, and from then on of each epoch that ends as many
MANY = 2000  # epochs, from which on compiling pays


class Descent(NamedTuple):
    """What gradient descent leaves behind, besides the weights."""

    epochs: np.ndarray  # those whose errors are kept
    errors: np.ndarray  # with which they begin
    output: Any  # of the last epoch, before its step
    backend: str  # what ran it


def descend(step: Callable[[], tuple[Any, Any]], epochs: int, report: Callable[[int, float], None] | None = None) -> Descent:
    """Take `step`, which returns the error and the output before it, in each epoch. `report` is told the error now and then."""
    kept: list[tuple[int, float]] = []

    def keep(epoch: int, result: tuple[Any, Any]) -> None:
        kept.append((epoch, float(result[0])))
        if report and (epoch + 1) % (10 * EVERY) == 0:
            report(*kept[-1])

    compiled = ad.compile(step, backend="native") if epochs >= MANY else None
    for epoch in range(EVERY if compiled else epochs):
        result = (compiled or step)()
        if epoch < EVERY or (epoch + 1) % EVERY == 0:
            keep(epoch, result)
    if compiled:
        result = compiled.repeat(epochs - EVERY, every=EVERY, callback=lambda k, result: keep(EVERY + k - 1, result))
    if kept[-1][0] != epochs - 1:
        keep(epochs - 1, result)
    backend = {"native": "C", "numpy": "a program of NumPy's calls"}[compiled.backend] if compiled else ""
    return Descent(np.array([epoch for epoch, _ in kept]), np.array([error for _, error in kept]), result[1], backend)
