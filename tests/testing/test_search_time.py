"""A search takes no longer than it may, shows how far it is, and tells what it found when it is stopped."""

from __future__ import annotations

import io
import math
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff.testing import find_gradient_error, gradient_test, reals
from autodiff.testing.search import hunt

pytestmark = pytest.mark.long


class Clock:
    """A clock that a function moves, so that nothing is waited for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(hunt.time, "perf_counter", lambda: self.now)

    def slow(self, seconds: Callable[[Any], float]) -> Callable[[Any], Any]:
        """The sum of squares, whose gradient takes some seconds."""

        def gradient(x: Any) -> Any:
            self.now += seconds(x)
            return 2 * x

        return gradient


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def squares(x: Any) -> Any:
    return np.sum(x**2)


def calls_of(gradient: Callable[..., Any]) -> int:
    """How often one check calls the gradient."""
    calls: list[None] = []
    find_gradient_error(squares, reals(shape=()), gradient=lambda x: calls.append(None) or gradient(x), max_examples=1)
    return len(calls)


@pytest.mark.parametrize("max_seconds", [7.0, 60.0])
def test_no_check_is_begun_for_which_there_is_no_time(clock: Clock, max_seconds: float) -> None:
    calls = calls_of(lambda x: 2 * x)
    search = find_gradient_error(squares, reals(shape=()), gradient=clock.slow(lambda x: 2 / calls), max_seconds=max_seconds)
    assert max_seconds - 2 <= clock.now <= max_seconds * (1 + 1e-9)
    assert search.verdict == "right"
    assert search.checked == round(clock.now / 2) < 200
    how = f"stopped after {clock.now:.3g} s (max_seconds={max_seconds:g})"
    assert search.stopped == f"The search was {how}, at {search.checked} of 200 points."
    assert str(search) == f"No gradient error of squares found at {search.checked} points. {search.stopped}"


def test_one_point_is_checked_however_long_it_takes(clock: Clock) -> None:
    search = find_gradient_error(squares, reals(), gradient=clock.slow(lambda x: 100.0), max_seconds=1)
    assert (search.verdict, search.checked) == ("right", 1)
    assert "found at 1 point. The search was stopped after" in search.summary
    assert "s (max_seconds=1), at 1 of 200 points." in search.summary


def test_shrinking_is_in_the_time_and_may_be_cut_short(clock: Clock) -> None:
    def wrong(x: np.ndarray) -> np.ndarray:
        clock.now += 0.01
        return np.where(x > 2.0, 1.0, 2 * x)

    whole = find_gradient_error(squares, reals(-5, 5, shape=6), gradient=wrong)
    taken, clock.now = clock.now, 0.0
    cut = find_gradient_error(squares, reals(-5, 5, shape=6), gradient=wrong, max_seconds=taken / 4)
    assert clock.now <= taken / 4 + 0.2  # a check may take a little longer than the last ones
    assert whole.verdict == cut.verdict == "wrong"
    assert whole.stopped == ""
    assert re.fullmatch(r"The shrinking was stopped after .* s \(max_seconds=.*\); there may be smaller ones.", cut.stopped)
    assert cut.stopped in str(cut)
    assert whole.counterexample is not None
    assert cut.counterexample is not None
    assert whole.counterexample[0].max() < cut.counterexample[0].max()
    assert cut.report is not None
    assert cut.report.verdict == "wrong"


def test_a_search_that_had_the_time_says_nothing_of_it(clock: Clock) -> None:
    search = find_gradient_error(squares, reals(), gradient=clock.slow(lambda x: 1e6), max_examples=5, max_seconds=math.inf)
    assert (search.stopped, search.ok) == ("", True)


def test_a_function_that_is_never_defined_is_not_tried_for_ever(clock: Clock) -> None:
    def f(x: Any) -> Any:
        clock.now += 1
        raise ValueError("wanted a matrix")

    with pytest.raises(ValueError, match="could be checked at none of 10 points"):
        find_gradient_error(f, reals(), gradient=np.cos, max_seconds=10)


def test_a_test_warns_of_a_search_for_which_the_time_was_too_short(clock: Clock) -> None:
    test = gradient_test(reals(), gradient=clock.slow(lambda x: 1.0), max_seconds=10)(squares)
    with pytest.warns(UserWarning, match=r"No gradient error of squares found at \d points?. The search was stopped after"):
        test()


@pytest.mark.parametrize("value", [0, -1.0, math.nan, "60", None])
def test_a_time_that_is_none_is_an_error(value: Any) -> None:
    with pytest.raises(
        ValueError, match=r"find_gradient_error: max_seconds is .*; wanted a positive number of seconds, or math.inf"
    ):
        find_gradient_error(squares, reals(), max_seconds=value)


def interrupted(f: Callable[..., Any], **options: Any) -> str:
    """What an interrupted search has found."""
    with pytest.raises(KeyboardInterrupt) as caught:
        find_gradient_error(f, reals(-5, 5, shape=("n",)), **options)
    (note,) = caught.value.__notes__
    return note


def test_an_interrupted_search_tells_how_far_it_came() -> None:
    calls: list[Any] = []

    def gradient(x: np.ndarray) -> np.ndarray:
        calls.append(x)
        if len(calls) > 100:
            raise KeyboardInterrupt
        return 2 * x

    note = interrupted(squares, gradient=gradient)
    assert note.startswith("No gradient error of squares found at ")
    assert "points. The search was interrupted after " in note
    assert note.endswith(" of 200 points.")


def test_an_interrupt_at_the_first_point_says_that_nothing_is_known() -> None:
    def f(x: Any) -> Any:
        raise KeyboardInterrupt

    assert "The gradient of f is not known to be right: no point was checked. The search was interrupted after" in interrupted(f)


def test_a_search_that_is_interrupted_while_shrinking_shows_the_counterexample_it_has() -> None:
    failures: list[Any] = []

    def wrong(x: np.ndarray) -> np.ndarray:
        if (x > 2.0).any():
            failures.append(x)
        if len(failures) == 100:
            raise KeyboardInterrupt
        return np.where(x > 2.0, 1.0, 2 * x)

    note = interrupted(squares, gradient=wrong)
    assert note.startswith("A gradient error of squares. These are the smallest inputs found")
    assert "s; there may be smaller ones.\n" in note
    assert "The gradient of squares is wrong." in note
    assert "assert_gradient(squares, x, gradient=gradient)" in note


@pytest.mark.skipif(sys.platform == "win32", reason="there, a process has no signals")
def test_an_interrupt_ends_a_script_by_the_signal_and_prints_what_was_found() -> None:
    code = """
