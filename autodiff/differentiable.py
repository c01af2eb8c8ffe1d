"""The half of `Tensor` that has to do with gradients: what they are taken by, where they go, and `backward`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np

from autodiff.backward import accumulate, backward_pass
from autodiff.graph import RETAIN, Leaf, Node, Variable, as_real, clock, shared, unwrapped, wrap
from autodiff.modes import enable_grad

__all__: list[str] = []


class Differentiable(Variable):
    """An array that gradients are taken by or flow through."""

    __slots__ = ()

    def _own_leaf(self, requires_grad: bool, exposed: bool) -> Leaf:
        if requires_grad and self._array.dtype.kind != "f":
            raise TypeError(
                f"requires_grad: the tensor has dtype {self._array.dtype}, but only floating-point tensors have gradients. "
                "Convert it first: Tensor(data, dtype=float)."
            )
        self._node = leaf = Leaf(self._array.shape, requires_grad, exposed)
        return leaf

    @property
    def data(self) -> np.ndarray:
        """The array, without a copy. That of a tensor that was computed is read-only, since its graph may need it.

        Assigning to it replaces the array of a leaf.
        """
        return shared(self)

    @data.setter
    def data(self, value: Any) -> None:
        if isinstance(self._node, Node):
            raise RuntimeError(
                "data: this tensor was computed, and its graph needs the value. Assign to the data of a leaf, or use detach()."
            )
        array = as_real(unwrapped(value), "data")
        node = self._node
        if node is not None and node.requires_grad and array.dtype.kind != "f":
            raise TypeError(f"data: the tensor requires grad, but the new array has dtype {array.dtype}; wanted floating point.")
        if node is not None and node.requires_grad and array.shape != self.shape:
            raise ValueError(
                f"data: the tensor has shape {self.shape}, but the new array has {array.shape}. Make a new tensor instead."
            )
        self._array = array
        if node is not None:
            node.shape = array.shape
            node.exposed = True
            node.touched = node.changed = next(clock)

    def writable(self) -> np.ndarray:
        """The array of a leaf, to be changed in place at once and not to be kept: what an optimizer uses.

        A graph that needs the former values raises an error if it is walked afterwards.
        """
        node = self._node
        if isinstance(node, Node):
            raise RuntimeError(
                "writable: this tensor was computed, and its graph needs the value. Use detach() for a copy that can be written to."
            )
        if not self._array.flags.writeable:
            self._array = self._array.copy()
        if node is not None:
            node.touched = node.changed = next(clock)
        return self._array

    @property
    def grad(self) -> Any:
        """The gradient that `backward` has accumulated here, or None."""
        node = self._node
        return node.grad if type(node) is Leaf else getattr(node, "grad", None)  # a node has one only after retain_grad()

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is None:
            if self._node is not None:
                self._node.grad = None
            return
        if not isinstance(value, Variable) or value.shape != self.shape:
            given = f"a tensor of shape {value.shape}" if isinstance(value, Variable) else type(value).__name__
            raise TypeError(f"grad: got {given}; wanted None or a Tensor of shape {self.shape}.")
        node = self._node or self._own_leaf(False, exposed=True)
        node.grad = value

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor."""
        return self._node is not None and self._node.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set whether this leaf requires a gradient; return it. As `torch.Tensor.requires_grad_`."""
        if isinstance(self._node, Node):
            if not requires_grad:
                raise RuntimeError(
                    "requires_grad_: this tensor was computed from others that require grad. Use detach() to leave the graph."
                )
        elif self._node is None or self._array.dtype.kind != "f":
            if requires_grad:
                self._own_leaf(True, exposed=True)
        else:
            self._node.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was made by the user, not by a recorded operation."""
        return not isinstance(self._node, Node)

    @property
    def name(self) -> str | None:
        """What explanations and errors call this tensor."""
        name: str | None = getattr(self._node, "name", None)
        return name

    @name.setter
    def name(self, value: str | None) -> None:
        node = self._node or self._own_leaf(False, exposed=True)
        node.name = value

    def detach(self) -> Any:
        """A constant tensor that shares the array; if this one was computed, writing to the result copies it first."""
        return wrap(shared(self))

    def numpy(self) -> np.ndarray:
        """The array, as `data`."""
        return shared(self)

    def item(self) -> Any:
        """The only element as a Python number."""
        return self._array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        return self._array.tolist()

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in `grad`, as that of a leaf."""
        if isinstance(self._node, Node):
            self._node.hooks = [*(self._node.hooks or []), RETAIN]

    def register_hook(self, hook: Callable[[Any], Any]) -> Callable[[], None]:
        """Call `hook` with the gradient of this tensor in each backward pass; what it returns, if not None, replaces it.

        Return a function that removes the hook.

        >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
        >>> remove = x.register_hook(lambda g: g * 10)
        >>> (x * x).sum().backward()
        >>> x.grad
        Tensor([20., 40.])
        """
        node = self._node
        if node is None or not node.requires_grad:
            raise RuntimeError("register_hook: this tensor does not require grad, so no gradient will reach it.")
        if node.hooks is None:
            node.hooks = []
        node.hooks.append(hook)

        def remove() -> None:
            if node.hooks and hook in node.hooks:
                node.hooks.remove(hook)

        return remove

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Compute the gradients by the leaves that this tensor was computed from and add them to their `grad`.

        Args:
            gradient: the cotangent: the derivative of the final result by this tensor, of its shape; 1 for a single element.
            retain_graph: keep the graph for another backward pass; by default as `create_graph`.
            create_graph: record the backward pass itself, so that the gradients can be differentiated in turn.

        Raises:
            RuntimeError: this tensor does not require grad, or has more than one element and `gradient` is not given, or the
                graph has been freed, or needs a value that has been overwritten. No gradient is changed then.
        """
        node = self._node
        if node is None or not node.requires_grad:
            raise RuntimeError(
                "backward: this tensor does not require grad: it was not computed from one with requires_grad=True, "
                "or only inside no_grad()."
            )
        seed = _cotangent(self, gradient, create_graph)
        if create_graph:
            with enable_grad():
                accumulate(backward_pass({node: seed}, True, create_graph=True))
        else:
            accumulate(backward_pass({node: seed}, bool(retain_graph)))


_DOUBLE, _ONE = np.dtype(np.float64), np.float64(1)


def _cotangent(tensor: Any, gradient: Any, create_graph: bool) -> Any:
    """The cotangent to start a backward pass at `tensor` with, checked."""
    if gradient is None:
        if tensor._array.dtype is _DOUBLE and tensor._array.ndim == 0 and not create_graph:
            return _ONE  # the usual case, at once
        if tensor.size != 1:
            raise RuntimeError(
                f"backward: a tensor of shape {tensor.shape} has no gradient without a cotangent. Reduce it to one number first, "
                "for example loss.sum().backward(), or pass gradient=, an array of that shape."
            )
        gradient = np.ones(tensor.shape, tensor.dtype)
    array: Any = gradient if isinstance(gradient, Variable) else np.asarray(gradient)
    if array.shape != tensor.shape:
        raise ValueError(
            f"backward: gradient has shape {array.shape}, but the tensor has shape {tensor.shape}. They must be equal."
        )
    if array.dtype.kind not in "biuf":
        raise TypeError(f"backward: gradient has dtype {array.dtype}; wanted real numbers.")
    if create_graph:
        array = array if isinstance(array, Variable) else wrap(array)
        return array if array.dtype == tensor.dtype else array.astype(tensor.dtype)
    return (array._array if isinstance(array, Variable) else array).astype(tensor.dtype, copy=False)
