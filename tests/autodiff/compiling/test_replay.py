"""A program as a Python function gives what the program gives, run after run, and touches nothing that is not its own."""

from __future__ import annotations

import linecache
import operator
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest
from captured_programs import Drawn, bits, captured, replayed, run, shared, traced
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import autodiff as ad
from autodiff import extend
from autodiff.compiling.replay import CHANGED, Replay, build
from autodiff.program import evaluate

ND = np.ndarray


@given(captured())
def test_a_replay_gives_what_the_program_gives_to_the_last_bit(drawn: Drawn) -> None:
    replayed(drawn)


@given(captured(exact=True))
def test_a_simplified_replay_gives_the_same_where_nothing_rounds(drawn: Drawn) -> None:
    replay = build(drawn.program, drawn.inputs(0))
    for seed in range(2):
        expected = run(lambda: evaluate(drawn.program, drawn.inputs(seed)), drawn.generator, seed)[0]  # noqa: B023
        found = run(lambda: replay(drawn.inputs(seed)), drawn.generator, seed)[0]  # noqa: B023
        assert all(np.array_equal(y, z) for y, z in zip(found, expected, strict=True))


@given(captured(), st.data())
def test_an_output_goes_into_an_input_when_all_is_read(drawn: Drawn, data: Any) -> None:
    outputs, inputs = drawn.program.outputs, drawn.program.inputs
    pairs = [
        (k, i) for k, y in enumerate(outputs) for i, x in enumerate(inputs) if x.dtype and (x.shape, x.dtype) == (y.shape, y.dtype)
    ]
    chosen = data.draw(st.lists(st.sampled_from(pairs), unique_by=(lambda p: p[0], lambda p: p[1]))) if pairs else []
    with np.errstate(all="ignore"):
        replay = build(drawn.program, drawn.inputs(0), into=dict(chosen), passes=())
    for seed in range(2):
        given, untouched = drawn.inputs(seed), drawn.inputs(seed)
        expected = run(lambda: evaluate(drawn.program, untouched), drawn.generator, seed)[0]  # noqa: B023
        found = run(lambda: replay(given), drawn.generator, seed)[0]  # noqa: B023
        assert bits(found) == bits(expected)
        for k, i in chosen:
            assert found[k] is given[i]
        kept = [i for i in range(len(inputs)) if i not in dict(chosen).values()]
        assert bits([given[i] for i in kept]) == bits([untouched[i] for i in kept])


@given(captured())
def test_an_output_that_may_be_overwritten_is_right_until_it_is(drawn: Drawn) -> None:
    with np.errstate(all="ignore"):
        replay = build(drawn.program, drawn.inputs(0), reused=range(len(drawn.program.outputs)), passes=())
    for seed in range(2):
        expected = run(lambda: evaluate(drawn.program, drawn.inputs(seed)), drawn.generator, seed)[0]  # noqa: B023
        found = run(lambda: replay(drawn.inputs(seed)), drawn.generator, seed)[0]  # noqa: B023
        assert bits(found) == bits(expected)
        assert not shared(found, of=len(found))


# --- a training step --------------------------------------------------------------------------------------------------------------


def training_step(do: Any, x: Any, y: Any, rate: Any, *parameters: Any) -> list[Any]:
    """A step down the gradient of a mean square, computed by a backward pass."""
    w, b, v = (extend.tensor_of(p).requires_grad_() for p in parameters)
    h = ad.exp(-ad.maximum(extend.tensor_of(x) @ w + b, 0.0))
    loss = ((h @ v - extend.tensor_of(y)) ** 2).mean()
    loss.backward()
    gradients = [extend.array_of(p.grad) for p in (w, b, v)]
    return [extend.array_of(loss), *(p - rate * g for p, g in zip(parameters, gradients, strict=True)), *gradients]


def test_a_training_step_is_the_same_but_for_rounding_and_in_fewer_steps() -> None:
    numbers = np.random.default_rng(0)
    inputs = [numbers.normal(size=s) for s in ((20, 5), (20, 1))] + [0.1] + [numbers.normal(size=s) for s in ((5, 4), (4,), (4, 1))]
    program = traced(training_step, *inputs)
    replay = build(program, inputs, into={1: 3, 2: 4, 3: 5})
    assert len(replay.program.steps) < len(program.steps)
    eager = [*inputs[:3], *(p.copy() for p in inputs[3:])]
    losses = []
    for _ in range(20):
        expected = evaluate(program, eager)
        found = replay(inputs)
        for y, z in zip(found, expected, strict=True):
            assert_allclose(y, z, rtol=1e-11, atol=1e-14)
        eager[3:] = expected[1:4]
        losses.append(float(found[0]))
    assert losses[-1] < losses[0] / 2


