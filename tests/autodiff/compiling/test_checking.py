"""What rounds differently is right; a sign is not rounding."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from registry_cases import Case, each_case

import nn
from autodiff import extend
from autodiff.compiling.checking import compare
from autodiff.compiling.recording import Recorder
from autodiff.program import Program, Step, Value, replaced, set_item


def traced(function: Callable[..., Any], inputs: Sequence[Any]) -> Program:
    """The program of `function`, which returns a list of arrays."""
    recorder = Recorder()
    names = ["x", "y", "z", "w", "v", "u", "t"]
    results = function(*(recorder.input(x, name) for x, name in zip(inputs, names, strict=False)))
    recorder.program.outputs = [recorder.value_of(y) for y in results]
    return recorder.program


def computed(
    program: Program, inputs: Sequence[Any], back_end: Callable[[Step, Any, Any], Any], cast: Any = lambda x: x
) -> list[Any]:
    """The outputs, with `back_end(step, args, kwargs)` as the result of each step, and with numbers as `cast` makes them."""
    known = {value: cast(x) for value, x in zip(program.inputs, inputs, strict=True)}

    def value(leaf: Any) -> Any:
        return cast(leaf) if not isinstance(leaf, Value) else known[leaf] if leaf.constant is None else cast(leaf.constant)

    for step in program.steps:
        with np.errstate(all="ignore"):
            y = back_end(step, replaced(step.args, value), replaced(step.kwargs, value))
        results = [x if type(x) is float else np.asarray(x) for x in (y if step.several else (y,))]
        known.update(zip(step.results, results, strict=True))
    return [value(output) for output in program.outputs]


def faithful(step: Step, args: Any, kwargs: Any) -> Any:
    return step.function(*args, **kwargs)


def with_mistake(at: Step, mistake: Callable[[Any], Any]) -> Callable[[Step, Any, Any], Any]:
    def back_end(step: Step, args: Any, kwargs: Any) -> Any:
        y = faithful(step, args, kwargs)
        return mistake(np.asarray(y)) if step is at and is_float(y) else y

    return back_end


def is_float(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic)) and np.asarray(x).dtype.kind == "f"


# --- programs ---------------------------------------------------------------------------------------------------------------------


def training_step(classes: bool) -> Callable[..., list[Any]]:
    """One step of gradient descent: the loss, the new parameters and the gradients."""

    def step(x: Any, y: Any, rate: Any, *arrays: Any) -> list[Any]:
        parameters = [extend.tensor_of(array).requires_grad_() for array in arrays]
        w, b, v, c = parameters
        hidden = nn.functional.linear(extend.tensor_of(x), w, b)
        hidden = nn.functional.relu(hidden) if classes else nn.functional.tanh(hidden)
        loss = nn.functional.cross_entropy if classes else nn.functional.mse_loss
        result = loss(nn.functional.linear(hidden, v, c), extend.tensor_of(y))
        result.backward()
        gradients = [extend.array_of(p.grad) for p in parameters]
        return [extend.array_of(result), *(a - rate * g for a, g in zip(arrays, gradients, strict=True)), *gradients]

    return step


def network(classes: bool, dtype: Any, seed: int = 0) -> tuple[Program, list[Any]]:
    rng = np.random.default_rng(seed)
    parameters = [rng.normal(size=shape) / 4 for shape in [(8, 16), (8,), (4, 8), (4,)]]
    x, *parameters = (a.astype(dtype) for a in (rng.normal(size=(12, 16)), *parameters))
    y = rng.integers(4, size=12) if classes else rng.normal(size=(12, 4)).astype(dtype)
    inputs = [x, y, 0.5, *parameters]
    return traced(training_step(classes), inputs), inputs


NETWORKS = [(classes, dtype) for classes in (False, True) for dtype in (np.float32, np.float64)]
each_network = pytest.mark.parametrize(("classes", "dtype"), NETWORKS)

# What is done with two arrays of shape (3, 4), and gives another one.
OPERATIONS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (1 + b * b),
    lambda a, b: np.tanh(a) * 3,
    lambda a, b: np.exp(np.minimum(a, 1)),
    lambda a, b: a @ b.T @ a / 4,
    lambda a, b: a - a.sum(axis=1, keepdims=True) / 4,
    lambda a, b: a - np.max(b, axis=0),
    lambda a, b: np.where(a > b, a, b),
    lambda a, b: np.concatenate([a[1:], b[:1]]),
    lambda a, b: np.reshape(a, (4, 3)).T * 1.0,
    lambda a, b: set_item_of(a, b),
]


def set_item_of(a: Any, b: Any) -> Any:
    a = a.copy()
    a[:, 1] = b[:, 0]
    return a


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Program, list[Any]]:
    """A program of a few operations on arrays that are random, in float32 or float64."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    inputs = [rng.normal(size=(3, 4)).astype(draw(st.sampled_from([np.float32, np.float64]))) for _ in range(2)]
    inputs[1] = inputs[1].astype(inputs[0].dtype)
    operations = draw(
        st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=8)
    )

    def function(*arrays: Any) -> list[Any]:
        known = [*arrays]
        for operation, i, j in operations:
            known.append(operation(known[-1 - i % len(known)], known[-1 - j % len(known)]))
        return known[2:]

    return traced(function, inputs), inputs


