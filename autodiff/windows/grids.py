"""Where windows lie, and what is read and added there. What follows from shapes alone is found out once, and kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, wraps
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autodiff.core.tensor import Tensor, unwrapped
from autodiff.dtypes import is_stand_in

__all__: list[str] = []

Ints = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Grid:
    """Windows of the shape `window` on axes of the lengths `sizes`, at `out` places along each."""

    sizes: Ints
    window: Ints
    stride: Ints
    padding: Pairs
    dilation: Ints
    out: Ints

    @cached_property
    def spans(self) -> Ints:
        """How far a window reaches along each axis."""
        return spans(self.window, self.dilation)

    @cached_property
    def padded(self) -> Ints:
        """How long the axes are with their borders."""
        return tuple(n + before + after for n, (before, after) in zip(self.sizes, self.padding, strict=True))

    @cached_property
    def inside(self) -> tuple[Any, ...]:
        """The index of what is no border."""
        return (..., *(slice(before, before + n) for n, (before, _) in zip(self.sizes, self.padding, strict=True)))

    @cached_property
    def rest(self) -> Ints:
        """How many elements at the end of each axis no window reaches."""
        return tuple((n - span) % step for n, span, step in zip(self.padded, self.spans, self.stride, strict=True))

    @cached_property
    def is_all(self) -> bool:
        """Whether the windows are the elements themselves, each in its place."""
        return self.out == self.sizes == self.padded and math.prod(self.window) == 1

    @cached_property
    def tiles(self) -> bool:
        """Whether the windows lie side by side, so that no element is in two of them."""
        return self.stride == self.window == self.spans

    @cached_property
    def tiled(self) -> tuple[Any, ...]:
        """The index, borders included, of what is in windows that lie side by side."""
        return (..., *(slice(k * count) for k, count in zip(self.window, self.out, strict=True)))

    def seen_at(self, offsets: Ints) -> tuple[Any, ...]:
        """The index, borders included, of what all windows have at `offsets`."""
        starts = [offset * gap for offset, gap in zip(offsets, self.dilation, strict=True)]
        each = zip(starts, self.stride, self.out, strict=True)
        return (..., *(slice(start, start + step * (count - 1) + 1, step) for start, step, count in each))


def spans(window: Ints, dilation: Ints) -> Ints:
    """How far a window reaches along each axis."""
    return tuple(gap * (k - 1) + 1 for k, gap in zip(window, dilation, strict=True))


def per_axis(caller: str, name: str, value: Any, n: int, least: int) -> Ints:
    """One integer for all of `n` axes, or one for each, as one for each."""
    values = value if isinstance(value, tuple) else (value,) * n
    if len(values) != n or not all(isinstance(v, (int, np.integer)) and v >= least for v in values):
        if any(isinstance(v, Tensor) for v in values):
            raise TypeError(f"{caller}: {name} is {value!r}; wanted what can be kept.")  # as `plain` makes it
        raise ValueError(f"{caller}: {name} is {value!r}; wanted an integer, at least {least}, or one for each of {n} axes.")
    return tuple(map(int, values))


def pairs_of(caller: str, padding: Any, n: int) -> Pairs:
    """The borders before and after each of `n` axes: of one width, of one for each axis, or of a pair for each."""
    if isinstance(padding, tuple) and padding and all(isinstance(pair, tuple) and len(pair) == 2 for pair in padding):
        before, after = (per_axis(caller, "padding", tuple(pair[i] for pair in padding), n, 0) for i in (0, 1))
        return tuple(zip(before, after, strict=True))
    return tuple((p, p) for p in per_axis(caller, "padding", padding, n, 0))


def plain(value: Any) -> Any:
    """`value` with tuples in the place of lists, arrays and tensors."""
    if isinstance(value, (np.ndarray, Tensor)) or is_stand_in(value):
        value = np.asarray(value).tolist()  # an error if it requires grad
    return tuple(map(plain, value)) if isinstance(value, (list, tuple)) else value


def _once(function: Callable[..., Grid]) -> Callable[..., Grid]:
    """`function`, whose results are kept for the arguments that it has been given."""
    kept = lru_cache(maxsize=1000, typed=True)(function)  # 1.0 is not what 1 is

    @wraps(function)
    def grid_for(*args: Any) -> Grid:
        try:
            return kept(*args)
        except TypeError:  # of lists and arrays, which cannot be looked up
            return kept(*map(plain, args))

    return grid_for


@_once
def grid(
    caller: str, sizes: Ints, window: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, completed: bool = False
) -> Grid:
    """All windows on axes of the lengths `sizes`; `caller` is the operation that errors name.

    With `completed`, there is one more on each axis of which the others leave something, if it does not begin in the border.
    """
    n = len(sizes)
    window, gaps = per_axis(caller, "the window", window, n, 1), per_axis(caller, "dilation", dilation, n, 1)
    at = Grid(sizes, window, per_axis(caller, "stride", stride, n, 1), pairs_of(caller, padding, n), gaps, ())
    at = replace(at, padding=_completing(at)) if completed else at
    if any(span > size for span, size in zip(at.spans, at.padded, strict=True)):
        raise ValueError(
            f"{caller}: a window of shape {window} with dilation {gaps} reaches over {at.spans} elements, but the axes have only "
            f"{at.padded}, borders included; wanted a smaller window, or more padding."
        )
    out = tuple((size - span) // step + 1 for size, span, step in zip(at.padded, at.spans, at.stride, strict=True))
    return Grid(sizes, window, at.stride, at.padding, gaps, out)


def _completing(at: Grid) -> Pairs:
    """The borders, those at the ends as wide as one more window needs."""
    missing = [(span - size) % step for span, size, step in zip(at.spans, at.padded, at.stride, strict=True)]
    fits = [
        size + more - span < n + before
        for size, more, span, n, (before, _) in zip(at.padded, missing, at.spans, at.sizes, at.padding, strict=True)
    ]
    return tuple((before, after + more * fit) for (before, after), more, fit in zip(at.padding, missing, fits, strict=True))


@_once
def grid_of(caller: str, out: Ints, window: Ints, stride: Any, padding: Any, output_padding: Any, dilation: Any) -> Grid:
    """The windows at `out` places, on axes as long as follows from that, and by `output_padding` longer at their ends."""
    n = len(out)
    extra, steps = per_axis(caller, "output_padding", output_padding, n, 0), per_axis(caller, "stride", stride, n, 1)
    gaps, pairs = per_axis(caller, "dilation", dilation, n, 1), pairs_of(caller, padding, n)
    if any(e >= max(step, gap) for e, step, gap in zip(extra, steps, gaps, strict=True)):
        raise ValueError(
            f"{caller}: output_padding is {extra}, but stride is {steps} and dilation is {gaps}; wanted less than either of these."
        )
    each = zip(out, steps, spans(window, gaps), extra, pairs, strict=True)
    sizes = tuple((count - 1) * step + span + e - sum(pair) for count, step, span, e, pair in each)
    if any(count < 1 for count in out) or any(size < 0 for size in sizes):
        raise ValueError(
            f"{caller}: the axes have {out} elements, from which with a kernel of shape {window}, stride {steps}, dilation {gaps} "
            f"and padding {pairs} follow {sizes}; wanted at least 1, and at least 0."
        )
    return Grid(sizes, window, steps, pairs, gaps, out)


def windows_of(x: Any, at: Grid, fill: Any = 0) -> Any:
    """The windows on `x: (..., *sizes)`, with borders of `fill`: a read-only view `(..., *window, *out)` of it or of a copy."""
    n, lead = len(at.sizes), x.ndim - len(at.sizes)
    if at.padded != at.sizes:
        whole = np.full_like(x, fill, shape=(*x.shape[:lead], *at.padded))
        whole[at.inside] = x
        x = whole
    seen: Any = sliding_window_view(x, at.spans, tuple(range(lead, lead + n)))
    chosen = seen[(..., *(slice(None, None, step) for step in (*at.stride, *at.dilation)))]
    return np.transpose(chosen, (*range(lead), *range(lead + n, lead + 2 * n), *range(lead, lead + n)))


def added_up(windows: Any, at: Grid) -> Any:
    """The sum of windows `(..., *window, *out)`, each at its place: `(..., *sizes)`.

    If windows lie side by side and nothing else is there, it is a view of them.
    """
    n = len(at.sizes)
    lead = windows.ndim - 2 * n
    if at.tiles:
        side_by_side = (axis for i in range(n) for axis in (lead + n + i, lead + i))
        joined = np.transpose(windows, (*range(lead), *side_by_side))
        joined = np.reshape(joined, (*windows.shape[:lead], *(k * count for k, count in zip(at.window, at.out, strict=True))))
        if joined.shape[lead:] == at.sizes == at.padded:
            return joined
        whole = np.zeros_like(joined, shape=(*joined.shape[:lead], *at.padded))
        whole[at.tiled] = joined
        return whole[at.inside]
    like = windows[(..., *(0,) * n, *(slice(None),) * n)]  # with the axes of what is wanted, in the same order in memory
    whole = np.zeros_like(like, shape=(*like.shape[:lead], *at.padded))
    for offsets in np.ndindex(*at.window):
        whole[at.seen_at(offsets)] += windows[(..., *offsets, *(slice(None),) * n)]
    return whole[at.inside]


def laid_out_as(x: Any, other: Any) -> Any:
    """`x`, with its axes in the order in memory that those of `other` have, so that what is computed of both runs through it."""
    if unwrapped(x).strides == other.strides:
        return x
    order = sorted(range(other.ndim), key=lambda axis: -abs(other.strides[axis]))
    return np.transpose(by_rows(np.transpose(x, order)), np.argsort(order).tolist())


def by_rows(x: Any) -> Any:
    """`x` in memory by rows, itself if it lies so."""
    return x if unwrapped(x).flags.c_contiguous else np.copy(x, "C")


def wide(x: Any) -> Any:
    """`x`, but half precision as single, in which sums do not overflow on the way."""
    return x.astype(np.float32) if x.dtype.char == "e" else x


def as_type(x: Any, dtype: Any) -> Any:
    """`x` with elements of this type, itself if it has them."""
    return x if x.dtype == dtype else x.astype(dtype)
