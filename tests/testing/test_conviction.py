"""What it takes to call a gradient wrong: little more than to call it right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff.testing import check_gradient

RNG = np.random.default_rng(31)
X = RNG.normal(size=(50, 20))
WEIGHTS = RNG.normal(size=20) * 0.3


def loss(w: Any) -> Any:
    return np.sum(np.tanh(X @ w) ** 2)


def gradient(w: np.ndarray) -> np.ndarray:
    a = np.tanh(X @ w)
    return X.T @ (2 * a * (1 - a * a))


@pytest.mark.parametrize("wrong", [lambda g: 2 * g, lambda g: -g, lambda g: 0 * g, lambda g: 1.001 * g, lambda g: g[::-1].copy()])
def test_a_conviction_takes_three_times_the_evaluations_of_an_acquittal_at_most(wrong: Callable[[Any], Any]) -> None:
    right = check_gradient(loss, WEIGHTS, gradient=gradient)
    report = check_gradient(loss, WEIGHTS, gradient=lambda w: wrong(gradient(w)))
    assert right.ok
    assert report.verdict == "wrong"
    assert report.evaluations <= 3 * right.evaluations + 10  # the diagnosis included


def test_wrong_entries_of_many_are_named_within_two_thousand_evaluations() -> None:
    x = RNG.normal(size=100_000)
    factors = np.where(np.arange(x.size) % 2 == 0, 1.0, 1.01)
    report = check_gradient(lambda x: np.sum(np.sin(x)), x, gradient=lambda x: factors * np.cos(x))
    named = {entry.index for entry in report.entries if entry.verdict == "wrong" and isinstance(entry.index, tuple)}
    assert report.evaluations <= 2000
    assert len(named) >= 8
    assert all(index[0] % 2 == 1 for index in named)


def test_where_wrong_entries_take_long_the_report_says_how_many_were_left() -> None:
    def rough(x: np.ndarray) -> Any:
        return sum(np.abs(v - 1e-7) + np.floor(v * 1e9) * 1e-12 for v in np.asarray(x, float))

    report = check_gradient(rough, np.zeros(40), gradient=lambda x: np.full(40, 3.0))
    assert report.verdict == "wrong"
    assert report.left == 40 - sum(isinstance(entry.index, tuple) for entry in report.entries) > 0
    assert f"; {report.left} more were left, since enough are wrong" in report.summary
