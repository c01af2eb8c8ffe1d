"""What a mistake in a gradient is: sentences, each with the figures that back it, and none where the numbers do not show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autodiff.testing.diagnosis.activations import at_own_value, mistaken_activations
from autodiff.testing.diagnosis.arrangement import in_another_form, transposed_jacobian
from autodiff.testing.diagnosis.broadcasts import one_copy
from autodiff.testing.diagnosis.evidence import Block, Case, Explanation
from autodiff.testing.diagnosis.factors import constant_factors
from autodiff.testing.diagnosis.patterns import wrong_where
from autodiff.testing.diagnosis.terms import mistaken_terms
from autodiff.testing.diagnosis.three_way import who_stands_alone, with_autograd
from autodiff.testing.numerics.judgement import Tolerance
from autodiff.testing.report import GradientReport
from autodiff.testing.rules import Candidate

__all__: list[str] = []

Terms = Mapping[str, Callable[..., Any]]


def explained(report: GradientReport, case: Case, tolerance: Tolerance, terms: Terms | None) -> GradientReport:
    """The report with autograd's derivatives in it, which of the three stands alone, and the diagnosis."""
    before = case.subject.evaluations
    diagnosis = diagnose(case, terms or {}) if report.verdict == "wrong" else ()
    report = replace(report, diagnosis=diagnosis, evaluations=report.evaluations + case.subject.evaluations - before)
    if case.candidate.source == "autograd" or not report.entries:
        return report
    entries, error = with_autograd(case.subject, case.cotangents, report.entries)
    comparison = who_stands_alone(case.subject, entries, tolerance)
    return replace(report, entries=tuple(entries), comparison=comparison, autograd_error=error)


def require_terms(terms: Any, candidate: Candidate) -> None:
    """Raise unless `terms` are functions like the gradient derived by hand."""
    if terms is None:
        return
    if candidate.source == "autograd":
        raise ValueError("check_gradient: terms= are parts of a gradient derived by hand, but none was given. Leave terms= out.")
    if not isinstance(terms, Mapping):
        raise TypeError(f"check_gradient: terms is a {type(terms).__name__}; wanted a dict of names and functions.")
    for name, term in terms.items():
        if not callable(term):
            given = type(term).__name__
            raise TypeError(f"check_gradient: the term {name!r} is a {given}; wanted a function like {candidate.source}.")


def diagnose(case: Case, terms: Terms) -> tuple[str, ...]:
    """What the mistake is, as far as the numbers show it: for each argument the first explanation that holds.

    First come explanations of all of its entries; where the wrong ones are is told last.
    """
    explanations: list[Callable[[Sequence[Block]], list[Explanation]]] = [
        lambda blocks: mistaken_terms(case, blocks, terms),
        constant_factors,
        _by_each(in_another_form),
        _by_each(transposed_jacobian),
        _by_each(one_copy),
        lambda blocks: mistaken_activations(case, blocks),
        _by_each(at_own_value),
        _by_each(wrong_where),
    ]
    sentences: list[str] = []
    rest = [block for block in case.blocks if block.wrong]
    if not case.entries and not case.candidate.tangents:  # a gradient has another shape than its argument
        explanations, rest = [_by_each(in_another_form)], [Block(case, name, ()) for name in case.names.values()]
    for explain in explanations:
        for sentence, blocks in explain(rest) if rest else ():
            sentences.append(sentence)
            rest = [block for block in rest if block not in blocks]
    return tuple(sentences)


def _by_each(explain: Callable[[Block], str | None]) -> Callable[[Sequence[Block]], list[Explanation]]:
    """An explanation of one argument, for several."""
    return lambda blocks: [(sentence, [block]) for block in blocks if (sentence := explain(block)) is not None]
