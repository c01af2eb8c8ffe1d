"""Compiled convolutions and pooling give what they give uncompiled, in any geometry; a mistake in a pass is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from native_programs import needs_compiler

import autodiff as ad
import nn
from autodiff.compiling import cheaper, native, simplify
from autodiff.compiling.refusing import CaptureError
from autodiff.compiling.rewriting import rewritten, with_arguments
from autodiff.program import Program, Step, changed_within

functional = nn.functional
BACKENDS = [pytest.param("numpy"), pytest.param("native", marks=needs_compiler)]
DTYPES = [np.float32, np.float64]
CONVOLUTIONS: list[dict[str, Any]] = [
    {},
    {"stride": 2},
    {"padding": 1},
    {"dilation": 2},
    {"groups": 2},
    {"stride": (2, 1), "padding": (0, 2), "dilation": (1, 2), "groups": 2},
    {"padding": "same"},
]
POOLS: list[dict[str, Any]] = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": (1, 3), "stride": (2, 3)},
    {"kernel_size": 2, "stride": 1, "dilation": 2},
    {"kernel_size": 3, "ceil_mode": True},
]


def normal(*shape: int, dtype: Any = float) -> Any:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(dtype)


def gradients(function: Callable[..., Any], arrays: list[Any], backend: str) -> None:
    """Assert that the value and the gradients of a function of arrays are those of the compiled one, which checks itself too."""

    def value_and_gradients(*given: Any) -> Any:
        leaves = [ad.Tensor(x, requires_grad=True) for x in given]
        y = function(*leaves)
        y.backward(np.cos(np.arange(y.size, dtype=y.dtype)).reshape(y.shape))
        return [y.detach(), *(leaf.grad for leaf in leaves)]

    compiled = ad.compile(value_and_gradients, backend=backend)
    for _ in range(3):
        for got, wanted in zip(compiled(*arrays), value_and_gradients(*arrays), strict=True):
            units = 200 * np.finfo(wanted.dtype).eps
            assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
            np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=units, atol=units * np.max(np.abs(wanted.numpy())))
    assert compiled.captures == 1


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("batch", "dtype"), [(1, np.float64), (3, np.float64), (16, np.float32)])
@pytest.mark.parametrize("params", CONVOLUTIONS, ids=str)
def test_convolutions(params: dict[str, Any], batch: int, dtype: Any, backend: str) -> None:
    groups = params.get("groups", 1)
    arrays = [normal(batch, 4, 9, 7, dtype=dtype), normal(6, 4 // groups, 3, 2, dtype=dtype), normal(6, dtype=dtype)]
    gradients(lambda x, w, b: functional.conv2d(x, w, b, **params), arrays, backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("params", [p for p in CONVOLUTIONS if p.get("padding") != "same"], ids=str)
def test_transposed_convolutions(params: dict[str, Any], backend: str) -> None:
    arrays = [normal(5, 4, 5, 6), normal(4, 3, 3, 2)]
    gradients(lambda x, w: functional.conv_transpose2d(x, w, **params), arrays, backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_convolutions_along_one_axis_and_three(backend: str) -> None:
    gradients(lambda x, w: functional.conv1d(x, w, stride=2), [normal(5, 2, 20), normal(3, 2, 4)], backend)
    gradients(lambda x, w: functional.conv3d(x, w, padding=1), [normal(2, 2, 3, 4, 5), normal(3, 2, 2, 1, 3)], backend)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("batch", "dtype"), [(1, np.float64), (16, np.float32)])
@pytest.mark.parametrize("params", POOLS, ids=str)
def test_pooling(params: dict[str, Any], batch: int, dtype: Any, backend: str) -> None:
    x = normal(batch, 3, 7, 8, dtype=dtype)
    x[:, :, ::2] = np.round(x[:, :, ::2])  # ties
    gradients(lambda x: functional.max_pool2d(x, **params), [x], backend)
    if "dilation" not in params:
        gradients(lambda x: functional.avg_pool2d(x, **params), [x], backend)


def network(dtype: Any) -> Callable[[Any, Any], Any]:
    """A training step of a small network of convolutions."""
    nn.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 2, padding=1, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(36, 5, dtype=dtype),
    )
    optimizer, loss_fn = nn.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss()

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_network_trained_for_some_steps(dtype: Any, backend: str) -> None:
    x, y = ad.Tensor(normal(16, 1, 14, 13, dtype=dtype)), np.arange(16) % 5
    eager, compiled = network(dtype), ad.compile(network(dtype), backend=backend)
    losses = [[step(x, y).item() for _ in range(20)] for step in (eager, compiled)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4 if dtype is np.float32 else 1e-10)
    assert losses[0][-1] < losses[0][0]


def misplaced(program: Program) -> Program:
    """As `parts_changed_in_place`, with the mistake that a part of one element less at the end is changed."""

    def rule(step: Step) -> Step:
        if step.function is not changed_within or not isinstance(step.args[1], tuple):
            return step
        x, index, *rest, y = step.args
        index = tuple(
            slice(part.start + 1, part.stop + 1) if isinstance(part, slice) and part.start == 0 else part for part in index
        )
        return with_arguments(step, (x, index, *rest, y), {})

    return rewritten(cheaper.parts_changed_in_place(program), rule)


def test_a_mistake_in_a_pass_is_found_by_the_first_run(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = tuple(misplaced if each is cheaper.parts_changed_in_place else each for each in simplify.PASSES)
    monkeypatch.setattr("autodiff.compiling.replay.simplify", lambda program, _: simplify.simplify(program, passes))
    x, y = ad.Tensor(normal(16, 1, 14, 13)), np.arange(16) % 5
    step = ad.compile(network(float))
    step(x, y)
    step(x, y)  # it is captured again, now that there are gradients
    with pytest.raises(CaptureError, match="is wrong: element"):
        step(x, y)


@needs_compiler
def test_all_of_a_network_is_said_in_c() -> None:
    compiled = ad.compile(network(np.float32), backend="native")
    compiled(ad.Tensor(normal(16, 1, 14, 13, dtype=np.float32)), np.arange(16) % 5)
    assert native.unsupported(compiled.program) == []
    assert "/* " in compiled.source
