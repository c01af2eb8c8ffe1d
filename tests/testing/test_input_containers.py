"""Containers of arrays as arguments: the same as their leaves, one by one, reported by their paths."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layers import Affine, B, W, X, arguments

from autodiff.testing import check_gradient


class Layer(NamedTuple):
    W: Any
    b: Any


sizes = st.sampled_from([(), (2,), (1, 2), (0,)])
arrays = st.builds(lambda shape, seed: np.random.default_rng(seed).normal(size=shape), sizes, st.integers(0, 99))


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    part = inner | st.none() | st.just("passed on") | st.just(3)
    dicts = st.dictionaries(st.text("abW'", max_size=2) | st.integers(0, 3), part, max_size=3)
    lists = st.lists(part, max_size=3)
    pairs = st.tuples(part, part)
    return st.one_of(
        dicts, dicts.map(OrderedDict), lists, lists.map(tuple), *(pairs.map(lambda p, k=k: k(*p)) for k in (Layer, Affine))
    )


def mapped(function: Callable[[np.ndarray], Any], x: Any) -> Any:
    """A container with the function of each array in its place."""
    if isinstance(x, dict):
        return type(x)((key, mapped(function, part)) for key, part in x.items())
    if isinstance(x, Layer):
        return Layer(*(mapped(function, part) for part in x))
    if isinstance(x, Affine):
        return Affine(mapped(function, x.W), mapped(function, x.b))
    if isinstance(x, (list, tuple)):
        return type(x)(mapped(function, part) for part in x)
    return x if x is None or isinstance(x, (str, int)) or callable(x) else function(x)


def arrays_of(x: Any) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    mapped(found.append, x)
    return found


def cost(leaves: list[Any]) -> Any:
    """A number that depends on each entry in another way."""
    return sum((i + 1) * np.sum(np.tanh(x) * np.exp(0.1 * x)) for i, x in enumerate(leaves)) + 0.0


def slope(i: int, x: np.ndarray) -> np.ndarray:
    return np.asarray((i + 1) * np.exp(0.1 * x) * (1 - np.tanh(x) ** 2 + 0.1 * np.tanh(x)))


@settings(max_examples=60, deadline=None)
@given(st.recursive(arrays, containers, max_leaves=5).filter(lambda x: len(arrays_of(x)) > 0), st.sampled_from([1.0, 1.01]))
def test_a_container_is_checked_as_its_leaves_are(x: Any, factor: float) -> None:
    def gradient(x: Any) -> Any:
        numbers = iter(range(9))
        return mapped(lambda leaf: factor * slope(next(numbers), leaf), x)

    def flat_gradient(*leaves: Any) -> Any:
        return tuple(factor * slope(i, leaf) for i, leaf in enumerate(leaves))

    nested = check_gradient(lambda x: cost(arrays_of(x)), x, gradient=gradient)
    flat = check_gradient(lambda *leaves: cost(list(leaves)), *arrays_of(x), gradient=flat_gradient)
    assert [str(replace(entry, argument="")) for entry in nested.entries] == [
        str(replace(entry, argument="")) for entry in flat.entries
    ]
    assert (nested.verdict, len(arguments(nested))) == (flat.verdict, len(arguments(flat)))
    assert all(name.startswith("x") for name in arguments(nested))


def layers_cost(layers: Any, x: Any) -> Any:
    for layer in layers:
        x = np.tanh(x @ layer.W + layer.b)
    return np.sum(x**2)


def test_a_part_is_reported_by_its_path() -> None:
    layers = [Layer(W, B), Affine(W[:2], B.copy())]
    report = check_gradient(layers_cost, layers, X, order=2)
    assert report.ok, str(report)
    assert arguments(report)[:5] == ["layers[0].W", "layers[0].b", "layers[1].W", "layers[1].b", "x"]


def params_cost(params: dict[str, Any], x: Any) -> Any:
    return np.sum(np.tanh(x @ params["W"] + params["b"]) ** 2)


def params_gradient(params: dict[str, Any], x: Any) -> dict[str, Any]:
    y = np.tanh(x @ params["W"] + params["b"])
    d = 2 * y * (1 - y * y)
    return {"W": x.T @ d, "b": d.sum(axis=0)}


def test_the_wrong_part_is_named() -> None:
    def forgets_a_factor(params: Any, x: Any) -> Any:
        return params_gradient(params, x) | {"b": params_gradient(params, x)["b"] / 2}

    report = check_gradient(params_cost, {"W": W, "b": B}, X, gradient=forgets_a_factor, argnums=0)
    assert report.by_argument == "right: params['W']; wrong: params['b'] in 2 of 2"
    assert "by params['b']" in report.diagnosis[0]


def test_a_failure_names_the_part() -> None:
    def transposed(params: Any, x: Any) -> Any:
        return params_gradient(params, x) | {"W": params_gradient(params, x)["W"].T}

    report = check_gradient(params_cost, {"W": W, "b": B}, X, gradient=transposed, argnums=0)
    assert [str(f) for f in report.failures] == ["the gradient by params['W'] has shape (2, 3), but params['W'] has shape (3, 2)."]


def test_vjps_and_jvps_of_containers_are_checked() -> None:
    def product(layers: list[tuple[Any, Any]], x: Any) -> Any:
        return x @ layers[0][0] + layers[0][1]

    def vjp(g: Any, layers: Any, x: Any) -> Any:
        return [(x.T @ g, g.sum(axis=0))], g @ layers[0][0].T

    def jvp(tangents: Any, layers: Any, x: Any) -> Any:
        [(dW, db)], dx = tangents
        return x @ dW + db + dx @ layers[0][0]

    assert check_gradient(product, [(W, B)], X, vjp=vjp).ok
    assert check_gradient(product, [(W, B)], X, jvp=jvp).ok
    assert check_gradient(product, [(W, B)], X, jvp=lambda t, layers, x: jvp(t, layers, x) - t[0][0][1]).by_argument == (
        "right: layers[0][0], x; wrong: layers[0][1] in 2 of 2"
    )


def test_functions_of_numbers_get_numbers() -> None:
    def f(a: Any, b: Any) -> Any:
        assert not isinstance(a, np.ndarray)
        return math.exp(a) * b

    assert check_gradient(f, 1.0, 2.0, gradient=lambda a, b: (math.exp(a) * b, math.exp(a))).ok
    assert check_gradient(lambda a, b: a * b, 1.0, 2.0, gradient=lambda a, b: (b, a)).ok  # no memory is shared by numbers
    assert check_gradient(lambda a, b: a + b, 1.0, 2.0, vjp=lambda g, a, b: (g, g)).ok
    assert check_gradient(lambda p: p.W * p.b, Layer(1.0, 2.0), gradient=lambda p: Layer(p.b, p.W)).ok


def test_argnums_counts_arguments_and_not_their_parts() -> None:
    def f(p: tuple[Any, Any], q: dict[str, Any]) -> Any:
        return np.sum(p[0] * p[1] * q["r"])

    report = check_gradient(f, (B, B + 1), {"r": B - 1}, argnums=1, gradient=lambda p, q: {"r": p[0] * p[1]})
    assert report.ok
    assert arguments(report) == ["q['r']"]
    both = check_gradient(
        f, (B, B + 1), {"r": 2.0}, argnums=(1, 0), gradient=lambda p, q: ({"r": np.sum(p[0] * p[1])}, (p[1] * 2, p[0] * 2))
    )
    assert both.ok
    assert arguments(both) == ["q['r']", "p[0]", "p[1]"]


def test_a_list_of_equal_arrays_is_not_one_array_and_lists_of_numbers_are() -> None:
    def f(rows: Any) -> Any:
        assert isinstance(rows, list)
        return np.sum(rows[0] * rows[1])

    assert arguments(check_gradient(f, [B, B + 1], gradient=lambda rows: [rows[1].copy(), rows[0].copy()])) == [
        "rows[0]",
        "rows[1]",
    ]
    with pytest.raises(ValueError, match=r"the gradient by rows is ndarray of shape \(2, 2\).*; wanted a list with \[0\], \[1\]"):
        check_gradient(f, [B, B + 1], gradient=lambda rows: np.array(rows[::-1]))
    with pytest.raises(TypeError, match=r"gradient returned a list of 2 as the gradient by x; wanted an array of real numbers"):
        check_gradient(lambda x: np.sum(x), W[:2], gradient=lambda x: [np.ones(2), np.ones(2)])
    for numbers in ([[1.0, 2.0], [3.0, 4.0]], ((1.0, 2.0), (3.0, 4.0))):
        assert arguments(check_gradient(lambda x: np.sum(x @ x), numbers)) == ["x"]


@pytest.mark.parametrize("x", [[2.0, [1.0, 2.0]], ([1.0, 2.0], [3.0]), [[[1.0], [2.0]], [[3.0, 4.0]]]])
def test_lists_of_several_shapes_are_a_container(x: Any) -> None:
    report = check_gradient(lambda x: np.sum(x[0] ** 2) * np.sum(x[1]), x)
    assert report.ok, str(report)
    assert arguments(report) == ["x[0]", "x[1]"]
    assert arguments(check_gradient(lambda x, edges: x[edges[1][0]], B, [[0, 1], [1]])) == ["x"]


def test_what_is_not_differentiated_by_may_be_missing_from_the_gradient() -> None:
    def f(p: dict[str, Any]) -> Any:
        return np.sum(p["activation"](p["w"]) ** p["power"][0])

    p = {"power": (2,), "w": B, "activation": np.tanh}
    for gradient in (lambda g: {"w": g}, lambda g: {"w": g, "power": None, "activation": None}, lambda g: {"w": g, "power": (0,)}):
        assert check_gradient(f, p, gradient=lambda p, make=gradient: make(2 * np.tanh(p["w"]) * (1 - np.tanh(p["w"]) ** 2))).ok


ERRORS: list[tuple[type[Exception], str, Any]] = [
    (
        ValueError,
        "the gradient by params has ['W'], and None at ['b']; wanted a dict with ['W'], ['b'].",
        lambda g: {"W": g, "b": None},
    ),
    (ValueError, "the gradient by params has ['W']; wanted a dict with ['W'], ['b'].", lambda g: {"W": g}),
    (ValueError, "the gradient by params is NoneType; wanted a dict with ['W'], ['b'].", lambda g: None),
    (ValueError, "the gradient by params has [0], [1]; wanted a dict with ['W'], ['b'].", lambda g: (g, B)),
    (TypeError, "gradient returned a str as the gradient by params['W']; wanted an array of", lambda g: {"W": "g", "b": B}),
]


@pytest.mark.parametrize(("kind", "text", "made"), ERRORS, ids=[text for _, text, _ in ERRORS])
def test_a_gradient_of_another_form_is_an_error_that_says_where(kind: type[Exception], text: str, made: Any) -> None:
    with pytest.raises(kind, match=f"^check_gradient: {re.escape(text)}"):
        check_gradient(params_cost, {"W": W, "b": B}, X, argnums=0, gradient=lambda params, x: made(params["W"]))


def test_a_missing_gradient_of_an_argument_is_an_error_that_says_so() -> None:
    with pytest.raises(TypeError, match="check_gradient: vjp returned None as the gradient by b; wanted an array of real numbers"):
        check_gradient(lambda a, b: a * b, B, B, vjp=lambda g, a, b: (g * b, None))


def test_a_container_without_floating_point_and_one_in_itself_are_errors() -> None:
    with pytest.raises(TypeError, match=r"got a dict; wanted an input of floating point"):
        check_gradient(lambda p: 1.0, {"n": 3})
    with pytest.raises(TypeError, match="argnums has 0, but p is a dict; wanted floating point"):
        check_gradient(lambda p, x: 1.0, {"n": 3}, 1.0, argnums=0)
    inside: list[Any] = []
    inside.append(inside)
    with pytest.raises(ValueError, match=r"check_gradient: p\[0\] is a list that contains itself"):
        check_gradient(lambda p: 1.0, inside)
    with pytest.raises(ValueError, match=r"check_gradient: p\['a'\] is nan at index \(1,\); wanted finite numbers"):
        check_gradient(lambda p: 1.0, {"a": [1.0, np.nan]})
