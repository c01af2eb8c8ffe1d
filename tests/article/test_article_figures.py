"""The reference figures: the data, the starting weights, and the first errors and gradients."""

import numpy as np
import pytest

from examples.article import by_hand, compare, descent, framework
from examples.article.sizes import rules_of_thumb, weight_counts
from examples.article.systems import CORNERS, SYSTEMS, accuracy


def test_the_moons():
    system = SYSTEMS["A1"]()
    assert system.x.shape == (100, 2)
    assert system.y.shape == (100, 1)
    assert system.y.sum() == 50
    np.testing.assert_allclose(system.x[:2], [[-0.05348369, 0.99258199], [1.81989987, -0.17559999]], atol=5e-9)
    assert system.x.sum() == pytest.approx(74.30403032887237, rel=1e-14)


def test_the_starting_weights_of_the_moons():
    a1, a2 = SYSTEMS["A1"](), SYSTEMS["A2"]()
    np.testing.assert_allclose(a1.weights["w"], [[0.37454012], [0.95071431]], atol=5e-9)
    np.testing.assert_allclose(a1.weights["b"], [0.73199394], atol=5e-9)
    np.testing.assert_array_equal(a1.x, a2.x)
    assert a2.weights["wh"].shape == (2, 4)
    assert a2.weights["wh"][0, 0] == pytest.approx(0.78854551, abs=5e-9)
    assert a2.weights["wo"][0, 0] == pytest.approx(0.2728219, abs=5e-8)


def test_a_system_is_the_same_each_time_it_is_made():
    for make in SYSTEMS.values():
        once, again = make(), make()
        np.testing.assert_array_equal(once.x, again.x)
        for name, weight in once.weights.items():
            np.testing.assert_array_equal(weight, again.weights[name])


@pytest.mark.parametrize("train", [by_hand.train, framework.train])
def test_the_errors_of_the_hidden_layer_on_moons(train):
    errors = train(SYSTEMS["A2"](), 101).errors
    np.testing.assert_allclose(errors[:2], [13.969800889589635, 19.896843754373155], rtol=1e-14)
    np.testing.assert_allclose(errors[[10, 100]], [4.912654665, 4.101027065], atol=5e-10)


@pytest.mark.parametrize("way", ["by hand", "framework"])
def test_the_first_gradients_of_the_hidden_layer_on_moons(way):
    system = SYSTEMS["A2"]()
    if way == "by hand":
        terms = by_hand.hidden_layer(system.x, system.y, **system.weights)
        wh, wo = terms["dcost/dwh"], terms["dcost/dwo"]
    else:
        gradients = framework.gradients(system)
        wh, wo = gradients["wh"], gradients["wo"]
    np.testing.assert_allclose(wo[:, 0], [2.38275874, 2.28214622, 1.97826519, 2.17632542], atol=5e-9)
    expected = [[-0.17757229, -0.27283275, -0.12184738, -0.28767531], [0.30007122, 0.46402143, 0.23364879, 0.52433484]]
    np.testing.assert_allclose(wh, expected, atol=5e-9)


def test_the_perceptron_on_moons_ends_at_once():
    system = SYSTEMS["A1"]()  # it has converged to all the digits long before the article's 200,000 epochs
    run = by_hand.train(system, 3000)
    assert run.errors[-1] == pytest.approx(4.148739980, abs=5e-10)
    assert accuracy(run.outputs, system.y) == 0.89
    np.testing.assert_allclose(run.weights["w"], [[1.13663729], [-4.95209407]], atol=5e-8)
    np.testing.assert_allclose(run.weights["b"], [0.58811401], atol=5e-8)


def test_the_perceptron_as_printed_ends_where_the_article_says():
    system = SYSTEMS["A1"]()
    run = by_hand.train(system, 3000, as_printed=True)
    assert run.errors[-1] == pytest.approx(4.179259462, abs=5e-10)
    assert accuracy(run.outputs, system.y) == 0.88


@pytest.mark.long
def test_the_single_layer_for_or_in_full():
    system = SYSTEMS["B2"]()
    printed, right, with_framework = (
        by_hand.train(system, system.epochs, as_printed=True),
        by_hand.train(system, system.epochs),
        framework.train(system, system.epochs),
    )
    assert printed.signed_sum == pytest.approx(0.480357213, abs=5e-10)
    assert printed.errors[-1] == pytest.approx(0.125095511, abs=5e-9)
    np.testing.assert_allclose(printed.outputs[[0, 2, 3], 0], [0.5, 0.99021364, 0.99990263], atol=5e-9)
    for run in (right, with_framework):
        assert run.signed_sum == pytest.approx(0.431748229, abs=5e-10)
        assert run.errors[-1] == pytest.approx(0.126124645, abs=5e-9)
        np.testing.assert_allclose(run.outputs[[0, 2, 3], 0], [0.5, 0.96645421, 0.99879833], atol=5e-9)


