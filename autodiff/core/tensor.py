"""Tensor: an array that knows where it came from.

What it has beyond that is attached where it is defined: `backward` by the backward pass, `detach` and `writable` by the views,
operators and methods by `autodiff.ops`, conversions by `autodiff.conversions`, NumPy's protocols by `autodiff.numpy`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, cast
from weakref import ref

import numpy as np

from autodiff.core.graph import Hooks, Leaf, Node, new
from autodiff.core.overwriting import watch_at
from autodiff.dtypes import INEXACT, as_numbers, is_stand_in

if TYPE_CHECKING:
    from autodiff.members import Members
else:
    Members = object

__all__ = ["Tensor"]


class Tensor(Members):
    """An array whose operations are recorded, so that gradients can be computed.

    Args:
        data: anything that `numpy.array` takes; it is copied. `autodiff.asarray` shares the memory of an array instead.
        requires_grad: whether `backward` is to compute the gradient by this tensor and keep it in `grad`.
        dtype: the type of the elements; that of `data` if not given.
        name: what explanations and errors call it.

    Raises:
        TypeError: `data` is not made of numbers or booleans, `dtype` loses imaginary parts, or integers require a gradient.

    It has NumPy's operators and the common methods of an array, and NumPy's functions take it: `np.exp(x)`. An operation with an
    array gives a tensor. Writing to a part, `x[i] = v`, and updates such as `x += y` are recorded as well. Views are as NumPy's: a
    write through one is a write to its base. What was computed before keeps the value that it was computed from.

    >>> x = ad.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (np.exp(x) * [1, 2, 3]).sum()
    >>> y.backward()
    >>> x.grad
    Tensor([ 2.71828183, 14.7781122 , 60.25661077])
    """

    __slots__ = ("__weakref__", "_array", "_grad", "_node", "_view", "_views")
    _array: np.ndarray
    _node: Any
    _grad: Tensor | None  # these three are set only if they are needed
    _view: Any  # a `View`
    _views: list[ref[Tensor]]

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None, *, name: str | None = None) -> None:
        if isinstance(data, Tensor) and data.requires_grad:
            raise TypeError("Tensor: the data is a tensor that requires grad; a new one would lose its graph. Pass x.detach().")
        self._array = as_numbers(array_of(data), "Tensor", dtype, copy=True)
        self._node = self._grad = self._view = None
        if requires_grad or name is not None:
            _own_leaf(self, requires_grad).name = name

    shape = property(attrgetter("_array.shape"), doc="The lengths of the axes.")
    ndim = property(attrgetter("_array.ndim"), doc="The number of axes.")
    size = property(attrgetter("_array.size"), doc="The number of elements.")
    dtype = property(attrgetter("_array.dtype"), doc="The type of the elements.")

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was made by the user, not by a recorded operation."""
        return type(self._node) is not Node

    @property
    def name(self) -> str | None:
        """What explanations and errors call this tensor."""
        return getattr(self._node, "name", None)

    @name.setter
    def name(self, value: str | None) -> None:
        (self._node or _own_leaf(self, False)).name = value

    __hash__ = object.__hash__

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
                raise RuntimeError("requires_grad_: this tensor was computed from others that require grad. Use detach().")
        elif requires_grad or self._node is not None:
            _own_leaf(self, requires_grad)
        return self

    @property
    def grad(self) -> Any:
        """The gradient that `backward` has accumulated here, or None."""
        try:  # in less time than `getattr` with a default
            return self._grad
        except AttributeError:
            return None

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None and not (isinstance(value, Tensor) and (value.shape, value.dtype) == (self.shape, self.dtype)):
            given = f" of shape {value.shape} and dtype {value.dtype}" if hasattr(value, "shape") else ""
            raise TypeError(
                f"grad: got {type(value).__name__}{given}; wanted None or a Tensor of shape {self.shape} and dtype {self.dtype}."
            )
        self._grad = value

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in `grad`, as that of a leaf."""
        if isinstance(self._node, Node):
            self._node.hooks = self._node.hooks or Hooks()
            self._node.hooks.keeper = ref(self)

    def register_hook(self, hook: Callable[[Any], Any]) -> Callable[[], object]:
        """Call `hook` with the gradient of this tensor in each backward pass; what it returns, if not None, replaces it.

        Return a function that removes the hook.

        >>> x = ad.Tensor([1.0, 2.0], requires_grad=True)
        >>> remove = x.register_hook(lambda g: g * 10)
        >>> (x * x).sum().backward()
        >>> x.grad
        Tensor([20., 40.])
        """
        if not callable(hook):
            raise TypeError(f"register_hook: got {type(hook).__name__}; wanted a function of the gradient.")
        if self._node is None or not self._node.requires_grad:
            raise RuntimeError("register_hook: this tensor does not require grad, so no gradient will reach it.")
        hooks = self._node.hooks = self._node.hooks or Hooks()
        hooks.functions[key := object()] = hook
        return partial(hooks.functions.pop, key, None)


def attach(**members: Any) -> None:
    """Give all tensors members that are defined elsewhere."""
    for name, member in members.items():
        setattr(Tensor, name, member)


def wrap(array: Any, node: Node | Leaf | None = None) -> Tensor:
    """A tensor of `array`, without copying and without looking at it."""
    tensor: Tensor = new(Tensor)
    tensor._array = array if type(array) is np.ndarray else as_array(array)
    tensor._node = node
    return tensor


def sharing(array: np.ndarray) -> Tensor:
    """A tensor of an array that others can write to."""
    tensor = wrap(array)
    tensor._node = Leaf(tensor, requires_grad=False)
    tensor._node.watch = watch_at(array)
    return tensor


def as_array(x: Any) -> Any:
    """The result of a computation as an array; an array of another kind, such as a recording one, stays what it is."""
    if type(x) is np.ndarray or is_stand_in(x) or is_foreign(x):
        return x
    return frozen(np.asarray(x)) if isinstance(x, np.generic) else np.asarray(x)


def is_foreign(x: Any, function: Any = np.add) -> bool:
    """Whether `x` is an array of another library that decides itself what `function` means: those of pandas only do on ufuncs."""
    protocol = "__array_ufunc__" if isinstance(function, np.ufunc) else "__array_function__"
    own = isinstance(x, (np.ndarray, np.generic, Tensor)) or is_stand_in(x)
    return not own and getattr(type(x), protocol, None) is not None


def is_scalar(array: np.ndarray) -> bool:
    """Whether the array stands for a NumPy scalar, as `sum` gives one: `x += y` makes another."""
    return array.ndim == 0 and not array.flags.writeable and array.base is None


def array_of(x: Any) -> Any:
    """The array of a tensor itself, to be read only and not to be kept; anything else as it is.

    Unlike `data`, which is a view made for each use, it costs nothing. It must not be changed: to change a tensor, write to it.

    >>> extend.array_of(ad.Tensor([1.0, 2.0]))
    array([1., 2.])
    """
    return x._array if isinstance(x, Tensor) else x


put_array, put_grad = (cast(Any, slot).__set__ for slot in (Tensor._array, Tensor._grad))  # of a tensor, telling nobody


def node_of(x: Any) -> Any:
    """The record of a tensor; None for anything else."""
    return x._node if isinstance(x, Tensor) else None


def unwrapped(x: Any) -> Any:
    """`x`, with arrays in the place of the tensors in it."""
    if isinstance(x, Tensor):
        return x._array
    return type(x)(map(unwrapped, x)) if type(x) in (list, tuple) else x


def _own_leaf(tensor: Tensor, requires_grad: bool) -> Leaf:
    """The record of a tensor that is no result, made if there is none yet."""
    if requires_grad and tensor._array.dtype.kind not in INEXACT:
        raise TypeError(f"requires_grad: only floating-point tensors have gradients; {tensor.dtype} needs Tensor(x, dtype=float).")
    tensor._node = leaf = tensor._node or Leaf(tensor, requires_grad)
    leaf.requires_grad = requires_grad
    view = getattr(tensor, "_view", None)
    if requires_grad and view is not None and view.base.is_leaf and not is_scalar(tensor._array):
        leaf.watch = _own_leaf(view.base, view.base.requires_grad).watch  # its memory is written to, never replaced, from now on
        leaf.watch.shared = True
    elif requires_grad and (view is not None or is_scalar(tensor._array)):  # an array of its own, that `w -= step` changes
        tensor._array, tensor._view = tensor._array.copy(), None
    return leaf


def frozen(array: np.ndarray) -> np.ndarray:
    """`array`, which cannot be written to from now on."""
    array.setflags(False)  # type: ignore[call-arg]  # by position: NumPy takes longer to read a keyword
    return array


def read_only(array: np.ndarray) -> np.ndarray:
    """A view of `array` through which it cannot be changed."""
    return frozen(array.view())
