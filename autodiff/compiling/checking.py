"""Whether what a back end computed is what the program means, but for rounding: how far rounding reaches is found by rounding.

The program is run as `evaluate` runs it, and beside it in a few lanes that round differently: in each lane, the result of a step is
moved by an error such as the step may make. What a program makes of its rounding errors, small or large, is so seen at its outputs,
with all that they have in common, and with the other branch where a decision, such as which of two nearly equal elements is the
larger one, hangs on rounding. No step needs a derivative for it, only what it may be off by itself, of which there are four kinds:

- what moves, selects or decides makes no error: what is exact stays exact;
- an elementwise function is off by a unit in the last place or so, `eps |y|`;
- a sum of `n` products by `eps max(1, n / 128) sum |a| |b|`: times `FACTOR` that allows for any order, also of equal terms;
- anything else is computed for operands that are off by a few units, `4 eps |x|` or, in linear algebra, `4 eps max |x|`, as
  algorithms that are backward stable do.

Sums and products of whole numbers are exact as well, as long as they can be written. An element may be `FACTOR` times as far off as
the furthest lane is. It is a statistical bound: that all lanes happen to be so near to each other that a right result lies outside
has a chance below 1e-8 an element. All of it takes as long as 15 to 25 evaluations.
"""

from __future__ import annotations

import functools
import operator
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff.program import Program, Step, Value, changed_by, operands, replaced, set_item, ufunc_out

__all__ = ["Comparison", "compare"]

LANES = 5  # that round differently
AMPLITUDE = 8.0  # how many times as large as a step's errors are those in a lane: so they are not rounded away, and decisions fall
FACTOR = 4.0  # how many times as far off as the furthest lane a result may be
UNITS = 4  # in the last place, by which the operands of a step are moved that is no elementwise function and no sum
RUN = 128  # terms, more of which are off by more: in any order, a sum of equal ones is by up to about 0.2 eps for each of them
_SPARE = 4093  # places from which errors that were drawn once are taken


def _functions(names: str) -> set[Any]:
    """The functions of NumPy and the methods of its arrays that have these names."""
    return {getattr(owner, name) for owner in (np, np.ndarray) for name in names.split() if hasattr(owner, name)}


_EXTREMES = (np.maximum, np.minimum, np.fmax, np.fmin)
_EXACT = {operator.getitem, operator.neg, operator.pos, operator.abs, set_item, changed_by}
_EXACT |= {np.lib.stride_tricks.sliding_window_view}
_EXACT |= {getattr(ufunc, method) for ufunc in _EXTREMES for method in ("reduce", "accumulate")}
_EXACT |= _functions(
    "abs absolute amax amin append argsort array_split astype atleast_1d atleast_2d atleast_3d block broadcast_arrays "
    "broadcast_to ceil choose clip column_stack compress concat concatenate conj conjugate copy copysign delete diag "
    "diagflat diagonal dstack expand_dims extract fix flip fliplr flipud floor fmax fmin fmod frexp full_like heaviside "
    "hsplit hstack imag insert ldexp max maximum min minimum modf moveaxis nan_to_num nanmax nanmin negative nextafter "
    "ones_like pad partition permute_dims positive put_along_axis ravel real repeat reshape resize rint roll rollaxis rot90 "
    "select sign sort split squeeze stack swapaxes take take_along_axis tile transpose tril trim_zeros triu trunc unstack "
    "vsplit vstack where zeros_like"
)
_MEANS = _functions("mean nanmean")
_SUMS = {np.add.reduce} | _functions("matmul dot vecdot matvec vecmat inner vdot tensordot einsum sum trace nansum") | _MEANS
_OPERATORS = {operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.floordiv, operator.mod}
_OF_WHOLE_NUMBERS = {np.add, np.subtract, np.multiply, operator.add, operator.sub, operator.mul} | (_SUMS - _MEANS)  # exact
_CANCELLING = {np.logaddexp, np.logaddexp2}  # elementwise functions whose parts may cancel, so that they are off by more


