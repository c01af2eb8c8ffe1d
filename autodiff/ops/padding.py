"""Borders around an array, axis by axis: read from it at an index, or made from what is nearest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.core.tensor import Tensor, unwrapped, wrap
from autodiff.dtypes import INEXACT
from autodiff.ops import reductions
from autodiff.ops.choosing import take
from autodiff.ops.indexing import as_array_like, cut
from autodiff.ops.quantiles import median
from autodiff.ops.rearranging import flip
from autodiff.ops.shaping import astype, broadcast_to, concat, copy, stack

__all__ = ["pad"]

_READING = ("edge", "reflect", "symmetric", "wrap")
_STATISTICS: dict[str, Callable[..., Any]] = {
    "maximum": reductions.max, "minimum": reductions.min, "mean": reductions.mean, "median": median
}  # fmt: skip
_OPTIONS = {  # what each mode takes
    "constant": ("constant_values",), "linear_ramp": ("end_values",), "empty": (), "edge": (), "wrap": (),
    "reflect": ("reflect_type",), "symmetric": ("reflect_type",), **dict.fromkeys(_STATISTICS, ("stat_length",)),
}  # fmt: skip
_ROUNDED = ("linear_ramp", "mean", "median")  # to integers, of integers


@composite(numpy=[np.pad])
def pad(
    x: Any,
    pad_width: Any,
    mode: str = "constant",
    *,
    constant_values: Any = None,
    end_values: Any = None,
    stat_length: Any = None,
    reflect_type: str | None = None,
) -> Any:
    """`x` with `pad_width` more elements before and after, along each axis. As `numpy.pad`.

    `pad_width` is one number, a pair `(before, after)`, a pair for each axis, or a dict of them by axis. The border is, by `mode`:

    - "constant": `constant_values`, 0 if not given; "empty": not determined, here 0, and of no derivative;
    - "edge", "reflect", "symmetric", "wrap": `x` continued, read at an index, whose derivative is added to what was read. With
      `reflect_type="odd"`, a reflected element is `2 * edge - element`;
    - "linear_ramp": from the edge to `end_values`, 0 if not given, on a line;
    - "maximum", "minimum", "mean", "median": of the nearest `stat_length` elements, or of all. Ties share the
      derivative of the largest, the smallest and the median.

    `constant_values` and `end_values`, one number or pairs as `pad_width`, have derivatives, too.

    Raises:
        ValueError: the mode is none of these, or does not take an option; a width is negative; there is nothing to continue.
        TypeError: the mode is a function, which `numpy.pad` would have write to an array.

    >>> ad.pad(ad.Tensor([1.0, 2.0, 3.0]), (2, 1), mode="reflect")
    Tensor([3., 2., 1., 2., 3., 2.])
    """
    given = {"constant_values": constant_values, "end_values": end_values, "stat_length": stat_length, "reflect_type": reflect_type}
    options = {name: value for name, value in given.items() if value is not None}
    _require_options(mode, options)
    x = as_array_like(x)
    widths = _widths("pad_width", _by_axis(pad_width, x.ndim), x.ndim)
    if x.dtype.kind not in INEXACT and mode in _ROUNDED:
        y: Any = np.pad(unwrapped(x), widths, mode, **options)  # type: ignore[call-overload]
        return wrap(y) if isinstance(x, Tensor) else y
    y = x
    for axis in range(x.ndim):
        if any(widths[axis]):
            y = _padded(y, widths[axis], axis, mode, options)
    return copy(y) if y is x else y


def _require_options(mode: Any, options: dict[str, Any]) -> None:
    if callable(mode):
        raise TypeError("pad: mode is a function, which would write to an array; wanted the name of one. For another: concat.")
    if mode not in _OPTIONS:
        raise ValueError(f"pad: mode is {mode!r}; wanted one of {', '.join(sorted(_OPTIONS))}.")
    for name in options.keys() - set(_OPTIONS[mode]):
        raise ValueError(f"pad: {name}= is given with mode {mode!r}, which takes {', '.join(_OPTIONS[mode]) or 'no option'}.")
    if options.get("reflect_type", "even") not in ("even", "odd"):
        raise ValueError(f"pad: reflect_type is {options['reflect_type']!r}; wanted 'even' or 'odd'.")


def _by_axis(pad_width: Any, ndim: int) -> Any:
    """A dict of widths by axis as widths of all axes."""
    if not isinstance(pad_width, dict):
        return pad_width
    given = {range(ndim)[axis]: width for axis, width in pad_width.items()}
    return [np.broadcast_to(given.get(axis, 0), 2) for axis in range(ndim)]


def _widths(name: str, value: Any, ndim: int) -> list[list[int]]:
    """One number, a pair, or pairs as a pair for each axis."""
    pairs = np.broadcast_to(np.asarray(unwrapped(value)), (ndim, 2))
    if pairs.dtype.kind not in "iu" and pairs.size:
        raise TypeError(f"pad: {name} is {value}; wanted integers.")
    if np.any(pairs < 0):
        raise ValueError(f"pad: {name} is {value}; wanted no negative number. To leave elements out: x[1:-1].")
    result: list[list[int]] = pairs.tolist()
    return result


def _padded(x: Any, widths: list[int], axis: int, mode: str, options: dict[str, Any]) -> Any:
    n = x.shape[axis]
    if n == 0 and mode not in ("constant", "empty"):
        raise ValueError(f"pad: axis {axis} has no elements to continue with mode {mode!r}; wanted 'constant'.")
    if options.get("reflect_type") == "odd" and n > 1:
        before = cut(_with_odd_reflection(flip(x, axis), widths[0], axis, mode), axis, n, n + widths[0])
        return concat([flip(before, axis), _with_odd_reflection(x, widths[1], axis, mode)], axis)
    before, after = (_border(x, axis, side, widths[side], mode, options) for side in (0, 1))
    return concat([before, x, after], axis)


def _with_odd_reflection(x: Any, width: int, axis: int, mode: str) -> Any:
    """`x` reflected through its last element, all of it again and again, until there are `width` more."""
    skipped = 1 if mode == "reflect" else 0
    while width > 0:
        n = x.shape[axis]
        more = min(width, n - skipped)
        mirrored = flip(cut(x, axis, n - skipped - more, n - skipped), axis)
        x = concat([x, 2 * cut(x, axis, n - 1, n) - mirrored], axis)
        width -= more
    return x


def _border(x: Any, axis: int, side: int, width: int, mode: str, options: dict[str, Any]) -> Any:
    """What comes before (`side` 0) or after (1) `x` along `axis`."""
    n, shape = x.shape[axis], (*x.shape[:axis], width, *x.shape[axis + 1 :])
    if mode in _READING:
        places = np.pad(np.arange(n), (0, width) if side else (width, 0), mode)  # type: ignore[call-overload]
        return take(x, places[n:] if side else places[:width], axis)
    if mode in _STATISTICS:
        count = min(_widths("stat_length", options.get("stat_length", n), x.ndim)[axis][side], n)
        if count == 0 and mode in ("maximum", "minimum"):
            raise ValueError(f"pad: stat_length is 0; wanted at least one element for the {mode}.")
        near = cut(x, axis, n - count, n) if side else cut(x, axis, 0, count)
        return broadcast_to(_STATISTICS[mode](near, axis, keepdims=True), shape)
    value = options.get("constant_values" if mode == "constant" else "end_values", 0)
    value = broadcast_to(astype(_stacked(value), x.dtype), (x.ndim, 2))[axis, side]
    if mode != "linear_ramp":
        return broadcast_to(value, shape)
    edge = cut(x, axis, n - 1, n) if side else cut(x, axis, 0, 1)
    steps = np.arange(width) / max(width, 1)
    steps = (np.flip(steps) if side else steps).astype(x.dtype).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    return value + (edge - value) * steps


def _stacked(values: Any) -> Any:
    """Nested sequences of numbers and tensors as one array."""
    if isinstance(values, (list, tuple)):
        return stack(np.broadcast_arrays(*map(_stacked, values)))
    return as_array_like(values)
