"""The same thing built in PyTorch and here, and what is the same about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import nn


def both(torch: Any, build: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What `build` makes of `nn`, and what it makes of `torch.nn`, in float64 and with the same parameters."""
    torch.manual_seed(0)
    ours, theirs = build(nn), build(torch.nn).double()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def values(tensor: Any) -> np.ndarray:
    """A copy of the numbers in a tensor of either kind."""
    return np.array(tensor.detach().numpy())


def state(model: Any) -> dict[str, np.ndarray]:
    """A copy of the parameters of a model of either kind."""
    return {name: values(parameter) for name, parameter in model.state_dict().items()}


def gradients(model: Any) -> dict[str, np.ndarray]:
    """A copy of the gradients of a model of either kind."""
    return {name: values(parameter.grad) for name, parameter in model.named_parameters()}


def assert_same(
    actual: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], rtol: float = 1e-12, atol: float = 0.0
) -> None:
    assert list(actual) == list(expected)
    for name, array in expected.items():
        assert actual[name].shape == array.shape
        assert_allclose(actual[name], array, rtol=rtol, atol=atol, err_msg=name)


@contextmanager
def error(kind: type[Exception], text: str) -> Iterator[None]:
    """What happens inside must raise an error of exactly this kind and text."""
    with pytest.raises(kind) as caught:
        yield
    assert caught.type is kind
    assert str(caught.value) == text
