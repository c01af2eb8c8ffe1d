"""The rounding noise of a gradient: how far its numbers may be off without the formula that it comes from being wrong."""

from __future__ import annotations

import numpy as np

from autodiff.testing.numerics.differences import NODES, noise_of
from autodiff.testing.rules import Rule
from autodiff.testing.subject import Subject, eps_of, is_floating

__all__: list[str] = []

LENGTHS = (2 / 6, 3 / 6, 4 / 6)  # relative changes of the inputs and the cotangent, as powers of the precision


def gradient_noise(rule: Rule, subject: Subject, cotangent: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """For each array that the rule returns the standard deviation of its errors, flattened.

    Inputs and cotangent move together along a line, by a little in proportion to their size, so that each sum inside of the
    formula is rounded anew. The middle one of three lengths counts: the longest may see the gradient itself change, and the
    shortest no change at all.
    """
    originals = (*subject.inputs, cotangent)
    shifts = [x * rng.uniform(0.5, 1, x.shape) * rng.choice([-1, 1], x.shape) if is_floating(x) else None for x in originals]

    def moved(t: float) -> list[np.ndarray]:
        given = zip((*subject.fresh(), cotangent), shifts, strict=True)
        *inputs, weights = (x if shift is None else np.asarray(x + t * shift, x.dtype) for x, shift in given)
        try:
            return [g.reshape(-1).astype(np.float64) for g in rule(weights, inputs)]
        except Exception:  # outside of the domain
            return [np.full(g.size, np.nan) for g in here]

    here = rule(cotangent.copy(), subject.fresh())
    eps = eps_of(*originals, *here)
    found = []
    for power in LENGTHS:
        values = [moved(float(node) * eps**power) for node in NODES]
        found.append([np.nan_to_num(noise_of(np.array(column)), posinf=0.0) for column in zip(*values, strict=True)])
    return [np.asarray(np.median(np.array(column), axis=0)) for column in zip(*found, strict=True)]
