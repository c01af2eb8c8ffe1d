"""Changes in place that are hard to get right: shared arrays, errors half-way, threads, long chains."""

import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


M = np.arange(1.0, 7.0).reshape(2, 3)


def test_a_shared_array_follows_the_tensor_and_its_views() -> None:
    a, expected = M.copy(), M.copy()
    for write in (
        lambda t: t.__setitem__((0, 1), 9.0),
        lambda t: t.T[1:].__imul__(2.0),
        lambda t: t[t > 6.0].tolist() and t.__setitem__(np.asarray(t > 6.0), 1.0),
        lambda t: t[:, [0, 0, 2]].tolist() and t.__setitem__((slice(None), [0, 0, 2]), 4.0),
        lambda t: t[0].__setitem__(slice(1, None), t[0][:-1] * 1.0),
    ):
        write(ad.asarray(a))
        write(expected)
        assert_array_equal(a, expected)


def test_a_write_that_fails_leaves_value_graph_and_views() -> None:
    failures: list[Callable[[Any], Any]] = [
        lambda t: t.__setitem__(0, np.ones(5)),
        lambda t: t.__setitem__((0, 9), 1.0),
        lambda t: t.__setitem__("a", 1.0),
        lambda t: t.__setitem__(0, 1j),
        lambda t: t.__setitem__(0, leaf(np.ones(5))),
        lambda t: t.__setitem__((9,), leaf(1.0)),
        lambda t: t.__iadd__(np.ones((5, 2, 3))),
        lambda t: t.__imul__(leaf(np.ones((5, 2, 3)))),
    ]
    for fail in failures:
        for make in (lambda x: x * 2.0, lambda x: ad.Tensor(2.0 * M)):
            x = leaf(M)
            t = make(x)
            row, turned = t[0], t.T
            with pytest.raises((TypeError, ValueError, IndexError)):
                fail(t)
            for v, e in ((t, 2 * M), (row, 2 * M[0]), (turned, 2 * M.T)):
                assert_array_equal(v.detach().numpy(), e)
            (t * x).sum().backward()
            assert_array_equal(x.grad.numpy(), (4 if t.requires_grad else 2) * M)
            t[0, 0] = leaf(5.0)
            assert row.tolist()[0] == turned.tolist()[0][0] == 5.0


def test_transforms_do_not_change_their_arguments() -> None:
    def f(x: Any) -> Any:
        y = x.copy()
        y[0] *= x[1]
        y.reshape(-1)[1:] += 1.0
        return (y * y).sum()

    x = M.copy()
    ad.grad(f)(x)
    _, pullback = ad.vjp(f, x)
    pullback(1.0)
    assert_array_equal(x, M)


def test_empty_and_0d_tensors_are_changed_as_arrays_are() -> None:
    for make in (lambda x: (x * 1.0).copy(), lambda x: ad.Tensor(x.numpy())):
        x = leaf(3.0)
        t = make(x)
        view = t[...]
        t[()] = x * 2.0
        view += 1.0
        assert t.item() == view.item() == 7.0
        empty = make(leaf(np.zeros((0, 3))))
        part = empty[:, 1:]
        part += 1.0
        empty[...] = leaf(5.0)
        assert part.shape == (0, 2)


@pytest.mark.long
@pytest.mark.usefixtures("without_gc")
def test_a_chain_of_writes_is_walked_and_collected_without_recursion() -> None:
    x = leaf([1.0, 2.0])
    t = x * 1.0
    view = t[:1]
    for _ in range(100_000):
        view += x[1]
    t.sum().backward()
    assert_array_equal(x.grad.numpy(), [1.0, 100_001.0])
    gone = weakref.ref(t)
    del t, view
    assert gone() is None


def test_a_view_that_no_longer_exists_is_the_same_error_each_time() -> None:
    x = ad.Tensor(np.zeros((3, 3)))
    row = x[2]
    x.data = np.zeros(2)
    for _ in range(2):
        with pytest.raises(IndexError):
            row.tolist()


def test_new_data_of_a_view_is_refused() -> None:
    x = ad.Tensor([1.0, 2.0, 3.0])
    view = x[:2]
    with pytest.raises(RuntimeError, match=r"data: this tensor is a view of another.*x\[\.\.\.\] = values"):
        view.data = [5.0, 6.0]
    assert (x.tolist(), view.tolist()) == ([1.0, 2.0, 3.0], [1.0, 2.0])


def test_new_data_leaves_views_of_the_base_views_of_it_and_leaves_leaves() -> None:
    base = ad.Tensor(np.zeros((2, 3)))
    flat = base.reshape(-1)
    variable = base[0]
    variable.requires_grad_()
    base.data = np.asfortranarray(np.ones((2, 3)))
    flat[0] = 99.0
    assert base.data[0, 0] == flat.data[0] == 99.0
    assert variable.requires_grad
    assert variable.tolist() == [0.0, 0.0, 0.0]


