"""PyTorch's tensors with an array's interface, so that a NumPy program runs on them; NumPy itself says what is a view."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


class TorchArray:
    """A PyTorch tensor beside the array whose place it takes.

    What PyTorch keeps for the backward pass must not be written to afterwards, so that everything is computed from clones.
    """

    def __init__(self, torch: Any, array: Any, tensor: Any) -> None:
        self.torch, self.array, self.tensor = torch, array, tensor

    def _result(self, array: Any, tensor: Any) -> "TorchArray":
        """A view of this one if NumPy made one, else a copy."""
        return TorchArray(self.torch, array, tensor if np.shares_memory(self.array, array) else tensor.clone())

    def _clone(self, value: Any) -> Any:
        return value.tensor.clone() if isinstance(value, TorchArray) else self.torch.as_tensor(value, dtype=self.tensor.dtype)

    def _index(self, index: Any) -> Any:
        if isinstance(index, tuple):
            return tuple(map(self._index, index))
        return self.torch.from_numpy(index) if isinstance(index, np.ndarray) else index

    # --- reading -----------------------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> "TorchArray":
        return self._result(self.array[index], self.tensor[self._index(index)])

    def __iter__(self) -> Iterator["TorchArray"]:
        return (self[i] for i in range(len(self.array)))

    def __gt__(self, other: float) -> np.ndarray:
        return self.array > other

    def reshape(self, shape: Any) -> "TorchArray":
        return self._result(self.array.reshape(shape), self.tensor.reshape(shape))

    def transpose(self, axes: Any) -> "TorchArray":
        return self._result(self.array.transpose(axes), self.tensor.permute(axes))

    def swapaxes(self, i: int, j: int) -> "TorchArray":
        return self._result(self.array.swapaxes(i, j), self.tensor.swapaxes(i, j))

    def squeeze(self) -> "TorchArray":
        return self._result(self.array.squeeze(), self.tensor.squeeze())

    @property
    def T(self) -> "TorchArray":
        return self.transpose(tuple(reversed(range(self.array.ndim))))

    @property
    def mT(self) -> "TorchArray":
        return self.swapaxes(-1, -2)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        array = function(self.array, *args[1:])
        if function is np.split:
            starts = np.cumsum([0] + [part.shape[args[2]] for part in array])
            return [
                self._result(part, self.tensor.narrow(args[2], int(start), part.shape[args[2]]))
                for part, start in zip(array, starts, strict=False)
            ]
        torch_names = {np.expand_dims: "unsqueeze", np.diagonal: "diagonal", np.broadcast_to: "broadcast_to"}
        return self._result(array, getattr(self.torch, torch_names[function])(self.tensor, *args[1:]))

    # --- computing ---------------------------------------------------------------------------------------------------------------

    def copy(self) -> "TorchArray":
        return TorchArray(self.torch, self.array.copy(), self.tensor.clone())

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any) -> "TorchArray":
        return TorchArray(self.torch, ufunc(self.array), getattr(self.torch, ufunc.__name__)(self.tensor.clone()).clone())

    def __mul__(self, other: Any) -> "TorchArray":
        return TorchArray(self.torch, self.array * getattr(other, "array", other), self.tensor.clone() * self._clone(other))

    def __radd__(self, other: float) -> "TorchArray":
        return TorchArray(self.torch, other + self.array, other + self.tensor)

    # --- writing -----------------------------------------------------------------------------------------------------------------

    def __setitem__(self, index: Any, value: Any) -> None:
        self.tensor[self._index(index)] = self._clone(value)
        self.array[index] = getattr(value, "array", value)

    def _update(self, operation: Callable[[Any, Any], Any], value: Any) -> "TorchArray":
        self.tensor.copy_(operation(self.tensor.clone(), self._clone(value)))
        new = operation(self.array, getattr(value, "array", value))
        if isinstance(self.array, np.ndarray):
            self.array[...] = new
        else:
            self.array = new
        return self

    def __iadd__(self, value: Any) -> "TorchArray":
        return self._update(operator.add, value)

    def __isub__(self, value: Any) -> "TorchArray":
        return self._update(operator.sub, value)

    def __imul__(self, value: Any) -> "TorchArray":
        return self._update(operator.mul, value)

    def __itruediv__(self, value: Any) -> "TorchArray":
        return self._update(operator.truediv, value)
