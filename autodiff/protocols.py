"""NumPy's protocols: what `np.exp(tensor)` and `array * tensor` do is looked up in the table of operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.primitive import numpy_table

__all__: list[str] = []

_ALIASES = {"a_min": "min", "a_max": "max"}  # np.clip has two names for each


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `ufunc` means for `inputs`, some of which are tensors."""
    if kwargs.pop("out", None) is not None:
        raise TypeError(
            f"{_name(ufunc)}: out= (or an assignment such as `array += tensor`) would lose the gradient of the tensor. "
            "Write `array = array + tensor` instead."
        )
    if method != "__call__":
        raise _missing(f"{_name(ufunc)}.{method}")
    return call_function(ufunc, inputs, kwargs)


def call_function(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """What the NumPy function means for arguments that include tensors."""
    meaning = numpy_table.get(function)
    if meaning is None:
        raise _missing(_name(function))
    if kwargs:
        kwargs = {_ALIASES.get(key, key): value for key, value in kwargs.items()}
    try:
        return meaning(*args, **kwargs)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise TypeError(f"{_name(function)}: not supported for a Tensor: {error}.") from None


def _name(function: Any) -> str:
    module = getattr(function, "__module__", None) or "numpy"
    return f"{module}.{function.__name__}".replace("numpy", "np", 1)


def _missing(name: str) -> TypeError:
    return TypeError(
        f"{name} has no derivative rule for a Tensor. Add one with ad.primitive(np_function, rules, numpy=[np_function]), "
        "or leave the graph first: tensor.detach().numpy()."
    )
