"""Convolutions and windows, in ONNX."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn.export.tracing import Trace

__all__ = ["conv_transpose", "convolution", "largest", "pooled", "unfold"]


def _per_axis(value: Any, n: int) -> list[int]:
    return [int(v) for v in (value if isinstance(value, (tuple, list)) else (value,) * n)]


def _pairs(padding: Any, n: int) -> list[tuple[int, int]]:
    each = padding if isinstance(padding, (tuple, list)) else (padding,) * n
    return [(int(p[0]), int(p[1])) if isinstance(p, (tuple, list)) else (int(p), int(p)) for p in each]


def _layout(n: int, window: Any, stride: Any, padding: Any, dilation: Any) -> dict[str, Any]:
    """The attributes that convolutions and pools have in common."""
    pairs = _pairs(padding, n)
    return {
        "kernel_shape": _per_axis(window, n),
        "strides": _per_axis(stride, n),
        "pads": [p[0] for p in pairs] + [p[1] for p in pairs],
        "dilations": _per_axis(dilation, n),
    }


def convolution(g: Trace, y: Any, x: Any, w: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    """`Conv`."""
    layout = _layout(y.ndim - 2, w.shape[2:], stride, padding, dilation)
    return g.add("Conv", g.cast(x, y.dtype), g.cast(w, y.dtype), group=int(groups), **layout)


def conv_transpose(
    g: Trace,
    y: Any,
    x: Any,
    w: Any,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """`ConvTranspose`."""
    layout = _layout(y.ndim - 2, w.shape[2:], stride, padding, dilation)
    layout["output_padding"] = _per_axis(output_padding, y.ndim - 2)
    return g.add("ConvTranspose", g.cast(x, y.dtype), g.cast(w, y.dtype), group=int(groups), **layout)


def unfold(g: Trace, y: Any, x: Any, window_shape: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, fill: Any = 0) -> Any:
    """All windows, read axis by axis. Where they are only reduced, a pool takes their place, and this is left out at the end."""
    return _unfolded(x, y.shape, window_shape, stride, padding, dilation, fill)


def largest(g: Trace, y: Any, x: Any, window_shape: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    """The largest of each window: `MaxPool`, or a reduction of all windows where there is none of the elements."""
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -math.inf if x.dtype.kind in "fc" else False
    windows = _unfolded(x, y.shape, window_shape, stride, padding, dilation, lowest)
    return np.max(windows, axis=tuple(range(2 * x.ndim - windows.ndim, x.ndim)))


def _unfolded(x: Any, shape: tuple[int, ...], window_shape: Any, stride: Any, padding: Any, dilation: Any, fill: Any) -> Any:
    """All windows, whose numbers along the axes are the last of `shape`."""
    n = len(window_shape) if isinstance(window_shape, (tuple, list)) else x.ndim - 2
    layout, lead = _layout(n, window_shape, stride, padding, dilation), x.ndim - n
    borders = [(0, 0)] * lead + _pairs(padding, n)
    parts = np.pad(x, borders, constant_values=fill) if any(map(any, borders)) else x
    each = zip(layout["kernel_shape"], layout["strides"], layout["dilations"], shape[-n:], strict=True)
    for i, (k, step, gap, out) in enumerate(each):
        places = gap * np.arange(k)[:, None] + step * np.arange(out)
        parts = parts[(slice(None),) * (lead + 2 * i) + (places,)]
    order = [*range(lead), *range(lead, lead + 2 * n, 2), *range(lead + 1, lead + 2 * n, 2)]
    result: Any = np.transpose(parts, order)
    result.windows = (x, layout, fill)
    return result


def pooled(g: Trace, y: Any, x: Any, axes: np.ndarray, op: str) -> Any:
    """The pool that a reduction of windows is, or None if it is none."""
    if getattr(x, "windows", None) is None or op not in ("ReduceMax", "ReduceMean"):
        return None
    source, layout, fill = x.windows
    n = len(layout["kernel_shape"])
    lead = source.ndim - n
    is_max = op == "ReduceMax"
    wanted = -math.inf if is_max else 0
    if sorted(axes) != list(range(lead, lead + n)) or fill != wanted or n > 3 or not source.dtype == y.dtype != bool:
        return None
    if not is_max and any(gap != 1 for gap in layout["dilations"]):
        return None
    settings = layout if is_max else {"count_include_pad": 1, **{k: v for k, v in layout.items() if k != "dilations"}}
    pool = "MaxPool" if is_max else "AveragePool"
    if lead == 2:
        return g.add(pool, source, **settings)
    flat = np.array((1, math.prod(source.shape[:lead]), *source.shape[lead:]), np.int64)
    return g.add("Reshape", g.add(pool, g.add("Reshape", source, flat), **settings), np.array(y.shape, np.int64))
