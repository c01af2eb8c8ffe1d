"""Functions at points where differences are hard to take: right gradients are found right, and wrong ones are still found wrong."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.testing import GradientReport, check_gradient
from autodiff.testing.numerics.verdicts import UNRESOLVED

pytestmark = pytest.mark.long

RNG = np.random.default_rng(3)
HILBERT = 1 / (np.arange(6)[:, None] + np.arange(6) + 1.0)
THOUSAND = RNG.normal(size=1000)
BIG = RNG.normal(size=(30, 40))

# Functions and points. Where f returns an array, each result is differentiated by each entry.
HARD: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "steep line": (lambda x: 1e8 * x, ([1.0, -2.0],)),
    "shallow line": (lambda x: 1e-8 * x, ([1.0, 3.0],)),
    "shallow line on a constant": (lambda x: 1 + 1e-8 * x, ([1.0, 1e-3, 1e3],)),
    "inputs of opposite scales": (lambda x: 1e8 * x[0] + 1e-8 * x[1], ([1e-8, 1e8],)),
    "square at large numbers": (np.square, ([1e8, -3e8],)),
    "square at small numbers": (np.square, ([1e-8, -3e-8],)),
    "wave at a large number": (lambda x: np.exp(-((x - 1e6) ** 2)) * x, ([1e6 + 0.5, 1e6 - 1.0],)),
    "exp at tiny numbers": (np.exp, ([1e-8, -3e-8, 2e-300],)),
    "exp at all numbers": (lambda x: np.exp(20 * x), ([0.0, 1.0, 3.0, -2.0],)),
    "ninth power": (lambda x: x**9, ([0.0, 1.0, -1.3, 1e-3, 100.0],)),
    "inverse near its pole": (lambda x: 1 / x, ([1e-8, 1e-3, -1e-10],)),
    "log near its edge": (np.log, ([1e-300, 1e-8, 1e-3, 1.0, 1e10],)),
    "root near its edge": (np.sqrt, ([1e-300, 1e-8, 1e-3, 1.0, 1e10],)),
    "power 3/2 near its edge": (lambda x: x**1.5, ([1e-10, 1e-3, 1.0],)),
    "power 3/2 at its edge": (lambda x: x**1.5, ([0.0],)),
    "power 3/2 on both sides": (lambda x: np.abs(x) ** 1.5, ([0.0, 1.0],)),
    "square with a sign": (lambda x: x * np.abs(x), ([0.0, 1.0],)),
    "saturated sigmoid": (ad.sigmoid, ([40.0, -40.0, 800.0, -800.0, 0.0],)),
    "saturated tanh": (np.tanh, ([20.0, -20.0, 400.0],)),
    "saturated tanh in single precision": (np.tanh, (np.array([8.0, -6.0, 1.0], np.float32),)),
    "saturated sigmoid in single precision": (ad.sigmoid, (np.array([15.0, -20.0, 3.0], np.float32),)),
    "softplus": (lambda x: np.log(1 + np.exp(x)), ([30.0, -20.0, 0.0],)),
    "sharp logsumexp": (lambda x: ad.logsumexp(1e3 * x), ([0.3, 0.31, -0.2],)),
    "sharp step": (lambda x: ad.sigmoid(1e5 * x), ([1e-6, 0.0, 1e-5],)),
    "sharp corner": (lambda x: np.sqrt(x * x + 1e-20), ([1e-9, 1e-3],)),
    "kinks": (lambda x: np.abs(x) + ad.relu(x), ([0.0, 1.0, -1e-12, 1e-12, 1e-5, -1e-5],)),
    "kinks on a constant": (lambda x: 1 + ad.relu(x), ([0.0, -1e-12, 1e-12, 1e-5, -1e-5],)),
    "ties": (np.max, ([1.0, 1.0, 2.0, 2.0],)),
    "limits": (lambda x: np.clip(x, -1.0, 1.0), ([-1.0, 1.0, 0.5, 3.0],)),
    "steps": (np.floor, ([1.5, 1.01, 0.999, -3.2, 1.0],)),
    "rounding": (lambda x: (1e8 + x) - 1e8, ([1.0, 1e-3, 300.0],)),
    "much rounding": (lambda x: (1e12 + x) - 1e12, ([1.0, 30.0],)),
    "ill-conditioned products": (lambda x: HILBERT @ (HILBERT @ (HILBERT @ x)), (RNG.normal(size=6),)),
    "sums that cancel": (lambda x: np.sum(1e8 * x) - 1e8 * np.sum(x) + np.sum(x * x), (RNG.normal(size=20),)),
    "difference quotient": (lambda x: (np.exp(x) - 1) / x, ([1e-3, 1e-6],)),
    "norm of a small vector": (lambda x: np.sqrt(np.sum(x * x)), ([1e-5, 2e-5],)),
    "a thousand terms": (lambda x: np.sum(x * THOUSAND), (RNG.normal(size=1000),)),
    "a thousand terms in single precision": (lambda x: np.sum(x * THOUSAND.astype(np.float32)), (THOUSAND.astype(np.float32),)),
    "network of kinks": (lambda w: np.sum(ad.relu(ad.relu(BIG @ w) @ BIG[:5].T[:5])), (RNG.normal(size=(40, 5)),)),
    "large network of kinks": (lambda w: np.sum(ad.relu(BIG @ w) ** 2), (RNG.normal(size=(40, 30)),)),
    "precision lost inside": (lambda x: np.exp(x.astype(np.float32)), ([0.0, 1.0, -3.0],)),
    "constant": (lambda x: 3.0, ([1.0, 2.0],)),
    "integer constant": (lambda x: 3, ([1.0, 2.0],)),
    "no dependence": (lambda x, y: y * y, ([1.0, 2.0], [3.0])),
    "no elements": (lambda x: x * x, (np.zeros((0, 3)),)),
}

# Second derivatives exist, and can be told.
TWICE = sorted(
    set(HARD)
    - {"kinks", "ties", "limits", "steps", "log near its edge", "root near its edge", "power 3/2 at its edge"}
    - {"power 3/2 on both sides", "square with a sign", "difference quotient", "saturated tanh in single precision"}
    - {"power 3/2 near its edge", "network of kinks", "large network of kinks", "kinks on a constant"}
)


def check(name: str, **options: Any) -> GradientReport:
    f, inputs = HARD[name]
    return check_gradient(f, *(np.asarray(x, getattr(x, "dtype", float)) for x in inputs), **options)


@pytest.mark.parametrize("name", HARD)
def test_a_right_gradient_is_found_right(name: str) -> None:
    report = check(name)
    assert report.verdict == "right", str(report)


# Some second derivatives are 1e-17 of the others, and so smaller than the rounding of the first.
VANISHING = {"sharp corner"}


@pytest.mark.parametrize("name", TWICE)
def test_a_right_second_derivative_is_found_right(name: str) -> None:
    report = check(name, order=2)
    assert report.verdict == ("cannot tell" if name in VANISHING else "right"), str(report)


# Ten percent of these gradients are nothing, or within what is right.
ZERO = {"constant", "integer constant", "no elements", "steps", "saturated tanh", "power 3/2 at its edge", "ties"}


@pytest.mark.parametrize("name", sorted(set(HARD) - ZERO))
def test_a_gradient_that_is_a_tenth_too_large_is_not_found_right(name: str) -> None:
    f = HARD[name][0]

    def vjp(g: np.ndarray, *arrays: np.ndarray) -> Any:
        tensors = [ad.Tensor(x, requires_grad=True) for x in arrays]
        f(*tensors).backward(g)
        return tuple(np.zeros(t.shape) if t.grad is None else t.grad.numpy() * np.asarray(1.1, t.dtype) for t in tensors)

    report = check(name, vjp=vjp)
    assert report.verdict == "wrong"
    assert all(entry.given != 0 for entry in report.entries if entry.verdict == "wrong")


def real(x: Any) -> Any:
    """What a function does that takes real numbers only."""
    return x if isinstance(x, ad.Tensor) else np.asarray(x, float)


UNKNOWABLE = {
    "an infinite slope": (np.sqrt, [0.0], "f is not finite to the left"),
    "a jump": (np.sign, [0.0], "at a jump"),
    "a point": (lambda x: np.where(real(x) == 0, 0 * x, np.nan), [0.0], "f is not finite nearby"),
    "no number": (lambda x: np.log(x - 2), [1.0], "f is not finite here"),
    "an infinite number": (lambda x: np.log(x - 1), [1.0], "f is not finite here"),
}


@pytest.mark.parametrize("name", UNKNOWABLE)
def test_where_differences_cannot_tell_they_say_so(name: str) -> None:
    f, x, note = UNKNOWABLE[name]
    report = check_gradient(f, np.array(x))
    assert report.verdict == "cannot tell"
    assert "is not known to be right: the differences cannot tell" in str(report)
    assert {entry.note for entry in report.entries if entry.output == ()} == {note}


@pytest.mark.parametrize(("f", "low", "high"), [(np.abs, -1, 1), (ad.relu, 0, 1), (lambda x: 2 * ad.relu(-x), -2, 0)])
def test_at_a_kink_all_slopes_between_those_of_both_sides_are_right(f: Callable[..., Any], low: float, high: float) -> None:
    for slope in np.linspace(low, high, 5):
        report = check_gradient(f, 0.0, gradient=lambda x, slope=slope: np.full((), slope))
        assert report.ok
    for slope in (low - 1e-6, high + 1e-6):
        report = check_gradient(f, 0.0, gradient=lambda x, slope=slope: np.full((), slope))
        assert report.verdict == "wrong"
        assert report.entries[0].note == f"at a kink: slopes {low} and {high}"


def test_at_the_edge_of_the_domain_one_side_decides() -> None:
    def f(x: Any) -> Any:
        return np.where(x >= 1, x * x, np.nan)

    right, wrong = (check_gradient(f, np.array([1.0]), gradient=lambda x, s=slope: s * x) for slope in (2, 2.01))
    assert right.ok
    assert right.entries[0].note == wrong.entries[0].note == "f is not finite to the left: from one side"
    assert wrong.verdict == "wrong"


@pytest.mark.parametrize("x", [[0.0, 0.0], [0.0, 1.0]])
def test_an_infinite_slope_is_not_accused_beside_other_entries(x: list[float]) -> None:
    assert check_gradient(np.sqrt, np.array(x)).verdict == "cannot tell"
    assert check_gradient(lambda x: np.sum(np.sqrt(x)), np.array(x), gradient=lambda x: 0.5 / np.sqrt(x)).verdict == "cannot tell"
    assert check_gradient(lambda x: np.sum(x * x), np.array(x), gradient=lambda x: np.full(2, np.inf)).verdict == "wrong"


def test_sums_that_cancel_in_a_saturated_softmax_are_not_taken_for_nonlinear() -> None:
    def softmax(x: np.ndarray) -> np.ndarray:
        e = np.exp(x - x.max())
        return e / e.sum()

    def vjp(g: np.ndarray, x: np.ndarray) -> np.ndarray:
        s = softmax(x)
        return s * (g - np.sum(g * s))

    assert check_gradient(softmax, np.array([30.0, -10000.0, 0.0]), vjp=vjp).ok


def test_a_jump_is_named() -> None:
    def f(x: Any) -> Any:
        return np.where(x > 1, x * x + 1, x * x)

    report = check_gradient(f, np.array([1.0]), vjp=lambda g, x: g * 2 * x)
    assert report.entries[0].note == "at a jump: from one side"


def test_equal_numbers_that_all_count_as_the_largest_are_found() -> None:
    report = check_gradient(lambda x: np.max(real(x)), np.zeros(3), gradient=lambda x: np.ones(3))
    wrong = [entry for entry in report.entries if entry.verdict == "wrong"]
    assert {entry.index for entry in wrong} == {"all at a kink"}
    assert (3.0, 1.0) in {(entry.given, entry.numerical) for entry in wrong}
    assert check_gradient(np.max, np.zeros(3)).ok


@pytest.mark.parametrize("f", [np.floor, np.round, np.sign, np.ceil])
def test_a_slope_through_the_steps_of_a_staircase_is_wrong(f: Any) -> None:
    x = np.array([1.5, 1.01, -3.2, 0.4]) + 0.05
    assert check_gradient(lambda x: np.sum(f(real(x))), x, gradient=np.ones_like).verdict == "wrong"
    assert check_gradient(lambda x: np.sum(f(real(x))), x, gradient=np.zeros_like).ok


def test_an_ill_conditioned_computation_is_right_in_half_of_the_digits() -> None:
    right = np.linalg.solve(HILBERT.T, np.ones(6))
    b = RNG.normal(size=6)
    assert check_gradient(lambda b: np.sum(np.linalg.solve(HILBERT, b)), b, gradient=lambda b: right * (1 + 1e-9)).ok
    report = check_gradient(lambda b: np.sum(np.linalg.solve(HILBERT, b)), b, gradient=lambda b: right * (1 + 1e-6))
    assert report.verdict == "wrong"


@pytest.mark.parametrize("large", [1e5, 1e7, 1e8, 1e10])
@pytest.mark.parametrize("seen", [real, lambda x: x], ids=["real numbers only", "complex numbers too"])
def test_an_entry_is_not_right_only_because_another_is_much_larger(large: float, seen: Any) -> None:
    def verdict(gradient: Any) -> str:
        return check_gradient(lambda x: np.sum(seen(x) ** 2), np.array([large, -2.0]), gradient=gradient).verdict

    assert verdict(lambda x: 2 * x) == "right"
    for wrong in (verdict(lambda x: 2 * np.abs(x)), verdict(lambda x: np.where(x < 0, 2.1, 2) * x)):
        assert wrong == "wrong" or (large > 1e7 and wrong == "cannot tell")


@pytest.mark.parametrize("offset", [1e5, 1e6, 1e7, 1e8])
@pytest.mark.parametrize("seen", [real, lambda x: x], ids=["real numbers only", "complex numbers too"])
def test_a_term_dropped_beside_a_large_number_is_found(offset: float, seen: Any) -> None:
    def f(x: Any) -> Any:
        return np.sin(seen(x)) + x

    x = np.array(offset + 0.3)
    assert check_gradient(f, x, gradient=lambda x: 1 + np.cos(x)).ok
    assert check_gradient(f, x, gradient=np.ones_like).verdict == "wrong"


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_function_that_is_zero_up_to_rounding_has_the_gradient_zero(scale: float) -> None:
    x = scale * RNG.normal(size=7)
    for f in (lambda x: np.sum(real(x) - np.mean(real(x))), lambda x: np.sum((real(x) - np.mean(real(x))) / np.std(real(x)))):
        assert check_gradient(f, x, gradient=np.zeros_like).ok
        assert check_gradient(f, x, gradient=lambda x: np.full_like(x, 1e-6 / scale)).verdict == "wrong"


def test_beyond_either_end_of_a_kink_a_slope_is_wrong_although_the_other_end_is_uncertain() -> None:
    def f(x: Any) -> Any:
        return np.where(real(x) < 0, -real(x), np.abs(real(x)) ** 1.5)

    assert check_gradient(f, np.array(0.0), gradient=lambda x: np.array(-0.5)).ok
    assert check_gradient(f, np.array(0.0), gradient=lambda x: np.array(-1.001)).verdict == "wrong"


NOTES: dict[str, tuple[Callable[..., Any], Any, dict[str, Any]]] = {
    "in half of the digits": (np.exp, [0.5], {"vjp": lambda g, x: g * np.exp(x) * (1 + 5e-9)}),
    "0 times infinity: the slope of another result is infinite": (np.sqrt, [0.0, 1.0], {}),
    "zero up to rounding": (lambda x: np.sum(real(x) - np.mean(real(x))), THOUSAND[:7], {"gradient": np.zeros_like}),
    UNRESOLVED: (lambda x: 1e8 + 1e-9 * real(x) ** 2, 2.0, {"gradient": lambda x: -2e-9 * x}),
    "the gradient has as much rounding noise": (
        lambda x: np.sin(real(x) - 1.7e9),
        1.7e9 + 0.5,
        {"gradient": lambda x: -np.cos(x - 1.7e9)},
    ),
}


@pytest.mark.parametrize("note", NOTES)
def test_what_decided_is_noted(note: str) -> None:
    f, x, options = NOTES[note]
    report = check_gradient(f, np.array(x), **options)
    assert note in {entry.note for entry in report.entries}, str(report)


def test_the_opposite_sign_is_not_right_however_fast_a_function_grows_or_vanishes() -> None:
    for x in (600.0, -300.0):
        for f in (np.exp, lambda x: math.exp(float(x))):
            assert check_gradient(f, x, gradient=lambda x: np.exp(x)).ok
            assert check_gradient(f, x, gradient=lambda x: -np.exp(x)).verdict != "right"


@pytest.mark.parametrize("x", [100.1, 2024.3, 20000.3])
@pytest.mark.parametrize("k", [1, 4, 1000])
def test_a_gradient_without_the_periodic_part_is_not_right_far_from_zero(x: float, k: int) -> None:
    def f(t: Any) -> Any:
        return 0.01 * t + np.sin(2 * np.pi * k * real(t)) / k

    assert check_gradient(f, x, gradient=lambda t: 0.01 + 2 * np.pi * np.cos(2 * np.pi * k * t)).verdict != "wrong"
    assert check_gradient(f, x, gradient=lambda t: 0.01 + 0 * t).verdict != "right"


def test_a_slope_that_diverges_is_none_of_a_kink() -> None:
    assert check_gradient(lambda x: np.sqrt(np.maximum(x, 0)), 0.0, gradient=lambda x: 100.0).verdict == "cannot tell"
    assert check_gradient(lambda x: x * math.log(x) if x > 0 else 0.0, 0.0, gradient=lambda x: -10.0).verdict != "right"


STAIRS: dict[str, Callable[[Any], Any]] = {
    "round": lambda x: np.round(x, 3),
    "//": lambda x: x // 1e-3,
    "x - x % 0.001": lambda x: x - x % 1e-3,
}


@pytest.mark.parametrize("f", STAIRS.values(), ids=STAIRS)
@pytest.mark.parametrize("x", [100.0004, 3.3333, -7.0004])
def test_a_gradient_of_zero_is_not_wrong_on_stairs(f: Callable[[Any], Any], x: float) -> None:
    assert check_gradient(f, x, gradient=lambda x: 0.0).verdict != "wrong"


def test_a_gradient_of_zero_is_wrong_where_only_rounding_makes_stairs() -> None:
    for f in (lambda x: 5 + np.sin(real(x)), lambda x: 1e8 + np.sin(real(x)), lambda x: 1e3 + 1e-9 * real(x)):
        assert check_gradient(f, 0.3, gradient=lambda x: 0.0).verdict == "wrong"


def beside_its_pole(x: Any) -> Any:
    return x[0] ** 2 + 1 / x[0]


@pytest.mark.parametrize("other", [7.9e26, 1e6])
def test_a_pole_that_is_far_nearer_than_the_array_is_large_does_not_hide_a_slope(other: float) -> None:
    x = np.array([1.9e-13, other])
    slope = np.array([2 * x[0] - x[0] ** -2, 0])
    assert check_gradient(beside_its_pole, x, gradient=lambda x: slope).ok
    for factor in (0, -1, 1.3):
        assert check_gradient(beside_its_pole, x, gradient=lambda x, factor=factor: factor * slope).verdict != "right"


def test_products_of_numbers_of_all_sizes_are_not_taken_for_rounding_errors_of_the_largest() -> None:
    x = np.array([8.1e-55, 7.9e42, 9.1e8])
    slope = x[0] * x[2] / x[1] * np.array([1, -1, 1]) / x
    assert check_gradient(lambda x: x[0] * x[2] / x[1], x, gradient=lambda x: slope).ok
    for factor in (0, -1, 1.3):
        assert check_gradient(lambda x: x[0] * x[2] / x[1], x, gradient=lambda x, factor=factor: factor * slope).verdict == "wrong"


def test_a_slope_towards_a_pole_that_is_lost_beside_a_large_number_is_not_wrong_but_one_without_a_pole_is() -> None:
    x = 2.9e-32
    assert check_gradient(lambda x: 2.3e49 + 1 / real(x), x, gradient=lambda x: -1 / x**2).verdict == "cannot tell"
    assert check_gradient(lambda x: 1 + 0 * real(x), x, gradient=lambda x: 5.0).verdict == "wrong"


def test_zero_is_not_right_of_a_power_that_is_far_larger_on_one_side() -> None:
    assert check_gradient(lambda x: 5.93 * real(x) ** 1000, -1.151, gradient=lambda x: 0.0).verdict != "right"
