"""Settings of layers, looked at when the layer is made: what is wrong with one is said there, and not where it is first used."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__: list[str] = []


def integer(caller: str, name: str, value: Any, least: int = 1) -> int:
    """`value`, if it is an integer and not less than `least`."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise ValueError(f"{caller}: {name} is {value!r}; wanted an integer, at least {least}.")
    return int(value)


def per_axis(caller: str, name: str, value: Any, n: int, least: int) -> tuple[int, ...]:
    """One integer for all of `n` axes, or one for each, as one for each."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * n
    if len(values) != n or not all(isinstance(v, (int, np.integer)) and v >= least for v in values):
        raise ValueError(f"{caller}: {name} is {value!r}; wanted an integer, at least {least}, or one for each of {n} axes.")
    return tuple(map(int, values))


def one_of(caller: str, name: str, value: Any, wanted: tuple[Any, ...]) -> None:
    """Raise unless `value` is one of those that are `wanted`."""
    if value not in wanted:
        raise ValueError(f"{caller}: {name} is {value!r}; wanted one of {', '.join(map(repr, wanted))}.")


def on_cpu(caller: str, device: Any) -> None:
    """Raise unless the device is the one where NumPy computes."""
    if device is not None and str(device).partition(":")[0] != "cpu":
        raise ValueError(f"{caller}: device is {device!r}; wanted 'cpu', where NumPy computes.")


def probability(caller: str, name: str, value: float) -> None:
    """Raise unless `value` is a probability."""
    if not 0 <= value <= 1:
        raise ValueError(f"{caller}: {name} is {value!r}; wanted a probability, from 0 to 1.")
