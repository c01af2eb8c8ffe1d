"""Gradients for SciPy's optimizers: `python -m examples.optimize` fits a logistic regression and compares it with scikit-learn's.

The loss is written once, in NumPy. `ad.value_and_grad` is what `scipy.optimize.minimize` takes with `jac=True`, `ad.hvp` what it
takes as `hessp`: the products of the Hessian and a vector by which Newton's method finds its steps, without the Hessian.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

import autodiff as ad
from examples.checks import require
from examples.command import DATA, status
from examples.tables import table

__all__ = ["main"]

STRENGTH = 1.0  # the weight of the data against the penalty, scikit-learn's C
WITHIN = 1e-6  # how far coefficients may be apart, relative to the largest


class Fit(NamedTuple):
    """What a method found: the coefficients and the intercept, in that order, and at what cost."""

    method: str
    parameters: np.ndarray
    iterations: int
    gradients: int | None = None
    products: int | None = None


def loss(parameters: Any, x: np.ndarray, signs: np.ndarray) -> Any:
    """The loss of a logistic regression, `½ |w|² + C Σ log(1 + exp(-sᵢ (w·xᵢ + b)))`, for classes of the signs `s`."""
    w, b = parameters[:-1], parameters[-1]
    return 0.5 * (w @ w) + STRENGTH * np.sum(np.logaddexp(0, -signs * (x @ w + b)))


def data() -> tuple[np.ndarray, np.ndarray]:
    """The features of 569 tumours, each with mean 0 and deviation 1, and whether they are benign (+1) or malignant (-1)."""
    from sklearn.datasets import load_breast_cancer

    x, benign = load_breast_cancer(return_X_y=True)
    return (x - x.mean(axis=0)) / x.std(axis=0), 2.0 * benign - 1.0


def by_scipy(method: str, x: np.ndarray, signs: np.ndarray, **options: Any) -> Fit:
    """The fit by one of SciPy's methods."""
    from scipy.optimize import minimize

    start = np.zeros(x.shape[1] + 1)
    result = minimize(ad.value_and_grad(loss), start, (x, signs), method, jac=True, **options)
    return Fit(f"SciPy, {method}", result.x, result.nit, result.njev, result.get("nhev"))


def by_scikit_learn(x: np.ndarray, signs: np.ndarray) -> Fit:
    """The fit by scikit-learn, whose gradient and Hessian are derived by hand."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=STRENGTH, solver="newton-cholesky", tol=1e-10).fit(x, signs)
    return Fit("scikit-learn", np.append(model.coef_, model.intercept_), int(model.n_iter_[0]))


def apart(fit: Fit, other: Fit) -> float:
    """How far the parameters are apart, relative to the largest."""
    return float(np.max(np.abs(fit.parameters - other.parameters)) / np.max(np.abs(other.parameters)))


def report(fits: list[Fit], reference: Fit, x: np.ndarray, signs: np.ndarray) -> str:
    """A table of the fits, a line each."""
    header = ("method", "loss", "largest gradient", "iterations", "gradients", "products", "accuracy", "apart")
    rows = []
    for fit in [*fits, reference]:
        value, gradient = ad.value_and_grad(loss)(fit.parameters, x, signs)
        accuracy = np.mean(np.sign(x @ fit.parameters[:-1] + fit.parameters[-1]) == signs)
        numbers = ["" if n is None else str(n) for n in (fit.iterations, fit.gradients, fit.products)]
        difference = "" if fit is reference else f"{apart(fit, reference):.0e}"
        rows.append((fit.method, f"{value:.9f}", f"{np.max(np.abs(gradient)):.0e}", *numbers, f"{accuracy:.2%}", difference))
    return table(header, rows)


def main() -> int:
    """Fit, print, and return the exit status: 0 if the fits agree, 1 if they do not, 2 if a package is missing."""
    return status("examples.optimize", work)


def work() -> int:
    """Fit and print; whether the fits disagree."""
    require(*DATA)
    x, signs = data()
    print(f"Logistic regression on {x.shape[0]} tumours by {x.shape[1]} features\n")
    fits = [
        by_scipy("Newton-CG", x, signs, hessp=ad.hvp(loss), options={"xtol": 1e-10}),
        by_scipy("L-BFGS-B", x, signs, options={"ftol": 1e-15, "gtol": 1e-8}),
    ]
    reference = by_scikit_learn(x, signs)
    print(report(fits, reference, x, signs))
    wrong = [fit for fit in fits if not apart(fit, reference) <= WITHIN]
    for fit in wrong:
        print(f"{fit.method} and scikit-learn disagree: {apart(fit, reference):.0e} (allowed: {WITHIN:.0e})", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
