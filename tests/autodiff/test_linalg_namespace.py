"""Linear algebra where it is special: matrices without an inverse, equal eigenvalues, zeros; and beside PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from statements import states

import autodiff as ad
from autodiff import linalg
from autodiff.testing import assert_gradient
from tests.samples.arrays import distinct_eigenvalues, distinct_singular_values, positive_definite, reals

LinAlgError = np.linalg.LinAlgError
RNG = np.random.default_rng(0)
BASIS = distinct_singular_values(RNG, (3, 3))
ORTHOGONAL = np.linalg.qr(BASIS).Q
WEIGHTS = reals(RNG, (3, 3))


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


def gradient(f: Callable[[Any], Any], x: Any) -> np.ndarray:
    return np.asarray(ad.grad(lambda t: np.sum(f(t)))(np.asarray(x)))


def curvature(f: Callable[[Any], Any], x: Any) -> np.ndarray:
    """The gradient of the sum of the weighted gradient."""
    return gradient(lambda t: ad.grad(lambda s: np.sum(f(s)))(t) * np.arange(1, 1 + np.size(x)).reshape(np.shape(x)), x)


# --- determinants ----------------------------------------------------------------------------------------------------------------

SINGULAR = {
    "rank 2": BASIS @ np.diag([2.0, 1.0, 0.0]) @ ORTHOGONAL,
    "rank 1": BASIS @ np.diag([2.0, 0.0, 0.0]) @ ORTHOGONAL,
    "zero": np.zeros((3, 3)),
}


def determinant(x: Any) -> Any:
    """Sarrus' rule."""
    return sum(
        x[0, i] * x[1, (i + s) % 3] * x[2, (i + 2 * s) % 3] * s for i in range(3) for s in (1, -1)
    )  # fmt: skip


@pytest.mark.parametrize(
    "x", [*SINGULAR.values(), np.eye(3), np.diag([3.0, 2.0, 2.0]), BASIS], ids=[*SINGULAR, "1", "equal", "any"]
)
def test_the_derivatives_of_a_determinant_are_those_of_its_polynomial(x: np.ndarray) -> None:
    assert_allclose(linalg.det(x), determinant(x), atol=1e-14)
    assert_allclose(gradient(linalg.det, x), gradient(determinant, x), atol=1e-13)
    assert_allclose(curvature(linalg.det, x), curvature(determinant, x), atol=1e-12)


@states("cofactors")
@pytest.mark.parametrize("x", [*SINGULAR.values(), np.eye(3), BASIS], ids=[*SINGULAR, "1", "any"])
def test_the_derivatives_of_cofactors_are_those_of_polynomials(x: np.ndarray) -> None:
    def polynomials(x: Any) -> Any:
        return ad.grad(determinant)(x)

    assert_allclose(linalg.cofactors(x), polynomials(x), atol=1e-14)
    found, expected = (gradient(lambda x, f=f: WEIGHTS * f(x), x) for f in (linalg.cofactors, polynomials))
    assert_allclose(found, expected, atol=1e-13)


def test_cofactors_are_signed_minors() -> None:
    x = reals(RNG, (4, 4))
    minors = [[np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) * (-1) ** (i + j) for j in range(4)] for i in range(4)]
    assert_allclose(linalg.cofactors(x), minors)
    with pytest.raises(LinAlgError, match=r"cofactors: the shape is \(2, 3\); wanted square matrices \(\.\.\., n, n\)"):
        linalg.cofactors(np.ones((2, 3)))


def test_the_sign_of_a_real_determinant_is_constant() -> None:
    assert_array_equal(gradient(lambda x: linalg.slogdet(x).sign, BASIS), np.zeros((3, 3)))


# --- equations -------------------------------------------------------------------------------------------------------------------


def test_the_pseudoinverse_has_a_derivative_at_a_constant_rank_less_than_full() -> None:
    left, right = reals(RNG, (4, 2)), reals(RNG, (2, 3))
    assert_gradient(lambda a, b: linalg.pinv(a @ b, rcond=1e-8), left, right, order=2)
    assert_gradient(lambda a, b: linalg.lstsq(a @ b, np.arange(4.0), rcond=1e-8)[0], left, right)


