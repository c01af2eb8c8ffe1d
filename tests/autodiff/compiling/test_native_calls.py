"""How native code is called: arrays of any kind, writes to them, errors before anything changed, threads, repeated steps."""

import signal
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
from native_programs import classifier_step, needs_compiler, regression_step, traced

from autodiff.compiling import native
from autodiff.compiling.replay import CHANGED
from autodiff.program import evaluate

pytestmark = needs_compiler

X = np.random.default_rng(0).normal(size=(6, 5))


def momentum(w: Any, m: Any, g: Any) -> list[Any]:
    new = 0.9 * m + g
    return [w - 0.1 * new, new, (w * w).sum()]


def test_outputs_that_escape_are_fresh() -> None:
    compiled = native.build(traced(lambda x: x * 2, [X]))
    first, view = compiled([X])[0], compiled([X])[0][1:]
    kept, kept_view = first.copy(), view.copy()
    compiled([X + 1])
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(view, kept_view)


@pytest.mark.parametrize("size", [4, 10_000])
def test_no_array_is_kept(size: int) -> None:
    arrays = [np.ones(size), np.ones(size)]
    compiled = native.build(traced(lambda x, y: [x * 2, x + y], arrays), into={1: 1})
    before = [sys.getrefcount(x) for x in arrays]
    doubled = compiled(arrays)[0]
    assert [sys.getrefcount(x) for x in arrays] == before
    mine = np.ones(size)
    assert sys.getrefcount(doubled) == sys.getrefcount(mine)
    for factor in range(5):  # a new array at the address, or with the id, of one that is no more
        np.testing.assert_array_equal(compiled([np.full(size, float(factor)), np.zeros(size)])[1], factor)


def test_outputs_are_written_into_inputs_after_all_reads() -> None:
    arrays = [X.copy(), X * 2, X + 1]
    wanted = evaluate(traced(momentum, arrays), arrays)
    w, m, _ = arrays
    results = native.build(traced(momentum, arrays), into={0: 0, 1: 1})(arrays)
    assert results[0] is w
    assert results[1] is m
    np.testing.assert_array_equal(w, wanted[0])
    np.testing.assert_array_equal(m, wanted[1])
    np.testing.assert_allclose(results[2], wanted[2])


def test_two_inputs_change_places() -> None:
    a, b = X.copy(), X + 1
    native.build(traced(lambda a, b: [b.copy(), a.copy()], [a, b]), into={0: 0, 1: 1})([a, b])
    np.testing.assert_array_equal(a, X + 1)
    np.testing.assert_array_equal(b, X)


def test_a_write_into_an_input_that_is_read_in_another_order_later() -> None:
    a = np.arange(25.0).reshape(5, 5)
    program = traced(lambda a: [a + 1, a.T @ a, a.T * 2], [a])
    wanted, results = evaluate(program, [a]), native.build(program, into={0: 0})([a])
    for result, expected in zip(results, wanted, strict=True):
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("change", [np.asfortranarray, lambda x: np.repeat(x, 2, axis=1)[:, ::2], lambda x: x[::-1]])
def test_arrays_that_are_not_contiguous_are_copied_and_written_back(change: Any) -> None:
    w, m, g = (change(x) for x in (X.copy(), X * 2, X + 1))
    compiled = native.build(traced(momentum, [w, m, g]), into={0: 0, 1: 1})
    wanted = evaluate(traced(momentum, [w, m, g]), [w, m, g])
    for _ in range(2):
        results = compiled([w, m, g])
        np.testing.assert_array_equal(w, wanted[0])
        assert results[0] is w
        wanted = evaluate(traced(momentum, [w, m, g]), [w, m, g])


def test_arrays_that_share_memory_with_one_that_is_written() -> None:
    def step(w: Any, x: Any, y: Any) -> list[Any]:
        return [w + x, (x.T @ y).sum(), y * 2]

    memory = np.arange(60.0).reshape(10, 6)
    arrays = [memory[:6], memory[2:8], memory[4:]]
    program = traced(step, arrays)
    wanted = evaluate(program, arrays)
    results = native.build(program, into={0: 0})(arrays)
    for result, expected in zip(results, wanted, strict=True):
        np.testing.assert_array_equal(result, expected)


