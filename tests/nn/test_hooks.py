"""Hooks of modules: what they are told, and what they change, is what it is in PyTorch."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from beside_torch import both, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn


def network(library: Any) -> Any:
    return library.Sequential(library.Linear(3, 2), library.Tanh(), library.Linear(2, 2))


X = np.random.default_rng(0).normal(size=(4, 3))


@pytest.mark.peer
def test_gradients_that_hooks_see_and_replace_are_those_of_pytorch(torch: Any) -> None:
    seen: dict[str, list[Any]] = {}

    def run(name: str, model: Any, x: Any) -> Any:
        told = seen.setdefault(name, [])

        def see_and_double(module: Any, grad_input: Any, grad_output: Any) -> Any:
            told.append([values(g) for g in (*grad_input, *grad_output)])
            return tuple(2 * g for g in grad_input)

        def see_and_negate(module: Any, grad_output: Any) -> Any:
            told.append([values(g) for g in grad_output])
            return tuple(-g for g in grad_output)

        model[1].register_full_backward_hook(see_and_double)
        model[2].register_full_backward_pre_hook(see_and_negate)
        model[2].register_full_backward_hook(lambda *given: told.append([values(g) for g in given[1]]))
        (model(x) ** 2).sum().backward()
        return [values(x.grad), *(values(p.grad) for p in model.parameters())]

    ours, theirs = both(torch, network)
    x, t = ad.Tensor(X, requires_grad=True), torch.tensor(X, requires_grad=True)
    for a, b in zip(run("ours", ours, x), run("theirs", theirs, t), strict=True):
        assert_allclose(a, b, rtol=1e-12)
    for mine, other in zip(seen["ours"], seen["theirs"], strict=True):
        for a, b in zip(mine, other, strict=True):
            assert_allclose(a, b, rtol=1e-12)


def test_hooks_before_and_after_a_call_see_it_and_may_replace_what_goes_in_and_comes_out() -> None:
    layer, calls = nn.Linear(3, 2), []
    layer.register_forward_pre_hook(lambda module, args: calls.append(("before", module, args)))
    layer.register_forward_hook(lambda module, args, output: calls.append(("after", module, args)))
    plain = layer(X).numpy()
    assert [(name, module) for name, module, _ in calls] == [("before", layer), ("after", layer)]
    assert all(args[0] is X for _, _, args in calls)
    with layer.register_forward_pre_hook(lambda module, args: (2 * args[0],)):
        assert_array_equal(layer(X).numpy(), layer.forward(2 * X).numpy())
    with layer.register_forward_hook(lambda module, args, output: -output):
        assert_array_equal(layer(X).numpy(), -plain)
    assert_array_equal(layer(X).numpy(), plain)


def test_hooks_of_a_part_are_called_wherever_it_stands() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Sequential(nn.Tanh()))
    seen: list[Any] = []
    handles = [part.register_forward_hook(lambda module, *_: seen.append(module)) for part in model.modules()]
    model(X)
    assert seen == [model[0], model[1][0], model[1], model]
    for handle in handles:
        handle.remove()
        handle.remove()
    model(X)
    assert len(seen) == 4


def test_a_gradient_of_a_gradient_flows_through_hooks() -> None:
    layer, x = nn.Tanh(), ad.Tensor(X, requires_grad=True)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (3 * grad_input[0],))
    layer(x).sum().backward(create_graph=True)
    g, x.grad = x.grad, None
    g.sum().backward()
    expected = ad.grad(lambda z: np.sum(ad.grad(lambda u: 3 * np.sum(np.tanh(u)))(z)))(X)
    assert_allclose(values(g), 3 * (1 - np.tanh(X) ** 2))
    assert_allclose(values(x.grad), 3 * expected)  # the hook is passed twice, by g and by its own derivative


def test_what_a_backward_hook_returns_must_have_the_shapes_of_what_it_was_given() -> None:
    layer, x = nn.Tanh(), ad.Tensor(X, requires_grad=True)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (np.ones(2),))
    with pytest.raises(
        ValueError, match=r"^backward hook: it returned gradients of shapes \[\(2,\)\] as grad_input; wanted \[\(4, 3\)\]"
    ):
        layer(x).sum().backward()
    assert x.grad is None


def test_a_hook_must_be_a_function() -> None:
    with pytest.raises(TypeError, match=r"^Tanh: the hook is int; wanted a function\."):
        nn.Tanh().register_forward_hook(3)  # type: ignore[arg-type]


def test_a_copy_of_a_module_has_no_hooks() -> None:
    layer = nn.Linear(3, 2)
    layer.register_forward_hook(lambda module, args, output: -output)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert_array_equal(other(X).numpy(), -layer(X).numpy())
