"""The array that records: what is done with it is noted as a step of a program. It has NumPy's functions, operators and methods.

It carries the real value in private, so that shapes and types need no second definition, but it does not give it away: a value that
is converted to a number, or decided upon, would become a constant of the program without a word.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from autodiff.compiling.refusing import CaptureError, NotCaptured, called_from, refuse
from autodiff.core.tensor import Tensor, wrap
from autodiff.dtypes import is_stand_in
from autodiff.program import Value, call_method, changed_by, operands, replaced, set_item, ufunc_at, ufunc_out

if TYPE_CHECKING:
    from autodiff.compiling.recording import Recorder

__all__ = ["RecordingArray", "View", "real"]

_STATIC = {
    np.may_share_memory,
    np.shares_memory,
    np.shape,
    np.ndim,
    np.size,
    np.result_type,
    np.can_cast,
    np.iscomplexobj,
    np.isrealobj,
}  # known without the values
_CHANGING = {np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask}  # their first argument


@dataclass(eq=False, slots=True)
class View:
    """How an array lies in the memory of another: what it was computed of, when that had the value `seen`, and how."""

    of: RecordingArray
    seen: Value
    place: int  # of `of` among the arguments
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    item: int | None = None  # which of several results

    def taken(self) -> Any:
        """What is seen of the array that it is of, as that is now."""
        args = (*self.args[: self.place], self.of, *self.args[self.place + 1 :])
        results = self.of.recorder.do(self.function, *args, **self.kwargs)
        return results if self.item is None else results[self.item]

    def put(self, new: RecordingArray) -> None:
        """Write to the array that it is of, so that `new` is seen."""
        of, rest = self.of, self.args[1:]
        if self.function is operator.getitem:
            of[rest[0]] = new
        elif self.item is None and self.function in _RESHAPING:
            of[...] = new.reshape(of.shape)
        elif self.item is None and self.function in (np.swapaxes, np.ndarray.swapaxes):
            of[...] = new.swapaxes(*rest)
        elif self.item is None and self.function in (np.transpose, np.ndarray.transpose):
            axes = rest[0] if len(rest) == 1 and not isinstance(rest[0], int) else rest or None
            axes = self.kwargs.get("axes", axes)
            of[...] = new.transpose() if axes is None else new.transpose(*map(int, np.argsort([axis % of.ndim for axis in axes])))
        else:
            name = getattr(self.function, "__name__", self.function)
            raise CaptureError(
                f"compile: at {called_from()}, a write to what {name} gave of an array would be one to that array, which cannot "
                "be captured. Write to the array itself, or to a copy."
            )


_RESHAPING = {np.reshape, np.ndarray.reshape, np.ravel, np.ndarray.ravel, np.squeeze, np.ndarray.squeeze, np.expand_dims}
_RESHAPING |= {np.atleast_1d, np.atleast_2d, np.atleast_3d}


def _known(name: str) -> Any:
    """An attribute that is known without the values, and so a constant of the program: it holds for arrays of the same kind."""

    def look(self: RecordingArray) -> Any:
        self.recorder.looked_at.add(self._value)
        return getattr(self._real, name)

    def put(self: RecordingArray, value: Any) -> NoReturn:
        raise CaptureError(
            f"compile: at {called_from()}, {name} of an array is set, which cannot be captured. Use reshape or astype."
        )

    return property(look, put)


class RecordingArray(NDArrayOperatorsMixin):
    """An array that is being computed with; it is no `ndarray`.

    Writes (`x[i] = v`, `x += y`, `out=x`, `np.add.at`) are functional: from then on this object stands for the new value. What
    was computed from it keeps the old one. A view, which NumPy's would be too, is taken anew of what it is of if that has been
    written to since, and a write to it is one to that.
    """

    __slots__ = ("_real", "_value", "_window", "recorder")
    is_stand_in = True

    def __init__(self, recorder: Recorder, value: Value, computed: Any, view: View | None = None) -> None:
        self.recorder, self._value, self._real, self._window = recorder, value, computed, view

    def _renew(self) -> None:
        """Stand for what is seen now of the array that this is a view of."""
        view = self._window
        if view is not None and view.seen is not view.of.value:
            now = view.taken()
            self._value, self._real, view.seen = now._value, now._real, view.of.value

    @property
    def value(self) -> Value:
        """The value of the program that this stands for."""
        self._renew()
        return self._value

    @property
    def private_value(self) -> Any:
        """The array itself, not to be given away."""
        self._renew()
        return self._real

    def become(self, new: RecordingArray) -> None:
        """Stand for what `new` does, after a write."""
        self._renew()
        self._value, self._real = new.value, new.private_value
        if self._window is not None:
            self._window.put(new)
            self._window.seen = self._window.of.value

    def __getattr__(self, name: str) -> Any:  # what is not given below
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"an array has no attribute {name!r}")
        raise NotCaptured(f"compile: at {called_from()}, {name} of an array is used, which cannot be captured.")

    shape, dtype, ndim, size = map(_known, ("shape", "dtype", "ndim", "size"))
    itemsize, nbytes, strides, flags = map(_known, ("itemsize", "nbytes", "strides", "flags"))
    is_array = property(lambda self: isinstance(self._real, np.ndarray), doc="Whether it is an array, not a number of NumPy's.")
    base = property(lambda self: None if self._window is None else self._window.of)
    T = property(lambda self: self.transpose())
    mT = property(lambda self: self.swapaxes(-1, -2))
    real = property(lambda self: np.real(self))
    imag = property(lambda self: np.imag(self))

    def __len__(self) -> int:
        self.recorder.looked_at.add(self._value)
        return len(self.private_value)

    def __repr__(self) -> str:
        return f"RecordingArray(shape={self.shape}, dtype={self.dtype})"

    def as_array(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """An array of a type: what `np.array` gives."""
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        if isinstance(self.private_value, np.generic):
            return self.recorder.do(np.array, self, dtype)
        return self if dtype == self.dtype and not copy else self.astype(dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = (), **kwargs: Any) -> Any:
        if any(isinstance(x, Tensor) for x in (*inputs, *out)):
            return NotImplemented
        if method == "at":
            return self._write(inputs[0], ufunc_at, inputs[0], ufunc, *inputs[1:], **kwargs)
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        if not out or isinstance(real(out[0]), np.generic):  # `x += y` of a number makes another
            return self.recorder.do(function, *inputs, **kwargs)
        if len(out) > 1:
            raise CaptureError(f"compile: at {called_from()}, np.{ufunc.__name__} writes to several arrays. Use what it returns.")
        return self._write(out[0], ufunc_out, out[0], function, *inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(issubclass(kind, Tensor) for kind in types):
            return function(*replaced(args, _as_tensor), **replaced(kwargs, _as_tensor))
        if function in _STATIC:
            self.recorder.looked_at.update(operands([replaced(args, self.recorder.value_of), kwargs]))
            return function(*replaced(args, real), **replaced(kwargs, real))
        if function in _CHANGING:
            self._write(args[0], changed_by, args[0], function, *args[1:], **kwargs)
            return None
        return self._computed(function, *args, **kwargs)

    def _computed(self, function: Any, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        """What a function gives that is no ufunc, also where it is to be written to another array."""
        if out is None:
            return self.recorder.do(function, *args, **kwargs)
        y = self.recorder.do(function, *args, **kwargs)
        if not is_like(y, out):
            raise CaptureError(
                f"compile: at {called_from()}, what {function.__name__} gives is {y.dtype} {y.shape}, and out= is {out.dtype} "
                f"{out.shape}. Only into an array of the same type and shape can it be captured."
            )
        return self._write(out, set_item, out, ..., y)

    def _write(self, target: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Let `target` stand for the result, if it can."""
        if not isinstance(target, RecordingArray):
            raise CaptureError(
                f"compile: at {called_from()}, a value that is computed is written to an array that was made in the function by "
                "np.zeros or the like. One that can be written to is np.zeros_like(x, shape=shape), with x one of the arrays."
            )
        if not target.flags.writeable:
            raise ValueError("output array is read-only" if function is ufunc_out else "assignment destination is read-only")
        whole = function is set_item and args[1] is Ellipsis and isinstance(args[2], RecordingArray) and is_like(args[2], target)
        target.become(args[2] if whole and args[2].is_fresh() else self.recorder.do(function, *args, **kwargs))
        return target

    def is_fresh(self) -> bool:
        """Whether this is computed, and in memory of its own."""
        return self.private_value.base is None and not any(self._value is x for x in self.recorder.program.inputs)

    def view(self, *kinds: Any) -> Any:
        """Another array in the same memory."""
        if kinds:
            raise CaptureError(f"compile: at {called_from()}, a view as another type cannot be captured. Use astype.")
        is_number = isinstance(self._real, np.generic)
        return self if is_number else self[...]

    def setflags(self, write: bool) -> None:
        """Let this be read-only, or not."""
        if isinstance(self._real, np.ndarray):
            self._real = self._real.view()
            self._real.setflags(write=write)

    def fill(self, value: Any) -> None:
        """Let all elements be `value`."""
        self[...] = value

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        return self.recorder.do(operator.getitem, self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        view = getattr(value, "_window", None)
        if view is not None and view.of is self and view.args[1] is index and view.function is operator.getitem:
            return  # the end of `x[index] += y`, which has written already
        self._write(self, set_item, self, index, value)

    def __pow__(self, other: Any) -> Any:  # the operator is not np.power: it has ways of its own for 2 and 0.5
        return self.recorder.do(operator.pow, self, other)

    def __rpow__(self, other: Any) -> Any:
        return self.recorder.do(operator.pow, other, self)

    def _refused(self, *args: Any, **kwargs: Any) -> NoReturn:
        self.recorder.decided_by(self)
        refuse("the value of an array")

    def __array__(self, *args: Any, **kwargs: Any) -> NoReturn:
        self.recorder.decided_by(self)
        refuse(
            "the value of an array",
            "Leave out np.asarray, make an array of several by np.stack, and one to write to by np.zeros_like(x, shape=shape)",
        )

    __hash__ = __bool__ = __float__ = __int__ = __index__ = __complex__ = __contains__ = __format__ = _refused
    item = tolist = tobytes = __str__ = dump = dumps = tofile = __reduce_ex__ = _refused


def _as_tensor(x: Any) -> Any:
    return wrap(x) if isinstance(x, RecordingArray) else x


def is_like(x: Any, other: Any) -> bool:
    """Whether the shapes and types are the same."""
    return bool(x.shape == other.shape and x.dtype == other.dtype)


def _method(name: str) -> Any:
    def method(self: RecordingArray, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self.private_value, np.generic):
            return self.recorder.do(call_method, self, name, *args, **kwargs)
        return self._computed(getattr(np.ndarray, name), self, *args, **kwargs)

    return method


def _changing(name: str) -> Any:
    def method(self: RecordingArray, *args: Any, **kwargs: Any) -> None:
        self._write(self, changed_by, self, getattr(np.ndarray, name), *args, **kwargs)

    return method


_METHODS = (
    "all any argmax argmin argpartition argsort astype choose clip compress conj conjugate copy cumprod cumsum diagonal "
    "dot flatten max mean min nonzero prod ravel repeat reshape round searchsorted squeeze std sum swapaxes take trace "
    "transpose var"
)
for _name in _METHODS.split():
    setattr(RecordingArray, _name, _method(_name))
for _name in ("partition", "put", "sort"):
    setattr(RecordingArray, _name, _changing(_name))


def real(x: Any) -> Any:
    """The value itself of what is recorded; anything else as it is."""
    return x.private_value if is_stand_in(x) else x
