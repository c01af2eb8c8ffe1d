"""Modes: no_grad, enable_grad and detect_anomaly, their nesting, and to which thread or task they belong."""

import asyncio
import linecache
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad
from autodiff import extend
from autodiff.registry import registry


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


def test_no_grad_records_nothing_inside_and_all_again_outside() -> None:
    x = leaf([1.0])
    assert ad.is_grad_enabled()
    with ad.no_grad():
        assert not ad.is_grad_enabled()
        assert not (x * 2).requires_grad
        assert not x[0].requires_grad
        assert not ad.concat([x, x]).requires_grad
    assert ad.is_grad_enabled()
    assert (x * 2).requires_grad


def test_modes_nest() -> None:
    x = leaf([1.0])
    with ad.no_grad():
        with ad.enable_grad():
            assert (x * 2).requires_grad
            with ad.no_grad():
                assert not (x * 2).requires_grad
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    with ad.enable_grad():
        assert ad.is_grad_enabled()
    assert ad.is_grad_enabled()


def fail_inside(mode: Any) -> None:
    with mode:
        raise KeyError


@pytest.mark.parametrize("mode", [ad.no_grad, ad.enable_grad, ad.detect_anomaly])
def test_an_exception_ends_the_mode(mode: Callable[[], Any]) -> None:
    for outside in (ad.enable_grad, ad.no_grad):
        with outside():
            before = ad.is_grad_enabled()
            with pytest.raises(KeyError):
                fail_inside(mode())
            assert ad.is_grad_enabled() is before
            with np.errstate(divide="ignore"):
                ad.log(ad.Tensor([0.0]))  # no anomaly is looked for any more


def test_modes_are_decorators() -> None:
    @ad.no_grad()
    def constant(x: Any) -> Any:
        """Doubles."""
        assert not ad.is_grad_enabled()
        return x * 2

    @ad.enable_grad()
    def recorded(x: Any) -> Any:
        return x * 2

    x = leaf([1.0])
    for _ in range(2):
        assert not constant(x).requires_grad
        assert (x * 2).requires_grad
        with ad.no_grad():
            assert recorded(x).requires_grad
    assert (constant.__name__, constant.__doc__) == ("constant", "Doubles.")


def test_a_decorator_without_parentheses_is_an_error() -> None:
    with pytest.raises(TypeError):

        @ad.no_grad
        def f() -> None: ...


def test_one_mode_object_can_be_entered_again() -> None:
    mode = ad.no_grad()
    for _ in range(2):
        with mode:
            assert not ad.is_grad_enabled()
        assert ad.is_grad_enabled()


def test_one_mode_object_can_be_used_by_several_threads() -> None:
    mode, inside, outside = ad.no_grad(), threading.Barrier(2, timeout=2), threading.Barrier(2, timeout=2)

    def enter(first: bool) -> list[bool]:
        seen = []
        with mode:
            inside.wait()
            seen.append(ad.is_grad_enabled())
            if not first:
                outside.wait()
        seen.append(ad.is_grad_enabled())
        if first:
            outside.wait()
        return seen

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(enter, (True, False))) == [[False, True]] * 2


def test_a_generator_or_coroutine_which_would_run_outside_the_mode_cannot_be_decorated() -> None:
    def generator() -> Any:
        yield ad.is_grad_enabled()

    async def coroutine() -> bool:
        return ad.is_grad_enabled()

    async def asynchronous_generator() -> Any:
        yield ad.is_grad_enabled()

    for mode in (ad.no_grad(), ad.enable_grad(), ad.detect_anomaly()):
        for function in (generator, coroutine, asynchronous_generator):
            with pytest.raises(TypeError, match=r"cannot decorate a generator or coroutine. Write `with` inside it"):
                mode(function)


def test_what_was_recorded_can_be_walked_inside_no_grad() -> None:
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    with ad.no_grad():
        y.backward()
    assert_array_equal(x.grad.numpy(), [2.0, 4.0])


def test_a_result_of_no_grad_is_a_constant_from_then_on() -> None:
    x = leaf([1.0, 2.0])
    with ad.no_grad():
        c = x * 3
    (x * c).sum().backward()
    assert_array_equal(x.grad.numpy(), [3.0, 6.0])


def test_leaves_made_inside_no_grad_require_grad_as_asked() -> None:
    with ad.no_grad():
        x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    assert_array_equal(x.grad.numpy(), [2.0, 4.0])


# --- threads and tasks -----------------------------------------------------------------------------------------------------------


