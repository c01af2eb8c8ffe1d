"""Every operation of the registry: its value, its derivatives, and what it promises about types and memory."""

import importlib
import itertools
import pkgutil
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from numpy.testing import assert_allclose, assert_array_equal
from planting import planted, with_mistake
from registry_cases import (
    ENTRIES,
    LAYOUTS,
    Case,
    cases_of,
    check_in_float16,
    cotangent,
    each_case,
    each_entry,
    gradients,
    leaves_of,
)

import autodiff as ad
from autodiff import extend
from autodiff.domain import REALS
from autodiff.registry import registry
from autodiff.testing import assert_gradient
from docs.entries import functions
from tests.samples import SAMPLES
from tests.samples.arrays import within

MODULES = [
    importlib.import_module(m.name) for m in pkgutil.walk_packages(ad.__path__, "autodiff.") if not m.name.endswith("__main__")
]


# --- values and derivatives ------------------------------------------------------------------------------------------------------


@each_entry
def test_an_operation_has_samples_and_some_have_elements(entry: Any) -> None:
    assert any(x.size for case in cases_of(entry) for x in case.arrays())


def test_samples_are_declared_of_operations_alone_each_in_the_file_of_its_family() -> None:
    named = [*ENTRIES, *functions()]
    families = {entry.name: "nn" if entry.module.startswith("nn.") else entry.module.split(".")[-1] for entry in named}
    assert len(families) >= 38
    assert {name: f"tests.samples.{families.get(name)}" for name in SAMPLES} == {n: s.__module__ for n, s in SAMPLES.items()}


@each_case
def test_the_value_is_that_of_numpy(case: Case) -> None:
    arrays = case.arrays()
    y = case.operation(leaves_of(case, arrays))
    assert isinstance(y, ad.Tensor)
    for function in (case.entry.forward, *case.entry.numpy):
        expected = case.of(function, arrays)
        assert y.shape == np.shape(expected)
        assert y.dtype == np.asarray(expected).dtype
        assert_allclose(y.numpy(), expected, rtol=1e-14)


@each_case
def test_first_and_second_derivative_are_those_of_finite_differences(case: Case) -> None:
    f, inputs = case.function()
    assert_gradient(f, *inputs, order=2)


@each_case
def test_each_argument_alone_has_the_gradient_that_it_has_together_with_the_others(case: Case) -> None:
    arrays, positions = case.arrays(), case.differentiable()
    g = cotangent(np.asarray(case.operation(arrays)))
    together = gradients(case, arrays, g)
    for position, expected in zip(positions, together, strict=True):
        leaf = ad.Tensor(arrays[position], requires_grad=True)
        case.operation([leaf if i == position else x for i, x in enumerate(arrays)]).backward(g)
        assert_allclose(leaf.grad.numpy(), expected, rtol=1e-12)


@each_case
def test_the_gradient_is_linear_in_the_cotangent(case: Case) -> None:
    arrays = case.arrays()
    y = np.asarray(case.operation(arrays))
    g, h = cotangent(y, 1), cotangent(y, 2)
    for combined, by_g, by_h in zip(
        gradients(case, arrays, 2 * g - 3 * h), gradients(case, arrays, g), gradients(case, arrays, h), strict=True
    ):
        assert_allclose(combined, 2 * by_g - 3 * by_h, rtol=1e-9, atol=1e-12)


@each_entry
def test_at_a_kink_the_derivative_is_the_stated_one(entry: Any) -> None:
    for kink in entry.kinks:
        leaves = [ad.Tensor(x, requires_grad=True) for x in kink.at]
        y = entry.call(*leaves)
        y.backward(np.full(y.shape, 3.0))
        for leaf, expected in zip(leaves, kink.gradient, strict=True):
            assert_array_equal(leaf.grad.numpy(), 3.0 * np.asarray(expected))


