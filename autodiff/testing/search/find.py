"""The search for a gradient error: inputs at which a gradient is wrong, shrunk to the smallest, and code that shows it again."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from types import MethodType
from typing import Any

import numpy as np

from autodiff.testing.check import check_gradient
from autodiff.testing.report import GradientMismatch, GradientReport, Verdict
from autodiff.testing.search import reproduction
from autodiff.testing.search.domains import Reals, reals
from autodiff.testing.search.strategies import smallest_inputs
from autodiff.testing.search.trial import FUNCTIONS, Trial, is_ours
from autodiff.testing.subject import as_input, is_floating

__all__ = ["GradientSearch", "find_gradient_error", "gradient_test"]


@dataclass(frozen=True)
class GradientSearch:
    """What a search for a gradient error found; `str` gives a summary, the report at the counterexample, and code to paste.

    Attributes:
        name: what was searched.
        counterexample: the smallest inputs at which the gradient is wrong; None if there are none.
        report: the check of the gradient there; without a counterexample, of a point where the differences could not tell, if
            there is one.
        code: code that fails at the counterexample; empty if there is none.
        checked: at how many points the gradient was checked.
        unknown: at how many of them the differences could not tell whether it is right.
        skipped: at how many points the function is not defined.

    >>> from autodiff.testing import find_gradient_error, reals
    >>> search = find_gradient_error(np.sum, reals(-1, 1), gradient=np.sign, max_examples=30)
    >>> search.verdict, search.counterexample
    ('wrong', (array(0.),))
    """

    name: str
    counterexample: tuple[Any, ...] | None
    report: GradientReport | None
    code: str
    checked: int
    unknown: int
    skipped: int

    @property
    def verdict(self) -> Verdict:
        """One of "wrong", if there is a counterexample, "cannot tell", if that holds for each point, and "right"."""
        if self.counterexample is not None:
            return "wrong"
        return "cannot tell" if self.unknown == self.checked else "right"

    @property
    def ok(self) -> bool:
        """Whether the verdict is "right"."""
        return self.verdict == "right"

    def __str__(self) -> str:
        if self.counterexample is None:
            parts = [self._summary()] + ([str(self.report)] if self.report and not self.ok else [])
        else:
            parts = [self._summary(), str(self.report), "To see it again:", _indented(self.code)]
        return "\n\n".join(parts)

    def to_html(self) -> str:
        """The same as a page of HTML."""
        from autodiff.testing.page import document

        return document(self.name, self.verdict, self._repr_html_())

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        shown = self.report if self.report is not None and not self.ok else None
        report = "" if shown is None else shown._repr_html_()
        code = f"<p>To see it again:</p>\n<pre>{escape(self.code)}</pre>" if self.code else ""
        return f"<p>{escape(self._summary())}</p>\n{report}\n{code}"

    def _summary(self) -> str:
        points = f"{self.checked} {'point' if self.checked == 1 else 'points'}"
        if self.counterexample is not None:
            return f"A gradient error of {self.name}. These are the smallest inputs found at which it shows; {points} checked."
        skipped = f"; {self.skipped} more skipped, where {self.name} is not defined" if self.skipped else ""
        if not self.ok:
            return f"The gradient of {self.name} is not known to be right: the differences cannot tell at any of {points}{skipped}."
        unknown = f", of which the differences cannot tell at {self.unknown}" if self.unknown else ""
        return f"No gradient error of {self.name} found at {points}{unknown}{skipped}."


def find_gradient_error(
    f: Callable[..., Any], *domains: Any, max_examples: int | None = None, seed: int = 0, **options: Any
) -> GradientSearch:
    """Search for inputs at which a gradient of `f` is wrong, and shrink them to the smallest.

    Inputs of many shapes and values are drawn from the domains, and the gradient is checked at each with `check_gradient`. An
    exception that is raised by the gradient, where `f` raises none, is an error as well. A point where `f` is not finite or raises
    `ValueError`, `ArithmeticError`, `LinAlgError` or `IndexError` is not in its domain, and skipped. With `gradient=`, that
    holds for shapes from which `f` does not return one number.

    Args:
        f: as for `check_gradient`.
        domains: one for each argument: `reals(...)`, a Hypothesis strategy, or a value that is passed on as it is.
        max_examples: how many points to check; by default 200, or 50 if `order` is 2.
        seed: of the search. In the same program, the same seed draws the same points.
        options: those of `check_gradient`: `gradient`, `vjp`, `argnums`, `order`, and so on.

    Raises:
        TypeError: `f` or a gradient is not a function of the kind described, or autograd cannot differentiate `f`.
        ValueError: there is no point at which the gradient could be checked, or an option is wrong.
        Exception: whatever else `f` raises, with a note of the inputs.

    >>> from autodiff.testing import find_gradient_error, reals
    >>> def f(x):
    ...     return np.sum(np.abs(x))
    >>> find_gradient_error(f, reals(), gradient=np.sign, max_examples=50).ok
    True
    >>> print(find_gradient_error(f, reals(), gradient=np.ones_like, max_examples=50).code)
    import numpy as np
    from autodiff.testing import assert_gradient
    <BLANKLINE>
    # f is f, line 1 of <doctest ...
    x = np.array(-1.0)
    assert_gradient(f, x, gradient=np.ones_like)
    """
    if max_examples is None:
        max_examples = 50 if options.get("order") == 2 else 200
    _require_usable(f, domains, max_examples, seed, options)
    if seed:
        options.setdefault("rng", seed)
    trial = Trial(f, domains, options)
    found = _smallest(trial, max_examples, seed)
    if found is None and not trial.count("right", "cannot tell"):
        raise ValueError(
            f"find_gradient_error: the gradient of {trial.name} could be checked at none of {trial.count('skipped')} points. At "
            f"the last one, {trial.reason}. State the domain of {trial.name}: reals(low, high, shape=...)."
        )
    counts = trial.count("right", "wrong", "cannot tell"), trial.count("cannot tell"), trial.count("skipped")
    if found is None:
        return GradientSearch(trial.name, None, trial.doubtful, "", *counts)
    outcome = trial(found)
    if outcome.kind == "raised" and outcome.error is not None:
        outcome.error.add_note(f"find_gradient_error: this was raised at\n{reproduction.point(f, found)}{_advice(trial, found)}")
        raise outcome.error
    report, code = trial.reproduced(found)
    return GradientSearch(trial.name, found, report, code, *counts)


def _require_usable(f: Any, domains: Sequence[Any], max_examples: int, seed: int, options: dict[str, Any]) -> None:
    """Raise an error for what would otherwise look like an error of the gradient at each point."""
    for name, function in (("f", f), *((name, options.get(name)) for name in FUNCTIONS)):
        if not callable(function) and (function is not None or name == "f"):
            raise TypeError(f"find_gradient_error: {name} is a {type(function).__name__}; wanted a function.")
    if not domains:
        raise TypeError("find_gradient_error: no domains were given; wanted one for each argument of f, such as reals().")
    for i, domain in enumerate(domains):
        if domain is reals:
            raise TypeError(f"find_gradient_error: domain {i} is the function reals; wanted what it returns: reals().")
    if not any(_gives_numbers(domain) for domain in domains):
        given = ", ".join(map(repr, domains))
        raise TypeError(
            f"find_gradient_error: got {given}; wanted a domain to search, such as reals(low, high), or an array of floats."
        )
    for name, value, least in (("max_examples", max_examples, 1), ("seed", seed, 0), ("rng", options.get("rng", 0), 0)):
        if not isinstance(value, (int, np.integer)):
            reason = "a seed: each check repeats itself" if name == "rng" else "an int"
            raise TypeError(f"find_gradient_error: {name} is a {type(value).__name__}; wanted {reason}.")
        if value < least:
            raise ValueError(f"find_gradient_error: {name} is {value}; wanted at least {least}.")
    known = inspect.signature(check_gradient).parameters
    for name in options:
        if name not in known or known[name].kind is not inspect.Parameter.KEYWORD_ONLY:
            raise TypeError(f"find_gradient_error: there is no option {name}; wanted one of check_gradient.")


def _gives_numbers(domain: Any) -> bool:
    """Whether a domain can give something to differentiate by: one of ours, a strategy, or an array."""
    is_strategy = hasattr(domain, "example")  # as each of Hypothesis has, which need not be installed for this
    return isinstance(domain, Reals) or is_strategy or is_floating(as_input(domain))


def _advice(trial: Trial, inputs: tuple[Any, ...]) -> str:
    """What to do about an error that was raised at `inputs`; nothing if the error says so itself."""
    error = trial(inputs).error
    if error is not None and is_ours(error):
        return ""
    try:
        inspect.signature(trial.f, follow_wrapped=False).bind(*inputs)
    except TypeError as mismatch:
        given = f"{len(inputs)} {'domain was' if len(inputs) == 1 else 'domains were'} given"
        return f"\n{trial.name} cannot be called so: {mismatch}. Wanted a domain for each of its arguments; {given}."
    except ValueError:  # it does not say what it takes
        pass
    return f"\nIf {trial.name} is not defined there, state its domain, reals(low, high, shape=...), or let it raise ValueError."


def gradient_test(*domains: Any, **options: Any) -> Callable[[Callable[..., Any]], Callable[[], None]]:
    """Make a test of a function: its gradient is searched for errors in the domains of its arguments.

    The function below the decorator is the one to differentiate. The test has no arguments, and pytest finds it by its name; it
    raises `GradientMismatch`, with the smallest inputs and code to paste, unless `find_gradient_error` finds the gradient right.
    The function itself remains as the test's attribute `function`.

    Args:
        domains: one for each argument of the function, as for `find_gradient_error`.
        options: those of `find_gradient_error`, such as `gradient`. Without `gradient`, `vjp` and `jvp` autograd's is tested.

    >>> from autodiff.testing import gradient_test, reals
    >>> @gradient_test(reals(-5, 5), gradient=lambda x: 2 * x, max_examples=20)
    ... def test_squares(x):
    ...     return np.sum(x**2)
    >>> test_squares()
    """

    def decorate(f: Callable[..., Any]) -> Callable[[], None]:
        def test(*instance: Any) -> None:
            __tracebackhide__ = True  # pytest shows the report alone
            function = MethodType(f, *instance) if instance else f  # in a class
            search = find_gradient_error(function, *domains, **options)
            if not search.ok:
                assert search.report is not None
                mismatch = GradientMismatch(search.report)
                mismatch.args = (str(search),)
                raise mismatch

        decorated: Any = functools.update_wrapper(test, f)
        del decorated.__wrapped__  # pytest would ask it for its arguments
        decorated.function = f
        decorated.place_as = f  # where pytest says that the test is
        return test

    if len(domains) == 1 and not options and callable(domains[0]) and not isinstance(domains[0], Reals):
        raise TypeError("gradient_test: no domains were given; wanted @gradient_test(reals(), ...), one for each argument.")
    return decorate


def _smallest(trial: Trial, max_examples: int, seed: int) -> tuple[Any, ...] | None:
    """The smallest inputs found at which the gradient is wrong, or an error is raised: what comes first; None if there are none."""
    kinds: list[str] = []

    def fails(inputs: tuple[Any, ...]) -> bool:
        kind = trial(inputs).kind
        if kind not in ("wrong", "raised"):
            return False
        kinds.append(kind)
        return kind == kinds[0]

    return smallest_inputs(trial.domains, fails, lambda inputs: trial(inputs).kind == "skipped", max_examples, seed)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
