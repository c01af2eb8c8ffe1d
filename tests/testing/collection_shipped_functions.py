"""Mistakes that were released in frameworks for differentiation: in special functions and in linear algebra."""

from __future__ import annotations

from functools import partial
from math import erf, erfc, exp, lgamma, pi, sqrt
from typing import Any

import numpy as np
from collection_case import Case, cases, softmax

special = partial(cases, "shipped: special functions")
matrices = partial(cases, "shipped: linear algebra")
silent = np.errstate(all="ignore")  # 0/0 is the mistake here

RNG = np.random.default_rng(41)
SQUARE = RNG.normal(size=(3, 3))
TALL = RNG.normal(size=(4, 2))
POSITIVE = SQUARE @ SQUARE.T + np.eye(3)
POINTS = np.array([0.7, -1.2, 0.3, 2.1, -0.4])
VECTOR = POINTS[:3]


def digamma(x: Any, reflected: bool = True) -> Any:
    """By reflection to x ≥ 1/2, recurrence to x ≥ 10 and the asymptotic series."""
    t = np.where(x < 0.5, 1 - x, x) if reflected else np.abs(x)
    z = t + 10
    series = np.log(z) - 1 / (2 * z) - 1 / (12 * z**2) + 1 / (120 * z**4) - 1 / (252 * z**6) + 1 / (240 * z**8) - 1 / (132 * z**10)
    result = series - sum(1 / (t + k) for k in range(10))
    return result - np.where(x < 0.5, np.pi / np.tan(np.pi * x), 0.0) if reflected else result


def bessel(order: int, x: Any) -> Any:
    """The modified Bessel function I₀ or I₁, by its power series."""
    term, total = (x / 2) ** order, 0.0
    for k in range(1, 40):
        total = total + term
        term = term * (x / 2) ** 2 / (k * (k + order))
    return total


def log_gamma(x: Any) -> Any:
    return np.vectorize(lgamma)(x)


def log_normal_cdf(x: Any) -> Any:
    """The logarithm of the normal distribution's tail below x, far to the left, by the asymptotic series."""
    return -x * x / 2 - np.log(-x * sqrt(2 * pi)) + np.log1p(-1 / x**2 + 3 / x**4 - 15 / x**6 + 105 / x**8)


def slope_of_log_normal_cdf(x: Any) -> Any:
    series = 1 - 1 / x**2 + 3 / x**4 - 15 / x**6 + 105 / x**8
    return -x - 1 / x + (2 / x**3 - 12 / x**5 + 90 / x**7 - 840 / x**9) / series


def gelu(x: Any) -> Any:
    return np.sum(x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2)


def slope_of_gelu(x: Any, cubic: float = 3 * 0.044715) -> Any:
    t = np.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))
    return (1 + t) / 2 + x / 2 * (1 - t * t) * sqrt(2 / pi) * (1 + cubic * x * x)


def slope_of_exact_gelu(x: Any) -> Any:
    return np.array([(1 + erf(t / sqrt(2))) / 2 + t * exp(-t * t / 2) / sqrt(2 * pi) for t in x])