def test_least_squares_of_less_than_full_rank_have_no_squares() -> None:
    found = linalg.lstsq(leaf([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]), np.arange(3.0))
    expected = np.linalg.lstsq([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], np.arange(3.0))
    for y, wanted in zip(found, expected, strict=True):
        assert_allclose(y.numpy(), wanted, atol=1e-14)


def test_a_negative_cutoff_of_least_squares_is_the_precision_of_the_type() -> None:
    a, b = reals(RNG, (4, 2)), reals(RNG, (4,))
    assert_allclose(linalg.lstsq(leaf(a), b, -1)[0].numpy(), np.linalg.lstsq(a, b, -1)[0])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: linalg.lstsq(np.ones((2, 2, 2)), np.ones(2)),
            r"lstsq: the shapes are \(2, 2, 2\) and \(2,\); wanted \(m, n\) and",
        ),
        (lambda: linalg.lstsq(np.ones((2, 2)), np.ones(3)), r"lstsq: the shapes are \(2, 2\) and \(3,\); wanted \(m, n\) and"),
        (lambda: linalg.tensorsolve(np.ones((2, 3)), np.ones(2)), r"tensorsolve: the shapes are \(2, 3\) and \(2,\); wanted \(\*b"),
        (lambda: linalg.tensorinv(np.ones((2, 2)), 0), "tensorinv: ind is 0; wanted a positive number"),
        (lambda: linalg.qr(np.ones((2, 2)), "raw"), "qr: mode is 'raw'; wanted one of 'reduced', 'complete', 'r'"),
        (
            lambda: linalg.matrix_norm(np.ones((2, 2)), ord=3),
            "matrix_norm: ord is 3; wanted 'fro', 'nuc', 1, -1, 2, -2, inf or -inf",
        ),
        (lambda: linalg.norm(np.ones((2, 2, 2)), 2), "norm: it is taken along 3 axes; wanted one, of vectors, or two, of matrices"),
        (lambda: linalg.inv(leaf(np.ones((2, 3)))), "must be square"),
        (lambda: linalg.cholesky(leaf(-np.eye(2))), "not positive definite"),
    ],
)
def test_what_has_no_meaning_is_an_error_that_says_what_was_wanted(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):  # LinAlgError is one
        call()


def test_a_parameter_that_makes_no_difference_is_refused_with_a_hint() -> None:
    for f in (np.linalg.svd, np.linalg.pinv):
        with pytest.raises(TypeError, match=r"hermitian= is not supported for a Tensor\. Leave it out: of a Hermitian matrix"):
            f(leaf(np.eye(2)), hermitian=True)


# --- equal eigenvalues and singular values ----------------------------------------------------------------------------------------

REPEATED = {
    "exactly": np.eye(3),
    "to rounding": (lambda m: (m + m.T) / 2)(ORTHOGONAL @ np.diag([1.0, 1.0, 2.0]) @ ORTHOGONAL.T),
    "below zero": (lambda m: (m + m.T) / 2)(ORTHOGONAL @ np.diag([-1.0, -1.0, -2.0]) @ ORTHOGONAL.T),
    "zero to rounding": np.diag([0.0, 1e-17, 2.0]),
}


@states("eigh", "svd")
@pytest.mark.parametrize("x", REPEATED.values(), ids=REPEATED)
def test_symmetric_functions_of_equal_eigenvalues_have_a_derivative(x: np.ndarray) -> None:
    assert_allclose(gradient(lambda x: np.exp(linalg.eigvalsh((x + x.mT) / 2)), x), exponential(x), atol=1e-14)
    assert_allclose(gradient(lambda x: np.exp(linalg.eigh((x + x.mT) / 2).eigenvalues), x), exponential(x), atol=1e-14)
    assert_allclose(gradient(lambda x: linalg.svdvals(x) ** 2, x), 2 * x, atol=1e-14)
    assert_allclose(gradient(lambda x: linalg.svd(x).S ** 2, x), 2 * x, atol=1e-14)


def exponential(x: np.ndarray) -> np.ndarray:
    w, v = np.linalg.eigh(x)
    return np.asarray(v * np.exp(w) @ v.T)


