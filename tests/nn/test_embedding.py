"""Tables that are looked up, beyond what is true of every module: gradients, norms, bags, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from autodiff.testing import check_gradient
from nn import functional as F

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(5, 3))
NUMBERS = np.array([0, 2, 2, 4, 2, 0])
COUNTS = np.array([2, 0, 3, 0, 1])


def gradient(compute: Any) -> np.ndarray:
    """The gradient of the sum of what is computed by the table."""
    return np.asarray(ad.grad(lambda table: np.sum(compute(table)))(TABLE))


def test_each_row_gets_the_sum_of_the_gradients_of_where_it_is_looked_up() -> None:
    assert_array_equal(gradient(lambda table: F.embedding(NUMBERS, table)), np.outer(COUNTS, np.ones(3)))


def test_divided_by_frequency_each_row_gets_the_mean() -> None:
    rows = np.outer(COUNTS > 0, np.ones(3))
    assert_allclose(gradient(lambda table: F.embedding(NUMBERS, table, scale_grad_by_freq=True)), rows)
    bags = {"offsets": np.array([0, 2]), "mode": "sum"}
    assert_allclose(gradient(lambda table: F.embedding_bag(NUMBERS, table, scale_grad_by_freq=True, **bags)), rows)
    assert_array_equal(F.embedding(NUMBERS, TABLE, scale_grad_by_freq=True), TABLE[NUMBERS])


@pytest.mark.parametrize("padding", [2, -3])
def test_the_row_of_the_padding_starts_from_zero_and_gets_no_gradient(padding: int) -> None:
    layer = nn.Embedding(5, 3, padding_idx=padding)
    assert layer.padding_idx == 2
    assert_array_equal(layer.weight.detach()[2], np.zeros(3))
    layer(NUMBERS).sum().backward()
    assert_array_equal(layer.weight.grad[:, 0], np.where(np.arange(5) == 2, 0, COUNTS))


def test_second_derivatives_by_the_table() -> None:
    for settings in ({}, {"padding_idx": 1}):
        report = check_gradient(lambda t, s=settings: np.sum(np.sin(F.embedding(NUMBERS, t, **s))), TABLE, order=2)
        assert report.ok, str(report)
    bags = np.array([0, 2, 2])
    for mode in ("sum", "mean", "max"):
        report = check_gradient(lambda t, m=mode: np.sum(np.sin(F.embedding_bag(NUMBERS, t, bags, mode=m))), TABLE, order=2)
        assert report.ok, str(report)


@pytest.mark.parametrize("norm", [1.0, 2.0, np.inf])
def test_rows_that_are_looked_up_are_limited_to_a_norm_in_place(norm: float) -> None:
    table = 3 * TABLE
    F.embedding(NUMBERS, table, max_norm=1.0, norm_type=norm)
    norms, before = (np.linalg.norm(a, norm, axis=-1) for a in (table, 3 * TABLE))
    used = COUNTS > 0
    assert_array_equal(table[~used], 3 * TABLE[~used])
    assert_allclose(norms[used], np.minimum(before[used], 1), rtol=1e-6)


def test_one_number_gives_one_row() -> None:
    assert_array_equal(F.embedding(3, TABLE), TABLE[3])
    assert F.embedding(np.zeros((2, 0), int), TABLE).shape == (2, 0, 3)


def test_weights_may_be_given() -> None:
    frozen, trained = nn.Embedding.from_pretrained(TABLE), nn.Embedding.from_pretrained(TABLE, freeze=False, padding_idx=0)
    assert_array_equal(frozen.weight, TABLE)
    assert not frozen.weight.requires_grad
    assert trained.weight.requires_grad
    assert trained.padding_idx == 0
    assert nn.EmbeddingBag.from_pretrained(TABLE, mode="max").mode == "max"


def test_tables_start_from_the_standard_normal_distribution() -> None:
    weight = nn.Embedding(100, 100).weight.numpy()
    assert abs(weight.mean()) < 0.05
    assert abs(weight.std() - 1) < 0.05


# --- bags ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_are_reduced_and_those_without_anything_are_zero(mode: str) -> None:
    y = F.embedding_bag(NUMBERS, TABLE, np.array([0, 4, 4]), mode=mode)
    parts = TABLE[NUMBERS[:4]], TABLE[NUMBERS[4:]]
    assert_allclose(y, [getattr(np, mode)(parts[0], 0), np.zeros(3), getattr(np, mode)(parts[1], 0)])


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_of_one_length_are_rows(mode: str) -> None:
    rows = NUMBERS.reshape(2, 3)
    assert_allclose(F.embedding_bag(rows, TABLE, mode=mode), getattr(np, mode)(TABLE[rows], 1))


def test_without_any_numbers_all_is_zero() -> None:
    for mode in ("sum", "mean", "max"):
        assert_array_equal(F.embedding_bag(np.zeros(0, int), TABLE, np.array([0, 0]), mode=mode), np.zeros((2, 3)))


def test_weights_of_samples_are_factors() -> None:
    weights = RNG.normal(size=6)
    y = F.embedding_bag(NUMBERS, TABLE, np.array([0, 4]), mode="sum", per_sample_weights=weights)
    assert_allclose(y, [weights[:4] @ TABLE[NUMBERS[:4]], weights[4:] @ TABLE[NUMBERS[4:]]])


# --- errors ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [5, -1])
def test_a_number_that_is_no_row_is_an_error(wrong: int) -> None:
    for name, compute in (
        ("Embedding", nn.Embedding(5, 3)),
        ("EmbeddingBag", nn.EmbeddingBag(5, 3)),
        ("embedding", lambda x: F.embedding(x, TABLE)),
    ):
        with error(ValueError, f"{name}: the input has {wrong}; wanted 0 to 4, the numbers of the rows of weight."):
            compute(np.array([[1, wrong]]))


@pytest.mark.parametrize("name", ["Embedding", "EmbeddingBag"])
def test_numbers_that_are_not_integers_are_an_error(name: str) -> None:
    with error(TypeError, f"{name}: the input has dtype float64; wanted integers, the numbers of rows, as of input.astype(int)."):
        getattr(nn, name)(5, 3)(np.ones((2, 2)))


@pytest.mark.parametrize(
    ("compute", "text"),
    [
        (lambda: nn.Embedding(0, 3), "Embedding: num_embeddings is 0; wanted an integer, at least 1."),
        (lambda: nn.Embedding(5, 3, 5), "Embedding: padding_idx is 5; wanted a number from -5 to 4."),
        (lambda: nn.Embedding(5, 3, sparse=True), "Embedding: sparse is True, but gradients here are dense; leave it out."),
        (
            lambda: nn.Embedding(5, 3, _weight=np.ones((3, 5))),
            "Embedding: the weight has shape (3, 5); wanted (5, 3), (num_embeddings, embedding_dim).",
        ),
        (lambda: nn.Embedding.from_pretrained(np.ones(3)), "Embedding: embeddings have shape (3,); wanted two axes."),
        (lambda: nn.EmbeddingBag(5, 3, mode="min"), "EmbeddingBag: mode is 'min'; wanted one of 'sum', 'mean', 'max'."),
        (
            lambda: nn.EmbeddingBag(5, 3, mode="max", scale_grad_by_freq=True),
            "EmbeddingBag: scale_grad_by_freq is True and mode is 'max'; wanted 'sum' or 'mean'.",
        ),
        (
            lambda: F.embedding(NUMBERS, np.ones(3)),
            "embedding: the weight has shape (3,); wanted two axes, (num_embeddings, embedding_dim).",
        ),
        (lambda: F.embedding(NUMBERS, TABLE, padding_idx=-6), "embedding: padding_idx is -6; wanted a number from -5 to 4."),
        (
            lambda: nn.EmbeddingBag(5, 3)(NUMBERS),
            "EmbeddingBag: the input has shape (6,) and offsets are none; wanted an input (B, N) without offsets, or (N,) with "
            "offsets (B,).",
        ),
        (
            lambda: F.embedding_bag(NUMBERS, TABLE, np.array([0, 4, 3])),
            "embedding_bag: offsets are [0 4 3] and the input has 6 elements; wanted them to begin with 0, not to fall, and to lie "
            "inside.",
        ),
        (
            lambda: F.embedding_bag(NUMBERS, TABLE, np.array([0]), per_sample_weights=np.ones(6)),
            "embedding_bag: per_sample_weights are given and mode is 'mean'; wanted 'sum'.",
        ),
        (
            lambda: F.embedding_bag(NUMBERS, TABLE, np.array([0]), mode="sum", per_sample_weights=np.ones(5)),
            "embedding_bag: per_sample_weights has shape (5,), but the input has shape (6,); wanted the same.",
        ),
    ],
)
def test_what_makes_no_sense_is_an_error(compute: Any, text: str) -> None:
    with error(ValueError, text):
        compute()


def test_bilinear_forms_that_do_not_fit_are_errors() -> None:
    form = np.ones((2, 3, 4))
    for x, y in ((np.ones((5, 3)), np.ones((6, 4))), (np.ones((5, 4)), np.ones((5, 4))), (np.ones(3), np.ones(3))):
        with error(
            ValueError,
            f"bilinear: the inputs have shapes {x.shape} and {y.shape}, and the weight has shape (2, 3, 4); wanted "
            "(..., in1_features), (..., in2_features) and (out_features, in1_features, in2_features).",
        ):
            F.bilinear(x, y, form)
    with error(ValueError, "bilinear: the bias has shape (3,), but the weight has shape (2, 3, 4); wanted (2,)."):
        F.bilinear(np.ones(3), np.ones(4), form, np.ones(3))
    with error(
        TypeError,
        "bilinear: the input1 has dtype complex128 and the input2 has dtype float64 and the weight has dtype float64; wanted real "
        "numbers, such as np.real(x), np.imag(x) or np.abs(x).",
    ):
        F.bilinear(np.ones(3, complex), np.ones(4), form)
