"""What is true of every module: it is PyTorch's, in values, gradients, state and text, and more than that."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any

import numpy as np
import pytest
from beside_torch import both, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from autodiff.testing import check_gradient
from tests.nn.cases import CASES, Case

each_case = pytest.mark.parametrize("case", [pytest.param(case, id=f"{i} {case.text}") for i, case in enumerate(CASES)])
WITHOUT_CASES = {"Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList"}  # which compute nothing by themselves
WITHOUT_CASES |= {"CTCLoss"}  # whose gradient is PyTorch's behind log_softmax alone: see test_ctc.py


def leaves(result: Any) -> list[Any]:
    """The tensors in nested tuples."""
    if isinstance(result, (tuple, list)):
        return [leaf for part in result for leaf in leaves(part)]
    return [] if result is None else [result]


def ours(given: Any) -> Any:
    """An input, as a tensor that requires grad if it is one of floating-point numbers."""
    if isinstance(given, tuple):
        return tuple(map(ours, given))
    return ad.Tensor(given, requires_grad=given.dtype.kind == "f") if isinstance(given, np.ndarray) else given


def torchs(torch: Any, given: Any) -> Any:
    """The same in PyTorch."""
    if isinstance(given, tuple):
        return tuple(torchs(torch, part) for part in given)
    if not isinstance(given, np.ndarray):
        return given
    tensor = torch.tensor(given)
    return tensor.requires_grad_() if given.dtype.kind == "f" else tensor


def copied(torch: Any, given: Any) -> Any:
    """Copies, which may be changed in place."""
    if isinstance(given, (list, tuple)):
        return type(given)(copied(torch, part) for part in given)
    return given.clone() if isinstance(given, torch.Tensor) else given


def floats(given: list[Any]) -> list[int]:
    """Which of the inputs are arrays of floating-point numbers."""
    return [i for i, a in enumerate(given) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


def seeds(results: list[Any]) -> list[np.ndarray]:
    """A cotangent of each result."""
    rng = np.random.default_rng(1)
    return [rng.normal(size=tuple(y.shape)) for y in results]


def close(actual: Any, expected: Any, rtol: float, what: str) -> None:
    """Equal within `rtol` of the largest element."""
    actual, expected = values(actual), values(expected)
    scale = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    assert actual.shape == expected.shape, what
    assert_allclose(actual, expected, rtol=rtol, atol=rtol * float(scale), err_msg=what)


def test_every_module_has_a_case() -> None:
    public = {name: getattr(nn, name) for name in nn.__all__}
    modules = {name for name, value in public.items() if inspect.isclass(value) and issubclass(value, nn.Module)}
    assert modules - WITHOUT_CASES == {case.kind for case in CASES}


@pytest.mark.peer
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@each_case
def test_values_and_gradients_are_those_of_pytorch(torch: Any, case: Case, dtype: Any, training: bool) -> None:
    if training and not case.exact:
        pytest.skip("random")
    mine, theirs = both(torch, case.build)
    mine.to(dtype).train(training)
    theirs.to(getattr(torch, np.dtype(dtype).name)).train(training)
    rtol = case.rtol if dtype is np.float64 else max(2e-5, case.rtol)
    given = case.arrays(dtype)
    x, t = [ours(a) for a in given], [torchs(torch, a) for a in given]
    results, expected = leaves(mine(*x)), leaves(theirs(*copied(torch, t)))
    assert len(results) == len(expected)
    for y, z in zip(results, expected, strict=True):
        assert y.dtype.name == str(z.dtype).removeprefix("torch.")
        close(y, z, rtol, "value")
    cotangents = [g.astype(dtype) for g in seeds(results)]
    pairs = [(y, z, g) for y, z, g in zip(results, expected, cotangents, strict=True) if z.requires_grad]
    if pairs:
        sum(((y * g).sum() for y, _, g in pairs), 0.0).backward()
        torch.autograd.backward([z for _, z, _ in pairs], [torch.tensor(g) for _, _, g in pairs])
    for i, (a, b) in enumerate(zip(leaves(x), leaves(t), strict=True)):
        if isinstance(b, torch.Tensor) and b.requires_grad:
            close(np.zeros(a.shape) if a.grad is None else a.grad, torch.zeros_like(b) if b.grad is None else b.grad, rtol, f"{i}")
    for (name, p), (other, q) in zip(mine.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other
        close(np.zeros(p.shape) if p.grad is None else p.grad, torch.zeros_like(q) if q.grad is None else q.grad, rtol, name)
    for (name, p), (other, q) in zip(mine.named_buffers(), theirs.named_buffers(), strict=True):
        assert name == other
        close(p, q, rtol, name)


@pytest.mark.peer
@each_case
def test_the_state_goes_both_ways_and_the_text_is_that_of_pytorch(torch: Any, case: Case) -> None:
    mine, theirs = both(torch, case.build)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict({name: torch.tensor(tensor.numpy()) for name, tensor in mine.state_dict().items()})
    if not case.kind.endswith("Loss"):  # which says its settings here
        assert repr(mine) == repr(theirs).replace("NonDynamicallyQuantizable", "")


def values_of(x: Any) -> Any:
    return x.numpy() if isinstance(x, ad.Tensor) else x


@each_case
def test_its_gradients_are_those_of_finite_differences(case: Case) -> None:
    module = case.build(nn).eval()
    given = case.arrays()

    def loss(arrays: list[Any]) -> Any:
        inputs: list[Any] = list(given)
        for i, x in zip(floats(given), arrays, strict=True):
            inputs[i] = x
        results = leaves(module(*inputs))
        return sum((np.sum(y * g) for y, g in zip(results, seeds(results), strict=True)), np.float64(0.0))

    report = check_gradient(loss, [given[i] for i in floats(given)])
    assert report.ok, str(report)


@each_case
def test_it_can_be_copied_and_pickled_and_computes_the_same(case: Case) -> None:
    module = case.build(nn).eval()
    given = case.arrays()
    expected = [values_of(y) for y in leaves(module(*given))]
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        for y, z in zip(leaves(other(*given)), expected, strict=True):
            assert_array_equal(values_of(y), z)


@each_case
def test_float32_stays_float32(case: Case) -> None:
    module = case.build(nn).float()
    for y in leaves(module(*case.arrays(np.float32))):
        assert y.dtype == np.float32 or y.dtype.kind in "biu"
