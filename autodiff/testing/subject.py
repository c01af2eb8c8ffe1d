"""The function under test at one point: how it is called there and nearby, and how often that was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from autodiff.modes import no_grad
from autodiff.testing.libraries import as_array
from autodiff.testing.numerics.analytic import complex_step
from autodiff.testing.numerics.differences import CANCELS, Line

__all__: list[str] = []

FLOOR = 2.0**-5  # an entry counts as no smaller than this part of the largest of its array when steps are chosen

Tangents = dict[int, np.ndarray]  # by the positions of the arguments that move: by how much, of their shapes


@dataclass(eq=False)
class Subject:
    """A function and its inputs.

    Args:
        f: the function.
        inputs: what to call it with, as `as_input` made them.
        positions: those of the inputs to differentiate by.
        limit: how often `f` may be evaluated.
        names: what the inputs are called in a report.
        floor: for each result, the size of the numbers that it is made of, where that is known to be larger than the result.

    Attributes:
        variables, variable_names: the inputs to differentiate by. Their numbers are called slots.
        ends: where each of them ends, if their entries are put end to end; and 0 before.
        reference: the inputs in double precision, if `f` takes that.
    """

    f: Callable[..., Any]
    inputs: Sequence[Any]
    positions: tuple[int, ...]
    limit: int
    names: Sequence[str]
    floor: Any = 0.0

    def __post_init__(self) -> None:
        self.variables = [self.inputs[p] for p in self.positions]
        self.variable_names = [self.names[p] for p in self.positions]
        self.evaluations = 0
        self.left = 0  # entries that were not compared, since enough were wrong
        self.value = self.call(self.fresh())
        self.reference, value = self._in_double_precision()
        self.eps = eps_of(value)
        self._here = value.reshape(-1).astype(np.float64)
        self.analytic = all(x.dtype == np.float64 for x in self.reference if is_floating(x))  # until the contrary shows
        size = sum(float(np.abs(self.reference[p]).sum(dtype=np.float64)) for p in self.positions)
        self.cancelled = CANCELS * self.eps * max(size, 1.0)
        self.own_scales = [_scales(self.reference[p], 0.0) for p in self.positions]
        self.scales = [_scales(self.reference[p], FLOOR) for p in self.positions]
        self.ends = [0, *accumulate(scales.size for scales in self.scales)]

    def fresh(self) -> tuple[Any, ...]:
        """The inputs, in memory of their own."""
        return tuple(x.copy(order="K") if isinstance(x, np.ndarray) else x for x in self.inputs)

    def call(self, inputs: Sequence[Any]) -> np.ndarray:
        """The value of `f`, as an array of its own, since `f` may write its next value to the same memory."""
        self.evaluations += 1
        with no_grad():
            return as_array(self.f(*inputs)).copy()

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

    def _in_double_precision(self) -> tuple[Sequence[Any], np.ndarray]:
        """The inputs as float64 arrays, which differences need, or as they are if `f` takes no others; and the value there."""
        if all(not is_floating(x) or x.dtype == np.float64 for x in self.inputs):
            return self.inputs, self.value
        double = tuple(np.array(x, np.float64) if is_floating(x) else x for x in self.inputs)
        try:
            value = self.call(double)
        except Exception:  # whatever f has against float64, the values in its own precision serve as well
            return self.inputs, self.value
        return (double, value) if value.shape == self.value.shape else (self.inputs, self.value)

    def nearby(self, inputs: Sequence[Any]) -> np.ndarray:
        """The value of `f`, flattened; NaN where `f` is not defined: whatever it raises, it is defined at the point itself."""
        try:
            value = self.call(inputs)
        except Exception:
            return np.full(self.value.size, np.nan)
        return value.reshape(-1).astype(np.float64) if value.shape == self.value.shape else np.full(self.value.size, np.nan)

    def complex_step(self, inputs: list[Any], tangents: Tangents) -> np.ndarray | None:
        """The derivatives of `f` along tangents, by the positions of arguments; None if there is no saying."""
        if not self.analytic or not self.affords(2):
            return None
        self.evaluations += 1  # and one for the value
        try:
            value = self.call(inputs)
            with no_grad():
                slopes = complex_step(self.f, inputs, tangents, value, self.cancelled)
        except Exception:  # f is not defined there
            return None
        self.analytic = slopes is not None
        return None if slopes is None else slopes.reshape(-1)

    def given(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Inputs in double precision as arrays of the types that were given."""
        return tuple(x.astype(own.dtype) if is_floating(own) else own for x, own in zip(inputs, self.fresh(), strict=True))

    def tangents(self, slot: int | None, direction: int | np.ndarray) -> Tangents:
        """What moves along a line, and how far. Arguments as of `line`."""
        if slot is None:
            pieces = zip(self.positions, self.variables, np.split(direction, self.ends[1:-1]), strict=True)
            return {p: piece.reshape(x.shape) for p, x, piece in pieces if piece.any()}
        x = self.variables[slot]
        steps = np.arange(x.size) == direction if isinstance(direction, int) else direction
        return {self.positions[slot]: steps.reshape(x.shape)}

    def moved(self, tangents: Tangents, t: float) -> list[Any]:
        """The inputs, moved so far along a line; what does not move is not even rounded, nor is the sign of a zero lost."""
        inputs = list(self.reference)
        for p, tangent in tangents.items():
            inputs[p] = np.where(tangent == 0, inputs[p], np.asarray(inputs[p] + t * tangent, inputs[p].dtype))
        return inputs

    def line(self, slot: int | None, direction: int | np.ndarray, cotangents: np.ndarray) -> Line:
        """The products of `f` with the cotangents, one a row, along a line through the point.

        Args:
            slot: the number of the argument, among those to differentiate by; None for all, end to end.
            direction: the number of one entry, or a direction for all, of entries of about the size of their scales.
            cotangents: of shape `(cotangents, f's size)`.
        """
        tangents, sizes = self.tangents(slot, direction), np.abs(cotangents)

        def products(value: np.ndarray) -> np.ndarray:
            return np.array([product(cotangents, value), product(sizes, np.abs(value))])

        def values(t: float) -> np.ndarray:
            return products(self.nearby(self.moved(tangents, t)))

        def tilted(t: float) -> np.ndarray | None:
            slopes = self.complex_step(self.moved(tangents, t), tangents)
            return None if slopes is None else product(cotangents, slopes)

        bases = [self.reference[p] for p in tangents]
        finest = 16 * eps_of(*bases)
        if isinstance(direction, int) and slot is not None:
            scale, own = float(self.scales[slot][direction]), float(self.own_scales[slot][direction])
            length, origin = 0.0, -float(bases[0].reshape(-1)[direction])
            finest *= abs(origin)
        else:
            length, origin = float(sum(np.abs(step).sum() for step in tangents.values())), 0.0
            scale = own = 2.0 ** -round(np.log2(sum(base.size for base in bases)) / 2)  # many small changes make a large one
        here, floor = products(self._here), sizes @ np.broadcast_to(self.floor, self.value.size)
        return Line(values, here, scale, own, finest, self.eps, floor, self.cancelled, tilted, origin, length)


def is_floating(x: Any) -> bool:
    """Whether an input can be differentiated by."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def product(rows: np.ndarray, column: np.ndarray) -> np.ndarray:
    """`rows @ column`, in which zero times infinity or NaN is zero, so that these stay where they belong."""
    found = np.asarray(rows @ column)
    if np.isfinite(found).all():
        return found
    return np.asarray(np.where((rows == 0) | (column == 0), 0.0, rows * column).sum(axis=1))


def eps_of(*arrays: Any) -> float:
    """The relative precision of the least precise of these; what is not of floating point counts as float64."""
    return max(float(np.finfo(x.dtype if is_floating(x) else np.float64).eps) for x in arrays)


def _scales(array: np.ndarray, floor: float) -> np.ndarray:
    """For each entry the power of two over which a function of it can be expected to change.

    Entries below `floor` times the largest count as that large, and zeros as FLOOR times the largest, but no more than 1; or as 1,
    if all are zeros.
    """
    sizes = np.abs(array.reshape(-1).astype(np.float64))
    largest = sizes.max(initial=0.0)
    sizes[sizes == 0] = min(FLOOR * largest, 1.0) or 1.0
    return np.asarray(2.0 ** np.ceil(np.log2(np.maximum(sizes, floor * largest))))
