"""Nested containers of arrays, as transforms take them."""

from __future__ import annotations

import dataclasses
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.transforms.containers import flatten


class Layer(NamedTuple):
    W: Any
    b: Any


class Leaky(Layer):
    """A subclass of a named tuple."""


@dataclass
class Gaussian:
    mean: Any
    scale: Any = 1.0


@dataclass(frozen=True)
class Frozen:
    x: Any
    y: Any


@dataclass(frozen=True, slots=True)
class Slotted:
    x: Any
    y: Any


class Weights(dict):
    """A subclass of dict with an attribute."""

    origin = ""


class Stack(list):
    """A subclass of list."""


class Pair(tuple):
    """A subclass of tuple that takes two arguments."""

    def __new__(cls, a: Any, b: Any) -> Pair:
        return super().__new__(cls, (a, b))


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


def leaves_and_paths(x: Any) -> tuple[list[Any], list[str]]:
    leaves, _ = flatten(x, "x")
    return [leaf for leaf, _ in leaves], [path for _, path in leaves]


# --- flatten and rebuild ---------------------------------------------------------------------------------------------------------

arrays = st.builds(lambda n, shape: np.full(shape, float(n)), st.integers(-9, 9), st.sampled_from([(), (2,), (1, 3), (0,)]))
leaves = arrays | st.floats(-9, 9) | arrays.map(ad.Tensor)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    part = inner | st.none()
    dicts = st.dictionaries(st.text("abW'", max_size=2) | st.integers(0, 3), part, max_size=3)
    lists = st.lists(part, max_size=3)
    pairs = st.tuples(part, part)
    return st.one_of(
        dicts,
        dicts.map(OrderedDict),
        dicts.map(Weights),
        dicts.map(lambda d: defaultdict(list, d)),
        lists,
        lists.map(Stack),
        lists.map(tuple),
        *(pairs.map(lambda p, kind=kind: kind(*p)) for kind in (Pair, Layer, Leaky, Gaussian, Frozen, Slotted)),
    )


structures = st.recursive(leaves, containers, max_leaves=8)


def is_regular(x: Any) -> bool:
    """Whether NumPy makes an array of each part that holds nothing but numbers."""
    try:
        return all(np.asarray(leaf) is not None for leaf, _ in flatten(x, "x")[0])
    except ValueError:
        return False


def same(x: Any, y: Any) -> bool:
    """Whether two structures have the same types, order and leaves."""
    if type(x) is not type(y):
        return False
    if isinstance(x, dict):
        return list(x) == list(y) and all(same(x[key], y[key]) for key in x)
    if isinstance(x, (list, tuple)):
        return len(x) == len(y) and all(map(same, x, y))
    if dataclasses.is_dataclass(x):
        return all(same(getattr(x, f.name), getattr(y, f.name)) for f in dataclasses.fields(x))
    return x is y


@given(structures)
def test_a_structure_is_rebuilt_from_its_leaves(x: Any) -> None:
    found, structure = flatten(x, "x")
    rebuilt = structure.rebuild(leaf for leaf, _ in found)
    assert same(rebuilt, x)
    assert structure.leaves_of(rebuilt, "x") == found


@given(structures)
def test_a_path_is_the_python_that_leads_to_the_leaf(x: Any) -> None:
    for leaf, path in flatten(x, "x")[0]:
        assert eval(path, {"x": x}) is leaf


@given(structures)
def test_the_structure_remains_when_the_container_is_changed(x: Any) -> None:
    found, structure = flatten(x, "x")
    if isinstance(x, (dict, list)):
        x.clear()
    assert len(flatten(structure.rebuild(leaf for leaf, _ in found), "x")[0]) == len(found)


def test_a_subclass_keeps_what_else_it_holds() -> None:
    weights = Weights(a=np.ones(2))
    weights.origin = "file"
    assert ad.grad(lambda w: w["a"].sum())(weights).origin == "file"
    gradient = ad.grad(lambda w: w["a"].sum())(defaultdict(list, a=np.ones(2)))
    assert gradient["new"] == []
    assert ad.grad(lambda w: w["a"] * 3)(Counter(a=2.0)) == Counter(a=3.0)


# --- what is a container and what is an array ------------------------------------------------------------------------------------

A = np.array([1.0, 2.0])


