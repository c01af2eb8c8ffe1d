"""Every term of the chain rule, for networks of every small size: by hand = by autograd = by finite differences."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, example, find, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import autodiff as ad
from autodiff.testing import GradientMismatch, assert_gradient, check_gradient
from examples.article.by_hand import hidden_layer, predict, sigmoid, single_layer
from examples.article.explain import FORMULAS, terms_by_autograd

LOCAL = ("dao/dzo", "dzo/dwo", "dzo/dah", "dah/dzh", "dzh/dwh")
TERMS = tuple(FORMULAS)


@dataclass(frozen=True)
class Network:
    x: np.ndarray
    y: np.ndarray
    wh: np.ndarray
    wo: np.ndarray

    @property
    def parts(self):
        return self.x, self.y, self.wh, self.wo


@dataclass(frozen=True)
class Layer:
    x: np.ndarray
    y: np.ndarray
    w: np.ndarray
    b: np.ndarray


def matrices(rows, columns, largest):
    # Half-precision numbers: no products so small that they vanish, of which differences of values cannot know anything.
    return arrays(np.float64, (rows, columns), elements=st.floats(-largest, largest, width=16, allow_subnormal=False))


def labels(rows):
    return matrices(rows, 1, 2) | arrays(np.float64, (rows, 1), elements=st.sampled_from([0.0, 1.0]))


SIZES = st.integers(1, 4)


@st.composite
def networks(draw, largest=2.0):
    n, d, h = draw(SIZES), draw(SIZES), draw(SIZES)
    return Network(draw(matrices(n, d, 4)), draw(labels(n)), draw(matrices(d, h, largest)), draw(matrices(h, 1, largest)))


@st.composite
def single_layers(draw, largest=2.0, sizes=SIZES):
    n, d = draw(sizes), draw(sizes)
    return Layer(draw(matrices(n, d, 4)), draw(labels(n)), draw(matrices(d, 1, largest)), draw(matrices(1, 1, largest))[0])


SATURATED = 30.0  # with inputs of up to 4, a sigmoid is then 0 or 1 to the last digit, and its derivative 0
SMALLEST = Network(np.array([[1.0]]), np.array([[0.0]]), np.array([[0.5]]), np.array([[2.0]]))
ONE_FEATURE = Network(np.array([[1.0], [-2.0]]), np.array([[1.0], [0.0]]), np.array([[0.5, -1.0]]), np.array([[2.0], [1.0]]))
ONE_HIDDEN = Network(np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[1.0], [0.0]]), np.array([[0.5], [-1.0]]), np.array([[2.0]]))
STUCK = Network(np.array([[4.0, 4.0]]), np.array([[0.0]]), np.full((2, 3), 30.0), np.full((3, 1), 30.0))
SIGMOID_SLOPE = 0.25  # the largest


def rounding(network):
    """How far each term may be off when the sums and the sigmoids are rounded otherwise: a bound by the size of what is summed."""
    x, y, wh, wo = map(np.abs, network.parts)
    (n, d), h = x.shape, len(wo)
    u = 8 * np.finfo(float).eps * (n + d + h)
    ah = u * (1 + SIGMOID_SLOPE * x @ wh)
    zo = ah @ wo + u * (h + np.sum(wo))
    ao = u + SIGMOID_SLOPE * zo
    # A term is a product of factors no larger than these, and each factor is off by no more than that.
    error = 1 + y
    hidden, cost_by_ah = np.ones_like(ah), error @ wo.T
    off_zo = SIGMOID_SLOPE * ao + error * (ao + zo)
    off_ah = off_zo @ wo.T + u * cost_by_ah
    return {
        "dcost/dao": ao + u * error,
        "dao/dzo": ao + zo,
        "dzo/dwo": ah,
        "dcost/dwo": (hidden.T @ off_zo) + ah.T @ error + u * (hidden.T @ error),
        "dcost/dzo": off_zo,
        "dzo/dah": 0 * wo,
        "dcost/dah": off_ah,
        "dah/dzh": ah + u,
        "dzh/dwh": 0 * x,
        "dcost/dwh": x.T @ (SIGMOID_SLOPE * off_ah + ah * cost_by_ah) + u * (x.T @ cost_by_ah),
    }


@pytest.mark.parametrize("term", TERMS)
@given(network=networks() | networks(largest=SATURATED))
@example(network=SMALLEST)
@example(network=ONE_FEATURE)
@example(network=ONE_HIDDEN)
@example(network=STUCK)
def test_each_term_by_hand_is_that_of_autograd(term, network):
    hand, auto = hidden_layer(*network.parts)[term], terms_by_autograd(*network.parts)[term]
    assert hand.shape == auto.shape
    assert hand.dtype == auto.dtype == np.float64
    assert np.all(np.abs(hand - auto) <= rounding(network)[term])


# In saturation the formulas are off by themselves: 1 - σ(z) is rounded to units of 1e-16, whatever is left of it, and the other
# factors are together less than a few hundred.
ROUNDING = 1e-13


def assert_not_wrong(f, *at, **options):
    report = check_gradient(f, *at, atol=ROUNDING, **options)
    assert report.verdict != "wrong", str(report)


def as_function(term, network):
    """The function that a term is the derivative of, and the point: what `check_gradient` wants to know."""
    x, y, wh, wo = network.parts
    zh = x @ wh
    ah = sigmoid(zh)
    zo = ah @ wo
    return {
        "dcost/dao": (lambda ao: 0.5 * ((ao - y) ** 2).sum(), sigmoid(zo)),
        "dao/dzo": (sigmoid, zo),
        "dzo/dwo": (lambda w: ah @ w, wo),
        "dcost/dwo": (lambda w: 0.5 * ((sigmoid(ah @ w) - y) ** 2).sum(), wo),
        "dcost/dzo": (lambda z: 0.5 * ((sigmoid(z) - y) ** 2).sum(), zo),
        "dzo/dah": (lambda a: a @ wo, ah),
        "dcost/dah": (lambda a: 0.5 * ((sigmoid(a @ wo) - y) ** 2).sum(), ah),
        "dah/dzh": (sigmoid, zh),
        "dzh/dwh": (lambda w: x @ w, wh),
        "dcost/dwh": (lambda w: 0.5 * ((sigmoid(sigmoid(x @ w) @ wo) - y) ** 2).sum(), wh),
    }[term]


def by_hand(term, network):
    """The term by hand, as `check_gradient` wants it: a gradient, or for a local derivative its product with a cotangent."""
    value = hidden_layer(*network.parts)[term]
    if term not in LOCAL:
        return {"gradient": lambda _: value.copy()}
    products = {"dzo/dwo": lambda g, _: value.T @ g, "dzo/dah": lambda g, _: g @ value.T, "dzh/dwh": lambda g, _: value.T @ g}
    return {"vjp": products.get(term, lambda g, _: g * value)}


@pytest.mark.long
@pytest.mark.parametrize("term", TERMS)
@settings(max_examples=25)
@given(network=networks())
@example(network=SMALLEST)
@example(network=ONE_FEATURE)
@example(network=ONE_HIDDEN)
def test_each_term_by_hand_and_by_autograd_is_that_of_finite_differences(term, network):
    f, at = as_function(term, network)
    assert_gradient(f, at, **by_hand(term, network))
    assert_gradient(f, at)  # autograd, on the same functions of plain NumPy


@pytest.mark.long
@pytest.mark.parametrize("term", TERMS)
@settings(max_examples=15)
@given(network=networks(largest=SATURATED))
@example(network=STUCK)
def test_no_term_of_a_saturated_network_is_wrong(term, network):
    f, at = as_function(term, network)
    assert_not_wrong(f, at, **by_hand(term, network))
    assert_not_wrong(f, at)


@settings(max_examples=25)
@given(network=networks())
def test_the_gradient_by_both_weights_at_once(network):
    x, y, wh, wo = network.parts

    def cost(wh, wo):
        return 0.5 * ((predict(x, {"wh": wh, "wo": wo}) - y) ** 2).sum()

    def gradient(wh, wo):
        terms = hidden_layer(x, y, wh, wo)
        return terms["dcost/dwh"], terms["dcost/dwo"]

    assert_gradient(cost, wh, wo, gradient=gradient, argnums=(0, 1))


@pytest.mark.parametrize("term", [term for term in TERMS if term not in ("dzo/dah", "dzh/dwh")])
def test_a_wrong_term_is_found(term):
    f, at = as_function(term, ONE_HIDDEN)
    right = by_hand(term, ONE_HIDDEN)
    name, rule = next(iter(right.items()))
    assert check_gradient(f, at, **right).ok
    assert check_gradient(f, at, **{name: lambda *args: rule(*args) * 1.001}).verdict == "wrong"


# --- a single layer with a bias


def layer_cost(layer):
    return lambda w, b: 0.5 * ((predict(layer.x, {"w": w, "b": b}) - layer.y) ** 2).sum()


def layer_gradient(layer, **options):
    def gradient(w, b):
        terms = single_layer(layer.x, layer.y, w, b, **options)
        return terms["dcost/dw"], terms["dcost/db"]

    return gradient


@pytest.mark.long
@settings(max_examples=50)
@given(layer=single_layers())
def test_a_single_layer_by_hand_is_that_of_autograd_and_of_finite_differences(layer):
    gradient = layer_gradient(layer)
    assert_gradient(layer_cost(layer), layer.w, layer.b, gradient=gradient, argnums=(0, 1))
    w, b = ad.Tensor(layer.w, requires_grad=True), ad.Tensor(layer.b, requires_grad=True)
    layer_cost(layer)(w, b).backward()
    hand_w, hand_b = gradient(layer.w, layer.b)
    np.testing.assert_allclose(w.grad.numpy(), hand_w, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(b.grad.numpy(), hand_b, rtol=1e-12, atol=1e-12)


@settings(max_examples=25)
@given(layer=single_layers(largest=SATURATED))
def test_no_saturated_single_layer_is_wrong(layer):
    assert_not_wrong(layer_cost(layer), layer.w, layer.b, gradient=layer_gradient(layer), argnums=(0, 1))


@given(layer=single_layers())
def test_each_term_of_a_single_layer(layer):
    x, y, w, b = layer.x, layer.y, layer.w, layer.b
    terms = single_layer(x, y, w, b)
    a = predict(x, {"w": w, "b": b})
    np.testing.assert_array_equal(terms["dcost/da"], a - y)
    np.testing.assert_allclose(terms["da/dz"], a * (1 - a), rtol=1e-15)
    np.testing.assert_array_equal(terms["dcost/dz"], terms["dcost/da"] * terms["da/dz"])
    np.testing.assert_array_equal(terms["dz/dw"], x)
    assert terms["dcost/dw"].shape == w.shape
    assert terms["dcost/db"].shape == b.shape


def test_without_a_bias_it_is_a_layer_whose_bias_is_zero():
    x, y, w = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[0.0], [1.0]]), np.array([[0.3], [-0.7]])
    without, with_zero = single_layer(x, y, w), single_layer(x, y, w, np.zeros(1))
    np.testing.assert_array_equal(without["dcost/dw"], with_zero["dcost/dw"])


# --- the mistake of the articles' code: the sigmoid's derivative at the output instead of at what went in


def mistake_is_found(layer):
    gradient = layer_gradient(layer, as_printed=True)
    return check_gradient(layer_cost(layer), layer.w, layer.b, gradient=gradient, argnums=(0, 1)).verdict == "wrong"


@pytest.mark.long
def test_the_articles_mistake_is_found_and_shrunk_to_one_point_with_one_feature():
    layers = single_layers(sizes=st.integers(1, 2))
    layer = find(layers, mistake_is_found, settings=settings(database=None, derandomize=True, max_examples=200))
    assert layer.x.shape == (1, 1)
    assert all(value in (-1, 0, 1) for array in (layer.x, layer.y, layer.w, layer.b) for value in array.ravel())
    assert check_gradient(layer_cost(layer), layer.w, layer.b, gradient=layer_gradient(layer), argnums=(0, 1)).ok


def test_the_report_of_the_mistake_shows_both_numbers():
    layer = Layer(np.array([[1.0]]), np.array([[0.0]]), np.array([[0.0]]), np.array([0.0]))
    # At z = 0 the output is 1/2: right is 1/2 σ'(0) = 1/8; the mistake gives 1/2 σ'(1/2) = 0.1175...
    with pytest.raises(GradientMismatch, match=r"0\.1175") as mismatch:
        assert_gradient(layer_cost(layer), layer.w, layer.b, gradient=layer_gradient(layer, as_printed=True), argnums=(0, 1))
    assert "0.125" in str(mismatch.value)


@pytest.mark.long
@settings(max_examples=50)
@given(layer=single_layers())
def test_the_mistake_is_found_wherever_it_makes_a_difference(layer):
    pairs = zip(layer_gradient(layer, as_printed=True)(layer.w, layer.b), layer_gradient(layer)(layer.w, layer.b), strict=True)
    assume(max(np.max(np.abs(printed - right)) for printed, right in pairs) > 1e-6)
    assert mistake_is_found(layer)
