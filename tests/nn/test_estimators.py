"""Networks as estimators: they are scikit-learn's in all that its checks ask, and do what their arguments say."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import nn

pytest.importorskip("sklearn", minversion="1.6")
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nn.estimators import NetworkClassifier, NetworkRegressor
from nn.estimators.network import ACTIVATIONS, OPTIMIZERS

converging = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
KINDS = [NetworkClassifier, NetworkRegressor]
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.filterwarnings("ignore")  # the checks look at warnings themselves
@parametrize_with_checks([kind() for kind in KINDS])
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@converging
def test_digits_are_told_apart_as_well_as_by_scikit_learns_own() -> None:
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X / 16, y, random_state=0, stratify=y)
    ours, theirs = (kind(random_state=0, max_iter=60).fit(X, y) for kind in (NetworkClassifier, MLPClassifier))
    assert ours.score(X_test, y_test) > theirs.score(X_test, y_test) - 0.01
    assert len(ours.loss_curve_) == ours.n_iter_ == 60
    assert ours.loss_curve_[-1] < 1.2 * theirs.loss_curve_[-1]


@converging
def test_in_pipelines_searches_and_pictures() -> None:
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), NetworkClassifier((10,), max_iter=50, learning_rate_init=0.02, random_state=0))
    assert np.mean(cross_val_score(model, X, y)) > 0.9
    search = GridSearchCV(model, {"networkclassifier__activation": ["relu", "tanh"]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.8
    model.fit(X[:, :2], y)
    display = DecisionBoundaryDisplay.from_estimator(model, X[:, :2], response_method="predict", grid_resolution=20)
    assert display.response.shape == (20, 20)


@converging
@each_kind
def test_the_same_seed_gives_the_same_network_whatever_else_is_drawn(kind: Any) -> None:
    X, y = make_moons(50, noise=0.1, random_state=0)
    first = kind((5,), max_iter=5, random_state=3).fit(X, y)
    nn.manual_seed(7)
    before = nn.get_rng_state()
    second = kind((5,), max_iter=5, random_state=3).fit(X, y)
    assert nn.get_rng_state() == before
    assert_array_equal(first.predict(X), second.predict(X))
    assert first.loss_curve_ == second.loss_curve_
    assert first.loss_curve_ != kind((5,), max_iter=5, random_state=4).fit(X, y).loss_curve_


@converging
@each_kind
def test_a_pickled_estimator_predicts_the_same_and_a_clone_is_not_fitted(kind: Any) -> None:
    X, y = make_moons(50, noise=0.1, random_state=0)
    model = kind((5,), max_iter=5).fit(X, y)
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    with pytest.raises(NotFittedError):
        clone(model).predict(X)


@converging
def test_probabilities_are_those_of_the_network() -> None:
    X, y = make_moons(80, noise=0.1, random_state=0)
    model = NetworkClassifier((5,), max_iter=20).fit(X, np.array(["no", "yes"])[y])
    p = model.predict_proba(X)
    assert_allclose(np.sum(p, axis=1), 1.0)
    assert_allclose(np.log(p), model.predict_log_proba(X))
    assert_array_equal(model.predict(X), model.classes_[np.argmax(p, axis=1)])
    assert_allclose(p, nn.functional.softmax(model.module_(X), 1).numpy())


@converging
@each_kind
def test_weights_of_examples_are_how_often_they_are_there(kind: Any) -> None:
    X, y = make_moons(30, noise=0.1, random_state=0)
    counts = np.random.default_rng(0).integers(0, 3, len(X))
    weighted = kind((5,), max_iter=20, random_state=0).fit(X, y, sample_weight=counts)
    repeated = kind((5,), max_iter=20, random_state=0).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


@converging
def test_early_stopping_keeps_the_best_parameters() -> None:
    X, y = load_digits(return_X_y=True)
    model = NetworkClassifier((20,), early_stopping=True, n_iter_no_change=3, learning_rate_init=0.05, random_state=0)
    model.fit(X / 16, y)
    scores = model.validation_scores_
    assert len(scores) == model.n_iter_ < model.max_iter
    assert max(scores) > 0.9
    assert max(scores[-3:]) < max(scores) + model.tol


@converging
def test_partial_fit_is_an_epoch_and_a_warm_start_goes_on() -> None:
    X, y = make_moons(50, noise=0.1, random_state=0)
    model = NetworkClassifier((5,), random_state=0)
    model.partial_fit(X[:10], y[:10], classes=[0, 1, 2])
    for _ in range(4):
        model.partial_fit(X, y)
    assert len(model.loss_curve_) == 5
    assert model.predict_proba(X).shape == (50, 3)
    with pytest.raises(ValueError, match=r"NetworkClassifier: y has the classes \[3 4\], which were not there before"):
        model.partial_fit(X, y + 3)
    warm = NetworkRegressor((5,), max_iter=5, warm_start=True, random_state=0).fit(X, y)
    assert len(warm.fit(X, y).loss_curve_) == 10


@converging
def test_a_network_of_ones_own() -> None:
    X, y = load_diabetes(return_X_y=True)
    made = []

    def build(n_features: int, n_outputs: int) -> Any:
        made.append((n_features, n_outputs))
        return nn.Sequential(nn.Linear(n_features, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, n_outputs))

    model = NetworkRegressor(module=build, optimizer=lambda groups, lr: nn.optim.SGD(groups, lr, momentum=0.9), max_iter=5)
    model.fit(X, np.stack([y, -y], 1) / 100)
    assert made == [(10, 2)]
    assert model.predict(X).shape == (len(X), 2)
    assert not model.module_.training


@converging
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_and_optimizer_learns(activation: str, optimizer: str) -> None:
    X, y = make_moons(100, noise=0.1, random_state=0)
    settings = {"activation": activation, "optimizer": optimizer, "learning_rate_init": 0.1 if optimizer == "sgd" else 0.01}
    model = NetworkClassifier((10,), max_iter=30, batch_size=10, random_state=0, **settings).fit(X, y)
    assert model.loss_curve_[-1] < 0.8 * model.loss_curve_[0]
    assert model.score(X, y) > 0.8


@converging
@pytest.mark.parametrize("compile", [True, "native"])
@pytest.mark.parametrize("weighted", [False, True])
@each_kind
def test_a_compiled_training_is_the_same_but_for_rounding(kind: Any, weighted: bool, compile: Any) -> None:
    X, y = make_moons(90, noise=0.1, random_state=0)
    weights = np.linspace(0.5, 2, 90) if weighted else None
    model, wanted = (kind((8,), max_iter=5, batch_size=20, random_state=0, compile=c).fit(X, y, weights) for c in (compile, False))
    assert_allclose(model.loss_curve_, wanted.loss_curve_, rtol=1e-10)
    assert_allclose(model.predict(X), wanted.predict(X), rtol=1e-10)


@each_kind
def test_float32_stays_float32(kind: Any) -> None:
    X, y = make_moons(40, noise=0.1, random_state=0)
    with pytest.warns(ConvergenceWarning, match=f"^{kind.__name__}: it still improves after 3 iterations"):
        model = kind((5,), max_iter=3).fit(X.astype(np.float32), y)
    assert {p.dtype for p in model.module_.parameters()} == {np.dtype(np.float32)}
    outputs = model.predict(X.astype(np.float32)) if kind is NetworkRegressor else model.predict_proba(X.astype(np.float32))
    assert outputs.dtype == np.float32


@converging
def test_progress_is_shown_if_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    X, y = make_moons(40, noise=0.1, random_state=0)
    NetworkClassifier((5,), max_iter=3).fit(X, y)
    assert capsys.readouterr().err == ""
    NetworkClassifier((5,), max_iter=3, verbose=True).fit(X, y)
    assert "3/3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"hidden_layer_sizes": (5, 0)}, "hidden_layer_sizes is 0; wanted a whole number above 0"),
        ({"max_iter": 2.5}, "max_iter is 2.5; wanted a whole number above 0"),
        ({"batch_size": "all"}, "batch_size is 'all'; wanted a whole number above 0"),
        ({"activation": "rleu"}, "activation is 'rleu'; wanted one of relu, tanh"),
        ({"optimizer": "lbfgs"}, "optimizer is 'lbfgs'; wanted one of adam"),
        ({"alpha": -1}, "alpha is -1; wanted a number, 0 or more and less than inf"),
        ({"learning_rate_init": np.nan}, "learning_rate_init is nan; wanted a number, 0 or more"),
        ({"tol": "small"}, "tol is 'small'; wanted a number, 0 or more"),
        ({"validation_fraction": 1.0}, "validation_fraction is 1.0; wanted a number, 0 or more and less than 1"),
    ],
)
@each_kind
def test_settings_that_make_no_sense_are_errors(kind: Any, settings: Any, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{kind.__name__}: {text}"):
        kind(**settings).fit([[0.0], [1.0]], [0, 1])


@each_kind
def test_a_module_that_is_no_function_or_makes_another_shape_is_an_error(kind: Any) -> None:
    X, y = load_iris(return_X_y=True)
    with pytest.raises(
        TypeError, match=rf"^{kind.__name__}: module is Linear\(.*; wanted a function that makes one of the numbers of"
    ):
        kind(module=nn.Linear(4, 3)).fit(X, y)
    outputs = 3 if kind is NetworkClassifier else 1
    with pytest.raises(ValueError, match=rf"^{kind.__name__}: .* the module makes the shape \(1, 7\); wanted \(1, {outputs}\)"):
        kind(module=lambda n_features, n_outputs: nn.Linear(n_features, 7)).fit(X, y)


@each_kind
def test_weights_below_zero_are_an_error(kind: Any) -> None:
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=rf"^{kind.__name__}: sample_weight is -1\.0 somewhere; wanted weights of 0 or more\.$"):
        kind().fit(X, y, sample_weight=-np.ones(len(X)))


@each_kind
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_training_that_diverges_is_an_error_that_says_what_to_do(kind: Any) -> None:
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=rf"^{kind.__name__}: the loss is (nan|inf) in iteration \d+\. Scale the features"):
        kind(optimizer="sgd", learning_rate_init=1e300).fit(100 * X, y)
