"""A gradient is right or it is an error: whatever is overwritten, however, between the computation and the backward pass."""

import array
import contextlib
import copy
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.core.overwriting import watch_at

SMALL, LARGE = (2, 3), (24, 24)  # the content of LARGE has more than 4096 bytes


@dataclass
class World:
    """What a user may hold: the array that a leaf was made from, the leaf, a plain operand, an index."""

    source: np.ndarray
    x: Any
    operand: np.ndarray
    index: np.ndarray

    @classmethod
    def new(cls, shape: tuple[int, ...], own: bool, seed: int) -> "World":
        rng = np.random.default_rng(seed)
        source = rng.uniform(0.5, 2, shape)
        leaf = ad.Tensor(source, requires_grad=True) if own else ad.asarray(source).requires_grad_()
        return cls(source, leaf, rng.uniform(0.5, 2, shape), rng.integers(0, shape[0], shape[0]))


# --- ways to write ---------------------------------------------------------------------------------------------------------------
# Each is a generator: what comes before `yield` happens before anything is computed with the leaf, the rest after.

Handle = Callable[[World, Callable[[np.ndarray], None]], Generator[None, None, None]]
handles: dict[str, Handle] = {}


def handle(function: Handle) -> Handle:
    handles[function.__name__] = function
    return function


def through(tensor: Any, change: Callable[[np.ndarray], None]) -> None:
    """Write to a tensor what `change` makes of its values."""
    new = tensor.data.copy()
    change(new)
    tensor[...] = new


@handle
def the_array_that_the_leaf_was_made_from(world: World, change: Any) -> Any:
    yield
    change(world.source)


@handle
def a_view_of_that_array(world: World, change: Any) -> Any:
    view = world.source[::-1]
    yield
    change(view)


@handle
def data_replaced(world: World, change: Any) -> Any:
    yield
    new = world.x.data.copy()
    change(new)
    world.x.data = new


@handle
def a_detached_tensor_taken_before(world: World, change: Any) -> Any:
    detached = world.x.detach()
    yield
    through(detached, change)


@handle
def a_detached_tensor_that_is_assigned_to(world: World, change: Any) -> Any:
    yield
    new = world.x.data.copy()
    change(new)
    world.x.detach()[...] = new


@handle
def a_tensor_of_the_detached_tensor(world: World, change: Any) -> Any:
    other = ad.Tensor(world.x.detach(), requires_grad=True)
    yield
    with ad.no_grad():
        other *= 1.5


@handle
def assignment_inside_no_grad(world: World, change: Any) -> Any:
    yield
    new = world.x.data.copy()
    change(new)
    with ad.no_grad():
        world.x[...] = new


@handle
def assignment_of_a_part_inside_no_grad(world: World, change: Any) -> Any:
    yield
    with ad.no_grad():
        world.x[0, 1:] = 3.0


@handle
def subtraction_in_place_inside_no_grad(world: World, change: Any) -> Any:
    yield
    with ad.no_grad():
        world.x -= 0.25


@handle
def the_writable_array(world: World, change: Any) -> Any:
    yield
    change(world.x.writable())


@handle
def a_transpose_taken_inside_no_grad(world: World, change: Any) -> Any:
    with ad.no_grad():
        view = world.x.T
    yield
    through(view, change)


@handle
def a_reshaped_tensor_made_inside_no_grad_and_assigned_to(world: World, change: Any) -> Any:
    yield
    with ad.no_grad():
        flat = world.x.reshape(-1)
        flat[1] = 5.0


@handle
def a_row_met_in_a_loop_inside_no_grad(world: World, change: Any) -> Any:
    yield
    with ad.no_grad():
        for row in world.x:
            row *= 2.0


@handle
def asarray_inside_no_grad(world: World, change: Any) -> Any:
    yield
    with ad.no_grad():
        through(ad.asarray(world.x), change)


@handle
def a_shallow_copy(world: World, change: Any) -> Any:
    yield
    through(copy.copy(world.x).detach(), change)


@handle
def a_deep_copy(world: World, change: Any) -> Any:
    yield
    through(copy.deepcopy(world.x).detach(), change)


@handle
def the_plain_operand(world: World, change: Any) -> Any:
    yield
    change(world.operand)