def test_a_tensor_of_a_read_only_array_is_read_only() -> None:
    a = np.zeros(3)
    a.flags.writeable = False
    for t in (ad.asarray(a), ad.asarray(a)[1:]):
        with pytest.raises(ValueError, match=r"x\[i\] = v: this tensor is .*read-only.*x = x\.copy\(\)"):
            t[0] = 1.0
        with pytest.raises(ValueError, match="read-only"):
            t += 1.0
    assert a.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ad.Tensor(3.0),
        lambda: ad.Tensor([1.0, 2.0]).sum(),
        lambda: ad.Tensor([1.0, 2.0]).sum().detach(),
        lambda: leaf([1.0, 2.0]).sum().detach(),
        lambda: ad.Tensor([3.0, 2.0])[0],
        lambda: ad.exp(ad.Tensor(1.0)),
        lambda: ad.Tensor([1.0, 2.0]).reshape(2, 1).T,
    ],
)
@pytest.mark.parametrize("write", ["-=", "[...]", "writable"])
def test_a_leaf_that_requires_grad_is_changed_by_every_way_to_write_to_it(make: Callable[[], Any], write: str) -> None:
    w = make().requires_grad_()
    same, start = w, w.numpy().copy()
    for _ in range(2):
        w.grad = None
        (w * w).sum().backward()
        step = 0.1 * w.grad
        with ad.no_grad():
            if write == "-=":
                w -= step
            elif write == "[...]":
                w[...] = w - step
            else:
                w.writable()[...] -= step.numpy()
    assert w is same
    assert w.requires_grad
    assert_allclose(w.numpy(), 0.64 * start)


@pytest.mark.parametrize("flat", [np.ravel, lambda a: np.reshape(a, -1), lambda a: a.T.reshape(-1), lambda a: np.ravel(a.T)])
@pytest.mark.parametrize(
    "index", [0, (0, 1), (0, ..., slice(1, None)), (..., 0, 0), (slice(1), slice(None), 1), (0, slice(None, None, -1), 0)]
)
def test_a_part_of_what_was_written_to_is_flattened_to_a_view_where_an_array_is(index: Any, flat: Any) -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[0, 0, 0] = x[1, 1, 1]
        part = y[index]
        flat(part)[0] = 3.0 * x[0, 1, 0]
        return y * y

    x = np.linspace(1.0, 2.0, 24).reshape(4, 3, 2)
    assert_array_equal(f(ad.Tensor(x, requires_grad=True)).numpy(), f(x))
    assert_gradient(f, x)


def test_an_update_of_a_number_is_another_number() -> None:
    def running_totals(v: Any) -> Any:
        total, totals = v[0] * 0.0, []
        for i in range(3):
            total += v[i]
            totals.append(total)
        return np.stack(totals)

    def doubled(x: Any) -> Any:
        x *= 2.0
        return x * x

    assert running_totals(ad.Tensor([1.0, 2.0, 3.0])).tolist() == [1.0, 3.0, 6.0]
    assert_gradient(running_totals, np.array([1.0, 2.0, 3.0]))
    number = np.sum(ad.Tensor([1.0, 2.0]))
    for same in (number.reshape(()), number.squeeze(), number.T):
        before = same
        same *= 2.0
        assert (number.item(), before.item(), same.item()) == (3.0, 3.0, 6.0)
    assert ad.grad(doubled)(3.0) == ad.grad(doubled)(np.float64(3.0)) == 24.0
    recorded = leaf([1.0, 2.0]).sum()
    for same in (number, number.detach(), recorded, recorded.detach()):
        before = same
        same += 1.0
        assert (before.item(), same.item()) == (3.0, 4.0)
    number = np.sum(ad.Tensor([1.0, 2.0]))
    column = number.reshape(1)
    column[0] = 5.0
    assert (number.item(), column.item()) == (3.0, 5.0)


def test_an_assignment_to_a_number_is_to_it_alone() -> None:
    number, recorded = np.sum(ad.Tensor([1.0, 2.0])), leaf([1.0, 2.0]).sum()
    row, double = number.reshape(1), recorded * 2
    for same in (number, recorded, recorded.detach()):
        assert same.item() == 3.0
        same[...] = 5.0
        assert same.item() == 5.0
    assert (row.item(), double.item()) == (3.0, 6.0)

    for values, slope in (([1.0, 2.0], 3 * 5.0**2), ([1.0, 4.0], 10 * 2 * 17.0)):  # of s³, and of 10 s², by s
        x = leaf(values)
        total = np.sum(x * x)
        square = total**2
        total[total > 10.0] = 10.0
        (total * square).backward()
        assert_array_equal(x.grad.numpy(), slope * 2 * x.numpy())


def test_a_recorded_write_to_a_shared_array_reaches_it_or_is_an_error() -> None:
    a = np.zeros(2)
    try:
        ad.asarray(a)[0] = leaf(1.0)
    except (RuntimeError, TypeError):
        return
    assert a[0] == 1.0


@pytest.mark.usefixtures("switching_often")
def test_views_made_in_threads_all_show_a_later_write() -> None:
    with ThreadPoolExecutor(4) as pool:
        for _ in range(100):
            base = ad.Tensor(np.zeros(4))
            views = [v for made in pool.map(lambda _, b=base: [b[:2] for _ in range(20)], range(4)) for v in made]
            base[0] = leaf(1.0)
            assert [v[0].item() for v in views] == [1.0] * 80


@pytest.mark.usefixtures("switching_often")
def test_a_stale_view_is_renewed_in_any_number_of_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        for _ in range(500):
            base, barrier = ad.Tensor(np.zeros(4)), threading.Barrier(4)
            view = base[:2]
            base[0] = leaf(1.0)

            def read(_: int, view: Any = view, barrier: Any = barrier) -> float:
                barrier.wait()
                return float((view * 1.0)[0].item())

            assert list(pool.map(read, range(4))) == [1.0] * 4
