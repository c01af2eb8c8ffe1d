"""What a mistake in a gradient is: sentences, each with the figures that back it, and none where the numbers do not show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autodiff.testing.diagnosis.arrangement import broadcast_sum, of_another_shape, rearranged
from autodiff.testing.diagnosis.counterfactual import at_own_value, mistaken_activation
from autodiff.testing.diagnosis.evidence import Block, Case, counted, listed, magnitude
from autodiff.testing.diagnosis.factors import Factor, factor_of, factor_sentence, factors_by_result
from autodiff.testing.diagnosis.patterns import wrong_result, wrong_where
from autodiff.testing.diagnosis.three_way import who_stands_alone, with_autograd
from autodiff.testing.numerics.verdicts import Tolerance
from autodiff.testing.report import GradientReport
from autodiff.testing.rules import Candidate, gradient_rule, jvp_rule, vjp_rule

__all__: list[str] = []

MULTIPLES = {  # what a term is to the difference between the numerical gradient and the given one
    1.0: ("is missing", "numerical - given equals it"),
    2.0: ("has the wrong sign", "numerical - given equals 2 times it"),
    -1.0: ("is counted twice", "given - numerical equals it"),
}


def explained(
    report: GradientReport, case: Case, tolerance: Tolerance, terms: Mapping[str, Callable[..., Any]] | None
) -> GradientReport:
    """The report with autograd's derivatives in it, which of the three stands alone, and the diagnosis."""
    before = case.subject.evaluations
    diagnosis = diagnose(case, terms) if report.verdict == "wrong" else ()
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


def diagnose(case: Case, terms: Mapping[str, Callable[..., Any]] | None) -> tuple[str, ...]:
    """What the mistake is, as far as the numbers show it.

    First come explanations of every entry of an argument; the place of the wrong entries is told of arguments without one.
    """
    if not case.entries:
        return () if case.candidate.tangents else tuple(of_another_shape(case))
    wrong = [block for block in case.blocks if block.wrong and isinstance(block.argument, int)]
    if not wrong:
        return ()
    sentences, rest = _factors(case, wrong)
    for explain in (rearranged, _copies):
        found = {block: explain(block) for block in rest}
        sentences += [sentence for sentence in found.values() if sentence is not None]
        rest = [block for block in rest if found[block] is None]
    for sentence, blocks in mistaken_activation(case, rest) if rest else []:
        sentences.append(sentence)
        rest = [block for block in rest if block not in blocks]
    about_terms, explained = _missing_terms(case, wrong, terms or {})
    sentences += about_terms
    for block in rest:
        if block not in explained:
            sentences += _single(block)
    return tuple(sentences)


def _single(block: Block) -> list[str]:
    """The first explanation of an argument by itself."""
    by_result = factors_by_result(block)
    if by_result:
        return by_result
    for explain in (at_own_value, wrong_where, wrong_result):
        sentence = explain(block)
        if sentence is not None:
            return [sentence]
    return []


def _factors(case: Case, wrong: Sequence[Block]) -> tuple[list[str], list[Block]]:
    """Sentences on constant factors, and the blocks without one."""
    factors = {block: factor_of(block) for block in wrong}
    groups: dict[str, list[Block]] = {}
    for block, factor in factors.items():
        if factor is not None:
            groups.setdefault(factor.text, []).append(block)
    sentences = []
    for blocks in groups.values():
        found = [factor for block in blocks if (factor := factors[block]) is not None]
        pooled = Factor(found[0].value, found[0].text, np.concatenate([factor.ratios for factor in found]), found[0].size)
        mean = broadcast_sum(blocks[0], pooled) if len(blocks) == 1 and pooled.size else None
        sentences.append(mean or factor_sentence(pooled, blocks, all_of_them=len(blocks) == len(case.blocks)))
    return sentences, [block for block, factor in factors.items() if factor is None]


def _copies(block: Block) -> str | None:
    return broadcast_sum(block, None)


def _missing_terms(case: Case, wrong: Sequence[Block], terms: Mapping[str, Callable[..., Any]]) -> tuple[list[str], list[Block]]:
    """Sentences on the terms that make the difference, and the blocks that they explain."""
    sentences: list[str] = []
    explained: list[Block] = []
    for name, term in terms.items():
        try:
            values = _term_values(case, wrong, term)
        except Exception as error:  # the report is worth more than the term
            sentences.append(f"The term {name!r} could not be evaluated: {type(error).__name__}: {error}")
            continue
        for multiple, (problem, relation) in MULTIPLES.items():
            fitting = {}
            for block, term_values in values.items():
                part = block.places
                size = float(np.finfo(part.array.dtype).eps) * np.abs(term_values).max(initial=0.0)
                largest = part.explained_by(part.numerical - multiple * term_values, part.bound + 32 * size)
                if largest is not None:
                    fitting[block] = (largest, len(part.entries))
            if fitting:
                which = listed([str(block.argument) for block in fitting])
                where = f" in the gradient by {'argument' if len(fitting) == 1 else 'arguments'} {which}"
                where = "" if len(fitting) == len(case.blocks) else where
                difference, count = max(d for d, _ in fitting.values()), sum(n for _, n in fitting.values())
                figures = f"largest difference {magnitude(difference)} over {counted(count)}"
                sentences.append(f"The term {name!r} {problem}{where}: {relation} ({figures}).")
                explained += fitting
    return sentences, explained


def _term_values(case: Case, blocks: Sequence[Block], term: Callable[..., Any]) -> dict[Block, np.ndarray]:
    """The numbers of a term for the entries of each block."""
    subject, positions = case.subject, case.subject.positions
    result: dict[Block, np.ndarray] = {}
    if case.candidate.tangents:
        rule = jvp_rule(term, positions)
    else:
        rule = (gradient_rule if case.candidate.fixed else vjp_rule)(term, positions)
    rows: dict[Any, Any] = {}
    ends = np.cumsum([0, *(subject.inputs[p].size for p in positions)])
    for block in blocks:
        numbers = []
        for entry in block.places.entries:
            k, slot = case.cotangents.labels.index(entry.output), positions.index(int(block.argument))
            cotangent = case.cotangents.arrays[k]
            place = int(np.ravel_multi_index(entry.index, block.array.shape)) if block.array.shape else 0  # type: ignore[arg-type]
            key = (slot, place) if case.candidate.tangents else k
            if key not in rows:
                unit = np.zeros(ends[-1])
                unit[ends[slot] + place] = 1
                rows[key] = rule(unit if case.candidate.tangents else cotangent.copy(), subject.fresh())
            if case.candidate.tangents:
                numbers.append(float(np.sum(cotangent * rows[key][0])))
            elif rows[key][slot].shape != block.array.shape:
                raise ValueError(f"its shape is {rows[key][slot].shape}, that of argument {block.argument} {block.array.shape}")
            else:
                numbers.append(float(rows[key][slot][entry.index]))
        result[block] = np.array(numbers)
    return result
