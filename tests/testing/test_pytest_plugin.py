"""Gradients in pytest: the decorator that makes a test of a function, and the fixture that checks and reports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff.testing import GradientMismatch, gradient_test, reals


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def sigmoid_vjp(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    return g * sigmoid(x) * sigmoid(-x)


def of_an_article(g: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The derivative y (1 - y), with the input in the place of the output."""
    return g * x * (1 - x)


@gradient_test(reals(-5, 5), vjp=sigmoid_vjp, max_examples=30)
def test_a_decorated_function_is_a_test_of_its_gradient(x: Any) -> Any:
    """Its docstring."""
    return sigmoid(x)


@gradient_test(reals(shape=("n", 2)), reals(shape=2), max_examples=20)
def test_without_a_gradient_by_hand_autograds_is_tested(x: Any, b: Any) -> Any:
    return np.tanh(x + b)


@gradient_test(reals(-5, 5), vjp=of_an_article)
def a_wrong_one(x: Any) -> Any:
    return sigmoid(x)


@gradient_test(0.0, gradient=np.zeros_like)
def not_known(x: Any) -> Any:
    return np.sign(x)


def test_a_decorated_function_keeps_its_name_and_loses_its_arguments() -> None:
    import inspect

    test = test_a_decorated_function_is_a_test_of_its_gradient
    assert test.__name__ == "test_a_decorated_function_is_a_test_of_its_gradient"
    assert (test.__doc__, test.__module__) == ("Its docstring.", __name__)
    (instance,) = inspect.signature(test).parameters.values()  # of a test in a class, or none: no fixture
    assert instance.kind is inspect.Parameter.VAR_POSITIONAL
    assert test.function(0.0) == 0.5


def test_a_wrong_gradient_fails_with_the_smallest_inputs_and_code_to_paste() -> None:
    with pytest.raises(GradientMismatch) as caught:
        a_wrong_one()
    text = str(caught.value)
    assert text.startswith("A gradient error of a_wrong_one. These are the smallest inputs found at which it shows;")
    assert "The gradient of a_wrong_one is wrong." in text
    assert f"from {__name__} import a_wrong_one, of_an_article\n" in text
    assert text.endswith("assert_gradient(a_wrong_one.function, x, vjp=of_an_article)")
    assert caught.value.report.verdict == "wrong"
    code = "\n".join(line.removeprefix("    ") for line in text.split("To see it again:")[1].splitlines())
    with pytest.raises(GradientMismatch, match="The gradient of a_wrong_one is wrong"):
        exec(code, {})


def test_a_gradient_that_is_not_known_to_be_right_fails_as_well() -> None:
    with pytest.raises(GradientMismatch, match="is not known to be right: the differences cannot tell at any of 1 point"):
        not_known()


TESTS = """
import numpy as np
import pytest
from autodiff.testing import gradient_test, reals

def square(x):
    return np.sum(x**2)

def test_right(assert_gradient):
    assert assert_gradient(square, np.ones(3), gradient=lambda x: 2 * x).ok
    assert_gradient(np.tanh, np.ones(3), order=2)

def test_wrong(assert_gradient):
    assert_gradient(square, np.ones(3), gradient=lambda x: 2 * x)
    assert_gradient(square, np.ones(3), gradient=lambda x: x.copy())

def test_cannot_tell(assert_gradient):
    assert_gradient(np.sign, np.zeros(1), vjp=lambda g, x: 0 * g)

@pytest.mark.parametrize("part", [1, 2])
def test_seed(assert_gradient, part, record_property):
    report = assert_gradient(np.tanh, np.ones(3))
    record_property("seeded", report.entries[-1].given)

def test_other_seed(assert_gradient, record_property):
    reports = [assert_gradient(np.tanh, np.ones(3), rng=5) for _ in range(2)]
    assert reports[0].entries == reports[1].entries

@gradient_test(reals(-5, 5), gradient=lambda x: x.copy())
def test_decorated(x):
    return square(x)
"""


def pytest_in(directory: Path, *arguments: str) -> str:
    (directory / "conftest.py").write_text('pytest_plugins = ["autodiff.testing.pytest_plugin"]\n')
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--no-header", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("project")
    (directory / "test_gradients.py").write_text(TESTS)
    return pytest_in(directory, "--junit-xml=results.xml", "-vv") + (directory / "results.xml").read_text()


def test_the_fixture_is_there_for_a_project_that_loads_the_plugin(output: str) -> None:
    for name in ("right", "seed[1]", "seed[2]", "other_seed"):
        assert f"test_gradients.py::test_{name} PASSED" in output
    for name in ("wrong", "cannot_tell", "decorated"):
        assert f"test_gradients.py::test_{name} FAILED" in output


def test_the_summary_counts_the_gradients_that_the_fixture_checked(output: str) -> None:
    assert "gradients: 7 right, 1 wrong, 1 cannot tell\n" in output


def test_a_failed_test_shows_the_reports_of_all_its_checks(output: str) -> None:
    failure = output.split("_ test_wrong _")[1].split("_ test_cannot_tell _")[0]
    assert failure.count("--- Captured gradient call ---") == 1  # that of the check before; the failed one is the error's text
    assert "The gradient of square is right. 3 entries compared: 3 right" in failure
    assert "GradientMismatch: The gradient of square is wrong. 3 entries compared: 3 wrong" in failure


def test_a_failure_shows_the_test_and_not_the_checker(output: str) -> None:
    assert "autodiff/testing/" not in output.split("= FAILURES =")[1].split("= short test summary")[0]
    failure = output.split("_ test_decorated _")[1].split("= short test summary")[0]
    assert "assert_gradient(test_decorated.function, x, gradient=gradient)" in failure


def test_each_test_has_a_seed_of_its_own(output: str) -> None:
    import re

    values = re.findall(r'name="seeded" value="([^"]*)"', output)
    assert len(set(values)) == len(values) == 2


def test_a_run_that_checks_no_gradient_says_nothing_about_any(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    assert "gradients:" not in pytest_in(tmp_path)