def test_the_gates():
    np.testing.assert_array_equal(CORNERS, [[0, 0], [0, 1], [1, 0], [1, 1]])
    b1, b2, b3 = SYSTEMS["B1"](), SYSTEMS["B2"](), SYSTEMS["B3"]()
    np.testing.assert_array_equal(b1.y[:, 0], [0, 1, 1, 1])
    np.testing.assert_array_equal(b2.y[:, 0], [0, 1, 1, 1])
    np.testing.assert_array_equal(b3.y[:, 0], [0, 1, 1, 0])
    np.testing.assert_array_equal(b1.weights["wh"], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    np.testing.assert_array_equal(b1.weights["wo"], [[0.7], [0.8], [0.9]])
    np.testing.assert_array_equal(b2.weights["w"], [[0.1], [0.2]])


@pytest.mark.long
def test_the_gates_in_full():
    b1 = by_hand.train(SYSTEMS["B1"](), 200_000)
    assert b1.errors[-1] == pytest.approx(0.000265016, abs=5e-9)
    np.testing.assert_allclose(b1.outputs[[3, 0, 2], 0], [0.99462917, 0.01817518, 0.99071056], atol=5e-9)
    np.testing.assert_allclose(b1.weights["wo"][:, 0], [-13.22689481, 1.74391783, 3.50426502], atol=5e-8)
    b3 = by_hand.train(SYSTEMS["B3"](), 200_000)
    assert b3.errors[-1] == pytest.approx(0.000781317, abs=5e-9)


@pytest.mark.parametrize("name", SYSTEMS)
def test_by_hand_and_framework_agree_over_a_hundred_epochs(name):
    system = SYSTEMS[name]()
    hand, with_framework = by_hand.train(system, 100), framework.train(system, 100)
    np.testing.assert_allclose(with_framework.errors, hand.errors, rtol=1e-9)
    assert hand.errors.dtype == with_framework.errors.dtype == np.float64
    for weight, start in system.weights.items():
        assert hand.weights[weight].shape == with_framework.weights[weight].shape == start.shape
        np.testing.assert_allclose(with_framework.weights[weight], hand.weights[weight], rtol=1e-9)
    assert max(compare.compare_gradients(system).values()) <= 1e-12


@pytest.mark.parametrize("train", [by_hand.train, framework.train])
@pytest.mark.parametrize("name", SYSTEMS)
def test_training_leaves_the_system_as_it_was(name, train):
    system, untouched = SYSTEMS[name](), SYSTEMS[name]()
    train(system, 3)
    np.testing.assert_array_equal(system.x, untouched.x)
    for weight, start in untouched.weights.items():
        np.testing.assert_array_equal(system.weights[weight], start)


@pytest.mark.parametrize("train", [by_hand.train, framework.train])
def test_the_error_is_reported_every_thousand_epochs(train):
    told = []
    run = train(SYSTEMS["B2"](), 2001, lambda epoch, error: told.append((epoch, error)))
    kept = dict(zip(run.descent.epochs.tolist(), run.errors.tolist(), strict=True))
    assert [*kept] == [*range(100), *range(199, 2000, 100), 2000]
    assert told == [(epoch, kept[epoch]) for epoch in (999, 1999)]


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("train", [by_hand.train, framework.train])
def test_compiled_steps_are_the_same_but_for_rounding(name, train, monkeypatch):
    compiled = train(SYSTEMS[name](), 150)
    assert compiled.descent.backend == ""
    monkeypatch.setattr(descent, "MANY", 101)
    compiled, eager = train(SYSTEMS[name](), 150), compiled
    assert compiled.descent.backend in ("C", "a program of NumPy's calls")
    np.testing.assert_array_equal(compiled.descent.epochs, eager.descent.epochs)
    np.testing.assert_allclose(compiled.errors, eager.errors, rtol=1e-9)
    for weight in eager.weights:
        np.testing.assert_allclose(compiled.weights[weight], eager.weights[weight], rtol=1e-9)


def test_the_rules_of_thumb():
    assert rules_of_thumb(2, 4, 1) == [
        ("fewer than twice the inputs", "1 to 3", False),
        ("2/3 of the inputs plus the outputs", "2", False),
        ("between the inputs and the outputs", "1 to 2", False),
    ]
    assert [followed for *_, followed in rules_of_thumb(2, 2, 1)] == [True, True, True]
    assert rules_of_thumb(3, 3, 1)[1] == ("2/3 of the inputs plus the outputs", "3", True)  # exactly 3, no rounding down to 2
    assert rules_of_thumb(1, 1, 1)[0] == ("fewer than twice the inputs", "1", True)
    assert rules_of_thumb(1, 4, 5)[2] == ("between the inputs and the outputs", "1 to 5", True)
    assert rules_of_thumb(4, 4, 4)[2] == ("between the inputs and the outputs", "4", True)


@pytest.mark.parametrize(
    ("sizes", "counts"), [((2, 4, 1), (12, 17)), ((2, 3, 1), (9, 13)), ((1, 1, 1), (2, 4)), ((5, 3, 2), (21, 26))]
)
def test_the_number_of_weights(sizes, counts):
    assert weight_counts(*sizes) == counts
