"""Views as NumPy's: a write through a view is a write to its base, which every other view shows; at linear cost."""

import gc
import operator
import tracemalloc
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from array_programs import Program, programs
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal
from pytorch_arrays import TorchArray
from work import is_linear

import autodiff as ad
from autodiff.testing import assert_gradient


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


# --- random programs -------------------------------------------------------------------------------------------------------------


def tensors(program: Program, requires_grad: bool = True) -> dict[str, Any]:
    names = program.start()
    return {name: ad.Tensor(a, requires_grad=requires_grad and name != "a1") for name, a in names.items()}


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each tensor has the value of the array of its name, and is read-only where that is."""
    assert list(found) == list(expected)
    for name, a in expected.items():
        assert isinstance(found[name], ad.Tensor), name
        assert found[name].shape == np.shape(a), name
        assert_allclose(found[name].numpy(), a, rtol=1e-11, atol=1e-11, err_msg=name)
        if isinstance(a, np.ndarray) and not a.flags.writeable:
            with pytest.raises(ValueError, match="read-only"):
                found[name][...] = 0.0


def random_cotangents(arrays: dict[str, Any]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: np.asarray(rng.normal(size=np.shape(a))) for name, a in arrays.items()}


def gradient(t: Any) -> np.ndarray:
    """The gradient that has arrived at a leaf of autodiff or of PyTorch."""
    return np.zeros(tuple(t.shape)) if t.grad is None else t.grad.numpy()


def gradients_by_complex_step(program: Program, cotangents: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The gradients by `x` and `w` of the program on arrays: what a tiny imaginary part of each element leads to."""
    start, step = program.start(), 1e-30

    def derivative(name: str, index: tuple[int, ...]) -> float:
        names = {name: a.astype(complex) for name, a in start.items()}
        names[name][index] += 1j * step
        return sum((cotangents[name] * np.imag(a)).sum() for name, a in program.run(names).items()) / step

    return [
        np.array([derivative(name, i) for i in np.ndindex(start[name].shape)]).reshape(start[name].shape) for name in ("x", "w")
    ]


@given(program=programs())
def test_programs_on_constants_give_the_values_of_arrays(program: Program) -> None:
    assert_same(program.run(tensors(program, requires_grad=False)), program.run(program.start()))


@given(program=programs())
def test_programs_inside_no_grad_give_the_values_of_arrays(program: Program) -> None:
    with ad.no_grad():
        assert_same(program.run(tensors(program)), program.run(program.start()))


@given(program=programs())
def test_programs_that_are_recorded_give_the_values_of_arrays_and_the_gradients_of_a_complex_step(program: Program) -> None:
    arrays, names = program.run(program.start()), tensors(program)
    found = program.run(names)
    assert_same(found, arrays)
    cotangents = random_cotangents(arrays)
    sum((cotangents[name] * t).sum() for name, t in found.items()).backward()
    assert_array_equal(names["x"].numpy(), program.start()["x"])
    for name, expected in zip(("x", "w"), gradients_by_complex_step(program, cotangents), strict=True):
        assert_allclose(gradient(names[name]), expected, rtol=1e-9, atol=1e-10, err_msg=name)


@pytest.mark.peer
@given(program=programs(pytorch=True))
def test_programs_give_the_values_and_the_first_and_second_derivatives_of_pytorch(torch: Any, program: Program) -> None:
    start, names = program.start(), tensors(program)
    x, w = (torch.tensor(start[name], requires_grad=True) for name in ("x", "w"))
    constant = torch.tensor(start["a1"]) + 0 * w[0]  # PyTorch does not take a constant's view for one once the constant has changed
    theirs = program.run({name: TorchArray(torch, start[name], t) for name, t in (("x", x), ("w", w), ("a1", constant))})
    ours = program.run(names)
    assert_same(ours, {name: t.tensor.detach().numpy() for name, t in theirs.items()})
    cotangents = random_cotangents(ours)
    sum((cotangents[name] * t * t).sum() for name, t in ours.items()).backward(create_graph=True)
    loss = sum((torch.from_numpy(cotangents[name]) * t.tensor * t.tensor).sum() for name, t in theirs.items())
    first = torch.autograd.grad(loss, [x, w], create_graph=True, materialize_grads=True)
    for name, expected in zip(("x", "w"), first, strict=True):
        assert_allclose(gradient(names[name]), expected.detach().numpy(), rtol=1e-9, atol=1e-9, err_msg=name)
    mine = [names[name].grad for name in ("x", "w") if names[name].grad is not None]
    names["x"].grad = names["w"].grad = None
    squares = sum((g * g).sum() for g in mine)
    if squares.requires_grad:
        squares.backward()
    squares = sum((g * g).sum() for g in first)
    second = torch.autograd.grad(squares, [x, w], materialize_grads=True, allow_unused=True) if squares.requires_grad else None
    for name, expected in zip(("x", "w"), second or [torch.zeros_like(x), torch.zeros_like(w)], strict=True):
        assert_allclose(gradient(names[name]), expected.numpy(), rtol=1e-8, atol=1e-8, err_msg=name)


