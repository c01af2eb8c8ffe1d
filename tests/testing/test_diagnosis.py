"""What a wrong gradient is said to be: each planted mistake by its name and with its figures, and nothing where no name fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autodiff import extend
from autodiff.testing import GradientMismatch, assert_gradient, check_gradient
from autodiff.testing.diagnosis.claims import Claim, Equation, proofs

RNG = np.random.default_rng(7)
X8, X34, M33, M44, B4 = (RNG.normal(size=shape) for shape in (8, (3, 4), (3, 3), (4, 4), 4))
SIGNED = np.array([[0.5, -1.0, 2.0, 0.1], [1.5, 0.3, -0.7, -2.0]])
ZEROS = np.array([1.0, 0.0, -2.0, 3.0, 0.0, 0.5])
TIED = np.array([1.0, 3.0, -2.0, 3.0, 0.0, 0.5])
CUBE = np.arange(27.0).reshape(3, 3, 3)
LARGE = RNG.normal(size=(100, 70))


@dataclass
class Mistake:
    """A function, a point, a wrong gradient of it, and what is said of that; `...` stands for figures."""

    f: Callable[..., Any]
    inputs: tuple[Any, ...]
    gradient: dict[str, Any]
    said: str


def mistake(f: Callable[..., Any], *inputs: Any, said: str, **gradient: Any) -> Mistake:
    return Mistake(f, inputs, gradient, said)


def square(x: Any) -> Any:
    return np.sum(x**2)


def moments(x: Any) -> Any:
    return np.stack([np.sum(x**2), np.sum(x**3), np.sum(np.exp(x))])


def moments_vjp(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    return g[0] * 2 * x + g[1] * 3 * x**2 + g[2] * np.exp(x)


def shifted(x: Any, b: Any) -> Any:
    return np.sum((x + b) ** 3)


def slope(x: Any, b: Any) -> Any:
    return 3 * (x + b) ** 2


def by_matrix(m: Any, v: Any) -> Any:
    return m @ v


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def of_arrays_only(z: Any) -> Any:
    assert isinstance(z, np.ndarray)
    return sigmoid(z)


def sigmoid_slope(z: Any) -> Any:
    return sigmoid(z) * (1 - sigmoid(z))


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


FACTORS = {
    "half": mistake(
        square,
        X8,
        gradient=lambda x: x.copy(),
        said="The gradient is 1/2 times the numerical one (largest difference ... over 8 entries).",
    ),
    "twice": mistake(
        square,
        X8,
        gradient=lambda x: 4 * x,
        said="The gradient is 2 times the numerical one (largest difference ... over 8 entries).",
    ),
    "sign": mistake(
        square,
        X8,
        gradient=lambda x: -2 * x,
        said="The gradient is -1 times the numerical one (largest difference ... over 8 entries).",
    ),
    "zero": mistake(
        square,
        X8,
        gradient=np.zeros_like,
        said="The gradient is zero, and the numerical one is not (largest difference ... over 8 entries).",
    ),
    "of one entry": mistake(
        square,
        3.0,
        gradient=lambda x: 1.0 * x,
        said="The gradient is 1/2 times the numerical one (largest difference ... over 1 entry, here and at 3 random "
        "points nearby).",
    ),
    "1/n": mistake(
        square,
        X34,
        gradient=lambda x: 2 * x / 4,
        said="The gradient is 1/4 times the numerical one (4 is the length of axis 1 of x) (largest difference "
        "... over 12 entries).",
    ),
    "n": mistake(
        lambda x: np.mean(x**2),
        X34,
        gradient=lambda x: 2 * x,
        said="The gradient is 12 times the numerical one (12 is the size of x) (largest difference ... over 12 entries).",
    ),
    "1/n twice, which is no mean over copies": mistake(
        lambda x: np.mean(x**2),
        X8,
        gradient=lambda x: 2 * x / 64,
        said="The gradient is 1/8 times the numerical one (8 is the length of axis 0 of x) (largest difference "
        "... over 8 entries).",
    ),
    "2 where an axis has length 2": mistake(
        square,
        SIGNED,
        gradient=lambda x: 4 * x,
        said="The gradient is 2 times the numerical one (2 is also the length of axis 0 of x) (largest difference "
        "... over 8 entries).",
    ),
    "some other constant": mistake(
        lambda x: np.sum(np.exp(x)),
        X8,
        gradient=lambda x: 0.37 * np.exp(x),
        said="The gradient is 0.37 times the numerical one (largest difference ... over 8 entries).",
    ),
    "float32": mistake(
        square,
        X8.astype(np.float32),
        gradient=lambda x: x.copy(),
        said="The gradient is 1/2 times the numerical one (largest difference ... over ... entries).",
    ),
    "float32, rounded": mistake(
        lambda x: np.sum(np.exp(x)),
        X34.astype(np.float32),
        gradient=lambda x: np.exp(x) / np.float32(3),
        said="The gradient is 1/3 times the numerical one (3 is the length of axis 0 of x) (largest difference "
        "... over 12 entries).",
    ),
    "both arguments": mistake(
        lambda a, b: np.sum(np.exp(a) * b),
        X34,
        B4,
        gradient=lambda a, b: (-np.exp(a) * b, -np.exp(a).sum(0)),
        said="The gradient is -1 times the numerical one (largest difference ... over 16 entries).",
    ),
    "one of two arguments": mistake(
        lambda a, b: np.sum(a) * np.sum(b**2),
        X8,
        B4,
        gradient=lambda a, b: (np.full_like(a, np.sum(b**2)), -2 * b * np.sum(a)),
        said="The gradient by b is -1 times the numerical one (largest difference ... over 4 entries).",
    ),
    "an array-valued function": mistake(
        np.exp,
        X8,
        vjp=lambda g, x: g * np.exp(x) / 8,
        said="The gradient is 1/8 times the numerical one (8 is the length of axis 0 of x) (largest difference "
        "... over 8 entries).",
    ),
    "a jvp": mistake(
        np.exp,
        X8,
        jvp=lambda t, x: -t * np.exp(x),
        said="The gradient is -1 times the numerical one (largest difference ... over 8 entries).",
    ),
    "beside kinks": mistake(
        lambda x: np.sum(relu(x) + x**2),
        ZEROS,
        gradient=lambda x: ((x > 0) + 2 * x) / 2,
        said="The gradient is 1/2 times the numerical one (largest difference ... over 6 entries).",
    ),
    "of many entries": mistake(
        lambda x: np.sum(np.exp(x)),
        LARGE,
        gradient=lambda x: np.exp(x) / 100,
        said="The gradient is 1/100 times the numerical one (100 is the length of axis 0 of x) (largest "
        "difference ... over 3 random directions).",
    ),
}

BY_B = "The gradient by b equals the one with "
OVER = " in the place of the sum over axis 0 of length {}, along which {} is broadcast to {}"
PLACES = {
    "transposed": mistake(
        lambda w: np.sum(np.exp(w)),
        M33,
        gradient=lambda w: np.exp(w).T.copy(),
        said="The gradient is the numerical one transposed (largest difference ... over 9 entries).",
    ),
    "of the transposed shape": mistake(
        lambda w: np.sum(np.exp(w)),
        X34,
        gradient=lambda w: np.exp(w).T.copy(),
        said="The gradient is the numerical one transposed (largest difference ... over 12 entries).",
    ),
    "transposed for each cotangent": mistake(
        by_matrix,
        M44,
        B4,
        vjp=lambda g, m, v: (np.outer(v, g), m.T @ g),
        said="The gradient by m is the numerical one transposed (largest difference ... over 16 entries).",
    ),
    "a matrix not transposed": mistake(
        lambda v: M44 @ v,
        B4,
        vjp=lambda g, v: M44 @ g,
        said="The gradient equals the one with the first operand of matmul, of shape (4, 4), not transposed (largest "
        "difference ... over 4 entries; the matmul of shape (4,), line ... of test_diagnosis.py: lambda v: M44 @ v,).",
    ),
    "axes exchanged": mistake(
        lambda x: np.sum(np.exp(x) * CUBE),
        CUBE / 30,
        gradient=lambda x: (np.exp(x) * CUBE).transpose(0, 2, 1).copy(),
        said="The gradient is the numerical one with its axes in the order (0, 2, 1) (largest difference ... over 27 entries).",
    ),
    "of the transposed shape, large": mistake(
        lambda w: np.sum(np.exp(w)),
        LARGE,
        gradient=lambda w: np.exp(w).T.copy(),
        said="The gradient is the numerical one transposed (largest difference ... over 3 random directions).",
    ),
    "transposed, large": mistake(
        lambda w: np.sum(np.exp(w)),
        LARGE[:30, :30],
        gradient=lambda w: np.exp(w).T.copy(),
        said="The gradient is the numerical one transposed (largest difference ... over 3 random directions).",
    ),
    "the sum over the batch missing, in the shape of a large argument": mistake(
        lambda x, b: np.sum((x + b) ** 2),
        LARGE[:4],
        np.linspace(0, 1, 70),
        gradient=lambda x, b: (2 * (x + b), 2 * (x + b)),
        said="The gradient by b lacks the sum over axis 0; with it, it is the numerical one (largest difference "
        "... over 70 entries).",
    ),
    "a column for a vector": mistake(
        square,
        X8,
        gradient=lambda x: (2 * x)[:, None],
        said="The gradient has the right numbers in the shape (8, 1) in the place of (8,) (largest difference ... over 8 entries).",
    ),
    "the sum over the batch missing, in shape": mistake(
        shifted,
        X34,
        B4,
        gradient=lambda x, b: (slope(x, b), slope(x, b)),
        said="The gradient by b lacks the sum over axis 0; with it, it is the numerical one (largest difference "
        "... over 4 entries).",
    ),
    "a mean of two": mistake(
        shifted,
        SIGNED,
        B4,
        gradient=lambda x, b: (slope(x, b), slope(x, b).mean(0)),
        said=BY_B
        + "a mean"
        + OVER.format(2, (4,), (2, 4))
        + " (largest difference ... over 4 entries; the add of shape (2, 4), line ...).",
    ),
    "one row in the place of the sum": mistake(
        shifted,
        X34,
        B4,
        gradient=lambda x, b: (slope(x, b), slope(x, b)[2]),
        said=BY_B + "one copy, number 2," + OVER.format(3, (4,), (3, 4)) + " (largest difference ... over 4 entries; the add ...).",
    ),
    "a mean over a large batch": mistake(
        shifted,
        LARGE[:, :4],
        B4,
        gradient=lambda x, b: (slope(x, b), slope(x, b).mean(0)),
        said=BY_B
        + "a mean"
        + OVER.format(100, (4,), (100, 4))
        + " (largest difference ... over 4 entries; the add of shape (100, 4), line ...).",
    ),
    "a mean in the place of the sum": mistake(
        shifted,
        X34,
        B4,
        gradient=lambda x, b: (slope(x, b), slope(x, b).mean(0)),
        said=BY_B
        + "a mean"
        + OVER.format(3, (4,), (3, 4))
        + " (largest difference ... over 4 entries; the add of shape (3, 4), line ...).",
    ),
}

WRONG_AT = "The gradient by x is wrong exactly at the "
WHERE = {
    "negative": mistake(
        lambda x: np.sum((x**2) ** 1.5),
        SIGNED,
        gradient=lambda x: 3 * x**2,
        said=WRONG_AT + "3 entries where x is negative, and right at the 5 others; there it is -1 times the numerical one.",
    ),
    "positive": mistake(
        lambda x: np.sum(np.exp(x)),
        -SIGNED,
        gradient=lambda x: np.exp(x) + relu(x),
        said=WRONG_AT + "3 entries where x is positive, and right at the 5 others.",
    ),
    "negative, of an array-valued function": mistake(
        lambda x: x**2,
        SIGNED,
        vjp=lambda g, x: 2 * g * (x + relu(-x) ** 2),
        said=WRONG_AT + "3 entries where x is negative, and right at the 5 others.",
    ),
    "negative, of many entries": mistake(
        square,
        LARGE,
        gradient=lambda x: 2 * np.abs(x),
        said=WRONG_AT + "... entries where x is negative, and right at the ... others; there it is -1 times the numerical one.",
    ),
    "zero": mistake(
        lambda x: np.sum(np.exp(x)),
        ZEROS[:5],
        gradient=lambda x: np.exp(x) + 0.3 * (x == 0),
        said=WRONG_AT + "2 entries where x is zero, which is also where x has ties (entries that are equal), and right at "
        "the 3 others.",
    ),
    "at the only zero": mistake(
        lambda x: np.sum(np.exp(x)),
        TIED,
        gradient=lambda x: np.exp(x) * (x != 0),
        said=WRONG_AT + "1 entry where x is zero, and right at the 5 others.",
    ),
    "ties": mistake(
        lambda x: np.sum(np.exp(x)),
        TIED,
        gradient=lambda x: np.exp(x) + 0.3 * (x == 3),
        said=WRONG_AT + "2 entries where x has ties (entries that are equal), and right at the 4 others.",
    ),
    "equal to another argument": mistake(
        lambda a, b: np.sum(np.exp(a) * b),
        np.arange(1.0, 7.0) / 10,
        np.array([1.0, 0, 3, 9, 5, 7]) / 10,
        gradient=lambda a, b: (np.exp(a) * b + (a == b), np.exp(a)),
        said=WRONG_AT.replace("by x", "by a") + "3 entries where a equals b, and right at the 3 others.",
    ),
    "a row": mistake(
        square,
        X34,
        gradient=lambda x: 2 * x + np.array([[0], [0.1], [0]]),
        said=WRONG_AT + "4 entries where the row is 1, and right at the 8 others.",
    ),
    "the last row": mistake(
        square,
        X34,
        gradient=lambda x: 2 * x + np.array([[0], [0], [0.1]]),
        said=WRONG_AT + "4 entries where the row is 2, the last, and right at the 8 others.",
    ),
    "a column": mistake(
        square,
        X34,
        gradient=lambda x: 2 * x + np.array([0, 0.1, 0, 0]),
        said=WRONG_AT + "3 entries where the column is 1, and right at the 9 others.",
    ),
}

AT_VALUE = {
    "of a function of arrays": mistake(
        of_arrays_only,
        X8,
        vjp=lambda g, z: g * sigmoid_slope(sigmoid(z)),
        said="The gradient equals f'(f(x)) in the place of f'(x): the derivative was evaluated at the value of f "
        "(largest difference ... over 8 entries).",
    ),
    "of a number": mistake(
        lambda z: of_arrays_only(np.asarray(z)),
        0.7,
        gradient=lambda z: sigmoid_slope(sigmoid(z)),
        said="The gradient equals f'(f(x)) in the place of f'(x): the derivative was evaluated at the value of f "
        "(largest difference ... over 1 entry, here and at 3 random points nearby).",
    ),
}

PLANTED = {
    f"{kind}: {name}": case
    for kind, cases in {"factor": FACTORS, "places": PLACES, "where": WHERE, "at f(x)": AT_VALUE}.items()
    for name, case in cases.items()
}


@pytest.mark.long
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_called_by_its_name(name: str) -> None:
    case = PLANTED[name]
    report = check_gradient(case.f, *case.inputs, **case.gradient)
    assert report.verdict == "wrong"
    assert len(report.diagnosis) == 1
    assert re.fullmatch(re.escape(case.said).replace(re.escape("..."), ".+"), report.diagnosis[0]), report.diagnosis[0]


def test_each_argument_has_a_diagnosis_of_its_own() -> None:
    report = check_gradient(shifted, X34, B4, gradient=lambda x, b: (-slope(x, b), slope(x, b)[0]))
    assert [sentence.split(" (")[0].split(",")[0] for sentence in report.diagnosis] == [
        "The gradient by b equals the one with one copy",
        "The gradient by x is -1 times the numerical one",
    ]


def test_the_diagnosis_is_part_of_the_text_and_of_the_error() -> None:
    with pytest.raises(GradientMismatch, match=r"Diagnosis: The gradient is -1 times the numerical one") as caught:
        assert_gradient(square, X8, gradient=lambda x: -2 * x)
    assert caught.value.report.diagnosis[0] in str(caught.value)


@pytest.mark.usefixtures("registry_as_it_was")
def test_an_operation_of_autograd_with_a_wrong_rule_has_a_diagnosis() -> None:
    cube = extend.primitive(lambda x, /: x**3, {"x": lambda g, x: g * x**2}, name="cube_of_the_diagnosis")
    (sentence,) = check_gradient(cube, X8).diagnosis
    assert sentence.startswith("The gradient is 0.3333333333 times the numerical one (largest difference ")
    assert check_gradient(cube, X8, order=2).diagnosis == (sentence,)


def regularized(x: Any) -> Any:
    return np.sum(np.exp(x)) + 0.01 * np.sum(x**2)


def decay(x: Any) -> Any:
    return 0.02 * x


TERMS = {
    "lacks the term 'decay': numerical - given equals it": np.exp,
    "has the term 'decay' with the wrong sign: numerical - given equals 2 times it": lambda x: np.exp(x) - decay(x),
    "has 'decay' twice: numerical - given equals -1 times it": lambda x: np.exp(x) + 2 * decay(x),
    "has the term 'decay' with a wrong factor: numerical - given equals -3 times it; if it is part of it, multiply it by "
    "-2": lambda x: np.exp(x) + 4 * decay(x),
}


@pytest.mark.long
@pytest.mark.parametrize("said", TERMS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_term_of_the_formula_that_makes_the_difference_is_named(said: str, dtype: Any) -> None:
    x = X8.astype(dtype)
    report = check_gradient(regularized, x, gradient=lambda x: TERMS[said](x).astype(dtype), terms={"data": np.exp, "decay": decay})
    (sentence,) = report.diagnosis
    assert re.fullmatch(re.escape(f"The gradient {said} (largest difference ") + r"\S+ over 8 entries\)\.", sentence)


def test_a_term_may_be_missing_by_one_argument_and_for_each_cotangent() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.exp(x) * y + x**2

    by_vjp = check_gradient(
        f, X8, X8 + 1, vjp=lambda g, x, y: (g * np.exp(x) * y, g * np.exp(x)), terms={"x²": lambda g, x, y: (2 * g * x, 0 * y)}
    )
    by_jvp = check_gradient(
        f, X8, X8 + 1, jvp=lambda t, x, y: np.exp(x) * (t[0] * y + t[1]), terms={"x²": lambda t, x, y: 2 * t[0] * x}
    )
    for report in (by_vjp, by_jvp):
        (sentence,) = report.diagnosis
        assert sentence.startswith("The gradient by x lacks the term 'x²': numerical - given equals it (largest")


@pytest.mark.long
def test_many_entries_are_explained_along_random_directions() -> None:
    def layer(w: Any) -> Any:
        return np.sum(sigmoid(X34 @ w) ** 2)

    def at_output(w: np.ndarray) -> np.ndarray:
        a = sigmoid(X34 @ w)
        return X34.T @ (2 * a * sigmoid_slope(a))

    term = check_gradient(regularized, LARGE, gradient=np.exp, terms={"decay": decay})
    activation = check_gradient(layer, LARGE[:4], gradient=at_output)
    for report, mistake in (
        (term, "The gradient lacks the term 'decay': "),
        (activation, "The gradient equals the one with sigmoid'(sig"),
    ):
        (sentence,) = report.diagnosis
        assert sentence.startswith(mistake)
        assert "over 3 random directions" in sentence


def test_a_term_that_does_not_make_the_difference_is_not_named() -> None:
    assert check_gradient(regularized, X8, gradient=lambda x: np.exp(x) + x**2, terms={"decay": decay}).diagnosis == ()
    assert check_gradient(regularized, X8, gradient=lambda x: np.exp(x) + decay(x), terms={"decay": decay}).diagnosis == ()


def test_a_term_that_fails_does_not_hide_the_report() -> None:
    report = check_gradient(
        regularized, X8, gradient=lambda x: np.exp(x) + x**2, terms={"decay": lambda x: {}[0], "short": lambda x: x[1:]}
    )
    assert report.diagnosis == (
        "The term 'decay' could not be evaluated: KeyError: 0",
        "The term 'short' could not be evaluated: ValueError: its shape is (7,), that of x (8,)",
    )


ERRORS: list[tuple[type[Exception], str, dict[str, Any]]] = [
    (TypeError, "check_gradient: terms is a list; wanted a dict of names and functions.", {"gradient": np.exp, "terms": [decay]}),
    (TypeError, "the term 'decay' is a float; wanted a function like gradient.", {"gradient": np.exp, "terms": {"decay": 0.1}}),
    (ValueError, "terms= are parts of a gradient derived by hand, but none was given.", {"terms": {"decay": decay}}),
]


@pytest.mark.parametrize(("kind", "text", "options"), ERRORS, ids=[text for _, text, _ in ERRORS])
def test_terms_that_are_none_are_an_error(kind: type[Exception], text: str, options: dict[str, Any]) -> None:
    with pytest.raises(kind, match=re.escape(text)):
        check_gradient(regularized, X8, **options)


RIGHT = {
    "smooth": (lambda x: np.sum(np.exp(x)), (X34,), {"gradient": np.exp}),
    "at kinks": (lambda x: np.sum(relu(x)), (ZEROS,), {"gradient": lambda x: np.where(x == 0, 0.25, x > 0)}),
    "of several results": (moments, (X8,), {"vjp": moments_vjp}),
    "float32": (square, (X8.astype(np.float32),), {"gradient": lambda x: 2 * x}),
    "autograd": (np.tanh, (X8,), {}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_gradient_has_no_diagnosis(name: str) -> None:
    f, inputs, options = RIGHT[name]
    report = check_gradient(f, *inputs, **options)
    assert report.ok
    assert report.diagnosis == ()
    assert "Diagnosis" not in str(report)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [1e-3, 1.0])
def test_a_gradient_that_is_wrong_at_random_has_no_diagnosis(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    x, b = rng.normal(size=(4, 3)), rng.normal(size=3)
    noise = size * rng.normal(size=(4, 3)) * (rng.random((4, 3)) < rng.choice([0.3, 0.6, 1]))
    noise[rng.integers(4), rng.integers(3)] = size
    for f, inputs, options in (
        (shifted, (x, b), {"gradient": lambda x, b: (slope(x, b) + noise, slope(x, b).sum(0))}),
        (shifted, (x, b), {"gradient": lambda x, b: (slope(x, b), slope(x, b).sum(0) + noise[0] + noise[1])}),
        (np.exp, (x,), {"vjp": lambda g, x: g * (np.exp(x) + noise)}),
        (np.exp, (x.astype(np.float32),), {"vjp": lambda g, x: (g * (np.exp(x) + noise)).astype(np.float32)}),
    ):
        assert check_gradient(f, *inputs, **options).diagnosis == ()


FEW = {
    "a sum at a kink, of which no entry is wrong by itself": (np.max, np.zeros(2), np.ones_like),
    "one entry, at one point": (lambda x: (x - 3) ** 2 + x, 3.0, lambda x: 2 * np.ones_like(x) + 7 * (x - 3) * np.sin(5 * x)),
    "an index of which nothing more is known": (
        lambda x: np.sum(np.exp(x)),
        X8,
        lambda x: np.exp(x) + np.sin(9 * x) * (np.arange(8) == 3),
    ),
}


NEARBY = {
    "is 0.15 times the numerical one (largest difference ... over 1 entry, here and at 3": (lambda x: x**2, 3.0, lambda x: 0.3 * x),
    "is 0.37 times the numerical one (largest difference ... over 2 entries, here and at 3": (square, X8[:2], lambda x: 0.74 * x),
    "is -1 times the numerical one (largest difference ... over 1 entry, here and at 3": (
        lambda x: (x**2) ** 1.5,
        -1.0,
        lambda x: 3 * x**2,
    ),
    "by x is wrong exactly at the ... entries where x is negative, and right at the ... others, here and at 4": (
        lambda x: np.sum(np.exp(x)),
        np.array([1.0, -2, 3, 4]),
        lambda x: np.exp(x) + (x < 0) * x**2,
    ),
    "by x is wrong exactly at the 1 entry where x is zero, and right at the 9 others, here and at 4": (
        lambda x: np.sum(np.exp(x)),
        np.array([1.0, 0]),
        lambda x: np.exp(x) + (x == 0),
    ),
}


@pytest.mark.parametrize("said", NEARBY)
def test_what_a_few_entries_do_not_show_random_points_nearby_do(said: str) -> None:
    f, x, gradient = NEARBY[said]
    (sentence,) = check_gradient(f, x, gradient=gradient).diagnosis
    assert re.match(re.escape(f"The gradient {said} random points nearby").replace(re.escape("..."), ".+"), sentence), sentence


@pytest.mark.parametrize("name", FEW)
def test_too_few_entries_to_tell_a_mistake_from_chance_have_no_diagnosis(name: str) -> None:
    f, x, gradient = FEW[name]
    report = check_gradient(f, x, gradient=gradient)
    assert report.verdict == "wrong"
    assert report.diagnosis == ()


def test_a_jacobian_vector_product_of_many_entries_is_not_asked_for_each() -> None:
    tangents = []

    def jvp(t: np.ndarray, x: np.ndarray) -> np.ndarray:
        tangents.append(t)
        return -t * np.exp(x)

    report = check_gradient(np.exp, LARGE, jvp=jvp)
    assert (report.verdict, report.diagnosis) == ("wrong", ())
    assert len(tangents) < LARGE.size


def test_one_entry_that_contradicts_a_diagnosis_forbids_it() -> None:
    def all_but_one(x: np.ndarray) -> np.ndarray:
        result = np.exp(x) / 2
        result[3] = 0.7 * np.exp(x[3])
        return result

    def one_too_many(x: np.ndarray) -> np.ndarray:
        result = 3 * x**2
        result[0, 0] += 0.1
        return result

    assert check_gradient(lambda x: np.sum(np.exp(x)), X8, gradient=all_but_one).diagnosis == ()
    assert check_gradient(lambda x: np.sum(np.abs(x) ** 3), SIGNED, gradient=one_too_many).diagnosis == ()

    shared = np.exp(M33).T.copy()
    shared[0, 1] += 1e-3
    report = check_gradient(lambda w: np.sum(np.exp(w)), M33, gradient=lambda w: shared.copy())
    assert not any("transposed" in sentence for sentence in report.diagnosis)


def test_a_factor_that_noise_leaves_open_is_not_named() -> None:
    def noisy(x: np.ndarray) -> Any:
        return np.round(np.sum(np.exp(x)), 4)

    assert check_gradient(noisy, X8[:2], gradient=lambda x: 1.01 * np.exp(x)).diagnosis == ()


def test_noise_asks_for_more_entries_before_a_factor_is_named() -> None:
    def rounded(x: np.ndarray) -> Any:
        return np.round(np.sum(np.exp(x)), 6)

    one, six = np.array([0.3]), np.linspace(0.3, 1, 6)
    assert check_gradient(rounded, one, gradient=lambda x: np.exp(x) / 2).diagnosis == ()
    (sentence,) = check_gradient(rounded, six, gradient=lambda x: np.exp(x) / 2).diagnosis
    assert sentence.startswith("The gradient is 1/2 times the numerical one (largest difference ")


def proven(left: list[float], right: list[float], numerical: list[float], allowed: list[float], **options: Any) -> bool:
    arrays = [np.array(numbers) for numbers in (left, right, allowed)]
    equation = Equation(*arrays, apart=np.abs(arrays[0] - np.array(numerical)))
    claim = Claim(**{"said": "is equal", "equations": {"x": equation}, "key": "", **options})
    return bool(list(proofs([claim], ["x"])))


def test_an_explanation_must_agree_in_many_more_digits_than_the_numerical_gradient_does() -> None:
    given, numerical = [1.1, 2.1, 4.0], [1.0, 2.0, 3.0]
    assert proven(given, [1.1 + 1e-7, 2.1, 4.0], numerical, [1e-6] * 3)
    assert not proven(given, given, numerical, [0.03] * 3)  # the numerical gradient is known to a digit and a half
    assert not proven(given, [1.1 + 1e-6, 2.1, 4.0], numerical, [1e-7] * 3)
    assert proven(given, [7, 2.1, 4.0], numerical, [np.inf, 1e-7, 1e-7])  # what is not known contradicts nothing
    assert not proven(given, given, numerical, [np.inf, np.inf, 1e-7])  # nor does it prove anything: one entry is left
    assert not proven([1.1] * 3, [1.1] * 3, [1.0] * 3, [1e-7] * 3)  # which equal entries are as well


def test_numbers_that_are_fitted_cost_an_entry_each() -> None:
    given, numerical = [1.1, 2.2], [1.0, 2.0]
    assert not proven(given, numerical, numerical, [1e-9] * 2, said=str)
    assert proven([*given, 3.3], [*numerical, 3.0], [*numerical, 3.0], [1e-9] * 3, said=str)
    assert not proven([2.0, 4.0], numerical, numerical, [1e-9] * 2, said=str)
    assert proven([2.0, 4.0], numerical, numerical, [1e-9] * 2, said=str, special={2.0: "twice"})  # but special


def test_a_diagnosis_stays_within_the_evaluations_allowed() -> None:
    report = check_gradient(shifted, X34, B4, gradient=lambda x, b: (slope(x, b), slope(x, b)[2]), max_evaluations=1500)
    assert report.evaluations <= 1500


def test_a_computation_with_complex_numbers_on_the_way_is_diagnosed() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.abs(np.exp(1j * x) * x + x) ** 2)  # 2 x² (1 + cos x)

    report = check_gradient(f, np.array([0.5, 1.2, -0.7]), gradient=lambda x: 4 * x * (1 + np.cos(x)))
    assert report.verdict == "wrong"
    assert "without the derivative of multiply by its second operand" in str(report)
