"""Functions to functions: `grad` and `value_and_grad`."""

import threading
from typing import Any

import numpy as np
import pytest
from finite_differences import derivative
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


def f(x: Any) -> Any:
    return np.sum(np.exp(x) * x**2) / (1 + np.sum(x * x))


X = np.array([0.5, -1.0, 2.0])


def test_the_gradient_of_a_function_of_arrays_is_an_array() -> None:
    value, gradient = ad.value_and_grad(f)(X)
    assert type(gradient) is np.ndarray
    assert not isinstance(value, (ad.Tensor, memoryview))
    assert_allclose(value, f(X))
    assert_allclose(gradient, derivative(f, X), rtol=1e-8)
    assert_array_equal(ad.grad(f)(X), gradient)


@pytest.mark.parametrize("argument", [2.0, np.float64(2.0), np.float32(2.0)])
def test_the_derivative_of_a_function_of_a_number_is_a_number(argument: Any) -> None:
    value, gradient = ad.value_and_grad(lambda x: x**3)(argument)
    assert np.ndim(value) == np.ndim(gradient) == 0
    assert isinstance(gradient, (float, np.floating))
    assert isinstance(value, (float, np.floating))
    assert (value, gradient) == (8.0, 12.0)
    assert np.asarray(gradient).dtype == np.asarray(argument).dtype


def test_types_and_shapes_of_arguments_are_those_of_gradients() -> None:
    for x in (X.astype(np.float32), X.reshape(3, 1), np.zeros((0, 3)), np.array(2.0), np.ones((2, 3)).T, np.ones(6)[::2]):
        gradient = ad.grad(lambda x: np.sum(x * x))(x)
        assert isinstance(gradient, np.ndarray)
        assert (gradient.shape, gradient.dtype) == (x.shape, x.dtype)
        assert_array_equal(gradient, 2 * x)
        assert gradient.flags.writeable
        assert not np.shares_memory(gradient, x)


def test_a_list_is_an_argument() -> None:
    assert_array_equal(ad.grad(lambda x: (x * x).sum())([1.0, 2.0]), [2.0, 4.0])


def test_an_array_in_any_byte_order_and_read_only_arrays_are_arguments() -> None:
    x = X.astype(">f8")
    x.flags.writeable = False
    assert_allclose(ad.grad(f)(x), ad.grad(f)(X))


# --- which arguments -------------------------------------------------------------------------------------------------------------


def g(x: Any, y: Any, z: Any = 1.0) -> Any:
    return np.sum(x * x * y) * z


def test_argnums_selects_the_arguments() -> None:
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    by_x, by_y = 2 * x * y, x * x
    assert_array_equal(ad.grad(g)(x, y), by_x)
    assert_array_equal(ad.grad(g, 1)(x, y), by_y)
    assert_array_equal(ad.grad(g, argnums=1)(x, y, z=2.0), 2 * by_y)
    for argnums in ((1, 0), [1, 0], np.array([1, 0])):
        second, first = ad.grad(g, argnums)(x, y)
        assert_array_equal(first, by_x)
        assert_array_equal(second, by_y)
    (only,) = ad.grad(g, (0,))(x, y)
    assert_array_equal(only, by_x)
    assert_array_equal(ad.grad(g, np.int64(1))(x, y), by_y)
    value, (first, third) = ad.value_and_grad(g, (0, 2))(x, y, 5.0)
    assert value == 5.0 * (x * x * y).sum()
    assert_array_equal(first, 5 * by_x)
    assert third == (x * x * y).sum()


def test_a_negative_argnum_counts_from_the_end() -> None:
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    try:
        gradient = ad.grad(g, -1)(x, y)
    except (TypeError, ValueError, IndexError):
        return
    assert_array_equal(gradient, x * x)


def test_an_argument_that_is_not_there_is_an_error_that_says_so() -> None:
    for call in (lambda: ad.grad(g, 2)(X, X), lambda: ad.grad(g)(x=X, y=X), lambda: ad.grad(g, 5)(X, X, 1.0)):
        with pytest.raises((TypeError, ValueError, IndexError), match=r"grad: .*argument"):
            call()


def test_keyword_arguments_are_passed_on() -> None:
    assert_array_equal(ad.grad(lambda x, *, scale: (x * scale).sum())(X, scale=3.0), np.full(3, 3.0))


def test_an_argument_that_is_not_used_has_gradient_zero() -> None:
    by_x, by_y = ad.grad(lambda x, y: (x * x).sum(), (0, 1))(X, np.ones((2, 2), np.float32))
    assert_array_equal(by_x, 2 * X)
    assert_array_equal(by_y, np.zeros((2, 2)))
    assert by_y.dtype == np.float32
    assert ad.grad(lambda x: 3.0)(2.0) == 0.0


