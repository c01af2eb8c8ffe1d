"""Tensor: how it is made and shown, its operators and methods, and changes in place."""

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


# --- making and showing ----------------------------------------------------------------------------------------------------------


def test_a_tensor_copies_its_data_and_asarray_shares_it() -> None:
    a = np.array([1.0, 2.0])
    for copied in (ad.Tensor(a), ad.Tensor(a, requires_grad=True), ad.Tensor(ad.asarray(a)), ad.asarray(a, dtype=np.float32)):
        assert not np.shares_memory(copied.data, a)
    for shared in (ad.asarray(a), ad.asarray(a).requires_grad_(), ad.asarray(ad.asarray(a))):
        assert np.shares_memory(shared.data, a)


@pytest.mark.parametrize(
    "data", [1, 1.5, True, [1, 2], [[1.0], [2.0]], (), np.float32(2), np.arange(3), range(3), np.zeros((0, 3))]
)
def test_a_tensor_is_made_of_what_numpy_makes_an_array_of(data: Any) -> None:
    expected = np.asarray(data)
    t = ad.Tensor(data)
    assert (t.shape, t.ndim, t.size, t.dtype) == (expected.shape, expected.ndim, expected.size, expected.dtype)
    assert_array_equal(t.data, expected)
    assert t.tolist() == expected.tolist()
    assert not t.requires_grad


@pytest.mark.parametrize(
    "data", [["a"], [None], [object()], np.array(["2020-01-01"], "datetime64[D]"), np.ma.array([1.0], mask=[True])]
)
def test_what_is_not_made_of_numbers_is_an_error(data: Any) -> None:
    with pytest.raises(TypeError, match=r"Tensor: the data .*wanted"):
        ad.Tensor(data)


def test_a_ragged_list_is_an_error() -> None:
    with pytest.raises(ValueError, match="inhomogeneous"):
        ad.Tensor([[1.0], [1.0, 2.0]])


def test_a_tensor_of_a_tensor_that_requires_grad_is_an_error() -> None:
    x = leaf([1.0])
    for t in (x, x * 2):
        with pytest.raises(TypeError, match=r"Tensor: the data is a tensor that requires grad.*detach\(\)"):
            ad.Tensor(t)
    assert ad.Tensor(x.detach(), requires_grad=True).requires_grad


