"""Derivatives where a function has a kink, a pole or a vanishing argument: what they are there, and why.

Where there is a subgradient, the derivative is one and finite; functions that are the same have the same one. Where a slope is
infinite, so is the derivative. Where there is none, that is an error. Where NumPy's value is NaN, with a warning, so may it be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff import linalg, special

INF, NAN, PI = np.inf, np.nan, np.pi
PLANE, ZEROS, EYE = np.zeros(2), np.zeros((2, 2)), np.eye(2)
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
RANK_ONE = np.diag([1.0, 0.0])

pytestmark = [pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")]  # NumPy's, of infinite values and slopes


class Row(NamedTuple):
    """The gradient of the sum of `f` by its arguments `at`; and PyTorch's function, or its name, where its gradient is the same."""

    why: str
    f: Callable[..., Any]
    at: Any
    gradient: Any
    torch: str | Callable[..., Any] | None = None


def _several(at: Any) -> list[np.ndarray]:
    """The arguments, or gradients, of one row: a tuple of several, or one."""
    return [np.asarray(x) for x in (at if isinstance(at, tuple) else (at,))]


def gradients(f: Callable[..., Any], at: Any) -> list[np.ndarray]:
    leaves = [ad.Tensor(x, requires_grad=True) for x in _several(at)]
    f(*leaves).sum().backward()
    return [np.asarray(x.grad.numpy()) for x in leaves]


def hessian(f: Callable[..., Any], at: Any) -> np.ndarray:
    """The second derivatives, one row for each element."""
    x = ad.Tensor(np.asarray(at), requires_grad=True)
    f(x).sum().backward(create_graph=True)
    g, rows = x.grad, []
    for k in range(g.size):
        x.grad = None
        if g.requires_grad:
            g.reshape(-1)[k].backward(retain_graph=True)
        rows.append(np.zeros(x.shape) if x.grad is None else x.grad.numpy())
    return np.array(rows).reshape(x.size, x.size)


def each(rows: list[Row]) -> Any:
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.why) for row in rows])


# --- norms -----------------------------------------------------------------------------------------------------------------------

VECTOR_NORMS = [None, 0, 0.5, 1, 2, 3, -1, -2, INF, -INF]
MATRIX_NORMS = [None, "fro", "nuc", 1, -1, 2, -2, INF, -INF]


def _of_vectors(ord: Any) -> Any:
    return lambda torch, x: torch.linalg.vector_norm(x, 2 if ord is None else ord)


NORMS = [
    *[
        Row(f"the {ord}-norm of vectors is at 0 as abs", lambda x, p=ord: linalg.norm(x, p), PLANE, PLANE, _of_vectors(ord))
        for ord in VECTOR_NORMS
    ],
    *[
        Row(f"the {ord}-norm by an element 0", lambda x, p=ord: linalg.norm(x, p), [0.0, 1.0], [0.0, g], _of_vectors(ord))
        for ord, g in [(None, 1), (0, 0), (0.5, 1), (1, 1), (2, 1), (3, 1), (-1, 0), (-2, 0), (INF, 1), (-INF, 0)]
    ],
    *[
        Row(f"the {ord}-norm of matrices is at 0 as that of vectors", lambda x, p=ord: linalg.norm(x, p), ZEROS, ZEROS)
        for ord in MATRIX_NORMS
    ],
    Row("of complex numbers as well", lambda z: linalg.norm(z), np.zeros(2, complex), np.zeros(2), _of_vectors(2)),
    Row("of one element, it is abs", lambda x: linalg.norm(x, "nuc") + linalg.norm(x, 2), [[0.0]], [[0.0]]),
    Row("the largest sizes share", lambda x: linalg.norm(x, INF), [2.0, -2.0, 1.0], [0.5, -0.5, 0], _of_vectors(INF)),
    Row("the smallest sizes share", lambda x: linalg.norm(x, -INF), [1.0, -2.0, -1.0], [0.5, 0, -0.5], _of_vectors(-INF)),
    Row("the largest values share", lambda x: linalg.norm(x, 2), EYE, EYE / 2, lambda torch, x: torch.linalg.norm(x, 2)),
    Row("hypot is the norm of two", ad.hypot, (0.0, 0.0), (0.0, 0.0)),  # PyTorch's is NaN
    Row("hypot on an axis", ad.hypot, (0.0, -2.0), (0.0, -1.0), "hypot"),
    Row("the size of complex numbers is a norm", ad.abs, [0j, 3 - 4j], [0, 0.6 - 0.8j], "abs"),
    Row("the standard deviation of equal ones is a norm at 0", ad.std, [0.1] * 3, [0] * 3),
    Row("of one element, too", ad.std, [2.0], [0.0], lambda torch, x: torch.std(x, correction=0)),
    Row("the variance is smooth there", ad.var, [0.1] * 3, [0] * 3, lambda torch, x: torch.var(x, correction=0)),
]  # fmt: skip

