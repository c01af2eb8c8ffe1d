"""A search in containers of domains is the search in their leaves, one by one; what it finds is a container again."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from layers import Affine

import autodiff as ad
from autodiff.testing import GradientMismatch, check_gradient, find_gradient_error, gradient_test, reals
from autodiff.testing.search.reproduction import literal
from autodiff.transforms.containers import flatten

pytestmark = pytest.mark.long


class Layer(NamedTuple):
    W: Any
    b: Any


def network() -> dict[str, Any]:
    """Domains arranged as a network keeps its parameters."""
    hidden = Affine(reals(-2, 2, shape=("d", "h")), reals(-2, 2, shape=("h",)))
    last = Layer(reals(-2, 2, shape=("h", "k")), reals(-2, 2, shape=("k",)))
    return {"layers": [hidden, last], "scale": (reals(-2, 2, shape=()), "a word"), "unused": None}


def output(net: dict[str, Any], x: Any) -> Any:
    hidden, last = net["layers"]
    return net["scale"][0] * (np.tanh(x @ hidden.W + hidden.b) @ last.W + last.b)


def loss(net: dict[str, Any], x: Any) -> Any:
    return np.sum(output(net, x) ** 2)


INPUT = reals(-2, 2, shape=("n", "d"))
PATHS = ["net['layers'][0].W", "net['layers'][0].b", "net['layers'][1].W", "net['layers'][1].b", "net['scale'][0]"]


def gradient_with(net: dict[str, Any], x: Any, spoiled: str = "") -> Any:
    """The gradient of the loss, in which one array is too large by half."""
    arrays = {"layers": [Layer(layer.W, layer.b) for layer in net["layers"]], "scale": net["scale"][:1]}
    leaves, structure = flatten(ad.grad(loss)(arrays, x), "net")
    return structure.rebuild(1.5 * leaf if path == spoiled else leaf for leaf, path in leaves)


@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_gradient_by_one_part_is_found_named_shrunk_and_shown_again(path: str) -> None:
    def gradient(net: Any, x: Any) -> Any:
        return gradient_with(net, x, path)

    search = find_gradient_error(loss, network(), INPUT, gradient=gradient, argnums=0)
    assert search.report is not None
    assert re.fullmatch(rf"right: .*; wrong: {re.escape(path)} in 1 of 1", search.report.by_argument)
    assert f"The gradient by {path} is 1.5 times the numerical one" in search.report.diagnosis[0]
    assert search.counterexample is not None
    net, x = search.counterexample
    assert {leaf.shape for leaf, _ in flatten((net, x), "")[0] if isinstance(leaf, np.ndarray)} == {(1, 1), (1,), ()}
    with pytest.raises(GradientMismatch, match=re.escape(path)):
        exec(search.code, {"gradient": gradient})
    assert repr(search).startswith("<A gradient error of loss. These are the smallest inputs found at which it shows;")
    assert search.code in str(search).replace("\n    ", "\n")
    assert path in search.to_html().replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("f", "options"),
    [
        (loss, {"gradient": gradient_with, "argnums": 0}),
        (loss, {}),
        (output, {"vjp": lambda g, net, x: ad.grad(lambda x: np.sum(g * output(net, x)))(x), "argnums": 1}),
        (lambda net, x: (loss(net, x), gradient_with(net, x)), {"gradient": True, "argnums": 0}),
    ],
)
def test_a_right_gradient_is_found_right(f: Callable[..., Any], options: dict[str, Any]) -> None:
    search = find_gradient_error(f, network(), INPUT, max_examples=15, **options)
    assert search.ok, str(search)
    assert (search.unknown, search.skipped) == (0, 0)


def test_a_second_derivative_by_parts_is_found_right() -> None:
    domain = {"a": reals(-2, 2), "b": [reals(-2, 2)]}
    assert find_gradient_error(lambda p: np.sum(p["a"] * p["b"][0] ** 2), domain, order=2, max_examples=10).ok


def test_a_jacobian_vector_product_is_of_a_tangent_arranged_likewise() -> None:
    def affine(layer: Layer) -> Any:
        return layer.W * layer.b

    def jvp(tangent: Layer, layer: Layer) -> Any:
        return tangent.W * layer.b + layer.W * tangent.b

    assert find_gradient_error(affine, Layer(reals(-5, 5), reals(-5, 5)), jvp=jvp, max_examples=30).ok


ARRANGED: list[tuple[Callable[..., Any], Callable[[Any], Any]]] = [  # a container, and its leaves
    (lambda a, b: {"a": a, 1: {"b": b}}, lambda x: (x["a"], x[1]["b"])),
    (lambda a, b: OrderedDict(a=a, b=b), lambda x: tuple(x.values())),
    (lambda a, b: [(a, b)], lambda x: x[0]),
    (lambda a, b: (a, [b]), lambda x: (x[0], *x[1])),
    (lambda a, b: Layer(a, {"b": b}), lambda x: (x.W, x.b["b"])),
    (lambda a, b: [Affine(a, b)], lambda x: (x[0].W, x[0].b)),
]
DOMAINS = [  # for two arguments
    (reals(-5, 5), reals(-5, 5)),
    (reals(-1, np.inf, shape=("n",)), reals(0, 1, shape=("n", 2), dtype=np.float32)),
    (arrays.arrays(float, 2, elements=st.integers(-9, 9).map(float)), reals(-3, 3, shape=())),
]


def pair_cost(a: Any, b: Any) -> Any:
    return np.sum(np.tanh(a) ** 2) * np.sum(np.asarray(b, np.float64) if isinstance(b, np.ndarray) else b)


def pair_gradient(a: Any, b: Any) -> tuple[Any, Any]:
    """That of the cost, which is wrong where `b` is below zero, or larger than `a`."""
    t = np.tanh(a)
    right = (2 * t * (1 - t**2) * np.sum(b)).astype(a.dtype), np.full_like(b, np.sum(t**2))
    return right[0], np.where((b > np.max(a)) | (b < 0), 0, right[1]).astype(b.dtype)


@pytest.mark.parametrize("domains", DOMAINS)
@pytest.mark.parametrize(("arranged", "leaves"), ARRANGED)
def test_a_container_is_searched_as_its_leaves_are(arranged: Any, leaves: Any, domains: tuple[Any, Any]) -> None:
    flat = find_gradient_error(pair_cost, *domains, gradient=pair_gradient)
    nested = find_gradient_error(
        lambda x: pair_cost(*leaves(x)), arranged(*domains), gradient=lambda x: arranged(*pair_gradient(*leaves(x)))
    )
    assert (nested.verdict, nested.checked, nested.skipped) == ("wrong", flat.checked, flat.skipped)
    assert flat.counterexample is not None
    assert nested.counterexample is not None
    assert literal(nested.counterexample) == literal((arranged(*flat.counterexample),))  # of the same types


def test_names_of_lengths_are_shared_by_all_arguments_and_their_parts() -> None:
    shapes = set()

    def f(p: Any, x: Any) -> Any:
        shapes.add((np.shape(p["W"]), np.shape(p["rest"][0]), np.shape(x)))
        return np.sum(p["W"]) + np.sum(p["rest"][0]) + np.sum(x)

    domain = {"W": reals(-1, 1, shape=("n", "d")), "rest": [reals(-1, 1, shape=["n", "d"])]}
    assert find_gradient_error(f, domain, reals(-1, 1, shape=("d", "n")), max_examples=40).ok
    assert len(shapes) > 5
    assert all(W == rest == x[::-1] for W, rest, x in shapes)


def test_parts_of_any_shape_broadcast_with_each_other_and_with_other_arguments() -> None:
    shapes = set()

    def f(p: Any, x: Any) -> Any:
        shapes.add((np.shape(p[0]), np.shape(p[1]), np.shape(x)))
        return np.sum(p[0] * p[1] * x)

    assert find_gradient_error(f, [reals(-1, 1), reals(-1, 1)], reals(-1, 1), max_examples=40).ok
    assert any(len({*found}) == 3 for found in shapes)


@pytest.mark.parametrize("gradient", [lambda p: {"x": (p["x"] > 0) * 1.0}, lambda p: {"x": np.ones_like(p["x"])}])
def test_an_end_of_the_domain_of_a_part_may_be_a_kink(gradient: Callable[..., Any]) -> None:
    assert find_gradient_error(lambda p: np.sum(np.maximum(p["x"], 0)), {"x": reals(0, 1)}, gradient=gradient, max_examples=60).ok


def test_errors_beyond_the_end_of_the_domain_of_a_part_are_none_of_the_gradient() -> None:
    def f(p: Any) -> Any:
        if np.any(np.asarray(p[0].W) < 1):
            raise RuntimeError("below 1")
        return np.sum(p[0].W ** 2)

    def gradient(p: Any) -> Any:
        if np.any(p[0].W < 1):
            raise KeyError("below 1")
        return [Layer(2 * p[0].W, None)]

    def raises_at_3(p: Any) -> Any:
        if np.any(p[0].W == 3):
            raise KeyError("3")
        return gradient(p)

    domain = [Layer(reals(1, 3), None)]
    assert find_gradient_error(f, domain, gradient=gradient, max_examples=40).ok
    search = find_gradient_error(f, domain, gradient=raises_at_3)
    assert literal(search.counterexample) == "([Layer(W=np.array(3.0), b=None)],)"
    assert "gradient raises KeyError where f raises nothing: '3'" in str(search)


def test_other_errors_of_the_function_are_noted_with_the_container() -> None:
    with pytest.raises(KeyError) as caught:
        find_gradient_error(lambda p: p["c"], {"b": reals(shape=1)})
    assert caught.value.__notes__[0] == "find_gradient_error: this was raised at\np = {'b': np.array([0.0])}"


def squares(p: Any) -> Any:
    return np.sum(p["W"] ** 2) + np.sum(p["b"] ** 2)


def half_of_b(p: Any) -> Any:
    return {"W": 2 * p["W"], "b": np.where(p["b"] > 2, p["b"], 2 * p["b"])}


def test_a_strategy_may_draw_containers() -> None:
    small = st.integers(-9, 9).map(float)
    parts = {"W": arrays.arrays(float, arrays.array_shapes(max_dims=2, max_side=3), elements=small), "b": small}
    for domain in (st.fixed_dictionaries(parts), parts):
        assert find_gradient_error(squares, domain, max_examples=30).ok
        search = find_gradient_error(squares, domain, gradient=half_of_b)
        assert search.report is not None
        assert search.report.by_argument == "right: p['W']; wrong: p['b'] in 1 of 1"
        assert search.code == (
            f"import numpy as np\nfrom autodiff.testing import assert_gradient\nfrom {__name__} import half_of_b, squares\n\n"
            f"p = {{'W': {literal(search.counterexample[0]['W'])}, 'b': 3.0}}\n"  # type: ignore[index]
            "assert_gradient(squares, p, gradient=half_of_b)"
        )
        with pytest.raises(GradientMismatch):
            exec(search.code, {})


def test_a_function_that_writes_into_its_inputs_is_shown_as_they_were() -> None:
    def f(p: Any) -> Any:
        p["x"] -= 7.0
        return np.sum(p["x"] ** 2)

    for domain in (st.fixed_dictionaries({"x": arrays.arrays(float, 2, elements=st.just(1.0))}), {"x": reals(1, 1, shape=2)}):
        search = find_gradient_error(f, domain, gradient=lambda p: {"x": 2 * (p["x"] - 7.0)}, max_examples=3)
        assert literal(search.counterexample) == "({'x': np.array([1.0, 1.0])},)"


def test_an_object_is_a_container_of_the_domains_in_its_attributes() -> None:
    class Net:
        def __init__(self) -> None:
            self.W, self.layers, self.activation = reals(-2, 2, shape=("n", "d")), [reals(-2, 2, shape=("n",))], np.tanh

        def __repr__(self) -> str:
            return "Net()"

    def f(net: Any, x: Any) -> Any:
        return np.sum(net.activation(net.W @ x + net.layers[0]))

    def gradient(net: Any, x: Any) -> Any:
        d = 1 - np.tanh(net.W @ x + net.layers[0]) ** 2
        return {"W": np.outer(d, x), "layers[0]": -d}

    assert find_gradient_error(f, Net(), reals(-2, 2, shape=("d",)), max_examples=20).ok
    search = find_gradient_error(f, Net(), reals(-2, 2, shape=("d",)), gradient=gradient, argnums=0)
    assert search.report is not None
    assert search.report.by_argument == "right: net.W; wrong: net.layers[0] in 1 of 1"
    assert "\n# net is an instance of Net.\n" in search.code.replace(f"{Net.__qualname__}.", "Net.")
    assert "\nnet.W = np.array([[0.0]])\nnet.layers[0] = np.array([0.0])\n" in search.code
    with pytest.raises(GradientMismatch):
        exec(search.code, {"f": f, "gradient": gradient, "net": Net()})


@dataclass
class Point:
    """A container with a condition."""

    x: Any
    y: Any

    def __post_init__(self) -> None:
        if np.ndim(self.x) and np.sum(self.x) < np.sum(self.y):
            raise AssertionError("x is below y")


def test_points_that_a_container_refuses_are_skipped() -> None:
    def f(p: Any) -> Any:
        return np.sum(p.x * p.y)

    search = find_gradient_error(f, Point(reals(-5, 5, shape=2), reals(-5, 5, shape=2)), max_examples=20)
    assert search.ok
    assert search.skipped > 5
    with pytest.raises(ValueError, match="At the last one, the arguments could not be made: AssertionError: x is below y"):
        find_gradient_error(f, Point(reals(-5, -1, shape=2), reals(1, 5, shape=2)), max_examples=20)


def test_where_a_container_begins_to_refuse_one_side_decides() -> None:
    def f(p: Any) -> Any:
        return np.sum(p.x**2) + np.sum(p.y**2)

    for factor, verdict in ((2.0, "right"), (3.0, "wrong")):
        point = Point(np.array([3.0]), np.array([3.0]))
        report = check_gradient(f, point, gradient=lambda p, k=factor: Point(k * p.x, k * p.y))
        assert report.verdict == verdict
        assert report.entries[0].note == "f is not finite to the left: from one side"


def test_a_container_that_takes_no_tensors_is_not_differentiated() -> None:
    @dataclass
    class Strict:
        x: Any

        def __post_init__(self) -> None:
            if isinstance(self.x, ad.Tensor):
                raise TypeError("x is a tensor")

    with pytest.raises(ValueError, match="check_gradient: an argument cannot be made of other numbers: TypeError: x is a tensor"):
        find_gradient_error(lambda p: np.sum(p.x**2), Strict(reals()))
    assert find_gradient_error(
        lambda p: np.sum(p.x**2), Strict(reals(-5, 5)), gradient=lambda p: Strict(2 * p.x), max_examples=9
    ).ok


def test_points_that_are_not_finite_are_skipped() -> None:
    floats = st.sampled_from([0.5, np.nan, np.inf])
    assert find_gradient_error(lambda p: np.tanh(p["x"]), {"x": floats}, max_examples=10).skipped == 2
    with pytest.raises(ValueError, match=r"At the last one, check_gradient: p\['x'\] is nan at index \(\); wanted finite numbers"):
        find_gradient_error(lambda p: 0.0, {"x": st.just(np.nan)})


def test_a_strategy_that_draws_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="could be checked at none of 0 points: the strategies draw nothing"):
        find_gradient_error(squares, {"W": reals(), "b": st.floats().filter(lambda x: False)})


def test_a_container_without_domains_is_passed_on_as_it_is() -> None:
    class Settings(dict[str, Any]):
        __copy__ = None  # it cannot be copied

    given, seen = Settings(power=2), []

    def f(x: Any, settings: Any) -> Any:
        seen.append(settings is given)
        return np.sum(x ** settings["power"])

    assert find_gradient_error(f, reals(-2, 2), given, argnums=0, max_examples=5).ok
    assert all(seen)
    constant = find_gradient_error(squares, {"W": np.ones(2), "b": np.array(3.0)}, gradient=half_of_b)
    assert (constant.verdict, constant.checked) == ("wrong", 1)


def test_objects_of_a_strategy_are_told_apart_by_what_they_hold() -> None:
    class Net:
        def __init__(self, W: float) -> None:
            self.W = np.array(W)

        def __repr__(self) -> str:
            return "Net()"

    def gradient(net: Any) -> Any:
        return {"W": np.where(net.W > 5, 0.0, 2 * net.W)}

    search = find_gradient_error(lambda net: net.W**2, st.builds(Net, st.integers(0, 9).map(float)), gradient=gradient)
    assert search.counterexample is not None
    assert search.counterexample[0].W == 6
    assert "\nnet.W = np.array(6.0)\n" in search.code


def test_a_function_of_pytorch_is_searched_with_tensors() -> None:
    torch = pytest.importorskip("torch")
    tensors = st.integers(-9, 9).map(lambda n: torch.tensor([n / 4], dtype=torch.float64))
    options = {"gradient": lambda p: {"x": torch.cos(p["x"])}, "max_examples": 10}
    assert find_gradient_error(lambda p: torch.sin(p["x"]).sum(), {"x": tensors}, **options).ok


@gradient_test([(reals(-2, 2, shape=(3, 2)), reals(-2, 2, shape=(2,)))], reals(-2, 2, shape=("m", 3)), max_examples=20)
def test_a_test_of_a_gradient_takes_containers(layers: Any, x: Any) -> Any:
    for W, b in layers:
        x = np.tanh(x @ W + b)
    return np.sum(x**2)


values = st.recursive(
    st.none() | st.integers() | st.text() | st.floats(-9, 9) | arrays.arrays(float, (2,), elements=st.floats(-9, 9)),
    lambda part: st.one_of(
        st.lists(part, max_size=2),
        st.lists(part, max_size=2).map(tuple),
        st.dictionaries(st.text(max_size=2) | st.integers() | st.tuples(st.integers()), part, max_size=2),
        st.dictionaries(st.text(max_size=2), part, max_size=2).map(OrderedDict),
        st.builds(Layer, part, part),
        st.builds(Affine, part, part),
    ),
    max_leaves=6,
)


@given(values)
def test_a_literal_gives_the_same_container_again(x: Any) -> None:
    names = {"np": np, "OrderedDict": OrderedDict, "Layer": Layer, "Affine": Affine}
    again = eval(literal(x), names)
    assert type(again) is type(x)
    assert literal(again) == literal(x)
    assert repr(again) == repr(x)


def test_code_names_classes_and_functions_in_containers() -> None:
    @dataclass
    class Local:
        W: Any
        activation: Any = None

    domain = [Affine(reals(shape=()), 0, np.tanh), Local(Layer(1, 2)), {"by": [lambda x: x, squares]}]
    search = find_gradient_error(lambda p: p[0].W ** 2, domain, gradient=lambda p: [Affine(-1.0 - p[0].W, None), None, None])
    where = "test_code_names_classes_and_functions_in_containers.<locals>"
    lines = search.code.splitlines()
    assert f"from layers import Affine\nfrom {__name__} import Layer, squares" in search.code
    assert f"# Local is {where}.Local." in lines
    assert any(line.startswith(f"# p_2_by_0 is {where}.<lambda>, line ") for line in lines)
    assert lines[-2] == (
        "p = [Affine(W=np.array(0.0), b=0, activation=np.tanh), Local(W=Layer(W=1, b=2), activation=None), "
        "{'by': [p_2_by_0, squares]}]"
    )


class Holds:
    def __init__(self, x: Any) -> None:
        self.x = x

    def __repr__(self) -> str:
        return f"Holds({self.x})"


cycle: list[Any] = [reals()]
cycle.append(cycle)

ERRORS: list[tuple[type[Exception], str, tuple[Any, ...]]] = [
    (TypeError, "domain 0['W'] is the function reals; wanted what it returns: reals().", ({"W": reals},)),
    (TypeError, "domain 1[0].b is the function reals; wanted what it returns: reals().", (reals(), [Layer(reals(), reals)])),
    (TypeError, "got {}; wanted a domain to search, such as reals(low, high), or an array of floats.", ({},)),
    (TypeError, "got [], (); wanted a domain to search", ([], ())),
    (TypeError, "got {'a': [1, 'b'], 'n': None}; wanted a domain to search", ({"a": [1, "b"], "n": None},)),
    (TypeError, "got [array([1, 2])]; wanted a domain to search", ([np.array([1, 2])],)),
    (TypeError, "got Holds(3); wanted a domain to search", (Holds(3),)),
    (ValueError, "domain 0[1] is a list that contains itself; wanted containers that end in arrays.", (cycle,)),
]


@pytest.mark.parametrize(("kind", "text", "domains"), ERRORS, ids=[text for _, text, _ in ERRORS])
def test_bad_use_is_an_error_that_says_where(kind: type[Exception], text: str, domains: tuple[Any, ...]) -> None:
    with pytest.raises(kind, match=re.escape(f"find_gradient_error: {text}")):
        find_gradient_error(lambda *x: 0.0, *domains)


def test_argnums_counts_arguments_and_is_checked_before_the_search() -> None:
    with pytest.raises(ValueError, match=r"check_gradient: argnums is 1, but there are 1 inputs; wanted positions from 0 to 0\."):
        find_gradient_error(squares, {"W": reals(), "b": reals()}, argnums=1)


def test_a_gradient_arranged_otherwise_is_an_error_of_use() -> None:
    text = r"check_gradient: the gradient by p has \['W'\]; wanted a dict with \['W'\], \['b'\]"
    with pytest.raises(ValueError, match=text) as caught:
        find_gradient_error(squares, {"W": reals(), "b": reals()}, gradient=lambda p: {"W": 2 * p["W"]})
    assert len(caught.value.__notes__) == 1  # where, and no advice about the domain
    assert not check_gradient(squares, {"W": np.array(1.0), "b": 2.0}, gradient=half_of_b).failures
