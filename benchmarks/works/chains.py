"""Long programs of small operations, forward and backward: what recording costs."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from benchmarks.libraries import by_us, torch
from benchmarks.work import Candidate, Make, Work, needed

__all__ = ["WORKS", "chain"]

X = np.linspace(-1.0, 1.0, 10)


class Sines:
    """The derivative of Σ sin(sin(... x)), of which each one needs the value before it, and which does not vanish."""

    def __init__(self, length: int) -> None:
        self.length = length

    def composed(self, xp: Any, x: Any) -> Any:
        """The function."""
        for _ in range(self.length):
            x = xp.sin(x)
        return x.sum()

    def by_hand(self) -> Candidate:
        """By the chain rule."""

        def run() -> Any:
            values = [X]
            for _ in range(self.length):
                values.append(np.sin(values[-1]))
            g = np.ones_like(X)
            for value in reversed(values[:-1]):
                g = g * np.cos(value)
            return g

        return Candidate(run)

    def recorded(self, xp: Any, x: Any) -> Candidate:
        """By the backward pass of this library or of PyTorch, from a leaf."""

        def run() -> Any:
            x.grad = None
            self.composed(xp, x).backward()
            return x.grad

        return Candidate(run)

    def in_mygrad(self) -> Candidate:
        """By MyGrad, which forgets the gradient of what is used anew."""
        peer = needed("mygrad")
        x = peer.tensor(X)

        def run() -> Any:
            self.composed(peer, x).backward()
            return x.grad

        return Candidate(run)

    def in_autograd(self) -> Candidate:
        """By HIPS autograd."""
        numpy = needed("autograd.numpy")
        gradient = needed("autograd").grad(lambda x: self.composed(numpy, x))
        return Candidate(lambda: gradient(X))

    def in_jax(self) -> Candidate:
        """By JAX's loop, since what it compiles is not to be that long."""
        jax = needed("jax")
        jax.config.update("jax_enable_x64", True)
        repeated = lambda x: jax.lax.scan(lambda y, _: (jax.numpy.sin(y), None), x, length=self.length)[0].sum()  # noqa: E731
        gradient, x = jax.jit(jax.grad(repeated)), jax.numpy.asarray(X)
        return Candidate(lambda: gradient(x).block_until_ready())


def chain(length: int, title: str | None = None, per: int = 1, longest: bool = False) -> Work:
    """A chain of this many operations."""
    one = Sines(length)

    def in_torch() -> Candidate:
        return one.recorded(torch(), torch().tensor(X, requires_grad=True))

    makes: dict[str, Make] = {
        "by hand": one.by_hand,
        **by_us(lambda: one.recorded(np, ad.Tensor(X, requires_grad=True)).run, loop=max(1, 1000 // length), longest=longest),
        "PyTorch": in_torch,
        "JAX": one.in_jax,
        "autograd": one.in_autograd,
        "MyGrad": one.in_mygrad,
    }
    return Work(title or f"a chain of {length:,} operations", makes, per=per)


WORKS = {
    "operation": lambda: chain(100, "one operation of 10 numbers (of 100)", per=100),
    "chain": lambda: chain(100_000, longest=True),
}
