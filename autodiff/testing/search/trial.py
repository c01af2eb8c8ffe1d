"""The check of a gradient at one point after another of a search, and what happened at each."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autodiff.core.tensor import unwrapped
from autodiff.modes import no_grad
from autodiff.testing.arguments import Arguments, name_of
from autodiff.testing.check import check_gradient
from autodiff.testing.report import GradientFailure, GradientReport
from autodiff.testing.search import reproduction
from autodiff.testing.search.domains import Domains

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
    """

    def __init__(self, f: Callable[..., Any], domains: Domains, options: Mapping[str, Any]) -> None:
        self.f = f
        self.domains = domains
        self.options = dict(options)
        self.name = name_of(f)
        self.functions = {name: options[name] for name in FUNCTIONS if callable(options.get(name))}
        self.others = {name: value for name, value in options.items() if name not in self.functions}
        self._known: dict[str, tuple[Outcome, Sequence[Any]]] = {}  # the points as well, so that ids stay those of their objects

    def __call__(self, point: Sequence[Any]) -> Outcome:
        """The outcome at a point, a value for each leaf of the domains."""
        objects: dict[str, Any] = {}  # that cannot be written
        texts = [reproduction.literal(leaf, f"x{i}", objects) for i, leaf in enumerate(point)]
        key = "; ".join([*texts, *(str(id(x)) for x in objects.values())])
        if key not in self._known:
            self._known[key] = self._outcome(point), point
        return self._known[key][0]

    def outcomes(self, *kinds: str) -> list[Outcome]:
        """Those at the points so far that are of these kinds, one for each point."""
        return [outcome for outcome, _ in self._known.values() if outcome.kind in kinds]

    def _outcome(self, point: Sequence[Any]) -> Outcome:
        try:
            inputs = self.domains.arguments(point)
        except Exception as error:  # whatever a container has against such parts
            return Outcome("skipped", reason=f"the arguments could not be made: {type(error).__name__}: {error}")
        missing = self._missing(inputs)
        if missing is not None:
            return missing
        errors: list[Exception] = []
        by_name = {name: watched(function, errors) for name, function in self.functions.items()}
        options: dict[str, Any] = {"max_evaluations": EVALUATIONS, **self.options, **by_name}
        try:
            report = check_gradient(self.f, *inputs, **options)
        except Exception as error:
            by_hand = any(error is raised for raised in errors)
            said = isinstance(error, TypeError) or str(error).startswith(OURS)  # that this function is none for autograd
            by_autograd = not by_name and not said
            if not by_hand and not by_autograd:
                return Outcome("raised", error=error)
            source = "autograd's gradient" if by_autograd else next(iter(by_name))
            text = f"{source} raises {type(error).__name__} where {self.name} raises nothing: {error}"
            report = GradientReport(self.name, (), (GradientFailure("error", text),), 1)
        return Outcome("wrong" if report.verdict == "wrong dtype" else report.verdict, report)

    def _missing(self, inputs: Sequence[Any]) -> Outcome | None:
        """The outcome if there is nothing to check: `f` has no value, or not the one that a gradient is for."""
        try:
            with no_grad(), warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore", RuntimeWarning)
                arguments = Arguments(self.f, inputs, self.options.get("argnums"))
                value = unwrapped(self.f(*arguments.rebuilt(arguments.leaves)))
        except OUTSIDE as error:
            source = "" if str(error).startswith(OURS) else f"{self.name} raised {type(error).__name__}: "
            return Outcome("skipped", reason=f"{source}{error}")
        except Exception as error:
            return Outcome("raised", error=error)
        if not isinstance(value, (np.ndarray, np.generic, float, int)):
            return None  # check_gradient says what is wrong with it
        if "gradient" in self.functions and np.size(value) != 1:
            shape = f"an array of shape {np.shape(value)}, but gradient= is for one number"
            return Outcome("skipped", reason=f"{self.name} returned {shape} (vjp= is for arrays)")
        if np.asarray(value).dtype.kind == "f" and not np.isfinite(value).all():
            return Outcome("skipped", reason=f"{self.name} was not finite")
        return None


def watched(function: Callable[..., Any], errors: list[Exception]) -> Callable[..., Any]:
    """The function, by its own name, which adds what it raises to the errors."""

    @functools.wraps(function)
    def watching(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:
            errors.append(error)
            raise

    watching.__name__ = name_of(function)
    return watching