SPECIAL = [
    *special(
        "log Γ of negative numbers",
        lambda x: np.sum(log_gamma(x)),
        [-1.5, -2.3, -0.5, 1.7],
        right=digamma,
        wrong={"without reflection": partial(digamma, reflected=False)},
    ),
    *special(
        "the multivariate log Γ",
        lambda a: np.sum([log_gamma(a - j / 2) for j in range(3)]),
        2.7,
        right=lambda a: sum(digamma(a - j / 2) for j in range(3)),
        wrong={"without the halves": lambda a: 3 * digamma(a)},
    ),
    *special(
        "the logarithm of the beta function",
        lambda a, b: log_gamma(a) + log_gamma(b) - log_gamma(a + b),
        2.7,
        0.6,
        right=lambda a, b: (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)),
        wrong={"the term of a + b": lambda a, b: (digamma(a), digamma(b))},
    ),
    *special(
        "erf",
        lambda x: np.sum(np.vectorize(erf)(x)),
        POINTS,
        right=lambda x: 2 / sqrt(pi) * np.exp(-x * x),
        wrong={"2/√π in single precision": lambda x: float(np.float32(2 / sqrt(pi))) * np.exp(-x * x)},
    ),
    *special(
        "scaled erfc",
        lambda x: np.sum(np.exp(x * x) * np.vectorize(erfc)(x)),
        POINTS,
        right=lambda x: 2 * x * np.exp(x * x) * np.vectorize(erfc)(x) - 2 / sqrt(pi),
        wrong={"the constant term": lambda x: 2 * x * np.exp(x * x) * np.vectorize(erfc)(x)},
    ),
    *special(
        "the logarithm of a normal tail",
        log_normal_cdf,
        -50.0,
        right=slope_of_log_normal_cdf,
        wrong={"0/0": silent(lambda x: np.exp(-x * x / 2) / np.vectorize(erfc)(-x / sqrt(2))), "-x": np.negative},
    ),
    *special(
        "logaddexp2",
        lambda x, y: np.logaddexp2(x, y),
        0.7,
        -0.4,
        right=lambda x, y: (1 / (1 + 2 ** (y - x)), 1 / (1 + 2 ** (x - y))),
        wrong={"with e for 2": lambda x, y: (1 / (1 + np.exp(y - x)), 1 / (1 + np.exp(x - y)))},
    ),
    *special(
        "log-sum-exp with weights",
        lambda x: np.log(np.sum(np.array([1.0, 2.0, 0.5]) * np.exp(x))),
        POINTS[:3],
        right=lambda x: softmax(x + np.log([1.0, 2.0, 0.5])),
        wrong={"without them": softmax},
    ),
    *special(
        "gelu by tanh",
        gelu,
        POINTS,
        right=slope_of_gelu,
        wrong={"as if by erf": slope_of_exact_gelu, "the cubic term": partial(slope_of_gelu, cubic=0.0)},
    ),
    *special(
        "I₀ of negative numbers",
        lambda x: np.sum(bessel(0, x)),
        POINTS,
        right=partial(bessel, 1),
        wrong={"as if odd in |x|": lambda x: bessel(1, np.abs(x))},
    ),
    *special(
        "I₁ at 0 and elsewhere",
        lambda x: np.sum(bessel(1, x)),
        [0.0, 0.5, -1.5],
        right=lambda x: np.where(x == 0, 0.5, bessel(0, x) - bessel(1, x) / np.where(x == 0, 1.0, x)),
        wrong={"NaN at 0": silent(lambda x: bessel(0, x) - bessel(1, x) / x)},
    ),
]


def slope_of_inverse(g: Any, a: Any) -> Any:
    inverse = np.linalg.inv(a)
    return -inverse.T @ g @ inverse.T


def cofactors(a: Any) -> Any:
    return np.stack([np.cross(a[1], a[2]), np.cross(a[2], a[0]), np.cross(a[0], a[1])])


def slope_of_cholesky(g: Any, s: Any, diagonal: float = 0.5) -> Any:
    """Of the factor's formula, of which only the lower triangle is read."""
    factor = np.linalg.cholesky(s)
    inner = factor.T @ g
    inner = np.tril(inner, -1) + diagonal * np.diag(np.diag(inner))
    outer = np.linalg.solve(factor.T, np.linalg.solve(factor.T, inner.T).T)
    return np.tril(outer + outer.T) - np.diag(np.diag(outer))


def spectral(s: Any) -> Any:
    """The quadratic form of a symmetric matrix's exponential, by its eigenvectors."""
    values, vectors = np.linalg.eigh((s + s.T) / 2)
    return np.sum(np.exp(values) * (vectors.T @ VECTOR) ** 2)


def slope_of_spectral(s: Any, at_equal: float | None = None) -> Any:
    """By divided differences of exp at two eigenvalues, which at equal ones are its derivative, exp."""
    values, vectors = np.linalg.eigh((s + s.T) / 2)
    mean, half = (values[:, None] + values) / 2, (values[:, None] - values) / 2
    ratio = np.where(half == 0, 1.0, np.sinh(half) / np.where(half == 0, 1.0, half))
    if at_equal is not None:
        ratio = np.where((half == 0) & (np.eye(3) == 0), at_equal, ratio)
    inner = np.exp(mean) * ratio * np.outer(vectors.T @ VECTOR, vectors.T @ VECTOR)
    return vectors @ inner @ vectors.T