# --- particular programs ----------------------------------------------------------------------------------------------------------


def descent(do: Any, x: Any, w: Any, rate: Any) -> list[Any]:
    h = do(np.tanh, do(np.matmul, x, do(ND.transpose, w)))
    g = do(np.matmul, do(ND.transpose, do(np.multiply, h, h)), x)
    return [do(np.subtract, w, do(np.multiply, rate, g)), do(np.add.reduce, h, axis=1)]


def descending() -> tuple[Replay, list[Any]]:
    x, w = np.ones((50, 40)), np.ones((30, 40))
    return build(traced(descent, x, w, 0.1), [x, w, 0.1], into={0: 1}), [x, w, 0.1]


def test_the_source_is_one_statement_a_step_and_names_what_it_computes() -> None:
    replay, _ = descending()
    assert replay.source.splitlines()[1:] == [
        "    x0, x1, x2 = inputs",
        "    v4 = x1.transpose()",
        "    x0.dot(v4, v5)",
        "    tanh(v5, v6)",
        "    multiply(v6, v6, v7)",
        "    v8.dot(x0, v9)",
        "    x2_float64[()] = x2",
        "    multiply(x2_float64, v9, v10)",
        "    subtract(x1, v10, x1)",
        "    v12 = v6.dot(c)",
        "    return [x1, v12]",
    ]


def test_in_the_steady_state_nothing_is_allocated_but_what_is_handed_out() -> None:
    replay, inputs = descending()
    replay(inputs)
    tracemalloc.start()
    replay(inputs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * 8 + 1500


def test_a_decision_that_falls_otherwise_is_told_before_anything_is_written() -> None:
    drawn = np.random.default_rng(0)

    def function(do: Any, w: Any, rate: Any) -> list[Any]:
        noise = do(drawn.random, 3, pure=False)
        half = do(operator.mul, rate, 0.5)
        assert half > 0.1
        return [do(np.add, w, do(np.multiply, noise, half))]

    w = np.zeros(3)
    replay = build(traced(function, w, 1.0), [w, 1.0], into={0: 0})
    state = drawn.bit_generator.state
    assert replay([w, 0.1]) is CHANGED
    assert not w.any()
    assert drawn.bit_generator.state == state
    assert replay([w, 1.0]) is not CHANGED
    assert w.all()


def test_two_inputs_change_places() -> None:
    a, b = np.zeros(3), np.ones(3)
    replay = build(traced(lambda do, a, b: [b, a], a, b), [a, b], into={0: 0, 1: 1})
    replay([a, b])
    assert a.tolist() == [1, 1, 1]
    assert b.tolist() == [0, 0, 0]


def test_inputs_that_share_memory_are_read_before_it_is_written() -> None:
    a = np.arange(4.0)
    program = traced(lambda do, a, b: [do(np.add, a, 1.0), do(np.multiply, b, 2.0)], a, a[::-1])
    replay = build(program, [a, a[::-1]], into={0: 0}, passes=())
    assert replay([a, a[::-1]])[1].tolist() == [6, 4, 2, 0]
    assert a.tolist() == [1, 2, 3, 4]


def test_bad_destinations_are_told() -> None:
    program = traced(lambda do, a, b: [do(np.exp, a), do(np.exp, a), do(np.add.reduce, a)], np.zeros(3), np.zeros(2))
    inputs = [np.zeros(3), np.zeros(2)]
    with pytest.raises(ValueError, match=r"two outputs go into input 0, which has memory for one"):
        build(program, inputs, into={0: 0, 1: 0})
    with pytest.raises(ValueError, match=r"output 0 \(float64 \(3,\)\) cannot go into input 1 \(float64 \(2,\)\)"):
        build(program, inputs, into={0: 1})


def test_a_replay_that_is_no_longer_used_frees_its_memory_at_once(without_gc: None) -> None:
    replay, inputs = descending()
    replay(inputs)
    block = weakref.ref(replay.run.__defaults__[1].base)
    assert block() is not None
    del replay
    assert block() is None
    assert not [file for file in linecache.cache if file.startswith("<replay")]