# --- products and powers ---------------------------------------------------------------------------------------------------------

PRODUCTS = [
    Row("one zero: by it, the others' product", ad.prod, [0.0, 2.0, 3.0], [6.0, 0, 0], "prod"),
    Row("two zeros: none is left alone", ad.prod, [0.0, 2.0, 0.0], [0.0, 0, 0], "prod"),
    Row("x + xy + xyz, one zero", ad.cumprod, [0.0, 2.0, 3.0], [9.0, 0, 0], lambda torch, x: torch.cumprod(x, 0)),
    Row("x + xy + xyz, two zeros", ad.cumprod, [2.0, 0.0, 0.0], [1.0, 2, 0], lambda torch, x: torch.cumprod(x, 0)),
    Row("x**0 is 1", lambda x: x**0, 0.0, 0.0),
    Row("x**1 is x", lambda x: x**1, 0.0, 1.0, lambda torch, x: x**1),
    Row("x**2 is flat at 0", lambda x: x**2, 0.0, 0.0, lambda torch, x: x**2),
    Row("a root is steep at 0", lambda x: x**0.5, 0.0, INF, lambda torch, x: x**0.5),
    Row("as is sqrt", ad.sqrt, 0.0, INF, "sqrt"),
    Row("a pole", lambda x: x**-1, 0.0, -INF, lambda torch, x: x**-1),
    Row(
        "0**p is 0 for p > 0, where its slope by p is 0 as well; by 0 it is p 0**(p - 1)",
        ad.pow,
        (np.zeros(4), [0.0, 0.5, 1.0, 2.0]),
        ([0.0, INF, 1, 0], np.zeros(4)),
        "pow",
    ),
    Row("-0 is 0", ad.pow, (-0.0, 2.0), (0.0, 0.0), "pow"),
]

# --- angles, exponentials, logarithms --------------------------------------------------------------------------------------------

DIRECTIONS = [(a, b) for a in (-1.0, -0.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0) if a or b]

EXPONENTIALS = [
    *[
        Row(f"(b, -a) / (a² + b²) at {a, b}", ad.atan2, (a, b), (b / r2, -a / r2), "atan2")
        for a, b in DIRECTIONS
        for r2 in [a * a + b * b]
    ],
    Row("an angle at the origin is none", ad.atan2, (0.0, 0.0), (0.0, 0.0), "atan2"),
    Row("the angle of real numbers is constant in parts", ad.angle, [INF, -INF, 1e-320, -1e-320, 0.0], [0.0] * 5),
    Row("tiny and huge legs", ad.atan2, ([1e-300, 1e300], [1e-300, 1e300]), ([5e299, 5e-301], [-5e299, -5e-301])),
    Row("acos is steep at its ends", ad.acos, [-1.0, 1.0], [-INF, -INF], "acos"),
    Row("asin is steep at its ends", ad.asin, [-1.0, 1.0], [INF, INF], "asin"),
    Row("acosh is steep at its end", ad.acosh, 1.0, INF, "acosh"),
    Row("sinc is even", ad.sinc, 0.0, 0.0, "sinc"),
    Row("log is steep at 0", ad.log, 0.0, INF, "log"),
    Row("log1p is steep at -1", ad.log1p, -1.0, INF, "log1p"),
    Row("x log x is steep at 0", special.entr, 0.0, INF, "special.entr"),
    Row("0 log 0 is 0", special.xlogy, (0.0, 0.0), (0.0, 0.0)),
    Row("0 log b has the slopes log b and 0", special.xlogy, (0.0, 2.0), (math.log(2), 0.0), "xlogy"),
    Row("0 log1p(-1) is 0", special.xlog1py, (0.0, -1.0), (0.0, 0.0)),
    Row("expm1 far out is precise", ad.expm1, [-700.0, 700.0], [math.exp(-700), math.exp(700)]),  # PyTorch's is 0 at -700
    Row("softplus is smooth", special.softplus, [-1e4, 0.0, 1e4], [0, 0.5, 1], "nn.functional.softplus"),
    Row("nothing is added by -inf", ad.logsumexp, [-INF, 0.0], [0.0, 1.0], lambda torch, x: torch.logsumexp(x, 0)),
    Row("the sum of nothing is constant", ad.logsumexp, [-INF, -INF], [0.0, 0.0]),  # PyTorch's is NaN
    Row("as that of two", ad.logaddexp, (-INF, -INF), (0.0, 0.0)),
    Row("the parts of a sum add up to 1, PyTorch's to 2", ad.logsumexp, [1e50, 1e50, 0.0], [0.5, 0.5, 0.0]),
]  # fmt: skip

