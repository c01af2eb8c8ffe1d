"""Lists of numbers stand for arrays, as with NumPy's functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal, assert_equal

import autodiff as ad
from autodiff.composites import Composite
from autodiff.extend import array_of
from docs.entries import entries, functions
from tests.samples import calls_of

NOT_ARRAYS = {  # where a list is something else than an array, or an operation is called by rules alone
    "cofactors": "is called by rules",
    "getitem": "a list has an index of its own",
    "histogramdd": "a list is one of coordinates",
}
SIZE = 100  # of elements up to which an array is written as a list
OPERATIONS = [operation for operation in [*entries(), *functions()] if operation.name not in NOT_ARRAYS]


def as_list(x: Any) -> Any:
    """An array as a list, if that has the same type; others as they are."""
    is_same = isinstance(x, np.ndarray) and 0 < x.size <= SIZE and x.ndim > 0 and np.asarray(x.tolist()).dtype == x.dtype
    return x.tolist() if is_same else x


def results(operation: Any, operands: list[Any], params: dict[str, Any]) -> list[np.ndarray]:
    return [np.asarray(array_of(part)) for part in parts(operation, operands, params)]


def parts(operation: Any, operands: list[Any], params: dict[str, Any]) -> list[Any]:
    return _flat(
        operation.call(operands, **params) if getattr(operation, "variadic", False) else operation.call(*operands, **params)
    )


def _flat(y: Any) -> list[Any]:
    return [part for inner in y for part in _flat(inner)] if isinstance(y, (tuple, list)) else [y]


@pytest.mark.parametrize("operation", [pytest.param(operation, id=operation.name) for operation in OPERATIONS])
def test_a_list_stands_for_an_array(operation: Any) -> None:
    for call in calls_of(operation):
        operands, params = list(call.operands), dict(call.params)
        with np.errstate(all="ignore"):
            expected = results(operation, operands, params)
            variants = [(operands, {name: as_list(x) for name, x in params.items()})]
            for i, x in enumerate(operands):
                if (written := as_list(x)) is not x:
                    others = [ad.Tensor(y) if isinstance(y, np.ndarray) and y.dtype.kind in "fc" else y for y in operands]
                    variants += [([*of[:i], written, *of[i + 1 :]], params) for of in (operands, others)]
            for variant in variants:
                for found, wanted in zip(results(operation, *variant), expected, strict=True):
                    assert_array_equal(found, wanted, strict=True)


def gradient(operation: Any, operands: list[Any], params: dict[str, Any], i: int, form: Callable[[ad.Tensor], Any]) -> Any:
    """All that is returned for tensors, of which number `i` is given in some `form`, and the gradient of its sum by that one."""
    tensors = [ad.Tensor(x) if isinstance(x, np.ndarray) and x.dtype.kind in "fc" else x for x in operands]
    x = ad.Tensor(operands[i], requires_grad=True)
    y = [part for part in parts(operation, [*tensors[:i], form(x), *tensors[i + 1 :]], params) if isinstance(part, ad.Tensor)]
    for part in y:
        if part.requires_grad:
            part.backward(np.ones(part.shape), retain_graph=True)
    return [array_of(part) for part in y], array_of(x.grad)


def differentiable(operation: Any, operands: Sequence[Any]) -> list[int]:
    """The places of the operands that may be lists of tensors: NumPy asks the others what to make of them."""
    places = [i for i, x in enumerate(operands) if isinstance(x, np.ndarray)]
    if isinstance(operation, Composite):
        places = places if len(places) > 1 else []
    elif not operation.variadic:
        places = [i for i in places if operation.rules[i] is not None]
    return [i for i in places if operands[i].dtype.kind in "fc" and operands[i].ndim and 0 < operands[i].size <= SIZE]


@pytest.mark.parametrize("operation", [pytest.param(operation, id=operation.name) for operation in OPERATIONS])
def test_a_list_of_tensors_stands_for_a_tensor(operation: Any) -> None:
    """That is, for the tensor of which they are the rows, with its gradient."""
    for call in calls_of(operation):
        for i in differentiable(operation, call.operands):
            with np.errstate(all="ignore"):
                expected, found = (gradient(operation, [*call.operands], {**call.params}, i, form) for form in (lambda x: x, list))
            assert_equal(found, expected)
