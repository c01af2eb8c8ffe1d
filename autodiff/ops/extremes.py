"""The larger, the smaller, and limits: element by element, with broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.domain import Kink
from autodiff.lists import in_one
from autodiff.ops.shaping import copy
from autodiff.registry import primitive

__all__ = ["clip", "fmax", "fmin", "maximum", "minimum", "relu"]


# Written so that NaN, which compares as neither, lets the cotangent pass.
def _share(g: Any, loses: Any, ties: Any) -> Any:
    return np.where(loses, 0, np.where(ties, g / 2, g))


maximum = primitive(
    np.maximum,
    {"a": lambda g, a, b: _share(g, a < b, a == b), "b": lambda g, a, b: _share(g, b < a, a == b)},
    kinks=[Kink((np.array([1.0, 2.0]), np.array([1.0, 1.0])), (np.array([0.5, 1.0]), np.array([0.5, 0.0])))],
    doc="""The larger of `a` and `b`, element by element. As `numpy.maximum`.

    The derivative goes to the larger one; ties share it.

    >>> ad.maximum(ad.Tensor([1.0, 4.0]), 2.0)
    Tensor([2., 4.])
    """,
)

minimum = primitive(
    np.minimum,
    {"a": lambda g, a, b: _share(g, a > b, a == b), "b": lambda g, a, b: _share(g, b > a, a == b)},
    kinks=[Kink((np.array([1.0, 2.0]), np.array([1.0, 1.0])), (np.array([0.5, 0.0]), np.array([0.5, 1.0])))],
    doc="""The smaller of `a` and `b`, element by element. As `numpy.minimum`.

    The derivative goes to the smaller one; ties share it.

    >>> ad.minimum(ad.Tensor([1.0, 4.0]), 2.0)
    Tensor([1., 2.])
    """,
)

_TIE_AND_NAN = [
    Kink((np.array([1.0, np.nan, 1.0]), np.array([1.0, 1.0, np.nan])), (np.array([0.5, 0.0, 1.0]), np.array([0.5, 1.0, 0.0])))
]

fmax = primitive(
    np.fmax,
    {"a": lambda g, a, b: _share(g, (a < b) | (a != a), a == b), "b": lambda g, a, b: _share(g, (b < a) | (b != b), a == b)},
    kinks=_TIE_AND_NAN,
    doc="""The larger of `a` and `b`, or the one that is a number, element by element. As `numpy.fmax`.

    The derivative goes to it; ties share it.

    >>> ad.fmax(ad.Tensor([1.0, np.nan]), 2.0)
    Tensor([2., 2.])
    """,
)

fmin = primitive(
    np.fmin,
    {"a": lambda g, a, b: _share(g, (a > b) | (a != a), a == b), "b": lambda g, a, b: _share(g, (b > a) | (b != b), a == b)},
    kinks=_TIE_AND_NAN,
    doc="""The smaller of `a` and `b`, or the one that is a number, element by element. As `numpy.fmin`.

    The derivative goes to it; ties share it.

    >>> ad.fmin(ad.Tensor([1.0, np.nan]), 2.0)
    Tensor([1., 2.])
    """,
)


@composite(numpy=[np.clip])
def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """`x` limited to the range from `min` to `max`: `minimum(maximum(x, min), max)`, and so are its derivatives. As `numpy.clip`.

    Its derivative is 1 inside and 0 outside; at a limit, `x` and the limit share it.

    >>> ad.clip(ad.Tensor([-1.0, 0.5, 4.0]), 0.0, 1.0)
    Tensor([0. , 0.5, 1. ])
    """
    if min is None and max is None:
        return copy(x)
    x, min, max = in_one(x), in_one(min), in_one(max)
    x = x if min is None else maximum(x, min)
    return x if max is None else minimum(x, max)


_MANY = 4096  # elements from which on a branch for each takes longer than the work on bits
_BITS = {"f": np.int32, "d": np.int64}


def _dropped(g: Any, drops: Any) -> Any:
    """`g`, but 0 where `drops`; of many numbers either all bits or none are kept."""
    if not isinstance(g, np.ndarray) or g.size < _MANY or g.dtype.char not in _BITS:
        return np.where(drops, 0, g)
    return np.bitwise_and(g.view(_BITS[g.dtype.char]), drops.view(np.int8) - np.int8(1)).view(g.dtype)


relu = primitive(
    lambda x, /: np.maximum(x, 0),
    {"x": lambda g, y: _dropped(g, y <= 0)},  # of y, which the next layer keeps anyway
    name="relu",
    elementwise=True,
    kinks=[Kink((0.0,), (0.0,))],
    doc="""The rectifier `max(x, 0)`; its derivative is 1 above 0 and 0 below, and stated as 0 at 0. As `torch.relu`.

    >>> ad.relu(ad.Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """,
)