# --- choices ---------------------------------------------------------------------------------------------------------------------

CHOICES = [
    Row("ties share", ad.maximum, (1.0, 1.0), (0.5, 0.5), "maximum"),
    Row("many ties, in half precision", ad.max, np.ones(2000, np.float16), np.full(2000, 1 / 2000, np.float16)),
    Row("relu", ad.relu, 0.0, 0.0, "relu"),
    Row("abs", ad.abs, 0.0, 0.0, "abs"),
    Row(
        "a branch that is not taken makes NaN of 0 * inf",
        lambda x: ad.where(x > 0, ad.log(x), 0.0),
        [0.0, 2.0],
        [NAN, 0.5],
        lambda torch, x: torch.where(x > 0, torch.log(x), 0.0),
    ),
    Row(
        "unless its argument is chosen as well",
        lambda x: ad.where(x > 0, ad.log(ad.where(x > 0, x, 1.0)), 0.0),
        [0.0, 2.0],
        [0.0, 0.5],
        lambda torch, x: torch.where(x > 0, torch.log(torch.where(x > 0, x, 1.0)), 0.0),
    ),
    Row(
        "an overflow does so, too",
        lambda x: ad.where(x > 0, 1.0, ad.exp(x)),
        [800.0, 0.0],
        [NAN, 1.0],
        lambda torch, x: torch.where(x > 0, 1.0, torch.exp(x)),
    ),
    Row("no variance of one", lambda x: ad.var(x, ddof=1), [2.0], [NAN]),
    Row("no deviation of one", lambda x: ad.std(x, ddof=1), [2.0], [NAN]),
]  # fmt: skip

# --- matrices --------------------------------------------------------------------------------------------------------------------

MATRICES = [
    Row("a determinant is a polynomial", linalg.det, SINGULAR, [[4.0, -2.0], [-2.0, 1.0]]),  # PyTorch's is 0
    Row("of zeros, too", linalg.det, ZEROS, ZEROS, "linalg.det"),
    Row("of no elements", linalg.det, np.zeros((0, 0)), np.zeros((0, 0))),
    Row("the sum of equal eigenvalues is the trace", linalg.eigvalsh, EYE, EYE, "linalg.eigvalsh"),
    Row("by eigh as well", lambda x: linalg.eigh(x).eigenvalues, EYE, EYE, lambda torch, x: torch.linalg.eigh(x).eigenvalues),
    Row("without a basis of eigenvectors, too", lambda x: linalg.eigvals(x), [[1.0, 1.0], [0.0, 1.0]], EYE),
    Row("the sum of equal singular values", linalg.svdvals, EYE, EYE, "linalg.svdvals"),
    Row("a singular value of 0 has a subgradient", linalg.svdvals, RANK_ONE, EYE, "linalg.svdvals"),
    Row("the identity is best conditioned", linalg.cond, EYE, ZEROS),
    Row("whatever the norm", lambda x: linalg.cond(x, 1), EYE, ZEROS),
    Row("an infinite condition has no slope", linalg.cond, RANK_ONE, np.full((2, 2), NAN), "linalg.cond"),
    Row("pinv at a rank", lambda x: linalg.pinv(x), RANK_ONE, [[-1.0, 1.0], [1.0, 0.0]]),
]  # fmt: skip

