"""What a case of the collection is, and how several are made of one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Function = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """A function at a point, with a gradient derived by hand that is known to be right, or known to be wrong.

    Attributes:
        kind: what makes it hard, or what mistake it shows.
        name: what it is called; no two have the same.
        f: a function of NumPy arrays that returns a number or an array.
        inputs: the point.
        right: whether the gradient is right, as a derivative of the values that `f` returns; at a kink, whether it is a slope
            between those on either side.
        gradient: the gradient, of a function that returns one number.
        vjp: the vector-Jacobian product instead.
        explained: why the values of `f` cannot tell; empty if they can.
    """

    kind: str
    name: str
    f: Function
    inputs: tuple[np.ndarray, ...]
    right: bool
    gradient: Function | None = None
    vjp: Function | None = None
    explained: str = ""


def cases(
    kind: str,
    name: str,
    f: Function,
    *inputs: Any,
    right: Function | Mapping[str, Function] | None = None,
    wrong: Mapping[str, Function] | None = None,
    vjp: bool = False,
    explained: str = "",
) -> list[Case]:
    """The cases of one function at one point: one with the right gradient, or several, and one for each wrong gradient."""
    arrays = tuple(np.array(x) if isinstance(x, np.ndarray) else np.array(x, np.float64) for x in inputs)
    for array in arrays:
        array.flags.writeable = False
    rights = right if isinstance(right, Mapping) else {"": right} if right else {}
    labelled = [(label, rule, True) for label, rule in rights.items()]
    labelled += [(label, rule, False) for label, rule in (wrong or {}).items()]
    return [
        Case(
            kind,
            f"{name}: {label}" if label else name,
            f,
            arrays,
            is_right,
            gradient=None if vjp else rule,
            vjp=rule if vjp else None,
            explained=explained,
        )
        for label, rule, is_right in labelled
    ]


def times(factor: float, rule: Function) -> Function:
    """A gradient, multiplied by a factor."""

    def wrong(*arguments: Any) -> Any:
        result = rule(*arguments)
        return tuple(part * factor for part in result) if isinstance(result, tuple) else result * factor

    return wrong


def entry(index: Any, factor: float, rule: Function) -> Function:
    """A gradient of which one entry, or one part, is multiplied by a factor."""

    def wrong(*arguments: Any) -> Any:
        result = np.array(rule(*arguments))
        result[index] *= factor
        return result

    return wrong


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    powers = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


def slope_of_softmax(g: Any, x: Any) -> Any:
    y = softmax(x)
    return y * (g - np.sum(g * y))
