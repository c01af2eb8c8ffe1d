"""The articles' own gradients, on the articles' own data, through the gradient checker: the verdict, and what the mistake is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff.testing import check_gradient
from examples.article.by_hand import chain_rule
from examples.article.systems import SYSTEMS, System


def cost_and_gradient(system: System, as_printed: bool = False) -> tuple[Callable[..., Any], Callable[..., Any], list[np.ndarray]]:
    """½ Σ (output − label)² as a function of the weights, the article's gradient of it, and the article's weights."""
    names = list(system.weights)

    def cost(*weights: Any) -> Any:
        return chain_rule(system, dict(zip(names, weights, strict=True)))["cost"]

    def gradient(*weights: np.ndarray) -> tuple[np.ndarray, ...]:
        terms = chain_rule(system, dict(zip(names, weights, strict=True)), as_printed)
        return tuple(terms["dcost/d" + name] for name in names)

    return cost, gradient, [system.weights[name] for name in names]


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_chain_rule_by_hand_autograd_and_the_differences_agree(name: str) -> None:
    cost, gradient, weights = cost_and_gradient(SYSTEMS[name]())
    report = check_gradient(cost, *weights, gradient=gradient)
    assert report.ok, str(report)
    assert len(report.entries) == sum(w.size for w in weights)
    assert report.comparison == "The gradient by hand, autograd and the differences agree."


@pytest.mark.parametrize("name", [name for name, system in SYSTEMS.items() if system().mistaken])
def test_the_derivative_of_the_sigmoid_at_its_output_is_found_and_named(name: str) -> None:
    cost, gradient, weights = cost_and_gradient(SYSTEMS[name](), as_printed=True)
    report = check_gradient(cost, *weights, gradient=gradient)
    assert report.verdict == "wrong"
    assert report.comparison == "Autograd and the differences agree; the gradient by hand stands alone."
    assert len(report.diagnosis) == 1
    assert report.diagnosis[0].startswith(
        "The gradient equals the one with sigmoid'(sigmoid(z)) in the place of sigmoid'(z): the derivative of the sigmoid was "
        "evaluated at its output (largest difference "
    )
