"""A gradient that is wrong somewhere in the domain is found out, and shown at the smallest inputs; a right one is not accused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from autodiff import extend
from autodiff.testing import GradientMismatch, assert_gradient, find_gradient_error, gradient_test, reals

pytestmark = pytest.mark.long


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    return e / e.sum()


def to_the_last_of_equals(x: np.ndarray) -> np.ndarray:
    """The gradient of logsumexp, except that of equal numbers the last gets the shares of all."""
    shares, result = softmax(x), np.zeros_like(x)
    for i, value in enumerate(x):
        result[np.flatnonzero(x == value)[-1]] += shares[i]
    return result


# f, its domains, a gradient that is wrong somewhere, and inputs that show it, of the smallest shape and with numbers as small.
WRONG: dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], tuple[Any, ...]]] = {
    "for negative numbers": (lambda x: np.sum(np.abs(x) ** 3), (reals(),), {"gradient": lambda x: 3 * x**2}, (-1.0,)),
    "everywhere": (lambda x: np.sum(np.sin(x)), (reals(),), {"gradient": lambda x: -np.cos(x)}, (0.0,)),
    "at zero": (lambda x: np.sum(x**2), (reals(),), {"gradient": lambda x: np.where(x == 0, 1.0, 2 * x)}, (0.0,)),
    "where numbers are equal": (
        lambda x: np.logaddexp.reduce(x),
        (reals(-9, 9, shape=("n",)),),
        {"gradient": to_the_last_of_equals},
        ([0.0, 0.0],),
    ),
    "where several numbers are the largest": (
        np.max,
        (reals(-9, 9, shape=("n",)),),
        {"gradient": lambda x: np.where(x == x.max(), 1.0, 0.0)},
        ([0.0, 0.0],),
    ),
    "where saturated": (
        lambda x: np.sum(np.logaddexp(0, x)),
        (reals(),),
        {"gradient": lambda x: np.where(x > 20, 0.0, 1 / (1 + np.exp(-x)))},
        (30.0,),
    ),
    "for batches of more than one": (lambda x: np.mean(x**2), (reals(),), {"gradient": lambda x: 2 * x}, ([1.0, 1.0],)),
    "for large numbers": (
        lambda x: np.sum(x**2),
        (reals(),),
        {"gradient": lambda x: np.where(np.abs(x) > 1e3, 1.9 * x, 2 * x)},
        (1e4,),
    ),
    "for small numbers": (
        lambda x: np.sum(x**2),
        (reals(),),
        {"gradient": lambda x: np.where((x != 0) & (np.abs(x) < 1e-5), x, 2 * x)},
        (1e-8,),
    ),
    "without axes": (lambda x: np.sum(x**2), (reals(),), {"gradient": lambda x: 2 * x if x.ndim else -2 * x}, (1.0,)),
    "where shapes broadcast": (
        lambda x, b: np.sum((x + b) ** 2),
        (reals(shape=("n", 3)), reals(shape=(3,))),
        {"gradient": lambda x, b: (2 * (x + b), 2 * (x + b).mean(axis=0))},
        ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [1.0, 1.0, 1.0]),
    ),
    "where one row meets many": (
        lambda x, b: np.sum((x + b) ** 2),
        (reals(), reals()),
        {"gradient": lambda x, b: (2 * (x + b), 2 * (x + b))},
        ([0.0], 0.0),
    ),
    "for matrices, by a transpose": (
        lambda x, w: x @ w,
        (reals(shape=("n", "d")), reals(shape=("d", "k"))),
        {"vjp": lambda g, x, w: (g @ w.T, (g.T @ x).reshape(w.shape))},
        ([[1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]),
    ),
    "at an end of the domain": (
        lambda x: np.sum(x**2),
        (reals(0.25, 4.5),),
        {"gradient": lambda x: np.where(x == 4.5, 0.0, 2 * x)},
        (4.5,),
    ),
    "in a narrow region": (
        lambda x: np.sum(np.sin(x)),
        (reals(-4, 4),),
        {"gradient": lambda x: np.where((x > 2.05) & (x < 2.45), 0.0, np.cos(x))},
        (2.45,),
    ),
    "in the last of three arguments": (
        lambda a, b, c: np.sum(a * b * c),
        (reals(shape=("n",)), reals(shape=("n",)), reals(shape=("n",))),
        {"gradient": lambda a, b, c: np.array(a * b + (c < 0)), "argnums": 2},
        ([0.0], [0.0], [-1.0]),
    ),
    "by the cotangent": (
        lambda x: x**2,
        (reals(),),
        {"vjp": lambda g, x: 2 * np.abs(g) * x},
        (1.0,),
    ),
    "in single precision": (
        lambda x: np.sum(x**2),
        (reals(dtype=np.float32),),
        {"gradient": lambda x: np.where(x > 9, np.float32(1.9), np.float32(2)) * x},
        (np.array(10.0, np.float32),),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_gradient_that_is_wrong_somewhere_is_shown_at_the_smallest_inputs(case: str) -> None:
    f, domains, options, smallest = WRONG[case]
    search = find_gradient_error(f, *domains, **options)
    assert search.verdict == "wrong"
    assert search.report is not None
    assert search.report.verdict == "wrong"
    assert search.counterexample is not None
    for found, expected in zip(search.counterexample, map(np.asarray, smallest), strict=True):
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        assert np.abs(found).max() <= np.abs(expected).max()  # the sign, say, may be either: that is Hypothesis's choice
    with pytest.raises(GradientMismatch):
        assert_gradient(f, *search.counterexample, **options)


def test_a_large_counterexample_becomes_simple_in_a_bounded_number_of_checks() -> None:
    gradient_calls = []

    def gradient(x: np.ndarray) -> np.ndarray:
        gradient_calls.append(x)
        result = 2 * x
        result[37] *= 1.5
        return result

    search = find_gradient_error(lambda x: np.sum(x**2), reals(-5, 5, shape=100), gradient=gradient)
    assert search.counterexample is not None
    assert set(search.counterexample[0].tolist()) == {1.0}
    assert len(gradient_calls) < 1000


def test_the_search_is_the_same_for_the_same_seed_and_every_profile() -> None:
    points: list[Any] = []

    def f(x: Any, flag: bool) -> Any:
        points.append((x.tobytes(), x.shape, flag))
        return np.sum(x**2)

    def search(seed: int, profile: str) -> list[Any]:
        points.clear()
        before = settings.get_current_profile_name()
        settings.load_profile(profile)
        try:
            find_gradient_error(f, reals(), st.booleans(), gradient=lambda x, flag: 2 * x, seed=seed, max_examples=9)
        finally:
            settings.load_profile(before)
        return list(points)

    assert search(3, "default") == search(3, "ci") != search(4, "ci")


def test_strategies_of_hypothesis_are_domains_and_shrunk() -> None:
    def f(x: Any, power: int) -> Any:
        return np.sum(x**power)

    def gradient(x: np.ndarray, power: int) -> np.ndarray:
        return power * x ** (power - 1) * (1.0 if power < 3 else 0.5)

    search = find_gradient_error(f, reals(-2, 2), st.integers(1, 8), gradient=gradient)
    assert search.counterexample == (np.array([1.0]), 3)
    assert search.code.endswith("x = np.array(1.0)\npower = 3\nassert_gradient(f, x, power, gradient=gradient)")


def test_what_is_skipped_is_no_example_of_a_strategy_either() -> None:
    def f(x: Any, divisor: int) -> Any:
        return np.sum(x) * (1 / divisor)

    search = find_gradient_error(
        f, reals(), st.sampled_from([0, 0, 0, 2]), gradient=lambda x, d: np.full_like(x, 1 / d), max_examples=20
    )
    assert search.ok
    assert search.checked > 10
    assert search.skipped > 10


def test_values_are_passed_on_as_they_are() -> None:
    x = np.arange(6.0).reshape(2, 3)
    search = find_gradient_error(lambda x, axis: np.sum(x, axis=axis) ** 2, x, 1)
    assert search.ok
    assert search.checked == 1
    assert find_gradient_error(lambda x: np.sum(x**2), x, gradient=lambda x: x.copy()).counterexample == (x,)


@pytest.mark.parametrize(
    ("f", "gradient"),
    [
        (lambda x: np.sum(np.maximum(x, 0)), lambda x: (x > 0) * 1.0),
        (lambda x: np.sum(np.maximum(x, 0)), np.ones_like),
        (lambda x: np.sum(np.abs(x)), np.sign),
    ],
)
def test_an_end_of_the_domain_may_be_a_kink(f: Any, gradient: Any) -> None:
    assert find_gradient_error(f, reals(0, 1), gradient=gradient).ok
    search = find_gradient_error(f, reals(0, 1), gradient=lambda x: gradient(x) + 1.5)
    assert search.verdict == "wrong"


def test_a_largest_number_may_be_at_the_end_of_the_domain() -> None:
    assert find_gradient_error(np.max, reals(0, 1, shape=3), max_examples=50).ok


def test_where_the_function_raises_an_error_beyond_the_end_of_its_domain_one_side_decides() -> None:
    def f(x: Any) -> Any:
        if np.any(x < 1):
            raise RuntimeError("below 1")
        return np.sum(x**2)

    assert find_gradient_error(f, reals(1, 3), gradient=lambda x: 2 * x, max_examples=40).ok
    search = find_gradient_error(f, reals(1, 3), gradient=lambda x: np.where(x == 1, 1.5, 2 * x))
    assert search.counterexample == (np.array([1.0]),)
    assert search.report is not None
    assert [entry.note for entry in search.report.entries] == ["f is not finite to the left: from one side"]


def test_points_where_the_function_is_not_defined_are_skipped_and_counted() -> None:
    def f(x: Any) -> Any:
        if np.any(np.asarray(x) > 2):
            raise ValueError("too large")
        return np.sum(np.log(x))

    search = find_gradient_error(f, reals(), gradient=lambda x: 1 / x, max_examples=60)
    assert search.verdict == "right"
    assert search.skipped > 60
    assert f"{search.skipped} more skipped, where f is not defined" in str(search)


def test_a_gradient_of_one_number_is_not_asked_about_arrays() -> None:
    assert find_gradient_error(np.tanh, reals(-5, 5), gradient=lambda x: 1 / np.cosh(x) ** 2, max_examples=30).ok


def test_points_where_the_differences_cannot_tell_are_counted_and_no_errors() -> None:
    search = find_gradient_error(lambda x: np.sum(np.sign(x)), reals(-1, 1, shape=1), gradient=np.zeros_like)
    assert search.ok
    assert 0 < search.unknown < search.checked
    assert f"of which the differences cannot tell at {search.unknown}" in str(search)
    nowhere = find_gradient_error(lambda x: np.sum(np.sign(x)), 0.0, gradient=np.zeros_like)
    assert (nowhere.verdict, nowhere.ok, nowhere.counterexample) == ("cannot tell", False, None)
    assert "cannot tell at any of 1 point." in str(nowhere)


def test_an_error_that_the_gradient_raises_is_an_error_of_the_gradient() -> None:
    def gradient(x: np.ndarray) -> np.ndarray:
        if (x < 0).any():
            raise KeyError("no negative numbers")
        return 2 * x

    search = find_gradient_error(lambda x: np.sum(x**2), reals(), gradient=gradient)
    assert search.verdict == "wrong"
    assert search.counterexample == (np.array([-1.0]),)
    assert "gradient raises KeyError where <lambda> raises nothing: 'no negative numbers'" in str(search)


def test_an_error_that_autograd_raises_is_an_error_of_its_gradient(registry_as_it_was: None) -> None:
    def rule(g: Any, x: Any) -> Any:
        raise ValueError("no rule")

    double = extend.primitive(lambda x: 2 * x, {"x": rule}, name="double", doc="Twice `x`.")
    search = find_gradient_error(double, reals(-1, 1))
    assert search.counterexample == (np.array([0.0]),)
    assert "autograd's gradient raises ValueError where double raises nothing: no rule" in str(search)


def test_a_function_that_autograd_does_not_know_is_no_error_of_a_gradient() -> None:
    with pytest.raises(TypeError, match=r"np\.spacing"):
        find_gradient_error(lambda x: np.spacing(x), reals(-1, 1, shape=("n",)))


def test_other_errors_of_the_function_are_passed_on_with_the_inputs() -> None:
    def f(weights: Any) -> Any:
        return {0: np.sum(weights)}[weights.ndim]

    with pytest.raises(KeyError) as caught:
        find_gradient_error(f, reals())
    assert caught.value.__notes__ == [
        "find_gradient_error: this was raised at\nweights = np.array([0.0])",
        "If f is not defined there, state its domain, reals(low, high, shape=...), or let it raise ValueError.",
    ]


def test_a_function_that_is_defined_nowhere_is_an_error_with_its_reason() -> None:
    def f(x: Any) -> Any:
        raise ValueError("wanted a matrix")

    with pytest.raises(ValueError, match=r"the gradient of f could be checked at none of .* f raised ValueError: wanted a matrix"):
        find_gradient_error(f, reals(), max_examples=5)
    with pytest.raises(ValueError, match=r"tanh returned an array of shape .* \(vjp= is for arrays\)"):
        find_gradient_error(np.tanh, reals(shape=3), gradient=np.cos, max_examples=5)


def test_an_interruption_stops_the_search() -> None:
    def f(x: Any, flag: bool = True) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_gradient_error(f, reals())
    with pytest.raises(KeyboardInterrupt):
        find_gradient_error(f, reals(), st.booleans())


ERRORS: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (TypeError, "f is a int; wanted a function.", lambda: find_gradient_error(3, reals())),
    (TypeError, "vjp is a list; wanted a function.", lambda: find_gradient_error(np.sin, reals(), vjp=[])),
    (TypeError, "no domains were given; wanted one for each argument of f", lambda: find_gradient_error(np.sin)),
    (TypeError, "there is no option gradeint", lambda: find_gradient_error(np.sin, reals(), gradeint=np.cos)),
    (TypeError, "there is no option inputs", lambda: gradient_test(reals(), inputs=3)(np.sin)()),
    (ValueError, "max_examples is 0; wanted at least 1", lambda: find_gradient_error(np.sin, reals(), max_examples=0)),
    (TypeError, "no domains were given; wanted @gradient_test", lambda: gradient_test(np.sin)),
    (TypeError, "rng is a Generator; wanted a seed", lambda: find_gradient_error(np.sin, reals(), rng=np.random.default_rng())),
    (ValueError, "order is 3; wanted 1 or 2", lambda: find_gradient_error(np.sin, reals(), order=3)),
    (TypeError, "f returned None; wanted", lambda: find_gradient_error(lambda x: None, reals())),
]


@pytest.mark.parametrize(("kind", "text", "call"), ERRORS, ids=[text for _, text, _ in ERRORS])
def test_bad_use_is_an_error_that_says_what_was_wanted(kind: type[Exception], text: str, call: Callable[[], Any]) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_a_search_reads_well_in_a_terminal_and_in_a_notebook() -> None:
    search = find_gradient_error(lambda x: np.sum(x**2), reals(-1, 1, shape=1), gradient=lambda x: 1 * x)
    sentence = "A gradient error of &lt;lambda&gt;. These are the smallest inputs found at which it shows;"
    parts = str(search).split("\n\n")
    assert parts[0].startswith(sentence.replace("&lt;", "<").replace("&gt;", ">"))
    assert parts[1] == str(search.report)
    assert parts[2:] == ["To see it again:", *("\n".join(f"    {line}" for line in search.code.splitlines())).split("\n    \n")]
    assert search.report is not None
    for text in (sentence, search.report._repr_html_(), "assert_gradient(f, x, gradient=gradient)</pre>"):
        assert text in search._repr_html_()
        assert text in search.to_html()
    right = find_gradient_error(lambda x: np.sum(np.sign(x)), reals(-1, 1, shape=1), gradient=np.zeros_like)
    assert right.report is not None  # where the differences cannot tell, which is not the search's result
    assert "cannot tell" in right._repr_html_()
    assert "<table" not in right._repr_html_()


def test_a_search_prints_nothing() -> None:
    code = "import numpy as np; from autodiff.testing import *; assert find_gradient_error(np.tanh, reals(), max_examples=9).ok"
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == run.stderr == ""


def test_without_hypothesis_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError, match=r"find_gradient_error needs hypothesis: pip install 'chainrule\[testing\]'"):
        find_gradient_error(np.tanh, reals())