VECTORS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "eigh": (
        lambda x: np.sum(WEIGHTS * linalg.eigh(x).eigenvectors),
        "eigh: the loss depends on eigenvectors of eigenvalues that are",
    ),
    "eig": (
        lambda x: np.sum(WEIGHTS * linalg.eig(x).eigenvectors),
        "eig: the loss depends on eigenvectors of eigenvalues that are",
    ),
    "svd": (
        lambda x: np.sum(WEIGHTS * linalg.svd(x).U),
        "svd: the loss depends on singular vectors of singular values that are equal",
    ),
    "matrix function": (lambda x: np.sum(WEIGHTS * _square_by_eigenvectors(x)), "any basis of their space would do"),
}


def _square_by_eigenvectors(x: Any) -> Any:
    """`x @ x`, of which the derivative is not told by those of eigenvalues and eigenvectors where these have none."""
    w, v = linalg.eigh(x)
    return v * w**2 @ v.mT


@states("eigh", "eig", "svd")
@pytest.mark.parametrize("x", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize(("f", "text"), VECTORS.values(), ids=VECTORS)
def test_vectors_of_equal_values_have_no_derivative(f: Callable[[Any], Any], text: str, x: np.ndarray) -> None:
    with pytest.raises(LinAlgError, match=text):
        gradient(f, x)


@states("eigh", "eig", "svd")
@pytest.mark.parametrize("slope", [1.0, -1.0])
@pytest.mark.parametrize("vectors", [lambda x: linalg.eigh(x)[1], lambda x: linalg.eig(x)[1], lambda x: linalg.svd(x)[0]])
def test_however_little_depends_on_vectors_of_equal_values_there_is_no_derivative(
    vectors: Callable[[Any], Any], slope: float
) -> None:
    for scale in (1.0, 1e-9):
        with pytest.raises(LinAlgError, match="equal, to rounding"):
            gradient(lambda x, scale=scale: slope * scale * vectors(x)[0, 1], np.eye(3))
    with pytest.raises(LinAlgError, match="equal, to rounding"):
        gradient(lambda x: vectors(x)[0, 1], np.zeros((3, 3)))


@states("eigh", "eig", "svd")
@pytest.mark.parametrize("vectors", [lambda x: linalg.eigh(x)[1], lambda x: linalg.eig(x)[1], lambda x: linalg.svd(x)[0]])
def test_which_values_are_equal_depends_on_the_scale_of_the_matrix_alone(vectors: Callable[[Any], Any]) -> None:
    x = distinct_eigenvalues(np.random.default_rng(1), (3, 3))
    expected = gradient(lambda x: np.exp(np.abs(vectors(x))), x)
    scales = 2.0 ** np.array([[0, -130], [130, -10]])[..., None, None]
    assert_allclose(
        scales * gradient(lambda x: np.exp(np.abs(vectors(x))), scales * x), np.broadcast_to(expected, (2, 2, 3, 3)), rtol=1e-9
    )
    for scale in (1e-40, 1e40):
        with pytest.raises(LinAlgError, match="equal, to rounding"):
            gradient(vectors, scale * REPEATED["to rounding"])


def test_a_second_derivative_that_depends_on_such_vectors_is_an_error_as_well() -> None:
    with pytest.raises(LinAlgError, match="eigh: the loss depends on eigenvectors"):
        curvature(lambda x: linalg.eigvalsh(x) ** 2, np.eye(3))


@states("eigh", "svd")
def test_vectors_of_other_values_have_a_derivative_beside_equal_ones() -> None:
    x = REPEATED["to rounding"]
    assert_gradient(lambda x: linalg.eigh(x).eigenvectors[:, 2], x)
    assert_gradient(lambda x: linalg.svd(x).U[:, 0], x)


@states("eigh")
def test_values_a_little_apart_are_apart() -> None:
    def of(x: Any) -> Any:
        return np.sum(WEIGHTS * _square_by_eigenvectors((x + x.mT) / 2))

    x = ORTHOGONAL @ np.diag([1.0, 1.0 + 1e-7, 2.0]) @ ORTHOGONAL.T
    assert_allclose(gradient(of, x), gradient(lambda x: np.sum(WEIGHTS * (x @ x + x.mT @ x.mT) / 2), x), atol=1e-7)


def test_a_matrix_without_a_basis_of_eigenvectors_has_no_derivative() -> None:
    with pytest.raises(LinAlgError, match=r"Singular|equal, to rounding"):
        gradient(lambda x: linalg.eig(x).eigenvectors, [[0.0, 1.0], [0.0, 0.0]])


@states("svd")
def test_the_vectors_of_the_longer_axis_have_no_derivative_at_a_singular_value_zero() -> None:
    assert_gradient(lambda x: linalg.svd(x).U, SINGULAR["rank 2"])
    tall = SINGULAR["rank 1"][:, :2]
    assert_gradient(lambda x: linalg.svd(x, False).Vh, tall)
    for f in (
        lambda: gradient(lambda x: linalg.svd(x, False).U, tall),
        lambda: gradient(lambda x: linalg.svd(x, False).Vh, tall.T),
    ):
        with pytest.raises(LinAlgError, match="svd: the loss depends on singular vectors of a singular value that is zero"):
            f()
    with pytest.raises(LinAlgError, match="svd: the loss depends on singular vectors of a singular value that is zero"):
        gradient(lambda x: linalg.svd(x, False).U, np.zeros((3, 1)))


@states("svd")
@pytest.mark.parametrize("shape", [(3, 2), (2, 3)])
def test_singular_vectors_beyond_the_smaller_axis_have_no_derivative(shape: tuple[int, int]) -> None:
    x = distinct_singular_values(RNG, shape)

    def of(x: Any, first: int, full_matrices: bool = True) -> Any:
        u, _, vh = linalg.svd(x, full_matrices)
        return np.sum(np.exp(u[:, :first])) + np.sum(np.exp(vh[:first]))

    assert_allclose(gradient(lambda x: of(x, 2), x), gradient(lambda x: of(x, 2, False), x), atol=1e-14)
    with pytest.raises(LinAlgError, match="svd: the loss depends on singular vectors beyond those of the smaller axis"):
        gradient(lambda x: of(x, 3), x)


@states("qr")
def test_columns_of_a_complete_q_beyond_those_of_the_matrix_have_no_derivative() -> None:
    x = distinct_singular_values(RNG, (3, 2))
    for first, second in (
        (lambda x: linalg.qr(x, "complete").Q[:, :2], lambda x: linalg.qr(x).Q),
        (lambda x: linalg.qr(x, "complete").R, lambda x: linalg.qr(x).R),
    ):
        assert_allclose(gradient(lambda x, f=first: np.exp(f(x)), x), gradient(lambda x, f=second: np.exp(f(x)), x), atol=1e-14)
    for slope in (1.0, -1.0, 1e-9):
        with pytest.raises(LinAlgError, match="qr: the loss depends on columns of Q beyond those of a reduced Q"):
            gradient(lambda x, slope=slope: slope * linalg.qr(x, "complete").Q, x)


def test_a_qr_decomposition_of_dependent_columns_has_no_derivative() -> None:
    with pytest.raises(LinAlgError, match="qr: one of the first columns depends on those before it"):
        gradient(lambda x: linalg.qr(x).Q, np.zeros((2, 2)))


@states("eigh", "svd")
@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: np.real(linalg.eigh(x).eigenvectors), "eigh: the loss depends on the phases of complex eigenvectors"),
        (lambda x: np.real(linalg.svd(x).U), "svd: the loss depends on the phases of complex singular vectors"),
        (lambda x: np.imag(linalg.svd(x).Vh), "svd: the loss depends on the phases of complex singular vectors"),
    ],
)
def test_phases_of_complex_vectors_have_no_derivative(f: Callable[[Any], Any], text: str) -> None:
    x = BASIS + 1j * WEIGHTS
    with pytest.raises(LinAlgError, match=text):
        ad.grad(lambda x: np.sum(f(x)))(x)


