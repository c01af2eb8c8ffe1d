"""Every integer among the parameters of an operation, given as a tensor: it is the integer, and no gradient is lost by it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad
from autodiff.core.tensor import unwrapped
from autodiff.numpy.names import name_of
from autodiff.registry import Primitive
from docs.entries import entries, functions
from tests.samples import Call, calls_of


def _is_integer(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _integers(function: Callable[..., Any], call: Call) -> dict[str, Any]:
    """The parameters that are integers: by default, in this call, or as an axis."""
    try:
        found = inspect.signature(function).parameters
    except ValueError:  # of some functions of NumPy no more is known
        found = {}
    defaults = {name: p.default for name, p in found.items() if _is_integer(p.default)}
    axis = {"axis": 0} if "axis" in found else {}
    return defaults | axis | {name: value for name, value in call.params.items() if _is_integer(value)}


def _with_tensors(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_with_tensors, x))
    return ad.Tensor(x) if isinstance(x, np.ndarray) and x.dtype.kind in "fc" else x


def _leaves(y: Any) -> list[Any]:
    return [leaf for part in y for leaf in _leaves(part)] if isinstance(y, (list, tuple)) else [y]


def _cases() -> Iterator[Any]:
    """Each function with each of its integers, in the first call that goes with it."""
    for entry in [*entries(), *functions()]:
        for function in (entry.call, *entry.numpy):
            seen: set[str] = set()
            for call in calls_of(entry):
                operands = _with_tensors(call.operands)
                args = (list(operands),) if isinstance(entry, Primitive) and entry.variadic else operands
                for name, value in _integers(function, call).items():
                    try:
                        y = function(*args, **{**call.params, name: value})
                    except (TypeError, ValueError, IndexError):
                        continue  # an axis that is not there
                    if name not in seen:
                        seen.add(name)
                        label = f"{'ad.' if function is entry.call else ''}{name_of(function)}-{name}"
                        yield pytest.param(function, args, dict(call.params), name, value, y, id=label)


CASES = list(_cases())


@pytest.mark.parametrize(("function", "args", "params", "name", "value", "expected"), CASES)
def test_an_integer_tensor_is_the_integer(
    function: Callable[..., Any], args: Any, params: dict[str, Any], name: str, value: int, expected: Any
) -> None:
    y = function(*args, **{**params, name: ad.Tensor(value)})
    for found, wanted in zip(_leaves(y), _leaves(expected), strict=True):
        assert_array_equal(unwrapped(found), unwrapped(wanted))


@pytest.mark.parametrize(("function", "args", "params", "name", "value", "expected"), CASES)
def test_a_gradient_flows_to_a_parameter_or_it_is_an_error(
    function: Callable[..., Any], args: Any, params: dict[str, Any], name: str, value: int, expected: Any
) -> None:
    del expected
    try:
        y = function(*args, **{**params, name: ad.Tensor(float(value), requires_grad=True)})
    except (TypeError, ValueError, IndexError):
        return
    assert any(leaf.requires_grad for leaf in _leaves(y))


def test_a_number_of_turns_has_no_derivative() -> None:
    x, k = ad.Tensor(np.arange(4.0).reshape(2, 2)), ad.Tensor(1.0, requires_grad=True)
    with pytest.raises(TypeError, match=r"^rot90: k requires a gradient, but there is none by it\. Detach it: k\.detach\(\)\.$"):
        np.rot90(x, k)
    assert np.rot90(x, k.detach()).tolist() == [[1.0, 3.0], [0.0, 2.0]]


def test_a_geometry_given_as_tensors_is_read_anew_in_each_call() -> None:
    x, stride = ad.Tensor(np.arange(6.0)), ad.Tensor([1])
    for expected in ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 3.0, 5.0]):
        assert ad.windows.max_pool(x, (2,), stride=stride).tolist() == expected
        stride += 1