@pytest.mark.parametrize("result", [3.0, 3, np.float64(3.0), np.array(3.0), np.array([3.0]), ad.Tensor(3.0), np.int64(3)])
def test_a_constant_function_has_its_value_and_gradient_zero(result: Any) -> None:
    value, gradient = ad.value_and_grad(lambda x: result)(X)
    assert not isinstance(value, memoryview)
    assert float(np.asarray(value).item()) == 3.0
    assert_array_equal(gradient, np.zeros(3))


def test_the_result_of_the_identity_shares_no_memory_with_the_argument() -> None:
    x = np.array([2.0])
    value, gradient = ad.value_and_grad(lambda x: x)(x)
    assert_array_equal(gradient, [1.0])
    assert not np.shares_memory(value, x)
    assert not np.shares_memory(gradient, x)


# --- errors ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "argument",
    [2, np.array([1, 2]), True, "a", [1, 2], None, ad.Tensor([1, 2])],
    ids=lambda a: f"{type(a).__name__}-{a}",
)
def test_only_floating_point_arguments_can_be_differentiated_by(argument: Any) -> None:
    with pytest.raises(TypeError, match=r"grad: argument 1 is .*wanted floating-point numbers"):
        ad.grad(lambda x, y: x, 1)(1.0, argument)


@pytest.mark.parametrize(
    "result", [X, None, "a", [1.0], (1.0,), {}, 1j, np.array(1j), np.zeros(0), ad.Tensor([1.0, 2.0])], ids=repr
)
def test_a_function_that_does_not_return_one_number_is_an_error(result: Any) -> None:
    with pytest.raises(TypeError, match="grad: the function must return a single real number, but it returned"):
        ad.grad(lambda x: result)(X)


def test_the_error_describes_what_was_returned() -> None:
    with pytest.raises(TypeError, match=r"it returned Tensor of shape \(3,\) and dtype float64"):
        ad.grad(lambda x: x * 2)(X)


def test_an_error_inside_the_function_passes_through_and_leaves_recording_as_it_was() -> None:
    def fails(x: Any) -> Any:
        raise KeyError("inside")

    with ad.no_grad():
        with pytest.raises(KeyError, match="inside"):
            ad.grad(fails)(X)
        assert not ad.is_grad_enabled()
    assert ad.is_grad_enabled()


# --- purity ----------------------------------------------------------------------------------------------------------------------


def test_no_grad_attribute_is_touched() -> None:
    x, w = leaf(X.copy()), leaf([1.0, 2.0, 3.0])
    w.grad = ad.Tensor([7.0, 7.0, 7.0])
    hooked: list[Any] = []
    w.register_hook(lambda g: hooked.append(g))
    gradient = ad.grad(lambda x: (x * x * w).sum())(x)
    assert isinstance(gradient, ad.Tensor)
    assert_allclose(gradient.numpy(), 2 * X * [1.0, 2.0, 3.0])
    assert x.grad is None
    assert_array_equal(w.grad.numpy(), [7.0, 7.0, 7.0])
    assert not hooked


def test_arguments_are_not_changed() -> None:
    x = X.copy()
    x.flags.writeable = False
    ad.grad(f)(x)
    assert_array_equal(x, X)


def test_the_graph_of_a_closure_is_not_freed() -> None:
    w = leaf([1.0, 2.0, 3.0])
    h = np.exp(w)
    for context in (ad.enable_grad, ad.no_grad):
        with context():
            for _ in range(2):
                ad.grad(lambda x: (x * h).sum())(X)
    h.sum().backward()
    assert_allclose(w.grad.numpy(), np.exp([1.0, 2.0, 3.0]))


def test_a_gradient_by_an_argument_flows_on_to_closures_that_require_grad() -> None:
    w = leaf([1.0, 2.0, 3.0])
    value, gradient = ad.value_and_grad(lambda x: (x * x * np.exp(w)).sum())(X)
    assert isinstance(gradient, ad.Tensor)
    assert gradient.requires_grad
    assert isinstance(value, ad.Tensor)
    gradient.sum().backward(retain_graph=True)  # both have exp(w) in common
    assert_allclose(w.grad.numpy(), 2 * X * np.exp([1.0, 2.0, 3.0]))
    w.grad = None
    value.backward()
    assert_allclose(w.grad.numpy(), X * X * np.exp([1.0, 2.0, 3.0]))


def test_a_closure_that_is_a_constant_leaves_arrays_arrays() -> None:
    c = ad.Tensor([1.0, 2.0, 3.0])
    assert type(ad.grad(lambda x: (x * c).sum())(X)) is np.ndarray


