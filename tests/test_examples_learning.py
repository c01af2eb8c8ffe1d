"""The examples that learn from data reach what they state."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("tqdm")

import nn
from autodiff.testing import find_gradient_error, reals
from examples import breast_cancer, diabetes, digits, multiclass

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Tests run side by side, and small products of matrices are slowed down by threads that wait for a processor.
    from threadpoolctl import threadpool_limits  # a dependency of scikit-learn

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with threadpool_limits(1):
        yield


def program(name: str, out: Path, *arguments: str) -> list[list[str]]:
    """The lines that an example prints, each as its columns."""
    command = [sys.executable, "-W", "error", "-m", f"examples.{name}", "--out", str(out), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == ""
    return [re.split(r"  +", line.strip()) for line in done.stdout.splitlines()]


def assert_drawn(lines: list[list[str]], path: Path) -> None:
    assert lines[-2:] == [["Pictures"], [str(path)]]
    assert path.stat().st_size > 10_000


# --- digits


@pytest.mark.long
def test_digits_as_a_program(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    lines = program("digits", tmp_path)
    assert lines[:2] == [["450 held-out digits, after 25 epochs"], ["network", "parameters", "recognized", "mistakes"]]
    recognized = {name: float(part[:-1]) for name, _, part, _ in lines[2:4]}
    assert recognized["one hidden layer"] > 97
    assert recognized["convolutional"] > 98.5
    assert_drawn(lines, tmp_path / "digits.png")


def test_digits_by_one_hidden_layer() -> None:
    nn.manual_seed(0)
    result = digits.train("one hidden layer", digits.perceptrons(), 8)
    assert np.mean(result.predictions == result.labels) > 0.95
    assert result.history["accuracy"][-1] == pytest.approx(np.mean(result.predictions == result.labels))
    assert result.predictions.shape == result.labels.shape == (450,)


def test_digits_are_held_out_evenly() -> None:
    images, test_images, labels, test_labels = digits.data()
    assert images.shape == (1347, 1, 8, 8)
    assert (images.dtype, images.min(), images.max()) == (np.float32, 0, 1)
    assert abs(np.bincount(labels) / len(labels) - np.bincount(test_labels) / len(test_labels)).max() < 2e-3
    seen = {image.tobytes() for image in images}
    assert not [image for image in test_images if image.tobytes() in seen]


def test_digits_are_moved_by_a_pixel_at_most() -> None:
    nn.manual_seed(0)
    image = np.zeros((1, 8, 8))
    image[0, 3, 4] = 1
    places = set()
    for _ in range(100):
        images, labels = digits.moved([(image, 5), (image, 6)])
        assert images.shape == (2, 1, 8, 8)
        assert np.array_equal(labels, [5, 6])
        assert np.array_equal(images[0], images[1])
        places.add(tuple(np.argwhere(images[0, 0] == 1)[0]))
    assert places == {(row, column) for row in (2, 3, 4) for column in (3, 4, 5)}


# --- diabetes


@pytest.mark.long
def test_diabetes_as_a_program(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    lines = program("diabetes", tmp_path)
    assert lines[0] == ["442 patients, each predicted by a model fitted without them"]
    r2 = {line[0]: float(line[1]) for line in lines[2:6]}
    squares, ridge, network, without = r2.values()
    assert squares == pytest.approx(0.496, abs=1e-3)
    assert ridge == pytest.approx(squares, abs=0.01)
    assert 0.48 < network < squares + 0.02
    assert without < squares - 0.1
    lead, error = map(float, lines[4][2].split(" ± "))
    assert abs(lead) < 2 * error
    assert_drawn(lines, tmp_path / "diabetes.png")


def test_the_part_of_the_variance_that_is_predicted() -> None:
    from sklearn.metrics import r2_score

    true, noise = np.random.default_rng(0).normal(size=(2, 50))
    good, bad = diabetes.Result("good", true + 0.1 * noise, true), diabetes.Result("bad", true + noise, true)
    assert good.r2 == pytest.approx(r2_score(true, true + 0.1 * noise))
    lead, error = good.lead(bad)
    assert lead == pytest.approx(good.r2 - bad.r2)
    assert lead > 3 * error
    assert diabetes.Result("mean", np.full(50, np.mean(true)), true).r2 == pytest.approx(0)


# --- breast cancer


@pytest.mark.long
def test_breast_cancer_as_a_program(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    lines = program("breast_cancer", tmp_path)
    assert lines[0] == ["569 tumours, 212 of them malignant, each judged by a network trained without it"]
    assert lines[1] == ["network", "accuracy", "sensitivity", "specificity", "ROC AUC"]
    perceptron, hidden = (np.array(line[1:], float) for line in lines[2:4])
    assert np.all(perceptron > [0.97, 0.945, 0.985, 0.99])
    assert np.all(abs(hidden - perceptron) < [0.01, 0.02, 0.01, 0.005])  # no better, no worse
    assert_drawn(lines, tmp_path / "breast_cancer.png")


def test_a_tumour_is_not_judged_by_its_own_training() -> None:
    results = breast_cancer.learn(3)
    assert [result.title for result in results] == list(breast_cancer.MODELS)
    for result in results:
        assert np.all(np.isfinite(result.logits))
        assert result.figures()["accuracy"] > 0.93


def test_scaling_knows_the_training_part_alone() -> None:
    x, y = breast_cancer.data()
    unseen = np.vstack([x[400:], 1e6 * x[:1]])
    nn.manual_seed(0)
    expected = breast_cancer.predict(breast_cancer.perceptron(), x[:400], y[:400], unseen[:-1], 1)
    nn.manual_seed(0)
    logits = breast_cancer.predict(breast_cancer.perceptron(), x[:400], y[:400], unseen, 1)
    np.testing.assert_allclose(logits[:-1], expected, rtol=1e-9)


def test_sensitivity_and_specificity() -> None:
    logits, malignant = np.array([2.0, 1.0, -1.0, 3.0, -2.0, -3.0, -4.0]), np.array([1.0, 1, 1, 0, 0, 0, 0])
    figures = breast_cancer.Result("", logits, malignant).figures()
    # Of 3 · 4 pairs of a malignant and a benign tumour, 9 are in the right order.
    assert figures == pytest.approx({"accuracy": 5 / 7, "sensitivity": 2 / 3, "specificity": 3 / 4, "ROC AUC": 9 / 12})


# --- more than two classes


@pytest.mark.long
def test_multiclass_as_a_program(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    lines = program("multiclass", tmp_path, "--epochs", "100")
    assert lines[0][0].startswith("The gradient of cost is right. 27 entries compared: 27 right")
    assert lines[1] == ["The gradient by hand, autograd and the differences agree."]
    counts = np.array([line[1:] for line in lines[-6:-3]], int)
    assert np.array_equal(counts.sum(axis=1), [100, 100, 100])
    assert np.trace(counts) >= 285
    assert_drawn(lines, tmp_path / "multiclass.png")


def test_three_clouds_are_told_apart() -> None:
    result = multiclass.learn(500)
    assert result.check.ok
    assert result.costs[0] > 1
    assert result.costs[-1] < 0.1
    assert all(later < earlier for earlier, later in zip(result.costs, result.costs[1:], strict=False))
    right = np.mean(multiclass.predict(result.weights, result.x) == result.labels)
    assert 0.96 <= right <= np.mean(multiclass.nearest(result.x) == result.labels) + 0.02


def test_the_gradient_by_hand_is_right_for_all_weights() -> None:
    weights = {name: reals(-3, 3, shape=weight.shape) for name, weight in multiclass.start(np.random.default_rng(0)).items()}
    y = np.eye(3)[[0, 1, 2, 0, 1]]

    def cost(weights: Any, x: Any) -> Any:
        return multiclass.cost(weights, x, y)

    def gradient(weights: Any, x: Any) -> Any:
        return multiclass.gradient(weights, x, y)

    search = find_gradient_error(cost, weights, reals(-3, 3, shape=(5, 2)), gradient=gradient, argnums=0, max_examples=20)
    assert search.verdict == "right", search


def test_softmax_does_not_overflow() -> None:
    rng = np.random.default_rng(0)
    weights = {name: 1e4 * weight for name, weight in multiclass.start(rng).items()}
    x, y = rng.normal(size=(5, 2)), np.eye(3)[[0, 1, 2, 0, 1]]
    with np.errstate(over="ignore"):  # of the sigmoid, to its limit
        probabilities = np.exp(multiclass.forward(weights, x)[1])
        assert all(np.all(np.isfinite(slope)) for slope in multiclass.gradient(weights, x, y).values())
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