def test_repr_shows_values_types_and_origin() -> None:
    x = leaf([1.0, 2.0])
    assert repr(ad.Tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert repr(ad.Tensor([1, 2])) == "Tensor([1, 2])"
    assert repr(ad.Tensor(np.float32(1))) == "Tensor(1., dtype=float32)"
    assert repr(x) == "Tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "Tensor([2., 4.], grad_fn=<multiply>)"
    assert repr(ad.exp(x)[0]).endswith("grad_fn=<getitem>)")
    assert repr(ad.Tensor(1.0, name="c")) == "Tensor(1., name='c')"
    w = ad.Tensor([1j], requires_grad=True, name="w")
    assert repr(w) == "Tensor([0.+1.j], requires_grad=True, name='w')"
    w.name = None
    assert repr(w) == "Tensor([0.+1.j], requires_grad=True)"


ARRAYS = [
    np.array(1.5),
    np.array(True),
    np.array([1 + 2j, -0.5j], np.complex64),
    np.array([0.1, 1e-10, 12345.678], ">f4"),
    np.array([np.nan, -np.inf]),
    np.zeros((0, 3)),
    np.zeros(0, np.int32),
    np.arange(2000.0).reshape(40, 50) / 7,
    np.arange(8, dtype=np.uint8).reshape(2, 2, 2) > 3,
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"precision": 2, "suppress": True},
    {"threshold": 5, "edgeitems": 1},
    {"linewidth": 30},
    {"sign": "+", "floatmode": "fixed", "nanstr": "?"},
    {"formatter": {"float_kind": lambda x: f"<{x:.1f}>"}},
    {"legacy": "1.13"},
    {"legacy": "1.25"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(options))
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_what_a_tensor_shows_of_its_array_is_what_numpy_shows_of_one_of_a_subclass(array: np.ndarray, options: Any) -> None:
    class Tensor(np.ndarray): ...

    with np.printoptions(**options):
        expected = repr(array.view(Tensor))
        assert repr(ad.Tensor(array)) == str(ad.Tensor(array)) == expected
        if array.dtype.kind == "f":
            known = repr(leaf(array))
            assert known.startswith(expected[:-1] + ",")
            assert known[len(expected) :].lstrip() == "requires_grad=True)"
            assert max(map(len, known.split("\n"))) <= max(np.get_printoptions()["linewidth"], *map(len, expected.split("\n")))


def test_format_of_one_number_takes_a_precision() -> None:
    assert f"{leaf(1.23456):.2f}" == "1.23"
    assert f"{leaf([[1.23456]]):.1f}" == "1.2"
    assert f"{leaf([1.0])}" == "Tensor([1.], requires_grad=True)"


def test_a_tensor_of_one_element_is_a_number() -> None:
    t = ad.Tensor([[2.0]])
    assert (t.item(), float(t), int(t), bool(t)) == (2.0, 2.0, 2, True)
    assert [10, 20, 30][ad.Tensor(1)] == 20
    assert list(range(ad.Tensor(3))) == [0, 1, 2]
    with pytest.raises(TypeError):
        operator.index(ad.Tensor(1.0))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(ad.Tensor([1.0, 2.0]))
    with pytest.raises(ValueError, match="size"):
        ad.Tensor([1.0, 2.0]).item()


def test_length_and_iteration_are_those_of_the_first_axis() -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert len(x) == 3
    a, b, c = x
    (a * 1 + b * 10 + c * 100).sum().backward()
    assert_array_equal(x.grad.numpy(), [[1, 1], [10, 10], [100, 100]])
    for f in (len, iter):
        with pytest.raises(TypeError, match=r"0-d|unsized"):
            f(ad.Tensor(1.0))


def test_name() -> None:
    x = ad.Tensor([1.0], name="weights")
    assert x.name == "weights"
    assert not x.requires_grad
    y = leaf([1.0])
    assert y.name is None
    y.name = "bias"
    z = y * 2
    z.name = "result"
    assert (y.name, z.name) == ("bias", "result")
    z.sum().backward()
    assert_array_equal(y.grad.numpy(), [2.0])
    c = ad.Tensor([1, 2])
    c.name = "labels"
    assert c.name == "labels"


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
}
each_copy = pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)


@each_copy
def test_copies_of_a_leaf_are_leaves_with_memory_of_their_own(duplicate: Callable[[Any], Any]) -> None:
    for x in (ad.Tensor([1.0, 2.0], requires_grad=True, name="w"), ad.Tensor([1.0, 2.0], name="c"), ad.Tensor([1, 2])):
        other = duplicate(x)
        assert (other.requires_grad, other.is_leaf, other.name, other.grad) == (x.requires_grad, True, x.name, None)
        assert_array_equal(other.numpy(), x.numpy(), strict=True)
        assert not np.shares_memory(other.numpy(), x.numpy())
    x = leaf([1.0, 2.0])
    (duplicate(x) * 3).sum().backward()
    assert x.grad is None


def test_a_deep_copy_keeps_the_gradient_and_others_do_not_as_in_pytorch() -> None:
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    deep = copy.deepcopy(x)
    assert_array_equal(deep.grad.numpy(), [2.0, 4.0])
    (deep * 3).sum().backward()
    assert_array_equal(deep.grad.numpy(), [5.0, 7.0])
    assert_array_equal(x.grad.numpy(), [2.0, 4.0])
    assert copy.copy(x).grad is None
    assert pickle.loads(pickle.dumps(x)).grad is None


