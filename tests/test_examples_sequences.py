"""The examples of networks for sequences: what they are made of, and that they reach what they state."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff.testing import assert_gradient
from examples import sequence, transformer

ROOT = Path(__file__).parents[1]


def program(name: str, out: Path) -> str:
    """What an example prints; its picture has been written then."""
    pytest.importorskip("matplotlib")
    command = [sys.executable, "-W", "error", "-m", f"examples.{name}", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == ""
    text, picture = done.stdout.split("\n\nPictures\n  ")
    assert picture == f"{out / name}.png\n"
    assert (out / f"{name}.png").stat().st_size > 10_000
    return text


# --- the adding problem


@pytest.mark.long
def test_the_lstm_adds_as_a_program(tmp_path: Path) -> None:
    text = program("sequence", tmp_path)
    assert text.startswith("The sum of two marked numbers, after 15 epochs of 100 batches of 64\n")
    errors = [float(line.split()[-1]) for line in text.splitlines()[2:]]
    linear, lstm, longer, much_longer = errors
    assert linear == pytest.approx(0.15, rel=0.05)
    assert lstm < 0.001
    assert lstm < longer < much_longer < 0.05


@pytest.mark.long
def test_the_answer_has_slope_1_in_the_marked_numbers_alone() -> None:
    result = sequence.learn(8)
    assert result.errors[-1] < result.linear / 10
    x, _ = sequence.problems(100, sequence.LENGTH, np.random.default_rng(4))
    slopes, marked = sequence.slopes(result.model, x), x[..., 1] == 1
    assert np.mean(slopes[marked]) == pytest.approx(1, abs=0.1)
    assert abs(np.mean(slopes[~marked])) < 0.05


def test_a_number_is_marked_in_each_half_and_the_answer_is_the_sum() -> None:
    x, y = sequence.problems(50, 8, np.random.default_rng(0))
    numbers, marks = np.moveaxis(x, -1, 0)
    assert np.array_equal(marks[:, :4].sum(axis=1), np.ones(50))
    assert np.array_equal(marks[:, 4:].sum(axis=1), np.ones(50))
    np.testing.assert_allclose(y[:, 0], numbers[marks == 1].reshape(50, 2).sum(axis=1), rtol=1e-6)


def test_the_best_linear_model_explains_a_tenth_of_the_variance() -> None:
    """A number is marked with probability 2/T, so that its coefficient is 2/T: of 2/12, T (2/T)² / 12 is explained."""
    x, y = sequence.problems(5000, sequence.LENGTH, np.random.default_rng(7))
    assert sequence.linear_error(x, y) == pytest.approx(2 / 12 * (1 - 2 / sequence.LENGTH), rel=0.03)


def test_the_slopes_are_derivatives_of_the_answers() -> None:
    nn.manual_seed(0)
    model = sequence.Adder()
    x, _ = sequence.problems(2, 5, np.random.default_rng(0))
    assert_gradient(lambda x: np.sum(model(x) ** 2), x.astype(float))
    ahead = np.array([[0.01, 0.0]] * 5)
    expected = (model(x + ahead) - model(x - ahead)).numpy()[:, 0] / 0.02
    np.testing.assert_allclose(sequence.slopes(model, x.astype(float)).sum(axis=1), expected, rtol=1e-3)


# --- the model of language


@pytest.mark.long
def test_the_transformer_beats_counting_as_a_program(tmp_path: Path) -> None:
    text = program("transformer", tmp_path)
    assert text.startswith("A tenth of the text, unseen, after 12 epochs of 50 batches of 16\n")
    pairs, ours = (float(bits) for bits in re.findall(r"  (\d\.\d\d)$", text, re.MULTILINE))
    assert pairs == pytest.approx(3.46, abs=0.01)
    assert ours < 3.2
    drawn = text.split("A sample\n  ")[1]
    assert drawn.startswith(transformer.PROMPT)
    words = set(re.findall(r"[a-z]{3,}", transformer.TEXT))
    assert len(words & set(drawn.split())) > 5


def test_what_comes_later_changes_no_score() -> None:
    nn.manual_seed(0)
    model = transformer.Model().eval()
    codes = transformer.encode("The chain rule")[None]
    other = codes.copy()
    other[0, 9:] = 0
    with ad.no_grad():
        scores, others = model(codes).numpy(), model(other).numpy()
    np.testing.assert_allclose(scores[0, :9], others[0, :9], rtol=1e-12)
    assert np.all(np.any(scores[0, 9:] != others[0, 9:], axis=1))


def test_attention_is_shared_out_among_what_came_before() -> None:
    nn.manual_seed(0)
    weights = transformer.attention(transformer.Model().eval(), "derivative")
    assert weights.shape == (transformer.HEADS, 10, 10)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-12)
    assert np.all(np.triu(weights, 1) == 0)


def test_each_letter_of_a_window_is_followed_by_its_target() -> None:
    letters, following = transformer.windows(np.arange(100), step=10)
    assert letters.shape == following.shape == (6, transformer.WINDOW)
    assert np.array_equal(following, letters + 1)
    assert np.array_equal(letters[:, 0], 10 * np.arange(6))


def test_a_letter_among_n_that_are_as_probable_takes_the_logarithm_of_n() -> None:
    n = len(transformer.LETTERS)
    codes = transformer.encode("chain")[None]
    assert transformer.bits(ad.Tensor(np.zeros((1, 5, n))), codes).item() == pytest.approx(np.log2(n))


def test_the_probabilities_by_counting_add_up_to_one() -> None:
    train = transformer.encode("as it is, and as it was")
    for first in transformer.encode("a,z"):
        bits = [transformer.bits_by_counting(train, np.array([first, second])) for second in range(len(transformer.LETTERS))]
        assert np.sum(0.5 ** np.array(bits)) == pytest.approx(1)


def test_a_sample_goes_on_from_its_start_and_can_be_repeated() -> None:
    nn.manual_seed(0)
    model = transformer.Model()
    text = transformer.sample(model, "A chain", 50)
    assert text.startswith("A chain")
    assert len(text) == 57
    assert set(text) <= set(transformer.LETTERS)
    assert transformer.sample(model, "A chain", 50) == text
