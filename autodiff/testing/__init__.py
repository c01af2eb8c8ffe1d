"""Gradient checking: is a gradient right, and if not, where? By differences of function values, with computed error bounds."""

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
