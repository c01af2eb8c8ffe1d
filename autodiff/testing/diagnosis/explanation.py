"""What a mistake in a gradient is: sentences, each with the figures that back it, and none where the numbers do not show it.

Each hypothesis says what the gradient would be if it were true. All are tried in one loop: at the point of the check, then
there and at random points nearby together, where the coincidences of zeros, ties and single numbers end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from autodiff.testing.comparison import DIRECTIONS, EVERY_ENTRY
from autodiff.testing.diagnosis import arrangement, chain, multiples
from autodiff.testing.diagnosis.claims import Claim, Proof, holds, proofs
from autodiff.testing.diagnosis.evidence import ESTIMATE, Case, Point, also_at, listed
from autodiff.testing.diagnosis.patterns import not_finite, wrong_where
from autodiff.testing.diagnosis.three_way import beside_autograd
from autodiff.testing.numerics.judgement import Tolerance
from autodiff.testing.report import GradientReport, counted
from autodiff.testing.rules import Candidate

__all__: list[str] = []

Terms = Mapping[str, Callable[..., Any]]
Hypothesis = Callable[[Point], Iterator[Claim]]

HYPOTHESES: tuple[Hypothesis, ...] = (  # of several that hold for as many arguments, the first is told
    chain.another_sum,
    multiples.constant_factor,
    arrangement.another_form,
    arrangement.exchanged,
    chain.another_derivative,
    chain.another_cotangent,
    multiples.another_factor,
    multiples.multiple_of_itself,
    arrangement.transposed_jacobian,
    chain.at_own_value,
    chain.another_share,
    multiples.clipped,
)
NEARBY = 3  # random points
COSTS = 2  # times the evaluations of the check may be needed in all, or
CHEAP = 250  # more, which are little for who has to read a report


def explained(report: GradientReport, case: Case, tolerance: Tolerance, terms: Terms | None) -> GradientReport:
    """The report with autograd's derivatives in it, which of the three stands alone, and the diagnosis."""
    subject, done = case.subject, report.evaluations
    not_compared = [] if report.entries else subject.scales
    estimates = ESTIMATE * sum(min(scales.size, EVERY_ENTRY) for scales in not_compared)
    subject.limit = min(subject.limit, max(COSTS * done, done + CHEAP) + estimates)
    diagnosis = diagnose(case, terms or {}) if report.verdict == "wrong" else ()
    report = replace(report, diagnosis=diagnosis, evaluations=subject.evaluations)
    if case.candidate.source == "autograd" or not report.entries:
        return report
    return beside_autograd(report, subject, case.cotangents, tolerance)


def require_terms(terms: Any, candidate: Candidate) -> None:
    """Raise unless `terms` are functions like the gradient derived by hand."""
    if terms is None:
        return
    if candidate.source == "autograd":
        raise ValueError("check_gradient: terms= are parts of a gradient derived by hand, but none was given. Leave terms= out.")
    if not isinstance(terms, Mapping):
        raise TypeError(f"check_gradient: terms is a {type(terms).__name__}; wanted a dict of names and functions.")
    for name, function in terms.items():
        if not callable(function):
            given = type(function).__name__
            raise TypeError(f"check_gradient: the term {name!r} is a {given}; wanted a function like {candidate.source}.")


def diagnose(case: Case, terms: Terms) -> tuple[str, ...]:
    """What the mistake is, as far as the numbers show it: for each argument the explanation that holds for most of them.

    First come explanations of all of its entries; where the wrong ones are is told last.
    """
    here = case.here()
    wrong = [name for name in case.subject.variable_names if any(e.argument == name and e.verdict == "wrong" for e in here.entries)]
    of_terms = [partial(multiples.multiple_of_term, name, term) for name, term in terms.items()]
    hypotheses: tuple[Hypothesis, ...] = (*of_terms, *HYPOTHESES)
    if not case.entries:  # a gradient has another shape than its argument
        hypotheses, wrong = (arrangement.another_form,), list(here.pairs)
    sentences = list(multiples.failures_of_terms(here, terms))
    points = [here]
    for nearby in (0, NEARBY):
        points = [*case.nearby(nearby, wrong), here]
        for proof in _proven(hypotheses, points, wrong) if len(points) > bool(nearby) else ():
            if all(name in wrong for name in proof.arguments):
                sentences.append(_sentence(proof, here, len(points) - 1))
                wrong = [name for name in wrong if name not in proof.arguments]
    points = [*case.nearby(1, wrong, flips=0.5), *points]
    for name in wrong:
        sentences += [s for s in (not_finite(here, name), wrong_where([here], name) or wrong_where(points, name)) if s][:1]
    return tuple(sentences)


def _proven(hypotheses: Sequence[Hypothesis], points: Sequence[Point], wrong: Sequence[str]) -> list[Proof]:
    """What is proven at all points, the last of which may be too special for a claim; first what explains most arguments."""
    found: list[Proof] = []
    needed = max(len(points) - 1, 1)
    for hypothesis in hypotheses if wrong else ():
        claims: dict[str, list[Claim]] = {}
        for point in points:
            for claim in hypothesis(point):
                if holds(claim, wrong):
                    claims.setdefault(claim.key, []).append(claim)
                else:
                    point.case.refuted.add(claim.key)
        for key, made in claims.items():
            found += proofs(made, wrong, needed) if key not in points[0].case.refuted else ()
        if any(len(proof.arguments) == len(wrong) for proof in found):
            break
    return sorted(found, key=lambda proof: (-len(proof.arguments), proof.claim.size))


def _sentence(proof: Proof, here: Point, nearby: int) -> str:
    """What the gradient is, by which arguments, if not all, and the figures."""
    by = "" if len(proof.arguments) == len(here.subject.variable_names) else f" by {listed(proof.arguments)}"
    pairs = [here.pairs[name] for name in proof.arguments]
    over = [counted(entries)] if (entries := sum(pair.array.size for pair in pairs if pair.directions is None)) else []
    over += [f"{DIRECTIONS} random directions"] if any(pair.directions is not None for pair in pairs) else []
    where = also_at(nearby, here=proof.points > nearby)
    place = f"; {proof.claim.place}" if proof.claim.place else ""
    difference = f"{proof.difference:.1e}" if proof.difference else "0"
    return f"The gradient{by} {proof.said} (largest difference {difference} over {' and '.join(over)}{where}{place})."
