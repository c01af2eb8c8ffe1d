"""At a kink that many entries share, what is clearly no subgradient hardly ever passes, although only few directions tell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from autodiff.testing import check_gradient

RNG = np.random.default_rng(11)
A = np.array([1.0, -2.0, 1.0])
AT = np.array([3.0, 1.0, -1.0])  # A @ AT = 0


def beside(a: np.ndarray, much: float) -> np.ndarray:
    """What is so much of |a| beside the line along a."""
    other = RNG.normal(size=a.size)
    other -= a * (a @ other) / (a @ a)
    return much * np.linalg.norm(a) * other / np.linalg.norm(other)


def spectral(much: float) -> np.ndarray:
    """A matrix with singular values that add up to `much`."""
    u, v = (np.linalg.qr(RNG.normal(size=(2, 2))).Q for _ in range(2))
    share = RNG.uniform(0.2, 0.8)
    return (u * [much * share, much * (1 - share)]) @ v


DRAWS: dict[str, tuple[Callable[[np.ndarray], float], np.ndarray, Callable[[], np.ndarray], Callable[[float], np.ndarray]]] = {
    "|a·x|": (lambda x: abs(A @ x), AT, lambda: RNG.uniform(-1, 1) * A, lambda much: RNG.uniform(-0.8, 0.8) * A + beside(A, much)),
    "max(a·x, 0)": (
        lambda x: np.maximum(A @ x, 0),
        AT,
        lambda: RNG.uniform(0, 1) * A,
        lambda much: RNG.uniform(0.1, 0.9) * A + beside(A, much),
    ),
    "the spectral norm": (lambda x: np.linalg.norm(x, 2), np.zeros((2, 2)), lambda: spectral(0.9), lambda much: spectral(1 + much)),
}


@pytest.mark.long
@pytest.mark.parametrize("name", DRAWS)
def test_a_subgradient_is_right_and_what_is_clearly_outside_hardly_ever(name: str) -> None:
    f, x, inside, outside = DRAWS[name]

    def is_right(given: np.ndarray, seed: int) -> bool:
        return check_gradient(f, x, gradient=lambda x: given, rng=seed).ok

    assert all(is_right(inside(), seed) for seed in range(6))
    assert sum(is_right(outside(0.3), seed) for seed in range(12)) <= 1


RECTIFIED = RNG.normal(size=300) * (RNG.random(300) < 0.5)
WEIGHTS = RNG.normal(size=300)


def test_a_gradient_of_zero_is_right_for_many_rectified_zeros_of_weights_of_both_signs() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.sum(WEIGHTS * np.maximum(x, 0))

    flipped = np.where(np.arange(300) == np.argmax(RECTIFIED), -1.0, 1.0)
    assert check_gradient(f, RECTIFIED, gradient=lambda x: WEIGHTS * (x > 0)).ok
    assert check_gradient(f, RECTIFIED, gradient=lambda x: flipped * WEIGHTS * (x > 0)).verdict == "wrong"


def test_zero_is_no_subgradient_of_the_largest_of_many_equal_sizes() -> None:
    x = np.where(np.arange(257) % 3 == 0, -0.5, 0.5)
    assert check_gradient(lambda x: np.max(np.abs(x)), x, gradient=lambda x: np.sign(x) / x.size).ok
    assert check_gradient(lambda x: np.max(np.abs(x)), x, gradient=np.zeros_like).verdict == "wrong"