# --- what rounds differently ------------------------------------------------------------------------------------------------------


def reversed_sums(step: Step, args: Any, kwargs: Any) -> Any:
    """Sums and products in the opposite order."""
    if step.function is np.matmul and args[0].ndim == args[1].ndim == 2:
        terms = [args[0][:, k : k + 1] * args[1][k : k + 1] for k in reversed(range(args[0].shape[1]))]
        return sum(terms[1:], terms[0])
    if step.function in (np.sum, np.ndarray.sum, np.add.reduce) and is_float(args[0]):
        axis = None if np.ndim(faithful(step, args, kwargs)) == 0 else kwargs.get("axis", args[1] if len(args) > 1 else 0)
        return step.function(np.flip(args[0], axis), *args[1:], **kwargs)
    return faithful(step, args, kwargs)


def reciprocals_and_ulps(step: Step, args: Any, kwargs: Any) -> Any:
    """`x / y` as `x * (1 / y)`, and functions that are a unit in the last place off."""
    y = faithful(step, args, kwargs)
    if step.function is np.divide and is_float(y):
        return (args[0] * (1 / np.asarray(args[1], y.dtype))).astype(y.dtype)
    return np.nextafter(y, y.dtype.type(np.inf)) if step.function in (np.exp, np.log, np.tanh) else y


def wider(x: Any) -> Any:
    """Numbers and types of numbers of twice the width."""
    wide = {np.dtype(np.float32): np.float64, np.dtype(np.float64): np.longdouble}
    if isinstance(x, np.dtype):
        return np.dtype(wide.get(x, x))
    return x.astype(wide.get(x.dtype, x.dtype)) if isinstance(x, (np.ndarray, np.generic)) else x


def in_wider_numbers(program: Program, inputs: Sequence[Any]) -> list[Any]:
    results = computed(program, inputs, faithful, wider)
    return [np.asarray(y).astype(output.dtype) for y, output in zip(results, program.outputs, strict=True)]


BACK_ENDS: dict[str, Callable[[Program, Sequence[Any]], list[Any]]] = {
    "reversed sums": lambda program, inputs: computed(program, inputs, reversed_sums),
    "reciprocals": lambda program, inputs: computed(program, inputs, reciprocals_and_ulps),
    "wider numbers": in_wider_numbers,
}
each_back_end = pytest.mark.parametrize("back_end", [pytest.param(f, id=name) for name, f in BACK_ENDS.items()])


@each_back_end
@each_network
def test_what_rounds_differently_is_right(classes: bool, dtype: Any, back_end: Callable[..., list[Any]]) -> None:
    program, inputs = network(classes, dtype)
    found = compare(program, inputs, back_end(program, inputs))
    assert found.complaints == []
    assert 0 < found.used < 0.5


