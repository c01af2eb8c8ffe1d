"""Complex numbers: the gradient of a real L by x + iy is ∂L/∂x + i ∂L/∂y, and no imaginary part is ever lost silently."""

from __future__ import annotations

import cmath
import copy
import pickle
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from registry_cases import CASES, Case

import autodiff as ad


def product(y: Any, g: np.ndarray) -> Any:
    """Re Σ conj(g) y, of which g is the gradient."""
    return np.sum(np.real(y) * g.real + np.imag(y) * g.imag)


def central_difference(f: Any, arrays: list[np.ndarray], along: list[np.ndarray], h: float = 1e-4) -> Any:
    """The derivative of `f`, to the fourth order of the step."""

    def at(t: float) -> Any:
        return f([x + t * d for x, d in zip(arrays, along, strict=True)])

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


CASES_OF_COMPLEX = [case for case in CASES if case.takes_complex()]
each_complex_case = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES_OF_COMPLEX])


@each_complex_case
def test_first_and_second_derivatives_by_complex_numbers_are_those_of_finite_differences(case: Case) -> None:
    rng = np.random.default_rng(0)
    arrays, positions = case.complex_arrays(), case.differentiable()
    y = np.asarray(case.operation(arrays))

    def like(x: np.ndarray) -> np.ndarray:
        return np.asarray(rng.normal(size=x.shape) + (1j * rng.normal(size=x.shape) if x.dtype.kind == "c" else 0))

    g = like(y)
    first, second = ([like(x) if i in positions else 0 * x for i, x in enumerate(arrays)] for _ in range(2))

    def value(operands: Any) -> Any:
        return product(case.operation(operands), g)

    def derivative(f: Any, along: list[np.ndarray], operands: Any) -> Any:
        def of(*variables: Any) -> Any:
            replaced = dict(zip(positions, variables, strict=True))
            return f([replaced.get(i, x) for i, x in enumerate(operands)])

        found = ad.grad(of, range(len(positions)))(*[operands[i] for i in positions])
        return sum(product(part, along[i]) for i, part in zip(positions, found, strict=True))

    slope = partial(derivative, value, first)
    curvature = partial(derivative, slope, second)
    scale = 1 + abs(slope(arrays))
    assert_allclose(slope(arrays), central_difference(value, arrays, first), rtol=0, atol=1e-7 * scale)
    assert_allclose(curvature(arrays), central_difference(slope, arrays, second), rtol=0, atol=1e-6 * (1 + abs(curvature(arrays))))


# --- the convention ------------------------------------------------------------------------------------------------------------

Z = np.array([1.0 + 2.0j, 3.0 - 1.0j])


def leaf(data: Any) -> Any:
    return ad.Tensor(data, requires_grad=True)


def test_the_gradient_of_the_squared_absolute_value_is_twice_the_number() -> None:
    z = leaf(Z)
    (z * z.conj()).real.sum().backward()
    assert_allclose(z.grad.numpy(), 2 * Z)


def test_the_gradients_of_the_parts_point_along_the_axes() -> None:
    for part, direction in ((np.real, 1), (np.imag, 1j)):
        z = leaf(Z)
        part(z).sum().backward()
        assert_array_equal(z.grad.numpy(), np.full(2, direction))


def test_the_gradient_of_the_absolute_value_is_the_direction_and_0_at_0() -> None:
    z = leaf([3.0 + 4.0j, 0.0j])
    np.abs(z).sum().backward()
    assert_allclose(z.grad.numpy(), [0.6 + 0.8j, 0])


def test_the_steepest_descent_is_against_the_gradient() -> None:
    def f(z: Any) -> Any:
        return np.sum(np.abs(np.exp(z) - 2.0 * z) ** 2)

    g = ad.grad(f)(Z)
    length = np.linalg.norm(g)
    falls = [f(Z) - f(Z - 1e-6 * direction * g / length) for direction in np.exp(2j * np.pi * np.arange(16) / 16)]
    assert np.argmax(falls) == 0
    assert falls[0] == pytest.approx(1e-6 * length, rel=1e-4)