@states("eigh", "svd")
@pytest.mark.parametrize(
    ("vectors", "text"),
    [
        (lambda x: linalg.eigh(x)[1], "eigh: the loss depends on the phases"),
        (lambda x: linalg.svd(x)[0], "svd: the loss depends on the ph"),
    ],
)
def test_however_little_depends_on_phases_there_is_no_derivative(vectors: Callable[[Any], Any], text: str) -> None:
    x = np.stack([BASIS + 1j * WEIGHTS, WEIGHTS + 1j * BASIS])

    def of(x: Any, first: float) -> Any:
        v = vectors(x)
        return np.sum(first * np.real(v[0]) + np.abs(v[1]))

    assert np.all(np.isfinite(ad.grad(lambda x: of(x, 0.0))(x)))
    with pytest.raises(LinAlgError, match=text):
        ad.grad(lambda x: of(x, 1e-9))(x)


@states("eig")
def test_complex_eigenvectors_with_zeros_have_the_derivatives_of_real_ones() -> None:
    x = np.array([[1.0, 0.5, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 4.0]])
    of_complex = ad.grad(lambda x: np.sum(WEIGHTS * np.real(linalg.eig(x)[1])))(x + 0j)
    assert_allclose(np.real(of_complex), gradient(lambda x: WEIGHTS * linalg.eig(x)[1], x), atol=1e-14)


