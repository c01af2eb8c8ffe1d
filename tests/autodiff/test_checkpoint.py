"""`checkpoint`: the same values and gradients, computed again instead of kept."""

from __future__ import annotations

import gc
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from registry_cases import Case, cotangent, each_case

import autodiff as ad
import nn
from nn.random import generator

W = np.array([[0.5, 0.1, -0.3], [-0.2, 0.3, 0.7], [0.4, -0.6, 0.2]])
X = np.array([0.5, -1.0, 2.0])


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


def layer(x: Any, w: Any) -> Any:
    return np.tanh(x @ w) * x[::-1] + x


def same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    assert_allclose(getattr(found, "data", found), getattr(expected, "data", expected), rtol=1e-12, atol=1e-14)


# --- the same --------------------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.lists(st.sampled_from([0, 1, 2]), max_size=4))
def test_gradients_are_the_same_however_calls_are_chained_and_nested(numbers: list[float], depths: list[int]) -> None:
    def gradients(wrap: Callable[..., Any]) -> list[Any]:
        x, w = leaf(numbers), leaf(W)
        y = x * 1.0
        for depth in depths:
            part = layer
            for _ in range(depth):
                part = wrap(part)
            y = part(y, w)
        (y * y * x * w).sum().backward()
        return [y.detach(), x.grad, w.grad]

    for found, expected in zip(gradients(ad.checkpoint), gradients(lambda f: f), strict=True):
        same(found, expected)


