"""The same elements in another order along some of the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff.registry import composite, primitive

__all__ = ["flip", "roll"]


@composite(numpy=[np.flip])
def flip(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """The elements in the reverse order along `axis` (one, several as a tuple, or all), as a view. As `numpy.flip`.

    >>> ad.flip(ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([3., 2., 1.])
    """
    axes = range(np.ndim(x)) if axis is None else normalize_axis_tuple(axis, np.ndim(x))
    return x[tuple(slice(None, None, -1 if k in axes else None) for k in range(np.ndim(x)))]


roll = primitive(
    lambda x, /, shift, axis=None: np.roll(x, shift, axis),
    {"x": lambda g, shift, axis: np.roll(g, tuple(-n for n in shift) if isinstance(shift, tuple) else -shift, axis)},
    name="roll",
    numpy=[np.roll],
    doc="""The elements moved by `shift` places along `axis`, round the end; in a row if it is None. As `numpy.roll`.

    >>> ad.roll(ad.Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([3., 1., 2.])
    """,
)