# --- triangles -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "lower"),
    [
        (linalg.cholesky, True),
        (lambda x: linalg.cholesky(x, upper=True), False),
        (lambda x: linalg.eigh(x).eigenvectors, True),
        (lambda x: linalg.eigvalsh(x, "u"), False),
    ],
)
def test_only_the_triangle_that_is_read_has_a_gradient(f: Callable[[Any], Any], lower: bool) -> None:
    x = positive_definite(RNG, (3, 3)) + np.diag([1.0, 2.0, 3.0])
    nonsense = np.triu(np.full((3, 3), np.nan), 1)
    read = x + (nonsense if lower else nonsense.T)
    found = gradient(lambda x: np.exp(f(x)), read)
    assert_allclose(found, gradient(lambda x: np.exp(f(x)), x), rtol=1e-12)
    assert_array_equal(np.triu(found, 1) if lower else np.tril(found, -1), 0)


# --- norms -----------------------------------------------------------------------------------------------------------------------

NORMS = [None, 0, 1, 2, 3, 0.5, -1, -2, np.inf, -np.inf]


@states("vector_norm")
@pytest.mark.parametrize("ord", NORMS)
def test_the_derivative_of_a_norm_is_zero_at_the_origin_and_finite_beside_zeros(ord: Any) -> None:
    def of(x: Any) -> Any:
        return linalg.norm(x, ord)

    with np.errstate(divide="ignore"):  # 0 to a negative power, in NumPy's value
        assert_array_equal(gradient(of, np.zeros(3)), np.zeros(3))
        assert_array_equal(curvature(of, np.zeros(3)), np.zeros(3))
        if ord not in (0, -np.inf):
            assert_array_equal(gradient(of, [0.0, 1.0, 0.0]), [0.0, ord is None or ord > 0, 0.0])
        for x in ([3.0, 0.0, -4.0], [0.0, 0.0, 2.0]):
            assert np.all(np.isfinite(gradient(of, x)))
            assert np.all(np.isfinite(curvature(of, x)))
            assert gradient(of, x)[1] == 0
            assert ord is None or ord >= 0 or ord == -np.inf or not np.any(gradient(of, x))  # the norm is 0, too, all along
        assert ad.grad(of)(np.array([3 + 4j, 0j]))[1] == 0


@states("vector_norm")
def test_the_largest_elements_share_the_derivative_of_the_largest() -> None:
    assert_array_equal(gradient(lambda x: linalg.norm(x, np.inf), [2.0, -2.0, 1.0]), [0.5, -0.5, 0])
    assert_array_equal(gradient(lambda x: linalg.norm(x, -np.inf), [1.0, -2.0, -1.0]), [0.5, 0, -0.5])
    assert_allclose(gradient(lambda x: linalg.norm(x, 2), np.eye(2)), np.eye(2) / 2)


@states("vector_norm")
@pytest.mark.parametrize("scale", [1e-100, 1e100])
@pytest.mark.parametrize("ord", [1, 1.5, 2, 3, np.inf])
def test_the_derivative_of_a_norm_does_not_depend_on_the_scale(ord: float, scale: float) -> None:
    x = np.array([3.0, -4.0, 1.0])
    assert_allclose(gradient(lambda x: linalg.norm(x, ord), scale * x), gradient(lambda x: linalg.norm(x, ord), x), rtol=1e-12)


def test_a_norm_of_complex_numbers_has_the_gradient_of_its_real_and_imaginary_parts() -> None:
    z = np.array([1 + 2j, -3j, 2.0])
    for ord in (1, 2, 3, np.inf):
        pairs = np.stack([z.real, z.imag])
        found = ad.grad(lambda z, ord=ord: linalg.norm(z, ord))(z)
        expected = gradient(lambda x, ord=ord: linalg.norm(np.sqrt(x[0] ** 2 + x[1] ** 2), ord), pairs)
        assert_allclose(found, expected[0] + 1j * expected[1])