class Labelled(ad.Tensor):
    """A subclass that is made in a way of its own, and holds something beside the array."""

    def __init__(self, label: list[str], data: Any) -> None:
        super().__init__(data, requires_grad=True)
        self.label = label


@each_copy
def test_copies_of_a_subclass_keep_what_else_it_holds(duplicate: Callable[[Any], Any]) -> None:
    x = Labelled(["a"], [1.0])
    other = duplicate(x)
    assert (type(other), other.label, other.tolist(), other.requires_grad) == (Labelled, ["a"], [1.0], True)
    assert (other.label is x.label) == (duplicate is copy.copy)


def test_the_copy_of_a_part_is_not_larger_than_the_part() -> None:
    part = ad.Tensor(np.zeros(100_000))[:2]
    assert len(pickle.dumps(part)) < 500


def test_a_deep_copy_keeps_what_is_shared_shared() -> None:
    x = leaf([1.0])
    a, b = copy.deepcopy([x, x])
    assert a is b
    assert a is not x


def test_a_computed_tensor_cannot_be_pickled_or_deep_copied() -> None:
    y = leaf([1.0]) * 2
    for duplicate in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match=r"pickle, copy: this tensor was computed.*x\.detach\(\)"):
            duplicate(y)
    with pytest.raises(RuntimeError, match=r"deepcopy: this tensor was computed.*detach\(\)"):
        copy.deepcopy(y)


def test_grad_takes_none_or_a_tensor_of_the_same_shape() -> None:
    x = leaf([1.0, 2.0])
    x.grad = ad.Tensor([5.0, 6.0])
    (x * 1).sum().backward()
    assert_array_equal(x.grad.numpy(), [6.0, 7.0])
    for wrong, text in (([1.0, 2.0], "list"), (np.ones(2), "ndarray"), (ad.Tensor([1.0]), r"shape \(1,\)")):
        with pytest.raises(TypeError, match=rf"grad: got .*{text}.*wanted None or a Tensor of shape \(2,\)"):
            x.grad = wrong
    x.grad = None
    assert x.grad is None


def test_a_tensor_is_hashable_by_identity() -> None:
    x, y = leaf([1.0]), leaf([1.0])
    assert len({x, y, x}) == 2
    assert {x: 1}[x] == 1


def test_a_subclass_is_a_tensor() -> None:
    class Parameter(ad.Tensor):
        pass

    p = Parameter([1.0], requires_grad=True)
    (p * 2).sum().backward()
    assert p.grad.item() == 2.0
    assert repr(p) == "Parameter([1.], requires_grad=True)"
    assert isinstance(copy.deepcopy(p), Parameter)


# --- operators and methods -------------------------------------------------------------------------------------------------------

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
OPERANDS = [
    2,
    2.0,
    np.float64(2),
    np.float32(2),
    np.array(2.0),
    np.array([2.0, 3.0]),
    [2.0, 3.0],
    (2.0, 3.0),
    np.array([[2], [3]]),
    ad.Tensor([2.0, 3.0]),
]


@pytest.mark.parametrize("operand", OPERANDS, ids=repr)
@pytest.mark.parametrize("op", OPERATORS)
def test_operators_take_every_kind_of_operand_on_either_side(op: Callable[..., Any], operand: Any) -> None:
    values = np.array([1.5, 2.5])
    plain = operand.data if isinstance(operand, ad.Tensor) else np.asarray(operand)
    for f, expected in ((lambda x: op(x, operand), op(values, plain)), (lambda x: op(operand, x), op(plain, values))):
        y = f(leaf(values))
        assert isinstance(y, ad.Tensor)
        assert y.requires_grad
        assert_allclose(y.numpy(), expected, rtol=1e-15)
        assert_gradient(lambda x, f=f: f(ad.Tensor(x) if isinstance(x, np.ndarray) else x), values, order=1)


