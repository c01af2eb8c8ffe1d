"""Training a network as an estimator, beside scikit-learn's own."""

from __future__ import annotations

from typing import Any

from benchmarks.work import Candidate, Work, needed

__all__ = ["WORKS"]

EPOCHS = 40


def fitted(kind: str, **options: Any) -> Candidate:
    """Training on three quarters of scikit-learn's digits; the part of the others that is recognized."""
    estimators = needed("benchmarks.estimators")
    data = estimators.digits(seed=0)
    return Candidate(lambda: estimators.measure(getattr(estimators, kind), 0, EPOCHS, data, (64, 32), **options)[1])


def work() -> Work:
    """The networks start from other weights: they are to recognize as much, but for 3 %."""
    makes = {
        "scikit-learn": lambda: fitted("MLPClassifier"),
        "eager": lambda: fitted("NetworkClassifier"),
        "compiled": lambda: fitted("NetworkClassifier", compile=True),
        "native": lambda: fitted("NetworkClassifier", compile="native"),
    }
    return Work(f"{EPOCHS} epochs of digits, 64-64-32-10", makes, tolerance=0.03)


WORKS = {"estimators": work}