# --- NumPy's functions -----------------------------------------------------------------------------------------------------------


def test_named_results_keep_their_names() -> None:
    x = leaf(np.diag([3.0, 2.0, 1.0]))
    for f, names in (
        (np.linalg.eigh, "eigenvalues eigenvectors"),
        (np.linalg.eig, "eigenvalues eigenvectors"),
        (np.linalg.svd, "U S Vh"),
        (np.linalg.qr, "Q R"),
        (np.linalg.slogdet, "sign logabsdet"),
    ):
        result = f(x)
        assert type(result) is type(f(x.numpy()))
        assert all(isinstance(getattr(result, name), ad.Tensor) for name in names.split())


def test_a_rank_is_constant() -> None:
    rank = np.linalg.matrix_rank(leaf(SINGULAR["rank 2"]), tol=1e-8)
    assert isinstance(rank, ad.Tensor)
    assert rank == 2


# --- PyTorch ---------------------------------------------------------------------------------------------------------------------


def _hermitian(a: Any) -> Any:
    return (a + a.conj().mT) / 2


def _general(*shape: int) -> np.ndarray:
    return distinct_singular_values(RNG, shape)


def _apart(*shape: int) -> np.ndarray:
    return distinct_eigenvalues(RNG, shape)


def _with_each(a: Any, b: Any) -> Any:
    return a[..., :, None, :] * b[..., None, :, :]


def _results_of_eigh(la: Any, a: Any, **params: Any) -> list[Any]:
    w, v = la.eigh(_hermitian(a), **params)
    return [w, _with_each(v, v.conj())]


def _results_of_eig(la: Any, a: Any) -> list[Any]:
    """Sums over the eigenvectors, since each library has them in an order of its own."""
    w, v = la.eig(a)
    weights = (w * w)[..., None, :]
    return [(v * weights) @ la.inv(v), (abs(v) ** 2 * abs(weights)).sum(-1)]


def _results_of_svd(la: Any, a: Any) -> list[Any]:
    u, s, vh = la.svd(a, full_matrices=False)
    return [s, _with_each(u, u.conj()), _with_each(u, vh.mT)]


Pair = tuple[Callable[..., list[Any]], tuple[np.ndarray, ...]]
PAIRS: dict[str, Pair] = {
    "solve": (lambda la, a, b: [la.solve(a, b)], (_general(3, 3), reals(RNG, (3, 2)))),
    "solve, a stack": (lambda la, a, b: [la.solve(a, b)], (_general(2, 3, 3), reals(RNG, (2, 3, 2)))),
    "inv": (lambda la, a: [la.inv(a)], (_general(2, 3, 3),)),
    "pinv": (lambda la, a: [la.pinv(a)], (_general(2, 4, 3),)),
    "pinv, wide": (lambda la, a: [la.pinv(a)], (_general(2, 4),)),
    "lstsq": (lambda la, a, b: [la.lstsq(a, b)[0]], (_general(4, 2), reals(RNG, (4, 3)))),
    "tensorinv": (lambda la, a: [la.tensorinv(a, ind=1)], (_general(4, 4).reshape(4, 2, 2),)),
    "tensorsolve": (lambda la, a, b: [la.tensorsolve(a, b)], (_general(4, 4).reshape(2, 2, 4), reals(RNG, (2, 2)))),
    "matrix_power": (lambda la, a: [la.matrix_power(a, 5)], (_general(2, 3, 3),)),
    "matrix_power of an inverse": (lambda la, a: [la.matrix_power(a, -2)], (_general(3, 3),)),
    "cholesky": (lambda la, a: [la.cholesky(a @ a.conj().mT)], (_general(2, 3, 3),)),
    "cholesky, upper": (lambda la, a: [la.cholesky(a @ a.conj().mT, upper=True)], (_general(3, 3),)),
    "qr": (lambda la, a: list(la.qr(a)), (_general(2, 4, 3),)),
    "qr, square": (lambda la, a: list(la.qr(a)), (_general(3, 3),)),
    "qr, wide": (lambda la, a: list(la.qr(a)), (_general(2, 4),)),
    "eigh": (_results_of_eigh, (_apart(2, 3, 3),)),
    "eigh, upper": (lambda la, a: _results_of_eigh(la, a, UPLO="U"), (_apart(3, 3),)),
    "eigvalsh": (lambda la, a: [la.eigvalsh(_hermitian(a))], (_apart(2, 3, 3),)),
    "eig": (_results_of_eig, (_general(2, 3, 3),)),
    "eigvals": (lambda la, a: [(la.eigvals(a) ** 3).sum(-1)], (_general(2, 3, 3),)),
    "svd": (_results_of_svd, (_general(2, 3, 3),)),
    "svd, tall": (_results_of_svd, (_general(4, 2),)),
    "svd, wide": (_results_of_svd, (_general(2, 4),)),
    "svdvals": (lambda la, a: [la.svdvals(a)], (_general(2, 3, 4),)),
    "det": (lambda la, a: [la.det(a)], (_general(2, 3, 3),)),
    "slogdet": (lambda la, a: list(la.slogdet(a)), (_general(2, 3, 3),)),
    "cond": (lambda la, a: [la.cond(a)], (_general(2, 3, 3),)),
    **{
        f"norm of vectors, {ord}": (lambda la, a, ord=ord: [la.vector_norm(a, ord=ord)], (reals(RNG, (2, 3)),))
        for ord in (0, 0.5, 1, 2, 3, -1, np.inf, -np.inf)
    },
    **{
        f"norm of matrices, {ord}": (lambda la, a, ord=ord: [la.matrix_norm(a, ord=ord)], (_general(2, 3, 4),))
        for ord in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    },
}


