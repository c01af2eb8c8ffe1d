"""A simplified program gives what the program gives, in fewer steps; each pass leaves out what it says, and nothing else."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from captured_programs import Drawn, bits, captured, run
from hypothesis import given
from numpy.testing import assert_allclose, assert_array_equal

from autodiff.compiling.recording import Recorder
from autodiff.compiling.simplify import PASSES, simplify
from autodiff.program import Program, Step, Value, changed_within, evaluate, set_item, ufunc_out

ND = np.ndarray
ROUNDING = [each for each in PASSES if "differs" in str(each.__doc__)]
EXACT = [each for each in PASSES if each not in ROUNDING]


@given(captured())
def test_a_pass_that_names_no_difference_changes_no_bit(drawn: Drawn) -> None:
    program = simplify(drawn.program, EXACT)
    for seed in range(2):
        expected = run(lambda: evaluate(drawn.program, drawn.inputs(seed)), drawn.generator, seed)  # noqa: B023
        found = run(lambda: evaluate(program, drawn.inputs(seed)), drawn.generator, seed)  # noqa: B023
        assert bits(found[0]) == bits(expected[0])
        assert found[1] == expected[1]


@given(captured(exact=True))
def test_where_nothing_rounds_all_passes_together_change_nothing(drawn: Drawn) -> None:
    program = simplify(drawn.program)
    inputs = drawn.inputs(1)
    expected, _ = run(lambda: evaluate(drawn.program, inputs), drawn.generator, 1)
    found, _ = run(lambda: evaluate(program, inputs), drawn.generator, 1)
    for y, z in zip(found, expected, strict=True):
        assert np.asarray(y).dtype == np.asarray(z).dtype
        assert_array_equal(y, z)


@given(captured())
def test_a_pass_leaves_the_program_that_it_is_given_as_it_is(drawn: Drawn) -> None:
    before = str(drawn.program)
    simplify(drawn.program)
    assert str(drawn.program) == before


@given(captured())
def test_what_is_simplified_is_not_simplified_further(drawn: Drawn) -> None:
    once = simplify(drawn.program)
    assert len(simplify(once).steps) == len(once.steps)


# --- each pass --------------------------------------------------------------------------------------------------------------------


def traced(function: Any, *arrays: Any) -> Program:
    recorder = Recorder()
    outputs = function(recorder.do, *(recorder.input(x, f"x{i}") for i, x in enumerate(arrays)))
    recorder.program.outputs = [recorder.value_of(y) for y in outputs]
    return recorder.program


def shown(program: Program) -> list[str]:
    """The steps as they are printed, without dtypes and inputs."""
    return [line.split("  #")[0] for line in str(program).splitlines() if "= input(" not in line]


X = np.arange(6.0).reshape(2, 3)


def changed(do: Any, x: Any, index: Any) -> Any:
    """`x` after `x[index] += 2`, as it is recorded."""
    part = do(operator.getitem, x, index)
    return do(set_item, x, index, do(ufunc_out, part, np.add, part, 2.0))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda do, x: [do(ND.copy, x)], []),
        (lambda do, x: [do(ND.astype, x, np.dtype(float))], []),
        (lambda do, x: [do(ND.reshape, x, (2, 3))], []),
        (lambda do, x: [do(ND.conj, x)], []),
        (lambda do, x: [do(ND.transpose, do(ND.transpose, x))], []),
        (lambda do, x: [do(np.exp, x), do(np.exp, x)], ["v1 = np.exp(x0)"]),
        (lambda do, x: [do(operator.pow, x, 2)], ["v1 = np.square(x0)"]),
        (lambda do, x: [do(np.add, x, do(np.exp, np.zeros(3)))], ["v1 = x0 + [1.0, 1.0, 1.0]"]),
        (lambda do, x: [do(np.exp, do(np.add, x, do(np.zeros_like, x)))], ["v1 = np.exp(x0)"]),
        (lambda do, x: [do(np.matmul, x, do(ND.transpose, x))], ["v1 = x0.transpose()", "v2 = x0.dot(v1)"]),
        (lambda do, x: [do(ND.sum, x, axis=(0,))], ["v1 = [1.0, 1.0].dot(x0)"]),
        (lambda do, x: [do(np.copy, x, "C")], ["v1 = np.copy(x0, 'C')"]),
        (lambda do, x: [do(np.maximum, x, 0)], ["v1 = np.maximum(x0, 0)"]),
        (lambda do, x: [changed(do, x, slice(1))], ["v1 = x0 with [:1] = np.add(it, 2.0)"]),
        (
            lambda do, x: [do(np.sum, do(ND.ravel, do(np.less, x, 1)))],
            ["v1 = x0 < 1", "v2 = v1.ravel()", "v3 = counted(v2, int64)"],
        ),
    ],
)
def test_a_step_that_is_not_needed_is_left_out_and_a_cheaper_one_taken(function: Any, expected: list[str]) -> None:
    assert shown(simplify(traced(function, X)))[:-1] == expected


@pytest.mark.parametrize(
    "function",
    [
        lambda do, x: [do(np.add, x, 1), do(np.add, x, 1.0)],
        lambda do, x: [do(np.add, x, 1), do(np.add, x, True)],
        lambda do, x: [do(np.multiply, x, 0.0), do(np.multiply, x, -0.0)],
        lambda do, x: [do(np.add, x, np.float32(1)), do(np.add, x, np.float64(1))],
        lambda do, x: [do(np.copysign, x, np.zeros(3)), do(np.copysign, x, -np.zeros(3))],
        lambda do, x: [do(np.arctan2, x, do(np.add, x, 0.0))],  # it tells 0 from -0
        lambda do, x: [do(np.random.default_rng(0).random, 3, pure=False), do(np.random.default_rng(0).random, 3, pure=False)],
    ],
)
def test_what_is_not_the_same_is_kept_apart(function: Any) -> None:
    program = traced(function, X)
    assert len(simplify(program).steps) == len(program.steps)


def test_nan_is_the_same_number_as_itself() -> None:
    program = traced(lambda do, x: [do(np.add, x, np.nan), do(np.add, x, float("nan"))], X)
    assert len(simplify(program).steps) == 1


def test_a_constant_that_raises_or_warns_is_left_to_be_computed() -> None:
    program = traced(lambda do, x: [do(np.add, x, np.ones(3))], X)
    zeros, result = Value((3,), np.dtype(float), constant=np.zeros(3)), Value((3,), np.dtype(float))
    program.steps.append(Step(np.divide, (1.0, zeros), {}, (result,)))
    program.outputs.append(result)
    assert "1.0 / [0.0, 0.0, 0.0]" in str(simplify(program))


def test_random_numbers_are_drawn_whether_they_are_used_or_not() -> None:
    numbers = np.random.default_rng(0)
    program = traced(lambda do, x: (do(numbers.random, 3, pure=False), [do(np.exp, x)])[1], X)
    assert [step.pure for step in simplify(program).steps] == [False, True]


def test_indices_of_several_arrays_are_looked_up_and_checked_once() -> None:
    rows, columns = np.arange(2), np.array([2, -1])

    def function(do: Any, x: Any, i: Any) -> list[Any]:
        y = do(np.exp, x)
        return [do(operator.getitem, x, (rows, i)), do(set_item, y, (rows, i), 0.0)]

    program = traced(function, X, columns)
    simple = simplify(program)
    assert sum(isinstance(step.args[1], tuple) for step in simple.steps if step.function is operator.getitem) == 1
    for indices in (columns, np.array([0, 1])):
        assert bits(evaluate(simple, [X, indices])) == bits(evaluate(program, [X, indices]))
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 1 with size 3"):
        evaluate(simple, [X, np.array([0, 3])])


def test_the_derivative_of_the_logistic_function_keeps_its_digits_where_it_is_nearly_zero() -> None:
    def derivative(do: Any, x: Any) -> list[Any]:
        e = do(np.exp, x)
        y = do(np.divide, e, do(np.add, e, 1.0))
        return [do(np.multiply, y, do(np.subtract, 1.0, y))]

    x = np.array([-30.0, 0.0, 2.0, 30.0])
    program = traced(derivative, x)
    exact = np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2
    assert len(simplify(program).steps) == 4
    assert_allclose(evaluate(simplify(program), [x])[0], exact, rtol=1e-15)
    assert abs(evaluate(program, [x])[0][3] / exact[3] - 1) > 1e-5


@pytest.mark.parametrize("index", [np.array([0, 1, 0]), [0], 0, (0, 0)])
def test_what_is_no_view_is_not_changed_in_place_and_what_is_gives_the_same(index: Any) -> None:
    x = np.arange(12.0).reshape(2, 3, 2)
    program = traced(lambda do, x: [changed(do, x, index)], x)
    simple = simplify(program)
    assert any(step.function is changed_within for step in simple.steps) == (type(index) in (int, tuple))
    assert bits(evaluate(simple, [x])) == bits(evaluate(program, [x]))


def test_a_part_that_is_read_otherwise_is_not_changed_in_place() -> None:
    def function(do: Any, x: Any) -> list[Any]:
        part = do(operator.getitem, x, slice(1))
        total = do(ufunc_out, part, np.add, part, 2.0)
        return [do(set_item, x, slice(1), total), total]

    program = traced(function, X)
    assert not any(step.function is changed_within for step in simplify(program).steps)
    assert bits(evaluate(simplify(program), [X])) == bits(evaluate(program, [X]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_numbers_are_rectified_by_clip(dtype: Any) -> None:
    x = np.random.default_rng(0).normal(size=(200, 200)).astype(dtype)
    x[0, :3] = np.nan, np.inf, -np.inf
    program = traced(lambda do, x: [do(np.maximum, x, 0), do(np.maximum, 0.0, x)], x)
    simple = simplify(program)
    assert {step.function for step in simple.steps} == {ND.clip}
    assert_array_equal(evaluate(simple, [x]), evaluate(program, [x]))
