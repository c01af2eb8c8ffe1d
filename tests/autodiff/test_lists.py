"""Lists of numbers stand for arrays, as with NumPy's functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad
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
    y = operation.call(operands, **params) if getattr(operation, "variadic", False) else operation.call(*operands, **params)
    return [np.asarray(part) for part in _flat(y)]


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