def test_the_result_for_a_tensor_is_a_tensor() -> None:
    gradient = ad.grad(f)(ad.Tensor(X))
    assert isinstance(gradient, ad.Tensor)
    assert not gradient.requires_grad
    assert_allclose(gradient.numpy(), ad.grad(f)(X))


def test_a_gradient_by_a_computed_tensor_flows_on_to_its_leaves() -> None:
    x = leaf([1.0, 2.0])
    h = x * x
    gradient = ad.grad(lambda h: (h * h * h).sum())(h)
    gradient.sum().backward()
    assert_allclose(x.grad.numpy(), 6 * np.array([1.0, 4.0]) * 2 * np.array([1.0, 2.0]))


# --- nesting ---------------------------------------------------------------------------------------------------------------------


def test_derivatives_nest_to_the_third_order() -> None:
    cube = lambda x: x**5
    assert ad.grad(cube)(2.0) == 80.0
    assert ad.grad(ad.grad(cube))(2.0) == 160.0
    assert ad.grad(ad.grad(ad.grad(cube)))(2.0) == 240.0
    assert type(ad.grad(ad.grad(ad.grad(cube)))(2.0)) in (float, np.float64)


def test_derivatives_nest_inside_no_grad() -> None:
    with ad.no_grad():
        assert ad.grad(ad.grad(lambda x: np.exp(x * 2)))(0.5) == pytest.approx(4 * np.e)
        assert_allclose(ad.grad(f)(X), derivative(f, X), rtol=1e-8)
        assert not ad.is_grad_enabled()