@dataclass
class Comparison:
    """What was found.

    Attributes:
        complaints: a text for each output that is wrong, in the order in which the program computes them.
        undecided: a text for each output of which most elements could be anything, for all that rounding does to them.
        used: the largest part of what rounding explains that an element makes use of: more than 1 is wrong.
    """

    complaints: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    used: float = 0.0


def compare(program: Program, inputs: Sequence[Any], results: Sequence[Any]) -> Comparison:
    """Compare the `results` that a back end computed for `inputs` with what the program gives for them.

    Shapes, types, whole numbers and truth values are to be the same, NaN and infinities in the same places, and floats as near as
    rounding explains. Steps that are not pure are computed once: so that they give what they gave the back end, the caller brings
    back the state that their random numbers are drawn from.
    """
    found = Comparison()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = _run(program, inputs)
        judged = [_judge(lanes, got) for lanes, got in zip(wanted, results, strict=True)]
    if any(complaint or notice for complaint, notice, _ in judged):
        for i, name, where in _places(program):
            complaint, notice, _ = judged[i]
            found.complaints += [f"{name} {complaint}{where}"] if complaint else []
            found.undecided += [f"{name} {notice}{where}"] if notice else []
    found.used = max((used for _, _, used in judged), default=0.0)
    return found


# --- the lanes --------------------------------------------------------------------------------------------------------------------


def _run(program: Program, inputs: Sequence[Any]) -> list[list[Any]]:
    """Each output as the program means it and then, unless nothing rounds on the way to it, as it is in each lane."""
    known: dict[Value, list[Any]] = {value: [_plain(x)] for value, x in zip(program.inputs, inputs, strict=True)}
    given = [[*operands((step.args, step.kwargs))] for step in program.steps]
    last = {value: i for i, values in enumerate(given) for value in values} | dict.fromkeys(program.outputs, -1)
    noise = _Noise()
    for i, (step, values) in enumerate(zip(program.steps, given, strict=True)):
        known |= {value: [value.constant] for value in values if value.constant is not None}
        known.update(zip(step.results, _lanes(step, values, known, noise), strict=True))
        for value in values:
            if last[value] == i:
                known.pop(value, None)
    return [known[output] if output.constant is None else [output.constant] for output in program.outputs]


def _lanes(step: Step, values: list[Value], known: dict[Value, list[Any]], noise: _Noise) -> list[list[Any]]:
    """The results of a step with these operands, each as it is, and then in each lane."""

    def call(lane: int, change: Callable[[Any], Any] | None = None) -> list[Any]:
        def value(leaf: Any) -> Any:
            if not isinstance(leaf, Value):
                return leaf
            x = known[leaf][lane if len(known[leaf]) > 1 else 0]
            return x if change is None else change(x)

        y = step.function(*replaced(step.args, value), **(replaced(step.kwargs, value) if step.kwargs else {}))
        return [*map(_plain, y if step.several else (y,))]

    wanted = call(0)
    results = [[y] for y in wanted]
    if not step.pure:
        return results
    scales, moved = _errors(step, [known[value][0] for value in values], wanted, call)
    differ = any(len(known[value]) > 1 for value in values)
    change = None if moved is None else lambda x: noise(x, moved(x))
    if differ or any(scale is not None for scale in scales):
        for lane in range(1, LANES + 1):
            computed = _tried(call, lane, wanted, change) if differ or change else wanted
            for lanes, y, scale in zip(results, computed, scales, strict=True):
                lanes.append(noise(y, scale))
    return results


def _plain(x: Any) -> Any:
    """A number of NumPy as the array that it is in a program."""
    return np.asarray(x) if isinstance(x, np.generic) else x