@pytest.mark.peer
@given(program=programs(pytorch=True))
def test_the_complex_step_is_right_about_programs(torch: Any, program: Program) -> None:
    start = program.start()
    x, w = (torch.tensor(start[name], requires_grad=True) for name in ("x", "w"))
    constant = torch.tensor(start["a1"]) + 0 * w[0]
    found = program.run({name: TorchArray(torch, start[name], t) for name, t in (("x", x), ("w", w), ("a1", constant))})
    cotangents = random_cotangents({name: t.array for name, t in found.items()})
    sum((torch.from_numpy(cotangents[name]) * t.tensor).sum() for name, t in found.items()).backward()
    for t, expected in zip((x, w), gradients_by_complex_step(program, cotangents), strict=True):
        assert_allclose(gradient(t), expected, rtol=1e-9, atol=1e-10)


@given(program=programs(of_a_leaf=True))
def test_views_of_a_leaf_show_what_is_written_inside_no_grad_and_lead_gradients_to_it(program: Program) -> None:
    arrays, names = program.run(program.start()), tensors(program)
    found = program.run(names, writing=ad.no_grad)
    assert_same(found, arrays)
    assert names["x"] is found["a0"]
    assert names["x"].is_leaf
    cotangents = random_cotangents(arrays)
    sum((cotangents[name] * t).sum() for name, t in found.items()).backward()
    places = program.run({**program.start(), "x": np.arange(arrays["a0"].size).reshape(program.shape)}, writing=None)
    expected = np.zeros(arrays["a0"].size)
    for name in places.keys() - {"a1"}:  # each element of a view, or of a copy, is an element of `x`
        np.add.at(expected, places[name], cotangents[name])
    assert_allclose(names["x"].grad.numpy().ravel(), expected, rtol=1e-12, atol=1e-12)


# --- writes that used to be lost -------------------------------------------------------------------------------------------------


def zeros_filled_by_two_indices(v: Any) -> Any:
    out = np.zeros_like(v)
    out[0][1] = v[0][2]
    return out


def rows_scaled_through_a_slice(v: Any) -> Any:
    out = v * 1.0
    row = out[:2]
    row *= 10
    return out


def rows_written_in_a_loop(v: Any) -> Any:
    out = np.zeros_like(v)
    for row in out:
        row[0] = v[0, 1]
    return out


def row_of_a_transpose(v: Any) -> Any:
    out = np.zeros_like(v)
    out.T[0] = v[:, 1]
    return out


def element_of_a_reshaped(v: Any) -> Any:
    out = v * v
    out.reshape(-1)[0] = 1.0
    return out


def update_of_a_part_of_a_part(v: Any) -> Any:
    out = v * v
    out[1, :][1:] += v[0, 1:]
    out[0] *= 2
    return out


def update_by_its_own_neighbours(v: Any) -> Any:
    out = v * 1.0
    out[1:] += out[:-1]
    out[:-1] = out[1:]
    return out


def parts_of_a_split(v: Any) -> Any:
    out = v * 1.0
    left, right = np.split(out, [1], axis=1)
    left *= right[:, :1]
    right[...] = left
    return out


def cumulative_sum(v: Any) -> Any:
    out = np.zeros_like(v)
    flat, given = out.reshape(-1), v.reshape(-1)
    flat[0] = given[0]
    for i in range(1, out.size):
        flat[i] = flat[i - 1] + given[i]
    return out


def elimination(v: Any) -> Any:
    """The first step of Gauss's elimination, on a copy."""
    a = v.copy()
    for row in a[1:]:
        row -= row[0] / a[0, 0] * a[0]
    return a


@pytest.mark.long
@pytest.mark.parametrize(
    "f",
    [
        zeros_filled_by_two_indices,
        rows_scaled_through_a_slice,
        rows_written_in_a_loop,
        row_of_a_transpose,
        element_of_a_reshaped,
        update_of_a_part_of_a_part,
        update_by_its_own_neighbours,
        parts_of_a_split,
        cumulative_sum,
        elimination,
    ],
)
def test_numpy_programs_have_their_values_and_gradients(f: Callable[[Any], Any]) -> None:
    values = np.random.default_rng(0).uniform(0.5, 2, (3, 3))
    expected = f(values)
    for t in (ad.Tensor(values), leaf(values), leaf(values) * 1.0):
        y = f(t)
        assert isinstance(y, ad.Tensor)
        assert_allclose(y.numpy(), expected, rtol=1e-14)
    assert y.requires_grad
    assert_gradient(lambda x: f(ad.Tensor(x) if isinstance(x, np.ndarray) else x), values, order=2)


def test_a_write_to_a_view_of_a_constant_changes_the_constant() -> None:
    a = ad.Tensor([1.0, 2.0, 3.0])
    b = a[:2]
    b[0] = 5.0
    assert a.tolist() == [5.0, 2.0, 3.0]
    a[1] = 7.0
    assert b.tolist() == [5.0, 7.0]
    b += 1
    assert a.tolist() == [6.0, 8.0, 3.0]


