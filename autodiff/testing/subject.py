"""The function under test at one point: how it is called there and nearby, and how often that was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.modes import no_grad
from autodiff.testing.libraries import as_array
from autodiff.testing.numerics.analytic import complex_step
from autodiff.testing.numerics.differences import CANCELS, Line

__all__: list[str] = []

FLOOR = 2.0**-5  # an entry counts as no smaller than this part of the largest of its array when steps are chosen


class Subject:
    """A function and its inputs.

    Args:
        f: the function.
        inputs: what to call it with, as `as_input` made them.
        positions: those of the inputs to differentiate by.
        limit: how often `f` may be evaluated.
        names: what the inputs are called in a report.
        floor: for each result, the size of the numbers that it is made of, where that is known to be larger than the result.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        inputs: Sequence[Any],
        positions: tuple[int, ...],
        limit: int,
        names: Sequence[str],
        floor: Any = 0.0,
    ) -> None:
        self.f = f
        self.inputs = tuple(inputs)
        self.positions = positions
        self.limit = limit
        self.names = tuple(names)
        self.floor = floor
        self.evaluations = 0
        self.left = 0  # entries that were not compared, since enough were wrong
        self.value = self.call(self.fresh())
        self.reference = self._in_double_precision()
        self.eps = _eps(self._reference_value)
        self.analytic = all(x.dtype == np.float64 for x in self.reference if is_floating(x))  # until the contrary shows
        size = sum(float(np.abs(self.reference[p]).sum(dtype=np.float64)) for p in positions)
        self.cancelled = CANCELS * self.eps * max(size, 1.0)
        self.own_scales = [_scales(self.reference[p], 0.0) for p in positions]
        self.scales = [_scales(self.reference[p], FLOOR) for p in positions]

    def fresh(self) -> tuple[Any, ...]:
        """The inputs, in memory of their own."""
        return tuple(x.copy(order="K") if isinstance(x, np.ndarray) else x for x in self.inputs)

    def call(self, inputs: Sequence[Any]) -> np.ndarray:
        """The value of `f`, as an array."""
        self.evaluations += 1
        with no_grad():
            return as_array(self.f(*inputs))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a derivative of the result, and so of its cotangent."""
        return self.value.dtype if self.value.dtype.kind == "f" else np.dtype(np.float64)

    def random_direction(self, slot: int, rng: np.random.Generator) -> np.ndarray:
        """A direction for all entries of an argument: of multiples of 1/256 of their scales, so that steps along it are exact."""
        size = self.scales[slot].size
        return np.asarray(self.scales[slot] * rng.integers(128, 257, size) / 256 * rng.choice([-1, 1], size))

    def affords(self, evaluations: int) -> bool:
        """Whether so many more evaluations are allowed."""
        return self.evaluations + evaluations <= self.limit

    def _in_double_precision(self) -> tuple[Any, ...]:
        """The inputs as float64 arrays, which differences need; the inputs as they are if `f` takes no others."""
        self._reference_value = self.value
        if all(not is_floating(x) or x.dtype == np.float64 for x in self.inputs):
            return self.inputs
        double = tuple(np.array(x, np.float64) if is_floating(x) else x for x in self.inputs)
        try:
            value = self.call(double)
        except Exception:  # whatever f has against float64, the values in its own precision serve as well
            return self.inputs
        if value.shape != self.value.shape:
            return self.inputs
        self._reference_value = value
        return double

    def nearby(self, inputs: Sequence[Any]) -> np.ndarray:
        """The value of `f`, flattened; NaN where `f` is not defined."""
        try:
            value = self.call(inputs)
        except (ArithmeticError, ValueError):
            return np.full(self.value.size, np.nan)
        return value.reshape(-1).astype(np.float64) if value.shape == self.value.shape else np.full(self.value.size, np.nan)

    def complex_step(self, inputs: list[Any], tangents: dict[int, np.ndarray]) -> np.ndarray | None:
        """The derivatives of `f` along tangents, by the positions of arguments; None if there is no saying."""
        if not self.analytic or not self.affords(2):
            return None
        self.evaluations += 1  # and one for the value
        try:
            value = self.call(inputs)
            with no_grad():
                slopes = complex_step(self.f, inputs, tangents, value, self.cancelled)
        except (ArithmeticError, ValueError):
            return None
        self.analytic = slopes is not None
        return None if slopes is None else slopes.reshape(-1)

    def parts(self, slot: int | None, direction: int | np.ndarray) -> dict[int, int | np.ndarray]:
        """The direction by the number of the argument; with None for a slot, it is one for all arguments end to end."""
        if slot is not None:
            return {slot: direction}
        pieces = np.split(direction, np.cumsum([scales.size for scales in self.scales])[:-1])
        return {k: piece for k, piece in enumerate(pieces) if piece.any()}

    def given(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Inputs in double precision as arrays of the types that were given."""
        return tuple(x.astype(own.dtype) if is_floating(own) else own for x, own in zip(inputs, self.fresh(), strict=True))

    def tangents(self, slot: int | None, direction: int | np.ndarray) -> list[np.ndarray]:
        """A line's direction, for each of the arguments to differentiate by, flattened."""
        flat = [np.zeros(scales.size) for scales in self.scales]
        for k, part in self.parts(slot, direction).items():
            flat[k][part if isinstance(part, int) else slice(None)] = 1.0 if isinstance(part, int) else part
        return flat

    def moved(self, slot: int | None, direction: int | np.ndarray, t: float) -> list[Any]:
        """The inputs, moved so far along a line."""
        inputs = list(self.reference)
        for k, part in self.parts(slot, direction).items():
            array = np.array(inputs[self.positions[k]], order="C")
            flat = array.reshape(-1)
            if isinstance(part, int):
                flat[part] += t
            else:
                flat += t * part
            inputs[self.positions[k]] = array
        return inputs

    def line(self, slot: int | None, direction: int | np.ndarray, cotangents: np.ndarray) -> Line:
        """The products of `f` with the cotangents, one a row, along a line through the point.

        Args:
            slot: the number of the argument, among those to differentiate by; None for all.
            direction: the number of one entry, or a direction for all, of entries of about the size of their scales.
            cotangents: of shape `(cotangents, f's size)`.
        """
        parts, sizes = self.parts(slot, direction), np.abs(cotangents)

        def products(value: np.ndarray) -> np.ndarray:
            return np.array([_product(cotangents, value), _product(sizes, np.abs(value))])

        def tilted(t: float) -> np.ndarray | None:
            flat, moved = self.tangents(slot, direction), self.moved(slot, direction, t)
            tangents = {p: flat[k].reshape(moved[p].shape) for k, p in enumerate(self.positions) if k in parts}
            slopes = self.complex_step(moved, tangents)
            return None if slopes is None else _product(cotangents, slopes)

        here = products(self._reference_value.reshape(-1).astype(np.float64))
        floor = sizes @ np.broadcast_to(self.floor, self.value.size)
        bases = [self.reference[self.positions[k]] for k in parts]
        finest = 16 * max(float(np.finfo(base.dtype).eps) for base in bases)
        if isinstance(direction, int) and slot is not None:
            scale, own = float(self.scales[slot][direction]), float(self.own_scales[slot][direction])
            length, origin = 0.0, -float(bases[0].reshape(-1)[direction])
            finest *= abs(origin)
        else:
            length, origin = float(sum(np.abs(part).sum() for part in parts.values())), 0.0
            scale = own = 2.0 ** -round(np.log2(sum(base.size for base in bases)) / 2)  # many small changes make a large one
        return Line(
            lambda t: products(self.nearby(self.moved(slot, direction, t))),
            here,
            scale,
            own,
            finest,
            self.eps,
            floor,
            self.cancelled,
            tilted,
            origin,
            length,
        )


def is_floating(x: Any) -> bool:
    """Whether an input can be differentiated by."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def _product(weights: np.ndarray, value: np.ndarray) -> np.ndarray:
    """`weights @ value`, in which values with weight 0 do not count, so that NaN stays where it belongs."""
    if np.isfinite(value).all():
        return np.asarray(weights @ value)
    return np.array([row[row != 0] @ value[row != 0] for row in weights])


def _eps(array: np.ndarray) -> float:
    return float(np.finfo(array.dtype if array.dtype.kind == "f" else np.float64).eps)


def _scales(array: np.ndarray, floor: float) -> np.ndarray:
    """For each entry the power of two over which a function of it can be expected to change.

    Entries below `floor` times the largest count as that large, and zeros as FLOOR times the largest, but no more than 1; or as 1,
    if all are zeros.
    """
    sizes = np.abs(array.reshape(-1).astype(np.float64))
    largest = sizes.max(initial=0.0)
    sizes[sizes == 0] = min(FLOOR * largest, 1.0) or 1.0
    return np.asarray(2.0 ** np.ceil(np.log2(np.maximum(sizes, floor * largest))))
