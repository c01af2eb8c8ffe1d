"""Convolutions, as networks have them, and what is adjoint to them.

`Σ y[n, o, p] x[n, c, stride p + dilation k - padding] w[o, c, k]` is linear in each of `y`, `x` and `w`. Its derivative by `y` is
the convolution, that by `x` the transposed one, and that by `w` is `conv_weight`: each of them has the two others for its rules.

Each is one product of matrices, of the kernels and of all windows. In memory the batch is innermost, of what is computed with and
of the results, whose axes are in the usual order nevertheless: so windows are copied by long runs of elements, and what follows
on the elements of the result, such as pooling, does the same for each of the batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.ops.indexing import as_array_like
from autodiff.registry import primitive
from autodiff.windows.grids import Grid, added_up, as_type, by_rows, grid, grid_of, plain, wide, windows_of

__all__ = ["conv_transpose", "conv_weight", "convolution"]

_PREPARE = {"groups": plain}
_ROOM = 1 << 20  # elements of the windows of a block: few enough for the cache, in which they are multiplied
_LONG = 256  # elements of a row of windows, from which on sums over each row are faster than one over all


def _by_blocks(function: Callable[..., Any], at: Grid, channels: int, *arrays: Any) -> list[Any]:
    """What `function` makes of the arrays, as many of the batch at a time as have room with all their windows."""
    batch, each = len(arrays[0]), max(1, channels * math.prod(at.window) * math.prod(at.out))
    size = max(1, _ROOM // each)
    if batch <= size:
        return [function(*arrays)]
    return [function(*(x[start : start + size] for x in arrays)) for start in range(0, batch, size)]


def _whole(blocks: list[Any]) -> Any:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


# Matrices are multiplied fast if they lie in memory by rows; a reshape of what does not, or is broadcast, may be a view of it.


def _batch_last(x: Any) -> Any:
    """`x: (n, ...)` as `(..., n)`."""
    return np.moveaxis(x, 0, -1)


def _batch_first(x: Any) -> Any:
    """`x: (..., n)` as `(n, ...)`."""
    return np.moveaxis(x, -1, 0)


def _columns(x: Any, at: Grid, groups: int) -> Any:
    """The windows on `x: (n, c, *sizes)` in columns: `(groups, c / groups * window, out * n)`."""
    n, c = x.shape[:2]
    windows = windows_of(_batch_first(by_rows(_batch_last(x))), at)
    return np.reshape(by_rows(_batch_last(windows)), (groups, c // groups * math.prod(at.window), math.prod(at.out) * n))


def _rows(w: Any, groups: int) -> Any:
    """The kernels `w: (o, c, *kernel)` in rows: `(groups, o / groups, c * kernel)`."""
    return np.reshape(by_rows(w), (groups, w.shape[0] // groups, math.prod(w.shape[1:])))


def _grouped(y: Any, groups: int) -> Any:
    """`y: (n, o, *out)` as `(groups, o / groups, out * n)`."""
    n, o, *out = y.shape
    return np.reshape(by_rows(_batch_last(y)), (groups, o // groups, math.prod(out) * n))


def _operands(caller: str, wanted: str, groups: Any, *arrays: Any) -> tuple[Any, Any, Any]:
    """The two arrays, and the type of what is made of them."""
    a, b = map(as_array_like, arrays)
    if not a.ndim == b.ndim > 2:
        raise ValueError(
            f"{caller}: the shapes are {a.shape} and {b.shape}; wanted {wanted}, with as many spatial axes, at least one."
        )
    if not isinstance(groups, (int, np.integer)) or groups < 1:
        raise ValueError(f"{caller}: groups is {groups!r}; wanted a positive integer.")
    dtype = np.result_type(a, b)
    return wide(a), wide(b), dtype


def _require(caller: str, holds: bool, a: Any, b: Any, groups: int, wanted: str) -> None:
    if not holds:
        raise ValueError(f"{caller}: the shapes are {a.shape} and {b.shape}, and groups is {groups}; wanted {wanted}.")


def _convolution(x: Any, w: Any, /, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:
    x, w, dtype = _operands("convolution", "x: (n, c, *spatial) and w: (o, c / groups, *kernel)", groups, x, w)
    o, c = w.shape[0], w.shape[1] * groups
    fits = f"x with {c} channels, {w.shape[1]} for each of the groups, or w: ({o}, {x.shape[1]} / groups, *kernel)"
    _require("convolution", x.shape[1] == c, x, w, groups, fits)
    _require("convolution", o % groups == 0, x, w, groups, f"groups that divide the {o} kernels of w")
    at = grid("convolution", x.shape[2:], w.shape[2:], stride, padding, dilation)
    rows = _rows(w, groups)

    def of(x: Any) -> Any:
        return _batch_first(np.reshape(rows @ _columns(x, at, groups), (o, *at.out, len(x))))

    return as_type(_whole(_by_blocks(of, at, c, x)), dtype)


def _conv_transpose(
    x: Any, w: Any, /, *, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    x, w, dtype = _operands("conv_transpose", "x: (n, o, *spatial) and w: (o, c / groups, *kernel)", groups, x, w)
    o, c = w.shape[0], w.shape[1] * groups
    _require("conv_transpose", x.shape[1] == o, x, w, groups, f"x with {o} channels, one for each of the kernels of w")
    _require("conv_transpose", o % groups == 0, x, w, groups, f"groups that divide the {o} kernels of w")
    at = grid_of("conv_transpose", x.shape[2:], w.shape[2:], stride, padding, output_padding, dilation)
    columns = _rows(w, groups).mT

    def of(x: Any) -> Any:
        windows = np.reshape(columns @ _grouped(x, groups), (c, *at.window, *at.out, len(x)))
        return added_up(_batch_first(windows), at)

    return as_type(_whole(_by_blocks(of, at, c, x)), dtype)


def _conv_weight(
    x: Any, v: Any, /, kernel_shape: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    x, v, dtype = _operands("conv_weight", "x: (n, c, *spatial) and v: (n, o, *out)", groups, x, v)
    c, o = x.shape[1], v.shape[1]
    _require("conv_weight", len(x) == len(v), x, v, groups, "a batch of one size")
    _require("conv_weight", c % groups == o % groups == 0, x, v, groups, f"groups that divide the {c} and the {o} channels")
    at = grid("conv_weight", x.shape[2:], kernel_shape, stride, padding, dilation)
    _require("conv_weight", at.out == v.shape[2:], x, v, groups, f"v: (n, o, *{at.out}), as kernels of shape {at.window} give it")

    def of(x: Any, v: Any) -> Any:
        length = math.prod(at.out[1:]) * len(x)
        count = at.out[0] if length >= _LONG else 1
        left, right = (
            np.moveaxis(np.reshape(y, (*y.shape[:2], count, math.prod(at.out) // count * len(x))), 2, 0)
            for y in (_grouped(v, groups), _columns(x, at, groups))
        )
        return np.sum(left @ right.mT, axis=0)

    total, *others = _by_blocks(of, at, c, x, v)
    for other in others:
        total = total + other
    return as_type(np.reshape(total, (o, c // groups, *at.window)), dtype)


def _unread(x_shape: Any, w_shape: Any, stride: Any, padding: Any, dilation: Any) -> tuple[int, ...]:
    """How many elements at the ends of `x` no window reaches: the output padding with which it is transposed."""
    return grid("convolution", x_shape[2:], w_shape[2:], stride, padding, dilation).rest


# With an output padding of a stride or more, one more window or several fit, which no element of what was transposed belongs to.


def _first(y: Any, shape: tuple[int, ...]) -> Any:
    """`y` at the first of its places, as many as `shape` has."""
    return y[tuple(map(slice, shape))]


def _for_all(x: Any, y_shape: Any, w_shape: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """`x: (n, o, *places)` with zeros for the windows on `y` that are more than its places."""
    out = grid("conv_transpose", y_shape[2:], w_shape[2:], stride, padding, dilation).out
    more = [(0, count - n) for count, n in zip(out, x.shape[2:], strict=True)]
    return x if out == x.shape[2:] else np.pad(x, ((0, 0), (0, 0), *more))


convolution = primitive(
    _convolution,
    {
        "x": lambda g, w, x_shape, w_shape, stride, padding, dilation, groups: conv_transpose(
            g,
            w,
            stride=stride,
            padding=padding,
            output_padding=_unread(x_shape, w_shape, stride, padding, dilation),
            dilation=dilation,
            groups=groups,
        ),
        "w": lambda g, x, w_shape, stride, padding, dilation, groups: conv_weight(
            x, g, w_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
        ),
    },
    name="convolution",
    prepare=_PREPARE,
    doc="""`y[n, o, p] = Σ x[n, c, stride p + dilation k - padding] w[o, c, k]`, summed over channels c and places k in the kernel.

    `x: (n, c, *spatial)` and `w: (o, c / groups, *kernel)`, with any number of spatial axes; result `(n, o, *out)`, with
    `(size + before + after - dilation (k - 1) - 1) // stride + 1` elements along each axis. Outside of `x` are zeros. With
    several `groups`, the channels of `x` and those of the result are in as many groups, each made of one. As
    `torch.nn.functional.conv1d`, `conv2d` and `conv3d`, without a bias. Signal processing calls it a correlation: the kernel is not
    reversed.

    Raises:
        ValueError: the shapes do not fit, or a kernel is larger than `x` with its borders.

    >>> x, w = ad.Tensor([[[1.0, 2.0, 4.0, 8.0]]]), ad.Tensor([[[-1.0, 1.0]]])
    >>> ad.windows.convolution(x, w)
    Tensor([[[1., 2., 4.]]])
    """,
)

conv_transpose: Callable[..., Any] = primitive(
    _conv_transpose,
    {
        "x": lambda g, w, x_shape, stride, padding, dilation, groups: _first(
            convolution(g, w, stride=stride, padding=padding, dilation=dilation, groups=groups), x_shape
        ),
        "w": lambda g, x, w_shape, stride, padding, dilation, groups: conv_weight(
            g,
            _for_all(x, g.shape, w_shape, stride, padding, dilation),
            w_shape[2:],
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        ),
    },
    name="conv_transpose",
    prepare=_PREPARE,
    doc="""`y[n, c, stride p + dilation k - padding] = Σ x[n, o, p] w[o, c, k]`: the adjoint of `convolution` by its first argument.

    `x: (n, o, *spatial)` and `w: (o, c / groups, *kernel)`; result `(n, c, *out)`, with
    `(size - 1) stride + dilation (k - 1) + 1 - before - after + output_padding` elements along each axis. A convolution with a
    stride gives as much for inputs of several lengths; `output_padding`, less than the stride, says of which. It may be less than
    the dilation alone, and adds elements to which no window reaches. As `torch.nn.functional.conv_transpose1d`, `conv_transpose2d`
    and `conv_transpose3d`, without a bias.

    Raises:
        ValueError: the shapes do not fit, or `output_padding` is neither less than `stride` nor than `dilation`.

    >>> x, w = ad.Tensor([[[1.0, 2.0, 4.0]]]), ad.Tensor([[[-1.0, 1.0]]])
    >>> ad.windows.conv_transpose(x, w)
    Tensor([[[-1., -1., -2.,  4.]]])
    """,
)

conv_weight: Callable[..., Any] = primitive(
    _conv_weight,
    {
        "x": lambda g, v, x_shape, stride, padding, dilation, groups: conv_transpose(
            v,
            g,
            stride=stride,
            padding=padding,
            output_padding=_unread(x_shape, g.shape, stride, padding, dilation),
            dilation=dilation,
            groups=groups,
        ),
        "v": lambda g, x, stride, padding, dilation, groups: convolution(
            x, g, stride=stride, padding=padding, dilation=dilation, groups=groups
        ),
    },
    name="conv_weight",
    prepare=_PREPARE,
    doc="""`w[o, c, k] = Σ v[n, o, p] x[n, c, stride p + dilation k - padding]`: the adjoint of `convolution` by its kernels.

    `x: (n, c, *spatial)` and `v: (n, o, *out)`, a cotangent of the convolution; result `(o, c / groups, *kernel_shape)`. As
    `torch.nn.grad.conv2d_weight`, in any number of dimensions.

    Raises:
        ValueError: the shapes do not fit.

    >>> x, v = ad.Tensor([[[1.0, 2.0, 4.0, 8.0]]]), ad.Tensor([[[1.0, 0.0, 1.0]]])
    >>> ad.windows.conv_weight(x, v, (2,))
    Tensor([[[ 5., 10.]]])
    """,
)
