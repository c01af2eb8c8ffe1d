"""A step of gradient descent of a small convolutional network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.libraries import by_functions, by_modules, hips_autograd, mygrad
from benchmarks.work import FLOAT32, Work, needed

__all__ = ["WORKS"]

IMAGES, RATE, LOOP = 64, 0.01, 10
rng = np.random.default_rng(0)
X = rng.normal(size=(IMAGES, 1, 28, 28)).astype(np.float32)
Y, ROWS = rng.integers(0, 10, IMAGES), np.arange(IMAGES)
SHAPES = {"0": (8, 1, 3, 3), "3": (16, 8, 3, 3), "7": (10, 400)}
START = {}
for layer, shape in SHAPES.items():
    START[f"{layer}.weight"] = (rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
    START[f"{layer}.bias"] = np.zeros(shape[0], np.float32)


def module(package: Any, tensor: Callable[[Any], Any]) -> tuple[Any, Any, Any, Any]:
    """As modules."""
    x = tensor(X)
    model = package.Sequential(
        package.Conv2d(1, 8, 3, dtype=x.dtype),
        package.ReLU(),
        package.MaxPool2d(2),
        package.Conv2d(8, 16, 3, dtype=x.dtype),
        package.ReLU(),
        package.MaxPool2d(2),
        package.Flatten(),
        package.Linear(400, 10, dtype=x.dtype),
    )
    return model, model, package.CrossEntropyLoss(), (x, tensor(Y))


def loss_by(layer: Callable[[Any, Any], Any], xp: Any, params: Mapping[str, Any]) -> Any:
    """As a function of arrays, given what a convolution and pooling over 2 x 2 are."""
    h = xp.asarray(X)
    for name in ("0", "3"):
        h = layer(h, params[f"{name}.weight"], params[f"{name}.bias"][:, None, None])
    z = h.reshape(IMAGES, 400) @ params["7.weight"].T + params["7.bias"]
    z = z - xp.max(z, axis=1, keepdims=True)
    return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - z[ROWS, Y])


def in_jax(xp: Any, params: Mapping[str, Any]) -> Any:
    """By the functions of JAX."""
    lax = needed("jax").lax

    def layer(h: Any, weight: Any, bias: Any) -> Any:
        h = xp.maximum(lax.conv_general_dilated(h, weight, (1, 1), "VALID") + bias, 0)
        return lax.reduce_window(h, -xp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    return loss_by(layer, xp, params)


def in_autograd(xp: Any, params: Mapping[str, Any]) -> Any:
    """As in the examples of HIPS autograd. Its convolution turns the kernel around."""
    signal = needed("autograd.scipy.signal")

    def layer(h: Any, weight: Any, bias: Any) -> Any:
        h = signal.convolve(h, weight[:, :, ::-1, ::-1], axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid") + bias
        n = h.shape[-1] // 2
        pairs = xp.maximum(h, 0)[:, :, : 2 * n, : 2 * n].reshape((IMAGES, -1, n, 2, n, 2))
        return xp.max(xp.max(pairs, axis=5), axis=3)

    return loss_by(layer, xp, params)


def in_mygrad(xp: Any, params: Mapping[str, Any]) -> Any:
    """By the layers of MyGrad, which pools what can be divided by two."""
    layers = needed("mygrad.nnet.layers")

    def layer(h: Any, weight: Any, bias: Any) -> Any:
        h = xp.maximum(layers.conv_nd(h, weight, stride=1) + bias, 0)
        n = h.shape[-1] // 2 * 2
        return layers.max_pool(h[:, :, :n, :n], (2, 2), 2)

    return loss_by(layer, xp, params)


def work() -> Work:
    """The step of this network."""
    makes = {
        **by_modules(module, START, RATE, LOOP),
        **by_functions(in_jax, START, RATE, LOOP),
        "autograd": lambda: hips_autograd(in_autograd, START, RATE),
        "MyGrad": lambda: mygrad(in_mygrad, START, RATE),
    }
    return Work("convolutions, 64 images", makes, threads=2, tolerance=FLOAT32)


WORKS = {"convolutions": work}
