"""Steps of gradient descent of an LSTM and of a layer of a transformer, on random sequences and targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.libraries import by_functions, by_modules, products
from benchmarks.work import FLOAT32, Make, Work, needed

__all__ = ["WORKS"]

LOOP = 10


def normal(seed: int) -> Callable[..., np.ndarray]:
    """What draws normal numbers of float32."""
    rng = np.random.default_rng(seed)
    return lambda *shape, scale=1.0: (scale * rng.normal(size=shape)).astype(np.float32)


class LSTM:
    """One layer, from 32 to 64 features, over 20 steps of 32 sequences; the mean squared error of all its outputs."""

    rows, length, width, hidden, rate = 32, 20, 32, 64, 10.0

    def __init__(self) -> None:
        random = normal(0)
        self.x, self.y = random(self.length, self.rows, self.width), random(self.length, self.rows, self.hidden, scale=0.5)
        gates = 4 * self.hidden
        self.start = {
            "weight_ih_l0": random(gates, self.width, scale=0.1),
            "weight_hh_l0": random(gates, self.hidden, scale=0.1),
            "bias_ih_l0": random(gates, scale=0.1),
            "bias_hh_l0": random(gates, scale=0.1),
        }

    def module(self, package: Any, tensor: Callable[[Any], Any]) -> tuple[Any, Any, Any, Any]:
        """As a module."""
        x = tensor(self.x)
        model = package.LSTM(self.width, self.hidden, dtype=x.dtype)
        return model, lambda x: model(x)[0], package.MSELoss(), (x, tensor(self.y))

    def step(self, xp: Any, state: Any, projected: Any, weight: Any) -> tuple[Any, Any]:
        """The state after a step of the sequences."""
        h, c = state
        n = self.hidden
        gates = projected + h @ weight.T
        i, f, o = (1 / (1 + xp.exp(-gates[:, k * n : (k + 1) * n])) for k in (0, 1, 3))
        c = f * c + i * xp.tanh(gates[:, 2 * n : 3 * n])
        return o * xp.tanh(c), c

    def loss(self, xp: Any, params: Mapping[str, Any]) -> Any:
        """As a function of arrays."""
        projected = xp.asarray(self.x) @ params["weight_ih_l0"].T + (params["bias_ih_l0"] + params["bias_hh_l0"])
        h = c = np.zeros((self.rows, self.hidden), np.float32)
        outputs = []
        for part in projected:
            h, c = self.step(xp, (h, c), part, params["weight_hh_l0"])
            outputs.append(h)
        return xp.mean((xp.stack(outputs) - self.y) ** 2)

    def scanned(self, xp: Any, params: Mapping[str, Any]) -> Any:
        """With JAX's loop in the place of Python's."""
        projected = xp.asarray(self.x) @ params["weight_ih_l0"].T + (params["bias_ih_l0"] + params["bias_hh_l0"])

        def step(state: Any, part: Any) -> Any:
            state = self.step(xp, state, part, params["weight_hh_l0"])
            return state, state[0]

        zeros = xp.zeros((self.rows, self.hidden), xp.float32)
        outputs = needed("jax").lax.scan(step, (zeros, zeros), projected)[1]
        return xp.mean((outputs - self.y) ** 2)


def lstm() -> Work:
    """The step of the LSTM."""
    one = LSTM()
    in_jax = by_functions(one.scanned, one.start, one.rate, LOOP)
    recurrent = [(one.rows, one.hidden, 4 * one.hidden)] * one.length
    makes: dict[str, Make] = {
        "products": lambda: products((one.rows * one.length, one.width, 4 * one.hidden), *recurrent),
        **by_modules(one.module, one.start, one.rate, LOOP),
        **by_functions(one.loss, one.start, one.rate, LOOP),
        "JAX": in_jax["JAX"],
        "JAX loop": in_jax["JAX loop"],
    }
    return Work("LSTM 32-64, 32 x 20", makes, tolerance=FLOAT32)


class Transformer:
    """An encoder layer of 64 features and 4 heads for 16 sequences of 32; the mean squared error of its output."""

    rows, length, width, heads, inner, rate = 16, 32, 64, 4, 256, 0.3

    def __init__(self) -> None:
        random = normal(0)
        self.x, self.y = random(self.rows, self.length, self.width), random(self.rows, self.length, self.width)
        d, inner = self.width, self.inner
        shapes = {"self_attn.in_proj_": (3 * d, d), "self_attn.out_proj.": (d, d), "linear1.": (inner, d), "linear2.": (d, inner)}
        self.start = {name + "weight": random(*shape, scale=0.1) for name, shape in shapes.items()}
        self.start |= {name + "bias": random(shape[0], scale=0.1) for name, shape in shapes.items()}
        for norm in ("norm1", "norm2"):
            self.start |= {f"{norm}.weight": np.ones(d, np.float32), f"{norm}.bias": np.zeros(d, np.float32)}

    def module(self, package: Any, tensor: Callable[[Any], Any]) -> tuple[Any, Any, Any, Any]:
        """As a module."""
        x = tensor(self.x)
        model = package.TransformerEncoderLayer(self.width, self.heads, self.inner, dropout=0.0, batch_first=True, dtype=x.dtype)
        return model, model, package.MSELoss(), (x, tensor(self.y))

    def attention(self, xp: Any, x: Any, params: Mapping[str, Any]) -> Any:
        """Each head's weighted means of the values, projected."""
        size = self.width // self.heads
        projected = x @ params["self_attn.in_proj_weight"].T + params["self_attn.in_proj_bias"]
        heads = projected.reshape((self.rows, self.length, 3, self.heads, size))
        q, k, v = (xp.transpose(heads[:, :, i], (0, 2, 1, 3)) for i in range(3))
        scores = xp.matmul(q, xp.transpose(k, (0, 1, 3, 2))) * np.float32(size**-0.5)
        e = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
        found = xp.matmul(e / xp.sum(e, axis=-1, keepdims=True), v)
        joined = xp.transpose(found, (0, 2, 1, 3)).reshape((self.rows, self.length, self.width))
        return joined @ params["self_attn.out_proj.weight"].T + params["self_attn.out_proj.bias"]

    def loss(self, xp: Any, params: Mapping[str, Any]) -> Any:
        """As a function of arrays."""

        def norm(h: Any, name: str) -> Any:
            h = h - xp.mean(h, axis=-1, keepdims=True)
            variance = xp.mean(h**2, axis=-1, keepdims=True)
            return h / xp.sqrt(variance + 1e-5) * params[name + ".weight"] + params[name + ".bias"]

        x = xp.asarray(self.x)
        h = norm(x + self.attention(xp, x, params), "norm1")
        inner = xp.maximum(h @ params["linear1.weight"].T + params["linear1.bias"], 0)
        out = norm(h + inner @ params["linear2.weight"].T + params["linear2.bias"], "norm2")
        return xp.mean((out - self.y) ** 2)


def transformer() -> Work:
    """The step of the layer of a transformer."""
    one = Transformer()
    rows, d, size = one.rows * one.length, one.width, one.width // one.heads
    scores = (one.rows, one.heads, one.length, size, one.length), (one.rows, one.heads, one.length, one.length, size)
    makes: dict[str, Make] = {
        "products": lambda: products((rows, d, 3 * d), *scores, (rows, d, d), (rows, d, one.inner), (rows, one.inner, d)),
        **by_modules(one.module, one.start, one.rate, LOOP),
        **by_functions(one.loss, one.start, one.rate, LOOP),
    }
    return Work("transformer layer, 16 x 32", makes, threads=2, tolerance=FLOAT32)


WORKS = {"lstm": lstm, "transformer": transformer}