def test_a_value_with_a_gradient_can_be_written_to_a_view_of_a_constant() -> None:
    x, a = leaf(3.0), ad.Tensor([1.0, 2.0, 3.0])
    b, c = a[:2], a[1:]
    b[1] = x * x
    for t in (a, b, c):
        assert t.requires_grad
    assert (a.tolist(), b.tolist(), c.tolist()) == ([1.0, 9.0, 3.0], [1.0, 9.0], [9.0, 3.0])
    (c * c).sum().backward()
    assert x.grad.item() == 2 * 9 * 6


def test_an_element_is_a_number_of_its_own_as_in_numpy() -> None:
    for t in (ad.Tensor([1.0, 2.0]), leaf([1.0, 2.0]) * 1.0):
        element, view = t[0], t[0, ...]
        element += 10.0
        assert (element.item(), t.tolist()) == (11.0, [1.0, 2.0])
        view += 10.0
        assert (element.item(), t.tolist()) == (11.0, [11.0, 2.0])


def test_an_advanced_index_makes_a_copy_as_in_numpy() -> None:
    for t in (ad.Tensor([1.0, 2.0]), leaf([1.0, 2.0]) * 1.0):
        for index in ([0, 1], np.array([True, True]), (np.array([0, 1]),)):
            part = t[index]
            part[...] = 10.0
            assert t.tolist() == [1.0, 2.0]


def test_reshape_makes_a_view_where_numpy_can() -> None:
    for make in (lambda: ad.Tensor(np.zeros((2, 3))), lambda: leaf(np.zeros((2, 3))) * 1.0):
        t = make()
        t.reshape(-1)[1] = 5.0
        t.T.reshape(-1)[1] = 7.0  # a copy
        assert t.tolist() == [[0.0, 5.0, 0.0], [0.0, 0.0, 0.0]]


LAYOUTS = {
    "by rows": lambda a: a,
    "by columns": np.asfortranarray,
    "permuted": lambda a: np.ascontiguousarray(a.transpose(1, 2, 0)).transpose(2, 0, 1),
    "every other": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
}
NEW_ARRAYS: list[Callable[[Any], Any]] = [
    np.copy,
    lambda a: np.copy(a, "C"),
    lambda a: np.copy(a, order="F"),
    lambda a: a.copy(),
    lambda a: a.copy("K"),
    lambda a: a.copy(order="F"),
    lambda a: a.T.copy(),
    lambda a: a.astype(np.float32),
    np.zeros_like,
    np.ones_like,
    lambda a: np.full_like(a, 2.0),
    lambda a: np.full_like(a, a),
    lambda a: np.full_like(a, a[0, 0, 0]),
    lambda a: np.full_like(a, 2.0, shape=(3, 4)),
    lambda a: np.clip(a, 0, 1),
    lambda a: np.clip(a, None, None),
    lambda a: np.where(a > 0, a, 0),
    lambda a: np.concatenate([a, a], axis=1),
    lambda a: np.stack([a, a]),
    lambda a: np.sum(a, axis=0),
    lambda a: np.sum(a, axis=0, where=a > 0),
    lambda a: np.mean(a, axis=1),
    lambda a: np.max(a, axis=2, initial=0.0, where=a < 1),
    lambda a: a @ a.mT,
    lambda a: a[0] @ a[1].T,
    lambda a: np.dot(a[0].T, a[1]),
    lambda a: a * 2.0,
    lambda a: -a,
    lambda a: a + a.T.copy().T,
    lambda a: a[[1, 0]],
    lambda a: a[:, [1, 0]],
]


@pytest.mark.parametrize("make", NEW_ARRAYS)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_new_array_lies_in_memory_as_numpys_which_decides_what_its_views_are(
    make: Callable[[Any], Any], layout: Callable[[Any], Any]
) -> None:
    values = layout(np.sin(np.arange(24.0)).reshape(2, 3, 4))
    for f in (make, lambda a: make(a * 1.0)):
        wanted = f(values)
        for t in (f(ad.asarray(values)), f(leaf(values))):
            assert t.data.strides == wanted.strides
            flat = wanted.copy("K") if t.requires_grad else wanted
            for array in (flat, t):
                array.reshape(-1)[:2] = 7.0
            assert_array_equal(t.numpy(), flat)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "matmul", "and", "or", "xor", "floordiv", "mod", "lshift"])
def test_an_update_of_a_view_changes_the_base_or_is_an_error(name: str) -> None:
    update, square = getattr(operator, f"__i{name}__"), [[1, 2], [3, 1]]
    for values in (np.array([square, square], float), np.array([square, square]), np.array([square, square]) > 1):
        for other in (values[1] + values.dtype.type(1), values.dtype.type(1)):
            t, wanted = ad.Tensor(values), values.copy()
            try:
                update(wanted[0], other)
            except (TypeError, ValueError):  # NumPy has no such update of these numbers
                with pytest.raises((TypeError, ValueError)):
                    update(t[0], other)
                continue
            try:
                update(t[0], other)
            except TypeError:  # an operator that tensors do not have
                wanted = values
            assert_array_equal(t.numpy(), wanted, strict=True)


