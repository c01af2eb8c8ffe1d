"""The value and the gradient of a function, as SciPy's optimizers ask for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autodiff as ad
from benchmarks.libraries import torch
from benchmarks.work import Candidate, Make, Work, needed

__all__ = ["WORKS"]

rng = np.random.default_rng(0)
In = Callable[[Any], Callable[[Any], Any]]  # of a namespace such as NumPy: the function of an array in it
ByHand = Callable[[np.ndarray], tuple[Any, np.ndarray]]


def rosenbrock(xp: Any) -> Callable[[Any], Any]:
    """Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²."""
    return lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rosenbrock_by_hand(x: np.ndarray) -> tuple[Any, np.ndarray]:
    """Its value and gradient in NumPy."""
    bend, slope = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * bend * x[:-1] - 2 * slope
    gradient[1:] += 200 * bend
    return 100 * bend @ bend + slope @ slope, gradient


def elements(xp: Any) -> Callable[[Any], Any]:
    """Σ exp(-x) x."""
    return lambda x: (xp.exp(-x) * x).sum()


def elements_by_hand(x: np.ndarray) -> tuple[Any, np.ndarray]:
    """Its value and gradient in NumPy."""
    e = np.exp(-x)
    return np.sum(e * x), e - e * x


DATA, TARGET = rng.normal(size=(10_000, 100)), rng.normal(size=10_000)


def squares(xp: Any) -> Callable[[Any], Any]:
    """The mean squared error of a linear regression."""
    data, target = xp.asarray(DATA), xp.asarray(TARGET)
    return lambda w: ((data @ w - target) ** 2).mean()


def squares_by_hand(w: np.ndarray) -> tuple[Any, np.ndarray]:
    """Its value and gradient in NumPy."""
    error = DATA @ w - TARGET
    return error @ error / len(error), DATA.T @ error * (2 / len(error))


def recorded(function: Callable[[Any], Any], leaf: Callable[[np.ndarray], Any]) -> ByHand:
    """By the backward pass of PyTorch or MyGrad."""

    def run(x: np.ndarray) -> tuple[Any, np.ndarray]:
        variable = leaf(x)
        value = function(variable)
        value.backward()
        return value.item(), np.asarray(variable.grad)

    return run


def in_torch(function: In) -> ByHand:
    """By PyTorch."""
    return recorded(function(torch()), partial(torch().tensor, requires_grad=True))


def in_jax(function: In) -> ByHand:
    """By JAX."""
    jax = needed("jax")
    jax.config.update("jax_enable_x64", True)
    compiled = jax.jit(jax.value_and_grad(function(jax.numpy)))

    def run(x: np.ndarray) -> tuple[Any, np.ndarray]:
        value, gradient = compiled(x)
        return value.item(), np.asarray(gradient)

    return run


def scalar(title: str, function: In, by_hand: ByHand, size: int) -> Work:
    """Value and gradient of a function at one point."""
    x = np.random.default_rng(1).normal(size=size)

    def at_x(make: Callable[[], ByHand]) -> Make:
        return lambda: Candidate(partial(make(), x))

    ours = ad.value_and_grad(function(np))
    makes: dict[str, Make] = {
        "by hand": at_x(lambda: by_hand),
        "eager": at_x(lambda: ours),
        "compiled": at_x(lambda: ad.compile(ours)),
        "native": at_x(lambda: ad.compile(ours, backend="native")),
        "PyTorch": at_x(lambda: in_torch(function)),
        "JAX": at_x(lambda: in_jax(function)),
        "autograd": at_x(lambda: needed("autograd").value_and_grad(function(needed("autograd.numpy")))),
        "MyGrad": at_x(lambda: recorded(function(needed("mygrad")), needed("mygrad").tensor)),
    }
    return Work(title, makes)


WORKS = {
    "rosenbrock 10": lambda: scalar("Rosenbrock's function of 10 variables", rosenbrock, rosenbrock_by_hand, 10),
    "rosenbrock 100": lambda: scalar("Rosenbrock's function of 100 variables", rosenbrock, rosenbrock_by_hand, 100),
    "regression": lambda: scalar("linear regression, 10,000 x 100", squares, squares_by_hand, 100),
    "elements": lambda: scalar("Σ exp(-x) x of 1,000,000 numbers", elements, elements_by_hand, 1_000_000),
}