def test_a_list_of_numbers_is_an_array_and_a_list_of_arrays_a_container() -> None:
    assert leaves_and_paths([1.0, 2.0])[1] == ["x"]
    assert leaves_and_paths(([1, 2], (3.0, np.float32(4.0))))[1] == ["x"]
    assert leaves_and_paths([A, 2.0])[1] == ["x[0]", "x[1]"]
    assert leaves_and_paths([[1.0, 2.0], A])[1] == ["x[0]", "x[1]"]
    assert leaves_and_paths([1.0, ad.Tensor(2.0)])[1] == ["x[0]", "x[1]"]
    assert leaves_and_paths([1.0, None])[1] == ["x[0]"]
    assert leaves_and_paths([{"a": 1.0}])[1] == ["x[0]['a']"]
    assert leaves_and_paths(Layer(1.0, 2.0))[1] == ["x.W", "x.b"]
    assert leaves_and_paths({"a": 1.0, 2: [1.0]})[1] == ["x['a']", "x[2]"]


def test_a_class_is_no_container_and_an_array_of_a_tensor_no_list() -> None:
    assert leaves_and_paths(Gaussian)[0] == [Gaussian]
    assert leaves_and_paths(A)[1] == leaves_and_paths(ad.Tensor(A))[1] == leaves_and_paths(None)[1] == ["x"]


def test_nested_lists_of_numbers_are_one_argument() -> None:
    gradient = ad.grad(lambda x: (x @ x).sum())([[1.0, 2.0], [3.0, 4.0]])
    assert_array_equal(gradient, ad.grad(lambda x: (x @ x).sum())(np.array([[1.0, 2.0], [3.0, 4.0]])))


# --- gradients -------------------------------------------------------------------------------------------------------------------


def test_the_gradient_by_a_dict_of_weights_is_a_dict() -> None:
    weights = {"W": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.array([1.0, -1.0], np.float32)}
    value, gradient = ad.value_and_grad(lambda p, x: np.sum((x @ p["W"] + p["b"]) ** 2))(weights, A)
    residual = A @ weights["W"] + weights["b"]
    assert list(gradient) == ["W", "b"]
    assert value == (residual**2).sum()
    assert_allclose(gradient["W"], 2 * np.outer(A, residual))
    assert_allclose(gradient["b"], 2 * residual)
    assert gradient["b"].dtype == np.float32


def test_each_leaf_has_its_gradient_in_its_own_form() -> None:
    x = {"array": A, "number": 2.0, "numbers": [1.0, 2.0], "zero-dimensional": np.array(3.0), "tensor": ad.Tensor(A), "none": None}
    f = lambda x: sum((part * part).sum() for part in x.values() if part is not None)
    gradient = ad.grad(f)(x)
    assert type(gradient["array"]) is type(gradient["numbers"]) is type(gradient["zero-dimensional"]) is np.ndarray
    assert type(gradient["number"]) is np.float64
    assert type(gradient["tensor"]) is ad.Tensor
    assert gradient["none"] is None
    for name in ("array", "number", "numbers", "zero-dimensional"):
        assert_array_equal(gradient[name], 2 * np.asarray(x[name]))
    assert_array_equal(gradient["tensor"].numpy(), 2 * A)


def test_several_arguments_may_be_containers() -> None:
    f = lambda layers, scale, other: (layers[0].W * layers[1].W).sum() * scale["s"] + other
    layers = [Layer(A, None), Layer(3 * A, None)]
    by_scale, by_layers = ad.grad(f, (1, 0))(layers, {"s": 2.0}, 1.0)
    assert by_scale == {"s": 3 * (A * A).sum()}
    assert [type(layer) for layer in by_layers] == [Layer, Layer]
    assert_array_equal(by_layers[0].W, 6 * A)
    assert_array_equal(by_layers[1].W, 2 * A)


def test_an_array_at_two_places_has_a_gradient_for_each() -> None:
    first, second = ad.grad(lambda p: (p[0] * p[1] * 3 + p[0]).sum())((A, A))
    assert_array_equal(first, 3 * A + 1)
    assert_array_equal(second, 3 * A)
    first, second = ad.grad(lambda p: (p[0] + p[1]).sum())((A, A))
    assert not np.shares_memory(first, second)