def test_a_real_number_among_complex_ones_has_a_real_gradient() -> None:
    x, z = leaf([2.0, 3.0]), leaf(Z)
    (np.abs(x * z + 1j * x) ** 2).sum().backward()
    assert x.grad.dtype == float
    assert_allclose(x.grad.numpy(), 2 * np.array([2.0, 3.0]) * np.abs(Z + 1j) ** 2)
    assert_allclose(z.grad.numpy(), 2 * np.array([4.0, 9.0]) * (Z + 1j))


def test_a_cotangent_of_a_complex_tensor_is_a_gradient_by_it() -> None:
    z = leaf(Z)
    v = np.array([2.0 - 1.0j, 1.0j])
    (z * z).backward(v)
    assert_allclose(z.grad.numpy(), v * (2 * Z).conj())


def test_hooks_and_retained_gradients_are_gradients_and_no_conjugates() -> None:
    z = leaf(Z)
    y = z * (1 + 1j)
    y.retain_grad()
    seen = []
    y.register_hook(lambda g: seen.append(g.numpy()) or g * 1j)
    y.imag.sum().backward()
    assert_array_equal(seen, [np.full(2, 1j)])
    assert_array_equal(y.grad.numpy(), np.full(2, -1.0))
    assert_allclose(z.grad.numpy(), np.full(2, -1 * (1 - 1j)))


def test_gradients_accumulate_in_the_type_of_the_leaf() -> None:
    for dtype in (np.complex64, np.complex128):
        z = leaf(Z.astype(dtype))
        for n in (1, 2):
            np.abs(z * z).sum().backward()
            assert z.grad.dtype == dtype
            assert_allclose(z.grad.numpy(), n * 2 * Z, rtol=1e-6)


def test_a_recorded_backward_pass_gives_gradients_that_can_be_differentiated() -> None:
    z = leaf(Z)
    (np.abs(z) ** 4).sum().backward(create_graph=True)
    g, z.grad = z.grad, None
    assert_allclose(g.detach().numpy(), 4 * np.abs(Z) ** 2 * Z)
    (np.abs(g) ** 2).sum().backward()  # of 16 |z|⁶
    assert_allclose(z.grad.numpy(), 96 * np.abs(Z) ** 4 * Z)


# --- transforms ----------------------------------------------------------------------------------------------------------------


def test_gradients_of_containers_are_of_the_kinds_of_their_parts() -> None:
    parameters = {"z": Z, "x": [2.0, 3.0], "one": 1j}
    value, gradient = ad.value_and_grad(lambda p: np.sum(np.abs(p["z"] * p["x"] + p["one"]) ** 2))(parameters)
    w = Z * [2.0, 3.0] + 1j
    assert value == pytest.approx(np.sum(np.abs(w) ** 2))
    assert {name: np.asarray(part).dtype.char for name, part in gradient.items()} == {"z": "D", "x": "d", "one": "D"}
    assert_allclose(gradient["z"], 2 * w * [2.0, 3.0])
    assert_allclose(gradient["x"], 2 * np.real(Z.conj() * w))
    assert gradient["one"] == pytest.approx(2 * np.sum(w))
    assert type(gradient["one"]) is np.complex128


def test_the_pullback_of_a_complex_function_takes_and_gives_gradients() -> None:
    value, pullback = ad.vjp(lambda z, x: {"product": z * x, "size": np.abs(z)}, Z, np.array([2.0, 3.0]))
    assert_array_equal(value["product"], Z * [2.0, 3.0])
    v = np.array([1.0j, 2.0])
    by_z, by_x = pullback({"product": v, "size": [0.0, 0.0]})
    assert_allclose(by_z, v * [2.0, 3.0])
    assert_allclose(by_x, np.real(Z.conj() * v))
    assert by_x.dtype == float


