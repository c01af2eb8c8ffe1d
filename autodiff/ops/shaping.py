"""Shape and type: the same elements, arranged otherwise or put together."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.domain import Example
from autodiff.primitive import composite, primitive

__all__ = ["astype", "broadcast_to", "concat", "copy", "expand_dims", "permute_dims", "reshape", "squeeze", "stack", "swapaxes"]

reshape = primitive(
    lambda x, /, shape: np.reshape(x, shape),
    {"x": lambda g, x_shape: np.reshape(g, x_shape)},
    name="reshape",
    numpy=[np.reshape],
    examples=[
        Example(((2, 3),), {"shape": (3, 2)}),
        Example(((2, 3),), {"shape": -1}),
        Example(((),), {"shape": (1, 1)}),
        Example(((0, 2),), {"shape": (2, 0)}),
    ],
    view=True,
    doc="""The elements of `x` in another shape, in the same (row-major) order; -1 stands for what is left. As `numpy.reshape`.

    >>> ad.reshape(ad.Tensor([1.0, 2.0]), (2, 1))
    Tensor([[1.],
            [2.]])
    """,
)

permute_dims = primitive(
    lambda x, /, axes=None: np.transpose(x, axes),
    {
        "x": lambda g, axes: np.transpose(
            g, None if axes is None else tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))
        )
    },
    name="permute_dims",
    numpy=[np.transpose],
    examples=[
        Example(((2, 3),)),
        Example(((2, 3, 4),), {"axes": (1, 2, 0)}),
        Example(((2, 3, 4),), {"axes": (-1, 0, 1)}),
        Example(((2, 3, 4),), {"axes": (2, -2, 0)}),
        Example(((),)),
        Example(((0, 2),)),
    ],
    view=True,
    doc="""The array with its axes in the order `axes`, or reversed. As `numpy.permute_dims` (`numpy.transpose`).

    >>> ad.permute_dims(ad.Tensor([[1.0, 2.0]]))
    Tensor([[1.],
            [2.]])
    """,
)


@composite(numpy=[np.swapaxes])
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """The array with two of its axes in each other's place. As `numpy.swapaxes`.

    >>> ad.swapaxes(ad.Tensor([[1.0, 2.0]]), 0, 1)
    Tensor([[1.],
            [2.]])
    """
    axes = list(range(np.ndim(x)))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return permute_dims(x, tuple(axes))


broadcast_to = primitive(
    lambda x, /, shape: np.broadcast_to(x, shape),
    {"x": lambda g: g},
    name="broadcast_to",
    numpy=[np.broadcast_to],
    examples=[
        Example(((3,),), {"shape": (2, 3)}),
        Example(((2, 1),), {"shape": (2, 3)}),
        Example(((),), {"shape": (2,)}),
        Example(((1, 2),), {"shape": (0, 2)}),
    ],
    view=True,
    doc="""`x` repeated to the shape `shape`. As `numpy.broadcast_to`.

    >>> ad.broadcast_to(ad.Tensor([1.0, 2.0]), (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """,
)

expand_dims = primitive(
    lambda x, /, axis: np.expand_dims(x, axis),
    {"x": lambda g, x_shape: np.reshape(g, x_shape)},
    name="expand_dims",
    numpy=[np.expand_dims],
    examples=[
        Example(((3,),), {"axis": 0}),
        Example(((2, 3),), {"axis": (0, -1)}),
        Example(((),), {"axis": 0}),
        Example(((0,),), {"axis": 1}),
    ],
    view=True,
    doc="""`x` with new axes of length one at the positions `axis` of the result. As `numpy.expand_dims`.

    >>> ad.expand_dims(ad.Tensor([1.0, 2.0]), 0)
    Tensor([[1., 2.]])
    """,
)

squeeze = primitive(
    lambda x, /, axis=None: np.squeeze(x, axis),
    {"x": lambda g, x_shape: np.reshape(g, x_shape)},
    name="squeeze",
    numpy=[np.squeeze],
    examples=[
        Example(((1, 3),)),
        Example(((1, 3, 1),), {"axis": -1}),
        Example(((1, 0),), {"axis": (0,)}),
        Example(((2, 1, 3),), {"axis": 1}),
    ],
    view=True,
    doc="""`x` without its axes of length one, or without those named by `axis`. As `numpy.squeeze`.

    >>> ad.squeeze(ad.Tensor([[1.0, 2.0]]))
    Tensor([1., 2.])
    """,
)

astype = primitive(
    lambda x, /, dtype: np.asarray(x).astype(dtype, copy=False),
    {"x": lambda g: g},
    name="astype",
    numpy=[np.astype] if hasattr(np, "astype") else [],
    examples=[Example((shape,), {"dtype": np.dtype(np.float64)}) for shape in ((3,), (), (2, 3))],
    view=True,
    doc="""`x` with elements of type `dtype`; no gradient flows through integers, so that is an error. As `numpy.astype`.

    >>> ad.astype(ad.Tensor([1.5, 2.5]), np.float32).dtype
    dtype('float32')
    """,
)


copy = primitive(
    np.copy,
    {"x": lambda g: g},
    name="copy",
    numpy=[np.copy],
    elementwise=True,
    doc="""`x` in memory of its own. As `numpy.copy`.

    >>> ad.copy(ad.Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """,
)


def _split(g: Any, k: int, shapes: list[tuple[int, ...]], axis: int | None) -> Any:
    """The part of `g` that belongs to array `k` of a concatenation."""
    if axis is None:
        sizes = [int(np.prod(shape)) for shape in shapes]
        start = sum(sizes[:k])
        return np.reshape(g[start : start + sizes[k]], shapes[k])
    start = sum(shape[axis] for shape in shapes[:k])
    return g[(slice(None),) * (axis % len(shapes[k])) + (slice(start, start + shapes[k][axis]),)]


concat = primitive(
    lambda arrays, /, axis=0: np.concatenate(arrays, axis=axis),
    {"*arrays": _split},
    name="concat",
    numpy=[np.concatenate],
    examples=[
        Example((((2, 3), (1, 3)),)),
        Example((((2, 3), (2, 1), (2, 0)),), {"axis": -1}),
        Example((((2,), (1, 2)),), {"axis": None}),
        Example((((2, 3), (2,)),), {"axis": None}),
    ],
    doc="""The arrays, one after another along the existing axis `axis`; flattened first if it is None. As `numpy.concat`.

    >>> ad.concat([ad.Tensor([1.0]), np.array([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """,
)

stack = primitive(
    lambda arrays, /, axis=0: np.stack(arrays, axis=axis),
    {"*arrays": lambda g, k, axis: g[(slice(None),) * (axis % g.ndim) + (k,)]},
    name="stack",
    numpy=[np.stack],
    examples=[
        Example((((3,), (3,)),)),
        Example((((2, 3), (2, 3)),), {"axis": -1}),
        Example((((), (), ()),)),
        Example((((0,), (0,)),), {"axis": 1}),
    ],
    doc="""The arrays, which have one shape, along a new axis `axis` of the result. As `numpy.stack`.

    >>> ad.stack([ad.Tensor([1.0, 2.0]), np.array([3.0, 4.0])])
    Tensor([[1., 2.],
            [3., 4.]])
    """,
)