RESHAPED: list[Callable[[Any], Any]] = [
    np.ravel,
    lambda a: np.reshape(a, -1),
    lambda a: np.ravel(a[:, 0, 0]),
    lambda a: a[:, 0, 0].reshape(-1),
    lambda a: np.ravel(a[0]),
    lambda a: a[0].reshape(2, 6),
    lambda a: a.reshape(6, 4),
    lambda a: a.reshape(2, 12),
    lambda a: a.T.reshape(4, 6),
    lambda a: np.ravel(a.T),
    lambda a: np.ravel(np.swapaxes(a, 0, 2)),
    lambda a: np.moveaxis(a, 0, -1).reshape(-1, 2),
    lambda a: np.expand_dims(a, (0, 4)).reshape(-1, 4),
    lambda a: np.split(a, 2, axis=-1)[1].reshape(-1),
    lambda a: np.squeeze(a[:1]).reshape(12),
    lambda a: a[0, 0, 0, ...].reshape(1),
    lambda a: np.ravel(a[0, 0, 0, ...]),
    lambda a: a[1, ::2].reshape(-1),
    lambda a: np.ravel(a[..., None]),
]


@pytest.mark.parametrize("view", RESHAPED)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_view_is_one_where_numpys_is_whatever_the_layout(view: Callable[[Any], Any], layout: Callable[[Any], Any]) -> None:
    values = layout(np.sin(np.arange(24.0)).reshape(2, 3, 4))
    for make in (lambda a: a, lambda a: a * 1.0):
        wanted = make(values.copy("K"))
        view(wanted)[:1] = 7.0
        for t in (make(ad.Tensor(values)), leaf(values) * 1.0):
            if t.data.strides == wanted.strides:
                view(t)[:1] = 7.0
                assert_array_equal(t.numpy(), wanted)


@pytest.mark.parametrize("view", RESHAPED)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_gradient_of_what_is_overwritten_is_0_however_the_cotangent_lies_in_memory(
    view: Callable[[Any], Any], layout: Callable[[Any], Any]
) -> None:
    values = layout(np.sin(np.arange(24.0)).reshape(2, 3, 4)) * 1.0
    kept = np.ones_like(values)
    view(kept)[:1] = 0.0

    def f(x: Any) -> Any:
        a = x * 1.0
        view(a)[:1] = 7.0
        return a

    for cotangent in LAYOUTS.values():
        weights = cotangent(np.cos(np.arange(24.0)).reshape(2, 3, 4))
        _, pullback = ad.vjp(f, values)
        assert_array_equal(pullback(weights)[0], weights * kept)
        first = ad.grad(lambda x, weights=weights: np.sum(f(x) ** 2 * weights))
        assert_allclose(first(values), 2 * values * weights * kept, rtol=1e-15)
        second = ad.grad(lambda x, weights=weights, first=first: np.sum(first(x) * weights))(values)
        assert_allclose(second, 2 * weights * weights * kept, rtol=1e-15)
    assert_array_equal(ad.grad(lambda x: np.sum(f(x)))(values), kept)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("name", ["iadd", "imul", "ipow", "imatmul", "isub"])
def test_an_update_leaves_a_tensor_as_it_lies_in_memory(name: str, layout: Callable[[Any], Any]) -> None:
    for other in (np.full((2, 3, 3), 2.0), 2.0, layout(np.ones((2, 3, 4)))[:, :, :3]):
        if name != "imatmul" or np.ndim(other):
            wanted = layout(np.sin(np.arange(24.0)).reshape(2, 3, 4))[:, :, :3].copy("K")
            t = leaf(wanted) * 1.0
            wanted = wanted * 1.0
            for a in (wanted, t):
                a = getattr(operator, name)(a, other)
                a.reshape(-1)[:5] = 7.0
            assert t.data.strides == wanted.strides
            assert_array_equal(t.numpy(), wanted)


def test_a_broadcast_view_is_read_only() -> None:
    for t in (ad.Tensor([1.0, 2.0]), leaf([1.0, 2.0]), leaf([1.0, 2.0]) * 1.0):
        for view in (np.broadcast_to(t, (3, 2)), ad.broadcast_to(t, (3, 2))[1:], np.broadcast_to(t, (3, 2)).T):
            with pytest.raises(ValueError, match="read-only"):
                view[0] = 5.0
            with pytest.raises(ValueError, match="read-only"):
                view += 1.0
            with ad.no_grad(), pytest.raises(ValueError, match="read-only"):
                view[0] = leaf(5.0)
        assert t.tolist() == [1.0, 2.0]


def test_a_broadcast_view_shows_what_is_written_to_its_base() -> None:
    x = leaf(3.0)
    base = ad.Tensor([1.0, 2.0])
    view = np.broadcast_to(base, (2, 2))
    base[0] = x * 2
    assert view.tolist() == [[6.0, 2.0], [6.0, 2.0]]
    view.sum().backward()
    assert x.grad.item() == 4.0


# --- leaves ----------------------------------------------------------------------------------------------------------------------

