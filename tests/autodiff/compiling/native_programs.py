"""Programs for the tests of the native back end, and how it is compared with what they mean."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import nn
from autodiff import extend
from autodiff.compiling import native
from autodiff.compiling.native import compiler
from autodiff.compiling.recording import Recorder
from autodiff.program import Program, evaluate


def _reason() -> str:
    try:
        compiler.compiler()
    except native.NoCompiler as error:
        return str(error)
    return ""


needs_compiler = pytest.mark.skipif(bool(_reason()), reason=_reason() or "there is a compiler")


def traced(function: Callable[..., Any], arrays: Sequence[Any], names: Sequence[str] = ()) -> Program:
    """The program of a function that returns one value or several."""
    recorder = Recorder()
    with np.errstate(all="ignore"):
        names = names or [f"x{i}" for i in range(len(arrays))]
        outputs = function(*(recorder.input(x, name) for x, name in zip(arrays, names, strict=True)))
    outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    recorder.program.outputs = [recorder.value_of(output) for output in outputs]
    return recorder.program


def assert_agrees(function: Callable[..., Any], arrays: Sequence[Any], units: float) -> None:
    """Native code gives what `evaluate` gives, within so many units in the last place of the largest finite element."""
    program = traced(function, arrays)
    kept = [np.copy(x) for x in arrays]
    with np.errstate(all="ignore"):
        wanted = evaluate(program, arrays)
    for got, expected in zip(native.build(program)(list(arrays)), wanted, strict=True):
        assert np.shape(got) == np.shape(expected)
        assert np.asarray(got).dtype == np.asarray(expected).dtype
        if units and got.dtype.kind == "f":
            usual = np.isfinite(expected) & (np.abs(expected) < 1e30)
            size = np.max(np.abs(expected), where=usual, initial=np.finfo(got.dtype).tiny)
            eps = np.finfo(got.dtype).eps
            np.testing.assert_allclose(got, expected, rtol=units * eps, atol=units * eps * size)
        else:
            np.testing.assert_array_equal(got, expected)
        zero = np.asarray(expected) == 0
        if not units and np.asarray(got).dtype.kind == "f":
            np.testing.assert_array_equal(np.signbit(got)[zero], np.signbit(expected)[zero])
    for x, before in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(x, before)


def training_step(sizes: Sequence[int], activation: Any, loss: Any) -> Callable[..., list[Any]]:
    """One step of gradient descent of a network without biases: the loss, the new parameters and the gradients."""

    def step(x: Any, y: Any, rate: Any, *parameters: Any) -> list[Any]:
        tensors = [extend.tensor_of(p).requires_grad_() for p in parameters]
        h = extend.tensor_of(x)
        for i, w in enumerate(tensors):
            h = nn.functional.linear(h, w)
            h = activation(h) if i < len(tensors) - 1 else h
        result = loss(h, extend.tensor_of(y))
        result.backward()
        gradients = [extend.array_of(t.grad) for t in tensors]
        return [extend.array_of(result), *[p - rate * g for p, g in zip(parameters, gradients, strict=True)], *gradients]

    return step


def regression_step() -> tuple[Program, list[Any]]:
    """2-4-1 with sigmoids and a mean squared error, float64."""
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=(100, 2)), rng.random((100, 1)), 0.5, rng.normal(size=(4, 2)), rng.normal(size=(1, 4))]
    step = training_step([2, 4, 1], nn.functional.sigmoid, nn.functional.mse_loss)
    return traced(step, arrays, ["x", "y", "rate", "w0", "w1"]), arrays


def classifier_step() -> tuple[Program, list[Any]]:
    """64-32-10 with ReLU and a cross-entropy, float32."""
    rng = np.random.default_rng(2)
    weights = [(rng.normal(size=shape) / 8).astype(np.float32) for shape in ((32, 64), (10, 32))]
    arrays = [rng.normal(size=(32, 64)).astype(np.float32), rng.integers(0, 10, 32), 0.5, *weights]
    step = training_step([64, 32, 10], nn.functional.relu, nn.functional.cross_entropy)
    return traced(step, arrays, ["x", "y", "rate", "w0", "w1"]), arrays
