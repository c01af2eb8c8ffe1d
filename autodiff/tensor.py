"""Tensor: an array that knows where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from autodiff import graph, ops, protocols
from autodiff.differentiable import Differentiable
from autodiff.graph import Node, Variable, as_real, unwrapped
from autodiff.modes import current_mode
from autodiff.ops import constants

__all__ = ["Tensor"]


class Tensor(Differentiable):
    """An array whose operations are recorded, so that gradients can be computed.

    Args:
        data: an array, which is not copied, or anything that `numpy.asarray` takes.
        requires_grad: whether `backward` is to compute the gradient by this tensor and keep it in `grad`.
        dtype: the type of the elements; that of `data` if not given.
        name: what explanations and errors call it.
        copy: whether to copy an array, so that the tensor has memory of its own.

    Raises:
        TypeError: `data` is not made of real numbers or booleans, or requires a gradient but is not floating point.

    It has NumPy's operators and the common methods of an array, and NumPy's functions take it: `np.exp(x)`. An operation with a
    plain array gives a tensor. Writing to a part, `x[i] = v`, and updates such as `x += y` are recorded as well: this tensor stands
    for the new value from then on, while what was computed or taken from it before keeps the old one.

    >>> x = ad.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (np.exp(x) * [1, 2, 3]).sum()
    >>> y.backward()
    >>> x.grad
    Tensor([ 2.71828183, 14.7781122 , 60.25661077])
    """

    __slots__ = ()

    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: Any = None, *, name: str | None = None, copy: bool = False
    ) -> None:
        if isinstance(data, Variable):
            if data._node is not None and data._node.requires_grad:
                raise TypeError(
                    "Tensor: the data is a tensor that requires grad, and a new one would lose its graph. "
                    "Use it as it is, or pass detach()."
                )
            data = graph.shared(data)
        array = as_real(data, "Tensor", dtype, copy=copy or None)
        self._array = array
        self._node = None
        if requires_grad or name is not None:
            self._own_leaf(requires_grad, exposed=not copy and (array is data or array.base is not None)).name = name

    # --- changes in place -----------------------------------------------------------------------------------------------------

    def _change(self, what: str, value: Any, recorded: Callable[[], Any], write: Callable[[np.ndarray], Any]) -> Self:
        """Change this tensor: by a recorded operation if a gradient is concerned, else by writing to the array."""
        own = self.requires_grad
        if current_mode().record and (
            own or (isinstance(value, Variable) and value._node is not None and value._node.requires_grad)
        ):
            if own and self.is_leaf:
                raise RuntimeError(
                    f"{what}: this tensor is a leaf that requires grad; changing it would lose the value that its gradient is for. "
                    "Change it inside no_grad(), or work on a copy: x = x.copy()."
                )
            new = recorded()
            if new.shape != self.shape:
                raise ValueError(f"{what}: the result has shape {new.shape}, but the tensor has shape {self.shape}.")
            new = new if new.dtype == self.dtype else new.astype(self.dtype)
            self._array, self._node = new._array, new._node
        elif isinstance(self._node, Node):
            raise RuntimeError(
                f"{what}: inside no_grad(), a computed tensor cannot be changed, since its graph needs the value. "
                "Use detach() or copy()."
            )
        else:
            write(self.writable())
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        def write(array: np.ndarray) -> None:
            array[unwrapped(index)] = unwrapped(value)

        self._change("x[i] = v", value, lambda: ops.setitem(self, value, index), write)

    def __iadd__(self, other: Any) -> Self:  # type: ignore[misc]
        return self._change("x += y", other, lambda: ops.add(self, other), lambda a: np.add(a, unwrapped(other), out=a))

    def __isub__(self, other: Any) -> Self:  # type: ignore[misc]
        return self._change("x -= y", other, lambda: ops.subtract(self, other), lambda a: np.subtract(a, unwrapped(other), out=a))

    def __imul__(self, other: Any) -> Self:  # type: ignore[misc]
        return self._change("x *= y", other, lambda: ops.multiply(self, other), lambda a: np.multiply(a, unwrapped(other), out=a))

    def __itruediv__(self, other: Any) -> Self:  # type: ignore[misc]
        return self._change("x /= y", other, lambda: ops.divide(self, other), lambda a: np.divide(a, unwrapped(other), out=a))

    def __ipow__(self, other: Any) -> Self:  # type: ignore[misc]
        return self._change("x **= y", other, lambda: ops.power(self, other), lambda a: np.power(a, unwrapped(other), out=a))

    def __imatmul__(self, other: Any) -> Self:  # type: ignore[misc]
        return self._change("x @= y", other, lambda: ops.matmul(self, other), lambda a: np.matmul(a, unwrapped(other), out=a))

    # --- NumPy's protocols ----------------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return protocols.call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return protocols.call_function(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        self._leave_graph("np.asarray")
        return np.array(graph.shared(self), dtype=dtype, copy=copy)

    def _leave_graph(self, what: str) -> np.ndarray:
        """The array, for a conversion that would silently lose the gradient if there were one."""
        node = self._node
        if (
            node is not None
            and node.requires_grad
            and current_mode().record
            and not (isinstance(node, Node) and node.parents is None)
        ):
            raise TypeError(
                f"{what}: this tensor requires grad, and the conversion would lose its gradient. Use NumPy or autodiff functions "
                "on the tensor itself (np.exp, not math.exp; np.stack, not np.array), or leave the graph with .item(), .numpy() "
                "or no_grad()."
            )
        return self._array

    def __float__(self) -> float:
        return float(self._leave_graph("float").item())

    def __int__(self) -> int:
        return int(self._leave_graph("int").item())

    def __index__(self) -> int:
        return self._array.__index__()

    def __bool__(self) -> bool:
        return bool(self._array)

    # --- what it is -----------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        text = np.array2string(self._array, separator=", ", prefix="Tensor(")
        if self._array.dtype not in (np.dtype(float), np.dtype(int), np.dtype(bool)):
            text += f", dtype={self._array.dtype}"
        if isinstance(self._node, Node):
            text += f", grad_fn=<{self._node.primitive.name}>"
        elif self.requires_grad:
            text += ", requires_grad=True"
        return f"{type(self).__name__}({text})"

    def __format__(self, spec: str) -> str:
        return format(self._array.item() if spec and self.size == 1 else self._array if spec else str(self), spec)

    def __reduce__(self) -> Any:
        if isinstance(self._node, Node):
            raise TypeError("pickle: this tensor was computed, and its graph cannot be pickled. Pickle x.detach().")
        return _rebuilt, (type(self), graph.shared(self), self.requires_grad, self.name)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if isinstance(self._node, Node):
            raise RuntimeError(
                "deepcopy: this tensor was computed; only leaves can be copied with their role. Use x.copy() or x.detach()."
            )
        new: Self = _rebuilt(type(self), self._array.copy(), self.requires_grad, self.name)
        memo[id(self)] = new
        return new

    __hash__ = object.__hash__

    # --- operators and methods: their bodies are in ops -----------------------------------------------------------------------

    __add__ = __radd__ = ops.add
    __sub__ = ops.subtract
    __mul__ = __rmul__ = ops.multiply
    __truediv__ = ops.divide
    __pow__ = ops.power
    __matmul__ = ops.matmul
    __neg__ = ops.negative
    __pos__ = ops.positive
    __abs__ = ops.abs
    __getitem__ = ops.getitem
    __eq__ = constants.equal
    __ne__ = constants.not_equal
    __lt__ = constants.less
    __le__ = constants.less_equal
    __gt__ = constants.greater
    __ge__ = constants.greater_equal
    __and__ = __rand__ = constants.bitwise_and
    __or__ = __ror__ = constants.bitwise_or
    __xor__ = __rxor__ = constants.bitwise_xor
    __invert__ = constants.invert

    def __rsub__(self, other: Any) -> Any:
        return ops.subtract(other, self)

    def __rtruediv__(self, other: Any) -> Any:
        return ops.divide(other, self)

    def __rpow__(self, other: Any) -> Any:
        return ops.power(other, self)

    def __rmatmul__(self, other: Any) -> Any:
        return ops.matmul(other, self)

    sum = ops.sum
    mean = ops.mean
    max = ops.max
    min = ops.min
    clip = ops.clip
    astype = ops.astype
    squeeze = ops.squeeze
    swapaxes = ops.swapaxes
    all = constants.all
    any = constants.any
    argmax = constants.argmax
    argmin = constants.argmin

    def reshape(self, *shape: Any) -> Tensor:
        """The elements in another shape: `x.reshape(2, 3)` or `x.reshape((2, 3))`. See `autodiff.reshape`."""
        return ops.reshape(self, shape[0] if len(shape) == 1 else shape)  # type: ignore[no-any-return]

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order, or reversed. See `autodiff.permute_dims`."""
        return ops.permute_dims(self, axes[0] if len(axes) == 1 else axes or None)  # type: ignore[no-any-return]

    @property
    def T(self) -> Tensor:
        """The axes reversed."""
        return ops.permute_dims(self)  # type: ignore[no-any-return]

    @property
    def mT(self) -> Tensor:
        """The last two axes in each other's place."""
        return ops.swapaxes(self, -1, -2)  # type: ignore[no-any-return]

    def copy(self) -> Tensor:
        """The same values in memory of their own; gradients flow through."""
        return ops.copy(self)  # type: ignore[no-any-return]


def _rebuilt(kind: type[Tensor], data: np.ndarray, requires_grad: bool, name: str | None) -> Any:
    """A leaf from its parts: for copies and pickles."""
    tensor = kind(data, requires_grad)
    if name is not None:
        tensor.name = name
    return tensor


graph.variable_class = Tensor