@each_back_end
@given(drawn())
def test_whatever_rounds_differently_is_right(back_end: Callable[..., list[Any]], case: tuple[Program, list[Any]]) -> None:
    assert compare(*case, back_end(*case)).complaints == []


LEFT_OUT = {"nextafter", "spacing"}  # have other values in wider numbers
LEFT_OUT |= {"roots"}  # has a shape that depends on values


@each_case
def test_every_operation_computed_in_float64_is_right_for_float32(case: Case) -> None:
    inputs = case.arrays(np.float32)
    if case.entry.name in LEFT_OUT or case.params.get("steps"):
        pytest.skip("depends on the type itself or on values, or writes through a view")
    with np.errstate(all="ignore"):
        program = traced(lambda *arrays: listed(case.results(case.entry.forward, arrays)), inputs)
        assert compare(program, inputs, in_wider_numbers(program, inputs)).complaints == []


def listed(results: Any) -> list[Any]:
    return [*results] if isinstance(results, (list, tuple)) else [results]


def test_a_long_sum_of_equal_terms_is_right_in_any_order() -> None:
    x = np.full(2000, 0.1, np.float32)
    program = traced(lambda x: [x.sum()], [x])
    one_by_one = np.cumsum(x)[-1:].reshape(())
    assert abs(one_by_one - x.sum()) > 100 * np.spacing(x.sum())
    assert compare(program, [x], [one_by_one]).complaints == []


# --- mistakes ---------------------------------------------------------------------------------------------------------------------

MISTAKES: dict[str, Callable[[Any], Any]] = {
    "a sign": np.negative,
    "a factor of two": lambda y: y + y,
    "one element": lambda y: np.where(np.arange(y.size).reshape(y.shape) == y.size // 2, y * y.dtype.type(1.5), y),
    "off by one": lambda y: np.roll(y, 1),
    "in float16": lambda y: y.astype(np.float16).astype(y.dtype),
    "stale": lambda y: y * y.dtype.type(0.9),
}
each_mistake = pytest.mark.parametrize("mistake", [pytest.param(f, id=name) for name, f in MISTAKES.items()])
VISIBLE = 3e3  # so many units in the last place of the largest element of an output are seen in it, whatever the program


def furthest(wrong: list[Any], right: list[Any]) -> float:
    """How far the results are apart, in units in the last place of the largest element of each."""
    units = [
        np.max(np.abs(x - y)) / (np.finfo(y.dtype).eps * np.max(np.abs(y))) for x, y in zip(wrong, right, strict=True) if np.any(y)
    ]
    return float(max(units, default=0))


@each_mistake
@each_network
def test_a_mistake_is_found_in_each_step(classes: bool, dtype: Any, mistake: Callable[[Any], Any]) -> None:
    program, inputs = network(classes, dtype)
    right = computed(program, inputs, faithful)
    planted = 0
    for step in program.steps:
        wrong = computed(program, inputs, with_mistake(step, mistake))
        if furthest(wrong, right) > VISIBLE:
            assert compare(program, inputs, wrong).complaints, step
            planted += 1
    assert planted > (0 if mistake is MISTAKES["in float16"] else 10)


@each_mistake
@given(st.data())
def test_a_mistake_is_found_wherever_it_is_visible(mistake: Callable[[Any], Any], data: st.DataObject) -> None:
    program, inputs = data.draw(drawn())
    right = computed(program, inputs, faithful)
    wrong = computed(program, inputs, with_mistake(data.draw(st.sampled_from(program.steps)), mistake))
    assume(all(np.isfinite(y).all() for y in (*right, *wrong)) and furthest(wrong, right) > VISIBLE)
    assert compare(program, inputs, wrong).complaints


@each_network
def test_a_sign_is_not_rounding(classes: bool, dtype: Any) -> None:
    program, inputs = network(classes, dtype)
    right = computed(program, inputs, faithful)
    for i, y in enumerate(right):
        assert compare(program, inputs, [*right[:i], -y, *right[i + 1 :]]).used > 1e-4 / np.finfo(dtype).eps


@each_network
def test_a_missing_term_is_found(classes: bool, dtype: Any) -> None:
    program, inputs = network(classes, dtype)

    def without_the_last(at: Step) -> Callable[[Step, Any, Any], Any]:
        def back_end(step: Step, args: Any, kwargs: Any) -> Any:
            if step is not at:
                return faithful(step, args, kwargs)
            if step.function is np.matmul:
                return args[0][..., :-1] @ (args[1][:-1] if args[1].ndim == 1 else args[1][..., :-1, :])
            return np.broadcast_to(args[0], np.shape(args[0] + args[1]))

        return back_end

    right = computed(program, inputs, faithful)
    for step in program.steps:
        if step.function in (np.matmul, np.add):
            wrong = computed(program, inputs, without_the_last(step))
            assert furthest(wrong, right) < VISIBLE or compare(program, inputs, wrong).complaints, step


def test_the_state_of_the_previous_step_is_found() -> None:
    program, inputs = network(True, np.float32)
    right, previous = computed(program, inputs, faithful), inputs[3:]
    for i, stale in enumerate(previous, 1):
        assert compare(program, inputs, [*right[:i], stale, *right[i + 1 :]]).complaints


# --- what makes no errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.copy(),
        lambda x: np.transpose(x)[1:],
        lambda x: np.concatenate([x, x]),
        lambda x: np.where(x > 0, x, 0),
        lambda x: np.max(x, axis=1),
        lambda x: np.minimum.reduce(x),
        lambda x: -np.abs(x),
        lambda x: np.sort(x),
        lambda x: set_item_of(x, x),
    ],
)
def test_what_moves_or_selects_is_exact(function: Callable[[Any], Any]) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    program = traced(lambda x: [function(x)], [x])
    (y,) = computed(program, [x], faithful)
    assert compare(program, [x], [y]).complaints == []
    assert compare(program, [x], [np.nextafter(y, np.inf)]).complaints


