"""Derivatives by difference quotients, which know nothing about rules: what the gradients are compared with."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.testing import assert_allclose

import autodiff as ad

STEP = 1e-3


def derivative(f: Callable[[np.ndarray], float], x: np.ndarray) -> np.ndarray:
    """The derivative of the number `f(x)` by each element of `x`: central differences, extrapolated to an error of order h**4."""
    result = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        h = STEP * max(1.0, abs(x[index]))

        def quotient(h: float, index: tuple[int, ...] = index) -> float:
            left, right = x.copy(), x.copy()
            left[index] -= h
            right[index] += h
            return (f(right) - f(left)) / (right[index] - left[index])

        result[index] = (4 * quotient(h / 2) - quotient(h)) / 3
    return result


def vjp(f: Callable[..., Any], inputs: Sequence[np.ndarray], g: np.ndarray) -> list[np.ndarray]:
    """The gradients of `(f(*inputs) * g).sum()` by the inputs, as arrays."""
    leaves = [ad.Tensor(x, requires_grad=True) for x in inputs]
    f(*leaves).backward(g)
    return [np.zeros(x.shape) if leaf.grad is None else leaf.grad.numpy() for leaf, x in zip(leaves, inputs, strict=True)]


def assert_close(actual: Any, expected: np.ndarray, what: str) -> None:
    """Equal to the precision of difference quotients."""
    scale = max(1.0, np.max(np.abs(expected), initial=0.0))
    assert np.shape(actual) == expected.shape, f"{what}: shape {np.shape(actual)} instead of {expected.shape}"
    assert_allclose(actual, expected, rtol=1e-5, atol=1e-7 * scale, err_msg=what)


def assert_gradient(f: Callable[..., Any], *inputs: np.ndarray, order: int = 2, seed: int = 0) -> None:
    """Assert that autodiff's derivatives of `f` at `inputs` are those of difference quotients.

    First order: the product of a random cotangent with the Jacobian. Second order: the derivative of that product, with random
    weights, by the inputs and by the cotangent.
    """
    rng = np.random.default_rng(seed)
    y = np.asarray(f(*inputs))
    g = np.asarray(rng.normal(size=y.shape) + 0.5)
    gradients = vjp(f, inputs, g)
    for i, x in enumerate(inputs):

        def value(z: np.ndarray, i: int = i) -> float:
            return float(np.sum(f(*inputs[:i], z, *inputs[i + 1 :]) * g))

        assert_close(gradients[i], derivative(value, x), f"gradient by input {i}")
    if order == 1:
        return

    weights = [np.asarray(rng.normal(size=x.shape)) for x in inputs]
    points = [*inputs, g]

    def weighted(*points: np.ndarray) -> float:
        return float(sum(np.sum(v * w) for v, w in zip(vjp(f, points[:-1], points[-1]), weights, strict=True)))

    leaves = [ad.Tensor(x, requires_grad=True) for x in points]
    f(*leaves[:-1]).backward(leaves[-1], create_graph=True)
    first = [leaf.grad for leaf in leaves[:-1]]
    for leaf in leaves:
        leaf.grad = None
    total = sum((v * w).sum() for v, w in zip(first, weights, strict=True) if v is not None)
    if isinstance(total, ad.Tensor) and total.requires_grad:
        total.backward()
    for i, (leaf, x) in enumerate(zip(leaves, points, strict=True)):

        def value(z: np.ndarray, i: int = i) -> float:
            return weighted(*points[:i], z, *points[i + 1 :])

        second = np.zeros(x.shape) if leaf.grad is None else leaf.grad.numpy()
        assert_close(second, derivative(value, x), f"second-order gradient by {'the cotangent' if x is g else f'input {i}'}")
