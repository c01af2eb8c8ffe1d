"""The check of a gradient at one point after another of a search, and what happened at each."""

from __future__ import annotations

import functools
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autodiff.core.tensor import Tensor, unwrapped
from autodiff.modes import no_grad
from autodiff.testing.arguments import name_of
from autodiff.testing.check import check_gradient
from autodiff.testing.libraries import as_input
from autodiff.testing.numerics.analytic import Analytic
from autodiff.testing.report import GradientFailure, GradientReport
from autodiff.testing.search import reproduction
from autodiff.testing.search.domains import Reals

__all__: list[str] = []

EVALUATIONS = 5000  # of f at each point, as long as nothing else is said
OUTSIDE = (ArithmeticError, ValueError, IndexError)  # what a function raises where it is not defined; LinAlgError is a ValueError
OURS = "check_gradient: "  # so an error of the checker begins, which says what to do
FUNCTIONS = ("gradient", "vjp", "jvp")


@dataclass(frozen=True)
class Outcome:
    """What happened at a point: the report of a check, or the error that was raised, or the reason to skip it."""

    kind: Literal["right", "wrong", "cannot tell", "skipped", "raised"]
    report: GradientReport | None = None
    error: Exception | None = None
    reason: str = ""


class Trial:
    """The check of a gradient at points, each once, since shrinking comes back to many.

    Args:
        f: the function.
        domains: those of its arguments.
        options: those of `check_gradient`.

    Attributes:
        outcomes: at the points so far, by what is written for them.
        reason: why the last point that was skipped was.
        doubtful: the report of the first point where the differences cannot tell.
    """

    def __init__(self, f: Callable[..., Any], domains: Sequence[Any], options: Mapping[str, Any]) -> None:
        self.f = f
        self.domains = domains
        self.options = dict(options)
        self.name = name_of(f)
        self.functions = {name: options[name] for name in FUNCTIONS if callable(options.get(name))}
        self.others = {name: value for name, value in options.items() if name not in self.functions}
        self.outcomes: dict[str, Outcome] = {}
        self._counts: Counter[str] = Counter()
        self.reason = ""
        self.doubtful: GradientReport | None = None

    def __call__(self, inputs: Sequence[Any]) -> Outcome:
        """The outcome at a point."""
        key = "; ".join(map(reproduction.literal, inputs))
        if key not in self.outcomes:
            outcome = self.outcomes[key] = self._outcome(inputs)
            self._counts[outcome.kind] += 1
            self.reason = outcome.reason or self.reason
            if outcome.kind == "cannot tell" and self.doubtful is None:
                self.doubtful = outcome.report
        return self.outcomes[key]

    def count(self, *kinds: str) -> int:
        """At how many points the outcome was one of these."""
        return sum(self._counts[kind] for kind in kinds)

    @property
    def checked(self) -> int:
        """At how many points the gradient was checked."""
        return self.count("right", "wrong", "cannot tell")

    def reproduced(self, inputs: Sequence[Any]) -> tuple[GradientReport, str]:
        """The report at a counterexample, and code that fails there."""
        outcome = self(inputs)
        assert outcome.report is not None
        return outcome.report, reproduction.code(self.f, inputs, self.functions, self.others)

    def _outcome(self, inputs: Sequence[Any]) -> Outcome:
        f = Guarded(self.f, self.domains)
        missing = self._missing(f, inputs)
        if missing is not None:
            return missing
        watched = {name: Watched(function, self.domains) for name, function in self.functions.items()}
        options: dict[str, Any] = {"max_evaluations": EVALUATIONS, **self.options, **watched}
        try:
            report = check_gradient(f, *inputs, **options)
        except Exception as error:
            by_hand = any(error is gradient.error for gradient in watched.values())
            # A TypeError of autograd says that it does not differentiate this function.
            by_autograd = (
                not watched and error is not f.error and not isinstance(error, TypeError) and not str(error).startswith(OURS)
            )
            if not by_hand and not by_autograd:
                return Outcome("raised", error=error)
            source = "autograd's gradient" if by_autograd else next(iter(watched))
            text = f"{source} raises {type(error).__name__} where {self.name} raises nothing: {error}"
            report = GradientReport(self.name, (), (GradientFailure("error", text),), 1)
        return Outcome("wrong" if report.verdict == "wrong dtype" else report.verdict, report)

    def _missing(self, f: Guarded, inputs: Sequence[Any]) -> Outcome | None:
        """The outcome if there is nothing to check: `f` has no value, or not the one that a gradient is for."""
        copies = [x.copy() if isinstance(x, np.ndarray) else x for x in map(as_input, inputs)]
        try:
            with no_grad(), warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore", RuntimeWarning)
                value = unwrapped(self.f(*copies))
        except OUTSIDE as error:
            return Outcome("skipped", reason=f"{self.name} raised {type(error).__name__}: {error}")
        except Exception as error:
            return Outcome("raised", error=error)
        if not isinstance(value, (np.ndarray, np.generic, float, int)):
            return None  # check_gradient says what is wrong with it
        if "gradient" in self.functions and np.size(value) != 1:
            text = (
                f"{self.name} returned an array of shape {np.shape(value)}, but gradient= is for a function that returns one number"
            )
            return Outcome("skipped", reason=f"{text} (vjp= is for arrays)")
        if np.asarray(value).dtype.kind == "f" and not np.isfinite(value).all():
            return Outcome("skipped", reason=f"{self.name} was not finite")
        return None


class Guarded:
    """A function under test, by its own name: where it raises an error outside of its stated domain, it raises `ValueError`.

    Differences are taken beyond an end of the domain where the function has values there, since the end may be a kink.
    """

    def __init__(self, f: Callable[..., Any], domains: Sequence[Any]) -> None:
        functools.update_wrapper(self, f)
        self.__name__ = name_of(f)
        self._f, self._limits = f, limits(domains)
        self.error: Exception | None = None  # that is no sign of being outside of the domain

    def __call__(self, *inputs: Any) -> Any:
        try:
            return self._f(*inputs)
        except Exception as error:
            analytic = any(isinstance(x, Analytic) for x in inputs)
            if isinstance(error, IndexError) or (not analytic and not within(self._limits, inputs)):
                raise ValueError(str(error)) from error
            if not any(isinstance(x, Tensor) for x in inputs) and not isinstance(error, OUTSIDE):
                self.error = error
            raise


class Watched:
    """A gradient under test, by its own name, that remembers the error that it raised in the stated domain."""

    def __init__(self, gradient: Callable[..., Any], domains: Sequence[Any]) -> None:
        functools.update_wrapper(self, gradient)
        self.__name__ = name_of(gradient)
        self._gradient, self._limits = gradient, limits(domains)
        self.error: Exception | None = None

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self._gradient(*arguments)
        except Exception as error:
            if not within(self._limits, arguments):
                raise ValueError(str(error)) from error
            self.error = error
            raise


def limits(domains: Sequence[Any]) -> dict[int, Reals]:
    """Those of the domains that are stated, by their position from the last, since a cotangent may come first."""
    return {i - len(domains): x for i, x in enumerate(domains) if isinstance(x, Reals)}


def within(ends: Mapping[int, Reals], arguments: Sequence[Any]) -> bool:
    """Whether each argument is in its stated domain."""
    return all(unwrapped(arguments[i]) in domain for i, domain in ends.items())
