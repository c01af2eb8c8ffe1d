"""Everything can be captured: forward functions and rules are array expressions that need no values to be written down."""

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from registry_cases import CASES, Case

from autodiff.compiling.arrays import RecordingArray
from autodiff.compiling.recording import Recorder
from autodiff.composites import Composite
from autodiff.core.tensor import array_of, wrap
from autodiff.ops.indexing import scatter
from autodiff.program import Program, evaluate
from docs.entries import functions
from tests.samples import calls_of

SHAPED_BY_VALUES = {"bincount", "extract", "roots", "trim_zeros", "unique"}  # a program has shapes
each_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASES if case.entry.name not in SHAPED_BY_VALUES]
)


def record(*arrays: Any) -> tuple[Any, ...]:
    """What notes the steps of a computation, and a recording array for each of `arrays`, its inputs."""
    recorder = Recorder()
    return recorder, *(recorder.input(np.array(x)) for x in arrays)


def replay(recorder: Recorder, inputs: Sequence[Any], *results: RecordingArray) -> list[Any]:
    """The values of `results` if the recorded arrays had been `inputs`."""
    program = recorder.program
    return evaluate(Program(program.inputs, program.steps, [result.value for result in results]), inputs)


def others(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Other values of the same shapes, types and domains."""
    return [np.asarray(np.flip(x).copy() * x.dtype.type(0.75 if x.dtype.kind == "f" else 1)) for x in arrays]


def check(function: Callable[..., Any], now: list[np.ndarray], later: list[np.ndarray], recorded: set[int]) -> None:
    """`function` of recording arrays gives its value, and its program what the function gives for the values of `later`."""
    recorder, *recordings = record(*now)
    results = function(*[recordings[i] if i in recorded else x for i, x in enumerate(now)])
    later = [x if i in recorded else now[i] for i, x in enumerate(later)]
    for result, expected, then in zip(*map(listed, (results, function(*now), function(*later))), strict=True):
        assert type(result) is RecordingArray
        assert_array_equal(np.asarray(result.private_value), expected, strict=True)
        assert_array_equal(np.asarray(*replay(recorder, later, result)), then, strict=True)


def listed(results: Any) -> list[Any]:
    several = results if isinstance(results, (list, tuple)) else [results]
    return [x if isinstance(x, RecordingArray) else np.asarray(x) for x in several]


@each_case
def test_a_forward_function_can_be_captured(case: Case) -> None:
    arrays = case.arrays()
    everything = set(range(len(arrays)))
    # What makes room for several arrays, or writes to one, is captured by the seam where only another one is recorded.
    alone = [{0}] if case.entry.variadic or case.entry.takes_over else [{i} for i in everything]
    for recorded in [everything, *alone]:
        check(lambda *operands: case.results(case.entry.forward, operands), arrays, others(arrays), recorded)


@each_case
def test_a_rule_can_be_captured(case: Case) -> None:
    def given(arrays: list[np.ndarray], seed: int) -> list[np.ndarray]:
        y = case.results(case.entry.forward, arrays)
        rng = np.random.default_rng(seed)
        several = isinstance(y, (tuple, list))
        cotangents = [np.asarray(rng.normal(size=part.shape)) for part in (y if several else [y])]
        return [*cotangents, *(y if several else [np.asarray(y)]), *arrays]

    now, later = given(case.arrays(), 0), given(others(case.arrays()), 1)
    count = (len(now) - len(case.arrays())) // 2  # of results

    def split(arrays: Sequence[Any]) -> tuple[Any, Any, Sequence[Any]]:
        g, y, operands = arrays[:count], arrays[count : 2 * count], arrays[2 * count :]
        return (
            (g, y, operands) if isinstance(case.results(case.entry.forward, case.arrays()), (tuple, list)) else (*g, *y, operands)
        )

    missing = case.entry.arguments[len(case.arrays()) :]
    for rule in [rule for name, rule in case.entry.formulas.items() if name not in missing]:
        for recorded in (set(range(len(now))), {0}):
            check(lambda *arrays, rule=rule: applied(rule, case, *split(arrays)), now, later, recorded)


def applied(rule: Callable[..., Any], case: Case, g: Any, y: Any, operands: Any) -> Any:
    """What `rule` gives for the cotangent and the operands: one cotangent, or those of a sequence of arrays."""
    entry = case.entry
    known = {**entry.defaults, **case.params, "y": y, "own": False, "shapes": [x.shape for x in operands]}
    if not entry.variadic:
        given = dict(zip(entry.arguments, operands, strict=False))  # those that may be missing are at the end
        known |= given | {f"{name}_shape": x.shape for name, x in given.items()}
    wanted = list(inspect.signature(rule).parameters)[1:]
    return rule(g, *(known[name] for name in wanted))


# --- the recording array itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        np.array,
        bool,
        float,
        int,
        complex,
        math.exp,
        np.float64,
        list,
        lambda x: np.array([x, x]),
        lambda x: x.item(),
        lambda x: np.zeros(3)[x],
        lambda x: np.ones(3).dot(x),
        lambda x: 0 if x else 1,
    ],
)
def test_a_recording_array_has_no_value_to_be_converted_or_decided_upon(convert: Callable[[Any], Any]) -> None:
    _, x = record(np.array(1.0))
    with pytest.raises(TypeError, match=r"the value of an array decides|unsized"):
        convert(x)


def test_a_value_that_leaks_into_the_program_is_noticed() -> None:
    x = np.array([1.0, 2.0])
    check(lambda x: x * x.sum(), [x], [x + 1], {0})
    with pytest.raises(AssertionError):
        check(lambda x: x * float(getattr(x, "private_value", x).sum()), [x], [x + 1], {0})


WRITES: list[Callable[[Any], Any]] = [
    lambda x: x.__setitem__(0, 5.0),
    lambda x: x.__setitem__(slice(1, 3), x[:2]),
    lambda x: x.__iadd__(x * 2),
    lambda x: x.__itruediv__(x + 1),
    lambda x: np.exp(x, out=x),
    lambda x: np.add.at(x, np.array([0, 0]), x[1:]),
    lambda x: np.add.at(x, [2], 1.0),
]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_recorded_and_leaves_what_was_computed_before(write: Callable[[Any], Any]) -> None:
    def program(x: Any) -> Any:
        x = x.copy()
        before = x * 1.0
        write(x)
        return [before, x]

    check(program, [np.array([1.0, 2.0, 3.0])], [np.array([0.5, -2.0, 1.0])], {0})


@pytest.mark.parametrize(
    "write",
    [
        lambda a, x: a.__iadd__(x),
        lambda a, x: np.exp(x, out=a),
        lambda a, x: np.add.at(a, np.array([0]), x[:1]),
        lambda a, x: np.sum(x, out=a),
        lambda a, x: a.__setitem__(slice(None), x),
    ],
)
def test_a_write_to_a_plain_array_is_an_error(write: Callable[[Any, Any], Any]) -> None:
    _, x = record(np.ones(3))
    with pytest.raises(TypeError, match=r"is written to an array that was made in the function|out=|decides"):
        write(np.zeros(3), x)


def test_several_results_are_recorded_each() -> None:
    x = np.array([1.5, 2.25, -3.5])
    check(lambda x: [*np.modf(x), *np.split(x, 3)], [x], [x * 1.1], {0})


def test_what_is_added_at_an_index_that_is_captured_is_added_up() -> None:
    g = np.array([1.0, 2.0, 4.0])
    recorder, part, places = record(g, np.array([0, 1, 2]))
    y = scatter([part], [places], (3,))
    assert_array_equal(*replay(recorder, [g, np.array([1, 1, 0])], y), [4, 3, 0])


# --- functions that are made of operations ---------------------------------------------------------------------------------------

FAMILIES = ("joining", "rearranging", "padding", "choosing", "sorting", "pooling")
FUNCTIONS = [c for c in functions() if c.module.split(".")[-1] in FAMILIES and c.name not in SHAPED_BY_VALUES]


def floats(x: Any) -> list[np.ndarray]:
    """The arrays of floats among the operands, also in sequences."""
    if isinstance(x, (list, tuple)):
        return [array for part in x for array in floats(part)]
    return [x] if isinstance(x, np.ndarray) and x.dtype.kind == "f" else []


def with_floats(x: Any, replacements: Iterator[Any]) -> Any:
    """The operands, with these in the place of the arrays of floats."""
    if isinstance(x, (list, tuple)):
        return type(x)(with_floats(part, replacements) for part in x)
    return next(replacements) if floats(x) else x


@pytest.mark.parametrize("function", [pytest.param(function, id=function.name) for function in FUNCTIONS])
def test_a_function_made_of_operations_can_be_captured(function: Composite) -> None:
    for call in calls_of(function):
        now = floats(call.operands)
        later = [np.asarray(x) for x in others(now)]
        recorder, *recordings = record(*now)
        results = function.call(*with_floats(call.operands, map(wrap, recordings)), **call.params)
        expected = function.call(*with_floats(call.operands, iter(later)), **call.params)
        for result, then in zip(*map(several, (results, expected)), strict=True):
            assert_array_equal(*replay(recorder, later, array_of(result)), then)


def several(results: Any) -> Any:
    return results if isinstance(results, (list, tuple)) else [results]