@handle
def a_view_of_the_plain_operand(world: World, change: Any) -> Any:
    view = world.operand.T[1:]
    yield
    change(view)


@handle
def the_operand_in_place_by_a_ufunc(world: World, change: Any) -> Any:
    yield
    np.negative(world.operand, out=world.operand)


@handle
def the_index_array(world: World, change: Any) -> Any:
    yield
    world.index[...] = world.index[::-1].copy()
    world.index[0] = (world.index[0] + 1) % len(world.index)


# --- things to write -------------------------------------------------------------------------------------------------------------


def _one_element(a: np.ndarray, i: int, j: int) -> None:
    a[np.unravel_index(i % a.size, a.shape)] += 0.5


def _two_elements_swapped(a: np.ndarray, i: int, j: int) -> None:
    p, q = np.unravel_index(i % a.size, a.shape), np.unravel_index(j % a.size, a.shape)
    a[p], a[q] = a[q].copy(), a[p].copy()


def _all_negated(a: np.ndarray, i: int, j: int) -> None:
    a *= -1


def _two_negated(a: np.ndarray, i: int, j: int) -> None:
    for k in {i % a.size, j % a.size}:
        a[np.unravel_index(k, a.shape)] *= -1


def _all_doubled(a: np.ndarray, i: int, j: int) -> None:
    a *= 2


def _all_zero(a: np.ndarray, i: int, j: int) -> None:
    a[...] = 0


def _rows_rolled(a: np.ndarray, i: int, j: int) -> None:
    a[...] = np.roll(a, 1 + i % max(1, len(a) - 1), axis=0)


def _last_bit(a: np.ndarray, i: int, j: int) -> None:
    k = np.unravel_index(i % a.size, a.shape)
    a[k] = np.nextafter(a[k], np.inf)


CHANGES = [_one_element, _two_elements_swapped, _all_negated, _two_negated, _all_doubled, _all_zero, _rows_rolled, _last_bit]
OF_ALL = [_all_negated, _all_doubled, _all_zero, _rows_rolled]
# A write to a few elements of a large array is sure to be noticed only if autodiff makes it, or under detect_anomaly.
BY_OTHERS = {
    "the_array_that_the_leaf_was_made_from",
    "a_view_of_that_array",
    "the_plain_operand",
    "a_view_of_the_plain_operand",
}


def is_sampled(how: str, what: Any, shape: tuple[int, ...]) -> bool:
    return how in BY_OTHERS and shape == LARGE and what not in OF_ALL


# --- things to compute -----------------------------------------------------------------------------------------------------------

UNARY: list[Callable[[Any, World], Any]] = [
    lambda t, w: ad.exp(t * 0.25),
    lambda t, w: t * t,
    lambda t, w: ad.square(t),
    lambda t, w: ad.tanh(t),
    lambda t, w: ad.sigmoid(t),
    lambda t, w: ad.abs(t),
    lambda t, w: ad.relu(t),
    lambda t, w: t * w.operand,
    lambda t, w: w.operand - t,
    lambda t, w: t / (1 + w.operand * w.operand),
    lambda t, w: ad.maximum(t, w.operand),
    lambda t, w: ad.where(w.operand > 1, t, w.operand),
    lambda t, w: t[w.index],
    lambda t, w: t.T.reshape(t.shape),
    lambda t, w: ad.matmul(t, t.T) @ w.operand / 10,
    lambda t, w: t - ad.max(t, axis=0),
    lambda t, w: t - ad.logsumexp(t, axis=1, keepdims=True),
    lambda t, w: ad.setitem(t, 0.5, w.index[0]),
    lambda t, w: ad.concat([t[1:], t[:1]]),
    lambda t, w: ad.stack([t, w.operand]).mean(axis=0),
    lambda t, w: t.astype(np.float32).astype(float),
    lambda t, w: ad.clip(t, -1.5, 1.5),
    lambda t, w: ad.broadcast_to(t[0], t.shape),
]
BINARY: list[Callable[[Any, Any], Any]] = [ad.add, ad.multiply, ad.subtract, ad.maximum, lambda a, b: a / (1 + b * b)]

