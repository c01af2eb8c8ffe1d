"""Which derivatives to compare: every entry of a small argument; of a large one random directions, some entries, and a search."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np

from autodiff.testing.claims import Cotangents, Given, GivenProduct
from autodiff.testing.numerics.verdicts import QUICK, Claim, Judgement, Tolerance, excess, judge, judge_sums, no_judgement
from autodiff.testing.report import GradientEntry
from autodiff.testing.subject import Subject

__all__: list[str] = []

EVERY_ENTRY = 256  # of an argument up to this size, if the evaluations allow
DIRECTIONS = 3
SAMPLE = 32  # entries of a large argument, half of them where the gradient is largest
ADD_UP = 1e-6  # relative: slopes that are so near to a sum of others are that sum
ENOUGH = 8  # wrong entries to find before a search ends

Index = tuple[int, ...] | str


class Comparison:
    """The comparison of a gradient with differences, argument by argument."""

    def __init__(
        self, subject: Subject, given: Given | GivenProduct, cotangents: Cotangents, rng: np.random.Generator, tolerance: Tolerance
    ) -> None:
        self.subject = subject
        self.given = given
        self.labels = cotangents.labels
        units = cotangents.units or len(cotangents.labels)
        self.direct, self.summed = slice(0, units), slice(units, None)  # differences are taken of some; others are sums of those
        self.matrix, self.weights = cotangents.matrix[self.direct], cotangents.matrix[self.summed]
        self.rng = rng
        self.tolerance = tolerance

    def entries(self) -> list[GradientEntry]:
        """Everything that was compared."""
        found: list[GradientEntry] = []
        sizes = [scales.size for scales in self.subject.scales]
        budget = self.subject.limit // 2
        for slot in sorted(range(len(sizes)), key=sizes.__getitem__):
            if sizes[slot] <= EVERY_ENTRY and QUICK * sizes[slot] <= budget:
                budget -= QUICK * sizes[slot]
                entries = [entry for i in range(sizes[slot]) for entry in self._entry(slot, i)]
                found += entries + self._at_kinks(slot, entries)
            else:
                found += self._large(slot, sizes[slot])
        return found

    def _entry(self, slot: int, i: int) -> list[GradientEntry]:
        """The derivatives by one entry of an argument."""
        shape = self.subject.inputs[self.subject.positions[slot]].shape
        return self._judged(slot, i, tuple(int(k) for k in np.unravel_index(i, shape)))

    def _at_kinks(self, slot: int, entries: list[GradientEntry]) -> list[GradientEntry]:
        """The derivatives along all entries at a kink together, if they are several and none of them is wrong.

        For each of two equal numbers, the largest of them has the slopes 0 and 1; but together they have the slope 1. Where
        the slopes just add up, as for a sum of functions of one entry each, that tells nothing new.
        """
        at_kink = [e for e in entries if e.at_kink]
        places = {e.index for e in at_kink if isinstance(e.index, tuple)}
        if len(places) < 2 or any(e.verdict != "right" for e in at_kink):
            return []
        shape = self.subject.inputs[self.subject.positions[slot]].shape
        direction, scales = np.zeros(self.subject.scales[slot].size), self.subject.scales[slot]
        sums: dict[Any, np.ndarray] = {}
        for e in entries:
            if e.index in places:
                i = int(np.ravel_multi_index(e.index, shape))
                direction[i] = scales[i]
                sums[e.output] = sums.get(e.output, 0) + scales[i] * np.array([*e.slopes, e.bound])
        together = self._judged(slot, direction, "all at a kink")
        add_up = [
            np.all(np.abs(np.array(e.slopes) - sums[e.output][:2]) <= ADD_UP * (np.abs(sums[e.output][:2]).max() + e.bound))
            for e in together
        ]
        return [] if all(add_up) else together

    def _judged(self, slot: int, direction: int | np.ndarray, index: Index) -> list[GradientEntry]:
        if not self.subject.affords(QUICK):
            claim = self.given.claim(slot, direction, slice(None), np.zeros(len(self.labels)))
            return self._listed(slot, index, self.labels, claim, no_judgement(len(self.labels)))
        line = self.subject.line(slot, direction, self.matrix)
        slope = line.slope()
        claim = self.given.claim(slot, direction, self.direct, slope)
        parts = judge(line, claim, self.tolerance, self.subject.affords)
        found = self._listed(slot, index, self.labels[self.direct], claim, parts)
        if len(self.weights):
            claim = self.given.claim(slot, direction, self.summed, np.abs(self.weights) @ slope)
            sums = judge_sums(self.weights, parts, claim, self.tolerance)
            found += self._listed(slot, index, self.labels[self.summed], claim, sums)
        return found

    def _listed(self, slot: int, index: Index, labels: list[Index], claim: Claim, found: Judgement) -> list[GradientEntry]:
        """The entries of the report."""
        argument = self.subject.names[self.subject.positions[slot]]
        columns = zip(labels, claim.value, found.value, found.allowed, found.verdicts, found.notes, found.slopes.T, strict=True)
        return [
            GradientEntry(
                argument,
                index,
                label,
                float(given),
                float(value),
                float(bound),
                verdict,
                note,
                slopes=(float(slopes[0]), float(slopes[1])),
            )
            for label, given, value, bound, verdict, note, slopes in columns
        ]

    def _large(self, slot: int, size: int) -> list[GradientEntry]:
        """Derivatives along random directions; if one is wrong, by the entries that make it so; and by a sample of entries."""
        moving = np.ones(size, bool)
        sample = self._sample(slot, size)
        found: list[GradientEntry] = []
        for number in range(DIRECTIONS):
            direction = self.subject.random_direction(slot, self.rng) * moving
            along = self._judged(slot, direction, f"direction {number + 1}")
            found += along
            if any(entry.verdict == "wrong" for entry in along):
                sample |= set(self._culprits(slot, direction))
                break
            if any(entry.at_kink for entry in along):  # where many kinks meet, hardly anything is wrong: next, without the zeros
                moving = self.subject.reference[self.subject.positions[slot]].reshape(-1) != 0
        for i in sorted(sample):
            found += self._entry(slot, i)
        return found

    def _sample(self, slot: int, size: int) -> set[int]:
        """Some entries: those that matter most for the value, and random ones."""
        weights = np.abs(np.nan_to_num(self.given.rows[slot])).max(axis=0) * self.subject.scales[slot]
        largest = np.argsort(weights)[-SAMPLE // 2 :]
        return {int(i) for i in largest} | {int(i) for i in self.rng.integers(0, size, SAMPLE // 2)}

    def _culprits(self, slot: int, direction: np.ndarray) -> list[int]:
        """The entries that make the derivative along `direction` wrong, found by halving, the worst half first."""
        ties = count()
        heap = [(0.0, next(ties), np.arange(direction.size))]
        culprits: list[int] = []
        while heap and len(culprits) < ENOUGH and self.subject.affords(2 * QUICK):
            _, _, group = heappop(heap)
            if len(group) == 1:
                culprits.append(int(group[0]))
                continue
            for half in np.array_split(group, 2):
                part = np.zeros_like(direction)
                part[half] = direction[half]
                line = self.subject.line(slot, part, self.matrix)
                ratio = excess(line, self.given.claim(slot, part, self.direct, line.slope()), self.tolerance)
                if ratio > 1:
                    heappush(heap, (-ratio, next(ties), half))
        return culprits
