"""Products of vectors and matrices other than `matmul` and `dot`, and parts of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad

RNG = np.random.default_rng(0)
A, B, C, D = RNG.normal(size=(2, 3)), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2)), RNG.normal(size=(2, 3))
U, V, W = RNG.normal(size=(3, 5, 3))


def leaf(x: Any) -> Any:
    return ad.Tensor(x, requires_grad=True)


def test_a_product_of_kronecker_products_is_that_of_the_products() -> None:
    assert_allclose(ad.kron(A, B) @ ad.kron(C, D), ad.kron(A @ C, B @ D), rtol=1e-12)


def test_the_cross_product_is_orthogonal_and_the_triple_product_cyclic() -> None:
    assert_allclose(ad.vecdot(U, ad.cross(U, V)), np.zeros(5), atol=1e-14)
    assert_allclose(ad.vecdot(U, ad.cross(V, W)), ad.vecdot(W, ad.cross(U, V)), rtol=1e-12)


def test_the_trace_of_an_outer_product_is_the_dot_product() -> None:
    assert_allclose(ad.trace(ad.outer(U[0], V[0])), ad.vdot(U[0], V[0]), rtol=1e-12)


def test_a_matrix_is_its_lower_triangle_and_what_is_strictly_above() -> None:
    assert_array_equal(ad.tril(U) + ad.triu(U, 1), U)


def test_the_diagonal_of_the_matrix_with_a_diagonal_is_that_diagonal() -> None:
    for k in (-2, 0, 1):
        assert_array_equal(ad.diag(ad.diag(U[0], k), k), U[0])


def test_the_array_has_methods_of_its_diagonal_and_trace() -> None:
    x = leaf(np.arange(12.0).reshape(2, 2, 3))
    for name, arguments in (("diagonal", ()), ("diagonal", (1, 1, 2)), ("trace", ()), ("trace", (1, -1, 0))):
        assert_array_equal(getattr(x, name)(*arguments).numpy(), getattr(x.numpy(), name)(*arguments), strict=True)


def test_vecdot_takes_an_axis_as_numpys_does() -> None:
    assert_array_equal(np.vecdot(leaf(U), V, axis=0).numpy(), np.vecdot(U, V, axis=0), strict=True)
    with pytest.raises(TypeError, match=r"np\.vecdot: keepdims= is not supported for a Tensor\."):
        np.vecdot(leaf(U), V, keepdims=True)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda: ad.vecdot(leaf(A), B), r"vecdot: the shapes are \(2, 3\) and \(4, 2\); wanted vectors of one length along"),
        (lambda: ad.vdot(leaf(A), B), r"vdot: the shapes are \(2, 3\) and \(4, 2\); wanted as many elements"),
        (lambda: ad.matvec(leaf(A), U[0][:2]), r"matvec: the shapes are \(2, 3\) and \(2,\); wanted \(\.\.\., m, k\) and"),
        (lambda: ad.matvec(leaf(U[0]), U[0]), r"matvec: the shapes are \(3,\) and \(3,\); wanted"),
        (lambda: ad.vecmat(leaf(A), B), r"vecmat: the shapes are \(2, 3\) and \(4, 2\); wanted \(\.\.\., k\) and \(\.\.\., k, n\)"),
        (lambda: ad.vecmat(leaf(U[0]), 2.0), r"vecmat: the shapes are \(3,\) and \(\); wanted"),
        (lambda: ad.cross(leaf(B), B), r"cross: the shapes are .*; wanted 3 components along the axes -1 and -1\. Of vectors"),
        (lambda: ad.cross(leaf(A), A, axisa=0), r"cross: the shapes are .*; wanted 3 components along the axes 0 and -1\."),
        (lambda: ad.diag(leaf(np.ones((2, 2, 2)))), r"diag: v has shape \(2, 2, 2\); wanted a vector or a matrix\. Of stacks"),
        (lambda: ad.diag(leaf(1.0)), r"diag: v has shape \(\); wanted a vector or a matrix"),
        (lambda: ad.matrix_transpose(leaf(U[0])), r"matrix_transpose: x has shape \(3,\); wanted matrices"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_an_error_that_says_what_is_wanted(f: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        f()