def test_the_mode_belongs_to_the_thread() -> None:
    entered, checked = threading.Event(), threading.Event()
    seen: list[bool] = []

    def inside() -> None:
        with ad.no_grad():
            entered.set()
            checked.wait(10)
            seen.append(ad.is_grad_enabled())

    thread = threading.Thread(target=inside)
    thread.start()
    assert entered.wait(10)
    assert ad.is_grad_enabled()
    assert (leaf([1.0]) * 2).requires_grad
    checked.set()
    thread.join()
    assert seen == [False]
    with ad.no_grad():
        other = threading.Thread(target=lambda: seen.append(ad.is_grad_enabled()))
        other.start()
        other.join()
    assert seen == [False, True]


def test_the_mode_belongs_to_the_asynchronous_task() -> None:
    async def inside(mode: Any, seen: list[bool]) -> None:
        with mode():
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(ad.is_grad_enabled())

    async def run() -> tuple[list[bool], list[bool], bool]:
        off: list[bool] = []
        on: list[bool] = []
        await asyncio.gather(inside(ad.no_grad, off), inside(ad.enable_grad, on))
        return off, on, ad.is_grad_enabled()

    assert asyncio.run(run()) == ([False] * 3, [True] * 3, True)


def test_a_task_inherits_the_mode_in_which_it_was_started() -> None:
    async def enabled() -> bool:
        return ad.is_grad_enabled()

    async def run() -> bool:
        with ad.no_grad():
            task = asyncio.create_task(enabled())
        return await task

    assert asyncio.run(run()) is False


@pytest.mark.usefixtures("switching_often")
def test_backward_passes_in_several_threads_add_up_in_a_shared_leaf() -> None:
    w = leaf(np.zeros(4))
    with ThreadPoolExecutor(8) as pool:
        rounds, each = 8, 200

        def work(k: int) -> None:
            for _ in range(each):
                (w * float(k)).sum().backward()

        list(pool.map(work, range(rounds)))
    assert_array_equal(w.grad.numpy(), np.full(4, each * sum(range(rounds))))


def test_graphs_of_several_threads_do_not_mix() -> None:
    def work(k: int) -> float:
        x = leaf(float(k))
        y = x
        for _ in range(300):
            y = y * 1.0 + x * 0.0
        (y * y).backward()
        return float(x.grad.item())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(32))) == [2.0 * k for k in range(32)]


# --- detect_anomaly --------------------------------------------------------------------------------------------------------------


def line_of(error: BaseException) -> str:
    """The source line that the message says the operation was called at."""
    found = re.search(r", called at (.+):(\d+)$", str(error))
    assert found, error
    assert found[1] == __file__
    return linecache.getline(found[1], int(found[2])).strip()


def test_the_first_operation_whose_value_is_not_finite_is_named_with_its_line() -> None:
    x = leaf([1.0, 0.0])
    with np.errstate(divide="ignore"), ad.detect_anomaly():
        y = x * 2
        with pytest.raises(
            FloatingPointError, match=r"^log: the value is not finite: -inf at index \(1,\) of shape \(2,\)"
        ) as caught:
            ad.log(y) * 0  # the culprit
    assert line_of(caught.value) == "ad.log(y) * 0  # the culprit"


@pytest.mark.parametrize(
    "call", [lambda x: np.log(x), lambda x: 1 / x, lambda x: x**-1, lambda x: ad.Tensor([1.0, 1.0]) / x, lambda x: x / np.zeros(2)]
)
def test_every_way_to_call_an_operation_is_looked_at(call: Callable[[Any], Any]) -> None:
    for x in (leaf([1.0, 0.0]), ad.Tensor([1.0, 0.0])):
        with (
            np.errstate(all="ignore"),
            ad.detect_anomaly(),
            pytest.raises(FloatingPointError, match=f"not finite.*{re.escape(__file__)}:"),
        ):
            call(x)


def test_the_first_operation_whose_gradient_is_not_finite_is_named_with_its_line() -> None:
    x = leaf([4.0, 0.0])
    with np.errstate(all="ignore"), ad.detect_anomaly():
        y = ad.sqrt(x)  # the culprit
        z = (y * 3).sum()
        with pytest.raises(
            FloatingPointError, match=r"^sqrt: the gradient of argument 0 is not finite: inf at index \(1,\)"
        ) as caught:
            z.backward()
    assert line_of(caught.value) == "y = ad.sqrt(x)  # the culprit"
    assert x.grad is None


