"""Which derivatives to compare: every entry of a small argument; of a large one random directions, some entries, and a search."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autodiff.testing.claims import Claims, Cotangents
from autodiff.testing.numerics.differences import ROUNDING
from autodiff.testing.numerics.judgement import Claim, Judgement, Tolerance, no_judgement
from autodiff.testing.numerics.verdicts import QUICK, gap, judge, judge_sums
from autodiff.testing.report import GradientEntry
from autodiff.testing.subject import Subject

__all__: list[str] = []

EVERY_ENTRY = 256  # of an argument up to this size, if the evaluations allow
DIRECTIONS = 3
SAMPLE = 32  # entries of a large argument, half of them where the gradient is largest
ADD_UP = 1e-6  # relative: slopes that are so near to a sum of others are that sum
STEPS = (2.0**-8, -(2.0**-8), 2.0**-16, -(2.0**-16))  # steps at which changes are to add up, as parts of the scale
ENOUGH = 8  # wrong entries to find before a search ends
CHEAP = 64  # evaluations that the verdict on an entry may take
COSTLY = 16  # wrong entries that took more, after which no more are compared
RANDOM_SIGNS = 1  # directions along entries at a kink, besides those that are not random

Index = tuple[int, ...] | str


class Place(NamedTuple):
    """Where all derivatives by one entry of an argument were compared."""

    slot: int
    i: int
    entries: list[GradientEntry]


class Comparison:
    """The comparison of a gradient with differences, argument by argument."""

    def __init__(
        self, subject: Subject, claims: Claims, cotangents: Cotangents, rng: np.random.Generator, tolerance: Tolerance
    ) -> None:
        self.subject = subject
        self.claims = claims
        self.labels = cotangents.labels
        units = cotangents.units or len(cotangents.labels)
        self.direct, self.summed = slice(0, units), slice(units, None)  # differences are taken of some; others are sums of those
        self.matrix, self.weights = cotangents.matrix[self.direct], cotangents.matrix[self.summed]
        self.rng = rng
        self.tolerance = tolerance
        self.kinked: list[int] = []  # large arguments at a kink

    def entries(self) -> list[GradientEntry]:
        """Everything that was compared, by argument; last what concerns several."""
        found: list[GradientEntry] = []
        places: list[Place] = []
        sizes = [scales.size for scales in self.subject.scales]
        budget, costly = self.subject.limit // 2, 0
        for slot in sorted(range(len(sizes)), key=sizes.__getitem__):
            if sizes[slot] > EVERY_ENTRY or QUICK * sizes[slot] > budget:
                found += self._large(slot, sizes[slot])
                continue
            budget -= QUICK * sizes[slot]
            for i in range(sizes[slot]):
                if costly >= COSTLY:
                    self.subject.left += sizes[slot] - i
                    break
                before = self.subject.evaluations
                entries = self._entry(slot, i)
                is_wrong = any(entry.verdict == "wrong" for entry in entries)
                costly += is_wrong and self.subject.evaluations - before > CHEAP
                places.append(Place(slot, i, entries))
                found += entries
        found += self._at_kinks(places) + self._all_together()
        order = {name: slot for slot, name in enumerate(self.subject.variable_names)}
        return sorted(found, key=lambda entry: order.get(entry.argument, len(order)))

    def _entry(self, slot: int, i: int) -> list[GradientEntry]:
        """The derivatives by one entry of an argument."""
        shape = self.subject.variables[slot].shape
        return self._judged(slot, i, tuple(int(k) for k in np.unravel_index(i, shape)))

    def _at_kinks(self, places: list[Place]) -> list[GradientEntry]:
        """The derivatives along all entries at a kink together, of all arguments, if none of them is wrong.

        For each of two equal numbers, the largest of them has the slopes 0 and 1; but together they have the slope 1. The
        entries move in the same direction, in those in which the function, and the gradient, rises, and in random ones. Where the
        slopes just add up, as for a sum of functions of one entry each, that tells nothing new.
        """
        kinks = [place for place in places if any(entry.at_kink for entry in place.entries)]
        if len(kinks) < 2 or any(entry.verdict != "right" for place in kinks for entry in place.entries):
            return []
        numbers = [self.subject.ends[place.slot] + place.i for place in kinks]
        scales = np.concatenate(self.subject.scales)
        first = [next(entry for entry in place.entries if entry.at_kink) for place in kinks]
        rising, given = np.sign([sum(entry.slopes) for entry in first]), np.sign([entry.given for entry in first])
        signs = [np.ones(len(kinks)), rising, given, *self.rng.choice([-1.0, 1.0], (RANDOM_SIGNS, len(kinks)))]
        distinct = {tuple(np.where(row == 0, 1.0, row)): None for row in signs}
        argument = ", ".join(dict.fromkeys(entry.argument for entry in first))
        found: list[GradientEntry] = []
        for row in map(np.array, distinct):
            direction = np.zeros(scales.size)
            direction[numbers] = row * scales[numbers]
            along = self._judged(None, direction, "all at a kink", argument)
            if all(self._adds_up(entry, j, kinks, direction[numbers]) for j, entry in enumerate(along)):
                continue
            outside = any(abs(entry.given - entry.numerical) > entry.bound for entry in along)
            if not (outside and self._is_separable(kinks, direction, direction[numbers])):
                found += along
        return found

    def _all_together(self) -> list[GradientEntry]:
        """The derivative along all entries of all large arguments at a kink, in which they may be tied with each other."""
        if len(self.kinked) < 2:
            return []
        scales = [scales * (slot in self.kinked) for slot, scales in enumerate(self.subject.scales)]
        names = [self.subject.variable_names[slot] for slot in sorted(self.kinked)]
        return self._judged(None, np.concatenate(scales), "all together", ", ".join(names))

    def _adds_up(self, along: GradientEntry, j: int, kinks: list[Place], steps: np.ndarray) -> bool:
        """Whether the slopes along a direction are the sums of those along the entries that it moves, each by a step."""
        sides = np.array([place.entries[j].slopes for place in kinks])
        sums = np.sum(np.where(steps[:, None] < 0, sides[:, ::-1], sides) * steps[:, None], axis=0)
        bound = along.bound + sum(abs(step) * place.entries[j].bound for step, place in zip(steps, kinks, strict=True))
        return bool(np.all(np.abs(sums - along.slopes) <= ADD_UP * (np.abs(sums).max() + bound)))

    def _is_separable(self, kinks: list[Place], direction: np.ndarray, steps: np.ndarray) -> bool:
        """Whether `f` changes along a direction by the sum of its changes along the entries that it moves.

        Their slopes may not add up nevertheless, if a kink is so near to the point that not every estimate can tell it apart.
        """
        together = self.subject.line(None, direction, self.matrix)
        alone = [self.subject.line(place.slot, place.i, self.matrix) for place in kinks]
        here, size = together.at(0.0)
        for t in STEPS:
            changes = np.array([line.at(t * float(step))[0] - here for line, step in zip(alone, steps, strict=True)])
            allowed = ADD_UP * np.abs(changes).sum(axis=0) + ROUNDING * self.subject.eps * len(kinks) * size
            if not np.all(np.abs(together.at(t)[0] - here - changes.sum(axis=0)) <= allowed):
                return False
        return True

    def _judged(self, slot: int | None, direction: int | np.ndarray, index: Index, argument: str = "") -> list[GradientEntry]:
        if slot is not None:
            argument = self.subject.variable_names[slot]
        if not self.subject.affords(QUICK):
            claim = self.claims.claim(slot, direction, slice(None), np.zeros(len(self.labels)))
            return self._listed(argument, index, self.labels, claim, no_judgement(len(self.labels)))
        line = self.subject.line(slot, direction, self.matrix)
        slope = line.slope()
        claim = self.claims.claim(slot, direction, self.direct, slope)
        parts = judge(line, claim, self.tolerance, self.subject.affords)
        found = self._listed(argument, index, self.labels[self.direct], claim, parts)
        if len(self.weights):
            claim = self.claims.claim(slot, direction, self.summed, np.abs(self.weights) @ slope)
            sums = judge_sums(self.weights, parts, claim, self.tolerance)
            found += self._listed(argument, index, self.labels[self.summed], claim, sums)
        return found

    def _listed(self, argument: str, index: Index, labels: list[Index], claim: Claim, found: Judgement) -> list[GradientEntry]:
        """The entries of the report."""
        numbers = (claim.value, found.value, found.allowed, *found.slopes)
        columns = zip(labels, found.verdicts, found.notes, *(column.tolist() for column in numbers), strict=True)
        return [
            GradientEntry(argument, index, label, given, value, bound, verdict, note, slopes=(left, right))
            for label, verdict, note, given, value, bound, left, right in columns
        ]

    def _large(self, slot: int, size: int) -> list[GradientEntry]:
        """Derivatives along random directions; if one is wrong, by the entries that make it so; and by a sample of entries."""
        moving = np.ones(size, bool)
        sample = self._sample(slot, size)
        found: list[GradientEntry] = []
        directions = [(f"direction {k + 1}", self.subject.random_direction(slot, self.rng)) for k in range(DIRECTIONS)]
        for name, direction in directions:
            along = self._judged(slot, direction * moving, name)
            found += along
            if any(entry.verdict == "wrong" for entry in along):
                sample |= set(self._culprits(slot, direction * moving))
                break
            if any(entry.at_kink for entry in along) and len(directions) == DIRECTIONS:
                # Where many kinks meet, hardly any direction is wrong: next, without the zeros, and all entries together.
                moving = self.subject.variables[slot].reshape(-1) != 0
                signs = np.sign(self.claims.rows[slot][-1])
                scale = self.subject.scales[slot]
                self.kinked.append(slot)
                directions += [("all together", scale), ("along the signs", np.where(signs == 0, 1.0, signs) * scale)]
        for i in sorted(sample):
            found += self._entry(slot, i)
        return found

    def _sample(self, slot: int, size: int) -> set[int]:
        """Some entries: those that matter most for the value, and random ones."""
        weights = np.abs(np.nan_to_num(self.claims.rows[slot])).max(axis=0) * self.subject.scales[slot]
        largest = np.argsort(weights)[-SAMPLE // 2 :]
        return {int(i) for i in largest} | {int(i) for i in self.rng.integers(0, size, SAMPLE // 2)}

    def _culprits(self, slot: int, direction: np.ndarray) -> list[int]:
        """The entries that make the derivative along `direction` wrong, found by halving, the worse half first."""
        everything = np.arange(direction.size)
        groups = [(everything, *self._gap(slot, direction, everything))]
        culprits: list[int] = []
        while groups and len(culprits) < ENOUGH and self.subject.affords(2 * QUICK):
            group, gap, bound = groups.pop()
            if len(group) == 1:
                culprits.append(int(group[0]))
                continue
            left, right = np.array_split(group, 2)
            of_left, its_bound = self._gap(slot, direction, left)
            halves = [(left, of_left, its_bound), (right, gap - of_left, bound + its_bound)]
            halves.sort(key=lambda half: _excess(*half[1:]))
            groups += [half for half in halves if _excess(*half[1:]) > 1]
        return culprits

    def _gap(self, slot: int, direction: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far the claims along a part of the direction are from the quick estimates, and how far they may be."""
        part = np.zeros_like(direction)
        part[group] = direction[group]
        line = self.subject.line(slot, part, self.matrix)
        return gap(line, self.claims.claim(slot, part, self.direct, line.slope()), self.tolerance)


def _excess(gaps: np.ndarray, bounds: np.ndarray) -> float:
    """The largest gap as a multiple of its bound."""
    return float(np.max(np.abs(gaps) / np.maximum(bounds, np.finfo(float).tiny), initial=0.0, where=np.isfinite(bounds)))
