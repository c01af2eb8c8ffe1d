"""What losses have in common: a loss is an expression, between arrays of one type and shape, and one reduction."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff import extend
from nn.functional.naming import not_real

__all__: list[str] = []

Wanted = tuple[Callable[[Any], bool], str]  # whether a setting is what is wanted, and what that is


def _one_of(*values: Any) -> Wanted:
    return (lambda value: value in values), f"one of {list(values)}"


def _number(holds: Callable[[Any], bool], text: str) -> Wanted:
    return (lambda value: isinstance(value, (int, float, np.number)) and bool(holds(value))), f"a number {text}"


_ABOVE_0 = _number(lambda value: value > 0, "above 0")
_FROM_0 = _number(lambda value: value >= 0, "that is not negative")
_PART = _number(lambda value: 0 <= value <= 1, "from 0 to 1")

REDUCTIONS = ("mean", "none", "sum")
_REDUCTION = _one_of(*REDUCTIONS)
_WANTED: dict[str, dict[str, Wanted]] = {
    "cross_entropy": {"label_smoothing": _PART},
    "gaussian_nll_loss": {"eps": _ABOVE_0},
    "huber_loss": {"delta": _ABOVE_0},
    "kl_div": {"reduction": _one_of("batchmean", *REDUCTIONS)},
    "multi_margin_loss": {"p": _one_of(1, 2)},
    "smooth_l1_loss": {"beta": _FROM_0},
    "triplet_margin_loss": {"margin": _ABOVE_0, "p": _ABOVE_0},
    "triplet_margin_with_distance_loss": {"margin": _ABOVE_0},
}


def check(function: str, caller: str = "", **settings: Any) -> None:
    """Raise, in the name of `caller`, unless these settings are what the loss `function` wants."""
    wanted = {"reduction": _REDUCTION, **_WANTED.get(function, {})}
    for name, (holds, text) in wanted.items():
        if name in settings and not holds(settings[name]):
            raise ValueError(f"{caller or function}: {name} is {settings[name]!r}; wanted {text}.")


def require(caller: str, holds: Any, text: Callable[[], str]) -> None:
    """Raise unless all of `holds` is true; while a computation is captured, nothing is known about it."""
    truth = extend.array_of(holds)
    if isinstance(truth, (np.ndarray, np.bool)) and not truth.all():
        raise ValueError(f"{caller}: {text()}")


def require_signs(caller: str, target: Any) -> None:
    """Raise unless each element of `target` is 1 or -1."""
    require(caller, abs(target) == 1, lambda: "the target holds numbers that are neither 1 nor -1; wanted one of them each.")


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of an array, or of what can be made one."""
    return x.shape if hasattr(x, "shape") else np.shape(x)


def reals(caller: str, **arrays: Any) -> tuple[list[Any], Any]:
    """These arrays as numbers of one type, in which a loss is computed, and the type of its result.

    Floating-point arrays decide it, so that integers, lists and numbers beside float32 become float32. Halves are computed in
    float32: squares and sums of theirs would overflow.
    """
    given = [x if hasattr(x, "dtype") else np.asarray(x) for x in arrays.values()]
    first = given[0].dtype
    if first.char in "fdg" and all(x.dtype is first for x in given):
        return given, first
    if not all(x.dtype.kind in "fiub" for x in given):
        raise TypeError(f"{caller}: {not_real(**arrays)}")
    decisive = [x for x in arrays.values() if hasattr(x, "dtype")]
    floats = [x.dtype for x in decisive if x.dtype.kind == "f"]
    dtype = np.result_type(*floats) if floats else np.dtype(float)
    wide = np.promote_types(dtype, np.float32)
    return [x if x.dtype == wide else x.astype(wide) for x in given], dtype


def unequal(given: tuple[int, ...], wanted: tuple[int, ...], one: str = "prediction", other: str = "target") -> str:
    """What is wrong with these shapes, and the reshape that would make them equal."""
    hint = f"; did you mean {other}.reshape{given}?" if math.prod(given) == math.prod(wanted) else "."
    return f"{one} has shape {given} but {other} has shape {wanted}. They must be equal{hint}"


def same_shape(caller: str, **arrays: Any) -> None:
    """Raise unless the arrays, under these names, have one shape."""
    (first, x), *others = arrays.items()
    for name, y in others:
        if shape_of(x) != shape_of(y):
            raise ValueError(f"{caller}: {unequal(shape_of(x), shape_of(y), first, name)}")


def pair(caller: str, prediction: Any, target: Any) -> tuple[Any, Any, Any]:
    """A prediction and a target of its shape, as numbers of one type, and the type of the result."""
    same_shape(caller, prediction=prediction, target=target)
    (x, y), dtype = reals(caller, prediction=prediction, target=target)
    return x, y, dtype


def weights_of(caller: str, weight: Any, x: Any, shape: tuple[int, ...] | None = None, name: str = "weight") -> Any:
    """`weight` as numbers of the type of `x`, if it has this shape, or can be broadcast to that of `x` if none is given."""
    given = shape_of(weight)
    try:
        fits = given == shape if shape is not None else np.broadcast_shapes(given, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        wanted = f"{shape}, one for each class" if shape is not None else f"{x.shape}, that of the input, or one broadcast to it"
        raise ValueError(f"{caller}: {name} has shape {given}; wanted {wanted}.")
    (weight,), _ = reals(caller, **{name: weight})
    return weight.astype(x.dtype)


def reduce(caller: str, values: Any, reduction: str, dtype: Any, weights: Any = None) -> Any:
    """What a loss makes of the `values` of its elements: their mean, their sum, or all of them, as numbers of type `dtype`.

    The mean of values that have been multiplied by `weights` is their sum divided by that of the weights.
    """
    if reduction == "none":
        y = values
    elif reduction == "sum":
        y = values.sum()
    elif reduction == "mean":
        y = values.mean() if weights is None else (values * (1 / weights.sum())).sum()
    else:
        raise ValueError(f"{caller}: reduction is {reduction!r}; wanted {_REDUCTION[1]}.")
    return y if y.dtype == dtype else y.astype(dtype)