def _tried(call: Callable[..., list[Any]], lane: int, wanted: list[Any], change: Callable[[Any], Any] | None) -> list[Any]:
    """What a step gives in a lane, or NaN, if there it cannot be computed, such as the inverse of what is nearly singular."""
    try:
        computed = call(lane, change)
    except (ArithmeticError, ValueError, IndexError):
        computed = []
    if len(computed) == len(wanted) and all(type(y) is float or y.shape == x.shape for x, y in zip(wanted, computed, strict=True)):
        return computed
    return [y * np.nan if _is_float(y) else y for y in wanted]


# --- what a step may be off by ----------------------------------------------------------------------------------------------------


def _errors(step: Step, given: list[Any], wanted: list[Any], call: Callable[..., list[Any]]) -> tuple[list[Any], Any]:
    """How far each result may be off, None if it is exact, and what says how far an operand is moved before it is computed."""
    function = step.args[1] if step.function is ufunc_out else step.function
    if function in _EXACT or not any(map(_is_float, wanted)):
        return [None] * len(wanted), None
    if function in _OF_WHOLE_NUMBERS and all(map(_is_whole, (*wanted, *given))):
        return [None] * len(wanted), None
    of_floats = any(map(_is_float, given))
    if function in _SUMS and of_floats:
        totals = call(0, lambda x: np.abs(x) if _is_float(x) else x)
        n = _terms([np.size(x) for x in given if _is_float(x)], np.size(wanted[0]))
        return [_eps(y) * max(1.0, n / RUN) * _size(total) for y, total in zip(wanted, totals, strict=True)], None
    scales = [_eps(y) * _size(y) if _is_float(y) else None for y in wanted]
    is_ufunc = isinstance(function, np.ufunc) and function.signature is None and function not in _CANCELLING
    if is_ufunc or function in _OPERATORS or not of_floats:
        return scales, None
    return scales, _moved_in_norm if getattr(function, "__module__", None) == "numpy.linalg" else _moved


def _is_whole(x: Any) -> bool:
    """Whether all elements are whole numbers that are small enough to be computed with exactly."""
    if not _is_float(x):
        return type(x) is not float or x.is_integer()
    if x.size and not x.item(0).real.is_integer():  # most arrays are none
        return False
    return bool((x == np.rint(x)).all() and (np.abs(x) < 1 / _eps(x)).all())


def _terms(sizes: list[int], size: int) -> float:
    """About how many terms each element is the sum of: (m, k) @ (k, n) has k."""
    return max(1.0, (float(np.prod(sizes)) / max(size, 1)) ** (1 / len(sizes))) if size else 1.0


def _moved(x: Any) -> Any:
    return UNITS * _eps(x) * _size(x) if _is_float(x) else None


def _moved_in_norm(x: Any) -> Any:
    """By the norm of a matrix or a vector: LAPACK's errors are small beside it, not beside each element."""
    return UNITS * _eps(x) * np.max(_size(x), axis=(-2, -1)[-np.ndim(x) :], keepdims=True, initial=0) if _is_float(x) else None


def _size(x: Any) -> Any:
    """The magnitude of each element, and of an infinite one, which no error moves, a finite one."""
    return np.minimum(np.abs(x), _limits(x.dtype).max)


def _is_float(x: Any) -> bool:
    """Whether it is an array of them: a Python float is what it is, whoever computes it."""
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc"


def _eps(x: Any) -> Any:
    return _limits(x.dtype).eps


_limits = functools.cache(np.finfo)