def test_floats_come_and_go() -> None:
    program = traced(lambda x, rate, count: [x * rate, rate * 0.5, count + 1], [X, 0.5, 1.0])
    compiled = native.build(program, into={1: 1})
    result, rate, count = compiled([X, 0.25, 7.0])
    np.testing.assert_array_equal(result, X * 0.25)
    assert (type(rate), rate, count) == (float, 0.125, 8.0)
    assert compiled.repeat(3, [X, 0.25, 7.0])[1][1] == 0.25 / 8


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda x: x[1:], r"input 0 \(w\) must be an array float64 \(6, 5\), but is float64 \(5, 5\)\."),
        (lambda x: x.astype(np.float32), r"input 0 \(w\) must be an array float64 \(6, 5\), but is float32 \(6, 5\)\."),
        (lambda x: x.tolist(), r"input 0 \(w\) must be an array float64 \(6, 5\), but is list \(6, 5\)\."),
        (lambda x: np.broadcast_to(x[0], (6, 5)), r"input 0 \(w\) is written, but it is read-only\."),
    ],
)
def test_other_arrays_than_those_of_the_program(wrong: Any, message: str) -> None:
    arrays = [X.copy(), X * 2, X + 1]
    compiled = native.build(traced(momentum, arrays, ["w", "m", "g"]), into={0: 0, 1: 1})
    with pytest.raises(ValueError, match=message):
        compiled([wrong(X), *arrays[1:]])
    with pytest.raises(ValueError, match="takes 3 inputs, but 2 were given"):
        compiled(arrays[:2])
    np.testing.assert_array_equal(compiled(arrays)[1], momentum(X, X * 2, X + 1)[1])


def test_an_index_out_of_range_is_an_error_before_anything_is_changed() -> None:
    program, arrays = classifier_step()
    compiled = native.build(program, into={1: 3, 2: 4})
    before = arrays[3].copy()
    bad = [arrays[0], np.full(32, 10), *arrays[2:]]
    for call in (lambda: compiled(bad), lambda: compiled.repeat(5, bad)):
        with pytest.raises(IndexError, match="an index is out of range"):
            call()
    np.testing.assert_array_equal(arrays[3], before)
    compiled(arrays)
    assert not np.array_equal(arrays[3], before)


def test_threads_take_turns() -> None:
    program, arrays = regression_step()
    compiled, wanted = native.build(program), evaluate(program, arrays)[0]
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.extend(compiled(arrays)[0] for _ in range(200))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(np.array(found), float(wanted), rtol=1e-12)


def test_a_signal_stops_repeated_steps_at_a_whole_one() -> None:
    program = traced(lambda x, n: [x + 1.0, n + 1.0], [np.zeros(1000), 0.0])
    compiled, x = native.build(program, into={0: 0, 1: 1}), np.zeros(1000)

    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        begin = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            compiled.repeat(10**9, [x, 0.0])
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.perf_counter() - begin < 1.0
    assert x[0] > 0
    assert np.all(x == x[0])


def test_another_thread_stops_repeated_steps() -> None:
    program = traced(lambda x: [x + 1.0], [np.zeros(1000)])
    compiled, x = native.build(program, into={0: 0}), np.zeros(1000)
    timer = threading.Timer(0.05, compiled.stop)
    timer.start()
    done, _ = compiled.repeat(10**9, [x])
    assert 0 < done < 10**9
    assert np.all(x == done)
    with pytest.raises(ValueError, match="n must be at least 1, but is 0"):
        compiled.repeat(0, [x])


def test_a_decision_that_changes_is_told_before_anything_is_written() -> None:
    def step(x: Any, rate: Any, count: Any) -> list[Any]:
        count = count + 1
        return [x - rate if count < 5 else x, count, x.sum()]

    compiled, x = native.build(traced(step, [X, 0.5, 0.0]), into={0: 0, 1: 2}), X.copy()
    assert compiled([x, 0.5, 9.0]) is CHANGED
    np.testing.assert_array_equal(x, X)
    done, outputs = compiled.repeat(10, [x, 0.5, 0.0])
    assert (done, outputs[1]) == (4, 4.0)
    assert compiled.repeat(10, [x, 0.5, 4.0]) == (0, CHANGED)
    np.testing.assert_array_equal(x, X - 0.5 - 0.5 - 0.5 - 0.5)
    assert compiled([x, 0.5, 0.0])[1] == 1.0


def test_what_is_not_needed_may_be_missing() -> None:
    compiled = native.build(traced(lambda x, y, rate: [x + 1, (y * rate).sum()][:1], [X, X, 0.5]))
    assert compiled.program.steps[0].function is np.add
    np.testing.assert_array_equal(compiled([X, None, None])[0], X + 1)


def test_outputs_that_may_be_used_again_are() -> None:
    compiled = native.build(traced(lambda x: x * 2, [X]), reused=[0])
    assert compiled([X])[0] is compiled([X + 1])[0]


def test_two_outputs_do_not_go_into_one_input() -> None:
    program = traced(lambda x: [x + 1, x + 2, x[0]], [X])
    for into in ({0: 0, 1: 0}, {2: 0}):
        with pytest.raises(ValueError, match=r"build: output . \(float64 .*\) cannot go into input 0 .*leave it out of `into`\."):
            native.build(program, into=into)
