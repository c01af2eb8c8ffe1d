"""`check_gradient` and `assert_gradient`: whether a gradient is right, and if not, where it is wrong."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from autodiff.testing.arguments import Arguments, name_of
from autodiff.testing.claims import Claims, Cotangents, choose_cotangents
from autodiff.testing.comparison import Comparison
from autodiff.testing.conduct import Conduct, failures_of_function
from autodiff.testing.diagnosis.evidence import Case
from autodiff.testing.diagnosis.explanation import explained, require_terms
from autodiff.testing.numerics.judgement import Tolerance
from autodiff.testing.options import checked_generator, checked_limit, checked_tolerance, chosen_formula, part_of
from autodiff.testing.report import COTANGENT, GradientEntry, GradientFailure, GradientMismatch, GradientReport
from autodiff.testing.rules import Candidate, autograd_rule, first_derivative, rule_by_hand
from autodiff.testing.subject import Subject

__all__ = ["assert_gradient", "check_gradient"]

# The entries compared, the failures, and what the results were weighed with, if the function could be examined.
Checked = tuple[list[GradientEntry], list[GradientFailure], Cotangents | None]


def check_gradient(
    f: Callable[..., Any],
    *inputs: Any,
    gradient: Callable[..., Any] | bool | None = None,
    vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    argnums: int | Sequence[int] | None = None,
    has_aux: bool = False,
    order: int = 1,
    rtol: float = 0.0,
    atol: float = 0.0,
    max_evaluations: int = 50_000,
    rng: np.random.Generator | int = 0,
    terms: Mapping[str, Callable[..., Any]] | None = None,
) -> GradientReport:
    """Compare a gradient of `f` at `inputs` with differences of values of `f`.

    Checked is autograd's gradient, or one that was derived by hand and is given as `gradient`, `vjp` or `jvp`:

    - `gradient(*inputs)` returns `∂f/∂xᵢ` for each `xᵢ` of `argnums`, for an `f` that returns one number;
    - `vjp(cotangent, *inputs)` returns `Σⱼ cotangentⱼ ∂fⱼ/∂xᵢ`, for an `f` that returns an array of any shape;
    - `jvp(tangent, *inputs)` returns `Σᵢ ∂f/∂xᵢ tangentᵢ`, an array of the shape of `f`'s result.

    The first two return one array, of the shape of `xᵢ`, or a tuple of arrays if there are several arguments to differentiate by.
    Likewise the tangent is one array, or a tuple. With `gradient=True`, `f` itself returns `(value, gradient)`.

    An argument may be a container of arrays: a dict, list, tuple, named tuple or dataclass, nested as you like. The gradient by it
    is arranged in the same way, and its parts are reported by their paths, such as `layers[1].b`. A list of numbers is an array. An
    object that holds arrays, such as a network, is a container of those: of the parameters of a module, by their names, or of the
    arrays in the attributes; the gradient by it is a dict, such as `{"0.weight": ..., "0.bias": ...}`. Functions are called with
    copies. An array of PyTorch or JAX, a Series or a DataFrame stays one for `f` and its gradient; it may return such as
    well, of which the labels count.

    The numerical derivative is `(f(x + h) - f(x - h)) / 2h`, extrapolated to `h = 0`, with an error bound that is computed from
    the values: what extrapolations differ by, and the measured rounding noise of `f` divided by `h`. So there is no tolerance
    to choose. Where values are noisy and `f` is known to be analytic, since it takes complex arrays and does to them nothing but
    what is analytic, a complex step `Im f(x + ih) / h` decides. A gradient that agrees in half of the digits is right.
    At a kink every number between the slopes on either side is right, and so is every sum of several of them that lies between
    the slopes along these entries together; at the edge of the domain, beyond which `f` is not finite or
    raises an error, one side decides.

    Of small arguments each entry is compared, of arguments with more than 256 entries derivatives along random directions and
    a sample of entries; if a direction is wrong, halving it leads to the entries. If `f` returns an array, random weighted
    sums of its results are differentiated, and each result by itself if that is no more than 4096 numbers.

    Besides its values, a gradient must have the shape and dtype of its argument, leave the inputs and the cotangent as they were,
    be the same each time, be linear in the cotangent and zero for a cotangent of zeros, and not share memory with another array.

    Beside a gradient derived by hand stands autograd's, if `f` takes tensors as well, and the report says which of the three stands
    alone. And it says what the mistake is, if the numbers show it, here or at random points nearby: a constant factor, axes
    exchanged, a sum that is missing, a term or a path left out, another local derivative at a line of the source, negative entries,
    zeros, a row.

    Args:
        f: a function of arrays that returns a number, an array or a tensor. With no formula given it takes tensors as well.
        inputs: what to differentiate at: arrays, tensors, floats, lists of floats, or containers. Others, such as integers, are
            passed on. With float32 inputs, `f` is evaluated in float64 at the same point if it allows that.
        gradient: the gradient derived by hand, for an `f` that returns one number; True if `f` returns both, as with SciPy's
            `jac=True`.
        vjp: the vector-Jacobian product derived by hand.
        jvp: the Jacobian-vector product derived by hand.
        argnums: by which inputs to differentiate: one position, or several; by default all of floating point.
        has_aux: whether `f` returns `(value, other things)`, of which the others are left alone; with `gradient=True`,
            `((value, other things), gradient)`, as from `jax.value_and_grad`.
        order: 2 to check autograd's second derivatives as well: its gradient, as a function of the inputs and the cotangent.
        rtol: a relative difference to allow on top of the error bound.
        atol: an absolute difference to allow on top of the error bound.
        max_evaluations: how often `f` may be evaluated, roughly.
        rng: a generator, or a seed, for cotangents and directions.
        terms: for the diagnosis: parts of the gradient derived by hand, each a function like it. If the gradient lacks a multiple
            of one, the report says which.

    Returns:
        A report: `ok`, `verdict` ("right", "wrong", "cannot tell", or "wrong dtype" if the numbers are right), the entries, and a
        text with the worst of them.

    Raises:
        TypeError: `f`, `gradient`, `vjp` or `jvp` is not a function of the kind described, or no input is floating point, or one is
            complex or an array with operations of its own, such as np.matrix or a masked array.
        ValueError: an argument does not fit the others, or an input is not finite.

    Source: Ridders (1982), Numerical Recipes' `dfridr`; Moré and Wild (2012) for the noise; Martins, Sturdza and Alonso (2003) for
    the complex step. As `torch.autograd.gradcheck`, which
    has tolerances instead of error bounds.

    >>> from autodiff.testing import check_gradient
    >>> x = np.array([1.0, 2.0])
    >>> print(check_gradient(lambda x: np.sum(x**3), x, gradient=lambda x: 3 * x))
    The gradient of <lambda> is wrong. 2 entries compared: 1 wrong, 1 right; ... evaluations.
    argument  index  by hand  autograd  numerical    bound  verdict
    x         (1,)         6        12         12  ...      wrong
    x         (0,)         3         3          3  ...      right
    Autograd and the differences agree; the gradient by hand stands alone.
    Diagnosis: The gradient is the numerical one divided by the argument itself (largest difference ... nearby).
    """
    value, gradient = _value_and_gradient(f, gradient, has_aux)
    source, formula = chosen_formula(f, {"gradient": gradient, "vjp": vjp, "jvp": jvp}, order)
    tolerance = checked_tolerance(rtol, atol)
    generator, limit = checked_generator(rng), checked_limit(max_evaluations)
    with warnings.catch_warnings(), np.errstate(all="ignore"):  # differences probe where f may overflow or not be defined
        warnings.simplefilter("ignore", RuntimeWarning)
        with _hint(inputs, source):
            arguments = Arguments(f, inputs, argnums)
            of_leaves = arguments.of_leaves(value)
            rule = rule_by_hand(source, formula, arguments) if formula else autograd_rule(of_leaves, arguments.positions)
            candidate = Candidate(source, rule, arguments)
            require_terms(terms, candidate)
            subject = Subject(of_leaves, arguments.leaves, arguments.positions, limit, arguments.names)
        entries, failures, cotangents = _checked(subject, candidate, generator, tolerance)
        if order == 2 and not failures:
            second, failures, _ = _second_order(subject, generator, tolerance)
            entries += second
        report = GradientReport(name_of(f), tuple(entries), tuple(failures), subject.evaluations, left=subject.left)
        if cotangents is None:
            return report
        return explained(report, Case(subject, candidate, cotangents, report.entries), tolerance, terms)


def _value_and_gradient(f: Callable[..., Any], gradient: Any, has_aux: bool) -> tuple[Callable[..., Any], Any]:
    """`f` and its gradient as functions of their own, if `f` returns both, or other things as well."""
    value = f
    if gradient is True:
        pair = "a pair, (value, gradient), as gradient=True says"
        value, gradient = part_of(f, 0, pair), part_of(f, 1, pair)
    if has_aux:
        value = part_of(value, 0, "a pair, (value, other things), as has_aux=True says")
    return value, gradient


def assert_gradient(f: Callable[..., Any], *inputs: Any, **options: Any) -> GradientReport:
    """Raise `GradientMismatch`, with the report as its text, unless `check_gradient` finds the gradient right; return the report.

    A gradient of which the differences cannot tell whether it is right raises as well. Arguments as of `check_gradient`.

    >>> from autodiff.testing import assert_gradient
    >>> assert_gradient(lambda x: np.exp(x).sum(), np.array([0.0, 1.0]), order=2).ok
    True
    """
    report = check_gradient(f, *inputs, **options)
    if not report.ok:
        raise GradientMismatch(report)
    return report


@contextmanager
def _hint(inputs: Sequence[Any], source: str) -> Iterator[None]:
    """Where a call fails that has SciPy's order of arguments, say so."""
    try:
        yield
    except Exception as error:
        if source == "autograd" and inputs and inspect.isroutine(inputs[0]):
            name = name_of(inputs[0])
            error.add_note(f"The first input, {name}, is a function. Did you mean check_gradient(f, x, gradient={name})?")
        raise


