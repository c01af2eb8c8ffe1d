"""Borders around the last one, two or three axes: what each consists of, and when it is an error, says `nn.functional.pad`."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import functional
from nn.functional.naming import errors_of
from nn.modules.module import Module

__all__ = ["CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d"]
__all__ += ["ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d"]
__all__ += ["ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d"]


class Border(Module):
    """A border around the last `axes` axes.

    Args:
        padding: how many elements stand before and after the last axis, then before and after the one before it, and so on; or one
            number for all.
    """

    axes = 1
    mode = "constant"
    value: float | None = None

    def __init_subclass__(cls, axes: int | None = None, mode: str | None = None, **kwargs: Any) -> None:
        """Note around how many axes, and what the border consists of."""
        super().__init_subclass__(**kwargs)
        cls.axes, cls.mode = axes or cls.axes, mode or cls.mode

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = (padding,) * 2 * self.axes if isinstance(padding, (int, np.integer)) else tuple(padding)
        if len(self.padding) != 2 * self.axes or not all(isinstance(n, (int, np.integer)) for n in self.padding):
            raise ValueError(
                f"{type(self).__name__}: padding is {padding}; wanted one whole number, or {2 * self.axes}: before and after "
                f"each axis, the last axis first."
            )

    def forward(self, input: Any) -> Any:
        """Put the border around the input."""
        with errors_of(type(self).__name__):
            return functional.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        """How many elements on each side."""
        return f"{self.padding}"


class ConstantBorder(Border):
    """A border of `value`."""

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        """How many elements on each side, and which."""
        return f"padding={self.padding}, value={self.value}"


class CircularPad1d(Border, axes=1, mode="circular"):
    """A border from the other end around the last axis. As `torch.nn.CircularPad1d`.

    >>> nn.CircularPad1d(1)(ad.Tensor([[1.0, 2.0]]))
    Tensor([[2., 1., 2., 1.]])
    """


class CircularPad2d(Border, axes=2, mode="circular"):
    """A border from the other end around the last two axes. As `torch.nn.CircularPad2d`.

    >>> nn.CircularPad2d((1, 2, 1, 2))(np.ones((1, 3, 4, 4))).shape
    (1, 3, 7, 7)
    """


class CircularPad3d(Border, axes=3, mode="circular"):
    """A border from the other end around the last three axes. As `torch.nn.CircularPad3d`.

    >>> nn.CircularPad3d((1, 2, 1, 2, 1, 2))(np.ones((1, 3, 4, 4, 4))).shape
    (1, 3, 7, 7, 7)
    """


class ConstantPad1d(ConstantBorder, axes=1):
    """A border of `value` around the last axis. As `torch.nn.ConstantPad1d`.

    >>> nn.ConstantPad1d(1, 0.5)(ad.Tensor([[1.0, 2.0]]))
    Tensor([[0.5, 1. , 2. , 0.5]])
    """


class ConstantPad2d(ConstantBorder, axes=2):
    """A border of `value` around the last two axes. As `torch.nn.ConstantPad2d`.

    >>> nn.ConstantPad2d((1, 2, 1, 2), 0.5)(np.ones((1, 3, 4, 4))).shape
    (1, 3, 7, 7)
    """


class ConstantPad3d(ConstantBorder, axes=3):
    """A border of `value` around the last three axes. As `torch.nn.ConstantPad3d`.

    >>> nn.ConstantPad3d((1, 2, 1, 2, 1, 2), 0.5)(np.ones((1, 3, 4, 4, 4))).shape
    (1, 3, 7, 7, 7)
    """


class ReflectionPad1d(Border, axes=1, mode="reflect"):
    """A border by reflection around the last axis. As `torch.nn.ReflectionPad1d`.

    >>> nn.ReflectionPad1d(1)(ad.Tensor([[1.0, 2.0]]))
    Tensor([[2., 1., 2., 1.]])
    """


class ReflectionPad2d(Border, axes=2, mode="reflect"):
    """A border by reflection around the last two axes. As `torch.nn.ReflectionPad2d`.

    >>> nn.ReflectionPad2d((1, 2, 1, 2))(np.ones((1, 3, 4, 4))).shape
    (1, 3, 7, 7)
    """


class ReflectionPad3d(Border, axes=3, mode="reflect"):
    """A border by reflection around the last three axes. As `torch.nn.ReflectionPad3d`.

    >>> nn.ReflectionPad3d((1, 2, 1, 2, 1, 2))(np.ones((1, 3, 4, 4, 4))).shape
    (1, 3, 7, 7, 7)
    """


class ReplicationPad1d(Border, axes=1, mode="replicate"):
    """A border by repetition of the outermost elements around the last axis. As `torch.nn.ReplicationPad1d`.

    >>> nn.ReplicationPad1d(1)(ad.Tensor([[1.0, 2.0]]))
    Tensor([[1., 1., 2., 2.]])
    """


class ReplicationPad2d(Border, axes=2, mode="replicate"):
    """A border by repetition of the outermost elements around the last two axes. As `torch.nn.ReplicationPad2d`.

    >>> nn.ReplicationPad2d((1, 2, 1, 2))(np.ones((1, 3, 4, 4))).shape
    (1, 3, 7, 7)
    """


class ReplicationPad3d(Border, axes=3, mode="replicate"):
    """A border by repetition of the outermost elements around the last three axes. As `torch.nn.ReplicationPad3d`.

    >>> nn.ReplicationPad3d((1, 2, 1, 2, 1, 2))(np.ones((1, 3, 4, 4, 4))).shape
    (1, 3, 7, 7, 7)
    """


class ZeroPad1d(Border, axes=1):
    """A border of zeros around the last axis. As `torch.nn.ZeroPad1d`.

    >>> nn.ZeroPad1d(1)(ad.Tensor([[1.0, 2.0]]))
    Tensor([[0., 1., 2., 0.]])
    """


class ZeroPad2d(Border, axes=2):
    """A border of zeros around the last two axes. As `torch.nn.ZeroPad2d`.

    >>> nn.ZeroPad2d((1, 2, 1, 2))(np.ones((1, 3, 4, 4))).shape
    (1, 3, 7, 7)
    """


class ZeroPad3d(Border, axes=3):
    """A border of zeros around the last three axes. As `torch.nn.ZeroPad3d`.

    >>> nn.ZeroPad3d((1, 2, 1, 2, 1, 2))(np.ones((1, 3, 4, 4, 4))).shape
    (1, 3, 7, 7, 7)
    """
