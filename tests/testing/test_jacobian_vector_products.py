"""Jacobian-vector products derived by hand: the right one is right, and each mistake is found, also among many entries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff.testing import check_gradient

RNG = np.random.default_rng(5)
W, X = RNG.normal(size=(3, 2)), RNG.normal(size=(4, 3))


def product(w: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.tanh(x @ w)


def product_jvp(tangents: tuple[np.ndarray, np.ndarray], w: np.ndarray, x: np.ndarray) -> np.ndarray:
    dw, dx = tangents
    return (1 - np.tanh(x @ w) ** 2) * (dx @ w + x @ dw)


def test_a_right_product_is_right() -> None:
    report = check_gradient(product, W, X, jvp=product_jvp)
    assert report.ok, str(report)
    assert {entry.argument for entry in report.entries} == {"w", "x"}


def test_of_one_argument_the_tangent_is_one_array() -> None:
    assert check_gradient(product, W, X, jvp=lambda dw, w, x: (1 - np.tanh(x @ w) ** 2) * (x @ dw), argnums=0).ok
    assert check_gradient(lambda x: x**3, 2.0, jvp=lambda t, x: 3 * x**2 * t).ok
    assert check_gradient(np.sin, X.astype(np.float32), jvp=lambda t, x: t * np.cos(x)).ok


MISTAKES = {
    "a term dropped": lambda t, w, x: (1 - np.tanh(x @ w) ** 2) * (t[1] @ w),
    "a factor": lambda t, w, x: 0.5 * product_jvp(t, w, x),
    "the sign of one term": lambda t, w, x: (1 - np.tanh(x @ w) ** 2) * (t[1] @ w - x @ t[0]),
    "off by 1e-6": lambda t, w, x: product_jvp(t, w, x) * (1 + 1e-6),
    "the tangent forgotten": lambda t, w, x: (1 - np.tanh(x @ w) ** 2) * (x @ w),
    "rows exchanged": lambda t, w, x: product_jvp(t, w, x)[::-1].copy(),
    "one result": lambda t, w, x: product_jvp(t, w, x) * np.where(np.arange(8).reshape(4, 2) == 5, 1.01, 1),
    "zero": lambda t, w, x: np.zeros((4, 2)),
    "nan": lambda t, w, x: product_jvp(t, w, x) * np.nan,
}


@pytest.mark.long
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_product_is_wrong(mistake: str) -> None:
    assert check_gradient(product, W, X, jvp=MISTAKES[mistake]).verdict == "wrong"


def overwrites(t: np.ndarray, x: np.ndarray) -> np.ndarray:
    t *= 2
    return t * np.cos(x) / 2


MISCONDUCT: dict[str, tuple[Any, str]] = {
    "has shape (3, 4), but f's result has shape (4, 3)": (lambda t, x: (t * np.cos(x)).T, "the jvp"),
    "has dtype float32, but f's result has dtype float64": (lambda t, x: (t * np.cos(x)).astype(np.float32), "the jvp"),
    "is not linear in the tangent": (lambda t, x: np.abs(t) * np.cos(x), "the jvp"),
    "is not zero for a tangent of zeros": (lambda t, x: t * np.cos(x) + 1e-3, "the jvp"),
    "changes its tangent in place": (overwrites, "the jvp"),
}


@pytest.mark.parametrize("failure", MISCONDUCT)
def test_a_product_must_behave(failure: str) -> None:
    jvp, name = MISCONDUCT[failure]
    report = check_gradient(np.sin, X, jvp=jvp)
    assert any(str(found).startswith(f"{name} {failure}") for found in report.failures), str(report)


def test_a_product_that_hands_out_its_tangent_is_found() -> None:
    report = check_gradient(lambda x: x * 1.0, X, jvp=lambda t, x: t)
    assert [str(failure) for failure in report.failures] == [
        "the jvp shares memory with the tangent: changing one changes the other. Return a copy."
    ]


def test_one_wrong_column_among_many_is_found_and_named() -> None:
    x = RNG.normal(size=10_000)
    weights = np.where(np.arange(x.size) == 6543, 1.01, 1.0)
    report = check_gradient(np.sin, x, jvp=lambda t, x: t * weights * np.cos(x))
    assert {e.index for e in report.entries if e.verdict == "wrong" and isinstance(e.index, tuple)} == {(6543,)}
    assert check_gradient(np.sin, x, jvp=lambda t, x: t * np.cos(x)).ok


def test_a_result_without_a_slope_leaves_the_others_alone() -> None:
    x = np.array([0.0, 4.0])
    report = check_gradient(np.sqrt, x, jvp=lambda t, x: np.array([np.nan, t[1] / (2 * np.sqrt(x[1]))]))
    alone = {(entry.index, entry.output): entry.verdict for entry in report.entries if isinstance(entry.output, tuple)}
    assert alone[(0,), (0,)] != "right"
    assert alone[(1,), (1,)] == alone[(0,), (1,)] == "right"


def test_what_is_no_product_is_refused() -> None:
    with pytest.raises(TypeError, match=r"jvp returned a str as the derivative of f's result; wanted an array of real numbers"):
        check_gradient(np.sin, X, jvp=lambda t, x: "nothing")
    with pytest.raises(ValueError, match=r"vjp= and jvp= were given. Check one at a time"):
        check_gradient(np.sin, X, vjp=lambda g, x: g, jvp=lambda t, x: t)
    with pytest.raises(ValueError, match=r"order=2 differentiates autograd's gradient, not one derived by hand. Leave jvp= out"):
        check_gradient(np.sin, X, jvp=lambda t, x: t, order=2)
    with pytest.raises(TypeError, match="jvp is a int; wanted a function"):
        check_gradient(np.sin, X, jvp=3)
