"""The checker against the whole collection: no wrong gradient passes, no right one is accused, and it seldom cannot tell."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest
from collection import CASES, KINDS
from collection_case import Case
from collection_hard import HARD
from collection_ties import TIES
from exact import sides

import autodiff as ad
from autodiff.testing import check_gradient
from docs.checkers import CHECKERS, TARGET, cell, counts

pytestmark = pytest.mark.long

DECIDED = [case for case in CASES if not case.explained]
CATEGORIES = {
    *("badly scaled", "saturated", "flat", "ill-conditioned", "oscillating", "kinked", "float32", "noisy", "discontinuous"),
    *("piecewise", "wrong in one entry", "slightly wrong", "wrong in a region", "wrong for broadcast shapes", "wrong for batches"),
    *("cotangent mistaken", "sign or factor", "term dropped", "powers", "linear algebra", "network", "loss or layer"),
    *("numerical method", "exactly constant", "small inputs", "end of a domain", "tied"),
    *("shipped: at special points", "shipped: at kinks", "shipped: in a region", "shipped: special functions"),
    *("shipped: linear algebra", "shipped: shapes and indices", "shipped: losses and layers"),
}


def title(case: Case) -> str:
    return f"{case.kind}, {case.name}"


BY_TITLE = {title(case): case for case in CASES}


@cache
def verdict(name: str) -> str:
    case = BY_TITLE[name]
    return check_gradient(case.f, *case.inputs, gradient=case.gradient, vjp=case.vjp).verdict


@pytest.mark.parametrize("name", [title(case) for case in DECIDED if not case.right])
def test_no_wrong_gradient_passes(name: str) -> None:
    assert verdict(name) == "wrong"


@pytest.mark.parametrize("name", [title(case) for case in DECIDED if case.right])
def test_no_right_gradient_is_accused(name: str) -> None:
    assert verdict(name) == "right"


def test_it_cannot_tell_in_two_of_a_hundred_cases_at_most_and_each_is_explained() -> None:
    unsure = {title(case) for case in CASES if verdict(title(case)) == "cannot tell"}
    assert unsure == {title(case) for case in CASES if case.explained}
    assert 50 * len(unsure) <= len(CASES)


def test_the_collection_is_large_and_has_right_and_wrong_gradients_of_every_category() -> None:
    assert len(BY_TITLE) == len(CASES) >= 440
    assert set(KINDS) == CATEGORIES
    for kind in KINDS:
        assert {case.right for case in CASES if case.kind == kind} == {True, False}
    assert 0.4 <= np.mean([case.right for case in CASES]) <= 0.6
    assert all((case.gradient is None) != (case.vjp is None) for case in CASES)


def by_autograd(case: Case, cotangent: np.ndarray) -> list[np.ndarray] | None:
    """Autograd's gradient, where it can differentiate the function, and no slope on the way is infinite as that of √ at 0 is."""
    tensors = [ad.Tensor(x, requires_grad=True) for x in case.inputs]
    try:
        result = case.f(*tensors)
        if not isinstance(result, ad.Tensor):
            return None
        with np.errstate(all="ignore"):
            result.backward(cotangent)
    except (TypeError, AttributeError, NotImplementedError, ValueError):  # also for eigenvectors of equal eigenvalues
        return None
    found = [np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy() for tensor in tensors]
    return found if all(np.all(np.isfinite(x)) for x in found) else None


def test_the_right_gradients_of_the_collection_are_those_of_autograd() -> None:
    """Autograd is checked by other means as well, so that the collection does not rest on the checker that it proves."""
    compared = 0
    for case in CASES:
        value = np.asarray(case.f(*case.inputs))
        cotangent = np.random.default_rng(0).normal(size=value.shape) if case.vjp else np.ones(value.shape)
        cotangent = cotangent.astype(value.dtype if value.dtype.kind == "f" else np.float64)
        comparable = case.right and case.kind != "tied" and "kink" not in case.kind and "rounded" not in case.name  # a step
        expected = by_autograd(case, cotangent) if comparable else None
        if expected is None:
            continue
        found = case.vjp(cotangent, *case.inputs) if case.vjp else case.gradient(*case.inputs) if case.gradient else None
        rtol = 1e-3 if case.kind == "float32" else 1e-7
        for a, b in zip(found if isinstance(found, tuple) else (found,), expected, strict=True):
            atol = rtol * np.max(np.abs(b)) + 16 * np.finfo(b.dtype).eps
            np.testing.assert_allclose(a, b, rtol=0, atol=atol, err_msg=title(case))
        compared += 1
    assert compared >= 90


@pytest.mark.parametrize("name", [title(case) for case in (*HARD, *TIES) if case.right])
def test_the_right_gradients_at_hard_points_lie_between_the_slopes_in_100_digits(name: str) -> None:
    case = BY_TITLE[name]
    found = case.vjp(np.ones(()), *case.inputs) if case.vjp else case.gradient(*case.inputs) if case.gradient else None
    for argument, (x, part) in enumerate(zip(case.inputs, found if isinstance(found, tuple) else (found,), strict=True)):
        rtol = 1e-7 if x.dtype == np.float64 else 1e-5
        for index in list(np.ndindex(x.shape))[:8]:
            slopes = sides(case.f, case.inputs, argument, index)
            margin = rtol * max(abs(slope) for slope in slopes) + 1e-20
            assert min(slopes) - margin <= np.asarray(part)[index] <= max(slopes) + margin


def columns() -> dict[str, dict[str, str]]:
    """The cells of the table in the documentation, by the name of the checker and the category."""
    rows = [line.strip("| \n").split(" | ") for line in TARGET.read_text().splitlines() if line.startswith("|")]
    rows = [row for row in rows if len(row) == 3 + len(CHECKERS)]
    names = rows[0][3:]
    return {name: {row[0]: row[3 + i] for row in rows[2:]} for i, name in enumerate(names)}


def errors(found: dict[str, Counter[str]]) -> int:
    return sum(sum(count.values()) - count["found"] for count in found.values())


def test_the_documented_table_says_what_the_checker_finds() -> None:
    assert list(columns()) == list(CHECKERS)
    documented = columns()["chainrule"]
    found = counts(lambda case: verdict(title(case)))
    assert {kind: documented[kind] for kind in KINDS} == {kind: cell(count) for kind, count in found.items()}
    for case in CASES:
        if case.explained:
            assert f"- **{case.name}** ({case.kind}). {case.explained}\n" in TARGET.read_text()
    assert f"the {len(CASES)} cases" in TARGET.read_text()


@pytest.mark.peer
@pytest.mark.parametrize(
    ("name", "module"), [("SciPy", "scipy"), ("SciPy differentiate", "scipy"), ("PyTorch", "torch"), ("JAX", "jax")]
)
def test_the_documented_table_is_fair_to_the_other_checkers(name: str, module: str) -> None:
    """Versions differ; so may the counts, by a little. Cases of ten thousand inputs take the others long: they are left out."""
    pytest.importorskip(module, reason=f"{name} is not installed, so its checker was not compared with")
    small = [case for case in CASES if all(x.size < 1000 for x in case.inputs)]
    found, own = counts(CHECKERS[name], small), counts(lambda case: verdict(title(case)), small)
    assert errors(found) >= errors(own)
    whole = {kind for kind in found if sum(case.kind == kind for case in CASES) == sum(case.kind == kind for case in small)}
    same = [kind for kind in whole if columns()[name][kind] == cell(found[kind])]
    assert len(same) >= 0.8 * len(whole)
