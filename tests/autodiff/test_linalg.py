"""Products of vectors, matrices and stacks, and the axes that they need moved."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient

LEADING: list[tuple[int, ...]] = [(), (2,), (4, 2), (1, 4, 2)]


def normal(*shape: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(len(shape)).normal(size=shape))


def leaf(x: Any) -> Any:
    return ad.Tensor(x, requires_grad=True)


# all ranks from 0 to 4, for np.dot: (..., k) and (k,) or (..., k, m)
LEFT = [normal(), *(normal(*lead, 3) for lead in LEADING)]
RIGHT = [normal(), normal(3), *(normal(*lead, 3, 5) for lead in LEADING[:3])]
EMPTY = [(normal(0), normal(0)), (normal(2, 0), normal(4, 0, 5)), (normal(0, 3), normal(2, 3, 0)), (normal(3), normal(0, 3, 2))]
PAIRS = [(a, b) for a in LEFT for b in RIGHT] + EMPTY

each_pair = pytest.mark.parametrize(("a", "b"), [pytest.param(a, b, id=f"{a.shape}-{b.shape}") for a, b in PAIRS])


@each_pair
def test_dot_is_that_of_numpy(a: np.ndarray, b: np.ndarray) -> None:
    expected = np.dot(a, b)
    assert_allclose(ad.dot(a, b), expected, rtol=1e-14, atol=1e-15)
    for x, z in ((leaf(a), leaf(b)), (leaf(a), b), (a, leaf(b))):
        for y in (ad.dot(x, z), np.dot(x, z)):
            assert isinstance(y, ad.Tensor)
            assert y.requires_grad
            assert y.shape == expected.shape
            assert y.dtype == expected.dtype
            assert_allclose(y.numpy(), expected, rtol=1e-14, atol=1e-15)


@pytest.mark.long
@each_pair
def test_the_gradient_of_dot(a: np.ndarray, b: np.ndarray) -> None:
    assert_gradient(ad.dot, a, b, order=2)
    assert_gradient(lambda x: ad.dot(x, b), a)
    assert_gradient(lambda x: ad.dot(a, x), b)


def test_dot_takes_numbers_and_lists_and_keeps_types() -> None:
    assert ad.dot(2, 3) == 6
    assert ad.dot([1.0, 2.0], [3.0, 4.0]) == 11
    assert_array_equal(ad.dot([[1, 2]], [[[3], [4]]]), np.dot([[1, 2]], [[[3], [4]]]))
    for dtype in (np.float16, np.float32, np.float64):
        for a, b in PAIRS[:20]:
            assert ad.dot(leaf(a.astype(dtype)), b.astype(dtype)).dtype == dtype
            assert ad.dot(leaf(a.astype(dtype)), 2.0).dtype == dtype


@pytest.mark.parametrize("shapes", [((3,), (2,)), ((2, 3), (2,)), ((2, 3), (2, 3)), ((3,), (3, 2, 5)), ((4, 2, 3), (4, 2, 3))])
def test_dot_of_lengths_that_differ_is_an_error_that_says_so(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    a, b = map(np.ones, shapes)
    for x, z in ((a, b), (leaf(a), b), (a, leaf(b))):
        with pytest.raises(ValueError, match=r"dot: the shapes are \(.*\) and \(.*\); wanted .*, but \d elements meet \d\.$"):
            ad.dot(x, z)


def both(shapes: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[Any]:
    return [pytest.param(*map(np.ones, pair), id=f"{pair[0]}-{pair[1]}") for pair in shapes]


@pytest.mark.parametrize(
    ("a", "b"),
    both(
        [
            ((2,), (3,)),
            ((2, 3), (2, 3)),
            ((2, 3), (2,)),
            ((3,), (2, 3)),
            ((5, 2, 3), (2, 3)),
            ((5, 2, 3), (4, 3, 2)),
            ((), (2, 2)),
            ((2, 2), ()),
            ((), ()),
        ]
    ),
)
def test_matmul_of_shapes_that_do_not_match_is_an_error_that_says_what_is_wanted(a: np.ndarray, b: np.ndarray) -> None:
    for x, z in ((a, b), (leaf(a), b), (a, leaf(b))):
        with pytest.raises(ValueError, match=r"matmul: the shapes are \(.*\) and \(.*\); wanted .*For a number, use multiply"):
            ad.matmul(x, z)


@pytest.mark.parametrize(("a", "b"), [(a, b) for a in LEFT[1:3] for b in RIGHT[1:3]])
def test_matmul_of_an_array_and_a_tensor_has_the_derivatives_of_two_tensors(a: np.ndarray, b: np.ndarray) -> None:
    for f, x in ((lambda x: x @ b, a), (lambda x: a @ x, b), (lambda x: np.tanh(a @ x), b), (lambda x: np.tanh(x @ b), a)):
        assert_gradient(f, x, order=2)


def test_matmul_takes_lists() -> None:
    assert ad.matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist() == [[11.0]]
    assert (leaf([[1.0, 2.0]]) @ [[3.0], [4.0]]).tolist() == [[11.0]]


# --- moving axes -----------------------------------------------------------------------------------------------------------------

X = normal(2, 3, 4)
MOVES: list[tuple[Any, Any]] = [
    (0, 0),
    (0, -1),
    (-1, 0),
    (1, 2),
    ([0, 1], [-1, -2]),
    ((2, 0), (0, 1)),
    ([], []),
    ((0, 1, 2), (2, 0, 1)),
]


@pytest.mark.long
@pytest.mark.parametrize(("source", "destination"), MOVES)
def test_moveaxis_is_that_of_numpy(source: Any, destination: Any) -> None:
    expected = np.moveaxis(X, source, destination)
    assert_array_equal(ad.moveaxis(X, source, destination), expected, strict=True)
    for y in (ad.moveaxis(leaf(X), source, destination), np.moveaxis(leaf(X), source, destination)):
        assert_array_equal(y.numpy(), expected, strict=True)
    assert_gradient(lambda x: np.moveaxis(x, source, destination), X, order=2)


def test_moves_that_are_none_are_errors() -> None:
    for x in (X, leaf(X)):
        with pytest.raises(ValueError, match=r"moveaxis: source is \(0, 1\) and destination is 2; wanted as many places as axes"):
            ad.moveaxis(x, (0, 1), 2)
        with pytest.raises(ValueError, match="repeated axis in `source`"):
            ad.moveaxis(x, (0, 0), (1, 2))
        with pytest.raises(np.exceptions.AxisError, match="destination: axis 3 is out of bounds"):
            ad.moveaxis(x, 0, 3)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 0, 3), (2, 3, 4)])
def test_ravel_is_that_of_numpy(shape: tuple[int, ...]) -> None:
    x = normal(*shape)
    for y in (ad.ravel(x), ad.ravel(leaf(x)), np.ravel(leaf(x)), ad.ravel(leaf(x.T).T)):
        assert_array_equal(y if isinstance(y, np.ndarray) else y.numpy(), np.ravel(x), strict=True)
    assert_gradient(np.ravel, x, order=2)