VIEWS: dict[str, Callable[[Any], Any]] = {
    "a slice": lambda x: x[:1],
    "a row": lambda x: x[0],
    "a transpose": lambda x: x.T,
    "mT": lambda x: x.mT,
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "reshape": lambda x: x.reshape(-1),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "squeeze": lambda x: np.squeeze(x[None]),
    "an iterated row": lambda x: next(iter(x)),
    "a view of a view": lambda x: x.T[1:].reshape(2, 1)[0],
    "all of it": lambda x: x[...],
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_write_through_a_view_of_a_leaf_is_a_write_to_the_leaf(view: Callable[[Any], Any]) -> None:
    def assign(v: Any) -> None:
        v[...] = 5.0

    changes = (assign, lambda v: v.__iadd__(1.0), lambda v: v.__imul__(leaf(2.0)))
    for change in changes:
        x = leaf([[1.0, 2.0], [3.0, 4.0]])
        with pytest.raises(RuntimeError, match=r"leaf that requires grad.*no_grad\(\)"):
            change(view(x))
        assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]]
        expected = np.array([[1.0, 2.0], [3.0, 4.0]])
        change(view(expected)) if change is not changes[2] else view(expected).__imul__(2.0)
        for recorded in (True, False):
            x = leaf([[1.0, 2.0], [3.0, 4.0]])
            with nullcontext() if recorded else ad.no_grad():
                v, other = view(x), x[:]
            with ad.no_grad():
                change(v)
            assert_array_equal(x.numpy(), expected)
            assert_array_equal(v.numpy(), view(expected))
            assert_array_equal(other.numpy(), expected)
            assert x.is_leaf
            assert v.requires_grad == recorded
            (x * x).sum().backward()
            assert_array_equal(x.grad.numpy(), 2 * expected)


def test_detach_of_a_leaf_shares_its_memory() -> None:
    for x in (leaf([1.0, 2.0, 3.0]), ad.Tensor([1.0, 2.0, 3.0])):
        view, d = x[:2], x.detach()
        assert not d.requires_grad
        d[0] = 5.0
        d[1:] *= 2.0
        assert (x.tolist(), view.tolist(), d.tolist()) == ([5.0, 4.0, 6.0], [5.0, 4.0], [5.0, 4.0, 6.0])
        with ad.no_grad():
            x[2] = 0.0
        assert d.tolist() == [5.0, 4.0, 0.0]
        part = view.detach()
        part[0] = 9.0
        assert x.tolist() == [9.0, 4.0, 0.0]


def test_detach_of_a_computed_tensor_is_copied_when_it_is_written_to() -> None:
    x = leaf([1.0, 2.0, 3.0])
    y = np.exp(x)
    for t in (y, y[:2], y[::-1].T):
        before, d = t.tolist(), t.detach()
        part = d[:1]
        part[0] = 100.0
        d *= 2
        assert d[0].item() == 200.0
        assert part[0].item() == 200.0
        assert t.tolist() == before
    y.sum().backward()
    assert_allclose(x.grad.numpy(), np.exp([1.0, 2.0, 3.0]))


# --- before and after a write ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_taken_before_a_write_shows_the_new_value_and_has_its_gradient(view: Callable[[Any], Any]) -> None:
    def f(x: Any, v: Any) -> Any:
        base = x * 2.0
        early = view(base)
        base[...] = base * v
        base[0, 0] = v
        return early * early

    assert_gradient(
        lambda x, v: f(ad.Tensor(x) if isinstance(x, np.ndarray) else x, v),
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        np.array(0.7),
        order=2,
    )
    x, v = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf(0.7)
    assert_allclose(f(x, v).numpy(), f(x.numpy().copy(), 0.7), rtol=1e-14)


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_what_was_computed_from_a_view_keeps_the_old_value_and_its_gradient(view: Callable[[Any], Any]) -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    x = leaf(values)
    base = x * 3.0
    early = view(base)
    square, exponential, copied = early * early, np.exp(early * 0.1), early.copy()
    base[...] = 0.0
    early += 1.0
    old = view(values * 3.0)
    assert_allclose(square.numpy(), old**2)
    assert_allclose(copied.numpy(), old)
    (square + exponential + copied).sum().backward()
    expected = np.zeros((2, 2))
    view(expected)[...] = 3 * (2 * old + 0.1 * np.exp(0.1 * old) + 1)
    assert_allclose(x.grad.numpy(), expected, rtol=1e-13)


def test_the_name_of_a_base_that_is_updated_stays_that_of_the_same_tensor() -> None:
    y = leaf([[1.0, 2.0], [3.0, 4.0]]) * 1.0
    before, row = y, y[0]
    y += 1.0
    y[0] *= 2.0
    assert y is before
    alias = row
    row -= 1.0
    assert row is alias
    assert y.tolist() == [[3.0, 5.0], [4.0, 5.0]]


def test_a_base_that_nobody_names_any_more_lives_on_in_its_views() -> None:
    x = leaf([1.0, 2.0, 3.0])
    y = x * 2.0
    a, b = y[:2], y[1:]
    del y
    a[1] = x[0] * 5
    assert (a.tolist(), b.tolist()) == ([2.0, 5.0], [5.0, 6.0])
    (b * b).sum().backward()
    assert_array_equal(x.grad.numpy(), [2 * 5 * 5, 0, 2 * 6 * 2])