TRANSFORMS: dict[str, Callable[..., Any]] = {
    "value_and_grad": lambda f: ad.value_and_grad(lambda x: np.sum(f(x)))(X)[1],
    "grad of grad": lambda f: ad.grad(lambda x: np.sum(ad.grad(lambda x: np.sum(f(x) ** 3))(x) ** 2))(X),
    "vjp": lambda f: ad.vjp(f, X)[1](X)[0],
    "jvp": lambda f: ad.jvp(f, (X,), (X[::-1].copy(),))[1],
    "jacobian": lambda f: ad.jacobian(f)(X),
    "hessian": lambda f: ad.hessian(f)(X),
    "jacobian of hessian": lambda f: ad.jacobian(ad.hessian(f))(X),
    "hvp": lambda f: ad.hvp(lambda x: np.sum(f(x) ** 2))(X, X),
    "grad of jvp": lambda f: ad.grad(lambda x: np.sum(ad.jvp(f, (x,), (X,))[1] ** 2))(X),
    "in no_grad": lambda f: ad.no_grad()(lambda: f(leaf(X)))(),
    "of an array": lambda f: f(X),
    "of a constant": lambda f: f(ad.Tensor(X)),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_it_works_inside_transforms(transform: Callable[..., Any]) -> None:
    inner = lambda x: layer(layer(x, W), W)
    for part in (ad.checkpoint(inner), ad.checkpoint(lambda x: ad.checkpoint(layer)(layer(x, W), W))):
        same(transform(part), transform(inner))


NESTED: dict[str, Callable[..., Any]] = {
    "the variable of the outer one": lambda c, x, w: c(lambda: x * w)(),
    "twice": lambda c, x, w: c(lambda: c(lambda: x * w)())(),
    "as an argument": lambda c, x, w: c(lambda: c(lambda y: y * x * w)(x))(),
    "computed inside": lambda c, x, w: (lambda h: c(lambda: c(lambda y: np.exp(h * y) * w * x)(h * w))())(np.sin(x * w)),
    "a gradient": lambda c, x, w: c(lambda: ad.grad(lambda z: (z**3 * w * x).sum())(x))(),
    "a gradient twice": lambda c, x, w: c(lambda: c(lambda: ad.grad(lambda z: (z**3 * w * x).sum())(x))() * x)(),
    "of a checkpoint": lambda c, x, w: c(lambda: ad.grad(lambda z: (c(lambda: z**3 * w)() * x).sum())(x))(),
    "a tangent": lambda c, x, w: c(lambda: c(lambda: ad.jvp(lambda z: c(lambda: z**3 * w * x)(), (x,), (w,))[1])() * x)(),
    "a jacobian": lambda c, x, w: c(lambda: ad.jacobian(lambda z: c(lambda: np.outer(z, x) @ w)())(x) @ x)(),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("program", NESTED.values(), ids=NESTED)
def test_it_nests_with_transforms_and_itself_around_variables_of_both(program: Any, transform: Any) -> None:
    def run(c: Callable[..., Any]) -> list[Any]:
        w = leaf(X[::-1].copy())
        found = transform(c(lambda x: program(c, x, w)))
        if isinstance(found, ad.Tensor) and found.requires_grad:
            (found * found).sum().backward()
        return [found, w.grad]

    for found, expected in zip(run(ad.checkpoint), run(lambda f: f), strict=True):
        found, expected = (getattr(y, "data", y) for y in (found, expected))
        assert_allclose(found if found is not None else 0.0, expected if expected is not None else 0.0, rtol=1e-10, atol=1e-12)


@each_case
def test_every_operation_has_the_same_gradients(case: Case) -> None:
    f, inputs = case.function()
    expected = [leaf(x) for x in inputs]
    found = [leaf(x) for x in inputs]
    y, z = f(*expected), ad.checkpoint(f)(*found)
    assert_array_equal(z.numpy(), y.numpy())
    g = cotangent(y)
    y.backward(g)
    z.backward(g)
    for a, b in zip(found, expected, strict=True):
        assert_array_equal(a.grad.numpy(), b.grad.numpy())


def test_complex_gradients_are_the_same() -> None:
    z = np.array([1 + 2j, 0.5 - 1j])
    part = lambda z: np.exp(z) * np.conj(z) + np.abs(z)
    for transform in (lambda f: ad.vjp(f, z)[1](z)[0], lambda f: ad.jvp(f, (z,), (z,))[1], lambda f: ad.hvp(total(f))(z, 1j * z)):
        same(transform(ad.checkpoint(part)), transform(part))


def total(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda z: np.sum(np.abs(f(z)) ** 2)


# --- arguments and results -------------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclass
class Settings:
    w: Any
    name: str


def test_arguments_and_results_are_containers_and_anything_else() -> None:
    def f(pair: Pair, rest: list[Any], *, settings: Settings, power: int = 2) -> Any:
        assert isinstance(pair, Pair)
        assert settings.name == "it"
        y = pair.a * rest[0]["x"] + settings.w**power
        return {"y": y, "sum": (y.sum(), None, "text", 3), "largest": np.argmax(y), "given": pair.b}

    def run(f: Callable[..., Any]) -> list[Any]:
        a, x, w = leaf(X), leaf(2.0), leaf(X[::-1].copy())
        result = f(Pair(a, X), [{"x": x}, None], settings=Settings(w, "it"), power=3)
        assert result["given"] is X
        assert result["sum"][1:] == (None, "text", 3)
        assert int(result["largest"]) == 0
        (result["sum"][0] * 2.0 + (result["y"] * X).sum()).backward()
        return [a.grad, x.grad, w.grad]

    for found, expected in zip(run(ad.checkpoint(f)), run(f), strict=True):
        same(found, expected)


def test_a_result_that_is_not_used_has_no_part_in_the_gradient() -> None:
    x = leaf(X)
    unused, used = ad.checkpoint(lambda x: (np.exp(x), np.sin(x)))(x)
    used.sum().backward()
    same(x.grad, ad.Tensor(np.cos(X)))
    assert unused.requires_grad


def test_an_argument_and_a_closure_may_be_returned() -> None:
    x, w = leaf(X), leaf(X)
    a, b, c = ad.checkpoint(lambda x: (x, w, x * w))(x)
    (a * 2.0 + b * 3.0 + c).sum().backward()
    same(x.grad, ad.Tensor(2.0 + X))
    same(w.grad, ad.Tensor(3.0 + X))


def test_it_is_a_decorator_that_keeps_the_name() -> None:
    @ad.checkpoint
    def named(x: Any) -> Any:
        """Say what it does."""
        return x * x

    assert (named.__name__, named.__doc__) == ("named", "Say what it does.")
    assert ad.grad(named)(3.0) == 6.0


# --- closures --------------------------------------------------------------------------------------------------------------------


def test_tensors_from_elsewhere_get_their_gradients() -> None:
    def run(wrap: Callable[..., Any]) -> list[Any]:
        x, w, v = leaf(X), leaf(W), leaf(2.0)
        computed = np.exp(w)
        part = wrap(lambda x: np.tanh(x @ computed) * v)
        part(part(x)).sum().backward(retain_graph=True)
        computed.sum().backward()  # its graph has not been freed
        return [x.grad, w.grad, v.grad]

    for found, expected in zip(run(ad.checkpoint), run(lambda f: f), strict=True):
        same(found, expected)


def test_the_parameters_of_a_module_get_their_gradients() -> None:
    nn.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    for call in (ad.checkpoint(model), lambda x: ad.checkpoint(lambda m, x: m(x))(model, x)):
        (model(X) ** 2).sum().backward()
        expected = [p.grad for p in model.parameters()]
        model.zero_grad()
        (call(X) ** 2).sum().backward()
        for p, gradient in zip(model.parameters(), expected, strict=True):
            same(p.grad, gradient)
        model.zero_grad()


def test_transforms_inside_use_tensors_from_elsewhere() -> None:
    def run(wrap: Callable[..., Any]) -> Any:
        w = leaf(X)
        wrap(lambda x: ad.grad(lambda y: (y**3 * w).sum())(x) * w)(leaf(X)).sum().backward()
        return w.grad

    same(run(ad.checkpoint), run(lambda f: f))


PROGRAMS: list[Callable[..., Any]] = [
    lambda x, w: np.stack([w[0], x, w @ x]) * w[1],
    lambda x, w: sum(row * x for row in w),
    lambda x, w: filled(x, w[2]) + filled(x, w[0, 0]) + w.T @ x,
    lambda x, w: np.where(x > 0, w, x) * np.linalg.inv(w),
    lambda x, w: (lambda first, second: first * second * x)(*np.linalg.eigh(w @ w.T)),
]


def filled(x: Any, value: Any) -> Any:
    out = np.zeros_like(x)
    for i in range(3):
        out[i:] += x[i] * value.sum()
    out += value
    out[1] = value if value.ndim == 0 else value[1]
    return out


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_that_use_tensors_from_elsewhere_in_all_ways(program: Callable[..., Any]) -> None:
    def run(wrap: Callable[..., Any]) -> list[Any]:
        x, w = leaf(X), leaf(W)
        for tensor in (w, w * 1.0, (w * 1.0)[:, ::-1]):
            (wrap(lambda x, tensor=tensor: program(x, tensor))(x) ** 2).sum().backward(retain_graph=True)
            (wrap(lambda tensor=tensor: program(x, tensor))() ** 2).sum().backward()
        return [x.grad, w.grad]

    with ad.detect_anomaly():
        for found, expected in zip(run(ad.checkpoint), run(lambda f: f), strict=True):
            same(found, expected)


def test_hooks_and_grad_attributes_see_one_gradient() -> None:
    w, seen = leaf(X), []
    w.register_hook(lambda g: seen.append(g.numpy().copy()))
    h = w * 2.0
    h.retain_grad()
    ad.checkpoint(lambda x: x * h * w)(leaf(X)).sum().backward()
    assert len(seen) == 1
    assert_allclose(seen[0], 4 * X * X)
    assert_allclose(h.grad.numpy(), X * X)


def test_no_grad_attribute_is_touched_by_transforms() -> None:
    w = leaf(X)
    found = ad.grad(lambda x: ad.checkpoint(lambda x: (x * x * w).sum())(x))(X)
    assert w.grad is None
    assert found.requires_grad
    found.sum().backward()
    assert_allclose(w.grad.numpy(), 2 * X)


# --- memory ----------------------------------------------------------------------------------------------------------------------


SIZE, PARTS, STEPS = 100_000, 10, 10


def peak(wrap: Callable[..., Any]) -> float:
    """The memory of a chain of `PARTS` functions of `STEPS` operations each, forward and backward, in arrays of its length."""

    def part(x: Any) -> Any:
        for _ in range(STEPS):
            x = np.sin(x)
        return x

    x = leaf(np.linspace(0, 1, SIZE))
    tracemalloc.start()
    y = x
    for _ in range(PARTS):
        y = wrap(part)(y)
    y.sum().backward()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found / (8 * SIZE)


def test_only_the_results_of_the_parts_and_what_one_part_computes_are_held() -> None:
    kept, recomputed = peak(lambda f: f), peak(ad.checkpoint)
    assert kept > PARTS * STEPS
    assert recomputed < PARTS + STEPS + 5


@pytest.mark.usefixtures("without_gc")
def test_there_are_no_reference_cycles_and_what_is_done_is_let_go() -> None:
    w = leaf(W)
    part = ad.checkpoint(lambda x: layer(x, w))

    def step() -> Any:
        y = part(part(X))
        y.sum().backward()
        return y

    step()
    gc.collect()
    step()
    assert gc.collect() == 0
    tracemalloc.start()
    held = [ad.checkpoint(lambda x: np.sum(np.sin(x)))(leaf(np.ones(SIZE))) for _ in range(5)]
    for y in held:
        y.backward()
    assert tracemalloc.get_traced_memory()[0] < 8 * SIZE  # results that are kept do not keep their arguments
    tracemalloc.stop()


def test_it_is_evaluated_once_more_and_only_if_a_gradient_is_computed() -> None:
    calls: list[bool] = []

    def f(x: Any) -> Any:
        calls.append(x.requires_grad)
        return x * x

    y = ad.checkpoint(f)(leaf(X))
    assert calls == [True]
    y.sum().backward()
    assert calls == [True, True]


# --- errors ----------------------------------------------------------------------------------------------------------------------


OTHERWISE = (
    "^checkpoint: evaluated again, {} gave other values than before. It must compute the same each time: pass random numbers"
)


def test_random_numbers_of_nn_and_of_numpy_are_drawn_again_and_the_next_are_others() -> None:
    def dropout(x: Any) -> Any:
        kept = (generator().random(x.shape) < 0.5) * 2.0
        return np.sin(x * kept) * np.random.normal(size=x.shape)

    def run(wrap: Callable[..., Any]) -> list[Any]:
        nn.manual_seed(0)
        np.random.seed(0)
        x = leaf(np.linspace(1, 2, 100))
        y = wrap(dropout)(wrap(dropout)(x))
        y.sum().backward()
        return [y.detach(), x.grad, ad.Tensor(generator().random(3)), ad.Tensor(np.random.normal(size=3))]

    for found, expected in zip(run(ad.checkpoint), run(lambda f: f), strict=True):
        same(found, expected)


def test_a_function_that_computes_something_else_is_an_error() -> None:
    rng = np.random.default_rng(0)

    def noisy(x: Any) -> Any:
        return x * rng.normal(size=3)

    calls: list[int] = []
    results = [lambda x: x[:2], lambda x: (x, x), lambda x: x + np.nan, lambda x: {}]
    for other in results:
        x = leaf(X)
        calls.clear()
        y = ad.checkpoint(lambda x, other=other: x * 1.0 if calls.append(1) or len(calls) == 1 else other(x))(x)
        with pytest.raises(RuntimeError, match=re.escape(OTHERWISE.format("<lambda>")[1:])):
            y.sum().backward()
        assert x.grad is None
    y = ad.checkpoint(noisy)(leaf(X))
    with pytest.raises(RuntimeError, match=OTHERWISE.format("noisy")):
        y.sum().backward()


def test_the_variable_of_a_loop_that_goes_on_is_an_error_and_not_a_wrong_gradient() -> None:
    y = leaf(X)
    for w in (W, W.T, W @ W):
        y = ad.checkpoint(lambda x: np.tanh(x @ w))(y)  # noqa: B023
    with pytest.raises(RuntimeError, match=OTHERWISE.format("<lambda>")):
        y.sum().backward()


def test_what_is_not_a_number_is_the_same_again() -> None:
    x = leaf([0.0, np.inf, np.nan, 1.0])
    ad.checkpoint(lambda x: (x * 1.0, x > 0, x.astype(np.float16)))(x)[0].sum().backward()
    assert_array_equal(x.grad.numpy(), np.ones(4))


def test_an_argument_or_closure_that_has_been_overwritten_is_an_error() -> None:
    for change in (lambda x, w: x.writable().fill(7.0), lambda x, w: w.writable().fill(7.0)):
        x, w = leaf(X), leaf(X)
        y = ad.checkpoint(lambda x, w=w: x * w)(x)
        change(x, w)
        with pytest.raises(RuntimeError, match="backward: checkpoint needs the value of an argument that has been overwritten"):
            y.sum().backward()
        assert x.grad is w.grad is None


def test_a_number_among_the_arguments_is_updated_as_numbers_are() -> None:
    def f(total: Any, x: Any) -> Any:
        total += x.sum()
        return total * total

    def run(f: Callable[..., Any]) -> list[Any]:
        x = leaf(X)
        start = (x * x).sum()
        f(start, x).backward(retain_graph=True)
        gradient = x.grad
        ad.grad(lambda x: np.sum(ad.grad(lambda x: f((x * x).sum(), x))(x)))(X)
        return [start.detach(), gradient]

    for found, expected in zip(run(ad.checkpoint(f)), run(f), strict=True):
        same(found, expected)


def test_a_function_that_writes_to_an_argument_is_an_error_or_changes_what_it_would() -> None:
    def doubles(x: Any, y: Any) -> Any:
        x *= 2.0
        return x * y

    with pytest.raises(RuntimeError, match="this tensor is a leaf that requires grad"):
        ad.checkpoint(doubles)(leaf(X) * 1.0, X)
    x, y = ad.Tensor(X), leaf(X)
    before = (x * y).sum()
    z = ad.checkpoint(doubles)(x, y).sum()
    assert_array_equal(x.numpy(), 2 * X)
    before.backward()
    assert_array_equal(y.grad.numpy(), X)
    with pytest.raises(RuntimeError, match="checkpoint: evaluated again, doubles gave other values than before"):
        z.backward()


def test_a_second_backward_pass_needs_the_graph() -> None:
    y = ad.checkpoint(lambda x: x * x)(leaf(X)).sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="has been freed"):
        y.backward()