import os, signal, numpy as np
from autodiff.testing import find_gradient_error, reals
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a process in the background ignores
calls = []
def gradient(x):
    calls.append(x)
    if len(calls) == 99:
        os.kill(os.getpid(), signal.SIGINT)
    return 2 * x
for _ in range(9):
    find_gradient_error(lambda x: np.sum(x**2), reals(), gradient=gradient)
print("not stopped")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == -2
    assert run.stdout == ""
    assert "No gradient error of <lambda> found at " in run.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, clock: Clock, stream: io.StringIO, seconds: float, limit: float = 4.0) -> str:
    """What a search shows there, of a gradient that is wrong above `limit`."""

    def gradient(x: np.ndarray) -> np.ndarray:
        clock.now += seconds
        return np.where(x > limit, 1.0, 2 * x)

    monkeypatch.setattr(sys, "stderr", stream)
    search = find_gradient_error(squares, reals(-5, 5, shape=6), gradient=gradient, max_seconds=math.inf)
    assert search.ok == (limit > 5)
    return stream.getvalue()


def test_a_terminal_shows_a_bar_after_two_seconds(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    pytest.importorskip("tqdm")
    assert "searching: " in (text := shown(monkeypatch, clock, Terminal(), 0.5, limit=6.0))
    assert "/200 [" in text
    assert "shrinking: " in (text := shown(monkeypatch, clock, Terminal(), 0.5))
    assert text.rstrip(" ").endswith("\r")  # and takes it away


def test_nothing_is_shown_of_a_short_search_or_in_a_file_or_without_tqdm(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    assert shown(monkeypatch, clock, Terminal(), 1e-6) == ""
    assert shown(monkeypatch, clock, io.StringIO(), 0.5) == ""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert shown(monkeypatch, clock, Terminal(), 0.5) == ""


def test_the_representation_is_one_line() -> None:
    right = find_gradient_error(squares, reals(), gradient=lambda x: 2 * x, max_examples=5)
    assert repr(right) == f"<{right.summary}>" == f"<{right}>"
    wrong = find_gradient_error(squares, reals(), gradient=lambda x: 3 * x)
    assert repr(wrong) == f"<{wrong.summary}>"
    assert "\n" not in repr(wrong)