def test_whole_numbers_are_computed_exactly() -> None:
    inputs = [np.array([3.0, 5.0]), np.array([7, 2])]
    program = traced(lambda t, n: [t + 1, (t * t).sum(), n * 2, n > 3], inputs)
    right = [np.array([4.0, 6.0]), np.array(34.0), np.array([14, 4]), np.array([True, False])]
    assert compare(program, inputs, right).complaints == []
    wrong = [np.nextafter(right[0], 9), np.nextafter(right[1], 99), right[2] + 1, ~right[3]]
    assert len(compare(program, inputs, wrong).complaints) == 4


def test_nan_and_infinities_are_in_the_same_places() -> None:
    x = np.array([0.0, -1.0, np.inf, 2.0])
    with np.errstate(all="ignore"):
        program = traced(lambda x: [np.log(x) * 2], [x])
    right = np.array([-np.inf, np.nan, np.inf, 2 * np.log(2)])
    assert compare(program, [x], [right]).complaints == []
    for i in range(4):
        for other in {np.nan, np.inf, -np.inf, 1.0} - {right[i]}:
            if not (i == 1 and np.isnan(other)):
                wrong = right.copy()
                wrong[i] = other
                assert len(compare(program, [x], [wrong]).complaints) == 1, (i, other)


def test_what_was_drawn_is_drawn_once() -> None:
    rng = np.random.default_rng(0)
    drawn = Value((3,), np.dtype(float))
    program = Program([], [Step(rng.normal, (), {"size": 3}, (drawn,), pure=False)], [drawn])
    expected = np.random.default_rng(0).normal(size=4)
    assert compare(program, [], [expected[:3]]).complaints == []
    assert rng.normal() == expected[3]


# --- what rounding decides --------------------------------------------------------------------------------------------------------


def test_where_rounding_decides_either_is_right() -> None:
    x = np.array([0.1, 0.55])
    program = traced(lambda x: [np.floor(x / 0.1), np.where(x / 0.1 > 1, x, -x)], [x])
    for floor in (0.0, 1.0):
        for chosen in (0.1, -0.1):
            assert compare(program, [x], [np.array([floor, 5.0]), np.array([chosen, 0.55])]).complaints == []
    assert len(compare(program, [x], [np.array([1.0, 4.0]), np.array([0.1, -0.55])]).complaints) == 2