def test_a_container_with_nothing_in_it_has_a_gradient_with_nothing_in_it() -> None:
    assert ad.grad(lambda p: 3.0)({}) == {}
    for empty in ({}, [], (), [[]], ([], ()), {"a": []}, Weights()):
        found = ad.grad(lambda p: 3.0)({"a": None, "b": empty, "c": [empty, A]})
        assert_array_equal(found["c"].pop(), 0 * A)
        assert found == {"a": None, "b": empty, "c": [empty]}
        assert type(found["b"]) is type(empty)
        ad.vjp(lambda p, empty=empty: p["a"] if p["b"] == empty else None, {"a": A, "b": empty})


def test_the_function_may_change_the_container_that_it_is_given() -> None:
    def f(p: Any) -> Any:
        p["W"] = p["W"] * p.pop("b")
        return p["W"].sum()

    weights = {"W": A, "b": np.array(2.0)}
    gradient = ad.grad(f)(weights)
    assert list(weights) == list(gradient) == ["W", "b"]
    assert weights["W"] is A
    assert_array_equal(gradient["W"], [2.0, 2.0])
    assert gradient["b"] == A.sum()


@given(structures.filter(is_regular))
def test_the_gradient_by_a_structure_is_the_gradients_by_its_leaves(x: Any) -> None:
    found, structure = flatten([x], "x")  # a part, since None is no argument

    def f(x: Any) -> Any:
        return sum((np.sum(np.tanh((i + 1.0) * leaf)) for i, (leaf, _) in enumerate(flatten(x, "x")[0])), 0.0)

    constants = [np.asarray(leaf) if isinstance(leaf, (list, tuple)) else leaf for leaf, _ in found]

    def by(i: int) -> Any:
        return ad.grad(lambda leaf: f(structure.rebuild(leaf if j == i else other for j, other in enumerate(constants))))

    gradients, arranged = flatten(ad.grad(f)([x]), "x")
    assert [path for _, path in gradients] == [path for _, path in found]
    assert same(arranged.rebuild(found), structure.rebuild(found))
    for i, ((gradient, _), (leaf, _)) in enumerate(zip(gradients, found, strict=True)):
        alone = by(i)(leaf)
        assert type(gradient) is type(alone)
        assert_array_equal(values(gradient), values(alone))


def values(x: Any) -> np.ndarray:
    return x.numpy() if isinstance(x, ad.Tensor) else np.asarray(x)


def test_gradients_nest_through_containers() -> None:
    f = lambda p: p["x"] ** 3 * p["y"]
    second = ad.grad(lambda p: ad.grad(f)(p)["x"])({"x": 2.0, "y": 5.0})
    assert second == {"x": 6 * 2.0 * 5.0, "y": 3 * 2.0**2}
    assert type(second["x"]) is np.float64
    third = ad.grad(lambda x: ad.grad(lambda p: ad.grad(f)(p)["x"])({"x": x, "y": 5.0})["x"])(2.0)
    assert third == 30.0


# --- dataclasses -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Frozen, Slotted, Layer])
def test_the_gradient_by_an_object_is_such_an_object(kind: Any) -> None:
    names = getattr(kind, "_fields", None) or [f.name for f in dataclasses.fields(kind)]
    f = lambda p: (getattr(p, names[0]) * getattr(p, names[1])).sum()
    gradient = ad.grad(f)(kind(A, 3 * A))
    assert type(gradient) is kind
    assert_array_equal(getattr(gradient, names[0]), 3 * A)
    assert_array_equal(getattr(gradient, names[1]), A)


@dataclass
class Derived:
    scale: Any
    squared: Any = field(init=False)

    def __post_init__(self) -> None:
        self.squared = self.scale * self.scale

    @cached_property
    def fourth(self) -> Any:
        return self.squared * self.squared


def test_what_a_dataclass_computes_of_its_fields_is_computed_again() -> None:
    x = Derived(2.0)
    assert x.fourth == 16.0
    assert ad.grad(lambda x: x.squared + x.fourth)(x).scale == 2 * 2.0 + 4 * 2.0**3


