"""The hunt for a counterexample: points from Hypothesis, checked one after another in a budget of time, and shrunk."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

__all__: list[str] = []

SHRINKING = 500  # checks, at most, on the way to the smallest point
PATIENCE = 2.0  # seconds before a terminal shows a bar

Point = tuple[Any, ...]


class _End(KeyboardInterrupt):
    """The end of a hunt before that of Hypothesis, which passes on an interrupt at once, and takes no other error for an end."""


class Hunt:
    """A search for the smallest point from domains at which a check fails.

    Args:
        leaves: of the domains; a point is a value for each of them.
        check: what happens at a point: it "skipped" the point, or it is "wrong" or "raised" an error, which are the failures.
        max_examples: how many points to check, without those skipped.
        max_seconds: how long to search and shrink. No check is begun that would take longer if it took as long as the last ones.

    Attributes:
        smallest: the smallest point found so far at which the check fails as at the first failure; None if there are none.
        out_of_time: whether the time ended the search.
    """

    def __init__(self, leaves: Sequence[Any], check: Callable[[Point], str], max_examples: int, max_seconds: float) -> None:
        self.smallest: Point | None = None
        self.out_of_time = False
        self._leaves, self._check = leaves, check
        self._max_examples, self._max_seconds = max_examples, max_seconds
        self._failure = ""
        self._checks = 0
        self._cost = 0.0  # of a check, in seconds
        self._started = time.perf_counter()
        self._bar = _Bar()

    def __call__(self, seed: int) -> None:
        """Search. A `KeyboardInterrupt` ends it, and is passed on."""
        try:
            from hypothesis import HealthCheck, Phase, Verbosity, errors, find, settings

            from autodiff.testing.search.strategies import points_from
        except ImportError as error:
            raise ImportError("find_gradient_error needs hypothesis: pip install 'chainrule[testing]'") from error
        # All is said here, so that no profile of the user's changes the search.
        options = settings(
            max_examples=self._max_examples,
            derandomize=False,
            database=None,
            deadline=None,
            verbosity=Verbosity.quiet,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        ends = (_End, errors.NoSuchExample, errors.Unsatisfiable, errors.Flaky)
        with contextlib.closing(self._bar), contextlib.suppress(*ends):
            find(points_from(self._leaves), self._fails, settings=options, random=Random(seed))

    @property
    def seconds(self) -> float:
        """How long the search took so far."""
        return time.perf_counter() - self._started

    def _fails(self, point: Point) -> bool:
        started = self.seconds
        needed = 2 * self._cost if self._failure else self._cost  # what is found is checked once more
        self.out_of_time = needed > 0 and started + needed > self._max_seconds
        if self.out_of_time or (self._failure and self._checks >= SHRINKING):
            raise _End
        outcome = self._check(point)
        self._cost = max(self.seconds - started, self._cost / 2)  # a point that was skipped, or known, says little
        if outcome == "skipped":
            from hypothesis import reject

            reject()  # so that it is not counted
        self._checks += 1
        fails = outcome in ("wrong", "raised") and self._failure in ("", outcome)
        if fails:
            self._checks = self._checks if self._failure else 0
            self._failure, self.smallest = outcome, point
        self._bar.show(self._checks, None if self._failure else self._max_examples, self.seconds)
        return fails


class _Bar:
    """How far a search is, on a terminal where tqdm is installed."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage = ""

    def show(self, done: int, total: int | None, seconds: float) -> None:
        """Show how many points are done of a total, or in shrinking, if there is none; nothing before it is time to."""
        if seconds < PATIENCE or sys.stderr is None or not sys.stderr.isatty():
            return
        stage = "shrinking" if total is None else "searching"
        if stage != self._stage:
            self.close()
            self._stage = stage
            with contextlib.suppress(ImportError):
                from tqdm import tqdm  # type: ignore[import-untyped]

                self._bar = tqdm(desc=stage, total=total, initial=done, unit=" points", leave=False)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