ROWS = NORMS + PRODUCTS + EXPONENTIALS + CHOICES + MATRICES


@each(ROWS)
def test_the_gradient(row: Row) -> None:
    for found, expected in zip(gradients(row.f, row.at), _several(row.gradient), strict=True):
        assert found.shape == expected.shape
        assert_allclose(found, expected, rtol=1e-14 if found.dtype != np.float16 else 1e-3, atol=1e-15)


@pytest.mark.peer
@each([row for row in ROWS if row.torch is not None])
def test_the_gradient_is_that_of_pytorch(row: Row, torch: Any) -> None:
    leaves = [torch.tensor(x, requires_grad=True) for x in _several(row.at)]
    y = (attrgetter(row.torch)(torch)(*leaves) if isinstance(row.torch, str) else row.torch(torch, *leaves)).sum()
    if y.requires_grad:
        y.backward()
    for found, x in zip(gradients(row.f, row.at), leaves, strict=True):
        expected = torch.zeros_like(x) if x.grad is None else x.grad.resolve_conj()
        assert_allclose(found, expected.numpy(), rtol=1e-12, atol=1e-13)


SECOND = [
    Row("2", lambda x: x**2, 0.0, 2.0),
    Row("x**1 is straight", lambda x: x**1, 0.0, 0.0),
    Row("sinc is 1 - π²x²/6 + ...", ad.sinc, 0.0, -(PI**2) / 3),
    Row("softplus is log 2 + x/2 + x²/8 + ...", special.softplus, 0.0, 0.25),
    Row("expm1 is its own derivative", ad.expm1, [-700.0, 700.0], np.diag(np.exp([-700.0, 700.0]))),
    Row("one zero", ad.prod, [0.0, 2.0, 3.0], [[0.0, 3, 2], [3, 0, 0], [2, 0, 0]]),
    Row("two zeros leave the product of the others", ad.prod, [0.0, 0.0, 3.0], [[0.0, 3, 0], [3, 0, 0], [0, 0, 0]]),
    Row("three zeros leave nothing", ad.prod, [0.0, 0.0, 0.0, 5.0], np.zeros((4, 4))),
    Row("x + xy + xyz, one zero", ad.cumprod, [0.0, 2.0, 3.0], [[0.0, 4, 2], [4, 0, 0], [2, 0, 0]]),
    Row("x + xy + xyz, two zeros", ad.cumprod, [0.0, 0.0, 3.0], [[0.0, 4, 0], [4, 0, 0], [0, 0, 0]]),
    *[Row(f"a cone is stated as flat at its tip, {p}", lambda x, p=p: linalg.norm(x, p), PLANE, ZEROS) for p in VECTOR_NORMS],
    *[
        Row(
            f"and by an element 0 as well, but for a round one, {p}",
            lambda x, p=p: linalg.norm(x, p),
            [0.0, 2.0],
            np.diag([h, 0.0]),
        )
        for p in VECTOR_NORMS
        for h in [0.5 if p in (None, 2) else 0.0]
    ],
    Row("as hypot", lambda x: ad.hypot(x[0], x[1]), PLANE, ZEROS),
    Row("as abs", ad.abs, 0.0, 0.0),
    Row("the variance is a parabola", ad.var, [0.1, 0.1], [[0.5, -0.5], [-0.5, 0.5]]),
    Row("a softmax that is settled", ad.logsumexp, [-INF, 0.0], ZEROS),
    Row("a softmax of two halves", ad.logsumexp, [1e50, 1e50], [[0.25, -0.25], [-0.25, 0.25]]),
    Row("ad - bc", linalg.det, ZEROS, np.fliplr(np.diag([1.0, -1, -1, 1]))),
]