def _loss(results: list[Any], convert: Callable[[np.ndarray], Any]) -> Any:
    """A sum of the real and imaginary parts of all elements with weights of their own."""
    total: Any = 0
    for k, y in enumerate(results):
        weights = np.cos(np.arange(1, 1 + int(np.prod(y.shape))) + k).reshape(tuple(y.shape))
        total = total + (y.real * convert(weights)).sum()
        if "complex" in str(y.dtype):
            total = total + (y.imag * convert(weights[::-1].copy() if weights.ndim else weights)).sum()
    return total


def _both_derivatives(f: Callable[..., Any], grad: Callable[..., Any], arrays: Any) -> tuple[list[Any], list[Any]]:
    """The gradients of `f`, and those of the sum of their squares."""
    first = grad(f)(*arrays)
    second = grad(lambda *a: sum((abs(g) ** 2).sum() for g in grad(f, True)(*a)))(*arrays)
    return first, second


@pytest.mark.peer
@pytest.mark.parametrize("dtype", [np.float64, np.complex128, np.float32])
@pytest.mark.parametrize("name", PAIRS)
def test_first_and_second_derivatives_are_those_of_pytorch(name: str, dtype: Any, torch: Any) -> None:
    f, given = PAIRS[name]
    turned = [x + 0.2j * np.flip(x) if dtype is np.complex128 else x for x in given]
    arrays = [x.astype(dtype) for x in turned]
    positions = range(len(arrays))

    def ours(of: Callable[..., Any], create_graph: bool = False) -> Any:
        return ad.grad(of, tuple(positions))

    def theirs(of: Callable[..., Any], create_graph: bool = False) -> Any:
        def call(*tensors: Any) -> Any:
            leaves = tensors if create_graph else [torch.tensor(x, requires_grad=True) for x in tensors]
            value = of(*leaves)
            if not value.requires_grad:
                return [torch.zeros_like(x) for x in leaves]
            found = torch.autograd.grad(value, leaves, create_graph=create_graph, allow_unused=True)
            return [torch.zeros_like(x) if g is None else g for g, x in zip(found, leaves, strict=True)]

        return call

    def loss(*x: Any) -> Any:
        return _loss(f(linalg, *x), lambda w: w.astype(np.finfo(dtype).dtype))

    def loss_of_torch(*x: Any) -> Any:
        return _loss(f(torch.linalg, *x), lambda w: torch.tensor(w.astype(np.finfo(dtype).dtype)))

    for found, expected in zip(
        _both_derivatives(loss, ours, arrays), _both_derivatives(loss_of_torch, theirs, arrays), strict=True
    ):
        for g, wanted in zip(found, expected, strict=True):
            assert g.dtype == dtype
            precision = 2e-3 if dtype is np.float32 else 1e-9
            wanted = wanted.numpy(force=True)
            assert_allclose(g, wanted, rtol=0, atol=precision * (1 + np.max(np.abs(wanted))))