class _Noise:
    """Errors by chance: each element is moved up or down by half to the whole of so many times what it may be off by."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._drawn: dict[Any, Any] = {}
        self._start = 0

    def __call__(self, x: Any, scale: Any) -> Any:
        if scale is None:
            return x
        drawn = self._drawn.get(x.dtype)
        if drawn is None or drawn.size < x.size + _SPARE:
            drawn = self._drawn[x.dtype] = self._draw(x.dtype, x.size + _SPARE)
        self._start = (self._start + 1237) % _SPARE
        return np.asarray(x + scale * drawn[self._start : self._start + x.size].reshape(x.shape))

    def _draw(self, dtype: Any, size: int) -> Any:
        spread = self._rng.random(size, dtype=np.float32) - 0.5
        drawn = AMPLITUDE * (spread + np.copysign(np.float32(0.5), spread))
        return (drawn + 1j * self._rng.permutation(drawn) if dtype.kind == "c" else drawn).astype(dtype)


# --- the judgement ----------------------------------------------------------------------------------------------------------------


def _judge(lanes: list[Any], got: Any) -> tuple[str, str, float]:
    """What is wrong with an output, what is to be said of it besides, and how much of its tolerance it makes use of."""
    wanted, *others = map(np.asarray, lanes)
    got = np.asarray(got)
    if (got.shape, got.dtype) != (wanted.shape, wanted.dtype):
        return f"is {got.dtype} {got.shape}, wanted {wanted.dtype} {wanted.shape}.", "", np.inf
    tolerance = _tolerance(wanted, others)
    error = _distance(got, wanted)
    used = np.where((error == 0) | np.isinf(tolerance), 0, error / tolerance)
    complaint, most = "", float(np.max(used, initial=0))
    if most > 1:
        at = np.unravel_index(int(np.argmax(used)), used.shape)
        element = f"element [{', '.join(map(str, at))}]" if at else "it"
        complaint = (
            f"is wrong: {element} is {got[at]!s}, wanted {wanted[at]!s}. Rounding explains a difference of {tolerance[at]:.1e}; "
            f"this one is {most:.2g} times as large. {np.sum(used > 1)} of {used.size} elements are too far off."
        )
    smallest = _limits(wanted.dtype).tiny if wanted.dtype.kind in "fc" else 0
    largest = np.max(np.abs(wanted), initial=smallest, where=np.isfinite(wanted))
    free = int(np.sum(tolerance > largest))
    notice = f"can hardly be judged: rounding explains more than the largest element, {largest:.2g}, for {free} of {used.size}."
    return complaint, notice if 2 * free > used.size else "", most


def _tolerance(wanted: Any, others: list[Any]) -> Any:
    """How far off each element may be: infinitely where rounding decides whether it is finite, or which whole number it is."""
    if not others:
        return np.zeros(wanted.shape)
    furthest = np.maximum.reduce([_distance(other, wanted) for other in others])
    if wanted.dtype.kind not in "fc":
        return np.where(furthest > 0, np.inf, 0.0)
    return FACTOR * (furthest.astype(float) + AMPLITUDE * float(_limits(wanted.dtype).smallest_subnormal))


def _distance(x: Any, y: Any) -> Any:
    """How far the elements are apart: 0 if they are the same, also NaN; infinitely if one of them is NaN or infinite."""
    if x.dtype.kind not in "fc":
        return np.where(x == y, 0.0, np.maximum(np.abs(x.astype(float) - y.astype(float)), 1.0))
    apart = np.abs(x - y)
    if np.isfinite(apart).all():
        return apart
    return np.where((x == y) | ((x != x) & (y != y)), 0.0, np.where(np.isnan(apart), np.inf, apart))


def _places(program: Program) -> list[tuple[int, str, str]]:
    """Of each output its number, its name, and where it is computed, in the order in which they are."""
    lines = str(program).splitlines()
    known = {value: (line, lines[line].partition(" = ")[0], "") for line, value in enumerate(program.inputs)}
    for line, step in enumerate(program.steps, len(program.inputs)):
        names = lines[line].partition(" = ")[0].rstrip(",").split(", ")
        where = f"\n  computed at {step.line or 'an unknown line'}, by\n  {lines[line]}"
        known.update((value, (line, name, where)) for value, name in zip(step.results, names, strict=True))
    constant = (-1, "a constant", "")
    found = [(*known.get(output, constant), i) for i, output in enumerate(program.outputs)]
    return [(i, f"output {i}, {name},", where) for _, name, where, i in sorted(found, key=lambda place: (place[0], place[-1]))]
