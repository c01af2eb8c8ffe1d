"""What could be lost without a word is not: memory, gradients, hooks and modes belong to those who think that they own them."""

import array
import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad
from autodiff.core.tensor import unwrapped
from docs.entries import entries
from tests.samples import calls_of

LARGE = 5_000  # elements: more than are compared in full, and more than are copied to be kept in a `.grad`


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


# --- a tensor owns its memory ----------------------------------------------------------------------------------------------------


class Lends:
    """An object whose `__array__` returns its own memory, whatever copy= says."""

    def __init__(self, values: np.ndarray) -> None:
        self.memory = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.memory


class LendsByInterface:
    """An object that exposes its memory by NumPy's array interface."""

    def __init__(self, values: np.ndarray) -> None:
        self.memory = values
        self.__array_interface__ = values.__array_interface__


def of_array(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    return values, values.fill


def of_list(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    data = values.tolist()
    return data, lambda v: data.__setitem__(slice(None), [v] * len(data))


def of_a_list_of_arrays(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    rows = list(values.reshape(-1, 2))
    return rows, lambda v: [row.fill(v) for row in rows]


def of_buffer(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    data = array.array("d", values.tolist())
    return data, lambda v: [data.__setitem__(i, v) for i in range(len(data))]


def of_memoryview(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    return memoryview(values), values.fill


def of_lender(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    return Lends(values), values.fill


def of_lender_by_interface(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    return LendsByInterface(values), values.fill


def of_memmap(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    data = np.memmap(path / "values", dtype=float, mode="w+", shape=values.shape)
    data[...] = values
    return data, data.fill


def of_tensor(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    data = ad.Tensor(values)
    return data, lambda v: data.__setitem__(..., v)


def of_shared_tensor(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    return ad.asarray(values), values.fill


def of_part_of_a_tensor(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    data = ad.Tensor(np.repeat(values, 2))
    return data[::2], lambda v: data.__setitem__(..., v)


def of_0d(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    data = np.array(values[0])
    return data, data.fill


def of_part(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    data = np.repeat(values, 3)
    return data[::-3], data.fill


def of_read_only_view(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    view = values.view()
    view.flags.writeable = False
    return view, values.fill


def of_transposed(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    data = values.reshape(2, -1)
    return data.T, data.fill


def of_empty(values: np.ndarray, path: Path) -> tuple[Any, Callable[[float], None]]:
    data = np.empty((0, 3))
    return data, data.fill


SOURCES = [of_array, of_list, of_a_list_of_arrays, of_buffer, of_memoryview, of_lender, of_lender_by_interface, of_memmap]
SOURCES += [of_tensor, of_shared_tensor, of_part_of_a_tensor, of_0d, of_part, of_read_only_view, of_transposed, of_empty]
every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)


@every_source
@pytest.mark.parametrize("size", [4, LARGE])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_write_to_the_data_changes_no_tensor_made_of_it(source: Any, size: int, requires_grad: bool, tmp_path: Path) -> None:
    def by_data(data: Any) -> Any:
        t = ad.Tensor(np.zeros(np.shape(data.memory if hasattr(data, "memory") else data)), requires_grad)
        t.data = data
        return t

    for make in (lambda data: ad.Tensor(data, requires_grad), lambda data: ad.Tensor(data, requires_grad, dtype=float), by_data):
        data, fill = source(np.arange(1.0, size + 1), tmp_path)
        t = make(data)
        w = leaf(np.ones(t.shape))
        before = t.numpy().copy()
        loss = (w * t * t).sum()
        fill(100.0)
        assert_array_equal(t.numpy(), before)
        loss.backward()  # which needs no look at the data
        assert_array_equal(w.grad.numpy(), before**2)
        with ad.no_grad():
            t[...] = 7.0
        assert_array_equal(np.asarray(t.detach().numpy()), np.full(t.shape, 7.0))
        if isinstance(data, np.ndarray):
            assert_array_equal(data, np.full(data.shape, 100.0))


@every_source
def test_what_a_tensor_hands_out_is_read_only(source: Any, tmp_path: Path) -> None:
    data, _ = source(np.arange(1.0, 5.0), tmp_path)
    for t in (ad.Tensor(data), leaf(data), leaf(data) * 2.0, ad.Tensor(data)[...], ad.asarray(data)):
        with ad.no_grad():
            arrays = [t.data, t.numpy(), np.asarray(t), t.detach().data, np.array(t, copy=None)]
        for handed_out in arrays:
            with pytest.raises(ValueError, match="read-only"):
                handed_out[...] = 0.0
        with ad.no_grad():
            np.array(t)[...] = 0.0  # a copy
        assert t.size == 0 or (t.numpy() != 0).all()


SHARED = [of_array, of_memoryview, of_buffer, of_lender, of_lender_by_interface, of_memmap, of_0d, of_part, of_transposed]


@pytest.mark.parametrize("source", SHARED, ids=lambda source: source.__name__)
@pytest.mark.parametrize("size", [4, LARGE])
def test_asarray_shares_and_a_write_that_a_gradient_needs_is_noticed(source: Any, size: int, tmp_path: Path) -> None:
    data, fill = source(np.arange(1.0, size + 1), tmp_path)
    t = ad.asarray(data)
    assert not t.requires_grad
    w = leaf(np.ones(t.shape))
    loss = (w * t).sum()
    fill(3.0)
    assert_array_equal(t.numpy(), np.full(t.shape, 3.0))
    with pytest.raises(RuntimeError, match="overwritten"):
        loss.backward()
    loss = (w * t).sum()
    for v, change in enumerate((lambda: t.__setitem__(..., 0.0), lambda: t.__iadd__(1.0), lambda: t[...].__iadd__(1.0))):
        change()
        assert_array_equal(np.asarray(data.memory if hasattr(data, "memory") else data), np.full(t.shape, float(v)))
    with pytest.raises(RuntimeError, match="overwritten"):
        loss.backward()
    assert w.grad is None


@pytest.mark.parametrize("size", [4, LARGE])
def test_the_gradient_of_what_met_a_constant_is_that_of_the_value_it_met(size: int) -> None:
    changes: list[Callable[[Any], Any]] = [
        lambda c: c.__setitem__(..., 9.0),
        lambda c: c.__imul__(9.0),
        lambda c: c[1:].__setitem__(0, 9.0),
        lambda c: c.detach().__setitem__(..., 9.0),
        lambda c: c.__setitem__(0, leaf(9.0)),
    ]
    for change in changes:
        c, w = ad.Tensor(np.arange(1.0, size + 1)), leaf(np.ones(size))
        before = c.numpy().copy()
        loss = (w * c).sum() + (w * c[::-1]).sum()
        change(c)
        assert not np.array_equal(c.numpy(), before)
        loss.backward()
        assert_array_equal(w.grad.numpy(), before + before[::-1])


def test_new_data_is_an_error_only_where_the_old_value_is_needed() -> None:
    free: list[Callable[[Any], Any]] = [
        lambda p: (p + 1).sum(),
        lambda p: (2 * p).sum(),
        lambda p: p.mean(),
        lambda p: p[0] - p[1],
        lambda p: np.exp(p).sum() - np.exp(p).sum() + p.sum(),
        lambda p: (p * np.ones(2)).sum(),
    ]
    bound: list[Callable[[Any], Any]] = [
        lambda p: (p * p).sum(),
        lambda p: (p * leaf([1.0, 2.0])).sum(),
        lambda p: np.log(p).sum(),
        lambda p: p @ p,
        lambda p: (p[:] ** 2).sum(),
    ]
    for needs, functions in ((False, free), (True, bound)):
        for f in functions:
            p, reference = leaf([1.0, 2.0]), leaf([1.0, 2.0])
            f(reference).backward()
            loss = f(p)
            p.data = [5.0, 6.0]
            if needs:
                with pytest.raises(RuntimeError, match="overwritten"):
                    loss.backward()
                assert p.grad is None
            else:
                loss.backward()
                assert_array_equal(p.grad.numpy(), reference.grad.numpy())


# --- gradients -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", [np.ones(3), np.ones((2, 1)), np.ones(()), np.ones(2, np.float32), np.ones((1, 2), np.float16)])
def test_a_gradient_of_another_shape_or_type_is_dropped_with_the_data(new: np.ndarray) -> None:
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    x.requires_grad_(False)
    x.data = new
    x.requires_grad_(True)
    assert x.grad is None
    (x * x).sum().backward()
    assert (x.grad.shape, x.grad.dtype) == (new.shape, new.dtype)
    assert_array_equal(x.grad.numpy(), 2 * new)


def test_a_gradient_of_the_same_shape_and_type_stays() -> None:
    x = leaf([1.0, 2.0])
    x.sum().backward()
    x.data = [3.0, 4.0]
    x.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize("hook", [None, 1, "print", [print], leaf([1.0])])
def test_a_hook_that_cannot_be_called_is_an_error_at_once(hook: Any) -> None:
    x = leaf([1.0, 2.0])
    for t in (x, x * 2.0):
        with pytest.raises(TypeError, match=rf"register_hook: got {type(hook).__name__}; wanted a function of the gradient"):
            t.register_hook(hook)
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_removing_a_hook_any_number_of_times_removes_that_one_only() -> None:
    for make in (lambda x: x, lambda x: x * 1.0):
        for times in (1, 2, 3):
            x = leaf(1.0)
            t = make(x)
            calls: list[str] = []

            def hook(g: Any, calls: list[str] = calls) -> None:
                calls.append("hook")

            first, second = t.register_hook(hook), t.register_hook(hook)
            for _ in range(times):
                first()
            third = t.register_hook(hook)
            for _ in range(times):
                first()
            t.backward(retain_graph=True)
            assert calls == ["hook"] * 2
            second()
            third()
            t.backward()
            assert calls == ["hook"] * 2


def test_a_backward_pass_that_raises_leaves_no_gradient_behind() -> None:
    def broken(g: Any) -> Any:
        raise ArithmeticError("a hook")

    def in_a_rule(x: Any, y: Any) -> Any:
        c = np.array([1.0, 2.0])
        loss = (np.exp(y * 1.0) * c).sum() + (np.log(x) * 0.0).sum()
        x.detach()[...] = 7.0
        return loss

    def in_a_hook(x: Any, y: Any) -> Any:
        x.register_hook(broken)
        return (y * y).sum()

    def in_detect_anomaly(x: Any, y: Any) -> Any:
        return y.sum()

    for make in (in_a_rule, in_a_hook, in_detect_anomaly):
        for create_graph in (False, True):
            x, other = leaf([0.0, 4.0]) if make is in_detect_anomaly else leaf([1.0, 4.0]), leaf([1.0, 1.0])
            y = np.sqrt(x) * other
            y.retain_grad()
            loss = make(x, y)
            z = loss * 1.0
            z.retain_grad()
            with (
                np.errstate(divide="ignore", invalid="ignore"),
                ad.detect_anomaly(),
                pytest.raises((RuntimeError, ArithmeticError)),
            ):
                z.backward(create_graph=create_graph)
            assert [t.grad for t in (x, other, y, z)] == [None] * 4


def test_a_gradient_with_a_graph_does_not_grow_by_later_passes() -> None:
    x = leaf([1.0, 2.0])
    (x * x * x).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    gone = weakref.ref(x.grad)
    for n in range(1, 4):
        (x * x).sum().backward()
        assert not x.grad.requires_grad
        assert gone() is None
        assert_array_equal(x.grad.numpy(), 3 * x.numpy() ** 2 + n * 2 * x.numpy())


@pytest.mark.long
@pytest.mark.usefixtures("without_gc")
@pytest.mark.parametrize("retained", [False, True])
def test_a_recorded_gradient_makes_no_reference_cycle(retained: bool) -> None:
    def step(order: int) -> list[weakref.ref[Any]]:
        x, w = leaf(np.ones(LARGE)), leaf(np.ones(LARGE))
        y = np.exp(x) * w
        if retained:
            y.retain_grad()
        view = x[1:]
        y = (y * y).sum() + (view * view).sum()
        for _ in range(order):
            x.grad = w.grad = None
            y.backward(create_graph=True)
            y = (x.grad * x.grad * w).sum()
        return [weakref.ref(t) for t in (x, w, y, x.grad, w.grad, view)]

    for order in (1, 2, 3):
        assert [r() for r in step(order)] == [None] * 6
    assert gc.collect() == 0


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("size", [3, LARGE])
def test_writing_to_a_gradient_changes_nothing_else(size: int, create_graph: bool) -> None:
    def times(g: Any) -> None:
        with ad.no_grad():
            g *= 2.0

    def all_of_it(g: Any) -> None:
        g[...] = 0.0

    def through_a_view(g: Any) -> None:
        g[1:][:1] = 5.0

    def through_detach(g: Any) -> None:
        g.detach()[...] = 5.0

    functions: list[Callable[..., Any]] = [
        lambda a, b, c: a + b + c,
        lambda a, b, c: ad.concat([a, b, c]).reshape(3, -1).sum(axis=0),
        lambda a, b, c: (a - b) + (c + a),
        lambda a, b, c: ad.reshape(a, (1, -1))[0] + ad.stack([b, c])[1] + b * 3.0,
        lambda a, b, c: ad.where(np.ones(a.shape, bool), a, b) + b + c,
    ]
    for f in functions:
        for change in (times, all_of_it, through_a_view, through_detach):
            for which in range(4):
                leaves = [leaf(np.ones(size)) for _ in range(3)]
                cotangent: Any = np.arange(1.0, size + 1)
                cotangent = ad.Tensor(cotangent) if create_graph else cotangent
                middle = f(*[t + 0.0 for t in leaves])
                middle.retain_grad()
                y = middle + 0.0
                y.backward(cotangent, retain_graph=True)
                held = [*leaves, middle]
                before = [t.grad.numpy().copy() for t in held]
                change(held[which].grad)
                assert_array_equal(cotangent, np.arange(1.0, size + 1))
                for i, t in enumerate(held):
                    assert np.array_equal(t.grad.numpy(), before[i]) == (i != which)
                    t.grad = None
                y.backward(cotangent)
                for t, g in zip(held, before, strict=True):
                    assert_array_equal(t.grad.numpy(), g)


def test_a_list_of_tensors_is_written_with_their_gradients() -> None:
    x, y = leaf([3.0, 4.0]), ad.Tensor([1.0, 2.0])
    y[:] = [x[1], 5.0]
    y += [x[0], x[1]]
    y[1:] *= (x[0],)
    assert y.tolist() == [7.0, 27.0]
    y.backward([1.0, 1.0])  # x1 + x0, and (5 + x1) x0
    assert x.grad.tolist() == [10.0, 4.0]
    z = ad.Tensor([1.0, 2.0])
    with ad.no_grad():
        z[:] = [x[0], x[1]]
        z += [x[0], x[1]]
    assert z.tolist() == [6.0, 8.0]
    assert not z.requires_grad


def test_a_list_of_tensors_of_several_shapes_is_an_error() -> None:
    x = leaf([3.0, 4.0])
    with pytest.raises(ValueError, match="all input arrays must have the same shape"):
        np.ones(2) @ ad.add(x, [x[0], x])


WITHOUT_RULE = [
    (entry, entry.arguments.index(name)) for entry in entries() for name in entry.arguments if name not in entry.formulas
]
ZERO = {
    "where": "the condition is true or not, whatever its value",
    "ldexp": "NumPy takes integers alone",
    **dict.fromkeys(("mean cross-entropy", "sum of cross-entropies", "cross-entropies"), "classes are integers alone"),
}


@pytest.mark.parametrize(("entry", "i"), [pytest.param(*case, id=case[0].name) for case in WITHOUT_RULE])
def test_a_gradient_by_an_argument_without_a_rule_is_zero_or_an_error(entry: Any, i: int) -> None:
    for call in calls_of(entry):
        operands = [np.asarray(x, float) if j == i and entry.name not in ZERO else x for j, x in enumerate(call.operands)]
        operands[i] = ad.Tensor(operands[i], requires_grad=entry.name not in ZERO)
        if entry.name in ZERO:
            assert not entry.call(*operands).requires_grad
            continue
        text = rf"^{entry.name}: {entry.arguments[i]} requires a gradient, but there is none by it\. Detach it: \w\.detach\(\)\.$"
        for function in (entry.call, *entry.numpy):
            with pytest.raises(TypeError, match=text):
                function(*operands)
            with ad.no_grad():
                function(*operands)
        assert_array_equal(entry.call(*[unwrapped(x) for x in operands]), entry.forward(*[unwrapped(x) for x in operands]))


PARAMETERS = [
    (entry, call, name)
    for entry in entries()
    for call in calls_of(entry)
    for name, value in call.params.items()
    if isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")
]


@pytest.mark.parametrize(("entry", "call", "name"), [pytest.param(*case, id=f"{case[0].name}-{case[2]}") for case in PARAMETERS])
def test_a_gradient_by_a_parameter_is_an_error(entry: Any, call: Any, name: str) -> None:
    params = {**call.params, name: leaf(call.params[name])}
    operands = [list(call.operands)] if entry.variadic else call.operands
    with pytest.raises(TypeError, match=r"requires grad|requires a gradient"):
        entry.call(*operands, **params)


# --- modes and threads -----------------------------------------------------------------------------------------------------------


def test_leaving_a_mode_in_another_context_changes_nothing_there() -> None:
    async def rows(mode: Any) -> Any:
        with mode():
            for i in range(3):
                yield i

    async def main(mode: Any) -> list[bool]:
        agen = rows(mode)
        seen = []

        async def start() -> None:
            await agen.__anext__()
            seen.append(ad.is_grad_enabled())

        await asyncio.create_task(start())
        with ad.no_grad():
            await agen.aclose()
            seen.append(ad.is_grad_enabled())
        seen.append(ad.is_grad_enabled())
        return seen

    assert asyncio.run(main(ad.no_grad)) == [False, False, True]
    assert asyncio.run(main(ad.enable_grad)) == [True, False, True]
    assert ad.is_grad_enabled()


@pytest.mark.parametrize("mode", [ad.no_grad, ad.enable_grad, ad.detect_anomaly])
def test_a_mode_entered_in_one_thread_and_left_in_another_ends_no_other(mode: Callable[[], Any]) -> None:
    switch = mode()
    seen = []

    def elsewhere() -> None:
        with ad.no_grad():
            switch.__exit__(None, None, None)
            seen.append(ad.is_grad_enabled())
        seen.append(ad.is_grad_enabled())

    switch.__enter__()
    try:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert seen == [False, True]
        assert ad.is_grad_enabled() == (mode is not ad.no_grad)
    finally:
        switch.__exit__(None, None, None)
    assert ad.is_grad_enabled()


def test_generators_that_each_hold_a_mode_can_be_interleaved_in_every_order() -> None:
    def holds(mode: Any) -> Iterator[bool]:
        with mode:
            yield ad.is_grad_enabled()
        yield ad.is_grad_enabled()

    for shared in (False, True):
        for last_first in (False, True):
            one = ad.no_grad()
            generators = [holds(one if shared else ad.no_grad()) for _ in range(3)]
            assert [next(g) for g in generators] == [False] * 3
            order = generators[::-1] if last_first else generators
            assert [next(g) for g in order] == [False, False, True]
    outer, inner = holds(ad.no_grad()), holds(ad.enable_grad())
    assert [next(outer), next(inner)] == [False, True]
    assert next(outer) is True  # enable_grad is still on, and was the last to be entered
    assert next(inner) is True
    inner, outer = holds(ad.enable_grad()), holds(ad.no_grad())
    assert [next(inner), next(outer)] == [True, False]
    assert next(inner) is False
    assert next(outer) is True


@pytest.mark.usefixtures("switching_often")
@pytest.mark.parametrize("threads", [2, 4])
def test_passes_in_threads_over_one_subgraph_are_right_or_the_error_about_a_freed_graph(threads: int) -> None:
    def walk(args: tuple[threading.Barrier, Any, Any]) -> bool:
        barrier, loss, _ = args
        barrier.wait()
        try:
            loss.backward()
        except RuntimeError as error:
            if "has been freed by an earlier backward()" not in str(error):
                raise
            return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        for i in range(150):
            x, barrier = leaf([1.0, 2.0, 3.0]), threading.Barrier(threads)
            shared = x
            for _ in range(12):
                shared = np.exp(shared * 0.1) - shared[::-1] * shared * 0.1
            shared = np.tanh(shared)
            if i % 3 == 0:
                shared.retain_grad()
            own = [leaf(float(k + 1)) for k in range(threads)]
            finished = list(pool.map(walk, [(barrier, (shared * w).sum(), w) for w in own]))
            expected = leaf([1.0, 2.0, 3.0])
            y = expected
            for _ in range(12):
                y = np.exp(y * 0.1) - y[::-1] * y * 0.1
            factor = sum(k + 1.0 for k, done in enumerate(finished) if done)
            assert any(finished)
            (np.tanh(y) * factor).sum().backward()
            np.testing.assert_allclose(x.grad.numpy(), expected.grad.numpy(), rtol=1e-9, atol=1e-300)
            for w, done in zip(own, finished, strict=True):
                assert (w.grad is not None) == done