def _checked(subject: Subject, candidate: Candidate, rng: np.random.Generator, tolerance: Tolerance) -> Checked:
    """The check of a gradient at the point."""
    if candidate.fixed and subject.value.size != 1:
        raise ValueError(
            f"check_gradient: gradient= is for a function that returns one number, but f returned shape {subject.value.shape}. "
            "Pass vjp=, a function of the cotangent and the inputs, instead."
        )
    failures = failures_of_function(subject)
    if failures:
        return [], failures, None
    cotangents = choose_cotangents(subject, rng, candidate.fixed)
    conduct = Conduct(candidate, subject, cotangents.arrays[-1], rng)
    failures = conduct.failures_of_shape()
    if failures:
        return [], failures, cotangents
    failures = conduct.failures()
    claims = Claims(candidate, subject, cotangents, rng, conduct.first)
    return Comparison(claims, tolerance).entries(), failures, cotangents


def _second_order(subject: Subject, rng: np.random.Generator, tolerance: Tolerance) -> Checked:
    """The check of the derivative of autograd's gradient, by the inputs and by the cotangent. Its evaluations count as well."""
    cotangent = choose_cotangents(subject, rng, fixed=False).arrays[-1]
    derivative = first_derivative(subject.f, subject.positions)
    last = len(subject.inputs)
    size = float(np.sum(np.abs(cotangent * subject.value)))
    floor = np.concatenate([size / np.maximum(scales, 1.0) for scales in subject.scales])  # a gradient is made of slopes of f
    positions = (*subject.positions, last)
    second = Subject(derivative, (*subject.inputs, cotangent), positions, subject.limit, (*subject.names, COTANGENT), floor)
    entries, failures, weights = _checked(second, Candidate("autograd", autograd_rule(derivative, positions)), rng, tolerance)
    subject.evaluations += second.evaluations
    entries = [replace(e, order=2, verdict="cannot tell" if e.verdict == "wrong" and e.at_kink else e.verdict) for e in entries]
    return entries, [replace(f, text=f"second derivative: {f}") for f in failures], weights