BROADCASTING = [entry for entry in ENTRIES if entry.elementwise and len(entry.arguments) > 1]


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in BROADCASTING])
@given(data=st.data())
def test_the_gradient_of_a_broadcast_is_the_sum_over_the_copies(entry: Any, data: st.DataObject) -> None:
    shapes = data.draw(mutually_broadcastable_shapes(num_shapes=len(entry.arguments), max_dims=3, max_side=3, min_side=0))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    arrays = [
        rng.random(shape) < 0.5 if rule is None and interval == REALS else within(interval)(rng, shape)
        for interval, shape, rule in zip(entry.domain, shapes.input_shapes, entry.rules, strict=True)
    ]

    def of(arrays: list[np.ndarray], g: np.ndarray) -> tuple[Any, list[Any]]:
        operands = [ad.Tensor(x, requires_grad=rule is not None) for x, rule in zip(arrays, entry.rules, strict=True)]
        y = entry.call(*operands)
        y.backward(g)
        return y, [t.grad.numpy() for t in operands if t.requires_grad]

    g = rng.normal(size=shapes.result_shape)
    y, found = of(arrays, g)
    y_of_copies, of_copies = of([np.broadcast_to(x, shapes.result_shape).copy() for x in arrays], g)
    assert_array_equal(y.numpy(), y_of_copies.numpy())
    by = [x for x, rule in zip(arrays, entry.rules, strict=True) if rule is not None]
    for x, gradient, copies in zip(by, found, of_copies, strict=True):
        lead = copies.ndim - x.ndim
        repeated = tuple(range(lead)) + tuple(lead + i for i, n in enumerate(x.shape) if n == 1)
        assert gradient.shape == x.shape
        assert_allclose(gradient, copies.sum(axis=repeated).reshape(x.shape), rtol=1e-9, atol=1e-9)


# --- types and memory ------------------------------------------------------------------------------------------------------------


@each_case
def test_float32_stays_float32(case: Case) -> None:
    arrays = case.arrays(np.float32)
    y = case.operation(leaves_of(case, arrays))
    assert y.dtype == case.params.get("dtype", np.float32)
    for gradient in gradients(case, arrays, cotangent(y)):
        assert gradient.dtype == np.float32


@each_case
def test_gradients_in_float16_are_those_of_float64_but_for_rounding(case: Case) -> None:
    check_in_float16(case)


@each_case
def test_a_float64_cotangent_gives_a_float32_argument_a_float32_gradient(case: Case) -> None:
    arrays = case.arrays(np.float32)
    for create_graph in (False, True):
        operands = leaves_of(case, arrays)
        y = case.operation(operands)
        y.backward(cotangent(y).astype(np.float64), create_graph=create_graph)
        assert {t.grad.dtype for t in operands if isinstance(t, ad.Tensor)} == {np.dtype(np.float32)}


@each_case
def test_a_float32_and_a_float64_argument_each_get_a_gradient_of_their_own_type(case: Case) -> None:
    positions = case.differentiable()
    for narrow in positions:
        arrays = [x.astype(np.float32) if i == narrow else x for i, x in enumerate(case.arrays())]
        y = case.operation(arrays)
        for i, gradient in zip(positions, gradients(case, arrays, cotangent(np.asarray(y))), strict=True):
            assert gradient.dtype == (np.float32 if i == narrow else np.float64)


@pytest.mark.parametrize("layout", LAYOUTS)
@each_case
def test_how_the_elements_lie_in_memory_makes_no_difference(case: Case, layout: str) -> None:
    arrays = case.arrays()
    arranged = [LAYOUTS[layout](x) for x in arrays]
    y, z = case.operation(leaves_of(case, arrays)), case.operation(leaves_of(case, arranged))
    assert_allclose(z.numpy(), y.numpy(), rtol=1e-13)
    g = cotangent(y)
    h = LAYOUTS[layout](g)
    for gradient, expected in zip(gradients(case, arranged, h), gradients(case, arrays, g), strict=True):
        assert_allclose(gradient, expected, rtol=1e-12)


def check_that_nothing_given_is_changed(case: Case) -> None:
    for create_graph in (False, True):
        arrays = case.arrays()
        before = [x.copy() for x in arrays]
        operands = leaves_of(case, arrays)
        y = case.operation(operands)
        value = y.numpy().copy()
        g = cotangent(y)
        expected = g.copy()
        y.backward(g, create_graph=create_graph)
        assert_array_equal(g, expected)
        assert_array_equal(y.numpy(), value)
        for x, old in zip(arrays, before, strict=True):
            assert_array_equal(x, old)


@each_case
def test_inputs_results_and_cotangents_are_not_changed(case: Case) -> None:
    check_that_nothing_given_is_changed(case)