def test_matrix_products_take_every_kind_of_operand_on_either_side() -> None:
    values, other = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, -1.0], [0.5, 2.0]])
    for operand in (other, other.tolist(), ad.Tensor(other)):
        for f, expected in ((lambda x, o=operand: x @ o, values @ other), (lambda x, o=operand: o @ x, other @ values)):
            y = f(leaf(values))
            assert isinstance(y, ad.Tensor)
            assert y.requires_grad
            assert_allclose(y.numpy(), expected)


def test_unary_operators() -> None:
    for op in (operator.neg, operator.pos, operator.abs):
        x = leaf([1.0, -2.0])
        y = op(x)
        assert isinstance(y, ad.Tensor)
        assert y.requires_grad
        assert_array_equal(y.numpy(), op(np.array([1.0, -2.0])))


@pytest.mark.parametrize("op", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge])
@pytest.mark.parametrize("operand", [2, np.float64(2), np.array([2.0, 1.0]), [2.0, 1.0], ad.Tensor([2.0, 1.0])], ids=repr)
def test_comparisons_give_boolean_tensors_on_either_side(op: Callable[..., Any], operand: Any) -> None:
    values = np.array([2.0, 3.0])
    plain = operand.data if isinstance(operand, ad.Tensor) else np.asarray(operand)
    for y, expected in ((op(leaf(values), operand), op(values, plain)), (op(operand, leaf(values)), op(plain, values))):
        assert isinstance(y, ad.Tensor)
        assert y.dtype == bool
        assert not y.requires_grad
        assert_array_equal(y.numpy(), expected)


def test_boolean_operators() -> None:
    x = leaf([1.0, -2.0, 3.0])
    mask = (x > 0) & (x < 2) | ~(x > -1)
    assert mask.tolist() == [True, True, False]
    assert ((x > 0) ^ np.array([True, True, False])).tolist() == [False, True, True]
    assert_array_equal(x[mask].numpy(), [1.0, -2.0])
    assert bool((x == x).all())
    assert not bool((x == 2).any())


METHODS: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = [
    (lambda t: t.sum(), lambda a: a.sum()),
    (lambda t: t.sum(0), lambda a: a.sum(0)),
    (lambda t: t.sum(axis=1, keepdims=True), lambda a: a.sum(axis=1, keepdims=True)),
    (lambda t: t.mean(), lambda a: a.mean()),
    (lambda t: t.mean(axis=(0, 1)), lambda a: a.mean(axis=(0, 1))),
    (lambda t: t.mean(axis=np.int64(1)), lambda a: a.mean(axis=1)),
    (lambda t: t.sum(axis=np.int64(1)), lambda a: a.sum(axis=1)),
    (lambda t: t.max(axis=-1), lambda a: a.max(axis=-1)),
    (lambda t: t.max(axis=np.int64(1)), lambda a: a.max(axis=1)),
    (lambda t: t.min(), lambda a: a.min()),
    (lambda t: t.clip(-0.5, 0.5), lambda a: a.clip(-0.5, 0.5)),
    (lambda t: t.clip(min=0.1), lambda a: a.clip(min=0.1)),
    (lambda t: t.clip(max=0.1), lambda a: a.clip(max=0.1)),
    (lambda t: t.reshape(3, 2), lambda a: a.reshape(3, 2)),
    (lambda t: t.reshape((3, 2)), lambda a: a.reshape(3, 2)),
    (lambda t: t.reshape(-1), lambda a: a.reshape(-1)),
    (lambda t: t.transpose(), lambda a: a.transpose()),
    (lambda t: t.transpose(1, 0), lambda a: a.transpose(1, 0)),
    (lambda t: t.transpose((1, 0)), lambda a: a.transpose((1, 0))),
    (lambda t: t.T, lambda a: a.T),
    (lambda t: t.mT, lambda a: a.mT),
    (lambda t: t.swapaxes(0, -1), lambda a: a.swapaxes(0, -1)),
    (lambda t: t[None].squeeze(0), lambda a: a),
    (lambda t: t.copy(), lambda a: a.copy()),
    (lambda t: t.astype(float), lambda a: a.astype(float)),
]