@each(SECOND)
def test_the_second_derivatives(row: Row) -> None:
    assert_allclose(hessian(row.f, row.at), np.atleast_2d(row.gradient), rtol=1e-13, atol=1e-14)


@each([row for row in ROWS if all(np.all(np.isfinite(x)) for x in _several(row.at) + _several(row.gradient))])
def test_what_is_finite_is_no_anomaly(row: Row) -> None:
    if np.all(np.isfinite(np.asarray(row.f(*_several(row.at))))):
        for create_graph in (False, True):
            with ad.detect_anomaly():
                row.f(*[ad.Tensor(x, requires_grad=True) for x in _several(row.at)]).sum().backward(create_graph=create_graph)


NOT_POSITIVE = "Matrix is not positive definite"
TALL = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
ERRORS = [
    ("inv", linalg.inv, SINGULAR, "Singular matrix"),
    ("solve", lambda a: linalg.solve(a, np.ones(2)), SINGULAR, "Singular matrix"),
    ("matrix_power", lambda a: linalg.matrix_power(a, -1), SINGULAR, "Singular matrix"),
    ("the 1-norm's cond", lambda a: linalg.cond(a, 1), SINGULAR, "Singular matrix"),
    ("cond of nothing", linalg.cond, np.zeros((0, 2)), r"cond: the shape is \(0, 2\); wanted matrices with elements"),
    ("log |det|, which is -inf", lambda a: linalg.slogdet(a).logabsdet, ZEROS, "Singular matrix"),
    ("cholesky, semidefinite", linalg.cholesky, SINGULAR, NOT_POSITIVE),
    ("cholesky, negative", linalg.cholesky, -EYE, NOT_POSITIVE),
    ("Q and R of dependent columns", lambda a: linalg.qr(a).Q, ZEROS, "qr: one of the first columns depends on those before"),
    ("R of columns dependent to rounding", lambda a: linalg.qr(a, "r"), SINGULAR, "qr: one of the first columns depends on those"),
    ("vectors of equal eigenvalues", lambda a: linalg.eigh(a).eigenvectors, EYE, "eigh: the loss depends on eigenvectors of"),
    ("vectors of equal eigenvalues", lambda a: linalg.eig(a).eigenvectors, EYE, "eig: the loss depends on eigenvectors of"),
    ("vectors of equal singular values", lambda a: linalg.svd(a).U, EYE, "svd: the loss depends on singular vectors of singular"),
    ("vectors of zeros", lambda a: linalg.svd(a).Vh, ZEROS, "svd: the loss depends on singular vectors of singular values that"),
    ("a vector of 0 beside a longer axis", lambda a: linalg.svd(a, False).U, TALL, "vectors of a singular value that is zero"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "at", "text"), [pytest.param(*row, id=name) for name, *row in ERRORS])
def test_where_there_is_no_derivative_it_is_an_error(f: Callable[[Any], Any], at: np.ndarray, text: str) -> None:
    with pytest.raises(np.linalg.LinAlgError, match=text):
        gradients(f, at)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_a_column_is_dependent_by_its_own_measure(scale: float) -> None:
    a = np.array([[1.0, 2.0 * scale], [1.0, 3.0 * scale]])
    assert np.all(np.isfinite(gradients(lambda x: linalg.qr(x).Q, a)))


# --- values ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (0, 0)])
@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, 2, INF, -1, -2, -INF])
def test_the_norm_of_nothing_is_that_of_numpy(shape: tuple[int, ...], ord: Any) -> None:
    x = np.zeros(shape)
    try:
        expected = np.linalg.norm(x, ord)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            linalg.norm(ad.Tensor(x, requires_grad=True), ord)
    else:
        assert linalg.norm(ad.Tensor(x), ord) == expected
        assert_array_equal(gradients(lambda t: linalg.norm(t, ord), x)[0], x)


@pytest.mark.parametrize("p", [None, 2, -2])
@pytest.mark.parametrize("x", [RANK_ONE, ZEROS, EYE], ids=["singular", "zeros", "identity"])
def test_the_condition_number_is_that_of_numpy(x: np.ndarray, p: Any) -> None:
    assert_array_equal(linalg.cond(ad.Tensor(x), p).numpy(), np.linalg.cond(x, p))
