"""Parameters: the tensors of a module that are trained."""

from __future__ import annotations

from typing import Any

import autodiff as ad

__all__ = ["Parameter"]


class Parameter(ad.Tensor):
    """A tensor that a module lists among its parameters when it is one of its attributes. As `torch.nn.Parameter`.

    Args:
        data: the initial values, also another parameter's; they are copied.
        requires_grad: whether it is trained.
        dtype: the type of the elements; that of `data` if not given.

    Raises:
        TypeError: `data` was computed from tensors that require grad (pass `detach()`), is complex, or is not floating point and
            to be trained.

    >>> nn.Parameter([1.0, 2.0])
    Parameter([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True, dtype: Any = None) -> None:
        if isinstance(data, ad.Tensor) and data.is_leaf:
            data = data.detach()
        super().__init__(data, requires_grad, dtype)
        if self.dtype.kind == "c":
            raise TypeError(f"Parameter: the data has dtype {self.dtype}; wanted real numbers, such as those of z.real and z.imag.")
