"""What functions that draw random numbers have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__: list[str] = []


def float_type(x: Any) -> np.dtype[Any]:
    """The dtype of `x`, or float64 if that is not one of floating point."""
    dtype = getattr(x, "dtype", np.dtype(float))
    return dtype if dtype.kind == "f" else np.dtype(float)
