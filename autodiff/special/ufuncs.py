"""SciPy's special functions themselves, without the dispatch by array namespaces that SCIPY_ARRAY_API=1 wraps around them."""

from __future__ import annotations

import inspect
from typing import Any

import scipy.special

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    return inspect.unwrap(getattr(scipy.special, name))