def test_inner_and_outer_variables_are_not_confused() -> None:
    assert ad.grad(lambda x: x * ad.grad(lambda y: x + y)(1.0))(1.0) == 1.0  # Siskind and Pearlmutter's perturbation confusion
    assert ad.grad(lambda x: x * ad.grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert ad.grad(lambda x: ad.grad(lambda y: x * y * y)(2.0))(3.0) == 4.0
    assert ad.grad(lambda x: ad.grad(lambda y: x * y * y)(x))(3.0) == 12.0


def test_mixed_second_derivatives_are_symmetric() -> None:
    h = lambda x, y: np.sum(np.exp(x * y) * x)
    x, y = np.array(0.3), np.array(0.7)
    xy = ad.grad(lambda x, y: ad.grad(h, 1)(x, y))(x, y)
    yx = ad.grad(lambda x, y: ad.grad(h, 0)(x, y), 1)(x, y)
    assert type(xy) is type(yx) is np.ndarray
    assert_allclose(xy, yx, rtol=1e-12)
    assert_allclose(xy, derivative(lambda x: float(ad.grad(h, 1)(x, y)), x), rtol=1e-7)


def test_a_hessian_by_rows() -> None:
    hessian = np.array([ad.grad(lambda x, i=i: ad.grad(f)(x)[i])(X) for i in range(3)])
    expected = np.array([derivative(lambda x, i=i: float(ad.grad(f)(x)[i]), X) for i in range(3)])
    assert_allclose(hessian, expected, rtol=1e-6, atol=1e-8)
    assert_allclose(hessian, hessian.T, rtol=1e-10, atol=1e-12)


def test_a_step_of_gradient_descent_can_be_differentiated_by_its_learning_rate() -> None:
    loss = lambda x: np.sum((x - 3.0) ** 2)
    after = lambda rate: loss(X - rate * ad.grad(loss)(ad.Tensor(X)))
    assert_allclose(ad.grad(after)(0.1), derivative(lambda rate: float(after(rate)), np.array(0.1)), rtol=1e-8)


def test_assignment_inside_the_function() -> None:
    def running(x: Any) -> Any:
        out = ad.Tensor(np.zeros(3))
        out[0] = x[0]
        for i in range(1, 3):
            out[i] = out[i - 1] * x[i]
        return out.sum()

    assert_allclose(ad.grad(running)(X), derivative(lambda x: x[0] + x[0] * x[1] + x[0] * x[1] * x[2], X), rtol=1e-8)


def test_transforms_run_in_several_threads() -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(ad.grad(f)(X))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for gradient in found:
        assert_array_equal(gradient, found[0])


def test_a_position_that_the_call_does_not_have_is_named() -> None:
    text = r"^grad: argnums is 3, but the function was called with 1 arguments by position\.$"
    with pytest.raises(TypeError, match=text):
        ad.grad(lambda x: x, 3)(1.0)


# --- what a function returns beside its value ------------------------------------------------------------------------------------


def with_aux(x: Any) -> Any:
    y = np.exp(x)
    return np.sum(y * x), {"y": y, "x": x, "name": "y", "parts": [y[0], None, 3]}


def test_the_structure_of_results_with_aux_is_that_of_jax() -> None:
    (value, aux), gradient = ad.value_and_grad(with_aux, has_aux=True)(X)
    again, same = ad.grad(with_aux, has_aux=True)(X)
    third, pullback, too = ad.vjp(with_aux, X, has_aux=True)
    assert_allclose(value, np.sum(np.exp(X) * X))
    assert value == third
    for found in (gradient, again, pullback(1.0)[0]):
        assert_allclose(found, np.exp(X) * (1 + X))
    for found in (aux, same, too):
        assert_allclose(found["y"], np.exp(X))
        assert type(found["y"]) is type(found["x"]) is np.ndarray
        assert found["name"] == "y"
        assert found["parts"] == [np.exp(X[0]), None, 3]
        assert not np.shares_memory(found["x"], X)


def test_aux_is_anything_and_not_differentiated() -> None:
    for aux in (None, "text", (), object(), [1, 2], ad.Tensor([1, 2])):
        gradient, found = ad.grad(lambda x, aux=aux: (x * x, aux), has_aux=True)(3.0)
        assert gradient == 6.0
        assert found is aux or type(found) in (np.ndarray, list, tuple)


def test_aux_has_its_graph_where_others_are_differentiated_by() -> None:
    w = leaf([1.0, 2.0, 3.0])
    gradient, aux = ad.grad(lambda x: ((x * x).sum(), x * x * w), has_aux=True)(X)
    assert type(gradient) is np.ndarray
    aux.sum().backward()
    assert_allclose(w.grad.numpy(), X * X)
    with ad.no_grad():
        assert type(ad.grad(lambda x: ((x * x).sum(), x * w), has_aux=True)(X)[1]) is np.ndarray
    outer = lambda x: np.sum(ad.grad(lambda y: (np.sum(y * y), y * x), has_aux=True)(X)[1])
    assert_allclose(ad.grad(outer)(X), X)


def test_transforms_of_functions_with_aux_nest() -> None:
    first = ad.grad(lambda x: (x**3, x * 2), has_aux=True)
    assert ad.grad(first, has_aux=True)(2.0) == (12.0, 4.0)
    assert ad.grad(lambda x: (x**3, {"x": x}), (0,), has_aux=True)(2.0) == ((12.0,), {"x": 2.0})


@pytest.mark.parametrize(
    ("result", "given"), [(3.0, "float"), ((1.0, 2, 3), "a tuple of 3"), ([1.0, 2], "list"), (X, r"ndarray of shape \(3,\)")]
)
def test_a_function_that_returns_no_pair_is_an_error(result: Any, given: str) -> None:
    text = rf"with has_aux=True the function must return \(value, aux\), but it returned {given}"
    for call, name in (
        (ad.grad(lambda x: result, has_aux=True), "grad"),
        (lambda x: ad.vjp(lambda x: result, x, has_aux=True), "vjp"),
    ):
        with pytest.raises(TypeError, match=f"^{name}: {text}"):
            call(X)
    with pytest.raises(TypeError, match=r"^grad: the function must return a single real number, but it returned tuple"):
        ad.grad(lambda x: (x.sum(), None))(X)
    with pytest.raises(TypeError, match=r"^grad: the function must return a single real number, but it returned Tensor of shape"):
        ad.grad(lambda x: (x, None), has_aux=True)(X)


# --- constants in the middle -----------------------------------------------------------------------------------------------------


def test_no_gradient_flows_through_stop_gradient() -> None:
    assert ad.grad(lambda x: x * ad.stop_gradient(x))(3.0) == 3.0
    assert ad.grad(ad.grad(lambda x: x**2 * ad.stop_gradient(x)))(3.0) == 6.0
    assert ad.grad(lambda x: ad.grad(lambda y: y * ad.stop_gradient(x))(x))(3.0) == 0.0
    assert ad.jvp(lambda x: (x, ad.stop_gradient(x)), (3.0,), (1.0,)) == ((3.0, 3.0), (1.0, 0.0))
    assert_array_equal(ad.jacobian(ad.stop_gradient)(X), np.zeros((3, 3)))
    found = ad.grad(lambda p: np.sum(ad.stop_gradient(p)["a"] * p["a"]) * p["b"][0])({"a": X, "b": [2.0]})
    assert_array_equal(found["a"], 2 * X)


def test_stop_gradient_changes_nothing_else() -> None:
    x, other = leaf(X), object()
    given = {"x": (x, None), "others": [X, 3, "text", other]}
    found = ad.stop_gradient(given)
    assert not found["x"][0].requires_grad
    assert_array_equal(found["x"][0].numpy(), X)
    assert found["x"][1] is None
    assert found["others"][0] is X
    assert found["others"][1:] == [3, "text", other]
    assert given["x"][0] is x
    assert ad.stop_gradient(3.0) == 3.0