@pytest.mark.parametrize("passes", [1, 2])
@each_case
def test_writing_to_one_gradient_changes_nothing_else(case: Case, passes: int) -> None:
    arrays = case.arrays()
    operands = leaves_of(case, arrays)
    y = case.operation(operands)
    g = cotangent(y)
    for _ in range(passes):
        y.backward(g, retain_graph=True)
    leaves = [t for t in operands if isinstance(t, ad.Tensor)]
    for leaf in leaves:
        others = [*arrays, g, *(t.data for t in operands if isinstance(t, ad.Tensor)), y.numpy()]
        others += [t.grad.numpy() for t in leaves if t is not leaf]
        before = [x.copy() for x in others]
        leaf.grad[...] = 7.0
        for other, old in zip(others, before, strict=True):
            assert_array_equal(other, old)


@each_case
def test_only_operations_that_say_so_share_memory_with_an_argument(case: Case) -> None:
    arrays = case.arrays()
    y = case.operation(leaves_of(case, arrays))
    assert case.entry.view or not any(np.shares_memory(y.numpy(), x) for x in arrays)


@each_case
def test_arrays_alone_give_what_numpy_gives(case: Case) -> None:
    arrays = case.arrays()
    y = case.operation(arrays)
    assert isinstance(y, (np.ndarray, np.generic))
    assert_array_equal(y, case.of(case.entry.forward, arrays))


@each_case
def test_nothing_is_recorded_where_no_gradient_is_wanted(case: Case) -> None:
    arrays = case.arrays()
    constants = case.operation([ad.Tensor(x) for x in arrays])
    assert isinstance(constants, ad.Tensor)
    assert not constants.requires_grad
    with ad.no_grad():
        inside = case.operation(leaves_of(case, arrays))
    assert isinstance(inside, ad.Tensor)
    assert not inside.requires_grad


# --- names -----------------------------------------------------------------------------------------------------------------------


@each_entry
def test_an_operation_is_a_public_function_of_its_name(entry: Any) -> None:
    if entry.module.startswith("autodiff."):
        namespace = importlib.import_module(entry.call.__module__)
        assert entry.name in namespace.__all__
        assert getattr(namespace, entry.name) is entry.call


@each_case
def test_the_numpy_functions_of_an_operation_call_it_when_given_a_tensor(case: Case) -> None:
    arrays = case.arrays()
    for function in case.entry.numpy:
        results = case.results(function, leaves_of(case, arrays))
        for y in results if isinstance(results, (tuple, list)) else [results]:
            assert isinstance(y, ad.Tensor)
            assert y.dtype.kind not in "fc" or f"grad_fn=<{case.entry.name}>" in repr(y)


def _public_names() -> list[Any]:
    found = {(m.__name__, name): getattr(m, name, None) for m in MODULES for name in getattr(m, "__all__", ())}
    inner = ("autodiff.compiling.", "autodiff.program")  # what `compile` is made of
    public = [(m, name) for m, name in sorted(found) if not m.startswith(inner) or name == "compile"]
    return [pytest.param(found[key], id=".".join(key)) for key in public if callable(found[key])]


@pytest.mark.parametrize("value", _public_names())
def test_every_public_name_has_a_docstring_with_an_example(value: Any) -> None:
    assert value.__doc__, "no docstring"
    assert ">>> " in value.__doc__, "no example"


# --- the tests above notice a mistake in any one rule ----------------------------------------------------------------------------


def _changing(change: Any) -> Any:
    """The mistake that changes what a rule gives, or each of the cotangents that the rule of a sequence gives."""

    def mistake(rule: Any) -> Any:
        def wrong(g: Any, *rest: Any) -> Any:
            result = rule(g, *rest)
            return [change(part) for part in result] if isinstance(result, list) else change(result)

        return wrong

    return mistake


def _cotangent_forgotten(rule: Any) -> Any:
    return lambda g, *rest: rule(list(map(np.ones_like, g)) if isinstance(g, (list, tuple)) else np.ones_like(g), *rest)


def _with_one_element_wrong(result: Any) -> Any:
    factor = np.ones(result.shape)
    factor[(-1,) * factor.ndim if factor.size else ...] = 1.01
    return result * factor


MISTAKES = {
    "wrong sign": _changing(lambda result: -result),
    "slightly too large": _changing(lambda result: result * 1.001),
    "zero": _changing(lambda result: result * 0),
    "cotangent forgotten": _cotangent_forgotten,
    "wrong at second order only": _changing(lambda result: result.detach() if isinstance(result, ad.Tensor) else result),
    "one element wrong": _changing(_with_one_element_wrong),
}


