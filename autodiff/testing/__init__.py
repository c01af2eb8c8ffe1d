"""Gradient checking: is a gradient right, and if not, where? By differences of function values, with computed error bounds.

`check` is the way through a check: `arguments` takes the inputs apart into arrays, and `options` looks at what else was given;
`subject` is the function at the point, `rules` are the gradient under test, of which `conduct` is looked at first; its numbers
are the `claims` that `comparison` chooses and `numerics` judges; `diagnosis` says what the mistake is, and `report` all of it.
Around that are `search` for the points, and `command`, `pytest_plugin` and `page` for other ways to ask and to read.
"""

from autodiff.testing.check import assert_gradient, check_gradient
from autodiff.testing.report import GradientEntry, GradientFailure, GradientMismatch, GradientReport
from autodiff.testing.search.domains import Reals, reals
from autodiff.testing.search.find import find_gradient_error, gradient_test
from autodiff.testing.search.result import GradientSearch

__all__ = [
    "GradientEntry",
    "GradientFailure",
    "GradientMismatch",
    "GradientReport",
    "GradientSearch",
    "Reals",
    "assert_gradient",
    "check_gradient",
    "find_gradient_error",
    "gradient_test",
    "reals",
]
