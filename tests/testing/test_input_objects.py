"""Objects that hold arrays as arguments, and what is passed on."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from layers import Affine, B, W, X, arguments

import autodiff as ad
import nn
from autodiff.testing import check_gradient


class Network:
    """As people write them: weights in attributes, and what the forward pass leaves for the backward pass."""

    def __init__(self) -> None:
        self.layers = [Affine(W, B), Affine(W[:2], B.copy())]
        self.tied = self.layers[0].W
        self.rate = 0.1
        self.itself = self

    def forward(self, x: Any) -> Any:
        self.values = [x]
        for layer in self.layers:
            self.values.append(layer.activation(self.values[-1] @ layer.W + layer.b))
        return np.sum(self.values[-1] ** 2) + np.sum(self.tied)

    def backward(self, x: Any) -> dict[str, Any]:
        self.forward(x)
        gradients, d = {}, 2 * self.values[-1]
        for i in (1, 0):
            d = d * (1 - self.values[i + 1] ** 2)
            gradients |= {f"layers[{i}].W": self.values[i].T @ d, f"layers[{i}].b": d.sum(axis=0)}
            d = d @ self.layers[i].W.T
        return gradients | {"layers[0].W": gradients["layers[0].W"] + 1}


def test_an_object_is_a_container_of_its_arrays_each_of_them_once() -> None:
    network = Network()
    for gradient in (None, lambda network, x: network.backward(x)):
        report = check_gradient(lambda network, x: network.forward(x), network, X, argnums=0, gradient=gradient)
        assert report.ok, str(report)
        assert arguments(report) == [f"network.layers[{i}].{name}" for i in (0, 1) for name in "Wb"]
    assert not hasattr(network, "values")  # f was called with copies


def test_a_module_is_a_container_of_its_parameters() -> None:
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    before = model.state_dict()

    def gradient(model: nn.Module, x: Any) -> dict[str, Any]:
        (first, _, second), y = model.children(), model(ad.Tensor(x)).numpy()
        h = np.tanh(x @ first.weight.T + first.bias)
        d = 2 * y
        e = (d @ second.weight) * (1 - h * h)
        return {"0.weight": e.T @ x, "0.bias": e.sum(0), "2.weight": d.T @ h, "2.bias": d.sum(0) * 1.001}

    def loss(model: Any, x: Any) -> Any:
        return np.sum(model(x) ** 2)

    assert check_gradient(loss, model, X).ok
    report = check_gradient(loss, model, X, gradient=gradient, argnums=0)
    assert report.by_argument == "right: model.0.weight, model.0.bias, model.2.weight; wrong: model.2.bias in 2 of 2"
    assert report.comparison == "Autograd and the differences agree; the gradient by hand stands alone."
    assert all(np.array_equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_module_and_its_parameters_are_such_where_a_gradient_is_computed_by_backward() -> None:
    model = nn.Linear(3, 2)

    def loss(model: Any, x: Any) -> Any:
        return np.sum(np.tanh(model(ad.Tensor(x))) ** 2)

    def gradient(model: nn.Module, x: Any) -> dict[str, Any]:
        loss(model, x).backward()
        return {name: parameter.grad for name, parameter in model.named_parameters()}

    report = check_gradient(loss, model, X, gradient=gradient, argnums=0)
    assert report.ok, str(report)
    assert arguments(report) == ["model.weight", "model.bias"]
    assert model.weight.grad is None


class Slotted:
    __slots__ = ("__dict__", "w")

    def __init__(self) -> None:
        self.w, self.b = W, B


class Locked(Slotted):
    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


def test_arrays_in_slots_are_found_and_what_cannot_be_copied_is_an_error_unless_it_is_left_out() -> None:
    def f(p: Any, x: Any) -> Any:
        return np.sum(np.tanh(x @ p.w + p.b))

    assert arguments(check_gradient(f, Slotted(), X)) == ["p.b", "p.w", "x"]
    with pytest.raises(TypeError, match=r"p cannot be copied \(cannot pickle '_thread.lock' object\); wanted .* argnums= that"):
        check_gradient(f, Locked(), X)
    assert arguments(check_gradient(f, Locked(), X, argnums=1)) == ["x"]


def test_functions_modules_and_classes_are_passed_on() -> None:
    def f(xp: Any, activation: Any, kind: Any, x: Any) -> Any:
        return xp.sum(activation(kind(x)))

    assert arguments(check_gradient(f, np, np.tanh, np.asarray, B, gradient=lambda xp, a, k, x: 1 - np.tanh(x) ** 2)) == ["x"]