def test_the_operation_is_named_even_if_only_the_backward_pass_is_watched() -> None:
    x = leaf([4.0, 0.0])
    z = ad.sqrt(x).sum()
    with (
        np.errstate(all="ignore"),
        ad.detect_anomaly(),
        pytest.raises(FloatingPointError, match="sqrt: the gradient of argument 0 is not finite"),
    ):
        z.backward()


PASSES: dict[str, Callable[[Callable[..., Any], np.ndarray], Any]] = {
    "backward": lambda f, x: f(leaf(x)).sum().backward(),
    "create_graph": lambda f, x: f(leaf(x)).sum().backward(create_graph=True),
    "grad": lambda f, x: ad.grad(lambda t: f(t).sum())(x),
    "grad of grad": lambda f, x: ad.grad(lambda t: ad.grad(lambda s: f(s).sum())(t).sum())(x),
    "vjp": lambda f, x: ad.vjp(f, x)[1](np.ones(np.shape(f(x)))),
}
CULPRITS: list[tuple[str, Callable[[Any], Any]]] = [
    ("sqrt: the gradient of argument 0", lambda x: ad.sqrt(x) * 3),
    ("sqrt: the gradient of argument 0", lambda x: np.concatenate([x, np.sqrt(x)])),
    ("sqrt: the gradient of argument 0", lambda x: np.stack([np.sqrt(x[i]) for i in range(2)])),
    ("sqrt: the gradient of argument 0", lambda x: np.einsum("i,i->i", x, np.sqrt(x[:2]))),
    ("pow: the gradient of argument 0", lambda x: np.float_power(x, 0.5)),  # a composite is named by the operation in it
    ("pow: the gradient of argument 0", lambda x: ad.setitem(x, x**0.5, ...)),
    ("divide: the value", lambda x: np.linalg.cond(np.diag(x))),
    ("divide: the value", lambda x: np.average(x, weights=np.zeros(2)) * 0),
    ("slogdet: the value", lambda x: np.linalg.slogdet(np.diag(x)).logabsdet),  # of several results
    ("first of two: the gradient of argument 0", lambda x: first_of_two(x)[0] + first_of_two(x)[1]),
]


def first_of_two(x: Any) -> Any:
    """An operation of two results, of which the first one has an infinite slope at 0."""
    name = "first of two"
    rules = {"x": lambda g, y: g[0] / (2 * y[0]) + g[1]}
    call = registry[name].call if name in registry else extend.primitive(lambda x, /: (np.sqrt(x), x * 1.0), rules, name=name)
    return call(x)


@pytest.mark.usefixtures("registry_as_it_was")
@pytest.mark.parametrize("walk", PASSES.values(), ids=PASSES)
@pytest.mark.parametrize(("text", "f"), CULPRITS, ids=range(len(CULPRITS)))
def test_the_culprit_is_named_with_its_line_whatever_it_is_and_however_gradients_are_computed(
    text: str, f: Callable[[Any], Any], walk: Callable[..., Any]
) -> None:
    with np.errstate(all="ignore"), ad.detect_anomaly(), pytest.raises(FloatingPointError, match=f"^{text} is not") as caught:
        walk(f, np.array([4.0, 0.0]))
    if "first of two" not in text:
        assert "lambda x: " in line_of(caught.value)
    else:
        assert line_of(caught.value) == "return call(x)"


@pytest.mark.parametrize("create_graph", [False, True])
def test_where_all_is_finite_watching_changes_nothing(create_graph: bool) -> None:
    def loss(x: Any) -> Any:
        return (
            ad.exp(x[0]) * x[1]
            + (x[1:] * x.sum()).sum()
            + ad.concat([x, x])[np.array([0, 0, 3])].sum()
            + (x > 0).sum()
            + ad.setitem(x, 1.0, 0).mean()
        )

    x, y = leaf([1.0, 2.0, 3.0]), leaf([1.0, 2.0, 3.0])
    loss(x).backward()
    with ad.detect_anomaly():
        loss(y).backward(create_graph=create_graph)
    assert_array_equal(y.grad.numpy(), x.grad.numpy())


def test_watching_ends_with_the_block() -> None:
    with ad.detect_anomaly():
        pass
    with np.errstate(divide="ignore"):
        assert ad.log(leaf(0.0)).item() == -np.inf


def test_watching_and_recording_are_independent() -> None:
    x = leaf([1.0, 0.0])
    with ad.detect_anomaly():
        assert (x * 2).requires_grad
        with ad.no_grad():
            assert not (x * 2).requires_grad
            with np.errstate(divide="ignore"), pytest.raises(FloatingPointError, match="log"):
                ad.log(x)
    with ad.no_grad(), ad.detect_anomaly():
        assert not (x * 2).requires_grad