programs = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(UNARY), st.integers(0, 9)),
        st.tuples(st.sampled_from(BINARY), st.integers(0, 9), st.integers(0, 9)),
    ),
    min_size=1,
    max_size=6,
)


def run(program: Any, world: World) -> Any:
    """The number that a program computes from a world."""
    found = [world.x]
    for operation, *where in program:
        arguments = [found[-1 - k % len(found)] for k in where]
        found.append(operation(*arguments, world) if operation in UNARY else operation(*arguments))
    return (found[-1] * found[len(found) // 2]).sum()


def attempt(advance: Callable[[], Any]) -> bool:
    """Whether something happened without the error that says that it would be wrong."""
    try:
        advance()
    except (RuntimeError, ValueError) as error:
        if any(text in str(error) for text in ("overwritten", "read-only", "cannot be changed")):
            return False
        raise
    return True


def write(steps: Generator[None, None, None]) -> None:
    assert attempt(lambda: next(steps, None)) in (True, False)


@pytest.mark.long
@pytest.mark.parametrize("how", handles)
@settings(max_examples=60)
@given(
    create_graph=st.booleans(),
    program=programs,
    shape=st.sampled_from([SMALL, SMALL, LARGE]),
    own=st.booleans(),
    what=st.sampled_from(CHANGES),
    i=st.integers(0, 575),
    j=st.integers(0, 575),
)
def test_the_gradient_is_right_or_an_error(
    how: str, create_graph: bool, program: Any, shape: tuple[int, ...], own: bool, what: Any, i: int, j: int
) -> None:
    reference = World.new(shape, True, seed=i)
    with np.errstate(all="ignore"), ad.detect_anomaly() if is_sampled(how, what, shape) else contextlib.nullcontext():
        run(program, reference).backward()
        world = World.new(shape, own, seed=i)
        steps = handles[how](world, lambda a: what(a, i, j))
        next(steps)
        loss = run(program, world)
        write(steps)
        if attempt(lambda: loss.backward(create_graph=create_graph)):
            assert_allclose(world.x.grad.numpy(), reference.x.grad.numpy(), rtol=1e-9, atol=1e-12)
        else:
            assert world.x.grad is None


@pytest.mark.parametrize("shape", [SMALL, LARGE])
@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("how", handles)
def test_a_square_of_what_is_overwritten_is_an_error(how: str, what: Any, shape: tuple[int, ...]) -> None:
    world = World.new(shape, own=False, seed=1)
    with ad.detect_anomaly() if is_sampled(how, what, shape) else contextlib.nullcontext():
        steps = handles[how](world, lambda a: what(a, 1, 6))
        next(steps)
        loss = (world.x * world.x + world.x * world.operand).sum()
        before, operand = world.x.data.copy(), world.operand.copy()
        write(steps)
        changed = not (np.array_equal(before, world.x.data) and np.array_equal(operand, world.operand))
        assert changed or how in ("a_shallow_copy", "a_deep_copy", "a_tensor_of_the_detached_tensor", "the_index_array")
        if changed:
            with pytest.raises(
                RuntimeError, match="backward: multiply needs the value of an argument that has been overwritten since it was used"
            ):
                loss.backward()
            assert world.x.grad is None
        else:
            loss.backward()
            assert_allclose(world.x.grad.numpy(), 2 * before + operand, rtol=1e-14)


def is_noticed(data: np.ndarray, change: Callable[[np.ndarray], Any], anomaly: bool = False) -> bool:
    """Whether the backward pass of a product with `data` notices that it has been changed."""
    w = ad.Tensor(np.ones(data.shape), requires_grad=True)
    with ad.detect_anomaly() if anomaly else contextlib.nullcontext():
        loss = (w * data).sum()
        change(data)
        return not attempt(loss.backward)


@given(rows=st.integers(1, 120), columns=st.integers(1, 300), data=st.data())
def test_overwriting_rows_of_an_array_is_noticed_whatever_its_size(rows: int, columns: int, data: Any) -> None:
    first = data.draw(st.integers(0, rows - 1))
    last = data.draw(st.integers(first, rows - 1))
    assert is_noticed(np.random.default_rng(0).normal(size=(rows, columns)), lambda a: a[first : last + 1].fill(7.0))


@pytest.mark.parametrize("make", [np.ascontiguousarray, np.asfortranarray, lambda a: np.repeat(a, 2, axis=1)[:, ::2]])
@given(shape=array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=40))
def test_overwriting_all_of_an_array_is_noticed_however_it_lies_in_memory(make: Any, shape: tuple[int, ...]) -> None:
    assert is_noticed(make(np.random.default_rng(0).normal(size=(*shape, 7))), lambda a: a.fill(7.0))


def test_overwriting_a_column_is_noticed_with_all_but_certainty() -> None:
    for columns in (2, 10, 50):
        a = np.random.default_rng(columns).normal(size=(20_000, columns))
        assert all(is_noticed(a, lambda a, j=j: a[:, j].__iadd__(1.0)) for j in range(columns))


def test_a_change_that_is_too_small_to_be_sampled_is_noticed_when_arrays_are_compared_in_full() -> None:
    data = np.zeros(100_000)

    def change(a: np.ndarray) -> None:
        a[12_345] = 1.0

    assert not is_noticed(data.copy(), change)
    assert is_noticed(data.copy(), change, anomaly=True)


def test_what_autodiff_writes_is_known_to_all_that_lies_in_the_same_memory() -> None:
    for use in (ad.asarray, lambda a: ad.asarray(a[::2]), lambda a: a, lambda a: a.T):
        m = np.zeros((1000, 1000))
        operand = use(m)
        w = ad.Tensor(np.ones(operand.shape), requires_grad=True)
        y = (w * operand).sum()
        ad.asarray(m[7:])[3, 4] = 1.0  # one element of a million
        with pytest.raises(RuntimeError, match="overwritten"):
            y.backward()


CONSTANTS: dict[str, Callable[[np.ndarray], Any]] = {
    "a tensor": ad.Tensor,
    "a result": lambda a: ad.Tensor(a) * 1.0,
    "a detached result": lambda a: (ad.Tensor(a, requires_grad=True) * 1.0).detach(),
    "a gradient": lambda a: ad.vjp(lambda x: x * a, ad.Tensor(np.ones(a.shape)))[1](np.ones(a.shape))[0],
}
PARTS: list[Callable[[Any], Any]] = [
    lambda c: c,
    lambda c: c[1:],
    lambda c: c[:, 1],
    lambda c: c.T,
    lambda c: c.reshape(-1),
    lambda c: c.detach()[0],
]


def _rows_of(c: Any) -> None:
    for row in c:
        row[0] = 50.0


WRITES: list[Callable[[Any, Any], Any]] = [
    lambda c, part: c.__setitem__(..., 99.0),
    lambda c, part: c.__setitem__(0, 99.0),
    lambda c, part: c.__iadd__(1.0),
    lambda c, part: c.reshape(-1).__setitem__(3, 99.0),
    lambda c, part: c.detach().__setitem__(..., 99.0),
    lambda c, part: c.writable().fill(7.0),
    lambda c, part: setattr(c, "data", np.zeros(c.shape)),
    lambda c, part: part.__setitem__(..., 99.0),
    lambda c, part: part.__imul__(3.0),
    lambda c, part: part.writable().fill(7.0),
    lambda c, part: _rows_of(c),
]


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("part_of", PARTS)
@pytest.mark.parametrize("kind", CONSTANTS)
def test_a_graph_goes_on_with_the_former_values_of_a_constant_whoever_writes_to_it(kind: str, part_of: Any, again: bool) -> None:
    for write in WRITES:
        c = CONSTANTS[kind](np.arange(6.0).reshape(2, 3))
        if again:  # as in a loop, in which each pass writes to what the one before has read
            _rows_of(c)
        part = part_of(c)
        former = part.numpy().copy()
        w = ad.Tensor(np.ones(part.shape), requires_grad=True)
        y = (w * part).sum()
        write(c, part)
        if again:
            write(c, part_of(c))
        y.backward()
        assert_array_equal(w.grad.numpy(), former)


def test_zeros_of_either_sign_and_nans_are_the_same_content() -> None:
    for n in (3, 5000):
        for old, new in ((0.0, -0.0), (-0.0, 0.0), (np.nan, np.nan)):
            assert not is_noticed(np.full(n, old), lambda a, new=new: a.fill(new))
    ints = np.zeros(5000, np.int64)
    assert is_noticed(ints, lambda a: a.fill(1))


# --- values that others share ----------------------------------------------------------------------------------------------------


def test_a_buffer_that_a_leaf_was_made_from_is_watched() -> None:
    buffer = array.array("d", [1.0, 2.0, 3.0])
    for data in (buffer, memoryview(buffer)):
        x = ad.Tensor(data, requires_grad=True)
        loss = (x * x).sum()
        buffer[0] = 100.0
        if attempt(loss.backward):
            assert_array_equal(x.grad.numpy(), [2.0, 4.0, 6.0])
        buffer[0] = 1.0


class Subclass(np.ndarray):
    """An array of another class, as `np.memmap` is."""


def test_an_operand_of_a_subclass_of_ndarray_is_watched() -> None:
    for make in (
        lambda: ad.Tensor([1.0, 2.0], requires_grad=True),
        lambda: ad.Tensor(np.ones(2).view(Subclass), requires_grad=True),
    ):
        x = make()
        before = x.data.copy()
        c = np.array([3.0, 4.0]).view(Subclass)
        for f in (lambda x, c: x * c, lambda x, c: c * x, lambda x, c: ad.where(c > 3.5, x * c, x), lambda x, c: x @ c):
            c[...] = [3.0, 4.0]
            expected = ad.Tensor(before.copy(), requires_grad=True)
            f(expected, np.array([3.0, 4.0])).sum().backward()
            x.grad = None
            loss = f(x, c).sum()
            c[0] = 100.0
            if attempt(loss.backward):
                assert_array_equal(x.grad.numpy(), expected.grad.numpy())


def test_an_operand_of_a_subclass_of_ndarray_broadcasts_as_an_array_does() -> None:
    x = ad.Tensor([1.0, 2.0], requires_grad=True)
    (x * np.ones((3, 2)).view(Subclass)).sum().backward()
    assert_array_equal(x.grad.numpy(), [3.0, 3.0])


def test_a_computed_tensor_is_read_only() -> None:
    x = ad.Tensor([1.0, 2.0], requires_grad=True)
    y = ad.exp(x)
    for data in (y.data, y.numpy(), y.detach().data, y.reshape(2, 1).data, y[0:1].data, y.T.data):
        with pytest.raises(ValueError, match="read-only"):
            data[...] = 0
    with ad.no_grad():
        for data in (y.T.data, y[0:1].data, np.asarray(y)):
            attempt(lambda data=data: data.fill(0.0))
    with pytest.raises(RuntimeError, match=r"data: this tensor was computed.*detach\(\)"):
        y.data = np.zeros(2)
    with pytest.raises(RuntimeError, match=r"writable: this tensor was computed.*detach\(\)"):
        y.writable()
    with ad.no_grad(), pytest.raises(RuntimeError, match="a computed tensor cannot be changed"):
        y += 1
    with ad.no_grad(), pytest.raises(RuntimeError, match="a computed tensor cannot be changed"):
        y[0] = 1
    y.sum().backward()
    assert_allclose(x.grad.numpy(), np.exp([1.0, 2.0]))


def test_a_detached_result_that_is_written_to_is_copied_first() -> None:
    x = ad.Tensor([1.0, 2.0], requires_grad=True)
    y = ad.exp(x)
    d = y.detach()
    d[0] = 100.0
    d *= 2
    assert d[0].item() == 200.0
    y.sum().backward()
    assert_allclose(x.grad.numpy(), np.exp([1.0, 2.0]))


def test_the_value_of_a_computed_tensor_after_its_graph_was_freed_is_still_watched() -> None:
    x, w = ad.Tensor([1.0, 2.0], requires_grad=True), ad.Tensor([1.0, 1.0], requires_grad=True)
    y = ad.exp(x)
    y.sum().backward(retain_graph=True)
    loss = (y * w).sum()
    attempt(lambda: np.asarray(y.detach()).fill(0.0))
    if attempt(loss.backward):
        assert_allclose(w.grad.numpy(), np.exp([1.0, 2.0]))


@pytest.mark.parametrize(
    ("f", "params"),
    [
        (lambda x, p: ad.permute_dims(x, p), [2, 0, 1]),
        (lambda x, p: ad.permute_dims(x, p), np.array([2, 0, 1])),
        (lambda x, p: x[p], [0, 0, 1]),
        (lambda x, p: x[p, [0, 1, 1]], [0, 0, 1]),
        (lambda x, p: ad.expand_dims(x, tuple(p)), [0, 2]),
        (lambda x, p: ad.reshape(x, p), [3, 3, 3]),
        (lambda x, p: ad.sum(x, axis=tuple(p)), [0, 2]),
        (lambda x, p: ad.where(p, x, 0.0), np.array([True, False, True])),
        (lambda x, p: ad.scatter([x[0, 0, 0], x[1, 1, 1]], p, (3,)), [0, 1]),
        (lambda x, p: ad.scatter([x[0, 0]], [p], (3,)), np.array([0, 0, 1])),
        (lambda x, p: ad.scatter([x[0, 0]], p, (3,)), [np.array([0, 0, 1])]),
        (lambda x, p: ad.setitem(x * 1.0, 2.0, p), np.array([0, 0, 1])),
        (lambda x, p: ad.setitem(x * 1.0, x[0], p), [0, 0, 1]),
        (lambda x, p: ad.concat([x, x], *p), [2]),
    ],
)
def test_a_parameter_that_is_changed_afterwards_makes_no_gradient_wrong(f: Any, params: Any) -> None:
    def changed(p: Any) -> None:
        for i in range(len(p)):
            if isinstance(p[i], np.ndarray):
                changed(p[i])
        p[:] = p[::-1].copy()
        if isinstance(p[0], (int, np.integer)) and p[0] == p[-1]:
            p[0] = 0

    values = np.random.default_rng(0).uniform(1, 2, (3, 3, 3))
    found = []
    for change in (lambda p: None, changed):
        x, p = ad.Tensor(values, requires_grad=True), copy.deepcopy(params)
        y = f(x, p)
        change(p)
        if attempt(lambda y=y: y.backward(np.random.default_rng(1).normal(size=y.shape))):
            found.append(x.grad.numpy())
    for gradient in found[1:]:
        assert_array_equal(gradient, found[0])


def test_a_leaf_of_another_shape_gets_no_gradient_of_the_old_one() -> None:
    x = ad.Tensor([1.0, 2.0], requires_grad=True)
    loss = (x + 1).sum()
    try:
        x.data = np.ones((2, 2))
        loss.backward()
    except (RuntimeError, ValueError):
        return
    assert x.grad.shape == x.shape


def test_a_write_between_two_readings_is_seen_by_the_second_alone() -> None:
    for write in (
        lambda x: x.writable().fill(5.0),
        lambda x: x.detach().__setitem__(..., 5.0),
        lambda x: setattr(x, "data", np.full(2, 5.0)),
    ):
        x = ad.Tensor([1.0, 2.0], requires_grad=True)
        first = ad.exp(x) + x  # whose rules need the result only
        write(x)
        second = x * x
        (first + second).sum().backward()
        assert_allclose(x.grad.numpy(), np.exp([1.0, 2.0]) + 1 + 10)


def test_a_write_between_the_first_and_the_second_derivative_is_noticed() -> None:
    for write in (
        lambda x: x.writable().fill(5.0),
        lambda x: x.detach().__setitem__(..., 5.0),
        lambda x: setattr(x, "data", np.full(2, 5.0)),
    ):
        x = ad.Tensor([1.0, 2.0], requires_grad=True)
        (x * x * x).sum().backward(create_graph=True)
        g, x.grad = x.grad, None
        write(x)
        if attempt(lambda g=g: g.sum().backward()):
            assert_array_equal(x.grad.numpy(), [6.0, 12.0])


# --- no false alarms -------------------------------------------------------------------------------------------------------------


@given(program=programs, shape=st.sampled_from([SMALL, LARGE]), own=st.booleans(), seed=st.integers(0, 99))
def test_reading_is_never_an_error(program: Any, shape: tuple[int, ...], own: bool, seed: int) -> None:
    reference, world = World.new(shape, True, seed), World.new(shape, own, seed)
    with np.errstate(all="ignore"):
        run(program, reference).backward()
        loss = run(program, world)
    x = world.x
    assert x.data.shape == x.numpy().shape == x.detach().shape == shape
    assert repr(x)
    assert f"{loss:.3f}"
    assert copy.deepcopy(x).tolist() == copy.copy(x).tolist() == x.tolist()
    with ad.no_grad():
        assert np.asarray(x).sum() == x.sum().item()
        assert x.T[0].shape == (shape[0],)
    assert len(list(x)) == shape[0]
    assert bool((x == x).all())
    with np.errstate(all="ignore"):
        loss.backward()
    assert_allclose(x.grad.numpy(), reference.x.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("shape", [SMALL, LARGE])
@pytest.mark.parametrize("how", handles)
def test_writing_after_the_backward_pass_is_never_an_error(how: str, shape: tuple[int, ...]) -> None:
    world = World.new(shape, own=False, seed=3)
    steps = handles[how](world, lambda a: _all_doubled(a, 0, 0))
    next(steps)
    (world.x * world.x + world.x * world.operand + world.x[world.index]).sum().backward()
    assert next(steps, None) is None
    world.x.grad = None
    (world.x * 2).sum().backward()
    assert_array_equal(world.x.grad.numpy(), np.full(shape, 2.0))


@pytest.mark.parametrize("shape", [SMALL, LARGE])
@pytest.mark.parametrize("how", handles)
def test_writing_to_what_no_rule_needs_is_no_error(how: str, shape: tuple[int, ...]) -> None:
    world = World.new(shape, own=False, seed=3)
    steps = handles[how](world, lambda a: _all_doubled(a, 0, 0))
    next(steps)
    loss = (world.x + world.operand + ad.concat([world.x[:1], world.x[1:]]) + 2 * world.x.mean()).sum()
    assert next(steps, None) is None
    loss.backward()
    assert_allclose(world.x.grad.numpy(), np.full(shape, 4.0))


def test_a_training_loop_writes_to_its_parameters_between_passes() -> None:
    for update in (
        lambda w: w.__isub__(0.1 * w.grad),
        lambda w: np.subtract(w.data, 0.1 * w.grad.numpy(), out=w.writable()),
        lambda w: setattr(w, "data", w.data - 0.1 * w.grad.numpy()),
    ):
        w = ad.Tensor([1.0, 2.0], requires_grad=True)
        for _ in range(3):
            w.grad = None
            (w * w).sum().backward()
            with ad.no_grad():
                update(w)
        assert_allclose(w.data, np.array([1.0, 2.0]) * 0.8**3)


@pytest.mark.parametrize(
    "other",
    [
        lambda a: a,
        lambda a: a[1:][::-1],
        lambda a: np.lib.stride_tricks.as_strided(a),
        lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, writeable=True),
        lambda a: np.frombuffer(a.base),
        lambda a: np.ndarray(a.shape, buffer=a.base),
        lambda a: np.asarray(memoryview(a)),
        lambda a: np.frombuffer(memoryview(a.base)[8:]),
    ],
)
def test_a_write_to_one_element_is_seen_through_every_array_over_its_memory(other: Callable[[np.ndarray], np.ndarray]) -> None:
    a: np.ndarray = np.ndarray(10_000, buffer=bytearray(80_000))
    x, written = ad.Tensor(2.0, requires_grad=True), ad.asarray(other(a))
    for read in (ad.asarray(a), a):
        for place in (3, 4567, 9876):
            loss = (x * read).sum()
            written[place] = 5.0
            with pytest.raises(RuntimeError, match="overwritten"):
                loss.backward()


def test_threads_that_share_an_array_at_once_see_the_writes_of_each_other() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            for _ in range(1500):
                arrays, start = [np.zeros(1) for _ in range(8)], threading.Barrier(8)
                found = pool.map(lambda arrays, start: [start.wait(), *map(watch_at, arrays)][1:], [arrays] * 8, [start] * 8)
                assert all(one is other for one, *others in zip(*found, strict=True) for other in others)
    finally:
        sys.setswitchinterval(interval)
