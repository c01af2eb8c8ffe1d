"""A layer as people keep one, numbers for it, and by which arguments a report speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.testing import GradientReport

RNG = np.random.default_rng(3)
W, B, X = RNG.normal(size=(3, 2)), RNG.normal(size=2), RNG.normal(size=(4, 3))


@dataclass
class Affine:
    W: Any
    b: Any
    activation: Any = np.tanh


def arguments(report: GradientReport) -> list[str]:
    return list(dict.fromkeys(entry.argument for entry in report.entries))
