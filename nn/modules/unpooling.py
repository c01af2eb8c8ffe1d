"""Layers that undo max pooling in part."""

from __future__ import annotations

from typing import Any

from nn.functional.unpooling import max_unpool_of
from nn.modules.module import Module
from nn.modules.settings import per_axis

__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class Unpooling(Module):
    """Zeros, but for the largest elements of windows over some number of axes, at their places."""

    _axes: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        name, n = type(self).__name__, self._axes
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, n, 1)
        self.stride = per_axis(name, "stride", kernel_size if stride is None else stride, n, 1)
        self.padding = per_axis(name, "padding", padding, n, 0)

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        """Put the elements of the input at the places `indices`, on axes of the lengths `output_size` if it is given."""
        settings = (self.kernel_size, self.stride, self.padding)
        return max_unpool_of(type(self).__name__, self._axes, input, indices, *settings, output_size)

    def extra_repr(self) -> str:
        """The settings of the windows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(Unpooling):
    """`MaxUnpool2d` with one spatial axis. As `torch.nn.MaxUnpool1d`.

    >>> nn.MaxUnpool1d(2)(np.array([[3.0, 2.0]]), np.array([[1, 2]]))
    array([[0., 3., 2., 0.]])
    """

    _axes = 1


class MaxUnpool2d(Unpooling):
    """Zeros, but for the largest elements of windows, at their places. As `torch.nn.MaxUnpool2d`.

    Args:
        kernel_size: the shape of the windows that were pooled: one number, or one for each axis, as those that follow.
        stride: the step from one window to the next; `kernel_size` if it is None.
        padding: how much stood on both sides.

    It is called with `(input, indices, output_size=None)`; see `nn.functional.max_unpool2d`.

    >>> y, places = nn.MaxPool2d(2, return_indices=True)(np.array([[[1.0, 3.0], [2.0, 0.0]]]))
    >>> nn.MaxUnpool2d(2)(y, places)
    array([[[0., 3.],
            [0., 0.]]])
    """

    _axes = 2


class MaxUnpool3d(Unpooling):
    """`MaxUnpool2d` with three spatial axes. As `torch.nn.MaxUnpool3d`.

    >>> nn.MaxUnpool3d((1, 2, 2))(np.ones((2, 1, 1, 1)), np.zeros((2, 1, 1, 1), int)).shape
    (2, 1, 2, 2)
    """

    _axes = 3