def slope_of_pseudoinverse(g: Any, a: Any, full: bool = True) -> Any:
    inverse = np.linalg.pinv(a)
    beside = (np.eye(len(a)) - a @ inverse) @ g.T @ np.linalg.inv(a.T @ a)
    return -inverse.T @ g @ inverse.T + (beside if full else 0)


def triangular(t: Any) -> Any:
    return np.linalg.solve(np.tril(t), VECTOR)


def slope_of_triangular(g: Any, t: Any) -> Any:
    return -np.outer(np.linalg.solve(np.tril(t).T, g), triangular(t))


def log_normal(s: Any) -> Any:
    """The logarithm of a normal density by its covariance, up to a constant."""
    return -(np.linalg.slogdet(s)[1] + VECTOR @ np.linalg.solve(s, VECTOR)) / 2


def slope_of_log_normal(s: Any) -> Any:
    inverse = np.linalg.inv(s).T
    return (np.outer(inverse @ VECTOR, inverse @ VECTOR) - inverse) / 2


SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 0.0, 1.0], [3.0, 2.0, 4.0]])
NEGATIVE = SQUARE * -np.sign(np.linalg.det(SQUARE))

MATRICES = [
    *matrices(
        "an inverse",
        np.linalg.inv,
        SQUARE,
        vjp=True,
        right=slope_of_inverse,
        wrong={"not transposed": lambda g, a: slope_of_inverse(g, a.T), "the sign": lambda g, a: -slope_of_inverse(g, a)},
    ),
    *matrices(
        "a third power",
        lambda a: a @ a @ a,
        SQUARE,
        vjp=True,
        right=lambda g, a: a.T @ a.T @ g + a.T @ g @ a.T + g @ a.T @ a.T,
        wrong={"as if of numbers": lambda g, a: 3 * a.T @ a.T @ g},
    ),
    *matrices(
        "the determinant of a singular matrix",
        np.linalg.det,
        SINGULAR,
        right=cofactors,
        wrong={"0, by the pseudoinverse": lambda a: np.linalg.det(a) * np.linalg.pinv(a).T},
    ),
    *matrices(
        "the logarithm of |det| where det is negative",
        lambda a: np.linalg.slogdet(a)[1],
        NEGATIVE,
        right=lambda a: np.linalg.inv(a).T,
        wrong={"with the sign of det": lambda a: -np.linalg.inv(a).T},
    ),
    *matrices(
        "Cholesky's factor",
        np.linalg.cholesky,
        POSITIVE,
        vjp=True,
        right=slope_of_cholesky,
        wrong={
            "the diagonal not halved": partial(slope_of_cholesky, diagonal=1.0),
            "half of it": lambda g, s: slope_of_cholesky(g, s) / 2,
        },
    ),
    *matrices(
        "a function by eigenvectors, at equal eigenvalues",
        spectral,
        np.diag([1.0, 1.0, 2.0]),
        right=slope_of_spectral,
        wrong={
            "NaN at them": partial(slope_of_spectral, at_equal=np.nan),
            "0 at them": partial(slope_of_spectral, at_equal=0.0),
        },
    ),
    *matrices(
        "the pseudoinverse of a tall matrix",
        np.linalg.pinv,
        TALL,
        vjp=True,
        right=slope_of_pseudoinverse,
        wrong={"as if square": partial(slope_of_pseudoinverse, full=False)},
    ),
    *matrices(
        "the solution of a triangular system",
        triangular,
        SQUARE,
        vjp=True,
        right=lambda g, t: np.tril(slope_of_triangular(g, t)),
        wrong={"in the other triangle as well": slope_of_triangular},
    ),
    *matrices(
        "a normal density by the covariance",
        log_normal,
        POSITIVE,
        right=slope_of_log_normal,
        wrong={"the sign": lambda s: -slope_of_log_normal(s)},
    ),
    *matrices(
        "a vector times a matrix",
        lambda x, a: x @ a,
        VECTOR,
        SQUARE,
        vjp=True,
        right=lambda g, x, a: (a @ g, np.outer(x, g)),
        wrong={"the outer product transposed": lambda g, x, a: (a @ g, np.outer(g, x))},
    ),
]

SHIPPED_FUNCTIONS: list[Case] = [*SPECIAL, *MATRICES]