def test_the_largest_element_is_itself_whatever_rounds() -> None:
    x = np.random.default_rng(0).normal(size=(20, 5))

    def is_largest(x: Any) -> list[Any]:
        y = np.exp(x)
        return [y == np.max(y, axis=1, keepdims=True)]

    program = traced(is_largest, [x])
    (right,) = computed(program, [x], faithful)
    assert compare(program, [x], [right]).complaints == []
    for i in range(20):
        wrong = right.copy()
        wrong[i] = np.roll(wrong[i], 1)
        assert compare(program, [x], [wrong]).complaints


def test_what_can_hardly_be_judged_is_said() -> None:
    x = np.array([0.1, 0.7])
    program = traced(lambda x: [(x + 1e9) - x - 1e9], [x])
    (found,) = compare(program, [x], computed(program, [x], faithful)).undecided
    assert found.startswith("output 0, v3, can hardly be judged: rounding explains more than the largest element, ")
    assert "for 2 of 2.\n  computed at " in found
    assert found.endswith("v3 = v2 - 1000000000.0  # float64 (2,)")


# --- the texts --------------------------------------------------------------------------------------------------------------------


def test_a_complaint_says_which_where_and_how_much() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    program = traced(lambda x: [x * 0.5, np.exp(x)], [x])
    wrong = np.exp(x)
    wrong[1, 0] = 20.5
    (text,) = compare(program, [x], [x * 0.5, wrong]).complaints
    line, where, step = text.split("\n")
    assert line.startswith(
        "output 1, v2, is wrong: element [1, 0] is 20.5, wanted 20.085536923187668. Rounding explains a difference of 1."
    )
    assert line.endswith("times as large. 1 of 4 elements are too far off.")
    assert where.startswith(f"  computed at {__file__}:")
    assert step == "  v2 = np.exp(x)  # float64 (2, 2)"


def test_complaints_come_in_the_order_of_the_program() -> None:
    x = np.array([1.0, 2.0])
    program = traced(lambda x: [y := np.exp(x), x * 2, y + 1], [x])
    program.outputs.reverse()
    right = computed(program, [x], faithful)
    texts = compare(program, [x], [-y for y in right]).complaints
    assert [text.partition(",")[0] for text in texts] == ["output 2", "output 1", "output 0"]


def test_another_shape_or_type_is_wrong() -> None:
    x = np.array([1.0, 2.0])
    program = traced(lambda x: [np.exp(x)], [x])
    for wrong in (np.exp(x)[:, None], np.exp(x).astype(np.float32)):
        (text,) = compare(program, [x], [wrong]).complaints
        assert text.startswith(f"output 0, v1, is {wrong.dtype} {wrong.shape}, wanted float64 (2,).\n  computed at ")


def test_a_number_of_python_is_what_it_is() -> None:
    program = traced(lambda rate, x: [rate * 0.5, x * rate], [0.3, np.ones(2)])
    assert program.steps[0].function is operator.mul
    assert compare(program, [0.3, np.ones(2)], [0.15, np.ones(2) * 0.3]).complaints == []
    assert compare(program, [0.3, np.ones(2)], [0.15000000000000002, np.ones(2) * 0.3]).complaints


def test_a_write_is_exact_but_for_what_is_written() -> None:
    x = np.array([1.0, 2.0, 3.0])
    program = traced(lambda x: [set_to_the_exponential(x)], [x])
    assert program.steps[-1].function is set_item
    right = np.array([np.e, 2.0, 3.0])
    assert compare(program, [x], [right * [1 + 1e-15, 1, 1]]).complaints == []
    assert compare(program, [x], [right * [1, 1 + 1e-15, 1]]).complaints


def set_to_the_exponential(x: Any) -> Any:
    x = x.copy()
    x[0] = np.exp(x[0])
    return x