def _rules() -> list[Any]:
    positions = [(e, i) for e in ENTRIES for i in ([0] if e.variadic or e.scatter else [i for i, r in enumerate(e.rules) if r])]
    return [pytest.param(entry, i, id=f"{entry.name}-{i}") for entry, i in positions]


each_rule = pytest.mark.parametrize(("entry", "position"), _rules())


def _is_zero(entry: Any, position: int) -> bool:
    for case in cases_of(entry):
        for arrays in (case.arrays(), case.complex_arrays())[: 1 + case.takes_complex()]:
            operands = leaves_of(case, arrays)
            y = case.operation(operands)
            y.backward(cotangent(y))
            if entry.variadic or (isinstance(operands[position], ad.Tensor) and np.any(operands[position].grad.numpy())):
                return False
    return True


def check_derivatives_of_all_cases(entry: Any) -> None:
    cases = cases_of(entry)
    functions = [case.function() for case in cases] + [case.function_of_parts() for case in cases if case.takes_complex()]
    for f, inputs in functions:
        assert_gradient(f, *inputs, order=2)


def check_that_nothing_given_is_changed_in_all_cases(entry: Any) -> None:
    for case in cases_of(entry):
        check_that_nothing_given_is_changed(case)


def _rules_each_with_a_mistake() -> list[Any]:
    """A mistake for each rule, all kinds in turn; `mutations.py` makes every one in every rule."""
    kinds = itertools.cycle(MISTAKES)
    return [pytest.param(*rule.values, kind, id=f"{rule.id}-{kind}") for rule, kind in zip(_rules(), kinds, strict=False)]


@pytest.mark.long
@pytest.mark.parametrize(("entry", "position", "mistake"), _rules_each_with_a_mistake())
def test_a_mistake_in_a_rule_is_noticed(entry: Any, position: int, mistake: str) -> None:
    if _is_zero(entry, position):
        assert "piecewise constant" in entry.call.__doc__
        return
    wrong = with_mistake(entry, position, MISTAKES[mistake])
    with planted(entry, wrong), pytest.raises(AssertionError, match="is wrong"):
        check_derivatives_of_all_cases(entry)


def _writes_to_the_cotangent(rule: Any) -> Any:
    def wrong(g: Any, *rest: Any) -> Any:
        result = rule(g, *rest)
        for part in g if isinstance(g, (list, tuple)) else [g]:
            if isinstance(part, np.ndarray):
                part *= 2
        return result

    return wrong


@each_rule
def test_a_rule_that_writes_to_its_cotangent_is_noticed(entry: Any, position: int) -> None:
    results = [case.results(entry.forward, case.arrays()) for case in cases_of(entry)]
    if all(not isinstance(y, tuple) and np.iscomplexobj(y) for y in results):
        return  # what the real and the imaginary parts give is added up for it: nobody else has the sum
    wrong = with_mistake(entry, position, _writes_to_the_cotangent)
    with planted(entry, wrong), pytest.raises(ValueError, match="read-only"):
        check_that_nothing_given_is_changed_in_all_cases(entry)


# --- what the engine makes good, whatever a rule does -----------------------------------------------------------------------------


def check_that_gradients_of_float32_are_float32(entry: Any) -> None:
    for case in cases_of(entry):
        for create_graph in (False, True):
            operands = leaves_of(case, case.arrays(np.float32))
            y = case.operation(operands)
            y.backward(cotangent(y), create_graph=create_graph)
            assert {t.grad.dtype for t in operands if isinstance(t, ad.Tensor)} == {np.dtype(np.float32)}


@each_rule
def test_a_gradient_has_the_type_of_its_argument_whatever_type_its_rule_computes_in(entry: Any, position: int) -> None:
    with planted(entry, with_mistake(entry, position, _changing(lambda result: np.float64(1) * result))):
        check_that_gradients_of_float32_are_float32(entry)


@pytest.mark.usefixtures("registry_as_it_was")
def test_a_rule_of_a_user_may_compute_in_float64() -> None:
    extend.primitive(np.square, {"x": lambda g, x: np.float64(2) * g * x}, name="square in float64", elementwise=True)
    check_that_gradients_of_float32_are_float32(registry["square in float64"])
