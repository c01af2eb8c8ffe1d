"""How a wrong derivative rule is found: by differences at the samples of its operation, at kinks, by tests, or in float16."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import planting
import pytest
from registry_cases import Case, cases_of, check_in_float16
from statements import statements_of

import autodiff as ad
from autodiff.registry import Primitive, registry
from autodiff.testing import check_gradient

if TYPE_CHECKING:
    from mutations import Source

COLUMNS = ("wrong", "at a kink", "in a test", "in float16", "exception", "cannot tell", "survived")
COMPLEX = 4  # samples of each operation that are checked with complex numbers, too


def planted(source: Source, rule: Callable[..., Any]) -> AbstractContextManager[None]:
    """The entry with `rule` in the place of the one written in `source`, wherever it is called."""
    if source.adjoint:
        entry = registry[source.adjoint]
        return planting.planted(entry, planting.changed(entry, forward=rule))
    entry = registry[source.entry]
    return planting.planted(entry, planting.with_rules(entry, **{source.argument: rule}))


def verdict(source: Source, rule: Callable[..., Any], order: int = 2) -> str:
    """How `rule` in the place of the one in `source` is found by its derivatives up to `order`, or "survived": one of `COLUMNS`."""
    entry = registry[source.entry]
    with planted(source, rule), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            first = _at_samples(source, order=1)
            if first == "wrong":
                return first
            if not _kinks_are_as_stated(entry):
                return "at a kink"
            if not _statements_hold(entry):
                return "in a test"
            if not _is_right_in_float16(source):
                return "in float16"
            return _at_samples(source, order=2) if first == "survived" and order == 2 else first
        except NameError:
            raise  # of a mutant that is none
        except Exception:
            return "exception"


@cache
def _cases(source: Source) -> list[Case]:
    return [case for name in (source.entry, source.adjoint) if name for case in cases_of(registry[name])]


@cache
def _samples(source: Source) -> list[tuple[Callable[..., Any], list[np.ndarray]]]:
    """The functions to differentiate, each with its inputs."""
    complex_ones = [*filter(Case.takes_complex, _cases(source))][:COMPLEX]
    return [case.function() for case in _cases(source)] + [case.function_of_parts() for case in complex_ones]


def _at_samples(source: Source, order: int) -> str:
    doubts = False
    for f, inputs in _samples(source):
        found = check_gradient(f, *inputs, order=order).verdict
        if found == "wrong":
            return found
        doubts |= found == "cannot tell"
    return "cannot tell" if doubts else "survived"


def _kinks_are_as_stated(entry: Primitive) -> bool:
    for kink in entry.kinks:
        leaves = [ad.Tensor(x, requires_grad=True) for x in kink.at]
        y = entry.call(*leaves)
        y.backward(np.full(y.shape, 3.0))
        if not all(np.array_equal(leaf.grad.numpy(), 3.0 * np.asarray(g)) for leaf, g in zip(leaves, kink.gradient, strict=True)):
            return False
    return True


def _statements_hold(entry: Primitive) -> bool:
    for holds in statements_of(entry.name):
        try:
            with np.errstate(divide="warn", over="warn", invalid="warn"):  # as NumPy has it
                holds()
        except NameError:
            raise
        except (Exception, pytest.fail.Exception):
            return False
    return True


def _is_right_in_float16(source: Source) -> bool:
    try:
        for case in _cases(source):
            check_in_float16(case)
    except AssertionError:
        return False
    return True
