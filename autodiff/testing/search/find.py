"""The search for a gradient error: inputs at which a gradient is wrong, shrunk to the smallest, and code that shows it again."""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from autodiff.testing.arguments import name_of
from autodiff.testing.check import check_gradient
from autodiff.testing.options import checked_argnums
from autodiff.testing.report import GradientMismatch
from autodiff.testing.search import reproduction
from autodiff.testing.search.domains import Domains
from autodiff.testing.search.hunt import Hunt
from autodiff.testing.search.result import GradientSearch
from autodiff.testing.search.trial import FUNCTIONS, OURS, Trial

__all__ = ["find_gradient_error", "gradient_test"]


def find_gradient_error(
    f: Callable[..., Any],
    *domains: Any,
    max_examples: int | None = None,
    max_seconds: float = 60.0,
    seed: int = 0,
    **options: Any,
) -> GradientSearch:
    """Search for inputs at which a gradient of `f` is wrong, and shrink them to the smallest.

    Inputs of many shapes and values are drawn from the domains, and the gradient is checked at each with `check_gradient`. An
    exception that is raised by the gradient, where `f` raises none, is an error as well. A point where `f` is not finite or raises
    `ValueError`, `ArithmeticError`, `LinAlgError` or `IndexError` is not in its domain, and skipped. With `gradient=`, that
    holds for shapes from which `f` does not return one number. So are points that are not finite, or that a container refuses.

    On a terminal a bar shows how far a search is that takes more than two seconds, if tqdm is installed (the extra `progress`).
    Ctrl-C ends the search, and the script: what was found so far is a note of the `KeyboardInterrupt`, which Python prints.

    Args:
        f: as for `check_gradient`.
        domains: one for each argument: `reals(...)`, a Hypothesis strategy, a value that is passed on as it is, or a container of
            such, nested: a dict, list, tuple, named tuple or dataclass. `f` is called with containers of the same kind.
        max_examples: how many points to check; by default 200, or 50 if `order` is 2.
        max_seconds: how long to search and shrink together. A search that the time ends says so, and reports what it found. One
            check is never cut short; none is begun that would take too long if it took as long as the last ones.
        seed: of the search. In the same program, the same seed draws the same points.
        options: those of `check_gradient`: `gradient`, `vjp`, `argnums`, `order`, and so on.

    Raises:
        TypeError: `f` or a gradient is not a function of the kind described, or autograd cannot differentiate `f`.
        ValueError: there is no point at which the gradient could be checked, or an option is wrong.
        Exception: whatever else `f` raises, with a note of the inputs.
        KeyboardInterrupt: on Ctrl-C, with a note of what was found.

    >>> from autodiff.testing import find_gradient_error, reals
    >>> def f(x):
    ...     return np.sum(np.abs(x))
    >>> find_gradient_error(f, reals(), gradient=np.sign, max_examples=20).ok
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
    taken = Domains(domains)
    _require_usable(f, domains, options)
    _require_limits(max_examples, max_seconds, seed, options.get("rng", 0))
    if seed:
        options.setdefault("rng", seed)
    trial = Trial(f, taken, options)
    hunt = Hunt(trial.domains.leaves, lambda point: trial(point).kind, max_examples, max_seconds)
    try:
        hunt(seed)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(str(_found(trial, hunt.smallest, f"interrupted after {hunt.seconds:.3g} s", max_examples)))
        raise
    how = f"stopped after {hunt.seconds:.3g} s (max_seconds={max_seconds:g})" if hunt.out_of_time else ""
    search = _found(trial, hunt.smallest, how, max_examples)
    if hunt.smallest is not None and search.counterexample is None:
        raise _noted(trial, hunt.smallest)
    if not search.checked:
        skipped = trial.outcomes("skipped")
        where = f"points. At the last one, {skipped[-1].reason}" if skipped else "points: the strategies draw nothing"
        raise ValueError(
            f"find_gradient_error: the gradient of {trial.name} could be checked at none of {len(skipped)} "
            f"{where}. State the domain of {trial.name}: reals(low, high, shape=...)."
        )
    return search


def _found(trial: Trial, smallest: tuple[Any, ...] | None, how: str, max_examples: int) -> GradientSearch:
    """What the checks so far show; `how` the search ended if that was early."""
    doubtful, checked = trial.outcomes("cannot tell"), len(trial.outcomes("right", "wrong", "cannot tell"))
    counts = checked, len(doubtful), len(trial.outcomes("skipped"))
    if smallest is None or trial(smallest).kind != "wrong":
        stopped = f"The search was {how}, at {checked} of {max_examples} points." if how else ""
        return GradientSearch(trial.name, None, doubtful[0].report if doubtful else None, "", *counts, stopped)
    stopped = f"The shrinking was {how}; there may be smaller ones." if how else ""
    inputs = trial.domains.arguments(smallest)
    code = reproduction.code(trial.f, inputs, trial.functions, trial.others)
    return GradientSearch(trial.name, inputs, trial(smallest).report, code, *counts, stopped)


def _noted(trial: Trial, point: tuple[Any, ...]) -> Exception:
    """The error that was raised at a point, with a note that says so, and what to do."""
    error = trial(point).error
    assert error is not None
    error.add_note(f"find_gradient_error: this was raised at\n{reproduction.point(trial.f, trial.domains.arguments(point))}")
    if not str(error).startswith(OURS):
        stated = "state its domain, reals(low, high, shape=...), or let it raise ValueError."
        error.add_note(f"If {trial.name} is not defined there, {stated}")
    return error


def _require_usable(f: Any, domains: Sequence[Any], options: dict[str, Any]) -> None:
    """Raise an error for what would otherwise look like an error of the gradient at each point."""
    for name, function in (("f", f), *((name, options.get(name)) for name in FUNCTIONS)):
        absent = name != "f" and function is None
        if not (callable(function) or absent or (name == "gradient" and function is True)):
            raise TypeError(f"find_gradient_error: {name} is a {type(function).__name__}; wanted a function.")
    unknown = [name for name in options if name not in inspect.getfullargspec(check_gradient).kwonlyargs]
    if unknown:
        raise TypeError(f"find_gradient_error: there is no option {unknown[0]}; wanted one of check_gradient.")
    if options.get("argnums") is not None:
        checked_argnums(options["argnums"], len(domains))
    with contextlib.suppress(ValueError):  # f does not say what it takes
        try:
            inspect.signature(f, follow_wrapped=False).bind(*domains)
        except TypeError as mismatch:
            given = f"{len(domains)} {'was' if len(domains) == 1 else 'were'} given: {mismatch}"
            raise TypeError(f"find_gradient_error: wanted a domain for each argument of {name_of(f)}; {given}.") from None


def _require_limits(max_examples: int, max_seconds: float, seed: int, rng: Any) -> None:
    for name, value, least in (("max_examples", max_examples, 1), ("seed", seed, 0), ("rng", rng, 0)):
        if not isinstance(value, (int, np.integer)):
            reason = "a seed: each check repeats itself" if name == "rng" else "an int"
            raise TypeError(f"find_gradient_error: {name} is a {type(value).__name__}; wanted {reason}.")
        if value < least:
            raise ValueError(f"find_gradient_error: {name} is {value}; wanted at least {least}.")
    if not isinstance(max_seconds, (int, float, np.number)) or not max_seconds > 0:
        raise ValueError(
            f"find_gradient_error: max_seconds is {max_seconds!r}; wanted a positive number of seconds, or math.inf for no limit."
        )


def gradient_test(*domains: Any, **options: Any) -> Callable[[Callable[..., Any]], Callable[[], None]]:
    """Make a test of a function: its gradient is searched for errors in the domains of its arguments.

    The function below the decorator is the one to differentiate. The test has no arguments, and pytest finds it by its name; it
    raises `GradientMismatch`, with the smallest inputs and code to paste, unless `find_gradient_error` finds the gradient right.
    It warns if the time ended the search before all points were checked.
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
                raise GradientMismatch(search.report, str(search))
            if search.stopped:
                warnings.warn(search.summary, stacklevel=2)

        decorated: Any = functools.update_wrapper(test, f)
        del decorated.__wrapped__  # pytest would ask it for its arguments
        decorated.function = f
        decorated.place_as = f  # where pytest says that the test is
        return test

    if len(domains) == 1 and not options and callable(domains[0]):
        raise TypeError("gradient_test: no domains were given; wanted @gradient_test(reals(), ...), one for each argument.")
    return decorate