@pytest.mark.parametrize(("of_tensor", "of_array"), METHODS)
def test_methods_are_those_of_arrays(of_tensor: Callable[..., Any], of_array: Callable[..., Any]) -> None:
    values = np.random.default_rng(5).normal(size=(2, 3))
    y = of_tensor(leaf(values))
    assert y.requires_grad
    assert_allclose(y.numpy(), of_array(values), rtol=1e-15)
    assert_gradient(lambda x: of_tensor(ad.Tensor(x) if isinstance(x, np.ndarray) else x), values, order=1)


def test_methods_without_gradient() -> None:
    x = leaf([[1.0, 5.0, 2.0], [0.0, 3.0, 4.0]])
    assert x.argmax().item() == 1
    assert x.argmax(axis=1).tolist() == [1, 2]
    assert x.argmin(axis=0).tolist() == [1, 1, 0]
    assert bool((x > -1).all())
    assert (x > 4).any(axis=1).tolist() == [True, False]


def test_an_axis_that_does_not_exist_is_numpys_error() -> None:
    x = leaf([1.0, 2.0])
    for f in (x.sum, x.mean, x.max, ad.logsumexp):
        with pytest.raises(np.exceptions.AxisError):
            f(axis=1) if f is not ad.logsumexp else f(x, axis=1)


# --- changes in place ------------------------------------------------------------------------------------------------------------

INDICES: list[Any] = [
    1,
    -1,
    slice(1, None),
    slice(None, None, -2),
    ...,
    (0, 1),
    (slice(None), 1),
    (..., 0),
    np.array([0, 2]),
    [2, 0],
    (np.array([0, 1]), np.array([1, 0])),
    np.array([True, False, True]),
    np.array([[True, False], [False, False], [True, True]]),
]
REPEATING = [np.array([1, 1, 0, 1]), [2, 2, 2, 2], (np.array([0, 0, 0, 1]), np.array([1, 1, 1, 1])), ((0, 0, 0, 1), (1, 1, 1, 1))]


@pytest.mark.parametrize("index", [*INDICES, *REPEATING], ids=repr)
def test_an_assignment_to_a_part_is_recorded_and_of_several_to_one_element_the_last_one_counts(index: Any) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(3, 2))
    part = rng.normal(size=values[index].shape)

    def f(x: Any, v: Any) -> Any:
        y = (ad.Tensor(x) if isinstance(x, np.ndarray) else x) * 2.0
        y[index] = v * 3.0
        return y * y

    expected = values * 2
    expected[index] = part * 3
    assert_allclose(f(values, part).numpy(), expected**2)
    assert_gradient(f, values, part, order=2)


@pytest.mark.parametrize("shape", [(), (1,), (2,), (1, 2), (3, 1), (1, 1), (1, 3, 2), (1, 1, 1, 1)])
def test_an_assigned_value_is_broadcast_as_numpy_does(shape: tuple[int, ...]) -> None:
    x, v = leaf(np.ones((3, 2))), leaf(np.full(shape, 5.0))
    y = x * 1.0
    y[...] = v
    expected = np.ones((3, 2))
    expected[...] = v.data
    assert_array_equal(y.numpy(), expected)
    g = np.arange(6.0).reshape(3, 2)
    y.backward(g)
    full = g.reshape((1,) * max(0, len(shape) - 2) + (3, 2))
    axes = tuple(i for i, n in enumerate(((1,) * (full.ndim - len(shape))) + shape) if n == 1)
    assert_array_equal(v.grad.numpy(), full.sum(axis=axes).reshape(shape))
    assert x.grad is None or not x.grad.numpy().any()