# --- errors ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "path", "what"),
    [
        ({"W": A, "n": 3}, "['n']", "int"),
        ({"layers": [A, Layer(A, "relu")]}, "['layers'][1].b", "str"),
        ([A, np.array([1, 2])], "[1]", "ndarray of shape (2,) and dtype int64"),
        (Gaussian(A, True), ".scale", "bool"),
        (Gaussian(object()), ".mean", "object"),
        ({1: {"a": ad.Tensor([1])}}, "[1]['a']", "Tensor of shape (1,) and dtype int64"),
        ([1.0, "a"], "[1]", "str"),
        ({"a": [1, 2]}, "['a']", "list"),
        ([A, Gaussian], "[1]", "type"),
    ],
    ids=lambda a: a if isinstance(a, str) else "",
)
def test_a_part_that_cannot_be_differentiated_by_is_named(argument: Any, path: str, what: str) -> None:
    with pytest.raises(TypeError) as raised:
        ad.grad(lambda x, y: x, 1)(1.0, argument)
    assert str(raised.value) == (
        f"grad: argument 1{path} is {what}; wanted floating-point numbers, for example np.array(..., dtype=float). "
        "What is not to be differentiated by goes into another argument."
    )


def test_what_makes_no_array_is_an_error_that_says_where() -> None:
    class NoArray:
        def __array__(self, *args: Any, **options: Any) -> Any:
            raise ValueError("none of mine")

    with pytest.raises(ValueError, match=r"^grad: argument 0\['a'\] is no array: none of mine"):
        ad.grad(lambda x: 1.0)({"a": NoArray()})


def test_lists_of_several_shapes_are_a_container() -> None:
    gradient = ad.grad(lambda x: np.sum(x["a"][0] ** 2) * x["a"][1] + np.sum(x["b"][1]))(
        {"a": [[1.0, 2.0], 3.0], "b": ([[1.0], [2.0]], [[1.0, 2.0]])}
    )
    assert gradient["a"][0].tolist() == [6.0, 12.0]
    assert gradient["a"][1] == 5.0
    assert [part.tolist() for part in gradient["b"]] == [[[0.0], [0.0]], [[1.0, 1.0]]]


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"inner": x}, lambda x: (x, A)])
def test_a_container_that_contains_itself_is_an_error(wrap: Any) -> None:
    inside: list[Any] = []
    inside.append(wrap(inside))
    with pytest.raises(ValueError, match=r"^grad: argument 0\[0\].* is a list that contains itself; wanted containers that end in"):
        ad.grad(lambda x: 1.0)(inside)


def test_a_container_at_two_places_is_no_cycle() -> None:
    layer = {"W": A}
    first, second = ad.grad(lambda layers: (layers[0]["W"] * layers[1]["W"]).sum())([layer, layer])
    assert_array_equal(first["W"], A)
    assert_array_equal(second["W"], A)


# --- objects that are no containers ----------------------------------------------------------------------------------------------


class Holder:
    """An object with an attribute."""

    def __init__(self, value: Any) -> None:
        self.value = value


HIDING: dict[str, tuple[Any, str]] = {
    "deque": (lambda t: deque([1.0, t]), r"\[1\]"),
    "set": (lambda t: {t}, r"\[0\]"),
    "frozenset": (lambda t: frozenset([t]), r"\[0\]"),
    "mappingproxy": (lambda t: MappingProxyType({"a": t}), r"\[0\]"),
    "SimpleNamespace": (lambda t: SimpleNamespace(a=[3, {"b": t}]), r"a\[1\]\['b'\]"),
    "Holder": (Holder, "value"),
}
TAKING: dict[str, Any] = {
    "checkpoint: the result": lambda hide: ad.checkpoint(lambda x: {"in": hide(x * 2.0)})(leaf([1.0, 2.0])),
    "stop_gradient: x": lambda hide: ad.stop_gradient({"in": hide(leaf([1.0, 2.0]))}),
}


@pytest.mark.parametrize("kind", HIDING)
@pytest.mark.parametrize("where", TAKING)
def test_a_tensor_that_would_be_passed_over_is_an_error_that_says_where(where: str, kind: str) -> None:
    hide, way = HIDING[kind]
    text = rf"^{where}\['in'\] is {kind}, which is not taken apart, but holds a tensor that requires grad: {way}\. Put tensors"
    with pytest.raises(TypeError, match=text):
        TAKING[where](hide)


@pytest.mark.parametrize("kind", HIDING)
def test_an_object_is_handed_on_as_it_is_if_no_gradient_is_lost_there(kind: str) -> None:
    hide, _ = HIDING[kind]
    held, parameter = hide(ad.Tensor([1.0, 2.0])), hide(leaf([1.0, 2.0]))
    assert ad.stop_gradient(held) is held
    y, *others = ad.checkpoint(lambda x: (x * 2.0, held, parameter))(leaf(3.0))
    assert y.requires_grad
    assert others[0] is held
    assert others[1] is parameter
