"""Sums of products over axes that arrays have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient


def normal(*shape: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(len(shape)).normal(size=shape))


def leaf(x: Any) -> Any:
    return ad.Tensor(x, requires_grad=True)


# --- einsum ----------------------------------------------------------------------------------------------------------------------


@st.composite
def subscripts(draw: Any) -> tuple[str, list[tuple[int, ...]]]:
    """Any subscripts of one to four arrays, and shapes that fit: with repeated letters, axes without letters, and broadcasts."""
    length = {letter: draw(st.integers(0, 9)) % 4 or 2 for letter in "abcd"} | {"d": draw(st.integers(0, 3))}
    unnamed = draw(st.lists(st.integers(1, 3), max_size=2))
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 4))):
        letters = draw(st.text("abcd", max_size=3))
        single = {letter for letter in letters if draw(st.integers(0, 7)) == 0}
        shape = [1 if letter in single else length[letter] for letter in letters]
        if draw(st.booleans()):
            place, count = draw(st.integers(0, len(letters))), draw(st.integers(0, len(unnamed)))
            own = [draw(st.sampled_from([1, n, n])) for n in unnamed[len(unnamed) - count :]]
            letters, shape = f"{letters[:place]}...{letters[place:]}", [*shape[:place], *own, *shape[place:]]
        terms.append(letters)
        shapes.append(tuple(shape))
    text = ",".join(terms)
    if draw(st.booleans()):
        result = "".join(draw(st.permutations(sorted({c for c in text if c.isalpha()}))))[: draw(st.integers(0, 4))]
        place = draw(st.integers(0, len(result)))
        text += f"->{result[:place]}...{result[place:]}" if "..." in text else f"->{result}"
    return text, shapes


def as_lists(text: str, arrays: Any) -> list[Any]:
    """The arguments of einsum in the form with lists of numbers."""
    inputs, arrow, output = text.partition("->")
    lists = [
        [... if c == "." else ord(c) - ord("a") for c in term.replace("...", ".")]
        for term in [*inputs.split(","), *output.split(",")]
    ]
    given = [part for pair in zip(arrays, lists, strict=False) for part in pair]
    return [*given, lists[-1]] if arrow else given


@given(case=subscripts(), optimize=st.sampled_from([False, True, "greedy", "optimal"]))
def test_einsum_is_that_of_numpy_of_any_subscripts_and_its_gradient_that_of_finite_differences(
    case: tuple[str, list[tuple[int, ...]]], optimize: Any
) -> None:
    text, shapes = case
    arrays = [normal(*shape) + k for k, shape in enumerate(shapes)]
    expected = np.einsum(text, *arrays)
    for y in (
        ad.einsum(text, *map(leaf, arrays), optimize=optimize),
        np.einsum(text, *map(leaf, arrays), optimize=optimize),
        ad.einsum(*as_lists(text, map(leaf, arrays))),
    ):
        assert y.shape == expected.shape
        assert_allclose(y.numpy(), expected, rtol=1e-12, atol=1e-12)
    assert_gradient(lambda *xs: ad.einsum(text, *xs, optimize=optimize), *arrays)


@given(case=subscripts(), dtypes=st.lists(st.sampled_from([bool, np.int8, int, np.float32, complex]), min_size=4, max_size=4))
def test_einsum_has_the_types_of_numpy(case: tuple[str, list[tuple[int, ...]]], dtypes: list[Any]) -> None:
    text, shapes = case
    arrays = [np.asarray((normal(*shape) * 2 + 0.5).astype(dtype)) for shape, dtype in zip(shapes, dtypes, strict=False)]
    expected, found = np.einsum(text, *arrays), ad.einsum(text, *arrays)
    assert found.dtype == expected.dtype
    assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


SEVERAL = "ij,jk,kl,lm->im"
CHAIN = [normal(2, 3), normal(3, 4), normal(4, 3), normal(3, 2)]


@pytest.mark.parametrize("optimize", [["einsum_path", (2, 3), (0, 1), (0, 1)], ("greedy", 100), ["einsum_path", (0, 1, 2, 3)]])
def test_einsum_takes_the_path_that_it_is_given(optimize: Any) -> None:
    assert_allclose(ad.einsum(SEVERAL, *CHAIN, optimize=optimize), np.linalg.multi_dot(CHAIN), rtol=1e-12)
    y = np.einsum(SEVERAL, *map(leaf, CHAIN), optimize=optimize)
    assert_allclose(y.numpy(), np.linalg.multi_dot(CHAIN), rtol=1e-12)


def test_a_path_can_be_made_of_tensors_and_has_the_effect_that_it_has_on_arrays() -> None:
    path, text = np.einsum_path(SEVERAL, *map(leaf, CHAIN))
    assert (path, text) == np.einsum_path(SEVERAL, *CHAIN)
    assert_allclose(ad.einsum(SEVERAL, *map(leaf, CHAIN), optimize=path).numpy(), np.einsum(SEVERAL, *CHAIN), rtol=1e-12)


def test_einsum_of_many_arrays_makes_no_larger_ones_than_it_needs() -> None:
    vectors = [leaf(normal(2) + k) for k in range(20)]
    y = ad.einsum(*[part for k, x in enumerate(vectors) for part in (x, [k])], [])
    assert_allclose(y.item(), np.prod([x.numpy().sum() for x in vectors]))


def test_einsum_of_one_array_is_a_view_where_nothing_is_added_up() -> None:
    x = ad.Tensor(normal(2, 3))
    for text in ("ij", "ji", "ij->ij"):
        y = ad.einsum(text, x)
        assert y is not x
        assert np.shares_memory(y.numpy(), x.numpy())
    ad.einsum("ji", x)[2, 0] = 7.0
    assert x[0, 2].item() == 7.0


def test_einsum_takes_numbers_and_lists() -> None:
    assert ad.einsum("i,i", [1.0, 2.0], [3.0, 4.0]) == 11
    assert ad.einsum(",i->i", 2.0, leaf([1.0, 2.0])).tolist() == [2.0, 4.0]
    assert ad.einsum(",i", 2.0, leaf(np.ones(2, np.float32))).dtype == np.einsum(",i", 2.0, np.ones(2, np.float32)).dtype


A, B = np.ones((2, 3)), np.ones((3, 4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ij,jk", A), r"einsum: 1 arrays are given, and subscripts of 2, 'ij,jk'; wanted a term for each array, as in"),
        (("ij", A, B), r"einsum: 2 arrays are given, and subscripts of 1, 'ij'; wanted a term for each array, as in"),
        (("ij",), r"einsum: 0 arrays are given, and subscripts of 1, 'ij'"),
        (("i1->i", A), r"einsum: the subscripts are 'i1->i', and 'i1' among them is no term; wanted letters, with"),
        (("i..", A), r"einsum: the subscripts are 'i\.\.', and 'i\.\.' among them is no term"),
        (("...i...", A), r"'...i...' among them is no term"),
        (("ij->i->j", A), r"'i->j' among them is no term"),
        (("ij->i,j", A), r"'i,j' among them is no term"),
        (("i", A), r"einsum: array 0 has shape \(2, 3\), but its term 'i' names 1 axes; wanted a label for each, or '...'"),
        (("ij,jkl", A, B), r"einsum: array 1 has shape \(3, 4\), but its term 'jkl' names 3 axes"),
        (("ijk...", A), r"einsum: array 0 has shape \(2, 3\), but its term 'ijk...' names 3 axes"),
        (("ij->ii", A), r"einsum: the result 'ii' names an axis twice; wanted each once\."),
        (("ij->ik", A), r"einsum: the result 'ik' names 'k', which no array has; wanted labels of 'ij'\."),
        (("...j->j", A), r"einsum: the result 'j' lacks the 1 axes of '...'; wanted '...' there, or sum over them afterwards\."),
        (("ij,jk", A, A), r"einsum: 'j' is of length 3 and of length 2 in arrays of the shapes .*; wanted one length"),
        (("ii", np.ones((1, 3))), r"einsum: 'i' is of length 1 and of length 3"),
        (("...,...", A, np.ones(2)), r"einsum: axis -1 of '...' is of length 3 and of length 2"),
        ((A, [0, 52]), r"einsum: the subscripts of an array are \[0, 52\]; wanted integers from 0 to 51, and one '...'\."),
        ((A, [0, -1]), r"einsum: the subscripts of an array are \[0, -1\]; wanted integers"),
        ((A, [0, 1], B), r"einsum: the subscripts of an array are (ndarray|Tensor); wanted a list of integers, as in"),
        ((A, "ij"), r"einsum: the subscripts of an array are 'ij'; wanted a list of integers, as in"),
    ],
)  # fmt: skip
def test_subscripts_that_do_not_fit_are_an_error_that_says_how(arguments: Any, message: str) -> None:
    for convert in (lambda x: x, leaf):
        given = [convert(x) if isinstance(x, np.ndarray) else x for x in arguments]
        with pytest.raises((ValueError, TypeError), match=message):
            ad.einsum(*given)


# --- a sum over pairs of axes ----------------------------------------------------------------------------------------------------


@st.composite
def pairs_of_axes(draw: Any) -> tuple[tuple[int, ...], tuple[int, ...], tuple[list[int], list[int]]]:
    """Two shapes, and pairs of axes of one length, counted from either end."""
    common = draw(st.lists(st.integers(1, 3), max_size=2))
    shapes, axes = [], []
    for _ in range(2):
        n = len(common) + draw(st.integers(0, 2))
        places = list(draw(st.permutations(range(n))))[: len(common)]
        shape = [draw(st.integers(0, 3)) for _ in range(n)]
        for place, length in zip(places, common, strict=True):
            shape[place] = length
        shapes.append(tuple(shape))
        axes.append([place - n if draw(st.booleans()) else place for place in places])
    return shapes[0], shapes[1], (axes[0], axes[1])


@given(case=pairs_of_axes())
def test_tensordot_is_that_of_numpy(case: Any) -> None:
    *shapes, axes = case
    a, b = (normal(*shape) for shape in shapes)
    expected = np.tensordot(a, b, axes)
    for y in (ad.tensordot(leaf(a), b, axes), np.tensordot(a, leaf(b), axes=axes)):
        assert y.shape == expected.shape
        assert_allclose(y.numpy(), expected, rtol=1e-13, atol=1e-13)
    assert_gradient(lambda a, b: ad.tensordot(a, b, axes), a, b)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda a, b: ad.tensordot(a, b, 1), lambda a, b: a @ b),
        (lambda a, b: ad.inner(a, b.T), lambda a, b: a @ b),
        (lambda a, b: ad.einsum("ij,jk", a, b), lambda a, b: a @ b),
        (lambda a, b: ad.einsum("ji,kj->ik", a.T, b.T), lambda a, b: a @ b),
    ],
)
def test_what_is_a_product_of_matrices_is_computed_as_one(f: Callable[..., Any], expected: Callable[..., Any]) -> None:
    a, b = normal(40, 30), normal(30, 20)
    assert_array_equal(f(a, b), expected(a, b))
    assert_array_equal(f(leaf(a), leaf(b)).numpy(), expected(a, b))


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda: ad.tensordot(leaf(A), B, 2), r"tensordot: the shapes are .*; wanted .* but axes \(0, 1\) meet \(0, 1\)"),
        (lambda: ad.tensordot(leaf(A), B, ([0, 1], [0])), r"tensordot: .*wanted as many and equally long axes of each"),
        (lambda: ad.tensordot(leaf(A), B, 3), r"tensordot: axes is 3 and the shapes are .*; wanted a number of axes that each has"),
        (lambda: ad.tensordot(leaf(A), B, -1), r"tensordot: axes is -1"),
        (lambda: ad.tensordot(leaf(A), B, (1, 0, 0)), r"tensordot: axes is \(1, 0, 0\) and .* or a pair: axes of the first"),
        (lambda: ad.tensordot(leaf(A), B, (2, 0)), r"axes: axis 2 is out of bounds"),
        (lambda: ad.tensordot(leaf(A), A, ([0, 0], [0, 0])), r"repeated axis in `axes`"),
        (lambda: ad.inner(leaf(A), B), r"inner: the shapes are \(2, 3\) and \(3, 4\); wanted .* but axes \(1,\) meet \(1,\)"),
    ],
)  # fmt: skip
def test_axes_that_do_not_fit_are_an_error_that_says_how(f: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        f()


# --- complex numbers -------------------------------------------------------------------------------------------------------------

PRODUCTS: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[np.ndarray]]] = {
    "einsum": (lambda a, b: ad.einsum("ij,kj->ki", a, b), lambda a, b: np.einsum("ij,kj->ki", a, b), [A, normal(2, 3)]),
    "einsum of one": (lambda a: ad.einsum("ii", a), lambda a: np.einsum("ii", a), [normal(2, 2)]),
    "tensordot": (lambda a, b: ad.tensordot(a, b, 1), lambda a, b: np.tensordot(a, b, 1), [normal(2, 3), normal(3, 2, 2)]),
    "inner": (ad.inner, np.inner, [normal(2, 3), normal(3)]),
    "dot": (ad.dot, np.dot, [normal(2, 3), normal(2, 3, 2)]),
    "vdot": (ad.vdot, np.vdot, [normal(2, 3), normal(2, 3)]),
    "vecdot": (lambda a, b: ad.vecdot(a, b, axis=0), lambda a, b: np.vecdot(a, b, axis=0), [normal(3, 2), normal(3, 2)]),
    "matvec": (ad.matvec, lambda a, b: (a @ b[..., None])[..., 0], [normal(2, 3), normal(4, 3)]),
    "vecmat": (ad.vecmat, lambda a, b: (a.conj()[..., None, :] @ b)[..., 0, :], [normal(4, 3), normal(3, 2)]),
    "outer": (ad.outer, np.outer, [normal(2), normal(3)]),
    "kron": (ad.kron, np.kron, [normal(2), normal(2, 3)]),
    "trace": (ad.trace, np.trace, [normal(2, 2)]),
    "diag": (ad.diag, np.diag, [normal(2)]),
}


@pytest.mark.long
@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_complex_numbers_and_their_gradients(name: str) -> None:
    ours, numpys, arrays = PRODUCTS[name]
    turned = [x + 1j * (np.flip(x) + k) for k, x in enumerate(arrays)]
    expected = numpys(*turned)
    found = ours(*map(leaf, turned))
    assert found.dtype == complex
    assert_allclose(found.numpy(), expected, rtol=1e-13)
    assert_allclose(ours(*turned), expected, rtol=1e-13)

    def of_parts(*parts: Any) -> Any:
        y = ours(*[re + 1j * im for re, im in zip(parts[: len(arrays)], parts[len(arrays) :], strict=True)])
        return np.stack([np.real(y), np.imag(y)])

    assert_gradient(of_parts, *[x.real for x in turned], *[x.imag for x in turned], order=2)