def test_what_was_computed_before_keeps_the_old_value_and_a_view_shows_the_new_one() -> None:
    x = leaf([1.0, 2.0])
    y = x * 1.0
    alias, part, square = y, y[0], y * y
    view = y.reshape(2, 1)
    y[0] = 10.0
    assert alias is y
    assert (part.item(), square.tolist(), view.tolist(), y.tolist()) == (1.0, [1.0, 4.0], [[10.0], [2.0]], [10.0, 2.0])
    (square + y * 3 + view[:, 0]).sum().backward()
    assert_array_equal(x.grad.numpy(), [2 + 0 + 0, 4 + 3 + 1])


def test_a_value_that_requires_grad_can_be_assigned_to_a_constant() -> None:
    source = np.zeros(3)
    c, x = ad.Tensor(source), leaf([1.0, 2.0])
    c[1:] = x * x
    assert c.requires_grad
    (c * c).sum().backward()
    assert_array_equal(x.grad.numpy(), [4.0, 32.0])
    assert_array_equal(source, np.zeros(3))


def test_a_buffer_that_is_filled_in_a_loop() -> None:
    x = leaf(0.5)
    buffer, value = ad.Tensor(np.zeros(5)), x
    for i in range(5):
        value = value * x
        buffer[i] = value
    buffer.sum().backward()
    assert_allclose(x.grad.item(), sum((k + 2) * 0.5 ** (k + 1) for k in range(5)))


def test_a_leaf_that_requires_grad_cannot_be_changed_outside_no_grad() -> None:
    x = leaf([1.0, 2.0])

    def assign() -> None:
        x[0] = 5.0

    changes: list[Callable[[], Any]] = [
        assign,
        *(lambda op=op: op(x, 1.0) for op in (operator.iadd, operator.isub, operator.imul, operator.itruediv)),
    ]
    for change in changes:
        with pytest.raises(RuntimeError, match=r"this tensor is a leaf that requires grad.*no_grad\(\).*x = x\.copy\(\)"):
            change()
    assert_array_equal(x.data, [1.0, 2.0])
    with ad.no_grad():
        for change in changes:
            change()
    assert_allclose(x.data, [5.0, 2.0])


IN_PLACE = [operator.iadd, operator.isub, operator.imul, operator.itruediv]


@pytest.mark.parametrize("op", IN_PLACE)
@pytest.mark.parametrize("operand", [2.0, np.array([2.0, 4.0]), [2.0, 4.0], np.float64(2), np.array([2, 4])], ids=repr)
def test_updates_of_a_computed_tensor_are_recorded_and_keep_shape_and_type(op: Callable[..., Any], operand: Any) -> None:
    for dtype in (np.float32, np.float64):
        x = leaf(np.array([[1.0, 2.0], [3.0, 4.0]], dtype))
        y = x * 2.0
        before = y
        earlier = y * 1.0
        y = op(y, operand)
        expected = np.array([[2.0, 4.0], [6.0, 8.0]], dtype)
        expected = op(expected, operand)
        assert y is before
        assert (y.shape, y.dtype) == ((2, 2), dtype)
        assert_allclose(y.numpy(), expected)
        assert_array_equal(earlier.numpy(), [[2.0, 4.0], [6.0, 8.0]])
        y.sum().backward()
        assert x.grad.dtype == dtype
        factor = {operator.imul: np.asarray(operand), operator.itruediv: 1 / np.asarray(operand)}.get(op, 1.0)
        assert_allclose(x.grad.numpy(), np.broadcast_to(2.0 * factor, (2, 2)))


@pytest.mark.parametrize("op", IN_PLACE)
def test_updates_by_a_tensor_that_requires_grad_flow_to_it(op: Callable[..., Any]) -> None:
    plain = {
        operator.iadd: operator.add,
        operator.isub: operator.sub,
        operator.imul: operator.mul,
        operator.itruediv: operator.truediv,
    }[op]

    def f(x: Any, v: Any) -> Any:
        y = (ad.Tensor(x) if isinstance(x, np.ndarray) else x) * 1.0
        y = op(y, v)
        return y * y

    x, v = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, 2.0])
    assert_allclose(f(x, v).numpy(), plain(x, v) ** 2)
    assert_gradient(f, x, v, order=2)


