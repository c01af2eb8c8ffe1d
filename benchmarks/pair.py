"""A candidate beside the reference, in this process alone: `python -m benchmarks.pair CANDIDATE WORK...`.

Prints a line of JSON for each work: what the rounds took, or why they could not be.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.timing import within
from benchmarks.work import Candidate, Missing, Work
from benchmarks.works import WORKS

__all__ = ["agree", "measure"]


def referred(work: Work) -> tuple[str, Candidate]:
    """The reference that is installed."""
    for name in work.references:
        try:
            return name, work.makes[name]()
        except Missing:
            continue
    raise Missing("there is no reference")


def numbers(result: Any) -> np.ndarray:
    """A result, such as a loss or a value and a gradient, as one array."""
    if isinstance(result, tuple):
        return np.concatenate([np.ravel(numbers(part)) for part in result])
    return np.asarray(result.detach() if hasattr(result, "detach") else result, dtype=float)


def agree(reference: Candidate, candidate: Candidate, tolerance: float) -> None:
    """Take as many steps with both, three unless they are long, and compare what they end with.

    Raises:
        ArithmeticError: they are not the same up to rounding.
    """
    start = time.perf_counter()
    theirs, steps = candidate.run(), candidate.steps
    while steps < 3 and time.perf_counter() - start < 1:
        theirs, steps = candidate.run(), steps + candidate.steps
    for _ in range(steps // reference.steps):
        ours = reference.run()
    if candidate.checked:
        a, b = numbers(ours), numbers(theirs)
        if a.shape != b.shape or not np.allclose(a, b, rtol=tolerance, atol=tolerance * float(np.max(np.abs(a)))):
            raise ArithmeticError(f"another result after {steps} steps: {b.ravel()[:3]}, not {a.ravel()[:3]}")


def measure(work: Work, name: str, seconds: float) -> dict[str, Any]:
    """Quartiles of the microseconds of a step, of the reference's, and of their ratio in each round."""
    if name not in work.makes:
        raise Missing("it does not do this work")
    base, reference = referred(work)
    candidate = reference
    if name != base:
        candidate = work.makes[name]()
        agree(reference, candidate, work.tolerance)
    turns = {} if work.threads == 1 else {"turn": 0.02, "pause": 0.03}
    times = within({base: reference.run, name: candidate.run}, seconds, **turns)
    own, theirs = (np.array(times[who]) / work.per for who in (name, base))
    own, theirs = own / candidate.steps, theirs / reference.steps
    figures = {"us": own, "base": theirs, "ratio": own / theirs}
    quartiles = {name: np.percentile(values, (25, 50, 75)).tolist() for name, values in figures.items()}
    return {"reference": base, "rounds": len(own), **quartiles}


def results(names: list[str], candidate: str, seconds: float) -> Iterator[dict[str, Any]]:
    """What is found of each work, in the order of the names."""
    for name in names:
        try:
            found = measure(WORKS[name](), candidate, seconds)
        except Missing as missing:
            found = {"missing": str(missing)}
        except Exception as error:  # a peer may fail in any way; the others are measured all the same
            found = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        yield {"work": name, "candidate": candidate, **found}


def main() -> None:
    """Print what is found of each work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pair", description=__doc__)
    parser.add_argument("candidate")
    parser.add_argument("works", nargs="+", choices=WORKS, metavar="work", help=", ".join(WORKS))
    parser.add_argument("--seconds", type=float, default=1.0, help="how long the rounds of a work take (default: 1)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    warnings.filterwarnings("error", message="compile: ")  # what runs in another back end than it is told to is no candidate
    for found in results(options.works, options.candidate, options.seconds):
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