READERS: dict[str, Callable[[Any], Any]] = {
    "tolist": lambda t: t.tolist(),
    "numpy": lambda t: t.numpy().tolist(),
    "data": lambda t: t.data.tolist(),
    "asarray": lambda t: np.asarray(t.detach()).tolist(),
    "detach": lambda t: t.detach().tolist(),
    "item": lambda t: [t[0].item(), t[1].item()],
    "repr": lambda t: [float(s) for s in repr(t).split("[")[1].split("]")[0].split(",")],
    "str": lambda t: [float(s) for s in f"{t}".split("[")[1].split("]")[0].split(",")],
    "float": lambda t: [float(t.detach()[i]) for i in range(2)],
    "bool": lambda t: [30.0, 2.0] if bool(t[0] == 30.0) and bool(t[1] == 2.0) else None,
    "iteration": lambda t: [e.item() for e in t],
    "argmax": lambda t: [30.0, 2.0] if t.argmax().item() == 0 else None,
    "an operator": lambda t: (t + 0.0).tolist(),
    "an operator on the right": lambda t: (np.zeros(2) + t).tolist(),
    "a NumPy function": lambda t: np.exp(np.log(t)).round(9).tolist() if isinstance(t, np.ndarray) else np.sqrt(t * t).tolist(),
    "a sequence of arrays": lambda t: ad.concat([t, [0.0]])[:2].tolist(),
    "a list": lambda t: np.stack([t[0], t[1]]).tolist(),
    "a method": lambda t: t.clip(-100, 100).tolist(),
    "as a value to assign": lambda t: ad.setitem(np.zeros(2), t, ...).tolist(),
    "a view of it": lambda t: t[::-1][::-1].tolist(),
    "copy": lambda t: t.copy().tolist(),
    "grad": lambda t: (ad.grad(lambda s: (s * s).sum() / 2)(t)).tolist(),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_every_way_to_read_a_view_reads_the_new_value(read: Callable[[Any], Any]) -> None:
    for base in (ad.Tensor([10.0, 2.0, 5.0]), leaf([10.0, 2.0, 5.0]) * 1.0):
        view = base[:2]
        read(base[1:])
        base[0] = leaf(30.0)
        assert read(view) == [30.0, 2.0]


def test_an_index_that_is_a_view_is_read_when_it_is_used() -> None:
    i = ad.Tensor([0, 0, 1])
    part, x = i[1:], leaf([1.0, 2.0, 3.0])
    i[1] = 2
    assert x[part].tolist() == [3.0, 2.0]
    mask = ad.Tensor([False, False, True])
    view = mask[:]
    mask[0] = True
    assert x[view].tolist() == [1.0, 3.0]


def test_a_view_that_has_become_a_leaf_is_still_a_view() -> None:
    def by_index(c: Any) -> None:
        c[0] = 5.0

    def by_update(c: Any) -> None:
        c *= 5.0

    def by_another_view(c: Any) -> None:
        c[::-1][-1:] = 5.0

    for write in (by_index, by_update, by_another_view, lambda c: c.writable().fill(5.0)):
        c = ad.Tensor([1.0, 2.0, 3.0])
        v = c[:2].requires_grad_()
        loss = (v * v).sum()
        write(c)
        with pytest.raises(RuntimeError, match="overwritten"):
            loss.backward()
        (v * v).sum().backward()
        assert_array_equal(v.grad.numpy(), 2 * c.numpy()[:2])
    c = ad.Tensor([1.0, 2.0, 3.0])
    v = c[:2].requires_grad_()
    with ad.no_grad():
        v[0] = 7.0
    assert c.tolist() == [7.0, 2.0, 3.0]
    with pytest.raises(RuntimeError):  # the leaf would not be one any more
        c[1] = leaf(5.0)
    assert v.is_leaf
    assert v.requires_grad


def test_a_view_taken_inside_no_grad_is_not_written_to_outside_and_the_error_says_why() -> None:
    y = leaf([1.0, 2.0]) * 1.0
    with ad.no_grad():
        view = y[:1]
    with pytest.raises(RuntimeError, match=r"taken inside no_grad\(\)"):
        view[0] = 3.0
    assert (y.tolist(), view.tolist()) == ([1.0, 2.0], [1.0])


def test_hooks_and_retained_gradients_of_a_view() -> None:
    x = leaf([1.0, 2.0, 3.0])
    y = x * 2.0
    view = y[:2]
    view[0] = view[1] * 3.0
    view.retain_grad()
    seen: list[Any] = []
    view.register_hook(lambda g: seen.append(g.tolist()))
    (view * view).sum().backward()
    assert seen == [view.grad.tolist()] == [[24.0, 8.0]]
    assert_array_equal(x.grad.numpy(), [0.0, 2 * (8 + 3 * 24), 0.0])


@pytest.mark.parametrize("write", [lambda y, v: y.__setitem__(1, 3.0), lambda y, v: y.__imul__(2.0), lambda y, v: v.__imul__(2.0)])
def test_the_gradient_of_a_view_is_retained_after_a_write_to_its_base(write: Any) -> None:
    y = leaf([1.0, 2.0]) * 1.0
    view = y[:1]
    for t in (y, view):
        t.retain_grad()
    write(y, view)
    (view * view).sum().backward()
    assert view.grad.tolist() == (2 * view).tolist()
    assert y.grad.tolist() == [view.grad.tolist()[0], 0.0]


def test_a_tensor_keeps_its_name_when_it_is_written_to() -> None:
    for y in (leaf([1.0, 2.0]) * 1.0, ad.Tensor([1.0, 2.0])):
        view = y[:1]
        y.name, view.name = "all", "first"
        for write in (
            lambda y, v: y.__setitem__(1, leaf(3.0)),
            lambda y, v: y.__imul__(leaf(2.0)),
            lambda y, v: v.__imul__(leaf(2.0)),
        ):
            write(y, view)
            assert (y.name, view.name) == ("all", "first")


def test_a_write_that_fails_changes_nothing() -> None:
    for base in (ad.Tensor([[1.0, 2.0]]), leaf([[1.0, 2.0]]) * 1.0):
        view = base[0]
        for wrong in (np.ones(3), leaf(np.ones(3)), np.ones((2, 2))):
            with pytest.raises(ValueError, match=r"broadcast|shape"):
                view[...] = wrong
            with pytest.raises(ValueError, match=r"broadcast|shape"):
                view += wrong
        with pytest.raises(IndexError):
            view[5] = leaf(1.0)
        assert base.tolist() == [[1.0, 2.0]]
        assert view.tolist() == [1.0, 2.0]


def test_the_type_of_the_base_stays() -> None:
    x = leaf(np.array([1.0, 2.0], np.float32))
    y = x * np.float32(2)
    view = y[:1]
    view[0] = leaf(3.0)
    view *= np.array([2.0])
    assert y.dtype == view.dtype == np.float32
    assert y.tolist() == [6.0, 4.0]
    y.sum().backward()
    assert x.grad.dtype == np.float32


def test_a_tensor_that_requires_grad_cannot_be_written_to_integers() -> None:
    for base in (ad.Tensor([1, 2]), ad.Tensor([True, False])):
        view = base[:1]
        with pytest.raises(TypeError, match=str(base.dtype)):
            view[0] = leaf(1.0)
        with pytest.raises(TypeError):
            view += leaf(1.0)


def test_programs_can_be_differentiated_by_a_transform() -> None:
    def total(v: Any) -> Any:
        out = np.zeros_like(v)
        for row, values in zip(out, v, strict=True):
            row[:] = values
            row[1:] *= row[:-1]
        return (out * out).sum()

    values = np.random.default_rng(0).normal(size=(2, 3))
    a, b, c = values.T
    expected = np.stack([2 * a + 2 * a * b**2, 2 * a**2 * b + 2 * b * c**2, 2 * b**2 * c], axis=1)
    assert_allclose(ad.grad(total)(values), expected, rtol=1e-12)
    assert_gradient(total, values, order=2)


# --- cost ------------------------------------------------------------------------------------------------------------------------

# Each `make` fills an array with room for n * WIDTH numbers by n writes: copying it each time would be n * n * WIDTH work.
WIDTH = 400


def by_index(n: int, out: Any, x: Any) -> Any:
    for i in range(n):
        out[i] = x[i % 3]
    return out


def by_update(n: int, out: Any, x: Any) -> Any:
    for i in range(n):
        out[i] += x[i % 3]
    return out


def from_the_element_before(n: int, out: Any, x: Any) -> Any:
    out[0] = x[0]
    for i in range(1, n):
        out[i] = out[i - 1] * 0.5 + x[i % 3]
    return out


def row_from_the_row_before(n: int, out: Any, x: Any) -> Any:
    """Whose rules need the rows that they read: as in a recurrent network."""
    out[0] = x[0]
    for i in range(1, n):
        out[i] = np.tanh(out[i - 1] * x[0])
    return out


def through_rows_in_a_loop(n: int, out: Any, x: Any) -> Any:
    for row in out:
        row[...] = x[0]
    return out


def through_a_list_of_rows(n: int, out: Any, x: Any) -> Any:
    rows = list(out)
    for row in rows:
        row[...] = x[0]
    return out


def through_a_list_of_rows_updated(n: int, out: Any, x: Any) -> Any:
    rows = list(out)
    for row in rows:
        row *= x[0]
    return out


def through_one_view(n: int, out: Any, x: Any) -> Any:
    flat = out.reshape(-1)
    for i in range(n):
        flat[i] = x[i % 3]
    return out


def reading_in_between(n: int, out: Any, x: Any) -> Any:
    view = out[: n // 2 + 1]
    total = x[0] * 0.0
    for i in range(n):
        out[i] = x[i % 3]
        total = total + view[i // 2, 0] * x[1]
    return out + total


@pytest.mark.long
@pytest.mark.parametrize("constant", [True, False], ids=["constant", "computed"])
@pytest.mark.parametrize(
    "fill",
    [
        by_index,
        by_update,
        from_the_element_before,
        row_from_the_row_before,
        through_rows_in_a_loop,
        through_a_list_of_rows,
        through_a_list_of_rows_updated,
        through_one_view,
        reading_in_between,
    ],
)
def test_n_writes_are_linear_work(fill: Callable[[int, Any, Any], Any], constant: bool) -> None:
    def prepared(n: int) -> Callable[[], Any]:
        x, zeros = leaf([1.0, 2.0, 3.0]), ad.Tensor(np.zeros((n, WIDTH)))

        def run() -> None:
            out = zeros if constant else zeros * x[0]
            fill(n, out, x).sum().backward()

        return run

    assert is_linear(prepared, 25)


def test_n_writes_to_constants_are_linear_work() -> None:
    for fill in (by_index, by_update, through_rows_in_a_loop, through_a_list_of_rows, through_one_view):

        def prepared(n: int, fill: Any = fill) -> Callable[[], Any]:
            x, out = np.array([1.0, 2.0, 3.0]), ad.Tensor(np.zeros((n, WIDTH)))
            return lambda: fill(n, out, x)

        assert is_linear(prepared, 25)


def test_n_views_of_views_are_linear_work_and_a_write_to_the_last_is_one_to_the_base() -> None:
    def prepared(n: int) -> Callable[[], Any]:
        base = ad.Tensor(np.zeros((2, 3)))

        def run() -> None:
            y = base
            for _ in range(2 * n):
                y = y.T
            y[0] += 1.0
            assert_array_equal(base.numpy(), [[1.0] * 3, [0.0] * 3])

        return run

    assert is_linear(prepared, 500)


def test_the_measure_of_work_sees_an_array_that_is_copied_at_each_write() -> None:
    def copying_arrays(n: int) -> Callable[[], Any]:
        def run() -> None:
            y = np.zeros((n, WIDTH))
            for i in range(n):
                y = np.array(y)
                y[i] = 1.0

        return run

    def copying_tensors(n: int) -> Callable[[], Any]:
        x = leaf([1.0, 2.0, 3.0])

        def run() -> None:
            y: Any = np.zeros((n, WIDTH))
            for i in range(n):
                y = ad.setitem(y, x[i % 3], i)
            y.sum().backward()

        return run

    assert not is_linear(copying_arrays, 25)
    assert not is_linear(copying_tensors, 25)
    assert is_linear(lambda n: lambda: by_index(n, np.zeros((n, WIDTH)), [1.0, 2.0, 3.0]), 25)


@pytest.mark.parametrize("join", [ad.concat, np.concatenate, ad.stack])
def test_n_tensors_joined_are_linear_work(join: Callable[..., Any]) -> None:
    def prepared(n: int) -> Callable[[], Any]:
        x = leaf(np.ones(WIDTH))
        return lambda: join([x * 2.0 for _ in range(n)]).sum().backward()

    assert is_linear(prepared, 25)


@pytest.mark.long
@pytest.mark.usefixtures("without_gc")
@pytest.mark.parametrize("constant", [True, False], ids=["constant", "computed"])
@pytest.mark.parametrize("view", [lambda t: t[:3], lambda t: t.T, lambda t: list(t), lambda t: t.reshape(2, 5).T[1:]])
def test_views_that_nobody_writes_to_leave_nothing_behind(view: Callable[[Any], Any], constant: bool) -> None:
    base = ad.Tensor(np.zeros(10)) if constant else leaf(np.zeros(10)) * 1.0

    def memory_after(n: int) -> int:
        for _ in range(n):
            view(base)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        memory_after(100)
        before = memory_after(100)
        after = memory_after(2000)
    finally:
        tracemalloc.stop()
    assert after - before < 4000


@pytest.mark.long
@pytest.mark.usefixtures("without_gc")
@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("constant", [True, False], ids=["constant", "computed"])
def test_a_base_and_its_views_are_collected_at_once(constant: bool, written: bool) -> None:
    x = leaf(np.zeros((10, 10)))

    def made() -> list[Any]:
        base = ad.Tensor(np.zeros((10, 10))) if constant else x * 1.0
        views = [base[1:], base.T, *base]
        views.append(views[0][2:])
        for i, view in enumerate(views):
            if written:
                view[0] = x[0, i % 10]
            (view * 2.0).sum()
        if written:
            views[0].sum().backward(retain_graph=True)
        return [weakref.ref(t) for t in (base, *views)]

    assert {reference() for reference in made()} == {None}
    gc.collect()
    made()
    assert gc.collect() == 0


@pytest.mark.usefixtures("without_gc")
def test_a_view_keeps_alive_no_more_than_its_base() -> None:
    base = ad.Tensor(np.zeros(10))
    view, other = base[:5], weakref.ref(base[5:])
    assert other() is None
    view[0] = leaf(1.0)
    kept = weakref.ref(view)
    del view
    assert kept() is None
    assert base[0].item() == 1.0