def test_an_update_that_would_change_the_shape_is_an_error() -> None:
    y = leaf([1.0, 2.0]) * 1.0
    for t in (y, ad.Tensor([1.0, 2.0])):
        for op in IN_PLACE:
            with pytest.raises(ValueError, match=r"shape|broadcast"):
                op(t, np.ones((2, 2)))
        assert_array_equal(t.data, [1.0, 2.0])


def test_every_operator_that_changes_in_place_changes_in_place_or_is_an_error() -> None:
    for op in (*IN_PLACE, operator.ipow, operator.imatmul):
        values = np.array([[1.0, 2.0], [3.0, 4.0]])
        operand = values if op is operator.imatmul else 2.0
        expected = op(values.copy(), operand)
        for make in (ad.Tensor, leaf):
            with ad.no_grad():
                x = make(values.copy())
                alias = x
                try:
                    x = op(x, operand)
                except TypeError:
                    continue
                assert x is alias, op
                assert_allclose(x.data, expected)


def test_constants_are_changed_as_arrays_are() -> None:
    source = np.array([1.0, 2.0, 3.0])
    c = ad.asarray(source)
    c[0] = 10.0
    c[1:] += 1.0
    c *= 2
    assert_array_equal(source, [20.0, 6.0, 8.0])
    c[c > 7] = 0
    assert_array_equal(source, [0.0, 6.0, 0.0])
    i = ad.Tensor([1, 2])
    i[0] = 7
    i += 1
    assert (i.tolist(), i.dtype) == ([8, 3], int)
    with pytest.raises(TypeError):
        i /= 2
    with pytest.raises(TypeError, match="int64"):
        i[0] = leaf(1.0)
    assert i.tolist() == [8, 3]


def test_a_read_only_source_is_copied_before_it_is_changed() -> None:
    source = np.array([1.0, 2.0])
    source.flags.writeable = False
    c, x = ad.Tensor(source), leaf(source)
    c[0] = 5.0
    c += 1
    with ad.no_grad():
        x -= 1.0
    assert (c.tolist(), x.tolist(), source.tolist()) == ([6.0, 3.0], [0.0, 1.0], [1.0, 2.0])


def test_a_broadcast_is_a_read_only_view_as_numpys_is() -> None:
    for make in (lambda: ad.Tensor([1.0, 2.0]), lambda: leaf([1.0, 2.0]) * 1.0):
        c = make()
        b = ad.broadcast_to(c, (2, 2))
        with pytest.raises(ValueError, match=r"x\[i\] = v: this tensor is a read-only view.*x = x\.copy\(\)"):
            b[0, 0] = 9.0
        with pytest.raises(ValueError, match="read-only"):
            b += 1.0
        assert c.tolist() == [1.0, 2.0]
        b = b.copy()
        b[0, 0] = 9.0
        assert b.tolist() == [[9.0, 2.0], [1.0, 2.0]]
        assert c.tolist() == [1.0, 2.0]


def test_data_replaces_the_array_of_a_leaf() -> None:
    x = leaf([1.0, 2.0])
    x.data = [3, 4.5]
    (x * x).sum().backward()
    assert_array_equal(x.grad.numpy(), [6.0, 9.0])
    with pytest.raises(TypeError, match="data: the tensor requires grad, but the new array has dtype int64"):
        x.data = np.array([1, 2])
    with pytest.raises(TypeError, match="data"):
        ad.Tensor([1.0, 2.0]).data = ["a", "b"]


def test_a_number_has_no_rows() -> None:
    with pytest.raises(TypeError, match=r"^iteration over a 0-d tensor$"):
        list(ad.Tensor(1.0))
