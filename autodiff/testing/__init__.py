"""Gradient checking: is a gradient right, and if not, where? By differences of function values, with computed error bounds."""

from autodiff.testing.check import assert_gradient, check_gradient
from autodiff.testing.report import GradientEntry, GradientMismatch, GradientReport

__all__ = ["GradientEntry", "GradientMismatch", "GradientReport", "assert_gradient", "check_gradient"]
