"""How each library makes a step of training: of a module and its loss, or of a function of arrays and parameters."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

import autodiff as ad
import nn
from benchmarks.work import Candidate, Make, needed

__all__ = ["by_functions", "by_modules", "by_us", "products", "training"]

Arrays = dict[str, np.ndarray]
Step = Callable[[], Any]


def training(model: Any, loss_fn: Any, optimizer: Any, x: Any, y: Any) -> Step:
    """The step as it is written for PyTorch, which is how it is written for `nn`."""

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def by_us(make: Callable[[], Step], loop: int = 100, longest: bool = False) -> dict[str, Make]:
    """By this library as it is, compiled in both back ends, and by `loop` steps in one call.

    What is `longest` is only done as it is: a program as long as that takes minutes to be compiled.
    """

    def native_loop() -> Candidate:
        compiled = ad.compile(make(), backend="native")
        return Candidate(lambda: compiled.repeat(loop), loop)

    compiled: dict[str, Make] = {
        "compiled": lambda: Candidate(ad.compile(make())),
        "native": lambda: Candidate(ad.compile(make(), backend="native")),
        "native loop": native_loop,
    }
    return {"eager": lambda: Candidate(make()), **({} if longest else compiled)}


def torch() -> Any:
    """PyTorch, on the threads that the process may use."""
    found = needed("torch")
    found.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    return found


Build = Callable[[Any, Callable[[Any], Any]], tuple[Any, Any, Any, Any]]  # of nn and Tensor, or of torch.nn and torch.tensor


def by_modules(build: Build, start: Mapping[str, np.ndarray], rate: float, loop: int, optional: bool = False) -> dict[str, Make]:
    """A module trained by gradient descent, by this library and by PyTorch.

    Args:
        build: gets the package of modules and the function that makes tensors; returns model, what is called in the step (mostly
            the model itself), loss and data.
        start: the parameters.
        rate: the learning rate.
        loop: the number of steps in a call of what can do many.
        optional: whether `torch.compile` takes part, which needs half a minute for each.
    """

    def step(package: Any, optim: Any, tensor: Callable[[Any], Any], compiled: Callable[[Any], Any] = lambda model: model) -> Step:
        model, call, loss_fn, (x, y) = build(package, tensor)
        model.load_state_dict({name: tensor(value) for name, value in start.items()})
        return training(compiled(call), loss_fn, optim.SGD(model.parameters(), lr=rate), x, y)

    def pytorch(compiled: bool) -> Candidate:
        peer = torch()
        return Candidate(step(peer.nn, peer.optim, peer.tensor, peer.compile if compiled else lambda model: model))

    found = {**by_us(lambda: step(nn, nn.optim, ad.Tensor), loop), "PyTorch": lambda: pytorch(False)}
    return {**found, "torch.compile": lambda: pytorch(True)} if optional else found


Loss = Callable[[Any, Any], Any]  # of a namespace such as NumPy and a dict of parameters


def jax_step(loss: Loss, start: Arrays, rate: float) -> tuple[Any, Any]:
    """A function of parameters to parameters and loss, and the parameters to start from, in JAX."""
    jax = needed("jax")
    jax.config.update("jax_enable_x64", any(value.dtype == np.float64 for value in start.values()))

    def step(params: Any) -> Any:
        found, gradients = jax.value_and_grad(partial(loss, jax.numpy))(params)
        return jax.tree.map(lambda p, g: p - rate * g, params, gradients), found

    return step, jax.tree.map(jax.numpy.asarray, start)


def jax_jit(loss: Loss, start: Arrays, rate: float) -> Candidate:
    """A step in a call."""
    step, params = jax_step(loss, start, rate)
    compiled = needed("jax").jit(step)

    def run() -> Any:
        nonlocal params
        params, found = compiled(params)
        return found.block_until_ready()

    return Candidate(run)


def jax_loop(loss: Loss, start: Arrays, rate: float, loop: int) -> Candidate:
    """Many steps in a call."""
    jax = needed("jax")
    step, params = jax_step(loss, start, rate)
    first = step(params)[1]
    compiled = jax.jit(lambda params: jax.lax.fori_loop(0, loop, lambda _, state: step(state[0]), (params, first)))

    def run() -> Any:
        nonlocal params
        params, found = compiled(params)
        return found.block_until_ready()

    return Candidate(run, loop)


def hips_autograd(loss: Loss, start: Arrays, rate: float) -> Candidate:
    """HIPS autograd."""
    peer, numpy = needed("autograd"), needed("autograd.numpy")
    value_and_grad = peer.value_and_grad(partial(loss, numpy))
    params = {name: value.copy() for name, value in start.items()}

    def run() -> Any:
        found, gradients = value_and_grad(params)
        for name, gradient in gradients.items():
            params[name] -= rate * gradient
        return found

    return Candidate(run)


def mygrad(loss: Loss, start: Arrays, rate: float) -> Candidate:
    """MyGrad."""
    peer = needed("mygrad")
    params = {name: peer.tensor(value) for name, value in start.items()}

    def run() -> Any:
        found = loss(peer, params)
        found.backward()
        for param in params.values():
            param.data -= rate * param.grad
        return found.item()

    return Candidate(run)


def by_functions(loss: Loss, start: Arrays, rate: float, loop: int) -> dict[str, Make]:
    """Gradient descent on a function of arrays, by the libraries that differentiate such."""
    return {
        "JAX": lambda: jax_jit(loss, start, rate),
        "JAX loop": lambda: jax_loop(loss, start, rate, loop),
        "autograd": lambda: hips_autograd(loss, start, rate),
        "MyGrad": lambda: mygrad(loss, start, rate),
    }


def products(*shapes: tuple[int, ...], dtype: Any = np.float32) -> Candidate:
    """Nothing but the products of a step, into memory that is there: for each h @ w.T that of both derivatives.

    Each shape is `(..., rows, inner, columns)`; the first product's `h` is data, which needs no derivative.
    """
    rng = np.random.default_rng(0)
    calls: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for *batch, rows, inner, columns in shapes:
        h, w, g = (rng.normal(size=(*batch, *shape)).astype(dtype) for shape in ((rows, inner), (columns, inner), (rows, columns)))
        calls += [(h, w.mT, np.empty_like(g)), (g.mT, h, np.empty_like(w))]
        calls += [(g, w, np.empty_like(h))] if len(calls) > 2 else []

    def run() -> None:
        for a, b, out in calls:
            np.matmul(a, b, out=out)

    return Candidate(run, checked=False)
