"""What a benchmark consists of: a work, and the candidates that do it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["FLOAT32", "REFERENCES", "Candidate", "Make", "Missing", "Work", "needed"]

# The first of them that does a work is what the others are compared with.
REFERENCES = ("by hand", "PyTorch", "scikit-learn", "eager")

FLOAT32 = 2e-5  # how far rounding may lead losses of float32 apart in some steps, in which they change by a hundredth or more


class Missing(Exception):
    """The candidate is not there, since what it needs is not installed or it has no such function."""


@dataclass(frozen=True)
class Candidate:
    """One way to do a work.

    Attributes:
        run: does the work once, or `steps` times; returns numbers that all candidates agree about.
        steps: how many steps a call does, one after the other.
        checked: whether it returns such numbers; what does only a part of the work does not.
    """

    run: Callable[[], Any]
    steps: int = 1
    checked: bool = True


Make = Callable[[], Candidate]


@dataclass(frozen=True)
class Work:
    """What is measured: the title of its row, how many threads it may use, and what makes each candidate from the same start.

    `tolerance` is how far, relatively, rounding may lead the results apart; a time is divided by `per`.
    """

    title: str
    makes: Mapping[str, Make]
    threads: int = 1
    tolerance: float = 1e-9
    per: int = 1

    @property
    def references(self) -> list[str]:
        """What may be compared with, the best first."""
        return [name for name in REFERENCES if name in self.makes]


def needed(name: str) -> Any:
    """The module of a peer; `Missing` if it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise Missing(f"{error.name} is not installed") from None