@pytest.mark.parametrize("result", [1j, np.array(1j), ad.Tensor(1j)])
def test_a_complex_number_has_no_gradient_and_the_error_says_what_has(result: Any) -> None:
    text = r"^grad: the function must return a single real number, but it returned .*\. Take its real part or its absolute value\.$"
    with pytest.raises(TypeError, match=text):
        ad.grad(lambda x: result)(1.0)
    text = r"^backward: a tensor of shape \(\) and dtype complex128 has no gradient .* one real number, for example .*np\.abs\(z\)"
    with pytest.raises(RuntimeError, match=text):
        leaf(1j).backward()


# --- no imaginary part is lost -------------------------------------------------------------------------------------------------

LOST = r"float64 cannot hold the imaginary parts of complex128\. For the real parts alone: np\.real\(x\)\.$"
COMPLEX: list[Any] = [1j, [1j], np.complex128(1j), np.array(1j), np.array([1j]), [np.array(1j)], ad.Tensor(1j), leaf([1j])]


@pytest.fixture(autouse=True)
def _no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield


@pytest.mark.parametrize("value", COMPLEX, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("make", [lambda: ad.Tensor([1.0, 2.0]), lambda: leaf([1.0, 2.0]) * 2], ids=["constant", "computed"])
def test_a_real_tensor_refuses_complex_numbers(make: Callable[[], Any], value: Any) -> None:
    t = make()
    before = t.tolist()
    with pytest.raises(TypeError, match=r"^x\[i\] = v: " + LOST):
        t[0:1] = value
    with pytest.raises(TypeError, match=r"^x \+= y: " + LOST):
        t += value
    assert t.tolist() == before
    with pytest.raises(TypeError, match=r"^x\[i\] = v: " + LOST):
        ad.setitem(t, value, slice(0, 1))


@pytest.mark.parametrize(
    "convert",
    [
        lambda z: ad.Tensor(z, dtype=float),
        lambda z: ad.asarray(z, dtype=float),
        lambda z: ad.astype(z, float),
        lambda z: np.sum(ad.Tensor(z), dtype=float),
        lambda z: np.full_like(ad.Tensor([1.0, 2.0]), z),
        lambda z: np.asarray(ad.Tensor(z), dtype=float),
    ],
)
def test_a_conversion_to_a_real_type_is_an_error(convert: Callable[[Any], Any]) -> None:
    for z in (Z[0], Z[:1], [Z[0]]):
        with pytest.raises(TypeError, match=LOST):
            convert(z)


def test_a_complex_cotangent_or_hook_of_a_real_tensor_is_an_error() -> None:
    x = leaf([1.0, 2.0])
    for create_graph in (False, True):
        for gradient in ([1j, 2.0], np.array([1j, 2.0]), ad.Tensor([1j, 2.0])):
            with pytest.raises(TypeError, match="^backward: gradient: " + LOST):
                (x * x).backward(gradient, create_graph=create_graph)
    x.register_hook(lambda g: g * 1j)
    with pytest.raises(TypeError, match="^register_hook: the gradient that the hook returned: " + LOST):
        (x * x).sum().backward()
    with pytest.raises(TypeError, match="^vjp: the cotangent: " + LOST):
        ad.vjp(lambda x: x * x, np.ones(2))[1]([1j, 2.0])
    assert x.grad is None


def test_a_leaf_that_requires_grad_stays_real_or_complex() -> None:
    x, z = leaf([1.0, 2.0]), leaf(Z)
    with pytest.raises(
        TypeError, match=r"^data: the tensor requires grad, but the new array has dtype complex128; wanted floating"
    ):
        x.data = Z
    with pytest.raises(
        TypeError, match=r"^data: the tensor requires grad, but the new array has dtype float64; wanted complex numbers"
    ):
        z.data = np.ones(2)
    with pytest.raises(
        TypeError, match=r"grad: got Tensor of shape .* and dtype complex128; wanted None or a Tensor .* dtype float64"
    ):
        x.grad = ad.Tensor(Z)
    z.data = [1j, 2.0]
    assert z.tolist() == [1j, 2.0]


def test_writes_to_a_complex_tensor_are_recorded() -> None:
    x, z = leaf([2.0, 3.0]), leaf(Z)
    y = z * 1.0
    y[0] = x[1]
    y += x
    (np.abs(y) ** 2).sum().backward()
    assert_allclose(z.grad.numpy(), [0, 2 * (Z[1] + 3.0)])
    assert_allclose(x.grad.numpy(), [2 * 5.0, 2 * 5.0 + 2 * (Z[1] + 3.0).real])


def test_the_parts_of_a_tensor_are_read_only_views() -> None:
    z = ad.Tensor(Z)
    for part, of in ((z.real, np.real), (z.imag, np.imag)):
        assert_array_equal(part.numpy(), of(Z))
        assert np.shares_memory(part.numpy(), z.numpy())
        with pytest.raises(ValueError, match="read-only view"):
            part[0] = 1.0
    part = z.imag
    z[0] = 5j
    assert part.tolist() == [5.0, -1.0]


# --- tensors as something else -------------------------------------------------------------------------------------------------


def test_the_text_of_a_complex_tensor_is_that_of_its_array() -> None:
    assert repr(ad.Tensor(Z)) == "Tensor([1.+2.j, 3.-1.j])"
    assert repr(ad.Tensor(Z.astype(np.complex64))) == "Tensor([1.+2.j, 3.-1.j], dtype=complex64)"
    assert repr(leaf(Z)) == "Tensor([1.+2.j, 3.-1.j], requires_grad=True)"
    assert f"{ad.Tensor(Z)[0]:.1f}" == "1.0+2.0j"


def test_a_complex_tensor_is_a_complex_number_but_no_real_one() -> None:
    z = ad.Tensor(Z)[0]
    assert (complex(z), z.item(), z.tolist()) == (1 + 2j, 1 + 2j, 1 + 2j)
    assert complex(ad.Tensor(2.0)) == 2
    for convert in (float, int):
        with pytest.raises(
            TypeError, match=r"^conversion to a real number: this tensor is complex\. Take complex\(z\), or its z\.real"
        ):
            convert(z)
    assert complex(leaf(1j)) == 1j
    with pytest.raises(TypeError, match="conversion to a number: this tensor requires grad"):
        cmath.exp(leaf(1j))
    with ad.no_grad():
        assert cmath.exp(leaf(0j)) == 1


def test_copies_and_pickles_are_complex() -> None:
    z = leaf(Z)
    for other in (copy.deepcopy(z), pickle.loads(pickle.dumps(z)), z.copy(), z.detach()):
        assert other.dtype == complex
        assert_array_equal(other.detach().numpy(), Z)


def test_comparisons_and_questions_are_numpys() -> None:
    z = leaf(Z)
    assert (z == Z[0]).tolist() == [True, False]
    assert (z != Z[0]).tolist() == [False, True]
    assert (z.argmax().item(), z.argmin().item(), np.argsort(-z).tolist()) == (1, 0, [1, 0])
    assert (np.iscomplexobj(z), np.isrealobj(z), np.isrealobj(z.real)) == (True, False, True)
    assert (np.iscomplex(z * [1, 0]).tolist(), np.isreal(z * [1, 0]).tolist()) == ([True, False], [False, True])
    assert np.isfinite(z).all()


def test_reductions_with_parameters_are_those_of_numpy() -> None:
    z, chosen = leaf(Z), np.array([True, False])
    for reduce in (
        lambda a: np.mean(a, where=chosen),
        lambda a: np.max(a, where=~chosen, initial=-9j),
        lambda a: np.sum(a, dtype="F"),
    ):
        y = reduce(z)
        assert y.dtype == reduce(Z).dtype
        assert_array_equal(y.detach().numpy(), reduce(Z))
